"""What all state machines share: a transition table and the questions asked of it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar, cast

if TYPE_CHECKING:
    from bot.core.context import Actor

S = TypeVar("S", bound=StrEnum)
A = TypeVar("A", bound=StrEnum)
W = TypeVar("W", bound=StrEnum)


class HasState(Protocol):
    """The facts of a case; `state` is None before there is one."""

    @property
    def state(self) -> StrEnum | None: ...


C = TypeVar("C", bound=HasState)


@dataclass(frozen=True)
class Transition(Generic[S, A, W, C]):
    """`target` None: the row is deleted. `target_if_true` is the target where `condition` is true of the
    case."""

    source: S | None
    action: A
    by: frozenset[W]
    target: S | None
    #: Verb in the audit.
    event: str
    #: Each returns the text key of its refusal, or None where it lets pass.
    guards: tuple[Callable[[C], str | None], ...] = ()
    condition: Callable[[C], bool] | None = None
    target_if_true: S | None = None

    def leads_to(self, case: C) -> S | None:
        return self.target_if_true if self.condition is not None and self.condition(case) else self.target


class Machine(Generic[S, A, W, C]):
    """One state machine: the only place that says who may do what, when, and what comes of it."""

    def __init__(
        self,
        states: type[S],
        rows: Iterable[Transition[S, A, W, C]],
        standings: Callable[[C, Actor], frozenset[W]],
        *,
        ended: Iterable[S] = (),
        not_yours: str = "error.not_yours",
        stale: str = "error.stale",
    ) -> None:
        """`ended` are ends that something may follow. `not_yours` and `stale` are the text keys of `refusal_of`."""
        rows = tuple(rows)
        self.table: dict[tuple[S | None, A], Transition[S, A, W, C]] = {
            (row.source, row.action): row for row in rows
        }
        assert len(self.table) == len(rows), "one transition a state and action"
        #: Where a case ends; nothing follows but from those that were named `ended`.
        self.terminal = frozenset(
            state for state in states if not any(source is state for source, _ in self.table)
        ) | frozenset(ended)
        self._states = states
        self.standings = standings
        self._not_yours, self._stale = not_yours, stale

    def allowed_actions(self, case: C, actor: Actor) -> frozenset[A]:
        """Everything that `actor` may do with the case now."""
        stands = self.standings(case, actor)
        return frozenset(
            action
            for (source, action), row in self.table.items()
            if source == case.state and row.by & stands and not any(guard(case) for guard in row.guards)
        )

    def refusal(self, case: C, actor: Actor, action: A) -> str | None:
        """The text key of why `action` is refused to `actor`, None where it is allowed."""
        return self.refusal_of(case, self.standings(case, actor), action)

    def refusal_of(self, case: C, stands: frozenset[W], action: A) -> str | None:
        """The text key of why `action` is refused to an actor with these relations, None where it is allowed.

        `not_yours` for an actor who may not take this action in any state, `stale` where only the state is in
        the way, else what the guard says.
        """
        row = self.table.get((cast("S | None", case.state), action))
        if row is None:
            ever = any(stands & other.by for (_, name), other in self.table.items() if name is action)
            return self._stale if ever else self._not_yours
        if not row.by & stands:
            return self._not_yours
        return next((key for guard in row.guards if (key := guard(case))), None)

    def mermaid(self) -> str:
        """The table as a Mermaid state diagram, for docs/."""
        lines = ["stateDiagram-v2"]
        for row in self.table.values():
            by = ", ".join(sorted(row.by))
            for target in dict.fromkeys((row.target, row.target_if_true if row.condition else row.target)):
                source = row.source or "[*]"
                lines.append(f"    {source} --> {target or '[*]'}: {row.action.lower()} ({by})")
        lines += [f"    {state} --> [*]" for state in self._states if state in self.terminal]
        return "\n".join(lines)
