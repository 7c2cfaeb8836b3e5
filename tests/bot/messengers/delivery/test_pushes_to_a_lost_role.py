"""What was queued for somebody in a role does not leave once the role is gone, though their chat is still theirs."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update
from sqlmodel import Session, col, select

from bot.core.screens import button
from bot.services.cooperation import notifications
from bot.services.review import queue_notices
from bot.services.shared import notify
from storage.enums import AccountState, PushState, Role
from storage.tables import Account, Grant, Push
from tests.support.factories.distributors import distributor
from tests.support.factories.people import officer
from tests.support.factories.qualification import submitted_request
from tests.support.factories.reference_data import add_reference_data
from tests.support.messenger_app import MessengerApp
from tests.support.pushes import all_pushes, log_in, until_pushes

AT = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def _give(db: Session, grants: list[Grant], role: Role, **where: object) -> None:
    """The grants become those of `role`."""
    for grant in grants:
        db.execute(update(Grant).where(col(Grant.id) == grant.id).values(role=role, **where))
        db.refresh(grant)


def _alert(db: Session, grants: list[Grant], role: Role) -> str:
    _give(db, grants, role)
    notify.alert_staff(db, key="x", text="پرداخت سارا کریمی با مرجع 201000009 بازگردانده شود", now=AT)
    return "201000009"


def _waiting(db: Session, grants: list[Grant], role: Role) -> str:
    add_reference_data(db)
    _give(db, grants, role, university_code="sums")
    submitted_request(db, officer(db, chat=False), AT)
    queue_notices.notify_waiting(db, university_code="sums", now=AT + timedelta(hours=1))
    return "پرونده در انتظار بررسی است"


def _of_distributor(db: Session, grants: list[Grant], role: Role) -> str:
    add_reference_data(db)
    made, _ = distributor(db)
    _give(db, grants, role, distributor_id=made.id)
    notifications.notify_managers(
        db,
        distributor_id=made.id or 0,
        kind="N14",
        event_key="cooperation:1:accepted",
        text="سارا کریمی درخواست کیان طب را پذیرفت",
        open_button=button("مشاهده", "dist.request", 1),
        now=AT,
    )
    return "سارا کریمی"


def _suspended(db: Session, grant: Grant) -> None:
    db.get_one(Account, grant.account_id).state = AccountState.SUSPENDED


def _taken_away(db: Session, grant: Grant) -> None:
    """The person stays logged in, as an officer."""
    grant.active = False
    db.add(Grant(account_id=grant.account_id, role=Role.OFFICER))


@pytest.mark.parametrize("lose", [_suspended, _taken_away], ids=lambda one: one.__name__)
@pytest.mark.parametrize(
    ("role", "tell"),
    [(Role.STAFF, _alert), (Role.EXPERT, _waiting), (Role.DISTRIBUTOR, _of_distributor)],
    ids=lambda one: getattr(one, "__name__", str(one)),
)
async def test_what_was_queued_before_the_role_went_is_not_sent(
    app: MessengerApp,
    role: Role,
    tell: Callable[[Session, list[Grant], Role], str],
    lose: Callable[[Session, Grant], None],
) -> None:
    gone, stays = app.emulators.telegram.person("رفته"), app.emulators.telegram.person("مانده")
    accounts = [await log_in(app, one) for one in (gone, stays)]

    def unit(db: Session) -> str:
        grants = list(db.exec(select(Grant).order_by(col(Grant.id))))
        said = tell(db, grants, role)
        assert {one.account_id for one in db.exec(select(Push))} == set(accounts), "both are told"
        lose(db, next(one for one in grants if one.account_id == accounts[0]))
        db.flush()
        return said

    said = await app.database.run(unit)
    app.service.outbox.wake()
    await stays.sees(said)

    async def settled() -> bool:
        found = {push.account_id: push.state for push in await all_pushes(app)}
        return found == dict(zip(accounts, (PushState.SKIPPED, PushState.SENT), strict=True))

    await app.until(settled)
    assert not [one.text for one in gone.history() if said in one.text]


async def test_no_sms_in_its_place(app: MessengerApp) -> None:
    """The short sentence is for whoever has no chat, not for whoever lost the role."""
    gone = app.emulators.telegram.person("رفته")
    account = await log_in(app, gone, role=Role.STAFF)

    def unit(db: Session) -> None:
        grant = db.exec(select(Grant)).one()
        words = {"text": "تأیید شد", "sms": "تأیید شد"}
        to = {"account_id": account, "grant_id": grant.id or 0}
        notify.push(db, kind="N16", event_key="x", now=AT, **words, **to)
        grant.active = False

    await app.database.run(unit)
    app.service.outbox.wake()
    await until_pushes(app, PushState.SKIPPED)
