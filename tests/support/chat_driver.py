"""The whole bot without a messenger, and persons who chat with it: they type, tap by label, share, upload, and see.

    sara = app.person(Messenger.BALE).command("start").tap("ثبت‌نام")
    sara.type("۹۹۹۱۲۳۴۵۶۱").sees("تاریخ تولد")

Database, routes, dialogues and the processor of updates are those of the service. Each action is one update, from the row
of the inbox to its answer, which is kept instead of sent. Offered files are taken as they are, without an inspection.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, Self, TypeVar

from sqlmodel import Session, SQLModel, col, select

from bot.application.resources import Resources
from bot.application.routes import EVERYONE, Routes
from bot.core.context import Actor, PublicInfo, Turn
from bot.core.incoming import Contact, Incoming, OfferedFile
from bot.core.screens import MAX_LABEL, Button, Press, Reply, Screen, button, rows_from_json
from bot.messengers.processing import inbox_store
from bot.messengers.processing.answer import Answer
from bot.rules.validators import search_key
from bot.security.passwords import Passwords
from bot.texts import BIDI_MARKS, has
from conversations.catalogue import ALL
from conversations.engine.declaration import Dialogue
from conversations.engine.engine import Engine
from handlers import all_routes
from handlers.telegram.processor import UpdateProcessor
from handlers.telegram.side_updates import SideUpdates
from handlers.telegram.update_handler import CURRENT_UPDATE, UpdateScope
from storage.database.database import open_database
from storage.enums import InboxState, Messenger, Role
from storage.tables import Account, AuditEvent, Chat, Draft, InboxUpdate, Push, StoredFile
from tests.support.screen_rules import missing_buttons, too_wide

T = TypeVar("T")
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
#: What a person types who registers.
NATIONAL_CODE = "۹۹۹۱۲۳۴۵۶۱"
#: Of a picture, where its content begins with the word (and pages) and a colon: «blurred:1», «dark 2,5:1».
QUALITY = {"blurred", "dark", "glare", "small", "blank", "empty"}


@dataclass
class Clock:
    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def passes(self, **span: float) -> None:
        self.now += timedelta(**span)


class Library:
    """Takes every file; its bytes are kept nowhere."""

    async def store_upload(
        self, account_id: int, fetch: Callable[[], Awaitable[bytes]], name: str | None, *, side: Messenger
    ) -> StoredFile:
        content = (await fetch()).decode()
        digest = hashlib.sha256(content.encode()).hexdigest()
        warning = content.partition(":")[0]
        return StoredFile(
            account_id=account_id,
            sha256=digest,
            media_type="image/jpeg",
            size=20_000,
            original_name=name,
            original_key=f"o/{digest}",
            shown_key=f"s/{digest}",
            quality_warning=warning if warning.partition(" ")[0] in QUALITY else None,
        )

    async def drop_unused(self, *unused: Any) -> None:
        pass

    async def download(self, handle: str, *, limit: int) -> bytes:
        return handle.encode()


class App:
    """`delivers` = False is what a crash after the commit does: nothing arrives, nothing is noted."""

    def __init__(self, url: str) -> None:
        self._runner = asyncio.Runner()
        self.database: Any = self.wait(open_database(url))
        if url.startswith("sqlite"):
            # No test here loses power: a commit need not wait for the disk.
            writer = self.database._writer.sync_connection.connection.dbapi_connection
            writer.driver.execute("PRAGMA synchronous = OFF")
        self.clock = Clock()
        library: Any = Library()
        self.resources = Resources(
            database=self.database,
            documents=library,
            passwords=Passwords(weak=True),
            gateway=None,
            sms=None,
            public_info=PublicInfo("021-1234", "https://bot.example"),
            clock=self.clock,
            downloads=dict.fromkeys(Messenger, library),
        )
        self.delivers = True
        self.persons: dict[tuple[Messenger, int], Person] = {}
        self.numbers = count(1)
        self.finished: list[dict[str, Any]] = []
        self.work: Callable[[Turn], Reply] = lambda turn: Reply(goto=Press("done"))
        self._checked_events = 0
        self.use(*ALL)

    def use(self, *dialogues: Dialogue) -> Self:
        """Serve with these dialogues instead of the bot's own, and with the bot's routes. One that names no roles is for
        everybody."""
        self.engine = Engine(replace(dialogue, roles=dialogue.roles or EVERYONE) for dialogue in dialogues)
        self.routes = all_routes(self.engine)
        self.routes.include(self._own_routes())
        self.processor = UpdateProcessor(self.resources, self.engine, self.routes, self)
        return self

    def _own_routes(self) -> Routes:
        """«test.do» does the work in hand, «done» is a screen to go to at the end of a dialogue."""
        routes = Routes()
        routes.act("test.do", roles=EVERYONE)(lambda turn, press: self.work(turn))
        routes.show("done", roles=EVERYONE)(lambda turn, press: Screen("تمام", ((button("خانه", "home"),),)))
        return routes

    def finish(self, turn: Turn, answers: dict[str, Any]) -> Reply:
        """The end of a test's own dialogue: its answers are in `finished`, «done» is shown."""
        self.finished.append(answers)
        return Reply(goto=Press("done"))

    def close(self) -> None:
        self.wait(self.database.close())
        self._runner.close()

    def wait(self, work: Awaitable[T]) -> T:
        async def waiting() -> T:
            return await work

        return self._runner.run(waiting())

    # ── delivery ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def deliver(self, answer: Answer) -> None:
        """The screens arrive, and that a password arrived is noted."""
        if not self.delivers:
            return
        self.persons[answer.chat_address.messenger, answer.chat_address.chat_id].receives(answer)
        if (account_id := answer.credentials_of) is not None:
            await self.database.run(
                lambda db: setattr(db.get(Account, account_id), "credentials_pending", False)
            )

    # ── rows ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def run(self, unit: Callable[[Session], T]) -> T:
        """A unit that writes."""
        return self.wait(self.database.run(unit))

    def read(self, unit: Callable[[Session], T]) -> T:
        return self.wait(self.database.read(unit))

    def add(self, row: Any, *more: Any) -> Any:
        """Insert rows; the first with its id."""

        def unit(db: Session) -> Any:
            db.add_all([row, *more])
            db.flush()
            return row

        return self.run(unit)

    def change(self, table: type[SQLModel], id: Any, **values: Any) -> None:
        def unit(db: Session) -> None:
            row = db.get_one(table, id)
            for name, value in values.items():
                setattr(row, name, value)
            db.add(row)

        self.run(unit)

    def get(self, table: type[T], id: Any) -> T:
        return self.read(lambda db: db.get_one(table, id))

    def all(self, query: Any) -> list[Any]:
        return self.read(lambda db: list(db.exec(query)))

    def first(self, query: Any) -> Any:
        return next(iter(self.all(query)), None)

    def one(self, query: Any) -> Any:
        (row,) = self.all(query)
        return row

    def newest(self, table: Any, *where: Any) -> Any:
        """The row with the highest id; None where there is none."""
        return self.read(
            lambda db: db.exec(select(table).where(*where).order_by(col(table.id).desc())).first()
        )

    def events(self, *names: str) -> list[AuditEvent]:
        """What was recorded under these names, oldest first."""
        return self.all(
            select(AuditEvent).where(col(AuditEvent.event).in_(names)).order_by(col(AuditEvent.id))
        )

    # ── persons ──────────────────────────────────────────────────────────────────────────────────────────────────

    def person(self, messenger: Messenger = Messenger.TELEGRAM, *, actor: Actor | None = None) -> Person:
        """Somebody in a chat of their own: a stranger, or logged in as `actor`."""
        person = Person(self, messenger, 900_000 + next(self.numbers))
        self.persons[messenger, person.chat_id] = person
        if actor is not None:
            where = {"messenger": messenger, "chat_id": person.chat_id, "linked_at": NOW}
            self.add(Chat(account_id=actor.account_id, role=actor.role, **where))
        return person

    async def serve(self, incoming: Incoming, raw: str) -> None:
        values = {
            "messenger": incoming.messenger,
            "update_id": incoming.update_id,
            "lane": incoming.chat_id,
            "raw": raw,
            "state": InboxState.RECEIVED,
            "note": None,
            "received_at": self.clock(),
            "done_at": None,
        }
        (row,) = await self.database.run(lambda db: inbox_store.insert(db, [values]))
        token = CURRENT_UPDATE.set(UpdateScope(row))
        try:
            await self.processor.process(incoming)
        finally:
            CURRENT_UPDATE.reset(token)

    def check_update(self) -> None:
        """No update fails, and staff can read what was recorded: an event without a text is named here."""
        assert not self.resources.counters.failed.total(), "the update failed, see the log"
        new = (col(AuditEvent.id) > self._checked_events, AuditEvent.at == self.clock.now)
        for number, event in self.all(select(AuditEvent.id, AuditEvent.event).where(*new)):
            assert has(f"trail.{event}"), f"audit event {event!r}: no text trail.{event} in bot/texts/fa/"
            self._checked_events = max(self._checked_events, number)


