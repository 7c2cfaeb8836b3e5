"""The distributor's screens: menu, branches, choosing officers, requests, freeing, own data.

See docs/specification.md 2.4, 2.5.
"""

from sqlmodel import col, delete, select

from storage.enums import ContractState, CooperationState, Messenger, Role
from storage.tables import Branch, Chat, Contract, CooperationRequest, Throttle
from tests.support import chat_people as people
from tests.support.chat_driver import App, Person


def test_the_menu(app: App) -> None:
    boss = people.distributor(app)[0].elsewhere(Messenger.BALE).open("home")
    boss.sees("مدیریت شعبه‌ها و مسئول فنی کیان طب")
    boss.sees("🏢 شعبه‌ها", "➕ شعبه جدید", "👤 انتخاب مسئول فنی", "🔓 آزاد کردن کد ملی")
    boss.tap("🏢 شعبه‌ها").sees("شعبه‌های کیان طب: ۱", "۱. مرکزی، شیراز: بدون مسئول فنی")
    boss.type("۱").sees("شعبه «مرکزی»", "محل: فارس، شیراز", "مسئول فنی: ندارد")
    boss.open("home").tap("🔓 آزاد کردن کد ملی").sees("شعبه‌های شما مسئول فنی ندارند")
    boss.open("home").tap("🗂 درخواست‌ها").sees("موردی برای نمایش وجود ندارد")


def define(boss: Person, name: str, *, province: str = "فارس", city: str = "مرودشت") -> Person:
    """The branch dialogue up to the officer's national code."""
    boss.open("dist.new_branch").type(name).sees("استان شعبه را انتخاب کنید").type(province, city)
    if province == "تهران":
        boss.sees("شعبه در کدام منطقه شهرداری است؟").type("۲۲").sees(
            "پیشنهاد سامانه: دانشگاه علوم پزشکی ایران"
        ).type("ایران")
    return boss.type(f"{city}، خیابان امام، پلاک ۱۲").sees("کد ملی مسئول فنی این شعبه", "بعداً انتخاب می‌کنم")


def test_defining_a_branch_without_an_officer(app: App) -> None:
    boss = people.distributor(app)[0]
    define(boss, "شعبه مرودشت").tap("بعداً انتخاب می‌کنم").sees(
        "نام شعبه: مرودشت", "شهر: مرودشت", "کد ملی مسئول فنی: ندارد"
    )
    boss.tap("✅ تأیید").sees("شعبه «مرودشت» ثبت شد", "مسئول فنی: ندارد")
    stored = app.one(select(Branch).where(Branch.name == "مرودشت"))
    assert (stored.province, stored.city, stored.university_code) == ("فارس", "مرودشت", "sums")
    assert not stored.is_central


def test_names_and_addresses_are_shown_as_they_were_written(app: App) -> None:
    boss = people.distributor(app)[0]
    boss.open("dist.new_branch").type("شیراز ۲", "فارس", "شیراز", "خیابان ارم، خانهٔ ۷، واحد A4")
    boss.tap("بعداً انتخاب می‌کنم").sees("نام شعبه: شیراز ۲", "خیابان ارم، خانهٔ ۷، واحد A4")
    boss.tap("✅ تأیید").sees("شعبه «شیراز ۲» ثبت شد", "خانهٔ ۷، واحد A4").sees_not("شیراز 2")
    boss.open("dist.new_branch").type("شیراز 2", "فارس", "شیراز", "خیابان ارم، پلاک ۸")
    boss.tap("بعداً انتخاب می‌کنم", "✅ تأیید").sees("شعبه‌ای با این نام")


def test_an_address_of_another_city_is_pointed_out_before_the_branch_is_made(app: App) -> None:
    boss = people.distributor(app)[0]
    boss.open("dist.new_branch").type("مرودشت", "فارس", "مرودشت", "شیراز، خیابان ارم، پلاک ۷")
    boss.tap("بعداً انتخاب می‌کنم").sees("آدرس از «شیراز» نام می‌برد، ولی شهر شعبه «مرودشت» است")
    boss.tap("✏️ آدرس شعبه").type("مرودشت، خیابان امام، پلاک ۷").sees("پلاک ۷").sees_not("نام می‌برد")
    boss.tap("✅ تأیید").sees("شعبه «مرودشت» ثبت شد")
    # Who means it, goes on.
    boss.tap("✏️ ویرایش شعبه", "✏️ آدرس شعبه").type("شیراز، خیابان ارم، پلاک ۷").sees("از «شیراز» نام می‌برد")
    boss.tap("✅ تأیید").sees("مشخصات شعبه «مرودشت» ذخیره شد", "شیراز، خیابان ارم")


