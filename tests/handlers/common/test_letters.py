"""The desk where letters are written, and the inbox where they are read."""

from __future__ import annotations

import pytest
from sqlmodel import Session, col, select

from bot.messengers.delivery import outbox_store as outbox
from bot.services.letters import letters
from bot.services.shared import notify
from bot.texts import BIDI_MARKS
from storage.database.database import Database
from storage.enums import AccountState, Messenger, PushState, Role
from storage.migrations.seed import seed
from storage.tables import Account, Chat, Grant, Letter, LetterRecipient, Push, StoredFile
from tests.support.handler_driver import NOW, Visitor, account, officer

TEXT = "دوره از شنبه آغاز می‌شود.\n\nhttps://imed.ir/12 را ببینید."


def staff(db: Session) -> Visitor:
    person = account(db, "رضا", "مرادی")
    db.add(Grant(account_id=person.id or 0, role=Role.STAFF))
    return Visitor(db, person, Role.STAFF)


def write(resources: Visitor, *, title: str = "آزمون دوره", text: str = TEXT, files: int = 0) -> Visitor:
    """A letter to everybody, up to its preview."""
    resources.opens("staff.new_letter").taps("همه").types("665/12", title, text)
    if not files:
        return resources.taps("رد کردن")
    for _ in range(files):
        resources.uploads("بخشنامه.jpg")
    return resources.taps("⬅️ ادامه")


def send_off(resources: Visitor, **parts: object) -> int:
    """A letter to everybody, in their inboxes; its id."""
    write(resources, **parts).taps("ارسال نامه").taps("بله")  # type: ignore[arg-type]
    letter = resources.db.exec(select(Letter).order_by(col(Letter.id).desc())).first()
    assert letter is not None
    while letters.send_batch(resources.db, letter_id=letter.id or 0, now=NOW):
        pass
    resources.db.flush()
    if resources.commits:
        resources.db.commit()
    return letter.id or 0


async def test_from_the_desk_to_the_inbox(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Visitor, "commits", False)
    await database.run(_way_of_a_letter)


def _way_of_a_letter(db: Session) -> None:
    seed(db)
    sara, mina, resources = officer(db), officer(db, "مینا"), staff(db)
    sara.opens("home").sees("📬 صندوق پیام‌ها (۰)").taps("صندوق پیام‌ها (۰)").sees("موردی برای نمایش")
    resources.opens("home").taps("✉️ ارسال نامه").sees("هنوز نامه‌ای").taps("✉️ نامه جدید").taps("همه")
    resources.types("665/۱۲", "آزمون دوره", TEXT).sees("پیوست نامه")
    resources.uploads("بخشنامه.jpg").uploads("b.jpg").taps("⬅️ ادامه")
    resources.sees("همه مسئولان فنی، ۲ نفر", "شماره: ۶۶۵/۱۲", "📬 آزمون دوره", TEXT, "📎 پیوست: ۲ فایل")
    resources.taps("✏️ عنوان").types("آزمون تازه").sees("📬 آزمون تازه").taps("ارسال نامه")
    resources.sees("«آزمون تازه» برای همه مسئولان فنی (۲ نفر) فرستاده شود؟").taps("بله")
    resources.sees("✅ نامه ثبت شد", "⏳ در حال ارسال", "░░░ ۰٪", "در صندوق: ۰ از ۲ نفر")
    letter_id = db.exec(select(Letter.id)).one() or 0
    sara.opens("home").sees("📬 صندوق پیام‌ها (۰)")
    letters.send_batch(db, letter_id=letter_id, now=NOW)
    resources.taps("🔄 به‌روزرسانی").sees("▓▓▓ ۱۰۰٪", "در صندوق: ۲ از ۲ نفر", "خوانده‌شده: ۰ نفر")
    sara.opens("home").sees("📬 صندوق پیام‌ها (۱)").taps("صندوق پیام‌ها (۱)")
    sara.sees("خوانده‌نشده: ۱", "۱. 🔵 آزمون تازه").taps("۱").sees("📬 آزمون تازه", TEXT)
    sara.taps("📎 پیوست‌ها (۲)")
    (letter_files, letter) = sara.decided.screens
    assert [one.caption for one in letter_files.attachments] == [
        "پیوست ۱ از ۲: آزمون تازه",
        "پیوست ۲ از ۲: آزمون تازه",
    ]
    assert "آزمون تازه" in letter.text
    sara.taps("📬 صندوق پیام‌ها").sees("خوانده‌نشده: ۰", "۱. آزمون تازه").opens("home")
    sara.sees("📬 صندوق پیام‌ها (۰)")
    mina.opens("home").sees("📬 صندوق پیام‌ها (۱)")
    resources.taps("🔄 به‌روزرسانی").sees("خوانده‌شده: ۱ نفر").taps("👁 متن نامه").sees(TEXT)
    resources.taps("📎 پیوست‌ها (۲)").taps("بازگشت به نامه").taps("⏹ توقف ارسال").sees("متوقف شود؟")
    resources.taps("بله، متوقف شود")
    resources.sees("⏹ متوقف‌شده", "در صندوق: ۱ از ۲ نفر").sees_not("توقف ارسال")
    mina.opens("home").sees("📬 صندوق پیام‌ها (۰)").opens("inbox.letter", letter_id).sees(
        "به این نامه دسترسی ندارید"
    )
    sara.opens("inbox.letter", letter_id).sees(TEXT)
    resources.opens("staff.letters").sees("۱. آزمون تازه", "⏹ متوقف‌شده؛ گیرندگان: ۲، اعلان: ۰، خوانده‌شده: ۱")


