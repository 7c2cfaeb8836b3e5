"""Rejecting, declaring deficiencies and searching, as experts do it."""

import pytest

from bot.texts import BIDI_MARKS
from storage.enums import RejectReason, RequestState
from storage.tables import SavedPhrase
from tests.support.chat_driver import App, Person
from tests.support.chat_people import (
    at_decision,
    at_request,
    expert,
    in_charge,
    officer,
    request_of,
    submit,
    tariff,
)


@pytest.fixture
def sara(app: App) -> Person:
    tariff(app)
    return submit(officer(app))


@pytest.fixture
def maryam(app: App, sara: Person) -> Person:
    """An expert at the request."""
    return at_decision(expert(app), sara)


def test_a_preset_needs_no_words(sara: Person, maryam: Person) -> None:
    maryam.tap("❌ رد")
    maryam.sees("سارا کریمی‌نژاد", "این متن به متقاضی گفته می‌شود", "📍 استان/شهر نادرست", "سایر", "انصراف")
    maryam.tap("مدارک نامعتبر").sees("بدون توضیح").sees_not("بدون پاسخ")
    maryam.tap("بدون توضیح").sees("رد شود؟", "سارا کریمی‌نژاد", "دلیل: مدارک نامعتبر")
    assert request_of(sara).state is RequestState.IN_REVIEW
    maryam.tap("بله، رد می‌کنم").sees("❌ پرونده", "رد شد", "دلیل: مدارک نامعتبر", "تصمیم: مریم رضایی")
    assert request_of(sara).reject_reason is RejectReason.INVALID_DOCUMENTS


def test_a_preset_with_an_addition(sara: Person, maryam: Person) -> None:
    maryam.tap("❌ رد", "رشته نامرتبط").type("رشته باید مهندسی پزشکی باشد")
    maryam.sees("│ رشته باید مهندسی پزشکی باشد\n└ شما").tap("بله، رد می‌کنم")
    assert request_of(sara).reject_text == "رشته نامرتبط؛ رشته باید مهندسی پزشکی باشد"
    sara.open("qual.track").sees("❌ ردشده", "رشته باید مهندسی پزشکی باشد", "می‌توانید بدون محدودیت")
    sara.sees("ثبت دوباره")


def test_the_experts_own_words_are_a_reason(sara: Person, maryam: Person) -> None:
    maryam.tap("❌ رد").type("کم").sees("لطفاً دلیل را کامل‌تر بنویسید")
    maryam.type("مدارک با هم نمی‌خواند").sees("رد شود؟", "مدارک با هم نمی‌خواند").type("بله").sees("رد شد")
    request = request_of(sara)
    assert (request.reject_reason, request.reject_text) == (RejectReason.OTHER, "مدارک با هم نمی‌خواند")


def test_no_leaves_the_file_as_it_was_and_other_wants_words(sara: Person, maryam: Person) -> None:
    maryam.tap("❌ رد", "رشته نامرتبط").type("رشته باید مهندسی پزشکی باشد").tap("خیر")
    maryam.sees("چیزی رد نشد", "رشته باید مهندسی پزشکی باشد").tap("بدون تغییر").sees(
        "رد شود؟", "رشته نامرتبط"
    )
    maryam.tap("خیر", "انصراف").sees("🔍 در حال بررسی", "❌ رد").tap("❌ رد", "انصراف").sees(
        "متوقف شد", "🔍 در حال بررسی"
    )
    assert request_of(sara).state is RequestState.IN_REVIEW
    maryam.tap("❌ رد", "سایر").sees("توضیح خود را برای متقاضی بنویسید").sees_not("بدون توضیح")
    maryam.type("پرونده تکراری است").tap("بله، رد می‌کنم").sees("رد شد")


