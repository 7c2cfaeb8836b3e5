"""Jobs find what is due by an index, a batch a unit: no statement of theirs looks at every row of a table that grows."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session, col, select

from bot.core.context import Actor
from bot.documents import library
from bot.jobs import (
    batches,
    clock_guard,
    clock_setback,
    digest,
    held_decisions,
    inbox_purge,
    lease_recovery,
    push_texts,
    reminders,
    retention,
    team_report,
)
from bot.messengers.delivery import outbox_store
from bot.messengers.delivery.outbox_store import RouteCapacity
from bot.messengers.processing import inbox_store
from bot.operations.load_test import fill
from bot.services import payments, team
from bot.services.directorate import alert_list, document_requirements
from bot.services.letters import letters, recipients
from bot.services.letters.audience import Audience, Group, Kind
from bot.services.payments import reconciler
from bot.services.review import queue_notices, routing
from bot.services.search import lookup
from bot.services.shared import audit_chain, notify, rate_limit, upload_quota
from bot.services.statistics import counts, details, durations, periods
from bot.services.statistics.scope import Scope
from bot.web import metrics
from conversations.catalogue import ALL
from conversations.engine.engine import Engine
from handlers.telegram import bot_profile, redisplay
from storage.database.database import Database
from storage.enums import Messenger, RequestKind, Role
from storage.migrations.seed import seed
from storage.tables import (
    DeficiencyRound,
    Grant,
    Letter,
    Push,
    QualificationRequest,
    StaffAlert,
    University,
)
from tests.support.plans import executed, whole_reads
from tests.support.services import rolled_back

pytestmark = pytest.mark.plans

#: Nine in the morning of a working day in Tehran.
NOW = datetime.fromisoformat("2026-11-24T05:30:00+00:00")
OFFICERS = 2000
#: The evening before: a night's work is due.
FILLED = NOW - timedelta(hours=12)
#: Two weeks later, when everything that waits is due for a reminder.
THEN = NOW + timedelta(days=14)
#: Of one unit: a tenth of a second where a round trip takes two milliseconds.
STATEMENTS = 50

AUDIENCES = [
    Audience(Kind.ALL),
    Audience(Kind.PROVINCE, "فارس"),
    Audience(Kind.EXPERTS),
    Audience(Kind.MANAGERS, "فارس"),
    *(Audience(Kind.PROVINCE_STATE, f"فارس|{group}") for group in Group),
]
#: Units of the jobs, and what the menus of staff and the figures of /metrics read.
UNITS: dict[str, Callable[..., Any]] = {
    "decisions": held_decisions.due,
    "clock": clock_setback.pull_forward,
    "clock guard": clock_guard.clock_holds,
    "leases": lease_recovery.release_all_leases,
    "waiting files": lambda db, now: queue_notices.follow_up(db, universities=some(db), now=now),
    "waiting files, alerts: where": lambda db, now: routing.codes_to_alert(db),
    "alerts: experts": lambda db, now: routing.alert_where_no_expert(db, universities=some(db), now=now),
    "alerts: tariffs": reminders.watch_tariffs,
    "alerts: again": notify.repeat_alerts,
    "reminders of officers": lambda db, now: reminders.remind_officers(db, now=THEN),
    "reminders of experts": lambda db, now: reminders.remind_experts(db, now=THEN),
    "abandoned drafts": lambda db, now: [
        reminders.find_abandoned(db, kind=kind, announced=announced, now=now, after=after)
        for kind in RequestKind
        for announced in (False, True)
        for after in (None, (now - timedelta(days=800), 7))
    ],
    "leaves": team.end_past_leaves,
    "document rules": document_requirements.keep_requirements,
    "digest": lambda db, now: digest.send_digests(db, now=now, overdue_days=7),
    "heads' report: who": team_report.next_university,
    "heads' report: figures": lambda db, now: team_report.read_figures("sums", now, 7, db),
    "retention": retention.look_at_documents,
    "retention of notes": retention.look_at_notes,
    "orphans": lambda db, now: library.known_keys(db, ["o1", "s2"]),
    "old tries": rate_limit.forget_old_tries,
    "old searches": lookup.forget_old_searches,
    "old uploads": upload_quota.remove_old_counts,
    "old pushes": push_texts.forget_texts,
    "old updates": lambda db, now: inbox_purge.purge_inbox(db, now=now, after=3),
    "old updates that failed": inbox_purge.purge_failed,
    "expired drafts": lambda db, now: Engine(ALL).delete_expired_drafts(db, now),
    "audit chain": lambda db, now: db.execute(audit_chain.unlinked(db)).all(),
    "letters": lambda db, now: letters._unfinished_letters(db, now),
    "a letter": lambda db, now: letters.send_batch(db, letter_id=1, now=now),
    "a letter is sent": lambda db, now: letters.send_letter(
        db,
        actor=staff(db),
        to=AUDIENCES[0],
        number=None,
        title="ت",
        text="م",
        now=now,
        sms=False,
        delay=timedelta(0),
    ),
    "a letter's list": lambda db, now: [
        recipients.list_more(db, new_letter(db, to, now, unlisted=OFFICERS)) for to in AUDIENCES
    ],
    "a letter is stopped": lambda db, now: letters.stop_letter(
        db, actor=staff(db), letter_id=new_letter(db, AUDIENCES[0], now, reached=OFFICERS).id or 0, now=now
    ),
    "a letter is taken back": lambda db, now: recipients.take_back_more(
        db, new_letter(db, AUDIENCES[0], now, taking_back=OFFICERS)
    ),
    "command menus": lambda db, now: bot_profile._due(db),
    "payments": lambda db, now: reconciler._attempts_due(db, gateway="zarinpal", now=now),
    "screens to show": lambda db, now: redisplay._due(db, now, list(Messenger)),
    "updates of another process": lambda db, now: (
        inbox_store.unfinished_updates(db, now),
        inbox_store.pending_deletions(db, now),
        inbox_store.show_unanswered(db, now, now),
    ),
    "outbox": lambda db, now: outbox_store.due_pushes(
        db, now, {Messenger.BALE: RouteCapacity(30, 30), None: RouteCapacity(30, 30)}
    ),
    "metrics": metrics.read_backlog,
    "staff's menu": lambda db, now: (
        alert_list.count_open(db, actor=staff(db), most=99),
        payments.count_due(db, actor=staff(db), most=99),
    ),
    "start: updates of before bots were told apart": lambda db, now: inbox_store.assign_bot_id(
        db, Messenger.BALE, 7
    ),
    "drafts that lack a document": lambda db, now: document_requirements.drafts_touched(
        db, actor=staff(db), code="degree", required="men"
    ),
    "report: the screen": lambda db, now: counts.screen_figures(db, actor=staff(db), now=now),
    "report: all": lambda db, now: report_pieces(db, Scope(dict.fromkeys(all_codes(db), ""), None), now),
    "report: of a university": lambda db, now: report_pieces(db, Scope({"sums": ""}, "sums"), now),
    "unread letters": lambda db, now: letters.count_unread(db, actor=Actor(7, Role.OFFICER)),
}
#: Some of them are several units here.
SEVERAL = {"a letter's list": len(AUDIENCES), "abandoned drafts": 4 * len(RequestKind), "report: all": 10}
#: Tables that a unit may read from one end, up to a limit, with the reason.
NAMED = {
    "clock guard": ("audit_event inbox_update", "backwards by number through two days"),
    "old searches": ("search_query", "the first 200 by id: who is older has a lower id"),
    "a letter is sent": ("account", "the newest one by id"),
    "audit chain": ("audit_link", "the last 2,000 by position"),
    "metrics": ("audit_event", "the first one by id"),
    # Nearly every tenth of these few is an expert. Among many officers the role's index is the better way.
    "digest": ("role_grant account", "PostgreSQL merges two tables of two thousand rows"),
}


def new_letter(db: Session, to: Audience, now: datetime, **place: int) -> Letter:
    writer = staff(db).account_id or 0
    one = Letter(title="ت", text="م", audience=to.as_data(), created_by=writer, created_at=now, **place)
    db.add(one)
    db.flush()
    return one


def all_codes(db: Session) -> list[str]:
    return list(db.exec(select(University.code).order_by(col(University.code))))


def some(db: Session) -> list[str]:
    return all_codes(db)[: batches.UNIVERSITIES]


def report_pieces(db: Session, scope: Scope, now: datetime) -> None:
    """One of each sort."""
    [week], [month], (quarter, _) = periods.weeks(now, 1), periods.months(now, 1), periods.quarters(now)
    counts.open_files(db, scope, now)
    counts.open_by_university(db, scope.codes[:8])
    counts.period_counts(db, scope, week)
    counts.fees(db, scope, month)
    for of_period in (durations.until_end, durations.until_only_decision, durations.rounds_of_ended):
        of_period(db, scope.codes[:8], quarter)
    durations.until_first_deficiencies(db, scope, week)
    details.oldest_files(db, scope.codes[:8], 10)
    details.deficient_items(db, scope, week)
    details.given_reasons(db, scope, week)
    details.expert_decisions(db, scope, week)


def staff(db: Session) -> Actor:
    grant = db.exec(select(Grant).where(col(Grant.role) == Role.STAFF)).first()
    assert grant is not None
    return Actor(grant.account_id, Role.STAFF)


async def test_units_of_jobs_on_a_database_of_many_officers(database: Database) -> None:
    await database.run(seed)
    await database.run(lambda db: fill(db.connection(), officers=OFFICERS, now=FILLED))
    await database.run(add_rounds)
    await no_unit_reads_a_growing_table_as_a_whole(database)
    await a_unit_is_few_statements(database)
    await database.run(a_unit_does_a_small_batch)
    await the_same_is_done_in_many_units_as_in_one(database)


def add_rounds(db: Session) -> None:
    """Deficiencies of every other request, over a year."""
    reviewer = db.exec(select(Grant.account_id).where(col(Grant.role) == Role.EXPERT)).first() or 0
    requests = db.exec(select(QualificationRequest.id).where(col(QualificationRequest.id) % 2 == 0)).all()
    db.add_all(
        DeficiencyRound(
            request_id=number or 0,
            round=1,
            declared_by=reviewer,
            items=["phone"],
            declared_at=NOW - timedelta(hours=9 * place),
        )
        for place, number in enumerate(requests)
    )
    db.flush()
    db.execute(text("ANALYZE deficiency_round"))


async def no_unit_reads_a_growing_table_as_a_whole(database: Database) -> None:
    found: dict[str, list[str]] = {}
    for name, unit in UNITS.items():
        exempt = NAMED.get(name, ("", ""))[0].split()

        def explain(db: Session, unit: Callable[..., Any] = unit) -> list[str]:
            return whole_reads(db, lambda db: unit(db, now=NOW))

        reads = await rolled_back(database, explain)
        found[name] = [read for read in reads if read.split(" ")[0] not in exempt]
    assert {name: reads for name, reads in found.items() if reads} == {}


async def a_unit_is_few_statements(database: Database) -> None:
    """On PostgreSQL a statement is a round trip, and people wait for what a unit has changed until it ends."""
    many = {}
    for name, unit in UNITS.items():

        def count(db: Session, unit: Callable[..., Any] = unit) -> int:
            return executed(db, lambda db: unit(db, now=NOW))

        if (number := await rolled_back(database, count)) > SEVERAL.get(name, 1) * STATEMENTS:
            many[name] = number
    assert many == {}


def a_unit_does_a_small_batch(db: Session) -> None:
    """However much is due: what one unit does is bounded, and it is repeated until nothing is left."""
    assert 0 < reminders.remind_officers(db, now=THEN) <= reminders.BATCH
    assert 0 < reminders.remind_experts(db, now=THEN) <= reminders.BATCH
    looked, gone = retention.look_at_documents(db, now=NOW)
    assert looked == retention.LOOKS >= len(gone)
    assert retention.look_at_notes(db, now=NOW + timedelta(days=366)) == retention.LOOKS
    assert digest.send_digests(db, now=NOW, overdue_days=7) == digest.BATCH
    assert inbox_purge.purge_inbox(db, now=NOW, after=0).gone <= inbox_purge.PURGE_BATCH
    later = NOW + timedelta(days=3)
    assert rate_limit.forget_old_tries(db, now=later) == rate_limit.BATCH
    assert 0 < upload_quota.remove_old_counts(db, now=later) <= upload_quota.BATCH
    for alert in db.exec(select(StaffAlert).where(col(StaffAlert.resolved_at).is_(None))):
        alert.notified_at = NOW - timedelta(days=2)
    db.flush()
    assert notify.repeat_alerts(db, now=NOW) == notify.ALERTS_AT_ONCE
    assert clock_setback.pull_forward(db, now=NOW - timedelta(days=400)) <= clock_setback.BATCH


async def the_same_is_done_in_many_units_as_in_one(database: Database) -> None:
    """Each file once, in spite of the batches; the experts of a queue are told once a day."""
    done = 0
    for remind in (reminders.remind_officers, reminders.remind_experts):
        while number := await database.run(partial(remind, now=THEN)):
            done += number
    assert done > 20

    def look(db: Session) -> None:
        told = db.exec(select(Push.key).where(Push.kind == "N20")).all()
        assert len(told) == len(set(told)) > 20
        queues = [key.split(":")[:2] + key.split(":")[3:] for key in told if key.startswith("late-queue:")]
        assert len(queues) == len({tuple(one) for one in queues})

    await database.read(look)
