"""Rules that the database itself enforces on every writer (docs/architecture.md, "State machines")."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from itertools import count
from typing import Any

import pytest
from sqlalchemy import delete, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlmodel import Session, col, select

from storage import tables
from storage.database.database import Database, open_database
from storage.enums import (
    AccountState,
    AttemptState,
    ContractState,
    CooperationState,
    DistributorKind,
    Messenger,
    RejectReason,
    RequestKind,
    RequestState,
    Role,
    TerminationState,
)
from storage.tables.column_types import utcnow

Unit = Callable[[Session], Any]
S, C, A = RequestState, CooperationState, AttemptState
_codes = count(140509010001)


@pytest.fixture
async def db(database: Database) -> Database:
    """Officers 1–3, distributor 1 with its branches 1 (central) and 2."""
    await database.run(adding(*(account(number) for number in (1, 2, 3))))
    university = tables.University(code="sums", name="شیراز", province="فارس")
    await database.run(adding(university, company(), branch("مرکزی", is_central=True), branch("شرق")))
    return database


def adding(*rows: Any) -> Unit:
    def unit(session: Session) -> None:
        for row in rows:
            # A copy: a unit may run twice.
            session.add(type(row)(**row.model_dump(exclude_unset=True)))
            session.flush()

    return unit


def account(number: int, **values: Any) -> tables.Account:
    name = {"first_name": "سارا", "last_name": "کریمی"}
    return tables.Account(user_code=f"1000{number}", password_hash="x", **name, **values)


def request(state: S = S.DRAFT, **values: Any) -> tables.QualificationRequest:
    return tables.QualificationRequest(account_id=1, kind=RequestKind.NEW, state=state, **values)


def attempt(state: A = A.CREATED, **values: Any) -> tables.PaymentAttempt:
    given = {"request_id": 1, "gateway": "zarinpal", "amount_rial": 1000, "state": state}
    return tables.PaymentAttempt(**(given | values))


def tariff(rial: int) -> tables.Tariff:
    return tables.Tariff(kind=RequestKind.NEW, amount_rial=rial, valid_from=date(2026, 1, 1))


def event(**values: Any) -> tables.AuditEvent:
    return tables.AuditEvent(
        event="submitted", subject="request", subject_id=1, actor_role=Role.OFFICER, **values
    )


def alert(**values: Any) -> tables.StaffAlert:
    return tables.StaffAlert(key="no tariff", text="x", **values)


def company(**values: Any) -> tables.Distributor:
    given = {"kind": DistributorKind.COMPANY, "name": "کیان", "legal_id": "14009999995", "manager_name": "م"}
    return tables.Distributor(**(given | values))


def branch(name: str, **values: Any) -> tables.Branch:
    return tables.Branch(distributor_id=1, name=name, province="فارس", city="شیراز", address="زند", **values)


def cooperation(state: C = C.PENDING_OFFICER, **values: Any) -> tables.CooperationRequest:
    given = {"branch_id": 1, "distributor_id": 1, "account_id": 1, "requested_by": 3, "state": state}
    given |= {"tracking_code": f"{next(_codes)}", "university_code": "sums"}
    return tables.CooperationRequest(**(given | values))


def contract(**values: Any) -> tables.Contract:
    given = {"account_id": 1, "distributor_id": 1, "branch_id": 1, "state": ContractState.ACTIVE}
    return tables.Contract(**(given | values))


def ended() -> tables.Contract:
    return contract(state=ContractState.ENDED_BY_OFFICER, ended_at=utcnow())


def termination(**values: Any) -> tables.Termination:
    return tables.Termination(
        **({"contract_id": 1, "account_id": 1, "reason": "محل خدمت تغییر کرد"} | values)
    )


def managing(distributor_id: int | None, *, role: Role = Role.DISTRIBUTOR, **values: Any) -> tables.Grant:
    return tables.Grant(account_id=1, role=role, distributor_id=distributor_id, **values)


@dataclass
class Rule:
    """With `held`, each row of `refused` is refused, and `taken` is not."""

    name: str
    held: tuple[Any, ...] = ()
    refused: tuple[Any, ...] = ()
    taken: tuple[Any, ...] = ()


OTHER = {"reject_reason": RejectReason.OTHER}
REJECTED = request(S.REJECTED, **OTHER, reject_text="ناخوانا")
CODE = {"national_code": "9991234561"}
RULES = [
    Rule("one open request an officer", (REJECTED, request(S.WITHDRAWN), request(S.SUBMITTED)), (request(),)),
    Rule(
        "a rejection needs its reason",
        refused=(
            request(S.REJECTED),
            request(S.REJECTED, **OTHER),
            request(S.REJECTED, **OTHER, reject_text="نه"),
        ),
    ),
    Rule(
        "a file in review has its reviewer",
        refused=(request(S.IN_REVIEW),),
        taken=(request(S.IN_REVIEW, reviewer_id=1),),
    ),
    Rule(
        "one payment a request",
        (request(), attempt(A.PAID), attempt(A.FAILED), attempt()),
        (attempt(A.PAID),),
    ),
    Rule("an amount is positive", (request(),), (attempt(amount_rial=0), tariff(-1)), (tariff(0),)),
    Rule("a refund has its reference", (request(),), (attempt(A.REFUNDED),)),
    Rule("a reference is given once", (request(), attempt(ref="A1")), (attempt(ref="A1"),)),
    Rule(
        "a national code is free again after annulment",
        (account(4, **CODE, state=AccountState.ANNULLED), account(5, **CODE)),
        (account(6, **CODE),),
    ),
    Rule(
        "a role is given once",
        (tables.Grant(account_id=1, role=Role.STAFF),),
        (tables.Grant(account_id=1, role=Role.STAFF),),
    ),
    Rule("references hold", refused=(tables.Chat(messenger=Messenger.BALE, chat_id=5, account_id=99),)),
    Rule("one open alert a key", (alert(resolved_at=utcnow()), alert()), (alert(),)),
    Rule(
        "one open cooperation request a branch",
        (cooperation(C.WITHDRAWN), cooperation(C.CLOSED), cooperation()),
        (cooperation(account_id=2), cooperation(C.PENDING_UNIVERSITY, account_id=2)),
        (cooperation(branch_id=2),),
    ),
    Rule(
        "one acceptance an officer",
        (cooperation(C.PENDING_UNIVERSITY),),
        (cooperation(C.PENDING_UNIVERSITY, branch_id=2),),
        (cooperation(C.PENDING_UNIVERSITY, branch_id=2, account_id=2),),
    ),
    Rule(
        "a request under review has its university",
        refused=(cooperation(C.PENDING_UNIVERSITY, university_code=None),),
    ),
    Rule(
        "a rejection of the university has a reason",
        refused=tuple(cooperation(C.REJECTED_BY_UNIVERSITY, reject_text=reason) for reason in (None, "نه")),
    ),
    Rule(
        "one active contract an officer",
        (ended(), ended(), contract()),
        (contract(branch_id=2), contract(branch_id=2, migrated=True)),
    ),
    Rule(
        "one newly approved officer a branch, and any migrated ones",
        (contract(migrated=True), contract(account_id=2, migrated=True), contract(account_id=3), account(4)),
        (contract(account_id=4),),
    ),
    Rule(
        "an ended contract has its time",
        refused=(contract(state=ContractState.ENDED_BY_DEATH), contract(ended_at=utcnow())),
    ),
    Rule("a termination has a reason", (contract(),), (termination(reason="کوتاه"),)),
    Rule(
        "a contract has one draft of a termination",
        (contract(), termination(state=TerminationState.CANCELLED), termination()),
        (termination(),),
    ),
    Rule("one central branch and one name", (), (branch("دیگر", is_central=True), branch("شرق"))),
    Rule(
        "a distributor has its number once",
        refused=(company(), company(legal_id=None), company(kind=DistributorKind.GUILD, legal_id="1")),
    ),
    Rule("a manager has a distributor, others have none", (), (managing(None), managing(1, role=Role.STAFF))),
    Rule(
        "a manager belongs to one distributor",
        (company(legal_id="10100123450"), managing(1)),
        (managing(1), managing(2)),
        (managing(2, active=False),),
    ),
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
async def test_what_the_database_refuses(db: Database, rule: Rule) -> None:
    await db.run(adding(*rule.held))
    for row in rule.refused:
        with pytest.raises(IntegrityError):
            await db.run(adding(row))
    await db.run(adding(*rule.taken))


async def test_a_city_has_one_university(seeded: Database) -> None:
    with pytest.raises(IntegrityError):
        await seeded.run(adding(tables.Coverage(province="فارس", city="فسا", university_code="sums")))


async def test_ids_of_messengers_are_long(db: Database) -> None:
    await db.run(adding(tables.Chat(messenger=Messenger.BALE, chat_id=2**52 + 1)))

    assert await db.read(lambda session: session.exec(select(tables.Chat.chat_id)).one()) == 2**52 + 1


@pytest.mark.parametrize(
    "change",
    [
        lambda session: session.execute(update(tables.AuditEvent).values(event="nothing")),
        lambda session: session.execute(delete(tables.AuditEvent)),
        lambda session: session.delete(session.exec(select(tables.AuditEvent)).first()),
        lambda session: session.execute(text("DELETE FROM audit_event")),
    ],
)
async def test_the_audit_record_is_append_only(db: Database, change: Unit) -> None:
    await db.run(adding(event()))

    with pytest.raises(DBAPIError, match="append-only"):
        await db.run(change)

    await db.run(adding(event(data={"round": 1})))
    in_order = select(tables.AuditEvent).order_by(col(tables.AuditEvent.id))
    events = await db.read(lambda session: session.exec(in_order).all())
    assert [one.event for one in events] == ["submitted", "submitted"]
    assert events[1].data == {"round": 1}


async def test_the_audit_record_cannot_be_emptied_at_once(postgres_url: str) -> None:
    database = await open_database(postgres_url)
    with pytest.raises(DBAPIError, match="append-only"):
        await database.run(lambda session: session.execute(text("TRUNCATE audit_event")))
    await database.close()


async def test_an_unknown_state_cannot_be_written_or_read(db: Database) -> None:
    with pytest.raises(Exception, match="DREAMING"):
        await db.run(lambda session: session.execute(update(tables.Account).values(state="DREAMING")))

    await db.run(lambda session: session.execute(text("UPDATE account SET state = 'DREAMING'")))
    with pytest.raises(ValueError, match="DREAMING"):
        await db.read(lambda session: session.exec(select(tables.Account)).all())


async def test_an_instant_needs_its_zone(db: Database) -> None:
    with pytest.raises(Exception, match="time zone"):
        await db.run(adding(alert(raised_at=utcnow().replace(tzinfo=None))))
