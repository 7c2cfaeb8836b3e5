"""The expert's lists, of qualification files and of cooperation requests: the queue, own files, files in colleagues'
hands; and an applicant's requests (SPEC 4.1, expert.menu)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from bot.errors import InvalidInput, NotAllowed
from bot.routes import Routes
from bot.screens import Button, Press, Reply, Screen, button
from bot.services import cooperation, review
from bot.texts import formats, t
from bot.turn import Turn
from conversations.engine import Engine
from conversations.review import file_door, find_files
from conversations.wording import shortened
from handlers.nav import Row, grid, home, page_of, pager
from storage.states import Role
from storage.tables import Account, CooperationRequest

EXPERTS = (Role.EXPERT, Role.IN_CHARGE)
HEADS = (Role.IN_CHARGE,)
REVIEWERS = (*EXPERTS, Role.STAFF)
#: Files a page: the numbers can be typed, the buttons fit a phone.
PAGE = 10


def routes(engine: Engine) -> Routes:
    """desk.queue, mine, all, next, the same of cooperation, desk.search, desk.person."""
    table = Routes()
    table.show("desk.queue", roles=EXPERTS)(queue)
    table.show("desk.mine", roles=EXPERTS)(mine)
    table.show("desk.all", roles=HEADS)(under_way)
    table.show("desk.person", roles=REVIEWERS)(person)
    table.act("desk.next", roles=EXPERTS)(next_file)
    table.show("desk.coop", roles=EXPERTS)(coop_queue)
    table.show("desk.coop_mine", roles=EXPERTS)(coop_mine)
    table.show("desk.coop_all", roles=HEADS)(coop_under_way)
    table.act("desk.coop_next", roles=EXPERTS)(next_coop)

    @table.act("desk.search", roles=REVIEWERS)
    def search(turn: Turn, press: Press) -> Reply:
        return engine.start(turn, "search")

    return table


class Found(Protocol):
    """A part of a list. `oldest` is how long its first file has waited, None where the list is empty."""

    @property
    def lines(self) -> Sequence[Any]: ...
    @property
    def total(self) -> int: ...
    @property
    def oldest(self) -> timedelta | None: ...


@dataclass(frozen=True, slots=True)
class Sort:
    """One sort of files: what a line says, what opens one, which lists there are (action → label)."""

    words: Callable[[Any], dict[str, str]]
    name: Callable[[Any], str]
    opens: str
    lists: Mapping[str, str]
    #: The list that only heads have.
    for_heads: str
    #: The way to the other sort.
    other: Callable[[], Button]


@dataclass(frozen=True, slots=True)
class _Kind:
    """How one list is read and worded: `line` words a file, given its number and the sort's own values."""

    sort: Sort
    fetch: Callable[..., Found]
    title: str
    empty: str
    line: str


def _file_words(line: review.Line) -> dict[str, str]:
    return {"name": line.applicant.name, "state": t(f"status.{line.request.state}")}


def _coop_words(line: cooperation.Line) -> dict[str, str]:
    return {
        "name": line.officer.name,
        "distributor": line.distributor.name,
        "branch": line.branch.name,
    }


FILES = Sort(
    _file_words,
    lambda line: str(line.applicant.name),
    "desk.file",
    {"desk.queue": "desk.new", "desk.mine": "desk.mine", "desk.all": "desk.under_way"},
    "desk.all",
    lambda: button(t("desk.coop"), "desk.coop"),
)
COOPERATION = Sort(
    _coop_words,
    lambda line: str(line.officer.name),
    "desk.coop_file",
    {"desk.coop": "desk.coop_new", "desk.coop_mine": "desk.coop_mine", "desk.coop_all": "desk.coop_all"},
    "desk.coop_all",
    lambda: button(t("desk.new"), "desk.queue"),
)

_QUEUE = _Kind(FILES, review.queue, "desk.queue_title", "desk.queue_empty", "desk.line")
_MINE = _Kind(FILES, review.mine, "desk.mine_title", "desk.mine_empty", "desk.line_state")
_UNDER_WAY = _Kind(
    FILES, review.under_way, "desk.under_way_title", "desk.under_way_empty", "desk.line_expert"
)
_COOP_QUEUE = _Kind(
    COOPERATION, cooperation.queue, "desk.coop_queue_title", "desk.coop_queue_empty", "desk.coop_line"
)
_COOP_MINE = _Kind(
    COOPERATION, cooperation.mine, "desk.coop_mine_title", "desk.coop_mine_empty", "desk.coop_line"
)
_COOP_UNDER_WAY = _Kind(
    COOPERATION,
    cooperation.under_way,
    "desk.coop_all_title",
    "desk.coop_all_empty",
    "desk.coop_line_expert",
)


def queue(turn: Turn, press: Press) -> Screen:
    """What waits at the university, oldest first."""
    return _list(turn, press, _QUEUE)


