"""The officer's contracted centres: answering requests, giving up, ending a cooperation, the archives (R30–R42)."""

from __future__ import annotations

from sqlmodel import Session, col, select

from storage.enums import ContractState, CooperationState, TerminationState
from storage.tables import Contract, Distributor, Push, Termination
from tests.support.distributor_data import (
    accepts,
    approves,
    branch,
    central,
    eligible,
    employs,
    firm,
    manager,
    newest,
    picks,
)
from tests.support.handler_driver import Visitor, expert, officer


def asked(db: Session) -> tuple[Visitor, Visitor]:
    """An officer with a new request, and the manager who asks."""
    kian = firm(db)
    boss, sara = manager(db, kian), eligible(db)
    picks(boss, central(db, kian), sara)
    return sara, boss


def test_the_menu_of_somebody_without_centres(db: Session) -> None:
    sara = officer(db).opens("home").taps("🤝 مراکز طرف قرارداد")
    sara.sees("همکاری‌های شما با شرکت‌ها و اصناف", "همکاری فعالی ندارید", "درخواست‌های جدید (۰)")
    sara.taps("درخواست‌های جدید (۰)").sees("موردی برای نمایش وجود ندارد").taps("بازگشت")
    sara.taps("آرشیو همکاری").sees("موردی برای نمایش وجود ندارد").taps("بازگشت")
    sara.taps("آرشیو قطع همکاری").sees("موردی برای نمایش وجود ندارد").taps("بازگشت")
    sara.taps("درخواست قطع همکاری").sees("همکاری فعالی ندارید", "آرشیو همکاری")


def test_everything_about_who_asks(db: Session) -> None:
    sara, _ = asked(db)
    sara.opens("centers").taps("درخواست‌های جدید (۱)").sees(
        "شما را به‌عنوان مسئول فنی انتخاب کرده‌اند", "کیان طب"
    )
    sara.types("۱").sees(
        "⏳ در انتظار پاسخ شما", "کیان طب (واحد صنفی)", "شناسه: ۷۰۰", "شعبه: مرکزی، فارس، شیراز"
    )
    sara.sees("آدرس: شیراز، خیابان زند", "مدیر: حمید صالحی، ۰۷۱۳۲۱۲۳۴۵۶", "تاریخ درخواست: ۱۴۰۵/۰۹/۰۱")
    sara.taps("🏢 مشخصات مرکز").sees("همراه مدیر: ۰۹۱۲۰۰۰۰۰۰۱", "آدرس شعبه").taps("بازگشت")
    sara.taps("📋 روند درخواست").sees("کیان طب درخواست همکاری داد")


def test_accepting_wants_a_yes(db: Session) -> None:
    sara, _ = asked(db)
    sara.opens("coop.new").types("1").taps("✅ قبول همکاری").sees(
        "اجازه می‌دهید درخواست برای بررسی به دانشگاه ارسال شود"
    )
    sara.taps("خیر").sees("⏳ در انتظار پاسخ شما")
    assert newest(db).state is CooperationState.PENDING_OFFICER
    accepts(sara).sees("⏳ در انتظار بررسی دانشگاه", "دانشگاه علوم پزشکی شیراز", "انصراف از همکاری")
    assert not {"✅ قبول همکاری", "❌ رد همکاری"} & set(sara.labels)
    sara.opens("centers").sees("⏳ در انتظار بررسی دانشگاه: کیان طب", "درخواست‌های جدید (۰)")
    sara.taps("⏳ همکاری پذیرفته‌شده").sees("درخواست همکاری")


