"""Resolving deficiencies, as the officer does it and the same expert sees it."""

from sqlmodel import select

from storage.enums import RequestState
from storage.tables import DeficiencyRound, DegreeLevel, Draft
from tests.support.chat_driver import App, Person
from tests.support.chat_people import at_decision, at_request, expert, officer, request_of, submit

SUMMARY = "اصلاح‌ها را مرور کنید"


def deficient(app: App, *labels: str, note: str | None = None) -> tuple[Person, Person]:
    """An officer whose file has these items ticked, and the expert who ticked them."""
    sara, maryam = submit(officer(app)), expert(app)
    at_decision(maryam, sara).tap("اعلام نواقص")
    for label in labels:
        maryam.tap(f"▫️ {label}")
    if note:
        if labels:
            maryam.tap("توضیح کلی")
        maryam.type(note)
    maryam.tap("ارسال نواقص").sees("ارسال شود؟").tap("بله، ارسال شود").sees("نواقص پرونده", "اعلام شد")
    assert request_of(sara).state is RequestState.DEFICIENT
    return sara.open("qual.track"), maryam


def test_only_the_ticked_items_are_asked(app: App) -> None:
    sara, maryam = deficient(app, "نام پدر", "مدرک تحصیلی", note="مدرک خوانا نیست")
    sara.sees("⚠️ دارای نقص", "• نام پدر", "• تصویر مدرک تحصیلی", "│ مدرک خوانا نیست\n└ کارشناس")
    sara.tap("رفع نقص").sees("نام پدر خود را", "مقدار فعلی: علی", "│ مدرک خوانا نیست\n└ کارشناس")
    sara.type("عباس").sees("📎 «تصویر مدرک تحصیلی»", "جایگزین فایل‌های قبلی")
    sara.upload("مدرک.jpg").sees("اگر توضیحی برای کارشناس دارید").type("خواناتر فرستادم")
    sara.sees(SUMMARY, "نام پدر: عباس").tap("ارسال دوباره").sees("به همان کارشناس بازمی‌گردد").tap("بله")
    sara.sees("🔍 در حال بررسی")
    request = request_of(sara)
    assert (request.state, request.reviewer_id) == (RequestState.IN_REVIEW, maryam.account.id)
    maryam.open("desk.file", request.id or 0)
    maryam.sees("• نام پدر — قبلی: علی / جدید: عباس", "• تصویر مدرک تحصیلی: فایل جدید")
    maryam.sees("│ خواناتر فرستادم\n└ متقاضی")


def test_the_words_of_both_sides_arrive_as_they_were_written(app: App) -> None:
    note = "لطفاً صفحهٔ ۲ را طبق https://imed.ir/Default.aspx?PageName=News&ID=2068 بفرستید؛ ISO 13485، محمّد"
    sara, maryam = deficient(app, "نام پدر", note=note)
    assert app.newest(DeficiencyRound).note == note
    sara.sees("لطفاً صفحهٔ ۲ را", "PageName=News&ID=2068", "ISO 13485، محمّد").tap("رفع نقص", "توضیح می‌دهم")
    sara.type("طبق برگۀ A4 و نامهٔ ID=77، بند ۳").tap("توضیحی ندارم").sees("طبق برگۀ A4 و نامهٔ ID=77، بند ۳")
    at_request(maryam, sara.tap("ارسال دوباره", "بله")).sees("طبق برگۀ A4 و نامهٔ ID=77، بند ۳")


def test_the_old_value_is_no_answer_and_may_be_explained(app: App) -> None:
    sara, maryam = deficient(app, "نام پدر")
    sara.tap("رفع نقص").type("علی").sees("این همان مقدار قبلی است")
    sara.tap("توضیح می‌دهم").sees("برای «نام پدر» توضیح خود را").type("کم")
    sara.sees("لطفاً کامل‌تر بنویسید").type("نام پدرم همین است").tap("توضیحی ندارم")
    sara.sees(SUMMARY, "توضیح «نام پدر»: نام پدرم همین است").tap("ارسال دوباره", "بله")
    assert request_of(sara).snapshot["father_name"] == "علی"
    at_request(maryam, sara)
    maryam.sees("• نام پدر؛ پاسخ متقاضی:\n│ نام پدرم همین است\n└ متقاضی", "بدون تغییر در اطلاعات")


