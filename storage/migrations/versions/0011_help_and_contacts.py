"""Frequent questions, contacts of universities, and what was told to the messengers about the bot

Revision: 0011, after: 0010
"""

import sqlalchemy as sa
from alembic import op

revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None

CONTACTS = (('phone', 80), ('hours', 120), ('address', 300))


def upgrade() -> None:
    op.create_table('faq_entry',
    sa.Column('code', sa.String(length=32), nullable=False),
    sa.Column('question', sa.String(length=120), nullable=False),
    sa.Column('short_name', sa.String(length=20), nullable=False),
    sa.Column('answer', sa.String(), nullable=False),
    sa.Column('search_words', sa.String(length=400), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.PrimaryKeyConstraint('code', name=op.f('pk_faq_entry'))
    )
    op.create_table('bot_profile',
    sa.Column('messenger', sa.String(length=32), nullable=False),
    sa.Column('bot_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('fingerprint', sa.String(length=64), nullable=False),
    sa.PrimaryKeyConstraint('messenger', name=op.f('pk_bot_profile'))
    )
    op.create_table('chat_commands',
    sa.Column('chat_row_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('role', sa.String(length=32), nullable=True),
    sa.ForeignKeyConstraint(['chat_row_id'], ['chat.id'], name=op.f('fk_chat_commands_chat_row_id_chat')),
    sa.PrimaryKeyConstraint('chat_row_id', name=op.f('pk_chat_commands'))
    )
    for name, length in CONTACTS:
        op.add_column('university', sa.Column(name, sa.String(length=length), nullable=True))


def downgrade() -> None:
    for name, _ in reversed(CONTACTS):
        op.drop_column('university', name)
    op.drop_table('chat_commands')
    op.drop_table('bot_profile')
    op.drop_table('faq_entry')
