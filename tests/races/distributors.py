"""Two distributors, two managers, and the officer between them: one request a branch, one acceptance, one contract."""

from __future__ import annotations

from typing import ClassVar

from sqlmodel import Session, select

from bot.core.screens import Press
from storage.enums import CooperationState
from storage.tables import CooperationRequest
from tests.races import cast
from tests.races.cooperation import (
    BUSY,
    RESERVED,
    STALE,
    Cooperation,
    university,
)
from tests.races.race import Outcome, Race, at_once, one_winner
from tests.races.university import (
    ApproveAgainstAnotherAcceptance,
    ApproveAgainstGivingUp,
    ApproveAgainstWithdraw,
    LateApproveAgainstPick,
    TwoExperts,
)

S = CooperationState


class TwoManagersPick(Cooperation):
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


class TwoAcceptances(Cooperation):
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


class AcceptAgainstWithdraw(Cooperation):
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
