"""General edit, amendment and «اطلاعات من», as the officer and the expert see them in the chat."""

from __future__ import annotations

from datetime import date

import pytest
from sqlmodel import Session, select

from bot.core.context import SYSTEM
from bot.services import qualification
from storage.enums import AccountState, Messenger, RequestKind, RequestState, Role
from storage.tables import Account, Chat, Draft, Officer, Tariff
from tests.conversations.officer.test_qualification_form import request_of
from tests.support.handler_driver import NOW, Visitor, expert, officer, submit

SUMMARY = "لطفاً اطلاعات را با دقت بررسی کنید"
IN_CIRCULATION = "درخواست شما در گردش است؛ تا پایان بررسی و پرداخت، تغییر اطلاعات عمومی ذخیره نمی‌شود."
IMMUTABLE = "کد ملی و تاریخ تولد قابل تغییر نیست. اگر اشتباه ثبت شده است، با اداره کل تماس بگیرید: \u2066021-1234\u2069"


def file_of(visitor: Visitor) -> Officer:
    visitor.db.expire_all()
    return visitor.db.get_one(Officer, visitor.account.id)


@pytest.fixture
def sara(db: Session) -> Visitor:
    """Somebody qualified, by a request of her own."""
    db.add(Tariff(kind=RequestKind.AMENDMENT, amount_rial=2_800_000, valid_from=date(2026, 1, 1)))
    sara, maryam = submit(officer(db)), expert(db, "یکم")
    pass_review(sara, maryam)
    return sara.opens("home")


def pass_review(sara: Visitor, maryam: Visitor) -> None:
    maryam.opens("desk.file", request_of(sara).id or 0).taps("✅ تأیید").taps("بله، تأیید می‌کنم")
    pay(sara)


def pay(sara: Visitor) -> None:
    qualification.complete_request(
        sara.db, request_id=request_of(sara).id or 0, now=NOW, actor=SYSTEM, bank_ref="778"
    )
    sara.db.commit()


def migrated(db: Session) -> Visitor:
    """Somebody of the old system, qualified on experience, with nothing but a name."""
    reza = officer(db, "رضا", "مرادی", migrated=True, mobile=None)
    file = file_of(reza)
    file.level_code = file.field_code = None
    file.legacy_qualified = True
    db.commit()
    return reza


# ── general data ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_list_shows_what_is_stored_and_saves_at_once(sara: Visitor) -> None:
    sara.taps("🎓 احراز صلاحیت").taps("ویرایش اطلاعات عمومی")
    sara.sees("این موارد بدون نیاز به تأیید دانشگاه تغییر می‌کنند.", "نام پدر: علی", "شماره تماس: ندارد")
    sara.sees("شماره همراه: ۰۹۱۲۱۲۳۴۵۶۷ (تأییدنشده)", "جنسیت: زن", "ایمیل: ندارد", "شماره شناسنامه: ۱۲۳۴")
    sara.taps("ایمیل").sees("نشانی ایمیل خود را بفرستید", "انصراف").types("nobody").sees(
        "نشانی ایمیل درست نیست"
    )
    sara.types("Sara@Example.com").sees("تغییر «ایمیل» ذخیره شد.", "ایمیل: \u2066sara@example.com\u2069")
    assert file_of(sara).email == "sara@example.com"
    sara.taps("شماره تماس").sees("پاسخ فعلی: ندارد").types("07132123456").sees("تغییر «شماره تماس» ذخیره شد.")
    sara.taps("جنسیت").taps("مرد").sees("جنسیت: مرد")
    sara.taps("ایمیل").taps("حذف پاسخ").sees("تغییر «ایمیل» ذخیره شد.", "ایمیل: ندارد")
    sara.taps("نام پدر").sees("پاسخ فعلی: علی").taps("بدون تغییر").sees("«نام پدر» بدون تغییر ماند.")
    sara.taps("نام پدر").taps("انصراف").sees("این موارد بدون نیاز به تأیید")
    assert file_of(sara).father_name == "علی"
    assert sara.db.exec(select(Draft)).all() == []


