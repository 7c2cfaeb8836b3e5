"""Experts of the branch's university against each other and against whoever leaves: one answer, one contract."""

from __future__ import annotations

from typing import ClassVar

from sqlmodel import Session, col, select

from bot.core.screens import Press
from bot.services import cooperation
from storage.enums import CooperationState
from storage.tables import CooperationRequest
from storage.tables.column_types import utcnow
from tests.races import cast
from tests.races.cooperation import (
    DECIDED,
    EMPLOYED,
    RESERVED,
    STALE,
    Cooperation,
)
from tests.races.race import Outcome, at_once, one_winner

S = CooperationState


class AtUniversity(Cooperation):
    def prepare(self, db: Session) -> None:
        self.note(cast.accepted(db, self.firm, self.officer, self.code))

    def check_phones(self) -> None:
        approved = self.state is S.APPROVED
        words = "به تأیید دانشگاه رسید"
        assert self.boss.told(words) == self.deputy.told(words) == approved
        words = "✅ دانشگاه همکاری شما"
        assert self.sara.told(words) == self.saras_other.told(words) == approved


class TwoExperts(AtUniversity):
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


class ApproveAgainstGivingUp(AtUniversity):
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


class ApproveAgainstWithdraw(AtUniversity):
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


class ApproveAgainstAnotherAcceptance(AtUniversity):
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


class LateApproveAgainstPick(Cooperation):
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
