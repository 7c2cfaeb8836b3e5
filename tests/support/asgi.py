"""Serve an ASGI application on a free port of this machine, in the test's own loop."""

import contextlib
from collections.abc import AsyncIterator
from typing import Any

from demo.asgi_server import AsgiServer


@contextlib.asynccontextmanager
async def serving(app: Any) -> AsyncIterator[str]:
    """The root address under which `app` answers. Requests that still hang at the end are cut off."""
    server = AsgiServer(app)
    await server.start()
    try:
        yield server.url
    finally:
        await server.stop()
