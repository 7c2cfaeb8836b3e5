"""What staff do to accounts: reset, suspend, lift, annul; on both databases."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from sqlmodel import Session, col, select

from bot.core.context import Actor, PublicInfo
from bot.core.refusals import InvalidInput, NotAllowed, Stale
from bot.services import accounts
from storage.database.database import Database
from storage.enums import AccountState, RequestKind, RequestState, Role
from storage.tables import Account, AuditEvent, Chat, QualificationRequest
from tests.bot.services.accounts.test_accounts import NOW, log_in, new_chat, pushes, ready, sara, staff

__all__ = ["ready"]

PUBLIC_INFO = PublicInfo(support_contact="021-1234", public_url="https://bot.example.ir")
REASON = "درخواست کتبی متقاضی"


def last_event(db: Session) -> AuditEvent:
    found = db.exec(select(AuditEvent).order_by(col(AuditEvent.id).desc())).first()
    assert found is not None
    return found


async def test_resetting_access_logs_the_person_out_everywhere(ready: Database) -> None:
    def unit(db: Session) -> None:
        account, chat = sara(db)
        boss = staff(db)
        account.credentials_pending = False
        db.flush()
        accounts.reset_access(
            db, actor=boss, account_id=account.id or 0, reason=REASON, password_hash="new", now=NOW
        )
        assert (account.password_hash, account.credentials_pending) == ("new", True)
        assert (chat.account_id, chat.role) == (None, None)
        event = last_event(db)
        assert (event.event, event.actor_id, event.data["reason"]) == (
            "access_reset",
            boss.account_id,
            REASON,
        )

    await ready.run(unit)


async def test_a_suspended_person_is_told_why_and_when_it_ends(ready: Database) -> None:
    def unit(db: Session) -> None:
        account, chat = sara(db)
        boss = staff(db)
        act: dict[str, Any] = {"actor": boss, "account_id": account.id or 0, "now": NOW}
        accounts.suspend(db, reason=REASON, public_info=PUBLIC_INFO, **act)
        assert (account.state, account.state_reason) == (AccountState.SUSPENDED, REASON)
        assert chat.account_id == account.id
        log_in(db, account, new_chat(db, 2))
        accounts.lift(db, reason=REASON, **act)
        assert (account.state, account.state_reason) == (AccountState.ACTIVE, None)
        texts = [push.text for push in pushes(db, "N21")]
        assert texts[0].startswith(f"حساب شما غیرفعال شده است. دلیل:\n│ {REASON}\n└ اداره کل\n")
        assert "021-1234" in texts[0]
        assert texts[-1] == "حساب شما دوباره فعال شد."
        with pytest.raises(NotAllowed):
            accounts.lift(db, reason=REASON, **act)

    await ready.run(unit)


async def test_an_annulled_registration_frees_the_national_code(ready: Database) -> None:
    def unit(db: Session) -> None:
        account, chat = sara(db)
        boss = staff(db)
        accounts.annul(db, actor=boss, account_id=account.id or 0, reason=REASON, now=NOW)
        assert account.state is AccountState.ANNULLED
        assert chat.account_id is None
        assert accounts.by_user_code(db, account.user_code) is None
        again, _ = sara(db, number=2)
        assert again.id != account.id
        with pytest.raises(Stale):
            log_in(db, account, new_chat(db, 3))

    await ready.run(unit)


@pytest.mark.parametrize("state", [RequestState.DRAFT, RequestState.SUBMITTED, RequestState.COMPLETED])
async def test_whoever_has_a_request_is_not_annulled(ready: Database, state: RequestState) -> None:
    def unit(db: Session) -> None:
        account, _ = sara(db)
        boss = staff(db)
        db.add(
            QualificationRequest(
                account_id=account.id or 0, kind=RequestKind.NEW, state=state, state_since=NOW
            )
        )
        db.flush()
        with pytest.raises(NotAllowed) as refused:
            accounts.annul(db, actor=boss, account_id=account.id or 0, reason=REASON, now=NOW)
        assert refused.value.key == "error.cannot_annul"

    await ready.run(unit)


def _reset(db: Session, **given: Any) -> Account:
    return accounts.reset_access(db, password_hash="x", now=NOW, **given)


def _suspend(db: Session, **given: Any) -> Account:
    return accounts.suspend(db, public_info=PUBLIC_INFO, now=NOW, **given)


def _annul(db: Session, **given: Any) -> Account:
    return accounts.annul(db, now=NOW, **given)


@pytest.mark.parametrize("act", [_reset, _suspend, _annul])
async def test_staff_alone_and_with_a_reason_and_an_eye_on_the_version(
    ready: Database, act: Callable[..., Account]
) -> None:
    def unit(db: Session) -> None:
        account, chat = sara(db)
        boss = staff(db)
        for actor in (
            Actor(account.id, Role.OFFICER),
            Actor(77, Role.EXPERT, "sums"),
            Actor(None, Role.SYSTEM),
        ):
            with pytest.raises(NotAllowed):
                act(db, actor=actor, account_id=account.id, reason=REASON)
        with pytest.raises(InvalidInput) as refused:
            act(db, actor=boss, account_id=account.id, reason=" کم ")
        assert refused.value.key == "error.short_reason"
        with pytest.raises(Stale):
            act(db, actor=boss, account_id=account.id, reason=REASON, version=account.version + 1)
        with pytest.raises(NotAllowed) as own:
            act(db, actor=boss, account_id=boss.account_id, reason=REASON)
        assert own.value.key == "error.own_account"
        assert (account.state, account.password_hash) == (AccountState.ACTIVE, "first")
        assert chat.account_id == account.id

    await ready.run(unit)


async def test_no_login_with_the_old_password_slips_past_a_reset(ready: Database) -> None:
    """Both at the same instant: the login is undone by the reset, or comes after it and fails."""
    boss, account, _ = await ready.run(lambda db: (staff(db), *sara(db)))
    chats = [await ready.run(partial(new_chat, number=100 + n)) for n in range(8)]
    old = account.password_hash

    def try_login(db: Session, row: int) -> None:
        accounts.login(
            db,
            chat=db.get_one(Chat, row),
            account_id=account.id or 0,
            checked_hash=old,
            new_hash=None,
            now=NOW,
        )

    def reset(db: Session) -> None:
        accounts.reset_access(
            db, actor=boss, account_id=account.id or 0, reason=REASON, password_hash="new", now=NOW
        )

    logins = [ready.run(partial(try_login, row=chat.id or 0)) for chat in chats]
    await asyncio.gather(*logins[:4], ready.run(reset), *logins[4:], return_exceptions=True)

    linked = await ready.read(lambda db: db.exec(select(Chat).where(col(Chat.account_id).is_not(None))).all())
    assert linked == []
