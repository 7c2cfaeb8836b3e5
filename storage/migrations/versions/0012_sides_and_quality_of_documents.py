"""How many sides of a document are asked for, and what the inspection says of a picture's quality

Revision: 0012, after: 0011
"""

import sqlalchemy as sa
from alembic import op

revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('document_type', sa.Column('sides', sa.Integer(), nullable=False, server_default='1'))
    op.add_column('stored_file', sa.Column('quality_warning', sa.String(length=16), nullable=True))
    op.execute("UPDATE document_type SET sides = 2 WHERE code = 'national_card'")


def downgrade() -> None:
    with op.batch_alter_table('stored_file', schema=None) as batch_op:
        batch_op.drop_column('quality_warning')
    with op.batch_alter_table('document_type', schema=None) as batch_op:
        batch_op.drop_column('sides')
