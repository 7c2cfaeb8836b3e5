"""Each move of a chat through a dialogue: what is taken, kept in the draft and in the chat's place, shown, and left."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from bot.core.context import PublicInfo, Turn
from bot.core.incoming import Contact, FileTaken, Incoming, OfferedFile
from bot.core.refusals import InvalidInput, NotAllowed, Refusal
from bot.core.screens import Press, Reply, Screen, button
from bot.services.drafts import store as draft_store
from bot.texts import t
from conversations.engine.declaration import (
    Answered,
    Answers,
    Dialogue,
    Finish,
    FinishRejected,
    Incomplete,
    InputKind,
    OfferedAnswer,
    Prepared,
    Prompt,
    Receipt,
    Step,
    UserInput,
)
from conversations.engine.engine import Engine
from conversations.engine.rendering import StepButton, press_of
from conversations.engine.steps import DISCARD, SECOND_QUESTION, SUMMARY, Question
from storage.enums import Messenger, Role
from storage.tables import Account, Chat, Draft, StoredFile
from tests.support.factories.reference_data import NOW

TAKEN = FileTaken(StoredFile(sha256="x"))  # type: ignore[call-arg]
OFFERED = OfferedFile("f", "a.pdf", 1, is_photo=False)
CHOICES = ((OfferedAnswer("x", "ایکس"), OfferedAnswer("y", "ایگرگ")),)


class Asked(Question):
    """Takes what `takes` makes of it; what it was given is kept."""

    def __init__(self, **values: Any) -> None:
        self.given: list[UserInput] = []
        self.prepared: list[Any] = []
        self.takes: Any = lambda given: given.choice or given.text or "taken"
        self.said: Receipt | None = None
        for name, value in values.items():
            setattr(self, name, value)

    def make_prompt(self, turn: Any, step: Step, answers: Answers) -> Prompt:
        return Prompt(f"{step.key}؟", CHOICES)

    def accept(self, turn: Any, step: Step, answers: Answers, given: UserInput) -> Any:
        self.given.append(given)
        self.prepared.append(turn.prepared)
        taken = self.takes(given)
        if isinstance(taken, Exception):
            raise taken
        return taken

    def receipt(self, value: Any) -> Receipt | None:
        return self.said


class World:
    """One chat at one dialogue; drafts live in memory."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.drafts: list[Draft] = []
        self.dropped: list[int] = []
        self.found: Draft | None = None
        self.finished: list[dict[str, Any]] = []
        self.prepared: list[Any] = []
        self.ends: Any = Reply(goto=Press("done"))
        self.chat = Chat(id=31, messenger=Messenger.TELEGRAM, chat_id=7)
        self.draft: Draft | None = None
        self.account: Any = None
        self.moved: list[int] = []
        self.expired: list[int] = []
        stubs: dict[str, Any] = {
            "find_draft": lambda turn, name, subject: self.found,
            "begin_draft": self.begin,
            "write_draft": self.write,
            "drop_draft": lambda db, draft, now: self.dropped.append(draft.id),
            "owned": lambda turn, draft: (
                draft.owner_note != "other" if hasattr(draft, "owner_note") else True
            ),
            "guests_of": lambda turn: list(self.drafts),
            "move_to_account": lambda turn, draft: self.moved.append(draft.id) or draft.id != 2,
        }
        for name, stub in stubs.items():
            monkeypatch.setattr(draft_store, name, stub)

    def begin(self, turn: Turn, name: str, version: int, subject: int, answers: dict[str, Any]) -> Draft:
        draft = Draft(
            id=len(self.drafts) + 1, dialogue=name, dialogue_version=version, version=1, answers=answers
        )
        draft.subject_id, draft.updated_at = subject, NOW
        self.drafts.append(draft)
        return draft

    def write(self, turn: Turn, draft: Draft, version: int, answers: dict[str, Any]) -> None:
        draft.answers, draft.version, draft.dialogue_version = answers, draft.version + 1, version

    def finish(self, turn: Turn, answers: dict[str, Any]) -> Any:
        self.finished.append(answers)
        self.prepared.append(turn.prepared)
        if isinstance(self.ends, Exception):
            raise self.ends
        return self.ends

    def use(self, *steps: Step, answers: Any = None, state: Any = None, **dialogue: Any) -> None:
        """Stand in this dialogue with these answers."""
        self.engine = Engine([Dialogue("form", steps, self.finish, **dialogue)])
        self.draft = self.begin(self.turn(), "form", 1, 0, dict(answers or {}))
        self.chat.dialogue, self.chat.draft_id = "form", self.draft.id
        self.chat.dialogue_state = dict(state or {"step": steps[0].key, "editing": False})

    def turn(self, **incoming: Any) -> Turn:
        prepared = incoming.pop("prepared", None)
        given = Incoming(Messenger.TELEGRAM, 1, 7, message_id=5, **incoming)
        db: Any = SimpleNamespace(expire=lambda row: self.expired.append(row.id))
        turn = Turn(db, NOW, PublicInfo("021", "https://x"), self.chat, given, self.account, self.draft)
        turn.prepared = prepared
        return turn

    def send(self, **incoming: Any) -> Reply:
        return self.engine.handle_input(self.turn(**incoming))

    def tap(self, action: str, arg: str = "") -> Reply:
        position = self.engine._position(self.turn())
        assert position is not None
        return self.send(press=press_of(StepButton(action, "", arg), position), pressed=True)

    @property
    def state(self) -> dict[str, Any]:
        return self.chat.dialogue_state

    @property
    def answers(self) -> dict[str, Any]:
        assert self.draft is not None
        return self.draft.answers


