"""The payer's browser, the payer's button and the reconciler ask the bank at the same instant: one of them settles it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import httpx
from sqlmodel import Session, col, select, update

from bot.core.context import Actor
from bot.core.screens import Press
from bot.services.payments.reconciler import reconcile
from storage.enums import AttemptState, RequestState
from storage.tables import AuditEvent, PaymentAttempt, QualificationRequest
from storage.tables.column_types import utcnow
from tests.races import cast
from tests.races.arena import Arena
from tests.races.players import Player
from tests.races.race import Heard, Outcome, Race, Round, at_once

A, S = AttemptState, RequestState
PAID, CHECKING, REFUND = "پرداخت انجام شد", "در حال بررسی پرداخت", "مبلغ بازگردانده می‌شود"
#: What the chat says while the bank is being asked, or its word is awaited.
AWAITED = "نتیجه پرداخت هنوز از بانک نرسیده است"
NOTHING_DUE = "برای این درخواست پرداختی لازم نیست"
WITHDRAWN, STALE = "از درخواست انصراف دادید", "دیگر معتبر نیست"


def age_attempts(db: Session, *, request_id: int) -> None:
    """Their links to the bank are too old to be handed out again: the next click opens another payment."""
    db.exec(
        update(PaymentAttempt)
        .where(col(PaymentAttempt.request_id) == request_id)
        .values(created_at=utcnow() - timedelta(minutes=11))
        .execution_options(synchronize_session=False)
    )


@dataclass(frozen=True)
class Approver:
    actor: Actor


def approver(arena: Arena, db: Session, phones: Sequence[Player]) -> Approver:
    return Approver(cast.expert(db, "علوی", phones[0]))


class _Payment(Round[Approver]):
    #: Attempts that the payer pays.
    payments = 1
    #: How each attempt of the request may end.
    ends: frozenset[tuple[AttemptState, ...]] = frozenset({(A.PAID,)})

    def bring_phones(self) -> None:
        self.sara = self.arena.player(self.chance.choice(self.arena.town.faces), "سارا")

    def set_up(self, db: Session) -> None:
        owner = cast.officer(db, self.sara)
        request = cast.awaiting_payment(db, owner, self.cast.actor, self.arena.url)
        self.id, self.token, self.owner = request.id or 0, request.pay_token, owner.account_id

    async def lay_out(self) -> None:
        """At the bank, with the card charged and the way back not gone yet."""
        bank, self.ways, self.refs = self.arena.town.bank, [], []
        for _ in range(self.payments):
            leads = await self.click()
            await self.arena.database.run(partial(age_attempts, request_id=self.id))
            ref = leads.headers["location"].rstrip("/").rsplit("/", 1)[-1]
            self.refs.append(ref)
        self.ways = [bank.pay(ref) for ref in self.refs]
        await self.sara.strike(Press("qual.track", self.id))

    async def click(self) -> httpx.Response:
        """The way to the bank. Whoever reads that the bank does not answer just now clicks again."""
        for _ in range(3):
            leads = await self.arena.browser.post(f"{self.arena.url}/pay/{self.token}")
            if leads.status_code != 503:
                break
        assert leads.status_code == 303, leads.text
        return leads

    async def returns(self, way: str) -> str:
        page = await self.arena.browser.get(way)
        assert page.status_code == 200, page.text
        return page.text

    def outcome(self, heard: Sequence[Heard], winners: Sequence[str], others: Sequence[str]) -> Outcome:
        """The first that read of a winner; all that did not read it read that it is being looked into."""
        story = "\n---\n".join(f"{one.side}: {one.said}" for one in heard)
        won = [one for one in heard if any(words in one.said for words in winners)]
        left = [one for one in heard if one not in won]
        assert won, story
        assert all(any(words in one.said for words in others) for one in left), story
        return Outcome(won[0].side, len(heard) - 1)

    def check(self, db: Session) -> None:
        request = db.get_one(QualificationRequest, self.id)
        at_bank = select(PaymentAttempt).where(
            PaymentAttempt.request_id == self.id, col(PaymentAttempt.ref).is_not(None)
        )
        attempts = db.exec(at_bank).all()
        states = tuple(sorted(one.state for one in attempts))
        assert states in self.ends, states
        paid = A.PAID in states
        assert request.state is (S.COMPLETED if paid else S.WITHDRAWN)
        events = [
            (one.event, one.subject_id)
            for one in db.exec(
                select(AuditEvent).where(
                    AuditEvent.subject == "payment_attempt",
                    col(AuditEvent.subject_id).in_([one.id for one in attempts]),
                    AuditEvent.to_state != A.VERIFYING,
                )
            )
        ]
        # Each opened once and concluded once.
        assert len(events) == len(set(events)) == 2 * self.payments, events
        ends = select(AuditEvent.event).where(
            AuditEvent.subject == "qualification",
            AuditEvent.subject_id == self.id,
            col(AuditEvent.event).in_(("completed", "withdrawn")),
        )
        assert db.exec(ends).all() == ["completed" if paid else "withdrawn"]
        self.states = states
        for ref in self.refs:
            assert self.arena.town.bank.payments[ref].asked == 1

    def check_phones(self) -> None:
        assert self.sara.told("🎉") == (A.PAID in self.states)
        assert self.sara.told("بازگردانده می‌شود") == (A.REFUND_DUE in self.states)


class TwoReturnsAndTheButton(_Payment):
    async def run(self) -> Outcome:
        way = self.ways[0]
        heard = await at_once(
            self.chance,
            returns=lambda: self.returns(way),
            returns_again=lambda: self.returns(way),
            asks=lambda: self.sara.strike("بررسی پرداخت"),
        )
        return self.outcome(heard, [PAID, NOTHING_DUE], [CHECKING, AWAITED])


class ReturnAgainstReconciler(_Payment):
    """The clock's own look at the bank is due at this instant (`ask_bank`)."""

    async def lay_out(self) -> None:
        await super().lay_out()

        def due(db: Session) -> None:
            db.exec(
                update(PaymentAttempt)
                .where(col(PaymentAttempt.request_id) == self.id)
                .values(next_check_at=utcnow() - timedelta(seconds=1))
                .execution_options(synchronize_session=False)
            )

        await self.arena.database.run(due)

    async def run(self) -> Outcome:
        heard = await at_once(
            self.chance,
            returns=lambda: self.returns(self.ways[0]),
            asks=lambda: self.sara.strike("بررسی پرداخت"),
        )
        if not any(PAID in one.said or NOTHING_DUE in one.said for one in heard):
            assert all(CHECKING in one.said or AWAITED in one.said for one in heard), heard
            return Outcome("reconciler", len(heard))
        return self.outcome(heard, [PAID, NOTHING_DUE], [CHECKING, AWAITED])


