"""Invitations also of distributors' managers, and links with which the owner of an account sets a new password

Revision: 0026, after: 0025
"""

import sqlalchemy as sa
from alembic import op

revision = '0026'
down_revision = '0025'
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    with op.batch_alter_table('invitation', schema=None) as batch_op:
        batch_op.alter_column('university_code', existing_type=sa.String(), nullable=True)
        batch_op.add_column(sa.Column('distributor_id', _ID, nullable=True))
        batch_op.add_column(sa.Column('account_id', _ID, nullable=True))
        batch_op.create_foreign_key(
            op.f('fk_invitation_distributor_id_distributor'), 'distributor', ['distributor_id'], ['id']
        )
        batch_op.create_foreign_key(op.f('fk_invitation_account_id_account'), 'account', ['account_id'], ['id'])
        batch_op.create_index(batch_op.f('ix_invitation_distributor_id'), ['distributor_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_invitation_account_id'), ['account_id'], unique=False)


def downgrade() -> None:
    op.execute('DELETE FROM invitation WHERE university_code IS NULL')
    with op.batch_alter_table('invitation', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_invitation_account_id'))
        batch_op.drop_index(batch_op.f('ix_invitation_distributor_id'))
        batch_op.drop_constraint(op.f('fk_invitation_account_id_account'), type_='foreignkey')
        batch_op.drop_constraint(op.f('fk_invitation_distributor_id_distributor'), type_='foreignkey')
        batch_op.drop_column('account_id')
        batch_op.drop_column('distributor_id')
        batch_op.alter_column('university_code', existing_type=sa.String(), nullable=False)
