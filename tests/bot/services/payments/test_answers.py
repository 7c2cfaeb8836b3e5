"""What the gateway's word makes of an attempt: its state, its next look, the record, and who is told what.

See docs/specification.md 2.3.
"""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlmodel import Session, col, select

from bot.core.context import PublicInfo
from bot.core.refusals import Stale
from bot.gateways.interfaces import NotPaid, Retry, Unverified, Verified, WrongAmount
from bot.services.payments import attempts, reconciler, settlement, verification
from bot.services.payments.attempts import ClaimedAttempt
from storage.enums import AttemptState, RequestState
from storage.tables import AuditEvent, PaymentAttempt, Push, QualificationRequest, StaffAlert
from tests.support.factories.people import Participants, officer
from tests.support.factories.qualification import add_request, attempt_row, unpaid_request
from tests.support.factories.reference_data import NOW
from tests.support.services import refused

#: What is written does not depend on the database.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)
FEE = 500_000
CREATED, UNCERTAIN, VERIFYING = AttemptState.CREATED, AttemptState.UNCERTAIN, AttemptState.VERIFYING
FAILED, EXPIRED, PAID = AttemptState.FAILED, AttemptState.EXPIRED, AttemptState.PAID
INFO = PublicInfo("021", "https://pay.example.ir/")
ASKED_LATER = "looks=4 next=2"
OVER = "looks=4 next=-"


def attempt(db: Session, request: QualificationRequest, **values: Any) -> PaymentAttempt:
    given = {"amount_rial": FEE, "created_at": NOW - MINUTE, "state_since": NOW - MINUTE, "checks": 3}
    row = attempt_row(request.id, **given | values)
    db.add(row)
    db.flush()
    return row


def claim(db: Session, row: PaymentAttempt) -> ClaimedAttempt:
    claimed = attempts.claim_attempt(db, attempt_id=row.id or 0, now=NOW, by_payer=False)
    assert isinstance(claimed, ClaimedAttempt)
    return claimed


def answered(
    db: Session,
    claimed: ClaimedAttempt,
    word: Any,
    standing: Any = None,
    *,
    cancelled: bool = False,
) -> AttemptState:
    return verification.apply_answer(
        db,
        claimed=claimed,
        verification=word,
        standing=standing,
        cancelled=cancelled,
        public_info=INFO,
        now=NOW,
    )


def marks(db: Session) -> tuple[int, int]:
    """The last line of the record and the last push."""
    last = [
        db.exec(select(col(table.id)).order_by(col(table.id).desc())).first() for table in (AuditEvent, Push)
    ]
    return last[0] or 0, last[1] or 0


def came_of_it(db: Session, row: PaymentAttempt, before: tuple[int, int]) -> str:
    """State, looks, minutes to the next one; lines of the record about it; pushes to the payer; open alerts."""
    db.expire_all()
    wait = None if row.next_check_at is None else int((row.next_check_at - NOW) / MINUTE)
    lines = db.exec(
        select(AuditEvent).where(col(AuditEvent.id) > before[0], AuditEvent.subject == "payment_attempt")
    )
    events = [f"{line.event.removeprefix('payment_')} {line.from_state}>{line.to_state}" for line in lines]
    pushes = db.exec(select(Push).where(col(Push.id) > before[1], Push.kind != "alert"))
    alerts = db.exec(select(StaffAlert.key).where(col(StaffAlert.resolved_at).is_(None)))
    named = f":{row.id}"
    told = [push.kind for push in pushes]
    told += [f"{key.removesuffix(named)}:#" if key.endswith(named) else key for key in alerts]
    next_look = "-" if wait is None else wait
    return " | ".join([f"{row.state} looks={row.checks} next={next_look}", *events, *told])


