"""External services: messengers, gateways, and whether our public address is reachable."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import httpx
from telegram import WebhookInfo
from telegram.error import InvalidToken, TelegramError

from bot.config.settings import BadSettingError, MessengerSettings, Settings
from bot.doctor.finding import Because, Finding
from bot.gateways.factory import payment_gateway, sms_gateway
from bot.gateways.interfaces import GatewayDown, GatewayRefused
from bot.messengers.intake.receiver import webhook_path
from bot.messengers.transport.channel import Channel, make_channel
from storage.enums import Messenger

#: Seconds that our clock may be off: payments and throttles go by it.
SKEW = 60
TIMEOUT = 10.0
#: Seconds for a bot on this machine.
LOCAL_TIMEOUT = 10.0
#: Updates that a messenger keeps for us; a bot that runs takes them within a second.
MANY = 100
#: Rial on the SMS account below which it is low: some hundred messages.
LOW_CREDIT = 500_000


async def clock(settings: Settings) -> Finding:
    """Against the Date of a messenger's answer."""
    answered = False
    for messenger_settings in settings.messengers().values():
        try:
            async with httpx.AsyncClient(
                trust_env=False, timeout=TIMEOUT, proxy=messenger_settings.proxy or None
            ) as client:
                answer = await client.get(messenger_settings.api_url)
            answered = True
            theirs = parsedate_to_datetime(answer.headers["date"])
        except (httpx.HTTPError, KeyError, ValueError):
            continue
        off = abs((datetime.now(UTC) - theirs).total_seconds())
        if off > SKEW:
            return Finding("clock", False, f"off by {off:.0f} seconds; set up NTP (timedatectl set-ntp true)")
        return Finding("clock", True, "right")
    now = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    why = "no answer of a messenger has a date" if answered else "no messenger answers"
    return Finding("clock", True, f"not compared, {why}; it says {now}")


async def messenger(
    messenger: Messenger,
    messenger_settings: MessengerSettings,
    settings: Settings,
    *,
    second_poller: bool = False,
) -> Finding:
    """The token, and how updates come. It does not ask for updates: the bot that runs would be cut off. `second_poller`: that
    bot says that another program takes its updates."""
    name = messenger.value
    channel = make_channel(
        messenger,
        token=messenger_settings.token,
        api_url=messenger_settings.api_url,
        proxy=messenger_settings.proxy,
        link_url=messenger_settings.link_url,
    )
    try:
        async with asyncio.timeout(TIMEOUT):
            await channel.application.initialize()
            info = await channel.bot.get_webhook_info()
    except InvalidToken:
        return Finding(name, False, f"refuses the token; take {name.upper()}_TOKEN from BotFather again")
    except (TelegramError, TimeoutError) as error:
        return Finding(name, False, await _silence(name, messenger_settings, str(error)), Because.SILENT)
    except Exception as error:  # an answer that PTB cannot read ends in anything
        words = f"what answers at {messenger_settings.api_url} is no messenger; check {name.upper()}_API_URL and the proxy ({type(error).__name__})"
        return Finding(name, False, words)
    finally:
        await channel.request.shutdown()
    if second_poller and not info.url:
        words = f"{channel.link}, but another process polls with this token (409), so some people get no answer; stop it, or take a new token from BotFather"
        return Finding(name, False, words, Because.ATTENTION)
    if (trouble := _intake_trouble(channel, info, settings)) is not None:
        return Finding(name, False, f"{channel.link}, but {trouble}", Because.ATTENTION)
    return Finding(name, True, channel.link)


async def _silence(name: str, messenger_settings: MessengerSettings, said: str) -> str:
    """Whose fault it is that no answer came."""
    setting = f"{name.upper()}_PROXY"
    if not messenger_settings.proxy:
        return f"does not answer at {messenger_settings.api_url}; check the network, or set {setting}"
    proxy = urlsplit(messenger_settings.proxy)
    port = proxy.port or {"http": 80, "https": 443}.get(proxy.scheme, 1080)
    try:
        async with asyncio.timeout(TIMEOUT):
            _, writer = await asyncio.open_connection(proxy.hostname, port)
            writer.close()
    except (OSError, TimeoutError):
        return f"the proxy {proxy.hostname}:{port} does not answer; start it, or correct {setting}"
    if "proxy" in said.lower() or "407" in said:
        return f"the proxy {proxy.hostname}:{port} does not let it through ({said[:100]}); check {setting}, its user and password"
    return f"does not answer at {messenger_settings.api_url} through the proxy {proxy.hostname}:{port}; check {setting}"


