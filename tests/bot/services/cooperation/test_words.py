"""Who is told of each step of a cooperation, word for word; what each side lists and reads: rows that differ in one thing."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, col, select

from bot.core.context import Actor
from bot.core.refusals import InvalidInput, NotAllowed, Stale
from bot.rules.cooperation import CooperationAction
from bot.services import cooperation
from bot.services.cooperation import closing, contract_steps, contracts, lists, termination, views
from bot.services.cooperation.requests import COOPERATION_WORKFLOW
from bot.services.distributors import registry
from bot.services.review.worklists import ListName
from bot.texts import BIDI_MARKS
from storage.enums import (
    AccountState,
    ContractState,
    CooperationState,
    PushChannel,
    RequestKind,
    RequestState,
    TerminationState,
)
from storage.tables import (
    Account,
    AuditEvent,
    Chat,
    Contract,
    CooperationRequest,
    Distributor,
    Officer,
    Push,
    Termination,
)
from tests.support.effects import alerts, codes
from tests.support.factories.cooperation import (
    Parties,
    accepted_request,
    active_contract,
    cooperation_request,
)
from tests.support.factories.distributors import branch
from tests.support.factories.people import end_role, officer
from tests.support.factories.qualification import add_request
from tests.support.factories.reference_data import NOW
from tests.support.services import act, refused

#: What is written and asked for does not depend on the database.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
#: Text, what the button opens, what an SMS would say.
Told = tuple[str, str, str]


class News:
    """What was written since it was last looked at, by kind and to whom; experts' notices of waiting files apart."""

    def __init__(self, db: Session, parties: Parties) -> None:
        self.db, self.last = db, 0
        people = {"sara": parties.sara, "mina": parties.mina, "ali": parties.ali, "staff": parties.staff}
        people |= {"manager": parties.kian.manager, "deputy": parties.kian.deputy}
        people |= {"arad": parties.arad.manager, "arad's deputy": parties.arad.deputy}
        self.names = {one.account_id: name for name, one in people.items()}
        self.of()

    def of(self) -> dict[str, Told]:
        found = {}
        query = select(Push).where(col(Push.id) > self.last).order_by(col(Push.id))
        for push in self.db.exec(query).all():
            self.last = push.id or 0
            if push.kind == "N10":
                continue
            to = self.names.get(push.account_id, "") if push.channel is PushChannel.CHAT else "SMS"
            opens = push.buttons[0][0]["press"].split("|", 1)[1].rstrip("|") if push.buttons else ""
            sentence = BIDI_MARKS.sub("", push.sms.get("sentence", ""))
            found[f"{push.kind} {to}"] = BIDI_MARKS.sub("", push.text), opens, sentence
        return found


def to_managers(kind: str, told: Told, names: tuple[str, ...] = ("manager", "deputy")) -> dict[str, Told]:
    return {f"{kind} {name}": told for name in names}


def test_each_step_is_told_to_the_other_side(db: Session, parties: Parties) -> None:
    news, kian, sara, ali = News(db, parties), parties.kian, parties.sara, parties.ali
    request = cooperation_request(db, kian, sara)
    see = f"dist.request|{request.id}"
    asked = "شرکت «کیان طب» شما را برای شعبه «شرق» به‌عنوان مسئول فنی انتخاب کرده است"
    assert news.of() == {
        "N13 sara": (
            f"🤝 {asked}. لطفاً درخواست را ببینید و بپذیرید یا رد کنید.",
            f"coop.view|{request.id}",
            asked,
        )
    }
    act(db, cooperation.accept, sara, request)
    accepted = "✅ سارا نمونه درخواست همکاری با شعبه «شرق» را پذیرفت و درخواست برای بررسی به دانشگاه علوم پزشکی شیراز رسید."
    assert news.of() == to_managers("N14", (accepted, see, ""))
    act(db, cooperation.approve, ali, request)
    approved = "همکاری سارا نمونه با شعبه «شرق» به تأیید دانشگاه رسید و از امروز فعال است"
    own = "دانشگاه همکاری شما با «کیان طب» (شعبه «شرق») را تأیید کرد"
    assert news.of() == to_managers("N16", (f"✅ {approved}.", f"dist.branch|{kian.east}", approved)) | {
        "N16 sara": (f"✅ {own}. این همکاری از امروز فعال است.", "centers", own)
    }
    contract = contracts.active(db, sara.account_id or 0)
    assert contract is not None
    contracts.free(db, actor=kian.manager, contract_id=contract.id or 0, now=NOW)
    freed = "«کیان طب» به همکاری شما در شعبه «شرق» پایان داد"
    assert news.of() == {
        "N18 sara": (
            f"{freed}. کد ملی شما آزاد شد و مراکز دیگر می‌توانند شما را انتخاب کنند.",
            "centers",
            f"{freed} و کد ملی شما آزاد شد",
        )
    }


