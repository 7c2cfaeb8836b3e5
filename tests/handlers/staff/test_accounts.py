"""The staff's desk: accounts and experts, stuck chats and lost messages, alerts and refunds."""

import re
from typing import Any

import pytest
from sqlmodel import Session, col, select

from bot.core.context import Actor
from bot.core.screens import Press
from bot.rules.validators import NationalCode
from bot.services import accounts
from bot.services.distributors import registry
from bot.services.shared import notify
from storage import tables
from storage.enums import AttemptState, InboxState, Messenger, PushChannel, PushState, RequestState, Role
from tests.support import chat_people as people
from tests.support import jobs
from tests.support.chat_driver import NOW, App, Person
from tests.support.chat_fixtures import ON_BOTH_DATABASES
from tests.support.factories.qualification import request_row

pytestmark = ON_BOTH_DATABASES

SARA, SHIRAZ = "9991234561", "دانشگاه علوم پزشکی شیراز"
OPEN_ALERTS = select(tables.StaffAlert).where(col(tables.StaffAlert.resolved_at).is_(None))


@pytest.fixture
def boss(app: App) -> Person:
    return people.staff(app)


@pytest.fixture
def sara(app: App) -> Person:
    return app.person().register()


def look_up(boss: Person, typed: str = SARA) -> Person:
    return boss.command("menu").tap("👤 حساب‌ها", "🔎 جست‌وجوی حساب").type(typed)


@pytest.mark.parametrize("typed", ["۹۹۹۱۲۳۴۵۶۱", "09121234567", "+98 912 123 4567"])
def test_a_look_up_is_recorded_and_masked(app: App, boss: Person, sara: Person, typed: str) -> None:
    look_up(boss, typed)

    boss.sees("سارا کریمی‌نژاد", "کد ملی: •••••••۵۶۱", "وضعیت حساب: فعال", "نقش: مسئول فنی")
    boss.sees("ورودهای فعال: ۱", "هنوز صلاحیت تأییدشده ندارد").sees_not(SARA, "۹۹۹۱۲۳۴۵۶۱", "۹۱۲۱۲۳۴۵۶۷")
    (event,) = app.events("account_looked_up")
    assert event.subject_id == sara.account.id
    boss.command("menu").sees("میز کار اداره کل")
    boss.tap("👤 حساب‌ها").sees("جست‌وجوهای اخیر شما:", "۱. سارا کریمی‌نژاد")


def test_nobody_is_seen_without_a_look_up(app: App, boss: Person, sara: Person) -> None:
    account = sara.account.id
    for action in ("account", "trail", "chats", "account_action"):
        boss.open(f"staff.{action}", account or 0, 0, "SUSPEND" if action == "account_action" else "")
        boss.sees("این دکمه دیگر معتبر نیست.").sees_not("سارا")
    look_up(boss, "9991234588").sees("حسابی با این مشخصات پیدا نشد.")
    look_up(boss)
    boss.sees("سارا")
    app.clock.passes(hours=25)
    boss.press(Press("staff.account", account)).sees_not("سارا")


def test_suspending_and_lifting(app: App, boss: Person, sara: Person) -> None:
    look_up(boss)
    old = boss.button("🗑 ابطال ثبت‌نام")
    boss.tap("⛔️ غیرفعال کردن", "دلیل دیگر").type("کم").sees("دلیل را کامل‌تر")
    boss.type("پرونده انتظامی دارد").sees("حساب سارا کریمی‌نژاد غیرفعال شود؟", "پرونده انتظامی")
    boss.tap("خیر").sees("وضعیت حساب: فعال").tap("⛔️ غیرفعال کردن", "دلیل دیگر").type("پرونده انتظامی دارد")
    boss.tap("بله، غیرفعال شود")
    boss.sees("وضعیت حساب: غیرفعال", "│ پرونده انتظامی دارد\n└ اداره کل", "✅ فعال کردن")
    boss.sees_not("🔑 دسترسی جدید")
    sara.command("menu").sees("حساب شما غیرفعال شده است. دلیل:\n│ پرونده انتظامی دارد\n└ اداره کل")
    boss.press(old).sees("این دکمه دیگر معتبر نیست.").tap("✅ فعال کردن").type("رأی برائت صادر شد")
    boss.tap("بله، فعال شود").sees("وضعیت حساب: فعال")
    assert len(app.events("suspended", "suspension_lifted")) == 2
    boss.tap("📜 سوابق")
    boss.sees(
        "رضا اداری (اداره کل): فعال کردن حساب، به این دلیل:\n│ رأی برائت صادر شد", "سارا کریمی‌نژاد", "ثبت‌نام"
    )


