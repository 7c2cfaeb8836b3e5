"""The officer's centres as rows say them: pages of the archives, ended and unfinished terminations, the ways back."""

from typing import Any

import pytest

from bot.texts import BIDI_MARKS, t
from storage.enums import ContractState, CooperationState, TerminationState
from storage.tables import Contract, CooperationRequest, Distributor, Termination
from tests.support import chat_people as people
from tests.support.chat_driver import NOW, App, Person

DRAFT, FINALIZED, CANCELLED = TerminationState.DRAFT, TerminationState.FINALIZED, TerminationState.CANCELLED
S = CooperationState


def contract_of(app: App, person: Person, *, active: bool = False) -> Contract:
    _, central = people.distributor(app)
    ended = {"state": ContractState.ENDED_BY_OFFICER, "ended_at": NOW}
    at = {"distributor_id": central.distributor_id, "branch_id": central.id, "started_at": NOW}
    made: Contract = app.add(Contract(account_id=person.account.id, **at, **({} if active else ended)))
    return made


def termination(contract: Contract, state: TerminationState = CANCELLED, **values: Any) -> Termination:
    known = {"reason": "به شهر دیگری می‌روم", "created_at": NOW, "closed_at": None if state is DRAFT else NOW}
    return Termination(contract_id=contract.id, account_id=contract.account_id, state=state, **known | values)


@pytest.mark.parametrize(("number", "pages"), [(8, 1), (9, 2), (17, 3)])
def test_pages_of_ended_cooperations(app: App, number: int, pages: int) -> None:
    sara = people.eligible(app)
    contract = contract_of(app, sara)
    app.add(*(termination(contract) for _ in range(number)))
    sara.open("term.archive").sees("۱. کیان طب، شعبه «مرکزی»: ⚪️ لغوشده", "۸. ").sees_not("۹. ", "قبلی")
    assert ("بعدی" in sara.labels) is (pages > 1)
    for page in (pages - 1, pages, pages + 1, 99_999):
        sara.open("term.archive", arg=str(page))
        assert ("قبلی" in sara.labels) is (page == pages - 1 and pages > 1)
        assert "بعدی" not in sara.labels or page >= pages
    if pages > 1:
        sara.open("term.archive").tap("بعدی").sees("۹. کیان طب")
        sara.tap("۹. کیان طب").sees(t("term.detail", state="")[:7], "دلیل شما").tap("بازگشت")


@pytest.mark.parametrize(
    ("state", "closed", "lines"),
    [
        (FINALIZED, True, ["created", "closed", "name_removed"]),
        (CANCELLED, True, ["created", "closed"]),
        (CANCELLED, False, ["created"]),
    ],
)
def test_a_termination_that_is_over(
    app: App, state: TerminationState, closed: bool, lines: list[str]
) -> None:
    sara = people.eligible(app)
    made = app.add(termination(contract_of(app, sara), state, closed_at=NOW if closed else None))
    sara.open("term.confirm", made.id).sees(t(f"term_status.{state}"), "│ به شهر دیگری می‌روم")
    sara.sees_not(t("term.finalise"), t("term.cancel"))
    day = "۱۴۰۵/۰۹/۰۱"
    said = [BIDI_MARKS.sub("", t(f"term.{name}", date=day)) for name in lines]
    every = [
        BIDI_MARKS.sub("", t(f"term.{name}", date=day)) for name in ("created", "closed", "name_removed")
    ]
    assert [line for line in sara.text.splitlines() if line in every] == said


@pytest.mark.parametrize(("state", "offered"), [(DRAFT, True), (CANCELLED, False), (FINALIZED, False)])
def test_an_unfinished_termination_is_offered_to_be_finished(
    app: App, state: TerminationState, offered: bool
) -> None:
    sara = people.eligible(app)
    contract = contract_of(app, sara, active=True)
    app.add(termination(contract, FINALIZED), termination(contract, state))
    sara.open("centers")
    assert (t("centers.draft") in sara.text, t("term.continue") in sara.labels) == (offered, offered)
    sara.sees("🟢 فعال: کیان طب").sees_not(t("centers.none"))


