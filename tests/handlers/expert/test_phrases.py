"""Kept phrases on screens of their own: an expert's, the head's for all, and staff's of any university."""

from sqlmodel import Session, select

from bot.texts import t
from storage.tables import SavedPhrase
from tests.support.chat_driver import NOW, App, Person
from tests.support.chat_fixtures import ON_BOTH_DATABASES
from tests.support.chat_people import expert, in_charge, staff

pytestmark = ON_BOTH_DATABASES

PHRASE = "تصویر صفحه دوم شناسنامه خوانا نیست."


def shown(person: Person) -> list[str]:
    """The lines of the phrases on the screen."""
    return [line for line in person.text.splitlines() if line[:1] in "۱۲۳۴۵۶۷۸۹" and line]


def test_an_expert_writes_changes_and_removes_own_phrases(app: App) -> None:
    maryam = expert(app)
    maryam.command("menu").tap("👥 همکاران", "💬 متن‌های آماده").sees("هنوز متنی ذخیره نکرده‌اید")
    maryam.tap("➕ متن جدید").type("ک").sees("دست‌کم ۲").type(PHRASE)
    maryam.sees("✅ متن ذخیره شد و از این پس پیشنهاد می‌شود.")
    assert shown(maryam) == [f"۱. {PHRASE}"]
    maryam.tap("۱").sees(PHRASE).tap("✏️ ویرایش").sees(PHRASE, "متن جدید را").type("متن دیگر")
    assert shown(maryam) == ["۱. متن دیگر"]
    maryam.tap("۱", "🗑 حذف متن").sees("حذف شود؟", "متن دیگر").tap("خیر، برگرد").sees("متن دیگر")
    maryam.tap("🗑 حذف متن", "بله، حذف شود").sees("هنوز متنی ذخیره نکرده‌اید")
    assert [event.event for event in app.events("phrase_saved", "phrase_changed", "phrase_removed")] == [
        "phrase_saved",
        "phrase_changed",
        "phrase_removed",
    ]


def test_a_second_text_is_kept_beside_the_first_and_the_same_text_once(app: App) -> None:
    maryam, chief = expert(app), in_charge(app)
    for text in (PHRASE, "متن دوم", PHRASE):
        maryam.open("desk.phrases").tap("➕ متن جدید").type(text).sees("✅ متن ذخیره شد")
        chief.open("desk.phrases").tap("➕ متن جدید", "برای همه").type(f"{text} همه")
    assert sorted(line[3:] for line in shown(maryam.open("desk.phrases"))) == sorted([PHRASE, "متن دوم"])
    kept = app.all(select(SavedPhrase))
    assert sorted(one.text for one in kept if one.account_id is None) == sorted(
        [f"{PHRASE} همه", "متن دوم همه"]
    )


def test_a_text_is_not_made_the_same_as_another(app: App) -> None:
    maryam = expert(app)
    for text in (PHRASE, "متن دوم"):
        maryam.open("desk.phrases").tap("➕ متن جدید").type(text)
    second = next(line[0] for line in shown(maryam.open("desk.phrases")) if "متن دوم" in line)
    maryam.tap(second, "✏️ ویرایش").type(PHRASE).sees(t("error.phrase_known"))
    assert sorted(one.text for one in app.all(select(SavedPhrase))) == sorted([PHRASE, "متن دوم"])


def test_the_head_writes_for_all_and_an_expert_only_reads_it(app: App) -> None:
    chief, maryam = in_charge(app), expert(app)
    chief.open("desk.phrases").tap("➕ متن جدید", "برای همه").type(PHRASE)
    assert shown(chief) == [f"۱. برای همه — {PHRASE}"]
    maryam.open("desk.phrases").sees("برای همه کارشناسان دانشگاه:", PHRASE)
    assert "۱" not in maryam.labels
    number = chief.button("۱").press.id  # type: ignore[union-attr]
    for action in ("desk.phrase", "desk.phrase_ask", "desk.phrase_do", "desk.phrase_edit"):
        maryam.open(action, number).sees("دسترسی ندارید")
        expert(app, "دور", university="mui").open(action, number).sees("دسترسی ندارید")
    chief.tap("۱", "🗑 حذف متن", "بله، حذف شود")
    maryam.open("desk.phrases").sees_not(PHRASE)


def test_staff_keep_the_phrases_of_a_university_and_of_its_experts(app: App) -> None:
    maryam, boss = expert(app), staff(app)
    maryam.open("desk.phrases").tap("➕ متن جدید").type(PHRASE)
    boss.open("staff.university", arg="sums").tap("💬 متن‌های آماده")
    assert shown(boss) == [f"۱. مریم رضایی — {PHRASE}"]
    boss.tap("➕ متن جدید").type("برای همه دانشگاه")
    assert "۱. برای همه — برای همه دانشگاه" in shown(boss) or "۲. برای همه — برای همه دانشگاه" in shown(boss)
    boss.press(next(one for one in boss.screen.buttons() if one.press and one.press.action == "desk.phrase"))
    boss.tap("🗑 حذف متن", "بله، حذف شود").sees("متن‌های آماده دانشگاه علوم پزشکی شیراز")
    assert len(shown(boss)) == 1
    maryam.open("staff.phrases", arg="sums").sees("دسترسی ندارید")


def test_forty_phrases_are_four_pages_of_staff_each_of_the_same_university(app: App) -> None:
    maryam, boss = expert(app), staff(app)
    number_of_maryam = maryam.account.id

    def unit(db: Session) -> None:
        for number in range(35):
            db.add(SavedPhrase(account_id=number_of_maryam, text=f"متن شماره {number}", created_at=NOW))

    app.run(unit)
    boss.open("staff.phrases", arg="sums")
    assert len(shown(boss)) == 10
    boss.tap("انتها").sees("۳۵. مریم رضایی — متن شماره 34").tap("قبلی").sees("۲۱. ")
    boss.tap("۲۱").tap("بازگشت").sees("متن‌های آماده دانشگاه علوم پزشکی شیراز")


def test_a_phrase_that_another_removed_or_changed_meanwhile_is_not_changed(app: App) -> None:
    maryam, boss = expert(app), staff(app)
    maryam.open("desk.phrases").tap("➕ متن جدید").type(PHRASE).tap("۱")
    boss.open("staff.phrases", arg="sums").tap("۱", "✏️ ویرایش")
    maryam.tap("✏️ ویرایش").type("متن من")
    boss.type("متن اداره کل").sees_not("متن تغییر کرد")
    assert shown(maryam.open("desk.phrases")) == ["۱. متن من"]
    boss.open("staff.phrases", arg="sums").tap("۱")
    maryam.tap("۱", "🗑 حذف متن", "بله، حذف شود")
    boss.tap("✏️ ویرایش").sees_not("متن جدید را به جای این")
