"""What a dialogue shows, with the meaning of each button: questions, the summary, and the two confirmations."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import blake2b
from typing import Any

from bot.core.context import Turn
from bot.core.screens import Attachment, Button, Press, Screen
from bot.rules.recognised_words import Intent
from bot.rules.validators import LONGEST_KEY, normalise, search_key
from bot.texts import Quoted, Sentence, checked, has, one_line, placeholders, t
from bot.texts.answers import in_sentence, with_persian_digits
from bot.texts.formats import digits
from conversations.engine.declaration import Answers, Prompt, Step
from conversations.engine.steps import (
    CHANGED,
    DISCARD,
    SECOND_QUESTION,
    Position,
    aside_of,
    is_answered,
    keeps,
    label_of,
    progress_text,
    short_label_of,
    skip_label_of,
)

#: Characters of a summary's page, well below the messengers' 4096.
PAGE_LENGTH = 3000
PAGE_FIELDS = 40
VALUE_LENGTH = 320
#: Characters of an edit button, two in a row.
EDIT_LABEL = 20
#: One screen of the summary: the name of its part ("" where there are none), and its lines.
Page = tuple[str, list[tuple[Step, str]]]
_CANCEL = t("nav.cancel")
#: What may be typed for a confirmation, whatever more its button says.
_SHORT_ANSWERS = (t("nav.yes"), t("nav.no_word"))
#: What is asked for in words, and the buttons that do it, the first of them that the screen has.
_BUTTONS_IN_WORDS = {
    Intent.BACK: ("back",),
    Intent.SKIP: ("next", "skip"),
}
_CONFIRMING_IN_WORDS = {
    Intent.BACK: ("no", "later", "cancel"),
    Intent.STOP: ("no", "later", "cancel"),
    Intent.REFUSAL: ("no",),
}
_NONE = search_key("ندارم")
#: Of the pressed button, in a turn's memo.
KEY = "dialogue.key"


@dataclass(frozen=True, slots=True)
class StepButton:
    """One button: what it does (`action`), with what (`arg`)."""

    action: str
    label: str
    arg: str = ""


@dataclass(frozen=True, slots=True)
class RenderedStep:
    text: str
    rows: tuple[tuple[StepButton, ...], ...]
    attachments: tuple[Attachment, ...] = ()
    ask_contact: str | None = None

    def buttons(self) -> Iterable[StepButton]:
        return (key for row in self.rows for key in row)

    def choices(self) -> list[StepButton]:
        """The answers among the buttons, as they are numbered by who types."""
        return [key for key in self.buttons() if key.action == "choose" and not key.arg.startswith("@")]

    def pressed(self, press: Press, position: Position) -> StepButton | None:
        """The key that was pressed, where this step (still) has it."""
        return next((key for key in self.buttons() if press_of(key, position) == press), None)

    def typed(self, text: str, *, numbered: bool) -> StepButton | None:
        """The key whose label, or (of a choice) whose number was typed."""
        written = search_key(text) if len(text) <= LONGEST_KEY else ""
        if not written:
            return None
        for key in self.buttons():
            # «انصراف» of a form that would be kept may be an answer to its first question, and is asked about.
            asked = key.action == "later" and key.label == _CANCEL
            if not asked and written in (
                _label_key(key.label),
                _label_key(short_answer(key.label)),
            ):
                return key
        number = normalise(text)
        if numbered and number.isdecimal() and len(number) < 4 and 1 <= int(number) <= len(self.choices()):
            return self.choices()[int(number) - 1]
        return None

    def screen(self, position: Position, *above: str | None) -> Screen:
        """As values for delivery, with lines put above the text."""
        rows = tuple(tuple(Button(key.label, press_of(key, position)) for key in row) for row in self.rows)
        text = "\n\n".join([*(line for line in above if line), self.text])
        return Screen(text, rows, self.attachments, self.ask_contact)


def short_answer(label: str) -> str:
    """«بله» of «✅ بله، ارسال شود»: what people type for it; a label without such a word as it is."""
    head = label.partition("،")[0].removeprefix("✅").strip()
    return head if head in _SHORT_ANSWERS else label


@lru_cache(maxsize=2048)
def _label_key(label: str) -> str:
    return search_key(label)


@lru_cache(maxsize=4096)
def _tag(key: str) -> str:
    return blake2b(key.encode(errors="replace"), digest_size=6).hexdigest()


def press_of(key: StepButton, position: Position) -> Press:
    """A button's data: draft, step and argument as hashes, so that any key fits and reordering does not matter. What is
    confirmed is the version that was seen."""
    seen = position.draft.version if key.action in ("confirm", "yes") else 0
    arg = _tag(position.step) + (_tag(key.arg) if key.arg else "")
    return Press(f"d.{key.action}", position.draft.id or 0, seen, arg)


def rendered_step(turn: Turn, position: Position) -> RenderedStep:
    """What the chat shows at its place in the dialogue."""
    if position.open_step is not None:
        rendered = rendered_question(turn, position, position.open_step)
        aside = aside_of(turn, position)
        return _aside(rendered, aside) if aside else rendered
    if position.step == DISCARD:
        return _yes_no(t("form.discard_confirm"), key="form.discard_confirm")
    if position.step == SECOND_QUESTION and position.dialogue.second_question:
        question = position.dialogue.second_question
        return _yes_no(
            _with_caution(turn, position, _second_question(turn, position, question)),
            key=question if isinstance(question, str) else position.dialogue.second_buttons,
        )
    return _summary(turn, position)


def rendered_question(turn: Turn, position: Position, step: Step) -> RenderedStep:
    """The open step's question, whatever was written at it."""
    return _question(turn, position, step, step.question.make_prompt(turn, step, position.answers))


