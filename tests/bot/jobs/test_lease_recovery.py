"""After a crash of the only process nobody waits for the leases of the dead one."""

from datetime import UTC, datetime, timedelta

from sqlmodel import Session, select

from bot.jobs import lease_recovery
from bot.messengers.delivery import outbox_store
from bot.services.payments import attempts
from bot.services.payments.attempts import ClaimedAttempt
from storage.database.database import Database
from storage.enums import AttemptState, Messenger, PushChannel, PushState, RequestKind, RequestState
from storage.tables import Chat, PaymentAttempt, Push, QualificationRequest
from tests.support.factories.people import account

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)
LATER = NOW + timedelta(minutes=2)


def add_leased_rows(db: Session) -> None:
    owner = account(db, chat=False)
    chat = Chat(messenger=Messenger.BALE, chat_id=5, account_id=owner.id, show_at=LATER)
    request = QualificationRequest(
        account_id=owner.id, kind=RequestKind.NEW, state=RequestState.AWAITING_PAYMENT, fee_rial=1000
    )
    db.add_all([chat, request])
    db.flush()
    leased = {"state": PushState.SENDING, "leased_until": LATER, "next_at": NOW, "chat_row_id": chat.id}
    push = {"channel": PushChannel.CHAT, "messenger": chat.messenger, "account_id": owner.id}
    db.add(Push(key="k", kind="N6", text="خبر", **push, **leased))
    verifying = {"state": AttemptState.VERIFYING, "next_check_at": LATER, "ref": "A1"}
    db.add(PaymentAttempt(request_id=request.id, gateway="zarinpal", amount_rial=1000, **verifying))


async def test_leases_of_the_dead_end(database: Database) -> None:
    await database.run(add_leased_rows)
    soon = NOW + timedelta(seconds=1)
    attempt_id = await database.read(lambda db: db.exec(select(PaymentAttempt.id)).one())
    assert attempt_id is not None

    def claim(db: Session) -> object:
        return attempts.claim_attempt(db, attempt_id=attempt_id, now=soon, by_payer=False)

    assert await database.run(claim) is AttemptState.VERIFYING
    room = {Messenger.BALE: outbox_store.RouteCapacity(5, 5)}
    assert (await database.read(lambda db: outbox_store.due_pushes(db, soon, room)))[0] == []

    await database.run(lambda db: lease_recovery.release_all_leases(db, now=NOW))

    assert isinstance(await database.run(claim), ClaimedAttempt)
    assert len((await database.read(lambda db: outbox_store.due_pushes(db, soon, room)))[0]) == 1
    assert await database.read(lambda db: db.exec(select(Chat.show_at)).one()) == NOW
