"""What staff keep, as the services need it: labels, document rules, allowed studies."""

from collections.abc import Iterable

from sqlmodel import Session, col, select

from bot.rules.request_items import DOCUMENT, Answers, DocumentRule
from bot.texts import t
from storage.tables import ClosedPair, DegreeLevel, DocumentType, FieldOfStudy, University


def document_types(db: Session) -> list[DocumentType]:
    """The active ones, in order."""
    query = select(DocumentType).where(col(DocumentType.active).is_(True))
    return list(db.exec(query.order_by(col(DocumentType.position))))


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
