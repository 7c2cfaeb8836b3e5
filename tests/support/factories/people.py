"""Accounts with a role and a chat. User codes and national codes are counted up, so every call makes another person."""

from dataclasses import dataclass
from datetime import date, datetime
from itertools import count
from typing import Any

from sqlalchemy import update
from sqlmodel import Session, col

from bot.core.context import Actor, PublicInfo
from bot.services import accounts
from bot.services.search import index as search_index
from storage.enums import Messenger, Role
from storage.tables import Account, Chat, Grant, Officer
from tests.support.factories.reference_data import NOW, add_reference_data
from tests.support.identities import next_national_code

_user_codes = count(10_000_001)
#: The registered officer of `participants`.
SARA = "9991234561"
MOBILE = "+989121234567"


def account(
    db: Session, first: str = "سارا", last: str = "کریمی‌نژاد", *, chat: bool = True, **values: Any
) -> Account:
    """An account without a role; with a chat on Telegram, whose number is the user code."""
    code = f"{next(_user_codes)}"
    made = Account(user_code=code, password_hash="x", first_name=first, last_name=last, **values)
    db.add(made)
    db.flush()
    search_index.index_account(db, made)
    if chat:
        db.add(Chat(messenger=Messenger.TELEGRAM, chat_id=int(code), account_id=made.id))
        db.flush()
    return made


def granted(
    db: Session, made: Account, role: Role, university: str | None = None, distributor_id: int | None = None
) -> Actor:
    """The account in a role that it now holds."""
    db.add(Grant(account_id=made.id, role=role, university_code=university, distributor_id=distributor_id))
    db.flush()
    return Actor(made.id, role, university, Messenger.TELEGRAM, distributor_id)


def officer(
    db: Session,
    first: str = "سارا",
    last: str = "کریمی‌نژاد",
    *,
    national_code: str | None = None,
    chat: bool = True,
) -> Actor:
    """Registered and not yet qualified."""
    made = account(
        db, first, last, chat=chat, national_code=national_code or next_national_code(), mobile=MOBILE
    )
    db.add(
        Officer(
            account_id=made.id, birth_date=date(1986, 7, 3), level_code="bachelor", field_code="biomedical"
        )
    )
    return granted(db, made, Role.OFFICER)


def qualified_officer(
    db: Session, first: str = "سارا", *, national_code: str | None = None, chat: bool = True
) -> Actor:
    """Found qualified in Isfahan, so a distributor may choose them."""
    made = officer(db, first, "نمونه", national_code=national_code, chat=chat)
    profile = db.get_one(Officer, made.account_id)
    profile.university_code, profile.qualified_at = "mui", NOW
    db.flush()
    return made


def expert(
    db: Session, last: str = "علوی", *, university: str = "sums", role: Role = Role.EXPERT, chat: bool = True
) -> Actor:
    return granted(db, account(db, "کارشناس", last, chat=chat), role, university)


def staff(db: Session) -> Actor:
    return granted(db, account(db, "رضا", "ستادی"), Role.STAFF)


def end_role(db: Session, person: Actor) -> None:
    """Whatever role this person has is taken away."""
    db.exec(update(Grant).where(col(Grant.account_id) == person.account_id).values(active=False))


def suspend(db: Session, actor: Actor, person: Actor, *, now: datetime = NOW, death: bool = False) -> None:
    accounts.suspend(
        db,
        actor=actor,
        account_id=person.account_id or 0,
        reason="به درخواست اداره کل",
        public_info=PublicInfo("021", "https://x"),
        now=now,
        death=death,
    )


@dataclass
class Participants:
    """An officer, two experts of Shiraz and the expert in charge, one expert elsewhere, staff."""

    sara: Actor
    ali: Actor
    zahra: Actor
    in_charge: Actor
    foreign: Actor
    staff: Actor


def participants(db: Session) -> Participants:
    """The participants of a qualification, with the reference data."""
    add_reference_data(db)
    return Participants(
        officer(db, national_code=SARA),
        expert(db, "علوی"),
        expert(db, "زارعی"),
        expert(db, "مسئولی", role=Role.IN_CHARGE),
        expert(db, "اصفهانی", university="mui"),
        staff(db),
    )
