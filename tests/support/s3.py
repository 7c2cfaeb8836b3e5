"""An S3 server of somebody else's making, spoken to over HTTP."""

import contextlib
import logging
import uuid
from collections.abc import Iterator
from typing import Any

from bot.documents.s3_store import S3Store

KEYS = {"access_key_id": "test", "secret_access_key": "secret"}


class Bucket:
    def __init__(self, url: str) -> None:
        import boto3  # two seconds with moto's server, which every worker would spend while it collects

        self.endpoint, self.name = url, f"bucket-{uuid.uuid4().hex[:8]}"
        self._client: Any = boto3.client(
            "s3",
            endpoint_url=url,
            region_name="us-east-1",
            aws_access_key_id=KEYS["access_key_id"],
            aws_secret_access_key=KEYS["secret_access_key"],
        )
        self._client.create_bucket(Bucket=self.name)

    def store(self, prefix: str) -> S3Store:
        return S3Store(f"s3://{self.name}/{prefix}", endpoint=self.endpoint, **KEYS)

    def put(self, name: str, data: bytes) -> None:
        self._client.put_object(Bucket=self.name, Key=name, Body=data)

    def names(self) -> list[str]:
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self.name)
        return sorted(one["Key"] for page in pages for one in page.get("Contents", []))

    def file_names(self) -> list[str]:
        """Names without their folders."""
        return [name.rsplit("/", 1)[-1] for name in self.names()]

    def env(self, prefix: str) -> dict[str, str]:
        """The bot's settings for this bucket."""
        return {
            "FILES_URL": f"s3://{self.name}/{prefix}",
            "S3_ENDPOINT": self.endpoint,
            "S3_ACCESS_KEY_ID": KEYS["access_key_id"],
            "S3_SECRET_ACCESS_KEY": KEYS["secret_access_key"],
        }


@contextlib.contextmanager
def s3_serving() -> Iterator[str]:
    """The address of a fresh server, in a thread of its own."""
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # it tells of every request
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield f"http://{host}:{port}"
    finally:
        server.stop()