def test_new_access_by_a_link_and_an_annulled_registration(app: App, boss: Person, sara: Person) -> None:
    people.with_links(app)
    look_up(boss)
    boss.tap("🔑 دسترسی جدید").type("گوشی گم شده است")
    boss.tap("بله، فرستاده شود").sees("پیامک می‌شود", "ورودهای فعال: ۰").sees_not("رمز عبور")
    sara.command("menu").sees("📝 ثبت‌نام")
    token, code = people.link_and_code(boss)
    other = app.person(Messenger.BALE).command("start", f"invite_{token}").sees("رمز جدید حساب خود را")
    boss.tap("🗑 ابطال ثبت‌نام").type("کد ملی را اشتباه نوشته است").tap("بله، باطل شود")
    boss.sees("باطل شد", "وضعیت حساب: ابطال‌شده")
    other.tap("🔑 تعیین رمز جدید").type(code).type("گذرواژه-خوب-۷").sees_not("وارد حساب خود شدید")
    sara.register()  # the national code is free again
    look_up(boss).sees("۱. سارا کریمی‌نژاد", "فعال", "۲. سارا کریمی‌نژاد", "ابطال‌شده")


def test_a_second_link_ends_the_first_and_neither_is_for_who_is_logged_in(
    app: App, boss: Person, sara: Person
) -> None:
    """Where no mobile is known, staff pass the message on themselves."""
    people.with_links(app)
    app.change(tables.Account, sara.account.id, mobile=None)
    links = []
    for _ in range(2):
        look_up(boss)
        boss.tap("🔑 دسترسی جدید").type("گوشی گم شده است").tap("بله، فرستاده شود")
        boss.sees("شماره همراهی ثبت نشده است", "🔑 پیوند ورود جدید فرستاده شد")
        links.append(people.link_and_code(boss))
    assert not app.all(select(tables.Push).where(tables.Push.channel == PushChannel.SMS))
    (first, _), (token, code) = links
    phone = app.person(Messenger.BALE)
    phone.command("start", f"invite_{first}").sees("این پیوند دیگر معتبر نیست").sees_not("سارا")
    people.officer(app, "مینا").command("start", f"invite_{token}").sees("شما وارد حساب خود هستید").sees_not(
        "سارا"
    )
    wrong = "000000" if code != "000000" else "111111"
    phone.command("start", f"invite_{token}").tap("🔑 تعیین رمز جدید").type(wrong).sees("۴ بار دیگر")
    phone.type(code).type("گذرواژه-خوب-۷").sees("سارا کریمی‌نژاد گرامی، رمز جدید شما ثبت شد")
    assert phone.account.id == sara_of(app).id
    app.person().command("start", f"invite_{token}").sees("این پیوند دیگر معتبر نیست")
    look_up(boss).sees("ورودهای فعال: ۱").sees_not("پیوند ورود جدید")
    names = ["access_reset", "access_link_sent", "access_renewed"]
    assert [event.event for event in app.events(*names)] == [names[0], names[1], *names]


def sara_of(app: App) -> tables.Account:
    found: tables.Account = app.first(select(tables.Account).where(tables.Account.first_name == "سارا"))
    return found


