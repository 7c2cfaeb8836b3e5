"""`bot.py probe gateway`: the payment gateway, or its sandbox, through the product's own client. Nothing is paid unless somebody
pays by hand."""

from __future__ import annotations

import asyncio
import re
import time
from urllib.parse import urlsplit

from bot.config.output import say
from bot.config.settings import Settings
from bot.gateways.factory import payment_gateway
from bot.gateways.interfaces import GatewayDown, GatewayRefused, NotPaid, PaymentGateway, Verified
from bot.probe.report import Report

#: Rial: what a terminal takes least (docs/gateways.md).
AMOUNT = 10_000
#: Seconds between looks at a payment that somebody makes.
PAUSE = 2.0
_REFS = {"zarinpal": re.compile(r"[AS][0-9A-Za-z]{35}"), "zibal": re.compile(r"\d+")}


async def probe_gateway(settings: Settings, report: Report, *, wait: float) -> None:
    """`wait`: seconds for somebody to pay in the browser; 0: nobody is asked to."""
    client = payment_gateway(settings)
    try:
        if not await _knows_merchant(client, report):
            return
        opened = await _create(client, settings, report)
        if opened is None:
            return
        ref, address = opened
        await _unpaid(client, report, ref)
        await _unverified(client, report)
        if wait:
            await _paid(client, report, ref, address, wait)
    finally:
        await client.aclose()


async def _knows_merchant(client: PaymentGateway, report: Report) -> bool:
    try:
        await client.check()
    except (GatewayDown, GatewayRefused) as error:
        report.add("the merchant", "it is known", error, ok=False)
        return False
    report.add("the merchant", "it is known", "known", ok=True)
    return True


async def _create(client: PaymentGateway, settings: Settings, report: Report) -> tuple[str, str] | None:
    back = f"{settings.public_url or 'https://pay.example.ir'}/pay/callback/{client.name}/0"
    try:
        created = await client.create(
            amount_rial=AMOUNT, order_id=0, description="آزمایش درگاه", callback_url=back, mobile=None
        )
    except (GatewayDown, GatewayRefused) as error:
        report.add(f"a payment of {AMOUNT:,} rial is opened", "a reference", error, ok=False)
        return None
    report.private = (*report.private, created.ref)
    form = _REFS[client.name]
    ok = form.fullmatch(created.ref) is not None
    report.add(
        f"a payment of {AMOUNT:,} rial is opened",
        f"a reference like {form.pattern}",
        "so" if ok else "another form",
        ok=ok,
    )
    parts = urlsplit(created.redirect.url)
    there = parts.hostname == urlsplit(settings.payment_url()).hostname
    report.add(
        "the payer's page",
        "an address at the gateway's host",
        f"{parts.scheme} at the gateway's host" if there else parts.hostname,
        ok=there and created.redirect.fields is None,
    )
    return created.ref, created.redirect.url


async def _unpaid(client: PaymentGateway, report: Report, ref: str) -> None:
    state = await client.inquire(ref)
    report.add("inquiry before it is paid", "pending", state, ok=state == "pending")
    verified = await client.verify(ref, AMOUNT)
    code = getattr(verified, "code", "–")
    came = f"{type(verified).__name__}, code {code}"
    report.add("verify before it is paid", "NotPaid", came, ok=isinstance(verified, NotPaid))
    unknown = await client.inquire(ref[:-1] + ("1" if ref[-1] == "0" else "0"))
    came = f"{unknown}"
    report.add(
        "inquiry about a reference that there is not",
        "not paid, nor pending",
        came,
        ok=unknown in ("failed", "unknown"),
    )


async def _unverified(client: PaymentGateway, report: Report) -> None:
    try:
        waiting = await client.unverified()
    except GatewayDown as error:
        report.add("the list of unverified payments", "a list", error, ok=False)
        return
    report.add("the list of unverified payments", "a list", f"{len(waiting)} payments", ok=True)


async def _paid(client: PaymentGateway, report: Report, ref: str, address: str, wait: float) -> None:
    say(
        f"  open this page, pay, and do not close it before the bank sends you back ({wait:.0f} s): {address}"
    )
    until = time.monotonic() + wait
    state = await client.inquire(ref)
    while state not in ("paid", "verified") and time.monotonic() < until:
        await asyncio.sleep(PAUSE)
        state = await client.inquire(ref)
    if state not in ("paid", "verified"):
        report.not_seen("a payment that somebody made", "paid", f"{state} after {wait:.0f} s")
        return
    report.add("inquiry after it is paid", "paid", state, ok=state == "paid")
    first, second = await client.verify(ref, AMOUNT), await client.verify(ref, AMOUNT)
    ok = isinstance(first, Verified) and not first.already
    report.add("verify after it is paid", "Verified", type(first).__name__, ok=ok)
    ok = isinstance(second, Verified) and second.already
    report.add("verify a second time", "Verified, as one that was before", type(second).__name__, ok=ok)
    if isinstance(first, Verified):
        masked = first.card_masked is None or "*" in first.card_masked
        report.add("the card's number", "masked", "masked" if masked else "whole", ok=masked)
    state = await client.inquire(ref)
    report.add("inquiry after verify", "verified", state, ok=state == "verified")
