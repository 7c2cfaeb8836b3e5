"""J4 with UPDATES=webhook: the messengers deliver by POST, and nobody else can."""

import httpx
import pytest
from sqlmodel import select

from demo.emulators import EmulatedMessenger
from storage.tables import InboxUpdate
from tests.journeys.qualification import JourneySetup, find_journey
from tests.support.bot_process import BotProcess
from tests.support.messenger_app import raw_message

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
    await forge(setup)
    await find_journey("J4").act(setup)
    assert not setup.here.server.calls_of("getUpdates")
    assert await bot.stop() == 0
    numbers = await bot.read(lambda db: set(db.exec(select(InboxUpdate.update_id))))
    assert FORGED not in numbers
    assert numbers >= set(range(1, setup.here.server.state.queues[setup.here.token].next_id))


async def forge(setup: JourneySetup) -> None:
    """What an outsider can try: no secret, a wrong one, another messenger's path, a guessed path, another method."""
    ours, others = (address(face) for face in (setup.here, setup.there))
    root = ours.rpartition("/")[0]
    update = {"update_id": FORGED, "message": raw_message(5, "/start")}
    async with httpx.AsyncClient(trust_env=False, timeout=90) as outsider:
        for secret in ({}, {SECRET: ""}, {SECRET: "0" * 48}) if setup.here.kind == "telegram" else ():
            assert (await outsider.post(ours, json=update, headers=secret)).status_code == 403
        for guess in (
            f"{root}/{others.rpartition('/')[2]}",
            f"{root}/{'0' * 48}",
            f"{root}/",
            root,
            ours[:-1],
        ):
            assert (await outsider.post(guess, json=update)).status_code == 404
        assert (await outsider.get(ours)).status_code == 405


def address(face: EmulatedMessenger) -> str:
    webhook = face.server.state.queues[face.token].webhook
    assert webhook is not None
    assert (webhook.secret is not None) is (face.kind == "telegram")
    return webhook.url
