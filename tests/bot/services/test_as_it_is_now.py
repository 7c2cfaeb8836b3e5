"""What is read to be changed is the row as it is in the database now, whatever this unit has read of it before."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, select, update

from bot.services.accounts import queries
from bot.services.cooperation import contract_steps, contracts, requests
from bot.services.cooperation.requests import COOPERATION_WORKFLOW
from bot.services.directorate import reference_rows, undelivered
from bot.services.letters import letters
from bot.services.letters.audience import Audience, Kind
from bot.services.payments import attempts
from bot.services.qualification.requests import QUALIFICATION_WORKFLOW
from bot.services.shared import pay_messages
from storage.enums import PushChannel, PushState, RequestState
from storage.tables import (
    Account,
    Branch,
    Chat,
    DocumentType,
    LetterRecipient,
    Push,
    Termination,
)
from tests.support.factories.cooperation import Parties, active_contract, cooperation_request
from tests.support.factories.qualification import add_request, attempt_row
from tests.support.factories.reference_data import NOW

#: What is read does not depend on the database.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

#: A row, the column that another process changes and its new value, what reads it then.
Case = tuple[Any, str, Any, Callable[[], Any]]


def stored(db: Session, row: Any) -> Any:
    db.add(row)
    db.flush()
    return row


def cases(db: Session, parties: Parties) -> list[Case]:
    staff, sara = parties.staff, parties.sara
    contract = active_contract(db, parties.kian, sara, parties.ali)
    asked = cooperation_request(db, parties.arad, parties.mina)
    file = add_request(
        db,
        parties.unqualified,
        RequestState.AWAITING_PAYMENT,
        fee_rial=5,
        pay_token="t",
        tracking_code="140509010077",
    )
    attempt = stored(db, attempt_row(file.id))
    ended = stored(
        db, Termination(contract_id=contract.id, account_id=sara.account_id, reason="محل کار دور است")
    )
    push = stored(db, Push(kind="N1", key="x", channel=PushChannel.CHAT, text="x", state=PushState.GIVEN_UP))
    given = {"number": None, "title": "ت", "text": "ت", "sms": False, "delay": timedelta(0), "now": NOW}
    letter = letters.send_letter(
        db,
        actor=staff,
        to=Audience(Kind.ONE, f"{sara.account_id}"),
        **given,  # type: ignore[arg-type]
    )
    letters.send_batch(db, letter_id=letter.id or 0, now=NOW)
    receipt = db.get_one(LetterRecipient, (letter.id, sara.account_id), populate_existing=True)
    chat = db.exec(select(Chat).where(Chat.account_id == parties.unqualified.account_id)).one()
    document = db.get_one(DocumentType, "national_card")
    account = db.get_one(Account, sara.account_id)
    branch = db.get_one(Branch, parties.kian.east)
    pays = {"request_id": file.id or 0, "chat_row_id": chat.id or 0, "bot_id": 1, "message_id": 7}
    return [
        (file, "officer_note", "x", lambda: QUALIFICATION_WORKFLOW.load(db, file.id or 0)),
        (file, "officer_note", "y", lambda: attempts.lock_request(db, file.id or 0)),
        (file, "officer_note", "z", lambda: pay_messages.record(db, **pays, now=NOW)),
        (asked, "officer_reason", "x", lambda: COOPERATION_WORKFLOW.load(db, asked.id or 0)),
        (contract, "version", 7, lambda: contract_steps.load_contract(db, contract.id or 0)),
        (contract, "version", 8, lambda: contracts.at_branch(db, parties.kian.east, lock=True)),
        (ended, "reason", "x" * 10, lambda: contract_steps.open_draft(db, contract.id or 0)),
        (account, "user_code", "x", lambda: queries.lock_account(db, account.id or 0)),
        (branch, "name", "x", lambda: requests.lock_branch(db, branch.id or 0)),
        (attempt, "checks", 7, lambda: attempts.lock_attempt(db, attempt.id or 0)),
        (document, "name", "x", lambda: reference_rows.lock_row(db, DocumentType, "national_card")),
        (push, "note", "x", lambda: undelivered.undelivered_push(db, actor=staff, push_id=push.id or 0)),
        (letter, "delivered", 7, lambda: letters.letter_progress(db, actor=staff, letter_id=letter.id or 0)),
        (letter, "delivered", 8, lambda: letters.send_batch(db, letter_id=letter.id or 0, now=NOW)),
        (receipt, "read_at", NOW, lambda: letters._receipt(db, sara.account_id or 0, letter.id or 0)),
    ]


def test_a_row_is_read_as_it_is_now(db: Session, parties: Parties) -> None:
    old = []
    for row, column, value, read in cases(db, parties):
        table = type(row)
        keys = [key == getattr(row, key.key) for key in table.__table__.primary_key]
        changed = update(table).where(*keys).values({column: value})
        db.exec(changed.execution_options(synchronize_session=False))
        assert getattr(row, column) != value
        read()
        if getattr(row, column) != value:
            old.append((table.__name__, column, value))
    assert old == []
