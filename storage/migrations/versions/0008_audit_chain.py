"""Audit lines cannot be replaced on SQLite, and a hash chain over them

Revision: 0008, after: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = '0008'
down_revision = '0003'
branch_labels = None
depends_on = None

AUDIT_GUARD = {
    'sqlite': (
        "CREATE TRIGGER audit_event_no_replace BEFORE INSERT ON audit_event WHEN EXISTS (SELECT 1 FROM audit_event WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'audit_event is append-only'); END",
        "CREATE TRIGGER audit_link_no_update BEFORE UPDATE ON audit_link BEGIN SELECT RAISE(ABORT, 'audit_link is append-only'); END",
        "CREATE TRIGGER audit_link_no_delete BEFORE DELETE ON audit_link BEGIN SELECT RAISE(ABORT, 'audit_link is append-only'); END",
        "CREATE TRIGGER audit_link_no_replace BEFORE INSERT ON audit_link WHEN EXISTS (SELECT 1 FROM audit_link WHERE position = NEW.position OR event_id = NEW.event_id) BEGIN SELECT RAISE(ABORT, 'audit_link is append-only'); END",
    ),
    'postgresql': (
        "CREATE FUNCTION audit_link_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'audit_link is append-only' USING ERRCODE = 'integrity_constraint_violation'; END $$",
        'CREATE TRIGGER audit_link_append_only BEFORE UPDATE OR DELETE ON audit_link FOR EACH ROW EXECUTE FUNCTION audit_link_refuse()',
        'CREATE TRIGGER audit_link_no_truncate BEFORE TRUNCATE ON audit_link FOR EACH STATEMENT EXECUTE FUNCTION audit_link_refuse()',
    ),
}


def upgrade() -> None:
    op.create_table('audit_link',
    sa.Column('position', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('event_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('hash', sa.String(length=64), nullable=False),
    sa.Column('key_id', sa.String(length=16), nullable=True),
    sa.Column('mac', sa.String(length=64), nullable=True),
    sa.Column('resumed', sa.Boolean(), nullable=False),
    sa.PrimaryKeyConstraint('position', name=op.f('pk_audit_link')),
    sa.UniqueConstraint('event_id', name=op.f('uq_audit_link_event_id'))
    )
    # The lines that are there already are linked by the bot, batch by batch: the key is not here.
    for statement in AUDIT_GUARD[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    if op.get_bind().dialect.name == 'sqlite':
        op.execute("DROP TRIGGER audit_event_no_replace")
    op.drop_table('audit_link')
    if op.get_bind().dialect.name == 'postgresql':
        op.execute("DROP FUNCTION audit_link_refuse()")
