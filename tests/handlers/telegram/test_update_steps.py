"""One update from its unit to its answer: what is prepared, delivered, cleaned up and noted, also where a step fails."""

import logging
from collections.abc import Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import pytest
from sqlmodel import Session, col, select

from bot.application.routes import EVERYONE, GUESTS, Routes
from bot.core.context import PublicInfo
from bot.core.counters import Counters
from bot.core.incoming import Contact, FileTaken, Incoming, OfferedFile
from bot.core.refusals import NotAllowed, Refusal
from bot.core.screens import Press, Screen, button
from bot.messengers.processing import inbox_store
from bot.messengers.processing.answer import Answer, ChatAddress
from bot.messengers.processing.inbox_store import InboxRow
from bot.texts import t
from conversations.engine.declaration import Preparation
from handlers.telegram.processor import UpdateProcessor, _Needed, _Prepared
from handlers.telegram.side_updates import SideUpdates
from handlers.telegram.update_handler import CURRENT_UPDATE, UpdateScope
from storage.database.database import Database
from storage.enums import InboxState, Messenger
from storage.tables import Chat, InboxUpdate, LeftGroup, StoredFile
from tests.support.factories.reference_data import NOW

TELEGRAM = Messenger.TELEGRAM
CHAT = ChatAddress(TELEGRAM, 7, 31)
ANSWER = Answer(CHAT, (Screen("خانه"),), update_row=5, edit=9, delete=8, callback_id="c")
TEXT = Incoming(TELEGRAM, 1, 7, message_id=5, text="سلام")
ROW = InboxRow(5, TELEGRAM, 1, 7, "{}")


