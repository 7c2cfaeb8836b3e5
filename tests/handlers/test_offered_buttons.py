"""Every button of every screen that only shows something leads on: nobody meets a refusal by following what is offered."""

from collections import deque
from typing import Any

import pytest

from bot.core.refusals import Refusal
from bot.core.screens import Button
from handlers.telegram.router import RoutedReply, UpdateRouter
from tests.support import chat_people as people
from tests.support.chat_driver import App, Person

pytestmark = pytest.mark.campaign  # a walk through hundreds of screens of every role

#: Screens that are pressed at most: pages and lists repeat themselves.
MOST = 400


class Arranged:
    """People in the middle of their work: requests waiting and decided, a contract, an officer asked by a distributor."""

    def __init__(self, app: App) -> None:
        self.manager, central = people.distributor(app)
        self.expert, self.in_charge = people.expert(app), people.in_charge(app)
        self.newcomer = people.officer(app)
        self.applicant, self.claimed = (
            people.submit(people.officer(app, "مینا")),
            people.submit(people.officer(app, "نیلوفر")),
        )
        self.expert.open("desk.queue").type("۱")
        self.employed, self.asked, self.accepted = (
            people.eligible(app, name) for name in ("سارا", "لیلا", "پروانه")
        )
        people.employ(self.manager, central, self.employed, self.expert)
        people.pick(self.manager, people.branch(self.manager, "شرق"), self.asked)
        people.pick(self.manager, people.branch(self.manager, "غرب"), self.accepted)
        people.accept(self.accepted)
        self.staff = people.staff(app)


@pytest.fixture
def refusals(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The keys of the refusals that were shown."""
    shown: list[str] = []
    refused = UpdateRouter.refused

    def note(self: UpdateRouter, turn: Any, refusal: Refusal) -> RoutedReply:
        shown.append(refusal.key)
        return refused(self, turn, refusal)

    monkeypatch.setattr(UpdateRouter, "refused", note)
    return shown


WHO = "manager expert in_charge newcomer applicant claimed employed asked accepted staff"


@pytest.mark.parametrize("who", WHO.split())
def test_what_is_offered_leads_on(app: App, refusals: list[str], who: str) -> None:
    def followed(button: Button) -> bool:
        route = app.routes.by_action.get(button.press.action) if button.press is not None else None
        return route is not None and route.shows and route.prepare is None

    people.tariff(app)
    person: Person = getattr(Arranged(app), who)
    refusals.clear()
    person.open("home")
    for label in [label for label in person.labels if "خروج" not in label]:
        person.open("home").tap(label)
        assert refusals == [], f"{label!r} leads to a refusal:\n{person.text}"
    person.open("home")
    waiting, known = deque(filter(followed, person.screen.buttons())), set[str]()
    while waiting and len(known) < MOST:
        button = waiting.popleft()
        assert button.press is not None
        if (packed := button.press.pack()) in known:
            continue
        known.add(packed)

        person.press(button)

        assert refusals == [], f"{button.label!r} ({packed}) leads to a refusal:\n{person.text}"
        waiting.extend(filter(followed, person.screen.buttons()))
    assert len(known) >= 5
