"""A person with a phone: sends, shares, presses, blocks, and sees what arrives.

Actions return at once, as on a real phone; `sees` waits for the answer. A message counts as seen when it
arrived, or was changed, after the person's last action.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any

from demo import clock
from demo.botapi import files
from demo.botapi.state import Chat, File, Json, Message, User
from demo.reader import PATIENCE, Reader
from demo.seen import Seen, SeenButton, Wanted, choose, keyboard_rows
from demo.steps import step

#: An album's item: bytes of a picture, or a file's name and bytes.
Item = bytes | tuple[str, bytes]


class Person(Reader):
    """A user of one messenger in a chat with one bot."""

    # ── acting ──

    @step
    async def type(self, text: str, *, chat: Chat | None = None, reply_to: int | None = None) -> Seen:
        """Write a text (in a group, where `chat` is one), perhaps as the reply to a message."""
        return self._put(chat, text=text, reply_to=reply_to)

    @step
    async def command(self, name: str, payload: str = "") -> Seen:
        """«/start», with the payload of a deep link where given."""
        return await self.type(f"/{name.removeprefix('/')} {payload}".strip())

    @step
    async def start(self, payload: str = "") -> Seen:
        return await self.command("start", payload)

    @step
    async def share(self, *, other: Person | str | None = None, name: str = "دوست") -> Seen:
        """The own number, as the contact button sends it; with `other` another person's card from the address
        book."""
        return self._put(None, contact=self._card(other, name))

    @step
    async def forward_contact(self, of: Person | None = None) -> Seen:
        """Forward a contact card, the own one or another person's, so that it looks shared."""
        origin = of.user if of is not None else self.user
        return self._put(None, contact=self._card(of, ""), forwarded_from=origin)

    @step
    async def forward(self, stored: Message, origin: User) -> Seen:
        """Send on a message that `origin` (the bot's id for the bot) wrote in a chat with this bot."""
        parts = {
            name: getattr(stored, name)
            for name in ("text", "caption", "spans", "photo", "document", "voice", "sticker", "contact")
        }
        return self._put(None, forwarded_from=stored.forwarded_from or origin, **parts)

    def _card(self, other: Person | str | None, name: str) -> Json:
        if isinstance(other, str):
            return {"phone_number": _international(other), "first_name": name}
        user = other.user if other is not None else self.user
        assert user.phone, f"{user.first_name} has no number"
        card: Json = {"phone_number": _international(user.phone), "first_name": user.first_name}
        if user.last_name:
            card["last_name"] = user.last_name
        card["user_id"] = user.id
        return card

    @step
    async def send_photo(self, picture: bytes, caption: str | None = None) -> Seen:
        """A compressed photo, in several sizes. ValueError where a client could not send it as one."""
        return self._put(None, photo=await self._photo(picture), caption=caption)

    @step
    async def send_file(
        self,
        name: str | None,
        content: bytes,
        *,
        caption: str | None = None,
        mime: str | None = None,
        claims: int | None = None,
    ) -> Seen:
        """A file as it is. `mime` overrides what the client would guess from the name, `claims` lies about
        its size."""
        file = files.document(name, content, mime)
        file.claims = claims
        return self._put(None, document=file, caption=caption)

    @step
    async def send_album(self, items: Sequence[Item], caption: str | None = None) -> list[Seen]:
        """2–10 pictures or files at once: one message each, the caption on the first."""
        assert 2 <= len(items) <= 10
        album = str(time.time_ns() // 1000)
        parts: list[dict[str, Any]] = []
        for item in items:
            if isinstance(item, bytes):
                parts.append({"photo": await self._photo(item)})
            else:
                parts.append({"document": files.document(item[0], item[1])})
        parts[0]["caption"] = caption
        self._acts()
        return [self._put(None, album=album, marks=False, **part) for part in parts]

    @step
    async def voice(self) -> Seen:
        file = File(files.unique_id(b"voice", time.time_ns()), "voice", b"OggS" + bytes(64), mime="audio/ogg")
        file.duration = 3
        return self._put(None, voice=file)

    @step
    async def sticker(self) -> Seen:
        file = File(files.unique_id(b"sticker", time.time_ns()), "sticker", b"RIFF" + bytes(64))
        return self._put(None, sticker=file)

    @step
    async def edit(self, message: Seen, text: str) -> Seen:
        """Change an own message that was sent before."""
        self._acts()
        stored = self.conversation.messages[message.id]
        assert not stored.from_bot
        stored.text, stored.edit_date = text, int(clock.time())
        self.state.tell("edit", self.bot, self.conversation, stored)
        self.state.put_update(self.bot, "edited_message", self._shapes.message(self.bot, stored))
        return Seen.of(stored)

    async def _photo(self, picture: bytes) -> list[File]:
        try:
            return await asyncio.to_thread(files.photo_sizes, picture)
        except Exception as error:
            raise ValueError(f"no client sends this as a photo: {error}") from error

    def _put(self, chat: Chat | None, *, marks: bool = True, **parts: Any) -> Seen:
        conversation = self.conversation
        if chat is not None:
            known = self.state.conversation(self.bot, chat.id)
            assert known is not None
            conversation = known
        assert not conversation.blocked, f"{self.name} has blocked the bot"
        if marks:
            self._acts()
        conversation.started = True
        message = self.state.write_message(self.bot, conversation, sender=self.user, **parts)
        self.state.tell("message", self.bot, conversation, message)
        if not conversation.left:
            in_channel = conversation.chat.type == "channel" and self.state.kind == "telegram"
            kind = "channel_post" if in_channel else "message"
            self.state.put_update(self.bot, kind, self._shapes.message(self.bot, message))
        return Seen.of(message)

    # ── pressing ──

    @step
    async def tap(self, wanted: Wanted, *, on: Seen | None = None, within: float = PATIENCE) -> str | None:
        """Press a button: of the latest message that has it, of `on`, or of the reply keyboard on the screen.

        Waits for the answer to the last action first. A link opens: its URL is returned; copied text is too.
        """
        if on is not None:
            button = on.button(wanted)
            assert button is not None, f"no button {wanted!r} on:\n{on}"
            return self._press(button, on.id)
        match: tuple[SeenButton, int] | None = None

        def look() -> bool:
            nonlocal match
            match = self._find(wanted) if self._answered() else None
            return match is not None

        try:
            await self._wait(
                look, within, lambda: f"{self.name} finds no button {wanted!r}. {self._screens()}"
            )
        except AssertionError:
            # The last action may have had no answer but a toast; then the old buttons are what there is.
            if self._answered() or (match := self._find(wanted)) is None:
                raise
        assert match is not None
        return self._press(*match)

    def _find(self, wanted: Wanted) -> tuple[SeenButton, int] | None:
        messages = [
            Seen.of(message) for message in self.conversation.live() if message.from_bot and message.inline
        ]
        for message in sorted(messages, key=lambda seen: seen.changed, reverse=True):
            if message.changed <= self._mark:
                break
            if (button := message.button(wanted)) is not None:
                return button, message.id
        shown = [key for row in keyboard_rows(self.conversation.keyboard) for key in row]
        if (button := choose(wanted, shown)) is not None:
            return button, 0
        for message in reversed(messages):
            if (button := message.button(wanted)) is not None:
                return button, message.id
        return None

    def _press(self, button: SeenButton, message_id: int) -> str | None:
        if button.url or button.copy:
            return button.url or button.copy
        if button.data is None:
            if button.asks_contact:
                self._put(None, contact=self._card(None, ""))
            else:
                self._put(None, text=button.text)
            return None
        self._query_on(message_id, button.data, button.text)
        return None

    @step
    async def press(self, message_id: int, data: str, label: str = "") -> None:
        """Press the button with this data, which is or was on that message."""
        self._query_on(message_id, data, label or data)

    def _query_on(self, message_id: int, data: str, label: str) -> None:
        message = self.conversation.messages[message_id]
        assert data in message.offered, f"this button was never on message {message_id}"
        self._query(message, data, label)

    @step
    async def press_raw(self, data: str, message: Seen | None = None) -> None:
        """Press a button that never was there: forged data on the given (or the last) message of the bot."""
        target = message or self.screen()
        self._query(self.conversation.messages[target.id], data, data)

    def _query(self, message: Message, data: str, label: str) -> None:
        self._acts()
        query = self.state.new_query(self.bot, message, data, self.user)
        self.state.tell("press", self.bot, self.conversation, text=label)
        self.state.put_update(
            self.bot,
            "callback_query",
            self._shapes.callback(self.bot, id=query.id, sender=self.user, message=message, data=data),
        )

    # ── blocking ──

    @step
    async def block(self) -> None:
        self._set_blocked(True)

    @step
    async def unblock(self) -> None:
        self._set_blocked(False)

    def _set_blocked(self, blocked: bool) -> None:
        self._acts()
        self.conversation.blocked = blocked
        self.state.tell("block" if blocked else "unblock", self.bot, self.conversation)
        before, after = ("member", "kicked") if blocked else ("kicked", "member")
        who = self._shapes.user(self.user)
        self.state.put_member_change(self.bot, self.conversation.chat, who, before=before, after=after)

    # ── groups ──

    @step
    async def add_bot(self, chat: Chat) -> None:
        """Make the bot a member of this group or channel, as it is or after it left. Telegram tells it so; in
        a group there is a service message as well."""
        conversation = self.state.conversation(self.bot, chat.id)
        assert conversation is not None
        conversation.left = False
        after = "administrator" if chat.type == "channel" else "member"
        who = self._shapes.user(self.user)
        self.state.put_member_change(self.bot, chat, who, before="left", after=after)
        if chat.type != "channel":
            self._put(chat, added_bot=True)


def _international(phone: str) -> str:
    """0912…, 98912… or 0098912… as +98912…, the way a messenger shows it."""
    digits = phone.removeprefix("+").removeprefix("00")
    return "+98" + digits[1:] if digits.startswith("0") else "+" + digits
