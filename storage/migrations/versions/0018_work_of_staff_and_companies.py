"""When a branch was closed; invitations; what a letter waits for, corrects, and tells by SMS; audit lines by day; from when a document is required

Revision: 0018, after: 0012
"""

import sqlalchemy as sa
from alembic import op

revision = '0018'
down_revision = '0012'
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
_OPEN = sa.text('closed_at IS NULL')


def upgrade() -> None:
    op.add_column('branch', sa.Column('closed_at', sa.DateTime(), nullable=True))
    op.drop_index('uq_branch_name', table_name='branch')
    op.create_index(
        'uq_branch_name',
        'branch',
        ['distributor_id', 'name'],
        unique=True,
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )
    op.create_table(
        'invitation',
        sa.Column('id', _ID, nullable=False),
        sa.Column('role', sa.String(length=32), nullable=False),
        sa.Column('university_code', sa.String(), nullable=False),
        sa.Column('first_name', sa.String(), nullable=False),
        sa.Column('last_name', sa.String(), nullable=False),
        sa.Column('mobile', sa.String(length=13), nullable=False),
        sa.Column('national_code', sa.String(length=10), nullable=True),
        sa.Column('token_hash', sa.String(length=64), nullable=False),
        sa.Column('code_hash', sa.String(length=64), nullable=False),
        sa.Column('sent', sa.Integer(), nullable=False),
        sa.Column('wrong_codes', sa.Integer(), nullable=False),
        sa.Column('invited_by', _ID, nullable=False),
        sa.Column('expires_at', sa.DateTime(), nullable=False),
        sa.Column('accepted_at', sa.DateTime(), nullable=True),
        sa.Column('accepted_by', _ID, nullable=True),
        sa.Column('cancelled_at', sa.DateTime(), nullable=True),
        sa.Column('created_at', sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ['accepted_by'], ['account.id'], name=op.f('fk_invitation_accepted_by_account')
        ),
        sa.ForeignKeyConstraint(
            ['invited_by'], ['account.id'], name=op.f('fk_invitation_invited_by_account')
        ),
        sa.ForeignKeyConstraint(
            ['university_code'],
            ['university.code'],
            name=op.f('fk_invitation_university_code_university'),
        ),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_invitation')),
        sa.UniqueConstraint('token_hash', name=op.f('uq_invitation_token_hash')),
    )
    op.add_column('document_type', sa.Column('required_since', sa.String(length=10), nullable=True))
    op.add_column('document_type', sa.Column('next_required', sa.String(length=8), nullable=True))
    op.add_column('document_type', sa.Column('next_from', sa.String(length=10), nullable=True))
    op.add_column('document_type', sa.Column('told_draft', _ID, nullable=True))
    op.create_index('ix_audit_event_at', 'audit_event', ['at', 'id'])
    op.create_index('ix_invitation_university', 'invitation', ['university_code', 'id'])
    with op.batch_alter_table('letter', schema=None) as batch_op:
        batch_op.add_column(sa.Column('starts_at', sa.DateTime(), nullable=True))
        batch_op.add_column(sa.Column('sms', sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column('corrects_id', _ID, nullable=True))
        batch_op.create_foreign_key(op.f('fk_letter_corrects_id_letter'), 'letter', ['corrects_id'], ['id'])
        batch_op.create_index(batch_op.f('ix_letter_corrects_id'), ['corrects_id'], unique=False)
    with op.batch_alter_table('letter', schema=None) as batch_op:
        batch_op.alter_column('sms', server_default=None)


def downgrade() -> None:
    with op.batch_alter_table('letter', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_letter_corrects_id'))
        batch_op.drop_constraint(op.f('fk_letter_corrects_id_letter'), type_='foreignkey')
        batch_op.drop_column('corrects_id')
        batch_op.drop_column('sms')
        batch_op.drop_column('starts_at')
    with op.batch_alter_table('document_type', schema=None) as batch_op:
        for name in ('told_draft', 'next_from', 'next_required', 'required_since'):
            batch_op.drop_column(name)
    op.drop_index('ix_audit_event_at', table_name='audit_event')
    op.drop_table('invitation')
    op.drop_index('uq_branch_name', table_name='branch')
    # A name that was given again after its branch was closed goes to the older branch with its number.
    op.execute(
        "UPDATE branch SET name = substr(name, 1, 100) || ' (' || id || ')' WHERE closed_at IS NOT NULL"
    )
    op.create_index('uq_branch_name', 'branch', ['distributor_id', 'name'], unique=True)
    with op.batch_alter_table('branch', schema=None) as batch_op:
        batch_op.drop_column('closed_at')
