"""Staff look an account up and do something to it: each action with a reason and a second question.

See docs/specification.md 2.1.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from bot.application.resources import Resources
from bot.application.routes import STAFF_ONLY
from bot.core.context import Turn
from bot.core.incoming import Incoming
from bot.core.refusals import Refusal
from bot.core.screens import MAX_ID, Press, Reply, Screen
from bot.rules.account import REASON_MAX, REASON_MIN
from bot.services import accounts
from bot.services.directorate import account_lookup, undelivered
from bot.services.invitations import sending
from bot.texts import quoted, t
from conversations.common import searching
from conversations.engine.declaration import Answers, Dialogue, FinishRejected, Step
from conversations.expert.review import Confirmation
from conversations.questions import Choice, Text
from conversations.staff.experts import access_screens, void_password
from storage.tables import Account, Grant

VERSION, GRANT = "_version", "_grant"
#: How a suspension begins.
DEATH, OTHER = "death", "other"


# -- looking up ------------------------------------------------------------------------------------


def _look_up(turn: Turn, answers: dict[str, Any]) -> Reply | FinishRejected:
    accounts = account_lookup.look_up(turn.db, actor=turn.actor, typed=answers["account_code"], now=turn.now)
    if not accounts:
        found = searching.search_reply(turn, answers["account_code"])
        return found or FinishRejected(t("error.account_not_found"), forget=("account_code",))
    if len(accounts) > 1:
        return Reply(goto=Press("staff.accounts"))
    return Reply(goto=Press("staff.account", accounts[0].id or 0))


FIND_ACCOUNT = Dialogue(
    "find_account",
    (Step("account_code", Text(1, 40)),),
    _look_up,
    exit=Press("staff.accounts"),
    roles=STAFF_ONLY,
)


def _find_error(turn: Turn, answers: dict[str, Any]) -> Reply | FinishRejected:
    typed = answers["error_number"]
    try:
        number = min(max(int(typed), 0), MAX_ID)
        undelivered.look_up(turn.db, actor=turn.actor, number=number, now=turn.now)
    except (ValueError, Refusal):
        return FinishRejected(t("error.no_such_error"), forget=("error_number",))
    return Reply(goto=Press("staff.update", number))


FIND_ERROR = Dialogue(
    "find_error",
    (Step("error_number", Text(1, 20)),),
    _find_error,
    exit=Press("staff.updates"),
    roles=STAFF_ONLY,
)


# -- actions ---------------------------------------------------------------------------------------


def _subject(turn: Turn) -> int:
    return turn.draft.subject_id if turn.draft is not None else 0


def _back(turn: Turn) -> Press:
    return Press("staff.account", _subject(turn))


def _name(turn: Turn) -> str:
    account = turn.db.get(Account, _subject(turn))
    return account.name if account is not None else "–"


AccountAction = Callable[[Turn, dict[str, Any]], Reply]
Steps = Callable[[Turn, Answers], list[Step]]


def _reasoned(key: str, *, yes: str, first: Callable[[Turn], Step] | None = None) -> Steps:
    """A reason, then the question `staff_accounts.<key>_ask`, which names the account."""

    def steps(turn: Turn, answers: Answers) -> list[Step]:
        values = {"name": _name(turn), "reason": quoted(answers.get("deed_reason") or "–", t("who.you"))}
        question = t(f"staff_accounts.{key}_ask", **values)
        if answers.get("suspend_kind") == DEATH:
            question = t("staff_accounts.death_ask", **values)
        asked = [first(turn)] if first is not None else []
        reason = Text(REASON_MIN, REASON_MAX, short="error.short_reason")
        return [*asked, Step("deed_reason", reason), Step("sure", Confirmation(yes), prompt=question)]

    return steps


def _account_action(
    name: str,
    steps: Steps,
    do: AccountAction,
    prepare: Callable[[Resources, Incoming, Answers], Awaitable[Any]] | None = None,
) -> Dialogue:
    def finish(turn: Turn, answers: dict[str, Any]) -> Reply:
        account_lookup.open_account(turn.db, actor=turn.actor, account_id=_subject(turn), now=turn.now)
        return do(turn, answers) if answers["sure"] else Reply(goto=_back(turn))

    return Dialogue(
        name,
        steps,
        finish,
        exit=_back,
        prepare_finish=prepare,
        roles=STAFF_ONLY,
    )


def _common(turn: Turn, answers: dict[str, Any]) -> dict[str, Any]:
    return {
        "actor": turn.actor,
        "account_id": _subject(turn),
        "reason": answers["deed_reason"],
        "version": answers[VERSION],
        "now": turn.now,
    }


def _done(turn: Turn, key: str) -> Reply:
    return Reply((Screen(t(f"staff_accounts.{key}_done", name=_name(turn))),), goto=_back(turn))


def _suspension_kinds(turn: Turn, answers: Answers) -> Sequence[tuple[str, str]]:
    return [(kind, t(f"staff_accounts.suspend_{kind}")) for kind in (OTHER, DEATH)]


def _suspend(turn: Turn, answers: dict[str, Any]) -> Reply:
    accounts.suspend(
        turn.db,
        public_info=turn.public_info,
        death=answers["suspend_kind"] == DEATH,
        **_common(turn, answers),
    )
    return _done(turn, "suspend")


def _lift(turn: Turn, answers: dict[str, Any]) -> Reply:
    accounts.lift(turn.db, **_common(turn, answers))
    return _done(turn, "lift")


def _annul(turn: Turn, answers: dict[str, Any]) -> Reply:
    accounts.annul(turn.db, **_common(turn, answers))
    return _done(turn, "annul")


def _reset(turn: Turn, answers: dict[str, Any]) -> Reply:
    invited = sending.reset_access(
        turn.db,
        password_hash=str(turn.prepared),
        public_info=turn.public_info,
        **_common(turn, answers),
    )
    return Reply(access_screens(invited), goto=_back(turn))


def _withdraw(turn: Turn, answers: dict[str, Any]) -> Reply:
    grant = turn.db.get(Grant, answers[GRANT])
    if grant is None or grant.account_id != _subject(turn):
        raise Refusal("error.stale")
    account_lookup.withdraw_role(
        turn.db, actor=turn.actor, grant_id=answers[GRANT], reason=answers["deed_reason"], now=turn.now
    )
    return _done(turn, "role")


DIALOGUES: tuple[Dialogue, ...] = (
    FIND_ACCOUNT,
    FIND_ERROR,
    _account_action(
        "suspend_account",
        _reasoned(
            "suspend",
            yes="staff_accounts.suspend_yes",
            first=lambda turn: Step("suspend_kind", Choice(_suspension_kinds)),
        ),
        _suspend,
    ),
    _account_action("lift_account", _reasoned("lift", yes="staff_accounts.lift_yes"), _lift),
    _account_action("annul_account", _reasoned("annul", yes="staff_accounts.annul_yes"), _annul),
    _account_action(
        "reset_account", _reasoned("reset", yes="staff_accounts.reset_yes"), _reset, void_password
    ),
    _account_action("withdraw_role", _reasoned("role", yes="staff_accounts.role_yes"), _withdraw),
)
