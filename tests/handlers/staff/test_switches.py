"""What the directorate switches is asked about, can be refused, and switched back; old buttons switch nothing."""

from dataclasses import dataclass

import pytest

from bot.core.screens import Press
from storage.tables import Grant
from tests.support.chat_driver import App, Person
from tests.support.chat_people import expert, officer, staff

DONE, YES = "✅ انجام شد.", "بله، انجام شود"
STALE = "این دکمه دیگر معتبر نیست."


@dataclass(frozen=True)
class Turn:
    """The button, the question, and what the screen says once it is done."""

    label: str
    question: str
    then: str
    #: Whether an old button asks nothing: it shows what is there now.
    shows_only: bool = True


def university(arg: str) -> Press:
    return Press("staff.university_data", arg=arg)


SWITCHES = {
    "level": (
        Press("staff.level", arg="associate"),
        Turn("⛔️ بستن", "«کاردانی» برای درخواست‌های جدید بسته شود؟", "مقطع کاردانی: بسته"),
        Turn("✅ مجاز کردن", "«کاردانی» برای درخواست‌های جدید مجاز شود؟", "مقطع کاردانی: مجاز"),
    ),
    "field": (
        Press("staff.field", arg="pharmacy"),
        Turn("⛔️ بستن", "«داروسازی» برای درخواست‌های جدید بسته شود؟", "رشته داروسازی: بسته"),
        Turn("✅ مجاز کردن", "«داروسازی» برای درخواست‌های جدید مجاز شود؟", "رشته داروسازی: مجاز"),
    ),
    "field at a level": (
        Press("staff.field", arg="pharmacy"),
        Turn(
            "✅ کارشناسی ارشد",
            "رشته «داروسازی» در مقطع «کارشناسی ارشد» برای درخواست‌های جدید بسته شود؟",
            "⛔️ کارشناسی ارشد",
            shows_only=False,
        ),
        Turn(
            "⛔️ کارشناسی ارشد",
            "رشته «داروسازی» در مقطع «کارشناسی ارشد» برای درخواست‌های جدید مجاز شود؟",
            "✅ کارشناسی ارشد",
            shows_only=False,
        ),
    ),
    "document": (
        Press("staff.document", arg="retraining"),
        Turn("⛔️ خواسته نشود", "به این صورت تغییر کند: ⛔️ خواسته نشود؟", "این مدرک اکنون خواسته نمی‌شود"),
        Turn("✅ خواسته شود", "به این صورت تغییر کند: ✅ خواسته شود؟", "⛔️ خواسته نشود"),
    ),
    "sides": (
        Press("staff.document", arg="retraining"),
        Turn("دو رو", "دو رو؛ پشت آن هم خواسته می‌شود؟", "دو رو؛ پشت آن هم خواسته می‌شود"),
        Turn("یک‌رو", "به این صورت تغییر کند: یک‌رو؟", "یک‌رو\n"),
    ),
    "files": (
        Press("staff.document", arg="retraining"),
        Turn("۱ فایل", "حداکثر ۱ فایل؟", "حداکثر ۱ فایل"),
        Turn("۳ فایل", "حداکثر ۳ فایل؟", "حداکثر ۳ فایل"),
    ),
    "rule": (
        Press("staff.document", arg="retraining"),
        Turn("الزامی برای آقایان", "به این صورت تغییر کند: الزامی برای آقایان؟", "نوع: الزامی برای آقایان"),
        Turn("اختیاری", "به این صورت تغییر کند: اختیاری؟", "نوع: اختیاری"),
    ),
    "question": (
        Press("staff.faq_entry", arg="visit"),
        Turn("⛔️ پنهان کردن", "از راهنما پنهان شود؟", "این پرسش اکنون در راهنما دیده نمی‌شود"),
        Turn("✅ نمایش", "در راهنما نمایش داده شود؟", "⛔️ پنهان کردن"),
    ),
    "university": (
        university("fums"),
        Turn("⛔️ غیرفعال کردن", "غیرفعال شود؟ پرونده جدیدی به آن نمی‌رسد", "غیرفعال، "),
        Turn("✅ فعال کردن", "فعال شود؟", "⛔️ غیرفعال کردن"),
    ),
    "files of a university": (
        university("fums"),
        Turn("پرونده جدید نگیرد", "دیگر پرونده جدیدی از استان نگیرد؟", "بیرون از استان‌بندی"),
        Turn("پرونده جدید بگیرد", "از این پس پرونده‌های جدید استان فارس را بگیرد؟", "پرونده جدید نگیرد"),
    ),
    "coverage": (
        Press("staff.cover", 1),
        Turn("✅ فعال کردن", "پرونده‌های جدید «", "وضعیت: فعال"),
        Turn("⛔️ غیرفعال کردن", "این ردیف غیرفعال شود؟ پرونده‌های جدید «", "وضعیت: غیرفعال"),
    ),
}


