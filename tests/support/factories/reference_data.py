"""Universities, studies, documents and tariffs."""

from datetime import UTC, date, datetime

from sqlmodel import Session

from storage.enums import RequestKind
from storage.tables import Coverage, DegreeLevel, DocumentType, FieldOfStudy, Tariff, University

#: 1405/09/01 in Tehran.
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
PUBLIC_URL = "https://officer.example"


def add_reference_data(db: Session) -> None:
    """Fars has one university, Tehran three and no default."""
    for code, name, province, default in (
        ("sums", "دانشگاه علوم پزشکی شیراز", "فارس", True),
        ("fasa", "دانشگاه علوم پزشکی فسا", "فارس", False),
        ("mui", "دانشگاه علوم پزشکی اصفهان", "اصفهان", True),
        ("tums", "دانشگاه علوم پزشکی تهران", "تهران", False),
        ("sbmu", "دانشگاه علوم پزشکی شهید بهشتی", "تهران", False),
    ):
        db.add(University(code=code, name=name, province=province, province_default=default))
    db.add(University(code="ajaums", name="دانشگاه ارتش", province="تهران", regional=False))
    db.add(DegreeLevel(code="bachelor", name="کارشناسی", position=1))
    db.add(DegreeLevel(code="master", name="کارشناسی ارشد", position=2))
    db.add(FieldOfStudy(code="biomedical", name="مهندسی پزشکی", position=1))
    db.add(FieldOfStudy(code="other", name="سایر", position=2, needs_note=True))
    for position, (code, name, required) in enumerate(
        (
            ("national_card", "تصویر کارت ملی", "yes"),
            ("degree_certificate", "تصویر مدرک تحصیلی", "yes"),
            ("military_card", "کارت پایان خدمت", "men"),
            ("retraining", "گواهی بازآموزی", "no"),
        )
    ):
        db.add(DocumentType(code=code, name=name, short_name=name[:20], required=required, position=position))
    db.flush()
    db.add(Coverage(province="فارس", city="فسا", university_code="fasa"))
    db.add(Coverage(province="تهران", city="شمیرانات", university_code="sbmu"))
    db.flush()


def tariff(db: Session, rial: int, kind: RequestKind = RequestKind.NEW) -> None:
    db.add(Tariff(kind=kind, amount_rial=rial, valid_from=date(2026, 1, 1)))
    db.flush()