def _rendered_buttons(turn: Turn, position: Position) -> RenderedStep:
    """`rendered_step`, most often without its text: what was pressed or typed is looked for among its buttons."""
    step = position.open_step
    if step is None or aside_of(turn, position):
        return rendered_step(turn, position)
    prompt = step.question.make_prompt(turn, step, position.answers)
    return RenderedStep("", _question_rows(turn, position, step, prompt, _receipt(turn, position)[1]))


def _aside(question: RenderedStep, aside: Mapping[str, Any]) -> RenderedStep:
    """What was written is asked about, above the question: is it the answer, or something else?"""
    help_, stop = StepButton("help", t("menu.help")), StepButton("stop", t("aside.stop"))
    ask, written = str(aside.get("ask")), str(aside.get("text"))
    sentence = (
        t(f"aside.ask_{ask}", answer=_cut(one_line(written), 80))
        if ask == "answer"
        else t(f"aside.ask_{ask}")
    )
    text = f"{sentence}\n\n{question.text}"
    if ask == "answer":
        return RenderedStep(
            text, ((StepButton("meant", t("aside.meant")),), (help_, stop)), question.attachments
        )
    extra = (help_,) if ask == "question" else (help_, stop)
    return replace(question, text=text, rows=(extra, *question.rows))


def step_button_of(turn: Turn, position: Position) -> StepButton | None:
    """The button that was pressed, or typed by its label or number; None where there is no such button now."""
    incoming, step = turn.incoming, position.open_step
    if incoming.press is None and incoming.text is None:
        return None
    # Asked for twice a turn: before the unit's work, and at it.
    stands = (position.draft.id, position.draft.version, position.step, turn.chat.dialogue_state)
    if (known := turn.memo.get(KEY)) is not None and known[0] == stands:
        key: StepButton | None = known[1]
        return key
    rendered = _rendered_buttons(turn, position)
    if incoming.press is not None:
        key = rendered.pressed(incoming.press, position)
    else:
        key = rendered.typed(incoming.text or "", numbered=step is not None and step.question.numbered)
    turn.memo[KEY] = (stands, key)
    return key


def button_for(intent: Intent, keys: Sequence[StepButton], *, at_question: bool) -> StepButton | None:
    """The button that does what was asked for in words («برگرد»، «رد کردن»); None where the screen has none.
    `at_question`: words may be an answer there, so that only those are taken that mean one button."""
    if intent is Intent.NONE:
        ends = [
            key for key in keys if key.action in ("choose", "skip") and _label_key(key.label).endswith(_NONE)
        ]
        return ends[0] if len(ends) == 1 else None
    wanted = (_BUTTONS_IN_WORDS if at_question else _CONFIRMING_IN_WORDS).get(intent, ())
    found = (key for action in wanted for key in keys if key.action == action)
    on = (key for key in keys if intent is Intent.SKIP and key.action == "choose" and key.arg == "next")
    return next(found, None) or next(on, None)


def _with_caution(turn: Turn, position: Position, text: str) -> str:
    caution = position.dialogue.caution
    said = caution(turn, position.answers) if caution is not None else None
    return f"{said}\n\n{text}" if said else text


def _second_question(turn: Turn, position: Position, question: str | Callable[[Turn, Answers], str]) -> str:
    """The sentence with the answers that it names, as people read them: Persian digits except inside addresses."""
    if not isinstance(question, str):
        return with_persian_digits(question(turn, position.answers))
    named = placeholders(question)
    values = {
        step.key: _words(shown(turn, step, position.answers.get(step.key)))
        for step in position.route
        if step.key in named
    }
    return t(question, **{key: t("form.none") for key in named} | values)


