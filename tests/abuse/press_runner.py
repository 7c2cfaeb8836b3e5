"""Presses buttons as any participant, in one session; what each try wrote is rolled back."""

import random
import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import count

from sqlmodel import Session

from bot.application.routes import Routes
from bot.core.incoming import Incoming
from bot.core.screens import MAX_ID, MAX_VERSION, Attachment, Press
from bot.messengers.processing import inbox_store
from bot.security.passwords import GeneratedPassword
from conversations.catalogue import ALL
from conversations.engine.engine import Engine
from handlers import all_routes
from handlers.telegram.router import RoutedReply, UpdateRouter
from storage.database.unit_of_work import forget_failure
from storage.enums import Messenger
from tests.abuse.allowed_changes import AllowedChanges
from tests.abuse.cases import PUBLIC_INFO
from tests.abuse.changes import Snapshot, WrittenTables
from tests.abuse.participants import Participant, Participants
from tests.support.factories.reference_data import NOW

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

#: A list with more than one filter at once: of every combination there are too many.
_SEVERAL_FILTERS = re.compile(r"\d+\.[a-z]{2,}\.")


@dataclass
class PressRunner:
    db: Session
    participants: Participants
    written: WrittenTables
    engine: Engine = field(default_factory=lambda: Engine(ALL))
    #: What broke a promise.
    wrong: list[str] = field(default_factory=list)
    effects: int = 0

    def __post_init__(self) -> None:
        self.routes: Routes = all_routes(self.engine)
        self.router = UpdateRouter(self.routes, self.engine)
        self.db.flush()
        self.before = Snapshot(self.db)
        self.allowed = {one.name: AllowedChanges(self.db, one) for one in self.participants.all}
        self.db.expunge_all()

    def collect_buttons(self, *, most: int = 4000, names: Sequence[str] = ()) -> dict[str, list[Press]]:
        """Every button that each participant (or those of `names`) is shown, found by pressing all of them from home
        on."""
        found = dict[str, list[Press]]()
        for participant in self.participants.all:
            if names and participant.name not in names:
                continue
            seen, waiting = {Press("home")}, deque([Press("home")])
            while waiting and len(seen) < most:
                for shown in self.try_press(participant, waiting.popleft()):
                    endless = shown.action.startswith("d.") or _SEVERAL_FILTERS.match(shown.arg)
                    if shown not in seen and not endless:
                        seen.add(shown)
                        waiting.append(shown)
            found[participant.name] = sorted(seen, key=repr)
        return found

    @contextmanager
    def undone(self, story: list[str]) -> Iterator[None]:
        """A try, rolled back at its end. A crash is noted in `wrong`, after what was done."""
        connection = self.db.connection()
        connection.exec_driver_sql("SAVEPOINT tried")
        self.written.names.clear()
        try:
            yield
        except Exception as error:
            self.note(story, f"CRASH {type(error).__name__}: {str(error)[:300]}")
        finally:
            self.db.expunge_all()
            self.db.info.clear()
            forget_failure(connection)
            connection.exec_driver_sql("ROLLBACK TO SAVEPOINT tried")
            forget_failure(connection)

    def note(self, story: list[str], problem: object) -> None:
        self.wrong.append(f"{' / '.join(story)} → {problem}")

    def try_press(
        self, participant: Participant, press: Press, *, chance: random.Random | None = None
    ) -> list[Press]:
        """One press, then, where it opened a dialogue and there is a `chance`, a random walk through it. Returns the
        buttons shown."""
        story, shown = [f"{participant.name}: {press}"], list[Press]()
        with self.undone(story):
            reply = self.process(participant, press=press)
            assert reply is not None
            shown = _presses(reply)
            for _ in range(12):
                self._check_reply(participant, reply, story)
                inside = [one for one in _presses(reply) if one.action.startswith("d.")]
                if chance is None or not inside:
                    break
                onward = [one for one in inside if one.action not in OUT]
                if onward and chance.random() < 0.6:
                    step = chance.choice(onward)
                    story.append(step.action)
                    reply = self.process(participant, press=step)
                else:
                    story.append(chance.choice(WORDS))
                    reply = self.process(participant, text=story[-1])
                if reply is None:
                    break
            self.db.flush()
            if self.written.names:
                changes = self.before.changes(self.db, set(self.written.names))
                self.effects += bool(changes)
                for one in self.allowed[participant.name].violations(changes):
                    self.note(story, one)
        return shown

    def process(
        self, participant: Participant, *, press: Press | None = None, text: str | None = None
    ) -> RoutedReply | None:
        """None where work outside the unit comes first (a password's hash): the walk ends there."""
        pressed = (
            {"press": press, "pressed": True, "callback_id": "c"} if press is not None else {"text": text}
        )
        incoming = Incoming(Messenger.TELEGRAM, next(_numbers), participant.chat_id, **pressed)
        self.db.flush()
        self.db.expunge_all()
        turn = inbox_store.load_turn(self.db, incoming, NOW, PUBLIC_INFO)
        if turn.chat.id is None:
            self.db.add(turn.chat)
            self.db.flush()
        destination = self.router.destination(turn)
        if destination == "dialogue":
            if self.engine.preparation(turn) is not None:
                return None
        elif isinstance(destination, Press) and destination.action == "credentials":
            turn.prepared = GeneratedPassword("madepassword", "hash")
        elif isinstance(destination, Press) and destination.action.startswith(
            ("staff.report_", "desk.report_")
        ):
            turn.prepared = b"made"
        reply = self.router.decide(turn, destination)
        self.db.flush()
        return reply

    def _check_reply(self, participant: Participant, reply: RoutedReply, story: list[str]) -> None:
        """There is an answer, and it shows nothing that this participant may not read."""
        if not reply.screens and not reply.notice:
            self.note(story, "no answer")
        keys = [key for screen in reply.screens for key in screen.buttons()]
        texts = [reply.notice or "", *(screen.text for screen in reply.screens)]
        texts += [f"{key.label} {key.url or ''} {key.copy or ''}" for key in keys]
        for mark in self.participants.not_for(participant.name, "\n".join(texts)):
            if mark not in story:
                self.note(story, f"told {mark!r}")
        for one in (one for screen in reply.screens for one in screen.attachments):
            if isinstance(one, Attachment):
                readers = self.participants.files.get(one.file_id, frozenset())
                if participant.name not in readers:
                    self.note(story, f"showed file {one.file_id}")


