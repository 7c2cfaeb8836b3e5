"""The bank does not answer, or answers nonsense: nobody pays twice, nobody is told that paid money is lost."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from sqlmodel import col, select

from demo.bank import PaymentState
from storage.enums import AttemptState, RequestState
from storage.tables import PaymentAttempt, QualificationRequest
from tests.journeys.plays import Scene, to_payment
from tests.support.bot_process import Stage
from tests.trouble.gate import Gate
from tests.trouble.test_clock import set_clock
from tests.trouble.watching import everything_done

NO_ANSWER, NOT_KNOWN, FAILED = "درگاه بانک پاسخ نمی‌دهد", "نتیجه پرداخت هنوز از بانک نرسیده", "انجام نشد"
TROUBLES = ("says 503", "says nonsense", "is silent")


@pytest.fixture
async def gate(clocked: Stage) -> AsyncIterator[Gate]:
    """Between the bot and the bank; the bot is not patient, and its clock can be set."""
    async with Gate(clocked.town.bank_server.url).standing() as gate:
        clocked.program = ("-m", "tests.trouble.hasty")
        clocked.extra_env["ZARINPAL_URL"] = gate.url
        yield gate


def make(gate: Gate, trouble: str | None) -> None:
    gate.silent = trouble == "is silent"
    gate.status = {"says 503": 503, "says nonsense": 200}.get(trouble or "")


async def browse(method: str, url: str) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False, timeout=60) as browser:
        return await browser.request(method, url)


async def attempts(stage: Stage) -> list[PaymentAttempt]:
    by_id = select(PaymentAttempt).order_by(col(PaymentAttempt.id))
    return await stage.read(lambda db: list(db.exec(by_id)))


async def completed_once(stage: Stage) -> None:
    """Paid, verified at the bank, told: each once."""
    bank = stage.town.bank
    assert [one.stand for one in bank.payments.values()] == [PaymentState.VERIFIED]
    states = await stage.read(lambda db: list(db.exec(select(QualificationRequest.state))))
    assert states == [RequestState.COMPLETED]
    told = [
        message.text
        for face in stage.town.messengers
        for person in face.people
        for message in person.history()
        if message.from_bot and "🎉" in message.text
    ]
    assert len(told) == 1
    await everything_done(stage)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_no_payment_can_be_opened(stage: Stage, gate: Gate) -> None:
    scene = Scene(stage, *stage.town.messengers)
    await scene.tariff()
    await stage.start()
    sara, url = await to_payment(scene)
    for trouble in TROUBLES:
        make(gate, trouble)
        page = await browse("POST", url)
        assert page.status_code == 503, trouble
        assert NO_ANSWER in page.text, trouble
        assert f'href="{url}"' in page.text, "a way to try again"
    left = await attempts(stage)
    assert [(one.state, one.ref) for one in left] == [(AttemptState.FAILED, None)] * len(TROUBLES)
    assert not stage.town.bank.payments
    make(gate, None)
    assert (await browse("POST", url)).status_code == 303
    assert [one.state for one in await attempts(stage)][len(TROUBLES) :] == [AttemptState.CREATED]
    await browse("GET", stage.town.bank.pay(stage.town.bank.last.ref))
    await sara.sees("🎉 پرداخت انجام شد")
    await completed_once(stage)


@pytest.mark.parametrize(
    ("database_url", "asks"),
    [("sqlite", "the payer"), ("postgres", "the reconciler")],
    indirect=["database_url"],
)
async def test_what_was_paid_is_not_known_for_a_while(stage: Stage, gate: Gate, asks: str) -> None:
    scene, bank = Scene(stage, *stage.town.messengers), stage.town.bank
    await scene.tariff()
    await stage.start()
    sara, url = await to_payment(scene)
    await browse("POST", url)
    way_back = bank.pay(bank.last.ref)
    for trouble in TROUBLES:
        make(gate, trouble)
        page = await browse("GET", way_back)
        assert NOT_KNOWN in page.text, trouble
        assert FAILED not in page.text, trouble
        assert [one.state for one in await attempts(stage)] == [AttemptState.UNCERTAIN], trouble
    again = await browse("POST", url)
    assert NOT_KNOWN in again.text
    assert len(await attempts(stage)) == 1
    make(gate, "says 503")
    await sara.command("menu")
    await sara.tap("🎓 احراز صلاحیت")
    await sara.tap("🔎 پیگیری")
    await sara.tap("🔄 بررسی پرداخت")
    await sara.sees_toast(NOT_KNOWN)
    if asks == "the reconciler":
        await stage.stop()
        set_clock(stage, 180)
        make(gate, None)
        await stage.start()
    else:
        make(gate, None)
        await sara.tap("🔄 بررسی پرداخت")
    await sara.sees("🎉 پرداخت انجام شد")
    assert [one.state for one in await attempts(stage)] == [AttemptState.PAID]
    # The browser's page, which was open all the time, is loaded anew.
    assert "پرداخت انجام شد" in (await browse("GET", way_back)).text
    await completed_once(stage)
