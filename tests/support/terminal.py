"""A command at a terminal of its own, with somebody who reads and types."""

import os
import pty
import re
import select
import time
from collections.abc import Mapping
from pathlib import Path

from tests.support.commands import command_line


class Terminal:
    def __init__(self, folder: Path, *arguments: str, env: Mapping[str, str]) -> None:
        self._pid, self._handle = pty.fork()
        if self._pid == 0:  # the command
            try:
                os.chdir(folder)
                line = command_line(*arguments)
                os.execve(line[0], line, dict(env))
            finally:
                os._exit(127)
        #: All that was shown.
        self.shown = ""
        self._read = 0

    def sees(self, words: str, seconds: float = 180) -> str:
        """Wait until `words` are shown after what was seen before."""
        until = time.monotonic() + seconds
        while words not in self.shown[self._read :]:
            if not self._take(until):
                raise AssertionError(f"{words!r} was not shown after: {self.shown[-2000:]}")
        self._read = self.shown.index(words, self._read) + len(words)
        return self.shown

    def types(self, line: str) -> None:
        os.write(self._handle, f"{line}\n".encode())

    def interrupts(self) -> None:
        """Ctrl-C."""
        os.write(self._handle, b"\x03")

    def ends(self, seconds: float = 180) -> int:
        """The status of the command, after all that it still shows."""
        until = time.monotonic() + seconds
        while self._take(until):
            pass
        os.close(self._handle)
        return os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])

    def _take(self, until: float) -> bool:
        ready = select.select([self._handle], [], [], max(0, until - time.monotonic()))[0]
        try:
            data = os.read(self._handle, 65536) if ready else b""
        except OSError:  # the command has ended
            return False
        text = data.decode(errors="replace").replace("\r\n", "\n")
        self.shown += re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text)
        return bool(data)
