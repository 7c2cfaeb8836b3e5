"""Whatever is sent, in whatever order: never a crash, never a lost answer, always a way out."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import select

from bot.core.context import Turn
from bot.core.screens import MAX_CALLBACK_BYTES, Button
from conversations import questions
from conversations.engine.declaration import Answers, Dialogue, Step
from storage.tables import Draft
from tests.support.chat_driver import App, Person
from tests.support.chat_people import officer

PROVINCES = [(f"استان {letter}", f"استان {letter}") for letter in "ابپتثجچحخدذرزژسشصضطظعغفقکگلمنوهی"]


def cities(turn: Turn, answers: Answers) -> list[tuple[str, str]]:
    return [(f"شهر {n} {answers.get('province')}", f"شهر {n} {answers.get('province')}") for n in range(30)]


def clear_city(turn: Turn, key: str, answers: dict[str, Any]) -> dict[str, Any]:
    return {name: one for name, one in answers.items() if not (key == "province" and name == "city")}


def of_men(turn: Turn, answers: Answers) -> bool:
    return answers.get("gender") == "male"


STEPS = (
    Step("first_name", questions.PersianName()),
    Step("birth_date", questions.JalaliDate()),
    Step("gender", questions.Choice((("female", "زن"), ("male", "مرد")))),
    Step("doc.military", questions.Documents("military_card", "کارت پایان خدمت", 2), when=of_men),
    Step("mobile", questions.Mobile()),
    Step("birth_cert_no", questions.BirthCertNo()),
    Step("province", questions.Choice(PROVINCES, columns=2)),
    Step("city", questions.Search(cities)),
    Step("postal_address", questions.Address()),
    Step("phone", questions.Phone()),
    Step("email", questions.Email(), optional=True),
    Step("extras", questions.Ticks((("a", "یک"), ("b", "دو")), empty=None), prompt="چه؟", label="چه"),
    Step("why", questions.Text(5, 50, lines=True), prompt="چرا؟", label="چرا", optional=True),
    Step("doc.other", questions.Documents("other", "سایر مدارک", 3), optional=True),
    Step("sure", questions.Confirm(), prompt="راستی؟", label="راستی"),
)
GOOD = {
    "first_name": "سارا",
    "birth_date": "۱۳۶۵/۰۴/۱۲",
    "gender": "مرد",
    "mobile": "09123456789",
    "birth_cert_no": "12",
    "province": "استان ب",
    "city": "شهر 3",
    "postal_address": "شیراز، خیابان زند",
    "phone": "07132123456",
    "email": "a@b.ir",
    "extras": "یک",
    "why": "برای این که",
    "sure": "بله",
}

an_action = st.one_of(
    st.tuples(st.just("good"), st.none()),
    st.tuples(st.just("good"), st.none()),
    st.tuples(st.just("tap"), st.integers(0, 60)),
    st.tuples(st.just("tap"), st.integers(0, 60)),
    st.tuples(st.just("old"), st.integers(0, 500)),
    st.tuples(st.just("type"), st.text(max_size=30) | st.sampled_from(["بازگشت", "۱", "2", "انصراف", "شهر", "سلام", "0"])),
    st.tuples(st.just("upload"), st.sampled_from(["a", "b", "c"])),
    st.tuples(st.just("share"), st.booleans()),
    st.tuples(st.just("sticker"), st.none()),
    st.tuples(st.just("command"), st.sampled_from(["start", "help", "cancel", "nonsense"])),
    st.tuples(st.just("forge"), st.sampled_from(["d.choose", "d.confirm", "d.yes", "d.discard", "d.edit", "d.x"])),
    st.tuples(st.just("switch"), st.none()),
    st.tuples(st.just("edit_draft"), st.none()),
)  # fmt: skip


class Chats:
    """One officer in two chats, of which one is in hand."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.discarded = 0
        dialogue = Dialogue(
            "any",
            STEPS,
            app.finish,
            summary="review.summary",
            second_question="submit.confirm",
            keeps_draft=True,
            discard=self.discard,
            after=clear_city,
        )
        first = officer(app.use(dialogue), national_code=None)
        self.chats = [first, first.elsewhere()]
        self.answers = select(Draft.answers).where(Draft.account_id == first.account.id)
        self.at = 0
        self.seen: list[Button] = []
        app.finished.clear()

    def discard(self, turn: Turn) -> None:
        self.discarded += 1

    @property
    def person(self) -> Person:
        return self.chats[self.at]

    def stored(self) -> dict[str, Any] | None:
        """The answers of the draft, whichever chat it is open in."""
        found: dict[str, Any] | None = self.app.first(self.answers)
        return found

    def do(self, what: str, how: Any) -> None:
        person = self.person
        buttons = [
            button for screen in person.screens for button in screen.buttons() if button.press is not None
        ]
        match what:
            case "good":
                answer_well(person)
            case "tap" if buttons:
                person.press(buttons[how % len(buttons)])
            case "old" if self.seen:
                person.press(self.seen[how % len(self.seen)])
            case "type":
                person.type(how)
            case "upload":
                name, album = f"{how}.jpg" if how != "c" else None, "x" if how == "b" else None
                person.upload(name, content=how, album=album)
            case "share":
                person.share("+989123456789", own=how)
            case "sticker":
                person.send()
            case "command":
                person.command(how)
                person.refresh()
            case "forge":
                draft = person.draft
                person.open(how, draft.id or 0 if draft else 1, draft.version if draft else 0, "abc")
            case "switch":
                self.at = 1 - self.at
            case "edit_draft":
                person.start("any", at="gender")
        self.seen += buttons


