"""An expert takes a file, and has every document beside what it must agree with, the decisions below."""

import pytest
from sqlmodel import select

from storage.tables import AuditEvent, Officer, QualificationRequest, StoredFile
from tests.support import chat_people as people
from tests.support.chat_driver import App, Person

DECISIONS = {"✅ تأیید", "❌ رد", "⚠️ اعلام نواقص"}


@pytest.fixture
def sara(app: App) -> Person:
    people.tariff(app)
    return people.submit(people.officer(app))


@pytest.fixture
def maryam(app: App, sara: Person) -> Person:
    """An expert at the card of a file that nobody has taken."""
    return people.at_request(people.expert(app), sara)


def whole_code(person: Person) -> str:
    return (person.account.national_code or "").translate(str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹"))


def captions(person: Person) -> list[str]:
    return [file.caption for file in person.files]


def test_i_take_a_file_before_i_decide_it(maryam: Person) -> None:
    assert not DECISIONS & set(maryam.labels)
    maryam.tap("📌 برداشتن پرونده")
    assert {one.label for one in maryam.screen.buttons()} >= DECISIONS
    maryam.tap("↩️ بازگشت به صف")
    assert not DECISIONS & set(maryam.labels)


def test_each_paper_says_what_it_must_agree_with(sara: Person, maryam: Person) -> None:
    card, certificate, photo, degree, course, *_ = captions(maryam.tap("📌 برداشتن پرونده"))
    code = whole_code(sara)
    assert card == f"کارت ملی — سارا کریمی‌نژاد، کد ملی {code}، تولد ۱۳۶۵/۰۴/۱۲، پدر علی"
    assert certificate == "شناسنامه — سارا کریمی‌نژاد، شماره ۱۲۳۴، تولد ۱۳۶۵/۰۴/۱۲، پدر علی"
    assert photo == "عکس — زن"
    assert degree == "مدرک تحصیلی — سارا کریمی‌نژاد، کارشناسی مهندسی پزشکی"
    assert course == f"گواهی دوره — سارا کریمی‌نژاد، کد ملی {code}"


def test_nothing_is_said_twice(sara: Person, maryam: Person) -> None:
    """What the captions say is not on the card below them, and everything else is."""
    maryam.tap("📌 برداشتن پرونده")
    below = maryam.screen.text
    assert "شماره همراه" in below
    assert "آدرس محل زندگی: فارس، شیراز، خیابان زند" in below
    for said in ("نام پدر", "جنسیت", "مقطع تحصیلی", "شماره شناسنامه", "تاریخ تولد"):
        assert said not in below
    maryam.tap("📄 همه اطلاعات").sees("نام پدر: علی", "جنسیت: زن", "مقطع تحصیلی: کارشناسی").tap("بازگشت")
    assert set(maryam.labels) >= DECISIONS


def test_an_item_whose_paper_is_missing_is_on_the_card(app: App, sara: Person, maryam: Person) -> None:
    request = people.request_of(sara)
    left = {key: value for key, value in request.snapshot.items() if key != "doc.degree_certificate"}
    app.change(QualificationRequest, request.id, snapshot=left)
    maryam.tap("📌 برداشتن پرونده")
    assert "مقطع تحصیلی: کارشناسی" in maryam.screen.text


def test_the_code_is_masked_for_who_does_not_decide(app: App, sara: Person, maryam: Person) -> None:
    code, number = whole_code(sara), sara.account.national_code or ""
    request = people.request_of(sara)
    app.change(QualificationRequest, request.id, snapshot=request.snapshot | {"birth_cert_no": number})
    maryam.tap("📎 مدارک", "📎 همه مدارک")
    maryam_saw = captions(maryam)
    people.at_decision(maryam, sara)
    others = [
        people.at_request(one, sara).tap("📎 مدارک", "📎 همه مدارک")
        for one in (people.in_charge(app), people.staff(app))
    ]
    for said in (maryam_saw, *map(captions, others)):
        assert len(said) == 7
        assert any("•••" in one for one in said)
        assert not any(code in one or number in one for one in said)


def test_the_last_question_shows_whose_file_it_is_in_full(sara: Person, maryam: Person) -> None:
    """Also where the button is on a card of an earlier release, whose file nobody has taken."""
    request, code = people.request_of(sara), whole_code(sara)
    maryam.open("desk.approve", request.id, request.version).sees("تأیید شود؟", code)
    maryam.tap("خیر").sees_not(code)
    people.at_decision(maryam, sara).tap("✅ تأیید").sees("تأیید شود؟", code).tap("خیر")
    maryam.tap("❌ رد", "مدارک نامعتبر", "بدون توضیح").sees("رد شود؟", code)
    people.at_decision(maryam, sara).tap("⚠️ اعلام نواقص", "▫️ عکس", "ارسال نواقص").sees("ارسال شود؟", code)


def test_pictures_and_pdfs_are_two_albums(app: App, sara: Person, maryam: Person) -> None:
    """Messengers do not take them in one."""
    request = people.request_of(sara)
    for item in ("doc.birth_certificate", "doc.degree_certificate"):
        app.change(StoredFile, request.snapshot[item][0], media_type="application/pdf")
    maryam.tap("📌 برداشتن پرونده")
    kinds = [app.get(StoredFile, file.file_id).media_type for file in maryam.files]
    assert kinds == ["image/jpeg"] * 5 + ["application/pdf"] * 2


def test_the_paper_that_was_deficient_is_beside_the_new_one(sara: Person, maryam: Person) -> None:
    old = people.request_of(sara).snapshot["doc.personal_photo"]
    maryam.tap("📌 برداشتن پرونده", "⚠️ اعلام نواقص", "▫️ عکس", "ارسال نواقص", "بله، ارسال شود")
    sara.open("qual.track").tap("رفع نقص").upload().tap("توضیحی ندارم", "ارسال دوباره", "بله")
    new = people.request_of(sara).snapshot["doc.personal_photo"]
    people.at_request(maryam, sara).sees("تغییرها نسبت به نوبت قبل").tap("📎 همه مدارک")
    files = [file.file_id for file in maryam.files]
    assert files[files.index(new[0]) + 1] == old[0]
    assert captions(maryam)[files.index(old[0])] == "عکس (پیش از رفع نقص)"
    assert {one.label for one in maryam.screen.buttons()} >= DECISIONS
    maryam.tap("📎 مدارک").sees("عکس (۱)", "قبلی: عکس").tap("قبلی: عکس")
    assert [file.file_id for file in maryam.files] == old


def test_pages_of_one_paper_are_numbered_and_say_their_facts_once(
    app: App, sara: Person, maryam: Person
) -> None:
    request = people.request_of(sara)
    both = request.snapshot["doc.national_card"] + request.snapshot["doc.personal_photo"]
    app.change(QualificationRequest, request.id, snapshot=request.snapshot | {"doc.national_card": both})
    first, second, *_ = captions(maryam.tap("📌 برداشتن پرونده"))
    assert first.startswith("کارت ملی (۱ از ۲) — سارا کریمی‌نژاد، کد ملی")
    assert second == "کارت ملی (۲ از ۲)"


def test_every_paper_that_came_with_the_file_is_recorded(app: App, maryam: Person) -> None:
    maryam.tap("📌 برداشتن پرونده")
    views = app.all(select(AuditEvent).where(AuditEvent.event == "document_viewed"))
    assert [event.actor_id for event in views] == [maryam.account.id] * 7


def test_a_second_tap_brings_the_papers_once(maryam: Person) -> None:
    maryam.double_tap("📌 برداشتن پرونده")
    assert len(maryam.files) == 7


def test_an_officer_of_the_old_system_without_papers(app: App, sara: Person, maryam: Person) -> None:
    request = people.request_of(sara)
    bare = {key: value for key, value in request.snapshot.items() if not key.startswith("doc.")}
    app.change(QualificationRequest, request.id, snapshot=bare)
    app.change(Officer, sara.account.id, university_code="sums")
    maryam.tap("📌 برداشتن پرونده").sees("نام پدر: علی", "تاریخ تولد: ۱۳۶۵/۰۴/۱۲", "✅ تأیید")
    assert maryam.files == []
