"""When each message of the bot arrived, by the wall clock."""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass, field

from demo.botapi.world import Happening
from demo.people import Town
from demo.seen import plain
from storage.enums import Messenger


@dataclass(slots=True)
class Arrivals:
    #: (messenger, chat, text) → seconds.
    seen: dict[tuple[str, int, str], list[float]] = field(default_factory=lambda: defaultdict(list))

    def watch(self, town: Town) -> None:
        for face in town.faces:
            kind = face.kind

            def note(happening: Happening, kind: str = kind) -> None:
                message = happening.message
                if happening.kind == "message" and message is not None and message.from_bot:
                    key = (kind, happening.conversation.chat.id, plain(message.words))
                    self.seen[key].append(time.time())

            face.server.world.listeners.append(note)

    def of(self, messenger: Messenger, chat_id: int, text: str) -> list[float]:
        return self.seen.get((messenger.value, chat_id, plain(text)), [])
