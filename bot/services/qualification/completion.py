"""The end of a request: the snapshot becomes the officer's approved file (R6, docs/specification.md 2.2)."""

from datetime import datetime
from typing import Any

from sqlmodel import Session

from bot.core.context import Actor
from bot.core.refusals import NotAllowed
from bot.core.screens import Button, button
from bot.rules.qualification import QualificationAction
from bot.rules.request_items import DOCUMENT, FIELDS
from bot.services.qualification import requests
from bot.services.qualification.requests import QUALIFICATION_WORKFLOW
from bot.services.search import index as search_index
from bot.services.shared import notify, pay_messages
from bot.texts import t
from storage.enums import RequestKind, RequestState
from storage.tables import Account, Officer, QualificationRequest

#: Items that are columns of the account; all others are columns of the officer.
_OF_ACCOUNT = ("first_name", "last_name")
#: Items whose column has another name.
_OTHER_NAMES = {"degree_level": "level_code", "field_of_study": "field_code", "university": "university_code"}
#: item of the snapshot → column of the officer's file
COLUMNS = {item: _OTHER_NAMES.get(item, item) for item in FIELDS if item not in _OF_ACCOUNT}


def approved_file(account: Account, officer: Officer) -> dict[str, Any]:
    """The officer's data as items of a snapshot."""
    names = {item: getattr(account, item) for item in _OF_ACCOUNT}
    document_rules = {f"{DOCUMENT}{code}": list(ids) for code, ids in officer.documents.items()}
    return names | {item: getattr(officer, column) for item, column in COLUMNS.items()} | document_rules


def approved_of(db: Session, account_id: int) -> dict[str, Any]:
    """The approved file of an officer, as items of a snapshot."""
    account, officer = db.get(Account, account_id), db.get(Officer, account_id)
    assert account is not None
    assert officer is not None
    return approved_file(account, officer)


def complete_request(
    db: Session, *, request_id: int, now: datetime, actor: Actor, bank_ref: str | None = None
) -> bool:
    """The fee is paid: COMPLETED, data applied, N7. False where the request no longer waits for its fee."""
    request = QUALIFICATION_WORKFLOW.load(db, request_id)
    if request.state is not RequestState.AWAITING_PAYMENT:
        return False
    completion = QUALIFICATION_WORKFLOW.check(db, request, actor=actor, action=QualificationAction.COMPLETE)
    QUALIFICATION_WORKFLOW.change(db, completion, now=now, bank_ref=bank_ref)
    apply_snapshot(db, request, now=now, bank_ref=bank_ref)
    pay_messages.take_buttons_off(db, request, now=now)
    return True


def apply_snapshot(
    db: Session, request: QualificationRequest, *, now: datetime, bank_ref: str | None = None
) -> None:
    """Apply the snapshot of a request that just became COMPLETED, and tell the officer."""
    account = db.get(Account, request.account_id, populate_existing=True)
    officer = db.get(Officer, request.account_id, populate_existing=True)
    assert account is not None
    assert officer is not None
    snapshot = request.snapshot
    for item in _OF_ACCOUNT:
        if snapshot.get(item):
            setattr(account, item, snapshot[item])
    for item, column in COLUMNS.items():
        if item in snapshot:
            setattr(officer, column, snapshot[item])
    officer.documents = {
        key.removeprefix(DOCUMENT): ids for key, ids in snapshot.items() if key.startswith(DOCUMENT)
    }
    officer.qualified_at = officer.qualified_at or now
    account.version += 1
    officer.version += 1
    db.flush()
    search_index.index_account(db, account)
    notify.push(
        db,
        kind="N7",
        event_key=_completed(request),
        account_id=request.account_id,
        text=completed_sentence(request, bank_ref),
        rows=[[_proof(request, bank_ref)]],
        now=now,
    )


def _proof(request: QualificationRequest, bank_ref: str | None) -> Button:
    """What the officer gets of it: the receipt of what was paid, else the certificate."""
    if bank_ref is not None:
        return button(t("receipt.button"), "receipts.send", request.id or 0)
    return button(t("certificate.button"), "certificate")


def shows_completion(db: Session, request: QualificationRequest, *, actor: Actor) -> bool:
    """The actor's chat shows by itself that the request is completed: its N7, where that waits to be sent, is not sent.
    False where it was sent. Raises NotAllowed for another officer's request."""
    if actor.account_id != request.account_id:
        raise NotAllowed
    if actor.chat_row_id is None:
        return False
    return notify.drop_waiting(
        db, event_key=_completed(request), account_id=request.account_id, chat_row_id=actor.chat_row_id
    )


def _completed(request: QualificationRequest) -> str:
    return f"{requests.SUBJECT}:{request.id}:completed"


def completed_sentence(request: QualificationRequest, bank_ref: str | None) -> str:
    """What an officer reads once a request is completed."""
    amendment = request.kind is RequestKind.AMENDMENT
    code = request.tracking_code or ""
    if bank_ref is None:
        return t("push.N7_free_amendment", code=code) if amendment else t("push.N7_free")
    return t("push.N7a", code=code, ref=bank_ref) if amendment else t("push.N7", ref=bank_ref)
