"""When a branch was closed

Revision: 0018, after: 0012
"""

import sqlalchemy as sa
from alembic import op

revision = '0018'
down_revision = '0012'
branch_labels = None
depends_on = None

_OPEN = sa.text('closed_at IS NULL')


def upgrade() -> None:
    op.add_column('branch', sa.Column('closed_at', sa.DateTime(), nullable=True))
    op.drop_index('uq_branch_name', table_name='branch')
    op.create_index(
        'uq_branch_name',
        'branch',
        ['distributor_id', 'name'],
        unique=True,
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )


def downgrade() -> None:
    op.drop_index('uq_branch_name', table_name='branch')
    # A name that was given again after its branch was closed goes to the older branch with its number.
    op.execute(
        "UPDATE branch SET name = substr(name, 1, 100) || ' (' || id || ')' WHERE closed_at IS NOT NULL"
    )
    op.create_index('uq_branch_name', 'branch', ['distributor_id', 'name'], unique=True)
    with op.batch_alter_table('branch', schema=None) as batch_op:
        batch_op.drop_column('closed_at')
