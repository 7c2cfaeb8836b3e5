"""Reading the hash chain of the audit lines again, piece by piece, for `bot.py doctor` and `bot.py
check-audit`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlalchemy import Row, func, select
from sqlmodel import Session

from bot.services.shared.audit_chain import EVENTS, LATE, LINKS, ChainKeys, digest, last_link
from storage.database.database import Database

#: Links of one read.
PIECE = 1_000
#: Faults that are told; there may be as many as lines.
MAX_REPORTED = 20


@dataclass(slots=True)
class Checked:
    """What a check found, the first fault first."""

    #: Links that were looked at, and all there are.
    links: int = 0
    total: int = 0
    #: Where and what; empty where all is well.
    faults: list[str] = field(default_factory=list)
    #: Lines that wait for the running bot.
    waiting: int = 0
    #: Position and hash of the last link.
    end: tuple[int, str] = (0, "")

    def fault(self, words: str) -> None:
        if len(self.faults) < MAX_REPORTED:
            self.faults.append(words)


async def check_chain(
    database: Database,
    keys: ChainKeys,
    *,
    newest: int | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Checked:
    """Look at the `newest` links, or at all. Each piece is a read of its own, so nothing is held for long."""
    head = await database.read(last_link)
    result = Checked(total=head.position if head is not None else 0)
    first = after = max(0, result.total - newest) if newest is not None else 0
    if head is not None:
        result.end = (head.position, head.hash)
        _check_head(head, keys, result)
    while after < result.total:
        after = await database.read(partial(_check_piece, after=after, keys=keys, result=result), large=True)
        result.links = after - first
        progress(result.links, result.total - first)
    await database.read(lambda db: _unlinked_lines(db, first, result), large=True)
    return result


def _check_head(head: Row[Any], keys: ChainKeys, result: Checked) -> None:
    verdict = keys.verifies(head)
    if head.mac is None or verdict is False:
        result.fault(
            f"link {head.position}, the last one, bears a wrong signature or none: it was not added by this bot"
        )
    elif verdict is None:
        result.fault(
            f"link {head.position}, the last one, is signed under a key that is not here (its id for the chain is "
            f"{head.key_id}): SECRET_KEY or FORMER_SECRET_KEYS must hold it"
        )


def _check_piece(db: Session, *, after: int, keys: ChainKeys, result: Checked) -> int:
    """Check a piece; the position it ends with."""
    links = select(LINKS).where(LINKS.c.position > after).order_by(LINKS.c.position).limit(PIECE).subquery()
    rows = db.execute(
        select(
            links.c.position, links.c.event_id, links.c.hash, links.c.key_id, links.c.mac, links.c.resumed
        ).order_by(links.c.position)
    ).all()
    events = {
        row.id: row
        for row in db.execute(select(EVENTS).where(EVENTS.c.id.in_([row.event_id for row in rows])))
    }
    previous: str | None = ""
    if after:
        previous = db.execute(select(LINKS.c.hash).where(LINKS.c.position == after)).scalar()
    position = after
    for link in rows:
        if link.position != position + 1:
            result.fault(f"links {position + 1} to {link.position - 1} are gone")
            previous = None
        position = link.position
        event = events.get(link.event_id)
        where = f"audit line {link.event_id} (link {link.position}"
        if event is None:
            result.fault(f"{where}) is gone")
        elif previous is not None and digest(previous, event) != link.hash:
            result.fault(f"{where}, of {event.at!s:.16} UTC) or its link was changed")
        if link.mac is not None and keys.verifies(link) is False:
            result.fault(f"{where}): the links up to here were recomputed with another key")
        if link.resumed:
            result.fault(
                f"{where}): the links before were signed under a key that was not here. Where SECRET_KEY was not lost "
                "then, they were replaced"
            )
        previous = link.hash
    return position if rows else result.total


def _unlinked_lines(db: Session, first: int, result: Checked) -> None:
    """Lines that have no link: the newest wait, older ones were put in between."""
    start = db.execute(select(func.min(LINKS.c.event_id)).where(LINKS.c.position > first)).scalar() or 0
    latest = select(LINKS.c.event_id).order_by(LINKS.c.position.desc()).limit(LATE).subquery()
    floor = db.execute(select(func.min(latest.c.event_id))).scalar() or 0
    linked = select(LINKS.c.position).where(LINKS.c.event_id == EVENTS.c.id).exists()
    lost = select(func.count(), func.min(EVENTS.c.id)).where(EVENTS.c.id <= floor, ~linked)
    if first:
        lost = lost.where(EVENTS.c.id >= start)
    count, least = db.execute(lost).one()
    if count:
        result.fault(
            f"{count} audit lines are not in the chain, the first is line {least}: they were put in past it"
        )
    result.waiting = db.execute(select(func.count()).where(EVENTS.c.id > floor, ~linked)).scalar() or 0
