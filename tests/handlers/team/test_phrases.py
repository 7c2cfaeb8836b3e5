"""Phrases in lists: whose they are, where they stand, and how much of a long one is shown."""

from bot.texts import t
from handlers.team import phrases
from storage.tables import SavedPhrase
from tests.support import chat_people as people
from tests.support.chat_driver import NOW, App


def test_phrases_for_all_stand_below_the_first_page_of_an_expert(app: App) -> None:
    maryam, chief = people.expert(app), people.in_charge(app)
    app.add(SavedPhrase(university_code="sums", text="متن\nدانشگاه", created_at=NOW))
    maryam.open("desk.phrases").sees("💬 متن‌های آماده شما", t("phrases.shared_title"), "• متن دانشگاه")
    for n in range(11):
        app.add(SavedPhrase(account_id=maryam.account.id, text=f"متن من {n}", created_at=NOW))
    maryam.open("desk.phrases").sees(t("phrases.shared_title"), "۱۰. ").sees_not("۱۱. ")
    maryam.tap("بعدی").sees("۱۱. ").sees_not(t("phrases.shared_title"), "متن دانشگاه")
    chief.open("desk.phrases").sees("۱. برای همه — متن دانشگاه").sees_not(t("phrases.shared_title"))
    chief.tap("۱").sees("💬 متن آماده برای همه کارشناسان دانشگاه علوم پزشکی شیراز:", "│ متن\n│ دانشگاه")
    people.staff(app).open("staff.phrases", arg="sums").sees("مریم رضایی — متن من", "متن‌های آماده دانشگاه")


def test_a_long_phrase_is_shortened_in_its_line_and_whole_on_its_card(app: App) -> None:
    maryam = people.expert(app)
    fits, long = "ا" * phrases.LINE, "ب" * (phrases.LINE + 1)
    for text in (fits, long):
        app.add(SavedPhrase(account_id=maryam.account.id, text=text, created_at=NOW))
    maryam.open("desk.phrases").sees(fits).sees_not(long)
    number = next(line[0] for line in maryam.text.splitlines() if "ببب" in line)
    maryam.tap(number).sees(long)


def test_a_phrase_of_a_university_that_is_not_there(app: App) -> None:
    boss = people.staff(app)
    for action in ("staff.phrases", "staff.phrase_new"):
        boss.open(action, arg="nowhere").sees(t("error.stale"))
    assert boss.chat.dialogue is None
