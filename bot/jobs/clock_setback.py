"""After the machine's clock was set back: times that lie further ahead than anything is ever put off are
pulled forward.

They were written under the clock as it was. Left alone, a push, a payment or a locked login would wait for as
long as the clock was wrong: for an hour, or for years.
"""

import logging
from datetime import datetime, timedelta

from sqlalchemy import and_, delete, or_, update
from sqlmodel import Session, col, select

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


def _draw_rests_near(db: Session, *, now: datetime) -> int:
    """A messenger may want a chat to be left alone for hours: that is no sign. Where it asked at a time that
    has not come yet, the rest begins now."""
    ahead = select(Chat).where(col(Chat.rest_until) > now, col(Chat.rest_since) > now + AHEAD)
    chats = db.exec(ahead).all()
    for chat in chats:
        assert chat.rest_since is not None
        assert chat.rest_until is not None
        chat.rest_since, chat.rest_until = now, now + (chat.rest_until - chat.rest_since)
    return len(chats)


def pull_forward(db: Session, *, now: datetime) -> int:
    """How many times were pulled forward; one line of the log where there are some."""
    ahead, lease = now + AHEAD, now + LEASE
    check = col(PaymentAttempt.next_check_at)
    changes = (
        update(Chat).where(col(Chat.show_at) > ahead).values(show_at=now + timedelta(minutes=1)),
        update(Push)
        .where(col(Push.state) == PushState.QUEUED, col(Push.next_at) > now + PUSH_AHEAD)
        .values(next_at=now),
        update(Push)
        .where(col(Push.state) == PushState.SENDING, col(Push.leased_until) > ahead)
        .values(leased_until=lease),
        update(PaymentAttempt)
        .where(
            or_(
                and_(col(PaymentAttempt.state) == AttemptState.VERIFYING, check > ahead),
                and_(col(PaymentAttempt.checks) < EARLY_CHECKS, check > ahead),
                check > now + CHECK_AHEAD,
            )
        )
        .values(next_check_at=lease),
        # Another attempt to pay is forbidden for half an hour from then.
        update(PaymentAttempt)
        .where(col(PaymentAttempt.state) == AttemptState.UNCERTAIN, col(PaymentAttempt.state_since) > ahead)
        .values(state_since=now),
        *(
            update(row).where(col(row.held_until) > now + HELD_AHEAD).values(held_until=lease)
            for row in (QualificationRequest, CooperationRequest)
        ),
        update(Grant).where(col(Grant.waiting_notified_at) > ahead).values(waiting_notified_at=now),
        update(StaffAlert)
        .where(col(StaffAlert.resolved_at).is_(None), col(StaffAlert.notified_at) > ahead)
        .values(notified_at=now),
        update(InboxUpdate)
        .where(col(InboxUpdate.state) == InboxState.RECEIVED, col(InboxUpdate.received_at) > ahead)
        .values(received_at=now),
        update(InboxUpdate)
        .where(col(InboxUpdate.state) == InboxState.DONE, col(InboxUpdate.done_at) > ahead)
        .values(done_at=now),
        delete(Throttle).where(col(Throttle.at) > ahead),
    )
    drawn = sum(
        db.execute(statement.execution_options(synchronize_session=False)).rowcount  # type: ignore[attr-defined]
        for statement in changes
    )
    drawn += _draw_rests_near(db, now=now)
    if drawn:
        log.warning("the clock was set back: %d times lay ahead of it and were pulled forward", drawn)
    return drawn
