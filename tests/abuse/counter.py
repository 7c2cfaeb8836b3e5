"""The town at the counter: the running service on an emulated messenger, and everybody pressing over HTTP."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field, replace
from pathlib import Path

from sqlmodel import Session, SQLModel, col, func, select

from bot.application.resources import Resources
from bot.core.screens import Press
from bot.documents.blob_store import FolderStore
from bot.documents.encryption import DocumentCipher
from bot.documents.inspection_pool import InspectionPool
from bot.documents.library import DocumentLibrary
from bot.gateways.console_sms import ConsoleSms
from bot.gateways.http import make_client
from bot.gateways.zarinpal import Zarinpal
from bot.messengers.transport.channel import make_channel
from bot.security.passwords import Passwords
from bot.texts import BIDI_MARKS
from conversations.catalogue import ALL
from conversations.engine.engine import Engine
from demo.botapi.messenger_state import ChatEvent
from demo.emulators import MERCHANT_ID, EmulatedMessenger
from demo.emulators import Emulators as Street
from demo.person import Person
from handlers import all_routes
from handlers.telegram.runtime import Service
from storage.database.database import Database
from storage.enums import InboxState, Messenger, PushState
from storage.tables import Chat, InboxUpdate, Push
from tests.abuse.cases import PUBLIC_INFO
from tests.abuse.fixtures import Builder, Persona, Town
from tests.abuse.ledger import Change, Law, Ledger

#: What every update writes, whatever it asks for.
KEPT_ALWAYS = frozenset({"inbox_update"})
#: Of a chat: what it shows, which a refusal may change.
SHOWN = frozenset({"view", "keyboard", "show_at", "version"})
_DIGITS = str.maketrans("۰۱۲۳۴۵۶۷۸۹", "0123456789")


@dataclass
class Counter:
    database: Database
    street: Street
    face: EmulatedMessenger
    service: Service
    town: Town
    people: dict[str, Person]
    ledger: Ledger
    laws: dict[str, Law]
    #: Everything that the bot showed to somebody since it was last looked at, by name.
    shown: dict[str, list[str]] = field(default_factory=dict)

    def persona(self, name: str) -> Persona:
        return next(one for one in self.town.personas if one.name == name)

    async def press(self, name: str, press: Press) -> None:
        await self.people[name].press_raw(press.pack())

    async def send(self, name: str, text: str) -> None:
        await self.people[name].send(text)

    async def settled(self) -> None:
        """Wait until everything sent was stored, had its effect, and was answered over HTTP."""
        messenger = Messenger(self.face.kind)
        waiting = select(func.count()).where(
            InboxUpdate.messenger == messenger, InboxUpdate.state == InboxState.RECEIVED
        )
        async with asyncio.timeout(120):
            while True:
                while self.face.server.pending():
                    await asyncio.sleep(0.001)
                await self.service.lanes.wait_until_below(0, messenger)
                if not await self.database.read(lambda db: db.exec(waiting).one()):
                    return
                await asyncio.sleep(0.005)

    async def noted(self) -> None:
        """Wait until every answer was noted as sent: what is not is shown again later, to whomever."""
        async with asyncio.timeout(60):
            done = select(func.count()).where(InboxUpdate.state == InboxState.DONE)
            while await self.database.read(lambda db: db.exec(done).one()):
                await asyncio.sleep(0.02)

    async def answered(self, presses: int) -> None:
        """Wait until so many presses since `calls` was emptied were answered, each by its own call."""
        async with asyncio.timeout(60):
            while len(self.face.server.calls_of("answerCallbackQuery")) < presses:
                await asyncio.sleep(0.005)

    async def changes(self, *, chats: bool = False) -> list[Change]:
        """What differs from how it was, but for the updates themselves and, without `chats`, what chats show."""
        tables = set(SQLModel.metadata.tables) - KEPT_ALWAYS
        found = await self.database.read(lambda db: self.ledger.changes(db, tables))
        return [one for one in found if chats or one.table != "chat" or not _only_shown(one)]

    async def failures(self) -> list[str]:
        """Updates that ended in an error number, or were not taken for what they are."""
        odd = select(InboxUpdate).where(
            InboxUpdate.messenger == Messenger(self.face.kind),
            col(InboxUpdate.state).in_((InboxState.FAILED, InboxState.QUARANTINED)),
            InboxUpdate.update_id > FIRST_REAL,
        )
        return await self.database.read(lambda db: [f"{one.state}: {one.raw[:300]}" for one in db.exec(odd)])

    def told(self) -> list[str]:
        """What somebody was shown that is not for these eyes; forgets what was looked at."""
        wrong, shown = [], self.shown
        self.shown = {}
        for name, texts in shown.items():
            whole = BIDI_MARKS.sub("", "\n".join(texts)).translate(_DIGITS)
            for mark, readers in self.town.marks.items():
                if name in readers or mark.translate(_DIGITS) not in whole:
                    continue
                if re.search(rf"(?<!\d){re.escape(mark.translate(_DIGITS))}(?!\d)", whole):
                    wrong.append(f"{name} was shown {mark!r}")
        return wrong

    # ── back to the beginning (SQLite) ─────────────────────────────────────────────────────────────

    async def restore(self) -> None:
        """The database as it was when the counter opened, once nothing is on its way any more."""
        waiting = select(func.count()).where(col(Push.state).in_((PushState.QUEUED, PushState.SENDING)))
        async with asyncio.timeout(60):
            while await self.database.read(lambda db: db.exec(waiting).one()):
                await asyncio.sleep(0.01)
        await asyncio.to_thread(_copy, self.copy, self.path)

    @property
    def path(self) -> Path:
        return Path(self.database.url.database or "")

    @property
    def copy(self) -> Path:
        return self.path.with_suffix(".before")

    async def keep(self) -> None:
        if self.database.url.get_backend_name() == "sqlite":
            await asyncio.to_thread(_copy, self.path, self.copy)


def _copy(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target, timeout=30)) as new:
        old.backup(new)


def _only_shown(one: Change) -> bool:
    if one.old is None or one.new is None:
        return False
    return {key for key, value in one.old.items() if value != one.new[key]} <= SHOWN


#: The town's own inbox rows are below.
FIRST_REAL = 1000
#: People press by thousands here, and what counts is the effect: so many times as fast as the messenger would bear.
HURRY = 1000.0


@asynccontextmanager
async def open_counter(
    street: Street, database: Database, folder: Path, messenger: Messenger = Messenger.TELEGRAM
) -> AsyncIterator[Counter]:
    """The town moves in, its people say hello, and the service runs."""
    face = next(one for one in street.messengers if one.kind == messenger.value)
    for one in street.messengers:
        one.server.limits[one.token].hurry = HURRY
    face.server.state.queues[face.token].next_id = FIRST_REAL + 1
    town = await database.run(lambda db: _moved_in(db, street, messenger))
    people = {one.name: _person(face, one) for one in town.personas}
    papers = DocumentLibrary(FolderStore(folder / "files"), DocumentCipher("0" * 64), InspectionPool())
    gateway = Zarinpal(make_client(), url=street.bank_server.url, merchant_id=MERCHANT_ID, wait=0.0)
    service = _service(street, database, papers, gateway)
    await service.start()
    counter = Counter(database, street, face, service, town, people, Ledger.empty(), {})
    try:
        for person in people.values():
            await person.start()
        await counter.settled()
        await counter.noted()
        counter.ledger = await database.read(Ledger)
        counter.laws = await database.read(lambda db: {one.name: Law(db, one) for one in town.personas})
        await counter.keep()
        names = {person.user.id: name for name, person in people.items()}

        def note(happening: ChatEvent) -> None:
            name = names.get(happening.conversation.chat.id)
            if name is not None:
                counter.shown.setdefault(name, []).extend(_words(happening))

        face.server.state.listeners.append(note)
        yield counter
    finally:
        await service.stop()
        await papers.close()
        await gateway.aclose()


def _words(happening: ChatEvent) -> Sequence[str]:
    message = happening.message
    if message is None:
        return [happening.text] if happening.kind == "toast" else []
    if not message.from_bot:
        return []
    keys = (str(value) for row in message.inline for button in row for value in button.values())
    return [message.words, *keys, *(file.name or "" for file in message.files)]


def _moved_in(db: Session, street: Street, messenger: Messenger) -> Town:
    """Every chat is on somebody's phone, the personas' among them. No push of the town's past is sent now."""
    builder = Builder(db, messenger)
    town = builder.build()
    builder.settle_pushes()
    faces = {Messenger(face.kind): face for face in street.messengers}
    phones = dict[int, int]()
    for chat in list(db.exec(select(Chat))):
        user = faces[chat.messenger].server.state.add_user(f"کاربر{chat.id}")
        phones[chat.chat_id], chat.chat_id = user.id, user.id
    town.personas[:] = [
        replace(one, chat_id=phones.get(one.chat_id) or faces[messenger].server.state.add_user("مهمان").id)
        for one in town.personas
    ]
    return town


def _person(face: EmulatedMessenger, persona: Persona) -> Person:
    person = face.person_class(face.server.state, face.bot, face.server.state.users[persona.chat_id])
    face.people.append(person)
    return person


def _service(street: Street, database: Database, papers: DocumentLibrary, gateway: Zarinpal) -> Service:
    resources = Resources(
        database=database,
        documents=papers,
        passwords=Passwords(weak=True),
        gateway=gateway,
        sms=ConsoleSms(),
        public_info=PUBLIC_INFO,
    )
    channels = {
        Messenger(face.kind): make_channel(
            Messenger(face.kind), token=face.token, api_url=face.server.url, chat_rate=HURRY
        )
        for face in street.messengers
    }
    engine = Engine(ALL)
    routes = all_routes(engine)

    shared = database.url.get_backend_name() != "sqlite"
    return Service(
        resources,
        channels,
        engine,
        routes,
        secret_key="0" * 64,
        shared=shared,
    )