NO = NotPaid(-51)
#: The state that it came from and what else the attempt has; the word; what an inquiry says; whether the payer
#: cancelled; what came of it.
ANSWERS: list[tuple[AttemptState, dict[str, Any], Any, str | None, bool, str]] = [
    (CREATED, {}, Verified("77"), None, False, f"PAID {OVER} | paid CREATED>PAID | N7"),
    (UNCERTAIN, {}, Verified("77"), "paid", False, f"PAID {OVER} | paid UNCERTAIN>PAID | N7"),
    (FAILED, {}, Verified("77"), None, True, f"PAID {OVER} | paid FAILED>PAID | N7"),
    (EXPIRED, {}, Verified("77"), None, False, f"PAID {OVER} | paid EXPIRED>PAID | N7"),
    # Another fee than that of the approval that holds now.
    (
        CREATED,
        {"amount_rial": FEE + 1},
        Verified("77"),
        None,
        False,
        f"REFUND_DUE {OVER} | paid_in_excess CREATED>REFUND_DUE | N23 | refund:#",
    ),
    # Not known yet: asked again, and no line where nothing changed.
    (CREATED, {}, Retry(), None, False, f"UNCERTAIN {ASKED_LATER} | no_answer CREATED>UNCERTAIN"),
    (UNCERTAIN, {}, Retry(), "paid", True, f"UNCERTAIN {ASKED_LATER}"),
    (FAILED, {}, Retry(), None, False, f"UNCERTAIN {ASKED_LATER} | no_answer FAILED>UNCERTAIN"),
    (UNCERTAIN, {}, Retry(-9, alert=True), None, False, f"UNCERTAIN {ASKED_LATER} | gateway:zarinpal:-9"),
    (UNCERTAIN, {"checks": 9}, Retry(), None, False, "UNCERTAIN looks=10 next=5"),
    (UNCERTAIN, {"checks": 14}, Retry(), None, False, "UNCERTAIN looks=15 next=15"),
    (UNCERTAIN, {"checks": 29}, Retry(), None, False, "UNCERTAIN looks=30 next=60"),
    # The first wrong amount always has its line: staff find it there.
    (
        CREATED,
        {},
        WrongAmount(-50),
        None,
        False,
        f"UNCERTAIN {ASKED_LATER} | wrong_amount VERIFYING>UNCERTAIN | wrong_amount:#",
    ),
    (
        UNCERTAIN,
        {},
        WrongAmount(-50),
        None,
        False,
        f"UNCERTAIN {ASKED_LATER} | wrong_amount VERIFYING>UNCERTAIN | wrong_amount:#",
    ),
    # Not paid, while the gateway says something else: contradictory.
    (CREATED, {}, NO, "paid", False, f"UNCERTAIN {ASKED_LATER} | no_answer CREATED>UNCERTAIN"),
    (CREATED, {}, NO, "verified", True, f"UNCERTAIN {ASKED_LATER} | no_answer CREATED>UNCERTAIN"),
    # Not paid yet, up to a day.
    (CREATED, {}, NO, "pending", False, f"CREATED {ASKED_LATER}"),
    (CREATED, {}, NO, "unknown", False, f"CREATED {ASKED_LATER}"),
    (UNCERTAIN, {}, NO, "pending", False, f"CREATED {ASKED_LATER} | still_open UNCERTAIN>CREATED"),
    (CREATED, {"created_at": NOW - DAY + SECOND}, NO, "pending", False, f"CREATED {ASKED_LATER}"),
    (CREATED, {"created_at": NOW - DAY}, NO, "pending", False, f"EXPIRED {OVER} | expired CREATED>EXPIRED"),
    # The payer said so, or the gateway: over. After half an hour it is an expiry, which nobody waited for.
    (CREATED, {}, NO, "pending", True, f"FAILED {OVER} | not_paid CREATED>FAILED | N8"),
    (CREATED, {}, NO, "unknown", True, f"FAILED {OVER} | not_paid CREATED>FAILED | N8"),
    (CREATED, {}, NO, "failed", False, f"FAILED {OVER} | not_paid CREATED>FAILED | N8"),
    (CREATED, {}, NO, None, True, f"FAILED {OVER} | not_paid CREATED>FAILED | N8"),
    (
        CREATED,
        {"created_at": NOW - 30 * MINUTE + SECOND},
        NO,
        "failed",
        False,
        f"FAILED {OVER} | not_paid CREATED>FAILED | N8",
    ),
    (
        CREATED,
        {"created_at": NOW - 30 * MINUTE},
        NO,
        "failed",
        False,
        f"EXPIRED {OVER} | expired CREATED>EXPIRED",
    ),
    (
        CREATED,
        {"created_at": NOW - 30 * MINUTE},
        NO,
        "failed",
        True,
        f"FAILED {OVER} | not_paid CREATED>FAILED | N8",
    ),
    # Who was told to wait for the bank hears of the end.
    (
        UNCERTAIN,
        {"created_at": NOW - 30 * MINUTE},
        NO,
        "reversed",
        False,
        f"EXPIRED {OVER} | expired UNCERTAIN>EXPIRED | N8",
    ),
    # What was over before stays as it was, without a word.
    (FAILED, {}, NO, "failed", False, f"FAILED {OVER}"),
    (FAILED, {"created_at": NOW - DAY}, NO, "failed", False, f"FAILED {OVER}"),
    (EXPIRED, {}, NO, "failed", False, f"EXPIRED {OVER}"),
    (EXPIRED, {}, NO, "failed", True, f"EXPIRED {OVER}"),
    (
        CREATED,
        {},
        NotPaid(-11, alert=True),
        "failed",
        False,
        f"FAILED {OVER} | not_paid CREATED>FAILED | N8 | gateway:zarinpal:-11",
    ),
]


