"""Kavenegar's SMS. The key is part of every address: it must reach no log and no exception.

See docs/gateways.md 2.1.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from bot.gateways.http import parse_int, post_json, with_retries
from bot.gateways.interfaces import (
    GatewayDown,
    GatewayRefused,
    SmsAccepted,
    SmsRejected,
    SmsResult,
    SmsRetry,
    SmsStatus,
)

OK, NO_CREDIT = 200, 418
#: 402 failed, 409 busy, 429 limited, 451 too many calls.
_RETRYABLE = frozenset({402, 409, 429, 451})
#: Account, key, line, template: staff must repair these.
_CONFIGURATION = frozenset({401, 403, 407, 412, 416, NO_CREDIT, 420, 424, 426, 427, 501})
_DELIVERY = {
    1: SmsStatus.ON_ITS_WAY,
    2: SmsStatus.ON_ITS_WAY,
    4: SmsStatus.ON_ITS_WAY,
    5: SmsStatus.ON_ITS_WAY,
    6: SmsStatus.FAILED,
    10: SmsStatus.DELIVERED,
    11: SmsStatus.FAILED,
    13: SmsStatus.FAILED,
    14: SmsStatus.FAILED,
}
MAX_TEXT = 900
#: token names of verify/lookup in the order of our tokens, with the spaces and characters that each may hold.
_TOKENS = (("token", 0), ("token10", 5), ("token20", 8), ("token2", 0))
MAX_TOKEN = 100


def fit_token(value: str, spaces: int) -> str:
    """`value` within the limits of a lookup token: at most `spaces` spaces, 100 characters, one line."""
    words = value.replace("_", " ").split()
    joiner = " " if spaces else "‌"  # zero-width non-joiner: a lookup token may hold no space
    if spaces and len(words) > spaces + 1:
        words = words[: spaces + 1]
    return joiner.join(words)[:MAX_TOKEN]


class Kavenegar:
    """`sender` None lets the account's default line send. `templates` maps our template names to theirs;
    a message whose template is listed goes by verify/lookup (reaches blocked advertising, but is not idempotent)."""

    name = "kavenegar"

    def __init__(
        self,
        client: httpx.AsyncClient,
        *,
        url: str,
        api_key: str,
        sender: str | None = None,
        templates: Mapping[str, str] | None = None,
    ) -> None:
        self._client = client
        self._root = f"{url.rstrip('/')}/v1/{api_key}"
        self._sender = sender
        self._templates = dict(templates or {})

    def __repr__(self) -> str:
        return f"Kavenegar(sender={self._sender!r})"

    async def send(
        self,
        *,
        to: str,
        text: str,
        idempotency_id: int,
        template: str | None = None,
        tokens: Sequence[str] = (),
    ) -> SmsResult:
        receptor = "0" + to.removeprefix("+98")
        theirs = self._templates.get(template or "")
        if theirs and tokens:
            call = "verify/lookup"
            form = {"receptor": receptor, "template": theirs}
            for (name, spaces), value in zip(_TOKENS, tokens, strict=False):
                form[name] = fit_token(value, spaces)
        else:
            call = "sms/send"
            form = {"receptor": receptor, "message": text[:MAX_TEXT], "localid": str(idempotency_id)}
            if self._sender:
                form["sender"] = self._sender
        repeatable = call == "sms/send"
        try:
            status, entries = await self._post(call, form)
        except GatewayDown as down:
            return SmsRetry(str(down), unknown=not repeatable)
        if status == OK and entries and entries[0].get("messageid") is not None:
            return SmsAccepted(str(entries[0]["messageid"]), parse_int(entries[0].get("cost")))
        if status == OK:
            return SmsRetry("accepted without a message id", unknown=not repeatable)
        if status in _RETRYABLE or (status >= 500 and status != 501):
            return SmsRetry(f"status {status}")
        return SmsRejected(f"status {status}", alert=status in _CONFIGURATION)

    async def status(self, provider_ids: Sequence[str]) -> dict[str, SmsStatus]:
        statuses: dict[str, SmsStatus] = {}
        for start in range(0, len(provider_ids), 500):
            form = {"messageid": ",".join(provider_ids[start : start + 500])}
            async for attempt in with_retries():
                with attempt:
                    status, entries = await self._post("sms/status", form)
                    if status != OK:
                        raise GatewayDown(f"status {status}")
            for entry in entries:
                statuses[str(entry.get("messageid"))] = _DELIVERY.get(
                    parse_int(entry.get("status")) or 0, SmsStatus.UNKNOWN
                )
        return statuses

    async def credit(self) -> int | None:
        status, account = await self._call("account/info", {})
        if status != OK:
            raise GatewayRefused(status)
        return parse_int(account.get("remaincredit")) if isinstance(account, dict) else None

    async def aclose(self) -> None:
        await self._client.aclose()

    async def _post(self, call: str, form: dict[str, str]) -> tuple[int, list[dict[str, Any]]]:
        """(status, entries). Raises GatewayDown where the answer is not Kavenegar's."""
        status, entries = await self._call(call, form)
        return status, [entry for entry in entries if isinstance(entry, dict)] if isinstance(
            entries, list
        ) else []

    async def _call(self, call: str, form: dict[str, str]) -> tuple[int, Any]:
        """(status, whatever came under "entries"). Raises GatewayDown."""
        http_status, body = await post_json(self._client, f"{self._root}/{call}.json", form=form)
        head, entries = body.get("return"), body.get("entries")
        status = parse_int(head.get("status")) if isinstance(head, dict) else None
        if status is None:
            raise GatewayDown(f"HTTP {http_status}")
        return status, entries
