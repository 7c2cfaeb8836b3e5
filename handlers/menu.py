"""The first screen of everybody: guests, and each role's menu.

See docs/specification.md 4.1.
"""

from __future__ import annotations

from bot.application.routes import EVERYONE, Routes
from bot.core.context import Turn
from bot.core.screens import Button, Press, Screen, button
from bot.services import payments
from bot.services.directorate import alert_list
from bot.services.shared import reference_data
from bot.texts import quoted, t
from bot.texts.formats import bounded, digits
from conversations.account.credentials import is_unseen
from conversations.engine.engine import Engine
from handlers.common.letters import inbox_button
from handlers.common.navigation import ButtonRow
from handlers.distributor import menu
from handlers.expert import worklists
from handlers.officer import home
from handlers.staff import menu as staff_menu
from storage.enums import AccountState, Role

#: Alerts and refunds that are counted at most; more are shown as «۹۹+».
COUNTED = 99


def routes(engine: Engine) -> Routes:
    """home, and the commands that lead there."""
    table = Routes()

    @table.show("home", roles=EVERYONE, suspended=EVERYONE)
    def show_home(turn: Turn, press: Press) -> Screen:
        if turn.account is None:
            return _guest_menu(engine.open_drafts(turn))
        if turn.account.state is AccountState.SUSPENDED:
            return _suspended_menu(turn)
        screen = _role_menu(turn, engine)
        return _with_credentials(screen) if is_unseen(turn, turn.account) else screen

    table.commands |= {
        "start": Press("home"),
        "menu": Press("home"),
        "cancel": Press("home"),
    }
    return table


def _guest_menu(drafts: list[tuple[str, int]]) -> Screen:
    rows: list[ButtonRow] = [(button(t("guest.register"), "register"), button(t("guest.login"), "login"))]
    unfinished = ("registration", 0) in drafts
    middle = t("unfinished.registration" if unfinished else "guest.new")
    lines = [t("guest.start"), middle, t("guest.known")]
    if unfinished:
        rows = [
            (button(t("resume.registration"), "register"), button(t("form.discard"), "register.drop")),
            (button(t("guest.login"), "login"),),
        ]
    help_row = (button(t("menu.requirements"), "requirements"), button(t("menu.help"), "help"))
    return Screen("\n".join(lines), (*rows, help_row))


def _suspended_menu(turn: Turn) -> Screen:
    assert turn.account is not None
    reason = quoted(turn.account.state_reason or "–", t("role.staff"))
    sentence = t("error.suspended", reason=reason, contact=turn.public_info.support_contact)
    if turn.role is not Role.OFFICER:
        return Screen(sentence, ((button(t("menu.help"), "help"),), _logout_row(turn)))
    rows: list[ButtonRow] = [(button(t("menu.qual"), "qual"),), (button(t("menu.centers"), "centers"),)]
    rows.append((inbox_button(turn),))
    return Screen(f"{sentence}\n{t('menu.suspended')}", (*rows, *_account_rows(turn)))


def _role_menu(turn: Turn, engine: Engine) -> Screen:
    assert turn.account is not None
    lines, rows = [t("menu.home", name=turn.account.name)], list[ButtonRow]()
    match turn.role:
        case Role.OFFICER:
            standing, rows = home.home_lines(turn, engine)
            lines = [t("menu.officer", name=turn.account.name), *standing]
            rows.append((button(t("menu.qual"), "qual"),))
            rows += [(button(t("menu.centers"), "centers"),), (inbox_button(turn),)]
            rows.append((button(t("menu.requirements"), "requirements"),))
        case Role.EXPERT | Role.IN_CHARGE:
            lines += _expert_lines(turn)
            rows += _expert_rows(turn)
            rows.append((inbox_button(turn),))
        case Role.STAFF:
            lines.append(t("staff.menu"))
            rows += _staff_rows(turn)
        case Role.DISTRIBUTOR:
            line, own = menu.home_menu(turn)
            lines.append(line)
            rows += own
            rows.append((inbox_button(turn),))
    return Screen("\n".join(lines), (*rows, *_account_rows(turn)))


def _expert_lines(turn: Turn) -> list[str]:
    """The numbers of the lists, as they stand in their heads; what is zero is left out, but for the new and the own."""
    requests, coop = (worklists.list_counts(turn, view) for view in worklists.VIEWS)
    university = reference_data.university_name(turn.db, turn.actor.university_code)
    counts = t("menu.desk_counts", new=digits(requests["desk.queue"]), mine=digits(requests["desk.mine"]))
    late = {"desk.returned": requests["desk.returned"], "desk.overdue": requests["desk.overdue"]}
    more = [t("desk.list_count", list=t(worklists.LABELS[one]), n=digits(n)) for one, n in late.items() if n]
    lines = [t("menu.expert", university=university), counts, *more]
    return [*lines, t("menu.coop_count", n=digits(coop["desk.coop"]), mine=digits(coop["desk.coop_mine"]))]


def _expert_rows(turn: Turn) -> list[ButtonRow]:
    rows: list[ButtonRow] = [
        (button(t("desk.new"), "desk.queue"), button(t("desk.mine"), "desk.mine")),
    ]
    rows.append((button(t("desk.coop"), "desk.coop"), button(t("desk.search"), "desk.search")))
    rows.append((button(t("desk.all_lists"), "desk.lists"), button(t("desk.team"), "desk.team")))
    if turn.role is Role.IN_CHARGE:
        rows.append((button(t("desk.under_way"), "desk.all"), button(t("desk.bulk"), "desk.bulk")))
        rows.append((button(t("report.button"), "desk.report"), button(t("export.button"), "export")))
    return rows


def _staff_rows(turn: Turn) -> list[ButtonRow]:
    open_alerts = alert_list.count_open(turn.db, actor=turn.actor, most=COUNTED)
    due = payments.count_due(turn.db, actor=turn.actor, most=COUNTED)
    return [
        (button(t("letters.button"), "staff.letters"),),
        (button(t("staff.experts"), "staff.experts"), button(t("staff.distributors"), "staff.dists")),
        (
            button(t("staff.alerts", n=bounded(open_alerts, COUNTED)), "staff.alerts"),
            button(t("staff.refunds", n=bounded(due, COUNTED)), "staff.refunds"),
        ),
        *staff_menu.menu_rows(),
    ]


def _account_rows(turn: Turn) -> list[ButtonRow]:
    """What every role has: own data, help, another role, the way out."""
    return [(button(t("menu.me"), "me"), button(t("menu.help"), "help")), _logout_row(turn)]


def _logout_row(turn: Turn) -> ButtonRow:
    """Another role, where there is one, and the way out."""
    out: list[Button] = [button(t("menu.logout"), "logout")]
    if len({grant.role for grant in turn.grants}) > 1:
        out.insert(0, button(t("menu.role"), "role"))
    return tuple(out)


def _with_credentials(screen: Screen) -> Screen:
    """Q30: the screen with the new password is not known to have arrived."""
    credentials_row = (button(t("password.get"), "credentials"),)
    return Screen(f"{t('password.not_shown')}\n\n{screen.text}", (credentials_row, *screen.rows))
