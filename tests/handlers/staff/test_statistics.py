"""Reports: figures on the screen, a picture, and a spreadsheet in which nothing is a formula."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO

from openpyxl import load_workbook
from PIL import Image
from sqlmodel import Session, select

from bot.core.screens import GeneratedFile, Press
from bot.reports.model import Bars, ReportTable, StatisticsReport
from bot.reports.rtl_text import visual
from bot.reports.spreadsheet import spreadsheet_bytes
from storage.enums import RequestKind, RequestState, Role
from storage.tables import Account, AuditEvent, QualificationRequest
from tests.support.handler_app import NOW, House, Visitor
from tests.support.handler_people import registers, staff


def fill(db: Session) -> None:
    """Two open files of Shiraz (today, forty days old), one completed of Tehran, and an expert with a wicked name."""
    for n, (state, days, university) in enumerate(
        (
            (RequestState.SUBMITTED, 0, "sums"),
            (RequestState.DEFICIENT, 40, "sums"),
            (RequestState.COMPLETED, 50, "tums"),
        )
    ):
        owner = Account(user_code=f"o{n}", password_hash="", first_name="ا", last_name="ب")
        db.add(owner)
        db.flush()
        at = NOW - timedelta(days=days)
        db.add(
            QualificationRequest(
                account_id=owner.id or 0,
                kind=RequestKind.NEW,
                state=state,
                tracking_code=f"{n:012}",
                university_code=university,
                submitted_at=at,
                state_since=at,
            )
        )
    expert = Account(user_code="x", password_hash="", first_name="=HYPERLINK(1)", last_name="")
    db.add(expert)
    db.flush()
    for event, days in (("approved", 1), ("approved", 20), ("rejected", 60)):
        db.add(
            AuditEvent(
                event=event,
                subject="qualification",
                subject_id=1,
                actor_id=expert.id,
                actor_role=Role.EXPERT,
                at=NOW - timedelta(days=days),
            )
        )


def sheet_of(boss: Visitor) -> GeneratedFile:
    (sheet,) = [
        paper for screen in boss.screens for paper in screen.attachments if isinstance(paper, GeneratedFile)
    ]
    return sheet


async def test_figures_picture_and_spreadsheet(house: House) -> None:
    await house.database.run(fill)
    boss = await staff(house)
    await boss.taps("📊 گزارش")
    boss.sees("۳ درخواست", "⏳ در انتظار بررسی: ۱", "دانشگاه علوم پزشکی شیراز: ۲", "بیش از ۳۰ روز: ۱")
    boss.sees("تصمیم کارشناسان، ۳۰ روز اخیر", "۲ تأیید، ۰ نقص، ۰ رد").sees_not("دانشگاه علوم پزشکی تهران")
    (await boss.taps("از آغاز")).sees("۲ تأیید، ۰ نقص، ۱ رد")

    await boss.taps("🖼 نمودار")
    sheet = sheet_of(boss)
    assert sheet.picture
    with Image.open(BytesIO(sheet.content)) as image:
        assert image.format == "PNG"
        assert image.width == 1080
        assert image.width + image.height < 10_000  # a messenger's limit for photos
    boss.sees("تصمیم کارشناسان، از آغاز")

    await boss.taps("📄 فایل اکسل")
    book = load_workbook(BytesIO(sheet_of(boss).content))
    assert all(one.sheet_view.rightToLeft for one in book)
    cells = [cell for one in book for row in one.iter_rows() for cell in row]
    assert not [cell for cell in cells if cell.data_type == "f"]
    (wicked,) = [cell for cell in cells if cell.value == "=HYPERLINK(1)"]
    assert wicked.quotePrefix
    assert ["دانشگاه علوم پزشکی شیراز", 2, 2] in [
        [c.value for c in row] for row in book["دانشگاه‌ها"].iter_rows()
    ]
    made = await house.ask(
        lambda db: db.exec(select(AuditEvent).where(AuditEvent.event == "report_made")).all()
    )
    assert [one.data["kind"] for one in made] == ["png", "xlsx"]


async def test_an_empty_report_is_made_too(house: House) -> None:
    boss = await staff(house)
    await boss.taps("📊 گزارش", "🖼 نمودار")
    assert sheet_of(boss).content
    await boss.taps("📄 فایل اکسل")
    assert load_workbook(BytesIO(sheet_of(boss).content)).sheetnames


async def test_reports_are_the_directorates(house: House) -> None:
    sara, expert = house.visitor(), await staff(house, Role.IN_CHARGE, "sums")
    await registers(sara)
    for person in (sara, expert, house.visitor()):
        for action in ("staff.report", "staff.report_png", "staff.report_xlsx"):
            (await person.presses(Press(action, 30))).sees_not("گزارش در")
            assert not [one for screen in person.screens for one in screen.attachments]


def test_no_cell_is_a_formula() -> None:
    wicked = [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\u200f=1",
        " =1",
        "=cmd|' /C calc'!A0",
        "a\x00b",
    ]
    made = spreadsheet_bytes(
        StatisticsReport(
            "ر", "", [Bars("=a", [("=b", 1)], "+c")], [ReportTable("-t", ("=h",), [(one,) for one in wicked])]
        )
    )
    book = load_workbook(BytesIO(made))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert not [cell.value for cell in cells if cell.data_type == "f"]
    for cell in cells:
        if isinstance(cell.value, str) and cell.value.strip().lstrip("\u200f")[:1] in "=+-@":
            assert cell.quotePrefix, cell.value


def test_letters_are_joined_and_turned() -> None:
    assert visual("سلام ۱۲") == "۱۲ \ufee1\ufefc\ufeb3" or visual("سلام ۱۲").startswith("۱۲ \ufee1")
