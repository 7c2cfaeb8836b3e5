"""What is written of a chat, of its account, and of no other."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlmodel import Session, select
from telegram.error import Forbidden

from bot.messengers.delivery import outcomes
from bot.messengers.delivery.chat_rests import save_rest
from bot.messengers.processing.answer import Answer, ChatAddress
from storage.enums import Messenger
from storage.tables import Account, Chat
from tests.support.factories.people import account
from tests.support.factories.reference_data import NOW
from tests.support.services import as_unit

LATER = NOW + timedelta(seconds=30)


@pytest.fixture(params=["sqlite"])
def database_url(request: pytest.FixtureRequest) -> str:
    url: str = request.getfixturevalue("sqlite_url")
    return url


def people(db: Session) -> tuple[Chat, Chat]:
    """The chats of two people who wait for a password and for a screen."""
    for _ in range(2):
        account(db, credentials_pending=True)
    first, second = db.exec(select(Chat).order_by("id")).all()
    first.show_at = second.show_at = NOW
    db.flush()
    return first, second


def standing(db: Session, chat: Chat) -> tuple[object, ...]:
    db.expire_all()
    owner = db.get_one(Account, chat.account_id)
    return chat.dead, chat.show_at, chat.rest_since, chat.rest_until, owner.credentials_pending


BEFORE = (False, NOW, None, None, True)


@as_unit
def test_each_is_written_of_its_own_row_alone(db: Session) -> None:
    sara, ali = people(db)
    woken: list[float] = []

    async def run(unit: Any) -> None:
        unit(db)

    database = SimpleNamespace(run=run, run_in_background=lambda unit: unit(db))
    resources: Any = SimpleNamespace(database=database, clock=lambda: NOW)
    noted = outcomes.DeliveryOutcomes(resources, woken.append)
    chat, group = (ChatAddress(Messenger.TELEGRAM, 7, row_id) for row_id in (sara.id, None))
    noted.try_later(group)
    noted.try_later(chat)
    assert (standing(db, sara), standing(db, ali)) == ((False, LATER, None, None, True), BEFORE)
    assert woken == [30]
    assert not noted.failed(Answer(group), Forbidden("bot was blocked by the user"))
    assert (standing(db, sara), standing(db, ali)) == ((False, LATER, None, None, True), BEFORE)
    assert not noted.failed(Answer(chat), Forbidden("bot was blocked by the user"))
    assert (standing(db, sara), standing(db, ali)) == ((True, None, None, None, True), BEFORE)
    with pytest.raises(StopIteration):
        noted.arrived(sara.account_id or 0).send(None)
    assert (standing(db, sara), standing(db, ali)) == ((True, None, None, None, False), BEFORE)


@as_unit
def test_a_long_rest_is_written_of_its_chat(db: Session) -> None:
    sara, ali = people(db)
    assert save_rest(Messenger.TELEGRAM, sara.id, 15.0, now=NOW) is None
    assert save_rest(Messenger.TELEGRAM, None, 99.0, now=NOW) is None
    for asked, kept in ((30.0, 30), (99 * 3600.0, 24 * 3600)):
        unit = save_rest(Messenger.TELEGRAM, sara.id, asked, now=NOW)
        assert unit is not None
        unit(db)
        until = NOW + timedelta(seconds=kept)
        assert (standing(db, sara), standing(db, ali)) == ((False, NOW, NOW, until, True), BEFORE)
