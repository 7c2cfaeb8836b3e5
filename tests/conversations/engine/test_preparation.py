"""What is worked out before the unit: only where the update needs it."""

from __future__ import annotations

from typing import Any, cast

import pytest
from sqlmodel import Session

from bot.application.resources import Resources
from bot.core.context import Turn
from bot.core.incoming import Incoming, OfferedFile
from bot.core.refusals import InvalidInput
from bot.core.screens import Press, Reply
from conversations.engine.declaration import Answers, Dialogue, Incomplete, Step, UserInput
from conversations.engine.engine import Engine
from conversations.questions import Choice, Documents, Secret, Text
from storage.enums import Messenger
from tests.support.dialogue_driver import Person, new_account

DESK = cast(Resources, None)


class Doubled(Text):
    """Prepares the typed text twice over."""

    async def prepare(self, resources: Resources, incoming: Incoming, answers: Answers) -> Any:
        if incoming.text == "بد":
            raise InvalidInput("error.short_reason")
        return (incoming.text or "") * 2

    def accept(self, turn: Turn, ask: Step, answers: Answers, given: UserInput) -> Any | Incomplete:
        assert isinstance(turn.prepared, str)
        return turn.prepared


async def made(resources: Resources, incoming: Incoming, answers: Answers) -> str:
    return f"made of {sorted(answers)}"


def finish(turn: Turn, answers: dict[str, Any]) -> Reply:
    return Reply(goto=Press("done"), notice=f"{turn.prepared} {answers}")


def person_in(db: Session, *steps: Step, **options: Any) -> Person:
    dialogue = Dialogue("d", steps, finish, **({"prepare_finish": made} | options))
    person = Person(db, Engine([dialogue]), new_account(db))
    person.resources = object()  # type: ignore[assignment]
    return person.starts("d")


def needs(person: Person, **what: Any) -> Any:
    with person.turn(Incoming(Messenger.BALE, 1, 1, **what)) as turn:
        return person.engine.preparation(turn)


A = Step("a", Doubled(), prompt="الف؟", label="الف")
B = Step("b", Doubled(), prompt="ب؟", label="ب")


def test_question_and_ending_each_get_their_own(db: Session) -> None:
    person = person_in(db, A, B).types("x")
    assert person.answers == {"a": "xx"}
    person.types("y")
    assert person.reply is not None
    assert person.reply.notice == "made of ['a'] {'a': 'xx', 'b': 'yy'}"


def test_a_label_that_is_typed_is_no_answer_to_prepare(db: Session) -> None:
    person = person_in(db, A, B).types("x")
    assert needs(person, text="بازگشت") is None
    assert needs(person, text="/start", command="start") is None
    assert needs(person, pressed=True, press=Press("d.choose", 1, 0, "forged")) is None
    assert needs(person, text="y") is not None
    person.types("بازگشت").sees("الف؟")


def test_a_refusal_while_preparing_is_the_servings_to_show(db: Session) -> None:
    person = person_in(db, A)
    with pytest.raises(InvalidInput):
        person.types("بد")


def test_the_ending_is_prepared_at_the_summary_and_not_before(db: Session) -> None:
    a = Step("a", Text(), prompt="الف؟", label="الف")
    person = person_in(db, a, summary="review.summary")
    assert needs(person, text="x") is None
    person.types("x")
    assert needs(person, text="سلام") is None
    assert needs(person, text="تأیید") is not None
    person.taps("تأیید")
    assert person.went == Press("done")
    assert person.reply is not None
    assert str(person.reply.notice).startswith("made of")


def test_the_ending_is_prepared_at_the_second_question(db: Session) -> None:
    a = Step("a", Text(), prompt="الف؟", label="الف")
    person = person_in(db, a, summary="review.summary", second_question="submit.confirm").types("x")
    assert needs(person, text="تأیید") is None
    person.taps("تأیید")
    assert needs(person, text="خیر") is None
    person.taps("بله")
    assert person.reply is not None
    assert str(person.reply.notice).startswith("made of")


def test_an_answer_that_closes_the_rest_ends_prepared(db: Session) -> None:
    kind = Step("kind", Choice((("made", "سامانه"), ("own", "خودم"))), prompt="؟", label="نوع")
    own = Step("own", Text(), when=lambda turn, a: a.get("kind") == "own", prompt="رمز؟", label="رمز")
    person = person_in(db, kind, own).taps("خودم").sees("رمز؟").taps("بازگشت").taps("سامانه")
    assert person.reply is not None
    assert str(person.reply.notice).startswith("made of")


def test_files_and_secrets(db: Session) -> None:
    file = OfferedFile("f", "a.pdf", 1, False)
    papers = person_in(db, Step("doc.x", Documents("x", "مدرک")), prepare_finish=None)
    assert needs(papers, file=file).file
    assert needs(papers, text="سلام") is None
    secret = person_in(db, Step("p", Secret(), hidden=True, prompt="رمز؟"), prepare_finish=None)
    assert needs(secret, text="s3cret").secret
    assert needs(secret, file=file) is None
    open_text = person_in(db, Step("a", Text(), prompt="؟", label="؟"), prepare_finish=None)
    assert needs(open_text, text="سلام") is None
