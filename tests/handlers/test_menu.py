"""The first screen: numbers that are counted no further, what is left out where it is zero, roles, and who is suspended."""

import pytest

from bot.texts import t
from handlers.menu import COUNTED
from storage.enums import Role
from storage.tables import StaffAlert
from tests.support import chat_people as people
from tests.support.chat_driver import NOW, App


@pytest.mark.parametrize(("number", "shown"), [(0, "۰"), (COUNTED, "۹۹"), (COUNTED + 1, "۹۹+"), (150, "۹۹+")])
def test_alerts_are_counted_to_ninety_nine(app: App, number: int, shown: str) -> None:
    boss = people.staff(app)
    if number:
        app.add(*(StaffAlert(key=f"k{n}", text="t", raised_at=NOW) for n in range(number)))
        app.add(StaffAlert(key="settled", text="t", raised_at=NOW, resolved_at=NOW))
    boss.open("home").sees(t("staff.alerts", n=shown), t("staff.refunds", n="۰"))


def test_another_role_is_offered_to_who_has_one(app: App) -> None:
    maryam = people.expert(app)
    people.grant(maryam, Role.EXPERT, university_code="mui")
    maryam.open("home").sees(t("menu.logout")).sees_not(t("menu.role"))
    people.grant(maryam, Role.STAFF)
    maryam.open("home").sees(t("menu.role"), t("menu.logout"))


@pytest.mark.parametrize("officer", [True, False])
def test_who_is_suspended_reads_why_and_an_officer_the_own_data(app: App, officer: bool) -> None:
    person = people.officer(app) if officer else people.expert(app)
    people.suspend(person)
    person.open("home").sees("│ مدارک نادرست", t("menu.help"), t("menu.logout"))
    for key in ("menu.qual", "menu.centers", "menu.me"):
        assert (t(key) in person.labels) is officer
    assert (t("menu.suspended") in person.text) is officer
