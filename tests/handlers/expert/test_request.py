"""The expert's worklist: queue, request card, documents, decisions, and who may do what."""

from collections import Counter
from datetime import timedelta

import pytest
from sqlmodel import Session, delete, select

from bot.texts import t
from storage.enums import RequestState, Role
from storage.tables import AuditEvent, DocumentType, QualificationRequest, Tariff
from tests.support.chat_driver import NOW, App, Person
from tests.support.chat_fixtures import ON_BOTH_DATABASES
from tests.support.chat_people import (
    at_decision,
    at_documents,
    at_request,
    expert,
    grant,
    in_charge,
    officer,
    request_of,
    send_documents,
    staff,
    submit,
    tariff,
)
from tests.support.factories.people import account
from tests.support.factories.qualification import request_row
from tests.support.plans import listened


@pytest.fixture(autouse=True)
def fee(app: App) -> None:
    tariff(app)


@pytest.fixture
def sara(app: App) -> Person:
    """An officer whose request waits."""
    return submit(officer(app))


@pytest.fixture
def maryam(app: App) -> Person:
    return expert(app)


def many(app: App, number: int) -> None:
    """`number` requests in the queue, the first the oldest."""

    def unit(db: Session) -> None:
        for n in range(number):
            owner, at = account(db, "متقاضی", chat=False).id, NOW - timedelta(hours=number - n)
            db.add(request_row(owner, tracking_code=f"14050101{n:04}", submitted_at=at, state_since=at))

    app.run(unit)


def test_an_empty_queue_and_who_sees_all(app: App) -> None:
    maryam = expert(app).open("desk.queue").sees("پرونده‌ای در انتظار بررسی نیست", "🗂 پرونده‌های من")
    maryam.sees("🏠 منوی اصلی").sees_not("👥 نزد کارشناسان").open("desk.all").sees("دسترسی ندارید")
    in_charge(app).open("desk.queue").sees("👥 نزد کارشناسان")


def test_four_hundred_files_are_comfortable(app: App) -> None:
    many(app, 400)
    maryam = expert(app).open("desk.queue")
    maryam.sees("📥 ۴۰۰ پرونده در انتظار بررسی است", "قدیمی‌ترین: ۱۶ روز", "صفحه ۱ از ۴۰", "140501010000")
    maryam.sees_not("قبلی", "140501010010").tap("بعدی").sees("صفحه ۲ از ۴۰", "140501010010", "قبلی")
    maryam.tap("انتها").sees("صفحه ۴۰ از ۴۰", "140501010399").sees_not("بعدی").tap("ابتدا")
    maryam.sees("صفحه ۱ از ۴۰")
    maryam.open("desk.queue", arg="9999").sees("صفحه ۴۰ از ۴۰").open("desk.queue", arg="x")
    maryam.sees("صفحه ۱ از ۴۰")
    assert len(list(maryam.screen.rows)) <= 8
    maryam.tap("📂 همه فهرست‌ها", "📌 برداشتن چند پرونده").sees("چند پرونده")


def test_the_next_file(app: App) -> None:
    first, second = submit(officer(app)), submit(officer(app, "رضا"), gender="مرد")
    maryam = expert(app).open("desk.queue").type("۱").sees("وضعیت: ⏳ در انتظار بررسی", "متقاضی: سارا")
    maryam.tap("پرونده بعدی").sees("متقاضی: رضا")
    maryam.tap("پرونده بعدی").sees("متقاضی: سارا").tap("📌 برداشتن پرونده", "✅ تأیید", "بله، تأیید می‌کنم")
    maryam.sees("✅ پرونده", "تأیید شد", "تصمیم: مریم رضایی", "۱ پرونده دیگر مانده")
    maryam.tap("پرونده بعدی").sees("متقاضی: رضا").tap("پرونده بعدی")
    assert maryam.notice == "پرونده دیگری در این فهرست نیست."
    assert request_of(first).state is RequestState.AWAITING_PAYMENT
    assert request_of(second).state is RequestState.SUBMITTED


