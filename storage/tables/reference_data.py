"""Reference data that staff keep: universities and coverage, levels, fields, documents, tariffs.

See docs/specification.md 3.
"""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from storage.enums import RequestKind
from storage.tables.columns import bigint_column, created, enum_column, primary_key, reference


class University(SQLModel, table=True):
    __tablename__ = "university"

    code: str = Field(primary_key=True, max_length=32)
    name: str
    province: str = Field(index=True)
    #: Never routed to where false (army, rehabilitation sciences …).
    regional: bool = True
    #: Reviews the province's files where no more specific row does; Tehran has none.
    province_default: bool = False
    active: bool = True
    #: As staff write them, shown to the officer whose request waits there.
    phone: str | None = Field(default=None, max_length=80)
    hours: str | None = Field(default=None, max_length=120)
    address: str | None = Field(default=None, max_length=300)


class Coverage(SQLModel, table=True):
    """A city, or a municipal district of Tehran, served by another university than the province's default."""

    __tablename__ = "coverage"
    __table_args__ = (
        UniqueConstraint("province", "city", "district"),
        # To a unique constraint two NULLs are different.
        Index(
            "uq_coverage_city",
            "province",
            "city",
            unique=True,
            sqlite_where=text("district IS NULL"),
            postgresql_where=text("district IS NULL"),
        ),
    )

    id: int | None = primary_key()
    province: str
    city: str | None = None
    #: 1–22, for the city of Tehran
    district: int | None = None
    university_code: str = Field(foreign_key="university.code")
    #: Off until the directorate confirms it; in Tehran a row only suggests.
    active: bool = False


class DegreeLevel(SQLModel, table=True):
    __tablename__ = "degree_level"

    code: str = Field(primary_key=True, max_length=32)
    name: str
    position: int
    allowed: bool = True


class FieldOfStudy(SQLModel, table=True):
    __tablename__ = "field_of_study"

    code: str = Field(primary_key=True, max_length=32)
    name: str = Field(unique=True)
    position: int
    allowed: bool = True
    #: The officer must describe it («سایر (با توضیح)»).
    needs_note: bool = False


class ClosedPair(SQLModel, table=True):
    """A field that is not allowed at one level (R20). No row: allowed."""

    __tablename__ = "closed_pair"

    level_code: str = Field(primary_key=True, foreign_key="degree_level.code", max_length=32)
    field_code: str = Field(primary_key=True, foreign_key="field_of_study.code", max_length=32)


class DocumentType(SQLModel, table=True):
    __tablename__ = "document_type"

    code: str = Field(primary_key=True, max_length=32)
    #: Whole name, as asked for.
    name: str
    #: At most 20 characters, for a button.
    short_name: str = Field(max_length=20)
    #: "yes" | "men" | "no"
    required: str = Field(max_length=8)
    position: int
    max_files: int = 3
    #: 2: the second side is asked for after the first.
    sides: int = Field(default=1, sa_column_kwargs={"server_default": "1"})
    active: bool = True
    #: It was made required on this day in Tehran (ISO): a draft that is older is told so.
    required_since: str | None = Field(default=None, max_length=10)
    #: What `required` will be, and from which day (ISO).
    next_required: str | None = Field(default=None, max_length=8)
    next_from: str | None = Field(default=None, max_length=10)
    #: Officers with finished drafts are being told: up to this draft.id. None: nobody is.
    told_draft: int | None = bigint_column(default=None)


class Tariff(SQLModel, table=True):
    """The review fee of a kind from a day on (R27). No row in force is not zero: approval is refused
    (Q48)."""

    __tablename__ = "tariff"
    __table_args__ = (
        CheckConstraint("amount_rial >= 0", name="amount_not_negative"),
        Index("ix_tariff_kind_valid_from", "kind", "valid_from"),
    )

    id: int | None = primary_key()
    kind: RequestKind = enum_column(RequestKind)
    amount_rial: int = bigint_column()
    #: Day in Asia/Tehran, inclusive.
    valid_from: date
    created_by: int | None = reference("account.id", default=None)
    created_at: datetime = created()


class FaqEntry(SQLModel, table=True):
    """One question of the help with its answer. `{…}` in the answer stands for what other tables say
    (bot/services/guide/faq.py)."""

    __tablename__ = "faq_entry"

    code: str = Field(primary_key=True, max_length=32)
    #: The whole question, above the answer.
    question: str = Field(max_length=120)
    #: At most 20 characters, for a button.
    short_name: str = Field(max_length=20)
    answer: str
    #: Words by which a typed question finds it, divided by spaces.
    search_words: str = Field(default="", max_length=400)
    position: int
    active: bool = True


class DailySequence(SQLModel, table=True):
    """The last number given out on a Jalali day (tracking codes, Q32)."""

    __tablename__ = "daily_sequence"

    day: str = Field(primary_key=True, max_length=8)
    last: int = 0
