"""How many each audience of a letter has, counted once for all of them, apart from the units that others wait for.

See docs/specification.md 2.7.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from sqlalchemy import and_, case, func
from sqlmodel import Session, col, select

from bot.core.context import Actor
from bot.rules.account import LIVING, UNIVERSITY_ROLES
from bot.services.letters import audience
from bot.services.letters.audience import Audience, Group, Kind, Reach
from bot.services.shared.permissions import require
from storage.enums import IN_CIRCULATION, AccountState, RequestState, Role
from storage.tables import Account, Branch, Grant, Officer, QualificationRequest, University

#: Of an audience: all, with a live chat, without one but with a mobile; as JSON keeps it.
Numbers = dict[str, list[int]]


def key_of(to: Audience) -> str:
    """The name of an audience in the counts."""
    return f"{to.kind}:{to.value}"


def found_in(counts: Numbers, to: Audience) -> Reach:
    """Who is in none of them has nobody."""
    return Reach(*counts.get(key_of(to), (0, 0, 0)))


def count_all(db: Session, *, actor: Actor) -> Numbers:
    """Every audience at once: one pass over the officers, one over the grants of experts and managers. It takes a second
    for a million officers: read it on the connection for large reads. Raises NotAllowed for anyone but staff."""
    require(db, actor, Role.STAFF)
    totals: dict[str, Counter[str]] = {}
    for of, number, has_chat, has_mobile in (*_officers(db), *_with_roles(db)):
        for to in of:
            total = totals.setdefault(key_of(to), Counter())
            total["all"] += number
            total["chat"] += number * has_chat
            total["sms"] += number * (has_mobile and not has_chat)
    return {key: [one["all"], one["chat"], one["sms"]] for key, one in totals.items()}


def count_correction(db: Session, *, actor: Actor, letter_id: int) -> Numbers:
    """Whoever got this letter. Raises NotAllowed for anyone but staff."""
    to = Audience(Kind.CORRECTION, str(letter_id))
    reach = audience.reach(db, actor=actor, audience=to)
    return {key_of(to): [reach.total, reach.with_chat, reach.by_sms]}


_Counted = tuple[list[Audience], int, bool, bool]


def _officers(db: Session) -> Iterator[_Counted]:
    request = QualificationRequest
    under_way = and_(
        col(request.account_id) == col(Account.id), col(request.state).in_(IN_CIRCULATION)
    )  # at most one, by a unique index
    provinces = dict(db.exec(select(University.code, University.province)).all())
    columns: tuple[Any, ...] = (
        col(Officer.university_code),
        col(request.university_code),
        col(Officer.province),
        col(request.state),
        _flag(audience.qualified(), "qualified"),
        _flag(audience.employed(), "employed"),
        _flag(audience.reserved(), "reserved"),
        _flag(audience.live(), "live"),
        _flag(col(Account.mobile).is_not(None), "reachable"),
    )
    counted: Any = (*columns, func.count())
    query = (
        select(*counted)
        .select_from(Account)
        .join(Officer, col(Officer.account_id) == col(Account.id))
        .join(request, under_way, isouter=True)
        .where(col(Account.state).in_(LIVING))
        .group_by(*columns)
    )
    for own, filed, residence, state, qualified, employed, reserved, live, reachable, number in db.execute(
        query
    ):
        # The approved file, else the one under way, else where the officer lives.
        name = provinces.get(own) or (provinces.get(filed) if own is None else None) or residence
        groups = {
            Group.UNFILED: not qualified and state is None,
            Group.IN_REVIEW: state in (RequestState.SUBMITTED, RequestState.IN_REVIEW),
            Group.DEFICIENT: state == RequestState.DEFICIENT,
            Group.AWAITING_PAYMENT: state == RequestState.AWAITING_PAYMENT,
            Group.QUALIFIED: qualified,
            Group.FREE: qualified and not employed and not reserved,
            Group.EMPLOYED: employed,
        }
        of = [Audience(Kind.ALL)]
        of += [Audience(Kind.STATE, group.value) for group, belongs in groups.items() if belongs]
        if name:
            of.append(Audience(Kind.PROVINCE, name))
            of += [
                Audience(Kind.PROVINCE_STATE, f"{name}|{group}")
                for group, belongs in groups.items()
                if belongs
            ]
        yield of, number, bool(live), bool(reachable)


def _flag(condition: Any, name: str) -> Any:
    return case((condition, 1), else_=0).label(name)


def _with_roles(db: Session) -> Iterator[_Counted]:
    """Experts by the province of their university, managers by that of their central branch; a person with several
    grants counts once in each province, and once in all."""
    central = and_(col(Branch.distributor_id) == col(Grant.distributor_id), col(Branch.is_central).is_(True))
    kinds: tuple[tuple[Kind, Any, Any, Any], ...] = (
        (
            Kind.EXPERTS,
            col(Grant.role).in_(UNIVERSITY_ROLES),
            (University, col(University.code) == col(Grant.university_code)),
            col(University.province),
        ),
        (Kind.MANAGERS, col(Grant.role) == Role.DISTRIBUTOR, (Branch, central), col(Branch.province)),
    )
    for kind, role, place, province in kinds:
        mobile = col(Account.mobile).is_not(None)
        query: Any = (
            select(col(Account.id), province, _flag(audience.live(), "live"), _flag(mobile, "reachable"))
            .select_from(Grant)
            .join(Account, col(Account.id) == col(Grant.account_id))
            .join(*place, isouter=True)
            .where(role, col(Grant.active).is_(True), col(Account.state) == AccountState.ACTIVE)
        )
        people: dict[int, tuple[bool, bool]] = {}
        where: set[tuple[int, str]] = set()
        for account_id, name, live, reachable in db.execute(query):
            people[account_id] = bool(live), bool(reachable)
            if name:
                where.add((account_id, name))
        for live, reachable in people.values():
            yield [Audience(kind)], 1, live, reachable
        for account_id, name in where:
            yield [Audience(kind, name)], 1, *people[account_id]
