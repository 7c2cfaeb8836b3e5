"""The experts' desk on both databases: queue, search, papers, decisions, and two experts at once."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.util import await_only
from sqlmodel import Session, select

from bot.core.context import Actor, PublicInfo
from bot.core.refusals import AlreadyDecided, InvalidInput, NotAllowed, Refusal, Stale
from bot.rules.qualification import QualificationAction
from bot.services import accounts, qualification
from bot.services.qualification import decisions, review, timeline
from bot.services.qualification.requests import QUALIFICATION_WORKFLOW
from bot.services.review.review_workflow import ReviewWorkflow
from storage.database.database import Database, open_database
from storage.enums import PushChannel, RejectReason, RequestState, Role
from storage.tables import AuditEvent, Grant, QualificationRequest
from tests.support.qualification_data import (
    NOW,
    URL,
    Office,
    alerts,
    events,
    expert,
    labels,
    officer,
    open_office,
    paper,
    pushes,
    submitted,
    tariff,
)


@pytest.fixture
async def office(database: Database) -> Office:
    return await database.run(open_office)


@pytest.fixture
async def waiting(database: Database, office: Office) -> QualificationRequest:
    """Sara's request in the queue of Shiraz."""
    return await database.run(lambda db: submitted(db, office.sara))


@pytest.fixture
def refused(database: Database) -> Any:
    async def run(unit: Callable[[Session], Any]) -> Refusal:
        with pytest.raises(Refusal) as caught:
            await database.run(unit)
        return caught.value

    return run


def decide(actor: Actor, request: QualificationRequest, what: str) -> Callable[[Session], Any]:
    """One of the deeds of an expert, as a button with the version that its screen showed."""
    common: dict[str, Any] = {
        "actor": actor,
        "request_id": request.id,
        "version": request.version,
        "now": NOW,
    }
    deeds: dict[str, Callable[[Session], Any]] = {
        "claim": lambda db: QUALIFICATION_WORKFLOW.claim(db, **common),
        "approve": lambda db: decisions.approve(db, **common, public_url=URL),
        "reject": lambda db: decisions.reject(db, **common, reason=RejectReason.INCORRECT_DATA),
        "defects": lambda db: decisions.declare_deficiencies(db, **common, items=["father_name"]),
        "release": lambda db: QUALIFICATION_WORKFLOW.release(db, **common),
    }
    return deeds[what]


# ── the queue and the file ───────────────────────────────────────────────────────────────────────────────────────


async def test_the_queue_shows_the_oldest_first_with_count_and_age(
    database: Database, office: Office
) -> None:
    def unit(db: Session) -> None:
        for n in range(3):
            owner = officer(db, f"1000001{n}", national_code=f"999123457{n}")
            submitted(db, owner, now=NOW + timedelta(hours=n))
        run_in_background = NOW + timedelta(days=2)
        page = review.LISTS.queue(db, actor=office.ali, now=run_in_background, limit=2)
        assert (page.total, page.oldest) == (3, timedelta(days=2))
        assert [line.since for line in page.lines] == [NOW, NOW + timedelta(hours=1)]
        rest = review.LISTS.queue(db, actor=office.ali, now=run_in_background, offset=2, limit=2)
        assert [line.since for line in rest.lines] == [NOW + timedelta(hours=2)]
        assert review.LISTS.queue(db, actor=office.foreign, now=run_in_background).total == 0
        assert (
            review.LISTS.queue(db, actor=office.staff, now=run_in_background, university_code="sums").total
            == 3
        )
        with pytest.raises(NotAllowed):
            review.LISTS.queue(db, actor=office.sara, now=run_in_background)

    await database.run(unit)


async def test_a_claimed_file_leaves_the_queue_for_its_expert(
    database: Database, office: Office, waiting: QualificationRequest
) -> None:
    await database.run(decide(office.ali, waiting, "claim"))

    def look(db: Session) -> None:
        assert review.LISTS.queue(db, actor=office.zahra, now=NOW).total == 0
        assert [line.request.id for line in review.LISTS.mine(db, actor=office.ali, now=NOW).lines] == [
            waiting.id
        ]
        assert review.LISTS.mine(db, actor=office.zahra, now=NOW).total == 0
        (line,) = review.LISTS.under_way(db, actor=office.head, now=NOW).lines
        assert line.reviewer is not None
        assert line.reviewer.last_name == "علوی"
        with pytest.raises(NotAllowed):
            review.LISTS.under_way(db, actor=office.ali, now=NOW)

    await database.read(look)


