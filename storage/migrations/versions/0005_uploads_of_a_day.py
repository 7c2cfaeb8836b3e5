"""What an account uploads in a day

Revision: 0005, after: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = '0005'
down_revision = '0008'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('upload_day',
    sa.Column('account_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('files', sa.Integer(), nullable=False),
    sa.Column('size', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_upload_day_account_id_account')),
    sa.PrimaryKeyConstraint('account_id', 'day', name=op.f('pk_upload_day'))
    )


def downgrade() -> None:
    op.drop_table('upload_day')
