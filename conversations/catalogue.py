"""Every dialogue there is. One test goes over them: doubled ids, missing texts, unreachable steps, long labels."""

from conversations.dialogue import Dialogue

ALL: tuple[Dialogue, ...] = ()
