"""Many files at once: a head assigns up to fifty, an expert takes the next of the queue (docs/specification.md 2.9)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func
from sqlmodel import Session, col, select

from bot.core.context import Actor
from bot.core.refusals import AlreadyDecided, InvalidInput, NotAllowed, Stale
from bot.core.screens import button
from bot.services.qualification import review
from bot.services.review import routing
from bot.services.shared import notify
from bot.services.shared.permissions import require
from bot.services.team.notes import Workflow
from bot.texts import formats, quoted, t
from storage.enums import Role
from storage.tables import Account

#: Files of one press.
MOST = 50


@dataclass(frozen=True, slots=True)
class BulkFile:
    """A file that may be chosen; `since` is when it came."""

    id: int
    code: str
    applicant: str
    since: datetime


@dataclass(frozen=True, slots=True)
class BulkSource:
    """Where files are taken from: an expert's hands, or (None) the queue."""

    expert: Account | None
    count: int


@dataclass(slots=True)
class BulkResult:
    """account.id of who has them now → the files; and how many went another way meanwhile."""

    given: dict[int, list[BulkFile]] = field(default_factory=dict)
    skipped: int = 0

    @property
    def count(self) -> int:
        return sum(map(len, self.given.values()))


def _condition(workflow: Workflow, university: str | None, source: int | None) -> Any:
    row, at = workflow.row, col(workflow.row.university_code) == university
    if source is None:
        return at & workflow.queue.unclaimed
    return at & workflow.queue.under_review & (col(row.reviewer_id) == source)


def sources(db: Session, workflow: Workflow, *, actor: Actor) -> list[BulkSource]:
    """The queue and the experts of the head's university, each with the number of files; without the empty ones."""
    require(db, actor, Role.IN_CHARGE)
    row, at = workflow.row, col(workflow.row.university_code) == actor.university_code
    waiting = db.exec(select(func.count()).select_from(row).where(at, workflow.queue.unclaimed)).one()
    held = db.exec(
        select(Account, func.count())
        .join(row, col(row.reviewer_id) == col(Account.id))
        .where(at, workflow.queue.under_review)
        .group_by(col(Account.id))
        .order_by(func.count().desc(), col(Account.id))
    ).all()
    queue = [BulkSource(None, waiting)] if waiting else []
    return [*queue, *(BulkSource(expert, count) for expert, count in held)]


def candidates(
    db: Session, workflow: Workflow, *, actor: Actor, source: int | None, limit: int = MOST
) -> list[BulkFile]:
    """The oldest files of one source; for the head, of the queue for every expert."""
    require(db, actor, *(routing.REVIEWERS if source is None else (Role.IN_CHARGE,)))
    row, came = workflow.row, workflow.queue.came
    query = (
        select(row, Account)
        .join(Account, col(Account.id) == col(row.account_id))
        .where(_condition(workflow, actor.university_code, source))
        .order_by(came, col(row.id))
        .limit(min(limit, MOST))
    )
    return [_file(workflow, request, account) for request, account in db.exec(query)]


def _file(workflow: Workflow, request: Any, applicant: Account) -> BulkFile:
    since = getattr(request, workflow.queue.came.key) or request.state_since
    return BulkFile(request.id or 0, request.tracking_code or "", applicant.name, since)


def plan(
    db: Session,
    workflow: Workflow,
    *,
    actor: Actor,
    request_ids: Sequence[int],
    expert_ids: Sequence[int],
    source: int | None,
    now: datetime,
) -> dict[int, int]:
    """request.id → the expert who would get it: in turns, the least burdened first, nobody a file that is about them.
    Files that no longer stand where they were taken from, or that nobody of these may get, are left out."""
    require(db, actor, Role.IN_CHARGE)
    listed = review.experts_of(db, actor=actor, university_code=actor.university_code, now=now)
    experts = [
        one.account.id or 0 for one in listed if one.account.id in expert_ids and one.account.id != source
    ]
    row, turn, planned = workflow.row, 0, dict[int, int]()
    still = set(
        db.exec(
            select(row.id).where(
                col(row.id).in_(list(request_ids)), _condition(workflow, actor.university_code, source)
            )
        )
    )
    for request_id in request_ids[:MOST]:
        if request_id not in still:
            continue
        parties = workflow.case_of(db, workflow.load(db, request_id)).interested_parties
        for offset in range(len(experts)):
            expert = experts[(turn + offset) % len(experts)]
            if expert not in parties:
                planned[request_id] = expert
                turn += offset + 1
                break
    return planned


