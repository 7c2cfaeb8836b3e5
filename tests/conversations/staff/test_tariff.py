"""A fee of nothing is asked about twice; any other amount is not."""

from __future__ import annotations

from datetime import date

import pytest
from sqlmodel import Session, select

from bot.core.screens import Press
from bot.services.qualification import fees
from bot.texts import formats, t
from conversations.engine.engine import Engine
from conversations.staff.reference_data import NEW_TARIFF
from storage.enums import RequestKind, Role
from storage.tables import Tariff
from tests.support.dialogue_driver import NOW, Person, new_account

FREE, ZERO, TODAY = t("tariffs.free"), t("tariffs.zero_yes"), t("tariffs.today")


@pytest.fixture
def person(db: Session) -> Person:
    staff = Person(db, Engine([NEW_TARIFF]), new_account(db, role=Role.STAFF), Role.STAFF)
    staff.starts("new_tariff")
    return staff.taps(t(f"desk.kind_{RequestKind.NEW}"))


def stored(person: Person) -> list[tuple[RequestKind, int, date]]:
    tariffs = person.db.exec(select(Tariff).order_by(Tariff.id)).all()  # type: ignore[arg-type]
    return [(one.kind, one.amount_rial, one.valid_from) for one in tariffs]


def finish(person: Person) -> None:
    person.taps(TODAY)
    person.taps(t(NEW_TARIFF.confirm))
    assert person.went == Press("staff.tariffs"), person.text


def test_an_amount_is_set_without_a_second_question(person: Person) -> None:
    person.types(f"{fees.MIN_FEE}")
    assert ZERO not in person.labels
    finish(person)
    today = NOW.astimezone(formats.TEHRAN).date()
    assert stored(person)[-1] == (RequestKind.NEW, fees.MIN_FEE, today)


def test_nothing_is_set_once_it_is_confirmed(person: Person) -> None:
    person.taps(FREE)
    assert ZERO in person.labels
    person.taps(ZERO)
    finish(person)
    assert stored(person)[-1][1] == 0


def test_no_to_nothing_asks_for_the_amount_again(person: Person) -> None:
    person.taps(FREE).taps(t("nav.no"))
    assert FREE in person.labels
    person.taps(FREE)
    assert ZERO in person.labels
    person.taps(t("nav.no")).types(f"{fees.MIN_FEE}")
    assert ZERO not in person.labels
    finish(person)
    assert stored(person)[-1][1] == fees.MIN_FEE


def test_a_new_amount_asks_anew_whether_nothing_is_meant(person: Person) -> None:
    person.taps(FREE).taps(ZERO).taps(t("nav.back")).taps(t("nav.back"))
    person.taps(FREE)
    assert ZERO in person.labels
