"""The gateways that the settings name."""

import logging

from pydantic import SecretStr

from bot.config.settings import Settings
from bot.gateways.console_sms import ConsoleSms
from bot.gateways.http import make_client
from bot.gateways.interfaces import PaymentGateway, SmsGateway
from bot.gateways.kavenegar import Kavenegar
from bot.gateways.zarinpal import Zarinpal
from bot.gateways.zibal import Zibal


def _needed(secret: SecretStr | None, name: str) -> str:
    if secret is None:
        raise ValueError(f"{name} must be set")
    return secret.get_secret_value()


def quiet_http_logs() -> None:
    """httpx writes whole addresses at INFO, and Kavenegar's key is part of its addresses."""
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)


def payment_gateway(settings: Settings) -> PaymentGateway:
    """Raises ValueError naming the setting that is missing. Close it with `aclose`."""
    quiet_http_logs()
    if settings.payment_gateway == "zibal":
        merchant = _needed(settings.zibal_merchant_id, "ZIBAL_MERCHANT_ID")
        return Zibal(make_client(), url=settings.zibal_url, merchant_id=merchant)
    merchant = _needed(settings.zarinpal_merchant_id, "ZARINPAL_MERCHANT_ID")
    return Zarinpal(make_client(), url=settings.zarinpal_url, merchant_id=merchant)


def sms_gateway(settings: Settings) -> SmsGateway:
    """Raises ValueError naming the setting that is missing. Close it with `aclose`."""
    quiet_http_logs()
    if settings.sms_gateway == "console":
        return ConsoleSms()
    return Kavenegar(
        make_client(),
        url=settings.kavenegar_url,
        api_key=_needed(settings.kavenegar_api_key, "KAVENEGAR_API_KEY"),
        sender=settings.kavenegar_sender,
        templates=settings.sms_templates(),
    )
