"""What staff do to accounts: reset, suspend, lift, annul; on both databases."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from sqlmodel import Session, select

from bot.core.context import Actor, PublicInfo
from bot.core.refusals import InvalidInput, NotAllowed, Stale
from bot.services import accounts
from storage.database.database import Database
from storage.enums import AccountState, RequestKind, RequestState, Role
from storage.tables import Account, Chat, QualificationRequest
from tests.bot.services.accounts.actions import events, log_in, new_chat, pushes, register
from tests.support.factories.people import staff
from tests.support.factories.reference_data import NOW
from tests.support.services import as_unit, refused

REASON = "درخواست کتبی متقاضی"


def reset(db: Session, **given: Any) -> Account:
    return accounts.reset_access(db, password_hash="new", **{"reason": REASON, "now": NOW} | given)


def suspend(db: Session, **given: Any) -> Account:
    info = PublicInfo(support_contact="021-1234", public_url="https://bot.example.ir")
    return accounts.suspend(db, public_info=info, **{"reason": REASON, "now": NOW} | given)


def annul(db: Session, **given: Any) -> Account:
    return accounts.annul(db, **{"reason": REASON, "now": NOW} | given)


@as_unit
def test_resetting_access_logs_the_person_out_everywhere(db: Session) -> None:
    account, chat = register(db)
    actor = staff(db)
    account.credentials_pending = False
    db.flush()
    reset(db, actor=actor, account_id=account.id)
    assert (account.password_hash, account.credentials_pending) == ("new", True)
    assert (chat.account_id, chat.role) == (None, None)
    event = events(db)[-1]
    assert (event.event, event.actor_id, event.data["reason"]) == ("access_reset", actor.account_id, REASON)


@as_unit
def test_a_suspended_person_is_told_why_and_when_it_ends(db: Session) -> None:
    account, chat = register(db)
    given = {"actor": staff(db), "account_id": account.id}
    suspend(db, **given)
    assert (account.state, account.state_reason) == (AccountState.SUSPENDED, REASON)
    assert chat.account_id == account.id
    log_in(db, account, new_chat(db))
    accounts.lift(db, reason=REASON, now=NOW, **given)
    assert (account.state, account.state_reason) == (AccountState.ACTIVE, None)
    texts = [push.text for push in pushes(db, "N21")]
    assert texts[0].startswith(f"حساب شما غیرفعال شده است. دلیل:\n│ {REASON}\n└ اداره کل\n")
    assert "021-1234" in texts[0]
    assert texts[-1] == "حساب شما دوباره فعال شد."
    with refused(NotAllowed):
        accounts.lift(db, reason=REASON, now=NOW, **given)


@as_unit
def test_an_annulled_registration_frees_the_national_code(db: Session) -> None:
    account, chat = register(db)
    annul(db, actor=staff(db), account_id=account.id)
    assert account.state is AccountState.ANNULLED
    assert chat.account_id is None
    assert accounts.by_user_code(db, account.user_code) is None
    again, _ = register(db, 2)
    assert again.id != account.id
    with refused(Stale, "error.login_wrong"):
        log_in(db, account, new_chat(db, 3))


@pytest.mark.parametrize("state", [RequestState.DRAFT, RequestState.SUBMITTED, RequestState.COMPLETED])
@as_unit
def test_an_account_with_a_request_is_not_annulled(db: Session, state: RequestState) -> None:
    account, _ = register(db)
    db.add(QualificationRequest(account_id=account.id, kind=RequestKind.NEW, state=state, state_since=NOW))
    db.flush()
    with refused(NotAllowed, "error.cannot_annul"):
        annul(db, actor=staff(db), account_id=account.id)


@pytest.mark.parametrize("service", [reset, suspend, annul])
@as_unit
def test_staff_alone_with_a_reason_and_on_the_version_they_saw(
    db: Session, service: Callable[..., Account]
) -> None:
    account, chat = register(db)
    actor = staff(db)
    for other in (
        Actor(account.id, Role.OFFICER),
        Actor(77, Role.EXPERT, "sums"),
        Actor(None, Role.SYSTEM),
    ):
        with refused(NotAllowed):
            service(db, actor=other, account_id=account.id)
    with refused(InvalidInput, "error.short_reason"):
        service(db, actor=actor, account_id=account.id, reason=" کم ")
    with refused(Stale):
        service(db, actor=actor, account_id=account.id, version=account.version + 1)
    with refused(NotAllowed, "error.own_account"):
        service(db, actor=actor, account_id=actor.account_id)
    assert (account.state, account.password_hash) == (AccountState.ACTIVE, "first")
    assert chat.account_id == account.id


async def test_a_login_with_the_old_password_is_undone_by_a_reset_or_fails_after_it(
    database: Database,
) -> None:
    def prepare(db: Session) -> tuple[Actor, Account, list[Chat]]:
        account, _ = register(db)
        return staff(db), account, [new_chat(db, 100 + n) for n in range(8)]

    actor, account, chats = await database.run(prepare)
    old = account.password_hash
    logins = [
        database.run(
            lambda db, number=chat.id: log_in(db, account, db.get_one(Chat, number), checked_hash=old)
        )
        for chat in chats
    ]
    resetting = database.run(lambda db: reset(db, actor=actor, account_id=account.id))
    await asyncio.gather(*logins[:4], resetting, *logins[4:], return_exceptions=True)

    still_linked = select(Chat).where(Chat.account_id == account.id)
    assert await database.read(lambda db: db.exec(still_linked).all()) == []
