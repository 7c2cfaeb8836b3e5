"""Callback data that this program never wrote, through the whole way, on both databases: the fresh screen, no crash."""

import pytest
from sqlmodel import select
from telegram import CallbackQuery, Update, User

from bot.core.screens import MAX_ID, MAX_VERSION, BadPress, Press
from handlers.telegram.update_handler import parse_update
from storage.enums import InboxState, Messenger
from storage.tables import InboxUpdate
from tests.support.chat_driver import App
from tests.support.chat_people import staff

GARBAGE = (
    "",
    "1",
    "home",
    "1|home",
    "2|home|||",
    "1|HOME|||",
    "1|home|-1||",
    "1|home|zzzzzzzzzzzzz||",
    "1|home||zzzzzzzz|",
    "1|staff.account|zzzzzzzzzzzz|0|",
    "1|staff.report|||\x00",
    "1|staff.report|||\ud800",
    "1|staff.report|||a\nb",
    "1|" + "x" * 70 + "|||",
    "1|d.choose|1|0|" + "ا" * 40,
    '{"action": "home"}',
    "'; DROP TABLE account; --",
)


@pytest.mark.parametrize("data", GARBAGE)
def test_what_we_never_wrote_is_no_press(data: str) -> None:
    with pytest.raises(BadPress):
        Press.unpack(data)
    query = CallbackQuery("5", User(7, "س", False), "c", data=data)
    incoming = parse_update(Update(1, callback_query=query), Messenger.TELEGRAM)
    assert incoming is not None
    assert incoming.pressed
    assert incoming.press is None


def test_numbers_at_the_edge_come_back() -> None:
    press = Press("staff.account", MAX_ID - 1, MAX_VERSION - 1, "آ")
    assert Press.unpack(press.pack()) == press
    with pytest.raises(ValueError, match="negative"):
        Press("home", -1).pack()


def test_every_route_takes_the_largest_numbers_and_odd_arguments(app: App) -> None:
    """Staff may press most; nothing they forge may end in an error number."""
    clerk = staff(app)
    actions = sorted(app.routes.by_action)
    for action in actions:
        if app.routes.by_action[action].prepare is not None or action == "logout":
            continue
        for press in (
            Press(action, MAX_ID - 1, MAX_VERSION - 1),
            Press(action, 1, 0, "99999999999999999999"),
            Press(action, 0, 0, "%s{}'\"\\"),
        ):
            clerk.press(press)
            assert clerk.screens or clerk.notice, press
            clerk.sees_not("شماره خطا")

    assert app.all(select(InboxUpdate.raw).where(InboxUpdate.state == InboxState.FAILED)) == []
