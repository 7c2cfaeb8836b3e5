"""The import of a file from its first byte to the last row: read, check, hash, store in batches, report."""

from __future__ import annotations

import asyncio
import hmac
import logging
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path

from sqlalchemy.exc import InterfaceError, OperationalError
from sqlmodel import Session

from bot.core.context import Actor
from bot.legacy_import import store
from bot.legacy_import.columns import Layout, label, read_header, require_columns
from bot.legacy_import.duplicates import SeenCodes
from bot.legacy_import.open_table import open_table
from bot.legacy_import.readers.table import ImportTable, UnusableFile
from bot.legacy_import.report import ImportReport
from bot.legacy_import.row_parser import DistributorRow, OfficerRow, ReferenceCodes, RowError, read_line
from bot.legacy_import.store import Result, RowResult
from bot.security import passwords as typed
from bot.security.passwords import Passwords
from bot.texts import t
from bot.texts.formats import TEHRAN
from storage.database.database import Database
from storage.tables.column_types import utcnow

log = logging.getLogger(__name__)

#: Rows of one transaction: few enough that a running bot does not wait noticeably.
BATCH = 200
#: Rows that are looked at before anything is stored, and those that a trial shows as they would be stored.
SAMPLE, SHOWN = 50, 3

#: Whether a heading (first) means a column (second, its name in English).
Ask = Callable[[str, str], bool]


def refuse_to_guess(heading: str, column: str) -> bool:
    """The answer where nobody can be asked. Raises UnusableFile, which says how to answer beforehand."""
    raise UnusableFile("doubtful_column", heading=heading, column=label(column), name=column)


@dataclass(slots=True)
class Totals:
    """Counts of rows; `untouched` is not among `unchanged`."""

    read: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    untouched: int = 0
    refused: int = 0
    #: Made on the way.
    distributors: int = 0
    #: Whose password an earlier row has too; they are taken in.
    same_password: int = 0
    unknown_columns: tuple[str, ...] = ()
    sheet: str = ""
    header_row: int = 1
    #: Of a trial: the first rows as they would be stored.
    shown: list[OfficerRow | DistributorRow] = field(default_factory=list)

    def count(self, outcome: RowResult) -> None:
        setattr(self, outcome.result.value, getattr(self, outcome.result.value) + 1)
        self.distributors += outcome.new_distributor


class _Undo(Exception):
    """Carries the outcomes of a trial out of a transaction that is rolled back."""

    def __init__(self, outcomes: list[RowResult]) -> None:
        self.outcomes = outcomes


def _same(path: Path, other: Path) -> bool:
    return path.resolve() == other.resolve()