def _words(answer: str) -> str | Quoted:
    """An answer for a sentence, harmless also where its key is a placeholder of the program's own elsewhere."""
    value = in_sentence(with_persian_digits(answer))
    if isinstance(answer, Sentence):
        return answer
    return value if isinstance(value, Quoted) else checked(one_line(value))


def _yes_no(text: str, *, key: str = "") -> RenderedStep:
    """A question to be confirmed. The buttons name what they do where "<key>_yes" and "<key>_no" are texts."""
    yes, no = (
        t(f"{key}_{answer}" if has(f"{key}_{answer}") else f"nav.{answer}") for answer in ("yes", "no")
    )
    return RenderedStep(text, ((StepButton("yes", yes), StepButton("no", no)),))


def _question(turn: Turn, position: Position, step: Step, prompt: Prompt) -> RenderedStep:
    text = prompt.text
    if not position.editing and (count := progress_text(position.route, step, position.answers)):
        text = f"{text} {count}" if step.part is None else f"{count}\n{text}"
    lines = [text, *prompt.below]
    if prompt.current and not step.hidden and step.key in position.answers:
        lines.append(t("form.current", value=in_sentence(shown(turn, step, position.answers[step.key]))))
    said, more = _receipt(turn, position)
    rows = _question_rows(turn, position, step, prompt, more)
    return RenderedStep(said + "\n".join(lines), rows, prompt.attachments, prompt.ask_contact)


def _question_rows(
    turn: Turn, position: Position, step: Step, prompt: Prompt, more: tuple[StepButton, ...]
) -> tuple[tuple[StepButton, ...], ...]:
    """The choices, `more` below them, and the ways on, back and out."""
    choices = tuple(
        tuple(StepButton("choose", offered.label, offered.key) for offered in row) for row in prompt.choices
    )
    rows = (*choices, more, *_navigation_rows(turn, position, step, keeps=prompt.keeps))
    return tuple(row for row in rows if row)


def _receipt(turn: Turn, position: Position) -> tuple[str, tuple[StepButton, ...]]:
    """What is said of the answer before this screen, and the button that adds to it."""
    key = turn.chat.dialogue_state.get("after")
    before = next((step for step in position.route if step.key == key and key in position.answers), None)
    receipt = before.question.receipt(position.answers[before.key]) if before is not None else None
    if before is None or receipt is None:
        return "", ()
    more = (StepButton("more", receipt.more, before.key),) if receipt.more is not None else ()
    return f"{receipt.text}\n\n", more


def _navigation_rows(
    turn: Turn, position: Position, step: Step, *, keeps: bool
) -> Sequence[tuple[StepButton, ...]]:
    """On, back and out."""
    if step.question.decides:
        return ()
    first = position.route[0].key == step.key
    moves: list[StepButton] = []
    if position.returns or not first:
        moves.append(StepButton("back", t("nav.back")))
    given = is_answered(step, position.answers) and position.answers[step.key] != step.question.skipped
    if step.optional:
        moves.append(StepButton("skip", t("form.clear") if given else skip_label_of(step)))
    if step.deferrable and not step.optional and not is_answered(step, position.answers):
        moves.append(StepButton("defer", t("form.defer")))
    if given and keeps and not position.editing and not step.question.own_next:
        moves.append(StepButton("next", t(step.question.keep_label)))
    out = _out(position, discard=first or bool(turn.chat.dialogue_state.get("resumed")))
    return (tuple(moves), *out)


def _out(position: Position, *, discard: bool) -> Sequence[tuple[StepButton, ...]]:
    dialogue = position.dialogue
    if not keeps(dialogue, position.answers):
        return ((StepButton("later" if dialogue.keeps_draft else "cancel", t("nav.cancel")),),)
    if dialogue.discard is not None and discard:
        return ((StepButton("later", t("form.later")),), (StepButton("discard", t("form.discard")),))
    return ((StepButton("later", t("form.later")),),)


def shown(turn: Turn, step: Step, value: Any, *, asked: bool = True) -> str:
    """An answer as people read it; never fails on what an older form stored. «ندارد» only where the person said so:
    not where nobody `asked`."""
    if value is None or value == step.question.skipped:
        return t("form.none" if asked and step.optional and not step.unasked else "form.unset")
    try:
        return step.question.format_answer(turn, step, value)
    except (KeyError, ValueError, TypeError, AttributeError, IndexError):
        return t("form.unset")


