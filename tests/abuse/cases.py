"""A case in every state of every machine, made by the services themselves wherever they can make it."""

from datetime import timedelta
from itertools import count
from typing import Any

from sqlmodel import Session, col, select, update

from bot.core.context import Actor, PublicInfo
from bot.gateways.interfaces import Verified, WrongAmount
from bot.services import accounts, cooperation, qualification
from bot.services.cooperation import contracts, termination
from bot.services.cooperation.requests import COOPERATION_WORKFLOW
from bot.services.letters import letters
from bot.services.letters.audience import Audience, Kind
from bot.services.payments import attempts
from bot.services.payments import verification as payments_verification
from bot.services.qualification import decisions
from bot.services.qualification.requests import QUALIFICATION_WORKFLOW
from bot.services.revocation.revoking import revoke
from storage import tables
from storage.enums import (
    AttemptState,
    InboxState,
    Messenger,
    PushChannel,
    PushState,
    RejectReason,
    RequestKind,
    Role,
)
from tests.support.factories.cooperation import (
    accepted_request,
    active_contract,
    cooperation_request,
    parties,
)
from tests.support.factories.distributors import ManagedDistributor, branch
from tests.support.factories.people import expert, granted, officer, qualified_officer
from tests.support.factories.qualification import form_answers, stored_file, submitted_request
from tests.support.factories.reference_data import NOW, PUBLIC_URL, tariff

#: Decisions that may still be undone while the campaign lasts.
HELD_LONG = timedelta(days=9000)
PUBLIC_INFO = PublicInfo("021-1234", "https://bot.example")