@pytest.mark.parametrize("accepted", [False, True])
@pytest.mark.parametrize("reason", [None, " . ", "راه دور است."])
def test_an_officer_who_does_not_want_it(
    db: Session, parties: Parties, accepted: bool, reason: str | None
) -> None:
    make = accepted_request if accepted else cooperation_request
    request = make(db, parties.kian, parties.sara)
    news = News(db, parties)
    service = cooperation.give_up if accepted else cooperation.reject
    act(db, service, parties.sara, request, reason=reason)
    what = "از همکاری با شعبه «شرق» انصراف داد" if accepted else "درخواست همکاری با شعبه «شرق» را نپذیرفت"
    if reason == "راه دور است.":
        text = f"❌ سارا نمونه {what}. دلیل:\n│ راه دور است.\n└ مسئول فنی\nاین درخواست بسته شد."
    else:
        text = f"❌ سارا نمونه {what} و این درخواست بسته شد."
    assert news.of() == to_managers("N15", (text, f"dist.request|{request.id}", ""))
    assert request.officer_reason == ((reason or "").strip() or None)


def test_a_request_that_ends_without_the_officer(db: Session, parties: Parties) -> None:
    news, kian, sara = News(db, parties), parties.kian, parties.sara
    request = cooperation_request(db, kian, sara)
    news.of()
    act(db, cooperation.withdraw, kian.manager, request)
    withdrawn = "درخواست همکاری «کیان طب» برای شعبه «شرق» پس گرفته شد."
    assert news.of() == {"N24 sara": (withdrawn, f"coop.view|{request.id}", "")}
    request = accepted_request(db, kian, sara)
    news.of()
    act(db, cooperation.university_reject, parties.ali, request, reason=" مدارک کامل نیست ")
    said = "\n│ مدارک کامل نیست\n└ کارشناس"
    to_both = "دانشگاه درخواست همکاری سارا نمونه با شعبه «شرق» را رد کرد"
    own = "دانشگاه همکاری شما با «کیان طب» (شعبه «شرق») را رد کرد"
    assert news.of() == to_managers(
        "N17", (f"❌ {to_both}. دلیل:{said}", f"dist.request|{request.id}", to_both)
    ) | {"N17 sara": (f"❌ {own}. دلیل:{said}", f"coop.view|{request.id}", own)}
    assert request.reject_text == "مدارک کامل نیست"


def test_reasons_have_their_length(db: Session, parties: Parties) -> None:
    request = cooperation_request(db, parties.kian, parties.sara)
    with refused("error.long_text", db=db):
        act(db, cooperation.reject, parties.sara, request, reason="آ" * 501)
    act(db, cooperation.accept, parties.sara, request)
    for reason, key in ((" چهار ", "error.short_reason"), ("آ" * 501, "error.long_text")):
        with refused(key, db=db):
            act(db, cooperation.university_reject, parties.ali, request, reason=reason)
    assert act(db, cooperation.university_reject, parties.ali, request, reason="آ" * 500).closed_at == NOW
    for reason in ("آ" * 9, "آ" * 501):
        with refused(InvalidInput):
            termination.checked_reason(reason)
    assert [len(termination.checked_reason("آ" * number)) for number in (10, 500)] == [10, 500]


