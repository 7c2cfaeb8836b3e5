"""The bank's payments with their states, and its simulated faults. Amounts are rial."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from demo import clock

#: An answer in JSON, with its HTTP status where that is not 200.
Answer = dict[str, Any] | tuple[int, dict[str, Any]]


class PaymentState(StrEnum):
    IN_BANK = "IN_BANK"
    PAID = "PAID"
    VERIFIED = "VERIFIED"
    FAILED = "FAILED"
    REVERSED = "REVERSED"


@dataclass(slots=True)
class BankFaults:
    """Simulated faults. One that is switched on stays on, but for `lose_verify` and `lose_create`."""

    #: Connections break off in the middle of an answer.
    down: bool = False
    #: API calls hang.
    timeout: bool = False
    #: API calls get a 502 page in HTML.
    broken: bool = False
    #: The code for "internal error" instead of a verification.
    internal: bool = False
    #: The next so many verifications (creations) take effect, and their answers are lost.
    lose_verify: int = 0
    lose_create: int = 0
    #: Inquiries break off, everything else works.
    no_inquiry: bool = False
    #: Cards are charged so much more than asked for, in rial.
    wrong_amount: int = 0
    #: Creations are refused with this code of Zarinpal.
    refuse_create: int = 0


@dataclass(slots=True)
class Payment:
    ref: str
    gateway: str
    merchant: str
    amount: int
    callback: str
    description: str
    order_id: str | None
    mobile: str | None
    created_at: datetime
    number: int
    stand: PaymentState = PaymentState.IN_BANK
    charged: int | None = None
    paid_at: datetime | None = None
    verified_at: datetime | None = None
    #: How often the shop asked for it to be verified.
    asked: int = 0
    #: What the payer's browser sent as Referer when it came.
    referrer: str | None = None
    card: str = "502229******5995"
    #: Asked for its verification, the bank says "internal error" for ever.
    silent: bool = False

    def return_url(self) -> str:
        """Where the browser goes from here, with the gateway's parameters joined to the address."""
        good = self.stand in (PaymentState.PAID, PaymentState.VERIFIED)
        if self.gateway == "zarinpal":
            params = {"Authority": self.ref, "Status": "OK" if good else "NOK"}
        else:
            params = {"trackId": self.ref, "success": str(int(good)), "status": "2" if good else "3"}
            params |= {"orderId": self.order_id or ""}
        parts = urlsplit(self.callback)
        return urlunsplit(parts._replace(query=urlencode(parse_qsl(parts.query) + list(params.items()))))


@dataclass(slots=True)
class Bank:
    faults: BankFaults = field(default_factory=BankFaults)
    payments: dict[str, Payment] = field(default_factory=dict)
    #: A payment that is not verified in this time goes back to the card.
    window: timedelta = timedelta(minutes=10)
    #: Domains that callbacks must be on; None: any.
    domains: frozenset[str] | None = None
    clock: Callable[[], datetime] = clock.now
    #: How often each API call came in.
    calls: dict[str, int] = field(default_factory=dict)
    #: Seconds that the page's «slow» takes.
    slowness: float = 5.0

    @property
    def last(self) -> Payment:
        """The newest payment."""
        return next(reversed(self.payments.values()))

    def pay(self, ref: str) -> str:
        """The payer's card is charged; the address that the browser would go to. Raises ValueError when it is
        over."""
        payment = self._open(ref)
        payment.stand, payment.paid_at = PaymentState.PAID, self.clock()
        payment.charged = payment.amount + self.faults.wrong_amount
        return payment.return_url()

    def silence(self, ref: str) -> str:
        """Charged as by `pay`, and nobody ever learns it."""
        self.payments[ref].silent = True
        return self.pay(ref)

    def cancel(self, ref: str) -> str:
        payment = self._open(ref)
        payment.stand = PaymentState.FAILED
        return payment.return_url()

    def _open(self, ref: str) -> Payment:
        payment = self.payments[ref]
        if payment.stand is not PaymentState.IN_BANK:
            raise ValueError(f"payment {ref} is {payment.stand}")
        return payment

    def create(self, gateway: str, **values: Any) -> Payment:
        number = len(self.payments) + 1
        ref = (
            f"S{secrets.token_hex(18)[:35]}"
            if gateway == "zarinpal"
            else str(10**9 + secrets.randbelow(9 * 10**9))
        )
        payment = Payment(ref=ref, gateway=gateway, created_at=self.clock(), number=number, **values)
        self.payments[ref] = payment
        return payment

    def find(self, ref: object, gateway: str) -> Payment | None:
        """The payment as it stands now: money that nobody asked for in time has gone back."""
        payment = self.payments.get(str(ref))
        if payment is None or payment.gateway != gateway:
            return None
        if (
            payment.stand is PaymentState.PAID
            and payment.paid_at
            and self.clock() - payment.paid_at > self.window
        ):
            payment.stand = PaymentState.REVERSED
        return payment
