"""All races, what they need of the database beforehand, and what holds after all of them."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

from sqlmodel import Session, col, select

from bot.core.context import SYSTEM
from bot.services.qualification import fees
from storage.enums import ContractState, CooperationState, InboxState, PushState, RequestKind
from storage.tables import Contract, CooperationRequest, InboxUpdate, Push, StaffAlert
from storage.tables.column_types import utcnow
from tests.races import chats, distributors, experts, payment, submit
from tests.races.arena import Arena
from tests.races.race import Race

RACES: dict[str, Race[Any]] = {
    race.name: race for race in (experts.RACE, distributors.RACE, payment.RACE, submit.RACE, chats.RACE)
}
FEE = 500_000


async def prepare(arena: Arena) -> None:
    """A fee, so that whoever is approved has to pay."""

    def unit(db: Session) -> None:
        fees.set_tariff(
            db,
            kind=RequestKind.NEW,
            amount_rial=FEE,
            valid_from=date(2026, 1, 1),
            actor=SYSTEM,
            now=utcnow(),
        )

    await arena.database.run(unit)


async def reckon(arena: Arena) -> None:
    """Nobody waits for an answer, nothing failed, and no promise is broken."""
    await arena.quiet()
    spinning = [
        query for face in arena.town.faces for query in face.bot.queries.values() if not query.answered
    ]
    assert not spinning, f"{len(spinning)} buttons still spin"

    def unit(db: Session) -> None:
        states = set(db.exec(select(InboxUpdate.state).distinct()))
        assert states == {InboxState.ANSWERED}, states
        assert set(db.exec(select(Push.state).distinct())) == {PushState.SENT}
        active = db.exec(select(Contract).where(Contract.state == ContractState.ACTIVE)).all()
        waiting = db.exec(
            select(CooperationRequest).where(CooperationRequest.state == CooperationState.PENDING_UNIVERSITY)
        ).all()
        for taken in (
            [one.account_id for one in active] + [one.account_id for one in waiting],
            [one.branch_id for one in active],
        ):
            assert max(Counter(taken).values(), default=0) <= 1
        alerts = db.exec(select(StaffAlert.key).where(col(StaffAlert.resolved_at).is_(None))).all()
        assert not [one for one in alerts if not one.startswith("refund")], alerts

    await arena.database.read(unit)
