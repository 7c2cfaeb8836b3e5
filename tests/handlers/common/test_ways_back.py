"""From what a list led to, back to the same page of it: lists that are not the expert's worklists, which have a test of their own."""

from storage.enums import CooperationState
from storage.tables import CooperationRequest, SavedPhrase
from tests.handlers.common.test_letters import send_off
from tests.support.chat_driver import NOW, App
from tests.support.chat_people import branch, distributor, eligible, expert, in_charge, officer, pick, staff

ELEVEN = 11


def test_from_a_letter_and_its_attachments_to_the_page_of_the_inbox(app: App) -> None:
    sara, boss = officer(app), staff(app)
    for number in range(ELEVEN):
        send_off(boss, title=f"نامه {number + 1}", files=int(number == 1))
    sara.open("inbox").tap("بعدی").sees("۱۰. 🔵 نامه ۲", "۱۱. 🔵 نامه ۱").tap("۱۰").sees("📬 نامه ۲")
    sara.tap("📎 پیوست‌ها (۱)").tap("📬 صندوق پیام‌ها").sees("قبلی").sees_not("نامه ۱۱")


def test_from_a_colleague_to_the_page_of_the_team(app: App) -> None:
    chief = in_charge(app)
    for number in range(ELEVEN):
        expert(app, f"همکار{number}")
    chief.open("desk.team").tap("بعدی").sees("۱۱. ", "۱۲. ").tap("۱۲").tap("بازگشت")
    chief.sees("۱۱. ", "۱۲. ", "قبلی")


def test_from_a_phrase_to_the_page_it_stood_on(app: App) -> None:
    maryam, boss = expert(app), staff(app)
    for number in range(ELEVEN):
        app.add(SavedPhrase(account_id=maryam.account.id, text=f"متن آماده {number}", used_at=NOW))
    maryam.open("desk.phrases").tap("بعدی").sees("۱۱. ").tap("۱۱").tap("بازگشت").sees("۱۱. ", "قبلی")
    maryam.tap("۱۱", "✏️ ویرایش", "انصراف").tap("بازگشت").sees("۱۱. ", "قبلی")
    boss.open("staff.phrases", arg="sums").tap("بعدی").sees("۱۱. ").tap("۱۱").tap("بازگشت").sees(
        "۱۱. ", "قبلی"
    )


def test_from_a_closed_request_of_a_centre_to_the_page_of_the_archive(app: App) -> None:
    (boss, _), sara = distributor(app), eligible(app)
    for number in range(ELEVEN):
        pick(boss, branch(boss, f"شماره {number}"), sara)
    for request in app.all(CooperationRequest.__table__.select()):  # type: ignore[attr-defined]
        app.change(CooperationRequest, request.id, state=CooperationState.REJECTED_BY_OFFICER)
    sara.open("coop.archive").tap("بعدی").sees("۱۱. ").type("۱۱").tap("بازگشت").sees("۱۱. ", "صفحه ۲ از ۲")
    # The menu leads to its beginning, however far it was read.
    sara.open("centers").tap("آرشیو همکاری").sees("صفحه ۱ از ۲")


def test_the_universities_of_an_export_open_where_the_chosen_one_stands(app: App) -> None:
    boss = staff(app).open("export.kind", 31, arg="files").tap("🏛 دانشگاه", "بعدی", "بعدی")
    chosen = boss.labels[0]
    boss.tap(chosen).tap("🏛 دانشگاه")
    assert boss.labels[0] == chosen
    boss.tap("قبلی", "قبلی")
    assert chosen not in boss.labels