def test_what_each_answer_leads_to(db: Session, people: Participants) -> None:
    """In one world: each is undone before the next one."""
    request = unpaid_request(db, people, FEE)
    wrong = {}
    for came_from, values, word, standing, cancelled, expected in ANSWERS:
        undone = db.begin_nested()
        row = attempt(db, request, state=came_from, **values)
        claimed, before = claim(db, row), marks(db)
        state = answered(db, claimed, word, standing, cancelled=cancelled)
        found = came_of_it(db, row, before)
        if found != expected or state is not row.state:
            wrong[came_from, f"{values}", f"{word}", standing, cancelled] = found
        completed = db.get_one(QualificationRequest, request.id).state is RequestState.COMPLETED
        assert completed is (row.state is PAID)
        undone.rollback()
        db.expire_all()
    assert wrong == {}


def test_what_is_kept_of_a_payment(db: Session, people: Participants) -> None:
    row = attempt(db, unpaid_request(db, people, FEE))
    answered(db, claim(db, row), Verified("77", "6219****1234", answer={"code": 100}))
    kept = (row.bank_ref, row.card_masked, row.answer, row.paid_at, row.state_since)
    assert kept == ("77", "6219****1234", {"code": 100}, NOW, NOW)
    other = attempt(db, add_request(db, people.sara, RequestState.WITHDRAWN), ref="B1")
    for word, answer in ((Retry(answer={"a": 1}), {"a": 1}), (NotPaid(1, {"a": 2}), {"a": 2})):
        answered(db, claim(db, other), word)
        assert other.answer == answer


