"""What an expert hears whose button came too late, and whom it names; who is told that a file came or went."""

import re
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from sqlmodel import Session, col, select

from bot.core.context import SYSTEM, Actor
from bot.core.refusals import AlreadyDecided, InvalidInput, NotAllowed, Refusal, Stale
from bot.services.qualification.requests import QUALIFICATION_WORKFLOW
from bot.services.review import leaves
from bot.services.shared import audit
from bot.texts import BIDI_MARKS, t
from storage.enums import RejectReason, RequestState, Role
from storage.tables import AuditEvent, ExpertLeave, Grant, QualificationRequest
from tests.support.effects import pushes
from tests.support.factories.people import Participants, end_role, officer
from tests.support.factories.qualification import add_request
from tests.support.factories.reference_data import NOW
from tests.support.services import refused

#: What is read and written does not depend on the database.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
REVIEW, UNPAID, DEFICIENT = RequestState.IN_REVIEW, RequestState.AWAITING_PAYMENT, RequestState.DEFICIENT
FRESH = "fresh"
_numbers = count(10)


def file(
    db: Session, state: RequestState = REVIEW, reviewer: Actor | None = None, **values: Any
) -> QualificationRequest:
    given = {"tracking_code": f"1405090100{next(_numbers):02}", "submitted_at": NOW, "received_at": NOW}
    reviewer_id = None if reviewer is None else reviewer.account_id
    return add_request(db, officer(db), state, reviewer_id=reviewer_id, **given | values)


def line(db: Session, request: QualificationRequest, actor: Actor, event: str, **data: Any) -> None:
    audit.record(
        db,
        now=NOW,
        actor=actor,
        event=event,
        subject="qualification",
        subject_id=request.id or 0,
        **data,
    )


def said(refusal: Refusal) -> str:
    """As the expert reads it, without the day; FRESH where they only get the screen as it is now."""
    if isinstance(refusal, Stale):
        return FRESH
    assert isinstance(refusal, AlreadyDecided)
    sentence = BIDI_MARKS.sub("", t(refusal.key, **refusal.args_of_text))
    return sentence.replace("۱۴۰۵/۰۹/۰۱ ساعت ۱۲:۳۰", "۱۲:۳۰")


