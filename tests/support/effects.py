"""What an action left in the database: pushes, alerts, audit events; and that a refused action left nothing."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from sqlmodel import Session, col, func, select

from bot.core.context import Actor
from bot.core.refusals import Refusal
from storage.enums import PushChannel
from storage.tables import (
    AuditEvent,
    Branch,
    Contract,
    CooperationRequest,
    Push,
    QualificationRequest,
    StaffAlert,
    Termination,
    Throttle,
)


def pushes(db: Session, actor: Actor, kind: str | None = None) -> list[Push]:
    """What was written to this person, oldest first."""
    query = select(Push).where(Push.account_id == actor.account_id).order_by(col(Push.id))
    return [push for push in db.exec(query) if kind is None or push.kind == kind]


def sms_to(db: Session, mobile: str) -> list[Push]:
    query = select(Push).where(Push.channel == PushChannel.SMS, Push.mobile == mobile)
    return list(db.exec(query.order_by(col(Push.id))))


def labels(push: Push) -> list[str]:
    return [button["label"] for row in push.buttons for button in row]


def first_action(push: Push) -> str:
    """The action of the first button under a push."""
    action: str = push.buttons[0][0]["press"].split("|")[1]
    return action


def alerts(db: Session) -> list[str]:
    """Keys of the open alerts."""
    return list(db.exec(select(StaffAlert.key).where(col(StaffAlert.resolved_at).is_(None))))


def events(db: Session, request: QualificationRequest) -> list[str]:
    query = select(AuditEvent.event).where(
        AuditEvent.subject == "qualification", AuditEvent.subject_id == request.id
    )
    return list(db.exec(query.order_by(col(AuditEvent.id))))


def snapshot(db: Session) -> tuple[object, ...]:
    """What a refused action must not change."""
    return (
        *(db.exec(select(func.count()).select_from(table)).one() for table in (AuditEvent, Push, Throttle)),
        *(
            [tuple(row) for row in db.execute(table.metadata.tables[table.__tablename__].select())]
            for table in (Branch, QualificationRequest, CooperationRequest, Contract, Termination)
        ),
    )


class Refused:
    """Filled in by `refused` when its block ends."""

    refusal: Refusal


@contextmanager
def refused(*expected: str | type[Refusal], db: Session | None = None) -> Iterator[Refused]:
    """Expect a refusal of this class itself, with this text key. With `db` the block runs in a savepoint and must
    leave nothing changed."""
    caught = Refused()
    before = None if db is None else snapshot(db)
    try:
        with nullcontext() if db is None else db.begin_nested():
            yield caught
    except Refusal as refusal:
        caught.refusal = refusal
    else:
        raise AssertionError("it was allowed")
    found = {type(caught.refusal), caught.refusal.key}
    assert found.issuperset(expected), f"{caught.refusal!r} is not {expected}"
    if db is not None:
        db.expire_all()
        assert snapshot(db) == before, "a refused action changed something"
