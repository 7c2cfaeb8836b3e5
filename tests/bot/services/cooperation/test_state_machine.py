"""Random actions of all sides of a cooperation against the services: whatever they try, rules and promises hold."""

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

from bot.core.context import SYSTEM, Actor, PublicInfo
from bot.core.refusals import Refusal
from bot.rules.cooperation import (
    CONTRACT,
    TERMINAL,
    TERMINATION,
    ContractAction,
    CooperationAction,
    CooperationCase,
    TerminationAction,
    allowed_actions,
    refusal,
)
from bot.services import accounts, cooperation
from bot.services.cooperation import contracts, termination
from bot.services.cooperation import requests as cooperation_requests
from bot.services.cooperation.contract_steps import contract_case, termination_case
from bot.services.cooperation.requests import COOPERATION_WORKFLOW
from bot.services.shared import eligibility
from storage.enums import AccountState, ContractState, CooperationState, PushChannel, Role, TerminationState
from storage.tables import (
    Account,
    AuditEvent,
    Contract,
    CooperationRequest,
    Distributor,
    Push,
    Termination,
)
from tests.support.cooperation_data import Centers, code_of, everything, open_centers
from tests.support.qualification_data import NOW

PEOPLE = (
    "sara", "mina", "boss", "deputy", "rival", "ali", "zahra", "head", "foreign", "staff", "forger", "impostor",
)  # fmt: skip
people = st.sampled_from(PEOPLE)
officers = st.sampled_from(["sara", "mina"])
rarely = st.sampled_from([False] * 5 + [True])
managers = st.sampled_from(["boss", "deputy", "rival"])
deeds = st.sampled_from(
    [
        action
        for action in CooperationAction
        if action not in (CooperationAction.PICK, CooperationAction.CLOSE)
    ]
)
REASON = "شرایط همکاری تغییر کرده است"


@cache
def opened() -> tuple[sqlite3.Connection, Centers]:
    """A database with the schema and the usual people, to be copied."""
    template = sqlite3.connect(":memory:", check_same_thread=False)
    engine = create_engine("sqlite://", creator=lambda: template, poolclass=StaticPool)
    SQLModel.metadata.create_all(engine)
    with Session(engine, autoflush=False, expire_on_commit=False) as db:
        found = open_centers(db)
        db.commit()
    return template, found


