"""Every route × role × state: what is open while the right is there, and that it is shut once the right is lost. Each
participant presses ACCESS_PRESSES buttons of a route."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from sqlmodel import Session, col, select

from bot.core.screens import Press
from bot.rules.validators import Mobile
from bot.services import cooperation, team
from bot.services.cooperation.requests import COOPERATION_WORKFLOW
from bot.services.directorate import account_lookup, faq_entries
from bot.services.invitations import sending
from bot.services.qualification import decisions
from bot.services.qualification.requests import QUALIFICATION_WORKFLOW
from bot.services.team import phrases
from bot.texts import quoted, t
from conversations.catalogue import ALL
from conversations.engine.engine import Engine
from handlers import all_routes
from handlers.telegram.router import RoutedReply
from storage.database.database import Database
from storage.enums import RejectReason, RequestKind, Role
from storage.tables import (
    Account,
    CooperationRequest,
    Grant,
    PaymentAttempt,
    QualificationRequest,
    SearchQuery,
    Tariff,
)
from tests.abuse import rights
from tests.abuse.access import EXPECTED
from tests.abuse.cases import HELD_LONG, PUBLIC_INFO
from tests.abuse.changes import WrittenTables
from tests.abuse.participants import Fixture, Names, Participant, Participants, plain
from tests.abuse.press_runner import PressRunner
from tests.support.factories.people import staff
from tests.support.factories.reference_data import NOW
from tests.support.services import rolled_back

PRESSES = int(os.environ.get("ACCESS_PRESSES", "2"))
#: Whose buttons are pressed, and who loses the right to.
NAMES = (
    "officer:deficient",
    "officer:draft",
    "officer:sara",
    "officer:mina",
    "officer:accepting",
    "officer:completed",
    "expert:reviewer",
    "expert:in charge",
    "staff",
    "manager:kian",
)
#: Others in the same roles who have nothing to do with their cases.
OTHERS = ("officer:fresh", "expert:far", "expert:far in charge", "manager:arad")
#: Only officers get letters.
LETTERS = frozenset({"inbox.letter", "inbox.read", "inbox.files"})


@dataclass(frozen=True)
class State:
    """What becomes of a participant: `lose` does it, `role` is the role that is left (None: a guest's)."""

    name: str
    lose: Sequence[Callable[[Session, int | None], None]]
    role: Callable[[Role], Role | None]
    suspended: bool = False
    #: The role is another university's or distributor's now: cases of the old one are shut.
    elsewhere: bool = False
    of: frozenset[Role] = frozenset(Role)


class AccessFixture(Fixture):
    """The cases, with somebody who takes rights away."""

    def build_cases(self) -> None:
        super().build_cases()
        # The head decides what the head has taken.
        request = self.submitted("review by the head")
        QUALIFICATION_WORKFLOW.claim(self.db, request_id=request.id or 0, **self.by(self.people.in_charge))
        self._decide_by_the_head()
        self.other_staff = staff(self.db)
        for name in ("هزینه", "زمان"):
            faq_entries.add_entry(
                self.db,
                actor=self.people.staff,
                question=f"{name} چقدر است؟",
                short_name=name,
                answer="پس از تأیید نوشته می‌شود.",
                search_words="",
                now=NOW,
            )
        self.colleagues()
        coming = (NOW + timedelta(days=30)).date()
        self.db.add(Tariff(kind=RequestKind.NEW, amount_rial=2_000_000, valid_from=coming))
        sending.invite_expert(
            self.db,
            actor=self.people.staff,
            role=Role.EXPERT,
            university_code="sums",
            first_name="مینا",
            last_name="رضایی",
            mobile=Mobile("+989121110009"),
            national_code=None,
            public_info=PUBLIC_INFO,
            now=NOW,
        )
        for account_id in (self.fresh.account_id, self.people.zahra.account_id):
            account = self.db.get_one(Account, account_id)
            account_lookup.note_account(self.db, actor=self.people.staff, account=account, now=NOW)

        reviewers = select(Grant.account_id).where(
            col(Grant.role).in_((Role.EXPERT, Role.IN_CHARGE, Role.STAFF))
        )
        for account_id in sorted(set(self.db.exec(reviewers))):
            self.db.add(SearchQuery(account_id=account_id, text="سارا", created_at=NOW))

    def colleagues(self) -> None:
        """Files that the expert in charge has, and leave that is to come."""
        head = self.people.in_charge
        held = self.submitted("held by the head")
        QUALIFICATION_WORKFLOW.claim(self.db, request_id=held.id or 0, version=held.version, **self.by(head))
        COOPERATION_WORKFLOW.claim(
            self.db, actor=head, **self.accepted("coop held by the head", self.people.arad)
        )
        far = NOW.date() + timedelta(days=40)
        team.take_leave(
            self.db,
            starts_on=far,
            ends_on=far,
            deputy_id=self.people.zahra.account_id or 0,
            **self.by(self.people.ali),
        )

        phrases.save(self.db, text="تصویر خوانا نیست.", **self.by(self.people.ali))
        phrases.save_for_university(self.db, text="امضا ندارد.", **self.by(head))

    def _decide_by_the_head(self) -> None:
        """Decisions that may still be undone, of both kinds."""
        by_head = {**self.by(self.people.in_charge), "undo": HELD_LONG}
        request = self.submitted("decided by the head")
        decisions.reject(self.db, request_id=request.id or 0, reason=RejectReason.WRONG_REGION, **by_head)
        accepted = self.accepted("coop decided by the head", self.people.arad)
        cooperation.university_reject(self.db, reason="شعبه نادرست", **{**accepted, **by_head})

    def undoing(self, account_id: int | None) -> list[Press]:
        """The buttons that take this account's decisions back; a decided file is in no list that the walk comes to."""
        return [
            Press(action, request.id or 0, request.version)
            for row, action in ((QualificationRequest, "desk.undo"), (CooperationRequest, "desk.coop_undo"))
            for request in self.db.exec(
                select(row).where(row.reviewer_id == account_id, col(row.held_until).is_not(None))
            )
        ]

    def dismiss(self, db: Session, account_id: int | None) -> None:
        """As staff do it: the chat goes with the role."""
        by = self.by(self.other_staff)
        theirs = select(Grant).where(Grant.account_id == account_id, col(Grant.active).is_(True))
        for grant in db.exec(theirs).all():
            account_lookup.withdraw_role(db, grant_id=grant.id or 0, reason="پایان کار ایشان", **by)

    def add_role(self, db: Session, account_id: int | None) -> None:
        of = self.people.arad.id
        db.add(Grant(account_id=account_id or 0, role=Role.DISTRIBUTOR, distributor_id=of))

    def states(self) -> tuple[State, ...]:
        manager, experts = frozenset({Role.DISTRIBUTOR}), frozenset({Role.EXPERT, Role.IN_CHARGE})
        given = experts | {Role.STAFF}
        return (
            ACTIVE,
            State("suspended", (rights.suspend,), _same, suspended=True),
            State(
                "suspended with another role",
                (rights.suspend, self.add_role),
                _same,
                suspended=True,
                of=given,
            ),
            State("dismissed", (self.dismiss,), lambda role: None, of=given | manager),
            State("dismissed, chat behind", (rights.take_roles,), lambda role: None),
            State(
                "role taken away, another left",
                (rights.take_roles, self.add_role),
                lambda role: Role.DISTRIBUTOR,
                of=given,
            ),
            State("elsewhere", (rights.change_university,), _same, elsewhere=True, of=experts),
            State("elsewhere", (rights.take_roles, self.add_role), _same, elsewhere=True, of=manager),
            State("annulled", (rights.annul,), lambda role: None),
        )


def _same(role: Role) -> Role:
    return role


ACTIVE = State("active", (), _same)


def test_each_route_has_an_expectation() -> None:
    """A new route says in `access` whom it lets in, or this fails."""
    routes = set(all_routes(Engine(ALL)).by_action)
    assert routes - set(EXPECTED) == set(), "routes without an expectation"
    assert set(EXPECTED) - routes == set(), "expectations of routes that are gone"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_every_route_role_and_state(database: Database) -> None:
    def unit(db: Session) -> AccessMatrix:
        with WrittenTables().listening() as written:
            return AccessMatrix.walk(db, written)

    matrix = await rolled_back(database, unit)
    print(matrix.tried.total(), "presses", matrix.tried)
    assert not matrix.wrong, f"{len(matrix.wrong)} wrong:\n" + "\n".join(matrix.wrong[:80])


@dataclass
class AccessMatrix:
    """What every participant may still see in every state."""

    fixture: AccessFixture
    participants: Participants
    runner: PressRunner
    own: dict[str, Names]
    buttons: dict[str, list[Press]]
    wrong: list[str] = field(default_factory=list)
    tried: Counter[str] = field(default_factory=Counter)
    opened: set[tuple[str, Role | None]] = field(default_factory=set)

    @classmethod
    def walk(cls, db: Session, written: WrittenTables) -> AccessMatrix:
        fixture = AccessFixture(db)
        participants = fixture.build()
        for ref in db.exec(select(PaymentAttempt.bank_ref).where(col(PaymentAttempt.bank_ref).is_not(None))):
            participants.marks[ref or ""] = frozenset({"staff", "officer:completed"})
        own = {one.name: _own_marks(db, one.id) for one in participants.all}
        runner = PressRunner(db, participants, written)
        matrix = cls(fixture, participants, runner, own, runner.collect_buttons(most=2500, names=NAMES))
        runner.wrong.clear()
        for who in map(participants.named, NAMES):
            matrix.buttons[who.name] += fixture.undoing(who.id) if who.id else []
        for who in map(participants.named, NAMES):
            for state in fixture.states():
                if who.actor is not None and who.actor.role in state.of:
                    matrix.in_state(who, state)
        for name in ("guest", "guest:annulled", *OTHERS):
            for press in matrix.presses(name):
                matrix.look(participants.named(name), ACTIVE, press)
        matrix.wrong += [*runner.wrong, *matrix.not_opened()]
        return matrix

    def in_state(self, who: Participant, state: State) -> None:
        db = self.fixture.db
        connection = db.connection()
        connection.exec_driver_sql("SAVEPOINT state")
        for lose in state.lose:
            lose(db, who.id)
        db.flush()
        db.expunge_all()
        for press in self.presses(who.name):
            self.look(who, state, press)
        connection.exec_driver_sql("ROLLBACK TO SAVEPOINT state")

    def presses(self, name: str) -> Iterator[Press]:
        """For each route: this participant's own buttons, else somebody else's, else one made up."""
        own, others = defaultdict[str, list[Press]](list), defaultdict[str, list[Press]](list)
        for owner, presses in self.buttons.items():
            for press in presses:
                others[press.action].append(press)
                if owner == name:
                    own[press.action].append(press)
        for action in self.runner.routes.by_action:
            found = own[action][:PRESSES] + others[action][: PRESSES // 2]
            yield from dict.fromkeys(found or [Press(action), Press(action, 1)])

    def press(self, who: Participant, press: Press) -> RoutedReply | None:
        """What came, undone again. None where the press broke."""
        with self.runner.undone([f"{who.name}: {press}"]):
            return self.runner.process(who, press=press)
        return None

    def look(self, who: Participant, state: State, press: Press) -> None:
        role = who.actor.role if who.actor is not None else None
        left = state.role(role) if role is not None else None
        expected = EXPECTED[press.action]
        may = left in (expected.suspended if state.suspended else expected.roles)
        if expected.bound and press.id and (state.elsewhere or not self._theirs(who, press)):
            may = False
        self.tried[state.name] += 1
        reply = self.press(who, press)
        if reply is None:
            return
        where, text, refused = f"{who.name}, {state.name}: {press}", _text(reply), reply.toast is not None
        if not refused and not may:
            self.wrong.append(f"{where} → opened {text[:90]!r}")
        if not refused and may and state.name == "active":
            self.opened.add((press.action, left))
        for mark in set(self.participants.found_marks(text)) - self.own[who.name]:
            if not _may_read(who, state, self.participants.marks[mark]):
                self.wrong.append(f"{where} → told {mark!r}")
        if state.suspended and role is not Role.OFFICER and refused and not may and text != SENTENCE:
            self.wrong.append(f"{where} → said more than the sentence: {text[:200]!r}")

    def not_opened(self) -> list[str]:
        """Routes that stayed shut to a role that should be let in: then the rest proves nothing. What no button led to is
        tried with ids and arguments."""
        return [
            f"nobody opened {action} as {role}"
            for action, expected in EXPECTED.items()
            for role in sorted(expected.roles - {None})
            if (action not in LETTERS or role is Role.OFFICER)
            and (action, role) not in self.opened
            and not self._opens(action, role)
        ]

    def _opens(self, action: str, role: Role | None) -> bool:
        known = (press for presses in self.buttons.values() for press in presses if press.action == action)
        named = (Press(action, arg=one.value) for one in Role)
        in_role = [who for who in map(self.participants.named, NAMES) if who.actor and who.actor.role is role]
        for press in [*known, *named, *(Press(action, number) for number in range(1, 40))]:
            for who in in_role:
                reply = self.press(who, press)
                if reply is not None and reply.toast is None:
                    return True
        return False

    def _theirs(self, who: Participant, press: Press) -> bool:
        """Whether the case of this button may be this participant's. Experts of one university see all of its requests."""
        if who.name in OTHERS or who.actor is None:
            return False
        subject = press.action.partition(".")[0]
        seen = {(one.action.partition(".")[0], one.id) for one in self.buttons.get(who.name, ())}
        return who.actor.role in (Role.EXPERT, Role.IN_CHARGE, Role.STAFF) or (subject, press.id) in seen


def _own_marks(db: Session, account_id: int | None) -> Names:
    account = db.get(Account, account_id) if account_id is not None else None
    if account is None:
        return frozenset()
    return frozenset({account.user_code, account.national_code or "", f"0{(account.mobile or '')[3:]}"})


def _may_read(who: Participant, state: State, readers: Names) -> bool:
    if state.elsewhere:
        return "expert:far" in readers
    reads = state.name == "active" or (state.suspended and who.name.startswith("officer"))
    return reads and who.name in readers


def _text(reply: RoutedReply) -> str:
    """Every line that is said, once."""
    said = [reply.notice or "", *(screen.text for screen in reply.screens)]
    return plain("\n".join(dict.fromkeys(line for one in said for line in one.splitlines() if line)))


SENTENCE = plain(
    t("error.suspended", reason=quoted(rights.REASON, t("role.staff")), contact=PUBLIC_INFO.support_contact)
)