def test_one_officer_is_shown_before_it_is_meant(db: Session) -> None:
    sara, resources = officer(db), staff(db)
    officer(db, "مینا")
    own, code, user_code = (
        resources.account.user_code,
        sara.account.national_code or "",
        sara.account.user_code,
    )
    resources.opens("staff.new_letter").taps("یک نفر").types("0012345679").sees("با این کد پیدا نشد")
    resources.types(own).sees("با این کد پیدا نشد")
    resources.types(code).sees("سارا کریمی‌نژاد", "•••••••").sees_not(code).taps("خیر").sees(
        "کد ملی یا کد کاربری"
    )
    resources.types(user_code).taps("بله").sees("شماره نامه").taps("رد کردن")
    resources.types("سلام به شما", "متن").taps("رد کردن").sees("گیرندگان: سارا کریمی‌نژاد، ۱ نفر").sees_not(
        "شماره:"
    )


def test_a_group_without_people_is_refused(db: Session) -> None:
    officer(db)
    resources = staff(db).opens("staff.new_letter").taps("یک وضعیت").taps("دارای همکاری")
    resources.sees("اکنون کسی در این گروه نیست").taps("بدون درخواست").sees("شماره نامه")
    resources.taps("بازگشت").taps("بازگشت").taps("یک استان").types("فارس").sees("اکنون کسی در این گروه نیست")


def test_what_is_too_long_is_refused_with_the_excess(db: Session) -> None:
    officer(db)
    resources = staff(db).opens("staff.new_letter").taps("همه").types("۱", "ع" * 121)
    resources.sees("حداکثر ۱۲۰ حرف").types("عنوان نامه", "م" * 3533).sees(
        "۳۳ حرف بیش از اندازه", "متن نامه را"
    )
    resources.types("م" * 3500).taps("رد کردن").sees("م" * 3500)
    assert len(resources.text) <= 4096


def test_the_largest_letter_is_one_message(db: Session) -> None:
    sara, resources = officer(db), staff(db)
    letter_id = send_off(resources, title="ع" * 120, text="😀" * 1750, files=5)
    sara.opens("inbox.letter", letter_id)
    assert len(sara.text.encode("utf-16-le")) // 2 <= 4096


def test_markup_and_direction_tricks_are_shown_as_text(db: Session) -> None:
    sara, resources = officer(db), staff(db)
    text = "*مهم* <b>b</b> [x](http://y) {title} %s\n\u202eوارونه\u2066"
    letter_id = send_off(resources, title="_عنوان_ {n}\u202e", text=text)
    sara.opens("inbox.letter", letter_id)
    plain = BIDI_MARKS.sub("", sara.text)
    assert "📬 _عنوان_ {n}\n" in plain
    assert "*مهم* <b>b</b> [x](http://y) {title} %s\nوارونه" in plain
    assert "\u202e" not in sara.text
    push = db.exec(select(Push).where(Push.kind == "N9")).one()
    assert "«_عنوان_ {n}»" in BIDI_MARKS.sub("", push.text)


def test_a_draft_is_kept_and_its_papers_go_with_it(db: Session) -> None:
    officer(db)
    resources = (
        staff(db).opens("staff.new_letter").taps("همه").taps("رد کردن").types("عنوان نامه", "متن نامه")
    )
    resources.uploads("a.jpg").taps("بعداً ادامه می‌دهم").sees("پیش‌نویس ذخیره شد").opens("staff.letters")
    resources.taps("ادامه پیش‌نویس").sees("📬 عنوان نامه", "📎 پیوست: ۱ فایل").taps("حذف پیش‌نویس")
    resources.taps("بله").sees("هنوز نامه‌ای")
    assert db.exec(select(StoredFile)).one().removed_at is not None


@pytest.mark.parametrize("action", ["staff.letters", "staff.letter", "staff.letter_text", "staff.new_letter"])
def test_officers_do_not_write(db: Session, action: str) -> None:
    sara, resources = officer(db), staff(db)
    letter_id = send_off(resources)
    sara.opens(action, letter_id).sees("دسترسی ندارید")
    for deed in ("staff.letter_end", "staff.letter_files", "staff.letter_stop"):
        sara.opens(deed, letter_id).sees("دسترسی ندارید")
    assert db.exec(select(Letter.finished_at)).one() is None


