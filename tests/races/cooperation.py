"""What every race about a cooperation begins with, and what must stand after it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from sqlmodel import Session, col, select

from bot.core.context import Actor
from bot.core.screens import Press
from storage.enums import ContractState, CooperationState
from storage.tables import AuditEvent, Contract, CooperationRequest
from tests.races import cast
from tests.races.arena import Arena
from tests.races.players import Player
from tests.races.race import Round

S = CooperationState
STALE, DECIDED = "دیگر معتبر نیست", "پیش‌تر تصمیم"
RESERVED = "یک درخواست پذیرفته‌شده در انتظار دانشگاه دارید"
EMPLOYED = "همکاری فعال دارید"
BUSY = "برای این شعبه یک درخواست باز وجود دارد"


@dataclass(frozen=True)
class University:
    here: Player
    there: Player
    ali: Actor
    zahra: Actor


def university(arena: Arena, db: Session, phones: Sequence[Player]) -> University:
    here, there = phones[:2]
    return University(here, there, cast.expert(db, "علوی", here), cast.expert(db, "زارعی", there))


class Cooperation(Round[University]):
    #: States in which the request may end.
    ends: ClassVar[set[CooperationState]]

    def bring_phones(self) -> None:
        self.sara, self.saras_other = self.arena.pair("سارا")
        self.boss, self.deputy = self.arena.pair("مدیر")
        experts = [self.cast.here, self.cast.there]
        self.chance.shuffle(experts)
        self.expert, self.colleague = experts

    def set_up(self, db: Session) -> None:
        self.firm = cast.firm(db, self.boss, self.deputy)
        self.officer, self.code = cast.qualified(db, self.sara, self.saras_other)
        self.prepare(db)

    @abstractmethod
    def prepare(self, db: Session) -> None:
        """Bring the request to where the sides meet."""

    def note(self, request: CooperationRequest | None) -> None:
        assert request is not None
        self.id, self.version = request.id or 0, request.version

    def check(self, db: Session) -> None:
        request = db.get_one(CooperationRequest, self.id)
        assert request.state in self.ends, request
        active = db.exec(
            select(Contract).where(
                Contract.account_id == self.officer.account_id, Contract.state == ContractState.ACTIVE
            )
        ).all()
        assert len(active) == (request.state is S.APPROVED)
        self.state = request.state
        # Every change of state was somebody's, and no two began from the same.
        steps = db.exec(
            select(AuditEvent)
            .where(AuditEvent.subject == "cooperation", AuditEvent.subject_id == self.id)
            .order_by(col(AuditEvent.id))
        ).all()
        states = [one.to_state for one in steps]
        assert [one.from_state for one in steps] == [None, *states[:-1]]
        assert states[-1] == request.state

    async def approval(self, expert: Player) -> None:
        await expert.strike(Press("desk.coop_file", self.id))
        await expert.strike("✅ تأیید")

    async def acceptance(self, phone: Player, request_id: int | None = None) -> None:
        await phone.strike(Press("coop.view", request_id or self.id))
        await phone.strike("✅ قبول همکاری")

    async def withdrawal(self, manager: Player) -> None:
        await manager.strike(Press("dist.request", self.id))
        await manager.strike(Press("dist.withdraw", self.id, self.version))
