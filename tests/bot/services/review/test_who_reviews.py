"""Which university a region has, who reviews there, and what waits: each row that does not count differs in one thing."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from bot.core.refusals import Stale
from bot.services.cooperation.requests import COOPERATION_WORKFLOW
from bot.services.review import queue_notices, routing
from bot.services.review.routing import COOPERATIONS, REQUESTS, Choices, UnclaimedRequests, Waiting
from bot.services.shared import audit
from storage.enums import AccountState, CooperationState, RequestState, Role
from storage.tables import Account, CooperationRequest, Coverage, Grant, QualificationRequest, University
from tests.support.effects import alerts, pushes
from tests.support.factories.cooperation import Parties
from tests.support.factories.people import end_role, expert, granted, officer
from tests.support.factories.qualification import add_request
from tests.support.factories.reference_data import NOW, add_reference_data

#: What is asked for does not depend on the database.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

HOUR = timedelta(hours=1)


def of(db: Session, code: str) -> University:
    return db.get_one(University, code)


def cover(db: Session, city: str, code: str, **values: Any) -> Coverage:
    row = Coverage(**{"province": "تهران", "city": city, "university_code": code, "active": True} | values)
    db.add(row)
    db.flush()
    return row


def test_the_university_of_a_region(db: Session) -> None:
    add_reference_data(db)
    fars = cover(db, "جهرم", "fasa", province="فارس")
    assert routing.university_for(db, "فارس", "جهرم") == "fasa"
    assert routing.university_for(db, "فارس", None) == "sums"
    assert routing.university_for(db, "اصفهان", "جهرم") == "mui"
    assert routing.university_for(db, "یزد", "جهرم") is None
    for name in ("active", "regional"):
        setattr(of(db, "fasa"), name, False)
        db.flush()
        assert routing.university_for(db, "فارس", "جهرم") == "sums", name
        setattr(of(db, "fasa"), name, True)
    fars.district = 2  # of a part of the town: not of the whole
    db.flush()
    assert routing.university_for(db, "فارس", "جهرم") == "sums"
    of(db, "sums").active = False
    db.flush()
    assert routing.university_for(db, "فارس", "شیراز") is None
    of(db, "fasa").province_default = True
    db.flush()
    assert routing.province_default(db, "فارس") == "fasa"


def test_what_an_officer_chooses_from(db: Session) -> None:
    add_reference_data(db)
    tums, sbmu = of(db, "tums"), of(db, "sbmu")
    cover(db, "تهران", "tums", district=6)
    cover(db, "تهران", "sbmu", district=1)
    off = cover(db, "تهران", "sbmu", district=9, active=False)
    cover(db, "تهران", "sbmu", district=3, province="البرز")
    cover(db, "ری", "sbmu", district=4)
    assert routing.choices_for(db, "فارس", "شیراز") == Choices(())
    assert routing.choices_for(db, "تهران") == Choices((tums, sbmu))
    assert routing.choices_for(db, "تهران", "تهران") == Choices((tums, sbmu), None, (1, 6))
    assert routing.choices_for(db, "تهران", "تهران", 6) == Choices((tums, sbmu), "tums", (1, 6))
    assert routing.choices_for(db, "تهران", "تهران", 9).suggested == "sbmu", "a row that is off suggests"
    cover(db, "تهران", "tums")
    assert routing.choices_for(db, "تهران", "تهران", 1).suggested == "sbmu"
    assert routing.choices_for(db, "تهران", "تهران", 2).suggested == "tums"
    off.university_code = "ajaums"  # not offered: it has no region
    db.flush()
    assert routing.choices_for(db, "تهران", "تهران", 9).suggested == "tums"
    sbmu.active = False
    db.flush()
    assert routing.choices_for(db, "تهران", "تهران", 6) == Choices((tums,), "tums", ())
    assert routing.choices_for(db, "یزد") == Choices(())


def test_what_was_chosen_holds_where_it_is_offered(db: Session) -> None:
    add_reference_data(db)

    def settled(province: str | None, chosen: str | None) -> str | None:
        return routing.resolve_university(db, province=province, city="تهران", chosen=chosen)

    assert [settled("تهران", chosen) for chosen in ("tums", "sbmu", "ajaums", "mui", None)] == [
        "tums",
        "sbmu",
        None,
        None,
        None,
    ]
    assert [settled("فارس", "tums"), settled(None, "tums"), settled("", "tums")] == ["sums", None, None]


def test_a_contact_is_known_where_any_of_it_is(db: Session) -> None:
    add_reference_data(db)
    assert routing.contact_of(db, None) is None
    assert routing.contact_of(db, "nowhere") is None
    assert routing.contact_of(db, "sums") is None
    for name in ("phone", "hours", "address"):
        setattr(of(db, "sums"), name, "۰۷۱")
        assert routing.contact_of(db, "sums") == of(db, "sums")
        setattr(of(db, "sums"), name, None)


def test_who_reviews_at_a_university(db: Session, parties: Parties) -> None:
    """In the order of their accounts, each once, by the higher role."""
    ali, zahra, head = (one.account_id for one in (parties.ali, parties.zahra, parties.in_charge))
    granted(db, db.get_one(Account, head), Role.EXPERT, "sums")
    granted(db, db.get_one(Account, parties.mina.account_id), Role.STAFF, "sums")
    suspended, ended = expert(db, "معلق"), expert(db, "پیشین")
    db.get_one(Account, suspended.account_id).state = AccountState.SUSPENDED
    db.flush()
    end_role(db, ended)
    found = routing.experts(db, "sums")
    assert [(one.account_id, one.role) for one in found] == [
        (ali, Role.EXPERT),
        (zahra, Role.EXPERT),
        (head, Role.IN_CHARGE),
    ]
    elsewhere = [expert(db, "سر", university="mui", role=Role.IN_CHARGE), expert(db, "نو", university="mui")]
    there = [parties.foreign.account_id, *(one.account_id for one in elsewhere)]
    assert [one.account_id for one in routing.experts(db, "mui")] == there
    grant = db.exec(select(Grant).where(Grant.account_id == ali)).one()
    assert routing.grant_of(db, ali, "sums") == grant.id
    assert routing.grant_of(db, suspended.account_id, "sums") is not None, "the role is in force"
    for account, university in (
        (ended.account_id, "sums"),
        (ali, "mui"),
        (ali, None),
        (None, "sums"),
        (parties.mina.account_id, "sums"),
    ):
        assert routing.grant_of(db, account, university) is None
    for account, university in ((ali, None), (None, "sums"), (suspended.account_id, "sums"), (ali, "mui")):
        assert not routing.is_active_expert(db, account, university)


def request(db: Session, hours: int, **values: Any) -> QualificationRequest:
    """A file in the queue that came so many hours ago, an hour before its last step."""
    came = NOW - hours * HOUR
    given = {"submitted_at": came, "received_at": came, "state_since": came + HOUR, "university_code": "sums"}
    state = values.pop("state", RequestState.SUBMITTED)
    return add_request(db, officer(db, chat=False), state, **given | values)


def asked(db: Session, parties: Parties, hours: int, **values: Any) -> CooperationRequest:
    """An accepted cooperation request."""
    accepted = NOW - hours * HOUR
    given = {
        "branch_id": parties.kian.east,
        "distributor_id": parties.kian.id,
        "account_id": officer(db, chat=False).account_id,
        "requested_by": parties.kian.manager.account_id,
        "tracking_code": f"14050902{hours:04}",
        "state": CooperationState.PENDING_UNIVERSITY,
        "university_code": "sums",
        "accepted_at": accepted,
        "state_since": accepted + HOUR,
    }
    row = CooperationRequest(**given | values)
    db.add(row)
    db.flush()
    return row


def test_what_waits_at_a_university(db: Session, parties: Parties, monkeypatch: pytest.MonkeyPatch) -> None:
    assert routing.unclaimed_requests(db, "sums") == UnclaimedRequests(0, 0, None)
    assert routing.newest_arrival(db, "sums") is None
    assert routing.waiting_before(db, REQUESTS, "sums", NOW, most=9) == Waiting(0, None)
    young, old = request(db, 3), request(db, 9)
    request(db, 20, university_code="mui")
    request(db, 30, state=RequestState.IN_REVIEW, reviewer_id=parties.ali.account_id)
    request(db, 40, state=RequestState.WITHDRAWN, closed_at=NOW)
    assert routing.unclaimed_requests(db, "sums") == UnclaimedRequests(2, 0, NOW - 9 * HOUR)
    assert routing.newest_arrival(db, "sums") == NOW - 2 * HOUR
    first = asked(db, parties, 12)
    asked(db, parties, 30, reviewer_id=parties.ali.account_id, branch_id=parties.kian.central)
    asked(db, parties, 31, state=CooperationState.APPROVED, closed_at=NOW, branch_id=parties.kian.central)
    asked(db, parties, 32, university_code="mui", branch_id=parties.arad.east)
    found = routing.unclaimed_requests(db, "sums")
    assert (found, found.total) == (UnclaimedRequests(2, 1, NOW - 12 * HOUR), 3)
    assert routing.newest_arrival(db, "sums") == NOW - 2 * HOUR
    late = routing.waiting_before(db, REQUESTS, "sums", NOW - 2 * HOUR, most=9)
    assert late == Waiting(2, old.id)
    assert routing.waiting_before(db, REQUESTS, "sums", NOW - 3 * HOUR, most=9) == Waiting(1, old.id)
    assert routing.waiting_before(db, REQUESTS, "sums", NOW, most=0) == Waiting(1, old.id)
    assert routing.waiting_before(db, COOPERATIONS, "sums", NOW, most=9) == Waiting(1, first.id)
    assert routing.codes_with_unclaimed(db) == ["mui", "sums"]
    monkeypatch.setattr(routing, "COUNTED", 1)
    counted = routing.unclaimed_requests(db, "sums")
    assert (counted.requests, counted.told) == (2, "۱+")
    assert young.id != old.id


def test_what_the_notice_of_waiting_files_opens(db: Session, parties: Parties) -> None:
    def buttons() -> list[tuple[str, str]]:
        undone = db.begin_nested()
        queue_notices.notify_waiting(db, university_code="sums", now=NOW)
        [push] = pushes(db, parties.ali, "N10")
        found = [(row[0]["label"], "|".join(row[0]["press"].split("|")[1:3])) for row in push.buttons]
        undone.rollback()
        db.expire_all()
        return found

    asked(db, parties, 3, branch_id=parties.kian.central)
    first = asked(db, parties, 12)
    asked(db, parties, 40, university_code="mui", branch_id=parties.arad.east)
    asked(db, parties, 50, reviewer_id=parties.zahra.account_id, branch_id=parties.arad.central)
    alone = buttons()
    assert alone == [("مشاهده", f"desk.coop_file|{first.id}")]
    request(db, 3)
    both = buttons()
    assert [action.split("|")[0] for _, action in both] == ["desk.queue", "desk.coop_file"]
    assert both[0][0] == "مشاهده"
    assert both[1][1] == f"desk.coop_file|{first.id}"


def test_where_nobody_reviews_staff_are_told_once_and_until_it_ends(db: Session, parties: Parties) -> None:
    """Of all universities that are looked at: those alone where files wait and nobody reviews."""
    codes = ["fasa", "mui", "sums", "tums"]
    for code in ("mui", "sums", "tums"):
        request(db, 3, university_code=code)
    end_role(db, parties.foreign)
    suspended = expert(db, "معلق", university="tums")
    db.get_one(Account, suspended.account_id).state = AccountState.SUSPENDED
    db.flush()
    routing.alert_where_no_expert(db, universities=["fasa", "sums"], now=NOW)
    assert alerts(db) == []
    routing.alert_where_no_expert(db, universities=codes, now=NOW)
    assert sorted(alerts(db)) == ["no-expert:mui", "no-expert:tums"]
    assert routing.codes_to_alert(db) == ["mui", "sums", "tums"]
    expert(db, "نو", university="mui")
    for row in db.exec(select(QualificationRequest).where(QualificationRequest.university_code == "tums")):
        row.state = RequestState.WITHDRAWN
    db.flush()
    assert routing.codes_to_alert(db) == ["mui", "sums", "tums"]
    routing.alert_where_no_expert(db, universities=["sums"], now=NOW)
    assert len(alerts(db)) == 2
    routing.alert_where_no_expert(db, universities=codes, now=NOW)
    assert alerts(db) == []
    assert routing.codes_to_alert(db) == ["mui", "sums"]


def test_a_file_that_nobody_has_any_more_names_nobody(db: Session, parties: Parties) -> None:
    """A colleague had claimed it and put it back: the expert gets the screen as it is now."""
    request = asked(db, parties, 3)
    for event, actor in (("claimed", parties.zahra), ("released", parties.zahra)):
        audit.record(db, now=NOW, actor=actor, event=event, subject="cooperation", subject_id=request.id or 0)
    late = COOPERATION_WORKFLOW._conflict_refusal(db, request, parties.ali)
    assert type(late) is Stale
    request.reviewer_id = parties.zahra.account_id
    late = COOPERATION_WORKFLOW._conflict_refusal(db, request, parties.ali)
    assert (late.key, late.args_of_text["by"]) == ("error.already_claimed", "کارشناس زارعی")
