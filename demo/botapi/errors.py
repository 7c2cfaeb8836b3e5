"""What the Bot API says when it refuses."""

from __future__ import annotations

from dataclasses import dataclass


class ApiError(Exception):
    """An answer `{"ok": false, …}`. `violation` tells that a correct bot would never have asked for this."""

    def __init__(
        self, status: int, description: str, *, retry_after: int | None = None, violation: bool = False
    ) -> None:
        super().__init__(f"{status} {description}")
        self.status = status
        self.description = description
        self.retry_after = retry_after
        self.violation = violation

    def body(self) -> dict[str, object]:
        body: dict[str, object] = {"ok": False, "error_code": self.status, "description": self.description}
        if self.retry_after is not None:
            body["parameters"] = {"retry_after": self.retry_after}
        return body


def bad_request(description: str) -> ApiError:
    """A refusal that follows from the messenger's state (a message is gone, a query is old)."""
    return ApiError(400, f"Bad Request: {description}")


def broken_rule(description: str) -> ApiError:
    """Something that the bot should have known before it asked (a limit, a form)."""
    return ApiError(400, f"Bad Request: {description}", violation=True)


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule that the bot broke: which method, what rule, the value shortened."""

    method: str
    rule: str
    value: str = ""

    def __str__(self) -> str:
        return f"{self.method}: {self.rule}" + (f" ({self.value})" if self.value else "")
