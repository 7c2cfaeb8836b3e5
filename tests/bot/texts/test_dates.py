"""Every day that a written line may mean, in order, and what is no day at all."""

from datetime import date

import pytest

from bot.texts.dates import ImpossibleDate, NoDate, read_day

TIR, TIR_2086 = "1986-07-03", "2086-07-02"


@pytest.mark.parametrize(
    ("line", "days"),
    [
        ("1365/04/12", [TIR]),
        ("12/04/1365", [TIR]),
        ("1365\\04\\12", [TIR]),
        ("1365.04.12", [TIR]),
        ("1365-04-12-", [TIR]),
        ("1365_04_12", [TIR]),
        ("1365/04/12" + " " * 50, [TIR]),
        ("13650412", [TIR]),
        ("12041365", [TIR]),
        ("12 تیر 1365", [TIR]),
        ("1365 تیر 12", [TIR]),
        ("تیر 12 1365", [TIR]),
        ("12 تیرماه 1365", [TIR]),
        ("12 تیر ماه سال 1365", [TIR]),
        ("متولد 12 تیر 1365 هستم", [TIR]),
        ("تاریخ تولد من: 1365/4/12 است", [TIR]),
        ("12 تیر\u200cماه 1365", [TIR]),
        # Two digits are a year of either century where the other number can be no year.
        ("65/4/12", [TIR, TIR_2086]),
        ("12/4/65", [TIR, TIR_2086]),
        ("650412", [TIR, TIR_2086]),
        ("120465", [TIR, TIR_2086]),
        ("12 تیر 65", [TIR, TIR_2086]),
        ("65 تیر 12", [TIR, TIR_2086]),
        ("31/1/32", ["1953-04-20", "2053-04-19"]),
        ("32/1/31", ["1953-04-20", "2053-04-19"]),
        ("31 تیر 32", ["1953-07-22", "2053-07-21"]),
        ("5/4/12", ["1933-06-26", "2033-06-25"]),
        ("12 تیر 5", ["1933-06-26", "2033-06-25"]),
        ("99/01/01", ["2020-03-20", "2120-03-21"]),
        ("00/01/01", ["1921-03-21", "2021-03-21"]),
        # Either of two may be the year; a day that both mean counts once.
        ("12/4/05", ["1933-06-26", "2033-06-25", "1926-07-04", "2026-07-03"]),
        ("05/04/12", ["1926-07-04", "2026-07-03", "1933-06-26", "2033-06-25"]),
        ("31/1/31", ["1952-04-20", "2052-04-19"]),
        # The last days of months and of years.
        ("1365/6/31", ["1986-09-22"]),
        ("1365/12/29", ["1987-03-20"]),
        ("1366/12/30", ["1988-03-20"]),
        # Of a compact number the order that has a month.
        ("13650230", ["1986-05-20"]),
        ("30021365", ["1986-05-20"]),
        # The years of the calendar.
        ("1200/1/1", ["1821-03-21"]),
        ("1499/1/1", ["2120-03-21"]),
    ],
)
def test_a_day_of_the_jalali_calendar(line: str, days: list[str]) -> None:
    found = read_day(line)

    assert ([f"{day}" for day in found.days], found.gregorian) == (days, False)


