"""Papers in an S3-compatible store: for several machines. The same layout as the folder's, so either can be copied to
the other with any tool."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from bot.documents.store import NoSuchFile, StoreDown, folder_of, is_key

#: For one call, repeats included: a person waits for it.
PATIENCE = timedelta(seconds=20)


@contextmanager
def _answering() -> Iterator[None]:
    """Turns refusals and silence into StoreDown, with the first line of what is said of them."""
    try:
        yield
    except FileNotFoundError:
        raise
    except (BaseError, OSError) as error:
        raise StoreDown((str(error).splitlines() or [type(error).__name__])[0][:200]) from error


class S3Papers:
    """`FileStore` over a bucket."""

    def __init__(
        self,
        url: str,
        *,
        endpoint: str = "",
        region: str = "us-east-1",
        access_key_id: str | None = None,
        secret_access_key: str | None = None,
    ) -> None:
        """`url`: s3://bucket/prefix. `endpoint`: the store's root address; empty: Amazon's."""
        bucket, _, self._prefix = url.removeprefix("s3://").strip("/").partition("/")
        options: dict[str, Any] = {
            "access_key_id": access_key_id,
            "secret_access_key": secret_access_key,
            "endpoint": endpoint or None,
        }
        self._store = S3Store(
            bucket,
            prefix=self._prefix or None,
            region=region,
            # Not every store knows buckets as host names.
            virtual_hosted_style_request=False,
            client_options={"allow_http": endpoint.startswith("http://"), "timeout": PATIENCE},
            retry_config={
                "max_retries": 3,
                "backoff": {
                    "base": 2,
                    "init_backoff": timedelta(milliseconds=100),
                    "max_backoff": timedelta(seconds=2),
                },
                "retry_timeout": PATIENCE,
            },
            **{name: value for name, value in options.items() if value},
        )

    async def put(self, key: str, data: bytes) -> None:
        with _answering():
            await obstore.put_async(self._store, _path(key), data, use_multipart=False)

    async def get(self, key: str) -> bytes:
        try:
            with _answering():
                found = await obstore.get_async(self._store, _path(key))
                return bytes(await found.bytes_async())
        except FileNotFoundError:
            raise NoSuchFile(key) from None

    async def head(self, key: str, size: int) -> bytes:
        try:
            found = await obstore.get_async(self._store, _path(key), options={"range": (0, size)})
            return bytes(await found.bytes_async())
        except FileNotFoundError:
            raise NoSuchFile(key) from None
        except BaseError:
            # An empty object has no range (416).
            return (await self.get(key))[:size]

    async def exists(self, key: str) -> bool:
        try:
            with _answering():
                await obstore.head_async(self._store, _path(key))
        except FileNotFoundError:
            return False
        return True

    async def delete(self, key: str) -> None:
        try:
            with _answering():
                await obstore.delete_async(self._store, _path(key))
        except FileNotFoundError:
            return

    async def keys(self, *, before: datetime) -> AsyncIterator[str]:
        with _answering():
            async for page in obstore.list(self._store):
                for one in page:
                    key = one["path"].rpartition("/")[2]
                    if is_key(key) and one["path"].endswith(_path(key)) and one["last_modified"] < before:
                        yield key


def _path(key: str) -> str:
    return f"{folder_of(key)}/{key}"
