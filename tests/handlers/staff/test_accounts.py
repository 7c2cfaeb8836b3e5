"""Staff look accounts up, act on them, and set stuck chats and lost messages going again."""

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, col, select

from bot.core.screens import Press
from bot.rules import account, cooperation, qualification
from bot.services.shared import notify
from bot.texts import has
from storage.enums import (
    AccountState,
    AttemptState,
    InboxState,
    Messenger,
    PushChannel,
    PushState,
    RequestKind,
    RequestState,
    Role,
)
from storage.tables import (
    Account,
    AuditEvent,
    Chat,
    Grant,
    InboxUpdate,
    Officer,
    PaymentAttempt,
    Push,
    QualificationRequest,
    StaffAlert,
)
from tests.support.handler_app import NOW, House, Visitor
from tests.support.handler_people import registers, staff

SARA = "9991234561"


@pytest.fixture
async def boss(house: House) -> Visitor:
    return await staff(house)


@pytest.fixture
async def sara(house: House) -> Visitor:
    visitor = house.visitor()
    await registers(visitor)
    return visitor


async def opens(boss: Visitor, typed: str) -> Visitor:
    await boss.commands("menu")
    await boss.taps("👤 حساب‌ها", "🔎 جست‌وجوی حساب")
    return await boss.types(typed)


async def id_of(house: House, national_code: str = SARA) -> int:
    found = await house.ask(
        lambda db: db.exec(
            select(Account.id).where(Account.national_code == national_code).order_by(col(Account.id).desc())
        ).first()
    )
    return int(found)


async def events(house: House, *names: str) -> list[AuditEvent]:
    found = await house.ask(
        lambda db: db.exec(select(AuditEvent).where(col(AuditEvent.event).in_(names))).all()
    )
    return list(found)


@pytest.mark.parametrize("typed", ["۹۹۹۱۲۳۴۵۶۱", "09121234567", "+98 912 123 4567"])
async def test_a_look_up_is_recorded_and_masked(
    house: House, boss: Visitor, sara: Visitor, typed: str
) -> None:
    await opens(boss, typed)

    boss.sees("سارا کریمی‌نژاد", "کد ملی: •••••••۵۶۱", "وضعیت حساب: فعال", "نقش: مسئول فنی")
    boss.sees("گفت‌وگوهای متصل: ۱", "هنوز احراز صلاحیت نشده").sees_not(SARA, "۹۹۹۱۲۳۴۵۶۱", "۹۱۲۱۲۳۴۵۶۷")
    (event,) = await events(house, "account_looked_up")
    assert event.subject_id == await id_of(house)
    (await boss.commands("menu")).sees("میز کار اداره کل")
    (await boss.taps("👤 حساب‌ها")).sees("جست‌وجوهای اخیر شما:", "۱. سارا کریمی‌نژاد")


async def test_nobody_is_seen_without_a_look_up(house: House, boss: Visitor, sara: Visitor) -> None:
    account = await id_of(house)
    for press in (
        Press("staff.account", account),
        Press("staff.trail", account),
        Press("staff.chats", account),
        Press("staff.account_action", account, 0, "SUSPEND"),
    ):
        (await boss.presses(press)).sees("این دکمه دیگر معتبر نیست.").sees_not("سارا")
    (await opens(boss, "9991234588")).sees("حسابی با این مشخصات پیدا نشد.")
    await opens(boss, SARA)
    boss.sees("سارا")
    house.clock.passes(hours=25)
    (await boss.presses(Press("staff.account", account))).sees_not("سارا")


async def test_suspending_and_lifting(house: House, boss: Visitor, sara: Visitor) -> None:
    await opens(boss, SARA)
    old = boss.button("🗑 ابطال ثبت‌نام").press
    await boss.taps("⛔️ تعلیق حساب", "تعلیق")
    (await boss.types("کم")).sees("دلیل را کامل‌تر")
    (await boss.types("پرونده انتظامی دارد")).sees("حساب سارا کریمی‌نژاد غیرفعال شود؟", "پرونده انتظامی")
    (await boss.taps("خیر")).sees("وضعیت حساب: فعال")
    await boss.taps("⛔️ تعلیق حساب", "تعلیق")
    await boss.types("پرونده انتظامی دارد")
    await boss.taps("بله، غیرفعال شود")
    boss.sees("وضعیت حساب: غیرفعال", "│ پرونده انتظامی دارد\n└ اداره کل", "✅ رفع تعلیق").sees_not(
        "🔑 رمز تازه"
    )
    (await sara.commands("menu")).sees("حساب شما غیرفعال شده است. دلیل:\n│ پرونده انتظامی دارد\n└ اداره کل")
    assert old is not None
    (await boss.presses(old)).sees("این دکمه دیگر معتبر نیست.")
    await boss.taps("✅ رفع تعلیق")
    await boss.types("رأی برائت صادر شد")
    await boss.taps("بله، فعال شود")
    boss.sees("وضعیت حساب: فعال")
    assert len(await events(house, "suspended", "suspension_lifted")) == 2
    await boss.taps("📜 سوابق")
    boss.sees("رضا اداری (اداره کل): رفع تعلیق — رأی برائت صادر شد", "سارا کریمی‌نژاد", "ثبت‌نام")


