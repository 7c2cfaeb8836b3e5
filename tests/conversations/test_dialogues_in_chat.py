"""Each dialogue in a chat, from its first question to what it leaves behind: what each question says to the wrong kind of
message, to «back», to an answer; the summary, the second question, and the rows that have changed.

Everything is compared with tests/conversations/chats/, the sentences as keys of the catalogue. Where a dialogue is meant to
change, `SCREENS=write pytest tests/conversations/test_dialogues_in_chat.py` writes these files anew.
"""

import re
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from bot.core.context import Turn
from bot.core.incoming import Contact
from bot.core.screens import Button, Press
from bot.texts import BIDI_MARKS
from tests.handlers.test_acts import Kept, changes, plain
from tests.handlers.test_screens import Busy, busy_app, told
from tests.support import chat_driver
from tests.support import chat_people as people
from tests.support.chat_driver import App, Person
from tests.support.kept_screens import compare, show_keys, what_changed

HERE = Path(__file__).parent / "chats"
#: Who opens a dialogue, by the buttons of which screens; "stranger": somebody whom the bot does not know.
OPENED = {
    "add_manager": "staff staff.dist:1 staff.add_manager:1",
    "audit_search": "staff staff.audit staff.find_audit",
    "bulk": "in_charge desk.bulk",
    "coop_bulk": "in_charge desk.coop_bulk",
    "coop_hand_over": "expert desk.coop_claim:3:1 desk.coop_hand_over_to:3:2:3",
    "deficiencies": "expert desk.claim:1:1 desk.defects:1:2",
    "forgot": "stranger forgot",
    "hand_over": "expert desk.claim:1:1 desk.hand_over_to:1:2:3",
    "letter": "staff staff.new_letter",
    "registration": "stranger register",
    "reject": "expert desk.claim:1:1 desk.reject:1:2",
    "edit_faq": "staff staff.faq_edit::8hmuxf:register",
    "rename_document": "staff staff.rename_doc::or60sd:national_card",
    "rename_university": "staff staff.rename_university::b9vuc9:tbzmed",
    "require_document": "staff staff.document_from::or60sd:national_card:required:men",
    "university_contact": "staff staff.university_contact::b9vuc9:tbzmed",
    "suspend_account": "staff staff.account_action:b::SUSPEND",
    "reset_account": "staff staff.account_action:b::RESET",
    "coop_note": "expert desk.coop_note_new:3",
    "coop_refuse": "asked coop.reject:2",
    "coop_reject": "expert desk.coop_reject:3:1",
    "edit_branch": "manager dist.edit_branch:1",
    "edit_distributor": "staff staff.edit_dist:1",
    "edit_own": "manager dist.edit_own",
    "edit_phrase": "expert desk.phrase_edit:1",
    "find_account": "staff staff.find_account",
    "find_distributor": "staff staff.find_dist",
    "fix": "deficient qual.fix:5:3",
    "general": "newcomer general.edit:::father_name",
    "leave": "expert desk.leave_new",
    "mobile": "manager me.mobile",
    "new_branch": "manager dist.new_branch",
    "new_coverage": "staff staff.new_cover:1",
    "new_distributor": "staff staff.new_dist",
    "new_document": "staff staff.new_document",
    "new_expert": "staff staff.new_expert:::asadabad",
    "new_faq": "staff staff.faq_new",
    "new_field": "staff staff.new_field",
    "new_phrase": "expert desk.phrase_new",
    "new_tariff": "staff staff.new_tariff",
    "note": "expert desk.note_new:1",
    "password": "manager password.change",
    "pick_officer": "manager dist.pick:1",
    "qualification": "newcomer qual.new",
    "refund": "staff staff.refund:1",
    "refund_fix": "staff staff.refund_fix:2",
    "revoke": "staff desk.revoke:3:3",
    "search": "expert desk.search",
    "terminate": "employed term.new",
}
#: Those with each kind of question: there the wrong kinds of message are sent, too.
EXAMINED = {
    *(
        "audit_search",
        "bulk",
        "deficiencies",
        "edit_branch",
        "fix",
        "leave",
        "letter",
        "mobile",
        "new_tariff",
    ),
    *("qualification", "refund", "registration", "revoke"),
}
#: Whose national code is the first answer of some.
ABOUT = {"forgot": "newcomer", "letter": "asked", "pick_officer": "completed"}
#: Steps of a dialogue that are followed at most.
MOST = 40
#: By the clock of the day, and by chance.
MADE_ANEW = re.compile(
    r"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d\.(?!000000)\d{6}|(?<= password=)\S+|(?<=user_code=)(?!200000)\d{8}"
    r"|(?<=invite.code] code=)\d{6}|(?<=tokens\": \[\")\d{6}|(?<=_hash=)[0-9a-f]{64}"
)
#: What no question asks for, and the word that leads out of most of them.
STOP = "انصراف"
WRONG: list[tuple[str, dict[str, Any]]] = [
    ("somebody's contact", {"contact": Contact("+989123456781", own=False)}),
    ("nothing that can be read", {}),
    (STOP, {"text": STOP}),
]
#: Something for every question of one line.
LINES = (
    "سارا", "9991234561", "1365/04/12", "09123456780", "07132123456", "a@b.ir", "14009999995", "1500000",
    "شیراز، خیابان زند، پلاک ۱۲", "رمز-تازه-۴۲", "نامه ۱۲/۳ است", "1405/09/02", "کیان طب", "1",
)  # fmt: skip


