"""Pages, their buttons, and what a button says of them; texts cut at a line."""

import pytest

from bot.core.screens import Press, button
from bot.texts import t
from bot.texts.formats import digits
from handlers.common import navigation
from handlers.common.navigation import pager_rows, truncate_lines
from handlers.common.numbered_list import numbered_page

FIRST, PREVIOUS, NEXT, LAST = (t(key) for key in ("desk.first", "nav.previous", "nav.next", "desk.last"))


@pytest.mark.parametrize(
    ("page", "pages", "ways"),
    [
        (0, 1, []),
        (0, 2, [(NEXT, "1")]),
        (1, 2, [(PREVIOUS, "0")]),
        (0, 3, [(NEXT, "1"), (LAST, "2")]),
        (1, 3, [(PREVIOUS, "0"), (NEXT, "2")]),
        (2, 3, [(FIRST, "0"), (PREVIOUS, "1")]),
        (2, 5, [(FIRST, "0"), (PREVIOUS, "1"), (NEXT, "3"), (LAST, "4")]),
    ],
)
def test_the_ways_between_pages(page: int, pages: int, ways: list[tuple[str, str]]) -> None:
    rows = pager_rows(Press("list", 7, 3), page=page, pages=pages)
    assert [(one.label, one.press) for row in rows for one in row] == [
        (label, Press("list", 7, 3, arg)) for label, arg in ways
    ]
    assert len(rows) == bool(ways)


@pytest.mark.parametrize(
    ("arg", "page", "turned"),
    [
        ("", 0, "4"),
        ("2", 2, "4"),
        ("2.sums", 2, "4.sums"),
        (".sums", 0, "4.sums"),
        ("sums", 0, "4"),
        ("-1", 0, "4"),
        ("۲", 0, "4"),
        ("99998", 99_998, "4"),
        ("100000", 99_999, "4"),
        ("9" * 15, 99_999, "4"),
        ("9" * 16, 0, "4"),
        ("1.2.3", 1, "4.2.3"),
    ],
)
def test_the_page_that_a_button_asks_for(arg: str, page: int, turned: str) -> None:
    assert navigation.page_of(Press("list", arg=arg)) == page
    assert navigation.with_page(arg, 4) == turned
    first = navigation.first_page(Press("list", 7, 3, arg))
    assert (first, navigation.page_of(first)) == (Press("list", 7, 3, navigation.with_page(arg, 0)), 0)


@pytest.mark.parametrize(
    ("arg", "number"), [("7", 7), ("", 0), ("9" * 15, 10**15 - 1), ("9" * 16, 0), ("²", 0)]
)
def test_the_number_in_a_button(arg: str, number: int) -> None:
    assert navigation.number_in(Press("list", arg=arg)) == number


@pytest.mark.parametrize(
    ("limit", "text"),
    [
        (11, "aaa\nbbb\nccc"),
        (10, f"aaa\nbbb\n{t('desk.and_more', n='۱')}"),
        (8, f"aaa\nbbb\n{t('desk.and_more', n='۱')}"),
        (7, f"aaa\n{t('desk.and_more', n='۲')}"),
        (3, t("desk.and_more", n="۳")),
    ],
)
def test_a_text_is_cut_at_a_line_and_says_how_many_are_left_out(limit: int, text: str) -> None:
    assert truncate_lines(["aaa", "bbb", "ccc"], limit=limit) == text


@pytest.mark.parametrize(
    ("arg", "numbers", "ways"),
    [
        ("", "123", [NEXT, LAST]),
        ("0.x", "123", [NEXT, LAST]),
        ("1", "456", [PREVIOUS, NEXT]),
        ("2.x", "7", [FIRST, PREVIOUS]),
        ("3", "7", [FIRST, PREVIOUS]),
        ("99", "7", [FIRST, PREVIOUS]),
    ],
)
def test_a_numbered_page(arg: str, numbers: str, ways: list[str]) -> None:
    lines, rows = numbered_page(
        Press("list", arg=arg),
        "abcdefg",
        size=3,
        line=lambda i, one: f"{i} {one}",
        make_button=lambda i, one: button(i, "open", arg=one),
    )
    named = {n: "abcdefg"[int(n) - 1] for n in numbers}
    assert lines == [f"{digits(n)} {name}" for n, name in named.items()]
    assert [(one.label, one.press) for one in rows[0]] == [
        (digits(n), Press("open", arg=name)) for n, name in named.items()
    ]
    assert [one.label for one in rows[1]] == ways


@pytest.mark.parametrize("number", [0, 1, 3])
def test_what_fits_one_page_has_no_ways_between_pages(number: int) -> None:
    lines, rows = numbered_page(
        Press("list", arg="1"), "abc"[:number], size=3, line=lambda i, one: one, make_button=button_of
    )
    assert (lines, len(rows)) == (list("abc"[:number]), bool(number))


def button_of(i: str, one: str) -> navigation.Button:
    return button(i, "open", arg=one)
