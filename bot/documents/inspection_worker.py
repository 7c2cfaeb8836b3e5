"""The process that checks files: lengths and bytes come in on stdin, verdicts go out on stdout. An empty
frame says that it is ready."""

import json
import logging
import resource
import signal
import sys
from typing import Any, BinaryIO

from bot.core.refusals import FileRejected
from bot.documents.inspection import inspect
from bot.documents.inspection_pool import BY_THE_CLOCK, LENGTH, TIME_LIMIT

#: Bytes of address space.
MEMORY = 1 << 30
#: What is answered about a file besides its copies.
_TOLD = ("media_type", "shown_media_type", "pages", "width", "height", "quality_warning", "remarks")


def run_worker(source: BinaryIO, sink: BinaryIO) -> None:
    """Until the bot closes its end."""
    sink.write(LENGTH.pack(0))
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
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    run_worker(sys.stdin.buffer, sys.stdout.buffer)
