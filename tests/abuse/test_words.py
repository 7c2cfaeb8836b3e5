"""Markup, marks that turn text around, formulas and paths in everything that people may write: whoever reads it sees
plain text, on both messengers, and no file is a path."""

from __future__ import annotations

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
from demo.emulators import Emulators as Street
from demo.seen import Seen
from storage.database.database import Database
from storage.enums import Messenger
from storage.tables import Account, StoredFile, University
from tests.abuse.book import REASON
from tests.abuse.counter import Counter, open_counter
from tests.abuse.deeds import all_deeds
from tests.abuse.forger import Forger
from tests.abuse.ledger import Written
from tests.abuse.test_walks import walk
from tests.support import files

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
#: Answers that make way for the hostile words.
GIVES_WAY = {
    REASON: LONG + FORGED,
    "بدون دلیل": LONG + FORGED,
    "بدون توضیح": LONG + FORGED,
    "۴۴۵۵۶۶": SHORT,
}
READERS = (
    "staff",
    "expert:reviewer",
    "expert:head",
    "expert:far head",
    "boss:kian",
    "boss:arad",
    "officer:deficient",
    "officer:submitted",
    "officer:sara",
    "officer:mina",
    "officer:coop far",
)


def scripts(to: str, university: int) -> list[tuple[str, tuple[Press | str, ...]]]:
    """What is written where no deed of the tables asks for words. `to` is a user code, `university` the mark
    of the row."""
    return [
        ("officer:draft", (Press("qual.draft"), "مدرکی ندارم", "✏️ آدرس پستی", LONG, "ثبت نهایی", "بله")),
        ("staff", (Press("staff.new_letter"), "۲", to, "بله", SHORT, SHORT, LONG, "رد کردن")),
        ("staff", ("✅ تأیید", "📤 ارسال", "بله")),
        ("staff", ("/cancel", Press("staff.new_field"), SHORT, "خیر", "✅ تأیید")),
        ("staff", (Press("staff.new_document"), LONG, MARK, SHORT[:18], "الزامی", "۱", "✅ تأیید")),
        ("staff", (Press("staff.rename_university", 0, university, "mui"), FORMULA, "✅ تأیید")),
        ("boss:kian", (Press("dist.new_branch"), SHORT, "فارس", "شیراز", LONG, "رد کردن", "✅ تأیید")),
    ]


async def _writes(counter: Counter) -> None:
    """Everybody who may write anything writes it, each deed on a case that no other ends."""
    reader = counter.persona("officer:deficient").id
    code = await counter.database.read(lambda db: db.get_one(Account, reader).user_code)
    mark = await counter.database.read(
        lambda db: reference_rows.row_fingerprint(db.get_one(University, "mui"))
    )
    for name, steps in scripts(code, mark):
        await walk(counter, name, steps)
    deeds = await counter.database.read(lambda db: all_deeds(db, counter.town))
    done = set[tuple[str, str]]()
    for deed in deeds:
        words = {step for step in deed.steps if isinstance(step, str)}
        if not deed.allowed or (deed.machine, deed.action) in done or not words & set(GIVES_WAY):
            continue
        done.add((deed.machine, deed.action))
        await walk(counter, min(deed.allowed), [GIVES_WAY.get(str(one), one) for one in deed.steps])
    assert len(done) >= 9, done


@pytest.mark.parametrize(
    ("database_url", "messenger"),
    [("sqlite", Messenger.BALE), ("sqlite", Messenger.TELEGRAM)],
    indirect=["database_url"],
)
async def test_nobody_sees_markup_or_turned_text(
    database: Database, messenger: Messenger, town: Street, tmp_path: Path
) -> None:
    async with open_counter(town, database, tmp_path, messenger) as counter:
        await _writes(counter)
        seen = await _everybody_reads(counter)
        readers = {
            name.partition(":")[0] for name, texts in seen.items() if any(MARK in one for one in texts)
        }
        assert readers == {"staff", "expert", "boss", "officer"}
        assert town.bale.server.marked == []
        for face in town.messengers:
            for call in face.server.calls:
                assert "parse_mode" not in call.params
        for name, texts in seen.items():
            for text in texts:
                assert not _turning(text), f"{name} sees {text!a}"
                assert "bank.example" not in text, f"{name} may tap {text!a}"
        forged = {name: _forged(texts) for name, texts in seen.items()}
        assert len([name for name, lines in forged.items() if lines]) >= 4, forged
        assert all(line.startswith("│ ") for lines in forged.values() for line in lines), forged
        assert await counter.database.read(_kept) == []
        assert await counter.failures() == []
        await _spreadsheet(counter)
    assert town.violations == []


