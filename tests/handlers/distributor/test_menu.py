"""The distributor's screens: menu, branches, choosing officers, requests, freeing, own data.

See docs/specification.md 2.4, 2.5.
"""

from __future__ import annotations

from copy import copy

from sqlmodel import Session, select

from storage.enums import ContractState, CooperationState, Messenger, Role
from storage.tables import Account, Branch, Chat, Contract, CooperationRequest, Grant, Throttle
from tests.support.distributor_data import (
    accepts,
    approves,
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
from tests.support.handler_driver import Visitor, expert, officer


def test_the_menu(db: Session) -> None:
    boss = manager(db, firm(db), messenger=Messenger.BALE).opens("home")
    boss.sees("مدیریت شعبه‌ها و مسئول فنی کیان طب")
    boss.sees("🏢 شعبه‌ها", "➕ شعبه جدید", "👤 انتخاب مسئول فنی", "🔓 آزاد کردن کد ملی")
    boss.taps("🏢 شعبه‌ها").sees("شعبه‌های کیان طب: ۱", "۱. مرکزی، شیراز: بدون مسئول فنی")
    boss.types("۱").sees("شعبه «مرکزی»", "محل: فارس، شیراز", "مسئول فنی: بدون مسئول فنی")
    boss.opens("home").taps("🔓 آزاد کردن کد ملی").sees("شعبه‌های شما مسئول فنی ندارند")
    boss.opens("home").taps("🗂 درخواست‌ها").sees("موردی برای نمایش وجود ندارد")


def defines(boss: Visitor, name: str, *, province: str = "فارس", city: str = "مرودشت") -> Visitor:
    """The branch dialogue up to the officer's national code."""
    boss.opens("dist.new_branch").types(name)
    boss.sees("استان شعبه را انتخاب کنید").types(province, city)
    if province == "تهران":
        boss.sees("شعبه در حوزه کدام دانشگاه است؟").types("ایران")
    return boss.types(f"{city}، خیابان امام، پلاک ۱۲").sees("کد ملی مسئول فنی این شعبه", "رد کردن")


def test_defining_a_branch_without_an_officer(db: Session) -> None:
    boss = manager(db, firm(db))
    defines(boss, "شعبه مرودشت").taps("رد کردن").sees(
        "نام شعبه: مرودشت", "شهر: مرودشت", "کد ملی مسئول فنی: ندارد"
    )
    boss.taps("✅ تأیید").sees("شعبه «مرودشت» ثبت شد", "بدون مسئول فنی")
    stored = db.exec(select(Branch).where(Branch.name == "مرودشت")).one()
    assert (stored.province, stored.city, stored.university_code) == ("فارس", "مرودشت", "sums")
    assert not stored.is_central


def test_a_branch_in_tehran_names_its_university(db: Session) -> None:
    boss = manager(db, firm(db))
    defines(boss, "غرب", province="تهران", city="تهران").taps("رد کردن").taps("✅ تأیید").sees("ثبت شد")
    assert db.exec(select(Branch).where(Branch.name == "غرب")).one().university_code == "iums"


def test_the_last_step_chooses_the_officer(db: Session) -> None:
    boss, sara, mina = manager(db, firm(db)), eligible(db), officer(db, "مینا", national_code="9991234561")
    defines(boss, "مرودشت").types("123").sees("کد ملی درست نیست").types(code_of(mina))
    boss.taps("✅ تأیید").sees(
        "مسئول فنی واجد شرایطی با این کد ملی برای انتخاب وجود ندارد", "نام شعبه: مرودشت"
    )
    assert not db.exec(select(Branch).where(Branch.name == "مرودشت")).all()
    boss.taps("✏️ مسئول فنی").types(code_of(sara)).taps("✅ تأیید")
    boss.sees(
        "شعبه «مرودشت» ثبت شد", "درخواست همکاری برای سارا کریمی‌نژاد ارسال شد", "⏳ در انتظار پاسخ مسئول فنی"
    )
    sara.opens("coop.new").sees("شعبه «مرودشت»")


def test_one_sentence_for_whoever_may_not_be_chosen(db: Session) -> None:
    kian = firm(db)
    boss, other = manager(db, kian), firm(db, "سلامت")
    at = central(db, kian).id or 0
    employed, reserved = eligible(db, "مینا"), eligible(db, "رعنا")
    rival = manager(db, other, "مرادی")
    employs(rival, central(db, other), employed, expert(db))
    picks(rival, branch(db, other, "دوم"), reserved)
    accepts(reserved)
    before = len(db.exec(select(CooperationRequest)).all())
    for code in (code_of(employed), code_of(reserved), "9991234561"):
        boss.opens("dist.pick", at).types(code)
        boss.sees(
            "مسئول فنی واجد شرایطی با این کد ملی برای انتخاب وجود ندارد.", "کد ملی مسئول فنی را بفرستید"
        )
        boss.sees_not("مینا", "رعنا")
    assert len(db.exec(select(CooperationRequest)).all()) == before


def test_a_mistyped_code_is_no_look_up(db: Session) -> None:
    kian = firm(db)
    boss = manager(db, kian).opens("dist.pick", central(db, kian).id or 0)
    for _ in range(21):
        boss.types("9991234562").sees("کد ملی درست نیست")
    assert not db.exec(select(Throttle)).all()
    boss.types("9991234561").sees("مسئول فنی واجد شرایطی با این کد ملی برای انتخاب وجود ندارد.")


def test_a_limit_on_tries(db: Session) -> None:
    kian = firm(db)
    boss, sara = manager(db, kian), eligible(db)
    boss.opens("dist.pick", central(db, kian).id or 0)
    for _ in range(20):
        boss.types("9991234561").sees("واجد شرایطی")
    boss.types(code_of(sara)).sees("امروز بیش از حد مجاز تلاش کرده‌اید")
    assert not db.exec(select(CooperationRequest)).all()


def test_withdrawing_from_each_pending_state(db: Session) -> None:
    kian = firm(db)
    boss, sara = manager(db, kian), eligible(db)
    picks(boss, central(db, kian), sara).taps("📄 درخواست همکاری").sees("⏳ در انتظار پاسخ مسئول فنی")
    boss.sees_not(code_of(sara)).taps("پس گرفتن درخواست").sees("پس گرفته شود؟").taps("خیر").taps(
        "پس گرفتن درخواست"
    )
    boss.taps("بله، پس می‌گیرم").sees("پس گرفته شد", "⚪️ پس‌گرفته‌شده")
    picks(boss, central(db, kian), sara)
    accepts(sara)
    boss.opens("dist.requests").sees("۱. سارا", "۲. سارا", "⏳ در انتظار بررسی دانشگاه").types("۱")
    boss.taps("پس گرفتن درخواست").taps("بله، پس می‌گیرم").sees("⚪️ پس‌گرفته‌شده")
    assert newest(db).state is CooperationState.WITHDRAWN
    sara.opens("centers").sees_not("همکاری پذیرفته‌شده")
    boss.opens("dist.request", newest(db).id or 0).taps("📋 روند درخواست").sees("کیان طب درخواست را پس گرفت")


def test_a_busy_branch(db: Session) -> None:
    kian = firm(db)
    boss, sara = manager(db, kian), eligible(db)
    picks(boss, central(db, kian), sara)
    boss.opens("dist.pick", central(db, kian).id or 0).sees("⏳ در انتظار پاسخ مسئول فنی")
    assert boss.notice == "برای این شعبه یک درخواست باز وجود دارد. ابتدا آن را پس بگیرید."
    boss.opens("dist.choose").sees("برای کدام شعبه", "⏳ در انتظار پاسخ مسئول فنی")


def test_replacing_an_officer(db: Session) -> None:
    kian, maryam = firm(db), expert(db)
    boss, sara, mina = manager(db, kian), eligible(db), eligible(db, "مینا", "رضایی")
    at = central(db, kian)
    employs(boss, at, sara, maryam)
    boss.opens("dist.branch", at.id or 0).sees("مسئول فنی: سارا کریمی‌نژاد، از ۱۴۰۵/۰۹/۰۱").taps("👤 جایگزینی")
    boss.sees("سارا کریمی‌نژاد اکنون مسئول فنی این شعبه است").types(code_of(mina)).sees(
        "ارسال شد", "سارا کریمی‌نژاد"
    )
    accepts(mina)
    maryam.opens("desk.coop").types("۱").sees("جایگزین سارا کریمی‌نژاد می‌شود").taps("✅ تأیید").sees(
        "سارا کریمی‌نژاد"
    )
    maryam.taps("بله، تأیید می‌کنم")
    boss.opens("dist.branch", at.id or 0).sees("مینا رضایی").sees_not("سارا")
    assert [one.state for one in db.exec(select(Contract).order_by(Contract.id))] == [  # type: ignore[arg-type]
        ContractState.ENDED_BY_DISTRIBUTOR,
        ContractState.ACTIVE,
    ]


def test_freeing_a_national_code(db: Session) -> None:
    kian = firm(db)
    boss, sara = manager(db, kian), eligible(db)
    employs(boss, central(db, kian), sara, expert(db))
    boss.opens("dist.free").sees("۱. سارا کریمی‌نژاد، شعبه «مرکزی»").types("۱")
    boss.sees("همکاری سارا کریمی‌نژاد با شعبه «مرکزی» همین حالا پایان می‌یابد و قابل بازگشت نیست").taps("خیر")
    assert db.exec(select(Contract)).one().state is ContractState.ACTIVE
    kept = boss.taps("🔓 آزاد کردن کد ملی").button("بله، آزاد می‌کنم")
    boss.presses(kept).sees("کد ملی سارا کریمی‌نژاد آزاد شد", "بدون مسئول فنی")
    boss.presses(kept).sees("دیگر معتبر نیست")
    sara.opens("centers").sees("همکاری فعالی ندارید")
    picks(boss, central(db, kian), sara).sees("ارسال شد")


def test_editing_a_branch(db: Session) -> None:
    kian = firm(db)
    boss, sara = manager(db, kian), eligible(db)
    at = branch(db, kian, "دوم")
    boss.opens("dist.branch", at.id or 0).taps("✏️ ویرایش شعبه").sees("نام شعبه: دوم", "استان: فارس")
    boss.taps("✏️ نام شعبه").types("سوم").taps("✏️ استان").types("اصفهان", "کاشان").sees(
        "استان: اصفهان", "شهر: کاشان"
    )
    boss.taps("✅ تأیید").sees("ذخیره شد", "شعبه «سوم»", "محل: اصفهان، کاشان")
    db.expire_all()
    assert db.get_one(Branch, at.id).university_code != "sums"
    picks(boss, at, sara)
    boss.opens("dist.branch", at.id or 0).taps("✏️ ویرایش شعبه").sees(
        "استان و شهر آن تغییر نمی‌کند", "نام شعبه: سوم"
    )
    assert not {"✏️ استان", "✏️ شهر"} & set(boss.labels)
    boss.taps("✏️ آدرس شعبه").types("کاشان، میدان اصلی، پلاک ۳").taps("✅ تأیید").sees(
        "آدرس: کاشان، میدان اصلی"
    )


def test_two_managers_at_once(db: Session) -> None:
    kian = firm(db)
    one, two, sara = manager(db, kian), manager(db, kian, "رستمی"), eligible(db)
    at = central(db, kian)
    for boss in (one, two):
        boss.opens("dist.pick", at.id or 0)
    one.types(code_of(sara)).sees("ارسال شد")
    two.types(code_of(sara)).sees("برای این شعبه یک درخواست باز وجود دارد")
    two.taps("انصراف").sees("⏳ در انتظار پاسخ مسئول فنی")
    kept = [boss.opens("dist.branch", at.id or 0).button("✏️ ویرایش شعبه") for boss in (one, two)]
    one.presses(kept[0]).taps("✏️ نام شعبه").types("نخست").taps("✅ تأیید").sees("ذخیره شد")
    two.presses(kept[1]).sees("دیگر معتبر نیست")


def test_own_data(db: Session) -> None:
    boss = manager(db, firm(db)).opens("home").taps("✏️ مشخصات مرکز")
    boss.sees("کیان طب (واحد صنفی)", "همراه مدیر: ۰۹۱۲۰۰۰۰۰۰۱", "نام و شناسه مرکز را اداره کل ثبت می‌کند")
    boss.taps("✏️ ویرایش").sees_not("✏️ نام توزیع‌کننده").taps("✏️ همراه مدیر").types("0912").sees(
        "شماره همراه باید"
    )
    boss.types("09121110000").taps("✏️ تلفن مرکز").taps("تلفن ثابت ندارم").taps("✏️ نام مدیر").types(
        "ناصر صالحی"
    )
    boss.taps("✅ تأیید").sees("ذخیره شد", "مدیر: ناصر صالحی", "همراه مدیر: ۰۹۱۲۱۱۱۰۰۰۰").sees_not(
        "۰۷۱۳۲۱۲۳۴۵۶"
    )


def test_other_firms_are_out_of_reach(db: Session) -> None:
    kian, other = firm(db), firm(db, "سلامت")
    boss, rival, sara = manager(db, kian), manager(db, other, "مرادی"), eligible(db)
    at = central(db, kian)
    employs(boss, at, sara, expert(db))
    request, contract = copy(newest(db)), copy(db.exec(select(Contract)).one())
    branch_id = at.id or 0
    for action in ("dist.branch", "dist.pick", "dist.edit_branch"):
        rival.opens(action, branch_id).sees("دسترسی ندارید").sees_not("سارا")
    for action in ("dist.request", "dist.withdraw", "dist.withdraw_do", "dist.timeline"):
        rival.opens(action, request.id or 0, request.version).sees("دسترسی ندارید").sees_not("سارا")
    for action in ("dist.free_ask", "dist.free_do"):
        rival.opens(action, contract.id or 0, contract.version).sees("دسترسی ندارید").sees_not("سارا")
        sara.opens(action, contract.id or 0, contract.version).sees("دسترسی ندارید")
    db.expire_all()
    assert db.exec(select(Contract)).one().state is ContractState.ACTIVE


def test_an_officer_who_never_logged_in(db: Session) -> None:
    kian = firm(db)
    boss, sara = manager(db, kian), eligible(db)
    code = code_of(sara)
    for chat in db.exec(select(Chat).where(Chat.account_id == sara.account.id)).all():
        db.delete(chat)
    db.commit()
    boss.opens("dist.pick", central(db, kian).id or 0).types(code).sees("مسئول فنی هنوز وارد سامانه نشده است")
    boss.taps("📄 درخواست همکاری").sees("مسئول فنی هنوز وارد سامانه نشده است")


def test_a_manager_who_is_an_officer_too(db: Session) -> None:
    """Roles are switched; one's own firm may not get one's own acceptance reviewed by oneself, yet may ask."""
    kian, sara = firm(db), eligible(db)
    db.add(Grant(account_id=sara.account.id or 0, role=Role.DISTRIBUTOR, distributor_id=kian.id))
    db.commit()
    both = Visitor(db, db.get_one(Account, sara.account.id), Role.OFFICER).opens("home")
    both.sees("🤝 مراکز طرف قرارداد").taps("🔁 تغییر نقش").taps("توزیع‌کننده").sees(
        "مدیریت شعبه‌ها و مسئول فنی کیان طب"
    )
    picks(both, central(db, kian), both).sees("ارسال شد").opens("role").taps("مسئول فنی")
    accepts(both).sees("⏳ در انتظار بررسی دانشگاه")
    approves(expert(db)).sees("فعال است")
