"""`probe`: the real messenger, payment gateway or SMS provider, against what the product expects of it."""

from __future__ import annotations

import asyncio
import os
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.common import load_settings
from bot.config.output import say
from bot.config.settings import BadSettingError, Settings
from storage.enums import Messenger
from storage.ownership import make_folder

if TYPE_CHECKING:
    from bot.probe.report import Report


class Subject(StrEnum):
    TELEGRAM = "telegram"
    BALE = "bale"
    GATEWAY = "gateway"
    SMS = "sms"


def probe(
    what: Annotated[Subject, typer.Argument(help="telegram, bale, gateway or sms")],
    chat: Annotated[int | None, typer.Option(help="id of the tester's private chat with the bot")] = None,
    mobile: Annotated[str | None, typer.Option(help="a number of one's own, for sms")] = None,
    wait: Annotated[
        float, typer.Option(help="seconds for each thing that a person does; 0: without a person")
    ] = 120,
    flood: Annotated[
        bool, typer.Option("--flood", help="also send until the messenger refuses (429)")
    ] = False,
    large: Annotated[bool, typer.Option("--large", help="also send files of 15, 25 and 45 MB")] = False,
    report: Annotated[Path | None, typer.Option(help="where to; else data/probe-….md")] = None,
) -> None:
    """Try every method and shape that the bot relies on, and compare with what is expected (docs/messengers.md 8).

    Give it a bot of its own, which nobody else writes to. The report holds no token and nothing personal. Status 0 where all
    was seen and as expected, 1 where not."""
    from bot.probe.report import Report
    from storage.tables.column_types import utcnow

    settings = load_settings()
    path = report or Path("data") / f"probe-{what}-{utcnow():%Y-%m-%d-%H%M%S}.md"
    if report is None:
        make_folder(path.parent)
    if not os.access(path.parent, os.W_OK):
        raise BadSettingError(f"--report: the folder {path.parent} cannot be written; name another")
    found = Report(_name(what, settings), private=tuple(settings.secrets()))
    if what is Subject.GATEWAY:
        if settings.merchant_id() is None:
            raise BadSettingError(f"{settings.payment_gateway.upper()}_MERCHANT_ID: must be set")
        from bot.probe.gateway import probe_gateway

        asyncio.run(probe_gateway(settings, found, wait=wait))
    elif what is Subject.SMS:
        asyncio.run(_sms(settings, found, mobile, wait))
    else:
        asyncio.run(_messenger(settings, found, Messenger(what.value), chat, wait, flood=flood, large=large))
    path.write_text(found.markdown(), encoding="utf-8")
    say(f"{found.summary()}; the report is {path}")
    raise SystemExit(found.status)


def _name(what: Subject, settings: Settings) -> str:
    named = {Subject.GATEWAY: settings.payment_gateway, Subject.SMS: settings.sms_gateway}
    return f"{what} ({named[what]})" if what in named else what.value


async def _sms(settings: Settings, report: Report, mobile: str | None, wait: float) -> None:
    from bot.core.refusals import Refusal
    from bot.probe.sms import probe_sms
    from bot.rules import validators

    if mobile is None:
        raise BadSettingError("--mobile: name a number of your own")
    if settings.sms_gateway != "kavenegar" or settings.kavenegar_api_key is None:
        raise BadSettingError("SMS_GATEWAY: must be kavenegar, with KAVENEGAR_API_KEY, to be tried")
    try:
        number = validators.mobile(mobile)
    except Refusal:
        raise BadSettingError(
            "--mobile: is not a mobile number; write it with its eleven digits, 09…"
        ) from None
    report.private = (*report.private, number, number.removeprefix("+98"))
    await probe_sms(settings, report, number, wait=wait)


async def _messenger(
    settings: Settings,
    report: Report,
    messenger: Messenger,
    chat: int | None,
    wait: float,
    *,
    flood: bool,
    large: bool,
) -> None:
    from bot.probe import automatic, person
    from bot.probe.bot_api import BotApi
    from bot.probe.messenger import begin

    given = settings.messengers().get(messenger)
    if given is None:
        raise BadSettingError(f"{messenger.value.upper()}_TOKEN: must be set")
    if chat is None:
        raise BadSettingError("--chat: name the tester's chat, who has started the bot")
    report.private = (*report.private, given.token, str(chat))
    async with BotApi(given) as api:
        probe = await begin(messenger, api, chat, report)
        probe.wait = wait
        steps = [*automatic.AUTOMATIC, *[automatic.large] * large, *(person.BY_HAND if wait else [])]
        # A chat that was flooded, or has blocked the bot, is of no more use.
        steps += [automatic.flood] * flood + ([person.block] if wait else [])
        await probe.run(steps)
        probe.facts.settle("file_unique_id", "file_unique_id and size of files")
        if wait:
            probe.facts.settle("chat_instance", "chat_instance of a pressed button")
