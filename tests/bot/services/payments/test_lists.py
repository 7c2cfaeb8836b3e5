"""Payments as they are listed: for staff what goes back and every attempt; for the payer receipts and the pay page.

Each row that is not listed differs from a listed one in one thing.
"""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from bot.core.refusals import InvalidInput, NotAllowed, Stale
from bot.services.payments import history, page, receipts, refunds
from bot.services.payments.history import LatestPayment, PaymentChange, PaymentRecord
from bot.services.payments.page import PageState, PayView
from bot.services.payments.receipts import Receipt
from bot.services.payments.refunds import RefundDue
from bot.services.shared import audit
from bot.texts import BIDI_MARKS
from storage.enums import AccountState, AttemptState, RequestKind, RequestState
from storage.tables import Account, AuditEvent, PaymentAttempt, Push, QualificationRequest
from tests.support.factories.people import MOBILE, Participants, officer
from tests.support.factories.qualification import add_request, attempt_row, unpaid_request
from tests.support.factories.reference_data import NOW
from tests.support.services import refused

#: What is asked for does not depend on the database.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

MINUTE = timedelta(minutes=1)
DUE, REFUNDED, UNCERTAIN, PAID = (
    AttemptState.REFUND_DUE,
    AttemptState.REFUNDED,
    AttemptState.UNCERTAIN,
    AttemptState.PAID,
)


def attempt(
    db: Session, request: QualificationRequest, ref: str, state: AttemptState, **values: Any
) -> PaymentAttempt:
    given = {"amount_rial": 500_000, "created_at": NOW, "state_since": NOW}
    row = attempt_row(request.id, ref=ref, state=state, **given | values)
    db.add(row)
    db.flush()
    return row


def ids(found: list[RefundDue]) -> list[int]:
    return [one.attempt_id for one in found]


# ── what goes back ───────────────────────────────────────────────────────────────────────────────────────────────


def test_what_staff_return_and_returned(db: Session, people: Participants) -> None:
    """Due: those that wait longest first; the archive: the newest first."""
    request, by_staff = unpaid_request(db, people), {"actor": people.staff}
    others = [state for state in AttemptState if state not in (DUE, REFUNDED)]
    for state in others:
        attempt(db, request, state.value, state)
    young = attempt(db, request, "young", DUE)
    old = attempt(db, request, "old", DUE, state_since=NOW - MINUTE, card_masked="6219****", bank_ref="B")
    same = attempt(db, request, "same", DUE)
    gone = [
        attempt(
            db,
            request,
            f"gone{number}",
            REFUNDED,
            refund_ref=f"R{number}",
            refunded_at=NOW - minutes * MINUTE,
            refunded_by=people.in_charge.account_id,
            paid_at=NOW - 9 * MINUTE,
        )
        for number, minutes in enumerate((3, 1, 1))
    ]
    due = [old.id, young.id, same.id]
    returned = [gone[2].id, gone[1].id, gone[0].id]
    assert ids(refunds.refunds_due(db, **by_staff, limit=9, offset=0)) == due
    assert ids(refunds.refunds_due(db, **by_staff, limit=1, offset=1)) == due[1:2]
    assert ids(refunds.refunded(db, **by_staff, limit=9, offset=0)) == returned
    assert ids(refunds.refunded(db, **by_staff, limit=2, offset=1)) == returned[1:]
    assert [refunds.count_due(db, **by_staff, most=most) for most in (1, 2, 3, 99)] == [2, 3, 3, 3]
    assert refunds.count_refunded(db, **by_staff) == 3
    known = {
        "request_id": request.id,
        "tracking_code": request.tracking_code,
        "payer": "سارا کریمی‌نژاد",
        "amount_rial": 500_000,
        "gateway": "zarinpal",
        "mobile": MOBILE,
        "version": 0,
    }
    waiting = RefundDue(
        attempt_id=old.id,
        bank_ref="B",
        card_masked="6219****",
        paid_at=None,
        gateway_ref="old",
        **known,
    )
    done = RefundDue(
        attempt_id=gone[1].id,
        bank_ref=None,
        card_masked=None,
        paid_at=NOW - 9 * MINUTE,
        gateway_ref="gone1",
        refund_ref="R1",
        refunded_at=NOW - MINUTE,
        refunded_by="کارشناس مسئولی",
        **known,
    )
    assert refunds.view_refund(db, **by_staff, attempt_id=old.id) == waiting
    assert refunds.view_refund(db, **by_staff, attempt_id=gone[1].id) == done
    for row in db.exec(select(PaymentAttempt).where(PaymentAttempt.state.in_(others))).all():
        with refused(Stale):
            refunds.view_refund(db, **by_staff, attempt_id=row.id)