def test_rejecting_with_and_without_a_reason(db: Session) -> None:
    sara, boss = asked(db)
    sara.opens("coop.new").types("1").taps("❌ رد همکاری").sees("بدون دلیل").types("نه").sees(
        "کامل‌تر بنویسید"
    )
    sara.types("محل کار دور است").sees("پرونده به توزیع‌کننده بازگردانده و مختومه می‌شود", "محل کار دور است")
    sara.taps("بله، رد می‌کنم").sees("❌ ردشده توسط شما", "دلیل شما:\n│ محل کار دور است")
    boss.opens("dist.request", newest(db).id or 0).sees(
        "❌ ردشده توسط مسئول فنی", "دلیل مسئول فنی:\n│ محل کار دور است"
    )
    picks(boss, central(db, firm_of(db)), sara)
    sara.opens("coop.new").types("1").taps("❌ رد همکاری").taps("بدون دلیل").taps("خیر").sees(
        "⏳ در انتظار پاسخ شما"
    )
    sara.taps("❌ رد همکاری").taps("بدون دلیل").taps("بله، رد می‌کنم").sees("❌ ردشده توسط شما").sees_not(
        "دلیل شما"
    )
    sara.opens("coop.archive").sees("۱. کیان طب", "۲. کیان طب", "❌ ردشده توسط شما")


def firm_of(db: Session) -> Distributor:
    return db.get_one(Distributor, newest(db).distributor_id)


def test_giving_an_acceptance_up(db: Session) -> None:
    sara, boss = asked(db)
    accepts(sara).taps("انصراف از همکاری").sees("مطمئن هستید").taps("خیر").sees("در انتظار بررسی دانشگاه")
    sara.taps("انصراف از همکاری").taps("بله، انصراف می‌دهم").sees("انصراف دادید", "❌ ردشده توسط شما")
    expert(db).opens("desk.coop").sees("در انتظار بررسی نیست")
    boss.opens("dist.choose").sees("بدون مسئول فنی").sees_not("⏳")


def test_somebody_employed_is_told_why_not(db: Session) -> None:
    sara, _boss = asked(db)
    other = firm(db, "سلامت‌گستر")
    picks(manager(db, other, "مرادی"), central(db, other), sara)
    accepts(sara)
    sara.opens("coop.new").types("۱").taps("✅ قبول همکاری").sees(
        "یک درخواست پذیرفته‌شده در انتظار دانشگاه دارید"
    )
    sara.sees("⏳ در انتظار پاسخ شما")
    approves(expert(db))
    sara.opens("coop.archive").sees("✅ تأییدشده", "⚪️ مختومه")


def test_a_request_that_was_withdrawn_meanwhile(db: Session) -> None:
    sara, boss = asked(db)
    kept = sara.opens("coop.new").types("1").button("✅ قبول همکاری")
    boss.opens("dist.request", newest(db).id or 0).taps("پس گرفتن درخواست").taps("بله، پس می‌گیرم")
    sara.presses(kept).sees("دیگر معتبر نیست")
    sara.opens("coop.view", newest(db).id or 0).sees("⚪️ پس‌گرفته‌شده").sees_not("✅ قبول همکاری")


def test_a_refusal_that_comes_too_late(db: Session) -> None:
    sara, boss = asked(db)
    sara.opens("coop.new").types("1").taps("❌ رد همکاری").taps("بدون دلیل")
    boss.opens("dist.request", newest(db).id or 0).taps("پس گرفتن درخواست").taps("بله، پس می‌گیرم")
    sara.taps("بله، رد می‌کنم").sees("دیگر معتبر نیست", "⚪️ پس‌گرفته‌شده")


def test_requests_of_others_are_not_seen(db: Session) -> None:
    _sara, boss = asked(db)
    request, mina = newest(db), eligible(db, "مینا")
    for action in (
        "coop.view",
        "coop.accept",
        "coop.accept_do",
        "coop.reject",
        "coop.give_up_do",
        "coop.timeline",
    ):
        mina.opens(action, request.id or 0, request.version).sees("دسترسی ندارید").sees_not("کیان طب")
        boss.opens(action, request.id or 0, request.version).sees("دسترسی ندارید")
    assert newest(db).version == request.version


def employed(db: Session) -> tuple[Visitor, Visitor]:
    kian = firm(db)
    boss, sara = manager(db, kian), eligible(db)
    employs(boss, central(db, kian), sara, expert(db))
    return sara, boss