def test_what_a_suspension_means_for_a_contract(db: Session, parties: Parties) -> None:
    sara = db.get_one(Account, parties.sara.account_id)
    contract = active_contract(db, parties.kian, parties.sara, parties.ali)
    waiting = cooperation_request(db, parties.arad, parties.mina)
    news = News(db, parties)
    branch = f"dist.branch|{parties.kian.east}"

    def told(text: str) -> dict[str, Told]:
        return to_managers("N21", (text, branch, ""))

    closing.officer_suspended(db, account=sara, dead=False, now=NOW)
    suspended = "حساب سارا نمونه، مسئول فنی شعبه «شرق»، غیرفعال شده است. همکاری او با شما پابرجاست."
    assert (news.of(), contract.state) == (told(suspended), ContractState.ACTIVE)
    closing.officer_restored(db, account=sara, now=NOW)
    restored = "حساب سارا نمونه، مسئول فنی شعبه «شرق»، دوباره فعال شد."
    assert news.of() == told(restored)
    closing.officer_suspended(db, account=sara, dead=True, now=NOW)
    dead = "همکاری سارا نمونه با شعبه «شرق» به دلیل فوت پایان یافت. لطفاً مسئول فنی جدید معرفی کنید."
    assert (news.of(), contract.state) == (told(dead), ContractState.ENDED_BY_DEATH)
    closing.officer_suspended(db, account=sara, dead=True, now=NOW)
    closing.officer_restored(db, account=sara, now=NOW)
    assert closing.officer_unqualified(db, account=sara, reason="x", now=NOW) is None
    assert news.of() == {}, "who has no contract has no employer to be told"
    mina = db.get_one(Account, parties.mina.account_id)
    assert closing.close_pending(db, account_id=mina.id or 0, except_id=waiting.id, now=NOW) == []
    closing.officer_suspended(db, account=mina, dead=False, now=NOW)
    closed = "درخواست همکاری با مینا نمونه برای شعبه «شرق» بسته شد؛ این مسئول فنی دیگر قابل انتخاب نیست."
    assert news.of() == to_managers(
        "N24", (closed, f"dist.request|{waiting.id}", ""), ("arad", "arad's deputy")
    )
    assert waiting.closed_at == NOW


def test_a_qualification_that_ends(db: Session, parties: Parties) -> None:
    contract = active_contract(db, parties.kian, parties.sara, parties.ali)
    news, sara = News(db, parties), db.get_one(Account, parties.sara.account_id)
    assert closing.officer_unqualified(db, account=sara, reason="جعلی", now=NOW) == contract
    short = "صلاحیت سارا نمونه، مسئول فنی شعبه «شرق»، ابطال شد و همکاری او پایان یافت"
    text = f"⛔️ {short}. لطفاً مسئول فنی جدید معرفی کنید."
    assert news.of() == to_managers("N29", (text, f"dist.branch|{parties.kian.east}", short))
    assert (contract.state, contract.ended_at) == (ContractState.ENDED_BY_REVOCATION, NOW)
    line = db.exec(select(AuditEvent).where(AuditEvent.event == "ended_by_revocation")).one()
    assert (line.subject, line.subject_id, line.data["reason"]) == ("contract", contract.id, "جعلی")


# ── the officer ends it ──────────────────────────────────────────────────────────────────────────────────────────

REASON = "محل کار بسیار دور است"


def drafted(db: Session, actor: Actor, contract: Contract, reason: str = REASON) -> Termination:
    return termination.draft(db, actor=actor, contract_id=contract.id or 0, reason=reason, now=NOW)


def test_who_hears_that_an_officer_left(db: Session, parties: Parties) -> None:
    contract = active_contract(db, parties.kian, parties.sara, parties.ali)
    draft = drafted(db, parties.sara, contract)
    news = News(db, parties)
    act_on = {"termination_id": draft.id or 0, "version": draft.version, "now": NOW}
    termination.finalise(db, actor=parties.sara, **act_on)
    assert news.of() == to_managers(
        "N19",
        (
            "سارا نمونه به همکاری خود با شعبه «شرق» پایان داد. لطفاً مسئول فنی جدید معرفی کنید.",
            f"dist.pick|{parties.kian.east}",
            "",
        ),
    ) | {
        "N19 SMS": (
            "مدیریت محترم کیان طب؛ سارا نمونه، مسئول فنی شعبه شرق، در تاریخ ۱۴۰۵/۰۹/۰۱ به همکاری خود پایان داد."
            " لطفاً مسئول فنی جدید معرفی فرمایید.",
            "",
            "",
        ),
        "N19 sara": (
            "✅ قطع همکاری با «کیان طب» نهایی شد و نام شما از اطلاعات این مرکز حذف شد.",
            f"term.confirm|{draft.id}",
            "",
        ),
    }
    sms = db.exec(select(Push).where(Push.channel == PushChannel.SMS)).one()
    assert (sms.mobile, sms.sms["template"]) == ("+989120000001", "termination")
    assert [BIDI_MARKS.sub("", one) for one in sms.sms["tokens"]] == [
        "۱۴۰۵/۰۹/۰۱",
        "سارا نمونه",
        "کیان طب",
        "شرق",
    ]
    assert (draft.state, draft.closed_at, contract.state) == (
        TerminationState.FINALIZED,
        NOW,
        ContractState.ENDED_BY_OFFICER,
    )
    with refused(Stale, db=db):
        termination.finalise(db, actor=parties.sara, **act_on)


