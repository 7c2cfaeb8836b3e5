"""Search and every list are read by an index, however many officers there are, on both databases."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session

from bot.core.context import Actor
from bot.services import cooperation
from bot.services.distributors import registry
from bot.services.qualification import review
from bot.services.review.worklists import AgeFilter, Filters, ListName
from bot.services.search import lookup, names
from storage.database.database import Database
from storage.enums import RequestKind, Role
from tests.support.factories.cooperation import Parties
from tests.support.plans import whole_reads

pytestmark = pytest.mark.plans

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
TEXTS = (
    "نگار طباطبایی", "نگا طبا", "محمد کریمی‌زاده", "ژژ", "0499370899", "4321", "09121234567",
    "کد من 140501010001 است", "20000001", "شرکت آوای سلامت", "10101234567",
)  # fmt: skip
#: Services, and the lists that the kind has not.
LISTS: dict[str, tuple[Any, set[ListName]]] = {
    "files": (review.LISTS, set()),
    "cooperations": (cooperation.LISTS, {ListName.RETURNED, ListName.AT_APPLICANT, ListName.UNPAID}),
}


@pytest.mark.parametrize("role", [Role.EXPERT, Role.IN_CHARGE, Role.STAFF])
async def test_search(database: Database, parties: Parties, role: Role) -> None:
    actor = reader(parties, role)
    for text in TEXTS:
        await by_index(database, lambda db, text=text: lookup.search(db, actor=actor, text=text))


async def test_staffs_list_of_companies(database: Database, parties: Parties) -> None:
    for text in ("آوای سلامت", "سلام آوا", "14009999995"):
        await by_index(database, lambda db, text=text: names.companies(db, actor=parties.staff, text=text))
    ids = [parties.arad.id, parties.kian.id]
    await by_index(
        database, lambda db: registry.list_distributors(db, actor=parties.staff, limit=8, among=ids, offset=0)
    )
    whole = await database.read(
        lambda db: whole_reads(
            db, lambda db: registry.list_distributors(db, actor=parties.staff, limit=8, offset=0)
        )
    )
    # The number of all, and a page in the order of an index.
    assert all("count(*)" in one or "ix_distributor_name" in one for one in whole), whole


def reader(parties: Parties, role: Role) -> Actor:
    return {Role.EXPERT: parties.ali, Role.IN_CHARGE: parties.in_charge, Role.STAFF: parties.staff}[role]


async def by_index(database: Database, work: Callable[[Session], Any]) -> None:
    """Nothing that grows is read as a whole."""
    assert await database.read(lambda db: whole_reads(db, work)) == []


@pytest.mark.parametrize("kind", LISTS)
@pytest.mark.parametrize("role", [Role.EXPERT, Role.IN_CHARGE, Role.STAFF])
async def test_every_list(database: Database, parties: Parties, kind: str, role: Role) -> None:
    lists, unknown = LISTS[kind]
    if role is Role.EXPERT:
        unknown = {*unknown, ListName.UNDER_WAY}
    at: dict[str, Any] = {
        "actor": reader(parties, role),
        "now": NOW,
        "overdue_before": NOW - timedelta(days=9),
        "university_code": "sums",
    }
    names = [name for name in ListName if name not in unknown]
    for name in names:
        for filters in (Filters(), Filters(RequestKind.NEW, AgeFilter.UP_TO_3, turned=True)):
            await by_index(
                database,
                lambda db, name=name, filters=filters: lists.listed(
                    db, name, filters=filters, offset=20, limit=10, **at
                ),
            )
    await by_index(database, lambda db: lists.counts(db, *names, **at))
