"""Rules of a qualification request: one transition table for NEW and AMENDMENT (docs/specification.md 2.2).

`TABLE` is the only place that says who may do what, when, and what comes of it: buttons, permission checks,
tests and the diagram in docs/ are read from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from bot.rules import state_machine
from storage.enums import RequestKind, RequestState, Role

if TYPE_CHECKING:
    from bot.core.context import Actor


class QualificationAction(StrEnum):
    START = "START"
    EDIT = "EDIT"
    SUBMIT = "SUBMIT"
    DISCARD = "DISCARD"
    CLAIM = "CLAIM"
    ASSIGN = "ASSIGN"
    RELEASE = "RELEASE"
    HAND_OVER = "HAND_OVER"
    GIVE_BACK = "GIVE_BACK"
    DECLARE_DEFICIENCIES = "DECLARE_DEFICIENCIES"
    RESOLVE = "RESOLVE"
    REJECT = "REJECT"
    APPROVE = "APPROVE"
    HOLD = "HOLD"
    UNDO = "UNDO"
    COMPLETE = "COMPLETE"
    WITHDRAW = "WITHDRAW"
    REVOKE = "REVOKE"


class QualificationRelation(StrEnum):
    """How an actor is related to a request. An actor may have several relations, an unrelated one has
    none."""

    OWNER = "officer"
    EXPERT = "expert of its university"
    REVIEWER = "its reviewer"
    IN_CHARGE = "in charge at its university"
    STAFF = "staff"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class QualificationCase:
    """The facts of a request that the rules look at. `state` is None before there is a request."""

    state: RequestState | None
    kind: RequestKind
    owner_id: int
    university_code: str | None = None
    reviewer_id: int | None = None
    #: The expert on leave for whom the reviewer has it.
    deputy_for_id: int | None = None
    #: Whether the reviewer still is an active expert of that university (R22, Q12); where an approval is revoked, also
    #: not on leave.
    reviewer_active: bool = True
    #: Of the owner: qualified already, and another request is open.
    qualified: bool = False
    other_open: bool = False
    #: The owner's account is suspended.
    owner_suspended: bool = False
    #: A decision was made that may still be undone.
    held: bool = False
    #: An amendment differs from the approved file.
    changed: bool = True
    #: A payment attempt waits for the bank's word; money came that was not given back.
    payment_uncertain: bool = False
    payment_received: bool = False
    #: Of a completed one: a later request of the owner was completed too.
    superseded: bool = False
    #: Of a completed amendment: what was before it is not known.
    irreversible: bool = False
    #: The fee in force is 0, so that approval completes at once.
    free_of_charge: bool = False

    @property
    def interested_parties(self) -> frozenset[int]:
        """Accounts that are no experts of it [I]."""
        return frozenset({self.owner_id})


# A guard returns the text key of its refusal, or None where it lets pass.


def kind_fits(case: QualificationCase) -> str | None:
    """NEW before qualification, AMENDMENT after it (R5)."""
    if case.kind is RequestKind.NEW:
        return "error.new_while_qualified" if case.qualified else None
    return None if case.qualified else "error.amend_while_unqualified"


def none_open(case: QualificationCase) -> str | None:
    """At most one open request an officer."""
    return "error.open_request" if case.other_open else None


def has_change(case: QualificationCase) -> str | None:
    """An amendment changes something."""
    return "error.no_change" if case.kind is RequestKind.AMENDMENT and not case.changed else None


def owner_active(case: QualificationCase) -> str | None:
    """Nobody is found qualified while their account is suspended."""
    return "error.applicant_suspended" if case.owner_suspended else None


def none_held(case: QualificationCase) -> str | None:
    """One decision at a time."""
    return "error.decision_held" if case.held else None


def one_held(case: QualificationCase) -> str | None:
    """There is a decision to undo."""
    return None if case.held else "error.nothing_to_undo"


def payment_settled(case: QualificationCase) -> str | None:
    """No withdrawal while the bank may still say "paid" (docs/specification.md 2.2, withdraw)."""
    return "error.payment_uncertain" if case.payment_uncertain else None


def no_money_received(case: QualificationCase) -> str | None:
    """An approval for which something was paid is not taken back before the money is."""
    return "error.revoke_money_received" if case.payment_received else None


def not_superseded(case: QualificationCase) -> str | None:
    """What was completed last is taken back first."""
    return "error.revoke_superseded" if case.superseded else None


def none_in_circulation(case: QualificationCase) -> str | None:
    """An amendment that a university reviews would be about a file that is gone."""
    return "error.revoke_in_circulation" if case.other_open else None


def reversible(case: QualificationCase) -> str | None:
    """An amendment is taken back only where what was before it is known."""
    return "error.revoke_irreversible" if case.irreversible else None


def has_deputy(case: QualificationCase) -> str | None:
    """A deputy has it, until the leave of the expert whose file it is has ended."""
    return None if case.deputy_for_id is not None else "error.stale"


#: "event.<event>" is the line of `event` in the timeline.
Transition = state_machine.Transition[
    RequestState, QualificationAction, QualificationRelation, QualificationCase
]


def _free_of_charge(case: QualificationCase) -> bool:
    return case.free_of_charge


def _reviewer_gone(case: QualificationCase) -> bool:
    return not case.reviewer_active


def _rows() -> tuple[Transition, ...]:
    state, act, who = RequestState, QualificationAction, QualificationRelation
    owner, system = frozenset({who.OWNER}), frozenset({who.SYSTEM})
    expert, reviewer = frozenset({who.EXPERT}), frozenset({who.REVIEWER})
    heads, staff = frozenset({who.IN_CHARGE, who.STAFF}), frozenset({who.STAFF})
    row = Transition

    def approval(source: RequestState, by: frozenset[QualificationRelation]) -> Transition:
        return row(
            source,
            act.APPROVE,
            by,
            state.AWAITING_PAYMENT,
            "approved",
            (none_held, owner_active),
            condition=_free_of_charge,
            target_if_true=state.COMPLETED,
        )

    return (
        row(None, act.START, owner, state.DRAFT, "started", (none_open, kind_fits)),
        row(state.DRAFT, act.EDIT, owner, state.DRAFT, "edited"),
        row(state.DRAFT, act.DISCARD, owner | system, None, "discarded"),
        row(state.DRAFT, act.SUBMIT, owner, state.SUBMITTED, "submitted", (kind_fits, has_change)),
        row(state.SUBMITTED, act.CLAIM, expert, state.IN_REVIEW, "claimed"),
        row(state.SUBMITTED, act.ASSIGN, heads, state.IN_REVIEW, "assigned"),
        row(state.IN_REVIEW, act.ASSIGN, heads, state.IN_REVIEW, "assigned"),
        row(state.DEFICIENT, act.ASSIGN, heads, state.DEFICIENT, "assigned"),
        row(state.IN_REVIEW, act.HAND_OVER, reviewer, state.IN_REVIEW, "handed_over"),
        row(state.DEFICIENT, act.HAND_OVER, reviewer, state.DEFICIENT, "handed_over"),
        # A deputy's, once the leave of the expert whose file it is has ended.
        row(state.IN_REVIEW, act.GIVE_BACK, system, state.IN_REVIEW, "given_back", (has_deputy,)),
        row(state.DEFICIENT, act.GIVE_BACK, system, state.DEFICIENT, "given_back", (has_deputy,)),
        row(state.IN_REVIEW, act.RELEASE, reviewer | heads | system, state.SUBMITTED, "released"),
        # A first decision on a request that is not claimed claims and decides in one step.
        row(
            state.SUBMITTED,
            act.DECLARE_DEFICIENCIES,
            expert,
            state.DEFICIENT,
            "deficiencies_declared",
            (none_held,),
        ),
        row(
            state.IN_REVIEW,
            act.DECLARE_DEFICIENCIES,
            reviewer,
            state.DEFICIENT,
            "deficiencies_declared",
            (none_held,),
        ),
        row(state.SUBMITTED, act.REJECT, expert, state.REJECTED, "rejected", (none_held,)),
        row(state.IN_REVIEW, act.REJECT, reviewer, state.REJECTED, "rejected", (none_held,)),
        row(state.DEFICIENT, act.REJECT, reviewer, state.REJECTED, "rejected", (none_held,)),
        # A decision that may be undone is only noted: the file stays where it is until the time for that is over, then
        # the decision is made. Any other change of the file drops it.
        row(state.IN_REVIEW, act.HOLD, reviewer, state.IN_REVIEW, "decision_held", (none_held,)),
        row(state.DEFICIENT, act.HOLD, reviewer, state.DEFICIENT, "decision_held", (none_held,)),
        row(state.IN_REVIEW, act.UNDO, reviewer, state.IN_REVIEW, "decision_undone", (one_held,)),
        row(state.DEFICIENT, act.UNDO, reviewer, state.DEFICIENT, "decision_undone", (one_held,)),
        approval(state.SUBMITTED, expert),
        approval(state.IN_REVIEW, reviewer),
        row(
            state.DEFICIENT,
            act.RESOLVE,
            owner,
            state.IN_REVIEW,
            "resolved",
            condition=_reviewer_gone,
            target_if_true=state.SUBMITTED,
        ),
        row(state.AWAITING_PAYMENT, act.COMPLETE, system, state.COMPLETED, "completed"),
        row(state.SUBMITTED, act.WITHDRAW, owner, state.WITHDRAWN, "withdrawn", (payment_settled,)),
        row(state.DEFICIENT, act.WITHDRAW, owner, state.WITHDRAWN, "withdrawn", (payment_settled,)),
        row(state.AWAITING_PAYMENT, act.WITHDRAW, owner, state.WITHDRAWN, "withdrawn", (payment_settled,)),
        # What an expert decided is taken back by staff, with a reason.
        row(
            state.AWAITING_PAYMENT,
            act.REVOKE,
            staff,
            state.IN_REVIEW,
            "approval_revoked",
            (payment_settled, no_money_received),
            condition=_reviewer_gone,
            target_if_true=state.SUBMITTED,
        ),
        row(
            state.COMPLETED,
            act.REVOKE,
            staff,
            state.REVOKED,
            "revoked",
            (not_superseded, none_in_circulation, reversible),
        ),
    )


def relations(case: QualificationCase, actor: Actor) -> frozenset[QualificationRelation]:
    """What `actor` is to this request. Nobody is the expert of a file of their own [I]."""
    if actor.role is Role.SYSTEM:
        return frozenset({QualificationRelation.SYSTEM})
    if actor.account_id is None:
        return frozenset()
    owns = actor.account_id == case.owner_id
    if actor.role is Role.OFFICER:
        return frozenset({QualificationRelation.OWNER}) if owns else frozenset()
    if owns:
        return frozenset()
    if actor.role is Role.STAFF:
        return frozenset({QualificationRelation.STAFF})
    related: set[QualificationRelation] = set()
    if (
        actor.role in (Role.EXPERT, Role.IN_CHARGE)
        and case.university_code is not None
        and actor.university_code == case.university_code
    ):
        related.add(QualificationRelation.EXPERT)
        if actor.account_id == case.reviewer_id:
            related.add(QualificationRelation.REVIEWER)
        if actor.role is Role.IN_CHARGE:
            related.add(QualificationRelation.IN_CHARGE)
    return frozenset(related)


def may_see(case: QualificationCase, actor: Actor) -> bool:
    """Whether the file may be opened: its owner, the experts of its university once it was submitted,
    staff."""
    stands = relations(case, actor)
    return QualificationRelation.OWNER in stands or (
        bool(stands) and case.state not in (None, RequestState.DRAFT)
    )


MACHINE = state_machine.Machine(RequestState, _rows(), relations, ended=(RequestState.COMPLETED,))

TABLE = MACHINE.table
TERMINAL = MACHINE.terminal
allowed_actions = MACHINE.allowed_actions
refusal = MACHINE.refusal
