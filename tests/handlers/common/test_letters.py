"""The desk where letters are written, and the inbox where they are read."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select, update

from bot.messengers.delivery import outbox_store as outbox
from bot.services.letters import audience, letters
from bot.services.shared import notify
from bot.texts import BIDI_MARKS, t
from storage.enums import LetterState, Messenger, PushChannel, PushState, Role
from storage.tables import Chat, Letter, LetterRecipient, Officer, Push, StoredFile
from tests.support.chat_driver import NOW, App, Person
from tests.support.chat_fixtures import ON_BOTH_DATABASES
from tests.support.chat_people import distributor, expert, grant, officer, staff, suspend
from tests.support.factories import people

TEXT = (
    "لطفاً از شنبه در دورهٔ ۲ شرکت کنید.\n\nhttps://imed.ir/Default.aspx?PageName=News&ID=2068 را ببینید؛ فرم A4،"
    " استاندارد ISO 13485، پیش‌شمارهٔ +98912، ایمیل info2@imed.ir"
)


def send_off(boss: Person, *, title: str = "آزمون دوره", text: str = TEXT, files: int = 0) -> int:
    """A letter to everybody, in their inboxes; its id."""
    boss.open("staff.new_letter").tap("همه").type("665/12", title, text)
    for _ in range(files):
        boss.upload("بخشنامه.jpg")
    boss.tap("⬅️ ادامه" if files else "بدون پیوست", "ارسال نامه", "بله")
    letter_id = boss.app.newest(Letter).id
    while boss.app.run(lambda db: letters.send_batch(db, letter_id=letter_id, now=NOW)):
        pass
    return int(letter_id)


@ON_BOTH_DATABASES
def test_from_the_menu_to_the_inbox(app: App) -> None:
    sara, mina, boss = officer(app), officer(app, "مینا"), staff(app)
    sara.open("home").sees("📬 صندوق پیام‌ها (۰)").tap("صندوق پیام‌ها (۰)").sees("موردی برای نمایش")
    boss.open("home").tap("✉️ نامه‌ها").sees("هنوز نامه‌ای").tap("✉️ نامه جدید", "همه")
    boss.type("665/۱۲", "آزمون دوره", TEXT).sees("پیوست نامه")
    boss.upload("بخشنامه.jpg").upload("b.jpg").tap("⬅️ ادامه")
    boss.sees("همه مسئولان فنی، ۲ نفر", "شماره: ۶۶۵/۱۲", "📬 آزمون دوره", TEXT, "📎 پیوست: ۲ فایل")
    boss.tap("✏️ عنوان").type("سلام").sees("📬 سلام")  # a title, not a word to the bot
    boss.tap("✏️ عنوان").type("آزمون تازه").sees("📬 آزمون تازه").tap("ارسال نامه")
    boss.sees("«آزمون تازه» برای همه مسئولان فنی (۲ نفر) فرستاده شود؟").tap("بله")
    boss.sees("✅ نامه ثبت شد", "⏳ در حال ارسال", "░░░ ۰٪", "در صندوق: ۰ از ۲ نفر")
    letter_id = app.one(select(Letter.id))
    sara.open("home").sees("📬 صندوق پیام‌ها (۰)")
    app.run(lambda db: letters.send_batch(db, letter_id=letter_id, now=NOW))
    boss.tap("🔄 به‌روزرسانی").sees("▓▓▓ ۱۰۰٪", "در صندوق: ۲ از ۲ نفر", "خوانده‌شده: ۰ نفر")
    sara.open("home").sees("📬 صندوق پیام‌ها (۱)").tap("صندوق پیام‌ها (۱)")
    sara.sees("خوانده‌نشده: ۱", "۱. 🔵 آزمون تازه").tap("۱").sees("📬 آزمون تازه", TEXT).tap("📎 پیوست‌ها (۲)")
    (letter_files, letter) = sara.screens
    captions = [one.caption for one in letter_files.attachments]
    assert captions == ["پیوست ۱ از ۲: آزمون تازه", "پیوست ۲ از ۲: آزمون تازه"]
    assert "آزمون تازه" in letter.text
    sara.tap("📬 صندوق پیام‌ها").sees("خوانده‌نشده: ۰", "۱. آزمون تازه").open("home")
    sara.sees("📬 صندوق پیام‌ها (۰)")
    mina.open("home").sees("📬 صندوق پیام‌ها (۱)")
    boss.tap("🔄 به‌روزرسانی").sees("خوانده‌شده: ۱ نفر").tap("👁 متن نامه").sees(TEXT)
    boss.tap("📎 پیوست‌ها (۲)", "بازگشت به نامه", "⏹ توقف ارسال").sees("متوقف شود؟").tap("بله، متوقف شود")
    boss.sees("⏹ متوقف‌شده", "در صندوق: ۱ از ۲ نفر").sees_not("توقف ارسال")
    mina.open("home").sees("📬 صندوق پیام‌ها (۰)").open("inbox.letter", letter_id)
    mina.sees("به این نامه دسترسی ندارید")
    sara.open("inbox.letter", letter_id).sees(TEXT)
    boss.open("staff.letters").sees("۱. آزمون تازه", "⏹ متوقف‌شده؛ گیرندگان: ۲، اعلان: ۰، خوانده‌شده: ۱")


def test_one_officer_is_shown_before_it_is_meant(app: App) -> None:
    sara, boss = officer(app), staff(app)
    officer(app, "مینا")
    code = sara.account.national_code or ""
    boss.open("staff.new_letter").tap("یک نفر").type("0012345679").sees("با این کد پیدا نشد")
    boss.type(boss.account.user_code).sees("با این کد پیدا نشد")
    boss.type(code).sees("سارا کریمی‌نژاد", "•••••••").sees_not(code).tap("خیر").sees("کد ملی یا کد کاربری")
    boss.type(sara.account.user_code).tap("بله").sees("شماره نامه").tap("بدون شماره")
    boss.type("سلام به شما", "متن").tap("بدون پیوست").sees("گیرندگان: سارا کریمی‌نژاد، ۱ نفر").sees_not(
        "شماره:"
    )


def test_a_group_without_people_is_refused(app: App) -> None:
    officer(app)
    boss = staff(app).open("staff.new_letter").tap("یک وضعیت", "دارای همکاری")
    boss.sees("اکنون کسی در این گروه نیست").tap("بدون درخواست").sees("شماره نامه")
    boss.tap("بازگشت", "بازگشت", "یک استان").type("فارس").sees("اکنون کسی در این گروه نیست")


def test_what_is_too_long_is_refused_with_the_excess(app: App) -> None:
    officer(app)
    boss = staff(app).open("staff.new_letter").tap("همه").type("۱", "ع" * 121)
    boss.sees("حداکثر ۱۲۰ حرف").type("عنوان نامه", "م" * 3533).sees("۳۳ حرف بیش از اندازه", "متن نامه را")
    boss.type("م" * 3500).tap("بدون پیوست").sees("م" * 3500)
    assert len(boss.raw_text) <= 4096


def test_the_largest_letter_is_one_message(app: App) -> None:
    sara, boss = officer(app), staff(app)
    letter_id = send_off(boss, title="ع" * 120, text="😀" * 1750, files=5)
    sara.open("inbox.letter", letter_id)
    assert len(sara.raw_text.encode("utf-16-le")) // 2 <= 4096


def test_markup_and_direction_tricks_are_shown_as_text(app: App) -> None:
    sara, boss = officer(app), staff(app)
    text = "*مهم* <b>b</b> [x](http://y) {title} %s\n\u202eوارونه\u2066"
    letter_id = send_off(boss, title="_عنوان_ {n}\u202e", text=text)
    sara.open("inbox.letter", letter_id)
    plain = sara.text
    assert "📬 _عنوان_ {n}\n" in plain
    assert "*مهم* <b>b</b> [x](http://y) {title} %s\nوارونه" in plain
    assert "\u202e" not in sara.raw_text
    push = app.one(select(Push).where(Push.kind == "N9"))
    assert "«_عنوان_ {n}»" in BIDI_MARKS.sub("", push.text)


def test_a_draft_is_kept_and_its_papers_go_with_it(app: App) -> None:
    officer(app)
    boss = staff(app).open("staff.new_letter").tap("همه", "بدون شماره").type("عنوان نامه", "متن نامه")
    boss.upload("a.jpg").tap("بعداً ادامه می‌دهم").sees("پاسخ‌های شما ذخیره شد").open("staff.letters")
    boss.tap("ادامه نامه").sees("📬 عنوان نامه", "📎 پیوست: ۱ فایل").tap("حذف پیش‌نویس")
    boss.tap("بله").sees("هنوز نامه‌ای")
    assert app.one(select(StoredFile)).removed_at is not None


def test_strangers_and_forged_buttons(app: App) -> None:
    sara, boss = officer(app), staff(app)
    letter_id = send_off(boss, files=1)
    late = officer(app, "مینا")
    for action in ("inbox.letter", "inbox.read", "inbox.files"):
        late.open(action, letter_id).sees("به این نامه دسترسی ندارید")
        late.open(action, letter_id + 7).sees("به این نامه دسترسی ندارید")
        assert not late.files
    sara.open("inbox", arg="99").sees("آزمون دوره").open("inbox", arg="x").sees("آزمون دوره")
    boss.open("staff.letter", letter_id + 7).sees("این دکمه دیگر معتبر نیست")
    boss.open("staff.letter_end", letter_id).open("staff.letter_end", letter_id).sees("دیگر معتبر نیست")


def test_a_letter_is_read_once_it_is_opened_and_not_when_it_is_shown_again(app: App) -> None:
    sara, boss = officer(app), staff(app)
    letter_id = send_off(boss)
    sara.open("inbox.read", letter_id).open("inbox")
    assert app.one(select(LetterRecipient.read_at)) is None
    sara.open("inbox.letter", letter_id)
    assert app.one(select(LetterRecipient.read_at)) == NOW


def test_the_suspended_read_too_and_in_any_role(app: App) -> None:
    sara, boss = officer(app), staff(app)
    grant(sara, Role.EXPERT, university_code="sums")
    letter_id = send_off(boss, files=1)
    app.change(Chat, sara.chat.id, role=Role.EXPERT)
    sara.open("inbox.letter", letter_id).sees("آزمون دوره")
    app.change(Chat, sara.chat.id, role=Role.OFFICER)
    suspend(sara)
    sara.open("home").tap("صندوق پیام‌ها (۰)", "۱").sees("آزمون دوره").tap("📎 پیوست‌ها (۱)")
    assert sara.files


def test_pages(app: App) -> None:
    sara, boss = officer(app), staff(app)
    for number in range(10):
        send_off(boss, title=f"نامه {number + 1}")
    sara.open("inbox").sees("خوانده‌نشده: ۱۰", "۱. 🔵 نامه ۱۰", "۹. 🔵 نامه ۲").tap("بعدی")
    sara.sees("۱۰. 🔵 نامه ۱").tap("۱۰").open("inbox").sees("۱. 🔵 نامه ۱۰").tap("بعدی").sees("۱۰. نامه ۱")
    boss.open("staff.letters").sees("۱. نامه ۱۰", "۶. نامه ۵").tap("بعدی").sees("۱۰. نامه ۱")


# -- in the outbox ------------------------------------------------------------------------------------


def due(app: App, pushes: int, letters: int) -> list[int]:
    room = {Messenger.TELEGRAM: outbox.RouteCapacity(pushes, letters)}
    return app.read(lambda db: outbox.due_pushes(db, NOW, room)[0])


@ON_BOTH_DATABASES
def test_letters_give_way_in_the_outbox(app: App) -> None:
    sara, mina, boss = officer(app), officer(app, "مینا"), staff(app)
    send_off(boss)
    (first,), (second,) = sara.pushes(), mina.pushes()
    fee = {"kind": "N6", "event_key": "fee", "account_id": mina.account.id, "text": "پرداخت"}
    app.run(lambda db: notify.push(db, now=NOW, **fee))
    fee_id = mina.pushes()[-1].id
    assert due(app, 16, 12) == [fee_id, first.id], "Mina's letter waits for her fee"
    assert due(app, 1, 12) == due(app, 16, 0) == [fee_id]
    app.change(Push, fee_id, state=PushState.SENT)
    assert due(app, 16, 12) == [first.id, second.id]


@ON_BOTH_DATABASES
def test_a_push_claimed_after_the_stop_is_not_sent(app: App) -> None:
    sara, boss = officer(app), staff(app)
    boss.open("staff.letter_end", send_off(boss))
    (push,) = sara.pushes()
    app.change(Push, push.id, state=PushState.QUEUED)  # a try that failed was in hand while it was stopped
    (claimed,) = app.run(lambda db: outbox.claim_pushes(db, [push.id or 0], NOW, NOW))
    assert claimed.skip is not None


def test_how_many_are_told_before_the_choice(app: App) -> None:
    """With a chat, and without: of all, of each province, of each state there, of experts and managers."""
    officer(app)
    app.run(lambda db: people.officer(db, "مینا", "رضایی", chat=False))
    distributor(app)
    expert(app)
    app.run(lambda db: db.exec(update(Officer).values(province="فارس")) and None)
    boss = staff(app).open("staff.new_letter")
    boss.sees("👥 همه: ۲ نفر (۱ با گفت‌وگو، ۱ بدون گفت‌وگو)", "کارشناسان: ۱ نفر", "مدیران مراکز: ۱ نفر")
    boss.tap("استان و وضعیت").sees("فارس: ۲ نفر (۱ با گفت‌وگو، ۱ بدون گفت‌وگو)").tap("فارس")
    boss.sees("بدون درخواست: ۲ نفر", "دارای نقص: ۰ نفر").tap("دارای نقص").sees("اکنون کسی در این گروه نیست")
    boss.tap("بدون درخواست").type("۱", "دعوت", "متن").tap("بدون پیوست", "خیر، فقط در صندوق")
    boss.sees("ثبت‌نام‌شدگان بدون درخواست در استان فارس، ۲ نفر")


def test_recipients_are_counted_where_nobody_waits(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once, on the connection for large reads, when the letter is opened; no question and no summary counts again."""
    officer(app)
    large: list[bool] = []
    read = app.database.read

    async def noted(unit: Any, *, large: bool = False, units: list[bool] = large) -> Any:
        units.append(large)
        return await read(unit, large=large)

    def counted(*_: Any, **__: Any) -> None:
        raise AssertionError("counted inside a unit that others wait for")

    monkeypatch.setattr(app.database, "read", noted)
    monkeypatch.setattr(audience, "reach", counted)
    boss = staff(app).open("staff.new_letter").sees("👥 همه: ۱ نفر")
    assert large.count(True) == 1
    boss.tap("استان و وضعیت").sees("فارس: ").command("cancel")
    app.run(lambda db: people.officer(db, "مینا", "رضایی", chat=False))
    boss.open("staff.new_letter")
    assert large.count(True) == 2, "a letter that was begun goes on with the numbers of now"
    boss.tap("بازگشت").sees("👥 همه: ۲ نفر")


