"""📊 Reports, of all universities for staff and of the own one for experts in charge: figures on the screen, pictures of charts, a
PDF and a spreadsheet.

See docs/specification.md 7.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from bot.application.resources import Resources
from bot.application.routes import Routes
from bot.core.context import Turn
from bot.core.incoming import Incoming
from bot.core.refusals import Stale
from bot.core.screens import GeneratedFile, Press, Reply, Screen, button
from bot.messengers.processing.inbox_store import read_actor
from bot.reports.drawing_queue import DRAWING
from bot.reports.model import StatisticsReport
from bot.services.statistics import counts, scope
from bot.services.statistics.charts import age_labels, state_name
from bot.services.statistics.counts import MOST_SHOWN, OPEN_STATES, PeriodCounts
from bot.services.statistics.reading import QUESTIONS, read
from bot.texts import t
from bot.texts.formats import bounded, jalali_compact, jalali_time
from handlers.common.navigation import ButtonRow, button_grid, home_button
from storage.enums import Role

#: Whose report it is → what its actions begin with.
PREFIXES = {Role.STAFF: "staff", Role.IN_CHARGE: "desk"}


def routes() -> Routes:
    """staff.report… and desk.report…: the screen, one chart as a picture (`press.arg`), all of them as PDF and as XLSX."""
    table = Routes()
    for role, prefix in PREFIXES.items():
        table.show(f"{prefix}.report", roles=[role])(show_report)
        for form in ("chart", "pdf", "xlsx"):
            table.act(f"{prefix}.report_{form}", roles=[role], prepare=partial(_prepare, form=form))(
                partial(_send, form=form)
            )
    return table


def _questions(press: Press, form: str) -> Sequence[str]:
    """What is asked for. Raises Stale for a forged button."""
    if form != "chart":
        return tuple(QUESTIONS)
    if press.arg not in QUESTIONS:
        raise Stale
    return (press.arg,)


def show_report(turn: Turn, press: Press) -> Screen:
    """Files in circulation, this week beside the last one, and a button for each chart."""
    figures = counts.screen_figures(turn.db, actor=turn.actor, now=turn.now)
    assert turn.role is not None
    prefix = PREFIXES[turn.role]
    lines = [
        t("report.screen", place=figures.scope.title, time=jalali_time(turn.now)),
        "",
        t("report.this_week", **_numbers(figures.this_week)),
        t("report.last_week", **_numbers(figures.last_week)),
        "",
        t("report.circulation"),
        *(_line(state_name(state), figures.now.by_state[state]) for state in OPEN_STATES),
        "",
        t("report.by_age"),
        *(_line(label, n) for label, n in zip(age_labels(), figures.now.by_age, strict=True)),
        "",
        t("report.choose"),
    ]
    charts = [button(t(f"report.{name}.button"), f"{prefix}.report_chart", arg=name) for name in QUESTIONS]
    files: ButtonRow = (
        button(t("report.pdf"), f"{prefix}.report_pdf"),
        button(t("report.spreadsheet"), f"{prefix}.report_xlsx"),
    )
    return Screen("\n".join(lines), (*button_grid(charts, columns=2), files, (home_button(),)))


def _numbers(one: PeriodCounts) -> dict[str, str]:
    return {name: bounded(getattr(one, name), MOST_SHOWN) for name in ("filed", "decided", "paid")}


def _line(label: str, count: int) -> str:
    return t("report.line", label=label, n=bounded(count, MOST_SHOWN))


async def _prepare(resources: Resources, incoming: Incoming, press: Press, *, form: str) -> bytes:
    """The file, read and drawn outside any transaction. Raises NotAllowed, Unavailable where many are drawn, Stale."""
    now, questions = resources.clock(), _questions(press, form)
    who = partial(read_actor, incoming=incoming, now=now, public_info=resources.public_info)
    actor = await resources.database.read(who)
    report = await read(resources.database, actor=actor, questions=questions, now=now)
    return await DRAWING.draw(actor.account_id or 0, partial(_drawn, report, form, t("report.rest")))


def _drawn(report: StatisticsReport, form: str, rest: str) -> bytes:
    if form == "xlsx":
        from bot.reports import spreadsheet

        return spreadsheet.spreadsheet_bytes(report)
    from bot.reports import (  # 60 MB that few processes ever need, loaded beside the loop
        chart_pages,
        page_images,
    )

    pages = chart_pages.chart_pages(report, rest=rest)
    return page_images.page_image(pages, 0) if form == "chart" else pages


def _send(turn: Turn, press: Press, *, form: str) -> Reply:
    """The file that was made before this unit, recorded, and the screen again below it."""
    questions = _questions(press, form)
    scope.note(turn.db, actor=turn.actor, now=turn.now, kind=form, questions=questions)
    place = scope.scope_of(turn.db, actor=turn.actor).title
    title = t("report.title") if form != "chart" else t(f"report.{press.arg}.title")
    caption = t("report.caption", title=title, place=place, time=jalali_time(turn.now))
    ending = "png" if form == "chart" else form
    name = f"report-{jalali_compact(turn.now)}.{ending}"
    file = GeneratedFile(name, turn.prepared, caption, picture=form == "chart")
    assert turn.role is not None
    return Reply(
        (Screen("", attachments=(file,)),), goto=Press(f"{PREFIXES[turn.role]}.report"), send_as_new=True
    )
