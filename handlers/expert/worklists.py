"""The expert's lists, of qualification files and of cooperation requests: the queue, own files, those
under colleagues' review; and an applicant's requests (docs/specification.md 4.1, expert.menu)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from bot.application.routes import Routes
from bot.core.context import Turn
from bot.core.screens import Button, Press, Reply, Screen, button
from bot.services import cooperation
from bot.services.directorate import universities
from bot.services.qualification import review
from bot.services.review.working_days import working_days_before
from bot.services.review.worklists import AgeFilter, ListName, WorklistPage, Worklists
from bot.services.search import lookup
from bot.services.shared import reference_data
from bot.texts import formats, t
from conversations.common import searching
from conversations.common.labels import shortened
from conversations.common.searching import RESULTS, NarrowedPlace
from conversations.engine.engine import Engine
from conversations.expert.review import request_address
from conversations.questions.search import named
from handlers.common.navigation import ButtonRow, back_button, button_grid, home_button, page_of, pager_rows
from handlers.common.numbered_list import numbered_page
from handlers.expert.list_place import ListPlace
from handlers.team import bulk
from storage.enums import CooperationState, RequestKind, RequestState, Role
from storage.tables import Account, CooperationRequest, University

EXPERTS = (Role.EXPERT, Role.IN_CHARGE)
HEADS = (Role.IN_CHARGE,)
REVIEWERS = (*EXPERTS, Role.STAFF)
#: Files a page: the numbers can be typed, the buttons fit a phone.
PAGE = 10


def routes(engine: Engine) -> Routes:
    """The lists of both sorts, desk.lists, universities, next, search, person."""
    table = Routes()
    for view in VIEWS:
        for action in view.lists:
            roles = (*HEADS, Role.STAFF) if action in FOR_HEADS else REVIEWERS
            table.show(action, roles=roles, listed=True)(show_worklist)
    table.show("desk.lists", roles=REVIEWERS)(show_lists)
    table.show("desk.universities", roles=(Role.STAFF,), listed=True, typed=find_university)(
        show_universities
    )
    table.commands |= {"queue": Press("desk.queue"), "mine": Press("desk.mine")}
    table.show("desk.person", roles=REVIEWERS, listed=True)(show_applicant_requests)

    @table.act("desk.search", roles=REVIEWERS)
    def search(turn: Turn, press: Press) -> Reply:
        return engine.start(turn, "search")

    return table


@dataclass(frozen=True, slots=True)
class WorklistView:
    """One sort of files: its services, what a line says, what opens one, which lists there are (action → name; the
    queue comes first)."""

    services: Worklists[Any, Any]
    words: Callable[[Any], dict[str, str]]
    opens: str
    lists: Mapping[str, ListName]
    #: The first part of the keys of its texts, "desk.<prefix><list>_title".
    prefix: str
    #: The way to the other sort.
    other: Callable[[], Button]
    #: Whether its files are new ones and amendments.
    has_kinds: bool


#: action → the label of its list.
LABELS = {
    "desk.queue": "desk.new",
    "desk.mine": "desk.mine",
    "desk.returned": "desk.list_returned",
    "desk.overdue": "desk.list_overdue",
    "desk.at_applicant": "desk.list_at_applicant",
    "desk.unpaid": "desk.list_unpaid",
    "desk.decided": "desk.list_decided",
    "desk.all": "desk.under_way",
    "desk.coop": "desk.coop_new",
    "desk.coop_mine": "desk.coop_mine",
    "desk.coop_overdue": "desk.coop_list_overdue",
    "desk.coop_decided": "desk.coop_list_decided",
    "desk.coop_all": "desk.coop_all",
}


def _qualification_values(line: review.RequestLine) -> dict[str, str]:
    request = line.request
    return {
        "name": line.applicant.name,
        "state": t(f"status.{request.state}"),
        "kind": t(f"desk.short_kind_{request.kind}"),
    }


def _cooperation_values(line: cooperation.CooperationLine) -> dict[str, str]:
    return {
        "name": line.officer.name,
        "distributor": line.distributor.name,
        "branch": line.branch.name,
        "state": t(f"coop_status.{line.request.state}"),
    }


QUALIFICATION_LISTS = WorklistView(
    review.LISTS,
    _qualification_values,
    "desk.file",
    {
        "desk.queue": ListName.QUEUE,
        "desk.mine": ListName.MINE,
        "desk.returned": ListName.RETURNED,
        "desk.overdue": ListName.OVERDUE,
        "desk.at_applicant": ListName.AT_APPLICANT,
        "desk.unpaid": ListName.UNPAID,
        "desk.decided": ListName.DECIDED,
        "desk.all": ListName.UNDER_WAY,
    },
    "list_",
    lambda: button(t("desk.coop"), "desk.coop"),
    True,
)
COOPERATION_LISTS = WorklistView(
    cooperation.LISTS,
    _cooperation_values,
    "desk.coop_file",
    {
        "desk.coop": ListName.QUEUE,
        "desk.coop_mine": ListName.MINE,
        "desk.coop_overdue": ListName.OVERDUE,
        "desk.coop_decided": ListName.DECIDED,
        "desk.coop_all": ListName.UNDER_WAY,
    },
    "coop_list_",
    lambda: button(t("desk.new"), "desk.queue"),
    False,
)
VIEWS = (QUALIFICATION_LISTS, COOPERATION_LISTS)
#: Files under review by any expert, for experts in charge and staff (W7).
FOR_HEADS = frozenset({"desk.all", "desk.coop_all"})
#: Lists that the other lists lead to at once; the rest are below «همه فهرست‌ها».
_BESIDE = ("desk.queue", "desk.mine", "desk.all", "desk.coop", "desk.coop_mine", "desk.coop_all")
#: Lists whose lines name the expert, and those whose lines say the state.
_NAME_EXPERT = frozenset({ListName.UNDER_WAY, ListName.OVERDUE})
#: The words for the moment that a list is ordered by.
_SINCE = {
    ListName.QUEUE: "submitted",
    ListName.DECIDED: "decided",
    ListName.AT_APPLICANT: "declared",
    ListName.UNPAID: "approved",
    ListName.UNDER_WAY: "state",
}


def _since(view: WorklistView, name: ListName) -> str:
    arrived = name not in _SINCE or name is ListName.QUEUE
    return "accepted" if arrived and not view.has_kinds else _SINCE.get(name, "received")


def overdue_before(turn: Turn) -> datetime:
    """What came to the university before this moment is overdue."""
    return working_days_before(turn.now, turn.public_info.overdue_days)


def show_worklist(turn: Turn, press: Press) -> Screen:
    """The list that the press names, a page of it."""
    if turn.chat.list_view != (packed := press.pack()):
        turn.chat.list_view = packed
        turn.chat.listing = {}
    view = next(view for view in VIEWS if press.action in view.lists)
    name, place = view.lists[press.action], ListPlace.of(press.arg)
    university = place.university or None
    if turn.role is Role.STAFF and university is None:
        return show_universities(turn, Press("desk.universities"))
    fetch = partial(lines_of, turn, press, limit=PAGE)
    listing = fetch(offset=place.page * PAGE)
    pages = max(-(-listing.total // PAGE), 1)
    if not listing.lines and listing.total:  # the list became shorter than the button remembers
        place = replace(place, page=pages - 1)
        listing = fetch(offset=place.page * PAGE)
    filters = _filter_row(press.action, view, place) if listing.whole > 1 else ()
    others = _other_lists_rows(turn, press.action, view, place)
    together = bulk.queue_row(turn, press.action, listing.whole)
    if len(listing.lines) > PAGE - 2:  # so many rows that a phone shows the way on
        others = [(others_button(place), home_button())]
        together = () if view.has_kinds else together  # then it is among all lists
    last_rows = (*(row for row in (filters, together) if row), *others)
    lines = [_university_line(turn, place)] if turn.role is Role.STAFF else []
    if not listing.total:
        nothing = "desk.nothing_filtered" if listing.whole else f"desk.{view.prefix}{name}_none"
        return Screen("\n".join([*lines, t(nothing, n=formats.number(listing.whole))]), last_rows)
    lines.append(t(f"desk.{view.prefix}{name}_title", n=formats.number(listing.total)))
    if place.filters.narrow:
        lines.append(t("desk.filtered", n=formats.number(listing.whole)))
    newest = place.filters.turned is not (name is ListName.DECIDED)
    lines.append(
        t(
            f"desk.order_{'newest' if newest else 'oldest'}",
            since=t(f"desk.since_{_since(view, name)}"),
            age=formats.age(listing.oldest) if listing.oldest is not None else "",
        )
    )
    if pages > 1:
        lines.append(t("desk.page", page=formats.digits(place.page + 1), pages=formats.digits(pages)))
    lines.append("")
    buttons: list[Button] = []
    late = overdue_before(turn)
    for number, line in enumerate(listing.lines, place.page * PAGE + 1):
        words = view.words(line)
        marks = _marks(view, line, late)
        lines.append(_line_text(turn, view, name, formats.digits(number), line, words, marks))
        label = t("desk.button_line", i=formats.digits(number), name=words["name"])
        buttons.append(button(shortened(label, 20), view.opens, line.request.id))
    turns = pager_rows(Press(press.action, arg=place.pack()), page=place.page, pages=pages)
    return Screen("\n".join(lines), (*button_grid(buttons, columns=2), *turns, *last_rows))


def _university_line(turn: Turn, place: ListPlace) -> str:
    return reference_data.university_name(turn.db, place.university)


def _marks(view: WorklistView, line: Any, late: datetime) -> str:
    """⏰ what waits for the university too long (came before `late`), 🔁 what came back from the applicant."""
    request, entry = line.request, view.services.entry
    here = request.state in (
        RequestState.SUBMITTED,
        RequestState.IN_REVIEW,
        CooperationState.PENDING_UNIVERSITY,
    )
    if not here:
        return ""
    received = getattr(request, entry.received.key)
    overdue = received is not None and received < late
    returned = getattr(request, "round", 0) > 0
    return f"{'⏰' if overdue else ''}{'🔁' if returned else ''}"


def _line_text(
    turn: Turn,
    view: WorklistView,
    name: ListName,
    number: str,
    line: Any,
    words: Mapping[str, str],
    marks: str,
) -> str:
    told = [words[key] for key in ("kind",) if key in words]
    if line.reviewer is not None and (name in _NAME_EXPERT or turn.role is Role.STAFF):
        told.append(line.reviewer.name)
    if name in (ListName.DECIDED, ListName.UNDER_WAY):
        told.append(words["state"])
    told.append(formats.age(turn.now - line.since))
    key = "desk.list_line" if view.has_kinds else "desk.coop_list_line"
    return t(
        key if marks else f"{key}_plain",
        i=number,
        marks=marks,
        code=line.request.tracking_code or "",
        facts="، ".join(told),
        **{key: words[key] for key in ("name", "distributor", "branch") if key in words},
    )


def _filter_row(action: str, view: WorklistView, place: ListPlace) -> ButtonRow:
    """Kind, age and order as they are; a tap turns to the next."""
    filters = place.filters
    row: list[Button] = []

    def turn_to(label: str, **changed: Any) -> None:
        row.append(button(t(label), action, arg=place.with_filters(**changed).pack()))

    if view.has_kinds:
        kinds = [None, RequestKind.NEW, RequestKind.AMENDMENT]
        turn_to(f"desk.filter_kind_{filters.kind or 'all'}", kind=_after(kinds, filters.kind))
    ages = [None, *AgeFilter]
    turn_to(f"desk.filter_age_{filters.age or 'all'}", age=_after(ages, filters.age))
    turn_to("desk.turn_order", turned=not filters.turned)
    return tuple(row)


def _after(values: Sequence[Any], value: Any) -> Any:
    return values[(values.index(value) + 1) % len(values)]


def list_counts(turn: Turn, view: WorklistView, university: str | None = None) -> dict[str, int]:
    """How many files are in each list that this reader has, by action."""
    names = {
        action: name
        for action, name in view.lists.items()
        if action not in FOR_HEADS or turn.role in (*HEADS, Role.STAFF)
    }
    counts = view.services.counts(
        turn.db,
        *names.values(),
        actor=turn.actor,
        now=turn.now,
        overdue_before=overdue_before(turn),
        university_code=university,
    )
    return {action: counts[name] for action, name in names.items()}


def show_lists(turn: Turn, press: Press) -> Screen:
    """All lists of one university with their numbers; `press.arg` is staff's choice of it."""
    staff = turn.role is Role.STAFF
    university = turn.db.get(University, press.arg) if staff else None
    if staff and university is None:
        return show_universities(turn, Press("desk.universities"))
    code = university.code if university is not None else None
    place = ListPlace(university=code or "").pack() if code else ""
    name = (
        university.name if university else reference_data.university_name(turn.db, turn.actor.university_code)
    )
    lines, rows = [t("menu.expert", university=name)], list[ButtonRow]()
    counts: dict[str, int] = {}
    for view in VIEWS:
        buttons = []
        for action, number in (of_view := list_counts(turn, view, code)).items():
            label = t(LABELS[action])
            lines.append(t("desk.list_count", list=label, n=formats.number(number)))
            if number or action in ("desk.queue", "desk.mine"):
                buttons.append(button(label, action, arg=place))
        rows += button_grid(buttons, columns=2)
        counts |= of_view
    if together := bulk.queue_row(turn, "desk.queue", counts["desk.queue"]):
        rows.append(together)
    search = button(t("desk.search"), "desk.search")
    back = (back_button("desk.universities"),) if staff else ()
    return Screen("\n".join(lines), (*rows, (search, *back, home_button())))


