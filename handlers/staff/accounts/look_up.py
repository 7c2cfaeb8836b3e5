"""Screens of the directorate's staff: an account looked up, its facts, actions, chats and history.

See docs/specification.md 4.1, staff.menu.
"""

from __future__ import annotations

from bot.application.routes import Routes
from bot.core.context import Turn
from bot.core.refusals import NotAllowed, Stale
from bot.core.screens import Button, Press, Reply, Screen, button
from bot.rules.account import AccountAction
from bot.services.directorate import account_lookup, reference_rows
from bot.services.directorate.account_lookup import AuditEntry, Facts
from bot.services.payments import history
from bot.services.qualification import requests
from bot.services.qualification.requests import QUALIFICATION_WORKFLOW
from bot.services.shared import audit, reference_data
from bot.texts import has, one_line, quoted, t
from bot.texts.formats import digits, jalali_time, masked
from conversations.common.labels import shortened
from conversations.engine.engine import Engine
from conversations.staff.accounts import GRANT, VERSION
from handlers.common.navigation import (
    ButtonRow,
    back_button,
    button_grid,
    first_page,
    home_button,
    navigation_row,
    page_of,
    pager_rows,
    truncate_lines,
)
from handlers.common.numbered_list import STAFF, confirmation_screen
from handlers.common.payment_lines import latest_line
from handlers.staff.accounts.invitations import access_lines
from storage.enums import Role
from storage.tables import Account, Chat, Grant

RECENT, TRAIL = 8, 10
ACCOUNT_ACTIONS = {
    AccountAction.RESET: ("staff_accounts.reset", "reset_account"),
    AccountAction.SUSPEND: ("staff_accounts.suspend", "suspend_account"),
    AccountAction.LIFT: ("staff_accounts.lift", "lift_account"),
    AccountAction.ANNUL: ("staff_accounts.annul", "annul_account"),
}


def routes(engine: Engine) -> Routes:
    """staff.accounts → staff.account → staff.account_action, staff.chats, staff.trail; staff.file_trail."""
    table = Routes()
    for action, decide in (
        ("staff.accounts", show_look_ups),
        ("staff.account", show_account),
        ("staff.roles", show_roles),
        ("staff.chats", show_chats),
        ("staff.chat_ask", ask_free_chat),
        ("staff.trail", show_trail),
        ("staff.file_trail", show_request_trail),
    ):
        table.show(action, roles=STAFF)(decide)
    table.act("staff.chat_do", roles=STAFF)(free_chat)

    @table.act("staff.find_account", roles=STAFF)
    def find(turn: Turn, press: Press) -> Reply:
        return engine.start(turn, "find_account")

    @table.act("staff.account_action", roles=STAFF)
    def account_action(turn: Turn, press: Press) -> Reply:
        """`press.arg` names the action, `press.version` is the account's."""
        account = _account(turn, press)
        chosen = {action.value: dialogue for action, (_, dialogue) in ACCOUNT_ACTIONS.items()}.get(press.arg)
        if chosen is None or press.version != account.version:
            raise Stale
        facts = account_lookup.facts(turn.db, actor=turn.actor, account=account)
        if AccountAction(press.arg) not in facts.actions:
            raise NotAllowed("error.not_allowed")
        return engine.start(turn, chosen, subject_id=press.id, answers={VERSION: press.version})

    @table.act("staff.unrole", roles=STAFF)
    def withdraw(turn: Turn, press: Press) -> Reply:
        """`press.id` is the grant."""
        grant = turn.db.get(Grant, press.id)
        if grant is None or not grant.active:
            raise Stale
        account_lookup.open_account(turn.db, actor=turn.actor, account_id=grant.account_id, now=turn.now)
        return engine.start(
            turn, "withdraw_role", subject_id=grant.account_id, answers={GRANT: press.id, VERSION: 0}
        )

    return table


def _account(turn: Turn, press: Press) -> Account:
    return account_lookup.open_account(turn.db, actor=turn.actor, account_id=press.id, now=turn.now)


def show_look_ups(turn: Turn, press: Press) -> Screen:
    """The button to a look-up, and the accounts looked up recently."""
    recent = account_lookup.recent(turn.db, actor=turn.actor, now=turn.now, limit=RECENT)
    lines = [t("staff_accounts.title")]
    rows: list[ButtonRow] = [(button(t("staff_accounts.find"), "staff.find_account"),)]
    if recent:
        lines += ["", t("staff_accounts.recent")]
    for i, account in enumerate(recent, start=1):
        state = t(f"account_state.{account.state}")
        lines.append(
            t("staff_accounts.line", i=digits(i), name=account.name, code=account.user_code, state=state)
        )
        rows.append(
            (button(shortened(f"{digits(i)}. {account.name}", 20), "staff.account", account.id or 0),)
        )
    return Screen("\n".join(lines), (*rows, (home_button(),)))


