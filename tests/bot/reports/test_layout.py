"""Pictures and documents: everything lies on the page, nothing over anything else, nothing too low to be read."""

from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
from itertools import combinations
from typing import Any, NamedTuple

import pytest
import segno
from fpdf import FPDF
from PIL import Image, ImageDraw

from bot.reports import chart_image, officer_card_image, pdf_document
from bot.reports.model import Bars, Sheet, StatisticsReport


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


def chart() -> tuple[float, float]:
    bars = [
        Bars(f"نمودار {n}", [("دانشگاه علوم پزشکی شیراز", 7 - m) for m in range(6)], "x") for n in range(3)
    ]
    chart_image.chart_image_bytes(StatisticsReport("گزارش", "تا امروز", bars, []), rest="بقیه")
    return 1080, 210 + 3 * (96 + 6 * 64 + 28) + 56


def card() -> tuple[float, float]:
    lines = [("نام", "سارا کریمی‌نژاد"), ("کد ملی", "۹۹۹۱۲۳۴۵۶۱"), ("رشته", "مهندسی پزشکی")]
    officer_card_image.draw(
        title="کارت مسئول فنی", lines=lines, note="تا امروز", link="https://bot.example/c/x"
    )
    return officer_card_image.WIDTH, officer_card_image.HEIGHT


@pytest.mark.parametrize(("draw", "texts"), [(chart, 2 + 3 * 13), (card, 8)])
def test_no_text_of_a_picture_lies_over_another(
    draw: Callable[[], tuple[float, float]], texts: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    boxes = drawn_texts(monkeypatch)
    width, height = draw()
    assert len(boxes) == texts
    assert [
        one for one in boxes if not (0 < one.left < one.right < width and 0 < one.top < one.bottom < height)
    ] == []
    assert [(one.what, other.what) for one, other in combinations(boxes, 2) if one.overlaps(other)] == []
    # In the order in which they are read.
    titles = [one.top for one in boxes if "ﺭﺍﺩﻮﻤﻧ" in one.what]
    assert titles == sorted(titles)


def test_no_text_of_a_document_lies_over_another_and_a_rule_follows_each_fact(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    boxes: list[Box] = []
    rules: list[float] = []
    cell, line = FPDF.cell, FPDF.line

    def noted(pdf: FPDF, w: float, h: float, text: str, **more: Any) -> Any:
        assert h >= pdf.font_size, f"{text!r} needs more height than {h} mm"
        boxes.append(Box(text, pdf.x, pdf.y, pdf.x + w, pdf.y + h))
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
