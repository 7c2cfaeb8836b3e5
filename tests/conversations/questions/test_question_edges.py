"""Questions at their edges: bounds, pages, ambiguous names, and what is stored of each answer."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session

from bot.core.screens import MAX_LABEL
from bot.texts import t
from conversations.questions import Choice, Confirm, Mobile, Search, Ticks
from conversations.questions.choice import NEXT, PREVIOUS, page_of, turned_to
from conversations.questions.tariff import DayToCome, Rial
from tests.conversations.questions.test_questions import Asked

CONTACT = "989123456789"


@pytest.mark.parametrize(
    ("shared", "typed", "value"),
    [
        pytest.param(CONTACT, None, {"number": "+989123456789", "verified": True}, id="shared by the button"),
        pytest.param(None, "09123456789", {"number": "+989123456789", "verified": False}, id="typed"),
    ],
)
def test_a_mobile_is_proved_by_the_button_alone(
    db: Session, shared: str | None, typed: str | None, value: Any
) -> None:
    asked = Asked(db, Mobile())
    if shared is not None:
        asked.person.shares(shared)
    else:
        asked.person.types(typed or "")

    assert asked.value == value


@pytest.mark.parametrize("typed", [True, False], ids=["may be typed", "must be proved"])
def test_another_ones_contact_is_refused(db: Session, typed: bool) -> None:
    asked = Asked(db, Mobile(typed=typed))
    asked.person.shares(CONTACT, own=False)
    assert asked.values == []
    if not typed:
        asked.person.types("09123456789")
        assert asked.values == []
    asked.person.shares(CONTACT)
    assert asked.value["verified"]


@pytest.mark.parametrize(
    ("typed", "amount"),
    [
        ("0", 0),
        ("1000", 1000),
        ("1,000", 1000),
        ("۱٬۰۰۰ ریال", 1000),
        ("5000", 5000),
        ("5.000", 5000),
        ("999", None),
        ("5001", None),
        ("1" + "0" * 14, None),
        ("1" + "0" * 15, None),
        ("1" + "0" * 40, None),
        ("1000 تومان", None),
        ("10,00", None),
        ("هزار", None),
    ],
)
def test_an_amount_between_its_bounds(db: Session, typed: str, amount: int | None) -> None:
    asked = Asked(db, Rial(1000, 5000))
    asked.person.types(typed)

    assert asked.values == ([] if amount is None else [amount])
    if amount is None:
        asked.person.taps(t("tariffs.free"))
        assert asked.value == 0


@pytest.mark.parametrize(("days", "taken"), [(-1, False), (0, True), (10, True), (11, False)])
def test_a_day_from_today_on(db: Session, days: int, taken: bool) -> None:
    from jdatetime import date as jalali

    asked = Asked(db, DayToCome(timedelta(days=10)))
    today = DayToCome._today(asked.person)  # type: ignore[arg-type]
    day = today + timedelta(days=days)
    asked.person.types(jalali.fromgregorian(date=day).strftime("%Y/%m/%d"))

    assert asked.values == ([day.isoformat()] if taken else [])
    if not taken:
        asked.person.taps(t("tariffs.today"))
        assert asked.value == today.isoformat()


TOWNS = [("a", "شیراز"), ("b", "شیرازک"), ("c", "باغ شیراز"), ("d", "یزد"), ("e", "یزد")]


@pytest.mark.parametrize(
    ("typed", "taken", "offered"),
    [
        pytest.param("شیراز", "a", [], id="the whole name of one"),
        pytest.param("شیر", None, ["شیراز", "شیرازک", "باغ شیراز"], id="names that begin with it come first"),
        pytest.param("شیراز باغ", None, ["باغ شیراز"], id="words in any order"),
        pytest.param("یزد", None, ["یزد", "یزد"], id="the whole name of two"),
        pytest.param("تهران", None, [], id="no name at all"),
        pytest.param("!", None, [], id="nothing to search by"),
    ],
)
def test_a_name_is_searched(db: Session, typed: str, taken: str | None, offered: list[str]) -> None:
    asked = Asked(db, Search(TOWNS, missing="error.city_not_in_list"))
    asked.person.types(typed)

    assert asked.values == ([] if taken is None else [taken])
    if taken is None:
        names = {label for _, label in TOWNS}
        assert [label for label in asked.person.labels if label in names] == offered
    if taken is None and not offered:
        asked.person.sees(t("error.city_not_in_list"))


def test_first_options_are_offered_before_a_search_and_taken(db: Session) -> None:
    asked = Asked(db, Search(TOWNS, first=[("z", "همه")]))
    asked.person.types("شیر").sees(t("form.found"))
    asked = Asked(db, Search(TOWNS, first=[("z", "همه")]))
    asked.person.taps("همه")
    assert asked.value == "z"


def keys(page: int, *, size: int = 4, number: int = 9, columns: int = 2) -> list[list[str]]:
    options = [(str(one), f"گزینه {one}") for one in range(number)]
    return [[one.key for one in row] for row in page_of(options, page, size, columns)]


def test_pages_of_options() -> None:
    assert keys(0) == [["0", "1"], ["2", "3"], [f"{NEXT}1"]]
    assert keys(1) == [["4", "5"], ["6", "7"], [f"{PREVIOUS}0", f"{NEXT}2"]]
    assert keys(2) == keys(99) == [["8"], [f"{PREVIOUS}1"]]
    assert keys(-1) == keys(0)
    assert keys(0, number=4) == [["0", "1"], ["2", "3"]]
    assert keys(0, number=0) == []
    assert (turned_to(f"{NEXT}3"), turned_to(f"{PREVIOUS}2"), turned_to("3"), turned_to(None)) == (
        3,
        2,
        None,
        None,
    )


def test_of_two_options_with_one_name_the_first_is_typed(db: Session) -> None:
    asked = Asked(db, Choice(TOWNS))
    asked.person.types("یزد")
    assert asked.value == "d"


@pytest.mark.parametrize(("label", "value"), [("بله", True), ("خیر", False)])
def test_yes_is_true_and_no_is_false(db: Session, label: str, value: bool) -> None:
    asked = Asked(db, Confirm())
    asked.person.taps(label)
    assert asked.value is value


def test_a_tick_is_taken_back_and_the_order_is_that_of_the_list(db: Session) -> None:
    asked = Asked(db, Ticks([("a", "الف"), ("b", "ب"), ("c", "پ")]))
    for label in ("▫️ پ", "▫️ الف", "▫️ ب", "☑️ ب"):
        asked.person.taps(label)
    asked.person.taps(t("form.done"))
    assert asked.value == {"items": ["a", "c"], "note": None}


@pytest.mark.parametrize(
    ("length", "kept"),
    [(4, False), (5, True), (20, True), (21, False), (80, False), (81, False), (200, False)],
)
def test_a_note_between_its_bounds(db: Session, length: int, kept: bool) -> None:
    asked = Asked(db, Ticks([("a", "الف")], note_min=5, note_max=20))
    asked.person.types("ن" * length)
    asked.person.taps(t("form.done"))

    assert asked.values == ([{"items": [], "note": "ن" * length}] if kept else [])


def test_a_note_can_be_dropped_and_replaced(db: Session) -> None:
    asked = Asked(db, Ticks([("a", "الف")]))
    asked.person.types("یادداشت نخست").taps(t("form.drop_note"))
    assert t("form.drop_note") not in asked.person.labels
    asked.person.types("یادداشت دوم").taps("▫️ الف").taps(t("form.done"))
    assert asked.value == {"items": ["a"], "note": "یادداشت دوم"}


@pytest.mark.parametrize("empty", ["error.choose", None])
def test_nothing_at_all_is_an_answer_where_the_question_says_so(db: Session, empty: str | None) -> None:
    asked = Asked(db, Ticks([("a", "الف")], empty=empty))
    asked.person.taps(t("form.done"))
    assert asked.values == ([] if empty else [{"items": [], "note": None}])


def test_without_a_note_a_text_is_no_answer(db: Session) -> None:
    asked = Asked(db, Ticks([("a", "الف")], note=False))
    asked.person.types("یادداشت بلند").sees(t("error.choose"))
    asked.person.taps("▫️ الف").taps(t("form.done"))
    assert asked.value == {"items": ["a"], "note": None}


def test_a_long_label_of_a_paper_fits_its_button() -> None:
    assert len("۱۰. ") + 16 <= MAX_LABEL
