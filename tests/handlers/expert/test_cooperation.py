"""Cooperation requests in the experts' worklist: the same queue, claims, races and decisions as for files.

See docs/specification.md 2.4.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlmodel import Session, select

from storage.enums import CooperationState, Messenger, Role
from storage.tables import Account, Contract, CooperationRequest, Grant, Officer
from tests.support.distributor_data import (
    accepts,
    branch,
    central,
    code_of,
    eligible,
    employs,
    firm,
    manager,
    newest,
    picks,
)
from tests.support.handler_driver import NOW, Visitor, account, expert, officer, submit
from tests.support.identities import national_code


def waiting(db: Session, *, province: str = "فارس", city: str = "شیراز", university: str = "sums") -> Visitor:
    """An officer whose acceptance waits at the branch's university."""
    kian = firm(db)
    sara = eligible(db)
    at = branch(db, kian, "دوم", province=province, city=city, university=university)
    picks(manager(db, kian), at, sara)
    return accepts(sara)


def file_of(reviewer: Visitor, db: Session) -> Visitor:
    return reviewer.opens("desk.coop_file", newest(db).id or 0)


@pytest.mark.parametrize("messenger", list(Messenger))
def test_the_queue_and_the_card(db: Session, messenger: Messenger) -> None:
    sara = waiting(db)
    maryam = expert(db)
    maryam.messenger = messenger
    maryam.opens("home").taps("🤝 همکاری‌ها").sees(
        "🤝 ۱ درخواست همکاری در انتظار بررسی است؛ قدیمی‌ترین: کمتر از یک ساعت"
    )
    maryam.sees("سارا کریمی‌نژاد، کیان طب، شعبه «دوم»").types("۱")
    maryam.sees(
        "⏳ در انتظار بررسی دانشگاه",
        "مسئول فنی: سارا کریمی‌نژاد",
        "کد ملی: \u2066•••••••",
        "مقطع و رشته: کارشناسی",
    )
    maryam.sees(
        "کیان طب (واحد صنفی)", "شعبه: دوم، فارس، شیراز", "احراز صلاحیت: دانشگاه علوم پزشکی شیراز، ۱۴۰۵/۰۹/۰۱"
    )
    whole = code_of(sara).translate(str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹"))
    maryam.sees_not(whole, code_of(sara), "📎 مدارک", "⚠️ اعلام نواقص")


def test_it_goes_to_the_branchs_university(db: Session) -> None:
    """W6: not to the officer's own."""
    waiting(db, province="اصفهان", city="کاشان", university="kaums")
    request = newest(db)
    university = request.university_code or ""
    assert university != "sums"
    expert(db).opens("desk.coop").sees("در انتظار بررسی نیست")
    expert(db, "کاشانی", university=university).opens("desk.coop").sees("🤝 ۱ درخواست همکاری")


def test_approving(db: Session) -> None:
    sara, maryam = waiting(db), expert(db)
    file_of(maryam, db).taps("✅ تأیید").sees(
        "همکاری سارا کریمی‌نژاد با شعبه «دوم» تأیید شود؟ پس از تأیید، همکاری فعال می‌شود."
    )
    maryam.taps("خیر").sees("⏳ در انتظار بررسی دانشگاه").taps("✅ تأیید").taps("بله، تأیید می‌کنم")
    maryam.sees("✅ همکاری", "از امروز فعال است", "تصمیم: مریم رضایی").taps("📄 درخواست").sees("✅ تأییدشده")
    assert not {"✅ تأیید", "❌ رد", "📌 بررسی با من"} & set(maryam.labels)
    sara.opens("centers").sees("🟢 فعال: کیان طب")


def test_rejecting_with_presets(db: Session) -> None:
    sara, maryam = waiting(db), expert(db)
    file_of(maryam, db).taps("❌ رد").sees(
        "این متن برای متقاضی ارسال می‌شود", "شعبه خارج از حوزه", "اطلاعات نادرست", "سایر"
    )
    maryam.sees_not("رشته نامرتبط").taps("شعبه خارج از حوزه").types("شعبه در حوزه فسا است")
    maryam.sees("رد شود؟", "دلیل: شعبه خارج از حوزه", "│ شعبه در حوزه فسا است").taps("بله، رد می‌کنم")
    maryam.sees(
        "❌ درخواست همکاری", "رد شد", "دلیل دانشگاه: شعبه خارج از حوزه؛\n│ شعبه در حوزه فسا است\n└ کارشناس"
    )
    sara.opens("coop.view", newest(db).id or 0).sees(
        "❌ ردشده توسط دانشگاه", "شعبه خارج از حوزه؛\n│ شعبه در حوزه فسا است"
    )
    sara.opens("centers").sees_not("همکاری پذیرفته‌شده")


def test_own_words_and_no(db: Session) -> None:
    waiting(db)
    maryam = (
        file_of(expert(db), db).taps("❌ رد").types("کم").sees("کامل‌تر بنویسید").types("مدارک شعبه ناقص است")
    )
    maryam.sees("│ مدارک شعبه ناقص است").taps("خیر").sees("⏳ در انتظار بررسی دانشگاه")
    maryam.taps("❌ رد").taps("انصراف").sees("متوقف شد", "⏳ در انتظار بررسی دانشگاه")
    maryam.taps("❌ رد").taps("سایر").types("خ" * 460).taps("بله، رد می‌کنم").sees("رد شد")


def test_claim_release_and_assign(db: Session) -> None:
    waiting(db)
    maryam, bahar = expert(db), expert(db, "رستمی")
    chief = expert(db, "احمدی", role=Role.IN_CHARGE)
    file_of(bahar, db)
    file_of(maryam, db).taps("📌 بررسی با من").sees("کارشناس: مریم رضایی", "↩️ بازگشت به صف")
    bahar.taps("📌 بررسی با من").sees("مریم رضایی در حال بررسی این پرونده است")
    assert not {"✅ تأیید", "❌ رد", "📌 بررسی با من"} & set(bahar.labels)
    bahar.opens("desk.coop").sees("در انتظار بررسی نیست")
    maryam.opens("desk.coop_mine").sees("🤝 ۱ درخواست همکاری نزد شماست").types("۱").taps("↩️ بازگشت به صف")
    maryam.sees("📌 بررسی با من").taps("📌 بررسی با من")
    chief.opens("desk.coop_all").sees("مریم رضایی").types("۱").taps("ارجاع به کارشناس").taps("مریم رستمی (۰)")
    chief.sees("کارشناس: مریم رستمی")
    assert chief.notice == "پرونده به مریم رستمی ارجاع شد."
    file_of(maryam, db).sees_not("✅ تأیید")
    file_of(bahar, db).taps("📋 روند درخواست").sees(
        "مریم احمدی پرونده را برای بررسی ارجاع داد", "مریم رضایی بررسی پرونده را"
    )
    maryam.opens("desk.coop_all").sees("دسترسی ندارید")


def test_two_experts_at_once(db: Session) -> None:
    waiting(db)
    maryam, bahar = expert(db), expert(db, "رستمی")
    for one in (maryam, bahar):
        file_of(one, db).taps("✅ تأیید")
    maryam.taps("بله، تأیید می‌کنم").sees("از امروز فعال است")
    bahar.taps("بله، تأیید می‌کنم").sees("پیش‌تر تصمیم گرفته شده است (مریم رضایی،")
    assert len(db.exec(select(Contract)).all()) == 1


def test_a_rejection_overtaken(db: Session) -> None:
    sara, maryam = waiting(db), expert(db)
    file_of(maryam, db).taps("❌ رد").taps("اطلاعات نادرست").taps("بدون توضیح")
    sara.taps("انصراف از همکاری").taps("بله، انصراف می‌دهم")
    maryam.taps("بله، رد می‌کنم").sees("دیگر معتبر نیست", "❌ ردشده توسط مسئول فنی")
    assert newest(db).state is CooperationState.REJECTED_BY_OFFICER


def test_search_finds_both_sorts(db: Session) -> None:
    sara, maryam = officer(db), expert(db)
    submit(sara)
    cooperating = waiting(db)
    code = newest(db).tracking_code
    maryam.opens("desk.search").types(code).sees("درخواست همکاری", code, "سارا کریمی‌نژاد")
    maryam.opens("desk.search").types(code_of(cooperating)).sees("درخواست همکاری", code)
    maryam.opens("desk.search").types(code_of(sara)).sees("درخواست جدید", "📎 مدارک")
    maryam.opens("desk.search").types("12").sees("کد درست نیست").types("140501010001").sees("پیدا نشد")
    expert(db, "اصفهانی", university="mui").opens("desk.search").types(code).sees("پیدا نشد")


def test_search_shows_all_files_of_a_person(db: Session) -> None:
    sara = officer(db, national_code=national_code(654_321))
    submit(sara)
    found = db.get_one(Officer, sara.account.id)
    found.legacy_qualified = True
    db.add(found)
    db.commit()
    kian = firm(db, "سلامت")
    picks(manager(db, kian), central(db, kian), sara)
    accepts(sara)
    maryam = expert(db).opens("desk.search").types(code_of(sara))
    maryam.sees("درخواست‌های سارا کریمی‌نژاد", "⏳ در انتظار بررسی", "🤝", newest(db).tracking_code)
    maryam.taps(f"۲. {newest(db).tracking_code}").sees("درخواست همکاری")


def test_many_wait_comfortably(db: Session) -> None:
    kian = firm(db)
    for n in range(23):
        at = branch(db, kian, f"شماره {n}")
        person = account(db, "متقاضی", f"شماره‌{n}")
        db.add(
            CooperationRequest(
                branch_id=at.id or 0,
                distributor_id=kian.id or 0,
                account_id=person.id or 0,
                requested_by=person.id or 0,
                state=CooperationState.PENDING_UNIVERSITY,
                tracking_code=f"14050101{n:04}",
                university_code="sums",
                accepted_at=NOW - timedelta(hours=50 - n),
            )
        )
    db.commit()
    maryam = (
        expert(db).opens("desk.coop").sees("🤝 ۲۳ درخواست", "قدیمی‌ترین: ۲ روز", "صفحه ۱ از ۳", "140501010000")
    )
    maryam.taps("بعدی").sees("صفحه ۲ از ۳", "140501010010").taps("بعدی").sees("صفحه ۳ از ۳").sees_not("بعدی")
    assert all(len(label) <= 20 for label in maryam.labels)


def test_strangers_see_nothing(db: Session) -> None:
    sara, other = waiting(db), expert(db, university="mui")
    request_id, version = newest(db).id or 0, newest(db).version
    for deed in (
        "file",
        "timeline",
        "outcome",
        "approve",
        "approve_do",
        "reject",
        "claim",
        "release",
        "assign",
    ):
        other.opens(f"desk.coop_{deed}", request_id, version).sees("دسترسی ندارید").sees_not("سارا")
        sara.opens(f"desk.coop_{deed}", request_id, version).sees("دسترسی ندارید")
    assert newest(db).version == version


def test_nobody_decides_on_their_own_request(db: Session) -> None:
    sara = waiting(db)
    db.add(Grant(account_id=sara.account.id or 0, role=Role.EXPERT, university_code="sums"))
    db.commit()
    both = Visitor(db, db.get_one(Account, sara.account.id), Role.EXPERT)
    file_of(both, db).sees("دسترسی ندارید")


def test_a_manager_of_the_firm_is_not_offered_its_request(db: Session) -> None:
    waiting(db)
    boss = db.exec(select(Account).where(Account.last_name == "صالحی")).one()
    db.add(Grant(account_id=boss.id or 0, role=Role.EXPERT, university_code="sums"))
    expert(db)
    chief = file_of(expert(db, "احمدی", role=Role.IN_CHARGE), db).taps("ارجاع به کارشناس")
    chief.sees("مریم رضایی (۰)").sees_not("صالحی (")


def test_the_load_counts_cooperation_requests_too(db: Session) -> None:
    kian, bahar = firm(db), expert(db, "رستمی")
    boss = manager(db, kian)
    for name in ("سارا", "مینا"):
        person = eligible(db, name)
        picks(boss, branch(db, kian, name), person)
        accepts(person)
    bahar.opens("desk.coop").types("۱").taps("📌 بررسی با من")
    file_of(expert(db, "احمدی", role=Role.IN_CHARGE), db).taps("ارجاع به کارشناس").sees("مریم رستمی (۱)")


def test_a_replaced_officer_is_named(db: Session) -> None:
    kian, maryam = firm(db), expert(db)
    boss, sara, mina = manager(db, kian), eligible(db), eligible(db, "مینا", "رضایی")
    employs(boss, central(db, kian), sara, maryam)
    picks(boss, central(db, kian), mina)
    accepts(mina)
    file_of(maryam, db).sees("جایگزین سارا کریمی‌نژاد می‌شود")


def test_staff_look_and_assign(db: Session) -> None:
    waiting(db)
    expert(db)
    person = account(db, "رضا", "ستادی")
    db.add(Grant(account_id=person.id or 0, role=Role.STAFF))
    staff = file_of(Visitor(db, person, Role.STAFF), db).sees("ارجاع به کارشناس", "🏠 منوی اصلی")
    assert not {"✅ تأیید", "❌ رد", "📌 بررسی با من", "درخواست بعدی"} & set(staff.labels)
    staff.taps("ارجاع به کارشناس").taps("مریم رضایی (۰)").sees("کارشناس: مریم رضایی")


def test_the_next_request(db: Session) -> None:
    kian, maryam = firm(db), expert(db)
    boss = manager(db, kian)
    for name in ("سارا", "مینا"):
        person = eligible(db, name)
        picks(boss, branch(db, kian, name), person)
        accepts(person)
    maryam.opens("desk.coop").types("۱").sees("مسئول فنی: سارا").taps("درخواست بعدی").sees("مسئول فنی: مینا")
    maryam.taps("✅ تأیید").taps("بله، تأیید می‌کنم").sees("۱ درخواست دیگر در انتظار بررسی است")
    maryam.taps("درخواست بعدی").sees("مسئول فنی: سارا").taps("درخواست بعدی")
    assert maryam.notice == "پرونده دیگری در انتظار بررسی نیست."
