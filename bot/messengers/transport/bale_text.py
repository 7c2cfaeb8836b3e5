"""Bale reads every text as its Markdown and has no escape: marks are replaced by look-alikes.

See docs/messengers.md 5.
"""

import re

#: mark → a letter that looks like it and means nothing
_ALIKE = str.maketrans({"*": "∗", "_": "＿", "`": "ˋ", "[": "［", "]": "］"})
#: In an address a look-alike would lead elsewhere; the percent form leads to the same place.
_PERCENT = str.maketrans({"*": "%2A", "_": "%5F", "`": "%60", "[": "%5B", "]": "%5D"})
_MARKS = re.compile(r"[*_`\[\]]")
_ADDRESS = re.compile(r"https?://\S+")


def neutral(text: str) -> str:
    """`text` as plain text on Bale: the same to read, nothing in it turns to markup."""
    if not _MARKS.search(text):
        return text
    done, parts = 0, []
    for address in _ADDRESS.finditer(text):
        parts.append(text[done : address.start()].translate(_ALIKE))
        parts.append(address.group().translate(_PERCENT))
        done = address.end()
    parts.append(text[done:].translate(_ALIKE))
    return "".join(parts)
