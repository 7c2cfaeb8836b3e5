"""The expert's dialogues: rejecting with a reason, searching; and what their dialogues share.

See docs/specification.md 4.1, expert.*.

Each is bound to one file at the version that the expert saw; its last question shows the file again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, ClassVar

from bot.application.routes import EXPERTS, REVIEWERS
from bot.core.context import Turn
from bot.core.refusals import AlreadyDecided, InvalidInput, NotAllowed, Refusal, Stale
from bot.core.screens import Press, Reply, Screen
from bot.rules import request_items
from bot.rules.validators import search_key
from bot.services.qualification import decisions
from bot.services.qualification.requests import QUALIFICATION_WORKFLOW
from bot.services.search.keys import TEXT_LENGTH
from bot.texts import formats, quoted, t
from bot.texts.answers import with_persian_digits
from conversations.common import searching
from conversations.engine import declaration
from conversations.engine.declaration import (
    Answers,
    Dialogue,
    FinishRejected,
    Incomplete,
    Prompt,
    Step,
    UserInput,
)
from conversations.engine.steps import question_state_of
from conversations.expert import phrase_choices
from conversations.questions import Choice, Confirm, Text
from storage.enums import RejectReason
from storage.tables import Account, CooperationRequest, QualificationRequest

#: Characters of what an expert writes to the applicant.
LONGEST = 800


def request_of(turn: Turn) -> QualificationRequest:
    """The file that the dialogue is about."""
    assert turn.draft is not None
    return turn.db.get_one(QualificationRequest, turn.draft.subject_id)


def about_request(turn: Turn) -> dict[str, str]:
    """`code` and `name` of the file, for a question that must not be answered about another one."""
    request = request_of(turn)
    applicant = turn.db.get_one(Account, request.account_id)
    return {"code": request.tracking_code or "", "name": applicant.name}


def whose(turn: Turn) -> str:
    """The applicant with the whole national code, for the last question of who may decide."""
    applicant = turn.db.get_one(Account, request_of(turn).account_id)
    code = formats.digits(applicant.national_code or "")
    return t("desk.applicant_code", name=applicant.name, code=code)


def guard_request(turn: Turn) -> None:
    """Raises NotAllowed once the file is another university's than the expert's."""
    assert turn.draft is not None
    QUALIFICATION_WORKFLOW.see(turn.db, turn.draft.subject_id, actor=turn.actor)


def request_address_of(turn: Turn) -> Press:
    assert turn.draft is not None
    return Press("desk.file", turn.draft.subject_id)


def superseded_reply(refusal: Refusal, goto: Press) -> Reply:
    """The file went another way meanwhile: say so, and show it as it is. The dialogue is over."""
    return Reply(screens=(Screen(t(refusal.key, **refusal.args_of_text)),), goto=goto)


#: The choice that needs own words, in every set of presets.
OTHER = RejectReason.OTHER.value


class Reason(Choice):
    """A preset, or the expert's own words. The value is {"reason": …, "text": own words or None}. Each preset
    has its label under "<labels>.<preset>"; `longest` is of own words, in characters."""

    def __init__(self, presets: Iterable[str], labels: str, *, longest: int = LONGEST) -> None:
        super().__init__([(str(reason), t(f"{labels}.{reason}")) for reason in presets], columns=1)
        self.words = OwnWords(request_items.SHORTEST_REPLY, longest, lines=True, short="error.short_reason")
        self.addition = OwnAddition(request_items.SHORTEST_REPLY, longest)

    def accept(self, turn: Turn, step: Step, answers: Answers, given: UserInput) -> Any | Incomplete:
        try:
            return {"reason": super().accept(turn, step, answers, given), "text": None}
        except InvalidInput:
            if given.text is None:
                raise
        return {"reason": OTHER, "text": self.words.parse(turn, given.text)}

    def format_answer(self, turn: Turn, step: Step, value: Any) -> str:
        return str(value["text"] or super().format_answer(turn, step, value["reason"]))


class Confirmation(Confirm):
    """The last question, which shows the file again; it is not counted among the steps."""

    counted: ClassVar[bool] = False

    def accept(self, turn: Turn, step: Step, answers: Answers, given: UserInput) -> Any | Incomplete:
        """A plain «بله» is as good as the whole label."""
        if given.text is not None and search_key(given.text) == search_key(t("nav.yes")):
            return True
        return super().accept(turn, step, answers, given)


class Addition(Text):
    """Words that may be left out by the button `without` (not «رد کردن», which here would mean to reject)."""

    def __init__(self, min: int, max: int, *, without: str = "reject.no_text") -> None:
        super().__init__(min, max, lines=True, short="error.short_reason")
        self.without = without

    def offered_answers(self, turn: Turn, answers: Answers) -> tuple[declaration.OfferedAnswer, ...]:
        return (declaration.OfferedAnswer("none", t(self.without)),)

    def offered_value(self, turn: Turn, answers: Answers, key: str) -> str:
        return ""

    def format_answer(self, turn: Turn, step: Step, value: Any) -> str:
        return super().format_answer(turn, step, value) if value else t("form.none")


class _WithPhrases(Text):
    """Words to the applicant, typed or one of the kept phrases."""

    def make_prompt(self, turn: Turn, step: Step, answers: Answers) -> Prompt:
        prompt = super().make_prompt(turn, step, answers)
        page = int(question_state_of(turn, step).get("page") or 0)
        offered = phrase_choices.rows(turn, text="", page=page)
        return replace(prompt, choices=(*offered, *prompt.choices))

    def accept(self, turn: Turn, step: Step, answers: Answers, given: UserInput) -> Any:
        if (page := phrase_choices.turned_to(given.choice)) is not None:
            return Incomplete(question_state={"page": page})
        if (text := phrase_choices.chosen(turn, given.choice)) is not None:
            return self.parse(turn, text)
        return super().accept(turn, step, answers, given)


class OwnWords(_WithPhrases):
    """The expert's own words, which are the reason."""


