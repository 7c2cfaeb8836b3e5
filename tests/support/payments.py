"""An officer whose request waits for its fee, a staff member, and the bank: where the tests of paying begin."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast
from urllib.parse import parse_qsl, urlsplit

from sqlmodel import Session, col, select

from bot.application.resources import Resources
from bot.core.context import Actor, PublicInfo
from bot.gateways.http import make_client
from bot.gateways.interfaces import PaymentGateway
from bot.gateways.zarinpal import Zarinpal
from bot.gateways.zibal import Zibal
from bot.services import payments
from demo.bank import Bank, build_bank_app
from storage.database.database import Database
from storage.enums import AttemptState, Messenger, RequestKind, RequestState, Role
from storage.tables import (
    Account,
    AuditEvent,
    Chat,
    Grant,
    Officer,
    PaymentAttempt,
    Push,
    QualificationRequest,
    StaffAlert,
    University,
)
from tests.support.asgi import serving

FEE = 5_600_000
TOKEN = "aB3-" + "x" * 18
CODE = "140509010001"
START = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
LINK = "https://t.me/officer_bot"


@dataclass
class Paying:
    resources: Resources
    bank: Bank
    database: Database
    moment: datetime = START
    links: list[str] = field(default_factory=list)

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

    async def crowd(self, number: int, *, of_one_request: bool) -> None:
        """Open attempts of other people, all due for a look and all unknown to the bank."""

        def unit(db: Session) -> None:
            for one in range(1 if of_one_request else number):
                account = Account(
                    id=1000 + one, user_code=f"2{one:07}", password_hash="-", first_name="و", last_name="ب"
                )
                db.add(account)
                db.flush()
                db.add(Officer(account_id=1000 + one, birth_date=date(1986, 7, 3)))
                db.add(
                    QualificationRequest(
                        id=1000 + one,
                        account_id=1000 + one,
                        kind=RequestKind.NEW,
                        state=RequestState.AWAITING_PAYMENT,
                        tracking_code=f"14050902{one:04}",
                        university_code="shiraz",
                        snapshot={},
                        fee_rial=FEE,
                        pay_token=f"crowd-{one:016}",
                        submitted_at=START,
                        state_since=START,
                    )
                )
            db.flush()
            for one in range(number):
                db.add(
                    PaymentAttempt(
                        request_id=1000 if of_one_request else 1000 + one,
                        gateway=self.resources.gateway.name,
                        ref=f"{10**9 + one}",
                        amount_rial=FEE,
                        created_at=self.moment - timedelta(hours=1),
                        state_since=self.moment - timedelta(hours=1),
                        next_check_at=self.moment - timedelta(minutes=30),
                    )
                )

        await self.database.run(unit)

    def pay(self, attempt: PaymentAttempt) -> None:
        self.bank.pay(attempt.ref or "")

    async def attempts(self) -> list[PaymentAttempt]:
        return await self._all(PaymentAttempt)

    async def attempt(self, attempt: PaymentAttempt) -> PaymentAttempt:
        return next(one for one in await self.attempts() if one.id == attempt.id)

    async def request(self) -> QualificationRequest:
        return (await self._all(QualificationRequest))[0]

    async def told(self, kind: str) -> list[str]:
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
        return Actor(2, Role.STAFF)


def _fill(db: Session) -> None:
    db.add(University(code="shiraz", name="دانشگاه علوم پزشکی شیراز", province="فارس", province_default=True))
    db.add(
        Account(
            id=1,
            user_code="10000001",
            password_hash="-",
            first_name="سارا",
            last_name="کریمی‌نژاد",
            mobile="+989123456789",
            national_code="9991234561",
        )
    )
    db.add(Account(id=2, user_code="10000002", password_hash="-", first_name="مریم", last_name="اداری"))
    db.flush()
    db.add(Officer(account_id=1, birth_date=date(1986, 7, 3)))
    db.add(Grant(account_id=1, role=Role.OFFICER))
    db.add(Grant(account_id=2, role=Role.STAFF))
    for account_id, chat_id in ((1, 101), (2, 102)):
        db.add(Chat(messenger=Messenger.TELEGRAM, chat_id=chat_id, account_id=account_id))
    db.add(
        QualificationRequest(
            id=1,
            account_id=1,
            kind=RequestKind.NEW,
            state=RequestState.AWAITING_PAYMENT,
            tracking_code=CODE,
            university_code="shiraz",
            snapshot={"first_name": "سارا", "last_name": "کریمی‌نژاد", "father_name": "علی"},
            fee_rial=FEE,
            pay_token=TOKEN,
            submitted_at=START,
            state_since=START,
        )
    )


@contextlib.asynccontextmanager
async def paying(database: Database, gateway: str = "zarinpal") -> AsyncIterator[Paying]:
    await database.run(_fill)
    bank = Bank()
    async with serving(build_bank_app(bank)) as url:
        client = make_client(read=2)
        found: PaymentGateway
        if gateway == "zarinpal":
            merchant = "11111111-2222-3333-4444-555555555555"
            found = Zarinpal(client, url=url, merchant_id=merchant, wait=0.001)
        else:
            found = Zibal(client, url=url, merchant_id="zibal", wait=0.001)
        resources = Resources(
            database=database,
            documents=cast("Any", None),
            passwords=cast("Any", None),
            gateway=found,
            sms=cast("Any", None),
            public_info=PublicInfo("۰۲۱", "https://pay.example.ir", {Messenger.TELEGRAM: LINK}),
        )
        world = Paying(resources, bank, database)
        resources.clock = lambda: world.moment
        bank.clock = lambda: world.moment
        yield world
        await found.aclose()


def callback_params(address: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(address).query))


__all__ = ["CODE", "FEE", "LINK", "TOKEN", "AttemptState", "Paying", "callback_params", "paying"]
