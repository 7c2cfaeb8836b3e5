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
from tests.support.factories.cooperation import (
    Parties,
    accepted_request,
    active_contract,
    cooperation_request,
    parties,
)
from tests.support.factories.reference_data import NOW


def everything_that_is_told(db: Session, people: Parties) -> None:
    """A life that causes every push of cooperation."""
    kian = people.kian
    rejected = cooperation_request(db, kian, people.sara)
    schedule.send_reminders(db, now=NOW + timedelta(days=3))
    cooperation.reject(db, actor=people.sara, request_id=rejected.id or 0, now=NOW)
    withdrawn = cooperation_request(db, kian, people.sara)
    cooperation.withdraw(db, actor=kian.manager, request_id=withdrawn.id or 0, now=NOW)
    refused = accepted_request(db, kian, people.sara)
    common = {"request_id": refused.id or 0, "now": NOW}
    COOPERATION_WORKFLOW.claim(db, actor=people.ali, **common)
    COOPERATION_WORKFLOW.assign(db, actor=people.in_charge, expert_id=people.zahra.account_id or 0, **common)
    schedule.send_reminders(db, now=NOW + timedelta(days=11))
    cooperation.university_reject(db, actor=people.zahra, reason="خارج از حوزه", **common)
    cooperation_request(db, people.arad, people.sara)
    contract = active_contract(db, kian, people.sara, people.ali)
    contracts.free(db, actor=kian.manager, contract_id=contract.id or 0, now=NOW)
    contract = active_contract(db, kian, people.sara, people.ali)
    accounts.suspend(
        db,
        actor=people.staff,
        account_id=people.sara.account_id or 0,
        reason="به درخواست اداره کل",
        public_info=PublicInfo("021", "https://x"),
        now=NOW,
    )
    accounts.lift(
        db, actor=people.staff, account_id=people.sara.account_id or 0, reason="رفع مانع شد", now=NOW
    )
    draft = termination.draft(
        db, actor=people.sara, contract_id=contract.id or 0, reason="تغییر محل خدمت", now=NOW
    )
    termination.finalise(db, actor=people.sara, termination_id=draft.id or 0, now=NOW)


async def test_every_door_of_a_push_opens(database: Database) -> None:
    table = all_routes(Engine(ALL))

    def unit(db: Session) -> None:
        people = parties(db)
        everything_that_is_told(db, people)
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