@dataclass
class Person:
    """One chat. `screens` are the last that arrived, `answer` is what the last update was answered with."""

    app: App
    messenger: Messenger
    chat_id: int
    screens: tuple[Screen, ...] = ()
    answer: Answer | None = None
    #: User code and password, known after `register`.
    credentials: tuple[str, str] = ("", "")
    #: Messages that were deleted.
    deleted: list[int] = field(default_factory=list)

    # ── acting ───────────────────────────────────────────────────────────────────────────────────────────────────

    def command(self, name: str, payload: str | None = None) -> Self:
        return self.send(command=name, payload=payload, text=f"/{name} {payload or ''}".strip())

    def type(self, *texts: str) -> Self:
        for text in texts:
            self.send(text=text)
        return self

    def tap(self, *labels: str) -> Self:
        """Press the buttons with these labels, one after the other; emoji and marks may be left out."""
        for label in labels:
            self.press(self.button(label))
        return self

    def press(self, press: Press | Button, *, message_id: int | None = None) -> Self:
        """Press a button of any age, or a forged one; `message_id` of the message that it is on."""
        found = press.press if isinstance(press, Button) else press
        assert found is not None, f"{press} is no button that the bot hears of"
        own = {} if message_id is None else {"message_id": message_id}
        return self.send(press=Press.unpack(found.pack()), pressed=True, callback_id="c", **own)

    def double_tap(self, label: str) -> Self:
        """Press a button twice; `screens` are those of the first tap, unless the second one was answered by others."""
        pressed, message_id = self.button(label), next(self.app.numbers)
        return self.press(pressed, message_id=message_id).press(pressed, message_id=message_id)

    def open(self, action: str, id: int = 0, version: int = 0, arg: str = "") -> Self:
        return self.press(Press(action, id, version, arg))

    def share(self, phone: str, *, own: bool = True) -> Self:
        return self.send(contact=Contact(phone, own))

    def upload(
        self,
        name: str | None = None,
        *,
        content: str | None = None,
        album: str | None = None,
        caption: str | None = None,
    ) -> Self:
        """Send a file (without a name: a photo). The same `content`, the same bytes."""
        handle = content or str(next(self.app.numbers))
        return self.send(file=OfferedFile(handle, name, 20_000, name is None), album=album, caption=caption)

    def start(self, dialogue: str, **options: Any) -> Self:
        """Open a dialogue, as the act of a handler does."""
        return self.do(lambda turn: self.app.engine.start(turn, dialogue, **options))

    def do(self, work: Callable[[Turn], Reply]) -> Self:
        """One update with `work` as the act of a route."""
        self.app.work = work
        return self.open("test.do")

    def send(self, **what: Any) -> Self:
        """One update, as it is after parsing."""
        number = next(self.app.numbers)
        incoming = Incoming(self.messenger, number, self.chat_id, **{"message_id": number} | what)
        self.answer = None
        self.app.wait(self.app.serve(incoming, raw_of(incoming)))
        self.app.check_update()
        if self.answer is not None and self.answer.quiet is not None:
            self.refresh()
        return self

    def refresh(self) -> Self:
        """The current screen is sent again, as after a restart, or after an album."""
        self.app.wait(SideUpdates(self.app.processor).show_current(self.chat.id or 0))
        return self

    def receives(self, answer: Answer) -> None:
        if self.answer is None:
            self.answer = answer
        if answer.delete is not None:
            self.deleted.append(answer.delete)
        if answer.screens:
            self.screens = answer.screens
            check_screens(answer.screens)
        if self.files and answer.screens:
            assert answer.edit is None, "the list that stands below the files would be above them"

    # ── seeing ───────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def screen(self) -> Screen:
        """The last one."""
        return self.screens[-1]

    @property
    def raw_text(self) -> str:
        return "\n\n".join(screen.text for screen in self.screens)

    @property
    def text(self) -> str:
        """Without the marks that keep values apart."""
        return BIDI_MARKS.sub("", self.raw_text)

    @property
    def notice(self) -> str:
        """The line over the pressed button."""
        return (self.answer.notice if self.answer is not None else None) or ""

    @property
    def files(self) -> list[Any]:
        """What arrived with the screens: stored files (`Attachment`) and generated ones."""
        return [file for screen in self.screens for file in screen.attachments]

    @property
    def labels(self) -> list[str]:
        return [one.label for screen in self.screens for one in screen.buttons()]

    def button(self, label: str) -> Button:
        wanted = search_key(label)
        for screen in reversed(self.screens):
            for one in screen.buttons():
                if (
                    wanted in (search_key(one.label), search_key(one.label.partition("،")[0]))
                    or one.label == label
                ):
                    return one
        raise AssertionError(f"no button {label!r} among {self.labels} below {self.text!r}")

    def sees(self, *fragments: str) -> Self:
        """Each fragment is on the screens, in a text or as a button; the marks that keep values apart may be left out."""
        for fragment in fragments:
            assert self._shows(fragment), f"{fragment!r} is not in:\n{self._everything}"
        return self

    def sees_not(self, *fragments: str) -> Self:
        for fragment in fragments:
            assert not self._shows(fragment), f"{fragment!r} is in:\n{self._everything}"
        return self

    @property
    def _everything(self) -> str:
        return "\n".join([self.raw_text, *self.labels])

    def _shows(self, fragment: str) -> bool:
        return fragment in self._everything or fragment in BIDI_MARKS.sub("", self._everything)

    def line(self, label: str) -> str:
        """What stands after «label:» on the screen."""
        for line in self.text.splitlines():
            name, colon, value = line.partition(":")
            if colon and name.strip() == label:
                return value.strip()
        raise AssertionError(f"no line {label!r} in:\n{self.text}")

    def find_line(self, name: str) -> str:
        """The number before the line of a paged list that holds `name`, turning pages until it is seen."""
        while True:
            for line in self.text.splitlines():
                number, _, rest = line.partition(". ")
                if name in rest:
                    return number
            self.tap("بعدی")

    # ── rows ─────────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def chat(self) -> Chat:
        row: Chat = self.app.one(
            select(Chat).where(Chat.messenger == self.messenger, Chat.chat_id == self.chat_id)
        )
        return row

    @property
    def account(self) -> Account:
        return self.app.get(Account, self.chat.account_id)

    @property
    def draft(self) -> Draft | None:
        """Of the open dialogue."""
        draft_id = self.chat.draft_id
        return self.app.get(Draft, draft_id) if draft_id is not None else None

    @property
    def answers(self) -> dict[str, Any]:
        return dict(self.draft.answers) if self.draft is not None else {}

    @property
    def view(self) -> Press | None:
        """The screen outside dialogues that the chat is at."""
        view = self.chat.view
        return Press.unpack(view) if view is not None else None

    def read_turn(self, look: Callable[[Turn], T], **what: Any) -> T:
        """What `look` finds in the turn of an update of this chat, of which nothing is kept."""
        incoming = Incoming(self.messenger, next(self.app.numbers), self.chat_id, **what)
        app = self.app
        return app.read(
            lambda db: look(
                inbox_store.load_turn(db, incoming, app.clock(), app.resources.public_info, reading=True)
            )
        )

    def pushes(self) -> list[Push]:
        """What the outbox holds for this chat, oldest first."""
        return self.app.all(select(Push).where(Push.chat_row_id == self.chat.id).order_by(col(Push.id)))

    def tap_push(self, label: str) -> Self:
        """Press a button below the newest push."""
        newest = self.pushes()[-1]
        for row in rows_from_json(newest.buttons):
            for one in row:
                if one.label == label:
                    return self.press(one)
        raise AssertionError(f"no button {label!r} below {newest.text!r}")

    def stored(self) -> str:
        """The updates of this chat as the inbox still keeps them."""
        mine = (InboxUpdate.messenger == self.messenger, InboxUpdate.lane == self.chat_id)
        return "\n".join(self.app.all(select(InboxUpdate.raw).where(*mine)))

    def elsewhere(self, messenger: Messenger = Messenger.BALE, *, role: Role | None = None) -> Person:
        """Another chat of the same account, in the same role unless `role` is another."""
        chat = self.chat
        assert chat.role is not None
        return self.app.person(messenger, actor=Actor(chat.account_id, role or chat.role))

    # ── accounts ─────────────────────────────────────────────────────────────────────────────────────────────────

    def register(self, code: str = NATIONAL_CODE, *, phone: str | None = "989121234567") -> Self:
        """The whole registration, with the own contact or (`phone` None) a typed number."""
        self.fill_registration(code)
        if phone is not None:
            self.share(phone)
        else:
            self.type("09121234567")
        self.tap("✅ تأیید")
        self.credentials = self.shown_credentials
        return self

    @property
    def shown_credentials(self) -> tuple[str, str]:
        """User code and password that are on the screen."""
        return self.line("کد کاربری"), self.line("رمز عبور")

    def fill_registration(self, code: str = NATIONAL_CODE) -> Self:
        """Up to the question for the mobile."""
        self.command("start").tap("ثبت‌نام").type(code, "۱۳۶۵/۰۴/۱۲", "سارا", "کریمی‌نژاد").tap("کارشناسی")
        return self.type("مهندسی مکانیک").sees("ارسال شماره همراه")

    def log_in(self, user_code: str, password: str) -> Self:
        return self.command("start").tap("ورود").type(user_code, password)


