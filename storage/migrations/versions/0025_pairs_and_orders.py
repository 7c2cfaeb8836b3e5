"""What two beginnings find a name by, and the orders of the lists of a university

Revision: 0025, after: 0023
"""

import re
import unicodedata
from itertools import permutations

import sqlalchemy as sa
from alembic import op

revision = '0025'
down_revision = '0023'
branch_labels = None
depends_on = None

#: Rows that are read and written at a time.
BATCH = 2000
#: The folding of names as it was when this migration was written.
_LETTERS = str.maketrans('يىكةۀآأإؤئ٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹', 'ییکههاااوی01234567890123456789')
_BETWEEN = re.compile('[\\s\u200c()\\[\\]«»"\'/،,.؛:_–—-]+')
_TITLES = ('سیده', 'سید')

search_key = sa.table(
    'search_key', sa.column('scope'), sa.column('key'), sa.column('kind'), sa.column('subject_id')
)


def _fold(word: str) -> str:
    word = unicodedata.normalize('NFKC', word).casefold().translate(_LETTERS)
    return ''.join(letter for letter in word if letter.isalnum())


def pair_keys(name: str) -> set[str]:
    words = [word for word in map(_fold, _BETWEEN.split(name[:200])) if word][:4]
    parts: list[str] = []
    for word in words:
        title = next((one for one in _TITLES if word.startswith(one) and len(word) > len(one) + 1), '')
        parts += [title, word[len(title):]] if title else [word]
    found = set()
    for some in (words, parts):
        for one, other in permutations(range(len(some)), 2):
            rest = some[other:one] if other < one else [*some[other:], *some[:one]]
            found.add(f'~{some[one][:2]}~{"".join(rest)}'[:60])
    return found


def upgrade() -> None:
    op.create_index(
        'ix_qualification_request_received', 'qualification_request', ['university_code', 'state', 'received_at']
    )
    op.create_index('ix_cooperation_request_closed', 'cooperation_request', ['university_code', 'closed_at'])
    op.create_index('ix_distributor_name', 'distributor', ['name', 'id'])
    op.execute(
        'INSERT INTO search_key (scope, key, kind, subject_id) '
        "SELECT '*companies', key, kind, subject_id FROM search_key WHERE kind = 'distributor' AND scope = '*'"
    )
    _fill('account', 'SELECT id, first_name, last_name FROM account WHERE id > :after ORDER BY id LIMIT :n')
    _fill('distributor', "SELECT id, name, '' FROM distributor WHERE id > :after ORDER BY id LIMIT :n")


def _fill(kind: str, subjects: str) -> None:
    """The keys of all that is there, a batch at a time."""
    connection, after = op.get_bind(), 0
    while rows := connection.execute(sa.text(subjects), {'after': after, 'n': BATCH}).all():
        scopes = ('*', '*companies') if kind == 'distributor' else ('*',)
        keys = [
            {'scope': scope, 'key': key, 'kind': kind, 'subject_id': subject_id}
            for subject_id, first, second in rows
            for key in pair_keys(f'{first} {second}')
            for scope in scopes
        ]
        if keys:
            connection.execute(search_key.insert(), keys)
        after = rows[-1][0]


def downgrade() -> None:
    op.execute("DELETE FROM search_key WHERE scope = '*companies' OR (key >= '~' AND key < '\u007f')")
    op.drop_index('ix_distributor_name', table_name='distributor')
    op.drop_index('ix_cooperation_request_closed', table_name='cooperation_request')
    op.drop_index('ix_qualification_request_received', table_name='qualification_request')
