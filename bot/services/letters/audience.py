"""Whom a letter goes to: one officer, all, those of a province, those in one state.

See docs/specification.md 2.7.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, true
from sqlmodel import Session, col, select

from bot.core.context import Actor
from bot.rules.account import LIVING
from bot.services.shared.permissions import require
from bot.texts import t
from storage.enums import IN_CIRCULATION, ContractState, CooperationState, RequestState, Role
from storage.tables import (
    Account,
    Contract,
    CooperationRequest,
    Officer,
    QualificationRequest,
    University,
)


class Kind(StrEnum):
    ONE = "ONE"
    ALL = "ALL"
    PROVINCE = "PROVINCE"
    STATE = "STATE"


class Group(StrEnum):
    """Officers in one state of their affairs."""

    UNFILED = "UNFILED"
    IN_REVIEW = "IN_REVIEW"
    DEFICIENT = "DEFICIENT"
    AWAITING_PAYMENT = "AWAITING_PAYMENT"
    QUALIFIED = "QUALIFIED"
    FREE = "FREE"
    EMPLOYED = "EMPLOYED"


@dataclass(frozen=True, slots=True)
class Audience:
    kind: Kind
    #: account.id, the province's name, or the group; "" for all.
    value: str = ""

    def as_data(self) -> dict[str, str]:
        return {"kind": self.kind.value, "value": self.value}

    @classmethod
    def of_data(cls, data: dict[str, Any]) -> Audience:
        return cls(Kind(data["kind"]), str(data["value"]))


def members(audience: Audience) -> Select[Any]:
    """account.id of everybody who belongs to it now. Suspended officers read, so they belong; annulled ones
    do not."""
    return (
        select(col(Account.id))
        .join(Officer, col(Officer.account_id) == col(Account.id))
        .where(col(Account.state).in_(LIVING), _condition(audience))
    )


def size(db: Session, *, actor: Actor, audience: Audience) -> int:
    """How many belong to it now."""
    require(db, actor, Role.STAFF)
    query = select(func.count()).select_from(members(audience).subquery())
    return db.exec(query).one()


def provinces(db: Session, *, actor: Actor) -> list[str]:
    """Those with a university that reviews files, in order."""
    require(db, actor, Role.STAFF)
    query = select(University.province).where(col(University.regional).is_(True)).distinct()
    return sorted(db.exec(query).all())


def describe(db: Session, *, actor: Actor, audience: Audience) -> str:
    """The audience in words."""
    require(db, actor, Role.STAFF)
    match audience.kind:
        case Kind.ONE:
            account = db.get(Account, int(audience.value)) if audience.value.isdecimal() else None
            return account.name if account is not None else "—"
        case Kind.PROVINCE:
            return t("audience.of_province", province=audience.value)
        case Kind.STATE if audience.value in Group.__members__:
            return t(f"audience.{audience.value}")
        case Kind.ALL:
            return t("audience.ALL")
    return "—"


def _condition(audience: Audience) -> ColumnElement[bool]:
    match audience.kind:
        case Kind.ONE if audience.value.isdecimal():
            return col(Account.id) == int(audience.value)
        case Kind.ALL:
            return true()
        case Kind.PROVINCE:
            return _of_province(audience.value)
        case Kind.STATE if audience.value in Group.__members__:
            return _in_group(Group(audience.value))
    return false()


def _request(*states: RequestState) -> Select[Any]:
    return select(col(QualificationRequest.id)).where(
        col(QualificationRequest.account_id) == col(Account.id), col(QualificationRequest.state).in_(states)
    )


def _of_province(name: str) -> ColumnElement[bool]:
    """Whose file lies with a university of this province: the approved file, else the request under way; for
    a file that names no university (it came from the old system) the province of residence."""
    here = select(col(University.code)).where(col(University.province) == name)
    no_file = col(Officer.university_code).is_(None)
    under_way = _request(*IN_CIRCULATION)
    return or_(
        col(Officer.university_code).in_(here),
        and_(no_file, under_way.where(col(QualificationRequest.university_code).in_(here)).exists()),
        and_(no_file, ~under_way.exists(), col(Officer.province) == name),
    )


def _in_group(group: Group) -> ColumnElement[bool]:
    qualified = or_(col(Officer.legacy_qualified).is_(True), col(Officer.qualified_at).is_not(None))
    employed = (
        select(col(Contract.id))
        .where(col(Contract.account_id) == col(Account.id), col(Contract.state) == ContractState.ACTIVE)
        .exists()
    )
    reserved = (
        select(col(CooperationRequest.id))
        .where(
            col(CooperationRequest.account_id) == col(Account.id),
            col(CooperationRequest.state) == CooperationState.PENDING_UNIVERSITY,
        )
        .exists()
    )
    match group:
        case Group.UNFILED:
            return and_(~qualified, ~_request(*IN_CIRCULATION).exists())
        case Group.IN_REVIEW:
            return _request(RequestState.SUBMITTED, RequestState.IN_REVIEW).exists()
        case Group.DEFICIENT:
            return _request(RequestState.DEFICIENT).exists()
        case Group.AWAITING_PAYMENT:
            return _request(RequestState.AWAITING_PAYMENT).exists()
        case Group.QUALIFIED:
            return qualified
        case Group.FREE:
            return and_(qualified, ~employed, ~reserved)
        case Group.EMPLOYED:
            return employed
