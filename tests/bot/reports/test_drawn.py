"""Pages and pictures as they were looked at: every text, bar, line and code at its place, in its size and colour."""

from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pypdfium2
import pytest
from PIL import Image

from bot.reports import chart_pages, officer_card_image, page_images, pdf_document, spreadsheet
from bot.reports.model import Chart, ChartPage, ReportTable, RowExport, Series, Sheet, StatisticsReport
from tests.bot.reports import drawing_log

DRAWN = Path(__file__).parent / "drawn"
MADE_AT = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)
LINK = "https://bot.example/c/x"
LONG = "دانشگاه علوم پزشکی و خدمات بهداشتی درمانی و توان‌بخشی و سلامت اجتماعی شرق استان"

FACTS = (
    ("نام", "سارا کریمی‌نژاد"),
    ("نشانی", "شیراز، خیابان زند، کوچه ۱۲، پلاک ۳، " * 9),
    ("رشته", "مهندسی پزشکی"),
)
CARD = [("نام", "سارا کریمی‌نژاد"), ("کد ملی", "۹۹۹۱۲۳۴۵۶۱"), ("دانشگاه", LONG)]


def certificate(link: str | None) -> bytes:
    return pdf_document.pdf_document(
        Sheet(
            "گواهی",
            "سازمان غذا و دارو",
            FACTS,
            "این گواهی امروز معتبر است. " * 4,
            "صدور: ۱ آذر",
            link,
            MADE_AT,
        )
    )


def pages(*given: ChartPage) -> bytes:
    return chart_pages.chart_pages(
        StatisticsReport("گزارش", "سامانه", given, [], "چیزی نیست.", MADE_AT), rest="بقیه در فایل"
    )


def bars(values: list[int | float | None], *others: list[int | float | None], most: int = 15) -> Chart:
    series = [Series(f"فصل {number}", one) for number, one in enumerate((values, *others))]
    names = [f"{LONG if place == 1 else 'شیراز'} {place}" for place in range(len(values))]
    return Chart("میانهٔ روزها", "bars", "دانشگاه", "روز", names, series, most=most)


def columns(values: list[int | float | None], *others: list[int | float | None], ticks: bool = True) -> Chart:
    series = [Series(f"نوع {number}", one) for number, one in enumerate((values, *others))]
    names = [f"هفتهٔ {place}" for place in range(len(values))]
    short = [f"{place:02}/۰۱" for place in range(len(values))] if ticks else ()
    return Chart("در هفته", "columns", "هفته", "تعداد", names, series, short)


def page(
    *charts: Chart, subtitle: str = "۱ تا ۳۰ آبان", note: str = "روزهای تعطیل شمرده نمی‌شوند."
) -> ChartPage:
    return ChartPage("چند روز طول کشید؟", subtitle, charts, note)


DOCUMENTS: dict[str, Callable[[], object]] = {
    "certificate": lambda: certificate(LINK),
    "receipt-without-a-code": lambda: certificate(None),
    "bars": lambda: pages(page(bars([3, 0, None, 1.5, 0.04, 1.96, 0.06]))),
    "bars-of-two": lambda: pages(page(bars([3, 400], [None, 12_345]), bars([1, 2, 3], most=2))),
    "bars-none-left-out": lambda: pages(page(bars([1, 2], most=2))),
    "columns": lambda: pages(page(columns([0, 7, 12_345_678]), columns([1, 2], [2, None], [3, 0.01], ticks=False))),
    "many-columns": lambda: pages(page(columns([12_345_678] * 13))),
    "nothing": lambda: pages(page(bars([]), columns([0, 0]), bars([0.0, None]))),
    "long-words": lambda: pages(page(bars([1]), subtitle=LONG * 2, note=f"{LONG} " * 3), page(bars([2]), note="")),
}  # fmt: skip
PICTURES: dict[str, Callable[[], object]] = {
    "card": lambda: officer_card_image.draw(title="کارت مسئول فنی", lines=CARD, note="تا امروز معتبر است", link=LINK),
    "card-long": lambda: officer_card_image.draw(title=LONG * 2, lines=CARD[:1], note=LONG * 3, link=LINK * 9),
}  # fmt: skip


