"""Zarinpal REST v4 (docs/gateways.md 1.1). The merchant id is the credential; rial only, and we say so."""

from collections.abc import Mapping
from typing import Any

import httpx

from bot.gateways.http import FIRST_WAIT, parse_int, post_json, with_retries
from bot.gateways.interfaces import (
    CallbackHint,
    Created,
    GatewayDown,
    GatewayRefused,
    InquiryStatus,
    NotPaid,
    Redirect,
    Retry,
    Unverified,
    Verification,
    Verified,
    WrongAmount,
)

PAID, PAID_BEFORE = 100, 101
TOO_MANY_ATTEMPTS = -12
WRONG_AMOUNT, NOT_SUCCESSFUL, INTERNAL = -50, -51, -52
#: Another merchant's authority, an invalid one, none found.
NOT_OURS = frozenset({-53, -54, -55})
_STANDING: dict[str, InquiryStatus] = {
    "PAID": "paid",
    "VERIFIED": "verified",
    "IN_BANK": "pending",
    "FAILED": "failed",
    "REVERSED": "reversed",
}


def parse_answer(body: Mapping[str, Any]) -> tuple[int | None, dict[str, Any]]:
    """(code, data) of an answer. `data` and `errors` are [] or an object; a code may be text, or hide in a list:
    {"errors": {"authority": ["Invalid authority", "-54"]}}."""
    data = body.get("data")
    data = data if isinstance(data, dict) else {}
    errors = body.get("errors")
    if isinstance(errors, dict) and errors:
        code = parse_int(errors.get("code"))
        if code is None:
            words = (word for value in errors.values() if isinstance(value, list) for word in value)
            code = next((number for word in words if (number := parse_int(word)) is not None), None)
        return code, {}
    return parse_int(data.get("code")), data


class Zarinpal:
    """`url` is the root of the host; `client` keeps our time limits (bot.gateways.http.make_client)."""

    name = "zarinpal"

    def __init__(
        self, client: httpx.AsyncClient, *, url: str, merchant_id: str, wait: float = FIRST_WAIT
    ) -> None:
        self._client = client
        self._url = url.rstrip("/")
        self._merchant = merchant_id
        self._wait = wait

    async def create(
        self, *, amount_rial: int, order_id: int, description: str, callback_url: str, mobile: str | None
    ) -> Created:
        metadata: dict[str, Any] = {"order_id": str(order_id), "auto_verify": False}
        if mobile:
            metadata["mobile"] = "0" + mobile.removeprefix("+98")
        code, data = await self._post(
            "request",
            amount=amount_rial,
            currency="IRR",
            callback_url=callback_url,
            description=description[:500],
            metadata=metadata,
        )
        authority = data.get("authority")
        if code == PAID and isinstance(authority, str) and authority:
            return Created(authority, self.redirect(authority))
        if code in (None, PAID, INTERNAL):
            raise GatewayDown(f"code {code}")
        raise GatewayRefused(code, alert=code != TOO_MANY_ATTEMPTS)

    def redirect(self, ref: str) -> Redirect:
        return Redirect(f"{self._url}/pg/StartPay/{ref}")

    def parse_callback(self, params: Mapping[str, str]) -> CallbackHint:
        return CallbackHint(params.get("Authority"), params.get("Status") == "OK")

    async def verify(self, ref: str, amount_rial: int) -> Verification:
        try:
            code, data = await self._post_with_retries("verify", authority=ref, amount=amount_rial)
        except GatewayDown as down:
            return Retry(answer={"trouble": str(down)})
        answer = {"code": code, **data}
        if code in (PAID, PAID_BEFORE):
            # 101 on a payment we have not booked: our earlier verify succeeded and its answer was lost.
            return Verified(
                bank_ref=str(data.get("ref_id") or ref),
                card_masked=str(data["card_pan"]) if data.get("card_pan") else None,
                already=code == PAID_BEFORE,
                answer=answer,
            )
        if code == WRONG_AMOUNT:
            return WrongAmount(code, answer)
        if code == NOT_SUCCESSFUL or code in NOT_OURS:
            return NotPaid(code, answer, alert=code in NOT_OURS)
        return Retry(code, answer, alert=True)

    async def inquire(self, ref: str) -> InquiryStatus:
        try:
            code, data = await self._post_with_retries("inquiry", authority=ref)
        except GatewayDown:
            return "unknown"
        if code in NOT_OURS:
            return "failed"
        return _STANDING.get(str(data.get("status")), "unknown")

    async def unverified(self) -> list[Unverified]:
        _, data = await self._post_with_retries("unVerified")
        listed = data.get("authorities")
        return [
            Unverified(entry["authority"], parse_int(entry.get("amount")))
            for entry in (listed if isinstance(listed, list) else [])
            if isinstance(entry, dict) and isinstance(entry.get("authority"), str)
        ]

    async def check(self) -> None:
        code, _ = await self._post("unVerified")
        if code is None:
            raise GatewayDown("no code")
        if code != PAID:
            raise GatewayRefused(code)

    async def aclose(self) -> None:
        await self._client.aclose()

    async def _post_with_retries(self, call: str, **body: Any) -> tuple[int, dict[str, Any]]:
        async for attempt in with_retries(self._wait):
            with attempt:
                code, data = await self._post(call, **body)
                if code is None or code == INTERNAL:
                    raise GatewayDown(f"code {code}")
                return code, data
        raise GatewayDown("no attempt")  # not reached: the last attempt raises

    async def _post(self, call: str, **body: Any) -> tuple[int | None, dict[str, Any]]:
        status, answer = await post_json(
            self._client,
            f"{self._url}/pg/v4/payment/{call}.json",
            json={"merchant_id": self._merchant, **body},
        )
        code, data = parse_answer(answer)
        if code is None and status >= 400:
            raise GatewayDown(f"HTTP {status}")
        return code, data
