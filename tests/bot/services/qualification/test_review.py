"""What the experts of a university see: queue, search, file, documents, earlier decisions, the timeline."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from bot.core.context import Actor
from bot.core.refusals import NotAllowed, Stale
from bot.rules.qualification import QualificationAction
from bot.services import qualification
from bot.services.qualification import decisions, review, timeline
from bot.services.qualification.requests import QUALIFICATION_WORKFLOW
from bot.services.search import lookup
from storage.enums import RejectReason, Role
from storage.tables import AuditEvent, QualificationRequest, StoredFile
from tests.support.factories.people import SARA, Participants, expert, officer
from tests.support.factories.qualification import form_answers, stored_file, submitted_request
from tests.support.factories.reference_data import NOW
from tests.support.services import act, refused

LISTS = review.LISTS


def test_the_queue_shows_the_oldest_first_with_count_and_age(db: Session, people: Participants) -> None:
    for n in range(3):
        submitted_request(db, officer(db), now=NOW + timedelta(hours=n))
    later = NOW + timedelta(days=2)
    page = LISTS.queue(db, actor=people.ali, now=later, limit=2, offset=0)
    assert (page.total, page.oldest) == (3, timedelta(days=2))
    assert [line.since for line in page.lines] == [NOW, NOW + timedelta(hours=1)]
    rest = LISTS.queue(db, actor=people.ali, now=later, offset=2, limit=2)
    assert [line.since for line in rest.lines] == [NOW + timedelta(hours=2)]
    assert LISTS.queue(db, actor=people.foreign, now=later, offset=0, limit=5).total == 0
    assert (
        LISTS.queue(db, actor=people.staff, now=later, university_code="sums", offset=0, limit=5).total == 3
    )
    with refused(NotAllowed):
        LISTS.queue(db, actor=people.sara, now=later, offset=0, limit=5)


def test_a_claimed_file_leaves_the_queue_for_its_expert(db: Session, people: Participants) -> None:
    waiting = submitted_request(db, people.sara)
    act(db, QUALIFICATION_WORKFLOW.claim, people.ali, waiting)
    assert LISTS.queue(db, actor=people.zahra, now=NOW, offset=0, limit=5).total == 0
    mine = LISTS.mine(db, actor=people.ali, now=NOW, offset=0, limit=5).lines
    assert [line.request.id for line in mine] == [waiting.id]
    assert LISTS.mine(db, actor=people.zahra, now=NOW, offset=0, limit=5).total == 0
    (line,) = LISTS.under_way(db, actor=people.in_charge, now=NOW, offset=0, limit=5).lines
    assert line.reviewer is not None
    assert line.reviewer.last_name == "علوی"
    with refused(NotAllowed):
        LISTS.under_way(db, actor=people.ali, now=NOW, offset=0, limit=5)


@pytest.mark.parametrize("typed", ["140509010001", "۱۴۰۵۰۹۰۱۰۰۰۱", SARA, " ٩٩٩١٢٣ ٤٥٦١ "])
def test_search_takes_either_code_in_any_digits(db: Session, people: Participants, typed: str) -> None:
    def found(actor: Actor) -> list[Any]:
        hits = lookup.search(db, actor=actor, text=typed).hits
        return [hit.subject for hit in hits if isinstance(hit.subject, QualificationRequest)]

    draft = qualification.start_draft(db, actor=people.sara, now=NOW)
    assert found(people.staff) == []
    act(db, qualification.submit, people.sara, draft, answers=form_answers(db, people.sara))
    for actor in (people.ali, people.in_charge, people.staff):
        assert [request.id for request in found(actor)] == [draft.id]
    assert found(people.foreign) == []
    with refused(NotAllowed):
        lookup.search(db, actor=people.sara, text=typed)


def test_the_file_card_offers_what_the_rules_allow(db: Session, people: Participants) -> None:
    number = submitted_request(db, people.sara).id
    file = review.open_file(db, actor=people.ali, request_id=number)
    assert file.applicant.last_name == "کریمی‌نژاد"
    assert file.actions == {
        QualificationAction.CLAIM,
        QualificationAction.APPROVE,
        QualificationAction.REJECT,
        QualificationAction.DECLARE_DEFICIENCIES,
    }
    of_head = review.open_file(db, actor=people.in_charge, request_id=number)
    assert of_head.actions == file.actions | {QualificationAction.ASSIGN}
    for actor in (people.foreign, Actor(people.sara.account_id, Role.EXPERT, "sums")):
        with refused(NotAllowed):
            review.open_file(db, actor=actor, request_id=number)
    with refused(Stale):
        review.open_file(db, actor=people.ali, request_id=987_654)


def test_documents_are_opened_by_their_university_only(db: Session, people: Participants) -> None:
    waiting = submitted_request(db, people.sara)
    (card,) = waiting.snapshot["doc.national_card"]

    def view(actor: Actor, file_id: int = card) -> StoredFile:
        return act(db, review.view_document, actor, waiting, file_id=file_id)

    assert [view(actor).id for actor in (people.ali, people.sara)] == [card, card]
    for actor, file in (
        (people.foreign, card),
        (Actor(987, Role.OFFICER), card),
        (people.ali, stored_file(db, people.sara)),  # which belongs to no request
    ):
        with refused(NotAllowed):
            view(actor, file)
    viewed = db.exec(select(AuditEvent).where(AuditEvent.event == "document_viewed")).all()
    assert [(one.actor_id, one.data) for one in viewed] == [
        (people.ali.account_id, {"file": card, "document": "national_card"})
    ]


def test_earlier_decisions_are_those_of_the_same_university(db: Session, people: Participants) -> None:
    elsewhere = {"province": "اصفهان", "city": "اصفهان", "university": None}
    reason = RejectReason.INCORRECT_DATA
    act(db, decisions.reject, people.foreign, submitted_request(db, people.sara, **elsewhere), reason=reason)
    second = submitted_request(db, people.sara)
    act(db, decisions.reject, people.ali, second, reason=reason)
    found = review.earlier_requests(db, actor=people.zahra, request=submitted_request(db, people.sara))
    assert [one.id for one in found] == [second.id]


def test_experts_are_offered_by_their_load(db: Session, people: Participants) -> None:
    expert(db, "سپاهانی", university="mui")
    act(db, QUALIFICATION_WORKFLOW.claim, people.ali, submitted_request(db, people.sara))
    experts = review.experts_of(db, actor=people.in_charge, university_code="sums", now=NOW)
    found = [(one.account.last_name, one.load) for one in experts]
    assert found == [("زارعی", 0), ("مسئولی", 0), ("علوی", 1)]


def test_the_officer_reads_roles_and_the_experts_read_names(db: Session, people: Participants) -> None:
    request = submitted_request(db, people.sara)
    act(db, QUALIFICATION_WORKFLOW.claim, people.ali, request)
    act(db, decisions.declare_deficiencies, people.ali, request, items=["father_name"])
    replies = {"father_name": "همین درست است"}
    act(db, qualification.resolve, people.sara, request, answers={}, replies=replies)
    lines = timeline.request_timeline(db, actor=people.sara, request_id=request.id)
    assert [line.text for line in lines] == [
        "پیش‌نویس درخواست ساخته شد.",
        "درخواست ثبت نهایی و برای دانشگاه علوم پزشکی شیراز ارسال شد.",
        "کارشناس دانشگاه علوم پزشکی شیراز بررسی را آغاز کرد.",
        "کارشناس دانشگاه علوم پزشکی شیراز نواقص را اعلام کرد.\n• نام پدر",
        "نواقص را برطرف کردید.",
    ]
    assert lines[0].time == "۱۴۰۵/۰۹/۰۱ ساعت ۱۲:۳۰"
    names = timeline.request_timeline(db, actor=people.zahra, request_id=request.id)
    assert [line.text for line in names][2:] == [
        "کارشناس علوی بررسی را آغاز کرد.",
        "کارشناس علوی نواقص را اعلام کرد.\n• نام پدر",
        "متقاضی نواقص را برطرف کرد.",
    ]