@pytest.mark.parametrize("name", SWITCHES)
def test_a_switch_is_asked_about_done_once_and_undone(app: App, name: str) -> None:
    screen, *turns = SWITCHES[name]
    boss = staff(app)
    for turn in turns:
        before = shown(boss.press(screen))
        old = boss.button(turn.label)
        boss.tap(turn.label).sees(turn.question).sees_not(STALE).tap("خیر")
        assert shown(boss) == before, "nothing is done"
        yes = boss.tap(turn.label).button(YES)
        after = shown(boss.press(yes).sees(turn.then))
        assert (boss.notice, boss.view, after != before) == (DONE, screen, True)
        assert shown(boss.press(yes)) == (f"{STALE}\n\n{after[0]}", after[1])
        if turn.shows_only:
            assert shown(boss.press(old)) == after


def shown(boss: Person) -> tuple[str, list[str]]:
    return boss.text, boss.labels


FORGED = [
    *(f"staff.document_ask {arg}" for arg in ("retraining", "retraining:required:x", "retraining:files:4")),
    *(
        f"staff.document_ask retraining:{arg}"
        for arg in ("files:0", "sides:3", "sides:0", "plan:1", "active:2")
    ),
    *(
        f"staff.university_ask sums:{arg}"
        for arg in ("active", "active:2", "regional:x", "default:0", "name:1")
    ),
    "staff.university_ask nothing:active:1",
    "staff.faq_ask visit",
    "staff.faq_ask visit:2",
    *(f"staff.pair_ask {arg}" for arg in ("pharmacy", "pharmacy:x", "x:master")),
]


def test_a_forged_switch_asks_nothing(app: App) -> None:
    boss = staff(app)
    for forged in FORGED:
        action, arg = forged.split()
        for verb in (action, action.replace("_ask", "_do")):
            assert boss.open(verb, 1, 1, arg).text.startswith(STALE), (verb, arg)


@pytest.mark.parametrize(
    ("listed", "card"), [("staff.faq", "staff.faq_entry"), ("staff.documents", "staff.document")]
)
def test_a_row_is_moved_up_and_down_by_one_place(app: App, listed: str, card: str) -> None:
    boss = staff(app).open(listed)
    names = rows(boss)
    third = boss.button("۳").press
    assert third is not None
    assert third.action == card
    boss.press(third).tap("⬇️ پایین‌تر")
    assert (boss.notice, rows(boss)) == (DONE, [*names[:2], names[3], names[2], *names[4:]])
    old = boss.press(third).button("⬆️ بالاتر")
    assert rows(boss.press(old)) == names
    assert boss.press(old).text.startswith(STALE)
    boss.press(third).tap("⬆️ بالاتر")
    assert rows(boss) == [names[0], names[2], names[1], *names[3:]]


def rows(boss: Person) -> list[str]:
    """Of the list in view, without their numbers."""
    return [line.partition(". ")[2] for line in boss.text.splitlines() if line[:1].isdigit()]


def test_what_may_not_be_done_to_an_account_is_refused(app: App) -> None:
    """Another state of the account, an action that its state does not allow, an account that nobody looked up."""
    boss, sara, maryam = staff(app), officer(app), expert(app)
    account = sara.account
    boss.open("staff.find_account").type(account.user_code)
    for version, action, said in (
        (account.version + 1, "SUSPEND", STALE),
        (account.version, "nothing", STALE),
        (account.version, "LIFT", "این کار برای شما ممکن نیست"),
    ):
        assert boss.open("staff.account_action", account.id or 0, version, action).text.startswith(said)
    boss.open("staff.account_action", account.id or 0, account.version, "SUSPEND").sees("دلیل").open("home")
    grant = app.newest(Grant, Grant.account_id == maryam.account.id)
    assert boss.open("staff.unrole", grant.id).text.startswith(STALE)
    boss.open("staff.find_account").type(maryam.account.user_code).tap("🔁 نقش‌ها").sees("گرفتن کارشناس")
    boss.open("staff.unrole", grant.id).sees("دلیل").open("home")
    app.change(Grant, grant.id, active=False)
    assert boss.open("staff.unrole", grant.id).text.startswith(STALE)
