"""One of many: part of its name is typed, the matches are offered."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from bot.core.context import Turn
from bot.core.refusals import InvalidInput
from bot.rules.validators import normalise, search_key
from bot.texts import formats, t
from conversations.engine.declaration import Answers, Incomplete, OfferedAnswer, Prompt, Step, UserInput
from conversations.engine.steps import prompt_of, question_state_of
from conversations.questions.choice import Choice, Option, Options, offered, page_of, turned_to

#: Characters of a search that are kept.
QUERY_LENGTH = 60
#: The button for those who do not find theirs.
NOT_LISTED = "@not_listed"
_BETWEEN_WORDS = re.compile("[\\s\u200c()/،-]+")
#: Words that people put before a name.
_FILLERS = {search_key(word) for word in ("رشته", "گرایش", "شهر", "شهرستان", "دانشگاه")}


class Search(Choice):
    """Type-to-search over `options`; the matches are buttons, `page` at a time. The whole name of one, whose words no
    other has, is taken at once. `missing` is the sentence for a name that is not there; `first` options
    are offered before any search; the button `not_listed` leads on, here to the whole list under `all_listed`."""

    def __init__(
        self,
        options: Options,
        *,
        columns: int = 1,
        page: int = 8,
        missing: str = "error.not_in_list",
        first: Options = (),
        not_listed: str = "form.not_listed",
        all_listed: str = "form.all_listed",
    ) -> None:
        super().__init__(options, columns=columns, page=page)
        self.missing, self.first = missing, first
        self.not_listed, self.all_listed = not_listed, all_listed

    def make_prompt(self, turn: Turn, step: Step, answers: Answers) -> Prompt:
        question_state = question_state_of(turn, step)
        query, page = str(question_state.get("query") or ""), int(question_state.get("page") or 0)
        if question_state.get("all"):
            options = offered(self.options, turn, answers)
            return Prompt(
                prompt_of(step), page_of(options, page, self.page, self.columns), (t(self.all_listed),)
            )
        leads_on = ((OfferedAnswer(NOT_LISTED, t(self.not_listed)),),)
        if not query:
            first = offered(self.first, turn, answers)
            rows = page_of(first, 0, self.page, self.columns) if first else ()
            return Prompt(prompt_of(step), (*rows, *leads_on))
        options = offered(self.options, turn, answers)
        matches = containing(options, query)
        text = t("form.found")
        if not matches:
            matches, text = similar(options, query), t("form.similar")
        elif len(matches) > self.page:
            text = t("form.found_many", n=formats.digits(len(matches)))
        return Prompt(prompt_of(step), (*page_of(matches, page, self.page, self.columns), *leads_on), (text,))

    def accept(self, turn: Turn, step: Step, answers: Answers, given: UserInput) -> Any | Incomplete:
        question_state = question_state_of(turn, step)
        page = turned_to(given.choice)
        if page is not None:
            searched = {key: question_state[key] for key in ("query", "all") if key in question_state}
            return Incomplete(question_state={**searched, "page": page})
        if given.choice == NOT_LISTED:
            return self.unlisted(turn, step, answers)
        options = offered(self.options, turn, answers)
        if given.choice is not None:
            known = (*options, *offered(self.first, turn, answers))
            if any(key == given.choice for key, _ in known):
                return given.choice
            raise InvalidInput(self.missing)
        text = normalise((given.text or "")[: 4 * QUERY_LENGTH])[:QUERY_LENGTH]
        matches = named(options, text)
        if not matches:
            raise InvalidInput(self.missing)
        if len(matches) == 1 and search_key(matches[0][1]) == search_key(text):
            return matches[0][0]
        return Incomplete(question_state={"query": text})

    def unlisted(self, turn: Turn, step: Step, answers: Answers) -> Any | Incomplete:
        """What «در فهرست نیست» leads to."""
        return Incomplete(question_state={"all": True})


def named(options: Sequence[Option], query: str) -> list[Option]:
    """What a typed name means: the one of exactly this name, else those that contain it, else those that it misspells."""
    written = search_key(query)
    exact = [option for option in options if written and search_key(option[1]) == written]
    if len(exact) == 1 and len(with_whole_words(options, query)) < 2:
        return exact
    return containing(options, query) or similar(options, query)


def _words(query: str) -> list[str]:
    return [word for word in (search_key(part) for part in query.split()) if word]


def containing(options: Sequence[Option], query: str) -> list[Option]:
    """Names with all words of the query; the whole name comes first, then those that begin with it."""
    words = _words(query)
    found = _with_all(options, words)
    if not found and (telling := [word for word in words if word not in _FILLERS]) != words:
        found = _with_all(options, telling)
    return found


def with_whole_words(options: Sequence[Option], query: str) -> list[Option]:
    """Names that have each word of the query as a word of their own: «پزشکی» of «مهندسی پزشکی»."""
    words = set(_words(query))
    return [option for option in options if words <= set(_words(_BETWEEN_WORDS.sub(" ", option[1])))]


def _with_all(options: Sequence[Option], words: Sequence[str]) -> list[Option]:
    whole = "".join(words)
    ranked = []
    for index, (key, label) in enumerate(options):
        name = search_key(label)
        if words and all(word in name for word in words):
            ranked.append((name != whole, not name.startswith(whole), index, (key, label)))
    return [option for *_, option in sorted(ranked, key=lambda ranked: ranked[:3])]


def similar(options: Sequence[Option], query: str) -> list[Option]:
    """Names that the query misspells by one letter, as a whole or in one of its words."""
    words = [word for word in _words(query) if word not in _FILLERS]
    whole = "".join(words)
    if len(whole) < 3:
        return []
    found = []
    for key, label in options:
        name, parts = search_key(label), _words(label)
        if is_one_letter_off(whole, name) or all(
            word in name or (len(word) > 2 and any(is_one_letter_off(word, part) for part in parts))
            for word in words
        ):
            found.append((key, label))
    return found


def is_one_letter_off(one: str, other: str) -> bool:
    """Whether one letter too many, too few, another one, or two that changed places make `one` of `other`."""
    if abs(len(one) - len(other)) > 1 or one == other:
        return False
    at = next(
        (n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )
    rest, other_rest = one[at:], other[at:]
    return (
        rest[1:] == other_rest[1:]
        or rest[1:] == other_rest
        or rest == other_rest[1:]
        or (rest[:2] == other_rest[1::-1] and rest[2:] == other_rest[2:])
    )
