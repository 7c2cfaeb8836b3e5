"""«📜 سوابق»: the record by who did or met something, by file and by days, in any combination.

See docs/specification.md 7.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot.application.routes import Routes
from bot.core.context import Turn
from bot.core.screens import Button, Press, Reply, Screen, button
from bot.services.directorate import account_lookup, reference_rows
from bot.texts import t
from bot.texts.formats import jalali_day
from conversations.engine.engine import Engine
from conversations.staff.audit_search import About, unpacked
from handlers.common.navigation import ButtonRow, home_button, number_in, truncate_lines
from handlers.common.numbered_list import STAFF
from handlers.staff.accounts.look_up import TRAIL, entry_line
from storage.tables import Account, CooperationRequest, QualificationRequest


def routes(engine: Engine) -> Routes:
    """staff.audit, staff.find_audit."""
    table = Routes()
    table.show("staff.audit", roles=STAFF)(show_entries)

    @table.act("staff.find_audit", roles=STAFF)
    def find(turn: Turn, press: Press) -> Reply:
        return engine.start(turn, "audit_search")

    return table


def show_entries(turn: Turn, press: Press) -> Screen:
    """What was recorded, newest first: of whom or which file (the id, with the first letter of the argument), between
    which days (the version), on which page (the rest of the argument)."""
    about = About.of_letter(press.arg[:1])
    page = min(number_in(Press("", arg=press.arg[1:])), 9_999)
    since, until = unpacked(press.version)
    entries = account_lookup.recorded(
        turn.db,
        actor=turn.actor,
        account_id=press.id if about is About.ACCOUNT else None,
        request_id=press.id if about in (About.QUALIFICATION, About.COOPERATION) else None,
        subject=about.subject,
        since=since,
        until=until,
        now=turn.now,
        offset=page * TRAIL,
        limit=TRAIL + 1,
    )
    if not entries and page:
        return show_entries(turn, replace(press, arg=about.letter))
    names = reference_rows.names_of_documents(turn.db, actor=turn.actor)
    lines = [t("audit_list.title"), t("audit_list.about", what=_about(turn, about, press.id))]
    if since or until:
        lines.append(
            t(
                "audit_list.days",
                since=jalali_day(since) if since else t("audit_list.beginning"),
                day=jalali_day(until) if until else t("audit_list.now"),
            )
        )
    lines += ["", *(entry_line(entry, names) for entry in entries[:TRAIL])]
    if not entries:
        lines.append(t("error.empty"))

    def to(label: str, target: int) -> Button:
        return button(t(label), "staff.audit", press.id, press.version, f"{about.letter}{target}")

    turns = [to("nav.previous", page - 1)] if page else []
    if len(entries) > TRAIL:
        turns.append(to("nav.next", page + 1))
    rows: list[ButtonRow] = [tuple(turns)] if turns else []
    return Screen(
        truncate_lines(lines), (*rows, (button(t("audit_list.search"), "staff.find_audit"), home_button()))
    )


def _about(turn: Turn, about: About, subject_id: int) -> str:
    match about:
        case About.ACCOUNT:
            account = turn.db.get(Account, subject_id)
            return account.name if account is not None else "—"
        case About.QUALIFICATION | About.COOPERATION:
            table: Any = QualificationRequest if about is About.QUALIFICATION else CooperationRequest
            request = turn.db.get(table, subject_id)
            return (request.tracking_code if request is not None else None) or "—"
    return t("audit_list.everything")