def raw_of(incoming: Incoming) -> str:
    """The body of an update, as far as the bot looks into it again."""
    if incoming.press is None:
        return f"{incoming.text or incoming}"
    message = {"message_id": incoming.message_id}
    return json.dumps({"callback_query": {"message": message, "data": incoming.press.pack()}})


def check_screens(screens: tuple[Screen, ...]) -> None:
    """What every screen owes: a text that messengers take, labels that fit a phone, and a way on."""
    for screen in screens:
        assert screen.text or screen.attachments
        assert len(screen.text) <= 4096, len(screen.text)
        for row in screen.rows:
            short = all(len(one.label) <= 6 for one in row)
            assert 0 < len(row) <= (5 if short else 3), [one.label for one in row]
            assert not too_wide(row), f"{too_wide(row)} would be cut on a phone"
        assert not missing_buttons(screen, screens), (
            f"no button {missing_buttons(screen, screens)} on:\n{screen.text}"
        )
        for one in screen.buttons():
            if one.press is not None:
                one.press.pack()
            # Names of reference data are fixed terms, and stand alone in their row; so do companies with city and number.
            named_by_data = one.press is not None and one.press.action in ("d.choose", "d.more", "staff.dist")
            assert 0 < len(one.label) <= (40 if named_by_data else MAX_LABEL), f"{one.label!r} is too long"
    assert screens[-1].rows, f"no way on from:\n{screens[-1].text}"
