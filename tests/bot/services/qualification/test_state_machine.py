"""Random actions of several people against the services: whatever they try, rules and promises hold."""

import itertools
import sqlite3
from collections import Counter
from datetime import timedelta
from functools import cache
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy.pool import StaticPool
from sqlmodel import Session, SQLModel, col, create_engine, select

from bot.core.context import SYSTEM, Actor
from bot.core.refusals import Refusal
from bot.rules.qualification import TABLE, TERMINAL, QualificationAction, allowed_actions
from bot.services import qualification
from bot.services.qualification import decisions
from bot.services.qualification import requests as qualification_requests
from bot.services.qualification.requests import QUALIFICATION_WORKFLOW
from storage.enums import IN_CIRCULATION, OPEN_REQUEST, RejectReason, RequestState, Role
from storage.tables import AuditEvent, Grant, Officer, Push, QualificationRequest
from tests.support.qualification_data import NOW, URL, Office, answers, expert, officer, open_office, tariff

people = st.sampled_from(["sara", "mina", "ali", "zahra", "head", "foreign", "staff", "forger"])
actions = st.sampled_from(
    [
        action
        for action in QualificationAction
        if action not in (QualificationAction.START, QualificationAction.EDIT)
    ]
)


@cache
def opened() -> tuple[sqlite3.Connection, Office, Actor]:
    """A database with the schema and the usual people, to be copied."""
    template = sqlite3.connect(":memory:", check_same_thread=False)
    engine = create_engine("sqlite://", creator=lambda: template, poolclass=StaticPool)
    SQLModel.metadata.create_all(engine)
    with Session(engine, autoflush=False, expire_on_commit=False) as db:
        found = open_office(db), officer(db, "10000002", national_code="9991234553")
        db.commit()
    return template, *found


