"""What a push said is forgotten when it was sent long ago; that it was sent stays, so that nothing is told twice."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import literal_column, update
from sqlmodel import Session, col, select

from storage.enums import PushState
from storage.tables import Push

#: Somebody may ask within it what was told, and why.
TEXT_LIFETIME = timedelta(days=90)
#: Pushes of one unit.
BATCH = 50


def forget_texts(db: Session, *, now: datetime) -> int:
    """Empty a batch of them: text, buttons, SMS and the mobile it went to; how many. A job repeats it."""
    # In the words of the index, which holds none that is empty already.
    told = col(Push.state).in_((PushState.SENT, PushState.SKIPPED)), col(Push.text) != literal_column("''")
    old = select(Push.id).where(*told, col(Push.created_at) < now - TEXT_LIFETIME)
    ids = list(db.exec(old.order_by(col(Push.created_at)).limit(BATCH)))
    if not ids:
        return 0
    empty: dict[str, Any] = {"text": "", "buttons": [], "sms": {}, "mobile": None}
    return db.exec(
        update(Push).where(col(Push.id).in_(ids)).values(**empty).execution_options(synchronize_session=False)
    ).rowcount
