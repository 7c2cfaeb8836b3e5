"""Qualification requests: two experts decide one file, and an officer submits one form twice."""

import asyncio
from typing import ClassVar

from sqlmodel import Session, select

from bot.core.screens import Press
from demo.seen import Seen, plain
from storage.enums import RequestState
from storage.tables import Draft, Push, QualificationRequest
from tests.races import fixtures
from tests.races.participants import Participant
from tests.races.race import STALE, Outcome, Race, Round, Side, press_all, pressing

S = RequestState
DECISIONS = {"claimed", "assigned", "deficiencies_declared", "rejected", "approved"}
APPROVED = ("approved", "پرداخت کنید")
CODE, SENT = "کد رهگیری", "📤 درخواست شما ثبت"


class Decision(Round):
    """One expert decides, the other reads who did, and is shown the file as it is now."""

    #: State afterwards → the winner's audit event and what the officer reads.
    ends: ClassVar[dict[RequestState, tuple[str, str]]]
    lost = ("پیش‌تر تصمیم", "این پرونده نزد")

    def bring_phones(self) -> None:
        self.sara = self.environment.participant(
            self.chance.choice(self.environment.emulators.messengers), "سارا"
        )
        self.actors = {self.experts.here: self.experts.ali, self.experts.there: self.experts.zahra}
        self.one, self.other = self.shuffled(*self.actors)

    def set_up(self, db: Session) -> None:
        request = fixtures.submitted(db, fixtures.officer(db, self.sara))
        self.id, self.code, self.version = request.id or 0, request.tracking_code, request.version

    async def open_buttons(self) -> None:
        """The first expert is about to approve, the other does what the kind of round says. Nobody has taken the file:
        the buttons are those of a card that an earlier release showed."""
        await press_all(self.one, Press("desk.approve", self.id, self.version))
        first = Press(self.opens, self.id, self.version)
        await press_all(self.other, first, *self.labels)

    #: What the other expert opens, the buttons pressed there beforehand, and the last one with its side.
    opens: ClassVar[str] = "desk.file"
    labels: ClassVar[tuple[str, ...]] = ()
    last: ClassVar[tuple[str, str]]

    def sides(self) -> dict[str, Side]:
        side, label = self.last
        return {"approves": pressing(self.one), side: pressing(self.other, label)}

    async def run(self) -> Outcome:
        outcome = await super().run()
        winner, loser = (self.one, self.other) if outcome.winner == "approves" else (self.other, self.one)
        self.winner = self.actors[winner].account_id
        await loser.waits(
            lambda: any(self.shows_file(one) for one in loser.new()), what="the file as it is now"
        )
        return outcome

    def shows_file(self, seen: Seen) -> bool:
        """The file, or the button that leads to it."""
        return seen.button("📄 پرونده") is not None or f"پرونده {self.code} —" in seen.text

    def check(self, db: Session) -> None:
        request = db.get_one(QualificationRequest, self.id)
        assert request.state in self.ends, request
        event, self.officer_reads = self.ends[request.state]
        events = [one for one in self.events(db, "qualification", self.id) if one.event in DECISIONS]
        assert [(one.event, one.actor_id) for one in events] == [(event, self.winner)]
        assert request.reviewer_id == self.winner

    def check_phones(self) -> None:
        """The officer was told once, or not at all."""
        assert len(self.sara.history()) == 1 + bool(self.officer_reads), self.sara.history()
        assert not self.officer_reads or self.sara.received(self.officer_reads) == 1


class BothApprove(Decision):
    ends: ClassVar = {S.AWAITING_PAYMENT: APPROVED}
    won = ("تأیید شد",)
    opens, last = "desk.approve", ("approves_too", "بله")


class ApproveAgainstReject(Decision):
    ends: ClassVar = {S.AWAITING_PAYMENT: APPROVED, S.REJECTED: ("rejected", "استان")}
    won = ("تأیید شد", "رد شد.")
    opens, labels, last = "desk.reject", ("استان/شهر نادرست", "بدون توضیح"), ("rejects", "بله")


class ClaimAgainstApprove(Decision):
    ends: ClassVar = {S.AWAITING_PAYMENT: APPROVED, S.IN_REVIEW: ("claimed", "")}
    won = ("تأیید شد", "وضعیت: 🔍 در حال بررسی")
    last = ("claims", "📌 برداشتن پرونده")


class Submission(Round):
    """The final submission pressed twice: one request, one tracking code, one push to the officer's other chat."""

    won = (CODE,)

    def bring_phones(self) -> None:
        self.phones = self.environment.pair("سارا")

    def set_up(self, db: Session) -> None:
        owner = fixtures.officer(db, *self.phones)
        self.owner = owner.account_id
        self.id = fixtures.draft(db, owner, fixtures.form(db, owner))

    async def to_the_last_question(self, phone: Participant) -> None:
        await press_all(phone, Press("qual.draft", self.id), "📤 ثبت نهایی")

    def check(self, db: Session) -> None:
        mine = select(QualificationRequest).where(QualificationRequest.account_id == self.owner)
        request = db.exec(mine).one()
        assert request.state is S.SUBMITTED
        assert request.tracking_code
        events = [one.event for one in self.events(db, "qualification", self.id)]
        assert sorted(events) == ["started", "submitted"]
        assert db.exec(select(Draft).where(Draft.account_id == self.owner)).all() == []
        pushes = db.exec(select(Push).where(Push.account_id == self.owner)).all()
        assert [one.kind for one in pushes] == ["N3"]

    def check_phones(self) -> None:
        assert sorted(phone.received(SENT) for phone in self.phones) == [0, 1]


class InOneChat(Submission):
    async def open_buttons(self) -> None:
        self.phone = self.chance.choice(self.phones)
        await self.to_the_last_question(self.phone)

    def sides(self) -> dict[str, Side]:
        return {"first": pressing(self.phone), "second": pressing(self.phone)}

    async def run(self) -> Outcome:
        shown = len(self.phone.toasts)
        await asyncio.gather(*(press() for press in self.sides().values()))
        await self.phone.waits(lambda: CODE in plain(self.phone.message.words), what="the file")
        await self.phone.button_rests()
        # The second answer leaves what the first one shows.
        said = [self.phone.message.words, *(one.text for one in self.phone.toasts[shown:])]
        assert not [one for one in said if STALE in plain(one)], said
        return Outcome("first", 1)


class InTwoChats(Submission):
    async def open_buttons(self) -> None:
        for phone in self.phones:
            await self.to_the_last_question(phone)

    def sides(self) -> dict[str, Side]:
        here, there = self.phones
        return {"here": pressing(here), "there": pressing(there)}


EXPERTS = Race("experts", (BothApprove, ApproveAgainstReject, ClaimAgainstApprove))
SUBMIT = Race("submit", (InOneChat, InTwoChats))