def test_what_follows_a_decision_is_looked_for_once(app: App) -> None:
    for name in ("سارا", "رضا"):
        submit(officer(app, name), gender="مرد")
    maryam = expert(app).open("desk.queue").type("۱").tap("📌 برداشتن پرونده", "✅ تأیید")
    with listened() as asked:
        maryam.tap("بله، تأیید می‌کنم").sees("۱ پرونده دیگر مانده", "پرونده بعدی")
    lists = [one.sql for one in asked if "FROM qualification_request" in one.sql and "LIMIT" in one.sql]
    assert lists
    assert max(Counter(lists).values()) == 1


def test_the_card_shows_everything(app: App) -> None:
    sara = submit(officer(app, mobile_verified=False), gender="مرد")
    maryam = at_request(expert(app), sara).sees("درخواست جدید", "در انتظار: کمتر از یک ساعت")
    maryam.sees("متقاضی: سارا کریمی‌نژاد", "کارشناسی، مهندسی پزشکی — فارس، شیراز", "۸ مدرک، ۸ فایل")
    maryam.tap("📄 همه اطلاعات").sees("تاریخ تولد: ۱۳۶۵/۰۴/۱۲")
    maryam.sees("مقطع تحصیلی: کارشناسی", "شماره شناسنامه: ۱۲۳۴", "شماره همراه: ۰۹۱۲۱۲۳۴۵۶۷")
    maryam.sees("⚠️ شماره همراه با دکمه ارسال تأیید نشده است")
    maryam.sees("آدرس محل زندگی: شیراز، خیابان زند", "پایان خدمت (۱)", "تلفن ثابت: ندارد")
    verified = submit(officer(app, "رضا", mobile_verified=True))
    at_decision(maryam, verified).sees_not("تأیید نشده است")
    maryam.tap("📄 همه اطلاعات").sees("شماره همراه").sees_not("تأیید نشده است")