def show_universities(turn: Turn, press: Press) -> Screen:
    """Staff choose whose lists they see; the name of one can be typed as well."""
    text = searching.narrowed_by(turn, NarrowedPlace.of(press.arg))
    every = _universities(turn, text)

    def line(i: str, university: University) -> str:
        return t("search.university", i=i, name=university.name)

    lines, rows = numbered_page(
        press,
        every,
        size=PAGE,
        line=line,
        make_button=lambda i, university: button(i, "desk.lists", arg=university.code),
    )
    whole = (button(t("desk.all_universities"), "desk.universities"),) if text else ()
    search = (button(t("desk.search"), "desk.search"), *whole, home_button())
    found = (
        [t("desk.universities_found", query=shortened(text, 40), n=formats.digits(len(every)))]
        if text
        else []
    )
    return Screen("\n".join([t("desk.choose_university"), *found, *lines]), (*rows, search))


def _universities(turn: Turn, text: str) -> list[University]:
    """Those that staff have lists of, by name; with a text those of such a name."""
    every = universities.with_lists(turn.db, actor=turn.actor)
    if not text:
        return every
    options = [(university.code, university.name) for university in every]
    by_code = {university.code: university for university in every}
    return [by_code[code] for code, _ in named(options, text)]


def find_university(turn: Turn, view: Press, text: str) -> Reply | None:
    """The lists of the university that was typed, or the universities of such a name."""
    found = _universities(turn, text)
    if len(found) > 1:
        return Reply(goto=searching.narrowed(turn, Press("desk.universities"), text))
    return Reply(goto=Press("desk.lists", arg=found[0].code)) if found else None


