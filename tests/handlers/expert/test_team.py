"""Colleagues: notes on a file, handing one over with a sentence, leave and a deputy."""

import pytest
from sqlmodel import Session, select

from bot.jobs import retention
from bot.services import team
from bot.services.team import leave
from storage.enums import RequestState, Role
from storage.tables import ExpertLeave, FileNote, QualificationRequest
from tests.support import chat_people as people
from tests.support.chat_driver import App, Person
from tests.support.chat_fixtures import ON_BOTH_DATABASES

pytestmark = ON_BOTH_DATABASES


@pytest.fixture(autouse=True)
def fee(app: App) -> None:
    people.tariff(app)


@pytest.fixture
def sara(app: App) -> Person:
    """An officer whose request waits."""
    return people.submit(people.officer(app))


@pytest.fixture
def maryam(app: App) -> Person:
    return people.expert(app)


@pytest.fixture
def bahar(app: App) -> Person:
    return people.expert(app, "رستمی")


def declare(reviewer: Person, applicant: Person) -> None:
    card = people.at_request(reviewer, applicant)
    if "📌 برداشتن پرونده" in card.labels:
        card.tap("📌 برداشتن پرونده")
    card.tap("⚠️ اعلام نواقص", "نام پدر", "ارسال نواقص", "بله، ارسال شود")


def resolve(applicant: Person) -> None:
    applicant.open("qual.fix", people.request_of(applicant).id).type("حسین").tap(
        "توضیحی ندارم", "📤 ارسال دوباره", "بله، ارسال دوباره"
    )


# ── notes ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_note_is_for_colleagues_and_never_for_the_officer(
    app: App, sara: Person, maryam: Person, bahar: Person
) -> None:
    people.at_request(maryam, sara).tap("📝 یادداشت جدید").sees("متقاضی آن را نمی‌بیند", "سارا کریمی‌نژاد")
    maryam.type("کم").sees("دست‌کم ۵ حرف").type("با دانشگاه محل تحصیل تماس گرفتم")
    maryam.sees("فقط همکاران می‌بینند", "│ با دانشگاه محل تحصیل تماس گرفتم\n└ مریم رضایی")
    people.at_request(bahar, sara).sees(
        "📝 یادداشت همکاران:", "با دانشگاه محل تحصیل تماس گرفتم", "📝 یادداشت‌ها (۱)"
    )
    people.at_request(people.staff(app), sara).tap("📝 یادداشت‌ها (۱)").sees("با دانشگاه محل تحصیل")
    declare(maryam, sara)
    number = people.request_of(sara).id
    for screen in ("qual.track", "qual.timeline", "qual.documents"):
        sara.open(screen, number).sees_not("تماس گرفتم")
    assert not any("تماس گرفتم" in push.text for push in sara.pushes())
    sara.open("desk.notes", number).sees("دسترسی ندارید").sees_not("تماس گرفتم")
    people.expert(app, "دور", university="mui").open("desk.notes", number).sees("دسترسی ندارید")
    (event,) = app.events("note_added")
    assert (event.actor_id, event.subject_id) == (maryam.account.id, number)
    assert "تماس" not in str(event.data)


def test_an_expert_who_is_the_applicant_reads_no_notes_on_the_own_file(app: App, maryam: Person) -> None:
    """Also in the role of an expert."""
    sara = people.submit(people.officer(app))
    people.at_request(maryam, sara).tap("📝 یادداشت جدید").type("به نظر نامه جعلی است")
    people.grant(sara, Role.EXPERT, university_code="sums")
    sara.command("menu").tap("🔁 تغییر نقش")
    sara.tap(next(label for label in sara.labels if "کارشناس" in label))
    sara.open("desk.notes", people.request_of(sara).id).sees_not("جعلی")
    sara.open("desk.note_new", people.request_of(sara).id).sees_not("یادداشت خود را")


