"""What people and companies are found by, when a file last came to its university, and the list that a chat showed last

Revision: 0015, after: 0021
"""

import re
import unicodedata

import sqlalchemy as sa
from alembic import op

revision = '0015'
down_revision = '0021'
branch_labels = None
depends_on = None

#: Rows that are read and written at a time.
BATCH = 2000
#: The folding of names as it was when this migration was written.
_LETTERS = str.maketrans('يىكةۀآأإؤئ٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹', 'ییکههاااوی01234567890123456789')
_BETWEEN = re.compile('[\\s\u200c()\\[\\]«»"\'/،,.؛:_–—-]+')
_TITLES = ('سیده', 'سید')

BIG = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
KEY = sa.String(length=60).with_variant(sa.String(length=60, collation='C'), 'postgresql')
search_key = sa.table(
    'search_key', sa.column('scope'), sa.column('key'), sa.column('kind'), sa.column('subject_id')
)


def _fold(word: str) -> str:
    word = unicodedata.normalize('NFKC', word).casefold().translate(_LETTERS)
    return ''.join(letter for letter in word if letter.isalnum())


def name_keys(name: str) -> set[str]:
    words = [word for word in map(_fold, _BETWEEN.split(name[:200])) if word][:6]
    parts: list[str] = []
    for word in words:
        title = next((one for one in _TITLES if word.startswith(one) and len(word) > len(one) + 1), '')
        parts += [title, word[len(title):]] if title else [word]
    return {
        ''.join([*some[at:], *some[:at]])[:60] for some in (words, parts) for at in range(len(some))
    }


def upgrade() -> None:
    op.create_table('search_key',
    sa.Column('scope', sa.String(length=32), nullable=False),
    sa.Column('key', KEY, nullable=False),
    sa.Column('kind', sa.String(length=32), nullable=False),
    sa.Column('subject_id', BIG, autoincrement=False, nullable=False),
    sa.PrimaryKeyConstraint('scope', 'key', 'kind', 'subject_id', name=op.f('pk_search_key')),
    sqlite_with_rowid=False
    )
    op.create_table('search_query',
    sa.Column('id', BIG, nullable=False),
    sa.Column('account_id', BIG, nullable=False),
    sa.Column('text', sa.String(length=200), nullable=False),
    sa.Column('created_at', sa.DateTime(), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_search_query_account_id_account')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_search_query'))
    )
    op.create_index(op.f('ix_search_query_account_id'), 'search_query', ['account_id'])
    op.create_index('ix_account_national_code', 'account', ['national_code'])
    op.add_column('chat', sa.Column('list_view', sa.String(), nullable=True))
    op.add_column('qualification_request', sa.Column('received_at', sa.DateTime(), nullable=True))
    op.execute(
        "UPDATE qualification_request SET received_at = coalesce("
        "(SELECT max(resolved_at) FROM deficiency_round WHERE deficiency_round.request_id = qualification_request.id), "
        "submitted_at)"
    )
    op.drop_index('ix_qualification_request_reviewer_id', table_name='qualification_request')
    op.create_index(
        'ix_qualification_request_reviewer', 'qualification_request', ['reviewer_id', 'state', 'received_at']
    )
    op.create_index(
        'ix_qualification_request_reviewer_decided', 'qualification_request', ['reviewer_id', 'decided_at']
    )
    _fill(
        'account',
        'SELECT id, first_name, last_name, national_code FROM account WHERE id > :after ORDER BY id LIMIT :n',
        'SELECT DISTINCT account_id, university_code FROM qualification_request'
        ' WHERE account_id > :after AND account_id <= :last AND tracking_code IS NOT NULL UNION'
        ' SELECT account_id, university_code FROM cooperation_request WHERE account_id > :after AND account_id <= :last',
    )
    _fill(
        'distributor',
        "SELECT id, name, '', NULL FROM distributor WHERE id > :after ORDER BY id LIMIT :n",
        'SELECT DISTINCT distributor_id, university_code FROM cooperation_request'
        ' WHERE distributor_id > :after AND distributor_id <= :last',
    )
    op.create_index('ix_search_key_subject', 'search_key', ['kind', 'subject_id', 'scope', 'key'])


def _fill(kind: str, subjects: str, places: str) -> None:
    """The keys of all that is there, a batch at a time."""
    connection, after = op.get_bind(), 0
    while rows := connection.execute(sa.text(subjects), {'after': after, 'n': BATCH}).all():
        last = rows[-1][0]
        scopes: dict[int, set[str]] = {row[0]: {'*'} for row in rows}
        for subject_id, university in connection.execute(sa.text(places), {'after': after, 'last': last}):
            if university and subject_id in scopes:
                scopes[subject_id].add(university)
        keys: list[tuple[str, str, str, int]] = []
        for subject_id, first, second, code in rows:
            for key in name_keys(f'{first} {second}'):
                keys += [(scope, key, kind, subject_id) for scope in scopes[subject_id]]
            if code:
                keys.append(('*', f'#{code[-4:]}', kind, subject_id))
        names = ('scope', 'key', 'kind', 'subject_id')
        if keys:
            connection.execute(search_key.insert(), [dict(zip(names, row, strict=True)) for row in keys])
        after = last


def downgrade() -> None:
    op.drop_index('ix_qualification_request_reviewer_decided', table_name='qualification_request')
    op.drop_index('ix_qualification_request_reviewer', table_name='qualification_request')
    op.create_index('ix_qualification_request_reviewer_id', 'qualification_request', ['reviewer_id'])
    with op.batch_alter_table('qualification_request', schema=None) as batch_op:
        batch_op.drop_column('received_at')
    with op.batch_alter_table('chat', schema=None) as batch_op:
        batch_op.drop_column('list_view')
    op.drop_index('ix_account_national_code', table_name='account')
    op.drop_table('search_query')
    op.drop_table('search_key')
