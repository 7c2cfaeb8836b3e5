"""The expert rejects a cooperation request with a reason (docs/specification.md 2.4; 4.1, expert.reject)."""

from __future__ import annotations

from typing import Any

from bot.application.routes import EXPERTS
from bot.core.context import Turn
from bot.core.refusals import AlreadyDecided, NotAllowed, Stale
from bot.core.screens import Press, Reply
from bot.rules.cooperation import REJECTION_REASON
from bot.services import cooperation
from bot.services.cooperation.requests import COOPERATION_WORKFLOW
from bot.services.review import rejection
from bot.texts import t
from bot.texts.answers import with_persian_digits
from conversations.engine.declaration import Answers, Dialogue, FinishRejected, Step
from conversations.expert.review import (
    OTHER,
    Reason,
    chosen_reason,
    not_rejected,
    reason_lines,
    rejecting,
    superseded_reply,
    words_of,
)
from storage.tables import Account, CooperationRequest

LABELS = "coop_reject"
#: Of own words, so that a preset fits besides.
LONGEST = REJECTION_REASON[1] - 40
PRESETS = Reason((*rejection.COOPERATION_PRESETS, OTHER), LABELS, longest=LONGEST)


def _request_address(turn: Turn) -> Press:
    assert turn.draft is not None
    return Press("desk.coop_file", turn.draft.subject_id)


def _guard(turn: Turn) -> None:
    """Raises NotAllowed once the request is another university's than the expert's."""
    COOPERATION_WORKFLOW.see(turn.db, _request_address(turn).id, actor=turn.actor)


def _steps(turn: Turn, answers: Answers) -> list[Step]:
    assert turn.draft is not None
    request = turn.db.get_one(CooperationRequest, turn.draft.subject_id)
    about = {"code": request.tracking_code, "name": turn.db.get_one(Account, request.account_id).name}
    sure = [t("reject.confirm", **about), *reason_lines(answers, _preset)]
    return rejecting(PRESETS, heading=t("review.about", **about), sure=sure)


def _preset(reason: str) -> str:
    return t(f"{LABELS}.{reason}")


def _reject(turn: Turn, answers: dict[str, Any]) -> Reply | FinishRejected:
    goto = _request_address(turn)
    if not answers["sure"]:
        return not_rejected(answers)
    reason = str(chosen_reason(answers)["reason"])
    words = with_persian_digits(words_of(answers))
    try:
        with turn.db.begin_nested():
            cooperation.university_reject(
                turn.db,
                actor=turn.actor,
                request_id=goto.id,
                version=answers["_version"],
                reason=rejection.reason_and_note(None if reason == OTHER else _preset(reason), words),
                now=turn.now,
                undo=turn.public_info.decision_undo,
            )
    except (AlreadyDecided, NotAllowed, Stale) as refusal:
        return superseded_reply(refusal, goto)
    return Reply(goto=Press("desk.coop_outcome", goto.id))


REJECT_COOPERATION = Dialogue(
    "coop_reject",
    _steps,
    _reject,
    exit=_request_address,
    roles=EXPERTS,
    guard=_guard,
)