class Cooperation(RuleBasedStateMachine):
    """Two officers, two distributors (one with two managers), three experts of their university, one elsewhere, staff,
    and two people in hats that nobody gave them."""

    @initialize()
    def open(self) -> None:
        template, self.centers = opened()
        copy = sqlite3.connect(":memory:", check_same_thread=False)
        template.backup(copy)
        engine = create_engine("sqlite://", creator=lambda: copy, poolclass=StaticPool)
        self.db = Session(engine, autoflush=False, expire_on_commit=False)
        office, kian, arad = self.centers.office, self.centers.kian, self.centers.arad
        self.actors: dict[str, Actor] = {
            "sara": self.centers.sara,
            "mina": self.centers.mina,
            "boss": kian.boss,
            "deputy": kian.deputy,
            "rival": arad.boss,
            "forger": Actor(self.centers.sara.account_id, Role.EXPERT, "sums"),
            "impostor": Actor(self.centers.mina.account_id, Role.DISTRIBUTOR, distributor_id=kian.id),
        } | {name: getattr(office, name) for name in ("ali", "zahra", "head", "foreign", "staff")}
        self.branches = {kian.central: kian, kian.east: kian, arad.central: arad, arad.east: arad}
        self.clock = itertools.count()
        self.closed: dict[int, CooperationState] = {}
        self.ended: dict[int, ContractState] = {}
        self.versions: dict[int, int] = {}
        self.told: Counter[str] = Counter()

    @property
    def now(self) -> Any:
        return NOW + timedelta(minutes=next(self.clock))

    def attempt(self, deed: Any) -> bool:
        """Do it as the way of an update does: a refusal takes everything back, and changes nothing."""
        self.db.flush()
        before = everything(self.db)
        try:
            with self.db.begin_nested():
                deed()
                self.db.flush()
        except Refusal:
            self.db.expire_all()
            assert everything(self.db) == before
            return False
        return True

    def requests(self) -> list[CooperationRequest]:
        return list(self.db.exec(select(CooperationRequest).order_by(col(CooperationRequest.id))))

    def contracts(self, *, active_first: bool = False) -> list[Contract]:
        found = list(self.db.exec(select(Contract).order_by(col(Contract.id))))
        return sorted(found, key=lambda one: one.state is not ContractState.ACTIVE) if active_first else found

    def terminations(self) -> list[Termination]:
        return list(self.db.exec(select(Termination).order_by(col(Termination.id))))

    # ── the deeds ──

    @rule(who=managers | people, officer=officers, data=st.data())
    def pick(self, who: str, officer: str, data: st.DataObject) -> None:
        self.try_to_pick(who, officer, data.draw(st.sampled_from(sorted(self.branches))))

    def try_to_pick(self, who: str, officer: str, branch_id: int) -> None:
        actor, asked = self.actors[who], self.actors[officer]
        owner = self.branches[branch_id]
        case = CooperationCase(
            None,
            asked.account_id or 0,
            owner.id,
            eligibility.eligibility_of(self.db, asked.account_id or 0),
            branch_busy=cooperation_requests.open_at(self.db, branch_id) is not None,
        )
        own = self.branches[branch_id].id == actor.distributor_id
        may = own and refusal(case, actor, CooperationAction.PICK) is None and who != "impostor"
        done = self.attempt(
            lambda: cooperation.pick(
                self.db,
                actor=actor,
                branch_id=branch_id,
                national_code=code_of(self.db, asked),
                now=NOW + timedelta(days=next(self.clock)),
            )
        )
        assert done == may, (who, officer, branch_id)
        self.told["N13"] += done

    @rule(
        officer=officers,
        who=managers,
        steps=st.sampled_from([2, 3, 3]),
        expert=st.sampled_from(["ali", "zahra", "head"]),
        wanted_elsewhere=st.booleans(),
        data=st.data(),
    )
    def hire(
        self,
        officer: str,
        who: str,
        steps: int,
        expert: str,
        wanted_elsewhere: bool,
        data: st.DataObject,
    ) -> None:
        """The straight way: picked, accepted, approved; as far as it goes."""
        asked = self.actors[officer]
        own = [branch for branch, firm in self.branches.items() if firm.id == self.actors[who].distributor_id]
        free = [branch for branch in own if cooperation_requests.open_at(self.db, branch) is None]
        if not free or not eligibility.eligibility_of(self.db, asked.account_id or 0).eligible:
            return
        occupied = [branch for branch in free if contracts.at_branch(self.db, branch)]
        branch = data.draw(st.sampled_from(occupied or free))
        self.try_to_pick(who, officer, branch)
        if wanted_elsewhere:
            other = "boss" if who == "rival" else "rival"
            firm = self.centers.kian if who == "rival" else self.centers.arad
            self.try_to_pick(other, officer, data.draw(st.sampled_from([firm.central, firm.east])))
        request = cooperation_requests.open_at(self.db, branch)
        assert request is not None
        self.try_it(officer, CooperationAction.ACCEPT, request, old=False)
        if steps > 2:
            self.try_it(expert, CooperationAction.APPROVE, request, old=False)

    @precondition(lambda self: self.requests())
    @rule(who=people, action=deeds, old=st.booleans(), data=st.data())
    def act(self, who: str, action: CooperationAction, old: bool, data: st.DataObject) -> None:
        """Anybody tries anything, with any button."""
        self.try_it(who, action, data.draw(st.sampled_from(self.requests())), old)

    @precondition(lambda self: self.lawful())
    @rule(data=st.data())
    def go_on(self, data: st.DataObject) -> None:
        """People do what the rules allow."""
        for _ in range(data.draw(st.integers(1, 5))):
            lawful = self.lawful()
            if not lawful:
                return
            action = data.draw(st.sampled_from(sorted({action for _, action, _ in lawful})))
            found = [(who, request) for who, one, request in lawful if one is action]
            who, request = data.draw(st.sampled_from(found))
            self.try_it(who, action, request, old=False)

    def lawful(self) -> list[tuple[str, CooperationAction, CooperationRequest]]:
        return [
            (who, action, request)
            for request in self.requests()
            if request.state not in TERMINAL
            for case in [cooperation_requests.case_of(self.db, request)]
            for who, actor in self.actors.items()
            if who not in ("forger", "impostor")
            for action in sorted(allowed_actions(case, actor))
        ]

    def try_it(self, who: str, action: CooperationAction, request: CooperationRequest, old: bool) -> None:
        actor = self.actors[who]
        version = request.version - 1 if old else request.version
        case, state = cooperation_requests.case_of(self.db, request), request.state
        honest = who not in ("forger", "impostor") and (actor.role is not Role.OFFICER or case.officer.active)
        may = action in allowed_actions(case, actor) and honest and not old
        replaced = contracts.at_branch(self.db, request.branch_id)
        done = self.attempt(self.deed(actor, action, request, version))
        if action is CooperationAction.ASSIGN and may:  # which may name the same expert
            return
        assert done == may, (who, action, state)
        if not done:
            return
        assert request.version == version + 1
        match action:
            case CooperationAction.WITHDRAW:
                self.told["N24 officer"] += 1
            case CooperationAction.ACCEPT:
                self.told["N14"] += 1
            case CooperationAction.APPROVE:
                self.told["N16"] += 1
                self.told["N18"] += len(replaced)

    def deed(self, actor: Actor, action: CooperationAction, request: CooperationRequest, version: int) -> Any:
        db = self.db
        common: dict[str, Any] = {
            "actor": actor,
            "request_id": request.id or 0,
            "version": version,
            "now": self.now,
        }
        match action:
            case CooperationAction.ASSIGN:
                return lambda: COOPERATION_WORKFLOW.assign(
                    db, **common, expert_id=self.actors["zahra"].account_id or 0
                )
            case CooperationAction.UNIVERSITY_REJECT:
                return lambda: cooperation.university_reject(db, **common, reason="مدارک ناقص است")
        module = (
            COOPERATION_WORKFLOW
            if action in (CooperationAction.CLAIM, CooperationAction.RELEASE)
            else cooperation
        )
        return lambda: getattr(module, action.lower())(db, **common)

    @precondition(lambda self: self.contracts())
    @rule(who=managers | people, old=rarely, data=st.data())
    def free(self, who: str, old: bool, data: st.DataObject) -> None:
        contract = data.draw(st.sampled_from(self.contracts(active_first=True)))
        actor = self.actors[who]
        allowed = ContractAction.FREE in CONTRACT.allowed_actions(contract_case(contract), actor)
        done = self.attempt(
            lambda: contracts.free(
                self.db,
                actor=actor,
                contract_id=contract.id or 0,
                version=contract.version - old,
                now=self.now,
            )
        )
        assert done == (allowed and not old and who != "impostor")
        self.told["N18"] += done

    @precondition(lambda self: self.contracts())
    @rule(who=officers | people, data=st.data())
    def draft_termination(self, who: str, data: st.DataObject) -> None:
        contract = data.draw(st.sampled_from(self.contracts(active_first=True)))
        actor = self.actors[who]
        mine = actor.role is Role.OFFICER and actor.account_id == contract.account_id
        active = eligibility.eligibility_of(self.db, contract.account_id).active
        done = self.attempt(
            lambda: termination.draft(
                self.db, actor=actor, contract_id=contract.id or 0, reason=REASON, now=self.now
            )
        )
        assert done == (mine and active and contract.state is ContractState.ACTIVE)

    @rule(who=officers)
    def leave(self, who: str) -> None:
        """The straight way out of a contract."""
        actor = self.actors[who]
        contract = contracts.active(self.db, actor.account_id or 0)
        if contract is None or not eligibility.eligibility_of(self.db, contract.account_id).active:
            return
        common: dict[str, Any] = {"actor": actor, "now": self.now}
        found = termination.draft(self.db, **common, contract_id=contract.id or 0, reason=REASON)
        assert self.attempt(
            lambda: termination.finalise(
                self.db, **common, termination_id=found.id or 0, version=found.version
            )
        )

    @precondition(lambda self: self.terminations())
    @rule(who=officers | people, finalise=st.booleans(), old=rarely, data=st.data())
    def close_termination(self, who: str, finalise: bool, old: bool, data: st.DataObject) -> None:
        one = data.draw(st.sampled_from(self.terminations()))
        actor, contract = self.actors[who], self.db.get_one(Contract, one.contract_id)
        act = TerminationAction.FINALISE if finalise else TerminationAction.CANCEL
        allowed = act in TERMINATION.allowed_actions(termination_case(one, contract), actor)
        active = eligibility.eligibility_of(self.db, one.account_id).active
        do = termination.finalise if finalise else termination.cancel
        done = self.attempt(
            lambda: do(
                self.db,
                actor=actor,
                termination_id=one.id or 0,
                version=one.version - old,
                now=self.now,
            )
        )
        assert done == (allowed and active and not old)

    @rule(
        officer=officers,
        death=st.sampled_from([False, False, True]),
        now_or_never=rarely,
    )
    def suspend_or_lift(self, officer: str, death: bool, now_or_never: bool) -> None:
        account = self.db.get_one(Account, self.actors[officer].account_id)
        if not now_or_never and account.state is AccountState.ACTIVE:
            return
        common: dict[str, Any] = {
            "actor": self.actors["staff"],
            "account_id": account.id or 0,
            "reason": "به درخواست اداره کل",
            "now": self.now,
        }
        done = self.attempt(
            lambda: accounts.suspend(self.db, **common, public_info=PublicInfo("x", "https://x"), death=death)
        )
        if not done:
            assert self.attempt(lambda: accounts.lift(self.db, **common))
            return
        assert not [
            one for one in self.requests() if one.account_id == account.id and one.state not in TERMINAL
        ]

    @rule(name=st.sampled_from(["ali", "zahra"]))
    def an_expert_gives_everything_back(self, name: str) -> None:
        expert = self.actors[name].account_id
        assert self.attempt(
            lambda: COOPERATION_WORKFLOW.release_all(
                self.db, actor=self.actors["staff"], expert_id=expert or 0, now=self.now
            )
        )
        assert not [
            one
            for one in self.requests()
            if one.reviewer_id == expert and one.state is CooperationState.PENDING_UNIVERSITY
        ]

    @rule(
        officer=officers,
        which=st.sampled_from(["kian", "arad"]),
        now_or_never=rarely,
    )
    def move_in(self, officer: str, which: str, now_or_never: bool) -> None:
        """The old system's contract comes late (R53)."""
        if not now_or_never:
            return
        before = contracts.active(self.db, self.actors[officer].account_id or 0)
        firm = getattr(self.centers, which)
        done = self.attempt(
            lambda: contracts.add_migrated(
                self.db,
                actor=SYSTEM,
                account_id=self.actors[officer].account_id or 0,
                distributor_id=firm.id,
                now=self.now,
            )
        )
        assert done == (before is None or before.distributor_id == firm.id)

    # ── the promises ──

    @invariant()
    def promises(self) -> None:
        if not hasattr(self, "db"):
            return
        requests, found, ends = self.requests(), self.contracts(), self.terminations()
        self.one_contract_an_officer_and_one_new_officer_a_branch(found)
        self.one_reservation_an_officer_and_one_open_request_a_branch(requests)
        self.what_is_over_stays_over(requests, found)
        self.every_approval_is_a_contract_and_no_other(requests, found)
        self.one_sms_a_finalised_termination(ends, found)
        self.a_draft_speaks_of_a_contract_in_force(ends)
        self.everybody_was_told_once()
        self.every_step_left_one_event_that_joins_the_last(requests)

    def one_contract_an_officer_and_one_new_officer_a_branch(self, found: list[Contract]) -> None:
        active = [one for one in found if one.state is ContractState.ACTIVE]
        assert all(count == 1 for count in Counter(one.account_id for one in active).values())
        new = Counter(one.branch_id for one in active if not one.migrated)
        assert all(count == 1 for count in new.values())
        assert all(self.branches[one.branch_id].id == one.distributor_id for one in found)

    def one_reservation_an_officer_and_one_open_request_a_branch(
        self, requests: list[CooperationRequest]
    ) -> None:
        waiting = [one for one in requests if one.state is CooperationState.PENDING_UNIVERSITY]
        assert all(count == 1 for count in Counter(one.account_id for one in waiting).values())
        for name in ("sara", "mina"):
            account = self.actors[name].account_id or 0
            facts = eligibility.eligibility_of(self.db, account)
            assert facts.reserved == any(one.account_id == account for one in waiting)
            assert facts.employed == (contracts.active(self.db, account) is not None)
        for one in waiting:
            assert (one.university_code, one.accepted_at is not None) == ("sums", True)
        opened = [one for one in requests if one.state not in TERMINAL]
        assert all(count == 1 for count in Counter(one.branch_id for one in opened).values())
        for one in opened:  # whoever is taken, or away, is asked no more
            facts = eligibility.eligibility_of(self.db, one.account_id)
            assert (facts.active, facts.qualified, facts.employed) == (True, True, False)

    def what_is_over_stays_over(self, requests: list[CooperationRequest], found: list[Contract]) -> None:
        for one in requests:
            assert one.version >= self.versions.get(one.id or 0, 0)
            self.versions[one.id or 0] = one.version
            assert self.closed.get(one.id or 0, one.state) is one.state
            assert (one.closed_at is not None) == (one.state in TERMINAL)
            if one.state in TERMINAL:
                self.closed[one.id or 0] = one.state
        for contract in found:
            assert self.ended.get(contract.id or 0, contract.state) is contract.state
            if contract.state is not ContractState.ACTIVE:
                self.ended[contract.id or 0] = contract.state

    def every_approval_is_a_contract_and_no_other(
        self, requests: list[CooperationRequest], found: list[Contract]
    ) -> None:
        approved = {one.id for one in requests if one.state is CooperationState.APPROVED}
        assert approved == {one.cooperation_id for one in found if not one.migrated}
        assert len(found) == len(approved) + sum(one.migrated for one in found)

    def one_sms_a_finalised_termination(self, ends: list[Termination], found: list[Contract]) -> None:
        texts = self.db.exec(
            select(Push).where(Push.kind == "N19", Push.channel == PushChannel.SMS).order_by(col(Push.id))
        ).all()
        finalised = [one for one in ends if one.state is TerminationState.FINALIZED]
        wanted = {}
        for one in finalised:
            contract = self.db.get_one(Contract, one.contract_id)
            assert contract.state is ContractState.ENDED_BY_OFFICER
            firm = self.db.get_one(Distributor, contract.distributor_id)
            wanted[f"termination:{one.id}:finalised:sms"] = firm.manager_mobile
        assert {one.key: one.mobile for one in texts} == wanted
        assert len(texts) == len(finalised)
        ended = [one for one in found if one.state is ContractState.ENDED_BY_OFFICER]
        assert len(ended) == len(finalised)

    def a_draft_speaks_of_a_contract_in_force(self, ends: list[Termination]) -> None:
        for one in ends:
            contract = self.db.get_one(Contract, one.contract_id)
            if one.state is TerminationState.DRAFT:
                assert contract.state is ContractState.ACTIVE

    def everybody_was_told_once(self) -> None:
        kinds = Counter(self.db.exec(select(Push.kind)))
        assert kinds["N13"] == self.told["N13"]
        assert kinds["N14"] == 2 * self.told["N14"]  # both managers
        assert kinds["N16"] == 3 * self.told["N16"]  # and the officer
        assert kinds["N18"] == self.told["N18"]
        closed = sum(one.state is CooperationState.CLOSED for one in self.requests())
        assert kinds["N24"] == self.told["N24 officer"] + 2 * closed

    def every_step_left_one_event_that_joins_the_last(self, requests: list[CooperationRequest]) -> None:
        events = self.db.exec(
            select(AuditEvent).where(AuditEvent.subject == "cooperation").order_by(col(AuditEvent.id))
        ).all()
        for one in requests:
            steps = [event for event in events if event.subject_id == one.id]
            assert len(steps) == one.version + 1
            for before, after in itertools.pairwise(steps):
                assert before.to_state == after.from_state
            assert steps[-1].to_state == one.state

    def teardown(self) -> None:
        if hasattr(self, "db"):
            self.db.close()


Cooperation.TestCase.settings = settings(
    max_examples=30,
    stateful_step_count=40,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestCooperation = Cooperation.TestCase
