"""Staff invite an expert by name and mobile: the SMS and the message to forward, the link on both messengers, the one-time
code, an own password; and a person who gets another role is told."""

import pytest
from sqlmodel import select

from bot.core.context import Actor
from bot.core.screens import Press
from bot.jobs import retention
from storage.enums import Messenger, PushChannel, Role
from storage.tables import Account, Grant, Invitation, Push
from tests.support.chat_driver import App, Person
from tests.support.chat_people import distributor, expert, link_and_code, officer, staff, with_links

SHIRAZ = "دانشگاه علوم پزشکی شیراز"
MOBILE, PASSWORD = "09121110009", "گذرواژه-خوب-۷"


def invite(app: App, *, code: str | None = None, role: str = "کارشناس") -> tuple[Person, str, str]:
    """Somebody of the directorate who has just invited مینا رضایی, the token of the link and the one-time code."""
    boss = staff(with_links(app)).open("staff.new_expert", arg="sums").tap(role)
    boss = boss.type(code) if code else boss.tap("کد ملی را نمی‌دانم")
    boss.type("مینا", "رضایی", MOBILE).tap("✅ تأیید").sees("✅ مینا رضایی دعوت شد")
    return boss, *link_and_code(boss)


@pytest.mark.parametrize("messenger", list(Messenger))
def test_an_expert_comes_by_the_link(app: App, messenger: Messenger) -> None:
    boss, token, code = invite(app)
    boss.sees(
        "https://t.me/bot?start=invite_", "https://ble.ir/bot?start=invite_", "مینا رضایی، کارشناس: دعوت‌شده"
    )
    boss.sees_not("رمز عبور:", "کد کاربری:")
    sms = app.one(select(Push).where(Push.channel == PushChannel.SMS))
    assert (sms.mobile, code in sms.text, token in sms.text) == ("+989121110009", True, True)

    mina = app.person(messenger).command("start", f"invite_{token}")
    mina.sees("مینا رضایی گرامی", f"کارشناس {SHIRAZ}").tap("✅ پذیرفتن دعوت").sees("کد یک‌بارمصرف ۶ رقمی")
    mina.type("۱۲۳").sees("کد یک‌بارمصرف ۶ رقم است").type(code).sees("کد ملی ۱۰ رقمی خود را").type(
        "9991234551"
    )
    mina.sees("یک رمز با دست‌کم ۸ نویسه").type("کوتاه").sees("۸").type(PASSWORD)
    mina.sees("خوش آمدید", "کد کاربری شما", f"کارتابل {SHIRAZ}")
    account = app.one(select(Account).where(Account.mobile == "+989121110009"))
    assert (account.national_code, account.first_name, account.last_name) == ("9991234551", "مینا", "رضایی")
    app.person().log_in(account.user_code, PASSWORD).sees(f"کارتابل {SHIRAZ}")
    assert (
        app.newest(Push, Push.kind == "N27", Push.channel == PushChannel.CHAT).account_id == boss.account.id
    )
    assert code not in app.get(Push, sms.id).text, "no longer needed"
    assert [event.event for event in app.events("expert_invited", "invitation_accepted")] == [
        "expert_invited",
        "invitation_accepted",
    ]
    app.person().command("start", f"invite_{token}").sees("این پیوند دیگر معتبر نیست")


def test_a_wrong_code_is_counted(app: App) -> None:
    _boss, token, code = invite(app)
    wrong = "000000" if code != "000000" else "111111"
    mina = app.person().command("start", f"invite_{token}").tap("✅ پذیرفتن دعوت")
    mina.type(wrong).sees("این کد درست نیست؛ ۴ بار دیگر")
    other = app.person(Messenger.BALE).command("start", f"invite_{token}").tap("✅ پذیرفتن دعوت")
    other.type(wrong, wrong, wrong).sees("۱ بار دیگر").type(wrong).sees("این پیوند دیگر معتبر نیست")
    mina.type(code).sees("این پیوند دیگر معتبر نیست")
    assert not app.all(select(Account).where(Account.mobile == "+989121110009"))


def test_an_invitation_ends(app: App) -> None:
    boss, token, code = invite(app)
    mina = app.person().command("start", f"invite_{token}").tap("✅ پذیرفتن دعوت")
    app.clock.passes(days=3, minutes=1)
    mina.type(code).sees("این پیوند دیگر معتبر نیست")
    boss.open("staff.university", arg="sums").sees("مهلت دعوت تمام شده است").tap("✉️ مینا رضایی")
    boss.sees("۰۹۱۲۱۱۱۰۰۰۹").tap("🔁 دعوت دوباره").sees("✅ مینا رضایی دعوت شد")
    new_token, new_code = link_and_code(boss)
    assert new_token != token
    mina.command("start", f"invite_{token}").sees("این پیوند دیگر معتبر نیست")
    boss.open("staff.university", arg="sums").tap("✉️ مینا رضایی", "🗑 لغو دعوت").sees("لغو شود؟").tap("خیر")
    boss.tap("🗑 لغو دعوت", "بله، لغو شود").sees("دعوت مینا رضایی لغو شد").sees_not("دعوت‌شده")
    mina.command("start", f"invite_{new_token}").sees("این پیوند دیگر معتبر نیست").sees_not("مینا")
    assert new_code