def test_the_address_of_the_centre_and_its_central_branch(app: App) -> None:
    boss = people.distributor(app)[0].open("dist.own").tap("✏️ ویرایش", "✏️ آدرس مرکز")
    boss.type("تهران، خیابان آزادی، پلاک ۳").sees("آدرس از «تهران» نام می‌برد، ولی شهر شعبه مرکزی «شیراز» است")
    boss.tap("✏️ آدرس مرکز").type("شیراز، خیابان زند، پلاک ۳").sees("پلاک ۳").sees_not("نام می‌برد")


def test_a_branch_in_tehran_names_its_university(app: App) -> None:
    boss = people.distributor(app)[0]
    define(boss, "غرب", province="تهران", city="تهران").tap("بعداً انتخاب می‌کنم", "✅ تأیید").sees("ثبت شد")
    assert app.one(select(Branch).where(Branch.name == "غرب")).university_code == "iums"


def test_the_last_step_chooses_the_officer(app: App) -> None:
    (boss, _), sara, mina = people.distributor(app), people.eligible(app), people.officer(app, "مینا")
    define(boss, "مرودشت").type("123").sees("کد ملی درست نیست").type(people.code_of(mina))
    boss.sees("با این کد ملی مسئول فنی واجد شرایطی پیدا نشد").sees_not("مینا").type(people.code_of(sara))
    boss.sees("نام شعبه: مرودشت", "سارا کریمی‌نژاد", "•••••••").sees_not(people.code_of(sara))
    assert not app.all(select(Branch).where(Branch.name == "مرودشت"))
    boss.tap("✅ تأیید")
    boss.sees("شعبه «مرودشت» ثبت شد", "درخواست همکاری برای سارا کریمی‌نژاد ارسال شد")
    boss.sees("⏳ در انتظار پاسخ مسئول فنی")
    sara.open("coop.new").sees("شعبه «مرودشت»")


def test_one_sentence_for_whoever_may_not_be_chosen(app: App) -> None:
    (boss, at), (rival, elsewhere) = people.distributor(app), people.distributor(app, "سلامت", "مرادی")
    employed, reserved = people.eligible(app, "مینا"), people.eligible(app, "رعنا")
    people.employ(rival, elsewhere, employed, people.expert(app))
    people.pick(rival, people.branch(rival), reserved)
    people.accept(reserved)
    before = len(app.all(select(CooperationRequest)))
    for code in (people.code_of(employed), people.code_of(reserved), "9991234561"):
        boss.open("dist.pick", at.id).type(code)
        boss.sees(
            "با این کد ملی مسئول فنی واجد شرایطی پیدا نشد؛ او باید احراز صلاحیت شده و با مرکزی همکاری نداشته باشد."
        )
        boss.sees("کد ملی مسئول فنی را بنویسید").sees_not("مینا", "رعنا")
    assert len(app.all(select(CooperationRequest))) == before


def test_a_limit_on_tries(app: App) -> None:
    (boss, at), sara = people.distributor(app), people.eligible(app)
    boss.open("dist.pick", at.id)
    for _ in range(21):
        boss.type("9991234562").sees("کد ملی درست نیست")
    assert not app.all(select(Throttle)), "a mistyped code is no look-up"
    for _ in range(20):
        boss.type("9991234561").sees(
            "با این کد ملی مسئول فنی واجد شرایطی پیدا نشد؛ او باید احراز صلاحیت شده و با مرکزی همکاری نداشته باشد."
        )
    boss.type(people.code_of(sara)).sees("امروز بیش از حد مجاز تلاش کرده‌اید")
    assert not app.all(select(CooperationRequest))


def test_withdrawing_from_each_pending_state(app: App) -> None:
    (boss, at), sara = people.distributor(app), people.eligible(app)
    people.pick(boss, at, sara).tap("📄 درخواست همکاری")
    boss.sees("⏳ در انتظار پاسخ مسئول فنی", "شعبه: مرکزی، فارس، شیراز")
    boss.sees_not(people.code_of(sara)).tap("پس گرفتن درخواست").sees("پس گرفته شود؟").tap("خیر")
    boss.tap("پس گرفتن درخواست", "بله، پس می‌گیرم").sees("پس گرفته شد", "⚪️ پس‌گرفته‌شده")
    people.pick(boss, at, sara)
    people.accept(sara)
    boss.open("dist.requests").sees("۱. سارا", "۲. سارا", "⏳ در انتظار بررسی دانشگاه").type("۱")
    boss.tap("پس گرفتن درخواست", "بله، پس می‌گیرم").sees("⚪️ پس‌گرفته‌شده")
    assert people.cooperation(app).state is CooperationState.WITHDRAWN
    sara.open("centers").sees_not("همکاری پذیرفته‌شده")
    boss.open("dist.request", people.cooperation(app).id or 0).tap("📋 روند درخواست")
    boss.sees("کیان طب درخواست را پس گرفت")


