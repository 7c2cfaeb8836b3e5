"""The review fee by kind and day (R27, Q5). No row in force is not zero (Q48)."""

from datetime import date, datetime

from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from bot.core.context import Actor
from bot.core.refusals import InvalidInput, Stale
from bot.services.shared import audit, notify
from bot.services.shared.permissions import require
from storage.enums import RequestKind, Role
from storage.tables import Tariff

#: What a gateway takes at once, in rial (docs/gateways.md 1.1); 0 means free of charge.
MIN_FEE, MAX_FEE = 1_000, 1_000_000_000

_IN_FORCE = (
    select(Tariff)
    .where(Tariff.kind == bindparam("kind"), Tariff.valid_from <= bindparam("day"))
    .order_by(col(Tariff.valid_from).desc(), col(Tariff.id).desc())
    .limit(1)
)


def in_force(db: Session, *, kind: RequestKind, day: date) -> Tariff | None:
    """The tariff of `kind` on `day` (Asia/Tehran), or None where staff have set none."""
    return db.exec(_IN_FORCE, params={"kind": kind, "day": day}).first()


def set_tariff(
    db: Session, *, kind: RequestKind, amount_rial: int, valid_from: date, actor: Actor, now: datetime
) -> Tariff:
    """Add a tariff: `amount_rial` from `valid_from` on; fees already frozen stay as they are.

    Raises NotAllowed for anyone but staff and the command line, InvalidInput for an amount no gateway takes.
    """
    require(db, actor, Role.STAFF, Role.SYSTEM)
    if amount_rial != 0 and not MIN_FEE <= amount_rial <= MAX_FEE:
        raise InvalidInput("error.tariff_amount")
    tariff = Tariff(
        kind=kind, amount_rial=amount_rial, valid_from=valid_from, created_by=actor.account_id, created_at=now
    )
    db.add(tariff)
    db.flush()
    assert tariff.id is not None
    audit.record(
        db,
        now=now,
        actor=actor,
        event="tariff_set",
        subject="tariff",
        subject_id=tariff.id,
        kind=kind,
        amount_rial=amount_rial,
        valid_from=valid_from.isoformat(),
    )
    notify.close_alert(db, key=no_tariff_key(kind), now=now)
    return tariff


def delete_tariff(
    db: Session, *, actor: Actor, kind: RequestKind, day: date, today: date, now: datetime
) -> int:
    """Take back the tariffs of `kind` that would be in force from `day` on; say how many. Nobody's fee is touched: it is
    frozen at approval. Raises NotAllowed, Stale for a day that has come or has none."""
    require(db, actor, Role.STAFF)
    rows = db.exec(
        select(Tariff).where(Tariff.kind == kind, Tariff.valid_from == day).with_for_update()
    ).all()
    if day <= today or not rows:
        raise Stale
    for row in rows:
        assert row.id is not None
        audit.record(
            db,
            now=now,
            actor=actor,
            event="tariff_deleted",
            subject="tariff",
            subject_id=row.id,
            kind=kind,
            amount_rial=row.amount_rial,
            valid_from=row.valid_from.isoformat(),
        )
        db.delete(row)
    db.flush()
    return len(rows)


def no_tariff_key(kind: RequestKind) -> str:
    """Of the staff alert that approval raises without a tariff."""
    return f"no_tariff:{kind}"


def upcoming(db: Session, *, actor: Actor, kind: RequestKind, day: date) -> list[Tariff]:
    """Tariffs of `kind` that will be in force after `day`, soonest first; of one day, the one set last."""
    require(db, actor, Role.STAFF)
    rows = db.exec(
        select(Tariff)
        .where(Tariff.kind == kind, Tariff.valid_from > day)
        .order_by(col(Tariff.valid_from), col(Tariff.id))
    )
    return list({row.valid_from: row for row in rows}.values())


def former(db: Session, *, actor: Actor, kind: RequestKind, day: date, limit: int) -> list[Tariff]:
    """Tariffs of `kind` that were in force before, newest first; of one day, the one set last."""
    require(db, actor, Role.STAFF)
    rows = db.exec(
        select(Tariff)
        .where(Tariff.kind == kind, Tariff.valid_from <= day)
        .order_by(col(Tariff.valid_from).desc(), col(Tariff.id))
    )
    return list({row.valid_from: row for row in rows}.values())[1 : limit + 1]