class Cases:
    """`requests` are the qualification requests by name, `officers` those of the cooperation cases."""

    def __init__(self, db: Session) -> None:
        self.db = db
        self.numbers = count(1)
        self.people = parties(db)
        tariff(db, 500_000)
        tariff(db, 0, RequestKind.AMENDMENT)
        self.far = expert(db, "سرپرست", university="mui", role=Role.IN_CHARGE)
        self.requests: dict[str, tuple[Actor, tables.QualificationRequest]] = {}
        self.officers = {name: self._own_mobile(getattr(self.people, name)) for name in ("sara", "mina")}

    def build_cases(self) -> None:
        self.qualifications()
        self.payments()
        self.registrations()
        self.cooperations()
        self.contracts()
        self.revoked()
        self.letters()
        self.waiting_for_staff()
        self.lose_files()

    # ── qualification and its fee ──

    @staticmethod
    def by(actor: Actor) -> dict[str, Any]:
        return {"actor": actor, "now": NOW}

    def _own_mobile(self, officer: Actor) -> Actor:
        """What marks a person must be nobody else's."""
        account = self.db.get_one(tables.Account, officer.account_id)
        account.mobile = f"+98935{next(self.numbers):07}"
        self.db.flush()
        return officer

    def new_officer(self) -> Actor:
        return self._own_mobile(officer(self.db))

    def submitted(self, name: str, **answers: Any) -> tables.QualificationRequest:
        who = self.new_officer()
        address = f"شیراز، خیابان نهان{len(self.requests):02}، پلاک ۵"
        request = submitted_request(self.db, who, **{"postal_address": address} | answers)
        self.requests[name] = (who, request)
        return request

    def approved(self, name: str, *attempts: AttemptState) -> tables.QualificationRequest:
        """It waits for its fee, with attempts to pay in these states."""
        request = self.submitted(name)
        decisions.approve(
            self.db, actor=self.people.ali, request_id=request.id or 0, public_url=PUBLIC_URL, now=NOW
        )
        for state in attempts:
            self.db.add(
                tables.PaymentAttempt(
                    request_id=request.id or 0,
                    gateway="zarinpal",
                    ref=f"A{next(self.numbers):035}",
                    amount_rial=500_000,
                    state=state,
                    created_at=NOW,
                    bank_ref="201000009" if state is AttemptState.REFUND_DUE else None,
                    refund_ref="77" if state is AttemptState.REFUNDED else None,
                )
            )
            self.db.flush()
        return request

    def qualifications(self) -> None:
        db, by_ali = self.db, self.by(self.people.ali)
        who = self.new_officer()
        draft = qualification.start_draft(db, actor=who, now=NOW)
        self.requests["draft"] = (who, draft)
        answers = form_answers(db, who, postal_address="شیراز، خیابان نهان۹۱، پلاک ۵")
        form = tables.Draft(account_id=who.account_id, dialogue="qualification", answers=answers)
        form.subject_id = draft.id or 0
        db.add(form)
        self.submitted("submitted")
        self.submitted("far", province="اصفهان", city="اصفهان", university="mui")
        request = self.submitted("review")
        QUALIFICATION_WORKFLOW.claim(db, request_id=request.id or 0, version=request.version, **by_ali)
        request = self.submitted("deficient")
        decisions.declare_deficiencies(
            db, request_id=request.id or 0, items=["father_name"], note="نام را درست کنید", **by_ali
        )
        request = self.submitted("decided")
        decisions.reject(
            db, request_id=request.id or 0, reason=RejectReason.WRONG_REGION, undo=HELD_LONG, **by_ali
        )
        request = self.submitted("deficient decided")
        decisions.declare_deficiencies(db, request_id=request.id or 0, items=["father_name"], **by_ali)
        decisions.reject(
            db, request_id=request.id or 0, reason=RejectReason.WRONG_REGION, undo=HELD_LONG, **by_ali
        )
        request = self.submitted("rejected")
        decisions.reject(db, request_id=request.id or 0, reason=RejectReason.WRONG_REGION, **by_ali)
        request = self.submitted("withdrawn")
        qualification.withdraw(db, actor=self.requests["withdrawn"][0], request_id=request.id or 0, now=NOW)
        who = self._own_mobile(qualified_officer(db, "نسرین"))
        draft = qualification.start_draft(db, actor=who, now=NOW, kind=RequestKind.AMENDMENT)
        answers = form_answers(db, who, first_name="نسرین‌دخت", postal_address="شیراز، خیابان نهان۹۰، پلاک ۵")
        amended = qualification.submit(db, actor=who, request_id=draft.id or 0, answers=answers, now=NOW)
        self.requests["amendment"] = (who, amended)

    def payments(self) -> None:
        """Requests that wait for their fee, whatever the bank said; each attempt state is of one of them."""
        self.approved("approved")
        self.approved("tried", AttemptState.CREATED, AttemptState.FAILED, AttemptState.EXPIRED)
        self.approved("asked", AttemptState.CREATED)
        attempts.claim_attempt(self.db, attempt_id=self._last_attempt(), now=NOW, by_payer=False)
        self.approved("uncertain", AttemptState.UNCERTAIN)
        self.approved("wrong amount", AttemptState.CREATED)
        self._bank_says(WrongAmount(-50))
        self.approved("completed", AttemptState.CREATED)
        self._bank_says(Verified("201000001"))
        self.approved("refund", AttemptState.REFUND_DUE, AttemptState.REFUNDED)

    def _last_attempt(self) -> int:
        return (
            self.db.exec(
                select(tables.PaymentAttempt.id).order_by(col(tables.PaymentAttempt.id).desc())
            ).first()
            or 0
        )

    def _bank_says(self, verification: Verified | WrongAmount) -> None:
        claimed = attempts.claim_attempt(self.db, attempt_id=self._last_attempt(), now=NOW, by_payer=False)
        assert isinstance(claimed, attempts.ClaimedAttempt)
        payments_verification.apply_answer(
            self.db,
            claimed=claimed,
            verification=verification,
            standing=None,
            cancelled=False,
            public_info=PUBLIC_INFO,
            now=NOW,
        )

    def registrations(self) -> None:
        """An officer without a request, an annulled one, and experts who are a party of what they would decide."""
        self.fresh, self.annulled = self.new_officer(), self.new_officer()
        self.submitted("of an expert")
        self.applicant = self._also_expert(self.requests["of an expert"][0])
        self.manager = self._also_expert(self.people.arad.manager)
        annulled = self.annulled.account_id or 0
        accounts.annul(
            self.db, actor=self.people.staff, account_id=annulled, reason="ثبت‌نام نادرست بود", now=NOW
        )

    def _also_expert(self, actor: Actor) -> Actor:
        return granted(self.db, self.db.get_one(tables.Account, actor.account_id), Role.EXPERT, "sums")

    # ── cooperation ──

    def another(self, name: str) -> Actor:
        made = self._own_mobile(qualified_officer(self.db, f"نامزد{next(self.numbers)}"))
        self.officers[name] = made
        return made

    def branch(self, of: ManagedDistributor, **region: str) -> int:
        return branch(self.db, of.manager, f"نمایندگی {next(self.numbers)}", **region).id or 0

    def picked(self, name: str, at: ManagedDistributor) -> dict[str, Any]:
        """A request of this distributor to another officer, as the services are told of it."""
        request = cooperation_request(self.db, at, self.another(name), branch=self.branch(at))
        return {"request_id": request.id or 0, "version": request.version, "now": NOW}

    def accepted(self, name: str, at: ManagedDistributor, **region: str) -> dict[str, Any]:
        request = accepted_request(self.db, at, self.another(name), branch=self.branch(at, **region))
        return {"request_id": request.id or 0, "version": request.version, "now": NOW}

    def cooperations(self) -> None:
        db, sara, ali = self.db, self.people.sara, self.people.ali
        kian, arad = self.people.kian, self.people.arad
        cooperation_request(db, kian, sara)
        cooperation_request(db, arad, sara, branch=self.branch(arad))
        cooperation.withdraw(db, actor=kian.manager, **self.picked("coop withdrawn", kian))
        request = self.picked("refusing", kian)
        cooperation.reject(db, actor=self.officers["refusing"], reason=None, **request)
        self.accepted("accepting", arad)
        COOPERATION_WORKFLOW.claim(db, actor=ali, **self.accepted("coop claimed", arad))
        request = self.accepted("coop decided", kian)
        cooperation.university_reject(db, actor=ali, reason="شعبه نادرست", undo=HELD_LONG, **request)
        request = self.accepted("coop rejected", kian)
        cooperation.university_reject(db, actor=ali, reason="شعبه نادرست", **request)
        # Both ask for her; the approval of one closes the other.
        self.picked("coop closed", kian)
        active_contract(db, arad, self.officers["coop closed"], ali, branch=self.branch(arad))
        # At the other university.
        self.accepted("coop far", arad, province="اصفهان", city="اصفهان")

    def contracts(self) -> None:
        """Contracts that ended in each way, and terminations in each state. Mina works at Kian's and is about to leave."""
        db, kian, arad = self.db, self.people.kian, self.people.arad
        contract = active_contract(db, kian, self.people.mina, self.people.ali, branch=kian.central)
        self._draft_termination(self.people.mina, contract, "دلیل پنهان برای رفتن")
        contract = self._employed("freed", arad)
        self._draft_termination(self.officers["freed"], contract, "دلیل پنهان دوم که ناتمام ماند")
        contracts.free(
            db, actor=arad.manager, contract_id=contract.id or 0, version=contract.version, now=NOW
        )
        contract, gone = self._employed("gone", kian), self.officers["gone"]
        drafted = self._draft_termination(gone, contract, "دلیل پنهان سوم که نهایی شد")
        termination.finalise(db, actor=gone, termination_id=drafted, now=NOW)
        self._employed("dead", kian)
        accounts.suspend(
            db,
            actor=self.people.staff,
            account_id=self.officers["dead"].account_id or 0,
            reason="درگذشت ایشان",
            public_info=PUBLIC_INFO,
            now=NOW,
            death=True,
        )

    def revoked(self) -> None:
        """Qualified and employed, then the qualification was revoked."""
        request = self.approved("revoked", AttemptState.CREATED)
        self._bank_says(Verified("201000002"))
        self.officers["revoked"], _ = self.requests["revoked"]
        at = self.people.arad
        active_contract(self.db, at, self.officers["revoked"], self.people.ali, branch=self.branch(at))
        revoke(
            self.db,
            actor=self.people.staff,
            request_id=request.id or 0,
            reason="مدرک تحصیلی جعلی بود",
            public_info=PUBLIC_INFO,
            now=NOW,
        )

    def _employed(self, name: str, at: ManagedDistributor) -> tables.Contract:
        return active_contract(self.db, at, self.another(name), self.people.ali, branch=self.branch(at))

    def _draft_termination(self, who: Actor, contract: tables.Contract, reason: str) -> int:
        made = termination.draft(self.db, actor=who, contract_id=contract.id or 0, reason=reason, now=NOW)
        return made.id or 0

    # ── letters, and what waits for staff ──

    def letters(self) -> None:
        self.letter_file = stored_file(self.db, self.people.staff, "letter.jpg")
        sent = self._letter("deficient", "پنهان", [self.letter_file])
        letters.send_batch(self.db, letter_id=sent, now=NOW)
        self.settle_pushes()
        letters.send_batch(self.db, letter_id=sent, now=NOW)
        stopped = self._letter("review", "ایستاده")
        letters.stop_letter(self.db, actor=self.people.staff, letter_id=stopped, now=NOW)
        self._letter("rejected", "در راه")

    def _letter(self, to: str, word: str, files: list[int] | None = None) -> int:
        made = letters.send_letter(
            self.db,
            actor=self.people.staff,
            to=Audience(Kind.ONE, str(self.requests[to][0].account_id)),
            number="۱",
            title=f"نامه {word}",
            text=f"متن {word} نامه",
            files=files or [],
            now=NOW,
            sms=False,
            delay=timedelta(0),
        )
        assert isinstance(made, tables.Letter)
        return made.id or 0

    def settle_pushes(self) -> None:
        """Nothing is on its way any more."""
        self.db.execute(
            update(tables.Push).values(state=PushState.SENT).execution_options(synchronize_session=False)
        )

    def lose_files(self) -> None:
        """Their keys are whole, the bytes are lost: whoever may see one is told so."""
        for file in self.db.exec(select(tables.StoredFile)):
            file.original_key, file.shown_key = f"{file.id:032x}", f"{file.id:031x}a"
        self.db.flush()

    def waiting_for_staff(self) -> None:
        """A push that was given up, updates that failed or were quarantined, an alert."""
        db, account_id = self.db, self.fresh.account_id
        chat = db.exec(select(tables.Chat.id).where(tables.Chat.account_id == account_id)).first()
        push = tables.Push(key="dead:1", kind="N1", account_id=account_id, chat_row_id=chat, text="نرسیده")
        push.channel, push.state = PushChannel.CHAT, PushState.GIVEN_UP
        db.add(push)
        for number, state in enumerate((InboxState.FAILED, InboxState.QUARANTINED)):
            row = tables.InboxUpdate(messenger=Messenger.TELEGRAM, update_id=number, lane=10000101, raw="{}")
            row.state = state
            db.add(row)
        db.add(tables.StaffAlert(key="odd", text="هشدار نهان"))
        db.flush()
