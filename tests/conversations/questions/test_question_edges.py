"""Questions at their edges: bounds, pages, ambiguous names, and what is stored of each answer."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bot.core.screens import MAX_LABEL
from bot.texts import t
from conversations.questions import Choice, Confirm, Mobile, Search, Ticks
from conversations.questions.choice import NEXT, PREVIOUS, page_of, turned_to
from conversations.questions.tariff import DayToCome, Rial
from tests.conversations.questions.test_questions import answer_of, answers_of, ask
from tests.support.chat_driver import App

CONTACT = "989123456789"


@pytest.mark.parametrize(
    ("shared", "typed", "value"),
    [
        pytest.param(CONTACT, None, {"number": "+989123456789", "verified": True}, id="shared by the button"),
        pytest.param(None, "09123456789", {"number": "+989123456789", "verified": False}, id="typed"),
    ],
)
def test_a_mobile_is_proved_by_the_button_alone(
    app: App, shared: str | None, typed: str | None, value: Any
) -> None:
    person = ask(app, Mobile())
    if shared is not None:
        person.share(shared)
    else:
        person.type(typed or "")

    assert answer_of(person) == value


@pytest.mark.parametrize("typed", [True, False], ids=["may be typed", "must be proved"])
def test_another_ones_contact_is_refused(app: App, typed: bool) -> None:
    person = ask(app, Mobile(typed=typed))
    person.share(CONTACT, own=False)
    assert answers_of(app) == []
    if not typed:
        person.type("09123456789")
        assert answers_of(app) == []
    person.share(CONTACT)
    assert answer_of(person)["verified"]


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
def test_an_amount_between_its_bounds(app: App, typed: str, amount: int | None) -> None:
    person = ask(app, Rial(1000, 5000))
    person.type(typed)

    assert answers_of(app) == ([] if amount is None else [amount])
    if amount is None:
        person.tap(t("tariffs.free"))
        assert answer_of(person) == 0


@pytest.mark.parametrize(("days", "taken"), [(-1, False), (0, True), (10, True), (11, False)])
def test_a_day_from_today_on(app: App, days: int, taken: bool) -> None:
    from jdatetime import date as jalali

    person = ask(app, DayToCome(timedelta(days=10)))
    today = DayToCome._today(app.clock)  # type: ignore[arg-type]
    day = today + timedelta(days=days)
    person.type(jalali.fromgregorian(date=day).strftime("%Y/%m/%d"))

    assert answers_of(app) == ([day.isoformat()] if taken else [])
    if not taken:
        person.tap(t("tariffs.today"))
        assert answer_of(person) == today.isoformat()


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
def test_a_name_is_searched(app: App, typed: str, taken: str | None, offered: list[str]) -> None:
    person = ask(app, Search(TOWNS, missing="error.city_not_in_list"))
    person.type(typed)

    assert answers_of(app) == ([] if taken is None else [taken])
    if taken is None:
        names = {label for _, label in TOWNS}
        assert [label for label in person.labels if label in names] == offered
    if taken is None and not offered:
        person.sees(t("error.city_not_in_list"))


def test_first_options_are_offered_before_a_search_and_taken(app: App) -> None:
    ask(app, Search(TOWNS, first=[("z", "همه")])).type("شیر").sees(t("form.found"))
    assert answer_of(ask(app, Search(TOWNS, first=[("z", "همه")])).tap("همه")) == "z"


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


def test_of_two_options_with_one_name_the_first_is_typed(app: App) -> None:
    person = ask(app, Choice(TOWNS))
    person.type("یزد")
    assert answer_of(person) == "d"


@pytest.mark.parametrize(("label", "value"), [("بله", True), ("خیر", False)])
def test_yes_is_true_and_no_is_false(app: App, label: str, value: bool) -> None:
    person = ask(app, Confirm())
    person.tap(label)
    assert answer_of(person) is value


def test_a_tick_is_taken_back_and_the_order_is_that_of_the_list(app: App) -> None:
    person = ask(app, Ticks([("a", "الف"), ("b", "ب"), ("c", "پ")]))
    for label in ("▫️ پ", "▫️ الف", "▫️ ب", "☑️ ب"):
        person.tap(label)
    person.tap(t("form.done"))
    assert answer_of(person) == {"items": ["a", "c"], "note": None}


@pytest.mark.parametrize(
    ("length", "kept"),
    [(4, False), (5, True), (20, True), (21, False), (80, False), (81, False), (200, False)],
)
def test_a_note_between_its_bounds(app: App, length: int, kept: bool) -> None:
    person = ask(app, Ticks([("a", "الف")], note_min=5, note_max=20))
    person.type("ن" * length).tap(t("form.done"))

    assert answers_of(app) == ([{"items": [], "note": "ن" * length}] if kept else [])


def test_a_note_can_be_dropped_and_replaced(app: App) -> None:
    person = ask(app, Ticks([("a", "الف")]))
    person.type("یادداشت نخست").tap(t("form.drop_note"))
    assert t("form.drop_note") not in person.labels
    person.type("یادداشت دوم").tap("▫️ الف").tap(t("form.done"))
    assert answer_of(person) == {"items": ["a"], "note": "یادداشت دوم"}


@pytest.mark.parametrize("empty", ["error.choose", None])
def test_nothing_at_all_is_an_answer_where_the_question_says_so(app: App, empty: str | None) -> None:
    person = ask(app, Ticks([("a", "الف")], empty=empty))
    person.tap(t("form.done"))
    assert answers_of(app) == ([] if empty else [{"items": [], "note": None}])


def test_without_a_note_a_text_is_no_answer(app: App) -> None:
    person = ask(app, Ticks([("a", "الف")], note=False))
    person.type("یادداشت بلند").sees(t("error.choose")).tap("▫️ الف").tap(t("form.done"))
    assert answer_of(person) == {"items": ["a"], "note": None}


def test_a_long_label_of_a_paper_fits_its_button() -> None:
    assert len("۱۰. ") + 16 <= MAX_LABEL
