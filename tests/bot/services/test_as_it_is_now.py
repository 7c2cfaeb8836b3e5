"""What is read to be changed is the row as it is in the database now, whatever this unit has read of it before."""

import re
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, delete, select, update

from bot.core.context import PublicInfo
from bot.core.refusals import Stale
from bot.rules.validators import Mobile
from bot.services.accounts import queries, sessions
from bot.services.cooperation import closing, contract_steps, contracts, requests, termination
from bot.services.cooperation.requests import COOPERATION_WORKFLOW
from bot.services.directorate import account_lookup, reference_rows, studies, undelivered, universities
from bot.services.distributors import registry
from bot.services.invitations import acceptance, sending
from bot.services.letters import letters
from bot.services.letters.audience import Audience, Kind
from bot.services.officers import personal_details
from bot.services.payments import attempts
from bot.services.qualification.requests import QUALIFICATION_WORKFLOW
from bot.services.shared import pay_messages
from storage.enums import CooperationState, Messenger, PushChannel, PushState, RequestState, Role
from storage.tables import (
    Account,
    Branch,
    Chat,
    ClosedPair,
    CooperationRequest,
    Distributor,
    DocumentType,
    Draft,
    Grant,
    Invitation,
    LetterRecipient,
    Officer,
    Push,
    Termination,
    University,
)
from tests.support.factories.cooperation import Parties, active_contract, cooperation_request
from tests.support.factories.qualification import add_request, attempt_row
from tests.support.factories.reference_data import NOW
from tests.support.services import refused

#: What is read does not depend on the database.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

LATER = NOW + timedelta(hours=1)
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
    kian = db.get_one(Distributor, parties.kian.id)
    profile = db.get_one(Officer, sara.account_id)
    form = stored(db, Draft(account_id=sara.account_id, dialogue="qualification", answers={}))
    grant = db.exec(select(Grant).where(Grant.account_id == parties.zahra.account_id)).one()
    fasa = db.get_one(University, "fasa")
    token, invitation = invited(db, parties)
    of_staff, of_sara = {"actor": staff, "now": NOW}, {"actor": sara, "now": NOW}
    pays = {"request_id": file.id or 0, "chat_row_id": chat.id or 0, "bot_id": 1, "message_id": 7}
    sums = reference_rows.row_fingerprint(db.get_one(University, "sums"))

    def edit(field: str, value: str | None) -> bool:
        return personal_details.edit_item(db, field=field, value=value, **of_sara)

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
        (
            kian,
            "manager_name",
            "x",
            lambda: registry.edit_distributor(db, distributor_id=kian.id or 0, **of_staff),
        ),
        (contract, "version", 9, lambda: closing.officer_restored(db, account=account, now=NOW)),
        (
            contract,
            "version",
            10,
            lambda: contracts.view_contract(db, actor=sara, contract_id=contract.id or 0),
        ),
        (
            ended,
            "version",
            7,
            lambda: termination.cancel(db, termination_id=ended.id or 0, version=6, **of_sara),
        ),
        (
            chat,
            "linked_at",
            LATER,
            lambda: sessions.sign_out(
                db, actor=parties.unqualified, chat_row_id=chat.id or 0, mark=1, now=NOW
            ),
        ),
        (
            grant,
            "created_at",
            LATER,
            lambda: account_lookup.withdraw_role(db, grant_id=grant.id or 0, reason="x", **of_staff),
        ),
        (fasa, "phone", "071", lambda: universities._locked_university(db, "sums", sums)),
        (invitation, "last_name", "x", lambda: acceptance.try_code(db, token=token, code="x", now=NOW)),
        (
            invitation,
            "last_name",
            "y",
            lambda: sending.cancel(db, invitation_id=invitation.id or 0, **of_staff),
        ),
        (profile, "father_name", "حسن", lambda: edit("email", None)),
        (
            profile,
            "father_name",
            "علی",
            lambda: contracts.add_migrated(
                db, account_id=profile.account_id, distributor_id=parties.kian.id, **of_staff
            ),
        ),
        (form, "answers", {"x": 1}, lambda: edit("email", None)),
        (receipt, "read_at", NOW, lambda: letters._receipt(db, sara.account_id or 0, letter.id or 0)),
    ]


def invited(db: Session, parties: Parties) -> tuple[str, Invitation]:
    """The token of an invitation, and its row."""
    info = PublicInfo("021", "https://x")
    info.bot_links[Messenger.BALE] = "https://ble.ir/bot"
    sent = sending.invite_expert(
        db,
        actor=parties.staff,
        role=Role.EXPERT,
        university_code="sums",
        first_name="نگار",
        last_name="رستمی",
        mobile=Mobile("+989350000001"),
        national_code=None,
        public_info=info,
        now=NOW,
    )
    [token] = re.findall(r"start=invite_([\w-]+)", sent.message)
    return token, sent.invitation


def test_a_row_is_read_as_it_is_now(db: Session, parties: Parties) -> None:
    old = []
    for row, column, value, read in cases(db, parties):
        table = type(row)
        keys = [key == getattr(row, key.key) for key in table.__table__.primary_key]
        changed = update(table).where(*keys).values({column: value})
        db.exec(changed.execution_options(synchronize_session=False))
        assert getattr(row, column) != value
        with suppress(Stale):
            read()
        if getattr(row, column) != value:
            old.append((table.__name__, column, value))
    assert old == []


def test_what_another_process_changed_or_removed_meanwhile(db: Session, parties: Parties) -> None:
    """A request that it moved on is closed all the same; a pair that it opened is not opened again."""
    asked = cooperation_request(db, parties.kian, parties.sara)
    moved = update(CooperationRequest).values(version=asked.version + 1)
    db.exec(moved.execution_options(synchronize_session=False))
    closing.close_pending(db, account_id=asked.account_id, now=NOW)
    assert asked.state is CooperationState.CLOSED

    def pair(allowed: bool) -> None:
        studies.set_pair(
            db, actor=parties.staff, field_code="other", level_code="master", allowed=allowed, now=NOW
        )

    pair(False)
    held = db.get_one(ClosedPair, ("master", "other"))
    db.exec(delete(ClosedPair).execution_options(synchronize_session=False))
    with refused(Stale):
        pair(True)
    assert held.field_code == "other"
