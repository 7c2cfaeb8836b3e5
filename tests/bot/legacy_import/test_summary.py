"""The whole of what is printed at the end of an import, and of a trial."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from bot.legacy_import.importer import Totals
from bot.legacy_import.report import harmless
from bot.legacy_import.row_parser import DistributorRow, Employer, OfficerRow
from bot.legacy_import.store import Result, RowResult
from bot.legacy_import.summary import summary
from bot.texts import BIDI_MARKS, t
from storage.enums import DistributorKind

KIAN = Employer(DistributorKind.COMPANY, "کیان طب", "14009999995", manager_name="حسین رضایی", city="شیراز")
OFFICER = OfficerRow(
    row=2,
    national_code="9991234561",
    user_code="old1",
    password="x",
    password_hash=None,
    account={"first_name": "سارا", "mobile": "+989121234567"},
    file={
        "birth_date": date(1986, 7, 3),
        "level_code": "bachelor",
        "field_note": "اپتیک",
        "legacy_qualified": True,
        "qualified_at": datetime(2021, 3, 21, 8, 30, tzinfo=UTC),
    },
    employer=KIAN,
    contract_from=date(2021, 5, 5),
)


def printed(totals: Totals, *, dry_run: bool = False) -> list[str]:
    return BIDI_MARKS.sub("", summary(totals, Path("r.csv"), dry_run=dry_run)).splitlines()


def said(key: str, **args: object) -> list[str]:
    return BIDI_MARKS.sub("", t(f"import.{key}", **args)).splitlines()


COUNTS = said("summary")
REPORT = [line.format(path="r.csv") for line in said("report")]


def counts(**numbers: int) -> list[str]:
    return [line.format(**numbers) for line in COUNTS]


def test_few_lines_where_there_is_little_to_say() -> None:
    totals = Totals(read=9, created=4, updated=3, unchanged=1, refused=1)
    assert printed(totals) == [*counts(read=9, created=4, updated=3, unchanged=1, refused=1), *REPORT]


def test_everything_that_there_may_be_to_say() -> None:
    totals = Totals(5, 1, 1, 1, 2, 0, 3, 4, ("ردیف", "توضیح"), "جدول", 4)
    assert printed(totals) == [
        *counts(read=5, created=1, updated=1, unchanged=3, refused=0),
        *(line.format(untouched=2) for line in said("untouched")),
        *(line.format(distributors=3) for line in said("distributors")),
        *(line.format(same=4) for line in said("same_password_count")),
        *said("read_from", sheet="جدول", row=4),
        *said("unknown_columns", columns="ردیف، توضیح"),
        *REPORT,
    ]
    assert said("header_at", row=2)[0] in printed(Totals(header_row=2))
    assert said("header_at", row=1)[0] not in printed(Totals(header_row=1))


def test_a_trial_shows_rows_as_they_would_be_stored() -> None:
    hashed = OfficerRow(3, "9991234588", "old2", None, "$2b$…", file={"legacy_qualified": False})
    shown = printed(Totals(shown=[OFFICER, hashed, DistributorRow(4, KIAN)]), dry_run=True)
    assert shown[len(COUNTS) + len(REPORT) :] == [
        *said("shown", row=2),
        "  کد ملی: 9991234561",
        "  کد کاربری: old1",
        f"  رمز عبور: {t('import.plain_password')}",
        "  نام: سارا",
        "  شماره همراه: +989121234567",
        "  تاریخ تولد: ۱۳۶۵/۰۴/۱۲",
        "  مقطع تحصیلی: bachelor",
        "  رشته تحصیلی: اپتیک",
        f"  احراز صلاحیت: {t('import.yes')}",
        "  تاریخ احراز صلاحیت: ۱۴۰۰/۰۱/۰۱",
        "  تاریخ شروع همکاری: ۱۴۰۰/۰۲/۱۵",
        *(company := ["  نوع توزیع‌کننده: COMPANY", "  نام توزیع‌کننده: کیان طب", "  شناسه توزیع‌کننده: 14009999995", "  نام مدیر: حسین رضایی", "  شهر توزیع‌کننده: شیراز"]),
        *said("shown", row=3),
        "  کد ملی: 9991234588",
        "  کد کاربری: old2",
        f"  رمز عبور: {t('import.stored_hash')}",
        f"  احراز صلاحیت: {t('import.no')}",
        *said("shown", row=4),
        *company,
        *said("dry"),
    ]  # fmt: skip


def test_what_became_of_rows_is_counted() -> None:
    totals = Totals()
    for result in (*Result, Result.CREATED):
        totals.count(RowResult(1, result, new_distributor=result is Result.CREATED))
    numbers = (totals.created, totals.updated, totals.unchanged, totals.untouched, totals.refused)
    assert (numbers, totals.distributors) == ((2, 1, 1, 1, 1), 2)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        *((f"{sign}1", f"'{sign}1") for sign in "=+-@\t\r"),
        (" =1", "' =1"),
        ("\u200f=1", "'\u200f=1"),
        ("＝1", "'＝1"),
        ("1=1", "1=1"),
        ("علی", "علی"),
        ("", ""),
    ],
)
def test_no_cell_of_a_report_is_a_formula(text: str, written: str) -> None:
    assert harmless(text) == written
