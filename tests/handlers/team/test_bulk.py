"""How many files are offered to be taken, which, and what is said where there are none."""

from datetime import timedelta

import pytest
from sqlmodel import Session, select

from bot.services import team
from bot.texts import t
from bot.texts.formats import digits
from storage.tables import QualificationRequest
from tests.support import chat_people as people
from tests.support.chat_driver import NOW, App, Person
from tests.support.factories.people import account
from tests.support.factories.qualification import request_row


def waiting(app: App, number: int) -> None:
    """Requests of Shiraz, the first the oldest."""

    def unit(db: Session) -> None:
        for n in range(number):
            owner, at = account(db, f"متقاضی{n}", chat=False).id, NOW - timedelta(hours=number - n)
            code = f"14050101{n:04}"
            db.add(request_row(owner, tracking_code=code, submitted_at=at, received_at=at, state_since=at))

    app.run(unit)


def numbers(person: Person) -> list[str]:
    return [label for label in person.labels if label.endswith("پرونده")]


@pytest.mark.parametrize(
    ("number", "offered"),
    [(1, [1]), (5, [5]), (6, [5, 6]), (25, [5, 10, 20, 25]), (60, [5, 10, 20, team.MOST])],
)
def test_so_many_are_offered_to_be_taken(app: App, number: int, offered: list[int]) -> None:
    waiting(app, number)
    maryam = people.expert(app).open("desk.take")
    assert numbers(maryam) == [t("desk.take_number", n=digits(n)) for n in offered]


def test_none_more_and_none_fewer_are_taken_than_a_button_may_say(app: App) -> None:
    waiting(app, 53)
    maryam = people.expert(app)

    def held() -> int:
        mine = QualificationRequest.reviewer_id == maryam.account.id
        return len(app.all(select(QualificationRequest.id).where(mine)))

    for forged in ("0", "", "-1", str(team.MOST + 1)):
        maryam.open("desk.take_do", arg=forged).sees(t("error.stale"))
    maryam.open("desk.take_ask", arg="0").sees(t("error.stale"))
    assert held() == 0
    for number in (1, team.MOST):
        before = held()
        maryam.open("desk.take_do", arg=str(number))
        assert maryam.notice == t("desk.taken", n=digits(number))
        assert held() - before == number
    maryam.open("desk.take").tap("۲ پرونده").sees("140501010051", "140501010052", "این ۲ پرونده")


@pytest.mark.parametrize("action", ["desk.bulk", "desk.coop_bulk"])
def test_where_there_is_nothing_to_assign_it_is_said(app: App, action: str) -> None:
    chief = people.in_charge(app).open("desk.team").open(action).sees(t("desk.bulk_nothing"), t("desk.take"))
    assert chief.chat.dialogue is None


def test_two_waiting_files_are_enough_to_take_several_at_once(app: App) -> None:
    maryam, boss = people.expert(app), people.staff(app)
    waiting(app, 1)
    maryam.open("desk.queue").sees_not(t("desk.take"))
    people.expert(app, "دور", university="mui").open("desk.queue").sees_not(t("desk.take"))
    app.change(QualificationRequest, app.one(select(QualificationRequest.id)), tracking_code="140501019999")
    waiting(app, 1)
    maryam.open("desk.queue").sees(t("desk.take")).open("desk.mine").sees_not(t("desk.take"))
    boss.open("desk.all").sees_not(t("desk.take"))
