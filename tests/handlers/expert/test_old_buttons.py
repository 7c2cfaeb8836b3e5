"""Buttons of a card that was shown before the file changed: each is refused, and nothing is begun."""

from storage.enums import CooperationState, RequestState
from storage.tables import Branch, CooperationRequest, QualificationRequest
from tests.support import chat_people as people
from tests.support.chat_driver import NOW, App, Person

STALE = "این دکمه دیگر معتبر نیست."


def state_of(person: Person, request: object) -> list[object]:
    return [person.chat.dialogue, *(getattr(request, name) for name in ("state", "reviewer_id", "version"))]


def test_of_a_file_in_hand(app: App) -> None:
    people.tariff(app)
    sara, maryam, bahar = people.submit(people.officer(app)), people.expert(app), people.expert(app, "رستمی")
    people.at_decision(maryam, sara)
    request, colleague = people.request_of(sara), str(bahar.account.id)
    before = state_of(maryam, request)
    for deed in ("release", "approve", "approve_do", "reject", "defects", "hand_over", "hand_over_to"):
        for version in (request.version - 1, request.version + 1):
            maryam.open(f"desk.{deed}", request.id, version, colleague)
            assert maryam.text.startswith(STALE), deed
            assert state_of(maryam, people.request_of(sara)) == before
    for person in (people.in_charge(app), people.staff(app)):
        for deed in ("assign", "assign_do", "release"):
            person.open(f"desk.{deed}", request.id, request.version + 1, colleague)
            assert person.text.startswith("این پرونده نزد مریم رضایی است")
            assert state_of(person, people.request_of(sara)) == before


def test_of_a_file_that_waits(app: App) -> None:
    people.tariff(app)
    sara, maryam = people.submit(people.officer(app)), people.expert(app)
    request = people.request_of(sara)
    maryam.open("desk.claim", request.id, request.version + 1).sees(STALE).open("desk.next_claim", request.id)
    assert maryam.notice == "پرونده دیگری در این فهرست نیست."
    assert people.request_of(sara).reviewer_id is None


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


def test_of_a_cooperation(app: App) -> None:
    (boss, at), sara = people.distributor(app), people.eligible(app)
    people.pick(boss, at, sara)
    people.accept(sara)
    maryam, bahar = people.expert(app), people.expert(app, "رستمی")

    def refused(deed: str) -> None:
        request = people.cooperation(app)
        before = state_of(maryam, request)
        maryam.open(f"desk.coop_{deed}", request.id, request.version + 1, str(bahar.account.id))
        assert maryam.text.startswith((STALE, "تصمیمی برای لغو نیست")), deed
        assert state_of(maryam, people.cooperation(app)) == before

    refused("claim")
    maryam.open("desk.coop_file", people.cooperation(app).id).tap("📌 برداشتن پرونده")
    for deed in ("approve", "approve_do", "reject", "release", "hand_over", "hand_over_to", "undo"):
        refused(deed)


def test_a_long_list_of_cooperations_leaves_the_other_lists_to_one_button(app: App) -> None:
    (boss, at), maryam = people.distributor(app), people.expert(app)
    of = {"distributor_id": at.distributor_id, "university_code": "sums"}
    state = CooperationState.PENDING_UNIVERSITY
    for n in range(9):
        place = Branch(
            distributor_id=at.distributor_id, name=f"{n}", province="فارس", city="شیراز", address="زند"
        )
        by = {"branch_id": app.add(place).id, "requested_by": boss.account.id, "accepted_at": NOW}
        by |= {"account_id": people.officer(app, "متقاضی").account.id}
        app.add(CooperationRequest(**of | by, state=state, tracking_code=f"1405010100{n:02}"))
        if n == 7:
            maryam.open("desk.coop").sees("۸. ", "📌 برداشتن چند پرونده", "🔎 جست‌وجو")
    maryam.open("desk.coop").sees("۹. ", "📌 برداشتن چند پرونده", "📂 همه فهرست‌ها").sees_not("🔎 جست‌وجو")
