"""The TLS contexts of httpx clients, shared by the tests of a worker."""

import os
import ssl
from functools import cache
from typing import Any

from httpx._transports import default


def share_tls_contexts() -> None:
    """httpx reads all certificates for every client that is made: 20 ms, and hundreds of tests make one for `http://`."""
    make = default.create_ssl_context

    @cache
    def made(_environment: tuple[str | None, ...], verify: Any, cert: Any, trust_env: bool) -> ssl.SSLContext:
        return make(verify, cert, trust_env)

    def shared(verify: Any = True, cert: Any = None, trust_env: bool = True) -> ssl.SSLContext:
        environment = os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
        return made(environment, verify, cert, trust_env)

    default.create_ssl_context = shared
