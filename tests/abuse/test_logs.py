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


class Out:
    """Standard error of the moment, logged to in one form or the other."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch
        self.stream = io.StringIO()

    def begin(self, form: str) -> None:
        self._monkeypatch.setattr("sys.stderr", self.stream)
        logging_config.set_up(form=form, secrets=["merchant-secret"])

    @property
    def text(self) -> str:
        return self.stream.getvalue()


@pytest.fixture
def out(monkeypatch: pytest.MonkeyPatch) -> Iterator[Out]:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    yield Out(monkeypatch)
    root.handlers[:] = before
    root.setLevel(level)


@pytest.mark.parametrize("form", ["json", "console"])
@pytest.mark.parametrize("end", BREAKS, ids=ascii)
def test_what_is_logged_is_one_line(out: Out, form: str, end: str) -> None:
    out.begin(form)
    log = logging.getLogger("test")
    log.warning(f"name سارا{end}{FORGED}")
    log.warning("%s", f"name سارا{end}{FORGED}")
    log.warning("in %r", {"name": f"سارا{end}{FORGED}"})
    assert len(out.text.splitlines()) == 3
    assert not set(out.text) & {"\x1b", "\x00", "\x9b"}
    if form == "json":
        assert all("name" in json.loads(line)["event"] for line in out.text.splitlines())


@pytest.mark.parametrize("end", BREAKS, ids=ascii)
def test_an_exception_quoting_a_person_forges_no_line(out: Out, end: str) -> None:
    for form in ("json", "console"):
        out.begin(form)
        try:
            raise ValueError(f"سارا{end}{FORGED}")
        except ValueError:
            logging.getLogger("test").exception("it broke")
    lines = out.text.splitlines()
    assert json.loads(lines[0])["event"] == "it broke"
    assert not any(line.startswith(FORGED[:10]) and "forged" in line for line in lines[1:])
    assert not set(out.text) & {"\x1b", "\x00", "\x9b"}


@pytest.mark.parametrize("form", ["json", "console"])
@pytest.mark.parametrize(
    "secret", ["9991234561", "۹۹۹۱۲۳۴۵۶۱", "09121234567", "+989121234567", TOKEN, "merchant-secret"]
)
def test_secrets_wherever_they_stand(out: Out, form: str, secret: str) -> None:
    out.begin(form)
    log = logging.getLogger("test")
    for text in (
        secret,
        f"کد{secret}؛",
        f"\n{secret}",
        f"x={secret}&y",
        f"receptor%3D{secret}",
        f"n{secret}n",
        f"/bot{secret}/getMe",
    ):
        log.warning(text)
        log.warning("%r", {"typed": text})
        try:
            raise ValueError(repr(text))
        except ValueError:
            log.exception("broke")
    written = out.text
    bare = secret.removeprefix("+98").lstrip("0")
    assert bare not in written
