"""What a typed number or page means in a list, and where the ways back from a row lead."""

from dataclasses import replace

import pytest

from bot.core.screens import Button, Press, Screen, button
from handlers.telegram.list_steps import typed_page, typed_row, with_ways_back

LIST = "desk.list"


def page(number: int, *, pages: int = 3, arg: str = "", of: int = 10) -> Screen:
    """Page `number` (from 0) of a list of case 4, ten rows a page."""
    first = number * of + 1
    rows = [(button(f"{row}. نگار", "desk.case", row),) for row in range(first, first + of)]
    turns = [other for other in (number - 1, number + 1) if 0 <= other < pages]
    turning = tuple(button(f"صفحه {other + 1}", LIST, 4, arg=f"{other}{arg}") for other in turns)
    return Screen("فهرست", (*rows, turning, (button("خانه", "home"), Button("راهنما", url="https://x"))))


def view(arg: str = "") -> Press:
    return Press(LIST, 4, arg=arg)


@pytest.mark.parametrize(
    ("typed", "here", "asked"),
    [
        ("صفحه ۲۰", "", "19"),
        ("صفحه 1", "2", "0"),
        ("صفحه۲", "", "1"),
        ("ص ۳", "", "2"),
        ("صفحهٔ ۳", "1.m.x", "2.m.x"),
        ("صفحه ۱۲۳۴۵", "", "12344"),
        ("صفحه ۱۲۳۴۵۶", "", None),
        ("صفحه ۰", "", None),
        ("صفحه", "", None),
        ("صفحه ۲ لطفا", "", None),
        ("۲", "", None),
    ],
)
def test_the_page_that_is_asked_for_in_words(typed: str, here: str, asked: str | None) -> None:
    found = typed_page(typed, page(1), view(here))
    assert found == (None if asked is None else view(asked))


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(button("بعدی", "desk.other", 4, arg="1"), id="of another list"),
        pytest.param(button("بعدی", LIST, 5, arg="1"), id="of another case"),
        pytest.param(button("بعدی", LIST, 4, arg="m"), id="a filter"),
        pytest.param(button("بعدی", LIST, 4), id="the list itself"),
        pytest.param(Button("بعدی", url="https://x"), id="a link"),
    ],
)
def test_what_is_not_in_pages_has_none(other: Button) -> None:
    screen = Screen("فهرست", ((button("1. نگار", "desk.case", 1),), (other,)))
    assert typed_page("صفحه ۲", screen, view()) is None
    assert typed_row("۲", screen, view(), lambda press: page(1)) is None


PAGES = {f"{number}": page(number) for number in range(3)}


def rendered(press: Press) -> Screen | None:
    assert (press.action, press.id) == (LIST, 4)
    return PAGES.get(press.arg.partition(".")[0])


@pytest.mark.parametrize("here", range(3))
@pytest.mark.parametrize("number", [1, 9, 10, 11, 20, 21, 30])
def test_a_number_opens_its_row_from_every_page(here: int, number: int) -> None:
    assert typed_row(f"{number}", page(here), view(f"{here}"), rendered) == Press("desk.case", number)


@pytest.mark.parametrize("typed", ["0", "31", "40", "1.", "یک", "1234567", "1 2"])
def test_what_is_no_row_opens_nothing(typed: str) -> None:
    for here in range(3):
        assert typed_row(typed, page(here), view(f"{here}"), rendered) is None


def test_a_filter_goes_along_to_the_other_page() -> None:
    asked: list[Press] = []

    def render(press: Press) -> Screen | None:
        asked.append(press)
        return rendered(press)

    assert typed_row("۲۵", page(0, arg=".m"), view("0.m"), render) == Press("desk.case", 25)
    assert typed_row("۲۵", page(0, arg=".m"), view(), render) == Press("desk.case", 25)
    assert asked == [view("2.m"), view("2")]
    assert typed_row("۵", page(0), view(), render) == Press("desk.case", 5)
    assert len(asked) == 2, "a row in sight is not looked for"


