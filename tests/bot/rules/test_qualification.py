"""The rules of a qualification request, as properties over the whole table."""

from dataclasses import replace
from itertools import product

import pytest

from bot.core.context import SYSTEM, Actor
from bot.rules.qualification import (
    TABLE,
    TERMINAL,
    QualificationCase,
    allowed_actions,
    may_see,
    refusal,
    relations,
)
from bot.rules.qualification import QualificationAction as Action
from bot.rules.qualification import QualificationRelation as Relation
from bot.texts import has
from storage.enums import IN_CIRCULATION, OPEN_REQUEST, RequestKind, RequestState, Role

OWNER, REVIEWER, COLLEAGUE, HEAD, STRANGER = 1, 2, 3, 4, 5
UNIVERSITY = "sums"

officer = Actor(OWNER, Role.OFFICER)
reviewer = Actor(REVIEWER, Role.EXPERT, UNIVERSITY)
colleague = Actor(COLLEAGUE, Role.EXPERT, UNIVERSITY)
head = Actor(HEAD, Role.IN_CHARGE, UNIVERSITY)
staff = Actor(9, Role.STAFF)

#: Nobody of these has anything to do with the file.
STRANGERS = [
    Actor(STRANGER, Role.OFFICER),
    Actor(STRANGER, Role.OFFICER, UNIVERSITY),
    Actor(STRANGER, Role.EXPERT, "tums"),
    Actor(STRANGER, Role.EXPERT, None),
    Actor(STRANGER, Role.IN_CHARGE, "tums"),
    Actor(STRANGER, Role.DISTRIBUTOR),
    Actor(None, Role.OFFICER),
    Actor(None, Role.EXPERT, UNIVERSITY),
    Actor(OWNER, Role.EXPERT, UNIVERSITY),  # the officer of the file, in another hat
    Actor(OWNER, Role.STAFF),
    Actor(OWNER, Role.DISTRIBUTOR),
]


def case(state: RequestState | None, **facts: object) -> QualificationCase:
    held = state in (RequestState.IN_REVIEW, RequestState.DEFICIENT, *TERMINAL, RequestState.AWAITING_PAYMENT)
    start = QualificationCase(
        state=state,
        kind=RequestKind.NEW,
        owner_id=OWNER,
        university_code=None if state in (None, RequestState.DRAFT) else UNIVERSITY,
        reviewer_id=REVIEWER if held else None,
    )
    return replace(start, **facts)  # type: ignore[arg-type]


EVERY_STATE: list[RequestState | None] = [None, *RequestState]


@pytest.mark.parametrize("state", sorted(OPEN_REQUEST))
def test_every_open_state_has_a_way_out(state: RequestState) -> None:
    ways = [row for row in TABLE.values() if row.source is state and row.target is not state]
    assert ways
    # and the officer is never locked in: everything but a review in progress can be left by them alone
    if state is not RequestState.IN_REVIEW:
        assert any(Relation.OWNER in row.by for row in ways)


def test_what_is_over_stays_over() -> None:
    for state, actor in product(TERMINAL, [officer, reviewer, colleague, head, staff, SYSTEM]):
        taken_back = {Action.REVOKE} & {*allowed_actions(case(state), actor)}
        assert bool(taken_back) is (state is RequestState.COMPLETED and actor is staff)
        assert allowed_actions(case(state), actor) == taken_back


def test_staff_alone_revoke_and_only_what_stands() -> None:
    for state in RequestState:
        for actor in (officer, reviewer, colleague, head, SYSTEM):
            assert Action.REVOKE not in allowed_actions(case(state), actor)
        may = Action.REVOKE in allowed_actions(case(state), staff)
        assert may is (state in (RequestState.AWAITING_PAYMENT, RequestState.COMPLETED))
    for state, fact, key in (
        (RequestState.AWAITING_PAYMENT, "payment_uncertain", "error.payment_uncertain"),
        (RequestState.AWAITING_PAYMENT, "payment_received", "error.revoke_money_received"),
        (RequestState.COMPLETED, "superseded", "error.revoke_superseded"),
        (RequestState.COMPLETED, "other_open", "error.revoke_in_circulation"),
        (RequestState.COMPLETED, "irreversible", "error.revoke_irreversible"),
    ):
        assert refusal(case(state, **{fact: True}), staff, Action.REVOKE) == key


