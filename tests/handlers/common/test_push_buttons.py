"""Every button below a push leads to a route that its reader may take."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlmodel import Session, select

from bot.core.context import PublicInfo
from bot.core.screens import rows_from_json
from bot.services import accounts, cooperation, qualification
from bot.services.cooperation import contracts, termination
from bot.services.cooperation.requests import COOPERATION_WORKFLOW
from bot.services.qualification import decisions
from bot.services.qualification.requests import QUALIFICATION_WORKFLOW
from conversations.catalogue import ALL
from conversations.engine.engine import Engine
from handlers import all_routes
from storage.database.database import Database
from storage.enums import RejectReason, Role
from storage.tables import Grant, Push
from tests.support import jobs
from tests.support.factories.cooperation import (
    accepted_request,
    active_contract,
    cooperation_request,
    parties,
)
from tests.support.factories.people import expert, officer, participants
from tests.support.factories.qualification import submitted_request, unpaid_request
from tests.support.factories.reference_data import NOW, PUBLIC_URL


def cause_pushes_of_a_request(db: Session) -> None:
    """Everything that a push of a qualification request tells of."""
    people = participants(db)
    qualification.withdraw(db, actor=people.sara, request_id=unpaid_request(db, people).id or 0, now=NOW)
    common = {"request_id": submitted_request(db, people.sara).id or 0, "now": NOW}
    decisions.declare_deficiencies(db, actor=people.ali, items=["father_name"], **common)
    jobs.send_reminders(db, now=NOW + timedelta(days=3))
    qualification.resolve(db, actor=people.sara, answers={"father_name": "حسن"}, **common)
    jobs.send_reminders(db, now=NOW + timedelta(days=11))
    expert_id = people.zahra.account_id or 0
    QUALIFICATION_WORKFLOW.assign(db, actor=people.in_charge, expert_id=expert_id, **common)
    QUALIFICATION_WORKFLOW.release(db, actor=people.in_charge, **common)
    jobs.send_reminders(db, now=NOW + timedelta(days=11))
    decisions.reject(db, actor=people.ali, reason=RejectReason.WRONG_REGION, **common)
    qualification.start_draft(db, actor=people.sara, now=NOW)
    jobs.abandoned_drafts(db, now=NOW + timedelta(days=340))
    for grant in db.exec(select(Grant).where(Grant.university_code == "sums")):
        grant.active = False
    db.flush()
    submitted_request(db, officer(db))
    expert(db, "جدید")


def cause_pushes_of_cooperation(db: Session) -> None:
    """Everything that a push of a cooperation tells of."""
    people = parties(db)
    kian = people.kian
    rejected = cooperation_request(db, kian, people.sara)
    jobs.send_reminders(db, now=NOW + timedelta(days=3))
    cooperation.reject(db, actor=people.sara, request_id=rejected.id or 0, now=NOW)
    withdrawn = cooperation_request(db, kian, people.sara)
    cooperation.withdraw(db, actor=kian.manager, request_id=withdrawn.id or 0, now=NOW)
    refused = accepted_request(db, kian, people.sara)
    common = {"request_id": refused.id or 0, "now": NOW}
    COOPERATION_WORKFLOW.claim(db, actor=people.ali, **common)
    COOPERATION_WORKFLOW.assign(db, actor=people.in_charge, expert_id=people.zahra.account_id or 0, **common)
    jobs.send_reminders(db, now=NOW + timedelta(days=11))
    cooperation.university_reject(db, actor=people.zahra, reason="خارج از حوزه", **common)
    cooperation_request(db, people.arad, people.sara)
    contract = active_contract(db, kian, people.sara, people.ali)
    contracts.free(db, actor=kian.manager, contract_id=contract.id or 0, now=NOW)
    contract = active_contract(db, kian, people.sara, people.ali)
    by_staff = {"actor": people.staff, "account_id": people.sara.account_id or 0, "now": NOW}
    public_info = PublicInfo("021", "https://x")
    accounts.suspend(db, reason="به درخواست اداره کل", public_info=public_info, death=False, **by_staff)
    accounts.lift(db, reason="رفع مانع شد", **by_staff)
    by_sara = {"actor": people.sara, "now": NOW}
    draft = termination.draft(db, contract_id=contract.id or 0, reason="تغییر محل خدمت", **by_sara)
    termination.finalise(db, termination_id=draft.id or 0, **by_sara)


@pytest.mark.parametrize(
    ("cause", "kinds", "actions"),
    [
        (
            cause_pushes_of_a_request,
            {"N3", "N4", "N5", "N6", "N10", "N11", "N20", "N22", "alert"},
            {"qual.fix", "qual.new", "qual.draft", "qual.track", "desk.queue", "desk.file"}
            | {"staff.alert", "staff.new_expert", "staff.university"},
        ),
        (
            cause_pushes_of_cooperation,
            {f"N{number}" for number in (10, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 24)},
            {
                "centers",
                "coop.view",
                "desk.coop_file",
                "dist.branch",
                "dist.pick",
                "dist.request",
                "term.confirm",
            },
        ),
    ],
    ids=["qualification", "cooperation"],
)
async def test_every_button_leads_to_a_route_of_its_reader(
    database: Database, cause: Callable[[Session], None], kinds: set[str], actions: set[str]
) -> None:
    await database.run(lambda db: check_buttons(db, cause, kinds, actions))


def check_buttons(db: Session, cause: Callable[[Session], None], kinds: set[str], actions: set[str]) -> None:
    routes = all_routes(Engine(ALL)).by_action
    cause(db)
    roles: dict[int, set[Role]] = {}
    for grant in db.exec(select(Grant)):
        roles.setdefault(grant.account_id, set()).add(grant.role)
    found: set[str] = set()
    pushes = db.exec(select(Push)).all()
    for push in pushes:
        for button in (button for row in rows_from_json(push.buttons) for button in row):
            assert len(button.label) <= 20
            if button.press is None:
                assert button.url is not None
                assert button.url.startswith(PUBLIC_URL)
                continue
            found.add(button.press.action)
            route = routes[button.press.action]
            assert push.account_id is not None
            assert route.roles & roles.get(push.account_id, {Role.OFFICER}), button
            in_a_role = not route.roles & {Role.OFFICER, None}
            assert (push.grant_id is not None) is in_a_role, f"{push.key}: told in a role or not"
    assert {push.kind for push in pushes} == kinds
    assert found == actions
