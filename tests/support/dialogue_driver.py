"""A person who talks to the engine: types, taps by label, shares, uploads, and sees. No messenger, no network.

    person = Person(db, Engine([registration]))
    person.starts("registration")
    person.types("۹۹۹۱۲۳۴۵۶۱")
    person.sees("تاریخ تولد")
    person.taps("تأیید")

Each touch is one update: rows are read anew, a refusal rolls back, what is done is committed.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import count
from typing import Any

from sqlmodel import Session, select

from bot.application.resources import Resources
from bot.core.context import PublicInfo, Turn
from bot.core.incoming import Contact, FileTaken, Incoming, OfferedFile
from bot.core.refusals import Refusal
from bot.core.screens import Button, Press, Reply, Screen
from bot.rules.validators import search_key
from bot.texts import BIDI_MARKS, has, t
from conversations.engine.engine import Engine
from storage.enums import Messenger, Role
from storage.tables import Account, AuditEvent, Chat, Draft, Grant, Officer, StoredFile

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
PUBLIC_INFO = PublicInfo("021-1234", "https://bot.example")
_numbers = count(1)


def new_account(db: Session, *, role: Role | None = Role.OFFICER, **values: Any) -> Account:
    """An active account with a grant of `role`; an officer has the officer's row as well."""
    number = next(_numbers)
    account = Account(
        **{
            "user_code": f"{number:08}",
            "password_hash": "",
            "first_name": "سارا",
            "last_name": "کریمی‌نژاد",
            "national_code": "9991234561" if number == 1 else None,
        }
        | values
    )
    db.add(account)
    db.flush()
    if role is not None and account.id is not None:
        db.add(Grant(account_id=account.id, role=role))
        if role is Role.OFFICER:
            db.add(Officer(account_id=account.id, birth_date=date(1986, 7, 3)))
    db.commit()
    return account


