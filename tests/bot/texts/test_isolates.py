"""Marks of direction in people's words: kept where each line closes what it opens, else all of them go."""

import pytest

from bot.texts import BIDI_MARKS, one_line

LRI, FSI, PDI = "\u2066", "\u2068", "\u2069"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        pytest.param(f"نام {LRI}ab{PDI} و", True, id="closed"),
        pytest.param(f"{LRI}ab {FSI}الف{PDI}{PDI}", True, id="one in the other"),
        pytest.param(f"{LRI}ab", False, id="not closed"),
        pytest.param(f"ab{PDI}", False, id="closed alone"),
        pytest.param(f"ab{PDI}{LRI}cd", False, id="closed before it was opened"),
        pytest.param(f"ab{PDI} {LRI}cd{PDI}{LRI}ef", False, id="as many of each in the wrong order"),
        pytest.param(f"{LRI}ab\ncd{PDI}", False, id="closed in the next line"),
    ],
)
def test_marks_that_do_not_pair_up_are_gone(text: str, kept: bool) -> None:
    found = one_line(text)

    assert any(mark in found for mark in (LRI, FSI, PDI)) == kept
    assert BIDI_MARKS.sub("", found) == BIDI_MARKS.sub("", text).replace("\n", " ")
