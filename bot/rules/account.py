"""Rules of accounts: states, which roles go together, and how often something may be tried.

See docs/specification.md 2.1.

Accounts hold every role alike, so the table knows only their states.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.texts.formats import TEHRAN
from storage.enums import AccountState, Role


class Action(StrEnum):
    RESET = "RESET"
    SUSPEND = "SUSPEND"
    LIFT = "LIFT"
    ANNUL = "ANNUL"


@dataclass(frozen=True, slots=True)
class AccountCase:
    """The facts of an account that the rules look at."""

    account_id: int
    state: AccountState
    #: It came by an officer's registration (experts and staff have none to annul).
    registered: bool = True
    qualified: bool = False
    open_request: bool = False


@dataclass(frozen=True, slots=True)
class Transition:
    source: AccountState
    action: Action
    target: AccountState
    #: Verb in the audit.
    event: str


_ACTIVE, _SUSPENDED, _ANNULLED = AccountState.ACTIVE, AccountState.SUSPENDED, AccountState.ANNULLED

TABLE: dict[tuple[AccountState, Action], Transition] = {
    (row.source, row.action): row
    for row in (
        Transition(_ACTIVE, Action.RESET, _ACTIVE, "access_reset"),
        Transition(_ACTIVE, Action.SUSPEND, _SUSPENDED, "suspended"),
        Transition(_SUSPENDED, Action.LIFT, _ACTIVE, "suspension_lifted"),
        Transition(_ACTIVE, Action.ANNUL, _ANNULLED, "registration_annulled"),
    )
}

#: Who may log in and be helped to a new password; a suspended account still reads.
LIVING = frozenset({AccountState.ACTIVE, AccountState.SUSPENDED})

REASON_MIN, REASON_MAX = 5, 500


def refusal(case: AccountCase, *, by: Role, by_id: int | None, action: Action) -> str | None:
    """The text key of why staff may not do `action`, None where they may. Nobody locks out their own account."""
    if by is not Role.STAFF or by_id is None:
        return "error.not_allowed"
    if (case.state, action) not in TABLE:
        return "error.account_state"
    if by_id == case.account_id and action is not Action.LIFT:
        return "error.own_account"
    if action is Action.ANNUL and (not case.registered or case.qualified or case.open_request):
        return "error.cannot_annul"
    return None


def allowed_actions(case: AccountCase, *, by: Role, by_id: int | None) -> frozenset[Action]:
    return frozenset(action for action in Action if refusal(case, by=by, by_id=by_id, action=action) is None)


#: Which role a chat gets at login where the account holds several; the person may switch.
PREFERENCE = (Role.STAFF, Role.IN_CHARGE, Role.EXPERT, Role.DISTRIBUTOR, Role.OFFICER)
#: Roles that belong to one university.
UNIVERSITY_ROLES = frozenset({Role.EXPERT, Role.IN_CHARGE})


def preferred(roles: Iterable[Role]) -> Role | None:
    """The role to begin with, None where there is none."""
    held = set(roles)
    return next((role for role in PREFERENCE if role in held), None)


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `count` tries within `span`; with `daily`, within one day of Tehran."""

    count: int
    span: timedelta = timedelta(days=1)
    daily: bool = False

    def since(self, now: datetime) -> datetime:
        """From when on tries count."""
        if self.daily:
            return now.astimezone(TEHRAN).replace(hour=0, minute=0, second=0, microsecond=0)
        return now - self.span

    def wait(self, tries: Sequence[datetime], now: datetime) -> timedelta | None:
        """How long to wait, given the times of all tries since `since`; None: go on."""
        if len(tries) < self.count:
            return None
        oldest = sorted(tries)[-self.count]
        opens = self.since(now) + timedelta(days=1) if self.daily else oldest + self.span
        return max(opens - now, timedelta(seconds=1))


WRONG_PASSWORDS_PER_CHAT = Limit(5, timedelta(minutes=15))
#: Only tries from chats that are not linked to the account, so that nobody locks out its owner's own phone.
WRONG_PASSWORDS_PER_ACCOUNT = Limit(20, timedelta(hours=1))
NATIONAL_CODES_PER_CHAT = Limit(5, daily=True)
RECOVERIES_PER_CHAT = Limit(5, daily=True)
#: Officers looked up by a distributor, found or not (docs/specification.md 2.1).
LOOKUPS_PER_DISTRIBUTOR = Limit(20, daily=True)
