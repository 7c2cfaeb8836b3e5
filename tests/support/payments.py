"""An officer whose request waits for its fee, staff, and a bank over HTTP: where the tests of payments begin."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select

from bot.application.resources import Resources
from bot.core.context import Actor, PublicInfo
from bot.gateways.http import make_client
from bot.gateways.zarinpal import Zarinpal
from bot.gateways.zibal import Zibal
from bot.services import payments
from bot.services.payments import reconciler
from demo.bank import Bank, build_bank_app
from storage.database.database import Database
from storage.enums import AttemptState, Messenger, RequestState
from storage.tables import AuditEvent, PaymentAttempt, Push, QualificationRequest, StaffAlert
from tests.support.asgi import serving
from tests.support.factories.people import Participants, officer, participants
from tests.support.factories.qualification import attempt_row, request_row, unpaid_request
from tests.support.factories.reference_data import NOW

FEE = 5_600_000
TOKEN = "aB3-" + "x" * 18
CODE = "140509010001"
LINK = "https://t.me/officer_bot"


@dataclass
class PaymentScenario:
    resources: Resources
    bank: Bank
    database: Database
    people: Participants
    moment: datetime = NOW

    def pass_time(self, **span: float) -> None:
        self.moment += timedelta(**span)

    async def click(self) -> PaymentAttempt:
        """The payer presses the button of the pay page; the attempt that comes of it."""
        await payments.open_attempt(self.resources, TOKEN)
        return (await self.attempts())[-1]

    async def click_again(self) -> PaymentAttempt:
        """Much later: the link to the bank of the click before is too old to be handed out again."""
        self.pass_time(minutes=11)
        return await self.click()

    async def trail(self) -> list[AuditEvent]:
        """What was written down about attempts."""
        return [one for one in await self._all(AuditEvent) if one.subject == "payment_attempt"]

    async def add_other_attempts(self, number: int, *, of_one_request: bool) -> None:
        """Open attempts of other officers, all due for a look and all unknown to the bank."""

        hour_ago, due = self.moment - timedelta(hours=1), self.moment - timedelta(minutes=30)

        def unit(db: Session) -> None:
            requests = [
                request_row(
                    officer(db, chat=False).account_id,
                    state=RequestState.AWAITING_PAYMENT,
                    tracking_code=f"14050902{place:04}",
                    fee_rial=FEE,
                    pay_token=f"other-{place:016}",
                )
                for place in range(1 if of_one_request else number)
            ]
            db.add_all(requests)
            db.flush()
            opened = {"gateway": self.resources.gateway.name, "created_at": hour_ago, "state_since": hour_ago}
            for place in range(number):
                request = requests[place % len(requests)]
                db.add(attempt_row(request.id, ref=f"{10**9 + place}", next_check_at=due, **opened))

        await self.database.run(unit)

    def pay(self, attempt: PaymentAttempt) -> None:
        self.bank.pay(attempt.ref or "")

    async def attempts(self) -> list[PaymentAttempt]:
        return await self._all(PaymentAttempt)

    async def attempt(self, attempt: PaymentAttempt) -> PaymentAttempt:
        return next(one for one in await self.attempts() if one.id == attempt.id)

    async def states(self) -> list[AttemptState]:
        """Of all attempts, oldest first."""
        return [one.state for one in await self.attempts()]

    async def request(self) -> QualificationRequest:
        return (await self._all(QualificationRequest))[0]

    async def settle(self, attempt: PaymentAttempt, *, cancelled: bool = False) -> AttemptState:
        """Ask the gateway about this attempt and book what it says."""
        return await payments.verify_and_settle(self.resources, attempt.id, cancelled=cancelled)

    async def reconcile(self, **later: float) -> int:
        """A pass of the reconciler after so much time; how many attempts it looked at."""
        self.pass_time(**later)
        return await reconciler.reconcile(self.resources)

    async def pay_and_settle(self, attempt: PaymentAttempt) -> AttemptState:
        self.pay(attempt)
        return await self.settle(attempt)

    async def push_texts(self, kind: str) -> list[str]:
        """The pushes of this kind, as written."""
        return [push.text for push in await self._all(Push) if push.kind == kind]

    async def alerts(self) -> list[str]:
        return [alert.key for alert in await self._all(StaffAlert) if alert.resolved_at is None]

    async def events(self, event: str) -> int:
        return sum(one.event == event for one in await self._all(AuditEvent))

    async def withdraw(self) -> None:
        """Between two clicks the officer withdraws (the rules of that are tried elsewhere)."""

        def unit(db: Session) -> None:
            request = db.exec(select(QualificationRequest)).one()
            request.state, request.version = RequestState.WITHDRAWN, request.version + 1

        await self.database.run(unit)

    async def _all(self, table: Any) -> list[Any]:
        return await self.database.read(lambda db: list(db.exec(select(table).order_by(col(table.id)))))

    def staff(self) -> Actor:
        return self.people.staff


def _fill(db: Session) -> Participants:
    people = participants(db)
    unpaid_request(db, people, FEE).pay_token = TOKEN
    return people


@contextlib.asynccontextmanager
async def payment_scenario(database: Database, gateway: str = "zarinpal") -> AsyncIterator[PaymentScenario]:
    people = await database.run(_fill)
    bank = Bank()
    async with serving(build_bank_app(bank)) as url:
        client = make_client(read=2)
        if gateway == "zarinpal":
            merchant = "11111111-2222-3333-4444-555555555555"
            found = Zarinpal(client, url=url, merchant_id=merchant, wait=0.001)
        else:
            found = Zibal(client, url=url, merchant_id="zibal", wait=0.001)
        resources = Resources(
            database=database,
            documents=None,
            passwords=None,
            gateway=found,
            sms=None,
            public_info=PublicInfo("۰۲۱", "https://pay.example.ir", {Messenger.TELEGRAM: LINK}),
        )
        scenario = PaymentScenario(resources, bank, database, people)
        resources.clock = lambda: scenario.moment
        bank.clock = lambda: scenario.moment
        yield scenario
        await found.aclose()
