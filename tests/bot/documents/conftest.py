from collections.abc import Iterator

import pytest

from tests.support.s3 import Bucket, s3_serving


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    with s3_serving() as url:
        yield url


@pytest.fixture
def bucket(s3_server: str) -> Bucket:
    return Bucket(s3_server)
