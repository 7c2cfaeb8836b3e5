"""«اطلاعات من» in other roles than the officer's, its pages, and the chats that are logged in."""

from collections.abc import Callable

import pytest

from bot.services import accounts
from bot.texts import t
from handlers.account import my_data
from storage.enums import Role
from storage.tables import Account, Chat
from tests.support import chat_people as people
from tests.support.chat_driver import App, Person


def in_another_role(app: App) -> Person:
    """A qualified officer at the desk of an expert."""
    sara = people.eligible(app)
    people.grant(sara, Role.EXPERT, university_code="sums")
    app.change(Chat, sara.chat.id, role=Role.EXPERT)
    return sara


def test_an_officer_in_another_role_reads_the_file_and_changes_nothing_there(app: App) -> None:
    sara = in_another_role(app).open("me").sees("تاریخ تولد: ۱۳۶۵/۰۴/۱۲", "وضعیت درخواست: ✅ تأیید نهایی")
    sara.sees("نقش: مسئول فنی", "نقش: کارشناس، دانشگاه علوم پزشکی شیراز")
    sara.sees_not(t("my.documents"), t("qual.general"), t("qual.amend"))
    app.change(Chat, sara.chat.id, role=Role.OFFICER)
    sara.open("me").sees(t("my.documents"), t("qual.general"), t("qual.amend"))


@pytest.mark.parametrize(
    ("who", "suspended", "below"),
    [
        (people.expert, False, t("chats.title")),
        (people.expert, True, "مدارک نادرست"),
        (people.officer, True, t("chats.title")),
    ],
)
def test_after_another_chat_was_signed_out_comes_what_may_still_be_read(
    app: App, who: Callable[[App], Person], suspended: bool, below: str
) -> None:
    person = who(app)
    other = person.elsewhere().chat
    if suspended:
        people.suspend(person)
    person.open("me.signout", other.id or 0, accounts.session_mark(other)).sees(t("chats.signed_out"), below)
    assert app.get(Chat, other.id).account_id is None


def test_signing_out_of_this_chat_is_logging_out(app: App) -> None:
    maryam = people.expert(app)
    this = maryam.chat
    maryam.open("me.signout", this.id or 0, accounts.session_mark(this)).sees(
        t("menu.logged_out"), "📝 ثبت‌نام"
    )
    assert app.get(Chat, this.id).account_id is None


@pytest.mark.parametrize(("others", "at_once"), [(3, 3), (4, 0)])
def test_few_other_chats_are_signed_out_of_at_once(app: App, others: int, at_once: int) -> None:
    maryam = people.expert(app)
    for _ in range(others):
        maryam.elsewhere()
    signs = [label for label in maryam.open("me").labels if label.startswith("بستن ورود")]
    assert len(signs) == at_once
    maryam.tap(t("chats.button"))
    assert len([label for label in maryam.labels if label.startswith("بستن ورود")]) == others


def test_lines_that_fill_a_page_to_its_last_character_stay_on_it() -> None:
    half = "ا" * (my_data.PAGE // 2)
    assert my_data._split_into_pages([half, half[:-1], "ب"]) == [[half, half[:-1]], ["ب"]]
    assert my_data._split_into_pages([half, half]) == [[half], [half]]


def test_the_documents_of_somebody_without_any(app: App) -> None:
    """What the old system took over without papers is said of who came from there and is qualified, alone."""
    for migrated, qualified in ((False, False), (True, False), (False, True), (True, True)):
        person = people.eligible(app) if qualified else people.officer(app)
        app.change(Account, person.account.id, migrated=migrated)
        key = "amend.no_documents" if migrated and qualified else "desk.documents_none"
        person.open("me.documents").sees(t(key))