def _summary(turn: Turn, position: Position) -> RenderedStep:
    """All answers, or one part of them; after an edit only what changed, with the way to each part."""
    dialogue, state = position.dialogue, turn.chat.dialogue_state
    lines = [(step, _line(turn, position, step)) for step in position.route if not step.hidden]
    pages = _pages(lines, dialogue.part_of or (lambda step: ""))
    page = _page_of(pages, state)
    part, listed = pages[page]
    changed = [line for step, line in lines if step.key in (state.get(CHANGED) or ())]
    missing = _missing(position)
    head = [t(dialogue.summary or "review.summary")]
    if missing:
        head = [t("form.missing"), *(t("form.missing_item", document=label_of(step)) for step in missing)]
    head.append("")
    if part and not changed:
        parts = list(dict.fromkeys(part for part, _ in pages))
        i, n = digits(parts.index(part) + 1), digits(len(parts))
        head.append(t("summary.part", i=i, n=n, part=t(f"summary.part_{part}")))
    text = "\n".join([*head, *(changed or (line for _, line in listed))])
    if dialogue.overview is not None:
        text = dialogue.overview(turn, position.answers)
    if dialogue.second_question is None and not missing:
        text = _with_caution(turn, position, text)
    edits = [StepButton("edit", edit_label(step), step.key) for step, _ in listed]
    said, more = _receipt(turn, position)
    confirm = (StepButton("confirm", t("form.send_missing" if missing else dialogue.confirm)),)
    ways = _ways(pages, page, whole=bool(changed))
    everything = (*_grid(edits), more, *_grid(ways), confirm, *_out(position, discard=True))
    return RenderedStep(said + text, tuple(row for row in everything if row))


def _missing(position: Position) -> list[Step]:
    """What was put off and is still to be sent."""
    return [step for step in position.route if not is_answered(step, position.answers)]


def _page_of(pages: Sequence[Page], state: Mapping[str, Any]) -> int:
    """The page that is open: of what changed, of the step that was looked at or sent last, or as its button said."""
    at = next(iter(state.get(CHANGED) or ()), state.get("at") or state.get("after"))
    found = (number for number, (_, lines) in enumerate(pages) if any(step.key == at for step, _ in lines))
    return next(found, min(int(state.get("page") or 0), len(pages) - 1))


def _ways(pages: Sequence[Page], page: int, *, whole: bool) -> list[StepButton]:
    """To the other pages, a part by its name; with `whole` to the open one as well."""
    ways, here = [], pages[page][0]
    for number, (part, _) in enumerate(pages):
        if part == here and abs(number - page) == 1:
            ways.append(StepButton("page", t("nav.previous" if number < page else "nav.next"), str(number)))
        first = number == 0 or pages[number - 1][0] != part
        open_one = part == here and (not whole or number != page)
        if part and not open_one and (first or number == page):
            ways.append(StepButton("page", t("summary.to", part=t(f"summary.part_{part}")), str(number)))
    return ways


def _grid(keys: Sequence[StepButton]) -> list[tuple[StepButton, ...]]:
    return [tuple(keys[at : at + 2]) for at in range(0, len(keys), 2)]


def _line(turn: Turn, position: Position, step: Step) -> str:
    asked = step.key in position.answers
    value = _cut(shown(turn, step, position.answers.get(step.key), asked=asked), VALUE_LENGTH)
    if step.deferrable and not is_answered(step, position.answers):
        value = t("form.not_sent")
    if position.dialogue.line is not None:
        return position.dialogue.line(turn, step, position.answers, value)
    return t("me.line", field=label_of(step), value=in_sentence(value))


def _pages(lines: Sequence[tuple[Step, str]], part_of: Callable[[Step], str]) -> list[Page]:
    """The parts, each in the order of its first step, and in pieces where one is too long for a message."""
    parts: dict[str, list[tuple[Step, str]]] = {}
    for step, line in lines:
        parts.setdefault(part_of(step), []).append((step, line))
    pages: list[Page] = []
    for part, listed in parts.items():
        length = 0
        pages.append((part, []))
        for step, line in listed:
            here = pages[-1][1]
            if here and (length + len(line) > PAGE_LENGTH or len(here) >= PAGE_FIELDS):
                here, length = [], 0
                pages.append((part, here))
            here.append((step, line))
            length += len(line) + 1
    return pages or [("", [])]


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def edit_label(step: Step) -> str:
    """«✏️ نام پدر», within a button's 20 characters; without the pencil where only so it fits."""
    label = short_label_of(step)
    pencil = f"✏️ {label}"
    return pencil if len(pencil) <= EDIT_LABEL else _cut(label, EDIT_LABEL)
