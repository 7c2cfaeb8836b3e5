"""Letters of the directorate: everybody's inbox, and the screens of those who write.

See R44, docs/specification.md 2.7.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from bot.application.resources import Resources
from bot.application.routes import LOGGED_IN, READS_SUSPENDED, Routes
from bot.core.context import Turn
from bot.core.incoming import Incoming
from bot.core.screens import Attachment, Button, Press, Reply, Screen, button
from bot.messengers.processing.inbox_store import read_actor
from bot.services.drafts.store import find_draft
from bot.services.letters import audience, counts, letters
from bot.services.letters.audience import Audience
from bot.services.letters.counts import Numbers
from bot.texts import t
from bot.texts.answers import with_persian_digits
from bot.texts.formats import bounded, digits, jalali_day, jalali_time, number
from conversations.engine.engine import Engine
from conversations.staff.letter import COUNTS, correction_answers, letter_text
from handlers.common.navigation import (
    ButtonRow,
    back_button,
    button_grid,
    first_page,
    home_button,
    navigation_row,
    page_of,
    pager_rows,
)
from storage.enums import LetterState, Role
from storage.tables import Letter

STAFF = (Role.STAFF,)
#: Lines of a page; fields of a progress bar; what a counter on a button shows at most.
RECEIVED, WRITTEN, BAR, COUNTED = 9, 6, 10, 99


def routes(engine: Engine) -> Routes:
    """Routes that begin with "inbox" (recipients of letters, in any role) and "staff.letter"."""
    table = Routes()
    show, act = table.show, table.act

    show("inbox", roles=LOGGED_IN, suspended=READS_SUSPENDED)(show_inbox)
    act("inbox.letter", roles=LOGGED_IN, suspended=READS_SUSPENDED)(open_letter)
    show("inbox.read", roles=LOGGED_IN, suspended=READS_SUSPENDED)(show_letter)
    act("inbox.files", roles=LOGGED_IN, suspended=READS_SUSPENDED)(_send_files("inbox.read"))

    @show("staff.letters", roles=STAFF, listed=True)
    def all_letters(turn: Turn, press: Press) -> Screen:
        return show_written_letters(turn, press, drafted=("letter", 0) in engine.open_drafts(turn))

    @act("staff.new_letter", roles=STAFF, prepare=count_audiences)
    def new_letter(turn: Turn, press: Press) -> Reply:
        return _write(engine, turn, 0, {})

    @act("staff.letter_fix", roles=STAFF, prepare=count_audiences)
    def correct(turn: Turn, press: Press) -> Reply:
        letter = letters.letter_progress(turn.db, actor=turn.actor, letter_id=press.id).letter
        return _write(engine, turn, press.id, correction_answers(letter))

    show("staff.letter", roles=STAFF)(show_progress)
    show("staff.letter_text", roles=STAFF)(show_letter_text)
    act("staff.letter_files", roles=STAFF)(_send_files("staff.letter_text"))
    show("staff.letter_stop", roles=STAFF)(ask_stop)
    act("staff.letter_end", roles=STAFF)(stop_sending)
    return table


async def count_audiences(resources: Resources, incoming: Incoming, press: Press) -> Numbers:
    """How many each audience has, counted where nobody waits for it. Raises NotAllowed."""
    now = resources.clock()
    who = partial(read_actor, incoming=incoming, now=now, public_info=resources.public_info)
    actor = await resources.database.read(who)
    count = (
        partial(counts.count_correction, actor=actor, letter_id=press.id)
        if press.action == "staff.letter_fix"
        else partial(counts.count_all, actor=actor)
    )
    return await resources.database.read(count, large=True)


def _write(engine: Engine, turn: Turn, corrects: int, answers: dict[str, Any]) -> Reply:
    """Open the dialogue; a letter that was begun before goes on with the numbers of now."""
    draft = find_draft(turn, "letter", corrects)
    if draft is not None:
        draft.answers = {**draft.answers, COUNTS: turn.prepared}
        turn.db.add(draft)
        turn.db.flush()
    return engine.start(turn, "letter", subject_id=corrects, answers={**answers, COUNTS: turn.prepared})


# -- who reads ------------------------------------------------------------------------------------


def inbox_button(turn: Turn) -> Button:
    """«صندوق پیام‌ها» with the number of unread letters."""
    waiting = min(letters.count_unread(turn.db, actor=turn.actor), COUNTED)
    return button(t("menu.inbox", n=digits(waiting)), "inbox")


def show_inbox(turn: Turn, press: Press) -> Screen:
    """The letters of this person: unread ones first, then the newest."""
    page = page_of(press)
    actor = turn.actor
    shown, total = letters.inbox_of(turn.db, actor=actor, limit=RECEIVED, offset=page * RECEIVED)
    pages = max(-(-total // RECEIVED), 1)
    if page >= pages:
        page = pages - 1
        shown, total = letters.inbox_of(turn.db, actor=actor, limit=RECEIVED, offset=page * RECEIVED)
    if not shown:
        return Screen(f"{t('inbox.title')}\n{t('error.empty')}", ((home_button(),),))
    lines = [t("inbox.title"), t("inbox.unread", n=digits(letters.count_unread(turn.db, actor=actor)))]
    first = page * RECEIVED + 1
    for i, received in enumerate(shown, start=first):
        key = "inbox.line" if received.read else "inbox.line_new"
        date = jalali_day(received.letter.created_at)
        lines.append(t(key, i=digits(i), title=received.letter.title, date=date))
    buttons = [
        button(digits(i), "inbox.letter", received.letter.id or 0, arg=str(page) if page else "")
        for i, received in enumerate(shown, start=first)
    ]
    rows = [
        *button_grid(buttons, columns=3),
        *pager_rows(Press("inbox"), page=page, pages=pages),
        (home_button(),),
    ]
    return Screen("\n".join(lines), tuple(rows))


def open_letter(turn: Turn, press: Press) -> Reply:
    """Open a letter; the first time is noted, so this is an act. `press.arg`: the page of the inbox, to which the way back
    leads."""
    letters.open_letter(turn.db, actor=turn.actor, letter_id=press.id, now=turn.now)
    return Reply(goto=Press("inbox.read", press.id, arg=press.arg))


def show_letter(turn: Turn, press: Press) -> Screen:
    """A letter as its readers see it."""
    letter = letters.view_letter(turn.db, actor=turn.actor, letter_id=press.id)
    rows = _files_row(turn, letter, "inbox.files", "inbox.files", arg=press.arg)
    rows += _linked_rows(turn, letter, "inbox.letter", arg=press.arg)
    back = back_button("inbox", arg=press.arg, label="inbox.list")
    return Screen(_letter_text(turn, letter), (*rows, (back, home_button())))


def _letter_text(turn: Turn, letter: Letter) -> str:
    files = letters.count_files(turn.db, actor=turn.actor, letter_id=letter.id or 0)
    text = letter_text(
        number=letter.number, title=letter.title, text=letter.text, files=files, date=letter.created_at
    )
    for key, linked in (
        ("letter.corrects", letters.corrected_by(turn.db, actor=turn.actor, letter=letter)),
        ("letter.corrected", letters.correction_of(turn.db, actor=turn.actor, letter_id=letter.id or 0)),
    ):
        if linked is not None:
            line = t(key, title=linked.title, date=jalali_day(linked.created_at))
            text = f"{line}\n\n{text}" if key == "letter.corrected" else f"{text}\n\n{line}"
    return text


def _linked_rows(turn: Turn, letter: Letter, action: str, *, arg: str = "") -> list[ButtonRow]:
    """The ways between a letter and its correction."""
    first = letters.corrected_by(turn.db, actor=turn.actor, letter=letter)
    second = letters.correction_of(turn.db, actor=turn.actor, letter_id=letter.id or 0)
    rows = [(t("letter.first"), first), (t("letter.second"), second)]
    return [(button(label, action, linked.id or 0, arg=arg),) for label, linked in rows if linked is not None]


def _files_row(turn: Turn, letter: Letter, action: str, label: str, *, arg: str = "") -> list[ButtonRow]:
    files = letters.count_files(turn.db, actor=turn.actor, letter_id=letter.id or 0)
    return [(button(t(label, n=digits(files)), action, letter.id or 0, arg=arg),)] if files else []


def _send_files(goto: str) -> Callable[[Turn, Press], Reply]:
    """Send all attachments; the letter follows below them. An act, for every view is recorded."""

    def send_files(turn: Turn, press: Press) -> Reply:
        files = letters.attached_files(turn.db, actor=turn.actor, letter_id=press.id, now=turn.now)
        title = letters.view_letter(turn.db, actor=turn.actor, letter_id=press.id).title
        n = digits(len(files))
        shown = tuple(
            Attachment(file.id or 0, t("letter.file_caption", i=digits(i), n=n, title=title))
            for i, file in enumerate(files, start=1)
        )
        screens = (Screen("", attachments=shown),) if shown else ()
        return Reply(screens, goto=Press(goto, press.id, arg=press.arg), send_as_new=bool(shown))

    return send_files


# -- who writes -----------------------------------------------------------------------------------


def show_written_letters(turn: Turn, press: Press, *, drafted: bool) -> Screen:
    """Letters that were sent off, newest first, and the way to a new one."""
    page = page_of(press)
    shown, total = letters.written_letters(turn.db, actor=turn.actor, limit=WRITTEN, offset=page * WRITTEN)
    new = (button(t("resume.letter" if drafted else "letters.new"), "staff.new_letter"),)
    if not shown and page:
        return show_written_letters(turn, first_page(press), drafted=drafted)
    if not shown:
        return Screen(t("letters.none"), (new, (home_button(),)))
    lines, first = [t("letters.title")], page * WRITTEN + 1
    for i, progress in enumerate(shown, start=first):
        letter = progress.letter
        lines.append(
            t(
                "letters.line",
                i=digits(i),
                title=letter.title,
                date=jalali_day(letter.created_at),
                state=t(f"letters.state.{letter.state}"),
                recipients=number(letter.recipients),
                notified=bounded(progress.notified, progress.most),
                read=bounded(progress.read, progress.most),
            )
        )
    buttons = [
        button(digits(i), "staff.letter", progress.letter.id or 0)
        for i, progress in enumerate(shown, start=first)
    ]
    pages = -(-total // WRITTEN)
    turns = pager_rows(Press("staff.letters"), page=page, pages=pages)
    return Screen("\n".join(lines), (*button_grid(buttons, columns=3), *turns, new, (home_button(),)))


def show_progress(turn: Turn, press: Press) -> Screen:
    """How far one letter came; «🔄» shows it anew in the same message."""
    progress = letters.letter_progress(turn.db, actor=turn.actor, letter_id=press.id)
    letter = progress.letter
    to = audience.describe(turn.db, actor=turn.actor, audience=Audience.of_data(letter.audience))
    lines = [t("letter.head", title=letter.title)]
    if letter.number:
        lines.append(t("letter.number", number=with_persian_digits(letter.number)))
    lines += [
        t("letters.card_to", audience=to),
        t(
            "letters.card_by",
            name=letters.writer_of(turn.db, actor=turn.actor, letter=letter),
            time=jalali_time(letter.created_at),
        ),
        t("letters.card_state", state=t(f"letters.state.{letter.state}")),
        *_start_lines(turn, letter),
        *_work_lines(letter),
        "",
        _progress_bar(letter.delivered, letter.recipients),
        t("letters.delivered", delivered=number(letter.delivered), recipients=number(letter.recipients)),
        t("letters.notified", notified=bounded(progress.notified, progress.most)),
        t("letters.read", read=bounded(progress.read, progress.most)),
    ]
    ways_on: list[Button] = [button(t("letters.text"), "staff.letter_text", press.id)]
    rows: list[ButtonRow] = [(button(t("letters.refresh"), "staff.letter", press.id),)]
    if letter.state is LetterState.SENDING:
        ways_on.append(button(t("letters.stop"), "staff.letter_stop", press.id))
    if letter.delivered:
        rows.append((button(t("letters.correct"), "staff.letter_fix", press.id),))
    rows += _linked_rows(turn, letter, "staff.letter")
    return Screen("\n".join(lines), (*rows, tuple(ways_on), navigation_row("staff.letters")))


def _start_lines(turn: Turn, letter: Letter) -> list[str]:
    """When the sending begins, and whether SMS go out."""
    lines = []
    if letter.state is LetterState.SENDING and letter.starts_at is not None and turn.now < letter.starts_at:
        lines.append(t("letters.starts", time=jalali_time(letter.starts_at)))
    if letter.sms:
        lines.append(t("letters.card_sms"))
    return lines


def _work_lines(letter: Letter) -> list[str]:
    """What is under way for many recipients."""
    if letter.state is LetterState.SENDING and letter.unlisted is not None:
        return [t("letters.listing", n=number(letter.recipients))]
    return [t("letters.taking_back")] if letter.taking_back is not None else []


def _progress_bar(done: int, of: int) -> str:
    full = done * BAR // max(of, 1)
    percent = digits(done * 100 // max(of, 1))
    return t("letters.bar", bar="▓" * full + "░" * (BAR - full), percent=percent)


def show_letter_text(turn: Turn, press: Press) -> Screen:
    """The letter itself, as officers see it."""
    letter = letters.view_letter(turn.db, actor=turn.actor, letter_id=press.id)
    rows = _files_row(turn, letter, "staff.letter_files", "letters.files")
    return Screen(
        _letter_text(turn, letter),
        (*rows, (back_button("staff.letter", press.id, label="letters.card"), home_button())),
    )


def ask_stop(turn: Turn, press: Press) -> Screen:
    """The question before the sending ends."""
    letter = letters.letter_progress(turn.db, actor=turn.actor, letter_id=press.id).letter
    if letter.state is not LetterState.SENDING:
        return show_progress(turn, press)
    question = t("letters.stop_confirm", title=letter.title)
    yes = button(t("letters.stop_do"), "staff.letter_end", press.id)
    return Screen(question, ((yes, back_button("staff.letter", press.id, label="nav.no")),))


def stop_sending(turn: Turn, press: Press) -> Reply:
    letters.stop_letter(turn.db, actor=turn.actor, letter_id=press.id, now=turn.now)
    return Reply(goto=Press("staff.letter", press.id), notice=t("letters.stopped"))
