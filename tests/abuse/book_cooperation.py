"""Deeds on cooperation requests, contracts and terminations."""

from __future__ import annotations

from collections.abc import Iterable

from sqlmodel import col, select

from bot.core.screens import Press
from bot.rules import cooperation as coop_law
from bot.services.cooperation import requests as coop_cases
from bot.services.shared import eligibility
from storage.enums import ContractState, CooperationState, Role, TerminationState
from storage.tables import Branch, Contract, CooperationRequest, Termination
from tests.abuse.book import REASON, Aim, Book, Deed, names


class CooperationBook(Book):
    def cooperation(self) -> Iterable[Deed]:
        act = coop_law.CooperationAction
        buttons = {
            act.ACCEPT: "coop.accept_do",
            act.REJECT: "coop.reject",
            act.WITHDRAW: "dist.withdraw_do",
            act.GIVE_UP: "coop.give_up_do",
            act.CLAIM: "desk.coop_claim",
            act.ASSIGN: "desk.coop_assign_do",
            act.RELEASE: "desk.coop_release",
            act.APPROVE: "desk.coop_approve_do",
            act.UNIVERSITY_REJECT: "desk.coop_reject",
        }
        words = {
            act.REJECT: ("بدون دلیل", "بله، رد می‌کنم"),
            act.UNIVERSITY_REJECT: ("۱", "بدون توضیح", "بله، رد می‌کنم"),
        }
        for request in self.db.exec(select(CooperationRequest).order_by(col(CooperationRequest.id))):
            case = coop_cases.case_of(self.db, request)
            for action, name in buttons.items():
                arg = ""
                if action is act.ASSIGN:
                    arg = str(self.expert_for(request.university_code, request.reviewer_id))
                press = Press(name, request.id or 0, request.version, arg)
                row = coop_law.TABLE.get((request.state, action))
                yield Deed(
                    "cooperation",
                    action,
                    request.state,
                    f"request {request.id}",
                    press,
                    (press, *words.get(action, ())),
                    self.allowed(coop_law.allowed_actions, case, action),
                    aim=Aim("cooperation_request", request.id or 0, names({row.target} if row else ())),
                )

    def picking(self) -> Iterable[Deed]:
        """PICK: any branch, for an officer who may be chosen and for one who may not."""
        codes = {who: self.code(who) for who in self._candidates()}
        for branch in self.db.exec(select(Branch).order_by(col(Branch.id))):
            own = self.of(Role.DISTRIBUTOR, branch.distributor_id)
            busy = coop_cases.open_at(self.db, branch.id or 0) is not None
            for account_id, code in codes.items():
                case = coop_law.CooperationCase(
                    None,
                    account_id,
                    branch.distributor_id,
                    officer=eligibility.eligibility_of(self.db, account_id),
                    branch_busy=busy,
                )
                press = Press("dist.pick", branch.id or 0)
                allowed = self.allowed(coop_law.allowed_actions, case, coop_law.CooperationAction.PICK)
                yield Deed(
                    "cooperation",
                    "PICK",
                    "none",
                    f"officer {account_id} for branch {branch.id}",
                    press,
                    (press, code),
                    allowed,
                    own,
                    Aim("cooperation_request", states=frozenset({CooperationState.PENDING_OFFICER.value})),
                )

    def _candidates(self) -> list[int]:
        """One officer who may be chosen, one who serves, one who is not qualified."""
        found: dict[bool, int] = {}
        for one in self.active:
            if one.actor is not None and one.actor.role is Role.OFFICER and self.code(one.id or 0):
                found.setdefault(eligibility.eligibility_of(self.db, one.id or 0).eligible, one.id or 0)
        return list(found.values())

    # ── contract and termination ───────────────────────────────────────────────────────────────────

    def contract(self) -> Iterable[Deed]:
        for one in self.db.exec(select(Contract).order_by(col(Contract.id))):
            case = coop_law.ContractCase(one.state, one.account_id, one.distributor_id)
            may = self.allowed(coop_law.CONTRACT.allowed_actions, case, coop_law.ContractAction.FREE)
            press = Press("dist.free_do", one.id or 0, one.version)
            aim = Aim("contract", one.id or 0, frozenset({ContractState.ENDED_BY_DISTRIBUTOR.value}))
            yield Deed("contract", "FREE", one.state, f"contract {one.id}", press, (press,), may, aim=aim)

    def termination(self) -> Iterable[Deed]:
        act, law = coop_law.TerminationAction, coop_law.TERMINATION
        for one in self.db.exec(select(Termination).order_by(col(Termination.id))):
            contract = self.db.get_one(Contract, one.contract_id)
            active = contract.state is ContractState.ACTIVE
            case = coop_law.TerminationCase(one.state, one.account_id, in_force=active)
            for action, name in ((act.FINALISE, "term.finalise"), (act.CANCEL, "term.cancel")):
                row = law.table.get((one.state, action))
                press = Press(name, one.id or 0, one.version)
                yield Deed(
                    "termination",
                    action,
                    one.state,
                    f"termination {one.id}",
                    press,
                    (press,),
                    self.allowed(law.allowed_actions, case, action),
                    aim=Aim("termination", one.id or 0, names({row.target} if row else ())),
                )
        yield from self._drafting()

    def _drafting(self) -> Iterable[Deed]:
        """DRAFT and REWRITE: the button names no case, everybody has at most one contract in force."""
        act, law = coop_law.TerminationAction, coop_law.TERMINATION
        held = {
            one.account_id: one for one in self.db.exec(select(Contract).where(Contract.state == "ACTIVE"))
        }
        drafts = {
            one.account_id: one
            for one in self.db.exec(select(Termination).where(Termination.state == "DRAFT"))
        }
        press = Press("term.new")
        for action, state in ((act.DRAFT, None), (act.REWRITE, TerminationState.DRAFT)):
            allowed = set[str]()
            for one in self.active:
                if (one.id in drafts) is (state is None) or one.actor is None:
                    continue
                case = coop_law.TerminationCase(state, one.id or 0, in_force=one.id in held)
                if action in law.allowed_actions(case, one.actor):
                    allowed.add(one.name)
            others = frozenset(one.name for one in self.active if one.id in held) - allowed
            yield Deed(
                "termination",
                action,
                state or "none",
                "own",
                press,
                (press, REASON),
                frozenset(allowed),
                others,
                Aim("termination", states=frozenset({TerminationState.DRAFT.value})),
            )
