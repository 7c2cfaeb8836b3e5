"""Notes of colleagues on a file of either kind (docs/specification.md 2.9)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from bot.application.routes import REVIEWERS, Routes
from bot.core.context import Turn
from bot.core.screens import Button, Press, Reply, Screen, button
from bot.services import team
from bot.services.cooperation.requests import COOPERATION_WORKFLOW
from bot.services.qualification.requests import QUALIFICATION_WORKFLOW
from bot.services.review.file_notes import NoteLine
from bot.texts import formats, quoted, t
from conversations.engine.engine import Engine
from handlers.common.navigation import navigation_row, truncate_lines
from storage.tables import Account

#: Of the newest notes, on the file card.
ON_CARD = 3


@dataclass(frozen=True, slots=True)
class NotesOf:
    """Of one kind of file: its routes (all notes, a new one) and its dialogue."""

    workflow: team.Workflow
    action: str
    new: str
    dialogue: str


QUALIFICATION = NotesOf(QUALIFICATION_WORKFLOW, "desk.notes", "desk.note_new", "note")
COOPERATION = NotesOf(COOPERATION_WORKFLOW, "desk.coop_notes", "desk.coop_note_new", "coop_note")


def routes(engine: Engine) -> Routes:
    """desk.notes, desk.note_new, and the same of cooperation."""
    table = Routes()
    for kind in (QUALIFICATION, COOPERATION):
        table.show(kind.action, roles=REVIEWERS)(partial(show_notes, kind))
        table.act(kind.new, roles=REVIEWERS)(partial(begin_note, engine, kind))
    return table


def begin_note(engine: Engine, kind: NotesOf, turn: Turn, press: Press) -> Reply:
    return engine.start(turn, kind.dialogue, subject_id=press.id)


def show_notes(kind: NotesOf, turn: Turn, press: Press) -> Screen:
    """Every note of a file, the newest first."""
    notes = team.notes_of(turn.db, kind.workflow, actor=turn.actor, request_id=press.id)
    request = kind.workflow.load(turn.db, press.id)
    name = turn.db.get_one(Account, request.account_id).name
    lines = [t("desk.notes_title", code=request.tracking_code or "", name=name), ""]
    lines += [_line(note) for note in reversed(notes)] or [t("desk.notes_none")]
    add = (button(t("desk.note_new"), kind.new, press.id),)
    return Screen(truncate_lines(lines), (add, navigation_row(kind.workflow.open_action, press.id)))


def _line(line: NoteLine) -> str:
    time, note = formats.jalali_time(line.note.created_at), quoted(line.note.text, line.author)
    if line.given_to is None:
        return t("desk.note_line", time=time, note=note)
    return t("desk.note_given", time=time, to=line.given_to, note=note)


def on_card(turn: Turn, kind: NotesOf, request_id: int) -> tuple[list[str], Button]:
    """The newest notes as lines of a file card (none: no line), and the button to all, or to a first one."""
    notes = team.notes_of(turn.db, kind.workflow, actor=turn.actor, request_id=request_id)
    if not notes:
        return [], button(t("desk.note_new"), kind.new, request_id)
    to_all = button(t("desk.notes", n=formats.digits(len(notes))), kind.action, request_id)
    return ["", t("desk.note_card"), *map(_line, notes[-ON_CARD:])], to_all
