"""Leases of a process that died are released at once where no other process can hold them.

Leases protect processes from each other. After a crash of the only one they would only keep people waiting: a
push for a minute and a half, a payment for three.
"""

from datetime import datetime

from sqlalchemy import update
from sqlmodel import Session, col

from storage.enums import AttemptState, PushState
from storage.tables import Chat, PaymentAttempt, Push


def release_all_leases(db: Session, *, now: datetime) -> None:
    """End every lease. Only for a process that is alone on this database, before it begins to serve."""
    for statement in (
        # A screen that was about to be shown (again), or was put off.
        update(Chat).where(col(Chat.show_at) > now).values(show_at=now),
        update(Push)
        .where(
            col(Push.state).in_((PushState.QUEUED, PushState.SENDING)), col(Push.state) == PushState.SENDING
        )
        .values(leased_until=now),
        update(PaymentAttempt)
        .where(col(PaymentAttempt.state) == AttemptState.VERIFYING, col(PaymentAttempt.next_check_at) > now)
        .values(next_check_at=now),
    ):
        db.execute(statement.execution_options(synchronize_session=False))
