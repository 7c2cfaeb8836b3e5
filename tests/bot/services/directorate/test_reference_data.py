"""Universities, coverage, studies, documents, tariffs as staff keep them: what is refused, what is changed, what is recorded."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlmodel import Session, col, select

from bot.core.context import Actor
from bot.core.refusals import InvalidInput, NotAllowed, Refusal, Stale
from bot.services.directorate import document_types, reference_rows, studies, universities
from bot.services.directorate.universities import Switch
from bot.services.qualification import fees
from bot.services.shared import notify
from storage.enums import RequestKind
from storage.tables import AuditEvent, ClosedPair, Coverage, DocumentType, FieldOfStudy, Tariff, University
from tests.support.effects import alerts
from tests.support.factories.people import Participants
from tests.support.factories.reference_data import NOW
from tests.support.services import refused


def mark(db: Session, model: type[Any], key: Any) -> int:
    return reference_rows.row_fingerprint(db.get_one(model, key))


def last_event(db: Session) -> AuditEvent:
    return db.exec(select(AuditEvent).order_by(col(AuditEvent.id).desc())).first()  # type: ignore[return-value]


# ── universities ─────────────────────────────────────────────────────────────────────────────────────────────────


def switch(db: Session, actor: Actor, code: str, what: Switch, on: bool) -> University:
    expected = mark(db, University, code)
    return universities.set_switch(db, actor=actor, code=code, what=what, on=on, expected=expected, now=NOW)


@pytest.mark.parametrize("what", Switch)
def test_a_university_is_switched_off_where_another_is_left(
    db: Session, people: Participants, what: Switch
) -> None:
    staff = people.staff
    with refused("error.default_university", db=db):
        switch(db, staff, "sums", what, False)
    assert not getattr(switch(db, staff, "fasa", what, False), what)
    event = last_event(db)
    assert (event.event, event.subject, event.data["code"]) == (
        f"university_{what}_off",
        "university",
        "fasa",
    )
    assert event.data["was"] == {what.value: True}
    with refused(Stale):
        switch(db, staff, "fasa", what, False)
    assert getattr(switch(db, staff, "fasa", what, True), what)
    assert last_event(db).event == f"university_{what}_on"
    # Tehran: the second goes, the last stays.
    switch(db, staff, "tums", what, False)
    with refused("error.last_university", db=db):
        switch(db, staff, "sbmu", what, False)
    with refused(NotAllowed):
        switch(db, people.in_charge, "fasa", what, False)
    with refused(Stale):
        universities.set_switch(db, actor=staff, code="fasa", what=what, on=False, expected=1, now=NOW)
    with refused(Stale):
        universities.set_switch(db, actor=staff, code="none", what=what, on=False, expected=1, now=NOW)


def test_one_that_takes_no_files_may_go(db: Session, people: Participants) -> None:
    """It leaves no gap: the army's, and one that is off already in the other way."""
    assert not switch(db, people.staff, "ajaums", Switch.ACTIVE, False).active
    switch(db, people.staff, "tums", Switch.ACTIVE, False)
    assert not switch(db, people.staff, "tums", Switch.REGIONAL, False).regional
    with refused("error.last_university"):
        switch(db, people.staff, "sbmu", Switch.REGIONAL, False)


def default(db: Session, actor: Actor, code: str) -> University:
    return universities.make_default(db, actor=actor, code=code, expected=mark(db, University, code), now=NOW)


def test_one_default_a_province_and_none_in_tehran(db: Session, people: Participants) -> None:
    staff = people.staff
    with refused("error.choosing_province", db=db):
        default(db, staff, "tums")
    for what in Switch:
        switch(db, staff, "fasa", what, False)
        with refused("error.university_closed", db=db):
            default(db, staff, "fasa")
        switch(db, staff, "fasa", what, True)
    default(db, staff, "fasa")
    defaults = {one.code for one in db.exec(select(University)) if one.province_default}
    assert defaults == {"fasa", "mui"}
    assert (last_event(db).event, last_event(db).data["code"]) == ("university_made_default", "fasa")
    with refused(Stale):
        default(db, staff, "fasa")
    with refused(NotAllowed):
        default(db, people.ali, "sums")


