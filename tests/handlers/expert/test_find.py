"""Whatever an expert or the staff know of a person or company finds it, typed on any screen."""

import re

import pytest
from sqlmodel import Session, select

from bot.services.accounts import queries
from bot.services.search.keys import name_keys, wanted
from bot.texts import formats
from storage.tables import Account, AuditEvent, Officer
from tests.support.chat_driver import NOW, App, Person
from tests.support.chat_fixtures import ON_BOTH_DATABASES
from tests.support.chat_people import (
    accept,
    code_of,
    cooperation,
    distributor,
    expert,
    in_charge,
    officer,
    pick,
    request_of,
    staff,
    submit,
    suspend,
    tariff,
)
from tests.support.factories import people

PERSIAN = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")


@pytest.fixture(autouse=True)
def fee(app: App) -> None:
    tariff(app)


@pytest.fixture
def negar(app: App) -> Person:
    return submit(officer(app, "نگار", "طباطبایی‌نژاد", mobile="+989151112233"))


@ON_BOTH_DATABASES
def test_an_expert_pastes_whatever_is_known_and_the_file_opens(app: App, negar: Person) -> None:
    maryam, request, code = expert(app), request_of(negar), code_of(negar)
    known = [
        "نگار",
        "نگار طباطبایی",
        "طباطبايي نژاد",
        "طباطباییی"[:-1],
        "طبا نگار",
        "نژاد",
        f"سلام، کد رهگیری من {request.tracking_code} است، لطفاً بررسی کنید",
        code,
        "".join(chr(0x6F0 + int(digit)) for digit in code),
        f"کد ملی: {code[:3]}-{code[3:9]}-{code[9:]}",
        "09151112233",
        "0915 111 2233",
        "+98 915 111 2233",
        negar.account.user_code,
        code[-4:],
    ]
    for text in known:
        maryam.open("home").type(text)
        assert f"پرونده {request.tracking_code}" in maryam.text, text


def test_it_is_found_from_the_list_and_from_another_card(app: App, negar: Person) -> None:
    sara = submit(officer(app))
    maryam = (
        expert(app)
        .open("desk.queue")
        .type("نگار")
        .sees("متقاضی: نگار طباطبایی‌نژاد", request_of(negar).tracking_code)
    )
    maryam.type("سارا کریمی").sees(request_of(sara).tracking_code, "متقاضی: سارا کریمی‌نژاد")
    maryam.open("desk.search").sees("نام یا بخشی از آن").type("طباطبایی").sees("متقاضی: نگار طباطبایی‌نژاد")


def test_several_come_as_a_list_with_state_and_age(app: App, negar: Person) -> None:
    other = submit(officer(app, "نگار", "امینی"))
    app.clock.passes(days=2)
    maryam = expert(app).open("home").type("نگار")
    maryam.sees("۲ نتیجه برای «نگار»", "جدید، ⏳ در انتظار بررسی، ۲ روز", request_of(negar).tracking_code)
    maryam.sees(request_of(other).tracking_code).type("۲").sees("وضعیت: ⏳ در انتظار بررسی")


def test_an_expert_finds_only_the_files_of_the_own_university(app: App, negar: Person) -> None:
    stranger = expert(app, "اصفهانی", university="mui")
    for text in (
        "نگار",
        "طباطبایی",
        code_of(negar),
        code_of(negar)[-4:],
        "09151112233",
        request_of(negar).tracking_code,
    ):
        stranger.open("home").type(text).sees("چیزی پیدا نشد").sees_not("طباطبایی‌نژاد —")
    officer(app, "پرویز", "بی‌پرونده")
    expert(app).open("home").type("پرویز").sees("چیزی پیدا نشد")
    # Nobody else searches.
    sara = officer(app).open("home").type("نگار طباطبایی")
    sara.sees("متوجه پیام شما نشدم")


def test_staff_find_accounts_files_companies_universities_and_fields(app: App, negar: Person) -> None:
    distributor(app, "آوای سلامت نگار")
    reza = staff(app).open("home").type("نگار")
    reza.sees(
        "👤 نگار طباطبایی‌نژاد", "حساب فعال", request_of(negar).tracking_code, "🏢", "آوای سلامت نگار", "شیراز"
    )
    reza.type("۱").sees("کد کاربری", negar.account.user_code)
    assert app.first(select(AuditEvent).where(AuditEvent.event == "account_looked_up")) is not None
    reza.open("home").type(request_of(negar).tracking_code).sees(f"پرونده {request_of(negar).tracking_code}")
    assert app.first(select(AuditEvent).where(AuditEvent.event == "file_looked_up")) is not None
    reza.open("home").type("کاشان").sees("دانشگاه علوم پزشکی کاشان")
    reza.open("home").type("مهندسی پزشکی").sees("مهندسی پزشکی")
    reza.open("home").type("پرویزنیست").sees("چیزی پیدا نشد")


