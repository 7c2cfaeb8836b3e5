"""What tracking and the first screen offer in each state, to whom the bank is asked about, and old buttons of a request."""

from typing import Any

import pytest

from bot.application.resources import Resources
from bot.core.screens import Press
from bot.services.payments import PaymentCheck
from bot.texts import t
from handlers.officer import qualification as handler
from storage.enums import AttemptState, Messenger, RejectReason, RequestKind, RequestState, Role
from storage.tables import Chat, Contract, DeficiencyRound, QualificationRequest, University
from tests.support import chat_people as people
from tests.support.chat_driver import NOW, App, Person
from tests.support.factories.qualification import request_row

S = RequestState
NEW, AMENDMENT = RequestKind.NEW, RequestKind.AMENDMENT
VIEWS = ["qual.timeline", "copy"]
WAYS = ["qual", "home"]


def filed(person: Person, state: RequestState, **values: Any) -> int:
    """A request in this state, whatever led there; its id."""
    why = {"reject_reason": RejectReason.OTHER, "reject_text": "ناقص است"} if state is S.REJECTED else {}
    sent = {} if state is not S.DRAFT else {"submitted_at": None, "tracking_code": None}
    return int(person.app.add(request_row(person.account.id, state=state, **why | sent | values)).id)


def offered(person: Person) -> list[str]:
    buttons = person.screen.buttons()
    return [one.press.action if one.press else "copy" if one.copy else "pay" for one in buttons]


@pytest.mark.parametrize(
    ("state", "values", "actions"),
    [
        (S.DRAFT, {}, ["qual.draft", "qual.discard"]),
        (S.SUBMITTED, {}, [*VIEWS, "qual.withdraw"]),
        (S.SUBMITTED, {"pay_token": "t" * 32}, [*VIEWS, "qual.withdraw"]),
        (S.IN_REVIEW, {}, VIEWS),
        (S.DEFICIENT, {}, ["qual.fix", *VIEWS, "qual.withdraw"]),
        (S.AWAITING_PAYMENT, {"pay_token": "t" * 32}, ["pay", "qual.check_pay", *VIEWS, "qual.withdraw"]),
        (S.AWAITING_PAYMENT, {}, [*VIEWS, "qual.withdraw"]),
        (S.COMPLETED, {}, VIEWS),
        (S.COMPLETED, {"fee_rial": 7}, ["receipts.send", *VIEWS]),
        (S.REVOKED, {"fee_rial": 7, "revoke_reason": "جعلی"}, ["qual.new", *VIEWS]),
        (S.REJECTED, {}, ["qual.new", *VIEWS]),
        (S.WITHDRAWN, {}, ["qual.new", *VIEWS]),
        (
            S.REJECTED,
            {"snapshot": {"doc.national_card": [1]}},
            ["qual.new", "qual.timeline", "qual.documents", "copy"],
        ),
        (
            S.REJECTED,
            {"before": {"doc.national_card": [1]}},
            ["qual.new", "qual.timeline", "qual.documents", "copy"],
        ),
        (S.REJECTED, {"snapshot": {"doc.national_card": [], "city": "شیراز"}}, ["qual.new", *VIEWS]),
    ],
)
def test_what_tracking_offers(
    app: App, state: RequestState, values: dict[str, Any], actions: list[str]
) -> None:
    sara = people.officer(app)
    request_id = filed(sara, state, reviewer_id=people.expert(app).account.id, **values)
    assert offered(sara.open("qual.track", request_id)) == [*actions, *WAYS]


@pytest.mark.parametrize("kind", [NEW, AMENDMENT])
def test_what_has_ended_is_filed_again_as_what_it_was(app: App, kind: RequestKind) -> None:
    sara = people.officer(app) if kind is NEW else people.eligible(app)
    sara.open("qual.track", filed(sara, S.WITHDRAWN, kind=kind))
    assert offered(sara)[0] == ("qual.new" if kind is NEW else "qual.amend")
    filed(sara, S.SUBMITTED, kind=kind, tracking_code="140509010002")
    again = {"qual.new", "qual.amend"}
    assert not again & set(offered(sara.open("qual.track", app.newest(QualificationRequest).id - 1)))


