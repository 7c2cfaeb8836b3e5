"""Roles: experts are hired and dismissed, and one login may hold several; on both databases."""

import pytest
from sqlmodel import Session, select

from bot.core.context import Actor
from bot.core.refusals import NotAllowed, Stale
from bot.services import accounts
from storage.enums import Role
from storage.tables import Grant
from tests.bot.services.accounts.actions import CODE, OTHER_CODE, log_in, new_chat, owner, register
from tests.support.factories.people import staff
from tests.support.factories.reference_data import NOW
from tests.support.services import as_unit, refused


def hire(
    db: Session, actor: Actor, role: Role = Role.EXPERT, *, code: str = CODE, name: str | None = None
) -> accounts.Appointment:
    return accounts.appoint_expert(
        db,
        actor=actor,
        role=role,
        university_code="sums",
        national_code=code,
        name=name,
        password_hash="unused",
        now=NOW,
    )


@as_unit
def test_several_roles_and_one_login(db: Session) -> None:
    account, chat = register(db)
    hired = hire(db, staff(db))
    assert (hired.created, hired.account.id, hired.account.password_hash) == (False, account.id, "first")
    accounts.choose(db, actor=owner(account), chat=chat, role=Role.EXPERT, now=NOW)
    assert chat.role is Role.EXPERT
    with refused(NotAllowed):
        accounts.choose(db, actor=owner(account), chat=chat, role=Role.STAFF, now=NOW)
    with refused("error.role_held"):
        accounts.grant(db, account=account, role=Role.IN_CHARGE, university_code="tums", now=NOW)


@as_unit
def test_staff_make_an_expert_and_end_the_work(db: Session) -> None:
    actor = staff(db)
    hired = hire(db, actor, Role.IN_CHARGE, code=OTHER_CODE, name="مینا رضایی نیا")
    expert = hired.account
    assert (hired.created, expert.credentials_pending) == (True, True)
    assert (expert.first_name, expert.last_name) == ("مینا", "رضایی نیا")
    chat = new_chat(db, 9)
    log_in(db, expert, chat)
    assert chat.role is Role.IN_CHARGE
    (line,) = accounts.of_university(db, actor=actor, university_code="sums")
    assert (line.account.id, line.role) == (expert.id, Role.IN_CHARGE)
    assert {one.code for one, number in accounts.numbers(db, actor=actor) if number == 1} == {"sums"}
    given = {"actor": actor, "account_id": expert.id, "grant_id": line.grant_id, "now": NOW}
    accounts.deactivate(db, **given)
    assert accounts.of_university(db, actor=actor, university_code="sums") == []
    assert (chat.account_id, chat.role) == (None, None)
    with refused(Stale):
        accounts.deactivate(db, **given)
    with refused(NotAllowed, "error.no_role"):
        log_in(db, expert, chat)
    again = hire(db, actor, Role.IN_CHARGE, code=OTHER_CODE)
    assert not again.created
    assert len(db.exec(select(Grant).where(Grant.account_id == expert.id)).all()) == 1


@as_unit
def test_an_expert_who_also_is_an_officer_stays_logged_in_as_officer(db: Session) -> None:
    account, chat = register(db)
    actor = staff(db)
    hire(db, actor)
    accounts.choose(db, actor=owner(account), chat=chat, role=Role.EXPERT, now=NOW)
    (line,) = accounts.of_university(db, actor=actor, university_code="sums")
    accounts.deactivate(db, actor=actor, account_id=account.id, grant_id=line.grant_id, now=NOW)
    assert (chat.account_id, chat.role) == (account.id, Role.OFFICER)


@pytest.mark.parametrize("role", [Role.OFFICER, Role.EXPERT, Role.IN_CHARGE, Role.DISTRIBUTOR])
@as_unit
def test_only_staff_hire_and_dismiss(db: Session, role: Role) -> None:
    actor = Actor(1, role, "sums")
    with refused(NotAllowed):
        hire(db, actor, code=OTHER_CODE, name="مینا رضایی")
    with refused(NotAllowed):
        accounts.deactivate(db, actor=actor, account_id=1, grant_id=1, now=NOW)


@pytest.mark.parametrize(("role", "university"), [(Role.EXPERT, None), (Role.IN_CHARGE, "nowhere")])
@as_unit
def test_an_expert_belongs_to_a_university(db: Session, role: Role, university: str | None) -> None:
    with refused("error.university_needed"):
        accounts.create_user(
            db, role=role, university_code=university, name="مینا", now=NOW, password_hash="x"
        )