#: Who presses; the state, who has it, whether a decision waits; who did what last; what the presser hears.
LATE: list[tuple[str, RequestState, str | None, bool, str, str, str]] = [
    # Somebody has it.
    ("ali", REVIEW, "zahra", False, "zahra", "claimed", "این پرونده نزد کارشناس زارعی است (۱۲:۳۰)."),
    ("ali", REVIEW, "zahra", False, "in_charge", "assigned", "این پرونده نزد کارشناس زارعی است (۱۲:۳۰)."),
    ("staff", REVIEW, "zahra", False, "zahra", "claimed", "این پرونده نزد کارشناس زارعی است (۱۲:۳۰)."),
    ("in_charge", REVIEW, "zahra", False, "zahra", "claimed", "این پرونده نزد کارشناس زارعی است (۱۲:۳۰)."),
    ("ali", REVIEW, "ali", False, "in_charge", "assigned", FRESH),
    # It was decided: by a colleague, or by a person of the directorate.
    (
        "ali",
        UNPAID,
        "zahra",
        False,
        "zahra",
        "approved",
        "درباره این پرونده پیش‌تر تصمیم گرفته شده است (کارشناس زارعی، ۱۲:۳۰): تأیید.",
    ),
    (
        "ali",
        DEFICIENT,
        "zahra",
        False,
        "zahra",
        "deficiencies_declared",
        "درباره این پرونده پیش‌تر تصمیم گرفته شده است (کارشناس زارعی، ۱۲:۳۰): اعلام نواقص.",
    ),
    (
        "ali",
        RequestState.REJECTED,
        "zahra",
        False,
        "staff",
        "rejected",
        "درباره این پرونده پیش‌تر تصمیم گرفته شده است (اداره کل، ۱۲:۳۰): رد.",
    ),
    (
        "ali",
        REVIEW,
        "zahra",
        True,
        "zahra",
        "decision_held",
        "درباره این پرونده پیش‌تر تصمیم گرفته شده است (کارشناس زارعی، ۱۲:۳۰): رد.",
    ),
    (
        "ali",
        RequestState.REVOKED,
        "zahra",
        False,
        "staff",
        "revoked",
        "درباره این پرونده پیش‌تر تصمیم گرفته شده است (اداره کل، ۱۲:۳۰): لغو تأیید یا ابطال.",
    ),
    # They did it themselves, on another messenger.
    (
        "ali",
        UNPAID,
        "ali",
        False,
        "ali",
        "approved",
        "خودتان درباره این پرونده تصمیم گرفته‌اید (۱۲:۳۰): تأیید.",
    ),
    (
        "ali",
        REVIEW,
        "ali",
        True,
        "ali",
        "decision_held",
        "خودتان درباره این پرونده تصمیم گرفته‌اید (۱۲:۳۰): رد.",
    ),
    ("ali", REVIEW, "ali", False, "ali", "decision_undone", "تصمیم این پرونده را لغو کرده‌اید (۱۲:۳۰)."),
    ("ali", REVIEW, "ali", False, "ali", "claimed", FRESH),
    ("ali", REVIEW, "ali", False, "ali", "approved", FRESH),
    ("ali", UNPAID, "ali", False, "ali", "handed_over", FRESH),
    # Nobody's action: nobody is named.
    ("ali", REVIEW, "zahra", False, "zahra", "note_added", FRESH),
    ("ali", RequestState.SUBMITTED, None, False, "zahra", "claimed", FRESH),
    ("ali", RequestState.WITHDRAWN, "zahra", False, "zahra", "claimed", FRESH),
    ("sara", REVIEW, "zahra", False, "zahra", "claimed", FRESH),
]


def test_what_a_late_button_says(db: Session, people: Participants) -> None:
    other = file(db, reviewer=people.zahra)
    wrong = {}
    for case in LATE:
        presser, state, holder, held, by, event, expected = case
        undone = db.begin_nested()
        reviewer = None if holder is None else getattr(people, holder)
        waits: dict[str, Any] = {"held_until": NOW + HOUR, "held_decision": {"by": 1}} if held else {}
        if state is RequestState.REJECTED:
            waits = {
                "reject_reason": RejectReason.INCORRECT_DATA,
                "closed_at": NOW,
                "reject_text": "مدرک ناقص است",
            }
        request = file(db, state, reviewer, **waits)
        if state is UNPAID:
            request.fee_rial, request.pay_token = 5, "t"
        data = {"decision": "REJECT"} if event == "decision_held" else {}
        if event != "note_added":
            line(db, request, people.foreign, "claimed")  # the last word counts
        line(db, request, getattr(people, by), event, **data)
        line(db, other, people.in_charge, "approved")
        audit.record(
            db, now=NOW, actor=SYSTEM, event="approved", subject="cooperation", subject_id=request.id or 0
        )
        found = said(QUALIFICATION_WORKFLOW._conflict_refusal(db, request, getattr(people, presser)))
        if found != expected:
            wrong[case] = found
        undone.rollback()
        db.expire_all()
    assert wrong == {}


def test_where_nobody_can_be_named_the_other_refusal_stays(db: Session, people: Participants) -> None:
    request = file(db, reviewer=people.ali)
    otherwise = NotAllowed()
    for actor in (people.sara, people.zahra):
        found = QUALIFICATION_WORKFLOW._conflict_refusal(db, request, actor, otherwise=otherwise)
        assert found is otherwise
    line(db, request, Actor(None, Role.EXPERT, "sums"), "approved")
    request.state = RequestState.COMPLETED
    last = QUALIFICATION_WORKFLOW._conflict_refusal(db, request, people.zahra)
    assert "دانشگاه علوم پزشکی شیراز" in said(last), "a decision without a name is the university's"


