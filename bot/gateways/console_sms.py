"""An SMS "provider" for a machine without one: every message becomes a line of the log."""

import logging
from collections.abc import Sequence

from bot.gateways.interfaces import SmsAccepted, SmsResult, SmsStatus

log = logging.getLogger(__name__)


class ConsoleSms:
    name = "console"

    async def send(
        self,
        *,
        to: str,
        text: str,
        idempotency_id: int,
        template: str | None = None,
        tokens: Sequence[str] = (),
    ) -> SmsResult:
        log.info("sms %s to •••%s: %s", idempotency_id, to[-3:], text)
        return SmsAccepted(f"console-{idempotency_id}", 0)

    async def status(self, provider_ids: Sequence[str]) -> dict[str, SmsStatus]:
        return dict.fromkeys(provider_ids, SmsStatus.DELIVERED)

    async def credit(self) -> None:
        return None

    async def aclose(self) -> None:
        pass
