"""The rules of cooperation, as properties over their tables."""

from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.context import SYSTEM, Actor
from bot.rules.cooperation import (
    CONTRACT,
    TERMINAL,
    TERMINATION,
    Availability,
    ContractAction,
    ContractCase,
    CooperationCase,
    TerminationAction,
    TerminationCase,
    allowed_actions,
    may_see,
    refusal,
    relations,
)
from bot.rules.cooperation import CooperationAction as Action
from bot.rules.cooperation import CooperationRelation as Relation
from bot.texts import has
from storage.enums import OPEN_COOPERATION, ContractState, CooperationState, Role, TerminationState

OFFICER, MANAGER, REVIEWER, COLLEAGUE, HEAD, STRANGER = 1, 2, 3, 4, 5, 6
DISTRIBUTOR, UNIVERSITY = 7, "sums"
FREE = Availability(active=True, qualified=True)

officer = Actor(OFFICER, Role.OFFICER)
manager = Actor(MANAGER, Role.DISTRIBUTOR, distributor_id=DISTRIBUTOR)
reviewer = Actor(REVIEWER, Role.EXPERT, UNIVERSITY)
colleague = Actor(COLLEAGUE, Role.EXPERT, UNIVERSITY)
head = Actor(HEAD, Role.IN_CHARGE, UNIVERSITY)
staff = Actor(9, Role.STAFF)
EVERYBODY = [officer, manager, reviewer, colleague, head, staff, SYSTEM]

#: Nobody of these has anything to do with the request.
STRANGERS = [
    Actor(STRANGER, Role.OFFICER),
    Actor(STRANGER, Role.DISTRIBUTOR, distributor_id=DISTRIBUTOR + 1),
    Actor(STRANGER, Role.DISTRIBUTOR),
    Actor(STRANGER, Role.EXPERT, "tums"),
    Actor(STRANGER, Role.EXPERT),
    Actor(STRANGER, Role.IN_CHARGE, "tums"),
    Actor(None, Role.OFFICER),
    Actor(None, Role.DISTRIBUTOR, distributor_id=DISTRIBUTOR),
    # either side in another hat
    Actor(OFFICER, Role.EXPERT, UNIVERSITY),
    Actor(OFFICER, Role.STAFF),
    Actor(MANAGER, Role.EXPERT, UNIVERSITY),
    Actor(MANAGER, Role.STAFF),
    Actor(MANAGER, Role.OFFICER),
]

EVERY_STATE: list[CooperationState | None] = [None, *CooperationState]
availabilities = st.builds(Availability, st.booleans(), st.booleans(), st.booleans(), st.booleans())


def case(state: CooperationState | None, **facts: Any) -> CooperationCase:
    sent = state is CooperationState.PENDING_UNIVERSITY
    start = CooperationCase(
        state=state,
        officer_id=OFFICER,
        distributor_id=DISTRIBUTOR,
        officer=replace(FREE, reserved=sent),
        university_code=UNIVERSITY if sent else None,
        managers=frozenset({MANAGER}),
    )
    return replace(start, **facts)


@pytest.mark.parametrize("state", sorted(OPEN_COOPERATION))
def test_both_sides_can_always_leave(state: CooperationState) -> None:
    for claimed in (None, REVIEWER):
        one = case(state, reviewer_id=claimed)
        assert Action.WITHDRAW in allowed_actions(one, manager)
        assert allowed_actions(one, officer) & {Action.REJECT, Action.GIVE_UP}


@given(availabilities)
def test_what_is_over_stays_over(facts: Availability) -> None:
    for state, actor, claimed in product(TERMINAL, EVERYBODY, (None, REVIEWER)):
        one = case(state, officer=facts, university_code=UNIVERSITY, reviewer_id=claimed)
        assert not allowed_actions(one, actor)


@given(availabilities)
def test_eligible_is_active_qualified_free_and_not_reserved(facts: Availability) -> None:
    """The manager is not told why an officer cannot be chosen; the officer reads it when accepting."""
    assert facts.eligible == (facts == Availability(active=True, qualified=True))
    picking = refusal(case(None, officer=facts), manager, Action.PICK)
    assert picking == (None if facts.eligible else "error.not_eligible")
    asked = case(CooperationState.PENDING_OFFICER, officer=facts)
    reasons = {
        "error.accept_while_employed": facts.employed,
        "error.accept_while_reserved": facts.reserved,
        "error.accept_unqualified": not (facts.active and facts.qualified),
    }
    reason = next((key for key, holds in reasons.items() if holds), None)
    assert refusal(asked, officer, Action.ACCEPT) == reason