def test_why_a_payment_goes_back(db: Session, people: Participants) -> None:
    request = unpaid_request(db, people, FEE)

    def told(row: PaymentAttempt) -> str:
        assert answered(db, claim(db, row), Verified("78")) is AttemptState.REFUND_DUE
        return db.exec(select(Push.text).where(Push.key == _key(row))).one()

    def _key(row: PaymentAttempt) -> str:
        chat = db.exec(select(Push.chat_row_id).where(Push.account_id == request.account_id)).first()
        return f"payment:{row.id}:refund_due:{request.account_id}:{chat}"

    assert told(attempt(db, request, amount_rial=FEE + 10)) == (
        "تأیید این درخواست پیش از پرداخت لغو شده بود؛ پرداخت شما (۵۰۰٬۰۱۰ ریال) ثبت شد و بازگردانده می‌شود."
    )
    assert answered(db, claim(db, attempt(db, request, ref="B1")), Verified("77")) is PAID
    assert told(attempt(db, request, ref="C1")) == (
        "پرداخت تکراری شما (۵۰۰٬۰۰۰ ریال) ثبت شد و بازگردانده می‌شود."
    )
    withdrawn = db.get_one(QualificationRequest, request.id)
    withdrawn.state = RequestState.WITHDRAWN
    db.flush()
    assert told(attempt(db, request, ref="D1")) == (
        "از این درخواست انصراف داده بودید؛ پرداخت شما (۵۰۰٬۰۰۰ ریال) ثبت شد و بازگردانده می‌شود."
    )


def test_who_is_asked_to_try_again(db: Session, people: Participants) -> None:
    """Not where nothing is to be paid any more; the button leads to the page of this request."""
    request = unpaid_request(db, people, FEE)
    answered(db, claim(db, attempt(db, request)), NO, "failed")
    [push] = db.exec(select(Push).where(Push.kind == "N8"))
    url = f"https://pay.example.ir/pay/{request.pay_token}"
    assert push.buttons == [[{"label": "تلاش دوباره", "url": url}]]
    assert (push.pays_request_id, push.account_id, push.next_at) == (request.id, request.account_id, NOW)
    for number, change in enumerate(({"state": RequestState.WITHDRAWN}, {"pay_token": None})):
        undone = db.begin_nested()
        for name, value in change.items():
            setattr(request, name, value)
        db.flush()
        row = attempt(db, request, ref=f"B{number}")
        assert answered(db, claim(db, row), NO, "failed") is FAILED
        assert len(db.exec(select(Push.id).where(Push.kind == "N8")).all()) == 1, change
        undone.rollback()
        db.expire_all()


def test_a_caller_that_lost_its_claim_brings_nothing_but_proof(db: Session, people: Participants) -> None:
    request = unpaid_request(db, people, FEE)
    for word in (NO, Retry(-9, alert=True), WrongAmount(1), Verified("77")):
        for other in ({"version": 9}, {"state": UNCERTAIN}, {"state": FAILED}):
            undone = db.begin_nested()
            row = attempt(db, request)
            claimed = claim(db, row)
            for name, value in other.items():
                setattr(row, name, value)
            db.flush()
            before, was = marks(db), row.state
            state = answered(db, claimed, word, "failed")
            came = came_of_it(db, row, before)
            if isinstance(word, Verified):
                source = "CREATED" if was is VERIFYING else was
                assert came == f"PAID {OVER} | paid {source}>PAID | N7"
            else:
                assert (state, came) == (was, f"{was} looks=3 next={3 if row.next_check_at else '-'}"), word
            undone.rollback()
            db.expire_all()


def test_what_is_settled_hears_nothing(db: Session, people: Participants) -> None:
    row = attempt(db, unpaid_request(db, people, FEE))
    claimed = claim(db, row)
    for settled in (AttemptState.REFUND_DUE, AttemptState.PAID, AttemptState.REFUNDED):
        row.state, row.refund_ref = settled, "R"
        db.flush()
        before = marks(db)
        for word in (Verified("77"), WrongAmount(1), NO):
            assert answered(db, claimed, word, "failed") is settled
        assert came_of_it(db, row, before) == f"{settled} looks=3 next=3"


# ── looks that bring nothing ─────────────────────────────────────────────────────────────────────────────────────


