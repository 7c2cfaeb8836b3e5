"""Screens of the directorate's staff: 📊 counts on the screen, as a picture and as a spreadsheet.

See docs/specification.md 7.
"""

from __future__ import annotations

import asyncio

from sqlmodel import Session

from bot.application.resources import Resources
from bot.application.routes import Routes
from bot.core.context import Turn
from bot.core.incoming import Incoming
from bot.core.refusals import NotAllowed
from bot.core.screens import GeneratedFile, Press, Reply, Screen, button
from bot.messengers.processing.inbox_store import load_turn
from bot.services.directorate import statistics
from bot.services.directorate.statistics import DECISIONS, PERIODS
from bot.texts import t
from bot.texts.formats import digits, jalali_compact, jalali_time, number
from conversations.engine.engine import Engine
from handlers.common.navigation import ButtonRow, button_grid, home_button, truncate_lines
from handlers.common.numbered_list import STAFF

#: Lines of a list on the screen; the files hold all.
SHOWN = 8


def routes(engine: Engine) -> Routes:
    """staff.report, staff.report_png, staff.report_xlsx; `press.id` is the number of days."""
    table = Routes()
    table.show("staff.report", roles=STAFF)(show_report)
    table.act("staff.report_png", roles=STAFF, prepare=_prepare_picture)(send_picture)
    table.act("staff.report_xlsx", roles=STAFF, prepare=_prepare_spreadsheet)(send_spreadsheet)
    return table


def _period_days(press: Press) -> int:
    return press.id if press.id in PERIODS else PERIODS[1]


def show_report(turn: Turn, press: Press) -> Screen:
    """Counts by state, university and age; decisions per expert in a period."""
    # The bare button of the menu means the usual period; "0 days" comes with an argument.
    days = _period_days(press) if press.arg or press.id else PERIODS[1]
    figures = statistics.read_figures(turn.db, actor=turn.actor, now=turn.now, days=days)
    lines = [
        t("report.screen", time=jalali_time(turn.now), n=number(figures.total)),
        "",
        t("report.by_state"),
    ]
    lines += [_count_line(t(f"status.{state}"), n) for state, n in figures.by_state.items() if n]
    lines += ["", t("report.by_university")]
    lines += [_count_line(name, open_) for name, open_, _ in figures.by_university[:SHOWN] if open_]
    lines += ["", t("report.by_age")]
    lines += [_count_line(label, n) for label, n in zip(statistics.age_labels(), figures.by_age, strict=True)]
    lines += ["", t("report.decisions", period=statistics.period(days))]
    for decision in figures.decisions[:SHOWN]:
        counts = {event: digits(decision.counts.get(event, 0)) for event in DECISIONS}
        lines.append(t("report.expert_line", name=decision.expert, **counts))
    if not figures.decisions:
        lines.append(t("error.empty"))
    others = [
        button(statistics.period(period), "staff.report", period, arg="p")
        for period in PERIODS
        if period != days
    ]
    files = (
        button(t("report.picture"), "staff.report_png", days),
        button(t("report.spreadsheet"), "staff.report_xlsx", days),
    )
    rows: list[ButtonRow] = [files, *button_grid(others, columns=3), (home_button(),)]
    return Screen(truncate_lines(lines), tuple(rows))


def _count_line(label: str, count: int) -> str:
    return t("report.line", label=label, n=number(count))


async def _read_figures(resources: Resources, incoming: Incoming, press: Press) -> statistics.Figures:
    """Read outside the unit, by the same right. Raises NotAllowed."""
    now = resources.clock()

    def unit(db: Session) -> statistics.Figures:
        turn = load_turn(db, incoming, now, resources.public_info, reading=True)
        if turn.account is None:
            raise NotAllowed
        return statistics.read_figures(db, actor=turn.actor, now=now, days=_period_days(press))

    return await resources.database.read(unit)


async def _prepare_picture(resources: Resources, incoming: Incoming, press: Press) -> bytes:
    from bot.reports import chart_image  # 15 MB that few processes ever need

    figures = await _read_figures(resources, incoming, press)
    return await asyncio.to_thread(
        lambda: chart_image.chart_image_bytes(statistics.report(figures), rest=t("report.rest"))
    )


async def _prepare_spreadsheet(resources: Resources, incoming: Incoming, press: Press) -> bytes:
    from bot.reports import spreadsheet

    figures = await _read_figures(resources, incoming, press)
    return await asyncio.to_thread(lambda: spreadsheet.spreadsheet_bytes(statistics.report(figures)))


def send_picture(turn: Turn, press: Press) -> Reply:
    return _send_report(turn, press, kind="png")


def send_spreadsheet(turn: Turn, press: Press) -> Reply:
    return _send_report(turn, press, kind="xlsx")


def _send_report(turn: Turn, press: Press, *, kind: str) -> Reply:
    """The file that was made before this unit, and the report again below it."""
    days = _period_days(press)
    statistics.note(turn.db, actor=turn.actor, now=turn.now, kind=kind, days=days)
    name = f"report-{jalali_compact(turn.now)}.{kind}"
    caption = t("report.caption", time=jalali_time(turn.now))
    file = GeneratedFile(name, turn.prepared, caption, picture=kind == "png")
    return Reply(
        (Screen("", attachments=(file,)),), goto=Press("staff.report", days, arg="p"), send_as_new=True
    )