def test_a_busy_branch(app: App) -> None:
    (boss, at), sara = people.distributor(app), people.eligible(app)
    people.pick(boss, at, sara)
    boss.open("dist.pick", at.id).sees("⏳ در انتظار پاسخ مسئول فنی")
    assert boss.notice == "برای این شعبه یک درخواست باز وجود دارد. ابتدا آن را پس بگیرید."
    boss.open("dist.choose").sees("برای کدام شعبه", "⏳ در انتظار پاسخ مسئول فنی")


def test_replacing_an_officer(app: App) -> None:
    (boss, at), maryam = people.distributor(app), people.expert(app)
    sara, mina = people.eligible(app), people.eligible(app, "مینا", "رضایی")
    people.employ(boss, at, sara, maryam)
    boss.open("dist.branch", at.id).sees("مسئول فنی: سارا کریمی‌نژاد، از ۱۴۰۵/۰۹/۰۱").tap("👤 جایگزینی")
    boss.sees("سارا کریمی‌نژاد اکنون مسئول فنی این شعبه است").type(people.code_of(mina)).tap("بله").sees(
        "ارسال شد"
    )
    boss.sees("سارا کریمی‌نژاد")
    people.accept(mina)
    maryam.open("desk.coop").type("۱").sees("جایگزین سارا کریمی‌نژاد می‌شود").tap("✅ تأیید")
    maryam.sees("سارا کریمی‌نژاد").tap("بله، تأیید می‌کنم")
    boss.open("dist.branch", at.id).sees("مینا رضایی").sees_not("سارا")
    states = app.all(select(Contract.state).order_by(col(Contract.id)))
    assert states == [ContractState.ENDED_BY_DISTRIBUTOR, ContractState.ACTIVE]


def test_freeing_a_national_code(app: App) -> None:
    (boss, at), sara = people.distributor(app), people.eligible(app)
    people.employ(boss, at, sara, people.expert(app))
    boss.open("dist.free").sees("۱. سارا کریمی‌نژاد، شعبه «مرکزی»").type("۱")
    boss.sees("همکاری سارا کریمی‌نژاد با شعبه «مرکزی» همین حالا پایان می‌یابد و قابل بازگشت نیست").tap("خیر")
    assert app.one(select(Contract)).state is ContractState.ACTIVE
    kept = boss.tap("🔓 آزاد کردن کد ملی").button("بله، آزاد می‌کنم")
    boss.press(kept).sees("کد ملی سارا کریمی‌نژاد آزاد شد", "مسئول فنی: ندارد")
    boss.press(kept).sees("دیگر معتبر نیست")
    sara.open("centers").sees("اکنون با مرکزی همکاری ندارید")
    people.pick(boss, at, sara).sees("ارسال شد")


def test_editing_a_branch(app: App) -> None:
    (boss, at), sara = people.distributor(app), people.eligible(app)
    at = people.branch(boss)
    boss.open("dist.branch", at.id).tap("✏️ ویرایش شعبه").sees("نام شعبه: دوم", "استان: فارس")
    boss.tap("✏️ نام شعبه").type("سوم").tap("✏️ استان").type("اصفهان", "کاشان").sees("استان: اصفهان")
    boss.sees("شهر: کاشان").tap("✅ تأیید").sees("ذخیره شد", "شعبه «سوم»", "محل: اصفهان، کاشان")
    assert app.get(Branch, at.id).university_code != "sums"
    people.pick(boss, at, sara)
    boss.open("dist.branch", at.id).tap("✏️ ویرایش شعبه").sees("استان و شهر آن تغییر نمی‌کند", "نام شعبه: سوم")
    assert not {"✏️ استان", "✏️ شهر"} & set(boss.labels)
    boss.tap("✏️ آدرس شعبه").type("کاشان، میدان اصلی، پلاک ۳").tap("✅ تأیید").sees("آدرس: کاشان، میدان اصلی")


def test_two_managers_at_once(app: App) -> None:
    (one, at), sara = people.distributor(app), people.eligible(app)
    two = people.manager(app, at.distributor_id, "رستمی")
    for boss in (one, two):
        boss.open("dist.pick", at.id)
    one.type(people.code_of(sara)).sees("سارا کریمی‌نژاد", "•••••••", "ارسال شود؟").sees_not(
        people.code_of(sara)
    ).tap("بله").sees("ارسال شد")
    two.type(people.code_of(sara)).tap("بله").sees("برای این شعبه یک درخواست باز وجود دارد")
    two.tap("خیر", "انصراف").sees("⏳ در انتظار پاسخ مسئول فنی")
    kept = [boss.open("dist.branch", at.id).button("✏️ ویرایش شعبه") for boss in (one, two)]
    one.press(kept[0]).tap("✏️ نام شعبه").type("نخست").tap("✅ تأیید").sees("ذخیره شد")
    two.press(kept[1]).sees("دیگر معتبر نیست")


