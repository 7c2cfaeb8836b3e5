"""A person in a chat with all routes of the bot: routes and dialogues decide as in service, on a real session.

Messenger and network are left out; what is shown are the screens that would be sent.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import count
from typing import Any, ClassVar

from sqlmodel import Session, select

from bot.core.context import PublicInfo, Turn
from bot.core.incoming import FileTaken, Incoming, OfferedFile
from bot.core.screens import MAX_LABEL, Button, Press, Screen
from bot.rules.validators import search_key
from conversations.catalogue import ALL
from conversations.engine.engine import Engine
from handlers import all_routes
from handlers.telegram.router import RoutedReply, UpdateRouter
from storage.enums import Messenger, Role
from storage.tables import Account, Chat, Draft, Grant, Officer, StoredFile

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
PUBLIC_INFO = PublicInfo("021-1234", "https://bot.example")
ENGINE = Engine(ALL)
ROUTES = all_routes(ENGINE)
_numbers = count(1)


def account(db: Session, first: str, last: str, **values: Any) -> Account:
    made = Account(
        user_code=f"v{next(_numbers):07}", password_hash="", first_name=first, last_name=last, **values
    )
    db.add(made)
    db.flush()
    return made


@dataclass
class Visitor:
    """One chat of one account in one role."""

    db: Session
    account: Account
    role: Role
    messenger: Messenger = Messenger.TELEGRAM
    now: datetime = NOW
    decided: RoutedReply = field(default_factory=lambda: RoutedReply(()))
    screen: Screen = field(default_factory=lambda: Screen(""))
    #: False inside somebody else's unit of work, which commits by itself.
    commits: ClassVar[bool] = True

    def __post_init__(self) -> None:
        self.chat_id = next(_numbers) + 900_000
        self.db.add(
            Chat(messenger=self.messenger, chat_id=self.chat_id, account_id=self.account.id, role=self.role)
        )
        self._done()

    # ── doing ────────────────────────────────────────────────────────────────────────────────────────────────────

    def opens(self, action: str, id: int = 0, version: int = 0, arg: str = "") -> Visitor:
        """Press a button of any age, or a forged one."""
        return self._updates(press=Press(action, id, version, arg), pressed=True)

    def taps(self, label: str) -> Visitor:
        found = self.button(label).press
        assert found is not None, f"{label!r} is no button that the bot hears of"
        return self._updates(press=Press.unpack(found.pack()), pressed=True)

    def presses(self, kept: Button) -> Visitor:
        """Press a button kept from an earlier screen."""
        assert kept.press is not None
        return self._updates(press=Press.unpack(kept.press.pack()), pressed=True)

    def types(self, *texts: str) -> Visitor:
        for text in texts:
            self._updates(text=text)
        return self

    def uploads(self, name: str | None = None, *, album: str | None = None) -> Visitor:
        number = next(_numbers)
        stored = StoredFile(
            account_id=0,
            sha256=hashlib.sha256(str(number).encode()).hexdigest(),
            media_type="image/jpeg",
            size=20_000,
            original_name=name,
            original_key=f"o/{number}",
            shown_key=f"s/{number}",
        )
        offered = OfferedFile(f"file-{number}", name, 20_000, name is None)
        return self._updates(prepared=FileTaken(stored), file=offered, album=album)

    def learns(self, prepared: Any, press: Press) -> Visitor:
        """Press a button whose preparation ends in `prepared`."""
        return self._updates(prepared=prepared, press=press, pressed=True)

    def commands(self, command: str) -> Visitor:
        return self._updates(command=command, text=f"/{command}")

    # ── seeing ───────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def text(self) -> str:
        return self.screen.text

    @property
    def labels(self) -> list[str]:
        return [one.label for one in self.screen.buttons()]

    @property
    def notice(self) -> str | None:
        return self.decided.notice

    def button(self, label: str) -> Button:
        wanted = search_key(label)
        for one in self.screen.buttons():
            if search_key(one.label) == wanted:
                return one
        raise AssertionError(f"no button {label!r} among {self.labels} below {self.text!r}")

    def sees(self, *fragments: str) -> Visitor:
        whole = "\n".join([*(one.text for one in self.decided.screens), *self.labels])
        for fragment in fragments:
            assert fragment in whole, f"{fragment!r} is not in:\n{whole}"
        return self

    def sees_not(self, *fragments: str) -> Visitor:
        whole = "\n".join([*(one.text for one in self.decided.screens), *self.labels])
        for fragment in fragments:
            assert fragment not in whole, f"{fragment!r} is in:\n{whole}"
        return self

    # ── inside ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _updates(self, *, prepared: Any = None, **what: Any) -> Visitor:
        incoming = Incoming(self.messenger, next(_numbers), self.chat_id, **what)
        with self.turn(incoming) as turn:
            turn.prepared = prepared
            router = UpdateRouter(ROUTES, ENGINE)
            self.decided = router.decide(turn, router.destination(turn))
            self.db.flush()
        if self.decided.screens:
            self.screen = self.decided.screens[-1]
            fits(self.screen)
        return self

    @contextmanager
    def turn(self, incoming: Incoming | None = None) -> Iterator[Turn]:
        """A turn of this chat, committed at the end."""
        incoming = incoming or Incoming(self.messenger, next(_numbers), self.chat_id)
        if self.commits:
            self.db.rollback()
        self.db.expire_all()
        chat = self.db.exec(select(Chat).where(Chat.chat_id == self.chat_id)).one()
        owner = self.db.get(Account, chat.account_id) if chat.account_id is not None else None
        draft = self.db.get(Draft, chat.draft_id) if chat.draft_id is not None else None
        grants = self.db.exec(select(Grant).where(Grant.account_id == chat.account_id)).all()
        yield Turn(self.db, self.now, PUBLIC_INFO, chat, incoming, owner, draft, tuple(grants))
        self._done()

    def _done(self) -> None:
        if self.commits:
            self.db.commit()
        else:
            self.db.flush()


def fits(screen: Screen) -> None:
    """What every screen owes: a text the messengers take, labels that fit a phone, and a way on."""
    assert len(screen.text) <= 4096, len(screen.text)
    assert screen.rows, f"no way on from:\n{screen.text}"
    for row in screen.rows:
        short = all(len(one.label) <= 5 for one in row)  # numbers of lines, and turns of pages
        assert 0 < len(row) <= (5 if short else 3), [one.label for one in row]
    for one in screen.buttons():
        if one.press is not None:
            one.press.pack()
        # Names of fields of study are fixed terms, and stand alone in their row.
        named_by_data = one.press is not None and one.press.action == "d.choose"
        assert len(one.label) <= (40 if named_by_data else MAX_LABEL), f"{one.label!r} is too long"


def officer(db: Session, first: str = "سارا", last: str = "کریمی‌نژاد", **values: Any) -> Visitor:
    """Somebody registered, with nothing filed yet."""
    number = next(_numbers)
    person = account(
        db, first, last, **{"national_code": f"{9990000000 + number}", "mobile": "+989121234567"} | values
    )
    assert person.id is not None
    db.add(Grant(account_id=person.id, role=Role.OFFICER))
    db.add(
        Officer(
            account_id=person.id,
            birth_date=date(1986, 7, 3),
            level_code="bachelor",
            field_code="biomedical",
        )
    )
    return Visitor(db, person, Role.OFFICER)


def expert(
    db: Session, last: str = "رضایی", *, university: str = "sums", role: Role = Role.EXPERT
) -> Visitor:
    person = account(db, "مریم", last)
    assert person.id is not None
    db.add(Grant(account_id=person.id, role=role, university_code=university))
    return Visitor(db, person, role)


#: Documents that everybody must send, in order, and the men's.
EVERYBODYS = 7


def fill_in(person: Visitor, *, gender: str = "زن", province: str = "فارس", city: str = "شیراز") -> Visitor:
    """The form from its first question to the summary, for a new officer without optional papers."""
    person.types("علی").taps(gender).types("۱۲۳۴", province, city)
    person.types("شیراز، خیابان زند، کوچه ۳، پلاک ۷").taps("تلفن ثابت ندارم").taps("رد کردن")
    for _ in range(EVERYBODYS + (gender == "مرد")):
        person.uploads().taps("مدرک بعدی")
    return person.taps("مدرکی ندارم")


def submit(person: Visitor, **values: Any) -> Visitor:
    """A whole request, sent."""
    person.opens("qual.new")
    return fill_in(person, **values).taps("ثبت نهایی").taps("بله")