def test_provinces_and_their_universities(db: Session, people: Participants) -> None:
    staff = people.staff
    provinces = universities.by_province(db, actor=staff)
    assert len(provinces) == 31
    assert [one.code for one in provinces["فارس"]] == ["sums", "fasa"]
    assert [one.code for one in provinces["تهران"]] == ["tums", "sbmu", "ajaums"]
    assert provinces["یزد"] == []
    number = universities.number_of(db, actor=staff, name="فارس")
    name, listed = universities.universities_of(db, actor=staff, number=number)
    assert (name, [one.code for one in listed]) == ("فارس", ["sums", "fasa"])
    assert universities.universities_of(db, actor=staff, number=1)[0] == next(iter(provinces))
    assert universities.universities_of(db, actor=staff, number=31)[0] == list(provinces)[-1]
    for beyond in (0, 32):
        with refused(Stale):
            universities.universities_of(db, actor=staff, number=beyond)
    names = [one.name for one in universities.with_lists(db, actor=staff)]
    assert names == sorted(names)
    assert len(names) == 6
    for unseen in (universities.by_province, universities.with_lists):
        with refused(NotAllowed):
            unseen(db, actor=people.in_charge)


@pytest.mark.parametrize(
    ("province", "off", "open_"),
    [
        ("فارس", {}, True),
        ("فارس", {"sums": "active"}, False),
        ("فارس", {"sums": "regional"}, False),
        ("فارس", {"fasa": "active"}, True),
        ("تهران", {}, True),
        ("تهران", {"tums": "active"}, True),
        ("تهران", {"tums": "active", "sbmu": "regional"}, False),
    ],
)
def test_a_province_without_a_university_is_known(
    db: Session, people: Participants, province: str, off: dict[str, str], open_: bool
) -> None:
    for code, what in off.items():
        setattr(db.get_one(University, code), what, False)
    db.flush()
    listed = universities.by_province(db, actor=people.staff)[province]
    assert universities.has_open_university(listed) is open_


def test_names_and_contacts(db: Session, people: Participants) -> None:
    staff = people.staff

    def rename(actor: Actor, name: str, expected: int | None = None) -> University:
        at = mark(db, University, "fasa") if expected is None else expected
        return universities.rename_university(db, actor=actor, code="fasa", name=name, expected=at, now=NOW)

    taken = db.get_one(University, "mui").name
    with refused("error.name_taken", db=db):
        rename(staff, taken)
    with refused(Stale):
        rename(staff, "دانشگاه تازه", 3)
    with refused(NotAllowed):
        rename(people.ali, "دانشگاه تازه")
    assert rename(staff, "دانشگاه تازه").name == "دانشگاه تازه"
    assert last_event(db).event == "university_renamed"
    contact = {"phone": "071", "hours": "۸ تا ۱۴", "address": "شیراز"}
    row = universities.set_contact(
        db, actor=staff, code="fasa", expected=mark(db, University, "fasa"), now=NOW, **contact
    )
    assert (row.phone, row.hours, row.address) == ("071", "۸ تا ۱۴", "شیراز")
    assert last_event(db).event == "university_contact_set"
    with refused(NotAllowed):
        universities.set_contact(db, actor=people.ali, code="fasa", expected=0, now=NOW, **contact)


# ── coverage ─────────────────────────────────────────────────────────────────────────────────────────────────────


def cover(
    db: Session,
    actor: Actor,
    city: str,
    district: int | None = None,
    to: str = "sums",
    province: str = "فارس",
) -> Coverage:
    place = {"province": province, "city": city, "district": district, "university_code": to}
    return universities.add_coverage(db, actor=actor, now=NOW, **place)  # type: ignore[arg-type]


def test_a_place_is_covered_once(db: Session, people: Participants) -> None:
    staff = people.staff
    row = cover(db, staff, "جهرم")
    assert (row.province, row.city, row.district, row.university_code, row.active) == (
        "فارس", "جهرم", None, "sums", True,
    )  # fmt: skip
    event = last_event(db)
    assert (event.event, event.subject_id, event.data["university"]) == ("coverage_added", row.id, "sums")
    for again in (lambda: cover(db, staff, "جهرم"), lambda: cover(db, staff, "فسا", to="fasa")):
        with refused("error.coverage_exists", db=db):
            again()
    # A town of another province that is called the same, and a part of the town.
    db.add(Coverage(province="البرز", city="آباده", university_code="tums"))
    db.add(Coverage(province="فارس", city="آباده", district=3, university_code="tums"))
    db.flush()
    assert cover(db, staff, "آباده").district is None
    with refused("error.coverage_exists", db=db):
        cover(db, staff, "آباده")
    assert cover(db, staff, "تهران", 1, "tums", "تهران").district == 1
    assert cover(db, staff, "تهران", 22, "tums", "تهران").district == 22
    assert cover(db, staff, "تهران", None, "tums", "تهران").district is None
    with refused("error.coverage_exists", db=db):
        cover(db, staff, "تهران", 22, "sbmu", "تهران")
    for district in (0, 23):
        with refused("error.not_in_list", db=db):
            cover(db, staff, "تهران", district, "tums", "تهران")
    with refused("error.not_in_list", db=db):
        cover(db, staff, "یزد")
    for to in ("ajaums", "none"):
        with refused("error.university_closed", db=db):
            cover(db, staff, "آباده", to=to)
    with refused(NotAllowed):
        cover(db, people.in_charge, "آباده")


