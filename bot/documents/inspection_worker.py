"""The process that checks files: lengths and bytes come in on stdin, verdicts go out on stdout. The first
frame says that it is ready, and what it can no longer do."""

import json
import logging
import signal
import sys
from typing import Any, BinaryIO

from bot.core.refusals import FileRejected
from bot.documents.inspection import inspect
from bot.documents.inspection_pool import BY_THE_CLOCK, TIME_LIMIT
from bot.documents.inspection_process import LENGTH
from bot.documents.worker_isolation import isolate

#: What is answered about a file besides its copies.
_TOLD = ("media_type", "shown_media_type", "pages", "width", "height", "quality_warning", "remarks")


def run_worker(source: BinaryIO, sink: BinaryIO, isolation: dict[str, bool]) -> None:
    """Until the bot closes its end."""
    ready = json.dumps(isolation).encode()
    sink.write(LENGTH.pack(len(ready)) + ready)
    sink.flush()
    while len(head := source.read(LENGTH.size)) == LENGTH.size:
        data = source.read(LENGTH.unpack(head)[0])
        # Should the bot be killed while a file hangs, no other process would end this one.
        signal.alarm(int(TIME_LIMIT) * BY_THE_CLOCK + 10)
        shown = preview = b""
        try:
            checked = inspect(data)
        except FileRejected as rejected:
            answer: dict[str, Any] = {"rejected": rejected.key}
        else:
            answer = {name: getattr(checked, name) for name in _TOLD}
            shown = b"" if checked.shown is data else checked.shown
            preview = checked.preview or b""
        signal.alarm(0)
        for frame in (json.dumps(answer).encode(), shown, preview):
            sink.write(LENGTH.pack(len(frame)))
            sink.write(frame)
        sink.flush()


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    run_worker(sys.stdin.buffer, sys.stdout.buffer, isolate())
