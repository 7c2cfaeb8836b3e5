"""What checking a file costs, as ratios to what cannot be spared, in one run; printed, asserted nowhere."""

import asyncio
import io
import statistics
import time
from collections.abc import Callable

import pikepdf
from PIL import Image
from pypdf import PdfReader

from bot.documents.inspection import inspect
from bot.documents.inspection_pool import InspectionPool
from bot.documents.pictures.paged import pdf_of
from tests.support import papers, picture_files

ROUNDS = 3
FILES, TICK = 8, 0.002  # files at once, seconds between two looks at the loop


def photo() -> bytes:
    """12 million pixels, as a phone takes them."""
    image = picture_files.sheet(3000, 4000)
    noise = Image.effect_noise(image.size, 12).convert("RGB")
    return picture_files.jpeg(Image.blend(image, noise, 0.1), quality=88)


def scan(pages: int = 100) -> bytes:
    """Each page is a picture, as a scanner makes a PDF."""
    sheet = Image.open(io.BytesIO(papers.letter())).convert("L").resize((827, 1170))
    return pdf_of(sheet.rotate(n % 3, fillcolor=255) for n in range(pages))[0]


def decode_and_encode(data: bytes) -> None:
    with Image.open(io.BytesIO(data)) as image:
        image.convert("RGB").save(io.BytesIO(), "JPEG", quality=90)


def one_pass(data: bytes) -> None:
    """pypdf reads every object once."""
    reader = PdfReader(io.BytesIO(data))
    for number in reader.xref[0]:
        reader.get_object(number)
    assert len(reader.pages)


def ratio(ours: Callable[[bytes], object], plain: Callable[[bytes], object], data: bytes) -> dict[str, float]:
    """CPU of ours in that of the plain one, in turns."""
    pairs = []
    for _ in range(ROUNDS):
        spent = []
        for call in (plain, ours):
            before = time.process_time()
            call(data)
            spent.append(time.process_time() - before)
        pairs.append(spent)
    return {
        "plain_ms": round(1000 * statistics.median(one for one, _ in pairs)),
        "ours_ms": round(1000 * statistics.median(other for _, other in pairs)),
        "ratio": round(statistics.median(other / one for one, other in pairs), 2),
    }


async def share_of_loop(data: bytes) -> float:
    """The part of the bot's own CPU while files are checked in other processes."""
    pool = InspectionPool()

    async def check(account: int) -> None:
        async with pool.reserve_worker(account) as worker:
            await worker.inspect(data)

    await check(0)
    began, before = time.monotonic(), time.process_time()
    await asyncio.gather(*(check(account) for account in range(1, FILES + 1)))
    share = (time.process_time() - before) / (time.monotonic() - began)
    await pool.close()
    return round(share, 3)


def measured() -> dict[str, object]:
    picture, paper = photo(), scan()
    with pikepdf.open(io.BytesIO(paper)) as opened:
        assert len(opened.pages) == 100
    return {
        "photo_12_mp": ratio(inspect, decode_and_encode, picture),
        "scan_100_pages": ratio(inspect, one_pass, paper),
        "share_of_loop_while_8_are_checked": asyncio.run(share_of_loop(picture)),
    }


if __name__ == "__main__":
    for name, figures in measured().items():
        print(f"{name}: {figures}")