@pytest.fixture
def w(monkeypatch: pytest.MonkeyPatch) -> World:
    return World(monkeypatch)


def step(key: str, question: Question | None = None, **values: Any) -> Step:
    return Step(key, question or Asked(), **{"prompt": f"{key}؟", "label": key.upper()} | values)


def text(reply: Reply) -> list[str]:
    return [screen.text.replace("پاسخ فعلی: ", "=") for screen in reply.screens]


SUM: dict[str, Any] = {"summary": "review.summary"}
HEAD = t("review.summary")

# -- what is taken ---------------------------------------------------------------------------------

TEXT, CONTACT, FILE = InputKind.TEXT, InputKind.CONTACT, InputKind.FILE
PHONE = Contact("0912", True)


@pytest.mark.parametrize(
    ("wants", "incoming", "found"),
    [
        (TEXT, {"text": "علی"}, UserInput(text="علی")),
        (CONTACT, {"text": "0912"}, UserInput(text="0912")),
        (CONTACT, {"contact": PHONE}, UserInput(contact=PHONE)),
        (TEXT, {"contact": PHONE}, "error.want_text"),
        (FILE, {"contact": PHONE}, "error.want_file"),
        (FILE, {"file": OFFERED, "prepared": TAKEN}, UserInput(taken=TAKEN)),
        (FILE, {"file": OFFERED, "album": "9", "prepared": TAKEN}, UserInput(taken=TAKEN, album="9")),
        (FILE, {"file": OFFERED}, "error.download_failed"),
        (TEXT, {"file": OFFERED}, "error.want_text"),
        (FILE, {"text": "علی"}, "error.want_file"),
        (FILE, {"unread": "voice"}, "error.want_file"),
        (TEXT, {"unread": "voice"}, "error.unread_voice"),
        (TEXT, {}, "error.want_text"),
        (TEXT, {"pressed": True}, "error.stale"),
        (TEXT, {"pressed": True, "press": Press("d.choose", 1, 0, "x")}, "error.stale"),
        (TEXT, {"command": "nothing", "text": "/nothing"}, "error.unknown"),
    ],
)
def test_what_a_question_is_given(w: World, wants: InputKind, incoming: dict[str, Any], found: Any) -> None:
    question = Asked(wants=wants)
    w.use(step("a", question), step("b"))
    if isinstance(found, UserInput):
        w.send(**incoming)
        assert question.given == [found]
        assert (w.answers, w.state["step"]) == ({"a": found.text or "taken"}, "b")
    else:
        with pytest.raises(Refusal) as refused:
            w.send(**incoming)
        assert refused.value.key == found
        assert (question.given, w.answers, w.state["step"], w.expired) == ([], {}, "a", [1])


