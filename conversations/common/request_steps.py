"""The steps of a request's form, for the request itself and for resolving its deficiencies.

See docs/specification.md 3.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from bot.core.context import Turn
from bot.rules import regions, request_items
from bot.rules.request_items import DocumentRule
from bot.services.review import routing
from bot.services.shared import reference_data
from bot.texts import t
from conversations.common.labels import short_university, shortened
from conversations.engine.declaration import Answers, Prompt, Step
from conversations.questions import (
    Address,
    BirthCertNo,
    Choice,
    Documents,
    Email,
    PersianName,
    Phone,
    Search,
    Text,
    Ticks,
)
from conversations.questions.choice import Option, Options
from conversations.questions.studies import Field, Level
from storage.tables import DocumentType, University

T = TypeVar("T")

#: Key of the question which optional documents there are; no item of a request.
EXTRAS = "optional_documents"
#: Characters of a name behind the mark of a tick.
MAX_TICK_LABEL = 17


_CACHE_KEY = "read_once"


def cached_in_turn(turn: Turn, key: Hashable, read: Callable[[], T]) -> T:
    """What `read` finds, asked of the database once a turn: an update works its steps out several times."""
    cached = turn.db.info.get(_CACHE_KEY)
    if cached is None or cached[0] is not turn:
        cached = turn.db.info[_CACHE_KEY] = (turn, {})
    values: dict[Hashable, Any] = cached[1]
    if key not in values:
        values[key] = read()
    value: T = values[key]
    return value


def kinds_of(turn: Turn) -> list[DocumentType]:
    """The document types in force, in order."""
    return cached_in_turn(turn, "documents", lambda: reference_data.document_types(turn.db))


def _choices(turn: Turn, answers: Answers) -> routing.Choices:
    province, city = str(answers.get("province") or ""), answers.get("city")
    if not province:
        return routing.Choices(())
    return cached_in_turn(
        turn, ("region", province, city), lambda: routing.choices_for(turn.db, province, city)
    )


def _genders(turn: Turn, answers: Answers) -> list[Option]:
    return [(gender, t(f"gender.{gender}")) for gender in ("female", "male")]


def _provinces(turn: Turn, answers: Answers) -> list[Option]:
    return [(name, name) for name in regions.provinces()]


def _cities(turn: Turn, answers: Answers) -> list[Option]:
    return [(name, name) for name in regions.cities_of(str(answers.get("province") or ""))]


def _universities(turn: Turn, answers: Answers) -> list[Option]:
    """Those of the region to choose from; none where the region decides."""
    return [
        (university.code, short_university(university.name))
        for university in _choices(turn, answers).universities
    ]


class ChosenUniversity(Choice):
    """One of several universities of a province; where coverage speaks for one, it is offered as the
    suggestion, in the words of the text key `suggestion`."""

    def __init__(self, suggestion: str = "ask.university_suggested") -> None:
        super().__init__(_universities)
        self.suggestion = suggestion

    def make_prompt(self, turn: Turn, step: Step, answers: Answers) -> Prompt:
        prompt = super().make_prompt(turn, step, answers)
        choices = _choices(turn, answers)
        suggested = next(
            (university for university in choices.universities if university.code == choices.suggested), None
        )
        if suggested is None:
            return prompt
        return replace(prompt, text=t(self.suggestion, university=suggested.name))

    def format_answer(self, turn: Turn, step: Step, value: Any) -> str:
        university = turn.db.get(University, value)
        return university.name if university is not None else str(value)


_NAME, _LEVEL, _FIELD = PersianName(), Level(), Field()
_GENDER = Choice(_genders, columns=2)
_PROVINCE = Choice(_provinces, columns=2, page=16)
_CITY = Search(_cities, columns=2, missing="error.city_not_in_list")


def _describes_field(turn: Turn, answers: Answers) -> bool:
    field = answers.get("field_of_study")
    return cached_in_turn(turn, ("note", field), lambda: reference_data.needs_note(turn.db, field))


def _several_universities(turn: Turn, answers: Answers) -> bool:
    return len(_universities(turn, answers)) > 1


def region_steps(scope: str) -> tuple[Step, ...]:
    """Province, city and university of another place than the applicant's home; asked in the words of
    "ask.<place>_province" and so on. Clear what depends on them by `clear_dependent_answers`."""
    university = ChosenUniversity(f"ask.{scope}_university_suggested")
    return (
        Step("province", _PROVINCE, prompt=t(f"ask.{scope}_province")),
        Step("city", _CITY, prompt=t(f"ask.{scope}_city"), label=t("field.branch_city")),
        Step("university", university, prompt=t(f"ask.{scope}_university"), when=_several_universities),
    )


FIELD_STEPS: tuple[Step, ...] = (
    Step("first_name", _NAME),
    Step("last_name", _NAME),
    Step("degree_level", _LEVEL),
    Step("field_of_study", _FIELD),
    Step("field_note", Text(2, 100), when=_describes_field),
    Step("father_name", _NAME),
    Step("gender", _GENDER),
    Step("birth_cert_no", BirthCertNo()),
    Step("province", _PROVINCE),
    Step("city", _CITY),
    Step("university", ChosenUniversity(), when=_several_universities),
    Step("postal_address", Address()),
    Step("phone", Phone()),
    Step("email", Email(), optional=True),
)


def document_step(kind: DocumentType, *, optional: bool = False, prompt: str | None = None) -> Step:
    """The step of one document type; `prompt` stands above the request for the file."""
    question = Documents(kind.code, kind.name, kind.max_files, short_name=kind.short_name, prompt=prompt)
    return Step(request_items.document(kind.code), question, optional=optional)


def document_rule_of(kind: DocumentType) -> DocumentRule:
    return DocumentRule(kind.code, kind.required, kind.max_files)


class Extras(Ticks):
    """Which optional documents there are. A person who ticks none is offered «مدرکی ندارم»."""

    def __init__(self, options: Options) -> None:
        super().__init__(options, note=False, empty=None)

    def make_prompt(self, turn: Turn, step: Step, answers: Answers) -> Prompt:
        prompt = super().make_prompt(turn, step, answers)
        if prompt.below:
            return prompt
        (done,) = prompt.choices[-1]
        return replace(prompt, choices=(*prompt.choices[:-1], (replace(done, label=t("form.no_documents")),)))


def extras_step(kinds: list[DocumentType]) -> Step:
    """One question for all optional documents: a person who has none goes on with one tap."""
    options = [(kind.code, shortened(kind.short_name, MAX_TICK_LABEL)) for kind in kinds]
    names = "، ".join(kind.name for kind in kinds)
    return Step(EXTRAS, Extras(options), prompt=t("ask.optional_documents", names=names))


def ticked_codes(answers: Answers) -> list[str]:
    """Codes of the optional documents that the officer wants to send."""
    value = answers.get(EXTRAS)
    return list(value.get("items") or ()) if isinstance(value, Mapping) else []


def extras_of(answers: Answers, kinds: list[DocumentType]) -> dict[str, Any]:
    """The answer to the extras question that fits documents which are there already."""
    there = [kind.code for kind in kinds if answers.get(request_items.document(kind.code))]
    return {"items": there, "note": None}


def clear_dependent_answers(turn: Turn, key: str, answers: dict[str, Any]) -> dict[str, Any]:
    """Another province has other cities, another region another university."""
    dropped = {"province": {"city", "university"}, "city": {"university"}}.get(key, set())
    field = answers.get("field_of_study")
    if key == "degree_level" and field is not None and not _FIELD.is_open(turn, answers, field):
        dropped = {"field_of_study", "field_note"}
    return {name: value for name, value in answers.items() if name not in dropped}