def mine(turn: Turn, press: Press) -> Screen:
    """What is in this expert's hands."""
    return _list(turn, press, _MINE)


def under_way(turn: Turn, press: Press) -> Screen:
    """What is in any expert's hands, for whoever may reassign it (W7)."""
    return _list(turn, press, _UNDER_WAY)


def coop_queue(turn: Turn, press: Press) -> Screen:
    """Accepted cooperation requests that wait at the branch's university (W6), oldest first."""
    return _list(turn, press, _COOP_QUEUE)


def coop_mine(turn: Turn, press: Press) -> Screen:
    """Cooperation requests in this expert's hands."""
    return _list(turn, press, _COOP_MINE)


def coop_under_way(turn: Turn, press: Press) -> Screen:
    """Cooperation requests in any expert's hands."""
    return _list(turn, press, _COOP_UNDER_WAY)


def _list(turn: Turn, press: Press, kind: _Kind) -> Screen:
    page = page_of(press)
    found = kind.fetch(turn.db, actor=turn.actor, now=turn.now, offset=page * PAGE, limit=PAGE)
    pages = max(-(-found.total // PAGE), 1)
    if not found.lines and found.total:  # the list became shorter than the button remembers
        page = pages - 1
        found = kind.fetch(turn.db, actor=turn.actor, now=turn.now, offset=page * PAGE, limit=PAGE)
    ways = tuple(_elsewhere(turn, press.action, kind.sort))
    if not found.total:
        return Screen(t(kind.empty), ways)
    age = formats.age(found.oldest) if found.oldest is not None else ""
    lines = [t(kind.title, n=formats.number(found.total), age=age)]
    if pages > 1:
        lines.append(t("desk.page", page=formats.digits(page + 1), pages=formats.digits(pages)))
    lines.append("")
    buttons: list[Button] = []
    for number, line in enumerate(found.lines, 1):
        lines.append(_worded(turn, kind, formats.digits(number), line))
        label = t("desk.button_line", i=formats.digits(number), name=kind.sort.name(line))
        buttons.append(button(shortened(label, 20), kind.sort.opens, line.request.id))
    turns = pager(Press(press.action), page=page, pages=pages)
    return Screen("\n".join(lines), (*grid(buttons, columns=2), *turns, *ways))


def _worded(turn: Turn, kind: _Kind, number: str, line: Any) -> str:
    return t(
        kind.line,
        i=number,
        code=line.request.tracking_code or "",
        age=formats.age(turn.now - line.since),
        expert=line.reviewer.name if line.reviewer is not None else "",
        **kind.sort.words(line),
    )


def _elsewhere(turn: Turn, here: str, sort: Sort) -> list[Row]:
    """The other lists of the sort, the other sort, search, home."""
    row = [
        button(t(label), action)
        for action, label in sort.lists.items()
        if action != here and (action != sort.for_heads or turn.role in HEADS)
    ]
    return grid([*row, sort.other(), button(t("desk.search"), "desk.search"), home()], columns=2)


def next_file(turn: Turn, press: Press) -> Reply:
    """The oldest file of the queue but the one just seen."""
    return _next(turn, press, review.queue, "desk.file", "desk.queue")


def next_coop(turn: Turn, press: Press) -> Reply:
    """The oldest waiting cooperation request but the one just seen."""
    return _next(turn, press, cooperation.queue, "desk.coop_file", "desk.coop")


def _next(turn: Turn, press: Press, fetch: Callable[..., Found], opens: str, none_left: str) -> Reply:
    found = fetch(turn.db, actor=turn.actor, now=turn.now, limit=2)
    waiting = [line.request.id for line in found.lines if line.request.id != press.id]
    if not waiting:
        return Reply(goto=Press(none_left), notice=t("desk.nothing_next"))
    return Reply(goto=Press(opens, waiting[0]))


def person(turn: Turn, press: Press) -> Screen:
    """One applicant's files of both sorts, as far as this actor may see them."""
    applicant = turn.db.get(Account, press.id)
    if applicant is None or applicant.national_code is None:
        raise NotAllowed
    try:
        found = find_files(turn.db, actor=turn.actor, code=applicant.national_code)
    except InvalidInput:
        raise NotAllowed from None
    lines, rows = [t("desk.person_title", name=applicant.name)], list[Row]()
    for number, request in enumerate(found[:PAGE], 1):
        i = formats.digits(number)
        code, day = request.tracking_code or "", formats.jalali_day(request.state_since)
        if isinstance(request, CooperationRequest):
            state, line = t(f"coop_status.{request.state}"), "desk.coop_found_line"
        else:
            state, line = t(f"status.{request.state}"), "desk.person_line"
        lines.append(t(line, i=i, code=code, state=state, day=day))
        rows.append((button(t("desk.button_line", i=i, name=code), *file_door(request)),))
    return Screen("\n".join(lines), (*rows, (button(t("desk.search"), "desk.search"), home())))
