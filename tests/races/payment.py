"""The payer's browser, the payer's button and the reconciler ask the bank at the same instant: one of them settles it."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, ClassVar

from sqlmodel import Session, col, select, update

from bot.core.screens import Press
from bot.services.payments.reconciler import reconcile
from storage.enums import AttemptState, RequestState
from storage.tables import AuditEvent, PaymentAttempt, QualificationRequest
from storage.tables.column_types import utcnow
from tests.races import fixtures
from tests.races.environment import Environment
from tests.races.race import STALE, Heard, Outcome, Race, Round, Side, pressing, says, story

A, S = AttemptState, RequestState
PAID, CHECKING, REFUND = "پرداخت انجام شد", "در حال بررسی پرداخت", "مبلغ بازگردانده می‌شود"
#: What the chat says while the bank is being asked, or its answer is awaited.
AWAITED = "نتیجه پرداخت هنوز از بانک نرسیده است"
NOTHING_DUE = "برای این درخواست پرداختی لازم نیست"
WITHDRAWN = "از درخواست انصراف دادید"
ASK = "بررسی پرداخت"


class Payment(Round):
    #: Attempts that the payer pays.
    payments: ClassVar[int] = 1
    #: How the attempts of the request may end, in alphabetical order.
    ends: ClassVar[set[tuple[AttemptState, ...]]] = {(A.PAID,)}

    def bring_phones(self) -> None:
        self.sara = self.environment.participant(
            self.chance.choice(self.environment.emulators.messengers), "سارا"
        )

    def set_up(self, db: Session) -> None:
        owner = fixtures.officer(db, self.sara)
        request = fixtures.awaiting_payment(db, owner, self.experts.ali, self.environment.deployment.url)
        self.id, self.token = request.id or 0, request.pay_token

    async def open_buttons(self) -> None:
        """At the bank, with the card charged and the return not made yet."""
        self.refs = []
        for _ in range(self.payments):
            self.refs.append(await self.click())
            # The link to the bank is then too old to be handed out again: the next click opens another payment.
            await self.change_attempts(created_at=utcnow() - timedelta(minutes=11))
        self.returns = [self.environment.emulators.bank.pay(ref) for ref in self.refs]
        await self.sara.press_and_read(Press("qual.track", self.id))

    async def change_attempts(self, **values: Any) -> None:
        mine = update(PaymentAttempt).where(col(PaymentAttempt.request_id) == self.id).values(**values)
        change = mine.execution_options(synchronize_session=False)
        await self.environment.database.run(lambda db: db.exec(change) and None)

    async def click(self) -> str:
        """From the pay page to the bank: the payment's reference. Who reads that the bank does not answer clicks again."""
        for _ in range(3):
            page = await self.environment.browser.post(f"{self.environment.deployment.url}/pay/{self.token}")
            if page.status_code != 503:
                break
        assert page.status_code == 303, page.text
        return page.headers["location"].rstrip("/").rsplit("/", 1)[-1]

    def returning(self, number: int = 0) -> Side:
        """The browser comes back from this payment."""

        async def come_back() -> str:
            page = await self.environment.browser.get(self.returns[number])
            assert page.status_code == 200, page.text
            return page.text

        return come_back

    def judge(self, heard: Sequence[Heard]) -> Outcome:
        """The first that read of a winner; all others read that it is being looked into."""
        winners = [one for one in heard if says(one, self.won)]
        assert winners, story(heard)
        assert all(says(one, self.lost) for one in heard if one not in winners), story(heard)
        return Outcome(winners[0].side, len(heard) - 1)

    def check(self, db: Session) -> None:
        request = db.get_one(QualificationRequest, self.id)
        at_bank = select(PaymentAttempt).where(
            PaymentAttempt.request_id == self.id, col(PaymentAttempt.ref).is_not(None)
        )
        attempts = db.exec(at_bank).all()
        self.states = tuple(sorted(one.state for one in attempts))
        assert self.states in self.ends, self.states
        paid = A.PAID in self.states
        assert request.state is (S.COMPLETED if paid else S.WITHDRAWN)
        steps = select(AuditEvent.event, AuditEvent.subject_id).where(
            AuditEvent.subject == "payment_attempt",
            col(AuditEvent.subject_id).in_([one.id for one in attempts]),
            AuditEvent.to_state != A.VERIFYING,
        )
        events = db.exec(steps).all()
        # Each opened once and concluded once.
        assert len(events) == len(set(events)) == 2 * self.payments, events
        ends = [one.event for one in self.events(db, "qualification", self.id)]
        ends = [one for one in ends if one in ("completed", "withdrawn")]
        assert ends == ["completed" if paid else "withdrawn"]
        for ref in self.refs:
            assert self.environment.emulators.bank.payments[ref].asked == 1

    def check_phones(self) -> None:
        assert self.sara.received("🎉") == (A.PAID in self.states)
        assert self.sara.received("بازگردانده می‌شود") == (A.REFUND_DUE in self.states)


class TwoReturnsAndTheButton(Payment):
    won, lost = (PAID, NOTHING_DUE), (CHECKING, AWAITED)

    def sides(self) -> dict[str, Side]:
        return {
            "returns": self.returning(),
            "returns_again": self.returning(),
            "asks": pressing(self.sara, ASK),
        }


class ReturnAgainstReconciler(Payment):
    """The clock's own look at the bank is due at this instant (`ask_bank`)."""

    won, lost = (PAID, NOTHING_DUE), (CHECKING, AWAITED)

    async def open_buttons(self) -> None:
        await super().open_buttons()
        await self.change_attempts(next_check_at=utcnow() - timedelta(seconds=1))

    def sides(self) -> dict[str, Side]:
        return {"returns": self.returning(), "asks": pressing(self.sara, ASK)}

    def judge(self, heard: Sequence[Heard]) -> Outcome:
        if any(says(one, self.won) for one in heard):
            return super().judge(heard)
        assert all(says(one, self.lost) for one in heard), story(heard)
        return Outcome("reconciler", len(heard))


class PaidTwice(Payment):
    """Two windows, two payments: one counts, the other goes back."""

    payments = 2
    ends: ClassVar = {(A.PAID, A.REFUND_DUE)}
    won, lost = (PAID,), (REFUND,)

    def sides(self) -> dict[str, Side]:
        return {"returns": self.returning(0), "returns_other": self.returning(1)}


class ReturnAgainstWithdrawal(Payment):
    ends: ClassVar = {(A.PAID,), (A.REFUND_DUE,)}
    won, lost = (PAID, WITHDRAWN), (REFUND, STALE, AWAITED)

    async def open_buttons(self) -> None:
        await super().open_buttons()
        await self.sara.press_and_read("انصراف از درخواست")

    def sides(self) -> dict[str, Side]:
        return {"returns": self.returning(), "withdraws": pressing(self.sara)}


async def ask_bank(environment: Environment) -> None:
    """What a process does every two minutes."""
    await reconcile(environment.resources)


PAYMENT = Race(
    "payment", (TwoReturnsAndTheButton, ReturnAgainstReconciler, PaidTwice, ReturnAgainstWithdrawal), ask_bank
)