class World:
    """A processor whose units end as the test says, and all that it does besides."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.outcomes: list[Any] = []
        self.delivered: list[Answer] = []
        self.dropped: list[tuple[list[FileTaken], frozenset[str]]] = []
        self.events: list[str] = []
        self.marked = True
        resources: Any = SimpleNamespace(counters=Counters(), clock=lambda: NOW, database=None)
        self.counters: Counters = resources.counters
        delivery: Any = SimpleNamespace(deliver=self.deliver)
        table = Routes()
        table.commands["about"] = Press("about")
        dialogues: Any = SimpleNamespace()

        @asynccontextmanager
        async def released() -> Any:
            self.events.append("slot given back")
            yield
            self.events.append("slot taken")

        self.processor = UpdateProcessor(
            resources,
            dialogues,
            table,
            delivery,
            release_slot=released,
            committed=lambda: self.events.append("committed"),
        )
        self.processor._uploads = SimpleNamespace(  # type: ignore[assignment]
            drop_unused=self.drop, store_offered=self.store
        )
        self.processor._run = self.run  # type: ignore[method-assign, assignment]
        monkeypatch.setattr(inbox_store, "wipe_body", lambda db, row: self.events.append("wiped"))

        def mark(db: Any, row: InboxRow, now: datetime, state: InboxState, *, note: str) -> bool:
            self.events.append(f"{state.value} {note}")
            return self.marked

        monkeypatch.setattr(inbox_store, "mark_finished", mark)

    async def deliver(self, answer: Answer) -> None:
        self.delivered.append(answer)

    async def drop(self, taken: Any, removed: Any) -> None:
        self.dropped.append((list(taken), frozenset(removed)))

    async def store(self, incoming: Incoming, account_id: int | None, tell: Any) -> Any:
        self.events.append(f"stored for {account_id}")
        return self.outcomes.pop(0)

    async def run(
        self, incoming: Incoming | None, unit: Callable[[Any], Any], *, lane: str | None = None
    ) -> Any:
        if incoming is None and not (self.outcomes and isinstance(self.outcomes[0], Exception)):
            self.events.append(f"noted in {lane}")
            return unit(None)
        outcome = self.outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def process(self, incoming: Incoming = TEXT, **scope: Any) -> UpdateScope:
        update_scope = UpdateScope(ROW, **scope)
        token = CURRENT_UPDATE.set(update_scope)
        try:
            await self.processor.process(incoming)
        finally:
            CURRENT_UPDATE.reset(token)
        return update_scope


@pytest.fixture
def w(monkeypatch: pytest.MonkeyPatch) -> World:
    return World(monkeypatch)


@pytest.mark.parametrize(
    ("scope", "answer"),
    [
        ({}, ANSWER),
        ({"told_to_wait": True}, replace(ANSWER, edit=None)),
        ({"foreign": True}, replace(ANSWER, edit=None, delete=None, callback_id=None)),
    ],
)
async def test_what_is_delivered(w: World, scope: dict[str, Any], answer: Answer) -> None:
    w.outcomes = [ANSWER]
    assert (await w.process(**scope)).served
    assert (w.delivered, w.events, w.dropped) == ([answer], [], [])
    assert (w.counters.done, w.counters.failed) == ({TELEGRAM: 1}, {})


async def test_pushes_of_a_unit_are_looked_at_at_once(w: World) -> None:
    w.outcomes = [replace(ANSWER, pushes=True)]
    await w.process()
    assert w.events == ["committed"]


async def test_what_another_process_did_is_answered_by_nobody(
    w: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "handlers.telegram.processor")
    w.outcomes = [None, ANSWER]
    await w.process()
    assert (w.delivered, w.dropped) == ([], [])
    await w.process()
    done = [(one.levelname, vars(one)["chat"], vars(one)["asked"]) for one in caplog.records]
    assert done == [("DEBUG", None, "text"), ("INFO", 31, "text")]


@pytest.mark.parametrize(
    ("incoming", "asked"),
    [
        ({"press": Press("home"), "pressed": True, "text": None}, "home"),
        ({"pressed": True, "text": None}, "a foreign button"),
        ({"command": "about"}, "/about"),
        ({"command": "secret"}, "a foreign command"),
        ({}, "text"),
        ({"text": None, "file": OfferedFile("f", None, 1, True)}, "file"),
        ({"text": None, "contact": Contact("09", True)}, "contact"),
        ({"text": None}, "other"),
    ],
)
async def test_what_the_log_says_was_asked(w: World, incoming: dict[str, Any], asked: str) -> None:
    assert w.processor._asked(replace(TEXT, **incoming)) == asked


def needed(stands: str = "a", **preparation: Any) -> _Needed:
    return _Needed(Preparation(**preparation), (stands,), 4)


TAKEN, SECOND = (FileTaken(StoredFile(sha256=name)) for name in "ab")  # type: ignore[call-arg]


async def test_a_file_is_stored_first_and_what_the_unit_did_not_keep_goes(w: World) -> None:
    w.outcomes = [needed(file=True), TAKEN, needed("b", file=True), SECOND, ANSWER]
    await w.process()
    assert w.events == ["slot given back", "stored for 4", "slot taken"] * 2
    assert w.dropped == [([TAKEN, SECOND], frozenset())]
    w.outcomes = [replace(ANSWER, removed=frozenset({"k"}))]
    await w.process()
    assert w.dropped[1:] == [([], frozenset({"k"}))]
    w.outcomes = [needed(file=True), TAKEN, None]
    await w.process()
    assert w.dropped[2:] == [([TAKEN], frozenset())]


async def test_files_of_a_unit_that_broke_are_left_to_the_sweep(w: World) -> None:
    """It may have been committed all the same."""
    w.outcomes = [needed(file=True), TAKEN, ZeroDivisionError()]
    await w.process()
    assert w.dropped == []


async def test_what_a_preparation_ends_in(w: World) -> None:
    async def works(resources: Any) -> str:
        return "result"

    async def refuses(resources: Any) -> str:
        raise Refusal("error.edited")

    async def breaks(resources: Any) -> str:
        raise ZeroDivisionError

    for work, result, key in (
        (works, "result", None),
        (refuses, None, "error.edited"),
        (breaks, None, "error.crash"),
    ):
        for secret in (False, True):
            made = await w.processor._prepare(needed(work=work, secret=secret), TEXT)
            assert (made.stands, made.result, made.secret) == (("a",), result, secret)
            assert (made.refusal.key if made.refusal is not None else None) == key
    assert isinstance(made.refusal, Refusal)
    assert isinstance(made.refusal.__cause__, ZeroDivisionError)


@pytest.mark.parametrize(
    ("text", "secret", "wiped"),
    [("سلام", False, []), ("10000001 Abcd1234", False, ["wiped"]), ("Abcd1234", True, ["wiped"])],
)
async def test_an_update_that_breaks_is_noted_and_told_with_its_number(
    w: World, text: str, secret: bool, wiped: list[str]
) -> None:
    async def works(resources: Any) -> None: ...

    w.outcomes = [*([needed(work=works, secret=True)] if secret else []), ZeroDivisionError()]
    await w.process(replace(TEXT, text=text, callback_id="c"))
    told = Screen(t("error.crash", number="۵"), ((button(t("nav.home"), "home"),),))
    assert w.delivered == [Answer(ChatAddress(TELEGRAM, 7), (told,), callback_id="c")]
    assert w.events[-len(wiped) - 2 :] == ["noted in telegram:7", *wiped, "FAILED 5"]
    assert (w.counters.done, w.counters.failed) == ({}, {TELEGRAM: 1})


async def test_whom_a_failure_is_told(w: World, caplog: pytest.LogCaptureFixture) -> None:
    scope, error = UpdateScope(ROW), ZeroDivisionError()
    await w.processor.fail(scope, TEXT, error)
    assert len(w.delivered) == 1
    await w.processor.fail(scope, replace(TEXT, private=False), error)
    await w.processor.fail(scope, None, error)
    w.marked = False
    await w.processor.fail(scope, TEXT, error)
    assert len(w.delivered) == 1, "not a group, nobody, and not where it was noted before"
    for again in (False, True):
        w.outcomes = [ZeroDivisionError()]
        await w.processor.fail(UpdateScope(ROW, again=again), TEXT, error)
    assert len(w.delivered) == 2, "a failure that could not be noted is told once"
    assert w.counters.failed == {TELEGRAM: 6}


async def test_a_person_is_asked_to_wait_once(w: World) -> None:
    scope = UpdateScope(ROW)
    token = CURRENT_UPDATE.set(scope)
    await w.processor._ask_to_wait(replace(TEXT, private=False))
    assert (w.delivered, scope.told_to_wait) == ([], False)
    for _ in range(2):
        await w.processor._ask_to_wait(TEXT)
    CURRENT_UPDATE.reset(token)
    assert w.delivered == [Answer(ChatAddress(TELEGRAM, 7), (Screen(t("error.database_away")),), plain=True)]
    assert scope.told_to_wait


async def test_what_is_prepared_and_for_whom(w: World) -> None:
    """Nothing for an update that will be refused; but a password is one all the same."""
    processor, given = w.processor, Preparation(file=True, secret=True)
    turn: Any = SimpleNamespace(incoming=TEXT, account=None, role=None, chat=SimpleNamespace(dialogue="d"))
    shut: list[Refusal | None] = [None]
    processor.dialogues.preparation = lambda turn: given  # type: ignore[method-assign, assignment]
    processor.router.shut = lambda turn: shut[0]  # type: ignore[method-assign]
    assert processor._preparation(turn, "dialogue") is given
    shut[0] = NotAllowed()
    assert processor._preparation(turn, "dialogue") == Preparation(secret=True)
    processor.dialogues.preparation = lambda turn: None  # type: ignore[method-assign, assignment]
    assert processor._preparation(turn, "dialogue") is None

    async def prepare(resources: Any, incoming: Incoming, press: Press) -> tuple[Any, ...]:
        return incoming.text, press.action

    for action, roles, how in (
        ("plain", EVERYONE, None),
        ("works", GUESTS, prepare),
        ("shut", frozenset(), prepare),
    ):
        processor.routes.show(action, roles=roles, prepare=how)(lambda turn, press: Screen(""))
    assert [processor._preparation(turn, Press(action)) is None for action in ("plain", "works", "shut")] == [
        True,
        False,
        True,
    ]
    made = processor._preparation(turn, Press("works"))
    assert made is not None
    assert made.work is not None
    assert await made.work(processor.resources) == ("سلام", "works")
    assert processor._preparation(turn, "text") is None
    assert _Prepared(("a",)).secret is False


# -- what comes beside messages --------------------------------------------------------------------


@pytest.fixture(params=["sqlite"])
def database_url(request: pytest.FixtureRequest) -> str:
    url: str = request.getfixturevalue("sqlite_url")
    return url


class Beside:
    """Side updates over a real database; the router says «اکنون»."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.answers: list[Answer] = []
        self.left: list[tuple[ChatAddress, str | None]] = []
        resources: Any = SimpleNamespace(
            database=database,
            clock=lambda: NOW,
            counters=Counters(),
            public_info=PublicInfo("021", "https://x"),
        )
        self.counters: Counters = resources.counters

        async def deliver(answer: Answer) -> None:
            self.answers.append(answer)

        async def leave_group(address: ChatAddress, sentence: str | None) -> None:
            self.left.append((address, sentence))

        refused = SimpleNamespace(
            screens=(Screen("نفهمیدم"),), quiet=None, send_as_new=False, wipe=False, files=False
        )
        for name in ("notice", "toast", "credentials_of", "said"):
            setattr(refused, name, None)
        processor: Any = SimpleNamespace(
            resources=resources,
            delivery=SimpleNamespace(deliver=deliver, leave_group=leave_group),
            router=SimpleNamespace(
                current=lambda turn: Screen("اکنون"), refused=lambda turn, refusal: refused
            ),
        )
        self.side = SideUpdates(processor)

    async def row(self, number: int, lane: int | None = 7, **values: Any) -> InboxRow:
        given = {"raw": "{}", "received_at": NOW, "state": InboxState.RECEIVED} | values

        def unit(db: Session) -> InboxRow:
            made = InboxUpdate(messenger=TELEGRAM, update_id=number, lane=lane, **given)
            db.add(made)
            db.flush()
            return InboxRow(made.id or 0, TELEGRAM, number, lane, "{}")

        return await self.database.run(unit)

    async def stored(self) -> list[tuple[InboxState, str | None]]:
        found = select(InboxUpdate).order_by(col(InboxUpdate.id))
        rows = await self.database.read(lambda db: list(db.exec(found)))
        return [(one.state, one.note) for one in rows]

    async def chat(self, **values: Any) -> int:
        def unit(db: Session) -> int:
            made = Chat(messenger=TELEGRAM, chat_id=7, **values)
            db.add(made)
            db.flush()
            return made.id or 0

        return await self.database.run(unit)

    async def is_dead(self) -> list[bool]:
        return await self.database.read(lambda db: [one.dead for one in db.exec(select(Chat))])


