"""Logging: JSON or plain lines, one id from an update to its pushes, no secrets."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterable, MutableMapping
from typing import Any, TextIO

from bot.config.lean_imports import without
from bot.config.output import SteadyRaw
from bot.config.redaction import Masking
from storage.correlation import CORRELATION_ID

# For tracebacks that we do not print; 2.3 MB.
with without("rich"):
    import structlog

log = logging.getLogger(__name__)

#: Library loggers that print addresses with tokens, or every request.
SILENT = (
    "httpx",
    "httpcore",
    "aiohttp",
    "aiohttp.access",
    "telegram",
    "uvicorn.access",
    "asyncio",
    "alembic",
    "fontTools",
    "fpdf",
)

#: What some reader takes for the end of a line, what a terminal obeys, and what UTF-8 cannot write.
_BREAKS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
#: Where a number is ours and says nothing about a person.
_PLAIN_KEYS = frozenset(
    {"timestamp", "level", "logger", "correlation_id", "update_id", "push", "took_ms", "seconds"}
)
#: What a line may say besides its words; docs/operations.md explains them.
FIELDS = (
    "messenger",
    "update_id",
    "asked",
    "chat",
    "took_ms",
    "push",
    "kind",
    "channel",
    "account",
    "attempts",
    "note",
    "seconds",
)


def _with_cause(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    if (correlation_id := CORRELATION_ID.get()) is not None:
        event["correlation_id"] = correlation_id
    return event


class Redaction:
    """Masks whatever is logged but the fields that are ours and say nothing about a person."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._masking = Masking(secrets)

    def __call__(self, logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        for name, value in event.items():
            if name not in _PLAIN_KEYS:
                event[name] = self._masking.clean(value)
        return event


def _one_line(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """No text of a person may end a line of the log, or speak to the terminal. A traceback keeps its lines,
    each behind a bar."""
    for name, value in event.items():
        if name != "exception" or not isinstance(value, str):
            event[name] = _flat(value)
    return event


def _flat(value: Any) -> Any:
    if isinstance(value, str):
        return _BREAKS.sub(_escaped, value)
    if isinstance(value, dict):
        return {_flat(name): _flat(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_flat(item) for item in value]
    return value


def _escaped(match: re.Match[str]) -> str:
    return ascii(match.group())[1:-1]


def _barred(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """What an exception quotes looks like no line of the log's own."""
    if isinstance(trace := event.get("exception"), str):
        event["exception"] = "\n".join(f"  | {_flat(line)}" for line in trace.split("\n"))
    return event


class Handler(logging.StreamHandler[TextIO]):
    """Says how much of the log is missing once it can be written."""

    def emit(self, record: logging.LogRecord) -> None:
        super().emit(record)
        raw = getattr(self.stream, "buffer", None)
        if isinstance(raw, SteadyRaw) and (lost := raw.take_lost()):
            log.warning("%d lines of this log are missing: its destination was full", lost)


def set_up(*, level: str = "INFO", form: str = "console", secrets: Iterable[str] = ()) -> None:
    """All logging of the process to standard error."""
    shared: list[Any] = [
        _with_cause,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.ExtraAdder(FIELDS),
    ]
    renderer: Any = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if form == "json"
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    )
    last: list[Any] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.format_exc_info,
        Redaction(secrets),
        _one_line,
        _barred,
        renderer,
    ]
    handler = Handler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=last))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in SILENT:
        # fpdf warns of letters that the font lacks: they are somebody's name.
        quiet = name in ("asyncio", "fpdf")
        logging.getLogger(name).setLevel(logging.ERROR if quiet else logging.WARNING)
    # A traceback for every page of HTML that a messenger's gateway answers with; who asked says it in one
    # line.
    logging.getLogger("telegram.request").setLevel(logging.CRITICAL)
    for name in ("uvicorn", "uvicorn.error"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
        logger.setLevel(logging.WARNING)
    # Everything goes through the standard library, so that libraries and we are written alike.
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
