"""From region to university, and who waits there; N10 at most once an hour."""

from datetime import timedelta

from sqlmodel import Session, col, select

from bot.services.review import queue_notices, routing
from storage.enums import AccountState, RequestState, Role
from storage.tables import Account, Coverage, Grant, QualificationRequest, University
from tests.support import jobs
from tests.support.effects import alerts, pushes
from tests.support.factories.people import end_role, expert, officer, participants, staff
from tests.support.factories.qualification import submitted_request
from tests.support.factories.reference_data import NOW, add_reference_data


def test_a_province_has_one_university(db: Session) -> None:
    add_reference_data(db)
    assert routing.university_for(db, "فارس", "شیراز") == "sums"
    assert routing.choices_for(db, "فارس").universities == ()
    # a row that the directorate has not confirmed changes nothing
    assert routing.university_for(db, "فارس", "فسا") == "sums"
    db.exec(select(Coverage).where(Coverage.city == "فسا")).one().active = True
    db.flush()
    assert routing.university_for(db, "فارس", "فسا") == "fasa"
    assert routing.university_for(db, "فارس", "شیراز") == "sums"
    db.get_one(University, "fasa").active = False
    db.flush()
    assert routing.university_for(db, "فارس", "فسا") == "sums"


def test_in_tehran_one_of_its_universities_is_chosen_and_one_suggested(db: Session) -> None:
    add_reference_data(db)
    db.add(Coverage(province="تهران", city="تهران", district=2, university_code="tums"))
    db.flush()
    assert routing.university_for(db, "تهران", "تهران") is None
    found = routing.choices_for(db, "تهران", "تهران")
    assert {one.code for one in found.universities} == {"tums", "sbmu"}  # not the army's
    assert found.suggested is None
    assert routing.choices_for(db, "تهران", "شمیرانات").suggested == "sbmu"
    assert routing.choices_for(db, "تهران", "تهران", 2).suggested == "tums"
    assert routing.choices_for(db, "تهران", "تهران", 3).suggested is None


def test_an_active_expert_is_an_active_person_with_an_active_role(db: Session) -> None:
    add_reference_data(db)
    assert not routing.has_active_expert(db, "sums")
    ali = expert(db, "علوی")
    assert routing.is_active_expert(db, ali.account_id, "sums")
    assert not routing.is_active_expert(db, ali.account_id, "mui")
    assert not routing.is_active_expert(db, None, "sums")
    account = db.get_one(Account, ali.account_id)
    account.state = AccountState.SUSPENDED
    db.flush()
    assert not routing.has_active_expert(db, "sums")
    account.state = AccountState.ACTIVE
    end_role(db, ali)
    assert not routing.has_active_expert(db, "sums")


def test_a_university_without_experts_is_raised_until_there_is_one(db: Session) -> None:
    add_reference_data(db)
    boss, sara = staff(db), officer(db)
    submitted_request(db, sara)
    assert alerts(db) == ["no-expert:sums"]
    (told,) = pushes(db, boss)
    assert "شیراز" in told.text
    ali = expert(db, "علوی")
    jobs.alert_where_no_expert(db, now=NOW)
    assert alerts(db) == []
    end_role(db, ali)
    jobs.alert_where_no_expert(db, now=NOW + timedelta(hours=1))
    assert alerts(db) == ["no-expert:sums"]
    assert len(pushes(db, boss)) == 2


def test_jobs_look_only_at_universities_where_something_waits_or_is_to_be_settled(db: Session) -> None:
    add_reference_data(db)
    assert routing.codes_with_unclaimed(db) == routing.codes_to_alert(db) == []
    staff(db)
    submitted_request(db, officer(db))
    assert routing.codes_with_unclaimed(db) == routing.codes_to_alert(db) == ["sums"]
    (request,) = db.exec(select(QualificationRequest))
    request.state = RequestState.WITHDRAWN
    db.flush()
    assert routing.codes_with_unclaimed(db) == []
    # Its alert is open still.
    assert routing.codes_to_alert(db) == ["sums"]
    jobs.alert_where_no_expert(db, now=NOW)
    assert alerts(db) == routing.codes_to_alert(db) == []


def test_experts_hear_of_waiting_files_at_most_once_an_hour(db: Session) -> None:
    """Also who is expert and in charge."""
    people = participants(db)
    db.add(Grant(account_id=people.in_charge.account_id, role=Role.EXPERT, university_code="sums"))
    for minute in range(0, 50, 10):
        submitted_request(db, officer(db), now=NOW + timedelta(minutes=minute))
    for reader in (people.ali, people.in_charge):
        (told,) = pushes(db, reader)
        assert told.text.startswith("📥 ۱ پرونده")
    notified = select(Grant.role).where(col(Grant.waiting_notified_at).is_not(None))
    assert sorted(db.exec(notified)) == [Role.EXPERT, Role.EXPERT, Role.IN_CHARGE]
    # their hour is not over
    assert jobs.follow_up(db, now=NOW + timedelta(minutes=59)) == 0
    for _ in range(2):  # two processes tick
        jobs.follow_up(db, now=NOW + timedelta(minutes=61))
    _, again = pushes(db, people.ali)
    assert again.text == "📥 ۵ پرونده در انتظار بررسی است؛ قدیمی‌ترین: ۱ ساعت."
    # nothing new came: no nagging
    assert jobs.follow_up(db, now=NOW + timedelta(hours=9)) == 0
    assert pushes(db, people.foreign) == []


def test_forty_experts_of_a_university_all_hear_of_a_file_and_none_of_them_waits(db: Session) -> None:
    """Neither does the officer whose file it is: a unit tells some, the job tells the others."""
    add_reference_data(db)
    experts = [expert(db, f"علوی{n}") for n in range(40)]
    submitted_request(db, officer(db))
    assert 0 < sum(len(pushes(db, one)) for one in experts) <= routing.EXPERTS_AT_ONCE
    later = NOW + timedelta(minutes=5)
    units = jobs.units_until_nothing_is_due(
        lambda: queue_notices.follow_up(db, universities=["sums"], now=later)
    )
    assert max(units) == routing.EXPERTS_AT_ONCE
    assert [len(pushes(db, one)) for one in experts] == [1] * 40
    assert jobs.follow_up(db, now=later + timedelta(minutes=1)) == 0
