"""Colours as every screen shows them: sRGB, 8 bits, on white."""

import io
from collections.abc import Mapping
from typing import Any

from PIL import Image, ImageChops, ImageCms

_SRGB = ImageCms.createProfile("sRGB")


def scalable(image: Image.Image) -> Image.Image:
    """In a mode that can be made smaller without mixing numbers of a palette or losing a transparent colour."""
    if image.mode.startswith("I") or image.mode == "F":
        return image
    if image.has_transparency_data:
        return image if image.mode == "RGBA" else image.convert("RGBA")
    return image.convert("L" if image.mode == "1" else "RGB") if image.mode in ("1", "P") else image


def flattened(image: Image.Image, info: Mapping[Any, Any]) -> Image.Image:
    """On white, grey ("L") or RGB, with nothing but pixels. `info` is what the decoder found."""
    if image.mode.startswith("I") or image.mode == "F":
        image = _eight_bits(image, info.get("transparency"))
    elif image.has_transparency_data:
        image = scalable(image)
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    image = _srgb(image, info.get("icc_profile"))
    if image.mode not in ("L", "RGB"):
        image = image.convert("L" if image.mode == "1" else "RGB")
    image.info = {}
    return image


def _srgb(image: Image.Image, profile: Any) -> Image.Image:
    """Converted from the profile that came with the picture. One that cannot be used is left out."""
    if image.mode == "LAB":
        return _converted(image, ImageCms.createProfile("LAB")) or image.getchannel("L")
    if not isinstance(profile, bytes) or image.mode not in ("RGB", "CMYK", "L"):
        return image
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if ImageCms.getProfileDescription(source).startswith("sRGB"):
            return image
    except (OSError, ImageCms.PyCMSError):
        return image
    return _converted(image, source) or image


def _converted(image: Image.Image, source: Any) -> Image.Image | None:
    mode = "L" if image.mode == "L" else "RGB"
    try:
        made = ImageCms.profileToProfile(image, source, _SRGB, outputMode="RGB")
    except (OSError, ValueError, ImageCms.PyCMSError):
        return None
    return made.convert(mode) if made is not None else None


def _eight_bits(image: Image.Image, transparent: Any) -> Image.Image:
    """16 bits of grey (or more, or floating point) as 8; the transparent level becomes white."""
    if image.mode.startswith("I;16"):
        low, high = (1, 0) if image.mode == "I;16B" else (0, 1)
        levels = image.tobytes()
        grey = Image.frombytes("L", image.size, levels[high::2])
        if isinstance(transparent, int):
            lower = Image.frombytes("L", image.size, levels[low::2])
            clear = ImageChops.multiply(_equal(grey, transparent >> 8), _equal(lower, transparent & 255))
            grey.paste(255, mask=clear)
        return grey
    bottom, top = image.getextrema()
    assert isinstance(bottom, int | float)
    assert isinstance(top, int | float)
    if image.mode == "I" and bottom >= 0 and top <= 65535:
        bottom, top = 0, 65535
    scale = 255 / ((top - bottom) or 1)
    return image.convert("F").point(lambda level: level * scale - bottom * scale).convert("L")


def _equal(image: Image.Image, level: int) -> Image.Image:
    return image.point([255 * (one == level) for one in range(256)])
