"""The expert declares deficiencies: items that are ticked, each with its reason, and a general note.

See docs/specification.md 2.2 and 4.1, expert.deficiencies.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from bot.application.routes import EXPERTS
from bot.core.context import Turn
from bot.core.refusals import AlreadyDecided, InvalidInput, NotAllowed, Stale
from bot.core.screens import Press, Reply
from bot.rules import request_items
from bot.rules.validators import too_long
from bot.services.qualification import decisions
from bot.services.shared import reference_data
from bot.services.team import phrases
from bot.texts import formats, quoted, t
from bot.texts.answers import with_persian_digits
from bot.texts.written_text import written
from conversations.common.labels import Wording, shortened
from conversations.common.request_steps import MAX_TICK_LABEL
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
from conversations.engine.steps import Question, prompt_of, question_state_of
from conversations.expert import phrase_choices
from conversations.expert.review import (
    LONGEST,
    Confirmation,
    about_request,
    guard_request,
    request_address_of,
    request_of,
    superseded_reply,
    whose,
)

#: Characters of the reason of one item, and of all reasons and the note together.
LONGEST_REASON, LONGEST_ALTOGETHER = 300, 2400
DONE, DROP, NOTE = "@done", "@drop", "@note"


@dataclass(frozen=True, slots=True)
class Declared:
    """What is ticked and written so far. `focus` is what a text is for: a ticked item, NOTE, or nothing yet."""

    items: tuple[str, ...] = ()
    reasons: Mapping[str, str] = field(default_factory=dict)
    note: str | None = None
    focus: str = ""
    page: int = 0

    @property
    def text(self) -> str:
        """What is written at the focus."""
        return (self.note if self.focus == NOTE else self.reasons.get(self.focus)) or ""

    def with_text(self, text: str | None) -> dict[str, Any]:
        """The state with another text at the focus; without one, the note."""
        if self.focus in self.items:
            reasons = {key: value for key, value in self.reasons.items() if key != self.focus}
            return self.state(reasons=reasons | ({self.focus: text} if text else {}), page=0)
        return self.state(note=text, focus=NOTE, page=0)

    def state(self, **changes: Any) -> dict[str, Any]:
        """As it is kept with the chat's place."""
        now = {
            "ticked": list(self.items),
            "reasons": dict(self.reasons),
            "note": self.note,
            "focus": self.focus,
            "page": self.page,
        }
        return now | changes


class Deficiencies(Question):
    """Value {"items": [keys], "reasons": {key: text}, "note": text or None}. The item that was ticked last is the one that
    a text or a phrase is the reason of; «توضیح کلی» asks for the note, as does a text before anything is ticked. What was
    written for an item is kept where its tick is taken off and set again."""

    numbered: ClassVar[bool] = True
    own_next: ClassVar[bool] = True
    free_text: ClassVar[bool] = True
    in_sentences = True

    def make_prompt(self, turn: Turn, step: Step, answers: Answers) -> Prompt:
        declared, items = _declared(turn, step, answers), tickable_items(turn)
        ticks = [
            declaration.OfferedAnswer(key, f"{'☑️' if key in declared.items else '▫️'} {label}")
            for key, label in items
        ]
        rows: list[tuple[declaration.OfferedAnswer, ...]] = [
            tuple(ticks[at : at + 2]) for at in range(0, len(ticks), 2)
        ]
        if declared.focus:
            rows += phrase_choices.rows(turn, text=declared.text, page=declared.page)
        if declared.text:
            label = "form.drop_note" if declared.focus == NOTE else "defects.drop_plain"
            rows.append((declaration.OfferedAnswer(DROP, t(label)),))
        if declared.focus != NOTE:
            rows.append((declaration.OfferedAnswer(NOTE, t("defects.note")),))
        rows.append((declaration.OfferedAnswer(DONE, t("defects.send")),))
        return Prompt(prompt_of(step), tuple(rows), tuple(self._below(turn, declared, items)), current=False)

    @staticmethod
    def _below(turn: Turn, declared: Declared, items: Sequence[tuple[str, str]]) -> list[str]:
        lines = []
        if declared.items:
            lines.append(t("form.ticked", n=formats.digits(len(declared.items))))
        for key, label in items:
            if key in declared.items and (reason := declared.reasons.get(key)):
                lines.append(t("qual.defect_reason", item=label, reason=quoted(reason, t("who.you"))))
        if declared.note:
            lines.append(t("form.note", note=quoted(declared.note, t("who.you"))))
        if declared.focus and not declared.text:
            plain = "" if phrase_choices.any_for(turn) else "_plain"
            if declared.focus == NOTE:
                lines += ["", t(f"defects.write_note{plain}")]
            else:
                label = Wording.load(turn.db).label(declared.focus, short=True)
                lines += ["", t(f"defects.reason{plain}", item=label)]
        return lines

    def accept(self, turn: Turn, step: Step, answers: Answers, given: UserInput) -> Any | Incomplete:
        declared = _declared(turn, step, answers)
        keys = [key for key, _ in tickable_items(turn)]
        match given.choice:
            case None:
                return Incomplete(
                    question_state=_short_enough(declared.with_text(_typed(declared, given.text)))
                )
            case choice if choice == DONE:
                if not declared.items and not declared.note:
                    raise InvalidInput("defects.none")
                reasons = {key: why for key, why in declared.reasons.items() if key in declared.items}
                return {"items": list(declared.items), "reasons": reasons, "note": declared.note}
            case choice if choice == DROP:
                return Incomplete(question_state=declared.with_text(None))
            case choice if choice == NOTE:
                return Incomplete(question_state=declared.state(focus=NOTE, page=0))
            case choice if choice in keys:
                left = [key for key in declared.items if key != choice]
                chosen = left if choice in declared.items else [*declared.items, choice]
                focus = "" if choice in declared.items else choice
                ticked = [key for key in keys if key in chosen]
                return Incomplete(question_state=declared.state(ticked=ticked, focus=focus, page=0))
        if (page := phrase_choices.turned_to(given.choice)) is not None:
            return Incomplete(question_state=declared.state(page=page))
        if (text := phrase_choices.chosen(turn, given.choice)) is not None:
            return Incomplete(question_state=_short_enough(declared.with_text(text)))
        if phrase_choices.save(turn, given.choice, declared.text):
            return Incomplete(question_state=declared.state(), notice=t("defects.saved"))
        raise InvalidInput("error.choose")

    def format_answer(self, turn: Turn, step: Step, value: Any) -> str:
        words = Wording.load(turn.db)
        named = [words.label(key) for key in value["items"]]
        return "؛ ".join([*named, *([value["note"]] if value["note"] else [])]) or t("form.none")


