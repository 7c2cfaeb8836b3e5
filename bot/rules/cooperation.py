"""Rules of cooperation: requests, contracts and terminations, one transition table each. Pure.

See docs/specification.md 2.4–2.6.

Whether an officer may be chosen at all is `Availability.eligible` (docs/specification.md 2.1, R25, R37).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from bot.rules import state_machine
from storage.enums import ContractState, CooperationState, Role, TerminationState

if TYPE_CHECKING:
    from bot.core.context import Actor

#: Characters of the reason of a termination, and of a rejection by the university or by the officer.
TERMINATION_REASON = (10, 500)
REJECTION_REASON = (5, 500)
OFFICER_REASON_MAX = 500


@dataclass(frozen=True, slots=True)
class Availability:
    """The facts of an officer that a choice depends on; all false for an officer who does not exist."""

    active: bool = False
    qualified: bool = False
    #: An active contract.
    employed: bool = False
    #: An accepted request that waits for its university.
    reserved: bool = False

    @property
    def eligible(self) -> bool:
        """«واجد شرایط»: ACTIVE, qualified, not employed, not reserved."""
        return self.active and self.qualified and not self.employed and not self.reserved


class CooperationRelation(StrEnum):
    """How an actor is related to a request, a contract or a termination. An unrelated actor has no
    relation."""

    OFFICER = "officer"
    DISTRIBUTOR = "manager of its distributor"
    #: Not claimed.
    EXPERT = "expert of its university"
    REVIEWER = "its reviewer"
    #: Another expert has claimed it.
    COLLEAGUE = "colleague of its reviewer"
    IN_CHARGE = "in charge at its university"
    STAFF = "staff"
    SYSTEM = "system"


# ── the cooperation request ──────────────────────────────────────────────────────────────────────────────────────


class CooperationAction(StrEnum):
    PICK = "PICK"
    ACCEPT = "ACCEPT"
    REJECT = "REJECT"
    WITHDRAW = "WITHDRAW"
    GIVE_UP = "GIVE_UP"
    CLAIM = "CLAIM"
    ASSIGN = "ASSIGN"
    RELEASE = "RELEASE"
    HAND_OVER = "HAND_OVER"
    GIVE_BACK = "GIVE_BACK"
    APPROVE = "APPROVE"
    HOLD = "HOLD"
    UNDO = "UNDO"
    UNIVERSITY_REJECT = "UNIVERSITY_REJECT"
    CLOSE = "CLOSE"


@dataclass(frozen=True, slots=True)
class CooperationCase:
    """The facts of a request that the rules look at. `state` is None before there is a request."""

    state: CooperationState | None
    officer_id: int
    distributor_id: int
    officer: Availability = Availability()
    university_code: str | None = None
    reviewer_id: int | None = None
    #: The expert on leave for whom the reviewer has it.
    deputy_for_id: int | None = None
    #: Accounts of the distributor's managers.
    managers: frozenset[int] = frozenset()
    #: The branch has another open request.
    branch_busy: bool = False
    #: A decision was made that may still be undone.
    held: bool = False

    @property
    def interested_parties(self) -> frozenset[int]:
        """Accounts that are no experts of it, on either side [I]."""
        return self.managers | {self.officer_id}


def branch_free(case: CooperationCase) -> str | None:
    """One open request a branch."""
    return "error.branch_busy" if case.branch_busy else None


def officer_eligible(case: CooperationCase) -> str | None:
    """R25, R37. One sentence for every reason, so that nobody learns who is registered or why."""
    return None if case.officer.eligible else "error.not_eligible"


def free_to_accept(case: CooperationCase) -> str | None:
    """Still eligible; the officer may know why not."""
    if case.officer.employed:
        return "error.accept_while_employed"
    if case.officer.reserved:
        return "error.accept_while_reserved"
    return None if case.officer.eligible else "error.accept_unqualified"


def free_to_serve(case: CooperationCase) -> str | None:
    """At approval the officer is reserved by this very request."""
    officer = case.officer
    ready = officer.active and officer.qualified and not officer.employed
    return None if ready else "error.officer_not_free"


def has_deputy(case: CooperationCase) -> str | None:
    """A deputy has it, until the leave of the expert whose file it is has ended."""
    return None if case.deputy_for_id is not None else "error.stale"


def none_held(case: CooperationCase) -> str | None:
    """One decision at a time."""
    return "error.decision_held" if case.held else None


def one_held(case: CooperationCase) -> str | None:
    """There is a decision to undo."""
    return None if case.held else "error.nothing_to_undo"


def claimed(case: CooperationCase) -> str | None:
    return None if case.reviewer_id is not None else "error.stale"


Transition = state_machine.Transition[
    CooperationState, CooperationAction, CooperationRelation, CooperationCase
]


def _rows() -> tuple[Transition, ...]:
    state, act, who = CooperationState, CooperationAction, CooperationRelation
    officer, distributor = frozenset({who.OFFICER}), frozenset({who.DISTRIBUTOR})
    system = frozenset({who.SYSTEM})
    decider = frozenset({who.EXPERT, who.REVIEWER})
    heads = frozenset({who.IN_CHARGE, who.STAFF})
    asked, review = state.PENDING_OFFICER, state.PENDING_UNIVERSITY
    row = Transition
    return (
        row(None, act.PICK, distributor, asked, "picked", (branch_free, officer_eligible)),
        row(asked, act.ACCEPT, officer, review, "accepted", (free_to_accept,)),
        row(asked, act.REJECT, officer, state.REJECTED_BY_OFFICER, "rejected_by_officer"),
        row(asked, act.WITHDRAW, distributor, state.WITHDRAWN, "withdrawn"),
        row(asked, act.CLOSE, system, state.CLOSED, "closed"),
        row(review, act.WITHDRAW, distributor, state.WITHDRAWN, "withdrawn"),
        row(review, act.GIVE_UP, officer, state.REJECTED_BY_OFFICER, "given_up"),
        row(review, act.CLAIM, frozenset({who.EXPERT}), review, "claimed"),
        row(review, act.ASSIGN, heads, review, "assigned"),
        row(review, act.HAND_OVER, frozenset({who.REVIEWER}), review, "handed_over"),
        row(review, act.GIVE_BACK, system, review, "given_back", (has_deputy,)),
        row(review, act.RELEASE, frozenset({who.REVIEWER}) | heads | system, review, "released", (claimed,)),
        row(review, act.APPROVE, decider, state.APPROVED, "approved", (none_held, free_to_serve)),
        row(
            review,
            act.UNIVERSITY_REJECT,
            decider,
            state.REJECTED_BY_UNIVERSITY,
            "rejected_by_university",
            (none_held,),
        ),
        # As with qualification requests, a decision that may be undone is only noted until the time for that is over.
        row(review, act.HOLD, frozenset({who.REVIEWER}), review, "decision_held", (none_held,)),
        row(review, act.UNDO, frozenset({who.REVIEWER}), review, "decision_undone", (one_held,)),
        row(review, act.CLOSE, system, state.CLOSED, "closed"),
    )


def relations(case: CooperationCase, actor: Actor) -> frozenset[CooperationRelation]:
    """What `actor` is to this request. Nobody is the expert of a request of their own, on either side of it
    [I]."""
    if actor.role is Role.SYSTEM:
        return frozenset({CooperationRelation.SYSTEM})
    if actor.account_id is None:
        return frozenset()
    if actor.role is Role.OFFICER:
        return (
            frozenset({CooperationRelation.OFFICER}) if actor.account_id == case.officer_id else frozenset()
        )
    if actor.role is Role.DISTRIBUTOR:
        manages = actor.distributor_id is not None and actor.distributor_id == case.distributor_id
        return frozenset({CooperationRelation.DISTRIBUTOR}) if manages else frozenset()
    if actor.account_id in case.interested_parties:
        return frozenset()
    if actor.role is Role.STAFF:
        return frozenset({CooperationRelation.STAFF})
    if case.university_code is None or actor.university_code != case.university_code:
        return frozenset()
    related: set[CooperationRelation] = {CooperationRelation.COLLEAGUE}
    if case.reviewer_id is None:
        related = {CooperationRelation.EXPERT}
    elif case.reviewer_id == actor.account_id:
        related = {CooperationRelation.REVIEWER}
    return frozenset(related | ({CooperationRelation.IN_CHARGE} if actor.role is Role.IN_CHARGE else set()))


MACHINE = state_machine.Machine(CooperationState, _rows(), relations)

TABLE = MACHINE.table
TERMINAL = MACHINE.terminal
allowed_actions = MACHINE.allowed_actions
refusal = MACHINE.refusal


def may_see(case: CooperationCase, actor: Actor) -> bool:
    """Both sides, staff, and the experts of the university that it was sent to."""
    return case.state is not None and bool(relations(case, actor))


# ── the contract ─────────────────────────────────────────────────────────────────────────────────────────────────


class ContractAction(StrEnum):
    START = "START"
    FREE = "FREE"
    REPLACE = "REPLACE"
    TERMINATE = "TERMINATE"
    END_BY_DEATH = "END_BY_DEATH"
    END_BY_REVOCATION = "END_BY_REVOCATION"


@dataclass(frozen=True, slots=True)
class ContractCase:
    """The facts of a contract that the rules look at."""

    state: ContractState | None
    officer_id: int
    distributor_id: int


ContractTransition = state_machine.Transition[
    ContractState, ContractAction, CooperationRelation, ContractCase
]


def contract_standings(case: ContractCase, actor: Actor) -> frozenset[CooperationRelation]:
    """Its two sides, the system and, for looking only, staff."""
    if actor.role is Role.SYSTEM:
        return frozenset({CooperationRelation.SYSTEM})
    if actor.account_id is None:
        return frozenset()
    if actor.role is Role.OFFICER and actor.account_id == case.officer_id:
        return frozenset({CooperationRelation.OFFICER})
    if actor.role is Role.DISTRIBUTOR and actor.distributor_id == case.distributor_id:
        return frozenset({CooperationRelation.DISTRIBUTOR})
    return frozenset({CooperationRelation.STAFF}) if actor.role is Role.STAFF else frozenset()


def _contract_rows() -> tuple[ContractTransition, ...]:
    state, act = ContractState, ContractAction
    system = frozenset({CooperationRelation.SYSTEM})
    row = ContractTransition
    return (
        row(None, act.START, system, state.ACTIVE, "contract_started"),
        row(
            state.ACTIVE,
            act.FREE,
            frozenset({CooperationRelation.DISTRIBUTOR}),
            state.ENDED_BY_DISTRIBUTOR,
            "freed",
        ),
        row(state.ACTIVE, act.REPLACE, system, state.ENDED_BY_DISTRIBUTOR, "replaced"),
        row(
            state.ACTIVE,
            act.TERMINATE,
            frozenset({CooperationRelation.OFFICER}),
            state.ENDED_BY_OFFICER,
            "terminated",
        ),
        row(state.ACTIVE, act.END_BY_DEATH, system, state.ENDED_BY_DEATH, "ended_by_death"),
        row(state.ACTIVE, act.END_BY_REVOCATION, system, state.ENDED_BY_REVOCATION, "ended_by_revocation"),
    )


CONTRACT = state_machine.Machine(ContractState, _contract_rows(), contract_standings)


# ── the termination ──────────────────────────────────────────────────────────────────────────────────────────────


class TerminationAction(StrEnum):
    DRAFT = "DRAFT"
    REWRITE = "REWRITE"
    FINALISE = "FINALISE"
    CANCEL = "CANCEL"
    OVERTAKE = "OVERTAKE"


@dataclass(frozen=True, slots=True)
class TerminationCase:
    """The facts of a termination that the rules look at."""

    state: TerminationState | None
    officer_id: int
    #: The contract that it is about is active.
    in_force: bool = True


def contract_in_force(case: TerminationCase) -> str | None:
    return None if case.in_force else "error.no_contract"


TerminationTransition = state_machine.Transition[
    TerminationState, TerminationAction, CooperationRelation, TerminationCase
]


def termination_standings(case: TerminationCase, actor: Actor) -> frozenset[CooperationRelation]:
    """The officer alone acts; the distributor never sees it, staff look (docs/specification.md 2.6)."""
    if actor.role is Role.SYSTEM:
        return frozenset({CooperationRelation.SYSTEM})
    if actor.account_id is None:
        return frozenset()
    if actor.role is Role.OFFICER and actor.account_id == case.officer_id:
        return frozenset({CooperationRelation.OFFICER})
    return frozenset({CooperationRelation.STAFF}) if actor.role is Role.STAFF else frozenset()


def _termination_rows() -> tuple[TerminationTransition, ...]:
    state, act = TerminationState, TerminationAction
    officer, alive = frozenset({CooperationRelation.OFFICER}), (contract_in_force,)
    row = TerminationTransition
    return (
        row(None, act.DRAFT, officer, state.DRAFT, "termination_drafted", alive),
        row(state.DRAFT, act.REWRITE, officer, state.DRAFT, "termination_rewritten", alive),
        # No approval is needed (R34).
        row(state.DRAFT, act.FINALISE, officer, state.FINALIZED, "termination_finalised", alive),
        row(state.DRAFT, act.CANCEL, officer, state.CANCELLED, "termination_cancelled"),
        # The contract ended first (Q20).
        row(
            state.DRAFT,
            act.OVERTAKE,
            frozenset({CooperationRelation.SYSTEM}),
            state.CANCELLED,
            "termination_overtaken",
        ),
    )


TERMINATION = state_machine.Machine(TerminationState, _termination_rows(), termination_standings)