def test_notes_go_with_the_files_documents(app: App, sara: Person, maryam: Person) -> None:
    kept = people.submit(people.officer(app, "رضا"))
    for applicant in (sara, kept):
        people.at_request(maryam, applicant).tap("📝 یادداشت جدید").type("یادداشتی برای همکاران")
    sara.open("qual.track").tap("انصراف از درخواست", "بله، انصراف می‌دهم")
    app.clock.passes(days=730)
    app.run(lambda db: retention.look_at_notes(db, now=app.clock()))
    assert len(app.all(select(FileNote))) == 2
    app.clock.passes(days=3)
    app.run(lambda db: retention.look_at_notes(db, now=app.clock()))
    assert [note.subject_id for note in app.all(select(FileNote))] == [people.request_of(kept).id]


# ── handing over ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_file_is_handed_over_with_a_sentence(app: App, sara: Person, maryam: Person, bahar: Person) -> None:
    people.at_request(maryam, sara).sees_not("🤝 سپردن به همکار").tap(
        "📌 برداشتن پرونده", "🤝 سپردن به همکار"
    )
    maryam.sees("(سارا کریمی‌نژاد) به کدام همکار سپرده شود؟").sees_not("مریم رضایی (").tap("مریم رستمی (۰)")
    maryam.sees("به مریم رستمی سپرده می‌شود", "چرا و چه مانده است").type("فردا")
    maryam.sees("کامل‌تر").type("از فردا نیستم؛ فقط گواهی دوره مانده است")
    maryam.sees("✅ پرونده به مریم رستمی سپرده شد.", "کارشناس: مریم رستمی").sees_not("✅ تأیید")
    push = bahar.pushes()[-1]
    assert "مریم رضایی پرونده" in push.text
    assert "فقط گواهی دوره مانده است" in push.text
    bahar.tap_push("مشاهده").sees("به مریم رستمی", "فقط گواهی دوره مانده است", "✅ تأیید")
    bahar.tap("📋 روند پرونده").sees("مریم رضایی بررسی را به همکار خود سپرد.")
    sara.open("qual.timeline", people.request_of(sara).id).sees("بررسی را به همکار خود سپرد").sees_not(
        "گواهی دوره"
    )
    assert people.request_of(sara).state is RequestState.IN_REVIEW


def test_a_file_with_deficiencies_can_be_handed_over_and_returns_to_who_has_it(
    app: App, sara: Person, maryam: Person, bahar: Person
) -> None:
    declare(maryam, sara)
    people.at_request(maryam, sara).tap("🤝 سپردن به همکار", "مریم رستمی (۰)").type("مرخصی زایمان دارم")
    resolve(sara)
    assert people.request_of(sara).reviewer_id == bahar.account.id


def test_a_sentence_that_came_too_late_changes_nothing(
    app: App, sara: Person, maryam: Person, bahar: Person
) -> None:
    people.at_request(maryam, sara).tap("📌 برداشتن پرونده", "🤝 سپردن به همکار", "مریم رستمی (۰)")
    chief = people.in_charge(app)
    people.at_request(chief, sara).tap("↩️ بازگشت به صف")
    maryam.type("از فردا نیستم").sees("دیگر معتبر نیست", "⏳ در انتظار بررسی")
    assert not app.all(select(FileNote))
    assert people.request_of(sara).reviewer_id is None


def test_a_cooperation_file_is_handed_over_too(app: App, maryam: Person, bahar: Person) -> None:
    manager, central = people.distributor(app)
    sara = people.eligible(app)
    people.accept(people.pick(manager, central, sara) and sara)
    maryam.open("desk.coop").type("۱").tap("📌 برداشتن پرونده", "🤝 سپردن به همکار", "مریم رستمی (۰)")
    maryam.type("مدیر مرکز آشنای من است")
    bahar.tap_push("مشاهده").sees("مدیر مرکز آشنای من است", "✅ تأیید")
    assert people.cooperation(app).reviewer_id == bahar.account.id
    manager.open("dist.timeline", people.cooperation(app).id).sees_not("آشنای من")


