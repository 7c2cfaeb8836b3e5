"""Universities and what they cover: one default a province, in Tehran none; a gap is always reported.

See docs/specification.md 3.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import func
from sqlmodel import Session, col, select

from bot.core.context import Actor
from bot.core.refusals import InvalidInput, Refusal, Stale
from bot.rules import regions
from bot.services.directorate import reference_rows
from bot.services.review import routing
from bot.services.shared import audit
from bot.services.shared.permissions import require
from storage.enums import IN_CIRCULATION, Role
from storage.tables import Coverage, QualificationRequest, University

#: Its officers choose among several universities: none is the default.
CHOOSING_PROVINCE = "تهران"
DISTRICTS = 22


class Switch(StrEnum):
    ACTIVE = "active"
    REGIONAL = "regional"


@dataclass(frozen=True, slots=True)
class UniversityOverview:
    """A university with what depends on it."""

    university: University
    experts: int
    #: Files in circulation there.
    files: int


def by_province(db: Session, *, actor: Actor) -> dict[str, list[University]]:
    """All 31 provinces in alphabetical order, each with its universities, the default first."""
    require(db, actor, Role.STAFF)
    order = (col(University.province_default).desc(), col(University.regional).desc(), col(University.name))
    provinces: dict[str, list[University]] = {province: [] for province in regions.provinces()}
    for university in db.exec(select(University).order_by(*order)):
        provinces.setdefault(university.province, []).append(university)
    return provinces


def with_lists(db: Session, *, actor: Actor) -> list[University]:
    """Every university that files may have reached, by name. Raises NotAllowed for anyone but staff."""
    require(db, actor, Role.STAFF)
    return list(db.exec(select(University).order_by(col(University.name))))


def universities_of(db: Session, *, actor: Actor, number: int) -> tuple[str, list[University]]:
    """The `number`th province, counted from 1. Raises Stale."""
    every = list(by_province(db, actor=actor).items())
    if not 1 <= number <= len(every):
        raise Stale
    return every[number - 1]


def number_of(db: Session, *, actor: Actor, name: str) -> int:
    return list(by_province(db, actor=actor)).index(name) + 1


def has_open_university(universities: list[University]) -> bool:
    """Whether a file of this province finds a university."""
    open_ = [university for university in universities if university.active and university.regional]
    if any(university.province == CHOOSING_PROVINCE for university in universities):
        return bool(open_)
    return any(university.province_default for university in open_)


def university_overview(db: Session, *, actor: Actor, code: str) -> UniversityOverview:
    """Raises Stale for a code that does not exist."""
    require(db, actor, Role.STAFF)
    university = db.get(University, code)
    if university is None:
        raise Stale
    files = db.exec(
        select(func.count())
        .select_from(QualificationRequest)
        .where(
            QualificationRequest.university_code == code, col(QualificationRequest.state).in_(IN_CIRCULATION)
        )
    ).one()
    return UniversityOverview(university, len(routing.experts(db, code)), files)


def set_switch(
    db: Session, *, actor: Actor, code: str, what: Switch, on: bool, expected: int, now: datetime
) -> University:
    """Switch a university on or off, or in and out of the routing. Files that are there stay there.

    Raises NotAllowed, Stale, and Refusal where its province would be left without any university.
    """
    require(db, actor, Role.STAFF)
    row = _locked_university(db, code, expected)
    if not on:
        _refuse_gap(db, row)
    event = f"university_{what}_{'on' if on else 'off'}"
    reference_rows.change(
        db, row, actor=actor, now=now, event=event, subject="university", **{what.value: on}
    )
    return row


def _locked_university(db: Session, code: str, expected: int) -> University:
    """The university as it was seen; all of its province are held, so that two changes do not make a gap
    together."""
    seen = db.get(University, code)
    if seen is None:
        raise Stale
    query = select(University).where(University.province == seen.province).order_by(col(University.code))
    db.exec(query.with_for_update().execution_options(populate_existing=True)).all()
    return reference_rows.lock_row(db, University, code, expected=expected)


def _refuse_gap(db: Session, row: University) -> None:
    if row.province_default:
        raise Refusal("error.default_university")
    others = select(University.code).where(
        University.province == row.province,
        University.code != row.code,
        col(University.active).is_(True),
        col(University.regional).is_(True),
    )
    if row.active and row.regional and db.exec(others).first() is None:
        raise Refusal("error.last_university")


def make_default(db: Session, *, actor: Actor, code: str, expected: int, now: datetime) -> University:
    """From now on the province's files go there, and no longer to the one before.

    Raises NotAllowed, Stale, and Refusal in Tehran and for a university that takes no files.
    """
    require(db, actor, Role.STAFF)
    row = _locked_university(db, code, expected)
    if row.province == CHOOSING_PROVINCE:
        raise Refusal("error.choosing_province")
    if not row.active or not row.regional:
        raise Refusal("error.university_closed")
    before = db.exec(
        select(University).where(
            University.province == row.province,
            col(University.province_default).is_(True),
            University.code != code,
        )
    ).all()
    for university in before:
        university.province_default = False
        db.add(university)
    reference_rows.change(
        db,
        row,
        actor=actor,
        now=now,
        event="university_made_default",
        subject="university",
        province_default=True,
    )
    return row


def rename_university(
    db: Session, *, actor: Actor, code: str, name: str, expected: int, now: datetime
) -> University:
    """Raises NotAllowed, Stale, InvalidInput("error.name_taken")."""
    require(db, actor, Role.STAFF)
    row = reference_rows.lock_row(db, University, code, expected=expected)
    reference_rows.need_free_name(db, University, name, but=code)
    reference_rows.change(
        db, row, actor=actor, now=now, event="university_renamed", subject="university", name=name
    )
    return row


def set_contact(
    db: Session,
    *,
    actor: Actor,
    code: str,
    phone: str | None,
    hours: str | None,
    address: str | None,
    expected: int,
    now: datetime,
) -> University:
    """What officers see whose request waits there. Raises NotAllowed, Stale."""
    require(db, actor, Role.STAFF)
    row = reference_rows.lock_row(db, University, code, expected=expected)
    reference_rows.change(
        db,
        row,
        actor=actor,
        now=now,
        event="university_contact_set",
        subject="university",
        phone=phone,
        hours=hours,
        address=address,
    )
    return row


# -- coverage --------------------------------------------------------------------------------------


def coverage(db: Session, *, actor: Actor, province: str) -> list[tuple[Coverage, University]]:
    """The rows of a province by city and district."""
    require(db, actor, Role.STAFF)
    query = (
        select(Coverage, University)
        .join(University, col(University.code) == col(Coverage.university_code))
        .where(Coverage.province == province)
        .order_by(col(Coverage.city), col(Coverage.district), col(Coverage.id))
    )
    return list(db.exec(query).all())


def coverage_row(db: Session, *, actor: Actor, coverage_id: int) -> tuple[Coverage, University]:
    """Raises Stale."""
    require(db, actor, Role.STAFF)
    row = db.get(Coverage, coverage_id)
    if row is None:
        raise Stale
    return row, db.get_one(University, row.university_code)


def set_coverage(
    db: Session, *, actor: Actor, coverage_id: int, active: bool, expected: int, now: datetime
) -> Coverage:
    """Switch a row on or off. Raises NotAllowed, Stale, and Refusal for one of a university that takes no
    files."""
    require(db, actor, Role.STAFF)
    row = reference_rows.lock_row(db, Coverage, coverage_id, expected=expected)
    if active:
        _refuse_closed(db, row.university_code)
    event = "coverage_on" if active else "coverage_off"
    reference_rows.change(db, row, actor=actor, now=now, event=event, subject="coverage", active=active)
    return row


def _refuse_closed(db: Session, code: str) -> None:
    university = db.get(University, code)
    if university is None or not university.active or not university.regional:
        raise Refusal("error.university_closed")


def add_coverage(
    db: Session,
    *,
    actor: Actor,
    province: str,
    city: str,
    district: int | None,
    university_code: str,
    now: datetime,
) -> Coverage:
    """A row that is in force at once (in Tehran it suggests). Raises NotAllowed, InvalidInput where the place
    has a row already, Refusal for a university that takes no files."""
    require(db, actor, Role.STAFF)
    _refuse_closed(db, university_code)
    if city not in regions.cities_of(province) or (district is not None and not 1 <= district <= DISTRICTS):
        raise InvalidInput("error.not_in_list")
    same_place = select(Coverage.id).where(Coverage.province == province, Coverage.city == city)
    if district is None:
        same_place = same_place.where(col(Coverage.district).is_(None))
    else:
        same_place = same_place.where(Coverage.district == district)
    if db.exec(same_place).first() is not None:
        raise InvalidInput("error.coverage_exists")
    row = Coverage(
        province=province, city=city, district=district, university_code=university_code, active=True
    )
    db.add(row)
    db.flush()
    assert row.id is not None
    audit.record(
        db,
        now=now,
        actor=actor,
        event="coverage_added",
        subject="coverage",
        subject_id=row.id,
        university=university_code,
        district=district,
    )
    return row
