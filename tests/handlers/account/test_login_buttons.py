"""Buttons of login, roles and passwords that are pressed by whom they are not for, or too late."""

import pytest

from bot.services.accounts import credentials
from bot.texts import t
from storage.enums import Messenger, RequestState, Role
from storage.tables import Account, Chat
from tests.support import chat_people as people
from tests.support.chat_driver import App
from tests.support.factories.qualification import request_row


def test_who_is_logged_in_changes_a_forgotten_password(app: App) -> None:
    sara = people.officer(app).open("forgot")
    assert sara.chat.dialogue == "password"
    guest = app.person().command("start").open("forgot")
    assert guest.chat.dialogue == "forgot"


def test_who_tried_too_often_is_not_asked_for_the_code_again(app: App) -> None:
    guest = app.person().command("start")
    chat = guest.chat
    for _ in range(credentials.RECOVERIES_PER_CHAT.count):
        app.run(lambda db: credentials.count_recovery(db, chat=chat, now=app.clock()))
    guest.open("forgot").sees("امروز بیش از حد مجاز تلاش کرده‌اید")
    assert guest.chat.dialogue is None


def test_a_registration_that_was_begun_is_dropped(app: App) -> None:
    guest = app.person().command("start").tap("ثبت‌نام").type("۹۹۹۱۲۳۴۵۶۱").command("menu")
    guest.sees(t("unfinished.registration"), t("resume.registration")).tap(t("form.discard"))
    guest.sees(t("form.discarded"), t("guest.new")).sees_not(t("unfinished.registration"))
    guest.tap("ثبت‌نام").sees("کد ملی")


def test_a_password_that_was_seen_is_not_made_anew(app: App) -> None:
    sara = people.officer(app)
    kept = sara.account.password_hash
    sara.open("credentials").sees(t("password.shown_already"), t("menu.qual"))
    assert sara.account.password_hash == kept
    app.change(Account, sara.account.id, credentials_pending=True)
    sara.command("menu").tap(t("password.get")).sees("رمز عبور", sara.account.user_code)
    assert sara.account.password_hash != kept


def test_the_role_in_force_is_marked_and_no_other_is_taken(app: App) -> None:
    sara = people.officer(app)
    people.grant(sara, Role.EXPERT, university_code="sums")
    people.grant(sara, Role.EXPERT, university_code="mui")
    sara.open("role")
    assert sara.labels == [f"✅ {t('role.officer')}", t("role.expert"), t("nav.home")]
    for forged in ("staff", "distributor", "king", ""):
        sara.open("role.choose", arg=forged)
        assert sara.chat.role is Role.OFFICER
    sara.open("role.choose", arg="king").sees(t("error.not_allowed"))
    sara.open("role.choose", arg="expert").open("role")
    assert sara.labels[:2] == [t("role.officer"), f"✅ {t('role.expert')}"]


@pytest.mark.parametrize("messenger", list(Messenger))
def test_who_logs_out_is_a_guest_at_once(app: App, messenger: Messenger) -> None:
    maryam = people.expert(app).elsewhere(messenger).open("desk.search")
    maryam.open("logout").sees(t("menu.logged_out"), t("guest.register")).sees_not(t("menu.logout"))
    chat: Chat = maryam.chat
    assert (chat.account_id, chat.dialogue, chat.draft_id) == (None, None, None)


# ── general data ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ({"mobile": None}, t("form.unset")),
        ({"mobile_verified": True}, "۰۹۱۲۱۲۳۴۵۶۷ (تأییدشده)"),
        ({"mobile_verified": False}, "۰۹۱۲۱۲۳۴۵۶۷ (تأییدنشده)"),
    ],
)
def test_the_mobile_as_it_is_stored(app: App, values: dict[str, str | bool | None], shown: str) -> None:
    sara = people.officer(app, **values)
    assert sara.open("general").line(t("field.mobile")) == shown
    known = [line for line in sara.open("me").text.splitlines() if line.startswith(t("field.mobile"))]
    assert known == ([] if values.get("mobile", "") is None else [f"{t('field.mobile')}: {shown}"])


@pytest.mark.parametrize("action", [("general.edit", "mobile"), ("me.mobile", "")])
def test_a_proven_mobile_stays_while_a_request_is_in_circulation(app: App, action: tuple[str, str]) -> None:
    sara = people.officer(app, mobile_verified=True)
    app.add(request_row(sara.account.id, state=RequestState.SUBMITTED))
    sara.open(action[0], arg=action[1]).sees(t("mobile.in_circulation"), t("qual.track"))
    assert sara.chat.dialogue is None
    app.change(Account, sara.account.id, mobile_verified=False)
    sara.open(action[0], arg=action[1])
    assert sara.chat.dialogue == "mobile"