@pytest.mark.parametrize("typed", ["140509010001", "۱۴۰۵۰۹۰۱۰۰۰۱", "9991234561", " ٩٩٩١٢٣ ٤٥٦١ "])
async def test_search_takes_a_tracking_or_national_code_in_any_digits(
    database: Database, office: Office, waiting: QualificationRequest, refused: Any, typed: str
) -> None:
    for actor in (office.ali, office.head, office.staff):
        (found,) = await database.read(lambda db, actor=actor: review.LISTS.find(db, actor=actor, code=typed))
        assert found.id == waiting.id
    refusal = await refused(lambda db: review.LISTS.find(db, actor=office.foreign, code=typed))
    assert refusal.key == "desk.not_found"
    assert isinstance(
        await refused(lambda db: review.LISTS.find(db, actor=office.sara, code=typed)), NotAllowed
    )


@pytest.mark.parametrize("typed", ["", "سلام", "123", "14050901000a", "1405090100011", "۱۲۳۴۵۶۷۸۹ک"])
async def test_search_says_what_a_code_looks_like(office: Office, refused: Any, typed: str) -> None:
    refusal = await refused(lambda db: review.LISTS.find(db, actor=office.ali, code=typed))
    assert isinstance(refusal, InvalidInput)
    assert refusal.key == "search.bad"


async def test_a_draft_is_not_found(database: Database, office: Office, refused: Any) -> None:
    await database.run(lambda db: qualification.start_draft(db, actor=office.sara, now=NOW))
    refusal = await refused(lambda db: review.LISTS.find(db, actor=office.staff, code="9991234561"))
    assert refusal.key == "desk.not_found"


async def test_the_file_card_offers_what_the_law_allows(
    database: Database, office: Office, waiting: QualificationRequest
) -> None:
    def look(db: Session) -> None:
        file = review.open_file(db, actor=office.ali, request_id=waiting.id or 0)
        assert file.applicant.last_name == "کریمی‌نژاد"
        assert file.actions == {
            QualificationAction.CLAIM,
            QualificationAction.APPROVE,
            QualificationAction.REJECT,
            QualificationAction.DECLARE_DEFICIENCIES,
        }
        head = review.open_file(db, actor=office.head, request_id=waiting.id or 0)
        assert head.actions == file.actions | {QualificationAction.ASSIGN}
        for stranger in (office.foreign, Actor(office.sara.account_id, Role.EXPERT, "sums")):
            with pytest.raises(NotAllowed):
                review.open_file(db, actor=stranger, request_id=waiting.id or 0)
        with pytest.raises(Stale):
            review.open_file(db, actor=office.ali, request_id=987_654)

    await database.read(look)


async def test_papers_are_opened_by_their_university_only_and_every_view_is_recorded(
    database: Database, office: Office, waiting: QualificationRequest, refused: Any
) -> None:
    (card,) = waiting.snapshot["doc.national_card"]

    def view(actor: Actor, file_id: int = card) -> Callable[[Session], Any]:
        return lambda db: review.view_document(
            db, actor=actor, request_id=waiting.id or 0, file_id=file_id, now=NOW
        )

    assert (await database.run(view(office.ali))).id == card
    assert (await database.run(view(office.sara))).id == card
    for stranger in (office.foreign, Actor(987, Role.OFFICER)):
        assert isinstance(await refused(view(stranger)), NotAllowed)
    unrelated = await database.run(lambda db: paper(db, office.sara))
    assert isinstance(await refused(view(office.ali, unrelated)), NotAllowed)

    def seen(db: Session) -> list[tuple[int | None, Any]]:
        found = db.exec(select(AuditEvent).where(AuditEvent.event == "document_viewed"))
        return [(one.actor_id, one.data) for one in found]

    expected = [(office.ali.account_id, {"file": card, "document": "national_card"})]
    assert await database.read(seen) == expected