def workbook() -> bytes:
    many = bars([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], [0] * 12)
    given = [page(bars([3, None, 1.5])), page(columns([12_345, 2]), bars([]), many)]
    long = ReportTable(
        "بازه: [۱/۲]*?" + "ط" * 30, ("نام", "شماره"), [("ع" * 70, 1), ("=1+1", None), ("\u200e@x", 2.0)]
    )
    nameless = ReportTable("'", ("ن",), [])
    return spreadsheet.spreadsheet_bytes(
        StatisticsReport("گزارش", "س", given, [long, nameless], "چیزی نیست.", MADE_AT)
    )


def export(sums: list[int | None]) -> RowExport:
    rows = [("=سارا", 1_200, "+98"), ("علی\x00رضا", 5, "\u2066-1")]
    return RowExport("پرداخت‌ها/آبان", [("از", "۱ آبان"), ("تا", "@۳۰")], ["نام", "مبلغ", "شماره"], rows, sums)


WORKBOOKS: dict[str, Callable[[], bytes]] = {
    "report-workbook": workbook,
    "export": lambda: spreadsheet.export_bytes(export([None, 1_205, None])),
    "export-without-sums": lambda: spreadsheet.export_bytes(export([None, None, None])),
    "export-first-sum": lambda: spreadsheet.export_bytes(export([3, None, 0])),
}


def drawn(name: str) -> str:
    if name in WORKBOOKS:
        return drawing_log.of_workbook(WORKBOOKS[name]())
    with pytest.MonkeyPatch.context() as patch:
        if name in DOCUMENTS:
            lines = drawing_log.of_pages(patch)
            DOCUMENTS[name]()
        else:
            lines = drawing_log.of_pictures(patch)
            PICTURES[name]()
    return "\n".join([*drawing_log.shortened(lines), ""])


@pytest.mark.parametrize("name", [*DOCUMENTS, *PICTURES, *WORKBOOKS])
def test_it_is_drawn_as_it_was_looked_at(name: str) -> None:
    assert drawn(name) == (DRAWN / f"{name}.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("made", "title", "author"),
    [(certificate(None), "گواهی", "سازمان غذا و دارو"), (pages(page()), "گزارش", "سامانه")],
)
def test_a_file_says_what_it_is_and_from_when(made: bytes, title: str, author: str) -> None:
    """In its own data, which readers show and search."""
    with pypdfium2.PdfDocument(made) as opened:
        told = opened.get_metadata_dict()
    assert (told["Title"], told["Author"]) == (title, author)
    assert told["CreationDate"].startswith("D:20261122063000")
    assert b"/Lang (fa)" in made


def test_a_page_as_a_picture_is_as_wide_as_said_and_of_few_colours() -> None:
    made = pages(page(bars([1])), page(columns([1, 2])))
    pictures = [Image.open(BytesIO(page_images.page_image(made, page=number))) for number in (0, 1)]
    assert [(one.format, one.mode, one.size) for one in pictures] == [
        ("PNG", "P", (1280, 533)),
        ("PNG", "P", (1280, 771)),
    ]
    colors = [len(one.getcolors() or ()) for one in pictures]
    assert all(16 < number <= 64 for number in colors), colors


@pytest.mark.parametrize(
    ("sums", "last"), [([None, 1205, None], ["جمع,1205,"]), ([None] * 3, []), ([3, None, 0], ["3,,0"])]
)
def test_a_list_as_text_holds_its_rows_its_sums_and_what_it_is_of(
    sums: list[int | None], last: list[str]
) -> None:
    made = spreadsheet.export_csv_bytes(export(sums))
    assert made.startswith(b"\xef\xbb\xbf")
    assert made[3:].decode().split("\r\n") == [
        "نام,مبلغ,شماره", "'=سارا,1200,'+98", "علی رضا,5,'\u2066-1", *last, "", "پرداخت‌ها/آبان", "از,۱ آبان", "تا,'@۳۰", "",
    ]  # fmt: skip


if __name__ == "__main__":
    for each in (*DOCUMENTS, *PICTURES, *WORKBOOKS):
        (DRAWN / f"{each}.txt").write_text(drawn(each), encoding="utf-8")
