"""«اطلاعات من»: everything stored about oneself, the documents, and the chats that are logged in.

See docs/specification.md 4.1, menu.me.
"""

from __future__ import annotations

from bot.application.routes import LOGGED_IN, READS_SUSPENDED, Routes
from bot.core.context import Turn
from bot.core.refusals import NotAllowed
from bot.core.screens import Attachment, Press, Reply, Screen, button
from bot.rules import request_items
from bot.services import accounts, qualification
from bot.services.shared import reference_data
from bot.texts import t
from bot.texts.formats import digits, jalali_day, jalali_time, local_mobile
from conversations.common.labels import Wording, is_document, shortened
from conversations.engine.engine import Engine
from handlers.account.login import log_out
from handlers.common.navigation import (
    ButtonRow,
    button_grid,
    home_button,
    navigation_row,
    page_of,
    pager_rows,
)
from storage.enums import AccountState, RequestKind, Role
from storage.tables import Account, Officer

#: Characters of one page, well below the messengers' 4096.
PAGE = 3000
#: As many other chats can be signed out of from the first screen; more of them have their own.
AT_ONCE = 3


def routes(engine: Engine) -> Routes:
    """Routes that begin with "me"."""
    table = Routes()

    @table.act("me.mobile", roles=LOGGED_IN)
    def change_mobile(turn: Turn, press: Press) -> Reply:
        assert turn.account is not None
        accounts.refuse_mobile_change(turn.db, account=turn.account)
        return engine.start(turn, "mobile")

    table.show("me", roles=LOGGED_IN, suspended=READS_SUSPENDED)(show_my_data)
    table.show("me.chats", roles=LOGGED_IN, suspended=READS_SUSPENDED)(show_my_chats)
    table.show("me.documents", roles=[Role.OFFICER], suspended=READS_SUSPENDED)(show_documents)
    table.act("me.document", roles=[Role.OFFICER], suspended=READS_SUSPENDED)(send_document)
    table.act("me.signout", roles=LOGGED_IN, suspended=LOGGED_IN)(sign_out_of_chat)
    return table


def show_my_data(turn: Turn, press: Press) -> Screen:
    """The person's own data as stored: nothing masked, this is its owner."""
    account = turn.account
    assert account is not None
    officer = turn.db.get(Officer, account.id) if _is_officer(turn) else None
    lines = [
        t("me.line", field=t(f"field.{key}"), value=value) for key, value in _identity_facts(account, officer)
    ]
    if officer is not None:
        lines += _officer_lines(turn, account)
    lines += _role_lines(turn)
    chats, sign_outs = _chat_lines_and_rows(turn)
    lines += ["", t("my.chats"), *chats]
    pages = _split_into_pages(lines)
    page = min(page_of(press), len(pages) - 1)
    text = "\n".join([t("me.title"), *pages[page]])
    if len(pages) > 1:
        text += "\n\n" + t("my.page", page=digits(page + 1), pages=digits(len(pages)))
    rows = pager_rows(press, page=page, pages=len(pages)) + (_edit_rows(turn) if officer is not None else [])
    # Who is suspended changes nothing (docs/specification.md 2.1).
    if account.state is not AccountState.SUSPENDED:
        rows.append((button(t("password.button"), "password.change"), button(t("me.mobile"), "me.mobile")))
    few = sign_outs if len(sign_outs) <= AT_ONCE else []
    return Screen(text, (*rows, *few, (button(t("chats.button"), "me.chats"),), (home_button(),)))


def _is_officer(turn: Turn) -> bool:
    """Whether the officer's file is shown: its owner may be here in another of their roles."""
    return any(grant.role is Role.OFFICER for grant in turn.grants)


def _identity_facts(account: Account, officer: Officer | None) -> list[tuple[str, str]]:
    """Who one is and how one logs in."""
    values = [("first_name", account.first_name), ("last_name", account.last_name)]
    if account.national_code:
        values.append(("national_code", digits(account.national_code)))
    if officer is not None:
        values.append(("birth_date", jalali_day(officer.birth_date)))
    if account.mobile:
        key = "me.verified" if account.mobile_verified else "me.unverified"
        values.append(("mobile", t(key, mobile=local_mobile(account.mobile))))
    return [*values, ("user_code", account.user_code)]


