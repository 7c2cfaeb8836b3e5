"""Screens of the directorate's staff: 📮 what did not get through, and the error numbers that people were
shown."""

from __future__ import annotations

from bot.application.routes import Routes
from bot.core.context import Turn
from bot.core.screens import Press, Reply, Screen, button
from bot.services.directorate import undelivered
from bot.services.directorate.undelivered import UndeliveredPush
from bot.texts import has, t
from bot.texts.formats import age, digits, jalali_time, masked
from conversations.common.labels import shortened
from conversations.engine.engine import Engine
from handlers.common.navigation import (
    ButtonRow,
    back_button,
    button_grid,
    home_button,
    navigation_row,
    page_of,
    pager_rows,
)
from handlers.common.numbered_list import STAFF, confirmation_screen
from handlers.staff.accounts import free_chat_button
from storage.enums import PushChannel

LINES = 5
#: Characters of a push that are shown.
EXCERPT = 300


def routes(engine: Engine) -> Routes:
    """staff.undelivered → staff.letter; staff.updates → staff.update."""
    table = Routes()
    for action, decide in (
        ("staff.undelivered", show_undelivered),
        ("staff.undelivered_push", show_push),
        ("staff.undelivered_ask", ask_dismiss_push),
        ("staff.updates", show_failed_updates),
        ("staff.update", show_failed_update),
    ):
        table.show(action, roles=STAFF)(decide)
    table.act("staff.undelivered_again", roles=STAFF)(resend_push)
    table.act("staff.undelivered_away", roles=STAFF)(dismiss_push)

    @table.act("staff.find_error", roles=STAFF)
    def find(turn: Turn, press: Press) -> Reply:
        return engine.start(turn, "find_error")

    return table


def show_undelivered(turn: Turn, press: Press) -> Screen:
    """Pushes and SMS that were given up, oldest first."""
    unreadable_updates_row = (button(t("undelivered.updates"), "staff.updates"), home_button())
    total = undelivered.count_undelivered(turn.db, actor=turn.actor)
    if not total:
        return Screen(t("undelivered.none"), (unreadable_updates_row,))
    pages = -(-total // LINES)
    page = min(page_of(press), pages - 1)
    pushes = undelivered.undelivered_pushes(turn.db, actor=turn.actor, limit=LINES, offset=page * LINES)
    lines, buttons = [t("undelivered.title", n=digits(total))], []
    for i, push in enumerate(pushes, start=page * LINES + 1):
        waited = age(turn.now - push.push.created_at)
        lines.append(
            t(
                "undelivered.line",
                i=digits(i),
                kind=_kind_label(push),
                who=_recipient_label(push),
                why=_reason_text(push, 80),
                age=waited,
            )
        )
        buttons.append(button(digits(i), "staff.undelivered_push", push.push.id or 0))
    turns = pager_rows(Press("staff.undelivered"), page=page, pages=pages)
    return Screen("\n".join(lines), (*button_grid(buttons, columns=LINES), *turns, unreadable_updates_row))


def _kind_label(undelivered_push: UndeliveredPush) -> str:
    key = f"undelivered.kind_{undelivered_push.push.kind}"
    kind = t(key) if has(key) else undelivered_push.push.kind
    channel = t("undelivered.sms" if undelivered_push.push.channel is PushChannel.SMS else "undelivered.chat")
    return t("undelivered.kind", kind=kind, channel=channel)


def _recipient_label(undelivered_push: UndeliveredPush) -> str:
    if undelivered_push.recipient is not None:
        return undelivered_push.recipient.name
    return masked(undelivered_push.push.mobile[1:]) if undelivered_push.push.mobile else "–"


def _reason_text(undelivered_push: UndeliveredPush, max_length: int) -> str:
    return shortened(undelivered_push.push.note or "–", max_length)


def show_push(turn: Turn, press: Press) -> Screen:
    """One push, and what may become of it."""
    undelivered_push = undelivered.undelivered_push(turn.db, actor=turn.actor, push_id=press.id)
    lines = [
        _kind_label(undelivered_push),
        t("undelivered.to", who=_recipient_label(undelivered_push)),
        t(
            "undelivered.since",
            time=jalali_time(undelivered_push.push.created_at),
            n=digits(undelivered_push.push.attempts),
        ),
        t("undelivered.why", why=_reason_text(undelivered_push, 300)),
        "",
        shortened(undelivered_push.push.text, EXCERPT),
    ]
    rows: tuple[ButtonRow, ...] = (
        (
            button(t("undelivered.again"), "staff.undelivered_again", press.id),
            button(t("undelivered.away"), "staff.undelivered_ask", press.id),
        ),
        navigation_row("staff.undelivered"),
    )
    return Screen("\n".join(lines), rows)


def resend_push(turn: Turn, press: Press) -> Reply:
    undelivered.resend(turn.db, actor=turn.actor, push_id=press.id, now=turn.now)
    return Reply((Screen(t("undelivered.queued")),), goto=Press("staff.undelivered"))


def ask_dismiss_push(turn: Turn, press: Press) -> Screen:
    undelivered_push = undelivered.undelivered_push(turn.db, actor=turn.actor, push_id=press.id)
    yes = button(t("reference_data.yes"), "staff.undelivered_away", press.id)
    return confirmation_screen(
        t("undelivered.away_ask", who=_recipient_label(undelivered_push)),
        yes,
        Press("staff.undelivered_push", press.id),
    )


def dismiss_push(turn: Turn, press: Press) -> Reply:
    undelivered.give_up(turn.db, actor=turn.actor, push_id=press.id, now=turn.now)
    return Reply((Screen(t("undelivered.put_away")),), goto=Press("staff.undelivered"))


def show_failed_updates(turn: Turn, press: Press) -> Screen:
    """How many updates went wrong; the button to one by its error number."""
    counts = undelivered.odd_updates(turn.db, actor=turn.actor)
    lines = [t("undelivered.updates_title")]
    lines += [t(f"undelivered.count_{state}", n=digits(n)) for state, n in counts.items()]
    rows = ((button(t("undelivered.find"), "staff.find_error"),), navigation_row("staff.undelivered"))
    return Screen("\n".join(lines), rows)


def show_failed_update(turn: Turn, press: Press) -> Screen:
    """One of them, and the chat that may be stuck by it. What was written is not shown."""
    odd_update = undelivered.odd_update(turn.db, actor=turn.actor, number=press.id)
    inbox_update = odd_update.update
    who = odd_update.account.name if odd_update.account is not None else t("undelivered.guest")
    lines = [
        t("undelivered.update", number=digits(press.id)),
        t(f"undelivered.was_{inbox_update.state}"),
        t("undelivered.from", who=who, messenger=t(f"messenger.{inbox_update.messenger}")),
        t("undelivered.at", time=jalali_time(inbox_update.received_at)),
    ]
    if inbox_update.note and inbox_update.note != str(inbox_update.id):
        lines.append(t("undelivered.why", why=shortened(inbox_update.note, 300)))
    free = (
        [(free_chat_button(odd_update.chat, t("undelivered.free")),)] if odd_update.chat is not None else []
    )
    return Screen("\n".join(lines), (*free, (back_button("staff.updates"), home_button())))
