"""What the card offers before and after it was issued, and what whoever scans it is told today."""

from typing import Any

import pytest

from bot.core.context import Actor
from bot.core.refusals import Unavailable
from bot.services.officers import card as officers_card
from bot.texts import t
from storage.enums import Messenger, Role
from storage.tables import Officer
from tests.support import chat_people as people
from tests.support.chat_driver import NOW, App, Person

BOT = "https://t.me/officer_bot"


def issued(person: Person) -> str:
    """The token of the card that is issued now."""
    actor = Actor(person.account.id, Role.OFFICER, messenger=Messenger.TELEGRAM)
    return person.app.run(lambda db: officers_card.issue_card(db, actor=actor, now=NOW).token)


def test_the_address_of_a_card_is_there_once_it_was_issued_and_the_bots_name_is_known(app: App) -> None:
    sara = people.eligible(app).open("card").sees(t("card.picture")).sees_not(t("card.copy"))
    token = issued(sara)
    sara.open("card").sees_not(t("card.copy"))
    app.resources.public_info.bot_links[Messenger.TELEGRAM] = BOT
    sara.open("card").sees(t("card.picture"), t("card.intro"))
    assert sara.button(t("card.copy")).copy == f"{BOT}?start=card_{token}"


def test_without_the_bots_name_no_picture_is_drawn(app: App) -> None:
    sara = people.eligible(app).open("card.picture").sees(t(Unavailable().key))
    assert not sara.files


@pytest.mark.parametrize(
    ("values", "suspended", "state"),
    [
        ({}, False, "card.valid"),
        ({}, True, "card.suspended"),
        ({"qualified_at": None}, False, "card.revoked"),
        ({"qualified_at": None}, True, "card.revoked"),
    ],
)
def test_who_scans_a_card_is_told_what_it_is_worth_today(
    app: App, values: dict[str, Any], suspended: bool, state: str
) -> None:
    sara = people.eligible(app)
    token = issued(sara)
    app.change(Officer, sara.account.id, **values)
    if suspended:
        people.suspend(sara)
    guest = app.person().command("start", f"card_{token}").sees("سارا کریمی‌نژاد", t(state), t("nav.home"))
    for other in {"card.valid", "card.suspended", "card.revoked"} - {state}:
        guest.sees_not(t(other))


@pytest.mark.parametrize("kind", ["guest", "expert", "suspended"])
def test_nobody_else_has_a_card_drawn(app: App, kind: str) -> None:
    app.resources.public_info.bot_links[Messenger.TELEGRAM] = BOT
    sara = people.eligible(app)
    person = app.person() if kind == "guest" else people.expert(app) if kind == "expert" else sara
    if kind == "suspended":
        people.suspend(sara)
    person.open("card.picture")
    assert not person.files
    assert app.get(Officer, sara.account.id).card_token is None