def _officer_lines(turn: Turn, account: Account) -> list[str]:
    """The officer's items and documents. What a migrated officer never gave says so (Q27)."""
    words, account_id = Wording.load(turn.db), account.id or 0
    known = qualification.approved_of(turn.db, account_id)
    lines = []
    for key in request_items.FIELDS:
        if key in ("first_name", "last_name"):
            continue
        if known[key] is None and key in ("field_note", "university"):
            continue
        value = words.value(key, known[key])
        if known[key] is None and key in ("degree_level", "field_of_study"):
            value = t("me.no_degree")
        lines.append(t("me.line", field=words.label(key), value=value))
    documents = [
        t("desk.document_count", doc=words.label(key, short=True), n=digits(len(known[key])))
        for key in words.keys(known)
        if is_document(key)
    ]
    qualified = qualification.is_qualified(turn.db, account_id)
    if documents or qualified:
        lines.append(t("my.documents_line", documents="، ".join(documents) or t("amend.no_documents")))
    state = "COMPLETED" if qualified else "none"
    latest = qualification.latest(turn.db, actor=turn.actor)
    if latest is not None and not qualified:
        state = latest.state
    return [*lines, t("my.status", status=t(f"status.{state}"))]


def _role_lines(turn: Turn) -> list[str]:
    lines = []
    for grant in turn.grants:
        if grant.university_code is None:
            lines.append(t("me.role", role=t(f"role.{grant.role}")))
        else:
            university = reference_data.university_name(turn.db, grant.university_code)
            lines.append(t("me.role_at", role=t(f"role.{grant.role}"), university=university))
    return lines


def _edit_rows(turn: Turn) -> list[ButtonRow]:
    """What the officer may do about the file from here."""
    assert turn.account is not None
    if turn.role is not Role.OFFICER:
        return []
    shows = (button(t("my.documents"), "me.documents"),)
    if turn.account.state is not AccountState.ACTIVE:
        return [shows]
    rows: list[ButtonRow] = [(button(t("qual.general"), "general"),)]
    if qualification.may_start(turn.db, actor=turn.actor, kind=RequestKind.AMENDMENT):
        return [*rows, (button(t("qual.amend"), "qual.amend"), *shows)]
    return [*rows, shows]


def _split_into_pages(lines: list[str]) -> list[list[str]]:
    pages: list[list[str]] = [[]]
    for line in lines:
        if sum(map(len, pages[-1])) + len(pages[-1]) + len(line) > PAGE:
            pages.append([])
        pages[-1].append(line)
    return pages


def show_documents(turn: Turn, press: Press) -> Screen:
    """The documents of the approved file, one button each."""
    assert turn.account is not None
    words = Wording.load(turn.db)
    known = qualification.approved_of(turn.db, turn.account.id or 0)
    buttons = []
    for key in filter(is_document, words.keys(known)):
        name, n = shortened(words.label(key, short=True), 16), digits(len(known[key]))
        label = t("desk.document_count", doc=name, n=n)
        buttons.append(button(label, "me.document", arg=key.removeprefix(request_items.DOCUMENT)))
    if buttons:
        return Screen(t("my.documents_title"), (*button_grid(buttons, columns=2), navigation_row("me")))
    legacy = turn.account.migrated and qualification.is_qualified(turn.db, turn.account.id or 0)
    return Screen(t("amend.no_documents" if legacy else "desk.documents_none"), (navigation_row("me"),))


def send_document(turn: Turn, press: Press) -> Reply:
    """One of one's own approved documents; the list follows below it."""
    assert turn.account is not None
    item, again = request_items.document(press.arg), Press("me.documents")
    files = qualification.approved_of(turn.db, turn.account.id or 0).get(item) or ()
    if not files:
        raise NotAllowed("error.file_gone")
    label = Wording.load(turn.db).label(item)
    shown = tuple(Attachment(file_id, label) for file_id in files)
    return Reply(screens=(Screen("", attachments=shown),), goto=again, send_as_new=True)


def show_my_chats(turn: Turn, press: Press) -> Screen:
    """Where this account is logged in, and the way to end it there."""
    lines, rows = _chat_lines_and_rows(turn)
    return Screen("\n".join([t("chats.title"), *lines]), (*rows, navigation_row("me")))


def _chat_lines_and_rows(turn: Turn) -> tuple[list[str], list[ButtonRow]]:
    """The linked chats as lines, and «خروج از …» for each but this one."""
    assert turn.account is not None
    assert turn.account.id is not None
    lines, rows = list[str](), list[ButtonRow]()
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
    return lines, rows


def sign_out_of_chat(turn: Turn, press: Press) -> Reply:
    """«خروج از آن گفت‌وگو», from the list of chats or from under N2."""
    if press.id == turn.chat.id:
        return log_out(turn, press)
    accounts.sign_out(turn.db, actor=turn.actor, chat_row_id=press.id, mark=press.version, now=turn.now)
    assert turn.account is not None
    shut = turn.account.state is AccountState.SUSPENDED and turn.role not in READS_SUSPENDED
    return Reply((Screen(t("chats.signed_out")),), goto=Press("home" if shut else "me.chats"))
