"""Groups and channels: one sentence about where the bot answers, then it leaves. Here is what is remembered
of them.

A messenger allows twenty messages a minute to a group, and everybody in it may write. Nothing that is said
there is worth an answer, so a group costs one message and one call (`bot.messengers.delivery.leave_group`).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlmodel import Session, select

from storage.enums import Messenger
from storage.tables import LeftGroup

#: A group that adds the bot again is told again after so long, and left silently until then.
NOTIFY_AGAIN_AFTER = timedelta(hours=6)
#: What still comes from a group that was left may have been on its way.
LEAVE_INTERVAL = timedelta(seconds=20)


def note_group_update(db: Session, messenger: Messenger, chat_id: int, now: datetime) -> tuple[bool, bool]:
    """Something came from a group: whether to say the sentence, and whether to leave."""
    left_before = select(LeftGroup).where(LeftGroup.messenger == messenger, LeftGroup.chat_id == chat_id)
    row = db.exec(left_before).first()
    if row is None:
        db.add(LeftGroup(messenger=messenger, chat_id=chat_id, notified_at=now, left_at=now))
        return True, True
    # A time ahead was written before the clock was set back.
    say = not row.notified_at <= now < row.notified_at + NOTIFY_AGAIN_AFTER
    leave = say or not row.left_at <= now < row.left_at + LEAVE_INTERVAL
    if say:
        row.notified_at = now
    if leave:
        row.left_at = now
    return say, leave
