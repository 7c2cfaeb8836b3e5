"""The screens that people in the middle of their work are led to, one of each route, as keys of the catalogue with their values.

Which sentences, values and buttons a screen has is compared with tests/handlers/screens/. Where a screen is meant to change,
`SCREENS=write pytest tests/handlers/test_screens.py` writes these files anew, and the commit shows what became of each screen.
"""

import re
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest
from sqlmodel import select

from bot.core.context import Actor
from bot.core.screens import Button, Press
from bot.services.exports import reading
from bot.services.exports.wanted import ExportKind, Wanted
from bot.services.shared import notify
from bot.texts import t
from handlers.common.navigation import with_page
from storage.enums import AttemptState, InboxState, LetterState, Messenger, PushChannel, PushState
from storage.tables import FileNote, InboxUpdate, Letter, LetterRecipient, Officer, Push, SavedPhrase
from tests.handlers.test_offered_buttons import WHO, Arranged
from tests.support import chat_driver, identities
from tests.support import chat_people as people
from tests.support.chat_driver import NOW, App, Person
from tests.support.factories import distributors as factories_distributors
from tests.support.factories import people as factories_people
from tests.support.kept_screens import compare, show_keys

#: Screens of a route: of different rows, or of other pages.
VARIANTS = 2
#: Screens that have pages and are no lists.
PAGED = {
    "export.at",
    "inbox",
    "me",
    "staff.account_payments",
    "staff.file_payments",
    "staff.trail",
    "staff.file_trail",
    "dist.free",
    "term.archive",
}
HERE = Path(__file__).parent / "screens"


class Busy(Arranged):
    """A day with something in each list: payments to return, letters, messages that did not arrive, notes, a leave."""

    def __init__(self, app: App) -> None:
        super().__init__(app)
        self.app = app
        self.unpaid, self.completed, self.deficient = (
            people.submit(people.officer(app, name)) for name in ("نسرین", "شیوا", "مهناز")
        )
        for applicant in (self.unpaid, self.completed):
            people.approve(self.expert, applicant)
        people.complete(app, people.request_of(self.completed))
        people.at_decision(self.expert, self.deficient)
        self.expert.tap("⚠️ اعلام نواقص", "نام پدر", "ارسال نواقص", "بله، ارسال شود")
        self.suspended = people.officer(app, "ژاله")
        people.suspend(self.suspended)
        self.payments()
        self.messages()
        self.colleagues()
        self.staff.open("staff.find_account").type(people.code_of(self.unpaid))
        self.staff.open("home")

    def payments(self) -> None:
        request = people.request_of(self.completed)
        back = {"paid_at": NOW, "bank_ref": "778", "card_masked": "6037-99**-****-1234"}
        people.payment_attempt(self.app, request, AttemptState.REFUND_DUE, **back | {"ref": "A2"})
        returned = {"ref": "A3", "refund_ref": "55", "refunded_at": NOW, "refunded_by": self.staff.account.id}
        people.payment_attempt(self.app, request, AttemptState.REFUNDED, **back | returned)

    def messages(self) -> None:
        given_up = {"kind": "N1", "channel": PushChannel.CHAT, "state": PushState.GIVEN_UP, "note": "blocked"}
        for number in (1, 2):
            common = {"account_id": self.asked.account.id, "created_at": NOW, "next_at": NOW}
            self.app.add(Push(key=f"k{number}", text="پرونده شما تأیید شد", **given_up | common))
        failed = {"state": InboxState.FAILED, "note": "E1", "received_at": NOW, "raw": "{}"}
        self.app.add(
            InboxUpdate(messenger=Messenger.TELEGRAM, update_id=5, lane=self.asked.chat_id, **failed)
        )
        for key in ("no_expert:mui", "no_tariff:NEW"):
            self.app.run(
                lambda db, key=key: notify.alert_staff(db, key=key, text="نیاز به رسیدگی دارد", now=NOW)
            )
        author, ended = self.staff.account.id, {"finished_at": NOW, "created_at": NOW}
        texts = {"title": "ابلاغ ضوابط تازه", "text": "متن نامه", "number": "۱۲/۳"}
        letter = self.app.add(
            Letter(
                created_by=author,
                state=LetterState.SENT,
                audience={"kind": "ALL", "value": ""},
                recipients=2,
                delivered=2,
                **texts,
                **ended,
            )
        )
        for person, read_at in ((self.employed, None), (self.asked, NOW)):
            self.app.add(
                LetterRecipient(
                    letter_id=letter.id, account_id=person.account.id, delivered_at=NOW, read_at=read_at
                )
            )

    def colleagues(self) -> None:
        request, author = people.request_of(self.claimed), self.expert.account.id
        self.app.add(
            FileNote(
                subject="qualification",
                subject_id=request.id,
                account_id=author,
                text="تماس گرفته شد",
                created_at=NOW,
            )
        )
        for whose in ({"account_id": author}, {"university_code": "sums"}):
            self.app.add(SavedPhrase(text="مدارک خوانا نیست", created_at=NOW, **whose))


