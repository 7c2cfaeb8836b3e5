"""After a campaign: what everybody did and was told, against what the database and the file store hold."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any

from bot.rules import cooperation, qualification
from bot.services.shared import pay_messages
from bot.texts.formats import TEHRAN
from demo.seen import plain
from storage.enums import AttemptState, RequestState
from storage.tables import (
    Account,
    AuditEvent,
    Contract,
    CooperationRequest,
    Draft,
    PaymentAttempt,
    Push,
    QualificationRequest,
    Termination,
)
from tests.crash import checks
from tests.crash.arrivals import Arrivals
from tests.crash.checks import CLICKS, LOOKS, Figures
from tests.crash.cooperation import Manager
from tests.crash.crowd import Crowd
from tests.crash.officer import ExpectedEffects, Officer
from tests.crash.rows import Rows
from tests.support.fleet import Deployment

#: Seconds between two N10 of one expert.
HOUR = 3600
PERSIAN = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
Effects = dict[int, Counter[str]]


class Owners:
    """Which officer an event or a push concerns: account.id, or 0 for none."""

    def __init__(self, rows: Rows, officers: Iterable[Officer]) -> None:
        codes = {one.user_code: one.id or 0 for one in rows[Account]}
        self.officers = {codes[officer.credentials.user_code]: officer for officer in officers}
        requests = {one.id: one.account_id for one in rows[QualificationRequest]}
        self._of: dict[str, dict[int | None, int]] = {
            "qualification": requests,
            "payment_attempt": {one.id: requests.get(one.request_id, 0) for one in rows[PaymentAttempt]},
            "cooperation": {one.id: one.account_id for one in rows[CooperationRequest]},
            "contract": {one.id: one.account_id for one in rows[Contract]},
            "termination": {one.id: one.account_id for one in rows[Termination]},
            "account": {one: one for one in self.officers},
        }

    def of_event(self, event: AuditEvent) -> int:
        return self._of.get(event.subject, {}).get(event.subject_id, 0)

    def of_push(self, push: Push) -> int:
        """A push tells of the case that its key names, else it is about its reader."""
        word, _, rest = push.key.partition(":")
        subject = "payment_attempt" if word == "payment" else word
        if subject in self._of.keys() - {"account"}:
            return self._of[subject].get(int(rest.partition(":")[0]), 0)
        return push.account_id if push.account_id in self.officers else 0


@dataclass(frozen=True, slots=True)
class Result:
    crowd: Crowd
    managers: Sequence[Manager]
    arrivals: Arrivals
    seconds: float


async def check(result: Result, rows: Rows, deployment: Deployment) -> Figures:
    """Compare. Call it once nothing runs. Raises AssertionError with everything that is lost or doubled."""
    figures = compare(result, rows)
    await checks.stored_files(rows, deployment.store, deployment.stored_names(), figures)
    assert deployment.emulators.violations == []
    assert "Traceback" not in deployment.logs
    return figures


def compare(result: Result, rows: Rows) -> Figures:
    """What was sent, done, told and shown with what the database holds."""
    crowd, emulators = result.crowd, result.crowd.emulators
    paid = sum(one.expected.events["payment_attempt.payment_paid"] for one in crowd.officers)
    figures = checks.everywhere(rows, emulators, crowd.killer, result.arrivals, paid=paid)
    owners = Owners(rows, crowd.officers)
    assert len(owners.officers) == len(crowd.officers)
    _same("events", _events(rows, owners), owners, crowd.other_effects)
    _transitions(rows)
    _same("pushes", _pushes(rows, owners), owners, crowd.other_effects)
    _states(rows, owners)
    checks.sms(rows, emulators, figures)
    _drafts(rows, owners)
    _documents(rows, owners)
    _sms_of_terminations(crowd)
    _nothing_of_others(crowd, result.managers)
    return figures


def _same(side: str, found: Effects, owners: Owners, others: ExpectedEffects) -> None:
    """`side` ("events" or "pushes"): each expected effect as often as it was caused, and none besides."""
    expected: Effects = {owner: +getattr(one.expected, side) for owner, one in owners.officers.items()}
    expected[0] = +getattr(others, side)
    wrong = []
    for owner in found.keys() | expected.keys():
        is_, should = found.get(owner, Counter()), expected.get(owner, Counter())
        if is_ != should:
            whose = owners.officers[owner].last_messages() if owner in owners.officers else "no officer"
            wrong.append(f"{side} {dict(is_)}, expected {dict(should)}: {whose}")
    assert not wrong, "\n".join(wrong)


def _events(rows: Rows, owners: Owners) -> Effects:
    found: Effects = defaultdict(Counter)
    unpaid: set[int] = set()
    for event in rows[AuditEvent]:
        if event.event in LOOKS | CLICKS:
            continue
        if event.event in ("payment_not_paid", "payment_expired"):
            # A browser that reloads asks the bank about the same attempt again; one that nobody used runs out.
            if event.subject_id in unpaid or event.event == "payment_expired":
                continue
            unpaid.add(event.subject_id)
        found[owners.of_event(event)][f"{event.subject}.{event.event}"] += 1
    return found


_TABLES: dict[str, dict[Any, Any]] = {
    "qualification": qualification.TABLE,
    "cooperation": cooperation.TABLE,
    "contract": cooperation.CONTRACT.table,
    "termination": cooperation.TERMINATION.table,
}


def _transitions(rows: Rows) -> None:
    """The events of each case follow one another as the rule tables allow."""
    state: dict[tuple[str, int], str | None] = {}
    for event in rows[AuditEvent]:
        table = _TABLES.get(event.subject)
        if table is None or event.event in LOOKS:
            continue
        case = (event.subject, event.subject_id)
        assert event.from_state == state.get(case), f"{case}: {event.event} from {event.from_state}"
        allowed = {
            (row.source, row.event, target)
            for row in table.values()
            for target in {row.target, row.target_if_true or row.target}
        }
        assert (event.from_state, event.event, event.to_state) in allowed, f"{case}: {event}"
        state[case] = event.to_state


def _pushes(rows: Rows, owners: Owners) -> Effects:
    """Without those by the clock: of waiting files experts are told at most once an hour, of the day's at most daily.
    Without those that edit: one for each message with a pay button, however often a kill had it sent."""
    found: Effects = defaultdict(Counter)
    waiting: dict[int, list[float]] = defaultdict(list)
    mornings = Counter[tuple[int | None, date]]()
    for push in rows[Push]:
        if push.kind == "N10":
            waiting[push.chat_row_id or 0].append(push.created_at.timestamp())
        elif push.kind == "digest":
            mornings[push.chat_row_id, push.created_at.astimezone(TEHRAN).date()] += 1
        elif push.kind != pay_messages.KIND:
            found[owners.of_push(push)][push.kind] += 1
    assert max(mornings.values(), default=1) == 1, mornings
    for chat, times in waiting.items():
        close = [b - a for a, b in pairwise(sorted(times)) if b - a < HOUR]
        assert not close, f"chat {chat} was told of waiting files after {close} s"
    return found


def _states(rows: Rows, owners: Owners) -> None:
    """Requests, cooperations and contracts stand as the users saw them."""
    paid = {one.request_id for one in rows[PaymentAttempt] if one.state is AttemptState.PAID}
    for owner, officer in owners.officers.items():
        for table, expected in (
            (QualificationRequest, officer.requests),
            (CooperationRequest, officer.cooperations),
            (Contract, officer.contracts),
        ):
            states = [one.state for one in rows[table] if one.account_id == owner]
            assert states == expected, f"{officer.name}: {table.__name__} {states}, expected {expected}"
    for one in rows[QualificationRequest]:
        due = bool(one.fee_rial) and one.state is RequestState.COMPLETED
        assert (one.id in paid) == due, f"paid and state differ: {one}"


def _drafts(rows: Rows, owners: Owners) -> None:
    """Whoever stopped in the middle has left exactly these answers; nobody else has left any."""
    left = {one.account_id or 0: one for one in rows[Draft] if one.account_id in owners.officers}
    assert len(left) == len(rows[Draft]), f"drafts of nobody: {[one.dialogue for one in rows[Draft]]}"
    for owner, officer in owners.officers.items():
        draft = left.get(owner)
        if officer.draft is None:
            assert draft is None, f"{officer.name} has left {draft}"
            continue
        assert draft is not None, f"the draft of {officer.name} is lost"
        assert draft.dialogue == "qualification"
        # What the account holds already the form begins with.
        given = {"first_name": officer.first, "last_name": officer.last, **officer.draft}
        begun = {"degree_level", "field_of_study", "email", "_given"}
        assert draft.answers.keys() == given.keys() | begun, f"{officer.name}: {draft.answers}"
        assert {key: draft.answers[key] for key in given} == given, f"{officer.name}: {draft.answers}"


def _documents(rows: Rows, owners: Owners) -> None:
    """Each officer's uploads are what their requests hold, and nobody else's."""
    for owner, officer in owners.officers.items():
        sent, held = checks.uploads(officer.phones), set[str]()
        for request in rows[QualificationRequest]:
            if request.account_id == owner and request.state is not RequestState.DRAFT:
                held |= checks.held(rows, request)
        assert held == sent, f"{officer.name} sent {len(sent)} files, {len(held)} are held: {held ^ sent}"


def _sms_of_terminations(crowd: Crowd) -> None:
    """The SMS of each termination arrived at the manager's phone."""
    for officer in crowd.officers:
        for mobile, words in officer.sms:
            found = [one for one in crowd.emulators.sms.inbox(mobile) if words in plain(one.text)]
            assert len({one.localid for one in found}) == 1, f"{officer.name}: {len(found)} SMS at {mobile}"


def _nothing_of_others(crowd: Crowd, managers: Sequence[Manager]) -> None:
    """No officer ever saw the name, the national code or the mobile of another; no manager those of an officer whom
    they never chose."""
    readers = [(officer.name, officer.phones, [officer]) for officer in crowd.officers]
    readers += [(f"manager {one.mobile}", one.phones, one.known) for one in managers]
    for reader, phones, known in readers:
        seen = "\n".join(one.text for phone in phones for one in phone.history())
        for other in crowd.officers:
            if other not in known:
                shown = [mark for mark in _marks(other) if mark in seen]
                assert not shown, f"{reader} saw {shown} of {other.name}"


def _marks(officer: Officer) -> list[str]:
    codes = [code for code in (officer.national_code, officer.mobile) if code]
    return [officer.name, *codes, *(code.translate(PERSIAN) for code in codes)]
