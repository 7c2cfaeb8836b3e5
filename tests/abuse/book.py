"""One action on one case, as the button of it would carry it, and whom the rule tables allow it.

A `Deed`'s `press` is what a forger copies; `steps` is the whole way of who may: presses, and words that are typed into
the dialogue which the first press opens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlmodel import Session, col, select

from bot.core.context import Actor
from bot.core.screens import Press
from storage.enums import Role
from storage.tables import Account, Grant
from tests.abuse.fixtures import Town
from tests.abuse.ledger import Change

REASON = "این یک دلیل کافی و درست است"
Names = frozenset[str]


@dataclass(frozen=True)
class Aim:
    """The row that changes, and the states that it may have then; no states: any, or it is gone. Id 0: some row."""

    table: str
    id: int = 0
    states: frozenset[str] = frozenset()

    def met_by(self, changes: Iterable[Change]) -> bool:
        return any(self._is(one) and (not self.states or self._state(one) in self.states) for one in changes)

    def touched_by(self, changes: Iterable[Change]) -> bool:
        return any(self._is(one) for one in changes)

    def _is(self, one: Change) -> bool:
        return one.table == self.table and self.id in (0, one.row.get("id"))

    @staticmethod
    def _state(one: Change) -> str | None:
        return None if one.new is None else str(one.new.get("state"))


@dataclass(frozen=True)
class Deed:
    machine: str
    action: str
    #: Of the case, before.
    state: str
    case: str
    press: Press
    steps: tuple[Press | str, ...]
    #: Names of those whom the table allows it.
    allowed: frozenset[str] = frozenset()
    #: Those whom the first press may lead into a dialogue although the table refuses its end.
    opens: frozenset[str] = frozenset()
    aim: Aim | None = None

    def __str__(self) -> str:
        return f"{self.machine} {self.action} of {self.case} ({self.state}) by {self.press}"


class Book:
    """Reads the cases of a town; each subject has a book of its own."""

    def __init__(self, db: Session, town: Town) -> None:
        self.db, self.personas = db, town.personas
        self.active = [one for one in town.personas if one.active]
        self.ids = {one.name: one.id or 0 for one in town.personas}

    def acting(self) -> Iterable[tuple[str, Actor]]:
        for one in self.active:
            assert one.actor is not None
            yield one.name, one.actor

    def allowed(self, actions: Callable[[Any, Actor], frozenset[Any]], case: Any, action: Any) -> Names:
        """Whom the rules of a machine allow `action` on `case`."""
        return frozenset(name for name, actor in self.acting() if action in actions(case, actor))

    def of(self, role: Role, distributor_id: int | None = None) -> Names:
        return frozenset(
            name
            for name, actor in self.acting()
            if actor.role is role and distributor_id in (None, actor.distributor_id)
        )

    def owners(self, account_id: int) -> Names:
        """The officer of a request, also while suspended."""
        return frozenset(
            one.name
            for one in self.personas
            if one.actor is not None and one.id == account_id and one.actor.role is Role.OFFICER
        )

    def expert_for(self, university: str | None, but: int | None) -> int:
        """Somebody whom a head may hand a file."""
        query = select(Grant.account_id).where(
            Grant.university_code == (university or "sums"),
            col(Grant.active).is_(True),
            Grant.role == Role.EXPERT,
            Grant.account_id != but,
        )
        return self.db.exec(query.order_by(col(Grant.id))).first() or 0

    def code(self, account_id: int) -> str:
        """The national code."""
        return self.db.get_one(Account, account_id).national_code or ""


def names(states: Iterable[StrEnum | None]) -> Names:
    return frozenset(one.value for one in states if one is not None)