@given(availabilities)
def test_approval_needs_a_free_officer_whom_this_request_itself_reserves(facts: Availability) -> None:
    one = case(CooperationState.PENDING_UNIVERSITY, officer=facts)
    free = facts.active and facts.qualified and not facts.employed
    assert (refusal(one, reviewer, Action.APPROVE) is None) == free


def test_a_busy_branch_is_said_before_anything_about_the_officer() -> None:
    one = case(None, officer=Availability(), branch_busy=True)
    assert refusal(one, manager, Action.PICK) == "error.branch_busy"


@pytest.mark.parametrize("stranger", STRANGERS, ids=repr)
def test_a_stranger_may_do_nothing(stranger: Actor) -> None:
    for state, claimed in product(EVERY_STATE, (None, REVIEWER)):
        one = case(state, university_code=UNIVERSITY, reviewer_id=claimed)
        assert not allowed_actions(one, stranger)
        assert not may_see(one, stranger)
        assert {refusal(one, stranger, action) for action in Action} == {"error.not_yours"}


def test_no_university_sees_a_request_before_the_officer_accepted() -> None:
    asked = case(CooperationState.PENDING_OFFICER)
    assert may_see(asked, officer)
    assert may_see(asked, manager)
    assert not any(may_see(asked, actor) for actor in (reviewer, colleague, head))


@given(availabilities)
def test_refusal_and_allowed_actions_agree(facts: Availability) -> None:
    for state, claimed in product(EVERY_STATE, (None, REVIEWER, HEAD)):
        one = case(state, officer=facts, university_code=UNIVERSITY, reviewer_id=claimed)
        for actor in [*EVERYBODY, *STRANGERS]:
            allowed = {action for action in Action if refusal(one, actor, action) is None}
            assert allowed == allowed_actions(one, actor)


DECISIONS = {Action.APPROVE, Action.UNIVERSITY_REJECT}


def test_any_expert_decides_on_an_unclaimed_file_and_only_its_reviewer_on_a_claimed_one() -> None:
    waiting = case(CooperationState.PENDING_UNIVERSITY)
    for actor in (reviewer, colleague):
        assert allowed_actions(waiting, actor) == DECISIONS | {Action.CLAIM}
    assert allowed_actions(waiting, head) == DECISIONS | {Action.CLAIM, Action.ASSIGN}
    assert allowed_actions(waiting, staff) == {Action.ASSIGN}
    held = replace(waiting, reviewer_id=REVIEWER)
    assert allowed_actions(held, reviewer) == DECISIONS | {Action.RELEASE, Action.HAND_OVER, Action.HOLD}
    decided = replace(held, held=True)
    assert allowed_actions(decided, reviewer) == {Action.RELEASE, Action.HAND_OVER, Action.UNDO}
    assert allowed_actions(held, colleague) == frozenset()
    assert allowed_actions(held, head) == {Action.ASSIGN, Action.RELEASE}
    assert allowed_actions(held, staff) == {Action.ASSIGN, Action.RELEASE}
    assert relations(replace(held, reviewer_id=HEAD), head) == {Relation.REVIEWER, Relation.IN_CHARGE}


def test_only_the_system_closes() -> None:
    for state in OPEN_COOPERATION:
        assert Action.CLOSE in allowed_actions(case(state), SYSTEM)
        assert not any(Action.CLOSE in allowed_actions(case(state), actor) for actor in EVERYBODY[:-1])


def test_a_contract_is_freed_by_its_distributor_and_terminated_by_its_officer() -> None:
    active = ContractCase(ContractState.ACTIVE, OFFICER, DISTRIBUTOR)
    assert CONTRACT.allowed_actions(active, manager) == {ContractAction.FREE}
    assert CONTRACT.allowed_actions(active, officer) == {ContractAction.TERMINATE}
    for actor in (reviewer, head, staff, *STRANGERS):
        assert not CONTRACT.allowed_actions(active, actor)
    for state, actor in product(CONTRACT.terminal, [*EVERYBODY, *STRANGERS]):
        assert not CONTRACT.allowed_actions(ContractCase(state, OFFICER, DISTRIBUTOR), actor)


def test_a_termination_is_the_officers_alone() -> None:
    """R34: nobody's approval."""
    draft = TerminationCase(TerminationState.DRAFT, OFFICER)
    act = TerminationAction
    assert TERMINATION.allowed_actions(draft, officer) == {act.REWRITE, act.FINALISE, act.CANCEL}
    assert TERMINATION.allowed_actions(draft, SYSTEM) == {act.OVERTAKE}
    for actor in (manager, reviewer, head, staff, *STRANGERS):
        assert not TERMINATION.allowed_actions(draft, actor)
    ended = replace(draft, in_force=False)
    assert TERMINATION.allowed_actions(ended, officer) == {act.CANCEL}
    assert TERMINATION.refusal(ended, officer, act.FINALISE) == "error.no_contract"


