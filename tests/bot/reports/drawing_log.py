"""What is drawn on a page, in words: each text, area, line and link with its place, size, colour and font.

`drawn/*.txt` hold what was looked at and found right. After a change that is meant, look at the page and write the file anew with
`python -m tests.bot.reports.test_drawn`.
"""

from collections.abc import Callable
from functools import partialmethod
from io import BytesIO
from typing import Any

import pytest
from fpdf import FPDF
from openpyxl import load_workbook
from PIL import Image, ImageDraw


def number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def numbers(*values: float) -> str:
    return " ".join(number(value) for value in values)


def of_pages(patch: pytest.MonkeyPatch) -> list[str]:
    """A line for everything that is drawn in PDFs from here on. The squares of a code are one line."""
    lines: list[str] = []

    def page(pdf: FPDF, draw: Callable[..., Any], **more: Any) -> Any:
        done = draw(pdf, **more)
        lines.append(f"page {numbers(pdf.w, pdf.h)}")
        return done

    def cell(pdf: FPDF, draw: Callable[..., Any], w: float, h: float, text: str, align: str) -> Any:
        lines.append(f"text {numbers(pdf.x, pdf.y, w, h)} {align} {font(pdf)} {text}")
        return draw(pdf, w, h, text, align=align)

    def multi_cell(
        pdf: FPDF, draw: Callable[..., Any], w: float, h: float, text: str, align: str, **more: Any
    ) -> Any:
        if not more.get("dry_run"):
            lines.append(f"paragraph {numbers(pdf.x, pdf.y, w, h)} {align} {font(pdf)} {text}")
        return draw(pdf, w, h, text, align=align, **more)

    def rect(pdf: FPDF, draw: Callable[..., Any], x: float, y: float, w: float, h: float, style: str) -> None:
        lines.append(f"area {numbers(x, y, w, h)} {style} {color(pdf.fill_color)}")
        draw(pdf, x, y, w, h, style=style)

    def line(pdf: FPDF, draw: Callable[..., Any], x1: float, y1: float, x2: float, y2: float) -> None:
        lines.append(f"line {numbers(x1, y1, x2, y2)} wide {number(pdf.line_width)} {color(pdf.draw_color)}")
        draw(pdf, x1, y1, x2, y2)

    def link(pdf: FPDF, draw: Callable[..., Any], x: float, y: float, w: float, h: float, link: str) -> None:
        lines.append(f"link {numbers(x, y, w, h)} {link}")
        draw(pdf, x, y, w, h, link)

    for name, logged in (("add_page", page), ("cell", cell), ("multi_cell", multi_cell)):
        patch.setattr(FPDF, name, partialmethod(logged, getattr(FPDF, name)))
    for name, logged in (("rect", rect), ("line", line), ("link", link)):
        patch.setattr(FPDF, name, partialmethod(logged, getattr(FPDF, name)))
    return lines


def font(pdf: FPDF) -> str:
    return f"{number(pdf.font_size_pt)}{pdf.font_style} {color(pdf.text_color)}"


def color(value: Any) -> str:
    return "#" + "".join(f"{round(part * 255):02x}" for part in value.colors)


def of_pictures(patch: pytest.MonkeyPatch) -> list[str]:
    """A line for everything that is drawn in pictures from here on."""
    lines: list[str] = []

    def new(draw: Callable[..., Any], mode: str, size: tuple[int, int], fill: Any) -> Image.Image:
        lines.append(f"picture {mode} {size} {fill}")
        return draw(mode, size, fill)  # type: ignore[no-any-return]

    def text(pen: ImageDraw.ImageDraw, draw: Callable[..., Any], at: Any, words: str, **more: Any) -> None:
        face = more["font"]
        lines.append(f"text {at} {more['anchor']} {face.size} {face.getname()[1]} {more['fill']} {words}")
        draw(pen, at, words, **more)

    def rectangle(pen: ImageDraw.ImageDraw, draw: Callable[..., Any], area: Any, fill: Any) -> None:
        lines.append(f"area {area} {fill}")
        draw(pen, area, fill=fill)

    def paste(picture: Image.Image, draw: Callable[..., Any], other: Image.Image, at: Any) -> None:
        lines.append(f"paste {at} {other.size} {other.mode}")
        draw(picture, other, at)

    patch.setattr(Image, "new", lambda *given, draw=Image.new: new(draw, *given))
    patch.setattr(ImageDraw.ImageDraw, "text", partialmethod(text, ImageDraw.ImageDraw.text))
    patch.setattr(ImageDraw.ImageDraw, "rectangle", partialmethod(rectangle, ImageDraw.ImageDraw.rectangle))
    patch.setattr(Image.Image, "paste", partialmethod(paste, Image.Image.paste))
    return lines


def shortened(lines: list[str]) -> list[str]:
    """Of the black squares of a code the first, the last and how many there are."""
    squares = [line for line in lines if line.startswith("area") and line.endswith("#000000")]
    if len(squares) < 9:
        return lines
    at = lines.index(squares[0])
    rest = [line for line in lines if line not in set(squares)]
    return [*rest[:at], squares[0], f"… {len(squares)} squares", squares[-1], *rest[at:]]


def of_workbook(content: bytes) -> str:
    """Sheets as a spreadsheet program shows them: how they lie, their columns, every cell with its look, their charts."""
    lines: list[str] = []
    for sheet in load_workbook(BytesIO(content)):
        lines.append(
            f"sheet {sheet.title!r} rtl={sheet.sheet_view.rightToLeft} frozen={sheet.freeze_panes}"
            f" filter={sheet.auto_filter.ref} heads={sheet.print_title_rows} {sheet.page_setup.orientation}"
            f" fit={sheet.sheet_properties.pageSetUpPr and sheet.sheet_properties.pageSetUpPr.fitToPage}"
            f" pages={sheet.page_setup.fitToHeight}"
        )
        widths = {name: column.width for name, column in sorted(sheet.column_dimensions.items())}
        lines.append(f"columns {widths}")
        lines += [f"{cell.coordinate} {_cell(cell)}" for row in sheet.iter_rows() for cell in row]
        lines += [_chart(chart) for chart in sheet._charts]
    return "\n".join([*lines, ""])


def _cell(cell: Any) -> str:
    fill = f" on {cell.fill.fgColor.rgb}" if cell.fill.fill_type else ""
    around = cell.alignment
    lies = [around.horizontal, around.vertical, around.readingOrder]
    bold = "bold " if cell.font.bold else ""
    return (
        f"{cell.value!r} {cell.data_type} {cell.number_format} {bold}{cell.font.size}{fill}"
        f" {' '.join(str(one) for one in lies if one)}{' quoted' if cell.quotePrefix else ''}"
    )


def _chart(chart: Any) -> str:
    title = "".join(run.t for part in chart.title.tx.rich.p for run in part.r)
    series = [
        f"{one.tx.strRef.f} {one.cat.numRef.f} {one.val.numRef.f} {one.spPr.solidFill.srgbClr}"
        for one in chart.series
    ]
    place = chart.anchor._from
    extent = chart.anchor.ext
    axes = [
        (axis.delete, axis.scaling.orientation, axis.scaling.min) for axis in (chart.x_axis, chart.y_axis)
    ]
    return (
        f"chart {chart.type} {title!r} at {place.col},{place.row} {extent.width}×{extent.height} gap={chart.gapWidth}"
        f" legend={chart.legend and chart.legend.position} axes={axes} {series}"
    )
