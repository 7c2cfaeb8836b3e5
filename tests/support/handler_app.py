"""The whole house without a messenger: real database, engine, routes and Serve; answers are kept instead of sent.

sara = House(...).visitor(Messenger.TELEGRAM)
await sara.commands("start")
await sara.taps("ثبت‌نام")
sara.sees("کد ملی ۱۰ رقمی")
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from sqlmodel import Session, col, select

from bot.application.resources import Resources
from bot.core.context import PublicInfo
from bot.core.incoming import Contact, Incoming
from bot.core.screens import MAX_LABEL, Button, Press, Screen, rows_from_json
from bot.messengers.processing import inbox_store
from bot.messengers.processing.answer import Answer
from bot.rules.validators import search_key
from bot.security.passwords import Passwords
from bot.texts import BIDI_MARKS
from conversations.catalogue import ALL
from conversations.engine.engine import Engine
from handlers import all_routes
from handlers.telegram.processor import UpdateProcessor
from handlers.telegram.update_handler import CURRENT_UPDATE, UpdateScope
from storage.database.database import Database
from storage.enums import InboxState, Messenger
from storage.migrations.seed import seed
from storage.tables import Account, Chat, InboxUpdate, Push

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


@dataclass
class Clock:
    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def passes(self, **span: float) -> None:
        self.now += timedelta(**span)


class House:
    """`loses` answers is what a crash after the commit does: nothing arrives, nothing is noted."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.clock = Clock()
        nothing: Any = None
        self.resources = Resources(
            database=database,
            documents=nothing,
            passwords=Passwords(weak=True),
            gateway=nothing,
            sms=nothing,
            public_info=PublicInfo("021-1234", "https://bot.example"),
            clock=self.clock,
        )
        engine = Engine(ALL)
        self.processor = UpdateProcessor(self.resources, engine, all_routes(engine), self)
        self.loses = False
        self.visitors: dict[tuple[Messenger, int], Visitor] = {}
        self.numbers = count(1)

    @classmethod
    async def open(cls, database: Database) -> House:
        await database.run(seed)
        return cls(database)

    def visitor(self, messenger: Messenger = Messenger.TELEGRAM) -> Visitor:
        visitor = Visitor(self, messenger, 1000 + next(self.numbers))
        self.visitors[messenger, visitor.chat_id] = visitor
        return visitor

    async def deliver(self, answer: Answer) -> None:
        """Delivery: the screens arrive, and that a password arrived is noted."""
        if self.loses:
            return
        self.visitors[answer.chat_address.messenger, answer.chat_address.chat_id].gets(answer)
        if answer.credentials_of is not None:
            account_id = answer.credentials_of
            await self.database.run(
                lambda db: setattr(db.get(Account, account_id), "credentials_pending", False)
            )

    async def ask(self, query: Any) -> Any:
        return await self.database.read(query)