def test_coverage_is_listed_and_switched(db: Session, people: Participants) -> None:
    staff = people.staff
    for district in (2, 1):
        cover(db, staff, "تهران", district, "tums", "تهران")
    listed = universities.coverage(db, actor=staff, province="تهران")
    assert [(row.city, row.district, one.code) for row, one in listed] == [
        ("تهران", 1, "tums"),
        ("تهران", 2, "tums"),
        ("شمیرانات", None, "sbmu"),
    ]
    (fasa, university) = universities.coverage(db, actor=staff, province="فارس")[0]
    assert (fasa.city, university.code) == ("فسا", "fasa")
    number = fasa.id or 0
    assert universities.coverage_row(db, actor=staff, coverage_id=number) == (fasa, university)

    def set_active(active: bool) -> Coverage:
        expected = mark(db, Coverage, number)
        return universities.set_coverage(
            db, actor=staff, coverage_id=number, active=active, expected=expected, now=NOW
        )

    assert set_active(True).active
    assert not set_active(False).active
    assert (last_event(db).event, last_event(db).subject_id) == ("coverage_off", number)
    with refused(Stale):
        set_active(False)
    university.active = False
    db.flush()
    with refused("error.university_closed"):
        set_active(True)
    university.active = True
    db.flush()
    assert set_active(True).active
    assert last_event(db).event == "coverage_on"
    with refused(Stale):
        universities.coverage_row(db, actor=staff, coverage_id=10**6)
    for unseen in (
        lambda: universities.coverage(db, actor=people.ali, province="فارس"),
        lambda: universities.coverage_row(db, actor=people.ali, coverage_id=number),
    ):
        with refused(NotAllowed):
            unseen()


# ── studies ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("what", "code"), [("level", "master"), ("field", "biomedical")])
def test_a_level_or_field_is_closed_and_opened(
    db: Session, people: Participants, what: str, code: str
) -> None:
    change = studies.set_level if what == "level" else studies.set_field
    for allowed, word in ((False, "closed"), (True, "opened")):
        assert change(db, actor=people.staff, code=code, allowed=allowed, now=NOW).allowed is allowed
        event = last_event(db)
        assert (event.event, event.subject, event.data["code"]) == (f"{what}_{word}", what, code)
        with refused(Stale):
            change(db, actor=people.staff, code=code, allowed=allowed, now=NOW)
    with refused(Stale):
        change(db, actor=people.staff, code="none", allowed=False, now=NOW)
    with refused(NotAllowed):
        change(db, actor=people.ali, code=code, allowed=False, now=NOW)


def test_a_field_is_closed_at_one_level(db: Session, people: Participants) -> None:
    def pair(
        allowed: bool, level: str = "master", field: str = "biomedical", who: Actor = people.staff
    ) -> None:
        studies.set_pair(db, actor=who, field_code=field, level_code=level, allowed=allowed, now=NOW)

    with refused(Stale):
        pair(True)
    pair(False)
    event = last_event(db)
    assert (event.event, event.data["code"], event.data["level"]) == ("pair_closed", "biomedical", "master")
    pair(False, field="other")
    assert studies.closed_at(db, actor=people.staff, field_code="biomedical") == {"master"}
    assert studies.closed_fields(db, actor=people.staff, level_code="master") == ["مهندسی پزشکی", "سایر"]
    assert studies.closed_fields(db, actor=people.staff, level_code="bachelor") == []
    with refused(Stale):
        pair(False)
    pair(True)
    assert last_event(db).event == "pair_opened"
    assert [(one.level_code, one.field_code) for one in db.exec(select(ClosedPair))] == [("master", "other")]
    for wrong in (lambda: pair(False, level="none"), lambda: pair(False, field="none")):
        with refused(Stale):
            wrong()
    with refused(NotAllowed):
        pair(False, who=people.ali)


