"""A message as its reader sees it, frozen at one moment."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from demo.botapi.keyboards import button_text
from demo.botapi.state import File, Json, Message

Wanted = str | re.Pattern[str]

#: Direction marks and isolates, which nobody sees.
_UNSEEN = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")


def plain(text: str) -> str:
    """A text without direction marks."""
    return _UNSEEN.sub("", text)


def fits(wanted: Wanted | None, text: str) -> bool:
    """Whether the part or pattern occurs. None fits everything."""
    if wanted is None:
        return True
    if isinstance(wanted, re.Pattern):
        return wanted.search(plain(text)) is not None
    return plain(wanted) in plain(text)


@dataclass(frozen=True, slots=True)
class SeenButton:
    text: str
    data: str | None = None
    url: str | None = None
    copy: str | None = None
    #: In a reply keyboard: pressing it shares the person's own number.
    asks_contact: bool = False


@dataclass(frozen=True, slots=True)
class SeenFile:
    kind: str
    name: str | None
    mime: str | None
    content: bytes
    unique_id: str


@dataclass(frozen=True, slots=True)
class Seen:
    id: int
    #: Text or caption, without direction marks; `raw` has them.
    text: str
    raw: str
    #: Inline rows as the bot laid them: the first of a row is the leftmost.
    buttons: tuple[tuple[SeenButton, ...], ...]
    #: Rows of the reply keyboard that came with it.
    keyboard: tuple[tuple[SeenButton, ...], ...]
    files: tuple[SeenFile, ...]
    from_bot: bool
    album: str | None
    edited: bool
    deleted: bool
    changed: int

    @classmethod
    def of(cls, message: Message) -> Seen:
        rows = tuple(tuple(_inline(button) for button in row) for row in message.inline)
        return cls(
            message.id,
            plain(message.words),
            message.words,
            rows,
            keyboard_rows(message.reply_keyboard),
            tuple(_file(file) for file in message.files),
            message.from_bot,
            message.album,
            message.edit_date is not None,
            message.deleted,
            message.changed,
        )

    @property
    def labels(self) -> list[str]:
        """Inline labels, row by row."""
        return [button.text for row in self.buttons for button in row]

    @property
    def file(self) -> SeenFile:
        return self.files[0]

    def button(self, wanted: Wanted) -> SeenButton | None:
        """The inline button meant by a label: exactly so, or beginning so, or containing it; or by a
        pattern."""
        return choose(wanted, [button for row in self.buttons for button in row])

    def url(self, wanted: Wanted | None = None) -> str:
        """The link of a button (of the only one, where no label is given)."""
        links = [key for row in self.buttons for key in row if key.url and fits(wanted, key.text)]
        assert len(links) == 1, f"{len(links)} links on {self}"
        return links[0].url or ""

    def __str__(self) -> str:
        lines = [self.text] + [f"📎 {file.name or file.kind}" for file in self.files]
        lines += [" ".join(f"[{button.text}]" for button in row) for row in (*self.buttons, *self.keyboard)]
        return "\n".join(line for line in lines if line)


def choose(wanted: Wanted, buttons: Iterable[SeenButton]) -> SeenButton | None:
    """The best fit: the same label, else the one beginning so, else containing it. Two equal fits are an
    error."""
    buttons = list(buttons)
    if isinstance(wanted, re.Pattern):
        fitting = [button for button in buttons if wanted.search(plain(button.text))]
        assert len(fitting) <= 1, f"{wanted.pattern!r} fits {[key.text for key in fitting]}"
        return fitting[0] if fitting else None
    label = plain(wanted)
    same = [button for button in buttons if plain(button.text) == label]
    if same:
        return same[0]
    for fitting in (
        [button for button in buttons if plain(button.text).startswith(label)],
        [button for button in buttons if label in plain(button.text)],
    ):
        if fitting:
            assert len(fitting) == 1, f"{label!r} fits {[key.text for key in fitting]}"
            return fitting[0]
    return None


def _inline(button: Json) -> SeenButton:
    copy = (button.get("copy_text") or {}).get("text")
    return SeenButton(str(button["text"]), button.get("callback_data"), button.get("url"), copy)


def keyboard_rows(keyboard: Json | None) -> tuple[tuple[SeenButton, ...], ...]:
    if not keyboard or "keyboard" not in keyboard:
        return ()
    return tuple(
        tuple(
            SeenButton(
                button_text(button),
                asks_contact=isinstance(button, dict) and bool(button.get("request_contact")),
            )
            for button in row
        )
        for row in keyboard["keyboard"]
    )


def _file(file: File) -> SeenFile:
    return SeenFile(file.kind, file.name, file.mime, file.content, file.unique_id)
