"""The rules of accounts."""

from hypothesis import given
from hypothesis import strategies as st

from bot.core.context import SYSTEM, Actor
from bot.rules.account import (
    MACHINE,
    PREFERENCE,
    REASON_MAX,
    REASON_MIN,
    AccountAction,
    AccountCase,
    preferred,
)
from storage.enums import AccountState, Role

STAFF = Actor(1, Role.STAFF)


@given(
    by=st.sampled_from(list(Role)),
    state=st.sampled_from(list(AccountState)),
    action=st.sampled_from(list(AccountAction)),
)
def test_only_staff_act_on_accounts(by: Role, state: AccountState, action: AccountAction) -> None:
    key = MACHINE.refusal(AccountCase(state), Actor(1, by), action)

    assert (key is None) == (by is Role.STAFF and (state, action) in MACHINE.table)


def test_nobody_locks_out_their_own_account() -> None:
    mine = AccountCase(AccountState.ACTIVE, own=True)

    assert MACHINE.allowed_actions(mine, STAFF) == frozenset()
    assert MACHINE.refusal(mine, STAFF, AccountAction.SUSPEND) == "error.own_account"


def test_a_registration_that_led_somewhere_is_not_annulled() -> None:
    for hindered in (
        AccountCase(AccountState.ACTIVE, qualified=True),
        AccountCase(AccountState.ACTIVE, open_request=True),
        AccountCase(AccountState.ACTIVE, registered=False),
    ):
        assert MACHINE.refusal(hindered, STAFF, AccountAction.ANNUL) == "error.cannot_annul"


def test_every_role_of_people_can_begin() -> None:
    assert {preferred([role]) for role in PREFERENCE} == set(Role) - {Role.SYSTEM}
    assert preferred([]) is None


def test_the_role_with_the_widest_reach_comes_first() -> None:
    order = [Role.STAFF, Role.IN_CHARGE, Role.EXPERT, Role.DISTRIBUTOR, Role.OFFICER]
    for place, role in enumerate(order):
        assert preferred(reversed(order[place:])) is role


def test_what_staff_may_do_in_each_state() -> None:
    allowed = {state: MACHINE.allowed_actions(AccountCase(state), STAFF) for state in AccountState}
    act = AccountAction
    assert {state: actions for state, actions in allowed.items() if actions} == {
        AccountState.ACTIVE: {act.RESET, act.SUSPEND, act.ANNUL},
        AccountState.SUSPENDED: {act.LIFT},
    }
    for nobody in (SYSTEM, Actor(None, Role.STAFF)):
        assert not MACHINE.allowed_actions(AccountCase(AccountState.ACTIVE), nobody)
    assert (REASON_MIN, REASON_MAX) == (5, 500)
