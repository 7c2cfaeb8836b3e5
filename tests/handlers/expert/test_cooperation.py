"""Cooperation requests in the experts' worklist: the same queue, claims, races and decisions as for files.

See docs/specification.md 2.4.
"""

from datetime import timedelta

import pytest
from sqlmodel import select

from bot.core.screens import Press
from storage.enums import CooperationState, Messenger, Role
from storage.tables import Account, Contract, CooperationRequest, Distributor, Grant, Officer
from tests.support import chat_people as people
from tests.support.chat_driver import NOW, App, Person


def waiting(app: App, **place: str) -> Person:
    """An officer whose acceptance waits at the branch's university."""
    (boss, _), sara = people.distributor(app), people.eligible(app)
    people.pick(boss, people.branch(boss, **place), sara)
    return people.accept(sara)


def at_cooperation(reviewer: Person) -> Person:
    """The reviewer at the newest cooperation request."""
    return reviewer.open("desk.coop_file", people.cooperation(reviewer.app).id)


@pytest.mark.parametrize("messenger", list(Messenger))
def test_the_queue_and_the_card(app: App, messenger: Messenger) -> None:
    sara = waiting(app)
    maryam = people.expert(app).elsewhere(messenger)
    maryam.open("home").tap("🤝 همکاری‌ها")
    maryam.sees("🤝 ۱ درخواست همکاری در انتظار بررسی است", "قدیمی‌ترین: کمتر از یک ساعت")
    maryam.sees("سارا کریمی‌نژاد، کیان طب، شعبه «دوم»").type("۱")
    maryam.sees("⏳ در انتظار بررسی دانشگاه", "مسئول فنی: سارا کریمی‌نژاد", "کد ملی: \u2066•••••••")
    maryam.sees("مقطع و رشته: کارشناسی").sees("کیان طب (واحد صنفی)", "شعبه: دوم، فارس، شیراز")
    maryam.sees("احراز صلاحیت: دانشگاه علوم پزشکی شیراز، ۱۴۰۵/۰۹/۰۱")
    whole = people.code_of(sara).translate(str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹"))
    maryam.sees_not(whole, people.code_of(sara), "📎 مدارک", "⚠️ اعلام نواقص")


def test_numbers_to_call_are_for_who_decides(app: App) -> None:
    sara, maryam, boss = waiting(app), people.expert(app), people.staff(app)
    numbers = "همراه مسئول فنی: ۰۹۱۲۱۲۳۴۵۶۷", "همراه مدیر: ۰۹۱۲۰۰۰۰۰۰۱"
    for verified in (True, False):
        app.change(Account, sara.account.id, mobile_verified=verified)
        at_cooperation(maryam).sees(*numbers)
        assert ("(تأییدنشده)" in maryam.text) is not verified
        at_cooperation(boss).sees_not(*numbers, "همراه")
    app.change(Account, sara.account.id, mobile=None)
    app.change(Distributor, people.cooperation(app).distributor_id, manager_mobile=None)
    at_cooperation(maryam).sees("در انتظار: کمتر از یک ساعت").sees_not("همراه")
    app.change(CooperationRequest, people.cooperation(app).id, state=CooperationState.CLOSED)
    at_cooperation(maryam).sees_not("همراه", "در انتظار:")


def test_the_officers_card_is_checked_at_this_moment(app: App) -> None:
    sara, maryam = waiting(app), people.expert(app)
    for values, qualified, state in (
        ({}, "احراز صلاحیت: دانشگاه علوم پزشکی شیراز، ۱۴۰۵/۰۹/۰۱", "✅ دارای صلاحیت تأییدشده"),
        (
            {"qualified_at": None, "legacy_qualified": True},
            "احراز صلاحیت: ثبت قدیمی",
            "✅ دارای صلاحیت تأییدشده",
        ),
        ({"legacy_qualified": False}, "احراز صلاحیت: ندارد (ابطال‌شده)", "⛔️ صلاحیت ابطال‌شده"),
    ):
        app.change(Officer, sara.account.id, **values)
        at_cooperation(maryam).sees(qualified).tap("🪪 کارت مسئول فنی")
        maryam.sees(qualified, f"وضعیت: {state}", "همکاری‌های پایان‌یافته: ۰", "زمان استعلام: ۱۴۰۵/۰۹/۰۱")
        maryam.sees_not("👤 حساب").tap("بازگشت").sees("⏳ در انتظار بررسی دانشگاه")
    boss = at_cooperation(people.staff(app)).tap("🪪 کارت مسئول فنی").sees("👤 حساب")
    assert boss.button("👤 حساب").press == Press("staff.account", sara.account.id or 0)


def test_it_goes_to_the_branchs_university(app: App) -> None:
    """W6: not to the officer's own."""
    waiting(app, province="اصفهان", city="کاشان")
    request = people.cooperation(app)
    university = request.university_code or ""
    assert university != "sums"
    people.expert(app).open("desk.coop").sees("در انتظار بررسی نیست")
    people.expert(app, "کاشانی", university=university).open("desk.coop").sees("🤝 ۱ درخواست همکاری")


def test_approving(app: App) -> None:
    sara, maryam = waiting(app), people.expert(app)
    at_cooperation(maryam).tap("✅ تأیید").sees(
        "همکاری سارا کریمی‌نژاد با شعبه «دوم» تأیید شود؟ پس از تأیید، همکاری فعال می‌شود."
    )
    maryam.tap("خیر").sees("⏳ در انتظار بررسی دانشگاه").tap("✅ تأیید", "بله، تأیید می‌کنم")
    maryam.sees("✅ همکاری", "از امروز فعال است", "شعبه: دوم، فارس، شیراز", "تصمیم: مریم رضایی").tap(
        "📄 درخواست"
    ).sees("✅ تأییدشده")
    assert not {"✅ تأیید", "❌ رد", "📌 برداشتن پرونده"} & set(maryam.labels)
    sara.open("centers").sees("🟢 فعال: کیان طب")


def test_rejecting_with_presets_and_own_words(app: App) -> None:
    sara, maryam = waiting(app), at_cooperation(people.expert(app)).tap("❌ رد")
    maryam.sees("این متن به متقاضی گفته می‌شود", "شعبه خارج از حوزه", "اطلاعات نادرست", "سایر")
    maryam.sees_not("رشته نامرتبط").type("کم").sees("کامل‌تر بنویسید").type("مدارک شعبه ناقص است")
    maryam.sees("│ مدارک شعبه ناقص است").tap("خیر").sees("چیزی رد نشد", "مدارک شعبه ناقص است")
    maryam.tap("انصراف").sees("⏳ در انتظار بررسی دانشگاه").tap("❌ رد", "انصراف").sees(
        "متوقف شد", "⏳ در انتظار بررسی دانشگاه"
    )
    maryam.tap("❌ رد", "شعبه خارج از حوزه").type("شعبه در حوزه فسا است")
    maryam.sees("رد شود؟", "دلیل: شعبه خارج از حوزه", "│ شعبه در حوزه فسا است").tap("بله، رد می‌کنم")
    maryam.sees("❌ درخواست همکاری", "رد شد")
    maryam.sees("دلیل دانشگاه: شعبه خارج از حوزه؛\n│ شعبه در حوزه فسا است\n└ کارشناس")
    sara.open("coop.view", people.cooperation(app).id or 0).sees("❌ ردشده از سوی دانشگاه")
    sara.sees("شعبه خارج از حوزه؛\n│ شعبه در حوزه فسا است").open("centers").sees_not("همکاری پذیرفته‌شده")


def test_a_long_reason(app: App) -> None:
    waiting(app)
    at_cooperation(people.expert(app)).tap("❌ رد", "سایر").type("خ" * 460).tap("بله، رد می‌کنم").sees("رد شد")


def test_claim_release_and_assign(app: App) -> None:
    waiting(app)
    maryam, bahar = people.expert(app), people.expert(app, "رستمی")
    chief = people.in_charge(app)
    at_cooperation(bahar)
    at_cooperation(maryam).tap("📌 برداشتن پرونده").sees("کارشناس: مریم رضایی", "↩️ بازگشت به صف")
    bahar.tap("📌 برداشتن پرونده").sees("این پرونده نزد مریم رضایی است")
    assert not {"✅ تأیید", "❌ رد", "📌 برداشتن پرونده"} & set(bahar.labels)
    bahar.open("desk.coop").sees("در انتظار بررسی نیست")
    maryam.open("desk.coop_mine").sees("🤝 ۱ درخواست همکاری نزد شماست").type("۱").tap("↩️ بازگشت به صف")
    maryam.sees("📌 برداشتن پرونده").tap("📌 برداشتن پرونده")
    chief.open("desk.coop_all").sees("مریم رضایی").type("۱").tap("ارجاع به کارشناس", "مریم رستمی (۰)")
    chief.sees("کارشناس: مریم رستمی")
    assert chief.notice == "پرونده به مریم رستمی ارجاع شد."
    at_cooperation(maryam).sees_not("✅ تأیید")
    at_cooperation(bahar).tap("📋 روند درخواست").sees(
        "مریم احمدی بررسی را به کارشناس دیگری سپرد", "مریم رضایی بررسی را"
    )
    maryam.open("desk.coop_all").sees("دسترسی ندارید")


def test_two_experts_at_once(app: App) -> None:
    waiting(app)
    maryam, bahar = people.expert(app), people.expert(app, "رستمی")
    for one in (maryam, bahar):
        at_cooperation(one).tap("✅ تأیید")
    maryam.tap("بله، تأیید می‌کنم").sees("از امروز فعال است")
    bahar.tap("بله، تأیید می‌کنم").sees("پیش‌تر تصمیم گرفته شده است (مریم رضایی،")
    assert len(app.all(select(Contract))) == 1


def test_a_rejection_overtaken(app: App) -> None:
    sara, maryam = waiting(app), people.expert(app)
    at_cooperation(maryam).tap("❌ رد", "اطلاعات نادرست", "بدون توضیح")
    sara.tap("انصراف از همکاری", "بله، انصراف می‌دهم")
    maryam.tap("بله، رد می‌کنم").sees("دیگر معتبر نیست", "❌ ردشده از سوی مسئول فنی")
    assert people.cooperation(app).state is CooperationState.REJECTED_BY_OFFICER


def test_search_by_either_code_finds_both_sorts(app: App) -> None:
    sara, maryam = people.submit(people.officer(app)), people.expert(app)
    cooperating = waiting(app)
    code = people.cooperation(app).tracking_code
    maryam.open("desk.search").sees("کد رهگیری").type(code).sees("درخواست همکاری", code, "سارا کریمی‌نژاد")
    maryam.open("desk.search").type(people.code_of(cooperating)).sees("درخواست همکاری", code)
    for code in (people.code_of(sara), people.request_of(sara).tracking_code):
        maryam.open("desk.search").type(code).sees("درخواست جدید", "📎 مدارک", "📌 برداشتن پرونده")
    maryam.open("desk.search").type("12").sees("چیزی پیدا نشد", "کد رهگیری").type("140501010001")
    maryam.sees("پیدا نشد")
    stranger = people.expert(app, "اصفهانی", university="mui")
    for code in (people.cooperation(app).tracking_code, people.code_of(sara)):
        stranger.open("desk.search").type(code).sees("پیدا نشد")


def test_search_shows_all_requests_of_a_person(app: App) -> None:
    sara = people.submit(people.officer(app))
    first = people.request_of(sara)
    sara.open("qual.withdraw_do", first.id, first.version).open("qual.new").tap("ثبت نهایی", "بله")
    app.change(Officer, sara.account.id, legacy_qualified=True)
    boss, at = people.distributor(app, "سلامت")
    people.pick(boss, at, sara)
    people.accept(sara)
    code = people.cooperation(app).tracking_code
    maryam = people.expert(app).open("desk.search").type(people.code_of(sara))
    maryam.sees("درخواست‌های سارا کریمی‌نژاد", "⏳ در انتظار بررسی", "🤝", code)
    maryam.sees(first.tracking_code, people.request_of(sara).tracking_code)
    maryam.tap(next(label for label in maryam.labels if code in label)).sees("درخواست همکاری")


def test_many_wait_comfortably(app: App) -> None:
    boss, _ = people.distributor(app)
    for n in range(23):
        at, applicant = people.branch(boss, f"شماره {n}"), people.officer(app, "متقاضی").account.id
        of = {"branch_id": at.id, "distributor_id": at.distributor_id, "university_code": "sums"}
        by = {"account_id": applicant, "requested_by": applicant}
        state, since = CooperationState.PENDING_UNIVERSITY, NOW - timedelta(hours=50 - n)
        app.add(
            CooperationRequest(**of, **by, state=state, accepted_at=since, tracking_code=f"14050101{n:04}")
        )
    maryam = people.expert(app).open("desk.coop").sees("🤝 ۲۳ درخواست", "قدیمی‌ترین: ۲ روز", "صفحه ۱ از ۳")
    maryam.sees("140501010000")
    maryam.tap("بعدی").sees("صفحه ۲ از ۳", "140501010010").tap("بعدی").sees("صفحه ۳ از ۳").sees_not("بعدی")
    assert all(len(label) <= 20 for label in maryam.labels)


def test_strangers_see_nothing(app: App) -> None:
    sara, other = waiting(app), people.expert(app, university="mui")
    request_id, version = people.cooperation(app).id or 0, people.cooperation(app).version
    for deed in [
        "file",
        "timeline",
        "outcome",
        "approve",
        "approve_do",
        "reject",
        "claim",
        "release",
        "assign",
    ]:
        other.open(f"desk.coop_{deed}", request_id, version).sees("دسترسی ندارید").sees_not("سارا")
        sara.open(f"desk.coop_{deed}", request_id, version).sees("دسترسی ندارید")
    assert people.cooperation(app).version == version


def test_nobody_decides_on_their_own_request(app: App) -> None:
    sara = waiting(app)
    people.grant(sara, Role.EXPERT, university_code="sums")
    at_cooperation(sara.elsewhere(role=Role.EXPERT)).sees("دسترسی ندارید")


def test_a_manager_of_the_distributor_is_not_offered_its_request(app: App) -> None:
    waiting(app)
    boss = app.one(select(Account.id).where(Account.last_name == "صالحی"))
    app.add(Grant(account_id=boss, role=Role.EXPERT, university_code="sums"))
    people.expert(app)
    chief = at_cooperation(people.in_charge(app)).tap("ارجاع به کارشناس")
    chief.sees("مریم رضایی (۰)").sees_not("صالحی (")


def test_staff_look_and_assign(app: App) -> None:
    waiting(app)
    people.expert(app)
    boss = at_cooperation(people.staff(app)).sees("ارجاع به کارشناس", "🏠 منوی اصلی")
    assert not {"✅ تأیید", "❌ رد", "📌 برداشتن پرونده", "درخواست بعدی"} & set(boss.labels)
    boss.tap("ارجاع به کارشناس", "مریم رضایی (۰)").sees("کارشناس: مریم رضایی")


def test_the_next_request_and_the_load(app: App) -> None:
    (boss, _), maryam, bahar = people.distributor(app), people.expert(app), people.expert(app, "رستمی")
    for name in ("رعنا", "مینا", "سارا"):
        person = people.eligible(app, name)
        people.pick(boss, people.branch(boss, name), person)
        people.accept(person)
    bahar.open("desk.coop").type("۱").sees("مسئول فنی: رعنا").tap("📌 برداشتن پرونده")
    maryam.open("desk.coop").type("۱").sees("مسئول فنی: مینا").tap("درخواست بعدی").sees("مسئول فنی: سارا")
    maryam.tap("درخواست بعدی").sees("مسئول فنی: مینا").tap("✅ تأیید", "بله، تأیید می‌کنم")
    maryam.sees("۱ درخواست دیگر مانده").tap("درخواست بعدی").sees("مسئول فنی: سارا")
    maryam.tap("درخواست بعدی")
    assert maryam.notice == "پرونده دیگری در این فهرست نیست."
    at_cooperation(people.in_charge(app)).tap("ارجاع به کارشناس").sees("مریم رستمی (۱)", "مریم رضایی (۰)")
