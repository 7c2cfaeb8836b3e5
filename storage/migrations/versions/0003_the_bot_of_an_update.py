"""The bot of an update

Updates and file ids belong to one bot; a number may come again for another update. What is there gets the bot 0, which the
first bot that starts takes over.

Revision: 0003, after: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = '0003'
down_revision = '0001'
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    with op.batch_alter_table('inbox_update', schema=None) as batch_op:
        batch_op.add_column(sa.Column('bot_id', BIG, nullable=False, server_default='0'))
        batch_op.add_column(sa.Column('again', sa.Integer(), nullable=False, server_default='0'))
        batch_op.add_column(sa.Column('identity', sa.String(), nullable=True))
        batch_op.drop_constraint('uq_inbox_update_messenger_update_id', type_='unique')
        batch_op.create_unique_constraint(
            'uq_inbox_update_messenger_bot_id_update_id_again', ['messenger', 'bot_id', 'update_id', 'again']
        )
    with op.batch_alter_table('file_handle', schema=None) as batch_op:
        batch_op.add_column(sa.Column('bot_id', BIG, nullable=False, server_default='0'))
        batch_op.drop_constraint('pk_file_handle', type_='primary')
        batch_op.create_primary_key('pk_file_handle', ['file_id', 'messenger', 'bot_id'])


def downgrade() -> None:
    # What the older schema cannot tell apart: the first of each number, and no file ids at all, stay.
    op.execute(
        "DELETE FROM inbox_update WHERE id NOT IN "
        "(SELECT min(id) FROM inbox_update GROUP BY messenger, update_id)"
    )
    op.execute("DELETE FROM file_handle")
    with op.batch_alter_table('file_handle', schema=None) as batch_op:
        batch_op.drop_constraint('pk_file_handle', type_='primary')
        batch_op.create_primary_key('pk_file_handle', ['file_id', 'messenger'])
        batch_op.drop_column('bot_id')
    with op.batch_alter_table('inbox_update', schema=None) as batch_op:
        batch_op.drop_constraint('uq_inbox_update_messenger_bot_id_update_id_again', type_='unique')
        batch_op.create_unique_constraint('uq_inbox_update_messenger_update_id', ['messenger', 'update_id'])
        batch_op.drop_column('identity')
        batch_op.drop_column('again')
        batch_op.drop_column('bot_id')