def test_a_role_is_taken_away_but_never_the_own(app: App, boss: Person) -> None:
    other = people.staff(app)
    look_up(boss, other.account.user_code)
    boss.tap("🔁 نقش‌ها").tap(next(label for label in boss.labels if label.startswith("گرفتن")))
    boss.type("از اداره رفته است").tap("بله، گرفته شود").sees("نقش از رضا اداری گرفته شد.")
    other.command("menu").sees("📝 ثبت‌نام")
    grants = app.all(select(tables.Grant).order_by(col(tables.Grant.id)))
    assert [one.active for one in grants] == [True, False]
    look_up(boss, boss.account.user_code)
    boss.tap("🔁 نقش‌ها").sees_not("گرفتن اداره کل").press(Press("staff.unrole", grants[0].id or 0))
    boss.type("از اداره رفته است").tap("بله، گرفته شود").sees("برای حساب خودتان")


def test_a_stuck_chat_is_set_free(app: App, boss: Person, sara: Person) -> None:
    sara.command("menu").tap("🎓 احراز صلاحیت", "ثبت درخواست")
    assert sara.chat.dialogue == "qualification"
    look_up(boss)
    boss.tap("🔑 ورودها", "🔄 بازنشانی ۱")
    yes = boss.button("بله، انجام شود")
    boss.tap("بله، انجام شود").sees("✅ گفت‌وگو بازنشانی شد.")
    chat = sara.chat
    assert (chat.dialogue, chat.draft_id, chat.show_at) == (None, None, app.clock.now)
    assert len(app.events("session_reset")) == 1
    sara.command("start").sees("ادامه درخواست")
    boss.press(yes)
    assert len(app.events("session_reset")) == 1


def lose_messages(sara: Person) -> None:
    """Two messages that were given up: one to her chat, which the directorate is alerted of, and an SMS."""
    app = sara.app
    common: dict[str, Any] = {"state": PushState.GIVEN_UP, "attempts": 40, "created_at": NOW}
    to_chat = {"channel": PushChannel.CHAT, "account_id": sara.account.id, "chat_row_id": sara.chat.id}
    note = "BadRequest: chat not found"
    fee = app.add(tables.Push(key="a", kind="N6", text="درخواست تأیید شد.", note=note, **to_chat, **common))
    by_sms = {"channel": PushChannel.SMS, "mobile": "+989129998877", "note": "rejected 411"}
    app.add(tables.Push(key="b", kind="N19", text="همکاری پایان یافت", **by_sms, **common))
    app.run(lambda db: notify.alert_staff(db, key=f"push.given_up:{fee.id}", text="ارسال نشد", now=NOW))


def test_lost_messages_are_sent_again_or_put_away(app: App, boss: Person, sara: Person) -> None:
    boss.tap("📮 ارسال‌های ناموفق").sees("📮 ارسال ناموفقی در انتظار نیست.")
    lose_messages(sara)
    boss.command("menu").tap("📮 ارسال‌های ناموفق")
    boss.sees("📮 ۲ ارسال ناموفق", "۱. ۱ گفت‌وگو", "BadRequest: chat not found", "۲. ۱ پیامک", "rejected 411")
    boss.tap("۲").sees("قطع همکاری (پیامک) — ", "۸۷۷").sees_not("989129998877", "۹۱۲۹۹۹۸۸۷۷")
    boss.tap("بازگشت", "۱").sees("اعلام هزینه (گفت‌وگو) — سارا").tap("۱")
    again = boss.button("🔁 ارسال دوباره")
    boss.tap("🔁 ارسال دوباره").sees("✅ پیام دوباره", "📮 ۱ ارسال ناموفق")
    boss.press(again).sees("این دکمه دیگر معتبر نیست.").tap("۱", "۱", "کنار گذاشتن", "بله، انجام شود")
    boss.sees("پیام کنار گذاشته شد.", "در انتظار نیست")
    rows = {one.key: one for one in app.all(select(tables.Push))}
    assert (rows["a"].state, rows["a"].attempts, rows["a"].note) == (PushState.QUEUED, 0, None)
    assert rows["b"].state is PushState.SKIPPED
    events = ["push_resent", "push_put_away"]
    assert [one.event for one in app.events(*events)] == events
    assert app.all(OPEN_ALERTS) == []


