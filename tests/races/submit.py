"""The final submission pressed twice: one request, one tracking code, one word to the officer."""

from __future__ import annotations

import asyncio

from sqlmodel import Session, select

from bot.core.screens import Press
from demo.seen import plain
from storage.enums import RequestState
from storage.tables import AuditEvent, Draft, Push, QualificationRequest
from tests.races import cast
from tests.races.cooperation import University, university
from tests.races.players import Player
from tests.races.race import Outcome, Race, Round, at_once, one_winner

STALE, CODE, SENT = "دیگر معتبر نیست", "کد رهگیری", "📤 درخواست شما ثبت"


class Submission(Round[University]):
    def bring_phones(self) -> None:
        self.phones = self.arena.pair("سارا")

    def set_up(self, db: Session) -> None:
        owner = cast.officer(db, *self.phones)
        self.owner = owner.account_id
        self.id = cast.draft(db, owner, cast.form(db, owner))

    async def to_the_last_question(self, phone: Player) -> None:
        await phone.strike(Press("qual.draft", self.id))
        await phone.strike("📤 ثبت نهایی")

    def check(self, db: Session) -> None:
        request = db.exec(
            select(QualificationRequest).where(QualificationRequest.account_id == self.owner)
        ).one()
        assert request.state is RequestState.SUBMITTED
        assert request.tracking_code
        events = db.exec(
            select(AuditEvent.event).where(
                AuditEvent.subject == "qualification", AuditEvent.subject_id == self.id
            )
        ).all()
        assert sorted(events) == ["started", "submitted"]
        assert db.exec(select(Draft).where(Draft.account_id == self.owner)).all() == []
        pushes = db.exec(select(Push).where(Push.account_id == self.owner)).all()
        # One for each of the two chats.
        assert [one.kind for one in pushes] == ["N3", "N3"]
        assert len({one.chat_row_id for one in pushes}) == 2

    def check_phones(self) -> None:
        assert [phone.told(SENT) for phone in self.phones] == [1, 1]


class InOneChat(Submission):
    async def lay_out(self) -> None:
        self.phone = self.chance.choice(self.phones)
        await self.to_the_last_question(self.phone)

    async def run(self) -> Outcome:
        shown = len(self.phone.toasts)
        await asyncio.gather(self.phone.strike("بله"), self.phone.strike("بله"))
        # The second answer stands where the first stood.
        await self.phone.waits(
            lambda: STALE in plain(self.phone.pad.words) and CODE in plain(self.phone.pad.words),
            what="the file, and that the button is used",
        )
        said = [plain(one.text) for one in self.phone.toasts[shown:]]
        assert sum(STALE in one for one in said) == 1, said
        return Outcome("first", 1)


class InTwoChats(Submission):
    async def lay_out(self) -> None:
        for phone in self.phones:
            await self.to_the_last_question(phone)

    async def run(self) -> Outcome:
        here, there = self.phones
        heard = await at_once(self.chance, here=lambda: here.strike("بله"), there=lambda: there.strike("بله"))
        return one_winner(heard, [CODE], [STALE])


RACE = Race("submit", university, (InOneChat, InTwoChats))
