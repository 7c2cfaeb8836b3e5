"""What experts do with files of either kind, where the two differ or the person would be told wrongly."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event
from sqlmodel import Session

from bot.core.refusals import AlreadyDecided, Refusal, Stale
from bot.rules.qualification import QualificationAction
from bot.services import cooperation, qualification
from bot.services.cooperation.requests import COOPERATION_WORKFLOW
from bot.services.qualification import decisions, review
from bot.services.qualification.requests import QUALIFICATION_WORKFLOW
from storage.database.database import Database
from storage.enums import RejectReason, Role
from storage.tables import Grant
from tests.support.cooperation_data import Centers, accepted, open_centers
from tests.support.qualification_data import NOW, labels, pushes, submitted

LATER = NOW + timedelta(hours=5)


@pytest.fixture
async def centers(database: Database) -> Centers:
    return await database.run(open_centers)


def refused(db: Session, deed: Callable[[], Any]) -> Refusal | None:
    try:
        with db.begin_nested():
            deed()
    except Refusal as refusal:
        db.expire_all()
        return refusal
    return None


async def test_a_cooperation_request_waits_anew_in_new_hands(database: Database, centers: Centers) -> None:
    def unit(db: Session) -> None:
        office = centers.office
        request_id = accepted(db, centers, centers.sara).id or 0
        COOPERATION_WORKFLOW.claim(db, actor=office.ali, request_id=request_id, now=NOW + timedelta(hours=1))
        assert cooperation.LISTS.mine(db, actor=office.ali, now=LATER).oldest == timedelta(hours=4)
        zahra = office.zahra.account_id or 0
        COOPERATION_WORKFLOW.assign(
            db, actor=office.head, request_id=request_id, expert_id=zahra, now=NOW + timedelta(hours=3)
        )
        assert cooperation.LISTS.mine(db, actor=office.zahra, now=LATER).oldest == timedelta(hours=2)

    await database.run(unit)


async def test_a_qualification_file_waits_on_in_new_hands(database: Database, centers: Centers) -> None:
    def unit(db: Session) -> None:
        office = centers.office
        request_id = submitted(db, office.sara).id or 0
        QUALIFICATION_WORKFLOW.claim(
            db, actor=office.ali, request_id=request_id, now=NOW + timedelta(hours=1)
        )
        zahra = office.zahra.account_id or 0
        QUALIFICATION_WORKFLOW.assign(
            db, actor=office.head, request_id=request_id, expert_id=zahra, now=NOW + timedelta(hours=3)
        )
        assert review.LISTS.mine(db, actor=office.zahra, now=LATER).oldest == timedelta(hours=4)

    await database.run(unit)


async def test_nobody_gives_a_file_to_whom_it_is_about(database: Database, centers: Centers) -> None:
    """Also where they are experts of its university."""

    def unit(db: Session) -> None:
        head, officer, own = centers.office.head, centers.sara, centers.office.sara
        for actor in (officer, centers.kian.deputy, own):
            db.add(Grant(account_id=actor.account_id or 0, role=Role.EXPERT, university_code="sums"))
        db.flush()
        asked, file = accepted(db, centers, officer), submitted(db, own)
        for actor, assign, request in (
            (officer, COOPERATION_WORKFLOW.assign, asked),
            (centers.kian.deputy, COOPERATION_WORKFLOW.assign, asked),
            (own, QUALIFICATION_WORKFLOW.assign, file),
        ):
            given: dict[str, Any] = {"request_id": request.id, "expert_id": actor.account_id, "now": NOW}
            refusal = refused(db, lambda assign=assign, given=given: assign(db, actor=head, **given))
            assert refusal is not None, actor
            assert refusal.key == "error.not_expert_here"

    await database.run(unit)


async def test_who_loses_a_file_gets_no_door_to_it(database: Database, centers: Centers) -> None:
    def unit(db: Session) -> None:
        office = centers.office
        request_id = accepted(db, centers, centers.sara).id or 0
        common: dict[str, Any] = {"actor": office.head, "request_id": request_id, "now": NOW}
        COOPERATION_WORKFLOW.assign(db, expert_id=office.ali.account_id or 0, **common)
        COOPERATION_WORKFLOW.assign(db, expert_id=office.zahra.account_id or 0, **common)
        COOPERATION_WORKFLOW.release(db, **common)
        assert [labels(one) for one in pushes(db, office.ali, "N22")] == [["مشاهده"], []]
        assert [labels(one) for one in pushes(db, office.zahra, "N22")] == [["مشاهده"], []]

    await database.run(unit)


async def test_a_withdrawn_file_was_decided_by_no_colleague(database: Database, centers: Centers) -> None:
    """The late button of an expert brings the fresh screen; it names nobody who decided nothing."""

    def unit(db: Session) -> None:
        ali, zahra = centers.office.ali, centers.office.zahra
        asked = accepted(db, centers, centers.sara)
        late: dict[str, Any] = {"actor": zahra, "request_id": asked.id, "version": asked.version, "now": NOW}
        COOPERATION_WORKFLOW.claim(db, actor=ali, request_id=asked.id or 0, now=NOW)
        cooperation.withdraw(db, actor=centers.kian.boss, request_id=asked.id or 0, now=NOW)
        assert type(refused(db, lambda: cooperation.approve(db, **late))) is Stale

        file = submitted(db, centers.office.sara)
        late = late | {"request_id": file.id, "version": file.version}
        QUALIFICATION_WORKFLOW.claim(db, actor=ali, request_id=file.id or 0, now=NOW)
        QUALIFICATION_WORKFLOW.release(db, actor=ali, request_id=file.id or 0, now=NOW)
        qualification.withdraw(db, actor=centers.office.sara, request_id=file.id or 0, now=NOW)
        assert type(refused(db, lambda: QUALIFICATION_WORKFLOW.claim(db, **late))) is Stale

    await database.run(unit)


async def test_what_was_authorized_holds_only_for_the_row_as_it_was(
    database: Database, centers: Centers
) -> None:
    """Two experts may claim; who claims second is told of the first, and cannot decide with the older word either."""

    def unit(db: Session) -> None:
        ali, zahra = centers.office.ali, centers.office.zahra
        file = submitted(db, centers.office.sara)
        action: Any = QualificationAction.APPROVE
        approval = QUALIFICATION_WORKFLOW.check(db, file, actor=zahra, action=action)
        QUALIFICATION_WORKFLOW.claim(db, actor=ali, request_id=file.id or 0, now=NOW)
        refusal = refused(db, lambda: QUALIFICATION_WORKFLOW.change(db, approval, now=NOW))
        assert isinstance(refusal, AlreadyDecided)
        assert refusal.key == "error.already_claimed"
        assert QUALIFICATION_WORKFLOW.load(db, file.id or 0).reviewer_id == ali.account_id

    await database.run(unit)


async def test_an_action_asks_for_rights_once(database: Database, centers: Centers) -> None:
    """The grant is read once, in the transaction of the change."""

    def unit(db: Session) -> None:
        file = submitted(db, centers.office.sara)
        db.flush()
        asked = list[str]()

        def note(*arguments: Any) -> None:
            if "role_grant" in (statement := arguments[2]) and "SELECT account.state" in statement:
                asked.append(statement)

        event.listen(db.connection(), "before_cursor_execute", note)
        reason = RejectReason.INCORRECT_DATA
        decisions.reject(db, actor=centers.office.ali, request_id=file.id or 0, reason=reason, now=NOW)
        event.remove(db.connection(), "before_cursor_execute", note)
        assert len(asked) == 1

    await database.run(unit)
