"""The gateways that the settings name. That nothing is missing in them is asked by `Settings.require_to_run`."""

import logging
from collections.abc import Callable

from bot.config.settings import Settings
from bot.gateways.console_sms import ConsoleSms
from bot.gateways.http import READ, make_client
from bot.gateways.interfaces import PaymentGateway, SmsGateway
from bot.gateways.kavenegar import Kavenegar
from bot.gateways.zarinpal import Zarinpal
from bot.gateways.zibal import Zibal


def quiet_http_logs() -> None:
    """httpx writes whole addresses at INFO, and Kavenegar's key is part of its addresses."""
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)


def payment_gateway(settings: Settings, *, read_timeout: float = READ) -> PaymentGateway:
    """Close it with `aclose`."""
    quiet_http_logs()
    gateways: dict[str, Callable[..., PaymentGateway]] = {"zarinpal": Zarinpal, "zibal": Zibal}
    return gateways[settings.payment_gateway](
        make_client(read=read_timeout), url=settings.payment_url(), merchant_id=settings.merchant_id() or ""
    )


def sms_gateway(settings: Settings, *, read_timeout: float = READ) -> SmsGateway:
    """Close it with `aclose`."""
    quiet_http_logs()
    if settings.sms_gateway == "console":
        return ConsoleSms()
    key = settings.kavenegar_api_key
    return Kavenegar(
        make_client(read=read_timeout),
        url=settings.kavenegar_url,
        api_key=key.get_secret_value() if key is not None else "",
        sender=settings.kavenegar_sender,
        templates=settings.sms_templates(),
    )
