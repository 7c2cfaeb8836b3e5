"""Notes on files of either kind, for who may act on them (docs/specification.md 2.9)."""

from datetime import datetime
from typing import Any

from sqlmodel import Session

from bot.core.context import Actor
from bot.services.review import file_notes, routing
from bot.services.review.file_notes import NoteLine
from bot.services.review.review_workflow import ReviewWorkflow
from bot.services.shared.permissions import require
from storage.enums import Role
from storage.tables import FileNote

READERS = (*routing.REVIEWERS, Role.STAFF)
Workflow = ReviewWorkflow[Any, Any, Any, Any, Any]


def notes_of(db: Session, workflow: Workflow, *, actor: Actor, request_id: int) -> list[NoteLine]:
    """The notes of a file, oldest first; for experts of its university and staff. Raises NotAllowed, Stale."""
    require(db, actor, *READERS)
    workflow.see(db, request_id, actor=actor)
    return file_notes.of_file(db, workflow.subject, request_id)


def add_note(
    db: Session, workflow: Workflow, *, actor: Actor, request_id: int, text: str, now: datetime
) -> FileNote:
    """Write a note on a file that one may open, in any state. Raises NotAllowed, Stale, InvalidInput."""
    require(db, actor, *READERS)
    workflow.see(db, request_id, actor=actor)
    return file_notes.add(
        db,
        actor=actor,
        subject=workflow.subject,
        subject_id=request_id,
        text=file_notes.checked(text),
        now=now,
    )