class PaidTwice(_Payment):
    """Two windows, two payments: one counts, the other goes back."""

    payments = 2
    ends = frozenset({(A.PAID, A.REFUND_DUE)})

    async def run(self) -> Outcome:
        one, other = self.ways
        heard = await at_once(
            self.chance, returns=lambda: self.returns(one), returns_other=lambda: self.returns(other)
        )
        return self.outcome(heard, [PAID], [REFUND])


class ReturnAgainstWithdrawal(_Payment):
    ends = frozenset({(A.PAID,), (A.REFUND_DUE,)})

    async def lay_out(self) -> None:
        await super().lay_out()
        await self.sara.strike("انصراف از درخواست")

    async def run(self) -> Outcome:
        heard = await at_once(
            self.chance,
            returns=lambda: self.returns(self.ways[0]),
            withdraws=lambda: self.sara.strike("بله"),
        )
        return self.outcome(heard, [PAID, WITHDRAWN], [REFUND, STALE, AWAITED])


async def ask_bank(arena: Arena, wave: Sequence[Round[Approver]]) -> None:
    """What a process does every two minutes."""
    await reconcile(arena.resources)


RACE = Race(
    "payment",
    approver,
    (TwoReturnsAndTheButton, ReturnAgainstReconciler, PaidTwice, ReturnAgainstWithdrawal),
    ask_bank,
)
