"""No text of a person writes the log's lines, and no secret stands in them, in either form."""

import io
import json
import logging
from collections.abc import Iterator

import pytest

from bot.config import logging_config

TOKEN = "123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"
#: Everything that some reader of logs takes for the end of a line, or for the terminal's.
BREAKS = ("\n", "\r", "\r\n", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029", "\x1b[2J", "\x00", "\x9b")
FORGED = "2026-01-01T00:00:00Z [error    ] forged"


@pytest.fixture(params=["json", "console"])
def out(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """Standard error, logged to in one form or the other."""
    root, stream = logging.getLogger(), io.StringIO()
    before, level = root.handlers[:], root.level
    monkeypatch.setattr("sys.stderr", stream)
    logging_config.set_up(form=request.param, secrets=["merchant-secret"])
    yield stream
    root.handlers[:] = before
    root.setLevel(level)


def is_json(lines: list[str]) -> bool:
    return lines[0].startswith("{")


@pytest.mark.parametrize("end", BREAKS, ids=ascii)
def test_no_text_of_a_person_begins_a_line(out: io.StringIO, end: str) -> None:
    log, words = logging.getLogger("test"), f"سارا{end}{FORGED}"
    log.warning(f"name {words}")
    log.warning("name %s", words)
    log.warning("name in %r", {"name": words})
    log.warning("name", extra={"note": {words: [words]}})
    lines = out.getvalue().splitlines()
    assert len(lines) == 4
    if is_json(lines):
        assert all("name" in json.loads(line)["event"] for line in lines)
    try:
        raise ValueError(words)
    except ValueError:
        log.exception("it broke")
    lines = out.getvalue().splitlines()[4:]
    assert not is_json(lines) or json.loads(lines[0])["event"] == "it broke"
    assert not any(line.startswith(FORGED[:10]) and "forged" in line for line in lines[1:])
    assert not set(out.getvalue()) & {"\x1b", "\x00", "\x9b"}


@pytest.mark.parametrize(
    "secret",
    ["9991234561", "۹۹۹۱۲۳۴۵۶۱", "09121234567", "۰۹۱۲۱۲۳۴۵۶۷", "+989121234567", TOKEN, "merchant-secret"],
)
def test_secrets_in_a_message_its_arguments_and_an_exception(out: io.StringIO, secret: str) -> None:
    """In whatever form they come: see `test_redaction`."""
    log, text = logging.getLogger("test"), f"کد{secret}؛"
    log.warning(text)
    log.warning("%r", {"typed": text})
    try:
        raise ValueError(repr(text))
    except ValueError:
        log.exception("broke")
    assert secret.removeprefix("+98").lstrip("0۰") not in out.getvalue()


@pytest.mark.parametrize(
    ("name", "from_level"),
    [
        ("telegram.request", logging.CRITICAL),
        ("telegram", logging.WARNING),
        ("httpx", logging.WARNING),
        ("aiohttp.access", logging.WARNING),
        ("asyncio", logging.ERROR),
        ("fpdf", logging.ERROR),
        ("uvicorn.error", logging.WARNING),
        ("bot.anything", logging.INFO),
    ],
)
def test_a_library_speaks_from_its_level_on_and_once(out: io.StringIO, name: str, from_level: int) -> None:
    for level in (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR, logging.CRITICAL):
        logging.getLogger(name).log(level, "level %d.", level)
    told = [level for level in range(0, 51, 10) if f"level {level}." in out.getvalue()]
    assert told == list(range(from_level, 51, 10))
    assert len(out.getvalue().splitlines()) == len(told)