async def test_earlier_decisions_are_those_of_the_same_university(database: Database, office: Office) -> None:
    def unit(db: Session) -> None:
        first = submitted(db, office.sara, province="اصفهان", city="اصفهان", university=None)
        decide(office.foreign, first, "reject")(db)
        second = submitted(db, office.sara)
        decide(office.ali, second, "reject")(db)
        third = submitted(db, office.sara)
        found = review.earlier_requests(db, actor=office.zahra, request=third)
        assert [one.id for one in found] == [second.id]

    await database.run(unit)


# ── who may decide ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("what", ["claim", "approve", "reject", "defects", "release"])
async def test_no_stranger_decides(
    database: Database, office: Office, waiting: QualificationRequest, refused: Any, what: str
) -> None:
    await database.run(lambda db: tariff(db, 500_000))
    strangers = [
        office.foreign,
        office.sara,
        Actor(office.sara.account_id, Role.EXPERT, "sums"),  # no such role
        Actor(office.foreign.account_id, Role.EXPERT, "sums"),  # a role at another university
        Actor(office.ali.account_id, Role.STAFF),
        Actor(office.ali.account_id, Role.DISTRIBUTOR),
    ]
    for stranger in strangers:
        assert type(await refused(decide(stranger, waiting, what))) is NotAllowed

    def unchanged(db: Session) -> bool:
        return db.get_one(QualificationRequest, waiting.id).version == waiting.version

    assert await database.read(unchanged)


async def test_an_expert_whose_role_was_taken_away_decides_nothing(
    database: Database, office: Office, waiting: QualificationRequest, refused: Any
) -> None:
    def dismiss(db: Session) -> None:
        db.exec(select(Grant).where(Grant.account_id == office.ali.account_id)).one().active = False

    await database.run(dismiss)
    for what in ("claim", "reject"):
        assert type(await refused(decide(office.ali, waiting, what))) is NotAllowed


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("claim", "claim"),
        ("claim", "approve"),
        ("approve", "reject"),
        ("defects", "approve"),
        ("reject", "defects"),
    ],
)
async def test_of_two_experts_one_wins_and_the_other_reads_who(
    database: Database, office: Office, waiting: QualificationRequest, first: str, second: str
) -> None:
    await database.run(lambda db: tariff(db, 500_000))
    results = await asyncio.gather(
        database.run(decide(office.ali, waiting, first)),
        database.run(decide(office.zahra, waiting, second)),
        return_exceptions=True,
    )
    losers = [one for one in results if isinstance(one, BaseException)]
    (loser,) = losers
    assert type(loser) is AlreadyDecided, loser
    winner = "کارشناس زارعی" if isinstance(results[0], BaseException) else "کارشناس علوی"
    assert loser.args_of_text["by"] == winner
    assert loser.args_of_text["time"].startswith("۱۴۰۵/۰۹/۰۱ ساعت")

    def once(db: Session) -> None:
        request = db.get_one(QualificationRequest, waiting.id)
        assert request.version == waiting.version + 1
        assert events(db, request)[2:] in [["claimed"], ["rejected"], ["deficiencies_declared"], ["approved"]]
        told = [one for one in pushes(db, office.sara) if one.kind != "N3"]
        assert len(told) == (request.state is not RequestState.IN_REVIEW)

    await database.read(once)


@pytest.mark.parametrize(("first", "second"), [("claim", "claim"), ("reject", "claim")])
async def test_two_experts_who_both_passed_the_check_are_told_apart_by_the_row(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch, first: str, second: str
) -> None:
    """The narrowest race there is: both transactions have read the file and found it free."""
    database = await open_database(postgres_url)
    office = await database.run(open_office)
    waiting = await database.run(lambda db: submitted(db, office.sara))
    both_checked, check = asyncio.Barrier(2), ReviewWorkflow.check

    def check_and_meet(*args: Any, **facts: Any) -> Any:
        authorized = check(*args, **facts)
        await_only(both_checked.wait())
        return authorized

    monkeypatch.setattr(ReviewWorkflow, "check", check_and_meet)
    async with asyncio.timeout(20):
        results = await asyncio.gather(
            database.run(decide(office.ali, waiting, first)),
            database.run(decide(office.zahra, waiting, second)),
            return_exceptions=True,
        )
    losers = [one for one in results if isinstance(one, BaseException)]
    assert [type(one) for one in losers] == [AlreadyDecided]

    def once(db: Session) -> list[str]:
        return events(db, db.get_one(QualificationRequest, waiting.id))

    assert len(await database.read(once)) == 3
    await database.close()


