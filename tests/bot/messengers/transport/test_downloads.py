"""Files fetched from a messenger: whole, bounded in size and number, and never the text of an error."""

import asyncio
import importlib
import threading
from collections.abc import AsyncIterator
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from aiohttp import (
    ClientConnectorError,
    ClientError,
    ClientHttpProxyError,
    ClientProxyConnectionError,
    ServerDisconnectedError,
)
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from telegram.error import NetworkError, TimedOut

from bot.core.refusals import FileRejected
from bot.messengers.transport import aiohttp_request
from bot.messengers.transport.aiohttp_request import AioRequest, DownloadTooLarge
from bot.messengers.transport.channel import make_channel
from storage.enums import Messenger
from tests.support.asgi import serving

#: More than one chunk.
CONTENT = b"x" * 200_000


class Files:
    """A server of files that counts how many are under way, and keeps them until `gate` is open."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.gate.set()
        self.now = self.most = 0

    async def whole(self, request: Request) -> Response:
        self.now += 1
        self.most = max(self.most, self.now)
        await self.gate.wait()
        self.now -= 1
        return Response(CONTENT)

    async def broken_off(self, request: Request) -> Response:
        async def body() -> AsyncIterator[bytes]:
            yield CONTENT[:1000]

        return StreamingResponse(body(), headers={"Content-Length": str(len(CONTENT))})

    async def status(self, request: Request) -> Response:
        return Response(b"a page of a proxy", status_code=request.path_params["status"])


@pytest.fixture
def files() -> Files:
    return Files()


@pytest.fixture
async def url(files: Files) -> AsyncIterator[str]:
    routes = [
        Route("/whole", files.whole, methods=["GET", "POST"]),
        Route("/larger", lambda request: Response(CONTENT + b"x")),
        Route("/broken", files.broken_off),
        Route("/status/{status:int}", files.status, methods=["GET", "POST"]),
    ]
    async with serving(Starlette(routes=routes)) as root:
        yield root


@pytest.fixture
async def request_(request: pytest.FixtureRequest) -> AsyncIterator[AioRequest]:
    made = AioRequest(**getattr(request, "param", {}))
    await made.initialize()
    yield made
    await made.shutdown()


async def test_a_file_comes_whole_or_is_larger_than_allowed(request_: AioRequest, url: str) -> None:
    assert await request_.download(f"{url}/whole", limit=len(CONTENT)) == CONTENT
    with pytest.raises(DownloadTooLarge):
        await request_.download(f"{url}/whole", limit=len(CONTENT) - 1)


@pytest.mark.parametrize("messenger", list(Messenger))
@pytest.mark.parametrize(
    ("said", "path", "key"),
    [
        (len(CONTENT), "whole", None),
        (len(CONTENT) + 1, "whole", "error.too_large"),
        (None, "whole", None),
        (None, "larger", "error.too_large"),
        (1, "status/404", "error.download_failed"),
        (1, "", "error.download_failed"),
    ],
)
async def test_who_sent_it_reads_why_it_was_not_taken(
    url: str, messenger: Messenger, said: int | None, path: str, key: str | None
) -> None:
    """Also where the messenger does not say beforehand how large it is, or says it wrongly."""
    channel = make_channel(messenger, token="1:x", api_url=url)
    await channel.request.initialize()
    file = SimpleNamespace(file_size=said, file_path=path and f"{url}/{path}")

    async def get_file(handle: str) -> Any:
        return file

    channel.bot = SimpleNamespace(get_file=get_file)
    try:
        if key is None:
            assert await channel.download("x", limit=len(CONTENT)) == CONTENT
        else:
            with pytest.raises(FileRejected, match=key):
                await channel.download("x", limit=len(CONTENT))
    finally:
        await channel.request.shutdown()


@pytest.mark.parametrize("status", [201, 400, 403, 404, 500, 502])
async def test_an_error_is_no_file(request_: AioRequest, url: str, status: int) -> None:
    with pytest.raises(NetworkError, match=str(status)):
        await request_.download(f"{url}/status/{status}", limit=len(CONTENT))


async def test_half_a_file_or_no_server_is_no_file(request_: AioRequest, url: str) -> None:
    for address in (f"{url}/broken", "http://127.0.0.1:9/whole"):
        with pytest.raises(NetworkError):
            await request_.download(address, limit=len(CONTENT))


@pytest.mark.parametrize("request_", [{"connections": 2}], indirect=True)
async def test_so_many_files_are_fetched_at_once_and_the_others_wait(
    request_: AioRequest, url: str, files: Files
) -> None:
    files.gate.clear()
    fetching = [asyncio.create_task(request_.download(f"{url}/whole", limit=len(CONTENT))) for _ in range(5)]
    while files.now < 2:
        await asyncio.sleep(0.005)
    files.gate.set()

    assert await asyncio.gather(*fetching) == [CONTENT] * 5
    assert files.most == 2


@pytest.mark.parametrize("request_", [{"connections": 1, "pool_timeout": 0.05}], indirect=True)
@pytest.mark.parametrize("what", ["a file", "a call"])
async def test_who_waits_too_long_for_a_connection_is_told(
    request_: AioRequest, url: str, files: Files, what: str
) -> None:
    files.gate.clear()
    first = asyncio.create_task(request_.download(f"{url}/whole", limit=len(CONTENT)))
    while not files.now:
        await asyncio.sleep(0.005)

    second = (
        request_.download(f"{url}/whole", limit=len(CONTENT))
        if what == "a file"
        else request_.do_request(f"{url}/whole", "POST")
    )
    with pytest.raises(TimedOut, match="busy"):
        await second

    files.gate.set()
    assert await first == CONTENT
    assert await request_.download(f"{url}/whole", limit=len(CONTENT)) == CONTENT


@pytest.mark.parametrize("request_", [{"connect_timeout": 0.05, "read_timeout": 0.05}], indirect=True)
async def test_no_answer_in_time(request_: AioRequest, url: str, files: Files) -> None:
    files.gate.clear()
    with pytest.raises(TimedOut):
        await request_.do_request(f"{url}/whole", "POST")
    with pytest.raises(TimedOut):
        await request_.download(f"{url}/whole", limit=1)
    files.gate.set()
    assert request_.errors == {"timeout": 1}


async def test_statuses_that_are_no_success_are_counted(request_: AioRequest, url: str) -> None:
    for status in (502, 502, 403):
        assert (await request_.do_request(f"{url}/status/{status}", "POST"))[0] == status
    assert await request_.do_request(f"{url}/whole", "GET") == (200, CONTENT)
    assert request_.errors == {"502": 2, "403": 1}


async def test_before_and_after_its_life_nothing_is_asked(url: str) -> None:
    made = AioRequest()
    with pytest.raises(RuntimeError):
        await made.download(f"{url}/whole", limit=1)
    await made.initialize()
    session = await made._files()
    await made.initialize()
    assert await made._files() is session
    await made.shutdown()
    await made.shutdown()
    assert session.closed
    with pytest.raises(RuntimeError):
        await made.do_request(f"{url}/whole", "POST")
    with pytest.raises(RuntimeError):
        await made.download(f"{url}/whole", limit=1)


async def test_a_server_that_is_not_there_is_an_error_of_the_network() -> None:
    request = AioRequest()
    await request.initialize()
    try:
        with pytest.raises(NetworkError) as caught:
            await request.do_request("http://127.0.0.1:9/bot1:secret/getMe", "POST")
    finally:
        await request.shutdown()
    assert "secret" not in str(caught.value)
    assert request.errors["network"] == 1


async def test_shutting_down_closes_the_connections_and_may_come_twice() -> None:
    made = AioRequest()
    await made.shutdown()
    await made.initialize()
    session = await made._files()
    await made.shutdown()
    await made.shutdown()
    assert session.closed


async def test_only_a_file_needs_a_session_of_aiohttp(request_: AioRequest, url: str) -> None:
    await request_.do_request(f"{url}/whole", "POST")
    assert request_._session is None
    await request_.download(f"{url}/whole", limit=len(CONTENT))
    assert request_._session is not None


async def test_files_that_come_first_together_share_one_session_and_nobody_waits_for_its_import(
    request_: AioRequest, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    importers = []

    def import_module(name: str) -> ModuleType:
        importers.append(threading.current_thread())
        return importlib.import_module(name)

    monkeypatch.setattr(aiohttp_request, "importlib", SimpleNamespace(import_module=import_module))
    found = await asyncio.gather(*(request_.download(f"{url}/whole", limit=len(CONTENT)) for _ in range(3)))
    assert found == [CONTENT] * 3
    assert len(importers) == 1
    assert importers[0] is not threading.current_thread()


async def test_a_request_through_a_proxy_has_its_session_from_the_beginning() -> None:
    made = AioRequest(proxy="http://127.0.0.1:9")
    await made.initialize()
    session = made._session
    assert session is not None
    await made.shutdown()
    assert session._client.closed


KEY: Any = SimpleNamespace(ssl=True, host="api.example", port=443)
INFO: Any = SimpleNamespace(real_url="https://api.example/bot1:secret/x")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ClientProxyConnectionError(KEY, OSError(111, "refused")), "the proxy does not answer: refused"),
        (ClientProxyConnectionError(KEY, ConnectionError()), "the proxy does not answer: ConnectionError"),
        (ClientHttpProxyError(INFO, (), status=407), "the proxy refuses, status 407"),
        (ClientConnectorError(KEY, OSError(113, "no route")), "no route"),
        (ClientConnectorError(KEY, ConnectionError()), "ConnectionError"),
        (ServerDisconnectedError(), "the connection broke"),
    ],
    ids=lambda one: one if isinstance(one, str) else type(one).__name__,
)
async def test_what_went_wrong_is_told_without_the_address(
    request_: AioRequest, monkeypatch: pytest.MonkeyPatch, error: ClientError, said: str
) -> None:
    session = await request_._files()

    def fail(*given: Any, **more: Any) -> Any:
        raise error

    monkeypatch.setattr(session._client, "request", fail)
    with pytest.raises(NetworkError) as told:
        await request_.do_request("https://api.example/bot1:secret/x", "GET")
    assert str(told.value) == f"{type(error).__name__}: {said}"


async def test_a_file_that_cannot_be_fetched_is_told_without_the_address(
    request_: AioRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = await request_._files()

    def fail(*given: Any, **more: Any) -> Any:
        raise OSError(101, "Network is unreachable")

    monkeypatch.setattr(session, "open", fail)
    with pytest.raises(NetworkError) as told:
        await request_.download("https://api.example/file/bot1:secret/x", limit=5)
    assert str(told.value) == "OSError: Network is unreachable"
