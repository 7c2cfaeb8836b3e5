"""Staff set a tariff, add a field or a document, rename, and say which university covers a place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from bot.application.routes import STAFF_ONLY
from bot.core.context import Turn
from bot.core.screens import Press, Reply, Screen
from bot.rules import regions
from bot.services.directorate import document_requirements, document_types, studies, universities
from bot.services.qualification import fees
from bot.services.shared import reference_data
from bot.texts import formats, t
from conversations.engine.declaration import Answers, Dialogue, Prompt, Step
from conversations.questions import Choice, Confirm, Search, Text
from conversations.questions.tariff import DayToCome, Rial
from storage.enums import RequestKind

CODE, MARK, PROVINCE, RULE = "_code", "_mark", "_province", "_rule"
#: The whole city, where a district could be named.
WHOLE = "whole"


def _given(turn: Turn, key: str) -> Any:
    """What the dialogue was started with."""
    return turn.draft.answers.get(key) if turn.draft is not None else None


# -- tariff ----------------------------------------------------------------------------------------


def _tariff_kinds(turn: Turn, answers: Answers) -> Sequence[tuple[str, str]]:
    return [(kind.value, t(f"desk.kind_{kind}")) for kind in RequestKind]


def _is_free(turn: Turn, answers: Answers) -> bool:
    return answers.get("tariff_amount") == 0


def _after_tariff(turn: Turn, key: str, answers: dict[str, Any]) -> dict[str, Any]:
    """«خیر» to a fee of nothing asks for the amount again; a new amount asks anew whether nothing is
    meant."""
    if key == "tariff_amount":
        answers.pop("tariff_zero", None)
    if key == "tariff_zero" and not answers["tariff_zero"]:
        del answers["tariff_zero"], answers["tariff_amount"]
    return answers


def _set_tariff(turn: Turn, answers: dict[str, Any]) -> Reply:
    fees.set_tariff(
        turn.db,
        kind=RequestKind(answers["tariff_kind"]),
        amount_rial=answers["tariff_amount"],
        valid_from=date.fromisoformat(answers["tariff_from"]),
        actor=turn.actor,
        now=turn.now,
    )
    return Reply((Screen(t("tariffs.done")),), goto=Press("staff.tariffs"))


NEW_TARIFF = Dialogue(
    "new_tariff",
    (
        Step("tariff_kind", Choice(_tariff_kinds, columns=2)),
        Step("tariff_amount", Rial(fees.MIN_FEE, fees.MAX_FEE)),
        Step("tariff_zero", Confirm("tariffs.zero_yes"), when=_is_free),
        Step("tariff_from", DayToCome()),
    ),
    _set_tariff,
    summary="tariffs.summary",
    exit=Press("staff.tariffs"),
    after=_after_tariff,
    roles=STAFF_ONLY,
)


# -- fields and documents --------------------------------------------------------------------------


def _add_field(turn: Turn, answers: dict[str, Any]) -> Reply:
    row = studies.add_field(
        turn.db,
        actor=turn.actor,
        name=answers["new_field_name"],
        needs_note=answers["new_field_note"],
        now=turn.now,
    )
    return Reply((Screen(t("reference_data.done")),), goto=Press("staff.field", arg=row.code))


NEW_FIELD = Dialogue(
    "new_field",
    (
        Step("new_field_name", Text(2, 60)),
        Step("new_field_note", Confirm("studies.note_yes", "studies.note_no")),
    ),
    _add_field,
    summary="studies.summary",
    exit=Press("staff.fields"),
    roles=STAFF_ONLY,
)


def required_choices(turn: Turn, answers: Answers) -> Sequence[tuple[str, str]]:
    return [(rule, t(f"document_types.required_{rule}")) for rule in document_types.REQUIRED]


def _numbers(turn: Turn, answers: Answers) -> Sequence[tuple[str, str]]:
    return [(str(n), t("form.files", n=formats.digits(n))) for n in range(1, document_types.MOST_FILES + 1)]


_NAME = Text(2, document_types.LONGEST_NAME)
_SHORT = Text(2, document_types.LONGEST_SHORT)


class FromDay(DayToCome):
    """From which day a document is required, with how many drafts it touches."""

    def make_prompt(self, turn: Turn, step: Step, answers: Answers) -> Prompt:
        prompt = super().make_prompt(turn, step, answers)
        required = str(answers.get("paper_required") or answers.get(RULE) or "yes")
        touched = document_requirements.drafts_touched(
            turn.db, actor=turn.actor, code=str(answers.get(CODE) or "-"), required=required
        )
        return replace(prompt, below=(touched.told(),))


def _is_required(turn: Turn, answers: Answers) -> bool:
    return answers.get("paper_required") in ("yes", "men")


def _add_document(turn: Turn, answers: dict[str, Any]) -> Reply:
    """An optional one is there at once; a required one is switched on on its day."""
    day = answers.get("paper_from")
    row = document_types.add_document_type(
        turn.db,
        actor=turn.actor,
        name=answers["paper_name"],
        short_name=answers["paper_short"],
        required=answers["paper_required"],
        max_files=int(answers["paper_files"]),
        active=day is None,
        now=turn.now,
    )
    if day is not None:
        document_requirements.require_from(
            turn.db,
            actor=turn.actor,
            code=row.code,
            required=answers["paper_required"],
            day=date.fromisoformat(day),
            now=turn.now,
        )
    return Reply((Screen(t("reference_data.done")),), goto=Press("staff.document", arg=row.code))


NEW_DOCUMENT = Dialogue(
    "new_document",
    (
        Step("paper_name", _NAME),
        Step("paper_short", _SHORT),
        Step("paper_required", Choice(required_choices)),
        Step("paper_files", Choice(_numbers, columns=3)),
        Step("paper_from", FromDay(), when=_is_required),
    ),
    _add_document,
    summary="document_types.summary",
    exit=Press("staff.documents"),
    roles=STAFF_ONLY,
)


def _require_document(turn: Turn, answers: dict[str, Any]) -> Reply:
    document_requirements.require_from(
        turn.db,
        actor=turn.actor,
        code=answers[CODE],
        expected=answers[MARK],
        required=answers[RULE],
        day=date.fromisoformat(answers["paper_from"]),
        now=turn.now,
    )
    return Reply((Screen(t("reference_data.done")),), goto=Press("staff.document", arg=answers[CODE]))


REQUIRE_DOCUMENT = Dialogue(
    "require_document",
    (Step("paper_from", FromDay()),),
    _require_document,
    summary="document_types.require_summary",
    exit=Press("staff.documents"),
    roles=STAFF_ONLY,
)


def _rename_document(turn: Turn, answers: dict[str, Any]) -> Reply:
    document_types.change_document_type(
        turn.db,
        actor=turn.actor,
        code=answers[CODE],
        expected=answers[MARK],
        event="document_renamed",
        name=answers["paper_name"],
        short_name=answers["paper_short"],
        now=turn.now,
    )
    return Reply((Screen(t("reference_data.done")),), goto=Press("staff.document", arg=answers[CODE]))


RENAME_DOCUMENT = Dialogue(
    "rename_document",
    (Step("paper_name", _NAME), Step("paper_short", _SHORT)),
    _rename_document,
    summary="document_types.rename_summary",
    exit=lambda turn: Press("staff.document", arg=str(_given(turn, CODE) or "")),
    roles=STAFF_ONLY,
)


# -- universities ----------------------------------------------------------------------------------


def _rename_university(turn: Turn, answers: dict[str, Any]) -> Reply:
    universities.rename_university(
        turn.db,
        actor=turn.actor,
        code=answers[CODE],
        expected=answers[MARK],
        name=answers["university_name"],
        now=turn.now,
    )
    return Reply((Screen(t("reference_data.done")),), goto=Press("staff.university_data", arg=answers[CODE]))


RENAME_UNIVERSITY = Dialogue(
    "rename_university",
    (Step("university_name", Text(5, 80)),),
    _rename_university,
    summary="universities.rename_summary",
    exit=lambda turn: Press("staff.university_data", arg=str(_given(turn, CODE) or "")),
    roles=STAFF_ONLY,
)


def _set_contact(turn: Turn, answers: dict[str, Any]) -> Reply:
    universities.set_contact(
        turn.db,
        actor=turn.actor,
        code=answers[CODE],
        expected=answers[MARK],
        phone=answers.get("university_phone"),
        hours=answers.get("university_hours"),
        address=answers.get("university_address"),
        now=turn.now,
    )
    return Reply((Screen(t("reference_data.done")),), goto=Press("staff.university_data", arg=answers[CODE]))


UNIVERSITY_CONTACT = Dialogue(
    "university_contact",
    (
        Step("university_phone", Text(3, 80), optional=True),
        Step("university_hours", Text(3, 120), optional=True),
        Step("university_address", Text(5, 300), optional=True),
    ),
    _set_contact,
    summary="universities.contact_summary",
    exit=lambda turn: Press("staff.university_data", arg=str(_given(turn, CODE) or "")),
    roles=STAFF_ONLY,
)


def _cities(turn: Turn, answers: Answers) -> Sequence[tuple[str, str]]:
    return [(city, city) for city in regions.cities_of(str(_given(turn, PROVINCE) or ""))]


def _districts(turn: Turn, answers: Answers) -> Sequence[tuple[str, str]]:
    every = [
        (str(n), t("universities.district", n=formats.digits(n)))
        for n in range(1, universities.DISTRICTS + 1)
    ]
    return [(WHOLE, t("universities.whole_city")), *every]


def _open_universities(turn: Turn, answers: Answers) -> Sequence[tuple[str, str]]:
    return reference_data.open_universities(turn.db)


def _of_province(turn: Turn, answers: Answers) -> Sequence[tuple[str, str]]:
    listed = universities.by_province(turn.db, actor=turn.actor).get(str(_given(turn, PROVINCE) or ""), [])
    return [
        (university.code, university.name)
        for university in listed
        if university.active and university.regional
    ]


def _coverage_steps(turn: Turn, answers: Answers) -> list[Step]:
    steps = [Step("coverage_city", Search(_cities))]
    if answers.get("coverage_city") == universities.CHOOSING_PROVINCE:
        steps.append(Step("coverage_district", Choice(_districts, columns=3, page=23)))
    steps.append(Step("coverage_university", Search(_open_universities, first=_of_province)))
    return steps


def _add_coverage(turn: Turn, answers: dict[str, Any]) -> Reply:
    district = answers.get("coverage_district", WHOLE)
    province = answers[PROVINCE]
    row = universities.add_coverage(
        turn.db,
        actor=turn.actor,
        province=province,
        city=answers["coverage_city"],
        district=None if district == WHOLE else int(district),
        university_code=answers["coverage_university"],
        now=turn.now,
    )
    return Reply((Screen(t("reference_data.done")),), goto=Press("staff.cover", row.id or 0))


def _back_to_coverage(turn: Turn) -> Press:
    province = str(_given(turn, PROVINCE) or "")
    return Press(
        "staff.coverage", universities.number_of(turn.db, actor=turn.actor, name=province) if province else 1
    )


NEW_COVERAGE = Dialogue(
    "new_coverage",
    _coverage_steps,
    _add_coverage,
    summary="universities.coverage_summary",
    exit=_back_to_coverage,
    roles=STAFF_ONLY,
)