@dataclass
class Visitor:
    house: House
    messenger: Messenger
    chat_id: int
    #: Everything the last update brought.
    screens: tuple[Screen, ...] = ()
    notice: str | None = None
    deleted: list[int] = field(default_factory=list)

    def gets(self, answer: Answer) -> None:
        self.screens, self.notice = answer.screens, answer.notice
        for one in self.buttons:
            named_by_data = one.press is not None and one.press.action == "d.choose"
            assert 0 < len(one.label) <= (64 if named_by_data else MAX_LABEL), one.label
            assert one.press is None or one.press.pack()
        for screen in self.screens:
            assert screen.text or screen.attachments
            assert len(screen.text) <= 4096
        if answer.delete is not None:
            self.deleted.append(answer.delete)

    # ── doing ────────────────────────────────────────────────────────────────────────────────────

    async def commands(self, command: str, payload: str | None = None) -> Visitor:
        return await self._sends(command=command, payload=payload, text=f"/{command} {payload or ''}".strip())

    async def types(self, *texts: str) -> Visitor:
        for text in texts:
            await self._sends(text=text)
        return self

    async def taps(self, *labels: str) -> Visitor:
        for label in labels:
            press = self.button(label).press
            assert press is not None
            await self.presses(press)
        return self

    async def presses(self, press: Press) -> Visitor:
        return await self._sends(press=Press.unpack(press.pack()), pressed=True, callback_id="c")

    async def shares(self, phone: str, *, own: bool = True) -> Visitor:
        return await self._sends(contact=Contact(phone, own))

    async def _sends(self, **what: Any) -> Visitor:
        number = next(self.house.numbers)
        raw = f"{what.get('text') or what}"
        values = {
            "messenger": self.messenger,
            "update_id": number,
            "lane": self.chat_id,
            "raw": raw,
            "state": InboxState.RECEIVED,
            "note": None,
            "received_at": self.house.clock(),
            "done_at": None,
        }
        (row,) = await self.house.database.run(lambda db: inbox_store.insert(db, [values]))
        self.screens = ()
        token = CURRENT_UPDATE.set(UpdateScope(row))
        try:
            await self.house.processor.process(
                Incoming(self.messenger, number, self.chat_id, message_id=number, **what)
            )
        finally:
            CURRENT_UPDATE.reset(token)
        return self

    # ── seeing ───────────────────────────────────────────────────────────────────────────────────

    @property
    def text(self) -> str:
        return BIDI_MARKS.sub("", "\n\n".join(screen.text for screen in self.screens))

    @property
    def buttons(self) -> list[Button]:
        return [one for screen in self.screens for one in screen.buttons()]

    @property
    def labels(self) -> list[str]:
        return [one.label for one in self.buttons]

    def button(self, label: str) -> Button:
        wanted = search_key(label)
        for one in reversed(self.buttons):
            if search_key(one.label) == wanted or one.label == label:
                return one
        raise AssertionError(f"no button {label!r} among {self.labels} below {self.text!r}")

    def sees(self, *fragments: str) -> Visitor:
        whole = "\n".join([self.text, *self.labels])
        for fragment in fragments:
            assert fragment in whole, f"{fragment!r} is not in:\n{whole}"
        return self

    def sees_not(self, *fragments: str) -> Visitor:
        whole = "\n".join([self.text, *self.labels])
        for fragment in fragments:
            assert fragment not in whole, f"{fragment!r} is in:\n{whole}"
        return self

    def line(self, label: str) -> str:
        """What stands after «label:» on the screen."""
        for line in self.text.splitlines():
            name, colon, value = line.partition(":")
            if colon and name.strip() == label:
                return value.strip()
        raise AssertionError(f"no line {label!r} in:\n{self.text}")

    async def pushes(self) -> list[Push]:
        """What the outbox holds for this chat, oldest first."""

        def unit(db: Session) -> list[Push]:
            chat = select(Chat.id).where(Chat.messenger == self.messenger, Chat.chat_id == self.chat_id)
            return list(
                db.exec(select(Push).where(Push.chat_row_id == chat.scalar_subquery()).order_by(col(Push.id)))
            )

        found: list[Push] = await self.house.ask(unit)
        return found

    async def taps_push(self, label: str) -> Visitor:
        """Press a button below the newest push."""
        newest = (await self.pushes())[-1]
        for row in rows_from_json(newest.buttons):
            for one in row:
                if one.label == label and one.press is not None:
                    return await self.presses(one.press)
        raise AssertionError(f"no button {label!r} below {newest.text!r}")

    async def stored(self) -> list[str]:
        """The raw updates of this chat that are still kept."""

        def unit(db: Session) -> list[str]:
            return list(
                db.exec(
                    select(InboxUpdate.raw).where(
                        InboxUpdate.messenger == self.messenger, InboxUpdate.lane == self.chat_id
                    )
                )
            )

        found: list[str] = await self.house.ask(unit)
        return found
