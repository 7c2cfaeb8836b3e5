"""Leave of an expert and of the colleagues (docs/specification.md 2.9)."""

from __future__ import annotations

from bot.application.routes import EXPERTS, Routes
from bot.core.context import Turn
from bot.core.refusals import NotAllowed, Stale
from bot.core.screens import Press, Reply, Screen, button
from bot.services import team
from bot.texts import formats, t
from conversations.common.labels import shortened
from conversations.engine.engine import Engine
from handlers.common.navigation import ButtonRow, navigation_row
from handlers.common.numbered_list import confirmation_screen
from storage.enums import Role


def routes(engine: Engine) -> Routes:
    """desk.leave, leave_new, leave_end."""
    table = Routes()
    table.show("desk.leave", roles=EXPERTS)(show_leaves)
    table.show("desk.leave_end", roles=EXPERTS)(ask_end_leave)
    table.act("desk.leave_end_do", roles=EXPERTS)(end_leave)

    @table.act("desk.leave_new", roles=EXPERTS)
    def new_leave(turn: Turn, press: Press) -> Reply:
        return engine.start(turn, "leave")

    return table


def _words(line: team.LeaveLine) -> dict[str, str]:
    return {
        "name": line.expert,
        "deputy": line.deputy,
        "first": formats.jalali_day(line.leave.starts_on),
        "last": formats.jalali_day(line.leave.ends_on),
    }


def show_leaves(turn: Turn, press: Press) -> Screen:
    """One's own leave, and who of the colleagues is away; a head may end any of them."""
    listed = team.team_leaves(turn.db, actor=turn.actor)
    own = [line for line in listed if line.leave.account_id == turn.actor.account_id]
    others = [line for line in listed if line not in own]
    lines = [t("desk.leave_own", **_words(line)) for line in own] or [t("desk.leave_none")]
    rows: list[ButtonRow] = [
        (button(t("desk.leave_end"), "desk.leave_end", line.leave.id or 0),) for line in own
    ] or [(button(t("desk.leave_new"), "desk.leave_new"),)]
    if others:
        lines += ["", t("desk.leave_team")]
    for number, line in enumerate(others, 1):
        i = formats.digits(number)
        lines.append(t("desk.leave_line", i=i, **_words(line)))
        if turn.role is Role.IN_CHARGE:
            label = shortened(t("desk.button_line", i=i, name=line.expert), 20)
            rows.append((button(label, "desk.leave_end", line.leave.id or 0),))
    return Screen("\n".join(lines), (*rows, navigation_row("desk.team")))


def ask_end_leave(turn: Turn, press: Press) -> Screen:
    found = [line for line in team.team_leaves(turn.db, actor=turn.actor) if line.leave.id == press.id]
    if not found:
        raise Stale
    if found[0].leave.account_id != turn.actor.account_id and turn.role is not Role.IN_CHARGE:
        raise NotAllowed
    yes = button(t("desk.leave_end_do"), "desk.leave_end_do", press.id)
    return confirmation_screen(t("desk.leave_end_ask", **_words(found[0])), yes, Press("desk.leave"))


def end_leave(turn: Turn, press: Press) -> Reply:
    team.end_leave(turn.db, actor=turn.actor, leave_id=press.id, now=turn.now)
    return Reply(goto=Press("desk.leave"), notice=t("desk.leave_ended"))
