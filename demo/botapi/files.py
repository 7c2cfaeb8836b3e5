"""Files of the emulated messenger: photos in several sizes, file ids per bot, download paths."""

from __future__ import annotations

import base64
import hashlib
import io
import mimetypes
from pathlib import PurePosixPath

from PIL import Image, ImageOps, UnidentifiedImageError

from demo.botapi.errors import ApiError, bad_request, broken_rule
from demo.botapi.state import Bot, File

MB = 1024 * 1024
#: What a bot may upload and fetch (Telegram's documentation; docs/messengers.md 4 for Bale), bytes.
MAX_PHOTO = 10 * MB
MAX_UPLOAD = 50 * MB
MAX_DOWNLOAD = 20 * MB
#: Longer side of the sizes of a photo, pixels, as Telegram makes them.
SIZES = (90, 320, 800, 1280)
MAX_SIDES = 10_000

_LETTER = {"photo": "AgAC", "document": "BQAC", "voice": "AwAC", "sticker": "CAAC"}
_FOLDER = {"photo": "photos", "document": "documents", "voice": "voice", "sticker": "stickers"}


def unique_id(content: bytes, *marks: object) -> str:
    return hashlib.sha256(content + repr(marks).encode()).hexdigest()[:16]


def photo_sizes(content: bytes) -> list[File]:
    """Sizes of a photo, small to large, as JPEG without metadata. Raises ApiError as the messenger does."""
    if len(content) > MAX_PHOTO:
        raise broken_rule(
            f"file of size {len(content)} bytes is too big for a photo; the maximum size is {MAX_PHOTO} bytes"
        )
    try:
        with Image.open(io.BytesIO(content)) as opened:
            if sum(opened.size) > MAX_SIDES or max(opened.size) > 20 * min(opened.size):
                raise broken_rule("PHOTO_INVALID_DIMENSIONS")
            picture = ImageOps.exif_transpose(opened).convert("RGB")
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError) as error:
        raise broken_rule("IMAGE_PROCESS_FAILED") from error
    longest = max(picture.size)
    sides = [side for side in SIZES if side < longest] + ([longest] if longest <= SIZES[-1] else [])
    sizes = []
    for side in sides:
        smaller = picture.copy()
        smaller.thumbnail((side, side))
        out = io.BytesIO()
        smaller.save(out, "JPEG", quality=87)
        sizes.append(
            File(
                unique_id(content, side),
                "photo",
                out.getvalue(),
                mime="image/jpeg",
                width=smaller.width,
                height=smaller.height,
            )
        )
    return sizes


def document(name: str | None, content: bytes, mime: str | None = None) -> File:
    """A file sent as such. Its kind is guessed from the extension, as the messengers do."""
    guessed = mimetypes.guess_type(name or "")[0]
    return File(
        unique_id(content, name),
        "document",
        content,
        name=name,
        mime=mime or guessed or "application/octet-stream",
    )


def give_id(bot: Bot, file: File) -> str:
    """The id under which this bot knows the file."""
    raw = base64.urlsafe_b64encode(f"{bot.id}:{file.unique_id}".encode()).decode().rstrip("=")
    file_id = _LETTER[file.kind] + raw
    bot.files[file_id] = file
    return file_id


def take_by_id(bot: Bot, file_id: str, kind: str) -> File:
    """The file that a bot names in order to send it again."""
    file = bot.files.get(file_id)
    if file is None:
        raise bad_request("wrong file identifier/HTTP URL specified")
    if file.kind != kind:
        raise broken_rule(f"can't use file of type {file.kind.title()} as {kind.title()}")
    return file


def open_path(bot: Bot, file_id: str) -> tuple[File, str]:
    """What getFile does: the file and the path where it can now be fetched."""
    file = bot.files.get(file_id)
    if file is None:
        raise bad_request("invalid file_id")
    if len(file.content) > MAX_DOWNLOAD:
        raise bad_request("file is too big")
    suffix = PurePosixPath(file.name or "").suffix or mimetypes.guess_extension(file.mime or "") or ""
    number = next((n for n, stored in enumerate(bot.paths.values()) if stored is file), len(bot.paths))
    path = f"{_FOLDER[file.kind]}/file_{number}{suffix}"
    bot.paths[path] = file
    return file, path


def check_upload(content: bytes) -> None:
    if not content:
        raise broken_rule("file must be non-empty")
    if len(content) > MAX_UPLOAD:
        raise ApiError(413, "Request Entity Too Large", violation=True)