def test_which_amounts_were_wrong(db: Session, people: Participants) -> None:
    request = unpaid_request(db, people)
    wrong = "payment_wrong_amount"

    def told(row: PaymentAttempt, event: str = wrong, subject: str = "payment_attempt") -> PaymentAttempt:
        audit.record(
            db,
            now=NOW,
            actor=people.staff,
            event=event,
            subject=subject,
            subject_id=row.id,
            to_state=UNCERTAIN,
        )
        return row

    newer = told(attempt(db, request, "a", UNCERTAIN))
    older = told(attempt(db, request, "b", UNCERTAIN, state_since=NOW - MINUTE))
    told(attempt(db, request, "c", REFUNDED, refund_ref="R"))
    told(attempt(db, request, "d", UNCERTAIN), event="payment_no_answer")
    silent = told(attempt(db, request, "e", UNCERTAIN), subject="qualification")
    assert ids(refunds.wrong_amounts(db, actor=people.staff, limit=9, offset=0)) == [older.id, newer.id]
    assert ids(refunds.wrong_amounts(db, actor=people.staff, limit=1, offset=1)) == [newer.id]
    with refused(Stale, db=db):
        refunds.record_wrong_amount(
            db, actor=people.staff, attempt_id=silent.id or 0, reference="R-1", now=NOW
        )


def test_a_wrong_reference_is_set_right(db: Session, people: Participants) -> None:
    request = unpaid_request(db, people)
    row = attempt(db, request, "a", REFUNDED, refund_ref="R-1", version=4)
    other = attempt(db, request, "b", DUE, version=4)

    def correct(**given: Any) -> None:
        known = {
            "attempt_id": row.id,
            "version": 4,
            "reference": "R-2",
            "reason": "اشتباه ثبت شد",
            "now": NOW,
        }
        refunds.correct_refund(db, actor=people.staff, **known | given)

    for refusal, given in (
        (NotAllowed, {"attempt_id": 999}),
        (Stale, {"attempt_id": other.id}),
        (Stale, {"version": 3}),
        ("error.refund_same", {"reference": " R-1\u202e "}),
        ("error.refund_reference", {"reference": " "}),
        ("error.refund_reference", {"reference": "R" * 65}),
    ):
        with refused(refusal, db=db):
            correct(**given)
    correct(reference="R" * 64)
    row = db.get_one(PaymentAttempt, row.id)
    assert (row.refund_ref, row.version, row.state) == ("R" * 64, 5, REFUNDED)
    line = db.exec(select(AuditEvent).where(AuditEvent.event == "payment_refund_corrected")).one()
    assert (line.subject, line.subject_id, line.actor_id) == (
        "payment_attempt",
        row.id,
        people.staff.account_id,
    )
    assert line.data == {"was": "R-1", "reference": "R" * 64, "reason": "اشتباه ثبت شد"}
    push = db.exec(select(Push).where(Push.kind == "N23")).one()
    assert (
        BIDI_MARKS.sub("", push.text)
        == f"شماره پیگیری بازگشت مبلغ ۵۰۰٬۰۰۰ ریال اصلاح شد. شماره درست: {'R' * 64}"
    )
    assert (push.account_id, push.next_at) == (people.sara.account_id, NOW)
    assert push.key.startswith(f"payment:{row.id}:corrected:5:")


def test_a_refund_is_recorded_by_whom_when_and_told_once(db: Session, people: Participants) -> None:
    request = unpaid_request(db, people)
    row = attempt(db, request, "a", DUE, version=4)

    def record(**given: Any) -> None:
        known = {"attempt_id": row.id, "version": 4, "reference": " R  2 ", "now": NOW}
        refunds.record_refund(db, actor=people.staff, **known | given)

    for refusal, given in (
        (NotAllowed, {"attempt_id": 999}),
        (Stale, {"version": 5}),
        (InvalidInput, {"reference": ""}),
        (Stale, {"attempt_id": attempt(db, request, "b", PAID, version=4).id}),
    ):
        with refused(refusal, db=db):
            record(**given)
    record()
    row = db.get_one(PaymentAttempt, row.id)
    assert (row.state, row.refund_ref, row.refunded_at) == (REFUNDED, "R 2", NOW)
    assert row.refunded_by == people.staff.account_id
    push = db.exec(select(Push).where(Push.kind == "N23")).one()
    assert BIDI_MARKS.sub("", push.text) == "۵۰۰٬۰۰۰ ریال بازگردانده شد. شماره پیگیری بانک: R 2"
    assert (push.account_id, push.buttons) == (people.sara.account_id, [])


