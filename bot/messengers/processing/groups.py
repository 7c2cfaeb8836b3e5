"""Groups and channels: one sentence about where the bot answers, then it leaves.

A messenger allows twenty messages a minute to a group, and everybody in it may write. Nothing that is said there is worth an
answer, so a group costs one message and one call.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from sqlmodel import Session, select
from telegram.error import BadRequest, NetworkError, RetryAfter, TelegramError

from bot.messengers.delivery.paced_calls import TRIES, Pause
from bot.messengers.delivery.text import send_text
from bot.messengers.transport.channel import Channel
from storage.enums import Messenger
from storage.tables import LeftGroup

log = logging.getLogger(__name__)

#: A group that adds the bot again is told again after so long, and left silently until then.
TOLD_AGAIN = timedelta(hours=6)
#: What still comes from a group that was left may have been on its way.
LEAVE_AGAIN = timedelta(seconds=20)
#: Of all groups of a messenger together: their sentences share one bucket, as if they were one chat.
ALL = "groups"
#: The longest wait for a refused `leaveChat`. What comes next from the group tries it again.
PATIENCE = 60.0


def heard(db: Session, messenger: Messenger, chat_id: int, now: datetime) -> tuple[bool, bool]:
    """Something came from a group: whether to say the sentence, and whether to leave."""
    found = select(LeftGroup).where(LeftGroup.messenger == messenger, LeftGroup.chat_id == chat_id)
    row = db.exec(found).first()
    if row is None:
        db.add(LeftGroup(messenger=messenger, chat_id=chat_id, notified_at=now, left_at=now))
        return True, True
    # A time ahead was written before the clock was set back.
    say = not row.notified_at <= now < row.notified_at + TOLD_AGAIN
    leave = say or not row.left_at <= now < row.left_at + LEAVE_AGAIN
    if say:
        row.notified_at = now
    if leave:
        row.left_at = now
    return say, leave


async def leave(channel: Channel, chat_id: int, sentence: str | None, *, pause: Pause) -> None:
    """Say the sentence, where it can be said without waiting, and leave. Raises nothing."""
    limiter = channel.limiter
    if sentence is not None and not limiter.wait(chat_id) and not limiter.chat_wait(ALL):
        limiter.spend(ALL, 1.0)
        try:
            await send_text(channel, chat_id, sentence, None, caller=lambda call: limiter.call(chat_id, call))
        except TelegramError as error:
            log.info("%s: a group was not told where the bot answers: %s", channel.messenger.value, error)
    for attempt in range(TRIES):
        wait = limiter.wait(chat_id, 0.0, method="leave")
        if wait > PATIENCE:
            break
        if wait:
            await pause(wait)
        try:
            await limiter.call(chat_id, lambda: channel.bot.leave_chat(chat_id), cost=0.0, method="leave")
        except RetryAfter:
            continue
        except NetworkError as error:
            if isinstance(error, BadRequest):
                log.info("%s: a group could not be left: %s", channel.messenger.value, error)
                return
            await pause(0.3 * 4**attempt)
        except TelegramError as error:
            log.info("%s: a group could not be left: %s", channel.messenger.value, error)
            return
        else:
            log.info("%s: a group was left", channel.messenger.value)
            return
    log.warning("%s: a group could not be left yet", channel.messenger.value)
