"""Drafts on both databases: written by compare-and-set, begun once, dropped everywhere, swept when old."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm.attributes import set_committed_value
from sqlmodel import select

from bot.core.context import Turn
from bot.core.refusals import Stale
from bot.core.screens import Press, Reply
from bot.services.drafts import store as draft_store
from conversations.account.registration import REGISTER
from conversations.engine.declaration import Dialogue, Step
from conversations.questions import Text
from storage.tables import Chat, Draft
from tests.support.chat_driver import NOW, App
from tests.support.chat_fixtures import ON_BOTH_DATABASES
from tests.support.chat_people import officer

pytestmark = ON_BOTH_DATABASES
HOUR = timedelta(hours=1)


def form(app: App, name: str = "kept", **options: Any) -> Dialogue:
    steps = (
        Step("x", Text(1, 500), prompt="چه؟", label="چه"),
        Step("y", Text(1, 500), prompt="که؟", label="که"),
    )
    return Dialogue(name, steps, app.finish, **{"keeps_draft": True} | options)


def test_whoever_read_an_older_draft_writes_nothing(app: App) -> None:
    kept = form(app)

    def two_at_once(turn: Turn) -> Reply:
        draft = draft_store.begin_draft(turn, kept.name, kept.version, 0, {})
        draft_store.write_draft(turn, draft, kept.version, {"x": "نخست"})
        set_committed_value(draft, "version", 0)  # as the other chat still holds it
        try:
            draft_store.write_draft(turn, draft, kept.version, {"x": "دیر"})
        except Stale:
            return Reply(goto=Press("done"))
        raise AssertionError("it was written")

    officer(app).do(two_at_once)
    assert app.all(select(Draft.answers, Draft.version)) == [({"x": "نخست"}, 1)]


def test_a_draft_that_is_there_already_is_continued(app: App) -> None:
    ids: list[int | None] = []

    def both(turn: Turn) -> Reply:
        ids[:] = [draft_store.begin_draft(turn, "kept", 1, 5, {"x": answer}).id for answer in ("یک", "دو")]
        return Reply(goto=Press("done"))

    officer(app).do(both)
    assert ids[0] == ids[1]
    assert app.all(select(Draft.answers)) == [{"x": "یک"}]


def test_a_form_begun_in_one_chat_is_finished_in_another(app: App) -> None:
    first = officer(app.use(form(app))).start("kept").sees("چه؟").type("یک")
    second = first.elsewhere().start("kept").sees("که؟").type("دو")
    assert second.view == Press("done")
    assert app.finished == [{"x": "یک", "y": "دو"}]
    assert app.all(select(Chat.dialogue)) == [None, None]
    assert app.all(select(Draft)) == []


def test_a_registration_is_kept_a_month_and_every_other_form_a_year(app: App) -> None:
    assert (REGISTER.days_kept, form(app).days_kept) == (30, 365)


@pytest.mark.parametrize("days", [1, 30, 365])
def test_a_form_is_there_to_the_end_of_its_last_day(app: App, days: int) -> None:
    dialogue = form(app, days_kept=days)
    person = officer(app.use(dialogue))
    values = {"dialogue": "kept", "subject_id": 0, "answers": {"x": "کهنه"}, "updated_at": NOW}
    draft = app.add(Draft(account_id=person.account.id, **values))
    end = NOW + timedelta(days=days)
    for at, gone in ((end - HOUR, False), (end + HOUR, True)):
        app.clock.now = at
        assert dialogue.is_expired(draft, at) == gone
        assert person.read_turn(app.engine.open_drafts) == ([] if gone else [("kept", 0)])
    person.start("kept").sees("چه؟")
    assert person.read_turn(app.engine.open_drafts) == [("kept", 0)], "it is begun anew"

    def drop(turn: Turn) -> Reply:
        app.engine.drop(turn, "kept")
        return Reply(goto=Press("done"))

    person.do(drop)
    assert person.chat.dialogue is None
    assert person.read_turn(app.engine.open_drafts) == []


def test_old_drafts_are_swept(app: App) -> None:
    """But no draft whose end must settle more than itself."""
    app.use(form(app), form(app, "short", days_kept=2), form(app, "discards", discard=lambda turn: None))
    account_id = officer(app).account.id
    ids = []
    for subject, (name, age) in enumerate(
        (
            ("short", timedelta(days=2) - HOUR),
            ("short", timedelta(days=2) + HOUR),
            ("kept", timedelta(days=3)),
            ("discards", timedelta(days=400)),
        )
    ):
        values = {"dialogue": name, "subject_id": subject, "answers": {}, "updated_at": NOW - age}
        ids.append(app.add(Draft(account_id=account_id, **values)).id)
    (chat_id,) = app.all(select(Chat.id))
    app.change(Chat, chat_id, dialogue="short", draft_id=ids[1])

    assert app.run(lambda db: app.engine.delete_expired_drafts(db, NOW)) == 1

    assert app.all(select(Draft.subject_id).order_by(Draft.subject_id)) == [0, 2, 3]
    assert app.all(select(Chat.dialogue)) == [None]
