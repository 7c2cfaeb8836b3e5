"""What staff do to accounts: reset, suspend, lift, annul, hire and dismiss experts; on both databases."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from sqlmodel import Session, select

from bot.core.context import Actor, PublicInfo
from bot.core.refusals import InvalidInput, NotAllowed, Stale
from bot.rules.validators import NationalCode
from bot.services import accounts
from storage.database.database import Database
from storage.enums import AccountState, RequestState, Role
from storage.tables import Account, Chat, Grant
from tests.bot.services.accounts import actions
from tests.support.factories.people import staff
from tests.support.factories.qualification import add_request
from tests.support.factories.reference_data import NOW
from tests.support.services import refused

REASON = "درخواست کتبی متقاضی"


def reset(db: Session, **given: Any) -> Account:
    return accounts.reset_access(db, password_hash="new", **{"reason": REASON, "now": NOW} | given)


def suspend(db: Session, **given: Any) -> Account:
    info = PublicInfo(support_contact="021-1234", public_url="https://bot.example.ir")
    return accounts.suspend(db, public_info=info, **{"reason": REASON, "now": NOW, "death": False} | given)


def annul(db: Session, **given: Any) -> Account:
    return accounts.annul(db, **{"reason": REASON, "now": NOW} | given)


def test_resetting_access_logs_the_person_out_everywhere(db: Session) -> None:
    account, chat = actions.register(db)
    actor = staff(db)
    account.credentials_pending = False
    db.flush()
    reset(db, actor=actor, account_id=account.id)
    assert (account.password_hash, account.credentials_pending) == ("new", False)
    assert (chat.account_id, chat.role) == (None, None)
    event = actions.events(db)[-1]
    assert (event.event, event.actor_id, event.data["reason"]) == ("access_reset", actor.account_id, REASON)


def test_a_suspended_person_is_told_why_and_when_it_ends(db: Session) -> None:
    account, chat = actions.register(db)
    given = {"actor": staff(db), "account_id": account.id}
    suspend(db, **given)
    assert (account.state, account.state_reason) == (AccountState.SUSPENDED, REASON)
    assert chat.account_id == account.id
    actions.log_in(db, account, actions.new_chat(db))
    accounts.lift(db, reason=REASON, now=NOW, **given)
    assert (account.state, account.state_reason) == (AccountState.ACTIVE, None)
    texts = [push.text for push in actions.pushes(db, "N21")]
    assert texts[0].startswith(f"حساب شما غیرفعال شده است. دلیل:\n│ {REASON}\n└ اداره کل\n")
    assert "021-1234" in texts[0]
    assert texts[-1] == "حساب شما دوباره فعال شد."
    recorded = [
        (one.from_state, one.to_state, one.data["reason"]) for one in actions.events(db) if one.from_state
    ]
    active, suspended = AccountState.ACTIVE, AccountState.SUSPENDED
    assert recorded == [(active, suspended, REASON), (suspended, active, REASON)]
    with refused(NotAllowed):
        accounts.lift(db, reason=REASON, now=NOW, **given)


def test_an_annulled_registration_frees_the_national_code(db: Session) -> None:
    account, chat = actions.register(db)
    annul(db, actor=staff(db), account_id=account.id)
    # No password waits to be seen: nobody can use it.
    assert (account.state, account.credentials_pending) == (AccountState.ANNULLED, False)
    assert chat.account_id is None
    (event,) = (one for one in actions.events(db) if one.to_state == AccountState.ANNULLED)
    assert (event.subject, event.subject_id, event.data["reason"]) == ("account", account.id, REASON)
    assert accounts.by_user_code(db, account.user_code) is None
    again, _ = actions.register(db, 2)
    assert again.id != account.id
    with refused(Stale, "error.login_wrong"):
        actions.log_in(db, account, actions.new_chat(db, 3))


@pytest.mark.parametrize("state", [RequestState.DRAFT, RequestState.SUBMITTED, RequestState.COMPLETED])
def test_an_account_with_a_request_is_not_annulled(db: Session, state: RequestState) -> None:
    account, _ = actions.register(db)
    add_request(db, account, state)
    with refused(NotAllowed, "error.cannot_annul"):
        annul(db, actor=staff(db), account_id=account.id)


@pytest.mark.parametrize("service", [reset, suspend, annul])
def test_staff_alone_with_a_reason_and_a_fresh_version(db: Session, service: Callable[..., Account]) -> None:
    account, chat = actions.register(db)
    actor = staff(db)
    for other in (Actor(account.id, Role.OFFICER), Actor(77, Role.EXPERT, "sums"), Actor(None, Role.SYSTEM)):
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


async def test_a_reset_against_logins_with_the_old_password(database: Database) -> None:
    def prepare(db: Session) -> tuple[Actor, Account, list[Chat]]:
        account, _ = actions.register(db)
        return staff(db), account, [actions.new_chat(db, 100 + n) for n in range(8)]

    actor, account, chats = await database.run(prepare)
    old = account.password_hash
    logins = [
        database.run(
            lambda db, number=chat.id: actions.log_in(db, account, db.get_one(Chat, number), checked_hash=old)
        )
        for chat in chats
    ]
    resetting = database.run(lambda db: reset(db, actor=actor, account_id=account.id))
    await asyncio.gather(*logins[:4], resetting, *logins[4:], return_exceptions=True)

    still_linked = select(Chat).where(Chat.account_id == account.id)
    assert await database.read(lambda db: db.exec(still_linked).all()) == []


def hire(db: Session, actor: Actor, role: Role = Role.EXPERT, *, code: str = actions.CODE) -> Account:
    return accounts.appoint_expert(
        db, actor=actor, role=role, university_code="sums", national_code=code, now=NOW
    )


def test_several_roles_and_one_login(db: Session) -> None:
    """An expert who also is an officer stays logged in as officer."""
    (account, chat), actor = actions.register(db), staff(db)
    hired = hire(db, actor)
    assert (hired.id, hired.password_hash) == (account.id, "first")
    told = actions.pushes(db, "N26")[-1]
    assert "نقش «کارشناس»" in told.text
    accounts.choose(db, actor=actions.owner(account), chat=chat, role=Role.EXPERT, now=NOW)
    assert chat.role is Role.EXPERT
    chosen = actions.events(db)[-1]
    assert (chosen.event, chosen.actor_id, chosen.data["role"]) == ("role_chosen", account.id, "expert")
    with refused(NotAllowed):
        accounts.choose(db, actor=actions.owner(account), chat=chat, role=Role.STAFF, now=NOW)
    with refused("error.role_held"):
        accounts.grant(db, account=account, role=Role.IN_CHARGE, university_code="tums", now=NOW)
    (line,) = accounts.of_university(db, actor=actor, university_code="sums")
    accounts.deactivate(db, actor=actor, account_id=account.id, grant_id=line.grant_id, now=NOW)
    assert (chat.account_id, chat.role) == (account.id, Role.OFFICER)


def test_staff_make_an_expert_and_end_the_work(db: Session) -> None:
    actor = staff(db)
    with refused(Stale):
        hire(db, actor, Role.IN_CHARGE, code=actions.OTHER_CODE)
    expert = accounts.create_user(
        db,
        role=Role.IN_CHARGE,
        university_code="sums",
        national_code=NationalCode(actions.OTHER_CODE),
        name="مینا رضایی نیا",
        now=NOW,
        password_hash="first",
    )
    assert (expert.first_name, expert.last_name) == ("مینا", "رضایی نیا")
    chat = actions.new_chat(db, 9)
    actions.log_in(db, expert, chat)
    assert chat.role is Role.IN_CHARGE
    (line,) = accounts.of_university(db, actor=actor, university_code="sums")
    assert (line.account.id, line.role) == (expert.id, Role.IN_CHARGE)
    assert {one.code for one, number in accounts.numbers(db, actor=actor) if number == 1} == {"sums"}
    given = {"actor": actor, "account_id": expert.id, "grant_id": line.grant_id, "now": NOW}
    accounts.deactivate(db, **given)
    assert accounts.of_university(db, actor=actor, university_code="sums") == []
    assert (chat.account_id, chat.role) == (None, None)
    with refused(Stale):
        accounts.deactivate(db, **given)
    with refused(NotAllowed, "error.no_role"):
        actions.log_in(db, expert, chat)
    assert hire(db, actor, Role.IN_CHARGE, code=actions.OTHER_CODE).id == expert.id
    assert len(db.exec(select(Grant).where(Grant.account_id == expert.id)).all()) == 1


@pytest.mark.parametrize(("role", "university"), [(Role.EXPERT, None), (Role.IN_CHARGE, "nowhere")])
def test_an_expert_belongs_to_a_university(db: Session, role: Role, university: str | None) -> None:
    with refused("error.university_needed"):
        accounts.create_user(
            db, role=role, university_code=university, name="مینا", now=NOW, password_hash="x"
        )
