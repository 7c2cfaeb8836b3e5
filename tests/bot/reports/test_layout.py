"""Pictures and documents: everything lies on the page, nothing over anything else, nothing too low to be read."""

from collections.abc import Sequence
from datetime import UTC, datetime
from io import BytesIO
from itertools import combinations
from typing import Any, NamedTuple

import pypdfium2
import pytest
import segno
from fpdf import FPDF
from openpyxl import load_workbook
from PIL import Image, ImageDraw

from bot.reports import chart_pages, chart_shapes, officer_card_image, page_images, pdf_document, spreadsheet
from bot.reports.model import Chart, ChartPage, Series, Sheet, StatisticsReport, Value


class Box(NamedTuple):
    what: str
    left: float
    top: float
    right: float
    bottom: float

    def overlaps(self, other: "Box") -> bool:
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )


def drawn_texts(monkeypatch: pytest.MonkeyPatch) -> list[Box]:
    """Of the pictures that are drawn from here on."""
    boxes: list[Box] = []
    draw = ImageDraw.ImageDraw.text

    def noted(pen: ImageDraw.ImageDraw, at: Any, words: str, **more: Any) -> None:
        boxes.append(Box(words, *pen.textbbox(at, words, font=more["font"], anchor=more["anchor"])))
        draw(pen, at, words, **more)

    monkeypatch.setattr(ImageDraw.ImageDraw, "text", noted)
    return boxes


def card() -> tuple[float, float]:
    lines = [("نام", "سارا کریمی‌نژاد"), ("کد ملی", "۹۹۹۱۲۳۴۵۶۱"), ("رشته", "مهندسی پزشکی")]
    officer_card_image.draw(
        title="کارت مسئول فنی", lines=lines, note="تا امروز", link="https://bot.example/c/x"
    )
    return officer_card_image.WIDTH, officer_card_image.HEIGHT


def test_no_text_of_a_picture_lies_over_another(monkeypatch: pytest.MonkeyPatch) -> None:
    boxes = drawn_texts(monkeypatch)
    width, height = card()
    assert len(boxes) == 8
    assert [
        one for one in boxes if not (0 < one.left < one.right < width and 0 < one.top < one.bottom < height)
    ] == []
    assert [(one.what, other.what) for one, other in combinations(boxes, 2) if one.overlaps(other)] == []