def test_at_a_summary_nothing_is_typed(w: World) -> None:
    w.use(step("a"), answers={"a": 1}, state={"step": SUMMARY}, **SUM)
    with pytest.raises(Refusal) as refused:
        w.send(text="علی")
    assert refused.value.key == "error.unknown"


def test_the_second_file_of_an_album_belongs_to_the_step_of_the_first(w: World) -> None:
    first, second = Asked(wants=FILE), Asked(wants=FILE)
    w.use(step("a", first), step("b", second))
    files: dict[str, Any] = {"file": OFFERED, "prepared": TAKEN}
    w.send(**files, album="9")
    assert w.state == {"step": "b", "editing": False, "album": {"id": "9", "step": "a"}}
    w.send(**files, album="9")
    assert [one.album for one in first.given] == ["9", "9"]
    w.send(**files, album="8")
    assert [one.album for one in second.given] == ["8"]


@pytest.mark.parametrize("kept", [False, True])
@pytest.mark.parametrize(
    ("command", "leads", "leaves"),
    [
        ("cancel", Press("home"), True),
        ("stop", Press("home"), True),
        ("start", Press("home"), True),
        ("status", Press("qual.track"), True),
        ("help", Press("help"), False),
        ("privacy", Press("privacy"), False),
        ("requirements", Press("requirements"), False),
    ],
)
def test_commands_in_the_middle(w: World, kept: bool, command: str, leads: Press, leaves: bool) -> None:
    w.use(step("a"), step("b"), answers={"a": 1}, keeps_draft=kept)
    reply = w.send(command=command, text=f"/{command}")
    said = t("form.later_done" if kept else "nav.cancelled")
    assert reply == (Reply((Screen(said),), goto=leads) if leaves else Reply(goto=leads))
    assert (w.chat.dialogue is None, w.chat.draft_id is None) == (leaves, leaves)
    assert w.dropped == ([1] if leaves and not kept else [])
    assert leaves is (w.chat.dialogue_state == {})


# -- answers ---------------------------------------------------------------------------------------


def test_an_answer_that_was_tapped_is_repeated_and_a_typed_one_is_not(w: World) -> None:
    w.use(step("a"), step("b"), step("c", hidden=True), step("e", Asked(echoes_text=True)), step("f"))
    assert text(w.tap("choose", "x")) == [f"{t('form.echo', field='A', value='x')}\n\nb؟ (۲ از ۵)"]
    assert text(w.send(text="علی")) == ["c؟ (۳ از ۵)"]
    assert text(w.tap("choose", "x")) == ["e؟ (۴ از ۵)"], "a hidden answer is not said"
    assert text(w.send(text="علی")) == [f"{t('form.echo', field='E', value='علی')}\n\nf؟ (۵ از ۵)"]
    assert w.answers == {"a": "x", "b": "علی", "c": "x", "e": "علی"}


def test_what_follows_from_an_answer_is_told_with_it(w: World) -> None:
    question = Asked(consequence=lambda value: "پس از آن …")
    w.use(step("a", question), step("b"))
    assert text(w.tap("choose", "x"))[0].startswith(f"{t('form.echo', field='A', value='x')}\nپس از آن …\n\n")
    w.use(step("a", Asked(own_next=True)), step("b"))
    assert text(w.tap("choose", "x")) == ["b؟ (۲ از ۲)"], "it says its answer by itself"


def test_a_question_that_is_not_answered_yet(w: World) -> None:
    question = Asked()
    w.use(step("a", question), step("b"), answers={"b": 1})
    question.takes = lambda given: Incomplete(
        notice="کدام؟", question_state={"page": 2}, others={"b": 2}, value=3
    )
    assert text(w.send(text="ع")) == ["کدام؟\n\na؟ (۱ از ۲)"]
    assert (w.answers, w.state) == ({"b": 1}, {"step": "a", "editing": False, "page": 2})
    question.takes = lambda given: Incomplete(
        3, keep_value=True, others={"b": 2}, next_buttons=(button("ورود", "login"),)
    )
    reply = w.send(text="ع")
    assert w.answers == {"a": 3, "b": 2}
    assert [one.label for one in reply.screens[0].rows[-1]] == ["ورود"]
    question.takes = lambda given: Incomplete(quiet=2.0)
    assert w.send(text="ع") == Reply(quiet=2.0)


