"""A tester at a phone, who does what the bot asks for in the chat."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from demo.person import Person
from tests.demo.conftest import picture

PDF = b"%PDF-1.4\n%%EOF\n"


async def _taps_twice(sara: Person) -> None:
    await sara.tap("دکمه", on=sara.screen())
    await sara.tap("دکمه", on=sara.screen())


async def _edits(sara: Person) -> None:
    await sara.edit(await sara.type("یک"), "دو")


ASKED: dict[str, Callable[[Person], Awaitable[object]]] = {
    "این پیوند را باز کنید": lambda sara: sara.start("probe_1"),
    "دکمه زیر این پیام": _taps_twice,
    "ارسال شماره خودم": lambda sara: sara.share(),
    "کارت مخاطب شخص دیگری": lambda sara: sara.share(other="09351234567"),
    "هدایت": lambda sara: sara.forward_contact(),
    "فایل PDF": lambda sara: sara.send_file("گواهی.pdf", PDF),
    "آلبوم": lambda sara: sara.send_album([picture(), picture(colour="red")]),
    "پیام صوتی": lambda sara: sara.voice(),
    "استیکر": lambda sara: sara.sticker(),
    "ویرایش کنید": _edits,
    "مسدود": lambda sara: sara.block(),
}


@asynccontextmanager
async def obedient(sara: Person) -> AsyncIterator[None]:
    """She reads on while the block runs."""

    async def reads() -> None:
        done: set[int] = set()
        while True:
            changed = asyncio.ensure_future(sara.state.change())
            messages = [one for one in sara.conversation.messages.values() if one.from_bot]
            for message in messages:
                if message.id in done:
                    continue
                done.add(message.id)
                for words, act in ASKED.items():
                    if words in (message.text or ""):
                        await act(sara)
                        break
            await changed

    task = asyncio.create_task(reads())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
