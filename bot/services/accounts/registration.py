"""An officer's registration (R1, R12, R18): national codes tried, the account, its user code."""

import secrets
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import bindparam
from sqlalchemy import select as select_columns
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from bot.core.refusals import InvalidInput, Refusal, Throttled
from bot.core.screens import button
from bot.rules.validators import Mobile, NationalCode
from bot.services.accounts import roles, sessions
from bot.services.search import index as search_index
from bot.services.shared import audit, rate_limit, reference_data
from bot.services.shared.rate_limit import NATIONAL_CODES_PER_CHAT
from bot.texts import t
from storage.enums import AccountState, Role
from storage.prepared import Prepared, connection_of
from storage.tables import Account, Chat, Officer

_LIVING = Prepared(
    select_columns(col(Account.id))
    .where(
        col(Account.national_code) == bindparam("national_code"), col(Account.state) != AccountState.ANNULLED
    )
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class Registration:
    """Everything that the registration dialogue asks (docs/specification.md 3, phase Reg), normalised."""

    national_code: NationalCode
    birth_date: date
    first_name: str
    last_name: str
    level_code: str
    field_code: str
    field_note: str | None
    mobile: Mobile
    mobile_verified: bool


def duplicate() -> Refusal:
    """R12, with buttons that lead on."""
    return Refusal(
        "error.duplicate_registration",
        next_buttons=(button(t("guest.login"), "login"), button(t("guest.forgot"), "forgot")),
    )


def try_national_code(db: Session, *, chat: Chat, national_code: NationalCode, now: datetime) -> bool:
    """Count one national code tried in this chat and say whether it is still unused.

    Raises Throttled after five of a day: the bot is no register of who is registered.
    """
    key = f"register:chat:{chat.id}"
    if rate_limit.time_to_wait(db, key=key, limit=NATIONAL_CODES_PER_CHAT, now=now) is not None:
        raise Throttled
    rate_limit.count_try(db, key=key, now=now)
    return not is_registered(db, national_code)


def is_registered(db: Session, national_code: str) -> bool:
    """Whether a national code has an account, unless that was annulled."""
    return _LIVING.first(connection_of(db), {"national_code": national_code}) is not None


def require_allowed(db: Session, *, level_code: str, field_code: str) -> None:
    """R20: the level, the field and their pair are open now. Raises InvalidInput("error.field_closed")."""
    if not reference_data.studies_allowed(db, {"degree_level": level_code, "field_of_study": field_code}):
        raise InvalidInput("error.field_closed")


def register(db: Session, *, chat: Chat, given: Registration, password_hash: str, now: datetime) -> Account:
    """Make the officer's account and log this chat in. The password counts as pending until its screen arrived.

    Raises Refusal("error.duplicate_registration") also where another registration was faster with the same national code.
    """
    require_allowed(db, level_code=given.level_code, field_code=given.field_code)
    if is_registered(db, given.national_code):
        raise duplicate()
    account = insert(
        db,
        Account(
            user_code="",
            password_hash=password_hash,
            credentials_pending=True,
            national_code=given.national_code,
            first_name=given.first_name,
            last_name=given.last_name,
            mobile=given.mobile,
            mobile_verified=given.mobile_verified,
            created_at=now,
        ),
    )
    assert account.id is not None
    db.add(
        Officer(
            account_id=account.id,
            birth_date=given.birth_date,
            level_code=given.level_code,
            field_code=given.field_code,
            field_note=given.field_note,
        )
    )
    roles.grant(db, account=account, role=Role.OFFICER, university_code=None, now=now)
    actor = sessions.link(db, chat=chat, account=account, now=now)
    audit.record(
        db,
        now=now,
        actor=actor,
        event="registered",
        subject="account",
        subject_id=account.id,
        to_state=account.state,
        mobile_verified=given.mobile_verified,
    )
    return account


def insert(db: Session, account: Account) -> Account:
    """Insert with a user code of its own: 8 random digits that no account has (Q31).

    Raises `duplicate()` where a living account has the national code.
    """
    while True:
        account.user_code = str(secrets.randbelow(90_000_000) + 10_000_000)
        if db.exec(select(Account.id).where(Account.user_code == account.user_code)).first() is not None:
            continue
        try:
            with db.begin_nested():
                db.add(account)
                db.flush()
        except IntegrityError:
            if account.national_code and is_registered(db, account.national_code):
                raise duplicate() from None
            raise
        search_index.index_account(db, account)
        return account
