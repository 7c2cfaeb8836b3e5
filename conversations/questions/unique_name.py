"""The name of a business or a branch."""

from __future__ import annotations

from collections.abc import Callable

from bot.core.context import Turn
from bot.rules.validators import LONGEST_KEY, ZWNJ
from bot.texts.written_text import business_name
from conversations.questions.text import TextQuestion


class Named(TextQuestion):
    """A name that `check` takes, without a leading word of its kind («شرکت»), which the sentences add."""

    def __init__(self, check: Callable[[str], str], *words: str) -> None:
        self.check, self.words = check, words

    def parse(self, turn: Turn, text: str) -> str:
        name = business_name(text[:LONGEST_KEY])
        for word in self.words:
            rest = name.removeprefix(word)
            if rest != name and rest.startswith((" ", ZWNJ)):
                name = rest
                break
        return self.check(name)
