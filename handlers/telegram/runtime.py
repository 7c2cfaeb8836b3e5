"""The messengers of a running service: started, kept running, stopped. A failure of one does not stop the
other."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Mapping
from typing import Any

from telegram.error import InvalidToken, RetryAfter, TelegramError

from bot.application.resources import Resources
from bot.application.routes import Routes
from bot.core.counters import MessengerState
from bot.messengers.delivery.outbox import Outbox
from bot.messengers.delivery.screens import ScreenDelivery
from bot.messengers.intake.polling import Polling
from bot.messengers.intake.receiver import Intake
from bot.messengers.transport.backoff import backoff
from bot.messengers.transport.channel import Channel
from bot.messengers.transport.telegram import pause_of
from conversations.engine.engine import Engine
from handlers.telegram.bot_profile import ProfilePublisher
from handlers.telegram.chat_queues import Lanes
from handlers.telegram.dispatcher import SETTLE, UpdateDispatcher
from handlers.telegram.processor import UpdateProcessor
from handlers.telegram.redisplay import Ticker
from handlers.telegram.update_handler import ConversationUpdateHandler, note_error
from storage.database.outage import log_unless_outage
from storage.enums import Messenger

log = logging.getLogger(__name__)

LONGEST_PAUSE = 60.0
#: Seconds between looks for what another process left behind.
SWEEP = 30.0
#: Seconds in which the start waits for each messenger's first answer.
FIRST_TRY = 5.0


class Service:
    def __init__(
        self,
        resources: Resources,
        channels: Mapping[Messenger, Channel],
        dialogues: Engine,
        routes: Routes,
        *,
        secret_key: str,
        shared: bool,
        webhook_url: str | None = None,
        alone: bool = False,
    ) -> None:
        """`shared`: several processes may work on the database. `webhook_url`: the root under which the
        messengers reach us; None: we poll. `alone`: at the start no other process serves on the database."""
        self.resources = resources
        self.channels = channels
        self.lanes = Lanes()
        self.outbox = Outbox(resources, channels)
        self.delivery = ScreenDelivery(
            resources, channels, pause=self.lanes.pause, wake=lambda pause: self.ticker.wake(pause)
        )
        self.processor = UpdateProcessor(
            resources,
            dialogues,
            routes,
            self.delivery,
            release_slot=self.lanes.release_slot,
            committed=self.outbox.wake,
        )
        self.dispatcher = UpdateDispatcher(resources, channels, self.lanes, self.processor, shared=shared)
        self.profile = ProfilePublisher(resources, channels)
        self.ticker = Ticker(resources, self.dispatcher, channels)
        bots = {messenger: channel.bot_id for messenger, channel in channels.items()}
        self.intake = Intake(resources, self.dispatcher, secret_key=secret_key, bots=bots)
        self.pollings = {messenger: Polling(channel, self.intake) for messenger, channel in channels.items()}
        self._webhook_url = webhook_url
        self._alone = alone
        self._tasks: list[asyncio.Task[Any]] = []
        self._intakes: list[asyncio.Task[Any]] = []
        self._first_try: dict[Messenger, asyncio.Event] = {
            messenger: asyncio.Event() for messenger in channels
        }
        #: Set once a messenger takes updates.
        self.taking = asyncio.Event()
        #: Messengers whose token was refused, with the setting's name.
        self.refused: dict[Messenger, str] = {}
        self.gave_up = asyncio.Event()
        resources.downloads |= channels
        resources.counters.rests |= {messenger: channel.limiter for messenger, channel in channels.items()}
        for channel in channels.values():
            # One handler: after an exception PTB goes on with those of later groups.
            channel.application.add_handler(ConversationUpdateHandler(self.processor.process))
            channel.application.add_error_handler(note_error)

    async def start(self) -> None:
        """Begin; returns once every messenger was tried and one takes updates (or all were refused)."""
        for channel in self.channels.values():
            await self.dispatcher.adopt(channel)
        await self.dispatcher.show_unanswered(alone=self._alone)
        self._intakes = [
            asyncio.create_task(self._live(messenger), name=messenger.value) for messenger in self.channels
        ]
        self._tasks = [
            asyncio.create_task(self.ticker.run(), name="ticker"),
            asyncio.create_task(self.outbox.run(), name="outbox"),
            asyncio.create_task(self._sweep(), name="sweep"),
        ]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FIRST_TRY):
                for tried in self._first_try.values():
                    await tried.wait()
        waits = [asyncio.create_task(self.taking.wait()), asyncio.create_task(self.gave_up.wait())]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()

    def states(self) -> dict[Messenger, MessengerState]:
        """How each messenger does, for /metrics."""
        now = time.monotonic()
        by_messenger = {}
        for messenger, channel in self.channels.items():
            polled_ago = now - self.pollings[messenger].last_good
            # Around the Bale layer, which keeps no counts.
            request = getattr(channel.request, "inner", channel.request)
            by_messenger[messenger] = MessengerState(
                ready=channel.ready,
                polled_ago=polled_ago if self._webhook_url is None else None,
                errors=dict(getattr(request, "errors", {})),
                rests_for=channel.limiter.rest_of_all,
                chats_resting=channel.limiter.resting,
                bot_id=channel.bot_id,
            )
        return by_messenger

    async def stop(self, *, timeout: float) -> None:
        """Take nothing new, finish what is under way, close the connections."""
        until = time.monotonic() + timeout
        await _cancel(self._intakes)
        if not await self.lanes.drain(timeout):
            log.warning("some updates were not finished; they wait in the inbox")
        await _cancel(self._tasks)
        await self.outbox.drain(max(0.1, until - time.monotonic()))
        await self.delivery.close()
        for channel in self.channels.values():
            channel.ready = False
            with contextlib.suppress(Exception):
                await channel.application.shutdown()
            with contextlib.suppress(Exception):
                await channel.request.shutdown()

    async def _live(self, messenger: Messenger) -> None:
        """Connect, then take updates for as long as the service lives."""
        channel = self.channels[messenger]
        failures = 0
        while not channel.ready:
            try:
                await channel.application.initialize()
                await self._choose_intake(channel)
                channel.ready = True
            except InvalidToken:
                name = f"{messenger.value.upper()}_TOKEN"
                log.critical("%s: the messenger refuses this token", name)
                self.refused[messenger] = name
                self._first_try[messenger].set()
                if len(self.refused) == len(self.channels):
                    self.gave_up.set()
                return
            except Exception as error:
                # Not a TelegramError alone: a page of a proxy, an answer without its result.
                failures += 1
                asked = pause_of(error) if isinstance(error, RetryAfter) else _pause(failures)
                pause = min(asked, LONGEST_PAUSE)
                words = str(error) if isinstance(error, TelegramError) else repr(error)
                log.warning("%s does not answer (%s); again in %.0f s", messenger.value, words, pause)
                self._first_try[messenger].set()
                await asyncio.sleep(pause)
        if channel.bot.id != channel.bot_id and channel.bot.token.startswith(f"{channel.bot_id}:"):
            log.warning(
                "%s: the token is of bot %s, and the messenger says that it is bot %s; updates are kept under the first",
                messenger.value,
                channel.bot_id,
                channel.bot.id,
            )
        self.resources.public_info.bot_links[messenger] = channel.link
        recovered = await self.dispatcher.recover(messenger, alone=self._alone)
        if recovered:
            log.info("%s: %d unfinished updates go on", messenger.value, recovered)
        self.ticker.wake(SETTLE)
        self.outbox.wake()
        self.taking.set()
        self._first_try[messenger].set()
        log.info("%s: taking updates as %s", messenger.value, channel.link)
        await self._publish(channel)
        if self._webhook_url is None:
            await self.pollings[messenger].run()

    async def _choose_intake(self, channel: Channel) -> None:
        """A webhook that is left on blocks polling, and the other way round."""
        bot, messenger = channel.bot, channel.messenger
        if self._webhook_url is None:
            await bot.delete_webhook()
            return
        await bot.set_webhook(
            f"{self._webhook_url}{self.intake.path_of(messenger)}",
            secret_token=self.intake.secrets.get(messenger),
            allowed_updates=channel.allowed_updates,
        )

    async def _publish(self, channel: Channel) -> None:
        """Commands and descriptions; whatever becomes of them, updates are taken."""
        try:
            await self.profile.publish(channel)
        except Exception as error:
            log_unless_outage(log, "commands and descriptions were not told", error=error)

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(SWEEP)
            try:
                await self.resources.database.announce_process()
                await self.dispatcher.take_over()
                await self.profile.publish_chats()
            except Exception as error:
                log_unless_outage(log, "the inbox could not be read", error=error)


def _pause(failures: int) -> float:
    return backoff(0.5, failures, LONGEST_PAUSE)


async def _cancel(tasks: list[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
