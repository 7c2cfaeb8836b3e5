"""The messenger of a push, and indexes in the order in which pushes are sent

Revision: 0032, after: 0027
"""

import sqlalchemy as sa
from alembic import op

revision = '0032'
down_revision = '0027'
branch_labels = None
depends_on = None

_UNFINISHED = "state IN ('QUEUED', 'SENDING')"
_OF_CHAT = sa.text(_UNFINISHED)
TURNS = {
    'ix_push_turn': sa.text(f'{_UNFINISHED} AND letter_id IS NULL'),
    'ix_push_turn_of_letters': sa.text(f'{_UNFINISHED} AND letter_id IS NOT NULL'),
}


def upgrade() -> None:
    op.add_column('push', sa.Column('messenger', sa.String(length=32), nullable=True))
    op.execute(
        'UPDATE push SET messenger = (SELECT messenger FROM chat WHERE chat.id = push.chat_row_id)'
        f" WHERE {_UNFINISHED} AND channel = 'CHAT'"
    )
    for name, part in TURNS.items():
        op.create_index(
            name, 'push', ['messenger', 'next_at', 'id'], sqlite_where=part, postgresql_where=part
        )
    op.create_index(
        'ix_push_of_chat',
        'push',
        ['chat_row_id', 'id', 'letter_id', 'state'],
        sqlite_where=_OF_CHAT,
        postgresql_where=_OF_CHAT,
    )


def downgrade() -> None:
    op.drop_index('ix_push_of_chat', table_name='push')
    for name in TURNS:
        op.drop_index(name, table_name='push')
    op.drop_column('push', 'messenger')
