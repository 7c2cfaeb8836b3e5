"""Lists by row as files, for staff and heads; and the record by person, file and day."""

import csv
from dataclasses import replace
from datetime import timedelta
from io import BytesIO, StringIO
from typing import Any
from unicodedata import category

import pytest
from openpyxl import load_workbook
from sqlalchemy import event
from sqlmodel import Session, select

from bot.core.context import Actor
from bot.core.screens import Press
from bot.jobs import held_decisions
from bot.services.exports import reading, rows
from bot.services.exports.wanted import STATES, ExportKind, Wanted
from bot.texts import BIDI_MARKS
from storage.enums import AttemptState, Messenger, RequestState, Role
from storage.tables import CooperationRequest, Letter, QualificationRequest, University
from tests.support.chat_driver import NOW, App, Person
from tests.support.chat_people import (
    approve,
    at_decision,
    distributor,
    eligible,
    employ,
    expert,
    in_charge,
    officer,
    payment_attempt,
    request_of,
    staff,
    submit,
    tariff,
)

FORMULA = "=HYPERLINK(1)"


def a_day_at_the_desk(app: App) -> Person:
    """One file of each sort; a letter whose title would be a formula. Returns staff."""
    tariff(app)
    sara, maryam, boss = submit(officer(app)), expert(app), staff(app)
    approve(maryam, sara)
    request: QualificationRequest = request_of(sara)
    payment_attempt(
        app, request, AttemptState.REFUNDED, paid_at=NOW, bank_ref="778", refund_ref="R9", refunded_at=NOW
    )
    payment_attempt(app, request, AttemptState.PAID, ref="A2", paid_at=NOW, bank_ref="779")
    manager, at = distributor(app)
    employ(manager, at, eligible(app, "مینا"), maryam)
    app.add(
        Letter(
            title=FORMULA, text="متن", audience={"kind": "ALL", "value": ""}, created_by=boss.account.id or 0
        )
    )
    return boss


def table_of(person: Person) -> list[list[Any]]:
    """The rows of the sheet that was sent."""
    (file,) = person.files
    sheet = load_workbook(BytesIO(file.content)).active
    assert sheet is not None
    assert sheet.sheet_view.rightToLeft
    return [list(row) for row in sheet.iter_rows(values_only=True)]


@pytest.mark.parametrize("messenger", list(Messenger))
def test_every_list_as_a_workbook(app: App, messenger: Messenger) -> None:
    boss = a_day_at_the_desk(app).elsewhere(messenger)
    for kind in ExportKind:
        boss.open("home").tap("📤 خروجی").open("export.kind", 31, arg=str(kind)).sees(
            "از ۱۴۰۵/۰۸/۰۱ تا ۱۴۰۵/۰۹/۰۱"
        )
        assert ("🏛 دانشگاه" in boss.labels, "🗂 وضعیت" in boss.labels) == (
            kind is not ExportKind.LETTERS,
            kind in STATES,
        )
        boss.tap("📗 فایل XLSX")
        cells = table_of(boss)
        about = {row[0]: row[1] for row in cells[1:6] if row[0]}
        assert about["بازه"] == "از ۱۴۰۵/۰۸/۰۱ تا ۱۴۰۵/۰۹/۰۱ (۳۰ روز)"
        assert about["زمان تهیه"].startswith("۱۴۰۵/۰۹/۰۱")
        head = next(at for at, row in enumerate(cells) if at and not cells[at - 1][0])
        money = {ExportKind.FILES, ExportKind.PAYMENTS, ExportKind.REFUNDS}
        assert (cells[-1][0] == "جمع") is (kind in money), "a sum where there is something to sum"
        assert len(cells) > head + (2 if kind in money else 1), f"no rows of {kind}"
    assert [event.data["kind"] for event in app.events("rows_exported")] == [str(kind) for kind in ExportKind]


@pytest.mark.parametrize(("form", "label"), [("xlsx", "📗 فایل XLSX"), ("csv", "📄 فایل CSV")])
def test_a_file_says_what_it_is_and_stands_above_its_screen(app: App, form: str, label: str) -> None:
    boss = a_day_at_the_desk(app).open("export.kind", 8, arg="payments").tap(label)
    (file,) = boss.files
    assert file.name == f"payments-14050901.{form}"
    assert BIDI_MARKS.sub("", file.caption) == "📤 💳 پرداخت‌ها: ۲ سطر، از ۱۴۰۵/۰۸/۲۴ تا ۱۴۰۵/۰۹/۰۱ (۷ روز)"
    assert (boss.view, boss.answer and boss.answer.edit) == (Press("export.kind", 8, arg="payments"), None)
    (event,) = app.events("rows_exported")
    assert (event.data["rows"], event.data["form"]) == (2, form)