def test_an_error_number_leads_to_the_stuck_chat(app: App, boss: Person, sara: Person) -> None:
    lost = {"update_id": 777_000, "lane": sara.chat_id, "raw": "رازها", "state": InboxState.FAILED}
    number = app.add(tables.InboxUpdate(messenger=Messenger.TELEGRAM, received_at=NOW, **lost)).id
    boss.tap("📮 ارسال‌های ناموفق", "🧯 خطاها").sees("با خطا: ۱", "ناخوانا: ۰").tap("🔎 شماره خطا")
    for none in ("99999999", "9" * 20, "-" + "9" * 19, "۰", "شماره"):
        boss.type(none).sees("خطایی با این شماره ثبت نشده است.")
    boss.type(str(number))
    boss.sees("سارا کریمی‌نژاد", "با خطا روبه‌رو شد").sees_not("رازها")
    boss.tap("🔄 بازنشانی گفت‌وگو", "بله، انجام شود").sees_not("این دکمه")
    assert len(app.events("session_reset")) == 1


def test_a_wrong_amount_that_was_returned(app: App, boss: Person, sara: Person) -> None:
    request = app.add(request_row(sara.account.id, state=RequestState.AWAITING_PAYMENT, fee_rial=5_000_000))
    wrong, silent = (
        people.payment_attempt(app, request, AttemptState.UNCERTAIN, ref=ref) for ref in ("T1", "T2")
    )
    subject = {"subject": "payment_attempt", "subject_id": wrong.id}
    app.add(tables.AuditEvent(event="payment_wrong_amount", actor_role=Role.SYSTEM, **subject))
    app.run(
        lambda db: notify.alert_staff(db, key=f"wrong_amount:{wrong.id}", text="مبلغ یکسان نیست", now=NOW)
    )
    boss.command("menu")
    boss.tap(next(label for label in boss.labels if label.startswith("↩️")), "⚠️ مبلغ نادرست (۱)")
    boss.sees("سارا کریمی‌نژاد، پرونده 140509010001", "T1").sees_not("T2")
    boss.open("staff.wrong_do", silent.id or 0, silent.version).type("REF-0")
    boss.tap("✅ تأیید").sees("این دکمه دیگر معتبر نیست.").press(Press("staff.wrong")).tap("بازگردانده شد ۱")
    boss.type("REF-1").tap("✅ تأیید").sees("بازگشت مبلغ نادرست ثبت شد")
    wrong, silent = app.all(select(tables.PaymentAttempt).order_by(col(tables.PaymentAttempt.id)))
    assert (wrong.state, wrong.refund_ref) == (AttemptState.REFUNDED, "REF-1")
    assert silent.state is AttemptState.UNCERTAIN
    assert "REF-1" in sara.pushes()[-1].text
    (event,) = app.events("payment_wrong_amount_returned")
    assert event.actor_role is Role.STAFF


def test_who_saw_which_document(app: App, boss: Person, sara: Person) -> None:
    request = app.add(request_row(sara.account.id))
    viewed = {"subject": "qualification", "subject_id": request.id, "data": {"document": "national_card"}}
    viewer = {"actor_id": sara.account.id, "actor_role": Role.EXPERT}
    app.add(tables.AuditEvent(event="document_viewed", at=NOW, **viewed, **viewer))
    boss.command("menu").tap("🔎 جست‌وجو").type("140509010001").sees("پرونده 140509010001", "•••••••۵۶۱")
    boss.tap("📜 سوابق دسترسی")
    boss.sees("سارا کریمی‌نژاد (کارشناس): دیدن مدرک — تصویر کارت ملی", "جست‌وجوی پرونده")


# ── experts, alerts, refunds ─────────────────────────────────────────────────────────────────────────────────────────


