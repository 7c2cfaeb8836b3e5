"""What each button that changes something leaves behind: the rows, the events, the pushes, and what is said.

People in the middle of their work press each such button that a screen offers them, each in the same state of the database.
What changed is compared with tests/handlers/acts/. Where it is meant to change, `SCREENS=write pytest tests/handlers/test_acts.py`
writes these files anew, and the commit shows what became of each button.
"""

import re
import sqlite3
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bot.core.screens import Press
from tests.handlers.test_screens import Busy, busy_app, told
from tests.support.chat_driver import App, Person
from tests.support.kept_screens import compare, show_keys

HERE = Path(__file__).parent / "acts"
#: Buttons of an action that are pressed.
VARIANTS = 2
#: Tables that say nothing of a button.
LEFT_OUT = {"inbox_update", "alembic_version", "search_key", "update_address"}
#: What is made anew each time.
RANDOM = [
    (re.compile(r"\$argon2[^ ]*"), "HASH"),
    (re.compile(r"\b[0-9a-f]{32}\b"), "TOKEN"),
    # Buttons of a dialogue: tests/conversations/screens/ has them.
    (re.compile(r"\b[0-9a-f]{12,24}\b"), "…"),
]

Rows = dict[tuple[str, int], dict[str, Any]]


class Kept:
    """The database as it was when this was made, and how to have it so again."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._copy = sqlite3.connect(":memory:")
        with closing(sqlite3.connect(file)) as source:
            source.backup(self._copy)
        names = self._copy.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        self.tables = [name for (name,) in names if name not in LEFT_OUT and not name.startswith("sqlite_")]

    def restore(self) -> None:
        with closing(sqlite3.connect(self.file)) as target:
            self._copy.backup(target)

    def rows(self) -> Rows:
        found: Rows = {}
        with closing(sqlite3.connect(self.file)) as source:
            source.row_factory = sqlite3.Row
            for table in self.tables:
                for row in source.execute(f'SELECT rowid AS number, * FROM "{table}"'):
                    found[table, row["number"]] = {key: row[key] for key in row.keys()[1:]}
        return found


@pytest.fixture(scope="module")
def busy(seeded_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[App, Busy, Kept]]:
    file = tmp_path_factory.mktemp("acts") / "bot.db"
    with busy_app(seeded_template, file) as (app, world):
        yield app, world, Kept(file)


def acts_of(app: App, person: Person) -> list[tuple[Press, Press]]:
    """Each button that changes something, behind the screen that offers it."""
    waiting, known, seen = deque([Press("home")]), Counter[str](), set[str]()
    found: list[tuple[Press, Press]] = []

    def is_new(press: Press) -> bool:
        if press.pack() in seen or known[press.action] == VARIANTS:
            return False
        seen.add(press.pack())
        known[press.action] += 1
        return True

    while waiting:
        screen = waiting.popleft()
        if not is_new(screen):
            continue
        person.press(screen)
        for one in person.screen.buttons():
            route = app.routes.by_action.get(one.press.action) if one.press is not None else None
            if one.press is None or route is None or route.prepare is not None:
                continue
            if route.shows:
                waiting.append(one.press)
            elif is_new(one.press):
                found.append((screen, one.press))
    return found


def changes(before: Rows, after: Rows) -> Iterator[str]:
    for key in sorted(before.keys() | after.keys()):
        old, new = before.get(key), after.get(key)
        name = f"{key[0]} {key[1]}"
        if new is None:
            yield f"    - {name}"
        elif old is None:
            values = (
                f"{column}={value}" for column, value in new.items() if value not in (None, "", 0, "{}", "[]")
            )
            yield f"    + {name}: {' '.join(values)}"
        else:
            yield from (
                f"      {name}.{column}: {old[column]} → {value}"
                for column, value in new.items()
                if value != old[column]
            )


def plain(line: str) -> str:
    for pattern, name in RANDOM:
        line = pattern.sub(name, line)
    return line.replace("\n", " ⏎ ")


#: Whose buttons `make test-long` presses.
MANY_BUTTONS = ("manager", "in_charge", "staff")
PRESSING = (
    "manager expert in_charge newcomer applicant employed asked accepted staff completed deficient suspended"
)


@pytest.mark.parametrize(
    "who",
    [
        pytest.param(who, marks=pytest.mark.campaign if who in MANY_BUTTONS else ())
        for who in PRESSING.split()
    ],
)
def test_a_button_leaves_behind_what_it_left(
    busy: tuple[App, Busy, Kept], who: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, world, kept = busy
    person: Person = getattr(world, who)
    kept.restore()
    acts = acts_of(app, person)
    show_keys(monkeypatch)
    monkeypatch.setattr("tests.support.chat_driver.check_screens", lambda screens: None)
    lines = []
    for screen, act in acts:
        kept.restore()
        app._checked_events = 0
        person.press(screen)
        before = kept.rows()
        person.press(act)
        lines += ["", f"## {screen.pack()} › {act.pack()}"]
        if person.notice:
            lines.append(f"    notice: {person.notice}")
        lines += [*told(person), *changes(before, kept.rows())]
    kept.restore()
    compare(HERE / f"{who}.txt", [plain(line) for line in lines][1:])
