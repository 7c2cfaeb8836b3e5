"""Lists of contracts: each side sees and counts its own alone, page by page."""

from __future__ import annotations

import pytest
from sqlmodel import Session

from bot.core.context import SYSTEM, Actor
from bot.core.refusals import NotAllowed
from bot.services.cooperation import contracts
from storage.database.database import Database
from storage.tables import Contract
from tests.support.cooperation_data import NOW, Firm, open_centers


def contract(db: Session, officer: Actor, firm: Firm) -> Contract:
    return contracts.add_migrated(
        db, actor=SYSTEM, account_id=officer.account_id or 0, distributor_id=firm.id, started_at=NOW, now=NOW
    )


async def test_each_side_counts_its_own(database: Database) -> None:
    def unit(db: Session) -> None:
        centers = open_centers(db)
        sara, mina, kian, arad = centers.sara, centers.mina, centers.kian, centers.arad
        ended = contract(db, sara, kian)
        contracts.free(db, actor=kian.boss, contract_id=ended.id or 0, now=NOW)
        present, other = contract(db, sara, arad), contract(db, mina, arad)

        def ids(page: contracts.ContractPage) -> tuple[list[int | None], int]:
            return [one.contract.id for one in page.lines], page.total

        assert ids(contracts.history(db, actor=sara)) == ([present.id, ended.id], 2)
        assert ids(contracts.history(db, actor=sara, offset=1, limit=1)) == ([ended.id], 2)
        assert ids(contracts.history(db, actor=mina)) == ([other.id], 1)
        assert ids(contracts.of_distributor(db, actor=kian.boss)) == ([], 0)
        assert ids(contracts.of_distributor(db, actor=arad.deputy)) == ([present.id, other.id], 2)
        assert ids(contracts.of_distributor(db, actor=arad.boss, offset=1, limit=5)) == ([other.id], 2)
        assert [one.id for one in contracts.at_branch(db, arad.central)] == [present.id, other.id]
        assert contracts.at_branch(db, kian.central) == []

    await database.run(unit)


async def test_who_is_no_side_of_a_contract_does_not_see_it(database: Database) -> None:
    def unit(db: Session) -> None:
        centers = open_centers(db)
        made = contract(db, centers.sara, centers.kian).id or 0
        for who in (centers.sara, centers.kian.boss, centers.kian.deputy, centers.office.staff):
            assert contracts.view_contract(db, actor=who, contract_id=made).contract.id == made
        for who in (centers.mina, centers.arad.boss, centers.office.ali):
            with pytest.raises(NotAllowed):
                contracts.view_contract(db, actor=who, contract_id=made)
        for who in (centers.kian.boss, centers.office.ali, centers.office.staff):
            with pytest.raises(NotAllowed):
                contracts.history(db, actor=who)

    await database.run(unit)
