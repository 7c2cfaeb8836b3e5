"""An index on the decisions of each university, from which the usual duration of a review is read

Revision: 0010, after: 0009
"""

from alembic import op

revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None

INDEX, TABLE = 'ix_qualification_request_decided', 'qualification_request'


def upgrade() -> None:
    op.create_index(INDEX, TABLE, ['university_code', 'decided_at', 'submitted_at'])


def downgrade() -> None:
    op.drop_index(INDEX, table_name=TABLE)
