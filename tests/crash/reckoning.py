"""After a play of one officer: what was sent and seen, against what the database and the file store hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from bot.documents.blob_store import FolderStore
from demo.person import Person
from storage.enums import PushChannel, RequestState
from storage.tables import QualificationRequest
from tests.crash import checks
from tests.crash.arrivals import Arrivals
from tests.crash.checks import CLICKS, LOOKS, Figures
from tests.crash.killer import Killer
from tests.crash.rows import Rows, read_rows
from tests.support.bot_process import Stage


@dataclass(frozen=True, slots=True)
class Expected:
    """What a play leaves behind when nothing disturbs it."""

    state: RequestState
    #: Audit events that are deeds, and how many of each.
    deeds: dict[str, int]
    #: Pushes by kind.
    pushes: dict[str, int]
    #: Files sent that are no document of the request: of the wrong kind at that moment.
    stray_files: int = 0
    paid: int = 0


async def reckon(stage: Stage, killer: Killer, arrivals: Arrivals, expected: Expected) -> Figures:
    """Compare. Call it once the bot has stopped. Raises AssertionError with what is lost or doubled."""
    rows = await read_rows(stage.database_url)
    figures = Figures(kills=killer.killed, cut=killer.cut)
    for face in stage.town.messengers:
        figures.updates += checks.inbox(rows, face)
        figures.repeats += sum(getattr(person, "repeats", 0) for person in face.people)
    figures.shown_again = sum(one.note == "shown again" for one in rows.inbox)
    checks.nothing_owed(rows)
    assert not rows.drafts, f"drafts left: {[(one.dialogue, one.answers) for one in rows.drafts]}"
    assert not [chat.dialogue for chat in rows.chats.values() if chat.dialogue is not None]
    assert len(rows.requests) == 1, rows.requests
    assert rows.requests[0].state is expected.state
    deeds = Counter(one.event for one in rows.audit if one.event not in LOOKS | CLICKS)
    assert dict(deeds) == expected.deeds, f"deeds: {dict(deeds)}"
    kinds = dict(Counter(one.kind for one in rows.pushes))
    assert kinds == expected.pushes, f"pushes: {kinds}"
    assert all(one.channel is PushChannel.CHAT for one in rows.pushes)
    checks.pushes(rows, killer, arrivals, figures)
    checks.payments(rows, stage.town, expected.paid)
    people = [person for face in stage.town.messengers for person in face.people]
    _documents(rows, rows.requests[0], people, expected)
    folder = stage.folder / "files"
    names = {path.name for path in folder.glob("??/*")}
    await checks.papers(rows, FolderStore(folder), names, figures)
    return figures


def _documents(
    rows: Rows, request: QualificationRequest, people: Sequence[Person], expected: Expected
) -> None:
    """What was uploaded is what the request holds."""
    sent = checks.uploads(people)
    held = {rows.files[id_].sha256 for id_ in checks.held(rows, request)}
    assert not held - sent, "the request holds what nobody sent"
    assert len(sent - held) == expected.stray_files, "an uploaded file is not in the request"
