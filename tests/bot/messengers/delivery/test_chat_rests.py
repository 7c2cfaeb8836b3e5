"""Which rests of a chat are kept in its row, and until when it is left alone."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import Session, col, select

from bot.messengers.delivery import chat_rests
from bot.messengers.transport.rate_limits import LONGEST_REST
from storage.database.database import Database
from storage.enums import Messenger
from storage.tables import Chat

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("chat_row", "pause", "kept"),
    [
        pytest.param(1, 16.0, True, id="a long one"),
        pytest.param(1, 15.0, False, id="a short one is over before a process has started"),
        pytest.param(None, 16.0, False, id="of a chat that has no row"),
    ],
)
def test_only_long_rests_are_kept(chat_row: int | None, pause: float, kept: bool) -> None:
    assert (chat_rests.save_rest(Messenger.BALE, chat_row, pause, now=NOW) is not None) == kept


@pytest.mark.parametrize(
    ("pause", "kept"), [(60.0, 60.0), (10 * LONGEST_REST, LONGEST_REST)], ids=["short", "absurd"]
)
async def test_a_resting_chat_is_left_alone_until_its_rest_is_over(
    database: Database, pause: float, kept: float
) -> None:
    end = NOW + timedelta(seconds=kept)

    def unit(db: Session) -> None:
        chat, other = Chat(messenger=Messenger.BALE, chat_id=1), Chat(messenger=Messenger.BALE, chat_id=2)
        db.add_all([chat, other])
        db.flush()
        keep = chat_rests.save_rest(Messenger.BALE, chat.id, pause, now=NOW)
        assert keep is not None
        keep(db)
        db.expire_all()
        assert (chat.rest_since, chat.rest_until) == (NOW, end)

        def writable(now: datetime) -> list[int]:
            return list(
                db.exec(select(Chat.chat_id).where(chat_rests.rest_is_over(now)).order_by(col(Chat.id)))
            )

        assert writable(end - timedelta(seconds=1)) == [2]
        assert writable(end) == [1, 2]

    await database.run(unit)
