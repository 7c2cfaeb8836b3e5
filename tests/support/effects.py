"""What an action left in the database: pushes, alerts, audit events; and its statements."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event
from sqlmodel import Session, col, func, select

from bot.core.context import Actor
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


def leads_to(push: Push, action: str) -> bool:
    """Whether its first button opens this, and leaves the push as it is."""
    press: str = push.buttons[0][0]["press"]
    return press.startswith(f"1f|{action}|")


def codes(page: Any) -> list[int]:
    """The last two digits of the tracking codes of a page of a list, in its order."""
    return [int(line.request.tracking_code[-2:]) for line in page.lines]


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


@contextmanager
def watch_statements(db: Session) -> Iterator[list[str]]:
    """The SQL of what is done in this block."""
    statements: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        statements.append(statement)

    event.listen(db.connection(), "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(db.connection(), "before_cursor_execute", note)