def others_button(place: ListPlace) -> Button:
    """All lists of the same university."""
    return button(t("desk.all_lists"), "desk.lists", arg=place.university)


def _other_lists_rows(turn: Turn, here: str, view: WorklistView, place: ListPlace) -> list[ButtonRow]:
    """The other lists of the sort, the other sort, search, home."""
    everything = others_button(place)
    if turn.role is Role.STAFF:
        return [(everything, button(t("desk.search"), "desk.search")), (home_button(),)]
    row = [
        button(t(LABELS[action]), action)
        for action in view.lists
        if action != here and action in _BESIDE and (action not in FOR_HEADS or turn.role in HEADS)
    ]
    return button_grid(
        [*row, view.other(), everything, button(t("desk.search"), "desk.search"), home_button()], columns=2
    )


def lines_of(turn: Turn, press: Press, *, offset: int, limit: int) -> WorklistPage[Any]:
    """The files of the list that `press` shows, from the row `offset` on, whatever page it is at."""
    view = next(view for view in VIEWS if press.action in view.lists)
    place = ListPlace.of(press.arg)
    return view.services.listed(
        turn.db,
        view.lists[press.action],
        actor=turn.actor,
        now=turn.now,
        overdue_before=overdue_before(turn),
        filters=place.filters,
        offset=offset,
        limit=limit,
        university_code=place.university or None,
    )


