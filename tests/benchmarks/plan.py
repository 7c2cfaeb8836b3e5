"""How much is measured: by default in less than ten minutes, `QUICK=1` in less than two, `FULL=1` at the sizes of the goals."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Plan:
    #: What is made once and kept: the rivals' packages, the large databases.
    cache: Path
    #: Of this run alone.
    folder: Path
    rounds: int = 3
    warm_up: int = 400  # answers
    steps: int = 1500
    #: Each of these waits for a file of 10,000 chats to be written.
    kept_steps: int = 100
    #: Of the large database; the small one has 1,000.
    officers: int = 50_000
    #: Seconds in which the longest wait is looked for.
    watched: float = 30.0
    backlog: int = 8_000  # updates; people are two in five
    conversations: int = 6_000
    letters: int = 500  # recipients of a broadcast
    presses: int = 30  # of a row that is about one screen
    #: Seconds for jobs to catch up before steps are counted, and for a look at what they take.
    settling: float = 15.0
    at_rest: float = 2.0
    rest: bool = True  # documents and the import

    @property
    def folder_is_kept(self) -> bool:
        return bool(os.environ.get("BENCH_FOLDER"))


@contextmanager
def plan() -> Iterator[Plan]:
    """By QUICK, FULL and BENCH_FOLDER of the environment."""
    kept = os.environ.get("BENCH_FOLDER")
    with tempfile.TemporaryDirectory(dir=kept, prefix="run-") as folder:
        cache = Path(kept) if kept else Path(__file__).resolve().parents[2] / "build" / "bench"
        cache.mkdir(parents=True, exist_ok=True)
        made = Plan(cache, Path(folder))
        if kept:
            made = replace(made, officers=1_000_000)
        # By hand, where only some rows are run.
        own = int(os.environ.get("OFFICERS", 0))
        if os.environ.get("QUICK"):
            yield replace(
                made,
                rounds=2,
                warm_up=150,
                steps=500,
                kept_steps=60,
                officers=own or 5_000,
                watched=8.0,
                backlog=2_000,
                conversations=2_000,
                letters=100,
                presses=8,
                settling=5.0,
                at_rest=0.7,
                rest=False,
            )
        elif os.environ.get("FULL"):
            yield replace(
                made,
                officers=1_000_000,
                watched=180.0,
                backlog=50_000,
                conversations=100_000,
                letters=20_000,
                presses=100,
                settling=120.0,
                at_rest=5.0,
            )
        else:
            yield made


@contextmanager
def own_folder(parent: Path) -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(dir=parent))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


class Stopwatch:
    def __init__(self) -> None:
        self.began = time.monotonic()

    def __str__(self) -> str:
        return f"{time.monotonic() - self.began:.0f} s"