def test_experts_and_managers_read_letters_too(app: App) -> None:
    officer(app)
    (manager, _), maryam, boss = distributor(app), expert(app), staff(app)
    for kind, reader in (("کارشناسان", maryam), ("مدیران مراکز", manager)):
        boss.open("staff.new_letter").tap(kind).sees("همه استان‌ها: ۱ نفر").tap("همه استان‌ها")
        boss.type("۱", f"برای {kind}", "متن نامه").tap("بدون پیوست", "ارسال نامه", "بله")
        letter_id = app.newest(Letter).id
        app.run(lambda db, sent=letter_id: letters.send_batch(db, letter_id=sent, now=NOW))
        reader.command("menu").tap("📬 صندوق پیام‌ها (۱)").sees(f"🔵 برای {kind}").tap("۱").sees("متن نامه")


def test_who_has_no_chat_gets_an_sms_if_staff_say_so(app: App) -> None:
    object.__setattr__(app.resources.public_info, "sms_price", 2000)
    officer(app)
    app.run(lambda db: people.officer(db, "مینا", "رضایی", chat=False))
    boss = staff(app).open("staff.new_letter").tap("همه").type("۱", "دعوت به دوره", "متن").tap("بدون پیوست")
    boss.sees("۱ نفر از گیرندگان گفت‌وگوی باز ندارند", "هزینه تقریبی: ۴٬۰۰۰ ریال (۴۰۰ تومان)")
    boss.tap("بله، پیامک بفرست").sees("پیامک به ۱ نفر").tap("ارسال نامه", "بله").sees("پیامک فرستاده می‌شود")
    letter_id = app.newest(Letter).id
    app.run(lambda db: letters.send_batch(db, letter_id=letter_id, now=NOW))
    app.run(lambda db: letters.send_batch(db, letter_id=letter_id, now=NOW))
    (sms,) = app.all(select(Push).where(Push.channel == PushChannel.SMS))
    assert "نامه جدید از اداره کل" in sms.text
    assert len(app.all(select(Push).where(Push.kind == "N9"))) == 2


