"""Every button under a push of the request's life leads to a route that its reader may take."""

from datetime import timedelta

import pytest
from sqlmodel import Session, col, select

from bot.core.screens import rows_from_json
from bot.jobs import reminders, schedule
from bot.services import qualification
from bot.services.qualification import decisions
from bot.services.qualification.requests import QUALIFICATION_WORKFLOW
from conversations.catalogue import ALL
from conversations.engine.engine import Engine
from handlers import all_routes
from storage.database.database import Database
from storage.enums import RejectReason, Role
from storage.tables import Grant, Push
from tests.support.factories.people import Participants, expert, officer, participants
from tests.support.factories.qualification import submitted_request, unpaid_request
from tests.support.factories.reference_data import NOW, PUBLIC_URL


def everything_that_is_told(db: Session, people: Participants) -> None:
    """A life that causes every push of a request."""
    qualification.withdraw(db, actor=people.sara, request_id=unpaid_request(db, people).id or 0, now=NOW)
    request_id = submitted_request(db, people.sara).id or 0
    decisions.declare_deficiencies(
        db, actor=people.ali, request_id=request_id, items=["father_name"], now=NOW
    )
    schedule.send_reminders(db, now=NOW + timedelta(days=3))
    qualification.resolve(
        db, actor=people.sara, request_id=request_id, answers={"father_name": "حسن"}, now=NOW
    )
    schedule.send_reminders(db, now=NOW + timedelta(days=11))
    QUALIFICATION_WORKFLOW.assign(
        db, actor=people.in_charge, request_id=request_id, expert_id=people.zahra.account_id or 0, now=NOW
    )
    QUALIFICATION_WORKFLOW.release(db, actor=people.in_charge, request_id=request_id, now=NOW)
    schedule.send_reminders(db, now=NOW + timedelta(days=11))
    decisions.reject(db, actor=people.ali, request_id=request_id, reason=RejectReason.WRONG_REGION, now=NOW)
    qualification.start_draft(db, actor=people.sara, now=NOW)
    reminders.abandoned_drafts(db, now=NOW + timedelta(days=340))
    for grant in db.exec(select(Grant).where(Grant.university_code == "sums")):
        grant.active = False
    db.flush()
    submitted_request(db, officer(db))
    expert(db, "تازه")


async def test_every_door_of_a_push_opens(database: Database) -> None:
    table = all_routes(Engine(ALL))

    def unit(db: Session) -> None:
        people = participants(db)
        everything_that_is_told(db, people)
        roles: dict[int, set[Role]] = {}
        for grant in db.exec(select(Grant)):
            roles.setdefault(grant.account_id, set()).add(grant.role)
        kinds, doors = set(), set()
        for push in db.exec(select(Push).order_by(col(Push.id))):
            kinds.add(push.kind)
            for row in rows_from_json(push.buttons):
                for button in row:
                    assert len(button.label) <= 20
                    if button.press is None:
                        assert button.url is not None
                        assert button.url.startswith(PUBLIC_URL)
                        continue
                    doors.add(button.press.action)
                    route = table.by_action[button.press.action]
                    assert push.account_id is not None
                    assert route.roles & roles.get(push.account_id, {Role.OFFICER}), button
                    in_a_role = not route.roles & {Role.OFFICER, None}
                    assert (push.grant_id is not None) is in_a_role, f"{push.key}: told in a role or not"
        assert kinds == {"N3", "N4", "N5", "N6", "N10", "N11", "N20", "N22", "alert"}
        assert doors >= {"qual.fix", "qual.new", "qual.track", "qual.draft", "desk.queue", "desk.file"}

    await database.run(unit)


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """Buttons are the same on every database."""
    return sqlite_url
