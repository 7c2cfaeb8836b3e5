"""People who wait longer while the bot is killed and then do what a user would: press again where the present screen still
has that button, send again where the same question is still asked. Nothing here loosens what is wanted."""

import asyncio
import re
import time
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, ClassVar

import httpx

from bot.texts import catalogue, t
from demo.person import Item, Person
from demo.seen import Seen, Wanted, fits, plain
from demo.steps import step
from tests.crash.killer import Killer
from tests.support import journey_steps

NEW_PASSWORD = "🔑 دریافت رمز"
#: Seconds until somebody who just answered a question answers it again.
MOMENT = 6.0


@cache
def _pushes() -> re.Pattern[str]:
    wholes = []
    for key, text in catalogue().items():
        if not re.fullmatch(r"push\.N\d+[a-z]?(_\w+)?", key) or re.search(
            "sms|item|note|go|again|operations", key
        ):
            continue
        whole = re.sub(r"\\{\w+\\}", ".*", re.escape(plain(text).strip()))
        # Below these the expert's own words follow.
        wholes.append(whole + r"(?s:\n.*)?" if key in ("push.N4", "push.N5w") else whole)
    return re.compile("|".join(wholes))


def is_push(text: str) -> bool:
    """Whether a message tells of something that happened elsewhere: people know these by their words."""
    return _pushes().fullmatch(text.strip()) is not None


class RetryingPerson(Person):
    #: Set for the time of a campaign.
    killer: ClassVar[Killer]
    #: Seconds that somebody waits in all, and of quiet before looking again.
    patience: ClassVar[float]
    quiet: ClassVar[float]

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._acted = 0.0
        self._question = ""
        self._again: Callable[[], Any] | None = None
        #: How often something was done a second time.
        self.repeats = 0

    @step
    async def type(self, text: str, **options: Any) -> Seen:
        self._remember(lambda: self._same_question(super(RetryingPerson, self).type(text)))
        return await super().type(text, **options)

    @step
    async def send_photo(self, picture: bytes, caption: str | None = None) -> Seen:
        self._remember(lambda: self._same_question(super(RetryingPerson, self).send_photo(picture, caption)))
        return await super().send_photo(picture, caption)

    @step
    async def send_file(self, name: str | None, content: bytes, **options: Any) -> Seen:
        self._remember(lambda: self._same_question(super(RetryingPerson, self).send_file(name, content)))
        return await super().send_file(name, content, **options)

    @step
    async def send_album(self, items: Sequence[Item], caption: str | None = None) -> list[Seen]:
        self._remember(lambda: self._same_question(super(RetryingPerson, self).send_album(items)))
        return await super().send_album(items, caption)

    @step
    async def tap(self, wanted: Wanted, *, on: Seen | None = None, within: float = 0.0) -> str | None:
        pressed = await super().tap(wanted, on=on, within=within)
        self._remember(lambda: self._press_again(wanted))
        return pressed

    def screen(self) -> Seen:
        """What the bot shows now; what it only told on the way is no screen."""
        shown = [one for one in self.history() if one.from_bot and not is_push(one.text)]
        assert shown, f"{self.name} has an empty screen"
        return max(shown, key=lambda one: one.changed)

    def _answered(self) -> bool:
        return any(not is_push(one.text) for one in self.new())

    @step
    async def hears(self, wanted: Wanted, *, since: int, within: float | None = None) -> Seen:
        """Wait for a push that came after `since` by the messenger's clock, whatever was done meanwhile. Pushes come by
        themselves: nobody looks again for them."""

        def found() -> Seen | None:
            pushes = (one for one in self.history() if one.from_bot and one.changed > since)
            return next((one for one in pushes if fits(wanted, one.text)), None)

        await super()._wait(
            lambda: found() is not None,
            within or self.patience,
            lambda: f"{self.name} never heard {wanted!r}. {self._screens()}",
        )
        seen = found()
        assert seen is not None
        return seen

    @step
    async def sees(self, wanted: Wanted | None = None, *also: str, within: float = 0.0) -> Seen:
        if wanted == journey_steps.PASSWORD:
            return await self._sees_password()
        seen = await super().sees(wanted, *also, within=within)
        if seen.text == self._question and self.killer.disturbed(self._acted - self.patience):
            # The old question, shown again: what was sent may be on its way. A moment to see.
            await asyncio.sleep(MOMENT)
            seen = await super().sees(wanted, *also, within=within)
        return seen

    async def _sees_password(self) -> Seen:
        """A password whose screen was lost is not shown again: there is a button for a new one."""
        either = re.compile(f"{journey_steps.PASSWORD}|{plain(t('password.not_shown'))}")
        while journey_steps.PASSWORD not in (seen := await self.sees(either)).text:
            self.repeats += 1
            await self.tap(NEW_PASSWORD, on=seen)
        return seen

    def _remember(self, again: Callable[[], Any]) -> None:
        self._acted, self._again = time.time(), again
        self._question = self._asked()

    def _asked(self) -> str:
        """The text of the present screen; none before the first answer."""
        has_screen = any(one.from_bot and not is_push(one.text) for one in self.history())
        return self.screen().text if has_screen else ""

    async def _wait(self, condition: Callable[[], bool], within: float, why: Callable[[], str]) -> None:
        until = time.monotonic() + max(within, self.patience)
        looked_at = self._acted
        while True:
            try:
                return await super()._wait(condition, self.quiet, why)
            except AssertionError:
                if time.monotonic() > until:
                    raise
            killer = self.killer
            if killer.disturbed(looked_at) and 0 < killer.up_since < time.time() - self.quiet:
                looked_at = time.time()
                await self._look_again()

    async def _look_again(self) -> None:
        if self._again is not None:
            await self._again()

    async def _same_question(self, doing: Any) -> None:
        if self._asked() == self._question:
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

    def __init__(self, killer: Killer, patience: float) -> None:
        self._killer = killer
        self._patience = patience

    async def open_bank(self, url: str) -> str:
        """Where the bank's page is, however often the button must be pressed for it."""
        page = await self._with_retries(
            lambda: journey_steps.click_to_bank(url), lambda page: page.status_code == 303
        )
        return str(page.headers["location"])

    async def come_back(self, way_back: str) -> httpx.Response:
        return await self._with_retries(
            lambda: journey_steps.come_back(way_back),
            lambda page: page.status_code < 500 and 'http-equiv="refresh"' not in page.text,
        )

    async def _with_retries(
        self, ask: Callable[[], Any], good: Callable[[httpx.Response], bool]
    ) -> httpx.Response:
        until = time.monotonic() + self._patience
        while True:
            self._killer.note()
            try:
                page: httpx.Response = await ask()
                if good(page):
                    return page
            except (httpx.TransportError, AssertionError):
                if time.monotonic() > until:
                    raise
            else:
                assert time.monotonic() < until, page.text
            await asyncio.sleep(0.3)
