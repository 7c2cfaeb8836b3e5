"""Uploaded files, filled forms, and qualification requests in the states that tests begin with."""

from datetime import datetime
from typing import Any

from sqlmodel import Session

from bot.core.context import SYSTEM, Actor
from bot.services import qualification
from bot.services.qualification import decisions
from storage.enums import RequestKind, RequestState
from storage.tables import Account, PaymentAttempt, QualificationRequest, StoredFile
from tests.support.factories.people import Participants
from tests.support.factories.reference_data import NOW, PUBLIC_URL, tariff


def stored_file(db: Session, owner: Actor, name: str = "card.jpg") -> int:
    """The id of an uploaded picture, without its bytes."""
    file = StoredFile(
        account_id=owner.account_id,
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


def add_request(
    db: Session, owner: Actor | Account, state: RequestState, **values: Any
) -> QualificationRequest:
    """A request as it stands in the database, whatever led there."""
    account_id = owner.id if isinstance(owner, Account) else owner.account_id
    given = {"kind": RequestKind.NEW, "university_code": "sums", "state_since": NOW} | values
    row = QualificationRequest(account_id=account_id, state=state, **given)
    db.add(row)
    db.flush()
    return row


def form_answers(db: Session, owner: Actor, **other: Any) -> dict[str, Any]:
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
        "doc.national_card": [stored_file(db, owner)],
        "doc.degree_certificate": [stored_file(db, owner)],
    } | other


def submitted_request(db: Session, owner: Actor, now: datetime = NOW, **answers: Any) -> QualificationRequest:
    """A request of this officer in the queue."""
    request = qualification.start_draft(db, actor=owner, now=now)
    form = form_answers(db, owner, **answers)
    return qualification.submit(db, actor=owner, request_id=request.id, answers=form, now=now)


def unpaid_request(db: Session, people: Participants, rial: int = 500_000) -> QualificationRequest:
    """Sara's request, approved and waiting for its fee."""
    tariff(db, rial)
    request = submitted_request(db, people.sara)
    return decisions.approve(
        db, actor=people.ali, request_id=request.id, version=request.version, public_url=PUBLIC_URL, now=NOW
    )


def completed_request(db: Session, people: Participants) -> QualificationRequest:
    """Sara is qualified through her request."""
    request = unpaid_request(db, people)
    qualification.complete_request(db, request_id=request.id, now=NOW, actor=SYSTEM, bank_ref="1")
    return request


def request_row(account_id: int | None, **values: Any) -> QualificationRequest:
    """A request, submitted at Shiraz unless `values` say otherwise."""
    known = {
        "kind": RequestKind.NEW,
        "state": RequestState.SUBMITTED,
        "tracking_code": "140509010001",
        "university_code": "sums",
        "submitted_at": NOW,
        "state_since": NOW,
    }
    return QualificationRequest(account_id=account_id, **known | values)


def attempt_row(request_id: int | None, **values: Any) -> PaymentAttempt:
    known = {"gateway": "zarinpal", "ref": "A1", "amount_rial": 5_000_000}
    return PaymentAttempt(request_id=request_id, **known | values)
