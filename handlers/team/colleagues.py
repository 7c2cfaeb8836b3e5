"""An expert's own figures, the head's desk and each colleague's files (docs/specification.md 2.9)."""

from __future__ import annotations

from datetime import datetime

from bot.application.routes import EXPERTS, Routes
from bot.core.context import Turn
from bot.core.screens import Press, Screen, button
from bot.services import team
from bot.services.qualification.requests import QUALIFICATION_WORKFLOW
from bot.services.review.working_days import working_days_before
from bot.services.shared import reference_data
from bot.texts import formats, t
from conversations.engine.engine import Engine
from handlers.common.navigation import ButtonRow, back_button, home_button, page_of, truncate_lines
from handlers.common.numbered_list import numbered_page
from storage.enums import Role
from storage.tables import Account

#: A page.
COLLEAGUES = 10
HEADS = (Role.IN_CHARGE,)


def routes(engine: Engine) -> Routes:
    """desk.team and desk.colleague."""
    table = Routes()
    table.show("desk.team", roles=EXPERTS)(show_team)
    table.show("desk.colleague", roles=HEADS, listed=True)(show_colleague)
    return table


def _overdue_before(turn: Turn) -> datetime:
    """The same moment as in the lists."""
    return working_days_before(turn.now, turn.public_info.overdue_days)


def show_team(turn: Turn, press: Press) -> Screen:
    """What is done together with colleagues."""
    university = reference_data.university_name(turn.db, turn.actor.university_code)
    own = team.own_figures(turn.db, actor=turn.actor, now=turn.now, overdue_before=_overdue_before(turn))
    lines = [
        t("desk.team_title", university=university),
        "",
        t("team.own", last=formats.digits(own.decided_last_week), **_figures(own)),
    ]
    rows: list[ButtonRow] = []
    if turn.role is Role.IN_CHARGE:
        told, rows = _team_lines(turn, press)
        lines += ["", *told]
    rows += [
        (button(t("desk.take"), "desk.take"), button(t("desk.coop_take"), "desk.coop_take")),
    ]
    if turn.role is Role.IN_CHARGE:
        rows.append((button(t("desk.bulk"), "desk.bulk"), button(t("desk.coop_bulk"), "desk.coop_bulk")))
    rows.append((button(t("desk.leave"), "desk.leave"), button(t("phrases.button"), "desk.phrases")))
    rows.append((home_button(),))
    return Screen(truncate_lines(lines), tuple(rows))


def _figures(one: team.ColleagueFigures) -> dict[str, str]:
    usual = one.median_days
    return {
        "n": formats.digits(one.to_decide),
        "returned": formats.digits(one.returned),
        "late": formats.digits(one.overdue),
        "coop": formats.digits(one.cooperations),
        "week": formats.digits(one.decided_this_week),
        "usual": t("team.usual_none") if usual is None else t("team.usual", n=formats.digits(usual)),
    }


def _team_lines(turn: Turn, press: Press) -> tuple[list[str], list[ButtonRow]]:
    """The head's desk: the queue, the week, a line a colleague, and buttons to their files."""
    figures = team.team_figures(turn.db, actor=turn.actor, now=turn.now, overdue_before=_overdue_before(turn))
    colleagues = figures.colleagues
    lines = [
        t("team.queue", n=formats.digits(figures.waiting)),
        t("team.overdue", n=formats.digits(figures.overdue)),
        t(
            "team.week",
            received=formats.digits(figures.received_this_week),
            decided=formats.digits(sum(one.decided_this_week for one in colleagues)),
            received_last=formats.digits(figures.received_last_week),
            decided_last=formats.digits(sum(one.decided_last_week for one in colleagues)),
        ),
        "",
    ]
    # Behind the point: the page of the team, to which the way back leads.
    behind = f"0.{page_of(press)}" if page_of(press) else ""
    listed, rows = numbered_page(
        press,
        colleagues,
        size=COLLEAGUES,
        line=lambda i, one: t(
            "team.line_away" if one.on_leave else "team.line", i=i, name=one.name, **_figures(one)
        ),
        make_button=lambda i, one: button(i, "desk.colleague", one.account_id, arg=behind),
    )
    return [*lines, *listed], rows


def show_colleague(turn: Turn, press: Press) -> Screen:
    """The qualification files that one expert of the head's university has, the oldest first."""
    files = team.candidates(turn.db, QUALIFICATION_WORKFLOW, actor=turn.actor, source=press.id)
    last_row = (back_button("desk.team", arg=press.arg.partition(".")[2]), home_button())
    if not files:
        return Screen(t("team.nothing"), (last_row,))
    lines, rows = numbered_page(
        press,
        files,
        size=COLLEAGUES,
        line=lambda i, file: t(
            "desk.line", i=i, code=file.code, name=file.applicant, age=formats.age(turn.now - file.since)
        ),
        make_button=lambda i, file: button(i, "desk.file", file.id),
    )
    name = turn.db.get_one(Account, press.id).name
    return Screen(
        "\n".join([t("team.of_colleague", name=name), *lines]),
        (*rows, (button(t("team.assign"), "desk.bulk", press.id),), last_row),
    )