def test_the_chat_in_which_it_was_done_shows_it_itself(db: Session, parties: Parties) -> None:
    contract = active_contract(db, parties.kian, parties.sara, parties.ali)
    draft = drafted(db, parties.sara, contract)
    chat = db.exec(select(Chat).where(Chat.account_id == parties.sara.account_id)).one()
    here = Actor(parties.sara.account_id, parties.sara.role, chat_row_id=chat.id)
    news = News(db, parties)
    termination.finalise(db, actor=here, termination_id=draft.id or 0, now=NOW)
    assert sorted(news.of()) == ["N19 SMS", "N19 deputy", "N19 manager"]


def test_an_sms_that_was_owed_goes_out_with_the_mobile(db: Session, parties: Parties) -> None:
    """To the company of this contract alone; staff are told until then."""
    ended = []
    for who, company in ((parties.sara, parties.kian), (parties.mina, parties.arad)):
        db.get_one(Distributor, company.id).manager_mobile = None
        contract = active_contract(db, company, who, parties.ali)
        draft = drafted(db, who, contract)
        termination.finalise(db, actor=who, termination_id=draft.id or 0, now=NOW - DAY)
        ended.append(draft)
    keys = [f"no-manager-mobile:{one.id}" for one in ended]
    found = [key for key in alerts(db) if not key.startswith("no-expert")]
    assert [key.partition(":")[2] for key in found] == [key.partition(":")[2] for key in keys]
    registry.edit_distributor(
        db,
        actor=parties.staff,
        distributor_id=parties.kian.id,
        manager_mobile="09121112233",
        now=NOW,
    )
    assert [key for key in alerts(db) if not key.startswith("no-expert")] == found[1:]
    [sms] = db.exec(select(Push).where(Push.channel == PushChannel.SMS)).all()
    assert sms.mobile == "+989121112233"
    assert "۱۴۰۵/۰۸/۳۰" in BIDI_MARKS.sub("", sms.text), "the day on which it ended"


def test_a_draft_of_a_termination(db: Session, parties: Parties) -> None:
    contract = active_contract(db, parties.kian, parties.sara, parties.ali)
    draft = drafted(db, parties.sara, contract)
    assert (draft.reason, draft.state, draft.created_at) == (REASON, TerminationState.DRAFT, NOW)
    again = drafted(db, parties.sara, contract, f"{REASON}.")
    assert (again.id, again.reason, again.version) == (draft.id, f"{REASON}.", 1)
    for actor in (parties.mina, parties.kian.manager):
        with refused(NotAllowed, db=db):
            drafted(db, actor, contract)
    for actor, given, refusal in (
        (parties.sara, {"version": 0}, Stale),
        (parties.sara, {"termination_id": 999}, Stale),
        (parties.mina, {}, NotAllowed),
    ):
        for service in (termination.finalise, termination.cancel):
            with refused(refusal, db=db):
                service(db, actor=actor, **{"termination_id": draft.id or 0, "now": NOW} | given)  # type: ignore[arg-type]
    termination.cancel(db, actor=parties.sara, termination_id=draft.id or 0, version=1, now=NOW)
    assert (draft.state, draft.closed_at, contract.state) == (
        TerminationState.CANCELLED,
        NOW,
        ContractState.ACTIVE,
    )
    second = drafted(db, parties.sara, contract)
    contracts.free(db, actor=parties.kian.manager, contract_id=contract.id or 0, now=NOW)
    assert second.state is TerminationState.CANCELLED, "who is free has nothing to end"
    with refused(NotAllowed, "error.no_contract", db=db):
        termination.finalise(db, actor=parties.sara, termination_id=second.id or 0, now=NOW)
    with refused(NotAllowed, "error.no_contract", db=db):
        drafted(db, parties.sara, contract)
    page = termination.archive(db, actor=parties.sara, offset=0, limit=1)
    assert ([one.termination.id for one in page.lines], page.total) == ([second.id], 2)
    page = termination.archive(db, actor=parties.sara, offset=1, limit=9)
    assert [one.termination.id for one in page.lines] == [draft.id]
    assert termination.archive(db, actor=parties.mina, offset=0, limit=9).lines == ()
    line = termination.view_termination(db, actor=parties.staff, termination_id=draft.id or 0)
    assert (line.contract, line.distributor.id, line.branch.id) == (
        contract,
        parties.kian.id,
        parties.kian.east,
    )
    for actor in (parties.mina, parties.kian.manager, parties.ali):
        with refused(NotAllowed):
            termination.view_termination(db, actor=actor, termination_id=draft.id or 0)
    with refused(Stale):
        termination.view_termination(db, actor=parties.sara, termination_id=999)


