"""The expert's desk: queue, file card, papers, decisions, and who may do what."""

from __future__ import annotations

from datetime import timedelta

from sqlmodel import Session, col, func, select

from storage.enums import RequestState, Role
from storage.tables import Account, AuditEvent, DocumentType, QualificationRequest, Tariff
from tests.conversations.officer.test_qualification_form import request_of
from tests.support.handler_driver import NOW, Visitor, account, expert, officer, submit


def many(db: Session, number: int, *, university: str = "sums") -> None:
    """`number` files in the queue, the first the oldest."""
    for n in range(number):
        person = account(db, "متقاضی", f"شماره‌{n + 1}", national_code=f"{1000000000 + n}")
        assert person.id is not None
        since = NOW - timedelta(hours=number - n)
        db.add(
            QualificationRequest(
                account_id=person.id,
                kind="NEW",
                state=RequestState.SUBMITTED,
                tracking_code=f"14050101{n:04}",
                university_code=university,
                submitted_at=since,
                state_since=since,
            )
        )
    db.commit()


def at_file(person: Visitor, sara: Visitor) -> Visitor:
    return person.opens("desk.file", request_of(sara).id or 0)


def test_an_empty_queue(db: Session) -> None:
    expert(db).opens("desk.queue").sees("پرونده‌ای در انتظار بررسی نیست", "🗂 پرونده‌های من", "🏠 منوی اصلی")


def test_four_hundred_files_are_comfortable(db: Session) -> None:
    many(db, 400)
    maryam = expert(db).opens("desk.queue")
    maryam.sees("📥 ۴۰۰ پرونده در انتظار بررسی است؛ قدیمی‌ترین: ۱۶ روز", "صفحه ۱ از ۴۰", "140501010000")
    maryam.sees_not("قبلی", "140501010010").taps("بعدی").sees("صفحه ۲ از ۴۰", "140501010010", "قبلی")
    maryam.taps("انتها").sees("صفحه ۴۰ از ۴۰", "140501010399").sees_not("بعدی").taps("ابتدا").sees(
        "صفحه ۱ از ۴۰"
    )
    maryam.opens("desk.queue", arg="9999").sees("صفحه ۴۰ از ۴۰").opens("desk.queue", arg="x").sees(
        "صفحه ۱ از ۴۰"
    )
    assert len(list(maryam.screen.rows)) <= 8


def test_a_number_that_is_typed_opens_that_file(db: Session) -> None:
    submit(officer(db))
    expert(db).opens("desk.queue").types("۱").sees("وضعیت: ⏳ در انتظار بررسی", "نام: سارا")


def test_the_next_file(db: Session) -> None:
    first, second = submit(officer(db)), submit(officer(db, "رضا"), gender="مرد")
    maryam = expert(db).opens("desk.queue").taps("۱. سارا کریمی‌نژاد").taps("پرونده بعدی").sees("نام: رضا")
    maryam.taps("پرونده بعدی").sees("نام: سارا").taps("✅ تأیید").taps("بله، تأیید می‌کنم")
    maryam.sees("✅ پرونده", "تأیید شد", "تصمیم: مریم رضایی", "۱ پرونده دیگر در انتظار بررسی است")
    maryam.taps("پرونده بعدی").sees("نام: رضا").taps("پرونده بعدی")
    assert maryam.notice == "پرونده دیگری در انتظار بررسی نیست."
    assert request_of(first).state is RequestState.AWAITING_PAYMENT
    assert request_of(second).state is RequestState.SUBMITTED


def test_the_card_shows_everything(db: Session) -> None:
    sara = submit(officer(db, mobile_verified=False), gender="مرد")
    maryam = at_file(expert(db), sara)
    maryam.sees(
        "درخواست جدید", "در انتظار: کمتر از یک ساعت", "تاریخ تولد: ۱۳۶۵/۰۴/۱۲", "مقطع تحصیلی: کارشناسی"
    )
    maryam.sees(
        "شماره همراه: ۰۹۱۲۱۲۳۴۵۶۷", "⚠️ شماره همراه با دکمه ارسال تأیید نشده است", "شماره شناسنامه: ۱۲۳۴"
    )
    maryam.sees("آدرس پستی: شیراز، خیابان زند", "پایان خدمت (۱)", "شماره تماس: ندارد")
    verified = submit(officer(db, "رضا", mobile_verified=True))
    at_file(maryam, verified).sees("شماره همراه").sees_not("تأیید نشده است")


