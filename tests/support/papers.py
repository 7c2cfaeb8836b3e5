"""Pictures of paper as phones and scanners take them: sharp ones, and ones that nobody can read. Real JPEG bytes, each made
from a seed."""

from __future__ import annotations

import io
import math
import random
from functools import lru_cache

from PIL import Image, ImageChops, ImageDraw, ImageEnhance, ImageFilter, ImageFont

_WORDS = [
    "certificate",
    "national",
    "code",
    "valid",
    "until",
    "university",
    "medical",
    "sciences",
    "province",
    "holder",
    "date",
    "issued",
    "number",
]
SHARP = ("phone", "messenger", "scanner", "evening light", "portrait")
UNREADABLE = ("blurred", "shaken", "dark", "glare", "small")


@lru_cache(64)
def sharp(kind: str, seed: int) -> bytes:
    """A picture that can be read."""
    dice = random.Random(f"{kind}/{seed}")
    if kind == "scanner":
        page = _paper(dice, (1240, 1754), white=True)
        return _jpeg(_noise(dice, page, 1.0), dice.randint(80, 92))
    if kind == "portrait":
        return _jpeg(_noise(dice, _portrait(dice), 3), 85)
    picture = _on_table(dice, _paper(dice, dice.choice([(1500, 1000), (1000, 1400), (1400, 900)])))
    picture = picture.filter(ImageFilter.GaussianBlur(dice.uniform(0.3, 0.9)))
    if kind == "evening light":
        picture = ImageEnhance.Brightness(picture).enhance(dice.uniform(0.55, 0.7))
    picture = _noise(dice, picture, dice.uniform(2, 6))
    if kind == "phone":
        return _jpeg(picture.resize((picture.width * 2, picture.height * 2), Image.Resampling.BICUBIC), 85)
    picture.thumbnail((1280, 1280), Image.Resampling.LANCZOS)
    return _jpeg(picture, dice.randint(72, 88))


@lru_cache(64)
def unreadable(kind: str, seed: int) -> bytes:
    """A picture of the same kinds of paper that nobody can read."""
    dice = random.Random(f"{kind}/{seed}")
    picture = _on_table(dice, _paper(dice, dice.choice([(1500, 1000), (1000, 1400), (1400, 900)])))
    picture.thumbnail((1280, 1280), Image.Resampling.LANCZOS)
    if kind == "blurred":
        picture = picture.filter(ImageFilter.GaussianBlur(dice.uniform(3, 9)))
    elif kind == "shaken":
        picture = _shaken(picture, dice.randint(14, 40), dice.choice([(1, 0), (0, 1)]))
    elif kind == "dark":
        picture = ImageEnhance.Brightness(picture).enhance(dice.uniform(0.08, 0.3))
    elif kind == "glare":
        picture = _glare(dice, picture, dice.uniform(0.12, 0.4))
    elif kind == "small":
        picture.thumbnail((dice.randint(320, 430),) * 2, Image.Resampling.LANCZOS)
    picture = _noise(dice, picture, dice.uniform(2, 5))
    return _jpeg(picture, dice.randint(75, 90))


def letter() -> bytes:
    """A scanned page with two lines on it and much white."""
    page = Image.new("RGB", (1240, 1754), "white")
    draw = ImageDraw.Draw(page)
    for top in (200, 260):
        draw.text((150, top), " ".join(_WORDS), font=ImageFont.load_default(24), fill="#222")
    return _jpeg(page, 90)


def _paper(dice: random.Random, size: tuple[int, int], *, white: bool = False) -> Image.Image:
    """A sheet with a heading, small print, a table, a stamp."""
    width, height = size
    level = 255 if white else dice.randint(205, 243)
    tint = (level, level - dice.randint(0, 6), level - dice.randint(0, 18)) if not white else (255, 255, 255)
    paper = Image.new("RGB", size, tint)
    draw = ImageDraw.Draw(paper)
    ink = dice.choice(["#1a1a1a", "#2b2b40", "#303030"])
    title, small = ImageFont.load_default(dice.randint(36, 54)), ImageFont.load_default(dice.randint(17, 26))
    draw.text((width * 0.2, height * 0.06), dice.choice(_WORDS).title() + " of officer", font=title, fill=ink)
    top = int(height * 0.2)
    while top < height * 0.75:
        line = " ".join(dice.choice(_WORDS) for _ in range(9))
        draw.text((width * 0.08, top), line, font=small, fill=ink)
        top += dice.randint(36, 60)
    draw.rectangle((width * 0.08, height * 0.78, width * 0.6, height * 0.93), outline=ink, width=2)
    stamp = (width * 0.66, height * 0.74, width * 0.66 + 170, height * 0.74 + 170)
    draw.ellipse(stamp, outline=dice.choice(["#2a3f8f", "#8f2a2a"]), width=5)
    return paper


