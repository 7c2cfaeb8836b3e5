"""Distributors, the officer and the university: one request a branch, one acceptance, one answer, one contract."""

from abc import abstractmethod
from typing import ClassVar

from sqlmodel import Session, col, select

from bot.core.screens import Press
from bot.services import cooperation
from storage.enums import ContractState, CooperationState
from storage.tables import Contract, CooperationRequest
from storage.tables.column_types import utcnow
from tests.races import fixtures
from tests.races.participants import Participant
from tests.races.race import STALE, Race, Round, Side, press_all, pressing

S = CooperationState
DECIDED = "پیش‌تر تصمیم"
RESERVED = "یک درخواست پذیرفته‌شده در انتظار دانشگاه دارید"
EMPLOYED = "همکاری فعال دارید"
BUSY = "برای این شعبه یک درخواست باز وجود دارد"
ACCEPTED, WITHDRAWN = "همکاری را پذیرفتید", "درخواست همکاری پس گرفته شد."
IN_FORCE = "از امروز فعال است"


class Cooperation(Round):
    #: States in which the request may end.
    ends: ClassVar[set[CooperationState]]

    def bring_phones(self) -> None:
        self.sara, self.saras_other = self.environment.pair("سارا")
        self.manager, self.deputy = self.environment.pair("مدیر")
        self.expert, self.colleague = self.shuffled(self.experts.here, self.experts.there)

    def set_up(self, db: Session) -> None:
        self.distributor = fixtures.distributor(db, self.manager, self.deputy)
        self.officer, self.code = fixtures.qualified(db, self.sara, self.saras_other)
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
        self.state = request.state
        contracts = select(Contract).where(
            Contract.account_id == self.officer.account_id, Contract.state == ContractState.ACTIVE
        )
        assert len(db.exec(contracts).all()) == (request.state is S.APPROVED)
        # Every change of state has its event, and no two began from the same.
        steps = self.events(db, "cooperation", self.id)
        states = [one.to_state for one in steps]
        assert [one.from_state for one in steps] == [None, *states[:-1]]
        assert states[-1] == request.state

    def managers_received(self, words: str) -> set[int]:
        """How often each manager was told."""
        return {one.received(words) for one in (self.manager, self.deputy)}

    def officer_received(self, words: str) -> set[int]:
        """How often on each phone."""
        return {one.received(words) for one in (self.sara, self.saras_other)}

    async def approval(self, expert: Participant) -> None:
        await press_all(expert, Press("desk.coop_file", self.id), "✅ تأیید")

    async def acceptance(self, phone: Participant, request_id: int | None = None) -> None:
        await press_all(phone, Press("coop.view", request_id or self.id), "✅ قبول همکاری")

    async def withdrawal(self, manager: Participant) -> None:
        await press_all(
            manager, Press("dist.request", self.id), Press("dist.withdraw", self.id, self.version)
        )


class TwoManagersPick(Cooperation):
    """For one branch; two officers, or the same."""

    ends: ClassVar = {S.PENDING_OFFICER}
    won, lost = ("درخواست همکاری برای",), (BUSY,)

    def prepare(self, db: Session) -> None:
        self.branch = fixtures.new_branch(db, self.distributor)
        _, self.other_code = fixtures.qualified(db)
        if self.chance.random() < 0.5:
            self.other_code = self.code

    async def open_buttons(self) -> None:
        for manager, code in ((self.manager, self.code), (self.deputy, self.other_code)):
            await press_all(manager, Press("dist.branch", self.branch), "انتخاب مسئول فنی")
            await manager.send_and_read(code)

    def sides(self) -> dict[str, Side]:
        return {"picks": pressing(self.manager), "picks_too": pressing(self.deputy)}

    def check(self, db: Session) -> None:
        of_branch = select(CooperationRequest).where(CooperationRequest.branch_id == self.branch)
        self.note(db.exec(of_branch).one())
        super().check(db)


class TwoAcceptances(Cooperation):
    """Two distributors ask, and the officer accepts both, one on each phone."""

    ends: ClassVar = {S.PENDING_OFFICER, S.PENDING_UNIVERSITY}
    won, lost = (ACCEPTED,), (RESERVED,)
    confirm: ClassVar = {"accepts": "sara", "accepts_other": "saras_other"}

    def prepare(self, db: Session) -> None:
        self.note(fixtures.asked(db, self.distributor, self.code))
        self.other_id = fixtures.asked(db, fixtures.distributor(db), self.code).id or 0

    async def open_buttons(self) -> None:
        await self.acceptance(self.sara)
        await self.acceptance(self.saras_other, self.other_id)

    def check(self, db: Session) -> None:
        super().check(db)
        other = db.get_one(CooperationRequest, self.other_id)
        assert {self.state, other.state} == {S.PENDING_OFFICER, S.PENDING_UNIVERSITY}

    def check_phones(self) -> None:
        assert self.managers_received("را پذیرفت") == {self.state is S.PENDING_UNIVERSITY}


class Accepts(Cooperation):
    """The officer accepts while the request is ended by another way."""

    def prepare(self, db: Session) -> None:
        self.note(fixtures.asked(db, self.distributor, self.code))

    def check_phones(self) -> None:
        assert self.managers_received("را پذیرفت") == {self.state is S.PENDING_UNIVERSITY}
        assert self.managers_received("را نپذیرفت") == {self.state is S.REJECTED_BY_OFFICER}
        assert self.officer_received("پس گرفته شد.") == {self.state is S.WITHDRAWN}