def test_who_is_suspended_reads_an_unfinished_termination_and_ends_nothing(app: App) -> None:
    sara = people.eligible(app)
    made = app.add(termination(contract_of(app, sara, active=True), DRAFT))
    sara.open("term.confirm", made.id).sees(t("term.finalise"), t("term.cancel"), "⚠️ با نهایی شدن این کار")
    people.suspend(sara)
    sara.open("term.confirm", made.id).sees("│ به شهر دیگری می‌روم").sees_not(t("term.finalise"))


@pytest.mark.parametrize(
    ("state", "answers", "back"),
    [
        (S.PENDING_OFFICER, ["coop.accept", "coop.reject"], "centers"),
        (S.PENDING_UNIVERSITY, ["coop.give_up"], "centers"),
        (S.APPROVED, [], "centers"),
        (S.REJECTED_BY_OFFICER, [], "coop.archive"),
        (S.REJECTED_BY_UNIVERSITY, [], "coop.archive"),
        (S.WITHDRAWN, [], "coop.archive"),
        (S.CLOSED, [], "coop.archive"),
    ],
)
def test_what_may_be_answered_and_where_the_way_back_leads(
    app: App, state: CooperationState, answers: list[str], back: str
) -> None:
    (boss, central), sara = people.distributor(app), people.eligible(app)
    people.pick(boss, central, sara)
    request = people.cooperation(app)
    reasons = {"officer_reason": "دور است"} if state is S.REJECTED_BY_OFFICER else {}
    reasons |= {"reject_text": "ناقص است"} if state is S.REJECTED_BY_UNIVERSITY else {}
    reviewed = {"university_code": "sums"} if state not in (S.PENDING_OFFICER, S.REJECTED_BY_OFFICER) else {}
    app.change(CooperationRequest, request.id, state=state, **reasons, **reviewed)
    sara.open("coop.view", request.id)
    actions = [one.press.action for one in sara.screen.buttons() if one.press is not None]
    assert actions == [*answers, "coop.center", "coop.timeline", back, "home"]
    assert ("دانشگاه: دانشگاه علوم پزشکی شیراز" in sara.text) is bool(reviewed)
    assert ("دلیل شما:" in sara.text, "دلیل دانشگاه:" in sara.text) == (
        state is S.REJECTED_BY_OFFICER,
        state is S.REJECTED_BY_UNIVERSITY,
    )
    boss.open("dist.request", request.id)
    assert ("دلیل مسئول فنی:" in boss.text, "دلیل دانشگاه:" in boss.text) == (
        state is S.REJECTED_BY_OFFICER,
        state is S.REJECTED_BY_UNIVERSITY,
    )
    assert ("پس گرفتن درخواست" in boss.labels) is (state in (S.PENDING_OFFICER, S.PENDING_UNIVERSITY))
    assert (t("coop.university", university="دانشگاه علوم پزشکی شیراز") in boss.raw_text) is bool(reviewed)


def test_a_centre_without_mobile_and_address(app: App) -> None:
    (boss, central), sara = people.distributor(app), people.eligible(app)
    people.pick(boss, central, sara)
    request_id = people.cooperation(app).id
    sara.open("coop.center", request_id).sees("همراه مدیر: ۰۹۱۲۰۰۰۰۰۰۱", "مدیر: حمید صالحی، ۰۷۱۳۲۱۲۳۴۵۶")
    empty = dict.fromkeys(("manager_mobile", "address", "phone"))
    app.change(Distributor, central.distributor_id, **empty)
    sara.open("coop.center", request_id).sees_not("همراه مدیر", "۰۷۱۳")
    assert [line for line in sara.text.splitlines() if line.startswith("آدرس:")] == []
    assert "مدیر: حمید صالحی" in sara.text.splitlines()
    boss.open("dist.own").sees("مدیر: حمید صالحی").sees_not("همراه مدیر")
