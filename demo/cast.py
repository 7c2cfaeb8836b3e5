"""Who plays in the town: persons with the part they play, and the codes they log in with."""

from __future__ import annotations

from dataclasses import dataclass

from demo.botapi.world import Happening
from demo.people import Face, Town
from demo.person import Person
from demo.prompts import Identity, learn, national_code, to_persian

__all__ = ["Cast", "Role"]

OFFICER = "مسئول فنی"


@dataclass(slots=True)
class Role:
    """A phone in somebody's hand."""

    person: Person
    title: str
    identity: Identity
    #: Its phone is on the page from the start.
    shown: bool = False


class Cast:
    """The phones of the town, in the order in which they were made. What the chats reveal is remembered."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.roles: list[Role] = []
        for face in town.faces:
            face.server.world.listeners.append(self._listen)

    def add(
        self,
        face: Face,
        first_name: str,
        last_name: str = "",
        *,
        mobile: str,
        title: str = OFFICER,
        identity: Identity | None = None,
        shown: bool = False,
    ) -> Role:
        """A new phone. With an `identity` it is that person's second one (say, on the other messenger)."""
        person = face.person(first_name, last_name or None, phone=mobile)
        if identity is None:
            code = national_code(100_000 + 7 * len(self.roles))
            identity = Identity(first_name, last_name or "نمونه", to_persian(code), to_persian(mobile))
        role = Role(person, title, identity, shown)
        self.roles.append(role)
        return role

    def find(self, id: str) -> Role | None:
        """By messenger and user id: «telegram-5200000001»."""
        for role in self.roles:
            if f"{role.person.world.kind}-{role.person.user.id}" == id:
                return role
        return None

    def next_mobile(self) -> str:
        return f"0990{len(self.roles) + 1:07}"

    def _listen(self, happening: Happening) -> None:
        message = happening.message
        if message is None or not message.from_bot or happening.kind not in ("message", "edit"):
            return
        for role in self.roles:
            if role.person.conversation is happening.conversation:
                learn(role.identity, message.words)