def count_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Numbers that tests count up begin anew, so that what is kept has the same ones each time."""
    monkeypatch.setattr(identities, "_numbers", count(7001))
    monkeypatch.setattr(factories_people, "_user_codes", count(20_000_001))
    monkeypatch.setattr(factories_distributors, "_guild_numbers", count(700_900))


@contextmanager
def busy_app(template: Path, file: Path) -> Iterator[tuple[App, Busy]]:
    """`file` is the database, made from the template."""
    file.write_bytes(template.read_bytes())
    with pytest.MonkeyPatch.context() as counters:
        count_anew(counters)
        app = App(f"sqlite:///{file}")
        people.tariff(app)
        world = Busy(app)
    yield app, world
    app.close()


@pytest.fixture(scope="module")
def arranged(
    seeded_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[App, Busy, dict[str, str]]]:
    """The tokens of cards are told by whose they are."""
    with busy_app(seeded_template, tmp_path_factory.mktemp("screens") / "bot.db") as (app, world):
        made_up = {
            one.card_token: f"CARD{one.account_id}"
            for one in app.all(select(Officer))
            if one.card_token is not None
        }
        yield app, world, made_up


@pytest.fixture
def keys_for_sentences(monkeypatch: pytest.MonkeyPatch) -> None:
    show_keys(monkeypatch)
    # Keys are longer than sentences.
    monkeypatch.setattr(chat_driver, "check_screens", lambda screens: None)


def followed(app: App, button: Button) -> bool:
    route = app.routes.by_action.get(button.press.action) if button.press is not None else None
    return route is not None and route.shows and route.prepare is None


def told(person: Person) -> Iterator[str]:
    for screen in person.screens:
        yield from screen.text.splitlines()
        for row in screen.rows:
            yield "    " + " | ".join(
                f"{one.label} → {one.press.pack() if one.press else one.url}" for one in row
            )
        for file in screen.attachments:
            yield f"    file: {file}"


def screens_of(app: App, person: Person, *, beside: bool) -> Iterator[str]:
    """`beside`: also what everybody may read in the middle of a dialogue."""
    waiting, known, seen = deque([Press("home")]), Counter[str](), set[str]()
    while waiting:
        press = waiting.popleft()
        if not beside and app.routes.by_action[press.action].beside:
            continue
        if known[press.action] == VARIANTS or press.pack() in seen:
            continue
        known[press.action] += 1
        seen.add(press.pack())
        person.press(press)
        yield f"\n## {press.pack()}"
        yield from told(person)
        if person.notice:
            yield f"    notice: {person.notice}"
        waiting.extend(
            one.press for one in person.screen.buttons() if one.press is not None and followed(app, one)
        )


@pytest.mark.usefixtures("keys_for_sentences")
@pytest.mark.parametrize("who", [*WHO.split(), "unpaid", "completed", "deficient", "suspended"])
def test_the_screens_are_as_they_were(arranged: tuple[App, Busy, dict[str, str]], who: str) -> None:
    app, world, made_up = arranged
    shown = "\n".join(screens_of(app, getattr(world, who), beside=who == "newcomer")).lstrip("\n")
    for value, name in made_up.items():
        shown = shown.replace(value, name)
    compare(HERE / f"{who}.txt", re.sub(r"/pay/[0-9a-f]{32}", "/pay/TOKEN", shown).splitlines())


@pytest.mark.usefixtures("keys_for_sentences")
@pytest.mark.parametrize("who", ["staff", "expert", "in_charge", "manager", "newcomer", "stranger"])
def test_the_screens_of_a_first_day_are_as_they_were(
    app: App, who: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody has filed anything yet: each list says so, and what to do next."""
    count_anew(monkeypatch)
    make = {
        "staff": people.staff,
        "expert": people.expert,
        "in_charge": people.in_charge,
        "manager": lambda app: people.distributor(app)[0],
        "newcomer": people.officer,
        "stranger": App.person,
    }
    shown = "\n".join(screens_of(app, make[who](app), beside=who == "stranger")).lstrip("\n")
    compare(HERE / f"first_day_{who}.txt", shown.splitlines())


@pytest.mark.parametrize("who", WHO.split())
def test_an_old_button_to_a_page_that_is_gone_shows_a_page_that_is_there(
    arranged: tuple[App, Busy, dict[str, str]], who: str
) -> None:
    """The first page or the last one, and not that there is nothing."""
    app, world, _ = arranged
    person: Person = getattr(world, who)

    def shown() -> str:
        return "\n".join(told(person))

    seen, waiting = set[str](), deque([Press("home")])
    while waiting:
        press = waiting.popleft()
        if press.action in seen:
            continue
        seen.add(press.action)
        person.press(press)
        waiting.extend(one.press for one in person.screen.buttons() if one.press and followed(app, one))
        if not app.routes.by_action[press.action].listed and press.action not in PAGED:
            continue
        ends = {shown()}
        while t("nav.next") in person.labels:
            person.tap(t("nav.next"))
            ends.add(shown())
        for far in (50, 99_999):
            in_version = press.action == "export.at"
            person.press(
                replace(press, version=far) if in_version else replace(press, arg=with_page(press.arg, far))
            )
            assert shown() in ends, press


@pytest.mark.parametrize("kind", ExportKind)
@pytest.mark.parametrize("who", ["staff", "in_charge"])
def test_the_exports_are_as_they_were(
    arranged: tuple[App, Busy, dict[str, str]], who: str, kind: ExportKind, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, world, _ = arranged
    if who == "in_charge" and kind is ExportKind.LETTERS:
        return
    show_keys(monkeypatch)
    person: Person = getattr(world, who)
    actor = Actor(person.account.id, person.chat.role, None if who == "staff" else "sums")  # type: ignore[arg-type]
    read = app.wait(reading.read(app.database, actor=actor, wanted=Wanted(kind, 0), now=NOW))
    lines = [f"{name}: {value}" for name, value in read.about]
    lines += [" | ".join(str(cell) for cell in row) for row in (read.head, *read.rows, read.sums)]
    compare(HERE / f"export_{kind}_{who}.txt", lines)
