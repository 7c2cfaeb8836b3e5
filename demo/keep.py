"""The town between two runs of the demo: chats, files, unconfirmed updates, payments, SMS, in one file of its own."""

from __future__ import annotations

import pickle
from collections import deque
from pathlib import Path
from typing import Any

from demo.cast import Cast, Role
from demo.person import Person

#: Raised whenever a kept class changes its shape; older files are not read.
VERSION = 3


def save(cast: Cast, path: Path) -> None:
    """Write the whole town, replacing the file at once."""
    town = cast.town
    worlds = {}
    for face in town.faces:
        world, queue = face.server.world, face.server.world.queues[face.token]
        worlds[face.kind] = {
            "users": world.users,
            "groups": world.groups,
            "bot": face.bot,
            "clock": world.clock,
            "queries": world.queries_made,
            "waiting": list(queue.waiting),
            "next_update": queue.next_id,
        }
    kept = {
        "version": VERSION,
        "worlds": worlds,
        "roles": [
            (one.person.world.kind, one.person.user.id, one.title, one.identity, one.shown)
            for one in cast.roles
        ],
        "sms": town.sms.sent,
        "payments": town.bank.payments,
    }
    beside = path.with_suffix(".new")
    beside.write_bytes(pickle.dumps(kept))
    beside.replace(path)


def load(cast: Cast, path: Path) -> bool:
    """Bring an empty town to where it was. False where there is nothing (readable) to bring back."""
    try:
        # The file is the demo's own, written by `save` into the demo's folder.
        kept: dict[str, Any] = pickle.loads(path.read_bytes())  # noqa: S301
        if kept["version"] != VERSION:
            return False
    except (OSError, pickle.PickleError, AttributeError, ImportError, KeyError, EOFError, TypeError):
        return False
    town = cast.town
    faces = {face.kind: face for face in town.faces}
    for kind, held in kept["worlds"].items():
        face = faces[kind]
        world, queue = face.server.world, face.server.world.queues[face.token]
        world.users, world.groups, world.clock = held["users"], held["groups"], held["clock"]
        world.queries_made = held["queries"]
        face.bot = world.bots[face.token] = held["bot"]
        queue.waiting, queue.next_id = deque(held["waiting"]), held["next_update"]
    for kind, user_id, title, identity, shown in kept["roles"]:
        face = faces[kind]
        world = face.server.world
        person = Person(world, face.bot, world.users[user_id])
        face.people.append(person)
        cast.roles.append(Role(person, title, identity, shown))
    town.sms.sent = kept["sms"]
    town.bank.payments = kept["payments"]
    return True