# ── every attempt ────────────────────────────────────────────────────────────────────────────────────────────────


def test_where_the_money_of_a_person_is(db: Session, people: Participants) -> None:
    first, by_staff = unpaid_request(db, people), {"actor": people.staff}
    old = add_request(db, people.sara, RequestState.WITHDRAWN)
    foreign = add_request(db, officer(db), RequestState.DRAFT)
    rows = [
        attempt(db, old, "1", AttemptState.FAILED),
        attempt(db, foreign, "2", PAID),
        attempt(db, first, "3", UNCERTAIN),
        attempt(db, first, "4", AttemptState.CREATED),
    ]
    account_id, code = people.sara.account_id, first.tracking_code or ""
    mine = [PaymentRecord(rows[3], code), PaymentRecord(rows[2], code), PaymentRecord(rows[0], "–")]

    def of_account(limit: int, offset: int) -> list[PaymentRecord]:
        return history.payments_of_account(db, **by_staff, account_id=account_id, limit=limit, offset=offset)

    def of_request(limit: int, offset: int) -> list[PaymentRecord]:
        return history.payments_of_request(db, **by_staff, request_id=first.id, limit=limit, offset=offset)

    assert of_account(9, 0) == mine
    assert of_account(1, 1) == mine[1:2]
    assert of_request(9, 0) == mine[:2]
    assert of_request(1, 1) == mine[1:2]
    assert history.latest_of_account(db, **by_staff, account_id=account_id) == LatestPayment(mine[0], 3)
    assert history.latest_of_request(db, **by_staff, request_id=first.id) == LatestPayment(mine[0], 2)
    assert history.latest_of_account(db, **by_staff, account_id=people.ali.account_id or 0) is None
    assert history.latest_of_request(db, **by_staff, request_id=999) is None
    assert history.of_tracking_code(db, code) == (first, [mine[1], mine[0]])
    assert history.of_tracking_code(db, "140000000000") is None
    assert [history.tracking_code(db, row.id or 0) for row in rows] == ["–", "–", code, code]


def test_the_course_of_the_attempts_of_a_file(db: Session, people: Participants) -> None:
    request, other = unpaid_request(db, people), add_request(db, officer(db), RequestState.DRAFT)
    assert history.changes_of_request(db, actor=people.staff, request_id=request.id or 0) == []
    first = attempt(db, request, "1", UNCERTAIN, amount_rial=500_000)
    second = attempt(db, request, "2", AttemptState.CREATED, amount_rial=600_000)
    foreign = attempt(db, other, "3", PAID)

    def line(
        row: PaymentAttempt, event: str, minutes: int, state: Any, subject: str = "payment_attempt"
    ) -> None:
        audit.record(
            db,
            now=NOW + minutes * MINUTE,
            actor=people.staff,
            event=event,
            subject=subject,
            subject_id=row.id or 0,
            to_state=state,
        )

    line(first, "payment_opened", 0, AttemptState.CREATED)
    line(foreign, "payment_opened", 1, AttemptState.CREATED)
    line(second, "payment_opened", 2, AttemptState.CREATED)
    line(second, "submitted", 3, RequestState.SUBMITTED, subject="qualification")
    line(first, "payment_refund_corrected", 4, None)
    found = history.changes_of_request(db, actor=people.staff, request_id=request.id or 0)
    assert found == [
        PaymentChange(first.id or 0, NOW, "payment_opened", AttemptState.CREATED, 500_000),
        PaymentChange(second.id or 0, NOW + 2 * MINUTE, "payment_opened", AttemptState.CREATED, 600_000),
        PaymentChange(first.id or 0, NOW + 4 * MINUTE, "payment_refund_corrected", None, 500_000),
    ]
    assert history.changes_for_operator(db, request.id or 0) == found


