"""Reports: figures on the screen, a picture a question, a PDF, and a spreadsheet with charts in which nothing is a formula."""

from datetime import timedelta
from io import BytesIO
from zipfile import ZipFile

import pypdfium2
from openpyxl import load_workbook
from PIL import Image

from bot.core.screens import GeneratedFile
from bot.services.statistics.reading import QUESTIONS
from bot.texts import t
from storage.enums import RequestState, Role
from tests.support.chat_driver import NOW, App, Person
from tests.support.chat_fixtures import ON_BOTH_DATABASES
from tests.support.chat_people import expert, in_charge, in_role, officer, staff
from tests.support.factories.qualification import request_row

pytestmark = ON_BOTH_DATABASES


def fill(app: App) -> None:
    """Two open requests of Shiraz (today, forty days old), one of Tehran that an expert with a harmful name rejected."""
    decider = in_role(app, Role.EXPERT, "=HYPERLINK(1)", "").account.id
    requests = (
        (RequestState.SUBMITTED, 0, "sums"),
        (RequestState.DEFICIENT, 40, "sums"),
        (RequestState.REJECTED, 5, "tums"),
    )
    for n, (state, days, university) in enumerate(requests):
        at = NOW - timedelta(days=days)
        when = {"submitted_at": at, "state_since": at, "tracking_code": f"{n:012}"}
        if state is RequestState.REJECTED:
            when |= {"decided_at": NOW, "closed_at": NOW, "reviewer_id": decider}
            when |= {"reject_reason": "OTHER", "reject_text": "ناقص است"}
        app.add(request_row(officer(app).account.id, state=state, university_code=university, **when))


def file_of(person: Person) -> GeneratedFile:
    (file,) = person.files
    assert isinstance(file, GeneratedFile)
    return file


def words_of(pdf: bytes) -> str:
    """What a reader would copy from it."""
    with pypdfium2.PdfDocument(pdf) as opened:
        return " ".join(page.get_textpage().get_text_range() for page in opened)


def test_staff_see_figures_and_take_along_pictures_a_pdf_and_a_spreadsheet(app: App) -> None:
    fill(app)
    boss = staff(app).tap("📊 گزارش")
    boss.sees("گزارش همه دانشگاه‌ها", "در انتظار بررسی: ۱", "بیش از ۳۰ روز: ۱", "این هفته: ۱ ثبت، ۱ تصمیم")
    for question in QUESTIONS:
        boss.tap(t(f"report.{question}.button"))
        picture = file_of(boss)
        assert picture.picture
        assert t(f"report.{question}.title") in picture.caption
        with Image.open(BytesIO(picture.content)) as image:
            assert (image.format, image.width) == ("PNG", 1280)
            assert image.width + image.height < 10_000  # a messenger's limit for photos
            assert len(picture.content) < 200_000
    boss.sees("گزارش همه دانشگاه‌ها").tap("📕 همه در PDF")
    assert not file_of(boss).picture
    with pypdfium2.PdfDocument(file_of(boss).content) as opened:
        assert len(opened) == len(QUESTIONS)
    boss.tap("📄 فایل اکسل")
    content = file_of(boss).content
    book = load_workbook(BytesIO(content))
    assert all(one.sheet_view.rightToLeft for one in book)
    cells = [cell for one in book for row in one.iter_rows() for cell in row]
    assert not [cell for cell in cells if cell.data_type == "f"]
    (wicked,) = [cell for cell in cells if cell.value == "=HYPERLINK(1)"]
    assert wicked.quotePrefix
    with ZipFile(BytesIO(content)) as parts:
        assert sum("charts/chart" in name for name in parts.namelist()) >= 5
    made = app.events("report_made")
    assert [one.data["kind"] for one in made] == [*["chart"] * len(QUESTIONS), "pdf", "xlsx"]


def test_a_head_takes_along_the_own_university_alone(app: App) -> None:
    fill(app)
    head = in_charge(app).command("menu").tap("📊 گزارش")
    head.sees("دانشگاه علوم پزشکی شیراز", "در انتظار بررسی: ۱", "این هفته: ۱ ثبت، ۰ تصمیم")
    head.tap("کار کارشناسان", "📄 فایل اکسل")
    book = load_workbook(BytesIO(file_of(head).content))
    told = str([cell.value for one in book for row in one.iter_rows() for cell in row])
    assert "شیراز" in told
    assert "تهران" not in told
    assert "HYPERLINK" not in told
    assert app.events("report_made")[-1].data["university"] == "sums"


def test_others_find_no_report_and_are_refused_one(app: App) -> None:
    fill(app)
    for person in (expert(app), officer(app)):
        for action in ("desk.report", "desk.report_pdf", "staff.report", "staff.report_xlsx"):
            person.open(action)
            assert not person.files
            person.sees_not("در گردش:")
    head = in_charge(app)
    head.open("staff.report_pdf")
    assert not head.files
    staff(app).open("staff.report_chart", arg="weeks; drop").sees_not("HYPERLINK")
    assert app.events("report_made") == []


def test_a_button_of_an_earlier_release_gives_the_report_of_today(app: App) -> None:
    boss = staff(app)
    boss.open("staff.report_png", 30)
    assert file_of(boss).name.endswith(".pdf")


def test_an_empty_report_is_made_too(app: App) -> None:
    boss = staff(app).tap("📊 گزارش", "هفته به هفته")
    assert file_of(boss).content
    boss.tap("📕 همه در PDF", "📄 فایل اکسل")
    assert load_workbook(BytesIO(file_of(boss).content)).sheetnames
