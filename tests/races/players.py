"""People who act at the same instant: each has one message before them, presses on it, and reads what it says then."""

from __future__ import annotations

from itertools import takewhile
from typing import Any

from bot.core.screens import Press
from demo.botapi.state import Message
from demo.person import Person
from demo.seen import Seen, Wanted, plain
from storage.enums import Messenger


class Player(Person):
    """Presses on one message again and again, so that a thousand rounds leave the chat short."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.conversation.started = True
        #: As if the bot had written it some time ago.
        self.pad: Message = self.world.write_message(self.bot, self.conversation, text="…")

    @property
    def messenger(self) -> Messenger:
        return Messenger(self.world.kind)

    @property
    def key(self) -> tuple[Messenger, int]:
        """Of the chat, as the database has it."""
        return self.messenger, self.user.id

    async def strike(self, wanted: Press | Wanted) -> str:
        """Press this (or the button so labelled, of the message that lies before them) and wait for the answer: what the
        message says now, below the line over the button."""
        if isinstance(wanted, Press):
            data = wanted.pack()
        else:
            button = Seen.of(self.pad).button(wanted)
            assert button is not None, f"{self!r} finds no {wanted!r} on:\n{Seen.of(self.pad)}"
            assert button.data is not None
            data = button.data
        self._query(self.pad, data, str(wanted))
        query = next(reversed(self.bot.queries.values()))
        mark = self._mark
        await self._wait(
            lambda: query.answered and self.pad.changed > mark,
            30,
            lambda: f"{self!r} pressed {wanted!r} and waits. {Seen.of(self.pad)}",
        )
        said = [plain(self.pad.words)]
        for toast in reversed(self.toasts):
            if toast.at <= mark:
                break
            said.insert(0, plain(toast.text))
        return "\n".join(said)

    async def say(self, words: str) -> str:
        """Write this and wait for the answer: the first message of the bot after it."""
        sent = await self.send(words)

        def answer() -> Message | None:
            newer = takewhile(lambda one: one.id > sent.id, reversed(self.conversation.messages.values()))
            return next(iter(list(newer)[::-1]), None)

        await self._wait(lambda: answer() is not None, 30, lambda: f"{self!r} said {words!r} and waits")
        found = answer()
        assert found is not None
        self.pad = found
        return plain(found.words)

    def told(self, words: str) -> int:
        """How many messages of the bot in this chat contain the words."""
        return sum(one.from_bot and words in plain(one.words) for one in self.conversation.live())
