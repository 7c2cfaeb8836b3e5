"""Columns, a state and their indexes under the names that the code uses

Columns are renamed where they are: no table is rebuilt, so nothing that hangs on it (triggers, references) is touched.
Lines of audit_event keep the names that they were written with.

Revision: 0009, after: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = '0009'
down_revision = '0006'
branch_labels = None
depends_on = None

RENAMED = (
    ('chat', 'place', 'dialogue_state'),
    ('push', 'cause', 'correlation_id'),
    ('role_grant', 'told_waiting_at', 'waiting_notified_at'),
    ('left_group', 'told_at', 'notified_at'),
    ('staff_alert', 'told_at', 'notified_at'),
    ('staff_alert', 'settled_at', 'resolved_at'),
)


def upgrade() -> None:
    op.drop_index('uq_staff_alert_open_key', table_name='staff_alert')
    op.drop_index('ix_inbox_update_odd', table_name='inbox_update')
    for table, old, new in RENAMED:
        op.execute(f"ALTER TABLE {table} RENAME COLUMN {old} TO {new}")
    op.execute("UPDATE inbox_update SET state = 'QUARANTINED' WHERE state = 'SET_ASIDE'")
    _make_indexes(resolved_at='resolved_at', quarantined='QUARANTINED')


def downgrade() -> None:
    op.drop_index('uq_staff_alert_open_key', table_name='staff_alert')
    op.drop_index('ix_inbox_update_odd', table_name='inbox_update')
    for table, old, new in RENAMED:
        op.execute(f"ALTER TABLE {table} RENAME COLUMN {new} TO {old}")
    op.execute("UPDATE inbox_update SET state = 'SET_ASIDE' WHERE state = 'QUARANTINED'")
    _make_indexes(resolved_at='settled_at', quarantined='SET_ASIDE')


def _make_indexes(*, resolved_at: str, quarantined: str) -> None:
    """The two whose conditions speak of what was renamed."""
    open_alert = sa.text(f"{resolved_at} IS NULL")
    op.create_index(
        'uq_staff_alert_open_key', 'staff_alert', ['key'], unique=True,
        sqlite_where=open_alert, postgresql_where=open_alert,
    )
    odd = sa.text(f"state IN ('{quarantined}', 'FAILED')")
    op.create_index('ix_inbox_update_odd', 'inbox_update', ['state'], sqlite_where=odd, postgresql_where=odd)
