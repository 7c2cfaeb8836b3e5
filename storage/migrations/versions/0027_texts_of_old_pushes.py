"""Index of pushes whose text is to be emptied

Revision: 0027, after: 0031
"""

import sqlalchemy as sa
from alembic import op

revision = '0027'
down_revision = '0031'
branch_labels = None
depends_on = None

_TOLD = sa.text("state IN ('SENT', 'SKIPPED') AND text <> ''")


def upgrade() -> None:
    op.create_index('ix_push_told', 'push', ['created_at'], sqlite_where=_TOLD, postgresql_where=_TOLD)


def downgrade() -> None:
    op.drop_index('ix_push_told', table_name='push')
