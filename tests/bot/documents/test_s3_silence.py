"""A store that takes the connection and never answers is down: whoever waits for a document is told in time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.documents import s3_store
from bot.documents.blob_store import StoreDown, new_key
from bot.documents.s3_store import S3Store
from tests.support.asgi import serving
from tests.support.s3 import KEYS


@pytest.fixture
async def silent(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[S3Store]:
    end = asyncio.Event()

    async def never(request: Request) -> Response:
        await end.wait()
        return Response()

    monkeypatch.setattr(s3_store, "CALL_TIMEOUT", 0.3)
    methods = ["GET", "PUT", "HEAD", "DELETE"]
    async with serving(Starlette(routes=[Route("/{path:path}", never, methods=methods)])) as url:
        store = S3Store("s3://documents", endpoint=url, **KEYS)
        yield store
        end.set()
        await store.aclose()


async def test_silence_is_told_and_frees_the_connection(silent: S3Store) -> None:
    for _ in range(2):
        with pytest.raises(StoreDown, match="no answer within"):
            await silent.get(new_key())
    with pytest.raises(StoreDown, match="no answer within"):
        await silent.put(new_key(), b"x")
    with pytest.raises(StoreDown, match="no answer within"):
        await silent.exists(new_key())