async def test_who_sent_what_cannot_be_read_is_answered_once(database: Database) -> None:
    w = Beside(database)
    for answer in (True, False):
        scope = UpdateScope(await w.row(1 + answer))
        await w.side.quarantine(scope, "x" * 600 + "\x00", answer=answer)
        await w.side.quarantine(scope, "again", answer=answer)
    nobody = UpdateScope(await w.row(9, None))
    await w.side.quarantine(nobody, "a\x00b\ud800", answer=True)
    assert await w.stored() == [
        (InboxState.QUARANTINED, "x" * 500),
        (InboxState.QUARANTINED, "x" * 500),
        (InboxState.QUARANTINED, "ab?"),
    ]
    (told,) = w.answers
    assert (told.screens, told.update_row, told.chat_address.chat_id) == ((Screen("نفهمیدم"),), None, 7)
    assert len(await w.is_dead()) == 1, "a new chat has its row"
    assert w.counters.quarantined == {TELEGRAM: 5}


async def test_who_blocks_the_bot_is_dead_until_it_is_unblocked(database: Database) -> None:
    w = Beside(database)
    await w.side.membership(UpdateScope(await w.row(1)), alive=False)
    assert await w.is_dead() == [], "of a stranger nothing is kept"
    await w.chat()
    scope = UpdateScope(await w.row(2))
    for alive, dead in ((False, True), (True, True)):
        await w.side.membership(scope, alive=alive)
        assert await w.is_dead() == [dead], "an update counts once"
    await w.side.membership(UpdateScope(await w.row(3, None)), alive=True)
    await w.side.membership(UpdateScope(await w.row(4)), alive=True)
    assert await w.is_dead() == [False]
    assert set(await w.stored()) == {(InboxState.ANSWERED, None)}


