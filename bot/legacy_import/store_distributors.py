"""Distributors that come with the old system's data, and the contracts of those who serve there (R53)."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

from sqlmodel import Session, select

from bot.core.context import Actor
from bot.core.refusals import Refusal
from bot.legacy_import.columns import label
from bot.legacy_import.row_parser import Employer
from bot.services.cooperation import contracts
from bot.services.distributors import registry
from bot.texts import t
from bot.texts.formats import TEHRAN
from storage.enums import DistributorKind
from storage.tables import Distributor

#: Without these a distributor cannot be made.
_NEEDED = {
    "manager_name": "distributor_manager",
    "province": "distributor_province",
    "city": "distributor_city",
}


def find_or_create(
    db: Session, employer: Employer, *, actor: Actor, now: datetime
) -> tuple[Distributor, bool]:
    """The distributor of this number, made with its central branch where it is missing (True). One that is
    here stays as it is: its data are its manager's.

    Raises Refusal("import.distributor_needs") and what `distributors.create_distributor` raises."""
    number = Distributor.legal_id if employer.kind is DistributorKind.COMPANY else Distributor.guild_id
    known = db.exec(select(Distributor).where(number == employer.number)).first()
    if known is not None:
        return known, False
    missing = [label(column) for name, column in _NEEDED.items() if getattr(employer, name) is None]
    if missing:
        raise Refusal("import.distributor_needs", columns="، ".join(missing))
    return _make(db, employer, actor=actor, now=now), True


def _make(db: Session, employer: Employer, *, actor: Actor, now: datetime) -> Distributor:
    province, city = employer.province or "", employer.city or ""
    details = registry.DistributorDetails(
        kind=employer.kind,
        name=employer.name,
        number=employer.number,
        manager_name=employer.manager_name or "",
        province=province,
        city=city,
        address=employer.address or t("import.place", province=province, city=city),
        university=employer.university_code,
        phone=employer.phone,
        manager_mobile=employer.manager_mobile,
    )
    return registry.create_distributor(db, actor=actor, details=details, now=now).distributor


def employ(
    db: Session, *, account_id: int, distributor: Distributor, since: date | None, actor: Actor, now: datetime
) -> None:
    """The officer serves at the central branch. Two who came together may share it (R53)."""
    assert distributor.id is not None
    started = datetime.combine(since, time(12), TEHRAN).astimezone(UTC) if since is not None else None
    contracts.add_migrated(
        db,
        actor=actor,
        account_id=account_id,
        distributor_id=distributor.id,
        started_at=min(started, now) if started is not None else None,
        now=now,
    )
