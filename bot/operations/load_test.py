"""Rows for a database of a given number of officers: to see how the service does on one's own hardware.

Every table that grows has its share: requests in all states, drafts, files, contracts, letters, pushes, updates, audit.
Made by the database itself, a statement a table; the same number gives the same rows.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection, select
from sqlmodel import col

from bot.operations.row_writer import LAST, RowWriter
from storage.tables import (
    Account,
    AuditEvent,
    AuditLink,
    Branch,
    Chat,
    Contract,
    CooperationRequest,
    Distributor,
    Draft,
    FileHandle,
    FileNote,
    Grant,
    InboxUpdate,
    Letter,
    LetterRecipient,
    Officer,
    PaymentAttempt,
    Push,
    QualificationRequest,
    RequestFile,
    SearchQuery,
    StaffAlert,
    StoredFile,
    Throttle,
    UploadDay,
)

#: Of each university, and of the directorate.
EXPERTS = STAFF = 5
#: Of a hundred requests. The first five wait for an expert, ten are drafts.
_STATE = """CASE WHEN i % 100 < 5 THEN 'SUBMITTED' WHEN i % 100 < 7 THEN 'IN_REVIEW' WHEN i % 100 < 8 THEN 'DEFICIENT'
    WHEN i % 100 < 10 THEN 'AWAITING_PAYMENT' WHEN i % 100 < 20 THEN 'DRAFT' WHEN i % 100 < 28 THEN 'REJECTED'
    WHEN i % 100 < 29 THEN 'WITHDRAWN' WHEN i % 100 < 30 THEN 'REVOKED' ELSE 'COMPLETED' END"""
_IS_DRAFT, _IS_COMPLETED = "i % 100 BETWEEN 10 AND 19", "i % 100 >= 30"
#: Minutes ago: what is open is of the last twenty days, drafts are of a year, what is over is of three years.
_AGE = "CASE WHEN i % 100 < 10 THEN (i * 7919) % 28000 WHEN i % 100 < 20 THEN (i * 7919) % 520000 ELSE (i * 7919) % 1500000 END"
#: Reminders that were sent: one in fifty is due.
_REMINDED = f"""CASE WHEN i % 5000 < 100 THEN 0 WHEN i % 100 < 7 THEN ({_AGE}) / 14400
    WHEN i % 100 < 10 AND ({_AGE}) > 10080 THEN 2 WHEN i % 100 < 10 AND ({_AGE}) > 4320 THEN 1 ELSE 0 END"""


class NotEmptyError(Exception):
    """The database holds accounts: it may be somebody's."""


def fill(
    connection: Connection, *, officers: int, now: datetime, tell: Callable[[str], None] = lambda part: None
) -> None:
    """Fill a database that has nothing but its reference data; `tell` hears of each part. Raises NotEmptyError."""
    if connection.execute(select(col(Account.id)).limit(1)).first() is not None:
        raise NotEmptyError
    writer = RowWriter(connection, now)
    writer.make_helpers()
    parts = {
        "people": _people,
        "requests": _requests,
        "documents": _documents,
        "centres": _centres,
        "letters": _letters,
        "messages": _messages,
        "records": _records,
    }
    for name, part in parts.items():
        part(writer, officers)
        tell(name)
    writer.finish()


