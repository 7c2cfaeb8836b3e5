"""All races, what they need of the database beforehand, and what must hold after all of them."""

from collections import Counter
from datetime import date

from sqlmodel import Session, col, select

from bot.core.context import SYSTEM
from bot.services.qualification import fees
from storage.enums import ContractState, CooperationState, InboxState, PushState, RequestKind
from storage.tables import Contract, CooperationRequest, InboxUpdate, Push, StaffAlert
from storage.tables.column_types import utcnow
from tests.races.chats import CHATS
from tests.races.cooperation import DISTRIBUTORS
from tests.races.environment import Environment
from tests.races.payment import PAYMENT
from tests.races.qualification import EXPERTS, SUBMIT
from tests.races.race import Race

RACES: dict[str, Race] = {race.name: race for race in (EXPERTS, DISTRIBUTORS, PAYMENT, SUBMIT, CHATS)}
FEE = 500_000


async def set_fee(environment: Environment) -> None:
    """So that an approved officer has to pay."""
    fee = {"kind": RequestKind.NEW, "amount_rial": FEE, "valid_from": date(2026, 1, 1)}
    await environment.database.run(
        lambda db: fees.set_tariff(db, **fee, actor=SYSTEM, now=utcnow()) and None  # type: ignore[arg-type]
    )


async def check_all(environment: Environment) -> None:
    """Every update is answered and every push sent, nothing failed, and no promise is broken."""
    await environment.quiet()
    queries = [query for face in environment.emulators.messengers for query in face.bot.queries.values()]
    unanswered = [query for query in queries if not query.answered]
    assert not unanswered, f"{len(unanswered)} presses are not answered"
    await environment.database.read(_check)


def _check(db: Session) -> None:
    states = set(db.exec(select(InboxUpdate.state).distinct()))
    assert states == {InboxState.ANSWERED}, states
    assert set(db.exec(select(Push.state).distinct())) == {PushState.SENT}
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
