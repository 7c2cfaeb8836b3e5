"""What is worked out before the unit: only where the update needs it."""

from typing import Any

from bot.application.resources import Resources
from bot.core.context import Turn
from bot.core.incoming import Incoming, OfferedFile
from bot.core.refusals import InvalidInput
from bot.core.screens import Press, Reply, Screen
from conversations.engine.declaration import Answers, Incomplete, Step, UserInput
from conversations.questions import Choice, Documents, Secret, Text
from tests.support.chat_driver import App, Person
from tests.support.chat_people import at_dialogue


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


def at(app: App, *steps: Step, **options: Any) -> Person:
    """An officer at a dialogue whose end says what was prepared for it."""

    def finish(turn: Turn, answers: dict[str, Any]) -> Reply:
        return Reply((Screen(f"{turn.prepared} {answers}"),), goto=Press("done"))

    return at_dialogue(app, *steps, **{"finish": finish, "prepare_finish": made} | options)


def needs(person: Person, **what: Any) -> Any:
    return person.read_turn(person.app.engine.preparation, **what)


A = Step("a", Doubled(1, 500), prompt="الف؟", label="الف")
PLAIN = Step("a", Text(1, 500), prompt="الف؟", label="الف")
B = Step("b", Doubled(1, 500), prompt="ب؟", label="ب")


def test_question_and_ending_each_get_their_own_and_a_typed_label_nothing(app: App) -> None:
    person = at(app, A, B).type("x")
    assert person.answers == {"a": "xx"}
    assert needs(person, text="بازگشت") is None
    assert needs(person, text="/start", command="start") is None
    assert needs(person, pressed=True, press=Press("d.choose", 1, 0, "forged")) is None
    assert needs(person, text="y") is not None
    person.type("بازگشت").sees("الف؟").type("x", "y").sees("made of ['a'] {'a': 'xx', 'b': 'yy'}")


def test_a_refusal_while_preparing_is_shown_over_the_question(app: App) -> None:
    at(app, A).type("بد").sees("دلیل را کامل‌تر", "الف؟").type("x").sees("made of [] {'a': 'xx'}")


def test_the_ending_is_prepared_at_the_summary_and_not_before(app: App) -> None:
    person = at(app, PLAIN, summary="review.summary")
    assert needs(person, text="x") is None
    person.type("x")
    assert needs(person, text="سلام") is None
    assert needs(person, text="تأیید") is not None
    person.tap("تأیید").sees("made of")


def test_the_ending_is_prepared_at_the_second_question(app: App) -> None:
    person = at(app, PLAIN, summary="review.summary", second_question="submit.confirm").type("x")
    assert needs(person, text="تأیید") is None
    person.tap("تأیید")
    assert needs(person, text="خیر") is None
    person.tap("بله").sees("made of")


def test_an_answer_that_closes_the_rest_ends_prepared(app: App) -> None:
    kind = Step("kind", Choice((("made", "سامانه"), ("own", "خودم"))), prompt="؟", label="نوع")
    own = Step("own", Text(1, 500), when=lambda turn, a: a.get("kind") == "own", prompt="رمز؟", label="رمز")
    at(app, kind, own).tap("خودم").sees("رمز؟").tap("بازگشت", "سامانه").sees("made of")


def test_files_and_secrets(app: App) -> None:
    file = OfferedFile("f", "a.pdf", 1, False)
    papers = at(app, Step("doc.x", Documents("x", "مدرک", 3)), prepare_finish=None)
    assert needs(papers, file=file).file
    assert needs(papers, text="سلام") is None
    secret = at(app, Step("p", Secret(), hidden=True, prompt="رمز؟"), prepare_finish=None)
    assert needs(secret, text="s3cret").secret
    assert needs(secret, file=file) is None
    open_text = at(app, Step("a", Text(1, 500), prompt="؟", label="؟"), prepare_finish=None)
    assert needs(open_text, text="سلام") is None
