"""Coming in and out, passwords, roles, and what is stored about oneself."""

from __future__ import annotations

from bot.desk import Desk
from bot.errors import NotAllowed
from bot.incoming import Incoming
from bot.passwords import Made
from bot.routes import EVERYONE, LOGGED_IN, Routes
from bot.screens import Press, Reply, Screen, button
from bot.services import accounts, reference
from bot.texts import t
from bot.texts.formats import digits, jalali_day, jalali_time, local_mobile
from bot.turn import Turn
from conversations.credentials import credentials_screen, enter
from conversations.engine import Engine
from handlers.nav import Row, home, ways
from storage.states import Role
from storage.tables import DegreeLevel, FieldOfStudy, Officer

HOME = Press("home")


def routes(engine: Engine) -> Routes:
    """register, login, forgot, logout, credentials, role*, password.change, me*."""
    table = Routes()
    show, act = table.show, table.act

    def door(action: str, dialogue: str) -> None:
        """An act that opens a guest's dialogue; whoever is logged in already goes home."""

        @act(action, roles=EVERYONE, suspended_too=True)
        def open_dialogue(turn: Turn, press: Press) -> Reply:
            if turn.account is not None:
                return Reply((Screen(t("login.already")),), goto=HOME)
            return engine.start(turn, dialogue)

    door("register", "registration")
    door("login", "login")

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

    @act("me.mobile", roles=LOGGED_IN)
    def change_mobile(turn: Turn, press: Press) -> Reply:
        assert turn.account is not None
        accounts.refuse_mobile_change(turn.db, account=turn.account)
        return engine.start(turn, "mobile")

    act("credentials", roles=LOGGED_IN, prepare=make_password, suspended_too=True)(credentials)
    act("logout", roles=LOGGED_IN, suspended_too=True)(logout)
    show("role", roles=LOGGED_IN)(roles_held)
    act("role.choose", roles=LOGGED_IN, suspended_too=True)(choose_role)
    show("me", roles=LOGGED_IN)(me)
    show("me.chats", roles=LOGGED_IN)(my_chats)
    act("me.signout", roles=LOGGED_IN, suspended_too=True)(sign_out)
    return table


async def make_password(desk: Desk, incoming: Incoming, press: Press) -> Made:
    return await desk.passwords.make_new()


def credentials(turn: Turn, press: Press) -> Reply:
    """A new password where the last one is not known to have been seen (SPEC Q30)."""
    made = turn.prepared
    assert isinstance(made, Made)
    account = accounts.renew(turn.db, actor=turn.actor, password_hash=made.hash, now=turn.now)
    if account is None:
        return Reply((Screen(t("password.shown_already")),), goto=HOME)
    turn.account = account
    return Reply(
        (credentials_screen(account, made.password),), goto=HOME, anew=True, credentials_of=account.id
    )


def logout(turn: Turn, press: Press) -> Reply:
    accounts.logout(turn.db, actor=turn.actor, chat=turn.chat, now=turn.now)
    turn.account, turn.draft, turn.grants = None, None, ()
    return Reply((Screen(t("menu.logged_out")),), goto=HOME)


def roles_held(turn: Turn, press: Press) -> Screen:
    """The roles to choose from, the one in force marked."""
    held = list(dict.fromkeys(grant.role for grant in turn.grants))
    rows: list[Row] = [
        (button(f"{'✅ ' if role is turn.role else ''}{t(f'role.{role}')}", "role.choose", arg=role),)
        for role in held
    ]
    return Screen(t("role.choose"), (*rows, (home(),)))


def choose_role(turn: Turn, press: Press) -> Reply:
    if press.arg not in set(Role):
        raise NotAllowed("error.not_allowed")
    assert turn.account is not None
    accounts.choose(turn.db, actor=turn.actor, chat=turn.chat, role=Role(press.arg), now=turn.now)
    enter(turn, turn.account)
    return Reply(goto=HOME)


def me(turn: Turn, press: Press) -> Screen:
    """The person's own data as stored: nothing masked, this is its owner."""
    account = turn.account
    assert account is not None
    values = [("first_name", account.first_name), ("last_name", account.last_name)]
    if account.national_code:
        values.append(("national_code", digits(account.national_code)))
    officer = turn.db.get(Officer, account.id)
    if officer is not None:
        values += _officer(turn, officer)
    if account.mobile:
        key = "me.verified" if account.mobile_verified else "me.unverified"
        values.append(("mobile", t(key, mobile=local_mobile(account.mobile))))
    values.append(("user_code", account.user_code))
    lines = [t("me.line", field=t(f"field.{key}"), value=value) for key, value in values]
    for grant in turn.grants:
        if grant.university_code is None:
            lines.append(t("me.role", role=t(f"role.{grant.role}")))
        else:
            university = reference.university_name(turn.db, grant.university_code)
            lines.append(t("me.role_at", role=t(f"role.{grant.role}"), university=university))
    return Screen(
        "\n".join([t("me.title"), *lines]),
        (
            (button(t("password.button"), "password.change"), button(t("me.mobile"), "me.mobile")),
            (button(t("chats.button"), "me.chats"),),
            (home(),),
        ),
    )


def _officer(turn: Turn, officer: Officer) -> list[tuple[str, str]]:
    level = turn.db.get(DegreeLevel, officer.level_code) if officer.level_code else None
    field = turn.db.get(FieldOfStudy, officer.field_code) if officer.field_code else None
    values = [
        ("birth_date", jalali_day(officer.birth_date)),
        ("degree_level", level.name if level else t("me.no_degree")),
    ]
    if field is not None:
        values.append(("field_of_study", field.name))
    if officer.field_note:
        values.append(("field_note", officer.field_note))
    return values


def my_chats(turn: Turn, press: Press) -> Screen:
    """Where this account is logged in, and the way to end it there."""
    assert turn.account is not None
    assert turn.account.id is not None
    lines, rows = [t("chats.title")], list[Row]()
    for number, chat in enumerate(accounts.chats_of(turn.db, turn.account.id), start=1):
        this = chat.id == turn.chat.id
        messenger = t(f"messenger.{chat.messenger}")
        linked = jalali_time(chat.linked_at) if chat.linked_at is not None else "–"
        key = "chats.this" if this else "chats.line"
        lines.append(t(key, n=digits(number), messenger=messenger, time=linked))
        if not this:
            label = t("chats.sign_out_of", n=digits(number), messenger=messenger)
            mark = accounts.session_mark(chat)
            rows.append((button(label, "me.signout", chat.id or 0, mark),))
    return Screen("\n".join(lines), (*rows, ways("me")))


def sign_out(turn: Turn, press: Press) -> Reply:
    """«خروج از آن گفت‌وگو», from the list of chats or from under N2."""
    if press.id == turn.chat.id:
        return logout(turn, press)
    accounts.sign_out(turn.db, actor=turn.actor, chat_row_id=press.id, mark=press.version, now=turn.now)
    return Reply((Screen(t("chats.signed_out")),), goto=Press("me.chats"))
