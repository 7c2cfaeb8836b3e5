"""What a unit locks for others: rows that others only refer to are locked so that these need not wait (PostgreSQL)."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.dialects import postgresql
from sqlmodel import Session, select

from bot.core.context import Actor
from bot.jobs import retention
from bot.rules.validators import Mobile
from bot.services import accounts, cooperation, team
from bot.services.accounts import queries, roles
from bot.services.cooperation import closing, contracts, party_actions, requests, termination
from bot.services.directorate import document_requirements, reference_rows, studies, universities
from bot.services.distributors import branches, registry
from bot.services.invitations import acceptance, sending
from bot.services.officers import personal_details
from bot.services.payments import attempts
from bot.services.qualification.requests import QUALIFICATION_WORKFLOW
from bot.services.search import index
from bot.services.shared import eligibility
from storage.enums import CooperationState, RequestState, Role, SearchSubject
from storage.tables import (
    Account,
    Chat,
    Contract,
    CooperationRequest,
    DocumentType,
    Invitation,
    Termination,
    University,
)
from tests.support.factories.cooperation import SARA, Parties, cooperation_request
from tests.support.factories.qualification import add_request
from tests.support.factories.reference_data import NOW

#: What is written and asked for does not depend on the database.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def file(db: Session, parties: Parties) -> int:
    return add_request(db, parties.unqualified, RequestState.SUBMITTED).id or 0


def asked(db: Session, parties: Parties, **values: Any) -> int:
    row = CooperationRequest(
        branch_id=parties.kian.east,
        distributor_id=parties.kian.id,
        account_id=parties.sara.account_id,
        requested_by=parties.kian.manager.account_id,
        tracking_code="140509010001",
        **values,
    )
    db.add(row)
    db.flush()
    return row.id or 0


def decided(db: Session, parties: Parties) -> None:
    state = {"state": CooperationState.PENDING_UNIVERSITY, "university_code": "sums", "accepted_at": NOW}
    cooperation.approve(db, actor=parties.ali, request_id=asked(db, parties, **state), now=NOW)


def account(db: Session, actor: Actor) -> Account:
    return db.get_one(Account, actor.account_id)


def chat(db: Session, actor: Actor) -> Chat:
    return db.exec(select(Chat).where(Chat.account_id == actor.account_id)).one()


def contract(db: Session, parties: Parties) -> int:
    row = Contract(
        account_id=parties.sara.account_id, distributor_id=parties.kian.id, branch_id=parties.kian.east
    )
    db.add(row)
    db.flush()
    return row.id or 0


def leaving(db: Session, parties: Parties) -> Termination:
    return termination.draft(
        db, actor=parties.sara, contract_id=contract(db, parties), reason="محل کار دور است.", now=NOW
    )


def left(db: Session, parties: Parties) -> int:
    """The draft of a termination."""
    row = Termination(
        contract_id=contract(db, parties), account_id=parties.sara.account_id, reason="محل کار دور است."
    )
    db.add(row)
    db.flush()
    return row.id or 0


def invitation(db: Session, parties: Parties, then: Callable[[str], Any] = str) -> int:
    row = Invitation(
        role=Role.EXPERT,
        university_code="sums",
        first_name="نگار",
        last_name="رستمی",
        mobile="+989350000001",
        token_hash=sending.token_hash("t"),
        code_hash="c",
        invited_by=parties.staff.account_id,
        expires_at=NOW + timedelta(days=3),
        created_at=NOW,
    )
    db.add(row)
    db.flush()
    then("t")
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
    "a role is given": (
        lambda db, parties: roles.grant(db, account=account(db, parties.mina), role=Role.STAFF, now=NOW),
        {"account: NO KEY UPDATE"},
    ),
    "a role is taken away": (
        lambda db, parties: roles.revoke(db, grant=roles.active_grants(db, parties.ali.account_id or 0)[0]),
        {"account: NO KEY UPDATE"},
    ),
    "another chat is signed out": (
        lambda db, parties: accounts.sign_out(
            db, actor=parties.sara, chat_row_id=chat(db, parties.sara).id or 0, mark=0, now=NOW
        ),
        {"account: NO KEY UPDATE"},
    ),
    "a password is changed": (
        lambda db, parties: accounts.change_password(
            db, actor=parties.sara, chat=chat(db, parties.sara), password_hash="x", system_made=False, now=NOW
        ),
        {"account: NO KEY UPDATE"},
    ),
    "a password is made anew": (
        lambda db, parties: accounts.renew(db, actor=parties.sara, password_hash="x", now=NOW),
        {"account: NO KEY UPDATE"},
    ),
    "a mobile is changed": (
        lambda db, parties: accounts.change_mobile(
            db,
            actor=parties.sara,
            chat=chat(db, parties.sara),
            mobile=Mobile("+989350000001"),
            verified=True,
            now=NOW,
        ),
        {"account: NO KEY UPDATE"},
    ),
    "a chat is logged in": (
        lambda db, parties: accounts.login(
            db,
            chat=chat(db, parties.ali),
            account_id=parties.sara.account_id or 0,
            checked_hash=account(db, parties.sara).password_hash,
            new_hash=None,
            now=NOW,
        ),
        {"account: NO KEY UPDATE"},
    ),
    "an officer is looked up by a company": (
        lambda db, parties: party_actions.look_up(
            db, actor=parties.kian.manager, national_code=SARA, now=NOW
        ),
        set(),
    ),
    "a request goes to its university": (
        lambda db, parties: cooperation.accept(
            db, actor=parties.sara, request_id=asked(db, parties), now=NOW
        ),
        {"officer: NO KEY UPDATE", "cooperation_request: UPDATE"},
    ),
    "a university decides": (
        decided,
        {
            "officer: NO KEY UPDATE",
            "cooperation_request: UPDATE",
            "branch: NO KEY UPDATE",
            "contract: UPDATE",
        },
    ),
    "a contract is looked at": (
        lambda db, parties: contracts.view_contract(
            db, actor=parties.sara, contract_id=contract(db, parties)
        ),
        set(),
    ),
    "a contract is freed": (
        lambda db, parties: contracts.free(
            db, actor=parties.kian.manager, contract_id=contract(db, parties), now=NOW
        ),
        {"contract: UPDATE", "termination: UPDATE"},
    ),
    "a contract of the old system": (
        lambda db, parties: contracts.add_migrated(
            db,
            actor=parties.staff,
            account_id=parties.sara.account_id or 0,
            distributor_id=parties.kian.id,
            now=NOW,
        ),
        {"officer: NO KEY UPDATE", "cooperation_request: UPDATE", "branch: NO KEY UPDATE"},
    ),
    "an officer wants to leave": (
        lambda db, parties: leaving(db, parties),
        {"contract: UPDATE", "termination: UPDATE"},
    ),
    "an officer leaves": (
        lambda db, parties: termination.finalise(
            db, actor=parties.sara, termination_id=left(db, parties), now=NOW
        ),
        {"contract: UPDATE", "termination: UPDATE"},
    ),
    "an officer is suspended": (
        lambda db, parties: closing.officer_suspended(
            db, account=account(db, parties.sara), dead=False, now=NOW
        ),
        {"officer: NO KEY UPDATE", "cooperation_request: UPDATE", "contract: UPDATE"},
    ),
    "an officer is not suspended any more": (
        lambda db, parties: closing.officer_restored(db, account=account(db, parties.sara), now=NOW),
        {"contract: UPDATE"},
    ),
    "a branch is defined": (
        lambda db, parties: branches.define_branch(
            db,
            actor=parties.kian.manager,
            name="غرب",
            province="فارس",
            city="شیراز",
            address="شیراز، خیابان زند، پلاک ۱",
            now=NOW,
        ),
        {"distributor: NO KEY UPDATE"},
    ),
    "universities of a province": (
        lambda db, parties: universities.make_default(
            db,
            actor=parties.staff,
            code="fasa",
            expected=reference_rows.row_fingerprint(db.get_one(University, "fasa")),
            now=NOW,
        ),
        {"university: UPDATE"},
    ),
    "a level of a field": (
        lambda db, parties: studies.set_pair(
            db, actor=parties.staff, field_code="other", level_code="master", allowed=False, now=NOW
        ),
        {"field_of_study: UPDATE"},
    ),
    "an invitation is opened": (
        lambda db, parties: invitation(
            db, parties, lambda token: acceptance.behind(db, token=token, now=NOW)
        ),
        set(),
    ),
    "a code is tried": (
        lambda db, parties: invitation(
            db, parties, lambda token: acceptance.try_code(db, token=token, code="x", now=NOW)
        ),
        {"invitation: UPDATE"},
    ),
    "an invitation is taken back": (
        lambda db, parties: sending.cancel(
            db, actor=parties.staff, invitation_id=invitation(db, parties), now=NOW
        ),
        {"invitation: UPDATE"},
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


@pytest.mark.parametrize("what", LOCKS)
def test_what_is_locked_for_others(db: Session, parties: Parties, what: str) -> None:
    unit, expected = LOCKS[what]
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
