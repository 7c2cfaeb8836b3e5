"""After a crowd's play: what everybody did and was told, against what the database and the file store hold."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any

from bot.documents.blob_store import FileStore
from bot.rules import cooperation, qualification
from bot.texts.formats import TEHRAN
from demo.seen import plain
from storage.enums import AttemptState, RequestState
from storage.tables import AuditEvent, Push
from tests.crash import checks
from tests.crash.arrivals import Arrivals
from tests.crash.bonds import Manager
from tests.crash.checks import CLICKS, LOOKS, Figures
from tests.crash.crowd import Crowd
from tests.crash.life import Book, Life
from tests.crash.rows import Rows

#: Whose business a push is, by the first word of its key; that of others is its reader's.
_SUBJECTS = {
    "qualification": "qualification",
    "payment": "payment_attempt",
    "cooperation": "cooperation",
    "contract": "contract",
    "termination": "termination",
}
#: Seconds between two N10 of one expert.
HOUR = 3600
PERSIAN = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")


class Owners:
    """Which officer's business an event or a push is: account.id, or 0 for the house."""

    def __init__(self, rows: Rows, lives: Iterable[Life]) -> None:
        codes = {one.user_code: one.id or 0 for one in rows.accounts}
        self.lives = {codes[life.credentials.user_code]: life for life in lives}
        requests = {one.id: one.account_id for one in rows.requests}
        # A contract's termination is its officer's as well.
        self._of: dict[str, dict[int | None, int]] = {
            "qualification": requests,
            "payment_attempt": {one.id: requests.get(one.request_id, 0) for one in rows.attempts},
            "cooperation": {one.id: one.account_id for one in rows.cooperations},
            "contract": {one.id: one.account_id for one in rows.contracts},
            "termination": {one.id: one.account_id for one in rows.terminations},
            "account": {one: one for one in self.lives},
        }

    def of_event(self, event: AuditEvent) -> int:
        return self._of.get(event.subject, {}).get(event.subject_id, 0)

    def of_push(self, push: Push) -> int:
        word, _, rest = push.key.partition(":")
        if word in _SUBJECTS:
            return self._of[_SUBJECTS[word]].get(int(rest.partition(":")[0]), 0)
        return push.account_id if push.account_id in self.lives else 0


@dataclass(frozen=True, slots=True)
class Played:
    crowd: Crowd
    managers: Sequence[Manager]
    arrivals: Arrivals
    seconds: float


async def reckon(played: Played, rows: Rows, store: FileStore, names: Collection[str], logs: str) -> Figures:
    """Compare. Call it once nothing runs. Raises AssertionError with everything that is lost or doubled."""
    figures = compare(played, rows)
    await checks.papers(rows, store, names, figures)
    assert played.crowd.town.violations == []
    assert "Traceback" not in logs
    return figures


def compare(played: Played, rows: Rows) -> Figures:
    """What was sent, done, told and shown with what the database holds."""
    crowd, killer, town = played.crowd, played.crowd.killer, played.crowd.town
    figures = Figures(kills=killer.killed, cut=killer.cut)
    for face in town.messengers:
        figures.updates += checks.inbox(rows, face)
        figures.repeats += sum(getattr(person, "repeats", 0) for person in face.people)
    figures.shown_again = sum(one.note == "shown again" for one in rows.inbox)
    checks.nothing_owed(rows)
    owners = Owners(rows, crowd.lives)
    assert len(owners.lives) == len(crowd.lives)
    _deeds(rows, owners, crowd.house)
    _legal(rows)
    _told(rows, owners, crowd.house)
    _ends(rows, owners)
    checks.pushes(rows, killer, played.arrivals, figures)
    checks.sms(rows, town, figures)
    checks.payments(rows, town, sum(life.book.deeds["payment_attempt.payment_paid"] for life in crowd.lives))
    _drafts(rows, owners)
    _documents(rows, owners)
    _texted(crowd)
    _strangers(crowd, played.managers)
    return figures


def _differ(
    what: str, found: dict[int, Counter[str]], owners: Owners, books: dict[int, Counter[str]]
) -> None:
    wrong = []
    for owner in found.keys() | books.keys():
        if found.get(owner, Counter()) != books.get(owner, Counter()):
            whose = owners.lives[owner].tail() if owner in owners.lives else "the house"
            wrong.append(f"{what} {dict(found[owner])}, but the book says {dict(books[owner])}: {whose}")
    assert not wrong, "\n".join(wrong)


def _books(owners: Owners, house: Book, side: str) -> dict[int, Counter[str]]:
    books = {owner: +getattr(life.book, side) for owner, life in owners.lives.items()}
    return defaultdict(Counter, books | {0: +getattr(house, side)})


def _deeds(rows: Rows, owners: Owners, house: Book) -> None:
    """Each deed of each life once for each time it was done."""
    found: dict[int, Counter[str]] = defaultdict(Counter)
    unpaid: set[int] = set()
    for event in rows.audit:
        if event.event in LOOKS | CLICKS:
            continue
        if event.event in ("payment_not_paid", "payment_expired"):
            # A browser that reloads asks the bank about the same attempt again; one that nobody used runs out.
            if event.subject_id in unpaid or event.event == "payment_expired":
                continue
            unpaid.add(event.subject_id)
        found[owners.of_event(event)][f"{event.subject}.{event.event}"] += 1
    _differ("deeds", found, owners, _books(owners, house, "deeds"))


