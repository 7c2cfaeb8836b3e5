"""Branches of a distributor: where officers serve (docs/specification.md 2.4, 3). Exactly one is central."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, update
from sqlmodel import Session, col, select

from bot.core.context import Actor
from bot.core.refusals import InvalidInput, NotAllowed, Refusal, Stale
from bot.rules import regions, validators
from bot.services.cooperation import contracts, requests
from bot.services.cooperation.views import unreachable
from bot.services.review import routing
from bot.services.shared import audit
from bot.services.shared.permissions import require
from bot.texts.written_text import business_name
from storage.enums import ContractState, Role
from storage.tables import Account, Branch, Contract, CooperationRequest, Distributor

SUBJECT = "branch"
NAME_LENGTH = (2, 120)
#: The name is stored without it.
WORD = "شعبه"


@dataclass(frozen=True, slots=True)
class Serving:
    """Who serves at a branch, by which contract."""

    contract: Contract
    account: Account


@dataclass(frozen=True, slots=True)
class BranchLine:
    """A branch as it is now. No `officers`: «بدون مسئول فنی»."""

    branch: Branch
    officers: tuple[Serving, ...]
    #: The open request, and the officer it asks.
    request: CooperationRequest | None
    candidate: Account | None
    #: That officer has no live chat: «مسئول فنی هنوز وارد سامانه نشده است».
    unreachable: bool


@dataclass(frozen=True, slots=True)
class BranchPage:
    lines: tuple[BranchLine, ...]
    #: Of this list, and of all branches.
    total: int
    all: int
    #: How many of all have no officer.
    vacant: int
    #: Of the first line; earlier than asked for where the list became shorter.
    offset: int


def checked_name(text: str) -> str:
    """A name without «شعبه», 2–120 characters. Raises InvalidInput("error.bad_branch_name")."""
    name = business_name(text)
    if name.split(" ", 1)[0] == WORD:
        name = name[len(WORD) :].strip()
    shortest, longest = NAME_LENGTH
    if not shortest <= len(name) <= longest or not any(letter.isalpha() for letter in name):
        raise InvalidInput("error.bad_branch_name")
    return name


def checked_region(db: Session, *, province: str, city: str, university: str | None) -> dict[str, str | None]:
    """The columns of a region. Raises InvalidInput("error.not_in_list") for names that are not offered, and
    InvalidInput("error.branch_university") where one of several universities must be chosen (Tehran)."""
    if city not in regions.cities_of(province):
        raise InvalidInput("error.not_in_list")
    settled = routing.resolve_university(db, province=province, city=city, chosen=university)
    if settled is None:
        raise InvalidInput("error.branch_university")
    return {"province": province, "city": city, "university_code": settled}


def _distributor(db: Session, actor: Actor, distributor_id: int | None) -> Distributor:
    """The actor's own distributor; staff name one. Raises NotAllowed."""
    if actor.role is not Role.STAFF or distributor_id is None:
        return requests.managed_distributor(db, actor)
    require(db, actor)
    distributor = db.get(Distributor, distributor_id)
    if distributor is None:
        raise NotAllowed
    return distributor


def _own_branch(db: Session, actor: Actor, branch: Branch) -> None:
    if actor.role is Role.STAFF:
        require(db, actor)
    elif branch.distributor_id != requests.managed_distributor(db, actor).id:
        raise NotAllowed


def define_branch(
    db: Session,
    *,
    actor: Actor,
    name: str,
    province: str,
    city: str,
    address: str,
    university: str | None = None,
    distributor_id: int | None = None,
    now: datetime,
) -> Branch:
    """Define a branch; an officer is chosen afterwards, with `cooperation.pick` (R37).

    Raises NotAllowed, InvalidInput for a field, Refusal("error.branch_name_taken")."""
    distributor = _distributor(db, actor, distributor_id)
    assert distributor.id is not None
    values: dict[str, Any] = {"name": checked_name(name), "address": validators.address(address)}
    values |= checked_region(db, province=province, city=city, university=university)
    return insert_branch(db, actor=actor, distributor_id=distributor.id, values=values, now=now)


def insert_branch(
    db: Session,
    *,
    actor: Actor,
    distributor_id: int,
    values: dict[str, Any],
    is_central: bool = False,
    now: datetime,
) -> Branch:
    """Store a branch whose values were checked. Raises Refusal("error.branch_name_taken")."""
    _hold_distributor(db, distributor_id)
    _need_free_name(db, distributor_id, values["name"])
    branch = Branch(distributor_id=distributor_id, is_central=is_central, created_at=now, **values)
    db.add(branch)
    db.flush()
    assert branch.id is not None
    audit.record(
        db,
        now=now,
        actor=actor,
        event="branch_defined",
        subject=SUBJECT,
        subject_id=branch.id,
        distributor=distributor_id,
    )
    return branch


def _hold_distributor(db: Session, distributor_id: int) -> None:
    """Names and the central branch of a distributor change one at a time."""
    query = select(Distributor.id).where(Distributor.id == distributor_id)
    db.exec(query.with_for_update(key_share=True)).first()


def _need_free_name(db: Session, distributor_id: int, name: str, but: int | None = None) -> None:
    """Raises Refusal where another branch has this name, in whatever spelling."""
    wanted = validators.search_key(name)
    query = select(Branch.name).where(
        Branch.distributor_id == distributor_id, Branch.id != but, col(Branch.closed_at).is_(None)
    )
    if any(validators.search_key(other) == wanted for other in db.exec(query)):
        raise Refusal("error.branch_name_taken")


