"""N20: who is reminded of what, and drafts that are not continued (docs/specification.md 2.8, Q6–Q8, Q44).

People are reminded by day only (`daytime.may_remind`). Alerts to staff are urgent: they come at any time.
Nobody is reminded of what their suspended account may not do: once it works again the present step is due.

Each function is one unit: safe with several processes (a compare-and-set takes each case), and after a long
downtime (the present state counts, not the ticks that were missed).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, func, update
from sqlmodel import Session, col, select

from bot.core.context import SYSTEM
from bot.core.screens import Button, button
from bot.jobs.daytime import may_remind
from bot.rules.account import MACHINE as ACCOUNT
from bot.rules.account import AccountAction
from bot.services.cooperation.requests import SUBJECT as COOPERATION
from bot.services.qualification import drafts
from bot.services.qualification import fees as tariff_rules
from bot.services.qualification.decisions import alert_no_tariff
from bot.services.qualification.requests import QUALIFICATION_WORKFLOW, SUBJECT
from bot.services.review import routing
from bot.services.shared import notify
from bot.services.shared.audit import record
from bot.texts import formats, t
from storage.enums import AccountState, CooperationState, RequestKind, RequestState
from storage.tables import Account, AuditEvent, CooperationRequest, Draft, QualificationRequest

#: The officer is reminded after so many days in a state that waits for them.
OFFICER_DAYS = (3, 7, 30)
#: Experts are reminded of a file after so many days.
EXPERT_DAYS = tuple(range(10, 100, 10))
#: A draft is removed after so long without a change, with a notice so long before.
DRAFT_LIFETIME, DRAFT_NOTICE = timedelta(days=365), timedelta(days=30)
#: Cases of one step that a unit takes at most; the next tick takes the rest.
BATCH = 200

_NOTICE_EVENT = "draft_expiry_notice"
#: Of an account whose suspension ended.
_LIFTED = ACCOUNT.table[AccountState.SUSPENDED, AccountAction.LIFT].event


#: A file with `state`, `state_since` and a count of `reminders`.
F = TypeVar("F", QualificationRequest, CooperationRequest)


def _count_reminder(db: Session, request: F, reminders: int) -> bool:
    """Count the reminder; False where another process was faster or the state has changed."""
    table: Any = type(request)
    taken = db.exec(
        update(table)
        .where(
            table.id == request.id,
            table.state == request.state,
            table.reminders == request.reminders,
        )
        .values(reminders=reminders)
        .execution_options(synchronize_session=False)
    ).rowcount
    return bool(taken)


def _requests_due(
    db: Session,
    table: type[F],
    states: Sequence[StrEnum],
    days: tuple[int, ...],
    now: datetime,
    *who: ColumnElement[bool],
) -> list[tuple[int, F]]:
    """(step, request) of everything that waits longer than the step's days and was not reminded of them yet.

    The longest waits come first and skip the steps that a downtime missed; each is taken by one process. `who` limits
    them further."""
    taken = []
    for step, span in reversed(list(enumerate(days, start=1))):
        query = select(table).where(
            col(table.state).in_(states),
            table.reminders < step,
            table.state_since <= now - timedelta(days=span),
            *who,
        )
        for request in db.exec(query.order_by(col(table.id)).limit(BATCH)).all():
            if _count_reminder(db, request, step):
                db.refresh(request)
                taken.append((step, request))
    return taken


def _owner_active(table: type[F]) -> ColumnElement[bool]:
    """The officer whom a request is about may act."""
    return (
        select(Account.id)
        .where(Account.id == col(table.account_id), Account.state == AccountState.ACTIVE)
        .exists()
    )


def remind_officers(db: Session, *, now: datetime) -> int:
    """Of deficiencies, unpaid fees and unanswered cooperation, after 3, 7 and 30 days; after a downtime only
    once. Say how many."""
    if not may_remind(now):
        return 0
    states = (RequestState.DEFICIENT, RequestState.AWAITING_PAYMENT)
    due = _requests_due(
        db, QualificationRequest, states, OFFICER_DAYS, now, _owner_active(QualificationRequest)
    )
    for step, request in due:
        if request.state is RequestState.DEFICIENT:
            go_on = button(t("fix.button"), "qual.fix", request.id or 0)
        else:
            go_on = button(t("push.N20_go"), "qual.track", request.id or 0)
        _remind(db, request, SUBJECT, request.account_id, step, go_on, now)
    pending, asked_active = (CooperationState.PENDING_OFFICER,), _owner_active(CooperationRequest)
    asked = _requests_due(db, CooperationRequest, pending, OFFICER_DAYS, now, asked_active)
    for step, cooperation in asked:
        go_on = button(t("push.N20_go"), "coop.view", cooperation.id or 0)
        _remind(db, cooperation, COOPERATION, cooperation.account_id, step, go_on, now)
    return len(due) + len(asked)


def _reviews_now(db: Session, request: QualificationRequest | CooperationRequest) -> bool:
    """Its reviewer may decide about it."""
    return routing.is_active_expert(db, request.reviewer_id, request.university_code)


def remind_experts(db: Session, *, now: datetime) -> int:
    """Of files over 10 days, every 10 days: the reviewer of each, and all experts where the queue holds
    some."""
    if not may_remind(now):
        return 0
    universities = set()
    due = _requests_due(
        db, QualificationRequest, (RequestState.IN_REVIEW, RequestState.SUBMITTED), EXPERT_DAYS, now
    )
    for step, request in due:
        if request.state is RequestState.SUBMITTED:
            universities.add(request.university_code or "")
        elif request.reviewer_id is not None and _reviews_now(db, request):
            see = button(t("nav.see"), "desk.file", request.id or 0)
            grant = routing.grant_of(db, request.reviewer_id, request.university_code)
            _remind(db, request, SUBJECT, request.reviewer_id, step, see, now, grant_id=grant)
    accepted = _requests_due(db, CooperationRequest, (CooperationState.PENDING_UNIVERSITY,), EXPERT_DAYS, now)
    for step, cooperation in accepted:
        if cooperation.reviewer_id is None:
            universities.add(cooperation.university_code or "")
        elif _reviews_now(db, cooperation):
            see = button(t("nav.see"), "desk.coop_file", cooperation.id or 0)
            grant = routing.grant_of(db, cooperation.reviewer_id, cooperation.university_code)
            _remind(db, cooperation, COOPERATION, cooperation.reviewer_id, step, see, now, grant_id=grant)
    for university in sorted(universities):
        _remind_queue(db, university, now)
    return len(due) + len(accepted)


def _remind(
    db: Session,
    request: QualificationRequest | CooperationRequest,
    subject: str,
    account_id: int,
    step: int,
    open_button: Button,
    now: datetime,
    *,
    grant_id: int | None = None,
) -> None:
    sentence = t(f"push.N20_{request.state}", code=request.tracking_code)
    notify.push(
        db,
        kind="N20",
        event_key=f"{subject}:{request.id}:reminder:{request.version}:{step}",
        account_id=account_id,
        grant_id=grant_id,
        text=t("push.N20", sentence=sentence),
        rows=[[open_button]],
        now=now,
    )


def _remind_queue(db: Session, university: str, now: datetime) -> None:
    days = EXPERT_DAYS[0]
    before = now - timedelta(days=days)
    requests = db.exec(
        select(func.count())
        .select_from(QualificationRequest)
        .where(
            QualificationRequest.university_code == university,
            QualificationRequest.state == RequestState.SUBMITTED,
            QualificationRequest.state_since <= before,
        )
    ).one()
    cooperations, oldest = db.exec(
        select(func.count(), func.min(CooperationRequest.id)).where(
            CooperationRequest.university_code == university,
            routing.COOPERATIONS.unclaimed,
            CooperationRequest.state_since <= before,
        )
    ).one()
    late = requests + cooperations
    see = (
        button(t("nav.see"), "desk.queue")
        if requests
        else button(t("nav.see"), "desk.coop_file", oldest or 0)
    )
    for grant in routing.experts(db, university):
        notify.push(
            db,
            kind="N20",
            event_key=f"late-queue:{university}:{int(now.timestamp())}",
            account_id=grant.account_id,
            grant_id=grant.id,
            text=t("push.N20_queue", n=formats.digits(late), days=formats.digits(days)),
            rows=[[see]],
            now=now,
        )


def abandoned_drafts(db: Session, *, now: datetime) -> tuple[int, int]:
    """Announce the removal of drafts untouched for 11 months, remove those untouched for 12 whose notice is
    30 days old; say how many of each."""
    touched = func.coalesce(func.max(Draft.updated_at), QualificationRequest.state_since)
    query = (
        select(QualificationRequest, touched)
        .outerjoin(
            Draft,
            (col(Draft.subject_id) == col(QualificationRequest.id))
            & (col(Draft.dialogue) == drafts.FORM)
            & (col(Draft.account_id) == col(QualificationRequest.account_id)),
        )
        .where(QualificationRequest.state == RequestState.DRAFT, _owner_active(QualificationRequest))
        .group_by(col(QualificationRequest.id))
        .having(touched <= now - (DRAFT_LIFETIME - DRAFT_NOTICE))
        .order_by(touched)
        .limit(BATCH)
    )
    announced = removed = 0
    for request, since in db.exec(query).all():
        assert request.id is not None
        notice = _notice(db, request.id, since, request.account_id)
        if notice is None and may_remind(now):
            announced += _announce(db, request, since, now)
        elif notice is not None and notice <= now - DRAFT_NOTICE and since <= now - DRAFT_LIFETIME:
            drafts.discard(db, actor=SYSTEM, request_id=request.id, now=now)
            removed += 1
    return announced, removed


def _notice(db: Session, request_id: int, since: datetime, account_id: int) -> datetime | None:
    """When the draft's removal was announced. What was announced before a suspension counts no more: meanwhile
    nobody could go on with it."""
    lifted = db.exec(
        select(func.max(AuditEvent.at)).where(
            AuditEvent.subject == "account",
            AuditEvent.subject_id == account_id,
            AuditEvent.event == _LIFTED,
        )
    ).one()
    query = select(func.max(AuditEvent.at)).where(
        AuditEvent.subject == SUBJECT,
        AuditEvent.subject_id == request_id,
        AuditEvent.event == _NOTICE_EVENT,
        col(AuditEvent.at) >= max(since, lifted or since),
    )
    return db.exec(query).one()


def _announce(db: Session, request: QualificationRequest, since: datetime, now: datetime) -> bool:
    assert request.id is not None
    if QUALIFICATION_WORKFLOW.load(db, request.id, lock=True).state is not RequestState.DRAFT:
        return False
    if (
        _notice(db, request.id, since, request.account_id) is not None
    ):  # another process, while we waited for the lock
        return False
    record(db, now=now, actor=SYSTEM, event=_NOTICE_EVENT, subject=SUBJECT, subject_id=request.id)
    notify.push(
        db,
        kind="N20",
        event_key=f"{SUBJECT}:{request.id}:draft:{int(now.timestamp())}",
        account_id=request.account_id,
        text=t("push.N20_draft", days=formats.digits(DRAFT_NOTICE.days)),
        rows=[[button(t("resume.qualification"), "qual.draft", request.id)]],
        now=now,
    )
    return True


def watch_tariffs(db: Session, *, now: datetime) -> None:
    """Alert staff where files under review have no tariff in force; settle the alert once there is one."""
    kinds = db.exec(
        select(QualificationRequest.kind)
        .where(col(QualificationRequest.state).in_((RequestState.SUBMITTED, RequestState.IN_REVIEW)))
        .distinct()
    ).all()
    day = now.astimezone(formats.TEHRAN).date()
    for kind in RequestKind:
        if tariff_rules.in_force(db, kind=kind, day=day) is not None:
            notify.close_alert(db, key=tariff_rules.no_tariff_key(kind), now=now)
        elif kind in kinds:
            alert_no_tariff(db, kind=kind, now=now)
