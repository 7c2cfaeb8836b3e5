"""Initial reference data. Adds what is missing and leaves what staff have changed as it is.

See docs/specification.md 3.
"""

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, SQLModel, create_engine

from storage.migrations.schema import create_all
from storage.migrations.seed_faq import faq_rows
from storage.tables import Coverage, DegreeLevel, DocumentType, FaqEntry, FieldOfStudy, University

#: No diploma row (R18, R19).
LEVELS = {
    "associate": "کاردانی",
    "bachelor": "کارشناسی",
    "master": "کارشناسی ارشد",
    "professional_doctorate": "دکتری حرفه‌ای",
    "phd": "دکتری تخصصی",
}

OTHER_FIELD = "other"
FIELDS = {
    "biomedical": "مهندسی پزشکی",
    "bioelectric": "مهندسی پزشکی (بیوالکتریک)",
    "biomechanics": "مهندسی پزشکی (بیومکانیک)",
    "biomaterials": "مهندسی پزشکی (بیومتریال)",
    "electrical": "مهندسی برق",
    "mechanical": "مهندسی مکانیک",
    "chemical": "مهندسی شیمی",
    "materials": "مهندسی مواد",
    "computer": "مهندسی کامپیوتر",
    "industrial": "مهندسی صنایع",
    "medicine": "پزشکی",
    "dentistry": "دندان‌پزشکی",
    "pharmacy": "داروسازی",
    "laboratory": "علوم آزمایشگاهی",
    "nursing": "پرستاری",
    "midwifery": "مامایی",
    "operating_room": "اتاق عمل",
    "anaesthesia": "هوشبری",
    "radiology": "رادیولوژی",
    "optometry": "بینایی‌سنجی",
    "audiology": "شنوایی‌شناسی",
    "physiotherapy": "فیزیوتراپی",
    "orthopaedics": "ارتوپدی فنی",
    "medical_physics": "فیزیک پزشکی",
    "biotechnology": "بیوتکنولوژی",
    "microbiology": "میکروبیولوژی",
    "biochemistry": "بیوشیمی",
    "chemistry": "شیمی",
    "biology": "زیست‌شناسی",
    OTHER_FIELD: "سایر (با توضیح)",
}

#: code → name, name on a button, required ("yes" | "men" | "no")
DOCUMENTS = {
    "national_card": ("تصویر کارت ملی (رو و پشت)", "کارت ملی", "yes"),
    "birth_certificate": ("تصویر شناسنامه", "شناسنامه", "yes"),
    "personal_photo": ("عکس پرسنلی", "عکس", "yes"),
    "degree_certificate": ("تصویر مدرک تحصیلی", "مدرک تحصیلی", "yes"),
    "officer_course": ("گواهی دوره آموزشی مسئول فنی", "گواهی دوره", "yes"),
    "military_card": ("کارت پایان خدمت یا معافیت", "پایان خدمت", "men"),
    "no_criminal_record": ("گواهی عدم سوءپیشینه", "عدم سوءپیشینه", "yes"),
    "no_addiction": ("گواهی عدم اعتیاد", "عدم اعتیاد", "yes"),
    "retraining": ("گواهی بازآموزی", "بازآموزی", "no"),
    "work_experience": ("سوابق کاری / بیمه", "سوابق", "no"),
    "former_release": ("تسویه یا موافقت با استعفا از محل قبلی", "تسویه محل قبلی", "no"),
    "other": ("سایر مدارک", "سایر", "no"),
}

#: Documents whose second side is asked for.
TWO_SIDED = {"national_card"}

#: Here the officer chooses the university; a coverage row only suggests, so it is on from the start.
CHOOSING_PROVINCE = "تهران"


def seed(session: Session) -> None:
    """Add the rows that are not there yet. May be run at every start."""
    for model, key, rows in (
        (DegreeLevel, ("code",), _levels()),
        (FieldOfStudy, ("code",), _fields()),
        (DocumentType, ("code",), _documents()),
        (University, ("code",), _universities()),
        (Coverage, ("province", "city", "district"), _coverage()),
        (FaqEntry, ("code",), faq_rows()),
    ):
        _add_missing(session, model, key, rows)


@contextmanager
def seeded_in_memory() -> Iterator[Session]:
    """A session on a SQLite database in memory, with the schema and the reference data. Nothing of it stays."""
    engine = create_engine("sqlite://")
    try:
        with engine.begin() as connection:
            create_all(connection)
        with Session(engine, expire_on_commit=False, autoflush=False) as session:
            seed(session)
            yield session
            session.rollback()
    finally:
        engine.dispose()


def _add_missing(
    session: Session, model: type[SQLModel], key: tuple[str, ...], rows: Iterator[dict[str, Any]]
) -> None:
    present = {tuple(row) for row in session.execute(select(*(getattr(model, name) for name in key)))}
    session.add_all(model(**row) for row in rows if tuple(row[name] for name in key) not in present)
    session.flush()


def _levels() -> Iterator[dict[str, Any]]:
    for position, (code, name) in enumerate(LEVELS.items(), 1):
        yield {"code": code, "name": name, "position": position}


def _fields() -> Iterator[dict[str, Any]]:
    for position, (code, name) in enumerate(FIELDS.items(), 1):
        yield {"code": code, "name": name, "position": position, "needs_note": code == OTHER_FIELD}


def _documents() -> Iterator[dict[str, Any]]:
    for position, (code, (name, short, required)) in enumerate(DOCUMENTS.items(), 1):
        yield {
            "code": code,
            "name": name,
            "short_name": short,
            "required": required,
            "sides": 2 if code in TWO_SIDED else 1,
            "position": position,
        }


def _universities() -> Iterator[dict[str, Any]]:
    for row in _csv("universities.csv"):
        yield {
            "code": row["code"],
            "name": row["name_fa"],
            "province": row["province_fa"],
            "regional": row["regional"] == "1",
            "province_default": row["province_default"] == "1",
        }


def _coverage() -> Iterator[dict[str, Any]]:
    """Rows below a province: switched off until the directorate confirms them, sourced or not."""
    for row in _csv("coverage.csv"):
        yield {
            "province": row["province"],
            "city": row["city"],
            "district": int(row["district"]) if row["district"] else None,
            "university_code": row["university_code"],
            "active": row["province"] == CHOOSING_PROVINCE,
        }


def _csv(name: str) -> Iterator[dict[str, str]]:
    text = files("storage").joinpath("seed_data", name).read_text(encoding="utf-8")
    yield from csv.DictReader(text.splitlines())