def test_ending_a_cooperation(db: Session) -> None:
    sara, boss = employed(db)
    sara.opens("centers").sees("🟢 فعال: کیان طب، شعبه «مرکزی»، از ۱۴۰۵/۰۹/۰۱").taps("درخواست قطع همکاری")
    sara.sees("قطع همکاری با «کیان طب»", "دست‌کم ۱۰ حرف").types("کوتاه").sees("کامل‌تر بنویسید")
    sara.types("به شهر دیگری می‌روم.").sees("نام شما بلافاصله از اطلاعات «کیان طب» حذف می‌شود")
    sara.sees(
        "مسئولیت حقوقی استفاده بدون دلیل بر عهده شماست",
        "برای مدیریت مرکز پیامک ارسال می‌شود",
        "به شهر دیگری می‌روم",
    )
    assert db.exec(select(Contract)).one().state is ContractState.ACTIVE
    sara.taps("نهایی می‌کنم").sees("✅ نهایی‌شده", "به شهر دیگری می‌روم")
    db.expire_all()
    assert db.exec(select(Contract)).one().state is ContractState.ENDED_BY_OFFICER
    boss.opens("dist.branch", central_id(db)).sees("بدون مسئول فنی").sees_not("سارا", "به شهر دیگری")
    sara.opens("centers").sees("همکاری فعالی ندارید").taps("آرشیو قطع همکاری").sees("کیان طب", "✅ نهایی‌شده")
    sms = db.exec(select(Push).where(Push.kind == "N19", Push.channel == "SMS")).one()
    assert sms.mobile == "+989120000001"
    assert "سارا کریمی‌نژاد، مسئول فنی شعبه مرکزی" in sms.text


def central_id(db: Session) -> int:
    return central(db, firm_of(db)).id or 0


def test_changing_ones_mind(db: Session) -> None:
    sara, _ = employed(db)
    sara.opens("term.new").types("به شهر دیگری می‌روم.").taps("انصراف").sees("لغو شد", "🟢 فعال")
    sara.taps("آرشیو قطع همکاری").sees("⚪️ لغوشده").types("۱").sees("به شهر دیگری می‌روم").sees_not(
        "نهایی می‌کنم"
    )


def test_a_draft_waits(db: Session) -> None:
    sara, _ = employed(db)
    sara.opens("term.new").types("به شهر دیگری می‌روم.").taps("منوی اصلی").taps("🤝 مراکز طرف قرارداد")
    sara.sees("نهایی‌نشده دارید").taps("ادامه قطع همکاری").sees("نهایی می‌کنم")
    sara.opens("term.new").types("دلیل دیگری پیدا کردم.").sees("دلیل دیگری پیدا کردم", "نهایی می‌کنم")
    assert len(db.exec(select(Termination)).all()) == 1


def test_the_distributor_was_faster(db: Session) -> None:
    sara, boss = employed(db)
    sara.opens("term.new").types("به شهر دیگری می‌روم.")
    boss.opens("dist.free").types("۱").taps("بله، آزاد می‌کنم").sees("آزاد شد", "بدون مسئول فنی")
    sara.taps("نهایی می‌کنم").sees("همکاری فعالی ندارید")
    db.expire_all()
    assert db.exec(select(Termination)).one().state is TerminationState.CANCELLED
    assert not db.exec(select(Push).where(Push.kind == "N19")).all()


def test_a_long_archive_has_pages(db: Session) -> None:
    kian = firm(db)
    boss, sara = manager(db, kian), eligible(db)
    for n in range(11):
        picks(boss, branch(db, kian, f"شماره {n}"), sara)
    sara.opens("coop.new").sees("صفحه ۱ از ۲", "۸. کیان طب").taps("بعدی").sees(
        "صفحه ۲ از ۲", "۱۱. کیان طب", "قبلی"
    )
    sara.opens("coop.archive", arg="99").sees("صفحه ۲ از ۲")


def test_what_the_officer_is_told(db: Session) -> None:
    sara, _boss = employed(db)
    kinds = [
        one.kind for one in db.exec(select(Push).order_by(col(Push.id))) if one.account_id == sara.account.id
    ]
    assert kinds == ["N13", "N16"]
