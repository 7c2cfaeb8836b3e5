"""The lines of a request as its officer reads them: the fee where it is due or was paid, and nowhere else."""

from typing import Any

import pytest

from bot.texts import formats, t
from conversations.common.labels import Wording
from handlers.common.navigation import truncate_lines
from handlers.common.request_card import request_text, round_lines, tracking_text
from storage.enums import AttemptState, RejectReason, RequestState
from storage.tables import Account, DeficiencyRound, PaymentAttempt, QualificationRequest
from tests.support.factories.qualification import request_row
from tests.support.factories.reference_data import NOW

WORDS = Wording({}, {}, {}, {"sums": "دانشگاه علوم پزشکی شیراز"})
FEE = 1_500_000
S = RequestState


def request(state: RequestState, **values: Any) -> QualificationRequest:
    known: dict[str, Any] = {"fee_rial": FEE, "snapshot": {}, "before": {}}
    if state is S.REJECTED:
        known |= {"reject_reason": RejectReason.OTHER, "reject_text": "مدارک ناقص است"}
    return request_row(1, state=state, **known | values)


NOTHING_MORE: dict[str, Any] = {
    "last_round": None,
    "attempt": None,
    "expert_missing": False,
    "standing": None,
    "now": NOW,
}


def shown(of: QualificationRequest, **known: Any) -> str:
    return tracking_text(WORDS, of, **NOTHING_MORE | known)


def attempt(state: AttemptState, bank_ref: str | None = None) -> PaymentAttempt:
    return PaymentAttempt(request_id=1, gateway="zarinpal", amount_rial=FEE, state=state, bank_ref=bank_ref)


def paid(state: str) -> str:
    return t("qual.payment", state=t(f"pay.state.{state}"))


@pytest.mark.parametrize("state", list(S))
@pytest.mark.parametrize("fee", [FEE, 0, None])
def test_the_fee_stands_where_it_is_due_or_was_paid(state: RequestState, fee: int | None) -> None:
    text = shown(request(state, fee_rial=fee))
    due = bool(fee) and state in (S.AWAITING_PAYMENT, S.COMPLETED, S.REVOKED)
    assert (paid("CREATED") in text) == due
    assert (formats.toman(FEE) in text) == due
    assert t(f"status.{state}") in text


@pytest.mark.parametrize(
    ("made", "lines"),
    [
        (None, [paid("CREATED")]),
        (attempt(AttemptState.FAILED), [paid("FAILED")]),
        (attempt(AttemptState.PAID, "778899"), [paid("PAID"), t("pay.state.bank_ref", ref="778899")]),
    ],
)
def test_what_became_of_the_payment(made: PaymentAttempt | None, lines: list[str]) -> None:
    text = shown(request(S.COMPLETED), attempt=made)
    assert all(line in text for line in lines)
    assert (t("pay.state.bank_ref", ref="") in text) == (len(lines) > 1)


@pytest.mark.parametrize("state", [S.DEFICIENT, S.SUBMITTED])
def test_deficiencies_are_those_of_the_open_round(state: RequestState) -> None:
    note = "نام ناخواناست"
    open_round = DeficiencyRound(request_id=1, round=1, declared_by=2, items=["first_name"], note=note)
    text = shown(request(state), last_round=open_round)
    assert (t("qual.defects") in text) == (note in text) == (state is S.DEFICIENT)


@pytest.mark.parametrize(
    ("state", "missing", "said"),
    [(S.SUBMITTED, True, True), (S.SUBMITTED, False, False), (S.IN_REVIEW, True, False)],
)
def test_a_university_without_an_expert_is_said_while_the_request_waits(
    state: RequestState, missing: bool, said: bool
) -> None:
    assert (t("sentence.no_expert") in shown(request(state), expert_missing=missing)) == said


@pytest.mark.parametrize("verified", [True, False])
def test_the_expert_reads_whether_the_mobile_was_proven(verified: bool) -> None:
    owner = Account(
        user_code="1", first_name="س", last_name="ک", mobile="+989121234567", mobile_verified=verified
    )
    text = request_text(
        WORDS,
        request(S.SUBMITTED),
        owner=owner,
        officer=None,
        reviewer=None,
        rounds=[],
        full_code=True,
        now=NOW,
    )
    assert "۰۹۱۲" in text
    assert (t("desk.unverified") in text) is not verified


@pytest.mark.parametrize("note", ["نام ناخواناست", None])
def test_the_expert_reads_the_note_of_the_round(note: str | None) -> None:
    declared = DeficiencyRound(request_id=1, round=1, declared_by=2, items=["first_name"], note=note)
    text = "\n".join(round_lines(WORDS, declared))
    assert t("qual.defect", item=WORDS.label("first_name")) in text
    assert ("کارشناس" in text) is (note is not None)
    assert (note or "") in text


def test_a_draft_has_neither_code_nor_day() -> None:
    text = shown(request(S.DRAFT, tracking_code=None, submitted_at=None))
    assert t("qual.submitted", time="") not in text
    assert not text.endswith("\n")


@pytest.mark.parametrize("number", [1, 50, 400])
def test_more_lines_than_a_message_takes_are_counted(number: int) -> None:
    lines = [f"سطر {one} " + "ا" * 40 for one in range(number)]
    text = truncate_lines(lines)

    assert len(text) <= 4096
    left = number - sum(line.startswith("سطر") for line in text.split("\n"))
    assert (t("desk.and_more", n=formats.digits(left)) in text) == (left > 0)
