"""What staff keep, as services and dialogues need it: names, document rules, open studies and universities."""

from collections.abc import Iterable

from sqlmodel import Session, col, select

from bot.rules.request_items import DOCUMENT, Answers, DocumentRule
from bot.texts import t
from storage.tables import ClosedPair, DegreeLevel, DocumentType, FieldOfStudy, University


def document_types(db: Session) -> list[DocumentType]:
    """The active ones, in order."""
    query = select(DocumentType).where(col(DocumentType.active).is_(True))
    return list(db.exec(query.order_by(col(DocumentType.position))))


def names_of_documents(db: Session) -> dict[str, DocumentType]:
    """All of them by code, in order: what was sent keeps its name after staff switch its type off."""
    types = db.exec(select(DocumentType).order_by(col(DocumentType.position))).all()
    return {document_type.code: document_type for document_type in types}


def document_rules(db: Session) -> list[DocumentRule]:
    """The active document types as rules."""
    return [
        DocumentRule(document_type.code, document_type.required, document_type.max_files)
        for document_type in document_types(db)
    ]


def labels(db: Session, items: Iterable[str]) -> list[str]:
    """What people call these items: fields by their text, documents by their name."""
    items = list(items)
    codes = [key.removeprefix(DOCUMENT) for key in items if key.startswith(DOCUMENT)]
    names = (
        dict(
            db.exec(
                select(DocumentType.code, DocumentType.name).where(col(DocumentType.code).in_(codes))
            ).all()
        )
        if codes
        else {}
    )
    return [
        names.get(key.removeprefix(DOCUMENT), key) if key.startswith(DOCUMENT) else t(f"field.{key}")
        for key in items
    ]


def university_name(db: Session, code: str | None) -> str:
    university = db.get(University, code) if code is not None else None
    return university.name if university is not None else "—"


def names_of_universities(db: Session) -> dict[str, str]:
    return dict(db.exec(select(University.code, University.name)).all())


def open_universities(db: Session) -> list[tuple[str, str]]:
    """Code and name of those that take files, by name."""
    query = select(University.code, University.name).where(
        col(University.active).is_(True), col(University.regional).is_(True)
    )
    return list(db.exec(query.order_by(col(University.name))).all())


def names_of_levels(db: Session) -> dict[str, str]:
    return dict(db.exec(select(DegreeLevel.code, DegreeLevel.name)).all())


def open_levels(db: Session) -> list[DegreeLevel]:
    """Those that officers may choose now, in order."""
    query = select(DegreeLevel).where(col(DegreeLevel.allowed).is_(True))
    return list(db.exec(query.order_by(col(DegreeLevel.position))))


def names_of_fields(db: Session) -> dict[str, str]:
    return dict(db.exec(select(FieldOfStudy.code, FieldOfStudy.name)).all())


def open_fields(db: Session, level_code: str) -> list[FieldOfStudy]:
    """Those that officers may choose now at this level, in order."""
    closed = select(ClosedPair.field_code).where(ClosedPair.level_code == level_code)
    query = select(FieldOfStudy).where(
        col(FieldOfStudy.allowed).is_(True), col(FieldOfStudy.code).not_in(closed)
    )
    return list(db.exec(query.order_by(col(FieldOfStudy.position))))


def needs_note(db: Session, field_code: str | None) -> bool:
    """Whether the officer must describe the field («سایر»)."""
    field = db.get(FieldOfStudy, field_code) if field_code else None
    return field is not None and field.needs_note


def studies_allowed(db: Session, answers: Answers) -> bool:
    """Whether level, field and their pair are open now (R20, Q34)."""
    level = db.get(DegreeLevel, answers.get("degree_level") or "")
    field = db.get(FieldOfStudy, answers.get("field_of_study") or "")
    if level is None or field is None or not level.allowed or not field.allowed:
        return False
    return db.get(ClosedPair, (level.code, field.code)) is None
