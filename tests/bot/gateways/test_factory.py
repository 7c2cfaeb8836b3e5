"""The settings decide which gateways there are."""

import logging

import pytest

from bot.config.settings import Settings
from bot.gateways.console_sms import ConsoleSms
from bot.gateways.factory import payment_gateway, sms_gateway
from bot.gateways.interfaces import SmsAccepted, SmsStatus
from bot.gateways.kavenegar import Kavenegar

NONE = {"_env_file": None}


@pytest.mark.parametrize("name", ["zarinpal", "zibal"])
async def test_the_named_payment_gateway(name: str) -> None:
    settings = Settings.load(payment_gateway=name, zarinpal_merchant_id="a", zibal_merchant_id="b", **NONE)
    gateway = payment_gateway(settings)
    assert gateway.name == name
    await gateway.aclose()
    assert logging.getLogger("httpx").level == logging.WARNING


async def test_the_named_sms_gateway() -> None:
    kave = sms_gateway(Settings.load(sms_gateway="kavenegar", kavenegar_api_key="k", **NONE))
    assert isinstance(kave, Kavenegar)
    await kave.aclose()
    assert isinstance(sms_gateway(Settings.load(**NONE)), ConsoleSms)


async def test_the_console_shows_the_text_and_not_the_number(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    console = ConsoleSms()
    sent = await console.send(to="+989123456789", text="سلام", idempotency_id=3)
    assert sent == SmsAccepted("console-3", 0)
    assert "سلام" in caplog.text
    assert "912345" not in caplog.text
    assert await console.status(["console-3"]) == {"console-3": SmsStatus.DELIVERED}
