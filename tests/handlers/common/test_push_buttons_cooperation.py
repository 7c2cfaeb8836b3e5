"""Every button under a push of cooperation leads to a route that its reader may take."""

from datetime import timedelta

import pytest
from sqlmodel import Session, select

from bot.core.context import PublicInfo
from bot.core.screens import rows_from_json
from bot.jobs import schedule
from bot.services import accounts, cooperation
from bot.services.cooperation import contracts, termination
from bot.services.cooperation.requests import COOPERATION_WORKFLOW
from conversations.catalogue import ALL
from conversations.engine.engine import Engine
from handlers import all_routes
from storage.database.database import Database
from storage.enums import Role
from storage.tables import Grant, Push
from tests.support.cooperation_data import Centers, accepted, employed, open_centers, picked
from tests.support.qualification_data import NOW


def everything_that_is_told(db: Session, centers: Centers) -> None:
    """A life that causes every push of cooperation."""
    office, kian = centers.office, centers.kian
    rejected = picked(db, centers, centers.sara)
    schedule.remind(db, now=NOW + timedelta(days=3))
    cooperation.reject(db, actor=centers.sara, request_id=rejected.id or 0, now=NOW)
    withdrawn = picked(db, centers, centers.sara)
    cooperation.withdraw(db, actor=kian.boss, request_id=withdrawn.id or 0, now=NOW)
    refused = accepted(db, centers, centers.sara)
    common = {"request_id": refused.id or 0, "now": NOW}
    COOPERATION_WORKFLOW.claim(db, actor=office.ali, **common)
    COOPERATION_WORKFLOW.assign(db, actor=office.head, expert_id=office.zahra.account_id or 0, **common)
    schedule.remind(db, now=NOW + timedelta(days=11))
    cooperation.university_reject(db, actor=office.zahra, reason="خارج از حوزه", **common)
    picked(db, centers, centers.sara, firm=centers.arad)
    contract = employed(db, centers, centers.sara)
    contracts.free(db, actor=kian.boss, contract_id=contract.id or 0, now=NOW)
    contract = employed(db, centers, centers.sara)
    accounts.suspend(
        db,
        actor=office.staff,
        account_id=centers.sara.account_id or 0,
        reason="به درخواست اداره کل",
        world=PublicInfo("021", "https://x"),
        now=NOW,
    )
    accounts.lift(
        db, actor=office.staff, account_id=centers.sara.account_id or 0, reason="رفع مانع شد", now=NOW
    )
    draft = termination.draft(
        db, actor=centers.sara, contract_id=contract.id or 0, reason="تغییر محل خدمت", now=NOW
    )
    termination.finalise(db, actor=centers.sara, termination_id=draft.id or 0, now=NOW)


async def test_every_door_of_a_push_opens(database: Database) -> None:
    table = all_routes(Engine(ALL))

    def unit(db: Session) -> None:
        centers = open_centers(db)
        everything_that_is_told(db, centers)
        roles: dict[int, set[Role]] = {}
        for grant in db.exec(select(Grant)):
            roles.setdefault(grant.account_id, set()).add(grant.role)
        kinds, doors = set(), set()
        for push in db.exec(select(Push)):
            kinds.add(push.kind)
            for button in (one for row in rows_from_json(push.buttons) for one in row):
                assert len(button.label) <= 20
                assert button.press is not None
                doors.add(button.press.action)
                route = table.by_action[button.press.action]
                assert route.roles & roles.get(push.account_id or 0, {Role.OFFICER}), button
                in_a_role = not route.roles & {Role.OFFICER, None}
                assert (push.grant_id is not None) is in_a_role, f"{push.key}: told in a role or not"
        assert {f"N{n}" for n in (10, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 24)} == kinds
        assert doors == {
            "centers",
            "coop.view",
            "desk.coop_file",
            "dist.branch",
            "dist.pick",
            "dist.request",
        }

    await database.run(unit)


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """Buttons are the same on every database."""
    return sqlite_url
