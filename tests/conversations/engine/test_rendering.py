"""What each place of a dialogue shows, whole: text, rows of buttons, pages of the summary; and what words mean there."""

from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import pytest

from bot.core.screens import Press
from bot.rules.recognised_words import Intent
from bot.texts import t
from conversations.engine import rendering
from conversations.engine.declaration import (
    Answers,
    Dialogue,
    OfferedAnswer,
    Prompt,
    Receipt,
    Step,
    UserInput,
)
from conversations.engine.rendering import (
    StepButton,
    button_for,
    edit_label,
    rendered_step,
    short_answer,
    shown,
)
from conversations.engine.steps import (
    DISCARD,
    SECOND_QUESTION,
    SUMMARY,
    Position,
    Question,
    before_end,
    current_step_key,
    finish_answers,
    first_open,
    is_answered,
    keeps,
    next_open,
    progress_text,
)
from storage.tables import Draft

ASK = Prompt("پرسش؟")


@dataclass(frozen=True)
class Asked(Question):
    """A question of the tests: its text, choices and what else it is are given."""

    prompt: Prompt = ASK
    said: Receipt | None = None
    decides: bool = False  # type: ignore[misc]
    own_next: bool = False  # type: ignore[misc]
    counted: bool = True  # type: ignore[misc]

    def make_prompt(self, turn: Any, step: Step, answers: Answers) -> Prompt:
        return self.prompt

    def accept(self, turn: Any, step: Step, answers: Answers, given: UserInput) -> Any:
        return given.text

    def receipt(self, value: Any) -> Receipt | None:
        return self.said

    def answered(self, value: Any) -> bool:
        return bool(value != [])


def step(key: str, question: Question | None = None, **values: Any) -> Step:
    return Step(
        key, question or Asked(), **{"label": {"a": "الف", "b": "ب", "c": "پ"}.get(key, key)} | values
    )


def at(where: str, *route: Step, answers: Any = None, editing: bool = False, **dialogue: Any) -> Position:
    made = Dialogue("form", route, lambda turn, answers: None, **dialogue)  # type: ignore[arg-type, return-value]
    draft = Draft(id=40, version=7, dialogue="form", answers={})
    return Position(made, draft, answers or {}, route, where, editing)


def turn(**state: Any) -> Any:
    return SimpleNamespace(chat=SimpleNamespace(dialogue_state=state), memo={})


def labels(rows: Any) -> list[list[str]]:
    return [[f"{key.action} {key.label}" for key in row] for row in rows]


def seen(position: Position, **state: Any) -> tuple[str, list[list[str]]]:
    shown_step = rendered_step(turn(**state), position)
    return shown_step.text, labels(shown_step.rows)


