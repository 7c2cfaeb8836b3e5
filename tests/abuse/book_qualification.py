"""Deeds on qualification requests and their payments."""

from __future__ import annotations

from collections.abc import Iterable

from sqlmodel import col, select

from bot.core.screens import Press
from bot.rules import qualification as qual_law
from bot.services import payments
from bot.services.qualification import requests
from bot.services.shared import eligibility
from storage.enums import AttemptState, RequestKind, RequestState, Role
from storage.tables import Draft, PaymentAttempt, QualificationRequest
from tests.abuse.book import REASON, Aim, Book, Deed, names

_BEGUN = Aim("qualification_request", states=frozenset({RequestState.DRAFT.value}))


#: action → its button, and what the dialogue behind it is then told
_PRESSES: dict[qual_law.QualificationAction, tuple[str, tuple[str, ...]]] = {
    qual_law.QualificationAction.DISCARD: ("qual.discard_do", ()),
    qual_law.QualificationAction.CLAIM: ("desk.claim", ()),
    qual_law.QualificationAction.RELEASE: ("desk.release", ()),
    qual_law.QualificationAction.DECLARE_DEFICIENCIES: (
        "desk.defects",
        ("▫️ نام پدر", REASON, "ارسال نواقص", "بله، ارسال شود"),
    ),
    qual_law.QualificationAction.RESOLVE: ("qual.fix", ("حسین", REASON, "ارسال دوباره", "بله")),
    qual_law.QualificationAction.REJECT: ("desk.reject", ("۱", "بدون توضیح", "بله، رد می‌کنم")),
    qual_law.QualificationAction.APPROVE: ("desk.approve_do", ()),
    qual_law.QualificationAction.WITHDRAW: ("qual.withdraw_do", ()),
}


class QualificationBook(Book):
    def qualification(self) -> Iterable[Deed]:
        act = qual_law.QualificationAction
        for request in self.db.exec(select(QualificationRequest).order_by(col(QualificationRequest.id))):
            case = requests.case_of(self.db, request)
            for action in act:
                if action is act.START:
                    continue
                press, words = self._of_request(request, action)
                row = qual_law.TABLE.get((request.state, action))
                aims = (
                    {row.target, row.target_if_true if row.condition else row.target}
                    if row is not None
                    else set()
                )
                allowed = self.allowed(qual_law.allowed_actions, case, action)
                opens = frozenset[str]()
                if action is act.COMPLETE:
                    # The owner may ask the bank at any time, the system alone draws the conclusion.
                    opens = self.owners(request.account_id)
                elif action in (act.EDIT, act.SUBMIT):
                    opens = self._with_drafts()
                begins = (Press("qual.draft"),) if action is act.SUBMIT else (press,)
                aim = Aim("qualification_request", request.id or 0, names(aims))
                yield Deed(
                    "qualification",
                    action,
                    request.state,
                    f"request {request.id}",
                    press,
                    (*begins, *words),
                    allowed,
                    opens,
                    # Nothing of the request changes before it is sent: the form opens.
                    Aim("chat") if action is act.EDIT else aim,
                )
        yield from self._starts()

    def _of_request(
        self, request: QualificationRequest, action: qual_law.QualificationAction
    ) -> tuple[Press, tuple[str, ...]]:
        act, number, version = qual_law.QualificationAction, request.id or 0, request.version
        match action:
            case act.SUBMIT:
                draft = self.db.exec(select(Draft).where(Draft.subject_id == number)).first()
                seen = (draft.id or 0, draft.version) if draft is not None else (number, 0)
                return Press("d.yes", *seen), ("مدرکی ندارم", "ثبت نهایی", "بله")
            case act.ASSIGN:
                to = self.expert_for(request.university_code, request.reviewer_id)
                return Press("desk.assign_do", number, version, str(to)), ()
            case act.EDIT | act.COMPLETE:
                return Press({act.EDIT: "qual.draft", act.COMPLETE: "qual.check_pay"}[action], number), ()
        name, answers = _PRESSES[action]
        return Press(name, number, version), answers

    def _with_drafts(self) -> frozenset[str]:
        """Whoever has a draft: its button opens the own one, whatever case it names."""
        drafts = select(QualificationRequest.account_id).where(
            QualificationRequest.state == RequestState.DRAFT
        )
        found = set(self.db.exec(drafts))
        return frozenset(name for name in self.of(Role.OFFICER) if self.ids[name] in found)

    def _starts(self) -> Iterable[Deed]:
        """There is no case yet: everybody presses it for themselves."""
        for kind, name in ((RequestKind.NEW, "qual.new"), (RequestKind.AMENDMENT, "qual.amend")):
            allowed = set[str]()
            for who, actor in self.acting():
                account_id = actor.account_id or 0
                case = qual_law.QualificationCase(
                    None,
                    kind,
                    account_id,
                    qualified=eligibility.is_qualified(self.db, account_id),
                    other_open=requests.current_open(self.db, account_id) is not None,
                )
                if qual_law.QualificationAction.START in qual_law.allowed_actions(case, actor):
                    allowed.add(who)
            press = Press(name)
            yield Deed(
                "qualification",
                "START",
                "none",
                kind.lower(),
                press,
                (press,),
                frozenset(allowed),
                aim=_BEGUN,
            )

    # ── payment ────────────────────────────────────────────────────────────────────────────────────

    def payment(self) -> Iterable[Deed]:
        """What staff do about money; everything else is the bank's word (see COMPLETE above)."""
        staff = self.of(Role.STAFF)
        office = next(actor for _, actor in self.acting() if actor.role is Role.STAFF)
        wrong = {one.attempt_id for one in payments.wrong_amounts(self.db, actor=office, limit=1000)}
        for attempt in self.db.exec(select(PaymentAttempt).order_by(col(PaymentAttempt.id))):
            number = attempt.id or 0
            due = attempt.state is AttemptState.REFUND_DUE
            for action, press, may in (
                ("REFUNDED", Press("staff.refund", number, attempt.version), due),
                ("WRONG_AMOUNT_RETURNED", Press("staff.wrong_do", number), number in wrong),
            ):
                yield Deed(
                    "payment",
                    action,
                    attempt.state,
                    f"attempt {number}",
                    press,
                    (press, "۴۴۵۵۶۶", "✅ تأیید"),
                    staff if may else frozenset(),
                    staff,
                    Aim("payment_attempt", number, frozenset({AttemptState.REFUNDED.value})),
                )
