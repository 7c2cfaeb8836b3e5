"""A document becomes required: how many drafts it touches, from which day, and that whoever is ready to send is told.

See docs/specification.md 3.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, true
from sqlmodel import Session, col, select

from bot.core.context import SYSTEM, Actor
from bot.core.refusals import InvalidInput
from bot.core.screens import button
from bot.rules import request_items
from bot.services.directorate import reference_rows
from bot.services.qualification.drafts import FORM
from bot.services.shared import audit, notify, reference_data
from bot.services.shared.permissions import require
from bot.texts import t
from bot.texts.formats import TEHRAN, jalali_day, number
from storage.enums import AccountState, Role
from storage.tables import Account, DocumentType, Draft

#: Drafts that one unit of the job looks at; drafts that a screen counts.
BATCH, COUNTED = 25, 1000


def today_of(now: datetime) -> date:
    """The day in Tehran."""
    return now.astimezone(TEHRAN).date()


@dataclass(frozen=True, slots=True)
class Touched:
    """Drafts without a document; `at_least`: there are older drafts, which were not looked at."""

    number: int
    at_least: bool

    def told(self) -> str:
        return t(
            "document_types.touches_more" if self.at_least else "document_types.touches",
            n=number(self.number),
        )


def _lacks(answers: Any, code: str, required: str) -> ColumnElement[bool]:
    """Of a draft of a request: the document is not in it, and would have to be."""
    sent = answers[request_items.document(code)].as_string()
    men = answers["gender"].as_string() == "male"
    return and_(sent.is_(None), men if required == "men" else true())


def drafts_touched(db: Session, *, actor: Actor, code: str, required: str) -> Touched:
    """How many drafts would have to send this document as well, of those that somebody went on with lately. Raises
    NotAllowed."""
    require(db, actor, Role.STAFF)
    if required == "no":
        return Touched(0, at_least=False)
    lately = (
        select(Draft.id, Draft.answers)
        .where(Draft.dialogue == FORM)
        .order_by(col(Draft.updated_at).desc())
        .limit(COUNTED)
        .subquery()
    )
    lacks = case((_lacks(lately.c.answers, code, required), 1), else_=0)
    looked, number = db.exec(
        select(func.count(), func.coalesce(func.sum(lacks), 0)).select_from(lately)
    ).one()
    return Touched(number, at_least=looked == COUNTED)


def require_from(
    db: Session,
    *,
    actor: Actor,
    code: str,
    expected: int | None = None,
    required: str,
    day: date,
    now: datetime,
) -> DocumentType:
    """The document is `required` from `day` on: at once where that is today, else by `apply_due`.

    Raises NotAllowed, Stale, InvalidInput for a day that is over."""
    require(db, actor, Role.STAFF)
    if day < today_of(now):
        raise InvalidInput("error.day_to_come")
    row = reference_rows.lock_row(db, DocumentType, code, expected=expected)
    if day == today_of(now):
        _apply(db, row, actor=actor, required=required, day=day, now=now)
    else:
        reference_rows.change(
            db,
            row,
            actor=actor,
            now=now,
            event="document_rule_planned",
            subject="document_type",
            next_required=required,
            next_from=day.isoformat(),
        )
    return row


def cancel_plan(db: Session, *, actor: Actor, code: str, expected: int, now: datetime) -> DocumentType:
    """Nothing changes on the day that was planned. Raises NotAllowed, Stale."""
    require(db, actor, Role.STAFF)
    row = reference_rows.lock_row(db, DocumentType, code, expected=expected)
    plan = {"next_required": None, "next_from": None}
    event = "document_plan_cancelled"
    reference_rows.change(db, row, actor=actor, now=now, event=event, subject="document_type", **plan)
    return row


def _apply(db: Session, row: DocumentType, *, actor: Actor, required: str, day: date, now: datetime) -> None:
    reference_rows.change(
        db,
        row,
        actor=actor,
        now=now,
        event="document_rule_set",
        subject="document_type",
        required=required,
        active=True,
        required_since=day.isoformat() if required != "no" else None,
        next_required=None,
        next_from=None,
        told_draft=0 if required != "no" else None,
    )


def keep_requirements(db: Session, *, now: datetime) -> int:
    """For a timer: what was planned for a day that has come is in force, and the next batch of officers with a finished
    draft is told why it is not finished any more. Says how many were told."""
    today = today_of(now).isoformat()
    due = select(DocumentType).where(col(DocumentType.next_from) <= today).with_for_update()
    for row in db.exec(due).all():
        assert row.next_required is not None
        assert row.next_from is not None
        day = date.fromisoformat(row.next_from)
        _apply(db, row, actor=SYSTEM, required=row.next_required, day=day, now=now)
    told = 0
    telling = select(DocumentType).where(col(DocumentType.told_draft).is_not(None)).with_for_update()
    for row in db.exec(telling).all():
        told += _tell_batch(db, row, now)
    return told


def is_telling(db: Session) -> bool:
    """Whether `keep_requirements` has more to tell."""
    return (
        db.exec(select(DocumentType.code).where(col(DocumentType.told_draft).is_not(None))).first()
        is not None
    )


def _tell_batch(db: Session, row: DocumentType, now: datetime) -> int:
    """The officers of the next drafts; the cursor goes on in the same unit, so that nobody is told twice."""
    ahead = select(Draft).where(col(Draft.id) > row.told_draft).order_by(col(Draft.id)).limit(BATCH)
    drafts = db.exec(ahead).all()
    rules = reference_data.document_rules(db)
    told = 0
    for draft in drafts:
        if draft.dialogue != FORM or draft.account_id is None:
            continue
        # The university follows from the region, at the submission.
        lacking = set(request_items.missing(draft.answers, rules)) - {"university"}
        if lacking != {request_items.document(row.code)}:
            continue
        if db.get_one(Account, draft.account_id).state is not AccountState.ACTIVE:
            # Whoever is suspended sends nothing; the form says it when they go on.
            continue
        day = jalali_day(date.fromisoformat(row.required_since)) if row.required_since else ""
        told += notify.push(
            db,
            kind="N28",
            event_key=f"document:{row.code}:{row.required_since}:{draft.id}",
            account_id=draft.account_id,
            text=t("push.N28", name=row.name, day=day),
            rows=[[button(t("resume.qualification"), "qual.draft", draft.subject_id)]],
            now=now,
        )
    row.told_draft = drafts[-1].id if len(drafts) == BATCH else None
    db.add(row)
    db.flush()
    if told:
        audit.record(
            db,
            now=now,
            actor=SYSTEM,
            event="document_rule_told",
            subject="document_type",
            subject_id=0,
            code=row.code,
            told=told,
        )
    return told
