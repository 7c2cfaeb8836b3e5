"""What waits, where: updates at the messengers, and the bot's inbox, outbox and timers.

The bot's own figures are those of its /metrics, which are gone while its power is cut; the messengers' are
always known.
"""

from __future__ import annotations

import re
from typing import Any

import aiohttp

from demo.emulators import Emulators

_SAMPLE = re.compile(r'^officer_(\w+?)(?:\{(\w+)="([^"]*)"\})? ([0-9.e+-]+)$', re.MULTILINE)
_SECONDS = 2.0


async def read_queues(emulators: Emulators, metrics_url: str | None) -> dict[str, Any]:
    """For the trouble panel. "bot" is None where its figures cannot be had."""
    at_messengers = {
        messenger.kind: len(messenger.server.state.queues[messenger.token].waiting)
        for messenger in emulators.messengers
    }
    return {"messengers": at_messengers, "bot": await _bot(metrics_url) if metrics_url else None}


async def _bot(metrics_url: str) -> dict[str, Any] | None:
    try:
        timeout = aiohttp.ClientTimeout(total=_SECONDS)
        async with (
            aiohttp.ClientSession(timeout=timeout, trust_env=False) as http,
            http.get(metrics_url) as answer,
        ):
            text = await answer.text()
    except (OSError, TimeoutError, aiohttp.ClientError):
        return None
    single: dict[str, float] = {}
    by_label: dict[str, dict[str, float]] = {}
    for name, label, value, figure in _SAMPLE.findall(text):
        if label:
            by_label.setdefault(name, {})[value] = float(figure)
        else:
            single[name] = float(figure)
    return {
        "inbox": single.get("updates_unfinished", 0),
        "inbox_oldest": single.get("oldest_unfinished_update_seconds", 0),
        "outbox": by_label.get("outbox_queued", {}),
        "outbox_oldest": single.get("oldest_queued_push_seconds", 0),
        "payments": by_label.get("payments", {}),
        "rests": by_label.get("messenger_rest_seconds", {}),
        "last_poll": by_label.get("last_poll_seconds", {}),
        "alerts": single.get("alerts_open", 0),
    }
