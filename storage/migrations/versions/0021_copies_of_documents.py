"""Which copies there are of a document: what is shown and of which kind, a picture of its first page, the original

Revision: 0021, after: 0019
"""

import sqlalchemy as sa
from alembic import op

revision = '0021'
down_revision = '0019'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('stored_file', sa.Column('shown_media_type', sa.String(length=32), nullable=True))
    op.add_column('stored_file', sa.Column('preview_key', sa.String(length=80), nullable=True))
    op.add_column('stored_file', sa.Column('remarks', sa.String(length=80), nullable=True))
    op.create_index('ix_stored_file_preview_key', 'stored_file', ['preview_key'], unique=False)
    with op.batch_alter_table('file_handle', schema=None) as batch_op:
        batch_op.add_column(sa.Column('variant', sa.String(length=8), nullable=False, server_default='shown'))
        batch_op.drop_constraint('pk_file_handle', type_='primary')
        batch_op.create_primary_key('pk_file_handle', ['file_id', 'messenger', 'bot_id', 'variant'])


def downgrade() -> None:
    # The older schema knows the copy that is shown alone.
    op.execute("DELETE FROM file_handle WHERE variant <> 'shown'")
    with op.batch_alter_table('file_handle', schema=None) as batch_op:
        batch_op.drop_constraint('pk_file_handle', type_='primary')
        batch_op.create_primary_key('pk_file_handle', ['file_id', 'messenger', 'bot_id'])
        batch_op.drop_column('variant')
    op.drop_index('ix_stored_file_preview_key', 'stored_file')
    with op.batch_alter_table('stored_file', schema=None) as batch_op:
        batch_op.drop_column('remarks')
        batch_op.drop_column('preview_key')
        batch_op.drop_column('shown_media_type')
