"""The officer card: who gets one, what its code leads to, and what a stranger is told."""

from io import BytesIO

import pytest
import zxingcpp
from PIL import Image
from sqlmodel import Session, col, select

from bot.core.screens import GeneratedFile, Press
from storage.enums import AccountState, Messenger
from storage.tables import Account, AuditEvent, Officer
from tests.support.handler_app import House, Visitor
from tests.support.handler_people import CODE, MOBILE, registers

BOT = "https://t.me/officer_bot"


@pytest.fixture
async def sara(house: House) -> Visitor:
    house.resources.public_info.bot_links[Messenger.TELEGRAM] = BOT
    visitor = house.visitor()
    await registers(visitor)
    return visitor


async def qualify(house: House) -> None:
    def unit(db: Session) -> None:
        db.exec(select(Officer)).one().legacy_qualified = True

    await house.database.run(unit)


async def suspend(house: House) -> None:
    def unit(db: Session) -> None:
        db.exec(select(Account)).one().state = AccountState.SUSPENDED

    await house.database.run(unit)


def scanned(visitor: Visitor) -> str:
    """What a phone's camera reads off the picture that just came."""
    (sheet,) = [one for screen in visitor.screens for one in screen.attachments]
    assert isinstance(sheet, GeneratedFile)
    assert sheet.picture
    (code,) = zxingcpp.read_barcodes(Image.open(BytesIO(sheet.content)))
    return str(code.text)


async def opens(visitor: Visitor, link: str) -> Visitor:
    address, _, payload = link.partition("?start=")
    assert address == BOT
    return await visitor.commands("start", payload)


async def test_there_is_none_before_qualification(house: House, sara: Visitor) -> None:
    await sara.presses(Press("qual"))
    sara.sees_not("کارت مسئول فنی")
    await sara.presses(Press("card"))
    sara.sees("پس از احراز صلاحیت صادر می‌شود", "بازگشت")
    await sara.presses(Press("card.picture"))
    sara.sees("پس از احراز صلاحیت صادر می‌شود")
    assert not await house.ask(lambda db: db.exec(select(Officer.card_token)).one())


async def test_anybody_who_scans_it_sees_who_it_is_and_nothing_else(house: House, sara: Visitor) -> None:
    await qualify(house)
    await sara.presses(Press("qual"))
    await sara.taps("🪪 کارت مسئول فنی")
    sara.sees("بخشی از کد ملی")
    await sara.taps("🖼 دریافت کارت")
    link = scanned(sara)
    assert sara.button("کپی نشانی استعلام").copy == link
    guest = await opens(house.visitor(), link)
    guest.sees("استعلام کارت مسئول فنی", "سارا کریمی‌نژاد", "•••••••۵۶۱", "✅ احراز صلاحیت‌شده", "زمان استعلام")
    guest.sees_not(CODE, MOBILE[-10:], "10000001")
    await sara.taps("🖼 دریافت کارت")
    assert scanned(sara) == link
    events = select(AuditEvent.event).where(col(AuditEvent.event) == "card_issued")
    assert len(await house.ask(lambda db: db.exec(events).all())) == 1


async def test_it_tells_of_a_suspension_at_once(house: House, sara: Visitor) -> None:
    await qualify(house)
    await sara.presses(Press("card.picture"))
    link = scanned(sara)
    await suspend(house)
    guest = await opens(house.visitor(), link)
    guest.sees("⛔️ غیرفعال", "معتبر نیست").sees_not("✅")
    await sara.presses(Press("qual"))
    sara.sees("تأیید نهایی").sees_not("کارت مسئول فنی", "ثبت اصلاحیه")
    await sara.presses(Press("card.picture"))
    sara.sees("حساب شما غیرفعال شده است")


@pytest.mark.parametrize(
    "payload", ["card_", "card_AAAAAAAAAAAAAAAAAAAAAA", "card_%", "card_" + "x" * 60, "x"]
)
async def test_a_card_that_nobody_gave_out(house: House, sara: Visitor, payload: str) -> None:
    await qualify(house)
    await sara.presses(Press("card.picture"))
    guest = house.visitor()
    await guest.commands("start", payload)
    guest.sees_not("سارا", "✅ احراز")
    known = payload.startswith("card_AAAA")
    guest.sees("این کارت شناخته نشد" if known else "خوش آمدید", "🏠 منوی اصلی" if known else "ثبت‌نام")


async def test_whoever_scans_in_the_middle_of_a_form_loses_nothing(house: House, sara: Visitor) -> None:
    await qualify(house)
    await sara.presses(Press("card.picture"))
    link = scanned(sara)
    other = house.visitor()
    await other.commands("start")
    await other.taps("ثبت‌نام")
    await other.types("۹۹۹۱۲۳۴۵۱۹")
    other.sees("تاریخ تولد")
    await opens(other, link)
    other.sees("استعلام کارت مسئول فنی", "سارا کریمی‌نژاد")
    await other.taps("🏠 منوی اصلی")
    await other.taps("ادامه پیش‌نویس")
    other.sees("تاریخ تولد")
