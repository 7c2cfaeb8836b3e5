"""Each race with a few rounds, on both databases. RACES_ROUNDS=1000 is the size of `make races`."""

import os
import random
from collections import Counter
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest
from sqlmodel import Session, col, select

from bot.core.context import SYSTEM
from bot.services.qualification import fees
from bot.services.shared import pay_messages
from storage.enums import ContractState, CooperationState, InboxState, PushState, RequestKind
from storage.tables import Contract, CooperationRequest, InboxUpdate, Push, StaffAlert
from storage.tables.column_types import utcnow
from tests.races.chats import CHATS
from tests.races.cooperation import DISTRIBUTORS
from tests.races.environment import PROCESSES, Environment, running
from tests.races.payment import PAYMENT
from tests.races.qualification import EXPERTS, SUBMIT
from tests.support.fleet import deployment

ROUNDS = int(os.environ.get("RACES_ROUNDS", "16"))
SEED = os.environ.get("RACES_SEED", "")


def _set_fee(db: Session) -> None:
    """An approved officer has to pay."""
    day = date(2026, 1, 1)
    fees.set_tariff(db, kind=RequestKind.NEW, amount_rial=500_000, valid_from=day, actor=SYSTEM, now=utcnow())


@pytest.fixture(params=PROCESSES)
async def environment(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Environment]:
    url = request.getfixturevalue(f"{request.param}_url")
    async with deployment(PROCESSES[request.param], tmp_path, url) as opened, running(opened) as environment:
        await environment.database.run(_set_fee)
        yield environment


async def test_one_winner_each(environment: Environment) -> None:
    for race in (EXPERTS, DISTRIBUTORS, PAYMENT, SUBMIT, CHATS):
        figures = await race.hold(environment, ROUNDS, random.Random(f"{race.name} {SEED}"))
        print(figures)
        assert figures.rounds == ROUNDS
        assert figures.deadlocks == 0
    await environment.quiet()
    queries = [query for face in environment.emulators.messengers for query in face.bot.queries.values()]
    unanswered = [query for query in queries if not query.answered]
    assert not unanswered, f"{len(unanswered)} presses are not answered"
    await environment.database.read(_check)


def _check(db: Session) -> None:
    """Every update is answered and every push sent, nothing failed, and no promise is broken."""
    states = set(db.exec(select(InboxUpdate.state).distinct()))
    assert states == {InboxState.ANSWERED}, states
    # A message that shows another screen by then keeps its buttons: the edit that takes a pay button off is skipped.
    told = select(Push.state).where(Push.kind != pay_messages.KIND).distinct()
    assert set(db.exec(told)) == {PushState.SENT}
    active = db.exec(select(Contract).where(Contract.state == ContractState.ACTIVE)).all()
    accepted = select(CooperationRequest).where(
        CooperationRequest.state == CooperationState.PENDING_UNIVERSITY
    )
    for taken in (
        [one.account_id for one in (*active, *db.exec(accepted).all())],
        [one.branch_id for one in active],
    ):
        assert max(Counter(taken).values(), default=0) <= 1
    alerts = db.exec(select(StaffAlert.key).where(col(StaffAlert.resolved_at).is_(None))).all()
    assert not [one for one in alerts if not one.startswith("refund")], alerts
