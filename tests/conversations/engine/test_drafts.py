"""Drafts on both databases: written by compare-and-set, begun once, dropped everywhere, swept when old."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy.orm.attributes import set_committed_value
from sqlmodel import select

from bot.core.context import Turn
from bot.core.refusals import Stale
from bot.core.screens import Press, Reply
from bot.services.drafts import store as draft_store
from conversations.engine.declaration import Dialogue, Step
from conversations.questions import Text
from storage.tables import Chat, Draft
from tests.support.chat_driver import NOW, App
from tests.support.chat_fixtures import ON_BOTH_DATABASES
from tests.support.chat_people import officer

pytestmark = ON_BOTH_DATABASES


def form(app: App, name: str = "kept", **options: Any) -> Dialogue:
    steps = (Step("x", Text(), prompt="چه؟", label="چه"), Step("y", Text(), prompt="که؟", label="که"))
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


def test_old_drafts_are_swept(app: App) -> None:
    app.use(
        form(app),
        form(app, "discards", discard=lambda turn: None),
        form(app, "short", keeps_draft=False, days_kept=2),
    )
    account_id = officer(app).account.id

    def draft(dialogue: str, subject_id: int, days: int) -> int:
        row = Draft(account_id=account_id, dialogue=dialogue, subject_id=subject_id, answers={})
        row.updated_at = NOW - timedelta(days=days)
        return int(app.add(row).id)

    for name in ("kept", "discards", "short"):
        draft(name, 0, 3)
    (chat_id,) = app.all(select(Chat.id))
    app.change(Chat, chat_id, dialogue="kept", draft_id=draft("kept", 9, 400))

    assert app.run(lambda db: app.engine.delete_expired_drafts(db, NOW)) == 2

    left = app.all(select(Draft.dialogue, Draft.subject_id).order_by(Draft.dialogue))
    assert left == [("discards", 0), ("kept", 0)]
    assert app.all(select(Chat.dialogue)) == [None]


def test_an_expired_draft_is_begun_anew(app: App) -> None:
    person = officer(app.use(form(app, days_kept=10)))
    old = {"answers": {"x": "کهنه"}, "updated_at": NOW - timedelta(days=11)}
    app.add(Draft(account_id=person.account.id, dialogue="kept", **old))
    assert person.read_turn(app.engine.open_drafts) == []
    person.start("kept").sees("چه؟")
    assert person.read_turn(app.engine.open_drafts) == [("kept", 0)]

    def drop(turn: Turn) -> Reply:
        app.engine.drop(turn, "kept")
        return Reply(goto=Press("done"))

    person.do(drop)
    assert person.chat.dialogue is None
    assert person.read_turn(app.engine.open_drafts) == []