def test_every_free_item_can_be_reached(sara: Visitor) -> None:
    for label in ("نام پدر", "جنسیت", "شماره شناسنامه", "آدرس پستی", "شماره تماس", "ایمیل"):
        sara.opens("general").taps(label).sees("پاسخ فعلی" if label != "ایمیل" else "رد کردن")
    sara.opens("general").taps("شماره همراه").sees("شماره همراه جدید خود را").types("09351112233")
    sara.sees("شماره همراه شما ذخیره شد.", "شماره همراه: ۰۹۳۵۱۱۱۲۲۳۳ (تأییدنشده)", "سایر موارد")
    sara.opens("me.mobile").taps("انصراف").sees("مشخصات ثبت‌شده شما")


def test_two_items_at_once_in_two_chats_do_not_mix(sara: Visitor) -> None:
    other = Visitor(sara.db, sara.account, Role.OFFICER, Messenger.BALE)
    sara.opens("general").taps("نام پدر")
    other.opens("general").taps("آدرس پستی")
    sara.types("حسن").sees("تغییر «نام پدر» ذخیره شد.")
    other.types("اصفهان، خیابان چهارباغ").sees("تغییر «آدرس پستی» ذخیره شد.", "نام پدر: حسن")


def test_what_cannot_be_edited_here_says_why(sara: Visitor) -> None:
    sara.opens("general").taps("🔒 کد ملی").sees(IMMUTABLE, "این موارد بدون نیاز")
    sara.types("تاریخ تولد").sees(IMMUTABLE)
    sara.taps("سایر موارد").sees("با ثبت اصلاحیه و تأیید دانشگاه تغییر می‌کند", "ثبت اصلاحیه")
    for forged in ("first_name", "doc.national_card", "nonsense", ""):
        sara.opens("general.edit", arg=forged).sees("با ثبت اصلاحیه و تأیید دانشگاه تغییر می‌کند")
    sara.taps("ثبت اصلاحیه").sees(SUMMARY)


def test_before_qualification_the_request_changes_the_rest(db: Session) -> None:
    sara = officer(db).opens("qual").taps("ویرایش اطلاعات عمومی").taps("سایر موارد")
    sara.sees("را در درخواست احراز صلاحیت ویرایش کنید").taps("🎓 احراز صلاحیت").sees("وضعیت صلاحیت شما")


def test_in_circulation_nothing_is_saved_and_the_reason_is_said(db: Session) -> None:
    sara = officer(db).opens("general")
    kept = sara.button("نام پدر")
    sara.taps("ایمیل")
    other = Visitor(db, sara.account, Role.OFFICER, Messenger.BALE)
    submit(other)
    # The question was open when the request went out on the other messenger.
    sara.types("a@b.ir").sees(IN_CIRCULATION, "🔎 پیگیری درخواست")
    assert file_of(sara).email is None
    sara.presses(kept).sees(IN_CIRCULATION)
    sara.opens("general").sees(IN_CIRCULATION, "🔎 پیگیری درخواست").sees_not("سایر موارد", "🔒 کد ملی")
    sara.taps("🔎 پیگیری درخواست").sees("⏳ در انتظار بررسی")


def test_a_general_edit_before_the_first_form_leaves_nothing_unasked(db: Session) -> None:
    sara = officer(db).opens("general").taps("آدرس پستی").types("شیراز، خیابان زند، کوچه ۳")
    sara.opens("qual.new").types("علی").taps("زن").types("۱۲۳۴", "فارس", "شیراز").sees("شماره تماس ثابت")
    sara.taps("تلفن ثابت ندارم").sees("نشانی ایمیل").taps("رد کردن").sees("📎")


def test_a_draft_takes_a_general_edit_over(sara: Visitor) -> None:
    sara.opens("qual.amend").taps("بعداً ادامه می‌دهم")
    sara.opens("general").taps("نام پدر").types("حسن").opens("qual.draft")
    sara.sees("نام پدر: حسن").sees_not("قبلی:")
    sara.taps("📤 ثبت نهایی").taps("بله").sees("تغییری ثبت نکرده‌اید.")