def test_who_has_an_account_gets_the_role_in_it(app: App) -> None:
    """By the own login, never as a second account of the same person."""
    _boss, token, code = invite(app)
    sara = officer(app)
    stranger = app.person(Messenger.BALE).command("start", f"invite_{token}").tap("✅ پذیرفتن دعوت")
    stranger.type(code, sara.account.national_code or "").sees("با این کد ملی حساب دارید", "🔑 ورود")
    sara.command("start", f"invite_{token}").sees("به حساب شما (سارا کریمی‌نژاد) افزوده می‌شود")
    sara.tap("✅ پذیرفتن دعوت").type(code).sees("خوش آمدید", f"کارتابل {SHIRAZ}").sees_not("رمز")
    assert app.one(select(Grant).where(Grant.role == Role.EXPERT)).account_id == sara.account.id
    assert app.newest(Invitation).accepted_by == sara.account.id


def test_an_invitation_for_one_national_code(app: App) -> None:
    _boss, token, code = invite(app, code="9991234551")
    sara = officer(app).command("start", f"invite_{token}").sees("این دعوت برای کد ملی دیگری است")
    sara.open("invite.accept", arg=token).sees("این دعوت برای کد ملی دیگری است")
    mina = app.person().command("start", f"invite_{token}").tap("✅ پذیرفتن دعوت").type(code)
    mina.sees("یک رمز").type("9991234551").sees("رمز").sees_not("خوش آمدید").type(PASSWORD).sees("خوش آمدید")


def test_who_gets_another_role_is_told(app: App) -> None:
    """As an expert, and as a manager; by SMS where no chat is open."""
    sara, (_, central) = officer(app), distributor(app)
    staff(app).open("staff.new_expert", arg="sums").tap("کارشناس").type(sara.account.national_code or "").tap(
        "✅ تأیید"
    )
    told = app.newest(Push, Push.kind == "N26")
    assert (told.account_id, told.channel) == (sara.account.id, PushChannel.CHAT)
    assert f"نقش «کارشناس» ({SHIRAZ}) به حساب شما افزوده شد" in told.text.translate(
        {0x2068: None, 0x2069: None}
    )
    desk = staff(app).open("staff.add_manager", central.distributor_id)
    desk.type(sara.account.national_code or "").tap("✅ تأیید").sees("اکنون مدیر")
    assert "نقش «توزیع‌کننده»" in app.newest(Push, Push.kind == "N26").text.translate(
        {0x2068: None, 0x2069: None}
    )


def test_an_invitation_that_ended_is_removed_after_thirty_days(app: App) -> None:
    """Accepted, cancelled, run out: name, mobile and national code go. One that is open stays."""
    boss, token, code = invite(app, code="9991234551")
    app.person().command("start", f"invite_{token}").tap("✅ پذیرفتن دعوت").type(code, PASSWORD)
    invite(app)
    boss.open("staff.university", arg="sums").tap("✉️ مینا رضایی", "🗑 لغو دعوت", "بله، لغو شود")
    invite(app)

    def removed() -> int:
        app.wait(retention.remove_ended_invitations(app.resources, now=app.clock()))
        return 3 - len(app.all(select(Invitation.id)))

    app.clock.passes(days=29)
    assert removed() == 0
    app.clock.passes(days=2)  # accepted and cancelled 31 days ago, the third ran out 28 days ago
    assert removed() == 2
    app.clock.passes(days=2, hours=1)
    assert removed() == 3
    assert len(app.events("expert_invited")) == 3, "the record stays"
    assert app.one(select(Account).where(Account.national_code == "9991234551"))


def test_what_became_of_an_invitation_is_on_its_card(app: App) -> None:
    """The buttons are there as long as something can be done; a known national code is masked."""
    boss, token, code = invite(app, code="9991234551")
    buttons = ("🔁 دعوت دوباره", "🗑 لغو دعوت")
    card = Press("staff.invitation", app.newest(Invitation).id or 0)
    boss.press(card).sees("مینا رضایی", f"کارشناس، {SHIRAZ}", "۰۹۱۲۱۱۱۰۰۰۹", "کد ملی: •••••••۵۵۱")
    boss.sees("زمان دعوت: ۱۴۰۵/۰۹/۰۱", "منتظر پذیرش؛ مهلت: ۱۴۰۵/۰۹/۰۴", *buttons).sees_not("9991234551")
    app.clock.passes(days=1)
    app.person().command("start", f"invite_{token}").tap("✅ پذیرفتن دعوت").type(code, PASSWORD)
    boss.press(card).sees("✅ پذیرفته شد: ۱۴۰۵/۰۹/۰۲").sees_not("منتظر پذیرش", *buttons)
    boss, _, _ = invite(app)
    card = Press("staff.invitation", app.newest(Invitation).id or 0)
    boss.press(card).sees("منتظر پذیرش").sees_not("کد ملی").tap("🗑 لغو دعوت", "بله، لغو شود")
    boss.press(card).sees("⚪️ لغو شد: ۱۴۰۵/۰۹/۰۲").sees_not("منتظر پذیرش", *buttons)
    boss, _, _ = invite(app)
    app.clock.passes(days=4)
    boss.press(Press("staff.invitation", app.newest(Invitation).id or 0))
    boss.sees("مهلت این دعوت تمام شده است", *buttons).sees_not("منتظر پذیرش")


def test_experts_see_no_invitations(app: App) -> None:
    _boss, _token, _code = invite(app)
    invitation = app.newest(Invitation)
    maryam = expert(app)
    for action in ("staff.invitation", "staff.invite_again", "staff.invite_ask", "staff.invite_end"):
        maryam.open(action, invitation.id or 0).sees("دسترسی ندارید").sees_not("مینا")
    assert Actor(maryam.account.id, Role.EXPERT)


def test_an_invitation_that_is_not_there(app: App) -> None:
    staff(app).open("staff.invitation", 98_765).sees("دسترسی ندارید", "میز کار اداره کل")