def test_the_national_code_is_for_the_reviewer_alone(db: Session) -> None:
    sara, maryam, chief = submit(officer(db)), expert(db), expert(db, "احمدی", role=Role.IN_CHARGE)
    code = sara.account.national_code or ""
    whole = code.translate(str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹"))
    at_file(maryam, sara).sees("•••••••").sees_not(whole, code)
    maryam.taps("📌 بررسی با من").sees(whole)
    at_file(chief, sara).sees("•••••••").sees_not(whole, code)


def test_a_birth_certificate_number_that_is_the_national_code(db: Session) -> None:
    sara, maryam = submit(officer(db)), expert(db)
    request, code = request_of(sara), sara.account.national_code or ""
    request.snapshot = request.snapshot | {"birth_cert_no": code}
    db.add(request)
    db.commit()
    whole = code.translate(str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹"))
    at_file(maryam, sara).sees("شماره شناسنامه: \u2066•••••••").sees_not(whole).taps("📌 بررسی با من")
    maryam.sees(f"شماره شناسنامه: {whole}")


def test_claiming_and_giving_back(db: Session) -> None:
    sara, maryam, bahar = submit(officer(db)), expert(db), expert(db, "رستمی")
    at_file(bahar, sara)
    at_file(maryam, sara).taps("📌 بررسی با من").sees(
        "🔍 در حال بررسی", "کارشناس: مریم رضایی", "بازگشت به صف"
    )
    bahar.taps("📌 بررسی با من").sees("مریم رضایی در حال بررسی این پرونده است", "🔍 در حال بررسی")
    assert not {"✅ تأیید", "❌ رد", "⚠️ اعلام نواقص", "📌 بررسی با من"} & set(bahar.labels)
    maryam.opens("desk.mine").sees("🗂 ۱ پرونده نزد شماست", "سارا", "🔍 در حال بررسی").types("1")
    maryam.taps("↩️ بازگشت به صف").sees("⏳ در انتظار بررسی", "📌 بررسی با من")
    bahar.opens("desk.queue").sees("📥 ۱ پرونده")


def test_two_experts_press_at_once(db: Session) -> None:
    sara, maryam, bahar = submit(officer(db)), expert(db), expert(db, "رستمی")
    for one in (maryam, bahar):
        at_file(one, sara).taps("✅ تأیید").sees("تأیید شود؟", "متقاضی: سارا کریمی‌نژاد")
    maryam.taps("بله، تأیید می‌کنم").sees("تأیید شد")
    bahar.taps("بله، تأیید می‌کنم").sees("پیش‌تر تصمیم گرفته شده است (مریم رضایی،")
    approvals = select(func.count()).select_from(AuditEvent).where(col(AuditEvent.event) == "approved")
    assert db.exec(approvals).one() == 1


def test_an_old_approval_question(db: Session) -> None:
    sara, maryam = submit(officer(db)), expert(db)
    kept = at_file(maryam, sara).button("✅ تأیید")
    maryam.taps("📌 بررسی با من").presses(kept).sees("دیگر معتبر نیست").taps("پرونده").sees("🔍 در حال بررسی")


def test_approval_wants_a_yes(db: Session) -> None:
    sara, maryam = submit(officer(db)), expert(db)
    at_file(maryam, sara).taps("✅ تأیید").taps("خیر").sees("⏳ در انتظار بررسی", "✅ تأیید")
    assert request_of(sara).state is RequestState.SUBMITTED


def test_no_tariff_no_approval(db: Session) -> None:
    sara, maryam = submit(officer(db)), expert(db)
    for tariff in db.exec(select(Tariff)).all():
        db.delete(tariff)
    db.commit()
    at_file(maryam, sara).taps("✅ تأیید").taps("بله، تأیید می‌کنم").sees("تعرفه بررسی هنوز تعیین نشده است")
    assert request_of(sara).state is RequestState.SUBMITTED


def test_every_view_of_a_paper_is_recorded(db: Session) -> None:
    sara, maryam = submit(officer(db)), expert(db)
    at_file(maryam, sara).taps("📎 مدارک").sees("کارت ملی (۱)", "📎 همه مدارک", "📄 پرونده").taps(
        "کارت ملی (۱)"
    )
    shown = [file for screen in maryam.decided.screens for file in screen.attachments]
    assert [paper.file_id for paper in shown] == request_of(sara).snapshot["doc.national_card"]
    assert "تصویر کارت ملی" in shown[0].caption
    views = select(AuditEvent).where(AuditEvent.event == "document_viewed")
    assert [event.actor_id for event in db.exec(views)] == [maryam.account.id]
    maryam.taps("📎 همه مدارک").sees("کارت ملی (۱)")
    assert len([file for screen in maryam.decided.screens for file in screen.attachments]) == 7
    assert len(db.exec(views).all()) == 8


def test_a_forged_document_code(db: Session) -> None:
    sara, maryam = submit(officer(db)), expert(db)
    maryam.opens("desk.document", request_of(sara).id or 0, arg="nothing").sees("مدارک پرونده")
    assert not [file for screen in maryam.decided.screens for file in screen.attachments]


def test_strangers_see_nothing(db: Session) -> None:
    sara, other = submit(officer(db)), expert(db, university="mui")
    request = request_of(sara)
    for action in [
        "desk.file",
        "desk.documents",
        "desk.document",
        "desk.all_documents",
        "desk.timeline",
        "desk.rounds",
        "desk.outcome",
        "desk.approve",
        "desk.approve_do",
        "desk.claim",
        "desk.release",
        "desk.reject",
        "desk.defects",
    ]:
        other.opens(action, request.id or 0, request.version, "national_card").sees("دسترسی ندارید").sees_not(
            "سارا"
        )
        sara.opens(action, request.id or 0, request.version).sees("دسترسی ندارید")
    other.opens("desk.person", sara.account.id or 0).sees("دسترسی ندارید").sees_not("سارا")
    assert request_of(sara).version == request.version
    assert not db.exec(select(AuditEvent).where(AuditEvent.event == "document_viewed")).all()


def test_drafts_are_nobodys_business(db: Session) -> None:
    sara, maryam = officer(db).opens("qual.new"), expert(db)
    at_file(maryam, sara).sees("دسترسی ندارید")


def test_who_is_in_charge_assigns(db: Session) -> None:
    sara, maryam, bahar = submit(officer(db)), expert(db), expert(db, "رستمی")
    chief = expert(db, "احمدی", role=Role.IN_CHARGE)
    assert "ارجاع به کارشناس" not in at_file(maryam, sara).taps("📌 بررسی با من").labels
    maryam.opens("desk.assign", request_of(sara).id or 0, request_of(sara).version).sees("دسترسی ندارید")
    chief.opens("desk.all").sees("👥 ۱ پرونده", "مریم رضایی", "🔍 در حال بررسی").types("۱")
    chief.taps("ارجاع به کارشناس").sees("به کدام کارشناس", "مریم رستمی (۰)").sees_not("مریم رضایی (")
    chief.taps("مریم رستمی (۰)").sees("کارشناس: مریم رستمی")
    assert chief.notice == "پرونده به مریم رستمی ارجاع شد."
    at_file(maryam, sara).sees_not("↩️ بازگشت به صف", "✅ تأیید")
    at_file(bahar, sara).sees("↩️ بازگشت به صف", "✅ تأیید")
    chief.opens("desk.assign_do", request_of(sara).id or 0, request_of(sara).version, "999999")
    chief.sees("کارشناس فعال این دانشگاه نیست")


def test_many_experts_to_choose_from(db: Session) -> None:
    sara, chief = submit(officer(db)), expert(db, "احمدی", role=Role.IN_CHARGE)
    for n in range(12):
        expert(db, f"با نام خانوادگی بسیار بلند {n}")
    at_file(chief, sara).taps("ارجاع به کارشناس")
    assert all(len(label) <= 20 for label in chief.labels)
    chief.taps("بعدی").sees("به کدام کارشناس", "قبلی").taps("قبلی").sees("بعدی")


def test_the_lists_of_a_plain_expert(db: Session) -> None:
    maryam = expert(db).opens("desk.queue").sees_not("👥 در دست بررسی")
    maryam.opens("desk.all").sees("دسترسی ندارید")
    expert(db, role=Role.IN_CHARGE).opens("desk.queue").sees("👥 در دست بررسی")


def test_staff_see_and_assign_but_do_not_decide(db: Session) -> None:
    sara, maryam = submit(officer(db)), expert(db)
    person = account(db, "رضا", "ستادی")
    from storage.tables import Grant

    db.add(Grant(account_id=person.id or 0, role=Role.STAFF))
    staff = at_file(Visitor(db, person, Role.STAFF), sara)
    staff.sees("نام: سارا", "ارجاع به کارشناس", "📎 مدارک", "🏠 منوی اصلی")
    assert not {"✅ تأیید", "❌ رد", "📌 بررسی با من", "پرونده بعدی"} & set(staff.labels)
    staff.taps("ارجاع به کارشناس").taps("مریم رضایی (۰)")
    assert request_of(sara).reviewer_id == maryam.account.id


def test_the_timeline_names_colleagues(db: Session) -> None:
    sara, maryam = submit(officer(db)), expert(db)
    at_file(maryam, sara).taps("📌 بررسی با من").taps("📋 روند پرونده").sees(
        "مریم رضایی بررسی پرونده را آغاز کرد"
    )
    sara.opens("qual.timeline", request_of(sara).id or 0).sees("کارشناس دانشگاه علوم پزشکی شیراز").sees_not(
        "مریم"
    )


def test_an_earlier_request_is_in_reach(db: Session) -> None:
    sara, maryam = submit(officer(db)), expert(db)
    first = request_of(sara).tracking_code or ""
    at_file(maryam, sara).sees_not("🗄 درخواست‌های پیشین").taps("❌ رد").taps("رشته نامرتبط").taps("بدون توضیح")
    maryam.taps("بله، رد می‌کنم")
    sara.opens("qual.new").taps("ثبت نهایی").taps("بله")
    at_file(maryam, sara).taps("🗄 درخواست‌های پیشین").sees(first, "❌ ردشده").taps(f"۲. {first}").sees(
        "❌ ردشده"
    )


def test_a_decided_file_offers_no_decision(db: Session) -> None:
    sara, maryam = submit(officer(db)), expert(db)
    at_file(maryam, sara).taps("✅ تأیید").taps("بله، تأیید می‌کنم").taps("📄 پرونده").sees("💳 تأییدشده")
    assert not {"✅ تأیید", "❌ رد", "⚠️ اعلام نواقص", "↩️ بازگشت به صف"} & set(maryam.labels)


def test_a_long_file_fits_a_message(db: Session) -> None:
    sara, maryam = submit(officer(db)), expert(db)
    request = request_of(sara)
    request.snapshot = request.snapshot | {"postal_address": "خیابان " * 60}
    request.officer_note = "توضیح " * 400
    db.add(request)
    db.commit()
    at_file(maryam, sara).sees("خیابان").taps("⚠️ اعلام نواقص").taps("▫️ نام").types("خ " * 390)
    maryam.taps("ارسال نواقص").taps("بله، ارسال شود").sees("اعلام شد")
    at_file(maryam, sara).sees("نوبت ۱")
    sara.opens("qual.track").sees("⚠️ دارای نقص")


def test_a_document_that_staff_removed_meanwhile(db: Session) -> None:
    sara, maryam = submit(officer(db)), expert(db)
    kind = db.get_one(DocumentType, "no_addiction")
    kind.active = False
    db.add(kind)
    db.commit()
    at_file(maryam, sara).sees("عدم اعتیاد (۱)").taps("⚠️ اعلام نواقص").sees_not("عدم اعتیاد")


def test_nobody_reviews_their_own_file(db: Session) -> None:
    sara = submit(officer(db))
    from storage.tables import Grant

    db.add(Grant(account_id=sara.account.id or 0, role=Role.EXPERT, university_code="sums"))
    both = Visitor(db, db.get_one(Account, sara.account.id), Role.EXPERT)
    at_file(both, sara).sees("دسترسی ندارید")
