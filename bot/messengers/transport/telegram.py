"""What is particular to Telegram: the updates asked for, and errors that are known only by their text."""

from __future__ import annotations

from datetime import timedelta

from telegram.error import BadRequest, Forbidden, RetryAfter, TelegramError

#: Everything that we answer; `my_chat_member` tells at once who blocked us.
ALLOWED_UPDATES = ("message", "edited_message", "callback_query", "my_chat_member")

_UNREACHABLE = (
    "chat not found",
    "user is deactivated",
    "bot was blocked by the user",
    "bot can't initiate conversation",
    "peer_id_invalid",
    "no such group or user",
)
_BAD_HANDLE = (
    "file identifier",
    "file_id",
    "file reference",
    "wrong type",
    "wrong remote file",
    "malformed request",
)


def _says(error: TelegramError, phrases: tuple[str, ...]) -> bool:
    # Compared without case: the texts change.
    words = str(error).lower()
    return any(phrase in words for phrase in phrases)


def pause_of(error: RetryAfter) -> float:
    """Seconds that a 429 asks us to wait."""
    wait = error.retry_after
    return max(1.0, wait.total_seconds() if isinstance(wait, timedelta) else float(wait))


def is_unreachable(error: TelegramError) -> bool:
    """Blocked, deactivated, never started: nothing sent to this chat arrives."""
    return isinstance(error, Forbidden) or (isinstance(error, BadRequest) and _says(error, _UNREACHABLE))


def is_same(error: TelegramError) -> bool:
    """An edit that changes nothing."""
    return isinstance(error, BadRequest) and _says(error, ("message is not modified",))


def is_bad_handle(error: TelegramError) -> bool:
    """A remembered file id that the messenger takes no longer."""
    return isinstance(error, BadRequest) and _says(error, _BAD_HANDLE)
