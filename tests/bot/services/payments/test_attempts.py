"""Which attempt of a payment is handed out, waited for, taken for verifying: each that is not differs in one thing."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from bot.core.refusals import NotAllowed, Refusal, Stale
from bot.services.payments import attempts
from bot.services.payments.attempts import ClaimedAttempt, Open, Opening, Underway
from storage.enums import AttemptState, RequestState
from storage.tables import AuditEvent, PaymentAttempt, QualificationRequest
from tests.support.factories.people import Participants, officer
from tests.support.factories.qualification import add_request, attempt_row, unpaid_request
from tests.support.factories.reference_data import NOW
from tests.support.services import refused

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
FEE = 500_000


def attempt(
    db: Session, request: QualificationRequest, ref: str | None = "A1", **values: Any
) -> PaymentAttempt:
    given = {"amount_rial": FEE, "created_at": NOW, "state_since": NOW, "state": AttemptState.CREATED}
    row = attempt_row(request.id, ref=ref, **given | values)
    db.add(row)
    db.flush()
    return row


def begun(db: Session, request: QualificationRequest, after: timedelta = timedelta(0)) -> Any:
    return attempts.begin_attempt(db, token=request.pay_token or "", gateway="zarinpal", now=NOW + after)


@pytest.mark.parametrize(
    ("after", "other", "kind"),
    [
        (MINUTE, {}, Open),
        (10 * MINUTE - SECOND, {}, Open),
        (10 * MINUTE, {}, Opening),
        (MINUTE, {"gateway": "zibal"}, Opening),
        (MINUTE, {"amount_rial": FEE + 1}, Opening),
        (MINUTE, {"state": AttemptState.FAILED}, Opening),
        (29 * SECOND, {"ref": None}, Underway),
        (30 * SECOND, {"ref": None}, Opening),
    ],
)
def test_what_a_click_gets(
    db: Session, people: Participants, after: timedelta, other: dict[str, Any], kind: type
) -> None:
    request = unpaid_request(db, people)
    attempt(db, request, **{"ref": "A1"} | other)
    # That of another request is never handed out.
    attempt(db, add_request(db, officer(db), RequestState.DRAFT), "B1")
    got = begun(db, request, after)
    assert type(got) is kind
    if kind is Opening:
        made = db.get_one(PaymentAttempt, got.attempt_id)
        assert (made.amount_rial, made.created_at, made.state) == (FEE, NOW + after, AttemptState.CREATED)
        assert made.next_check_at == NOW + after + MINUTE
        event = db.exec(select(AuditEvent).where(AuditEvent.event == "payment_opened")).one()
        assert (event.subject_id, event.data["amount_rial"]) == (made.id, FEE)


@pytest.mark.parametrize(("since", "looks"), [(None, True), (0, False), (1.9, False), (2, True), (-1, True)])
def test_a_click_asks_the_gateway_every_two_seconds(
    db: Session, people: Participants, since: float | None, looks: bool
) -> None:
    request = unpaid_request(db, people)
    looked_at = None if since is None else NOW + MINUTE - timedelta(seconds=since)
    row = attempt(db, request, looked_at=looked_at)
    got = begun(db, request, MINUTE)
    assert (got.attempt_id, got.look) == (row.id, looks)
    assert row.looked_at == (NOW + MINUTE if looks else looked_at)


WAITING = [
    (AttemptState.UNCERTAIN, {}, 29 * MINUTE, True, True),
    (AttemptState.UNCERTAIN, {}, 30 * MINUTE, False, True),
    (AttemptState.VERIFYING, {"next_check_at": NOW + MINUTE}, timedelta(0), True, True),
    (AttemptState.VERIFYING, {"next_check_at": NOW + MINUTE}, MINUTE, False, True),
    (AttemptState.CREATED, {"next_check_at": NOW + MINUTE}, timedelta(0), False, None),
    (AttemptState.FAILED, {}, timedelta(0), False, False),
    (AttemptState.REFUND_DUE, {}, timedelta(0), False, False),
]


@pytest.mark.parametrize(("state", "values", "after", "blocks", "undecided"), WAITING)
def test_how_long_the_word_of_the_bank_is_waited_for(
    db: Session,
    people: Participants,
    state: AttemptState,
    values: dict[str, Any],
    after: timedelta,
    blocks: bool,
    undecided: bool | None,
) -> None:
    request, other = unpaid_request(db, people), add_request(db, officer(db), RequestState.DRAFT)
    attempt(db, request, state=state, **values)
    assert attempts.waits_for_bank(db, request.id or 0, now=NOW + after) is blocks
    assert not attempts.waits_for_bank(db, other.id or 0, now=NOW + after)
    assert not attempts.waits_for_bank(db, other.id or 0)
    if undecided is not None:
        assert attempts.waits_for_bank(db, request.id or 0) is undecided
    if blocks:
        with refused("error.payment_uncertain", db=db):
            begun(db, request, after)


def test_who_pays_nothing(db: Session, people: Participants) -> None:
    request = unpaid_request(db, people)
    with refused(NotAllowed, db=db):
        attempts.begin_attempt(db, token="unknown", gateway="zarinpal", now=NOW)
    fee, request.fee_rial = request.fee_rial, 0
    db.flush()
    with refused("error.nothing_due", db=db):
        begun(db, request)
    request = db.get_one(QualificationRequest, request.id)
    request.fee_rial, request.state = fee, RequestState.WITHDRAWN
    db.flush()
    with refused("error.nothing_due", db=db):
        begun(db, request)


def test_no_payer_is_sent_where_the_request_ended_meanwhile(db: Session, people: Participants) -> None:
    request = unpaid_request(db, people)
    first, second = attempt(db, request, None), attempt(db, request, None)
    attempts.record_opened(db, attempt_id=first.id or 0, ref="Z1", now=NOW)
    assert db.get_one(PaymentAttempt, first.id).ref == "Z1"
    request.state = RequestState.WITHDRAWN
    db.flush()
    with refused("error.nothing_due"):
        attempts.record_opened(db, attempt_id=second.id or 0, ref="Z2", now=NOW)


@pytest.mark.parametrize(
    ("values", "claimed"),
    [
        ({}, True),
        ({"ref": None}, False),
        ({"state": AttemptState.PAID}, False),
        ({"state": AttemptState.UNCERTAIN}, True),
        ({"state": AttemptState.VERIFYING, "next_check_at": NOW + SECOND}, False),
        ({"state": AttemptState.VERIFYING, "next_check_at": NOW}, True),
        ({"state": AttemptState.VERIFYING, "next_check_at": None}, True),
    ],
)
@pytest.mark.parametrize("by_payer", [True, False])
def test_one_process_at_a_time_asks(
    db: Session, people: Participants, values: dict[str, Any], claimed: bool, by_payer: bool
) -> None:
    row = attempt(db, unpaid_request(db, people), **{"ref": "A1"} | values)
    before, version = row.state, row.version
    got = attempts.claim_attempt(db, attempt_id=row.id or 0, now=NOW, by_payer=by_payer)
    if not claimed:
        assert got is before
        return
    assert isinstance(got, ClaimedAttempt)
    assert (got.attempt_id, got.came_from, got.ref, got.amount_rial) == (row.id, before, "A1", FEE)
    db.refresh(row)
    assert (row.state, row.version, got.version) == (AttemptState.VERIFYING, version + 1, version + 1)
    assert row.next_check_at == NOW + 3 * MINUTE
    assert row.looked_at == (NOW if by_payer else None)
    # Being asked about leaves no row of the record.
    assert db.exec(select(AuditEvent).where(AuditEvent.subject == "payment_attempt")).all() == []


def test_another_version_is_not_saved(db: Session, people: Participants) -> None:
    row = attempt(db, unpaid_request(db, people))
    other = attempt(db, unpaid_request_of(row, db), "B1")
    attempts.save_attempt(db, row, checks=3)
    assert (row.checks, row.version, other.checks) == (3, 1, 0)
    stale = PaymentAttempt(**row.model_dump() | {"version": 0})
    with pytest.raises((Stale, Refusal)):
        attempts.save_attempt(db, stale, checks=4)


def unpaid_request_of(row: PaymentAttempt, db: Session) -> QualificationRequest:
    return db.get_one(QualificationRequest, row.request_id)
