"""The screen after a decision: what became of a file, who decided, and the way to the next one, for each who may read it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from bot.core.screens import Press
from storage.enums import CooperationState, RejectReason, RequestState
from storage.tables import CooperationRequest, QualificationRequest
from tests.support import chat_people as people
from tests.support.chat_driver import NOW, App

BY = "تصمیم: مریم رضایی، ۱۴۰۵/۰۹/۰۱ ساعت ۱۱:۳۰"
DECIDED = {"decided_at": NOW - timedelta(hours=1), "fee_rial": 1, "pay_token": "t" * 32}
NO_REASON = {"reject_reason": None, "reject_text": None}
REASON = {"reject_reason": RejectReason.OTHER, "reject_text": "مدارک ناقص است"}
CODE = "140509010001"

FILES: dict[RequestState, tuple[dict[str, Any], str, tuple[str, ...]]] = {
    RequestState.DEFICIENT: (DECIDED, f"⚠️ نواقص پرونده {CODE} اعلام شد.", (BY,)),
    RequestState.AWAITING_PAYMENT: (DECIDED, f"✅ پرونده {CODE} تأیید شد.", (BY,)),
    RequestState.COMPLETED: (DECIDED, f"✅ پرونده {CODE} تأیید نهایی شد.", (BY,)),
    RequestState.REJECTED: (
        DECIDED | REASON | {"fee_rial": None, "pay_token": None},
        f"❌ پرونده {CODE} رد شد.",
        ("دلیل:\n", "│ مدارک ناقص است", BY),
    ),
    RequestState.WITHDRAWN: (DECIDED | NO_REASON, f"⚪️ متقاضی از پرونده {CODE} انصراف داد.", ()),
    RequestState.REVOKED: (DECIDED, f"⛔️ پرونده {CODE} ابطال شد.", ()),
}


def test_what_became_of_a_file(app: App) -> None:
    """Who withdrew or revoked it is not the reviewer."""
    sara, maryam, boss = people.submit(people.officer(app)), people.expert(app), people.staff(app)
    request = people.request_of(sara)
    for state, (values, title, said) in FILES.items():
        app.change(QualificationRequest, request.id, state=state, reviewer_id=maryam.account.id, **values)
        for person in (maryam, boss):
            own = person is maryam
            person.open("desk.outcome", request.id).sees(title, "متقاضی: سارا کریمی‌نژاد", *said)
            person.sees("📄 پرونده", "🏠 منوی اصلی").sees_not("لغو تصمیم", "پرونده بعدی", "برداشتن بعدی")
            assert ("تصمیم:" in person.text, "دلیل:" in person.text) == (BY in said, len(said) == 3)
            assert ("📥 صف پرونده‌ها" in person.labels, "🗂 پرونده‌های من" in person.labels) == (own, own)
        app.change(QualificationRequest, request.id, reviewer_id=None)
        maryam.open("desk.outcome", request.id).sees(title).sees_not("تصمیم:")
    for state, held in ((RequestState.SUBMITTED, None), (RequestState.IN_REVIEW, maryam.account.id)):
        app.change(QualificationRequest, request.id, state=state, reviewer_id=held)
        maryam.open("desk.outcome", request.id).sees("درخواست جدید", "وضعیت: ", "📎 مدارک")


REQUESTS: dict[CooperationState, tuple[dict[str, Any], str, bool]] = {
    CooperationState.APPROVED: ({}, f"✅ همکاری {CODE} تأیید شد و از امروز فعال است.", True),
    CooperationState.REJECTED_BY_UNIVERSITY: (
        {"reject_text": "شعبه بسته است"},
        f"❌ درخواست همکاری {CODE} رد شد.",
        True,
    ),
    CooperationState.REJECTED_BY_OFFICER: ({}, f"❌ مسئول فنی از همکاری {CODE} انصراف داد.", False),
    CooperationState.WITHDRAWN: ({}, f"⚪️ توزیع‌کننده درخواست {CODE} را پس گرفت.", False),
    CooperationState.CLOSED: ({}, f"⚪️ درخواست همکاری {CODE} بسته شد.", False),
}


def asked(app: App) -> int:
    """A request that waits at the university."""
    (boss, at), sara = people.distributor(app), people.eligible(app)
    people.pick(boss, at, sara)
    people.accept(sara)
    request = people.cooperation(app)
    app.change(CooperationRequest, request.id, tracking_code=CODE)
    return request.id  # type: ignore[no-any-return]


def test_what_became_of_a_cooperation(app: App) -> None:
    number, maryam, boss = asked(app), people.expert(app), people.staff(app)
    for state, (values, title, decided) in REQUESTS.items():
        at = {"state": state, "reviewer_id": maryam.account.id, "closed_at": NOW - timedelta(hours=1)}
        app.change(CooperationRequest, number, **at | values)
        for person in (maryam, boss):
            person.open("desk.coop_outcome", number).sees(title, "مسئول فنی: سارا کریمی‌نژاد", "شعبه: مرکزی")
            person.sees("📄 درخواست", "🏠 منوی اصلی").sees_not("لغو تصمیم", "درخواست بعدی")
            assert ((BY in person.text), "تصمیم:" in person.text) == (decided, decided)
            assert (person is maryam) is ("🤝 صف همکاری‌ها" in person.labels)
    for pending in (CooperationState.PENDING_OFFICER, CooperationState.PENDING_UNIVERSITY):
        app.change(CooperationRequest, number, state=pending)
        boss.open("desk.coop_outcome", number).sees("📋 روند درخواست", "🪪 کارت مسئول فنی")


UNDOING = "تا ساعت ۱۲:۳۳ می‌توانید این تصمیم را لغو کنید"


def test_a_decision_that_may_be_undone_is_so_by_its_expert_alone(app: App) -> None:
    """The others read until when; each expert is led to the next file, and may take it where nobody has."""
    people.tariff(app)
    app.resources.public_info = replace(app.resources.public_info, decision_undo=timedelta(minutes=3))
    sara, maryam, bahar = people.submit(people.officer(app)), people.expert(app), people.expert(app, "رستمی")
    people.submit(people.officer(app, "مینا"))
    people.at_decision(maryam, sara).tap("❌ رد", "سایر").type("مدارک ناقص است").tap("بله، رد می‌کنم")
    outcome = Press("desk.outcome", people.request_of(sara).id)
    for person in (maryam, bahar, people.staff(app)):
        own = person is maryam
        person.press(outcome).sees(f"❌ پرونده {CODE} رد شد.", "│ مدارک ناقص است", "🕓 تصمیم: رد (مریم رضایی")
        assert (UNDOING in person.text, person.labels[0] == "↩️ لغو تصمیم") == (own, own)
        expert = "📥 صف پرونده‌ها" in person.labels
        assert ("پرونده بعدی: " in person.text, "📌 برداشتن بعدی" in person.labels) == (expert, expert)
        assert expert is (person in (maryam, bahar))
    bahar.open("desk.queue").type("۱").tap("📌 برداشتن پرونده")
    maryam.open("desk.all").press(outcome).sees_not("پرونده بعدی", "📌 برداشتن بعدی")


def test_a_cooperation_that_may_be_undone_is_so_by_its_expert_alone(app: App) -> None:
    app.resources.public_info = replace(app.resources.public_info, decision_undo=timedelta(minutes=3))
    number, maryam = asked(app), people.expert(app)
    maryam.open("desk.coop_file", number).tap("❌ رد", "سایر").type("شعبه بسته است").tap("بله، رد می‌کنم")
    for person in (maryam, people.expert(app, "رستمی"), people.staff(app)):
        person.open("desk.coop_outcome", number).sees(f"❌ درخواست همکاری {CODE} رد شد.", "│ شعبه بسته است")
        person.sees("🕓 تصمیم: رد (مریم رضایی", "به دو طرف اعلام می‌شود")
        assert (UNDOING in person.text, person.labels[0] == "↩️ لغو تصمیم") == (person is maryam,) * 2
