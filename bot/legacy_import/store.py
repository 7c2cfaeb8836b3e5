"""Officers and distributors of the old system come in.

See docs/specification.md 2.1 (import), R52, R53, Q26, Q27.

An officer is known by the national code. What the file says later is taken over only as long as nobody has
logged in to the account; user code and password are never changed by a file. A row is stored wholly or not at
all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import insert
from sqlalchemy.exc import DataError, IntegrityError
from sqlmodel import Session, SQLModel, col, select

from bot.core.context import Actor
from bot.core.refusals import Refusal
from bot.legacy_import.columns import label
from bot.legacy_import.row_parser import DistributorRow, Employer, OfficerRow, ReferenceCodes, RowError
from bot.legacy_import.store_distributors import employ, find_or_create
from bot.rules.validators import search_key
from bot.services.accounts import queries
from bot.services.search import index as search_index
from bot.services.shared import audit
from bot.texts import t
from storage.enums import AccountState, Role
from storage.tables import Account, AuditEvent, Contract, DegreeLevel, FieldOfStudy, Officer, University

SUBJECT = "account"
#: Events that tell that the owner has been here.
_CAME = ("logged_in", "access_recovered")
_ACCOUNT, _OFFICER, _GRANT, _AUDIT = (
    SQLModel.metadata.tables[name] for name in ("account", "officer", "role_grant", "audit_event")
)
_INSERT_ACCOUNTS = insert(_ACCOUNT).returning(_ACCOUNT.c.id, sort_by_parameter_order=True)
_NO_FILE = dict.fromkeys(("level_code", "field_code", "field_note", "father_name", "gender", "birth_cert_no", "province", "city", "university_code", "postal_address", "phone", "email", "qualified_at"))  # fmt: skip


class Result(StrEnum):
    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    #: The row differs from what is stored, and the owner has logged in since: left alone.
    UNTOUCHED = "untouched"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class RowResult:
    """What became of a row."""

    row: int
    result: Result
    mistake: RowError | None = None
    new_distributor: bool = False


class _Refused(Refusal):
    """A row that the database cannot take: which column, and why."""

    def __init__(self, key: str, *, column: str = "", value: str = "", **args: Any) -> None:
        super().__init__(f"import.{key}", **args)
        self.column, self.value = column, value


def reference_codes(db: Session, *, today: date) -> ReferenceCodes:
    """Levels, fields and universities by code and by name, closed ones too: who was taken in then stays
    so."""
    levels = db.exec(select(DegreeLevel)).all()
    fields = db.exec(select(FieldOfStudy)).all()
    universities = db.exec(select(University)).all()
    return ReferenceCodes(
        levels={search_key(word): level.code for level in levels for word in (level.code, level.name)},
        fields={search_key(word): field.code for field in fields for word in (field.code, field.name)},
        universities={
            search_key(word): university.code
            for university in universities
            for word in (university.code, university.name)
        },
        other_field=next((field.code for field in fields if field.needs_note), None),
        today=today,
    )


def known_codes(db: Session, national_codes: Sequence[str]) -> set[str]:
    """Those that have an account: their passwords need no hashing."""
    query = select(Account.national_code).where(
        col(Account.national_code).in_(national_codes), Account.state != AccountState.ANNULLED
    )
    return {code for code in db.exec(query) if code is not None}


def store_batch(
    db: Session,
    *,
    batch: Sequence[OfficerRow | DistributorRow],
    hashes: Mapping[int, str],
    actor: Actor,
    now: datetime,
) -> list[RowResult]:
    """Take a batch of rows in, each wholly or not at all. `hashes` has the hash of each plain password by
    row."""
    people = [row for row in batch if isinstance(row, OfficerRow)]
    accounts = {
        account.national_code: account
        for account in db.exec(
            select(Account).where(
                col(Account.national_code).in_([person.national_code for person in people]),
                Account.state != AccountState.ANNULLED,
            )
        )
    }
    taken = set(
        db.exec(
            select(Account.user_code).where(
                col(Account.user_code).in_([person.user_code for person in people])
            )
        )
    )
    here = [account.id or 0 for account in accounts.values()]
    officers = {
        officer.account_id: officer
        for officer in db.exec(select(Officer).where(col(Officer.account_id).in_(here)))
    }
    employed = _with_contracts(db, here)
    outcomes: dict[int, RowResult] = {}
    plain = [
        person
        for person in people
        if person.employer is None and person.national_code not in accounts and person.user_code not in taken
    ]
    if _all_at_once(db, plain, hashes=hashes, actor=actor, now=now):
        outcomes = {row.row: RowResult(row.row, Result.CREATED) for row in plain}
    for row in batch:
        if row.row in outcomes:
            continue
        try:
            with db.begin_nested():
                if isinstance(row, DistributorRow):
                    outcomes[row.row] = _store_distributor(db, row, actor=actor, now=now)
                elif (account := accounts.get(row.national_code)) is not None:
                    outcomes[row.row] = _update(
                        db,
                        row,
                        account,
                        officers.get(account.id or 0),
                        employed=account.id in employed,
                        actor=actor,
                        now=now,
                    )
                else:
                    outcomes[row.row] = _register(
                        db, row, taken=row.user_code in taken, hashes=hashes, actor=actor, now=now
                    )
        except Refusal as refusal:
            outcomes[row.row] = _refused(row.row, refusal)
        except (IntegrityError, DataError):
            # Another transaction was faster with this national code, user code or licence.
            outcomes[row.row] = _refused(row.row, _Refused("just_taken"))
    return [outcomes[row.row] for row in batch]


def _with_contracts(db: Session, account_ids: Sequence[int]) -> set[int]:
    """Those who have, or had, a contract."""
    query = select(Contract.account_id).where(col(Contract.account_id).in_(account_ids))
    return set(db.exec(query))


def _refused(row: int, refusal: Refusal) -> RowResult:
    column, value = getattr(refusal, "column", ""), getattr(refusal, "value", "")
    mistake = RowError(row, label(column) if column else "", value, t(refusal.key, **refusal.args_of_text))
    return RowResult(row, Result.REFUSED, mistake)


def _all_at_once(
    db: Session, people: Sequence[OfficerRow], *, hashes: Mapping[int, str], actor: Actor, now: datetime
) -> bool:
    """Rows that nothing speaks against, in four statements. False where the database refused them
    together."""
    if not people:
        return True
    try:
        with db.begin_nested():
            _insert(db, people, hashes=hashes, actor=actor, now=now)
    except (IntegrityError, DataError):
        return False
    return True


def _insert(
    db: Session, people: Sequence[OfficerRow], *, hashes: Mapping[int, str], actor: Actor, now: datetime
) -> list[int]:
    """Accounts without a chat, their files and roles. The ids, in order."""
    ids = list(
        db.connection()
        .execute(_INSERT_ACCOUNTS, [_account(officer_row, hashes, now) for officer_row in people])
        .scalars()
        .all()
    )
    pairs = list(zip(ids, people, strict=True))
    db.connection().execute(
        insert(_OFFICER), [_officer(account_id, officer_row) for account_id, officer_row in pairs]
    )
    db.connection().execute(
        insert(_GRANT),
        [
            {"account_id": account_id, "role": Role.OFFICER, "university_code": None, "distributor_id": None,
             "active": True, "waiting_notified_at": None, "created_at": now}
            for account_id in ids
        ],
    )  # fmt: skip
    db.connection().execute(
        insert(_AUDIT),
        [
            {"at": now, "event": "legacy_import", "subject": SUBJECT, "subject_id": account_id,
             "actor_id": actor.account_id, "actor_role": actor.role, "messenger": actor.messenger,
             "from_state": None, "to_state": AccountState.ACTIVE,
             "data": {"qualified": bool(officer_row.file.get("legacy_qualified"))}}
            for account_id, officer_row in pairs
        ],
    )  # fmt: skip
    search_index.index_new_accounts(
        db,
        [
            (account_id, row.account["first_name"], row.account["last_name"], row.national_code)
            for account_id, row in pairs
        ],
    )
    return ids


def _account(row: OfficerRow, hashes: Mapping[int, str], now: datetime) -> dict[str, Any]:
    return {
        "user_code": row.user_code,
        "password_hash": row.password_hash or hashes[row.row],
        "credentials_pending": False,
        "state": AccountState.ACTIVE,
        "state_reason": None,
        "national_code": row.national_code,
        "mobile": None,
        "mobile_verified": False,
        "migrated": True,
        "version": 0,
        "created_at": now,
    } | row.account


def _officer(account_id: int, row: OfficerRow) -> dict[str, Any]:
    return (
        {"account_id": account_id, "documents": {}, "legacy_qualified": False, "version": 0}
        | _NO_FILE
        | row.file
    )


def _register(
    db: Session, row: OfficerRow, *, taken: bool, hashes: Mapping[int, str], actor: Actor, now: datetime
) -> RowResult:
    if taken:
        raise _Refused("user_code_taken", column="user_code", value=row.user_code)
    (account_id,) = _insert(db, [row], hashes=hashes, actor=actor, now=now)
    made = False
    if row.employer is not None:
        made = _employ(db, row, row.employer, account_id, actor=actor, now=now)
    return RowResult(row.row, Result.CREATED, new_distributor=made)


def _store_distributor(db: Session, row: DistributorRow, *, actor: Actor, now: datetime) -> RowResult:
    _, made = find_or_create(db, row.employer, actor=actor, now=now)
    return RowResult(row.row, Result.CREATED if made else Result.UNCHANGED, new_distributor=made)


def _employ(
    db: Session, row: OfficerRow, employer: Employer, account_id: int, *, actor: Actor, now: datetime
) -> bool:
    """Whether the distributor had to be made."""
    distributor, made = find_or_create(db, employer, actor=actor, now=now)
    employ(db, account_id=account_id, distributor=distributor, since=row.contract_from, actor=actor, now=now)
    return made


def _update(
    db: Session,
    row: OfficerRow,
    account: Account,
    officer: Officer | None,
    *,
    employed: bool,
    actor: Actor,
    now: datetime,
) -> RowResult:
    """An account that exists already: what the row says otherwise is taken over until they first log in."""
    assert account.id is not None
    if officer is None:
        raise _Refused("already_here", column="national_code", value=row.national_code)
    if not account.migrated:
        raise _Refused("already_registered", column="national_code", value=row.national_code)
    said = {name: value for name, value in row.account.items() if getattr(account, name) != value}
    filed = {name: value for name, value in row.file.items() if getattr(officer, name) != value}
    if employed:
        filed = {name: value for name, value in filed.items() if name != "legacy_qualified" or value}
    hired = row.employer is not None and not employed
    if not said and not filed and not hired:
        return RowResult(row.row, Result.UNCHANGED)
    if account.state is not AccountState.ACTIVE or _has_logged_in(db, account.id):
        return RowResult(row.row, Result.UNTOUCHED)
    queries.lock_account(db, account.id)
    if said:
        queries.save_account(db, account, **said)
    for name, value in filed.items():
        setattr(officer, name, value)
    if filed:
        officer.version += 1
        db.flush()
    made = False
    if hired and row.employer is not None:
        made = _employ(db, row, row.employer, account.id, actor=actor, now=now)
    audit.record(
        db,
        now=now,
        actor=actor,
        event="legacy_import_corrected",
        subject=SUBJECT,
        subject_id=account.id,
        items=sorted([*said, *filed, *(["contract"] if hired else [])]),
    )
    return RowResult(row.row, Result.UPDATED, new_distributor=made)


def _has_logged_in(db: Session, account_id: int) -> bool:
    query = select(AuditEvent.id).where(
        AuditEvent.subject == SUBJECT,
        AuditEvent.subject_id == account_id,
        col(AuditEvent.event).in_(_CAME),
    )
    return db.exec(query.limit(1)).first() is not None