# ── amendment ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_amendment_opens_on_the_approved_file_and_marks_what_changed(sara: Visitor, db: Session) -> None:
    sara.opens("qual").sees("وضعیت صلاحیت شما: ✅ تأیید نهایی", "فقط موارد تغییرکرده را ویرایش کنید.")
    sara.taps("ثبت اصلاحیه").sees("اطلاعات جدید پس از تأیید و پرداخت", SUMMARY, "نام: سارا", "تصویر کارت ملی")
    sara.taps("📤 ثبت نهایی").taps("بله").sees("تغییری ثبت نکرده‌اید.", SUMMARY)
    sara.taps("✏️ نام خانوادگی").types("محمدی")
    sara.sees("نام خانوادگی — قبلی: کریمی‌نژاد / جدید: محمدی", "نام: سارا")
    sara.taps("✏️ مقطع تحصیلی").taps("کارشناسی ارشد")
    sara.sees("مقطع تحصیلی — قبلی: کارشناسی / جدید: کارشناسی ارشد")
    sara.taps("✏️ ایمیل").types("a@b.ir").sees("ایمیل — قبلی: ندارد / جدید: \u2066a@b.ir\u2069")
    sara.taps("✏️ مدرک تحصیلی").taps("🗑 حذف").uploads("مدرک.jpg").taps("مدرک بعدی")
    sara.sees("تصویر مدرک تحصیلی — فایل تازه (۱)")
    sara.taps("📤 ثبت نهایی").taps("بله").sees(
        "⏳ در انتظار بررسی", "نام خانوادگی — قبلی: کریمی‌نژاد / جدید: محمدی"
    )
    assert file_of(sara).level_code == "bachelor"

    maryam = expert(db, "دوم")
    maryam.opens("desk.file", request_of(sara).id or 0).sees("اصلاحیه", "متقاضی: سارا کریمی‌نژاد")
    maryam.sees("✏️ تغییرهای خواسته‌شده:", "• نام خانوادگی — قبلی: کریمی‌نژاد / جدید: محمدی")
    maryam.sees("• تصویر مدرک تحصیلی: فایل تازه").sees_not("نام پدر", "شهر محل زندگی")
    maryam.taps("📄 همه اطلاعات").sees("نام پدر: علی", "شهر محل زندگی: شیراز").taps("بازگشت")
    maryam.taps("📎 مدارک").sees("مدرک تحصیلی (۱)", "مدرک تحص…، قبلی (۱)")
    assert sum("قبلی" in label for label in maryam.labels) == 1
    old, new = file_papers(sara)
    maryam.taps("مدرک تحص…، قبلی (۱)")
    assert [(one.file_id, "(قبلی)" in one.caption) for one in maryam.decided.screens[0].attachments] == [
        (old, True)
    ]
    maryam.taps("مدرک تحصیلی (۱)")
    assert [(one.file_id, "(قبلی)" in one.caption) for one in maryam.decided.screens[0].attachments] == [
        (new, False)
    ]
    maryam.opens("desk.file", request_of(sara).id or 0).taps("✅ تأیید").taps("بله، تأیید می‌کنم")
    assert request_of(sara).fee_rial == 2_800_000
    assert (file_of(sara).level_code, name_of(sara)) == ("bachelor", "کریمی‌نژاد")
    sara.opens("qual").sees("وضعیت صلاحیت شما: ✅ تأیید نهایی", "اصلاحیه: 💳 تأییدشده، در انتظار پرداخت")
    pay(sara)
    assert (file_of(sara).level_code, name_of(sara)) == ("master", "محمدی")
    sara.opens("qual.track").sees("اصلاحیه اعمال شد.")
    sara.opens("qual").sees("ثبت اصلاحیه")


def name_of(sara: Visitor) -> str:
    return sara.db.get_one(Account, sara.account.id).last_name


def file_papers(sara: Visitor) -> tuple[int, int]:
    """The degree as it was and as it is asked for."""
    request = request_of(sara)
    return request.before["doc.degree_certificate"][0], request.snapshot["doc.degree_certificate"][0]


def test_another_province_goes_to_its_university(sara: Visitor) -> None:
    expert(sara.db, "اصفهانی", university="mui")
    sara.opens("qual.amend").taps("✏️ استان").types("اصفهان").sees("نام شهر محل زندگی").types("اصفهان")
    sara.sees("استان — قبلی: فارس / جدید: اصفهان").taps("📤 ثبت نهایی").taps("بله").sees("اصفهان")
    assert request_of(sara).university_code == "mui"
    assert file_of(sara).university_code == "sums"


def test_a_rejected_amendment_leaves_its_officer_qualified(sara: Visitor) -> None:
    sara.opens("qual.amend").taps("✏️ نام").types("مینا").taps("📤 ثبت نهایی").taps("بله")
    maryam = expert(sara.db, "دوم").opens("desk.file", request_of(sara).id or 0).taps("❌ رد")
    maryam.taps("اطلاعات نادرست").taps("بدون توضیح").taps("بله، رد می‌کنم")
    sara.opens("qual").sees("وضعیت صلاحیت شما: ✅ تأیید نهایی", "اصلاحیه: ❌ ردشده")
    sara.taps("پیگیری درخواست").sees("دلیل: اطلاعات نادرست").taps("ثبت دوباره").sees(SUMMARY, "نام: سارا")
    assert request_of(sara).kind is RequestKind.AMENDMENT


