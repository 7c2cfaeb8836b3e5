"""Notes of colleagues on files, experts' leave, and whose file a deputy has

Revision: 0017, after: 0015
"""

import sqlalchemy as sa
from alembic import op

revision = '0017'
down_revision = '0015'
branch_labels = None
depends_on = None

KINDS = ('qualification_request', 'cooperation_request')
OPEN, HELD = 'ended_at IS NULL', 'deputy_for_id IS NOT NULL'


def big_id() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table(
        'file_note',
        sa.Column('id', big_id(), nullable=False),
        sa.Column('subject', sa.String(length=16), nullable=False),
        sa.Column('subject_id', big_id(), nullable=False),
        sa.Column('account_id', big_id(), nullable=False),
        sa.Column('given_to', big_id(), nullable=True),
        sa.Column('text', sa.String(), nullable=False),
        sa.Column('created_at', sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(['account_id'], ['account.id'], name='fk_file_note_account_id_account'),
        sa.PrimaryKeyConstraint('id', name='pk_file_note'),
    )
    op.create_index('ix_file_note_file', 'file_note', ['subject', 'subject_id'])
    op.create_table(
        'expert_leave',
        sa.Column('id', big_id(), nullable=False),
        sa.Column('account_id', big_id(), nullable=False),
        sa.Column('university_code', sa.String(), nullable=False),
        sa.Column('deputy_id', big_id(), nullable=False),
        sa.Column('starts_on', sa.Date(), nullable=False),
        sa.Column('ends_on', sa.Date(), nullable=False),
        sa.Column('ended_at', sa.DateTime(), nullable=True),
        sa.Column('created_at', sa.DateTime(), nullable=False),
        sa.CheckConstraint('starts_on <= ends_on', name=op.f('ck_expert_leave_starts_before_it_ends')),
        sa.CheckConstraint('deputy_id <> account_id', name=op.f('ck_expert_leave_deputy_is_another')),
        sa.ForeignKeyConstraint(['account_id'], ['account.id'], name='fk_expert_leave_account_id_account'),
        sa.ForeignKeyConstraint(['deputy_id'], ['account.id'], name='fk_expert_leave_deputy_id_account'),
        sa.ForeignKeyConstraint(
            ['university_code'], ['university.code'], name='fk_expert_leave_university_code_university'
        ),
        sa.PrimaryKeyConstraint('id', name='pk_expert_leave'),
    )
    op.create_index('ix_expert_leave_account_id', 'expert_leave', ['account_id'])
    op.create_index(
        'uq_expert_leave_open',
        'expert_leave',
        ['university_code', 'account_id'],
        unique=True,
        sqlite_where=sa.text(OPEN),
        postgresql_where=sa.text(OPEN),
    )
    for table in KINDS:
        op.add_column(table, sa.Column('deputy_for_id', big_id(), nullable=True))
        op.create_index(
            f'ix_{table}_deputy_for_id',
            table,
            ['deputy_for_id'],
            sqlite_where=sa.text(HELD),
            postgresql_where=sa.text(HELD),
        )


def downgrade() -> None:
    for table in KINDS:
        op.drop_index(f'ix_{table}_deputy_for_id', table_name=table)
        op.drop_column(table, 'deputy_for_id')
    op.drop_table('expert_leave')
    op.drop_table('file_note')