KEEPS: dict[str, Any] = {"keeps_draft": True}
DISCARDS: dict[str, Any] = KEEPS | {"discard": lambda turn: None}
CANCEL, LATER, BACK = "cancel انصراف", "later 💾 بعداً ادامه می‌دهم", "back بازگشت"
GO_ON, DROP = "next بدون تغییر", "discard 🗑 حذف پیش‌نویس"
CHOICES = Prompt(
    "پرسش؟", ((OfferedAnswer("x", "ایکس"), OfferedAnswer("y", "ایگرگ")), (OfferedAnswer("@z", "دیگر"),))
)
A, B, C = step("a"), step("b"), step("c")
AB = {"a": "۱", "b": "۲"}
#: A place, and what is seen there.
QUESTIONS: dict[str, tuple[Position, str, list[list[str]]]] = {
    "the only one": (at("a", A), "پرسش؟", [[CANCEL]]),
    "the first": (at("a", A, B, C), "پرسش؟ (۱ از ۳)", [[CANCEL]]),
    "a later one": (at("b", A, B, C), "پرسش؟ (۲ از ۳)", [[BACK], [CANCEL]]),
    "of a kept form without answers": (at("a", A, B, **KEEPS), "پرسش؟ (۱ از ۲)", [["later انصراف"]]),
    "of a kept form": (at("b", A, B, answers={"a": 1}, **KEEPS), "پرسش؟ (۲ از ۲)", [[BACK], [LATER]]),
    "of a form with a subject": (at("a", A, B, **DISCARDS), "پرسش؟ (۱ از ۲)", [[LATER], [DROP]]),
    "in its middle": (at("b", A, B, answers={"a": 1}, **DISCARDS), "پرسش؟ (۲ از ۲)", [[BACK], [LATER]]),
    "answered": (at("a", A, B, answers=AB), "پرسش؟ (۱ از ۲)\nپاسخ فعلی: ۱", [[GO_ON], [CANCEL]]),
    "answered, edited with more to ask": (
        at("b", A, B, C, answers=AB, editing=True),
        "پرسش؟\nپاسخ فعلی: ۲",
        [[BACK], [CANCEL]],
    ),
    "edited": (at("a", A, B, answers=AB, editing=True), "پرسش؟\nپاسخ فعلی: ۱", [[BACK], [CANCEL]]),
    "hidden": (at("a", step("a", hidden=True), B, answers=AB), "پرسش؟ (۱ از ۲)", [[GO_ON], [CANCEL]]),
    "optional": (at("a", step("a", optional=True)), "پرسش؟", [["skip بدون پاسخ"], [CANCEL]]),
    "optional with a label of its own": (
        at("a", step("a", optional=True, skip="ندارم")),
        "پرسش؟",
        [["skip ندارم"], [CANCEL]],
    ),
    "optional and answered": (
        at("a", step("a", optional=True), answers=AB),
        "پرسش؟\nپاسخ فعلی: ۱",
        [["skip حذف پاسخ", GO_ON], [CANCEL]],
    ),
    "optional and skipped": (
        at("a", step("a", optional=True), answers={"a": None}),
        "پرسش؟\nپاسخ فعلی: ندارد",
        [["skip بدون پاسخ"], [CANCEL]],
    ),
    "deferrable": (at("a", step("a", deferrable=True)), "پرسش؟", [["defer بعداً می‌فرستم"], [CANCEL]]),
    "deferrable and answered": (
        at("a", step("a", deferrable=True), answers=AB),
        "پرسش؟\nپاسخ فعلی: ۱",
        [[GO_ON], [CANCEL]],
    ),
    "deferrable and optional": (
        at("a", step("a", deferrable=True, optional=True)),
        "پرسش؟",
        [["skip بدون پاسخ"], [CANCEL]],
    ),
    "with an empty list": (
        at("a", step("a", deferrable=True), answers={"a": []}),
        "پرسش؟\nپاسخ فعلی: []",
        [["defer بعداً می‌فرستم"], [CANCEL]],
    ),
    "with its own way on": (
        at("a", step("a", Asked(own_next=True)), answers=AB),
        "پرسش؟\nپاسخ فعلی: ۱",
        [[CANCEL]],
    ),
    "that shows the answer by itself": (
        at("a", step("a", Asked(Prompt("پرسش؟", current=False))), answers=AB),
        "پرسش؟",
        [[GO_ON], [CANCEL]],
    ),
    "whose answer may not stay": (
        at("a", step("a", Asked(Prompt("پرسش؟", keeps=False))), answers=AB),
        "پرسش؟\nپاسخ فعلی: ۱",
        [[CANCEL]],
    ),
    "with choices": (
        at("a", step("a", Asked(CHOICES))),
        "پرسش؟",
        [["choose ایکس", "choose ایگرگ"], ["choose دیگر"], [CANCEL]],
    ),
    "with lines below": (
        at("a", step("a", Asked(Prompt("پرسش؟", below=("یک", "دو")))), answers=AB),
        "پرسش؟\nیک\nدو\nپاسخ فعلی: ۱",
        [[GO_ON], [CANCEL]],
    ),
    "that decides": (
        at("b", A, step("b", Asked(CHOICES, decides=True)), answers=AB, **KEEPS),
        "پرسش؟ (۲ از ۲)\nپاسخ فعلی: ۲",
        [["choose ایکس", "choose ایگرگ"], ["choose دیگر"]],
    ),
}


