"""What a push said goes after 90 days; that it was sent stays."""

from datetime import timedelta
from typing import Any

from sqlmodel import Session, select

from bot.jobs import push_texts
from storage.database.database import Database
from storage.enums import PushChannel, PushState
from storage.tables import Push
from tests.support.factories.people import officer
from tests.support.factories.reference_data import NOW

OLD = NOW - timedelta(days=91)


def pushed(db: Session, account_id: int, key: str, state: PushState = PushState.SENT, **more: Any) -> Push:
    what = {
        "text": "رمز ورود شما عوض شد.",
        "buttons": [[["منوی اصلی", "1|home|||"]]],
        "created_at": OLD,
    } | more
    push = Push(key=key, kind="N10", channel=PushChannel.CHAT, account_id=account_id, state=state, **what)
    db.add(push)
    db.flush()
    return push


async def test_the_words_of_what_was_sent_long_ago_are_gone_and_it_is_not_told_again(
    seeded: Database,
) -> None:
    def work(db: Session) -> None:
        account = officer(db).account_id
        sent = pushed(db, account, "N10:1:chat", sms={"tokens": ["سارا"]}, mobile="+989120000000")
        skipped = pushed(db, account, "N10:2:chat", PushState.SKIPPED)
        assert push_texts.forget_texts(db, now=NOW) == 2
        assert push_texts.forget_texts(db, now=NOW) == 0
        for push in (sent, skipped):
            db.refresh(push)
            assert (push.text, push.buttons, push.sms, push.mobile) == ("", [], {}, None)
            assert push.account_id == account
        assert sent.state is PushState.SENT
        assert db.exec(select(Push.key).order_by(Push.key)).all() == ["N10:1:chat", "N10:2:chat"]

    await seeded.run(work)


async def test_what_waits_was_given_up_or_is_newer_keeps_its_words(seeded: Database) -> None:
    """Staff read what was not delivered, and send it again."""

    def work(db: Session) -> None:
        account = officer(db).account_id
        for number, state in enumerate((PushState.QUEUED, PushState.SENDING, PushState.GIVEN_UP)):
            pushed(db, account, f"N10:{number}:chat", state)
        pushed(db, account, "N10:9:chat", created_at=NOW - timedelta(days=89))
        assert push_texts.forget_texts(db, now=NOW) == 0

    await seeded.run(work)


async def test_many_go_in_batches(seeded: Database) -> None:
    def work(db: Session) -> None:
        account = officer(db).account_id
        for number in range(push_texts.BATCH + 5):
            pushed(db, account, f"N10:{number}:chat")
        assert [push_texts.forget_texts(db, now=NOW) for _ in range(3)] == [push_texts.BATCH, 5, 0]

    await seeded.run(work)
