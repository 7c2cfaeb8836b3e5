"""What is shown to a person, as values: screens, buttons, and the typed data of a button."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Literal

MAX_CALLBACK_BYTES = 64
MAX_LABEL = 21  # characters of an inline label (docs/specification.md 4)
#: Beyond any id that we give (times a page's length it still fits a database), and any version (an INTEGER
#: there).
MAX_ID, MAX_VERSION = 2**53, 2**31

_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"
_PACKED = re.compile(r"^1(f?)\|([a-z_.]{1,24})\|([0-9a-z]{0,13})\|([0-9a-z]{0,8})\|(.*)$", re.DOTALL)
#: Actions by names of earlier releases → their names now. Buttons stay in people's chats, in waiting pushes
#: and in `chat.view` for years; an action that is renamed gets a line here.
FORMER_ACTIONS = {
    "desk.all_papers": "desk.all_documents",
    "desk.paper": "desk.document",
    "desk.papers": "desk.documents",
    "desk.whole": "desk.full_request",
    "inbox.papers": "inbox.files",
    "me.paper": "me.document",
    "me.papers": "me.documents",
    "qual.paper": "qual.document",
    "qual.papers": "qual.documents",
    "staff.dead": "staff.undelivered",
    "staff.dead_again": "staff.undelivered_again",
    "staff.dead_ask": "staff.undelivered_ask",
    "staff.dead_away": "staff.undelivered_away",
    "staff.dead_one": "staff.undelivered_push",
    "staff.deed": "staff.account_action",
    "staff.letter_papers": "staff.letter_files",
    "staff.place": "staff.university_data",
    "staff.place_ask": "staff.university_ask",
    "staff.place_do": "staff.university_do",
    "staff.rename_place": "staff.rename_university",
    "staff.report_png": "staff.report_pdf",
}
_UNKEEPABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


class BadPress(ValueError):
    """Callback data that this program did not write."""


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, rest = divmod(number, 36)
        digits = _ALPHABET[rest] + digits
    return digits


@dataclass(frozen=True, slots=True)
class Press:
    """A button's meaning: what to do, with which case, at which version. It is never trusted: services check
    again.

    `fresh` asks for the answer in a new message, leaving the pressed one as it is (buttons under pushes).
    """

    action: str
    id: int = 0
    version: int = 0
    arg: str = ""
    fresh: bool = False

    def pack(self) -> str:
        """At most 64 bytes, or ValueError."""
        if self.id < 0 or self.version < 0:
            raise ValueError(f"a button's numbers are not negative: {self}")
        packed = f"1{'f' if self.fresh else ''}|{self.action}|{_base36(self.id)}|{_base36(self.version)}|{self.arg}"
        if len(packed.encode()) > MAX_CALLBACK_BYTES or not _PACKED.match(packed):
            raise ValueError(f"callback data does not fit: {packed!r}")
        return packed

    @classmethod
    def unpack(cls, packed: str) -> Press:
        """What a button of this release or of an earlier one means. Raises BadPress, also for numbers and
        letters that no database takes."""
        match = _PACKED.match(packed)
        if match is None or len(packed.encode("utf-8", "replace")) > MAX_CALLBACK_BYTES:
            raise BadPress(packed[:80])
        fresh, action, id_, version, arg = match.groups()
        press = cls(
            FORMER_ACTIONS.get(action, action), int(id_ or "0", 36), int(version or "0", 36), arg, bool(fresh)
        )
        if press.id >= MAX_ID or press.version >= MAX_VERSION or _UNKEEPABLE.search(arg):
            raise BadPress(ascii(packed[:80]))
        return press


@dataclass(frozen=True, slots=True)
class Button:
    """One of `press`, `url`, `copy` (text put on the clipboard)."""

    label: str
    press: Press | None = None
    url: str | None = None
    copy: str | None = None
    #: qualification_request.id whose pay page `url` is: the button is taken off its message once nothing is due.
    pays: int | None = None


def button(label: str, action: str, id: int = 0, version: int = 0, arg: str = "") -> Button:
    return Button(label, Press(action, id, version, arg))


@dataclass(frozen=True, slots=True)
class Attachment:
    """A stored file to be shown: stored_file.id and its caption.

    `variant` is the copy: "shown"; "preview", the picture of a PDF's first page (the copy that is shown where there is
    none); "original", the bytes as they were uploaded, sent as a file.
    """

    file_id: int
    caption: str
    variant: Literal["shown", "preview", "original"] = "shown"


@dataclass(frozen=True, slots=True)
class GeneratedFile:
    """A file made for this answer alone (a report): its bytes are sent and kept nowhere. A `picture` is shown
    as one."""

    name: str
    content: bytes
    caption: str
    picture: bool = False


@dataclass(frozen=True, slots=True)
class Screen:
    """One message. Rows are written in reading order (first = right): delivery lays them right-to-left.

    `ask_contact` is the label of a reply-keyboard button that shares the sender's own phone number; such a
    screen's inline rows are sent as reply-keyboard buttons too, since a message carries only one keyboard.
    """

    text: str
    rows: tuple[tuple[Button, ...], ...] = ()
    attachments: tuple[Attachment | GeneratedFile, ...] = ()
    ask_contact: str | None = None
    #: Shown this once (a password): always a message of its own, which no later press edits, with the current screen
    #: below it.
    once: bool = False

    def buttons(self) -> Iterable[Button]:
        return (button for row in self.rows for button in row)

    def below(self, *more: tuple[Button, ...]) -> Screen:
        return replace(self, rows=self.rows + more) if more else self


@dataclass(frozen=True, slots=True)
class Reply:
    """The whole answer to one update.

    `screens` are sent in order, the last one becomes the current screen. `goto` asks the router to render a
    show route in the same unit, as the last screen. `notice` is the short line over a pressed button (≤200
    characters). `quiet` seconds: say nothing now, show the current screen once it has been quiet for so long
    (albums).
    """

    screens: tuple[Screen, ...] = ()
    goto: Press | None = None
    notice: str | None = None
    #: Delete the person's message (it holds a password) and wipe it from the inbox.
    wipe_incoming: bool = False
    quiet: float | None = None
    #: Send anew even where a button of an old message was pressed.
    send_as_new: bool = False
    #: account.id whose new password one of these screens shows: delivery clears `credentials_pending`.
    credentials_of: int | None = None
    #: Work for after the commit that only delivery knows (none of it may be needed for correctness).
    extra: dict[str, Any] = field(default_factory=dict)


def paid_by(rows: Iterable[Iterable[Button]]) -> int | None:
    """The request whose pay page one of these buttons leads to."""
    return next((button.pays for row in rows for button in row if button.pays is not None), None)


def rows_to_json(rows: Iterable[Iterable[Button]]) -> list[list[dict[str, str]]]:
    """Rows as they are kept in a push."""

    def packed(button: Button) -> dict[str, str]:
        if button.press is not None:
            return {"label": button.label, "press": replace(button.press, fresh=True).pack()}
        if button.url is not None:
            return {"label": button.label, "url": button.url}
        return {"label": button.label, "copy": button.copy or ""}

    return [[packed(button) for button in row] for row in rows]


def rows_from_json(rows: list[list[dict[str, str]]]) -> tuple[tuple[Button, ...], ...]:
    return tuple(
        tuple(
            Button(
                packed["label"],
                Press.unpack(packed["press"]) if "press" in packed else None,
                packed.get("url"),
                packed.get("copy"),
            )
            for packed in row
        )
        for row in rows
    )
