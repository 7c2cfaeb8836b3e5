"""The tariff in force, and who may set one."""

from datetime import date

from sqlmodel import Session

from bot.core.context import SYSTEM, Actor
from bot.core.refusals import InvalidInput
from bot.services.qualification import fees
from bot.services.shared import notify
from storage.enums import RequestKind
from tests.support.effects import alerts
from tests.support.factories.people import staff
from tests.support.factories.reference_data import NOW
from tests.support.services import refused

TODAY, YESTERDAY = date(2026, 11, 22), date(2026, 11, 21)


def fee(db: Session, day: date, kind: RequestKind = RequestKind.NEW) -> int | None:
    found = fees.in_force(db, kind=kind, day=day)
    return None if found is None else found.amount_rial


def set_tariff(db: Session, amount: int, valid_from: date = TODAY, actor: Actor = SYSTEM) -> None:
    new = RequestKind.NEW
    fees.set_tariff(db, kind=new, amount_rial=amount, valid_from=valid_from, actor=actor, now=NOW)


def test_none_is_none_and_not_zero(db: Session) -> None:
    """Setting one settles the alert."""
    assert fee(db, TODAY) is None
    key = fees.no_tariff_key(RequestKind.NEW)
    notify.alert_staff(db, key=key, text="…", now=NOW)
    set_tariff(db, 0)
    assert alerts(db) == []
    assert fee(db, TODAY) == 0
    assert fee(db, YESTERDAY) is None
    assert fee(db, TODAY, RequestKind.AMENDMENT) is None


def test_the_latest_that_has_begun_is_in_force(db: Session) -> None:
    set_tariff(db, 5_000_000, date(2026, 3, 21))
    set_tariff(db, 7_000_000, date(2027, 3, 21))
    set_tariff(db, 9_000_000, date(2026, 3, 21))  # set later for the same day: a correction
    assert fee(db, date(2027, 3, 20)) == 9_000_000
    assert fee(db, date(2027, 3, 21)) == 7_000_000


def test_an_amount_is_one_that_gateways_take(db: Session) -> None:
    for amount in (-1, 1, 999, 1_000_000_001):
        with refused(InvalidInput):
            set_tariff(db, amount)
    set_tariff(db, 5_000_000, actor=staff(db))
    assert fee(db, TODAY) == 5_000_000
