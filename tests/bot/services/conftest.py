"""In this folder a test that takes `db` is one unit of the fixture `database`: `as_unit` is put around it.

What it leaves is looked at as well: every line of the record and every button of a push says whom or what it is about.
"""

import functools
import inspect
from collections.abc import Callable
from typing import Any

import pytest
from sqlmodel import Session, col, select

from bot.core.screens import Press
from storage.database.database import Database
from storage.tables import AuditEvent, Push
from tests.support.factories import cooperation
from tests.support.factories.cooperation import Parties
from tests.support.prepared_rows import prepare
from tests.support.services import as_unit

#: Subjects of the record that have a number; the others have a code, or none.
NUMBERED_SUBJECTS = (
    *("account", "alert", "branch", "contract", "cooperation", "distributor", "invitation", "letter"),
    *("payment_attempt", "push", "qualification", "saved_phrase", "tariff", "termination"),
)
#: Subjects of the record that have a code, or none.
CODED_SUBJECTS = ("document_type", "export", "faq_entry", "field", "level", "report", "university")
#: What a button opens that is about one thing.
NUMBERED_ACTIONS = (
    *("coop.view", "desk.coop_file", "desk.file", "dist.branch", "dist.pick", "dist.request"),
    *("inbox.letter", "me.signout", "qual.fix", "receipts.send", "staff.alert", "term.confirm"),
)


def pytest_collectstart(collector: pytest.Collector) -> None:
    for name, test in vars(collector.obj).items() if isinstance(collector, pytest.Module) else ():
        if name.startswith("test_") and "db" in inspect.signature(test).parameters:
            setattr(collector.obj, name, as_unit(and_looks(test)))


def and_looks(test: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(test)
    def run(**given: Any) -> None:
        test(**given)
        look(given["db"])

    return run


def look(db: Session) -> None:
    db.flush()
    nobody = select(AuditEvent.event, AuditEvent.subject).where(
        AuditEvent.subject_id == 0, col(AuditEvent.subject).in_(NUMBERED_SUBJECTS)
    )
    assert db.exec(nobody).all() == []
    somebody = select(AuditEvent.event, AuditEvent.subject).where(
        AuditEvent.subject_id != 0, col(AuditEvent.subject).in_(CODED_SUBJECTS)
    )
    assert db.exec(somebody).all() == []
    for buttons in db.exec(select(Push.buttons)).all():
        presses = [Press.unpack(one["press"]) for row in buttons for one in row if "press" in one]
        assert [one for one in presses if one.action in NUMBERED_ACTIONS and not one.id] == []


@pytest.fixture
async def parties(database: Database) -> Parties:
    """The participants of a cooperation, with the reference data."""
    return await prepare(database, cooperation.parties)
