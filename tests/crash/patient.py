"""People who know that the service stumbles: they wait longer and, when it is back, look again at what it shows.

They do what a person would do and nothing else: what was pressed is pressed again where the present screen still has that
button, what was sent is sent again where the same question is still asked. Nothing here loosens what is wanted.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import httpx

from demo.person import Item, Person
from demo.seen import Seen, Wanted
from tests.crash.killer import Killer
from tests.journeys import scenes

#: Seconds that somebody waits in all, and of quiet before looking again.
PATIENCE, QUIET = 60.0, 4.0
#: Seconds until somebody who just answered a question answers it again.
MOMENT = 2.0


class Patient(Person):
    #: Set for the time of a play.
    killer: ClassVar[Killer]

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._acted = 0.0
        self._question = ""
        self._again: Callable[[], Any] | None = None
        self._wanted: Wanted | None = None
        #: How often something was done a second time.
        self.repeats = 0

    async def send(self, text: str, **options: Any) -> Seen:
        self._remember(lambda: self._same_question(super(Patient, self).send(text)))
        return await super().send(text, **options)

    async def send_photo(self, picture: bytes, caption: str | None = None) -> Seen:
        self._remember(lambda: self._same_question(super(Patient, self).send_photo(picture, caption)))
        return await super().send_photo(picture, caption)

    async def send_file(self, name: str | None, content: bytes, **options: Any) -> Seen:
        self._remember(lambda: self._same_question(super(Patient, self).send_file(name, content)))
        return await super().send_file(name, content, **options)

    async def send_album(self, items: Sequence[Item], caption: str | None = None) -> list[Seen]:
        self._remember(lambda: self._same_question(super(Patient, self).send_album(items)))
        return await super().send_album(items, caption)

    async def tap(self, wanted: Wanted, *, on: Seen | None = None, within: float = PATIENCE) -> str | None:
        pressed = await super().tap(wanted, on=on, within=within)
        self._remember(lambda: self._press_again(wanted))
        return pressed

    async def sees(self, wanted: Wanted | None = None, *, within: float = PATIENCE) -> Seen:
        self._wanted = wanted
        seen = await super().sees(wanted, within=within)
        if seen.text == self._question and self.killer.disturbed(self._acted - PATIENCE):
            # The old question, shown again: what was sent may be on its way. A moment to see.
            await asyncio.sleep(MOMENT)
            seen = await super().sees(wanted, within=within)
        return seen

    def _remember(self, again: Callable[[], Any]) -> None:
        self._acted, self._again = time.time(), again
        shown = [one for one in self.history() if one.from_bot]
        self._question = max(shown, key=lambda one: one.changed).text if shown else ""

    async def _wait(self, condition: Callable[[], bool], within: float, why: Callable[[], str]) -> None:
        until = time.monotonic() + max(within, PATIENCE)
        looked_at = self._acted
        while True:
            try:
                return await super()._wait(condition, QUIET, why)
            except AssertionError:
                if time.monotonic() > until:
                    raise
            killer = self.killer
            if killer.is_up and time.time() - killer.up_since > QUIET and killer.disturbed(looked_at):
                looked_at = time.time()
                await self._look_again()

    async def _look_again(self) -> None:
        if self._wanted == scenes.PASSWORD:
            # A password whose screen was lost: the next touch brings a new one.
            await super().send("/menu")
            self.repeats += 1
        elif self._again is not None:
            await self._again()

    async def _same_question(self, doing: Any) -> None:
        if self.screen().text == self._question:
            self.repeats += 1
            await doing
        else:
            doing.close()

    async def _press_again(self, wanted: Wanted) -> None:
        screen = self.screen()
        button = screen.button(wanted)
        if button is not None and button.data is not None:
            self.repeats += 1
            self._query_on(screen.id, button.data, button.text)
        elif self.keyboard and screen.text == self._question and (found := self._find(wanted)) is not None:
            self.repeats += 1
            self._press(*found)


class Browser:
    """A browser whose owner reloads a page that did not come, or that says it is still being looked into."""

    def __init__(self, killer: Killer) -> None:
        self._killer = killer

    async def pay_page(self, url: str) -> httpx.Response:
        return await self._patiently(lambda: scenes.pay_page(url), lambda page: page.status_code == 200)

    async def click_to_bank(self, url: str) -> httpx.Response:
        # 503: the bank is down, which the play itself brings about.
        return await self._patiently(
            lambda: scenes.click_to_bank(url), lambda page: page.status_code in (303, 503)
        )

    async def come_back(self, way_back: str) -> httpx.Response:
        return await self._patiently(
            lambda: scenes.come_back(way_back), lambda page: 'http-equiv="refresh"' not in page.text
        )

    async def _patiently(
        self, ask: Callable[[], Any], good: Callable[[httpx.Response], bool]
    ) -> httpx.Response:
        until = time.monotonic() + PATIENCE
        while True:
            self._killer.hint()
            try:
                page: httpx.Response = await ask()
                if good(page):
                    return page
            except (httpx.TransportError, AssertionError):
                if time.monotonic() > until:
                    raise
            assert time.monotonic() < until, page.text
            await asyncio.sleep(0.3)