@pytest.mark.parametrize("kind", QUESTIONS)
def test_what_a_question_shows(kind: str) -> None:
    position, text, rows = QUESTIONS[kind]
    assert seen(position) == (text, rows)


def test_a_resumed_form_offers_to_discard_it_anywhere() -> None:
    position = at("b", A, B, answers={"a": 1}, **DISCARDS)
    assert seen(position, resumed=True)[1] == [[BACK], [LATER], [DROP]]
    assert seen(at("b", A, B, answers={"a": 1}, **KEEPS), resumed=True)[1] == [[BACK], [LATER]]


def test_what_is_said_of_the_answer_before() -> None:
    first = step("a", Asked(said=Receipt("رسید", "یکی دیگر")))
    assert seen(at("b", first, B, answers={"a": 1}), after="a") == (
        "رسید\n\nپرسش؟ (۲ از ۲)",
        [["more یکی دیگر"], [BACK], [CANCEL]],
    )
    silent = step("a", Asked(said=Receipt("رسید")))
    assert seen(at("b", silent, B, answers={"a": 1}), after="a")[0] == "رسید\n\nپرسش؟ (۲ از ۲)"
    for position in (at("b", first, B), at("b", A, B, answers={"a": 1})):
        assert seen(position, after="a") == ("پرسش؟ (۲ از ۲)", [[BACK], [CANCEL]])


def test_what_was_written_is_asked_about() -> None:
    position = at("b", A, step("b", Asked(CHOICES)))
    below = seen(position)
    assert below[1][-2:] == [[BACK], [CANCEL]]
    help_, stop = f"help {t('menu.help')}", "stop توقف"
    for ask, rows in (
        ("answer", [["meant بله، همین است"], [help_, stop]]),
        ("stop", [[help_, stop], *below[1]]),
        ("question", [[help_], *below[1]]),
    ):
        aside = {"ask": ask, "text": "سلام\n" + "خ" * 90}
        said = (
            t("aside.ask_answer", answer="سلام " + "خ" * 74 + "…")
            if ask == "answer"
            else t(f"aside.ask_{ask}")
        )
        assert seen(position, step="b", aside=aside) == (f"{said}\n\n{below[0]}", rows)
        assert seen(position, step="a", aside=aside) == below, "of another step"
    assert seen(position, step="b", aside="x") == below


def test_the_two_confirmations() -> None:
    assert seen(at(DISCARD, A, answers={"a": 1})) == (
        t("form.discard_confirm"),
        [["yes بله، حذف شود", "no خیر، برگرد"]],
    )
    made = at(SECOND_QUESTION, A, second_question=lambda turn, answers: "ثبت شود ۱2؟")
    assert seen(made) == ("ثبت شود ۱۲؟", [["yes بله", "no خیر، برگرد"]])
    named = replace_dialogue(
        made, second_buttons="form.discard_confirm", caution=lambda turn, answers: "فراموش نشود"
    )
    assert seen(named) == ("فراموش نشود\n\nثبت شود ۱۲؟", [["yes بله، حذف شود", "no خیر، برگرد"]])
    silent = replace_dialogue(made, caution=lambda turn, answers: None)
    assert seen(silent) == seen(made)


def replace_dialogue(position: Position, **changes: Any) -> Position:
    dialogue = replace(position.dialogue, **changes)
    return at(position.step, *position.route, answers=position.answers, editing=position.editing, **{
        name: getattr(dialogue, name)
        for name in ("second_question", "second_buttons", "caution", "summary", "part_of", "confirm", "overview", "line")
    })  # fmt: skip


# -- the summary -----------------------------------------------------------------------------------

