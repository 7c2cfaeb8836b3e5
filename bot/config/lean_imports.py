"""Imports of libraries without what they import beside and we do not use: memory of a process that runs for months."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without(name: str) -> Iterator[None]:
    """Inside, an import of `name` fails as where it is not installed, unless it is loaded already. Only for libraries that can do
    without it."""
    if name in sys.modules:
        yield
        return
    sys.modules[name] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[name]
