"""Decisions that may be undone, why an approval was taken back, the list that an expert came from

Revision: 0014, after: 0017
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0014'
down_revision = '0017'
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), 'postgresql')
_HELD = sa.text('held_until IS NOT NULL')


def upgrade() -> None:
    for table in ('qualification_request', 'cooperation_request'):
        op.add_column(table, sa.Column('held_until', sa.DateTime(), nullable=True))
        op.add_column(table, sa.Column('held_decision', _JSON, nullable=False, server_default='{}'))
        op.create_index(
            f'ix_{table}_held', table, ['held_until'], sqlite_where=_HELD, postgresql_where=_HELD
        )
    op.add_column('qualification_request', sa.Column('revoke_reason', sa.String(), nullable=True))
    op.add_column('chat', sa.Column('listing', _JSON, nullable=False, server_default='{}'))


def downgrade() -> None:
    op.drop_column('chat', 'listing')
    op.drop_column('qualification_request', 'revoke_reason')
    for table in ('qualification_request', 'cooperation_request'):
        op.drop_index(f'ix_{table}_held', table_name=table)
        op.drop_column(table, 'held_decision')
        op.drop_column(table, 'held_until')
