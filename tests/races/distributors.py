"""Two distributors, two managers, two experts, and the officer between them: one contract, one acceptance, one answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from sqlmodel import Session, col, select

from bot.screens import Press
from bot.services import cooperation
from bot.turn import Actor
from storage.states import ContractState, CooperationState
from storage.tables import AuditEvent, Contract, CooperationRequest
from storage.types import utcnow
from tests.races import cast
from tests.races.arena import Arena
from tests.races.players import Player
from tests.races.race import Outcome, Race, Round, at_once, one_winner

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


class _Cooperation(Round[University]):
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

    def prepare(self, db: Session) -> None:
        raise NotImplementedError

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


class TwoManagersPick(_Cooperation):
    """For one branch; of two officers, or the same."""

    ends: ClassVar = {S.PENDING_OFFICER}

    def prepare(self, db: Session) -> None:
        self.branch = cast.branch(db, self.firm)
        _, self.other_code = cast.qualified(db)
        if self.chance.random() < 0.5:
            self.other_code = self.code

    async def lay_out(self) -> None:
        for manager in (self.boss, self.deputy):
            await manager.strike(Press("dist.branch", self.branch))
            await manager.strike("انتخاب مسئول فنی")

    async def run(self) -> Outcome:
        heard = await at_once(
            self.chance,
            picks=lambda: self.boss.say(self.code),
            picks_too=lambda: self.deputy.say(self.other_code),
        )
        return one_winner(heard, ["درخواست همکاری برای"], [BUSY])

    def check(self, db: Session) -> None:
        self.note(
            db.exec(select(CooperationRequest).where(CooperationRequest.branch_id == self.branch)).one()
        )
        super().check(db)


class TwoAcceptances(_Cooperation):
    """Two distributors ask, and the officer accepts both, one on each phone."""

    ends: ClassVar = {S.PENDING_OFFICER, S.PENDING_UNIVERSITY}

    def prepare(self, db: Session) -> None:
        self.note(cast.asked(db, self.firm, self.code))
        self.other_id = cast.asked(db, cast.firm(db), self.code).id or 0

    async def lay_out(self) -> None:
        await self.acceptance(self.sara)
        await self.acceptance(self.saras_other, self.other_id)

    async def run(self) -> Outcome:
        heard = await at_once(
            self.chance,
            accepts=lambda: self.sara.strike("بله"),
            accepts_other=lambda: self.saras_other.strike("بله"),
        )
        return one_winner(heard, ["همکاری را پذیرفتید"], [RESERVED])

    def check(self, db: Session) -> None:
        super().check(db)
        other = db.get_one(CooperationRequest, self.other_id)
        assert {self.state, other.state} == {S.PENDING_OFFICER, S.PENDING_UNIVERSITY}

    def check_phones(self) -> None:
        assert (
            self.boss.told("را پذیرفت")
            == self.deputy.told("را پذیرفت")
            == (self.state is S.PENDING_UNIVERSITY)
        )


class AcceptAgainstWithdraw(_Cooperation):
    ends: ClassVar = {S.WITHDRAWN, S.PENDING_UNIVERSITY}

    def prepare(self, db: Session) -> None:
        self.note(cast.asked(db, self.firm, self.code))

    async def lay_out(self) -> None:
        await self.acceptance(self.sara)
        await self.withdrawal(self.boss)

    async def run(self) -> Outcome:
        heard = await at_once(
            self.chance,
            accepts=lambda: self.sara.strike("بله"),
            withdraws=lambda: self.boss.strike("بله"),
        )
        return one_winner(heard, ["همکاری را پذیرفتید", "درخواست همکاری پس گرفته شد."], [STALE])

    def check_phones(self) -> None:
        withdrawn = self.state is S.WITHDRAWN
        assert self.sara.told("پس گرفته شد.") == self.saras_other.told("پس گرفته شد.") == withdrawn
        assert self.boss.told("را پذیرفت") == self.deputy.told("را پذیرفت") == (not withdrawn)


class _AtUniversity(_Cooperation):
    def prepare(self, db: Session) -> None:
        self.note(cast.accepted(db, self.firm, self.officer, self.code))

    def check_phones(self) -> None:
        approved = self.state is S.APPROVED
        words = "به تأیید دانشگاه رسید"
        assert self.boss.told(words) == self.deputy.told(words) == approved
        words = "✅ دانشگاه همکاری شما"
        assert self.sara.told(words) == self.saras_other.told(words) == approved


class TwoExperts(_AtUniversity):
    ends: ClassVar = {S.APPROVED, S.REJECTED_BY_UNIVERSITY}

    async def lay_out(self) -> None:
        await self.approval(self.expert)
        await self.colleague.strike(Press("desk.coop_file", self.id))
        await self.colleague.strike("❌ رد")
        await self.colleague.say("خارج از حوزه این دانشگاه است")

    async def run(self) -> Outcome:
        heard = await at_once(
            self.chance,
            approves=lambda: self.expert.strike("بله"),
            rejects=lambda: self.colleague.strike("بله"),
        )
        return one_winner(heard, ["تأیید شد و از امروز فعال است", "رد شد."], [DECIDED])


class ApproveAgainstGivingUp(_AtUniversity):
    ends: ClassVar = {S.APPROVED, S.REJECTED_BY_OFFICER}

    async def lay_out(self) -> None:
        await self.approval(self.expert)
        await self.sara.strike(Press("coop.view", self.id))
        await self.sara.strike("انصراف از همکاری")

    async def run(self) -> Outcome:
        heard = await at_once(
            self.chance,
            approves=lambda: self.expert.strike("بله"),
            gives_up=lambda: self.sara.strike("بله"),
        )
        return one_winner(heard, ["از امروز فعال است", "از این همکاری انصراف دادید"], [STALE])


class ApproveAgainstWithdraw(_AtUniversity):
    ends: ClassVar = {S.APPROVED, S.WITHDRAWN}

    async def lay_out(self) -> None:
        await self.approval(self.expert)
        await self.withdrawal(self.boss)

    async def run(self) -> Outcome:
        heard = await at_once(
            self.chance,
            approves=lambda: self.expert.strike("بله"),
            withdraws=lambda: self.boss.strike("بله"),
        )
        return one_winner(heard, ["از امروز فعال است", "درخواست همکاری پس گرفته شد."], [STALE])


class ApproveAgainstAnotherAcceptance(_AtUniversity):
    """The university approves for one distributor while the officer accepts another's request."""

    ends: ClassVar = {S.APPROVED}

    def prepare(self, db: Session) -> None:
        other = cast.asked(db, cast.firm(db), self.code)
        self.other_id, self.other_version = other.id or 0, other.version
        super().prepare(db)

    async def lay_out(self) -> None:
        await self.approval(self.expert)
        await self.sara.strike(Press("coop.view", self.other_id))

    async def run(self) -> Outcome:
        accept = Press("coop.accept_do", self.other_id, self.other_version)
        heard = await at_once(
            self.chance,
            approves=lambda: self.expert.strike("بله"),
            accepts_other=lambda: self.sara.strike(accept),
        )
        return one_winner(heard, ["تأیید شد و از امروز فعال است"], [RESERVED, EMPLOYED, STALE])

    def check(self, db: Session) -> None:
        super().check(db)
        assert db.get_one(CooperationRequest, self.other_id).state is S.CLOSED


