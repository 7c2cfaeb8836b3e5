"""Many files at once: what is counted and listed, who gets which, who is told. Each file that is left out differs in one thing."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session

from bot.core.context import Actor
from bot.core.refusals import NotAllowed
from bot.services.qualification.requests import QUALIFICATION_WORKFLOW
from bot.services.team import bulk
from storage.enums import RequestState
from storage.tables import QualificationRequest
from tests.support.effects import pushes
from tests.support.factories.people import Participants, officer
from tests.support.factories.qualification import add_request
from tests.support.factories.reference_data import NOW
from tests.support.services import refused

HOUR = timedelta(hours=1)


def file(db: Session, hours: int, reviewer: Actor | None = None, **values: Any) -> QualificationRequest:
    """A file that came `hours` ago; in hand where it has a reviewer."""
    given = {
        "submitted_at": NOW - hours * HOUR,
        "tracking_code": f"1405090100{hours:02}",
        "reviewer_id": reviewer.account_id if reviewer else None,
    }
    state = RequestState.IN_REVIEW if reviewer else RequestState.SUBMITTED
    return add_request(db, officer(db), values.pop("state", state), **given | values)


def world(db: Session, people: Participants) -> dict[str, QualificationRequest]:
    return {
        "new": file(db, 1),
        "old": file(db, 9),
        "ali": file(db, 5, people.ali),
        "zahra": file(db, 3, people.zahra),
        "zahra's second": file(db, 4, people.zahra),
        "elsewhere": file(db, 8, university_code="mui"),
        "in hand elsewhere": file(db, 7, people.foreign, university_code="mui"),
        "decided": file(db, 6, people.ali, state=RequestState.AWAITING_PAYMENT, pay_token="t", amount_due=5),
    }


def listed(db: Session, actor: Actor, source: Actor | None = None, **more: Any) -> list[str]:
    number = source.account_id if source else None
    found = bulk.candidates(db, QUALIFICATION_WORKFLOW, actor=actor, source=number, **more)
    return [one.code[-2:] for one in found]


def test_what_can_be_given_and_from_whom(db: Session, people: Participants) -> None:
    world(db, people)
    head = people.in_charge
    sources = bulk.sources(db, QUALIFICATION_WORKFLOW, actor=head)
    assert [(one.expert.id if one.expert else None, one.count) for one in sources] == [
        (None, 2),
        (people.zahra.account_id, 2),
        (people.ali.account_id, 1),
    ]
    assert listed(db, head) == ["09", "01"]
    assert listed(db, people.ali) == ["09", "01"]
    assert listed(db, head, people.zahra) == ["04", "03"]
    assert listed(db, head, people.ali) == ["05"]
    assert listed(db, head, limit=1) == ["09"]
    assert listed(db, people.foreign) == ["08"]
    for actor in (people.ali, people.staff):
        with refused(NotAllowed):
            bulk.sources(db, QUALIFICATION_WORKFLOW, actor=actor)
    with refused(NotAllowed):
        listed(db, people.ali, people.zahra)
    with refused(NotAllowed):
        listed(db, people.sara)


def test_a_file_says_when_it_came_or_since_when_it_stands_so(db: Session, people: Participants) -> None:
    came, unknown = file(db, 3), file(db, 1, submitted_at=None)
    found = bulk.candidates(db, QUALIFICATION_WORKFLOW, actor=people.in_charge, source=None)
    assert {one.id: one.since for one in found} == {came.id: NOW - 3 * HOUR, unknown.id: unknown.state_since}


def planned(
    db: Session,
    people: Participants,
    files: list[QualificationRequest],
    to: list[Actor],
    source: Actor | None = None,
) -> dict[int, int]:
    return bulk.plan(
        db,
        QUALIFICATION_WORKFLOW,
        actor=people.in_charge,
        request_ids=[one.id or 0 for one in files],
        expert_ids=[one.account_id or 0 for one in to],
        source=source.account_id if source else None,
        now=NOW,
    )


def test_files_go_in_turns_to_the_least_burdened_first(db: Session, people: Participants) -> None:
    files = world(db, people)
    third = file(db, 2)
    queue = [files["old"], third, files["new"]]
    ali, zahra = people.ali.account_id, people.zahra.account_id
    plan = planned(db, people, queue, [people.zahra, people.ali])
    assert plan == {files["old"].id: ali, third.id: zahra, files["new"].id: ali}
    assert planned(db, people, queue, [people.zahra]) == dict.fromkeys([one.id for one in queue], zahra)
    others = [files["ali"], files["elsewhere"], files["decided"]]
    assert planned(db, people, others, [people.zahra]) == {}
    # From a colleague: not back to her, and only what she still has.
    assert planned(db, people, [files["zahra"], files["ali"]], [people.zahra, people.ali], people.zahra) == {
        files["zahra"].id: ali
    }
    with refused(NotAllowed):
        bulk.plan(
            db, QUALIFICATION_WORKFLOW, actor=people.ali, request_ids=[], expert_ids=[], source=None, now=NOW
        )


def test_nobody_gets_the_file_that_is_about_them(db: Session, people: Participants) -> None:
    own = add_request(
        db, people.ali, RequestState.SUBMITTED, submitted_at=NOW - HOUR, tracking_code="140509010021"
    )
    other = file(db, 1)
    ali, zahra = people.ali.account_id, people.zahra.account_id
    assert planned(db, people, [own, other], [people.ali, people.zahra]) == {own.id: zahra, other.id: ali}
    assert planned(db, people, [own], [people.ali]) == {}


def assigned(
    db: Session, people: Participants, files: list[QualificationRequest], to: list[Actor], **more: Any
) -> bulk.BulkResult:
    return bulk.assign_many(
        db,
        QUALIFICATION_WORKFLOW,
        actor=people.in_charge,
        request_ids=[one.id or 0 for one in files],
        expert_ids=[one.account_id or 0 for one in to],
        now=NOW,
        **{"source": None, "why": None} | more,
    )


def test_who_gets_files_is_told_once_with_the_list(db: Session, people: Participants) -> None:
    files = world(db, people)
    result = assigned(
        db, people, [files["old"], files["new"], files["elsewhere"]], [people.ali], why="حجم کار"
    )
    assert result.skipped == 1
    assert {expert: [one.code[-2:] for one in given] for expert, given in result.given.items()} == {
        people.ali.account_id: ["09", "01"]
    }
    assert {files[name].reviewer_id for name in ("old", "new")} == {people.ali.account_id}
    (told,) = pushes(db, people.ali, "N22")
    assert "حجم کار" in told.text
    assert [code for code in ("09", "01", "08") if f"1405090100{code}" in told.text] == ["09", "01"]
    assert told.buttons
    assert pushes(db, people.zahra, "N22") == pushes(db, people.in_charge, "N22") == []


def test_what_went_another_way_since_it_was_planned_is_counted(
    db: Session, people: Participants, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = world(db, people)
    ali = people.ali.account_id or 0
    planned = {files[name].id or 0: ali for name in ("old", "decided", "new")}
    monkeypatch.setattr(bulk, "plan", lambda *_, **__: planned)
    result = assigned(
        db, people, [files[name] for name in ("old", "decided", "new", "elsewhere")], [people.ali]
    )
    assert (result.count, result.skipped) == (2, 2)
    assert [one.code[-2:] for one in result.given[ali]] == ["09", "01"]


def test_whose_files_went_is_told_without_a_button(db: Session, people: Participants) -> None:
    files = world(db, people)
    result = assigned(
        db, people, [files["zahra"], files["zahra's second"]], [people.ali], source=people.zahra.account_id
    )
    assert result.skipped == 0
    (given,), (taken,) = pushes(db, people.ali, "N22"), pushes(db, people.zahra, "N22")
    assert given.buttons
    assert not taken.buttons
    assert "140509010003" in taken.text
    assert assigned(db, people, [files["zahra"]], [people.ali], source=people.zahra.account_id).skipped == 1
    assert len(pushes(db, people.zahra, "N22")) == 1


def test_the_head_who_takes_files_is_not_told(db: Session, people: Participants) -> None:
    files = world(db, people)
    assert not assigned(db, people, [files["new"]], [people.in_charge]).skipped
    assert pushes(db, people.in_charge, "N22") == []


def test_the_oldest_of_the_queue_are_taken(db: Session, people: Participants) -> None:
    files = world(db, people)
    own = add_request(
        db, people.zahra, RequestState.SUBMITTED, submitted_at=NOW - 20 * HOUR, tracking_code="140509010020"
    )
    taken = bulk.claim_next(db, QUALIFICATION_WORKFLOW, actor=people.zahra, number=2, now=NOW)
    assert [one.code[-2:] for one in taken] == ["09"]
    assert own.reviewer_id is None
    assert (files["old"].reviewer_id, files["new"].reviewer_id) == (people.zahra.account_id, None)
    with refused(NotAllowed):
        bulk.claim_next(db, QUALIFICATION_WORKFLOW, actor=people.staff, number=2, now=NOW)
