"""Who takes part, made through the services: officers, experts, firms with their managers, and their chats."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import Any

from sqlmodel import Session, select

from bot.core.context import SYSTEM, Actor
from bot.rules import request_items
from bot.services import cooperation, qualification
from bot.services.distributors import branches, registry
from bot.services.distributors.registry import Details, NewManager
from bot.services.qualification import decisions
from bot.services.qualification.drafts import FORM
from bot.services.shared import reference_data
from conversations.common.request_steps import EXTRAS, extras_of
from storage.enums import DistributorKind, Role
from storage.tables import (
    Chat,
    Contract,
    CooperationRequest,
    Draft,
    QualificationRequest,
    StoredFile,
)
from storage.tables.column_types import utcnow
from tests.races.players import Player
from tests.support.factories import people
from tests.support.factories.qualification import form_answers
from tests.support.identities import next_national_code

UNIVERSITY = "sums"
_numbers = count(1)


def log_in(db: Session, actor: Actor, *players: Player) -> Actor:
    """These phones speak for this account from now on."""
    now = utcnow()
    for player in players:
        messenger, chat_id = player.key
        db.add(
            Chat(
                messenger=messenger,
                chat_id=chat_id,
                account_id=actor.account_id,
                role=actor.role,
                linked_at=now,
            )
        )
    db.flush()
    return actor


def expert(db: Session, name: str, *players: Player) -> Actor:
    return log_in(db, people.expert(db, name, university=UNIVERSITY, chat=False), *players)


def officer(db: Session, *players: Player) -> Actor:
    """Registered, not yet qualified."""
    return log_in(db, people.officer(db, chat=False), *players)


def qualified(db: Session, *players: Player) -> tuple[Actor, str]:
    """Somebody whom a distributor may choose, with the national code."""
    code = next_national_code()
    return log_in(db, people.qualified_officer(db, national_code=code, chat=False), *players), code


@dataclass(frozen=True)
class Firm:
    """A distributor with two managers; as many of them have phones as were given."""

    id: int
    boss: Actor
    deputy: Actor


def firm(db: Session, *managers: Player) -> Firm:
    now, number = utcnow(), next(_numbers)
    made = registry.create(
        db,
        actor=SYSTEM,
        details=Details(
            kind=DistributorKind.GUILD,
            name=f"نمونه {number}",
            number=f"{7_000_000 + number}",
            manager_name="حمید صالحی",
            province="فارس",
            city="شیراز",
            address="شیراز، خیابان زند، پلاک ۱۰",
            phone="07132123456",
            manager_mobile=f"+98912{number:07}",
        ),
        now=now,
    )
    firm_id = made.distributor.id or 0
    actors = []
    for place in range(2):
        manager = NewManager("حمید صالحی", "x", mobile=f"+98913{2 * number + place:07}")
        account = registry.add_manager(
            db, actor=SYSTEM, distributor_id=firm_id, manager=manager, now=now
        ).account
        actor = Actor(account.id, Role.DISTRIBUTOR, None, None, firm_id)
        actors.append(log_in(db, actor, *managers[place : place + 1]))
    return Firm(firm_id, *actors)


def branch(db: Session, of: Firm) -> int:
    """A new branch of this firm: its id."""
    made = branches.define(
        db,
        actor=of.boss,
        name=f"شماره {next(_numbers)}",
        province="فارس",
        city="شیراز",
        address="شیراز، بلوار نصر، پلاک ۲",
        now=utcnow(),
    )
    return made.id or 0


def asked(db: Session, of: Firm, code: str) -> CooperationRequest:
    """This firm asks this officer for a new branch."""
    branch_id = branch(db, of)
    return cooperation.pick(db, actor=of.boss, branch_id=branch_id, national_code=code, now=utcnow())


def accepted(db: Session, of: Firm, who: Actor, code: str) -> CooperationRequest:
    request = asked(db, of, code)
    return cooperation.accept(db, actor=who, request_id=request.id or 0, now=utcnow())


def employed(db: Session, of: Firm, who: Actor, code: str, by: Actor) -> Contract:
    request = accepted(db, of, who, code)
    cooperation.approve(db, actor=by, request_id=request.id or 0, now=utcnow())
    return db.exec(select(Contract).where(Contract.cooperation_id == request.id)).one()


def form(db: Session, owner: Actor) -> dict[str, Any]:
    """A whole form with every paper that is asked for."""
    answers = form_answers(db, owner)
    must = [paper.code for paper in reference_data.papers(db) if paper.must(answers)]
    files = [_file(owner, code) for code in must]
    db.add_all(files)
    db.flush()
    answers |= {request_items.document(code): [file.id] for code, file in zip(must, files, strict=True)}
    return answers | {EXTRAS: extras_of(answers, [])}


def _file(owner: Actor, code: str) -> StoredFile:
    return StoredFile(
        account_id=owner.account_id or 0,
        sha256="0" * 64,
        media_type="image/jpeg",
        size=20_000,
        original_name=f"{code}.jpg",
        original_key="o",
        shown_key="s",
    )


def draft(db: Session, owner: Actor, answers: dict[str, Any]) -> int:
    """A request that is not sent yet, with these answers: its id."""
    request = qualification.start(db, actor=owner, now=utcnow())
    db.add(
        Draft(
            account_id=owner.account_id,
            dialogue=FORM,
            subject_id=request.id or 0,
            answers=answers,
        )
    )
    db.flush()
    return request.id or 0


def submitted(db: Session, owner: Actor) -> QualificationRequest:
    """A request in the queue."""
    now = utcnow()
    request = qualification.start(db, actor=owner, now=now)
    return qualification.submit(db, actor=owner, request_id=request.id or 0, answers=form(db, owner), now=now)


def awaiting_payment(db: Session, owner: Actor, by: Actor, url: str) -> QualificationRequest:
    request = submitted(db, owner)
    return decisions.approve(db, actor=by, request_id=request.id or 0, public_url=url, now=utcnow())