def test_stopped_before_anybody_has_it(app: App) -> None:
    object.__setattr__(app.resources.public_info, "letter_delay", timedelta(minutes=2))
    sara, boss = officer(app), staff(app)
    letter_id = send_off(boss)
    boss.sees("تا آن هنگام با «⏹ توقف ارسال» به هیچ‌کس نمی‌رسد", "به کسی نرسیده است")
    assert not app.all(select(Push).where(Push.kind == "N9")), "it waits"
    boss.tap("⏹ توقف ارسال", "بله، متوقف شود").sees("⏹ متوقف‌شده", "در صندوق: ۰ از ۱ نفر")
    app.clock.passes(minutes=3)
    app.run(lambda db: letters.send_batch(db, letter_id=letter_id, now=app.clock()))
    sara.open("home").sees("📬 صندوق پیام‌ها (۰)")
    second = send_off(boss)
    app.clock.passes(minutes=3)
    app.wait(letters.send_next_batches(app.resources))
    sara.open("inbox.letter", second).sees(TEXT)


def test_a_correction_is_a_second_letter(app: App) -> None:
    sara, boss = officer(app), staff(app)
    first = send_off(boss)
    officer(app, "مینا")
    boss.open("staff.letter", first).tap("✏️ نوشتن اصلاحیه").sees(
        "نامه به این صورت دیده می‌شود", "گیرندگان نامه نخست، ۱ نفر"
    )
    boss.sees("اصلاحیه: آزمون دوره").tap("✏️ متن").type("دوره از یکشنبه است.").tap("ارسال نامه", "بله")
    second = app.newest(Letter)
    assert (second.corrects_id, second.recipients) == (first, 1)
    app.run(lambda db: letters.send_batch(db, letter_id=second.id or 0, now=NOW))
    sara.open("inbox.letter", second.id or 0).sees("دوره از یکشنبه است", "این نامه اصلاح «آزمون دوره»").tap(
        "📬 نامه نخست"
    )
    sara.sees("⚠️ این نامه اصلاح شده است: «اصلاحیه: آزمون دوره»", TEXT)
    assert sara.text.startswith("⚠️ این نامه اصلاح شده است"), "before anybody believes the letter"
    sara.tap("📬 نامه اصلاحی").sees("یکشنبه")
    assert sara.text.splitlines()[-1].startswith("✏️ این نامه اصلاح «آزمون دوره»")
    boss.open("staff.letter", first).tap("📬 نامه اصلاحی").sees("اصلاحیه: آزمون دوره")


