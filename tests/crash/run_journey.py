"""One journey under a killer, and after it what was sent and seen against what the database and the file store hold."""

from collections import Counter
from dataclasses import dataclass

import pytest

from bot.documents.blob_store import FolderStore
from demo.person import Person
from storage.enums import PushChannel, RequestState
from storage.tables import AuditEvent, Chat, Draft, Push, QualificationRequest
from tests.crash import checks
from tests.crash.arrivals import Arrivals
from tests.crash.checks import CLICKS, LOOKS, Figures
from tests.crash.killer import Killer
from tests.crash.retrying_person import Browser, RetryingPerson
from tests.crash.rows import read_rows
from tests.journeys import qualification
from tests.support.bot_process import BotProcess
from tests.support.pending import everything_arrives


@dataclass(frozen=True, slots=True)
class Expected:
    """What a journey leaves when nothing disturbs it."""

    state: RequestState
    #: Audit events that change something, and how many of each.
    events: dict[str, int]
    #: Pushes by kind.
    pushes: dict[str, int]
    #: Files sent that are no document of the request: of the wrong kind at that moment.
    stray_files: int = 0
    paid: int = 0


_REQUEST = {"registered": 1, "started": 1, "submitted": 1}
_STAFF = {"tariff_set": 1, "account_created": 1, "logged_in": 1}
_ROUND = {"claimed": 1, "deficiencies_declared": 1, "resolved": 1}
_PAYMENT = {"payment_not_paid": 1, "payment_paid": 1, "completed": 1}
EXPECTED = {
    "J2": Expected(RequestState.SUBMITTED, _REQUEST, {"N3": 1}, stray_files=1),
    "J4": Expected(
        RequestState.AWAITING_PAYMENT,
        _REQUEST | _STAFF | _ROUND | {"approved": 1},
        {"N3": 1, "N10": 1, "N4": 1, "N11": 1, "N6": 1},
    ),
    "J6": Expected(
        RequestState.COMPLETED,
        _REQUEST | _STAFF | {"approved": 1} | _PAYMENT,
        {"N3": 1, "N10": 1, "N6": 1, "N8": 1, "N7": 1},
        paid=1,
    ),
}


async def run_journey(
    number: str, bot: BotProcess, killer: Killer, monkeypatch: pytest.MonkeyPatch, *, bale: bool, exact: bool
) -> Figures:
    """Play the journey on one messenger while the killer works, and check what is left. `exact`: nothing may be shown
    twice."""
    here, there = reversed(bot.emulators.messengers) if bale else bot.emulators.messengers
    print(f"{number}, {here.kind}, {bot.database_url.partition(':')[0]}")
    arrivals, browser = Arrivals(), Browser(killer)
    arrivals.watch(bot.emulators)
    monkeypatch.setattr(RetryingPerson, "killer", killer, raising=False)
    for face in bot.emulators.messengers:
        face.person_class = RetryingPerson
    for name in ("pay_page", "click_to_bank", "come_back"):
        monkeypatch.setattr(qualification, name, getattr(browser, name))
    await bot.start()
    try:
        killer.begin()
        journey = next(one for one in qualification.JOURNEYS if one.number == number)
        await journey.act(qualification.JourneySetup(bot, here, there, exact=exact))
        await killer.end()
        await everything_arrives(bot.emulators, bot.database_url)
        assert await bot.stop() == 0
        figures = await check(bot, killer, arrivals, EXPECTED[number])
    finally:
        print(f"killed at {killer.killed_at}, {killer.happenings} happenings")
    print(figures)
    return figures


async def check(bot: BotProcess, killer: Killer, arrivals: Arrivals, expected: Expected) -> Figures:
    """Compare. Call it once the bot has stopped. Raises AssertionError with what is lost or doubled."""
    rows = await read_rows(bot.database_url)
    figures = checks.everywhere(rows, bot.emulators, killer, arrivals, paid=expected.paid)
    assert not rows[Draft], f"drafts left: {[(one.dialogue, one.answers) for one in rows[Draft]]}"
    assert not [chat.dialogue for chat in rows[Chat] if chat.dialogue is not None]
    (request,) = rows[QualificationRequest]
    assert request.state is expected.state
    events = Counter(one.event for one in rows[AuditEvent] if one.event not in LOOKS | CLICKS)
    assert dict(events) == expected.events, f"events: {dict(events)}"
    kinds = dict(Counter(one.kind for one in rows[Push]))
    assert kinds == expected.pushes, f"pushes: {kinds}"
    assert all(one.channel is PushChannel.CHAT for one in rows[Push])
    people: list[Person] = [person for face in bot.emulators.messengers for person in face.people]
    sent, held = checks.uploads(people), checks.held(rows, request)
    assert not held - sent, "the request holds what nobody sent"
    assert len(sent - held) == expected.stray_files, "an uploaded file is not in the request"
    folder = bot.folder / "files"
    names = {path.name for path in folder.glob("??/*")}
    await checks.stored_files(rows, FolderStore(folder), names, figures)
    return figures