@pytest.mark.parametrize("paid", [True, False])
def test_the_receipt_of_a_revoked_request_stays_where_it_was_paid(app: App, paid: bool) -> None:
    sara = people.officer(app)
    request_id = filed(sara, S.REVOKED, fee_rial=7, revoke_reason="جعلی", closed_at=NOW)
    if paid:
        of = app.get(QualificationRequest, request_id)
        people.payment_attempt(app, of, AttemptState.PAID, paid_at=NOW, bank_ref="778")
    assert ("receipts.send" in offered(sara.open("qual.track", request_id))) is paid


@pytest.mark.parametrize(
    "state", [S.SUBMITTED, S.IN_REVIEW, S.DEFICIENT, S.REJECTED, S.COMPLETED, S.WITHDRAWN]
)
def test_the_university_may_be_called_where_it_can_say_something(app: App, state: RequestState) -> None:
    maryam, sara = people.expert(app), people.officer(app)
    app.change(University, "sums", phone="07132000000")
    sara.open("qual.track", filed(sara, state, reviewer_id=maryam.account.id))
    waits = state in (S.SUBMITTED, S.IN_REVIEW, S.DEFICIENT, S.REJECTED)
    assert ("۰۷۱۳۲۰۰۰۰۰۰" in sara.text) is waits


def test_buttons_of_a_request_that_is_elsewhere_now(app: App) -> None:
    """Each shows where the request stands, and asks nothing."""
    sara, nobody = people.officer(app), people.officer(app, "مینا")
    request_id = filed(sara, S.COMPLETED)
    sara.open("qual.withdraw", request_id).sees("آخرین وضعیت درخواست شما").sees_not(t("qual.withdraw_do"))
    sara.open("qual.discard", request_id).sees("وضعیت درخواست شما").sees_not(t("qual.discard_do"))
    sara.open("qual.draft", request_id).sees("وضعیت درخواست شما")
    assert sara.chat.dialogue is None
    sara.open("qual.fix", request_id).sees("آخرین وضعیت درخواست شما")
    assert sara.notice == t("error.stale")
    sara.open("qual.document", request_id, arg="national_card").sees(t("desk.documents_none"))
    assert not sara.files
    for action in ("qual.timeline", "qual.documents", "qual.withdraw", "qual.fix"):
        nobody.open(action).sees("دسترسی ندارید")


