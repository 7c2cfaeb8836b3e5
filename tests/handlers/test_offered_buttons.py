"""Every button of every screen that only shows something leads on: nobody meets a refusal by following what is offered."""

from __future__ import annotations

from collections import deque
from typing import Any

import pytest
from sqlmodel import Session

from bot.core.refusals import Refusal
from bot.core.screens import Button
from handlers.telegram.router import RoutedReply, UpdateRouter
from storage.enums import Role
from storage.tables import Grant
from tests.support.distributor_data import accepts, branch, central, eligible, employs, firm, manager, picks
from tests.support.handler_driver import ROUTES, Visitor, account, expert, officer, submit

#: Screens that are pressed at most: pages and lists repeat themselves.
MOST = 400


class Arranged:
    """People in the middle of their work: requests waiting and decided, a contract, an officer asked by a distributor."""

    def __init__(self, db: Session) -> None:
        self.company = firm(db)
        self.manager = manager(db, self.company)
        self.expert = expert(db)
        self.in_charge = expert(db, "مسئولی", role=Role.IN_CHARGE)
        self.newcomer, self.applicant, self.claimed = officer(db), officer(db, "مینا"), officer(db, "نیلوفر")
        submit(self.applicant)
        submit(self.claimed)
        self.expert.opens("desk.queue").types("۱")
        self.employed, self.asked, self.accepted = eligible(db), eligible(db, "لیلا"), eligible(db, "پروانه")
        employs(self.manager, central(db, self.company), self.employed, self.expert)
        picks(self.manager, branch(db, self.company, "شرق"), self.asked)
        picks(self.manager, branch(db, self.company, "غرب"), self.accepted)
        accepts(self.accepted)
        person = account(db, "رضا", "ستادی")
        db.add(Grant(account_id=person.id or 0, role=Role.STAFF))
        self.staff = Visitor(db, person, Role.STAFF)


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


def followed(button: Button) -> bool:
    route = ROUTES.by_action.get(button.press.action) if button.press is not None else None
    return route is not None and route.shows and route.prepare is None


@pytest.mark.parametrize(
    "who",
    [
        "manager",
        "expert",
        "in_charge",
        "newcomer",
        "applicant",
        "claimed",
        "employed",
        "asked",
        "accepted",
        "staff",
    ],
)
def test_what_is_offered_leads_on(db: Session, refusals: list[str], who: str) -> None:
    person: Visitor = getattr(Arranged(db), who)
    refusals.clear()
    person.opens("home")
    waiting, known = deque(filter(followed, person.screen.buttons())), set[str]()
    while waiting and len(known) < MOST:
        button = waiting.popleft()
        assert button.press is not None
        if (packed := button.press.pack()) in known:
            continue
        known.add(packed)

        person.presses(button)

        assert refusals == [], f"{button.label!r} ({packed}) leads to a refusal:\n{person.text}"
        waiting.extend(filter(followed, person.screen.buttons()))
    assert len(known) >= 5
