"""/metrics for Prometheus, on a private address of its own (METRICS_LISTEN): the few figures an operator
needs.

Updates and errors are counted by each process; what waits is read from the database that all processes share.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from sqlalchemy import func
from sqlmodel import Session, col, select
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.application.backup_record import seconds_without_backup
from bot.application.resources import Resources
from bot.core.counters import Counters, MessengerState, WebCounters
from bot.documents.disk_space import DiskSpace
from storage.enums import AttemptState, InboxState, Messenger, PushChannel, PushState
from storage.tables import Chat, InboxUpdate, PaymentAttempt, Push, StaffAlert

States = Callable[[], Mapping[Messenger, MessengerState]]
#: Reasons to refuse an upload that an operator may want to know of; there are more, for files that are not
#: accepted.
_REFUSED = ("disk_reserve", "uploads_of_day", "uploads_waiting", "slow_file", "store_down")
_WAITING = (PushState.QUEUED, PushState.SENDING)
_UNSETTLED = (AttemptState.VERIFYING, AttemptState.UNCERTAIN, AttemptState.REFUND_DUE)


@dataclass(frozen=True, slots=True)
class Backlog:
    """What the database holds back. Ages in seconds."""

    #: Received and not done.
    unfinished: int
    oldest_unfinished: float
    queued: Mapping[str, int]
    given_up: Mapping[str, int]
    #: Letters are sent slowly and do not count.
    oldest_queued: float
    payments: Mapping[str, int]
    alerts: int
    #: By messenger: chats with a long rest, and how long the longest lasts still.
    chats_resting: Mapping[str, int]
    longest_rest: Mapping[str, float]
    #: Age of the newest whole backup, or of the data where there was none.
    without_backup: float


def read_backlog(db: Session, *, now: datetime) -> Backlog:
    def age(since: datetime | None) -> float:
        return max(0.0, (now - since).total_seconds()) if since is not None else 0.0

    # Both conditions: the index is of what is unfinished.
    unfinished_part = col(InboxUpdate.state).in_((InboxState.RECEIVED, InboxState.DONE))
    received = unfinished_part & (col(InboxUpdate.state) == InboxState.RECEIVED)
    unfinished, oldest = db.exec(
        select(func.count(), func.min(InboxUpdate.received_at)).where(received)
    ).one()
    pushes = select(Push.channel, func.count()).group_by(col(Push.channel))
    queued = db.exec(pushes.where(col(Push.state).in_(_WAITING))).all()
    given_up = db.exec(pushes.where(col(Push.state) == PushState.GIVEN_UP)).all()
    first = db.exec(
        select(func.min(Push.created_at)).where(col(Push.state).in_(_WAITING), col(Push.letter_id).is_(None))
    ).one()
    payments = db.exec(
        select(PaymentAttempt.state, func.count())
        .where(col(PaymentAttempt.state).in_(_UNSETTLED))
        .group_by(col(PaymentAttempt.state))
    ).all()
    alerts = db.exec(select(func.count()).where(col(StaffAlert.resolved_at).is_(None))).one()
    rests = db.exec(
        select(Chat.messenger, func.count(), func.max(Chat.rest_until))
        .where(col(Chat.rest_until) > now)
        .group_by(col(Chat.messenger))
    ).all()
    channels = {channel.value: 0 for channel in PushChannel}
    messengers = {messenger.value: 0 for messenger in Messenger}
    return Backlog(
        unfinished=unfinished,
        oldest_unfinished=age(oldest),
        queued=channels | {str(channel): number for channel, number in queued},
        given_up=channels | {str(channel): number for channel, number in given_up},
        oldest_queued=age(first),
        payments={attempt_state.value: 0 for attempt_state in _UNSETTLED}
        | {str(attempt_state): number for attempt_state, number in payments},
        alerts=alerts,
        chats_resting=messengers | {str(messenger): number for messenger, number, _ in rests},
        longest_rest=messengers
        | {str(messenger): (until - now).total_seconds() for messenger, _, until in rests if until},
        without_backup=seconds_without_backup(db, now=now),
    )


def _gauge(name: str, words: str, value: float) -> Metric:
    return GaugeMetricFamily(f"officer_{name}", words, value=value)


def _gauges(name: str, words: str, label: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(f"officer_{name}", words, labels=[label])
    for value, number in values.items():
        family.add_metric([value], number)
    return family


def _database(backlog: Backlog | None) -> Iterator[Metric]:
    yield _gauge("database_up", "1 where the database answers", float(backlog is not None))
    if backlog is None:
        return
    yield _gauge("updates_unfinished", "updates received and not done", backlog.unfinished)
    yield _gauge("oldest_unfinished_update_seconds", "age of the oldest of them", backlog.oldest_unfinished)
    yield _gauges("outbox_queued", "pushes to be sent", "channel", backlog.queued)
    yield _gauges("outbox_given_up", "pushes given up", "channel", backlog.given_up)
    yield _gauge("oldest_queued_push_seconds", "age of the oldest push, letters aside", backlog.oldest_queued)
    yield _gauges("payments", "payments that are not settled", "state", backlog.payments)
    resting = "chats that the messenger wants to be left alone for long"
    yield _gauges("chats_resting", resting, "messenger", backlog.chats_resting)
    yield _gauges(
        "longest_chat_rest_seconds", "the longest of these rests", "messenger", backlog.longest_rest
    )
    backup = "age of the newest whole backup; of the data where there is none"
    yield _gauge("newest_backup_seconds", backup, backlog.without_backup)
    yield _gauge("alerts_open", "alerts that staff have not settled", backlog.alerts)


def _process(counters: Counters, states: Mapping[Messenger, MessengerState]) -> Iterator[Metric]:
    for name, words, counts in (
        ("updates_received", "updates stored", counters.received),
        ("updates_done", "updates that had their effect", counters.done),
        ("updates_failed", "updates answered with an error number", counters.failed),
        ("updates_quarantined", "updates that could not be read", counters.quarantined),
        ("updates_repeated", "updates that came again and were not taken twice", counters.repeated),
        ("stale_polls", "answers to getUpdates with nothing new in them", counters.stale_polls),
        ("poll_conflicts", "answers 409 to getUpdates: another process polls", counters.poll_conflicts),
    ):
        counter = CounterMetricFamily(f"officer_{name}", words, labels=["messenger"])
        for messenger in states:
            counter.add_metric([messenger.value], counts[messenger])
        yield counter
    documents = "documents that the store did not take or give"
    yield CounterMetricFamily("officer_documents_failed", documents, value=counters.store_failed)
    held = "the longest time in a minute or two that nothing else was done"
    yield _gauge("loop_longest_hold_seconds", held, counters.loop.longest_hold)
    yield CounterMetricFamily("officer_loop_long_holds", "holds over 0.1 s", value=counters.loop.long_holds)
    yield from _web(counters.web)
    refused = CounterMetricFamily("officer_uploads_refused", "uploads that were refused", labels=["reason"])
    for reason, number in (dict.fromkeys(_REFUSED, 0) | counters.uploads_refused).items():
        refused.add_metric([reason], number)
    yield refused
    up = {messenger.value: float(state.ready) for messenger, state in states.items()}
    yield _gauges("messenger_up", "1 once it was reached", "messenger", up)
    info = GaugeMetricFamily("officer_bot_info", "the bot that runs here", labels=["messenger", "bot_id"])
    for messenger, state in states.items():
        info.add_metric([messenger.value, str(state.bot_id)], 1)
    yield info
    polled = {
        messenger.value: state.polled_ago
        for messenger, state in states.items()
        if state.polled_ago is not None
    }
    yield _gauges(
        "last_poll_seconds", "seconds since getUpdates last answered, or since the start", "messenger", polled
    )
    rests = {messenger.value: state.rests_for for messenger, state in states.items()}
    yield _gauges("messenger_rest_seconds", "the messenger takes nothing for so long", "messenger", rests)
    resting_chats = {messenger.value: float(state.chats_resting) for messenger, state in states.items()}
    yield _gauges("chats_paused", "chats that this process does not write to now", "messenger", resting_chats)
    labels = ["messenger", "error"]
    errors = CounterMetricFamily("officer_messenger_errors", "calls that went wrong", labels=labels)
    for messenger, state in states.items():
        for error, number in state.errors.items():
            errors.add_metric([messenger.value, error], number)
    yield errors


def _web(counters: WebCounters) -> Iterator[Metric]:
    yield _gauge("web_connections", "connections to the public web server", counters.open)
    closed = CounterMetricFamily(
        "officer_web_connections_closed", "connections that we closed", labels=["reason"]
    )
    for reason in ("slow", "crowded"):
        closed.add_metric([reason], counters.closed[reason])
    yield closed
    refused = "connections refused at the limit"
    yield CounterMetricFamily("officer_web_connections_refused", refused, value=counters.refused)
    paced = CounterMetricFamily("officer_web_requests_limited", "requests told to come later", labels=["by"])
    for by in ("address", "all", "health"):
        paced.add_metric([by], counters.paced[by])
    yield paced


def _disks(disk_space: DiskSpace) -> Iterator[Metric]:
    yield _gauges("disk_free_bytes", "free bytes of the disk that holds this", "holds", disk_space.free())
    yield _gauge("disk_reserve_bytes", "free bytes below which no upload is taken", disk_space.reserve)


class _Collected:
    def __init__(self, metrics: list[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> list[Metric]:
        return self._metrics


def metrics_app(
    resources: Resources, states: States, *, health: Callable[[Request], Awaitable[Response]]
) -> Starlette:
    """/metrics and /health, for a private address only."""

    async def metrics(request: Request) -> Response:
        backlog = None
        if (await health(request)).status_code == 200:
            backlog = await resources.database.read(lambda db: read_backlog(db, now=resources.clock()))
        registry: Any = CollectorRegistry()
        registry.register(
            _Collected(
                [*_database(backlog), *_process(resources.counters, states()), *_disks(resources.disk_space)]
            )
        )
        return Response(generate_latest(registry), headers={"content-type": CONTENT_TYPE_LATEST})

    return Starlette(routes=[Route("/metrics", metrics), Route("/health", health)])