def test_what_is_open_and_no_draft_is_in_circulation() -> None:
    assert IN_CIRCULATION | {RequestState.DRAFT} == OPEN_REQUEST


@pytest.mark.parametrize("state", EVERY_STATE)
@pytest.mark.parametrize("stranger", STRANGERS, ids=repr)
def test_a_stranger_may_do_nothing(state: RequestState | None, stranger: Actor) -> None:
    facts = [
        case(state, payment_uncertain=uncertain, reviewer_active=active, free_of_charge=free)
        for uncertain, active, free in product((True, False), repeat=3)
    ]
    for one in facts:
        assert not allowed_actions(one, stranger)
        assert not may_see(one, stranger)
        assert {refusal(one, stranger, action) for action in Action} == {"error.not_yours"}


@pytest.mark.parametrize("state", EVERY_STATE)
def test_refusal_and_allowed_actions_agree(state: RequestState | None) -> None:
    for actor in [officer, reviewer, colleague, head, staff, SYSTEM, *STRANGERS]:
        for kind, qualified in product(RequestKind, (True, False)):
            one = case(state, kind=kind, qualified=qualified)
            allowed = {action for action in Action if refusal(one, actor, action) is None}
            assert allowed == allowed_actions(one, actor)


@pytest.mark.parametrize("state", EVERY_STATE)
def test_only_the_owner_acts_as_officer(state: RequestState | None) -> None:
    as_officer = {Action.START, Action.EDIT, Action.SUBMIT, Action.RESOLVE, Action.WITHDRAW}
    for actor in (reviewer, colleague, head, staff):
        assert not allowed_actions(case(state), actor) & as_officer
    assert allowed_actions(case(state), officer) <= as_officer | {Action.DISCARD}


DECISIONS = {Action.APPROVE, Action.REJECT, Action.DECLARE_DEFICIENCIES}


def test_the_first_decision_on_a_waiting_file_is_open_to_any_expert_of_the_university() -> None:
    for actor in (reviewer, colleague, head):
        assert allowed_actions(case(RequestState.SUBMITTED), actor) >= DECISIONS | {Action.CLAIM}


def test_only_the_fixed_reviewer_decides() -> None:
    in_review = case(RequestState.IN_REVIEW)
    assert allowed_actions(in_review, reviewer) == DECISIONS | {Action.RELEASE, Action.HAND_OVER, Action.HOLD}
    assert allowed_actions(in_review, colleague) == frozenset()
    assert allowed_actions(in_review, head) == {Action.ASSIGN, Action.RELEASE}
    assert allowed_actions(in_review, staff) == {Action.ASSIGN, Action.RELEASE}
    deficient = case(RequestState.DEFICIENT)
    assert allowed_actions(deficient, reviewer) == {Action.REJECT, Action.HAND_OVER, Action.HOLD}
    assert allowed_actions(deficient, head) == {Action.ASSIGN}


@pytest.mark.parametrize("state", [RequestState.IN_REVIEW, RequestState.DEFICIENT])
def test_a_decision_that_may_be_undone_comes_before_any_other(state: RequestState) -> None:
    decided = case(state, held=True)
    assert Action.UNDO in allowed_actions(decided, reviewer)
    assert not (DECISIONS | {Action.HOLD}) & allowed_actions(decided, reviewer)
    for other in (colleague, head, staff, officer, SYSTEM):
        assert Action.UNDO not in allowed_actions(decided, other)
    assert refusal(case(state), reviewer, Action.UNDO) == "error.nothing_to_undo"


def test_nobody_is_approved_while_suspended() -> None:
    for state, actor in product((RequestState.SUBMITTED, RequestState.IN_REVIEW), (reviewer,)):
        suspended = case(state, owner_suspended=True)
        assert refusal(suspended, actor, Action.APPROVE) == "error.applicant_suspended"
        assert Action.REJECT in allowed_actions(suspended, actor)


def test_an_in_charge_who_holds_a_file_decides_like_an_expert() -> None:
    held = case(RequestState.IN_REVIEW, reviewer_id=HEAD)
    own = {Action.RELEASE, Action.ASSIGN, Action.HAND_OVER, Action.HOLD}
    assert allowed_actions(held, head) == DECISIONS | own
    assert relations(held, head) == {Relation.EXPERT, Relation.REVIEWER, Relation.IN_CHARGE}


