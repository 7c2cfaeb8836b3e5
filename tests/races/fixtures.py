"""Accounts of those who take part, made through the services: officers, experts, distributors, and their chats."""

from dataclasses import dataclass
from itertools import count
from typing import Any

from sqlmodel import Session, select

from bot.core.context import Actor
from bot.documents.blob_store import new_key
from bot.rules import request_items
from bot.services import cooperation, qualification
from bot.services.qualification import decisions
from bot.services.qualification.drafts import FORM
from bot.services.shared import reference_data
from conversations.common.request_steps import EXTRAS, extras_of
from storage.tables import Chat, Contract, CooperationRequest, Draft, QualificationRequest, StoredFile
from storage.tables.column_types import utcnow
from tests.races.participants import Participant
from tests.support.factories import people
from tests.support.factories.distributors import ManagedDistributor, branch, managed_distributor
from tests.support.factories.qualification import form_answers, stored_file
from tests.support.identities import next_national_code

_numbers = count(1)


def log_in(db: Session, actor: Actor, *phones: Participant) -> Actor:
    """These phones act for this account from now on."""
    for phone in phones:
        messenger, chat_id = phone.key
        chat = Chat(messenger=messenger, chat_id=chat_id, account_id=actor.account_id, role=actor.role)
        chat.linked_at = utcnow()
        db.add(chat)
    db.flush()
    return actor


@dataclass(frozen=True)
class Experts:
    """Two experts of one university, on different messengers."""

    here: Participant
    there: Participant
    ali: Actor
    zahra: Actor


def experts(db: Session, here: Participant, there: Participant) -> Experts:
    made = [
        log_in(db, people.expert(db, name, chat=False), phone)
        for name, phone in (("علوی", here), ("زارعی", there))
    ]
    return Experts(here, there, *made)


def officer(db: Session, *phones: Participant) -> Actor:
    """Registered, not yet qualified."""
    return log_in(db, people.officer(db, chat=False), *phones)


def qualified(db: Session, *phones: Participant) -> tuple[Actor, str]:
    """An officer whom a distributor may choose, and the national code."""
    code = next_national_code()
    return log_in(db, people.qualified_officer(db, national_code=code, chat=False), *phones), code


def distributor(db: Session, *managers: Participant) -> ManagedDistributor:
    """With two managers; as many of them have phones as are given."""
    number = next(_numbers)
    made = managed_distributor(db, f"نمونه {number}", mobile=f"+98912{number:07}", chats=False)
    for actor, phone in zip((made.manager, made.deputy), managers, strict=False):
        log_in(db, actor, phone)
    return made


def new_branch(db: Session, of: ManagedDistributor) -> int:
    return branch(db, of.manager, f"شماره {next(_numbers)}").id or 0


def asked(db: Session, of: ManagedDistributor, code: str) -> CooperationRequest:
    """This distributor asks this officer for a new branch."""
    branch_id = new_branch(db, of)
    return cooperation.pick(
        db, actor=of.manager, branch_id=branch_id, national_code=code, now=utcnow(), counted=False
    )


def accepted(db: Session, of: ManagedDistributor, who: Actor, code: str) -> CooperationRequest:
    request = asked(db, of, code)
    return cooperation.accept(db, actor=who, request_id=request.id or 0, now=utcnow())


def employed(db: Session, of: ManagedDistributor, who: Actor, code: str, by: Actor) -> Contract:
    request = accepted(db, of, who, code)
    cooperation.approve(db, actor=by, request_id=request.id or 0, now=utcnow())
    return db.exec(select(Contract).where(Contract.cooperation_id == request.id)).one()


def form(db: Session, owner: Actor) -> dict[str, Any]:
    """A whole form with every document that is asked for."""
    answers = form_answers(db, owner)
    needed = [one.code for one in reference_data.document_rules(db) if one.must(answers)]
    answers |= {request_items.document(code): [stored_file(db, owner, f"{code}.jpg")] for code in needed}
    # Whoever takes the file is shown its documents; these are named as lost.
    for file in db.exec(select(StoredFile).where(StoredFile.account_id == owner.account_id)):
        file.original_key, file.shown_key = new_key(), new_key()
    return answers | {EXTRAS: extras_of(answers, [])}


def draft(db: Session, owner: Actor, answers: dict[str, Any]) -> int:
    """A request that is not sent yet, with these answers: its id."""
    request = qualification.start_draft(db, actor=owner, now=utcnow())
    subject = request.id or 0
    db.add(Draft(account_id=owner.account_id, dialogue=FORM, subject_id=subject, answers=answers))
    db.flush()
    return subject


def submitted(db: Session, owner: Actor) -> QualificationRequest:
    """A request in the queue."""
    now = utcnow()
    request = qualification.start_draft(db, actor=owner, now=now)
    return qualification.submit(db, actor=owner, request_id=request.id or 0, answers=form(db, owner), now=now)


def awaiting_payment(db: Session, owner: Actor, by: Actor, url: str) -> QualificationRequest:
    request = submitted(db, owner)
    return decisions.approve(db, actor=by, request_id=request.id or 0, public_url=url, now=utcnow())
