"""Nobody reaches what is not theirs: everybody's buttons, old, foreign and made up, pressed by everybody.

See docs/architecture.md, "Promises".

FORGED_PRESSES says how many (0: all of the honest ones by everybody, with three variations of each).
"""

from __future__ import annotations

import os
import random

import pytest
from sqlmodel import Session

from storage.database.database import Database
from tests.abuse.fixtures import Builder
from tests.abuse.forger import Forger, forgeries
from tests.abuse.ledger import Written

PRESSES = int(os.environ.get("FORGED_PRESSES", "400"))
SEED = int(os.environ.get("FORGED_SEED", "20261122"))


class _Undo(Exception):
    pass


@pytest.mark.parametrize("database_url", ["sqlite", "postgres"], indirect=True)
async def test_forged_presses_have_no_effect_that_the_rules_do_not_give(database: Database) -> None:
    chance, found = random.Random(SEED), dict[str, object]()

    def unit(db: Session) -> None:
        forger = Forger(db, Builder(db).build(), written)
        on_sqlite = db.get_bind().dialect.name == "sqlite"
        harvested = forger.harvest(most=4000 if not PRESSES else 40 if on_sqlite else 12)
        found["honest"] = {name: len(presses) for name, presses in harvested.items()}
        for number, (persona, press) in enumerate(forgeries(forger, harvested, chance)):
            if PRESSES and number >= (PRESSES if on_sqlite else PRESSES // 5):
                break
            forger.attempt(persona, press, chance=chance)
        found.update(wrong=forger.wrong, tried=forger.tried, steps=forger.steps, allowed=forger.allowed)
        raise _Undo

    with Written().listening() as written, pytest.raises(_Undo):
        await database.run(unit)
    print({key: value for key, value in found.items() if key != "wrong"})
    wrong = found["wrong"]
    assert isinstance(wrong, list)
    assert not wrong, f"{len(wrong)} breaches:\n" + "\n".join(wrong[:60])
    assert found["allowed"], "the fixture gives the presses nothing to hit"
