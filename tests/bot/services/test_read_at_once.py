"""What a service did is read at once in the same unit, by whatever asks the database next."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlmodel import Session, col, select

from bot.core.context import Actor
from bot.core.refusals import InvalidInput
from bot.services import accounts
from bot.services.accounts import registration, roles
from bot.services.cooperation import contracts
from bot.services.directorate import account_lookup, reference_rows, studies, universities
from bot.services.distributors import registry
from bot.services.officers import personal_details
from bot.services.shared import eligibility
from storage.enums import Role
from storage.tables import Account, Chat, Distributor, Grant, Officer, University
from tests.support.factories.cooperation import Parties
from tests.support.factories.people import granted
from tests.support.factories.reference_data import NOW

#: What is asked for does not depend on the database.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def chat(db: Session, actor: Actor) -> Chat:
    return db.exec(select(Chat).where(Chat.account_id == actor.account_id)).one()


def stored(db: Session, column: Any, key: Any, value: Any) -> Any:
    """One column of a row, as the database has it."""
    return db.exec(select(column).where(col(key) == value)).one()


def logged_out(db: Session, parties: Parties) -> None:
    accounts.logout(db, actor=parties.sara, chat=chat(db, parties.sara), now=NOW)
    assert accounts.chats_of(db, parties.sara.account_id or 0) == []


def logged_in(db: Session, parties: Parties) -> None:
    here, account = chat(db, parties.mina), db.get_one(Account, parties.sara.account_id)
    accounts.link(db, chat=here, account=account, now=NOW)
    assert here in accounts.chats_of(db, account.id or 0)


def role_chosen(db: Session, parties: Parties) -> None:
    here, account = chat(db, parties.sara), db.get_one(Account, parties.sara.account_id)
    actor = granted(db, account, Role.STAFF)
    accounts.choose(db, actor=actor, chat=here, role=Role.STAFF, now=NOW)
    assert stored(db, Chat.role, Chat.id, here.id) is Role.STAFF


def role_given_again(db: Session, parties: Parties) -> None:
    [grant] = roles.active_grants(db, parties.ali.account_id or 0)
    roles.revoke(db, grant=grant)
    assert not stored(db, Grant.active, Grant.id, grant.id)
    account = db.get_one(Account, parties.ali.account_id)
    roles.grant(db, account=account, role=Role.EXPERT, university_code="sums", now=NOW)
    assert roles.active_grants(db, account.id or 0) == [grant]


def migrated(db: Session, parties: Parties) -> None:
    who = parties.unqualified.account_id or 0
    contracts.add_migrated(db, actor=parties.staff, account_id=who, distributor_id=parties.kian.id, now=NOW)
    assert stored(db, Officer.legacy_qualified, Officer.account_id, who)
    assert eligibility.is_qualified(db, who)


def field_closed(db: Session, parties: Parties) -> None:
    studies.set_field(db, actor=parties.staff, code="other", allowed=False, now=NOW)
    with pytest.raises(InvalidInput):
        registration.require_allowed(db, level_code="master", field_code="other")


def default_moved(db: Session, parties: Parties) -> None:
    mark = reference_rows.row_fingerprint(db.get_one(University, "fasa"))
    universities.make_default(db, actor=parties.staff, code="fasa", expected=mark, now=NOW)
    defaults = select(University.code).where(
        University.province == "فارس", col(University.province_default).is_(True)
    )
    assert db.exec(defaults).all() == ["fasa"]


def chat_freed(db: Session, parties: Parties) -> None:
    here = chat(db, parties.sara)
    here.dialogue = "x"
    db.flush()
    account_lookup.free_chat(
        db, actor=parties.staff, chat_row_id=here.id or 0, expected=here.version, now=NOW
    )
    assert stored(db, Chat.dialogue, Chat.id, here.id) is None


def company_edited(db: Session, parties: Parties) -> None:
    given = {"actor": parties.staff, "distributor_id": parties.kian.id, "now": NOW}
    registry.edit_distributor(db, **given, manager_name="پروین صادقی")  # type: ignore[arg-type]
    assert stored(db, Distributor.manager_name, Distributor.id, parties.kian.id) == "پروین صادقی"


def details_edited(db: Session, parties: Parties) -> None:
    personal_details.edit_item(db, actor=parties.sara, field="father_name", value="حسن", now=NOW)
    assert stored(db, Officer.father_name, Officer.account_id, parties.sara.account_id) == "حسن"


@pytest.mark.parametrize(
    "act",
    [
        *(logged_out, logged_in, role_chosen, role_given_again, migrated, field_closed, default_moved),
        *(chat_freed, company_edited, details_edited),
    ],
)
def test_what_was_done_is_read_at_once(
    db: Session, parties: Parties, act: Callable[[Session, Parties], None]
) -> None:
    act(db, parties)
