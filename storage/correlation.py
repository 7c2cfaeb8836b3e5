"""Correlation ids: one short id for everything that an update, a web request or a timer leads to.

It is in every line of the log that is written meanwhile, and on the pushes that are written meanwhile, so
that whichever process sends them writes it too. "update:1234" is the inbox row, and the number that a person
is shown when it fails.
"""

from contextvars import ContextVar

#: "update:1234", "web:9f2c41ab", "timer:reminders", "letter:5"; None at the start and between.
CORRELATION_ID: ContextVar[str | None] = ContextVar("correlation_id", default=None)
