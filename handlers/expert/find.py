"""The results of a search, for experts and staff (docs/specification.md 4.1, search)."""

from __future__ import annotations

from bot.application.routes import Routes
from bot.core.context import Turn
from bot.core.screens import Button, Press, Reply, Screen, button
from bot.services.search import lookup
from bot.services.search.lookup import Hit
from bot.texts import formats, t
from conversations.common import searching
from conversations.common.labels import shortened
from conversations.engine.engine import Engine
from handlers.common import cooperation_card
from handlers.common.navigation import button_grid, home_button, page_of, pager_rows
from handlers.common.numbered_list import STAFF
from handlers.expert.worklists import REVIEWERS
from storage.tables import Account, CooperationRequest, Distributor, QualificationRequest, University

PAGE = 10


def routes(engine: Engine) -> Routes:
    """find, find.open, and what is typed outside a dialogue."""
    table = Routes()
    table.show(searching.RESULTS, roles=REVIEWERS, listed=True)(show_results)
    table.act(searching.OPEN, roles=STAFF)(open_result)
    table.search = searching.search_reply
    return table


def show_results(turn: Turn, press: Press) -> Screen:
    """What was found, ten a page. Read anew: what the reader may not see any more is gone."""
    text, results = lookup.repeat(turn.db, actor=turn.actor, query_id=press.id)
    last_row = (button(t("desk.search"), "desk.search"), home_button())
    if not results.hits:
        return Screen(t("search.nothing"), (last_row,))
    pages = -(-len(results.hits) // PAGE)
    page = min(page_of(press), pages - 1)
    title = "search.title_more" if results.more else "search.title"
    lines = [t(title, n=formats.digits(len(results.hits)), query=shortened(text, 40))]
    if pages > 1:
        lines.append(t("desk.page", page=formats.digits(page + 1), pages=formats.digits(pages)))
    lines.append("")
    buttons: list[Button] = []
    for number, hit in enumerate(results.hits[page * PAGE : (page + 1) * PAGE], page * PAGE + 1):
        i = formats.digits(number)
        lines.append(_line(turn, i, hit))
        label = shortened(t("desk.button_line", i=i, name=hit.name), 20)
        buttons.append(Button(label, searching.hit_press(turn, hit)))
    turns = pager_rows(Press(press.action, press.id), page=page, pages=pages)
    return Screen("\n".join(lines), (*button_grid(buttons, columns=2), *turns, last_row))


def _line(turn: Turn, i: str, hit: Hit) -> str:
    match hit.subject:
        case QualificationRequest() as request:
            return t(
                "search.file",
                i=i,
                code=request.tracking_code or "",
                name=hit.name,
                kind=t(f"desk.short_kind_{request.kind}"),
                state=t(f"status.{request.state}"),
                age=_age(turn, request),
            )
        case CooperationRequest() as request:
            return t(
                "search.cooperation",
                i=i,
                code=request.tracking_code,
                name=hit.name,
                distributor=hit.company,
                state=t(f"coop_status.{request.state}"),
                age=_age(turn, request),
            )
        case Account() as account:
            state = t(f"account_state.{account.state}")
            code = formats.masked(account.national_code) if account.national_code else account.user_code
            if hit.newest is None:
                return t("search.account", i=i, name=hit.name, code=code, state=state)
            filed = t(f"status.{hit.newest.state}")
            age = _age(turn, hit.newest)
            return t("search.account_file", i=i, name=hit.name, code=code, state=state, file=filed, age=age)
        case Distributor() as distributor:
            kind = cooperation_card.distributor_kind_label(distributor)
            number = distributor.legal_id or distributor.guild_id or ""
            return t("search.company", i=i, kind=kind, name=hit.name, city=hit.city, number=number)
        case University():
            return t("search.university", i=i, name=hit.name)
    return t("search.field", i=i, name=hit.name)


def _age(turn: Turn, request: QualificationRequest | CooperationRequest) -> str:
    return formats.age(turn.now - request.state_since)


def open_result(turn: Turn, press: Press) -> Reply:
    """Staff open an account or a file that they found; it is recorded (Q44)."""
    return Reply(goto=searching.open_result(turn, press))
