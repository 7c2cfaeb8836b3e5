"""Imports of libraries without what they import beside and we do not use: memory of a process that runs for months."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec, module_from_spec


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
    """Before anything else imports httpx, telegram or uvicorn: without what httpx needs for a command line (rich, pygments; 3 MB), without
    cryptography, by which PTB would open passports (6 MB), and without uvicorn's command line (click; 1 MB)."""
    if "uvicorn" not in sys.modules:
        _import_uvicorn()
    sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
    with without("cryptography"):
        import telegram  # noqa: F401


def _import_uvicorn() -> None:
    """The package with the one name that its own modules take from it, and not with what `uvicorn/__init__.py` imports."""
    spec = find_spec("uvicorn")
    assert spec is not None
    package = module_from_spec(spec)
    sys.modules["uvicorn"] = package
    from uvicorn.config import Config

    package.Config = Config  # type: ignore[attr-defined]