# ── leave ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def go_on_leave(
    person: Person, deputy: str, *, first: str = "۱۴۰۵/۰۹/۰۲", last: str = "۱۴۰۵/۰۹/۱۰"
) -> Person:
    person.command("menu").tap("👥 همکاران", "🏖 مرخصی و جانشین", "➕ ثبت مرخصی").type(first, last).type(
        deputy
    )
    person.sees("مرخصی زیر ثبت شود؟").tap("✅ تأیید")
    return person


def test_returned_and_new_files_of_the_days_of_leave_go_to_the_deputy_and_back(
    app: App, sara: Person, maryam: Person, bahar: Person
) -> None:
    chief = people.in_charge(app)
    declare(maryam, sara)
    go_on_leave(maryam, "مریم رستمی").sees("مرخصی شما: از", "جانشین: مریم رستمی")
    assert "شما جانشین او هستید" in bahar.pushes()[-1].text
    assert "جانشین: مریم رستمی" in chief.pushes()[-1].text
    reza = people.submit(people.officer(app, "رضا"))
    app.clock.passes(days=2)  # the leave has begun

    resolve(sara)
    told = bahar.pushes()[-1].text
    assert "این پرونده تا پایان مرخصی مریم رضایی نزد شماست." in told
    assert people.request_of(sara).reviewer_id == bahar.account.id
    people.at_request(chief, reza).tap("ارجاع به کارشناس").sees("مریم رضایی 🏖 (۰)").tap("مریم رضایی 🏖 (۰)")
    assert "مریم رضایی مرخصی است و پرونده به جانشین او، مریم رستمی" in chief.notice
    assert people.request_of(reza).reviewer_id == bahar.account.id
    declare(bahar, reza)  # the deputy acts
    chief.open("desk.leave").sees("مرخصی همکاران:", "مریم رضایی: از", "جانشین: مریم رستمی")

    app.clock.passes(days=9)
    assert app.run(lambda db: team.end_past_leaves(db, now=app.clock())) == 1
    assert app.run(lambda db: team.end_past_leaves(db, now=app.clock())) == 0
    assert {people.request_of(one).reviewer_id for one in (sara, reza)} == {maryam.account.id}
    back = maryam.pushes()[-1].text
    assert "مرخصی شما پایان یافت و ۲ پرونده" in back
    assert people.request_of(sara).tracking_code in back
    assert "به او بازگشت" in bahar.pushes()[-1].text
    people.at_request(maryam, sara).sees("✅ تأیید").tap("📋 روند پرونده").sees("به کارشناس پیشین بازگشت")
    resolve(reza)
    assert people.request_of(reza).reviewer_id == maryam.account.id


def test_many_files_go_back_in_several_units_each_once_with_one_list(
    app: App, maryam: Person, bahar: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leave, "GIVEN_BACK", 2)
    everybody = [people.submit(people.officer(app, name)) for name in ("سارا", "رضا", "مینا", "رعنا", "سینا")]
    go_on_leave(maryam, "مریم رستمی", first="۱۴۰۵/۰۹/۰۱")
    for one in everybody:
        number = people.request_of(one).id
        app.change(
            QualificationRequest,
            number,
            state=RequestState.IN_REVIEW,
            reviewer_id=bahar.account.id,
            deputy_for_id=maryam.account.id,
        )
    maryam.open("desk.leave").tap("پایان دادن به مرخصی", "بله، پایان یابد")
    held = [people.request_of(one).reviewer_id for one in everybody]
    assert held.count(maryam.account.id) == 2, "the rest follows: nobody waits for four hundred files"
    maryam.open("desk.leave").tap("➕ ثبت مرخصی").type("۱۴۰۵/۰۹/۰۱", "۱۴۰۵/۰۹/۱۰").type("مریم رستمی").tap(
        "✅ تأیید"
    )
    maryam.sees("هنوز در حال بازگشت است")

    def killed(db: Session) -> None:
        team.end_past_leaves(db, now=app.clock())
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        app.run(killed)
    while app.run(lambda db: team.end_past_leaves(db, now=app.clock())):
        pass
    assert {people.request_of(one).reviewer_id for one in everybody} == {maryam.account.id}
    (back,) = [one.text for one in maryam.pushes() if "مرخصی شما پایان یافت" in one.text]
    assert "۵ پرونده" in back
    assert all(str(people.request_of(one).tracking_code) in back for one in everybody)
    (gone,) = [one.text for one in bahar.pushes() if "به او بازگشت" in one.text]
    assert "۵ پرونده" in gone


