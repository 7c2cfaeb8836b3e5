"""What the random tests of both request workflows share: a database of their own, a clock, an attempt, an audit check."""

import itertools
import sqlite3
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any, TypeVar

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine
from sqlalchemy.pool import StaticPool
from sqlmodel import Session, SQLModel, col, create_engine, select

from bot.core.context import Actor
from bot.core.refusals import Refusal
from storage.tables import AuditEvent
from tests.support.factories.reference_data import NOW

T = TypeVar("T")


def _open(connection: sqlite3.Connection) -> Session:
    engine = create_engine("sqlite://", creator=lambda: connection, poolclass=StaticPool)
    return Session(engine, autoflush=False, expire_on_commit=False)


@cache
def _template(fill: Callable[[Session], T]) -> tuple[sqlite3.Connection, T]:
    """A database with the schema and what `fill` adds, to be copied."""
    template = sqlite3.connect(":memory:", check_same_thread=False)
    with _open(template) as db:
        SQLModel.metadata.create_all(db.get_bind())
        found = fill(db)
        db.commit()
    return template, found


class WorkflowMachine(RuleBasedStateMachine):
    """Actors act on requests at random. A subclass calls `open_database` when it begins, and says what is so after
    every step."""

    db: Session
    actors: dict[str, Actor]

    def open_database(self, fill: Callable[[Session], T]) -> T:
        """A new database with what `fill` adds; what `fill` returned."""
        template, found = _template(fill)
        copy = sqlite3.connect(":memory:", check_same_thread=False)
        template.backup(copy)
        self.db = _open(copy)
        self.clock = itertools.count()
        return found

    @property
    def now(self) -> datetime:
        return NOW + timedelta(minutes=next(self.clock))

    def attempt(self, action: Callable[[], object]) -> bool:
        """Act as an update does: a refusal rolls back to before it."""
        try:
            with self.db.begin_nested():
                action()
                self.db.flush()
        except Refusal:
            self.db.expire_all()
            return False
        return True

    def rows(self, table: Any) -> list[Any]:
        return list(self.db.exec(select(table).order_by(col(table.id))))

    def check_every_step_left_one_event_that_joins_the_last(
        self, subject: str, requests: Sequence[Any]
    ) -> None:
        events = [event for event in self.rows(AuditEvent) if event.subject == subject]
        for request in requests:
            # Notes and words of a hand-over are events without a state.
            steps = [
                event for event in events if event.subject_id == request.id and event.to_state is not None
            ]
            assert len(steps) == request.version + 1  # with its start
            for before, after in itertools.pairwise(steps):
                assert before.to_state == after.from_state
            assert steps[-1].to_state == request.state

    def teardown(self) -> None:
        if hasattr(self, "db"):
            self.db.close()


def run_settings(steps: int, examples: int) -> settings:
    """Courses of so many steps. `make test` plays a few, the campaign many."""
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )


def at_most_one_each(values: Sequence[object]) -> bool:
    return all(count == 1 for count in Counter(values).values())
