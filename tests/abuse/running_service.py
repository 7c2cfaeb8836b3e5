"""The running service on an emulated messenger, and every participant pressing over HTTP."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sqlmodel import Session, SQLModel, col, select

from bot.cli.composition import make_bot, make_channels, open_resources
from bot.config.settings import Settings
from bot.core.screens import Press
from demo.botapi.messenger_state import ChatEvent
from demo.emulators import EmulatedMessenger, Emulators
from demo.person import Person
from handlers.telegram.runtime import Service
from storage.database.database import Database, open_database
from storage.enums import InboxState, Messenger
from storage.tables import Chat, InboxUpdate
from tests.abuse.allowed_changes import AllowedChanges
from tests.abuse.cases import PUBLIC_INFO
from tests.abuse.changes import Change, Snapshot
from tests.abuse.participants import Fixture, Participant, Participants
from tests.support.bot_process import SECRET_KEY
from tests.support.pending import UNANSWERED, UNPROCESSED, UNSENT, rows_of, until_none

#: What every update writes, whatever it asks for; and which menus of commands were told, which is a job's.
ALWAYS_WRITTEN = frozenset({"inbox_update", "pay_message", "bot_profile"})
#: Of a chat: what it shows, which a refusal may change; and whose menu of commands it was told of, which is that job's too.
SHOWN = frozenset({"view", "keyboard", "show_at", "version", "menu_role"})
#: The fixture's own inbox rows are below.
FIRST_REAL = 1000
#: Participants press by thousands here, and what counts is the effect: so many times as fast as the messenger would bear.
HURRY = 1000.0


@dataclass
class RunningService:
    """The service on an emulated messenger, with a phone for every participant."""

    database: Database
    emulators: Emulators
    face: EmulatedMessenger
    service: Service
    participants: Participants
    people: dict[str, Person]
    before: Snapshot = field(default_factory=Snapshot)
    allowed: dict[str, AllowedChanges] = field(default_factory=dict)
    #: Everything that the bot showed to a participant since it was last looked at, by name.
    shown: dict[str, list[str]] = field(default_factory=dict)

    async def act(self, name: str, *steps: Press | str) -> None:
        """Press or write each step, without waiting."""
        for step in steps:
            if isinstance(step, Press):
                await self.people[name].press_raw(step.pack())
            else:
                await self.people[name].type(step)

    async def walk(self, name: str, *steps: Press | str) -> None:
        """Press or write each step, and wait for its answer."""
        for step in steps:
            await self.act(name, step)
            await self.settled()

    async def settled(self) -> None:
        """Wait until everything sent was stored, had its effect, and was answered over HTTP."""
        messenger = Messenger(self.face.kind)
        query = UNPROCESSED.where(InboxUpdate.messenger == messenger)
        async with asyncio.timeout(120):
            while True:
                while self.face.server.pending():
                    await asyncio.sleep(0.001)
                await self.service.lanes.wait_until_below(0, messenger)
                if not await self.database.read(lambda db: rows_of(db, query)):
                    return
                await asyncio.sleep(0.005)

    async def noted(self) -> None:
        """Wait until every answer was noted as sent: what is not is shown again later."""
        await until_none(self.database, UNANSWERED)

    async def answered(self, presses: int) -> None:
        """Wait until so many presses since `calls` was emptied were answered, each by its own call."""
        async with asyncio.timeout(60):
            while len(self.face.server.calls_of("answerCallbackQuery")) < presses:
                await asyncio.sleep(0.005)

    async def changes(self, *, chats: bool = False) -> list[Change]:
        """What differs from how it was, but for the updates themselves and, without `chats`, what chats show."""
        tables = set(SQLModel.metadata.tables) - ALWAYS_WRITTEN
        found = await self.database.read(lambda db: self.before.changes(db, tables))
        return [one for one in found if chats or one.table != "chat" or not _only_shown(one)]

    async def failures(self) -> list[str]:
        """Updates that ended in an error number, or were not taken for what they are."""
        odd = select(InboxUpdate).where(
            InboxUpdate.messenger == Messenger(self.face.kind),
            col(InboxUpdate.state).in_((InboxState.FAILED, InboxState.QUARANTINED)),
            InboxUpdate.update_id > FIRST_REAL,
        )
        return await self.database.read(lambda db: [f"{one.state}: {one.raw[:300]}" for one in db.exec(odd)])

    def leaks(self) -> list[str]:
        """What a participant was shown and may not read; forgets what was looked at."""
        shown, self.shown = self.shown, {}
        return [
            f"{name} was shown {mark!r}"
            for name, texts in shown.items()
            for mark in self.participants.not_for(name, "\n".join(texts))
        ]

    def note_shown(self, happening: ChatEvent) -> None:
        users = {person.user.id: name for name, person in self.people.items()}
        name = users.get(happening.conversation.chat.id)
        if name is not None:
            self.shown.setdefault(name, []).extend(_words(happening))

    # ── back to the beginning (SQLite) ──

    async def restore(self) -> None:
        """The database as it was when the service started, once nothing is on its way any more."""
        await until_none(self.database, UNSENT, pause=0.01)
        path = Path(self.database.url.database or "")
        await asyncio.to_thread(_copy, path.with_suffix(".before"), path)

    async def begin(self) -> None:
        """Everybody is greeted; what differs from here on is the effect of what is tried."""
        for person in self.people.values():
            await person.start()
        await self.settled()
        await self.noted()
        self.before = await self.database.read(Snapshot)
        self.allowed = await self.database.read(
            lambda db: {one.name: AllowedChanges(db, one) for one in self.participants.all}
        )
        if self.database.url.get_backend_name() == "sqlite":
            path = Path(self.database.url.database or "")
            await asyncio.to_thread(_copy, path, path.with_suffix(".before"))
        self.face.server.state.listeners.append(self.note_shown)


def _copy(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target, timeout=30)) as new:
        old.backup(new)


def _only_shown(one: Change) -> bool:
    return one.old is not None and one.new is not None and one.columns <= SHOWN


@asynccontextmanager
async def running_service(
    emulators: Emulators, database_url: str, folder: Path, messenger: Messenger = Messenger.TELEGRAM
) -> AsyncIterator[RunningService]:
    """The participants are in the database, have said hello, and the service runs."""
    face = next(one for one in emulators.messengers if one.kind == messenger.value)
    for one in emulators.messengers:
        one.server.limits[one.token].hurry = HURRY
    face.server.state.queues[face.token].next_id = FIRST_REAL + 1
    env = emulators.env() | {
        "DATABASE_URL": database_url,
        "FILES_URL": str(folder / "files"),
        "SECRET_KEY": SECRET_KEY,
        "SUPPORT_CONTACT": PUBLIC_INFO.support_contact,
        "DECISION_UNDO_MINUTES": "0",
        "LETTER_DELAY_SECONDS": "0",
        "SMS_GATEWAY": "console",
        "CHAT_RATE": str(HURRY),
        "CHEAP_PASSWORD_HASHES": "1",
    }
    values: dict[str, Any] = {name.lower(): value for name, value in env.items()}
    settings = Settings(_env_file=None, **values)
    database = await open_database(database_url)
    participants = await database.run(lambda db: _add_participants(db, emulators, messenger))
    people = {one.name: _person(face, one) for one in participants.all}
    async with open_resources(settings, database, PUBLIC_INFO.public_url) as resources:
        service = make_bot(settings, resources, make_channels(settings), alone=True).service
        await service.start()
        try:
            running = RunningService(database, emulators, face, service, participants, people)
            await running.begin()
            yield running
        finally:
            await service.stop(timeout=3.0)
    await database.close()


def _add_participants(db: Session, emulators: Emulators, messenger: Messenger) -> Participants:
    """Every chat is on an emulated phone. No push of the fixture is sent now."""
    fixture = Fixture(db, messenger)
    participants = fixture.build()
    fixture.settle_pushes()
    worlds = {Messenger(face.kind): face.server.state for face in emulators.messengers}
    phones = dict[int, int]()
    for chat in list(db.exec(select(Chat))):
        user = worlds[chat.messenger].add_user(f"کاربر{chat.id}")
        phones[chat.chat_id], chat.chat_id = user.id, user.id
    participants.all[:] = [
        replace(one, chat_id=phones.get(one.chat_id) or worlds[messenger].add_user("مهمان").id)
        for one in participants.all
    ]
    return participants


def _person(face: EmulatedMessenger, participant: Participant) -> Person:
    person = face.person_class(face.server.state, face.bot, face.server.state.users[participant.chat_id])
    face.people.append(person)
    return person


def _words(happening: ChatEvent) -> Sequence[str]:
    message = happening.message
    if message is None:
        return [happening.text] if happening.kind == "toast" else []
    if not message.from_bot:
        return []
    keys = (str(value) for row in message.inline for button in row for value in button.values())
    return [message.words, *keys, *(file.name or "" for file in message.files)]