def test_a_contract_ends_once_and_by_its_sides(db: Session, parties: Parties) -> None:
    contract = active_contract(db, parties.kian, parties.sara, parties.ali)
    free = {"contract_id": contract.id or 0, "now": NOW}
    for actor, given, refusal in (
        (parties.arad.manager, {}, NotAllowed),
        (parties.sara, {}, NotAllowed),
        (parties.kian.manager, {"version": 9}, Stale),
        (parties.kian.manager, {"contract_id": 999}, NotAllowed),
        (parties.arad.manager, {"version": 9}, NotAllowed),
    ):
        with refused(refusal, db=db):
            contracts.free(db, actor=actor, **free | given)  # type: ignore[arg-type]
    contracts.free(db, actor=parties.kian.manager, version=contract.version, **free)
    assert (contract.state, contract.ended_at) == (ContractState.ENDED_BY_DISTRIBUTOR, NOW)
    with refused(Stale, db=db):
        contracts.free(db, actor=parties.kian.manager, **free)
    assert contract_steps.open_draft(db, contract.id or 0) is None


# ── lists and cards ──────────────────────────────────────────────────────────────────────────────────────────────


def request(db: Session, parties: Parties, number: int, **values: Any) -> CooperationRequest:
    given = {
        "branch_id": parties.kian.east,
        "distributor_id": parties.kian.id,
        "account_id": parties.sara.account_id,
        "requested_by": parties.kian.manager.account_id,
        "tracking_code": f"1405090100{number:02}",
        "state": CooperationState.WITHDRAWN,
        "state_since": NOW,
    }
    row = CooperationRequest(**given | values)
    db.add(row)
    db.flush()
    return row


def test_the_lists_of_both_sides(db: Session, parties: Parties) -> None:
    kian, arad, pending = parties.kian, parties.arad, CooperationState.PENDING_OFFICER
    waits = {
        "state": CooperationState.PENDING_UNIVERSITY,
        "university_code": "sums",
        "accepted_at": NOW - HOUR,
    }
    of_arad = {"branch_id": arad.east, "distributor_id": arad.id}
    request(db, parties, 1)
    request(db, parties, 2, state=pending)
    request(db, parties, 3, state=pending, **of_arad)
    request(db, parties, 4, **waits, branch_id=kian.central)
    request(
        db,
        parties,
        5,
        state=pending,
        account_id=parties.mina.account_id,
        branch_id=arad.central,
        distributor_id=arad.id,
    )
    sara, page = parties.sara, {"offset": 0, "limit": 9}
    assert codes(lists.new_for_officer(db, actor=sara, **page)) == [2, 3]
    assert codes(lists.new_for_officer(db, actor=sara, offset=1, limit=1)) == [3]
    assert (lists.count_new(db, actor=sara), lists.count_new(db, actor=parties.mina)) == (2, 1)
    archive = lists.archive_for_officer(db, actor=sara, offset=1, limit=2)
    assert (codes(archive), archive.total) == ([3, 2], 4)
    reserved = lists.reserved(db, actor=sara)
    assert reserved is not None
    assert reserved.tracking_code[-2:] == "04"
    assert lists.reserved(db, actor=parties.mina) is None
    manager = kian.manager
    assert codes(lists.for_distributor(db, actor=manager, **page)) == [4, 2, 1]
    assert codes(lists.for_distributor(db, actor=manager, branch_id=kian.east, **page)) == [2, 1]
    assert codes(lists.for_distributor(db, actor=manager, open_only=True, **page)) == [4, 2]
    both = lists.for_distributor(db, actor=manager, open_only=True, branch_id=kian.east, **page)
    assert (codes(both), both.total) == ([2], 1)
    assert codes(lists.for_distributor(db, actor=arad.deputy, **page)) == [5, 3]
    line = lists.archive_for_officer(db, actor=sara, **page).lines[0]
    assert (line.officer.id, line.distributor.id, line.branch.id) == (sara.account_id, kian.id, kian.central)
    assert (line.since, line.reviewer) == (NOW - HOUR, None)


