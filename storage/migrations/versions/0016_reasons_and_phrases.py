"""The reason of each deficient item, and the phrases that experts keep

Revision: 0016, after: 0014
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0016'
down_revision = '0014'
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
JSON = sa.JSON().with_variant(postgresql.JSONB(), 'postgresql')


def upgrade() -> None:
    op.add_column('deficiency_round', sa.Column('reasons', JSON, nullable=False, server_default='{}'))
    op.create_table('saved_phrase',
    sa.Column('id', ID, nullable=False),
    sa.Column('account_id', ID, nullable=True),
    sa.Column('university_code', sa.String(length=32), nullable=True),
    sa.Column('text', sa.String(length=300), nullable=False),
    sa.Column('created_at', sa.DateTime(), nullable=False),
    sa.CheckConstraint('(account_id IS NULL) <> (university_code IS NULL)', name=op.f('ck_saved_phrase_one_owner')),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_saved_phrase_account_id_account')),
    sa.ForeignKeyConstraint(['university_code'], ['university.code'], name=op.f('fk_saved_phrase_university_code_university')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_saved_phrase')),
    sa.UniqueConstraint('account_id', 'text', name=op.f('uq_saved_phrase_account_id_text')),
    sa.UniqueConstraint('university_code', 'text', name=op.f('uq_saved_phrase_university_code_text')),
    sqlite_autoincrement=True
    )


def downgrade() -> None:
    op.drop_table('saved_phrase')
    with op.batch_alter_table('deficiency_round', schema=None) as batch_op:
        batch_op.drop_column('reasons')
