"""A town with one case in every state, and everybody who might press a button there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import count

from sqlmodel import Session, col, select

from bot.services import contracts, cooperation, letters, qualification, review, termination
from bot.services.audience import Audience, Kind
from bot.turn import Actor
from storage.states import (
    AccountState,
    AttemptState,
    Messenger,
    RejectReason,
    RequestKind,
    RequestState,
    Role,
)
from storage.tables import (
    Account,
    Chat,
    Grant,
    LetterRecipient,
    Officer,
    PaymentAttempt,
    QualificationRequest,
    StoredFile,
    Termination,
)
from tests.bot.services import centers as c
from tests.bot.services import office as o
from tests.journeys.identity import national_code

NOW = o.NOW


@dataclass(frozen=True)
class Persona:
    """Somebody at a phone. `actor` None: a guest."""

    name: str
    chat_id: int
    actor: Actor | None = None
    suspended: bool = False

    @property
    def id(self) -> int | None:
        return self.actor.account_id if self.actor is not None else None


@dataclass
class Town:
    personas: list[Persona]
    #: A word that stands in somebody's papers → the names of those who may read it.
    marks: dict[str, frozenset[str]]
    #: stored_file.id → the names of those who may see it.
    papers: dict[int, frozenset[str]]


class Builder:
    def __init__(self, db: Session) -> None:
        self.db = db
        self.numbers = count(1)
        self.centers = c.open_centers(db)
        self.office = self.centers.office
        o.tariff(db, 500_000)
        o.tariff(db, 0, RequestKind.AMENDMENT)
        self.far = o.expert(db, "20000009", "سرپرست", university="mui", role=Role.IN_CHARGE)
        self.requests: dict[str, tuple[Actor, QualificationRequest]] = {}

    def build(self) -> Town:
        self.qualifications()
        self.cooperations()
        self.letter()
        self.files()
        return self.town()

    def new_officer(self) -> Actor:
        number = next(self.numbers)
        made = o.officer(self.db, f"1100{number:04}", national_code=national_code(300_000 + number))
        self.db.get_one(Account, made.account_id).mobile = f"+98935000{number:04}"
        self.db.flush()
        return made

    def submitted(self, name: str, **other: str) -> tuple[Actor, QualificationRequest]:
        who = self.new_officer()
        address = f"شیراز، خیابان نهان{len(self.requests):02}، پلاک ۵"
        found = o.submitted(self.db, who, **({"postal_address": address} | other))
        self.requests[name] = (who, found)
        return who, found

    def qualifications(self) -> None:
        db, ali = self.db, self.office.ali
        who = self.new_officer()
        self.requests["draft"] = (who, qualification.start(db, actor=who, now=NOW))
        self.submitted("submitted")
        self.submitted("far", province="اصفهان", city="اصفهان", university="mui")
        _, mine = self.submitted("review")
        review.claim(db, actor=ali, request_id=mine.id or 0, version=mine.version, now=NOW)
        _, mine = self.submitted("deficient")
        review.declare_deficiencies(
            db, actor=ali, request_id=mine.id or 0, items=["father_name"], note="نام را درست کنید", now=NOW
        )
        _, mine = self.submitted("rejected")
        review.reject(db, actor=ali, request_id=mine.id or 0, reason=RejectReason.WRONG_REGION, now=NOW)
        who, mine = self.submitted("withdrawn")
        qualification.withdraw(db, actor=who, request_id=mine.id or 0, now=NOW)
        for name, state in (
            ("paid", None),
            ("uncertain", AttemptState.UNCERTAIN),
            ("refund", AttemptState.REFUND_DUE),
        ):
            _, mine = self.submitted(name)
            review.approve(
                db, actor=ali, request_id=mine.id or 0, version=mine.version, public_url=o.URL, now=NOW
            )
            if state is not None:
                db.add(
                    PaymentAttempt(
                        request_id=mine.id or 0,
                        gateway="zarinpal",
                        ref=f"A{name}",
                        amount_rial=500_000,
                        state=state,
                    )
                )
                db.flush()
        who = c.qualified(db, "10000190", "نسرین", national_code(300_900))
        amended = qualification.start(db, actor=who, now=NOW, kind=RequestKind.AMENDMENT)
        answers = o.answers(db, who, first_name="نسرین‌دخت", postal_address="شیراز، خیابان نهان۹۰، پلاک ۵")
        self.requests["amendment"] = (
            who,
            qualification.submit(db, actor=who, request_id=amended.id or 0, answers=answers, now=NOW),
        )

    def cooperations(self) -> None:
        db, town, boss = self.db, self.centers, self.centers.kian.boss

        def another(number: int) -> Actor:
            return c.qualified(db, f"1000011{number}", f"نامزد{number}", national_code(300_910 + number))

        self.withdrawn = another(1)
        request = c.picked(db, town, self.withdrawn)
        cooperation.withdraw(db, actor=boss, request_id=request.id or 0, version=request.version, now=NOW)
        self.refusing = another(2)
        request = c.picked(db, town, self.refusing)
        cooperation.reject(
            db, actor=self.refusing, request_id=request.id or 0, version=request.version, reason=None, now=NOW
        )
        # Mina serves at Kian's centre and is about to leave.
        contract = c.employed(db, town, town.mina, branch=town.kian.central)
        termination.draft(
            db, actor=town.mina, contract_id=contract.id or 0, reason="دلیل پنهان برای رفتن", now=NOW
        )
        self.freed = another(3)
        contract = c.employed(db, town, self.freed, firm=town.arad, branch=town.arad.central)
        contracts.free(
            db, actor=town.arad.boss, contract_id=contract.id or 0, version=contract.version, now=NOW
        )
        # Sara was asked by both; another has accepted Arad.
        c.picked(db, town, town.sara)
        self.accepting = another(4)
        c.accepted(db, town, self.accepting, firm=town.arad, branch=town.arad.east)

    def letter(self) -> None:
        db, who = self.db, self.requests["deficient"][0]
        file = o.paper(db, self.office.staff, "letter.jpg")
        sent = letters.send(
            db,
            actor=self.office.staff,
            to=Audience(Kind.ONE, str(who.account_id)),
            number="۱",
            title="نامه پنهان",
            text="متن پنهان نامه",
            files=[file],
            now=NOW,
        )
        while letters.spread(db, letter_id=sent.id or 0, now=NOW):
            pass
        self.letter_file = file
        assert db.exec(select(LetterRecipient.delivered_at)).all()

    def files(self) -> None:
        """Nobody's papers but their own: what every officer sent is known by its owner."""
        self.file_owner = {row.id or 0: row.account_id for row in self.db.exec(select(StoredFile))}

    def chat(self, actor: Actor, messenger: Messenger = Messenger.TELEGRAM) -> int:
        """Exactly one Telegram chat of this account, acting in this role."""
        number = 5_000_000 + (actor.account_id or 0)
        self.db.add(Chat(messenger=messenger, chat_id=number, account_id=actor.account_id, role=actor.role))
        self.db.flush()
        return number

    def town(self) -> Town:
        db, office, town = self.db, self.office, self.centers
        former_expert = o.expert(db, "20000021", "پیشین")
        former_staff = o.staff(db, "90000021")
        former_boss = town.arad.deputy
        for actor in (former_expert, former_staff, former_boss):
            grant = db.exec(select(Grant).where(Grant.account_id == actor.account_id)).one()
            grant.active = False
        suspended_expert = o.expert(db, "20000022", "معلق")
        suspended_officer = self.requests["uncertain"][0]
        suspended_boss = town.kian.deputy
        for actor in (suspended_expert, suspended_officer, suspended_boss):
            db.get_one(Account, actor.account_id).state = AccountState.SUSPENDED
        db.flush()
        for who, _ in self.requests.values():
            self._may_be_officer(who)
        cast: list[tuple[str, Actor]] = [
            *((f"officer:{name}", who) for name, (who, _) in self.requests.items() if name != "uncertain"),
            ("officer:sara", town.sara),
            ("officer:mina", town.mina),
            ("officer:accepting", self.accepting),
            ("officer:freed", self.freed),
            ("officer:fresh", self.new_officer()),
            ("expert:reviewer", office.ali),
            ("expert:colleague", office.zahra),
            ("expert:head", office.head),
            ("expert:far", office.foreign),
            ("expert:far head", self.far),
            ("expert:former", former_expert),
            ("staff", office.staff),
            ("staff:former", former_staff),
            ("boss:kian", town.kian.boss),
            ("boss:arad", town.arad.boss),
            ("boss:former", former_boss),
        ]
        personas = [Persona("guest", 4_999_999)]
        personas += [Persona(name, self.chat(actor), actor) for name, actor in cast]
        personas += [
            Persona(name, self.chat(actor), actor, suspended=True)
            for name, actor in (
                ("suspended:officer", suspended_officer),
                ("suspended:expert", suspended_expert),
                ("suspended:boss", suspended_boss),
            )
        ]
        return Town(personas, self._marks(personas), self._papers(personas))

    def _may_be_officer(self, who: Actor) -> None:
        assert self.db.get(Officer, who.account_id) is not None

    # ── who may read what (SPEC Q44, R39, 2.4, 2.6) ────────────────────────────────────────────────────────────────

    _NEAR = ("expert:reviewer", "expert:colleague", "expert:head", "suspended:expert")
    _FAR = ("expert:far", "expert:far head")

    def _readers(self, name: str, personas: Iterable[Persona], who: Actor) -> frozenset[str]:
        """Of a qualification request: its owner, staff, and the experts of its university once it was sent."""
        request = self.requests[name][1]
        own = {one.name for one in personas if one.id == who.account_id} | {"staff"}
        if request.state is RequestState.DRAFT:
            return frozenset(own)
        return frozenset(own | set(self._NEAR if request.university_code == "sums" else self._FAR))

    def _marks(self, personas: list[Persona]) -> dict[str, frozenset[str]]:
        db, marks = self.db, dict[str, frozenset[str]]()
        for name, (who, request) in self.requests.items():
            readers = self._readers(name, personas, who)
            account = db.get_one(Account, who.account_id)
            mobile = f"0{(account.mobile or '').removeprefix('+98')}"
            for mark in (
                request.snapshot.get("postal_address"),
                mobile,
                request.tracking_code,
                account.national_code,
            ):
                if mark:
                    marks[mark] = readers
            own = frozenset(one.name for one in personas if one.id == who.account_id)
            if request.pay_token:
                marks[request.pay_token] = own
        for account in db.exec(select(Account)):
            own = frozenset(one.name for one in personas if one.id == account.id)
            marks[account.user_code] = own | {"staff"}
        for draft in db.exec(select(Termination)):
            marks[draft.reason] = frozenset({"officer:mina", "staff"})
        marks["متن پنهان نامه"] = frozenset({"officer:deficient", "staff"})
        marks["نامه پنهان"] = frozenset({"officer:deficient", "staff"})
        return marks

    def _papers(self, personas: list[Persona]) -> dict[int, frozenset[str]]:
        readers = dict[int, frozenset[str]]()
        by_owner = {who.account_id: name for name, (who, _) in self.requests.items()}
        for file_id, account_id in self.file_owner.items():
            if (name := by_owner.get(account_id)) is not None:
                readers[file_id] = self._readers(name, personas, self.requests[name][0])
            else:
                readers[file_id] = frozenset({"staff"})
        readers[self.letter_file] = frozenset({"officer:deficient", "staff"})
        return readers


def newest(db: Session, person: Persona) -> Chat:
    return db.exec(select(Chat).where(col(Chat.chat_id) == person.chat_id)).one()
