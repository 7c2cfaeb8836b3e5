"""Experts decide about a request: who may, two at once, what each decision says and does; on both databases."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session

from bot.core.context import Actor
from bot.core.refusals import AlreadyDecided, NotAllowed, Stale
from bot.services import qualification
from bot.services.qualification import decisions
from bot.services.qualification.requests import QUALIFICATION_WORKFLOW
from storage.database.database import Database
from storage.enums import PushChannel, RejectReason, RequestState, Role
from storage.tables import QualificationRequest
from tests.support.effects import alerts, events, labels, pushes
from tests.support.factories.people import MOBILE, Participants, end_role, officer, suspend
from tests.support.factories.qualification import submitted_request
from tests.support.factories.reference_data import NOW, PUBLIC_URL, tariff
from tests.support.services import act, meet_after_check, refused

DECISIONS: dict[str, tuple[Callable[..., QualificationRequest], dict[str, Any]]] = {
    "claim": (QUALIFICATION_WORKFLOW.claim, {}),
    "release": (QUALIFICATION_WORKFLOW.release, {}),
    "approve": (decisions.approve, {"public_url": PUBLIC_URL}),
    "reject": (decisions.reject, {"reason": RejectReason.INCORRECT_DATA}),
    "declare": (decisions.declare_deficiencies, {"items": ["father_name"]}),
}


def decide(
    db: Session, actor: Actor, request: QualificationRequest, name: str, version: int | None = None
) -> QualificationRequest:
    """Press a button of a screen that shows this version of the request; the newest unless one is given."""
    service, more = DECISIONS[name]
    version = request.version if version is None else version
    return act(db, service, actor, request, version=version, **more)


# ── who may decide ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", DECISIONS)
def test_only_experts_of_the_university_decide(db: Session, people: Participants, name: str) -> None:
    tariff(db, 500_000)
    waiting = submitted_request(db, people.sara)
    end_role(db, people.zahra)
    for actor in (
        people.foreign,
        people.sara,
        people.zahra,  # whose role was taken away
        Actor(people.sara.account_id, Role.EXPERT, "sums"),  # no such role
        Actor(people.foreign.account_id, Role.EXPERT, "sums"),  # a role at another university
        Actor(people.ali.account_id, Role.STAFF),
        Actor(people.ali.account_id, Role.DISTRIBUTOR),
    ):
        with refused(NotAllowed, db=db):
            decide(db, actor, waiting, name)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("claim", "claim"),
        ("claim", "approve"),
        ("approve", "reject"),
        ("declare", "approve"),
        ("reject", "declare"),
        ("reject", "claim"),
    ],
)
async def test_of_two_experts_one_wins_and_the_other_reads_who(
    database: Database, people: Participants, monkeypatch: pytest.MonkeyPatch, first: str, second: str
) -> None:
    """On PostgreSQL in the narrowest race there is: both transactions have read the file and found it free."""

    def prepare(db: Session) -> QualificationRequest:
        tariff(db, 500_000)
        return submitted_request(db, people.sara)

    waiting = await database.run(prepare)
    meet_after_check(database, monkeypatch)
    async with asyncio.timeout(90):
        results = await asyncio.gather(
            database.run(lambda db: decide(db, people.ali, waiting, first)),
            database.run(lambda db: decide(db, people.zahra, waiting, second)),
            return_exceptions=True,
        )
    (loser,) = [one for one in results if isinstance(one, BaseException)]
    assert type(loser) is AlreadyDecided, loser
    winner = "کارشناس زارعی" if isinstance(results[0], BaseException) else "کارشناس علوی"
    assert loser.args_of_text["by"] == winner
    assert loser.args_of_text["time"].startswith("۱۴۰۵/۰۹/۰۱ ساعت")

    def check_decided_once(db: Session) -> None:
        request = db.get_one(QualificationRequest, waiting.id)
        assert request.version == waiting.version + 1
        (last,) = events(db, request)[2:]
        assert last in ("claimed", "rejected", "deficiencies_declared", "approved")
        told = [one for one in pushes(db, people.sara) if one.kind != "N3"]
        assert len(told) == (request.state is not RequestState.IN_REVIEW)

    await database.read(check_decided_once)


def test_a_file_that_was_claimed_meanwhile(db: Session, people: Participants) -> None:
    """Old buttons decide nothing, and a colleague does not decide at all."""
    waiting = submitted_request(db, people.sara)
    seen = waiting.version
    decide(db, people.ali, waiting, "claim")
    with refused(Stale, db=db):  # the card still shows the queue
        decide(db, people.ali, waiting, "reject", seen)
    with refused(AlreadyDecided, "error.already_claimed", db=db):
        decide(db, people.zahra, waiting, "claim", seen)
    with refused(AlreadyDecided, "error.already_claimed", db=db):
        decide(db, people.zahra, waiting, "reject")


# ── decisions ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_approval_freezes_the_fee_and_sends_the_link(db: Session, people: Participants) -> None:
    tariff(db, 1_250_005)
    request = decide(db, people.ali, submitted_request(db, people.sara), "approve")
    assert request.state is RequestState.AWAITING_PAYMENT
    assert request.fee_rial == 1_250_005
    assert request.reviewer_id == people.ali.account_id
    assert request.pay_token is not None
    assert len(request.pay_token) == 32
    (told,) = pushes(db, people.sara, "N6")
    assert "۱٬۲۵۰٬۰۰۵ ریال (۱۲۵٬۰۰۰٫۵ تومان)" in told.text
    assert "فیلترشکن را خاموش کنید" in told.text
    assert told.buttons == [[{"label": "💳 پرداخت", "url": f"{PUBLIC_URL}/pay/{request.pay_token}"}]]
    assert told.channel is PushChannel.CHAT


def test_approval_at_no_charge_completes_at_once(db: Session, people: Participants) -> None:
    tariff(db, 0)
    request = decide(db, people.ali, submitted_request(db, people.sara), "approve")
    assert request.state is RequestState.COMPLETED
    assert request.pay_token is None
    assert qualification.is_qualified(db, people.sara.account_id)
    (told,) = pushes(db, people.sara, "N7")
    assert "پرداخت" not in told.text


def test_without_a_tariff_approval_alerts_staff(db: Session, people: Participants) -> None:
    waiting = submitted_request(db, people.sara)
    with refused("error.no_tariff", db=db) as caught:
        decide(db, people.ali, waiting, "approve")
    assert caught.refusal.after is not None
    caught.refusal.after(db)
    assert alerts(db) == ["no_tariff:NEW"]
    assert [one.kind for one in pushes(db, people.staff)] == ["alert"]


def test_deficiencies_name_something_that_can_be_fixed(db: Session, people: Participants) -> None:
    waiting = submitted_request(db, people.sara)
    for items, note, key in (
        ([], None, "error.nothing_declared"),
        ([], "کم", "error.nothing_declared"),
        (["province"], None, "error.not_tickable"),
        (["doc.unknown"], None, "error.not_tickable"),
        (["national_code"], "کد ملی نادرست است", "error.not_tickable"),
    ):
        with refused(key, db=db):
            act(db, decisions.declare_deficiencies, people.ali, waiting, items=items, note=note)


def test_a_rejection_has_a_reason(db: Session, people: Participants) -> None:
    waiting = submitted_request(db, people.sara)
    for reason, text in (
        (RejectReason.OTHER, None),
        (RejectReason.OTHER, "نه"),
        (RejectReason.WRONG_REGION, "نه"),
    ):
        with refused("error.short_reason", db=db):
            act(db, decisions.reject, people.ali, waiting, reason=reason, text=text)
    given = {"reason": RejectReason.INVALID_DOCUMENTS, "text": "تصویر خوانا نیست."}
    request = act(db, decisions.reject, people.ali, waiting, **given)
    assert request.reject_text == "مدارک نامعتبر؛ تصویر خوانا نیست."
    (told,) = pushes(db, people.sara, "N5")
    quoted = "دلیل: مدارک نامعتبر؛\n│ تصویر خوانا نیست.\n└ کارشناس دانشگاه علوم پزشکی شیراز\nمی‌توانید"
    assert quoted in told.text
    assert labels(told) == ["ثبت دوباره"]
    assert told.channel is PushChannel.CHAT


def test_an_officer_without_a_chat_gets_an_sms_of_the_rejection(db: Session, people: Participants) -> None:
    """A wrong region is told in its own words."""
    mina = officer(db, chat=False)
    for who in (people.sara, mina):
        act(db, decisions.reject, people.ali, submitted_request(db, who), reason=RejectReason.WRONG_REGION)
    assert "به دلیل انتخاب نادرست استان یا شهر رد شد" in pushes(db, people.sara, "N5")[0].text
    (told,) = pushes(db, mina)  # of the rejection; not of the submission
    assert (told.kind, told.channel, told.mobile) == ("N5", PushChannel.SMS, MOBILE)
    assert "telegram" not in told.key.lower()


# ── passing files on ─────────────────────────────────────────────────────────────────────────────────────────────


def test_a_file_is_given_to_another_expert_and_both_are_told(db: Session, people: Participants) -> None:
    waiting = submitted_request(db, people.sara)
    ali, zahra = people.ali.account_id, people.zahra.account_id
    decide(db, people.ali, waiting, "claim")
    seen = waiting.version

    def give(actor: Actor, to: int | None) -> QualificationRequest:
        return act(db, QUALIFICATION_WORKFLOW.assign, actor, waiting, expert_id=to, version=seen)

    with refused(AlreadyDecided, db=db):
        give(people.zahra, zahra)
    for other in (people.foreign.account_id, people.sara.account_id, 987):
        with refused("error.not_expert_here", db=db):
            give(people.in_charge, other)
    with refused("error.same_expert", db=db):
        give(people.in_charge, ali)
    request = give(people.in_charge, zahra)
    assert (request.state, request.reviewer_id) == (RequestState.IN_REVIEW, zahra)
    (lost,) = pushes(db, people.ali, "N22")
    (got,) = pushes(db, people.zahra, "N22")
    assert "به کارشناس دیگری" in lost.text
    assert "به شما" in got.text
    assert labels(got) == ["مشاهده"]
    with refused(db=db) as caught:
        give(people.staff, ali)
    assert type(caught.refusal) is not NotAllowed


def test_staff_assign_anywhere_also_a_file_with_deficiencies(db: Session, people: Participants) -> None:
    request, zahra = submitted_request(db, people.sara), people.zahra.account_id
    decide(db, people.ali, request, "declare")
    act(db, QUALIFICATION_WORKFLOW.assign, people.staff, request, expert_id=zahra)
    assert (request.state, request.reviewer_id) == (RequestState.DEFICIENT, zahra)
    act(db, qualification.resolve, people.sara, request, answers={"father_name": "حسن"})
    assert request.reviewer_id == zahra
    assert len(pushes(db, people.zahra, "N11")) == 1


def test_a_suspended_expert_keeps_no_file(db: Session, people: Participants) -> None:
    """Nobody else could decide it meanwhile."""
    request = submitted_request(db, people.sara)
    decide(db, people.ali, request, "claim")
    suspend(db, people.staff, people.ali, now=NOW + timedelta(hours=2))
    assert (request.state, request.reviewer_id) == (RequestState.SUBMITTED, None)


def test_an_expert_who_leaves_gives_the_files_back(db: Session, people: Participants) -> None:
    held = [submitted_request(db, officer(db)) for _ in range(3)]
    for request, name in zip(held, ("claim", "claim", "declare"), strict=True):
        decide(db, people.ali, request, name)
    end_role(db, people.ali)
    given = {"expert_id": people.ali.account_id, "now": NOW + timedelta(hours=2)}
    assert QUALIFICATION_WORKFLOW.release_all(db, actor=people.staff, **given) == 2
    for request in held[:2]:
        db.refresh(request)
        assert (request.state, request.reviewer_id) == (RequestState.SUBMITTED, None)
    told = pushes(db, people.zahra, "N10")
    assert len(told) == 2
    assert "۲ پرونده" in told[-1].text
