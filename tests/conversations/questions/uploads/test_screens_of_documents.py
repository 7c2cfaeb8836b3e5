"""The questions for three documents, screen by screen, in every state that files can bring them to, and which files lie
where.

Compared with tests/conversations/questions/uploads/screens/, the sentences as keys of the catalogue. Where it is meant to
change, `SCREENS=write pytest tests/conversations/questions/uploads/test_screens_of_documents.py` writes these files anew.
"""

import re
from pathlib import Path

import pytest
from sqlmodel import select

from storage.tables import StoredFile
from tests.conversations.questions.uploads.test_documents import PAPERS, at_papers
from tests.handlers.test_acts import plain
from tests.handlers.test_screens import told
from tests.support import chat_driver
from tests.support.chat_driver import App, Person
from tests.support.kept_screens import compare, show_keys

HERE = Path(__file__).parent / "screens"
#: «name content; caption; album» sends a file, "[key]" presses that button, the last one where it begins with "-",
#: other words are typed.
COURSES = {
    "both_sides": ["> front.jpg", "> back.jpg", "[doc.more_of]", "> third.jpg", "[nav.back]", "[doc.more]", "> 4.jpg"],
    "one_picture": ["> card.jpg", "[doc.both_sides]", "> b.jpg", "[nav.back]", "[doc.replace]", "[doc.none_of_them]", "؟"],
    "taken_back": ["> front.jpg", "[doc.remove]", "> front.jpg", "[nav.back]", "> front.jpg", "> back.jpg"],
    "replaced": ["> a.jpg", "> b.jpg", "> c.jpg", "[nav.back]", "[doc.replace]", "[doc.keep_old]", "[doc.replace]", "> d.jpg"],
    "removed": ["> a.jpg", "> b.jpg", "[doc.more_of]", "> c.jpg", "[nav.back]", "[doc.remove]", "[doc.none_of_them]",
                "[doc.remove]", "2. b.jpg", "[doc.remove]", "1. a.jpg", "[doc.remove]", "[form.defer]", "> e.jpg"],
    "added": ["> a.jpg", "> b.jpg", "> c.jpg", "[nav.back]", "> d.jpg", "چه", "[doc.more]", "[nav.back]", "> e.jpg",
              "[doc.in_place]", "[nav.back]", "> f.jpg", "[doc.drop]"],
    "too_many": ["> a.jpg", "> b.jpg", "> c.jpg", "> photo.jpg", "[nav.back]", "> other.jpg", "[nav.back]",
                 "[doc.more]", "> g.jpg", "[doc.more_of]", "> h.jpg", "[nav.back]", "> i.jpg"],
    "album": ["> a.jpg 1;;x", "> b.jpg 2;;x", "> c.jpg 3;;x", "> d.jpg 4;;x", "> e.jpg 5;;y", "> f.jpg 5;;y", "> g.jpg 6;;z"],
    "twins": ["> a.jpg 1", "> b.jpg 1", "> c.jpg 2", "> d.jpg 1", "[doc.drop]", "> e.jpg 1", "[doc.is_this] doc=شناسنامه",
              "> f.jpg 2", "[doc.drop]"],
    "another_name": ["> شناسنامه.jpg", "چه", "[doc.is_other] doc=شناسنامه", "> a.jpg", "> b.jpg", "[doc.in_place]", "> عکس.jpg",
                     "[doc.is_this] doc=شناسنامه"],
    "caption": ["> a.jpg 1; عکس پرسنلی", "[doc.is_other] doc=عکس", "> b.jpg 2; عکس پرسنلی", "[doc.is_other] doc=عکس",
                "[doc.drop]", "> کارت ملی.jpg 3; کارت ملی", "> 4 4"],
    "unreadable": ["> a.jpg blurred:1", "چه", "[doc.again]", "> b.jpg blurred:2", "[doc.as_it_is]", "> c.jpg dark 2,5:1",
                   "> d.jpg 9", "[nav.back]", "> e.jpg glare:1", "[doc.as_it_is]", "[doc.more]"],
    "unreadable_album": ["> a.jpg blurred:1;;x", "> b.jpg 2;;x", "> c.jpg small:3;;x", "[doc.again]", "[doc.as_it_is]"],
    "twin_unreadable": ["> a.jpg blurred:1", "[doc.as_it_is]", "> b.jpg 2", "> c.jpg blurred:1", "[doc.is_this] doc=شناسنامه",
                        "[doc.as_it_is]"],
    "put_off": ["[form.defer]", "> b.jpg", "[form.defer]", "آری", "[form.defer]", "[form.defer]", "> a.jpg", "> c.jpg",
                "> d.jpg"],
}  # fmt: skip


def act(person: Person, what: str) -> None:
    if what.startswith("> "):
        sent, caption, album = [part.strip() for part in f"{what[2:]};;".split(";")][:3]
        name, _, content = sent.partition(" ")
        if what.startswith("> کارت ملی"):
            name, content = "کارت ملی.jpg", "3"
        person.upload(name, content=content or None, caption=caption or None, album=album or None)
    elif what in person.labels:
        person.tap(what)
    else:
        starting = [label for label in person.labels if what.startswith("[") and label.startswith(what)]
        if starting:
            person.tap(starting[0])
        else:
            person.type(what)


@pytest.mark.parametrize("name", COURSES)
def test_each_screen_of_the_documents_is_as_it_was(
    app: App, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = at_papers(app, sides=2)
    show_keys(monkeypatch)
    # Keys are longer than sentences.
    monkeypatch.setattr(chat_driver, "check_screens", lambda screens: None)
    lines: list[str] = []
    for what in COURSES[name]:
        act(person, what)
        lines += ["", f"## {what}", *told(person)]
        lines += [
            f"    {paper.code}: {given}" for paper in PAPERS if (given := person.answers.get(paper.key))
        ]
        if state := {key: value for key, value in person.chat.dialogue_state.items() if key != "step"}:
            lines.append(f"    {state}")
    for file in app.all(select(StoredFile).order_by("id")):
        lines.append(f"file {file.id}: {file.original_name}{'' if file.removed_at is None else ', removed'}")
    compare(HERE / f"{name}.txt", [re.sub("[0-9a-f]{64}", "…", plain(line)) for line in lines][1:])