def _presses(reply: RoutedReply) -> list[Press]:
    keys = (key for screen in reply.screens for key in screen.buttons())
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


def forged_presses(
    runner: PressRunner, buttons: dict[str, list[Press]], chance: random.Random
) -> Iterable[tuple[Participant, Press]]:
    """Everybody presses everybody's buttons, shuffled; between them every route is pressed with ids, versions and
    arguments at random."""
    everything = sorted({press for presses in buttons.values() for press in presses}, key=repr)
    pairs = [(participant, press) for participant in runner.participants.all for press in everything]
    chance.shuffle(pairs)
    actions = sorted(runner.routes.by_action)
    ids = [*range(1, 40), *NOWHERE]
    for participant, press in pairs:
        yield participant, press
        other = chance.choice(runner.participants.all)
        role = other.actor.role if other.actor is not None else None
        own = [one for one in actions if role in runner.routes.by_action[one].roles]
        action = chance.choice(own if chance.random() < 0.9 else actions)
        yield other, Press(action, chance.choice(ids), chance.choice(VERSIONS), chance.choice(ARGS))
        arg = chance.choice((press.arg, *ARGS))
        yield participant, replace(press, version=chance.choice(VERSIONS), arg=arg)
        yield participant, replace(press, id=chance.choice(ids))