class OwnAddition(_WithPhrases, Addition):
    """The expert's own words beside a preset, which may be left out."""


class LastQuestion(Confirmation):
    """«بله» or «خیر», and a way to keep the words that are on the screen for the next file."""

    def make_prompt(self, turn: Turn, step: Step, answers: Answers) -> Prompt:
        prompt = super().make_prompt(turn, step, answers)
        keep = phrase_choices.keep_rows(turn, words_of(answers))
        return replace(prompt, choices=(*prompt.choices, *keep))

    def accept(self, turn: Turn, step: Step, answers: Answers, given: UserInput) -> Any | Incomplete:
        if phrase_choices.save(turn, given.choice, words_of(answers)):
            return Incomplete(notice=t("defects.saved"))
        return super().accept(turn, step, answers, given)


_REJECTION_REASON = Reason(RejectReason, "reject")


def chosen_reason(answers: Answers) -> Mapping[str, Any]:
    """What was answered to `Reason`; empty before."""
    value = answers.get("reject_reason")
    return value if isinstance(value, dict) else {}


def _needs_words(turn: Turn, answers: Answers) -> bool:
    chosen_items = chosen_reason(answers)
    return chosen_items.get("reason") == OTHER and not chosen_items["text"]


def _may_add(turn: Turn, answers: Answers) -> bool:
    return _addable(answers)


def _addable(answers: Answers) -> bool:
    """Whether a preset was chosen, to which own words may be added."""
    return chosen_reason(answers).get("reason") not in (None, OTHER)


def words_of(answers: Answers) -> str:
    """The expert's own words, with or without a preset."""
    chosen_items = chosen_reason(answers)
    if chosen_items.get("reason") != OTHER:
        return answers.get("reject_addition") or ""
    return chosen_items.get("text") or answers.get("reject_text") or ""


def rejecting(presets: Reason, *, heading: str, sure: list[str]) -> list[Step]:
    """The questions before a rejection of any kind of file: a reason, words, and the file once more
    (`sure`)."""

    def headed(key: str) -> str:
        return f"{heading}\n{t(key)}"

    return [
        Step("reject_reason", presets, prompt=headed("ask.reject_reason")),
        Step("reject_text", presets.words, when=_needs_words, prompt=headed("ask.reject_text")),
        Step("reject_addition", presets.addition, when=_may_add, prompt=headed("ask.reject_addition")),
        Step("sure", LastQuestion("reject.do"), prompt="\n".join(sure)),
    ]


def reason_lines(answers: Answers, preset: Callable[[str], str]) -> list[str]:
    """The chosen reason as lines: `preset` words one that was offered."""
    chosen_items, lines = chosen_reason(answers), []
    if chosen_items and chosen_items["reason"] != OTHER:
        lines.append(t("reject.reason_line", preset=preset(chosen_items["reason"])))
    if words := words_of(answers):
        lines.append(t("reject.text_line", text=quoted(with_persian_digits(words), t("who.you"))))
    return lines


def reject_steps(turn: Turn, answers: Answers) -> list[Step]:
    about = about_request(turn)
    sure = [
        t("reject.confirm", **about),
        whose(turn),
        *reason_lines(answers, lambda reason: t(f"reason.{reason}")),
    ]
    return rejecting(_REJECTION_REASON, heading=t("review.about", **about), sure=sure)


def not_rejected(answers: Answers) -> FinishRejected:
    """«خیر» on the last question: back to the words, which are kept."""
    if _addable(answers):
        at = "reject_addition"
    else:
        at = "reject_text" if answers.get("reject_text") else "reject_reason"
    return FinishRejected(t("reject.kept"), forget=("sure",), at=at)


def finish_reject(turn: Turn, answers: dict[str, Any]) -> Reply | FinishRejected:
    if not answers["sure"]:
        return not_rejected(answers)
    request = request_of(turn)
    assert request.id is not None
    try:
        with turn.db.begin_nested():
            decisions.reject(
                turn.db,
                actor=turn.actor,
                request_id=request.id,
                reason=RejectReason(chosen_reason(answers)["reason"]),
                text=with_persian_digits(words_of(answers)) or None,
                version=answers["_version"],
                now=turn.now,
                undo=turn.public_info.decision_undo,
            )
    except (AlreadyDecided, NotAllowed, Stale) as refusal:
        return superseded_reply(refusal, request_address_of(turn))
    return Reply(goto=Press("desk.outcome", request.id))


def request_address(request: QualificationRequest | CooperationRequest) -> tuple[str, int]:
    """Action and id of the card of a file."""
    cooperates = isinstance(request, CooperationRequest)
    return ("desk.coop_file" if cooperates else "desk.file", request.id or 0)


def finish_search(turn: Turn, answers: dict[str, Any]) -> Reply | FinishRejected:
    found = searching.search_reply(turn, answers["search_code"])
    return found or FinishRejected(t("search.nothing"), forget=("search_code",))


REJECT_QUALIFICATION = Dialogue(
    "reject",
    reject_steps,
    finish_reject,
    exit=request_address_of,
    roles=EXPERTS,
    guard=guard_request,
)
SEARCH_REQUESTS = Dialogue(
    "search",
    (Step("search_code", Text(1, TEXT_LENGTH)),),
    finish_search,
    roles=REVIEWERS,
)
