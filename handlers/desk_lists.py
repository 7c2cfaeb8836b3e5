"""The expert's lists: the queue, own files, files in colleagues' hands, an applicant's requests (SPEC 4.1, expert.menu)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.errors import InvalidInput, NotAllowed
from bot.routes import Routes
from bot.screens import Button, Press, Reply, Screen, button
from bot.services import review
from bot.texts import formats, t
from bot.turn import Turn
from conversations.engine import Engine
from conversations.wording import shortened
from handlers.nav import Row, grid, home, page_of, pager
from storage.states import Role
from storage.tables import Account

EXPERTS = (Role.EXPERT, Role.IN_CHARGE)
HEADS = (Role.IN_CHARGE,)
REVIEWERS = (*EXPERTS, Role.STAFF)
#: Files a page: the numbers can be typed, the buttons fit a phone.
PAGE = 10


def routes(engine: Engine) -> Routes:
    """desk.queue, desk.mine, desk.all, desk.next, desk.search, desk.person."""
    table = Routes()
    table.show("desk.queue", roles=EXPERTS)(queue)
    table.show("desk.mine", roles=EXPERTS)(mine)
    table.show("desk.all", roles=HEADS)(under_way)
    table.show("desk.person", roles=REVIEWERS)(person)
    table.act("desk.next", roles=EXPERTS)(next_file)

    @table.act("desk.search", roles=REVIEWERS)
    def search(turn: Turn, press: Press) -> Reply:
        return engine.start(turn, "search")

    return table


@dataclass(frozen=True, slots=True)
class _Kind:
    """How one list is read and worded: `line` words a file, given its number and the list's own values."""

    fetch: Callable[..., review.Page]
    title: str
    empty: str
    line: str


_QUEUE = _Kind(review.queue, "desk.queue_title", "desk.queue_empty", "desk.line")
_MINE = _Kind(review.mine, "desk.mine_title", "desk.mine_empty", "desk.line_state")
_UNDER_WAY = _Kind(review.under_way, "desk.under_way_title", "desk.under_way_empty", "desk.line_expert")


def queue(turn: Turn, press: Press) -> Screen:
    """What waits at the university, oldest first."""
    return _list(turn, press, _QUEUE)


def mine(turn: Turn, press: Press) -> Screen:
    """What is in this expert's hands."""
    return _list(turn, press, _MINE)


def under_way(turn: Turn, press: Press) -> Screen:
    """What is in any expert's hands, for whoever may reassign it (W7)."""
    return _list(turn, press, _UNDER_WAY)


def _list(turn: Turn, press: Press, kind: _Kind) -> Screen:
    page = page_of(press)
    found = kind.fetch(turn.db, actor=turn.actor, now=turn.now, offset=page * PAGE, limit=PAGE)
    pages = max(-(-found.total // PAGE), 1)
    if not found.lines and found.total:  # the list became shorter than the button remembers
        page = pages - 1
        found = kind.fetch(turn.db, actor=turn.actor, now=turn.now, offset=page * PAGE, limit=PAGE)
    ways = (*_other_lists(turn, press.action), (home(),))
    if not found.total:
        return Screen(t(kind.empty), ways)
    age = formats.age(found.oldest) if found.oldest is not None else ""
    lines = [t(kind.title, n=formats.number(found.total), age=age)]
    if pages > 1:
        lines.append(t("desk.page", page=formats.digits(page + 1), pages=formats.digits(pages)))
    lines.append("")
    buttons: list[Button] = []
    for number, line in enumerate(found.lines, 1):
        lines.append(_worded(turn, kind.line, formats.digits(number), line))
        assert line.request.id is not None
        label = t("desk.button_line", i=formats.digits(number), name=line.applicant.name)
        buttons.append(button(shortened(label, 20), "desk.file", line.request.id))
    turns = pager(Press(press.action), page=page, pages=pages)
    return Screen("\n".join(lines), (*grid(buttons, columns=2), *turns, *ways))


def _worded(turn: Turn, key: str, number: str, line: review.Line) -> str:
    return t(
        key,
        i=number,
        code=line.request.tracking_code or "",
        name=line.applicant.name,
        age=formats.age(turn.now - line.since),
        state=t(f"status.{line.request.state}"),
        expert=line.reviewer.name if line.reviewer is not None else "",
    )


def _other_lists(turn: Turn, here: str) -> list[Row]:
    lists = {"desk.queue": "desk.new", "desk.mine": "desk.mine"}
    if turn.role in HEADS:
        lists["desk.all"] = "desk.under_way"
    row = [button(t(label), action) for action, label in lists.items() if action != here]
    return grid([*row, button(t("desk.search"), "desk.search")], columns=2)


def next_file(turn: Turn, press: Press) -> Reply:
    """The oldest file of the queue but the one just seen."""
    found = review.queue(turn.db, actor=turn.actor, now=turn.now, limit=2)
    waiting = [line.request.id for line in found.lines if line.request.id != press.id]
    if not waiting or waiting[0] is None:
        return Reply(goto=Press("desk.queue"), notice=t("desk.nothing_next"))
    return Reply(goto=Press("desk.file", waiting[0]))


def person(turn: Turn, press: Press) -> Screen:
    """One applicant's requests, as far as this actor may see them."""
    applicant = turn.db.get(Account, press.id)
    if applicant is None or applicant.national_code is None:
        raise NotAllowed
    try:
        found = review.find(turn.db, actor=turn.actor, code=applicant.national_code)
    except InvalidInput:
        raise NotAllowed from None
    lines, rows = [t("desk.person_title", name=applicant.name)], list[Row]()
    for number, request in enumerate(found[:PAGE], 1):
        i = formats.digits(number)
        code, state = request.tracking_code or "", t(f"status.{request.state}")
        lines.append(
            t("desk.person_line", i=i, code=code, state=state, day=formats.jalali_day(request.state_since))
        )
        label = t("desk.button_line", i=i, name=request.tracking_code or "")
        rows.append((button(label, "desk.file", request.id or 0),))
    return Screen("\n".join(lines), (*rows, (button(t("desk.search"), "desk.search"), home())))