@dataclass
class Person:
    """One chat. `prepared` stands for the work before the unit, where no `resources` does it."""

    db: Session
    engine: Engine
    account: Account | None = None
    role: Role = Role.OFFICER
    messenger: Messenger = Messenger.TELEGRAM
    now: datetime = NOW
    resources: Resources | None = None
    prepared: Any = None
    #: The last reply, or the refusal.
    reply: Reply | None = None
    refused: Refusal | None = None
    screen: Screen = field(default_factory=lambda: Screen(""))
    chat_row: int = 0

    def __post_init__(self) -> None:
        chat = Chat(messenger=self.messenger, chat_id=next(_numbers) + 1000)
        if self.account is not None:
            chat.account_id, chat.role = self.account.id, self.role
        self.db.add(chat)
        self.db.commit()
        assert chat.id is not None
        self.chat_row = chat.id

    # ── doing ────────────────────────────────────────────────────────────────────────────────────────────────────

    def starts(self, name: str, **options: Any) -> Person:
        """Open a dialogue, as a handler does."""
        return self.does(lambda turn: self.engine.start(turn, name, **options))

    def types(self, text: str) -> Person:
        return self._updates(text=text)

    def taps(self, label: str) -> Person:
        """Press the button with this label; emoji and marks may be left out."""
        return self.presses(self.button(label))

    def presses(self, press: Press | Button) -> Person:
        """Press a button that was kept from an earlier screen."""
        found = press.press if isinstance(press, Button) else press
        assert found is not None
        return self._updates(press=Press.unpack(found.pack()), pressed=True)

    def shares(self, phone: str, *, own: bool = True) -> Person:
        return self._updates(contact=Contact(phone, own))

    def uploads(
        self, name: str | None = None, *, content: str | None = None, album: str | None = None
    ) -> Person:
        """Send a file (without a name: a photo) that was checked and sealed. The same `content`, the same bytes."""
        number = next(_numbers)
        digest = hashlib.sha256((content or str(number)).encode()).hexdigest()
        stored = StoredFile(
            account_id=0,
            sha256=digest,
            media_type="image/jpeg",
            size=20_000,
            original_name=name,
            original_key=f"o/{number}",
            shown_key=f"s/{number}",
        )
        file = OfferedFile(f"file-{number}", name, 20_000, name is None)
        return self._updates(prepared=FileTaken(stored), file=file, album=album)

    def commands(self, command: str) -> Person:
        return self._updates(command=command, text=f"/{command}")

    def sends_a_sticker(self) -> Person:
        return self._updates()

    def does(self, work: Callable[[Turn], Reply]) -> Person:
        """One update with `work` in the place of the engine's decision."""
        with self.turn(Incoming(self.messenger, next(_numbers), 1)) as turn:
            self._decide(turn, work)
        return self

    # ── seeing ───────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def text(self) -> str:
        return self.screen.text

    @property
    def labels(self) -> list[str]:
        return [one.label for one in self.screen.buttons()]

    def button(self, label: str) -> Button:
        wanted = search_key(label)
        for one in self.screen.buttons():
            if search_key(one.label) == wanted or one.label == label:
                return one
        raise AssertionError(f"no button {label!r} among {self.labels} below {self.text!r}")

    def sees(self, *fragments: str) -> Person:
        """The current screen holds each fragment, in its text or as a button."""
        whole = BIDI_MARKS.sub("", "\n".join([self.text, *self.labels]))
        for fragment in fragments:
            assert fragment in whole, f"{fragment!r} is not in:\n{whole}"
        return self

    def sees_not(self, *fragments: str) -> Person:
        whole = BIDI_MARKS.sub("", "\n".join([self.text, *self.labels]))
        for fragment in fragments:
            assert fragment not in whole, f"{fragment!r} is in:\n{whole}"
        return self

    @property
    def went(self) -> Press | None:
        """Where the last reply leads."""
        return self.reply.goto if self.reply is not None else None

    @property
    def chat(self) -> Chat:
        chat = self.db.get(Chat, self.chat_row, populate_existing=True)
        assert chat is not None
        return chat

    @property
    def draft(self) -> Draft | None:
        draft_id = self.chat.draft_id
        return self.db.get(Draft, draft_id, populate_existing=True) if draft_id is not None else None

    @property
    def answers(self) -> dict[str, Any]:
        return dict(self.draft.answers) if self.draft is not None else {}

    # ── inside ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _updates(self, *, prepared: Any = None, **what: Any) -> Person:
        incoming = Incoming(self.messenger, next(_numbers), 1, **what)
        with self.turn(incoming) as turn:
            if turn.chat.dialogue is None:
                self.reply, self.refused = (
                    None,
                    Refusal("error.stale" if incoming.pressed else "error.unknown"),
                )
                return self
            preparation = self.engine.preparation(turn)
            turn.prepared = self.prepared if prepared is None else prepared
            if preparation is not None and preparation.work is not None and self.resources is not None:
                turn.prepared = asyncio.run(_run(preparation.work, self.resources))
            self._decide(turn, self.engine.handle_input)
        return self

    @contextmanager
    def turn(self, incoming: Incoming) -> Iterator[Turn]:
        """A turn of this chat as the serving side loads it, committed at the end."""
        self.db.rollback()
        self.db.expire_all()
        chat = self.chat
        account = self.db.get(Account, chat.account_id) if chat.account_id is not None else None
        draft = self.db.get(Draft, chat.draft_id) if chat.draft_id is not None else None
        grants = self.db.exec(select(Grant).where(Grant.account_id == chat.account_id)).all()
        yield Turn(self.db, self.now, PUBLIC_INFO, chat, incoming, account, draft, tuple(grants))
        self.db.commit()

    def _decide(self, turn: Turn, work: Callable[[Turn], Reply]) -> None:
        draft, account = turn.draft, turn.account
        self.reply = self.refused = None
        try:
            with self.db.begin_nested():
                self.reply = work(turn)
            self.db.flush()
            self._check_audit(turn.now)
            if self.reply.screens:
                self.screen = self.reply.screens[-1]
            elif turn.chat.dialogue is not None:
                self.screen = self.engine.current(turn)
            for one in self.screen.buttons():
                if one.press is not None:
                    one.press.pack()
        except Refusal as refused:
            turn.draft, turn.account = draft, account
            self.refused = refused
            current = self.engine.current(turn) if turn.chat.dialogue is not None else Screen("")
            text = f"{t(refused.key, **({'contact': PUBLIC_INFO.support_contact} | refused.args_of_text))}\n\n{current.text}"
            self.screen = Screen(text, current.rows, current.attachments, current.ask_contact)

    def _check_audit(self, now: datetime) -> None:
        """Staff read what was recorded: an event without a text is named here, in the test of its dialogue."""
        for event in self.db.exec(select(AuditEvent.event).where(AuditEvent.at == now).distinct()):
            assert has(f"trail.{event}"), f"audit event {event!r}: no text trail.{event} in bot/texts/fa/"


async def _run(work: Any, resources: Resources) -> Any:
    return await work(resources)
