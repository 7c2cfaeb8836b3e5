"""How long an unfinished form is kept: for the days of its dialogue, and no hour less."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlmodel import Session, select

from conversations.account.registration import REGISTER
from conversations.engine.declaration import Dialogue
from conversations.engine.engine import Engine
from storage.database.database import Database
from storage.tables import Account, Draft
from tests.conversations.engine.test_drafts import form
from tests.support.dialogue_driver import NOW

HOUR = timedelta(hours=1)


def test_a_registration_is_kept_a_month_and_every_other_form_a_year() -> None:
    assert (REGISTER.days_kept, form("other").days_kept) == (30, 365)


@pytest.mark.parametrize("days", [1, 30, 365])
async def test_a_form_is_there_to_the_end_of_its_last_day(database: Database, days: int) -> None:
    dialogue: Dialogue = form("kept", keeps_draft=True, days_kept=days)
    engine = Engine([dialogue])
    end = NOW + timedelta(days=days)

    def unit(db: Session) -> None:
        account = Account(user_code="1", password_hash="", first_name="سارا", last_name="کریمی")
        db.add(account)
        db.flush()
        draft = Draft(account_id=account.id, dialogue="kept", subject_id=0, answers={}, updated_at=NOW)
        db.add(draft)
        db.flush()
        assert not dialogue.is_expired(draft, end - HOUR)
        assert engine.delete_expired_drafts(db, end - HOUR) == 0
        assert dialogue.is_expired(draft, end + HOUR)
        assert engine.delete_expired_drafts(db, end + HOUR) == 1
        assert db.exec(select(Draft.id)).all() == []

    await database.run(unit)