def _typed(declared: Declared, text: str | None) -> str:
    """A text as it is kept at the focus. Raises InvalidInput."""
    reason = declared.focus in declared.items
    longest = LONGEST_REASON if reason else LONGEST
    shortest = phrases.SHORTEST if reason else request_items.SHORTEST_REPLY
    if len(text or "") > 4 * longest:
        raise too_long(longest)
    words = written(text or "", lines=True)
    if len(words) < shortest:
        raise InvalidInput("error.short_text", min=formats.digits(shortest))
    if len(words) > longest:
        raise too_long(longest)
    return words


def _short_enough(state: dict[str, Any]) -> dict[str, Any]:
    """Raises InvalidInput where all together would not fit a message."""
    if sum(map(len, state["reasons"].values())) + len(state["note"] or "") > LONGEST_ALTOGETHER:
        raise InvalidInput("defects.too_long", max=formats.digits(LONGEST_ALTOGETHER))
    return state


def _declared(turn: Turn, step: Step, answers: Answers) -> Declared:
    """What is ticked and written on this screen; before the first touch, the earlier answer."""
    state = question_state_of(turn, step)
    if "ticked" in state:
        return Declared(
            tuple(state["ticked"]),
            dict(state.get("reasons") or {}),
            state.get("note"),
            str(state.get("focus") or ""),
            int(state.get("page") or 0),
        )
    earlier = answers.get(step.key)
    if not isinstance(earlier, Mapping):
        return Declared()
    return Declared(
        tuple(earlier.get("items") or ()), dict(earlier.get("reasons") or {}), earlier.get("note")
    )


def tickable_items(turn: Turn) -> list[tuple[str, str]]:
    """The items of the file that can be deficient, as (key, name that fits behind a tick)."""
    snapshot = request_of(turn).snapshot
    words = Wording.load(turn.db)
    document_rules = reference_data.document_rules(turn.db)
    wanted = [
        request_items.document(document_rule.code)
        for document_rule in document_rules
        if document_rule.must(snapshot)
    ]
    keys = dict.fromkeys([*words.keys(snapshot), *wanted])
    codes = [document_rule.code for document_rule in document_rules]
    return [
        (key, shortened(words.label(key, short=True), MAX_TICK_LABEL))
        for key in keys
        if request_items.can_be_deficient(key, codes) and (key != "field_note" or snapshot.get(key))
    ]


def steps(turn: Turn, answers: Answers) -> list[Step]:
    prompt = f"{t('review.about', **about_request(turn))}\n{t('ask.defects')}"
    return [
        Step("defects", Deficiencies(), prompt=prompt),
        Step("sure", Confirmation("defects.do"), prompt=_sure(turn, answers)),
    ]


def _sure(turn: Turn, answers: Answers) -> str:
    defects = answers.get("defects") or {"items": [], "note": None}
    words, reasons = Wording.load(turn.db), defects.get("reasons") or {}
    lines = [t("defects.confirm", **about_request(turn)), whose(turn)]
    for key in defects["items"]:
        reason = quoted(with_persian_digits(reasons.get(key) or ""), t("who.you"))
        label = words.label(key)
        lines.append(
            t("qual.defect_reason", item=label, reason=reason)
            if reason.text
            else t("qual.defect", item=label)
        )
    if defects["note"]:
        lines.append(t("qual.note", note=quoted(with_persian_digits(defects["note"]), t("who.you"))))
    return "\n".join(lines)


def finish(turn: Turn, answers: dict[str, Any]) -> Reply | FinishRejected:
    """Declare them; «خیر» leads back to what was ticked and written."""
    if not answers["sure"]:
        return FinishRejected(t("defects.kept"), forget=("sure",), at="defects")
    request, defects = request_of(turn), answers["defects"]
    assert request.id is not None
    reasons = {key: with_persian_digits(why) for key, why in (defects.get("reasons") or {}).items()}
    try:
        with turn.db.begin_nested():
            decisions.declare_deficiencies(
                turn.db,
                actor=turn.actor,
                request_id=request.id,
                items=defects["items"],
                reasons=reasons,
                note=with_persian_digits(defects["note"] or "") or None,
                version=answers["_version"],
                now=turn.now,
                undo=turn.public_info.decision_undo,
            )
    except (AlreadyDecided, NotAllowed, Stale) as refusal:
        return superseded_reply(refusal, request_address_of(turn))
    return Reply(goto=Press("desk.outcome", request.id))


DECLARE_DEFICIENCIES = Dialogue(
    "deficiencies",
    steps,
    finish,
    exit=request_address_of,
    roles=EXPERTS,
    guard=guard_request,
)