async def test_a_button_from_last_week_decides_nothing(
    database: Database, office: Office, waiting: QualificationRequest, refused: Any
) -> None:
    await database.run(decide(office.ali, waiting, "claim"))
    refusal = await refused(decide(office.ali, waiting, "reject"))  # the card still shows the queue
    assert type(refusal) is Stale
    refusal = await refused(decide(office.zahra, waiting, "claim"))
    assert refusal.key == "error.already_claimed"


async def test_a_colleague_does_not_decide_on_a_claimed_file(
    database: Database, office: Office, waiting: QualificationRequest, refused: Any
) -> None:
    held = await database.run(decide(office.ali, waiting, "claim"))
    refusal = await refused(decide(office.zahra, held, "reject"))
    assert type(refusal) is AlreadyDecided
    assert refusal.key == "error.already_claimed"


# ── decisions ────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_approval_freezes_the_fee_and_sends_the_link(
    database: Database, office: Office, waiting: QualificationRequest
) -> None:
    def unit(db: Session) -> None:
        tariff(db, 1_250_005)
        request = decide(office.ali, waiting, "approve")(db)
        assert request.state is RequestState.AWAITING_PAYMENT
        assert request.fee_rial == 1_250_005
        assert request.reviewer_id == office.ali.account_id
        assert request.pay_token is not None
        assert len(request.pay_token) == 32
        (told,) = pushes(db, office.sara, "N6")
        assert "۱٬۲۵۰٬۰۰۵ ریال (۱۲۵٬۰۰۰٫۵ تومان)" in told.text
        assert told.buttons == [[{"label": "💳 پرداخت", "url": f"{URL}/pay/{request.pay_token}"}]]

    await database.run(unit)


async def test_approval_at_no_charge_completes_at_once(
    database: Database, office: Office, waiting: QualificationRequest
) -> None:
    def unit(db: Session) -> None:
        tariff(db, 0)
        request = decide(office.ali, waiting, "approve")(db)
        assert request.state is RequestState.COMPLETED
        assert request.pay_token is None
        assert qualification.is_qualified(db, office.sara.account_id or 0)
        (told,) = pushes(db, office.sara, "N7")
        assert "پرداخت" not in told.text

    await database.run(unit)


async def test_without_a_tariff_approval_is_refused_and_staff_are_alerted(
    database: Database, office: Office, waiting: QualificationRequest, refused: Any
) -> None:
    refusal = await refused(decide(office.ali, waiting, "approve"))
    assert refusal.key == "error.no_tariff"
    await database.run(refusal.after)
    assert await database.read(alerts) == ["no_tariff:NEW"]
    (told,) = await database.read(lambda db: pushes(db, office.staff))
    assert told.kind == "alert"


@pytest.mark.parametrize(
    ("items", "note", "key"),
    [
        ([], None, "error.nothing_declared"),
        ([], "کم", "error.nothing_declared"),
        (["province"], None, "error.not_tickable"),
        (["doc.unknown"], None, "error.not_tickable"),
        (["national_code"], "کد ملی نادرست است", "error.not_tickable"),
    ],
)
async def test_deficiencies_name_something_that_can_be_fixed(
    office: Office, waiting: QualificationRequest, refused: Any, items: list[str], note: str | None, key: str
) -> None:
    refusal = await refused(
        lambda db: decisions.declare_deficiencies(
            db, actor=office.ali, request_id=waiting.id or 0, items=items, note=note, now=NOW
        )
    )
    assert refusal.key == key


