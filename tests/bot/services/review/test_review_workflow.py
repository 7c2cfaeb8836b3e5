"""What experts do with files of either kind, where the two differ or the person would be told wrongly."""

from datetime import timedelta

from sqlmodel import Session

from bot.core.context import Actor
from bot.core.refusals import AlreadyDecided, Stale
from bot.rules.qualification import QualificationAction
from bot.services import cooperation, qualification
from bot.services.cooperation.requests import COOPERATION_WORKFLOW
from bot.services.qualification import decisions, review
from bot.services.qualification.requests import QUALIFICATION_WORKFLOW
from storage.enums import RejectReason, Role
from storage.tables import Grant
from tests.support.effects import labels, pushes, watch_statements
from tests.support.factories.cooperation import Parties, accepted_request
from tests.support.factories.qualification import submitted_request
from tests.support.factories.reference_data import NOW
from tests.support.services import act, refused


def hours(number: int) -> timedelta:
    return timedelta(hours=number)


def test_the_age_of_a_file_that_another_expert_gets(db: Session, parties: Parties) -> None:
    """It is counted from the file's arrival at the university, whoever has it."""
    ali, zahra, in_charge = parties.ali, parties.zahra, parties.in_charge
    asked = accepted_request(db, parties.kian, parties.sara)
    file = submitted_request(db, parties.unqualified)
    for workflow, lists, request in (
        (COOPERATION_WORKFLOW, cooperation.LISTS, asked),
        (QUALIFICATION_WORKFLOW, review.LISTS, file),
    ):
        act(db, workflow.claim, ali, request, now=NOW + hours(1))
        of_ali = lists.mine(db, actor=ali, now=NOW + hours(5), offset=0, limit=5).oldest
        act(db, workflow.assign, in_charge, request, expert_id=zahra.account_id, now=NOW + hours(3))
        of_zahra = lists.mine(db, actor=zahra, now=NOW + hours(5), offset=0, limit=5).oldest
        assert (of_ali, of_zahra) == (hours(5), hours(5))


def test_nobody_gives_a_file_to_whom_it_is_about(db: Session, parties: Parties) -> None:
    """Also where they are experts of its university; nor do they decide about it as such."""
    officer, deputy, own = parties.sara, parties.kian.deputy, parties.unqualified
    for actor in (officer, deputy, own):
        db.add(Grant(account_id=actor.account_id, role=Role.EXPERT, university_code="sums"))
    db.flush()
    asked, file = accepted_request(db, parties.kian, officer), submitted_request(db, own)
    for actor, workflow, request in (
        (officer, COOPERATION_WORKFLOW, asked),
        (deputy, COOPERATION_WORKFLOW, asked),
        (own, QUALIFICATION_WORKFLOW, file),
    ):
        with refused("error.not_expert_here", db=db):
            act(db, workflow.assign, parties.in_charge, request, expert_id=actor.account_id)
        with refused("error.not_yours", db=db):
            act(db, workflow.claim, Actor(actor.account_id, Role.EXPERT, "sums"), request)


def test_an_expert_who_loses_a_file_gets_no_button_to_it(db: Session, parties: Parties) -> None:
    in_charge, request = parties.in_charge, accepted_request(db, parties.kian, parties.sara)
    for expert in (parties.ali, parties.zahra):
        act(db, COOPERATION_WORKFLOW.assign, in_charge, request, expert_id=expert.account_id)
    act(db, COOPERATION_WORKFLOW.release, in_charge, request)
    for expert in (parties.ali, parties.zahra):
        assert [labels(one) for one in pushes(db, expert, "N22")] == [["مشاهده"], []]


def test_who_gives_a_file_back_is_not_told_of_it(db: Session, parties: Parties) -> None:
    request = accepted_request(db, parties.kian, parties.sara)
    for expert in (parties.ali, parties.in_charge):
        act(db, COOPERATION_WORKFLOW.claim, expert, request)
        act(db, COOPERATION_WORKFLOW.release, expert, request)
        act(
            db,
            COOPERATION_WORKFLOW.assign,
            parties.in_charge,
            request,
            expert_id=parties.in_charge.account_id,
        )
        act(db, COOPERATION_WORKFLOW.release, parties.in_charge, request)
        assert pushes(db, expert, "N22") == []


def test_a_withdrawn_file_was_decided_by_no_colleague(db: Session, parties: Parties) -> None:
    """The late button of an expert brings the fresh screen; it names nobody who decided nothing."""
    asked = accepted_request(db, parties.kian, parties.sara)
    file = submitted_request(db, parties.unqualified)
    seen = asked.version, file.version
    act(db, COOPERATION_WORKFLOW.claim, parties.ali, asked)
    act(db, cooperation.withdraw, parties.kian.manager, asked)
    with refused(Stale, db=db):
        act(db, cooperation.approve, parties.zahra, asked, version=seen[0])

    act(db, QUALIFICATION_WORKFLOW.claim, parties.ali, file)
    act(db, QUALIFICATION_WORKFLOW.release, parties.ali, file)
    act(db, qualification.withdraw, parties.unqualified, file)
    with refused(Stale, db=db):
        act(db, QUALIFICATION_WORKFLOW.claim, parties.zahra, file, version=seen[1])


def test_what_was_authorized_holds_only_for_the_row_as_it_was(db: Session, parties: Parties) -> None:
    """Two experts may claim; the second is told of the first, and cannot decide with the older authorization either."""
    file = submitted_request(db, parties.unqualified)
    approval = QUALIFICATION_WORKFLOW.check(db, file, actor=parties.zahra, action=QualificationAction.APPROVE)
    act(db, QUALIFICATION_WORKFLOW.claim, parties.ali, file)
    with refused(AlreadyDecided, "error.already_claimed", db=db):
        QUALIFICATION_WORKFLOW.change(db, approval, now=NOW)
    assert QUALIFICATION_WORKFLOW.load(db, file.id).reviewer_id == parties.ali.account_id


def test_an_action_asks_for_rights_once(db: Session, parties: Parties) -> None:
    """The grant is read once, in the transaction of the change."""
    file = submitted_request(db, parties.unqualified)
    with watch_statements(db) as statements:
        act(db, decisions.reject, parties.ali, file, reason=RejectReason.INCORRECT_DATA)
    asked = [one for one in statements if "role_grant" in one and "SELECT account.state" in one]
    assert len(asked) == 1