async def _everybody_reads(counter: Counter) -> dict[str, list[str]]:
    """Every screen that may show the words, over HTTP."""
    honest: dict[str, list[Press]] = {}

    class Undo(Exception):
        pass

    def unit(db: Session) -> None:
        honest.update(Forger(db, counter.town, Written()).harvest(most=90, names=READERS))
        raise Undo

    with pytest.raises(Undo):
        await counter.database.run(unit)
    routes = counter.service.processor.routes.by_action
    for name, presses in honest.items():
        for press in presses:
            if routes[press.action].shows:
                await counter.press(name, press)
    await counter.settled()
    return counter.shown


def _forged(texts: list[str]) -> list[str]:
    """The lines that somebody wrote to look like the bot's."""
    lines = [line for text in texts for line in text.splitlines()]
    return [line for line in lines if "💳 بپردازید: https" in line]


def _turning(text: str) -> list[str]:
    """Marks that are not our own, and isolates that do not end in their line."""
    wrong = [
        letter
        for letter in text
        if unicodedata.category(letter) in ("Cf", "Cc", "Zl", "Zp") and letter not in OURS | {"\n"}
    ]
    for line in text.splitlines():
        depth = 0
        for letter in line:
            depth += (letter in OPENING) - (letter == CLOSING)
            if depth < 0:
                wrong.append(letter)
        if depth:
            wrong.append(line)
    return wrong


def _kept(db: Session) -> list[str]:
    """Texts in the database that hold such marks; raw updates are kept as they came, pushes and alerts are our own sentences."""
    found = []
    for name, table in SQLModel.metadata.tables.items():
        if name in ("inbox_update", "push", "staff_alert"):
            continue
        for row in db.execute(table.select()):
            for text in _texts(list(row)):
                wrong = [
                    one
                    for one in text
                    if unicodedata.category(one) in ("Cf", "Cc", "Zl") and one not in "\u200c\n"
                ]
                found += [f"{name}: {text!a}"] if wrong else []
    return found


def _texts(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from _texts(list(value.values()))
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _texts(one)


async def _spreadsheet(counter: Counter) -> None:
    """The directorate's report as it arrives: no cell is a formula, what looks like one is marked as text."""
    await walk(counter, "staff", [Press("staff.report_xlsx", 30)])
    sent = [
        file
        for one in counter.people["staff"].history()
        for file in one.files
        if (file.name or "").endswith(".xlsx")
    ]
    book = load_workbook(BytesIO(sent[-1].content))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert not [cell.value for cell in cells if cell.data_type == "f"]
    wicked = [cell for cell in cells if str(cell.value).startswith("=HYPERLINK")]
    assert wicked, "the university's new name is in the report"
    assert all(cell.quotePrefix for cell in wicked)


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


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_files_name_is_a_label(database: Database, town: Street, tmp_path: Path) -> None:
    store, beside = tmp_path / "files", set(tmp_path.rglob("*"))
    async with open_counter(town, database, tmp_path) as counter:
        beside = set(tmp_path.iterdir())
        person = counter.people["officer:draft"]
        await walk(counter, "officer:draft", [Press("qual.draft"), "مدرکی ندارم", "✏️ تصویر کارت ملی"])
        before = await database.read(lambda db: set(db.exec(select(StoredFile.id))))
        for name in NAMES:
            await person.send_file(name, files.jpeg())
            await counter.settled()
            assert isinstance(person.screen(), Seen)
        stored = await database.read(
            lambda db: [one for one in db.exec(select(StoredFile)) if one.id not in before]
        )
        assert len(stored) >= 2
        for one in stored:
            assert one.original_name is None or not set(one.original_name) & set("/\\\x00\n\u202e")
            assert len(one.original_name or "") <= 120
        assert await counter.failures() == []
    written = [path for path in store.rglob("*") if path.is_file()]
    assert written
    for path in written:
        assert all(part.isalnum() and part.isascii() for part in path.relative_to(store).parts), path
    assert set(tmp_path.iterdir()) - beside <= {store}
