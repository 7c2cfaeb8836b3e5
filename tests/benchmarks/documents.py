"""What checking a file costs, as ratios to what cannot be spared, in one run; printed, asserted nowhere."""

import asyncio
import io
import statistics
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pikepdf
from PIL import Image
from pypdf import PdfReader

from bot.documents.inspection import inspect
from bot.documents.inspection_pool import WORKERS
from bot.documents.pictures.paged import pdf_of
from tests.support import papers, picture_files
from tests.support.documents import document_library, given

ROUNDS = 3
FILES, TICK = 8, 0.02  # files at once, seconds between two looks at the loop


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


async def share_of_loop(data: bytes) -> dict[str, float]:
    """The part of its time that the loop's thread works while files are checked and stored (hashed, encrypted), and while as
    long nothing is done but the same looks at the clock."""
    with TemporaryDirectory() as folder:
        library = document_library(Path(folder))
        for account in range(WORKERS):  # all workers are there
            await library.store_upload(account, given(data), None)
        uploads = [library.store_upload(account, given(data), None) for account in range(FILES)]
        busy, seconds = await _share(asyncio.gather(*uploads))
        idle, _ = await _share(asyncio.sleep(seconds))
        await library.close()
    return {"busy": round(busy, 4), "idle": round(idle, 4), "share": round(max(0.0, busy - idle), 4)}


async def _share(work: Awaitable[object]) -> tuple[float, float]:
    """CPU of this thread in the time that `work` takes, and that time in seconds."""
    began, before = time.monotonic(), time.thread_time()
    task = asyncio.ensure_future(work)
    while not task.done():
        await asyncio.wait([task], timeout=TICK)
    passed = time.monotonic() - began
    return (time.thread_time() - before) / passed, passed


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