def test_items_are_ticked_and_unticked(maryam: Person) -> None:
    maryam.tap("اعلام نواقص")
    assert not {"▫️ استان", "▫️ شهر محل زندگی", "▫️ دانشگاه"} & set(maryam.labels)
    assert all(len(label) <= 20 for label in maryam.labels)
    maryam.tap("ارسال نواقص").sees("هیچ موردی علامت نخورده")
    maryam.tap("▫️ نام پدر").sees("☑️ نام پدر").tap("☑️ نام پدر").sees("▫️ نام پدر").tap("▫️ عکس")
    maryam.type("عکس قدیمی است").tap("ارسال نواقص")
    maryam.sees("ارسال شود؟", "سارا کریمی‌نژاد", "• عکس پرسنلی", "عکس قدیمی است").sees_not("• نام پدر")
    maryam.tap("بله، ارسال شود").sees("⚠️ نواقص پرونده", "• عکس پرسنلی", "تصمیم: مریم رضایی")


def test_each_item_has_its_reason_and_no_keeps_what_was_written(sara: Person, maryam: Person) -> None:
    maryam.tap("اعلام نواقص", "▫️ عکس").sees("دلیل «عکس» را بنویسید").type("چهره پیدا نیست")
    maryam.tap("▫️ مدرک تحصیلی").sees("دلیل «مدرک تحصیلی» را بنویسید").type("مهر دانشگاه ندارد")
    maryam.tap("▫️ نام پدر", "✏️ توضیح کلی").type("لطفاً همه را با هم بفرستید")
    written = ("عکس پرسنلی:\n│ چهره پیدا نیست", "تحصیلی:\n│ مهر دانشگاه ندارد", "• نام پدر", "با هم بفرستید")
    maryam.tap("ارسال نواقص").sees("ارسال شود؟", *written).tap("خیر")
    maryam.sees("چیزی ارسال نشد", "☑️ عکس", "☑️ مدرک تحصیلی", "☑️ نام پدر", "چهره پیدا نیست")
    maryam.sees("مهر دانشگاه ندارد", "با هم بفرستید")
    assert request_of(sara).state is RequestState.IN_REVIEW
    # A tick that is taken off and set again has its words.
    maryam.tap("☑️ عکس").sees_not("چهره پیدا نیست").tap("▫️ عکس").sees("چهره پیدا نیست")
    maryam.tap("ارسال نواقص").sees(*written).tap("بله، ارسال شود").sees("اعلام شد", "چهره پیدا نیست")
    # The officer reads them with each item: in the push, in tracking, at the question, in the timeline.
    (told,) = [push for push in sara.pushes() if push.kind == "N4"]
    for text in (BIDI_MARKS.sub("", told.text), sara.open("qual.track").text):
        assert "• عکس پرسنلی:\n│ چهره پیدا نیست\n└ کارشناس" in text
        assert "• نام پدر" in text
        assert "با هم بفرستید" in text
    sara.open("qual.timeline", request_of(sara).id).sees("• عکس پرسنلی:\n│ چهره پیدا نیست", "با هم بفرستید")
    sara.open("qual.track").tap("رفع نقص").sees("نام پدر", "با هم بفرستید").sees_not("چهره پیدا نیست")
    sara.type("عباس").sees("چهره پیدا نیست").sees_not("مهر دانشگاه", "با هم بفرستید")
    sara.upload().sees("مهر دانشگاه ندارد").sees_not("چهره پیدا نیست").upload()
    sara.tap("توضیحی ندارم", "ارسال دوباره", "بله")
    at_request(maryam, sara).sees("چهره پیدا نیست", "مهر دانشگاه ندارد")


def test_the_reason_of_an_item_is_not_that_of_the_note(maryam: Person) -> None:
    maryam.tap("اعلام نواقص").type("همه مدارک قدیمی است").tap("▫️ عکس").sees("توضیح:", "همه مدارک قدیمی است")
    maryam.type("ت").sees("کامل").type("تار").sees("│ تار")
    maryam.tap("حذف این دلیل").sees_not("│ تار").sees("همه مدارک قدیمی است")
    maryam.tap("✏️ توضیح کلی", "حذف توضیح").sees_not("همه مدارک")


def test_reasons_that_would_not_fit_a_message_are_refused_with_what_to_do(maryam: Person) -> None:
    maryam.tap("اعلام نواقص")
    items = [one.label for one in maryam.screen.buttons() if one.label.startswith("▫️")]
    for label in items[:8]:
        maryam.tap(label).type("خ" * 300)
    maryam.tap(items[8]).type("خ" * 300).sees("روی هم باید حداکثر ۲۴۰۰ حرف باشد")
    maryam.tap("ارسال نواقص").sees("ارسال شود؟").tap("بله، ارسال شود").sees("اعلام شد")


