"""Reading DATABASE_URL as people and hosting panels write it.

No error of this module repeats any part of the address but the name of a parameter: it may be a piece of a
password.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from sqlalchemy import URL

ENCODE = (
    "the password cannot be told from the rest; percent-encode it "
    "(@ as %40, / as %2F, ? as %3F, # as %23, % as %25, : as %3A, [ as %5B, ] as %5D)"
)
PLACE_ERROR = "what stands after the @ is not read; write host:port/name of the database"
FORM = "is not a database address; use sqlite:///… or postgresql://user:password@host/name"

#: Parts of the address that may be given as parameters too.
_PARTS = frozenset({"host", "port", "user", "username", "password", "dbname", "database"})
#: What `storage.database.postgres_options` passes on to the driver.
MEANT = frozenset(
    {"sslmode", "ssl", "sslrootcert", "sslcert", "sslkey", "sslpassword", "sslcrl", "sslnegotiation"}
    | {"ssl_min_protocol_version", "ssl_max_protocol_version", "passfile", "target_session_attrs"}
    | {"connect_timeout", "application_name", "options", "search_path"}
    | {"statement_cache_size", "prepared_statement_cache_size"}
)
#: Means nothing here, or what it asks for is so anyway; the service does the same without.
IGNORED = frozenset(
    {
        "channel_binding",
        "gssencmode",
        "gssdelegation",
        "krbsrvname",
        "sslcompression",
        "sslsni",
        "client_encoding",
    }
    | {"keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout"}
    | {"fallback_application_name", "load_balance_hosts", "pgbouncer", "connection_limit", "pool_timeout"}
    | {"socket_timeout", "supa", "uselibpqcompat", "charset", "async_fallback"}
)
_SQLITE_MEANT = frozenset(
    {"uri", "mode", "cache", "vfs", "immutable", "nolock", "timeout", "cached_statements"}
)

_SCHEMES = {
    "sqlite": "sqlite+aiosqlite",
    "postgresql": "postgresql+asyncpg",
    "postgres": "postgresql+asyncpg",
}
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9]*)(?:\+\w+)?://")
_HOST = r"(?:\[[0-9A-Fa-f:.%\w]+\]|[\w.-]*|%2F[\w.%-]+)(?::\d{0,5})?"
_PLACE_PATTERN = re.compile(
    rf"(?P<hosts>{_HOST}(?:,{_HOST})*)(?:/(?P<name>[^/?@#]*))?(?:\?(?P<query>.*))?", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class _Address:
    hosts: str
    name: str
    query: dict[str, str]
    user: str | None = None
    password: str | None = None


def parse(text: str) -> URL:
    """`text` with the driver that we use, its parameters as libpq names them. Raises ValueError with the
    reason, which holds nothing secret."""
    text = text.strip()
    if text[:1] in ("'", '"'):
        raise ValueError("stands in quotation marks; leave them out")
    if text.startswith("jdbc:"):
        raise ValueError("begins with jdbc:, which is Java's; leave that word out")
    scheme = _SCHEME.match(text)
    if scheme is None:
        raise ValueError(FORM)
    kind, rest = scheme[1].lower(), text[scheme.end() :]
    if kind not in _SCHEMES:
        raise ValueError(f"{kind} is not supported; use sqlite:///… or postgresql://…")
    return _sqlite(rest) if kind == "sqlite" else _postgres(rest)


def ignored_parameters(url: URL) -> list[str]:
    """Parameters without a meaning here, in the order they were given."""
    return [name for name in url.query if name in IGNORED]


def hosts_of(url: URL) -> tuple[list[str], list[int]]:
    """Hosts (a name, an address, or the folder of a socket) and the port of each; both empty where none is
    named."""
    hosts = str(url.query["host"]).split(",") if "host" in url.query else [url.host] if url.host else []
    given = str(url.query["port"]).split(",") if "port" in url.query else [str(url.port or "")]
    ports = given * len(hosts) if len(given) == 1 else given
    return hosts, [int(port or 5432) for port in ports]


def server_address(url: URL) -> str:
    """Where the server is, for a person: host:port, several divided by commas."""
    hosts, ports = hosts_of(url)
    return (
        ", ".join(
            f"{host}/.s.PGSQL.{port}" if host.startswith("/") else f"{host}:{port}"
            for host, port in zip(hosts, ports, strict=True)
        )
        or "this machine"
    )


# -- SQLite --------------------------------------------------------------------------------------


def _sqlite(rest: str) -> URL:
    if not rest.startswith("/") and rest:
        raise ValueError("sqlite:// wants three slashes, or four before a whole path: sqlite:///data/bot.db")
    path, _, query = rest[1:].partition("?")
    parameters = _query(query)
    if strange := [name for name in parameters if name not in _SQLITE_MEANT]:
        raise ValueError(f"the parameter {strange[0]!r} is not known for SQLite; leave it out")
    return URL.create(_SCHEMES["sqlite"], database=path or None, query=parameters)


# -- PostgreSQL ----------------------------------------------------------------------------------


def _postgres(rest: str) -> URL:
    address = _read(rest)
    query = address.query
    user = query.pop("user", query.pop("username", None)) or address.user
    password = query.pop("password", None) or address.password
    name = query.pop("dbname", query.pop("database", None)) or address.name
    hosts, ports = _places(address.hosts, query)
    several = len(hosts) > 1 or bool(hosts and hosts[0].startswith("/"))
    if several:
        query["host"] = ",".join(hosts)
        if any(ports):
            query["port"] = ",".join(ports)
    elif ports and ports[0] and not hosts:
        query["port"] = ports[0]
    return URL.create(
        _SCHEMES["postgresql"],
        username=user,
        password=password,
        host=hosts[0] if hosts and not several else None,
        port=int(ports[0]) if hosts and not several and ports[0] else None,
        database=name or None,
        query=query,
    )


def _read(rest: str) -> _Address:
    """The one way to read it. A `@` in a password, or a `/` or `?`, need not be encoded where only one `@`
    can be the end of it: the rest must then be hosts, a name and parameters that are known."""
    plain = _parse_place(rest)
    head = re.split(r"[/?]", rest, maxsplit=1)[0]
    if "@" not in rest or ("@" not in head and isinstance(plain, _Address)):
        if isinstance(plain, _Address):
            return plain
        raise ValueError(plain or FORM)
    why: list[str | None] = []
    for at in (match.start() for match in re.finditer("@", rest)):
        parsed_place = _parse_place(rest[at + 1 :])
        if isinstance(parsed_place, _Address):
            user, divided, password = rest[:at].partition(":")
            if "/" in user or "?" in user:
                break
            return _Address(
                parsed_place.hosts,
                parsed_place.name,
                parsed_place.query,
                user=_decoded(user) or None,
                password=_decoded(password) if divided else None,
            )
        why.append(parsed_place)
    # Only where there is no doubt what is the password may a parameter be named.
    raise ValueError(why[0] or PLACE_ERROR if len(why) == 1 else ENCODE)


def _parse_place(text: str) -> _Address | str | None:
    """What follows the password, or what is wrong with it, or None where it is nothing of the kind."""
    match = _PLACE_PATTERN.fullmatch(text)
    if match is None:
        return None
    ports = [host.rpartition(":")[2] for host in match["hosts"].split(",") if re.search(r":\d+$", host)]
    if any(not 0 < int(port) < 65536 for port in ports):
        return "the port must be a number from 1 to 65535"
    try:
        query = _query(match["query"] or "")
    except ValueError as error:
        return str(error)
    if strange := [name for name in query if name not in _PARTS | MEANT | IGNORED]:
        if strange[0] == "schema":
            return "the parameter 'schema' is not known; write options=-csearch_path%3DNAME instead"
        name = strange[0] if re.fullmatch(r"\w{1,40}", strange[0]) else "…"
        return f"the parameter {name!r} is not known; leave it out"
    return _Address(match["hosts"], _decoded(match["name"] or ""), query)


def _places(hosts: str, query: dict[str, str]) -> tuple[list[str], list[str]]:
    """Hosts and their ports ("" where not given), of the address or of its parameters."""
    names, ports = [], []
    text = hosts or query.pop("host", "")
    query.pop("host", None)
    for address in text.split(",") if text else []:
        host, divided, port = address.rpartition(":")
        if not divided or address.endswith("]"):
            host, port = address, ""
        names.append(_decoded(host.strip("[]")))
        ports.append(port)
    if not all(names) and len(names) > 1:
        raise ValueError("a host is empty; write host1,host2")
    if given := query.pop("port", ""):
        parts = given.split(",")
        if any(not part.isdigit() or not 0 < int(part) < 65536 for part in parts):
            raise ValueError("the port must be a number from 1 to 65535")
        if len(parts) not in (1, len(names) or 1):
            raise ValueError("there must be one port, or one for each host")
        ports = parts * (len(names) or 1) if len(parts) == 1 else parts
    if names == [""]:
        names = []
    return names, ports


def _query(text: str) -> dict[str, str]:
    options = {}
    for part in text.split("&"):
        name, divided, value = part.partition("=")
        if part and not divided:
            raise ValueError("what follows ? must be name=value, divided by &")
        if part:
            options[_decoded(name)] = _decoded(value)
    return options


def _decoded(text: str) -> str:
    try:
        return unquote_to_bytes(text).decode()
    except UnicodeDecodeError:
        raise ValueError(ENCODE) from None
