"""The menu «احراز صلاحیت» and tracking without a request: which ways on there are, in which order."""

from typing import Any

import pytest

from bot.texts import t
from storage.enums import AttemptState, RejectReason, RequestKind, RequestState
from storage.tables import QualificationRequest
from tests.support import chat_people as people
from tests.support.chat_driver import NOW, App, Person
from tests.support.factories.qualification import request_row

S = RequestState
NEW, AMENDMENT = RequestKind.NEW, RequestKind.AMENDMENT
CARD = ["card", "certificate"]
ENDS = ["general", "home"]


def offered(person: Person) -> list[str]:
    return [one.press.action for one in person.screen.buttons() if one.press is not None]


def filed(app: App, person: Person, state: RequestState, kind: RequestKind) -> QualificationRequest:
    why: dict[str, Any] = {}
    if state is S.REJECTED:
        why = {"reject_reason": RejectReason.OTHER, "reject_text": "ناقص است"}
    if state is S.DRAFT:
        why = {"submitted_at": None, "tracking_code": None}
    made: QualificationRequest = app.add(request_row(person.account.id, state=state, kind=kind, **why))
    return made


@pytest.mark.parametrize(
    ("qualified", "filed_as", "actions"),
    [
        (False, None, ["qual.new"]),
        (False, (S.DRAFT, NEW), ["qual.draft", "qual.discard"]),
        (False, (S.SUBMITTED, NEW), ["qual.track"]),
        (False, (S.REJECTED, NEW), ["qual.track", "qual.new"]),
        (True, None, ["qual.amend", *CARD]),
        (True, (S.COMPLETED, NEW), ["qual.track", "qual.amend", *CARD]),
        (True, (S.SUBMITTED, AMENDMENT), ["qual.track", *CARD]),
        (True, (S.DRAFT, AMENDMENT), ["qual.draft", "qual.discard", *CARD]),
        (True, (S.REJECTED, AMENDMENT), ["qual.track", "qual.amend", *CARD]),
    ],
)
def test_the_ways_on_from_the_menu(
    app: App, qualified: bool, filed_as: tuple[RequestState, RequestKind] | None, actions: list[str]
) -> None:
    sara = people.eligible(app) if qualified else people.officer(app)
    if filed_as is not None:
        filed(app, sara, *filed_as)
    sara.open("qual")
    assert offered(sara) == [*actions, *ENDS]
    assert (t("sentence.DRAFT") in sara.text) is ("qual.draft" in actions)
    assert (t("qual.new_intro") in sara.text, t("qual.amend_intro") in sara.text) == (
        "qual.new" in actions,
        "qual.amend" in actions,
    )
    again = filed_as is not None and "qual.new" in actions
    assert (t("qual.again") in sara.labels) is again
    amends = filed_as is not None and filed_as[1] is AMENDMENT
    assert any(line.startswith("اصلاحیه:") for line in sara.text.splitlines()) is amends
    people.suspend(sara)
    reading = [one for one in actions if one == "qual.track"]
    assert offered(sara.open("qual")) == [*reading, *ENDS]


@pytest.mark.parametrize(("qualified", "first"), [(False, "qual.new"), (True, "qual.amend")])
def test_tracking_before_anything_was_filed(app: App, qualified: bool, first: str) -> None:
    sara = people.eligible(app) if qualified else people.officer(app)
    assert offered(sara.open("qual.track").sees(t("sentence.none"))) == [first, "qual", "home"]
    people.suspend(sara)
    assert offered(sara.open("qual.track").sees(t("sentence.none"))) == ["qual", "home"]


@pytest.mark.parametrize("state", [AttemptState.PAID, AttemptState.REFUND_DUE])
def test_receipts_are_offered_once_something_was_paid(app: App, state: AttemptState) -> None:
    sara = people.officer(app)
    request = filed(app, sara, S.COMPLETED, NEW)
    people.payment_attempt(app, request, state, bank_ref="7", paid_at=NOW)
    assert ("receipts" in offered(sara.open("qual"))) is (state is AttemptState.PAID)


@pytest.mark.parametrize(
    ("state", "arg", "told"),
    [(S.COMPLETED, "paid", True), (S.COMPLETED, "", False), (S.SUBMITTED, "paid", False)],
)
def test_that_the_payment_came_is_told_where_it_was_asked_for(
    app: App, state: RequestState, arg: str, told: bool
) -> None:
    sara = people.officer(app)
    request = filed(app, sara, state, NEW)
    sara.open("qual.track", request.id or 0, arg=arg).sees("آخرین وضعیت درخواست شما")
    assert ("احراز صلاحیت شما نهایی شد" in sara.text) is told
