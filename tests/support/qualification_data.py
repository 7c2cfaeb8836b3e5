"""A small world for the tests of qualification: two provinces, officers with papers, experts, and their desk."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlmodel import Session, col, select

from bot.core.context import Actor
from bot.services import qualification
from bot.services.qualification import decisions
from storage.enums import Messenger, RequestKind, RequestState, Role
from storage.tables import (
    Account,
    AuditEvent,
    Chat,
    Coverage,
    DegreeLevel,
    DocumentType,
    FieldOfStudy,
    Grant,
    Officer,
    Push,
    QualificationRequest,
    StaffAlert,
    StoredFile,
    Tariff,
    University,
)

#: 1405/09/01 in Tehran.
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
URL = "https://officer.example"


def seed(db: Session) -> None:
    """Reference data: Fars has one university, Tehran three and no default."""
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


def person(db: Session, code: str, first: str, last: str, *, chat: bool = True) -> Account:
    account = Account(user_code=code, password_hash="x", first_name=first, last_name=last)
    db.add(account)
    db.flush()
    if chat:
        db.add(Chat(messenger=Messenger.TELEGRAM, chat_id=int(code), account_id=account.id))
        db.flush()
    return account


def officer(
    db: Session, code: str = "10000001", *, national_code: str = "9991234561", chat: bool = True
) -> Actor:
    """Sara, registered and not yet qualified."""
    account = person(db, code, "سارا", "کریمی‌نژاد", chat=chat)
    account.national_code = national_code
    account.mobile = "+989121234567"
    db.add(
        Officer(
            account_id=account.id or 0,
            birth_date=date(1986, 7, 3),
            level_code="bachelor",
            field_code="biomedical",
        )
    )
    db.add(Grant(account_id=account.id or 0, role=Role.OFFICER))
    db.flush()
    return Actor(account.id, Role.OFFICER, None, Messenger.TELEGRAM)


def expert(db: Session, code: str, last: str, university: str = "sums", role: Role = Role.EXPERT) -> Actor:
    account = person(db, code, "کارشناس", last)
    db.add(Grant(account_id=account.id or 0, role=role, university_code=university))
    db.flush()
    return Actor(account.id, role, university, Messenger.TELEGRAM)


def staff(db: Session, code: str = "90000001") -> Actor:
    account = person(db, code, "رضا", "ستادی")
    db.add(Grant(account_id=account.id or 0, role=Role.STAFF))
    db.flush()
    return Actor(account.id, Role.STAFF, None, Messenger.TELEGRAM)


def paper(db: Session, owner: Actor, name: str = "card.jpg") -> int:
    file = StoredFile(
        account_id=owner.account_id or 0,
        sha256="0" * 64,
        media_type="image/jpeg",
        size=20_000,
        original_name=name,
        original_key="o",
        shown_key="s",
    )
    db.add(file)
    db.flush()
    assert file.id is not None
    return file.id


def answers(db: Session, owner: Actor, **other: Any) -> dict[str, Any]:
    """A full form of a woman in Shiraz."""
    return {
        "first_name": "سارا",
        "last_name": "کریمی‌نژاد",
        "degree_level": "bachelor",
        "field_of_study": "biomedical",
        "father_name": "علی",
        "gender": "female",
        "birth_cert_no": "1234",
        "province": "فارس",
        "city": "شیراز",
        "university": "sums",
        "postal_address": "شیراز، خیابان زند، کوچه ۲، پلاک ۵",
        "phone": "",
        "email": None,
        "doc.national_card": [paper(db, owner)],
        "doc.degree_certificate": [paper(db, owner)],
    } | other


def submitted(db: Session, owner: Actor, now: datetime = NOW, **other: Any) -> QualificationRequest:
    """A request of this officer in the queue."""
    request = qualification.start_draft(db, actor=owner, now=now)
    return qualification.submit(
        db, actor=owner, request_id=request.id or 0, answers=answers(db, owner, **other), now=now
    )


@dataclass
class Office:
    """The usual people: an officer, two experts of Shiraz and their head, one expert elsewhere, staff."""

    sara: Actor
    ali: Actor
    zahra: Actor
    head: Actor
    foreign: Actor
    staff: Actor


def open_office(db: Session) -> Office:
    seed(db)
    return Office(
        officer(db),
        expert(db, "20000001", "علوی"),
        expert(db, "20000002", "زارعی"),
        expert(db, "20000003", "مسئولی", role=Role.IN_CHARGE),
        expert(db, "20000004", "اصفهانی", university="mui"),
        staff(db),
    )


def awaiting_payment(db: Session, office: Office, rial: int = 500_000) -> QualificationRequest:
    tariff(db, rial)
    request = submitted(db, office.sara)
    return decisions.approve(
        db, actor=office.ali, request_id=request.id or 0, version=request.version, public_url=URL, now=NOW
    )


def pushes(db: Session, actor: Actor, kind: str | None = None) -> list[Push]:
    """What was written to this person, oldest first."""
    query = select(Push).where(Push.account_id == actor.account_id).order_by(col(Push.id))
    return [one for one in db.exec(query) if kind is None or one.kind == kind]


def labels(push: Push) -> list[str]:
    return [button["label"] for row in push.buttons for button in row]


def alerts(db: Session) -> list[str]:
    """Keys of the open alerts."""
    return list(db.exec(select(StaffAlert.key).where(col(StaffAlert.resolved_at).is_(None))))


def events(db: Session, request: QualificationRequest) -> list[str]:
    query = select(AuditEvent.event).where(
        AuditEvent.subject == "qualification", AuditEvent.subject_id == request.id
    )
    return list(db.exec(query.order_by(col(AuditEvent.id))))


def states(db: Session, requests: Sequence[QualificationRequest]) -> list[RequestState]:
    for request in requests:
        db.refresh(request)
    return [request.state for request in requests]
