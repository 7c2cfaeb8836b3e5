"""Cooperation on both databases: choosing an officer, the two sides, the university, and who is told what."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, update
from sqlmodel import Session, col, select

from bot.core.context import SYSTEM, Actor, PublicInfo
from bot.core.refusals import AlreadyDecided, InvalidInput, NotAllowed, Stale, Throttled
from bot.jobs import schedule
from bot.rules.cooperation import CooperationAction
from bot.services import accounts, cooperation
from bot.services.cooperation import contracts
from bot.services.cooperation.requests import COOPERATION_WORKFLOW
from bot.services.distributors import branches
from bot.services.qualification import decisions
from bot.services.review import queue_notices
from bot.services.shared import eligibility
from storage.database.database import Database
from storage.enums import (
    AccountState,
    ContractState,
    CooperationState,
    Messenger,
    PushChannel,
    RequestKind,
    RequestState,
    Role,
)
from storage.tables import (
    Account,
    AuditEvent,
    Chat,
    CooperationRequest,
    Grant,
    QualificationRequest,
    Throttle,
)
from tests.support.cooperation_data import (
    KIAN_MOBILE,
    MINA,
    NOBODY,
    SARA,
    Centers,
    accepted,
    employed,
    open_centers,
    picked,
    qualified,
    refused,
)
from tests.support.qualification_data import NOW, URL, alerts, labels, pushes, submitted, tariff

S = CooperationState


@pytest.fixture
async def centers(database: Database) -> Centers:
    return await database.run(open_centers)


def pick(db: Session, actor: Actor, branch_id: int, code: str) -> CooperationRequest:
    return cooperation.pick(db, actor=actor, branch_id=branch_id, national_code=code, now=NOW)


# ── choosing ─────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_an_eligible_officer_is_asked_and_told_by_whom(database: Database, centers: Centers) -> None:
    def unit(db: Session) -> None:
        request = pick(db, centers.kian.boss, centers.kian.east, "۹۹۹۱۲۳۴۵۰۰")
        assert (request.state, request.account_id) == (S.PENDING_OFFICER, centers.sara.account_id)
        assert request.tracking_code == "140509010001"
        (told,) = pushes(db, centers.sara)
        assert told.text == "🤝 شرکت «کیان طب» شما را برای شعبه «شرق» به‌عنوان مسئول فنی انتخاب کرده است."
        assert told.buttons[0][0]["press"].startswith("1f|coop.view|")
        assert cooperation.count_new(db, actor=centers.sara) == 1

    await database.run(unit)


async def test_nobody_learns_who_is_registered_or_why_not(database: Database, centers: Centers) -> None:
    """One answer, after the same statements, for everybody who cannot be chosen (R25, R26)."""

    def unit(db: Session) -> None:
        employed(db, centers, centers.mina, firm=centers.arad)
        reserved = qualified(db, "10000103", "نرگس", "9991234535")
        accepted(db, centers, reserved, firm=centers.arad, branch=centers.arad.central)
        suspended = qualified(db, "10000104", "لیلا", "9991234543")
        db.get_one(Account, suspended.account_id).state = AccountState.SUSPENDED
        db.flush()
        answers = set()
        for code in ("9991234561", NOBODY, MINA, "9991234535", "9991234543"):
            statements: list[str] = []

            def deed(code: str = code, statements: list[str] = statements) -> None:
                with watching(db, statements):
                    pick(db, centers.kian.boss, centers.kian.east, code)

            refusal = refused(db, deed)
            answers.add((type(refusal), refusal.key, refusal.next_buttons, tuple(statements)))
        assert len(answers) == 1
        ((kind, key, *_),) = answers
        assert (kind, key) == (NotAllowed, "error.not_eligible")

    await database.run(unit)


@contextmanager
def watching(db: Session, statements: list[str]) -> Iterator[None]:
    """Note the statements of a session."""

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        statements.append(statement)

    event.listen(db.connection(), "before_cursor_execute", note)
    try:
        yield
    finally:
        event.remove(db.connection(), "before_cursor_execute", note)


async def test_a_mistyped_code_is_no_look_up(database: Database, centers: Centers) -> None:
    def unit(db: Session) -> None:
        refusal = refused(db, lambda: pick(db, centers.kian.boss, centers.kian.east, "9991234562"))
        assert (type(refusal), refusal.key) == (InvalidInput, "error.bad_national_code")
        assert refusal.after is None

    await database.run(unit)


async def test_twenty_look_ups_a_day_for_the_whole_distributor(database: Database, centers: Centers) -> None:
    def unit(db: Session) -> None:
        for n in range(20):
            who = centers.kian.boss if n % 2 else centers.kian.deputy
            refusal = refused(db, lambda who=who: pick(db, who, centers.kian.east, NOBODY))
            assert refusal.after is not None
            refusal.after(db)
        assert isinstance(
            refused(db, lambda: pick(db, centers.kian.boss, centers.kian.east, SARA)), Throttled
        )
        assert len(db.exec(select(Throttle)).all()) == 20
        pick(db, centers.arad.boss, centers.arad.east, SARA)  # another distributor is free
        request = cooperation.pick(
            db,
            actor=centers.kian.boss,
            branch_id=centers.kian.east,
            national_code=SARA,
            now=NOW + timedelta(days=1),
        )
        assert request.state is S.PENDING_OFFICER

    await database.run(unit)


async def test_one_open_request_a_branch(database: Database, centers: Centers) -> None:
    def unit(db: Session) -> None:
        request = picked(db, centers, centers.sara)
        for code in (MINA, NOBODY):
            refusal = refused(db, lambda code=code: pick(db, centers.kian.deputy, centers.kian.east, code))
            assert refusal.key == "error.branch_busy"
            assert refusal.after is None
        cooperation.withdraw(db, actor=centers.kian.deputy, request_id=request.id or 0, now=NOW)
        assert picked(db, centers, centers.mina).state is S.PENDING_OFFICER

    await database.run(unit)


async def test_only_a_manager_of_that_distributor_chooses(database: Database, centers: Centers) -> None:
    def unit(db: Session) -> None:
        kian = centers.kian
        strangers = [
            centers.arad.boss,
            centers.sara,
            centers.office.ali,
            centers.office.staff,
            Actor(kian.boss.account_id, Role.DISTRIBUTOR),
            Actor(centers.sara.account_id, Role.DISTRIBUTOR, distributor_id=kian.id),
        ]
        for actor in strangers:
            assert refused(db, lambda actor=actor: pick(db, actor, kian.east, SARA)).key == "error.not_yours"
        assert refused(db, lambda: pick(db, kian.boss, 987, SARA)).key == "error.not_yours"
        db.exec(update(Grant).where(col(Grant.account_id) == kian.boss.account_id).values(active=False))
        assert refused(db, lambda: pick(db, kian.boss, kian.east, SARA)).key == "error.not_yours"

    await database.run(unit)


async def test_several_distributors_may_wait_for_one_officer(database: Database, centers: Centers) -> None:
    """Q18: the first acceptance reserves, the approval closes the rest."""

    def unit(db: Session) -> None:
        first = picked(db, centers, centers.sara)
        second = picked(db, centers, centers.sara, firm=centers.arad)
        cooperation.accept(db, actor=centers.sara, request_id=first.id or 0, now=NOW)
        refusal = refused(
            db, lambda: cooperation.accept(db, actor=centers.sara, request_id=second.id or 0, now=NOW)
        )
        assert refusal.key == "error.accept_while_reserved"
        cooperation.approve(db, actor=centers.office.ali, request_id=first.id or 0, now=NOW)
        db.refresh(second)
        assert (second.state, second.closed_at) == (S.CLOSED, NOW)
        (told,) = pushes(db, centers.arad.boss, "N24")
        assert "مختومه شد؛ این مسئول فنی دیگر قابل انتخاب نیست" in told.text
        assert told.buttons[0][0]["press"].startswith("1f|dist.request|")

    await database.run(unit)


# ── the officer's answer ─────────────────────────────────────────────────────────────────────────────────────────


async def test_acceptance_reserves_and_goes_to_the_branchs_university(
    database: Database, centers: Centers
) -> None:
    """W6: the branch is in Shiraz, the officer was found qualified in Isfahan."""

    def unit(db: Session) -> None:
        request = accepted(db, centers, centers.sara)
        assert (request.state, request.university_code) == (S.PENDING_UNIVERSITY, "sums")
        assert eligibility.eligibility_of(db, centers.sara.account_id or 0).reserved
        for manager in (centers.kian.boss, centers.kian.deputy):
            (told,) = pushes(db, manager, "N14")
            assert told.text.startswith("✅ سارا نمونه درخواست همکاری با شعبه «شرق» را پذیرفت")
        (waits,) = pushes(db, centers.office.zahra, "N10")
        assert waits.text.startswith("📥 ۱ پرونده")
        assert waits.buttons[0][0]["press"].startswith("1f|desk.coop_file|")
        assert not pushes(db, centers.office.foreign)

    await database.run(unit)


async def test_queues_count_both_kinds_of_files(database: Database, centers: Centers) -> None:
    def unit(db: Session) -> None:
        submitted(db, centers.office.sara)
        request = picked(db, centers, centers.sara)
        soon = NOW + timedelta(minutes=5)
        cooperation.accept(db, actor=centers.sara, request_id=request.id or 0, now=soon)
        assert len(pushes(db, centers.office.ali, "N10")) == 1  # told within the hour
        run_in_background = NOW + timedelta(hours=2)
        assert queue_notices.follow_up(db, now=run_in_background) == 3
        told = pushes(db, centers.office.ali, "N10")[-1]
        assert told.text.startswith("📥 ۲ پرونده")
        assert labels(told) == ["مشاهده", "🤝 همکاری‌ها"]

    await database.run(unit)


async def test_a_university_without_experts_is_raised_with_staff(
    database: Database, centers: Centers
) -> None:
    def unit(db: Session) -> None:
        db.exec(update(Grant).where(col(Grant.university_code) == "sums").values(active=False))
        request = accepted(db, centers, centers.sara)
        assert alerts(db) == ["no-expert:sums"]
        cooperation.withdraw(db, actor=centers.kian.boss, request_id=request.id or 0, now=NOW)

    await database.run(unit)


@pytest.mark.parametrize("reason", [None, "  ", "محل کار دور است."])
async def test_a_rejection_returns_and_closes_the_file(
    database: Database, centers: Centers, reason: str | None
) -> None:
    """R41; the reason is optional."""

    def unit(db: Session) -> None:
        request = picked(db, centers, centers.sara)
        cooperation.reject(db, actor=centers.sara, request_id=request.id or 0, reason=reason, now=NOW)
        assert (request.state, request.closed_at) == (S.REJECTED_BY_OFFICER, NOW)
        (told,) = pushes(db, centers.kian.boss, "N15")
        assert ("دلیل:\n│ محل کار دور است.\n└ مسئول فنی\nپرونده" in told.text) == bool(
            reason and reason.strip()
        )
        assert "دلیل: ." not in told.text
        assert eligibility.eligibility_of(db, centers.sara.account_id or 0).eligible
        refusal = refused(
            db, lambda: cooperation.accept(db, actor=centers.sara, request_id=request.id or 0, now=NOW)
        )
        assert type(refusal) is Stale

    await database.run(unit)


async def test_an_acceptance_is_given_up_before_the_university_decides(
    database: Database, centers: Centers
) -> None:
    def unit(db: Session) -> None:
        request = accepted(db, centers, centers.sara)
        COOPERATION_WORKFLOW.claim(db, actor=centers.office.ali, request_id=request.id or 0, now=NOW)
        cooperation.give_up(db, actor=centers.sara, request_id=request.id or 0, now=NOW)
        assert request.state is S.REJECTED_BY_OFFICER
        assert eligibility.eligibility_of(db, centers.sara.account_id or 0).eligible
        assert "انصراف داد" in pushes(db, centers.kian.boss, "N15")[0].text
        refusal = refused(
            db, lambda: cooperation.approve(db, actor=centers.office.ali, request_id=request.id or 0, now=NOW)
        )
        assert type(refusal) is Stale

    await database.run(unit)


@pytest.mark.parametrize("after_acceptance", [False, True])
async def test_the_distributor_withdraws_in_either_state(
    database: Database, centers: Centers, after_acceptance: bool
) -> None:
    def unit(db: Session) -> None:
        request = (accepted if after_acceptance else picked)(db, centers, centers.sara)
        cooperation.withdraw(db, actor=centers.kian.deputy, request_id=request.id or 0, now=NOW)
        assert request.state is S.WITHDRAWN
        assert eligibility.eligibility_of(db, centers.sara.account_id or 0).eligible
        (told,) = pushes(db, centers.sara, "N24")
        assert told.text == "درخواست همکاری «کیان طب» برای شعبه «شرق» پس گرفته شد."

    await database.run(unit)


async def test_a_stale_acceptance_after_somebody_elses_approval(database: Database, centers: Centers) -> None:
    def unit(db: Session) -> None:
        late = picked(db, centers, centers.sara, firm=centers.arad)
        seen = late.version
        employed(db, centers, centers.sara)
        refusal = refused(
            db,
            lambda: cooperation.accept(
                db, actor=centers.sara, request_id=late.id or 0, version=seen, now=NOW
            ),
        )
        assert type(refusal) is Stale

    await database.run(unit)


# ── the university ───────────────────────────────────────────────────────────────────────────────────────────────


async def test_approval_makes_the_contract_and_tells_both_sides(database: Database, centers: Centers) -> None:
    def unit(db: Session) -> None:
        contract = employed(db, centers, centers.sara)
        assert (contract.branch_id, contract.state) == (centers.kian.east, ContractState.ACTIVE)
        facts = eligibility.eligibility_of(db, centers.sara.account_id or 0)
        assert (facts.employed, facts.reserved, facts.eligible) == (True, False, False)
        (officer,) = pushes(db, centers.sara, "N16")
        (manager,) = pushes(db, centers.kian.boss, "N16")
        assert officer.text.startswith("✅ دانشگاه همکاری شما با «کیان طب» (شعبه «شرق») را تأیید کرد.")
        assert officer.buttons[0][0]["press"].startswith("1f|centers|")
        assert manager.text.startswith("✅ همکاری سارا نمونه با شعبه «شرق»")
        assert manager.buttons[0][0]["press"].startswith("1f|dist.branch|")

    await database.run(unit)


async def test_an_occupied_branch_means_replacement(database: Database, centers: Centers) -> None:
    """Q46: the former contract ends with the approval, not before."""

    def unit(db: Session) -> None:
        former = employed(db, centers, centers.sara)
        request = accepted(db, centers, centers.mina)
        db.refresh(former)
        assert former.state is ContractState.ACTIVE
        card = cooperation.expert_card(db, actor=centers.office.ali, request_id=request.id or 0)
        assert card.replaces == ("سارا نمونه",)
        cooperation.approve(db, actor=centers.office.ali, request_id=request.id or 0, now=NOW)
        db.refresh(former)
        assert (former.state, former.ended_at) == (ContractState.ENDED_BY_DISTRIBUTOR, NOW)
        (told,) = pushes(db, centers.sara, "N18")
        assert told.text == "«کیان طب» به همکاری شما در شعبه «شرق» پایان داد و کد ملی شما آزاد شد."
        (line,) = [
            one
            for one in branches.list_branches(db, actor=centers.kian.boss).lines
            if one.branch.id == centers.kian.east
        ]
        assert [one.account.first_name for one in line.officers] == ["مینا"]
        assert eligibility.eligibility_of(db, centers.sara.account_id or 0).eligible

    await database.run(unit)


async def test_a_rejection_of_the_university_needs_a_reason_and_frees_the_officer(
    database: Database, centers: Centers
) -> None:
    def unit(db: Session) -> None:
        request = accepted(db, centers, centers.sara)
        deed: dict[str, Any] = {"actor": centers.office.ali, "request_id": request.id or 0, "now": NOW}
        for short in ("", "نه", "   a  "):
            refusal = refused(db, lambda short=short: cooperation.university_reject(db, **deed, reason=short))
            assert refusal.key == "error.short_reason"
        cooperation.university_reject(db, **deed, reason="شعبه خارج از حوزه است.")
        assert request.state is S.REJECTED_BY_UNIVERSITY
        for actor in (centers.sara, centers.kian.boss, centers.kian.deputy):
            (told,) = pushes(db, actor, "N17")
            assert told.text.endswith("دلیل:\n│ شعبه خارج از حوزه است.\n└ کارشناس")
        assert eligibility.eligibility_of(db, centers.sara.account_id or 0).eligible

    await database.run(unit)


async def test_two_experts_and_their_head(database: Database, centers: Centers) -> None:
    """Claim, release, assign and reassign as for qualification."""

    def unit(db: Session) -> None:
        office = centers.office
        request = accepted(db, centers, centers.sara)
        common: dict[str, Any] = {"request_id": request.id or 0, "now": NOW}
        assert cooperation.LISTS.queue(
            db, actor=office.zahra, now=NOW + timedelta(hours=3)
        ).oldest == timedelta(hours=3)
        COOPERATION_WORKFLOW.claim(db, actor=office.ali, version=1, **common)
        late = refused(db, lambda: cooperation.approve(db, actor=office.zahra, version=1, **common))
        assert (type(late), late.key) == (AlreadyDecided, "error.already_claimed")
        assert cooperation.LISTS.queue(db, actor=office.zahra, now=NOW).total == 0
        assert cooperation.LISTS.mine(db, actor=office.ali, now=NOW).total == 1
        (line,) = cooperation.LISTS.under_way(db, actor=office.head, now=NOW).lines
        assert line.reviewer is not None
        assert line.reviewer.last_name == "علوی"
        zahra = office.zahra.account_id or 0
        for nobody in (office.foreign.account_id or 0, centers.sara.account_id or 0, 987):
            refusal = refused(
                db,
                lambda nobody=nobody: COOPERATION_WORKFLOW.assign(
                    db, actor=office.head, expert_id=nobody, **common
                ),
            )
            assert refusal.key == "error.not_expert_here"
        COOPERATION_WORKFLOW.assign(db, actor=office.head, expert_id=zahra, **common)
        assert [one.kind for one in pushes(db, office.ali)].count("N22") == 1
        assert pushes(db, office.zahra, "N22")[0].buttons[0][0]["press"].startswith("1f|desk.coop_file|")
        COOPERATION_WORKFLOW.release(db, actor=office.head, **common)
        assert cooperation.LISTS.queue(db, actor=office.ali, now=NOW).total == 1
        cooperation.approve(db, actor=office.head, **common)
        late = refused(
            db, lambda: cooperation.university_reject(db, actor=office.ali, reason="دیر شد", **common)
        )
        assert (type(late), late.key) == (AlreadyDecided, "error.already_decided")
        assert cooperation.LISTS.under_way(db, actor=office.staff, now=NOW, university_code="sums").total == 0
        with pytest.raises(NotAllowed):
            cooperation.LISTS.under_way(db, actor=office.ali, now=NOW)
        with pytest.raises(NotAllowed):
            cooperation.LISTS.queue(db, actor=centers.kian.boss, now=NOW)

    await database.run(unit)


async def test_an_expert_who_leaves_gives_cooperation_files_back(
    database: Database, centers: Centers
) -> None:
    def unit(db: Session) -> None:
        request = accepted(db, centers, centers.sara)
        ali = centers.office.ali
        COOPERATION_WORKFLOW.claim(db, actor=ali, request_id=request.id or 0, now=NOW)
        grant = db.exec(select(Grant).where(Grant.account_id == ali.account_id)).one()
        accounts.deactivate(
            db,
            actor=centers.office.staff,
            account_id=ali.account_id or 0,
            grant_id=grant.id or 0,
            now=NOW + timedelta(hours=2),
        )
        db.refresh(request)
        assert (request.state, request.reviewer_id) == (S.PENDING_UNIVERSITY, None)
        assert len(pushes(db, centers.office.zahra, "N10")) == 2

    await database.run(unit)


async def test_somebody_on_either_side_is_no_expert_of_it(database: Database, centers: Centers) -> None:
    def unit(db: Session) -> None:
        request = accepted(db, centers, centers.sara)
        for account_id in (centers.sara.account_id, centers.kian.deputy.account_id):
            db.add(Grant(account_id=account_id or 0, role=Role.EXPERT, university_code="sums"))
            db.flush()
            actor = Actor(account_id, Role.EXPERT, "sums")
            refusal = refused(
                db,
                lambda actor=actor: cooperation.approve(db, actor=actor, request_id=request.id or 0, now=NOW),
            )
            assert refusal.key == "error.not_yours"

    await database.run(unit)


async def test_search_finds_what_reached_the_university(database: Database, centers: Centers) -> None:
    def unit(db: Session) -> None:
        picked(db, centers, centers.mina, firm=centers.arad)
        sent = accepted(db, centers, centers.sara)
        for typed in (sent.tracking_code, "۹۹۹۱۲۳۴۵۰۰"):
            (found,) = cooperation.LISTS.find(db, actor=centers.office.ali, code=typed)
            assert found.id == sent.id
        for actor, code in (
            (centers.office.ali, MINA),
            (centers.office.foreign, SARA),
            (centers.office.staff, NOBODY),
        ):
            with pytest.raises(InvalidInput) as nothing:
                cooperation.LISTS.find(db, actor=actor, code=code)
            assert nothing.value.key == "desk.not_found"
        assert len(cooperation.LISTS.find(db, actor=centers.office.staff, code=MINA)) == 1
        with pytest.raises(InvalidInput):
            cooperation.LISTS.find(db, actor=centers.office.ali, code="12")
        with pytest.raises(NotAllowed):
            cooperation.LISTS.find(db, actor=centers.kian.boss, code=SARA)

    await database.run(unit)


# ── cards and lists ──────────────────────────────────────────────────────────────────────────────────────────────


async def test_each_side_sees_its_own_card(database: Database, centers: Centers) -> None:
    def unit(db: Session) -> None:
        request = picked(db, centers, centers.sara)
        request_id = request.id or 0
        mine = cooperation.officer_card(db, actor=centers.sara, request_id=request_id)
        assert (mine.distributor.legal_id, mine.distributor.phone) == ("14009999995", "07132123456")
        assert mine.branch.address == "شیراز، بلوار نصر، پلاک 2"  # stored in ASCII
        assert mine.actions == {CooperationAction.ACCEPT, CooperationAction.REJECT}
        theirs = cooperation.distributor_card(db, actor=centers.kian.deputy, request_id=request_id)
        assert (theirs.officer_name, theirs.unreachable) == ("سارا نمونه", False)
        assert theirs.actions == {CooperationAction.WITHDRAW}
        for actor in (centers.office.ali, centers.office.head):
            with pytest.raises(NotAllowed):
                cooperation.expert_card(db, actor=actor, request_id=request_id)
        cooperation.accept(db, actor=centers.sara, request_id=request_id, now=NOW)
        card = cooperation.expert_card(db, actor=centers.office.ali, request_id=request_id)
        assert (card.officer_name, card.masked_code.strip("\u2066\u2069")) == ("سارا نمونه", "•••••••۵۰۰")
        assert (card.level, card.field) == ("کارشناسی", "مهندسی پزشکی")
        assert (card.qualified_by, card.qualified_at) == ("دانشگاه علوم پزشکی اصفهان", NOW)
        assert card.actions == {
            CooperationAction.CLAIM,
            CooperationAction.APPROVE,
            CooperationAction.UNIVERSITY_REJECT,
        }
        strangers = (centers.mina, centers.arad.boss, centers.office.foreign)
        for actor in strangers:
            for card_of in (
                cooperation.officer_card,
                cooperation.distributor_card,
                cooperation.expert_card,
            ):
                with pytest.raises(NotAllowed):
                    card_of(db, actor=actor, request_id=request_id)

    await database.run(unit)


async def test_the_card_names_who_found_the_officer_qualified(database: Database, centers: Centers) -> None:
    def unit(db: Session) -> None:
        db.add(
            QualificationRequest(
                account_id=centers.sara.account_id or 0,
                kind=RequestKind.NEW,
                state=RequestState.COMPLETED,
                university_code="tums",
                closed_at=NOW - timedelta(days=9),
            )
        )
        db.flush()
        request = accepted(db, centers, centers.sara)
        card = cooperation.expert_card(db, actor=centers.office.ali, request_id=request.id or 0)
        assert (card.qualified_by, card.qualified_at) == (
            "دانشگاه علوم پزشکی تهران",
            NOW - timedelta(days=9),
        )

    await database.run(unit)


async def test_lists_of_both_sides(database: Database, centers: Centers) -> None:
    def unit(db: Session) -> None:
        first = picked(db, centers, centers.sara)
        cooperation.reject(db, actor=centers.sara, request_id=first.id or 0, now=NOW)
        second = picked(db, centers, centers.sara)
        third = picked(db, centers, centers.sara, firm=centers.arad)
        new = cooperation.new_for_officer(db, actor=centers.sara, limit=1)
        assert (new.total, [line.request.id for line in new.lines]) == (2, [second.id])
        archive = cooperation.archive_for_officer(db, actor=centers.sara, offset=1, limit=2)
        assert (archive.total, [line.request.id for line in archive.lines]) == (3, [second.id, first.id])
        mine = cooperation.for_distributor(db, actor=centers.kian.deputy)
        assert [line.request.id for line in mine.lines] == [second.id, first.id]
        opened = cooperation.for_distributor(db, actor=centers.arad.boss, open_only=True)
        assert [line.request.id for line in opened.lines] == [third.id]
        central = cooperation.for_distributor(db, actor=centers.kian.boss, branch_id=centers.kian.central)
        assert central.total == 0
        with pytest.raises(NotAllowed):
            cooperation.for_distributor(db, actor=centers.sara)
        with pytest.raises(NotAllowed):
            cooperation.new_for_officer(db, actor=centers.kian.boss)

    await database.run(unit)


async def test_the_timeline_names_roles_to_the_sides_and_people_to_experts(
    database: Database, centers: Centers
) -> None:
    def unit(db: Session) -> None:
        contract = employed(db, centers, centers.sara)
        lines = cooperation.cooperation_timeline(
            db, actor=centers.sara, request_id=contract.cooperation_id or 0
        )
        assert [line.text for line in lines] == [
            "کیان طب درخواست همکاری داد.",
            "مسئول فنی درخواست را پذیرفت و پرونده برای دانشگاه علوم پزشکی شیراز ارسال شد.",
            "کارشناس دانشگاه علوم پزشکی شیراز همکاری را تأیید کرد.",
        ]
        expert = centers.office.zahra
        names = cooperation.cooperation_timeline(db, actor=expert, request_id=contract.cooperation_id or 0)
        assert names[-1].text == "کارشناس علوی همکاری را تأیید کرد."

    await database.run(unit)


# ── no live chat ─────────────────────────────────────────────────────────────────────────────────────────────────


async def test_whoever_has_no_live_chat_gets_an_sms(database: Database, centers: Centers) -> None:
    """docs/specification.md 2.8 for N13, N16, N17, N18: a migrated officer who has not logged in."""

    def unit(db: Session) -> None:
        far = qualified(db, "10000105", "زیبا", "9991234551", chat=False)
        request = picked(db, centers, far)
        (sms,) = pushes(db, far)
        assert (sms.kind, sms.channel) == ("N13", PushChannel.SMS)
        assert not sms.text.endswith(".")
        view = branches.view_branch(db, actor=centers.kian.boss, branch_id=centers.kian.east)
        assert view.unreachable
        assert cooperation.distributor_card(
            db, actor=centers.kian.boss, request_id=request.id or 0
        ).unreachable
        chat = Chat(messenger=Messenger.BALE, chat_id=5, account_id=far.account_id)
        db.add(chat)
        db.flush()
        assert not branches.view_branch(db, actor=centers.kian.boss, branch_id=centers.kian.east).unreachable
        cooperation.accept(db, actor=far, request_id=request.id or 0, now=NOW)
        chat.dead = True
        db.flush()
        cooperation.approve(db, actor=centers.office.ali, request_id=request.id or 0, now=NOW)
        contract = contracts.active(db, far.account_id or 0)
        assert contract is not None
        contracts.free(db, actor=centers.kian.boss, contract_id=contract.id or 0, now=NOW)
        kinds = [(one.kind, one.channel) for one in pushes(db, far)]
        assert kinds == [("N13", PushChannel.SMS), ("N16", PushChannel.SMS), ("N18", PushChannel.SMS)]

    await database.run(unit)


async def test_managers_without_a_chat_get_an_sms_of_the_decision(
    database: Database, centers: Centers
) -> None:
    def unit(db: Session) -> None:
        for chat in db.exec(select(Chat).where(Chat.account_id == centers.kian.deputy.account_id)):
            chat.dead = True
        db.flush()
        request = accepted(db, centers, centers.sara)
        cooperation.university_reject(
            db, actor=centers.office.ali, request_id=request.id or 0, reason="خارج از حوزه", now=NOW
        )
        assert [one.channel for one in pushes(db, centers.kian.boss, "N17")] == [PushChannel.CHAT]
        (sms,) = pushes(db, centers.kian.deputy)
        assert (sms.kind, sms.channel, sms.mobile) == ("N17", PushChannel.SMS, KIAN_MOBILE)

    await database.run(unit)


# ── suspension, the clock, amendments ────────────────────────────────────────────────────────────────────────────


def suspend(db: Session, centers: Centers, officer: Actor, **how: Any) -> None:
    accounts.suspend(
        db,
        actor=centers.office.staff,
        account_id=officer.account_id or 0,
        reason="به درخواست اداره کل",
        public_info=PublicInfo("021", "https://x"),
        now=NOW,
        **how,
    )


async def test_suspension_closes_what_is_pending_and_keeps_the_contract(
    database: Database, centers: Centers
) -> None:
    def unit(db: Session) -> None:
        one = picked(db, centers, centers.sara, firm=centers.arad)
        other = accepted(db, centers, centers.sara)
        suspend(db, centers, centers.sara)
        for request in (one, other):
            db.refresh(request)
            assert request.state is S.CLOSED
        assert len(pushes(db, centers.arad.boss, "N24")) == 1
        contract = employed(db, centers, centers.mina)
        suspend(db, centers, centers.mina)
        db.refresh(contract)
        assert contract.state is ContractState.ACTIVE
        (told,) = pushes(db, centers.kian.boss, "N21")
        assert "به درخواست اداره کل" not in told.text  # the reason is not the distributor's
        accounts.lift(
            db,
            actor=centers.office.staff,
            account_id=centers.mina.account_id or 0,
            reason="رفع مانع شد",
            now=NOW,
        )
        assert "دوباره فعال شد" in pushes(db, centers.kian.boss, "N21")[1].text

    await database.run(unit)


async def test_death_ends_the_contract(database: Database, centers: Centers) -> None:
    def unit(db: Session) -> None:
        contract = employed(db, centers, centers.sara)
        suspend(db, centers, centers.sara, death=True)
        db.refresh(contract)
        assert contract.state is ContractState.ENDED_BY_DEATH
        assert "به دلیل فوت پایان یافت" in pushes(db, centers.kian.boss, "N21")[0].text
        assert not pushes(db, centers.sara, "N18")

    await database.run(unit)


async def test_a_suspended_officer_answers_nothing(database: Database, centers: Centers) -> None:
    def unit(db: Session) -> None:
        request = picked(db, centers, centers.sara)
        db.get_one(Account, centers.sara.account_id).state = AccountState.SUSPENDED
        db.flush()
        for deed in (cooperation.accept, cooperation.reject):
            refusal = refused(
                db, lambda deed=deed: deed(db, actor=centers.sara, request_id=request.id or 0, now=NOW)
            )
            assert refusal.key == "error.not_yours"
        card = cooperation.officer_card(db, actor=centers.sara, request_id=request.id or 0)
        assert card.actions == frozenset()

    await database.run(unit)


async def test_reminders_of_unanswered_requests_and_late_files(database: Database, centers: Centers) -> None:
    """N20 after 3, 7 and 30 days to the officer; after 10 to the reviewer or the queue's experts."""

    def unit(db: Session) -> None:
        asked = picked(db, centers, centers.sara, firm=centers.arad)
        held = accepted(db, centers, centers.mina)
        for days in (2, 3, 4, 7, 30, 40):
            schedule.send_reminders(db, now=NOW + timedelta(days=days))
        told = pushes(db, centers.sara, "N20")
        assert len(told) == 3
        assert "در انتظار پاسخ شما" in told[0].text
        assert told[0].buttons[0][0]["press"].startswith("1f|coop.view|")
        assert asked.state is S.PENDING_OFFICER
        late = pushes(db, centers.office.ali, "N20")
        assert [one.buttons[0][0]["press"].split("|")[1] for one in late] == ["desk.coop_file"] * 2
        COOPERATION_WORKFLOW.claim(
            db, actor=centers.office.zahra, request_id=held.id or 0, now=NOW + timedelta(days=41)
        )
        schedule.send_reminders(db, now=NOW + timedelta(days=52))
        assert "در انتظار بررسی دانشگاه" in pushes(db, centers.office.zahra, "N20")[-1].text
        assert len(pushes(db, centers.office.ali, "N20")) == 2

    await database.run(unit)


