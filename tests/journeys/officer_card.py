"""The officer card (docs/specification.md 7): a picture whose code anybody can check."""

from io import BytesIO

import zxingcpp
from PIL import Image
from pypdfium2 import PdfDocument

from tests.journeys.cooperation import qualified
from tests.journeys.qualification import JourneySetup, journey

_PERSIAN = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")


@journey("J21", "کارت مسئول فنی و استعلام آن")
async def card(setup: JourneySetup) -> None:
    (sara,) = await qualified(setup, "سارا")
    person = sara.person
    await person.tap("🎓 احراز صلاحیت").tap("🪪 کارت مسئول فنی").sees("بخشی از کد ملی")
    shown = await person.tap("🖼 دریافت کارت").sees("🪪 کارت مسئول فنی شما")
    (code,) = zxingcpp.read_barcodes(Image.open(BytesIO(shown.file.content)))
    await person.sees("بخشی از کد ملی")
    assert await person.tap("کپی نشانی استعلام") == code.text
    await person.command("menu").tap("🎓 احراز صلاحیت").tap("📄 گواهی صلاحیت")
    certificate = await person.sees("📄 گواهی احراز صلاحیت شما")
    page = PdfDocument(certificate.file.content)[0]
    (again,) = zxingcpp.read_barcodes(page.render(scale=2).to_pil())
    assert again.text == code.text
    # Whoever scans it comes to this bot, on the same messenger, with these words.
    address, _, payload = code.text.partition("?start=")
    assert address.startswith("https://t.me/" if setup.here.kind == "telegram" else "https://ble.ir/")
    stranger = setup.here.person("رهگذر")
    told = await stranger.start(payload).sees(
        "استعلام کارت مسئول فنی",
        "سارا نمونه",
        f"•••••••{sara.national_code[-3:].translate(_PERSIAN)}",
        "✅ دارای صلاحیت تأییدشده",
    )
    assert sara.national_code not in told.text
    await stranger.start("card_" + "A" * 22).sees("این کارت شناخته نشد")
