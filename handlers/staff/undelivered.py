"""Screens of the directorate's staff: 📮 what did not get through, and the error numbers that people were
shown."""

from __future__ import annotations

from bot.application.routes import Routes
from bot.core.context import Turn
from bot.core.refusals import Stale
from bot.core.screens import Press, Reply, Screen, button
from bot.services.directorate import undelivered
from bot.services.directorate.undelivered import UndeliveredCause, UndeliveredPush
from bot.texts import has, t
from bot.texts.formats import age, digits, jalali_time, local_mobile, masked
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
from handlers.common.numbered_list import STAFF, confirmation_screen, numbered_page
from handlers.staff.accounts.look_up import free_chat_button
from storage.enums import PushChannel

LINES = 5
#: Characters of a push that are shown.
EXCERPT = 300
#: What the outbox notes where there was no number for an SMS.
NO_MOBILE = "no mobile"


def routes(engine: Engine) -> Routes:
    """staff.undelivered → undelivered_cause → undelivered_push; staff.updates → staff.update."""
    table = Routes()
    for action, decide in (
        ("staff.undelivered", show_undelivered),
        ("staff.undelivered_cause", show_cause),
        ("staff.undelivered_all", ask_resend_cause),
        ("staff.undelivered_push", show_push),
        ("staff.undelivered_ask", ask_dismiss_push),
        ("staff.updates", show_failed_updates),
        ("staff.update", show_failed_update),
    ):
        table.show(action, roles=STAFF, listed=action in ("staff.undelivered", "staff.undelivered_cause"))(
            decide
        )
    table.act("staff.undelivered_again", roles=STAFF)(resend_push)
    table.act("staff.undelivered_away", roles=STAFF)(dismiss_push)
    table.act("staff.undelivered_all_do", roles=STAFF)(resend_cause)
    table.act("staff.undelivered_mobile", roles=STAFF)(show_mobile)

    @table.act("staff.find_error", roles=STAFF)
    def find(turn: Turn, press: Press) -> Reply:
        return engine.start(turn, "find_error")

    return table


def show_undelivered(turn: Turn, press: Press) -> Screen:
    """Pushes and SMS that were given up, by reason, the most frequent first."""
    unreadable_updates_row = (button(t("undelivered.updates"), "staff.updates"), home_button())
    causes = undelivered.undelivered_causes(turn.db, actor=turn.actor)
    if not causes:
        return Screen(t("undelivered.none"), (unreadable_updates_row,))

    def line(i: str, cause: UndeliveredCause) -> str:
        return t(
            "undelivered.cause_line",
            i=i,
            n=digits(cause.count),
            channel=_channel_label(cause.channel),
            why=_reason_text(cause.note, 80),
            age=age(turn.now - cause.oldest),
        )

    lines, rows = numbered_page(
        press,
        causes,
        size=LINES,
        line=line,
        make_button=lambda i, cause: button(i, "staff.undelivered_cause", cause.first),
    )
    title = t("undelivered.causes_title", n=digits(sum(cause.count for cause in causes)))
    return Screen("\n".join([title, *lines]), (*rows, unreadable_updates_row))


