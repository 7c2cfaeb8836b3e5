"""Our own getUpdates: the offset moves only once the batch is in the inbox, and moves past anything (LESSONS B28)."""

from __future__ import annotations

import asyncio
import json
import logging
import random
import re
import time
from typing import Any, cast

from telegram.error import TelegramError

from bot.messengers.bale import from_bale
from bot.messengers.channel import Channel
from bot.messengers.intake import Intake, update_number
from bot.messengers.request import Fields
from storage.away import report
from storage.states import Messenger

log = logging.getLogger(__name__)

BATCH = 100
#: Seconds that the messenger holds a call open while nothing comes.
HOLD = 25
#: Seconds after which a call that did not come back is given up.
WATCHDOG = HOLD + 20
#: Jobs in this messenger's lanes from which on we stop asking for more.
ENOUGH = 2000
LONGEST_PAUSE = 30.0
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
        self._offset: int | None = None
        #: 1 while an update that spoils the whole answer is looked for.
        self._limit = BATCH
        #: Monotonic time of the last good answer, for health and doctor.
        self.last_good: float | None = None

    async def run(self) -> None:
        """Poll until cancelled. Survives everything that a server or a network can do."""
        failures = 0
        while True:
            try:
                await self._intake.way.lanes.room(ENOUGH, self._channel.messenger)
                await self._once()
                failures = 0
            except asyncio.CancelledError:
                raise
            except PollingError as error:
                failures += 1
                pause = error.retry_after or _pause(failures)
                log.warning("%s: getUpdates failed (%s); again in %.1f s", self._name, error, pause)
                await asyncio.sleep(pause)
            except Exception as error:
                # The database, most likely: the batch was not acknowledged and comes again.
                failures += 1
                report(log, "%s: a batch could not be stored", self._name, error=error)
                await asyncio.sleep(_pause(failures))

    @property
    def _name(self) -> str:
        return self._channel.messenger.value

    async def _once(self) -> None:
        try:
            updates = await self._ask()
        except UnparsableError as error:
            await self._pass_over(error)
            return
        self.last_good = time.monotonic()
        if not updates:
            self._limit = BATCH
            return
        await self._intake.take(self._channel.messenger, updates)
        offset = _next_offset(self._offset, updates)
        if offset is None:
            raise PollingError("updates came, and none has a number")
        self._offset = offset

    async def _pass_over(self, error: UnparsableError) -> None:
        """Ask for one by one, so that the others are taken; the one that spoils the answer is kept as it came."""
        if self._limit > 1:
            self._limit = 1
            return
        found = _NUMBER.search(error.body)
        number = int(found[1]) if found else None
        if self._offset is not None and (number is None or number < self._offset):
            # It is the first that the messenger has, whatever it calls itself.
            number, after = None, self._offset + 1
        elif number is not None:
            after = number + 1
        else:
            raise error
        await self._intake.keep_unreadable(self._channel.messenger, error.body, number, "no JSON")
        self._offset, self._limit = after, BATCH

    async def _ask(self) -> list[Any]:
        fields = {"timeout": str(HOLD), "limit": str(self._limit)}
        if self._offset is not None:
            fields["offset"] = str(self._offset)
        if self._channel.allowed_updates is not None:
            fields["allowed_updates"] = json.dumps(self._channel.allowed_updates)
        # Around the Bale layer: its answers are made whole one update at a time, in the lanes.
        request = getattr(self._channel.request, "inner", self._channel.request)
        try:
            # Not `wait_for`: in Python 3.11 it forgets a cancellation that comes together with the answer.
            async with asyncio.timeout(WATCHDOG):
                status, body = await request.do_request(
                    f"{self._channel.api_url}/getUpdates",
                    "POST",
                    cast(Any, Fields(fields, None)),
                    read_timeout=HOLD + 10,
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
            raise PollingError("409: another process polls with this token, or a webhook is set", 5.0)
        if status in (401, 403, 404):
            raise PollingError(f"status {status}: {answer.get('description')}", LONGEST_PAUSE)
        parameters = answer.get("parameters")
        retry_after = parameters.get("retry_after") if isinstance(parameters, dict) else None
        wait = float(retry_after) if isinstance(retry_after, int | float) and retry_after > 0 else None
        raise PollingError(f"status {status}: {answer.get('description')}", wait)


def _next_offset(offset: int | None, updates: list[Any]) -> int | None:
    """Past the highest id; past as many as came where none can be read, or only such as were confirmed long ago: what
    the messenger gives has a higher number there, whatever it shows. None: there is nothing to count from."""
    numbers = [number for update in updates if (number := update_number(update)) is not None]
    after = max(numbers) + 1 if numbers else None
    if offset is None or (after is not None and after > offset):
        return after
    return offset + len(updates)


def _holds_updates(body: bytes) -> bool:
    """Whether a body that is no JSON is the messenger's all the same, and whole: not a page of some gateway."""
    return body.lstrip()[:1] == b"{" and body.rstrip()[-1:] == b"}" and b'"update_id"' in body


def _pause(failures: int) -> float:
    return float(min(LONGEST_PAUSE, 0.3 * 2 ** min(failures, 8))) * random.uniform(0.7, 1.0)