def test_a_stranger_hears_nothing_of_what_was_decided(db: Session, people: Participants) -> None:
    """Whatever version their button shows, and whatever it does."""
    request = file(db, UNPAID, people.zahra, fee_rial=5, pay_token="t")
    line(db, request, people.zahra, "approved")
    for actor in (people.foreign, officer(db)):
        for version in (None, request.version, request.version + 1):
            for service in (QUALIFICATION_WORKFLOW.claim, QUALIFICATION_WORKFLOW.release):
                with refused(NotAllowed, "error.not_yours"):
                    service(db, actor=actor, request_id=request.id or 0, version=version, now=NOW)
    with refused(AlreadyDecided):
        QUALIFICATION_WORKFLOW.claim(db, actor=people.ali, request_id=request.id or 0, now=NOW)


# ── who is told ──────────────────────────────────────────────────────────────────────────────────────────────────

CODE = "140509010001"
TAKEN, GIVEN = f"پرونده {CODE} به کارشناس دیگری ارجاع شد.", f"پرونده {CODE} به شما ارجاع شد."
RELEASED = f"پرونده {CODE} به صف بازگشت."


def told(db: Session, people: Participants) -> dict[str, list[str]]:
    """Who was told what of files that came or went, and whether a button leads there; of whatever file."""
    found = {}
    for name in ("ali", "zahra", "in_charge", "foreign", "staff"):
        texts = [
            re.sub(r"\d{12}", CODE, BIDI_MARKS.sub("", push.text)) + (" →" if push.buttons else "")
            for push in pushes(db, getattr(people, name), "N22")
        ]
        if texts:
            found[name] = texts
    return found


def test_who_is_told_that_a_file_came_or_went(db: Session, people: Participants) -> None:
    workflow, by_head = QUALIFICATION_WORKFLOW, {"actor": people.in_charge, "now": NOW}
    ali, zahra, head = (one.account_id or 0 for one in (people.ali, people.zahra, people.in_charge))

    def outcome(request: QualificationRequest, act: Any) -> tuple[Any, Any]:
        undone = db.begin_nested()
        act(request.id)
        db.flush()
        row = workflow.load(db, request.id or 0)
        found = told(db, people), (row.state, row.reviewer_id, row.deputy_for_id)
        undone.rollback()
        db.expire_all()
        return found

    at_ali, at_head, queued = (
        file(db, reviewer=people.ali),
        file(db, reviewer=people.in_charge),
        file(db, RequestState.SUBMITTED),
    )
    assert outcome(at_ali, lambda n: workflow.assign(db, **by_head, request_id=n, expert_id=zahra)) == (
        {"ali": [TAKEN], "zahra": [f"{GIVEN} →"]},
        (REVIEW, zahra, None),
    )
    assert outcome(
        at_ali, lambda n: workflow.assign(db, **by_head, request_id=n, expert_id=zahra, tell=False)
    ) == ({}, (REVIEW, zahra, None))
    assert outcome(at_ali, lambda n: workflow.assign(db, **by_head, request_id=n, expert_id=head)) == (
        {"ali": [TAKEN]},
        (REVIEW, head, None),
    )
    assert outcome(at_head, lambda n: workflow.assign(db, **by_head, request_id=n, expert_id=ali)) == (
        {"ali": [f"{GIVEN} →"]},
        (REVIEW, ali, None),
    )
    assert outcome(queued, lambda n: workflow.assign(db, **by_head, request_id=n, expert_id=ali)) == (
        {"ali": [f"{GIVEN} →"]},
        (REVIEW, ali, None),
    )
    assert outcome(at_ali, lambda n: workflow.release(db, **by_head, request_id=n)) == (
        {"ali": [RELEASED]},
        (RequestState.SUBMITTED, None, None),
    )
    assert outcome(at_ali, lambda n: workflow.release(db, actor=people.ali, request_id=n, now=NOW)) == (
        {},
        (RequestState.SUBMITTED, None, None),
    )
    handed = f"کارشناس علوی پرونده {CODE} را به شما سپرد:\n│ لطفاً مدرک را ببینید.\n└ کارشناس علوی →"
    found, row = outcome(
        at_ali,
        lambda n: workflow.hand_over(
            db, actor=people.ali, request_id=n, expert_id=zahra, words="لطفاً مدرک را ببینید.", now=NOW
        ),
    )
    assert (found, row) == ({"zahra": [handed]}, (REVIEW, zahra, None))
    for expert_id, refusal in (
        (people.foreign.account_id, "error.not_expert_here"),
        (at_ali.account_id, "error.not_expert_here"),
        (ali, InvalidInput),
    ):
        with refused(refusal, db=db):
            workflow.assign(db, **by_head, request_id=at_ali.id, expert_id=expert_id)


