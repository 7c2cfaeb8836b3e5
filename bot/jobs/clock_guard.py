"""Whether the machine's clock may be believed where something is removed for ever by its date.

A clock put forward by years, or a machine that wakes up with a wrong one, would make every document and draft
look old enough to go. So removing waits until the service has lived with this date for two days: time for
people to notice.
"""

from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from storage.tables import AuditEvent, InboxUpdate

#: Something happened so long ago: what is newer proves nothing, for the clock may have been put forward
#: before it. With one event in a week there are always days that count.
SINCE, LATEST = timedelta(days=8), timedelta(days=2)


def clock_holds(db: Session, *, now: datetime) -> bool:
    """The last thing that happened more than two days ago is not long before that."""
    for table, at in ((AuditEvent, AuditEvent.at), (InboxUpdate, InboxUpdate.received_at)):
        # Backwards by number: times have no index, and two days are few rows.
        last = db.exec(
            select(at).where(col(at) < now - LATEST).order_by(col(table.id).desc()).limit(1)
        ).first()
        if last is not None and last > now - SINCE:
            return True
    return False
