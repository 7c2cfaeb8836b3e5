"""Words in statements: an index over a part of a table is used only where the statement names that part."""

import pytest
from sqlmodel import Session, col, select

from storage.enums import InboxState, PushState
from storage.tables import InboxUpdate, Push
from tests.support.services import as_unit

PARTS = {
    "ix_push_due": select(Push.id).where(col(Push.state).in_((PushState.QUEUED, PushState.SENDING))),
    "ix_push_given_up": select(Push.id).where(col(Push.state) == PushState.GIVEN_UP),
    "ix_inbox_update_odd": select(InboxUpdate.id).where(
        col(InboxUpdate.state).in_((InboxState.QUARANTINED, InboxState.FAILED))
    ),
}


@pytest.mark.parametrize("index", PARTS)
@as_unit
def test_an_index_over_a_part_of_a_table_is_used(db: Session, index: str) -> None:
    compiled = PARTS[index].compile(db.connection())
    assert not compiled.params
    if db.get_bind().dialect.name == "sqlite":
        plan = db.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}").all()
        assert index in str(plan)


@as_unit
def test_words_are_compared_as_before(db: Session) -> None:
    state = col(Push.state)
    for condition in (
        state.in_([]),
        state.in_({PushState.SENT}),
        state.not_in(frozenset({PushState.SENT, PushState.QUEUED})),
        state.is_not(None),
        state != PushState.SENT,
        state == "SENT",
        state.in_(select(Push.state)),
    ):
        assert db.exec(select(Push.id).where(condition)).all() == []