HEAD = t("review.summary")
LINES = [t("me.line", field=field, value=value) for field, value in (("الف", "۱"), ("ب", "۲"), ("پ", "۳"))]
ABC = AB | {"c": "۳"}
EDITS = [["edit ✏️ الف", "edit ✏️ ب"], ["edit ✏️ پ"]]
SUM: dict[str, Any] = {"summary": "review.summary"}
PARTS: dict[str, Any] = SUM | {"part_of": lambda step: "contact" if step.key == "b" else "personal"}
CONFIRM = ["confirm ✅ تأیید"]


def test_a_summary_without_parts() -> None:
    whole = at(SUMMARY, A, B, C, answers=ABC, **SUM)
    assert seen(whole) == ("\n".join([HEAD, "", *LINES]), [*EDITS, CONFIRM, [CANCEL]])
    hidden = at(SUMMARY, A, B, step("c", hidden=True), answers=ABC, **SUM)
    assert seen(hidden) == ("\n".join([HEAD, "", *LINES[:2]]), [EDITS[0], CONFIRM, [CANCEL]])
    assert seen(replace_dialogue(whole, overview=lambda turn, answers: "همه"))[0] == "همه"
    cautious = replace_dialogue(whole, caution=lambda turn, answers: "فراموش نشود")
    assert seen(cautious)[0].startswith(f"فراموش نشود\n\n{HEAD}\n")
    later = replace_dialogue(cautious, second_question=lambda turn, answers: "؟")
    assert seen(later)[0].startswith(HEAD), "said above the second question"
    lined = replace_dialogue(whole, line=lambda turn, step, answers, value: f"{step.key}={value}")
    assert seen(lined)[0] == f"{HEAD}\n\na=۱\nb=۲\nc=۳"


def test_a_summary_with_something_missing() -> None:
    position = at(
        SUMMARY, A, step("b", deferrable=True), answers={"a": "۱"}, caution=lambda turn, answers: "!", **SUM
    )
    text, rows = seen(position)
    not_sent = t("me.line", field="ب", value=t("form.not_sent"))
    assert text == "\n".join(
        [t("form.missing"), t("form.missing_item", document="ب"), "", LINES[0], not_sent]
    )
    assert rows == [EDITS[0], ["confirm 📎 ارسال مدارک مانده"], [CANCEL]]


def test_a_summary_in_parts_and_what_an_edit_changed() -> None:
    position = at(SUMMARY, A, B, C, answers=ABC, **PARTS)
    personal = "\n".join([HEAD, "", "بخش ۱ از ۲: مشخصات", LINES[0], LINES[2]])
    contact = "\n".join([HEAD, "", "بخش ۲ از ۲: نشانی و تماس", LINES[1]])
    first = [["edit ✏️ الف", "edit ✏️ پ"], ["page ⬅️ نشانی و تماس"], CONFIRM, [CANCEL]]
    second = [["edit ✏️ ب"], ["page ⬅️ مشخصات"], CONFIRM, [CANCEL]]
    assert seen(position) == (personal, first)
    for state in (
        {"page": 1},
        {"at": "b"},
        {"after": "b"},
        {"page": 9},
        {"at": "b", "after": "a", "page": 0},
    ):
        assert seen(position, **state) == (contact, second)
    assert seen(position, at="x", page=0) == (personal, first)
    text, rows = seen(position, changed=["b", "c"])
    assert text == "\n".join([HEAD, "", LINES[1], LINES[2]])
    assert rows == [["edit ✏️ ب"], ["page ⬅️ مشخصات", "page ⬅️ نشانی و تماس"], CONFIRM, [CANCEL]]


def pages(number: int, part: str = "", length: int = 1) -> Any:
    lines = [(step(f"{part}{at}"), "x" * length) for at in range(number)]
    return [len(listed) for _, listed in rendering._pages(lines, lambda step: "")]


@pytest.mark.parametrize(
    ("number", "length", "sizes"),
    [
        (0, 1, [0]),
        (40, 1, [40]),
        (41, 1, [40, 1]),
        (3, 1000, [2, 1]),
        (3, 999, [3]),
        (2, 1500, [1, 1]),
        (2, 1499, [2]),
        (2, 4000, [1, 1]),
    ],
)
def test_how_much_a_page_of_a_summary_takes(number: int, length: int, sizes: list[int]) -> None:
    assert pages(number, length=length) == sizes