@dataclass(slots=True)
class LegacyImport:
    """One import. `progress` hears how many units of how many (0: unknown) are read."""

    database: Database
    passwords: Passwords
    actor: Actor
    dry_run: bool = False
    progress: Callable[[int, int], None] = lambda done, size: None
    ask: Ask = refuse_to_guess
    #: What is known of headings beforehand: heading → column, or None for one that is not to be read.
    decided: dict[str, str | None] = field(default_factory=dict)
    totals: Totals = field(default_factory=Totals)
    _seen: SeenCodes = field(default_factory=SeenCodes)
    #: Passwords are compared by a digest under a key that nobody has.
    _key: bytes = field(default_factory=lambda: secrets.token_bytes(32))

    async def run(self, path: Path, report_path: Path) -> Totals:
        """Raises UnusableFile; what was stored before a file broke off stays."""
        if _same(report_path, path):
            raise UnusableFile("report_path", path=report_path)
        sheet = open_table(path)
        layout = self._layout(sheet)
        self.totals.unknown_columns = layout.unknown
        self.totals.sheet, self.totals.header_row = sheet.sheet, sheet.header_row
        today = utcnow().astimezone(TEHRAN).date()
        lists = await self.database.read(lambda db: store.reference_codes(db, today=today))
        with ImportReport(report_path) as report:
            if layout.unknown:
                names = "، ".join(layout.unknown)
                report.add(RowError(0, "", "", t("import.unknown_columns", columns=names)))
            await self._all(sheet, layout, lists, report)
        self._seen.close()
        return self.totals

    def _layout(self, sheet: ImportTable) -> Layout:
        layout = read_header(sheet.header, self.decided)
        answers = {
            heading: column if self.ask(heading, column) else None for heading, column in layout.doubtful
        }
        layout = read_header(sheet.header, self.decided | answers)
        sample = list(islice(sheet.lines, SAMPLE))
        require_columns(layout, sheet.header, sample)
        sheet.lines = chain(sample, sheet.lines)
        return layout

    async def _all(
        self, sheet: ImportTable, layout: Layout, lists: ReferenceCodes, report: ImportReport
    ) -> None:
        """Hash one batch while the one before is stored."""
        storing: asyncio.Task[None] | None = None
        try:
            for batch, position in self._batches(sheet, layout, lists, report):
                hashes = await self._hash(batch)
                if storing is not None:
                    await storing
                storing = asyncio.create_task(self._store(batch, hashes, report))
                self.progress(position, sheet.size)
        finally:
            if storing is not None:
                await storing

    def _batches(
        self, sheet: ImportTable, layout: Layout, lists: ReferenceCodes, report: ImportReport
    ) -> Iterator[tuple[list[OfficerRow | DistributorRow], int]]:
        batch: list[OfficerRow | DistributorRow] = []
        position = read = 0
        for line in sheet.lines:
            position, read = line.position, read + 1
            parsed = read_line(line, layout, lists)
            if parsed is None:
                continue
            self.totals.read += 1
            if not isinstance(parsed, list):
                parsed = self._doubled(parsed) or parsed
            if isinstance(parsed, list):
                self.totals.refused += 1
                for mistake in parsed:
                    report.add(mistake)
            else:
                batch.append(parsed)
                if self.dry_run and len(self.totals.shown) < SHOWN:
                    self.totals.shown.append(parsed)
            if read >= BATCH:
                yield batch, position
                batch, read = [], 0
        yield batch, position

    def _doubled(self, row: OfficerRow | DistributorRow) -> list[RowError]:
        """A code that an earlier row of this file had already."""
        if isinstance(row, DistributorRow):
            return []
        for column, code, key in (
            ("national_code", row.national_code, "twice_in_file"),
            ("user_code", row.user_code, "user_code_twice_in_file"),
        ):
            first = self._seen.first(column, code, row.row)
            if first != row.row:
                return [RowError(row.row, label(column), code, t(f"import.{key}", row=first))]
        return []

    def _note_password(self, row: OfficerRow, report: ImportReport) -> None:
        """Report an officer whose password an earlier row of this file has too."""
        secret = (row.password or row.password_hash or "").encode()
        digest = hmac.digest(self._key, secret, "sha256").hex()
        first = self._seen.first("password", digest, row.row)
        if first != row.row:
            self.totals.same_password += 1
            report.add(RowError(row.row, label("password"), "", t("import.same_password", row=first)))

    async def _hash(self, batch: Sequence[OfficerRow | DistributorRow]) -> dict[int, str]:
        """Hashes of the plain passwords of those who are new."""
        plain = [row for row in batch if isinstance(row, OfficerRow) and row.password is not None]
        if not plain:
            return {}
        codes = [row.national_code for row in plain]
        known = await self.database.read(lambda db: store.known_codes(db, codes))
        new = [row for row in plain if row.national_code not in known]
        if self.dry_run:
            return {row.row: "" for row in plain}
        made = await asyncio.gather(*(self.passwords.hash(typed.normal(row.password or "")) for row in new))
        return {row.row: hashed for row, hashed in zip(new, made, strict=True)}

    async def _store(
        self, batch: list[OfficerRow | DistributorRow], hashes: dict[int, str], report: ImportReport
    ) -> None:
        if not batch:
            return
        for row, outcome in zip(batch, await self._settle(batch, hashes), strict=True):
            self.totals.count(outcome)
            if isinstance(row, OfficerRow) and outcome.result is Result.CREATED:
                self._note_password(row, report)
            if outcome.mistake is not None:
                report.add(outcome.mistake)

    async def _settle(
        self, batch: list[OfficerRow | DistributorRow], hashes: dict[int, str]
    ) -> list[RowResult]:
        """A batch in one transaction; if it fails as a whole, each row alone, so that one cannot spoil the
        rest."""
        now = utcnow()

        def unit(db: Session) -> list[RowResult]:
            outcomes = store.store_batch(db, batch=batch, hashes=hashes, actor=self.actor, now=now)
            if self.dry_run:
                db.flush()
                raise _Undo(outcomes)
            return outcomes

        try:
            return await self.database.run(unit)
        except _Undo as undo:
            return undo.outcomes
        except (OperationalError, InterfaceError, OSError):
            raise  # the database is gone, or busy: not the row's fault
        except Exception:
            if len(batch) > 1:
                return [result for row in batch for result in await self._settle([row], hashes)]
            number = secrets.randbelow(900_000) + 100_000
            log.exception("import: row %s failed (%s)", batch[0].row, number)
            mistake = RowError(batch[0].row, "", "", t("import.row_failed", n=number))
            return [RowResult(batch[0].row, Result.REFUSED, mistake)]
