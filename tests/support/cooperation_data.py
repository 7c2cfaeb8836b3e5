"""A small world for the tests of cooperation: officers who may be chosen, two distributors with branches and managers,
and the experts of the office."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from sqlmodel import Session, col, func, select

from bot.core.context import SYSTEM, Actor
from bot.core.refusals import Refusal
from bot.services import cooperation
from bot.services.distributors import branches, registry
from bot.services.distributors.registry import DistributorDetails, NewManager
from storage.enums import ContractState, DistributorKind, Messenger, PushChannel, Role
from storage.tables import (
    Account,
    AuditEvent,
    Branch,
    Chat,
    Contract,
    CooperationRequest,
    Grant,
    Officer,
    Push,
    Termination,
    Throttle,
)
from tests.support.qualification_data import NOW, Office, open_office, person

SARA, MINA, NOBODY = "9991234500", "9991234519", "9991234527"
KIAN_MOBILE, ARAD_MOBILE = "+989120000001", "+989120000002"


def qualified(db: Session, code: str, first: str, national_code: str, *, chat: bool = True) -> Actor:
    """An officer whom a distributor may choose."""
    account = person(db, code, first, "نمونه", chat=chat)
    account.national_code = national_code
    account.mobile = f"+9891{code}"
    db.flush()
    db.add(
        Officer(
            account_id=account.id or 0,
            birth_date=NOW.date(),
            level_code="bachelor",
            field_code="biomedical",
            university_code="mui",
            qualified_at=NOW,
        )
    )
    db.add(Grant(account_id=account.id or 0, role=Role.OFFICER))
    db.flush()
    return Actor(account.id, Role.OFFICER, None, Messenger.TELEGRAM)


@dataclass
class Firm:
    """A distributor as its managers see it; `boss` and `deputy` manage it."""

    id: int
    boss: Actor
    deputy: Actor
    #: branch.id
    central: int
    east: int


def firm(
    db: Session, name: str, number: str, mobile: str | None, codes: tuple[str, str], kind: DistributorKind
) -> Firm:
    made = registry.create_distributor(
        db,
        actor=SYSTEM,
        details=DistributorDetails(
            kind=kind,
            name=name,
            number=number,
            manager_name="حمید صالحی",
            province="فارس",
            city="شیراز",
            address="شیراز، خیابان زند، پلاک ۱۰",
            phone="07132123456",
            manager_mobile=mobile,
        ),
        now=NOW,
    )
    firm_id = made.distributor.id or 0
    people = []
    for code in codes:
        manager = NewManager(f"مدیر {name}", "x", mobile=mobile)
        account = registry.add_manager(
            db, actor=SYSTEM, distributor_id=firm_id, manager=manager, now=NOW
        ).account
        db.add(Chat(messenger=Messenger.BALE, chat_id=int(code), account_id=account.id))
        people.append(Actor(account.id, Role.DISTRIBUTOR, None, Messenger.BALE, firm_id))
    db.flush()
    east = branches.define_branch(
        db,
        actor=people[0],
        name="شعبه شرق",
        province="فارس",
        city="شیراز",
        address="شیراز، بلوار نصر، پلاک ۲",
        now=NOW,
    )
    return Firm(firm_id, *people, made.central.id or 0, east.id or 0)


@dataclass
class Centers:
    office: Office
    sara: Actor
    mina: Actor
    kian: Firm
    arad: Firm


def open_centers(db: Session) -> Centers:
    """The office's own Sara is registered, not qualified; this Sara is another and may be chosen."""
    office = open_office(db)
    return Centers(
        office,
        qualified(db, "10000101", "سارا", SARA),
        qualified(db, "10000102", "مینا", MINA),
        firm(db, "کیان طب", "14009999995", KIAN_MOBILE, ("30000001", "30000002"), DistributorKind.COMPANY),
        firm(db, "آراد", "70001", ARAD_MOBILE, ("30000003", "30000004"), DistributorKind.GUILD),
    )


def code_of(db: Session, officer: Actor) -> str:
    return db.get_one(Account, officer.account_id).national_code or ""


def picked(
    db: Session, centers: Centers, officer: Actor, *, firm: Firm | None = None, branch: int | None = None
) -> CooperationRequest:
    firm = firm or centers.kian
    return cooperation.pick(
        db,
        actor=firm.boss,
        branch_id=branch or firm.east,
        national_code=code_of(db, officer),
        now=NOW,
    )


def accepted(
    db: Session, centers: Centers, officer: Actor, *, firm: Firm | None = None, branch: int | None = None
) -> CooperationRequest:
    request = picked(db, centers, officer, firm=firm, branch=branch)
    return cooperation.accept(db, actor=officer, request_id=request.id or 0, version=request.version, now=NOW)


def employed(
    db: Session, centers: Centers, officer: Actor, *, firm: Firm | None = None, branch: int | None = None
) -> Contract:
    request = accepted(db, centers, officer, firm=firm, branch=branch)
    cooperation.approve(db, actor=centers.office.ali, request_id=request.id or 0, now=NOW)
    return db.exec(
        select(Contract).where(
            Contract.account_id == officer.account_id, Contract.state == ContractState.ACTIVE
        )
    ).one()


def sms_to(db: Session, mobile: str) -> list[Push]:
    query = select(Push).where(Push.channel == PushChannel.SMS, Push.mobile == mobile)
    return list(db.exec(query.order_by(col(Push.id))))


def everything(db: Session) -> tuple[object, ...]:
    """What a refused action must not change."""
    return (
        db.exec(select(func.count()).select_from(AuditEvent)).one(),
        db.exec(select(func.count()).select_from(Push)).one(),
        db.exec(select(func.count()).select_from(Throttle)).one(),
        *(
            [tuple(row) for row in db.execute(table.metadata.tables[table.__tablename__].select())]
            for table in (Branch, CooperationRequest, Contract, Termination)
        ),
    )


def refused(db: Session, deed: Callable[[], Any]) -> Refusal:
    """The refusal of a deed that changed nothing."""
    before = everything(db)
    with pytest.raises(Refusal) as caught, db.begin_nested():
        deed()
    db.expire_all()
    assert everything(db) == before
    return caught.value
