"""The probe of a payment gateway and of an SMS provider that answer as told: each answer, and what the report says of it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from bot.config.settings import Settings
from bot.gateways.interfaces import (
    Created,
    GatewayDown,
    GatewayRefused,
    NotPaid,
    Redirect,
    Retry,
    SmsAccepted,
    SmsRejected,
    SmsStatus,
    Verified,
)
from bot.probe import gateway, sms
from bot.probe.report import Report

REF = "A" + "0" * 35
PAGE = f"https://payment.zarinpal.com/pg/StartPay/{REF}"


def next_of(answers: dict[str, Any], name: str) -> Any:
    """Of a list one each time, the last for ever; an error is raised."""
    answer = answers[name]
    if isinstance(answer, list):
        answer = answer.pop(0) if len(answer) > 1 else answer[0]
    if isinstance(answer, Exception):
        raise answer
    return answer


class Bank:
    def __init__(self, name: str = "zarinpal", **answers: Any) -> None:
        self.name = name
        self.calls: list[tuple[Any, ...]] = []
        self.closed = False
        self.answers = {
            "check": None,
            "create": Created(REF, Redirect(PAGE)),
            "inquire": ["pending", "unknown", "pending", "paid", "verified"],
            "verify": [NotPaid(-51), Verified("1", "6037-****"), Verified("1", already=True)],
            "unverified": [[]],
        } | answers

    async def check(self) -> None:
        return next_of(self.answers, "check")  # type: ignore[no-any-return]

    async def create(self, **fields: Any) -> Created:
        self.calls.append(("create", fields))
        return next_of(self.answers, "create")  # type: ignore[no-any-return]

    async def inquire(self, ref: str) -> Any:
        self.calls.append(("inquire", ref))
        return next_of(self.answers, "inquire")

    async def verify(self, ref: str, amount: int) -> Any:
        self.calls.append(("verify", ref, amount))
        return next_of(self.answers, "verify")

    async def unverified(self) -> Any:
        return next_of(self.answers, "unverified")

    async def aclose(self) -> None:
        self.closed = True


async def told(
    bank: Bank, monkeypatch: pytest.MonkeyPatch, *, wait: float = 0, **settings: str
) -> tuple[list[str], Report]:
    monkeypatch.setattr(gateway, "payment_gateway", lambda settings: bank)
    monkeypatch.setattr(gateway, "PAUSE", 0.0)
    report = Report("x", private=("key",))
    await gateway.probe_gateway(
        Settings(_env_file=None, payment_gateway=bank.name, **settings), report, wait=wait
    )
    assert bank.closed
    return [str(one) for one in report.findings], report


OPENED = [
    "✓ the merchant: known",
    "✓ a payment of 10,000 rial is opened: so",
    "✓ the payer's page: https at the gateway's host",
]
UNPAID = [
    "✓ inquiry before it is paid: pending",
    "✓ verify before it is paid: NotPaid, code -51",
    "✓ inquiry about a reference that there is not: unknown",
    "✓ the list of unverified payments: 0 payments",
]


async def test_a_payment_that_nobody_makes(monkeypatch: pytest.MonkeyPatch) -> None:
    bank = Bank()
    found, report = await told(bank, monkeypatch)
    assert found == [*OPENED, *UNPAID]
    assert report.private == ("key", REF)
    create, *others = bank.calls
    assert create == (
        "create",
        {
            "amount_rial": 10_000,
            "order_id": 0,
            "description": "آزمایش درگاه",
            "callback_url": "https://pay.example.ir/pay/callback/zarinpal/0",
            "mobile": None,
        },
    )
    unknown = "A" + "0" * 34 + "1"
    assert others == [("inquire", REF), ("verify", REF, 10_000), ("inquire", unknown)]
    bank = Bank("zibal", create=Created("210", Redirect("https://gateway.zibal.ir/start/210")))
    found, _ = await told(bank, monkeypatch, public_url="https://pay.x.ir")
    assert found == [*OPENED, *UNPAID]
    assert bank.calls[0][1]["callback_url"] == "https://pay.x.ir/pay/callback/zibal/0"
    assert bank.calls[3] == ("inquire", "211"), "a reference that ends otherwise"


@pytest.mark.parametrize("error", [GatewayDown("away"), GatewayRefused(-9)])
async def test_a_gateway_that_opens_nothing(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    bank = Bank(check=error)
    found, _ = await told(bank, monkeypatch)
    assert found == [f"✗ the merchant: {error} (expected: it is known)"]
    assert bank.calls == []
    bank = Bank(create=error)
    found, report = await told(bank, monkeypatch, wait=9)
    assert found == [OPENED[0], f"✗ a payment of 10,000 rial is opened: {error} (expected: a reference)"]
    assert len(bank.calls) == 1
    assert report.private == ("key",)


OTHER_FORM = (
    "✗ a payment of 10,000 rial is opened: another form (expected: a reference like [AS][0-9A-Za-z]{35})"
)


@pytest.mark.parametrize(
    ("ref", "redirect", "says"),
    [
        ("B" + "0" * 35, Redirect(PAGE), [OTHER_FORM, OPENED[2]]),
        (
            REF + "0",
            Redirect("http://payment.zarinpal.com/x"),
            [OTHER_FORM, "✓ the payer's page: http at the gateway's host"],
        ),
        (
            REF,
            Redirect("https://gateway.other.example/x"),
            [
                OPENED[1],
                "✗ the payer's page: gateway.other.example (expected: an address at the gateway's host)",
            ],
        ),
        (
            REF,
            Redirect(PAGE, {"x": "y"}),
            [
                OPENED[1],
                "✗ the payer's page: https at the gateway's host (expected: an address at the gateway's host)",
            ],
        ),
    ],
)
async def test_what_is_opened_otherwise(
    ref: str, redirect: Redirect, says: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    found, _ = await told(Bank(create=Created(ref, redirect)), monkeypatch)
    assert found == [OPENED[0], *says, *UNPAID]


async def test_what_is_not_paid_and_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    for inquire, verify, unverified, says in (
        (
            ["unknown", "failed"],
            Verified("1"),
            [["a"]],
            [
                "✗ inquiry before it is paid: unknown (expected: pending)",
                "✗ verify before it is paid: Verified, code – (expected: NotPaid)",
                "✓ inquiry about a reference that there is not: failed",
                "✓ the list of unverified payments: 1 payments",
            ],
        ),
        (
            ["pending"],
            Retry(5),
            GatewayDown("away"),
            [
                "✓ inquiry before it is paid: pending",
                "✗ verify before it is paid: Retry, code 5 (expected: NotPaid)",
                "✗ inquiry about a reference that there is not: pending (expected: not paid, nor pending)",
                "✗ the list of unverified payments: away (expected: a list)",
            ],
        ),
    ):
        bank = Bank(inquire=inquire, verify=verify, unverified=unverified)
        assert (await told(bank, monkeypatch))[0] == [*OPENED, *says]


PAID = [
    "✓ inquiry after it is paid: paid",
    "✓ verify after it is paid: Verified",
    "✓ verify a second time: Verified",
    "✓ the card's number: masked",
    "✓ inquiry after verify: verified",
]


async def test_a_payment_that_somebody_makes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found, _ = await told(Bank(), monkeypatch, wait=60)
    assert found == [*OPENED, *UNPAID, *PAID]
    words = f"  open this page, pay, and do not close it before the bank sends you back (60 s): {PAGE}"
    assert words in capsys.readouterr().out.splitlines()


async def test_a_payment_that_is_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    unpaid = ["pending", "unknown"]
    for inquire, verify, says in (
        (
            [*unpaid, "verified"],
            [NotPaid(-51), Verified("1", "6037991234567890", already=True), Verified("1")],
            [
                "✗ inquiry after it is paid: verified (expected: paid)",
                "✗ verify after it is paid: Verified (expected: Verified)",
                "✗ verify a second time: Verified (expected: Verified, as one that was before)",
                "✗ the card's number: whole (expected: masked)",
                "✓ inquiry after verify: verified",
            ],
        ),
        (
            [*unpaid, "paid"],
            [NotPaid(-51), Verified("1"), Retry()],
            [
                *PAID[:2],
                "✗ verify a second time: Retry (expected: Verified, as one that was before)",
                PAID[3],
                "✗ inquiry after verify: paid (expected: verified)",
            ],
        ),
        (
            [*unpaid, "paid", "verified"],
            [NotPaid(-51), Retry(), Verified("1", already=True)],
            [PAID[0], "✗ verify after it is paid: Retry (expected: Verified)", PAID[2], PAID[4]],
        ),
    ):
        found, _ = await told(Bank(inquire=inquire, verify=verify), monkeypatch, wait=60)
        assert found == [*OPENED, *UNPAID, *says]


async def test_nobody_pays(monkeypatch: pytest.MonkeyPatch) -> None:
    bank = Bank(inquire=["pending", "unknown", "pending", "failed"])
    now = iter([0.0, 10.0, 59.0, 60.0])
    monkeypatch.setattr(gateway, "time", SimpleNamespace(monotonic=lambda: next(now)))
    found, _ = await told(bank, monkeypatch, wait=60)
    assert found == [
        *OPENED,
        *UNPAID,
        "– a payment that somebody made: failed after 60 s (expected: paid)",
    ]
    assert [one[0] for one in bank.calls].count("inquire") == 2 + 3


class Provider:
    def __init__(self, **answers: Any) -> None:
        self.closed = False
        self.sent: list[dict[str, Any]] = []
        self.asked: list[list[str]] = []
        self.answers = {
            "credit": 10,
            "send": SmsAccepted("7"),
            "status": {"7": SmsStatus.DELIVERED},
        } | answers

    async def credit(self) -> Any:
        return next_of(self.answers, "credit")

    async def send(self, **fields: Any) -> Any:
        self.sent.append(fields)
        return next_of(self.answers, "send")

    async def status(self, ids: list[str]) -> Any:
        self.asked.append(ids)
        return next_of(self.answers, "status")

    async def aclose(self) -> None:
        self.closed = True


async def sms_told(
    provider: Provider, monkeypatch: pytest.MonkeyPatch, *, wait: float = 60, templates: str = ""
) -> list[str]:
    slept = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr(sms, "sms_gateway", lambda settings: provider)
    monkeypatch.setattr(sms, "asyncio", SimpleNamespace(sleep=sleep))
    report = Report("x")
    settings = Settings(_env_file=None, kavenegar_templates=templates)
    await sms.probe_sms(settings, report, "+989121234567", wait=wait)
    assert provider.closed
    assert set(slept) <= {3.0}
    return [str(one) for one in report.findings]


SENT = [
    "✓ the credit: an amount",
    "✓ an SMS is sent: SmsAccepted",
    "✓ the same SMS again: the first one's number",
    "✓ what became of it: DELIVERED",
]


async def test_an_sms_that_arrives(monkeypatch: pytest.MonkeyPatch) -> None:
    provider = Provider(status=[{}, {"7": SmsStatus.UNKNOWN}, {"7": SmsStatus.DELIVERED}])
    assert await sms_told(provider, monkeypatch) == SENT
    assert provider.asked == [["7"]] * 3
    first, again = provider.sent
    assert first == again
    assert (first["to"], first["text"]) == ("+989121234567", sms.TEXT)
    assert len(str(first["idempotency_id"])) == 13, "milliseconds: another run has another"


async def test_templates(monkeypatch: pytest.MonkeyPatch) -> None:
    provider = Provider(send=[SmsAccepted("7"), SmsAccepted("7"), SmsAccepted("8"), SmsRejected("418")])
    found = await sms_told(provider, monkeypatch, templates="notice=a,password=b")
    assert found[:4] == SENT
    assert found[4] == "✓ the template «notice»: SmsAccepted"
    assert found[5].startswith("✗ the template «password»: SmsRejected 418 (expected: SmsAccepted)")
    first, _, notice, password = provider.sent
    assert (notice["template"], password["template"]) == ("notice", "password")
    assert notice["idempotency_id"] == first["idempotency_id"] + 1
    assert notice["tokens"] == ("۱۴۰۵/۰۹/۰۵", "آزمایش", "آزمایش", "آزمایش")


async def test_a_provider_that_answers_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    for error in (GatewayDown("away"), GatewayRefused(403)):
        provider = Provider(credit=error)
        assert await sms_told(provider, monkeypatch) == [f"✗ the credit: {error} (expected: an amount)"]
        assert provider.sent == []
    provider = Provider(credit=None, send=SmsRejected("411"))
    assert await sms_told(provider, monkeypatch, templates="notice=a") == [
        "✗ the credit: none (expected: an amount)",
        "✗ an SMS is sent: SmsRejected 411 (expected: SmsAccepted)",
    ]
    assert len(provider.sent) == 1
    for again, words in ((SmsAccepted("8"), "SmsAccepted"), (SmsRejected("411"), "SmsRejected 411")):
        provider = Provider(send=[SmsAccepted("7"), again], credit=0)
        assert await sms_told(provider, monkeypatch) == [
            *SENT[:2],
            f"✗ the same SMS again: {words} (expected: the first one's number)",
            SENT[3],
        ]


async def test_an_sms_that_does_not_arrive(monkeypatch: pytest.MonkeyPatch) -> None:
    words = "✗ what became of it: {0} (expected: DELIVERED)"
    provider = Provider(status=[{"7": SmsStatus.FAILED}, {"7": SmsStatus.DELIVERED}])
    assert await sms_told(provider, monkeypatch) == [*SENT[:3], words.format("FAILED")]
    assert len(provider.asked) == 1
    provider = Provider(status=GatewayDown("away"))
    assert await sms_told(provider, monkeypatch) == [*SENT[:3], words.format("away")]
    now = iter([0.0, 59.9, 60.0])
    monkeypatch.setattr(sms, "time", SimpleNamespace(monotonic=lambda: next(now)))
    provider = Provider(status={"8": SmsStatus.DELIVERED})
    assert await sms_told(provider, monkeypatch) == [*SENT[:3], words.format("UNKNOWN")]
    assert len(provider.asked) == 2