@pytest.fixture(scope="module")
def busy(seeded_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[App, Busy, Kept]]:
    file = tmp_path_factory.mktemp("chats") / "bot.db"
    with busy_app(seeded_template, file) as (app, world):
        yield app, world, Kept(file)


class Course:
    """One person at one dialogue, and the lines that were seen."""

    def __init__(self, person: Person, opening: Press, texts: list[str], *, wrong: bool) -> None:
        self.person, self.opening, self.texts, self.wrong = person, opening, texts, wrong
        self.lines: list[str] = []
        self.seen = set[str]()
        self.kinds = set[str]()
        self.tries: dict[str, int] = {}
        self.went_back = False

    @property
    def step(self) -> str:
        chat = self.person.chat
        return "" if chat.dialogue is None else str(chat.dialogue_state.get("step"))

    def buttons(self, *actions: str) -> list[Button]:
        wanted = {f"d.{action}" for action in actions}
        return [one for one in self.person.screen.buttons() if one.press and one.press.action in wanted]

    def kind(self) -> str:
        """What kind of question is asked; the name of the screen where none is."""
        engine, step = self.person.app.engine, self.step

        def look(turn: Turn) -> str:
            position = engine._position(turn)
            asked = position.open_step if position is not None else None
            return type(asked.question).__name__ if asked is not None else step

        return self.person.read_turn(look)

    def note(self, what: str, *, beside: list[str] | None = None) -> list[str]:
        """What is shown; `beside` a screen that was shown before, what has become of it."""
        shown = list(told(self.person))
        if self.person.notice:
            shown.append(f"    notice: {self.person.notice}")
        self.lines += ["", f"## {what}"]
        if beside is None:
            self.lines += shown
        elif beside == shown:
            self.lines[-2:] = [f"## {what}: the same"]
        else:
            self.lines += what_changed(beside, shown)
        return shown

    def follow(self) -> None:
        person = self.person
        person.press(self.opening)
        if leave := self.buttons("cancel"):
            person.press(leave[0])
            self.note(f"{self.opening.pack()} › leave")
            person.press(self.opening)
        self.note(self.opening.pack())
        for _ in range(MOST):
            if not (step := self.step):
                return
            if step not in self.seen:
                self.seen.add(step)
                self.examine(step)
                if self.step != step:
                    continue
            match step:
                case "@summary" if not self.confirm():
                    return
                case "@summary":
                    continue
                case "@really":
                    self.person.press(self.buttons("no" if "no" not in self.seen else "yes")[0])
                    self.seen.add("no")
                    self.note(step)
                case _ if not self.answer(step):
                    self.lines.append(f"no answer to {step}")
                    return

    def examine(self, step: str) -> None:
        """The wrong kinds of message, where no question of this kind had them yet; once «back»."""
        person = self.person
        shown = list(told(person))
        kind = self.kind()
        if self.wrong and kind not in self.kinds:
            self.kinds.add(kind)
            for what, message in WRONG:
                if step.startswith("@") and what == STOP:
                    continue
                person.send(**message)
                self.note(f"{step}: {what}", beside=shown)
                if self.step != step:
                    return
        if len(self.seen) == 3 and not self.went_back and (back := self.buttons("back")):
            self.went_back = True
            person.press(back[0])
            self.note(f"{step}: back")

    def answer(self, step: str) -> bool:
        """The next answer that may be right, on a later visit the one that was; False where none is left."""
        tried = self.tries[step] = self.tries.get(step, 0) + 1
        person, before = self.person, list(told(self.person))
        if tried > len(self.texts):
            return False
        if choices := self.buttons("choose"):
            one = choices[0 if tried % 2 or step.startswith("doc.") else -1]
            person.press(one)
            what = one.label
        elif step.startswith("doc."):
            person.upload()
            what = "a file"
        elif person.screen.ask_contact is not None and tried > 2:
            person.share("989121234567")
            what = "the own contact"
        else:
            person.type(what := self.texts[tried - 1])
        if self.step == step:
            self.note(f"{step} › {what}", beside=before)
            if tried > 2 and (on := self.buttons("skip", "next")):
                person.press(on[0])
                self.note(f"{step} › {on[0].label}")
        else:
            self.tries[step] -= 1
            self.note(f"{step} › {what}")
        return True

    def confirm(self) -> bool:
        """Look at the summary's buttons, then confirm it; False where it cannot be."""
        person = self.person
        for action, which in (("page", -1), ("edit", -1), ("discard", 0), ("edit", 0)):
            done = f"{action} {which}"
            if done not in self.seen and (found := self.buttons(action)):
                self.seen.add(done)
                person.press(found[which])
                self.note(f"@summary › {action}")
                if which != 0 or action == "discard":
                    for back in self.buttons("back", "no")[:1]:
                        person.press(back)
                        self.note("@summary")
                return True
        person.press(self.buttons("confirm")[0])
        self.note("@summary › confirm")
        return self.step != "@summary"