def test_each_university_stands_once_on_the_pages_and_the_chosen_one_is_seen(app: App) -> None:
    boss = staff(app).open("export.at", 31, arg="files")
    other = {"قبلی", "بعدی", "همه دانشگاه‌ها", "بازگشت", "🏠 منوی اصلی"}
    pages = [[label for label in boss.labels if label not in other]]
    while "بعدی" in boss.labels:
        pages.append([label for label in boss.tap("بعدی").labels if label not in other])
    universities = [one for page in pages for one in page]
    assert {len(page) for page in pages[:-1]} == {14}
    assert len(universities) == len(app.all(select(University.code)))
    chosen = boss.button(pages[-1][-1])
    boss.press(chosen).sees("دانشگاه: ").tap("🏛 دانشگاه")
    assert [label for label in boss.labels if label not in other] == pages[-1]
    assert "بعدی" not in boss.labels
    boss.tap("قبلی")
    assert [label for label in boss.labels if label not in other] == pages[-2]
    boss.tap("همه دانشگاه‌ها").sees("دانشگاه: همه", "وضعیت: همه")
    boss.open("export.at", 31, 1, arg=chosen.press.arg if chosen.press else "")
    assert [label for label in boss.labels if label not in other] == pages[0], "the page that was asked for"


def test_a_state_and_a_period_are_chosen(app: App) -> None:
    boss = staff(app).open("export.kind", arg="files").sees("(۳۰ روز)", "وضعیت: همه").sees_not("۳۰ روز گذشته")
    boss.tap("از آغاز").sees("از آغاز تا ۱۴۰۵/۰۹/۰۱", "۳۰ روز گذشته").sees_not("(۳۰ روز)")
    boss.tap("🗂 وضعیت").sees("۱. همه", "۲. ").tap("۲").sees_not("وضعیت: همه").sees("از آغاز تا")
    chosen = boss.line("وضعیت")
    boss.tap("🗂 وضعیت").sees(f"۲. {chosen}").tap("بازگشت").sees(f"وضعیت: {chosen}").tap("🗂 وضعیت", "۱")
    boss.sees("وضعیت: همه", "از آغاز تا").tap("بازگشت").sees("کدام فهرست")


def test_money_is_numbers_and_summed(app: App) -> None:
    boss = a_day_at_the_desk(app).open("export.kind", 31, arg="payments").tap("📗 فایل XLSX")
    cells = table_of(boss)
    head = next(row for row in cells if row[0] == "تاریخ پرداخت")
    amount = head.index("مبلغ (ریال)")
    values = [row[amount] for row in cells[cells.index(head) + 1 :]]
    assert values == [5_000_000, 5_000_000, 10_000_000]
    boss.tap("🗂 وضعیت").sees("۴. بازگردانده‌شده").tap("۴").tap("📗 فایل XLSX")
    assert table_of(boss)[-1][amount] == 5_000_000


@pytest.mark.parametrize("form", ["xlsx", "csv"])
def test_no_title_is_a_formula(app: App, form: str) -> None:
    boss = a_day_at_the_desk(app).open("export.kind", 31, arg="letters")
    boss.tap("📗 فایل XLSX" if form == "xlsx" else "📄 فایل CSV")
    if form == "xlsx":
        sheet = load_workbook(BytesIO(boss.files[0].content)).active
        assert sheet is not None
        (cell,) = [cell for row in sheet.iter_rows() for cell in row if cell.value == FORMULA]
        assert (cell.data_type, cell.quotePrefix) == ("s", True)
        return
    text = boss.files[0].content.decode("utf-8-sig")
    lines = list(csv.reader(StringIO(text)))
    assert lines[1][2] == f"'{FORMULA}"
    assert ["بازه", "از ۱۴۰۵/۰۸/۰۱ تا ۱۴۰۵/۰۹/۰۱ (۳۰ روز)"] in lines


