"""Zibal IPG v1. Rial only; its verify tells the amount and leaves the comparison to us.

See docs/gateways.md 1.2.
"""

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

OK, VERIFIED_BEFORE, NOT_SUCCESSFUL, BAD_TRACK = 100, 201, 202, 203
#: The merchant is unknown, not active, not valid.
NO_MERCHANT = (102, 103, 104)
_STANDING: dict[int, InquiryStatus] = {
    -1: "pending",
    1: "verified",
    2: "paid",
    3: "failed",
    **dict.fromkeys(range(4, 13), "failed"),
    15: "reversed",
    16: "reversed",
    18: "reversed",
}


class Zibal:
    """`url` is the root of the host; merchant "zibal" is everybody's test merchant."""

    name = "zibal"

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
        body: dict[str, Any] = {
            "amount": amount_rial,
            "callbackUrl": callback_url,
            "description": description,
            "orderId": str(order_id),
        }
        if mobile:
            body["mobile"] = "0" + mobile.removeprefix("+98")
        result, answer = await self._post("request", **body)
        track = parse_int(answer.get("trackId"))
        if result == OK and track:
            return Created(str(track), self.redirect(str(track)))
        if result in (None, OK):
            raise GatewayDown(f"result {result}")
        raise GatewayRefused(result)

    def redirect(self, ref: str) -> Redirect:
        return Redirect(f"{self._url}/start/{ref}")

    def parse_callback(self, params: Mapping[str, str]) -> CallbackHint:
        return CallbackHint(params.get("trackId"), params.get("success") == "1")

    async def verify(self, ref: str, amount_rial: int) -> Verification:
        try:
            result, answer = await self._post_with_retries("verify", ref)
            if result in (OK, VERIFIED_BEFORE) and parse_int(answer.get("amount")) is None:
                # Some "already verified" answers are bare; the amount must be known before we book it.
                _, inquiry = await self._post_with_retries("inquiry", ref)
                answer = {**inquiry, "result": result}
        except GatewayDown as down:
            return Retry(answer={"trouble": str(down)})
        if result in (OK, VERIFIED_BEFORE):
            amount = parse_int(answer.get("amount"))
            if amount is None:
                return Retry(result, answer)
            if amount != amount_rial:
                return WrongAmount(result, answer)
            return Verified(
                bank_ref=str(answer.get("refNumber") or ref),
                card_masked=str(answer["cardNumber"]) if answer.get("cardNumber") else None,
                already=result == VERIFIED_BEFORE,
                answer=answer,
            )
        if result in (NOT_SUCCESSFUL, BAD_TRACK):
            return NotPaid(result, answer, alert=result == BAD_TRACK)
        return Retry(result, answer, alert=True)

    async def inquire(self, ref: str) -> InquiryStatus:
        try:
            result, answer = await self._post_with_retries("inquiry", ref)
        except GatewayDown:
            return "unknown"
        if result == BAD_TRACK:
            return "failed"
        return _STANDING.get(parse_int(answer.get("status")) or 0, "unknown")

    async def unverified(self) -> list[Unverified]:
        """Zibal has no such list."""
        return []

    async def check(self) -> None:
        result, _ = await self._post("inquiry", trackId=1)
        if result is None:
            raise GatewayDown("no result")
        if result in NO_MERCHANT:
            raise GatewayRefused(result)

    async def aclose(self) -> None:
        await self._client.aclose()

    async def _post_with_retries(self, call: str, ref: str) -> tuple[int, dict[str, Any]]:
        async for attempt in with_retries(self._wait):
            with attempt:
                result, answer = await self._post(call, trackId=parse_int(ref))
                if result is None:
                    raise GatewayDown("no result")
                return result, answer
        raise GatewayDown("no attempt")  # not reached: the last attempt raises

    async def _post(self, call: str, **body: Any) -> tuple[int | None, dict[str, Any]]:
        status, answer = await post_json(
            self._client, f"{self._url}/v1/{call}", json={"merchant": self._merchant, **body}
        )
        result = parse_int(answer.get("result"))
        if result is None and status >= 400:
            raise GatewayDown(f"HTTP {status}")
        return result, answer