def test_an_answer_with_more_to_say(w: World) -> None:
    question = Asked(takes=lambda given: Answered(5, {"b": 6}, "ثبت شد"), said=Receipt("رسید"))
    w.use(step("a", question), step("b"), step("c"))
    assert text(w.send(text="ع")) == ["ثبت شد\n\nرسید\n\nc؟ (۳ از ۳)"]
    assert (w.answers, w.state) == ({"a": 5, "b": 6}, {"step": "c", "editing": False, "after": "a"})
    question.takes = lambda given: Answered(5, quiet=2.0)
    w.chat.dialogue_state = {"step": "a", "editing": False}
    assert w.send(text="ع") == Reply(quiet=2.0)


@pytest.mark.parametrize("how", ["finish", "secret"])
def test_what_ends_at_once_is_written_nowhere(w: World, how: str) -> None:
    question = Asked(
        takes=lambda given: Finish({"z": 9}) if how == "finish" else "رمز", secret=how == "secret"
    )
    w.use(step("a"), step("b", question, hidden=True), answers={"a": 1, "_x": 2}, state={"step": "b"})
    reply = w.send(text="Abcd1234", prepared=Prepared("of question", "of finish"))
    assert w.finished == [{"a": 1, "_x": 2} | ({"z": 9} if how == "finish" else {"b": "رمز"})]
    assert (w.answers, reply.wipe_incoming, reply.goto) == ({"a": 1, "_x": 2}, True, Press("done"))
    assert (question.prepared, w.prepared, w.dropped) == (["of question"], ["of finish"], [1])
    assert (w.chat.dialogue, w.chat.draft_id) == (None, None)


def test_an_answer_may_change_others(w: World) -> None:
    def after(turn: Turn, key: str, answers: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in answers.items() if name != "b"} if key == "a" else answers

    w.use(step("a"), step("b"), step("c"), answers={"b": 1, "c": 2}, after=after)
    assert text(w.send(text="علی")) == ["b؟ (۲ از ۳)"]
    assert w.answers == {"a": "علی", "c": 2}


# -- on, back, later -------------------------------------------------------------------------------


def test_on_and_back(w: World) -> None:
    w.use(step("a"), step("b"), step("c"), answers={"a": 1, "b": 2})
    for action, key in (("next", "b"), ("back", "a"), ("next", "b"), ("next", "c"), ("back", "b")):
        w.tap(action)
        assert w.state == {"step": key, "editing": False}
    w.chat.dialogue_state = {"step": "c", "editing": False}
    w.tap("choose", "x")
    assert w.finished == [{"a": 1, "b": 2, "c": "x"}]


def test_on_from_the_last_leads_to_what_is_missing_or_to_the_end(w: World) -> None:
    w.use(step("a"), step("b"), answers={"b": 2}, state={"step": "b"})
    assert text(w.tap("next")) == ["a؟ (۱ از ۲)"]
    w.use(step("a"), step("b"), answers={"a": 1, "b": 2}, state={"step": "b"}, **SUM)
    assert text(w.tap("next"))[0].startswith(HEAD)
    w.use(step("a"), step("b"), answers={"a": 1, "b": 2}, state={"step": "b"})
    w.tap("next")
    assert w.finished == [{"a": 1, "b": 2}]


def test_back_takes_the_contact_keyboard_away(w: World) -> None:
    w.use(step("a"), step("b"), state={"step": "b"})
    assert text(w.tap("back")) == ["a؟ (۱ از ۲)"]
    w.chat.keyboard = True
    w.chat.dialogue_state = {"step": "b"}
    assert text(w.tap("back")) == [t("form.before"), "a؟ (۱ از ۲)"]


def test_an_optional_question_is_left_open_and_one_is_put_off(w: World) -> None:
    w.use(step("a", deferrable=True), step("b", optional=True), step("c"), **SUM)
    w.tap("defer")
    assert (w.state["step"], w.answers) == ("b", {"_put_off": {"a": 1}})
    w.tap("skip")
    assert (w.state["step"], w.answers["b"]) == ("c", None)
    w.send(text="علی")
    assert w.state["step"] == "a", "asked again at the end"
    w.tap("defer")
    assert (w.state["step"], w.answers["_put_off"]) == (SUMMARY, {"a": 2})
    w.tap("confirm")
    assert (w.state["step"], w.answers["_put_off"], w.finished) == ("a", {"a": 1}, [])
    w.send(text="علی")
    w.tap("confirm")
    assert w.finished == [{"a": "علی", "b": None, "c": "علی", "_put_off": {"a": 1}}]