def at_shiraz(app: App) -> Person:
    """Somebody of the directorate at the experts of Shiraz, which stands on some page of the list."""
    boss = (
        people.staff(people.with_links(app))
        .sees("میز کار اداره کل", "⚠️ هشدارها (۰)", "↩️ بازگشت وجه (۰)")
        .tap("👥 کارشناسان")
    )
    return boss.tap(boss.find_line(f"{SHIRAZ}:"))


def test_staff_invite_an_expert_who_comes(app: App) -> None:
    """In test_invitations.py, from the link on."""
    boss = at_shiraz(app)
    boss.sees(f"کارشناسان {SHIRAZ}:", "هنوز کارشناس فعال ندارد").tap("➕ کارشناس جدید", "کارشناس مسئول")
    boss.type("9991234551", "مینا", "رضایی", "09121110009")
    boss.sees("مشخصات کارشناس را بررسی کنید:", "نام خانوادگی: رضایی", "نقش: کارشناس مسئول").tap("✅ تأیید")
    boss.sees("✅ مینا رضایی دعوت شد", "مینا رضایی، کارشناس مسئول: دعوت‌شده").sees_not("رمز عبور:")


def test_an_officer_becomes_an_expert_too(app: App, sara: Person) -> None:
    boss = at_shiraz(app).tap("➕ کارشناس جدید", "کارشناس")
    boss.type(SARA).sees("مشخصات کارشناس").sees_not("نام کارشناس را بنویسید")
    boss.tap("✅ تأیید").sees("پیش‌تر حساب داشت", "۱. سارا کریمی‌نژاد، کارشناس").sees_not("رمز عبور:")
    told = app.newest(tables.Push, tables.Push.kind == "N26")
    assert (told.account_id, "نقش «کارشناس»" in told.text) == (sara.account.id, True)
    sara.command("menu").sees("🔁 تغییر نقش")
    boss.tap("➕ کارشناس جدید", "کارشناس").type(SARA).tap("✅ تأیید").sees("این شخص هم‌اکنون")


def test_dismissing_and_a_new_password(app: App) -> None:
    account = app.run(
        lambda db: accounts.create_user(
            db,
            role=Role.EXPERT,
            university_code="sums",
            name="مینا رضایی",
            national_code=NationalCode("9991234551"),
            now=NOW,
            password_hash="x",
        )
    )
    user_code = account.user_code
    boss = at_shiraz(app)
    mina = app.person(actor=Actor(account.id, Role.EXPERT, "sums"))
    boss.tap("۱. مینا رضایی").sees("کد ملی: •••••••۵۵۱", "وضعیت حساب: فعال").tap("🔑 دسترسی جدید")
    boss.type("کم").sees("لطفاً دلیل را کامل‌تر بنویسید.").type("گوشی گم شده است")
    boss.sees("بسته شد", "وضعیت حساب: فعال", "🔑 پیوند ورود جدید فرستاده شد")
    boss.sees_not("رمز این حساب هنوز", "رمز عبور")
    token, code = people.link_and_code(boss)
    mina.command("menu").sees("📝 ثبت‌نام").command("start", f"invite_{token}").tap("🔑 تعیین رمز جدید")
    renewed = "گذرواژه-خوب-۷"
    mina.type(code, renewed).sees("رمز جدید شما ثبت شد", user_code, "کارتابل")
    app.person().log_in(user_code, renewed).sees("کارتابل")
    boss.tap("بستن دسترسی").sees("پرونده‌هایی که نزد اوست به صف بازمی‌گردد")
    yes = boss.button("بله، بسته شود")
    boss.press(yes).sees("دسترسی مینا رضایی بسته شد", "هنوز کارشناس فعال ندارد")
    boss.press(yes).sees("این دکمه دیگر معتبر نیست.")
    mina.command("menu").sees("📝 ثبت‌نام")
    mina.log_in(user_code, renewed).sees("برای این حساب نقش فعالی تعریف نشده است")


