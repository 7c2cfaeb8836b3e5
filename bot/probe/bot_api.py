"""The Bot API as it is: raw answers, which the running bot's own client would complete and translate."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import httpx

from bot.config.settings import MessengerSettings

TIMEOUT = 60.0


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: Any

    @property
    def ok(self) -> bool:
        return isinstance(self.body, dict) and self.body.get("ok") is True

    @property
    def result(self) -> Any:
        """Raises Refused where there is none."""
        if not self.ok:
            raise Refused(self)
        return self.body.get("result")

    @property
    def code(self) -> int:
        """Of an error: as the body has it, else the status."""
        code = self.body.get("error_code") if isinstance(self.body, dict) else None
        return code if isinstance(code, int) else self.status

    def __str__(self) -> str:
        said = self.body.get("description", "") if isinstance(self.body, dict) else str(self.body)[:80]
        return "done" if self.ok else f"{self.code} {said}".strip()


class Refused(Exception):
    """An error where a result was needed."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        super().__init__(str(answer))


class BotApi:
    def __init__(self, settings: MessengerSettings) -> None:
        self._root = settings.api_url
        self._token = settings.token
        self._http = httpx.AsyncClient(trust_env=False, timeout=TIMEOUT, proxy=settings.proxy)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def call(
        self,
        method: str,
        *,
        files: Mapping[str, tuple[str, bytes]] | None = None,
        as_json: bool = False,
        token: str | None = None,
        **fields: Any,
    ) -> Answer:
        """Urlencoded or multipart, as the product does; `as_json` for a JSON body. Raises httpx.HTTPError."""
        url = f"{self._root}/bot{token or self._token}/{method}"
        if as_json:
            return _read(await self._http.post(url, json=fields))
        data = {
            name: json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value)
            for name, value in fields.items()
        }
        return _read(await self._http.post(url, data=data, files=files))

    async def result(self, method: str, **fields: Any) -> Any:
        """Raises Refused, httpx.HTTPError."""
        return (await self.call(method, **fields)).result

    async def download(self, path: str) -> bytes | None:
        """None where it is refused. Raises httpx.HTTPError."""
        answer = await self._http.get(f"{self._root}/file/bot{self._token}/{path}")
        return answer.content if answer.status_code == 200 else None


def _read(answer: httpx.Response) -> Answer:
    try:
        return Answer(answer.status_code, answer.json())
    except ValueError:
        return Answer(answer.status_code, answer.text)