def test_the_national_code_is_for_the_reviewer_alone(app: App, sara: Person, maryam: Person) -> None:
    """Also where it is the number of the birth certificate."""
    request, code = request_of(sara), sara.account.national_code or ""
    app.change(QualificationRequest, request.id, snapshot=request.snapshot | {"birth_cert_no": code})
    whole = code.translate(str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹"))
    masked = "کد ملی: \u2066•••••••", "شماره شناسنامه: \u2066•••••••"
    at_request(maryam, sara).sees("کد ملی \u2066•••••••").sees_not(whole, code)
    maryam.tap("📄 همه اطلاعات").sees(*masked).sees_not(whole, code)
    maryam.tap("بازگشت", "📌 برداشتن پرونده").sees("متقاضی: سارا کریمی‌نژاد")
    assert whole in maryam.files[0].caption
    maryam.tap("📄 همه اطلاعات").sees(f"کد ملی: {whole}", f"شماره شناسنامه: {whole}")
    at_request(in_charge(app), sara).sees(*masked).sees_not(whole, code)


def test_claiming_and_giving_back(app: App, sara: Person, maryam: Person) -> None:
    bahar = expert(app, "رستمی")
    at_request(bahar, sara)
    at_request(maryam, sara).tap("📌 برداشتن پرونده").sees("🔍 در حال بررسی", "بازگشت به صف")
    assert maryam.notice == "پرونده نزد شماست."
    bahar.tap("📌 برداشتن پرونده").sees("این پرونده نزد مریم رضایی است", "🔍 در حال بررسی")
    bahar.sees("کارشناس: مریم رضایی")
    assert not {"✅ تأیید", "❌ رد", "⚠️ اعلام نواقص", "📌 برداشتن پرونده"} & set(bahar.labels)
    maryam.open("desk.mine").sees("🗂 ۱ پرونده نزد شماست", "سارا", "جدید").type("1")
    maryam.tap("↩️ بازگشت به صف").sees("⏳ در انتظار بررسی", "📌 برداشتن پرونده")
    bahar.open("desk.queue").sees("📥 ۱ پرونده")


def test_approval_wants_a_yes_to_a_fresh_question(sara: Person, maryam: Person) -> None:
    at_decision(maryam, sara).tap("✅ تأیید").sees("تأیید شود؟", "متقاضی: سارا کریمی‌نژاد").tap("خیر")
    kept = maryam.sees("🔍 در حال بررسی").button("✅ تأیید")
    maryam.tap("↩️ بازگشت به صف", "📌 برداشتن پرونده").press(kept).sees("دیگر معتبر نیست")
    maryam.tap("پرونده").sees("🔍 در حال بررسی")
    assert request_of(sara).state is RequestState.IN_REVIEW
    maryam.tap("✅ تأیید", "بله، تأیید می‌کنم", "📄 پرونده").sees("💳 تأییدشده")
    assert not {"✅ تأیید", "❌ رد", "⚠️ اعلام نواقص", "↩️ بازگشت به صف"} & set(maryam.labels)


def test_no_tariff_no_approval(app: App, sara: Person, maryam: Person) -> None:
    app.run(lambda db: db.exec(delete(Tariff)))
    at_decision(maryam, sara).tap("✅ تأیید", "بله، تأیید می‌کنم").sees("تعرفه بررسی هنوز تعیین نشده است")
    assert request_of(sara).state is RequestState.IN_REVIEW


def test_every_view_of_a_paper_is_recorded(app: App, sara: Person, maryam: Person) -> None:
    views = select(AuditEvent).where(AuditEvent.event == "document_viewed")
    maryam.open("desk.document", request_of(sara).id, arg="nothing").sees("مدارک پرونده")
    assert not maryam.files
    at_request(maryam, sara).tap("📎 مدارک").sees("کارت ملی (۱)", "📎 همه مدارک", "📄 پرونده")
    shown = maryam.tap("کارت ملی (۱)").files
    assert [paper.file_id for paper in shown] == request_of(sara).snapshot["doc.national_card"]
    assert "کارت ملی — سارا کریمی‌نژاد" in shown[0].caption
    assert [event.actor_id for event in app.all(views)] == [maryam.account.id]
    maryam.tap("📎 همه مدارک").sees("کارت ملی (۱)")
    assert len(maryam.files) == 7
    assert len(app.all(views)) == 8


STRANGERS_TRY = "file documents document all_documents timeline rounds outcome approve approve_do claim release reject defects"


def test_strangers_see_nothing(app: App) -> None:
    sara, other = submit(officer(app)), expert(app, university="mui")
    request = request_of(sara)
    for deed in STRANGERS_TRY.split():
        other.open(f"desk.{deed}", request.id, request.version, "national_card").sees("دسترسی ندارید")
        other.sees_not("سارا")
        sara.open(f"desk.{deed}", request.id, request.version).sees("دسترسی ندارید")
    other.open("desk.person", sara.account.id or 0).sees("دسترسی ندارید").sees_not("سارا")
    assert request_of(sara).version == request.version
    assert not app.all(select(AuditEvent).where(AuditEvent.event == "document_viewed"))
    grant(sara, Role.EXPERT, university_code="sums")
    at_request(sara.elsewhere(role=Role.EXPERT), sara).sees("دسترسی ندارید")  # nobody reviews their own
    at_request(expert(app), officer(app).open("qual.new")).sees("دسترسی ندارید")  # nor anybody a draft


def test_who_is_in_charge_assigns(app: App, sara: Person, maryam: Person) -> None:
    bahar = expert(app, "رستمی")
    chief = in_charge(app)
    assert "ارجاع به کارشناس" not in at_request(maryam, sara).tap("📌 برداشتن پرونده").labels
    maryam.open("desk.assign", request_of(sara).id, request_of(sara).version).sees("دسترسی ندارید")
    chief.open("desk.all").sees("👥 ۱ پرونده", "مریم رضایی", "🔍 در حال بررسی").type("۱")
    chief.tap("ارجاع به کارشناس").sees("به کدام کارشناس", "مریم رستمی (۰)").sees_not("مریم رضایی (")
    chief.tap("مریم رستمی (۰)").sees("کارشناس: مریم رستمی")
    assert chief.notice == "پرونده به مریم رستمی ارجاع شد."
    at_request(maryam, sara).sees_not("↩️ بازگشت به صف", "✅ تأیید")
    at_request(bahar, sara).sees("↩️ بازگشت به صف", "✅ تأیید")
    chief.open("desk.assign_do", request_of(sara).id, request_of(sara).version, "999999")
    chief.sees("کارشناس فعال این دانشگاه نیست")


def test_nobody_to_assign_to_is_said(app: App) -> None:
    sara, chief = submit(officer(app)), in_charge(app)
    at_request(chief, sara).tap("📌 برداشتن پرونده").tap("ارجاع به کارشناس")
    chief.sees(t("desk.assign_none")).tap("بازگشت").sees("وضعیت")


def test_many_experts_to_choose_from(app: App) -> None:
    sara, chief = submit(officer(app)), in_charge(app)
    for n in range(12):
        expert(app, f"با نام خانوادگی بسیار بلند {n}")
    at_request(chief, sara).tap("ارجاع به کارشناس")
    experts = [label for label in chief.labels if label.endswith("(۰)")]
    assert all(len(label) <= 20 for label in chief.labels)
    chief.tap("بعدی").sees("به کدام کارشناس", "قبلی").sees_not("بعدی")
    on_second = [label for label in chief.labels if label.endswith("(۰)")]
    # All but the head's own are as long as they may be.
    assert (len(experts), len(on_second)) == (8, 5)
    assert sorted({len(label) for label in experts + on_second}) == [len("مریم احمدی (۰)"), 20]
    chief.open("desk.assign", request_of(sara).id, request_of(sara).version, "7").sees("قبلی").tap("قبلی")
    chief.sees("بعدی")


def test_staff_see_and_assign_but_do_not_decide(app: App, sara: Person, maryam: Person) -> None:
    boss = at_request(staff(app), sara).sees("نام: سارا", "ارجاع به کارشناس", "📎 مدارک", "🏠 منوی اصلی")
    assert not {"✅ تأیید", "❌ رد", "📌 برداشتن پرونده", "پرونده بعدی"} & set(boss.labels)
    boss.tap("ارجاع به کارشناس", "مریم رضایی (۰)")
    assert request_of(sara).reviewer_id == maryam.account.id


def test_the_timeline_names_colleagues(sara: Person, maryam: Person) -> None:
    at_request(maryam, sara).tap("📌 برداشتن پرونده", "📋 روند پرونده").sees("مریم رضایی بررسی را آغاز کرد")
    sara.open("qual.timeline", request_of(sara).id).sees("کارشناس دانشگاه علوم پزشکی شیراز").sees_not("مریم")


def test_an_earlier_request_is_in_reach(sara: Person, maryam: Person) -> None:
    first = request_of(sara).tracking_code or ""
    at_request(maryam, sara).sees_not("🗄 درخواست‌های پیشین").tap("📌 برداشتن پرونده")
    maryam.tap("❌ رد", "رشته نامرتبط", "بدون توضیح")
    maryam.tap("بله، رد می‌کنم")
    sara.open("qual.new").tap("ثبت نهایی", "بله")
    at_request(maryam, sara).tap("🗄 درخواست‌های پیشین").sees(first, "❌ ردشده").tap(f"۲. {first}").sees(
        "❌ ردشده"
    )


def test_a_long_file_fits_a_message(app: App, sara: Person, maryam: Person) -> None:
    request = request_of(sara)
    snapshot = request.snapshot | {"postal_address": "خیابان " * 60}
    app.change(QualificationRequest, request.id, snapshot=snapshot, officer_note="توضیح " * 400)
    at_decision(maryam, sara).sees("خیابان").tap("⚠️ اعلام نواقص", "▫️ نام", "توضیح کلی").type("خ " * 390)
    maryam.tap("ارسال نواقص", "بله، ارسال شود").sees("اعلام شد")
    at_request(maryam, sara).sees("نوبت ۱")
    sara.open("qual.track").sees("⚠️ دارای نقص")


def test_each_round_of_deficiencies_is_read_for_itself(sara: Person, maryam: Person) -> None:
    """The newest first; the outcome of the second round tells of the second alone."""
    for round_, (item, reason) in enumerate(
        (("نام پدر", "نام پدر ناخوانا است"), ("جنسیت", "جنسیت درست نیست")), 1
    ):
        at_decision(maryam, sara).sees_not("🔁 نقص‌های قبلی").tap("⚠️ اعلام نواقص", f"▫️ {item}").type(reason)
        maryam.tap("ارسال نواقص", "بله، ارسال شود").sees("اعلام شد", reason)
        at_request(maryam, sara)
        assert ("🔁 نقص‌های قبلی" in maryam.labels) is (round_ == 2)
        if round_ == 1:
            sara.open("qual.track").tap("رفع نقص").type("عباس").tap("توضیحی ندارم", "ارسال دوباره", "بله")
    maryam.tap("🔁 نقص‌های قبلی").sees("نقص‌های اعلام‌شده پرونده 140509010001", "بازگشت")
    first, second = maryam.text.index("🔁 نوبت ۱"), maryam.text.index("🔁 نوبت ۲")
    assert maryam.text.index("جنسیت درست نیست") > second
    assert maryam.text.index("نام پدر ناخوانا است") > first > second
    maryam.open("desk.outcome", request_of(sara).id).sees("جنسیت درست نیست").sees_not("ناخوانا")


def test_a_file_without_documents_says_so(app: App, sara: Person, maryam: Person) -> None:
    request = request_of(sara)
    bare = {key: value for key, value in request.snapshot.items() if not key.startswith("doc.")}
    app.change(QualificationRequest, request.id, snapshot=bare)
    at_request(maryam, sara).tap("📎 مدارک").sees("برای این پرونده مدرکی ثبت نشده است")
    assert maryam.labels == ["بازگشت", "🏠 منوی اصلی"]


def test_a_document_that_staff_removed_meanwhile(app: App, sara: Person, maryam: Person) -> None:
    app.change(DocumentType, "no_addiction", active=False)
    at_request(maryam, sara).tap("📄 همه اطلاعات").sees("عدم اعتیاد (۱)")
    at_decision(maryam, sara).tap("⚠️ اعلام نواقص").sees_not("عدم اعتیاد")


@ON_BOTH_DATABASES
def test_from_the_form_to_the_fee(app: App) -> None:
    sara, maryam, chief = officer(app), expert(app), in_charge(app)
    submit(sara).sees("⏳ در انتظار بررسی")
    code = request_of(sara).tracking_code or ""
    maryam.open("desk.queue").sees("📥 ۱ پرونده", code).tap("۱. سارا کریمی‌نژاد", "📌 برداشتن پرونده")
    maryam.tap("📎 مدارک", "📎 همه مدارک", "📋 روند پرونده", "بازگشت")
    maryam.tap("⚠️ اعلام نواقص", "▫️ نام پدر").type("نام پدر ناخوانا است").tap("ارسال نواقص")
    maryam.tap("بله، ارسال شود").sees("اعلام شد")
    sara.open("qual.track").tap("رفع نقص").type("عباس").tap("توضیحی ندارم", "ارسال دوباره", "بله")
    sara.sees("🔍 در حال بررسی")
    chief.open("desk.search").type(sara.account.national_code or "").tap("ارجاع به کارشناس")
    chief.tap("مریم احمدی (۰)" if "مریم احمدی (۰)" in chief.labels else "بازگشت")
    chief.open("desk.all").sees("👥 ۱ پرونده").type("۱").tap("✅ تأیید", "بله، تأیید می‌کنم").sees("تأیید شد")
    assert request_of(sara).state is RequestState.AWAITING_PAYMENT
    sara.open("qual.track").sees("💳 تأییدشده").tap("انصراف از درخواست", "بله، انصراف می‌دهم")
    sara.tap("ثبت دوباره", "حذف پیش‌نویس", "بله").sees("انصراف‌داده‌شده", "ثبت دوباره")


def test_an_expert_sees_which_picture_nobody_may_be_able_to_read(app: App, maryam: Person) -> None:
    reza = at_documents(officer(app, "رضا").open("qual.new")).upload(content="blurred:1").tap("همین را بفرست")
    reza.upload(content="dark 3:1").tap("همین را بفرست")
    send_documents(reza, 6).tap("هیچ‌کدام را ندارم", "ثبت نهایی", "بله")
    at_request(maryam, reza).sees("شاید خوانا نباشند: کارت ملی (تار، تاریک در صفحه ۳)").sees_not(
        "شناسنامه (تار"
    )
    maryam.tap("📎 مدارک", "کارت ملی (۲)")
    assert [file.caption.partition("\n")[2] for file in maryam.files] == [
        "⚠️ شاید خوانا نباشد: تار",
        "⚠️ شاید خوانا نباشد: تاریک در صفحه ۳",
    ]
