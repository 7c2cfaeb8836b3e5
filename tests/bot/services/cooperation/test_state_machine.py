"""Random actions of all sides of a cooperation against the services: whatever they try, rules and promises hold."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from bot.core.context import SYSTEM, Actor, PublicInfo
from bot.rules.cooperation import (
    CONTRACT,
    TERMINAL,
    TERMINATION,
    Availability,
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
from storage.tables import Account, Contract, CooperationRequest, Distributor, Push, Termination
from tests.support.factories.cooperation import code_of, parties
from tests.support.factories.reference_data import NOW
from tests.support.workflow_machine import WorkflowMachine, at_most_one_each, run_settings

#: Who act in a role that they do not hold.
FORGERS = ("forger", "impostor")
people = st.sampled_from(
    [
        *("sara", "mina", "manager", "deputy", "rival", "ali", "zahra", "in_charge", "foreign", "staff"),
        *FORGERS,
    ]
)
officers = st.sampled_from(["sara", "mina"])
rarely = st.sampled_from([False] * 5 + [True])
managers = st.sampled_from(["manager", "deputy", "rival"])
#: Decisions that are made later are tried in tests/handlers/expert/test_undo.py.
#: Timers do these, or the undo does.
UNDOING = (CooperationAction.HOLD, CooperationAction.UNDO, CooperationAction.GIVE_BACK)
request_actions = st.sampled_from(
    [
        action
        for action in CooperationAction
        if action not in (CooperationAction.PICK, CooperationAction.CLOSE, *UNDOING)
    ]
)
REASON = "شرایط همکاری تغییر کرده است"


class Cooperation(WorkflowMachine):
    """Two officers, two distributors (one with two managers), three experts of their university, one elsewhere, staff,
    and two people in roles that they do not hold."""

    @initialize()
    def begin(self) -> None:
        found = self.open_database(parties)
        self.kian, self.arad = found.kian, found.arad
        self.actors = {
            "manager": self.kian.manager,
            "deputy": self.kian.deputy,
            "rival": self.arad.manager,
            "forger": Actor(found.sara.account_id, Role.EXPERT, "sums"),
            "impostor": Actor(found.mina.account_id, Role.DISTRIBUTOR, distributor_id=self.kian.id),
        } | {
            name: getattr(found, name)
            for name in ("sara", "mina", "ali", "zahra", "in_charge", "foreign", "staff")
        }
        self.branches = {branch: at for at in (self.kian, self.arad) for branch in (at.central, at.east)}
        self.closed: dict[int, CooperationState] = {}
        self.ended: dict[int, ContractState] = {}
        self.versions: dict[int, int] = {}
        self.pushed: Counter[str] = Counter()

    def requests(self) -> list[CooperationRequest]:
        return self.rows(CooperationRequest)

    def contracts(self, *, active_first: bool = False) -> list[Contract]:
        found = self.rows(Contract)
        return sorted(found, key=lambda one: one.state is not ContractState.ACTIVE) if active_first else found

    def terminations(self) -> list[Termination]:
        return self.rows(Termination)

    def facts(self, who: str) -> Availability:
        return eligibility.eligibility_of(self.db, self.actors[who].account_id)

    # ── the actions ──

    @rule(who=managers | people, officer=officers, data=st.data())
    def pick(self, who: str, officer: str, data: st.DataObject) -> None:
        self.try_to_pick(who, officer, data.draw(st.sampled_from(sorted(self.branches))))

    def try_to_pick(self, who: str, officer: str, branch_id: int) -> None:
        actor, asked = self.actors[who], self.actors[officer]
        owner = self.branches[branch_id].id
        busy = cooperation_requests.open_at(self.db, branch_id) is not None
        case = CooperationCase(None, asked.account_id, owner, self.facts(officer), branch_busy=busy)
        own = owner == actor.distributor_id and who != "impostor"
        may = own and refusal(case, actor, CooperationAction.PICK) is None
        done = self.attempt(
            lambda: cooperation.pick(
                self.db,
                actor=actor,
                branch_id=branch_id,
                national_code=code_of(self.db, asked),
                now=NOW + timedelta(days=next(self.clock)),
                counted=False,
            )
        )
        assert done == may, (who, officer, branch_id)
        self.pushed["N13"] += done

    @rule(
        officer=officers,
        who=managers,
        steps=st.sampled_from([2, 3, 3]),
        expert=st.sampled_from(["ali", "zahra", "in_charge"]),
        wanted_elsewhere=st.booleans(),
        data=st.data(),
    )
    def hire(
        self, officer: str, who: str, steps: int, expert: str, wanted_elsewhere: bool, data: st.DataObject
    ) -> None:
        """Picked, accepted, approved; as far as it goes."""
        own = [branch for branch, at in self.branches.items() if at.id == self.actors[who].distributor_id]
        free = [branch for branch in own if cooperation_requests.open_at(self.db, branch) is None]
        if not free or not self.facts(officer).eligible:
            return
        occupied = [branch for branch in free if contracts.at_branch(self.db, branch)]
        branch = data.draw(st.sampled_from(occupied or free))
        self.try_to_pick(who, officer, branch)
        if wanted_elsewhere:
            other, at = ("manager", self.kian) if who == "rival" else ("rival", self.arad)
            self.try_to_pick(other, officer, data.draw(st.sampled_from([at.central, at.east])))
        request = cooperation_requests.open_at(self.db, branch)
        assert request is not None
        self.try_it(officer, CooperationAction.ACCEPT, request, old=False)
        if steps > 2:
            self.try_it(expert, CooperationAction.APPROVE, request, old=False)

    @precondition(lambda self: self.requests())
    @rule(who=people, action=request_actions, old=st.booleans(), data=st.data())
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
            if who not in FORGERS
            for action in sorted(allowed_actions(case, actor) - set(UNDOING))
        ]

    def try_it(self, who: str, action: CooperationAction, request: CooperationRequest, old: bool) -> None:
        actor = self.actors[who]
        version = request.version - 1 if old else request.version
        case, state = cooperation_requests.case_of(self.db, request), request.state
        honest = who not in FORGERS and (actor.role is not Role.OFFICER or case.officer.active)
        may = action in allowed_actions(case, actor) and honest and not old
        replaced = contracts.at_branch(self.db, request.branch_id)
        done = self.attempt(self.press(actor, action, request, version))
        gives = action in (CooperationAction.ASSIGN, CooperationAction.HAND_OVER)
        if gives and may:  # which may name the same expert
            return
        assert done == may, (who, action, state)
        if not done:
            return
        assert request.version == version + 1
        match action:
            case CooperationAction.WITHDRAW:
                self.pushed["N24 officer"] += 1
            case CooperationAction.ACCEPT:
                self.pushed["N14"] += 1
            case CooperationAction.APPROVE:
                self.pushed["N16"] += 1
                self.pushed["N18"] += len(replaced)

    def press(
        self, actor: Actor, action: CooperationAction, request: CooperationRequest, version: int
    ) -> Callable[[], object]:
        """What a button for this action does."""
        given = {"actor": actor, "request_id": request.id, "version": version, "now": self.now}
        if action in (CooperationAction.ASSIGN, CooperationAction.HAND_OVER):
            given["expert_id"] = self.actors["zahra"].account_id
        if action is CooperationAction.HAND_OVER:
            given["words"] = "از فردا مرخصی هستم"
        if action is CooperationAction.UNIVERSITY_REJECT:
            given["reason"] = "مدارک ناقص است"
        of_expert = action in (
            CooperationAction.ASSIGN,
            CooperationAction.HAND_OVER,
            CooperationAction.CLAIM,
            CooperationAction.RELEASE,
        )
        service = getattr(COOPERATION_WORKFLOW if of_expert else cooperation, action.lower())
        return lambda: service(self.db, **given)

    @precondition(lambda self: self.contracts())
    @rule(who=managers | people, old=rarely, data=st.data())
    def free(self, who: str, old: bool, data: st.DataObject) -> None:
        contract = data.draw(st.sampled_from(self.contracts(active_first=True)))
        actor = self.actors[who]
        allowed = ContractAction.FREE in CONTRACT.allowed_actions(contract_case(contract), actor)
        version = contract.version - old
        given = {"contract_id": contract.id, "version": version, "now": self.now}
        done = self.attempt(lambda: contracts.free(self.db, actor=actor, **given))
        assert done == (allowed and not old and who != "impostor")
        self.pushed["N18"] += done

    @precondition(lambda self: self.contracts())
    @rule(who=officers | people, data=st.data())
    def draft_termination(self, who: str, data: st.DataObject) -> None:
        contract = data.draw(st.sampled_from(self.contracts(active_first=True)))
        actor = self.actors[who]
        mine = actor.role is Role.OFFICER and actor.account_id == contract.account_id
        active = eligibility.eligibility_of(self.db, contract.account_id).active
        given = {"contract_id": contract.id, "reason": REASON, "now": self.now}
        done = self.attempt(lambda: termination.draft(self.db, actor=actor, **given))
        assert done == (mine and active and contract.state is ContractState.ACTIVE)

    @rule(who=officers)
    def leave(self, who: str) -> None:
        """An officer ends their contract without a detour."""
        actor = self.actors[who]
        contract = contracts.active(self.db, actor.account_id)
        if contract is None or not self.facts(who).active:
            return
        given = {"actor": actor, "now": self.now}
        draft = termination.draft(self.db, **given, contract_id=contract.id, reason=REASON)
        given |= {"termination_id": draft.id, "version": draft.version}
        assert self.attempt(lambda: termination.finalise(self.db, **given))

    @precondition(lambda self: self.terminations())
    @rule(who=officers | people, finalise=st.booleans(), old=rarely, data=st.data())
    def close_termination(self, who: str, finalise: bool, old: bool, data: st.DataObject) -> None:
        one = data.draw(st.sampled_from(self.terminations()))
        actor, contract = self.actors[who], self.db.get_one(Contract, one.contract_id)
        action = TerminationAction.FINALISE if finalise else TerminationAction.CANCEL
        allowed = action in TERMINATION.allowed_actions(termination_case(one, contract), actor)
        active = eligibility.eligibility_of(self.db, one.account_id).active
        service = termination.finalise if finalise else termination.cancel
        version = one.version - old
        given = {"termination_id": one.id, "version": version, "now": self.now}
        done = self.attempt(lambda: service(self.db, actor=actor, **given))
        assert done == (allowed and active and not old)

    @rule(officer=officers, death=st.sampled_from([False, False, True]), now_or_never=rarely)
    def suspend_or_lift(self, officer: str, death: bool, now_or_never: bool) -> None:
        account = self.db.get_one(Account, self.actors[officer].account_id)
        if not now_or_never and account.state is AccountState.ACTIVE:
            return
        given = {
            "actor": self.actors["staff"],
            "account_id": account.id,
            "reason": "به درخواست اداره کل",
            "now": self.now,
        }
        info = PublicInfo("x", "https://x")
        if not self.attempt(lambda: accounts.suspend(self.db, **given, public_info=info, death=death)):
            assert self.attempt(lambda: accounts.lift(self.db, **given))
            return
        assert all(one.state in TERMINAL for one in self.requests() if one.account_id == account.id)

    @rule(name=st.sampled_from(["ali", "zahra"]))
    def release_everything(self, name: str) -> None:
        """An expert gives everything back."""
        given = {"expert_id": self.actors[name].account_id, "now": self.now}
        assert self.attempt(
            lambda: COOPERATION_WORKFLOW.release_all(self.db, actor=self.actors["staff"], **given)
        )
        waiting = [one for one in self.requests() if one.state is CooperationState.PENDING_UNIVERSITY]
        assert all(one.reviewer_id != given["expert_id"] for one in waiting)

    @rule(officer=officers, which=st.sampled_from(["kian", "arad"]), now_or_never=rarely)
    def add_migrated(self, officer: str, which: str, now_or_never: bool) -> None:
        """The old system's contract comes late (R53)."""
        if not now_or_never:
            return
        account_id, at = self.actors[officer].account_id, getattr(self, which).id
        before = contracts.active(self.db, account_id)
        given = {"account_id": account_id, "distributor_id": at, "now": self.now}
        done = self.attempt(lambda: contracts.add_migrated(self.db, actor=SYSTEM, **given))
        assert done == (before is None or before.distributor_id == at)

    # ── the promises ──

    @invariant()
    def check_promises(self) -> None:
        requests, found, ends = self.requests(), self.contracts(), self.terminations()
        self.check_one_contract_an_officer_and_one_new_officer_a_branch(found)
        self.check_one_reservation_an_officer_and_one_open_request_a_branch(requests)
        self.check_what_is_over_stays_over(requests, found)
        self.check_every_approval_is_a_contract_and_no_other(requests, found)
        self.check_terminations(ends, found)
        self.check_each_was_told_once(requests)
        self.check_every_step_left_one_event_that_joins_the_last("cooperation", requests)

    def check_one_contract_an_officer_and_one_new_officer_a_branch(self, found: list[Contract]) -> None:
        active = [one for one in found if one.state is ContractState.ACTIVE]
        assert at_most_one_each([one.account_id for one in active])
        assert at_most_one_each([one.branch_id for one in active if not one.migrated])
        assert all(self.branches[one.branch_id].id == one.distributor_id for one in found)

    def check_one_reservation_an_officer_and_one_open_request_a_branch(
        self, requests: list[CooperationRequest]
    ) -> None:
        waiting = [one for one in requests if one.state is CooperationState.PENDING_UNIVERSITY]
        assert at_most_one_each([one.account_id for one in waiting])
        for name in ("sara", "mina"):
            account, facts = self.actors[name].account_id, self.facts(name)
            assert facts.reserved == any(one.account_id == account for one in waiting)
            assert facts.employed == (contracts.active(self.db, account) is not None)
        for one in waiting:
            assert (one.university_code, one.accepted_at is not None) == ("sums", True)
        opened = [one for one in requests if one.state not in TERMINAL]
        assert at_most_one_each([one.branch_id for one in opened])
        for one in opened:  # no request stays open with an officer who is employed or suspended
            facts = eligibility.eligibility_of(self.db, one.account_id)
            assert (facts.active, facts.qualified, facts.employed) == (True, True, False)

    def check_what_is_over_stays_over(
        self, requests: list[CooperationRequest], found: list[Contract]
    ) -> None:
        for one in requests:
            assert one.version >= self.versions.get(one.id, 0)
            self.versions[one.id] = one.version
            assert self.closed.get(one.id, one.state) is one.state
            assert (one.closed_at is not None) == (one.state in TERMINAL)
            if one.state in TERMINAL:
                self.closed[one.id] = one.state
        for contract in found:
            assert self.ended.get(contract.id, contract.state) is contract.state
            if contract.state is not ContractState.ACTIVE:
                self.ended[contract.id] = contract.state

    def check_every_approval_is_a_contract_and_no_other(
        self, requests: list[CooperationRequest], found: list[Contract]
    ) -> None:
        approved = {one.id for one in requests if one.state is CooperationState.APPROVED}
        assert approved == {one.cooperation_id for one in found if not one.migrated}
        assert len(found) == len(approved) + sum(one.migrated for one in found)

    def check_terminations(self, ends: list[Termination], found: list[Contract]) -> None:
        """A finalised one ended its contract and sent one SMS; a draft is about a contract in force."""
        wanted = {}
        for one in ends:
            contract = self.db.get_one(Contract, one.contract_id)
            if one.state is TerminationState.DRAFT:
                assert contract.state is ContractState.ACTIVE
            if one.state is TerminationState.FINALIZED:
                assert contract.state is ContractState.ENDED_BY_OFFICER
                distributor = self.db.get_one(Distributor, contract.distributor_id)
                wanted[f"termination:{one.id}:finalised:sms"] = distributor.manager_mobile
        texts = [one for one in self.rows(Push) if (one.kind, one.channel) == ("N19", PushChannel.SMS)]
        assert {one.key: one.mobile for one in texts} == wanted
        ended = [one for one in found if one.state is ContractState.ENDED_BY_OFFICER]
        assert len(texts) == len(wanted) == len(ended)

    def check_each_was_told_once(self, requests: list[CooperationRequest]) -> None:
        kinds = Counter(one.kind for one in self.rows(Push))
        assert kinds["N13"] == self.pushed["N13"]
        assert kinds["N14"] == 2 * self.pushed["N14"]  # both managers
        assert kinds["N16"] == 3 * self.pushed["N16"]  # and the officer
        assert kinds["N18"] == self.pushed["N18"]
        closed = sum(one.state is CooperationState.CLOSED for one in requests)
        assert kinds["N24"] == self.pushed["N24 officer"] + 2 * closed


class ManyCooperations(Cooperation):
    """The same, for the campaign."""


Cooperation.TestCase.settings = run_settings(steps=40, examples=8)
TestCooperation = Cooperation.TestCase
ManyCooperations.TestCase.settings = run_settings(steps=40, examples=30)
TestManyCooperations = pytest.mark.campaign(ManyCooperations.TestCase)