def test_no_text_of_a_document_lies_over_another_and_a_rule_follows_each_fact(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    boxes: list[Box] = []
    rules: list[float] = []
    looks: dict[str, tuple[str, float, object]] = {}
    cell, line = FPDF.cell, FPDF.line

    def noted(pdf: FPDF, w: float, h: float, text: str, **more: Any) -> Any:
        assert h >= pdf.font_size, f"{text!r} needs more height than {h} mm"
        boxes.append(Box(text, pdf.x, pdf.y, pdf.x + w, pdf.y + h))
        looks[text] = pdf.font_style, pdf.font_size_pt, pdf.text_color
        return cell(pdf, w, h, text, **more)

    def ruled(pdf: FPDF, x1: float, y1: float, x2: float, y2: float) -> None:
        rules.append(y1)
        line(pdf, x1, y1, x2, y2)

    paragraphs: list[str] = []
    paragraph = FPDF.multi_cell

    def noted_paragraph(pdf: FPDF, w: float, h: float, text: str, **more: Any) -> Any:
        paragraphs.append(text)
        return paragraph(pdf, w, h, text, **more)

    monkeypatch.setattr(FPDF, "multi_cell", noted_paragraph)
    monkeypatch.setattr(FPDF, "cell", noted)
    monkeypatch.setattr(FPDF, "line", ruled)
    facts = tuple((f"برچسب {n}", "مقدار") for n in range(6))
    made_at = datetime(2026, 11, 22, tzinfo=UTC)
    sheet = Sheet(
        "گواهی", "سازمان", facts, "این گواهی است.", "تاریخ صدور", "https://bot.example/c/x", made_at
    )
    pdf_document.pdf_document(sheet)

    assert [
        one
        for one in boxes
        if one.left < 0 or one.right > pdf_document.WIDTH or one.bottom > pdf_document.HEIGHT
    ] == []
    assert [(one.what, other.what) for one, other in combinations(boxes, 2) if one.overlaps(other)] == []
    assert "این گواهی است." in paragraphs
    # A title is bold and the largest, a value bold and dark, what it is and who issued it beside them light.
    (title, label, value, issued) = (looks[one] for one in ("گواهی", "برچسب 0", "مقدار", "تاریخ صدور"))
    assert [one[:2] for one in (title, label, value)] == [("B", 18), ("", 10), ("B", 11.5)]
    assert issued[0] == ""
    assert len({title[2], label[2], value[2]}) == 3
    assert {"گواهی", "سازمان", "تاریخ صدور"} <= {one.what for one in boxes}
    values = [one.bottom for one in boxes if one.what == "مقدار"]
    assert len(rules) == len(values) == 6
    assert all(
        value < rule < following
        for value, rule, following in zip(values, rules, [*values[1:], 210], strict=True)
    )


def test_the_code_of_a_card_says_its_link() -> None:
    """Module by module, each a square of whole pixels, with the quiet zone."""
    link = "https://bot.example/c/x"
    picture = officer_card_image.draw(title="ک", lines=[("نام", "سارا")], note="ن", link=link)
    wanted = [list(row) for row in segno.make(link, error="m", micro=False).matrix_iter(border=4)]
    with Image.open(BytesIO(picture)) as image:
        plain = image.convert("L")
    dark = [(x, y) for x in range(plain.width) for y in range(plain.height) if plain.getpixel((x, y)) == 0]
    left, top = min(x for x, _ in dark), min(y for _, y in dark)
    size, modules = max(x for x, _ in dark) + 1 - left, len(wanted) - 8
    scale = size // modules
    assert size == modules * scale
    assert [
        [
            plain.getpixel((left + x * scale + scale // 2, top + y * scale + scale // 2)) == 0
            for x in range(modules)
        ]
        for y in range(modules)
    ] == [[bool(one) for one in row[4:-4]] for row in wanted[4:-4]]


LONG = "دانشگاه علوم پزشکی و خدمات بهداشتی درمانی و توان‌بخشی و سلامت اجتماعی شرق استان"
WEEKS = [f"{n:02}/{n:02}" for n in range(13)]


def bars(values: Sequence[Value], series: int = 1, labels: Sequence[str] | None = None) -> Chart:
    names = labels if labels is not None else [f"شیراز {n}" for n in range(len(values))]
    return Chart(
        "نمودار", "bars", "دانشگاه", "روز", names, [Series(f"فصل {n}", values) for n in range(series)]
    )


def columns(values: Sequence[Value], series: int = 3) -> Chart:
    labels = WEEKS[: len(values)]
    return Chart(
        "هفته‌ها", "columns", "هفته", "تعداد", labels, [Series(f"س{n}", values) for n in range(series)], labels
    )


@pytest.mark.parametrize(
    ("charts", "numbers"),
    [
        ([bars([3, 0, None, 1.5])], ["۳", "۰", "–", "۱٫۵"]),
        ([bars([], labels=[]), columns([0] * 13)], []),
        ([bars([0.0, None])], ["۰", "–"]),
        ([columns([7])], ["۷"]),
        ([columns([30_236] * 13)], ["۳۰٬۲۳۶"]),
        ([columns([12_345_678] * 13)], ["۱۲٬۳۴۵٬۶۷۸"]),
        ([bars([123_456_789_012_345, 1], series=2, labels=[LONG, LONG])], ["۱۲۳٬۴۵۶٬۷۸۹٬۰۱۲٬۳۴۵"]),
        ([bars([float(n) for n in range(67)], series=2, labels=[LONG] * 67), bars([1, 2])], ["۰", "۱۴"]),
    ],
    ids=[
        "values",
        "nothing",
        "medians of nothing",
        "one week",
        "columns",
        "huge columns",
        "huge bars",
        "many long names",
    ],
)
def test_no_text_of_a_chart_lies_over_another_and_no_number_is_cut(
    charts: list[Chart], numbers: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    boxes: list[Box] = []
    shapes: list[Box] = []
    cell, rect = FPDF.cell, FPDF.rect

    def noted(pdf: FPDF, w: float, h: float, text: str, align: str) -> Any:
        wide = pdf.get_string_width(text)
        assert wide <= w + 0.05, f"{text!r} is wider than its room"
        left = pdf.x + (w - wide) / (2 if align == "C" else 1)
        middle, high = pdf.y + h / 2, pdf.font_size
        boxes.append(Box(text, left, middle - high / 2, left + wide, middle + high / 2))
        return cell(pdf, w, h, text, align=align)

    def filled(pdf: FPDF, x: float, y: float, w: float, h: float, style: str) -> None:
        shapes.append(Box("", x, y, x + w, y + h))
        rect(pdf, x, y, w, h, style=style)

    monkeypatch.setattr(FPDF, "cell", noted)
    monkeypatch.setattr(FPDF, "rect", filled)
    page = ChartPage("عنوان", LONG * 3, charts, "توضیح " * 40)
    made_at = datetime(2026, 11, 22, tzinfo=UTC)
    made = chart_pages.chart_pages(StatisticsReport("گ", "س", [page], [], "چیزی نیست.", made_at), rest="بقیه")

    with pypdfium2.PdfDocument(made) as opened:
        width, height = (points / 72 * 25.4 for points in opened[0].get_size())
    assert width == pytest.approx(chart_shapes.WIDTH, abs=0.01)
    drawn = [*boxes, *shapes]
    outside = [one for one in drawn if one.left < 9.9 or one.right > width - 9.9 or one.bottom > height - 4]
    assert outside == []
    assert [(one.what, other.what) for one, other in combinations(boxes, 2) if one.overlaps(other)] == []
    assert [one.what for one in boxes for other in shapes if one.overlaps(other)] == []
    told = {one.what for one in boxes}
    assert set(numbers) <= told
    assert ("چیزی نیست." in told) == any(chart.empty for chart in charts)
    assert ("بقیه" in told) == any(
        len(chart.labels) > chart.most and chart.form == "bars" for chart in charts
    )
    with Image.open(BytesIO(page_images.page_image(made, page=0))) as picture:
        assert picture.width == 1280
        assert picture.width + picture.height < 10_000


def test_a_spreadsheet_has_the_chart_of_each_table_and_no_formula() -> None:
    made_at = datetime(2026, 11, 22, tzinfo=UTC)
    pages = [
        ChartPage("=یک", "", [columns([1, 2, 3])], ""),
        ChartPage("دو", "", [bars([1.5, None], labels=["=1+1", "b"]), bars([], labels=[])], ""),
    ]
    report = StatisticsReport("گ", "س", pages, [], "چیزی نیست.", made_at)
    content = BytesIO(spreadsheet.spreadsheet_bytes(report))
    book = load_workbook(content)
    assert [len(sheet._charts) for sheet in book] == [1, 1, 0]
    assert [chart.type for sheet in book for chart in sheet._charts] == ["col", "bar"]
    cells = [[cell.value for cell in row] for row in book.worksheets[1].iter_rows()]
    assert cells == [["دانشگاه", "روز"], ["=1+1", 1.5], ["b", None]]
    assert book.sheetnames == ["=یک", "نمودار", "نمودار1"]
    assert [cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row].count("f") == 0


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "–"),
        (0, "۰"),
        (12345, "۱۲٬۳۴۵"),
        (1.96, "۲"),
        (1.94, "۱٫۹"),
        (0.04, "۰"),
        (-1.2, "-۱٫۲"),
        (-0.04, "۰"),
    ],
)
def test_a_number_as_people_read_it(value: float | None, words: str) -> None:
    """Below nothing only where the clock was set back."""
    assert chart_shapes.told(value) == words
