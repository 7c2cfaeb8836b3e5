"""What colleagues read of a leave and when the files come back; the phrases that they share. Whole messages."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlmodel import Session, col, select

from bot.core.context import SYSTEM, Actor
from bot.core.refusals import InvalidInput, NotAllowed, Stale
from bot.services import team
from bot.services.cooperation.requests import COOPERATION_WORKFLOW
from bot.services.qualification.requests import QUALIFICATION_WORKFLOW
from bot.services.review import file_notes
from bot.services.team import leave as leave_service
from bot.services.team import notes, phrases
from bot.texts import BIDI_MARKS
from storage.enums import RequestState, Role
from storage.tables import AuditEvent, ExpertLeave, QualificationRequest, SavedPhrase
from tests.support.effects import pushes
from tests.support.factories.cooperation import Parties, accepted_request
from tests.support.factories.people import end_role, expert, officer
from tests.support.factories.qualification import add_request
from tests.support.factories.reference_data import NOW
from tests.support.services import refused

#: What is written and asked for does not depend on the database.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

TODAY, DAY, HOUR = date(2026, 11, 22), timedelta(days=1), timedelta(hours=1)


def told(db: Session, parties: Parties) -> dict[str, list[str]]:
    """Who read what of leaves, and whether a button leads to the own files."""
    found = {}
    for name in ("ali", "zahra", "in_charge", "foreign", "staff"):
        texts = [
            BIDI_MARKS.sub("", push.text) + (" →" if push.buttons else "")
            for push in pushes(db, getattr(parties, name), "N25")
        ]
        if texts:
            found[name] = texts
    return found


def take(db: Session, actor: Actor, deputy: Actor, first: int = 0, last: int = 3) -> ExpertLeave:
    return team.take_leave(
        db,
        actor=actor,
        starts_on=TODAY + first * DAY,
        ends_on=TODAY + last * DAY,
        deputy_id=deputy.account_id or 0,
        now=NOW,
    )


FOR_HEADS = "🏖 کارشناس علوی از ۱۴۰۵/۰۹/۰۱ تا ۱۴۰۵/۰۹/۰۴ مرخصی است. جانشین: کارشناس زارعی."
FOR_DEPUTY = (
    "🏖 کارشناس علوی از ۱۴۰۵/۰۹/۰۱ تا ۱۴۰۵/۰۹/۰۴ مرخصی است و شما جانشین او هستید."
    " پرونده‌هایی که در این روزها به او برسد یا بازگردد نزد شما می‌آید."
)


def test_deputy_and_heads_hear_of_a_leave(db: Session, parties: Parties) -> None:
    expert(db, "همکار")
    take(db, parties.ali, parties.zahra)
    assert told(db, parties) == {"zahra": [FOR_DEPUTY], "in_charge": [FOR_HEADS]}
    assert len(db.exec(select(ExpertLeave)).all()) == 1


def test_a_head_who_deputises_hears_once(db: Session, parties: Parties) -> None:
    take(db, parties.ali, parties.in_charge)
    assert told(db, parties) == {"in_charge": [FOR_DEPUTY]}
    take(db, parties.in_charge, parties.zahra, 9, 12)
    assert list(told(db, parties)["in_charge"]) == [FOR_DEPUTY], "one's own leave is no news"


def test_when_no_leave_is_taken(db: Session, parties: Parties) -> None:
    for deputy in (parties.ali, parties.foreign, parties.staff, parties.sara):
        with refused(NotAllowed, "error.not_expert_here", db=db):
            take(db, parties.ali, deputy)
    with refused(NotAllowed, db=db):
        take(db, parties.staff, parties.ali)
    first = take(db, parties.ali, parties.zahra, 5, 6)
    with refused(InvalidInput, "error.leave_taken", db=db):
        take(db, parties.ali, parties.in_charge, 20, 21)
    assert team.own_leave(db, actor=parties.ali) == first
    assert team.own_leave(db, actor=parties.zahra) is None
    first.ended_at, first.giving_back = NOW, {}
    db.flush()
    assert team.own_leave(db, actor=parties.ali) is None
    with refused(InvalidInput, "error.leave_giving_back", db=db):
        take(db, parties.ali, parties.in_charge)
    elsewhere = ExpertLeave(
        account_id=parties.zahra.account_id,
        deputy_id=parties.ali.account_id,
        university_code="mui",
        starts_on=TODAY,
        ends_on=TODAY,
        giving_back={},
        created_at=NOW,
    )
    db.add(elsewhere)
    db.flush()
    assert take(db, parties.zahra, parties.in_charge).university_code == "sums"
    first.giving_back = None
    db.flush()
    assert take(db, parties.ali, parties.in_charge).id


def test_the_leaves_of_a_university_by_date(db: Session, parties: Parties) -> None:
    later, sooner = (
        take(db, parties.ali, parties.zahra, 9, 12),
        take(db, parties.in_charge, parties.zahra, 2, 3),
    )
    over = take(db, parties.zahra, parties.in_charge, 20, 21)
    over.ended_at = NOW
    foreign = expert(db, "دور", university="mui")
    take(db, parties.foreign, foreign, 1, 1)
    db.flush()
    found = team.team_leaves(db, actor=parties.zahra)
    assert [(one.leave.id, one.expert, one.deputy) for one in found] == [
        (sooner.id, "کارشناس مسئولی", "کارشناس زارعی"),
        (later.id, "کارشناس علوی", "کارشناس زارعی"),
    ]


def test_who_ends_a_leave(db: Session, parties: Parties) -> None:
    leave = take(db, parties.ali, parties.zahra)
    head_elsewhere = expert(db, "سر", university="mui", role=Role.IN_CHARGE)

    def end(actor: Actor, number: int | None = leave.id) -> ExpertLeave:
        return team.end_leave(db, actor=actor, leave_id=number or 0, now=NOW)

    for actor, number in (
        (parties.zahra, leave.id),
        (head_elsewhere, leave.id),
        (parties.ali, 999),
        (parties.staff, leave.id),
    ):
        with refused(NotAllowed, db=db):
            end(actor, number)
    assert end(parties.in_charge).ended_at == NOW
    with refused(Stale, db=db):
        end(parties.ali)
    own = take(db, parties.zahra, parties.ali)
    assert end(parties.zahra, own.id).giving_back is None


def file(db: Session, number: int, deputy: Actor, owner: Actor, **values: Any) -> QualificationRequest:
    given = {
        "tracking_code": f"1405090100{number:02}",
        "submitted_at": NOW,
        "received_at": NOW,
        "reviewer_id": deputy.account_id,
        "deputy_for_id": owner.account_id,
    }
    return add_request(db, officer(db, chat=False), RequestState.IN_REVIEW, **given | values)


def test_files_come_back_in_units_and_everybody_is_told_at_the_end(
    db: Session, parties: Parties, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leave_service, "GIVEN_BACK", 2)
    ali, zahra, head = parties.ali, parties.zahra, parties.in_charge
    leave = take(db, ali, zahra)
    before = {name: len(texts) for name, texts in told(db, parties).items()}
    files = [file(db, number, deputy, ali) for number, deputy in ((11, zahra), (12, head), (13, zahra))]
    asked = accepted_request(db, parties.kian, parties.sara)
    COOPERATION_WORKFLOW.claim(db, actor=zahra, request_id=asked.id or 0, now=NOW)
    asked.deputy_for_id = ali.account_id
    asked.tracking_code = "140509010014"
    other = file(db, 15, zahra, head)
    db.flush()

    def news() -> dict[str, list[str]]:
        new = {name: texts[before.get(name, 0) :] for name, texts in told(db, parties).items()}
        return {name: texts for name, texts in new.items() if texts}

    after_last = NOW + 4 * DAY
    assert team.end_past_leaves(db, now=NOW + 3 * DAY) == 0
    assert team.end_past_leaves(db, now=after_last) == 1
    assert [one.reviewer_id for one in files] == [ali.account_id, ali.account_id, zahra.account_id]
    assert leave.giving_back == {
        f"{zahra.account_id}": ["140509010011"],
        f"{head.account_id}": ["140509010012"],
    }
    assert news() == {}
    assert team.end_past_leaves(db, now=after_last) == 1
    assert (asked.reviewer_id, files[2].reviewer_id) == (ali.account_id, ali.account_id)
    assert news() == {}, "just enough: the next unit finds nothing more, and tells it"
    assert team.end_past_leaves(db, now=after_last) == 1
    assert leave.giving_back is None
    assert news() == {
        "ali": [
            "🏖 مرخصی شما پایان یافت و ۴ پرونده از جانشین به شما بازگشت:\n"
            "• 140509010011\n• 140509010013\n• 140509010014\n• 140509010012 →"
        ],
        "zahra": [
            "🏖 مرخصی کارشناس علوی پایان یافت و ۳ پرونده از شما به او بازگشت:\n"
            "• 140509010011\n• 140509010013\n• 140509010014"
        ],
        "in_charge": ["🏖 مرخصی کارشناس علوی پایان یافت و ۱ پرونده از شما به او بازگشت:\n• 140509010012"],
    }
    assert other.reviewer_id == zahra.account_id
    assert team.end_past_leaves(db, now=after_last) == 0
    [line] = db.exec(select(AuditEvent).where(AuditEvent.event == "leave_ended"))
    assert (line.subject_id, line.actor_role, line.at) == (ali.account_id, SYSTEM.role, after_last)


def test_a_leave_of_no_files_ends_in_silence_or_with_a_word(db: Session, parties: Parties) -> None:
    """Who ends it on their own screen sees it there."""
    own = take(db, parties.ali, parties.zahra)
    before = told(db, parties)
    team.end_leave(db, actor=parties.ali, leave_id=own.id or 0, now=NOW)
    assert told(db, parties) == before
    again = take(db, parties.ali, parties.zahra)
    before = told(db, parties)
    team.end_leave(db, actor=parties.in_charge, leave_id=again.id or 0, now=NOW)
    over = "🏖 مرخصی شما پایان یافت. پرونده‌ها از این پس به خود شما می‌رسد."
    assert told(db, parties) == before | {"ali": [over]}


def test_files_stay_with_the_deputy_of_who_is_gone(db: Session, parties: Parties) -> None:
    leave = take(db, parties.ali, parties.zahra)
    kept = file(db, 11, parties.zahra, parties.ali)
    end_role(db, parties.ali)
    before = told(db, parties)
    assert team.end_past_leaves(db, now=NOW + 4 * DAY) == 1
    assert (kept.reviewer_id, kept.deputy_for_id) == (parties.zahra.account_id, None)
    assert (leave.giving_back, told(db, parties)) == (None, before)


def test_fifty_codes_are_named(db: Session, parties: Parties, monkeypatch: pytest.MonkeyPatch) -> None:
    assert leave_service.NAMED == 50
    monkeypatch.setattr(leave_service, "NAMED", 1)
    leave = take(db, parties.ali, parties.zahra)
    for number in (11, 12):
        file(db, number, parties.zahra, parties.ali)
    team.end_leave(db, actor=parties.in_charge, leave_id=leave.id or 0, now=NOW)
    assert told(db, parties)["zahra"][-1].splitlines() == [
        "🏖 مرخصی کارشناس علوی پایان یافت و ۲ پرونده از شما به او بازگشت:",
        "• 140509010011",
    ]


# ── phrases ──────────────────────────────────────────────────────────────────────────────────────────────────────


def texts(found: list[SavedPhrase]) -> list[str]:
    return [one.text for one in found]


def test_which_phrases_are_offered_to_whom(db: Session, parties: Parties) -> None:
    ali, zahra, head, staff = parties.ali, parties.zahra, parties.in_charge, parties.staff
    for actor, text in ((ali, "یکم من"), (ali, "دوم من"), (zahra, "از زهره"), (head, "از سر")):
        phrases.save(db, actor=actor, text=f" {text} ", now=NOW)
    for actor, text, university in (
        (head, "یکم ما", None),
        (head, "دوم من", "mui"),  # a head's own university, whatever is named
        (staff, "از ستاد", "sums"),
        (staff, "آنها", "mui"),
    ):
        phrases.save_for_university(db, actor=actor, text=text, now=NOW, university_code=university)
    assert texts(phrases.offered(db, actor=ali)) == ["دوم من", "یکم من", "از ستاد", "یکم ما"]
    assert texts(phrases.offered(db, actor=zahra)) == ["از زهره", "از ستاد", "دوم من", "یکم ما"]
    assert texts(phrases.offered(db, actor=parties.foreign)) == ["آنها"]
    listed = phrases.of_university(db, actor=staff, university_code="sums")
    assert sorted(texts(listed)) == sorted(
        ["یکم ما", "دوم من", "از ستاد", "یکم من", "دوم من", "از زهره", "از سر"]
    )
    own = [one for one in listed if one.account_id is not None]
    assert texts(own) == ["یکم من", "دوم من", "از زهره", "از سر"]
    with refused(NotAllowed):
        phrases.save_for_university(db, actor=staff, text="بی‌جا", now=NOW)
    again = phrases.save(db, actor=ali, text="دوم من", now=NOW)
    assert again.account_id == ali.account_id
    assert len(phrases.offered(db, actor=ali)) == 4, "once, however often it is asked for"


def test_how_long_and_how_many_phrases_are(
    db: Session, parties: Parties, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert phrases.MOST == 40
    monkeypatch.setattr(phrases, "MOST", 2)
    ali = parties.ali

    def save(text: str, actor: Actor = ali) -> SavedPhrase:
        return phrases.save(db, actor=actor, text=text, now=NOW)

    for text, key in (("", "error.short_text"), (" آ ", "error.short_text"), ("آ" * 301, "error.long_text")):
        with refused(InvalidInput, key, db=db):
            save(text)
    save("آب"), save("آ" * 300), save("آب")
    with refused("error.phrases_many", db=db):
        save("نو")
    assert save("نو", parties.zahra).text == "نو"
    phrases.save_for_university(db, actor=parties.in_charge, text="نو", now=NOW)
    for number in range(3):
        db.add(SavedPhrase(account_id=ali.account_id, text=f"{number}", created_at=NOW))
    db.flush()
    assert texts(phrases.offered(db, actor=ali)) == ["2", "1", "نو"]


def test_who_changes_a_phrase(db: Session, parties: Parties) -> None:
    ali, head, staff = parties.ali, parties.in_charge, parties.staff
    own = phrases.save(db, actor=ali, text="یکم", now=NOW)
    second = phrases.save(db, actor=ali, text="دوم", now=NOW)
    shared = phrases.save_for_university(db, actor=head, text="یکم", now=NOW)
    elsewhere = phrases.save_for_university(db, actor=staff, text="یکم", now=NOW, university_code="mui")
    may = {
        name: [one.id for one in (own, shared, elsewhere) if _finds(db, getattr(parties, name), one.id or 0)]
        for name in ("ali", "zahra", "in_charge", "foreign", "staff")
    }
    assert may == {
        "ali": [own.id],
        "zahra": [],
        "in_charge": [shared.id],
        "foreign": [],
        "staff": [own.id, shared.id, elsewhere.id],
    }
    with refused(Stale):
        phrases.find(db, actor=ali, phrase_id=999)

    def change(actor: Actor, one: SavedPhrase, text: str) -> str:
        return phrases.change(db, actor=actor, phrase_id=one.id or 0, text=text, now=NOW).text

    with refused("error.phrase_known", db=db):
        change(ali, own, " دوم ")
    with refused("error.short_text", db=db):
        change(ali, own, "آ")
    assert change(ali, own, "یکم") == "یکم", "itself is no twin"
    assert change(head, shared, "دوم") == "دوم", "another's phrase is no twin"
    assert change(staff, elsewhere, "سوم") == "سوم"
    phrases.remove(db, actor=ali, phrase_id=second.id or 0, now=NOW)
    with refused(Stale):
        phrases.remove(db, actor=ali, phrase_id=second.id or 0, now=NOW)
    lines = [
        (line.event.removeprefix("phrase_"), line.subject_id, line.data)
        for line in db.exec(
            select(AuditEvent).where(AuditEvent.subject == "saved_phrase").order_by(col(AuditEvent.id))
        )
    ]
    assert lines == [
        ("saved", own.id, {"university": None}),
        ("saved", second.id, {"university": None}),
        ("saved", shared.id, {"university": "sums"}),
        ("saved", elsewhere.id, {"university": "mui"}),
        ("changed", own.id, {"university": None, "was": "یکم", "text": "یکم"}),
        ("changed", shared.id, {"university": "sums", "was": "یکم", "text": "دوم"}),
        ("changed", elsewhere.id, {"university": "mui", "was": "یکم", "text": "سوم"}),
        ("removed", second.id, {"university": None, "was": "دوم", "text": "دوم"}),
    ]


def _finds(db: Session, actor: Actor, phrase_id: int) -> bool:
    try:
        return phrases.find(db, actor=actor, phrase_id=phrase_id).id == phrase_id
    except NotAllowed:
        return False


# ── notes ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_notes_of_a_file(db: Session, parties: Parties) -> None:
    """Oldest first; for the experts of its university and staff."""
    request = file(db, 11, parties.zahra, parties.ali, deputy_for_id=None)
    other = file(db, 12, parties.zahra, parties.ali, deputy_for_id=None)

    def add(actor: Actor, text: str, which: QualificationRequest = request) -> None:
        notes.add_note(db, QUALIFICATION_WORKFLOW, actor=actor, request_id=which.id or 0, text=text, now=NOW)

    add(parties.ali, " یادداشت یکم. ")
    add(parties.staff, "یادداشت دوم.")
    add(parties.ali, "از پرونده دیگر.", other)
    file_notes.add(
        db, actor=parties.ali, subject="cooperation", subject_id=request.id or 0, text="دیگر", now=NOW
    )
    for actor in (parties.foreign, parties.sara, parties.kian.manager):
        with refused(NotAllowed, db=db):
            add(actor, "یادداشت.")
        with refused(NotAllowed):
            notes.notes_of(db, QUALIFICATION_WORKFLOW, actor=actor, request_id=request.id or 0)
    for actor in (parties.zahra, parties.in_charge, parties.staff):
        found = notes.notes_of(db, QUALIFICATION_WORKFLOW, actor=actor, request_id=request.id or 0)
        assert [one.note.text for one in found] == ["یادداشت یکم.", "یادداشت دوم."]
    with refused(InvalidInput, db=db):
        add(parties.ali, " ")


def test_how_long_and_how_many_notes_are(
    db: Session, parties: Parties, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert file_notes.MOST == 50
    monkeypatch.setattr(file_notes, "MOST", 2)
    for text, key in (("چهار", "error.short_text"), ("آ" * 501, "error.long_text")):
        with refused(InvalidInput, key):
            file_notes.checked(text)
    assert [len(file_notes.checked("آ" * number)) for number in (5, 500)] == [5, 500]

    def add(number: int, given_to: int | None = None, subject: str = "qualification") -> None:
        known = {"actor": parties.ali, "text": "یادداشت", "now": NOW}
        file_notes.add(db, subject=subject, subject_id=number, given_to=given_to, **known)  # type: ignore[arg-type]

    add(7), add(7)
    with refused("error.notes_full", db=db):
        add(7)
    add(8), add(7, subject="cooperation")
    add(7, given_to=parties.zahra.account_id)  # a file is handed over in any case
    found = file_notes.of_file(db, "qualification", 7)
    assert [(one.author, one.given_to) for one in found] == [
        ("کارشناس علوی", None),
        ("کارشناس علوی", None),
        ("کارشناس علوی", "کارشناس زارعی"),
    ]
    assert file_notes.of_file(db, "qualification", 9) == []
