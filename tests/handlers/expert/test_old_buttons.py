"""Buttons of a card that was shown before the file changed: each is refused, and nothing is begun."""

import pytest

from storage.enums import RequestState
from storage.tables import QualificationRequest
from tests.support import chat_people as people
from tests.support.chat_driver import App, Person

STALE = "این دکمه دیگر معتبر نیست."


def state_of(app: App, person: Person, request: object) -> list[object]:
    return [person.chat.dialogue, *(getattr(request, name) for name in ("state", "reviewer_id", "version"))]


@pytest.mark.parametrize(
    "deed", ["release", "approve", "approve_do", "reject", "defects", "hand_over", "hand_over_to"]
)
def test_of_a_file_in_hand(app: App, deed: str) -> None:
    people.tariff(app)
    sara, maryam, bahar = people.submit(people.officer(app)), people.expert(app), people.expert(app, "رستمی")
    people.at_decision(maryam, sara)
    request = people.request_of(sara)
    before = state_of(app, maryam, request)
    for version in (request.version - 1, request.version + 1):
        maryam.open(f"desk.{deed}", request.id, version, str(bahar.account.id))
        assert maryam.text.startswith(STALE), version
    assert state_of(app, maryam, people.request_of(sara)) == before
    maryam.open(f"desk.{deed}", request.id, request.version, str(bahar.account.id)).sees_not(STALE)


@pytest.mark.parametrize("deed", ["claim", "next_claim"])
def test_of_a_file_that_waits(app: App, deed: str) -> None:
    people.tariff(app)
    sara, maryam = people.submit(people.officer(app)), people.expert(app)
    request = people.request_of(sara)
    maryam.open(f"desk.{deed}", request.id, request.version + 1)
    assert STALE in maryam.text or maryam.notice
    assert people.request_of(sara).reviewer_id is None


@pytest.mark.parametrize("deed", ["assign", "assign_do", "release"])
def test_of_the_head(app: App, deed: str) -> None:
    people.tariff(app)
    sara, maryam, bahar = people.submit(people.officer(app)), people.expert(app), people.expert(app, "رستمی")
    people.at_decision(maryam, sara)
    for person in (people.in_charge(app), people.staff(app)):
        request = people.request_of(sara)
        person.open(f"desk.{deed}", request.id, request.version + 1, str(bahar.account.id))
        assert person.text.startswith("این پرونده نزد مریم رضایی است")
    assert people.request_of(sara).reviewer_id == maryam.account.id


def test_of_what_staff_take_back(app: App) -> None:
    people.tariff(app)
    sara, maryam = people.submit(people.officer(app)), people.expert(app)
    people.approve(maryam, sara)
    request, boss = people.request_of(sara), people.staff(app)
    boss.open("desk.revoke", request.id, request.version + 1)
    assert boss.text.startswith("درباره این پرونده پیش‌تر تصمیم گرفته شده است (مریم رضایی")
    assert boss.chat.dialogue is None
    boss.open("desk.revoke", request.id, request.version).sees_not(STALE)
    assert boss.chat.dialogue == "revoke"
    app.change(QualificationRequest, request.id, state=RequestState.WITHDRAWN)
    assert STALE in boss.open("home").open("desk.revoke", request.id, request.version + 1).text


@pytest.mark.parametrize(
    "deed", ["approve", "approve_do", "reject", "claim", "release", "hand_over", "hand_over_to", "undo"]
)
def test_of_a_cooperation(app: App, deed: str) -> None:
    (boss, at), sara = people.distributor(app), people.eligible(app)
    people.pick(boss, at, sara)
    people.accept(sara)
    maryam, bahar = people.expert(app), people.expert(app, "رستمی")
    maryam.open("desk.coop_file", people.cooperation(app).id)
    if deed != "claim":
        maryam.tap("📌 برداشتن پرونده")
    request = people.cooperation(app)
    before = state_of(app, maryam, request)
    maryam.open(f"desk.coop_{deed}", request.id, request.version + 1, str(bahar.account.id))
    assert maryam.text.startswith((STALE, "تصمیمی برای لغو نیست"))
    assert state_of(app, maryam, people.cooperation(app)) == before


def test_a_long_list_of_cooperations_leaves_the_other_lists_to_one_button(app: App) -> None:
    boss, _ = people.distributor(app)
    for n in range(9):
        person = people.eligible(app, "سارا", f"نمونه {n}")
        people.pick(boss, people.branch(boss, f"شماره {n}"), person)
        people.accept(person)
        maryam = people.expert(app).open("desk.coop")
        if n == 7:
            maryam.sees("📌 برداشتن چند پرونده", "🔎 جست‌وجو")
    maryam.sees("📌 برداشتن چند پرونده", "📂 همه فهرست‌ها").sees_not("🔎 جست‌وجو")
