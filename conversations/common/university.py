"""Choosing among several universities of a province (Tehran): the district first, where districts decide."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot.core.context import Turn
from bot.core.refusals import InvalidInput
from bot.rules.validators import normalise
from bot.services.review import routing
from bot.texts import formats, t
from conversations.common.labels import short_university
from conversations.common.turn_cache import cached_in_turn
from conversations.engine.declaration import Answers, Incomplete, OfferedAnswer, Prompt, Step, UserInput
from conversations.engine.steps import question_state_of
from conversations.questions import Choice
from conversations.questions.choice import Option, rows
from storage.tables import University

#: Begins the choice of a district; after it its number, or UNKNOWN.
DISTRICT, UNKNOWN = "@district:", "0"


def choices_of(turn: Turn, answers: Answers, district: int | None = None) -> routing.Choices:
    """What there is to choose from in the answered region; nothing where the region decides."""
    province, city = str(answers.get("province") or ""), answers.get("city")
    if not province:
        return routing.Choices(())
    return cached_in_turn(
        turn,
        ("region", province, city, district),
        lambda: routing.choices_for(turn.db, province, city, district),
    )


def universities_of(turn: Turn, answers: Answers) -> list[Option]:
    return [
        (university.code, short_university(university.name))
        for university in choices_of(turn, answers).universities
    ]


class ChosenUniversity(Choice):
    """One of several universities of a province. Where its districts belong to different ones, the district is asked
    first and kept in the chat's place alone. `suggestion` is the text key of the question with a suggestion; the text
    "ask.district_<scope>" asks for the district."""

    def __init__(self, suggestion: str = "ask.university_suggested", scope: str = "home") -> None:
        super().__init__(universities_of)
        self.suggestion, self.scope = suggestion, scope

    def make_prompt(self, turn: Turn, step: Step, answers: Answers) -> Prompt:
        district = question_state_of(turn, step).get("district")
        if district is None and (districts := choices_of(turn, answers).districts):
            return self._ask_district(districts)
        prompt = super().make_prompt(turn, step, answers)
        choices = choices_of(turn, answers, int(district) if district else None)
        suggested = next((one for one in choices.universities if one.code == choices.suggested), None)
        below = [_with_phone(university) for university in choices.universities]
        if suggested is not None:
            place = str(answers.get("city"))
            if district:
                place = t("form.district", city=place, n=formats.digits(district))
            why = t("form.suggested", place=place, university=suggested.name)
            prompt = replace(prompt, text=t(self.suggestion, university=suggested.name))
            below.insert(0, why)
        elif district is not None:
            below.insert(0, t("form.district_unsure"))
        others = ((OfferedAnswer(DISTRICT, t("form.other_district")),),) if district is not None else ()
        return replace(prompt, choices=(*prompt.choices, *others), below=(*below, *prompt.below))

    def _ask_district(self, districts: tuple[int, ...]) -> Prompt:
        options = [(f"{DISTRICT}{n}", t("universities.district", n=formats.digits(n))) for n in districts]
        unknown = (OfferedAnswer(f"{DISTRICT}{UNKNOWN}", t("form.district_unknown")),)
        return Prompt(t(f"ask.district_{self.scope}"), (*rows(options, 3), unknown), current=False)

    def accept(self, turn: Turn, step: Step, answers: Answers, given: UserInput) -> Any | Incomplete:
        districts = choices_of(turn, answers).districts
        if given.choice is not None and given.choice.startswith(DISTRICT):
            number = given.choice.removeprefix(DISTRICT)
            return Incomplete(question_state={"district": int(number)} if number else {})
        if given.text is not None and districts and question_state_of(turn, step).get("district") is None:
            written = normalise(given.text[:20]).removeprefix("منطقه").strip()
            if written.isdecimal() and int(written) in districts:
                return Incomplete(question_state={"district": int(written)})
            try:
                return super().accept(turn, step, answers, given)
            except InvalidInput:
                raise InvalidInput("error.bad_district", most=formats.digits(max(districts))) from None
        return super().accept(turn, step, answers, given)

    def format_answer(self, turn: Turn, step: Step, value: Any) -> str:
        university = turn.db.get(University, value)
        return university.name if university is not None else str(value)


def _with_phone(university: University) -> str:
    if not university.phone:
        return t("form.university_line", university=university.name)
    return t("form.university_phone", university=university.name, value=formats.digits(university.phone))
