"""What each list of files holds for whom, in which order, how old; who is told that files wait; how long it usually takes.
Each file that is not there differs in one thing."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from bot.core.context import Actor
from bot.core.refusals import NotAllowed
from bot.services.qualification.review import LISTS
from bot.services.review import queue_notices, standing
from bot.services.review.worklists import EVERYTHING, AgeFilter, Filters, ListName
from storage.enums import RequestKind, RequestState
from storage.tables import Grant, QualificationRequest
from tests.support.effects import alerts, codes, pushes
from tests.support.factories.people import Participants, end_role, officer
from tests.support.factories.qualification import add_request
from tests.support.factories.reference_data import NOW
from tests.support.services import refused

HOUR, DAY, SECOND = timedelta(hours=1), timedelta(days=1), timedelta(seconds=1)


def file(
    db: Session, number: int, state: RequestState, days: float, reviewer: Actor | None = None, **values: Any
) -> QualificationRequest:
    """A file that came so many days ago."""
    came = NOW - days * DAY
    given = {
        "submitted_at": came,
        "received_at": came,
        "state_since": came,
        "tracking_code": f"1405090100{number:02}",
        "reviewer_id": reviewer.account_id if reviewer else None,
    }
    return add_request(db, officer(db), state, **given | values)


def world(db: Session, people: Participants) -> None:
    ali, zahra = people.ali, people.zahra
    review, deficient, unpaid = RequestState.IN_REVIEW, RequestState.DEFICIENT, RequestState.AWAITING_PAYMENT
    file(db, 1, RequestState.SUBMITTED, 1)
    file(db, 2, RequestState.SUBMITTED, 12)
    file(db, 3, RequestState.SUBMITTED, 5, kind=RequestKind.AMENDMENT)
    file(db, 4, RequestState.SUBMITTED, 6, university_code="mui")
    file(db, 11, review, 2, ali)
    file(db, 12, review, 11, ali, round=1)
    file(db, 13, review, 4, zahra, round=1)
    file(db, 14, review, 3, people.foreign, university_code="mui")
    file(db, 15, review, 7, ali, held_until=NOW + HOUR)
    file(db, 21, deficient, 8, ali)
    file(db, 22, deficient, 9, zahra)
    decided = {"decided_at": NOW - DAY, "fee_rial": 5}
    file(db, 31, unpaid, 10, ali, pay_token="a", **decided)
    file(db, 32, unpaid, 20, zahra, pay_token="b", **decided | {"decided_at": NOW - 2 * DAY})
    file(db, 33, RequestState.COMPLETED, 100, ali, decided_at=NOW - 90 * DAY, closed_at=NOW)
    file(db, 34, RequestState.COMPLETED, 100, ali, decided_at=NOW - 90 * DAY - SECOND, closed_at=NOW)
    file(
        db,
        35,
        RequestState.COMPLETED,
        100,
        ali,
        decided_at=NOW - 3 * DAY,
        closed_at=NOW,
        university_code="mui",
    )


Q, M, R, A, U, LATE, D, W = ListName


LISTED: list[tuple[str, ListName, list[int]]] = [
    ("ali", Q, [2, 3, 1]),
    ("ali", M, [12, 11]),
    ("ali", R, [12]),
    ("ali", A, [21]),
    ("ali", U, [31]),
    ("ali", LATE, [2, 12]),
    ("ali", D, [31, 33]),
    ("zahra", M, [13]),
    ("zahra", R, [13]),
    ("zahra", A, [22]),
    ("zahra", U, [32]),
    ("zahra", LATE, [2]),
    ("zahra", D, [32]),
    ("in_charge", M, []),
    ("in_charge", LATE, [2, 12]),
    ("in_charge", W, [12, 22, 21, 13, 11]),
    ("foreign", Q, [4]),
    ("foreign", M, [14]),
    ("staff", Q, [2, 3, 1]),
    ("staff", M, [12, 13, 11]),
    ("staff", A, [22, 21]),
    ("staff", U, [32, 31]),
    ("staff", D, [31, 32, 33]),
    ("staff", W, [12, 22, 21, 13, 11]),
]


def listed(db: Session, actor: Actor, name: ListName, **more: Any) -> Any:
    university = {"university_code": "sums"} if actor.university_code is None else {}
    late = {"overdue_before": NOW - 10 * DAY, "offset": 0, "limit": 20}
    return LISTS.listed(db, name, actor=actor, now=NOW, **late | university | more)


@pytest.mark.parametrize(("who", "name", "numbers"), LISTED)
def test_what_a_list_holds(
    db: Session, people: Participants, who: str, name: ListName, numbers: list[int]
) -> None:
    world(db, people)
    actor = getattr(people, who)
    page = listed(db, actor, name)
    assert codes(page) == numbers
    assert (page.total, page.whole) == (len(numbers), len(numbers))
    turned = listed(db, actor, name, filters=Filters(turned=True))
    assert codes(turned) == numbers[::-1]
    counted = {"actor": actor, "now": NOW, "overdue_before": NOW - 10 * DAY}
    university = {"university_code": "sums"} if actor.university_code is None else {}
    assert LISTS.counts(db, name, **counted, **university) == {name: len(numbers)}
    if len(numbers) > 1:
        assert codes(listed(db, actor, name, offset=1, limit=1)) == numbers[1:2]


def test_a_list_is_narrowed_by_kind_and_age(db: Session, people: Participants) -> None:
    world(db, people)
    for number, days in ((5, 3), (6, 10)):
        file(db, number, RequestState.SUBMITTED, days)

    def narrowed(**filters: Any) -> list[int]:
        page = listed(db, people.ali, Q, filters=Filters(**filters))
        assert page.whole == 5
        assert page.total == len(page.lines)
        return codes(page)

    assert narrowed(kind=RequestKind.AMENDMENT) == [3]
    assert narrowed(kind=RequestKind.NEW) == [2, 6, 5, 1]
    assert narrowed(age=AgeFilter.UP_TO_3) == [1]
    assert narrowed(age=AgeFilter.FROM_3_TO_10) == [3, 5]
    assert narrowed(age=AgeFilter.OVER_10) == [2, 6]
    assert narrowed(age=AgeFilter.OVER_10, turned=True) == [6, 2]
    assert narrowed(age=AgeFilter.UP_TO_3, kind=RequestKind.AMENDMENT) == []
    assert (EVERYTHING.narrow, Filters(turned=True).narrow) == (False, False)


def test_the_age_is_that_of_the_oldest(db: Session, people: Participants) -> None:
    world(db, people)
    for name, days in ((Q, 12), (M, 11), (A, 8), (U, 10), (LATE, 12)):
        assert listed(db, people.ali, name).oldest == days * DAY
    assert listed(db, people.ali, D).oldest == 90 * DAY
    assert listed(db, people.in_charge, M).oldest is None


def test_who_sees_which_lists(db: Session, people: Participants) -> None:
    world(db, people)
    for actor in (people.ali, people.foreign):
        with refused(NotAllowed):
            listed(db, actor, W)
    with refused(NotAllowed):
        LISTS.listed(db, Q, actor=people.staff, now=NOW, offset=0, limit=5)
    with refused(NotAllowed):
        LISTS.listed(db, Q, actor=people.sara, now=NOW, university_code="sums", offset=0, limit=5)
    assert codes(
        LISTS.listed(db, Q, actor=people.ali, now=NOW, university_code="mui", offset=0, limit=5)
    ) == [2, 3, 1]


# ── who is told that files wait ──────────────────────────────────────────────────────────────────────────────────


def told(db: Session, people: Participants) -> list[str]:
    names = ("ali", "zahra", "in_charge", "foreign")
    return [name for name in names if pushes(db, getattr(people, name), "N10")]


def last_told(db: Session, person: Actor, hours: float | None) -> None:
    grant = db.exec(select(Grant).where(Grant.account_id == person.account_id)).one()
    grant.waiting_notified_at = None if hours is None else NOW - hours * HOUR
    db.flush()


def test_experts_are_told_once_an_hour(db: Session, people: Participants) -> None:
    assert queue_notices.notify_waiting(db, university_code="sums", now=NOW) == 0
    file(db, 1, RequestState.SUBMITTED, 1)
    last_told(db, people.ali, 0.9)
    last_told(db, people.zahra, 1)
    assert queue_notices.notify_waiting(db, university_code="sums", now=NOW) == 2
    assert told(db, people) == ["zahra", "in_charge"]
    assert queue_notices.notify_waiting(db, university_code="sums", now=NOW) == 0
    assert alerts(db) == []


def test_who_was_told_since_the_newest_came_is_not_told_again(db: Session, people: Participants) -> None:
    file(db, 1, RequestState.SUBMITTED, 0.25)
    for person, hours in ((people.ali, 6), (people.zahra, 6.1), (people.in_charge, 5)):
        last_told(db, person, hours)
    since = NOW - 6 * HOUR
    assert queue_notices.notify_waiting(db, university_code="sums", now=NOW, since=since) == 1
    assert told(db, people) == ["zahra"]


@pytest.mark.parametrize(
    ("came", "heard", "number"),
    [(0.5, None, 3), (0.5, 2, 3), (0.5, 0.9, 0), (3, 2, 0), (0.5, 1, 3), (0.5, 0.2, 0)],
)
def test_a_file_that_came_within_the_hour_is_told_of_later(
    db: Session, people: Participants, came: float, heard: float | None, number: int
) -> None:
    file(db, 1, RequestState.SUBMITTED, came / 24)
    for person in (people.ali, people.zahra, people.in_charge):
        last_told(db, person, heard)
    assert queue_notices.follow_up(db, universities=["sums", "mui", "fasa"], now=NOW) == number
    assert len(told(db, people)) == number


def test_staff_hear_of_a_university_without_experts(db: Session, people: Participants) -> None:
    file(db, 1, RequestState.SUBMITTED, 1, university_code="mui")
    end_role(db, people.foreign)
    assert queue_notices.follow_up(db, universities=["mui"], now=NOW) == 0
    assert [key for key in alerts(db) if "mui" in key]


# ── where a request stands ───────────────────────────────────────────────────────────────────────────────────────


def test_how_many_are_before_a_request(
    db: Session, people: Participants, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, twin = (file(db, number, RequestState.SUBMITTED, 5) for number in (1, 2))
    file(db, 3, RequestState.SUBMITTED, 6, university_code="mui")
    file(db, 4, RequestState.IN_REVIEW, 7, people.ali)
    file(db, 5, RequestState.SUBMITTED, 4)
    file(db, 6, RequestState.SUBMITTED, 6)

    def before(request: QualificationRequest) -> int | None:
        owner = Actor(request.account_id, people.sara.role)
        found = standing.standing_of(db, actor=owner, request=request, now=NOW)
        assert found is not None
        return found.before

    assert (before(first), before(twin)) == (1, 2)
    monkeypatch.setattr(standing, "COUNTED", 1)
    file(db, 7, RequestState.SUBMITTED, 8)
    assert before(twin) == 2
    with refused(NotAllowed):
        standing.standing_of(db, actor=people.sara, request=first, now=NOW)


@pytest.mark.parametrize(
    ("state", "stands"),
    [
        (RequestState.SUBMITTED, (0, None)),
        (RequestState.IN_REVIEW, (None, None)),
        (RequestState.DEFICIENT, None),
        (RequestState.DRAFT, None),
    ],
)
def test_only_what_waits_for_its_university_stands_somewhere(
    db: Session, people: Participants, state: RequestState, stands: tuple[int | None, None] | None
) -> None:
    reviewer = people.ali if state in (RequestState.IN_REVIEW, RequestState.DEFICIENT) else None
    request = file(db, 1, state, 1, reviewer)
    owner = Actor(request.account_id, people.sara.role)
    found = standing.standing_of(db, actor=owner, request=request, now=NOW)
    assert (None if found is None else (found.before, found.usual)) == stands


def test_how_long_it_usually_takes(
    db: Session, people: Participants, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(standing, "FEWEST", 3)
    done = RequestState.COMPLETED

    def decided(number: int, days: int, ago: timedelta, **more: Any) -> None:
        sent = {"submitted_at": NOW - ago - days * DAY, "decided_at": NOW - ago, "closed_at": NOW}
        file(db, number, done, 0, people.ali, **sent | more)

    def usual() -> timedelta | None:
        return standing._usual(db, "sums", NOW)

    decided(1, 2, DAY)
    decided(2, 4, 90 * DAY)
    decided(3, 50, DAY, university_code="mui")
    decided(4, 60, 90 * DAY + SECOND)
    assert usual() is None
    decided(5, 9, 2 * DAY)
    assert usual() == 4 * DAY
    decided(6, 5, 3 * DAY)
    assert usual() == 4.5 * DAY
    monkeypatch.setattr(standing, "NEWEST", 3)
    assert usual() == 5 * DAY