def test_strangers_and_forged_buttons(db: Session) -> None:
    sara, resources = officer(db), staff(db)
    letter_id = send_off(resources, files=1)
    late = officer(db, "مینا")
    for action in ("inbox.letter", "inbox.read", "inbox.files"):
        late.opens(action, letter_id).sees("به این نامه دسترسی ندارید")
        late.opens(action, letter_id + 7).sees("به این نامه دسترسی ندارید")
        assert not any(one.attachments for one in late.decided.screens)
    sara.opens("inbox", arg="99").sees("آزمون دوره").opens("inbox", arg="x").sees("آزمون دوره")
    resources.opens("staff.letter", letter_id + 7).sees("این دکمه دیگر معتبر نیست")
    resources.opens("staff.letter_end", letter_id).opens("staff.letter_end", letter_id).sees(
        "دیگر معتبر نیست"
    )


def test_a_shown_letter_is_not_read(db: Session) -> None:
    """Only opening it counts: a screen may be shown again at any time."""
    sara, resources = officer(db), staff(db)
    letter_id = send_off(resources)
    sara.opens("inbox.read", letter_id).opens("inbox")
    assert db.exec(select(LetterRecipient.read_at)).one() is None
    sara.opens("inbox.letter", letter_id)
    assert db.exec(select(LetterRecipient.read_at)).one() == NOW


def test_the_suspended_read_too_and_in_any_role(db: Session) -> None:
    sara, resources = officer(db), staff(db)
    db.add(Grant(account_id=sara.account.id or 0, role=Role.EXPERT, university_code="sums"))
    letter_id = send_off(resources, files=1)
    chat = db.exec(select(Chat).where(Chat.account_id == sara.account.id)).one()
    chat.role = Role.EXPERT
    db.commit()
    sara.opens("inbox.letter", letter_id).sees("آزمون دوره")
    db.get_one(Account, sara.account.id).state = AccountState.SUSPENDED
    db.exec(select(Chat).where(Chat.account_id == sara.account.id)).one().role = Role.OFFICER
    db.commit()
    sara.opens("home").taps("صندوق پیام‌ها (۰)").taps("۱").sees("آزمون دوره").taps("📎 پیوست‌ها (۱)")
    assert sara.decided.screens[0].attachments


def test_pages(db: Session) -> None:
    sara, resources = officer(db), staff(db)
    for number in range(10):
        send_off(resources, title=f"نامه {number + 1}")
    sara.opens("inbox").sees("خوانده‌نشده: ۱۰", "۱. 🔵 نامه ۱۰", "۹. 🔵 نامه ۲").taps("بعدی")
    sara.sees("۱۰. 🔵 نامه ۱").taps("۱۰").opens("inbox").sees("۱. 🔵 نامه ۱۰").taps("بعدی").sees("۱۰. نامه ۱")
    resources.opens("staff.letters").sees("۱. نامه ۱۰", "۶. نامه ۵").taps("بعدی").sees("۱۰. نامه ۱")


# -- in the outbox ------------------------------------------------------------------------------------


def due(db: Session, pushes: int, letters: int) -> list[int]:
    return outbox.due_pushes(db, NOW, {Messenger.TELEGRAM: outbox.RouteCapacity(pushes, letters)})[0]


async def test_letters_give_way_in_the_outbox(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Visitor, "commits", False)

    def unit(db: Session) -> None:
        seed(db)
        sara, mina, resources = officer(db), officer(db, "مینا"), staff(db)
        letter_id = send_off(resources)
        told = db.exec(select(Push).where(Push.letter_id == letter_id).order_by(col(Push.id))).all()
        assert [one.account_id for one in told] == [sara.account.id, mina.account.id]
        notify.push(db, kind="N6", event_key="fee", account_id=mina.account.id or 0, text="پرداخت", now=NOW)
        db.flush()
        (fee,) = db.exec(select(Push.id).where(Push.kind == "N6"))
        assert due(db, 16, 12) == [fee, told[0].id], "Mina's letter waits for her fee"
        assert due(db, 1, 12) == [fee]
        assert due(db, 16, 0) == [fee]
        for push in db.exec(select(Push).where(Push.id == fee)):
            push.state = PushState.SENT
        db.flush()
        assert due(db, 16, 12) == [told[0].id, told[1].id]

    await database.run(unit)


async def test_a_push_claimed_after_the_stop_is_not_sent(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Visitor, "commits", False)

    def unit(db: Session) -> None:
        seed(db)
        officer(db)
        resources = staff(db)
        letter_id = send_off(resources)
        resources.opens("staff.letter_end", letter_id)
        (push,) = db.exec(select(Push).where(Push.letter_id == letter_id))
        push.state = PushState.QUEUED  # a try that failed was in hand while it was stopped
        db.flush()
        (claimed,) = outbox.claim_pushes(db, [push.id or 0], NOW, NOW)
        assert claimed.skip is not None

    await database.run(unit)