def test_the_ways_between_the_pages_of_a_long_part() -> None:
    lines = [(A, "")]
    made: Any = [
        ("contact", lines),
        ("personal", lines),
        ("personal", lines),
        ("personal", lines),
        ("fix", lines),
    ]

    def ways(page: int, *, whole: bool = False) -> list[str]:
        return [f"{key.label} {key.arg}" for key in rendering._ways(made, page, whole=whole)]

    contact, personal, fix = ("⬅️ نشانی و تماس", "⬅️ مشخصات", "⬅️ موارد نقص")
    assert ways(0) == [f"{personal} 1", f"{fix} 4"]
    assert ways(1) == [f"{contact} 0", "بعدی 2", f"{fix} 4"]
    assert ways(2) == [f"{contact} 0", "قبلی 1", "بعدی 3", f"{fix} 4"]
    assert ways(3) == [f"{contact} 0", "قبلی 2", f"{fix} 4"]
    assert ways(4) == [f"{contact} 0", f"{personal} 1"]
    assert ways(2, whole=True) == [f"{contact} 0", "قبلی 1", f"{personal} 2", "بعدی 3", f"{fix} 4"]
    nameless: Any = [("", lines), ("", lines)]
    assert [key.label for key in rendering._ways(nameless, 0, whole=False)] == ["بعدی"]


@pytest.mark.parametrize(
    ("label", "button"),
    [
        ("الف", "✏️ الف"),
        ("ن" * 17, "✏️ " + "ن" * 17),
        ("ن" * 18, "ن" * 18),
        ("ن" * 20, "ن" * 20),
        ("ن" * 21, "ن" * 19 + "…"),
    ],
)
def test_an_edit_button_fits(label: str, button: str) -> None:
    assert edit_label(step("x", label=label)) == button


# -- answers ---------------------------------------------------------------------------------------


class Odd(Asked):
    def format_answer(self, turn: Any, step: Step, value: Any) -> str:
        raise value


@pytest.mark.parametrize(
    ("of", "value", "asked", "text"),
    [
        (A, "۱", True, "۱"),
        (A, None, True, "ثبت نشده"),
        (step("a", optional=True), None, True, "ندارد"),
        (step("a", optional=True), None, False, "ثبت نشده"),
        (step("a", optional=True, unasked=True), None, True, "ثبت نشده"),
        *((step("a", Odd()), error("x"), True, "ثبت نشده") for error in (KeyError, ValueError, TypeError, AttributeError, IndexError)),
    ],
)  # fmt: skip
def test_an_answer_as_people_read_it(of: Step, value: Any, asked: bool, text: str) -> None:
    assert shown(turn(), of, value, asked=asked) == text


@pytest.mark.parametrize(
    ("label", "short"),
    [
        ("✅ بله، ارسال شود", "بله"),
        ("خیر، برگرد", "خیر"),
        ("بله", "بله"),
        ("شاید، بله", "شاید، بله"),
        ("✅ تأیید", "✅ تأیید"),
    ],
)
def test_the_short_answer_of_a_label(label: str, short: str) -> None:
    assert short_answer(label) == short


# -- pressed and typed -----------------------------------------------------------------------------


def test_which_button_is_pressed_and_typed() -> None:
    position = at("a", step("a", Asked(CHOICES)), answers={"a": 1}, **DISCARDS)
    shown_step = rendered_step(turn(), position)
    x, y, other, go_on, later, discard = shown_step.buttons()
    assert [shown_step.pressed(rendering.press_of(key, position), position) for key in (x, later)] == [
        x,
        later,
    ]
    assert shown_step.pressed(Press("d.choose", 40, 0, "x"), position) is None
    assert shown_step.choices() == [x, y]
    for text, key in (
        ("ایکس", x),
        ("بدون تغییر", go_on),
        ("دیگر", other),
        ("", None),
        ("x" * 300, None),
        ("حذف", None),
    ):
        assert shown_step.typed(text, numbered=True) == key
    for text, key in (("1", x), ("۲", y), ("3", None), ("0", None), ("-1", None), ("0001", None), ("01", x)):
        assert shown_step.typed(text, numbered=True) == key
        assert shown_step.typed(text, numbered=False) is None
    assert discard.action == "discard"


