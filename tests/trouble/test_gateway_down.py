"""The bank does not answer, or answers nonsense: nobody pays twice, nobody is told that paid money is lost."""

from collections.abc import AsyncIterator

import httpx
import pytest
from sqlmodel import col, select

from demo.bank import PaymentState
from storage.enums import AttemptState, RequestState
from storage.tables import PaymentAttempt, QualificationRequest
from tests.journeys.qualification import JourneySetup, to_payment
from tests.support.bot_process import BotProcess
from tests.support.proxy import Proxy
from tests.trouble.test_clock import set_clock
from tests.trouble.watching import everything_done, messages

NO_ANSWER, NOT_KNOWN, FAILED = "درگاه بانک پاسخ نمی‌دهد", "نتیجه پرداخت هنوز از بانک نرسیده", "انجام نشد"
TROUBLES = ("says 503", "says nonsense", "is silent")


@pytest.fixture
async def gate(clocked: BotProcess) -> AsyncIterator[Proxy]:
    """Between the bot and the bank; the bot is not patient, and its clock can be set."""
    async with Proxy(clocked.emulators.bank_server.url).serving() as gate:
        clocked.program = ("-m", "tests.trouble.hasty")
        clocked.extra_env["ZARINPAL_URL"] = gate.url
        yield gate


def make(gate: Proxy, trouble: str | None) -> None:
    gate.silent = trouble == "is silent"
    gate.status = {"says 503": 503, "says nonsense": 200}.get(trouble or "")


async def browse(method: str, url: str) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False, timeout=60) as browser:
        return await browser.request(method, url)


async def attempts(bot: BotProcess) -> list[PaymentAttempt]:
    by_id = select(PaymentAttempt).order_by(col(PaymentAttempt.id))
    return await bot.read(lambda db: list(db.exec(by_id)))


async def completed_once(bot: BotProcess) -> None:
    """Paid, verified at the bank, told: each once."""
    bank = bot.emulators.bank
    assert [one.stand for one in bank.payments.values()] == [PaymentState.VERIFIED]
    states = await bot.read(lambda db: list(db.exec(select(QualificationRequest.state))))
    assert states == [RequestState.COMPLETED]
    assert len(messages(bot, "🎉")) == 1
    await everything_done(bot)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_no_payment_can_be_opened(bot: BotProcess, gate: Proxy) -> None:
    setup = JourneySetup(bot, *bot.emulators.messengers)
    await setup.tariff()
    await bot.start()
    sara, url = await to_payment(setup)
    for trouble in TROUBLES:
        make(gate, trouble)
        page = await browse("POST", url)
        assert page.status_code == 503, trouble
        assert NO_ANSWER in page.text, trouble
        assert f'href="{url}"' in page.text, "a way to try again"
    left = await attempts(bot)
    assert [(one.state, one.ref) for one in left] == [(AttemptState.FAILED, None)] * len(TROUBLES)
    assert not bot.emulators.bank.payments
    make(gate, None)
    assert (await browse("POST", url)).status_code == 303
    assert [one.state for one in await attempts(bot)][len(TROUBLES) :] == [AttemptState.CREATED]
    await browse("GET", bot.emulators.bank.pay(bot.emulators.bank.last.ref))
    await sara.sees("🎉 پرداخت انجام شد")
    await completed_once(bot)


@pytest.mark.parametrize(
    ("database_url", "asks"),
    [("sqlite", "the payer"), ("postgres", "the reconciler")],
    indirect=["database_url"],
)
async def test_what_was_paid_is_not_known_for_a_while(bot: BotProcess, gate: Proxy, asks: str) -> None:
    setup, bank = JourneySetup(bot, *bot.emulators.messengers), bot.emulators.bank
    await setup.tariff()
    await bot.start()
    sara, url = await to_payment(setup)
    await browse("POST", url)
    way_back = bank.pay(bank.last.ref)
    for trouble in TROUBLES:
        make(gate, trouble)
        page = await browse("GET", way_back)
        assert NOT_KNOWN in page.text, trouble
        assert FAILED not in page.text, trouble
        assert [one.state for one in await attempts(bot)] == [AttemptState.UNCERTAIN], trouble
    again = await browse("POST", url)
    assert NOT_KNOWN in again.text
    assert len(await attempts(bot)) == 1
    make(gate, "says 503")
    await sara.command("menu").tap("🎓 احراز صلاحیت").tap("🔎 پیگیری").tap("🔄 بررسی پرداخت")
    await sara.sees_toast(NOT_KNOWN)
    if asks == "the reconciler":
        await bot.stop()
        set_clock(bot, 180)
        make(gate, None)
        await bot.start()
    else:
        make(gate, None)
        await sara.tap("🔄 بررسی پرداخت")
    await sara.sees("🎉 پرداخت انجام شد")
    assert [one.state for one in await attempts(bot)] == [AttemptState.PAID]
    # The browser's page, which was open all the time, is loaded anew.
    assert "پرداخت انجام شد" in (await browse("GET", way_back)).text
    await completed_once(bot)