async def test_a_group_is_told_and_left_once(database: Database) -> None:
    w = Beside(database)
    scope = UpdateScope(await w.row(1, -5))
    await w.side.in_group(scope)
    await w.side.in_group(scope)
    await w.side.in_group(UpdateScope(await w.row(2, -5)))
    assert w.left == [(ChatAddress(TELEGRAM, -5), t("error.group_chat"))]

    def later(db: Session) -> None:
        db.exec(select(LeftGroup)).one().left_at = NOW.replace(year=2020)

    await database.run(later)
    await w.side.in_group(UpdateScope(await w.row(3, -5)))
    assert w.left[1:] == [(ChatAddress(TELEGRAM, -5), None)]
    assert w.counters.done == {TELEGRAM: 4}
    await w.side.ignore(UpdateScope(await w.row(4, -5)), "why")
    assert (await w.stored())[-1] == (InboxState.ANSWERED, "why")


async def test_the_current_screen_is_shown_to_chats_that_live(database: Database) -> None:
    w = Beside(database)
    row_id = await w.chat()
    await w.side.show_current(row_id)
    await w.side.show_current(row_id + 1)
    assert w.answers == [Answer(ChatAddress(TELEGRAM, 7, row_id, guest=True), (Screen("اکنون"),), plain=True)]

    w.answers.clear()
    for due, answers in ((NOW, 0), (None, 1)):
        await w.side.show_current(row_id, due=due)
        assert len(w.answers) == answers, "an update in hand was answered with a screen"

    def is_due(db: Session) -> None:
        db.get_one(Chat, row_id).show_at = NOW

    await database.run(is_due)
    for due, answers in ((NOW, 2), (NOW.replace(year=2020), 2)):
        await w.side.show_current(row_id, due=due)
        assert len(w.answers) == answers
    w.answers[1:] = []

    def dies(db: Session) -> None:
        db.get_one(Chat, row_id).dead = True

    await database.run(dies)
    await w.side.show_current(row_id)
    assert len(w.answers) == 1


@pytest.mark.parametrize(
    ("dead", "options", "screens", "delete", "shown"),
    [
        (False, {}, (Screen("اکنون"),), 88, False),
        (True, {}, (), 88, False),
        (False, {"ours": False}, (Screen("اکنون"),), None, False),
        (False, {"shown": True}, (Screen("اکنون"),), 88, True),
    ],
    ids=str,
)
async def test_a_message_with_a_password_is_deleted_later(
    database: Database, dead: bool, options: dict[str, bool], screens: Any, delete: int | None, shown: bool
) -> None:
    w = Beside(database)
    row_id = await w.chat(dead=dead)
    row = await w.row(1, state=InboxState.DONE, note="delete message 88", done_at=NOW)
    await w.side.delete_secret_message(row, **options)
    assert w.answers == [
        Answer(
            ChatAddress(TELEGRAM, 7, row_id, guest=True),
            screens,
            update_row=row.id,
            delete=delete,
            shown=shown,
        )
    ]
    await w.side.delete_secret_message(await w.row(2, state=InboxState.DONE))
    owed = await w.row(3, None, state=InboxState.DONE, note="delete message 88")
    await w.side.delete_secret_message(owed)
    assert len(w.answers) == 1, "nothing is owed, or nobody knows where"