class LateApproveAgainstPick(_Cooperation):
    """The expert's button is about a request that was taken back; the same officer is chosen for that branch again."""

    ends: ClassVar = {S.PENDING_OFFICER}

    def prepare(self, db: Session) -> None:
        request = cast.accepted(db, self.firm, self.officer, self.code)
        self.old_id, self.old_version, self.branch = request.id or 0, request.version, request.branch_id
        cooperation.withdraw(db, actor=self.firm.boss, request_id=self.old_id, now=utcnow())

    async def lay_out(self) -> None:
        await self.boss.strike(Press("dist.branch", self.branch))
        await self.boss.strike("انتخاب مسئول فنی")
        await self.expert.strike(Press("desk.coop_file", self.old_id))

    async def run(self) -> Outcome:
        approve = Press("desk.coop_approve_do", self.old_id, self.old_version)
        heard = await at_once(
            self.chance,
            picks=lambda: self.boss.say(self.code),
            approves_late=lambda: self.expert.strike(approve),
        )
        return one_winner(heard, ["درخواست همکاری برای"], [STALE])

    def check(self, db: Session) -> None:
        query = select(CooperationRequest).where(CooperationRequest.branch_id == self.branch)
        self.note(db.exec(query.order_by(col(CooperationRequest.id).desc())).first())
        super().check(db)
        assert db.get_one(CooperationRequest, self.old_id).state is S.WITHDRAWN


RACE = Race(
    "distributors",
    university,
    (
        TwoManagersPick,
        TwoAcceptances,
        AcceptAgainstWithdraw,
        TwoExperts,
        ApproveAgainstGivingUp,
        ApproveAgainstWithdraw,
        ApproveAgainstAnotherAcceptance,
        LateApproveAgainstPick,
    ),
)