def test_an_edit_from_the_summary_returns_there_and_says_what_changed(w: World) -> None:
    parts: dict[str, Any] = {"part_of": lambda step: "personal", **SUM}
    w.use(step("a"), step("b"), answers={"a": 1, "b": 2}, state={"step": SUMMARY}, **parts)
    assert text(w.tap("edit", "a")) == ["a؟\n=\u20661\u2069"]
    assert w.state == {"step": "a", "editing": True, "more": False}
    w.tap("back")
    assert w.state == {"step": SUMMARY, "editing": False, "at": "a"}
    w.tap("edit", "a")
    (shown,) = text(w.tap("choose", "x"))
    assert shown == f"{HEAD}\n\n{t('me.line', field='A', value='x')}", "no echo above it"
    assert w.state == {"step": SUMMARY, "editing": False, "changed": ["a"]}
    w.tap("page", "0")
    assert w.state == {"step": SUMMARY, "editing": False, "page": 0}
    w.use(step("a"), step("b"), answers={"a": 1, "b": 2}, state={"step": SUMMARY}, **SUM)
    w.tap("edit", "b")
    assert text(w.tap("choose", "x"))[0].startswith(f"{t('form.echo', field='B', value='x')}\n\n{HEAD}")
    assert w.state == {"step": SUMMARY, "editing": False}


def test_an_edit_that_opens_a_step_goes_on_and_keeps_what_changed(w: World) -> None:
    more = step("b", when=lambda turn, answers: answers.get("a") == "x")
    w.use(step("a"), more, answers={"a": 1}, state={"step": SUMMARY}, part_of=lambda step: "personal", **SUM)
    w.tap("edit", "a")
    w.tap("choose", "x")
    assert w.state == {"step": "b", "editing": True, "changed": ["a"]}
    w.send(text="علی")
    assert w.state == {"step": SUMMARY, "editing": False, "changed": ["a", "b"]}


def test_more_of_an_answer_from_the_next_screen(w: World) -> None:
    w.use(step("a", Asked(said=Receipt("رسید", "یکی دیگر"))), step("b"))
    w.send(text="علی")
    assert text(w.tap("more", "a")) == ["a؟ (۱ از ۲)\n=علی"]
    assert w.state == {"step": "a", "editing": False, "more": True}


# -- ends ------------------------------------------------------------------------------------------


def test_a_second_question_after_the_summary(w: World) -> None:
    refused: list[bool] = [True]

    def obstacle(turn: Turn, answers: dict[str, Any]) -> None:
        if refused[0]:
            raise Refusal("error.edited")

    asks: dict[str, Any] = {"second_question": lambda turn, answers: "ثبت شود؟", "obstacle": obstacle}
    w.use(step("a"), answers={"a": 1}, state={"step": SUMMARY}, **SUM, **asks)
    with pytest.raises(Refusal):
        w.tap("confirm")
    assert w.state == {"step": SUMMARY}
    refused[0] = False
    assert text(w.tap("confirm")) == ["ثبت شود؟"]
    assert w.state["step"] == SECOND_QUESTION
    w.tap("no")
    assert w.state == {"step": SUMMARY, "editing": False}
    w.tap("confirm")
    assert w.tap("yes").goto == Press("done")
    assert w.finished == [{"a": 1}]


def test_a_second_question_without_a_summary(w: World) -> None:
    w.use(
        step("a"), step("b"), answers={"a": 1}, state={"step": "b"}, second_question=lambda turn, answers: "؟"
    )
    assert text(w.tap("choose", "x")) == [f"{t('form.echo', field='B', value='x')}\n\n؟"]
    w.tap("no")
    assert w.state == {"step": "b", "editing": False}


