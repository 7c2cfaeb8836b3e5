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


def import_lean() -> None:
    """Before anything else imports httpx or telegram: without what httpx needs for a command line (rich, pygments; 3 MB), and without
    cryptography, by which PTB would open passports (6 MB)."""
    sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
    with without("cryptography"):
        import telegram  # noqa: F401
