"""Whatever colours a picture is stored in, it is shown in grey or RGB, with white where it shows through."""

from io import BytesIO
from typing import Any

import pytest
from PIL import Image, ImageCms

from bot.documents.pictures.colours import flattened, scalable


def flat(image: Image.Image, **info: Any) -> Image.Image:
    return flattened(image, image.info | info)


def near(found: Any, wanted: tuple[int, ...] | int) -> bool:
    pairs = zip(found, wanted, strict=True) if isinstance(wanted, tuple) else [(found, wanted)]
    return all(abs(one - other) <= 12 for one, other in pairs)


@pytest.mark.parametrize(
    ("mode", "colour", "shown_mode", "shown"),
    [
        ("L", 90, "L", 90),
        ("1", 0, "L", 0),
        ("1", 255, "L", 255),
        ("RGB", (10, 120, 200), "RGB", (10, 120, 200)),
        ("RGBA", (10, 120, 200, 255), "RGB", (10, 120, 200)),
        ("RGBA", (10, 120, 200, 0), "RGB", (255, 255, 255)),
        ("LA", (90, 0), "RGB", (255, 255, 255)),
        ("LA", (90, 255), "RGB", (90, 90, 90)),
        ("P", 0, "RGB", (0, 0, 0)),
        ("YCbCr", (255, 128, 128), "RGB", (255, 255, 255)),
        ("CMYK", (0, 0, 0, 255), "RGB", (0, 0, 0)),
        ("LAB", (255, 128, 128), "RGB", (255, 255, 255)),
        ("LAB", (0, 128, 128), "RGB", (0, 0, 0)),
    ],
)
def test_a_colour_as_it_is_shown(mode: str, colour: Any, shown_mode: str, shown: Any) -> None:
    picture = Image.new(mode, (8, 8), colour)
    made = flat(picture)
    assert (made.mode, made.size, made.info) == (shown_mode, (8, 8), {})
    assert near(made.getpixel((3, 3)), shown)


@pytest.mark.parametrize(("profile", "name"), [(b"no profile", "broken"), (None, "none")])
def test_a_profile_that_cannot_be_used_is_left_out(profile: bytes | None, name: str) -> None:
    made = flat(Image.new("RGB", (4, 4), (10, 120, 200)), icc_profile=profile)
    assert made.getpixel((1, 1)) == (10, 120, 200), name


def test_an_srgb_profile_changes_nothing_and_another_does() -> None:
    picture = Image.new("RGB", (4, 4), (10, 120, 200))
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert flat(picture, icc_profile=srgb).getpixel((1, 1)) == (10, 120, 200)
    linear = ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ")).tobytes()
    assert flat(picture, icc_profile=linear).mode == "RGB"


@pytest.mark.parametrize(
    ("mode", "dark", "bright", "shown"),
    [
        ("I;16", 0, 65535, (0, 255)),
        ("I;16", 0, 256, (0, 1)),
        ("I", 0, 65535, (0, 255)),
        ("F", 0.0, 1.0, (0, 255)),
        ("F", -3.0, 5.0, (0, 255)),
        ("I", -10, 10, (0, 255)),
    ],
)
def test_more_bits_become_eight(mode: str, dark: float, bright: float, shown: tuple[int, int]) -> None:
    picture = Image.new(mode, (4, 4), dark)
    picture.putpixel((2, 2), bright)
    made = flat(picture)
    assert made.mode == "L"
    assert (made.getpixel((0, 0)), made.getpixel((2, 2))) == shown


def test_the_transparent_level_is_white() -> None:
    grey = Image.new("L", (4, 4), 90)
    grey.putpixel((2, 2), 40)
    made = flat(grey, transparency=40)
    shown = [made.convert("L").getpixel(at) for at in ((0, 0), (2, 2))]
    buffer = BytesIO()
    grey.save(buffer, "PNG", transparency=40)
    stored = Image.open(buffer)
    again = flat(stored).convert("L")
    assert [again.getpixel(at) for at in ((0, 0), (2, 2))] == [90, 255]
    assert shown[0] == 90
    assert scalable(Image.new("P", (2, 2))).mode in ("RGB", "RGBA", "L")


@pytest.mark.parametrize("mode", ["I;16", "I;16L", "I;16B"])
def test_the_transparent_level_of_sixteen_bits_is_the_whole_number(mode: str) -> None:
    """Its neighbours in either byte are shown."""
    levels = [0x12FA, 0x12FB, 0x13FA, 0x121A]
    order = "big" if mode == "I;16B" else "little"
    data = b"".join(level.to_bytes(2, order) for level in levels)
    picture = Image.frombytes(mode, (4, 1), data)
    assert flat(picture, transparency=0x12FA).tobytes() == bytes([255, 0x12, 0x13, 0x12])
    assert flat(picture).tobytes() == bytes([0x12, 0x12, 0x13, 0x12])
    assert flat(picture, transparency=b"\0").tobytes() == bytes([0x12, 0x12, 0x13, 0x12])
