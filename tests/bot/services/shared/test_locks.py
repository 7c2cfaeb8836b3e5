"""What a unit locks for others: rows that others only refer to are locked so that these need not wait (PostgreSQL)."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.dialects import postgresql
from sqlmodel import Session

from bot.jobs import retention
from bot.services import team
from bot.services.accounts import queries
from bot.services.cooperation import closing, contracts, requests
from bot.services.directorate import document_requirements, reference_rows
from bot.services.distributors import branches, registry
from bot.services.officers import personal_details
from bot.services.payments import attempts
from bot.services.qualification.requests import QUALIFICATION_WORKFLOW
from bot.services.search import index
from bot.services.shared import eligibility
from storage.enums import RequestState, SearchSubject
from storage.tables import CooperationRequest, DocumentType
from tests.support.factories.cooperation import Parties, cooperation_request
from tests.support.factories.qualification import add_request
from tests.support.factories.reference_data import NOW

#: What is written and asked for does not depend on the database.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def file(db: Session, parties: Parties) -> int:
    return add_request(db, parties.unqualified, RequestState.SUBMITTED).id or 0


def asked(db: Session, parties: Parties) -> int:
    row = CooperationRequest(
        branch_id=parties.kian.east,
        distributor_id=parties.kian.id,
        account_id=parties.sara.account_id,
        requested_by=parties.kian.manager.account_id,
        tracking_code="140509010001",
    )
    db.add(row)
    db.flush()
    return row.id or 0


#: What is done; the rows that it locks, and how. «NO KEY»: a new row that refers to one of these does not wait.
#: «SKIP LOCKED»: what another process has in hand is left to it.
LOCKS: dict[str, tuple[Callable[[Session, Parties], Any], set[str]]] = {
    "an officer's cooperation": (
        lambda db, parties: eligibility.lock_account(db, parties.sara.account_id or 0),
        {"officer: NO KEY UPDATE"},
    ),
    "a branch": (
        lambda db, parties: requests.lock_branch(db, parties.kian.central),
        {"branch: NO KEY UPDATE"},
    ),
    "an officer is asked": (
        lambda db, parties: cooperation_request(db, parties.kian, parties.sara),
        {"branch: NO KEY UPDATE", "distributor: NO KEY UPDATE", "officer: NO KEY UPDATE"},
    ),
    "a company is changed": (
        lambda db, parties: registry.edit_distributor(
            db,
            actor=parties.kian.manager,
            distributor_id=parties.kian.id,
            now=NOW,
            phone="02188776655",
        ),
        {"distributor: NO KEY UPDATE"},
    ),
    "a branch is changed": (
        lambda db, parties: branches.lock_own_branch(db, parties.kian.manager, parties.kian.east, None),
        {"branch: NO KEY UPDATE", "distributor: NO KEY UPDATE"},
    ),
    "an account": (
        lambda db, parties: queries.lock_account(db, parties.sara.account_id or 0),
        {"account: NO KEY UPDATE"},
    ),
    "a file is looked at": (
        lambda db, parties: QUALIFICATION_WORKFLOW.load(db, file(db, parties)),
        set(),
    ),
    "a file is held": (
        lambda db, parties: QUALIFICATION_WORKFLOW.load(db, file(db, parties), lock=True),
        {"qualification_request: UPDATE"},
    ),
    "a cooperation request": (
        lambda db, parties: requests.lock_request(db, asked(db, parties)),
        {"officer: NO KEY UPDATE", "cooperation_request: UPDATE"},
    ),
    "an officer's requests are closed": (
        lambda db, parties: closing.close_pending(db, account_id=parties.sara.account_id or 0, now=NOW),
        {"cooperation_request: UPDATE"},
    ),
    "contracts of a branch": (
        lambda db, parties: contracts.at_branch(db, parties.kian.east, lock=True),
        {"contract: UPDATE"},
    ),
    "contracts of a branch are looked at": (
        lambda db, parties: contracts.at_branch(db, parties.kian.east),
        set(),
    ),
    "a fee is paid": (
        lambda db, parties: attempts.lock_request(db, file(db, parties)),
        {"qualification_request: UPDATE"},
    ),
    "a document type": (
        lambda db, parties: reference_rows.lock_row(db, DocumentType, "national_card"),
        {"document_type: UPDATE"},
    ),
    "what documents must be sent": (
        lambda db, parties: document_requirements.keep_requirements(db, now=NOW),
        {"document_type: UPDATE"},
    ),
    "own data": (
        lambda db, parties: personal_details.edit_item(
            db, actor=parties.sara, field="father_name", value="حسن", now=NOW
        ),
        {"account: NO KEY UPDATE", "draft: UPDATE", "officer: UPDATE"},
    ),
    "keys of people": (
        lambda db, parties: index.rebuild(db, kind=SearchSubject.ACCOUNT, after=0, limit=1),
        {"account: NO KEY UPDATE"},
    ),
    "documents are looked at": (
        lambda db, parties: retention.look_at_documents(db, now=NOW),
        {"stored_file: UPDATE SKIP LOCKED"},
    ),
    "notes are looked at": (
        lambda db, parties: retention.look_at_notes(db, now=NOW),
        {"file_note: UPDATE SKIP LOCKED"},
    ),
    "leaves that ended": (
        lambda db, parties: team.end_past_leaves(db, now=NOW),
        {"expert_leave: UPDATE SKIP LOCKED"},
    ),
}


@pytest.mark.parametrize("act", LOCKS)
def test_what_is_locked_for_others(db: Session, parties: Parties, act: str) -> None:
    unit, expected = LOCKS[act]
    locked = set[str]()

    def note(connection: Any, statement: Any, *_: Any) -> None:
        if getattr(statement, "_for_update_arg", None) is None:
            return
        sql = " ".join(str(statement.compile(dialect=postgresql.dialect())).split())  # type: ignore[no-untyped-call]
        (table,), (how,) = re.findall(r" FROM (\w+)", sql)[:1], re.findall(r" FOR ([A-Z ]+)$", sql)
        locked.add(f"{table}: {how}")

    event.listen(db.connection(), "before_execute", note)
    unit(db, parties)
    assert locked == expected
