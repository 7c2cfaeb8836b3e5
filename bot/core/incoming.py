"""An update after it was read, free of any messenger's library."""

from dataclasses import dataclass

from bot.core.screens import Press
from storage.enums import Messenger
from storage.tables import StoredFile


@dataclass(frozen=True, slots=True)
class OfferedFile:
    """A file or photo in a message, not yet fetched. `size` in bytes, None where the messenger did not
    say."""

    handle: str
    name: str | None
    size: int | None
    is_photo: bool


@dataclass(frozen=True, slots=True)
class Contact:
    """A shared phone number as sent. `own` only where the card's user id is the sender's and it is no
    forward."""

    phone: str
    own: bool


@dataclass(frozen=True, slots=True)
class Incoming:
    messenger: Messenger
    update_id: int
    chat_id: int
    #: False in groups and channels (Q40).
    private: bool = True
    message_id: int | None = None
    #: As typed; None where the message is not a text.
    text: str | None = None
    #: Without the slash, lower case: "start"; its argument is `payload`.
    command: str | None = None
    payload: str | None = None
    contact: Contact | None = None
    file: OfferedFile | None = None
    #: Of a photo or file.
    caption: str | None = None
    album: str | None = None
    #: A pressed button whose data was ours; `pressed` is true also where it was not (forged, other program).
    press: Press | None = None
    pressed: bool = False
    callback_id: str | None = None
    edited: bool = False
    #: What the message is, where it is none of the above: "voice", "sticker", "location" or "video".
    unread: str | None = None


@dataclass(frozen=True, slots=True)
class FileTaken:
    """What came of an offered file before the unit began: checked and encrypted, not yet in the database."""

    file: StoredFile
    #: Another file of this account has the same bytes.
    duplicate: bool = False
