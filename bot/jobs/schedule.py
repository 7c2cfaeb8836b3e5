"""What is done by the clock: sweeps over columns, never objects in memory.

Every sweep may run in several processes at once, and makes up for a downtime by itself.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial
from typing import Any

from sqlmodel import Session

from bot.application.resources import Resources
from bot.jobs import clock_setback, digest, held_decisions, push_texts, reminders, retention, team_report
from bot.jobs.batches import Batches, in_turn
from bot.services import payments, team
from bot.services.letters import letters
from bot.services.review import queue_notices, routing
from bot.services.search import lookup
from bot.services.shared import notify, rate_limit, upload_quota

#: A unit of work that only needs to know the time.
Unit = Callable[[Session, datetime], Any]
#: name (one word: it is found in the log as "timer:name"), interval in seconds, what to do
Sweep = tuple[str, float, Callable[[], Awaitable[Any]]]

MINUTE, HOUR = 60.0, 3600.0
#: The outbox has sent about a hundred pushes in this time, and wants more.
LETTERS = 3.0
#: A decision is made at most this long after the time for undoing it is over.
DECISIONS = 3.0


def sweeps(resources: Resources, *, drafts: Unit | None = None) -> list[Sweep]:
    """All sweeps; `bot.cli.serve` runs each at its interval, one that fails never stops the others.

    Each works in units of a few milliseconds, as long as there is something due. `drafts` is the dialogues' own sweep
    of expired drafts, `Engine.delete_expired_drafts`.
    """
    jobs, overdue_days = Batches(resources), resources.public_info.overdue_days
    repeated, by_university = jobs.repeated, jobs.by_university

    async def keep_no_longer(now: datetime) -> Any:
        await repeated(retention.look_at_notes)()
        await retention.remove_ended_invitations(resources, now=now)
        return await retention.remove_due(resources, now=now)

    async def orphans(now: datetime) -> Any:
        return await resources.documents.remove_orphans(resources.database, now)

    async def abandoned(now: datetime) -> None:
        await reminders.sweep_abandoned_drafts(resources, now=now)

    alerts = in_turn(
        by_university(routing.alert_where_no_expert, routing.codes_to_alert),
        jobs.watch_tariffs,
        repeated(notify.repeat_alerts),
    )
    send_digests = partial(digest.send_digests, overdue_days=overdue_days)
    send_reports = partial(team_report.send_team_reports, resources, overdue_days=overdue_days)
    listed: list[Sweep] = [
        ("decisions", DECISIONS, partial(held_decisions.make_due, resources)),
        ("payments", 2 * MINUTE, partial(payments.reconcile, resources)),
        ("letters", LETTERS, partial(letters.send_next_batches, resources)),
        ("clock", MINUTE, repeated(clock_setback.pull_forward)),
        ("waiting-files", 5 * MINUTE, by_university(queue_notices.follow_up, routing.codes_with_unclaimed)),
        ("reminders", 10 * MINUTE, repeated(reminders.remind_officers, reminders.remind_experts)),
        ("leaves", MINUTE, repeated(team.end_past_leaves)),
        ("document-rules", 10 * MINUTE, jobs.keep_document_rules),
        ("digest", 10 * MINUTE, repeated(send_digests)),
        ("team-reports", 10 * MINUTE, send_reports),
        ("alerts", 10 * MINUTE, alerts),
        ("abandoned-drafts", 6 * HOUR, jobs.removing(abandoned)),
        ("retention", 6 * HOUR, jobs.removing(keep_no_longer)),
        ("orphaned-files", 24 * HOUR, jobs.removing(orphans)),
        ("old-tries", HOUR, repeated(rate_limit.forget_old_tries)),
        ("old-searches", HOUR, jobs.removed(lookup.forget_old_searches)),
        ("old-uploads", HOUR, repeated(upload_quota.remove_old_counts)),
        ("old-pushes", HOUR, jobs.removed(push_texts.forget_texts)),
        ("old-updates", HOUR, jobs.removing(jobs.delete_old_updates)),
    ]
    if drafts is not None:
        sweep = drafts
        listed.append(("expired-drafts", 6 * HOUR, jobs.removed(lambda db, *, now: sweep(db, now))))
    return listed