def show_account(turn: Turn, press: Press) -> Screen:
    """One account: what it is, and what may be done to it now."""
    account = _account(turn, press)
    facts = account_lookup.facts(turn.db, actor=turn.actor, account=account)
    latest = history.latest_of_account(turn.db, actor=turn.actor, account_id=press.id)
    lines = [*_fact_lines(turn, account, facts), *latest_line(latest)]
    return Screen("\n".join(lines), tuple(_action_rows(account, facts, has_payments=latest is not None)))


def _fact_lines(turn: Turn, account: Account, facts: Facts) -> list[str]:
    lines = [one_line(account.name), t("me.line", field=t("field.user_code"), value=account.user_code)]
    if account.national_code:
        lines.append(t("me.line", field=t("field.national_code"), value=masked(account.national_code)))
    if account.mobile:
        proof = "" if account.mobile_verified else f" {t('staff_accounts.unverified')}"
        lines.append(t("me.line", field=t("field.mobile"), value=masked(account.mobile[1:]) + proof))
    lines.append(t("staff.account_state", state=t(f"account_state.{account.state}")))
    lines += access_lines(turn, account.id or 0)
    if account.state_reason:
        lines.append(t("staff_accounts.reason", reason=quoted(account.state_reason, t("role.staff"))))
    if account.migrated:
        lines.append(t("staff_accounts.migrated"))
    lines += [_role_line(turn, grant) for grant in facts.grants]
    lines.append(t("staff_accounts.chats_line", n=digits(len(facts.chats))))
    if facts.case.registered:
        otherwise = "staff_accounts.revoked" if facts.revoked else "staff_accounts.not_qualified"
        lines.append(t("staff_accounts.qualified" if facts.qualified else otherwise))
        if facts.employed:
            lines.append(t("staff_accounts.employed"))
    if facts.open_request is not None:
        request = facts.open_request
        state = t(f"status.{request.state}")
        lines.append(t("staff_accounts.open", code=request.tracking_code or "–", state=state))
    return lines


def _role_line(turn: Turn, grant: Grant) -> str:
    name = t(f"role.{grant.role}")
    if grant.university_code is None:
        return t("me.role", role=name)
    university = reference_data.university_name(turn.db, grant.university_code)
    return t("me.role_at", role=name, university=university)


def _action_rows(account: Account, facts: Facts, *, has_payments: bool) -> list[ButtonRow]:
    account_id = account.id or 0
    action_buttons = [
        button(t(label), "staff.account_action", account_id, account.version, action.value)
        for action, (label, _) in ACCOUNT_ACTIONS.items()
        if action in facts.actions
    ]
    views: list[Button] = []
    if facts.has_files:
        views.append(button(t("staff_accounts.files"), "desk.person", account_id))
    if has_payments:
        views.append(button(t("payments_staff.button"), "staff.account_payments", account_id))
    if any(grant.role is not Role.OFFICER for grant in facts.grants):
        views.append(button(t("staff_accounts.roles"), "staff.roles", account_id))
    if facts.chats:
        views.append(button(t("staff_accounts.chats"), "staff.chats", account_id))
    views.append(button(t("staff_accounts.trail"), "staff.trail", account_id))
    return [
        *button_grid(action_buttons, columns=2),
        *button_grid(views, columns=2),
        navigation_row("staff.accounts"),
    ]


def show_roles(turn: Turn, press: Press) -> Screen:
    """The roles that can be taken away, one button each."""
    account = _account(turn, press)
    lines, rows = [t("staff_accounts.roles_title", name=account.name)], list[ButtonRow]()
    for grant in account_lookup.facts(turn.db, actor=turn.actor, account=account).grants:
        lines.append(_role_line(turn, grant))
        own = grant.account_id == turn.actor.account_id and grant.role is Role.STAFF
        if grant.role is not Role.OFFICER and not own:
            label = t("staff_accounts.unrole", role=t(f"role.{grant.role}"))
            rows.append((button(shortened(label, 20), "staff.unrole", grant.id or 0),))
    return Screen("\n".join(lines), (*rows, navigation_row("staff.account", press.id)))


# -- chats -----------------------------------------------------------------------------------------