def test_every_refusal_has_its_words() -> None:
    keys = {
        refusal(case(state, officer=Availability(*facts), branch_busy=busy), actor, action)
        for state in EVERY_STATE
        for facts in product((True, False), repeat=4)
        for busy in (True, False)
        for actor, action in product(EVERYBODY, Action)
    }
    assert len(keys) > 6
    assert all(has(key) for key in keys if key is not None)


def test_what_each_is_to_a_contract_and_to_a_termination() -> None:
    """Staff look at both, the distributor at its own contract, strangers at nothing."""
    contract, draft = ContractCase(ContractState.ACTIVE, OFFICER, DISTRIBUTOR), TerminationCase(None, OFFICER)
    standings = [
        (officer, Relation.OFFICER, Relation.OFFICER),
        (manager, Relation.DISTRIBUTOR, None),
        (staff, Relation.STAFF, Relation.STAFF),
        (SYSTEM, Relation.SYSTEM, Relation.SYSTEM),
        *[(actor, None, None) for actor in (reviewer, colleague, head)],
        *[(actor, None, None) for actor in STRANGERS if actor.role is not Role.STAFF],
        (Actor(None, Role.STAFF), None, None),
        (Actor(OFFICER, Role.EXPERT, UNIVERSITY), None, None),
        (Actor(MANAGER, Role.DISTRIBUTOR), None, None),
        (Actor(None, Role.OFFICER), None, None),
    ]
    for actor, of_contract, of_termination in standings:
        assert CONTRACT.standings(contract, actor) == ({of_contract} - {None}), actor
        assert TERMINATION.standings(draft, actor) == ({of_termination} - {None}), actor


@pytest.mark.parametrize(
    ("facts", "key"),
    [
        ((True, True, False, False), None),
        ((True, True, True, False), "error.accept_while_employed"),
        ((True, True, True, True), "error.accept_while_employed"),
        ((True, True, False, True), "error.accept_while_reserved"),
        ((True, False, False, False), "error.accept_unqualified"),
        ((False, True, False, False), "error.accept_unqualified"),
    ],
)
def test_why_an_officer_cannot_accept(facts: tuple[bool, ...], key: str | None) -> None:
    asked = case(CooperationState.PENDING_OFFICER, officer=Availability(*facts))
    assert refusal(asked, officer, Action.ACCEPT) == key


@pytest.mark.parametrize(
    ("facts", "free"),
    [
        ((True, True, False, True), True),  # reserved by this very request
        ((True, True, True, True), False),
        ((True, False, False, True), False),
        ((False, True, False, True), False),
    ],
)
def test_who_is_free_to_serve_when_it_is_approved(facts: tuple[bool, ...], free: bool) -> None:
    waiting = case(CooperationState.PENDING_UNIVERSITY, officer=Availability(*facts))
    assert refusal(waiting, reviewer, Action.APPROVE) == (None if free else "error.officer_not_free")


@pytest.mark.parametrize("deputy_for", [None, 77])
def test_only_what_a_deputy_has_is_given_back(deputy_for: int | None) -> None:
    waiting = case(CooperationState.PENDING_UNIVERSITY, reviewer_id=REVIEWER, deputy_for_id=deputy_for)
    assert (Action.GIVE_BACK in allowed_actions(waiting, SYSTEM)) is (deputy_for is not None)
    assert Action.GIVE_BACK not in allowed_actions(waiting, reviewer)
    unclaimed = case(CooperationState.PENDING_UNIVERSITY)
    assert refusal(unclaimed, SYSTEM, Action.RELEASE) == "error.stale"


@pytest.mark.parametrize(
    "sides", [{"managers": frozenset({REVIEWER})}, {"officer_id": REVIEWER}], ids=["manager", "officer"]
)
def test_no_expert_of_a_request_of_their_own(sides: dict[str, Any]) -> None:
    own = case(CooperationState.PENDING_UNIVERSITY, **sides)
    assert not relations(own, reviewer)
    assert not relations(own, Actor(REVIEWER, Role.STAFF))
    assert relations(own, colleague) == {Relation.EXPERT}
    assert not may_see(own, reviewer)
    assert may_see(own, colleague)
    assert not may_see(replace(own, state=None), colleague)
