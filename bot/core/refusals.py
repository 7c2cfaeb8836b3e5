"""The refusals, one class each. Each names a text key; only delivery turns it into a sentence."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from bot.core.screens import Button

if TYPE_CHECKING:
    from sqlmodel import Session  # the processes that check files do without


class Refusal(Exception):
    """Something that a person asked for and does not get: `key` is a text key, `args` its values,
    `next_buttons` the buttons that lead on. The unit of work is rolled back to before the request; the person
    sees the sentence."""

    key = "error.unknown"

    def __init__(
        self,
        key: str | None = None,
        *,
        next_buttons: tuple[Button, ...] = (),
        after: Callable[[Session], object] | None = None,
        **args: Any,
    ) -> None:
        self.key = key or type(self).key
        self.args_of_text = args
        self.next_buttons = next_buttons
        #: Written in spite of the refusal, in the same transaction after the rollback (an alert to the
        #: staff).
        self.after = after
        super().__init__(self.key)


class InvalidInput(Refusal):
    """An answer that the question cannot take; the question stays open."""

    key = "error.invalid"


class FileRejected(InvalidInput):
    """A file that is not taken (docs/specification.md 3, "Documents")."""

    key = "error.unsupported_file"


class NotAllowed(Refusal):
    """The rules do not give this action to this actor now."""

    key = "error.not_yours"


class Stale(Refusal):
    """The button refers to an old version; the fresh screen follows."""

    key = "error.stale"


class AlreadyDecided(Refusal):
    """Another expert was faster. Args: by, time."""

    key = "error.already_decided"


class Throttled(Refusal):
    """Too many tries."""

    key = "error.daily_limit"


class Unavailable(Refusal):
    """An external server does not answer; try again later."""

    key = "error.gateway_down"