def _intake_trouble(channel: Channel, info: WebhookInfo, settings: Settings) -> str | None:
    host = urlsplit(info.url).hostname
    if settings.updates == "polling" and info.url:
        return f"its webhook leads to {host}; another program has this token, or restart the bot with UPDATES=polling"
    if settings.updates == "webhook":
        if not info.url:
            return "no webhook is set; start the bot, or stop another that polls with this token"
        try:
            # The second as an older release set it: the next start mends it.
            key = next(iter(settings.held_keys()), "")
            ours = [
                settings.public_url + webhook_path(key, channel.messenger, bot_id)
                for bot_id in (channel.bot_id, None)
            ]
        except BadSettingError:
            return None  # said already
        if info.url not in ours:
            return (
                f"its webhook leads to {host} and not to this bot; another program has this token, or restart "
                "the bot (after a new PUBLIC_URL or SECRET_KEY)"
            )
        if info.last_error_message:
            return (
                f"it cannot reach PUBLIC_URL ({info.last_error_message}); check TLS, firewall and web server"
            )
    if (info.pending_update_count or 0) > MANY:
        return f"{info.pending_update_count} updates wait there; is the bot running?"
    return None


async def public_address(settings: Settings, *, runs: bool) -> Finding:
    """PUBLIC_URL must lead to LISTEN; tried only where the bot `runs`, which is to say answers there."""
    name, url = "PUBLIC_URL", settings.public_url
    local = urlsplit(url).hostname in ("127.0.0.1", "localhost", "::1")
    if url and not url.startswith("https://") and not local:
        return Finding(
            name, False, "is not https, so neither banks nor messengers come to it; put TLS before it"
        )
    if not runs:
        words = f"not tried: no bot answers at LISTEN={settings.listen}"
        return Finding(name, True, words)
    if url and await _health_at(url, TIMEOUT) is None:
        words = f"does not lead to the bot at {settings.listen}; check DNS, TLS and the web server before it"
        return Finding(name, False, words, Because.ATTENTION)
    if not url or local:
        return Finding(name, True, "leads to this machine only: nobody else can pay")
    return Finding(name, True, f"{url} leads here")


def root_of(host: str, port: int) -> str:
    """How this machine itself gets there."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  where it listens everywhere
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


async def health(settings: Settings) -> dict[str, Any] | None:
    """What the bot that runs here says of itself; None where none runs. Ask once: a program that accepts and says nothing
    takes up the whole time."""
    return await _health_at(root_of(*settings.address), LOCAL_TIMEOUT)


async def _health_at(root: str, timeout: float) -> dict[str, Any] | None:
    try:
        async with httpx.AsyncClient(trust_env=False, timeout=timeout) as client:
            answer = (await client.get(f"{root}/health")).json()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError):
        return None
    return answer if isinstance(answer, dict) and "ok" in answer else None


async def gateway(settings: Settings) -> Finding:
    """Whether the payment gateway knows the merchant."""
    kind = settings.payment_gateway
    name = f"payment gateway ({kind})"
    if settings.merchant_id() is None:
        return Finding(name, False, f"set {kind.upper()}_MERCHANT_ID")
    host = urlsplit(settings.payment_url()).hostname
    client = payment_gateway(settings, read_timeout=TIMEOUT)
    try:
        await client.check()
    except GatewayDown as down:
        words = f"{host} does not answer; check the network and {kind.upper()}_URL ({down})"
        return Finding(name, False, words, Because.SILENT)
    except GatewayRefused as refused:
        words = f"refuses the merchant (code {refused.code}); check {kind.upper()}_MERCHANT_ID and the terminal's state there"
        return Finding(name, False, words)
    finally:
        await client.aclose()
    return Finding(name, True, f"{host} knows the merchant")


async def sms(settings: Settings) -> Finding:
    """Whether the SMS provider knows the key, and what is left on the account."""
    if settings.sms_gateway == "console":
        return Finding("SMS", True, "only written to the log (SMS_GATEWAY=console)")
    name, host = "SMS (kavenegar)", urlsplit(settings.kavenegar_url).hostname
    if settings.kavenegar_api_key is None:
        return Finding(name, False, "set KAVENEGAR_API_KEY")
    client = sms_gateway(settings, read_timeout=TIMEOUT)
    try:
        credit = await client.credit()
    except GatewayDown as down:
        words = f"{host} does not answer; check the network and KAVENEGAR_URL ({down})"
        return Finding(name, False, words, Because.SILENT)
    except GatewayRefused as refused:
        return Finding(name, False, f"refuses the key (status {refused.code}); check KAVENEGAR_API_KEY")
    finally:
        await client.aclose()
    if credit is not None and credit < LOW_CREDIT:
        words = f"only {credit:,} rial of credit are left; charge the account"
        return Finding(name, False, words, Because.ATTENTION)
    return Finding(
        name, True, f"{host}, {credit:,} rial of credit" if credit is not None else f"{host} answers"
    )
