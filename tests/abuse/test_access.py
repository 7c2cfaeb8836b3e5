"""Every route × role × state: what is open while the right is there, and that it is shut once the right is lost.

The routes are those of the bot's own table; what is expected of each stands in `access`. ACCESS_PRESSES says how many
buttons of one route each person presses.
"""

from __future__ import annotations

import os
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from sqlalchemy import update
from sqlmodel import Session, col, select

from bot.core.screens import Press
from bot.services import accounts
from bot.services.directorate import account_lookup
from bot.services.distributors import registry
from bot.texts import BIDI_MARKS, quoted, t
from conversations.catalogue import ALL
from conversations.engine.engine import Engine
from handlers import all_routes
from handlers.telegram.router import RoutedReply
from storage.database.database import Database
from storage.database.unit_of_work import forget_failure
from storage.enums import AccountState, Role
from storage.tables import Account, Grant, PaymentAttempt
from tests.abuse.access import EXPECTED
from tests.abuse.cases import NOW, PUBLIC_INFO
from tests.abuse.fixtures import Builder, Persona
from tests.abuse.forger import Forger
from tests.abuse.ledger import Written
from tests.support import qualification_data as o

PRESSES = int(os.environ.get("ACCESS_PRESSES", "2"))
#: Whose buttons are pressed, and who loses the right to.
PEOPLE = (
    "officer:deficient",
    "officer:draft",
    "officer:sara",
    "officer:mina",
    "officer:accepting",
    "officer:completed",
    "expert:reviewer",
    "expert:head",
    "staff",
    "boss:kian",
)
#: Others in the same role who have nothing to do with their cases.
STRANGERS = {
    "officer:fresh": Role.OFFICER,
    "expert:far": Role.EXPERT,
    "expert:far head": Role.IN_CHARGE,
    "boss:arad": Role.DISTRIBUTOR,
}
#: Only officers get letters.
LETTERS = frozenset({"inbox.letter", "inbox.read", "inbox.files"})


class _Undo(Exception):
    pass


class Office(Builder):
    """The cases, with somebody who takes rights away."""

    def build_cases(self) -> None:
        super().build_cases()
        self.other_staff = o.staff(self.db, "90000031")
        self.other_firm = self.centers.arad.boss.distributor_id
        for account_id in (self.fresh.account_id, self.office.zahra.account_id):
            account = self.db.get_one(Account, account_id)
            account_lookup.note_account(self.db, actor=self.office.staff, account=account, now=NOW)


@dataclass(frozen=True)
class State:
    """What becomes of a person: `lose` does it, `role` is the role that is left (None: a guest's)."""

    name: str
    lose: Callable[[Office, Persona], None]
    role: Callable[[Role], Role | None]
    suspended: bool = False
    #: The role is another university's or company's now: cases of the old one are shut.
    elsewhere: bool = False
    of: frozenset[Role] = frozenset(Role)


def _grants(builder: Office, person: Persona, **values: object) -> None:
    theirs = update(Grant).where(col(Grant.account_id) == person.id)
    builder.db.execute(theirs.values(**values).execution_options(synchronize_session=False))


def _suspend(builder: Office, person: Persona) -> None:
    accounts.suspend(
        builder.db,
        actor=builder.other_staff,
        account_id=person.id or 0,
        reason="تخلف در کار",
        public_info=PUBLIC_INFO,
        now=NOW,
    )


def _dismiss(builder: Office, person: Persona) -> None:
    """As staff do it: the chat goes with the role."""
    db, actor = builder.db, builder.other_staff
    for grant in db.exec(
        select(Grant).where(Grant.account_id == person.id, col(Grant.active).is_(True))
    ).all():
        if grant.role is Role.DISTRIBUTOR:
            registry.remove_manager(
                db,
                actor=actor,
                distributor_id=grant.distributor_id or 0,
                account_id=person.id or 0,
                now=NOW,
            )
        else:
            account_lookup.withdraw_role(
                db, actor=actor, grant_id=grant.id or 0, reason="پایان کار ایشان", now=NOW
            )


def _dismiss_behind(builder: Office, person: Persona) -> None:
    """The role is gone, the chat still says that it acts in it."""
    _grants(builder, person, active=False)


def _keep_another(builder: Office, person: Persona) -> None:
    _grants(builder, person, active=False)
    builder.db.add(Grant(account_id=person.id or 0, role=Role.DISTRIBUTOR, distributor_id=builder.other_firm))


def _suspend_with_another(builder: Office, person: Persona) -> None:
    _suspend(builder, person)
    builder.db.add(Grant(account_id=person.id or 0, role=Role.DISTRIBUTOR, distributor_id=builder.other_firm))