def test_a_paper_may_be_explained(app: App) -> None:
    sara, _ = deficient(app, "کارت ملی")
    sara.tap("رفع نقص", "توضیح می‌دهم").type("کارت من همین است").tap("توضیحی ندارم", "ارسال دوباره")
    sara.tap("بله").sees("🔍 در حال بررسی")
    assert len(request_of(sara).snapshot["doc.national_card"]) == 1


def test_sent_files_are_not_lost_to_an_explanation(app: App) -> None:
    sara, _ = deficient(app, "کارت ملی")
    sara.tap("رفع نقص").sees("توضیح می‌دهم").upload().sees_not("توضیح می‌دهم")


def test_the_region_is_locked_and_the_rest_may_be_edited(app: App) -> None:
    sara, _ = deficient(app, "نام پدر")
    sara.tap("رفع نقص").type("عباس").tap("توضیحی ندارم").sees(SUMMARY)
    sara.tap("⬅️ نشانی و تماس")
    assert not {"✏️ استان", "✏️ شهر محل زندگی", "✏️ دانشگاه"} & set(sara.labels)
    sara.tap("✏️ آدرس محل زندگی").type("شیراز، خیابان ارم، پلاک ۲").sees(SUMMARY, "ارم")
    sara.tap("⬅️ مدارک", "✏️ مدارک اختیاری", "▫️ سوابق", "ادامه").upload().tap("ارسال دوباره", "بله")
    snapshot = request_of(sara).snapshot
    assert snapshot["postal_address"] == "شیراز، خیابان ارم، پلاک ۲"
    assert (snapshot["province"], snapshot["city"]) == ("فارس", "شیراز")
    assert len(snapshot["doc.work_experience"]) == 1


def test_a_note_alone_wants_an_answer_or_a_change(app: App) -> None:
    sara, maryam = deficient(app, note="تاریخ مدرک را توضیح دهید")
    sara.sees("│ تاریخ مدرک را توضیح دهید\n└ کارشناس").tap("رفع نقص")
    sara.sees("کارشناس درباره درخواست شما نوشته است:\n│ تاریخ مدرک را توضیح دهید\n└ کارشناس").tap(
        "بعداً ویرایش می‌کنم"
    )
    sara.tap("ارسال دوباره").sees("به توضیح کارشناس پاسخ دهید", SUMMARY).sees_not("ادامه می‌دهید؟")
    sara.tap("✏️ توضیح شما").type("مدرک سال ۱۳۹۰ است").tap("ارسال دوباره", "بله")
    at_request(maryam, sara).sees("│ مدرک سال ۱۳۹۰ است\n└ متقاضی")


def test_what_cannot_be_sent_is_told_before_the_question(app: App) -> None:
    sara, _ = deficient(app, "رشته تحصیلی")
    sara.tap("رفع نقص").type("مهندسی مکانیک").tap("توضیحی ندارم").sees(SUMMARY)
    app.change(DegreeLevel, "bachelor", allowed=False)
    sara.tap("ارسال دوباره").sees("ثبت این رشته یا مقطع مجاز نیست", SUMMARY).sees_not("ادامه می‌دهید؟")


def test_an_address_of_another_city_is_pointed_out_before_it_is_sent(app: App) -> None:
    sara, _ = deficient(app, "آدرس محل زندگی")
    sara.tap("رفع نقص").type("تهران، خیابان آزادی، پلاک ۳").tap("توضیحی ندارم", "ارسال دوباره")
    sara.sees("آدرس شما از «تهران» نام می‌برد", "«شیراز» ثبت شده است", "ادامه می‌دهید؟")
    sara.tap("خیر", "✏️ آدرس محل زندگی").type("شیراز، خیابان ارم، پلاک ۳").tap("ارسال دوباره")
    sara.sees("ادامه می‌دهید؟").sees_not("نام می‌برد").tap("بله").sees("🔍 در حال بررسی")


def test_a_field_of_ones_own_words_is_asked_for_them(app: App) -> None:
    sara, _ = deficient(app, "رشته تحصیلی")
    sara.tap("رفع نقص").type("ناموجود").tap("رشته من در فهرست نیست", "توضیحی ندارم")
    sara.sees("همان‌طور که در مدرک آمده").type("مهندسی تجهیزات").tap("ارسال دوباره", "بله")
    assert request_of(sara).snapshot["field_note"] == "مهندسی تجهیزات"