def test_alerts_are_seen_and_settled(app: App, boss: Person) -> None:
    def alert(db: Session) -> None:
        for n in range(7):
            notify.alert_staff(db, key=f"k{n}", text=f"هشدار شماره {n}", now=NOW)

    boss.tap("⚠️ هشدارها (۰)").sees("موردی برای نمایش وجود ندارد.", "🏠 منوی اصلی")
    app.run(alert)
    boss.command("menu").tap("⚠️ هشدارها (۷)").sees("۱. هشدار شماره 0", "۵. هشدار شماره 4")
    boss.sees_not("هشدار شماره 5").tap("بعدی").sees("۷. هشدار شماره 6").tap("۷")
    settle = boss.sees("⚠️ هشدار شماره 6", "✅ رسیدگی شد").button("✅ رسیدگی شد")
    boss.press(settle).sees("هشدار بسته شد.", "هشدار شماره 0").press(settle).sees("این دکمه دیگر معتبر نیست.")
    assert len(app.all(OPEN_ALERTS)) == 6


def test_a_hundred_alerts_are_told_as_more_than_ninety_nine_and_all_of_them_listed(
    app: App, boss: Person
) -> None:
    def alert(db: Session) -> None:
        for n in range(105):
            notify.alert_staff(db, key=f"k{n}", text=f"هشدار شماره {n}", now=NOW)

    app.run(alert)
    boss.command("menu").tap("⚠️ هشدارها (۹۹+)").sees("۵. هشدار شماره 4")
    for _ in range(20):
        boss.tap("بعدی")
    assert "بعدی" not in " ".join(boss.sees("۱۰۵. هشدار شماره 104").labels)


def test_an_alert_leads_to_what_removes_its_cause_and_is_closed_by_it(app: App) -> None:
    """«کارشناس فعال ندارد» has the button that invites one; once one has come, nobody need close the alert."""
    app.resources.public_info.bot_links[Messenger.TELEGRAM] = "https://t.me/bot"
    boss = people.staff(app)
    sara = people.submit(people.officer(app))
    push = boss.pushes()[-1]
    assert "کارشناس فعال ندارد و ۱ پرونده" in push.text
    assert "➕ کارشناس دانشگاه" in [one["label"] for row in push.buttons for one in row]
    people.submit(people.officer(app, "رضا"))
    boss.command("menu").tap("⚠️ هشدارها (۱)").sees("۲ پرونده در انتظار").tap("۱")
    boss.sees("👥 فهرست کارشناسان").tap("➕ کارشناس دانشگاه", "کارشناس مسئول")
    boss.type("9991234551", "مینا", "رضایی", "09121110009").tap("✅ تأیید").sees("✅ مینا رضایی دعوت شد")
    boss.command("menu").sees("⚠️ هشدارها (۱)")
    code = re.search(r"کد یک‌بارمصرف: \D*([0-9]{6})", app.newest(tables.Push, tables.Push.kind == "N27").text)
    token = re.search(r"invite_([\w-]+)", app.newest(tables.Push, tables.Push.kind == "N27").text)
    assert code is not None
    assert token is not None
    mina = app.person().command("start", f"invite_{token[1]}").tap("✅ پذیرفتن دعوت")
    mina.type(code[1], "گذرواژه-خوب-۷").sees("خوش آمدید")
    boss.command("menu").sees("⚠️ هشدارها (۰)")
    assert sara.account.id


def test_an_alert_of_no_expert_ends_with_the_last_waiting_file(app: App) -> None:
    sara = people.submit(people.officer(app))
    assert [one.key for one in app.all(OPEN_ALERTS)] == ["no-expert:sums"]
    sara.open("qual.track").tap("انصراف از درخواست", "بله، انصراف می‌دهم")
    app.run(lambda db: jobs.alert_where_no_expert(db, now=app.clock()))
    assert app.all(OPEN_ALERTS) == []


