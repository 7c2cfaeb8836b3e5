"""Indexes by which periodic jobs find what is due, and when they look at a document or a note next

Revision: 0023, after: 0016
"""

import sqlalchemy as sa
from alembic import op

revision = '0023'
down_revision = '0016'
branch_labels = None
depends_on = None

INDEXES = {
    'ix_role_grant_role': ('role_grant', ['role', 'account_id'], None),
    'ix_draft_touched': ('draft', ['dialogue', 'updated_at'], None),
    'ix_cooperation_request_arrivals': (
        'cooperation_request', ['university_code', 'state', 'reviewer_id', 'state_since'], None
    ),
    'ix_cooperation_request_reminders': ('cooperation_request', ['state', 'reminders', 'state_since'], None),
    'ix_qualification_request_arrivals': (
        'qualification_request', ['university_code', 'state', 'state_since'], None
    ),
    'ix_qualification_request_reminders': (
        'qualification_request', ['kind', 'state', 'reminders', 'state_since'], None
    ),
    'ix_stored_file_new': ('stored_file', ['created_at'], 'check_at IS NULL AND removed_at IS NULL'),
    'ix_stored_file_check': ('stored_file', ['check_at'], 'check_at IS NOT NULL AND removed_at IS NULL'),
    'ix_file_note_check': ('file_note', ['check_at', 'created_at'], None),
    'ix_upload_day_day': ('upload_day', ['day'], None),
    'ix_payment_attempt_state': ('payment_attempt', ['state', 'state_since'], None),
    'ix_left_group_left_at': ('left_group', ['left_at'], None),
    'ix_expert_leave_ends': ('expert_leave', ['ends_on'], 'ended_at IS NULL'),
    'ix_staff_alert_told': ('staff_alert', ['notified_at'], 'resolved_at IS NULL'),
}
#: Indexes that leave out the many rows in which their column is not set.
OF_FEW = {
    'ix_chat_show_at': ('chat', 'show_at'),
    'ix_chat_rest_until': ('chat', 'rest_until'),
    'ix_payment_attempt_next_check_at': ('payment_attempt', 'next_check_at'),
    'ix_stored_file_preview_key': ('stored_file', 'preview_key'),
}
ODD = sa.text("state IN ('QUARANTINED', 'FAILED')")


def upgrade() -> None:
    for table in ('stored_file', 'file_note'):
        op.add_column(table, sa.Column('check_at', sa.DateTime(), nullable=True))
    for name, (table, columns, where) in INDEXES.items():
        condition = None if where is None else sa.text(where)
        op.create_index(name, table, columns, sqlite_where=condition, postgresql_where=condition)
    for name, (table, column) in OF_FEW.items():
        is_set = sa.text(f'{column} IS NOT NULL')
        op.drop_index(name, table_name=table)
        op.create_index(name, table, [column], sqlite_where=is_set, postgresql_where=is_set)
    op.drop_index('ix_inbox_update_odd', table_name='inbox_update')
    op.create_index(
        'ix_inbox_update_odd',
        'inbox_update',
        ['state', 'received_at'],
        sqlite_where=ODD,
        postgresql_where=ODD,
    )


def downgrade() -> None:
    op.drop_index('ix_inbox_update_odd', table_name='inbox_update')
    op.create_index(
        'ix_inbox_update_odd', 'inbox_update', ['state'], sqlite_where=ODD, postgresql_where=ODD
    )
    for name, (table, column) in OF_FEW.items():
        op.drop_index(name, table_name=table)
        op.create_index(name, table, [column])
    for name, (table, _, _) in INDEXES.items():
        op.drop_index(name, table_name=table)
    for table in ('stored_file', 'file_note'):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_column('check_at')
