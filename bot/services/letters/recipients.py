"""The list of a letter's recipients: made when it is sent off, and taken back where it is stopped, some accounts a unit.

The place is kept in the letter's row: whoever goes on after a crash, or beside another process, doubles nothing."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, func, insert, literal, update
from sqlmodel import Session, col, select

from bot.services.letters import audience
from bot.services.letters.audience import Audience, Kind
from storage.enums import LetterState, PushState
from storage.tables import Account, Letter, LetterRecipient, Push

#: Accounts that one unit looks at for recipients; recipients from which one unit takes a stopped letter back.
LISTED, TAKEN_BACK = 500, 250

_SETTLING = {"synchronize_session": False}


def begin_list(db: Session, letter: Letter) -> None:
    """Whoever has an account now may be a recipient; the first of them are listed at once."""
    letter.unlisted = db.exec(select(func.max(col(Account.id)))).one() or 0
    db.flush()
    list_more(db, letter)


def list_more(db: Session, letter: Letter) -> bool:
    """Enter the recipients among the next accounts, the newest first. False where another process is at it, or the letter
    was stopped."""
    assert letter.unlisted is not None
    to = Audience.of_data(letter.audience)
    above = 0 if to.kind is Kind.ONE else max(letter.unlisted - LISTED, 0)
    if not _move(db, letter, col(Letter.unlisted) == letter.unlisted, unlisted=above or None):
        return False
    among = col(Account.id) > above, col(Account.id) <= letter.unlisted
    members = audience.members(to).where(*among).add_columns(literal(letter.id)).subquery()
    entered = db.execute(
        insert(LetterRecipient).from_select(["letter_id", "account_id"], select(members.c[1], members.c[0]))
    ).rowcount  # type: ignore[attr-defined]
    _change(db, letter, recipients=col(Letter.recipients) + entered)
    db.refresh(letter)
    return True


def begin_taking_back(db: Session, letter: Letter) -> None:
    """A letter was stopped: whoever has it and was not told loses it, the first of them at once."""
    letter.taking_back = letter.reached
    db.flush()
    take_back_more(db, letter)


def take_back_more(db: Session, letter: Letter) -> bool:
    """Take a stopped letter back from the next recipients who were not told and have not opened it. False where another
    process is at it."""
    assert letter.taking_back is not None
    of_letter = col(LetterRecipient.letter_id) == letter.id
    below = select(LetterRecipient.account_id).where(
        of_letter, col(LetterRecipient.account_id) <= letter.taking_back
    )
    lowest = db.exec(
        below.order_by(col(LetterRecipient.account_id).desc()).offset(TAKEN_BACK - 1).limit(1)
    ).first()
    rest = lowest - 1 if lowest is not None and lowest > 1 else None
    if not _change(db, letter, col(Letter.taking_back) == letter.taking_back, taking_back=rest):
        return False
    among = (
        of_letter,
        col(LetterRecipient.account_id) <= letter.taking_back,
        col(LetterRecipient.account_id) > (rest or 0),
        col(LetterRecipient.delivered_at).is_not(None),
        col(LetterRecipient.read_at).is_(None),
        ~was_told(letter.id, col(LetterRecipient.account_id)),
    )
    taken = db.execute(
        update(LetterRecipient).where(*among).values(delivered_at=None).execution_options(**_SETTLING)
    ).rowcount  # type: ignore[attr-defined]
    _change(db, letter, delivered=col(Letter.delivered) - taken)
    db.refresh(letter)
    return True


def was_told(letter_id: int | None, account_id: Any) -> ColumnElement[bool]:
    """A push about the letter went out to the account, or is just going out."""
    return (
        select(Push.id)
        .where(
            col(Push.letter_id) == letter_id,
            col(Push.account_id) == account_id,
            col(Push.state).in_((PushState.SENT, PushState.SENDING)),
        )
        .exists()
    )


def is_lost(db: Session, row: LetterRecipient) -> bool:
    """The letter was stopped and will be taken back from this recipient."""
    letter = db.get_one(Letter, row.letter_id)
    if letter.taking_back is None or row.account_id > letter.taking_back or row.read_at is not None:
        return False
    return not db.execute(select(was_told(row.letter_id, row.account_id))).scalar_one()


def _move(db: Session, letter: Letter, place: Any, **values: Any) -> bool:
    return _change(db, letter, place, col(Letter.state) == LetterState.SENDING, **values)


def _change(db: Session, letter: Letter, *where: Any, **values: Any) -> bool:
    return bool(
        db.execute(
            update(Letter)
            .where(col(Letter.id) == letter.id, *where)
            .values(**values)
            .execution_options(**_SETTLING)
        ).rowcount  # type: ignore[attr-defined]
    )