def show_chats(turn: Turn, press: Press) -> Screen:
    """Where the account is logged in; a chat that is stuck is set free here."""
    account = _account(turn, press)
    lines, rows = [t("staff_accounts.chats_title", name=account.name)], list[ButtonRow]()
    for i, chat in enumerate(account_lookup.facts(turn.db, actor=turn.actor, account=account).chats, start=1):
        lines.append(
            t(
                "staff_accounts.chat_line",
                i=digits(i),
                messenger=t(f"messenger.{chat.messenger}"),
                since=jalali_time(chat.linked_at) if chat.linked_at else "–",
                state=t("staff_accounts.chat_dead" if chat.dead else "staff_accounts.chat_alive"),
            )
        )
        rows.append((free_chat_button(chat, t("staff_accounts.free", i=digits(i))),))
    return Screen("\n".join(lines), (*rows, navigation_row("staff.account", press.id)))


def free_chat_button(chat: Chat, label: str) -> Button:
    return button(label, "staff.chat_ask", chat.id or 0, chat.version)


def _return_from_chat(chat: Chat) -> Press:
    return Press("staff.chats", chat.account_id) if chat.account_id is not None else Press("staff.updates")


def ask_free_chat(turn: Turn, press: Press) -> Screen:
    chat = account_lookup.chat(turn.db, actor=turn.actor, chat_row_id=press.id)
    yes = button(t("reference_data.yes"), "staff.chat_do", press.id, press.version)
    return confirmation_screen(t("staff_accounts.free_ask"), yes, _return_from_chat(chat))


def free_chat(turn: Turn, press: Press) -> Reply:
    chat = account_lookup.free_chat(
        turn.db, actor=turn.actor, chat_row_id=press.id, expected=press.version, now=turn.now
    )
    return Reply((Screen(t("staff_accounts.freed")),), goto=_return_from_chat(chat))


# -- trails ----------------------------------------------------------------------------------------


def show_trail(turn: Turn, press: Press) -> Screen:
    """What was done to the account and what it did, newest first."""
    account, page = _account(turn, press), page_of(press)
    entries = account_lookup.trail(
        turn.db, actor=turn.actor, account_id=press.id, now=turn.now, offset=page * TRAIL, limit=TRAIL + 1
    )
    if not entries and page:
        return show_trail(turn, first_page(press))
    title = t("staff_accounts.trail_title", name=account.name)
    return _trail_screen(turn, press, title, entries, page, navigation_row("staff.account", press.id))


def show_request_trail(turn: Turn, press: Press) -> Screen:
    """Who saw which document and who decided what in one file, newest first."""
    request, _ = QUALIFICATION_WORKFLOW.see(turn.db, press.id, actor=turn.actor)
    page = page_of(press)
    entries = account_lookup.trail_of_file(
        turn.db,
        actor=turn.actor,
        request_id=press.id,
        subject=requests.SUBJECT,
        offset=page * TRAIL,
        limit=TRAIL + 1,
    )
    if not entries and page:
        return show_request_trail(turn, first_page(press))
    title = t("staff_accounts.file_trail_title", code=request.tracking_code or "–")
    return _trail_screen(
        turn, press, title, entries, page, (back_button("desk.file", press.id), home_button())
    )


def _trail_screen(
    turn: Turn, press: Press, title: str, entries: list[AuditEntry], page: int, last: ButtonRow
) -> Screen:
    names = reference_rows.names_of_documents(turn.db, actor=turn.actor)
    lines = [title, *(entry_line(entry, names) for entry in entries[:TRAIL])]
    if not entries:
        lines.append(t("error.empty"))
    pages = page + (2 if len(entries) > TRAIL else 1)
    turns = pager_rows(Press(press.action, press.id), page=page, pages=pages)
    return Screen(truncate_lines(lines), (*turns, last))


def entry_line(entry: AuditEntry, documents: dict[str, str]) -> str:
    """When, who and what in one line, and the reason below it."""
    event = entry.event
    name = audit.present_name(event.event)
    what = t(f"trail.{name}") if has(f"trail.{name}") else t("trail.other", event=name)
    if event.data.get("document"):
        code = str(event.data["document"])
        what = t("trail.about", what=what, about=documents.get(code, code))
    who = entry.actor.name if entry.actor is not None else t("trail.system")
    role = t(f"role.{event.actor_role}") if has(f"role.{event.actor_role}") else ""
    if entry.actor is not None and role:
        who = t("trail.who", name=who, role=role)
    if event.data.get("reason"):
        reason = quoted(str(event.data["reason"]), role or t("trail.system"))
        what = t("trail.reason", what=what, reason=reason)
    return t("trail.line", time=jalali_time(event.at), who=who, what=what)