# -- letters as they stand --------------------------------------------------------------------------------


def letter_of(boss: Person, **values: Any) -> int:
    """A letter with these values, whatever led there; its id."""
    if values.get("state") in (LetterState.SENT, LetterState.STOPPED):
        values = {"finished_at": NOW} | values
    common = {"title": "آزمون دوره", "text": "متن", "audience": {"kind": "ALL", "value": ""}}
    row = Letter(created_by=boss.account.id, created_at=NOW, **common | values)
    return int(boss.app.add(row).id)


MINUTE = timedelta(minutes=1)
SENDING, SENT, STOPPED = LetterState.SENDING, LetterState.SENT, LetterState.STOPPED


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"state": SENDING}, ["stop"]),
        ({"state": SENDING, "starts_at": NOW + MINUTE}, ["starts", "stop"]),
        ({"state": SENDING, "starts_at": NOW}, ["stop"]),
        ({"state": SENDING, "starts_at": NOW - MINUTE, "sms": True}, ["card_sms", "stop"]),
        ({"state": SENDING, "unlisted": 7, "recipients": 3}, ["listing", "stop"]),
        ({"state": STOPPED, "starts_at": NOW + MINUTE, "unlisted": 7}, []),
        ({"state": STOPPED, "taking_back": 7}, ["taking_back"]),
        ({"state": SENT, "number": "12/7", "delivered": 1, "recipients": 1}, ["number", "correct"]),
    ],
)
def test_what_is_said_and_offered_of_a_letter_on_its_way(
    app: App, values: dict[str, Any], said: list[str]
) -> None:
    boss = staff(app)
    boss.open("staff.letter", letter_of(boss, **values))
    known = {"time": "", "n": "۳", "number": "۱۲/۷"}
    for name in ("starts", "card_sms", "listing", "taking_back", "number", "stop", "correct"):
        sentence = t("letter.number" if name == "number" else f"letters.{name}", **known)
        found = max(BIDI_MARKS.sub("", sentence).split("  "), key=len)
        if name == "number" and name not in said:
            found = "شماره:"
        (boss.sees if name in said else boss.sees_not)(found)