def test_every_kind_of_alert_names_its_deed(app: App, boss: Person) -> None:
    deeds = {
        "no_tariff:NEW": "➕ تعرفه جدید",
        "refund:7": "↩️ بازگشت وجه",
        "wrong_amount:7": "⚠️ مبلغ‌های نادرست",
        "push.given_up:7": "📮 پیام ارسال‌نشده",
        "push.given_up:letter:7": "✉️ نامه",
    }
    for key, label in deeds.items():
        app.run(lambda db, key=key: notify.alert_staff(db, key=key, text=f"هشدار {key}", now=NOW))
        labels = [one["label"] for row in boss.pushes()[-1].buttons for one in row]
        assert labels == [label, "مشاهده"]
    boss.open("staff.alerts").tap("۱").sees("➕ تعرفه جدید", "✅ رسیدگی شد")


def test_several_alerts_of_one_cause_are_closed_together(app: App, boss: Person) -> None:
    def alert(db: Session, *keys: str) -> None:
        for key in keys:
            notify.alert_staff(db, key=key, text=f"هشدار {key}", now=NOW)

    app.run(lambda db: alert(db, "refund:1", "push.given_up:1", "push.given_up:2", "push.given_up:letter:3"))
    boss.open("staff.alerts").tap("۱").sees("✅ رسیدگی شد").sees_not("✅ بستن هر")
    boss.open("staff.alerts").tap("۲").tap("✅ بستن هر ۳ مورد").sees("۳ هشدار از همین نوع").tap("خیر")
    boss.sees("✅ بستن هر ۳ مورد").tap("✅ بستن هر ۳ مورد")
    app.run(lambda db: alert(db, "push.given_up:9"))
    yes = boss.button("بله، انجام شود")
    boss.press(yes).sees("۳ هشدار بسته شد.", "هشدار refund:1", "هشدار push.given_up:9")
    boss.press(yes).sees("این دکمه دیگر معتبر نیست.")
    assert {one.key for one in app.all(OPEN_ALERTS)} == {"refund:1", "push.given_up:9"}
    assert len(app.events("alert_settled")) == 3


def test_messages_lost_for_one_reason_are_sent_again_together(app: App, boss: Person, sara: Person) -> None:
    """The SMS provider was out of credit for a night: one press, not forty."""
    common: dict[str, Any] = {"state": PushState.GIVEN_UP, "attempts": 40, "created_at": NOW}
    by_sms = common | {"channel": PushChannel.SMS, "mobile": "+989129998877", "note": "no credit"}
    letter = app.add(tables.Letter(title="نامه", text="متن", created_by=boss.account.id)).id
    lost = [app.add(tables.Push(key=f"s{n}", kind="N4", text="نقص", **by_sms)).id for n in range(7)]
    lost.append(app.add(tables.Push(key="l", kind="N9", text="نامه", letter_id=letter, **by_sms)).id)
    app.add(tables.Push(key="x", kind="N5", text="رد", **by_sms | {"note": "no mobile", "mobile": None}))
    for key in (f"push.given_up:{lost[0]}", f"push.given_up:letter:{letter}"):
        app.run(lambda db, key=key: notify.alert_staff(db, key=key, text="ارسال نشد", now=NOW))
    boss.tap("📮 ارسال‌های ناموفق").sees("۱. ۸ پیامک", "no credit", "۲. ۱ پیامک", "شماره همراه ثبت نشده است")
    boss.tap("۱").sees("📮 ۸ ارسال ناموفق", "اعلام نقص (پیامک)").tap("بعدی").sees("نامه (پیامک)")
    boss.tap("🔁 ارسال دوباره همه").sees("۸ پیام ناموفق").tap("خیر").sees("📮 ۸ ارسال ناموفق")
    boss.tap("🔁 ارسال دوباره همه")
    yes = boss.button("بله، انجام شود")
    boss.press(yes).sees("✅ ۸ پیام دوباره", "۱. ۱ پیامک").press(yes).sees("این دکمه دیگر معتبر نیست.")
    states = {one.key: one.state for one in app.all(select(tables.Push)) if one.key in {"s0", "s6", "l", "x"}}
    assert states == dict.fromkeys(("s0", "s6", "l"), PushState.QUEUED) | {"x": PushState.GIVEN_UP}
    assert len(app.events("push_resent")) == 8
    assert app.all(OPEN_ALERTS) == []