def test_a_rejection_is_in_the_timeline_with_its_reason(sara: Person, maryam: Person) -> None:
    maryam.tap("❌ رد", "مدارک نامعتبر").type("مهر گواهی جعلی است").tap("بله، رد می‌کنم")
    sara.open("qual.timeline", request_of(sara).id).sees("دلیل: مدارک نامعتبر", "مهر گواهی جعلی است")


def test_i_keep_a_text_and_choose_it_for_the_next_file(app: App, sara: Person, maryam: Person) -> None:
    maryam.tap("اعلام نواقص", "▫️ عکس").type("تصویر خوانا نیست").tap("💾 ذخیره این متن")
    maryam.sees("متن ذخیره شد", "تصویر خوانا نیست").sees_not("💾 ذخیره این متن", "متن‌های دیگر")
    maryam.tap("▫️ شناسنامه").sees_not("متن‌های دیگر").tap("تصویر خوانا نیست", "ارسال نواقص")
    maryam.sees("عکس پرسنلی:\n│ تصویر خوانا نیست", "شناسنامه:\n│ تصویر خوانا نیست").tap("خیر", "انصراف")
    # It is mine alone; what the head keeps for all is everybody's.
    bahar, chief = expert(app, "رستمی"), in_charge(app)
    at_request(chief, sara).tap("ارجاع به کارشناس", "مریم رستمی (۰)")
    at_request(bahar, sara).tap("اعلام نواقص", "▫️ عکس").sees_not("تصویر خوانا نیست", "💾 ذخیره برای همه")
    other = submit(officer(app, "رضا"))
    at_decision(chief, other).tap("اعلام نواقص", "▫️ عکس").type("عکس باید زمینه سفید داشته باشد")
    chief.tap("💾 ذخیره برای همه").sees("متن ذخیره شد")
    bahar.tap("☑️ عکس", "▫️ عکس").sees("عکس باید زمینه سفید داشته باشد").tap("عکس باید زمینه سفید داشته باشد")
    bahar.tap("ارسال نواقص").sees("عکس پرسنلی:\n│ عکس باید زمینه سفید داشته باشد")


def test_more_phrases_than_a_screen_holds(app: App, maryam: Person) -> None:
    for number in range(7):
        app.add(SavedPhrase(account_id=maryam.account.id, text=f"متن شماره {number}"))
    maryam.tap("اعلام نواقص", "▫️ عکس").sees("متن شماره 6", "متن شماره 2").sees_not("متن شماره 1")
    maryam.tap("متن‌های دیگر").sees("متن شماره 1", "متن شماره 0").tap("متن شماره 0").sees("│ متن شماره 0")


def test_phrases_begin_at_the_newest_wherever_a_text_is_wanted(app: App, maryam: Person) -> None:
    for number in range(7):
        app.add(SavedPhrase(account_id=maryam.account.id, text=f"متن شماره {number}"))
    first, second = ("متن شماره 6", "متن شماره 2"), ("متن شماره 1", "متن شماره 0")
    maryam.tap("اعلام نواقص").sees_not(*first, *second).tap("▫️ عکس").sees(*first).sees_not(*second)
    for steps in (["▫️ شناسنامه"], ["✏️ توضیح کلی"]):
        maryam.tap("متن‌های دیگر").sees(*second).sees_not(*first).tap(*steps).sees(*first).sees_not(*second)
    maryam.tap("متن‌های دیگر").type("لطفاً همه را با هم بفرستید").sees(*first).sees_not(*second)
    maryam.tap("متن‌های دیگر", "حذف توضیح").sees(*first).sees_not(*second)
    maryam.tap("▫️ نام پدر", "متن‌های دیگر").type("تار است")
    maryam.sees(*first).tap("متن‌های دیگر", "حذف این دلیل").sees(*first).sees_not(*second)


