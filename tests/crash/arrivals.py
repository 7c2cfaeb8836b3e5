"""When each message of the bot arrived, by the wall clock."""

import time
from collections import defaultdict
from dataclasses import dataclass, field

from demo.botapi.messenger_state import ChatEvent
from demo.emulators import Emulators
from demo.seen import plain
from storage.enums import Messenger


@dataclass(slots=True)
class Arrivals:
    #: (messenger, chat, text) → seconds.
    seen: dict[tuple[str, int, str], list[float]] = field(default_factory=lambda: defaultdict(list))

    def watch(self, emulators: Emulators) -> None:
        for face in emulators.messengers:
            kind = face.kind

            def note(happening: ChatEvent, kind: str = kind) -> None:
                message = happening.message
                if happening.kind == "message" and message is not None and message.from_bot:
                    key = (kind, happening.conversation.chat.id, plain(message.words))
                    self.seen[key].append(time.time())

            face.server.state.listeners.append(note)

    def of(self, messenger: Messenger, chat_id: int, text: str) -> list[float]:
        return self.seen.get((messenger.value, chat_id, plain(text)), [])
