"""The parties of a cooperation, and requests in the states that tests begin with."""

from dataclasses import dataclass

from sqlmodel import Session, select

from bot.core.context import Actor
from bot.services import cooperation
from storage.tables import Account, Contract, CooperationRequest
from tests.support.factories.distributors import ManagedDistributor, managed_distributor
from tests.support.factories.people import Participants, participants, qualified_officer
from tests.support.factories.reference_data import NOW

SARA, MINA, UNKNOWN = "9991234500", "9991234519", "9991234527"
KIAN_MOBILE, ARAD_MOBILE = "+989120000001", "+989120000002"


@dataclass
class Parties(Participants):
    """Sara and Mina may be chosen; the officer who is registered only is `unqualified`."""

    unqualified: Actor
    mina: Actor
    kian: ManagedDistributor
    arad: ManagedDistributor


def parties(db: Session) -> Parties:
    """The participants of a cooperation, with the reference data. Kian is a company, Arad a guild."""
    people = participants(db)
    return Parties(
        **vars(people) | {"sara": qualified_officer(db, "سارا", national_code=SARA)},
        unqualified=people.sara,
        mina=qualified_officer(db, "مینا", national_code=MINA),
        kian=managed_distributor(db, "کیان طب", legal_id="14009999995", mobile=KIAN_MOBILE),
        arad=managed_distributor(db, "آراد", guild_id="70001", mobile=ARAD_MOBILE),
    )


def code_of(db: Session, officer: Actor) -> str:
    return db.get_one(Account, officer.account_id).national_code or ""


def cooperation_request(
    db: Session, at: ManagedDistributor, officer: Actor, *, branch: int | None = None
) -> CooperationRequest:
    """The manager has chosen the officer, for the branch in the east."""
    return cooperation.pick(
        db,
        actor=at.manager,
        branch_id=branch or at.east,
        national_code=code_of(db, officer),
        now=NOW,
        counted=False,
    )


def accepted_request(
    db: Session, at: ManagedDistributor, officer: Actor, *, branch: int | None = None
) -> CooperationRequest:
    request = cooperation_request(db, at, officer, branch=branch)
    return cooperation.accept(db, actor=officer, request_id=request.id, version=request.version, now=NOW)


def active_contract(
    db: Session, at: ManagedDistributor, officer: Actor, expert: Actor, *, branch: int | None = None
) -> Contract:
    """The officer works there, as the expert approved."""
    request = accepted_request(db, at, officer, branch=branch)
    cooperation.approve(db, actor=expert, request_id=request.id, now=NOW)
    return db.exec(select(Contract).where(Contract.cooperation_id == request.id)).one()
