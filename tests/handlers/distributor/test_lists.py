"""A company's lists as rows say them: whom it may free, in pages; what a list of branches offers; what is typed on it."""

import pytest

from bot.texts import t
from storage.enums import CooperationState
from storage.tables import Branch, Contract, CooperationRequest, University
from tests.support import chat_people as people
from tests.support.chat_driver import NOW, App, Person


def serving(app: App, central: Branch, number: int) -> None:
    """So many officers at the central branch, migrated together."""
    for n in range(number):
        sara = people.eligible(app, f"سارا{n}")
        where = {"distributor_id": central.distributor_id, "branch_id": central.id, "started_at": NOW}
        app.add(Contract(account_id=sara.account.id, migrated=True, **where))


@pytest.mark.parametrize(("number", "pages"), [(8, 1), (9, 2)])
def test_whom_one_may_free_in_pages(app: App, number: int, pages: int) -> None:
    boss, central = people.distributor(app)
    serving(app, central, number)
    boss.open("dist.free").sees("۱. سارا", "۸. سارا").sees_not("۹. ", "قبلی")
    assert ("بعدی" in boss.labels) is (pages > 1)
    for far in (pages, pages + 1):
        boss.open("dist.free", arg=str(far)).sees("۱. سارا", "۸. سارا")
    if pages > 1:
        boss.tap("بعدی").sees("۹. سارا").sees_not("۸. ").tap(boss.labels[0])
        boss.sees(t("dist.free_do")).tap("خیر").sees("شعبه «مرکزی»")


def test_several_officers_at_one_branch(app: App) -> None:
    boss, central = people.distributor(app)
    serving(app, central, 2)
    boss.open("dist.branch", central.id or 0).sees("مسئول فنی: سارا0", "مسئول فنی: سارا1", t("dist.replace"))
    boss.sees_not(t("dist.add_officer_hint"))
    assert boss.labels.count(t("dist.free")) == 2
    boss.open("dist.branches").sees("سارا0 کریمی‌نژاد، سارا1 کریمی‌نژاد").sees_not(t("branch.vacant"))


def test_a_list_offers_what_would_shorten_it(app: App) -> None:
    """Branches without an officer where there are others too, and a search where there are pages."""
    boss, central = people.distributor(app)
    boss.open("dist.branches").sees("بدون مسئول فنی: ۱").sees_not(t("branch.search"), "صفحه")
    assert t("branch.vacant") not in boss.labels
    serving(app, central, 1)
    boss.open("dist.branches").sees_not("بدون مسئول فنی", t("branch.search"))
    for n in range(7):
        people.branch(boss, f"شماره {n}")
    boss.open("dist.branches").sees("بدون مسئول فنی: ۷", t("branch.vacant")).sees_not(
        t("branch.search"), "صفحه"
    )
    people.branch(boss, "نهم")
    boss.open("dist.branches").sees("صفحه ۱ از ۲", t("branch.search"), "بدون مسئول فنی: ۸")
    boss.tap(t("branch.vacant")).sees("فقط شعبه‌های بدون مسئول فنی: ۸", t("branch.all"))
    boss.sees_not(t("branch.search"), "صفحه", "مرکزی")


def typed_on(person: Person, action: str, distributor_id: int, text: str) -> Person:
    return person.open(action, distributor_id).type(text)


@pytest.mark.parametrize("desk", [False, True])
def test_what_is_typed_on_a_list_of_branches(app: App, desk: bool) -> None:
    boss, central = people.distributor(app)
    people.distributor(app, "آراد", "مرادی")
    for name in ("نمایندگی یکم", "نمایندگی دوم"):
        people.branch(boss, name)
    person, action = (people.staff(app), "staff.branches") if desk else (boss, "dist.branches")
    of = central.distributor_id if desk else 0
    typed_on(person, action, of, "یکم").sees("شعبه «نمایندگی یکم»").sees_not("نمایندگی دوم")
    typed_on(person, action, of, "نمایندگی").sees("نمایندگی یکم", "نمایندگی دوم")
    assert person.chat.dialogue is not None
    person.tap("نمایندگی دوم، شیراز").sees("شعبه «نمایندگی دوم»")
    typed_on(person, action, of, "قطب شمال").sees("شعبه‌های کیان طب: ۳")
    assert person.chat.dialogue is None


def test_a_branch_named_otherwise_than_central_says_that_it_is_the_central_one(app: App) -> None:
    boss, central = people.distributor(app)
    other = people.branch(boss, "دوم")
    boss.open("dist.branch", central.id or 0).sees("شعبه «مرکزی»").sees_not("(شعبه مرکزی)")
    boss.open("dist.branch", other.id or 0).sees("شعبه «دوم»").sees_not("(شعبه مرکزی)")
    app.change(Branch, central.id, name="زند")
    boss.open("dist.branch", central.id or 0).sees("شعبه «زند» (شعبه مرکزی)").open("dist.branches")
    boss.sees("۱. زند (شعبه مرکزی)، شیراز", "۲. دوم، شیراز")


def test_a_question_about_a_request_that_changed_is_not_asked(app: App) -> None:
    (boss, central), sara = people.distributor(app), people.eligible(app)
    people.pick(boss, central, sara)
    request = people.cooperation(app)
    boss.open("dist.withdraw", request.id, request.version).sees(t("dist.withdraw_do"))
    boss.open("dist.withdraw", request.id, request.version + 1).sees_not(t("dist.withdraw_do"))
    boss.sees("⏳ در انتظار پاسخ مسئول فنی")
    app.change(CooperationRequest, request.id, state=CooperationState.WITHDRAWN)
    boss.open("dist.withdraw", request.id, request.version).sees_not(t("dist.withdraw_do"))
    boss.sees("⚪️ پس‌گرفته‌شده")


def test_the_button_without_a_branch_leads_to_the_choice_of_one(app: App) -> None:
    boss, _ = people.distributor(app)
    boss.open("dist.pick").sees("برای کدام شعبه")
    assert boss.chat.dialogue is None


@pytest.mark.parametrize("state", [CooperationState.PENDING_OFFICER, CooperationState.PENDING_UNIVERSITY])
def test_the_university_may_be_called_while_a_request_waits_there(app: App, state: CooperationState) -> None:
    (boss, central), sara = people.distributor(app), people.eligible(app)
    people.pick(boss, central, sara)
    app.change(University, "sums", phone="07132000000")
    request_id = people.cooperation(app).id
    app.change(CooperationRequest, request_id, state=state, university_code="sums")
    for person, action in ((boss, "dist.request"), (sara, "coop.view")):
        person.open(action, request_id)
        assert ("۰۷۱۳۲۰۰۰۰۰۰" in person.text) is (state is CooperationState.PENDING_UNIVERSITY)
