"""Times that have an end: what holds a second before it, at the very instant, and no longer a second after it."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlmodel import Session, col, select

from bot.jobs import clock_guard, held_decisions, push_texts
from bot.services import team
from bot.services.letters import letters
from bot.services.letters.audience import Audience, Kind
from bot.services.payments import settlement
from bot.services.payments.verification import EXPIRES
from bot.services.qualification import documents_in_use
from bot.services.review import queue_notices
from bot.services.search import lookup
from bot.services.shared import notify, rate_limit
from storage.enums import AttemptState, PushChannel, PushState, RequestState
from storage.tables import (
    AuditEvent,
    Grant,
    PaymentAttempt,
    Push,
    QualificationRequest,
    SearchQuery,
    Throttle,
)
from tests.support.factories.cooperation import Parties
from tests.support.factories.qualification import add_request, attempt_row
from tests.support.factories.reference_data import NOW

#: What is written and asked for does not depend on the database.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)


def words_stay(db: Session, parties: Parties, begun: datetime) -> bool:
    push = Push(key="k", kind="N1", channel=PushChannel.CHAT, account_id=parties.sara.account_id, text="x")
    push.state, push.created_at = PushState.SENT, begun
    db.add(push)
    db.flush()
    return push_texts.forget_texts(db, now=NOW) == 0


def alert_rests(db: Session, parties: Parties, begun: datetime) -> bool:
    notify.alert_staff(db, key="disk", text="دیسک پر است.", now=begun)
    return notify.repeat_alerts(db, now=NOW) == 0


def tries_stay(db: Session, parties: Parties, begun: datetime) -> bool:
    rate_limit.count_try(db, key="k", now=begun)
    rate_limit.forget_old_tries(db, now=NOW)
    return db.exec(select(Throttle.id)).first() is not None


def happens_once(db: Session, parties: Parties, begun: datetime) -> bool:
    assert rate_limit.first_time(db, key="k", now=begun, within=HOUR)
    return not rate_limit.first_time(db, key="k", now=NOW, within=HOUR)


def search_stays(db: Session, parties: Parties, begun: datetime) -> bool:
    lookup.keep(db, actor=parties.staff, text="سارا", now=begun)
    lookup.forget_old_searches(db, now=NOW)
    return db.exec(select(SearchQuery.id)).first() is not None


def recorded(db: Session, parties: Parties, *at: datetime) -> None:
    who = {"actor_id": parties.staff.account_id, "actor_role": parties.staff.role}
    db.add_all(AuditEvent(at=one, event="x", subject="account", subject_id=1, **who) for one in at)
    db.flush()


def proves_the_clock(db: Session, parties: Parties, begun: datetime) -> bool:
    recorded(db, parties, begun)
    return clock_guard.clock_holds(db, now=NOW)


def too_young_to_prove_the_clock(db: Session, parties: Parties, begun: datetime) -> bool:
    recorded(db, parties, begun)
    return not clock_guard.clock_holds(db, now=NOW)


def letter(db: Session, parties: Parties, begun: datetime) -> int:
    given = {"number": None, "title": "آزمون", "text": "آغاز شد.", "sms": False, "delay": HOUR}
    sent = letters.send_letter(db, actor=parties.staff, to=Audience(Kind.ALL), now=begun, **given)
    return sent.id or 0


def letter_waits(db: Session, parties: Parties, begun: datetime) -> bool:
    letter(db, parties, begun)
    return letters._unfinished_letters(db, NOW) == []


def letter_is_held_back(db: Session, parties: Parties, begun: datetime) -> bool:
    letters.send_batch(db, letter_id=letter(db, parties, begun), now=NOW)
    return db.exec(select(Push.id).where(col(Push.letter_id).is_not(None))).first() is None


def expert_is_left_alone(db: Session, parties: Parties, begun: datetime) -> bool:
    grant = db.exec(select(Grant).where(Grant.account_id == parties.ali.account_id)).one()
    grant.waiting_notified_at = begun
    db.flush()
    return not queue_notices._claim_notice(db, grant, NOW)


def no_expert_may_be_told(db: Session, parties: Parties, begun: datetime) -> bool:
    for grant in db.exec(select(Grant).where(Grant.university_code == "sums")):
        grant.waiting_notified_at = begun
    db.flush()
    return not queue_notices._somebody_to_tell(db, "sums", NOW - SECOND, NOW)


def lost_attempt_is_kept(db: Session, parties: Parties, begun: datetime) -> bool:
    request = add_request(db, parties.mina, RequestState.WITHDRAWN)
    row: PaymentAttempt = attempt_row(request.id, ref=None, state=AttemptState.CREATED, created_at=begun)
    db.add(row)
    db.flush()
    return settlement._without_ref(db, attempt_id=row.id or 0, now=NOW) is AttemptState.CREATED


def decision_counts(db: Session, parties: Parties, begun: datetime) -> bool:
    given = {"submitted_at": begun - DAY, "decided_at": begun, "reviewer_id": parties.ali.account_id}
    add_request(db, parties.mina, RequestState.COMPLETED, closed_at=NOW, **given)
    figures = team.own_figures(db, actor=parties.ali, now=NOW, overdue_before=NOW)
    return figures.median_days is not None


def request_is_not_over(db: Session, parties: Parties, begun: datetime) -> bool:
    add_request(db, parties.mina, RequestState.WITHDRAWN, closed_at=begun)
    over = documents_in_use.is_over(QualificationRequest, NOW)
    return db.exec(select(QualificationRequest.id).where(over)).first() is None


def decision_may_be_undone(db: Session, parties: Parties, begun: datetime) -> bool:
    given = {"reviewer_id": parties.ali.account_id, "held_until": begun + HOUR}
    add_request(db, parties.mina, RequestState.IN_REVIEW, **given)
    return held_decisions.due(db, now=NOW) == []


#: What holds for so long, and whether it does at the instant at which the time is over.
WINDOWS: list[tuple[Callable[[Session, Parties, datetime], bool], timedelta, bool]] = [
    (words_stay, 90 * DAY, True),
    (alert_rests, DAY, False),
    (tries_stay, 2 * DAY, True),
    (happens_once, HOUR, False),
    (search_stays, DAY, True),
    (proves_the_clock, 8 * DAY, False),
    (too_young_to_prove_the_clock, 2 * DAY, True),
    (letter_waits, HOUR, False),
    (letter_is_held_back, HOUR, False),
    (expert_is_left_alone, HOUR, False),
    (no_expert_may_be_told, HOUR, False),
    (lost_attempt_is_kept, EXPIRES, False),
    (decision_counts, 90 * DAY, True),
    (request_is_not_over, 731 * DAY, True),
    (decision_may_be_undone, HOUR, False),
]


def test_how_long_each_holds(db: Session, parties: Parties) -> None:
    """Each three times in one world, undone before the next."""
    wrong = {}
    for holds, span, at_the_end in WINDOWS:
        found = []
        for age in (span - SECOND, span, span + SECOND):
            undone = db.begin_nested()
            found.append(holds(db, parties, NOW - age))
            undone.rollback()
            db.expire_all()
        if found != [True, at_the_end, False]:
            wrong[holds.__name__] = found
    assert wrong == {}
