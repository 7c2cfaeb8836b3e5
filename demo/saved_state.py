"""The emulators' state between two runs of the demo: chats, files, unconfirmed updates, payments, SMS, in one
file."""

from __future__ import annotations

import pickle
from collections import deque
from pathlib import Path
from typing import Any

from demo import clock
from demo.person import Person
from demo.users import DemoUser, DemoUsers

#: Raised whenever a saved class changes its shape; older files are not read.
VERSION = 7


def save(users: DemoUsers, path: Path) -> None:
    """Write the state of all emulators, replacing the file atomically."""
    emulators = users.emulators
    states = {}
    for messenger in emulators.messengers:
        state, queue = messenger.server.state, messenger.server.state.queues[messenger.token]
        states[messenger.kind] = {
            "users": state.users,
            "groups": state.groups,
            "bot": messenger.bot,
            "clock": state.clock,
            "queries": state.queries_made,
            "waiting": list(queue.waiting),
            "next_update": queue.next_id,
        }
    saved = {
        "version": VERSION,
        "states": states,
        "roles": [
            (user.person.state.kind, user.person.user.id, user.title, user.identity, user.shown)
            for user in users.roles
        ],
        "sms": emulators.sms.sent,
        "payments": emulators.bank.payments,
        "ahead": clock.ahead(),
    }
    beside = path.with_suffix(".new")
    beside.write_bytes(pickle.dumps(saved))
    beside.replace(path)


def load(users: DemoUsers, path: Path) -> bool:
    """Restore the state into the emulators, in place of theirs. False where there is no (readable) file."""
    try:
        # The file is the demo's own, written by `save` into the demo's folder.
        saved: dict[str, Any] = pickle.loads(path.read_bytes())  # noqa: S301
        if saved["version"] != VERSION:
            return False
    except (OSError, pickle.PickleError, AttributeError, ImportError, KeyError, EOFError, TypeError):
        return False
    emulators = users.emulators
    users.roles.clear()
    messengers = {messenger.kind: messenger for messenger in emulators.messengers}
    for kind, stored in saved["states"].items():
        messenger = messengers[kind]
        messenger.people.clear()
        state, queue = messenger.server.state, messenger.server.state.queues[messenger.token]
        state.users, state.groups, state.clock = stored["users"], stored["groups"], stored["clock"]
        state.queries_made = stored["queries"]
        messenger.bot = state.bots[messenger.token] = stored["bot"]
        queue.waiting, queue.next_id = deque(stored["waiting"]), stored["next_update"]
    for kind, user_id, title, identity, shown in saved["roles"]:
        messenger = messengers[kind]
        state = messenger.server.state
        person = Person(state, messenger.bot, state.users[user_id])
        messenger.people.append(person)
        users.roles.append(DemoUser(person, title, identity, shown))
    emulators.sms.sent = saved["sms"]
    emulators.bank.payments = saved["payments"]
    clock.set_ahead(saved["ahead"])
    return True