def _move(builder: Office, person: Persona) -> None:
    """To another university, or another company."""
    assert person.actor is not None
    where = (
        {"distributor_id": builder.other_firm}
        if person.actor.role is Role.DISTRIBUTOR
        else {"university_code": "mui"}
    )
    _grants(builder, person, active=False)
    builder.db.add(Grant(account_id=person.id or 0, role=person.actor.role, **where))


def _annul(builder: Office, person: Persona) -> None:
    one = update(Account).where(col(Account.id) == person.id).values(state=AccountState.ANNULLED)
    builder.db.execute(one.execution_options(synchronize_session=False))


_GIVEN = frozenset({Role.EXPERT, Role.IN_CHARGE, Role.STAFF, Role.DISTRIBUTOR})
STATES = (
    State("active", lambda builder, person: None, lambda role: role),
    State("suspended", _suspend, lambda role: role, suspended=True),
    State(
        "suspended with another role",
        _suspend_with_another,
        lambda role: role,
        suspended=True,
        of=_GIVEN - {Role.DISTRIBUTOR},
    ),
    State("dismissed", _dismiss, lambda role: None, of=_GIVEN),
    State("dismissed, chat behind", _dismiss_behind, lambda role: None),
    State(
        "role taken away, another left",
        _keep_another,
        lambda role: Role.DISTRIBUTOR,
        of=_GIVEN - {Role.DISTRIBUTOR},
    ),
    State("elsewhere", _move, lambda role: role, elsewhere=True, of=_GIVEN - {Role.STAFF}),
    State("annulled", _annul, lambda role: None),
)


class Looker(Forger):
    """Presses one button and says what came, undone again."""

    def press(self, persona: Persona, press: Press) -> RoutedReply | None:
        """None where the press broke."""
        connection = self.db.connection()
        connection.exec_driver_sql("SAVEPOINT looked")
        try:
            return self._send(persona, press=press, pressed=True, callback_id="c")
        except Exception as error:
            self.wrong.append(f"{persona.name}: {press} → CRASH {type(error).__name__}: {str(error)[:300]}")
            forget_failure(connection)
            return None
        finally:
            self.db.expunge_all()
            self.db.info.clear()
            connection.exec_driver_sql("ROLLBACK TO SAVEPOINT looked")
            forget_failure(connection)


def test_each_route_has_an_expectation() -> None:
    """A new route says here whom it lets in, or this fails."""
    routes = set(all_routes(Engine(ALL)).by_action)
    assert routes - set(EXPECTED) == set(), "routes without an expectation"
    assert set(EXPECTED) - routes == set(), "expectations of routes that are gone"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_every_route_role_and_state(database: Database) -> None:
    found: dict[str, object] = {}

    def unit(db: Session) -> None:
        with Written().listening() as written:
            found.update(_walk(db, written))
        raise _Undo

    with pytest.raises(_Undo):
        await database.run(unit)
    wrong = found.pop("wrong")
    print(found)
    assert isinstance(wrong, list)
    assert not wrong, f"{len(wrong)} wrong:\n" + "\n".join(wrong[:80])