async def test_an_officer_with_an_amendment_under_way_stays_selectable(
    database: Database, centers: Centers
) -> None:
    """Q2."""

    def unit(db: Session) -> None:
        db.add(
            QualificationRequest(
                account_id=centers.sara.account_id or 0,
                kind=RequestKind.AMENDMENT,
                state=RequestState.SUBMITTED,
                university_code="mui",
            )
        )
        db.flush()
        assert picked(db, centers, centers.sara).state is S.PENDING_OFFICER

    await database.run(unit)


async def test_qualification_through_the_bot_makes_eligible(database: Database, centers: Centers) -> None:
    """J7: refused before qualification, accepted after."""

    def unit(db: Session) -> None:
        office = centers.office
        sara = "9991234561"
        refused(db, lambda: pick(db, centers.kian.boss, centers.kian.east, sara))
        request = submitted(db, office.sara)
        tariff(db, 0)
        decisions.approve(db, actor=office.ali, request_id=request.id or 0, public_url=URL, now=NOW)
        assert pick(db, centers.kian.boss, centers.kian.east, sara).state is S.PENDING_OFFICER

    await database.run(unit)


# ── what came with the old system ────────────────────────────────────────────────────────────────────────────────


async def test_migrated_officers_may_share_the_central_branch(database: Database, centers: Centers) -> None:
    """R53: no problem for them; the limit of one binds new approvals."""

    def unit(db: Session) -> None:
        central = centers.kian.central
        for officer in (centers.sara, centers.mina):
            for _ in range(2):
                contract = contracts.add_migrated(
                    db,
                    actor=SYSTEM,
                    account_id=officer.account_id or 0,
                    distributor_id=centers.kian.id,
                    now=NOW,
                )
                assert (contract.branch_id, contract.migrated) == (central, True)
        assert len(contracts.at_branch(db, central)) == 2
        third = qualified(db, "10000106", "نسرین", "9991234578")
        request = accepted(db, centers, third, branch=central)
        cooperation.approve(db, actor=centers.office.ali, request_id=request.id or 0, now=NOW)
        (now_there,) = contracts.at_branch(db, central)
        assert now_there.account_id == third.account_id
        assert len(pushes(db, centers.sara, "N18")) == len(pushes(db, centers.mina, "N18")) == 1
        refusal = refused(
            db,
            lambda: contracts.add_migrated(
                db,
                actor=SYSTEM,
                account_id=third.account_id or 0,
                distributor_id=centers.arad.id,
                now=NOW,
            ),
        )
        assert refusal.key == "error.officer_not_free"
        with pytest.raises(NotAllowed):
            contracts.add_migrated(
                db,
                actor=centers.kian.boss,
                account_id=centers.sara.account_id or 0,
                distributor_id=centers.kian.id,
                now=NOW,
            )

    await database.run(unit)


async def test_a_migrated_contract_implies_qualification(database: Database, centers: Centers) -> None:
    def unit(db: Session) -> None:
        account_id = centers.office.sara.account_id or 0
        assert not eligibility.is_qualified(db, account_id)
        contract = contracts.add_migrated(
            db, actor=SYSTEM, account_id=account_id, distributor_id=centers.kian.id, now=NOW
        )
        assert eligibility.is_qualified(db, account_id)
        contracts.free(db, actor=centers.kian.boss, contract_id=contract.id or 0, now=NOW)
        assert eligibility.eligibility_of(db, account_id).eligible

    await database.run(unit)


async def test_the_record_names_no_national_code(database: Database, centers: Centers) -> None:
    def unit(db: Session) -> None:
        employed(db, centers, centers.sara)
        assert not [one for one in db.exec(select(AuditEvent)) if SARA in str(one.data)]

    await database.run(unit)