def test_whoever_is_not_qualified_files_a_request_first(db: Session) -> None:
    sara = officer(db).opens("qual.amend").sees("ثبت اصلاحیه پس از تأیید احراز صلاحیت ممکن است.")
    sara.opens("qual").sees_not("ثبت اصلاحیه")


def test_whoever_is_qualified_amends(sara: Visitor) -> None:
    sara.opens("qual.new").sees("صلاحیت شما تأیید شده است؛ برای تغییر اطلاعات، اصلاحیه ثبت کنید.")
    sara.taps("ثبت اصلاحیه").sees(SUMMARY)


def test_deficiencies_of_an_amendment_are_fixed_like_any_other(sara: Visitor) -> None:
    sara.opens("qual.amend").taps("✏️ نام").types("مینا").taps("📤 ثبت نهایی").taps("بله")
    maryam = expert(sara.db, "دوم").opens("desk.file", request_of(sara).id or 0).taps("اعلام نواقص")
    maryam.taps("▫️ نام").taps("ارسال نواقص").taps("بله، ارسال شود")
    sara.opens("qual.track").taps("رفع نقص").sees("مقدار فعلی: مینا").types("مینو").taps("رد کردن")
    sara.taps("ارسال دوباره").taps("بله").sees("🔍 در حال بررسی")
    maryam.opens("desk.file", request_of(sara).id or 0).sees("• نام — قبلی: سارا / جدید: مینو")
    maryam.sees("• نام — قبلی: مینا / جدید: مینو")


def test_a_migrated_officer_is_asked_only_for_what_is_touched(db: Session) -> None:
    reza = migrated(db).opens("qual").sees("وضعیت صلاحیت شما: ✅ تأیید نهایی").taps("ثبت اصلاحیه")
    reza.sees("استان محل زندگی خود را").types("فارس", "شیراز").sees(SUMMARY, "مقطع تحصیلی: ندارد")
    reza.taps("✏️ نام").types("رضوان").sees(SUMMARY).taps("📤 ثبت نهایی").taps("بله").sees(
        "⏳ در انتظار بررسی"
    )
    maryam = expert(db).opens("desk.file", request_of(reza).id or 0)
    maryam.sees("• نام — قبلی: رضا / جدید: رضوان").taps("📄 همه اطلاعات").sees("بدون مدرک (ثبت قدیمی)")
    maryam.opens("desk.file", request_of(reza).id or 0).taps("اعلام نواقص")
    maryam.taps("▫️ نام").taps("ارسال نواقص").taps("بله، ارسال شود")
    reza.opens("qual.track").taps("رفع نقص").types("رضوانه").taps("رد کردن").sees("پس از بررسی")
    reza.taps("ارسال دوباره").taps("بله").sees("🔍 در حال بررسی")


def test_a_degree_brings_its_field_and_its_paper(db: Session) -> None:
    reza = migrated(db).opens("qual.amend").types("فارس", "شیراز").taps("✏️ مقطع تحصیلی").taps("کارشناسی")
    reza.sees("نام رشته تحصیلی").sees_not("رد کردن").types("مهندسی مکانیک").sees("📎 «تصویر مدرک تحصیلی»")
    reza.uploads("مدرک.jpg").taps("مدرک بعدی").sees(SUMMARY, "مقطع تحصیلی — قبلی: ندارد / جدید: کارشناسی")
    reza.taps("📤 ثبت نهایی").taps("بله").sees("⏳ در انتظار بررسی")
    assert request_of(reza).state is RequestState.SUBMITTED


def test_what_is_empty_may_be_passed_by(db: Session) -> None:
    """Also the level and the field, each of which asks for the other only where it is given."""
    reza = migrated(db).opens("qual.amend").types("فارس", "شیراز")
    for label in ("✏️ مقطع تحصیلی", "✏️ رشته تحصیلی", "✏️ نام پدر", "✏️ مدرک تحصیلی"):
        reza.taps(label).taps("رد کردن").sees(SUMMARY)


