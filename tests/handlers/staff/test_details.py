"""What the directorate reads of one thing: an account, an event of the record, a push, an update that went wrong."""

from typing import Any

import pytest

from bot.core.screens import Press
from bot.services.directorate.account_lookup import AuditEntry
from bot.texts import BIDI_MARKS
from handlers.staff.accounts.look_up import entry_line
from storage.enums import InboxState, Messenger, PushChannel, PushState, Role
from storage.tables import Account, AuditEvent, Chat, Distributor, Grant, InboxUpdate, Push
from tests.support.chat_driver import NOW, App, Person
from tests.support.chat_people import branch, distributor, grant, officer, staff, suspend
from tests.support.factories import distributors as factories
from tests.support.factories.qualification import request_row


@pytest.fixture
def boss(app: App) -> Person:
    return staff(app)


def look_up(boss: Person, person: Person) -> Person:
    return boss.open("staff.find_account").type(person.account.user_code)


REZA = Account(first_name="رضا", last_name="اداری", user_code="1", password_hash="x")
#: Event, role, data; the line without its time.
ENTRIES: dict[str, tuple[dict[str, Any], Account | None, str]] = {
    "a person": ({"actor_role": Role.STAFF}, REZA, "رضا اداری (اداره کل): ثبت‌نام"),
    "the system": ({"actor_role": Role.SYSTEM}, None, "سامانه: ثبت‌نام"),
    "a reason of a person": (
        {"actor_role": Role.STAFF, "data": {"reason": "چون"}},
        REZA,
        "رضا اداری (اداره کل): ثبت‌نام، به این دلیل:\n│ چون\n└ اداره کل",
    ),
    "a reason of the system": (
        {"actor_role": Role.SYSTEM, "data": {"reason": "چون"}},
        None,
        "سامانه: ثبت‌نام، به این دلیل:\n│ چون\n└ سامانه",
    ),
    "a document": (
        {"actor_role": Role.STAFF, "event": "document_viewed", "data": {"document": "card"}},
        REZA,
        "رضا اداری (اداره کل): دیدن مدرک — کارت ملی",
    ),
    "a document that is no more": (
        {"actor_role": Role.STAFF, "event": "document_viewed", "data": {"document": "old"}},
        REZA,
        "رضا اداری (اداره کل): دیدن مدرک — old",
    ),
    "an event without a name": (
        {"actor_role": Role.STAFF, "event": "unheard"},
        REZA,
        "رضا اداری (اداره کل): رویداد unheard",
    ),
}


@pytest.mark.parametrize("kind", ENTRIES)
def test_an_event_says_who_did_what_and_why(kind: str) -> None:
    values, actor, said = ENTRIES[kind]
    event = AuditEvent(**{"event": "registered", "subject": "account", "subject_id": 1, "at": NOW} | values)
    line = BIDI_MARKS.sub("", entry_line(AuditEntry(event, actor), {"card": "کارت ملی"}))
    assert line == f"• ۱۴۰۵/۰۹/۰۱ ساعت ۱۲:۳۰ — {said}"


def test_an_account_says_what_is_known_of_it(app: App, boss: Person) -> None:
    """What is not so is not said."""
    sara = officer(app, mobile_verified=True)
    look_up(boss, sara).sees("وضعیت حساب: فعال", "نقش: مسئول فنی", "هنوز صلاحیت تأییدشده ندارد")
    boss.sees_not(
        "دلیل:", "ثبت قدیمی", "(تأییدنشده)", "درخواست باز", "پیوند ورود جدید", "همکاری فعال", "🔁 نقش‌ها",
        "🗂 پرونده‌ها", "💳 پرداخت‌ها",
    )  # fmt: skip
    app.change(Account, sara.account.id, migrated=True, mobile_verified=False)
    app.add(request_row(sara.account.id))
    grant(sara, Role.EXPERT, university_code="sums")
    suspend(sara, "پرونده انتظامی")
    look_up(boss, sara).sees("ثبت قدیمی", "(تأییدنشده)", "│ پرونده انتظامی", "وضعیت حساب: غیرفعال")
    boss.sees("درخواست باز: 140509010001 — ⏳ در انتظار بررسی", "کارشناس، دانشگاه علوم پزشکی شیراز")
    boss.sees("🔁 نقش‌ها", "🗂 پرونده‌ها").sees_not("💳 پرداخت‌ها").tap("🔁 نقش‌ها").sees("گرفتن کارشناس")
    boss.sees_not("گرفتن مسئول فنی")


