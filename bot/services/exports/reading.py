"""An export as a whole: its rows piece by piece, what it is of, and the sums.

Each piece is a unit of its own on a connection for large reads, so that nobody waits for an export: a file that changes
meanwhile stands as it is when its piece is read, none stands twice.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial

from sqlmodel import Session

from bot.core.context import Actor
from bot.reports.model import RowExport
from bot.services.exports import rows
from bot.services.exports.wanted import (
    MOST_ROWS,
    STATES,
    ExportKind,
    Wanted,
    period,
    state_name,
    university_of,
)
from bot.services.shared.reference_data import university_name
from bot.texts import t
from bot.texts.formats import jalali_time, number
from storage.database.database import Database


async def read(database: Database, *, actor: Actor, wanted: Wanted, now: datetime) -> RowExport:
    """The rows, with what they are of. Raises NotAllowed."""
    found: list[tuple[rows.Cell, ...]] = []
    below: int | None = None
    while len(found) <= MOST_ROWS:
        piece = await database.read(
            partial(rows.piece, actor=actor, wanted=wanted, now=now, below=below), large=True
        )
        found += [row for _, row in piece]
        if len(piece) < rows.PIECE:
            break
        below = piece[-1][0]
    return await database.read(partial(_whole, actor=actor, wanted=wanted, now=now, found=found), large=True)


def _whole(
    db: Session, *, actor: Actor, wanted: Wanted, now: datetime, found: list[tuple[rows.Cell, ...]]
) -> RowExport:
    university, head = university_of(db, actor, wanted), rows.head(wanted.kind)
    shown, rial = found[:MOST_ROWS], t("export.rial")
    about = [(t("export.about_period"), period(wanted.days, now))]
    if wanted.kind is not ExportKind.LETTERS:
        place = university_name(db, university) if university else t("export.all")
        about.append((t("export.about_university"), place))
    if wanted.kind in STATES:
        about.append((t("export.about_state"), rows.words(state_name(wanted.kind, wanted.state))))
    about.append((t("export.about_time"), jalali_time(now)))
    about.append((t("export.about_rows"), number(len(shown))))
    if len(found) > MOST_ROWS:
        about.append((t("export.about_left"), t("export.left", n=number(MOST_ROWS))))
    sums = tuple(
        sum(value for row in shown if isinstance(value := row[at], int)) if rial in name else None
        for at, name in enumerate(head)
    )
    return RowExport(rows.words(t(f"export.kind.{wanted.kind}")), tuple(about), head, shown, sums)
