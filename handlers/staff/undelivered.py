"""Screens of the directorate's staff: 📮 what did not get through, and the error numbers that people were shown."""

from __future__ import annotations

from bot.application.routes import Routes
from bot.core.context import Turn
from bot.core.screens import Press, Reply, Screen, button
from bot.services.directorate import undelivered
from bot.services.directorate.undelivered import Letter
from bot.texts import has, t
from bot.texts.formats import age, digits, jalali_time, masked
from conversations.common.labels import shortened
from conversations.engine.engine import Engine
from handlers.common.navigation import ButtonRow, back, grid, home, navigation_row, page_of, pager
from handlers.common.numbered_list import STAFF, question
from handlers.staff.accounts import free_button
from storage.enums import Channel

LINES = 5
#: Characters of a push that are shown.
EXCERPT = 300


def routes(engine: Engine) -> Routes:
    """staff.undelivered → staff.letter; staff.updates → staff.update."""
    table = Routes()
    for action, decide in (
        ("staff.undelivered", dead),
        ("staff.undelivered_push", letter),
        ("staff.undelivered_ask", away_ask),
        ("staff.updates", updates),
        ("staff.update", update),
    ):
        table.show(action, roles=STAFF)(decide)
    table.act("staff.undelivered_again", roles=STAFF)(resend)
    table.act("staff.undelivered_away", roles=STAFF)(put_away)

    @table.act("staff.find_error", roles=STAFF)
    def find(turn: Turn, press: Press) -> Reply:
        return engine.start(turn, "find_error")

    return table


def dead(turn: Turn, press: Press) -> Screen:
    """Pushes and SMS that were given up, oldest first."""
    unreadable_updates_row = (button(t("kept.dead.updates"), "staff.updates"), home())
    total = undelivered.count(turn.db, actor=turn.actor)
    if not total:
        return Screen(t("kept.dead.none"), (unreadable_updates_row,))
    pages = -(-total // LINES)
    page = min(page_of(press), pages - 1)
    found = undelivered.letters(turn.db, actor=turn.actor, limit=LINES, offset=page * LINES)
    lines, buttons = [t("kept.dead.title", n=digits(total))], []
    for i, one in enumerate(found, start=page * LINES + 1):
        waited = age(turn.now - one.push.created_at)
        lines.append(
            t("kept.dead.line", i=digits(i), kind=_kind(one), who=_who(one), why=_why(one, 80), age=waited)
        )
        buttons.append(button(digits(i), "staff.undelivered_push", one.push.id or 0))
    turns = pager(Press("staff.undelivered"), page=page, pages=pages)
    return Screen("\n".join(lines), (*grid(buttons, columns=LINES), *turns, unreadable_updates_row))


def _kind(one: Letter) -> str:
    key = f"kept.dead.kind_{one.push.kind}"
    kind = t(key) if has(key) else one.push.kind
    channel = t("kept.dead.sms" if one.push.channel is Channel.SMS else "kept.dead.chat")
    return t("kept.dead.kind", kind=kind, channel=channel)


def _who(one: Letter) -> str:
    if one.recipient is not None:
        return one.recipient.name
    return masked(one.push.mobile[1:]) if one.push.mobile else "–"


def _why(one: Letter, room: int) -> str:
    return shortened(one.push.note or "–", room)


def letter(turn: Turn, press: Press) -> Screen:
    """One push, and what may become of it."""
    one = undelivered.letter(turn.db, actor=turn.actor, push_id=press.id)
    lines = [
        _kind(one),
        t("kept.dead.to", who=_who(one)),
        t("kept.dead.since", time=jalali_time(one.push.created_at), n=digits(one.push.attempts)),
        t("kept.dead.why", why=_why(one, 300)),
        "",
        shortened(one.push.text, EXCERPT),
    ]
    rows: tuple[ButtonRow, ...] = (
        (
            button(t("kept.dead.again"), "staff.undelivered_again", press.id),
            button(t("kept.dead.away"), "staff.undelivered_ask", press.id),
        ),
        navigation_row("staff.undelivered"),
    )
    return Screen("\n".join(lines), rows)


def resend(turn: Turn, press: Press) -> Reply:
    undelivered.resend(turn.db, actor=turn.actor, push_id=press.id, now=turn.now)
    return Reply((Screen(t("kept.dead.queued")),), goto=Press("staff.undelivered"))


def away_ask(turn: Turn, press: Press) -> Screen:
    one = undelivered.letter(turn.db, actor=turn.actor, push_id=press.id)
    yes = button(t("kept.yes"), "staff.undelivered_away", press.id)
    return question(t("kept.dead.away_ask", who=_who(one)), yes, Press("staff.undelivered_push", press.id))


def put_away(turn: Turn, press: Press) -> Reply:
    undelivered.give_up(turn.db, actor=turn.actor, push_id=press.id, now=turn.now)
    return Reply((Screen(t("kept.dead.put_away")),), goto=Press("staff.undelivered"))


def updates(turn: Turn, press: Press) -> Screen:
    """How many updates went wrong; the button to one by its error number."""
    counts = undelivered.odd_updates(turn.db, actor=turn.actor)
    lines = [t("kept.dead.updates_title")]
    lines += [t(f"kept.dead.count_{state}", n=digits(n)) for state, n in counts.items()]
    rows = ((button(t("kept.dead.find"), "staff.find_error"),), navigation_row("staff.undelivered"))
    return Screen("\n".join(lines), rows)


def update(turn: Turn, press: Press) -> Screen:
    """One of them, and the chat that may be stuck by it. What was written is not shown."""
    found = undelivered.odd_update(turn.db, actor=turn.actor, number=press.id)
    one = found.update
    who = found.account.name if found.account is not None else t("kept.dead.guest")
    lines = [
        t("kept.dead.update", number=digits(press.id)),
        t(f"kept.dead.was_{one.state}"),
        t("kept.dead.from", who=who, messenger=t(f"messenger.{one.messenger}")),
        t("kept.dead.at", time=jalali_time(one.received_at)),
    ]
    if one.note and one.note != str(one.id):
        lines.append(t("kept.dead.why", why=shortened(one.note, 300)))
    free = [(free_button(found.chat, t("kept.dead.free")),)] if found.chat is not None else []
    return Screen("\n".join(lines), (*free, (back("staff.updates"), home())))
