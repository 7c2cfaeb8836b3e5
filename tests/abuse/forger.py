"""Presses buttons as anybody, on a database that is put back after each try."""

from __future__ import annotations

import random
import re
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import count

from sqlmodel import Session

from bot.application.routes import Routes
from bot.core.incoming import Incoming
from bot.core.screens import MAX_ID, MAX_VERSION, Attachment, Press
from bot.messengers.processing import inbox_store
from bot.security.passwords import GeneratedPassword
from bot.texts import BIDI_MARKS
from conversations.catalogue import ALL
from conversations.engine.engine import Engine
from handlers import all_routes
from handlers.telegram.router import RoutedReply, UpdateRouter
from storage.database.unit_of_work import forget_failure
from storage.enums import Messenger
from tests.abuse.cases import NOW, PUBLIC_INFO
from tests.abuse.fixtures import Persona, Town
from tests.abuse.ledger import Law, Ledger, Written

#: Typed into whatever question a forged press opened.
WORDS = (
    "این یک دلیل کافی و درست است",
    "9991234519",
    "فارس",
    "شیراز",
    "۱",
    "09121234567",
    "شعبه تازه",
    '=HYPERLINK("x")',
    "10000001",
)
#: Ways out of a dialogue; they end a walk.
OUT = frozenset({"d.cancel", "d.later", "d.discard"})
_numbers = count(1)


@dataclass
class Forger:
    db: Session
    town: Town
    written: Written
    engine: Engine = field(default_factory=lambda: Engine(ALL))
    wrong: list[str] = field(default_factory=list)
    tried: int = 0
    allowed: int = 0
    steps: int = 0

    def __post_init__(self) -> None:
        self.routes: Routes = all_routes(self.engine)
        self.decider = UpdateRouter(self.routes, self.engine)
        self.db.flush()
        self.ledger = Ledger(self.db)
        self.laws = {one.name: Law(self.db, one) for one in self.town.personas}
        self.db.expunge_all()

    # ── presses of every kind ────────────────────────────────────────────────────────────────────────────────────────

    def harvest(self, *, most: int = 4000, names: Sequence[str] = ()) -> dict[str, list[Press]]:
        """Every button that each persona (or those of `names`) is honestly shown, found by pressing all of them from
        home on."""
        found = dict[str, list[Press]]()
        for persona in self.town.personas:
            if names and persona.name not in names:
                continue
            seen, waiting = {Press("home")}, deque([Press("home")])
            while waiting and len(seen) < most:
                for shown in self.attempt(persona, waiting.popleft(), honest=True):
                    if shown not in seen and not shown.action.startswith("d."):
                        seen.add(shown)
                        waiting.append(shown)
            found[persona.name] = sorted(seen, key=repr)
        return found

    def attempt(
        self, persona: Persona, press: Press, *, honest: bool = False, chance: random.Random | None = None
    ) -> list[Press]:
        """One press, then, where it opened a dialogue and there is a `chance`, a walk through it; all undone. What breaks
        a promise is kept in `wrong`. Returns the presses shown."""
        self.tried += 1
        connection = self.db.connection()
        connection.exec_driver_sql("SAVEPOINT forged")
        story, shown = [f"{persona.name}: {press}"], list[Press]()
        self.written.tables.clear()
        try:
            decided = self._send(persona, press=press, pressed=True, callback_id="c")
            assert decided is not None
            self._look(persona, decided, story)
            shown = _presses(decided)
            for _ in range(12 if chance is not None else 0):
                inside = [one for one in _presses(decided) if one.action.startswith("d.")]
                if not inside:
                    break
                onward = [one for one in inside if one.action not in OUT]
                assert chance is not None
                if onward and chance.random() < 0.6:
                    step = chance.choice(onward)
                    story.append(step.action)
                    decided = self._send(persona, press=step, pressed=True, callback_id="c")
                else:
                    word = chance.choice(WORDS)
                    story.append(word)
                    decided = self._send(persona, text=word)
                if decided is None:
                    break
                self._look(persona, decided, story)
            self.db.flush()
        except Exception as error:
            self.wrong.append(f"{' / '.join(story)} → CRASH {type(error).__name__}: {str(error)[:300]}")
            forget_failure(connection)
            self.written.tables.clear()
        if self.written.tables:
            changes = self.ledger.changes(self.db, set(self.written.tables))
            self.allowed += bool(changes)
            self.wrong += [
                f"{' / '.join(story)} → {one}" for one in self.laws[persona.name].breaches(changes)
            ]
        self.db.expunge_all()
        self.db.info.clear()
        connection.exec_driver_sql("ROLLBACK TO SAVEPOINT forged")
        forget_failure(connection)
        return shown

    def _send(self, persona: Persona, **what: object) -> RoutedReply | None:
        """None where work outside the unit comes first (a password's hash): the walk ends there."""
        self.steps += 1
        incoming = Incoming(Messenger.TELEGRAM, next(_numbers), persona.chat_id, **what)  # type: ignore[arg-type]
        self.db.flush()
        self.db.expunge_all()
        turn = inbox_store.load_turn(self.db, incoming, NOW, PUBLIC_INFO)
        if turn.chat.id is None:
            self.db.add(turn.chat)
            self.db.flush()
        destination = self.decider.destination(turn)
        if destination == "dialogue":
            if self.engine.preparation(turn) is not None:
                return None
        elif isinstance(destination, Press) and destination.action == "credentials":
            turn.prepared = GeneratedPassword("madepassword", "hash")
        elif isinstance(destination, Press) and destination.action.startswith("staff.report_"):
            turn.prepared = b"made"
        decided = self.decider.decide(turn, destination)
        self.db.flush()
        return decided

    def _look(self, persona: Persona, decided: RoutedReply, story: list[str]) -> None:
        """Whether there is an answer, and whether it tells what is not for these eyes."""
        if not decided.screens and not decided.notice:
            self.wrong.append(f"{' / '.join(story)} → no answer")
        whole = "\n".join(
            [
                decided.notice or "",
                *(one.text for one in decided.screens),
                *(
                    f"{key.label} {key.url or ''} {key.copy or ''}"
                    for one in decided.screens
                    for key in one.buttons()
                ),
            ]
        )
        plain = BIDI_MARKS.sub("", whole).translate(_DIGITS)
        for mark, readers in self.town.marks.items():
            if (
                persona.name not in readers
                and mark not in story
                and re.search(rf"(?<!\d){re.escape(mark.translate(_DIGITS))}(?!\d)", plain)
            ):
                self.wrong.append(f"{' / '.join(story)} → told {mark!r}")
        for screen in decided.screens:
            for paper in screen.attachments:
                if isinstance(paper, Attachment) and persona.name not in self.town.papers.get(
                    paper.file_id, ()
                ):
                    self.wrong.append(f"{' / '.join(story)} → showed paper {paper.file_id}")


