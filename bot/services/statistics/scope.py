"""Whose figures are read: of all universities for staff, of the own one for an expert in charge.

See docs/specification.md 7.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, true
from sqlmodel import Session, col

from bot.core.context import Actor
from bot.core.refusals import NotAllowed
from bot.services.shared import audit, reference_data
from bot.services.shared.permissions import require
from bot.texts import t
from storage.enums import Role

#: What all names of universities begin with.
_PREFIX = "دانشگاه علوم پزشکی "


@dataclass(frozen=True, slots=True)
class Scope:
    """Names by code of the universities whose figures these are; `university` where it is one alone."""

    names: dict[str, str]
    university: str | None

    @property
    def codes(self) -> list[str]:
        return list(self.names)

    @property
    def title(self) -> str:
        return self.names[self.university] if self.university is not None else t("report.everywhere")

    def short_name(self, code: str) -> str:
        return self.names.get(code, code).removeprefix(_PREFIX)

    def holds(self, university_code: Any) -> Any:
        """The condition on a column. The codes are named also where they are all: they lead into the indexes that begin with
        the university."""
        return col(university_code).in_(self.codes)

    def among(self, university_code: Any) -> Any:
        """The same condition where the rows are found by something else: without an index of the university."""
        if self.university is None:
            return true()
        return func.coalesce(col(university_code), "") == self.university


def scope_of(db: Session, *, actor: Actor) -> Scope:
    """Raises NotAllowed for anyone but staff and experts in charge of a university."""
    require(db, actor, Role.STAFF, Role.IN_CHARGE)
    names = reference_data.names_of_universities(db)
    if actor.role is Role.STAFF:
        return Scope(names, None)
    own = actor.university_code
    if own is None or own not in names:
        raise NotAllowed("error.not_allowed")
    return Scope({own: names[own]}, own)


def note(db: Session, *, actor: Actor, now: datetime, kind: str, questions: Sequence[str]) -> None:
    """Record that a report left as a file. Raises NotAllowed."""
    scope = scope_of(db, actor=actor)
    audit.record(
        db,
        now=now,
        actor=actor,
        event="report_made",
        subject="report",
        subject_id=0,
        kind=kind,
        questions=list(questions),
        university=scope.university,
    )
