"""Messages that show a pay button, and pushes that edit them once nothing is due

Revision: 0019, after: 0018
"""

import sqlalchemy as sa
from alembic import op

revision = '0019'
down_revision = '0018'
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table('pay_message',
    sa.Column('id', ID, nullable=False),
    sa.Column('request_id', ID, nullable=False),
    sa.Column('chat_row_id', ID, nullable=False),
    sa.Column('bot_id', ID, nullable=False),
    sa.Column('message_id', ID, nullable=False),
    sa.ForeignKeyConstraint(['chat_row_id'], ['chat.id'], name=op.f('fk_pay_message_chat_row_id_chat')),
    sa.ForeignKeyConstraint(['request_id'], ['qualification_request.id'], name=op.f('fk_pay_message_request_id_qualification_request')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_pay_message')),
    sa.UniqueConstraint('chat_row_id', 'bot_id', 'message_id', name=op.f('uq_pay_message_chat_row_id_bot_id_message_id')),
    sqlite_autoincrement=True
    )
    op.create_index(op.f('ix_pay_message_request_id'), 'pay_message', ['request_id'])
    op.add_column('push', sa.Column('pays_request_id', ID, nullable=True))
    op.add_column('push', sa.Column('pay_message_id', ID, nullable=True))
    op.add_column('chat', sa.Column('has_pay_message', sa.Boolean(), nullable=False, server_default='0'))


def downgrade() -> None:
    with op.batch_alter_table('chat', schema=None) as batch_op:
        batch_op.drop_column('has_pay_message')
    with op.batch_alter_table('push', schema=None) as batch_op:
        batch_op.drop_column('pay_message_id')
        batch_op.drop_column('pays_request_id')
    op.drop_table('pay_message')
