"""«پرونده بعدی»: the next file of the list that one came from, wrapping at its end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.application.routes import Routes
from bot.core.context import Turn
from bot.core.screens import BadPress, Press, Reply
from bot.services.search import lookup
from bot.texts import formats, t
from conversations.common import searching
from conversations.engine.engine import Engine
from handlers.expert import worklists
from handlers.expert.worklists import COOPERATION_LISTS, EXPERTS, QUALIFICATION_LISTS, WorklistView
from storage.enums import Role
from storage.tables import Account, CooperationRequest, QualificationRequest

#: Rows around the remembered place in which a file is looked for: colleagues decide some meanwhile.
AROUND = 10


@dataclass(frozen=True, slots=True)
class NextFile:
    """`left`: how many files the list has beside the one that is left behind. `wrapped`: the list begins anew."""

    request: Any
    at: int
    left: int
    wrapped: bool


def routes(engine: Engine) -> Routes:
    """desk.next, desk.coop_next."""
    table = Routes()

    def opens(view: WorklistView, action: str) -> None:
        table.act(action, roles=EXPERTS)(lambda turn, press: open_next(view, turn, press))

    opens(QUALIFICATION_LISTS, "desk.next")
    opens(COOPERATION_LISTS, "desk.coop_next")
    return table


def note_place(view: WorklistView, turn: Turn, request_id: int) -> None:
    """A file is opened: remember its place in the list that the chat shows or showed last, where it is in it."""
    if turn.role not in EXPERTS:
        return
    listed = _listed(view, turn)
    begin = _begin(turn, listed)
    place = _place(view, turn, listed, begin, request_id)
    if place is None and begin:
        place = _place(view, turn, listed, 0, request_id)
    if place is not None and turn.chat.listing != (noted := {"list": listed.action, "at": place}):
        turn.chat.listing = noted


def next_file(view: WorklistView, turn: Turn, request_id: int) -> NextFile | None:
    """What comes after this file in its list, or stands in its place where it has left the list; the first one after
    the last. None where the list has no other file."""
    listed = _listed(view, turn)
    at = _at(turn, listed)
    begin = max(at - AROUND, 0)
    rows, total = _lines(view, turn, listed, begin, 2 * AROUND + 1)
    ids = [row.id for row in rows]
    listed_still = request_id in ids
    place = begin + ids.index(request_id) + 1 if listed_still else at
    left = total - listed_still
    if 0 <= place - begin < len(rows):
        return NextFile(rows[place - begin], place, left, False)
    rows, total = _lines(view, turn, listed, 0, 2)
    for place, row in enumerate(rows):
        if row.id != request_id:
            return NextFile(row, place, left, True)
    return None


def left_lines(turn: Turn, view: WorklistView, following: NextFile) -> list[str]:
    """After a decision: how many files the list has left, and which is the next."""
    request = following.request
    name = turn.db.get_one(Account, request.account_id).name
    queue = _listed(view, turn).action == next(iter(view.lists))
    left = f"desk.{'coop_' if view is COOPERATION_LISTS else ''}outcome_{'waiting' if queue else 'left'}"
    return [
        "",
        t(left, n=formats.number(following.left)),
        t("desk.next_line", code=request.tracking_code, name=name),
    ]


def open_next(view: WorklistView, turn: Turn, press: Press) -> Reply:
    """Open the next file; at the end of the list say that it begins anew."""
    following = next_file(view, turn, press.id)
    if following is None:
        return Reply(goto=_listed(view, turn), notice=t("desk.nothing_next"))
    turn.chat.listing = {"list": _listed(view, turn).action, "at": following.at}
    notice = t("desk.next_wrapped") if following.wrapped else None
    return Reply(goto=Press(view.opens, following.request.id or 0), notice=notice)


def _listed(view: WorklistView, turn: Turn) -> Press:
    """The list of this kind of file that the chat came from; the common queue where there is none."""
    try:
        listed = Press.unpack(turn.chat.list_view or "")
    except BadPress:
        return Press(next(iter(view.lists)))
    known = listed.action in view.lists or listed.action == searching.RESULTS
    if not known or (listed.action in worklists.FOR_HEADS and turn.role is not Role.IN_CHARGE):
        return Press(next(iter(view.lists)))
    return listed


def _at(turn: Turn, listed: Press) -> int:
    noted = turn.chat.listing
    return int(noted["at"]) if noted.get("list") == listed.action else 0


def _begin(turn: Turn, listed: Press) -> int:
    """Where a file that is opened is looked for: around the last place, else on the page that the chat showed."""
    if turn.chat.listing.get("list") == listed.action:
        return max(_at(turn, listed) - AROUND, 0)
    return worklists.first_row(listed)


def _place(view: WorklistView, turn: Turn, listed: Press, begin: int, request_id: int) -> int | None:
    rows, _ = _lines(view, turn, listed, begin, 2 * AROUND + 1)
    return next((begin + n for n, row in enumerate(rows) if row.id == request_id), None)


def _lines(view: WorklistView, turn: Turn, listed: Press, offset: int, limit: int) -> tuple[list[Any], int]:
    """The files of a list from a place on, and how many it has."""
    if listed.action == searching.RESULTS:
        _, results = lookup.repeat(turn.db, actor=turn.actor, query_id=listed.id)
        row = CooperationRequest if view is COOPERATION_LISTS else QualificationRequest
        found = [hit.subject for hit in results.hits if isinstance(hit.subject, row)]
        return found[offset : offset + limit], len(found)
    page = worklists.lines_of(turn, listed, offset=offset, limit=limit)
    return [line.request for line in page.lines], page.total