def test_a_draft_is_its_owners_secret() -> None:
    draft = case(RequestState.DRAFT, university_code=UNIVERSITY)
    assert may_see(draft, officer)
    assert not any(may_see(draft, actor) for actor in (reviewer, head, staff))
    assert all(may_see(case(RequestState.SUBMITTED), actor) for actor in (officer, colleague, head, staff))


AMENDMENT = {"kind": RequestKind.AMENDMENT, "qualified": True}
SILENT_BANK = {"payment_uncertain": True}


@pytest.mark.parametrize(
    ("action", "state", "facts", "key"),
    [
        ("START", None, {}, None),
        ("START", None, {"qualified": True}, "error.new_while_qualified"),
        ("START", None, AMENDMENT, None),
        ("START", None, AMENDMENT | {"qualified": False}, "error.amend_while_unqualified"),
        ("START", None, {"other_open": True}, "error.open_request"),
        ("SUBMIT", "DRAFT", AMENDMENT | {"changed": False}, "error.no_change"),
        ("SUBMIT", "DRAFT", AMENDMENT | {"changed": True}, None),
        ("WITHDRAW", "IN_REVIEW", {}, "error.stale"),
        *[("WITHDRAW", state, {}, None) for state in ("SUBMITTED", "DEFICIENT", "AWAITING_PAYMENT")],
        *[
            ("WITHDRAW", state, SILENT_BANK, "error.payment_uncertain")
            for state in ("SUBMITTED", "DEFICIENT", "AWAITING_PAYMENT")
        ],
    ],
)
def test_guards(action: str, state: str | None, facts: dict[str, object], key: str | None) -> None:
    one = case(state and RequestState[state], **facts)
    assert refusal(one, officer, Action[action]) == key


@pytest.mark.parametrize(
    ("state", "action", "condition", "usually", "else_"),
    [
        ("DEFICIENT", "RESOLVE", {"reviewer_active": False}, "IN_REVIEW", "SUBMITTED"),
        ("IN_REVIEW", "APPROVE", {"free_of_charge": True}, "AWAITING_PAYMENT", "COMPLETED"),
    ],
    ids=["fixed files return to the same expert or to the queue", "approval at no charge completes"],
)
def test_forks(state: str, action: str, condition: dict[str, bool], usually: str, else_: str) -> None:
    row = TABLE[RequestState[state], Action[action]]
    assert row.leads_to(case(row.source)) is RequestState[usually]
    assert row.leads_to(case(row.source, **condition)) is RequestState[else_]


def test_only_the_system_completes_a_payment() -> None:
    waiting = case(RequestState.AWAITING_PAYMENT)
    assert Action.COMPLETE in allowed_actions(waiting, SYSTEM)
    assert not any(
        Action.COMPLETE in allowed_actions(waiting, actor) for actor in (officer, reviewer, head, staff)
    )


def test_every_guard_names_a_sentence() -> None:
    keys = {
        refusal(
            replace(
                case(state),
                kind=kind,
                qualified=qualified,
                other_open=True,
                changed=False,
                payment_uncertain=True,
            ),
            actor,
            action,
        )
        for state, kind, qualified, actor, action in product(
            EVERY_STATE, RequestKind, (True, False), (officer, reviewer, head, staff), Action
        )
    }
    assert len(keys) > 5
    assert all(has(key) for key in keys if key is not None)


@pytest.mark.parametrize("deputy_for", [None, 77])
def test_only_what_a_deputy_has_is_given_back(deputy_for: int | None) -> None:
    for state in (RequestState.IN_REVIEW, RequestState.DEFICIENT):
        given = case(state, deputy_for_id=deputy_for)
        assert (Action.GIVE_BACK in allowed_actions(given, SYSTEM)) is (deputy_for is not None)


def test_what_each_is_to_a_file() -> None:
    review = case(RequestState.IN_REVIEW)
    assert [relations(review, actor) for actor in (officer, reviewer, colleague, head, staff, SYSTEM)] == [
        {Relation.OWNER},
        {Relation.EXPERT, Relation.REVIEWER},
        {Relation.EXPERT},
        {Relation.EXPERT, Relation.IN_CHARGE},
        {Relation.STAFF},
        {Relation.SYSTEM},
    ]
    nowhere = replace(review, university_code=None)
    assert not relations(nowhere, Actor(REVIEWER, Role.EXPERT, None))
    assert not relations(nowhere, reviewer)
