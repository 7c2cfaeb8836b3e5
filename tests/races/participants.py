"""Users who act at the same instant: each presses on one message and reads what that message says then."""

from itertools import takewhile
from typing import Any

from bot.core.screens import Press
from demo.botapi.state import Message
from demo.person import Person
from demo.seen import Seen, Wanted, plain
from storage.enums import Messenger


class Participant(Person):
    """Presses on one message again and again, so that a thousand rounds leave the chat short."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.conversation.started = True
        #: As if the bot had written it some time ago.
        self.message: Message = self.state.write_message(self.bot, self.conversation, text="…")

    @property
    def key(self) -> tuple[Messenger, int]:
        """Of the chat, as the database has it."""
        return Messenger(self.state.kind), self.user.id

    async def press_and_read(self, wanted: Press | Wanted) -> str:
        """Press this (or the button so labelled, of the present message) and wait for the answer: what the message says
        now, or the card that comes below documents, under the notices over the button."""
        if isinstance(wanted, Press):
            data = wanted.pack()
        else:
            button = Seen.of(self.message).button(wanted)
            assert button is not None, f"{self!r} finds no {wanted!r} on:\n{Seen.of(self.message)}"
            assert button.data is not None
            data = button.data
        self._query(self.message, data, str(wanted))
        query = next(reversed(self.bot.queries.values()))
        mark = self._mark

        def cards() -> list[Message]:
            newer = [one for one in self.conversation.live() if one.from_bot and one.id > self.message.id]
            return [one for one in newer if one.changed > mark and "وضعیت:" in plain(one.words)]

        await self._wait(
            lambda: query.answered and (self.message.changed > mark or bool(cards())),
            90,
            lambda: f"{self!r} pressed {wanted!r} and waits. {Seen.of(self.message)}",
        )
        notices = [plain(one.text) for one in self.toasts if one.at > mark]
        return "\n".join([*notices, plain(self.message.words), *(plain(one.words) for one in cards())])

    async def send_and_read(self, words: str) -> str:
        """Write this and wait for the answer: the first message of the bot after it."""
        sent = await self.type(words)

        def answers() -> list[Message]:
            newer = takewhile(lambda one: one.id > sent.id, reversed(self.conversation.messages.values()))
            return list(newer)[::-1]

        await self._wait(lambda: bool(answers()), 90, lambda: f"{self!r} said {words!r} and waits")
        self.message = answers()[0]
        return plain(self.message.words)

    async def reads(self, words: str) -> None:
        """Wait for a new message with these words."""
        await self.waits(lambda: any(words in one.text for one in self.new()), what=words)

    def received(self, words: str) -> int:
        """How many messages of the bot in this chat contain the words."""
        return sum(one.from_bot and words in plain(one.words) for one in self.conversation.live())
