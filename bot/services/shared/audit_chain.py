"""The hash chain over the audit lines: a line changed afterwards, past the triggers, is found.

A link holds SHA-256(link before, line). The last link of each batch is signed with an HMAC under a key that
follows from SECRET_KEY, so a chain that was worked out anew shows. Lines are linked by a task a few seconds
after their commit: in the transaction of the action the chain would be one lock for everybody.

What stays unseen: a change within these seconds, and the removal of the newest lines together with their
links, unless the line of the log that names the end of the chain (once an hour), or a backup, is compared.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from sqlalchemy import BigInteger, Row, Select, column, func, insert, select, table
from sqlmodel import Session

from bot.security.key_derivation import derive_key
from storage.database.database import Database
from storage.tables import AuditEvent, AuditLink

log = logging.getLogger(__name__)

#: Seconds between two looks for lines that are not linked yet.
INTERVAL = 5.0
#: Lines of one unit: a few milliseconds of SQLite's writer.
BATCH = 50
#: Seconds between two batches of a long backlog: an upgrade of many lines leaves most of the loop to people.
PAUSE = 0.05
#: On PostgreSQL a transaction may commit lower ids than another before it: so many links back, gaps are still
#: looked for.
#: Ids are handed out to far fewer lines within the life of one transaction.
LATE = 2_000
#: Seconds between two lines of the log that name the end of the chain.
ANCHOR = 3600.0
#: Of the units that add links: they exclude each other in all processes, and nothing else.
LANE = "audit-chain"

#: The columns that a link covers.
_COVERED = (
    "id",
    "at",
    "event",
    "subject",
    "subject_id",
    "actor_id",
    "actor_role",
    "messenger",
    "from_state",
    "to_state",
    "data",
)
#: As they are stored, without the types of our tables: a word that does not exist is a fault to be told, not
#: an error.
EVENTS = table(AuditEvent.__tablename__, column("id", BigInteger), *(column(name) for name in _COVERED[1:]))
LINKS = AuditLink.metadata.tables[AuditLink.__tablename__]


def digest(previous: str, event: Row[Any]) -> str:
    """The link of a line, after the link `previous` ("" for the first)."""
    said = json.dumps(list(event), separators=(",", ":"), default=str)
    return hashlib.sha256(f"{previous}\n{said}".encode()).hexdigest()


class ChainKeys:
    """Keys that sign the chain: of SECRET_KEY, which comes first, and of the former ones."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._keys = {_derive(secret, b"id", 8).hex(): _derive(secret, b"key", 32) for secret in secrets}

    def sign(self, position: int, digest: str, resumed: bool) -> tuple[str, str]:
        """The id of the key in force, and the HMAC."""
        key_id = next(iter(self._keys))
        return key_id, self._mac(key_id, position, digest, resumed)

    def verifies(self, link: Row[Any]) -> bool | None:
        """Whether a signed link is right; None where its key is not here."""
        if link.key_id not in self._keys:
            return None
        made = self._mac(link.key_id, link.position, link.hash, link.resumed)
        return hmac.compare_digest(made.encode(), str(link.mac).encode())

    def _mac(self, key_id: str, position: int, digest: str, resumed: bool) -> str:
        said = f"{position}:{digest}:{int(resumed)}"
        return hmac.new(self._keys[key_id], said.encode(), hashlib.sha256).hexdigest()


def _derive(secret: str, purpose: bytes, length: int) -> bytes:
    return derive_key(secret, b"technical-officer-bot/audit-chain/" + purpose, length)


def last_link(db: Session) -> Row[Any] | None:
    return db.execute(select(LINKS).order_by(LINKS.c.position.desc()).limit(1)).first()


def unlinked(db: Session) -> Select[Any]:
    """Lines without a link, oldest first, from the least id of the latest links on."""
    latest = select(LINKS.c.event_id).order_by(LINKS.c.position.desc()).limit(LATE).subquery()
    floor = db.execute(select(func.min(latest.c.event_id))).scalar() or 0
    # Said twice, for PostgreSQL: it need not read the links of all other lines.
    linked = (
        select(LINKS.c.position).where(LINKS.c.event_id == EVENTS.c.id, LINKS.c.event_id > floor).exists()
    )
    return select(EVENTS).where(EVENTS.c.id > floor, ~linked).order_by(EVENTS.c.id).limit(BATCH)


class ChainBrokenError(Exception):
    """The end of the chain is not what this bot left there; nothing is added to it."""


@dataclass(slots=True)
class AuditChain:
    """Links what was committed. Several processes may run it at once."""

    database: Database
    keys: ChainKeys
    #: Position and hash of the latest link seen.
    _seen: tuple[int, str] = (0, "")
    _told: float = field(default=float("-inf"))
    _broken: str = ""

    async def link_new(self) -> None:
        """Link every line that waits, a batch a unit."""
        while await self.database.read(lambda db: db.execute(unlinked(db)).first() is not None):
            try:
                added, self._seen = await self.database.run(self._extend, lane=LANE)
            except ChainBrokenError as error:
                if str(error) != self._broken:
                    log.error("audit chain: %s; run `bot.py check-audit` and compare with a backup", error)
                self._broken = str(error)
                return
            self._broken = ""
            if added < BATCH:
                break
            await asyncio.sleep(PAUSE)
        if self._seen[0] and monotonic() - self._told > ANCHOR:
            self._told = monotonic()
            log.info("audit chain: it ends with link %s, %s", *self._seen)

    def _extend(self, db: Session) -> tuple[int, tuple[int, str]]:
        head = last_link(db)
        position, previous, resumed = 0, "", False
        if head is not None:
            position, previous = head.position, head.hash
            verdict = self.keys.verifies(head)
            if verdict is False or head.mac is None:
                raise ChainBrokenError(f"link {position} bears a wrong signature")
            if resumed := verdict is None:
                log.error(
                    "audit chain: link %s is signed under a key that is not here (%s)", position, head.key_id
                )
        if position < self._seen[0] or (position == self._seen[0] and previous != self._seen[1]):
            raise ChainBrokenError(f"it ended with link {self._seen[0]} before, and with link {position} now")
        rows: list[dict[str, Any]] = []
        for event in db.execute(unlinked(db)).all():
            position += 1
            previous = digest(previous, event)
            rows.append(
                {
                    "position": position,
                    "event_id": event.id,
                    "hash": previous,
                    "key_id": None,
                    "mac": None,
                    "resumed": resumed and not rows,
                }
            )
        if rows:
            # The mark of a chain that was resumed must be signed with it, so that link stands alone.
            signed = rows[:1] if resumed else rows[-1:]
            for row in signed:
                row["key_id"], row["mac"] = self.keys.sign(row["position"], row["hash"], row["resumed"])
            rows = rows[: signed[-1]["position"] - rows[0]["position"] + 1]
            db.execute(insert(LINKS), rows)
            return (BATCH if resumed else len(rows)), (rows[-1]["position"], rows[-1]["hash"])
        return 0, (position, previous)