async def test_a_rejection_has_a_reason(
    office: Office, waiting: QualificationRequest, database: Database, refused: Any
) -> None:
    def reject(reason: RejectReason, text: str | None) -> Callable[[Session], Any]:
        return lambda db: decisions.reject(
            db, actor=office.ali, request_id=waiting.id or 0, reason=reason, text=text, now=NOW
        )

    for reason, text in (
        (RejectReason.OTHER, None),
        (RejectReason.OTHER, "نه"),
        (RejectReason.WRONG_REGION, "نه"),
    ):
        assert (await refused(reject(reason, text))).key == "error.short_reason"
    request = await database.run(reject(RejectReason.INVALID_DOCUMENTS, "تصویر خوانا نیست."))
    assert request.reject_text == "مدارک نامعتبر؛ تصویر خوانا نیست."
    (told,) = await database.read(lambda db: pushes(db, office.sara, "N5"))
    assert (
        "دلیل: مدارک نامعتبر؛\n│ تصویر خوانا نیست.\n└ کارشناس دانشگاه علوم پزشکی شیراز\nمی‌توانید" in told.text
    )
    assert labels(told) == ["ثبت دوباره"]


async def test_a_wrong_region_is_told_in_its_own_words(
    database: Database, office: Office, waiting: QualificationRequest
) -> None:
    def unit(db: Session) -> str:
        decisions.reject(
            db, actor=office.ali, request_id=waiting.id or 0, reason=RejectReason.WRONG_REGION, now=NOW
        )
        return pushes(db, office.sara, "N5")[0].text

    assert "به دلیل انتخاب نادرست استان یا شهر رد شد" in await database.run(unit)


# ── passing files on ─────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_file_is_given_to_another_expert_and_both_are_told(
    database: Database, office: Office, waiting: QualificationRequest, refused: Any
) -> None:
    held = await database.run(decide(office.ali, waiting, "claim"))

    def give(actor: Actor, to: int | None, version: int) -> Callable[[Session], Any]:
        return lambda db: QUALIFICATION_WORKFLOW.assign(
            db, actor=actor, request_id=waiting.id or 0, expert_id=to or 0, version=version, now=NOW
        )

    zahra = office.zahra.account_id
    assert isinstance(await refused(give(office.zahra, zahra, held.version)), AlreadyDecided)
    for nobody in (office.foreign.account_id, office.sara.account_id, 987):
        assert (await refused(give(office.head, nobody, held.version))).key == "error.not_expert_here"
    assert (await refused(give(office.head, office.ali.account_id, held.version))).key == "error.same_expert"
    request = await database.run(give(office.head, zahra, held.version))
    assert (request.state, request.reviewer_id) == (RequestState.IN_REVIEW, zahra)
    (lost,) = await database.read(lambda db: pushes(db, office.ali, "N22"))
    (got,) = await database.read(lambda db: pushes(db, office.zahra, "N22"))
    assert "به کارشناس دیگری" in lost.text
    assert "به شما" in got.text
    assert labels(got) == ["مشاهده"]
    assert type(await refused(give(office.staff, office.ali.account_id, held.version))) is not NotAllowed


async def test_staff_assign_anywhere_also_a_file_with_deficiencies(
    database: Database, office: Office, waiting: QualificationRequest
) -> None:
    def unit(db: Session) -> None:
        decide(office.ali, waiting, "defects")(db)
        request = QUALIFICATION_WORKFLOW.assign(
            db,
            actor=office.staff,
            request_id=waiting.id or 0,
            expert_id=office.zahra.account_id or 0,
            now=NOW,
        )
        assert (request.state, request.reviewer_id) == (RequestState.DEFICIENT, office.zahra.account_id)
        fixed = qualification.resolve(
            db, actor=office.sara, request_id=waiting.id or 0, answers={"father_name": "حسن"}, now=NOW
        )
        assert fixed.reviewer_id == office.zahra.account_id
        assert len(pushes(db, office.zahra, "N11")) == 1

    await database.run(unit)