def test_the_end_takes_the_contact_keyboard_away(w: World) -> None:
    echo = t("form.echo", field="A", value="0912")
    for keyboard, ends, shown in (
        (False, Reply(goto=Press("done")), []),
        (True, Reply(goto=Press("done")), [echo]),
        (True, Reply((Screen("پایان"),)), ["پایان"]),
        (True, Reply((Screen("پایان", ((button("خانه", "home"),),)),)), [echo, "پایان"]),
    ):
        w.chat.keyboard, w.ends = keyboard, ends
        w.use(step("a", Asked(wants=CONTACT, takes=lambda given: "0912")))
        assert text(w.send(contact=PHONE)) == shown


def test_an_end_that_asks_again_keeps_what_it_changed(w: World) -> None:
    w.ends = FinishRejected("نادرست", forget=("b",), at="b")
    w.use(step("a"), step("b"), step("c"), answers={"a": 1, "b": 2}, state={"step": "c"})
    assert text(w.send(text="علی")) == ["نادرست\n\nb؟ (۲ از ۳)"]
    assert (w.answers, w.state) == ({"a": 1, "c": "علی"}, {"step": "b", "editing": False})
    w.ends = FinishRejected("نادرست", forget=("c",))
    w.chat.dialogue_state = {"step": "b"}
    assert text(w.send(text="علی")) == ["نادرست\n\nc؟ (۳ از ۳)"]
    assert w.dropped == []


def test_a_refused_end_leaves_everything(w: World) -> None:
    w.ends = Refusal("error.edited")
    w.use(step("a"), answers={"a": 1}, state={"step": SUMMARY}, **SUM)
    with pytest.raises(Refusal):
        w.tap("confirm")
    assert (w.dropped, w.chat.dialogue, w.state, w.expired) == ([], "form", {"step": SUMMARY}, [1])


@pytest.mark.parametrize("guest", [True, False])
def test_who_registers_takes_the_guests_drafts_along(w: World, guest: bool) -> None:
    def finish(turn: Turn, answers: dict[str, Any]) -> Reply:
        w.chat.account_id = 9
        return Reply(goto=Press("done"))

    if not guest:
        w.account = SimpleNamespace(id=9)
    w.use(step("a"))
    moves, stays = (
        Dialogue(name, (step("a"),), finish, keeps_draft=True, on_login=how)  # type: ignore[arg-type]
        for name, how in (("moves", "move"), ("stays", "drop"))
    )
    w.engine.dialogues |= {"moves": moves, "stays": stays}
    w.engine.dialogues["form"] = Dialogue("form", (step("a"),), finish)
    for name in ("moves", "moves", "stays", "gone"):
        w.begin(w.turn(), name, 1, 0, {})
    w.send(text="علی")
    # The second of those that move has its like in the account.
    assert (w.moved, w.dropped) == (([2, 3], [1, 1, 2, 4, 5]) if guest else ([], [1]))


# -- ways out --------------------------------------------------------------------------------------


@pytest.mark.parametrize("leads", [Press("list"), lambda turn: Press("list")])
def test_a_draft_is_discarded_after_a_question(w: World, leads: Any) -> None:
    discarded: list[str] = []
    w.use(
        step("a"),
        step("b"),
        answers={"a": 1},
        state={"step": "a", "editing": True},
        keeps_draft=True,
        discard=lambda turn: discarded.append("x"),
        exit=leads,
    )
    assert text(w.tap("discard")) == [t("form.discard_confirm")]
    assert w.state == {"step": DISCARD, "editing": True, "from": "a"}
    w.tap("no")
    assert w.state == {"step": "a", "editing": True}
    w.tap("discard")
    assert w.tap("yes") == Reply((Screen(t("form.discarded")),), goto=Press("list"))
    assert (discarded, w.dropped, w.chat.dialogue, w.finished) == (["x"], [1], None, [])


@pytest.mark.parametrize(
    ("options", "answers", "action", "dropped", "said"),
    [
        ({}, {"a": 1}, "cancel", [1], "nav.cancelled"),
        ({"keeps_draft": True}, {"a": 1}, "later", [], "form.later_done"),
        ({"keeps_draft": True}, {"_x": 1}, "later", [1], "nav.cancelled"),
    ],
    ids=str,
)
def test_leaving(w: World, options: Any, answers: Any, action: str, dropped: list[int], said: str) -> None:
    w.use(step("a"), step("b"), answers=answers, exit=Press("list"), **options)
    assert w.tap(action) == Reply((Screen(t(said)),), goto=Press("list"))
    assert (w.dropped, w.chat.dialogue, w.chat.draft_id, w.state) == (dropped, None, None, {})


