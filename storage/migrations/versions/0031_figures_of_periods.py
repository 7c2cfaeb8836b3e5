"""Indexes from which reports read the figures of a week, a month or a quarter

Revision: 0031, after: 0029
"""

import sqlalchemy as sa
from alembic import op

revision = '0031'
down_revision = '0029'
branch_labels = None
depends_on = None

REQUEST, DECIDED = 'qualification_request', 'ix_qualification_request_decided'
CLOSED, DECLARED, PAID = (
    'ix_qualification_request_closed',
    'ix_deficiency_round_declared',
    'ix_payment_attempt_paid_at',
)
_CLOSED, _PAID = sa.text('closed_at IS NOT NULL'), sa.text("state = 'PAID'")


def upgrade() -> None:
    op.drop_index(DECIDED, table_name=REQUEST)
    op.create_index(DECIDED, REQUEST, ['university_code', 'decided_at', 'submitted_at', 'round'])
    op.create_index(
        CLOSED,
        REQUEST,
        ['university_code', 'state', 'closed_at', 'submitted_at', 'round'],
        sqlite_where=_CLOSED,
        postgresql_where=_CLOSED,
    )
    op.create_index(DECLARED, 'deficiency_round', ['declared_at', 'round', 'request_id'])
    op.create_index(
        PAID,
        'payment_attempt',
        ['state', 'paid_at', 'amount_rial', 'request_id'],
        sqlite_where=_PAID,
        postgresql_where=_PAID,
    )


def downgrade() -> None:
    op.drop_index(PAID, table_name='payment_attempt')
    op.drop_index(DECLARED, table_name='deficiency_round')
    op.drop_index(CLOSED, table_name=REQUEST)
    op.drop_index(DECIDED, table_name=REQUEST)
    op.create_index(DECIDED, REQUEST, ['university_code', 'decided_at', 'submitted_at'])
