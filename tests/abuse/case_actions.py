"""One action on one case, as its button would carry it, and which participants the rule tables allow it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, SQLModel, col, select

from bot.core.context import Actor
from bot.core.screens import Press
from bot.rules import account, cooperation, qualification
from bot.rules.state_machine import Machine
from storage.enums import Role
from storage.tables import Grant
from tests.abuse.changes import Change
from tests.abuse.participants import Participants

REASON = "این یک دلیل کافی و درست است"
Names = frozenset[str]
NOBODY: Names = frozenset()

MACHINES: dict[str, Machine[Any, Any, Any, Any]] = {
    "account": account.MACHINE,
    "qualification": qualification.MACHINE,
    "cooperation": cooperation.MACHINE,
    "contract": cooperation.CONTRACT,
    "termination": cooperation.TERMINATION,
}


def targets(machine: str, state: Any, action: Any) -> Names:
    """States to which the action leads from this one; empty where the table has no such row, or the row is deleted."""
    row = MACHINES[machine].table.get((state, action))
    found = (row.target, row.target_if_true if row.condition else row.target) if row is not None else ()
    return frozenset(one.value for one in found if one is not None)


@dataclass(frozen=True)
class ExpectedChange:
    """The row that changes, and the states that it may have then; no states: any, or it is gone. Id 0: some row."""

    table: str
    id: int = 0
    states: Names = NOBODY

    def met_by(self, changes: Iterable[Change]) -> bool:
        return any(self._is(one) and (not self.states or one.state in self.states) for one in changes)

    def touched_by(self, changes: Iterable[Change]) -> bool:
        return any(self._is(one) for one in changes)

    def _is(self, one: Change) -> bool:
        return one.table == self.table and self.id in (0, one.row.get("id"))


@dataclass(frozen=True)
class CaseAction:
    """`press` is what is forged; `steps` is the whole way of a participant who may: presses, and words that are typed
    into the dialogue which the first press opens."""

    machine: str
    action: str
    #: Of the case, before.
    state: str
    case: str
    press: Press
    steps: tuple[Press | str, ...]
    #: Names of the participants whom the table allows it.
    allowed: Names = NOBODY
    #: Those whom the first press may lead into a dialogue although the table refuses its end.
    opens: Names = NOBODY
    expected: ExpectedChange | None = None

    def __str__(self) -> str:
        return f"{self.machine} {self.action} of {self.case} ({self.state}) by {self.press}"


class CaseActions:
    """The actions on all cases of a database; each subject has a class of its own."""

    def __init__(self, db: Session, participants: Participants) -> None:
        self.db, self.all = db, participants.all
        #: Name → who acts, of those who may act at all.
        self.acting = {one.name: one.actor for one in self.all if one.active and one.actor is not None}

    def rows(self, table: type[Any]) -> list[Any]:
        return list(self.db.exec(select(table).order_by(col(table.id))))

    def transition(
        self,
        machine: str,
        action: Any,
        row: SQLModel,
        case: Any,
        press: Press,
        *words: str,
        first: tuple[Press | str, ...] = (),
        opens: Names = NOBODY,
    ) -> CaseAction:
        """What the table of a machine says of this action on this row. `first`: the steps before the words, where they
        are not just the press."""
        table, id_ = str(row.__tablename__), getattr(row, "id", 0)
        state = getattr(row, "state", None)
        expected = ExpectedChange(table, id_, targets(machine, state, action))
        steps = (*(first or (press,)), *words)
        allowed = self.allowed(machine, action, case)
        return CaseAction(
            machine, action, str(state), f"{table} {id_}", press, steps, allowed, opens, expected
        )

    def allowed(self, machine: str, action: Any, case: Any) -> Names:
        """`case`: the facts, or a function that makes them for an actor."""

        def may(actor: Actor) -> bool:
            facts = case(actor) if callable(case) else case
            return action in MACHINES[machine].allowed_actions(facts, actor)

        return frozenset(name for name, actor in self.acting.items() if may(actor))

    def of(self, role: Role, distributor_id: int | None = None) -> Names:
        return frozenset(
            name
            for name, actor in self.acting.items()
            if actor.role is role and distributor_id in (None, actor.distributor_id)
        )

    def named(self, *account_ids: int | None) -> Names:
        """All participants of these accounts, in whatever role and state."""
        return frozenset(one.name for one in self.all if one.actor is not None and one.id in account_ids)

    def another_expert(self, university: str | None, but: int | None) -> str:
        """The account whom an expert in charge may give a request, as a button's argument."""
        query = select(Grant.account_id).where(
            Grant.university_code == (university or "sums"),
            col(Grant.active).is_(True),
            Grant.role == Role.EXPERT,
            Grant.account_id != but,
        )
        return str(self.db.exec(query.order_by(col(Grant.id))).first() or 0)
