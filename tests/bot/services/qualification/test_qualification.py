"""The officer's side of a request, on both databases: start, submit, resolve, withdraw, complete."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, col, select

from bot.core.context import SYSTEM, Actor
from bot.core.refusals import NotAllowed, Refusal, Stale
from bot.services import qualification
from bot.services.qualification import decisions
from bot.services.qualification.requests import QUALIFICATION_WORKFLOW
from bot.services.shared import audit
from bot.texts import t
from storage.database.database import Database
from storage.enums import AttemptState, Messenger, PushChannel, RejectReason, RequestKind, RequestState, Role
from storage.tables import (
    Account,
    Chat,
    Coverage,
    DeficiencyRound,
    DegreeLevel,
    Draft,
    Grant,
    Officer,
    PaymentAttempt,
    QualificationRequest,
    RequestFile,
    StoredFile,
)
from tests.support.qualification_data import (
    NOW,
    Office,
    alerts,
    answers,
    awaiting_payment,
    events,
    labels,
    officer,
    open_office,
    paper,
    pushes,
    seed,
    submitted,
    tariff,
)


@pytest.fixture
async def office(database: Database) -> Office:
    return await database.run(open_office)


@pytest.fixture
def refused(database: Database, office: Office) -> Any:
    """Run a unit that must be refused; the refusal comes back."""

    async def run(unit: Callable[[Session], Any]) -> Refusal:
        with pytest.raises(Refusal) as caught:
            await database.run(unit)
        return caught.value

    return run


async def test_a_submitted_form_is_numbered_routed_frozen_and_told(
    database: Database, office: Office
) -> None:
    def unit(db: Session) -> None:
        request = submitted(db, office.sara)
        assert request.state is RequestState.SUBMITTED
        assert request.tracking_code == "140509010001"
        assert request.university_code == "sums"
        assert request.snapshot["city"] == "شیراز"
        assert request.submitted_at == NOW
        assert events(db, request) == ["started", "submitted"]
        (told,) = pushes(db, office.sara)
        assert told.kind == "N3"
        assert "دانشگاه علوم پزشکی شیراز" in told.text
        assert "140509010001" in told.text
        for reader in (office.ali, office.zahra, office.head):
            (waits,) = pushes(db, reader)
            assert waits.kind == "N10"
            assert "۱ پرونده" in waits.text
            assert labels(waits) == ["مشاهده"]
        assert pushes(db, office.foreign) == []
        kept = db.exec(select(RequestFile).where(RequestFile.request_id == request.id)).all()
        assert {one.document_code for one in kept} == {"national_card", "degree_certificate"}

    await database.run(unit)


async def test_codes_of_a_day_follow_each_other_and_the_day_is_tehrans(database: Database) -> None:
    def unit(db: Session) -> None:
        seed(db)
        late = NOW.replace(hour=20, minute=29)  # 23:59 in Tehran
        found = [
            submitted(db, officer(db, f"1000000{n}", national_code=f"999123456{n}"), now=when).tracking_code
            for n, when in enumerate((NOW, late, late + timedelta(minutes=2)))
        ]
        assert found == ["140509010001", "140509010002", "140509020001"]

    await database.run(unit)


async def test_two_submissions_at_once_get_two_codes(database: Database, office: Office) -> None:
    mina = await database.run(lambda db: officer(db, "10000002", national_code="9991234553"))
    codes = await asyncio.gather(
        *(
            database.run(lambda db, who=who: submitted(db, who).tracking_code)  # type: ignore[misc]
            for who in (office.sara, mina)
        )
    )
    assert sorted(codes) == ["140509010001", "140509010002"]


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"father_name": None}, ["نام پدر"]),
        ({"doc.national_card": []}, ["تصویر کارت ملی"]),
        ({"gender": "male"}, ["کارت پایان خدمت"]),
        ({"field_of_study": "other"}, ["field_note"]),
        ({"phone": None, "doc.degree_certificate": []}, ["شماره تماس", "تصویر مدرک تحصیلی"]),
    ],
)
async def test_what_is_missing_is_named(
    database: Database, office: Office, refused: Any, changes: dict[str, Any], named: list[str]
) -> None:
    refusal = await refused(lambda db: submitted(db, office.sara, **changes))
    assert refusal.key == "error.missing_items"
    expected = [t(f"field.{name}") if name.isascii() else name for name in named]
    assert refusal.args_of_text["items"] == "، ".join(expected)
    assert await database.read(lambda db: db.exec(select(QualificationRequest)).all()) == []


async def test_a_form_without_a_region_names_it(office: Office, refused: Any) -> None:
    refusal = await refused(lambda db: submitted(db, office.sara, province=None, city=None, university=None))
    assert refusal.args_of_text["items"] == "استان، شهر محل زندگی، دانشگاه"


async def test_closed_studies_are_refused_at_submission(
    database: Database, office: Office, refused: Any
) -> None:
    def close(db: Session) -> None:
        level = db.get_one(DegreeLevel, "bachelor")
        level.allowed = False

    await database.run(close)
    assert (await refused(lambda db: submitted(db, office.sara))).key == "error.field_closed"


async def test_somebody_elses_or_removed_papers_are_refused(
    database: Database, office: Office, refused: Any
) -> None:
    foreign = await database.run(lambda db: paper(db, officer(db, "10000002", national_code="9991234553")))
    refusal = await refused(lambda db: submitted(db, office.sara, **{"doc.national_card": [foreign]}))
    assert refusal.key == "error.file_gone"

    def removed(db: Session) -> None:
        file_id = paper(db, office.sara)
        db.get_one(StoredFile, file_id).removed_at = NOW
        db.flush()
        submitted(db, office.sara, **{"doc.national_card": [file_id]})

    assert (await refused(removed)).key == "error.file_gone"


async def test_more_papers_than_a_document_takes_are_refused(office: Office, refused: Any) -> None:
    def four(db: Session) -> None:
        submitted(db, office.sara, **{"doc.national_card": [paper(db, office.sara) for _ in range(4)]})

    assert (await refused(four)).key == "error.too_many_document_files"


async def test_the_region_decides_not_the_answer(database: Database, office: Office) -> None:
    def unit(db: Session) -> None:
        request = submitted(db, office.sara, university="tums")
        assert request.university_code == request.snapshot["university"] == "sums"

    await database.run(unit)


async def test_in_tehran_the_officer_chooses_among_its_universities(
    database: Database, office: Office, refused: Any
) -> None:
    tehran = {"province": "تهران", "city": "تهران"}
    for forged in ("sums", "ajaums", "nowhere", None):
        refusal = await refused(
            lambda db, forged=forged: submitted(db, office.sara, **tehran, university=forged)
        )
        assert refusal.args_of_text["items"] == "دانشگاه"

    def unit(db: Session) -> None:
        assert submitted(db, office.sara, **tehran, university="sbmu").university_code == "sbmu"
        assert alerts(db) == ["no-expert:sbmu"]  # nobody is there to review it

    await database.run(unit)


async def test_a_confirmed_coverage_row_goes_before_the_province(database: Database, office: Office) -> None:
    def unit(db: Session) -> None:
        row = db.exec(select(Coverage).where(Coverage.city == "فسا")).one()
        row.active = True
        db.flush()
        assert submitted(db, office.sara, city="فسا").university_code == "fasa"

    await database.run(unit)


async def test_a_second_request_leads_to_the_open_one(
    database: Database, office: Office, refused: Any
) -> None:
    draft = await database.run(lambda db: qualification.start_draft(db, actor=office.sara, now=NOW))
    refusal = await refused(lambda db: qualification.start_draft(db, actor=office.sara, now=NOW))
    assert refusal.key == "error.open_draft"
    assert [door.label for door in refusal.next_buttons] == ["ادامه پیش‌نویس", "🗑 حذف پیش‌نویس"]

    def send(db: Session) -> None:
        qualification.submit(
            db, actor=office.sara, request_id=draft.id or 0, answers=answers(db, office.sara), now=NOW
        )

    await database.run(send)
    refusal = await refused(lambda db: qualification.start_draft(db, actor=office.sara, now=NOW))
    assert (refusal.key, refusal.args_of_text["code"]) == ("error.open_request", "140509010001")
    assert isinstance(await refused(send), Stale)  # a double tap on the final submission


async def test_two_chats_start_at_once_and_one_draft_exists(database: Database, office: Office) -> None:
    found = await asyncio.gather(
        *(
            database.run(lambda db: qualification.start_draft(db, actor=office.sara, now=NOW).id)
            for _ in range(2)
        ),
        return_exceptions=True,
    )
    assert sorted(isinstance(one, NotAllowed) for one in found) == [False, True]
    assert len(await database.read(lambda db: db.exec(select(QualificationRequest)).all())) == 1


async def test_discarding_a_draft_frees_the_chats_that_show_it(database: Database, office: Office) -> None:
    def unit(db: Session) -> None:
        request = qualification.start_draft(db, actor=office.sara, now=NOW)
        draft = Draft(
            account_id=office.sara.account_id,
            dialogue="qualification",
            subject_id=request.id or 0,
            answers={"a": 1},
        )
        db.add(draft)
        db.flush()
        chat = db.exec(select(Chat).where(Chat.account_id == office.sara.account_id)).one()
        chat.dialogue, chat.draft_id, chat.dialogue_state = "qualification", draft.id, {"step": "city"}
        db.flush()
        qualification.discard(db, actor=office.sara, request_id=request.id or 0, now=NOW)
        assert (chat.dialogue, chat.draft_id, chat.dialogue_state) == (None, None, {})
        assert db.exec(select(Draft)).all() == []
        assert qualification.current_open(db, office.sara.account_id or 0) is None
        assert qualification.may_start(db, actor=office.sara)

    await database.run(unit)


async def test_only_the_owner_touches_a_draft(database: Database, office: Office, refused: Any) -> None:
    draft = await database.run(lambda db: qualification.start_draft(db, actor=office.sara, now=NOW).id)
    mina = await database.run(lambda db: officer(db, "10000002", national_code="9991234553"))
    for other in (mina, office.ali, office.staff, Actor(office.sara.account_id, Role.EXPERT, "sums")):
        for deed in (
            lambda db, other=other: qualification.submit(
                db, actor=other, request_id=draft, answers=answers(db, mina), now=NOW
            ),
            lambda db, other=other: qualification.discard(db, actor=other, request_id=draft, now=NOW),
            lambda db, other=other: qualification.withdraw(db, actor=other, request_id=draft, now=NOW),
        ):
            assert isinstance(await refused(deed), NotAllowed)


# ── what the form begins with ────────────────────────────────────────────────────────────────────────────────────


async def test_the_first_form_begins_with_the_registration(database: Database, office: Office) -> None:
    def unit(db: Session) -> None:
        request = qualification.start_draft(db, actor=office.sara, now=NOW)
        assert qualification.prefill(db, request) == {
            "first_name": "سارا",
            "last_name": "کریمی‌نژاد",
            "degree_level": "bachelor",
            "field_of_study": "biomedical",
        }

    await database.run(unit)


def rejected(db: Session, office: Office, reason: RejectReason) -> dict[str, Any]:
    """Submit, reject for `reason`, start again: what the new form begins with."""
    request = submitted(db, office.sara)
    decisions.reject(db, actor=office.ali, request_id=request.id or 0, reason=reason, now=NOW)
    again = qualification.start_draft(db, actor=office.sara, now=NOW)
    return qualification.prefill(db, again)


async def test_after_a_wrong_region_only_the_region_is_asked(database: Database, office: Office) -> None:
    def unit(db: Session) -> None:
        found = rejected(db, office, RejectReason.WRONG_REGION)
        assert not {"province", "city", "university"} & found.keys()
        assert found["postal_address"].startswith("شیراز")
        assert found["phone"] == ""
        assert len(found["doc.national_card"]) == 1

    await database.run(unit)


async def test_after_another_rejection_everything_is_there_but_removed_papers(
    database: Database, office: Office
) -> None:
    def unit(db: Session) -> None:
        found = rejected(db, office, RejectReason.INVALID_DOCUMENTS)
        assert found["city"] == "شیراز"
        (card,) = found["doc.national_card"]
        db.get_one(StoredFile, card).removed_at = NOW
        db.flush()
        request = qualification.current_open(db, office.sara.account_id or 0)
        assert request is not None
        assert "doc.national_card" not in qualification.prefill(db, request)

    await database.run(unit)


async def test_later_general_edits_go_before_the_old_snapshot(database: Database, office: Office) -> None:
    def unit(db: Session) -> None:
        request = submitted(db, office.sara)
        qualification.withdraw(db, actor=office.sara, request_id=request.id or 0, now=NOW)
        profile = db.get_one(Officer, office.sara.account_id)
        profile.postal_address, profile.father_name = "نشانی تازه در شیراز", "بی‌اثر"
        db.flush()
        audit.record(
            db,
            now=NOW + timedelta(hours=1),
            actor=office.sara,
            event="general_edited",
            subject="account",
            subject_id=office.sara.account_id or 0,
            field="postal_address",
        )
        again = qualification.start_draft(db, actor=office.sara, now=NOW + timedelta(hours=2))
        found = qualification.prefill(db, again)
        assert found["postal_address"] == "نشانی تازه در شیراز"
        assert found["father_name"] == "علی"

    await database.run(unit)


# ── deficiencies ─────────────────────────────────────────────────────────────────────────────────────────────────


def deficient(db: Session, office: Office, items: list[str], note: str | None = None) -> int:
    request = submitted(db, office.sara)
    assert request.id is not None
    QUALIFICATION_WORKFLOW.claim(db, actor=office.ali, request_id=request.id, now=NOW)
    decisions.declare_deficiencies(
        db, actor=office.ali, request_id=request.id, items=items, note=note, now=NOW
    )
    return request.id


async def test_fixed_deficiencies_return_to_the_same_expert(database: Database, office: Office) -> None:
    def unit(db: Session) -> None:
        request_id = deficient(db, office, ["father_name", "doc.national_card"], "نام پدر را بررسی کنید")
        (told,) = pushes(db, office.sara, "N4")
        assert told.text.splitlines() == [
            "⚠️ برای پرونده \u2066140509010001\u2069 نواقص زیر اعلام شد:",
            "• نام پدر",
            "• تصویر کارت ملی",
            "توضیح کارشناس:",
            "│ نام پدر را بررسی کنید",
            "└ کارشناس دانشگاه علوم پزشکی شیراز",
        ]
        assert labels(told) == ["رفع نقص"]
        card = paper(db, office.sara)
        request = qualification.resolve(
            db,
            actor=office.sara,
            request_id=request_id,
            answers={"doc.national_card": [card]},
            replies={"father_name": "در شناسنامه همین است"},
            note="با سپاس",
            now=NOW,
        )
        assert request.state is RequestState.IN_REVIEW
        assert request.reviewer_id == office.ali.account_id
        assert request.round == 1
        assert request.officer_note == "با سپاس"
        assert request.snapshot["doc.national_card"] == [card]
        assert request.snapshot["father_name"] == "علی"
        assert request.tracking_code == "140509010001"
        assert [one.kind for one in pushes(db, office.ali)] == ["N10", "N11"]
        assert pushes(db, office.zahra, "N11") == []
        found = db.exec(select(DeficiencyRound)).one()
        assert found.replies == {"father_name": "در شناسنامه همین است"}
        assert found.resolved_at == NOW
        rounds = db.exec(select(RequestFile.round).where(RequestFile.file_id == card)).all()
        assert rounds == [1]

    await database.run(unit)


async def test_every_ticked_item_needs_a_value_or_a_reply(
    database: Database, office: Office, refused: Any
) -> None:
    request_id = await database.run(lambda db: deficient(db, office, ["father_name", "doc.national_card"]))

    def resolve(replies: dict[str, str], **given: Any) -> Callable[[Session], Any]:
        return lambda db: qualification.resolve(
            db, actor=office.sara, request_id=request_id, answers=given, replies=replies, now=NOW
        )

    refusal = await refused(resolve({"father_name": "نه"}, father_name="علی"))
    assert refusal.key == "error.missing_fixes"
    assert refusal.args_of_text["items"] == "نام پدر، تصویر کارت ملی"
    refusal = await refused(resolve({"doc.national_card": "همین است"}))
    assert refusal.args_of_text["items"] == "نام پدر"
    request = await database.run(resolve({"doc.national_card": "همین است"}, father_name="حسن"))
    assert request.state is RequestState.IN_REVIEW


async def test_a_note_alone_asks_for_a_change_or_an_answer(
    database: Database, office: Office, refused: Any
) -> None:
    request_id = await database.run(lambda db: deficient(db, office, [], "لطفاً آدرس را کامل کنید"))

    def resolve(note: str | None = None, **given: Any) -> Callable[[Session], Any]:
        return lambda db: qualification.resolve(
            db, actor=office.sara, request_id=request_id, answers=given, note=note, now=NOW
        )

    assert (await refused(resolve())).key == "error.no_answer_to_note"
    assert (await refused(resolve("نه"))).key == "error.no_answer_to_note"
    await database.run(resolve("آدرس کامل است"))


async def test_the_region_is_locked_while_fixing(database: Database, office: Office, refused: Any) -> None:
    request_id = await database.run(lambda db: deficient(db, office, ["father_name"]))

    def move(db: Session) -> None:
        qualification.resolve(
            db,
            actor=office.sara,
            request_id=request_id,
            answers={"father_name": "حسن", "city": "فسا"},
            now=NOW,
        )

    assert (await refused(move)).key == "error.region_locked"


async def test_a_change_of_gender_while_fixing_asks_for_what_follows(
    database: Database, office: Office, refused: Any
) -> None:
    request_id = await database.run(lambda db: deficient(db, office, ["gender"]))

    def resolve(**given: Any) -> Callable[[Session], Any]:
        return lambda db: qualification.resolve(
            db, actor=office.sara, request_id=request_id, answers=given, now=NOW
        )

    refusal = await refused(resolve(gender="male"))
    assert (refusal.key, refusal.args_of_text["items"]) == ("error.missing_items", "کارت پایان خدمت")
    card = await database.run(lambda db: paper(db, office.sara))
    request = await database.run(resolve(gender="male", **{"doc.military_card": [card]}))
    assert request.snapshot["doc.military_card"] == [card]


async def test_a_file_whose_expert_has_left_goes_to_the_queue(database: Database, office: Office) -> None:
    def unit(db: Session) -> None:
        request_id = deficient(db, office, ["father_name"])
        grant = db.exec(select(Grant).where(Grant.account_id == office.ali.account_id)).one()
        grant.active = False
        db.flush()
        run_in_background = NOW + timedelta(hours=2)
        request = qualification.resolve(
            db,
            actor=office.sara,
            request_id=request_id,
            answers={"father_name": "حسن"},
            now=run_in_background,
        )
        assert request.state is RequestState.SUBMITTED
        assert request.reviewer_id is None
        assert request.submitted_at == NOW  # it keeps its place in the queue
        assert len(pushes(db, office.zahra, "N10")) == 2
        assert pushes(db, office.ali, "N11") == []

    await database.run(unit)


async def test_a_second_round_is_its_own(database: Database, office: Office) -> None:
    def unit(db: Session) -> None:
        request_id = deficient(db, office, ["father_name"])
        for name in ("حسن", "حسین"):
            qualification.resolve(
                db, actor=office.sara, request_id=request_id, answers={"father_name": name}, now=NOW
            )
            decisions.declare_deficiencies(
                db, actor=office.ali, request_id=request_id, items=["father_name"], now=NOW
            )
        found = db.exec(select(DeficiencyRound).order_by(col(DeficiencyRound.round))).all()
        assert [(one.round, one.snapshot["father_name"]) for one in found] == [
            (1, "علی"),
            (2, "حسن"),
            (3, "حسین"),
        ]
        assert len(pushes(db, office.sara, "N4")) == 3

    await database.run(unit)


# ── the end ──────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_withdrawn_request_is_over_and_another_may_follow(database: Database, office: Office) -> None:
    def unit(db: Session) -> None:
        request = submitted(db, office.sara)
        assert qualification.in_circulation(db, office.sara.account_id or 0)
        request = qualification.withdraw(db, actor=office.sara, request_id=request.id or 0, now=NOW)
        assert (request.state, request.closed_at) == (RequestState.WITHDRAWN, NOW)
        assert not qualification.in_circulation(db, office.sara.account_id or 0)
        assert qualification.may_start(db, actor=office.sara)

    await database.run(unit)


@pytest.mark.parametrize("state", [AttemptState.UNCERTAIN, AttemptState.VERIFYING])
async def test_nobody_withdraws_while_the_bank_is_silent(
    database: Database, office: Office, refused: Any, state: AttemptState
) -> None:
    def unit(db: Session) -> int:
        request = awaiting_payment(db, office)
        db.add(
            PaymentAttempt(request_id=request.id or 0, gateway="zarinpal", amount_rial=500_000, state=state)
        )
        return request.id or 0

    request_id = await database.run(unit)
    refusal = await refused(
        lambda db: qualification.withdraw(db, actor=office.sara, request_id=request_id, now=NOW)
    )
    assert refusal.key == "error.payment_uncertain"


async def test_completion_makes_the_snapshot_the_approved_file(database: Database, office: Office) -> None:
    def unit(db: Session) -> None:
        request = awaiting_payment(db, office)
        owner = office.sara.account_id or 0
        assert db.get_one(Officer, owner).father_name is None  # nothing before the payment
        assert not qualification.is_qualified(db, owner)
        done = [
            qualification.complete_request(
                db, request_id=request.id or 0, now=NOW, actor=SYSTEM, bank_ref="12345"
            )
            for _ in range(2)
        ]
        assert done == [True, False]
        profile = db.get_one(Officer, owner)
        assert (profile.father_name, profile.university_code, profile.phone) == ("علی", "sums", "")
        assert set(profile.documents) == {"national_card", "degree_certificate"}
        assert profile.qualified_at == NOW
        assert qualification.is_qualified(db, owner)
        (told,) = pushes(db, office.sara, "N7")
        assert "12345" in told.text
        assert events(db, request)[-1] == "completed"

    await database.run(unit)


async def test_a_withdrawn_request_takes_no_payment(database: Database, office: Office) -> None:
    def unit(db: Session) -> None:
        request = awaiting_payment(db, office)
        qualification.withdraw(db, actor=office.sara, request_id=request.id or 0, now=NOW)
        assert not qualification.complete_request(
            db, request_id=request.id or 0, now=NOW, actor=SYSTEM, bank_ref="12345"
        )
        assert not qualification.is_qualified(db, office.sara.account_id or 0)

    await database.run(unit)


# ── amendments use the same machine ──────────────────────────────────────────────────────────────────────────────


def qualified(db: Session, office: Office) -> None:
    request = awaiting_payment(db, office)
    qualification.complete_request(db, request_id=request.id or 0, now=NOW, actor=SYSTEM, bank_ref="1")
    tariff(db, 0, RequestKind.AMENDMENT)


async def test_an_amendment_needs_a_change_and_is_applied_when_it_is_approved(
    database: Database, office: Office, refused: Any
) -> None:
    await database.run(lambda db: qualified(db, office))
    refusal = await refused(lambda db: qualification.start_draft(db, actor=office.sara, now=NOW))
    assert refusal.key == "error.new_while_qualified"
    draft = await database.run(
        lambda db: qualification.start_draft(db, actor=office.sara, now=NOW, kind=RequestKind.AMENDMENT)
    )

    def send(**changes: Any) -> Callable[[Session], Any]:
        def unit(db: Session) -> QualificationRequest:
            form = qualification.prefill(db, qualification.latest(db, actor=office.sara) or draft)
            return qualification.submit(
                db, actor=office.sara, request_id=draft.id or 0, answers=form | changes, now=NOW
            )

        return unit

    assert (await refused(send())).key == "error.no_change"
    request = await database.run(send(last_name="محمدی", province="اصفهان", city="اصفهان"))
    assert request.university_code == "mui"  # the new province reviews (Q9)
    assert request.before["last_name"] == "کریمی‌نژاد"
    owner = office.sara.account_id or 0
    assert await database.read(lambda db: db.get_one(Account, owner).last_name) == "کریمی‌نژاد"

    def approve(db: Session) -> None:
        decisions.approve(
            db, actor=office.foreign, request_id=request.id or 0, public_url="https://x", now=NOW
        )
        assert db.get_one(Account, owner).last_name == "محمدی"
        assert db.get_one(Officer, owner).university_code == "mui"
        assert "اصلاحیه" in pushes(db, office.sara)[-1].text

    await database.run(approve)


async def test_a_rejected_amendment_leaves_everything_as_it_was(database: Database, office: Office) -> None:
    def unit(db: Session) -> None:
        qualified(db, office)
        request = qualification.start_draft(db, actor=office.sara, now=NOW, kind=RequestKind.AMENDMENT)
        form = qualification.prefill(db, request) | {"first_name": "مینا"}
        qualification.submit(db, actor=office.sara, request_id=request.id or 0, answers=form, now=NOW)
        decisions.reject(
            db, actor=office.ali, request_id=request.id or 0, reason=RejectReason.INCORRECT_DATA, now=NOW
        )
        assert db.get_one(Account, office.sara.account_id).first_name == "سارا"
        assert qualification.is_qualified(db, office.sara.account_id or 0)
        told = pushes(db, office.sara)[-1]
        assert told.text.endswith("صلاحیت و اطلاعات قبلی شما بدون تغییر می‌ماند.")

    await database.run(unit)


async def test_whoever_has_no_chat_gets_a_short_message(database: Database) -> None:
    def unit(db: Session) -> None:
        office = open_office(db)
        mina = officer(db, "10000009", national_code="9991234553", chat=False)
        request = submitted(db, mina)
        decisions.reject(
            db, actor=office.ali, request_id=request.id or 0, reason=RejectReason.UNRELATED_FIELD, now=NOW
        )
        (told,) = pushes(db, mina)  # of the rejection; not of the submission
        assert (told.kind, told.channel, told.mobile) == ("N5", PushChannel.SMS, "+989121234567")
        assert Messenger.TELEGRAM not in told.key

    await database.run(unit)
