"""A database as the first release left it (schema 0001), written row by row with the names and the words of that release.

Nothing here may follow later renames: that is what it is for. Ids begin at FIRST, so that sequences do not meet them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, MetaData
from sqlalchemy.ext.asyncio import create_async_engine

from storage.database.database import asynchronous
from storage.migrations.migrate import upgrade

FIRST = 1001
PAY_TOKEN = "aB3-released-pay-token"
TRACKING_CODE = "140509010001"
FEE = 5_600_000
#: What was written about the person who came from the old system.
IMPORTED = FIRST + 3


@dataclass(frozen=True, slots=True)
class People:
    """Ids of the chats at the messengers."""

    sara: int
    mina: int
    reza: int


async def write_released_database(url: str, people: People, *, bank_ref: str) -> None:
    """Make the schema of the first release and fill it: Sara is in the middle of the form (Telegram), Mina owes a fee, is at
    the bank and has a push waiting (Bale), Reza of the staff is asked for the second time whether a letter is to be
    sent (Telegram)."""
    await upgrade(url, to="0001")
    engine = create_async_engine(asynchronous(url))
    async with engine.begin() as connection:
        await connection.run_sync(_fill, people, bank_ref)
    await engine.dispose()


def _fill(connection: Connection, people: People, bank_ref: str) -> None:
    tables = MetaData()
    tables.reflect(connection)
    at = (datetime.now(UTC) - timedelta(minutes=3)).replace(tzinfo=None)

    def insert(table: str, *rows: Mapping[str, Any]) -> None:
        for row in rows:
            connection.execute(tables.tables[table].insert().values(**row))

    sara, mina, reza, imported = range(FIRST, FIRST + 4)
    insert(
        "university",
        {
            "code": "sums",
            "name": "دانشگاه علوم پزشکی شیراز",
            "province": "فارس",
            "regional": True,
            "province_default": True,
            "active": True,
        },
    )
    insert("degree_level", {"code": "bachelor", "name": "کارشناسی", "position": 2, "allowed": True})
    insert(
        "field_of_study",
        {
            "code": "biomedical",
            "name": "مهندسی پزشکی",
            "position": 1,
            "allowed": True,
            "needs_note": False,
        },
    )
    for account_id, first, last in (
        (sara, "سارا", "کریمی‌نژاد"),
        (mina, "مینا", "رضایی"),
        (reza, "رضا", "ستادی"),
        (imported, "اکبر", "منتقل"),
    ):
        insert(
            "account",
            {
                "id": account_id,
                "user_code": f"1000{account_id}",
                "password_hash": "-",
                "credentials_pending": False,
                "state": "ACTIVE",
                "national_code": None,
                "first_name": first,
                "last_name": last,
                "mobile": None,
                "mobile_verified": False,
                "migrated": account_id == imported,
                "version": 0,
                "created_at": at,
            },
        )
        insert(
            "role_grant",
            {
                "id": account_id,
                "account_id": account_id,
                "role": "staff" if account_id == reza else "officer",
                "active": True,
                "told_waiting_at": at if account_id == reza else None,
                "created_at": at,
            },
        )
    for account_id in (sara, mina, imported):
        insert(
            "officer",
            {
                "account_id": account_id,
                "birth_date": date(1986, 7, 3),
                "level_code": "bachelor",
                "field_code": "biomedical",
                "documents": {},
                "legacy_qualified": False,
                "version": 0,
            },
        )
    for request_id, account_id, other in (
        (FIRST, sara, {"state": "DRAFT", "snapshot": {}}),
        (
            FIRST + 1,
            mina,
            {
                "state": "AWAITING_PAYMENT",
                "tracking_code": TRACKING_CODE,
                "university_code": "sums",
                "snapshot": {"first_name": "مینا", "last_name": "رضایی", "father_name": "علی"},
                "fee_rial": FEE,
                "pay_token": PAY_TOKEN,
                "submitted_at": at,
                "decided_at": at,
            },
        ),
    ):
        insert(
            "qualification_request",
            {
                "id": request_id,
                "account_id": account_id,
                "kind": "NEW",
                "version": 2,
                "before": {},
                "round": 0,
                "reminders": 0,
                "state_since": at,
                "created_at": at,
                **other,
            },
        )
    insert(
        "payment_attempt",
        {
            "id": FIRST,
            "request_id": FIRST + 1,
            "gateway": "zarinpal",
            "ref": bank_ref,
            "amount_rial": FEE,
            "state": "CREATED",
            "state_since": at,
            "version": 1,
            "answer": {},
            "checks": 0,
            "next_check_at": at + timedelta(minutes=20),
            "created_at": at,
        },
    )
    for draft_id, account_id, dialogue, subject, answers in (
        (
            FIRST,
            sara,
            "qualification",
            FIRST,
            {
                "first_name": "سارا",
                "last_name": "کریمی‌نژاد",
                "degree_level": "bachelor",
                "field_of_study": "biomedical",
                "father_name": "علی",
                "gender": "female",
                "birth_cert_no": "1234",
                "province": "فارس",
                "city": "شیراز",
                "university": "sums",
                "postal_address": "شیراز، خیابان زند، کوچه 2، پلاک 5",
            },
        ),
        (
            FIRST + 1,
            reza,
            "letter",
            0,
            {
                "letter_audience": "ALL",
                "letter_number": None,
                "letter_title": "ساعت کار",
                "letter_text": "فردا تعطیل است.",
                "letter_files": None,
            },
        ),
    ):
        insert(
            "draft",
            {
                "id": draft_id,
                "account_id": account_id,
                "dialogue": dialogue,
                "dialogue_version": 1,
                "subject_id": subject,
                "answers": answers,
                "version": 7,
                "created_at": at,
                "updated_at": at,
            },
        )
    for row_id, messenger, chat_id, account_id, role, other in (
        (
            FIRST,
            "telegram",
            people.sara,
            sara,
            "officer",
            {"dialogue": "qualification", "draft_id": FIRST, "place": {"step": "phone", "editing": False}},
        ),
        (FIRST + 1, "bale", people.mina, mina, "officer", {"view": "1|qual.track|ru||", "place": {}}),
        (
            FIRST + 2,
            "telegram",
            people.reza,
            reza,
            "staff",
            {
                "view": "1|staff.dead|||",
                "dialogue": "letter",
                "draft_id": FIRST + 1,
                "place": {"step": "@really", "editing": False},
            },
        ),
    ):
        insert(
            "chat",
            {
                "id": row_id,
                "messenger": messenger,
                "chat_id": chat_id,
                "account_id": account_id,
                "role": role,
                "dead": False,
                "keyboard": False,
                "version": 5,
                "linked_at": at,
                "created_at": at,
                **other,
            },
        )
    insert(
        "push",
        {
            "id": FIRST,
            "key": f"N3:{FIRST + 1}:{FIRST + 1}",
            "kind": "N3",
            "channel": "CHAT",
            "account_id": mina,
            "chat_row_id": FIRST + 1,
            "text": "پرونده شما تأیید شد و در انتظار پرداخت است.",
            "buttons": [[{"label": "پیگیری درخواست", "press": "1f|qual.track|ru||"}]],
            "sms": {},
            "state": "QUEUED",
            "attempts": 0,
            "next_at": at,
            "cause": "update:1001",
            "created_at": at,
        },
    )
    insert(
        "inbox_update",
        {
            "id": FIRST,
            "messenger": "telegram",
            "update_id": 500_001,
            "lane": people.sara,
            "raw": json.dumps({"update_id": 500_001, "message": "?"}),
            "state": "SET_ASIDE",
            "note": "unreadable",
            "received_at": at,
            "done_at": at,
        },
    )
    insert(
        "staff_alert",
        {
            "id": FIRST,
            "key": "no-tariff",
            "text": "هشدار انتشار پیشین",
            "raised_at": at,
            "told_at": at,
            "settled_at": None,
        },
        {
            "id": FIRST + 1,
            "key": "no-tariff",
            "text": "هشدار بسته",
            "raised_at": at,
            "told_at": at,
            "settled_at": at,
        },
    )
    for number, (event, subject_id) in enumerate(
        (("moved_in", imported), ("moving_in_corrected", imported), ("registered", sara))
    ):
        insert(
            "audit_event",
            {
                "id": FIRST + number,
                "at": at,
                "event": event,
                "subject": "account",
                "subject_id": subject_id,
                "actor_role": "system",
                "data": {},
            },
        )
