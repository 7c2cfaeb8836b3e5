"""Whom a letter goes to: one officer, all, those of a province, those in one state, both; experts; managers.

See docs/specification.md 2.7.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, false, func, or_, true
from sqlmodel import Session, col, select

from bot.core.context import Actor
from bot.rules.account import LIVING, UNIVERSITY_ROLES
from bot.services.shared.permissions import require
from bot.texts import t
from storage.enums import (
    IN_CIRCULATION,
    AccountState,
    ContractState,
    CooperationState,
    RequestState,
    Role,
)
from storage.tables import (
    Account,
    Branch,
    Chat,
    Contract,
    CooperationRequest,
    Grant,
    LetterRecipient,
    Officer,
    QualificationRequest,
    University,
)


class Kind(StrEnum):
    ONE = "ONE"
    ALL = "ALL"
    PROVINCE = "PROVINCE"
    STATE = "STATE"
    #: One state in one province.
    PROVINCE_STATE = "PROVINCE_STATE"
    #: Experts of the universities, managers of the distributors: of all provinces or of one.
    EXPERTS = "EXPERTS"
    MANAGERS = "MANAGERS"
    #: Whoever got another letter, which is corrected.
    CORRECTION = "CORRECTION"


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
    #: account.id, the province's name, the group, "province|group", or letter.id; "" for all.
    value: str = ""

    def as_data(self) -> dict[str, str]:
        return {"kind": self.kind.value, "value": self.value}

    @classmethod
    def of_data(cls, data: dict[str, Any]) -> Audience:
        return cls(Kind(data["kind"]), str(data["value"]))


def members(audience: Audience) -> Select[Any]:
    """account.id of everybody who belongs to it now. Suspended officers read, so they belong; annulled ones
    do not."""
    match audience.kind:
        case Kind.EXPERTS | Kind.MANAGERS:
            return _with_role(audience)
        case Kind.CORRECTION:
            return _recipients_of(audience.value)
    return (
        select(col(Account.id))
        .join(Officer, col(Officer.account_id) == col(Account.id))
        .where(col(Account.state).in_(LIVING), _condition(audience))
    )


def _with_role(audience: Audience) -> Select[Any]:
    """Active experts, by the province of their university; active managers, by that of their central branch."""
    held = select(col(Grant.id)).where(col(Grant.account_id) == col(Account.id), col(Grant.active).is_(True))
    if audience.kind is Kind.EXPERTS:
        held = held.where(col(Grant.role).in_(UNIVERSITY_ROLES))
        place = select(col(University.code)).where(col(University.province) == audience.value)
        here = col(Grant.university_code).in_(place)
    else:
        held = held.where(col(Grant.role) == Role.DISTRIBUTOR)
        central = select(col(Branch.distributor_id)).where(
            col(Branch.is_central).is_(True), col(Branch.province) == audience.value
        )
        here = col(Grant.distributor_id).in_(central)
    if audience.value:
        held = held.where(here)
    return select(col(Account.id)).where(col(Account.state) == AccountState.ACTIVE, held.exists())


def _recipients_of(letter_id: str) -> Select[Any]:
    """Who has that letter."""
    return (
        select(col(Account.id))
        .join(LetterRecipient, col(LetterRecipient.account_id) == col(Account.id))
        .where(
            col(Account.state).in_(LIVING),
            col(LetterRecipient.letter_id) == (int(letter_id) if letter_id.isdecimal() else 0),
            col(LetterRecipient.delivered_at).is_not(None),
        )
    )


@dataclass(frozen=True, slots=True)
class Reach:
    """How many belong to an audience, how many of them have a live chat, and how many of the others a mobile."""

    total: int
    with_chat: int
    by_sms: int

    @property
    def without_chat(self) -> int:
        return self.total - self.with_chat


def live() -> ColumnElement[bool]:
    """An account has a live chat."""
    chat = select(col(Chat.id)).where(col(Chat.account_id) == col(Account.id), col(Chat.dead).is_(False))
    return chat.exists()


def reach(db: Session, *, actor: Actor, audience: Audience) -> Reach:
    """Whom a letter to this audience would reach now; of many, `counts` knows it. Raises NotAllowed for anyone but
    staff."""
    require(db, actor, Role.STAFF)
    chat = case((live(), 1), else_=0)
    mobile = case((and_(~live(), col(Account.mobile).is_not(None)), 1), else_=0)
    counted: Any = select(func.count(), func.coalesce(func.sum(chat), 0), func.coalesce(func.sum(mobile), 0))
    query = counted.select_from(Account).where(col(Account.id).in_(members(audience)))
    return Reach(*db.execute(query).one())


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
    return words_of(db, audience)


def words_of(db: Session, audience: Audience) -> str:
    """`describe` for a caller that has asked for the right."""
    match audience.kind:
        case Kind.ONE:
            account = db.get(Account, int(audience.value)) if audience.value.isdecimal() else None
            return account.name if account is not None else "—"
        case Kind.PROVINCE:
            return t("audience.of_province", province=audience.value)
        case Kind.STATE if audience.value in Group.__members__:
            return t(f"audience.{audience.value}")
        case Kind.PROVINCE_STATE:
            province, _, group = audience.value.partition("|")
            if group in Group.__members__:
                return t("audience.in_province", group=t(f"audience.{group}"), province=province)
        case Kind.EXPERTS | Kind.MANAGERS if audience.value:
            group = t(f"audience.{audience.kind}")
            return t("audience.in_province", group=group, province=audience.value)
        case Kind.EXPERTS | Kind.MANAGERS | Kind.ALL | Kind.CORRECTION:
            return t(f"audience.{audience.kind}")
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
            return in_group(Group(audience.value))
        case Kind.PROVINCE_STATE:
            province, _, group = audience.value.partition("|")
            if group in Group.__members__:
                return and_(_of_province(province), in_group(Group(group)))
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


def qualified() -> ColumnElement[bool]:
    """An officer is."""
    return or_(col(Officer.legacy_qualified).is_(True), col(Officer.qualified_at).is_not(None))


def employed() -> ColumnElement[bool]:
    """An account has a running contract."""
    return (
        select(col(Contract.id))
        .where(col(Contract.account_id) == col(Account.id), col(Contract.state) == ContractState.ACTIVE)
        .exists()
    )


def reserved() -> ColumnElement[bool]:
    """An account has accepted a cooperation that the university has before it."""
    return (
        select(col(CooperationRequest.id))
        .where(
            col(CooperationRequest.account_id) == col(Account.id),
            col(CooperationRequest.state) == CooperationState.PENDING_UNIVERSITY,
        )
        .exists()
    )


def in_group(group: Group) -> ColumnElement[bool]:
    """An officer is in this state of affairs."""
    match group:
        case Group.UNFILED:
            return and_(~qualified(), ~_request(*IN_CIRCULATION).exists())
        case Group.IN_REVIEW:
            return _request(RequestState.SUBMITTED, RequestState.IN_REVIEW).exists()
        case Group.DEFICIENT:
            return _request(RequestState.DEFICIENT).exists()
        case Group.AWAITING_PAYMENT:
            return _request(RequestState.AWAITING_PAYMENT).exists()
        case Group.QUALIFIED:
            return qualified()
        case Group.FREE:
            return and_(qualified(), ~employed(), ~reserved())
        case Group.EMPLOYED:
            return employed()
