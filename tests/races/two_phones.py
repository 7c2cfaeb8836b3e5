"""One person with two phones, one on each messenger."""

from __future__ import annotations

from sqlmodel import Session, col, select

from storage.tables import AuditEvent, Chat
from tests.races.cooperation import University
from tests.races.race import Round


class TwoPhones(Round[University]):
    """`here` and `there` are one person's, on either messenger."""

    def bring_phones(self) -> None:
        phones = list(self.arena.pair("سارا"))
        self.chance.shuffle(phones)
        self.here, self.there = phones
        self.boss, _ = self.arena.pair("مدیر")

    def chats(self, db: Session) -> dict[bool, int | None]:
        """Whose chat each of the two is: here (True) and there."""
        found = dict[bool, int | None]()
        for phone in (self.here, self.there):
            messenger, chat_id = phone.key
            query = select(Chat.account_id).where(Chat.messenger == messenger, Chat.chat_id == chat_id)
            found[phone is self.here] = db.exec(query).one()
        return found

    def events(self, db: Session, subject: str, subject_id: int | None) -> list[str]:
        query = select(AuditEvent.event).where(
            AuditEvent.subject == subject, AuditEvent.subject_id == subject_id
        )
        return list(db.exec(query.order_by(col(AuditEvent.id))))
