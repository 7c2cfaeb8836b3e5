"""Every screen and act of the directorate is shut to everybody else, whatever they press."""

import pytest
from sqlmodel import select

from storage.tables import Account, AuditEvent, Grant
from tests.support.chat_driver import App
from tests.support.chat_people import distributor, expert, in_charge

pytestmark = pytest.mark.campaign  # everything is tried by everybody

PEOPLE = {
    "guest": lambda app: app.person(),
    "officer": lambda app: app.person().register(),
    "expert": expert,
    "expert in charge": in_charge,
    "manager": lambda app: distributor(app)[0],
}


@pytest.mark.parametrize("name", PEOPLE)
def test_nobody_else_opens_or_does_anything_of_the_directorate(app: App, name: str) -> None:
    person = PEOPLE[name](app).command("menu")
    tables = (select(AuditEvent.id), select(Account.id, Account.state), select(Grant.id, Grant.active))
    before = [app.all(query) for query in tables]
    actions = sorted(action for action in app.routes.by_action if action.startswith("staff."))
    assert len(actions) > 50
    refusal = "دیگر معتبر نیست" if name == "guest" else "دسترسی ندارید"
    for action in actions:
        for values in ((1, 1), (0, 0, "sums"), (1, 0, "retraining:active:0")):
            assert not person.open(action, *values).sees(refusal).files
    assert [app.all(query) for query in tables] == before
