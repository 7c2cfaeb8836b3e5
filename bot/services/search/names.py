"""Who is found by a name: its beginning, or the beginnings of several of its words in any order."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations
from typing import Any

from sqlalchemy import ColumnElement, func, literal
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from bot.core.context import Actor
from bot.services.search import keys
from bot.services.search.keys import Wanted
from bot.services.shared.permissions import require
from storage.enums import Role, SearchSubject
from storage.tables import COMPANIES, EVERYWHERE, Distributor, SearchKey

#: Keys that are read for a name: a person may have several that begin alike.
_KEYS = 200
#: People of one university with the longest word of several, among whom the others are looked for.
_CANDIDATES = 2000
#: Names with two beginnings, among whom a third or a longer one is looked for; words of which the rarest two are taken.
_PAIRED, _PAIRS_OF = 300, 3
#: Companies that a search of them alone finds at most.
_COMPANIES = 500
#: Letters from which on a name is searched for.
SHORTEST = 2


def _begins(column: Any, key: str) -> ColumnElement[bool]:
    condition: ColumnElement[bool] = (column >= key) & (column < keys.end_of_range(key))
    return condition


def by_name(db: Session, wanted: Wanted, scope: str, *, most: int) -> tuple[list[int], list[int], bool]:
    """Accounts and companies, `most` together, and whether there are more."""
    if len(wanted.key) < SHORTEST:
        return [], [], False
    query = select(SearchKey.kind, SearchKey.subject_id).where(
        SearchKey.scope == scope, _begins(col(SearchKey.key), wanted.key)
    )
    rows = db.exec(query.order_by(col(SearchKey.key), col(SearchKey.subject_id)).limit(_KEYS)).all()
    more = len(rows) == _KEYS
    if not rows and len(wanted.words) > 1:
        rows, more = _by_words(db, wanted.words, scope)
    found = list(dict.fromkeys(rows))
    kept = found[:most]
    people = [subject for kind, subject in kept if kind is SearchSubject.ACCOUNT]
    companies = [subject for kind, subject in kept if kind is SearchSubject.DISTRIBUTOR]
    return people, companies, more or len(found) > most


def _by_words(
    db: Session, words: Sequence[str], scope: str
) -> tuple[Sequence[tuple[SearchSubject, int]], bool]:
    """Who has a word that begins as each of these, in any order, and whether there may be more."""
    has_pairs = scope in (EVERYWHERE, COMPANIES)
    paired = scope if has_pairs else EVERYWHERE
    rarest, there = _rarest_pair(db, words, paired)
    if rarest is not None and (there < _PAIRED or has_pairs):
        key, at, most, left = keys.pair_key(*rarest), paired, _PAIRED, list(words)
        left.remove(rarest[1])
        if has_pairs and len(rarest[0]) <= keys.PAIR_LETTERS:
            left.remove(rarest[0])
    else:
        # Of the people of one university these are most or all.
        key, at, most, left = max(words, key=len), scope, _CANDIDATES, list(words)
        left.remove(key)
    if not there:
        return [], False
    first = (
        select(SearchKey.kind, SearchKey.subject_id, SearchKey.key)
        .where(SearchKey.scope == at, _begins(col(SearchKey.key), key))
        .order_by(col(SearchKey.key), col(SearchKey.subject_id))
        .limit(most)
        .subquery()
    )
    query = select(first.c.kind, first.c.subject_id).order_by(first.c.key, first.c.subject_id)
    for word in left:
        other = aliased(SearchKey)
        query = query.where(
            select(literal(1))
            .select_from(other)
            .where(
                other.kind == first.c.kind,
                other.subject_id == first.c.subject_id,
                other.scope == scope,
                _begins(col(other.key), word),
            )
            .exists()
        )
    rows = db.exec(query.limit(_KEYS)).all()
    return rows, len(rows) == _KEYS or (has_pairs and there == _PAIRED)


def _rarest_pair(db: Session, words: Sequence[str], scope: str) -> tuple[tuple[str, str] | None, int]:
    """The two of these beginnings that the fewest names have, and how many have them (_PAIRED: so many or more). None and
    1 where all are too short for that."""
    rarest, fewest = None, 1
    longest = sorted(words, key=len, reverse=True)[:_PAIRS_OF]
    for pair in permutations(longest, 2):
        if len(pair[0]) < keys.PAIR_LETTERS:
            continue
        begins = _begins(col(SearchKey.key), keys.pair_key(*pair))
        few = select(SearchKey.subject_id).where(SearchKey.scope == scope, begins).limit(_PAIRED)
        there = db.exec(select(func.count()).select_from(few.subquery())).one()
        if rarest is None or there < fewest:
            rarest, fewest = pair, there
        if not there:
            break
    return rarest, fewest


def companies(db: Session, *, actor: Actor, text: str) -> tuple[list[int], bool]:
    """distributor.id of the companies and guilds whose name or number this is, or begins with it; and whether there are
    more of them than _COMPANIES, which a longer text would find. For staff; raises NotAllowed."""
    require(db, actor, Role.STAFF)
    wanted = keys.wanted(text)
    if wanted.numbers:
        number = col(Distributor.legal_id).in_(wanted.numbers) | col(Distributor.guild_id).in_(wanted.numbers)
        known = [found for found in db.exec(select(Distributor.id).where(number)) if found is not None]
        if known:
            return known, False
    words = wanted.words or tuple(keys.words_of(text)[: keys.WORDS])
    key = "".join(words)[: keys.LONGEST]
    if len(key) < SHORTEST:
        return [], False
    query = select(SearchKey.subject_id).where(SearchKey.scope == COMPANIES, _begins(col(SearchKey.key), key))
    ids = list(dict.fromkeys(db.exec(query.order_by(col(SearchKey.key), col(SearchKey.subject_id)))))
    if not ids and len(words) > 1:
        rows, more = _by_words(db, words, COMPANIES)
        return list(dict.fromkeys(subject for _, subject in rows)), more
    return ids[:_COMPANIES], len(ids) > _COMPANIES