def _portrait(dice: random.Random) -> Image.Image:
    """A person before a plain wall."""
    picture = Image.new("RGB", (720, 960), dice.choice(["#dfe6ea", "#c9d6e8", "#efefef"]))
    draw = ImageDraw.Draw(picture)
    draw.pieslice((90, 620, 630, 1300), 180, 360, fill=dice.choice(["#34495e", "#5b8e7d", "#222222"]))
    draw.ellipse((220, 200, 500, 600), fill=dice.choice(["#c9ada7", "#d8b59a", "#a9806a"]))
    draw.pieslice((205, 170, 515, 520), 180, 360, fill="#2b2019")
    for eye in (300, 420):
        draw.ellipse((eye - 22, 385, eye + 22, 405), fill="white", outline="#3a2a20", width=2)
        draw.ellipse((eye - 8, 387, eye + 8, 403), fill="#2b1b10")
    draw.arc((310, 460, 410, 540), 20, 160, fill="#7a3b35", width=5)
    return picture.filter(ImageFilter.GaussianBlur(dice.uniform(0.3, 0.8)))


def _on_table(dice: random.Random, paper: Image.Image) -> Image.Image:
    """The sheet a little askew on a table, with light that falls off to one side."""
    margin = dice.randint(30, 160)
    size = (paper.width + 2 * margin, paper.height + 2 * margin)
    table = Image.new("RGB", size, dice.choice(["#6b4f3a", "#8a8f98", "#3d4a57", "#a58d6f", "#c8c2b8"]))
    table = _noise(dice, table, 5)
    sheet = paper.convert("RGBA").rotate(dice.uniform(-4, 4), Image.Resampling.BICUBIC, expand=True)
    table.paste(sheet, ((size[0] - sheet.width) // 2, (size[1] - sheet.height) // 2), sheet)
    shade = Image.linear_gradient("L").rotate(dice.choice([0, 90, 180, 270])).resize(size)
    falls = dice.uniform(0.05, 0.3)
    shade = shade.point([255 - int(level * falls) for level in range(256)])
    return ImageChops.multiply(table, Image.merge("RGB", (shade,) * 3))


def _glare(dice: random.Random, picture: Image.Image, part: float) -> Image.Image:
    """A lamp's reflection over this part of the picture."""
    width, height = picture.size
    across, down = math.sqrt(part) * 0.56 * width, math.sqrt(part) * 0.56 * height
    x, y = dice.uniform(0.35, 0.65) * width, dice.uniform(0.35, 0.65) * height
    light = Image.new("L", picture.size, 0)
    ImageDraw.Draw(light).ellipse((x - across, y - down, x + across, y + down), fill=255)
    light = light.filter(ImageFilter.GaussianBlur(dice.uniform(8, 30)))
    return Image.composite(Image.new("RGB", picture.size, "white"), picture, light)


def _shaken(picture: Image.Image, length: int, way: tuple[int, int]) -> Image.Image:
    """The hand moved by so many pixels."""
    shaken = picture.copy()
    for step in range(1, length):
        moved = ImageChops.offset(picture, step * way[0], step * way[1])
        shaken = Image.blend(shaken, moved, 1 / (step + 1))
    return shaken


def _noise(dice: random.Random, picture: Image.Image, deviation: float) -> Image.Image:
    """The grain of a sensor."""
    width, height = picture.size
    grain = Image.effect_noise((width, height), deviation)
    return ImageChops.add(picture, Image.merge("RGB", (grain,) * 3), 1, -128)


def _jpeg(picture: Image.Image, quality: int) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality)
    return out.getvalue()
