"""Whatever is sent, in whatever order: never a crash, never a lost answer, always a way out."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import Session, select

from bot.core.context import Turn
from bot.core.screens import MAX_CALLBACK_BYTES, Button, Press, Reply
from conversations.engine.declaration import Answers, Dialogue, Step
from conversations.engine.engine import Engine
from conversations.questions import (
    Address,
    BirthCertNo,
    Choice,
    Confirm,
    Documents,
    Email,
    JalaliDate,
    Mobile,
    PersianName,
    Phone,
    Search,
    Text,
    Ticks,
)
from storage.enums import Messenger
from storage.tables import Draft
from tests.support.dialogue_driver import Person, new_account

PROVINCES = [(f"استان {letter}", f"استان {letter}") for letter in "ابپتثجچحخدذرزژسشصضطظعغفقکگلمنوهی"]


def cities(turn: Turn, answers: Answers) -> list[tuple[str, str]]:
    return [(f"شهر {n} {answers.get('province')}", f"شهر {n} {answers.get('province')}") for n in range(30)]


def clear_city(turn: Turn, key: str, answers: dict[str, Any]) -> dict[str, Any]:
    return {name: one for name, one in answers.items() if not (key == "province" and name == "city")}


def of_men(turn: Turn, answers: Answers) -> bool:
    return answers.get("gender") == "male"


STEPS = (
    Step("first_name", PersianName()),
    Step("birth_date", JalaliDate()),
    Step("gender", Choice((("female", "زن"), ("male", "مرد")))),
    Step("doc.military", Documents("military_card", "کارت پایان خدمت", 2), when=of_men),
    Step("mobile", Mobile()),
    Step("birth_cert_no", BirthCertNo()),
    Step("province", Choice(PROVINCES, columns=2)),
    Step("city", Search(cities)),
    Step("postal_address", Address()),
    Step("phone", Phone()),
    Step("email", Email(), optional=True),
    Step("extras", Ticks((("a", "یک"), ("b", "دو")), empty=None), prompt="چه؟", label="چه"),
    Step("why", Text(5, 50, lines=True), prompt="چرا؟", label="چرا", optional=True),
    Step("doc.other", Documents("other", "سایر مدارک", 3), optional=True),
    Step("sure", Confirm(), prompt="راستی؟", label="راستی"),
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


class Crowd:
    """One person in two chats."""

    def __init__(self, db: Session) -> None:
        self.finished: list[dict[str, Any]] = []
        self.discarded = 0
        dialogue = Dialogue(
            "any",
            STEPS,
            self.finish,
            summary="review.summary",
            second_question="submit.confirm",
            keeps_draft=True,
            discard=self.discard,
            after=clear_city,
        )
        self.engine = Engine([dialogue])
        self.account = new_account(db, national_code=None)
        self.db = db
        self.chats = [Person(db, self.engine, self.account, messenger=one) for one in Messenger]
        self.at = 0
        self.seen: list[Button] = []

    def finish(self, turn: Turn, answers: dict[str, Any]) -> Reply:
        self.finished.append(answers)
        return Reply(goto=Press("home"))

    def discard(self, turn: Turn) -> None:
        self.discarded += 1

    @property
    def person(self) -> Person:
        return self.chats[self.at]

    def stored(self) -> dict[str, Any] | None:
        self.db.rollback()
        self.db.expire_all()
        draft = self.db.exec(select(Draft).where(Draft.account_id == self.account.id)).first()
        return dict(draft.answers) if draft is not None else None

    def do(self, what: str, how: Any) -> None:
        person = self.person
        buttons = list(person.screen.buttons())
        match what:
            case "good":
                self.good(person)
            case "tap" if buttons:
                person.presses(buttons[how % len(buttons)])
            case "old" if self.seen:
                person.presses(self.seen[how % len(self.seen)])
            case "type":
                person.types(how)
            case "upload":
                person.uploads(
                    f"{how}.jpg" if how != "c" else None, content=how, album="x" if how == "b" else None
                )
            case "share":
                person.shares("+989123456789", own=how)
            case "sticker":
                person.sends_a_sticker()
            case "command":
                person.commands(how)
            case "forge":
                draft = person.draft
                person.presses(
                    Press(how, draft.id or 0 if draft else 1, draft.version if draft else 0, "abc")
                )
            case "switch":
                self.at = 1 - self.at
            case "edit_draft":
                person.starts("any", at="gender")
        self.seen += [one for one in self.person.screen.buttons() if one.press is not None]

    def good(self, person: Person) -> None:
        step = str(person.chat.dialogue_state.get("step"))
        if step.startswith("doc."):
            person.uploads("x.jpg")
        else:
            person.types(GOOD.get(step, "بله"))


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(an_action, min_size=5, max_size=45), st.integers(0, len(STEPS)))
def test_any_sequence(db: Session, actions: list[tuple[str, Any]], filled: int) -> None:
    crowd = Crowd(db)
    crowd.person.starts("any")
    for _ in range(filled):
        crowd.do("good", None)
    for what, how in actions:
        person = crowd.person
        if person.chat.dialogue is None:
            person.starts("any")
        before, step = crowd.stored(), str(person.chat.dialogue_state.get("step"))
        ended = len(crowd.finished) + crowd.discarded
        crowd.do(what, how)
        after = crowd.stored()
        person = crowd.person
        if len(crowd.finished) + crowd.discarded > ended:
            assert after is None
            continue
        assert before is not None
        assert after is not None, f"{what} {how} lost the draft"
        for key, value in before.items():
            if key != step and not (step == "province" and key == "city"):
                assert after.get(key) == value, f"{what} {how} at {step} changed {key}"
        if person.chat.dialogue is not None and what != "switch":
            screen = person.screen
            assert screen.text
            assert len(screen.text) <= 4096
            packed = [one.press.pack() for one in screen.buttons() if one.press]
            assert len(packed) == len(set(packed)), "two buttons mean the same"
            assert all(len(one.encode()) <= MAX_CALLBACK_BYTES for one in packed)
            actions_offered = {one.press.action for one in screen.buttons() if one.press}
            assert actions_offered & {"d.later", "d.no"}, "no way out"
    for answers in crowd.finished:
        keys = {ask.key for ask in STEPS} - ({"doc.military"} if answers["gender"] == "female" else set())
        assert set(answers) == keys


def test_all_good_answers_reach_the_end(db: Session) -> None:
    crowd = Crowd(db)
    crowd.person.starts("any")
    for _ in range(40):
        if crowd.finished:
            break
        person = crowd.person
        step = str(person.chat.dialogue_state["step"])
        if "مدرک بعدی" in "".join(person.labels):
            person.taps("⬅️ مدرک بعدی")
        elif step == "extras":
            person.taps("☑️ یک") if "☑️ یک" in person.labels else person.taps("▫️ یک")
            person.taps("ادامه")
        elif step == "city":
            person.types("شهر 3 استان ب")
        elif step == "@summary":
            person.sees("شهر محل زندگی: شهر 3", "استان: استان ب", "چه: یک").taps("تأیید")
        else:
            crowd.good(person)
    assert crowd.finished[0]["mobile"] == {"number": "+989123456789", "verified": False}
    assert crowd.finished[0]["extras"] == {"items": ["a"], "note": None}
    assert crowd.finished[0]["sure"] is True
    assert len(crowd.finished[0]["doc.other"]) == 1
