"""Markup, marks that turn text around, formulas and paths in everything that people may write: whoever reads it sees
plain text, on both messengers, and no file is a path."""

import unicodedata
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlmodel import Session, SQLModel, select

from bot.core.screens import Press
from bot.services.directorate import reference_rows
from demo.seen import Seen
from storage.enums import Messenger
from storage.tables import Account, StoredFile, University
from tests.abuse.all_actions import all_actions
from tests.abuse.case_actions import REASON
from tests.abuse.changes import WrittenTables
from tests.abuse.press_runner import PressRunner
from tests.abuse.running_service import RunningService
from tests.support import files
from tests.support.services import rolled_back

#: Found again on screens, whatever was taken out around it.
MARK = "پررنگ"
SHORT = f"*{MARK}* _x_ [ب](http://e.ir)\u202e<b>"
LONG = (
    f"=1+1 <b>{MARK}</b> *ستاره* _خط_ `کد` ```بلوک``` [پیوند](http://evil.example) "
    "\u202eوارونه\u202c\u2066\u2067\u200b\u200f\u00ad\u061c @everyone /start\x00\x1b[2J\u2028خط"
)
#: Lines that would pass for the bot's own, and an address to be tapped.
FORGED = "\n✅ درخواست شما تأیید شد\n\n\n💳 بپردازید: https://bank.example"
FORMULA = '=HYPERLINK("http://evil.example";"دانشگاه")'
#: Marks that our own sentences put around names.
OURS = frozenset("\u2066\u2067\u2068\u2069\u200e\u200f\u200c")
OPENING, CLOSING = frozenset("\u2066\u2067\u2068"), "\u2069"
#: Answers that are replaced by the hostile words.
REPLACED = {REASON: LONG + FORGED, "بدون دلیل": LONG + FORGED, "بدون توضیح": LONG + FORGED, "۴۴۵۵۶۶": SHORT}
READERS = (
    "staff",
    "expert:reviewer",
    "expert:in charge",
    "expert:far in charge",
    "manager:kian",
    "manager:arad",
    "officer:deficient",
    "officer:submitted",
    "officer:sara",
    "officer:mina",
    "officer:coop far",
)


def scripts(to: str, university: int) -> list[tuple[str, tuple[Press | str, ...]]]:
    """What is written where no action of the tables asks for words. `to` is a user code, `university` the fingerprint
    of the row."""
    return [
        (
            "officer:draft",
            (
                Press("qual.draft"),
                "هیچ‌کدام را ندارم",
                "⬅️ نشانی و تماس",
                "✏️ آدرس محل زندگی",
                LONG,
                "ثبت نهایی",
                "بله",
            ),
        ),
        ("staff", (Press("staff.new_letter"), "۲", to, "بله", SHORT, SHORT, LONG, "بدون پیوست")),
        ("staff", ("✅ تأیید", "📤 ارسال", "بله")),
        ("staff", ("/cancel", Press("staff.new_field"), SHORT, "خیر", "✅ تأیید")),
        (
            "staff",
            (Press("staff.new_document"), LONG, MARK, SHORT[:18], "الزامی", "۱", "از امروز", "✅ تأیید"),
        ),
        ("staff", (Press("staff.rename_university", 0, university, "mui"), FORMULA, "✅ تأیید")),
        (
            "manager:kian",
            (Press("dist.new_branch"), SHORT, "فارس", "شیراز", LONG, "بعداً انتخاب می‌کنم", "✅ تأیید"),
        ),
    ]


async def _write(service: RunningService) -> None:
    """Everybody who may write anything writes it, each action on a case that no other ends."""
    reader, read = service.participants.named("officer:deficient").id, service.database.read
    code = await read(lambda db: db.get_one(Account, reader).user_code)
    fingerprint = await read(lambda db: reference_rows.row_fingerprint(db.get_one(University, "mui")))
    for name, steps in scripts(code, fingerprint):
        await service.walk(name, *steps)
    done = set[tuple[str, str]]()
    for action in await read(lambda db: all_actions(db, service.participants)):
        key = (action.machine, action.action)
        if action.allowed and key not in done and set(action.steps) & set(REPLACED):
            done.add(key)
            steps = (REPLACED.get(one, one) if isinstance(one, str) else one for one in action.steps)
            await service.walk(min(action.allowed), *steps)
    assert len(done) >= 9, done


@pytest.mark.parametrize("service", [("sqlite", one) for one in Messenger], indirect=True, ids=[*Messenger])
async def test_nobody_sees_markup_or_turned_text(service: RunningService) -> None:
    await _write(service)
    seen = await _everybody_reads(service)
    readers = {name.partition(":")[0] for name, texts in seen.items() if any(MARK in one for one in texts)}
    assert readers == {"staff", "expert", "manager", "officer"}
    assert service.emulators.bale.server.marked == []
    for face in service.emulators.messengers:
        assert not [call for call in face.server.calls if "parse_mode" in call.params]
    for name, texts in seen.items():
        for text in texts:
            assert not _turning(text), f"{name} sees {text!a}"
            assert "bank.example" not in text, f"{name} may tap {text!a}"
    forged = {name: _forged(texts) for name, texts in seen.items()}
    assert len([name for name, lines in forged.items() if lines]) >= 4, forged
    assert all(line.startswith("│ ") for lines in forged.values() for line in lines), forged
    assert await service.database.read(_stored_marks) == []
    assert await service.failures() == []
    await _spreadsheet(service)


