"""How long a chat must not be written to, and the groups that were left

Revision: 0002, after: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = '0002'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('chat', schema=None) as batch_op:
        batch_op.add_column(sa.Column('rest_since', sa.DateTime(), nullable=True))
        batch_op.add_column(sa.Column('rest_until', sa.DateTime(), nullable=True))
        batch_op.create_index(batch_op.f('ix_chat_rest_until'), ['rest_until'], unique=False)
    op.create_table('left_group',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('messenger', sa.String(length=32), nullable=False),
    sa.Column('chat_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('told_at', sa.DateTime(), nullable=False),
    sa.Column('left_at', sa.DateTime(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_left_group')),
    sa.UniqueConstraint('messenger', 'chat_id', name=op.f('uq_left_group_messenger_chat_id'))
    )


def downgrade() -> None:
    op.drop_table('left_group')
    with op.batch_alter_table('chat', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_chat_rest_until'))
        batch_op.drop_column('rest_until')
        batch_op.drop_column('rest_since')
