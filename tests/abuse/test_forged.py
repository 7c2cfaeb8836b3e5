"""Everybody's buttons, old, foreign and made up, pressed by everybody: FORGED_PRESSES of them (0: all, and three variations
of each)."""

import os
import random

import pytest
from sqlmodel import Session

from storage.database.database import Database
from tests.abuse.changes import WrittenTables
from tests.abuse.participants import Fixture
from tests.abuse.press_runner import PressRunner, forged_presses
from tests.support.services import rolled_back

PRESSES = int(os.environ.get("FORGED_PRESSES", "400"))
SEED = int(os.environ.get("FORGED_SEED", "20261122"))


@pytest.mark.parametrize("database_url", ["sqlite", "postgres"], indirect=True)
async def test_forged_presses_have_no_effect_that_the_rules_do_not_give(database: Database) -> None:
    chance = random.Random(SEED)
    on_sqlite = database.url.get_backend_name() == "sqlite"

    def unit(db: Session) -> PressRunner:
        runner = PressRunner(db, Fixture(db).build(), written)
        buttons = runner.collect_buttons(most=4000 if not PRESSES else 40 if on_sqlite else 12)
        print({name: len(presses) for name, presses in buttons.items()})
        for number, (participant, press) in enumerate(forged_presses(runner, buttons, chance)):
            if PRESSES and number >= (PRESSES if on_sqlite else PRESSES // 5):
                break
            runner.try_press(participant, press, chance=chance)
        return runner

    with WrittenTables().listening() as written:
        runner = await rolled_back(database, unit)
    print(f"with an effect: {runner.effects}")
    assert not runner.wrong, f"{len(runner.wrong)} violations:\n" + "\n".join(runner.wrong[:60])
    assert runner.effects, "the fixture gives the presses nothing to change"
