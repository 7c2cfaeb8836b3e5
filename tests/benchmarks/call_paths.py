"""`python -m tests.benchmarks.call_paths`: files and calls between files of two updates, on the running bot.

The bot runs in this process on an emulated messenger and SQLite. Two updates are profiled from their chat queue until
their answer has left: a national code typed in the registration dialogue, and an expert's press that approves a
request (with the push to the officer). A call counts from the nearest frame of the project; frames of libraries are
skipped. Upward is a call from a lower to a higher layer (handlers, conversations, bot, storage). Units of work are listed
apart: a unit is a function that the database is given to run.
"""

import asyncio
import sys
import tempfile
from collections import Counter as Tally
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FrameType

from sqlmodel import col, select

from demo.emulators import Emulators
from storage.correlation import CORRELATION_ID
from storage.tables import Chat, QualificationRequest
from tests.abuse.all_actions import all_actions
from tests.abuse.running_service import RunningService, running_service
from tests.support.identities import national_code
from tests.support.pending import UNSENT, until_none
from tests.support.postgres import make_schema

PROJECT = Path(__file__).resolve().parents[2]
LAYERS = ("storage", "bot", "conversations", "handlers")
#: What runs units of work.
RUNS_UNITS = ("storage/database/sqlite.py Job.__call__ ", "storage/database/unit_of_work.py run_reading ")
#: Where it is decided whether somebody may do something: function → the layer that asks.
RIGHTS = {
    "permissions.require": "service: role in force",
    "router.route": "router: roles of the route",
    "qualification.relations": "rules: relation to the request",
}


@dataclass
class CallPath:
    """What ran for one update."""

    files: set[str] = field(default_factory=set)
    calls: set[tuple[str, str, str, str]] = field(default_factory=set)
    rights: Tally[str] = field(default_factory=Tally)
    _names: dict[CodeType, str | None] = field(default_factory=dict)

    def note(self, frame: FrameType, event: str, argument: object) -> None:
        """The profile function."""
        if event != "call" or not (CORRELATION_ID.get() or "").startswith("update:"):
            return
        name = self._name(frame.f_code)
        if name is None:
            return
        if frame.f_code.co_name not in ("<module>", "<lambda>"):
            right = f"{Path(name).stem}.{frame.f_code.co_name}"
            if right in RIGHTS:
                self.rights[right] += 1
        self.files.add(name)
        caller, other = frame.f_back, None
        while caller is not None and (other := self._name(caller.f_code)) is None:
            caller = caller.f_back
        if caller is not None and other is not None and other != name:
            self.calls.add((other, caller.f_code.co_qualname, name, frame.f_code.co_qualname))

    def _name(self, code: CodeType) -> str | None:
        """The file of the project that the code is from, without "<string>" of dataclasses."""
        if code not in self._names:
            path = Path(code.co_filename)
            inside = path.is_relative_to(PROJECT) and ".venv" not in path.parts
            name = str(path.relative_to(PROJECT)) if inside else None
            self._names[code] = name if name and name.split("/")[0] in LAYERS else None
        return self._names[code]

    def between_layers(self, *, up: bool) -> list[str]:
        """Calls that leave their layer upward, or downward."""
        found = []
        for caller, by, callee, what in sorted(self.calls):
            low, high = (LAYERS.index(one.split("/")[0]) for one in (caller, callee))
            if (low < high) if up else (low > high):
                found.append(f"{caller} {by} → {callee} {what}")
        return found

    def units(self) -> list[str]:
        """The upward calls that are units of work."""
        return [call for call in self.between_layers(up=True) if call.startswith(RUNS_UNITS)]

    def report(self, title: str) -> str:
        down, units = self.between_layers(up=False), self.units()
        up = [call for call in self.between_layers(up=True) if call not in units]
        lines = [
            f"{title}: {len(self.files)} files, {len(self.calls)} distinct calls between files, "
            f"{len(down)} down, {len(up)} up, {len(units)} units of work",
            *(f"    up: {call}" for call in up),
            *(f"    unit: {call}" for call in units),
            *(f"    {RIGHTS[one]}: {times}" for one, times in sorted(self.rights.items())),
        ]
        if "-v" in sys.argv:
            lines += [f"    {one}" for one in sorted(self.files)]
        return "\n".join(lines)


@contextmanager
def profiled() -> Iterator[CallPath]:
    path = CallPath()
    sys.setprofile(path.note)
    try:
        yield path
    finally:
        sys.setprofile(None)


async def measure(service: RunningService, act: Callable[[], Awaitable[None]]) -> CallPath:
    """One update of `act`, until its answer and its push have left."""
    with profiled() as path:
        await act()
        await service.settled()
        await service.noted()
        await until_none(service.database, UNSENT)
    return path


async def arrive(service: RunningService, request_id: int) -> None:
    """The request's officer opens the bot in all their chats, so that pushes come there."""
    chats = select(Chat.messenger, Chat.chat_id).join(
        QualificationRequest, col(QualificationRequest.account_id) == col(Chat.account_id)
    )
    theirs = chats.where(QualificationRequest.id == request_id)
    for messenger, chat_id in await service.database.read(lambda db: db.exec(theirs).all()):
        face = next(face for face in service.emulators.messengers if face.kind == messenger.value)
        await face.person_class(face.server.state, face.bot, face.server.state.users[chat_id]).start()
    await service.settled()
    await service.noted()
    await until_none(service.database, UNSENT)


async def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        url = f"sqlite:///{folder / 'bot.db'}"
        await make_schema(url)
        async with await Emulators.start() as emulators, running_service(emulators, url, folder) as service:
            await service.walk("guest", "/start", "📝 ثبت‌نام")
            code = national_code(987_654)
            typed = await measure(service, lambda: service.act("guest", code))
            print(typed.report("a typed national code"))
            actions = await service.database.read(lambda db: all_actions(db, service.participants))
            approval = next(one for one in actions if one.press.action == "desk.approve_do" and one.allowed)
            await arrive(service, approval.press.id)
            expert = min(approval.allowed)
            approved = await measure(service, lambda: service.act(expert, approval.press))
            print(approved.report("an approval"))


if __name__ == "__main__":
    asyncio.run(main())