def first_row(press: Press) -> int:
    """Of the page that `press` shows, counted from 0."""
    return ListPlace.of(press.arg).page * PAGE


#: Lists to which a card has a button in any case.
_ON_CARD = frozenset({"desk.queue", "desk.mine", "desk.coop", "desk.coop_mine"})


def list_back_rows(turn: Turn) -> list[ButtonRow]:
    """The way from a card back to the list that it was opened from, where no other button of the card leads there."""
    if turn.chat.list_view is None:
        return []
    listed = Press.unpack(turn.chat.list_view)
    known = listed.action in _ON_CARD and turn.role is not Role.STAFF
    if known or listed.action not in (*LABELS, RESULTS, "desk.person", "desk.colleague"):
        return []
    return [(Button(t("desk.back_to_list"), listed),)]


def show_applicant_requests(turn: Turn, press: Press) -> Screen:
    """One applicant's files of both sorts, as far as this actor may see them, ten a page."""
    requests = lookup.files_of_person(turn.db, actor=turn.actor, account_id=press.id)
    applicant = turn.db.get_one(Account, press.id)
    pages = -(-len(requests) // PAGE)
    page = min(page_of(press), pages - 1)
    lines, rows = [t("desk.person_title", name=applicant.name)], list[ButtonRow]()
    if pages > 1:
        lines.append(t("desk.page", page=formats.digits(page + 1), pages=formats.digits(pages)))
    for number, request in enumerate(requests[page * PAGE : (page + 1) * PAGE], page * PAGE + 1):
        i = formats.digits(number)
        code, day = request.tracking_code or "", formats.jalali_day(request.state_since)
        if isinstance(request, CooperationRequest):
            state, line = t(f"coop_status.{request.state}"), "desk.coop_found_line"
        else:
            state, line = t(f"status.{request.state}"), "desk.person_line"
        lines.append(t(line, i=i, code=code, state=state, day=day))
        rows.append((button(t("desk.button_line", i=i, name=code), *request_address(request)),))
    turns = pager_rows(Press(press.action, press.id), page=page, pages=pages)
    return Screen("\n".join(lines), (*rows, *turns, (button(t("desk.search"), "desk.search"), home_button())))
