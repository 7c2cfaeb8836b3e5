"""The officer card: who gets one, what its code leads to, and what a stranger is told."""

from io import BytesIO
from typing import Any

import pytest
import zxingcpp
from PIL import Image
from sqlmodel import select

from bot.core.screens import GeneratedFile, Press
from storage.database import unit_of_work
from storage.enums import Messenger
from storage.tables import Officer
from tests.support.chat_driver import NATIONAL_CODE, App, Person
from tests.support.chat_fixtures import ON_BOTH_DATABASES
from tests.support.chat_people import suspend

pytestmark = ON_BOTH_DATABASES

BOT = "https://t.me/officer_bot"


@pytest.fixture
def sara(app: App) -> Person:
    app.resources.public_info.bot_links[Messenger.TELEGRAM] = BOT
    return app.person().register()


def scanned(person: Person) -> str:
    """What a phone's camera reads off the picture that just came."""
    (sheet,) = person.files
    assert isinstance(sheet, GeneratedFile)
    assert sheet.picture
    (code,) = zxingcpp.read_barcodes(Image.open(BytesIO(sheet.content)))
    return str(code.text)


def card_of(officer: Person) -> str:
    """What the officer's card leads to, once the officer is qualified."""
    officer.app.change(Officer, officer.account.id, legacy_qualified=True)
    return scanned(officer.press(Press("card.picture")))


def opens(person: Person, link: str) -> Person:
    address, _, payload = link.partition("?start=")
    assert address == BOT
    return person.command("start", payload)


def test_there_is_none_before_qualification(app: App, sara: Person) -> None:
    sara.press(Press("qual")).sees_not("کارت مسئول فنی").press(Press("card"))
    sara.sees("پس از احراز صلاحیت صادر می‌شود", "بازگشت").press(Press("card.picture"))
    sara.sees("پس از احراز صلاحیت صادر می‌شود")
    assert not app.one(select(Officer.card_token))


def test_anybody_who_scans_it_sees_who_it_is_and_nothing_else(app: App, sara: Person) -> None:
    link = card_of(sara)
    sara.press(Press("qual")).tap("🪪 کارت مسئول فنی").sees("بخشی از کد ملی").tap("🖼 دریافت کارت")
    assert scanned(sara) == link
    assert sara.button("کپی نشانی استعلام").copy == link
    guest = opens(app.person(), link)
    guest.sees(
        "استعلام کارت مسئول فنی", "سارا کریمی‌نژاد", "•••••••۵۶۱", "✅ دارای صلاحیت تأییدشده", "زمان استعلام"
    )
    guest.sees_not(NATIONAL_CODE, "9121234567", "10000001")
    assert len(app.events("card_issued")) == 1


def test_who_asks_for_a_card_while_the_database_is_away_gets_it_afterwards(
    app: App, sara: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, away = app.database.run, [OSError("no route to the server")] * 3

    async def now_and_then(unit: Any, **options: Any) -> Any:
        if away and "_prepare_picture" in getattr(unit, "__qualname__", ""):
            raise away.pop()
        return await run(unit, **options)

    monkeypatch.setattr(unit_of_work, "PAUSES", (0.0,))
    monkeypatch.setattr(app.database, "run", now_and_then)
    link = card_of(sara)
    assert not away
    opens(app.person(), link).sees("سارا")


def test_it_tells_of_a_suspension_at_once(app: App, sara: Person) -> None:
    link = card_of(sara)
    suspend(sara)
    guest = opens(app.person(), link)
    guest.sees("⛔️ غیرفعال", "معتبر نیست").sees_not("✅")
    sara.press(Press("qual")).sees("تأیید نهایی").sees_not("کارت مسئول فنی", "ثبت اصلاحیه")
    sara.press(Press("card.picture")).sees("حساب شما غیرفعال شده است")


@pytest.mark.parametrize(
    "payload", ["card_", "card_AAAAAAAAAAAAAAAAAAAAAA", "card_%", "card_" + "x" * 60, "x"]
)
def test_a_card_that_nobody_gave_out(app: App, sara: Person, payload: str) -> None:
    card_of(sara)
    guest = app.person().command("start", payload).sees_not("سارا", "✅ احراز")
    known = payload.startswith("card_AAAA")
    guest.sees("این کارت شناخته نشد" if known else "خوش آمدید", "🏠 منوی اصلی" if known else "ثبت‌نام")


def test_whoever_scans_in_the_middle_of_a_form_loses_nothing(app: App, sara: Person) -> None:
    link = card_of(sara)
    other = app.person().command("start").tap("ثبت‌نام").type("۹۹۹۱۲۳۴۵۱۹").sees("تاریخ تولد")
    opens(other, link)
    other.sees("استعلام کارت مسئول فنی", "سارا کریمی‌نژاد").tap("🏠 منوی اصلی", "ادامه ثبت‌نام")
    other.sees("تاریخ تولد")