async def test_a_new_password_and_an_annulled_registration(
    house: House, boss: Visitor, sara: Visitor
) -> None:
    await opens(boss, SARA)
    await boss.taps("🔑 رمز تازه")
    await boss.types("گوشی گم شده است")
    (await boss.taps("بله، رمز تازه")).sees("رمز عبور:", "گفت‌وگوهای متصل: ۰")
    (await sara.commands("menu")).sees("📝 ثبت‌نام")
    await boss.taps("🗑 ابطال ثبت‌نام")
    await boss.types("کد ملی را اشتباه نوشته است")
    await boss.taps("بله، باطل شود")
    boss.sees("باطل شد", "وضعیت حساب: ابطال‌شده")
    await registers(sara)  # the national code is free again
    (await opens(boss, SARA)).sees("۱. سارا کریمی‌نژاد", "فعال", "۲. سارا کریمی‌نژاد", "ابطال‌شده")


async def test_a_role_is_taken_away_but_never_the_own(house: House, boss: Visitor) -> None:
    other = await staff(house)
    code = await house.ask(
        lambda db: db.exec(select(Account.user_code).order_by(col(Account.id).desc())).first()
    )
    await opens(boss, code)
    await boss.taps("🔁 نقش‌ها")
    await boss.taps(next(label for label in boss.labels if label.startswith("گرفتن")))
    await boss.types("از اداره رفته است")
    await boss.taps("بله، گرفته شود")
    boss.sees("نقش از رضا اداری گرفته شد.")
    (await other.commands("menu")).sees("📝 ثبت‌نام")
    grants = await house.ask(lambda db: list(db.exec(select(Grant).order_by(col(Grant.id)))))
    assert [one.active for one in grants] == [True, False]
    own = await house.ask(lambda db: db.exec(select(Account.user_code).order_by(col(Account.id))).first())
    await opens(boss, own)
    (await boss.taps("🔁 نقش‌ها")).sees_not("گرفتن اداره کل")
    await boss.presses(Press("staff.unrole", grants[0].id or 0))
    await boss.types("از اداره رفته است")
    (await boss.taps("بله، گرفته شود")).sees("برای حساب خودتان")


async def test_a_stuck_chat_is_set_free(house: House, boss: Visitor, sara: Visitor) -> None:
    await sara.commands("menu")
    await sara.taps("🎓 احراز صلاحیت")
    await sara.taps("ثبت درخواست")
    chat = await house.ask(lambda db: db.exec(select(Chat).where(Chat.chat_id == sara.chat_id)).one())
    assert chat.dialogue == "qualification"
    await opens(boss, SARA)
    await boss.taps("💬 گفت‌وگوها", "🔄 آزاد کردن ۱")
    yes = boss.button("بله، انجام شود").press
    (await boss.taps("بله، انجام شود")).sees("✅ گفت‌وگو آزاد شد.")
    chat = await house.ask(lambda db: db.exec(select(Chat).where(Chat.chat_id == sara.chat_id)).one())
    assert (chat.dialogue, chat.draft_id, chat.show_at) == (None, None, house.clock.now)
    assert len(await events(house, "session_reset")) == 1
    (await sara.commands("start")).sees("ادامه پیش‌نویس")
    assert yes is not None
    await boss.presses(yes)
    assert len(await events(house, "session_reset")) == 1


async def lose(house: House, account_id: int) -> None:
    def unit(db: Session) -> None:
        chat = db.exec(select(Chat).where(Chat.account_id == account_id)).first()
        assert chat is not None
        common: dict[str, Any] = {"state": PushState.GIVEN_UP, "attempts": 40, "created_at": NOW}
        db.add(
            Push(
                key="a",
                kind="N6",
                channel=PushChannel.CHAT,
                account_id=account_id,
                chat_row_id=chat.id,
                text="درخواست تأیید شد.",
                note="BadRequest: chat not found",
                **common,
            )
        )
        db.add(
            Push(
                key="b",
                kind="N19",
                channel=PushChannel.SMS,
                mobile="+989129998877",
                text="همکاری پایان یافت",
                note="rejected 411",
                **common,
            )
        )
        db.flush()
        first = db.exec(select(Push.id).where(Push.key == "a")).one()
        notify.alert_staff(db, key=f"push.given_up:{first}", text="ارسال نشد", now=NOW)

    await house.database.run(unit)


