"""The officer's contracted centres: answering requests, giving up, ending a cooperation, the archives (R30–R42)."""

from sqlmodel import select

from storage.enums import ContractState, CooperationState, TerminationState
from storage.tables import Contract, Push, Termination
from tests.support import chat_people as people
from tests.support.chat_driver import App, Person


def asked(app: App) -> tuple[Person, Person]:
    """An officer with a new request, and the manager who asks."""
    (boss, at), sara = people.distributor(app), people.eligible(app)
    people.pick(boss, at, sara)
    return sara, boss


def test_the_menu_of_somebody_without_centres(app: App) -> None:
    sara = people.officer(app).open("home").tap("🤝 مراکز طرف قرارداد")
    sara.sees("همکاری‌های شما با شرکت‌ها و اصناف", "اکنون با مرکزی همکاری ندارید", "درخواست‌های جدید (۰)")
    sara.tap("درخواست‌های جدید (۰)").sees("موردی برای نمایش وجود ندارد").tap("بازگشت")
    sara.tap("آرشیو همکاری").sees("موردی برای نمایش وجود ندارد").tap("بازگشت")
    sara.tap("آرشیو قطع همکاری").sees("موردی برای نمایش وجود ندارد").tap("بازگشت")
    assert "درخواست قطع همکاری" not in sara.labels
    sara.open("term.new").sees("اکنون با مرکزی همکاری ندارید", "آرشیو همکاری")


def test_everything_about_who_asks(app: App) -> None:
    sara, _ = asked(app)
    sara.open("centers").tap("درخواست‌های جدید (۱)").sees("شما را به‌عنوان مسئول فنی انتخاب کرده‌اند", "کیان طب")
    sara.type("۱").sees("⏳ در انتظار پاسخ شما", "کیان طب (واحد صنفی)", "شناسه: ۷۰۰")
    sara.sees("شعبه: مرکزی، فارس، شیراز")
    sara.sees("آدرس: شیراز، خیابان زند", "مدیر: حمید صالحی، ۰۷۱۳۲۱۲۳۴۵۶", "تاریخ درخواست: ۱۴۰۵/۰۹/۰۱")
    sara.tap("🏢 مشخصات مرکز").sees("همراه مدیر: ۰۹۱۲۰۰۰۰۰۰۱", "شعبه: مرکزی، فارس، شیراز", "آدرس شعبه")
    sara.tap("بازگشت")
    sara.tap("📋 روند درخواست").sees("کیان طب درخواست همکاری داد")


def test_accepting_wants_a_yes(app: App) -> None:
    sara, _ = asked(app)
    sara.open("coop.new").type("1").tap("✅ قبول همکاری")
    sara.sees("درخواست برای بررسی به دانشگاه فرستاده می‌شود").tap("خیر").sees("⏳ در انتظار پاسخ شما")
    assert people.cooperation(app).state is CooperationState.PENDING_OFFICER
    people.accept(sara).sees("⏳ در انتظار بررسی دانشگاه", "دانشگاه علوم پزشکی شیراز", "انصراف از همکاری")
    assert not {"✅ قبول همکاری", "❌ رد همکاری"} & set(sara.labels)
    sara.open("centers").sees("⏳ در انتظار بررسی دانشگاه: کیان طب", "درخواست‌های جدید (۰)")
    sara.tap("⏳ همکاری پذیرفته‌شده").sees("درخواست همکاری")


def test_rejecting_with_and_without_a_reason(app: App) -> None:
    sara, boss = asked(app)
    sara.open("coop.new").type("1").tap("❌ رد همکاری").sees("بدون دلیل").type("نه").sees("کامل‌تر بنویسید")
    sara.type("محل کار دور است").sees("پاسخ شما به مرکز گفته و درخواست بسته می‌شود", "محل کار دور است")
    sara.tap("بله، رد می‌کنم").sees("❌ ردشده از سوی شما", "دلیل شما:\n│ محل کار دور است")
    boss.open("dist.request", people.cooperation(app).id or 0).sees("❌ ردشده از سوی مسئول فنی")
    boss.sees("دلیل مسئول فنی:\n│ محل کار دور است")
    boss.open("dist.pick", people.cooperation(app).branch_id).type(people.code_of(sara)).tap("بله")
    sara.open("coop.new").type("1").tap("❌ رد همکاری", "بدون دلیل", "خیر").sees("⏳ در انتظار پاسخ شما")
    sara.tap("❌ رد همکاری", "بدون دلیل", "بله، رد می‌کنم").sees("❌ ردشده از سوی شما").sees_not("دلیل شما")
    sara.open("coop.archive").sees("۱. کیان طب", "۲. کیان طب", "❌ ردشده از سوی شما")


def test_giving_an_acceptance_up(app: App) -> None:
    sara, boss = asked(app)
    people.accept(sara).tap("انصراف از همکاری").sees("مطمئن هستید").tap("خیر").sees("در انتظار بررسی دانشگاه")
    sara.tap("انصراف از همکاری", "بله، انصراف می‌دهم").sees("انصراف دادید", "❌ ردشده از سوی شما")
    people.expert(app).open("desk.coop").sees("در انتظار بررسی نیست")
    boss.open("dist.choose").sees("بدون مسئول فنی").sees_not("⏳")


def test_somebody_employed_is_told_why_not(app: App) -> None:
    sara, _boss = asked(app)
    people.pick(*people.distributor(app, "سلامت‌گستر", "مرادی"), sara)
    people.accept(sara)
    sara.open("coop.new").type("۱").tap("✅ قبول همکاری")
    sara.sees("یک درخواست پذیرفته‌شده در انتظار دانشگاه دارید").sees("⏳ در انتظار پاسخ شما")
    people.expert(app).open("desk.coop").type("۱").tap("✅ تأیید", "بله، تأیید می‌کنم")
    sara.open("coop.archive").sees("✅ تأییدشده", "⚪️ بسته‌شده")