def test_a_workbook_can_be_filtered_and_its_money_read(app: App) -> None:
    boss = a_day_at_the_desk(app).open("export.kind", 31, arg="payments").tap("📗 فایل XLSX")
    sheet = load_workbook(BytesIO(boss.files[0].content)).active
    assert sheet is not None
    head = next(cell.row for cell in sheet["A"] if cell.value == "تاریخ پرداخت")
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == (f"A{head + 1}", f"A{head}:J{head + 2}")
    assert [cell.number_format for cell in sheet["F"][head:]] == ["#,##0"] * 3
    assert sheet.print_title_rows == f"${head}:${head}"


def test_a_sheet_is_in_words_that_can_be_filtered(app: App) -> None:
    """No pictures of the chat in it, and «خیر» instead of the label of a button that goes back."""
    boss = a_day_at_the_desk(app)
    for kind in ExportKind:
        boss.open("export.kind", 31, arg=str(kind)).tap("📗 فایل XLSX")
        told = [str(value) for row in table_of(boss) for value in row if value is not None]
        assert [one for one in told if any(category(sign) == "So" for sign in one)] == []
        assert not any("برگرد" in one for one in told)
    assert "خیر" in told


def test_decisions_that_may_be_undone_are_none_yet(app: App) -> None:
    """Not a held one, never an undone one; once the time for undoing is over, it is the expert's."""
    tariff(app)
    app.resources.public_info = replace(app.resources.public_info, decision_undo=timedelta(minutes=3))
    sara, maryam, boss = submit(officer(app)), expert(app), staff(app)

    def decided() -> list[list[Any]]:
        boss.open("export.kind", 31, arg="decisions").tap("📗 فایل XLSX")
        cells = table_of(boss)
        head = next(at for at, row in enumerate(cells) if row[0] == "تاریخ")
        return [[row[1], row[6]] for row in cells[head + 1 :]]

    at_decision(maryam, sara).tap("❌ رد", "رشته نامرتبط", "بدون توضیح", "بله، رد می‌کنم")
    assert decided() == []
    maryam.tap("↩️ لغو تصمیم")
    app.clock.passes(minutes=4)
    app.wait(held_decisions.make_due(app.resources))
    assert decided() == []
    at_decision(maryam, sara).tap("✅ تأیید", "بله، تأیید می‌کنم")
    assert decided() == []
    app.clock.passes(minutes=4)
    app.wait(held_decisions.make_due(app.resources))
    assert decided() == [["تأیید", "مریم رضایی"]]


