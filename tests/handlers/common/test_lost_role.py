"""A chat whose role is gone: it acts in another role of its account, else it is a guest's, and a dialogue is left."""

import pytest
from sqlmodel import select

from storage.enums import AccountState, Role
from storage.tables import Account, Grant
from tests.support import chat_people as people
from tests.support.chat_driver import App


@pytest.mark.parametrize("in_dialogue", [False, True])
@pytest.mark.parametrize(
    ("other", "annulled", "left"),
    [(None, False, None), (Role.STAFF, False, Role.STAFF), (Role.STAFF, True, None), (None, True, None)],
)
def test_what_is_left_of_a_chat_whose_role_is_gone(
    app: App, other: Role | None, annulled: bool, left: Role | None, in_dialogue: bool
) -> None:
    maryam = people.expert(app)
    account_id = maryam.account.id
    grant = app.one(select(Grant).where(Grant.account_id == account_id, Grant.role == Role.EXPERT))
    if other is not None:
        app.add(Grant(account_id=account_id, role=other))
    maryam.open("desk.queue")
    if in_dialogue:
        maryam.open("desk.search")
        assert maryam.chat.dialogue == "search"
    linked = maryam.chat.linked_at
    app.change(Grant, grant.id, active=False)
    if annulled:
        app.change(Account, account_id, state=AccountState.ANNULLED)

    maryam.type("سلام")

    chat = maryam.chat
    assert (chat.account_id, chat.role) == ((account_id, left) if left is not None else (None, None))
    assert chat.linked_at == (linked if left is not None else None)
    assert (chat.dialogue, chat.draft_id) == (None, None)