def test_cancelling_a_form_in_words_is_asked_about_where_it_would_be_kept() -> None:
    kept, dropped = rendered_step(turn(), at("a", A, **KEEPS)), rendered_step(turn(), at("a", A))
    assert kept.typed("انصراف", numbered=False) is None
    assert dropped.typed("انصراف", numbered=False) == StepButton("cancel", "انصراف")
    later = rendered_step(turn(), at("b", A, B, answers={"a": 1}, **KEEPS))
    found = later.typed("💾 بعداً ادامه می‌دهم", numbered=False)
    assert found is not None
    assert found.action == "later"


def test_what_a_button_carries() -> None:
    position = at("a", A)
    sent = {
        key: rendering.press_of(StepButton(key, "", "x"), position) for key in ("confirm", "yes", "choose")
    }
    assert [(one.id, one.version) for one in sent.values()] == [(40, 7), (40, 7), (40, 0)]
    assert sent["choose"].action == "d.choose"
    assert len(sent["choose"].arg) == 24
    assert len(rendering.press_of(StepButton("skip", ""), position).arg) == 12
    text = rendering.RenderedStep("متن", ((StepButton("skip", "بعد"),),)).screen(position, None, "بالا", "")
    assert (text.text, [one.label for one in text.buttons()]) == ("بالا\n\nمتن", ["بعد"])


def keys(*names: str) -> list[StepButton]:
    return [StepButton(*name.split(":")) for name in names]


@pytest.mark.parametrize(
    ("intent", "names", "at_question", "found"),
    [
        (Intent.BACK, ("skip:x", "back:x"), True, "back"),
        (Intent.SKIP, ("skip:x", "next:x"), True, "next"),
        (Intent.SKIP, ("back:x", "skip:x"), True, "skip"),
        (Intent.SKIP, ("choose:ادامه:next",), True, "choose"),
        (Intent.SKIP, ("choose:ادامه:next", "skip:x"), True, "skip"),
        (Intent.SKIP, ("choose:ادامه:other",), True, None),
        (Intent.BACK, ("choose:ادامه:next",), True, None),
        (Intent.STOP, ("no:x", "later:x", "cancel:x"), True, None),
        (Intent.STOP, ("cancel:x", "later:x", "no:x"), False, "no"),
        (Intent.STOP, ("cancel:x",), False, "cancel"),
        (Intent.BACK, ("cancel:x", "later:x"), False, "later"),
        (Intent.REFUSAL, ("yes:x", "no:x"), False, "no"),
        (Intent.REFUSAL, ("cancel:x",), False, None),
        (Intent.HELP, ("help:x",), False, None),
        (Intent.NONE, ("skip:ایمیل ندارم", "back:x"), True, "skip"),
        (Intent.NONE, ("choose:ندارم:n",), True, "choose"),
        (Intent.NONE, ("choose:ندارم:n", "skip:ایمیل ندارم"), True, None),
        (Intent.NONE, ("back:ندارم",), True, None),
        (Intent.NONE, ("skip:بدون پاسخ",), True, None),
    ],
    ids=str,
)
def test_the_button_that_words_mean(
    intent: Intent, names: tuple[str, ...], at_question: bool, found: str | None
) -> None:
    key = button_for(intent, keys(*names), at_question=at_question)
    assert (key.action if key is not None else None) == found


# -- the route -------------------------------------------------------------------------------------


