"""Actions on cooperation requests, contracts and terminations."""

from collections.abc import Iterable

from bot.core.screens import Press
from bot.rules import cooperation as rules
from bot.services.cooperation import contract_steps, requests
from bot.services.shared import eligibility
from storage.enums import ContractState, CooperationState, Role, TerminationState
from storage.tables import Account, Branch, Contract, CooperationRequest, Termination
from tests.abuse.case_actions import REASON, CaseAction, CaseActions, ExpectedChange

ACT = rules.CooperationAction
#: Action → its button, and what is then typed into its dialogue.
BUTTONS: dict[ACT, tuple[str, ...]] = {
    ACT.ACCEPT: ("coop.accept_do",),
    ACT.REJECT: ("coop.reject", "بدون دلیل", "بله، رد می‌کنم"),
    ACT.WITHDRAW: ("dist.withdraw_do",),
    ACT.GIVE_UP: ("coop.give_up_do",),
    ACT.CLAIM: ("desk.coop_claim",),
    ACT.ASSIGN: ("desk.coop_assign_do",),
    ACT.HAND_OVER: ("desk.coop_hand_over_to", REASON),
    ACT.UNDO: ("desk.coop_undo",),
    ACT.RELEASE: ("desk.coop_release",),
    ACT.APPROVE: ("desk.coop_approve_do",),
    ACT.UNIVERSITY_REJECT: ("desk.coop_reject", "۱", "بدون توضیح", "بله، رد می‌کنم"),
}


class CooperationActions(CaseActions):
    def cooperation(self) -> Iterable[CaseAction]:
        for request in self.rows(CooperationRequest):
            case = requests.case_of(self.db, request)
            for action, (name, *words) in BUTTONS.items():
                assigns = action in (ACT.ASSIGN, ACT.HAND_OVER)
                arg = self.another_expert(request.university_code, request.reviewer_id) if assigns else ""
                press = Press(name, request.id, request.version, arg)
                yield self.transition("cooperation", action, request, case, press, *words)

    def picking(self) -> Iterable[CaseAction]:
        """PICK: any branch, for an officer who may be chosen and for one who may not."""
        candidates, states = self._candidates(), frozenset({CooperationState.PENDING_OFFICER.value})
        expected = ExpectedChange("cooperation_request", states=states)
        for branch in self.rows(Branch):
            own = self.of(Role.DISTRIBUTOR, branch.distributor_id)
            busy = requests.open_at(self.db, branch.id) is not None
            press = Press("dist.pick", branch.id)
            for id_, code in candidates.items():
                officer = eligibility.eligibility_of(self.db, id_)
                case = rules.CooperationCase(
                    None, id_, branch.distributor_id, officer=officer, branch_busy=busy
                )
                allowed = self.allowed("cooperation", ACT.PICK, case)
                name = f"officer {id_} for branch {branch.id}"
                yield CaseAction(
                    "cooperation", ACT.PICK, "none", name, press, (press, code, "بله"), allowed, own, expected
                )

    def _candidates(self) -> dict[int, str]:
        """One officer who may be chosen and one who may not: account.id → national code."""
        found: dict[bool, tuple[int, str]] = {}
        for actor in self.acting.values():
            id_ = actor.account_id or 0
            code = self.db.get_one(Account, id_).national_code
            if actor.role is Role.OFFICER and code:
                found.setdefault(eligibility.eligibility_of(self.db, id_).eligible, (id_, code))
        return dict(found.values())

    def contract(self) -> Iterable[CaseAction]:
        for one in self.rows(Contract):
            press = Press("dist.free_do", one.id, one.version)
            case = contract_steps.contract_case(one)
            yield self.transition("contract", rules.ContractAction.FREE, one, case, press)

    def termination(self) -> Iterable[CaseAction]:
        act = rules.TerminationAction
        for one in self.rows(Termination):
            case = contract_steps.termination_case(one, self.db.get_one(Contract, one.contract_id))
            for action, name in ((act.FINALISE, "term.finalise"), (act.CANCEL, "term.cancel")):
                press = Press(name, one.id, one.version)
                yield self.transition("termination", action, one, case, press)
        employed = {one.account_id for one in self.rows(Contract) if one.state is ContractState.ACTIVE}
        drafts = {one.account_id for one in self.rows(Termination) if one.state is TerminationState.DRAFT}
        press = Press("term.new")
        expected = ExpectedChange("termination", states=frozenset({TerminationState.DRAFT.value}))
        # The button names no case: everybody has at most one contract in force.
        for action, state in ((act.DRAFT, None), (act.REWRITE, TerminationState.DRAFT)):
            allowed, opens = set[str](), set[str]()
            for name, actor in self.acting.items():
                id_ = actor.account_id or 0
                case = rules.TerminationCase(state, id_, in_force=id_ in employed)
                own = (id_ in drafts) is (state is not None)
                if own and action in rules.TERMINATION.allowed_actions(case, actor):
                    allowed.add(name)
                elif id_ in employed:
                    opens.add(name)
            may = frozenset(allowed), frozenset(opens)
            yield CaseAction(
                "termination", action, state or "none", "own", press, (press, REASON), *may, expected
            )
