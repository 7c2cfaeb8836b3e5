"""Documents in an S3-compatible store: for several machines. The same layout as the folder's, so either can
be copied to the other with any tool.

The client is aiobotocore: all of it runs on the loop, so that a process that ends has no thread of a
library's runtime left that could wake meanwhile (one of a compiled client's ended one command in ten with
SIGABRT).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from typing import Any

from aiobotocore.config import AioConfig
from aiobotocore.session import get_session
from botocore.exceptions import BotoCoreError, ClientError

from bot.documents.blob_store import NoSuchFile, StoreDown, folder_of, is_key

#: Seconds for one call, repeats included: a person waits for it.
CALL_TIMEOUT = 20.0
CONNECTIONS = 32
#: Seconds to connect; and how often a call is tried.
CONNECT, TRIES = 5.0, 3
_ABSENT = frozenset({"404", "NoSuchKey", "NotFound"})
_CONFIG = AioConfig(
    connect_timeout=CONNECT,
    read_timeout=CALL_TIMEOUT,
    retries={"mode": "standard", "total_max_attempts": TRIES},
    max_pool_connections=CONNECTIONS,
    # Not every store knows buckets as host names, or the newer checksums.
    s3={"addressing_style": "path"},
    request_checksum_calculation="when_required",
    response_checksum_validation="when_required",
    # The proxy of the environment is never used.
    proxies={},
)


@asynccontextmanager
async def _answering() -> AsyncIterator[None]:
    """Turns refusals and silence into StoreDown, with the first line of what is said of them; raises _Absent
    for what is not there."""
    try:
        yield
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") in _ABSENT:
            raise _Absent from None
        raise StoreDown(_first_line(error)) from error
    except TimeoutError as error:
        raise StoreDown(f"no answer within {CALL_TIMEOUT:.0f} s") from error
    except (BotoCoreError, OSError) as error:
        raise StoreDown(_first_line(error)) from error


class _Absent(Exception):
    pass


class S3Store:
    """`FileStore` over a bucket. Belongs to the loop it is first used on; close it at the end."""

    def __init__(
        self,
        url: str,
        *,
        endpoint: str = "",
        region: str = "us-east-1",
        access_key_id: str | None = None,
        secret_access_key: str | None = None,
    ) -> None:
        """`url`: s3://bucket/prefix. `endpoint`: the store's root address; empty: Amazon's. Without keys,
        those that Amazon's own programs would find."""
        self._bucket, _, prefix = url.removeprefix("s3://").strip("/").partition("/")
        self._prefix = f"{prefix}/" if prefix else ""
        self._options = {
            "region_name": region,
            "endpoint_url": endpoint or None,
            "aws_access_key_id": access_key_id,
            "aws_secret_access_key": secret_access_key,
            "config": _CONFIG,
        }
        self._open: Any = None
        self._opening = asyncio.Lock()
        self._calls = asyncio.Semaphore(CONNECTIONS)
        self._exits = AsyncExitStack()

    async def put(self, key: str, data: bytes) -> None:
        where = self._where(key)
        async with self._call() as client:
            await client.put_object(**where, Body=data)

    async def get(self, key: str) -> bytes:
        return await self._read(key)

    async def head(self, key: str, size: int) -> bytes:
        try:
            return await self._read(key, Range=f"bytes=0-{size - 1}")
        except StoreDown:
            # An empty object has no range (416).
            return (await self._read(key))[:size]

    async def exists(self, key: str) -> bool:
        where = self._where(key)
        try:
            async with self._call() as client:
                await client.head_object(**where)
        except _Absent:
            return False
        return True

    async def delete(self, key: str) -> None:
        where = self._where(key)
        try:
            async with self._call() as client:
                await client.delete_object(**where)
        except _Absent:
            return

    async def keys(self, *, before: datetime) -> AsyncIterator[str]:
        after: dict[str, str] = {}
        while True:
            async with self._call() as client:
                page = await client.list_objects_v2(Bucket=self._bucket, Prefix=self._prefix, **after)
            for entry in page.get("Contents", ()):
                key = entry["Key"].rpartition("/")[2]
                if is_key(key) and entry["Key"] == self._path(key) and entry["LastModified"] < before:
                    yield key
            if not page.get("IsTruncated"):
                return
            after = {"ContinuationToken": page["NextContinuationToken"]}

    async def aclose(self) -> None:
        self._open = None
        await self._exits.aclose()

    async def _read(self, key: str, **options: str) -> bytes:
        where = self._where(key)
        try:
            async with self._call() as client:
                response = await client.get_object(**where, **options)
                async with response["Body"] as body:
                    content: bytes = await body.read()
                    return content
        except _Absent:
            raise NoSuchFile(key) from None

    @asynccontextmanager
    async def _call(self) -> AsyncIterator[Any]:
        """The client, for one call."""
        async with _answering(), self._calls, asyncio.timeout(CALL_TIMEOUT):
            async with self._opening:
                if self._open is None:
                    opening = get_session().create_client("s3", **self._options)
                    self._open = await self._exits.enter_async_context(opening)
            yield self._open

    def _where(self, key: str) -> dict[str, str]:
        return {"Bucket": self._bucket, "Key": self._path(key)}

    def _path(self, key: str) -> str:
        return f"{self._prefix}{folder_of(key)}/{key}"


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
