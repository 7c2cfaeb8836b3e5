"""One of many: part of its name is typed, the matches are offered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.core.context import Turn
from bot.core.refusals import InvalidInput
from bot.rules.validators import normalise, search_key
from bot.texts import formats, t
from conversations.engine.declaration import Answers, Incomplete, Prompt, Step, UserInput
from conversations.engine.steps import prompt_of, question_state_of
from conversations.questions.choice import Choice, Option, Options, offered, page_of, turned_to

#: Characters of a search that are kept.
QUERY_LENGTH = 60


class Search(Choice):
    """Type-to-search over `options`; an exact name is taken at once, else the matches are buttons, `page` at a time.
    `missing` is the sentence for a name that is not there; `first` options are offered before any search."""

    def __init__(
        self,
        options: Options,
        *,
        columns: int = 1,
        page: int = 8,
        missing: str = "error.not_in_list",
        first: Options = (),
    ) -> None:
        super().__init__(options, columns=columns, page=page)
        self.missing, self.first = missing, first

    def make_prompt(self, turn: Turn, step: Step, answers: Answers) -> Prompt:
        question_state = question_state_of(turn, step)
        query = str(question_state.get("query") or "")
        if not query:
            first = offered(self.first, turn, answers)
            return Prompt(prompt_of(step), page_of(first, 0, self.page, self.columns) if first else ())
        matches = self._matches(turn, answers, query)
        text = t("form.found")
        if len(matches) > self.page:
            text = t("form.found_many", n=formats.digits(len(matches)))
        page = int(question_state.get("page") or 0)
        return Prompt(prompt_of(step), page_of(matches, page, self.page, self.columns), (text,))

    def accept(self, turn: Turn, step: Step, answers: Answers, given: UserInput) -> Any | Incomplete:
        query = question_state_of(turn, step).get("query")
        page = turned_to(given.choice)
        if page is not None:
            return Incomplete(question_state={"query": query, "page": page})
        options = offered(self.options, turn, answers)
        if given.choice is not None:
            known = (*options, *offered(self.first, turn, answers))
            if any(key == given.choice for key, _ in known):
                return given.choice
            raise InvalidInput(self.missing)
        text = normalise((given.text or "")[: 4 * QUERY_LENGTH])[:QUERY_LENGTH]
        written = search_key(text)
        exact = [key for key, label in options if written and search_key(label) == written]
        if len(exact) == 1:
            return exact[0]
        if not written or not self._matches(turn, answers, text):
            raise InvalidInput(self.missing)
        return Incomplete(question_state={"query": text})

    def _matches(self, turn: Turn, answers: Answers, query: str) -> Sequence[Option]:
        """Names with all words of the query; those that begin with it come first."""
        whole = search_key(query)
        words = [word for word in (search_key(part) for part in query.split()) if word]
        ranked = []
        for index, (key, label) in enumerate(offered(self.options, turn, answers)):
            name = search_key(label)
            if words and all(word in name for word in words):
                ranked.append((name != whole, not name.startswith(whole), index, (key, label)))
        return [option for *_, option in sorted(ranked, key=lambda ranked: ranked[:3])]