def _people(w: RowWriter, officers: int) -> None:
    """Officers are 1 to N; behind them are the experts of every university, then staff, then managers."""
    experts, managers = w.universities * EXPERTS, max(officers // 100, 1)
    first_staff, first_manager = officers + experts, officers + experts + STAFF
    everybody = first_manager + managers
    role = f"""CASE WHEN i <= {officers} THEN 'officer' WHEN i <= {first_staff} AND i % {EXPERTS} = 0
        THEN 'expert-in-charge' WHEN i <= {first_staff} THEN 'expert' WHEN i <= {first_manager} THEN 'staff'
        ELSE 'distributor' END"""
    born = w.ago("(i * 7919) % 1500000")
    w.write(
        Account,
        everybody,
        user_code="CAST(20000000 + i AS text)",
        password_hash="'x'",  # noqa: S106 -- nobody logs in with it
        national_code=w.digits("i", 10),
        first_name=w.name("first"),
        last_name=w.name("last"),
        mobile=f"'+989' || {w.digits('i', 9)}",
        mobile_verified="true",
        migrated=w.flag("i % 2 = 0"),
        created_at=born,
    )
    company = {"kind": "'COMPANY'", "name": "'شرکت ' || i", "legal_id": w.digits("i", 11)}
    w.write(Distributor, managers, manager_name="'مدیر'", **company)
    is_expert = f"i > {officers} AND i <= {first_staff}"
    w.write(
        Grant,
        everybody,
        account_id="i",
        role=role,
        university_code=f"CASE WHEN {is_expert} THEN {w.university(f'(i - {officers + 1}) / {EXPERTS}')} END",
        distributor_id=f"CASE WHEN i > {first_manager} THEN i - {first_manager} END",
        waiting_notified_at=f"CASE WHEN {is_expert} THEN {w.ago('120')} END",
        created_at=born,
    )
    messenger = "CASE WHEN i % 2 = 0 THEN 'telegram' ELSE 'bale' END"
    chat = {
        "messenger": messenger,
        "chat_id": "500000000 + i",
        "account_id": "i",
        "role": role,
        "menu_role": role,
    }
    w.write(Chat, everybody, view="'home'", created_at=born, **chat)
    for scope in ("'*'", w.university("a.id / 100")):
        w.run(
            f"INSERT INTO search_key (scope, key, kind, subject_id) SELECT {scope}, k.key, 'account', a.id FROM account a "
            f"JOIN load_key k ON k.n = (a.id * 7919) % {len(LAST)} WHERE a.id <= {officers}"
        )
    w.run(
        "INSERT INTO search_key (scope, key, kind, subject_id) "
        "SELECT '*', '#' || substr(national_code, 7), 'account', id FROM account"
    )


def _requests(w: RowWriter, officers: int) -> None:
    reviewer = f"{officers} + 1 + {EXPERTS} * ((i / 100) % {w.universities}) + i % {EXPERTS}"
    moment = w.ago(_AGE)
    w.write(
        QualificationRequest,
        officers,
        account_id="i",
        kind="CASE WHEN i % 7 = 0 THEN 'AMENDMENT' ELSE 'NEW' END",
        state=_STATE,
        tracking_code=f"CASE WHEN NOT {_IS_DRAFT} THEN {w.digits('i', 12)} END",
        university_code=w.university(),
        reviewer_id=f"CASE WHEN i % 100 BETWEEN 5 AND 9 OR i % 100 >= 20 THEN {reviewer} END",
        snapshot="""'{"doc.degree": [' || i || '], "gender": "male", "province": "تهران"}'""",
        reject_reason="CASE WHEN i % 100 BETWEEN 20 AND 27 THEN 'OTHER' END",
        reject_text="CASE WHEN i % 100 BETWEEN 20 AND 27 THEN 'دلیل رد پرونده' END",
        submitted_at=f"CASE WHEN NOT {_IS_DRAFT} THEN {moment} END",
        received_at=f"CASE WHEN NOT {_IS_DRAFT} THEN {moment} END",
        decided_at=f"CASE WHEN i % 100 >= 20 OR i % 100 IN (8, 9) THEN {moment} END",
        closed_at=f"CASE WHEN i % 100 >= 20 THEN {moment} END",
        reminders=_REMINDED,
        state_since=moment,
        created_at=moment,
    )
    w.write(
        Draft,
        officers,
        where=_IS_DRAFT,
        account_id="i",
        dialogue="'qualification'",
        subject_id="i",
        answers="""'{"doc.degree": [' || i || '], "gender": "male"}'""",
        created_at=moment,
        updated_at=moment,
    )
    w.write(
        Officer,
        officers,
        account_id="i",
        birth_date="'1990-01-01'" if w.is_sqlite else "date '1990-01-01'",
        province="'تهران'",
        university_code=w.university(),
        documents=f"""CASE WHEN {_IS_COMPLETED} THEN '{{"degree": [' || i || ']}}' ELSE '{{}}' END""",
        qualified_at=f"CASE WHEN {_IS_COMPLETED} THEN {moment} END",
    )
    w.write(
        PaymentAttempt,
        officers,
        where=f"{_IS_COMPLETED} OR i % 100 = 9",
        request_id="i",
        gateway="'zarinpal'",
        ref="'A' || i",
        amount_rial="1000000",
        state="CASE WHEN i % 100 = 9 THEN 'FAILED' WHEN i % 10000 = 30 THEN 'REFUND_DUE' ELSE 'PAID' END",
        state_since=moment,
        created_at=moment,
        paid_at=f"CASE WHEN {_IS_COMPLETED} THEN {moment} END",
    )


def _documents(w: RowWriter, officers: int) -> None:
    """Two of every officer: of the first one's request, or of the draft; of the second one in fifty is in nothing."""
    w.write(
        StoredFile,
        2 * officers,
        account_id=f"(i - 1) % {officers} + 1",
        sha256=w.digits("i", 64),
        media_type="'image/jpeg'",
        size="300000",
        original_key=w.digits("2 * i", 32),
        shown_key=w.digits("2 * i + 1", 32),
        pages="1",
        created_at=w.ago(
            f"CASE WHEN i > {officers} AND i % 50 = 0 THEN (i * 7919) % 43000 ELSE (i * 7919) % 1500000 END"
        ),
    )
    sent = f"CASE WHEN i > {officers} THEN i - {officers} ELSE i END"
    w.write(
        RequestFile,
        2 * officers,
        where=f"({sent}) % 100 NOT BETWEEN 10 AND 19 AND NOT (i > {officers} AND i % 50 = 0)",
        request_id=sent,
        file_id="i",
        round="0",
        document_code="'degree'",
    )
    w.write(
        FileHandle,
        officers,
        where="i % 4 = 0",
        file_id="i",
        messenger="'bale'",
        bot_id="7",
        handle="'h' || i",
    )
    w.write(UploadDay, officers // 5, account_id="i", day=w.day_ago("i % 8"), files="2", size="600000")


def _centres(w: RowWriter, officers: int) -> None:
    """A branch for twenty officers; three in four have a contract."""
    branches, managers = max(officers // 20, 4), max(officers // 100, 1)
    centre = f"i % {managers} + 1"
    place = {
        "province": "'تهران'",
        "city": "'تهران'",
        "address": "'خیابان'",
        "university_code": w.university(),
    }
    w.write(Branch, branches, distributor_id=centre, name="'شعبه ' || i", **place)
    since = w.ago("(i * 7919) % 28000")
    w.write(
        CooperationRequest,
        branches,
        branch_id="i",
        distributor_id=centre,
        account_id="i",
        requested_by=f"{officers}",
        state="""CASE WHEN i % 4 > 0 THEN 'APPROVED' WHEN i % 8 = 0 THEN 'PENDING_UNIVERSITY' ELSE 'PENDING_OFFICER' END""",
        tracking_code=f"'9' || {w.digits('i', 11)}",
        university_code=w.university(),
        accepted_at=f"CASE WHEN i % 8 <> 4 THEN {since} END",
        closed_at=f"CASE WHEN i % 4 > 0 THEN {since} END",
        reminders="CASE WHEN i % 8 = 0 THEN ((i * 7919) % 28000) / 14400 ELSE 3 END",
        state_since=since,
        created_at=since,
    )
    of_contract = {"account_id": "i", "distributor_id": centre, "branch_id": "i", "cooperation_id": "i"}
    w.write(Contract, branches, where="i % 4 > 0", started_at=since, **of_contract)


def _letters(w: RowWriter, officers: int) -> None:
    """Two to every officer; one in ten was not opened."""
    staff = f"{officers + w.universities * EXPERTS + 1}"
    w.write(
        Letter,
        2,
        title="'اطلاعیه'",
        text="'متن'",
        state="'SENT'",
        created_by=staff,
        recipients=f"{officers}",
        delivered=f"{officers}",
        reached=f"{officers}",
        created_at=w.ago("90000"),
        finished_at=w.ago("89000"),
    )
    for letter in ("1", "2"):
        read = f"CASE WHEN i % 10 > 0 THEN {w.ago('80000')} END"
        w.write(
            LetterRecipient,
            officers,
            letter_id=letter,
            account_id="i",
            delivered_at=w.ago("89500"),
            read_at=read,
        )


def _messages(w: RowWriter, officers: int) -> None:
    """Pushes that were sent, some that were given up and some that wait; the updates of two weeks."""
    at = w.ago("10 + (i * 7919) % 1500000")
    w.write(
        Push,
        officers,
        key="'load:' || i",
        kind="'N10'",
        channel="'CHAT'",
        account_id="i",
        chat_row_id="i",
        text="'پرونده شما بررسی شد'",
        state="CASE WHEN i % 1000 = 1 THEN 'GIVEN_UP' WHEN i % 10000 = 2 THEN 'QUEUED' ELSE 'SENT' END",
        attempts="1",
        next_at=f"CASE WHEN i % 10000 = 2 THEN {w.ago('-10')} ELSE {at} END",
        created_at=at,
        sent_at=f"CASE WHEN i % 1000 > 2 THEN {at} END",
    )
    # A day is over: what was answered two weeks ago goes.
    span = f"(20500 - CAST(i AS bigint) * 20500 / {max(officers // 2, 1)})"
    w.write(
        InboxUpdate,
        officers // 2,
        messenger="'telegram'",
        bot_id="7",
        update_id="i",
        lane="500000000 + i",
        raw=f"'{'x' * 500}'",
        state="CASE WHEN i % 5000 = 0 THEN 'FAILED' ELSE 'ANSWERED' END",
        received_at=w.ago(span),
        done_at=w.ago(span),
    )
    w.write(
        StaffAlert,
        max(officers // 20, 100),
        key="'load:' || i",
        text="'هشدار'",
        raised_at=at,
        notified_at=at,
        resolved_at=f"CASE WHEN i > 30 THEN {at} END",
    )


def _records(w: RowWriter, officers: int) -> None:
    """What is kept of what was done: audit lines with their chain, notes, tries, searches."""
    at = w.ago(f"1500000 - i * 1500000 / {2 * officers}")
    expert = f"{officers} + 1 + i % {w.universities * EXPERTS}"
    w.write(
        AuditEvent,
        2 * officers,
        at=at,
        event="CASE WHEN i % 2 = 0 THEN 'submitted' ELSE 'approved' END",
        subject="'qualification'",
        subject_id="(i + 1) / 2",
        actor_id=f"CASE WHEN i % 2 = 0 THEN (i + 1) / 2 ELSE {expert} END",
        actor_role="CASE WHEN i % 2 = 0 THEN 'officer' ELSE 'expert' END",
    )
    last = f"i = {2 * officers}"
    signed = {"key_id": f"CASE WHEN {last} THEN 'load' END", "mac": f"CASE WHEN {last} THEN 'load' END"}
    w.write(AuditLink, 2 * officers, position="i", event_id="i", hash=w.digits("i", 64), **signed)
    w.write(
        FileNote,
        officers // 20,
        subject="'qualification'",
        subject_id="20 * i + 7",
        account_id=expert,
        text="'یادداشت'",
        created_at=w.ago("(i * 7919) % 1500000"),
    )
    w.write(Throttle, officers // 10, key="'load:' || i", at=w.ago("(i * 7919) % 2940"))
    w.write(
        SearchQuery, officers // 100, account_id=expert, text="'محمدی'", created_at=w.ago("1500 - i % 1500")
    )