_DIGITS = str.maketrans("۰۱۲۳۴۵۶۷۸۹", "0123456789")


def _presses(decided: RoutedReply) -> list[Press]:
    keys = (key for screen in decided.screens for key in screen.buttons())
    return [replace(key.press, fresh=False) for key in keys if key.press is not None]


#: Arguments that some route may take apart, and some that none expects.
ARGS = (
    "",
    "0",
    "1",
    "-1",
    "99999999999999999999",
    "۱",
    "sums",
    "mui",
    "staff",
    "officer",
    "doc.national_card",
    "x y",
    "،",
)
#: Ids of no row, within what a button can carry.
NOWHERE = (0, 999_999, 2**31, MAX_ID - 1)
#: Versions long past and never reached.
VERSIONS = (0, 1, 7, MAX_VERSION - 1)


def forgeries(
    forger: Forger, harvested: dict[str, list[Press]], chance: random.Random
) -> Iterable[tuple[Persona, Press]]:
    """Everybody presses everybody's buttons; and every route is pressed with ids, versions and arguments at random.
    Endless for the second kind, a shuffled once for the first."""
    everything = sorted({press for presses in harvested.values() for press in presses}, key=repr)
    pairs = [(persona, press) for persona in forger.town.personas for press in everything]
    chance.shuffle(pairs)
    actions = sorted(forger.routes.by_action)
    ids = [*range(1, 40), *NOWHERE]
    for pair in pairs:
        yield pair
        persona = chance.choice(forger.town.personas)
        role = persona.actor.role if persona.actor is not None else None
        mine = [one for one in actions if role in forger.routes.by_action[one].roles]
        action = chance.choice(mine if chance.random() < 0.9 else actions)
        yield persona, Press(action, chance.choice(ids), chance.choice(VERSIONS), chance.choice(ARGS))
        yield (
            pair[0],
            replace(pair[1], version=chance.choice(VERSIONS), arg=chance.choice((pair[1].arg, *ARGS))),
        )
        yield pair[0], replace(pair[1], id=chance.choice(ids))
