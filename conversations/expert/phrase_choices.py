"""Kept phrases as answers of a question: to choose one, and to keep what was written."""

from __future__ import annotations

from bot.application.routes import EXPERTS
from bot.core.context import Turn
from bot.core.refusals import InvalidInput
from bot.services.team import phrases
from bot.texts import t
from conversations.common.labels import shortened
from conversations.common.turn_cache import cached_in_turn
from conversations.engine.declaration import OfferedAnswer
from storage.enums import Role
from storage.tables import SavedPhrase

#: Phrases on one screen, and characters of the button of one.
PAGE, LABEL = 5, 36
PHRASE, MORE, OWN, SHARED = "@phrase:", "@phrases:", "@keep_own", "@keep_shared"


def _offered(turn: Turn) -> list[SavedPhrase]:
    if turn.account is None or turn.role not in EXPERTS:
        return []  # a screen that is only looked at
    return cached_in_turn(turn, "phrases", lambda: phrases.offered(turn.db, actor=turn.actor))


def any_for(turn: Turn) -> bool:
    """Whether there is a phrase to choose."""
    return bool(_offered(turn))


def rows(turn: Turn, *, text: str, page: int = 0) -> list[tuple[OfferedAnswer, ...]]:
    """A button for each phrase of a page, the way to the others, and those that keep `text`, where it is not kept yet."""
    every = _offered(turn)
    others = [phrase for phrase in every if phrase.text != text]
    pages = max(-(-len(others) // PAGE), 1)
    page %= pages
    made: list[tuple[OfferedAnswer, ...]] = [
        (OfferedAnswer(f"{PHRASE}{phrase.id}", shortened(" ".join(phrase.text.split()), LABEL)),)
        for phrase in others[page * PAGE : (page + 1) * PAGE]
    ]
    if pages > 1:
        made.append((OfferedAnswer(f"{MORE}{(page + 1) % pages}", t("defects.more")),))
    return made + keep_rows(turn, text)


def keep_rows(turn: Turn, text: str) -> list[tuple[OfferedAnswer, ...]]:
    """The buttons that keep `text` for oneself and, of the head, for all; none where it is kept, or too long."""
    if not phrases.SHORTEST <= len(text) <= phrases.LONGEST or turn.role not in EXPERTS:
        return []
    kept = [phrase for phrase in _offered(turn) if phrase.text == text]
    row = [] if kept else [OfferedAnswer(OWN, t("defects.own"))]
    if turn.role is Role.IN_CHARGE and not any(phrase.university_code for phrase in kept):
        row.append(OfferedAnswer(SHARED, t("defects.shared")))
    return [tuple(row)] if row else []


def turned_to(choice: str | None) -> int | None:
    """The page that «متن‌های دیگر» asks for."""
    number = (choice or "").removeprefix(MORE)
    return int(number) if choice is not None and choice.startswith(MORE) and number.isdecimal() else None


def chosen(turn: Turn, choice: str | None) -> str | None:
    """The phrase that a button names; None where it is another button. Raises InvalidInput for one that is gone."""
    if choice is None or not choice.startswith(PHRASE):
        return None
    for phrase in _offered(turn):
        if f"{PHRASE}{phrase.id}" == choice:
            return phrase.text
    raise InvalidInput("error.choose")


def save(turn: Turn, choice: str | None, text: str) -> bool:
    """Keep `text` where that was pressed; whether it was. Raises InvalidInput, NotAllowed."""
    if choice not in (OWN, SHARED) or not text:
        return False
    keep = phrases.save if choice == OWN else phrases.save_for_university
    every, phrase = _offered(turn), keep(turn.db, actor=turn.actor, text=text, now=turn.now)
    if phrase not in every:
        every.insert(0, phrase)
    return True
