"""Rows for a database of a given number of officers: to see how the service does on one's own hardware.

Every table that grows has its share: requests in all states, drafts, files, contracts, letters, pushes, updates, audit.
Made by the database itself, a statement a table; the same number gives the same rows.

The rows are what the periodic jobs leave behind in a service that has run for years: people were reminded, told of
waiting files and sent today's digest, documents have the day of their next look, what is old was emptied. What is due
then comes as the clock goes on, about a thousandth of it a day.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection, select
from sqlmodel import col

from bot.operations.row_writer import LAST, RowWriter
from bot.services.qualification.documents_in_use import CLOSED_LIFETIME
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
    Tariff,
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
#: Reminders that were sent: as many as there were days for.
_REMINDED = f"""CASE WHEN i % 100 < 7 THEN ({_AGE}) / 14400
    WHEN i % 100 < 10 AND ({_AGE}) > 10080 THEN 2 WHEN i % 100 < 10 AND ({_AGE}) > 4320 THEN 1 ELSE 0 END"""
_DAY = 1440
#: Of the chat of person i.
_MESSENGER = "CASE WHEN i % 2 = 0 THEN 'telegram' ELSE 'bale' END"
#: Minutes after which jobs announce a draft's removal, remove the documents of a request that has ended, look at a document
#: for the first time, at a note for the first time, and empty what a push said.
_DRAFT_NOTICE, _DOCUMENTS_KEPT, _FIRST_LOOK, _NOTE_LOOK, _PUSH_KEPT = (
    days * _DAY for days in (335, CLOSED_LIFETIME.days, 30, 7, 90)
)
#: The day of a look at what lives: within a year.
_NEXT_LOOK = f"0 - 1 - (i * 7919) % {365 * _DAY}"
#: Of requests that have ended without success.
_ENDED = "BETWEEN 20 AND 29"


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
        # The experts of a university are told together, once an hour.
        waiting_notified_at=f"CASE WHEN {is_expert} THEN {w.ago(f'((i - {officers + 1}) / {EXPERTS}) % 55')} END",
        digest_on=f"CASE WHEN {is_expert} THEN {w.today()} END",
        created_at=born,
    )
    chat = {
        "messenger": _MESSENGER,
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
    kinds = "CASE WHEN i = 1 THEN 'NEW' ELSE 'AMENDMENT' END"
    w.write(
        Tariff,
        2,
        kind=kinds,
        amount_rial="1000000",
        valid_from=w.day_ago("1100"),
        created_at=w.ago("1584000"),
    )
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
        reminders=f"CASE WHEN {_IS_DRAFT} AND ({_AGE}) > {_DRAFT_NOTICE} THEN 1 ELSE {_REMINDED} END",
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
    number = f"((i - 1) % {officers} + 1)"
    is_loose = f"(i > {officers} AND i % 50 = 0)"
    age = f"CASE WHEN {is_loose} THEN (i * 7919) % 43000 ELSE (i * 7919) % 1500000 END"
    request_age = f"({number} * 7919) % 1500000"
    of_ended = f"(NOT {is_loose} AND {number} % 100 {_ENDED})"
    is_over = f"({of_ended} AND {request_age} >= {_DOCUMENTS_KEPT})"
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
        created_at=w.ago(age),
        removed_at=f"CASE WHEN {is_over} THEN {w.ago(f'({request_age}) - {_DOCUMENTS_KEPT}')} END",
        check_at=f"""CASE WHEN {is_loose} OR ({age}) < {_FIRST_LOOK} THEN NULL
            WHEN {of_ended} THEN {w.ago(f"({request_age}) - {_DOCUMENTS_KEPT}")}
            WHEN {number} % 100 BETWEEN 10 AND 19 THEN {w.ago(f"0 - 1 - (i * 7919) % {7 * _DAY}")}
            ELSE {w.ago(_NEXT_LOOK)} END""",
    )
    w.write(
        RequestFile,
        2 * officers,
        where=f"{number} % 100 NOT BETWEEN 10 AND 19 AND NOT {is_loose}",
        request_id=number,
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
    w.write(UploadDay, officers // 5, account_id="i", day=w.day_ago("i % 6"), files="2", size="600000")


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
    age = "10 + (i * 7919) % 1500000"
    at = w.ago(age)
    w.write(
        Push,
        officers,
        key="'load:' || i",
        kind="'N10'",
        channel="'CHAT'",
        account_id="i",
        chat_row_id="i",
        messenger=_MESSENGER,
        text=f"CASE WHEN i % 1000 = 1 OR i % 10000 = 2 OR ({age}) < {_PUSH_KEPT} THEN 'پرونده شما بررسی شد' ELSE '' END",
        state="CASE WHEN i % 1000 = 1 THEN 'GIVEN_UP' WHEN i % 10000 = 2 THEN 'QUEUED' ELSE 'SENT' END",
        attempts="1",
        next_at=f"CASE WHEN i % 10000 = 2 THEN {w.ago('-10')} ELSE {at} END",
        created_at=at,
        sent_at=f"CASE WHEN i % 1000 > 2 THEN {at} END",
    )
    # What was answered two weeks ago is gone.
    span = f"({14 * _DAY - 60} - CAST(i AS bigint) * {14 * _DAY - 60} / {max(officers // 2, 1)})"
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
        # Open ones are told again each day.
        notified_at=f"CASE WHEN i > 30 THEN {at} ELSE {w.ago(f'i * {_DAY} / 31')} END",
        resolved_at=f"CASE WHEN i > 30 THEN {at} END",
    )


def _records(w: RowWriter, officers: int) -> None:
    """What is kept of what was done: audit lines with their chain, notes, tries, searches."""
    at = w.ago(f"1500000 - i * 1500000 / {2 * officers}")
    # The removal of a draft that was left was announced a month before it.
    of_draft = "((i + 1) / 2)"
    announced = f"(i % 2 = 0 AND {of_draft} % 100 BETWEEN 10 AND 19 AND ({of_draft} * 7919) % 520000 > {_DRAFT_NOTICE})"
    notice = w.ago(f"({of_draft} * 7919) % 520000 - {_DRAFT_NOTICE}")
    expert = f"{officers} + 1 + i % {w.universities * EXPERTS}"
    w.write(
        AuditEvent,
        2 * officers,
        at=f"CASE WHEN {announced} THEN {notice} ELSE {at} END",
        event=f"CASE WHEN {announced} THEN 'draft_expiry_notice' WHEN i % 2 = 0 THEN 'submitted' ELSE 'approved' END",
        subject="'qualification'",
        subject_id="(i + 1) / 2",
        actor_id=f"CASE WHEN i % 2 = 0 THEN (i + 1) / 2 ELSE {expert} END",
        actor_role="CASE WHEN i % 2 = 0 THEN 'officer' ELSE 'expert' END",
    )
    last = f"i = {2 * officers}"
    signed = {"key_id": f"CASE WHEN {last} THEN 'load' END", "mac": f"CASE WHEN {last} THEN 'load' END"}
    w.write(AuditLink, 2 * officers, position="i", event_id="i", hash=w.digits("i", 64), **signed)
    # Notes go with the documents of their request.
    of_note, note_age = "(20 * i + 7)", "(i * 7919) % 1500000"
    request_age = f"({of_note} * 7919) % 1500000"
    w.write(
        FileNote,
        officers // 20,
        where=f"NOT ({of_note} % 100 {_ENDED} AND {request_age} >= {_DOCUMENTS_KEPT})",
        subject="'qualification'",
        subject_id=of_note,
        account_id=expert,
        text="'یادداشت'",
        created_at=w.ago(note_age),
        check_at=f"""CASE WHEN {note_age} < {_NOTE_LOOK} THEN NULL WHEN {of_note} % 100 {_ENDED}
            THEN {w.ago(f"{request_age} - {_DOCUMENTS_KEPT}")} ELSE {w.ago(_NEXT_LOOK)} END""",
    )
    tries = max(officers // 10, w.universities)
    # Today's reports of the heads, then what people tried.
    key = f"CASE WHEN i <= {w.universities} THEN 'team-report:{w.local_day}:' || {w.university('i - 1')} ELSE 'load:' || i END"
    w.write(Throttle, tries, key=key, at=w.ago("(i * 7919) % 2820"))
    searched = w.ago(f"1380 - i * 1380 / {max(officers // 100, 1)}")
    w.write(SearchQuery, officers // 100, account_id=expert, text="'محمدی'", created_at=searched)
