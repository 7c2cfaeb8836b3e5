"""A server that answers something else than the Bot API, at the start: the bot asks again until it is itself."""

import pytest

from demo.botapi.faults import Fault
from demo.emulators import Emulators
from storage.database.database import Database
from tests.support.messenger_app import running_app

ODD = {
    "without its result": Fault("odd", 200, '{"ok": true}'),
    "of another shape": Fault("odd", 200, '{"ok": true, "result": ["x"]}'),
    "an empty body": Fault("odd", 200, ""),
    "a page of a proxy": Fault.html(200),
}


@pytest.mark.parametrize("odd", ODD)
async def test_the_bot_comes_to_itself_when_its_messenger_does(
    odd: str, emulators: Emulators, database: Database
) -> None:
    for face in emulators.messengers:
        face.faults.add(ODD[odd], method="getMe", times=2)
    async with running_app(emulators, database):
        for face in emulators.messengers:
            person = face.person("سارا")
            await person.start().sees("خانه")
