"""What each kind of message leads to that is no button, at the screens of each role and of guests: words, numbers, names,
commands, files, contacts, messages that nothing can be read of, old and forged buttons.

Compared with tests/handlers/messages/, the sentences as keys of the catalogue. Where it is meant to change,
`SCREENS=write pytest tests/handlers/test_messages_at_screens.py` writes these files anew.
"""

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from bot.core.incoming import Contact, OfferedFile
from bot.core.screens import Press
from tests.handlers.test_acts import Kept, plain
from tests.handlers.test_screens import Busy, busy_app, told
from tests.support import chat_driver
from tests.support.chat_driver import App, Person
from tests.support.kept_screens import compare, show_keys, what_changed

HERE = Path(__file__).parent / "messages"
#: A card, a list, or a page of each, beside home.
SCREENS = {
    "stranger": ["requirements"],
    "newcomer": ["general"],
    "applicant": ["qual.track"],
    "suspended": [],
    "manager": ["dist.branches"],
    "expert": ["desk.queue", "desk.file"],
    "in_charge": [],
    "staff": ["staff.universities"],
}
PRESSED = {"pressed": True, "callback_id": "c"}
MESSAGES: dict[str, dict[str, Any]] = {
    "سلام": {"text": "سلام"},
    "ممنون": {"text": "ممنون"},
    "منو": {"text": "منو"},
    "بازگشت": {"text": "بازگشت"},
    "راهنما": {"text": "راهنما"},
    "a question without an answer": {"text": "چرا آسمان آبی است؟"},
    "a question of the list": {"text": "هزینه بررسی چقدر است؟"},
    "۱": {"text": "۱"},
    "2": {"text": "2"},
    "۹۹": {"text": "۹۹"},
    "a name": {"text": "کریمی‌نژاد"},
    "nothing that is known": {"text": "زغال‌اخته"},
    "long words": {"text": "زغال‌اخته " * 60},
    "code and password": {"text": "20000001 Abcd2345efgh"},
    "/start": {"command": "start", "text": "/start"},
    "/start with something": {"command": "start", "payload": "nothing", "text": "/start nothing"},
    "/status": {"command": "status", "text": "/status"},
    "/queue": {"command": "queue", "text": "/queue"},
    "/cancel": {"command": "cancel", "text": "/cancel"},
    "/nonsense": {"command": "nonsense", "text": "/nonsense"},
    "a file": {"file": OfferedFile("h", "card.jpg", 20_000, False)},
    "a contact": {"contact": Contact("+989123456781", own=True)},
    "a voice": {"unread": "voice"},
    "a location": {"unread": "location"},
    "nothing that is known of": {},
    "an edited message": {"text": "سلام", "edited": True},
    "a button that nobody made": {"press": None, **PRESSED},
    "a button of no action": {"press": Press("no.such"), **PRESSED},
    "a button of a form": {"press": Press("d.choose", 77, 0, "abc"), **PRESSED},
    "a button of staff": {"press": Press("staff.universities"), **PRESSED},
    "a button of experts": {"press": Press("desk.queue"), **PRESSED},
    "a button of managers": {"press": Press("dist.branches"), **PRESSED},
    "a button of officers": {"press": Press("qual"), **PRESSED},
}
#: What may lead elsewhere at another screen than home.
BY_SCREEN = ("سلام", "بازگشت", "۱", "2", "۹۹", "a name", "nothing that is known", "a file")


@pytest.fixture(scope="module")
def busy(seeded_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[App, Busy, Kept]]:
    file = tmp_path_factory.mktemp("messages") / "bot.db"
    with busy_app(seeded_template, file) as (app, world):
        yield app, world, Kept(file)


@pytest.mark.parametrize("who", SCREENS)
def test_a_message_that_is_no_button_leads_where_it_did(
    busy: tuple[App, Busy, Kept], who: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, world, kept = busy
    kept.restore()
    app._checked_events, app.numbers = 0, count(10_000)
    person: Person = app.person() if who == "stranger" else getattr(world, who)
    show_keys(monkeypatch)
    # Keys are longer than sentences.
    monkeypatch.setattr(chat_driver, "check_screens", lambda screens: None)
    lines: list[str] = []
    for view in ("home", *SCREENS[who]):
        press = Press(view, 1 if view == "desk.file" else 0)
        shown = list(told(person.press(press)))
        lines += ["", f"# {view}", *shown]
        for name, message in MESSAGES.items():
            if view == "home" or name in BY_SCREEN:
                person.deleted.clear()
                lines += ["", f"## {name}", *what_comes(person.send(**message), shown)]
                if person.chat.dialogue is not None:
                    person.open("home")
                if list(told(person)) != shown or person.view != press:
                    person.press(press)
    compare(HERE / f"{who}.txt", [plain(line) for line in lines][1:])


def what_comes(person: Person, before: list[str]) -> list[str]:
    """The screens, beside those of `before`; the line over a button; the deleted messages."""
    now = list(told(person))
    changes = what_changed(before, now)
    lines = changes if len(changes) < len(now) else now
    lines += [f"    notice: {person.notice}"] if person.notice else []
    return lines + ["    deleted"] * len(person.deleted)
