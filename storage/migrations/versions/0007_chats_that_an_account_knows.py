"""The chats that an account was logged in to

Revision: 0007, after: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = '0007'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('known_chat',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('account_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('chat_row_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('at', sa.DateTime(), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_known_chat_account_id_account')),
    sa.ForeignKeyConstraint(['chat_row_id'], ['chat.id'], name=op.f('fk_known_chat_chat_row_id_chat')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_known_chat')),
    sa.UniqueConstraint('chat_row_id', 'account_id', name=op.f('uq_known_chat_chat_row_id_account_id'))
    )
    with op.batch_alter_table('known_chat', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_known_chat_account_id'), ['account_id'], unique=False)
    # Whoever is logged in now was logged in before.
    op.execute(
        "INSERT INTO known_chat (account_id, chat_row_id, at) "
        "SELECT account_id, id, COALESCE(linked_at, created_at) FROM chat WHERE account_id IS NOT NULL"
    )


def downgrade() -> None:
    op.drop_table('known_chat')
