"""What the directorate and the clock do: letters read and unread, reminders and digests, SMS on their way."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select

from bot.core.context import Actor
from bot.jobs.schedule import sweeps
from bot.messengers.delivery import outbox_store
from bot.messengers.delivery.outbox_store import PushRoute, RouteCapacity, SendResult
from bot.services import team
from bot.services.letters import letters
from bot.services.letters.audience import Audience, Group, Kind
from bot.texts.formats import TEHRAN
from simulation.past import Past
from simulation.stories import Outside, Story
from storage.enums import PushState, Role
from storage.tables import Account, LetterRecipient

#: (days ago, audience, number, title, text)
LETTERS: tuple[tuple[float, Audience, str, str, str], ...] = (
    (480, Audience(Kind.ALL), "۱۱۲", "آغاز به کار سامانه مسئولان فنی", "از این پس درخواست‌های احراز صلاحیت در این سامانه ثبت و پیگیری می‌شود."),
    (350, Audience(Kind.STATE, Group.QUALIFIED), "۲۰۴", "اعتبار گواهی دوره آموزشی", "گواهی دوره‌های آموزشی پیش از سال ۱۴۰۰ باید تا پایان سال بازآموزی شود."),
    (240, Audience(Kind.PROVINCE, "فارس"), "۲۷۱", "نشست هم‌اندیشی مسئولان فنی استان فارس", "نشست روز چهارشنبه ساعت ۱۰ در سالن اجتماعات دانشگاه برگزار می‌شود."),
    (130, Audience(Kind.EXPERTS), "۳۱۸", "یکسان‌سازی رسیدگی به گواهی عدم اعتیاد", "گواهی‌های صادرشده در شش ماه گذشته معتبر است."),
    (75, Audience(Kind.MANAGERS), "۳۵۰", "معرفی مسئول فنی شعبه‌ها", "برای هر شعبه تازه، پیش از آغاز فعالیت مسئول فنی معرفی فرمایید."),
    (40, Audience(Kind.ALL), "۳۸۶", "تعرفه بررسی درخواست‌ها", "تعرفه تازه بررسی درخواست‌ها از ابتدای ماه آینده اجرا می‌شود."),
    (9, Audience(Kind.PROVINCE, "تهران"), "۴۰۱", "تغییر نشانی دبیرخانه", "دبیرخانه به ساختمان شماره دو منتقل شده است."),
    (2, Audience(Kind.ALL), "۴۱۷", "یادآوری تکمیل پرونده‌ها", "مسئولان فنی دارای نقص پرونده، حداکثر تا پایان ماه اقدام فرمایند."),
)  # fmt: skip
#: Jobs of the running bot: what they leave in months that are long over, and what a visitor still meets.
OLD_JOBS = frozenset({"reminders"})
LATE_JOBS = OLD_JOBS | {"payments", "waiting-files", "leaves", "digest", "team-reports", "alerts"}
_LEASE = timedelta(seconds=90)
#: SMS that come back, and in how many days before the end.
_UNDELIVERED, _LATELY = 3, timedelta(days=12)
_CAPACITY: dict[PushRoute, RouteCapacity] = {None: RouteCapacity(200, 200)}


def letter(past: Past, to: Audience, number: str, title: str, text: str) -> Story:
    """Sent to its recipients, some of whom open it in the days after."""
    sent = letters.send_letter(
        past.db,
        actor=past.the_staff(),
        sms=False,
        delay=timedelta(0),
        to=to,
        number=number,
        title=title,
        text=text,
        now=past.stories.now,
    )
    assert sent.id is not None
    while letters.send_batch(past.db, letter_id=sent.id, now=past.stories.now):
        pass
    letter_id, days, begun = sent.id, 0.0, past.stories.now
    readers = past.db.exec(
        select(LetterRecipient.account_id)
        .join(Account, col(Account.id) == col(LetterRecipient.account_id))
        .where(LetterRecipient.letter_id == letter_id)
        .order_by(col(Account.id))
    ).all()
    officers = set(past.officers) - past.played
    opened = [one for one in readers if one in officers and past.people.dice.random() < 0.45]
    for start in range(0, len(opened), 15):
        days += past.people.dice.random() * 2
        yield begun + timedelta(days=days)
        for account_id in opened[start : start + 15]:
            letters.open_letter(
                past.db,
                actor=Actor(account_id, Role.OFFICER),
                letter_id=letter_id,
                now=past.stories.now,
            )


def leave(past: Past, university: str) -> Story:
    """An expert is away for a week; a colleague stands in."""
    away, deputy = past.universities[university].experts[1:3]
    assert deputy.account_id is not None
    today = past.stories.now.astimezone(TEHRAN).date()
    ends = today + timedelta(days=7)
    team.take_leave(
        past.db,
        actor=away,
        starts_on=today,
        ends_on=ends,
        deputy_id=deputy.account_id,
        now=past.stories.now,
    )
    yield from ()


def routine(past: Past, jobs: frozenset[str], every: timedelta, ends: datetime) -> Story:
    """What the bot's timers make of these jobs until `ends`, and what the outbox sends."""
    wanted = [work for name, _, work in sweeps(past.resources) if name in jobs]
    while past.stories.now < ends:
        yield Outside(lambda: _work(past, wanted))
        yield past.stories.now + every


async def _work(past: Past, wanted: list[Callable[[], Awaitable[Any]]]) -> None:
    for work in wanted:
        await work()
    while await past.resources.database.run(lambda db: _send_due(past, db)):
        pass


def _send_due(past: Past, db: Session) -> int:
    """One round of the outbox: SMS are taken by a provider that nobody reads, but for some of the last days."""
    now = past.stories.now
    due, _ = outbox_store.due_pushes(db, now, _CAPACITY)
    claimed = outbox_store.claim_pushes(db, due, now, now + _LEASE)
    db.flush()
    for push in claimed:
        if push.skip is not None:
            result = SendResult(PushState.SKIPPED, push.skip)
        elif past.stories.until - now < _LATELY and past.undelivered < _UNDELIVERED and push.id % 7 == 0:
            past.undelivered += 1
            result = SendResult(PushState.GIVEN_UP, "شماره در شبکه نیست")
        else:
            result = SendResult(PushState.SENT, provider_id=f"past-{push.id}")
        outbox_store.record_result(db, push, result, now)
    return len(due)
