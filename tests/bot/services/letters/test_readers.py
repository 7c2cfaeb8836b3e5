"""A letter reaches its own recipients, whatever numbers letters, accounts and chats have."""

from __future__ import annotations

from sqlmodel import Session, col, select

from bot.services.letters import letters
from bot.services.letters.audience import Audience, Kind
from storage.database.database import Database
from storage.tables import Chat, Push
from tests.bot.services.letters.test_letters import crowd, spread_all
from tests.bot.services.letters.test_letters import letter as send
from tests.support.qualification_data import NOW, seed, staff


async def test_each_reads_the_own_letter_and_no_other(database: Database) -> None:
    def unit(db: Session) -> None:
        seed(db)
        writer, officers = staff(db), crowd(db, 4)
        sent = {}
        for number, who in enumerate(reversed(officers)):
            sent[who.account_id] = send(
                db, writer, Audience(Kind.ONE, str(who.account_id)), title=f"نامه {number}"
            )
        for one in sent.values():
            spread_all(db, one)

        for who in officers:
            (received,), total = letters.inbox_of(db, actor=who, limit=5)
            assert (received.letter.id, total) == (sent[who.account_id].id, 1)
            letters.open_letter(db, actor=who, letter_id=received.letter.id or 0, now=NOW)
            assert letters.count_unread(db, actor=who) == 0
        for who in officers:
            [push] = db.exec(select(Push).where(Push.account_id == who.account_id, Push.kind == "N9")).all()
            chat = db.exec(select(Chat).where(Chat.account_id == who.account_id)).one()
            letter = sent[who.account_id]
            assert (push.chat_row_id, push.letter_id) == (chat.id, letter.id)
            assert push.key == f"letter:{letter.id}:{who.account_id}:{chat.id}"
            assert letter.title in push.text

    await database.run(unit)


async def test_one_writer_reads_how_many_opened_each_letter(database: Database) -> None:
    def unit(db: Session) -> None:
        seed(db)
        writer, officers = staff(db), crowd(db, 3)
        first, second = send(db, writer, title="یکم"), send(db, writer, title="دوم")
        for one in (first, second):
            spread_all(db, one)
        for who in officers[:2]:
            letters.open_letter(db, actor=who, letter_id=first.id or 0, now=NOW)

        shown, total = letters.written_letters(db, actor=writer, limit=5)

        assert total == 2
        assert [(one.letter.title, one.read) for one in shown] == [("دوم", 0), ("یکم", 2)]
        assert db.exec(select(col(Push.id)).where(Push.letter_id == first.id)).all() != []

    await database.run(unit)