def test_a_file_that_the_deputy_decided_stays_decided(
    app: App, sara: Person, maryam: Person, bahar: Person
) -> None:
    declare(maryam, sara)
    go_on_leave(maryam, "مریم رستمی", first="۱۴۰۵/۰۹/۰۱")
    resolve(sara)
    people.at_request(bahar, sara).tap("✅ تأیید", "بله، تأیید می‌کنم")
    maryam.open("desk.leave").tap("پایان دادن به مرخصی").sees("به او بازمی‌گردد")
    yes = maryam.button("بله، پایان یابد")
    maryam.press(yes).sees("برای شما مرخصی ثبت نشده است").press(yes).sees("این دکمه دیگر معتبر نیست.")
    assert people.request_of(sara).reviewer_id == bahar.account.id
    assert people.request_of(sara).state is RequestState.AWAITING_PAYMENT


def test_days_and_deputies_that_do_not_fit_are_told_at_once(app: App, maryam: Person, bahar: Person) -> None:
    maryam.open("desk.leave").tap("➕ ثبت مرخصی").type("۱۴۰۵/۰۸/۰۱").sees("امروز یا روزی در دو سال")
    maryam.tap("از امروز").type("۱۴۰۶/۰۹/۰۱").sees("حداکثر ۹۰ روز").type("۱۴۰۵/۰۹/۱۰")
    maryam.sees("مریم رستمی").sees_not("مریم رضایی").type("مریم رستمی").tap("✅ تأیید")
    bahar.open("desk.leave").sees("مرخصی همکاران:").tap("➕ ثبت مرخصی").type("۱۴۰۵/۰۹/۰۵", "۱۴۰۵/۰۹/۰۶")
    bahar.type("مریم رضایی").sees("مریم رضایی در این روزها خودش مرخصی است")
    leave = app.one(select(ExpertLeave))
    bahar.open("desk.leave_end_do", leave.id).sees("دسترسی ندارید")
    people.expert(app, "دور", university="mui").open("desk.leave_end_do", leave.id).sees("دسترسی ندارید")
    assert app.one(select(ExpertLeave)).ended_at is None
    people.in_charge(app).open("desk.leave").tap("۱. مریم رضایی", "بله، پایان یابد")
    assert app.one(select(ExpertLeave)).ended_at is not None


def test_files_stay_with_the_expert_whose_deputy_may_not_review_them(
    app: App, maryam: Person, bahar: Person
) -> None:
    """The deputy is the applicant, or is no expert there any more."""
    sara = people.submit(people.officer(app))
    declare(maryam, sara)
    people.grant(sara, Role.EXPERT, university_code="sums")
    go_on_leave(maryam, "سارا کریمی‌نژاد", first="۱۴۰۵/۰۹/۰۱")
    resolve(sara)
    request: QualificationRequest = people.request_of(sara)
    assert (request.reviewer_id, request.deputy_for_id) == (maryam.account.id, None)


def test_nobody_on_leave_is_told_of_waiting_files_unless_all_are(
    app: App, maryam: Person, bahar: Person
) -> None:
    go_on_leave(maryam, "مریم رستمی", first="۱۴۰۵/۰۹/۰۱")
    people.submit(people.officer(app))
    assert not [one for one in maryam.pushes() if one.kind == "N10"]
    assert [one for one in bahar.pushes() if one.kind == "N10"]