def test_who_has_no_code_no_mobile_and_no_chat(app: App, boss: Person) -> None:
    nobody = app.add(Account(first_name="بی", last_name="نام", user_code="30000001", password_hash="x"))
    app.add(Grant(account_id=nobody.id, role=Role.STAFF))
    boss.open("staff.find_account").type("30000001").sees("بی نام", "کد کاربری: 30000001", "ورودهای فعال: ۰")
    boss.sees_not("کد ملی", "شماره همراه", "صلاحیت", "🔑 ورودها").sees("🔁 نقش‌ها", "📜 سوابق")
    boss.tap("🔁 نقش‌ها").sees("گرفتن اداره کل")


def test_a_file_that_is_a_draft_is_none_yet(app: App, boss: Person) -> None:
    sara = officer(app).open("qual.new")
    look_up(boss, sara).sees("درخواست باز: –").sees_not("🗂 پرونده‌ها")


def test_where_an_account_is_logged_in(app: App, boss: Person) -> None:
    sara = officer(app)
    app.change(Chat, sara.elsewhere(Messenger.BALE).chat.id, dead=True, linked_at=None)
    look_up(boss, sara).sees("ورودهای فعال: ۲").tap("🔑 ورودها")
    boss.sees("تلگرام، از ۱۴۰۵/۰۹/۰۱ ساعت ۱۲:۳۰، در دسترس", "بله، از –، سامانه را مسدود کرده است")
    boss.sees("\n۱. ", "\n۲. ").tap("🔄 بازنشانی ۲", "خیر").sees("ورودهای سارا")


def test_eight_accounts_that_were_looked_up_are_at_hand(app: App, boss: Person) -> None:
    people = [officer(app, "متقاضی", f"شماره {n}") for n in range(9)]
    for person in people:
        look_up(boss, person)
    boss.open("staff.accounts").sees("۱. متقاضی شماره 8", "۸. متقاضی شماره 1").sees_not("شماره 0", "۹. ")


UPDATES: dict[str, tuple[dict[str, Any], tuple[str, ...], tuple[str, ...]]] = {
    "of an account": (
        {"state": InboxState.FAILED},
        ("پردازش این پیام با خطا روبه‌رو شد", "فرستنده: سارا کریمی‌نژاد، تلگرام", "🔄 بازنشانی گفت‌وگو"),
        ("دلیل:",),
    ),
    "of nobody who is known": (
        {"state": InboxState.QUARANTINED, "note": "KeyError: 'x'", "lane": 5},
        ("این پیام خوانده نشد و کنار گذاشته شد", "فرستنده: مهمان، تلگرام", "دلیل: KeyError: 'x'"),
        ("🔄 بازنشانی گفت‌وگو",),
    ),
}


@pytest.mark.parametrize("kind", UPDATES)
def test_an_update_that_went_wrong(app: App, boss: Person, kind: str) -> None:
    values, said, unsaid = UPDATES[kind]
    common = {"messenger": Messenger.TELEGRAM, "update_id": 5, "lane": officer(app).chat_id}
    row = app.add(InboxUpdate(received_at=NOW, raw="راز", **common | values))
    if row.note is None:
        app.change(InboxUpdate, row.id, note=str(row.id))
    boss.open("staff.update", row.id).sees(*said, "زمان: ۱۴۰۵/۰۹/۰۱ ساعت ۱۲:۳۰").sees_not("راز", *unsaid)


