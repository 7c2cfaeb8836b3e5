"""What the tests of accounts begin with, done through the services."""

from datetime import date, datetime

from sqlmodel import Session, col, select

from bot.core.context import Actor
from bot.services import accounts
from bot.services.accounts import Registration
from storage.enums import Messenger, Role
from storage.tables import Account, AuditEvent, Chat, Push
from tests.support.factories.reference_data import NOW

CODE, OTHER_CODE = "9991234561", "9991234551"
MOBILE = "+989121234567"
REGISTRATION = Registration(
    national_code=CODE,
    birth_date=date(1986, 7, 3),
    first_name="سارا",
    last_name="کریمی‌نژاد",
    level_code="bachelor",
    field_code="biomedical",
    field_note=None,
    mobile=MOBILE,
    mobile_verified=True,
)


def new_chat(db: Session, number: int = 2, messenger: Messenger = Messenger.TELEGRAM) -> Chat:
    chat = Chat(messenger=messenger, chat_id=number)
    db.add(chat)
    db.flush()
    return chat


def register(
    db: Session, number: int = 1, given: Registration = REGISTRATION, password_hash: str = "first"
) -> tuple[Account, Chat]:
    """Sara's account and the chat of this number, in which she registered."""
    chat = new_chat(db, number)
    return accounts.register(db, chat=chat, given=given, password_hash=password_hash, now=NOW), chat


def register_on_both(db: Session) -> tuple[Account, Chat, Chat]:
    """Registered on Telegram, logged in on Bale as well."""
    account, phone = register(db)
    bale = new_chat(db, 2, Messenger.BALE)
    log_in(db, account, bale)
    return account, phone, bale


def log_in(
    db: Session,
    account: Account,
    chat: Chat,
    now: datetime = NOW,
    *,
    checked_hash: str | None = None,
    new_hash: str | None = None,
) -> Account:
    """With the right password, unless a hash is given."""
    return accounts.login(
        db,
        chat=chat,
        account_id=account.id,
        checked_hash=checked_hash or account.password_hash,
        new_hash=new_hash,
        now=now,
    )


def owner(account: Account, role: Role = Role.OFFICER) -> Actor:
    return Actor(account.id, role, None, Messenger.TELEGRAM)


def pushes(db: Session, kind: str) -> list[Push]:
    return list(db.exec(select(Push).where(Push.kind == kind).order_by(col(Push.id))))


def events(db: Session) -> list[AuditEvent]:
    return list(db.exec(select(AuditEvent).order_by(col(AuditEvent.id))))
