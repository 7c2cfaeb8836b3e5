"""The users of the demo: their roles, and the codes that they log in with."""

from __future__ import annotations

from dataclasses import dataclass

from demo.botapi.messenger_state import ChatEvent
from demo.emulators import EmulatedMessenger, Emulators
from demo.person import Person
from demo.prompts import Identity, learn, national_code, to_persian

__all__ = ["DemoUser", "DemoUsers"]

OFFICER = "مسئول فنی"


@dataclass(slots=True)
class DemoUser:
    """One user on one messenger."""

    person: Person
    title: str
    identity: Identity
    #: The page shows this phone from the start.
    shown: bool = False


class DemoUsers:
    """All users in the order of their creation. Codes and passwords that the bot shows in a chat are
    remembered."""

    def __init__(self, emulators: Emulators) -> None:
        self.emulators = emulators
        self.roles: list[DemoUser] = []
        for messenger in emulators.messengers:
            messenger.server.state.listeners.append(self._listen)

    def add(
        self,
        messenger: EmulatedMessenger,
        first_name: str,
        last_name: str = "",
        *,
        mobile: str,
        title: str = OFFICER,
        identity: Identity | None = None,
        shown: bool = False,
    ) -> DemoUser:
        """A new phone. With an `identity` it is that person's second one (say, on the other messenger)."""
        person = messenger.person(first_name, last_name or None, phone=mobile)
        if identity is None:
            code = national_code(100_000 + 7 * len(self.roles))
            identity = Identity(first_name, last_name or "نمونه", to_persian(code), to_persian(mobile))
        role = DemoUser(person, title, identity, shown)
        self.roles.append(role)
        return role

    def find(self, id: str) -> DemoUser | None:
        """By messenger and user id: «telegram-5200000001»."""
        for role in self.roles:
            if f"{role.person.state.kind}-{role.person.user.id}" == id:
                return role
        return None

    def next_mobile(self) -> str:
        return f"0990{len(self.roles) + 1:07}"

    def _listen(self, happening: ChatEvent) -> None:
        message = happening.message
        if message is None or not message.from_bot or happening.kind not in ("message", "edit"):
            return
        for role in self.roles:
            if role.person.conversation is happening.conversation:
                learn(role.identity, message.words)
