"""Rules of accounts: states, and which roles go together.

See docs/specification.md 2.1.

Accounts hold every role alike, so the table knows only their states.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from bot.rules import state_machine
from storage.enums import AccountState, Role

if TYPE_CHECKING:
    from bot.core.context import Actor


class AccountAction(StrEnum):
    RESET = "RESET"
    SUSPEND = "SUSPEND"
    LIFT = "LIFT"
    ANNUL = "ANNUL"


class AccountRelation(StrEnum):
    """How an actor is related to an account."""

    STAFF = "staff"


@dataclass(frozen=True, slots=True)
class AccountCase:
    """The facts of an account that the rules look at."""

    state: AccountState
    #: It is the account of the actor.
    own: bool = False
    #: It came by an officer's registration (experts and staff have none to annul).
    registered: bool = True
    #: Now, or once: a qualification that was revoked is one.
    qualified: bool = False
    open_request: bool = False


def not_own(case: AccountCase) -> str | None:
    """Nobody locks out their own account."""
    return "error.own_account" if case.own else None


def led_nowhere(case: AccountCase) -> str | None:
    """A registration that was never qualified (Q28)."""
    annullable = case.registered and not case.qualified and not case.open_request
    return None if annullable else "error.cannot_annul"


Transition = state_machine.Transition[AccountState, AccountAction, AccountRelation, AccountCase]


def _rows() -> tuple[Transition, ...]:
    state, act, row, staff = AccountState, AccountAction, Transition, frozenset({AccountRelation.STAFF})
    return (
        row(state.ACTIVE, act.RESET, staff, state.ACTIVE, "access_reset", (not_own,)),
        row(state.ACTIVE, act.SUSPEND, staff, state.SUSPENDED, "suspended", (not_own,)),
        row(state.SUSPENDED, act.LIFT, staff, state.ACTIVE, "suspension_lifted"),
        row(state.ACTIVE, act.ANNUL, staff, state.ANNULLED, "registration_annulled", (not_own, led_nowhere)),
    )


def relations(case: AccountCase, actor: Actor) -> frozenset[AccountRelation]:
    """Staff act on accounts, nobody else."""
    staff = actor.role is Role.STAFF and actor.account_id is not None
    return frozenset({AccountRelation.STAFF}) if staff else frozenset()


MACHINE = state_machine.Machine(
    AccountState, _rows(), relations, not_yours="error.not_allowed", stale="error.account_state"
)

#: Who may log in and be helped to a new password; a suspended account still reads.
LIVING = frozenset({AccountState.ACTIVE, AccountState.SUSPENDED})

REASON_MIN, REASON_MAX = 5, 500


#: Which role a chat gets at login where the account holds several; the person may switch.
PREFERENCE = (Role.STAFF, Role.IN_CHARGE, Role.EXPERT, Role.DISTRIBUTOR, Role.OFFICER)
#: Roles that belong to one university.
UNIVERSITY_ROLES = frozenset({Role.EXPERT, Role.IN_CHARGE})


def preferred(roles: Iterable[Role]) -> Role | None:
    """The role to begin with, None where there is none."""
    owned = set(roles)
    return next((role for role in PREFERENCE if role in owned), None)
