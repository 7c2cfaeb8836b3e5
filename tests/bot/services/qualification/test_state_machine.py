"""Random actions of several people against the services: whatever they try, rules and promises hold."""

from collections import Counter
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule
from sqlmodel import Session, select

from bot.core.context import SYSTEM, Actor
from bot.jobs import held_decisions as due_decisions
from bot.rules.qualification import TABLE, TERMINAL, QualificationAction, allowed_actions
from bot.services import qualification
from bot.services.qualification import decisions
from bot.services.qualification import requests as qualification_requests
from bot.services.qualification.requests import QUALIFICATION_WORKFLOW
from bot.services.review import held_decisions
from storage.enums import IN_CIRCULATION, OPEN_REQUEST, RejectReason, RequestState, Role
from storage.tables import Officer, Push, QualificationRequest
from tests.support.factories.people import Participants, end_role, expert, officer, participants
from tests.support.factories.qualification import form_answers
from tests.support.factories.reference_data import PUBLIC_URL, tariff
from tests.support.workflow_machine import WorkflowMachine, at_most_one_each, run_settings

actors = st.sampled_from(["sara", "mina", "ali", "zahra", "in_charge", "foreign", "staff", "forger"])
actions = st.sampled_from(
    [
        action
        for action in QualificationAction
        if action not in (QualificationAction.START, QualificationAction.EDIT)
    ]
)


def two_officers(db: Session) -> tuple[Participants, Actor]:
    return participants(db), officer(db)


