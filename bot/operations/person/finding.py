"""Whom an operator means: a national code, a mobile, a user code or a tracking code, in any digits."""

from __future__ import annotations

from sqlmodel import Session, col, select

from bot.core.refusals import InvalidInput
from bot.operations.errors import UpkeepError
from bot.rules import validators
from storage.enums import AccountState
from storage.tables import Account, CooperationRequest, QualificationRequest


def find_person(db: Session, typed: str) -> Account:
    """The one person with this code. Raises UpkeepError where there is none, or several (a mobile that two people gave)."""
    code = "".join(filter(str.isdigit, validators.normalise(typed)))
    found = _by_mobile(db, typed) or _by_code(db, code)
    living = [one for one in found if one.state is not AccountState.ANNULLED]
    chosen = living or found
    if not chosen:
        raise UpkeepError("CODE: nobody has this national code, mobile, user code or tracking code")
    if len(chosen) > 1:
        codes = ", ".join(f"{one.user_code} ({one.state})" for one in chosen[:20])
        raise UpkeepError(f"CODE: several accounts have it; name one by its user code: {codes}")
    return chosen[0]


def _by_mobile(db: Session, typed: str) -> list[Account]:
    try:
        mobile = validators.mobile(typed)
    except InvalidInput:
        return []
    return list(db.exec(select(Account).where(Account.mobile == mobile).order_by(col(Account.id))))


def _by_code(db: Session, code: str) -> list[Account]:
    own = select(Account).where((Account.national_code == code) | (Account.user_code == code))
    if code and (found := list(db.exec(own.order_by(col(Account.id))))):
        return found
    owners = [
        db.exec(select(table.account_id).where(table.tracking_code == code)).first()
        for table in (QualificationRequest, CooperationRequest)
    ]
    return [db.get_one(Account, owner) for owner in owners if owner is not None][:1]
