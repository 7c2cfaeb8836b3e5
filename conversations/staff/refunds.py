"""«ثبت بازگشت وجه»: staff note the reference under which money went back (docs/specification.md 2.3)."""

from __future__ import annotations

from typing import Any

from bot.application.routes import STAFF_ONLY
from bot.core.context import Turn
from bot.core.screens import Press, Reply, Screen
from bot.rules.account import REASON_MAX, REASON_MIN
from bot.services import payments
from bot.services.payments.refunds import MAX_REFERENCE
from bot.texts import t
from conversations.engine.declaration import Dialogue, Step
from conversations.questions import Text

ATTEMPT, VERSION = "_attempt", "_version"


class Reference(Text):
    """A bank's number, shown as it was typed: it will be compared and copied."""

    def format_answer(self, turn: Turn, step: Step, value: Any) -> str:
        return str(value)


def _record(turn: Turn, answers: dict[str, Any]) -> Reply:
    payments.record_refund(
        turn.db,
        actor=turn.actor,
        attempt_id=answers[ATTEMPT],
        version=answers[VERSION],
        reference=answers["refund_reference"],
        now=turn.now,
    )
    return Reply((Screen(t("staff.refunded")),), goto=Press("staff.refunds"))


REFUND = Dialogue(
    "refund",
    (Step("refund_reference", Reference(1, MAX_REFERENCE)),),
    _record,
    summary="staff.refund_summary",
    exit=Press("staff.refunds"),
    roles=STAFF_ONLY,
)


def _correct(turn: Turn, answers: dict[str, Any]) -> Reply:
    payments.correct_refund(
        turn.db,
        actor=turn.actor,
        attempt_id=answers[ATTEMPT],
        version=answers[VERSION],
        reference=answers["refund_reference"],
        reason=answers["refund_reason"],
        now=turn.now,
    )
    return Reply((Screen(t("refunds.corrected")),), goto=Press("staff.refund_card", answers[ATTEMPT]))


def _card(turn: Turn) -> Press:
    return Press("staff.refund_card", turn.draft.subject_id if turn.draft is not None else 0)


CORRECT_REFUND = Dialogue(
    "refund_fix",
    (
        Step("refund_reference", Reference(1, MAX_REFERENCE)),
        Step("refund_reason", Text(REASON_MIN, REASON_MAX, short="error.short_reason")),
    ),
    _correct,
    summary="refunds.fix_summary",
    exit=_card,
    roles=STAFF_ONLY,
)


def _record_wrong(turn: Turn, answers: dict[str, Any]) -> Reply:
    payments.record_wrong_amount(
        turn.db,
        actor=turn.actor,
        attempt_id=answers[ATTEMPT],
        reference=answers["refund_reference"],
        now=turn.now,
    )
    return Reply((Screen(t("wrong_amounts.done")),), goto=Press("staff.wrong"))


WRONG_AMOUNT = Dialogue(
    "wrong_amount",
    (Step("refund_reference", Reference(1, MAX_REFERENCE)),),
    _record_wrong,
    summary="wrong_amounts.summary",
    exit=Press("staff.wrong"),
    roles=STAFF_ONLY,
)
