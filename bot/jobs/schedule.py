"""What is done by the clock: sweeps over columns, never objects in memory.

Every sweep may run in several processes at once, and makes up for a downtime by itself.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import delete
from sqlmodel import Session, col, select

from bot.application.resources import Resources
from bot.jobs import clock_setback, digest, held_decisions, reminders, retention, team_report
from bot.jobs.clock_guard import clock_holds
from bot.services import payments, team
from bot.services.directorate import document_requirements
from bot.services.letters import letters
from bot.services.review import queue_notices, routing
from bot.services.search import lookup
from bot.services.shared import notify, rate_limit, upload_quota
from storage.enums import InboxState
from storage.tables import InboxUpdate, LeftGroup

#: A unit of work that only needs to know the time.
Unit = Callable[[Session, datetime], Any]
#: name (one word: it is found in the log as "timer:name"), interval in seconds, what to do
Sweep = tuple[str, float, Callable[[], Awaitable[Any]]]

MINUTE, HOUR = 60.0, 3600.0
#: The outbox has sent about a hundred pushes in this time, and wants more.
LETTERS = 3.0
#: A decision is made at most this long after the time for undoing it is over.
DECISIONS = 3.0
#: Messengers repeat an update for a day at most; what could not be read is kept longer, for people to look
#: at.
INBOX_LIFETIME, FAILED_INBOX_LIFETIME = timedelta(days=14), timedelta(days=90)
#: Rows that one unit deletes at most, so that other units do not wait for it.
PURGE_BATCH = 1000


def purge_inbox(db: Session, *, now: datetime) -> int:
    """Drop updates that were answered long ago, at most a batch; say how many."""
    kept_for = {
        InboxState.ANSWERED: INBOX_LIFETIME,
        InboxState.QUARANTINED: FAILED_INBOX_LIFETIME,
        InboxState.FAILED: FAILED_INBOX_LIFETIME,
    }
    gone = 0
    for state, span in kept_for.items():
        old = (
            select(InboxUpdate.id)
            .where(InboxUpdate.state == state, InboxUpdate.received_at < now - span)
            .order_by(col(InboxUpdate.id))
            .limit(PURGE_BATCH)
        )
        gone += db.exec(
            delete(InboxUpdate)
            .where(col(InboxUpdate.id).in_(old))
            .execution_options(synchronize_session=False)
        ).rowcount
    # A group that was left so long ago may be told again.
    db.exec(
        delete(LeftGroup)
        .where(col(LeftGroup.left_at) < now - INBOX_LIFETIME)
        .execution_options(synchronize_session=False)
    )
    return gone


def send_reminders(db: Session, *, now: datetime) -> None:
    """N20 to officers and experts."""
    reminders.remind_officers(db, now=now)
    reminders.remind_experts(db, now=now)


def raise_alerts(db: Session, *, now: datetime) -> None:
    """What staff must see: universities without experts, kinds without a tariff; again each day while it
    lasts."""
    routing.alert_where_no_expert(db, now=now)
    reminders.watch_tariffs(db, now=now)
    notify.repeat_alerts(db, now=now)


def sweeps(resources: Resources, *, drafts: Unit | None = None) -> list[Sweep]:
    """All sweeps; `bot.cli.serve` runs each at its interval, one that fails never stops the others.

    `drafts` is the dialogues' own sweep of expired drafts, `Engine.remove_expired`.
    """

    def unit(work: Callable[..., Any]) -> Callable[[], Awaitable[Any]]:
        async def run() -> Any:
            return await resources.database.run(lambda db: work(db, now=resources.clock()))

        return run

    def removing(remove: Callable[[datetime], Awaitable[Any]]) -> Callable[[], Awaitable[Any]]:
        """Deletion uses a time that was checked to be plausible."""

        async def run() -> Any:
            now = resources.clock()
            if await resources.database.read(lambda db: clock_holds(db, now=now)):
                await remove(now)

        return run

    def rows(work: Callable[..., Any]) -> Callable[[], Awaitable[Any]]:
        return removing(lambda now: resources.database.run(lambda db: work(db, now=now)))

    async def keep_no_longer(now: datetime) -> Any:
        await retention.remove_expired_notes(resources, now=now)
        await retention.remove_ended_invitations(resources, now=now)
        return await retention.remove_expired(resources, now=now)

    async def orphans(now: datetime) -> Any:
        return await resources.documents.remove_orphans(resources.database, now)

    listed: list[Sweep] = [
        ("decisions", DECISIONS, partial(held_decisions.make_due, resources)),
        ("payments", 2 * MINUTE, partial(payments.reconcile, resources)),
        ("letters", LETTERS, partial(letters.send_next_batches, resources)),
        ("clock", MINUTE, unit(clock_setback.pull_forward)),
        ("waiting-files", 5 * MINUTE, unit(queue_notices.follow_up)),
        ("reminders", 10 * MINUTE, unit(send_reminders)),
        ("leaves", 10 * MINUTE, unit(team.end_past_leaves)),
        ("document-rules", 10 * MINUTE, unit(document_requirements.keep_requirements)),
        (
            "digest",
            10 * MINUTE,
            unit(partial(digest.send_digests, overdue_days=resources.public_info.overdue_days)),
        ),
        (
            "team-reports",
            10 * MINUTE,
            unit(partial(team_report.send_team_reports, overdue_days=resources.public_info.overdue_days)),
        ),
        ("alerts", 10 * MINUTE, unit(raise_alerts)),
        ("abandoned-drafts", 6 * HOUR, rows(reminders.abandoned_drafts)),
        ("retention", 6 * HOUR, removing(keep_no_longer)),
        ("orphaned-files", 24 * HOUR, removing(orphans)),
        ("old-tries", HOUR, unit(rate_limit.forget_old_tries)),
        ("old-searches", HOUR, rows(lookup.forget_old_searches)),
        ("old-uploads", HOUR, unit(upload_quota.remove_old_counts)),
        ("old-updates", HOUR, rows(purge_inbox)),
    ]
    if drafts is not None:
        sweep = drafts
        listed.append(("expired-drafts", 6 * HOUR, rows(lambda db, *, now: sweep(db, now))))
    return listed
