"""Reminders come by day: nobody is woken, and nobody is written to on a Friday or a holiday."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import Session

from bot.services import qualification
from bot.services.review import working_days
from bot.texts.formats import TEHRAN
from storage.tables import QualificationRequest
from tests.support import jobs, official_holidays
from tests.support.effects import alerts, pushes
from tests.support.factories.people import Participants
from tests.support.factories.qualification import submitted_request, unpaid_request
from tests.support.services import as_unit


def tehran(month: int, day: int, hour: int, minute: int = 0, *, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=TEHRAN).astimezone(UTC)


def due_since(db: Session, request: QualificationRequest, moment: datetime) -> None:
    """Reminded of it three days later."""
    request.state_since = moment - timedelta(days=3)
    db.flush()


@as_unit
def test_nobody_is_woken_at_night(db: Session, people: Participants) -> None:
    request = unpaid_request(db, people)
    due_since(db, request, tehran(11, 22, 23))
    for moment in (tehran(11, 22, 23), tehran(11, 23, 2), tehran(11, 23, 8, 59), tehran(11, 22, 20)):
        jobs.send_reminders(db, now=moment)
    assert pushes(db, people.sara, "N20") == []
    jobs.send_reminders(db, now=tehran(11, 23, 9))
    assert len(pushes(db, people.sara, "N20")) == 1


@pytest.mark.parametrize(
    ("free", "next_day"),
    [
        ((11, 27), (11, 28)),  # a Friday
        ((6, 25), (6, 27)),  # Ashura of 1405, a Thursday, and the Friday after it
        ((3, 22), (3, 25)),  # Nowruz
        ((2, 11), (2, 12)),  # 22 Bahman
    ],
)
@as_unit
def test_not_on_a_free_day(
    db: Session, people: Participants, free: tuple[int, int], next_day: tuple[int, int]
) -> None:
    moment = tehran(*free, 12)
    due_since(db, unpaid_request(db, people), moment)
    jobs.send_reminders(db, now=moment)
    assert pushes(db, people.sara, "N20") == []
    jobs.send_reminders(db, now=tehran(*next_day, 12))
    assert len(pushes(db, people.sara, "N20")) == 1


@as_unit
def test_experts_are_reminded_by_day_too(db: Session, people: Participants) -> None:
    request = submitted_request(db, people.sara)
    request.state_since = tehran(11, 10, 12)
    db.flush()
    jobs.send_reminders(db, now=tehran(11, 27, 12))
    assert pushes(db, people.ali, "N20") == []
    jobs.send_reminders(db, now=tehran(11, 28, 12))
    assert len(pushes(db, people.ali, "N20")) == 1


@as_unit
def test_the_notice_about_a_forgotten_draft_waits_for_the_day(db: Session, people: Participants) -> None:
    begun = tehran(12, 1, 12, year=2025)
    qualification.start_draft(db, actor=people.sara, now=begun)
    assert jobs.abandoned_drafts(db, now=tehran(11, 20, 3)) == (0, 0)
    assert jobs.abandoned_drafts(db, now=tehran(11, 27, 12)) == (0, 0)  # a Friday
    assert jobs.abandoned_drafts(db, now=tehran(11, 28, 10)) == (1, 0)
    # The month runs from the notice; what is removed is removed silently, at any hour.
    assert jobs.abandoned_drafts(db, now=tehran(12, 27, 3)) == (0, 0)
    assert jobs.abandoned_drafts(db, now=tehran(12, 28, 23)) == (0, 1)


@as_unit
def test_the_digest_leaves_holidays_alone(db: Session, people: Participants) -> None:
    submitted_request(db, people.sara)
    assert jobs.send_digests(db, now=tehran(12, 23, 8, 30)) == 0  # the birth of Imam Ali
    assert jobs.send_digests(db, now=tehran(12, 24, 8, 30)) > 0


@as_unit
def test_what_is_urgent_comes_at_night(db: Session, people: Participants) -> None:
    """Nobody can approve: staff hear of it at once."""
    submitted_request(db, people.sara)
    jobs.raise_alerts(db, now=tehran(11, 27, 3))
    assert alerts(db) == ["no_tariff:NEW"]
    assert len(pushes(db, people.staff)) == 1


@pytest.mark.parametrize("year", range(2026, 2041))
def test_the_lunar_holidays_of_the_years_ahead_are_known(year: int) -> None:
    """The calendar of the sun alone has ten."""
    days = [datetime(year, 1, 1, tzinfo=UTC).date() + timedelta(days=day) for day in range(365)]
    free = sum(not working_days.is_working_day(day) and day.weekday() != working_days.FRIDAY for day in days)
    assert free >= 15


def test_the_table_of_holidays_is_that_of_the_package() -> None:
    """After a new release of `holidays`: `python -m tests.support.official_holidays`."""
    assert official_holidays.FILE.read_text("ascii") == official_holidays.made_of_package()
