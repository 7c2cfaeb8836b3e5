"""Every screen of every role, on a database of many officers: no statement looks at every row of a table that grows.

On SQLite: PostgreSQL has the same indexes, and of tables as small as these it tells only that they are small."""

from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlmodel import Session, col, select

from bot.core.context import Actor
from bot.operations.load_test import fill
from storage.enums import Role
from storage.tables import Grant
from tests.support.chat_driver import App
from tests.support.plans import GROWING, Statement, reads_of

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


def whole_reads_of(app: App, role: Role) -> list[str]:
    person = app.person(actor=app.read(lambda db: somebody(db, role)))
    walks = []
    for action, route in app.routes.by_action.items():
        if not route.shows or role not in route.roles:
            continue
        asked: dict[str, Statement] = {}

        def note(
            conn: Any,
            cursor: Any,
            sql: str,
            values: Any,
            context: Any,
            many: bool,
            asked: dict[str, Statement] = asked,
        ) -> None:
            if sql.lstrip().upper().startswith(("SELECT", "WITH")):
                asked.setdefault(sql, Statement(sql, values))

        event.listen(Engine, "before_cursor_execute", note)
        try:
            person.open(action)
        finally:
            event.remove(Engine, "before_cursor_execute", note)
        reads = app.read(lambda db, asked=asked: reads_of(db, list(asked.values())))
        walks += [
            f"{action}: {read}" for read in reads if read.whole and read.table in GROWING - NAMED.keys()
        ]
    return walks


def somebody(db: Session, role: Role) -> Actor:
    grant = db.exec(select(Grant).where(col(Grant.role) == role).order_by(col(Grant.id)).limit(1)).one()
    return Actor(grant.account_id, role, grant.university_code)