def test_a_company_leads_an_expert_to_its_requests(app: App) -> None:
    sara = officer(app)
    app.change(Officer, sara.account.id, qualified_at=NOW, university_code="sums")
    boss, at = distributor(app, "آوای سلامت")
    pick(boss, at, sara)
    maryam = expert(app).open("home").type("آوای سلامت").sees("چیزی پیدا نشد")
    accept(sara)
    maryam.open("home").type("آوای سلامت").sees("درخواست همکاری", cooperation(app).tracking_code)
    maryam.open("home").type("سلامت آوای").sees(cooperation(app).tracking_code)


@pytest.mark.parametrize(("number", "pages"), [(10, 1), (20, 2), (51, 5)])
def test_results_in_pages(app: App, number: int, pages: int) -> None:
    """Each stands once under its number; more than fifty are not listed, and that is said."""

    def unit(db: Session) -> None:
        for n in range(number):
            people.officer(db, "نگار", f"امینی {n:02}", chat=False)

    app.run(unit)
    reza = staff(app).open("home").type("نگار")
    listed = min(number, 50)
    title = "۵۰ نتیجه نخست برای «نگار»؛ نتیجه‌های دیگری هم هست" if number > 50 else "نتیجه برای «نگار»:"
    found, numbers = list[str](), list[str]()
    for page in range(1, pages + 1):
        reza.sees(title)
        assert (f"صفحه {formats.digits(page)} از {formats.digits(pages)}" in reza.text) is (pages > 1)
        lines = [line for line in reza.text.splitlines() if "👤" in line]
        found += [name for line in lines for name in re.findall(r"امینی \d\d", line)]
        numbers += [line.partition(". ")[0] for line in lines]
        assert ("بعدی" in reza.labels) is (page < pages)
        if page < pages:
            reza.tap("بعدی")
    assert numbers == [formats.digits(n) for n in range(1, listed + 1)]
    assert len(set(found)) == len(found) == listed
    reza.open("find", reza.view.id if reza.view else 0, arg="99").sees(f"{numbers[-1]}. ").tap(
        "قبلی" if pages > 1 else "🔎 جست‌وجو"
    )


def test_staff_see_of_accounts_the_state_and_the_newest_file(app: App, negar: Person) -> None:
    """A part of the national code alone; the user code where there is none."""
    parviz = officer(app, "نگار", "بی‌پرونده")
    user_code = officer(app, "نگار", "بی‌کد", national_code=None).account.user_code
    suspend(parviz)
    app.clock.passes(days=2)
    staff(app).open("home").type("نگار").sees(
        f"👤 نگار طباطبایی‌نژاد — •••••••{code_of(negar)[-3:]} — حساب فعال، ⏳ در انتظار بررسی، ۲ روز\n".translate(
            PERSIAN
        ),
        f"👤 نگار بی‌پرونده — •••••••{code_of(parviz)[-3:]} — حساب غیرفعال\n".translate(PERSIAN),
        f"👤 نگار بی‌کد — {user_code} — حساب فعال\n",
    )


def test_another_persons_search_is_not_shown(app: App, negar: Person) -> None:
    submit(officer(app, "نگار", "امینی"))
    maryam = expert(app).open("home").type("نگار").sees("۲ نتیجه")
    assert maryam.chat.view == "1|find|1||"
    in_charge(app).open("find", 1).sees("دیگر معتبر نیست").sees_not("طباطبایی")


def test_a_name_that_changes_is_found_by_the_new_one(app: App, negar: Person) -> None:
    account_id, by = negar.account.id, expert(app)
    app.run(lambda db: queries.save_account(db, db.get_one(Account, account_id), last_name="سعیدی"))
    maryam = by.open("home").type("نگار سعیدی").sees(request_of(negar).tracking_code)
    maryam.open("home").type("طباطبایی").sees("چیزی پیدا نشد")


@pytest.mark.parametrize("text", ["٪", "__", "' or 1=1", "\U0010ffff", "ا" * 300, "۱۲", "%", "گ" * 150])
def test_odd_texts_are_answered(app: App, negar: Person, text: str) -> None:
    expert(app).open("home").type(text)
    staff(app).open("home").type(text).sees_not("نگار طباطبایی‌نژاد")


def test_keys_of_names() -> None:
    assert name_keys("سیدمحمد حسینی") == name_keys("سید محمد حسینی")
    assert "محمدحسینیسید" in name_keys("سیدمحمد حسینی")
    assert wanted("شرکت ۳۳ سلامت").words == ("شرکت", "33", "سلامت")
