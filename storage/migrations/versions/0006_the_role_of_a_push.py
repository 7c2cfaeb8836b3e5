"""The role of a push

Which role somebody is told something in: where it is taken away before the push leaves, the push stays. What is there is
told to the person.

Revision: 0006, after: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = '0006'
down_revision = '0007'
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.add_column('push', sa.Column('grant_id', BIG, nullable=True))


def downgrade() -> None:
    op.drop_column('push', 'grant_id')
