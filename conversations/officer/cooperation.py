"""The officer's dialogues about contracted centres: refusing a request, and why a cooperation ends.

See docs/specification.md 2.4, 2.6.
"""

from __future__ import annotations

from typing import Any

from bot.application.routes import OFFICERS
from bot.core.context import Turn
from bot.core.refusals import NotAllowed, Stale
from bot.core.screens import Press, Reply
from bot.rules.cooperation import OFFICER_REASON_MAX, REJECTION_REASON, TERMINATION_REASON
from bot.services import cooperation
from bot.services.cooperation import termination
from bot.texts import quoted, t
from bot.texts.answers import with_persian_digits
from conversations.engine.declaration import Answers, Dialogue, Step
from conversations.expert.review import Addition, superseded_reply
from conversations.questions import Confirm, Text

#: Context: the version of the request that the officer saw; what is about to end, in words.
VERSION, ABOUT = "_version", "_about"

_REFUSAL_REASON = Addition(REJECTION_REASON[0], OFFICER_REASON_MAX, without="coop.no_reason")


def _request(turn: Turn) -> Press:
    assert turn.draft is not None
    return Press("coop.view", turn.draft.subject_id)


def _refuse_steps(turn: Turn, answers: Answers) -> list[Step]:
    sure = [t("coop.reject_confirm")]
    if reason := answers.get("coop_reason"):
        sure.append(t("coop.your_reason", reason=quoted(with_persian_digits(reason), t("who.you"))))
    return [
        Step("coop_reason", _REFUSAL_REASON),
        Step("sure", Confirm("coop.reject_do"), prompt="\n".join(sure)),
    ]


def _refuse(turn: Turn, answers: dict[str, Any]) -> Reply:
    goto = _request(turn)
    if not answers["sure"]:
        return Reply(goto=goto)
    try:
        with turn.db.begin_nested():
            cooperation.reject(
                turn.db,
                actor=turn.actor,
                request_id=goto.id,
                version=answers[VERSION],
                reason=with_persian_digits(answers["coop_reason"]) or None,
                now=turn.now,
            )
    except (NotAllowed, Stale) as refusal:
        return superseded_reply(refusal, goto)
    return Reply(goto=goto, notice=t("coop.rejected"))


REFUSE_COOPERATION = Dialogue(
    "coop_refuse",
    _refuse_steps,
    _refuse,
    exit=_request,
    roles=OFFICERS,
)


def _draft_termination(turn: Turn, answers: dict[str, Any]) -> Reply:
    assert turn.draft is not None
    drafted = termination.draft(
        turn.db,
        actor=turn.actor,
        contract_id=turn.draft.subject_id,
        reason=with_persian_digits(answers["term_reason"]),
        now=turn.now,
    )
    return Reply(goto=Press("term.confirm", drafted.id or 0))


_TERMINATION_REASON = Text(*TERMINATION_REASON, lines=True, short="error.short_reason")


def _terminate_steps(turn: Turn, answers: Answers) -> list[Step]:
    return [
        Step(
            "term_reason",
            _TERMINATION_REASON,
            prompt=f"{answers.get(ABOUT, '')}\n{t('ask.term_reason')}".strip(),
        )
    ]


TERMINATE_COOPERATION = Dialogue(
    "terminate",
    _terminate_steps,
    _draft_termination,
    exit=Press("centers"),
    roles=OFFICERS,
)
