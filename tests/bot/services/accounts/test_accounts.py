"""Registration, login, roles, chats and passwords, on both databases."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session, col, select

from bot.core.context import Actor
from bot.core.refusals import InvalidInput, NotAllowed, Refusal, Stale, Throttled
from bot.security.passwords import Passwords
from bot.services import accounts
from bot.services.accounts import Registration
from storage.database.database import Database
from storage.enums import AccountState, Messenger, RequestKind, RequestState, Role
from storage.tables import (
    Account,
    AuditEvent,
    Chat,
    ClosedPair,
    DegreeLevel,
    FieldOfStudy,
    Grant,
    Officer,
    Push,
    QualificationRequest,
    University,
)

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
CODE, OTHER_CODE = "9991234561", "9991234551"
MOBILE = "+989121234567"

SARA = Registration(
    national_code=CODE,
    birth_date=date(1986, 7, 3),
    first_name="سارا",
    last_name="کریمی‌نژاد",
    level_code="bachelor",
    field_code="biomedical",
    field_note=None,
    mobile=MOBILE,
    mobile_verified=True,
)


def seed(db: Session) -> None:
    db.add(DegreeLevel(code="bachelor", name="کارشناسی", position=1))
    db.add(DegreeLevel(code="associate", name="کاردانی", position=0, allowed=False))
    db.add(FieldOfStudy(code="biomedical", name="مهندسی پزشکی", position=1))
    db.add(FieldOfStudy(code="physics", name="فیزیک پزشکی", position=2))
    db.add(FieldOfStudy(code="closed", name="شیمی", position=3, allowed=False))
    for code in ("sums", "tums"):
        db.add(University(code=code, name=f"دانشگاه {code}", province="فارس"))
    db.flush()
    db.add(ClosedPair(level_code="bachelor", field_code="physics"))


@pytest.fixture
async def ready(database: Database) -> Database:
    await database.run(seed)
    return database


def new_chat(db: Session, number: int, messenger: Messenger = Messenger.TELEGRAM) -> Chat:
    chat = Chat(messenger=messenger, chat_id=number)
    db.add(chat)
    db.flush()
    return chat


def sara(db: Session, number: int = 1) -> tuple[Account, Chat]:
    chat = new_chat(db, number)
    return accounts.register(db, chat=chat, given=SARA, password_hash="first", now=NOW), chat


def log_in(db: Session, account: Account, chat: Chat, now: datetime = NOW) -> Account:
    assert account.id is not None
    return accounts.login(
        db,
        chat=chat,
        account_id=account.id,
        checked_hash=account.password_hash,
        new_hash=None,
        now=now,
    )


def owner(account: Account, role: Role = Role.OFFICER) -> Actor:
    return Actor(account.id, role, None, Messenger.TELEGRAM)


def staff(db: Session) -> Actor:
    made = accounts.create_user(
        db, role=Role.STAFF, university_code=None, name="رضا اداری", now=NOW, password_hash="x"
    )
    return Actor(made.id, Role.STAFF)


def hire(
    db: Session, actor: Actor, role: Role = Role.EXPERT, *, code: str = CODE, name: str | None = None
) -> accounts.Appointment:
    return accounts.appoint_expert(
        db,
        actor=actor,
        role=role,
        university_code="sums",
        national_code=code,
        name=name,
        password_hash="unused",
        now=NOW,
    )


def sara_on_both(db: Session) -> tuple[Account, Chat, Chat]:
    """Registered on Telegram, logged in on Bale as well."""
    account, phone = sara(db)
    bale = new_chat(db, 2, Messenger.BALE)
    log_in(db, account, bale)
    return account, phone, bale


def pushes(db: Session, kind: str) -> list[Push]:
    return list(db.exec(select(Push).where(Push.kind == kind).order_by(col(Push.id))))


def events(db: Session) -> list[str]:
    return list(db.exec(select(AuditEvent.event).order_by(col(AuditEvent.id))))


async def test_an_officer_registers_once(ready: Database) -> None:
    def unit(db: Session) -> None:
        account, chat = sara(db)
        assert (account.state, account.credentials_pending) == (AccountState.ACTIVE, True)
        assert len(account.user_code) == 8
        assert account.user_code.isdigit()
        assert (chat.account_id, chat.role) == (account.id, Role.OFFICER)
        officer = db.get(Officer, account.id)
        assert officer is not None
        assert (officer.birth_date, officer.field_code) == (SARA.birth_date, "biomedical")
        assert events(db) == ["registered"]
        with pytest.raises(Refusal) as refused:
            accounts.register(db, chat=new_chat(db, 2), given=SARA, password_hash="x", now=NOW)
        assert refused.value.key == "error.duplicate_registration"
        assert [door.press and door.press.action for door in refused.value.next_buttons] == [
            "login",
            "forgot",
        ]

    await ready.run(unit)


async def test_two_at_once_with_one_national_code(ready: Database) -> None:
    """The unique index decides; the slower one is told so."""

    def unit(number: int) -> Callable[[Session], str]:
        def register(db: Session) -> str:
            return sara(db, number)[0].user_code

        return register

    results = await asyncio.gather(*(ready.run(unit(n)) for n in range(1, 7)), return_exceptions=True)

    refusals = [result for result in results if isinstance(result, Refusal)]
    assert len(refusals) == 5
    assert {refusal.key for refusal in refusals} == {"error.duplicate_registration"}
    assert len(await ready.read(lambda db: db.exec(select(Account)).all())) == 1
    linked = await ready.read(lambda db: db.exec(select(Chat).where(col(Chat.account_id).is_not(None))).all())
    assert len(linked) == 1


async def test_the_index_speaks_where_the_look_before_saw_nothing(
    ready: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unit(db: Session) -> None:
        sara(db)
        honest = accounts.queries.by_national_code
        blind_once = iter([True])

        def look(db: Session, national_code: str) -> Account | None:
            return None if next(blind_once, False) else honest(db, national_code)

        monkeypatch.setattr(accounts.queries, "by_national_code", look)
        with pytest.raises(Refusal) as refused:
            accounts.register(db, chat=new_chat(db, 2), given=SARA, password_hash="x", now=NOW)
        assert refused.value.key == "error.duplicate_registration"
        assert len(db.exec(select(Account)).all()) == 1

    await ready.run(unit)


@pytest.mark.parametrize(
    "changes",
    [
        {"level_code": "associate"},
        {"field_code": "closed"},
        {"field_code": "physics"},
        {"field_code": "nothing"},
    ],
)
async def test_closed_levels_and_fields_do_not_register(ready: Database, changes: dict[str, Any]) -> None:
    def unit(db: Session) -> None:
        given = replace(SARA, **changes)
        with pytest.raises(InvalidInput) as refused:
            accounts.register(db, chat=new_chat(db, 1), given=given, password_hash="x", now=NOW)
        assert refused.value.key == "error.field_closed"

    await ready.run(unit)


async def test_five_national_codes_a_day(ready: Database) -> None:
    def unit(db: Session) -> None:
        sara(db)
        chat, stranger = new_chat(db, 5), new_chat(db, 6)
        tries = [
            accounts.try_national_code(db, chat=chat, national_code=code, now=NOW)
            for code in (CODE, OTHER_CODE, CODE, OTHER_CODE, CODE)
        ]
        assert tries == [False, True, False, True, False]
        with pytest.raises(Throttled) as refused:
            accounts.try_national_code(db, chat=chat, national_code=OTHER_CODE, now=NOW)
        assert refused.value.key == "error.daily_limit"
        assert accounts.try_national_code(db, chat=stranger, national_code=OTHER_CODE, now=NOW)
        tomorrow = NOW + timedelta(hours=13)
        assert accounts.try_national_code(db, chat=chat, national_code=OTHER_CODE, now=tomorrow)

    await ready.run(unit)


async def test_login_tells_the_other_chats(ready: Database) -> None:
    def unit(db: Session) -> None:
        account, phone = sara(db)
        bale = new_chat(db, 1, Messenger.BALE)
        log_in(db, account, bale, NOW + timedelta(minutes=1))
        assert (bale.account_id, bale.role) == (account.id, Role.OFFICER)
        (told,) = pushes(db, "N2")
        assert told.chat_row_id == phone.id
        assert "بله" in told.text
        assert "۱۴۰۵/۰۹/۰۱ ساعت ۱۲:۳۱" in told.text
        assert [row[0]["label"] for row in told.buttons] == ["خروج از آن گفت‌وگو", "تغییر رمز"]
        assert events(db)[-1] == "logged_in"

    await ready.run(unit)


async def test_signing_out_there(ready: Database) -> None:
    def unit(db: Session) -> None:
        account, _, there = sara_on_both(db)
        there.dialogue, there.view = "something", "1|me|||"
        db.flush()
        mark = accounts.session_mark(there)
        with pytest.raises(Stale):
            accounts.sign_out(db, actor=owner(account), chat_row_id=there.id or 0, mark=mark - 1, now=NOW)
        accounts.sign_out(db, actor=owner(account), chat_row_id=there.id or 0, mark=mark, now=NOW)
        assert (there.account_id, there.role, there.dialogue, there.view) == (None, None, None, None)
        with pytest.raises(Stale):
            accounts.sign_out(db, actor=owner(account), chat_row_id=there.id or 0, mark=mark, now=NOW)
        with pytest.raises(NotAllowed):
            accounts.sign_out(db, actor=owner(account), chat_row_id=999, mark=0, now=NOW)

    await ready.run(unit)


async def test_nobody_signs_out_a_stranger(ready: Database) -> None:
    def unit(db: Session) -> None:
        account, _ = sara(db)
        theirs = new_chat(db, 7)
        other = accounts.create_user(
            db, role=Role.OFFICER, university_code=None, name="علی", now=NOW, password_hash="x"
        )
        log_in(db, other, theirs)
        with pytest.raises(Stale):
            accounts.sign_out(db, actor=owner(account), chat_row_id=theirs.id or 0, mark=0, now=NOW)
        assert theirs.account_id == other.id

    await ready.run(unit)


async def test_logout_stops_pushes(ready: Database) -> None:
    def unit(db: Session) -> None:
        account, chat = sara(db)
        accounts.logout(db, actor=owner(account), chat=chat, now=NOW)
        assert (chat.account_id, chat.role) == (None, None)
        log_in(db, account, new_chat(db, 2))
        assert pushes(db, "N2") == []

    await ready.run(unit)


async def test_five_wrong_passwords_lock_the_chat_for_a_quarter(ready: Database) -> None:
    def unit(db: Session) -> None:
        account, _ = sara(db)
        chat, calm = new_chat(db, 5), new_chat(db, 6)
        for minute in range(5):
            at = NOW + timedelta(minutes=minute)
            accounts.refuse_if_locked(db, chat=chat, account_id=account.id, now=at)
            accounts.count_wrong(db, chat=chat, account_id=account.id, now=at)
        with pytest.raises(Throttled) as locked:
            accounts.refuse_if_locked(db, chat=chat, account_id=account.id, now=NOW + timedelta(minutes=5))
        assert (locked.value.key, locked.value.args_of_text) == ("error.login_locked", {"m": "۱۰"})
        with pytest.raises(Throttled):
            log_in(db, account, chat, NOW + timedelta(minutes=5))
        accounts.refuse_if_locked(db, chat=calm, account_id=account.id, now=NOW + timedelta(minutes=5))
        accounts.refuse_if_locked(db, chat=chat, account_id=account.id, now=NOW + timedelta(minutes=16))

    await ready.run(unit)


async def test_strangers_lock_an_account_but_not_its_own_phone(ready: Database) -> None:
    def unit(db: Session) -> None:
        account, phone = sara(db)
        for number in range(20):
            accounts.count_wrong(db, chat=new_chat(db, 100 + number), account_id=account.id, now=NOW)
        with pytest.raises(Throttled):
            accounts.refuse_if_locked(db, chat=new_chat(db, 50), account_id=account.id, now=NOW)
        accounts.refuse_if_locked(db, chat=phone, account_id=account.id, now=NOW)
        run_in_background = NOW + timedelta(minutes=61)
        accounts.refuse_if_locked(db, chat=new_chat(db, 51), account_id=account.id, now=run_in_background)

    await ready.run(unit)


async def test_user_codes_are_found_as_people_type_them(ready: Database) -> None:
    def unit(db: Session) -> None:
        account, _ = sara(db)
        persian = account.user_code.translate(str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹"))
        for typed in (account.user_code, f" {account.user_code} ", persian, f"\u200e{persian}\u200f"):
            found = accounts.by_user_code(db, typed)
            assert found is not None
            assert found.id == account.id
        assert accounts.by_user_code(db, "00000000") is None

    await ready.run(unit)


async def test_a_password_that_changed_meanwhile_is_wrong(ready: Database) -> None:
    def unit(db: Session) -> None:
        account, _ = sara(db)
        assert account.id is not None
        with pytest.raises(Stale) as refused:
            accounts.login(
                db,
                chat=new_chat(db, 2),
                account_id=account.id,
                checked_hash="older",
                new_hash=None,
                now=NOW,
            )
        assert refused.value.key == "error.login_wrong"

    await ready.run(unit)


async def test_changing_the_password(ready: Database) -> None:
    def unit(db: Session) -> None:
        account, chat, bale = sara_on_both(db)
        accounts.change_password(
            db, actor=owner(account), chat=chat, password_hash="second", system_made=False, now=NOW
        )
        assert (account.password_hash, account.credentials_pending) == ("second", False)
        assert [push.chat_row_id for push in pushes(db, "N2")] == [chat.id, bale.id]
        assert "رمز عبور حساب شما تغییر کرد" in pushes(db, "N2")[-1].text
        with pytest.raises(NotAllowed):
            accounts.change_password(
                db, actor=Actor(999, Role.OFFICER), chat=chat, password_hash="x", system_made=False, now=NOW
            )

    await ready.run(unit)


async def test_a_password_that_was_never_seen_is_made_anew(ready: Database) -> None:
    def unit(db: Session) -> None:
        account, _ = sara(db)
        assert accounts.renew(db, actor=owner(account), password_hash="second", now=NOW) is not None
        assert (account.password_hash, account.credentials_pending) == ("second", True)
        account.credentials_pending = False
        db.flush()
        assert accounts.renew(db, actor=owner(account), password_hash="third", now=NOW) is None
        assert account.password_hash == "second"

    await ready.run(unit)


async def test_forgotten_password_by_the_verified_mobile(ready: Database) -> None:
    def unit(db: Session) -> None:
        account, phone = sara(db)
        chat = new_chat(db, 2)
        found = accounts.recover(
            db, chat=chat, national_code=CODE, mobile=MOBILE, password_hash="new", now=NOW
        )
        assert found is not None
        assert (found.id, found.password_hash, found.credentials_pending) == (account.id, "new", True)
        assert chat.account_id == account.id
        assert [push.chat_row_id for push in pushes(db, "N2")] == [phone.id]

    await ready.run(unit)


@pytest.mark.parametrize(
    ("code", "mobile", "verified", "state"),
    [
        (OTHER_CODE, MOBILE, True, AccountState.ACTIVE),
        (CODE, "+989129999999", True, AccountState.ACTIVE),
        (CODE, MOBILE, False, AccountState.ACTIVE),
        (CODE, MOBILE, True, AccountState.ANNULLED),
    ],
)
async def test_forgotten_password_has_one_answer_to_everything_else(
    ready: Database, code: str, mobile: str, verified: bool, state: AccountState
) -> None:
    def unit(db: Session) -> None:
        account, _ = sara(db)
        account.mobile_verified, account.state = verified, state
        db.flush()
        chat = new_chat(db, 2)
        for _ in range(5):
            assert (
                accounts.recover(db, chat=chat, national_code=code, mobile=mobile, password_hash="x", now=NOW)
                is None
            )
        assert (account.password_hash, chat.account_id) == ("first", None)
        with pytest.raises(Throttled):
            accounts.recover(db, chat=chat, national_code=CODE, mobile=MOBILE, password_hash="x", now=NOW)

    await ready.run(unit)


async def test_several_roles_and_one_login(ready: Database) -> None:
    def unit(db: Session) -> None:
        account, chat = sara(db)
        boss = staff(db)
        hired = hire(db, boss)
        assert (hired.created, hired.account.id, hired.account.password_hash) == (False, account.id, "first")
        accounts.choose(db, actor=owner(account), chat=chat, role=Role.EXPERT, now=NOW)
        assert chat.role is Role.EXPERT
        with pytest.raises(NotAllowed):
            accounts.choose(db, actor=owner(account), chat=chat, role=Role.STAFF, now=NOW)
        with pytest.raises(Refusal) as refused:
            accounts.grant(db, account=account, role=Role.IN_CHARGE, university_code="tums", now=NOW)
        assert refused.value.key == "error.role_held"

    await ready.run(unit)


async def test_staff_make_an_expert_and_end_the_work(ready: Database) -> None:
    def unit(db: Session) -> None:
        boss = staff(db)
        hired = hire(db, boss, Role.IN_CHARGE, code=OTHER_CODE, name="مینا رضایی نیا")
        expert = hired.account
        assert hired.created
        assert (expert.first_name, expert.last_name) == ("مینا", "رضایی نیا")
        assert expert.credentials_pending
        chat = new_chat(db, 9)
        log_in(db, expert, chat)
        assert chat.role is Role.IN_CHARGE
        (line,) = accounts.of_university(db, actor=boss, university_code="sums")
        assert (line.account.id, line.role) == (expert.id, Role.IN_CHARGE)
        assert {one.code: n for one, n in accounts.numbers(db, actor=boss)} == {"sums": 1, "tums": 0}
        assert expert.id is not None
        accounts.deactivate(db, actor=boss, account_id=expert.id, grant_id=line.grant_id, now=NOW)
        assert accounts.of_university(db, actor=boss, university_code="sums") == []
        assert (chat.account_id, chat.role) == (None, None)
        with pytest.raises(Stale):
            accounts.deactivate(db, actor=boss, account_id=expert.id, grant_id=line.grant_id, now=NOW)
        with pytest.raises(NotAllowed) as refused:
            log_in(db, expert, chat)
        assert refused.value.key == "error.no_role"
        again = hire(db, boss, Role.IN_CHARGE, code=OTHER_CODE)
        assert not again.created
        assert len(db.exec(select(Grant).where(Grant.account_id == expert.id)).all()) == 1

    await ready.run(unit)


async def test_an_expert_who_also_is_an_officer_stays_logged_in_as_officer(ready: Database) -> None:
    def unit(db: Session) -> None:
        account, chat = sara(db)
        boss = staff(db)
        hire(db, boss)
        accounts.choose(db, actor=owner(account), chat=chat, role=Role.EXPERT, now=NOW)
        (line,) = accounts.of_university(db, actor=boss, university_code="sums")
        accounts.deactivate(db, actor=boss, account_id=account.id or 0, grant_id=line.grant_id, now=NOW)
        assert (chat.account_id, chat.role) == (account.id, Role.OFFICER)

    await ready.run(unit)


@pytest.mark.parametrize("role", [Role.OFFICER, Role.EXPERT, Role.IN_CHARGE, Role.DISTRIBUTOR])
async def test_only_staff_hire_and_dismiss(ready: Database, role: Role) -> None:
    def unit(db: Session) -> None:
        actor = Actor(1, role, "sums")
        with pytest.raises(NotAllowed):
            hire(db, actor, code=OTHER_CODE, name="مینا رضایی")
        with pytest.raises(NotAllowed):
            accounts.deactivate(db, actor=actor, account_id=1, grant_id=1, now=NOW)

    await ready.run(unit)


@pytest.mark.parametrize(("role", "university"), [(Role.EXPERT, None), (Role.IN_CHARGE, "nowhere")])
async def test_an_expert_belongs_to_a_university(ready: Database, role: Role, university: str | None) -> None:
    def unit(db: Session) -> None:
        with pytest.raises(Refusal) as refused:
            accounts.create_user(
                db, role=role, university_code=university, name="مینا", now=NOW, password_hash="x"
            )
        assert refused.value.key == "error.university_needed"

    await ready.run(unit)


async def test_the_mobile_changes_and_the_other_chats_hear_of_it(ready: Database) -> None:
    def unit(db: Session) -> None:
        account, chat, bale = sara_on_both(db)
        accounts.change_mobile(
            db, actor=owner(account), chat=chat, mobile="۰۹۳۵۱۲۳۴۵۶۷", verified=False, now=NOW
        )
        assert (account.mobile, account.mobile_verified) == ("+989351234567", False)
        assert [push.chat_row_id for push in pushes(db, "N12")] == [bale.id]
        accounts.change_mobile(
            db, actor=owner(account), chat=chat, mobile="+989351234567", verified=True, now=NOW
        )
        assert account.mobile_verified
        assert len(pushes(db, "N12")) == 1
        db.add(
            QualificationRequest(
                account_id=account.id or 0,
                kind=RequestKind.NEW,
                state=RequestState.SUBMITTED,
                state_since=NOW,
            )
        )
        db.flush()
        with pytest.raises(Refusal) as refused:
            accounts.change_mobile(db, actor=owner(account), chat=chat, mobile=MOBILE, verified=True, now=NOW)
        assert refused.value.key == "mobile.in_circulation"

    await ready.run(unit)


async def test_a_grown_hash_is_kept_at_login(ready: Database) -> None:
    passwords = Passwords(weak=True)
    grown = await passwords.hash("x")

    def unit(db: Session) -> None:
        account, _ = sara(db)
        accounts.login(
            db,
            chat=new_chat(db, 2),
            account_id=account.id or 0,
            checked_hash="first",
            new_hash=grown,
            now=NOW,
        )
        assert account.password_hash == grown

    await ready.run(unit)