def test_an_attempt_that_has_no_name_at_the_gateway(db: Session, people: Participants) -> None:
    request = unpaid_request(db, people, FEE)
    for values, expected in (
        ({"created_at": NOW - 30 * MINUTE}, "EXPIRED looks=3 next=- | expired CREATED>EXPIRED"),
        ({"created_at": NOW - 29 * MINUTE}, "CREATED looks=3 next=1"),
        # It got its name, or its end, since it was looked up.
        ({"created_at": NOW - 30 * MINUTE, "ref": "A1"}, "CREATED looks=3 next=-"),
        ({"created_at": NOW - 29 * MINUTE, "ref": "A2"}, "CREATED looks=3 next=-"),
        ({"created_at": NOW - 30 * MINUTE, "state": FAILED}, "FAILED looks=3 next=-"),
        ({"created_at": NOW - 29 * MINUTE, "state": FAILED}, "FAILED looks=3 next=-"),
    ):
        row = attempt(db, request, **{"ref": None} | values)
        before = marks(db)
        state = settlement._without_ref(db, attempt_id=row.id or 0, now=NOW)
        assert (came_of_it(db, row, before), state) == (expected, row.state), values


def test_the_next_look(db: Session, people: Participants) -> None:
    request = unpaid_request(db, people, FEE)
    for values, expected in (
        ({}, f"CREATED {ASKED_LATER}"),
        ({"state": UNCERTAIN, "checks": 9, "ref": "A2"}, "UNCERTAIN looks=10 next=5"),
        ({"state": VERIFYING, "ref": "A3"}, "VERIFYING looks=3 next=-"),
        ({"state": PAID, "ref": "A4"}, "PAID looks=3 next=-"),
    ):
        row = attempt(db, request, **values)
        before = marks(db)
        state = settlement._schedule_next_inquiry(db, attempt_id=row.id or 0, now=NOW)
        assert (came_of_it(db, row, before), state) == (expected, row.state), values


def test_which_attempts_the_button_asks_about(db: Session, people: Participants) -> None:
    """The open ones, newest first and five at most; else the last that is not settled."""
    request, other = unpaid_request(db, people, FEE), add_request(db, officer(db), RequestState.DRAFT)

    def asked(which: QualificationRequest) -> list[int]:
        return settlement._to_check(db, request_id=which.id or 0, gateway="zarinpal")

    assert asked(request) == []
    old = attempt(db, request, ref="1", state=FAILED)
    last = attempt(db, request, ref="2", state=EXPIRED)
    attempt(db, request, ref="3", gateway="zibal")
    attempt(db, request, ref=None)
    attempt(db, request, ref="4", state=PAID)
    attempt(db, other, ref="5")
    assert asked(request) == [last.id]
    found = [attempt(db, request, ref="6", state=UNCERTAIN), attempt(db, request, ref="7", state=VERIFYING)]
    assert asked(request) == [one.id for one in reversed(found)]
    attempt(db, request, ref="8", state=FAILED)
    assert asked(request) == [one.id for one in reversed(found)]
    found += [attempt(db, request, ref=f"9{number}") for number in range(3)]
    assert asked(request) == [one.id for one in reversed(found)][:4], "five are read, one of them is over"
    assert old.id not in asked(request)


