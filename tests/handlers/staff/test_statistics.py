"""Reports: figures on the screen, a picture, and a spreadsheet in which nothing is a formula."""

from datetime import timedelta
from io import BytesIO

from openpyxl import load_workbook
from PIL import Image

from bot.core.screens import GeneratedFile
from storage.enums import RequestState, Role
from storage.tables import AuditEvent
from tests.support.chat_driver import NOW, App, Person
from tests.support.chat_fixtures import ON_BOTH_DATABASES
from tests.support.chat_people import in_role, officer, staff
from tests.support.factories.qualification import request_row

pytestmark = ON_BOTH_DATABASES


def fill(app: App) -> None:
    """Two open requests of Shiraz (today, forty days old), one completed of Tehran, and an expert with a harmful name."""
    requests = (
        (RequestState.SUBMITTED, 0, "sums"),
        (RequestState.DEFICIENT, 40, "sums"),
        (RequestState.COMPLETED, 50, "tums"),
    )
    for n, (state, days, university) in enumerate(requests):
        at = NOW - timedelta(days=days)
        when = {"submitted_at": at, "state_since": at, "tracking_code": f"{n:012}"}
        app.add(request_row(officer(app).account.id, state=state, university_code=university, **when))
    decider = {
        "actor_id": in_role(app, Role.EXPERT, "=HYPERLINK(1)", "").account.id,
        "actor_role": Role.EXPERT,
    }
    for event, days in (("approved", 1), ("approved", 20), ("rejected", 60)):
        subject = {"subject": "qualification", "subject_id": 1}
        app.add(AuditEvent(event=event, at=NOW - timedelta(days=days), **subject, **decider))


def sheet_of(boss: Person) -> GeneratedFile:
    (sheet,) = boss.files
    assert isinstance(sheet, GeneratedFile)
    return sheet


def test_figures_picture_and_spreadsheet(app: App) -> None:
    fill(app)
    boss = staff(app).tap("📊 گزارش")
    boss.sees("۳ درخواست", "⏳ در انتظار بررسی: ۱", "دانشگاه علوم پزشکی شیراز: ۲", "بیش از ۳۰ روز: ۱")
    boss.sees("تصمیم کارشناسان، ۳۰ روز اخیر", "۲ تأیید، ۰ نقص، ۰ رد").sees_not("دانشگاه علوم پزشکی تهران")
    boss.open("staff.report", 45).sees(
        "تصمیم کارشناسان، ۳۰ روز اخیر"
    )  # a period that is not offered any more
    boss.tap("از آغاز").sees("۲ تأیید، ۰ نقص، ۱ رد").tap("🖼 نمودار")
    sheet = sheet_of(boss)
    assert sheet.picture
    with Image.open(BytesIO(sheet.content)) as image:
        assert image.format == "PNG"
        assert image.width == 1080
        assert image.width + image.height < 10_000  # a messenger's limit for photos
    boss.sees("تصمیم کارشناسان، از آغاز").tap("📄 فایل اکسل")
    book = load_workbook(BytesIO(sheet_of(boss).content))
    assert all(one.sheet_view.rightToLeft for one in book)
    cells = [cell for one in book for row in one.iter_rows() for cell in row]
    assert not [cell for cell in cells if cell.data_type == "f"]
    (wicked,) = [cell for cell in cells if cell.value == "=HYPERLINK(1)"]
    assert wicked.quotePrefix
    assert ["دانشگاه علوم پزشکی شیراز", 2, 2] in [
        [c.value for c in row] for row in book["دانشگاه‌ها"].iter_rows()
    ]
    assert [one.data["kind"] for one in app.events("report_made")] == ["png", "xlsx"]


def test_an_empty_report_is_made_too(app: App) -> None:
    boss = staff(app).tap("📊 گزارش", "🖼 نمودار")
    assert sheet_of(boss).content
    boss.tap("📄 فایل اکسل")
    assert load_workbook(BytesIO(sheet_of(boss).content)).sheetnames
