"""Invented people: their codes pass every check of the forms, and no office gives them out."""

from datetime import date

from bot.rules import validators
from simulation.people import PLACES, People, company_number


def test_officers_pass_the_checks_of_the_forms() -> None:
    people = People(1)
    officers = [people.officer(code) for code in PLACES for _ in range(80)]
    for officer in officers:
        assert validators.national_code(officer.national_code).startswith("999")
        assert validators.mobile(officer.mobile)
        assert validators.birth_date(officer.born, date(2026, 11, 26))
        assert validators.address(officer.address)
        assert validators.phone(officer.phone)
    assert len({officer.national_code for officer in officers}) == len(officers)
    assert len({officer.mobile for officer in officers}) == len(officers)


def test_one_who_is_given_keeps_what_is_given() -> None:
    known = {"first_name": "لیلا", "last_name": "شریفی", "gender": "female", "mobile": "09901110010"}
    officer = People(1).officer("tums", **known)
    assert (officer.first_name, officer.last_name, officer.mobile) == ("لیلا", "شریفی", "09901110010")


def test_companies_have_right_check_digits() -> None:
    for number in (*range(100, 120), 99_999):
        assert validators.legal_id(company_number(number)) == company_number(number)
