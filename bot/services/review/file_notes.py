"""Notes on a file for colleagues: experts of its university and staff read them, the people whom it is about never do.

See docs/specification.md 2.9. The audit says who wrote one and when; its words are kept here alone, and go with the file's
documents.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from bot.core.context import Actor
from bot.core.refusals import InvalidInput
from bot.rules.validators import too_long
from bot.services.shared import audit
from bot.texts import formats
from bot.texts.written_text import written
from storage.tables import Account, FileNote

#: Characters of a note.
SHORTEST, LONGEST = 5, 500
#: Notes of one file.
MOST = 50


@dataclass(frozen=True, slots=True)
class NoteLine:
    """A note with the names of who wrote it and of who got the file with it."""

    note: FileNote
    author: str
    given_to: str | None


def checked(text: str) -> str:
    """The words of a note. Raises InvalidInput("error.short_text", "error.long_text")."""
    words = written(text, lines=True)
    if len(words) < SHORTEST:
        raise InvalidInput("error.short_text", min=formats.digits(SHORTEST))
    if len(words) > LONGEST:
        raise too_long(LONGEST)
    return words


def add(
    db: Session,
    *,
    actor: Actor,
    subject: str,
    subject_id: int,
    text: str,
    given_to: int | None = None,
    now: datetime,
) -> FileNote:
    """Keep words that were `checked`, for a caller that has just let the actor act on this file. Raises
    InvalidInput("error.notes_full")."""
    assert actor.account_id is not None
    file = (FileNote.subject == subject, FileNote.subject_id == subject_id)
    if given_to is None and len(db.exec(select(FileNote.id).where(*file).limit(MOST)).all()) >= MOST:
        raise InvalidInput("error.notes_full", max=formats.digits(MOST))
    note = FileNote(
        subject=subject,
        subject_id=subject_id,
        account_id=actor.account_id,
        given_to=given_to,
        text=text,
        created_at=now,
    )
    db.add(note)
    db.flush()
    audit.record(
        db,
        now=now,
        actor=actor,
        event="note_added",
        subject=subject,
        subject_id=subject_id,
        note=note.id,
    )
    return note


def of_file(db: Session, subject: str, subject_id: int) -> list[NoteLine]:
    """The notes of a file, oldest first, for a caller that has just let the actor see it."""
    query = select(FileNote).where(FileNote.subject == subject, FileNote.subject_id == subject_id)
    notes = list(db.exec(query.order_by(col(FileNote.id))))
    people = {note.account_id for note in notes} | {note.given_to for note in notes if note.given_to}
    if not people:
        return []
    names = {one.id: one.name for one in db.exec(select(Account).where(col(Account.id).in_(people)))}
    return [NoteLine(note, names.get(note.account_id, "–"), names.get(note.given_to)) for note in notes]
