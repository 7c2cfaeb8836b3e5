"""The link to the bot: of the messenger, or of an address that opens where the messenger's own does not."""

import pytest

from bot.cli.composition import make_channels
from bot.config.settings import Settings
from demo.emulators import Emulators
from storage.enums import Messenger

OTHERS = {"telegram_link_url": "https://telegram.me/", "bale_link_url": "http://127.0.0.1:8090/bale"}


@pytest.mark.parametrize(
    ("given", "links"),
    [
        ({}, ("https://t.me/technical_officer_bot", "https://ble.ir/technical_officer_bot")),
        (
            OTHERS,
            ("https://telegram.me/technical_officer_bot", "http://127.0.0.1:8090/bale/technical_officer_bot"),
        ),
    ],
)
async def test_a_bot_is_found_under_its_link(
    emulators: Emulators, given: dict[str, str], links: tuple[str, str]
) -> None:
    env = {name.lower(): value for name, value in emulators.env().items()}
    settings = Settings.load(_env_file=None, **(env | given))
    found = []
    for messenger in (Messenger.TELEGRAM, Messenger.BALE):
        channel = make_channels(settings)[messenger]
        await channel.application.initialize()
        found.append(channel.link)
        await channel.application.shutdown()
    assert tuple(found) == links
