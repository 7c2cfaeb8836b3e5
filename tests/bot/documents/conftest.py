"""An S3 server of somebody else's making, spoken to over HTTP."""

import uuid
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from bot.documents.s3 import S3Papers

KEYS = {"access_key_id": "test", "secret_access_key": "secret"}


class Bucket:
    def __init__(self, url: str) -> None:
        self.endpoint, self.name = url, f"bucket-{uuid.uuid4().hex[:8]}"
        self._client: Any = boto3.client(
            "s3",
            endpoint_url=url,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="secret",
        )
        self._client.create_bucket(Bucket=self.name)

    def store(self, prefix: str) -> S3Papers:
        return S3Papers(f"s3://{self.name}/{prefix}", endpoint=self.endpoint, **KEYS)

    def put(self, name: str, data: bytes) -> None:
        self._client.put_object(Bucket=self.name, Key=name, Body=data)

    def names(self) -> list[str]:
        found = self._client.list_objects_v2(Bucket=self.name).get("Contents", [])
        return sorted(one["Key"] for one in found)


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(s3_server: str) -> Bucket:
    return Bucket(s3_server)
