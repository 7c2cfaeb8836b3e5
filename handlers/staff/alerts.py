"""What waits for staff: alerts, the button to where each cause is removed, and closing those of one cause together."""

from __future__ import annotations

from bot.application.routes import Routes
from bot.core.context import Turn
from bot.core.screens import Press, Reply, Screen, button
from bot.services.directorate import alert_list
from bot.texts import t
from bot.texts.formats import digits, jalali_time
from conversations.engine.engine import Engine
from handlers.common.navigation import (
    ButtonRow,
    button_grid,
    first_page,
    home_button,
    navigation_row,
    number_in,
    page_of,
    pager_rows,
)
from handlers.common.numbered_list import STAFF, confirmation_screen

LINES = 5  # a page


def routes(engine: Engine) -> Routes:
    """staff.alerts → staff.alert → staff.settle, settle_similar."""
    table = Routes()
    table.show("staff.alerts", roles=STAFF, listed=True)(show_alerts)
    table.show("staff.alert", roles=STAFF)(show_alert)
    table.act("staff.settle", roles=STAFF)(resolve_alert)
    table.show("staff.settle_similar", roles=STAFF)(ask_resolve_similar)
    table.act("staff.settle_similar_do", roles=STAFF)(resolve_similar)
    return table


def show_alerts(turn: Turn, press: Press) -> Screen:
    """What waits for staff, oldest first."""
    page = page_of(press)
    found = alert_list.open_alerts(turn.db, actor=turn.actor, limit=LINES + 1, offset=page * LINES)
    if not found and page:
        return show_alerts(turn, first_page(press))  # the last ones were settled meanwhile
    if not found:
        return Screen(t("error.empty"), ((home_button(),),))
    shown = found[:LINES]
    first = page * LINES + 1
    lines = [
        t("staff.alert_line", i=digits(i), alert=alert.text, time=jalali_time(alert.raised_at))
        for i, alert in enumerate(shown, start=first)
    ]
    buttons = [button(digits(i), "staff.alert", alert.id or 0) for i, alert in enumerate(shown, start=first)]
    rows = [
        *button_grid(buttons, columns=LINES),
        *pager_rows(Press("staff.alerts"), page=page, pages=page + len(found) // (LINES + 1) + 1),
        (home_button(),),
    ]
    return Screen("\n".join([t("staff.alerts_title"), *lines]), tuple(rows))


def show_alert(turn: Turn, press: Press) -> Screen:
    """One alert, the button to where its cause is removed, and those that put it away."""
    alert = alert_list.open_alert(turn.db, actor=turn.actor, alert_id=press.id)
    text = t("staff.alert", alert=alert.text, time=jalali_time(alert.raised_at))
    rows: list[ButtonRow] = [
        tuple(row) for row in alert_list.deed_rows(turn.db, actor=turn.actor, alert_id=press.id)
    ]
    rows.append((button(t("staff.settle"), "staff.settle", press.id),))
    alike = alert_list.similar(turn.db, actor=turn.actor, alert_id=press.id)
    if len(alike) > 1:
        label = t("staff.settle_similar", n=digits(len(alike)))
        rows.append((button(label, "staff.settle_similar", press.id, arg=str(alike[-1].id)),))
    return Screen(text, (*rows, navigation_row("staff.alerts")))


def ask_resolve_similar(turn: Turn, press: Press) -> Screen:
    """The question before all alerts of one cause are closed, up to the newest that the button counted."""
    alike = alert_list.similar(turn.db, actor=turn.actor, alert_id=press.id)
    number = sum((alert.id or 0) <= number_in(press) for alert in alike)
    text = t("staff.settle_similar_ask", n=digits(number))
    yes = button(t("reference_data.yes"), "staff.settle_similar_do", press.id, arg=press.arg)
    return confirmation_screen(text, yes, Press("staff.alert", press.id))


def resolve_similar(turn: Turn, press: Press) -> Reply:
    number = alert_list.resolve_similar(
        turn.db, actor=turn.actor, alert_id=press.id, last=number_in(press), now=turn.now
    )
    done = Screen(t("staff.settled_similar", n=digits(number)))
    return Reply((done,), goto=Press("staff.alerts"))


def resolve_alert(turn: Turn, press: Press) -> Reply:
    alert_list.resolve_alert(turn.db, actor=turn.actor, alert_id=press.id, now=turn.now)
    return Reply((Screen(t("staff.settled")),), goto=Press("staff.alerts"))