def test_a_suspended_officer_reads_what_is_theirs(db: Session, parties: Parties) -> None:
    sara, page = {"actor": parties.sara}, {"actor": parties.sara, "offset": 0, "limit": 9}
    number = active_contract(db, parties.kian, parties.sara, parties.ali).id or 0
    leaving = termination.draft(db, **sara, contract_id=number, reason="محل کار دور است.", now=NOW)
    db.get_one(Account, parties.sara.account_id).state = AccountState.SUSPENDED
    db.flush()
    own = contracts.own(db, **sara)
    assert own is not None
    assert (own.contract.id, own.branch.id) == (number, parties.kian.east)
    assert contracts.view_contract(db, **sara, contract_id=number).contract.id == number
    assert termination.view_termination(db, **sara, termination_id=leaving.id or 0).contract.id == number
    totals = [
        one(db, **page).total  # type: ignore[operator]
        for one in (contracts.history, termination.archive, lists.archive_for_officer, lists.new_for_officer)
    ]
    assert totals == [1, 1, 1, 0]
    assert (lists.count_new(db, **sara), lists.reserved(db, **sara)) == (0, None)
    with refused(NotAllowed, db=db):
        termination.cancel(db, **sara, termination_id=leaving.id or 0, now=NOW)


Q, M, R, A, U, LATE, D, W = ListName


LISTED: list[tuple[str, ListName, list[int]]] = [
    ("ali", Q, [2, 1]),
    ("ali", M, [4]),
    ("ali", R, []),
    ("ali", A, []),
    ("ali", U, []),
    ("ali", LATE, [2, 4]),
    ("ali", D, [11, 10]),
    ("zahra", M, [5]),
    ("zahra", LATE, [2]),
    ("in_charge", LATE, [2, 4]),
    ("in_charge", W, [4, 5]),
    ("foreign", Q, [3]),
    ("staff", W, [4, 5]),
]


def test_the_lists_of_experts(db: Session, parties: Parties) -> None:
    ali, zahra = parties.ali.account_id, parties.zahra.account_id

    def waits(number: int, days: int, **values: Any) -> None:
        given = {
            "state": CooperationState.PENDING_UNIVERSITY,
            "university_code": "sums",
            "accepted_at": NOW - days * DAY,
            "state_since": NOW - days * DAY,
            "account_id": officer(db, chat=False).account_id,
            "branch_id": places.pop(),
        }
        request(db, parties, number, **given | values)

    kian, arad = parties.kian, parties.arad
    places = [kian.east, kian.central, arad.east, arad.central, *(_branches(db, parties, 2))]
    waits(1, 3)
    waits(2, 12)
    waits(3, 13, university_code="mui")
    waits(4, 11, reviewer_id=ali)
    waits(5, 5, reviewer_id=zahra)
    waits(6, 20, reviewer_id=ali, held_until=NOW + HOUR)
    over = {"university_code": "sums", "reviewer_id": ali, "accepted_at": NOW - 99 * DAY}
    for number, state, days in (
        (10, CooperationState.APPROVED, 90),
        (11, CooperationState.REJECTED_BY_UNIVERSITY, 1),
        (12, CooperationState.APPROVED, 91),
        (13, CooperationState.WITHDRAWN, 1),
    ):
        why = {"reject_text": "مدارک ناقص"} if number == 11 else {}
        request(db, parties, number, state=state, closed_at=NOW - days * DAY, **over | why)
    given = {"now": NOW, "overdue_before": NOW - 10 * DAY, "offset": 0, "limit": 9}
    for who, name, expected in LISTED:
        actor = getattr(parties, who)
        university = {"university_code": "sums"} if actor.university_code is None else {}
        page = lists.LISTS.listed(db, name, actor=actor, **given, **university)
        assert (codes(page), page.total) == (expected, len(expected)), (who, name)


def _branches(db: Session, parties: Parties, number: int) -> list[int]:
    return [branch(db, parties.kian.manager, f"شعبه {one}م").id or 0 for one in "یدس"[:number]]


