"""Redaction of what no log may hold: personal numbers, tokens, passwords in addresses, our own secrets.

Numbers that only we give out (rows, update ids, tracking codes) stay: operators need them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

#: A digit of any script, also as an address, JSON or the `repr` of bytes writes it.
_D = r"(?:[0-9۰-۹٠-٩]|%(?:DB%B|D9%A)[0-9]|\\x(?:db\\xb|d9\\xa)[0-9]|\\u0?6[6f][0-9])"
#: What people put between the digits of a number, once.
_GAP = r"(?:[ \-./()_\u00a0\u200c\u2010-\u2015]|%20|%2D|\+|%E2%80%[89].|\\xe2\\x80\\x[89].|\\u20[01].)?"
_ZERO, _NINE = (
    rf"(?:[{signs}]|%DB%B{digit}|%D9%A{digit}|\\xdb\\xb{digit}|\\xd9\\xa{digit}|\\u06[6f]{digit})"
    for signs, digit in (("0۰٠", 0), ("9۹٩", 9))
)
_EIGHT = r"(?:[8۸٨]|%DB%B8|%D9%A8|\\xdb\\xb8|\\xd9\\xa8|\\u06[6f]8)"
#: The first that fits where a number begins. What fits none of them is passed over as a whole, so that
#: nothing is seen in the middle of a longer number, or in the digits of an escape.
_NUMBER = re.compile(
    rf"""
      (?P<card>{_D}{{4}}(?:{_GAP}{_D}{{4}}){{3}}(?!{_D}))
    | (?P<mobile>(?:(?:{_ZERO}{{2}}{_GAP})?{_NINE}{_EIGHT}{_GAP}(?:{_ZERO}{_GAP})?|{_ZERO}{_GAP})?
        {_NINE}(?:{_GAP}{_D}){{9}}(?!{_D}))
    | (?P<number>{_D}{{10}}(?!{_D})|{_D}{{3}}-{_D}{{6}}-{_D}(?!{_D}))
    | (?P<other>{_D}+|%[0-9A-F]{{2}}|\\x[0-9A-F]{{2}}|\\u[0-9A-F]{{4}})
    """,
    re.VERBOSE | re.IGNORECASE,
)
_TOKEN = re.compile(r"\d{3,12}(?::|%3A)[A-Za-z0-9_-]{20,}", re.IGNORECASE)
#: With the address one may pay, or act as the messenger.
_ADDRESS = re.compile(r"(/pay/|/hook/\w+/|%2Fpay%2F)(?!callback\b)[A-Za-z0-9_-]{16,}", re.IGNORECASE)
_PASSWORD = re.compile(r"(\w://[^\s/:@]*:)[^\s/]+@")
#: A shorter text holds no number of a person.
_SHORTEST = 10


class Masking:
    def __init__(self, secrets: Iterable[str] = ()) -> None:
        """`secrets`: the program's own; none of them is ever shown, as it is or within an address."""
        known = {secret for secret in secrets if len(secret) >= 6}
        known |= {quote(secret, safe="") for secret in known}
        words = sorted(known, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, words))) if words else None

    def clean(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 10**9:
            return self.text(str(value))
        if isinstance(value, dict):
            return {self.clean(name): self.clean(item) for name, item in value.items()}
        if isinstance(value, list | tuple | set):
            return [self.clean(item) for item in value]
        if value is None or isinstance(value, int | float):
            return value
        return self.text(str(value))

    def text(self, text: str) -> str:
        if self._known is not None:
            text = self._known.sub("‹secret›", text)
        if len(text) < _SHORTEST:
            return text
        text = _PASSWORD.sub(r"\1‹secret›@", text)
        text = _ADDRESS.sub(r"\1‹token›", text)
        text = _TOKEN.sub("‹token›", text)
        return _NUMBER.sub(_hidden, text)


def _hidden(match: re.Match[str]) -> str:
    kind = match.lastgroup
    return match.group() if kind == "other" else f"‹{kind}›"
