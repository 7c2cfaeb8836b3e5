"""The head assigns many files at once: from where, which, to whom, why, and one question (docs/specification.md 2.9)."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import Any, ClassVar

from bot.core.context import Turn
from bot.core.refusals import InvalidInput
from bot.core.screens import Press, Reply
from bot.rules.validators import normalise
from bot.services import team
from bot.services.cooperation.requests import COOPERATION_WORKFLOW
from bot.services.qualification import review
from bot.services.qualification.requests import QUALIFICATION_WORKFLOW
from bot.texts import formats, quoted, t
from bot.texts.answers import with_persian_digits
from conversations.common.labels import shortened
from conversations.engine.declaration import (
    Answers,
    Dialogue,
    Incomplete,
    OfferedAnswer,
    Prompt,
    Step,
    UserInput,
)
from conversations.engine.steps import Question, prompt_of, question_state_of
from conversations.expert.review import Addition, Confirmation
from conversations.questions import Choice, Ticks
from storage.enums import Role
from storage.tables import Account

HEADS = frozenset({Role.IN_CHARGE})
QUEUE = "queue"
PAGE = 10
_ALL, _NONE, _DONE, _TO = "@all", "@none", "@done", "@page:"


def _source(answers: Answers) -> int | None:
    chosen = str(answers.get("bulk_from"))
    return int(chosen) if chosen.isdigit() else None


class FileTicks(Question):
    """Files ticked on pages of ten; a typed number ticks so many of the oldest. The value is their ids, oldest first."""

    free_text: ClassVar[bool] = True

    def __init__(self, workflow: team.Workflow) -> None:
        self.workflow = workflow

    def _files(self, turn: Turn, answers: Answers) -> list[team.BulkFile]:
        return team.candidates(turn.db, self.workflow, actor=turn.actor, source=_source(answers))

    def make_prompt(self, turn: Turn, step: Step, answers: Answers) -> Prompt:
        files = self._files(turn, answers)
        ticked, page = self._held(turn, step, answers)
        pages = max(-(-len(files) // PAGE), 1)
        page = min(page, pages - 1)
        shown = list(enumerate(files, 1))[page * PAGE : (page + 1) * PAGE]
        lines = [
            t(
                "desk.line",
                i=formats.digits(i),
                code=file.code,
                name=file.applicant,
                age=formats.age(turn.now - file.since),
            )
            for i, file in shown
        ]
        marks = [
            OfferedAnswer(str(file.id), f"{'☑️' if file.id in ticked else '▫️'} {formats.digits(i)}")
            for i, file in shown
        ]
        rows = [tuple(marked) for marked in (marks[:5], marks[5:]) if marked]
        turns = []
        if page > 0:
            turns.append(OfferedAnswer(f"{_TO}{page - 1}", t("nav.previous")))
        if page < pages - 1:
            turns.append(OfferedAnswer(f"{_TO}{page + 1}", t("nav.next")))
        if turns:
            rows.append(tuple(turns))
        every = t("desk.bulk_all", n=formats.digits(len(files)))
        rows.append((OfferedAnswer(_ALL, every), OfferedAnswer(_NONE, t("desk.bulk_none"))))
        rows.append((OfferedAnswer(_DONE, t("form.done")),))
        below = [*lines, t("form.ticked", n=formats.digits(len(ticked)))]
        return Prompt(prompt_of(step), tuple(rows), tuple(below), current=False)

    def accept(self, turn: Turn, step: Step, answers: Answers, given: UserInput) -> Any | Incomplete:
        files = self._files(turn, answers)
        ticked, page = self._held(turn, step, answers)
        match given.choice:
            case None:
                number = normalise((given.text or "")[:20])
                if not number.isascii() or not number.isdigit() or not 1 <= int(number) <= team.MOST:
                    raise InvalidInput("error.bulk_number", max=formats.digits(team.MOST))
                return self._state({file.id for file in files[: int(number)]}, page)
            case "@all":
                return self._state({file.id for file in files}, page)
            case "@none":
                return self._state(set(), page)
            case "@done":
                chosen = [file.id for file in files if file.id in ticked]
                if not chosen:
                    raise InvalidInput("error.choose")
                return chosen
            case choice if choice.startswith(_TO):
                return self._state(ticked, int(choice.removeprefix(_TO)))
            case choice if choice.isdigit() and any(file.id == int(choice) for file in files):
                return self._state(ticked ^ {int(choice)}, page)
        raise InvalidInput("error.choose")

    def format_answer(self, turn: Turn, step: Step, value: Any) -> str:
        return formats.digits(len(value))

    def is_compatible(self, turn: Turn, step: Step, answers: Answers, value: Any) -> bool:
        return isinstance(value, list)

    def _held(self, turn: Turn, step: Step, answers: Answers) -> tuple[set[int], int]:
        state = question_state_of(turn, step)
        if "ticked" in state:
            return set(state["ticked"]), int(state.get("page") or 0)
        return set(answers.get(step.key) or ()), 0

    @staticmethod
    def _state(ticked: set[int], page: int) -> Incomplete:
        return Incomplete(question_state={"ticked": sorted(ticked), "page": page})


def _sources(workflow: team.Workflow, turn: Turn, answers: Answers) -> list[tuple[str, str]]:
    offered = []
    for source in team.sources(turn.db, workflow, actor=turn.actor):
        n = formats.digits(source.count)
        if source.expert is None:
            offered.append((QUEUE, t("desk.bulk_queue", n=n)))
        else:
            load = t("desk.expert_load", n=n)
            offered.append((str(source.expert.id), f"{shortened(source.expert.name, 30)} {load}"))
    return offered


def _receivers(turn: Turn, answers: Answers) -> list[tuple[str, str]]:
    actor, source = turn.actor, _source(answers)
    listed = review.experts_of(turn.db, actor=actor, university_code=actor.university_code, now=turn.now)
    receivers = []
    for one in listed:
        if one.account.id != source:
            load = t("desk.expert_load", n=formats.digits(one.load))
            away = f" {t('desk.away')}" if one.away else ""
            receivers.append((str(one.account.id), f"{shortened(one.account.name, 14)}{away} {load}"))
    return receivers


def _chosen_experts(answers: Answers) -> list[int]:
    return [int(one) for one in (answers.get("bulk_to") or {}).get("items") or ()]


def _sure(workflow: team.Workflow, turn: Turn, answers: Answers) -> str:
    experts, chosen, planned = _chosen_experts(answers), answers.get("bulk_files"), dict[int, int]()
    if experts and isinstance(chosen, list):
        planned = team.plan(
            turn.db,
            workflow,
            actor=turn.actor,
            request_ids=chosen,
            expert_ids=experts,
            source=_source(answers),
            now=turn.now,
        )
    lines = [t("desk.bulk_sure", n=formats.digits(len(planned)))]
    for expert_id, number in Counter(planned.values()).items():
        name = turn.db.get_one(Account, expert_id).name
        lines.append(t("desk.bulk_share", name=name, n=formats.digits(number)))
    if why := answers.get("bulk_why"):
        lines.append(t("push.N22_why", note=quoted(with_persian_digits(why), t("who.you"))))
    return "\n".join(lines)


def _steps(workflow: team.Workflow, turn: Turn, answers: Answers) -> list[Step]:
    receivers = Ticks(_receivers, note=False, columns=1)
    steps = [
        Step("bulk_from", Choice(partial(_sources, workflow))),
        Step("bulk_files", FileTicks(workflow)),
        Step("bulk_to", receivers),
        Step("bulk_why", Addition(5, 300)),
    ]
    return [*steps, Step("sure", Confirmation("desk.bulk_do"), prompt=_sure(workflow, turn, answers))]


def _finish(workflow: team.Workflow, turn: Turn, answers: dict[str, Any]) -> Reply:
    if not answers["sure"]:
        return Reply(goto=Press("desk.team"))
    result = team.assign_many(
        turn.db,
        workflow,
        actor=turn.actor,
        request_ids=answers["bulk_files"],
        expert_ids=_chosen_experts(answers),
        source=_source(answers),
        why=with_persian_digits(answers["bulk_why"]) or None,
        now=turn.now,
    )
    notice = t("desk.bulk_done", n=formats.digits(result.count))
    if result.skipped:
        notice = f"{notice} {t('desk.bulk_skipped', n=formats.digits(result.skipped))}"
    return Reply(goto=Press("desk.team"), notice=notice)


def _after(turn: Turn, key: str, answers: dict[str, Any]) -> dict[str, Any]:
    """Another source has other files."""
    return (
        {one: value for one, value in answers.items() if one != "bulk_files"}
        if key == "bulk_from"
        else answers
    )


def _dialogue(workflow: team.Workflow, name: str) -> Dialogue:
    return Dialogue(
        name,
        partial(_steps, workflow),
        partial(_finish, workflow),
        exit=Press("desk.team"),
        roles=HEADS,
        after=_after,
        events=("assigned",),
    )


BULK_ASSIGN = _dialogue(QUALIFICATION_WORKFLOW, "bulk")
BULK_ASSIGN_COOPERATION = _dialogue(COOPERATION_WORKFLOW, "coop_bulk")
