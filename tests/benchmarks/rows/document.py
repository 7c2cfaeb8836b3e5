"""A document of 5 MB, from its bytes to the sealed file: the part of that time in which others would have waited."""

from __future__ import annotations

import asyncio
import random
import statistics
import time
from collections.abc import Awaitable
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

from tests.benchmarks.figures import Figure, Results, at_most, spread
from tests.benchmarks.plan import Plan
from tests.support import picture_files
from tests.support.documents import document_library, given

BYTES = 5 * 10**6
#: Seconds between two looks at the loop, and how late one may be without that anybody waited.
TICK, PATIENCE = 0.005, 0.01


def photo() -> bytes:
    """About 5 MB, as a good phone takes it."""
    image = picture_files.sheet(3000, 4000)
    noise = Image.effect_noise(image.size, 40).convert("RGB")
    blended, data = Image.blend(image, noise, 0.25), b""
    for quality in range(60, 99, 3):
        data = picture_files.jpeg(blended, quality=quality)
        if len(data) >= BYTES:
            break
    return data


async def measure(results: Results, plan: Plan) -> None:
    data = await asyncio.to_thread(photo)
    busy, idle, took = [], [], []
    with TemporaryDirectory() as folder:
        library = document_library(Path(folder))
        await library.store_upload(1, given(data), None)  # the worker is there
        for number in range(plan.rounds + 1):
            # Each is another file.
            other = data + random.randbytes(8)
            share, seconds = await _held(library.store_upload(number + 2, given(other), None))
            busy.append(share)
            took.append(seconds)
            idle.append((await _held(asyncio.sleep(seconds)))[0])
        await library.close()
    value = max(0.0, statistics.median(busy) - statistics.median(idle))
    note = f"{len(data) / 10**6:.1f} MB, checked, cleaned, made into what is shown, sealed and stored in {statistics.median(took):.1f} s; the loop was late by more than {1000 * PATIENCE:g} ms"
    noise = max(idle) + spread(busy)
    results.add(
        Figure("document_5_mb_share_others_waited", value, "", goal=at_most(0), noise=noise, note=note)
    )


async def _held(work: Awaitable[object]) -> tuple[float, float]:
    """The part of its time in which the loop was held, and that time in seconds."""
    began, held = time.perf_counter(), 0.0
    task = asyncio.ensure_future(work)
    while not task.done():
        at = time.perf_counter()
        await asyncio.wait([task], timeout=TICK)
        late = time.perf_counter() - at - TICK
        held += late if late > PATIENCE else 0.0
    await task
    passed = time.perf_counter() - began
    return held / passed, passed