def test_how_long_a_reason_and_the_note_may_be(maryam: Person) -> None:
    """A text without a ticked item at hand is the note, also once the tick is taken off."""
    maryam.tap("اعلام نواقص", "▫️ عکس").type("م" * 301).sees("حداکثر ۳۰۰ حرف").type("م" * 1201)
    maryam.sees("حداکثر ۳۰۰ حرف").type("م" * 300).sees(f"عکس:\n│ {'م' * 300}").type("تا").sees("│ تا\n")
    maryam.tap("☑️ عکس").type("۱۲۳۴").sees("دست‌کم ۵ حرف").type("۱۲۳۴۵").sees("توضیح:\n│ ۱۲۳۴۵")
    maryam.type("ن" * 801).sees("حداکثر ۸۰۰ حرف").type("ن" * 800).sees(f"توضیح:\n│ {'ن' * 800}")
    maryam.open("d.choose", arg="@nothing").sees("ن" * 800)
    maryam.tap("ارسال نواقص").sees("ن" * 800, "ارسال شود؟").sees_not("عکس")


def test_further_phrases_as_the_reason_of_a_rejection(app: App, maryam: Person) -> None:
    for number in range(6):
        app.add(SavedPhrase(account_id=maryam.account.id, text=f"متن شماره {number}"))
    maryam.tap("❌ رد", "سایر").sees("متن شماره 5").sees_not("متن شماره 0").tap("متن‌های دیگر")
    maryam.sees_not("متن شماره 5").tap("متن شماره 0").sees("رد شود؟", "│ متن شماره ۰")


def test_a_rejection_in_words_that_i_keep(sara: Person, maryam: Person) -> None:
    maryam.tap("❌ رد", "مدارک نامعتبر").type("گواهی دوره تاریخ ندارد").tap("💾 ذخیره این متن")
    maryam.sees("رد شود؟", "گواهی دوره تاریخ ندارد", "متن ذخیره شد").sees_not("💾 ذخیره این متن")
    maryam.tap("خیر", "انصراف").tap("❌ رد", "اطلاعات نادرست", "گواهی دوره تاریخ ندارد")
    maryam.sees("رد شود؟", "دلیل: اطلاعات نادرست", "│ گواهی دوره تاریخ ندارد")


@pytest.mark.parametrize(("length", "kept"), [(300, True), (301, False)])
def test_a_text_that_is_too_long_to_keep_is_not_offered(maryam: Person, length: int, kept: bool) -> None:
    maryam.tap("❌ رد", "مدارک نامعتبر").type("م" * length).sees("رد شود؟")
    assert ("💾 ذخیره این متن" in maryam.labels) == kept


REJECTION, APPROVAL = ["❌ رد", "رشته نامرتبط", "بدون توضیح"], ["✅ تأیید"]


@pytest.mark.parametrize(
    ("asked", "yes", "seen"),
    [(REJECTION, "بله، رد می‌کنم", "💳 تأییدشده"), (APPROVAL, "بله، تأیید می‌کنم", "📄 پرونده")],
    ids=["rejecting", "approving"],
)
def test_a_colleague_was_faster(
    app: App, sara: Person, maryam: Person, asked: list[str], yes: str, seen: str
) -> None:
    """The head gave the file to her while it was decided."""
    maryam.tap("↩️ بازگشت به صف")
    bahar = at_decision(expert(app, "رستمی"), sara).tap(*asked)
    at_request(in_charge(app), sara).tap("ارجاع به کارشناس", "مریم رضایی (۰)")
    at_request(maryam, sara).tap("✅ تأیید", "بله، تأیید می‌کنم").sees("تأیید شد")
    bahar.tap(yes).sees("پیش‌تر تصمیم گرفته شده است (مریم رضایی،", seen).sees_not("❌ رد")
    assert request_of(sara).state is RequestState.AWAITING_PAYMENT
    assert len(app.events("approved")) == 1


def test_deficiencies_of_a_file_that_was_withdrawn(sara: Person, maryam: Person) -> None:
    """The question is one that an earlier release asked of a file that nobody has taken."""
    maryam.tap("↩️ بازگشت به صف")
    maryam.open("desk.defects", request_of(sara).id, request_of(sara).version).tap("▫️ عکس", "ارسال نواقص")
    sara.open("qual.track").tap("انصراف از درخواست", "بله، انصراف می‌دهم")
    maryam.tap("بله، ارسال شود").sees("دیگر معتبر نیست", "⚪️ انصراف‌داده‌شده")
