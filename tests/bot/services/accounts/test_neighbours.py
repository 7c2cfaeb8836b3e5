"""Whose account, role and chat it is: each row that is not meant differs from the one that is in one thing."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from bot.core.context import Actor
from bot.core.refusals import InvalidInput, NotAllowed, Stale, Throttled
from bot.rules import account as account_rules
from bot.rules.account import AccountCase
from bot.rules.validators import NationalCode
from bot.services import accounts
from bot.services.accounts import experts, known_chats, mobile, queries, roles, sessions
from bot.services.accounts.login import account_lock
from bot.services.accounts.registration import is_registered
from bot.services.shared import rate_limit
from bot.services.shared.rate_limit import Limit
from storage.enums import AccountState, Messenger, RequestKind, RequestState, Role
from storage.tables import Account, Chat, Grant, KnownChat, Officer, Throttle, University
from tests.bot.services.accounts import actions
from tests.support.effects import alerts
from tests.support.factories.cooperation import Parties
from tests.support.factories.people import account, end_role, expert, granted, officer
from tests.support.factories.qualification import add_request
from tests.support.factories.reference_data import NOW
from tests.support.identities import next_national_code
from tests.support.services import refused

#: What is asked for and written does not depend on the database.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


def row(db: Session, actor: Actor) -> Account:
    return db.get_one(Account, actor.account_id)


def grant_of(db: Session, actor: Actor, role: Role) -> Grant:
    query = select(Grant).where(Grant.account_id == actor.account_id, Grant.role == role)
    return db.exec(query).one()


# ── experts ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_experts_of_a_university_by_name(db: Session, parties: Parties) -> None:
    by_staff = {"actor": parties.staff}
    ended = expert(db, "الف")
    end_role(db, ended)
    suspended = expert(db, "آبان")
    row(db, suspended).state = AccountState.SUSPENDED
    granted(db, row(db, parties.mina), Role.STAFF, "sums")
    namesake = granted(db, account(db, "آرش", "علوی"), Role.EXPERT, "sums")
    db.flush()
    found = experts.of_university(db, **by_staff, university_code="sums")
    assert [(one.account.name, one.role) for one in found] == [
        ("کارشناس آبان", Role.EXPERT),
        ("کارشناس زارعی", Role.EXPERT),
        ("آرش علوی", Role.EXPERT),
        ("کارشناس علوی", Role.EXPERT),
        ("کارشناس مسئولی", Role.IN_CHARGE),
    ]
    assert found[2].grant_id == grant_of(db, namesake, Role.EXPERT).id
    assert {one.university_code for one in found} == {"sums"}
    assert experts.of_university(db, **by_staff, university_code="fasa") == []
    db.get_one(University, "tums").active = False
    db.flush()
    assert [(one.code, number) for one, number in experts.numbers(db, **by_staff)] == [
        ("mui", 1),
        ("sbmu", 0),
        ("sums", 5),
        ("fasa", 0),
    ]


def test_which_roles_are_shown_and_ended(db: Session, parties: Parties) -> None:
    by_staff = {"actor": parties.staff, "now": NOW}
    ali = parties.ali.account_id or 0
    grant = grant_of(db, parties.ali, Role.EXPERT)
    other = grant_of(db, parties.sara, Role.OFFICER)
    assert experts.expert(db, actor=parties.staff, grant_id=grant.id or 0) == (grant, row(db, parties.ali))
    for number in (other.id, 999):
        assert experts.expert(db, actor=parties.staff, grant_id=number or 0) is None
    for account_id, grant_id in (
        (ali, 999),
        (parties.zahra.account_id, grant.id),
        (parties.sara.account_id, other.id),
    ):
        with refused(NotAllowed, "error.not_allowed", db=db):
            experts.deactivate(db, **by_staff, account_id=account_id or 0, grant_id=grant_id or 0)
    grant.active = False
    db.flush()
    assert experts.expert(db, actor=parties.staff, grant_id=grant.id or 0) is None
    with refused(Stale, db=db):
        experts.deactivate(db, **by_staff, account_id=ali, grant_id=grant.id or 0)


def test_who_may_be_appointed(db: Session, parties: Parties) -> None:
    def appoint(role: Role = Role.EXPERT, person: Actor = parties.mina) -> Account:
        return experts.appoint_expert(
            db,
            actor=parties.staff,
            role=role,
            university_code="sums",
            national_code=NationalCode(row(db, person).national_code or ""),
            now=NOW,
        )

    for role in (Role.STAFF, Role.OFFICER, Role.DISTRIBUTOR, Role.SYSTEM):
        with refused(NotAllowed, "error.not_allowed", db=db):
            appoint(role)
    row(db, parties.mina).state = AccountState.SUSPENDED
    db.flush()
    with refused("error.account_state", db=db):
        appoint()
    row(db, parties.mina).state = AccountState.ACTIVE
    db.flush()
    assert appoint(Role.IN_CHARGE).id == parties.mina.account_id
    [told] = actions.pushes(db, "N26")
    assert told.text.count("دانشگاه علوم پزشکی شیراز") == 1
    assert (told.account_id, told.sms["sentence"].count("شیراز")) == (parties.mina.account_id, 1)
    assert "کیان طب" in place_of_manager(db, parties)


def test_staff_hear_at_once_whether_anybody_reviews(db: Session, parties: Parties) -> None:
    add_request(db, parties.unqualified, RequestState.SUBMITTED, university_code="fasa")

    def appoint() -> int:
        code = NationalCode(row(db, parties.mina).national_code or "")
        given = {"role": Role.EXPERT, "university_code": "fasa", "national_code": code, "now": NOW}
        return experts.appoint_expert(db, actor=parties.staff, **given).id or 0  # type: ignore[arg-type]

    for _ in range(2):
        mina = appoint()
        assert alerts(db) == []
        grant = grant_of(db, parties.mina, Role.EXPERT)
        experts.deactivate(db, actor=parties.staff, account_id=mina, grant_id=grant.id or 0, now=NOW)
        assert alerts(db) == ["no-expert:fasa"]


def place_of_manager(db: Session, parties: Parties) -> str:
    """What a person reads who became a manager."""
    code = NationalCode(row(db, parties.sara).national_code or "")
    experts.give_role(
        db,
        actor=parties.staff,
        role=Role.DISTRIBUTOR,
        national_code=code,
        distributor_id=parties.kian.id,
        now=NOW,
    )
    return actions.pushes(db, "N26")[-1].text


def test_an_account_made_by_staff_has_a_name_and_a_role(db: Session, parties: Parties) -> None:
    def make(**given: Any) -> Account:
        known = {"role": Role.STAFF, "now": NOW, "password_hash": "x"}
        return accounts.create_user(db, **known | given)

    for nameless in ({}, {"name": "  "}, {"last_name": "رضایی"}):
        with refused("error.name_needed", db=db):
            make(**nameless)
    with refused("error.distributor_needed", db=db):
        make(name="مینا", role=Role.DISTRIBUTOR)
    made = [make(name=" مینا  رضایی نیا "), make(first_name="مینا", last_name="رضایی", name="دیگر")]
    assert [(one.first_name, one.last_name) for one in made] == [("مینا", "رضایی نیا"), ("مینا", "رضایی")]
    [grant] = queries.grants_of(db, made[0].id or 0)
    assert (grant.role, grant.university_code, grant.distributor_id, grant.created_at) == (
        Role.STAFF,
        None,
        None,
        NOW,
    )


# ── roles ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_which_role_an_account_may_get_besides(db: Session, parties: Parties) -> None:
    kian, arad = parties.kian.id, parties.arad.id

    def give(person: Actor, role: Role, **given: Any) -> Grant:
        return roles.grant(db, account=row(db, person), role=role, now=NOW, **given)

    for person, role, given, key in (
        (parties.ali, Role.EXPERT, {"university_code": "sums"}, "error.role_held"),
        (parties.ali, Role.IN_CHARGE, {"university_code": "mui"}, "error.role_held"),
        (parties.in_charge, Role.EXPERT, {"university_code": "sums"}, "error.role_held"),
        (parties.staff, Role.STAFF, {}, "error.role_held"),
        (parties.kian.manager, Role.DISTRIBUTOR, {"distributor_id": arad}, "error.manager_held"),
        (parties.mina, Role.EXPERT, {}, "error.university_needed"),
        (parties.mina, Role.EXPERT, {"university_code": "nowhere"}, "error.university_needed"),
        (parties.mina, Role.DISTRIBUTOR, {}, "error.distributor_needed"),
        (parties.mina, Role.DISTRIBUTOR, {"distributor_id": 999}, "error.distributor_needed"),
    ):
        with refused(key, db=db):
            give(person, role, **given)
    made = give(parties.mina, Role.STAFF, university_code="sums", distributor_id=kian)
    assert (made.university_code, made.distributor_id, made.active) == (None, None, True)
    made = give(parties.mina, Role.DISTRIBUTOR, university_code="sums", distributor_id=kian)
    assert (made.university_code, made.distributor_id) == (None, kian)
    made = give(parties.mina, Role.EXPERT, university_code="sums", distributor_id=kian)
    assert (made.university_code, made.distributor_id) == ("sums", None)
    # One that ended is in force again; one of another place is a new one.
    made.active = False
    db.flush()
    elsewhere = give(parties.mina, Role.EXPERT, university_code="mui")
    elsewhere.active = False
    db.flush()
    assert elsewhere.id != made.id
    assert give(parties.mina, Role.EXPERT, university_code="sums").id == made.id
    assert made.active


def test_roles_in_force_oldest_first(db: Session, parties: Parties) -> None:
    person = row(db, parties.sara)
    second = granted(db, person, Role.EXPERT, "sums")
    granted(db, person, Role.STAFF)
    grant_of(db, second, Role.STAFF).active = False
    db.flush()
    found = [grant.role for grant in queries.grants_of(db, person.id or 0)]
    assert found == [Role.OFFICER, Role.EXPERT]


def chat(db: Session, number: int, actor: Actor | None = None, **values: Any) -> Chat:
    made = Chat(messenger=Messenger.BALE, chat_id=number, **values)
    if actor is not None:
        made.account_id, made.role = actor.account_id, actor.role
    db.add(made)
    db.flush()
    return made


OPEN = {
    "dialogue": "x",
    "dialogue_state": {"a": 1},
    "view": "1|me|||",
    "list_view": "1|list|||",
    "listing": {"b": 1},
    "linked_at": NOW,
    "version": 4,
}
SHOWN = [*(name for name in OPEN if name != "version"), "draft_id"]


def shown(one: Chat) -> list[Any]:
    return [getattr(one, name) for name in SHOWN]


def test_a_role_that_ends_leaves_the_chats_of_other_roles(db: Session, parties: Parties) -> None:
    person = row(db, parties.ali)
    granted(db, person, Role.OFFICER)
    as_expert = chat(db, 1, parties.ali, **OPEN)
    as_officer = chat(db, 2, Actor(parties.ali.account_id, Role.OFFICER), **OPEN)
    another = chat(db, 3, parties.zahra, **OPEN)
    roles.revoke(db, grant=grant_of(db, parties.ali, Role.EXPERT))
    assert (as_expert.account_id, as_expert.role) == (person.id, Role.OFFICER)
    assert shown(as_expert) == [None, {}, None, None, {}, NOW, None]
    assert as_expert.version == 5
    for untouched, role in ((as_officer, Role.OFFICER), (another, Role.EXPERT)):
        assert (untouched.role, shown(untouched)[0], untouched.version) == (role, "x", 4)
    roles.revoke(db, grant=grant_of(db, parties.ali, Role.OFFICER))
    for gone in (as_expert, as_officer):
        assert (gone.account_id, gone.role, *shown(gone)) == (
            None,
            None,
            None,
            {},
            None,
            None,
            {},
            None,
            None,
        )
    assert another.account_id == parties.zahra.account_id
    roles.revoke(db, grant=grant_of(db, parties.foreign, Role.EXPERT))  # in a role that no chat acts in


def test_another_persons_chat_is_not_unlinked(db: Session, parties: Parties) -> None:
    mine, theirs = chat(db, 1, parties.ali, **OPEN), chat(db, 2, parties.zahra, **OPEN)
    sessions.unlink(db, account_id=parties.ali.account_id or 0, chats=[mine, theirs])
    assert (mine.account_id, mine.version, theirs.account_id, theirs.version) == (
        None,
        5,
        parties.zahra.account_id,
        4,
    )


def test_a_chat_that_changes_hands_forgets_its_lists(db: Session, parties: Parties) -> None:
    one = chat(db, 1, parties.ali, **OPEN)
    ali, zahra = parties.ali.account_id, parties.zahra.account_id
    sessions.act_as(one, account_id=ali, role=Role.EXPERT)
    assert (one.list_view, one.listing) == ("1|list|||", {"b": 1})
    for account_id, role in ((ali, Role.OFFICER), (zahra, Role.OFFICER)):
        one.list_view, one.listing = "1|list|||", {"b": 1}
        sessions.act_as(one, account_id=account_id, role=role)
        assert (one.account_id, one.role, one.list_view, one.listing) == (account_id, role, None, {})


def test_a_login_begins_in_the_first_of_the_roles(db: Session, parties: Parties) -> None:
    person = row(db, parties.ali)
    one = chat(db, 1, dead=True)
    actor = sessions.link(db, chat=one, account=person, now=NOW)
    assert actor == Actor(person.id, Role.EXPERT, "sums", Messenger.BALE, None)
    assert (one.account_id, one.role, one.linked_at, one.dead) == (person.id, Role.EXPERT, NOW, False)
    assert sessions.session_mark(one) == int(NOW.timestamp())
    assert sessions.session_mark(chat(db, 2)) == 0
    manager = row(db, parties.kian.manager)
    actor = sessions.link(db, chat=chat(db, 3), account=manager, now=NOW)
    assert (actor.role, actor.distributor_id, actor.university_code) == (
        Role.DISTRIBUTOR,
        parties.kian.id,
        None,
    )
    end_role(db, parties.ali)
    with refused(NotAllowed, "error.no_role"):
        sessions.link(db, chat=one, account=person, now=NOW)


# ── chats ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_chats_of_an_account_oldest_link_first(db: Session, parties: Parties) -> None:
    ali = parties.ali
    [phone] = queries.chats_of(db, ali.account_id or 0)
    phone.linked_at = NOW
    late, early = chat(db, 1, ali, linked_at=NOW + HOUR), chat(db, 2, ali, linked_at=NOW - HOUR)
    same = chat(db, 3, ali, linked_at=NOW)
    chat(db, 4, parties.zahra, linked_at=NOW)
    assert queries.chats_of(db, ali.account_id or 0) == [early, phone, same, late]
    assert queries.chat_of(db, messenger=Messenger.BALE, chat_id=2) == early
    assert queries.chat_of(db, messenger=Messenger.TELEGRAM, chat_id=2) is None


def test_twenty_chats_of_an_account_and_accounts_of_a_chat_are_known(
    db: Session, parties: Parties, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert known_chats.MAX_KNOWN_CHATS == 20
    monkeypatch.setattr(known_chats, "MAX_KNOWN_CHATS", 2)
    one = chat(db, 1)
    people = [officer(db, chat=False).account_id or 0 for _ in range(3)]

    def remember(which: Chat, account_id: int, minutes: int) -> None:
        known_chats.remember_chat(db, chat=which, account_id=account_id, now=NOW + minutes * MINUTE)

    def known() -> list[tuple[int, int]]:
        rows = db.exec(select(KnownChat.account_id, KnownChat.chat_row_id).order_by(KnownChat.at)).all()
        return [(account_id, number) for account_id, number in rows]

    remember(one, people[0], 5)
    remember(one, people[1], 2)
    remember(one, people[2], 7)
    assert known() == [(people[0], one.id), (people[2], one.id)], "the oldest goes"
    others = [chat(db, number) for number in (2, 3)]
    remember(others[0], people[0], 8)
    remember(others[1], people[0], 6)
    assert known() == [
        (people[0], others[1].id),
        (people[2], one.id),
        (people[0], others[0].id),
    ]
    remember(others[1], people[0], 9)  # the same anew
    assert [account_id for account_id, _ in known()] == [people[2], people[0], people[0]]
    known_chats.forget_chats(db, account_id=people[0], chat_ids=[one.id or 0, others[0].id or 0])
    assert known() == [(people[2], one.id), (people[0], others[1].id)]
    known_chats.forget_chats(db, account_id=people[0])
    assert known() == [(people[2], one.id)]


def test_which_chats_an_account_knows(db: Session, parties: Parties) -> None:
    ali, zahra = parties.ali.account_id, parties.zahra.account_id
    one, linked = chat(db, 1), chat(db, 2, parties.zahra)

    def is_known(which: Chat, account_id: int | None) -> bool:
        return known_chats.is_known(db, chat=which, account_id=account_id)

    known_chats.remember_chat(db, chat=one, account_id=ali or 0, now=NOW)
    assert [is_known(one, number) for number in (ali, zahra, None)] == [True, False, False]
    assert [is_known(linked, number) for number in (ali, zahra, None)] == [False, True, False]
    assert not is_known(chat(db, 3), None)


def test_a_chat_is_proved_by_the_verified_mobile_alone(db: Session, parties: Parties) -> None:
    person, one = row(db, parties.sara), chat(db, 1)
    person.mobile, person.mobile_verified = "+989121112233", True

    def prove(of: Account | None, number: str = "+989121112233") -> bool:
        db.flush()
        return known_chats.prove(db, chat=one, account=of, mobile=number, now=NOW)

    assert not prove(None)
    assert not prove(person, "+989121112234")
    person.mobile_verified = False
    assert not prove(person)
    assert db.exec(select(KnownChat)).all() == []
    person.mobile_verified = True
    assert prove(person)
    assert known_chats.is_known(db, chat=one, account_id=person.id)


# ── who an account is ────────────────────────────────────────────────────────────────────────────────────────────


def test_an_account_is_found_by_its_codes_while_it_lives(db: Session, parties: Parties) -> None:
    person = row(db, parties.sara)
    person.user_code = "Ab-12۳"
    db.flush()
    for state, by_user, by_national in (
        (AccountState.ACTIVE, True, True),
        (AccountState.SUSPENDED, True, True),
        (AccountState.ANNULLED, False, False),
    ):
        person.state = state
        db.flush()
        assert (queries.by_user_code(db, " Ab-12۳ ") is person) is by_user
        assert (queries.by_national_code(db, person.national_code or "") is person) is by_national
    assert queries.by_user_code(db, "Ab-12") is None
    for load in (queries.load_account, queries.lock_account):
        with refused(NotAllowed, "error.not_allowed"):
            load(db, 999)


def test_which_requests_are_open_and_under_way(db: Session, parties: Parties) -> None:
    person = parties.unqualified.account_id or 0
    other = add_request(db, parties.mina, RequestState.DEFICIENT, reviewer_id=parties.ali.account_id)
    assert other.id
    assert (queries.has_open_request(db, person), queries.in_circulation(db, person)) == (False, False)
    request = add_request(db, parties.unqualified, RequestState.DRAFT)
    assert (queries.has_open_request(db, person), queries.in_circulation(db, person)) == (True, False)
    request.state = RequestState.SUBMITTED
    db.flush()
    assert (queries.has_open_request(db, person), queries.in_circulation(db, person)) == (True, True)
    request.state = RequestState.WITHDRAWN
    db.flush()
    assert (queries.has_open_request(db, person), queries.in_circulation(db, person)) == (False, False)


def test_the_owner_alone(db: Session, parties: Parties) -> None:
    assert parties.ali.account_id
    queries.need_owner(parties.ali, parties.ali.account_id)
    for actor, account_id in ((parties.ali, 0), (Actor(None, Role.OFFICER), 0), (parties.zahra, 2)):
        with refused(NotAllowed, "error.not_allowed"):
            queries.need_owner(actor, account_id)


def test_an_account_is_saved_as_it_was_read(db: Session, parties: Parties) -> None:
    person, other = row(db, parties.sara), row(db, parties.mina)
    version = person.version
    queries.save_account(db, person, state_reason="x")
    assert (person.version, person.state_reason, other.state_reason) == (version + 1, "x", None)
    stale = Account(**person.model_dump() | {"version": version})
    with refused(Stale):
        queries.save_account(db, stale, state_reason="y")


# ── the mobile ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_when_a_mobile_is_not_changed(db: Session, parties: Parties) -> None:
    person = row(db, parties.unqualified)
    one = chat(db, 1, parties.unqualified)

    def change(number: str, *, verified: bool = False, actor: Actor = parties.unqualified) -> Account:
        return mobile.change_mobile(db, actor=actor, chat=one, mobile=number, verified=verified, now=NOW)

    with refused(NotAllowed, "error.not_allowed", db=db):
        change("+989121112233", actor=parties.mina)
    person.state = AccountState.SUSPENDED
    db.flush()
    with refused(NotAllowed, "error.not_allowed", db=db):
        change("+989121112233")
    person.state = AccountState.ACTIVE
    request = add_request(db, parties.unqualified, RequestState.SUBMITTED)
    mobile.refuse_mobile_change(db, account=person)  # it only waits to be verified
    assert change(person.mobile or "", verified=True).mobile_verified
    with refused("mobile.in_circulation") as caught:
        mobile.refuse_mobile_change(db, account=person)
    [button] = caught.refusal.next_buttons
    assert button.press is not None
    assert button.press.action == "qual.track"
    with refused("mobile.in_circulation", db=db):
        change("+989121112233", verified=True)
    request.state = RequestState.WITHDRAWN
    db.flush()
    mobile.refuse_mobile_change(db, account=person)
    changed = change("+989121112233", verified=True)
    assert (changed.mobile, changed.mobile_verified) == ("+989121112233", True)
    person = row(db, parties.unqualified)
    version = person.version
    assert change("+989121112233").version == version, "a number that is verified is not verified less"


# ── how often ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("limit", "tries", "wait"),
    [
        (Limit(2, HOUR), [], None),
        (Limit(2, HOUR), [5], None),
        (Limit(2, HOUR), [50, 5], 10 * MINUTE),
        (Limit(2, HOUR), [5, 50], 10 * MINUTE),
        (Limit(2, HOUR), [55, 50, 5], 10 * MINUTE),
        (Limit(2, HOUR), [60, 60], SECOND),
        (Limit(1), [60], 23 * HOUR),
        # NOW is 12:30 in Tehran.
        (Limit(2, daily=True), [5, 50], 11.5 * HOUR),
    ],
)
def test_how_long_a_limit_makes_wait(
    database_url: str, limit: Limit, tries: list[int], wait: timedelta | None
) -> None:
    assert limit.wait([NOW - minutes * MINUTE for minutes in tries], NOW) == wait


def test_tries_are_counted_by_key_and_within_the_window(db: Session) -> None:
    limit = Limit(2, HOUR)
    for key, ago in (("a", HOUR), ("a", HOUR - SECOND), ("b", MINUTE), ("b", 2 * MINUTE)):
        rate_limit.count_try(db, key=key, now=NOW - ago)

    def wait(key: str) -> timedelta | None:
        return rate_limit.time_to_wait(db, key=key, limit=limit, now=NOW)

    assert (wait("a"), wait("b"), wait("c")) == (None, HOUR - 2 * MINUTE, None)
    daily = Limit(1, daily=True)
    rate_limit.count_try(db, key="d", now=NOW - 12.5 * HOUR)  # midnight itself is before the day
    assert rate_limit.time_to_wait(db, key="d", limit=daily, now=NOW) is None
    rate_limit.count_try(db, key="d", now=NOW - 12.5 * HOUR + SECOND)
    assert rate_limit.time_to_wait(db, key="d", limit=daily, now=NOW) == 11.5 * HOUR


def test_the_first_of_a_span(db: Session) -> None:
    def first(key: str, later: timedelta, within: timedelta | None = None) -> bool:
        return rate_limit.first_time(db, key=key, now=NOW + later, within=within)

    assert [first("a", timedelta(0)), first("b", timedelta(0)), first("a", 99 * HOUR)] == [True, True, False]
    assert [first("c", at * MINUTE, HOUR) for at in (0, 59, 60, 61)] == [True, False, True, False]


def test_old_tries_are_dropped_batch_by_batch(db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    assert rate_limit.BATCH == 200
    monkeypatch.setattr(rate_limit, "BATCH", 2)
    for seconds in (-1, 0, 1, 2, 3):
        rate_limit.count_try(db, key=f"{seconds}", now=NOW - 48 * HOUR - seconds * SECOND)
    dropped = [rate_limit.forget_old_tries(db, now=NOW) for _ in range(3)]
    left = [one.key for one in db.exec(select(Throttle).order_by(Throttle.key))]
    assert (dropped, left) == ([2, 1, 0], ["-1", "0"])


def test_wrong_passwords_lock_at_the_fifth_and_the_twentieth(db: Session, parties: Parties) -> None:
    account_id = parties.sara.account_id
    elsewhere = [chat(db, number) for number in range(6)]

    def locked(
        which: Chat, of: int | None = account_id, code: str = "", later: timedelta = 0 * HOUR
    ) -> str | None:
        try:
            accounts.refuse_if_locked(db, chat=which, account_id=of, user_code=code, now=NOW + later)
        except Throttled as refusal:
            return f"{refusal.key} {refusal.args_of_text['m']}"
        return None

    def wrong(which: Chat, times: int, of: int | None = account_id, code: str = "") -> None:
        for _ in range(times):
            accounts.count_wrong(db, chat=which, account_id=of, user_code=code, now=NOW)

    wrong(elsewhere[0], 4)
    assert locked(elsewhere[0]) is None
    wrong(elsewhere[0], 1)
    assert locked(elsewhere[0]) == "error.login_locked ۱۵"
    assert locked(elsewhere[0], later=14 * MINUTE + SECOND) == "error.login_locked ۱"
    assert locked(elsewhere[0], later=15 * MINUTE) is None
    for one in elsewhere[1:4]:
        wrong(one, 4)
    wrong(elsewhere[4], 2)
    assert locked(elsewhere[5]) is None
    [own] = queries.chats_of(db, account_id or 0)
    wrong(own, 4)  # tries from the owner's chat lock nobody out
    assert locked(elsewhere[5]) is None
    wrong(elsewhere[4], 1)
    assert locked(elsewhere[5]) == "error.login_locked ۶۰"
    assert locked(elsewhere[5], later=HOUR) is None
    assert locked(own) is None
    assert account_lock(db, chat=own, account_id=account_id, now=NOW) is None
    # A code without an account is locked as one with an account, in whatever digits; another code is not.
    for one in elsewhere[1:]:
        wrong(one, 4, None, "12345678")
    fresh = chat(db, 99)
    assert locked(fresh, None, "۱۲۳۴۵۶۷۸") == "error.login_locked ۶۰"
    assert locked(fresh, None, "12345679") is None


def test_who_recovers_nothing(db: Session, parties: Parties) -> None:
    person = row(db, parties.sara)
    person.mobile, person.mobile_verified = "+989121112233", True
    db.flush()

    def recover(number: int) -> Account | None:
        return accounts.recover(
            db,
            chat=chat(db, number),
            national_code=NationalCode(person.national_code or ""),
            mobile="+989121112233",  # type: ignore[arg-type]
            password_hash="n",
            now=NOW,
        )

    end_role(db, parties.sara)
    assert recover(1) is None
    granted(db, person, Role.STAFF)
    person.state = AccountState.SUSPENDED
    db.flush()
    found = recover(2)
    assert found is not None, "a suspended person reads"
    assert (found.password_hash, found.credentials_pending) == ("n", True)
    assert is_registered(db, person.national_code or "")
    assert not is_registered(db, next_national_code())


# ── what staff may do to an account ──────────────────────────────────────────────────────────────────────────────


def test_the_facts_of_an_account(db: Session, parties: Parties) -> None:
    """Each by itself; files and qualifications of others are no facts of it."""
    person = row(db, parties.unqualified)
    add_request(db, parties.mina, RequestState.COMPLETED, closed_at=NOW)
    add_request(db, officer(db), RequestState.SUBMITTED)

    def facts(actor: Actor = parties.staff) -> AccountCase:
        db.flush()
        return accounts.case_of(db, person, actor)

    plain = AccountCase(AccountState.ACTIVE, own=False, registered=True, qualified=False, open_request=False)
    assert facts() == plain
    assert facts(parties.unqualified) == replace(plain, own=True)
    assert accounts.case_of(db, row(db, parties.ali), parties.staff) == replace(plain, registered=False)
    for kind, state, qualified, open_request in (
        (RequestKind.NEW, RequestState.COMPLETED, True, False),
        (RequestKind.NEW, RequestState.REVOKED, True, False),
        (RequestKind.NEW, RequestState.WITHDRAWN, False, False),
        (RequestKind.AMENDMENT, RequestState.COMPLETED, False, False),
        (RequestKind.NEW, RequestState.DRAFT, False, True),
    ):
        undone = db.begin_nested()
        add_request(db, parties.unqualified, state, kind=kind)
        assert facts() == replace(plain, qualified=qualified, open_request=open_request), (kind, state)
        undone.rollback()
        db.expire_all()
    person.state = AccountState.SUSPENDED
    db.get_one(Officer, person.id).qualified_at = NOW
    assert facts() == replace(plain, state=AccountState.SUSPENDED, qualified=True)


def test_a_reason_has_its_length(db: Session, parties: Parties) -> None:
    def reset(letters: int) -> None:
        accounts.reset_access(
            db,
            actor=parties.staff,
            account_id=parties.sara.account_id or 0,
            reason=f" {'د' * letters} ",
            password_hash="new",
            now=NOW,
        )

    shortest, longest = account_rules.REASON_MIN, account_rules.REASON_MAX
    for letters in (shortest, longest):
        reset(letters)
        assert actions.events(db)[-1].data["reason"] == "د" * letters
    for letters in (0, shortest - 1, longest + 1):
        with refused(InvalidInput, "error.short_reason", db=db):
            reset(letters)
