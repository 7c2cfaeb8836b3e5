"""Erasing a person (docs/specification.md, Q49): what has legal value stays and is named, the rest goes or loses the person's name."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, func, update
from sqlmodel import Session, col, select

from bot.core.context import SYSTEM
from bot.operations.person.course import local
from bot.rules.request_items import DOCUMENT
from bot.services.accounts import sessions
from bot.services.qualification.documents_in_use import CLOSED_LIFETIME, ENDED, numbers
from bot.services.qualification.requests import SUBJECT as QUALIFICATION
from bot.services.search import index
from bot.services.shared import audit
from storage.enums import (
    IN_CIRCULATION,
    OPEN_COOPERATION,
    AccountState,
    AttemptState,
    ContractState,
    CooperationState,
    RequestState,
    Role,
)
from storage.tables import (
    Account,
    Chat,
    Contract,
    CooperationRequest,
    DeficiencyRound,
    Draft,
    FileHandle,
    FileNote,
    Grant,
    Invitation,
    KnownChat,
    LetterFile,
    Officer,
    PaymentAttempt,
    Push,
    QualificationRequest,
    RequestFile,
    SavedPhrase,
    SearchQuery,
    StoredFile,
    Termination,
    UploadDay,
)

#: In the place of a name, and of words that a table must have.
NO_NAME = "حذف‌شده"
#: Of an officer whose day of birth is not kept: the column must have one.
NO_BIRTH_DATE = date(1900, 1, 1)
#: No password has this hash.
NO_PASSWORD = "!"  # noqa: S105
#: Payments whose money is still on its way.
_UNSETTLED = (AttemptState.VERIFYING, AttemptState.UNCERTAIN, AttemptState.REFUND_DUE)
_PAID = (AttemptState.PAID, AttemptState.REFUNDED)


@dataclass(slots=True)
class Plan:
    """What an erasure would do, or did."""

    #: Why nothing may be erased now, each with what to do first; empty: it may.
    refusals: list[str] = field(default_factory=list)
    #: What stays, and why.
    stays: list[str] = field(default_factory=list)
    #: What goes.
    goes: list[str] = field(default_factory=list)
    #: The person's name and national code stay with what stays.
    keeps_identity: bool = False
    #: Requests whose contents and documents stay.
    kept_requests: set[int] = field(default_factory=set)
    #: Documents that go; their bytes are for the caller, after the commit.
    documents: list[StoredFile] = field(default_factory=list)


def plan(db: Session, account: Account, *, now: datetime) -> Plan:
    """Changes nothing."""
    found = Plan()
    _refuse(db, account, found)
    _keep(db, account, found, now)
    found.documents = _loose_documents(db, account, found)
    drafts = _count(db, Draft, Draft.account_id, account)
    pushes = _count(db, Push, Push.account_id, account)
    chats = _count(db, Chat, Chat.account_id, account)
    found.goes = [
        f"{len(found.documents)} documents, {drafts} drafts, {pushes} messages that were sent or wait",
        f"the login: password, {chats} chats, the list of chats that were known",
        "mobile, phone, e-mail, postal address, what the person searched for and saved",
    ]
    if not found.keeps_identity:
        found.goes.append(
            "name, national code, birth date and the rest of the officer's file: replaced by nothing"
        )
    found.stays.append("the audit record: it cannot be changed, and holds numbers, no name, code or mobile")
    found.stays.append("backups that were made before, until they are deleted")
    return found


def _count(db: Session, model: Any, owner: Any, account: Account) -> int:
    return db.exec(select(func.count()).select_from(model).where(owner == account.id)).one()


def _refuse(db: Session, account: Account, found: Plan) -> None:
    mine = account.id
    requests = select(QualificationRequest.id).where(QualificationRequest.account_id == mine)
    if db.exec(
        select(Contract.id).where(Contract.account_id == mine, Contract.state == ContractState.ACTIVE)
    ).first():
        found.refusals.append("a contract runs: it must be ended first, by the officer or the distributor")
    in_hand = select(QualificationRequest.tracking_code).where(
        QualificationRequest.account_id == mine, col(QualificationRequest.state).in_(IN_CIRCULATION)
    )
    if code := db.exec(in_hand).first():
        found.refusals.append(f"request {code} is under way: the officer withdraws it, or it is decided")
    wishes = select(CooperationRequest.tracking_code).where(
        CooperationRequest.account_id == mine, col(CooperationRequest.state).in_(OPEN_COOPERATION)
    )
    if code := db.exec(wishes).first():
        found.refusals.append(f"cooperation {code} is under way: the officer refuses it or gives it up")
    unsettled = select(PaymentAttempt.id).where(
        col(PaymentAttempt.request_id).in_(requests), col(PaymentAttempt.state).in_(_UNSETTLED)
    )
    if number := db.exec(unsettled).first():
        found.refusals.append(f"payment {number} is not settled: see `bot.py payment`, and «↩️ بازگشت وجه»")
    profile = db.get(Officer, mine)
    if profile is not None and profile.qualified_at is not None:
        found.refusals.append(
            "a qualification is in force: staff take it back first, with the person's wish as the reason"
        )
    roles = select(Grant.role).where(Grant.account_id == mine, Grant.active, col(Grant.role) != Role.OFFICER)
    if named := sorted({str(role) for role in db.exec(roles)}):
        found.refusals.append(
            f"the account is at work as {', '.join(named)}: staff take that role away first"
        )


def _keep(db: Session, account: Account, found: Plan, now: datetime) -> None:
    requests = db.exec(
        select(QualificationRequest).where(QualificationRequest.account_id == account.id)
    ).all()
    for request in requests:
        number, until = request.id or 0, (request.closed_at or request.state_since) + CLOSED_LIFETIME
        if request.state is RequestState.COMPLETED:
            found.stays.append(
                f"request {request.tracking_code} with its documents: the university's decision rests on it"
            )
        elif request.state in ENDED and until > now:
            found.stays.append(
                f"request {request.tracking_code} with its documents until {local(until)[:10]}: 24 months (Q44)"
            )
        else:
            continue
        found.kept_requests.add(number)
    ids = [one.id for one in requests]
    paid = select(func.count()).where(
        col(PaymentAttempt.request_id).in_(ids), col(PaymentAttempt.state).in_(_PAID)
    )
    if payments := db.exec(paid).one():
        found.stays.append(f"{payments} payments: the books need them")
    contracts = _count(db, Contract, Contract.account_id, account)
    if contracts:
        found.stays.append(
            f"{contracts} contracts that ended, with who ended them: an employer's and an officer's proof"
        )
    found.keeps_identity = bool(found.kept_requests or payments or contracts)
    if found.keeps_identity:
        found.stays.append("name, national code and birth date: what stays would prove nothing without them")


def _loose_documents(db: Session, account: Account, found: Plan) -> list[StoredFile]:
    """Those that nothing kept refers to."""
    kept = set(
        db.exec(select(RequestFile.file_id).where(col(RequestFile.request_id).in_(found.kept_requests)))
    )
    kept |= set(db.exec(select(LetterFile.file_id)))
    requests = select(QualificationRequest).where(col(QualificationRequest.id).in_(found.kept_requests))
    for request in db.exec(requests):
        for values in (request.snapshot, request.before):
            kept.update(numbers(value for name, value in values.items() if name.startswith(DOCUMENT)))
    profile = db.get(Officer, account.id)
    if profile is not None and found.kept_requests:
        kept.update(numbers(profile.documents.values()))
    files = db.exec(
        select(StoredFile).where(StoredFile.account_id == account.id, col(StoredFile.removed_at).is_(None))
    )
    return [file for file in files if file.id not in kept]


def erase(db: Session, account: Account, *, now: datetime) -> Plan:
    """Carry the plan out, in one transaction; nothing where it is refused. The bytes of documents are for the caller."""
    db.refresh(account, with_for_update=True)
    found = plan(db, account, now=now)
    if found.refusals:
        return found
    _remove(db, account, found, now)
    if not found.keeps_identity:
        _forget_identity(db, account)
    account.password_hash, account.credentials_pending = NO_PASSWORD, False
    account.mobile, account.mobile_verified = None, False
    account.state, account.state_reason = AccountState.ANNULLED, None
    account.version += 1
    db.add(account)
    db.flush()
    index.index_account(db, account)
    audit.record(
        db,
        now=now,
        actor=SYSTEM,
        event="person_erased",
        subject="account",
        subject_id=account.id or 0,
        to_state=account.state,
        documents=len(found.documents),
        identity_kept=found.keeps_identity,
    )
    db.flush()
    for document in found.documents:
        db.expunge(document)
    return found


def _remove(db: Session, account: Account, found: Plan, now: datetime) -> None:
    mine = account.id or 0
    chats = list(db.exec(select(Chat).where(Chat.account_id == mine)))
    for chat in chats:
        sessions.act_as(chat, account_id=None, role=None)
        chat.dialogue, chat.draft_id, chat.dialogue_state, chat.view, chat.linked_at = (
            None,
            None,
            {},
            None,
            None,
        )
        chat.version += 1
        db.add(chat)
    db.flush()
    of_draft = select(Draft.id).where(Draft.account_id == mine)
    _run(db, update(Chat).where(col(Chat.draft_id).in_(of_draft)).values(draft_id=None, dialogue=None))
    for model, owner in (
        (Draft, Draft.account_id),
        (KnownChat, KnownChat.account_id),
        (Push, Push.account_id),
        (SearchQuery, SearchQuery.account_id),
        (SavedPhrase, SavedPhrase.account_id),
        (UploadDay, UploadDay.account_id),
    ):
        _run(db, delete(model).where(owner == mine))  # type: ignore[arg-type]
    invited = (col(Invitation.account_id) == mine) | (col(Invitation.accepted_by) == mine)
    _run(db, delete(Invitation).where(invited))
    _run(db, update(Grant).where(col(Grant.account_id) == mine).values(active=False))
    for document in found.documents:
        document.removed_at = now
        db.add(document)
        _run(db, delete(FileHandle).where(col(FileHandle.file_id) == document.id))
        audit.record(
            db, now=now, actor=SYSTEM, event="document_removed", subject="paper", subject_id=document.id or 0
        )
    # Also of those that were removed before, which have left their names behind.
    removed = (col(StoredFile.account_id) == mine, col(StoredFile.removed_at).is_not(None))
    _run(db, update(StoredFile).where(*removed).values(original_name=None))
    _forget_requests(db, mine, found)
    profile = db.get(Officer, mine)
    if profile is not None:
        profile.postal_address = profile.phone = profile.email = None
        if not found.kept_requests:
            profile.documents = {}
        profile.card_token = None
        profile.version += 1
        db.add(profile)
    db.flush()


def _forget_requests(db: Session, account_id: int, found: Plan) -> None:
    """The contents of requests that need not be kept: what was decided, and when, stays without them."""
    for request in db.exec(select(QualificationRequest).where(QualificationRequest.account_id == account_id)):
        if request.id in found.kept_requests:
            continue
        if request.state is RequestState.DRAFT:
            db.delete(request)
            continue
        request.snapshot, request.before, request.held_decision = {}, {}, {}
        request.officer_note = None
        request.reject_text = NO_NAME if request.reject_text else None
        request.version += 1
        db.add(request)
        _run(
            db,
            update(DeficiencyRound)
            .where(col(DeficiencyRound.request_id) == request.id)
            .values(note=None, snapshot={}, reasons={}, replies={}),
        )
        _run(
            db,
            delete(FileNote).where(
                col(FileNote.subject) == QUALIFICATION, col(FileNote.subject_id) == request.id
            ),
        )
    for wish in db.exec(select(CooperationRequest).where(CooperationRequest.account_id == account_id)):
        if wish.state is CooperationState.APPROVED:
            continue
        wish.officer_reason = None
        wish.reject_text = NO_NAME if wish.reject_text else None
        db.add(wish)
    db.flush()


def _forget_identity(db: Session, account: Account) -> None:
    account.first_name, account.last_name, account.national_code = NO_NAME, "", None
    profile = db.get(Officer, account.id)
    if profile is not None:
        profile.birth_date = NO_BIRTH_DATE
        for name in ("father_name", "gender", "birth_cert_no", "field_note", "province", "city"):
            setattr(profile, name, None)
        db.add(profile)
    for ended in db.exec(select(Termination).where(Termination.account_id == account.id)):
        db.delete(ended)
    db.flush()


def _run(db: Session, statement: Any) -> None:
    db.exec(statement.execution_options(synchronize_session=False))
