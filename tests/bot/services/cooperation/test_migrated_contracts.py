"""Contracts that come from the old system: one in force at a time, and the same one twice is one."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlmodel import Session, select

from bot.core.context import SYSTEM
from bot.core.refusals import Refusal
from bot.services.cooperation import contracts
from storage.database.database import Database
from storage.enums import ContractState
from storage.tables import Contract, Officer
from tests.support.cooperation_data import NOW, Centers, Firm, open_centers

BEFORE = datetime(2020, 3, 20, 8, 30, tzinfo=UTC)


def add(db: Session, centers: Centers, firm: Firm) -> Contract:
    return contracts.add_migrated(
        db,
        actor=SYSTEM,
        account_id=centers.sara.account_id or 0,
        distributor_id=firm.id,
        started_at=BEFORE,
        now=NOW,
    )


async def test_an_officer_at_work_gets_no_second_contract(database: Database) -> None:
    def unit(db: Session) -> None:
        centers = open_centers(db)
        first = add(db, centers, centers.kian)

        with pytest.raises(Refusal) as refused:
            add(db, centers, centers.arad)

        assert refused.value.key == "error.officer_not_free"
        assert add(db, centers, centers.kian).id == first.id
        [only] = db.exec(select(Contract)).all()
        assert (only.distributor_id, only.branch_id, only.migrated) == (
            centers.kian.id,
            centers.kian.central,
            True,
        )
        assert (only.state, only.started_at) == (ContractState.ACTIVE, BEFORE)

    await database.run(unit)


async def test_after_the_first_has_ended_another_one_may_come(database: Database) -> None:
    def unit(db: Session) -> None:
        centers = open_centers(db)
        ended = add(db, centers, centers.kian)
        contracts.free(db, actor=centers.kian.boss, contract_id=ended.id or 0, now=NOW)

        assert add(db, centers, centers.arad).distributor_id == centers.arad.id

    await database.run(unit)


@pytest.mark.parametrize("qualified", [True, False], ids=["approved here", "never approved here"])
async def test_who_came_with_a_contract_counts_as_qualified(database: Database, qualified: bool) -> None:
    def unit(db: Session) -> None:
        centers = open_centers(db)
        officer = db.get_one(Officer, centers.sara.account_id)
        officer.qualified_at = NOW if qualified else None
        db.flush()
        before = officer.version

        add(db, centers, centers.kian)

        db.refresh(officer)
        assert officer.legacy_qualified is not qualified
        assert officer.version == before + (not qualified)

    await database.run(unit)
