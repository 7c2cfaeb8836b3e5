"""Our own getUpdates: the offset moves only once the batch is in the inbox, and moves past anything.

See docs/performance.md 10.3.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
import re
import time
from typing import Any, cast

from telegram.error import TelegramError

from bot.messengers.intake.polling_offset import Offset
from bot.messengers.intake.receiver import Intake, update_number
from bot.messengers.transport.aiohttp_request import Fields
from bot.messengers.transport.backoff import backoff
from bot.messengers.transport.bale_request import from_bale
from bot.messengers.transport.channel import Channel
from storage.database.outage import log_unless_outage
from storage.enums import Messenger

log = logging.getLogger(__name__)

BATCH = 100
#: Seconds that the messenger holds a call open while nothing comes.
LONG_POLL_SECONDS = 25
#: Seconds after which a call that did not come back is given up.
WATCHDOG = LONG_POLL_SECONDS + 20
#: Jobs in this messenger's chat queues from which on we stop asking for more.
MAX_BACKLOG = 2000
LONGEST_PAUSE = 30.0
#: The same after a batch with nothing new: an update that comes meanwhile waits so long.
LONGEST_REST = 5.0
#: Seconds without any update after which the messenger has none of those that the offset was made from (they keep a day).
OFFSET_VALID_SECONDS = 2 * 24 * 3600.0
#: In a body that is no JSON.
_NUMBER = re.compile(rb'"update_id"\s*:\s*"?([0-9]{1,18})\b')


class PollingError(Exception):
    """getUpdates gave nothing usable."""

    def __init__(self, words: str, retry_after: float | None = None) -> None:
        self.retry_after = retry_after
        super().__init__(words)


class UnparsableError(PollingError):
    """Updates came, and something in them is no JSON: nested beyond all measure, a number of thousands of digits."""

    def __init__(self, body: bytes) -> None:
        self.body = body
        super().__init__("updates that are no JSON")


class Polling:
    def __init__(self, channel: Channel, intake: Intake) -> None:
        self._channel = channel
        self._intake = intake
        self._offset = Offset()
        #: Batches one after another that had nothing new and did not lead further; a line of the log has said so.
        self._stale, self._said = 0, False
        #: Monotonic time of the last update.
        self._heard = time.monotonic()
        #: 1 while an update that spoils the whole answer is looked for.
        self._limit = BATCH
        #: Monotonic time of the last good answer, at first of the start: for /metrics.
        self.last_good = self._heard

    async def run(self) -> None:
        """Poll until cancelled. Survives everything that a server or a network can do."""
        failures = 0
        while True:
            try:
                await self._intake.queues.wait_until_below(MAX_BACKLOG, self._channel.messenger)
                await self._poll_once()
                failures = 0
            except asyncio.CancelledError:
                raise
            except PollingError as error:
                failures += 1
                # However long it asks for: no update arrives until it is asked again.
                pause = min(error.retry_after or _pause(failures), LONGEST_PAUSE)
                log.warning("%s: getUpdates failed (%s); again in %.1f s", self._name, error, pause)
                await asyncio.sleep(pause)
            except Exception as error:
                # The database, most likely: the batch was not acknowledged and comes again.
                failures += 1
                log_unless_outage(log, "%s: a batch could not be stored", self._name, error=error)
                await asyncio.sleep(_pause(failures))

    @property
    def _name(self) -> str:
        return self._channel.messenger.value

    async def _poll_once(self) -> None:
        try:
            updates = await self._get_updates()
        except UnparsableError as error:
            await self._pass_over(error)
            return
        self.last_good = time.monotonic()
        if not updates:
            self._limit = BATCH
            if self.last_good - self._heard > OFFSET_VALID_SECONDS:
                self._offset.reset()
            return
        self._heard = self.last_good
        new = await self._intake.store_updates(self._channel.messenger, updates)
        numbers = [number for update in updates if (number := update_number(update)) is not None]
        await self._follow(numbers, len(updates), new)

    async def _pass_over(self, error: UnparsableError) -> None:
        """Ask for one by one, so that the others are taken; the one that spoils the answer is kept as it came."""
        if self._limit > 1:
            self._limit = 1
            return
        match = _NUMBER.search(error.body)
        number = int(match[1]) if match else None
        at = self._offset.value
        if at is None and number is None:
            raise error
        # One below the offset is the first that the messenger has, whatever it calls itself.
        expected = number if at is None or (number is not None and number >= at) else None
        new = await self._intake.keep_unreadable(self._channel.messenger, error.body, expected, "no JSON")
        self._limit = BATCH
        await self._follow([] if number is None else [number], 1, int(new))

    async def _follow(self, numbers: list[int], count: int, new: int) -> None:
        """Move past a batch that is stored. Where nothing in it was new, rest before the next: the messenger may give the
        same for ever."""
        asked = self._offset.value
        if not self._offset.follow(numbers, count):
            raise PollingError("updates came, and none has a number")
        if new:
            self._stale, self._said = 0, False
            return
        self._stale = 1 if self._offset.rose else self._stale + 1
        self._intake.resources.counters.stale_polls[self._channel.messenger] += 1
        if not self._said:
            self._said = True
            log.warning(
                "%s: %d updates came, nothing new among them (asked for %s, next %s); polling more slowly",
                self._name,
                count,
                asked,
                self._offset.value,
            )
        await pause_without_updates(backoff(0.1, self._stale, LONGEST_REST))

    async def _get_updates(self) -> list[Any]:
        fields = {"timeout": str(LONG_POLL_SECONDS), "limit": str(self._limit)}
        if self._offset.value is not None:
            fields["offset"] = str(self._offset.value)
        if self._channel.allowed_updates is not None:
            fields["allowed_updates"] = json.dumps(self._channel.allowed_updates)
        # Around the Bale layer: its answers are completed one update at a time, in the chat queues.
        request = getattr(self._channel.request, "inner", self._channel.request)
        try:
            # Not `wait_for`: in Python 3.11 it forgets a cancellation that comes together with the answer.
            async with asyncio.timeout(WATCHDOG):
                status, body = await request.do_request(
                    f"{self._channel.api_url}/getUpdates",
                    "POST",
                    cast(Any, Fields(fields, None)),
                    read_timeout=LONG_POLL_SECONDS + 10,
                )
        except TimeoutError:
            raise PollingError("no answer in time") from None
        except TelegramError as error:
            raise PollingError(str(error)) from error
        return self._result(status, body)

    def _result(self, status: int, body: bytes) -> list[Any]:
        try:
            answer = json.loads(body)
        except (ValueError, RecursionError):
            if status < 300 and _holds_updates(body):
                raise UnparsableError(body) from None
            answer = None
        if isinstance(answer, dict) and isinstance(answer.get("result"), list) and status < 300:
            return cast(list[Any], answer["result"])
        if self._channel.messenger is Messenger.BALE:
            status, body = from_bale("getUpdates", status, body)
            answer = json.loads(body)
        if not isinstance(answer, dict):
            raise PollingError(f"status {status}, no JSON")
        if status == 409:
            self._intake.resources.counters.note_poll_conflict(self._channel.messenger)
            raise PollingError("409: another process polls with this token, or a webhook is set", 5.0)
        if status in (401, 403, 404):
            raise PollingError(f"status {status}: {answer.get('description')}", LONGEST_PAUSE)
        parameters = answer.get("parameters")
        retry_after = parameters.get("retry_after") if isinstance(parameters, dict) else None
        wait = float(retry_after) if isinstance(retry_after, int | float) and retry_after > 0 else None
        raise PollingError(f"status {status}: {answer.get('description')}", wait)


def _holds_updates(body: bytes) -> bool:
    """Whether a body that is no JSON is the messenger's all the same, and whole: not a page of some gateway."""
    return body.lstrip()[:1] == b"{" and body.rstrip()[-1:] == b"}" and b'"update_id"' in body


async def pause_without_updates(seconds: float) -> None:
    """The pause after a batch with nothing new."""
    await asyncio.sleep(seconds)


def _pause(failures: int) -> float:
    return backoff(0.3, failures, LONGEST_PAUSE) * random.uniform(0.7, 1.0)