def test_a_new_field_stands_before_the_one_to_be_described(db: Session, people: Participants) -> None:
    first, second = (
        studies.add_field(db, actor=people.staff, name=name, needs_note=False, now=NOW)
        for name in ("شیمی", "زیست")
    )
    assert (first.code, second.code) == ("added_1", "added_2")
    assert (first.position, second.position) == (3, 4)
    names = [one.name for one in studies.fields(db, actor=people.staff)]
    assert names == ["مهندسی پزشکی", "شیمی", "زیست", "سایر"]
    db.delete(first)
    db.flush()
    assert reference_rows.next_code(db, FieldOfStudy) == "added_1"
    assert last_event(db).data["name"] == "زیست"
    with refused("error.name_taken"):
        studies.add_field(db, actor=people.staff, name="سایر", needs_note=True, now=NOW)
    with refused(NotAllowed):
        studies.add_field(db, actor=people.ali, name="تازه", needs_note=True, now=NOW)
    assert [one.code for one in studies.levels(db, actor=people.staff)] == ["bachelor", "master"]


# ── documents ────────────────────────────────────────────────────────────────────────────────────────────────────


def change_document(db: Session, actor: Actor, **values: Any) -> DocumentType:
    expected = mark(db, DocumentType, "military_card")
    common = {"code": "military_card", "expected": expected, "now": NOW, "event": "document_changed"}
    return document_types.change_document_type(db, actor=actor, **common | values)


@pytest.mark.parametrize(
    ("values", "refusal"),
    [
        ({"required": "yes"}, None),
        ({"required": "no"}, None),
        ({"required": "women"}, Stale),
        ({"max_files": 1}, None),
        ({"max_files": 2}, None),
        ({"max_files": 3}, Stale),  # as it is
        ({"max_files": 0}, Stale),
        ({"max_files": 4}, Stale),
        ({"sides": 2}, None),
        ({"sides": 3}, Stale),
        ({"sides": 0}, Stale),
        ({"active": False}, None),
        ({"name": "کارت", "short_name": "کا"}, None),
        ({"name": "ن" * 80, "short_name": "ک" * 20}, None),
        ({"name": "ن" * 81, "short_name": "کارت"}, InvalidInput),
        ({"name": "ن", "short_name": "کارت"}, InvalidInput),
        ({"name": "کارت", "short_name": "ک" * 21}, InvalidInput),
        ({"name": "کارت", "short_name": "ک"}, InvalidInput),
        ({"name": "تصویر کارت ملی", "short_name": "کارت"}, InvalidInput),
        ({"expected": 5, "active": False}, Stale),
    ],
)
def test_what_a_document_may_become(
    db: Session, people: Participants, values: dict[str, Any], refusal: type[Refusal] | None
) -> None:
    if refusal is None:
        row = change_document(db, people.staff, **values)
        assert {name: getattr(row, name) for name in values} == values
        assert (last_event(db).event, last_event(db).data["code"]) == ("document_changed", "military_card")
    else:
        with refused(refusal, db=db):
            change_document(db, people.staff, **values)
    with refused(NotAllowed):
        change_document(db, people.ali, active=True)


def test_documents_change_places(db: Session, people: Participants) -> None:
    def order() -> list[str]:
        return [one.code for one in document_types.all_document_types(db, actor=people.staff)]

    def move(code: str, up: bool, who: Actor = people.staff) -> None:
        expected = mark(db, DocumentType, code)
        document_types.move_document_type(db, actor=who, code=code, up=up, expected=expected, now=NOW)

    first, second, third, last = order()
    move(second, True)
    assert order() == [second, first, third, last]
    move(first, False)
    assert order() == [second, third, first, last]
    assert (last_event(db).event, last_event(db).data["code"]) == ("document_moved", first)
    for code, up in ((second, True), (last, False)):
        with refused(Stale):
            move(code, up)
    with refused(NotAllowed):
        move(last, True, people.ali)