def test_own_data(app: App) -> None:
    boss = people.distributor(app)[0].open("home").tap("✏️ مشخصات مرکز")
    boss.sees("کیان طب (واحد صنفی)", "همراه مدیر: ۰۹۱۲۰۰۰۰۰۰۱", "نام و شناسه مرکز را اداره کل ثبت می‌کند")
    boss.tap("✏️ ویرایش").sees_not("✏️ نام توزیع‌کننده").tap("✏️ همراه مدیر").type("0912")
    boss.sees("شماره همراه باید")
    boss.type("09121110000").tap("✏️ تلفن ثابت مرکز", "تلفن ثابت ندارم", "✏️ نام مدیر").type("ناصر صالحی")
    boss.tap("✅ تأیید").sees("ذخیره شد", "مدیر: ناصر صالحی", "همراه مدیر: ۰۹۱۲۱۱۱۰۰۰۰")
    boss.sees_not("۰۷۱۳۲۱۲۳۴۵۶")


def test_other_distributors_are_out_of_reach(app: App) -> None:
    (boss, at), sara = people.distributor(app), people.eligible(app)
    rival, _ = people.distributor(app, "سلامت", "مرادی")
    people.employ(boss, at, sara, people.expert(app))
    request, contract = people.cooperation(app), app.one(select(Contract))
    for action in ("dist.branch", "dist.pick", "dist.edit_branch"):
        rival.open(action, at.id).sees("دسترسی ندارید").sees_not("سارا")
    for action in ("dist.request", "dist.withdraw", "dist.withdraw_do", "dist.timeline"):
        rival.open(action, request.id, request.version).sees("دسترسی ندارید").sees_not("سارا")
    for action in ("dist.free_ask", "dist.free_do"):
        rival.open(action, contract.id, contract.version).sees("دسترسی ندارید").sees_not("سارا")
        sara.open(action, contract.id, contract.version).sees("دسترسی ندارید")
    assert app.one(select(Contract)).state is ContractState.ACTIVE


def test_an_officer_who_never_logged_in(app: App) -> None:
    (boss, at), sara = people.distributor(app), people.eligible(app)
    code = people.code_of(sara)
    app.run(lambda db: db.exec(delete(Chat).where(col(Chat.chat_id) == sara.chat_id)))
    boss.open("dist.pick", at.id).type(code).tap("بله").sees("مسئول فنی هنوز وارد سامانه نشده است")
    boss.tap("📄 درخواست همکاری").sees("مسئول فنی هنوز وارد سامانه نشده است")


def test_a_manager_who_is_an_officer_too(app: App) -> None:
    """Roles are switched; one's own distributor may not get one's own acceptance reviewed by oneself, yet may ask."""
    (_, at), both = people.distributor(app), people.eligible(app)
    people.grant(both, Role.DISTRIBUTOR, distributor_id=at.distributor_id)
    both.open("home").sees("🤝 مراکز طرف قرارداد").tap("🔁 تغییر نقش", "توزیع‌کننده")
    both.sees("مدیریت شعبه‌ها و مسئول فنی کیان طب")
    people.pick(both, at, both).sees("ارسال شد").open("role").tap("مسئول فنی")
    people.accept(both).sees("⏳ در انتظار بررسی دانشگاه")
    people.expert(app).open("desk.coop").type("۱").tap("✅ تأیید", "بله، تأیید می‌کنم").sees("فعال است")


def test_a_pick_says_what_its_buttons_do_and_a_typed_word_is_enough(app: App) -> None:
    (boss, at), sara = people.distributor(app), people.eligible(app)
    boss.open("dist.pick", at.id).type(people.code_of(sara)).sees("✅ بله، ارسال شود", "خیر، برگرد")
    boss.type("خیر").sees("کد ملی مسئول فنی را بنویسید").open("dist.pick", at.id).type(
        people.code_of(sara), "بله"
    )
    request = app.newest(CooperationRequest)
    assert request.state is CooperationState.PENDING_OFFICER
    boss.open("dist.request", request.id).tap("پس گرفتن درخواست").sees("خیر، برگرد").type("خیر").sees_not(
        "پس گرفته شود؟"
    )
    assert app.get(CooperationRequest, request.id).state is CooperationState.PENDING_OFFICER