def test_the_mobile_to_call_is_shown_on_demand_and_recorded(app: App, boss: Person, sara: Person) -> None:
    lose_messages(sara)
    boss.tap("📮 ارسال‌های ناموفق", "۱", "۱").sees_not("۰۹۱۲۱۲۳۴۵۶۷").tap("📞 شماره برای تماس")
    boss.sees("📞 شماره همراه سارا کریمی‌نژاد: ۰۹۱۲۱۲۳۴۵۶۷", "🔁 ارسال دوباره")
    boss.refresh().sees_not("۰۹۱۲۱۲۳۴۵۶۷")
    (event,) = app.events("mobile_viewed")
    assert (event.actor_id, event.data["account"]) == (boss.account.id, sara.account.id)
    boss.open("staff.undelivered").tap("۲", "۱", "📞 شماره برای تماس").sees("۰۹۱۲۹۹۹۸۸۷۷")
    app.change(tables.Push, app.one(select(tables.Push).where(tables.Push.key == "b")).id, mobile=None)
    boss.tap("📞 شماره برای تماس").sees("شماره همراهی ثبت نشده است")
    assert len(app.events("mobile_viewed")) == 2


def test_the_mobile_of_a_centre_that_was_missing_lets_the_owed_sms_go(app: App, boss: Person) -> None:
    """R33: no mobile was known when the officer left; once staff write one, the SMS leaves and the alert is closed."""
    manager, central = people.distributor(app)
    app.change(tables.Distributor, central.distributor_id, manager_mobile=None)
    sara = people.eligible(app)
    people.employ(manager, central, sara, people.expert(app))
    sara.open("term.new").type("حقوق من پرداخت نشده است").tap("قطع همکاری می‌کنم")
    (alert,) = app.all(OPEN_ALERTS)
    assert alert.key.startswith("no-manager-mobile:")
    assert not app.all(select(tables.Push).where(tables.Push.channel == PushChannel.SMS))
    boss.open("staff.alerts").tap("۱", "🏢 توزیع‌کننده").sees("کیان طب")
    actor = Actor(boss.account.id, Role.STAFF)
    app.run(
        lambda db: registry.edit_distributor(
            db,
            actor=actor,
            distributor_id=central.distributor_id,
            manager_mobile="09120000001",
            now=app.clock(),
        )
    )
    (sms,) = app.all(select(tables.Push).where(tables.Push.channel == PushChannel.SMS))
    assert (sms.mobile, sms.sms["template"]) == ("+989120000001", "termination")
    assert app.all(OPEN_ALERTS) == []


def test_a_refund_is_recorded_and_the_payer_told(app: App, boss: Person, sara: Person) -> None:
    boss.tap("↩️ بازگشت وجه (۰)").sees("موردی برای نمایش وجود ندارد.")
    request = app.add(request_row(sara.account.id, state=RequestState.WITHDRAWN))
    people.payment_attempt(app, request, AttemptState.REFUND_DUE, bank_ref="777", paid_at=NOW)
    boss.command("menu").sees("↩️ بازگشت وجه (۱)").tap("↩️ بازگشت وجه (۱)")
    boss.sees("سارا کریمی‌نژاد، پرونده 140509010001: ۵٬۰۰۰٬۰۰۰ ریال (۵۰۰٬۰۰۰ تومان)", "777")
    boss.tap("ثبت بازگشت ۱").sees("شماره پیگیری بازگشت وجه را بنویسید.")
    boss.type("REF-9").sees("REF-9", "خبر داده می‌شود")
    confirm = boss.button("✅ تأیید")
    boss.press(confirm).sees("بازگشت وجه ثبت شد.", "موردی برای نمایش وجود ندارد.")
    assert "REF-9" in sara.pushes()[-1].text
    boss.press(confirm).sees_not("بازگشت وجه ثبت شد.")