def test_a_push_that_was_given_up(app: App, boss: Person) -> None:
    """To whom, of what kind, why and what it says; a long text is cut."""
    common = {"state": PushState.GIVEN_UP, "attempts": 40, "created_at": NOW, "text": "م" * 400}
    sara = {"account_id": officer(app).account.id, "channel": PushChannel.CHAT}
    sms = {"mobile": "+989129998877", "channel": PushChannel.SMS}
    rows = {
        "known": Push(key="a", kind="N5", note="Forbidden", **sara, **common),
        "of no account": Push(key="b", kind="other", note=None, **sms, **common),
        "of nobody": Push(key="c", kind="N5", note="no mobile", **sms | {"mobile": None}, **common),
    }
    said = {
        "known": ("رد درخواست (گفت‌وگو)", "گیرنده: سارا کریمی‌نژاد", "دلیل: Forbidden", "۴۰ تلاش"),
        "of no account": ("other (پیامک)", "گیرنده: ", "دلیل: –", "۸۷۷"),
        "of nobody": ("رد درخواست (پیامک)", "گیرنده: –", "دلیل: شماره همراه ثبت نشده است"),
    }
    for name, row in rows.items():
        boss.press(Press("staff.undelivered_push", app.add(row).id)).sees(*said[name]).sees_not("۹۱۲۹۹۹۸۸۷۷")
        assert boss.text.splitlines()[-1] == "م" * 299 + "…"


def test_after_one_push_come_the_others_of_its_cause(app: App, boss: Person) -> None:
    """Sent again or put away, also where it is not the oldest; after the last one all causes."""
    common = {"state": PushState.GIVEN_UP, "created_at": NOW, "text": "متن", "channel": PushChannel.SMS}
    ids = [app.add(Push(key=f"{n}", kind="N5", note="off", **common)).id for n in range(3)]
    app.add(Push(key="x", kind="N5", note="other", **common))
    boss.open("staff.undelivered_push", ids[2]).tap("🔁 ارسال دوباره").sees("📮 ۲ ارسال ناموفق", "off")
    boss.open("staff.undelivered_push", ids[0]).tap("کنار گذاشتن", "خیر").sees("گیرنده").tap("کنار گذاشتن")
    boss.tap("بله، انجام شود").sees("📮 ۱ ارسال ناموفق", "off").tap("۱", "🔁 ارسال دوباره")
    boss.sees("📮 ۱ ارسال ناموفق", "other").sees_not("off")


def test_a_card_lists_five_branches_and_says_how_many_more(app: App, boss: Person) -> None:
    manager, central = distributor(app)
    for n in range(4):
        branch(manager, f"شماره {n}")
    card = Press("staff.dist", central.distributor_id)
    boss.press(card).sees("شعبه‌ها: ۵", "• مرکزی، ", "• شماره 3، ").sees_not("شعبه دیگر")
    branch(manager, "شماره 4")
    branch(manager, "شماره 5")
    boss.press(card).sees("شعبه‌ها: ۷", "… و ۲ شعبه دیگر").sees_not("• شماره 4")
    assert boss.text.count("• ") == 5


def test_long_reasons_are_cut(app: App, boss: Person) -> None:
    note = "د" * 900
    push = {
        "key": "a",
        "kind": "N5",
        "note": note,
        "text": "متن",
        "mobile": "+989129998877",
        "created_at": NOW,
    }
    row = app.add(Push(state=PushState.GIVEN_UP, channel=PushChannel.SMS, **push))
    update = {"messenger": Messenger.TELEGRAM, "update_id": 5, "raw": "x", "received_at": NOW, "note": note}
    odd = app.add(InboxUpdate(state=InboxState.FAILED, **update))
    for press, length in (
        (Press("staff.undelivered"), 80),
        (Press("staff.undelivered_cause", row.id), 300),
        (Press("staff.undelivered_push", row.id), 300),
        (Press("staff.undelivered_all", row.id), 300),
        (Press("staff.update", odd.id), 300),
    ):
        boss.press(press).sees("د" * (length - 1) + "…").sees_not("د" * length)


def test_a_company_by_its_legal_id_and_an_old_button_to_edit_it(app: App, boss: Person) -> None:
    made, _ = app.run(lambda db: factories.distributor(db, "کیان طب", legal_id="14009999995"))
    boss.open("staff.dists").sees("14009999995").tap("۱. کیان طب").sees("کیان طب (شرکت)", "همراه مدیر: ۰۹۱۲")
    boss.open("staff.edit_dist", made.id, made.version + 1).sees("این دکمه دیگر معتبر نیست")
    boss.open("staff.edit_dist", made.id, made.version).sees("✏️ نام توزیع‌کننده").open("home")
    app.change(Distributor, made.id, manager_mobile=None)
    boss.open("staff.dist", made.id).sees("هنوز مدیری در سامانه ندارد").sees_not("همراه مدیر")
