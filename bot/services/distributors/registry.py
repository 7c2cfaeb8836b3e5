"""Distributors and their managers: made by staff, kept up to date by both.

See R43, docs/specification.md 2, 3, Q25.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func
from sqlmodel import Session, col, select

from bot.core.context import Actor
from bot.core.refusals import InvalidInput, NotAllowed, Refusal, Stale
from bot.rules import validators
from bot.rules.validators import NationalCode
from bot.services.accounts import experts
from bot.services.cooperation import requests, termination
from bot.services.distributors import branches
from bot.services.search import index as search_index
from bot.services.shared import audit
from bot.services.shared.permissions import require
from bot.texts import t
from bot.texts.written_text import business_name
from storage.enums import DistributorKind, Role
from storage.tables import Account, Branch, Distributor

SUBJECT = "distributor"
NAME_LENGTH = (2, 120)


@dataclass(frozen=True, slots=True)
class DistributorDetails:
    """A distributor as it is entered. Texts as typed."""

    kind: DistributorKind
    #: Without its kind.
    name: str
    #: The company's national identifier, or the number of the guild's business licence.
    number: str
    manager_name: str
    #: Of the distributor and its central branch.
    province: str
    city: str
    address: str
    #: Where the province has several to choose from (Tehran).
    university: str | None = None
    phone: str | None = None
    #: Target of the SMS R33.
    manager_mobile: str | None = None


@dataclass(frozen=True, slots=True)
class CreatedDistributor:
    distributor: Distributor
    central: Branch


def checked_name(text: str) -> str:
    """2–120 characters. Raises InvalidInput("error.bad_distributor_name")."""
    name = business_name(text)
    shortest, longest = NAME_LENGTH
    if not shortest <= len(name) <= longest or not any(letter.isalpha() for letter in name):
        raise InvalidInput("error.bad_distributor_name")
    return name


def checked_number(db: Session, kind: DistributorKind, text: str, but: int | None = None) -> dict[str, Any]:
    """The columns of the number. Raises InvalidInput("error.bad_legal_id" or "error.bad_guild_id") and
    Refusal("error.distributor_exists")."""
    if kind is DistributorKind.COMPANY:
        number = validators.legal_id(text)
        column, values = Distributor.legal_id, {"legal_id": number, "guild_id": None}
    else:
        number = validators.guild_id(text)
        column, values = Distributor.guild_id, {"legal_id": None, "guild_id": number}
    query = select(Distributor.id).where(column == number, Distributor.id != but)
    if db.exec(query).first() is not None:
        raise Refusal("error.distributor_exists")
    return values


def _contacts(
    manager_name: str | None, phone: str | None, address: str | None, manager_mobile: str | None
) -> dict[str, Any]:
    """The columns of what is given, checked; an empty phone is none. Raises InvalidInput."""
    values: dict[str, Any] = {}
    if manager_name is not None:
        values["manager_name"] = validators.persian_name(manager_name)
    if phone is not None:
        values["phone"] = validators.phone(phone) if phone else None
    if address is not None:
        values["address"] = validators.address(address)
    if manager_mobile is not None:
        values["manager_mobile"] = validators.mobile(manager_mobile)
    return values


def _need_keeper(db: Session, actor: Actor) -> None:
    require(db, actor, Role.STAFF, Role.SYSTEM)


def create_distributor(
    db: Session,
    *,
    actor: Actor,
    details: DistributorDetails,
    now: datetime,
) -> CreatedDistributor:
    """Staff (or the system: command line, import) make a distributor with its central branch.

    Raises NotAllowed, InvalidInput for a field, Refusal("error.distributor_exists").
    """
    _need_keeper(db, actor)
    values = checked_number(db, details.kind, details.number)
    values |= _contacts(details.manager_name, details.phone, details.address, details.manager_mobile)
    region = branches.checked_region(
        db, province=details.province, city=details.city, university=details.university
    )
    distributor = Distributor(kind=details.kind, name=checked_name(details.name), created_at=now, **values)
    db.add(distributor)
    db.flush()
    assert distributor.id is not None
    search_index.index_distributor(db, distributor)
    audit.record(
        db,
        now=now,
        actor=actor,
        event="distributor_created",
        subject=SUBJECT,
        subject_id=distributor.id,
    )
    central = branches.insert_branch(
        db,
        actor=actor,
        distributor_id=distributor.id,
        values={"name": t("branch.central_name"), "address": distributor.address, **region},
        is_central=True,
        now=now,
    )
    return CreatedDistributor(distributor, central)


def appoint_manager(
    db: Session, *, actor: Actor, distributor_id: int, national_code: NationalCode, now: datetime
) -> Account:
    """Staff let the person with this national code act for the distributor too. Who has no account is invited
    (`invitations`).

    Raises NotAllowed, Stale where nobody has this code any more, Refusal("error.distributor_needed",
    "error.manager_held")."""
    require(db, actor, Role.STAFF)
    if db.get(Distributor, distributor_id) is None:
        raise Refusal("error.distributor_needed")
    return experts.give_role(
        db,
        actor=actor,
        role=Role.DISTRIBUTOR,
        distributor_id=distributor_id,
        national_code=national_code,
        now=now,
    )


def edit_distributor(
    db: Session,
    *,
    actor: Actor,
    distributor_id: int,
    version: int | None = None,
    now: datetime,
    kind: DistributorKind | None = None,
    name: str | None = None,
    number: str | None = None,
    manager_name: str | None = None,
    phone: str | None = None,
    address: str | None = None,
    manager_mobile: str | None = None,
) -> Distributor:
    """Change what is given: staff everything, a manager the contacts. A new kind needs its number.

    Raises NotAllowed, Stale, and as `create_distributor`."""
    query = select(Distributor).where(Distributor.id == distributor_id).with_for_update(key_share=True)
    distributor = db.exec(query.execution_options(populate_existing=True)).first()
    if distributor is None:
        raise NotAllowed
    keeps = actor.role is Role.STAFF
    if keeps:
        require(db, actor)
    elif requests.managed_distributor(db, actor).id != distributor_id or (kind, name, number) != (
        None,
        None,
        None,
    ):
        raise NotAllowed
    if version not in (None, distributor.version):
        raise Stale
    values = _contacts(manager_name, phone, address, manager_mobile)
    if name is not None:
        values["name"] = checked_name(name)
    if kind is not None and kind is not distributor.kind and number is None:
        raise InvalidInput("error.bad_legal_id" if kind is DistributorKind.COMPANY else "error.bad_guild_id")
    if number is not None:
        kind = kind or distributor.kind
        values |= {"kind": kind, **checked_number(db, kind, number, but=distributor_id)}
    changed = {key: value for key, value in values.items() if getattr(distributor, key) != value}
    if changed:
        for key, value in changed.items():
            setattr(distributor, key, value)
        distributor.version += 1
        db.flush()
        if "name" in changed:
            search_index.index_distributor(db, distributor)
        audit.record(
            db,
            now=now,
            actor=actor,
            event="distributor_edited",
            subject=SUBJECT,
            subject_id=distributor_id,
            fields=sorted(changed),
        )
    if "manager_mobile" in changed:
        termination.send_owed_sms(db, distributor, now=now)
    return distributor


def managers(db: Session, *, actor: Actor, distributor_id: int) -> list[Account]:
    """The active managers, oldest account first; for staff. Raises NotAllowed."""
    _need_keeper(db, actor)
    return requests.manager_accounts(db, distributor_id)


def of_actor(db: Session, *, actor: Actor) -> Distributor:
    """The distributor that the actor manages. Raises NotAllowed."""
    return requests.managed_distributor(db, actor)


def view_distributor(db: Session, *, actor: Actor, distributor_id: int) -> Distributor:
    """Any distributor for staff, their own for managers. Raises NotAllowed."""
    if actor.role is not Role.STAFF:
        own = requests.managed_distributor(db, actor)
        if own.id != distributor_id:
            raise NotAllowed
        return own
    require(db, actor)
    distributor = db.get(Distributor, distributor_id)
    if distributor is None:
        raise NotAllowed
    return distributor


@dataclass(frozen=True, slots=True)
class DistributorLine:
    """One distributor in a list, with the city of its central branch."""

    distributor: Distributor
    city: str


def list_distributors(
    db: Session, *, actor: Actor, offset: int, limit: int, among: Sequence[int] | None = None
) -> tuple[list[DistributorLine], int]:
    """Distributors by name, and their number: all of them, or those of these ids in their order; for staff."""
    _need_keeper(db, actor)
    query = select(Distributor)
    if among is None:
        total = db.exec(select(func.count()).select_from(Distributor)).one()
        query = query.order_by(col(Distributor.name), col(Distributor.id)).offset(offset).limit(limit)
        shown = list(db.exec(query))
    else:
        total, ids = len(among), among[offset : offset + limit]
        known = {one.id: one for one in db.exec(query.where(col(Distributor.id).in_(ids)))} if ids else {}
        shown = [known[one] for one in ids if one in known]
    central = select(Branch.distributor_id, Branch.city).where(
        col(Branch.distributor_id).in_([one.id for one in shown]), col(Branch.is_central).is_(True)
    )
    cities = dict(db.exec(central).all()) if shown else {}
    return [DistributorLine(one, cities.get(one.id or 0, "")) for one in shown], total