async def test_lost_messages_are_sent_again_or_put_away(house: House, boss: Visitor, sara: Visitor) -> None:
    (await boss.taps("📮 ارسال‌های ناموفق")).sees("📮 ارسال ناموفقی در انتظار نیست.")
    await lose(house, await id_of(house))
    await boss.commands("menu")
    await boss.taps("📮 ارسال‌های ناموفق")
    boss.sees("📮 ۲ ارسال ناموفق", "اعلام هزینه (گفت‌وگو) — سارا", "قطع همکاری (پیامک) — ", "۸۷۷")
    boss.sees_not("989129998877", "۹۱۲۹۹۹۸۸۷۷")
    await boss.taps("۱")
    again = boss.button("🔁 ارسال دوباره").press
    (await boss.taps("🔁 ارسال دوباره")).sees("✅ پیام دوباره", "📮 ۱ ارسال ناموفق")
    assert again is not None
    (await boss.presses(again)).sees("این دکمه دیگر معتبر نیست.")
    await boss.taps("۱", "کنار گذاشتن", "بله، انجام شود")
    boss.sees("پیام کنار گذاشته شد.", "در انتظار نیست")
    rows = await house.ask(lambda db: {one.key: one for one in db.exec(select(Push))})
    assert (rows["a"].state, rows["a"].attempts, rows["a"].note) == (PushState.QUEUED, 0, None)
    assert rows["b"].state is PushState.SKIPPED
    assert {one.event for one in await events(house, "push_resent", "push_put_away")} == {
        "push_resent", "push_put_away",
    }  # fmt: skip
    open_ = await house.ask(
        lambda db: db.exec(select(StaffAlert).where(col(StaffAlert.resolved_at).is_(None))).all()
    )
    assert open_ == []


async def test_an_error_number_leads_to_the_stuck_chat(house: House, boss: Visitor, sara: Visitor) -> None:
    def fail(db: Session) -> int:
        row = InboxUpdate(
            messenger=Messenger.TELEGRAM, update_id=777_000, lane=sara.chat_id, raw="رازها",
            state=InboxState.FAILED, received_at=NOW,
        )  # fmt: skip
        db.add(row)
        db.flush()
        return row.id or 0

    number = await house.database.run(fail)
    await boss.taps("📮 ارسال‌های ناموفق", "🧯 خطاها")
    boss.sees("با خطا: ۱", "ناخوانا: ۰")
    await boss.taps("🔎 شماره خطا")
    (await boss.types("99999999")).sees("خطایی با این شماره ثبت نشده است.")
    await boss.types(str(number))
    boss.sees("سارا کریمی‌نژاد", "با خطا روبه‌رو شد").sees_not("رازها")
    (await boss.taps("🔄 آزاد کردن چت", "بله، انجام شود")).sees_not("این دکمه")
    assert len(await events(house, "session_reset")) == 1


