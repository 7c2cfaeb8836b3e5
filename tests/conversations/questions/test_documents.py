"""The question for a document: one more file, the same file twice, which one goes, and names on buttons."""

from __future__ import annotations

import pytest

from bot.texts import t
from conversations.questions import Documents
from tests.conversations.questions.test_questions import answer_of, ask, file_ids
from tests.support.chat_driver import App, Person

MORE, REMOVE = t("doc.more"), t("doc.remove")
DOC = "تصویر کارت ملی"


def documents(app: App, most: int = 3, *, hints: bool = False) -> Person:
    return ask(app, Documents("national_card", DOC, most, short_name="کارت ملی", hints=hints))


def test_one_more_file_is_asked_for_until_there_are_enough(app: App) -> None:
    person = documents(app, 2)
    person.upload("a.pdf")
    assert MORE in person.labels
    person.tap(MORE).sees(t("doc.send_more", doc=DOC))
    assert MORE not in person.labels
    person.upload("b.pdf").sees("a.pdf", "b.pdf").sees_not(t("doc.send_more", doc=DOC))
    assert MORE not in person.labels
    person.upload("c.pdf").sees(t("error.too_many_files", max="۲"))
    assert len(file_ids(person)) == 2


def test_the_same_file_twice_is_kept_once(app: App) -> None:
    person = documents(app)
    person.upload("a.pdf", content="same").upload("b.pdf", content="same").sees(t("doc.twice_same"))
    assert len(file_ids(person)) == 1
    person.upload("c.pdf", content="other").sees_not(t("doc.twice_same"))
    assert len(file_ids(person)) == 2


@pytest.mark.parametrize(("typed", "left"), [("۱", ["b.pdf"]), ("۲", ["a.pdf"]), ("۹", ["a.pdf", "b.pdf"])])
def test_the_named_file_goes_and_no_other(app: App, typed: str, left: list[str]) -> None:
    person = documents(app)
    person.upload("a.pdf").upload("b.pdf").tap(REMOVE).type(typed)

    assert len(file_ids(person)) == len(left)
    if len(left) == 2:
        person.sees(t("error.want_file")).tap(t("doc.none_of_them"))
    person.sees(*left).sees_not(*({"a.pdf", "b.pdf"} - set(left)))


def test_words_where_a_file_is_wanted_change_nothing(app: App) -> None:
    person = documents(app)
    person.type("سلام").sees(t("error.want_file")).upload("a.pdf").type("سلام").sees(t("error.want_file"))
    assert len(file_ids(person)) == 1
    person.tap(t("doc.next"))
    assert len(answer_of(person)) == 1


@pytest.mark.parametrize(("length", "shown"), [(15, 15), (16, 16), (17, 15), (60, 15)])
def test_a_long_name_is_cut_to_fit_its_button(app: App, length: int, shown: int) -> None:
    person = documents(app)
    name = "ن" * length
    person.upload(name).upload("b.pdf").tap(REMOVE)

    assert person.labels[0] == f"۱. {'ن' * shown}{'…' if shown < length else ''}"


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
    app: App, name: str | None, hints: bool, hinted: bool
) -> None:
    person = documents(app, hints=hints)
    person.upload(name)
    assert (t("doc.name_hint") in person.text) == hinted
    assert len(file_ids(person)) == 1
