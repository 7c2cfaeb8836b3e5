"""A small service on a real database and the emulated messengers: few routes, no dialogues."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlmodel import Session, col, select

from bot.application.resources import Resources
from bot.application.routes import EVERYONE, Routes
from bot.core.context import SYSTEM, PublicInfo, Turn
from bot.core.incoming import Incoming
from bot.core.refusals import NotAllowed, Refusal
from bot.core.screens import Attachment, Button, GeneratedFile, Press, Reply, Screen, button
from bot.documents.library import DocumentLibrary
from bot.gateways.console_sms import ConsoleSms
from bot.messengers.transport.channel import make_channel
from bot.services.shared import audit
from conversations.engine.engine import Engine
from demo.emulators import EmulatedMessenger, Emulators
from demo.person import Person
from demo.seen import Seen
from handlers.telegram.runtime import Service
from storage.database.database import Database
from storage.enums import InboxState, Messenger
from storage.tables import AuditEvent, Chat, FileHandle, InboxUpdate, StoredFile
from tests.support.documents import given
from tests.support.factories.people import account
from tests.support.pending import until


@dataclass
class RouteState:
    """What the routes below do, and what they wait for."""

    papers: tuple[Attachment | GeneratedFile, ...] = ()
    gates: dict[int, asyncio.Event] = field(default_factory=dict)
    entered: list[int] = field(default_factory=list)
    #: The request whose fee the route «due» shows.
    due: int | None = None


def make_routes(route_state: RouteState) -> Routes:  # a list of small functions
    table = Routes()

    @table.show("home", roles=EVERYONE)
    def home(turn: Turn, press: Press) -> Screen:
        rows = (
            (button("اول", "note", arg="first"), button("دوم", "note", arg="second")),
            (button("خراب", "crash"), button("ردشده", "refuse"), button("دراز", "long")),
            (button("کند", "slow"), button("تازه", "note", arg="x")),
        )
        return Screen("خانه", rows)

    @table.show("noted", roles=EVERYONE)
    def noted(turn: Turn, press: Press) -> Screen:
        return Screen(f"یادداشت شد: {press.arg}", ((button("بازگشت", "home"),),))

    @table.act("note", roles=EVERYONE)
    def note(turn: Turn, press: Press) -> Reply:
        _count(turn, press.arg)
        return Reply(goto=Press("noted", arg=press.arg))

    @table.act("crash", roles=EVERYONE)
    def crash(turn: Turn, press: Press) -> Reply:
        _count(turn, "crash")
        raise ZeroDivisionError("a mistake of ours")

    @table.act("refuse", roles=EVERYONE)
    def refuse(turn: Turn, press: Press) -> Reply:
        _count(turn, "refused")
        raise Refusal("error.short_reason", next_buttons=(button("در دیگر", "home"),))

    @table.show("long", roles=EVERYONE)
    def long(turn: Turn, press: Press) -> Screen:
        return Screen("\n".join(f"سطر {number}" for number in range(900)), ((button("ته", "home"),),))

    async def wait(resources: Resources, incoming: Incoming, press: Press) -> None:
        route_state.entered.append(incoming.chat_id)
        if (gate := route_state.gates.get(incoming.chat_id)) is not None:
            await gate.wait()

    @table.act("slow", roles=EVERYONE, prepare=wait)
    def slow(turn: Turn, press: Press) -> Reply:
        _count(turn, "slow")
        return Reply(goto=Press("noted", arg="slow"))

    @table.show("closed", roles=())
    def closed(turn: Turn, press: Press) -> Screen:
        raise NotAllowed

    home_row = ((button("انصراف", "home"),),)
    replies = {
        "say": Reply(notice="خبر کوتاه", goto=Press("home")),
        "secret": Reply(wipe_incoming=True, goto=Press("home")),
        "contact": Reply((Screen("شماره؟", home_row, ask_contact="ارسال شماره"),)),
        "album": Reply(quiet=0.3),
    }
    for action, reply in replies.items():
        table.act(action, roles=EVERYONE)(lambda turn, press, reply=reply: reply)
    table.show("due", roles=EVERYONE)(lambda turn, press: _due(route_state))
    table.show("papers", roles=EVERYONE)(lambda turn, press: Screen("مدارک", attachments=route_state.papers))
    table.commands |= {name: Press(name) for name in (*replies, "papers", "slow", "due")} | {
        "start": Press("home")
    }
    return table


def _due(route_state: RouteState) -> Screen:
    pay = Button("💳 پرداخت", url="https://bot.example/pay/abc", pays=route_state.due)
    return Screen("هزینه در انتظار پرداخت است", ((pay,), (button("خانه", "home"),)))


def _count(turn: Turn, what: str) -> None:
    audit.record(
        turn.db,
        now=turn.now,
        actor=SYSTEM,
        event="noted",
        subject="chat",
        subject_id=turn.chat.chat_id,
        what=what,
        update=turn.incoming.update_id,
    )


@dataclass
class MessengerApp:
    emulators: Emulators
    database: Database
    service: Service
    route_state: RouteState

    async def notes(self, chat_id: int | None = None) -> list[str]:
        """What was noted, in order."""

        def unit(db: Session) -> list[str]:
            found = select(AuditEvent).where(AuditEvent.event == "noted").order_by(col(AuditEvent.id))
            return [one.data["what"] for one in db.exec(found) if chat_id in (None, one.subject_id)]

        return await self.database.read(unit)

    async def inbox(self) -> list[InboxUpdate]:
        return await self.database.read(
            lambda db: list(db.exec(select(InboxUpdate).order_by(col(InboxUpdate.id))))
        )

    async def states(self) -> list[InboxState]:
        return [one.state for one in await self.inbox()]

    async def chat(self, person: Person) -> Chat:
        messenger = Messenger(person.state.kind)
        found = select(Chat).where(Chat.chat_id == person.user.id, Chat.messenger == messenger)
        return await self.database.read(lambda db: db.exec(found).one())

    async def until_states(self, hold: Callable[[list[InboxState]], bool], *, within: float = 90.0) -> None:
        """This is so of the states of all updates."""

        async def looked() -> bool:
            return hold(await self.states())

        await self.until(looked, within=within)

    async def until_answered(self, *, within: float = 90.0) -> None:
        """There are updates, and all of them are answered."""
        await self.until_states(lambda states: set(states) == {InboxState.ANSWERED}, within=within)

    async def until_processed(self) -> None:
        """No update waits to be processed or answered."""
        await self.until_states(lambda states: not {InboxState.RECEIVED, InboxState.DONE} & set(states))

    async def until_received(self, number: int) -> None:
        """So many updates are stored and not begun."""
        await self.until_states(lambda states: states.count(InboxState.RECEIVED) == number)

    async def until_idle(self) -> None:
        """No update is in the chat queues."""
        await self.until(lambda: not len(self.service.lanes))

    async def until_noted(self, *notes: str, by: Person | None = None) -> None:
        """Exactly this was noted, in order."""

        async def noted() -> bool:
            return await self.notes(by and by.user.id) == list(notes)

        await self.until(noted)

    async def until_dead(self, person: Person) -> None:
        async def dead() -> bool:
            return (await self.chat(person)).dead

        await self.until(dead)

    async def until(self, condition: Callable[[], Any], *, within: float = 90.0) -> None:
        await until(condition, within=within)


@asynccontextmanager
async def running_app(
    emulators: Emulators,
    database: Database,
    *,
    papers: Any = None,
    sms: Any = None,
    webhook_url: str | None = None,
) -> AsyncIterator[MessengerApp]:
    route_state = RouteState()
    routes = make_routes(route_state)
    resources = Resources(
        database=database,
        documents=papers,
        passwords=None,
        gateway=None,
        sms=sms or ConsoleSms(),
        public_info=PublicInfo("021-1234", "https://bot.example"),
    )
    channels = {
        Messenger(face.kind): make_channel(Messenger(face.kind), token=face.token, api_url=face.server.url)
        for face in emulators.messengers
    }

    service = Service(
        resources,
        channels,
        Engine(()),
        routes,
        secret_key="0" * 64,
        shared=database.url.get_backend_name() != "sqlite",
        webhook_url=webhook_url,
    )
    await service.start()
    try:
        yield MessengerApp(emulators, database, service, route_state)
    finally:
        await service.stop(timeout=3.0)


def raw_message(user_id: int, text: str, *, number: int = 1, date: int = 1) -> dict[str, Any]:
    """A message in a private chat, as the messengers write it in JSON."""
    sender = {"id": user_id, "is_bot": False, "first_name": "س"}
    chat = {"id": user_id, "type": "private"}
    return {"message_id": number, "date": date, "chat": chat, "from": sender, "text": text}


@contextmanager
def without_queues(service: Service) -> Iterator[None]:
    """What is stored meanwhile is not begun, as when the process dies before that."""
    queues = service.lanes
    put, queues.put = queues.put, lambda key, job: None  # type: ignore[method-assign, assignment]
    try:
        yield
    finally:
        queues.put = put  # type: ignore[method-assign]
        service.dispatcher._mine.clear()


async def starts(*people: Person) -> None:
    """Each starts the bot and sees the home screen."""
    for person in people:
        await person.start().sees("خانه")


async def started(face: EmulatedMessenger, name: str = "سارا") -> Person:
    """Somebody new who sees the home screen."""
    await starts(person := face.person(name))
    return person


async def note(person: Person, what: str) -> Seen:
    """Press the button that notes "first" or "second", and see that it was noted."""
    await person.tap({"first": "اول", "second": "دوم"}[what])
    return await person.sees(f"یادداشت شد: {what}")


async def is_served(person: Person) -> None:
    """Answered, to new messages and to presses."""
    await starts(person)
    for what in ("first", "second"):
        await note(person, what)
        await person.tap("بازگشت").sees("خانه")


async def store_attachments(
    database: Database, library: DocumentLibrary, *contents: bytes
) -> tuple[Attachment, ...]:
    """Documents of one account, called مدرک_0, مدرک_1, …"""
    owner = await database.run(lambda db: account(db, chat=False).id or 0)
    shown = []
    for number, content in enumerate(contents):
        file = await library.store_upload(owner, given(content), f"مدرک_{number}.x")

        def add(db: Session, file: StoredFile = file) -> int:
            db.add(file)
            db.flush()
            return file.id or 0

        shown.append(Attachment(await database.run(add), f"مدرک {number}"))
    return tuple(shown)


async def until_file_ids(app: MessengerApp, number: int) -> None:
    """So many names that messengers gave to files are known."""

    async def known() -> bool:
        return len(await app.database.read(lambda db: db.exec(select(FileHandle)).all())) == number

    await app.until(known)