def step_of(person: Person) -> str:
    return str(person.chat.dialogue_state.get("step"))


def answer_well(person: Person) -> None:
    step = step_of(person)
    if step.startswith("doc."):
        person.upload("x.jpg")
    else:
        person.type(GOOD.get(step, "بله"))


def played(examples: int) -> settings:
    return settings(
        max_examples=examples,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )


any_actions = given(st.lists(an_action, min_size=5, max_size=45), st.integers(0, len(STEPS)))


@played(examples=15)
@any_actions
def test_any_sequence(app: App, actions: list[tuple[str, Any]], filled: int) -> None:
    play(app, actions, filled)


@pytest.mark.campaign
@played(examples=60)
@any_actions
def test_many_sequences(app: App, actions: list[tuple[str, Any]], filled: int) -> None:
    play(app, actions, filled)


def play(app: App, actions: list[tuple[str, Any]], filled: int) -> None:
    chats = Chats(app)
    chats.person.start("any")
    for _ in range(filled):
        chats.do("good", None)
    for what, how in actions:
        person, chat = chats.person, chats.person.chat
        if chat.dialogue is None:
            chat = person.start("any").chat
        before, step, ended = chats.stored(), step_of(person), len(app.finished) + chats.discarded
        chats.do(what, how)
        after = chats.stored()
        if len(app.finished) + chats.discarded > ended:
            assert after is None
            continue
        assert before is not None
        assert after is not None, f"{what} {how} lost the draft"
        for key, value in before.items():
            if key != step and not (step == "province" and key == "city"):
                assert after.get(key) == value, f"{what} {how} at {step} changed {key}"
        if what != "switch" and person.chat.dialogue is not None:
            presses = [one.press for one in person.screen.buttons() if one.press]
            packed = [press.pack() for press in presses]
            assert len(packed) == len(set(packed)), "two buttons mean the same"
            assert all(len(one.encode()) <= MAX_CALLBACK_BYTES for one in packed)
            # The help that opens over a form leads back to it.
            assert {press.action for press in presses} & {"d.later", "d.no", "d.stop", "form"}, "no way out"
    for answers in app.finished:
        keys = {ask.key for ask in STEPS} - ({"doc.military"} if answers["gender"] == "female" else set())
        assert set(answers) == keys
