"""An export says of what it is, and what it leaves out."""

import pytest
from sqlmodel import Session, select

from bot.core.context import Actor
from bot.core.refusals import NotAllowed
from bot.services.exports import reading, rows, wanted
from bot.services.exports.wanted import ExportKind, Wanted
from bot.texts import BIDI_MARKS
from bot.texts.formats import digits
from storage.database.database import Database
from storage.enums import RequestState
from storage.tables import AuditEvent
from tests.support.factories.people import Participants, officer
from tests.support.factories.qualification import add_request
from tests.support.factories.reference_data import NOW
from tests.support.services import refused


@pytest.mark.parametrize(("number", "shown", "left"), [(2, 2, False), (3, 3, False), (4, 3, True)])
async def test_how_many_rows_are_left_out_is_said(
    database: Database,
    people: Participants,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    shown: int,
    left: bool,
) -> None:
    assert (reading.MOST_ROWS, rows.PIECE) == (20_000, 200)
    monkeypatch.setattr(reading, "MOST_ROWS", 3)
    monkeypatch.setattr(rows, "PIECE", 2)

    def add(db: Session) -> None:
        for n in range(number):
            add_request(
                db, officer(db), RequestState.SUBMITTED, submitted_at=NOW, tracking_code=f"14050901000{n}"
            )
        add_request(db, officer(db), RequestState.SUBMITTED, submitted_at=NOW, university_code="mui")

    await database.run(add)
    of = Wanted(ExportKind.FILES, 0, university="sums")
    read = await reading.read(database, actor=people.in_charge, wanted=of, now=NOW)
    assert len(read.rows) == shown
    assert len({row[0] for row in read.rows}) == shown
    told = [
        ("بازه", "از آغاز تا ۱۴۰۵/۰۹/۰۱"),
        ("دانشگاه", "دانشگاه علوم پزشکی شیراز"),
        ("وضعیت", "همه"),
        ("زمان تهیه", "۱۴۰۵/۰۹/۰۱ ساعت ۱۲:۳۰"),
        ("تعداد سطرها", digits(shown)),
        ("توجه", "فقط ۳ سطر نخست؛ بازه را کوتاه‌تر کنید"),
    ]
    assert [(name, BIDI_MARKS.sub("", value)) for name, value in read.about] == told[: 6 if left else 5]


def test_who_exports_what(db: Session, people: Participants) -> None:
    kinds = wanted.kinds_for(db, actor=people.staff)
    assert list(kinds) == list(ExportKind)
    assert set(kinds) - set(wanted.kinds_for(db, actor=people.in_charge)) == {ExportKind.LETTERS}
    of_files = wanted.STATES[ExportKind.FILES][1]
    assert set(of_files) == set(RequestState) - {RequestState.DRAFT}
    for actor in (people.ali, people.sara):
        with refused(NotAllowed):
            wanted.kinds_for(db, actor=actor)

    def university(actor: Actor, kind: ExportKind = ExportKind.FILES, of: str | None = "mui") -> str | None:
        return wanted.university_of(db, actor, Wanted(kind, 0, university=of))

    assert university(people.staff) == "mui"
    assert university(people.staff, of=None) is None
    assert university(people.in_charge) == "sums"
    with refused(NotAllowed):
        university(people.in_charge, ExportKind.LETTERS)


def test_that_rows_left_is_recorded(db: Session, people: Participants) -> None:
    of = Wanted(ExportKind.PAYMENTS, 30, "PAID", "mui")
    wanted.note(db, actor=people.in_charge, wanted=of, form="xlsx", rows=7, now=NOW)
    event = db.exec(select(AuditEvent).where(AuditEvent.event == "rows_exported")).one()
    assert event.data == {
        "kind": "payments", "days": 30, "state": "PAID", "university": "sums", "form": "xlsx", "rows": 7,
    }  # fmt: skip
    assert wanted.state_name(ExportKind.DECISIONS, "PAID") == wanted.state_name(ExportKind.PAYMENTS, "")
    assert wanted.state_name(ExportKind.PAYMENTS, "PAID") != wanted.state_name(
        ExportKind.PAYMENTS, "REFUNDED"
    )
    periods = [BIDI_MARKS.sub("", wanted.period(days, NOW)) for days in wanted.PERIODS]
    assert periods == [
        "از ۱۴۰۵/۰۸/۲۴ تا ۱۴۰۵/۰۹/۰۱ (۷ روز)",
        "از ۱۴۰۵/۰۸/۰۱ تا ۱۴۰۵/۰۹/۰۱ (۳۰ روز)",
        "از ۱۴۰۵/۰۶/۰۲ تا ۱۴۰۵/۰۹/۰۱ (۹۰ روز)",
        "از ۱۴۰۴/۰۹/۰۱ تا ۱۴۰۵/۰۹/۰۱ (۳۶۵ روز)",
        "از آغاز تا ۱۴۰۵/۰۹/۰۱",
    ]
