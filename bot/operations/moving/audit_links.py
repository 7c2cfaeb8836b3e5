"""The hash chain over the audit lines in its new database.

A link covers a line as its database keeps it, and the two databases keep moments and JSON in other forms. So every link that is
right where it comes from is worked out anew, and signed where it was signed; a link that is wrong is copied as it is, and is
wrong there too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, select

from bot.services.shared.audit_chain import EVENTS, LINKS, ChainKeys, digest


def hash_at(connection: Connection, position: int) -> str:
    return connection.scalar(select(LINKS.c.hash).where(LINKS.c.position == position)) or ""


def lines_of(connection: Connection, links: Sequence[Row[Any]]) -> dict[int, Row[Any]]:
    """The audit lines of some links, by number."""
    ids = [link.event_id for link in links]
    return {row.id: row for row in connection.execute(select(EVENTS).where(EVENTS.c.id.in_(ids)))}


def rewritten(
    links: Sequence[Row[Any]],
    keys: ChainKeys,
    *,
    old_lines: dict[int, Row[Any]],
    new_lines: dict[int, Row[Any]],
    old_hash: str,
    new_hash: str,
) -> list[dict[str, Any]]:
    """The links for the new database. `old_hash` and `new_hash` are those of the link before, "" at the beginning."""
    rows = []
    for link in links:
        row = dict(link._mapping)
        old, new = old_lines.get(link.event_id), new_lines.get(link.event_id)
        if old is not None and new is not None and digest(old_hash, old) == link.hash:
            row["hash"] = digest(new_hash, new)
            if link.mac is not None and keys.verifies(link):
                row["key_id"], row["mac"] = keys.sign(link.position, row["hash"], link.resumed)
        old_hash, new_hash = link.hash, row["hash"]
        rows.append(row)
    return rows


def end_of(connection: Connection) -> tuple[int, str]:
    """Position and hash of the last link."""
    last = connection.execute(select(LINKS).order_by(LINKS.c.position.desc()).limit(1)).first()
    return (last.position, last.hash) if last is not None else (0, "")