async def test_a_wrong_amount_that_was_returned(house: House, boss: Visitor, sara: Visitor) -> None:
    account = await id_of(house)

    def pay_wrongly(db: Session) -> None:
        request = QualificationRequest(
            account_id=account, kind=RequestKind.NEW, state=RequestState.AWAITING_PAYMENT,
            tracking_code="140509010001", fee_rial=5_000_000, state_since=NOW,
        )  # fmt: skip
        db.add(request)
        db.flush()
        common: dict[str, Any] = {
            "request_id": request.id or 0, "gateway": "zibal",
            "amount_rial": 5_000_000, "state": AttemptState.UNCERTAIN,
        }  # fmt: skip
        wrong, silent = PaymentAttempt(ref="T1", **common), PaymentAttempt(ref="T2", **common)
        db.add(wrong)
        db.add(silent)
        db.flush()
        db.add(
            AuditEvent(
                event="payment_wrong_amount",
                subject="payment_attempt",
                subject_id=wrong.id or 0,
                actor_role=Role.SYSTEM,
            )
        )
        notify.alert_staff(db, key=f"wrong_amount:{wrong.id}", text="مبلغ یکسان نیست", now=NOW)

    await house.database.run(pay_wrongly)
    await boss.commands("menu")
    await boss.taps(next(label for label in boss.labels if label.startswith("↩️")), "⚠️ مبلغ نادرست (۱)")
    boss.sees("سارا کریمی‌نژاد، پرونده 140509010001", "T1").sees_not("T2")
    attempts = await house.ask(lambda db: {one.ref: one for one in db.exec(select(PaymentAttempt))})
    await boss.presses(Press("staff.wrong_do", attempts["T2"].id or 0, attempts["T2"].version))
    await boss.types("REF-0")
    (await boss.taps("✅ تأیید")).sees("این دکمه دیگر معتبر نیست.")
    await boss.presses(Press("staff.wrong"))
    await boss.taps("بازگشت داده شد ۱")
    await boss.types("REF-1")
    (await boss.taps("✅ تأیید")).sees("بازگشت مبلغ نادرست ثبت شد")
    attempts = await house.ask(lambda db: {one.ref: one for one in db.exec(select(PaymentAttempt))})
    assert (attempts["T1"].state, attempts["T1"].refund_ref) == (AttemptState.REFUNDED, "REF-1")
    assert attempts["T2"].state is AttemptState.UNCERTAIN
    assert "REF-1" in (await sara.pushes())[-1].text
    (event,) = await events(house, "payment_wrong_amount_returned")
    assert event.actor_role is Role.STAFF


async def test_who_saw_which_document(house: House, boss: Visitor, sara: Visitor) -> None:
    account = await id_of(house)

    def file(db: Session) -> int:
        officer = db.get(Officer, account)
        assert officer is not None
        assert officer.birth_date > date(1900, 1, 1)
        request = QualificationRequest(
            account_id=account, kind=RequestKind.NEW, state=RequestState.SUBMITTED,
            tracking_code="140509010001", university_code="sums", submitted_at=NOW, state_since=NOW,
        )  # fmt: skip
        db.add(request)
        db.flush()
        db.add(
            AuditEvent(
                event="document_viewed",
                subject="qualification",
                subject_id=request.id or 0,
                actor_id=account,
                actor_role=Role.EXPERT,
                data={"document": "national_card"},
                at=NOW,
            )
        )
        return request.id or 0

    await house.database.run(file)
    await boss.commands("menu")
    await boss.taps("🔎 جست‌وجو")
    await boss.types("140509010001")
    boss.sees("پرونده 140509010001", "•••••••۵۶۱")
    await boss.taps("📜 سوابق دسترسی")
    boss.sees("سارا کریمی‌نژاد (کارشناس): دیدن مدرک — تصویر کارت ملی", "جست‌وجوی پرونده")


async def test_nobody_else_opens_these_rooms(house: House, boss: Visitor, sara: Visitor) -> None:
    expert, guest = await staff(house, Role.IN_CHARGE, "sums"), house.visitor()
    await lose(house, await id_of(house))
    account = await id_of(house)
    for person in (sara, expert, guest):
        for press in (
            Press("staff.accounts"),
            Press("staff.find_account"),
            Press("staff.account", account),
            Press("staff.account_action", account, 0, "ANNUL"),
            Press("staff.unrole", 1),
            Press("staff.chat_do", 1, 0),
            Press("staff.undelivered"),
            Press("staff.undelivered_again", 1),
            Press("staff.undelivered_away", 1),
            Press("staff.update", 1),
            Press("staff.wrong"),
            Press("staff.file_trail", 1),
        ):
            (await person.presses(press)).sees_not("👤 حساب را", "📮", "کد کاربری را بفرستید یا", "📜 سوابق")
    pushes = await house.ask(
        lambda db: [one.state for one in db.exec(select(Push).where(Push.kind != "alert"))]
    )
    assert pushes.count(PushState.GIVEN_UP) == 2
    states = await house.ask(lambda db: {one.state for one in db.exec(select(Account))})
    assert states == {AccountState.ACTIVE}


def test_every_recorded_event_has_a_name_in_the_trail() -> None:
    laws = [
        *qualification.TABLE.values(),
        *cooperation.TABLE.values(),
        *cooperation.CONTRACT.table.values(),
        *cooperation.TERMINATION.table.values(),
        *account.MACHINE.table.values(),
    ]
    named = {row.event for row in laws}
    for path in (*Path("bot/services").rglob("*.py"), Path("handlers/staff/reference_data.py")):
        named |= set(re.findall(r'\bevent="([a-z_]+)"', path.read_text(encoding="utf-8")))
    assert not {event for event in named if not has(f"trail.{event}")}