@pytest.mark.parametrize("gone", ["everything", "its dialogue", "its draft", "both"])
def test_where_nothing_is_open_nothing_is_left_and_an_update_leads_home(w: World, gone: str) -> None:
    """A release may take a dialogue away; another chat of the account may end it."""
    w.use(step("a"))
    if gone in ("everything", "its dialogue", "both"):
        w.chat.dialogue = None if gone == "everything" else "of an earlier release"
    if gone in ("everything", "its draft", "both"):
        w.draft = None
    assert w.engine.current(w.turn()).text == t("nav.cancelled")
    assert w.send(text="x") == Reply(goto=Press("home"))
    w.engine.leave(w.turn())
    assert w.dropped == []
    assert (w.chat.dialogue, w.chat.draft_id, w.finished) == (None, None, [])


def test_where_no_question_is_left_no_leads_out(w: World) -> None:
    gone = Step("a", Asked(), prompt="a؟", label="a", when=lambda turn, answers: False)
    w.use(gone, second_question="submit.confirm", exit=Press("list"), state={"step": SECOND_QUESTION})
    assert w.tap("no") == Reply((Screen(t("nav.cancelled")),), goto=Press("list"))
    assert (w.finished, w.dropped, w.chat.dialogue) == ([], [1], None)


def test_for_whom_the_open_dialogue_is_no_more(w: World) -> None:
    w.use(step("a"), roles=frozenset({None}))
    assert w.engine.refusal(w.turn()) is None
    w.chat.role, w.account = Role.STAFF, Account(id=7, user_code="1", first_name="س", last_name="ک")
    assert isinstance(w.engine.refusal(w.turn()), NotAllowed)
    draft, w.draft = w.draft, None
    assert w.engine.refusal(w.turn()) is None
    w.draft, w.chat.dialogue = draft, "of an earlier release"
    assert w.engine.refusal(w.turn()) is None


# -- words -----------------------------------------------------------------------------------------


def test_words_that_may_be_no_answer(w: World) -> None:
    free = Asked(free_text=True)
    w.use(step("a", free), step("b"))
    (asked,) = text(w.send(text="سلام"))
    assert asked.startswith(t("aside.ask_answer", answer="سلام"))
    assert w.state == {"step": "a", "editing": False, "aside": {"text": "سلام", "ask": "answer"}}
    w.tap("meant")
    assert (w.answers, w.state["step"]) == ({"a": "سلام"}, "b")
    w.chat.dialogue_state = {"step": "a", "aside": {"text": "سلام", "ask": "answer"}}
    assert w.tap("help") == Reply(goto=Press("help"))
    assert w.state == {"step": "a"}
    assert text(w.send(text="علی")) == ["b؟ (۲ از ۲)"]


@pytest.mark.parametrize(
    ("said", "leads"),
    [
        ("سلام", [f"{t('spoken.greeting')}\n\na؟ (۱ از ۲)"]),
        ("کمک", Press("help")),
        ("لغو", [f"{t('aside.ask_stop')}\n\na؟ (۱ از ۲)"]),
        ("منو", [f"{t('aside.ask_stop')}\n\na؟ (۱ از ۲)"]),
        ("ممنون", "error.invalid"),
        ("علی", "error.invalid"),
    ],
)
def test_words_that_cannot_be_the_answer(w: World, said: str, leads: Any) -> None:
    w.use(step("a", Asked(takes=lambda given: InvalidInput())), step("b"))
    if isinstance(leads, str):
        with pytest.raises(Refusal) as refused:
            w.send(text=said)
        assert refused.value.key == leads
    else:
        reply = w.send(text=said)
        assert (reply.goto or text(reply)) == leads
    assert w.answers == {}


