"""A messenger that answers as a test tells it, and keeps what it was asked: for what the emulators never do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl

import httpx

from bot.probe.bot_api import BotApi
from bot.probe.facts import Facts
from bot.probe.messenger import MessengerProbe
from bot.probe.report import Report
from storage.enums import Messenger

CHAT = 5
TOKEN = "22:secret"
Fields = dict[str, Any]
#: What a method answers: its result, a whole answer, or what makes one of the fields.
Told = Any


def refusal(code: int, words: str = "Bad Request", *, status: int | None = None) -> httpx.Response:
    body = {"ok": False, "error_code": code, "description": words}
    return httpx.Response(status or code, json=body)


class ScriptedMessenger:
    def __init__(self, **answers: Told) -> None:
        #: By method; of a list one each time, the last one for ever.
        self.answers: dict[str, Told] = answers
        self.calls: list[tuple[str, Fields]] = []
        self.files: dict[str, bytes] = {}

    def __call__(self, request: httpx.Request) -> httpx.Response:
        root, _, method = request.url.path.lstrip("/").rpartition("/")
        if root.startswith("file/"):
            path = request.url.path.removeprefix(f"/file/bot{TOKEN}/")
            found = self.files.get(path)
            return httpx.Response(200, content=found) if found is not None else httpx.Response(404)
        fields = _fields(request)
        self.calls.append((method, fields))
        answer = self.answers.get(method, True)
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        if callable(answer) and not isinstance(answer, httpx.Response):
            answer = answer(fields)
        if isinstance(answer, httpx.Response):
            return httpx.Response(answer.status_code, content=answer.content)
        return httpx.Response(200, json={"ok": True, "result": answer})

    def asked(self, method: str) -> list[Fields]:
        """The fields of each call of it."""
        return [fields for name, fields in self.calls if name == method]


def _fields(request: httpx.Request) -> Fields:
    kind = request.headers.get("content-type", "")
    if kind.startswith("application/json"):
        return dict(json.loads(request.content))
    if kind.startswith("multipart/"):
        return dict(_parts(request.read(), kind.partition("boundary=")[2].encode()))
    return dict(parse_qsl(request.content.decode(), keep_blank_values=True))


def _parts(body: bytes, boundary: bytes) -> Iterator[tuple[str, Any]]:
    for part in body.split(b"--" + boundary)[1:-1]:
        head, _, content = part.partition(b"\r\n\r\n")
        name = head.split(b'name="', 1)[1].partition(b'"')[0].decode()
        content = content.removesuffix(b"\r\n")
        yield name, content if b"filename" in head else content.decode()


def probe_of(messenger: Messenger, script: ScriptedMessenger, *, wait: float = 0) -> MessengerProbe:
    report = Report(messenger.value)
    # Without the client of its own, whose certificates take long to load.
    api = BotApi.__new__(BotApi)
    api._root, api._token = "https://messenger.example", TOKEN
    api._http = httpx.AsyncClient(transport=httpx.MockTransport(script), trust_env=False)
    me = {"id": 22, "username": "probe_bot", "first_name": "x"}
    return MessengerProbe(messenger, api, CHAT, report, Facts(messenger.value, report), me, wait=wait)


def lines(probe: MessengerProbe) -> list[str]:
    return [str(finding) for finding in probe.report.findings]
