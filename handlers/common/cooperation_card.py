"""A cooperation request as text and in lists, for each of its sides.

See docs/specification.md 2.4; 4.2, coop.detail; 4.3.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlmodel import Session

from bot.core.context import Actor
from bot.core.screens import Press, Screen, button
from bot.services import cooperation
from bot.services.distributors import branches
from bot.services.review import rejection, routing
from bot.services.review.worklists import WorklistPage
from bot.texts import formats, quoted, t
from bot.texts.answers import with_persian_digits
from conversations.common.labels import contact_lines, shortened
from handlers.common.navigation import ButtonRow, button_grid, page_of, pager_rows, truncate_lines
from storage.enums import CooperationState, Role
from storage.tables import Branch, CooperationRequest, Distributor

#: Lines a page: the numbers can be typed, the buttons fit a phone.
PAGE = 8


def state_label(state: CooperationState, role: Role | None) -> str:
    """The state as this side calls it (docs/specification.md 4.3)."""
    return t(f"coop_status.{state}" if role is Role.OFFICER else f"coop_status_dist.{state}")


def distributor_kind_label(distributor: Distributor) -> str:
    return t(f"coop.kind_{distributor.kind}")


def identifier_line(distributor: Distributor) -> str:
    return formats.digits(distributor.legal_id or distributor.guild_id or "")


def heading_lines(request: CooperationRequest, role: Role | None) -> list[str]:
    return [
        t("coop.title", code=request.tracking_code),
        t("coop.state", state=state_label(request.state, role)),
    ]


def distributor_lines(distributor: Distributor) -> list[str]:
    """Who the distributor is and how to reach it, one fact a line."""
    manager, phone = distributor.manager_name, distributor.phone
    return [
        t("coop.distributor", distributor=distributor.name, kind=distributor_kind_label(distributor)),
        t("coop.id", id=identifier_line(distributor)),
        *(
            [t("coop.address", address=with_persian_digits(distributor.address))]
            if distributor.address
            else []
        ),
        t("coop.manager", manager=manager, phone=formats.digits(phone))
        if phone
        else t("coop.manager_only", manager=manager),
    ]


def detail_lines(request: CooperationRequest, distributor: Distributor, branch: Branch) -> list[str]:
    """Who asks, and for which branch (coop.detail), one fact a line."""
    who, number, *_, manager = distributor_lines(distributor)
    return [
        who,
        number,
        t("coop.branch", branch=branch.name, province=branch.province, city=branch.city),
        t("coop.address", address=with_persian_digits(branch.address)),
        manager,
        t("coop.date", date=formats.jalali_day(request.created_at)),
    ]


def outcome_lines(request: CooperationRequest, role: Role | None) -> list[str]:
    """Why it ended, where a reason was given."""
    lines = []
    if request.officer_reason:
        own = role is Role.OFFICER
        reason = quoted(with_persian_digits(request.officer_reason), t("who.you" if own else "role.officer"))
        lines.append(t("coop.your_reason" if own else "coop.officer_reason", reason=reason))
    if request.reject_text:
        lines.append(t("coop.reject_reason", reason=rejection.of_cooperation(request)))
    return lines


def contact_of_reviewer(db: Session, request: CooperationRequest) -> list[str]:
    """Phone, hours and address of the university while the request waits there."""
    if request.state is not CooperationState.PENDING_UNIVERSITY:
        return []
    return contact_lines(routing.contact_of(db, request.university_code))


def officer_names(line: branches.BranchLine) -> str:
    """Who serves at a branch; several where they were migrated together (R53)."""
    return "، ".join(officer.account.name for officer in line.officers) or t("branch.no_officer")


def timeline_screen(db: Session, request: CooperationRequest, actor: Actor, back_row: ButtonRow) -> Screen:
    """Who did what and when, as this side may know it."""
    assert request.id is not None
    entries = cooperation.cooperation_timeline(db, actor=actor, request_id=request.id)
    title = t("coop.timeline_title", code=request.tracking_code)
    lines = [t("qual.timeline_line", time=entry.time, what=entry.text) for entry in entries]
    return Screen(truncate_lines([title, *lines]), (back_row,))


def list_screen(
    press: Press,
    *,
    title: str,
    fetch: Callable[[int, int], WorklistPage[cooperation.CooperationLine]],
    line_text: Callable[[str, cooperation.CooperationLine], str],
    name: Callable[[cooperation.CooperationLine], str],
    opens: str,
    last_row: ButtonRow,
) -> Screen:
    """A page of requests: `fetch(offset, limit)` reads them, `line_text(i, line)` puts one into words."""
    page = page_of(press)
    listing = fetch(page * PAGE, PAGE)
    pages = max(-(-listing.total // PAGE), 1)
    if not listing.lines and listing.total:  # the list became shorter than the button remembers
        page = pages - 1
        listing = fetch(page * PAGE, PAGE)
    if not listing.total:
        return Screen(t("error.empty"), (last_row,))
    lines = [title]
    if pages > 1:
        lines.append(t("coop.page", page=formats.digits(page + 1), pages=formats.digits(pages)))
    buttons = []
    for number, line in enumerate(listing.lines, page * PAGE + 1):
        i = formats.digits(number)
        lines.append(line_text(i, line))
        label = shortened(t("coop.button_line", i=i, name=name(line)), 20)
        buttons.append(button(label, opens, line.request.id or 0))
    turns = pager_rows(press, page=page, pages=pages)
    return Screen(truncate_lines(lines), (*button_grid(buttons, columns=2), *turns, last_row))
