"""The expert's lists, of qualification files and of cooperation requests: the queue, own files, those
under colleagues' review; and an applicant's requests (docs/specification.md 4.1, expert.menu)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.application.routes import Routes
from bot.core.context import Turn
from bot.core.refusals import InvalidInput, NotAllowed
from bot.core.screens import Button, Press, Reply, Screen, button
from bot.services import cooperation
from bot.services.qualification import review
from bot.services.review.worklists import WorklistPage, Worklists
from bot.texts import formats, t
from conversations.common.labels import shortened
from conversations.engine.engine import Engine
from conversations.expert.review import find_files, request_address
from handlers.common.navigation import ButtonRow, button_grid, home_button, page_of, pager_rows
from storage.enums import Role
from storage.tables import Account, CooperationRequest

EXPERTS = (Role.EXPERT, Role.IN_CHARGE)
HEADS = (Role.IN_CHARGE,)
REVIEWERS = (*EXPERTS, Role.STAFF)
#: Files a page: the numbers can be typed, the buttons fit a phone.
PAGE = 10


def routes(engine: Engine) -> Routes:
    """desk.queue, mine, all, next, the same of cooperation, desk.search, desk.person."""
    table = Routes()
    for action in _LISTS:
        table.show(action, roles=HEADS if action in FOR_HEADS else EXPERTS)(show_worklist)
    table.commands |= {"queue": Press("desk.queue"), "mine": Press("desk.mine")}
    table.show("desk.person", roles=REVIEWERS)(show_applicant_requests)

    @table.act("desk.search", roles=REVIEWERS)
    def search(turn: Turn, press: Press) -> Reply:
        return engine.start(turn, "search")

    return table


@dataclass(frozen=True, slots=True)
class WorklistView:
    """One sort of files: its services, what a line says, what opens one, which lists there are (action →
    label; the queue comes first)."""

    services: Worklists[Any, Any]
    words: Callable[[Any], dict[str, str]]
    opens: str
    lists: Mapping[str, str]
    #: The way to the other sort.
    other: Callable[[], Button]


@dataclass(frozen=True, slots=True)
class _Kind:
    """How one list is read and worded: `line` words a file, given its number and the sort's own values."""

    view: WorklistView
    fetch: Callable[..., WorklistPage[Any]]
    title: str
    empty: str
    line: str


def _qualification_values(line: review.RequestLine) -> dict[str, str]:
    return {"name": line.applicant.name, "state": t(f"status.{line.request.state}")}


def _cooperation_values(line: cooperation.CooperationLine) -> dict[str, str]:
    return {
        "name": line.officer.name,
        "distributor": line.distributor.name,
        "branch": line.branch.name,
    }


QUALIFICATION_LISTS = WorklistView(
    review.LISTS,
    _qualification_values,
    "desk.file",
    {"desk.queue": "desk.new", "desk.mine": "desk.mine", "desk.all": "desk.under_way"},
    lambda: button(t("desk.coop"), "desk.coop"),
)
COOPERATION_LISTS = WorklistView(
    cooperation.LISTS,
    _cooperation_values,
    "desk.coop_file",
    {"desk.coop": "desk.coop_new", "desk.coop_mine": "desk.coop_mine", "desk.coop_all": "desk.coop_all"},
    lambda: button(t("desk.new"), "desk.queue"),
)
#: Files under any expert's review, for experts in charge and staff (W7).
FOR_HEADS = frozenset({"desk.all", "desk.coop_all"})

_LISTS = {
    "desk.queue": _Kind(
        QUALIFICATION_LISTS,
        QUALIFICATION_LISTS.services.queue,
        "desk.queue_title",
        "desk.queue_empty",
        "desk.line",
    ),
    "desk.mine": _Kind(
        QUALIFICATION_LISTS,
        QUALIFICATION_LISTS.services.mine,
        "desk.mine_title",
        "desk.mine_empty",
        "desk.line_state",
    ),
    "desk.all": _Kind(
        QUALIFICATION_LISTS,
        QUALIFICATION_LISTS.services.under_way,
        "desk.under_way_title",
        "desk.under_way_empty",
        "desk.line_expert",
    ),
    "desk.coop": _Kind(
        COOPERATION_LISTS,
        COOPERATION_LISTS.services.queue,
        "desk.coop_queue_title",
        "desk.coop_queue_empty",
        "desk.coop_line",
    ),
    "desk.coop_mine": _Kind(
        COOPERATION_LISTS,
        COOPERATION_LISTS.services.mine,
        "desk.coop_mine_title",
        "desk.coop_mine_empty",
        "desk.coop_line",
    ),
    "desk.coop_all": _Kind(
        COOPERATION_LISTS,
        COOPERATION_LISTS.services.under_way,
        "desk.coop_all_title",
        "desk.coop_all_empty",
        "desk.coop_line_expert",
    ),
}


