"""N20: who is reminded of what, and drafts that are not continued (docs/specification.md 2.8, Q6–Q8, Q44).

People are reminded by day only (`daytime.may_remind`). Alerts to staff are urgent: they come at any time.
Nobody is reminded of what their suspended account may not do: once it works again the present step is due.

Each function is one unit: safe with several processes (a compare-and-set takes each case), and after a long
downtime (the present state counts, not the ticks that were missed).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache, partial
from itertools import product
from typing import Any, Literal, TypeVar

from sqlalchemy import ColumnElement, and_, bindparam, func, literal_column, union_all, update
from sqlmodel import Session, col, select

from bot.application.resources import Resources
from bot.core.context import SYSTEM
from bot.core.refusals import Stale
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
from bot.services.shared import notify, rate_limit
from bot.services.shared.audit import record
from bot.texts import formats, t
from storage.enums import AccountState, CooperationState, RequestKind, RequestState
from storage.tables import Account, AuditEvent, CooperationRequest, Draft, Grant, QualificationRequest
from storage.tables.column_types import UtcDateTime

#: The officer is reminded after so many days in a state that waits for them.
OFFICER_DAYS = (3, 7, 30)
#: Experts are reminded of a file after so many days.
EXPERT_DAYS = tuple(range(10, 100, 10))
#: A draft is removed after so long without a change, with a notice so long before.
DRAFT_LIFETIME, DRAFT_NOTICE = timedelta(days=365), timedelta(days=30)
#: Cases that a unit takes at most: a few milliseconds. The job repeats it until nothing is due.
BATCH = 4
#: Of files that nobody has claimed: all experts of a university may be told of each.
UNCLAIMED_BATCH = 1
#: Drafts that one unit looks at.
PAGE = 8
#: Files that are counted at most.
COUNTED = 999

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


@cache
def _due_statement(table: type[Any], states: tuple[StrEnum, ...], steps: int, owner_active: bool) -> Any:
    """Ids of what is due: a look into the index for each state and number of reminders that were sent, the most first."""
    kinds = RequestKind if table is QualificationRequest else (None,)
    looks = []
    for sent, state, kind in product(reversed(range(steps)), states, kinds):
        look: Any = select(col(table.id).label("id")).where(
            *((col(table.kind) == kind,) if kind is not None else ()),
            col(table.state) == state,
            col(table.reminders) == literal_column(str(sent)),
            col(table.state_since) <= bindparam(f"before_{sent}", type_=UtcDateTime()),
            *((_owner_active(table),) if owner_active else ()),
        )
        looks.append(select(look.limit(bindparam("most")).subquery().c.id))
    return union_all(*looks).limit(bindparam("most"))


def _requests_due(
    db: Session,
    table: type[F],
    states: tuple[StrEnum, ...],
    days: tuple[int, ...],
    now: datetime,
    *,
    owner_active: bool = False,
    limit: int = BATCH,
    ready: Callable[[F], bool] = lambda request: True,
) -> list[tuple[int, F]]:
    """(step, request) of what waits longer than the step's days and was not reminded of them yet, at most `limit`.

    Those that were reminded most often come first and skip the steps that a downtime missed; each is taken by one
    process. `owner_active`: only where the officer may act. What is not `ready` yet stays due."""
    if not limit:
        return []
    befores = {f"before_{sent}": now - timedelta(days=span) for sent, span in enumerate(days)}
    statement = _due_statement(table, states, len(days), owner_active)
    ids = db.connection().execute(statement, befores | {"most": limit}).scalars().all()
    taken = list[tuple[int, F]]()
    for request_id in ids:
        request = db.get(table, request_id, populate_existing=True)
        if request is None or request.state not in states:
            continue
        waited = now - request.state_since
        step = max(
            (step for step, span in enumerate(days, start=1) if waited >= timedelta(days=span)), default=0
        )
        if step > request.reminders and ready(request) and _count_reminder(db, request, step):
            db.refresh(request)
            taken.append((step, request))
    return taken


def _owner_active(table: type[F]) -> ColumnElement[bool]:
    """The officer whom a request is about may act."""
    # A look at one account for each request that is due, on PostgreSQL too.
    state = select(Account.state).where(Account.id == col(table.account_id)).scalar_subquery()
    return state == AccountState.ACTIVE


def remind_officers(db: Session, *, now: datetime) -> int:
    """Of deficiencies, unpaid fees and unanswered cooperation, after 3, 7 and 30 days; after a downtime only
    once. Say how many."""
    if not may_remind(now):
        return 0
    states = (RequestState.DEFICIENT, RequestState.AWAITING_PAYMENT)
    due = _requests_due(db, QualificationRequest, states, OFFICER_DAYS, now, owner_active=True)
    for step, request in due:
        if request.state is RequestState.DEFICIENT:
            go_on = button(t("fix.button"), "qual.fix", request.id or 0)
        else:
            go_on = button(t("push.N20_go"), "qual.track", request.id or 0)
        _remind(db, request, SUBJECT, request.account_id, step, go_on, now)
    pending = (CooperationState.PENDING_OFFICER,)
    room = BATCH - len(due)
    asked = _requests_due(db, CooperationRequest, pending, OFFICER_DAYS, now, owner_active=True, limit=room)
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
    begun = 0

    def queue_told(request: QualificationRequest | CooperationRequest) -> bool:
        """A queue with many experts is told in several units; the file stays due until all are."""
        nonlocal begun
        if request.reviewer_id is not None or _remind_queue(db, request.university_code or "", now):
            return True
        begun += 1
        return False

    due = _requests_due(db, QualificationRequest, (RequestState.IN_REVIEW,), EXPERT_DAYS, now)
    # A unit that tells a whole university tells nobody else.
    room = 0 if due else UNCLAIMED_BATCH
    waiting = (RequestState.SUBMITTED,)
    unclaimed = _requests_due(
        db, QualificationRequest, waiting, EXPERT_DAYS, now, limit=room, ready=queue_told
    )
    for step, request in due:
        if request.reviewer_id is not None and _reviews_now(db, request):
            see = button(t("nav.see"), "desk.file", request.id or 0)
            grant = routing.grant_of(db, request.reviewer_id, request.university_code)
            _remind(db, request, SUBJECT, request.reviewer_id, step, see, now, grant_id=grant)
    at_university = (CooperationState.PENDING_UNIVERSITY,)
    room = 0 if due or unclaimed or begun else UNCLAIMED_BATCH
    accepted = _requests_due(
        db, CooperationRequest, at_university, EXPERT_DAYS, now, limit=room, ready=queue_told
    )
    for step, cooperation in accepted:
        if cooperation.reviewer_id is not None and _reviews_now(db, cooperation):
            see = button(t("nav.see"), "desk.coop_file", cooperation.id or 0)
            grant = routing.grant_of(db, cooperation.reviewer_id, cooperation.university_code)
            _remind(db, cooperation, COOPERATION, cooperation.reviewer_id, step, see, now, grant_id=grant)
    return len(unclaimed) + len(due) + len(accepted) + begun


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


def _remind_queue(db: Session, university: str, now: datetime) -> bool:
    """Tell some of its experts who were not told today; whether all are now."""
    experts = routing.experts(db, university)
    day = now.astimezone(formats.TEHRAN).date().isoformat()
    places = range(0, max(len(experts), 1), routing.EXPERTS_AT_ONCE)
    for place in places:
        if rate_limit.first_time(db, key=f"late-queue:{university}:{day}:{place}", now=now):
            _tell_of_queue(db, university, experts[place : place + routing.EXPERTS_AT_ONCE], day, now)
            return place == places[-1]
    return True


def _tell_of_queue(db: Session, university: str, grants: list[Grant], day: str, now: datetime) -> None:
    days = EXPERT_DAYS[0]
    requests, cooperations = (
        routing.waiting_before(db, queue, university, now - timedelta(days=days), most=COUNTED)
        for queue in (routing.REQUESTS, routing.COOPERATIONS)
    )
    see = (
        button(t("nav.see"), "desk.queue")
        if requests.number
        else button(t("nav.see"), "desk.coop_file", cooperations.first or 0)
    )
    late = formats.bounded(requests.number + cooperations.number, COUNTED)
    for grant in grants:
        notify.push(
            db,
            kind="N20",
            event_key=f"late-queue:{university}:{day}",
            account_id=grant.account_id,
            grant_id=grant.id,
            text=t("push.N20_queue", n=late, days=formats.digits(days)),
            rows=[[see]],
            now=now,
        )


@dataclass(frozen=True, slots=True)
class DraftsPage:
    """Drafts (qualification_request.id) whose removal is to be announced, those to be removed, and those of earlier
    releases whose announcement is not noted in their row yet."""

    announce: list[int]
    remove: list[int]
    note: list[int]
    #: Where the next page begins: its state_since and id. None: there is none.
    after: tuple[datetime, int] | None


async def sweep_abandoned_drafts(resources: Resources, *, now: datetime) -> None:
    """Announce the removal of drafts untouched for 11 months, remove those untouched for 12 whose notice is
    30 days old. Each in a unit of its own."""
    for kind, announced in product(RequestKind, (False, True)):
        after: tuple[datetime, int] | None = None
        while True:
            page = await resources.database.read(
                partial(find_abandoned, kind=kind, announced=announced, now=now, after=after)
            )
            if page.note:
                await resources.database.run(partial(note_announced, request_ids=page.note))
            for request_id in page.announce:
                await resources.database.run(partial(announce_removal, request_id=request_id, now=now))
            for request_id in page.remove:
                await resources.database.run(partial(remove_abandoned, request_id=request_id, now=now))
            if page.after is None:
                break
            after = page.after


def find_abandoned(
    db: Session,
    *,
    kind: RequestKind,
    announced: bool,
    now: datetime,
    after: tuple[datetime, int] | None = None,
) -> DraftsPage:
    """Of the next drafts of this kind that were begun 11 months ago or earlier, those that nobody touched since.

    `announced`: of those whose removal was announced, and which were begun 12 months ago. So a draft that waits for the
    end of its last month is not looked at meanwhile."""
    begun, number = col(QualificationRequest.state_since), col(QualificationRequest.id)
    query = (
        select(QualificationRequest, Draft.updated_at)
        .outerjoin(Draft, _FORM_OF)
        .where(
            QualificationRequest.kind == kind,
            QualificationRequest.state == RequestState.DRAFT,
            QualificationRequest.reminders == int(announced),
            begun <= now - (DRAFT_LIFETIME if announced else DRAFT_LIFETIME - DRAFT_NOTICE),
        )
        .order_by(begun, number)
        .limit(PAGE)
    )
    if after is not None:
        query = query.where(begun >= after[0], (begun > after[0]) | (number > after[1]))
    rows = db.exec(query).all()
    found = dict[str, list[int]](announce=[], remove=[], wait=[])
    for request, touched in rows:
        what = _due_step(db, request, touched or request.state_since, now)
        if what is not None:
            found[what].append(request.id or 0)
    last = rows[-1][0] if len(rows) == PAGE else None
    goes_on = (last.state_since, last.id or 0) if last is not None else None
    return DraftsPage(found["announce"], found["remove"], [] if announced else found["wait"], goes_on)


#: The answers of a draft.
_FORM_OF = and_(
    col(Draft.account_id) == col(QualificationRequest.account_id),
    col(Draft.dialogue) == drafts.FORM,
    col(Draft.subject_id) == col(QualificationRequest.id),
)


def _due_step(
    db: Session, request: QualificationRequest, since: datetime, now: datetime
) -> Literal["announce", "remove", "wait"] | None:
    """What is due of a draft that was last touched `since`; "wait": it was announced, and its time is not over yet."""
    if since > now - (DRAFT_LIFETIME - DRAFT_NOTICE):
        return None
    account = db.get(Account, request.account_id)
    if account is None or account.state is not AccountState.ACTIVE:
        return None
    notice = _notice(db, request.id or 0, since, request.account_id)
    if notice is None:
        return "announce" if may_remind(now) else None
    return "remove" if notice <= now - DRAFT_NOTICE and since <= now - DRAFT_LIFETIME else "wait"


def _step_now(db: Session, request_id: int, now: datetime) -> tuple[QualificationRequest | None, str | None]:
    """A draft, locked, with what is due of it now; nothing where somebody went on with it or another process was
    faster."""
    try:
        request = QUALIFICATION_WORKFLOW.load(db, request_id, lock=True)
    except Stale:
        return None, None
    if request.state is not RequestState.DRAFT:
        return None, None
    touched = db.exec(
        select(Draft.updated_at).where(
            Draft.account_id == request.account_id,
            Draft.dialogue == drafts.FORM,
            Draft.subject_id == request_id,
        )
    ).first()
    return request, _due_step(db, request, touched or request.state_since, now)


def announce_removal(db: Session, *, request_id: int, now: datetime) -> bool:
    """Tell the officer that the draft will go; False where that is not due any more."""
    request, step = _step_now(db, request_id, now)
    if request is None or step != "announce":
        return False
    request.reminders = 1
    record(db, now=now, actor=SYSTEM, event=_NOTICE_EVENT, subject=SUBJECT, subject_id=request_id)
    notify.push(
        db,
        kind="N20",
        event_key=f"{SUBJECT}:{request_id}:draft:{int(now.timestamp())}",
        account_id=request.account_id,
        text=t("push.N20_draft", days=formats.digits(DRAFT_NOTICE.days)),
        rows=[[button(t("resume.qualification"), "qual.draft", request_id)]],
        now=now,
    )
    return True


def note_announced(db: Session, *, request_ids: Sequence[int]) -> None:
    """Note of drafts that their removal was announced: such as an earlier release announced."""
    db.exec(
        update(QualificationRequest)
        .where(
            col(QualificationRequest.id).in_(request_ids),
            col(QualificationRequest.state) == RequestState.DRAFT,
        )
        .values(reminders=1)
        .execution_options(synchronize_session=False)
    )


def remove_abandoned(db: Session, *, request_id: int, now: datetime) -> bool:
    """Remove a draft that nobody went on with; False where that is not due any more."""
    request, step = _step_now(db, request_id, now)
    if request is None or step != "remove":
        return False
    drafts.discard(db, actor=SYSTEM, request_id=request_id, now=now)
    return True


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


def watch_tariffs(db: Session, *, now: datetime) -> None:
    """Alert staff where files under review have no tariff in force; settle the alert once there is one."""
    day = now.astimezone(formats.TEHRAN).date()
    for kind in RequestKind:
        if tariff_rules.in_force(db, kind=kind, day=day) is not None:
            notify.close_alert(db, key=tariff_rules.no_tariff_key(kind), now=now)
        elif _under_review(db, kind):
            alert_no_tariff(db, kind=kind, now=now)


def _under_review(db: Session, kind: RequestKind) -> bool:
    return any(
        db.exec(
            select(QualificationRequest.id)
            .where(QualificationRequest.kind == kind, QualificationRequest.state == state)
            .limit(1)
        ).first()
        is not None
        for state in (RequestState.SUBMITTED, RequestState.IN_REVIEW)
    )
