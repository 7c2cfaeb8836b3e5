"""The machine's clock is put forward by years: nothing is removed for ever by a date that nobody has lived with."""

from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlmodel import Session, col, func, select

from bot.core.context import SYSTEM, PublicInfo
from bot.documents.blob_store import FolderStore, new_key
from bot.documents.encryption import DocumentCipher
from bot.documents.inspection_pool import InspectionPool
from bot.documents.library import DocumentLibrary
from bot.jobs import schedule
from bot.jobs.clock_guard import clock_holds
from bot.services import qualification
from bot.services.qualification import decisions
from bot.services.qualification.requests import QUALIFICATION_WORKFLOW
from bot.services.shared import audit
from storage.database.database import Database
from storage.enums import InboxState, Messenger, RejectReason
from storage.tables import Draft, InboxUpdate, StoredFile
from storage.tables.column_types import utcnow
from tests.support.factories.people import Participants, officer, participants
from tests.support.factories.qualification import submitted_request

DAY = timedelta(days=1)
YEARS = timedelta(days=2 * 366)
REMOVING = {"abandoned-drafts", "retention", "orphaned-files", "old-updates", "expired-drafts"}


def something_happens(db: Session, at: datetime) -> None:
    audit.record(db, now=at, actor=SYSTEM, event="seen", subject="account", subject_id=1)


def update(db: Session, at: datetime, number: int) -> None:
    row = InboxUpdate(messenger=Messenger.BALE, update_id=number, raw="{}", state=InboxState.ANSWERED)
    row.received_at = at
    db.add(row)


class Service:
    """With one of everything that goes some day: papers of a rejected request, a draft, an update, an orphan."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        # By day in Tehran, whenever the test runs: a draft is announced by day only.
        self.began = self.now = utcnow().replace(hour=8)
        self.store = FolderStore(folder)
        self.orphan = new_key()
        self.swept: list[datetime] = []
        papers = DocumentLibrary(self.store, DocumentCipher("secret"), InspectionPool())
        self.resources: Any = SimpleNamespace(
            database=database,
            documents=papers,
            clock=lambda: self.now,
            public_info=PublicInfo("021", "https://x"),
        )

    async def fill(self) -> None:
        def unit(db: Session) -> None:
            people: Participants = participants(db)
            common: dict[str, Any] = {"actor": people.ali, "now": self.began}
            common["request_id"] = submitted_request(db, people.sara, self.began).id
            QUALIFICATION_WORKFLOW.claim(db, **common)
            decisions.reject(db, **common, reason=RejectReason.OTHER, text="مدارک خوانا نیست.")
            mina = officer(db)
            request = qualification.start_draft(db, actor=mina, now=self.began)
            db.add(
                Draft(
                    account_id=mina.account_id,
                    dialogue="qualification",
                    subject_id=request.id or 0,
                    updated_at=self.began,
                )
            )
            update(db, self.began, 1)
            for file in db.exec(select(StoredFile)):
                file.original_key, file.shown_key = new_key(), new_key()

        await self.database.run(unit)
        await self.store.put(self.orphan, b"sealed")

    async def sweep(self) -> None:
        for name, _, sweep in schedule.sweeps(self.resources, drafts=lambda db, now: self.swept.append(now)):
            if name in REMOVING:
                await sweep()

    async def left(self) -> dict[str, int]:
        def look(db: Session) -> dict[str, int]:
            there = select(func.count()).select_from(StoredFile).where(col(StoredFile.removed_at).is_(None))
            return {
                "papers": db.exec(there).one(),
                "drafts": db.exec(select(func.count()).select_from(Draft)).one(),
                "updates": db.exec(select(func.count()).select_from(InboxUpdate)).one(),
            }

        return await self.database.read(look) | {"orphans": int(await self.store.exists(self.orphan))}


@pytest.fixture
async def service(database: Database, tmp_path: Path) -> Service:
    service = Service(database, tmp_path / "files")
    await service.fill()
    return service


async def test_a_clock_that_is_two_years_ahead_removes_nothing(service: Service) -> None:
    before = await service.left()
    assert all(before.values())
    # Wrong for a whole day, while people are about; then set right.
    for hours in range(0, 24, 6):
        service.now = service.began + YEARS + timedelta(hours=hours)
        await service.database.run(lambda db: something_happens(db, service.now))
        await service.sweep()
    service.now = service.began + DAY
    await service.sweep()
    assert await service.left() == before
    assert service.swept == []


async def test_a_service_with_one_event_a_week_removes_what_is_over(service: Service) -> None:
    """Also what must first be announced, and goes a month after that."""
    for day in range(7 * 7):
        service.now = service.began + YEARS + day * DAY
        if day % 7 == 0:
            await service.database.run(lambda db: something_happens(db, service.now))
        await service.sweep()
    assert set((await service.left()).values()) == {0}
    assert service.swept


@pytest.mark.parametrize(
    ("days", "holds"),
    [
        ((), False),
        ((1,), False),
        ((3,), True),
        ((9,), False),
        ((9, 1), False),
        ((3, 1), True),
        ((3, -700), True),
        ((3, 9000, 1), False),
    ],
    ids=[
        "nobody was ever here",
        "new, or put forward yesterday",
        "lately",
        "long ago",
        "long ago, and since it was put forward",
        "always",
        "was ahead meanwhile",
        "was far behind meanwhile: it is waited for two days more",
    ],
)
async def test_when_a_clock_holds(database: Database, days: tuple[int, ...], holds: bool) -> None:
    now = utcnow()

    def unit(db: Session) -> None:
        for ago in days:
            something_happens(db, now - ago * DAY)
        assert clock_holds(db, now=now) is holds

    await database.run(unit)


async def test_people_who_only_knock_are_enough(database: Database) -> None:
    now = utcnow()

    def unit(db: Session) -> None:
        something_happens(db, now - 100 * DAY)
        update(db, now - 3 * DAY, 1)
        db.flush()
        assert clock_holds(db, now=now)

    await database.run(unit)