def show_worklist(turn: Turn, press: Press) -> Screen:
    """The list that the press names, a page of it."""
    kind = _LISTS[press.action]
    if turn.chat.list_view != (packed := press.pack()):
        turn.chat.list_view = packed
        turn.chat.listing = {}
    page = page_of(press)
    listing = kind.fetch(turn.db, actor=turn.actor, now=turn.now, offset=page * PAGE, limit=PAGE)
    pages = max(-(-listing.total // PAGE), 1)
    if not listing.lines and listing.total:  # the list became shorter than the button remembers
        page = pages - 1
        listing = kind.fetch(turn.db, actor=turn.actor, now=turn.now, offset=page * PAGE, limit=PAGE)
    last_rows = tuple(_other_lists_rows(turn, press.action, kind.view))
    if not listing.total:
        return Screen(t(kind.empty), last_rows)
    age = formats.age(listing.oldest) if listing.oldest is not None else ""
    lines = [t(kind.title, n=formats.number(listing.total), age=age)]
    if pages > 1:
        lines.append(t("desk.page", page=formats.digits(page + 1), pages=formats.digits(pages)))
    lines.append("")
    buttons: list[Button] = []
    for number, line in enumerate(listing.lines, 1):
        lines.append(_line_text(turn, kind, formats.digits(number), line))
        name = kind.view.words(line)["name"]
        label = t("desk.button_line", i=formats.digits(number), name=name)
        buttons.append(button(shortened(label, 20), kind.view.opens, line.request.id))
    turns = pager_rows(Press(press.action), page=page, pages=pages)
    return Screen("\n".join(lines), (*button_grid(buttons, columns=2), *turns, *last_rows))


def _line_text(turn: Turn, kind: _Kind, number: str, line: Any) -> str:
    return t(
        kind.line,
        i=number,
        code=line.request.tracking_code or "",
        age=formats.age(turn.now - line.since),
        expert=line.reviewer.name if line.reviewer is not None else "",
        **kind.view.words(line),
    )


def _other_lists_rows(turn: Turn, here: str, view: WorklistView) -> list[ButtonRow]:
    """The other lists of the sort, the other sort, search, home."""
    row = [
        button(t(label), action)
        for action, label in view.lists.items()
        if action != here and (action not in FOR_HEADS or turn.role in HEADS)
    ]
    return button_grid(
        [*row, view.other(), button(t("desk.search"), "desk.search"), home_button()], columns=2
    )


def lines_of(turn: Turn, press: Press, *, offset: int, limit: int) -> WorklistPage[Any]:
    """The files of the list that `press` shows, from the row `offset` on, whatever page it is at."""
    return _LISTS[press.action].fetch(turn.db, actor=turn.actor, now=turn.now, offset=offset, limit=limit)


def first_row(press: Press) -> int:
    """Of the page that `press` shows, counted from 0."""
    return page_of(press) * PAGE


def show_applicant_requests(turn: Turn, press: Press) -> Screen:
    """One applicant's files of both sorts, as far as this actor may see them."""
    applicant = turn.db.get(Account, press.id)
    if applicant is None or applicant.national_code is None:
        raise NotAllowed
    try:
        requests = find_files(turn.db, actor=turn.actor, code=applicant.national_code)
    except InvalidInput:
        raise NotAllowed from None
    lines, rows = [t("desk.person_title", name=applicant.name)], list[ButtonRow]()
    for number, request in enumerate(requests[:PAGE], 1):
        i = formats.digits(number)
        code, day = request.tracking_code or "", formats.jalali_day(request.state_since)
        if isinstance(request, CooperationRequest):
            state, line = t(f"coop_status.{request.state}"), "desk.coop_found_line"
        else:
            state, line = t(f"status.{request.state}"), "desk.person_line"
        lines.append(t(line, i=i, code=code, state=state, day=day))
        rows.append((button(t("desk.button_line", i=i, name=code), *request_address(request)),))
    return Screen("\n".join(lines), (*rows, (button(t("desk.search"), "desk.search"), home_button())))
