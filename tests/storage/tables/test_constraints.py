"""Rules that the database itself enforces on every writer (docs/architecture.md, "State machines")."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy import delete, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlmodel import Session, select

from storage.database.database import Database
from storage.enums import AccountState, AttemptState, Messenger, RejectReason, RequestKind, RequestState, Role
from storage.tables import (
    Account,
    AuditEvent,
    Chat,
    Coverage,
    Grant,
    PaymentAttempt,
    QualificationRequest,
    StaffAlert,
    Tariff,
)
from storage.tables.column_types import utcnow

Unit = Callable[[Session], Any]


@pytest.fixture
async def db(database: Database) -> Database:
    """With account 1."""
    await database.run(adding(account()))
    return database


def adding(*rows: Any) -> Unit:
    # Copies: a unit may run twice.
    return lambda session: session.add_all([type(row)(**row.model_dump(exclude_unset=True)) for row in rows])


def account(number: int = 1, **values: Any) -> Account:
    return Account(
        user_code=f"1000{number}", password_hash="x", first_name="سارا", last_name="کریمی", **values
    )


def request(state: RequestState = RequestState.DRAFT, **values: Any) -> QualificationRequest:
    return QualificationRequest(account_id=1, kind=RequestKind.NEW, state=state, **values)


def attempt(state: AttemptState = AttemptState.CREATED, **values: Any) -> PaymentAttempt:
    return PaymentAttempt(
        **({"request_id": 1, "gateway": "zarinpal", "amount_rial": 1000, "state": state} | values)
    )


def event(**values: Any) -> AuditEvent:
    return AuditEvent(event="submitted", subject="request", subject_id=1, actor_role=Role.OFFICER, **values)


async def refused(database: Database, *rows: Any) -> None:
    with pytest.raises(IntegrityError):
        await database.run(adding(*rows))


async def test_one_open_request_an_officer(db: Database) -> None:
    reject = {"reject_reason": RejectReason.OTHER, "reject_text": "ناخوانا"}
    await db.run(adding(request(RequestState.REJECTED, **reject), request(RequestState.WITHDRAWN)))
    await db.run(adding(request(RequestState.SUBMITTED)))

    await refused(db, request(RequestState.DRAFT))


async def test_a_rejection_needs_its_reason(db: Database) -> None:
    await refused(db, request(RequestState.REJECTED))
    await refused(db, request(RequestState.REJECTED, reject_reason=RejectReason.OTHER))
    await refused(db, request(RequestState.REJECTED, reject_reason=RejectReason.OTHER, reject_text="نه"))


async def test_a_file_in_review_has_its_reviewer(db: Database) -> None:
    await refused(db, request(RequestState.IN_REVIEW))
    await db.run(adding(request(RequestState.IN_REVIEW, reviewer_id=1)))


async def test_one_payment_a_request(db: Database) -> None:
    await db.run(adding(request()))
    await db.run(adding(attempt(AttemptState.PAID), attempt(AttemptState.FAILED), attempt()))

    await refused(db, attempt(AttemptState.PAID))


async def test_an_amount_is_positive_and_a_refund_has_its_reference(db: Database) -> None:
    await db.run(adding(request()))

    await refused(db, attempt(amount_rial=0))
    await refused(db, attempt(AttemptState.REFUNDED))
    await refused(db, attempt(ref="A1"), attempt(ref="A1"))
    await refused(db, Tariff(kind=RequestKind.NEW, amount_rial=-1, valid_from=date(2026, 1, 1)))
    await db.run(adding(Tariff(kind=RequestKind.NEW, amount_rial=0, valid_from=date(2026, 1, 1))))


async def test_a_national_code_is_free_again_after_annulment(db: Database) -> None:
    await db.run(adding(account(2, national_code="9991234561", state=AccountState.ANNULLED)))
    await db.run(adding(account(3, national_code="9991234561")))

    await refused(db, account(4, national_code="9991234561"))


async def test_a_role_is_given_once(db: Database) -> None:
    await db.run(adding(Grant(account_id=1, role=Role.STAFF)))

    await refused(db, Grant(account_id=1, role=Role.STAFF))


async def test_a_city_has_one_university(seeded: Database) -> None:
    await refused(seeded, Coverage(province="فارس", city="فسا", university_code="sums"))


async def test_references_hold(db: Database) -> None:
    await refused(db, Chat(messenger=Messenger.BALE, chat_id=5, account_id=99))


async def test_ids_of_messengers_are_long(db: Database) -> None:
    await db.run(adding(Chat(messenger=Messenger.BALE, chat_id=2**52 + 1)))

    assert await db.read(lambda session: session.exec(select(Chat.chat_id)).one()) == 2**52 + 1


async def test_one_open_alert_a_key(db: Database) -> None:
    await db.run(adding(StaffAlert(key="no tariff", text="x", resolved_at=utcnow())))
    await db.run(adding(StaffAlert(key="no tariff", text="x")))

    await refused(db, StaffAlert(key="no tariff", text="x"))


@pytest.mark.parametrize(
    "change",
    [
        lambda session: session.execute(update(AuditEvent).values(event="nothing")),
        lambda session: session.execute(delete(AuditEvent)),
        lambda session: session.delete(session.exec(select(AuditEvent)).first()),
        lambda session: session.execute(text("DELETE FROM audit_event")),
    ],
)
async def test_the_audit_record_is_append_only(db: Database, change: Unit) -> None:
    await db.run(adding(event()))

    with pytest.raises(DBAPIError, match="append-only"):
        await db.run(change)

    await db.run(adding(event(data={"round": 1})))
    events = await db.read(lambda session: session.exec(select(AuditEvent)).all())
    assert [one.event for one in events] == ["submitted", "submitted"]
    assert events[1].data == {"round": 1}


async def test_the_audit_record_cannot_be_emptied_at_once(postgres_url: str) -> None:
    from storage.database.database import open_database

    database = await open_database(postgres_url)
    with pytest.raises(DBAPIError, match="append-only"):
        await database.run(lambda session: session.execute(text("TRUNCATE audit_event")))
    await database.close()


async def test_an_unknown_state_cannot_be_written_or_read(db: Database) -> None:
    with pytest.raises(Exception, match="DREAMING"):
        await db.run(lambda session: session.execute(update(Account).values(state="DREAMING")))

    await db.run(lambda session: session.execute(text("UPDATE account SET state = 'DREAMING'")))
    with pytest.raises(ValueError, match="DREAMING"):
        await db.read(lambda session: session.exec(select(Account)).all())


async def test_an_instant_needs_its_zone(db: Database) -> None:
    with pytest.raises(Exception, match="time zone"):
        await db.run(adding(StaffAlert(key="k", text="x", raised_at=utcnow().replace(tzinfo=None))))