def test_the_bank_is_asked_for_the_owner_in_the_own_chat_alone(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    async def check(resources: Resources, request_id: int) -> PaymentCheck:
        asked.append(request_id)
        return PaymentCheck.NOT_PAID

    monkeypatch.setattr(handler.payments, "check_request", check)
    sara, mina = people.officer(app), people.officer(app, "مینا")
    request_id = filed(sara, S.AWAITING_PAYMENT, fee_rial=7, pay_token="t" * 32)
    filed(mina, S.AWAITING_PAYMENT, fee_rial=7, pay_token="u" * 32, tracking_code="140509010002")
    mina.open("qual.check_pay", request_id).sees("دسترسی ندارید")
    namesake = mina.elsewhere(Messenger.BALE)
    app.change(Chat, namesake.chat.id, chat_id=sara.chat_id)
    app.persons[Messenger.BALE, sara.chat_id] = namesake
    namesake.chat_id = sara.chat_id
    namesake.open("qual.check_pay", request_id).sees("دسترسی ندارید")
    assert asked == []
    sara.open("qual.check_pay", request_id)
    assert asked == [request_id]


def refused_to_suspended(person: Person) -> set[str]:
    """The actions that screens offer to this suspended officer, and that are refused."""
    routes, waiting, known = person.app.routes.by_action, [Press("home")], set[str]()
    refused = set[str]()
    while waiting:
        press = waiting.pop()
        if press.pack() in known:
            continue
        known.add(press.pack())
        person.press(press)
        for one in person.screen.buttons():
            if one.press is not None and Role.OFFICER not in routes[one.press.action].suspended:
                refused.add(one.press.action)
            elif (
                one.press is not None
                and routes[one.press.action].shows
                and not routes[one.press.action].beside
            ):
                waiting.append(one.press)
    return refused


@pytest.mark.parametrize("state", [S.DRAFT, S.DEFICIENT, S.REJECTED])
def test_who_is_suspended_is_offered_nothing_of_a_request_that_is_refused(
    app: App, state: RequestState
) -> None:
    sara = people.officer(app)
    filed(sara, state, reviewer_id=people.expert(app).account.id)
    people.suspend(sara)
    assert refused_to_suspended(sara) == set()


@pytest.mark.parametrize("employed", [True, False])
def test_who_is_suspended_is_offered_nothing_of_a_centre_that_is_refused(app: App, employed: bool) -> None:
    (boss, central), sara = people.distributor(app), people.eligible(app)
    if employed:
        at = {"distributor_id": central.distributor_id, "branch_id": central.id, "started_at": NOW}
        app.add(Contract(account_id=sara.account.id, **at))
    people.pick(boss, people.branch(boss), sara)
    people.suspend(sara)
    assert refused_to_suspended(sara) == set()


# ── the first screen ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("begun", [False, True])
def test_deficiencies_that_are_being_fixed_are_gone_on_with(app: App, begun: bool) -> None:
    maryam, sara = people.expert(app), people.officer(app)
    author = maryam.account.id or 0
    request_id = filed(sara, S.DEFICIENT, reviewer_id=author, round=1, snapshot={"father_name": "علی"})
    app.add(DeficiencyRound(request_id=request_id, round=1, declared_by=author, items=["father_name"]))
    if begun:
        sara.command("menu").tap(t("fix.button")).type("حسین").command("menu")
    sara.command("menu")
    assert (t("unfinished.fix") in sara.text, t("resume.fix") in sara.labels) == (begun, begun)
    assert (t("fix.button") in sara.labels) is not begun


@pytest.mark.parametrize(("pay_token", "action"), [("t" * 32, "pay"), (None, "qual.track")])
def test_a_fee_that_cannot_be_paid_here_is_tracked(app: App, pay_token: str | None, action: str) -> None:
    sara = people.officer(app)
    filed(sara, S.AWAITING_PAYMENT, fee_rial=7, pay_token=pay_token)
    assert offered(sara.command("menu"))[0] == action


@pytest.mark.parametrize(
    ("state", "asked", "first", "said"),
    [
        (S.DRAFT, False, "qual.draft", True),
        (S.DRAFT, True, "qual.draft", True),
        (S.DEFICIENT, True, "qual.fix", True),
        (S.SUBMITTED, True, "coop.new", True),
        (S.IN_REVIEW, True, "coop.new", True),
        (S.IN_REVIEW, False, "qual.track", True),
        (S.WITHDRAWN, True, "coop.new", False),
        (S.WITHDRAWN, False, "qual", False),
        (S.COMPLETED, False, "qual", False),
    ],
)
def test_an_amendment_and_a_company_that_asks(
    app: App, state: RequestState, asked: bool, first: str, said: bool
) -> None:
    """What is the officer's turn comes before what a company asks; that comes before what only waits."""
    sara = people.eligible(app)
    if asked:
        people.pick(*people.distributor(app), sara)
    filed(sara, state, kind=AMENDMENT, reviewer_id=people.expert(app).account.id)
    assert offered(sara.command("menu"))[0] == first
    assert (t("qual.amendment", status=t(f"status.{state}")) in sara.raw_text) is said
    assert (t("menu.asked", n="۱") in sara.raw_text) is (first == "coop.new")