def test_a_new_document_comes_last(db: Session, people: Participants) -> None:
    def add(**values: Any) -> DocumentType:
        given = {"name": "گواهی", "short_name": "گواهی", "required": "men", "max_files": 2, "now": NOW}
        given["active"] = True
        return document_types.add_document_type(db, actor=people.staff, **given | values)

    row = add()
    assert (row.code, row.active, row.required, row.max_files) == ("added_1", True, "men", 2)
    assert document_types.all_document_types(db, actor=people.staff)[-1] is row
    assert (last_event(db).event, last_event(db).data["name"]) == ("document_added", "گواهی")
    assert not add(name="دیگر", active=False).active
    for wrong in ({"required": "women"}, {"max_files": 0}, {"max_files": 4}):
        with refused(Stale, db=db):
            add(name="سوم", **wrong)
    with refused("error.name_taken", db=db):
        add()
    with refused(InvalidInput, db=db):
        add(name="سوم", short_name="س")


# ── tariffs ──────────────────────────────────────────────────────────────────────────────────────────────────────

TODAY = date(2026, 11, 22)
NEW, AMENDMENT = RequestKind.NEW, RequestKind.AMENDMENT


def tariff(db: Session, actor: Actor, rial: int, days: int, kind: RequestKind = NEW) -> Tariff:
    day = TODAY + timedelta(days=days)
    return fees.set_tariff(db, kind=kind, amount_rial=rial, valid_from=day, actor=actor, now=NOW)


def test_the_tariff_of_a_day(db: Session, people: Participants) -> None:
    staff = people.staff
    for rial, days in (
        (1_000, -30),
        (2_000, -10),
        (3_000, -10),
        (4_000, 0),
        (5_000, 5),
        (6_000, 9),
        (7_000, 9),
    ):
        tariff(db, staff, rial, days)
    tariff(db, staff, 9_000, -1, AMENDMENT)

    def on(days: int, kind: RequestKind = NEW) -> int | None:
        row = fees.in_force(db, kind=kind, day=TODAY + timedelta(days=days))
        return row.amount_rial if row else None

    assert [on(days) for days in (-31, -30, -11, -10, -1, 0, 4, 5, 9)] == [
        None, 1_000, 1_000, 3_000, 3_000, 4_000, 4_000, 5_000, 7_000,
    ]  # fmt: skip
    assert (on(-2, AMENDMENT), on(0, AMENDMENT)) == (None, 9_000)
    ahead = fees.upcoming(db, actor=staff, kind=NEW, day=TODAY)
    assert [one.amount_rial for one in ahead] == [5_000, 7_000]
    before = fees.former(db, actor=staff, kind=NEW, day=TODAY, limit=9)
    assert [one.amount_rial for one in before] == [3_000, 1_000]
    assert [one.amount_rial for one in fees.former(db, actor=staff, kind=NEW, day=TODAY, limit=1)] == [3_000]
    gone = {"kind": NEW, "today": TODAY, "now": NOW}
    assert fees.delete_tariff(db, actor=staff, day=TODAY + timedelta(days=9), **gone) == 2
    events = db.exec(select(AuditEvent.data).where(AuditEvent.event == "tariff_deleted")).all()
    assert sorted(event["amount_rial"] for event in events) == [6_000, 7_000]
    assert on(9) == 5_000
    for day in (TODAY, TODAY + timedelta(days=7)):
        with refused(Stale):
            fees.delete_tariff(db, actor=staff, day=day, **gone)
    with refused(NotAllowed):
        fees.delete_tariff(db, actor=people.ali, day=TODAY + timedelta(days=5), **gone)
    assert fees.delete_tariff(db, actor=staff, day=TODAY + timedelta(days=5), **gone) == 1


@pytest.mark.parametrize(
    ("rial", "taken"),
    [
        (0, True),
        (1, False),
        (999, False),
        (1_000, True),
        (1_000_000_000, True),
        (1_000_000_001, False),
        (-1, False),
    ],
)
def test_what_a_fee_may_be(db: Session, people: Participants, rial: int, taken: bool) -> None:
    for kind in (NEW, AMENDMENT):
        notify.alert_staff(db, key=fees.no_tariff_key(kind), text="تعرفه‌ای نیست", now=NOW)
    if not taken:
        with refused("error.tariff_amount", db=db):
            tariff(db, people.staff, rial, 0)
        return
    row = tariff(db, people.staff, rial, 0)
    assert (row.amount_rial, row.created_by) == (rial, people.staff.account_id)
    assert (last_event(db).event, last_event(db).data["amount_rial"]) == ("tariff_set", rial)
    assert alerts(db) == [fees.no_tariff_key(AMENDMENT)]
    with refused(NotAllowed):
        tariff(db, people.in_charge, rial, 0)
