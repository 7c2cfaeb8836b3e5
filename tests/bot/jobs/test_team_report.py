"""What the heads of a university read in the morning, line by line, and when nothing is said."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from sqlmodel import Session, select

from bot.jobs import team_report
from storage.enums import Role
from storage.tables import Grant
from tests.support.effects import labels, pushes
from tests.support.factories.people import participants
from tests.support.services import as_unit

#: Sunday, 8:30 in Tehran, and Saturday, the first working day of a week.
SUNDAY, SATURDAY = (datetime(2026, 11, day, 5, 0, tzinfo=UTC) for day in (29, 28))


@pytest.fixture(params=["sqlite"])
def database_url(request: pytest.FixtureRequest) -> str:
    url: str = request.getfixturevalue("sqlite_url")
    return url


def colleague(name: str, to_decide: int = 0, *, on_leave: bool = False, decided: int = 0) -> Any:
    return SimpleNamespace(name=name, to_decide=to_decide, on_leave=on_leave, decided_last_week=decided)


def figures(*colleagues: Any, waiting: int = 0, overdue: int = 0, received: int = 0) -> Any:
    return SimpleNamespace(
        colleagues=list(colleagues), waiting=waiting, overdue=overdue, received_last_week=received
    )


ALI, ZAHRA, RESTS = (
    colleague("علی", 2, decided=5),
    colleague("زهرا", 1, decided=1),
    colleague("مینا", on_leave=True),
)
HEAD = "👥 کار دانشگاه، ۱۴۰۵/۰۹/۰۸:"
WEEK = "👥 کار دانشگاه، ۱۴۰۵/۰۹/۰۷:"


@pytest.mark.parametrize(
    ("now", "found", "lines"),
    [
        (SUNDAY, figures(ALI, ZAHRA, waiting=4, overdue=1), [HEAD, "۴", "۳", "۱"]),
        (SUNDAY, figures(ALI, RESTS), [HEAD, "۰", "۲", "۰", "🏖 مرخصی: مینا"]),
        (SUNDAY, figures(RESTS, waiting=1), [HEAD, "۱", "۰", "۰", "🏖 مرخصی: مینا"]),
        (SUNDAY, figures(RESTS, overdue=1), None),
        (
            SATURDAY,
            figures(ALI, RESTS, received=9),
            [
                WEEK,
                "۰",
                "۲",
                "۰",
                "🏖 مرخصی: مینا",
                "",
                "📊 هفته پیش: ۹ پرونده رسید و ۵ تصمیم گرفته شد.",
                "• علی: ۵ تصمیم",
                "• مینا: ۰ تصمیم",
            ],
        ),
        (
            SATURDAY,
            figures(),
            [WEEK, "۰", "۰", "۰", "", "📊 هفته پیش: ۰ پرونده رسید و ۰ تصمیم گرفته شد."],
        ),
    ],
    ids=["a day", "somebody away", "one waits", "nothing to do", "a week", "an empty week"],
)
@as_unit
def test_what_the_heads_read(db: Session, now: datetime, found: Any, lines: list[str] | None) -> None:
    people = participants(db)
    made = [team_report.report(db, code="sums", figures=found, now=now) for _ in range(2)]
    assert made == [True, False], "the second process leaves it to the first"
    told = pushes(db, people.in_charge, "digest")
    assert pushes(db, people.ali, "digest") == []
    if lines is None:
        assert told == []
        return
    (push,) = told
    head, queue, in_hand, overdue, *rest = push.text.split("\n")
    counted = [
        f"در صف: {lines[1]} پرونده",
        f"نزد همکاران برای تصمیم: {lines[2]} پرونده",
        f"⏰ دیرکردها: {lines[3]} پرونده",
    ]
    assert ([head, queue, in_hand, overdue], rest) == ([lines[0], *counted], lines[4:])
    assert labels(push) == ["👥 همکاران"]
    head_of = select(Grant.id).where(Grant.role == Role.IN_CHARGE, Grant.university_code == "sums")
    assert push.grant_id == db.exec(head_of).one()


@as_unit
def test_a_long_list_of_colleagues_is_cut(db: Session) -> None:
    people = participants(db)
    many = figures(*(colleague(f"نفر{n}", decided=1) for n in range(team_report.NAMED + 2)))
    team_report.report(db, code="sums", figures=many, now=SATURDAY)
    (push,) = pushes(db, people.in_charge, "digest")
    assert push.text.count("• ") == team_report.NAMED
    assert "و ۳۲ تصمیم گرفته شد" in push.text
