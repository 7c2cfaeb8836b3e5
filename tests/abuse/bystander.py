"""Somebody who is logged in and in the middle of the form while the messengers send nonsense."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlmodel import Session, col, select

from bot.texts import formats
from demo.emulators import EmulatedMessenger
from demo.person import Person
from storage.enums import Messenger
from storage.tables import Account, Chat, Draft, Grant
from tests.support.bot_process import Stage
from tests.support.identities import next_mobile
from tests.support.scenes import form, register, walk

ADDRESS, PHONE = "آدرس پستی کامل", "شماره تماس ثابت"


@dataclass(slots=True)
class Bystander:
    face: EmulatedMessenger
    person: Person
    rounds: int = 0
    addresses: list[str] = field(default_factory=list)

    @classmethod
    async def comes(cls, stage: Stage, face: EmulatedMessenger) -> Bystander:
        """Registered, and asked for her address: half of the form is filled."""
        person = face.person("سارا", phone=next_mobile())
        await register(stage, person)
        await person.command("menu")
        await person.tap("🎓 احراز صلاحیت")
        await person.tap("ثبت درخواست")
        await walk(person, form(), ADDRESS)
        return cls(face, person)

    async def works(self) -> None:
        """She answers, sees the next question, and goes back to the same one."""
        self.rounds += 1
        self.addresses.append(f"شیراز، خیابان دانشگاه، کوچه {formats.digits(self.rounds)}، پلاک ۱۲")
        await self.person.send(self.addresses[-1])
        await self.person.sees(PHONE)
        await self.person.tap("بازگشت")
        shown = await self.person.sees(ADDRESS)
        assert self.addresses[-1] in shown.text


def belongings(db: Session, people: dict[Messenger, int]) -> dict[str, Any]:
    """All that hostile updates must leave alone, of these chats and of everybody. Addresses are the person's own."""
    hers = [
        chat
        for chat in db.exec(select(Chat).where(col(Chat.account_id).is_not(None)).order_by(col(Chat.id)))
        if people.get(chat.messenger) == chat.chat_id
    ]
    accounts = db.exec(select(Account).order_by(col(Account.id))).all()
    drafts = db.exec(select(Draft).where(col(Draft.account_id).is_not(None)).order_by(col(Draft.id))).all()
    linked = db.exec(select(Chat.id).where(col(Chat.account_id).is_not(None)).order_by(col(Chat.id))).all()
    return {
        "chats": [one.model_dump(exclude={"show_at", "version", "keyboard"}) for one in hers],
        "linked": list(linked),
        "accounts": [one.model_dump() for one in accounts],
        "grants": [one.model_dump() for one in db.exec(select(Grant).order_by(col(Grant.id)))],
        "drafts": [
            one.model_dump(exclude={"answers", "version", "updated_at"})
            | {"answers": {key: value for key, value in one.answers.items() if key != "postal_address"}}
            for one in drafts
        ],
    }


def addresses(db: Session) -> list[str]:
    drafts = select(Draft).where(col(Draft.account_id).is_not(None)).order_by(col(Draft.account_id))
    return [formats.digits(one.answers["postal_address"]) for one in db.exec(drafts)]
