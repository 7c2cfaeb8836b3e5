"""Who may end whose leave, and what is asked before."""

from datetime import date

import pytest

from bot.texts import t
from storage.tables import ExpertLeave
from tests.support import chat_people as people
from tests.support.chat_driver import App, Person


def on_leave(person: Person, deputy: Person) -> int:
    days = {"starts_on": date(2026, 11, 22), "ends_on": date(2026, 11, 30)}
    at = {"account_id": person.account.id, "deputy_id": deputy.account.id, "university_code": "sums"}
    return int(person.app.add(ExpertLeave(**at, **days)).id)


def test_a_leave_is_ended_by_who_has_it_and_by_the_head(app: App) -> None:
    chief, maryam, bahar = people.in_charge(app), people.expert(app), people.expert(app, "رستمی")
    leave_id = on_leave(maryam, bahar)
    ask = t("desk.leave_end_do")
    chief.open("desk.leave").sees(t("desk.leave_none"), t("desk.leave_new"), t("desk.leave_team"))
    chief.sees("۱. مریم رضایی: از ۱۴۰۵/۰۹/۰۱ تا ۱۴۰۵/۰۹/۰۹، جانشین: مریم رستمی").tap("۱. مریم رضایی")
    chief.sees("مرخصی مریم رضایی (از ۱۴۰۵/۰۹/۰۱ تا ۱۴۰۵/۰۹/۰۹) پایان یابد؟", ask).tap("خیر")
    chief.sees(t("desk.leave_team"))
    maryam.open("desk.leave").sees("مرخصی شما: از ۱۴۰۵/۰۹/۰۱").sees_not(t("desk.leave_team"))
    maryam.sees_not(t("desk.leave_new")).tap(t("desk.leave_end")).sees(ask)
    bahar.open("desk.leave").sees("۱. مریم رضایی: از").sees_not(t("desk.leave_end"), "۱. مریم رضایی،")
    assert all("رضایی" not in label for label in bahar.labels)
    bahar.open("desk.leave_end", leave_id).sees("دسترسی ندارید").sees_not(ask)
    for person in (maryam, chief, bahar):
        person.open("desk.leave_end", leave_id + 1).sees(t("error.stale"))


@pytest.mark.parametrize("with_own", [False, True])
def test_colleagues_are_counted_from_one(app: App, with_own: bool) -> None:
    chief, maryam, bahar = people.in_charge(app), people.expert(app), people.expert(app, "رستمی")
    if with_own:
        on_leave(chief, bahar)
    on_leave(maryam, chief)
    on_leave(bahar, chief)
    chief.open("desk.leave").sees("۱. مریم رضایی", "۲. مریم رستمی").sees_not("۳.")
    assert (t("desk.leave_new") in chief.labels) is not with_own
