"""Phrases that experts write again and again: those of a university, for all its experts, and one's own.

See docs/specification.md 2.2.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, func, or_
from sqlmodel import Session, col, select

from bot.core.context import Actor
from bot.core.refusals import InvalidInput, NotAllowed, Stale
from bot.rules.validators import too_long
from bot.services.review import routing
from bot.services.shared import audit
from bot.services.shared.permissions import require
from bot.texts import formats
from storage.enums import Role
from storage.tables import SavedPhrase

#: Characters of a phrase, and phrases of one person or one university.
SHORTEST, LONGEST, MOST = 2, 300, 40
_EXPERTS = (Role.EXPERT, Role.IN_CHARGE)
_SUBJECT = "saved_phrase"


def offered(db: Session, *, actor: Actor) -> list[SavedPhrase]:
    """What an expert may choose from: their own, then those of their university, each newest first. Two reads by index,
    both bounded. Raises NotAllowed."""
    require(db, actor, *_EXPERTS)
    own = _of(db, col(SavedPhrase.account_id) == actor.account_id)
    known = {phrase.text for phrase in own}
    shared = _of(db, col(SavedPhrase.university_code) == actor.university_code)
    return [*own, *(phrase for phrase in shared if phrase.text not in known)]


def of_university(db: Session, *, actor: Actor, university_code: str) -> list[SavedPhrase]:
    """For staff: the phrases of a university and of each of its experts, oldest first. Raises NotAllowed."""
    require(db, actor, Role.STAFF)
    accounts = [grant.account_id for grant in routing.experts(db, university_code)]
    row = SavedPhrase
    query = select(row).where(
        or_(col(row.university_code) == university_code, col(row.account_id).in_(accounts))
    )
    return list(db.exec(query.order_by(col(row.account_id), col(row.id))))


def _of(db: Session, whose: ColumnElement[bool]) -> list[SavedPhrase]:
    query = select(SavedPhrase).where(whose).order_by(col(SavedPhrase.id).desc())
    return list(db.exec(query.limit(MOST)))


def save(db: Session, *, actor: Actor, text: str, now: datetime) -> SavedPhrase:
    """Keep a text for oneself; once, however often it is asked for. Raises NotAllowed, InvalidInput."""
    require(db, actor, *_EXPERTS)
    return _save(db, actor, text, now, account_id=actor.account_id)


def save_for_university(
    db: Session, *, actor: Actor, text: str, now: datetime, university_code: str | None = None
) -> SavedPhrase:
    """Keep a text for all experts of a university: the head for their own, staff for the one that they name. Raises
    NotAllowed, InvalidInput."""
    require(db, actor, Role.IN_CHARGE, Role.STAFF)
    university = university_code if actor.role is Role.STAFF else actor.university_code
    if university is None:
        raise NotAllowed
    return _save(db, actor, text, now, university_code=university)


def _save(
    db: Session,
    actor: Actor,
    text: str,
    now: datetime,
    *,
    account_id: int | None = None,
    university_code: str | None = None,
) -> SavedPhrase:
    text = _checked(text)
    owner = (
        col(SavedPhrase.account_id) == account_id
        if account_id is not None
        else col(SavedPhrase.university_code) == university_code
    )
    if (there := db.exec(select(SavedPhrase).where(owner, SavedPhrase.text == text)).first()) is not None:
        return there
    if db.exec(select(func.count()).select_from(SavedPhrase).where(owner)).one() >= MOST:
        raise InvalidInput("error.phrases_many", max=formats.digits(MOST))
    row = SavedPhrase(account_id=account_id, university_code=university_code, text=text, created_at=now)
    db.add(row)
    db.flush()
    audit.record(
        db,
        now=now,
        actor=actor,
        event="phrase_saved",
        subject=_SUBJECT,
        subject_id=row.id or 0,
        university=university_code,
    )
    return row


def _checked(text: str) -> str:
    text = text.strip()
    if len(text) < SHORTEST:
        raise InvalidInput("error.short_text", min=formats.digits(SHORTEST))
    if len(text) > LONGEST:
        raise too_long(LONGEST)
    return text


def find(db: Session, *, actor: Actor, phrase_id: int) -> SavedPhrase:
    """A phrase that the actor may change: staff any, the head their university's, an expert their own. Raises
    NotAllowed, Stale where it is gone."""
    require(db, actor, *_EXPERTS, Role.STAFF)
    row = db.get(SavedPhrase, phrase_id)
    if row is None:
        raise Stale
    own = row.account_id is not None and row.account_id == actor.account_id
    heads = (
        actor.role is Role.IN_CHARGE
        and row.university_code is not None
        and row.university_code == actor.university_code
    )
    if not (own or heads or actor.role is Role.STAFF):
        raise NotAllowed
    return row


def change(db: Session, *, actor: Actor, phrase_id: int, text: str, now: datetime) -> SavedPhrase:
    """Write a phrase anew; what was sent with it stays as it was sent. Raises NotAllowed, Stale, InvalidInput."""
    row = find(db, actor=actor, phrase_id=phrase_id)
    text, was = _checked(text), row.text
    same_owner = (
        col(SavedPhrase.account_id) == row.account_id
        if row.account_id is not None
        else col(SavedPhrase.university_code) == row.university_code
    )
    twin = select(SavedPhrase.id).where(same_owner, SavedPhrase.text == text, SavedPhrase.id != row.id)
    if db.exec(twin).first() is not None:
        raise InvalidInput("error.phrase_known")
    row.text = text
    db.add(row)
    db.flush()
    _record(db, row, actor=actor, now=now, event="phrase_changed", was=was)
    return row


def remove(db: Session, *, actor: Actor, phrase_id: int, now: datetime) -> None:
    """Offer a phrase no more. Raises NotAllowed, Stale."""
    row = find(db, actor=actor, phrase_id=phrase_id)
    _record(db, row, actor=actor, now=now, event="phrase_removed", was=row.text)
    db.delete(row)
    db.flush()


def _record(db: Session, row: SavedPhrase, *, actor: Actor, now: datetime, event: str, was: str) -> None:
    audit.record(
        db,
        now=now,
        actor=actor,
        event=event,
        subject=_SUBJECT,
        subject_id=row.id or 0,
        university=row.university_code,
        was=was,
        text=row.text,
    )