async def test_a_suspended_expert_keeps_no_file(database: Database, office: Office) -> None:
    """Nobody else could decide it meanwhile."""

    def unit(db: Session) -> None:
        request = submitted(db, officer(db, "10000110", national_code="9991234570"))
        decide(office.ali, request, "claim")(db)
        accounts.suspend(
            db,
            actor=office.staff,
            account_id=office.ali.account_id or 0,
            reason="مرخصی طولانی",
            public_info=PublicInfo(support_contact="021", public_url="https://bot.example.ir"),
            now=NOW + timedelta(hours=2),
        )
        assert (request.state, request.reviewer_id) == (RequestState.SUBMITTED, None)

    await database.run(unit)


async def test_an_expert_who_leaves_gives_the_files_back(database: Database, office: Office) -> None:
    def unit(db: Session) -> None:
        held = [submitted(db, officer(db, f"1000001{n}", national_code=f"999123457{n}")) for n in range(3)]
        for request in held[:2]:
            decide(office.ali, request, "claim")(db)
        decide(office.ali, held[2], "defects")(db)
        db.exec(select(Grant).where(Grant.account_id == office.ali.account_id)).one().active = False
        db.flush()
        run_in_background = NOW + timedelta(hours=2)
        assert (
            QUALIFICATION_WORKFLOW.release_all(
                db, actor=office.staff, expert_id=office.ali.account_id or 0, now=run_in_background
            )
            == 2
        )
        for request in held[:2]:
            db.refresh(request)
            assert (request.state, request.reviewer_id) == (RequestState.SUBMITTED, None)
        assert len(pushes(db, office.zahra, "N10")) == 2
        assert "۲ پرونده" in pushes(db, office.zahra, "N10")[-1].text

    await database.run(unit)


async def test_experts_are_offered_by_their_load(
    database: Database, office: Office, waiting: QualificationRequest
) -> None:
    def unit(db: Session) -> None:
        expert(db, "20000005", "سپاهانی", university="mui")
        decide(office.ali, waiting, "claim")(db)
        every = review.experts_of(db, actor=office.head, university_code="sums")
        found = [(one.account.last_name, one.load) for one in every]
        assert found == [("زارعی", 0), ("مسئولی", 0), ("علوی", 1)]

    await database.run(unit)


# ── the timeline ─────────────────────────────────────────────────────────────────────────────────────────────────


async def test_the_officer_reads_roles_and_the_experts_read_names(
    database: Database, office: Office, waiting: QualificationRequest
) -> None:
    def unit(db: Session) -> None:
        held = decide(office.ali, waiting, "claim")(db)
        decide(office.ali, held, "defects")(db)
        qualification.resolve(
            db,
            actor=office.sara,
            request_id=waiting.id or 0,
            answers={},
            replies={"father_name": "همین درست است"},
            now=NOW,
        )
        lines = timeline.request_timeline(db, actor=office.sara, request_id=waiting.id or 0)
        assert [line.text for line in lines] == [
            "پیش‌نویس درخواست ساخته شد.",
            "درخواست ثبت نهایی و برای دانشگاه علوم پزشکی شیراز ارسال شد.",
            "کارشناس دانشگاه علوم پزشکی شیراز بررسی پرونده را آغاز کرد.",
            "کارشناس دانشگاه علوم پزشکی شیراز نواقص پرونده را اعلام کرد.",
            "نواقص را برطرف کردید.",
        ]
        assert lines[0].time == "۱۴۰۵/۰۹/۰۱ ساعت ۱۲:۳۰"
        seen = timeline.request_timeline(db, actor=office.zahra, request_id=waiting.id or 0)
        names = [line.text for line in seen]
        assert names[2:] == [
            "کارشناس علوی بررسی پرونده را آغاز کرد.",
            "کارشناس علوی نواقص پرونده را اعلام کرد.",
            "متقاضی نواقص را برطرف کرد.",
        ]

    await database.run(unit)


async def test_pushes_go_to_chats_where_there_are_any(
    database: Database, office: Office, waiting: QualificationRequest
) -> None:
    await database.run(decide(office.ali, waiting, "reject"))
    told = await database.read(lambda db: pushes(db, office.sara))
    assert {one.channel for one in told} == {PushChannel.CHAT}
