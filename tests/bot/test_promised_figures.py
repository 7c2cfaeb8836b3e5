"""Times and sizes that the documents promise are those of the code."""

import re
from datetime import time, timedelta
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from bot.services.shared.rate_limit import Limit
from storage.enums import Messenger

DOCS = Path(__file__).parents[2] / "docs"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MINUTES = [timedelta(minutes=number) for number in range(31)]
MIB = 1024 * 1024

#: (page, what it says, where the code has it, value)
PROMISES: list[tuple[str, str, str, Any]] = [
    *(
        ("specification", words, f"bot.services.shared.rate_limit.{name}", limit)
        for words, name, limit in (
            ("5 wrong passwords per chat in 15 minutes", "WRONG_PASSWORDS_PER_CHAT", Limit(5, MINUTES[15])),
            ("20 per account per hour", "WRONG_PASSWORDS_PER_ACCOUNT", Limit(20, HOUR)),
            ("5 national codes tried per chat per day", "NATIONAL_CODES_PER_CHAT", Limit(5, daily=True)),
            ("5 recoveries per chat per day", "RECOVERIES_PER_CHAT", Limit(5, daily=True)),
            (
                "20 look-ups of officers per distributor per day",
                "LOOKUPS_PER_DISTRIBUTOR",
                Limit(20, daily=True),
            ),
        )
    ),
    *(
        ("specification", words, f"bot.{name}", value)
        for words, name, value in (
            ("Reasons: 5–500 characters", "rules.account.REASON_MIN", 5),
            ("Reasons: 5–500 characters", "rules.account.REASON_MAX", 500),
            ("reason of 10–500 characters → DRAFT", "rules.cooperation.TERMINATION_REASON", (10, 500)),
            ("reason, 5–500 characters", "rules.cooperation.REJECTION_REASON", (5, 500)),
            ("reason optional (5–500 characters)", "rules.cooperation.OFFICER_REASON_MAX", 500),
            ("a reply (≥5 characters)", "rules.request_items.SHORTEST_REPLY", 5),
            ("age 18–90", "rules.validators.ADULT", 18),
            ("age 18–90", "rules.validators.OLDEST", 90),
            ("10–300 characters", "rules.validators.ADDRESS_LENGTH", (10, 300)),
            ("number (optional, ≤40 characters)", "services.letters.letters.NUMBER_MAX", 40),
            ("title (≤120)", "services.letters.letters.TITLE_MAX", 120),
            ("text (≤3,500)", "services.letters.letters.TEXT_MAX", 3500),
            ("up to five attachments", "services.letters.letters.MAX_FILES", 5),
            ("inline labels ≤21 characters", "core.screens.MAX_LABEL", 21),
            ("System-made: 12 letters and digits", "security.passwords.MADE_LENGTH", 12),
            ("chosen: at least 8 characters", "security.passwords.CHOSEN_MIN", 8),
            ("everything ≤10 MB", "documents.file_types.LARGEST", 10 * MIB),
            ("JPEG and PNG ≥10 KB", "documents.file_types.SMALLEST_IMAGE", 10 * 1024),
            ("a bot download 20 MB at most", "messengers.transport.channel.MAX_DOWNLOAD", 20 * MIB),
            ("up to 3 files per document", "services.directorate.document_types.MOST_FILES", 3),
            ("N10 goes at most once an hour", "services.review.queue_notices.PAUSE", HOUR),
            ("(counted up to 100)", "services.review.standing.COUNTED", 100),
            ("of the last 90 days (the newest 500)", "services.review.standing.PERIOD", 90 * DAY),
            ("of the last 90 days (the newest 500)", "services.review.standing.NEWEST", 500),
            ("decided in the last 90 days", "services.review.worklists.DECIDED_FOR", 90 * DAY),
            ("(90 days at most)", "services.team.leave.LONGEST", 90),
            ("(2–300 characters) for oneself", "services.team.phrases.SHORTEST", 2),
            ("(2–300 characters) for oneself", "services.team.phrases.LONGEST", 300),
            ("for three days, one acceptance", "services.invitations.sending.LIFETIME", 3 * DAY),
            ("one acceptance, five wrong codes", "services.invitations.sending.WRONG_CODES", 5),
            ("Persian letters, space, ZWNJ; 2–40", "rules.validators.NAME_LENGTH", (2, 40)),
            ("the name without the kind, 2–120", "services.distributors.registry.NAME_LENGTH", (2, 120)),
            ("name without «شعبه», 2–120", "services.distributors.branches.NAME_LENGTH", (2, 120)),
            ("0 or 1,000–1,000,000,000", "services.qualification.fees.MIN_FEE", 1_000),
            ("0 or 1,000–1,000,000,000", "services.qualification.fees.MAX_FEE", 1_000_000_000),
            (
                "requests after 24 months",
                "services.qualification.documents_in_use.CLOSED_LIFETIME",
                731 * DAY,
            ),
            ("uploads that nothing uses after 30 days", "jobs.retention.UNREFERENCED_LIFETIME", 30 * DAY),
            ("removed after 12 months, announced 30 days before", "jobs.reminders.DRAFT_LIFETIME", 365 * DAY),
            ("removed after 12 months, announced 30 days before", "jobs.reminders.DRAFT_NOTICE", 30 * DAY),
            ("after 3, 7 and 30 days", "jobs.reminders.OFFICER_DAYS", (3, 7, 30)),
            ("of files over 10 days, every 10", "jobs.reminders.EXPERT_DAYS", tuple(range(10, 100, 10))),
            ("the newest 20,000", "services.exports.wanted.MOST_ROWS", 20_000),
            ("decisions of the last 90 days", "services.review.standing.PERIOD", timedelta(days=90)),
            ("(the newest 500)", "services.review.standing.NEWEST", 500),
            ("only from ten decisions on", "services.review.standing.FEWEST", 10),
            ("(random 128-bit token)", "services.officers.card.TOKEN_BYTES", 16),
            (
                "30 minutes after it became UNCERTAIN",
                "services.payments.attempts.UNCERTAIN_BLOCKS",
                MINUTES[30],
            ),
            ("by one process for three minutes at most", "services.payments.attempts.LEASE", MINUTES[3]),
            (
                "definitely not paid and older than 30 minutes",
                "services.payments.verification.EXPIRES",
                MINUTES[30],
            ),
            ("may still be at the bank, up to a day", "services.payments.verification.GIVES_UP", DAY),
            ("reminders: after 3, 7 and 30 days", "jobs.reminders.OFFICER_DAYS", (3, 7, 30)),
            (
                "over 10 days, every 10 days",
                "jobs.reminders.EXPERT_DAYS",
                (10, 20, 30, 40, 50, 60, 70, 80, 90),
            ),
            (
                "the system discards a draft after 12 months",
                "jobs.reminders.DRAFT_LIFETIME",
                timedelta(days=365),
            ),
            ("announced 30 days before", "jobs.reminders.DRAFT_NOTICE", timedelta(days=30)),
            (
                "uploads that nothing uses after 30 days",
                "jobs.retention.UNREFERENCED_LIFETIME",
                timedelta(days=30),
            ),
            (
                "rejected, withdrawn and revoked requests after 24 months",
                "services.qualification.documents_in_use.CLOSED_LIFETIME",
                timedelta(days=731),
            ),
            ("An open alert is told again daily", "services.shared.notify.ALERT_REPEATS", DAY),
        )
    ),
    *(
        ("reliability", words, f"bot.{name}", value)
        for words, name, value in (
            (
                "a link to the bank younger than 10 minutes",
                "services.payments.attempts.REUSE_WITHIN",
                MINUTES[10],
            ),
            ("10 opened", "services.payments.attempts.OPENED_AN_HOUR", Limit(10, HOUR)),
            ("20 not opened an hour", "services.payments.attempts.NOT_OPENED_AN_HOUR", Limit(20, HOUR)),
            ("one in 2 s for a click", "services.payments.attempts.PAGE_LOOKS", timedelta(seconds=2)),
            (
                "for a return none, 2 s, then 10 s after the last",
                "services.payments.attempts.RETURN_LOOKS",
                (timedelta(0), timedelta(0), timedelta(seconds=2), timedelta(seconds=10)),
            ),
            ("100 attempts, 60 s, 4 at once", "services.payments.reconciler.MAX_ATTEMPTS", 100),
            ("100 attempts, 60 s, 4 at once", "services.payments.reconciler.PASS", 60),
            ("100 attempts, 60 s, 4 at once", "services.payments.reconciler.AT_ONCE", 4),
            ("answer 0.75 s after the work began", "security.passwords.ANSWER_AFTER", 0.75),
            ("one row of 2 MB", "legacy_import.readers.xml_records.RECORD_BYTES", 2 * MIB),
            ("and 40,000 elements", "legacy_import.readers.xml_records.RECORD_ELEMENTS", 40_000),
            ("parts of 8 MB", "legacy_import.readers.xml_records.WHOLE_BYTES", 8 * MIB),
            ("50 lines a unit", "services.shared.audit_chain.BATCH", 50),
            ("a pause of 50 ms", "services.shared.audit_chain.PAUSE", 0.05),
            ("100,000 links by thousands", "doctor.audit.NEWEST", 100_000),
            ("100,000 links by thousands", "operations.audit_check.PIECE", 1000),
            ("20,000 files", "doctor.file_modes.LOOKED_AT", 20_000),
            ("growing to 5 s", "messengers.intake.polling.LONGEST_REST", 5),
            ("5 s of CPU a file", "documents.inspection_pool.TIME_LIMIT", 5),
            ("4 processes", "documents.inspection_pool.WORKERS", 4),
            ("over 0.7 s of CPU", "documents.inspection_pool.SLICE", 0.7),
            ("in ten minutes", "documents.inspection_slots.SLOW_FOR", 600),
            ("4 waiting uploads of one account", "documents.inspection_slots.MOST_WAITING", 4),
            ("32 in all, more are refused", "reports.drawing_queue.MAX_WAITING", 32),
            ("| 32, 20 s a call |", "documents.s3_store.CONNECTIONS", 32),
            ("| 32, 20 s a call |", "documents.s3_store.CALL_TIMEOUT", 20),
            ("1 message a second", "messengers.transport.rate_limits.RATE", 1),
            ("a burst of 40", "messengers.transport.rate_limits.BURST", 40),
            ("an edit counts half", "messengers.transport.rate_limits.EDIT", 0.5),
            ("leave 30 of the 40 to answers", "messengers.transport.rate_limits.RESERVED_FOR_ANSWERS", 30),
            ("after three refused chats", "messengers.transport.rate_limits.SEVERAL", 3),
            ("in a second one call probes", "messengers.transport.rate_limits.WITHIN", 1),
            ("rests of 0.5 to 30 s", "messengers.transport.rate_limits.FIRST_PAUSE", 0.5),
            ("rests of 0.5 to 30 s", "messengers.transport.rate_limits.LONGEST_PAUSE", 30),
            ("20,000 at most", "messengers.transport.rate_limits.MAX_CHATS", 20_000),
            (
                "one sentence in six hours",
                "messengers.processing.groups.NOTIFY_AGAIN_AFTER",
                timedelta(hours=6),
            ),
            (
                "pushes 20 and 8 a second",
                "messengers.delivery.outbox.RATES",
                {Messenger.TELEGRAM: 20, Messenger.BALE: 8},
            ),
            ("2,000 waiting", "messengers.intake.polling.MAX_BACKLOG", 2000),
            ("(20 of them are remembered)", "services.accounts.known_chats.MAX_KNOWN_CHATS", 20),
            ("8,192 letters are processed", "rules.validators.LONGEST", 8192),
            ("1 MB of lines buffered", "config.output.MAX_BUFFERED", MIB),
            ("head 16 KB", "web.http_server.server.MAX_HEAD", 16 * 1024),
            ("return 16 KB", "web.pay_pages.MAX_RETURN", 16 * 1024),
            ("update 1 MB", "web.webhooks.MAX_UPDATE", MIB),
            ("4,096 addresses remembered", "web.http_server.rate_limit.MOST_ADDRESSES", 4096),
            ("accepting pauses for half a second", "web.http_server.acceptor.REST", 0.5),
        )
    ),
    *(
        ("documents", words, f"bot.documents.{name}", value)
        for words, name, value in (
            (
                "more than 110 million pixels (JPEG), 60 million (HEIC)",
                "pictures.decoding.MOST_PIXELS",
                {"image/jpeg": 110_000_000, "image/heic": 60_000_000},
            ),
            ("40 million (others)", "pictures.decoding.MOST_PIXELS_ELSE", 40_000_000),
            ("600 million", "pictures.decoding.MOST_PIXELS_OF_ALL", 600_000_000),
            ("at most 4,000 pixels a side", "pictures.decoding.SHOWN_SIDE", 4000),
            ("that unpack to 500 MB", "pdf.streams.MOST_UNPACKED", 500_000_000),
            ("pictures over 110 million pixels", "pdf.streams.MOST_PIXELS", 110_000_000),
        )
    ),
    ("import", "more than 200 times its size or 4 GB", "bot.legacy_import.readers.workbook.RATIO", 200),
    (
        "import",
        "more than 200 times its size or 4 GB",
        "bot.legacy_import.readers.workbook.UNPACKED",
        4096 * MIB,
    ),
    ("operations", "IPv6 address counts with its /64", "bot.web.http_server.addresses.SUBSCRIBER_BITS", 64),
    ("specification", "(≤300 characters, optional)", "conversations.expert.deficiencies.LONGEST_REASON", 300),
    ("reliability", "| 4, each on a renewed connection", "storage.database.postgres.TRIES", 4),
    *(
        ("operations", words, name, value)
        for words, name, value in (
            (
                "keeps the raw update for 90 days",
                "bot.jobs.inbox_purge.FAILED_INBOX_LIFETIME",
                timedelta(days=90),
            ),
            ("its pushes after 90 s", "bot.messengers.delivery.outbox.LEASE", 90),
            ("its updates after a minute", "handlers.telegram.dispatcher.ABANDONED", 60),
            ("lived with that date for two days", "bot.jobs.clock_guard.LATEST", timedelta(days=2)),
            ("up to about nine hours of tries", "bot.messengers.delivery.outbox.TRIES", 40),
            ("tried again at least every minute", "handlers.telegram.runtime.LONGEST_PAUSE", 60),
            (
                "asked for updates again at least every 30 s",
                "bot.messengers.intake.polling.LONGEST_PAUSE",
                30,
            ),
            (
                "under a new address within five minutes",
                "bot.messengers.transport.http_calls.DNS_TTL",
                300,
            ),
        )
    ),
    ("gateways", "double up to 15 minutes", "bot.messengers.delivery.outbox.LONGEST_PAUSE", 900),
    ("gateways", "5 s to connect, 20 s to read", "bot.gateways.http.CONNECT", 5),
    ("gateways", "5 s to connect, 20 s to read", "bot.gateways.http.READ", 20),
    ("gateways", "40 times in all", "bot.messengers.delivery.outbox.TRIES", 40),
    ("gateways", "after ten minutes", "bot.messengers.delivery.outbox.UNKNOWN_PAUSE", 600),
    ("performance", "up to 32 waiting units", "storage.database.sqlite.GROUP", 32),
    ("performance", "At most 32 updates of a chat", "handlers.telegram.dispatcher.MAX_ROWS_IN_MEMORY", 32),
    (
        "performance",
        "1.5 s after the last one",
        "conversations.questions.uploads.files.DEBOUNCE_SECONDS",
        1.5,
    ),
    ("messengers", "1 to 100 updates", "bot.messengers.intake.polling.BATCH", 100),
    ("messengers", "2 to 10 files", "bot.messengers.delivery.files.ALBUM", 10),
    ("messengers", "64 bytes", "bot.core.screens.MAX_CALLBACK_BYTES", 64),
    ("messengers", "4096", "bot.messengers.transport.channel.MAX_TEXT", 4096),
    ("messengers", "1024", "bot.messengers.transport.channel.MAX_CAPTION", 1024),
]


@cache
def page(name: str) -> str:
    return re.sub(r"\s+", " ", (DOCS / f"{name}.md").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("document", "words", "where", "value"), PROMISES)
def test_what_is_promised_is_what_the_code_has(document: str, words: str, where: str, value: object) -> None:
    module, _, name = where.rpartition(".")

    assert words in page(document)
    assert getattr(import_module(module), name) == value


def test_reminders_and_the_digest_come_by_day() -> None:
    from bot.jobs import daytime, digest

    assert (time(9), time(20)) == (daytime.FROM, daytime.UNTIL)
    assert (time(8), time(11)) == (digest.FROM, digest.UNTIL)
