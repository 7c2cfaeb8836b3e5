"""What DATABASE_URL asks of PostgreSQL's driver, whose options have other names than libpq's."""

from __future__ import annotations

import ssl
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import URL
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from storage.database.url import hosts_of

#: Seconds for a connection, unless the address says connect_timeout.
CONNECT = 10.0
#: Understood by the driver under these names, but only within an address.
_OF_ADDRESS = (
    *("sslmode", "sslrootcert", "sslcert", "sslkey", "sslpassword", "sslcrl", "sslnegotiation"),
    *("ssl_min_protocol_version", "ssl_max_protocol_version", "passfile", "target_session_attrs"),
)
_SERVER_SETTINGS = ("application_name", "options", "search_path")
SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")


def make_engine(url: URL, *, connect_args: dict[str, Any] | None = None, **pool: Any) -> AsyncEngine:
    """An engine for `url`, as `storage.database.database.asynchronous` gives it. Raises ValueError."""
    arguments = connect_options(url) | (connect_args or {})
    if (size := int_option(url, "prepared_statement_cache_size")) is not None:
        arguments["prepared_statement_cache_size"] = size
    # The address itself stays out of the engine, and so out of whatever quotes it.
    return create_async_engine(URL.create("postgresql+asyncpg"), connect_args=arguments, **pool)


def connect_options(url: URL) -> dict[str, Any]:
    """Keyword arguments of `asyncpg.connect`. Raises ValueError, with nothing secret in it."""
    hosts, ports = hosts_of(url)
    options: dict[str, Any] = {
        "host": hosts or None,
        "port": ports or (int(str(url.query["port"])) if "port" in url.query else None),
        "user": url.username,
        "password": str(url.password) if url.password is not None else None,
        "database": url.database,
        "timeout": float(int_option(url, "connect_timeout") or CONNECT),
        "statement_cache_size": int_option(url, "statement_cache_size"),
        "server_settings": {name: str(url.query[name]) for name in _SERVER_SETTINGS if url.query.get(name)}
        or None,
        **_tls(url),
    }
    return {name: value for name, value in options.items() if value is not None}


def int_option(url: URL, name: str) -> int | None:
    """A parameter that is a number, None where it is not given. Raises ValueError."""
    value = url.query.get(name)
    if value is None or value == "":
        return None
    if not str(value).isdigit():
        raise ValueError(f"the parameter {name} must be a whole number")
    return int(str(value))


def ssl_mode(url: URL) -> str | None:
    """The parameter sslmode; `ssl`, which some panels write, means the same. Raises ValueError."""
    mode = str(url.query.get("sslmode") or url.query.get("ssl") or "").lower()
    mode = {
        "true": "require",
        "1": "require",
        "false": "disable",
        "0": "disable",
        "no-verify": "require",
    }.get(mode, mode)
    if mode and mode not in SSL_MODES:
        raise ValueError(f"the parameter sslmode must be one of {', '.join(SSL_MODES)}")
    return mode or None


def _tls(url: URL) -> dict[str, Any]:
    given = {name: str(url.query[name]) for name in _OF_ADDRESS if url.query.get(name)}
    mode = ssl_mode(url)
    if given.get("sslrootcert") == "system":
        # The driver knows no such word; as libpq has it, the host's name is checked too.
        return {"ssl": ssl.create_default_context()}
    if mode is not None:
        given["sslmode"] = mode
    if given.get("sslrootcert") and mode in (None, "prefer", "allow"):
        # A named certificate is to be checked.
        given["sslmode"] = "verify-ca"
    return {"dsn": f"postgresql://?{urlencode(given)}"} if given else {}
