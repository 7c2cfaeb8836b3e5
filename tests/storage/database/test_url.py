"""DATABASE_URL as people and hosting panels write it: what it means, and what is wrong with it in words that quote nothing."""

import ssl
from typing import Any

import pytest
from sqlalchemy import make_url

from storage.database.postgres_options import connect_options
from storage.database.unusable import why_unusable
from storage.database.url import (
    ENCODE,
    FORM,
    PLACE_ERROR,
    hosts_of,
    ignored_parameters,
    parse,
    server_address,
)

#: address: (user, password, hosts, ports, database)
READ: dict[str, tuple[str | None, str | None, list[str], list[int], str | None]] = {
    "postgresql://bot:sesame@db.example/bot": ("bot", "sesame", ["db.example"], [5432], "bot"),
    "postgres://bot:sesame@db.example:6432/bot": ("bot", "sesame", ["db.example"], [6432], "bot"),
    "postgresql+psycopg://bot:sesame@db.example/bot": ("bot", "sesame", ["db.example"], [5432], "bot"),
    " postgresql://bot@db.example/bot ": ("bot", None, ["db.example"], [5432], "bot"),
    "postgresql://bot:@db.example/bot": ("bot", "", ["db.example"], [5432], "bot"),
    "postgresql://bot:s%40e%2Fs@db.example/bot": ("bot", "s@e/s", ["db.example"], [5432], "bot"),
    "postgresql://bot:s@e@db.example/bot": ("bot", "s@e", ["db.example"], [5432], "bot"),
    "postgresql://bot:s/e?s@db.example/bot": ("bot", "s/e?s", ["db.example"], [5432], "bot"),
    "postgresql://bot:se:same@db.example/bot": ("bot", "se:same", ["db.example"], [5432], "bot"),
    "postgresql://bot:sesame@[::1]:6432/bot": ("bot", "sesame", ["::1"], [6432], "bot"),
    "postgresql://bot:sesame@[::1]/bot": ("bot", "sesame", ["::1"], [5432], "bot"),
    "postgresql://bot:sesame@a,b:6432/bot": ("bot", "sesame", ["a", "b"], [5432, 6432], "bot"),
    "postgresql://bot:sesame@a,b/bot?port=6432": ("bot", "sesame", ["a", "b"], [6432, 6432], "bot"),
    "postgresql://bot:sesame@a,b/bot?port=1,65535": ("bot", "sesame", ["a", "b"], [1, 65535], "bot"),
    "postgresql://bot:sesame@%2Fvar%2Frun/bot": ("bot", "sesame", ["/var/run"], [5432], "bot"),
    "postgresql:///bot?host=/var/run&user=bot": ("bot", None, ["/var/run"], [5432], "bot"),
    "postgresql:///?host=a&port=6432&username=bot&password=sesame&dbname=b": (
        "bot",
        "sesame",
        ["a"],
        [6432],
        "b",
    ),
    "postgresql:///?host=a&user=bot&database=b": ("bot", None, ["a"], [5432], "b"),
    "postgresql:///bot": (None, None, [], [], "bot"),
    "postgresql://db.example": (None, None, ["db.example"], [5432], None),
    "postgresql://bot:sesame@db.example:65535/bot": ("bot", "sesame", ["db.example"], [65535], "bot"),
}


@pytest.mark.parametrize(("address", "said"), READ.items())
def test_an_address_is_read(address: str, said: tuple[Any, ...]) -> None:
    url = parse(address)

    assert (url.username, url.password, *hosts_of(url), url.database) == said
    assert url.drivername == "postgresql+asyncpg"


#: address: a part of what is said
REFUSED = {
    "": FORM,
    "bot.db": FORM,
    "'postgresql://bot:sesame@a/b'": "quotation marks",
    '"postgresql://bot:sesame@a/b"': "quotation marks",
    "jdbc:postgresql://a/b": "jdbc",
    "mysql://bot:sesame@a/b": "mysql is not supported",
    "sqlite://data/bot.db": "three slashes",
    "sqlite:///bot.db?journal=wal": "'journal' is not known for SQLite",
    "postgresql://bot:sesame@a,,b/bot": "a host is empty",
    "postgresql://bot:sesame@,b/bot": "a host is empty",
    "postgresql://bot:sesame@a:0/bot": "the port must be a number",
    "postgresql://bot:sesame@a:65536/bot": "the port must be a number",
    "postgresql://bot:sesame@a/bot?port=0": "the port must be a number",
    "postgresql://bot:sesame@a/bot?port=65536": "the port must be a number",
    "postgresql://bot:sesame@a/bot?port=x": "the port must be a number",
    "postgresql://bot:sesame@a/bot?port=1,2": "one port, or one for each host",
    "postgresql://bot:sesame@a,b,c/bot?port=1,2": "one port, or one for each host",
    "postgresql://bot:sesame@a/bot?sslmode": "name=value",
    "postgresql://bot:sesame@a/bot?schema=x": "options=-csearch_path",
    "postgresql://bot:sesame@a/bot?colour=x": "'colour' is not known",
    "postgresql://bot:sesame@a/b/c": PLACE_ERROR,
    "postgresql://b/t:sesame@a/bot": ENCODE,
}