@pytest.mark.parametrize(
    ("delivered", "of", "bar"),
    [(0, 0, "░" * 10 + " ۰٪"), (1, 1, "▓" * 10 + " ۱۰۰٪"), (1, 3, "▓▓▓░░░░░░░ ۳۳٪")],
)
def test_the_bar_of_a_letter(app: App, delivered: int, of: int, bar: str) -> None:
    boss = staff(app)
    boss.open("staff.letter", letter_of(boss, delivered=delivered, recipients=of)).sees(bar)


def test_what_is_over_is_not_asked_to_be_stopped(app: App) -> None:
    boss = staff(app)
    boss.open("staff.letter_stop", letter_of(boss, state=SENT)).sees(t("letters.state.SENT"))
    boss.sees_not(t("letters.stop_do"))


def test_an_inbox_of_more_than_a_hundred_letters(app: App) -> None:
    """The number on the button ends at 99; a page that is not there is the last one."""
    sara, boss = officer(app), staff(app)
    common = {"text": "متن", "audience": {"kind": "ALL", "value": ""}, "created_by": boss.account.id}
    for n in range(1, 10):
        app.add(Letter(id=n, title=f"نامه {n}", **common))
    app.add(
        *(LetterRecipient(letter_id=n, account_id=sara.account.id, delivered_at=NOW) for n in range(1, 10))
    )
    sara.open("inbox", arg="1").sees("۱. 🔵 نامه 9", "۹. 🔵 نامه 1").sees_not("قبلی")
    more = range(10, 109)
    app.add(*(Letter(id=n, title=f"نامه {n}", **common) for n in more))
    app.add(*(LetterRecipient(letter_id=n, account_id=sara.account.id, delivered_at=NOW) for n in more))
    sara.open("home").sees("📬 صندوق پیام‌ها (۹۹)")
    for page in ("11", "12", "13"):
        sara.open("inbox", arg=page).sees("خوانده‌نشده: ۱۰۸", "۱۰۰. 🔵 نامه 9", "۱۰۸. 🔵 نامه 1", "قبلی")
    sara.tap("۱۰۰").tap("📬 صندوق پیام‌ها").sees("قبلی", "۱۰۰. 🔵 نامه 8", "۱۰۸. نامه 9")
