"""A small service of its own on a real database and the emulated messengers: few routes, no dialogues."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlmodel import Session, col, select

from bot.application.resources import Resources
from bot.application.routes import EVERYONE, Routes
from bot.core.context import SYSTEM, PublicInfo, Turn
from bot.core.incoming import Incoming
from bot.core.refusals import NotAllowed, Refusal
from bot.core.screens import Attachment, GeneratedFile, Press, Reply, Screen, button
from bot.gateways.console_sms import ConsoleSms
from bot.messengers.processing.protocols import Preparation
from bot.messengers.runtime import Service
from bot.messengers.transport.factory import make_channel
from bot.services.shared import audit
from demo.emulators import Emulators
from demo.person import Person
from handlers.telegram.processor import UpdateProcessor
from handlers.telegram.update_handler import ConversationUpdateHandler
from storage.database.database import Database
from storage.enums import InboxState, Messenger
from storage.tables import AuditEvent, Chat, InboxUpdate


class NoDialogues:
    """No dialogue is ever open."""

    def preparation(self, turn: Turn) -> Preparation | None:
        return None

    def take(self, turn: Turn) -> Reply:
        raise AssertionError

    def current(self, turn: Turn) -> Screen:
        raise AssertionError

    def leave(self, turn: Turn) -> None:
        turn.chat.dialogue = None

    def press_belongs(self, press: Press) -> bool:
        return press.action.startswith("d.")


@dataclass
class Doings:
    """What the routes below do, and what they wait for."""

    papers: tuple[Attachment | GeneratedFile, ...] = ()
    gates: dict[int, asyncio.Event] = field(default_factory=dict)
    entered: list[int] = field(default_factory=list)


def make_routes(doings: Doings) -> Routes:  # noqa: C901  # a list of small functions
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
        doings.entered.append(incoming.chat_id)
        if (gate := doings.gates.get(incoming.chat_id)) is not None:
            await gate.wait()

    @table.act("slow", roles=EVERYONE, prepare=wait)
    def slow(turn: Turn, press: Press) -> Reply:
        _count(turn, "slow")
        return Reply(goto=Press("noted", arg="slow"))

    @table.show("papers", roles=EVERYONE)
    def papers(turn: Turn, press: Press) -> Screen:
        return Screen("مدارک", attachments=doings.papers)

    @table.show("closed", roles=())
    def closed(turn: Turn, press: Press) -> Screen:
        raise NotAllowed

    @table.act("say", roles=EVERYONE)
    def say(turn: Turn, press: Press) -> Reply:
        return Reply(notice="خبر کوتاه", goto=Press("home"))

    @table.act("secret", roles=EVERYONE)
    def secret(turn: Turn, press: Press) -> Reply:
        return Reply(wipe_incoming=True, goto=Press("home"))

    @table.act("contact", roles=EVERYONE)
    def contact(turn: Turn, press: Press) -> Reply:
        return Reply((Screen("شماره؟", ((button("انصراف", "home"),),), ask_contact="ارسال شماره"),))

    @table.act("album", roles=EVERYONE)
    def album(turn: Turn, press: Press) -> Reply:
        return Reply(quiet=0.05)

    table.commands |= {
        "start": Press("home"),
        "papers": Press("papers"),
        "contact": Press("contact"),
        "secret": Press("secret"),
        "album": Press("album"),
        "say": Press("say"),
        "slow": Press("slow"),
    }
    return table


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
class House:
    town: Emulators
    database: Database
    service: Service
    doings: Doings

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

    async def until(self, condition: Callable[[], Any], *, within: float = 10.0) -> None:
        """Wait for something to become true (a coroutine function, or a plain one)."""
        async with asyncio.timeout(within):
            while True:
                found = condition()
                if asyncio.iscoroutine(found):
                    found = await found
                if found:
                    return
                await asyncio.sleep(0.02)


@asynccontextmanager
async def open_house(
    town: Emulators,
    database: Database,
    *,
    papers: Any = None,
    sms: Any = None,
    webhook_url: str | None = None,
) -> AsyncIterator[House]:
    doings = Doings()
    routes = make_routes(doings)
    nothing: Any = None
    resources = Resources(
        database=database,
        documents=papers,
        passwords=nothing,
        gateway=nothing,
        sms=sms or ConsoleSms(),
        public_info=PublicInfo("021-1234", "https://bot.example"),
    )
    channels = {
        Messenger(face.kind): make_channel(Messenger(face.kind), token=face.token, api_url=face.server.url)
        for face in town.messengers
    }

    service = Service(
        resources,
        channels,
        partial(UpdateProcessor, resources, NoDialogues(), routes),
        ConversationUpdateHandler,
        commands=routes.commands,
        secret_key="0" * 64,
        shared=database.url.get_backend_name() != "sqlite",
        webhook_url=webhook_url,
    )
    await service.start()
    try:
        yield House(town, database, service, doings)
    finally:
        await service.stop()
