"""After the machine's clock was set back: times that lie further ahead than anything is ever put off are
pulled forward.

They were written under the clock as it was. Left alone, a push, a payment or a locked login would wait for as
long as the clock was wrong: for an hour, or for years.
"""

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, or_, update
from sqlmodel import Session, col, select

from bot.services.review.routing import REVIEWERS
from storage.enums import AttemptState, InboxState, PushState
from storage.tables import (
    Chat,
    CooperationRequest,
    Grant,
    InboxUpdate,
    PaymentAttempt,
    Push,
    QualificationRequest,
    StaffAlert,
    Throttle,
)

log = logging.getLogger(__name__)

#: How far the clocks of several machines may differ, beyond any lease and any short pause.
AHEAD = timedelta(minutes=10)
#: Beyond the longest pause of a push, and between two looks at an old payment.
PUSH_AHEAD, CHECK_AHEAD = timedelta(minutes=25), timedelta(minutes=70)
#: Beyond the longest time for undoing a decision.
HELD_AHEAD = timedelta(minutes=61)
#: The first looks at a payment are minutes apart.
EARLY_CHECKS = 15
#: Seconds for which a claim made just now is left as it is.
LEASE = timedelta(minutes=3)


#: Times that one unit pulls forward.
BATCH = 200


def _draw_rests_near(db: Session, *, now: datetime, most: int) -> int:
    """A messenger may want a chat to be left alone for hours: that is no sign. Where it asked at a time that
    has not come yet, the rest begins now."""
    ahead = select(Chat).where(col(Chat.rest_until) > now, col(Chat.rest_since) > now + AHEAD)
    chats = db.exec(ahead.limit(most)).all()
    for chat in chats:
        assert chat.rest_since is not None
        assert chat.rest_until is not None
        chat.rest_since, chat.rest_until = now, now + (chat.rest_until - chat.rest_since)
    return len(chats)


def _changes(now: datetime) -> Iterator[tuple[Any, ColumnElement[bool], dict[str, datetime]]]:
    """(table, condition, values) of what lies ahead; each condition has an index, or is of what is unfinished."""
    ahead, lease = now + AHEAD, now + LEASE
    check = col(PaymentAttempt.next_check_at)
    yield Chat, col(Chat.show_at) > ahead, {"show_at": now + timedelta(minutes=1)}
    unfinished = col(Push.state).in_((PushState.QUEUED, PushState.SENDING))
    queued = unfinished & (col(Push.state) == PushState.QUEUED)
    yield Push, queued & (col(Push.next_at) > now + PUSH_AHEAD), {"next_at": now}
    sending = unfinished & (col(Push.state) == PushState.SENDING)
    yield Push, sending & (col(Push.leased_until) > ahead), {"leased_until": lease, "next_at": now}
    early = (col(PaymentAttempt.state) == AttemptState.VERIFYING) | (
        col(PaymentAttempt.checks) < EARLY_CHECKS
    )
    late = (check > ahead) & or_(early, check > now + CHECK_AHEAD)
    yield PaymentAttempt, late, {"next_check_at": lease}
    # Another attempt to pay is forbidden for half an hour from then.
    uncertain = col(PaymentAttempt.state) == AttemptState.UNCERTAIN
    yield PaymentAttempt, uncertain & (col(PaymentAttempt.state_since) > ahead), {"state_since": now}
    for row in (QualificationRequest, CooperationRequest):
        yield row, col(row.held_until) > now + HELD_AHEAD, {"held_until": lease}
    experts = col(Grant.role).in_(REVIEWERS) & (col(Grant.waiting_notified_at) > ahead)
    yield Grant, experts, {"waiting_notified_at": now}
    told = col(StaffAlert.resolved_at).is_(None) & (col(StaffAlert.notified_at) > ahead)
    yield StaffAlert, told, {"notified_at": now}
    state, unanswered = col(InboxUpdate.state), (InboxState.RECEIVED, InboxState.DONE)
    received = state.in_(unanswered) & (state == InboxState.RECEIVED)
    yield InboxUpdate, received & (col(InboxUpdate.received_at) > ahead), {"received_at": now}
    done = state.in_(unanswered) & (state == InboxState.DONE)
    yield InboxUpdate, done & (col(InboxUpdate.done_at) > ahead), {"done_at": now}


def pull_forward(db: Session, *, now: datetime) -> int:
    """Pull a batch of times forward; say how many, with one line of the log where there are some. A job repeats it
    until there are none."""
    drawn = 0
    for table, condition, values in _changes(now):
        if drawn >= BATCH:
            break
        some = select(table.id).where(condition).limit(BATCH - drawn)
        statement = update(table).where(col(table.id).in_(some), condition).values(values)
        drawn += db.execute(statement.execution_options(synchronize_session=False)).rowcount  # type: ignore[attr-defined]
    if drawn < BATCH:
        tries = select(Throttle.id).where(col(Throttle.at) > now + AHEAD).limit(BATCH - drawn)
        drawn += db.exec(
            delete(Throttle).where(col(Throttle.id).in_(tries)).execution_options(synchronize_session=False)
        ).rowcount
    if drawn < BATCH:
        drawn += _draw_rests_near(db, now=now, most=BATCH - drawn)
    if drawn:
        log.warning("the clock was set back: %d times lay ahead of it and were pulled forward", drawn)
    return drawn
