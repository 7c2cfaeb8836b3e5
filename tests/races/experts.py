"""Two experts on one file: one of them decides it, the other reads who did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from sqlmodel import Session, col, select

from bot.core.context import Actor
from bot.core.screens import Press
from demo.seen import Seen
from storage.enums import RequestState
from storage.tables import AuditEvent, QualificationRequest
from tests.races import cast
from tests.races.arena import Arena
from tests.races.players import Player
from tests.races.race import Outcome, Race, Round, at_once, one_winner

S = RequestState
DEEDS = ("claimed", "assigned", "deficiencies_declared", "rejected", "approved")
TOO_LATE = ("پیش‌تر تصمیم", "در حال بررسی این پرونده است")
#: Of whoever came too late: the way to the file as it is now.
FILE = "📄 پرونده"


@dataclass(frozen=True)
class Experts:
    here: Player
    there: Player
    ali: Actor
    zahra: Actor


def experts(arena: Arena, db: Session, phones: Sequence[Player]) -> Experts:
    here, there = phones[:2]
    return Experts(here, there, cast.expert(db, "علوی", here), cast.expert(db, "زارعی", there))


class _Decision(Round[Experts]):
    #: State afterwards → the winner's deed and what the officer reads.
    ends: ClassVar[dict[RequestState, tuple[str, str]]]

    def bring_phones(self) -> None:
        self.sara = self.arena.player(self.chance.choice(self.arena.town.faces), "سارا")
        # Not always the same of the two, nor the same messenger.
        pair = [(self.cast.here, self.cast.ali), (self.cast.there, self.cast.zahra)]
        self.chance.shuffle(pair)
        (self.one, self.one_actor), (self.other, self.other_actor) = pair

    def set_up(self, db: Session) -> None:
        request = cast.submitted(db, cast.officer(db, self.sara))
        self.id, self.code = request.id or 0, request.tracking_code

    async def approval(self, expert: Player) -> None:
        await expert.strike(Press("desk.file", self.id))
        await expert.strike("تأیید")

    async def finish(self, won: Sequence[str], **sides: tuple[Player, str]) -> Outcome:
        acts = {
            side: (lambda who=who, label=label: who.strike(label)) for side, (who, label) in sides.items()
        }
        outcome = one_winner(await at_once(self.chance, **acts), won, TOO_LATE)
        first = outcome.winner == next(iter(sides))
        self.winner = self.one_actor if first else self.other_actor
        loser = self.other if first else self.one
        await loser.waits(
            lambda: any(self.shows_file(one) for one in loser.new()), what="the file as it is now"
        )
        return outcome

    def shows_file(self, seen: Seen) -> bool:
        return seen.button(FILE) is not None or f"پرونده {self.code} —" in seen.text

    def check(self, db: Session) -> None:
        request = db.get_one(QualificationRequest, self.id)
        assert request.state in self.ends, request
        deed, told = self.ends[request.state]
        events = db.exec(
            select(AuditEvent).where(
                AuditEvent.subject == "qualification",
                AuditEvent.subject_id == self.id,
                col(AuditEvent.event).in_(DEEDS),
            )
        ).all()
        assert [(one.event, one.actor_id) for one in events] == [(deed, self.winner.account_id)]
        assert request.reviewer_id == self.winner.account_id
        self.officer_reads = told

    def check_phones(self) -> None:
        """The officer was told once, or not at all; whoever came too late has the way to the file as it is now."""
        assert len(self.sara.history()) == 1 + bool(self.officer_reads), self.sara.history()
        assert not self.officer_reads or self.sara.told(self.officer_reads) == 1


APPROVED = ("approved", "پرداخت کنید")


class BothApprove(_Decision):
    ends: ClassVar = {S.AWAITING_PAYMENT: APPROVED}

    async def lay_out(self) -> None:
        await self.approval(self.one)
        await self.approval(self.other)

    async def run(self) -> Outcome:
        yes = "بله"
        return await self.finish(["تأیید شد"], approves=(self.one, yes), approves_too=(self.other, yes))


class ApproveAgainstReject(_Decision):
    ends: ClassVar = {S.AWAITING_PAYMENT: APPROVED, S.REJECTED: ("rejected", "استان")}

    async def lay_out(self) -> None:
        await self.approval(self.one)
        await self.other.strike(Press("desk.file", self.id))
        for label in ("❌ رد", "استان/شهر نادرست", "بدون توضیح"):
            await self.other.strike(label)

    async def run(self) -> Outcome:
        return await self.finish(
            ["تأیید شد", "رد شد."], approves=(self.one, "بله"), rejects=(self.other, "بله")
        )


class ClaimAgainstApprove(_Decision):
    ends: ClassVar = {S.AWAITING_PAYMENT: APPROVED, S.IN_REVIEW: ("claimed", "")}

    async def lay_out(self) -> None:
        await self.approval(self.one)
        await self.other.strike(Press("desk.file", self.id))

    async def run(self) -> Outcome:
        return await self.finish(
            ["تأیید شد", "پرونده نزد شماست"],
            approves=(self.one, "بله"),
            claims=(self.other, "📌 بررسی با من"),
        )


RACE = Race("experts", experts, (BothApprove, ApproveAgainstReject, ClaimAgainstApprove))
