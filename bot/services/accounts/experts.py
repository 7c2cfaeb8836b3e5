"""Accounts that staff or the command line make, and the experts of a university.

See docs/specification.md 2.1, Q25.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from bot.core.context import SYSTEM, Actor
from bot.core.refusals import NotAllowed, Refusal, Stale
from bot.core.screens import button
from bot.rules.account import UNIVERSITY_ROLES
from bot.rules.validators import Mobile, NationalCode
from bot.services.accounts import queries, registration, roles
from bot.services.cooperation.requests import COOPERATION_WORKFLOW
from bot.services.qualification.requests import QUALIFICATION_WORKFLOW
from bot.services.review import routing
from bot.services.shared import audit, notify
from bot.services.shared.permissions import require
from bot.services.shared.reference_data import university_name
from bot.texts import t
from storage.enums import AccountState, Role
from storage.tables import Account, Distributor, Grant, University


@dataclass(frozen=True, slots=True)
class ExpertGrant:
    """One line of a university's list."""

    grant_id: int
    account: Account
    role: Role
    university_code: str


def create_user(
    db: Session,
    *,
    role: Role,
    university_code: str | None = None,
    distributor_id: int | None = None,
    name: str = "",
    first_name: str = "",
    last_name: str = "",
    national_code: NationalCode | None = None,
    mobile: Mobile | None = None,
    now: datetime,
    password_hash: str,
    actor: Actor = SYSTEM,
) -> Account:
    """Make an account with one role (of a `name` alone, the first word is the first name).

    Raises Refusal("error.university_needed" or "error.distributor_needed"), Refusal("error.duplicate_registration"),
    InvalidInput.
    """
    if not first_name:
        first_name, _, last_name = " ".join(name.split()).partition(" ")
    if not first_name:
        raise Refusal("error.name_needed")
    account = registration.insert(
        db,
        Account(
            user_code="",
            password_hash=password_hash,
            national_code=national_code,
            mobile=mobile,
            first_name=first_name,
            last_name=last_name,
            created_at=now,
        ),
    )
    assert account.id is not None
    roles.grant(
        db,
        account=account,
        role=role,
        university_code=university_code,
        distributor_id=distributor_id,
        now=now,
    )
    audit.record(
        db,
        now=now,
        actor=actor,
        event="account_created",
        subject="account",
        subject_id=account.id,
        to_state=account.state,
        role=role,
        university=university_code,
        distributor=distributor_id,
    )
    return account


def appoint_expert(
    db: Session, *, actor: Actor, role: Role, university_code: str, national_code: NationalCode, now: datetime
) -> Account:
    """Staff give the person with this national code a role of a university, beside those it has. Who has no account is
    invited (`invitations`).

    Raises NotAllowed, Stale where nobody has this code any more, Refusal("error.role_held").
    """
    require(db, actor, Role.STAFF)
    if role not in UNIVERSITY_ROLES:
        raise NotAllowed("error.not_allowed")
    known = give_role(
        db,
        actor=actor,
        role=role,
        university_code=university_code,
        national_code=national_code,
        now=now,
    )
    routing.alert_if_no_expert(db, university_code=university_code, now=now)
    return known


def give_role(
    db: Session,
    *,
    actor: Actor,
    role: Role,
    national_code: NationalCode,
    university_code: str | None = None,
    distributor_id: int | None = None,
    now: datetime,
) -> Account:
    """One more role of somebody who has an account, who is told and keeps the password. Who may is the caller's matter.

    Raises Stale where nobody has this code any more, Refusal("error.account_state") and what `roles.grant` raises."""
    known = queries.by_national_code(db, national_code)
    if known is None:
        raise Stale
    if known.state is not AccountState.ACTIVE:
        raise Refusal("error.account_state")
    assert known.id is not None
    granted = roles.grant(
        db, account=known, role=role, university_code=university_code, distributor_id=distributor_id, now=now
    )
    distributor = db.get(Distributor, distributor_id) if distributor_id is not None else None
    tell_of_role(
        db,
        account=known,
        role=role,
        place=distributor.name if distributor is not None else university_name(db, university_code),
        event_key=f"role:{granted.id}:{now.timestamp()}",
        now=now,
    )
    audit.record(
        db,
        now=now,
        actor=actor,
        event="role_granted",
        subject="account",
        subject_id=known.id,
        role=role,
        university=university_code,
        distributor=distributor_id,
    )
    return known


