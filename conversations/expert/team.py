"""The expert's dialogues with colleagues: a note on a file, handing one over, and leave (docs/specification.md 2.9)."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import Any

from bot.application.routes import EXPERTS, REVIEWERS
from bot.core.context import Turn
from bot.core.refusals import AlreadyDecided, InvalidInput, NotAllowed, Stale
from bot.core.screens import Press, Reply
from bot.services import team
from bot.services.cooperation.requests import COOPERATION_WORKFLOW
from bot.services.qualification import review
from bot.services.qualification.requests import QUALIFICATION_WORKFLOW
from bot.services.review import file_notes
from bot.services.review.leaves import today
from bot.texts import t
from bot.texts.answers import with_persian_digits
from conversations.common.labels import shortened
from conversations.engine.declaration import Answers, Dialogue, OfferedAnswer, Step
from conversations.expert.review import superseded_reply
from conversations.questions import Choice, Text
from conversations.questions.tariff import DayToCome
from storage.tables import Account

#: Answers that are given to `Engine.start`: the version that the expert saw, and the colleague who was chosen.
VERSION, EXPERT = "_version", "_expert"
_WORDS = Text(file_notes.SHORTEST, file_notes.LONGEST, lines=True)
_LONGEST_NAME = 40


def _address(workflow: team.Workflow, turn: Turn) -> Press:
    assert turn.draft is not None
    return Press(workflow.open_action, turn.draft.subject_id)


def _guard(workflow: team.Workflow, turn: Turn) -> None:
    """Raises NotAllowed once the file is another university's than the expert's."""
    workflow.see(turn.db, _address(workflow, turn).id, actor=turn.actor)


def _about(workflow: team.Workflow, turn: Turn) -> dict[str, str]:
    request = workflow.load(turn.db, _address(workflow, turn).id)
    applicant = turn.db.get_one(Account, request.account_id)
    return {"code": request.tracking_code or "", "name": applicant.name}


# ── a note ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _note_steps(workflow: team.Workflow, turn: Turn, answers: Answers) -> list[Step]:
    about = t("review.about", **_about(workflow, turn))
    return [Step("note_text", _WORDS, prompt=f"{about}\n{t('ask.note_text')}")]


def _save_note(workflow: team.Workflow, notes: str, turn: Turn, answers: dict[str, Any]) -> Reply:
    request_id = _address(workflow, turn).id
    team.add_note(
        turn.db,
        workflow,
        actor=turn.actor,
        request_id=request_id,
        text=with_persian_digits(answers["note_text"]),
        now=turn.now,
    )
    return Reply(goto=Press(notes, request_id), notice=t("desk.note_saved"))


# ── handing over ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _hand_over_steps(workflow: team.Workflow, turn: Turn, answers: Answers) -> list[Step]:
    chosen = answers.get(EXPERT)
    colleague = turn.db.get(Account, chosen) if chosen is not None else None
    to = colleague.name if colleague is not None else "–"
    prompt = t("ask.hand_over_words", to=to, **_about(workflow, turn))
    return [Step("hand_over_words", _WORDS, prompt=prompt)]


def _hand_over(workflow: team.Workflow, turn: Turn, answers: dict[str, Any]) -> Reply:
    goto = _address(workflow, turn)
    try:
        with turn.db.begin_nested():
            request = workflow.hand_over(
                turn.db,
                actor=turn.actor,
                request_id=goto.id,
                expert_id=answers[EXPERT],
                words=with_persian_digits(answers["hand_over_words"]),
                version=answers[VERSION],
                now=turn.now,
            )
    except (AlreadyDecided, InvalidInput, NotAllowed, Stale) as refusal:
        return superseded_reply(refusal, goto)
    name, holder = (turn.db.get_one(Account, one).name for one in (answers[EXPERT], request.reviewer_id))
    if request.deputy_for_id is not None:
        return Reply(goto=goto, notice=t("desk.handed_to_deputy", name=name, deputy=holder))
    return Reply(goto=goto, notice=t("desk.handed_over", name=name))


def _dialogues(workflow: team.Workflow, prefix: str, notes: str) -> tuple[Dialogue, Dialogue]:
    common: dict[str, Any] = {"exit": partial(_address, workflow), "guard": partial(_guard, workflow)}
    return (
        Dialogue(
            f"{prefix}note",
            partial(_note_steps, workflow),
            partial(_save_note, workflow, notes),
            roles=REVIEWERS,
            events=("note_added",),
            **common,
        ),
        Dialogue(
            f"{prefix}hand_over",
            partial(_hand_over_steps, workflow),
            partial(_hand_over, workflow),
            roles=EXPERTS,
            events=("handed_over", "note_added"),
            **common,
        ),
    )


NOTE, HAND_OVER = _dialogues(QUALIFICATION_WORKFLOW, "", "desk.notes")
COOPERATION_NOTE, COOPERATION_HAND_OVER = _dialogues(COOPERATION_WORKFLOW, "coop_", "desk.coop_notes")


# ── leave ────────────────────────────────────────────────────────────────────────────────────────────────────────────


class _LastDay(DayToCome):
    """A Jalali date; the button says the first day."""

    def offered_answers(self, turn: Turn, answers: Answers) -> tuple[OfferedAnswer, ...]:
        return (OfferedAnswer("same", t("desk.leave_one_day")),)

    def offered_value(self, turn: Turn, answers: Answers, key: str) -> str:
        return str(answers["leave_from"])


def _colleagues(turn: Turn, answers: Answers) -> list[tuple[str, str]]:
    own = turn.actor
    experts = review.experts_of(turn.db, actor=own, university_code=own.university_code, now=turn.now)
    return [
        (str(one.account.id), shortened(one.account.name, _LONGEST_NAME))
        for one in experts
        if one.account.id != own.account_id
    ]


def _check(turn: Turn, key: str, answers: dict[str, Any]) -> dict[str, Any]:
    """The days and the deputy fit together, told at the question that does not."""
    first, last = answers.get("leave_from"), answers.get("leave_to")
    if first and last:
        team.check_days(date.fromisoformat(first), date.fromisoformat(last), today=today(turn.now))
        if deputy := answers.get("leave_deputy"):
            team.check_deputy(
                turn.db,
                actor=turn.actor,
                deputy_id=int(deputy),
                starts_on=date.fromisoformat(first),
                ends_on=date.fromisoformat(last),
            )
    return answers


def _take_leave(turn: Turn, answers: dict[str, Any]) -> Reply:
    team.take_leave(
        turn.db,
        actor=turn.actor,
        starts_on=date.fromisoformat(answers["leave_from"]),
        ends_on=date.fromisoformat(answers["leave_to"]),
        deputy_id=int(answers["leave_deputy"]),
        now=turn.now,
    )
    return Reply(goto=Press("desk.leave"), notice=t("desk.leave_saved"))


LEAVE = Dialogue(
    "leave",
    (
        Step("leave_from", DayToCome()),
        Step("leave_to", _LastDay()),
        Step("leave_deputy", Choice(_colleagues)),
    ),
    _take_leave,
    exit=Press("desk.leave"),
    roles=EXPERTS,
    after=_check,
    summary="desk.leave_summary",
    events=("leave_taken",),
)
DIALOGUES = (NOTE, HAND_OVER, COOPERATION_NOTE, COOPERATION_HAND_OVER, LEAVE)