def assign_many(
    db: Session,
    workflow: Workflow,
    *,
    actor: Actor,
    request_ids: Sequence[int],
    expert_ids: Sequence[int],
    source: int | None,
    why: str | None,
    now: datetime,
) -> BulkResult:
    """Give these files to one expert or, in turns, to several: an audit event each, one push to everyone whose files
    came or went, with the list (N22). What went another way since it was chosen is skipped and counted.

    Raises NotAllowed for anyone but the head of the university.
    """
    wanted = plan(
        db,
        workflow,
        actor=actor,
        request_ids=request_ids,
        expert_ids=expert_ids,
        source=source,
        now=now,
    )
    result = BulkResult(skipped=len(request_ids) - len(wanted))
    taken: list[BulkFile] = []
    for request_id, expert_id in wanted.items():
        try:
            with db.begin_nested():
                request = workflow.assign(
                    db,
                    actor=actor,
                    request_id=request_id,
                    expert_id=expert_id,
                    now=now,
                    tell=False,
                    together=len(wanted),
                )
        except (AlreadyDecided, InvalidInput, NotAllowed, Stale):
            result.skipped += 1
            continue
        file = _file(workflow, request, db.get_one(Account, request.account_id))
        result.given.setdefault(request.reviewer_id or 0, []).append(file)
        taken.append(file)
    event = f"{workflow.subject}:bulk:{actor.account_id}:{int(now.timestamp())}"
    for expert_id, files in result.given.items():
        _tell(db, workflow, actor, expert_id, "push.N22_many", files, why, event, now)
    if source is not None and taken:
        _tell(db, workflow, actor, source, "push.N22_many_taken", taken, why, event, now)
    return result


def claim_next(
    db: Session, workflow: Workflow, *, actor: Actor, number: int, now: datetime
) -> list[BulkFile]:
    """Take the oldest `number` files of the queue, an audit event each; those that a colleague took at the same moment
    or that are the expert's own are passed over. Raises NotAllowed."""
    require(db, actor, *routing.REVIEWERS)
    claimed: list[BulkFile] = []
    for file in candidates(db, workflow, actor=actor, source=None, limit=number):
        try:
            with db.begin_nested():
                workflow.claim(db, actor=actor, request_id=file.id, now=now)
        except (AlreadyDecided, NotAllowed, Stale):
            continue
        claimed.append(file)
    return claimed


def _tell(
    db: Session,
    workflow: Workflow,
    actor: Actor,
    account_id: int,
    key: str,
    files: list[BulkFile],
    why: str | None,
    event: str,
    now: datetime,
) -> None:
    grant_id = routing.grant_of(db, account_id, actor.university_code)
    if grant_id is None or account_id == actor.account_id:
        return
    head = db.get_one(Account, actor.account_id).name
    lines = [t(key, n=formats.digits(len(files)), who=head)]
    if why:
        lines.append(t("push.N22_why", note=quoted(why, head)))
    lines += [t("push.N22_file", code=file.code, name=file.applicant) for file in files]
    mine = "desk.mine" if workflow.open_action == "desk.file" else "desk.coop_mine"
    notify.push(
        db,
        kind="N22",
        event_key=f"{event}:{files[0].id}:{'taken' if key.endswith('taken') else 'given'}",
        account_id=account_id,
        grant_id=grant_id,
        text="\n".join(lines),
        rows=[[button(t(mine), mine)]] if key == "push.N22_many" else (),
        now=now,
    )