def test_a_page_beyond_the_last_shows_the_last() -> None:
    assert typed_row("۱۵", page(2), view("99"), rendered) == Press("desk.case", 15)
    assert typed_row("۵", page(2), view("99"), rendered) == Press("desk.case", 5)


def test_pages_of_one_row() -> None:
    one = [page(number, of=1) for number in range(3)]
    assert typed_row("۳", one[1], view("1"), lambda press: one[int(press.arg)]) == Press("desk.case", 3)
    assert typed_row("۱", one[2], view("2"), lambda press: one[int(press.arg)]) == Press("desk.case", 1)


def test_rows_that_cannot_be_counted_are_not_turned_to() -> None:
    """A list whose numbers begin anew on each page."""
    assert typed_row("۱۵", page(0), view("1"), lambda press: page(1)) is None


@pytest.mark.parametrize(
    ("label", "opens"),
    [
        ("۷. نگار", True),
        ("۷", True),
        ("۷ نگار", False),
        ("پرونده ۷. نگار", False),
        ("۱۲۳۴۵۶۷. نگار", False),
    ],
)
def test_which_buttons_are_rows(label: str, opens: bool) -> None:
    screen = Screen("", ((button(label, "desk.case", 7),), (button("۸. پیشین", "desk.case", 8),)))
    assert typed_row("۷", screen, view(), rendered) == (Press("desk.case", 7) if opens else None)


def test_of_two_rows_of_one_number_the_first_is_meant_and_links_are_none() -> None:
    doubled = (
        Button("۱. پیوند", url="https://x"),
        button("۱. نگار", "desk.case", 1),
        button("۱. سارا", "desk.case", 2),
    )
    assert typed_row("۱", Screen("", (doubled,)), view(), rendered) == Press("desk.case", 1)
    assert typed_row("۱", Screen("", ((button("خانه", "home"),),)), view(), rendered) is None


# -- ways back -------------------------------------------------------------------------------------

CASE = Screen(
    "پرونده",
    (
        (button("بازگشت", LIST, 4), button("صفحه اول", LIST, 4, arg="0"), button("دیگری", LIST, 5)),
        (button("خانه", "home"), Button("راهنما", url="https://x"), button("فهرست‌ها", "desk.other", 4)),
    ),
)


def test_the_way_back_leads_to_the_page_that_was_shown() -> None:
    listed = replace(view("2.m"), version=3, fresh=True)
    back = with_ways_back(CASE, Press("desk.case", 1), listed.pack())
    assert [one.press for one in back.buttons()] == [
        replace(listed, fresh=False),
        Press(LIST, 4, arg="0"),
        Press(LIST, 5),
        Press("home"),
        None,
        Press("desk.other", 4),
    ]
    assert [one.label for one in back.buttons()] == [one.label for one in CASE.buttons()]


@pytest.mark.parametrize(
    ("here", "packed"),
    [
        pytest.param(Press("desk.case", 1), None, id="no list was shown"),
        pytest.param(view("1"), view("2").pack(), id="on the list itself"),
        pytest.param(Press("home"), view("2").pack(), id="at home"),
        pytest.param(Press("desk.lists"), view("2").pack(), id="on the menu of lists"),
        pytest.param(Press("centers"), view("2").pack(), id="on the menu of centers"),
        pytest.param(Press("desk.case", 1), replace(view("2"), id=6).pack(), id="another list was shown"),
    ],
)
def test_other_ways_stay_as_they_are(here: Press, packed: str | None) -> None:
    assert with_ways_back(CASE, here, packed) == CASE


def test_from_the_same_list_of_another_case_the_way_leads_back() -> None:
    back = with_ways_back(CASE, Press(LIST, 9), view("2").pack())
    assert next(iter(back.buttons())).press == view("2")
