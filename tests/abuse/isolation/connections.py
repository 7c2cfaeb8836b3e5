"""Attacks on the web server: connections that are opened and never finish.

A program of its own (`python -m tests.abuse.isolation.connections`), so that its work is not done on the loop of the other users.
"""

import asyncio
import resource
import socket
import sys
from dataclasses import dataclass, field

#: Of every kind that a slow client has.
BEGINNINGS = (
    b"",
    b"GET /health HT",
    b"GET /health HTTP/1.1\r\nHost: x\r\nX-Slow: ",
    b"POST /pay/aB3-xxxxxxxxxxxxxxxxxx HTTP/1.1\r\nHost: x\r\nContent-Length: 900000\r\n\r\nabc",
    b"POST /hook/telegram/none HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
)


async def hold_from_outside(port: int, *, count: int, many_addresses: bool, seconds: float) -> str:
    """Run the program for so long; what it did."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.abuse.isolation.connections",
        *(str(one) for one in (port, count, int(many_addresses), seconds)),
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await process.communicate()
    assert process.returncode == 0
    return out.decode().strip()


@dataclass(slots=True)
class Holder:
    """Keeps `count` connections open from many addresses of this machine, and opens those anew that were closed."""

    port: int
    count: int
    many_addresses: bool
    opened: int = 0
    refused: int = 0
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    async def run(self, seconds: float) -> str:
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft < 4096 <= hard or hard == resource.RLIM_INFINITY:
            resource.setrlimit(resource.RLIMIT_NOFILE, (4096, hard))
        begun = asyncio.get_running_loop().time()
        for number in range(self.count):
            self._tasks.append(asyncio.create_task(self._hold(number)))
            if number % 20 == 0:
                await asyncio.sleep(0.005)
        await asyncio.sleep(seconds - (asyncio.get_running_loop().time() - begun))
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        return f"{self.count} held, {self.opened} opened, {self.refused} refused"

    async def _hold(self, number: int) -> None:
        source = f"127.0.{1 + number // 250}.{1 + number % 250}" if self.many_addresses else "127.0.0.2"
        loop = asyncio.get_running_loop()
        while True:
            with socket.socket() as held:
                held.setblocking(False)
                try:
                    held.bind((source, 0))
                    await loop.sock_connect(held, ("127.0.0.1", self.port))
                    self.opened += 1
                    await loop.sock_sendall(held, BEGINNINGS[number % len(BEGINNINGS)])
                    while await self._heard(loop, held):
                        if number % len(BEGINNINGS) == 2:
                            await loop.sock_sendall(held, b"x")
                except OSError:
                    self.refused += 1
            # Some hundred new connections a second; more would measure how much of the machine the attack itself uses.
            await asyncio.sleep(3.0)

    @staticmethod
    async def _heard(loop: asyncio.AbstractEventLoop, held: socket.socket) -> bool:
        """Listen for a second; False once the other side has closed."""
        try:
            async with asyncio.timeout(1.0):
                return bool(await loop.sock_recv(held, 4096))
        except TimeoutError:
            return True


def main() -> None:
    port, count, many_addresses, seconds = sys.argv[1:]
    print(asyncio.run(Holder(int(port), int(count), many_addresses == "1").run(float(seconds))))


if __name__ == "__main__":
    main()
