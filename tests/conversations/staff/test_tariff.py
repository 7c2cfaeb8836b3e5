"""A fee of nothing is asked about twice; any other amount is not."""

from __future__ import annotations

from datetime import date

import pytest
from sqlmodel import select

from bot.core.screens import Press
from bot.services.qualification import fees
from bot.texts import formats, t
from conversations.staff.reference_data import NEW_TARIFF
from storage.enums import RequestKind
from storage.tables import Tariff
from tests.support.chat_driver import NOW, App, Person
from tests.support.chat_people import staff

FREE, ZERO, TODAY = t("tariffs.free"), t("tariffs.zero_yes"), t("tariffs.today")


@pytest.fixture
def person(app: App) -> Person:
    """Somebody of the directorate at the question for the amount."""
    return staff(app).start("new_tariff").tap(t(f"desk.kind_{RequestKind.NEW}"))


def stored(person: Person) -> list[tuple[RequestKind, int, date]]:
    values = (Tariff.kind, Tariff.amount_rial, Tariff.valid_from)
    return person.app.all(select(*values).order_by(Tariff.id))


def finish(person: Person) -> None:
    person.tap(TODAY, t(NEW_TARIFF.confirm))
    assert person.view == Press("staff.tariffs"), person.text


def test_an_amount_is_set_without_a_second_question(person: Person) -> None:
    person.type(f"{fees.MIN_FEE}")
    assert ZERO not in person.labels
    finish(person)
    today = NOW.astimezone(formats.TEHRAN).date()
    assert stored(person)[-1] == (RequestKind.NEW, fees.MIN_FEE, today)


def test_nothing_is_set_once_it_is_confirmed(person: Person) -> None:
    person.tap(FREE)
    assert ZERO in person.labels
    person.tap(ZERO)
    finish(person)
    assert stored(person)[-1][1] == 0


def test_no_to_nothing_asks_for_the_amount_again(person: Person) -> None:
    person.tap(FREE).tap(t("nav.no"))
    assert FREE in person.labels
    person.tap(FREE)
    assert ZERO in person.labels
    person.tap(t("nav.no")).type(f"{fees.MIN_FEE}")
    assert ZERO not in person.labels
    finish(person)
    assert stored(person)[-1][1] == fees.MIN_FEE


def test_a_new_amount_asks_anew_whether_nothing_is_meant(person: Person) -> None:
    person.tap(FREE).tap(ZERO).tap(t("nav.back")).tap(t("nav.back"))
    person.tap(FREE)
    assert ZERO in person.labels