def test_a_long_list_is_read_in_pieces_beside_the_others(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each piece is a unit of its own on the connection for large reads; every row stands once, in order."""
    monkeypatch.setattr(rows, "PIECE", 1)
    boss, large = a_day_at_the_desk(app), list[bool]()
    read = app.database.read

    async def noted(unit: Any, *, large: bool = False, units: list[bool] = large) -> Any:
        units.append(large)
        return await read(unit, large=large)

    monkeypatch.setattr(app.database, "read", noted)
    for kind in ExportKind:
        large.clear()
        boss.open("export.kind", 31, arg=str(kind)).tap("📗 فایل XLSX")
        cells = table_of(boss)
        head = next(at for at, row in enumerate(cells) if at and not cells[at - 1][0])
        listed = [tuple(map(str, row)) for row in cells[head + 1 :] if row[0] != "جمع"]
        assert len(set(listed)) == len(listed) > 0
        assert large.count(True) == len(listed) + 2, "a piece each, an empty one, and what it is of"


def test_no_piece_sorts_a_table_that_grows(app: App) -> None:
    """Each stops at its last row, of whatever period: it is read in the order of the ids."""
    boss = a_day_at_the_desk(app)
    actor = Actor(boss.account.id, Role.STAFF)

    def plans(db: Session) -> dict[ExportKind, list[str]]:
        connection, found = db.connection(), dict[ExportKind, list[str]]()
        asked: list[tuple[str, object]] = []

        def note(conn: object, cursor: object, statement: str, values: object, *more: object) -> None:
            asked.append((statement, values))

        # Of few attempts the state is the better index.
        for kind in set(ExportKind) - {ExportKind.PAYMENTS, ExportKind.REFUNDS}:
            asked.clear()
            event.listen(connection, "before_cursor_execute", note)
            for days in (0, 30):
                wanted = Wanted(kind, days)
                rows.piece(db, actor=actor, wanted=wanted, now=NOW, below=1_000_000)
            event.remove(connection, "before_cursor_execute", note)
            found[kind] = [
                row[3]
                for statement, values in list(asked)
                if " LIMIT " in statement.replace("\n", " ")
                for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
            ]
        return found

    for kind, plan in app.run(plans).items():
        assert plan, kind
        assert not [line for line in plan if "TEMP B-TREE" in line], (kind, plan)


def test_a_head_gets_the_own_university_alone(app: App) -> None:
    a_day_at_the_desk(app)
    head = in_charge(app).open("home").tap("📤 خروجی").sees("📁 پرونده‌ها").sees_not("✉️ نامه‌ها")
    head.open("export.kind", 31, arg="letters").sees("این کار برای شما ممکن نیست")
    head.open("export.kind", 31, arg="files..tums").sees("دانشگاه علوم پزشکی شیراز").tap("📗 فایل XLSX")
    assert any("سارا کریمی‌نژاد" in row for row in table_of(head))
    app.change(QualificationRequest, app.newest(QualificationRequest).id, university_code="tums")
    head.tap("📗 فایل XLSX")
    assert not any("سارا کریمی‌نژاد" in row for row in table_of(head))
    expert(app).open("export").sees("دسترسی ندارید")


def test_a_forged_filter_is_refused(app: App) -> None:
    boss = staff(app)
    for arg in ("", "people", "files.PAID", "files.x'--", "letters.."):
        boss.open("export.kind", 31, arg=arg)
    boss.open("export.kind", 6, arg="files").sees("این دکمه دیگر معتبر نیست")


def test_more_rows_than_one_file_holds_are_said(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_ROWS", 1)
    boss = a_day_at_the_desk(app).open("export.kind", 31, arg="payments").tap("📗 فایل XLSX")
    assert any("فقط ۱ سطر نخست" in str(row[1]) for row in table_of(boss))


def test_the_record_by_person_file_and_day(app: App) -> None:
    boss = a_day_at_the_desk(app)
    code = app.newest(QualificationRequest).tracking_code or ""
    boss.open("home").tap("📜 سوابق").sees("درباره: همه").tap("🔎 جست‌وجو در سوابق")
    boss.type("00").sees("پیدا نشد").type(code).tap("از آغاز", "تا امروز")
    boss.sees(f"درباره: {code}", "مریم رضایی (کارشناس): تأیید").sees_not("تعریف شعبه")
    boss.tap("🔎 جست‌وجو در سوابق", "همه").type("۱۴۰۵/۱۰/۰۱").sees("تاریخ درست نیست").type("۱۴۰۵/۰۸/۰۱")
    boss.type("۱۴۰۵/۰۸/۳۰").sees("از ۱۴۰۵/۰۸/۰۱ تا ۱۴۰۵/۰۸/۳۰", "موردی برای نمایش")
    boss.tap("🔎 جست‌وجو در سوابق", "همه", "از آغاز").type("۱۴۰۵/۰۸/۳۰").sees("از آغاز تا ۱۴۰۵/۰۸/۳۰")
    boss.tap("🔎 جست‌وجو در سوابق", "همه").type("۱۴۰۵/۰۸/۰۱").tap("تا امروز").sees("از ۱۴۰۵/۰۸/۰۱ تا اکنون")
    boss.tap("🔎 جست‌وجو در سوابق").type(app.newest(CooperationRequest).tracking_code)
    boss.tap("از آغاز", "تا امروز").sees(f"درباره: {app.newest(CooperationRequest).tracking_code}")
    boss.sees("مریم رضایی (کارشناس): ").sees_not("از آغاز تا", "موردی برای نمایش")
    for letter in "qc":
        boss.open("staff.audit", 98_765, arg=letter).sees("درباره: —", "موردی برای نمایش")
    boss.tap("🔎 جست‌وجو در سوابق").type(boss.account.user_code).tap("از آغاز", "تا امروز")
    boss.sees("درباره: رضا اداری", "رضا اداری").sees_not("ثبت نهایی")


def test_exports_and_the_record_use_an_index(app: App) -> None:
    """No scan of a table that grows without end."""
    a_day_at_the_desk(app)

    def plan(db: Session, sql: str) -> str:
        return "\n".join(row[3] for row in db.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}"))

    read = app.run(
        lambda db: plan(
            db, "SELECT id FROM audit_event WHERE at >= '2026-01-01' ORDER BY at DESC, id DESC LIMIT 20"
        )
    )
    assert "ix_audit_event_at" in read
    assert Wanted(ExportKind.FILES, 30, RequestState.SUBMITTED).university is None
