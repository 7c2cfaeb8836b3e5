"""One account on two messengers, both hands busy: what is done once is done once, and answers do not mix."""

from __future__ import annotations

import re
from typing import ClassVar

from sqlmodel import Session, col, select

from bot.core.screens import Press
from bot.services.cooperation import termination
from storage.enums import Channel, ContractState, CooperationState, TerminationState
from storage.tables import (
    Contract,
    CooperationRequest,
    Draft,
    Push,
    QualificationRequest,
    Termination,
)
from storage.tables.column_types import utcnow
from tests.races import cast
from tests.races.cooperation import university
from tests.races.logins import EachSignsOutTheOther, LogoutAgainstSignOut, TwoLogins
from tests.races.race import Outcome, Race, at_once, one_winner
from tests.races.submit import CODE, STALE, Submission
from tests.races.two_phones import TwoPhones


class AcceptAgainstReject(TwoPhones):
    def set_up(self, db: Session) -> None:
        _, code = cast.qualified(db, self.here, self.there)
        self.id = cast.asked(db, cast.firm(db, self.boss), code).id or 0

    async def lay_out(self) -> None:
        for phone, labels in (
            (self.here, ["✅ قبول همکاری"]),
            (self.there, ["❌ رد همکاری", "بدون دلیل"]),
        ):
            await phone.strike(Press("coop.view", self.id))
            for label in labels:
                await phone.strike(label)

    async def run(self) -> Outcome:
        heard = await at_once(
            self.chance,
            accepts=lambda: self.here.strike("بله"),
            rejects=lambda: self.there.strike("بله"),
        )
        outcome = one_winner(heard, ["همکاری را پذیرفتید", "درخواست را رد کردید"], [STALE])
        self.accepted = outcome.winner == "accepts"
        return outcome

    def check(self, db: Session) -> None:
        state = CooperationState.PENDING_UNIVERSITY if self.accepted else CooperationState.REJECTED_BY_OFFICER
        assert db.get_one(CooperationRequest, self.id).state is state
        assert len(self.events(db, "cooperation", self.id)) == 2

    def check_phones(self) -> None:
        assert self.boss.told("را پذیرفت") == self.accepted
        assert self.boss.told("را نپذیرفت") == (not self.accepted)


class TwoTerminations(TwoPhones):
    """Both phones confirm the end of the same contract, or one gives it up."""

    def set_up(self, db: Session) -> None:
        officer, code = cast.qualified(db, self.here, self.there)
        contract = cast.employed(db, cast.firm(db, self.boss), officer, code, self.cast.ali)
        draft = termination.draft(
            db, actor=officer, contract_id=contract.id or 0, reason="تغییر محل زندگی", now=utcnow()
        )
        self.id, self.contract = draft.id or 0, contract.id or 0
        self.label = "نهایی می‌کنم"

    async def lay_out(self) -> None:
        for phone in (self.here, self.there):
            await phone.strike(Press("term.confirm", self.id))

    async def run(self) -> Outcome:
        heard = await at_once(
            self.chance,
            ends=lambda: self.here.strike("نهایی می‌کنم"),
            ends_too=lambda: self.there.strike(self.label),
        )
        return one_winner(heard, ["✅ نهایی‌شده", "لغو شد"], [STALE])

    def check(self, db: Session) -> None:
        state = db.get_one(Termination, self.id).state
        assert state in (TerminationState.FINALIZED, TerminationState.CANCELLED)
        self.ended = state is TerminationState.FINALIZED
        assert len(self.events(db, "termination", self.id)) == 2
        contract = db.get_one(Contract, self.contract)
        assert (contract.state is ContractState.ACTIVE) == (not self.ended)
        assert len(self.events(db, "contract", self.contract)) == 1 + self.ended
        texts = select(Push).where(
            Push.kind == "N19", Push.channel == Channel.SMS, col(Push.key).contains(f":{self.id}:")
        )
        assert len(db.exec(texts).all()) == self.ended

    def check_phones(self) -> None:
        assert self.boss.told("پایان داد") == self.ended
        assert [phone.told("✅ قطع همکاری با") for phone in (self.here, self.there)] == [self.ended] * 2


class TerminateAgainstCancel(TwoTerminations):
    def set_up(self, db: Session) -> None:
        super().set_up(db)
        self.label = "انصراف"


class OneQuestion(TwoPhones):
    """The same question is answered on both phones: both answers are taken, one after the other, and the later one
    stands. What is submitted is what the summary showed (`SubmitAgainstEdit`)."""

    words: ClassVar = {"here": "عباس", "there": "حسن"}

    def set_up(self, db: Session) -> None:
        owner = cast.officer(db, self.here, self.there)
        self.answers = cast.form(db, owner)
        del self.answers["father_name"]
        self.id = cast.draft(db, owner, self.answers)
        self.account = owner.account_id

    async def lay_out(self) -> None:
        for phone in (self.here, self.there):
            await phone.strike(Press("qual.draft", self.id))

    async def run(self) -> Outcome:
        heard = await at_once(
            self.chance,
            here=lambda: self.here.say(self.words["here"]),
            there=lambda: self.there.say(self.words["there"]),
        )
        # All else is answered, so each is shown everything with an answer in its place.
        shown = {one.side: re.search("نام پدر: (.*)", one.said) for one in heard}
        assert all(shown.values()), heard
        assert {side: found.group(1) for side, found in shown.items() if found} == self.words
        return Outcome("both", 0)

    def check(self, db: Session) -> None:
        draft = db.exec(select(Draft).where(Draft.account_id == self.account)).one()
        assert draft.version == 2
        assert dict(draft.answers) in [self.answers | {"father_name": name} for name in self.words.values()]


class SubmitAgainstEdit(Submission):
    """One phone submits what its summary showed while the other changes an answer."""

    async def lay_out(self) -> None:
        phones = list(self.phones)
        self.chance.shuffle(phones)
        self.here, self.there = phones
        await self.to_the_last_question(self.here)
        await self.there.strike(Press("qual.draft", self.id))
        await self.there.strike("✏️ نام پدر")

    async def run(self) -> Outcome:
        heard = await at_once(
            self.chance,
            submits=lambda: self.here.strike("بله"),
            edits=lambda: self.there.say("عباس"),
        )
        submits = next(one.said for one in heard if one.side == "submits")
        self.submitted = STALE not in submits
        if self.submitted:
            assert CODE in submits, submits
            await self.there.waits(
                lambda: any("متوجه نشدم" in one.text for one in self.there.new()), what="that it is too late"
            )
        else:
            await self.there.waits(
                lambda: any("نام پدر: عباس" in one.text for one in self.there.new()), what="the new answer"
            )
        return Outcome("submits" if self.submitted else "edits", 1)

    def check(self, db: Session) -> None:
        if self.submitted:
            super().check(db)
            assert db.get_one(QualificationRequest, self.id).snapshot["father_name"] == "علی"
            return
        draft = db.exec(select(Draft).where(Draft.account_id == self.owner)).one()
        assert draft.answers["father_name"] == "عباس"
        assert db.get_one(QualificationRequest, self.id).tracking_code is None

    def check_phones(self) -> None:
        if self.submitted:
            super().check_phones()


RACE = Race(
    "chats",
    university,
    (
        AcceptAgainstReject,
        TwoTerminations,
        EachSignsOutTheOther,
        SubmitAgainstEdit,
        LogoutAgainstSignOut,
        TerminateAgainstCancel,
        OneQuestion,
        TwoLogins,
    ),
)