class Qualification(RuleBasedStateMachine):
    """Two officers, three experts of one university, one elsewhere, staff, and a forger with somebody's id."""

    @initialize(fee=st.sampled_from([0, 500_000]))
    def open(self, fee: int) -> None:
        template, office, mina = opened()
        copy = sqlite3.connect(":memory:", check_same_thread=False)
        template.backup(copy)
        engine = create_engine("sqlite://", creator=lambda: copy, poolclass=StaticPool)
        self.db = Session(engine, autoflush=False, expire_on_commit=False)
        tariff(self.db, fee)
        self.actors: dict[str, Actor] = {
            name: getattr(office, name) for name in ("sara", "ali", "zahra", "head", "foreign", "staff")
        }
        # The forger is Sara in the hat of an expert that nobody gave her.
        self.actors |= {"mina": mina, "forger": Actor(office.sara.account_id, Role.EXPERT, "sums")}
        self.clock = itertools.count()
        self.seen: dict[int, int] = {}
        self.decided: Counter[str] = Counter()

    @property
    def now(self) -> Any:
        return NOW + timedelta(minutes=next(self.clock))

    def attempt(self, deed: Any) -> bool:
        """Do it as the way of an update does: a refusal takes everything back."""
        try:
            with self.db.begin_nested():
                deed()
                self.db.flush()
        except Refusal:
            self.db.expire_all()
            return False
        return True

    def requests(self) -> list[QualificationRequest]:
        return list(self.db.exec(select(QualificationRequest).order_by(col(QualificationRequest.id))))

    @rule(who=people)
    def start(self, who: str) -> None:
        actor = self.actors[who]
        may = qualification.may_start(self.db, actor=actor)
        done = self.attempt(lambda: qualification.start_draft(self.db, actor=actor, now=self.now))
        assert done == may
        assert not done or who in ("sara", "mina")

    @precondition(lambda self: self.requests())
    @rule(who=people, action=actions, data=st.data())
    def act(self, who: str, action: QualificationAction, data: st.DataObject) -> None:
        request = data.draw(st.sampled_from(self.requests()))
        actor, old = self.actors[who], data.draw(st.booleans())
        version = request.version - 1 if old else request.version
        case, state = qualification_requests.case_of(self.db, request), request.state
        allowed = action in allowed_actions(case, actor) and who != "forger"
        deed = self.deed(actor, action, request, version)
        if deed is None:
            return
        done = self.attempt(deed)
        if not allowed or (old and action not in (QualificationAction.SUBMIT, QualificationAction.COMPLETE)):
            assert not done, (who, action, state)
        elif action is not QualificationAction.ASSIGN:  # which may name the same expert
            assert done, (who, action, state)
        if done:
            self.decided[action] += 1
            expected = {TABLE[state, action].target, TABLE[state, action].target_if_true}
            now = self.db.get(QualificationRequest, request.id)
            assert (now.state if now is not None else None) in expected

    def deed(
        self, actor: Actor, action: QualificationAction, request: QualificationRequest, version: int
    ) -> Any:
        db, common = self.db, {"actor": actor, "request_id": request.id or 0, "now": self.now}
        versioned: dict[str, Any] = {**common, "version": version}
        owner = Actor(request.account_id, Role.OFFICER)
        match action:
            case QualificationAction.SUBMIT:
                return lambda: qualification.submit(db, **common, answers=answers(db, owner))
            case QualificationAction.DISCARD:
                return lambda: qualification.discard(db, **versioned)
            case QualificationAction.RESOLVE:
                changed = {"father_name": f"نام{version}"}
                return lambda: qualification.resolve(db, **versioned, answers=changed)
            case QualificationAction.WITHDRAW:
                return lambda: qualification.withdraw(db, **versioned)
            case QualificationAction.CLAIM:
                return lambda: QUALIFICATION_WORKFLOW.claim(db, **versioned)
            case QualificationAction.RELEASE:
                return lambda: QUALIFICATION_WORKFLOW.release(db, **versioned)
            case QualificationAction.ASSIGN:
                return lambda: QUALIFICATION_WORKFLOW.assign(
                    db, **versioned, expert_id=self.actors["zahra"].account_id or 0
                )
            case QualificationAction.DECLARE_DEFICIENCIES:
                return lambda: decisions.declare_deficiencies(db, **versioned, items=["father_name"])
            case QualificationAction.REJECT:
                return lambda: decisions.reject(db, **versioned, reason=RejectReason.WRONG_REGION)
            case QualificationAction.APPROVE:
                return lambda: decisions.approve(db, **versioned, public_url=URL)
        return None

    @precondition(lambda self: self.requests())
    @rule(data=st.data(), who=people)
    def pay(self, data: st.DataObject, who: str) -> None:
        request = data.draw(st.sampled_from(self.requests()))
        waits = request.state is RequestState.AWAITING_PAYMENT
        results: list[bool] = []
        done = self.attempt(
            lambda: results.append(
                qualification.complete_request(
                    self.db, request_id=request.id or 0, now=self.now, actor=SYSTEM, bank_ref="1"
                )
            )
        )
        assert done
        assert results == [waits]

    @rule()
    def replace_ali(self) -> None:
        """An expert leaves for good; another is hired under the same name."""
        ali = self.actors["ali"]
        self.db.exec(select(Grant).where(Grant.account_id == ali.account_id)).one().active = False
        self.db.flush()
        QUALIFICATION_WORKFLOW.release_all(
            self.db, actor=self.actors["staff"], expert_id=ali.account_id or 0, now=self.now
        )
        self.actors["ali"] = expert(self.db, f"3{next(self.clock):07}", "علوی")

    @invariant()
    def promises(self) -> None:
        requests = self.requests()
        self.one_open_request_an_officer(requests)
        self.what_is_over_stays_over_and_versions_only_grow(requests)
        self.a_file_under_review_has_a_reviewer_and_a_waiting_one_has_none(requests)
        self.qualified_is_who_completed(requests)
        self.every_step_left_one_event_that_joins_the_last(requests)
        self.the_officer_was_told_of_every_decision()

    def one_open_request_an_officer(self, requests: list[QualificationRequest]) -> None:
        opened = Counter(one.account_id for one in requests if one.state in OPEN_REQUEST)
        assert all(count == 1 for count in opened.values())

    def what_is_over_stays_over_and_versions_only_grow(self, requests: list[QualificationRequest]) -> None:
        for one in requests:
            assert one.version >= self.seen.get(one.id or 0, 0)
            if one.state in TERMINAL:
                assert one.closed_at is not None
            self.seen[one.id or 0] = one.version

    def a_file_under_review_has_a_reviewer_and_a_waiting_one_has_none(
        self, requests: list[QualificationRequest]
    ) -> None:
        for one in requests:
            if one.state in (RequestState.DRAFT, RequestState.SUBMITTED):
                assert one.reviewer_id is None
            if one.state in (RequestState.IN_REVIEW, RequestState.DEFICIENT):
                assert one.reviewer_id is not None
            if one.state in IN_CIRCULATION:
                assert one.tracking_code is not None
                assert one.university_code == "sums"

    def qualified_is_who_completed(self, requests: list[QualificationRequest]) -> None:
        completed = {one.account_id for one in requests if one.state is RequestState.COMPLETED}
        qualified = {one.account_id for one in self.db.exec(select(Officer)) if one.qualified_at is not None}
        assert completed == qualified

    def every_step_left_one_event_that_joins_the_last(self, requests: list[QualificationRequest]) -> None:
        found = self.db.exec(
            select(AuditEvent).where(AuditEvent.subject == "qualification").order_by(col(AuditEvent.id))
        ).all()
        for one in requests:
            steps = [event for event in found if event.subject_id == one.id]
            assert len(steps) == one.version + 1  # its start
            for before, after in itertools.pairwise(steps):
                assert before.to_state == after.from_state
            assert steps[-1].to_state == one.state

    def the_officer_was_told_of_every_decision(self) -> None:
        told = Counter(self.db.exec(select(Push.kind)))
        assert told["N3"] == self.decided[QualificationAction.SUBMIT]
        assert told["N4"] == self.decided[QualificationAction.DECLARE_DEFICIENCIES]
        assert told["N5"] == self.decided[QualificationAction.REJECT]

    def teardown(self) -> None:
        if hasattr(self, "db"):
            self.db.close()


Qualification.TestCase.settings = settings(
    max_examples=30,
    stateful_step_count=25,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestQualification = Qualification.TestCase