class Qualification(WorkflowMachine):
    """Two officers, three experts of one university, one elsewhere, staff, and a forger: Sara as an expert, a role
    that she does not hold."""

    @initialize(fee=st.sampled_from([0, 500_000]))
    def begin(self, fee: int) -> None:
        people, mina = self.open_database(two_officers)
        tariff(self.db, fee)
        forger = Actor(people.sara.account_id, Role.EXPERT, "sums")
        self.actors = vars(people) | {"mina": mina, "forger": forger}
        self.seen: dict[int, int] = {}
        self.decided: Counter[str] = Counter()

    def requests(self) -> list[QualificationRequest]:
        return self.rows(QualificationRequest)

    @rule(who=actors)
    def start(self, who: str) -> None:
        actor = self.actors[who]
        may = qualification.may_start(self.db, actor=actor)
        done = self.attempt(lambda: qualification.start_draft(self.db, actor=actor, now=self.now))
        assert done == may
        assert not done or who in ("sara", "mina")

    @precondition(lambda self: self.requests())
    @rule(who=actors, action=actions, data=st.data())
    def act(self, who: str, action: QualificationAction, data: st.DataObject) -> None:
        request = data.draw(st.sampled_from(self.requests()))
        actor, old = self.actors[who], data.draw(st.booleans())
        version = request.version - 1 if old else request.version
        case, state = qualification_requests.case_of(self.db, request), request.state
        allowed = action in allowed_actions(case, actor) and who != "forger"
        press = self.press(actor, action, request, version)
        if press is None:
            return
        done = self.attempt(press)
        if not allowed or (old and action not in (QualificationAction.SUBMIT, QualificationAction.COMPLETE)):
            assert not done, (who, action, state)
        elif action not in (
            QualificationAction.ASSIGN,
            QualificationAction.HAND_OVER,
        ):  # which may name the same expert
            assert done, (who, action, state)
        if done:
            self.decided[action] += 1
            expected = {TABLE[state, action].target, TABLE[state, action].target_if_true}
            now = self.db.get(QualificationRequest, request.id)
            assert (now.state if now is not None else None) in expected

    def press(
        self, actor: Actor, action: QualificationAction, request: QualificationRequest, version: int
    ) -> Any:
        """The service that a button for this action calls; None where no button does."""
        owner, zahra = Actor(request.account_id, Role.OFFICER), self.actors["zahra"].account_id
        services: dict[QualificationAction, tuple[Any, dict[str, Any]]] = {
            QualificationAction.DISCARD: (qualification.discard, {}),
            QualificationAction.RESOLVE: (
                qualification.resolve,
                {"answers": {"father_name": f"نام{version}"}},
            ),
            QualificationAction.WITHDRAW: (qualification.withdraw, {}),
            QualificationAction.CLAIM: (QUALIFICATION_WORKFLOW.claim, {}),
            QualificationAction.RELEASE: (QUALIFICATION_WORKFLOW.release, {}),
            QualificationAction.ASSIGN: (QUALIFICATION_WORKFLOW.assign, {"expert_id": zahra}),
            QualificationAction.HAND_OVER: (
                QUALIFICATION_WORKFLOW.hand_over,
                {"expert_id": zahra, "words": "از فردا مرخصی هستم"},
            ),
            QualificationAction.DECLARE_DEFICIENCIES: (
                decisions.declare_deficiencies,
                {"items": ["father_name"]},
            ),
            QualificationAction.REJECT: (decisions.reject, {"reason": RejectReason.WRONG_REGION}),
            QualificationAction.APPROVE: (decisions.approve, {"public_url": PUBLIC_URL}),
            QualificationAction.HOLD: (
                decisions.reject,
                {"reason": RejectReason.WRONG_REGION, "undo": timedelta(minutes=3)},
            ),
        }
        common = {"actor": actor, "request_id": request.id, "now": self.now}
        if action is QualificationAction.SUBMIT:
            return lambda: qualification.submit(self.db, **common, answers=form_answers(self.db, owner))
        if action is QualificationAction.UNDO:
            return lambda: held_decisions.undo(self.db, QUALIFICATION_WORKFLOW, **common, version=version)
        if action not in services or (
            action is QualificationAction.HOLD and request.state is RequestState.SUBMITTED
        ):
            return None
        service, more = services[action]
        return lambda: service(self.db, **common, version=version, **more)

    @precondition(lambda self: self.requests())
    @rule(data=st.data(), who=actors)
    def pay(self, data: st.DataObject, who: str) -> None:
        request = data.draw(st.sampled_from(self.requests()))
        waits = request.state is RequestState.AWAITING_PAYMENT
        results: list[bool] = []
        payment = {"request_id": request.id, "actor": SYSTEM, "bank_ref": "1", "now": self.now}
        assert self.attempt(lambda: results.append(qualification.complete_request(self.db, **payment)))
        assert results == [waits]

    @rule()
    def make_due(self) -> None:
        """The timer fires, after the time for undoing is over."""
        later = self.now + timedelta(minutes=4)
        for subject, request_id in due_decisions.due(self.db, now=later):
            state = self.db.get_one(QualificationRequest, request_id).state
            given: dict[str, Any] = {"subject": subject, "request_id": request_id}
            assert due_decisions.make(self.db, **given, public_url=PUBLIC_URL, now=later)
            request = self.db.get_one(QualificationRequest, request_id)
            assert request.held_until is None
            self.decided[QualificationAction.REJECT] += request.state is not state

    @rule()
    def replace_ali(self) -> None:
        """An expert leaves for good; another is hired under the same name."""
        ali = self.actors["ali"].account_id
        end_role(self.db, self.actors["ali"])
        QUALIFICATION_WORKFLOW.release_all(self.db, actor=self.actors["staff"], expert_id=ali, now=self.now)
        self.actors["ali"] = expert(self.db, "علوی")

    @invariant()
    def check_promises(self) -> None:
        requests = self.requests()
        assert at_most_one_each([one.account_id for one in requests if one.state in OPEN_REQUEST])
        for request in requests:
            self.check_request(request)
        self.check_qualified_are_those_who_completed(requests)
        self.check_every_step_left_one_event_that_joins_the_last("qualification", requests)
        self.check_the_officer_was_told_of_every_decision()

    def check_request(self, request: QualificationRequest) -> None:
        """Versions only grow; a file under review has a reviewer, a waiting one has none."""
        assert request.version >= self.seen.get(request.id, 0)
        self.seen[request.id] = request.version
        if request.state in TERMINAL:
            assert request.closed_at is not None
        if request.state in (RequestState.DRAFT, RequestState.SUBMITTED):
            assert request.reviewer_id is None
        if request.state in (RequestState.IN_REVIEW, RequestState.DEFICIENT):
            assert request.reviewer_id is not None
        if request.state in IN_CIRCULATION:
            assert request.tracking_code is not None
            assert request.university_code == "sums"

    def check_qualified_are_those_who_completed(self, requests: list[QualificationRequest]) -> None:
        completed = {one.account_id for one in requests if one.state is RequestState.COMPLETED}
        qualified = {one.account_id for one in self.db.exec(select(Officer)) if one.qualified_at is not None}
        assert completed == qualified

    def check_the_officer_was_told_of_every_decision(self) -> None:
        told = Counter(self.db.exec(select(Push.kind)))
        assert told["N3"] == self.decided[QualificationAction.SUBMIT]
        assert told["N4"] == self.decided[QualificationAction.DECLARE_DEFICIENCIES]
        assert told["N5"] == self.decided[QualificationAction.REJECT]


Qualification.TestCase.settings = run_settings(steps=25, examples=30)
TestQualification = Qualification.TestCase
