"""Staff take back an approval, a qualification or an amendment: a reason and two questions that say what follows.

See docs/specification.md 2.2.
"""

from __future__ import annotations

from typing import Any

from bot.application.routes import STAFF_ONLY
from bot.core.context import Turn
from bot.core.refusals import AlreadyDecided, NotAllowed, Stale
from bot.core.screens import Reply
from bot.rules.account import REASON_MAX, REASON_MIN
from bot.services import revocation
from bot.services.revocation import Consequences
from bot.texts import formats, quoted, t
from bot.texts.answers import with_persian_digits
from conversations.common.labels import Wording
from conversations.engine.declaration import Answers, Dialogue, Step
from conversations.expert.review import (
    Confirmation,
    about_request,
    guard_request,
    request_address_of,
    request_of,
    superseded_reply,
)
from conversations.questions import Text
from storage.enums import RequestKind, RequestState

_REASON = Text(REASON_MIN, REASON_MAX, lines=True, short="error.short_reason")


def _steps(turn: Turn, answers: Answers) -> list[Step]:
    request = request_of(turn)
    unpaid = request.state is RequestState.AWAITING_PAYMENT
    about = about_request(turn)
    asked = t("revoke.approval_ask" if unpaid else f"revoke.{request.kind}_ask", **about)
    follows = _follows(turn, answers)
    once = "\n".join([asked, *follows])
    twice = "\n".join([t("revoke.again"), asked, *follows])
    yes, again = (
        ("revoke.yes_approval", "revoke.yes_approval_again") if unpaid else ("revoke.yes", "revoke.yes_again")
    )
    return [
        Step(
            "revoke_reason", _REASON, prompt="\n".join([t("review.about", **about), t("ask.revoke_reason")])
        ),
        Step("sure", Confirmation(yes), prompt=once),
        Step("sure_again", Confirmation(again), prompt=twice, when=_is_sure),
    ]


def _is_sure(turn: Turn, answers: Answers) -> bool:
    return answers.get("sure") is not False


def _follows(turn: Turn, answers: Answers) -> list[str]:
    """What will follow, one a line; the reason last."""
    found = revocation.consequences_of(
        turn.db, actor=turn.actor, request_id=request_of(turn).id or 0, now=turn.now
    )
    if found.request.state is RequestState.AWAITING_PAYMENT:
        lines = _of_approval(found)
    elif found.request.kind is RequestKind.AMENDMENT:
        lines = _of_amendment(turn, found)
    else:
        lines = _of_qualification(found)
    if found.paid_rial is not None:
        lines.append(t("revoke.paid", amount=formats.number(found.paid_rial)))
    ends = found.contract is not None and found.request.kind is RequestKind.NEW
    reason = quoted(with_persian_digits(answers.get("revoke_reason") or "–"), t("who.you"))
    return [*lines, t("revoke.told_distributor" if ends else "revoke.told", reason=reason)]


def _of_approval(found: Consequences) -> list[str]:
    back = found.returns_to
    to = t("revoke.returns_to", name=back.name) if back is not None else t("revoke.returns_to_queue")
    return [to, t("revoke.fee_gone")]


def _of_qualification(found: Consequences) -> list[str]:
    lines = [t("revoke.card_gone"), _contract_line(found, "revoke.contract_ends", "revoke.no_contract")]
    if found.open_cooperations:
        lines.append(t("revoke.cooperations_close", n=formats.digits(found.open_cooperations)))
    if found.draft_goes:
        lines.append(t("revoke.draft_goes"))
    return lines


def _of_amendment(turn: Turn, found: Consequences) -> list[str]:
    words = Wording.load(turn.db)
    items = "، ".join(words.label(item) for item in found.restored)
    return [
        t("revoke.restored", items=items),
        _contract_line(found, "revoke.contract_stays", "revoke.qualification_stays"),
    ]


def _contract_line(found: Consequences, key: str, without: str) -> str:
    if found.contract is None:
        return t(without)
    return t(key, distributor=found.contract.distributor.name, branch=found.contract.branch.name)


def _revoke(turn: Turn, answers: dict[str, Any]) -> Reply:
    goto, request = request_address_of(turn), request_of(turn)
    if not answers["sure"] or not answers.get("sure_again"):
        return Reply(goto=goto)
    unpaid = request.state is RequestState.AWAITING_PAYMENT
    try:
        with turn.db.begin_nested():
            revocation.revoke(
                turn.db,
                actor=turn.actor,
                request_id=goto.id,
                reason=with_persian_digits(answers["revoke_reason"]),
                public_info=turn.public_info,
                version=answers["_version"],
                now=turn.now,
            )
    except (AlreadyDecided, NotAllowed, Stale) as refusal:
        return superseded_reply(refusal, goto)
    done = t("revoke.approval_done" if unpaid else "revoke.done", code=request.tracking_code or "")
    return Reply(goto=goto, notice=done)


REVOKE = Dialogue(
    "revoke",
    _steps,
    _revoke,
    exit=request_address_of,
    roles=STAFF_ONLY,
    guard=guard_request,
    events=("approval_revoked", "revoked"),
)