def test_words_at_a_question_for_a_file(w: World) -> None:
    w.use(step("a", Asked(wants=FILE)), step("b"))
    with pytest.raises(Refusal) as refused:
        w.send(text="سلام")
    assert refused.value.key == "error.want_file"
    assert w.send(text="کمک") == Reply(goto=Press("help"))
    w.chat.dialogue_state = {"step": "b"}
    assert text(w.send(text="برگرد")) == ["a؟ (۱ از ۲)"]


def test_words_at_a_confirmation(w: World) -> None:
    w.use(
        step("a"),
        answers={"a": 1},
        state={"step": SECOND_QUESTION},
        second_question=lambda turn, answers: "؟",
    )
    assert w.send(text="کمک") == Reply(goto=Press("help"))
    w.send(text="نه")
    assert w.state["step"] == "a"


def test_a_text_in_sentences_is_taken_as_it_is(w: World) -> None:
    w.use(step("a", Asked(free_text=True, in_sentences=True)), step("b"))
    w.send(text="سلام")
    assert w.answers == {"a": "سلام"}


# -- beginning -------------------------------------------------------------------------------------


def start(w: World, **options: Any) -> Reply:
    turn = w.turn()
    reply = w.engine.start(turn, "form", **options)
    w.draft = turn.draft
    return reply


def stored(w: World, answers: dict[str, Any], *, days: int = 0) -> None:
    w.found = w.begin(w.turn(), "form", 1, 0, answers)
    w.found.updated_at = NOW - timedelta(days=days)


def test_a_dialogue_begins_at_its_first_open_step(w: World) -> None:
    w.use(step("a"), step("b"))
    w.chat.dialogue = w.chat.draft_id = w.draft = None
    given = {"a": 1}
    assert text(start(w, answers=given, subject_id=5)) == ["b؟ (۲ از ۲)"]
    assert w.draft is not None
    assert (w.draft.subject_id, w.draft.answers, w.state) == (5, {"a": 1}, {"step": "b", "editing": False})
    assert (w.chat.dialogue, w.chat.draft_id, w.draft.answers is given) == ("form", 2, False)


@pytest.mark.parametrize(
    ("kept", "days", "answers", "state"),
    [
        (True, 0, {"a": 1}, {"step": "b", "editing": False, "resumed": True}),
        (True, 366, {}, {"step": "a", "editing": False}),
        (False, 0, {}, {"step": "a", "editing": False}),
    ],
)
def test_a_stored_draft_is_continued_where_it_is_kept(
    w: World, kept: bool, days: int, answers: dict[str, Any], state: dict[str, Any]
) -> None:
    w.use(step("a"), step("b"), keeps_draft=kept)
    w.chat.dialogue = w.chat.draft_id = w.draft = None
    stored(w, {"a": 1}, days=days)
    start(w)
    assert (w.answers, w.state, w.chat.draft_id) == (answers, state, 2)


def test_an_empty_draft_is_not_resumed(w: World) -> None:
    w.use(step("a"), keeps_draft=True)
    w.chat.draft_id = None
    stored(w, {})
    start(w)
    assert w.state == {"step": "a", "editing": False}


def test_what_was_open_here_is_left(w: World) -> None:
    w.use(step("a"), step("b"))
    start(w)
    assert (w.dropped, w.chat.draft_id) == ([1], 2)
    w.found = w.draft
    start(w)
    assert w.dropped == [1], "the same draft goes on"


@pytest.mark.parametrize(
    ("at", "summed", "state"),
    [
        ("a", True, {"step": "a", "editing": True}),
        ("a", False, {"step": "a", "editing": False}),
        ("gone", True, {"step": SUMMARY, "editing": False}),
        (None, True, {"step": SUMMARY, "editing": False}),
    ],
)
def test_it_may_begin_at_a_step(w: World, at: str | None, summed: bool, state: dict[str, Any]) -> None:
    w.use(step("a"), step("b"), **(SUM if summed else {}))
    w.chat.draft_id = None
    start(w, at=at, answers={"a": 1, "b": 2})
    assert w.state == state


def test_a_guard_is_asked_before_anything_is_shown(w: World) -> None:
    def guard(turn: Turn) -> None:
        raise NotAllowed

    w.use(step("a"), guard=guard)
    with pytest.raises(NotAllowed):
        start(w)
