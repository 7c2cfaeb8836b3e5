"""The facts of a request as the rules get them, what experts read beside a file, and every message to its officer, whole."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from bot.core.refusals import InvalidInput, NotAllowed, Stale
from bot.rules.cooperation import Availability
from bot.rules.qualification import QualificationCase
from bot.services import qualification
from bot.services.qualification import decisions, documents_in_use, fees, requests, review, timeline
from bot.services.qualification.requests import QUALIFICATION_WORKFLOW
from bot.services.shared import eligibility
from bot.services.shared import reference_data as reference
from bot.texts import BIDI_MARKS
from storage.enums import (
    AccountState,
    AttemptState,
    ContractState,
    CooperationState,
    RejectReason,
    RequestKind,
    RequestState,
    Role,
)
from storage.tables import (
    Account,
    AuditEvent,
    ClosedPair,
    Contract,
    CooperationRequest,
    DocumentType,
    Draft,
    ExpertLeave,
    FieldOfStudy,
    Officer,
    QualificationRequest,
    RequestFile,
    StoredFile,
    Tariff,
    University,
)
from tests.support.effects import labels, pushes
from tests.support.factories.cooperation import Parties
from tests.support.factories.people import Participants, end_role, officer
from tests.support.factories.qualification import (
    add_request,
    attempt_row,
    stored_file,
    submitted_request,
)
from tests.support.factories.reference_data import NOW, PUBLIC_URL, tariff
from tests.support.services import act, refused

#: What is asked for and written does not depend on the database.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
S = RequestState
TODAY = date(2026, 11, 22)


def case(db: Session, request: QualificationRequest) -> QualificationCase:
    db.flush()
    return requests.case_of(db, request)


# ── what the rules get ───────────────────────────────────────────────────────────────────────────────────────────


def test_the_facts_of_a_request(db: Session, people: Participants) -> None:
    """Each fact in the states where the rules look at it, and in no other."""
    sara, ali = people.sara.account_id or 0, people.ali.account_id
    request = add_request(db, people.sara, S.DRAFT)
    plain = QualificationCase(S.DRAFT, RequestKind.NEW, sara, "sums")
    assert case(db, request) == plain
    profile = db.get_one(Officer, sara)
    profile.qualified_at = NOW
    assert case(db, request) == replace(plain, qualified=True)
    request.kind, request.state, request.reviewer_id = RequestKind.AMENDMENT, S.IN_REVIEW, ali
    request.deputy_for_id, request.held_until = people.zahra.account_id, NOW
    later = add_request(db, people.sara, S.REJECTED, reject_reason=RejectReason.OTHER, reject_text="مدارک")
    later.closed_at = NOW
    reviewed = QualificationCase(
        S.IN_REVIEW,
        RequestKind.AMENDMENT,
        sara,
        "sums",
        ali,
        people.zahra.account_id,
        held=True,
        irreversible=True,
    )
    assert case(db, request) == reviewed
    request.before = {"first_name": "سارا"}
    request.held_until = request.deputy_for_id = None
    reviewed = replace(reviewed, held=False, deputy_for_id=None, irreversible=False)
    assert case(db, request) == reviewed
    owner = db.get_one(Account, sara)
    owner.state = AccountState.SUSPENDED
    assert case(db, request) == replace(reviewed, owner_suspended=True)
    request.state = S.SUBMITTED
    assert case(db, request) == replace(reviewed, state=S.SUBMITTED, owner_suspended=True)
    request.state = S.DEFICIENT
    assert case(db, request) == replace(reviewed, state=S.DEFICIENT)
    owner.state = AccountState.ACTIVE
    end_role(db, people.ali)
    assert case(db, request) == replace(reviewed, state=S.DEFICIENT, reviewer_active=False)
    request.reviewer_id = None
    assert case(db, request) == replace(reviewed, state=S.DEFICIENT, reviewer_id=None)
    request.reviewer_id, request.state = ali, S.IN_REVIEW
    assert case(db, request) == reviewed


def test_the_money_of_a_request(db: Session, people: Participants) -> None:
    request = add_request(db, people.sara, S.AWAITING_PAYMENT, fee_rial=5, pay_token="t")
    other = add_request(db, officer(db), S.AWAITING_PAYMENT, fee_rial=5, pay_token="u")
    for state in AttemptState:
        db.add(attempt_row(other.id, ref=f"{state}-other", state=state, refund_ref="R"))
    db.flush()
    facts = {}
    for state in AttemptState:
        undone = db.begin_nested()
        db.add(attempt_row(request.id, ref=state.value, state=state, refund_ref="R"))
        found = case(db, request)
        facts[state] = found.payment_uncertain, found.payment_received
        undone.rollback()
        db.expire_all()
    uncertain, received, nothing = (True, False), (False, True), (False, False)
    assert facts == dict.fromkeys(AttemptState, nothing) | {
        AttemptState.UNCERTAIN: uncertain,
        AttemptState.VERIFYING: uncertain,
        AttemptState.PAID: received,
        AttemptState.REFUND_DUE: received,
    }
    db.add(attempt_row(request.id, ref="x", state=AttemptState.UNCERTAIN))
    request.state = S.SUBMITTED
    assert not case(db, request).payment_uncertain, "only a fee that is due is waited for"


def test_what_came_after_a_completed_request(db: Session, people: Participants) -> None:
    earlier = add_request(db, people.sara, S.COMPLETED, closed_at=NOW)
    request = add_request(db, people.sara, S.COMPLETED, closed_at=NOW)
    add_request(db, officer(db), S.COMPLETED, closed_at=NOW)
    assert (case(db, request).other_open, case(db, request).superseded) == (False, False)
    assert case(db, earlier).superseded
    plain = QualificationCase(S.WITHDRAWN, RequestKind.NEW, people.sara.account_id or 0, "sums")
    cases: tuple[tuple[dict[str, Any], bool, bool], ...] = (
        ({"state": S.DRAFT}, False, False),
        ({"state": S.SUBMITTED}, True, False),
        ({"state": S.AWAITING_PAYMENT, "fee_rial": 5, "pay_token": "t"}, True, False),
        ({"state": S.COMPLETED, "closed_at": NOW}, False, True),
        ({"state": S.WITHDRAWN, "closed_at": NOW}, False, False),
    )
    for other, open_, superseded in cases:
        undone = db.begin_nested()
        add_request(db, people.sara, **other)
        found = case(db, request)
        assert (found.other_open, found.superseded) == (open_, superseded), other
        request.state = S.WITHDRAWN
        assert case(db, request) == plain
        undone.rollback()
        db.expire_all()


def test_the_open_request_of_an_officer(db: Session, people: Participants) -> None:
    owner = people.sara.account_id or 0
    add_request(db, people.sara, S.COMPLETED, closed_at=NOW)
    add_request(db, officer(db), S.SUBMITTED)
    assert requests.current_open(db, owner) is None
    draft = add_request(db, people.sara, S.DRAFT)
    assert requests.current_open(db, owner) == draft


def test_who_may_be_chosen(db: Session, parties: Parties) -> None:
    """Each fact by itself."""
    mina = parties.mina.account_id or 0
    profile, account = db.get_one(Officer, mina), db.get_one(Account, mina)

    def facts() -> Availability:
        db.flush()
        return eligibility.eligibility_of(db, mina)

    able = Availability(True, True, False, False)
    assert facts() == able
    profile.qualified_at = None
    assert (facts(), eligibility.is_qualified(db, mina)) == (replace(able, qualified=False), False)
    profile.legacy_qualified = True
    assert (facts(), eligibility.is_qualified(db, mina)) == (able, True)
    account.state = AccountState.SUSPENDED
    assert facts() == replace(able, active=False)
    account.state = AccountState.ACTIVE
    contract = Contract(account_id=mina, distributor_id=parties.kian.id, branch_id=parties.kian.east)
    db.add(contract)
    assert facts() == replace(able, employed=True)
    contract.state, contract.ended_at = ContractState.ENDED_BY_OFFICER, NOW
    assert facts() == able
    asked = CooperationRequest(
        branch_id=parties.kian.east,
        distributor_id=parties.kian.id,
        account_id=mina,
        requested_by=parties.kian.manager.account_id,
        tracking_code="140509010001",
        state=CooperationState.PENDING_OFFICER,
        state_since=NOW,
    )
    db.add(asked)
    assert facts() == able
    asked.state, asked.university_code, asked.accepted_at = CooperationState.PENDING_UNIVERSITY, "sums", NOW
    assert facts() == replace(able, reserved=True)
    other = parties.sara.account_id or 0
    assert eligibility.eligibility_of(db, other) == able
    assert eligibility.eligibility_of(db, parties.ali.account_id or 0) == Availability()
    assert eligibility.eligibility_of(db, 0) == Availability()
    code = account.national_code or ""
    assert eligibility.officer_of(db, code) == mina
    account.state = AccountState.ANNULLED
    db.flush()
    assert (eligibility.officer_of(db, code), eligibility.officer_of(db, "")) == (0, 0)


# ── beside a file ────────────────────────────────────────────────────────────────────────────────────────────────


def test_earlier_requests_are_those_that_ended_here(db: Session, people: Participants) -> None:
    request = add_request(db, people.sara, S.SUBMITTED, tracking_code="140509010001")
    ended = [add_request(db, people.sara, S.WITHDRAWN, closed_at=NOW) for _ in range(2)]
    add_request(db, people.sara, S.COMPLETED)  # is not closed
    add_request(db, people.sara, S.WITHDRAWN, closed_at=NOW, university_code="mui")
    add_request(db, officer(db), S.WITHDRAWN, closed_at=NOW)
    request.closed_at = NOW
    db.flush()
    found = review.earlier_requests(db, actor=people.ali, request=request)
    assert [one.id for one in found] == [ended[1].id, ended[0].id]
    with refused(NotAllowed):
        review.earlier_requests(db, actor=people.foreign, request=request)


def attached(
    db: Session, request: QualificationRequest, owner: Any, code: str = "card", **values: Any
) -> int:
    number = stored_file(db, owner)
    for name, value in values.items():
        setattr(db.get_one(StoredFile, number), name, value)
    db.add(RequestFile(request_id=request.id, file_id=number, round=0, document_code=code))
    db.flush()
    return number


def test_which_documents_of_a_file_are_seen(db: Session, people: Participants) -> None:
    request = add_request(db, people.sara, S.SUBMITTED, tracking_code="140509010001")
    other = add_request(db, officer(db), S.SUBMITTED, tracking_code="140509010002")
    card = attached(db, request, people.sara, quality_warning="blurred")
    pdf = attached(db, request, people.sara, "degree", media_type="application/pdf")
    gone = attached(db, request, people.sara, "old", removed_at=NOW)
    foreign = attached(db, other, people.sara, quality_warning="dark")
    db.add(RequestFile(request_id=request.id, file_id=card, round=2, document_code="card again"))
    db.flush()

    def view(file_id: int, actor: Any = people.ali, original: bool = False) -> Any:
        given = {"request_id": request.id or 0, "file_id": file_id, "now": NOW, "original": original}
        return review.view_document(db, actor=actor, **given).id

    def seen() -> list[Any]:
        return [
            line.data for line in db.exec(select(AuditEvent).where(AuditEvent.event == "document_viewed"))
        ]

    assert [view(card), view(card, original=True), view(pdf), view(gone)] == [card, card, pdf, gone]
    assert view(card, people.sara) == card
    assert seen() == [
        {"file": card, "document": "card again"},
        {"file": card, "document": "card again", "copy": "original"},
        {"file": pdf, "document": "degree"},
    ]
    for file_id, actor, original in (
        (foreign, people.ali, False),
        (999, people.ali, False),
        (pdf, people.ali, True),
        (card, people.foreign, False),
        (card, officer(db), False),
    ):
        with refused(NotAllowed, db=db):
            view(file_id, actor, original)
    assert review.open_file(db, actor=people.ali, request_id=request.id or 0).quality_warnings == {
        card: "blurred"
    }


def test_who_can_review_least_burdened_first(db: Session, parties: Parties) -> None:
    def listed(actor: Any, university: str | None = "sums") -> list[tuple[str, int, Role]]:
        found = review.experts_of(db, actor=actor, university_code=university, now=NOW)
        return [(one.account.last_name, one.load, one.role) for one in found]

    for number, (state, who, more) in enumerate(
        (
            (S.IN_REVIEW, parties.ali, {}),
            (S.DEFICIENT, parties.ali, {}),
            (S.IN_REVIEW, parties.zahra, {}),
            (S.IN_REVIEW, parties.in_charge, {"held_until": NOW}),
            (S.COMPLETED, parties.in_charge, {"closed_at": NOW}),
        )
    ):
        code = f"14050901000{number}"
        add_request(db, officer(db), state, reviewer_id=who.account_id, tracking_code=code, **more)
    expected = [
        ("مسئولی", 0, Role.IN_CHARGE),
        ("زارعی", 1, Role.EXPERT),
        ("علوی", 2, Role.EXPERT),
    ]
    assert listed(parties.in_charge) == listed(parties.staff) == expected
    days = {"starts_on": TODAY, "ends_on": TODAY, "university_code": "sums", "created_at": NOW}
    db.add(ExpertLeave(account_id=parties.zahra.account_id, deputy_id=parties.ali.account_id, **days))
    db.flush()
    found = review.experts_of(db, actor=parties.staff, university_code="sums", now=NOW)
    assert [one.away for one in found] == [False, True, False]
    assert listed(parties.staff, None) == listed(parties.staff, "fasa") == []
    for actor, university in ((parties.ali, "mui"), (parties.ali, None), (parties.sara, "sums")):
        with refused(NotAllowed):
            listed(actor, university)


# ── what people read ─────────────────────────────────────────────────────────────────────────────────────────────


def told(db: Session, people: Participants, kind: str) -> tuple[str, list[str], str]:
    """The last message of this kind to the officer: its text, its buttons, and what an SMS would say."""
    push = pushes(db, people.sara, kind)[-1]
    return BIDI_MARKS.sub("", push.text), labels(push), BIDI_MARKS.sub("", push.sms.get("sentence", ""))


CODE = "140509010001"
BY = "└ کارشناس دانشگاه علوم پزشکی شیراز"


def test_what_the_officer_reads_of_each_decision(db: Session, people: Participants) -> None:
    request = submitted_request(db, people.sara)
    assert told(db, people, "N3") == (
        "📤 درخواست شما ثبت و برای دانشگاه علوم پزشکی شیراز ارسال شد.\n"
        f"کد رهگیری: {CODE}\n"
        "نتیجه همین‌جا اعلام می‌شود و مراجعه حضوری لازم نیست.",
        ["🔎 پیگیری درخواست"],
        "",
    )
    declare = {
        "items": ["father_name", "doc.national_card", "father_name"],
        "reasons": {"father_name": " خوانا نیست ", "doc.national_card": " ", "phone": "تیک ندارد"},
        "note": " لطفاً زودتر ",
    }
    act(db, decisions.declare_deficiencies, people.ali, request, **declare)
    assert told(db, people, "N4") == (
        f"⚠️ برای درخواست {CODE} نواقص زیر اعلام شد:\n"
        f"• نام پدر:\n│ خوانا نیست\n{BY}\n"
        "• تصویر کارت ملی\n"
        f"توضیح کارشناس:\n│ لطفاً زودتر\n{BY}",
        ["رفع نقص"],
        f"برای درخواست {CODE} نواقصی اعلام شد",
    )
    act(
        db,
        qualification.resolve,
        people.sara,
        request,
        answers={"father_name": "حسن"},
        replies={"doc.national_card": "همین درست است"},
    )
    act(db, decisions.reject, people.ali, request, reason=RejectReason.WRONG_REGION, text="شهر شما فسا است")
    wrong_region = (
        f"❌ درخواست {CODE} به دلیل انتخاب نادرست استان یا شهر رد شد."
        " لطفاً استان و شهر محل زندگی را درست انتخاب و دوباره درخواست ثبت کنید."
    )
    assert told(db, people, "N5") == (
        f"{wrong_region}\nتوضیح کارشناس:\n│ شهر شما فسا است\n{BY}",
        ["ثبت دوباره"],
        f"درخواست {CODE} رد شد و می‌توانید دوباره درخواست ثبت کنید",
    )
    assert request.reject_text == "استان یا شهر نادرست؛ شهر شما فسا است"
    lines = timeline.request_timeline(db, actor=people.sara, request_id=request.id or 0)
    assert [BIDI_MARKS.sub("", line.text) for line in lines[2:]] == [
        "کارشناس دانشگاه علوم پزشکی شیراز نواقص را اعلام کرد.\n"
        f"• نام پدر:\n│ خوانا نیست\n{BY}\n• تصویر کارت ملی\nتوضیح:\n│ لطفاً زودتر\n{BY}",
        "نواقص را برطرف کردید.",
        "کارشناس دانشگاه علوم پزشکی شیراز درخواست را رد کرد."
        f"\nدلیل: استان یا شهر نادرست؛\n│ شهر شما فسا است\n{BY}",
    ]


def test_what_an_approval_says_and_keeps(db: Session, people: Participants) -> None:
    tariff(db, 500_000)
    request = submitted_request(db, people.sara)
    yesterday = NOW - DAY
    approve = {"public_url": f"{PUBLIC_URL}/", "token": "tok", "decided_at": yesterday}
    act(db, decisions.approve, people.ali, request, **approve)
    assert (request.decided_at, request.fee_rial, request.pay_token) == (yesterday, 500_000, "tok")
    text, buttons, sms = told(db, people, "N6")
    assert CODE in text
    assert "۵۰۰٬۰۰۰ ریال" in text
    assert (buttons, "۵۰۰٬۰۰۰" in sms) == (["💳 پرداخت"], True)
    push = pushes(db, people.sara, "N6")[-1]
    assert push.buttons[0][0]["url"] == f"{PUBLIC_URL}/pay/tok"
    assert push.pays_request_id == request.id


def test_when_and_by_whom_it_was_decided(db: Session, people: Participants) -> None:
    """Made at once, or once the time for undoing is over."""
    fee(db, -9, 400_000), fee(db, 0, 500_000)
    fees_of_days = []
    decide: Any
    for decide, given in (
        (decisions.reject, {"reason": RejectReason.INCORRECT_DATA}),
        (decisions.approve, {"public_url": PUBLIC_URL}),
    ):
        for more, moment in (({}, NOW), ({"decided_at": NOW - DAY}, NOW - DAY)):
            request = submitted_request(db, officer(db))
            act(db, decide, people.ali, request, **given | more)
            assert (request.decided_at, request.reviewer_id) == (moment, people.ali.account_id)
            fees_of_days.append(request.fee_rial)
    assert fees_of_days == [None, None, 500_000, 400_000], "the fee in force at the decision"


def test_who_hears_that_deficiencies_were_fixed(db: Session, people: Participants) -> None:
    request = submitted_request(db, people.sara)
    act(db, decisions.declare_deficiencies, people.ali, request, items=["father_name"])
    act(db, qualification.resolve, people.sara, request, answers={"father_name": "حسن"})
    push = pushes(db, people.ali, "N11")[-1]
    assert BIDI_MARKS.sub("", push.text) == f"🔁 متقاضی نواقص پرونده {CODE} را برطرف کرد."
    assert labels(push) == ["مشاهده"]
    assert push.key.startswith(f"qualification:{request.id}:resolved:1:")
    assert QUALIFICATION_WORKFLOW.load(db, request.id or 0).received_at == NOW


# ── fees ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def fee(db: Session, days: int, rial: int, kind: RequestKind = RequestKind.NEW) -> None:
    db.add(Tariff(kind=kind, amount_rial=rial, valid_from=TODAY + days * DAY))
    db.flush()


def test_the_fees_of_days(db: Session, people: Participants) -> None:
    """Of one day the one that was set last."""
    new = RequestKind.NEW
    for days, rial in ((-9, 1000), (-3, 2000), (-3, 2500), (0, 3000), (2, 4000), (2, 4500), (9, 5000)):
        fee(db, days, rial)
    fee(db, -1, 9000, RequestKind.AMENDMENT)
    fee(db, 1, 9500, RequestKind.AMENDMENT)
    by_staff = {"actor": people.staff, "kind": new, "day": TODAY}

    def at(days: int) -> int | None:
        found = fees.in_force(db, kind=new, day=TODAY + days * DAY)
        return None if found is None else found.amount_rial

    assert [at(days) for days in (-10, -9, -4, -3, -1, 0, 1, 2, 99)] == [
        None,
        1000,
        1000,
        2500,
        2500,
        3000,
        3000,
        4500,
        5000,
    ]
    assert [one.amount_rial for one in fees.upcoming(db, **by_staff)] == [4500, 5000]
    assert [one.amount_rial for one in fees.former(db, **by_staff, limit=9)] == [2500, 1000]
    assert [one.amount_rial for one in fees.former(db, **by_staff, limit=1)] == [2500]
    for days in (0, 1, -3):
        with refused(Stale, db=db):
            _delete(db, people, days)
    assert _delete(db, people, 2) == 2
    assert [one.amount_rial for one in fees.upcoming(db, **by_staff)] == [5000]
    lines = db.exec(select(AuditEvent).where(AuditEvent.event == "tariff_deleted")).all()
    assert [line.data for line in lines] == [
        {"kind": "NEW", "amount_rial": rial, "valid_from": "2026-11-24"} for rial in (4000, 4500)
    ]


def _delete(db: Session, people: Participants, days: int) -> int:
    given = {"kind": RequestKind.NEW, "day": TODAY + days * DAY, "today": TODAY, "now": NOW}
    return fees.delete_tariff(db, actor=people.staff, **given)


def test_which_fees_are_taken(db: Session, people: Participants) -> None:
    given = {"kind": RequestKind.NEW, "valid_from": TODAY, "actor": people.staff, "now": NOW}
    for rial in (1, 999, 10**9 + 1, -1):
        with refused(InvalidInput, "error.tariff_amount", db=db):
            fees.set_tariff(db, amount_rial=rial, **given)
    for rial in (0, 1000, 10**9):
        made = fees.set_tariff(db, amount_rial=rial, **given)
        assert (made.created_by, made.created_at) == (people.staff.account_id, NOW)


# ── what staff keep ──────────────────────────────────────────────────────────────────────────────────────────────


def test_what_officers_may_choose(db: Session, people: Participants) -> None:
    def fields(level: str = "bachelor") -> list[str]:
        return [one.code for one in reference.open_fields(db, level)]

    assert [one.code for one in reference.open_levels(db)] == ["bachelor", "master"]
    assert fields() == ["biomedical", "other"]
    db.add(ClosedPair(level_code="bachelor", field_code="biomedical"))
    db.add(FieldOfStudy(code="first", name="نخست", position=0))
    db.add(FieldOfStudy(code="closed", name="بسته", position=9, allowed=False))
    db.flush()
    assert (fields(), fields("master")) == (["first", "other"], ["first", "biomedical", "other"])

    def allowed(level: str | None, field: str | None) -> bool:
        return reference.studies_allowed(db, {"degree_level": level, "field_of_study": field})

    assert [allowed("bachelor", "other"), allowed("master", "biomedical")] == [True, True]
    for level, field in (
        ("bachelor", "biomedical"),
        ("bachelor", "closed"),
        ("none", "other"),
        ("bachelor", "none"),
        (None, "other"),
        ("bachelor", None),
    ):
        assert not allowed(level, field), (level, field)
    assert [reference.needs_note(db, code) for code in ("other", "first", "none", None)] == [
        True,
        False,
        False,
        False,
    ]


def test_documents_in_their_order(db: Session, people: Participants) -> None:
    card = db.get_one(DocumentType, "national_card")
    card.position = 9
    db.get_one(DocumentType, "retraining").active = False
    db.flush()
    order = ["degree_certificate", "military_card", "national_card"]
    assert [one.code for one in reference.document_types(db)] == order
    assert [one.code for one in reference.document_rules(db)] == order
    assert list(reference.names_of_documents(db)) == [
        "degree_certificate",
        "military_card",
        "retraining",
        "national_card",
    ]
    assert reference.labels(db, ["doc.national_card", "father_name", "doc.gone"]) == [
        "تصویر کارت ملی",
        "نام پدر",
        "doc.gone",
    ]
    assert reference.labels(db, []) == []


def test_universities_by_name(db: Session, people: Participants) -> None:
    db.get_one(University, "tums").active = False
    db.flush()
    assert [code for code, _ in reference.open_universities(db)] == ["mui", "sbmu", "sums", "fasa"]
    assert reference.university_name(db, "sums") == "دانشگاه علوم پزشکی شیراز"
    assert [reference.university_name(db, code) for code in (None, "none")] == ["—", "—"]


# ── documents that are named ─────────────────────────────────────────────────────────────────────────────────────


def test_which_documents_are_in_use(db: Session, people: Participants) -> None:
    sara, mina = people.sara.account_id or 0, officer(db)
    db.get_one(Officer, sara).documents = {"card": [1, 2]}
    draft = Draft(
        account_id=sara,
        dialogue="x",
        dialogue_version=1,
        subject_id=0,
        answers={"doc.card": [3], "name": "سارا", "other": [4]},
        created_at=NOW,
        updated_at=NOW,
    )
    db.add(draft)
    long_ago = NOW - timedelta(days=731)
    add_request(db, people.sara, S.SUBMITTED, snapshot={"doc.card": [5], "x": [99]}, before={"doc.card": [6]})
    for number, state, closed in (
        (7, S.WITHDRAWN, long_ago),
        (8, S.WITHDRAWN, long_ago - SECOND),
        (9, S.COMPLETED, long_ago - SECOND),
        (10, S.REVOKED, long_ago - SECOND),
    ):
        add_request(db, people.sara, state, snapshot={"doc.card": [number]}, closed_at=closed)
    add_request(db, people.sara, S.WITHDRAWN, snapshot={"doc.card": [11]}, state_since=long_ago - SECOND)
    add_request(db, mina, S.SUBMITTED, snapshot={"doc.card": [12]}, tracking_code="140509010009")
    db.flush()
    assert documents_in_use.in_use(db, {sara}, NOW) == {1, 2, 3, 4, 5, 6, 7, 9}
    assert documents_in_use.in_use(db, {sara}, NOW, apart_from=draft.id) == {1, 2, 5, 6, 7, 9}
    assert documents_in_use.in_use(db, {mina.account_id or 0}, NOW) == {12}
    assert documents_in_use.in_use(db, set(), NOW) == set()
