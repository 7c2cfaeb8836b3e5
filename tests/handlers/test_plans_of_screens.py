"""Every screen of every role, on a database of many officers: no statement looks at every row of a table that grows.

On SQLite: PostgreSQL has the same indexes, and of tables as small as these it tells only that they are small."""

import pytest
from sqlmodel import Session, col, select

from bot.core.context import Actor
from bot.operations.load_test import fill
from storage.enums import Role
from storage.tables import Grant
from tests.support.chat_driver import App
from tests.support.identities import national_code
from tests.support.plans import GROWING, Read, Statement, listened, reads_of

pytestmark = pytest.mark.plans

OFFICERS = 1000
#: Tables that screens may read from one end, up to a page, or count, with the reason.
NAMED = {
    "letter": "the directorate's own letters: some hundreds",
    "distributor": "staff's list of companies: its number, and a page in the order of an index",
    "audit_event": "the newest, by their time",
}


def test_every_screen_finds_its_rows_by_an_index(app: App) -> None:
    app.run(lambda db: fill(db.connection(), officers=OFFICERS, now=app.clock()))
    found = {
        (role, action) for role in Role if role is not Role.SYSTEM for action in whole_reads_of(app, role)
    }
    lines = sorted({action for _, action in found})
    assert not lines, "\n".join(lines)


def test_a_stranger_s_first_messages_look_at_nobody_else_s_drafts(app: App) -> None:
    # All drafts are of accounts here, which is what ANALYZE then knows of the column of strangers: every row is alike.
    app.run(lambda db: fill(db.connection(), officers=OFFICERS, now=app.clock()))
    with listened() as asked:
        app.person().command("start").tap("ثبت‌نام").type(national_code(1), "1365/04/12", "سارا", "بازگشت")
    assert any("guest_chat_id" in one.sql for one in reading(asked))
    assert [str(read) for read in whole_reads_among(app, asked)] == []


def whole_reads_of(app: App, role: Role) -> list[str]:
    person = app.person(actor=app.read(lambda db: somebody(db, role)))
    walks = []
    for action, route in app.routes.by_action.items():
        if not route.shows or role not in route.roles:
            continue
        with listened() as asked:
            person.open(action)
        walks += [f"{action}: {read}" for read in whole_reads_among(app, asked) if read.table not in NAMED]
    return walks


def whole_reads_among(app: App, asked: list[Statement]) -> list[Read]:
    reads = app.read(lambda db: reads_of(db, reading(asked)))
    return [read for read in reads if read.whole and read.table in GROWING]


def reading(asked: list[Statement]) -> list[Statement]:
    """Those that read, each once, with its first values."""
    first = {one.sql: one for one in reversed(asked)}
    return [one for one in first.values() if one.sql.lstrip().upper().startswith(("SELECT", "WITH"))]


def somebody(db: Session, role: Role) -> Actor:
    grant = db.exec(select(Grant).where(col(Grant.role) == role).order_by(col(Grant.id)).limit(1)).one()
    return Actor(grant.account_id, role, grant.university_code)
