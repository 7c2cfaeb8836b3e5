"""The question for a document: one more file, the same file twice, which one goes, and names on buttons."""

from __future__ import annotations

import pytest
from sqlmodel import Session

from bot.texts import t
from conversations.questions import Documents
from tests.conversations.questions.test_questions import Asked

MORE, REMOVE = t("doc.more"), t("doc.remove")
DOC = "تصویر کارت ملی"


def documents(db: Session, most: int = 3, *, hints: bool = False) -> Asked:
    return Asked(db, Documents("national_card", DOC, most, short_name="کارت ملی", hints=hints))


def kept(asked: Asked) -> list[int]:
    return list(asked.person.answers.get("x") or [])


def test_one_more_file_is_asked_for_until_there_are_enough(db: Session) -> None:
    asked = documents(db, 2)
    asked.person.uploads("a.pdf")
    assert MORE in asked.person.labels
    asked.person.taps(MORE).sees(t("doc.send_more", doc=DOC))
    assert MORE not in asked.person.labels
    asked.person.uploads("b.pdf").sees("a.pdf", "b.pdf").sees_not(t("doc.send_more", doc=DOC))
    assert MORE not in asked.person.labels
    asked.person.uploads("c.pdf").sees(t("error.too_many_files", max="۲"))
    assert len(kept(asked)) == 2


def test_the_same_file_twice_is_kept_once(db: Session) -> None:
    asked = documents(db)
    asked.person.uploads("a.pdf", content="same").uploads("b.pdf", content="same").sees(t("doc.twice_same"))
    assert len(kept(asked)) == 1
    asked.person.uploads("c.pdf", content="other").sees_not(t("doc.twice_same"))
    assert len(kept(asked)) == 2


@pytest.mark.parametrize(("typed", "left"), [("۱", ["b.pdf"]), ("۲", ["a.pdf"]), ("۹", ["a.pdf", "b.pdf"])])
def test_the_named_file_goes_and_no_other(db: Session, typed: str, left: list[str]) -> None:
    asked = documents(db)
    asked.person.uploads("a.pdf").uploads("b.pdf").taps(REMOVE).types(typed)

    assert len(kept(asked)) == len(left)
    if len(left) == 2:
        asked.person.sees(t("error.want_file")).taps(t("doc.none_of_them"))
    asked.person.sees(*left).sees_not(*({"a.pdf", "b.pdf"} - set(left)))


def test_words_where_a_file_is_wanted_change_nothing(db: Session) -> None:
    asked = documents(db)
    asked.person.types("سلام").sees(t("error.want_file"))
    asked.person.uploads("a.pdf").types("سلام").sees(t("error.want_file"))
    assert len(kept(asked)) == 1
    asked.person.taps(t("doc.next"))
    assert len(asked.value) == 1


@pytest.mark.parametrize(("length", "shown"), [(15, 15), (16, 16), (17, 15), (60, 15)])
def test_a_long_name_is_cut_to_fit_its_button(db: Session, length: int, shown: int) -> None:
    asked = documents(db)
    name = "ن" * length
    asked.person.uploads(name).uploads("b.pdf").taps(REMOVE)

    assert asked.person.labels[0] == f"۱. {'ن' * shown}{'…' if shown < length else ''}"


@pytest.mark.parametrize(
    ("name", "hints", "hinted"),
    [
        ("کارت ملی.pdf", True, False),
        ("scan0001.pdf", True, True),
        ("scan0001.pdf", False, False),
        (None, True, False),
    ],
)
def test_a_name_of_something_else_is_remarked_upon(
    db: Session, name: str | None, hints: bool, hinted: bool
) -> None:
    asked = documents(db, hints=hints)
    asked.person.uploads(name)
    assert (t("doc.name_hint") in asked.person.text) == hinted
    assert len(kept(asked)) == 1
