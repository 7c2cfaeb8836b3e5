"""Screens of the directorate's staff: experts of each university.

See docs/specification.md 4.1, staff.menu.
"""

from __future__ import annotations

from bot.application.routes import Routes
from bot.core.context import Turn
from bot.core.refusals import Stale
from bot.core.screens import Press, Reply, Screen, button
from bot.services import accounts
from bot.services.invitations import lists
from bot.services.shared import reference_data
from bot.texts import t
from bot.texts.formats import digits, masked
from conversations.account.credentials import is_unseen
from conversations.common.labels import shortened
from conversations.engine.engine import Engine
from conversations.questions.search import named
from conversations.staff.experts import ACCOUNT, GRANT, UNIVERSITY, VERSION
from handlers.common.navigation import (
    ButtonRow,
    back_button,
    button_grid,
    home_button,
    navigation_row,
    page_of,
    pager_rows,
)
from handlers.staff.accounts import invitations as staff_invitations
from storage.enums import Role
from storage.tables import Account, Grant, University

STAFF = (Role.STAFF,)
UNIVERSITIES = 10  # a page


def routes(engine: Engine) -> Routes:
    """staff.experts, university, expert, dismiss, new_expert, reset."""
    table = Routes()
    show, act = table.show, table.act

    show("staff.experts", roles=STAFF, listed=True, typed=find_university)(show_universities)
    show("staff.university", roles=STAFF)(show_university)
    show("staff.expert", roles=STAFF)(show_expert)
    show("staff.dismiss", roles=STAFF)(ask_dismiss)
    act("staff.dismiss_do", roles=STAFF)(dismiss_expert)

    @act("staff.new_expert", roles=STAFF)
    def new_expert(turn: Turn, press: Press) -> Reply:
        _university(turn, press.arg)
        return engine.start(turn, "new_expert", answers={UNIVERSITY: press.arg})

    @act("staff.reset", roles=STAFF)
    def reset(turn: Turn, press: Press) -> Reply:
        grant, account = _expert_grant(turn, press)
        return engine.start(
            turn,
            "reset_access",
            subject_id=account.id or 0,
            answers={ACCOUNT: account.id, VERSION: press.version, GRANT: grant.id},
        )

    return table


def show_universities(turn: Turn, press: Press) -> Screen:
    """All universities that review, with the number of their experts, ten a page."""
    every = accounts.numbers(turn.db, actor=turn.actor)
    pages = max(-(-len(every) // UNIVERSITIES), 1)
    page = min(page_of(press), pages - 1)
    shown = every[page * UNIVERSITIES : (page + 1) * UNIVERSITIES]
    first = page * UNIVERSITIES + 1
    lines = [
        t("staff.university_line", i=digits(i), university=university.name, n=digits(count))
        for i, (university, count) in enumerate(shown, start=first)
    ]
    buttons = [
        button(digits(i), "staff.university", arg=university.code)
        for i, (university, _) in enumerate(shown, start=first)
    ]
    rows = [
        *button_grid(buttons, columns=5),
        *pager_rows(Press("staff.experts"), page=page, pages=pages),
        (home_button(),),
    ]
    return Screen("\n".join([t("staff.experts_title"), *lines]), tuple(rows))


def find_university(turn: Turn, view: Press, text: str) -> Reply | None:
    """The experts of the one university whose name was typed."""
    options = [(one.code, one.name) for one, _ in accounts.numbers(turn.db, actor=turn.actor)]
    found = named(options, text)
    return Reply(goto=Press("staff.university", arg=found[0][0])) if len(found) == 1 else None


def _university(turn: Turn, code: str) -> University:
    university = turn.db.get(University, code)
    if university is None:
        raise Stale
    return university


def show_university(turn: Turn, press: Press) -> Screen:
    """The experts of one university."""
    university = _university(turn, press.arg)
    experts = accounts.of_university(turn.db, actor=turn.actor, university_code=university.code)
    lines = [t("staff.university_title", university=university.name)]
    if not experts:
        lines.append(t("staff.no_experts"))
    rows: list[ButtonRow] = []
    for i, expert in enumerate(experts, start=1):
        role = t(f"role.{expert.role}")
        lines.append(t("staff.expert_line", i=digits(i), name=expert.account.name, role=role))
        rows.append(
            (button(shortened(f"{digits(i)}. {expert.account.name}", 20), "staff.expert", expert.grant_id),)
        )
    pending = lists.pending(turn.db, actor=turn.actor, university_code=university.code)
    lines += [staff_invitations.line_of(turn, invitation) for invitation in pending]
    rows += staff_invitations.rows_of(pending)
    add = (
        button(t("staff.new_expert"), "staff.new_expert", arg=university.code),
        button(t("phrases.button"), "staff.phrases", arg=university.code),
    )
    return Screen("\n".join(lines), (*rows, add, navigation_row("staff.experts")))


def _expert_grant(turn: Turn, press: Press) -> tuple[Grant, Account]:
    """The active grant that a button names, and whose it is. Raises Stale."""
    grant_and_account = accounts.expert(turn.db, actor=turn.actor, grant_id=press.id)
    if grant_and_account is None:
        raise Stale
    return grant_and_account


def show_expert(turn: Turn, press: Press) -> Screen:
    """One expert, and what staff may do about them."""
    grant, account = _expert_grant(turn, press)
    name = reference_data.university_name(turn.db, grant.university_code)
    lines = [
        account.name,
        t("me.role_at", role=t(f"role.{grant.role}"), university=name),
        t("me.line", field=t("field.user_code"), value=account.user_code),
    ]
    if account.national_code:
        lines.append(t("me.line", field=t("field.national_code"), value=masked(account.national_code)))
    lines.append(t("staff.account_state", state=t(f"account_state.{account.state}")))
    if is_unseen(turn, account):
        lines.append(t("staff.password_unseen"))
    lines += staff_invitations.access_lines(turn, account.id or 0)
    return Screen(
        "\n".join(lines),
        (
            (button(t("staff.reset"), "staff.reset", grant.id or 0, account.version),),
            (button(t("staff.dismiss"), "staff.dismiss", grant.id or 0),),
            (back_button("staff.university", arg=grant.university_code or ""), home_button()),
        ),
    )


def ask_dismiss(turn: Turn, press: Press) -> Screen:
    """The question before an expert's work ends."""
    grant, account = _expert_grant(turn, press)
    name = reference_data.university_name(turn.db, grant.university_code)
    return Screen(
        t("staff.dismiss_confirm", name=account.name, university=name),
        (
            (
                button(t("staff.dismiss_do"), "staff.dismiss_do", grant.id or 0),
                button(t("nav.no"), "staff.expert", grant.id or 0),
            ),
        ),
    )


def dismiss_expert(turn: Turn, press: Press) -> Reply:
    grant, account = _expert_grant(turn, press)
    accounts.deactivate(
        turn.db, actor=turn.actor, account_id=grant.account_id, grant_id=grant.id or 0, now=turn.now
    )
    done = Screen(t("staff.dismissed", name=account.name))
    return Reply((done,), goto=Press("staff.university", arg=grant.university_code or ""))
