"""Discarding a request's draft touches the draft of this request alone."""

from __future__ import annotations

from typing import Any

import pytest
from sqlmodel import Session, select

from bot.services import qualification
from storage.database.database import Database
from storage.tables import Chat, Draft
from tests.support.qualification_data import NOW, officer, open_office

#: Drafts that differ from the discarded one in one thing.
OTHERS: dict[str, dict[str, Any]] = {
    "of another request": {"subject": 1},
    "of another dialogue": {"dialogue": "general"},
    "of another officer": {"owner": "mina"},
}


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
async def test_other_drafts_and_the_chats_that_show_them_stay(
    database: Database, other: dict[str, Any]
) -> None:
    def unit(db: Session) -> None:
        office = open_office(db)
        owners = {"sara": office.sara, "mina": officer(db, "10000002", national_code="9991234553")}
        request = qualification.start_draft(db, actor=office.sara, now=NOW)
        request_id = request.id or 0

        def draft(owner: str = "sara", dialogue: str = "qualification", subject: int = 0) -> Draft:
            made = Draft(
                account_id=owners[owner].account_id,
                dialogue=dialogue,
                subject_id=request_id + subject,
                answers={"a": 1},
            )
            db.add(made)
            db.flush()
            return made

        own, kept = draft(), draft(**other)
        chat = db.exec(select(Chat).where(Chat.account_id == office.sara.account_id)).one()
        chat.dialogue, chat.draft_id, chat.dialogue_state = kept.dialogue, kept.id, {"step": "city"}
        db.flush()
        own_id, kept_id = own.id, kept.id

        qualification.discard(db, actor=office.sara, request_id=request_id, now=NOW)

        assert own_id != kept_id
        assert list(db.exec(select(Draft.id))) == [kept_id]
        db.refresh(chat)
        assert (chat.draft_id, chat.dialogue_state) == (kept_id, {"step": "city"})

    await database.run(unit)
