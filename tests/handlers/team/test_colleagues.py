"""The files of one colleague in pages, and the notes of colleagues on a file."""

from datetime import timedelta

import pytest
from sqlmodel import Session

from bot.texts import t
from bot.texts.formats import digits
from storage.enums import RequestState
from storage.tables import FileNote
from tests.support import chat_people as people
from tests.support.chat_driver import NOW, App
from tests.support.factories.people import officer
from tests.support.factories.qualification import request_row


def test_the_files_of_a_colleague_have_pages_and_their_ways_back(app: App) -> None:
    chief, maryam = people.in_charge(app), people.expert(app)
    number_of_maryam = maryam.account.id

    def unit(db: Session) -> None:
        for n in range(12):
            owner, at = officer(db, f"متقاضی{n}", chat=False).account_id, NOW - timedelta(hours=20 - n)
            held = {"state": RequestState.IN_REVIEW, "reviewer_id": number_of_maryam}
            code = f"14050101{n:04}"
            db.add(request_row(owner, tracking_code=code, submitted_at=at, received_at=at, **held))

    app.run(unit)
    chief.open("desk.team").tap("۱").sees("۱. 140501010000", "۱۰. 140501010009").sees_not("140501010010")
    chief.tap("بعدی").sees("۱۱. 140501010010", "۱۲. 140501010011").sees_not("140501010009").tap("۱۲")
    chief.sees("140501010011").tap("بازگشت به فهرست").sees("۱۱. 140501010010", t("team.assign"))
    chief.tap("بازگشت").sees(t("team.queue", n="۰"))


def test_of_a_colleague_without_files_it_is_said(app: App) -> None:
    chief, maryam = people.in_charge(app), people.expert(app)
    chief.open("desk.colleague", maryam.account.id or 0).sees(t("team.nothing")).sees_not(t("team.assign"))


@pytest.mark.parametrize("number", [0, 1, 3, 4])
def test_the_newest_three_notes_are_on_the_card_and_all_behind_a_button(app: App, number: int) -> None:
    maryam, sara = people.expert(app), people.officer(app)
    request_id = app.add(request_row(sara.account.id)).id
    for n in range(1, number + 1):
        about = {"subject": "qualification", "subject_id": request_id, "account_id": maryam.account.id}
        app.add(FileNote(text=f"یادداشت شماره {n}", created_at=NOW - timedelta(hours=9 - n), **about))
    people.at_request(maryam, sara)
    on_card = [line[-1] for line in maryam.text.splitlines() if "یادداشت شماره" in line]
    assert on_card == [str(n) for n in range(1, number + 1)][-3:]
    maryam.sees(t("desk.notes", n=digits(number)) if number else t("desk.note_new"))
    assert ("📝 یادداشت همکاران:" in maryam.text) is (number > 0)
    maryam.open("desk.notes", request_id)
    listed = [line[-1] for line in maryam.text.splitlines() if "یادداشت شماره" in line]
    assert listed == [str(n) for n in range(number, 0, -1)]
    assert (t("desk.notes_none") in maryam.text) is (number == 0)
