"""The interfaces of payment gateways and SMS providers.

See docs/gateways.md 1.6, 2.5.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal, Protocol


class GatewayDown(Exception):
    """No usable answer: refused connection, timeout, 5xx, not JSON. Says nothing about the payment."""


class GatewayRefused(Exception):
    """A definite refusal of our request. `code` is the gateway's; `alert` where staff must repair something."""

    def __init__(self, code: int | str, *, alert: bool = True) -> None:
        self.code = code
        self.alert = alert
        super().__init__(f"refused with {code}")


@dataclass(frozen=True, slots=True)
class Redirect:
    """Where the payer goes: a GET address, or an address to which `fields` are posted."""

    url: str
    fields: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Created:
    """`ref` is the gateway's name of this payment (authority, trackId)."""

    ref: str
    redirect: Redirect


@dataclass(frozen=True, slots=True)
class CallbackHint:
    """What the payer's browser brought back. A hint: only `verify` proves anything."""

    ref: str | None
    user_says_ok: bool


@dataclass(frozen=True, slots=True)
class Verified:
    """Paid, with the right amount. `already`: an earlier verify had succeeded."""

    bank_ref: str
    card_masked: str | None = None
    already: bool = False
    answer: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NotPaid:
    """A definite "not paid" as of now; the payer may still be at the bank (see `inquire`)."""

    code: int
    answer: dict[str, Any] = field(default_factory=dict)
    alert: bool = False


@dataclass(frozen=True, slots=True)
class Retry:
    """Not known. Never read as "not paid"."""

    code: int | None = None
    answer: dict[str, Any] = field(default_factory=dict)
    alert: bool = False


@dataclass(frozen=True, slots=True)
class WrongAmount:
    """Something was paid, but not what we asked for."""

    code: int
    answer: dict[str, Any] = field(default_factory=dict)


Verification = Verified | NotPaid | Retry | WrongAmount
#: "paid" waits for our verify; "unknown" is no answer, not "not found".
InquiryStatus = Literal["pending", "paid", "verified", "failed", "reversed", "unknown"]


@dataclass(frozen=True, slots=True)
class Unverified:
    """A payment that waits at the gateway to be verified."""

    ref: str
    amount_rial: int | None = None


class PaymentGateway(Protocol):
    """Amounts are whole rial everywhere."""

    @property
    def name(self) -> str: ...

    async def create(
        self, *, amount_rial: int, order_id: int, description: str, callback_url: str, mobile: str | None
    ) -> Created:
        """Open a payment. Not idempotent and never repeated blindly. Raises GatewayDown, GatewayRefused."""
        ...

    def redirect(self, ref: str) -> Redirect:
        """The way to a payment that was opened before."""
        ...

    def parse_callback(self, params: Mapping[str, str]) -> CallbackHint: ...

    async def verify(self, ref: str, amount_rial: int) -> Verification:
        """Ask for the money and learn whether it came. Safe to repeat; raises nothing."""
        ...

    async def inquire(self, ref: str) -> InquiryStatus:
        """The state of the payment, without changing it. Raises nothing."""
        ...

    async def unverified(self) -> list[Unverified]:
        """Payments waiting for a verify; empty where the gateway has no such list. Raises GatewayDown."""
        ...

    async def check(self) -> None:
        """Ask something that moves no money and needs the merchant's id, once. Raises GatewayDown, and GatewayRefused
        where the merchant is not known."""
        ...

    async def aclose(self) -> None: ...


@dataclass(frozen=True, slots=True)
class SmsAccepted:
    provider_id: str
    #: rial, where the provider says so
    cost: int | None = None


@dataclass(frozen=True, slots=True)
class SmsRejected:
    """For good. `alert` where staff must repair something (no credit, bad key)."""

    reason: str
    alert: bool = False


@dataclass(frozen=True, slots=True)
class SmsRetry:
    """Not now. `unknown`: it may have been taken, and a repeat is not protected: wait ten minutes."""

    reason: str
    unknown: bool = False


SmsResult = SmsAccepted | SmsRejected | SmsRetry


class SmsStatus(StrEnum):
    ON_ITS_WAY = "ON_ITS_WAY"
    DELIVERED = "DELIVERED"
    FAILED = "FAILED"
    UNKNOWN = "UNKNOWN"


class SmsGateway(Protocol):
    @property
    def name(self) -> str: ...

    async def send(
        self,
        *,
        to: str,
        text: str,
        idempotency_id: int,
        template: str | None = None,
        tokens: Sequence[str] = (),
    ) -> SmsResult:
        """Send `text` to the mobile `to` (+989…). `idempotency_id` (push.id) keeps a repeat from a second SMS.

        `template` with `tokens` is used instead of the text where a template of that name is configured."""
        ...

    async def status(self, provider_ids: Sequence[str]) -> dict[str, SmsStatus]:
        """What became of sent messages. Raises GatewayDown."""
        ...

    async def credit(self) -> int | None:
        """Rial that are left on the account, None where the provider does not say. Raises GatewayDown, and
        GatewayRefused where the key is not known."""
        ...

    async def aclose(self) -> None: ...