@pytest.mark.parametrize(("address", "words"), REFUSED.items())
def test_what_is_wrong_is_said_and_nothing_secret_with_it(address: str, words: str) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011
        parse(address)

    assert words in str(refused.value)
    assert "sesame" not in str(refused.value)


def test_parameters_without_a_meaning_are_named_and_the_others_kept() -> None:
    url = parse("postgresql://a/b?keepalives=1&sslmode=require&pgbouncer=true&connect_timeout=5")

    assert ignored_parameters(url) == ["keepalives", "pgbouncer"]
    assert (url.query["sslmode"], url.query["connect_timeout"]) == ("require", "5")


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("postgresql://a/b", "a:5432"),
        ("postgresql://a:1,c:2/b", "a:1, c:2"),
        ("postgresql://%2Fvar%2Frun/b", "/var/run/.s.PGSQL.5432"),
        ("postgresql:///b", "this machine"),
    ],
)
def test_where_the_server_is_for_a_person(address: str, told: str) -> None:
    assert server_address(parse(address)) == told


@pytest.mark.parametrize(("address", "path"), [("sqlite:///data/bot.db", "data/bot.db"), ("sqlite:////srv/bot.db", "/srv/bot.db"), ("sqlite://", None)])  # fmt: skip
def test_a_file(address: str, path: str | None) -> None:
    assert parse(address).database == path


@pytest.mark.parametrize(
    ("query", "options"),
    [
        ("", {"host": ["db.example"], "port": [5432], "timeout": 10.0}),
        ("?connect_timeout=3&statement_cache_size=0", {"timeout": 3.0, "statement_cache_size": 0}),
        ("?application_name=bot", {"server_settings": {"application_name": "bot"}}),
    ],
)
def test_what_the_driver_is_told(query: str, options: dict[str, Any]) -> None:
    told = connect_options(parse(f"postgresql://bot:sesame@db.example/bot{query}"))

    assert told | options == told
    assert (told["user"], told["password"], told["database"]) == ("bot", "sesame", "bot")
    assert connect_options(parse("postgresql:///bot?user=bot&port=6432"))["port"] == 6432


#: address: the whole of what is said
WORDS = {
    "'postgresql://a/b'": "stands in quotation marks; leave them out",
    "jdbc:postgresql://a/b": "begins with jdbc:, which is Java's; leave that word out",
    "mysql://a/b": "mysql is not supported; use sqlite:///… or postgresql://…",
    "sqlite://data/bot.db": "sqlite:// wants three slashes, or four before a whole path: sqlite:///data/bot.db",
    "sqlite:///b?mode=ro&x=1&y=2": "the parameter 'x' is not known for SQLite; leave it out",
    "sqlite:///b?mode": "what follows ? must be name=value, divided by &",
    "postgresql://u:sesame@a,,b/x": "a host is empty; write host1,host2",
    "postgresql://a:99999/x": "the port must be a number from 1 to 65535",
    "postgresql://a/x?port=1,2": "there must be one port, or one for each host",
    "postgresql:///x?port=1,2": "there must be one port, or one for each host",
    "postgresql://a/x?schema=y": "the parameter 'schema' is not known; write options=-csearch_path%3DNAME instead",
    "postgresql://a/x?&y=1&": "the parameter 'y' is not known; leave it out",
    f"postgresql://a/x?{'a' * 40}=1": f"the parameter '{'a' * 40}' is not known; leave it out",
    f"postgresql://a/x?{'a' * 41}=1": "the parameter '…' is not known; leave it out",
    "postgresql://a/x?a b=1": "the parameter '…' is not known; leave it out",
    "postgresql://a:x/b": FORM,
    "postgresql://a/b/": FORM,
    # More than one end of the password is possible, or none.
    "postgresql://u:sesame@b@c:0/d": ENCODE,
    "postgresql://a/b@c/d": ENCODE,
    "postgresql://a?x@c/d": ENCODE,
    "postgresql://u:ses%ff@a/b": ENCODE,
    "postgresql://a/b%ff": ENCODE,
    "postgresql://u:sesame@a:0/d": "the port must be a number from 1 to 65535",
    "postgresql://u:sesame@a/b/c": PLACE_ERROR,
}


@pytest.mark.parametrize(("address", "words"), WORDS.items())
def test_the_whole_of_what_is_said(address: str, words: str) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011
        parse(address)
    assert str(refused.value) == words


