"""A case in every state of every machine, made by the services themselves wherever they can make it."""

from __future__ import annotations

from itertools import count
from typing import Any

from sqlmodel import Session, col, select, update

from bot.core.context import Actor, PublicInfo
from bot.gateways.interfaces import NotPaid, Verified, WrongAmount
from bot.services import accounts, cooperation, qualification
from bot.services.cooperation import contracts, termination
from bot.services.cooperation.requests import COOPERATION_WORKFLOW
from bot.services.distributors import branches
from bot.services.letters import letters
from bot.services.letters.audience import Audience, Kind
from bot.services.payments import attempts
from bot.services.payments import verification as payments_verification
from bot.services.qualification import decisions
from bot.services.qualification.requests import QUALIFICATION_WORKFLOW
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
from storage.tables import (
    Account,
    Chat,
    CooperationRequest,
    Draft,
    Grant,
    InboxUpdate,
    Letter,
    PaymentAttempt,
    Push,
    QualificationRequest,
    StaffAlert,
    StoredFile,
)
from tests.support import cooperation_data as c
from tests.support import qualification_data as o
from tests.support.identities import national_code

NOW = o.NOW
PUBLIC_INFO = PublicInfo("021-1234", "https://bot.example")


class Cases:
    """`requests` are the qualification requests by name, `officers` those of the cooperation cases."""

    def __init__(self, db: Session) -> None:
        self.db = db
        self.numbers, self.branch_numbers = count(1), count(1)
        self.centers = c.open_centers(db)
        self.office = self.centers.office
        o.tariff(db, 500_000)
        o.tariff(db, 0, RequestKind.AMENDMENT)
        self.far = o.expert(db, "20000009", "سرپرست", university="mui", role=Role.IN_CHARGE)
        self.requests: dict[str, tuple[Actor, QualificationRequest]] = {}
        self.officers: dict[str, Actor] = {"sara": self.centers.sara, "mina": self.centers.mina}

    def build_cases(self) -> None:
        self.qualifications()
        self.payments()
        self.registrations()
        self.cooperations()
        self.far_cooperation()
        self.endings()
        self.letter()
        self.odds()
        self.papers_lie_nowhere()

    # ── qualification and its fee ──────────────────────────────────────────────────────────────────

    def new_officer(self) -> Actor:
        number = next(self.numbers)
        made = o.officer(self.db, f"1100{number:04}", national_code=national_code(300_000 + number))
        self.db.get_one(Account, made.account_id).mobile = f"+98935000{number:04}"
        self.db.flush()
        return made

    def submitted(self, name: str, **other: Any) -> tuple[Actor, QualificationRequest]:
        who = self.new_officer()
        address = f"شیراز، خیابان نهان{len(self.requests):02}، پلاک ۵"
        found = o.submitted(self.db, who, **({"postal_address": address} | other))
        self.requests[name] = (who, found)
        return who, found

    def approved(self, name: str) -> QualificationRequest:
        _, mine = self.submitted(name)
        return decisions.approve(
            self.db,
            actor=self.office.ali,
            request_id=mine.id or 0,
            version=mine.version,
            public_url=o.URL,
            now=NOW,
        )

    def qualifications(self) -> None:
        db, ali = self.db, self.office.ali
        who = self.new_officer()
        draft = qualification.start_draft(db, actor=who, now=NOW)
        self.requests["draft"] = (who, draft)
        form = o.answers(db, who, postal_address="شیراز، خیابان نهان۹۱، پلاک ۵")
        db.add(
            Draft(account_id=who.account_id, dialogue="qualification", subject_id=draft.id or 0, answers=form)
        )
        self.submitted("submitted")
        self.submitted("far", province="اصفهان", city="اصفهان", university="mui")
        _, mine = self.submitted("review")
        QUALIFICATION_WORKFLOW.claim(db, actor=ali, request_id=mine.id or 0, version=mine.version, now=NOW)
        _, mine = self.submitted("deficient")
        decisions.declare_deficiencies(
            db, actor=ali, request_id=mine.id or 0, items=["father_name"], note="نام را درست کنید", now=NOW
        )
        _, mine = self.submitted("rejected")
        decisions.reject(db, actor=ali, request_id=mine.id or 0, reason=RejectReason.WRONG_REGION, now=NOW)
        who, mine = self.submitted("withdrawn")
        qualification.withdraw(db, actor=who, request_id=mine.id or 0, now=NOW)
        who = c.qualified(db, "10000190", "نسرین", national_code(300_900))
        amended = qualification.start_draft(db, actor=who, now=NOW, kind=RequestKind.AMENDMENT)
        answers = o.answers(db, who, first_name="نسرین‌دخت", postal_address="شیراز، خیابان نهان۹۰، پلاک ۵")
        self.requests["amendment"] = (
            who,
            qualification.submit(db, actor=who, request_id=amended.id or 0, answers=answers, now=NOW),
        )

    def payments(self) -> None:
        """Requests that wait for their fee, whatever the bank said; each attempt state is of one of them."""
        self.approved("approved")
        self.attempt("tried")
        mine = self.requests["tried"][1]
        for state in (AttemptState.FAILED, AttemptState.EXPIRED):
            self.old_attempt(mine, state)
        self.attempt("asked")
        attempts.claim_attempt(self.db, attempt_id=self._last_attempt(), now=NOW)
        self.approved("uncertain")
        self.old_attempt(self.requests["uncertain"][1], AttemptState.UNCERTAIN)
        self.attempt("wrong amount")
        self._bank_says(WrongAmount(-50))
        self.attempt("completed")
        self._bank_says(Verified("201000001"))
        mine = self.approved("refund")
        self.old_attempt(mine, AttemptState.REFUND_DUE)
        self.old_attempt(mine, AttemptState.REFUNDED)

    def attempt(self, name: str) -> None:
        mine = self.approved(name)
        self.old_attempt(mine, AttemptState.CREATED)

    def old_attempt(self, request: QualificationRequest, state: AttemptState) -> None:
        self.db.add(
            PaymentAttempt(
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

    def _last_attempt(self) -> int:
        return self.db.exec(select(PaymentAttempt.id).order_by(col(PaymentAttempt.id).desc())).first() or 0

    def _bank_says(self, verification: Verified | WrongAmount | NotPaid) -> None:
        claimed = attempts.claim_attempt(self.db, attempt_id=self._last_attempt(), now=NOW)
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
        """Somebody without a request, an annulled one, and experts who are a side of what they would decide."""
        self.fresh, self.annulled = self.new_officer(), self.new_officer()
        applicant, _ = self.submitted("of an expert")
        self.applicant = self._also_expert(applicant.account_id or 0)
        self.manager = self._also_expert(self.centers.arad.boss.account_id or 0)
        gone = self.annulled.account_id or 0
        accounts.annul(self.db, actor=self.office.staff, account_id=gone, reason="ثبت‌نام نادرست بود", now=NOW)

    def _also_expert(self, account_id: int) -> Actor:
        self.db.add(Grant(account_id=account_id, role=Role.EXPERT, university_code="sums"))
        self.db.flush()
        return Actor(account_id, Role.EXPERT, "sums", Messenger.TELEGRAM)

    # ── cooperation ────────────────────────────────────────────────────────────────────────────────

    def another(self, name: str) -> Actor:
        number = next(self.branch_numbers)
        made = c.qualified(self.db, f"1000{2000 + number}", f"نامزد{number}", national_code(300_910 + number))
        self.officers[name] = made
        return made

    def branch(self, firm: c.Firm, province: str = "فارس", city: str = "شیراز") -> int:
        number = next(self.branch_numbers)
        made = branches.define_branch(
            self.db,
            actor=firm.boss,
            name=f"نمایندگی {number}",
            province=province,
            city=city,
            address=f"{city}، خیابان معالی‌آباد، پلاک {number}",
            now=NOW,
        )
        return made.id or 0

    def picked(self, name: str, firm: c.Firm) -> tuple[Actor, CooperationRequest]:
        who = self.another(name)
        return who, c.picked(self.db, self.centers, who, firm=firm, branch=self.branch(firm))

    def accepted(self, name: str, firm: c.Firm) -> tuple[Actor, CooperationRequest]:
        who = self.another(name)
        return who, c.accepted(self.db, self.centers, who, firm=firm, branch=self.branch(firm))

    def cooperations(self) -> None:
        db, town, ali = self.db, self.centers, self.office.ali
        kian, arad = town.kian, town.arad
        c.picked(db, town, town.sara)
        c.picked(db, town, town.sara, firm=arad, branch=self.branch(arad))
        _, request = self.picked("coop withdrawn", kian)
        cooperation.withdraw(
            db, actor=kian.boss, request_id=request.id or 0, version=request.version, now=NOW
        )
        who, request = self.picked("refusing", kian)
        cooperation.reject(
            db, actor=who, request_id=request.id or 0, version=request.version, reason=None, now=NOW
        )
        self.accepted("accepting", arad)
        _, request = self.accepted("coop claimed", arad)
        COOPERATION_WORKFLOW.claim(
            db, actor=ali, request_id=request.id or 0, version=request.version, now=NOW
        )
        _, request = self.accepted("coop rejected", kian)
        cooperation.university_reject(
            db, actor=ali, request_id=request.id or 0, version=request.version, reason="شعبه نادرست", now=NOW
        )
        # Both ask for her; the approval of one closes the other.
        who, _ = self.picked("coop closed", kian)
        c.employed(db, town, who, firm=arad, branch=self.branch(arad))

    def far_cooperation(self) -> None:
        """At the other university."""
        firm = self.centers.arad
        who = self.another("coop far")
        c.accepted(self.db, self.centers, who, firm=firm, branch=self.branch(firm, "اصفهان", "اصفهان"))

    def endings(self) -> None:
        """Contracts that ended in each way, and terminations in each state. Mina serves at Kian's and is about to leave."""
        db, town, kian, arad = self.db, self.centers, self.centers.kian, self.centers.arad
        contract = c.employed(db, town, town.mina, branch=kian.central)
        self._drafted(town.mina, contract.id, "دلیل پنهان برای رفتن")
        who = self.another("freed")
        contract = c.employed(db, town, who, firm=arad, branch=self.branch(arad))
        self._drafted(who, contract.id, "دلیل پنهان دوم که ناتمام ماند")
        contracts.free(db, actor=arad.boss, contract_id=contract.id or 0, version=contract.version, now=NOW)
        who = self.another("gone")
        contract = c.employed(db, town, who, branch=self.branch(kian))
        drafted = self._drafted(who, contract.id, "دلیل پنهان سوم که نهایی شد")
        termination.finalise(db, actor=who, termination_id=drafted, now=NOW)
        who = self.another("dead")
        c.employed(db, town, who, branch=self.branch(kian))
        accounts.suspend(
            db,
            actor=self.office.staff,
            account_id=who.account_id or 0,
            reason="درگذشت ایشان",
            public_info=PUBLIC_INFO,
            now=NOW,
            death=True,
        )

    def _drafted(self, who: Actor, contract_id: int | None, reason: str) -> int:
        made = termination.draft(self.db, actor=who, contract_id=contract_id or 0, reason=reason, now=NOW)
        return made.id or 0

    # ── letters, and what waits for staff ──────────────────────────────────────────────────────────

    def letter(self) -> None:
        self.letter_file = o.paper(self.db, self.office.staff, "letter.jpg")
        sent = self._letter("deficient", "پنهان", [self.letter_file])
        letters.send_batch(self.db, letter_id=sent, now=NOW)
        self.settle_pushes()
        letters.send_batch(self.db, letter_id=sent, now=NOW)
        stopped = self._letter("review", "ایستاده")
        letters.stop_letter(self.db, actor=self.office.staff, letter_id=stopped, now=NOW)
        self._letter("rejected", "در راه")

    def _letter(self, to: str, word: str, files: list[int] | None = None) -> int:
        made = letters.send_letter(
            self.db,
            actor=self.office.staff,
            to=Audience(Kind.ONE, str(self.requests[to][0].account_id)),
            number="۱",
            title=f"نامه {word}",
            text=f"متن {word} نامه",
            files=files or [],
            now=NOW,
        )
        assert isinstance(made, Letter)
        return made.id or 0

    def settle_pushes(self) -> None:
        """Nothing is on its way any more."""
        self.db.execute(
            update(Push).values(state=PushState.SENT).execution_options(synchronize_session=False)
        )

    def papers_lie_nowhere(self) -> None:
        """Their keys are whole, the bytes are lost: whoever may see one is told so."""
        for file in self.db.exec(select(StoredFile)):
            file.original_key, file.shown_key = f"{file.id:032x}", f"{file.id:031x}a"
        self.db.flush()

    def odds(self) -> None:
        """A push that was given up, updates that failed or were quarantined, an alert."""
        db = self.db
        account_id = self.fresh.account_id
        chat = db.exec(select(Chat.id).where(Chat.account_id == account_id)).first()
        db.add(
            Push(
                key="dead:1",
                kind="N1",
                channel=PushChannel.CHAT,
                account_id=account_id,
                chat_row_id=chat,
                text="نرسیده",
                state=PushState.GIVEN_UP,
            )
        )
        for number, state in enumerate((InboxState.FAILED, InboxState.QUARANTINED)):
            db.add(
                InboxUpdate(
                    messenger=Messenger.TELEGRAM, update_id=number, lane=10000101, raw="{}", state=state
                )
            )
        db.add(StaffAlert(key="odd", text="هشدار نهان"))
        db.flush()