@dataclass
class Walk:
    """What every person may still see in every state."""

    db: Session
    builder: Office
    looker: Looker
    marks: dict[str, frozenset[str]]
    own: dict[str, frozenset[str]]
    harvested: dict[str, list[Press]]
    wrong: list[str] = field(default_factory=list)
    tried: Counter[str] = field(default_factory=Counter)
    combinations: set[tuple[str, str, str]] = field(default_factory=set)
    opened: set[tuple[str, Role | None]] = field(default_factory=set)

    def presses(self, name: str) -> Iterator[Press]:
        """For each route: this person's own buttons, else somebody else's, else one made up."""
        others = defaultdict[str, list[Press]](list)
        for presses in self.harvested.values():
            for press in presses:
                others[press.action].append(press)
        mine = defaultdict[str, list[Press]](list)
        for press in self.harvested.get(name, ()):
            mine[press.action].append(press)
        for action in self.looker.routes.by_action:
            found = mine[action][:PRESSES] + others[action][: PRESSES // 2]
            yield from dict.fromkeys(found or [Press(action), Press(action, 1)])

    def look(self, persona: Persona, state: State, press: Press) -> None:
        role = persona.actor.role if persona.actor is not None else None
        left = state.role(role) if role is not None else None
        expected = EXPECTED[press.action]
        may = left in (expected.suspended if state.suspended else expected.roles)
        if expected.bound and press.id and (state.elsewhere or not self._theirs(persona, press)):
            may = False
        self.tried[state.name] += 1
        self.combinations.add((press.action, str(role), state.name))
        decided = self.looker.press(persona, press)
        if decided is None:
            return
        who, text = f"{persona.name}, {state.name}: {press}", _text(decided)
        refused = decided.toast is not None
        if not refused and not may:
            self.wrong.append(f"{who} → opened {text[:90]!r}")
        if not refused and may and state.name == "active":
            self.opened.add((press.action, left))
        for mark, readers in self.marks.items():
            if (
                _says(text, mark)
                and mark not in self.own[persona.name]
                and not _may_read(persona, state, readers)
            ):
                self.wrong.append(f"{who} → told {mark!r}")
        if state.suspended and role is not Role.OFFICER and refused and not may and text != SENTENCE:
            self.wrong.append(f"{who} → said more than the sentence: {text[:200]!r}")

    def nobody_opened(self) -> list[str]:
        """Routes that stayed shut to a role that should be let in: then the rest proves nothing. What no button led to is
        tried with ids and arguments."""
        found = []
        for action, expected in EXPECTED.items():
            for role in sorted(expected.roles - {None}):
                if action in LETTERS and role is not Role.OFFICER:
                    continue
                if (action, role) not in self.opened and not self._opens(action, role):
                    found.append(f"nobody opened {action} as {role}")
        return found

    def _opens(self, action: str, role: Role | None) -> bool:
        known = (press for presses in self.harvested.values() for press in presses if press.action == action)
        named = (Press(action, arg=one.value) for one in Role)
        for press in [*known, *named, *(Press(action, number) for number in range(1, 40))]:
            for persona in self.looker.town.personas:
                if persona.name in PEOPLE and persona.actor is not None and persona.actor.role is role:
                    decided = self.looker.press(persona, press)
                    if decided is not None and decided.toast is None:
                        return True
        return False

    def _theirs(self, persona: Persona, press: Press) -> bool:
        """Whether the case of this button may be this person's."""
        if persona.name in STRANGERS or persona.actor is None:
            return False
        seen = {(one.action.partition(".")[0], one.id) for one in self.harvested.get(persona.name, ())}
        return persona.actor.role in (*NEAR, Role.STAFF) or (press.action.partition(".")[0], press.id) in seen

    def in_state(self, persona: Persona, state: State) -> None:
        connection = self.db.connection()
        connection.exec_driver_sql("SAVEPOINT state")
        state.lose(self.builder, persona)
        self.db.flush()
        self.db.expunge_all()
        for press in self.presses(persona.name):
            self.look(persona, state, press)
        connection.exec_driver_sql("ROLLBACK TO SAVEPOINT state")


#: Experts of one university see all of its files.
NEAR = (Role.EXPERT, Role.IN_CHARGE)


def _may_read(persona: Persona, state: State, readers: frozenset[str]) -> bool:
    if state.elsewhere:
        return "expert:far" in readers
    reads = state.name == "active" or (state.suspended and persona.name.startswith("officer"))
    return reads and persona.name in readers


def _text(decided: RoutedReply) -> str:
    """Everything that is said, once."""
    said = [decided.notice or "", *(screen.text for screen in decided.screens)]
    lines = dict.fromkeys(line for one in said for line in one.splitlines() if line)
    return _plain("\n".join(lines))


_DIGITS = str.maketrans("۰۱۲۳۴۵۶۷۸۹", "0123456789")


def _plain(text: str) -> str:
    return BIDI_MARKS.sub("", text).translate(_DIGITS)


def _says(text: str, mark: str) -> bool:
    """Whether it stands there, and not as a part of a longer number."""
    return re.search(rf"(?<!\d){re.escape(_plain(mark))}(?!\d)", text) is not None


SENTENCE = _plain(
    t("error.suspended", reason=quoted("تخلف در کار", t("role.staff")), contact=PUBLIC_INFO.support_contact)
)


def _walk(db: Session, written: Written) -> dict[str, object]:
    builder = Office(db)
    town = builder.build()
    personas = {one.name: one for one in town.personas}
    marks = dict(town.marks)
    for ref in db.exec(select(PaymentAttempt.bank_ref).where(col(PaymentAttempt.bank_ref).is_not(None))):
        marks[ref or ""] = frozenset({"staff", "officer:completed"})
    own = {
        one.name: frozenset(
            {account.user_code, account.national_code or "", f"0{(account.mobile or '')[3:]}"}
            if (account := db.get(Account, one.id) if one.id is not None else None) is not None
            else ()
        )
        for one in town.personas
    }
    looker = Looker(db, town, written)
    walk = Walk(db, builder, looker, marks, own, looker.harvest(most=1500, names=PEOPLE))
    looker.wrong.clear()
    for name in PEOPLE:
        actor = personas[name].actor
        assert actor is not None
        for state in STATES:
            if actor.role in state.of:
                walk.in_state(personas[name], state)
    for name in ("guest", "guest:annulled", *STRANGERS):
        for press in walk.presses(name):
            walk.look(personas[name], STATES[0], press)
    wrong = walk.wrong + looker.wrong + walk.nobody_opened()
    return {
        "routes": len(looker.routes.by_action),
        "route × role × state": len(walk.combinations),
        "presses": walk.tried.total(),
        "by state": dict(walk.tried),
        "wrong": wrong,
    }
