"""How long an unfinished form is kept: for the days of its dialogue, and no hour less."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlmodel import select

from conversations.account.registration import REGISTER
from storage.tables import Draft
from tests.conversations.engine.test_drafts import form
from tests.support.chat_driver import NOW, App
from tests.support.chat_fixtures import ON_BOTH_DATABASES
from tests.support.chat_people import officer

HOUR = timedelta(hours=1)


def test_a_registration_is_kept_a_month_and_every_other_form_a_year(app: App) -> None:
    assert (REGISTER.days_kept, form(app).days_kept) == (30, 365)


@ON_BOTH_DATABASES
@pytest.mark.parametrize("days", [1, 30, 365])
def test_a_form_is_there_to_the_end_of_its_last_day(app: App, days: int) -> None:
    dialogue = form(app, days_kept=days)
    account_id = officer(app.use(dialogue)).account.id
    draft = app.add(Draft(account_id=account_id, dialogue="kept", subject_id=0, answers={}, updated_at=NOW))
    end = NOW + timedelta(days=days)
    for at, gone in ((end - HOUR, False), (end + HOUR, True)):
        assert dialogue.is_expired(draft, at) == gone
        assert app.run(lambda db, at=at: app.engine.delete_expired_drafts(db, at)) == gone
    assert app.all(select(Draft.id)) == []