_LAWS: dict[str, dict[Any, Any]] = {
    "qualification": qualification.TABLE,
    "cooperation": cooperation.TABLE,
    "contract": cooperation.CONTRACT.table,
    "termination": cooperation.TERMINATION.table,
}


def _legal(rows: Rows) -> None:
    """The events of each case follow one another as the rule tables allow."""
    state: dict[tuple[str, int], str | None] = {}
    for event in rows.audit:
        law = _LAWS.get(event.subject)
        if law is None or event.event in LOOKS:
            continue
        case = (event.subject, event.subject_id)
        assert event.from_state == state.get(case), f"{case}: {event.event} from {event.from_state}"
        allowed = {
            (row.source, row.event, target)
            for row in law.values()
            for target in {row.target, row.target_if_true or row.target}
        }
        assert (event.from_state, event.event, event.to_state) in allowed, f"{case}: {event}"
        state[case] = event.to_state


def _told(rows: Rows, owners: Owners, house: Book) -> None:
    """Every push that is expected exists, and none besides. Of waiting files experts are told at most once an hour."""
    found: dict[int, Counter[str]] = defaultdict(Counter)
    waiting: dict[int, list[float]] = defaultdict(list)
    mornings = Counter[tuple[int | None, date]]()
    for push in rows.pushes:
        if push.kind == "N10":
            waiting[push.chat_row_id or 0].append(push.created_at.timestamp())
        elif push.kind == "digest":
            # By the clock, where the campaign is played on a working morning in Tehran.
            mornings[push.chat_row_id, push.created_at.astimezone(TEHRAN).date()] += 1
        else:
            found[owners.of_push(push)][push.kind] += 1
    _differ("pushes", found, owners, _books(owners, house, "told"))
    assert max(mornings.values(), default=1) == 1, mornings
    for chat, times in waiting.items():
        times.sort()
        close = [b - a for a, b in pairwise(times) if b - a < HOUR]
        assert not close, f"chat {chat} was told of waiting files after {close} s"


def _ends(rows: Rows, owners: Owners) -> None:
    """Requests, cooperation and contracts stand as those who lived them saw it."""
    attempts = {one.request_id for one in rows.attempts if one.state is AttemptState.PAID}
    for owner, life in owners.lives.items():
        mine = [one for one in rows.requests if one.account_id == owner]
        assert [one.state for one in mine] == life.requests, f"{life.name}: {mine}, lived {life.requests}"
        for one in mine:
            due = bool(one.fee_rial) and one.state is RequestState.COMPLETED
            assert (one.id in attempts) == due, f"{life.name}: paid and state differ: {one}"
        for found, lived in (
            (rows.cooperations, life.cooperations),
            (rows.contracts, life.contracts),
        ):
            states = [one.state for one in found if one.account_id == owner]
            assert states == lived, f"{life.name}: {states}, lived {lived}"


def _drafts(rows: Rows, owners: Owners) -> None:
    """Whoever left in the middle has left exactly these answers; nobody else has left any."""
    left = {one.account_id or 0: one for one in rows.drafts if one.account_id in owners.lives}
    assert len(left) == len(rows.drafts), f"drafts of nobody: {[one.dialogue for one in rows.drafts]}"
    for owner, life in owners.lives.items():
        draft = left.get(owner)
        if life.draft is None:
            assert draft is None, f"{life.name} has left {draft}"
            continue
        assert draft is not None, f"the draft of {life.name} is lost"
        assert draft.dialogue == "qualification"
        # What the account holds already the form begins with.
        given = {"first_name": life.first, "last_name": life.last, **life.draft}
        begun = {"degree_level", "field_of_study"}
        assert draft.answers.keys() == given.keys() | begun, f"{life.name}: {draft.answers}"
        assert {key: draft.answers[key] for key in given} == given, f"{life.name}: {draft.answers}"


def _documents(rows: Rows, owners: Owners) -> None:
    """Each officer's uploads are what their requests hold, and nobody else's."""
    for owner, life in owners.lives.items():
        sent = checks.uploads(life.phones)
        held: set[str] = set()
        for request in rows.requests:
            if request.account_id == owner and request.state is not RequestState.DRAFT:
                held |= {rows.files[id_].sha256 for id_ in checks.held(rows, request)}
        assert held == sent, f"{life.name} sent {len(sent)} files, {len(held)} are held: {held ^ sent}"


def _texted(crowd: Crowd) -> None:
    """The SMS of each termination arrived at the manager's phone."""
    for life in crowd.lives:
        for mobile, words in life.sms:
            found = [one for one in crowd.town.sms.inbox(mobile) if words in plain(one.text)]
            assert len({one.localid for one in found}) == 1, f"{life.name}: {len(found)} SMS at {mobile}"


def _strangers(crowd: Crowd, managers: Sequence[Manager]) -> None:
    """No officer ever saw the name, the national code or the mobile of another; no manager those of an officer whom
    they never picked."""
    readers = [(life.name, life.phones, [life]) for life in crowd.lives]
    readers += [(f"manager {one.mobile}", one.phones, one.known) for one in managers]
    for reader, phones, known in readers:
        seen = "\n".join(one.text for phone in phones for one in phone.history())
        for other in crowd.lives:
            if other not in known:
                shown = [mark for mark in _marks(other) if mark in seen]
                assert not shown, f"{reader} saw {shown} of {other.name}"


def _marks(life: Life) -> list[str]:
    codes = [code for code in (life.national_code, life.mobile) if code]
    return [life.name, *codes, *(code.translate(PERSIAN) for code in codes)]
