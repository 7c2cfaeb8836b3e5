"""Each measure of a picture by itself, on pictures that are drawn for it, on both sides of its limit."""

import pytest
from PIL import Image

from bot.documents.pictures import quality
from bot.documents.pictures.quality import page_quality, quality_warning, warning_of_pages

TILE = 32


def tiles(*levels: tuple[int, int], across: int = 20) -> Image.Image:
    """Grey tiles, each of a level and with one line of another."""
    rows = -(-len(levels) // across)
    image = Image.new("L", (across * TILE, rows * TILE))
    for number, (level, line) in enumerate(levels):
        left, top = number % across * TILE, number // across * TILE
        image.paste(level, (left, top, left + TILE, top + TILE))
        image.paste(line, (left + 12, top + 8, left + 20, top + 24))
    return image


@pytest.mark.parametrize(
    ("levels", "part", "level"),
    [
        ({0: 10}, 0.95, 0),
        ({10: 50, 20: 50}, 0.5, 10),
        ({10: 50, 20: 50}, 0.51, 20),
        ({10: 95, 200: 5}, 0.95, 10),
        ({10: 94, 200: 6}, 0.95, 200),
        ({255: 1}, 0.02, 255),
        ({}, 0.0, 0),
    ],
)
def test_the_level_below_which_a_part_lies(levels: dict[int, int], part: float, level: int) -> None:
    assert quality._percentile([levels.get(one, 0) for one in range(256)], part) == level


def test_brightest_and_darkest_point_of_each_tile() -> None:
    image = Image.new("L", (2 * TILE + 5, TILE + 31), 100)
    marks = {(0, 0): 200, (31, 31): 20, (32, 0): 180, (63, 31): 10}
    for at, level in marks.items():
        image.putpixel(at, level)
    image.putpixel((2 * TILE, 0), 255)  # in the rest beside the tiles
    image.putpixel((0, TILE), 255)
    assert quality._brightest(image).tobytes() == bytes([200, 180])
    assert quality._darkest(image).tobytes() == bytes([20, 10])


def test_the_steepest_tenth_of_the_tiles_that_show_something() -> None:
    ranges = [100] * 10 + [35] * 5
    steps = bytes([*range(10, 110, 10), *[35] * 5])
    assert quality._upper(steps, ranges, 36) == 1.0
    assert quality._upper(steps, ranges, 100) == 1.0
    assert quality._upper(bytes([*range(10, 100, 10), 90, *[0] * 5]), ranges, 36) == 0.9
    # A tile that shows exactly so much counts.
    assert quality._upper(bytes([0] * 10 + [35] * 5), ranges, 35) == 1.0
    assert quality._upper(bytes([0] * 10 + [35] * 5), ranges, 36) == 0.0


@pytest.mark.parametrize(("paper", "dark"), [(94, True), (95, False)])
def test_paper_that_was_photographed_in_the_dark(paper: int, dark: bool) -> None:
    assert quality._is_dark(Image.new("L", (20, 20), paper).histogram()) is dark


@pytest.mark.parametrize(("side", "small"), [(439, True), (440, False)])
def test_the_longer_side_decides_whether_small_print_can_be_read(side: int, small: bool) -> None:
    for size in ((side, 100), (100, side)):
        assert (page_quality(Image.new("RGB", size, (90, 140, 200))) == "small") is small


def test_a_fax_is_judged_by_whether_there_is_anything_on_it() -> None:
    fax = Image.new("L", (500, 500), 255)
    assert page_quality(fax) == "empty"
    fax.putpixel((250, 250), 0)
    assert page_quality(fax) is None
    assert page_quality(Image.new("L", (500, 500), 0)) == "empty"
    night = Image.new("L", (500, 500), 0)
    night.putpixel((250, 250), 255)
    assert page_quality(night) is None
    for level in (1, 254):  # a level of grey makes it a picture
        night.putpixel((0, 0), level)
        assert page_quality(night) == "dark"


@pytest.mark.parametrize(
    ("paper", "ink", "found"),
    [
        (200, 100, None),
        (200, 190, "empty"),  # hardly anything to be seen, and noise has as much
        (90, 40, "dark"),
        (90, 85, "empty"),
        (90, 75, "dark"),
    ],
)
def test_what_a_page_shows(paper: int, ink: int, found: str | None) -> None:
    page = tiles(*[(paper, ink)] * 400)
    assert page_quality(page.convert("RGB")) == found


def test_a_picture_alone_with_nothing_on_it_is_dark_or_blurred() -> None:
    assert quality_warning(Image.new("RGB", (500, 500), (90, 90, 90))) == "dark"
    assert quality_warning(Image.new("RGB", (500, 500), (150, 150, 150))) == "blurred"
    assert quality_warning(Image.new("RGB", (100, 439), (150, 150, 150))) == "small"
    assert quality_warning(tiles(*[(200, 100)] * 400).convert("RGB")) is None


def test_writing_blurred_one_way_alone_is_blurred() -> None:
    soft = tiles(*[(220, 60)] * 400)
    for box in ((soft.width // 10, soft.height), (soft.width, soft.height // 10)):
        shaken = soft.resize(box, Image.Resampling.BOX).resize(soft.size, Image.Resampling.BICUBIC)
        assert page_quality(shaken.convert("RGB")) == "blurred"


BURNT, PAPER, WHITE_LINE = (255, 255), (200, 100), (255, 100)


@pytest.mark.parametrize(
    ("burnt", "written", "white", "glares"),
    [
        (10, 190, 0, True),
        (9, 191, 0, False),  # less than one tile in twenty
        (20, 90, 90, True),
        (20, 89, 91, False),  # most of the writing stands on white: the paper is white
        (200, 0, 0, True),
    ],
)
def test_light_that_burns_out_places(
    burnt: int, written: int, white: int, glares: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Image.Image, "filter", lambda image, smoothing: image)  # tiles keep their edges
    page = tiles(*[BURNT] * burnt, *[PAPER] * written, *[WHITE_LINE] * white)
    assert quality._glares(page) is glares


@pytest.mark.parametrize(("bright", "may"), [(17, True), (16, False)])
def test_how_much_of_almost_white_makes_it_worth_to_look(bright: int, may: bool) -> None:
    """A third of what may be burnt out, from level 247 on."""
    levels = [0] * 256
    levels[247], levels[246] = bright, 1000 - bright
    assert quality._may_glare(levels) is may


@pytest.mark.parametrize(
    ("size", "measured"),
    [((1280, 900), (1280, 900)), ((2560, 1800), (1280, 900)), ((2559, 1800), (1280, 900)), ((3000, 4500), (853, 1280)), ((500, 400), (500, 400))],
)  # fmt: skip
def test_the_copy_that_is_measured(size: tuple[int, int], measured: tuple[int, int]) -> None:
    copy = quality._grey_copy(Image.new("RGB", size, (10, 20, 30)))
    assert (copy.mode, copy.size) == ("L", measured)


@pytest.mark.parametrize(
    ("found", "warning"),
    [
        ([None], None),
        (["empty"], "empty"),
        (["empty", "empty"], "empty"),
        (["empty", None], None),
        ([None, "dark", "empty", "dark"], "dark 2,4"),
        (["small", "dark", "small"], "small 1,3"),
        (["glare"] * 9, "glare 1,2,3,4,5"),
        (["dark"] * 9, "dark 1,2,3,4,5,6"),
        ([*[None] * 8, *["blurred"] * 4], "blurred 9,10,11"),
        ([*[None] * 98, "blurred", "blurred", "blurred"], "blurred 99,100"),
    ],
)
def test_the_warning_of_a_file_of_pages(found: list[str | None], warning: str | None) -> None:
    assert warning_of_pages(found) == warning
    assert len(warning or "") <= 16
