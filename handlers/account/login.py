"""Login and logout, passwords, roles."""

from __future__ import annotations

from bot.application.resources import Resources
from bot.application.routes import EVERYONE, LOGGED_IN, READS_SUSPENDED, Routes
from bot.core.context import Turn
from bot.core.incoming import Incoming
from bot.core.refusals import NotAllowed
from bot.core.screens import Press, Reply, Screen, button
from bot.security.passwords import GeneratedPassword
from bot.services import accounts
from bot.texts import t
from conversations.account.credentials import credentials_screen, enter
from conversations.engine.engine import Engine
from handlers.common.navigation import ButtonRow, home_button
from storage.enums import Role

HOME = Press("home")


def routes(engine: Engine) -> Routes:
    """register, login, forgot, logout, credentials, role*, password.change."""
    table = Routes()
    show, act = table.show, table.act

    def route_to_dialogue(action: str, dialogue: str) -> None:
        """An act that opens a guest's dialogue; a logged-in chat goes to its first screen."""

        @act(action, roles=EVERYONE, suspended=EVERYONE)
        def open_dialogue(turn: Turn, press: Press) -> Reply:
            if turn.account is not None:
                return Reply((Screen(t("login.already")),), goto=HOME)
            return engine.start(turn, dialogue)

    route_to_dialogue("register", "registration")
    route_to_dialogue("login", "login")

    @act("forgot", roles=EVERYONE)
    def forgot(turn: Turn, press: Press) -> Reply:
        if turn.account is not None:
            return engine.start(turn, "password")
        accounts.refuse_recovery_if_throttled(turn.db, chat=turn.chat, now=turn.now)
        return engine.start(turn, "forgot")

    @act("register.drop", roles=[None])
    def drop_registration(turn: Turn, press: Press) -> Reply:
        engine.drop(turn, "registration")
        return Reply((Screen(t("form.discarded")),), goto=HOME)

    @act("password.change", roles=LOGGED_IN)
    def change_password(turn: Turn, press: Press) -> Reply:
        return engine.start(turn, "password")

    act("credentials", roles=LOGGED_IN, prepare=generate_password, suspended=READS_SUSPENDED)(
        send_credentials
    )
    act("logout", roles=LOGGED_IN, suspended=LOGGED_IN)(log_out)
    show("role", roles=LOGGED_IN, suspended=LOGGED_IN)(show_roles_to_choose)
    act("role.choose", roles=LOGGED_IN, suspended=LOGGED_IN)(choose_role)
    return table


async def generate_password(resources: Resources, incoming: Incoming, press: Press) -> GeneratedPassword:
    return await resources.passwords.make_new()


def send_credentials(turn: Turn, press: Press) -> Reply:
    """A new password where the last one is not known to have been seen (Q30)."""
    made = turn.prepared
    assert isinstance(made, GeneratedPassword)
    account = accounts.renew(turn.db, actor=turn.actor, password_hash=made.hash, now=turn.now)
    if account is None:
        return Reply((Screen(t("password.shown_already")),), goto=HOME)
    turn.account = account
    return Reply(
        (credentials_screen(account, made.password),), goto=HOME, send_as_new=True, credentials_of=account.id
    )


def log_out(turn: Turn, press: Press) -> Reply:
    accounts.logout(turn.db, actor=turn.actor, chat=turn.chat, now=turn.now)
    turn.account, turn.draft, turn.grants = None, None, ()
    return Reply((Screen(t("menu.logged_out")),), goto=HOME)


def show_roles_to_choose(turn: Turn, press: Press) -> Screen:
    """The roles to choose from, the one in force marked."""
    roles = list(dict.fromkeys(grant.role for grant in turn.grants))
    rows: list[ButtonRow] = [
        (button(f"{'✅ ' if role is turn.role else ''}{t(f'role.{role}')}", "role.choose", arg=role),)
        for role in roles
    ]
    return Screen(t("role.choose"), (*rows, (home_button(),)))


def choose_role(turn: Turn, press: Press) -> Reply:
    if press.arg not in set(Role):
        raise NotAllowed("error.not_allowed")
    assert turn.account is not None
    accounts.choose(turn.db, actor=turn.actor, chat=turn.chat, role=Role(press.arg), now=turn.now)
    enter(turn, turn.account)
    return Reply(goto=HOME)