class AcceptAgainstWithdraw(Accepts):
    ends: ClassVar = {S.WITHDRAWN, S.PENDING_UNIVERSITY}
    won = (ACCEPTED, WITHDRAWN)
    confirm: ClassVar = {"accepts": "sara", "withdraws": "manager"}

    async def open_buttons(self) -> None:
        await self.acceptance(self.sara)
        await self.withdrawal(self.manager)


class AcceptAgainstReject(Accepts):
    ends: ClassVar = {S.REJECTED_BY_OFFICER, S.PENDING_UNIVERSITY}
    won = (ACCEPTED, "درخواست را رد کردید")
    confirm: ClassVar = {"accepts": "sara", "rejects": "saras_other"}

    async def open_buttons(self) -> None:
        await self.acceptance(self.sara)
        await press_all(self.saras_other, Press("coop.view", self.id), "❌ رد همکاری", "بدون دلیل")


class AtUniversity(Cooperation):
    def prepare(self, db: Session) -> None:
        self.note(fixtures.accepted(db, self.distributor, self.officer, self.code))

    def check_phones(self) -> None:
        approved = self.state is S.APPROVED
        assert self.managers_received("به تأیید دانشگاه رسید") == {approved}
        assert self.officer_received("✅ دانشگاه همکاری شما") == {approved}


class TwoExperts(AtUniversity):
    ends: ClassVar = {S.APPROVED, S.REJECTED_BY_UNIVERSITY}
    won, lost = ("تأیید شد و از امروز فعال است", "رد شد."), (DECIDED,)
    confirm: ClassVar = {"approves": "expert", "rejects": "colleague"}

    async def open_buttons(self) -> None:
        await self.approval(self.expert)
        await press_all(self.colleague, Press("desk.coop_file", self.id), "❌ رد")
        await self.colleague.send_and_read("خارج از حوزه این دانشگاه است")


class ApproveAgainstGivingUp(AtUniversity):
    ends: ClassVar = {S.APPROVED, S.REJECTED_BY_OFFICER}
    won = (IN_FORCE, "از این همکاری انصراف دادید")
    confirm: ClassVar = {"approves": "expert", "gives_up": "sara"}

    async def open_buttons(self) -> None:
        await self.approval(self.expert)
        await press_all(self.sara, Press("coop.view", self.id), "انصراف از همکاری")


class ApproveAgainstWithdraw(AtUniversity):
    ends: ClassVar = {S.APPROVED, S.WITHDRAWN}
    won = (IN_FORCE, WITHDRAWN)
    confirm: ClassVar = {"approves": "expert", "withdraws": "manager"}

    async def open_buttons(self) -> None:
        await self.approval(self.expert)
        await self.withdrawal(self.manager)


class ApproveAgainstAnotherAcceptance(AtUniversity):
    """The university approves for one distributor while the officer accepts another's request."""

    ends: ClassVar = {S.APPROVED}
    won, lost = ("تأیید شد و از امروز فعال است",), (RESERVED, EMPLOYED, STALE)

    def prepare(self, db: Session) -> None:
        other = fixtures.asked(db, fixtures.distributor(db), self.code)
        self.other_id, self.other_version = other.id or 0, other.version
        super().prepare(db)

    async def open_buttons(self) -> None:
        await self.approval(self.expert)
        await self.sara.press_and_read(Press("coop.view", self.other_id))

    def sides(self) -> dict[str, Side]:
        accept = Press("coop.accept_do", self.other_id, self.other_version)
        return {"approves": pressing(self.expert), "accepts_other": pressing(self.sara, accept)}

    def check(self, db: Session) -> None:
        super().check(db)
        assert db.get_one(CooperationRequest, self.other_id).state is S.CLOSED


class LateApproveAgainstPick(Cooperation):
    """The expert's button is about a request that was taken back; the same officer is chosen for that branch again."""

    ends: ClassVar = {S.PENDING_OFFICER}
    won = ("درخواست همکاری برای",)

    def prepare(self, db: Session) -> None:
        request = fixtures.accepted(db, self.distributor, self.officer, self.code)
        self.old_id, self.old_version, self.branch = request.id or 0, request.version, request.branch_id
        cooperation.withdraw(db, actor=self.distributor.manager, request_id=self.old_id, now=utcnow())

    async def open_buttons(self) -> None:
        await press_all(self.manager, Press("dist.branch", self.branch), "انتخاب مسئول فنی")
        await self.manager.send_and_read(self.code)
        await self.expert.press_and_read(Press("desk.coop_file", self.old_id))

    def sides(self) -> dict[str, Side]:
        approve = Press("desk.coop_approve_do", self.old_id, self.old_version)
        return {"picks": pressing(self.manager), "approves_late": pressing(self.expert, approve)}

    def check(self, db: Session) -> None:
        query = select(CooperationRequest).where(CooperationRequest.branch_id == self.branch)
        self.note(db.exec(query.order_by(col(CooperationRequest.id).desc())).first())
        super().check(db)
        assert db.get_one(CooperationRequest, self.old_id).state is S.WITHDRAWN


DISTRIBUTORS = Race(
    "distributors",
    (
        TwoManagersPick,
        TwoAcceptances,
        AcceptAgainstWithdraw,
        AcceptAgainstReject,
        TwoExperts,
        ApproveAgainstGivingUp,
        ApproveAgainstWithdraw,
        ApproveAgainstAnotherAcceptance,
        LateApproveAgainstPick,
    ),
)
