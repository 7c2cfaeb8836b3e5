"""The guides as PDF: the same Markdown, set for paper and printed by Chromium."""

from __future__ import annotations

from pathlib import Path

from markdown_it import MarkdownIt
from playwright.async_api import Browser

ROOT = Path(__file__).parents[2]
GUIDES = sorted((ROOT / "docs").glob("guide-*.fa.md"))
FONTS = ROOT / "bot" / "reports" / "fonts"
_PAGE = """<!doctype html><html lang="fa" dir="rtl"><meta charset="utf-8"><title>{title}</title><style>
@font-face {{ font-family: Vazirmatn; src: url("{fonts}/Vazirmatn-Regular.ttf"); }}
@font-face {{ font-family: Vazirmatn; font-weight: bold; src: url("{fonts}/Vazirmatn-Bold.ttf"); }}
@page {{ size: A4; margin: 14mm 15mm; }}
body {{ font: 10.5pt/1.75 Vazirmatn; color: #1d2733; }}
h1 {{ font-size: 17pt; color: #1c5c9e; margin: 0 0 2mm; }}
h2 {{ font-size: 12.5pt; margin: 4mm 0 1mm; break-after: avoid; }}
p, ul, ol {{ margin: 1mm 0; }}
ul, ol {{ padding-inline-start: 6mm; }}
table {{ border: 0; margin: 2mm auto; break-inside: avoid; }}
th, td {{ border: 0; padding: 0 2mm; text-align: center; vertical-align: top; font-weight: normal; font-size: 9pt; }}
ol {{ list-style: persian; }}
img {{ height: 90mm; border: 0.3mm solid #dee5ec; border-radius: 2mm; }}
</style>{body}</html>"""


def page_of(guide: Path) -> str:
    """The guide as a page for the browser."""
    text = guide.read_text(encoding="utf-8")
    body = MarkdownIt("commonmark", {"html": False}).enable("table").render(text)
    return _PAGE.format(title=text.partition("\n")[0].lstrip("# "), fonts=FONTS.as_uri(), body=body)


async def print_all(browser: Browser) -> None:
    """Beside each guide, with the same name."""
    for guide in GUIDES:
        page = await browser.new_page()
        printed = guide.with_suffix(".html")
        printed.write_text(page_of(guide), encoding="utf-8")
        try:
            await page.goto(printed.as_uri(), wait_until="networkidle")
            await page.pdf(path=guide.with_suffix(".pdf"), prefer_css_page_size=True)
        finally:
            printed.unlink()
        await page.close()
        print(guide.with_suffix(".pdf").name, flush=True)
