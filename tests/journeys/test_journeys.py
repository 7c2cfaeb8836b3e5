"""Every journey of docs/specification.md 6, on both messengers and both databases.

`make test` plays the first three once each; the campaign plays all of them twice, so that every messenger and every
database has its turn; JOURNEYS=all crosses them (`make journey ALL=1` plays both messengers on SQLite).
"""

import os
from typing import Any

import pytest

from demo.botapi.messenger_state import ChatEvent
from demo.page.gloss import line_in_english
from tests.journeys import (  # noqa: F401  their journeys join the others
    cooperation,
    legacy_import,
    letters,
    lists,
    officer_card,
    reasons,
    reference_data,
    revocation,
    staff,
    teamwork,
    undo,
)
from tests.journeys.qualification import JOURNEYS, MAIN, Journey, JourneySetup
from tests.support.bot_process import BotProcess

QUICK = [("telegram", "sqlite"), ("bale", "postgres")]
CROSSED = [("telegram", "postgres"), ("bale", "sqlite")]
WHERE = QUICK + (CROSSED if os.environ.get("JOURNEYS") == "all" else [])
#: Where `make test` plays the first ones.
IN_SHORT = {number: QUICK[place % 2] for place, number in enumerate(MAIN[:3])}


def played(journey: Journey, where: tuple[str, str]) -> Any:
    marks = () if IN_SHORT.get(journey.number) == where else (pytest.mark.campaign,)
    return pytest.param(journey, *where, id="-".join((journey.number, *where)), marks=marks)


@pytest.mark.parametrize(
    ("journey", "messenger", "database_url"),
    [played(journey, where) for journey in JOURNEYS for where in WHERE],
    indirect=["database_url"],
)
async def test_journey(journey: Journey, messenger: str, bot: BotProcess) -> None:
    said: list[str] = []

    def listen(happening: ChatEvent) -> None:
        message = happening.message
        if message is not None and message.from_bot and happening.kind in ("message", "edit"):
            said.extend(message.words.splitlines())

    for one in bot.emulators.messengers:
        one.server.state.listeners.append(listen)
    await journey.act(JourneySetup.on(bot, messenger))
    if journey.number in MAIN:
        assert [line for line in dict.fromkeys(said) if line_in_english(line) is None] == [], (
            "lines without English in demo/page/gloss.toml"
        )
