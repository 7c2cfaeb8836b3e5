"""When the job looks at a document or a note, and when it looks again."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from bot.jobs import retention
from bot.jobs.retention import look_at_documents, look_at_notes
from storage.enums import CooperationState, LetterState, Messenger, RejectReason, RequestState
from storage.tables import (
    AuditEvent,
    FileHandle,
    FileNote,
    Letter,
    LetterFile,
    RequestFile,
    StoredFile,
)
from tests.support.factories.cooperation import cooperation_request, parties
from tests.support.factories.people import Participants, participants
from tests.support.factories.qualification import add_request, stored_file
from tests.support.factories.reference_data import NOW
from tests.support.services import as_unit

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
LIFE = 731 * DAY
WITHDRAWN = {"closed_at": NOW}


def file(db: Session, people: Participants, created: datetime = NOW, **values: Any) -> StoredFile:
    row = db.get_one(StoredFile, stored_file(db, people.sara))
    row.created_at = created
    for name, value in values.items():
        setattr(row, name, value)
    db.flush()
    return row


def send(db: Session, people: Participants, row: StoredFile, state: RequestState, **values: Any) -> None:
    request = add_request(db, people.sara, state, **values)
    db.add(
        RequestFile(
            request_id=request.id,
            file_id=row.id,
            round=0,
            document_code="national_card",
            university_code="sums",
            sent_at=NOW,
        )
    )
    db.flush()


def looked(db: Session, now: datetime) -> tuple[int, list[int | None]]:
    number, documents = look_at_documents(db, now=now)
    return number, [one.id for one in documents]


@as_unit
def test_a_loose_upload_is_looked_at_after_a_month_and_goes(db: Session) -> None:
    people = participants(db)
    loose, removed = file(db, people), file(db, people, removed_at=NOW)
    db.add(FileHandle(file_id=loose.id, bot_id=1, messenger=Messenger.TELEGRAM, variant="shown", handle="h"))
    db.flush()
    number = loose.id
    assert looked(db, NOW + 30 * DAY) == (0, [])
    at = NOW + 30 * DAY + SECOND
    assert looked(db, at) == (1, [number])
    kept = db.get_one(StoredFile, number)
    assert kept.removed_at == at
    assert db.exec(select(FileHandle)).all() == []
    assert list(db.exec(select(AuditEvent.subject_id).where(AuditEvent.event == "document_removed"))) == [
        number
    ]
    assert looked(db, at + 999 * DAY) == (0, [])
    assert db.get_one(StoredFile, removed.id).removed_at == NOW


@pytest.mark.parametrize(
    ("state", "values", "goes_after"),
    [
        (RequestState.WITHDRAWN, WITHDRAWN, LIFE),
        (RequestState.REVOKED, WITHDRAWN, LIFE),
        (
            RequestState.REJECTED,
            WITHDRAWN | {"reject_reason": RejectReason.OTHER, "reject_text": "مدارک خوانا نیست"},
            LIFE,
        ),
        (RequestState.WITHDRAWN, {"state_since": NOW}, LIFE),
        (RequestState.SUBMITTED, {"state_since": NOW}, None),
        (RequestState.COMPLETED, WITHDRAWN, None),
    ],
)
@as_unit
def test_a_document_that_was_sent_stays_two_years_after_the_end(
    db: Session, state: RequestState, values: dict[str, Any], goes_after: timedelta | None
) -> None:
    people = participants(db)
    row = file(db, people, NOW - 40 * DAY)
    send(db, people, row, state, **values)
    number = row.id
    assert looked(db, NOW) == (1, [])
    assert row.check_at == NOW + (LIFE + SECOND if goes_after is not None else 365 * DAY)
    if goes_after is None:
        assert looked(db, NOW + 365 * DAY) == (1, [])
        return
    assert looked(db, NOW + LIFE) == (0, [])
    assert looked(db, NOW + LIFE + SECOND) == (1, [number])


@as_unit
def test_of_several_requests_the_last_to_end_counts_and_a_living_one_keeps(db: Session) -> None:
    people = participants(db)
    twice, living = file(db, people, NOW - 40 * DAY), file(db, people, NOW - 40 * DAY)
    ended = RequestState.WITHDRAWN
    for closed in (NOW, NOW - 9 * DAY):
        send(db, people, twice, ended, closed_at=closed)
    send(db, people, living, ended, closed_at=NOW)
    send(db, people, living, RequestState.IN_REVIEW, reviewer_id=people.ali.account_id)
    assert looked(db, NOW) == (2, [])
    assert (twice.check_at, living.check_at) == (NOW + LIFE + SECOND, NOW + 365 * DAY)


@as_unit
def test_what_a_letter_has_or_a_draft_names_stays(db: Session) -> None:
    people = participants(db)
    of_letter, used = file(db, people, NOW - 40 * DAY), file(db, people, NOW - 40 * DAY)
    letter = Letter(created_by=people.staff.account_id, title="ن", text="م", state=LetterState.SENDING)
    db.add(letter)
    db.flush()
    db.add(LetterFile(letter_id=letter.id, file_id=of_letter.id, position=0))
    add_request(db, people.sara, RequestState.DRAFT, snapshot={"doc.national_card": [used.id]})
    assert looked(db, NOW) == (2, [])
    assert (of_letter.check_at, used.check_at) == (NOW + 365 * DAY, NOW + 7 * DAY)
    assert looked(db, NOW + 7 * DAY - SECOND) == (0, [])
    assert looked(db, NOW + 7 * DAY) == (1, [])


@as_unit
def test_so_many_are_looked_at_the_longest_due_first(db: Session) -> None:
    people = participants(db)
    before, retention.LOOKS = retention.LOOKS, 2
    try:
        new, late = file(db, people, NOW - 40 * DAY), file(db, people, check_at=NOW - DAY)
        later, first = file(db, people, check_at=NOW), file(db, people, check_at=NOW - 2 * DAY)
        assert looked(db, NOW) == (2, [])
        assert [row.check_at > NOW for row in (first, late)] == [True, True]  # type: ignore[operator]
        number = new.id
        assert looked(db, NOW) == (2, [number])
        assert later.check_at is not None
        assert later.check_at > NOW
    finally:
        retention.LOOKS = before


def note(db: Session, people: Participants, subject: str, subject_id: int | None, **values: Any) -> FileNote:
    given = {"created_at": NOW - 8 * DAY} | values
    row = FileNote(
        subject=subject, subject_id=subject_id or 0, account_id=people.ali.account_id, text="یادداشت", **given
    )
    db.add(row)
    db.flush()
    return row


@as_unit
def test_notes_go_with_the_documents_of_their_file(db: Session) -> None:
    people = parties(db)
    over = add_request(db, people.unqualified, RequestState.WITHDRAWN, closed_at=NOW - LIFE - SECOND)
    ended = add_request(db, people.unqualified, RequestState.WITHDRAWN, closed_at=NOW)
    living = add_request(db, people.unqualified, RequestState.SUBMITTED, state_since=NOW - 9 * LIFE)
    rows = {
        "over": note(db, people, "qualification", over.id),
        "ended": note(db, people, "qualification", ended.id),
        "living": note(db, people, "qualification", living.id),
        "young": note(db, people, "qualification", over.id, created_at=NOW - 7 * DAY),
        "put off": note(db, people, "qualification", over.id, check_at=NOW + SECOND),
        "due": note(db, people, "qualification", ended.id, created_at=NOW, check_at=NOW),
        "odd": note(db, people, "letter", over.id),
    }
    assert look_at_notes(db, now=NOW) == 5
    left = set(db.exec(select(FileNote.id)))
    assert {name for name, row in rows.items() if row.id not in left} == {"over"}
    looks = {name: row.check_at for name, row in rows.items() if name != "over"}
    assert looks == {
        "ended": NOW + LIFE,
        "living": NOW + 365 * DAY,
        "young": None,
        "put off": NOW + SECOND,
        "due": NOW + LIFE,
        "odd": NOW + 365 * DAY,
    }
    assert look_at_notes(db, now=NOW) == 0


@pytest.mark.parametrize(
    ("state", "goes"), [(CooperationState.CLOSED, True), (CooperationState.APPROVED, False)]
)
@as_unit
def test_notes_of_a_cooperation_that_led_to_nothing_go(
    db: Session, state: CooperationState, goes: bool
) -> None:
    people = parties(db)
    case = cooperation_request(db, people.kian, people.sara)
    case.state, case.closed_at = state, NOW - LIFE - SECOND
    db.flush()
    note(db, people, "cooperation", case.id)
    assert look_at_notes(db, now=NOW) == 1
    assert bool(db.exec(select(FileNote.id)).all()) is not goes