def region_locked(db: Session, branch_id: int) -> bool:
    """Province and city stay while a request or a contract is open on the branch.

    See docs/specification.md 2.4.
    """
    return requests.open_at(db, branch_id) is not None or bool(contracts.at_branch(db, branch_id))


def edit_branch(
    db: Session,
    *,
    actor: Actor,
    branch_id: int,
    version: int | None = None,
    now: datetime,
    name: str | None = None,
    province: str | None = None,
    city: str | None = None,
    university: str | None = None,
    address: str | None = None,
) -> Branch:
    """Change what is given. Raises as `define_branch`, Stale, NotAllowed("error.branch_region_locked")."""
    branch = lock_own_branch(db, actor, branch_id, version)
    values: dict[str, Any] = {}
    if name is not None:
        values["name"] = checked_name(name)
        _need_free_name(db, branch.distributor_id, values["name"], but=branch_id)
    if address is not None:
        values["address"] = validators.address(address)
    there = (branch.province, branch.city, branch.university_code)
    wanted = (province or branch.province, city or branch.city, university or branch.university_code)
    if wanted != there:
        values |= checked_region(db, province=wanted[0], city=wanted[1], university=wanted[2])
    changed = {key: value for key, value in values.items() if getattr(branch, key) != value}
    if changed.keys() & {"province", "city", "university_code"} and region_locked(db, branch_id):
        raise NotAllowed("error.branch_region_locked")
    return save_branch(db, branch, actor=actor, event="branch_edited", values=changed, now=now)


def lock_own_branch(db: Session, actor: Actor, branch_id: int, version: int | None) -> Branch:
    """The branch, locked after its distributor. Raises NotAllowed, also for a closed one, and Stale for an old button."""
    stored = db.get(Branch, branch_id)
    if stored is None:
        raise NotAllowed
    _hold_distributor(db, stored.distributor_id)
    branch = requests.lock_branch(db, branch_id)
    _own_branch(db, actor, branch)
    if version not in (None, branch.version):
        raise Stale
    if branch.closed_at is not None:
        raise NotAllowed("error.branch_closed")
    return branch


def save_branch(
    db: Session, branch: Branch, *, actor: Actor, event: str, values: dict[str, Any], now: datetime
) -> Branch:
    """The branch is locked, so that it does not change meanwhile."""
    if not values:
        return branch
    db.exec(
        update(Branch)
        .where(col(Branch.id) == branch.id)
        .values(version=branch.version + 1, **values)
        .execution_options(synchronize_session=False)
    )
    db.refresh(branch)
    audit.record(
        db,
        now=now,
        actor=actor,
        event=event,
        subject=SUBJECT,
        subject_id=branch.id or 0,
        fields=sorted(values),
    )
    return branch


def _serves() -> ColumnElement[bool]:
    """Of a branch in a query: an officer serves there."""
    contract = select(Contract.id).where(
        Contract.branch_id == col(Branch.id), Contract.state == ContractState.ACTIVE
    )
    return contract.exists()


def list_branches(
    db: Session,
    *,
    actor: Actor,
    offset: int,
    limit: int,
    distributor_id: int | None = None,
    vacant: bool = False,
) -> BranchPage:
    """The distributor's branches that are not closed, the central one first, each with its officer and its open request;
    `vacant`: those without an officer alone."""
    own = (col(Branch.distributor_id) == _distributor(db, actor, distributor_id).id) & col(
        Branch.closed_at
    ).is_(None)
    without = db.exec(select(func.count()).select_from(Branch).where(own, ~_serves())).one()
    everywhere = db.exec(select(func.count()).select_from(Branch).where(own)).one()
    query = select(Branch).where(own)
    if vacant:
        query = query.where(~_serves())
    total = without if vacant else everywhere
    offset = min(offset, max(total - 1, 0) // limit * limit)
    query = query.order_by(col(Branch.is_central).desc(), col(Branch.id))
    listed = db.exec(query.offset(offset).limit(limit)).all()
    return BranchPage(
        tuple(_branch_line(db, branch) for branch in listed), total, everywhere, without, offset
    )


def names_of_branches(db: Session, *, actor: Actor, distributor_id: int | None = None) -> list[Branch]:
    """All branches that are not closed, the central one first, to be searched by name."""
    query = select(Branch).where(
        Branch.distributor_id == _distributor(db, actor, distributor_id).id, col(Branch.closed_at).is_(None)
    )
    return list(db.exec(query.order_by(col(Branch.is_central).desc(), col(Branch.id))))


def view_branch(db: Session, *, actor: Actor, branch_id: int) -> BranchLine:
    """One branch of the actor's distributor; any branch for staff. Raises NotAllowed."""
    branch = db.get(Branch, branch_id)
    if branch is None:
        raise NotAllowed
    _own_branch(db, actor, branch)
    return _branch_line(db, branch)


def _branch_line(db: Session, branch: Branch) -> BranchLine:
    assert branch.id is not None
    request = requests.open_at(db, branch.id)
    return BranchLine(
        branch,
        tuple(
            Serving(contract, db.get_one(Account, contract.account_id))
            for contract in contracts.at_branch(db, branch.id)
        ),
        request,
        db.get(Account, request.account_id) if request is not None else None,
        unreachable(db, request),
    )
