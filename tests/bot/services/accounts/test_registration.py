"""Registration, on both databases."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from bot.core.refusals import InvalidInput, Refusal, Throttled
from bot.services import accounts
from bot.services.accounts import registration
from bot.services.accounts.registration import insert
from storage.database.database import Database
from storage.enums import AccountState, Role
from storage.tables import Account, Chat, Officer
from tests.bot.services.accounts.actions import CODE, OTHER_CODE, REGISTRATION, events, new_chat, register
from tests.support.factories.reference_data import NOW
from tests.support.services import refused


def test_an_officer_registers_once(db: Session) -> None:
    account, chat = register(db)
    assert (account.state, account.credentials_pending) == (AccountState.ACTIVE, True)
    assert len(account.user_code) == 8
    assert account.user_code.isdigit()
    assert (chat.account_id, chat.role) == (account.id, Role.OFFICER)
    officer = db.get(Officer, account.id)
    assert officer is not None
    assert (officer.birth_date, officer.field_code) == (REGISTRATION.birth_date, "biomedical")
    assert [one.event for one in events(db)] == ["registered"]
    with refused("error.duplicate_registration") as caught:
        register(db, 2)
    assert [button.press.action for button in caught.refusal.next_buttons] == ["login", "forgot"]


async def test_the_index_decides_where_the_query_before_found_nothing(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of several at once the slower ones are told so, whatever they found before."""
    is_registered = registration.is_registered

    def find_nothing_at_first(db: Session, national_code: str) -> bool:
        asked_before = db.info.setdefault("asked", 0)
        db.info["asked"] += 1
        return bool(asked_before) and is_registered(db, national_code)

    monkeypatch.setattr(registration, "is_registered", find_nothing_at_first)
    results = await asyncio.gather(
        *(database.run(lambda db, n=n: register(db, n)[0].user_code) for n in range(1, 7)),
        return_exceptions=True,
    )
    refusals = [result for result in results if isinstance(result, Refusal)]
    assert len(refusals) == 5
    assert {refusal.key for refusal in refusals} == {"error.duplicate_registration"}

    def check(db: Session) -> None:
        assert len(db.exec(select(Account)).all()) == 1
        assert len(db.exec(select(Chat).where(col(Chat.account_id).is_not(None))).all()) == 1

    await database.read(check)


@pytest.mark.parametrize(
    "changes",
    [
        {"level_code": "associate"},
        {"field_code": "closed"},
        {"field_code": "physics"},
        {"field_code": "nothing"},
    ],
    ids=["closed level", "closed field", "closed pair", "unknown field"],
)
def test_closed_levels_and_fields_do_not_register(db: Session, changes: dict[str, str]) -> None:
    with refused(InvalidInput, "error.field_closed"):
        register(db, given=replace(REGISTRATION, **changes))


def test_five_national_codes_a_day(db: Session) -> None:
    register(db)
    chat, other = new_chat(db, 5), new_chat(db, 6)
    tries = [
        accounts.try_national_code(db, chat=chat, national_code=code, now=NOW)
        for code in (CODE, OTHER_CODE, CODE, OTHER_CODE, CODE)
    ]
    assert tries == [False, True, False, True, False]
    with refused(Throttled, "error.daily_limit"):
        accounts.try_national_code(db, chat=chat, national_code=OTHER_CODE, now=NOW)
    assert accounts.try_national_code(db, chat=other, national_code=OTHER_CODE, now=NOW)
    tomorrow = NOW + timedelta(hours=13)
    assert accounts.try_national_code(db, chat=chat, national_code=OTHER_CODE, now=tomorrow)


def test_what_else_the_database_refuses_is_no_second_registration(db: Session) -> None:
    nameless = Account(national_code=CODE, first_name=None, last_name="رضایی", password_hash="x")  # type: ignore[arg-type]
    with pytest.raises(IntegrityError):
        insert(db, nameless)