def test_what_the_reconciler_looks_at(
    db: Session, people: Participants, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each request's newest before any second one, the newest first; some places are kept for the longest overdue."""
    mine, other = unpaid_request(db, people, FEE), add_request(db, officer(db), RequestState.DRAFT)

    def due() -> list[str]:
        names = {one.id: one.ref for one in db.exec(select(PaymentAttempt))}
        return [names[number] or "" for number in reconciler._attempts_due(db, gateway="zarinpal", now=NOW)]

    attempt(db, mine, ref="due", next_check_at=NOW)
    attempt(db, mine, ref="later", next_check_at=NOW + SECOND)
    attempt(db, mine, ref="never")
    attempt(db, mine, ref="zibal", gateway="zibal", next_check_at=NOW)
    attempt(db, mine, ref="over", state=FAILED, next_check_at=NOW)
    attempt(db, other, ref="oldest", state=UNCERTAIN, next_check_at=NOW - DAY)
    attempt(db, other, ref="young", state=VERIFYING, next_check_at=NOW - MINUTE)
    attempt(db, mine, ref="newest", next_check_at=NOW - SECOND)
    assert due() == ["newest", "young", "oldest", "due"]
    monkeypatch.setattr(reconciler, "MAX_ATTEMPTS", 2)
    monkeypatch.setattr(reconciler, "OVERDUE", 1)
    assert due() == ["newest", "young"]
    third = add_request(db, officer(db), RequestState.DRAFT)
    attempt(db, third, ref="third", next_check_at=NOW)
    assert due() == ["third", "young"]
    monkeypatch.setattr(reconciler, "MAX_ATTEMPTS", 5)
    assert due() == ["third", "newest", "young", "oldest", "due"]


async def test_payments_that_wait_at_the_gateway(database: Any, people: Participants) -> None:
    """Ours that were thought over are asked about; one that we never opened is told to staff."""

    resources: Any = SimpleNamespace(gateway=SimpleNamespace(name="zarinpal"), clock=lambda: NOW)

    def unit(db: Session) -> None:
        request = unpaid_request(db, people, FEE)
        expected = []
        for state in AttemptState:
            row = attempt(db, request, ref=state.value, state=state, refund_ref="R")
            if state in (FAILED, EXPIRED):
                expected.append(row.id)
        attempt(db, request, ref="elsewhere", gateway="zibal", state=FAILED)
        waiting = [Unverified(state.value) for state in AttemptState] + [Unverified("elsewhere")]
        found = reconciler._settle_unverified(db, resources=resources, waiting=waiting)
        assert found == expected
        alerts = db.exec(select(StaffAlert.key)).all()
        assert alerts == ["unverified:zarinpal:elsewhere"]

    await database.run(unit)


# ── moving an attempt ────────────────────────────────────────────────────────────────────────────────────────────


def test_what_is_over_does_not_move(db: Session, people: Participants) -> None:
    row = attempt(db, unpaid_request(db, people, FEE), state=PAID)
    with refused(Stale, db=db):
        attempts.move_attempt(db, row, attempts.PaymentEvent.NOT_PAID, NOW)


def test_how_often_a_return_asks(database_url: str) -> None:
    for looked, checks, may in (
        (None, 0, True),
        (0, 0, True),
        (0, 1, True),
        (1.9, 2, False),
        (2, 2, True),
        (9.9, 3, False),
        (10, 3, True),
        (9.9, 50, False),
        (10, 50, True),
        (-1, 50, True),
    ):
        at = None if looked is None else NOW - timedelta(seconds=looked)
        row = attempt_row(1, looked_at=at, checks=checks)
        assert attempts.may_inquire(row, NOW) is may, (looked, checks)
        row.state = PAID
        assert not attempts.may_inquire(row, NOW)


def test_how_many_attempts_an_hour(db: Session, people: Participants) -> None:
    """Ten that the gateway opened, twenty that it did not; those of an hour ago and of other requests do not count."""
    request, other = unpaid_request(db, people, FEE), add_request(db, officer(db), RequestState.DRAFT)
    hour = timedelta(hours=1)

    def wait() -> timedelta | None:
        return attempts._wait_for_next(db, request.id or 0, NOW)

    def several(number: int, prefix: str | None, which: QualificationRequest, ago: timedelta) -> None:
        for one in range(number):
            ref = None if prefix is None else f"{prefix}{one}"
            attempt(db, which, ref=ref, state=FAILED, created_at=NOW - ago)

    several(12, "a", request, hour)
    several(12, "b", other, MINUTE)
    several(12, "c", request, -SECOND)
    several(9, "d", request, 50 * MINUTE)
    several(19, None, request, 40 * MINUTE)
    assert wait() is None
    undone = db.begin_nested()
    several(1, "e", request, timedelta(0))
    assert wait() == 10 * MINUTE
    several(1, None, request, 5 * MINUTE)
    assert wait() == 20 * MINUTE
    undone.rollback()
    db.expire_all()
    several(1, None, request, 5 * MINUTE)
    assert wait() == 20 * MINUTE
