"""What a typed search leads to: the one result, or the list of them; lists that a typed text narrows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from bot.core.context import Turn
from bot.core.refusals import Stale
from bot.core.screens import Press, Reply
from bot.services.directorate import account_lookup
from bot.services.search import lookup, names
from bot.services.search.lookup import Hit
from storage.enums import Role
from storage.tables import (
    Account,
    CooperationRequest,
    Distributor,
    FieldOfStudy,
    QualificationRequest,
    University,
)

#: The list of results; `id` is the search, `arg` the page.
RESULTS = "find"
#: Opens a result for staff, who are recorded: the account of the id, or the file of a kind that `arg` names.
OPEN = "find.open"
#: Staff's list of companies and guilds.
COMPANIES = Press("staff.dists")
_FILES: dict[str, tuple[type[QualificationRequest] | type[CooperationRequest], str]] = {
    "file": (QualificationRequest, "desk.file"),
    "coop": (CooperationRequest, "desk.coop_file"),
}


#: «3», or «3.q17».
_PACKED = re.compile(r"(\d{0,5})(?:\.q(\d{1,15}))?")


@dataclass(frozen=True, slots=True)
class NarrowedPlace:
    """What of a list is shown, as a button's argument: the page from 0, and the search that it is narrowed by; 0: none."""

    page: int = 0
    query_id: int = 0

    @classmethod
    def of(cls, arg: str) -> NarrowedPlace:
        match = _PACKED.fullmatch(arg)
        page, query = match.groups(default="0") if match is not None else ("0", "0")
        return cls(int(page or 0), int(query))

    def pack(self) -> str:
        return f"{self.page}.q{self.query_id}" if self.query_id else str(self.page)


def narrowed(turn: Turn, view: Press, text: str) -> Press:
    """The list of `view`, narrowed by the text, from its first page on."""
    query_id = lookup.keep(turn.db, actor=turn.actor, text=text, now=turn.now)
    return Press(view.action, view.id, arg=NarrowedPlace(0, query_id).pack())


def narrowed_by(turn: Turn, place: NarrowedPlace) -> str:
    """What the list is narrowed by, empty for nothing. Raises Stale for what is of another person, or of long ago."""
    return lookup.kept(turn.db, actor=turn.actor, query_id=place.query_id) if place.query_id else ""


def companies_reply(turn: Turn, text: str) -> Reply | None:
    """The one company's card, or the list of companies and guilds narrowed by the text; None where nothing is found."""
    ids, _ = names.companies(turn.db, actor=turn.actor, text=text)
    if not ids:
        return None
    if len(ids) == 1:
        return Reply(goto=Press("staff.dist", ids[0]))
    return Reply(goto=narrowed(turn, COMPANIES, text))


def search_reply(turn: Turn, text: str) -> Reply | None:
    """The one result's screen, or the list; None where nothing is found. Raises NotAllowed."""
    results = lookup.search(turn.db, actor=turn.actor, text=text)
    if not results.hits:
        return None
    query_id = lookup.remember(turn.db, actor=turn.actor, text=text, results=results, now=turn.now)
    owners = {getattr(hit.subject, "account_id", None) for hit in results.hits}
    if len(results.hits) > 1 and turn.role is not Role.STAFF and len(owners) == 1:
        return Reply(goto=Press("desk.person", owners.pop() or 0))
    if len(results.hits) > 1:
        return Reply(goto=Press(RESULTS, query_id))
    press = hit_press(turn, results.hits[0])
    return Reply(goto=open_result(turn, press) if press.action == OPEN else press)


def hit_press(turn: Turn, hit: Hit) -> Press:
    """What opens a result. An account, and for staff a file, is opened by an act that records it."""
    match hit.subject:
        case University() as university:
            return Press("staff.university_data", arg=university.code)
        case FieldOfStudy() as field:
            return Press("staff.field", arg=field.code)
        case Distributor() as distributor:
            return Press("staff.dist", distributor.id or 0)
        case Account() as account:
            return Press(OPEN, account.id or 0)
        case QualificationRequest() as request:
            return _file_press(turn, "file", request.id or 0)
        case CooperationRequest() as cooperation:
            return _file_press(turn, "coop", cooperation.id or 0)


def _file_press(turn: Turn, kind: str, request_id: int) -> Press:
    if turn.role is Role.STAFF:
        return Press(OPEN, request_id, arg=kind)
    return Press(_FILES[kind][1], request_id)


def open_result(turn: Turn, press: Press) -> Press:
    """Record that staff looked it up; its screen. Raises Stale for what is not there, NotAllowed."""
    if not press.arg:
        account = turn.db.get(Account, press.id)
        if account is None:
            raise Stale
        account_lookup.note_account(turn.db, actor=turn.actor, account=account, now=turn.now)
        return Press("staff.account", press.id)
    if press.arg not in _FILES:
        raise Stale
    model, action = _FILES[press.arg]
    row: Any = turn.db.get(model, press.id)
    if row is None or row.tracking_code is None:
        raise Stale
    account_lookup.note_look_up(turn.db, actor=turn.actor, requests=[row], now=turn.now)
    return Press(action, press.id)