def show_cause(turn: Turn, press: Press) -> Screen:
    """What was given up for one reason, oldest first; `press.id` is any of them. All reasons, where none is left."""
    try:
        cause = undelivered.cause_of(turn.db, actor=turn.actor, push_id=press.id)
    except Stale:
        return show_undelivered(turn, Press("staff.undelivered"))
    pages = -(-cause.count // LINES)
    page = min(page_of(press), pages - 1)
    pushes = undelivered.undelivered_pushes(
        turn.db, actor=turn.actor, push_id=press.id, limit=LINES, offset=page * LINES
    )
    title = t("undelivered.cause_title", n=digits(cause.count), why=_reason_text(cause.note, 300))
    lines, buttons = [title], []
    for i, push in enumerate(pushes, start=page * LINES + 1):
        waited = age(turn.now - push.push.created_at)
        lines.append(
            t(
                "undelivered.line",
                i=digits(i),
                kind=_kind_label(push),
                who=_recipient_label(push),
                age=waited,
            )
        )
        buttons.append(button(digits(i), "staff.undelivered_push", push.push.id or 0))
    turns = pager_rows(Press("staff.undelivered_cause", cause.first), page=page, pages=pages)
    again = (button(t("undelivered.all_again"), "staff.undelivered_all", cause.first),)
    numbers = button_grid(buttons, columns=LINES)
    return Screen("\n".join(lines), (*numbers, *turns, again, navigation_row("staff.undelivered")))


def ask_resend_cause(turn: Turn, press: Press) -> Screen:
    """The question before everything that was given up for one reason is sent again."""
    cause = undelivered.cause_of(turn.db, actor=turn.actor, push_id=press.id)
    number = min(cause.count, undelivered.AT_ONCE)
    text = t("undelivered.all_again_ask", n=digits(number), why=_reason_text(cause.note, 300))
    yes = button(t("reference_data.yes"), "staff.undelivered_all_do", press.id)
    return confirmation_screen(text, yes, Press("staff.undelivered_cause", press.id))


def resend_cause(turn: Turn, press: Press) -> Reply:
    number = undelivered.resend_cause(turn.db, actor=turn.actor, push_id=press.id, now=turn.now)
    done = Screen(t("undelivered.all_queued", n=digits(number)))
    return Reply((done,), goto=Press("staff.undelivered"))


def show_mobile(turn: Turn, press: Press) -> Reply:
    """The recipient's mobile, in a message of its own. An act, for every look is recorded."""
    undelivered_push = undelivered.undelivered_push(turn.db, actor=turn.actor, push_id=press.id)
    mobile = undelivered.mobile_of(turn.db, actor=turn.actor, push_id=press.id, now=turn.now)
    who = undelivered_push.recipient.name if undelivered_push.recipient is not None else ""
    shown = (
        t("undelivered.no_mobile")
        if mobile is None
        else t("undelivered.mobile_is", who=who, mobile=local_mobile(mobile))
    )
    return Reply((Screen(shown, once=True),), goto=Press("staff.undelivered_push", press.id))


def _kind_label(undelivered_push: UndeliveredPush) -> str:
    key = f"undelivered.kind_{undelivered_push.push.kind}"
    kind = t(key) if has(key) else undelivered_push.push.kind
    return t("undelivered.kind", kind=kind, channel=_channel_label(undelivered_push.push.channel))


def _channel_label(channel: PushChannel) -> str:
    return t("undelivered.sms" if channel is PushChannel.SMS else "undelivered.chat")


def _recipient_label(undelivered_push: UndeliveredPush) -> str:
    if undelivered_push.recipient is not None:
        return undelivered_push.recipient.name
    return masked(undelivered_push.push.mobile[1:]) if undelivered_push.push.mobile else "–"


def _reason_text(note: str | None, max_length: int) -> str:
    """Why it was given up; what the messenger or provider said is shown as it is."""
    return t("undelivered.why_no_mobile") if note == NO_MOBILE else shortened(note or "–", max_length)


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
        t("undelivered.why", why=_reason_text(undelivered_push.push.note, 300)),
        "",
        shortened(undelivered_push.push.text, EXCERPT),
    ]
    rows: tuple[ButtonRow, ...] = (
        (
            button(t("undelivered.again"), "staff.undelivered_again", press.id),
            button(t("undelivered.away"), "staff.undelivered_ask", press.id),
        ),
        (button(t("undelivered.mobile"), "staff.undelivered_mobile", press.id),),
        (back_button("staff.undelivered_cause", press.id), home_button()),
    )
    return Screen("\n".join(lines), rows)


def resend_push(turn: Turn, press: Press) -> Reply:
    onward = _others(turn, press)
    undelivered.resend(turn.db, actor=turn.actor, push_id=press.id, now=turn.now)
    return Reply((Screen(t("undelivered.queued")),), goto=onward)


def _others(turn: Turn, press: Press) -> Press:
    """To what else was given up for the same reason, before this one is dealt with."""
    alike = undelivered.undelivered_pushes(turn.db, actor=turn.actor, push_id=press.id, offset=0, limit=2)
    others = [one.push.id or 0 for one in alike if one.push.id != press.id]
    return Press("staff.undelivered_cause", others[0]) if others else Press("staff.undelivered")


def ask_dismiss_push(turn: Turn, press: Press) -> Screen:
    undelivered_push = undelivered.undelivered_push(turn.db, actor=turn.actor, push_id=press.id)
    yes = button(t("reference_data.yes"), "staff.undelivered_away", press.id)
    return confirmation_screen(
        t("undelivered.away_ask", who=_recipient_label(undelivered_push)),
        yes,
        Press("staff.undelivered_push", press.id),
    )


def dismiss_push(turn: Turn, press: Press) -> Reply:
    onward = _others(turn, press)
    undelivered.give_up(turn.db, actor=turn.actor, push_id=press.id, now=turn.now)
    return Reply((Screen(t("undelivered.put_away")),), goto=onward)


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