def test_fixing_can_wait_and_a_new_gender_asks_for_the_mens_card(app: App) -> None:
    sara, _ = deficient(app, "نام پدر", "جنسیت")
    sara.tap("رفع نقص").type("عباس").tap("بعداً ادامه می‌دهم").sees("پاسخ‌های شما ذخیره شد", "⚠️ دارای نقص")
    sara.tap("رفع نقص").sees("جنسیت خود را").tap("مرد", "توضیحی ندارم").sees("📎 «کارت پایان خدمت یا معافیت»")
    sara.upload().tap("ارسال دوباره", "بله")
    assert len(request_of(sara).snapshot["doc.military_card"]) == 1


def test_a_second_round_asks_anew(app: App) -> None:
    sara, maryam = deficient(app, "نام پدر")
    kept = sara.button("رفع نقص")
    sara.tap("رفع نقص").type("عباس").tap("توضیحی ندارم", "ارسال دوباره", "بله").press(kept).sees(
        "🔍 در حال بررسی"
    )
    at_decision(maryam, sara).tap("اعلام نواقص", "▫️ جنسیت")
    maryam.tap("ارسال نواقص", "بله، ارسال شود")
    sara.open("qual.track").tap("رفع نقص").sees("جنسیت خود را").sees_not("عباس")
    rounds = app.all(select(DeficiencyRound).where(DeficiencyRound.request_id == request_of(sara).id))
    assert [one.round for one in rounds] == [1, 2]
    at_request(maryam, sara).tap("نقص‌های قبلی").sees("نوبت ۱", "نوبت ۲")


def test_a_rejection_meanwhile_ends_the_fixing(app: App) -> None:
    sara, maryam = deficient(app, "نام پدر")
    sara.tap("رفع نقص").type("عباس").tap("توضیحی ندارم", "ارسال دوباره")
    at_decision(maryam, sara).tap("❌ رد", "رشته نامرتبط", "بدون توضیح")
    maryam.tap("بله، رد می‌کنم")
    sara.tap("بله").sees("دیگر معتبر نیست", "❌ ردشده", "دلیل: رشته نامرتبط", "ثبت دوباره")
    assert app.all(select(Draft)) == []


def test_a_paper_that_is_not_at_hand_does_not_block_the_other_items(app: App) -> None:
    sara, _ = deficient(app, "شناسنامه", "مدرک تحصیلی")
    sara.tap("رفع نقص").sees("(۱ از ۳)", "بعداً می‌فرستم").tap("بعداً می‌فرستم").sees(
        "📎 «تصویر مدرک تحصیلی»", "(۲ از ۳)"
    )
    sara.upload().tap("توضیحی ندارم").sees("📎 «تصویر شناسنامه»").tap("بعداً می‌فرستم")
    sara.sees("هنوز مانده است", "• تصویر شناسنامه").tap("📎 ارسال مدارک مانده").upload()
    sara.tap("ارسال دوباره", "بله").sees("🔍 در حال بررسی")


def test_a_request_given_up_in_the_middle_leaves_no_question(app: App) -> None:
    sara, _ = deficient(app, "نام پدر")
    request = request_of(sara)
    sara.tap("رفع نقص").sees("نام پدر خود را")
    sara.open("qual.withdraw_do", request.id or 0, request.version)
    assert request_of(sara).state is RequestState.WITHDRAWN
    assert app.all(select(Draft)) == []
    sara.type("عباس").sees_not("نام پدر خود را", "شماره پیگیری خطا")


def test_a_word_to_the_bot_is_no_new_value(app: App) -> None:
    """As in the form itself: «انصراف» is asked about, and no father's name."""
    sara, _ = deficient(app, "نام پدر")
    sara.tap("رفع نقص").type("انصراف").sees("«انصراف»", "راهنما")
    assert "father_name" not in sara.answers
    sara.tap("توقف").open("qual.track").tap("رفع نقص").type("رضا").sees("اگر توضیحی برای کارشناس دارید")
    assert sara.answers["father_name"] == "رضا"
