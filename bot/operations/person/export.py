"""A copy of one person's data, for that person: what the bot keeps of them and what they sent, and nothing of anybody else."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Table, select
from sqlmodel import Session, SQLModel, col

from bot.documents.blob_store import FileStore, NoSuchFile
from bot.documents.encryption import DecryptionFailed, DocumentCipher
from bot.operations.errors import UpkeepError
from bot.operations.person.course import subjects_of
from storage.ownership import give_to_owner_of
from storage.tables import (
    Account,
    AuditEvent,
    Branch,
    Contract,
    DeficiencyRound,
    Distributor,
    Letter,
    LetterFile,
    LetterRecipient,
    PaymentAttempt,
    StoredFile,
)

#: By table, the column that says whose it is, and the columns that are of this person. What is not named here is another's, a
#: secret, or of no meaning outside.
OWN: dict[str, tuple[str, str]] = {
    "account": (
        "id",
        "user_code state state_reason national_code first_name last_name mobile mobile_verified migrated created_at",
    ),
    "role_grant": ("account_id", "role university_code active created_at"),
    "officer": (
        "account_id",
        "birth_date level_code field_code field_note father_name gender birth_cert_no province city university_code postal_address "
        "phone email documents legacy_qualified qualified_at",
    ),
    "chat": ("account_id", "messenger chat_id role dead linked_at created_at"),
    "known_chat": ("account_id", "at"),
    "draft": ("account_id", "dialogue answers created_at updated_at"),
    "qualification_request": (
        "account_id",
        "id kind state tracking_code university_code snapshot before round officer_note reject_reason reject_text fee_rial "
        "submitted_at decided_at closed_at revoke_reason created_at",
    ),
    "cooperation_request": (
        "account_id",
        "id state tracking_code university_code officer_reason reject_text accepted_at closed_at created_at",
    ),
    "contract": ("account_id", "id migrated state started_at ended_at"),
    "termination": ("account_id", "contract_id reason state created_at closed_at"),
    "stored_file": (
        "account_id",
        "id sha256 media_type size original_name pages quality_warning created_at removed_at",
    ),
    "upload_day": ("account_id", "day files size"),
    "saved_phrase": ("account_id", "text created_at"),
}
#: Reached in another way, below.
OTHERS = frozenset(
    {"payment_attempt", "deficiency_round", "letter", "letter_recipient", "audit_event", "push"}
)
#: Tables with rows about people that are left out, and why: this stands in the copy.
LEFT_OUT = {
    "file_note": "notes of experts and staff among themselves",
    "search_query": "what the person searched for names others; kept for a day",
    "search_key": "made of the name and the national code",
    "throttle": "counted tries, kept for a short time",
    "invitation": "holds one-time codes; removed 30 days after its end",
    "expert_leave": "names the deputy",
    "staff_alert": "notes for staff",
    "inbox_update": "messages as they came, kept for a short time",
    "request_file": "says which document was part of which request",
    "pay_message": "numbers of messages",
    "file_handle": "numbers of files at the messengers",
    "chat_commands": "the menu of a chat",
    "audit_link": "the hash chain over the record",
}
#: Drafts about the person alone. A manager's forms name officers, staff's and experts' whom they decide on; one holds a password.
OWN_DRAFTS = frozenset({"qualification", "fix", "general", "coop_refuse", "terminate", "mobile"})
_ENDINGS = {"application/pdf": ".pdf", "image/jpeg": ".jpg", "image/png": ".png", "image/heic": ".heic"}


def collect(db: Session, account: Account) -> dict[str, Any]:
    """Everything but the bytes of documents."""
    data: dict[str, Any] = {name: _own(db, name, account.id or 0) for name in OWN}
    requests = [one["id"] for one in data["qualification_request"]]
    data["payment_attempt"] = _rows(
        db,
        PaymentAttempt,
        "id request_id gateway ref amount_rial state bank_ref card_masked created_at paid_at refund_ref refunded_at",
        col(PaymentAttempt.request_id).in_(requests),
    )
    data["deficiency_round"] = _rows(
        db,
        DeficiencyRound,
        "request_id round items note reasons replies snapshot declared_at resolved_at",
        col(DeficiencyRound.request_id).in_(requests),
    )
    data["contract"] = [one | _distributor(db, one["id"]) for one in data["contract"]]
    data["letter"] = _letters(db, account)
    data["push"] = _pushes(db, account)
    data["audit_event"] = _events(db, account)
    data["left_out"] = LEFT_OUT
    return data


def _own(db: Session, name: str, account_id: int) -> list[dict[str, Any]]:
    owner, columns = OWN[name]
    table = SQLModel.metadata.tables[name]
    rows = _select(db, table, columns, table.c[owner] == account_id)
    if name == "draft":
        return [row for row in rows if row["dialogue"] in OWN_DRAFTS]
    if name == "stored_file":
        attached = set(db.scalars(select(col(LetterFile.file_id)))) if rows else set()
        return [row for row in rows if row["id"] not in attached]
    return rows


def _rows(
    db: Session, model: type[SQLModel], columns: str, condition: ColumnElement[bool]
) -> list[dict[str, Any]]:
    return _select(db, model.__table__, columns, condition)  # type: ignore[attr-defined]


def _select(db: Session, table: Table, columns: str, condition: ColumnElement[bool]) -> list[dict[str, Any]]:
    wanted = [table.c[name] for name in columns.split()]
    found = db.execute(select(*wanted).where(condition).order_by(*table.primary_key.columns))
    return [dict(row._mapping) for row in found]


def _distributor(db: Session, contract_id: int) -> dict[str, str]:
    contract = db.get_one(Contract, contract_id)
    return {
        "distributor": db.get_one(Distributor, contract.distributor_id).name,
        "branch": db.get_one(Branch, contract.branch_id).name,
    }


def _letters(db: Session, account: Account) -> list[dict[str, Any]]:
    wanted = (Letter.number, Letter.title, Letter.text, LetterRecipient.delivered_at, LetterRecipient.read_at)
    query = (
        select(*wanted)  # type: ignore[call-overload]
        .join(LetterRecipient, col(LetterRecipient.letter_id) == col(Letter.id))
        .where(col(LetterRecipient.account_id) == account.id, col(LetterRecipient.delivered_at).is_not(None))
        .order_by(col(Letter.id))
    )
    return [dict(row._mapping) for row in db.execute(query)]


def _pushes(db: Session, account: Account) -> list[dict[str, Any]]:
    """What was told to the person themself; what a role of theirs was told is about others. No text of an SMS: it may hold a
    password."""
    table = SQLModel.metadata.tables["push"]
    mine = _select(
        db, table, "kind channel state created_at sent_at text grant_id", table.c.account_id == account.id
    )
    for row in mine:
        if row.pop("grant_id") is not None or row["channel"] == "SMS":
            del row["text"]
    return mine


def _events(db: Session, account: Account) -> list[dict[str, Any]]:
    """What happened to this person's own matters by whichever role; and that the person acted, in the matters of others."""
    subjects = subjects_of(db, account)
    query = (
        select(AuditEvent)
        .where(subjects.condition() | (col(AuditEvent.actor_id) == account.id))
        .order_by(col(AuditEvent.id))
    )
    lines = []
    for event in db.execute(query).scalars():
        mine = event.subject_id in subjects.names.get(event.subject, {})
        line = {"at": event.at, "event": event.event, "subject": event.subject, "by": event.actor_role}
        if mine:
            line |= {"subject_id": event.subject_id, "from": event.from_state, "to": event.to_state}
        if mine and event.actor_id == account.id:
            line |= {"data": event.data, "messenger": event.messenger}
        lines.append(line)
    return lines


