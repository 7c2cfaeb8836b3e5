"""What the guide offers depends on who reads it, and on whether a form is open."""

import pytest

from bot.core.screens import Press
from bot.texts import t
from handlers.common.guide import LEADS
from storage.enums import Role
from storage.tables import DocumentType, FaqEntry
from tests.support import chat_people as people
from tests.support.chat_driver import App, Person

BACK = t("aside.form")


def in_a_form(person: Person) -> Person:
    return person.open("register") if person.chat.account_id is None else person.open("qual.new")


def guest(app: App) -> Person:
    return app.person().command("start")


def test_a_guest_registers_or_logs_in_from_the_documents_but_not_in_the_middle_of_it(app: App) -> None:
    person = guest(app).open("requirements").sees(t("guest.register"), t("guest.login"), t("menu.help"))
    person.sees_not(BACK, t("menu.qual"))
    in_a_form(person).open("requirements").sees(BACK).sees_not(t("guest.register"), t("guest.login"))


def test_an_officer_goes_on_to_the_request_from_the_documents_but_not_in_the_middle_of_it(app: App) -> None:
    sara = people.officer(app).open("requirements").sees(t("menu.qual")).sees_not(BACK, t("guest.register"))
    in_a_form(sara).open("requirements").sees(BACK).sees_not(t("menu.qual"))
    people.expert(app).open("requirements").sees("• تصویر شناسنامه").sees_not(
        t("menu.qual"), t("guest.register")
    )


@pytest.mark.parametrize(("role", "code"), list(LEADS))
def test_an_answer_leads_to_what_it_speaks_of(app: App, role: Role | None, code: str) -> None:
    label, action = LEADS[role, code]
    person, others = guest(app), people.officer(app)
    if role is Role.OFFICER:
        person, others = others, person
    person.open("faq", arg=code).sees(t(label))
    assert Press(action) in [one.press for one in person.screen.buttons()]
    in_a_form(person).open("faq", arg=code).sees(BACK)
    others.open("faq", arg=code)
    assert t(label) not in [*person.labels, *others.labels]


def test_the_help_of_each_role(app: App) -> None:
    boss, _ = people.distributor(app)
    readers: dict[str, Person] = {
        "guest": guest(app),
        "expert": people.in_charge(app),
        "officer": people.officer(app),
        "distributor": boss,
        "staff": people.staff(app),
    }
    for name, person in readers.items():
        person.open("help").sees(t(f"help.{name}").strip().split("\n")[0], t("faq.in_help"))
        assert (t("guest.forgot") in person.labels) is (name == "guest")
    people.expert(app).open("help").sees(t("help.expert").strip().split("\n")[0])
    for entry in app.all(FaqEntry.__table__.select()):  # type: ignore[attr-defined]
        app.change(FaqEntry, entry.code, active=False)
    boss.open("help").sees_not(t("faq.in_help"))


def test_questions_that_were_found_are_offered_and_no_others(app: App) -> None:
    entries = [entry.code for entry in app.all(FaqEntry.__table__.select())]  # type: ignore[attr-defined]
    person = guest(app).open("faq.found", arg=f"{entries[0]},{entries[2]},nothing")
    names = [app.get(FaqEntry, code).short_name for code in entries]
    person.sees(names[0], names[2], t("faq.others")).sees_not(names[1], BACK)


def test_a_kind_of_document_of_which_there_is_none_has_no_heading(app: App) -> None:
    person = guest(app).open("requirements").sees(t("guide.must"), t("guide.men"), t("guide.optional"))
    for row in app.all(DocumentType.__table__.select()):  # type: ignore[attr-defined]
        if row.required != "yes":
            app.change(DocumentType, row.code, active=False)
    person.open("requirements").sees(t("guide.must")).sees_not(t("guide.men"), t("guide.optional"))


def test_back_to_the_form_where_none_is_open_is_the_first_screen(app: App) -> None:
    sara = people.officer(app).open("form").sees(t("menu.qual"), t("menu.logout"))
    in_a_form(sara).open("help").tap(BACK).sees("نام پدر")