def test_a_file_for_an_expert_on_leave_comes_to_the_deputy(db: Session, people: Participants) -> None:
    day = leaves.today(NOW)
    db.add(
        ExpertLeave(
            account_id=people.ali.account_id,
            deputy_id=people.zahra.account_id,
            university_code="sums",
            starts_on=day,
            ends_on=day,
            created_at=NOW,
        )
    )
    request = file(db, reviewer=people.in_charge)
    given = {"request_id": request.id, "now": NOW}
    assign = QUALIFICATION_WORKFLOW.assign
    assign(db, actor=people.in_charge, **given, expert_id=people.ali.account_id)
    assert (request.reviewer_id, request.deputy_for_id) == (people.zahra.account_id, people.ali.account_id)
    instead = "این پرونده تا پایان مرخصی کارشناس علوی نزد شماست."
    assert told(db, people) == {"zahra": [f"{GIVEN}\n{instead} →"]}
    event = db.exec(select(AuditEvent).where(AuditEvent.event == "assigned")).one()
    assert (event.data["expert"], event.data["before"], event.data["instead_of"]) == (
        people.zahra.account_id,
        people.in_charge.account_id,
        people.ali.account_id,
    )
    for expert_id in (people.zahra.account_id, people.ali.account_id):
        with refused("error.same_expert", db=db):
            assign(db, actor=people.in_charge, **given, expert_id=expert_id)


def test_files_of_the_days_of_leave_go_back(db: Session, people: Participants) -> None:
    ali, zahra = people.ali.account_id, people.zahra.account_id
    for_ali = {"deputy_for_id": ali}
    codes = [f"14050901000{number}" for number in range(9)]
    mine = [
        file(db, state, people.zahra, tracking_code=codes[place], **for_ali)
        for place, state in enumerate((REVIEW, DEFICIENT, REVIEW))
    ]
    others = [
        file(db, REVIEW, people.zahra, tracking_code=codes[3]),
        file(db, UNPAID, people.zahra, tracking_code=codes[4], fee_rial=1, pay_token="x", **for_ali),
        file(db, REVIEW, people.zahra, tracking_code=codes[5], university_code="mui", **for_ali),
        file(db, REVIEW, people.zahra, tracking_code=codes[6], held_until=NOW, **for_ali),
        file(db, REVIEW, people.zahra, tracking_code=codes[7], deputy_for_id=people.in_charge.account_id),
    ]

    def give_back(most: int) -> Any:
        return QUALIFICATION_WORKFLOW.give_back(
            db, expert_id=ali or 0, university_code="sums", most=most, now=NOW
        )

    undone = db.begin_nested()
    assert give_back(2) == [(zahra, codes[0]), (zahra, codes[1])]
    assert give_back(9) == [(zahra, codes[2])]
    assert [(one.reviewer_id, one.deputy_for_id) for one in mine] == [(ali, None)] * 3
    assert {one.reviewer_id for one in others} == {zahra}
    assert [one.deputy_for_id for one in others] == [None, ali, ali, ali, people.in_charge.account_id]
    undone.rollback()
    db.expire_all()
    end_role(db, people.ali)
    assert give_back(9) == [(None, code) for code in codes[:3]]
    assert [(one.reviewer_id, one.deputy_for_id) for one in mine] == [(zahra, None)] * 3


