"""Review of a request of either kind: one description of a kind, and the only functions that change a request.

Qualification and cooperation requests differ in their rules and their facts; loading, checking, changing by
compare-and-set, claiming, passing on and putting back are the same for both, and are here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

from sqlmodel import Session, col, select

from bot.core.context import SYSTEM, Actor
from bot.core.refusals import AlreadyDecided, InvalidInput, NotAllowed, Refusal, Stale
from bot.core.screens import button
from bot.rules.state_machine import A, HasState, Machine, S, W
from bot.services.review import file_notes, leaves, queue_notices, routing
from bot.services.review.routing import R
from bot.services.shared import audit, notify
from bot.services.shared.permissions import require
from bot.services.shared.reference_data import university_name
from bot.texts import formats, quoted, t
from storage.database.unit_of_work import compare_and_set
from storage.enums import Role
from storage.tables import Account, AuditEvent

#: Decisions, by their event in the audit → the action of the rules.
_DECISIONS = {
    "deficiencies_declared": "DECLARE_DEFICIENCIES",
    "rejected": "REJECT",
    "rejected_by_university": "UNIVERSITY_REJECT",
    "approved": "APPROVE",
    "decision_held": "HOLD",
    "approval_revoked": "REVOKE",
    "revoked": "REVOKE",
}
#: What a colleague, or oneself on another messenger, may have done before an expert's button came.
_BY_EXPERTS = (*_DECISIONS, "claimed", "assigned", "handed_over", "decision_undone")


class FileCase(HasState, Protocol):
    @property
    def interested_parties(self) -> frozenset[int]:
        """Accounts that the file is about: they are no experts of it."""
        ...


C = TypeVar("C", bound=FileCase)


def held_by(expert_id: int | None, *, instead_of: int | None = None) -> dict[str, int | None]:
    """The columns that say who has a file, and for whom on leave."""
    return {"reviewer_id": expert_id, "deputy_for_id": instead_of}


@dataclass(frozen=True, slots=True)
class AuthorizedAction(Generic[R, A, C]):
    """What `check` found allowed: `actor` may do `action` on `request`, whose facts are `case`.

    Only for `change`, in the same transaction. It holds for the row as it was: a row that changed since is refused, and
    the row is changed by compare-and-set. `dataclasses.replace` may add facts to `case` that no guard looks at.
    """

    request: R
    case: C
    actor: Actor
    action: A
    #: Of the row that was checked.
    version: int


@dataclass(frozen=True, eq=False)
class ReviewWorkflow(Generic[R, S, A, W, C]):
    """One kind of file: its row and rules, and what a worklist must know to handle it."""

    row: type[R]
    queue: routing.Queue[R]
    #: Of audit events and of the keys of pushes.
    subject: str
    machine: Machine[S, A, W, C]
    actions: type[A]
    case_of: Callable[[Session, R], C]
    #: Whether the rules let this actor read the file.
    may_see: Callable[[C, Actor], bool]
    #: The action that opens a file in the worklist.
    open_action: str
    #: The relation of the experts of its university to it.
    experts: frozenset[W]
    #: An expert who is gone gives back the files in this state.
    review: S
    #: States in which a colleague's action may be why an expert's button comes too late.
    conflict_states: frozenset[S]
    #: Actions that begin a new wait even where the state stays.
    new_wait: frozenset[A] = frozenset()
    #: Whether the rules allow nothing to this relation, whatever the state.
    is_blocked: Callable[[C, frozenset[W]], bool] = lambda case, stands: False

    # ── the file as it is ────────────────────────────────────────────────────────────────────────────────────────

    def load(self, db: Session, request_id: int, *, lock: bool = False) -> R:
        """The file as it is now, with `lock` held until the commit. Raises Stale where there is none (a discarded
        draft, a forged button)."""
        request = db.get(self.row, request_id, populate_existing=True, with_for_update=lock or None)
        if request is None:
            raise Stale
        return request

    def see(self, db: Session, request_id: int, *, actor: Actor) -> tuple[R, C]:
        """The request and its case, for an actor who may read it now. Raises NotAllowed, Stale where there is none."""
        request = self.load(db, request_id)
        return request, self.visible(db, request, actor=actor)

    def visible(self, db: Session, request: R, *, actor: Actor) -> C:
        """The case of a loaded file. Raises NotAllowed where this actor may not read it now."""
        require(db, actor, reading=True)
        case = self.case_of(db, request)
        if not self.may_see(case, actor):
            raise NotAllowed
        return case

    def check(
        self,
        db: Session,
        request: R,
        case: C | None = None,
        *,
        actor: Actor,
        action: A,
        version: int | None = None,
    ) -> AuthorizedAction[R, A, C]:
        """Whether `actor` may do `action` now; hand the result to `change`.

        `case` where the caller knows facts that the rows do not tell. Raises NotAllowed for a stranger, Stale or
        AlreadyDecided for an old button, else what the rules say.
        """
        require(db, actor)
        case = self.case_of(db, request) if case is None else case
        stands = self.machine.standings(case, actor)
        if not stands or self.is_blocked(case, stands):
            raise NotAllowed
        if version is not None and version != request.version:
            raise self._conflict_refusal(db, request, actor)
        key = self.machine.refusal_of(case, stands, action)
        if key is None:
            return AuthorizedAction(request, case, actor, action, request.version)
        if key == "error.stale" or (key == "error.not_yours" and stands & self.experts):
            raise self._conflict_refusal(
                db, request, actor, otherwise=NotAllowed() if key == "error.not_yours" else None
            )
        raise NotAllowed(key)

    def change(
        self,
        db: Session,
        authorized: AuthorizedAction[R, A, C],
        *,
        now: datetime,
        values: Mapping[str, Any] | None = None,
        **data: Any,
    ) -> R:
        """Do what `check` allowed: change the row by compare-and-set, append the event with `data`.

        `values` are further columns. The loser of a race gets AlreadyDecided or Stale.
        """
        request, case, actor = authorized.request, authorized.case, authorized.actor
        action = authorized.action
        source: S = request.state
        if request.version != authorized.version or source is not case.state:
            raise self._conflict_refusal(db, request, actor)
        row = self.machine.table[source, action]
        target = row.leads_to(case)
        assert target is not None
        assert request.id is not None
        moved: dict[str, Any] = {}
        if target is not source or action in self.new_wait:
            moved = {"state": target, "state_since": now, "reminders": 0}
        if target in self.machine.terminal:
            moved["closed_at"] = now
        dropped = request.held_decision if request.held_until is not None else None
        if dropped is not None:
            moved |= {"held_until": None, "held_decision": {}}
        if not compare_and_set(db, request, moved | dict(values or {})):
            raise self._conflict_refusal(db, request, actor)
        audit.record(
            db,
            now=now,
            actor=actor,
            event=row.event,
            subject=self.subject,
            subject_id=request.id,
            from_state=source,
            to_state=target,
            **data,
        )
        if dropped is not None and dropped["by"] != actor.account_id:
            self._notify_expert(db, request, dropped["by"], "dropped", now)
        return request

    def _conflict_refusal(
        self, db: Session, request: R, actor: Actor, *, otherwise: Refusal | None = None
    ) -> Refusal:
        """Why an expert's button is too late: another expert has the request, or it was decided (by whom, what and
        when; also by themself on another messenger). Others get the fresh screen."""
        fresh = otherwise or Stale()
        if actor.role not in (*routing.REVIEWERS, Role.STAFF) or request.state not in self.conflict_states:
            return fresh
        events = (
            select(AuditEvent)
            .where(
                AuditEvent.subject == self.subject,
                AuditEvent.subject_id == request.id,
                col(AuditEvent.event).in_(_BY_EXPERTS),
            )
            .order_by(col(AuditEvent.id).desc())
            .limit(1)
        )
        last = db.exec(events).first()
        if last is None:
            return fresh
        time, own = formats.jalali_time(last.at), last.actor_id == actor.account_id
        if own and last.event == "decision_undone":
            return AlreadyDecided("error.you_undid", time=time)
        undecided = request.state is self.review and request.held_until is None
        if own:
            decided = last.event in _DECISIONS and not undecided
            return AlreadyDecided("error.you_decided", what=_what(last), time=time) if decided else fresh
        if not undecided:
            by = _decider(db, last, request.university_code)
            return AlreadyDecided(by=by, time=time, what=_what(last))
        if request.reviewer_id in (None, actor.account_id):
            return fresh
        holder = db.get(Account, request.reviewer_id)
        return AlreadyDecided("error.already_claimed", by=holder.name if holder else "—", time=time)

    # ── who reviews it ───────────────────────────────────────────────────────────────────────────────────────────────

    def claim(
        self, db: Session, *, actor: Actor, request_id: int, version: int | None = None, now: datetime
    ) -> R:
        """Take a file out of the queue (W7). Raises AlreadyDecided where a colleague has it."""
        request = self.load(db, request_id)
        claim = self.check(db, request, actor=actor, action=self.actions("CLAIM"), version=version)
        return self.change(db, claim, now=now, values=held_by(actor.account_id))

    def release(
        self, db: Session, *, actor: Actor, request_id: int, version: int | None = None, now: datetime
    ) -> R:
        """Put a request back into the queue; its expert is told where another person did it."""
        request = self.load(db, request_id)
        holder = request.reviewer_id
        release = self.check(db, request, actor=actor, action=self.actions("RELEASE"), version=version)
        self.change(db, release, now=now, values=held_by(None), holder=holder)
        if holder is not None and holder != actor.account_id:
            self._notify_expert(db, request, holder, "released", now)
        return request

    def release_all(self, db: Session, *, actor: Actor, expert_id: int, now: datetime) -> int:
        """Put every file that this expert is reviewing back into the queue (an expert leaves); say how many.

        Files with deficiencies stay with them until the officer answers or they are reassigned (Q12).
        """
        query = select(self.row).where(
            col(self.row.reviewer_id) == expert_id, col(self.row.state) == self.review
        )
        released = [
            self.release(db, actor=actor, request_id=request.id or 0, now=now)
            for request in db.exec(query.order_by(col(self.row.id))).all()
        ]
        for university in sorted({request.university_code or "" for request in released} - {""}):
            queue_notices.notify_waiting(db, university_code=university, now=now)
        return len(released)

    def assign(
        self,
        db: Session,
        *,
        actor: Actor,
        request_id: int,
        expert_id: int,
        version: int | None = None,
        now: datetime,
        tell: bool = True,
        **data: Any,
    ) -> R:
        """Give a file to an expert of its university (W7), or to the deputy of one on leave; both experts are told
        (N22) unless the caller does (`tell`). `data` goes into the audit event.

        Raises NotAllowed("error.not_expert_here") also for a person whom the request is about,
        InvalidInput("error.same_expert").
        """
        request, case = self._loaded(db, request_id)
        before, action = request.reviewer_id, self.actions("ASSIGN")
        assignment = self.check(db, request, case, actor=actor, action=action, version=version)
        self._give(db, assignment, expert_id, now=now, **data)
        if tell and before is not None and before != actor.account_id:
            self._notify_expert(db, request, before, "taken", now)
        if tell and request.reviewer_id != actor.account_id:
            self._notify_expert(db, request, request.reviewer_id, "given", now)
        return request

    def hand_over(
        self,
        db: Session,
        *,
        actor: Actor,
        request_id: int,
        expert_id: int,
        words: str,
        version: int | None = None,
        now: datetime,
    ) -> R:
        """The reviewer gives a file to a colleague with a sentence, which is a note on the file (N22). Raises as
        `assign`, and InvalidInput for the words."""
        request, case = self._loaded(db, request_id)
        action = self.actions("HAND_OVER")
        handing = self.check(db, request, case, actor=actor, action=action, version=version)
        words = file_notes.checked(words)
        self._give(db, handing, expert_id, now=now)
        receiver = request.reviewer_id
        file_notes.add(
            db,
            actor=actor,
            subject=self.subject,
            subject_id=request_id,
            text=words,
            given_to=receiver,
            now=now,
        )
        giver = db.get(Account, actor.account_id)
        said = t(
            "push.N22_handed",
            code=request.tracking_code,
            who=giver.name if giver is not None else "",
            note=quoted(words, giver.name if giver is not None else t("role.expert")),
        )
        self._notify_expert(db, request, receiver, "given", now, text=said)
        return request

    def give_back(
        self, db: Session, *, expert_id: int, university_code: str, most: int, now: datetime
    ) -> list[tuple[int | None, str]]:
        """What deputies have for this expert goes back to them, at most so many files at once, or stays with the deputies
        for good where they are no expert there any more: (account.id of the deputy whom it left, None where it stays,
        tracking code) of each."""
        held = select(self.row).where(
            col(self.row.deputy_for_id) == expert_id,
            col(self.row.university_code) == university_code,
            self.queue.under_review,
        )
        returns = routing.is_active_expert(db, expert_id, university_code)
        gone = list[tuple[int | None, str]]()
        for request in db.exec(held.order_by(col(self.row.id)).limit(most)).all():
            deputy = request.reviewer_id
            giving = self.check(db, request, actor=SYSTEM, action=self.actions("GIVE_BACK"))
            self.change(
                db,
                giving,
                now=now,
                values=held_by(expert_id if returns else deputy),
                expert=expert_id if returns else deputy,
                before=deputy,
            )
            gone.append((deputy if returns else None, str(request.tracking_code)))
        return gone

    def _loaded(self, db: Session, request_id: int) -> tuple[R, C]:
        request = self.load(db, request_id)
        return request, self.case_of(db, request)

    def _give(
        self, db: Session, giving: AuthorizedAction[R, A, C], expert_id: int, *, now: datetime, **data: Any
    ) -> None:
        """Put the file into the hands of an expert, or of a deputy. Raises as `assign`."""
        request, parties = giving.request, giving.case.interested_parties
        before, university = request.reviewer_id, request.university_code
        if expert_id in parties or not routing.is_active_expert(db, expert_id, university):
            raise NotAllowed("error.not_expert_here")
        holder = leaves.stand_in(db, expert_id, university, now=now, excluded=parties)
        if before in (expert_id, holder):
            raise InvalidInput("error.same_expert")
        if holder != expert_id:
            data["instead_of"] = expert_id
        values = held_by(holder, instead_of=expert_id if holder != expert_id else None)
        self.change(db, giving, now=now, values=values, expert=holder, before=before, **data)

    def notify_dropped(self, db: Session, request: R, expert_id: int | None, *, now: datetime) -> None:
        """N22: what this expert decided about the file could not be made."""
        if expert_id is not None:
            self._notify_expert(db, request, expert_id, "dropped", now)

    def _notify_expert(
        self,
        db: Session,
        request: R,
        expert_id: int | None,
        what: str,
        now: datetime,
        *,
        text: str | None = None,
    ) -> None:
        """N22: the file came to this expert ("given"), left them, or their decision about it was dropped. An account that is no expert there any more is
        not told."""
        if expert_id is None:
            return
        text = text or t(f"push.N22_{what}", code=request.tracking_code)
        if what == "given" and request.deputy_for_id is not None:
            away = db.get_one(Account, request.deputy_for_id).name
            text = f"{text}\n{t('push.N22_instead', name=away)}"
        grant_id = routing.grant_of(db, expert_id, request.university_code)
        if grant_id is None:
            return
        open_action = [[button(t("nav.see"), self.open_action, request.id or 0)]]
        notify.push(
            db,
            kind="N22",
            event_key=f"{self.subject}:{request.id}:{what}:{request.version}",
            account_id=expert_id,
            grant_id=grant_id,
            text=text,
            rows=open_action if what in ("given", "dropped") else (),
            now=now,
        )


def _what(event: AuditEvent) -> str:
    """What was done to the file, in a word."""
    action = _DECISIONS.get(event.event)
    if action == "HOLD":
        action = event.data["decision"]
    return t(f"decided.{action or event.event}")


def _decider(db: Session, event: AuditEvent, university_code: str | None) -> str:
    """Whose decision this was, for a colleague to read."""
    if event.actor_role is Role.STAFF:
        return t("who.staff")
    account = db.get(Account, event.actor_id) if event.actor_id is not None else None
    return account.name if account is not None else university_name(db, university_code)
