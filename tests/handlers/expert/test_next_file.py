"""«پرونده بعدی» is the next of the list that one came from; after the last comes the first, with a word."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlmodel import Session, col, select

from storage.enums import Messenger, RequestState
from storage.tables import QualificationRequest
from tests.support.chat_driver import NOW, App, Person
from tests.support.chat_fixtures import ON_BOTH_DATABASES
from tests.support.chat_people import expert, in_charge, tariff
from tests.support.factories.people import officer
from tests.support.factories.qualification import request_row


@pytest.fixture(autouse=True)
def fee(app: App) -> None:
    tariff(app)


def files(app: App, names: str, reviewer: Person | None = None) -> None:
    """One file for each letter, the first the oldest; in review where somebody has them."""

    def unit(db: Session) -> None:
        for n, name in enumerate(names):
            at = NOW - timedelta(hours=len(names) - n)
            more = {"state": RequestState.IN_REVIEW, "reviewer_id": held} if held else {}
            owner = officer(db, f"متقاضی {name}", chat=False).account_id
            code = f"1405010{int(bool(held))}{n:04}"
            row = request_row(owner, tracking_code=code, submitted_at=at, state_since=at, **more)
            row.snapshot = {"first_name": f"متقاضی {name}"}
            db.add(row)

    held = reviewer.account.id if reviewer is not None else None
    app.run(unit)


def seen(maryam: Person, *names: str) -> None:
    for name in names:
        maryam.tap("پرونده بعدی").sees(f"متقاضی {name}")


@ON_BOTH_DATABASES
def test_the_whole_queue_and_its_beginning_again(app: App) -> None:
    """It swung between the two oldest."""
    files(app, "ابپتث")
    maryam = expert(app).open("desk.queue").type("۱").sees("متقاضی ا")
    seen(maryam, *"بپتث")
    assert not maryam.notice
    seen(maryam, "ا")
    assert maryam.notice == "فهرست به پایان رسید؛ از ابتدای آن ادامه می‌دهید."
    seen(maryam, "ب")


def test_from_the_middle_of_a_later_page(app: App) -> None:
    files(app, "ابپتثجچحخدذرزژس")
    maryam = expert(app).open("desk.queue").tap("بعدی").sees("صفحه ۲ از ۲")
    maryam.tap(next(label for label in maryam.labels if "متقاضی ر" in label)).sees("متقاضی ر")
    seen(maryam, *"زژسا")


def test_ones_own_list(app: App) -> None:
    """Also after a decision, which takes the file out of the list; the outcome names the next and counts the rest."""
    maryam = expert(app)
    files(app, "ابپت", maryam)
    files(app, "یک")
    maryam.open("desk.mine").type("۲").sees("متقاضی ب").tap("✅ تأیید", "بله، تأیید می‌کنم")
    maryam.sees("۳ پرونده دیگر در این فهرست است", "پرونده بعدی: 140501010002 — متقاضی پ")
    seen(maryam, "پ", "ت", "ا", "پ")


def test_a_colleague_is_faster(app: App) -> None:
    files(app, "ابپتث")
    maryam, bahar = expert(app), expert(app, "رستمی")
    maryam.open("desk.queue").type("۳").sees("متقاضی پ")
    for _ in range(3):
        bahar.open("desk.queue").type("۱").tap("📌 برداشتن پرونده")
    seen(maryam, "ت", "ث", "ت")


def test_colleagues_are_faster_by_nine_files(app: App) -> None:
    """Who is far down the list goes on from the same file, which has moved up."""
    files(app, "ابپتثجچحخدذرزژسشصضطظعغفقک")
    maryam, bahar = expert(app), expert(app, "رستمی")
    maryam.open("desk.queue").type("۲۰").sees("متقاضی ظ")
    decided = app.all(select(QualificationRequest.id).order_by(col(QualificationRequest.id)).limit(9))
    for number in decided:
        app.change(QualificationRequest, number, state=RequestState.IN_REVIEW, reviewer_id=bahar.account.id)
    seen(maryam, *"عغفق")
    # The first of the list, far from one's place, is opened from elsewhere, and taken by a colleague.
    maryam.open("desk.file", 10).sees("متقاضی د")
    held = {"state": RequestState.IN_REVIEW, "reviewer_id": bahar.account.id}
    app.change(QualificationRequest, 10, **held)
    seen(maryam, "ذ")
    assert not maryam.notice


def test_from_a_file_beside_the_list_one_comes_back_to_ones_place(app: App) -> None:
    maryam = expert(app)
    files(app, "ابپ")
    files(app, "ی", maryam)
    maryam.open("desk.queue").type("۲").sees("متقاضی ب").open("desk.file", 4).sees("متقاضی ی")
    seen(maryam, "ب", "پ")


def test_the_next_file_is_taken_at_once(app: App) -> None:
    """One goes on from it; one that somebody has is only opened, and the last file is followed by none."""
    files(app, "ابپت")
    maryam = expert(app).open("desk.queue").type("۳").sees("متقاضی پ").open("desk.next_claim", 3)
    assert maryam.notice == "پرونده نزد شماست."
    maryam.sees("متقاضی ت", "✅ تأیید")
    assert app.get(QualificationRequest, 4).reviewer_id == maryam.account.id
    maryam.tap("پرونده بعدی").sees("متقاضی ا")
    assert maryam.notice == "فهرست به پایان رسید؛ از ابتدای آن ادامه می‌دهید."
    maryam.tap("📌 برداشتن پرونده").open("desk.mine").type("۱").open("desk.next_claim", 1)
    assert maryam.notice == ""
    maryam.sees("متقاضی ت").open("desk.queue").type("۱").tap("📌 برداشتن پرونده")
    maryam.open("desk.queue").type("۱").open("desk.next_claim", 3)
    assert maryam.notice == "پرونده دیگری در این فهرست نیست."


def test_each_chat_goes_its_own_way(app: App) -> None:
    maryam = expert(app)
    files(app, "ابپ", maryam)
    files(app, "یکل")
    on_bale = maryam.elsewhere(Messenger.BALE).open("desk.queue").type("۱").sees("متقاضی ی")
    maryam.open("desk.mine").type("۱").sees("متقاضی ا")
    seen(on_bale, "ک")
    seen(maryam, "ب")
    seen(on_bale, "ل", "ی")


def test_the_list_of_the_head(app: App) -> None:
    chief, maryam = in_charge(app), expert(app)
    files(app, "ابپ", maryam)
    chief.open("desk.all").type("۲").sees("متقاضی ب")
    seen(chief, "پ", "ا")


def test_the_last_one_left(app: App) -> None:
    files(app, "ا")
    maryam = expert(app).open("desk.queue").type("۱").tap("پرونده بعدی")
    assert maryam.notice == "پرونده دیگری در این فهرست نیست."


def test_an_undone_decision_comes_back_to_its_place(app: App) -> None:
    maryam = expert(app)
    files(app, "ابپ", maryam)
    app.resources.public_info = replace(app.resources.public_info, decision_undo=timedelta(minutes=3))
    maryam.open("desk.mine").type("۱").tap("✅ تأیید", "بله، تأیید می‌کنم").sees("متقاضی ب")
    maryam.tap("↩️ لغو تصمیم").sees("متقاضی ا")
    seen(maryam, "ب", "پ")
    assert app.newest(QualificationRequest).held_until is None
