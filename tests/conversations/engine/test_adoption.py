"""What a guest had begun, once the chat belongs to an account: what is shown stays shown, or is closed with its draft."""

import pytest
from sqlmodel import Session, select

from bot.core.incoming import Incoming
from bot.messengers.processing import inbox_store
from conversations.engine.declaration import Dialogue, Step
from conversations.questions import Text
from storage.enums import Role
from storage.tables import Draft
from tests.support.chat_driver import App, Person
from tests.support.chat_people import officer


def dialogues(app: App) -> tuple[Dialogue, Dialogue]:
    steps = (
        Step("a", Text(1, 500), prompt="الف؟", label="الف"),
        Step("b", Text(1, 500), prompt="ب؟", label="ب"),
    )
    moves = Dialogue("moves", steps, app.finish, keeps_draft=True, on_login="move")
    return moves, Dialogue("stays_behind", steps, app.finish, keeps_draft=True)


def log_in(person: Person, account_id: int | None) -> None:
    """The chat belongs to the account from now on, with whatever dialogue it shows."""
    app, chat_row = person.app, person.chat.id

    def unit(db: Session) -> None:
        incoming = Incoming(person.messenger, 1, person.chat_id)
        turn = inbox_store.load_turn(db, incoming, app.clock(), app.resources.public_info)
        assert turn.chat.id == chat_row
        turn.chat.account_id, turn.chat.role = account_id, Role.OFFICER
        app.engine.adopt(turn)

    app.run(unit)


@pytest.mark.parametrize(("shown", "closed"), [("moves", False), ("stays_behind", True)])
def test_the_chat_shows_what_is_left(app: App, shown: str, closed: bool) -> None:
    account_id = officer(app.use(*dialogues(app))).account.id
    person = app.person()
    for name in (*({"moves", "stays_behind"} - {shown}), shown):
        person.start(name).type("یک")

    log_in(person, account_id)

    assert (person.chat.dialogue is None) == closed
    assert (person.chat.draft_id is None) == closed
    assert app.all(select(Draft.dialogue).where(Draft.account_id == account_id)) == ["moves"]


def test_a_draft_of_the_account_goes_before_the_guests(app: App) -> None:
    owner = officer(app.use(*dialogues(app))).start("moves").type("از پیش")
    person = app.person().start("moves").type("مهمان")

    log_in(person, owner.account.id)

    assert app.all(select(Draft.answers)) == [{"a": "از پیش"}]
    assert person.chat.dialogue is None