async def _everybody_reads(service: RunningService) -> dict[str, list[str]]:
    """Every screen that may show the words, over HTTP."""
    buttons = await rolled_back(
        service.database,
        lambda db: PressRunner(db, service.participants, WrittenTables()).collect_buttons(
            most=90, names=READERS
        ),
    )
    routes = service.service.processor.routes.by_action
    for name, presses in buttons.items():
        await service.act(name, *(one for one in presses if routes[one.action].shows))
    await service.settled()
    return service.shown


def _forged(texts: list[str]) -> list[str]:
    """The lines that somebody wrote to look like the bot's."""
    lines = [line for text in texts for line in text.splitlines()]
    return [line for line in lines if "💳 بپردازید: https" in line]


def _turning(text: str) -> list[str]:
    """Marks that are not our own, and isolates that do not end in their line."""
    wrong = _marks(text, ("Cf", "Cc", "Zl", "Zp"), OURS | {"\n"})
    for line in text.splitlines():
        depth = 0
        for letter in line:
            depth += (letter in OPENING) - (letter == CLOSING)
            if depth < 0:
                wrong.append(letter)
        if depth:
            wrong.append(line)
    return wrong


def _marks(text: str, categories: tuple[str, ...], allowed: frozenset[str]) -> list[str]:
    return [one for one in text if unicodedata.category(one) in categories and one not in allowed]


def _stored_marks(db: Session) -> list[str]:
    """Texts in the database that hold such marks; raw updates are kept as they came, pushes and alerts are our own sentences."""
    return [
        f"{name}: {text!a}"
        for name, table in SQLModel.metadata.tables.items()
        if name not in ("inbox_update", "push", "staff_alert")
        for row in db.execute(table.select())
        for text in _texts(list(row))
        if _marks(text, ("Cf", "Cc", "Zl"), frozenset("\u200c\n"))
    ]


def _texts(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list | tuple):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _texts(one)


async def _spreadsheet(service: RunningService) -> None:
    """The directorate's report as it arrives: no cell is a formula, what looks like one is marked as text."""
    await service.walk("staff", Press("staff.report_xlsx", 30))
    files = [file for one in service.people["staff"].history() for file in one.files]
    sent = [file for file in files if (file.name or "").endswith(".xlsx")]
    workbook = load_workbook(BytesIO(sent[-1].content))
    cells = [cell for sheet in workbook for row in sheet.iter_rows() for cell in row]
    assert not [cell.value for cell in cells if cell.data_type == "f"]
    hostile = [cell for cell in cells if str(cell.value).startswith("=HYPERLINK")]
    assert hostile, "the university's new name is in the report"
    assert all(cell.quotePrefix for cell in hostile)


NAMES = (
    "../../../data/secret_key",
    "..\\..\\windows\\system32\\config.jpg",
    "/etc/passwd",
    "a\x00.jpg",
    "CON.jpg",
    "\u202egpj.exe",
    "%2e%2e%2fsecret.jpg",
    "؛ rm -rf ~ $(id) `id`.jpg",
    "=cmd|' /C calc'!A0.jpg",
    "<b>x</b>*_[a](http://evil.example).jpg",
    "ن" * 3000 + ".jpg",
    "\n2026-01-01 [error] forged.jpg",
)


async def test_a_files_name_is_a_label(service: RunningService, tmp_path: Path) -> None:
    store, beside = tmp_path / "files", set(tmp_path.iterdir())
    person, read = service.people["officer:draft"], service.database.read
    await service.walk(
        "officer:draft", Press("qual.draft"), "هیچ‌کدام را ندارم", "⬅️ مدارک", "✏️ تصویر کارت ملی"
    )
    before = await read(lambda db: set(db.exec(select(StoredFile.id))))
    for name in NAMES:
        await person.send_file(name, files.jpeg())
        await service.settled()
        assert isinstance(person.screen(), Seen)
    stored = await read(lambda db: [one for one in db.exec(select(StoredFile)) if one.id not in before])
    assert len(stored) >= 2
    for one in stored:
        assert one.original_name is None or not set(one.original_name) & set("/\\\x00\n\u202e")
        assert len(one.original_name or "") <= 120
    assert await service.failures() == []
    written = [path for path in store.rglob("*") if path.is_file()]
    assert written
    for path in written:
        assert all(part.isalnum() and part.isascii() for part in path.relative_to(store).parts), path
    assert set(tmp_path.iterdir()) - beside <= {store}
