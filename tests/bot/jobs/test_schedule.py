"""The clock's work: who is reminded of what and when, what is removed; twice at once and after a long downtime."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlmodel import Session, select

from bot.core.context import SYSTEM, PublicInfo
from bot.documents.library import DocumentLibrary
from bot.jobs import reminders, retention, schedule, team_report
from bot.services import qualification
from bot.services.qualification import decisions
from bot.services.qualification.requests import QUALIFICATION_WORKFLOW
from bot.services.shared import audit
from storage.database.database import Database
from storage.enums import InboxState, Messenger, RequestState
from storage.tables import Draft, InboxUpdate, Push, QualificationRequest, StoredFile
from tests.support import jobs
from tests.support.effects import alerts, labels, pushes
from tests.support.factories.people import Participants, officer
from tests.support.factories.qualification import stored_file, submitted_request, unpaid_request
from tests.support.factories.reference_data import NOW, tariff
from tests.support.services import as_unit


def after(**span: int) -> datetime:
    return NOW + timedelta(**span)


@as_unit
def test_an_unpaid_fee_is_remembered_after_3_7_and_30_days(db: Session, people: Participants) -> None:
    unpaid_request(db, people)
    told = []
    for day in range(60):
        for _ in range(2):  # two processes tick
            jobs.send_reminders(db, now=after(days=day))
        told += [day] * (len(pushes(db, people.sara, "N20")) - len(told))
    assert told == [3, 7, 30]
    last = pushes(db, people.sara, "N20")[-1]
    assert "هنوز پرداخت نشده است" in last.text
    assert "فیلترشکن را خاموش کنید" in last.text
    assert labels(last) == ["ادامه"]


@as_unit
def test_after_a_long_downtime_one_reminder_is_sent(db: Session, people: Participants) -> None:
    unpaid_request(db, people)
    for day in (40, 41):
        jobs.send_reminders(db, now=after(days=day))
    assert len(pushes(db, people.sara, "N20")) == 1


@as_unit
def test_reminders_begin_anew_with_the_state(db: Session, people: Participants) -> None:
    request = submitted_request(db, people.sara)
    common: dict[str, Any] = {"request_id": request.id}
    QUALIFICATION_WORKFLOW.claim(db, actor=people.ali, **common, now=NOW)
    decisions.declare_deficiencies(db, actor=people.ali, **common, items=["father_name"], now=NOW)
    jobs.send_reminders(db, now=after(days=3))
    (told,) = pushes(db, people.sara, "N20")
    assert "نواقص درخواست" in told.text
    assert labels(told) == ["رفع نقص"]
    qualification.resolve(db, actor=people.sara, **common, answers={"father_name": "حسن"}, now=after(days=4))
    jobs.send_reminders(db, now=after(days=13))
    assert len(pushes(db, people.sara, "N20")) == 1
    decisions.declare_deficiencies(db, actor=people.ali, **common, items=["father_name"], now=after(days=13))
    jobs.send_reminders(db, now=after(days=15))
    assert len(pushes(db, people.sara, "N20")) == 1
    jobs.send_reminders(db, now=after(days=16))
    assert len(pushes(db, people.sara, "N20")) == 2


@as_unit
def test_the_expert_hears_of_files_over_10_days(db: Session, people: Participants) -> None:
    request = submitted_request(db, people.sara)
    mina = officer(db)
    submitted_request(db, mina)
    QUALIFICATION_WORKFLOW.claim(db, actor=people.ali, request_id=request.id or 0, now=NOW)
    jobs.send_reminders(db, now=after(days=9))
    assert pushes(db, people.ali, "N20") == []
    for day in (10, 11, 12):
        jobs.send_reminders(db, now=after(days=day))
    own, queue = pushes(db, people.ali, "N20")
    assert request.tracking_code is not None
    assert request.tracking_code in own.text
    assert "۱ پرونده بیش از ۱۰ روز" in queue.text
    assert len(pushes(db, people.zahra, "N20")) == 1  # the queue only
    assert pushes(db, people.sara, "N20") == []  # nothing that she could do


def forgotten(db: Session, people: Participants) -> Draft:
    """A draft that was last changed on the tenth day."""
    request = qualification.start_draft(db, actor=people.sara, now=NOW)
    about = {"dialogue": "qualification", "subject_id": request.id or 0, "updated_at": after(days=10)}
    db.add(draft := Draft(account_id=people.sara.account_id, **about))
    db.flush()
    return draft


@as_unit
def test_a_forgotten_draft_is_announced_a_month_before_it_goes(db: Session, people: Participants) -> None:
    forgotten(db, people)
    found = {day: jobs.abandoned_drafts(db, now=after(days=day)) for day in (344, 345, 346, 374, 375, 376)}
    assert found == {344: (0, 0), 345: (1, 0), 346: (0, 0), 374: (0, 0), 375: (0, 1), 376: (0, 0)}
    (told,) = pushes(db, people.sara, "N20")
    assert "۳۰ روز" in told.text
    assert labels(told) == ["▶️ ادامه درخواست"]
    assert db.exec(select(QualificationRequest)).all() == []
    assert db.exec(select(Draft)).all() == []


@as_unit
def test_the_notice_comes_first_also_after_a_downtime_of_years(db: Session, people: Participants) -> None:
    forgotten(db, people)
    assert jobs.abandoned_drafts(db, now=after(days=900)) == (1, 0)
    assert jobs.abandoned_drafts(db, now=after(days=929)) == (0, 0)
    assert jobs.abandoned_drafts(db, now=after(days=930)) == (0, 1)


@as_unit
def test_whoever_goes_on_keeps_the_draft_and_is_told_again_a_year_later(
    db: Session, people: Participants
) -> None:
    draft = forgotten(db, people)
    jobs.abandoned_drafts(db, now=after(days=350))
    draft.updated_at = after(days=351)
    db.flush()
    assert jobs.abandoned_drafts(db, now=after(days=400)) == (0, 0)
    assert jobs.abandoned_drafts(db, now=after(days=701)) == (1, 0)


@as_unit
def test_staff_hear_of_a_missing_tariff_before_an_expert_is_refused(
    db: Session, people: Participants
) -> None:
    jobs.raise_alerts(db, now=NOW)
    assert alerts(db) == []  # nothing to approve yet
    submitted_request(db, people.sara)
    jobs.raise_alerts(db, now=NOW)
    assert alerts(db) == ["no_tariff:NEW"]
    jobs.raise_alerts(db, now=after(days=1))
    assert len(pushes(db, people.staff)) == 2
    tariff(db, 500_000)
    jobs.raise_alerts(db, now=after(days=2))
    assert alerts(db) == []


@as_unit
def test_old_updates_go_and_unfinished_ones_stay(db: Session) -> None:
    for number, state in enumerate(InboxState):
        for age in (1, 20, 100):
            received = {"state": state, "received_at": NOW - timedelta(days=age)}
            update_id = number * 1000 + age
            db.add(InboxUpdate(messenger=Messenger.BALE, update_id=update_id, raw="{}", **received))
    db.flush()
    jobs.purge_inbox(db, now=NOW)
    left = {(one.state, one.update_id % 1000) for one in db.exec(select(InboxUpdate))}
    assert left == {
        *((state, age) for state in (InboxState.RECEIVED, InboxState.DONE) for age in (1, 20, 100)),
        *((state, age) for state in (InboxState.QUARANTINED, InboxState.FAILED) for age in (1, 20)),
        (InboxState.ANSWERED, 1),
    }


async def test_every_sweep_runs_on_an_empty_and_on_a_busy_service(
    database: Database, people: Participants, library: DocumentLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    swept: list[str] = []

    async def reconcile(resources: Any) -> None:
        swept.append("payments")

    monkeypatch.setattr("bot.services.payments.reconcile", reconcile)
    resources: Any = SimpleNamespace(
        database=database, clock=lambda: after(days=400), documents=library, public_info=PublicInfo("", "")
    )
    found = schedule.sweeps(resources, drafts=lambda db, now: swept.append("drafts"))
    # Without anybody about these days, what removes for ever does not trust the clock.
    event: dict[str, Any] = {"actor": SYSTEM, "event": "seen", "subject": "account", "subject_id": 1}
    await database.run(lambda db: audit.record(db, now=after(days=397), **event))
    assert len({name for name, _, _ in found}) == len(found)
    for name, seconds, sweep in found:
        assert seconds >= (schedule.LETTERS if name in ("letters", "decisions") else 60)
        await sweep()
    await database.run(lambda db: submitted_request(db, people.sara))
    for _, _, sweep in found:
        await sweep()
    assert sorted(set(swept)) == ["drafts", "payments"]
    left = await database.read(lambda db: db.exec(select(QualificationRequest.state)).all())
    assert left == [RequestState.SUBMITTED]


async def test_drafts_are_announced_noted_and_removed_page_by_page(
    database: Database, people: Participants, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reminders, "PAGE", 1)
    resources: Any = SimpleNamespace(database=database)

    def begin(db: Session) -> None:
        forgotten(db, people)
        again = qualification.start_draft(db, actor=officer(db), now=NOW)
        again.state_since = NOW + timedelta(seconds=1)

    def left(db: Session) -> list[int]:
        return [request.reminders for request in db.exec(select(QualificationRequest))]

    def told(db: Session) -> int:
        return len(db.exec(select(Push).where(Push.kind == "N20")).all())

    def as_by_an_earlier_release(db: Session) -> None:
        for request in db.exec(select(QualificationRequest)):
            request.reminders = 0

    await database.run(begin)
    for day, reminded, pushed in ((334, [0, 0], 0), (345, [1, 1], 2), (347, [1, 1], 2)):
        await reminders.sweep_abandoned_drafts(resources, now=after(days=day))
        assert (await database.read(left), await database.read(told)) == (reminded, pushed), day
    await database.run(as_by_an_earlier_release)
    await reminders.sweep_abandoned_drafts(resources, now=after(days=347))
    assert (await database.read(left), await database.read(told)) == ([1, 1], 2)
    await reminders.sweep_abandoned_drafts(resources, now=after(days=377))
    assert await database.read(left) == []


async def test_documents_whose_time_is_over_go_with_their_bytes(
    database: Database, people: Participants, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "LOOKS", 1)
    gone: list[int] = []

    async def delete_bytes(document: StoredFile) -> None:
        gone.append(document.id or 0)

    def files(db: Session) -> list[int]:
        made = [stored_file(db, people.sara) for _ in range(3)]
        for file_id, day in zip(made, (0, 0, 10), strict=True):
            db.get_one(StoredFile, file_id).created_at = after(days=day)
        return made

    resources: Any = SimpleNamespace(database=database, documents=SimpleNamespace(delete_bytes=delete_bytes))
    made = await database.run(files)
    size = (await database.read(lambda db: db.get_one(StoredFile, made[0]))).size
    now = after(days=32)
    total = await retention.remove_due(resources, now=now)
    assert (total.documents, total.size, sorted(gone)) == (2, 2 * size, made[:2])
    total = await retention.remove_due(resources, now=now)
    assert (total.documents, len(gone)) == (0, 2)


async def test_the_heads_of_each_university_are_told_once_a_morning(
    database: Database, people: Participants
) -> None:
    """Saturday, 8:30 in Tehran; the figures are read beside the loop."""
    morning = datetime(2026, 11, 28, 5, 0, tzinfo=UTC)
    resources: Any = SimpleNamespace(database=database, clock=lambda: morning)

    def told(db: Session) -> list[str]:
        return [push.text for push in pushes(db, people.in_charge, "digest")]

    await database.run(lambda db: submitted_request(db, people.sara) and None)
    for _ in range(2):
        await team_report.send_team_reports(resources, overdue_days=7)
        (text,) = await database.read(told)
    assert "در صف" in text