# ── my data ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_my_data_shows_everything(sara: Visitor) -> None:
    other = Visitor(sara.db, sara.account, Role.OFFICER, Messenger.BALE)
    link(sara, other)
    sara.taps("👤 اطلاعات من").sees("مشخصات ثبت‌شده شما:", "نام: سارا", "تاریخ تولد: ۱۳۶۵/۰۴/۱۲")
    sara.sees("مقطع تحصیلی: کارشناسی", "شهر محل زندگی: شیراز", "دانشگاه: دانشگاه علوم پزشکی شیراز")
    sara.sees("آدرس پستی: شیراز، خیابان زند، کوچه ۳، پلاک ۷", "شماره شناسنامه: ۱۲۳۴", "ایمیل: ندارد")
    sara.sees("مدارک: کارت ملی (۱)", "وضعیت صلاحیت: ✅ تأیید نهایی", "نقش: مسئول فنی")
    sara.sees("گفت‌وگوهای متصل:", "تلگرام", "بله", "ویرایش اطلاعات عمومی", "ثبت اصلاحیه")
    (way_out,) = [label for label in sara.labels if label.startswith("خروج از")]
    sara.taps("📎 مدارک من").taps("کارت ملی (۱)")
    assert len(sara.decided.screens[0].attachments) == 1
    sara.sees("مدارک تأییدشده شما").taps("بازگشت").taps(way_out).sees("از حساب شما خارج شد")
    chat = sara.db.exec(select(Chat).where(Chat.chat_id == other.chat_id)).one()
    assert chat.account_id is None
    sara.opens("me").taps("ویرایش اطلاعات عمومی").sees("این موارد بدون نیاز")
    sara.opens("me").taps("ثبت اصلاحیه").sees(SUMMARY)


def link(*visitors: Visitor) -> None:
    for one in visitors:
        chat = one.db.exec(select(Chat).where(Chat.chat_id == one.chat_id)).one()
        chat.linked_at = NOW
    visitors[0].db.commit()


def test_my_data_of_a_migrated_officer_says_what_is_missing(db: Session) -> None:
    reza = migrated(db).opens("me").sees("مقطع تحصیلی: بدون مدرک (ثبت قدیمی)", "مدارک: بدون مدرک (ثبت قدیمی)")
    reza.taps("📎 مدارک من").sees("بدون مدرک (ثبت قدیمی)")
    reza.opens("me.document", arg="national_card").sees("این فایل دیگر در دسترس نیست")


def test_my_data_while_an_amendment_is_open_shows_the_approved_file(sara: Visitor) -> None:
    sara.opens("qual.amend").taps("✏️ نام").types("مینا").taps("📤 ثبت نهایی").taps("بله")
    sara.opens("me").sees("نام: سارا", "وضعیت صلاحیت: ✅ تأیید نهایی").sees_not("ثبت اصلاحیه", "مینا")


def test_my_data_is_paged_where_it_is_long(sara: Visitor) -> None:
    for _ in range(90):
        link(Visitor(sara.db, sara.account, Role.OFFICER, Messenger.BALE))
    sara.opens("me").sees("صفحه ۱ از", "بعدی", "گفت‌وگوهای متصل").sees_not("خروج از ۲").taps("بعدی")
    sara.sees("صفحه ۲ از", "قبلی")


def test_an_expert_sees_own_data_without_an_officers_file(db: Session) -> None:
    maryam = expert(db).opens("me").sees("نام: مریم", "نقش: کارشناس، دانشگاه علوم پزشکی شیراز")
    maryam.sees_not("ویرایش اطلاعات عمومی", "مدارک")
    maryam.opens("general").sees("شما به این پرونده دسترسی ندارید")


def test_a_suspended_officer_reads_and_changes_nothing(sara: Visitor) -> None:
    suspend(sara)
    sara.opens("me").sees("نام: سارا", "📎 مدارک من").sees_not("ثبت اصلاحیه", "ویرایش اطلاعات عمومی")
    sara.opens("general").sees("نام پدر: علی").sees_not("سایر موارد")
    for action, arg in (("general.edit", "father_name"), ("qual.amend", "")):
        sara.opens(action, arg=arg).sees("حساب شما غیرفعال شده است")


def suspend(sara: Visitor) -> None:
    sara.db.get_one(Account, sara.account.id).state = AccountState.SUSPENDED
    sara.db.commit()
