"""A database as the first release left it (schema 0001), written with the names and the words of that release.

Nothing here may follow later renames: that is what it is for. Ids begin at FIRST, so that sequences do not meet them."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

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


FORM = {
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
}
LETTER = {
    "letter_audience": "ALL",
    "letter_number": None,
    "letter_files": None,
    "letter_title": "ساعت کار",
    "letter_text": "فردا تعطیل است.",
}


def _statements(people: People, bank_ref: str) -> list[str]:
    at = (datetime.now(UTC) - timedelta(minutes=3)).replace(tzinfo=None)
    next_check = at + timedelta(minutes=20)
    return f"""INSERT INTO university (code, name, province, regional, province_default, active)
    VALUES ('sums', 'دانشگاه علوم پزشکی شیراز', 'فارس', true, true, true);
INSERT INTO degree_level (code, name, position, allowed) VALUES ('bachelor', 'کارشناسی', 2, true);
INSERT INTO field_of_study (code, name, position, allowed, needs_note)
    VALUES ('biomedical', 'مهندسی پزشکی', 1, true, false);

INSERT INTO account (id, user_code, password_hash, credentials_pending, state, first_name, last_name,
                     mobile_verified, migrated, version, created_at) VALUES
    (1001, '10001001', '-', false, 'ACTIVE', 'سارا', 'کریمی‌نژاد', false, false, 0, '{at}'),
    (1002, '10001002', '-', false, 'ACTIVE', 'مینا', 'رضایی', false, false, 0, '{at}'),
    (1003, '10001003', '-', false, 'ACTIVE', 'رضا', 'ستادی', false, false, 0, '{at}'),
    (1004, '10001004', '-', false, 'ACTIVE', 'اکبر', 'منتقل', false, true, 0, '{at}');
INSERT INTO role_grant (id, account_id, role, active, told_waiting_at, created_at) VALUES
    (1001, 1001, 'officer', true, NULL, '{at}'),
    (1002, 1002, 'officer', true, NULL, '{at}'),
    (1003, 1003, 'staff', true, '{at}', '{at}'),
    (1004, 1004, 'officer', true, NULL, '{at}');
INSERT INTO officer (account_id, birth_date, level_code, field_code, documents, legacy_qualified, version)
    SELECT id, '1986-07-03', 'bachelor', 'biomedical', '{{}}', false, 0 FROM account WHERE id <> 1003;

INSERT INTO qualification_request (id, account_id, kind, state, version, before, round, reminders, snapshot,
                                   state_since, created_at)
    VALUES (1001, 1001, 'NEW', 'DRAFT', 2, '{{}}', 0, 0, '{{}}', '{at}', '{at}');
INSERT INTO qualification_request (id, account_id, kind, state, version, before, round, reminders, snapshot,
                                   state_since, created_at, tracking_code, university_code, fee_rial, pay_token,
                                   submitted_at, decided_at)
    VALUES (1002, 1002, 'NEW', 'AWAITING_PAYMENT', 2, '{{}}', 0, 0, '{{"first_name": "مینا", "last_name": "رضایی", "father_name": "علی"}}', '{at}', '{at}', '{TRACKING_CODE}', 'sums',
            {FEE}, '{PAY_TOKEN}', '{at}', '{at}');
INSERT INTO payment_attempt (id, request_id, gateway, ref, amount_rial, state, state_since, version, answer, checks,
                             next_check_at, created_at)
    VALUES (1001, 1002, 'zarinpal', '{bank_ref}', {FEE}, 'CREATED', '{at}', 1, '{{}}', 0, '{next_check}', '{at}');

INSERT INTO draft (id, account_id, dialogue, dialogue_version, subject_id, answers, version, created_at, updated_at)
    VALUES (1001, 1001, 'qualification', 1, 1001, '{json.dumps(FORM)}', 7, '{at}', '{at}'),
           (1002, 1003, 'letter', 1, 0, '{json.dumps(LETTER)}', 7, '{at}', '{at}');
INSERT INTO chat (id, messenger, chat_id, account_id, role, dead, keyboard, version, linked_at, created_at, view,
                  dialogue, draft_id, place) VALUES
    (1001, 'telegram', {people.sara}, 1001, 'officer', false, false, 5, '{at}', '{at}', NULL, 'qualification', 1001, '{{"step": "phone", "editing": false}}'),
    (1002, 'bale', {people.mina}, 1002, 'officer', false, false, 5, '{at}', '{at}', '1|qual.track|ru||', NULL, NULL, '{{}}'),
    (1003, 'telegram', {people.reza}, 1003, 'staff', false, false, 5, '{at}', '{at}', '1|staff.dead|||', 'letter', 1002, '{{"step": "@really", "editing": false}}');

INSERT INTO push (id, key, kind, channel, account_id, chat_row_id, text, buttons, sms, state, attempts, next_at, cause,
                  created_at)
    VALUES (1001, 'N3:1002:1002', 'N3', 'CHAT', 1002, 1002, 'پرونده شما تأیید شد و در انتظار پرداخت است.', '[[{{"label": "پیگیری درخواست", "press": "1f|qual.track|ru||"}}]]',
            '{{}}', 'QUEUED', 0, '{at}', 'update:1001', '{at}');
INSERT INTO inbox_update (id, messenger, update_id, lane, raw, state, note, received_at, done_at)
    VALUES (1001, 'telegram', 500001, {people.sara}, '{{"update_id": 500001, "message": "?"}}', 'SET_ASIDE', 'unreadable', '{at}', '{at}');
INSERT INTO staff_alert (id, key, text, raised_at, told_at, settled_at) VALUES
    (1001, 'no-tariff', 'هشدار انتشار پیشین', '{at}', '{at}', NULL),
    (1002, 'no-tariff', 'هشدار بسته', '{at}', '{at}', '{at}');
INSERT INTO audit_event (id, at, event, subject, subject_id, actor_role, data) VALUES
    (1001, '{at}', 'moved_in', 'account', 1004, 'system', '{{}}'),
    (1002, '{at}', 'moving_in_corrected', 'account', 1004, 'system', '{{}}'),
    (1003, '{at}', 'registered', 'account', 1001, 'system', '{{}}');""".split(";\n")


async def write_released_database(url: str, people: People, *, bank_ref: str) -> None:
    """Make the schema of the first release and fill it: Sara is in the middle of the form (Telegram), Mina owes a fee, is at
    the bank and has a push waiting (Bale), Reza of the staff is asked for the second time whether a letter is to be
    sent (Telegram)."""
    await upgrade(url, to="0001")
    engine = create_async_engine(asynchronous(url))
    async with engine.begin() as connection:
        for statement in _statements(people, bank_ref):
            await connection.exec_driver_sql(statement)
    await engine.dispose()
