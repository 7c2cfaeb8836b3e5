"""Actions on qualification requests and their payments."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from sqlmodel import select

from bot.core.screens import Press
from bot.rules import qualification as rules
from bot.services import payments
from bot.services.qualification import requests
from bot.services.shared import eligibility
from storage.enums import AttemptState, RequestKind, RequestState, Role
from storage.tables import Draft, PaymentAttempt, QualificationRequest
from tests.abuse.case_actions import NOBODY, REASON, CaseAction, CaseActions, ExpectedChange

ACT = rules.QualificationAction
#: Action → its button, and what is then typed into its dialogue.
BUTTONS: dict[ACT, tuple[str, ...]] = {
    ACT.EDIT: ("qual.draft",),
    ACT.SUBMIT: ("d.yes", "هیچ‌کدام را ندارم", "ثبت نهایی", "بله"),
    ACT.DISCARD: ("qual.discard_do",),
    ACT.CLAIM: ("desk.claim",),
    ACT.ASSIGN: ("desk.assign_do",),
    ACT.HAND_OVER: ("desk.hand_over_to", REASON),
    ACT.UNDO: ("desk.undo",),
    ACT.RELEASE: ("desk.release",),
    ACT.DECLARE_DEFICIENCIES: ("desk.defects", "▫️ نام پدر", REASON, "ارسال نواقص", "بله، ارسال شود"),
    ACT.RESOLVE: ("qual.fix", "حسین", REASON, "ارسال دوباره", "بله"),
    ACT.REJECT: ("desk.reject", "۱", "بدون توضیح", "بله، رد می‌کنم"),
    ACT.APPROVE: ("desk.approve_do",),
    ACT.COMPLETE: ("qual.check_pay",),
    ACT.WITHDRAW: ("qual.withdraw_do",),
    ACT.REVOKE: ("desk.revoke", REASON, "بله", "بله"),
}


class QualificationActions(CaseActions):
    def qualification(self) -> Iterable[CaseAction]:
        drafts = {
            one.account_id for one in self.rows(QualificationRequest) if one.state is RequestState.DRAFT
        }
        #: The button of a draft opens one's own, whatever case it names.
        with_drafts = self.of(Role.OFFICER) & self.named(*drafts)
        for request in self.rows(QualificationRequest):
            case = requests.case_of(self.db, request)
            for action, (_, *words) in BUTTONS.items():
                press, opens, first = self._press(request, action), NOBODY, tuple[Any, ...]()
                if action is ACT.COMPLETE:
                    # The owner may ask the bank at any time, the system alone draws the conclusion.
                    opens = self.of_owner(request.account_id)
                elif action in (ACT.EDIT, ACT.SUBMIT):
                    opens = with_drafts
                if action is ACT.SUBMIT:
                    first = (Press("qual.draft"),)
                made = self.transition(
                    "qualification", action, request, case, press, *words, first=first, opens=opens
                )
                # The form opens, nothing of the request changes before it is sent.
                yield replace(made, expected=ExpectedChange("chat")) if action is ACT.EDIT else made
        yield from self._starts()

    def of_owner(self, account_id: int) -> frozenset[str]:
        """The officer of a request, also while suspended."""
        officers = [one for one in self.all if one.actor is not None and one.actor.role is Role.OFFICER]
        return frozenset(one.name for one in officers if one.id == account_id)

    def _press(self, request: QualificationRequest, action: ACT) -> Press:
        name, id_, version, arg = BUTTONS[action][0], request.id or 0, request.version, ""
        if action in (ACT.EDIT, ACT.COMPLETE):
            version = 0
        elif action in (ACT.ASSIGN, ACT.HAND_OVER):
            arg = self.another_expert(request.university_code, request.reviewer_id)
        elif action is ACT.SUBMIT:
            draft = self.db.exec(select(Draft).where(Draft.subject_id == id_)).first()
            id_, version = (draft.id or 0, draft.version) if draft is not None else (id_, 0)
        return Press(name, id_, version, arg)

    def _starts(self) -> Iterable[CaseAction]:
        """There is no case yet: everybody presses it for themselves."""
        expected = ExpectedChange("qualification_request", states=frozenset({RequestState.DRAFT.value}))
        for kind, name in ((RequestKind.NEW, "qual.new"), (RequestKind.AMENDMENT, "qual.amend")):

            def own_case(actor: Any, kind: RequestKind = kind) -> rules.QualificationCase:
                id_ = actor.account_id or 0
                return rules.QualificationCase(
                    None,
                    kind,
                    id_,
                    qualified=eligibility.is_qualified(self.db, id_),
                    other_open=requests.current_open(self.db, id_) is not None,
                )

            press, allowed = Press(name), self.allowed("qualification", ACT.START, own_case)
            yield CaseAction(
                "qualification", ACT.START, "none", kind.lower(), press, (press,), allowed, expected=expected
            )

    def payment(self) -> Iterable[CaseAction]:
        """What staff do about money; everything else is the bank's answer (see COMPLETE above)."""
        staff = self.of(Role.STAFF)
        actor = next(one for one in self.acting.values() if one.role is Role.STAFF)
        wrong = {one.attempt_id for one in payments.wrong_amounts(self.db, actor=actor, limit=1000, offset=0)}
        refunded = frozenset({AttemptState.REFUNDED.value})
        for attempt in self.rows(PaymentAttempt):
            id_, name, due = attempt.id, f"attempt {attempt.id}", attempt.state is AttemptState.REFUND_DUE
            expected = ExpectedChange("payment_attempt", id_, refunded)
            for action, press, may in (
                ("REFUNDED", Press("staff.refund", id_, attempt.version), due),
                ("WRONG_AMOUNT_RETURNED", Press("staff.wrong_do", id_), id_ in wrong),
            ):
                steps, allowed = (press, "۴۴۵۵۶۶", "✅ تأیید"), staff if may else NOBODY
                yield CaseAction(
                    "payment", action, attempt.state, name, press, steps, allowed, staff, expected
                )