@pytest.mark.parametrize("name", OPENED)
def test_a_dialogue_from_its_first_question_to_its_end(
    busy: tuple[App, Busy, Kept], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, world, kept = busy
    kept.restore()
    app._checked_events, app.numbers = 0, count(10_000)
    who, *presses = OPENED[name].split()
    person: Person = app.person() if who == "stranger" else getattr(world, who)
    show_keys(monkeypatch)
    # Keys are longer than sentences.
    monkeypatch.setattr(chat_driver, "check_screens", lambda screens: None)
    for before in presses[:-1]:
        person.press(pressed(before))
    rows = kept.rows()
    about = getattr(world, ABOUT[name]) if name in ABOUT else None
    texts = [*([people.code_of(about)] if about else ()), *LINES]
    course = Course(person, pressed(presses[-1]), texts, wrong=name in EXAMINED)
    course.follow()
    lines = [*course.lines, *changes(rows, kept.rows())]
    compare(HERE / f"{name}.txt", [MADE_ANEW.sub("…", plain(BIDI_MARKS.sub("", line))) for line in lines][1:])


def pressed(button: str) -> Press:
    """«action:id:version:argument», the numbers as in a button's data."""
    parts = button.split(":", 3)
    return Press.unpack("|".join(["1", *parts, *[""] * (4 - len(parts))]))
