"""`bot.py probe sms`: the SMS provider, by one message to a number of one's own."""

from __future__ import annotations

import asyncio
import time

from bot.config.settings import Settings
from bot.gateways.factory import sms_gateway
from bot.gateways.interfaces import GatewayDown, GatewayRefused, SmsAccepted, SmsGateway, SmsStatus
from bot.probe.report import Report
from storage.tables.column_types import utcnow

#: Seconds between looks at a message on its way.
PAUSE = 3.0
TEXT = "این پیام آزمایشی سامانه مسئول فنی است."


async def probe_sms(settings: Settings, report: Report, mobile: str, *, wait: float) -> None:
    """`wait`: seconds in which the message may arrive."""
    client = sms_gateway(settings)
    try:
        try:
            credit = await client.credit()
        except (GatewayDown, GatewayRefused) as error:
            report.add("the credit", "an amount", error, ok=False)
            return
        report.add(
            "the credit", "an amount", "an amount" if credit is not None else "none", ok=credit is not None
        )
        number = int(utcnow().timestamp() * 1000)
        sent = await client.send(to=mobile, text=TEXT, idempotency_id=number)
        report.add("an SMS is sent", "SmsAccepted", _told(sent), ok=isinstance(sent, SmsAccepted))
        if not isinstance(sent, SmsAccepted):
            return
        again = await client.send(to=mobile, text=TEXT, idempotency_id=number)
        same = isinstance(again, SmsAccepted) and again.provider_id == sent.provider_id
        report.add(
            "the same SMS again",
            "the first one's number",
            "the first one's number" if same else _told(again),
            ok=same,
        )
        await _arrives(client, report, sent.provider_id, wait)
        for ours in settings.sms_templates():
            tokens = ("۱۴۰۵/۰۹/۰۵", "آزمایش", "آزمایش", "آزمایش")
            sent = await client.send(
                to=mobile, text=TEXT, idempotency_id=number + 1, template=ours, tokens=tokens
            )
            report.add(f"the template «{ours}»", "SmsAccepted", _told(sent), ok=isinstance(sent, SmsAccepted))
    finally:
        await client.aclose()


async def _arrives(client: SmsGateway, report: Report, provider_id: str, wait: float) -> None:
    until, state = time.monotonic() + wait, SmsStatus.UNKNOWN
    while True:
        try:
            state = (await client.status([provider_id])).get(provider_id, SmsStatus.UNKNOWN)
        except GatewayDown as error:
            report.add("what became of it", "DELIVERED", error, ok=False)
            return
        if state in (SmsStatus.DELIVERED, SmsStatus.FAILED) or time.monotonic() >= until:
            break
        await asyncio.sleep(PAUSE)
    report.add("what became of it", "DELIVERED", state, ok=state is SmsStatus.DELIVERED)


def _told(result: object) -> str:
    reason = getattr(result, "reason", "")
    return f"{type(result).__name__} {reason}".strip()
