"""The officer's part of the first screen: where the request stands, and the one thing to do next.

See docs/specification.md 4.1.
"""

from __future__ import annotations

from bot.core.context import Turn
from bot.core.screens import Button, button
from bot.services import cooperation, payments, qualification
from bot.texts import formats, t
from conversations.engine.engine import Engine
from handlers.common.navigation import ButtonRow
from handlers.common.request_card import age_line
from storage.enums import IN_CIRCULATION, RequestKind, RequestState
from storage.tables import QualificationRequest

#: Nothing is left to the officer but to wait.
AT_UNIVERSITY = frozenset({RequestState.SUBMITTED, RequestState.IN_REVIEW})
_ENDED = frozenset({RequestState.REJECTED, RequestState.WITHDRAWN, RequestState.REVOKED})


def home_lines(turn: Turn, engine: Engine) -> tuple[list[str], list[ButtonRow]]:
    """What stands, and the row of the next thing to do, if there is one."""
    latest = qualification.latest(turn.db, actor=turn.actor)
    if latest is None:
        if qualification.is_qualified(turn.db, turn.actor.account_id or 0):
            return _qualified(turn, engine, None)
        return [t("menu.nothing_filed")], [(button(t("qual.new"), "qual.new"),)]
    # Of an amendment that is the newest request, the qualification stands (`qualification.latest`).
    if latest.kind is RequestKind.AMENDMENT or latest.state is RequestState.COMPLETED:
        return _qualified(turn, engine, latest)
    lines, step = _next_step(turn, engine, latest)
    return [t("qual.menu", status=t(f"status.{latest.state}")), *lines], [(step,)]


def _qualified(
    turn: Turn, engine: Engine, latest: QualificationRequest | None
) -> tuple[list[str], list[ButtonRow]]:
    """The qualification stands whatever comes of an amendment (Q2, Q16): one that has ended is not told of."""
    lines, rows = [t("qual.menu", status=t(f"status.{RequestState.COMPLETED}"))], list[ButtonRow]()
    if latest is not None and (latest.state in IN_CIRCULATION or latest.state is RequestState.DRAFT):
        more, step = _next_step(turn, engine, latest)
        lines += [t("qual.amendment", status=t(f"status.{latest.state}")), *more]
        rows = [(step,)]
        if latest.state not in AT_UNIVERSITY:
            return lines, rows
    asked = cooperation.count_new(turn.db, actor=turn.actor)
    if asked:
        n = formats.digits(asked)
        return [*lines, t("menu.asked", n=n)], [(button(t("centers.new", n=n), "coop.new"),)]
    return lines, rows


def _next_step(turn: Turn, engine: Engine, request: QualificationRequest) -> tuple[list[str], Button]:
    """What is to be said of the state, and the button that leads on from it."""
    id_ = request.id or 0
    if request.state is RequestState.DRAFT:
        return [t("unfinished.qualification")], button(t("resume.qualification"), "qual.draft", id_)
    if request.state is RequestState.DEFICIENT:
        if ("fix", id_) in engine.open_drafts(turn):
            return [t("unfinished.fix")], button(t("resume.fix"), "qual.fix", id_, request.version)
        return [], button(t("fix.button"), "qual.fix", id_, request.version)
    if request.state is RequestState.AWAITING_PAYMENT and request.pay_token:
        return [], payments.pay_button(turn.public_info, request)
    if request.state in _ENDED:
        return [], button(t("qual.again"), "qual.new")
    return age_line(request, turn.now), button(t("qual.track"), "qual.track", id_)
