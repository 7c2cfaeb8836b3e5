"""The place at which a letter's list, its taking back, files of a leave and menus of commands go on; a chat's menu is in its row

Revision: 0029, after: 0026
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0029'
down_revision = '0026'
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
_JSON = sa.JSON().with_variant(postgresql.JSONB(), 'postgresql')
#: Indexes over the few rows in which their column is set.
OF_FEW = {
    'ix_letter_taking_back': ('letter', 'taking_back'),
    'ix_expert_leave_giving_back': ('expert_leave', 'giving_back'),
}


def upgrade() -> None:
    op.add_column('letter', sa.Column('unlisted', _ID, nullable=True))
    op.add_column('letter', sa.Column('taking_back', _ID, nullable=True))
    op.add_column('expert_leave', sa.Column('giving_back', _JSON, nullable=True))
    op.add_column('bot_profile', sa.Column('menus_after', _ID, nullable=True))
    op.add_column('chat', sa.Column('menu_role', sa.String(length=32), nullable=True))
    op.execute('UPDATE chat SET menu_role = (SELECT role FROM chat_commands WHERE chat_row_id = chat.id)')
    op.drop_table('chat_commands')
    op.create_index(
        'ix_chat_menu_due',
        'chat',
        ['id'],
        sqlite_where=sa.text("messenger <> 'bale' AND dead IS 0 AND role IS NOT menu_role"),
        postgresql_where=sa.text("messenger <> 'bale' AND dead IS false AND role IS DISTINCT FROM menu_role"),
    )
    for name, (table, column) in OF_FEW.items():
        is_set = sa.text(f'{column} IS NOT NULL')
        op.create_index(name, table, [column], sqlite_where=is_set, postgresql_where=is_set)


def downgrade() -> None:
    for name, (table, _) in OF_FEW.items():
        op.drop_index(name, table_name=table)
    op.drop_index('ix_chat_menu_due', table_name='chat')
    op.create_table(
        'chat_commands',
        sa.Column('chat_row_id', _ID, autoincrement=False, nullable=False),
        sa.Column('role', sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(
            ['chat_row_id'], ['chat.id'], name=op.f('fk_chat_commands_chat_row_id_chat')
        ),
        sa.PrimaryKeyConstraint('chat_row_id', name=op.f('pk_chat_commands')),
    )
    op.execute('INSERT INTO chat_commands SELECT id, menu_role FROM chat WHERE menu_role IS NOT NULL')
    for table, columns in (
        ('letter', ('unlisted', 'taking_back')),
        ('expert_leave', ('giving_back',)),
        ('bot_profile', ('menus_after',)),
        ('chat', ('menu_role',)),
    ):
        with op.batch_alter_table(table, schema=None) as batch_op:
            for column in columns:
                batch_op.drop_column(column)