def test_an_expert_who_leaves_puts_back_what_is_under_review(db: Session, people: Participants) -> None:
    mine = [file(db, REVIEW, people.ali), file(db, REVIEW, people.ali)]
    stay = [file(db, DEFICIENT, people.ali), file(db, REVIEW, people.zahra)]
    ali = people.ali.account_id or 0
    number = QUALIFICATION_WORKFLOW.release_all(db, actor=people.in_charge, expert_id=ali, now=NOW)
    assert number == 2
    assert {(one.state, one.reviewer_id) for one in mine} == {(RequestState.SUBMITTED, None)}
    assert [one.state for one in stay] == [DEFICIENT, REVIEW]
    lines = select(AuditEvent.subject_id).where(AuditEvent.event == "released").order_by(col(AuditEvent.id))
    assert db.exec(lines).all() == [one.id for one in mine]
    assert [len(pushes(db, one, "N10")) for one in (people.ali, people.zahra, people.foreign)] == [1, 1, 0]


# ── who stands in ────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_day_of_a_leave_is_tehrans(db: Session) -> None:
    evening = NOW.replace(hour=20, minute=29, second=59)
    assert leaves.today(evening).day == NOW.day
    assert leaves.today(evening + timedelta(seconds=1)).day == NOW.day + 1


def test_a_role_that_ended_is_not_told(db: Session, people: Participants) -> None:
    request = file(db, reviewer=people.ali)
    grant = db.exec(select(Grant).where(Grant.account_id == people.ali.account_id)).one()
    for gone in ({"active": False}, {"role": Role.STAFF}, {"university_code": "mui"}):
        undone = db.begin_nested()
        for name, value in gone.items():
            setattr(grant, name, value)
        db.flush()
        QUALIFICATION_WORKFLOW.notify_dropped(db, request, people.ali.account_id, now=NOW)
        assert told(db, people) == {}
        undone.rollback()
        db.expire_all()
    QUALIFICATION_WORKFLOW.notify_dropped(db, request, None, now=NOW)
    QUALIFICATION_WORKFLOW.notify_dropped(db, request, people.ali.account_id, now=NOW)
    [push] = pushes(db, people.ali, "N22")
    assert (push.grant_id, push.next_at) == (grant.id, NOW)
    assert push.key.startswith(f"qualification:{request.id}:dropped:{request.version}:")


def test_what_happens_to_a_file_drops_a_decision_that_waits(db: Session, people: Participants) -> None:
    """Its decider is told where somebody else did it; a file without such a decision tells nobody."""
    held = {"action": "REJECT", "by": people.ali.account_id, "role": "expert", "university": "sums"}
    waiting = {"held_until": NOW + HOUR, "held_decision": held | {"at": NOW.isoformat(), "given": {}}}
    dropped = (
        f"تصمیم شما درباره پرونده {CODE} اجرا نشد، چون پیش از پایان مهلت لغو، وضع پرونده تغییر کرد."
        " لطفاً آن را دوباره ببینید. →"
    )
    for by, values, heard in (
        (people.in_charge, waiting, {"ali": [dropped, RELEASED]}),
        (people.ali, waiting, {}),
        (people.in_charge, {"held_decision": held}, {"ali": [RELEASED]}),
    ):
        undone = db.begin_nested()
        request = file(db, reviewer=people.ali, **values)
        QUALIFICATION_WORKFLOW.release(db, actor=by, request_id=request.id or 0, now=NOW)
        assert told(db, people) == heard
        assert request.held_until is None
        assert (request.held_decision == {}) is ("held_until" in values)
        undone.rollback()
        db.expire_all()
