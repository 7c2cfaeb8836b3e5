"""Sample documents of an officer: real JPEG and PDF bytes, generated, without real data."""

from __future__ import annotations

import io
import random
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageFont, features

#: Fonts with Persian letters that a machine may have; without one the picture is labelled in Latin.
_FONTS = ("Vazirmatn-Regular.ttf", "DejaVuSans.ttf", "Tahoma.ttf", "Arial.ttf", "NotoNaskhArabic-Regular.ttf")


@dataclass(frozen=True, slots=True)
class SampleDocument:
    code: str
    name: str
    latin: str
    colour: str
    size: tuple[int, int] = (1240, 820)


#: By the codes of docs/specification.md 3; the names are good file names (R23).
SAMPLE_DOCUMENTS = {
    document.code: document
    for document in (
        SampleDocument("national_card", "کارت ملی", "NATIONAL CARD", "#3f7cac"),
        SampleDocument("national_card_back", "پشت کارت ملی", "NATIONAL CARD, BACK", "#3f7cac"),
        SampleDocument("birth_certificate", "شناسنامه", "BIRTH CERTIFICATE", "#8c2f39", (900, 1240)),
        SampleDocument("personal_photo", "عکس پرسنلی", "PHOTO", "#5b8e7d", (900, 1200)),
        SampleDocument("degree_certificate", "مدرک تحصیلی", "DEGREE", "#b08968"),
        SampleDocument("officer_course", "گواهی دوره مسئول فنی", "OFFICER COURSE", "#386641"),
        SampleDocument("military_card", "کارت پایان خدمت", "MILITARY SERVICE", "#606c38"),
        SampleDocument("no_criminal_record", "عدم سوءپیشینه", "NO CRIMINAL RECORD", "#495057", (900, 1240)),
        SampleDocument("no_addiction", "عدم اعتیاد", "NO ADDICTION", "#006d77", (900, 1240)),
        SampleDocument("retraining", "گواهی بازآموزی", "RETRAINING", "#6d597a"),
        SampleDocument("work_experience", "سوابق کاری", "WORK EXPERIENCE", "#bc6c25", (900, 1240)),
        SampleDocument("former_release", "تسویه محل قبلی", "FORMER RELEASE", "#9a8c98", (900, 1240)),
        SampleDocument("other", "سایر مدارک", "OTHER", "#577590"),
    )
}


#: How well a picture came out.
KINDS = ("sharp", "blurred", "dark", "glare")


def jpeg(code: str, owner: str, kind: str = "sharp") -> bytes:
    """The document as a picture, of one of the KINDS: the same bytes for the same owner, others for another."""
    out = io.BytesIO()
    _spoiled(_draw(SAMPLE_DOCUMENTS[code], owner), kind).save(out, "JPEG", quality=88)
    return out.getvalue()


def pdf(code: str, owner: str) -> bytes:
    """The document as a PDF of one page."""
    out = io.BytesIO()
    _draw(SAMPLE_DOCUMENTS[code], owner).save(out, "PDF", resolution=150)
    return out.getvalue()


def _draw(document: SampleDocument, owner: str) -> Image.Image:
    dice = random.Random(f"{document.code}/{owner}")
    width, height = document.size
    picture = Image.new("RGB", document.size, "#fbfaf5")
    # Paper has a grain; a flat drawing would also be too small to pass for a scan.
    grain = Image.frombytes("L", (width // 2, height // 2), dice.randbytes(width // 2 * (height // 2)))
    picture = Image.blend(picture, grain.resize(document.size).convert("RGB"), 0.06)
    draw = ImageDraw.Draw(picture)
    draw.rectangle((24, 24, width - 24, height - 24), outline=document.colour, width=6)
    draw.rectangle((24, 24, width - 24, 150), fill=document.colour)
    for line in range(12):
        start = dice.randint(0, 360)
        box = (
            width // 2 - 60 * line,
            height // 2 - 30 * line,
            width // 2 + 60 * line,
            height // 2 + 30 * line,
        )
        draw.arc(box, start, start + 200, fill="#e4ddcc", width=2)
    font = _font(52)
    title = document.name if font is not None else document.latin
    _write(draw, (width // 2, 88), title, 52, "white")
    if document.code == "personal_photo":
        draw.ellipse((width // 2 - 150, 300, width // 2 + 150, 620), fill="#c9ada7")
        draw.pieslice((width // 2 - 280, 640, width // 2 + 280, 1300), 180, 360, fill=document.colour)
    else:
        draw.rectangle((width - 300, 210, width - 90, 470), outline=document.colour, width=4)
        draw.ellipse((width - 250, 240, width - 140, 360), fill="#d8d3c6")
        _write(draw, (width // 2 - 120, 260), owner if font is not None else "SAMPLE HOLDER", 44, "#222")
        for row in range(5):
            length = dice.randint(260, 560)
            draw.rectangle((90, 350 + row * 64, 90 + length, 366 + row * 64), fill="#cfc9ba")
    stamp = "نمونه برای آزمایش" if font is not None else "SAMPLE ONLY"
    _write(draw, (width // 2, height - 80), stamp, 40, document.colour)
    return picture


def _spoiled(picture: Image.Image, kind: str) -> Image.Image:
    """As it comes out of focus, in the dark, or with a lamp's reflection on it."""
    if kind == "blurred":
        return picture.filter(ImageFilter.GaussianBlur(6))
    if kind == "dark":
        return ImageEnhance.Brightness(picture).enhance(0.2)
    if kind == "glare":
        width, height = picture.size
        light = Image.new("L", picture.size, 0)
        ImageDraw.Draw(light).ellipse((width * 0.2, height * 0.2, width * 0.75, height * 0.7), fill=255)
        white = Image.new("RGB", picture.size, "white")
        return Image.composite(white, picture, light.filter(ImageFilter.GaussianBlur(20)))
    return picture


def _font(size: int) -> ImageFont.FreeTypeFont | None:
    """A font that can write Persian, joined and from the right; None where this machine has none."""
    if not features.check("raqm"):
        return None
    for name in _FONTS:
        try:
            return ImageFont.truetype(name, size, layout_engine=ImageFont.Layout.RAQM)
        except OSError:
            continue
    return None


def _write(draw: ImageDraw.ImageDraw, at: tuple[int, int], text: str, size: int, colour: str) -> None:
    persian = _font(size)
    if persian is not None:
        draw.text(at, text, fill=colour, font=persian, anchor="mm", direction="rtl")
    else:
        draw.text(at, text, fill=colour, font=ImageFont.load_default(size), anchor="mm")
