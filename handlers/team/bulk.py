"""Many files at once: taking the next of the queue, and the head's assignment (docs/specification.md 2.9)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from bot.application.routes import EXPERTS, Routes
from bot.core.context import Turn
from bot.core.refusals import Refusal, Stale
from bot.core.screens import Button, Press, Reply, Screen, button
from bot.services import team
from bot.services.cooperation.requests import COOPERATION_WORKFLOW
from bot.services.qualification.requests import QUALIFICATION_WORKFLOW
from bot.texts import formats, t
from conversations.engine.engine import Engine
from handlers.common.navigation import button_grid, navigation_row, number_in
from handlers.common.numbered_list import confirmation_screen
from storage.enums import Role

HEADS = (Role.IN_CHARGE,)
#: How many files may be taken at once.
NUMBERS = (5, 10, 20, team.MOST)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of file: its routes begin with `prefix`; `mine` is the list of one's own."""

    workflow: team.Workflow
    prefix: str
    queue: str
    mine: str
    dialogue: str


KINDS = (
    Kind(QUALIFICATION_WORKFLOW, "desk.", "desk.queue", "desk.mine", "bulk"),
    Kind(COOPERATION_WORKFLOW, "desk.coop_", "desk.coop", "desk.coop_mine", "coop_bulk"),
)


def routes(engine: Engine) -> Routes:
    """desk.take, take_ask, take_do, bulk, and the same of cooperation."""
    table = Routes()
    for kind in KINDS:
        table.show(f"{kind.prefix}take", roles=EXPERTS)(partial(choose_number, kind))
        table.show(f"{kind.prefix}take_ask", roles=EXPERTS)(partial(ask_take, kind))
        table.act(f"{kind.prefix}take_do", roles=EXPERTS)(partial(take, kind))
        table.act(f"{kind.prefix}bulk", roles=HEADS)(partial(begin_assignment, engine, kind))
    return table


def queue_row(turn: Turn, action: str, waiting: int) -> tuple[Button, ...]:
    """Below the queue of either kind, where several files wait: to take some, and of the head to assign them."""
    kind = next((kind for kind in KINDS if kind.queue == action), None)
    if kind is None or waiting < 2 or turn.role not in EXPERTS:
        return ()
    row = [button(t("desk.take"), f"{kind.prefix}take")]
    if turn.role in HEADS:
        row.append(button(t("desk.bulk"), f"{kind.prefix}bulk"))
    return tuple(row)


def _waiting(kind: Kind, turn: Turn) -> list[team.BulkFile]:
    return team.candidates(turn.db, kind.workflow, actor=turn.actor, source=None)


def choose_number(kind: Kind, turn: Turn, press: Press) -> Screen:
    """How many of the oldest files to take."""
    waiting = len(_waiting(kind, turn))
    if not waiting:
        return Screen(t("desk.take_none"), (navigation_row(kind.queue),))
    numbers = [number for number in NUMBERS if number < waiting] + [waiting]
    buttons = [
        button(t("desk.take_number", n=formats.digits(n)), f"{kind.prefix}take_ask", arg=str(n))
        for n in dict.fromkeys(numbers)
    ]
    return Screen(t("desk.take_title"), (*button_grid(buttons, columns=2), navigation_row(kind.queue)))


def ask_take(kind: Kind, turn: Turn, press: Press) -> Screen:
    """The files that would be taken now."""
    files = _waiting(kind, turn)[: number_in(press)]
    if not files:
        raise Stale
    lines = [t("desk.take_sure", n=formats.digits(len(files)))]
    lines += [t("push.N22_file", code=file.code, name=file.applicant) for file in files]
    yes = button(t("desk.take_do"), f"{kind.prefix}take_do", arg=str(len(files)))
    return confirmation_screen("\n".join(lines), yes, Press(f"{kind.prefix}take"))


def take(kind: Kind, turn: Turn, press: Press) -> Reply:
    number = number_in(press)
    if not 1 <= number <= team.MOST:
        raise Stale
    taken = team.claim_next(turn.db, kind.workflow, actor=turn.actor, number=number, now=turn.now)
    return Reply(goto=Press(kind.mine), notice=t("desk.taken", n=formats.digits(len(taken))))


def begin_assignment(engine: Engine, kind: Kind, turn: Turn, press: Press) -> Reply:
    if not team.sources(turn.db, kind.workflow, actor=turn.actor):
        raise Refusal("desk.bulk_nothing")
    return engine.start(turn, kind.dialogue, answers={"bulk_from": str(press.id)} if press.id else {})
