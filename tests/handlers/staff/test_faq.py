"""The directorate keeps the questions of the help."""

from sqlmodel import col, select

from bot.core.screens import Press
from storage.enums import Role
from storage.tables import FaqEntry
from tests.support.chat_driver import App
from tests.support.chat_fixtures import ON_BOTH_DATABASES
from tests.support.chat_people import officer, staff

pytestmark = ON_BOTH_DATABASES


def test_a_new_question_is_in_the_help_at_once(app: App) -> None:
    boss = staff(app).tap("❓ پرسش‌ها").sees("۲. برای احراز صلاحیت چه مدارکی لازم است؟").tap("➕ پرسش جدید")
    boss.type("ساعت کار پشتیبانی چیست؟", "ساعت کار").type("شنبه تا چهارشنبه، {hours}").type("ساعت ساعات")
    boss.tap("✅ تأیید").sees("شناخته نیست: hours").tap("پاسخ").type("شنبه تا چهارشنبه، ۸ تا ۱۴. {support}")
    boss.tap("✅ تأیید").sees("✅ انجام شد.", "نام روی دکمه: ساعت کار")
    officer(app).type("ساعات کاری؟").sees("شنبه تا چهارشنبه", "021-1234")
    (event,) = app.events("faq_added")
    assert event.actor_role is Role.STAFF


def test_change_hide_and_order(app: App) -> None:
    boss = staff(app).tap("❓ پرسش‌ها")
    boss.tap(boss.find_line("مراجعه")).sees("خیر. ثبت درخواست")
    old = boss.button("✏️ ویرایش")
    boss.tap("✏️ ویرایش", "✏️ پاسخ").type("خیر؛ همه کارها در همین گفت‌وگو است.").tap("✅ تأیید")
    boss.sees("✅ انجام شد.", "همه کارها در همین گفت‌وگو است")
    boss.press(old).tap("✏️ پاسخ").type("چیز دیگری درباره مراجعه").tap("✅ تأیید").sees("دیگر معتبر نیست")
    boss.command("menu").tap("❓ پرسش‌ها")
    boss.tap(boss.find_line("مراجعه")).tap("⬆️ بالاتر").sees("۴. آیا باید به دانشگاه مراجعه کنم؟")
    boss.tap(boss.find_line("مراجعه")).tap("⛔️ پنهان کردن").sees("از راهنما پنهان شود؟")
    yes = boss.button("بله، انجام شود")
    boss.tap("بله، انجام شود").sees("اکنون در راهنما دیده نمی‌شود").press(yes).sees("دیگر معتبر نیست")
    assert [e.event for e in app.events("faq_hidden")] == ["faq_hidden"]
    officer(app).open("help").sees_not("مراجعه حضوری")
    boss.tap("✅ نمایش", "بله، انجام شود").sees_not("دیده نمی‌شود")
    positions = app.all(select(FaqEntry.position).order_by(col(FaqEntry.position)))
    assert positions == list(range(1, len(positions) + 1))


def test_forged_buttons_and_others(app: App) -> None:
    for press in (
        Press("staff.faq_do", arg="visit:2"),
        Press("staff.faq_entry", arg="none"),
        Press("staff.faq_move", 1, 5, "fee"),
    ):
        staff(app).press(press).sees("این دکمه دیگر معتبر نیست")
        officer(app).press(press).sees("دسترسی ندارید")
    assert app.get(FaqEntry, "visit").active
