"""Screens of the directorate's staff: experts of each university, alerts, refunds.

See docs/specification.md 4.1, staff.menu.
"""

from __future__ import annotations

from bot.application.routes import Routes
from bot.core.context import Turn
from bot.core.refusals import Stale
from bot.core.screens import Press, Reply, Screen, button
from bot.services import accounts, payments
from bot.services.accounts import invitations
from bot.services.directorate import alert_list
from bot.services.shared import reference_data
from bot.texts import t
from bot.texts.formats import digits, jalali_day, jalali_time, masked, number, toman
from conversations.account.credentials import is_unseen
from conversations.common.labels import shortened
from conversations.engine.engine import Engine
from conversations.questions.search import named
from conversations.staff.experts import ACCOUNT, GRANT, UNIVERSITY, VERSION
from conversations.staff.refunds import ATTEMPT
from conversations.staff.refunds import VERSION as ATTEMPT_VERSION
from handlers.common.navigation import (
    ButtonRow,
    back_button,
    button_grid,
    home_button,
    navigation_row,
    number_in,
    page_of,
    pager_rows,
)
from handlers.common.numbered_list import confirmation_screen
from handlers.staff import invitations as staff_invitations
from handlers.staff import refunds as staff_refunds
from storage.enums import Role
from storage.tables import Account, Grant, University

STAFF = (Role.STAFF,)
UNIVERSITIES, LINES = 10, 5  # a page


def routes(engine: Engine) -> Routes:
    """Routes that begin with "staff."."""
    table = Routes()
    show, act = table.show, table.act

    show("staff.experts", roles=STAFF, listed=True, typed=find_university)(show_universities)
    show("staff.university", roles=STAFF)(show_university)
    show("staff.expert", roles=STAFF)(show_expert)
    show("staff.dismiss", roles=STAFF)(ask_dismiss)
    act("staff.dismiss_do", roles=STAFF)(dismiss_expert)
    show("staff.alerts", roles=STAFF, listed=True)(show_alerts)
    show("staff.alert", roles=STAFF)(show_alert)
    act("staff.settle", roles=STAFF)(resolve_alert)
    show("staff.settle_similar", roles=STAFF)(ask_resolve_similar)
    act("staff.settle_similar_do", roles=STAFF)(resolve_similar)
    show("staff.refunds", roles=STAFF, listed=True)(show_refunds)

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

    @act("staff.refund", roles=STAFF)
    def refund(turn: Turn, press: Press) -> Reply:
        return engine.start(
            turn,
            "refund",
            subject_id=press.id,
            answers={ATTEMPT: press.id, ATTEMPT_VERSION: press.version},
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
    for invitation in invitations.pending(turn.db, actor=turn.actor, university_code=university.code):
        lines.append(staff_invitations.line_of(turn, invitation))
        label = shortened(t("invite.button", name=invitation.name), 20)
        rows.append((button(label, "staff.invitation", invitation.id or 0),))
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


def show_alerts(turn: Turn, press: Press) -> Screen:
    """What waits for staff, oldest first."""
    total = alert_list.count_open(turn.db, actor=turn.actor)
    if not total:
        return Screen(t("error.empty"), ((home_button(),),))
    pages = -(-total // LINES)
    page = min(page_of(press), pages - 1)
    shown = alert_list.open_alerts(turn.db, actor=turn.actor, limit=LINES, offset=page * LINES)
    first = page * LINES + 1
    lines = [
        t("staff.alert_line", i=digits(i), alert=alert.text, time=jalali_time(alert.raised_at))
        for i, alert in enumerate(shown, start=first)
    ]
    buttons = [button(digits(i), "staff.alert", alert.id or 0) for i, alert in enumerate(shown, start=first)]
    rows = [
        *button_grid(buttons, columns=LINES),
        *pager_rows(Press("staff.alerts"), page=page, pages=pages),
        (home_button(),),
    ]
    return Screen("\n".join([t("staff.alerts_title"), *lines]), tuple(rows))


def show_alert(turn: Turn, press: Press) -> Screen:
    """One alert, the button to where its cause is removed, and those that put it away."""
    alert = alert_list.open_alert(turn.db, actor=turn.actor, alert_id=press.id)
    text = t("staff.alert", alert=alert.text, time=jalali_time(alert.raised_at))
    rows: list[ButtonRow] = [
        tuple(row) for row in alert_list.deed_rows(turn.db, actor=turn.actor, alert_id=press.id)
    ]
    rows.append((button(t("staff.settle"), "staff.settle", press.id),))
    alike = alert_list.similar(turn.db, actor=turn.actor, alert_id=press.id)
    if len(alike) > 1:
        label = t("staff.settle_similar", n=digits(len(alike)))
        rows.append((button(label, "staff.settle_similar", press.id, arg=str(alike[-1].id)),))
    return Screen(text, (*rows, navigation_row("staff.alerts")))


def ask_resolve_similar(turn: Turn, press: Press) -> Screen:
    """The question before all alerts of one cause are closed, up to the newest that the button counted."""
    alike = alert_list.similar(turn.db, actor=turn.actor, alert_id=press.id)
    number = sum((alert.id or 0) <= number_in(press) for alert in alike)
    text = t("staff.settle_similar_ask", n=digits(number))
    yes = button(t("reference_data.yes"), "staff.settle_similar_do", press.id, arg=press.arg)
    return confirmation_screen(text, yes, Press("staff.alert", press.id))


def resolve_similar(turn: Turn, press: Press) -> Reply:
    number = alert_list.resolve_similar(
        turn.db, actor=turn.actor, alert_id=press.id, last=number_in(press), now=turn.now
    )
    done = Screen(t("staff.settled_similar", n=digits(number)))
    return Reply((done,), goto=Press("staff.alerts"))


def resolve_alert(turn: Turn, press: Press) -> Reply:
    alert_list.resolve_alert(turn.db, actor=turn.actor, alert_id=press.id, now=turn.now)
    return Reply((Screen(t("staff.settled")),), goto=Press("staff.alerts"))


def show_refunds(turn: Turn, press: Press) -> Screen:
    """Money that must go back, oldest first."""
    page = page_of(press)
    due = payments.refunds_due(turn.db, actor=turn.actor, limit=LINES + 1, offset=page * LINES)
    wrong = staff_refunds.wrong_amounts_rows(turn)
    if not due:
        return Screen(t("error.empty"), (*wrong, *staff_refunds.more_rows(), (home_button(),)))
    lines, rows = [t("staff.refunds_title")], list[ButtonRow]()
    for i, refund in enumerate(due[:LINES], start=page * LINES + 1):
        paid = jalali_day(refund.paid_at) if refund.paid_at is not None else "–"
        lines.append(
            t(
                "staff.refund_line",
                i=digits(i),
                payer=refund.payer,
                code=refund.tracking_code or "–",
                amount=number(refund.amount_rial),
                toman=toman(refund.amount_rial),
                ref=refund.bank_ref or "–",
                date=paid,
            )
        )
        label = t("staff.refund", i=digits(i))
        details = button(t("refunds.details", i=digits(i)), "staff.refund_card", refund.attempt_id)
        rows.append((button(label, "staff.refund", refund.attempt_id, refund.version), details))
    pages = page + (2 if len(due) > LINES else 1)
    rows += pager_rows(Press("staff.refunds"), page=page, pages=pages)
    return Screen("\n".join(lines), (*rows, *wrong, *staff_refunds.more_rows(), (home_button(),)))
