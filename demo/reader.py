"""What a person sees: screens, new messages, toasts; waiting by what happens, never by the clock."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from demo.botapi.messenger_state import MessengerState
from demo.botapi.shapes import Shapes
from demo.botapi.state import Bot, Conversation, Message, Toast, User
from demo.seen import Seen, Wanted, fits, keyboard_rows
from demo.steps import step

#: Seconds that a person waits for an answer.
PATIENCE = 90.0


class Reader:
    """The reading half of a person; what is new is new since the last action."""

    def __init__(self, state: MessengerState, bot: Bot, user: User) -> None:
        self.state, self.bot, self.user = state, bot, user
        conversation = state.conversation(bot, user.id)
        assert conversation is not None
        self.conversation: Conversation = conversation
        self._mark = state.clock

    def __repr__(self) -> str:
        return f"<{self.name}, {self.state.kind}>"

    @property
    def name(self) -> str:
        return " ".join(filter(None, (self.user.first_name, self.user.last_name)))

    @property
    def _shapes(self) -> Shapes:
        return self.state.shapes

    def _acts(self) -> None:
        self._mark = self.state.clock

    def _answered(self) -> bool:
        """Something of the bot changed since the last action."""
        return any(message.from_bot and message.changed > self._mark for message in self._all())

    def _all(self) -> list[Message]:
        return self.conversation.live()

    def screen(self) -> Seen:
        """The bot's message that arrived or changed last."""
        messages = [message for message in self._all() if message.from_bot]
        assert messages, f"{self.name} has an empty screen"
        return Seen.of(max(messages, key=lambda message: message.changed))

    def history(self) -> list[Seen]:
        """Everything in the chat, the person's own messages too, oldest first."""
        return [Seen.of(message) for message in self._all()]

    def links(self) -> list[str]:
        """What the buttons of all messages lead to, those of old messages too."""
        shown = [one for one in self.history() if not one.deleted]
        return [button.url for one in shown for row in one.buttons for button in row if button.url]

    def new(self) -> list[Seen]:
        """What arrived or changed since the last action, oldest first."""
        fresh = [message for message in self._all() if message.from_bot and message.changed > self._mark]
        return [Seen.of(message) for message in sorted(fresh, key=lambda message: message.changed)]

    @property
    def waits_for_answer(self) -> bool:
        """The person acted and nothing came back yet."""
        return not self._answered()

    @property
    def keyboard(self) -> list[list[str]]:
        """Labels of the reply keyboard on the screen; empty where there is none."""
        return [[key.text for key in row] for row in keyboard_rows(self.conversation.keyboard)]

    @property
    def toasts(self) -> list[Toast]:
        return self.conversation.toasts

    @step
    async def sees(self, wanted: Wanted | None = None, *also: str, within: float = PATIENCE) -> Seen:
        """Wait for a message, new or changed since the last action, that contains the words (or fits the
        pattern). AssertionError where it does not come, or lacks some of the words in `also`."""
        seen: Seen | None = None

        def look() -> bool:
            nonlocal seen
            seen = next((seen for seen in reversed(self.new()) if fits(wanted, seen.text)), None)
            return seen is not None

        await self._wait(look, within, lambda: f"{self.name} does not see {wanted!r}. {self._screens()}")
        assert seen is not None
        for part in also:
            assert part in seen.text, f"{part!r} is not in:\n{seen}"
        return seen

    @step
    async def sees_file(self, wanted: Wanted | None = None, *, within: float = PATIENCE) -> Seen:
        """Like `sees`, for a message with a file; the words are sought in its caption and the file's name."""
        seen: Seen | None = None

        def look() -> bool:
            nonlocal seen
            seen = next(
                (
                    seen
                    for seen in reversed(self.new())
                    if seen.files and fits(wanted, f"{seen.text} {seen.file.name or ''}")
                ),
                None,
            )
            return seen is not None

        await self._wait(look, within, lambda: f"{self.name} sees no file {wanted!r}. {self._screens()}")
        assert seen is not None
        return seen

    @step
    async def sees_toast(self, wanted: Wanted | None = None, *, within: float = PATIENCE) -> Toast:
        """Wait for the short line over a pressed button."""
        toast: Toast | None = None

        def look() -> bool:
            nonlocal toast
            toast = next(
                (
                    toast
                    for toast in reversed(self.toasts)
                    if toast.at > self._mark and fits(wanted, toast.text)
                ),
                None,
            )
            return toast is not None

        await self._wait(look, within, lambda: f"{self.name} sees no line {wanted!r}. {self._screens()}")
        assert toast is not None
        return toast

    @step
    async def sees_gone(self, message: Seen, *, within: float = PATIENCE) -> None:
        """Wait until a message (the own password, say) was deleted."""
        stored = self.conversation.messages[message.id]
        await self._wait(lambda: stored.deleted, within, lambda: f"still there:\n{message}")

    @step
    async def button_rests(self, *, within: float = PATIENCE) -> None:
        """Wait until every pressed button was answered: none spins."""
        mine = [query for query in self.bot.queries.values() if query.chat_id == self.conversation.chat.id]
        await self._wait(
            lambda: all(query.answered for query in mine), within, lambda: "a button still spins"
        )

    def sees_not(self, wanted: Wanted) -> None:
        """Nothing since the last action contains the words."""
        assert not any(fits(wanted, seen.text) for seen in self.new()), self._screens()

    @step
    async def waits(self, condition: Callable[[], bool], *, within: float = PATIENCE, what: str = "") -> None:
        """Wait until something about this messenger holds; looked at after everything that happens there."""
        await self._wait(condition, within, lambda: f"{self.name} waited in vain: {what}. {self._screens()}")

    async def _wait(self, condition: Callable[[], bool], within: float, why: Callable[[], str]) -> None:
        try:
            async with asyncio.timeout(within):
                while not condition():
                    await self.state.change()
        except TimeoutError:
            raise AssertionError(why()) from None

    def _screens(self) -> str:
        fresh = self.new()
        if not fresh:
            last = [message for message in self._all() if message.from_bot]
            return "Nothing new arrived; the last was:\n" + (str(Seen.of(last[-1])) if last else "(nothing)")
        return "New:\n" + "\n---\n".join(str(seen) for seen in fresh)