def test_an_answer_that_comes_too_late(app: App) -> None:
    sara, boss = asked(app)
    kept = sara.open("coop.new").type("1").button("✅ قبول همکاری")
    sara.tap("❌ رد همکاری", "بدون دلیل")
    boss.open("dist.request", people.cooperation(app).id or 0).tap("پس گرفتن درخواست", "بله، پس می‌گیرم")
    sara.tap("بله، رد می‌کنم").sees("دیگر معتبر نیست", "⚪️ پس‌گرفته‌شده").press(kept).sees("دیگر معتبر نیست")
    sara.open("coop.view", people.cooperation(app).id or 0).sees("⚪️ پس‌گرفته‌شده").sees_not("✅ قبول همکاری")


def test_requests_of_others_are_not_seen(app: App) -> None:
    _sara, boss = asked(app)
    request, mina = people.cooperation(app), people.eligible(app, "مینا")
    for deed in ["view", "accept", "accept_do", "reject", "give_up_do", "timeline"]:
        mina.open(f"coop.{deed}", request.id or 0, request.version).sees("دسترسی ندارید").sees_not("کیان طب")
        boss.open(f"coop.{deed}", request.id or 0, request.version).sees("دسترسی ندارید")
    assert people.cooperation(app).version == request.version


def employed(app: App) -> tuple[Person, Person]:
    (boss, at), sara = people.distributor(app), people.eligible(app)
    people.employ(boss, at, sara, people.expert(app))
    return sara, boss


def test_ending_a_cooperation(app: App) -> None:
    sara, boss = employed(app)
    assert [push.kind for push in sara.pushes()] == ["N13", "N16"]
    sara.open("centers").sees("🟢 فعال: کیان طب، شعبه «مرکزی»، از ۱۴۰۵/۰۹/۰۱").tap("درخواست قطع همکاری")
    sara.sees("قطع همکاری با «کیان طب»", "دست‌کم ۱۰ حرف").type("کوتاه").sees("کامل‌تر بنویسید")
    sara.type("به شهر دیگری می‌روم.").sees("نام شما بلافاصله از اطلاعات «کیان طب» حذف می‌شود")
    sara.sees(
        "مسئولیت حقوقی استفاده بدون دلیل از این امکان بر عهده شماست", "برای مدیریت مرکز پیامک ارسال می‌شود"
    )
    sara.sees("به شهر دیگری می‌روم")
    assert app.one(select(Contract)).state is ContractState.ACTIVE
    sara.tap("قطع همکاری می‌کنم").sees("✅ نهایی‌شده", "به شهر دیگری می‌روم")
    assert app.one(select(Contract)).state is ContractState.ENDED_BY_OFFICER
    boss.open("dist.branch", people.cooperation(app).branch_id).sees("مسئول فنی: ندارد").sees_not("سارا")
    boss.sees_not("به شهر دیگری")
    sara.open("centers").sees("اکنون با مرکزی همکاری ندارید").tap("آرشیو قطع همکاری").sees(
        "کیان طب", "✅ نهایی‌شده"
    )
    sms = app.one(select(Push).where(Push.kind == "N19", Push.channel == "SMS"))
    assert sms.mobile == "+989120000001"
    assert "سارا کریمی‌نژاد، مسئول فنی شعبه مرکزی" in sms.text


def test_changing_ones_mind(app: App) -> None:
    sara, _ = employed(app)
    sara.open("term.new").type("به شهر دیگری می‌روم.").tap("همکاری ادامه یابد").sees("لغو شد", "🟢 فعال")
    sara.tap("آرشیو قطع همکاری").sees("⚪️ لغوشده").type("۱").sees("به شهر دیگری می‌روم")
    sara.sees_not("قطع همکاری می‌کنم")


def test_a_draft_waits(app: App) -> None:
    sara, _ = employed(app)
    sara.open("term.new").type("به شهر دیگری می‌روم.").command("menu").tap("🤝 مراکز طرف قرارداد")
    sara.sees("نهایی‌نشده دارید").tap("ادامه قطع همکاری").sees("قطع همکاری می‌کنم")
    sara.open("term.new").type("دلیل دیگری پیدا کردم.").sees("دلیل دیگری پیدا کردم", "قطع همکاری می‌کنم")
    assert len(app.all(select(Termination))) == 1


def test_the_distributor_was_faster(app: App) -> None:
    sara, boss = employed(app)
    sara.open("term.new").type("به شهر دیگری می‌روم.")
    boss.open("dist.free").type("۱").tap("بله، آزاد می‌کنم").sees("آزاد شد", "مسئول فنی: ندارد")
    sara.tap("قطع همکاری می‌کنم").sees("اکنون با مرکزی همکاری ندارید")
    assert app.one(select(Termination)).state is TerminationState.CANCELLED
    assert not app.all(select(Push).where(Push.kind == "N19"))


def test_a_long_archive_has_pages(app: App) -> None:
    (boss, _), sara = people.distributor(app), people.eligible(app)
    for n in range(11):
        people.pick(boss, people.branch(boss, f"شماره {n}"), sara)
    sara.open("coop.new").sees("صفحه ۱ از ۲", "۸. کیان طب").tap("بعدی").sees("صفحه ۲ از ۲", "۱۱. کیان طب")
    sara.sees("قبلی").open("coop.archive", arg="99").sees("صفحه ۲ از ۲")