def tell_of_role(
    db: Session,
    *,
    account: Account,
    role: Role,
    place: str,
    event_key: str,
    now: datetime,
    except_chat: int | None = None,
) -> None:
    """N26: a person who has an account may act in one more role, at a university or for a distributor."""
    assert account.id is not None
    notify.push(
        db,
        kind="N26",
        event_key=event_key,
        account_id=account.id,
        text=t("push.N26", role=t(f"role.{role}"), place=place),
        rows=[[button(t("menu.role"), "role")]],
        now=now,
        except_chat=except_chat,
        sms=t("push.N26_sms", role=t(f"role.{role}"), place=place),
    )


def deactivate(db: Session, *, actor: Actor, account_id: int, grant_id: int, now: datetime) -> Grant:
    """End an expert's work at a university: the files under their review go back to the queue, their chats
    lose the role. Raises NotAllowed, Stale where it has ended already."""
    require(db, actor, Role.STAFF)
    grant = db.get(Grant, grant_id)
    if grant is None or grant.account_id != account_id or grant.role not in UNIVERSITY_ROLES:
        raise NotAllowed("error.not_allowed")
    if not grant.active:
        raise Stale
    roles.revoke(db, grant=grant)
    audit.record(
        db,
        now=now,
        actor=actor,
        event="expert_deactivated",
        subject="account",
        subject_id=account_id,
        role=grant.role,
        university=grant.university_code,
    )
    leave_desk(db, actor=actor, account_id=account_id, now=now)
    if grant.university_code is not None:
        routing.alert_if_no_expert(db, university_code=grant.university_code, now=now)
    return grant


def leave_desk(db: Session, *, actor: Actor, account_id: int, now: datetime) -> None:
    """Put what this expert is reviewing back into the queues, so that a colleague can take it.

    See docs/specification.md 2.2.
    """
    for kind in (QUALIFICATION_WORKFLOW, COOPERATION_WORKFLOW):
        kind.release_all(db, actor=actor, expert_id=account_id, now=now)


def of_university(db: Session, *, actor: Actor, university_code: str) -> list[ExpertGrant]:
    """The active experts of a university, by name."""
    require(db, actor, Role.STAFF)
    grants = db.exec(
        select(Grant, Account)
        .join(Account, col(Account.id) == col(Grant.account_id))
        .where(
            Grant.university_code == university_code,
            col(Grant.role).in_(UNIVERSITY_ROLES),
            col(Grant.active).is_(True),
        )
        .order_by(col(Account.last_name), col(Account.first_name), col(Account.id))
    )
    return [ExpertGrant(grant.id or 0, account, grant.role, university_code) for grant, account in grants]


def expert(db: Session, *, actor: Actor, grant_id: int) -> tuple[Grant, Account] | None:
    """An expert's grant that is in force, with its account."""
    require(db, actor, Role.STAFF)
    grant = db.get(Grant, grant_id)
    if grant is None or not grant.active or grant.role not in UNIVERSITY_ROLES:
        return None
    return grant, queries.load_account(db, grant.account_id)


def numbers(db: Session, *, actor: Actor) -> list[tuple[University, int]]:
    """Every regional active university with the number of its active experts, by name."""
    require(db, actor, Role.STAFF)
    counts: dict[str, int] = {}
    for code in db.exec(
        select(Grant.university_code).where(
            col(Grant.role).in_(UNIVERSITY_ROLES), col(Grant.active).is_(True)
        )
    ):
        if code is not None:
            counts[code] = counts.get(code, 0) + 1
    universities = db.exec(
        select(University)
        .where(col(University.active).is_(True), col(University.regional).is_(True))
        .order_by(col(University.name))
    )
    return [(university, counts.get(university.code, 0)) for university in universities]
