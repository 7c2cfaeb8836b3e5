"""A new required document: how many drafts it touches, from which day, and that the officer with a finished draft is told why."""

from datetime import timedelta

import pytest
from sqlmodel import select

from bot.services.directorate import document_requirements
from storage.tables import DocumentType, Push
from tests.support.chat_driver import App, Person
from tests.support.chat_fixtures import ON_BOTH_DATABASES
from tests.support.chat_people import begin_form, fill_form, officer, staff, submit, tariff

pytestmark = ON_BOTH_DATABASES


def keep(app: App) -> int:
    """What the timer does."""
    return app.run(lambda db: document_requirements.keep_requirements(db, now=app.clock()))


def add(boss: Person, *, day: str) -> Person:
    """Staff add a required document, valid from the button or the day `day`."""
    boss.open("staff.new_document").type("گواهی دوره جدید", "دوره جدید").tap("الزامی", "۱ فایل")
    boss.sees("این مدرک از چه روزی الزامی باشد؟", "۲ پیش‌نویس این مدرک را ندارد")
    return (boss.tap(day) if day == "از امروز" else boss.type(day)).tap("✅ تأیید")


def test_of_many_drafts_the_newest_are_counted(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document_requirements, "COUNTED", 2)
    for name in ("سارا", "مینا", "رعنا"):
        begin_form(officer(app, name))
    staff(app).open("staff.new_document").type("گواهی دوره جدید", "دوره جدید").tap("الزامی", "۱ فایل").sees(
        "دست‌کم ۲ پیش‌نویس این مدرک را ندارد"
    )


def test_required_from_today(app: App) -> None:
    tariff(app)
    sara, mina, done = officer(app), officer(app, "مینا"), officer(app, "رعنا")
    submit(done)
    fill_form(sara)
    begin_form(mina)
    app.clock.passes(days=1)
    add(staff(app), day="از امروز").sees("گواهی دوره جدید", "الزامی")
    assert keep(app) == 1, "only the one that was ready to be sent"
    (told,) = app.all(select(Push).where(Push.kind == "N28"))
    assert (
        told.account_id,
        "«گواهی دوره جدید»" in told.text.replace("\u2068", "").replace("\u2069", ""),
    ) == (sara.account.id, True)
    assert keep(app) == 0, "and only once"
    sara.open("home").tap("▶️ ادامه درخواست").sees("گواهی دوره جدید", "این مدرک از ۱۴۰۵/۰۹/۰۲ الزامی شده است")


def test_required_from_a_day_to_come(app: App) -> None:
    tariff(app)
    sara, mina = officer(app), officer(app, "مینا")
    fill_form(sara)
    begin_form(mina)
    boss = add(staff(app), day="۱۴۰۵/۰۹/۱۰").sees("📅 از ۱۴۰۵/۰۹/۱۰: الزامی", "اکنون خواسته نمی‌شود")
    assert keep(app) == 0
    sara.open("home").tap("▶️ ادامه درخواست").sees_not("گواهی دوره جدید")
    app.clock.passes(days=9)
    assert keep(app) == 1
    sara.open("home").tap("▶️ ادامه درخواست").sees("گواهی دوره جدید", "از ۱۴۰۵/۰۹/۱۰ الزامی شده است")
    boss.open("staff.document", arg="added_1").sees("نوع: الزامی").sees_not("📅")


def test_an_optional_document_becomes_required(app: App) -> None:
    tariff(app)
    fill_form(officer(app))
    begin_form(officer(app, "مینا"))
    boss = staff(app).open("staff.document", arg="retraining").tap("الزامی")
    boss.sees("۲ پیش‌نویس این مدرک را ندارد").tap("📅 از روز دیگر").type("۱۴۰۵/۰۱/۰۱").sees(
        "تاریخ باید امروز یا"
    )
    boss.type("۱۴۰۵/۱۰/۰۱").tap("✅ تأیید").sees("📅 از ۱۴۰۵/۱۰/۰۱: الزامی", "نوع: اختیاری")
    boss.tap("🗑 لغو زمان‌بندی", "بله، انجام شود").sees("نوع: اختیاری").sees_not("📅")
    app.clock.passes(days=40)
    assert keep(app) == 0
    assert app.get(DocumentType, "retraining").required == "no"
    boss.tap("الزامی", "بله، انجام شود").sees("نوع: الزامی")
    assert keep(app) == 1
    assert [event.data["told"] for event in app.events("document_rule_told")] == [1]
    assert app.clock() - timedelta(days=1)