@pytest.mark.parametrize(
    ("line", "days"),
    [
        ("1986/7/13", ["1986-07-13"]),
        ("1986/07/03", [TIR]),
        ("19860703", [TIR]),
        ("03071986", [TIR]),
        # Americans write the month first.
        ("3/7/1986", [TIR, "1986-03-07"]),
        ("13/7/1986", ["1986-07-13"]),
        ("7/13/1986", ["1986-07-13"]),
        ("3 july 1986", [TIR]),
        ("July 3, 1986", [TIR]),
        ("3 ژوئیه 1986", [TIR]),
        ("12-اوت-1986", ["1986-08-12"]),
        ("12 آگوست 1986", ["1986-08-12"]),
        ("july 3 86", [TIR, "2086-07-03"]),
        ("3/7/86 میلادی", [TIR, "1986-03-07", "2086-07-03", "2086-03-07"]),
        ("25/5/20 میلادی", ["1925-05-20", "2025-05-20", "1920-05-25", "2020-05-25"]),
        ("1365/04/12 میلادی", ["1365-04-12"]),
        ("12 july 1365", ["1365-07-12"]),
        ("1900/1/1", ["1900-01-01"]),
        ("2100/1/1", ["2100-01-01"]),
    ],
)
def test_a_day_of_the_gregorian_calendar(line: str, days: list[str]) -> None:
    found = read_day(line)

    assert ([f"{day}" for day in found.days], found.gregorian) == (days, True)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "1365",
        "1365 04",
        "1365 04 12 5",
        "تیر 1365",
        "12 تیر 1365 5",
        "365/4/12",
        "12 تیر 005",
        "1365/4/012",
        "1365/004/12",
        "136504123",
        "1385/1/1386",
        "1386 تیر 1385",
        "1 1 1",
        "12 تیر مرداد 1365",
        "july تیر 12 1365",
        "تیر july 12 1365",
        "12 foo 1365",
        "12/04/1365 +",
        "1365/04/12" + " " * 51,
    ],
)
def test_what_is_no_date(line: str) -> None:
    with pytest.raises(NoDate):
        read_day(line)


@pytest.mark.parametrize(
    "line",
    [
        "1365/13/1",
        "1365/0/1",
        "1365/1/0",
        "1365/1/32",
        "1365/7/31",
        "1365/12/30",
        "1199/1/1",
        "1500/1/1",
        "1899/1/1",
        "2101/1/1",
        "1986/13/07",
        "1986/02/29",
        "02301365",
        "99990101",
        "01019999",
        "0000/01/01",
        "201332",
        "3 july 0000",
    ],
)
def test_a_day_that_no_calendar_has(line: str) -> None:
    with pytest.raises(ImpossibleDate):
        read_day(line)


MONTHS = [
    "فروردین",
    "اردیبهشت",
    "خرداد",
    "تیر",
    "مرداد",
    "شهریور",
    "مهر",
    "آبان",
    "آذر",
    "دی",
    "بهمن",
    "اسفند",
]
GREGORIAN = [
    "ژانویه january jan",
    "فوریه february feb",
    "مارس march mar",
    "آوریل اوریل april apr",
    "مه می may",
    "ژوئن جون june jun",
    "ژوئیه ژوییه جولای july jul",
    "اوت آگوست august aug",
    "سپتامبر september sep sept",
    "اکتبر october oct",
    "نوامبر november nov",
    "دسامبر december dec",
]


@pytest.mark.parametrize("number", range(1, 13))
def test_each_month_by_its_names(number: int) -> None:
    by_number = read_day(f"1365/{number}/9")
    assert read_day(f"9 {MONTHS[number - 1]} 1365") == by_number
    assert read_day(f"9 {MONTHS[number - 1]}ماه 1365") == by_number
    for name in GREGORIAN[number - 1].split():
        for written in (name, name.upper()):
            assert read_day(f"9 {written} 1986").days == (date(1986, number, 9),), written


def test_a_month_is_found_in_another_spelling() -> None:
    assert read_day("9 امرداد 1365") == read_day("9 مرداد 1365")
    assert read_day("9 ابان 1365") == read_day("9 آبان 1365")
    assert read_day("9 أذر 1365") == read_day("9 آذر 1365")


@pytest.mark.parametrize(
    "filler",
    [
        "متولد",
        "تاریخ",
        "تولد",
        "من",
        "روز",
        "ماه",
        "سال",
        "ام",
        "م",
        "مورخ",
        "هجری",
        "شمسی",
        "خورشیدی",
        "ه",
        "ش",
        "هستم",
        "است",
        "برابر",
        "با",
        "در",
        "و",
    ],
)
def test_words_around_a_date_say_nothing(filler: str) -> None:
    for line in (f"{filler} 1365/4/12", f"1365/4/12 {filler}", f"12 {filler} تیر 1365"):
        assert read_day(line).days == (date(1986, 7, 3),), line