def test_what_an_expert_reads_of_the_officer(db: Session, parties: Parties) -> None:
    request = accepted_request(db, parties.kian, parties.sara)
    account, profile = (db.get_one(one, parties.sara.account_id) for one in (Account, Officer))

    def card() -> views.ExpertCard:
        db.flush()
        return views.expert_card(db, actor=parties.ali, request_id=request.id or 0)

    found = card()
    assert (found.officer_name, found.level, found.field) == ("سارا نمونه", "کارشناسی", "مهندسی پزشکی")
    assert (found.qualified_by, found.qualified_at) == ("دانشگاه علوم پزشکی اصفهان", NOW)
    assert (found.active, found.qualified, found.mobile_verified) == (True, True, False)
    assert (found.replaces, found.former_contracts, found.reviewer) == ((), 0, None)
    assert BIDI_MARKS.sub("", found.masked_code) == "•••••••۵۰۰"
    assert found.may_decide
    profile.field_code, profile.field_note = "other", "مهندسی رباتیک"
    assert card().field == "مهندسی رباتیک"
    profile.field_code = profile.level_code = None
    assert (card().field, card().level) == ("—", "—")
    profile.qualified_at = None
    assert not card().qualified
    profile.legacy_qualified = True
    assert (card().qualified, card().qualified_at) == (True, None)
    first = add_request(db, parties.sara, RequestState.COMPLETED, closed_at=NOW - DAY)
    add_request(
        db,
        parties.sara,
        RequestState.COMPLETED,
        closed_at=NOW,
        kind=RequestKind.AMENDMENT,
        university_code="fasa",
    )
    add_request(db, parties.sara, RequestState.WITHDRAWN, closed_at=NOW, university_code="fasa")
    assert (card().qualified_by, card().qualified_at) == ("دانشگاه علوم پزشکی شیراز", first.closed_at)
    for who, state in ((parties.mina, ContractState.ACTIVE), (parties.sara, ContractState.ENDED_BY_OFFICER)):
        ended = None if state is ContractState.ACTIVE else NOW
        db.add(
            Contract(
                account_id=who.account_id,
                distributor_id=parties.kian.id,
                branch_id=parties.kian.east,
                state=state,
                ended_at=ended,
            )
        )
    assert (card().replaces, card().former_contracts) == (("مینا نمونه",), 1)
    COOPERATION_WORKFLOW.claim(db, actor=parties.zahra, request_id=request.id or 0, now=NOW)
    assert (card().reviewer, card().may_decide) == (db.get_one(Account, parties.zahra.account_id), False)
    account.state = AccountState.SUSPENDED
    assert not card().active
    shown = views.expert_card(db, actor=parties.zahra, request_id=request.id or 0)
    assert CooperationAction.UNIVERSITY_REJECT in shown.actions, (
        "that the officer is suspended hinders no expert"
    )
    for actor in (parties.foreign, parties.sara, parties.kian.manager):
        with refused(NotAllowed):
            views.expert_card(db, actor=actor, request_id=request.id or 0)


def test_who_sees_which_card(db: Session, parties: Parties) -> None:
    request = cooperation_request(db, parties.kian, parties.sara)
    number = request.id or 0
    own = views.officer_card(db, actor=parties.sara, request_id=number)
    assert (own.distributor.id, own.branch.id, own.university) == (parties.kian.id, parties.kian.east, "—")
    assert own.actions == {CooperationAction.ACCEPT, CooperationAction.REJECT}
    theirs = views.distributor_card(db, actor=parties.kian.deputy, request_id=number)
    assert (theirs.officer_name, theirs.unreachable) == ("سارا نمونه", False)
    assert theirs.actions == {CooperationAction.WITHDRAW}
    for view, actors in (
        (views.officer_card, (parties.mina, parties.kian.manager, parties.ali)),
        (views.distributor_card, (parties.arad.manager, parties.sara)),
        (views.expert_card, (parties.ali, parties.sara)),
    ):
        for actor in actors:
            with refused(NotAllowed):
                view(db, actor=actor, request_id=number)
    for view, actor in ((views.officer_card, parties.sara), (views.distributor_card, parties.kian.manager)):
        with refused(Stale):
            view(db, actor=actor, request_id=999)
    db.get_one(Account, parties.sara.account_id).state = AccountState.SUSPENDED
    db.flush()
    assert views.officer_card(db, actor=parties.sara, request_id=number).actions == frozenset()
    end_role(db, parties.kian.deputy)
    with refused(NotAllowed):
        views.distributor_card(db, actor=parties.kian.deputy, request_id=number)
