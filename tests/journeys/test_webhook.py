"""J4 with UPDATES=webhook: the messengers deliver by POST, and nobody else can."""

from typing import Any

import httpx
import pytest
from sqlmodel import select

from demo.emulators import EmulatedMessenger
from demo.person import Person
from storage.tables import Chat, InboxUpdate
from tests.journeys.qualification import JourneySetup, find_journey
from tests.support.bot_process import BotProcess

pytestmark = pytest.mark.campaign

SECRET = "X-Telegram-Bot-Api-Secret-Token"
#: Far past every real one.
FORGED = 900_000


@pytest.fixture
def env() -> dict[str, str]:
    return {"UPDATES": "webhook"}


@pytest.mark.parametrize("messenger", ["telegram", "bale"])
async def test_j4_by_webhook(messenger: str, bot: BotProcess) -> None:
    setup = JourneySetup.on(bot, messenger)
    victim = setup.here.person("قربانی")
    await victim.start()
    await victim.sees("خوش آمدید")
    shown = len(victim.history())
    await forge(setup, victim)
    await find_journey("J4").act(setup)
    assert not setup.here.server.calls_of("getUpdates")
    assert len(victim.history()) == shown
    assert await bot.stop() == 0
    await nothing_of_the_forger(setup, victim)


async def forge(setup: JourneySetup, victim: Person) -> None:
    """What an outsider can try: no secret, a wrong one, another messenger's path, a guessed path, another method."""
    ours, others = (address(face) for face in (setup.here, setup.there))
    root = ours.rpartition("/")[0]
    async with httpx.AsyncClient(trust_env=False) as outsider:

        async def post(url: str, **headers: str) -> int:
            answer = await outsider.post(url, json=forged(victim), headers=headers)
            return answer.status_code

        if setup.here.kind == "telegram":
            assert await post(ours) == 403
            assert await post(ours, **{SECRET: ""}) == 403
            assert await post(ours, **{SECRET: "0" * 48}) == 403
        assert await post(f"{root}/{others.rpartition('/')[2]}") == 404
        assert await post(f"{root}/{'0' * 48}") == 404
        assert await post(f"{root}/") == 404
        assert await post(root) == 404
        assert await post(ours[:-1]) == 404
        assert (await outsider.get(ours)).status_code == 405


def address(face: EmulatedMessenger) -> str:
    webhook = face.server.state.queues[face.token].webhook
    assert webhook is not None
    assert (webhook.secret is not None) is (face.kind == "telegram")
    return webhook.url


def forged(victim: Person) -> dict[str, Any]:
    user = {"id": victim.user.id, "is_bot": False, "first_name": "قربانی"}
    message = {
        "message_id": 999,
        "date": 1,
        "chat": {"id": victim.user.id, "type": "private", "first_name": "قربانی"},
        "from": user,
        "text": "/start",
    }
    return {"update_id": FORGED, "message": message}


async def nothing_of_the_forger(setup: JourneySetup, victim: Person) -> None:
    numbers = await setup.bot.read(lambda db: set(db.exec(select(InboxUpdate.update_id))))
    chats = await setup.bot.read(lambda db: list(db.exec(select(Chat.chat_id))))
    assert FORGED not in numbers
    queue = setup.here.server.state.queues[setup.here.token]
    assert numbers >= set(range(1, queue.next_id))
    assert chats.count(victim.user.id) == 1