# ── the payer ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_receipts_are_of_what_the_payer_paid(db: Session, people: Participants) -> None:
    sara, foreign = people.sara, officer(db)
    amended = add_request(
        db, sara, RequestState.COMPLETED, kind=RequestKind.AMENDMENT, tracking_code="140509010002"
    )
    plain = add_request(db, sara, RequestState.COMPLETED)
    other = add_request(db, foreign, RequestState.COMPLETED)
    unpaid = add_request(db, sara, RequestState.AWAITING_PAYMENT)
    attempt(db, amended, "1", AttemptState.FAILED)
    attempt(
        db,
        amended,
        "2",
        PAID,
        paid_at=NOW + MINUTE,
        bank_ref="B2",
        card_masked="6219****",
        amount_rial=700_000,
    )
    attempt(db, plain, "3", PAID)
    attempt(db, other, "4", PAID)
    attempt(db, unpaid, "5", UNCERTAIN)
    first = Receipt(
        amended.id or 0, RequestKind.AMENDMENT, "140509010002", 700_000, NOW + MINUTE, "B2", "6219****"
    )
    second = Receipt(plain.id or 0, RequestKind.NEW, "", 500_000, NOW, None, None)
    assert receipts.receipts_of(db, actor=sara) == [second, first]
    account = db.get_one(Account, sara.account_id)
    assert receipts.receipt_of(db, actor=sara, request_id=amended.id or 0) == (account, first)
    for request in (other, unpaid):
        with refused(NotAllowed):
            receipts.receipt_of(db, actor=sara, request_id=request.id or 0)


def test_receipts_are_the_newest_twenty(db: Session, people: Participants) -> None:
    made = [add_request(db, people.sara, RequestState.COMPLETED) for _ in range(21)]
    for request in made:
        attempt(db, request, f"{request.id}", PAID)
    found = receipts.receipts_of(db, actor=people.sara)
    assert [one.request_id for one in found] == [request.id for request in reversed(made)][:20]


def test_what_the_pay_page_shows(db: Session, people: Participants) -> None:
    request = unpaid_request(db, people, 500_000)
    token, account = request.pay_token or "", db.get_one(Account, people.sara.account_id)
    other = add_request(db, officer(db, "مینا"), RequestState.COMPLETED, pay_token="other")
    attempt(db, other, "9", PAID, bank_ref="foreign", paid_at=NOW)
    known = (request.id, RequestKind.NEW, 500_000, "سارا کریمی‌نژاد", request.tracking_code, NOW)

    def shown() -> PayView | None:
        db.flush()
        return page.pay_view(db, token, now=NOW)

    assert shown() == PayView(PageState.PAYABLE, *known)
    account.state = AccountState.SUSPENDED
    assert shown() == PayView(PageState.HELD, *known)
    uncertain = attempt(db, request, "1", UNCERTAIN)
    assert shown() == PayView(PageState.UNCERTAIN, *known), "that comes first: money may be on its way"
    account.state, uncertain.state_since = AccountState.ACTIVE, NOW - 30 * MINUTE
    assert shown() == PayView(PageState.PAYABLE, *known)
    attempt(db, request, "2", PAID, bank_ref="B2", paid_at=NOW + MINUTE)
    for state in (RequestState.COMPLETED, RequestState.REVOKED):
        request.state = state
        assert shown() == PayView(PageState.PAID, *known, "B2", NOW + MINUTE)
    request.state = RequestState.WITHDRAWN
    assert shown() == PayView(PageState.WITHDRAWN, *known)
    assert page.pay_view(db, "unknown", now=NOW) is None
    nowhere = [RequestState.DRAFT, RequestState.SUBMITTED, RequestState.IN_REVIEW, RequestState.DEFICIENT]
    for state in nowhere:
        request.state = state
        assert shown() is None


def test_the_attempt_that_tells_the_state_of_the_fee(db: Session, people: Participants) -> None:
    request, other = unpaid_request(db, people), add_request(db, officer(db), RequestState.DRAFT)
    assert page.latest(db, request_id=request.id or 0) is None
    attempt(db, request, "1", UNCERTAIN)
    newest = attempt(db, request, "2", AttemptState.FAILED)
    attempt(db, other, "3", PAID)
    assert page.latest(db, request_id=request.id or 0) == newest
    paid = attempt(db, request, "4", PAID)
    attempt(db, request, "5", AttemptState.CREATED)
    assert page.latest(db, request_id=request.id or 0) == paid


def test_the_attempt_of_a_return(db: Session, people: Participants) -> None:
    request = unpaid_request(db, people)
    found = attempt(db, request, "1", AttemptState.CREATED)
    other = attempt(db, request, "2", AttemptState.CREATED, gateway="zibal")

    def of(number: int | None) -> Any:
        return page.attempt_of_return(db, gateway="zarinpal", attempt_id=number or 0)

    assert [of(found.id), of(other.id), of(999)] == [("1", request.pay_token), None, None]