@pytest.mark.parametrize(
    ("address", "read"),
    [
        ("POSTGRES://a", (None, None, "a", None, None, {})),
        ("postgresql://a/?dbname=x", (None, None, "a", None, "x", {})),
        ("postgresql://u:p@/b", ("u", "p", None, None, "b", {})),
        ("postgresql://u:p@a:/b", ("u", "p", "a", None, "b", {})),
        ("postgresql://u:p@:77/b", ("u", "p", None, None, "b", {"port": "77"})),
        ("postgresql:///b?port=77", (None, None, None, None, "b", {"port": "77"})),
        ("postgresql://a:1/b?port=2", (None, None, "a", 2, "b", {})),
        ("postgresql://a/b?host=c", (None, None, "a", None, "b", {})),
        ("postgresql://[::1]:77,c/b", (None, None, None, None, "b", {"host": "::1,c", "port": "77,"})),
        ("postgresql://a,c:1/b?port=", (None, None, None, None, "b", {"host": "a,c", "port": ",1"})),
        ("postgresql://a,c/b", (None, None, None, None, "b", {"host": "a,c"})),
        ("postgresql://u:p@h/b?options=a@b", ("u", "p", "h", None, "b", {"options": "a@b"})),
        ("postgresql://h/b?options=a@b", (None, None, "h", None, "b", {"options": "a@b"})),
        ("postgresql://u:a@b/c@d", ("u", "a@b/c", "d", None, None, {})),
        ("postgresql://u:p@a/b?x=1@y", ("u", "p@a/b?x=1", "y", None, None, {})),
        ("postgresql://u@h/b?user=v&password=q", ("v", "q", "h", None, "b", {})),
        ("postgresql://h/b?sslmode=require&&ssl=1", (None, None, "h", None, "b", {"sslmode": "require", "ssl": "1"})),
        ("sqlite:///b?mode=ro&cache=shared", (None, None, None, None, "b", {"mode": "ro", "cache": "shared"})),
    ],
)  # fmt: skip
def test_the_whole_of_what_is_read(address: str, read: tuple[Any, ...]) -> None:
    url = parse(address)
    assert (url.username, url.password, url.host, url.port, url.database, dict(url.query)) == read


@pytest.mark.parametrize(
    ("query", "more"),
    [
        *((f"ssl={word}", {"dsn": "postgresql://?sslmode=require"}) for word in ("true", "TRUE", "1", "no-verify")),
        *((f"ssl={word}", {"dsn": "postgresql://?sslmode=disable"}) for word in ("false", "0", "disable")),
        ("sslmode=verify-full&ssl=0", {"dsn": "postgresql://?sslmode=verify-full"}),
        ("sslrootcert=ca", {"dsn": "postgresql://?sslrootcert=ca&sslmode=verify-ca"}),
        *((f"sslrootcert=ca&sslmode={mode}", {"dsn": "postgresql://?sslmode=verify-ca&sslrootcert=ca"}) for mode in ("prefer", "allow")),
        *((f"sslrootcert=ca&sslmode={mode}", {"dsn": f"postgresql://?sslmode={mode}&sslrootcert=ca"}) for mode in ("require", "disable", "verify-full")),
        ("sslcert=a&sslkey=b&passfile=c&sslcrl=", {"dsn": "postgresql://?sslcert=a&sslkey=b&passfile=c"}),
        ("options=-c%20a&search_path=x&application_name=", {"server_settings": {"options": "-c a", "search_path": "x"}}),
        ("connect_timeout=0", {}),
        ("connect_timeout=", {}),
        ("statement_cache_size=0", {"statement_cache_size": 0}),
    ],
)  # fmt: skip
def test_the_whole_of_what_the_driver_is_told(query: str, more: dict[str, Any]) -> None:
    plain = {"host": ["h"], "port": [5432], "user": "u", "password": "p", "database": "b", "timeout": 10.0}
    assert connect_options(parse(f"postgresql://u:p@h/b?{query}")) == plain | more


def test_a_server_on_this_machine_and_one_that_the_system_trusts() -> None:
    assert connect_options(parse("postgresql:///b")) == {"database": "b", "timeout": 10.0}
    trusted = connect_options(parse("postgresql://a,c/b?sslrootcert=system&sslmode=require"))
    context = trusted.pop("ssl")
    assert (context.check_hostname, context.verify_mode) == (True, ssl.CERT_REQUIRED)
    assert trusted == {"host": ["a", "c"], "port": [5432, 5432], "database": "b", "timeout": 10.0}


@pytest.mark.parametrize(
    ("query", "words"),
    [
        (
            "sslmode=x",
            "the parameter sslmode must be one of disable, allow, prefer, require, verify-ca, verify-full",
        ),
        ("connect_timeout=x", "the parameter connect_timeout must be a whole number"),
        ("statement_cache_size=-1", "the parameter statement_cache_size must be a whole number"),
    ],
)
def test_what_the_driver_cannot_be_told(query: str, words: str) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011
        connect_options(parse(f"postgresql://h/b?{query}"))
    assert str(refused.value) == words


def test_a_long_word_of_the_server_is_cut() -> None:
    error = ssl.SSLError(1, "certificate " + "/long/path" * 100)
    error.reason = ""
    line = why_unusable(error, make_url("postgresql+asyncpg://bot@db.example/bot"))
    assert line is not None
    assert "certificate" in line
    assert len(line) < 300