class Copy:
    """A new folder, readable by us alone."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def make(self) -> None:
        """Raises UpkeepError where something is there."""
        try:
            self.folder.mkdir(mode=0o700, parents=True)
            (self.folder / "documents").mkdir(mode=0o700)
        except FileExistsError:
            raise UpkeepError(f"{self.folder} is there already; name a new folder") from None
        except OSError as error:
            raise UpkeepError(f"{self.folder} cannot be made ({error.strerror})") from None

    def put(self, name: str, data: bytes) -> None:
        path = self.folder / name
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(data)
        give_to_owner_of(self.folder, path)


async def write_copy(
    data: dict[str, Any],
    files: list[StoredFile],
    *,
    store: FileStore,
    cipher: DocumentCipher,
    copy: Copy,
    tell: Callable[[str], None],
) -> int:
    """`person.json` and the documents as they were uploaded; how many of these. One that cannot be had is told, and named in the
    file. Raises StoreDown."""
    documents = {row["id"]: row for row in data["stored_file"]}
    written = 0
    for file in files:
        number = file.id or 0
        if number not in documents:
            continue
        name = f"documents/{number}{_ENDINGS.get(file.media_type, '.bin')}"
        try:
            copy.put(name, cipher.open(await store.get(file.original_key), file.original_key))
        except (NoSuchFile, DecryptionFailed):
            tell(f"document {number} cannot be opened; see `bot.py doctor`")
            documents[number]["file"] = None
            continue
        documents[number]["file"] = name
        written += 1
    said = json.dumps(data, ensure_ascii=False, indent=1, default=_plain)
    copy.put("person.json", said.encode())
    return written


def living_files(db: Session, account: Account) -> list[StoredFile]:
    query = select(StoredFile).where(
        col(StoredFile.account_id) == account.id, col(StoredFile.removed_at).is_(None)
    )
    files = list(db.execute(query.order_by(col(StoredFile.id))).scalars())
    for file in files:
        db.expunge(file)
    return files


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    raise TypeError(type(value).__name__)
