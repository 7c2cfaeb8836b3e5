"""The steps of a request's form, for the request itself and for resolving its deficiencies.

See docs/specification.md 3.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, TypeVar

from bot.core.context import Turn
from bot.rules import regions, request_items
from bot.rules.request_items import DocumentRule
from bot.services.shared import reference_data
from bot.texts import formats, t
from conversations.common.labels import shortened
from conversations.common.turn_cache import cached_in_turn
from conversations.common.university import ChosenUniversity, universities_of
from conversations.engine.declaration import Answers, Prompt, Step
from conversations.engine.steps import CONTEXT, GIVEN
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
from conversations.questions.uploads.document_doubts import Sibling
from storage.tables import DocumentType

T = TypeVar("T")

#: Key of the question which optional documents there are; no item of a request.
EXTRAS = "optional_documents"
#: Parts of the form, counted each by itself.
DETAILS, DOCUMENTS, OPTIONAL_DOCUMENTS = "details", "documents", "optional_documents"
#: Characters of a name behind the mark of a tick.
MAX_TICK_LABEL = 17


def kinds_of(turn: Turn) -> list[DocumentType]:
    """The document types in force, in order."""
    return cached_in_turn(turn, "documents", lambda: reference_data.document_types(turn.db))


def _genders(turn: Turn, answers: Answers) -> list[Option]:
    return [(gender, t(f"gender.{gender}")) for gender in ("female", "male")]


def _provinces(turn: Turn, answers: Answers) -> list[Option]:
    return [(name, name) for name in regions.provinces()]


def _cities(turn: Turn, answers: Answers) -> list[Option]:
    return [(name, name) for name in regions.cities_of(str(answers.get("province") or ""))]


_NAME, _LEVEL, _FIELD = PersianName(), Level(), Field()
_GENDER = Choice(_genders, columns=2)
_PROVINCE = Choice(_provinces, columns=2, page=16)
_CITY = Search(
    _cities,
    columns=2,
    missing="error.city_not_in_list",
    not_listed="form.city_not_listed",
    all_listed="form.nearest_city",
)


def _describes_field(turn: Turn, answers: Answers) -> bool:
    field = answers.get("field_of_study")
    return cached_in_turn(turn, ("note", field), lambda: reference_data.needs_note(turn.db, field))


def _several_universities(turn: Turn, answers: Answers) -> bool:
    return len(universities_of(turn, answers)) > 1


def region_steps(scope: str) -> tuple[Step, ...]:
    """Province, city and university of another place than the applicant's home; asked in the words of
    "ask.<place>_province" and so on. Clear what depends on them by `clear_dependent_answers`."""
    university = ChosenUniversity(f"ask.{scope}_university_suggested", "branch")
    return (
        Step("province", _PROVINCE, prompt=t(f"ask.{scope}_province")),
        Step("city", _CITY, prompt=t(f"ask.{scope}_city"), label=t("field.branch_city")),
        Step("university", university, prompt=t(f"ask.{scope}_university"), when=_several_universities),
    )


_FIELD_STEPS: tuple[Step, ...] = (
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
    Step("email", Email(), optional=True, unasked=True),
)
FIELD_STEPS = tuple(replace(step, part=DETAILS) for step in _FIELD_STEPS)


def address_caution(turn: Turn, answers: Answers) -> str | None:
    """That the address still speaks of another city than the one that was chosen as the place of residence."""
    return other_city_sentence("submit.other_city", answers.get("postal_address"), answers)


def other_city_sentence(key: str, address: Any, region: Mapping[str, Any]) -> str | None:
    """The text `key` where this address names another city than that of `region`; None where nothing is certain."""
    city = str(region.get("city") or "")
    other = regions.other_city(str(address or ""), str(region.get("province") or ""), city) if city else None
    return t(key, other=other, city=city) if other else None


def required_since(turn: Turn, kind: DocumentType) -> str | None:
    """Why a draft that was begun before is asked for this document; None where it is not."""
    if kind.required_since is None or turn.draft is None:
        return None
    day = date.fromisoformat(kind.required_since)
    if turn.draft.created_at.astimezone(formats.TEHRAN).date() >= day:
        return None
    return t("doc.required_since", day=formats.jalali_day(day))


def document_step(
    kind: DocumentType,
    *,
    optional: bool = False,
    among: Sequence[DocumentType] = (),
    why: str | None = None,
) -> Step:
    """The step of one document type; `among` are the documents of the form, to which a file may belong instead."""
    siblings = [
        Sibling(request_items.document(other.code), other.name, other.short_name, other.max_files, other.code)
        for other in among
        if other.code != kind.code
    ]
    question = Documents(
        kind.code,
        kind.name,
        kind.max_files,
        short_name=kind.short_name,
        sides=kind.sides,
        siblings=siblings,
        why=why,
    )
    part = OPTIONAL_DOCUMENTS if optional else DOCUMENTS
    key = request_items.document(kind.code)
    return Step(key, question, optional=optional, deferrable=not optional, part=part)


#: Where the applicant lives and is reached; the other fields are about the person.
_CONTACT = frozenset({*request_items.REGION, "postal_address", "phone", "email"})
_PERSONAL = frozenset(request_items.FIELDS) - _CONTACT


def summary_part(step: Step) -> str:
    """The part of the form's summary that a step belongs to."""
    if step.part is None:
        return "fix"
    if step.key in _PERSONAL:
        return "personal"
    return "contact" if step.key in _CONTACT else "documents"


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
    return Step(
        EXTRAS, Extras(options), prompt=t("ask.optional_documents", names=names), part=OPTIONAL_DOCUMENTS
    )


def given(answers: dict[str, Any]) -> dict[str, Any]:
    """What a form begins with: these answers are there, and do not count as asked."""
    return answers | {GIVEN: sorted(key for key in answers if not key.startswith(CONTEXT))}


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
