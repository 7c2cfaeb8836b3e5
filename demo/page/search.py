"""Search in one chat: which messages hold what was written, in whichever letters and figures."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from demo.botapi.state import Message

#: Letters of Arabic keyboards that Persian text is written with as well.
_LETTERS = str.maketrans(
    {"ي": "ی", "ى": "ی", "ك": "ک", "ة": "ه", "ۀ": "ه", "أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا"}
)
#: Hits that are given, the newest.
_MOST = 500


def fold(text: str) -> str:
    """The text as it is compared: one letter for each sound, Latin figures, without case, spaces, half-spaces and
    vowel signs."""
    folded = []
    for sign in unicodedata.normalize("NFKC", text).translate(_LETTERS).casefold():
        if sign.isdecimal():
            folded.append(str(unicodedata.decimal(sign)))
        elif unicodedata.category(sign)[0] not in "ZCM":
            folded.append(sign)
    return "".join(folded).replace("ـ", "")


def find(messages: Iterable[Message], written: str) -> list[int]:
    """Ids of the messages whose words, file names or contact hold what was written, oldest first."""
    wanted = fold(written)
    if not wanted:
        return []
    return [one.id for one in messages if any(wanted in fold(part) for part in _parts(one))][-_MOST:]


def _parts(message: Message) -> list[str]:
    contact = message.contact or {}
    names = [file.name or "" for file in message.files]
    return [
        message.words,
        *names,
        *(str(contact.get(key, "")) for key in ("first_name", "last_name", "phone_number")),
    ]