def test_which_step_is_asked_next() -> None:
    route = (A, B, C)
    off = {"_put_off": {"a": 1}}
    for answers, asked, missing in (
        ({}, "a", "a"),
        ({"a": 1}, "b", "b"),
        (off, "b", "a"),
        (off | {"b": 1, "c": 1}, "a", "a"),
        ({"_put_off": {"a": 2, "b": 1}}, "c", "a"),
        ({"_put_off": {"a": 2}, "b": 1, "c": 1}, None, "a"),
        (ABC, None, None),
        ({"a": [], "b": 1, "c": 1}, "a", "a"),
    ):
        found = next_open(route, answers), first_open(route, answers)
        assert [one.key if one else None for one in found] == [asked, missing]
    assert is_answered(step("a", optional=True), {"a": []})


@pytest.mark.parametrize(
    ("at_step", "answers", "plain", "summed", "asked_again"),
    [
        ("b", {}, "b", "b", "b"),
        ("gone", {}, "a", "a", "a"),
        (None, {"a": 1}, "b", "b", "b"),
        (DISCARD, {}, DISCARD, DISCARD, DISCARD),
        (None, AB, "b", SUMMARY, SECOND_QUESTION),
        (SUMMARY, AB, "b", SUMMARY, SECOND_QUESTION),
        (SECOND_QUESTION, AB, "b", SUMMARY, SECOND_QUESTION),
        (SECOND_QUESTION, {"a": 1}, "b", "b", "b"),
        (None, {"_put_off": {"b": 2}, "a": 1}, "b", SUMMARY, "b"),
    ],
)
def test_where_a_person_stands(at_step: Any, answers: Any, plain: str, summed: str, asked_again: str) -> None:
    asks = {"second_question": lambda turn, answers: "؟"}
    for options, where in (({}, plain), (SUM, summed), (asks, asked_again)):
        dialogue = at("a", A, B, **options).dialogue
        assert current_step_key(dialogue, (A, B), answers, at_step) == where
    both = at("a", A, B, **SUM, **asks).dialogue
    assert current_step_key(both, (A, B), AB, SECOND_QUESTION) == SECOND_QUESTION
    assert [
        before_end(both, (A, B)),
        before_end(at("a", A).dialogue, (A, B)),
        before_end(at("a", A).dialogue, ()),
    ] == [
        SUMMARY,
        "b",
        None,
    ]


def test_what_is_kept_and_what_is_handed_on() -> None:
    assert [keeps(at("a", A, **options).dialogue, answers) for options in ({}, KEEPS, DISCARDS) for answers in ({}, {"_x": 1}, {"a": 1})] == [
        *(False, False, False),
        *(False, False, True),
        *(True, True, True),
    ]  # fmt: skip
    assert finish_answers((A, B), {"a": 1, "c": 2, "_x": 3}) == {"a": 1, "_x": 3}


@pytest.mark.parametrize(
    ("route", "present", "given", "text"),
    [
        ((A,), A, (), ""),
        ((A, B), B, (), "(۲ از ۲)"),
        ((A, B, C), C, ("a",), "(۲ از ۲)"),
        ((A, B), A, ("a",), ""),
        ((A, B), B, ("a",), ""),
        ((A, step("b", Asked(counted=False)), C), C, (), "(۲ از ۲)"),
    ],
)
def test_how_far_it_is(route: tuple[Step, ...], present: Step, given: tuple[str, ...], text: str) -> None:
    assert progress_text(route, present, {"_given": list(given)}) == text


def test_how_far_it_is_by_parts() -> None:
    x, y, z = step("x", part="documents"), step("y", part="documents"), step("z", part="details")
    assert progress_text((x, y, A), y, {}) == "مدارک: ۲ از ۲"
    assert progress_text((x, A), x, {}) == "مدارک"
    assert progress_text((x, A), A, {}) == ""
    assert progress_text((x, y, z), z, {}) == "بخش ۲ از ۲، مشخصات"
    assert progress_text((A, x, y, z), y, {}) == "بخش ۱ از ۲، مدارک: ۲ از ۲"
    assert seen(at("y", x, y))[0] == "مدارک: ۲ از ۲\nپرسش؟"
