"""Every declared dialogue, walked along all its routes: doubled ids, missing texts, unreachable steps, long labels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlmodel import Session, select

from bot.application.routes import STAFF_ONLY
from bot.core.context import Turn
from bot.core.incoming import Contact, Incoming
from bot.core.refusals import Refusal
from bot.core.screens import MAX_LABEL
from bot.texts import has
from conversations.catalogue import ALL
from conversations.engine.declaration import Dialogue, Incomplete, Step, UserInput
from conversations.engine.engine import Engine
from conversations.engine.progress import SECOND_QUESTION, SUMMARY, Position, first_open, steps_of
from conversations.engine.rendering import face_of, shown
from conversations.engine.validation import check_step
from conversations.questions import Documents, Search, Secret, Ticks
from conversations.questions.choice import Choice
from storage.enums import CooperationState, DistributorKind, Messenger, RequestKind, RequestState, Role
from storage.tables import (
    Account,
    Branch,
    Chat,
    CooperationRequest,
    DeficiencyRound,
    Distributor,
    DocumentType,
    Draft,
    Grant,
    QualificationRequest,
    StoredFile,
)
from tests.support.dialogue_driver import NOW, WORLD, new_account

#: Something for every question of one line.
SAMPLES = (
    "سارا", "9991234561", "1365/04/12", "09123456789", "07132123456", "a@b.ir", "14009999995",
    "شیراز، خیابان زند، پلاک ۱۲",
)  # fmt: skip
FIELDS = {
    "first_name": "سارا", "last_name": "کریمی", "father_name": "علی", "gender": "male", "birth_cert_no": "12",
    "province": "فارس", "city": "شیراز", "postal_address": "شیراز، خیابان زند", "phone": "", "email": None,
}  # fmt: skip
#: In which state the request must be that a dialogue is about.
SUBJECTS = {
    "qualification": RequestState.DRAFT,
    "fix": RequestState.DEFICIENT,
    "reject": RequestState.IN_REVIEW,
    "deficiencies": RequestState.IN_REVIEW,
}
#: Dialogues about a branch, and about a cooperation request there.
AT_BRANCH, ABOUT_COOPERATION = frozenset({"pick_officer"}), frozenset({"coop_reject"})
#: Who is in a dialogue that asks the services before its end; staff are in theirs, officers in the others.
ROLES = {"pick_officer": Role.DISTRIBUTOR}
GUESTS = frozenset({"registration", "login", "forgot"})


def a_turn(db: Session, dialogue: Dialogue) -> Turn:
    """A turn of somebody who may be in this dialogue, about a case in the right state."""
    role = ROLES.get(dialogue.name, Role.STAFF if dialogue.roles == STAFF_ONLY else Role.OFFICER)
    account = None if dialogue.name in GUESTS else new_account(db, national_code=None, role=None)
    chat = Chat(messenger=Messenger.BALE, chat_id=1, account_id=account.id if account else None, role=role)
    subject = a_request(db, account, SUBJECTS[dialogue.name]) if account and dialogue.name in SUBJECTS else 0
    grants: list[Grant] = []
    if account is not None:
        branch = a_branch(db)
        grants = [Grant(account_id=account.id or 0, role=role)]
        if role is Role.DISTRIBUTOR:
            grants[0].distributor_id = branch.distributor_id
        db.add_all(grants)
        db.flush()
        if dialogue.name in AT_BRANCH:
            subject = branch.id or 0
        if dialogue.name in ABOUT_COOPERATION:
            subject = a_cooperation(db, account, branch)
    draft = Draft(id=7, account_id=chat.account_id, dialogue=dialogue.name, subject_id=subject)
    return Turn(db, NOW, WORLD, chat, Incoming(Messenger.BALE, 1, 1), account, draft, tuple(grants))


def a_branch(db: Session) -> Branch:
    """The central one of a distributor whose name is one of the samples."""
    number = len(db.exec(select(Distributor)).all())
    firm = Distributor(
        kind=DistributorKind.GUILD, name="سارا", guild_id=f"{number + 10_000}", manager_name="حمید صالحی"
    )
    db.add(firm)
    db.flush()
    branch = Branch(
        distributor_id=firm.id or 0,
        name="مرکزی",
        province="فارس",
        city="شیراز",
        university_code="sums",
        address="شیراز، خیابان زند",
        is_central=True,
    )
    db.add(branch)
    db.flush()
    return branch


def a_cooperation(db: Session, account: Account, branch: Branch) -> int:
    request = CooperationRequest(
        branch_id=branch.id or 0,
        distributor_id=branch.distributor_id,
        account_id=account.id or 0,
        requested_by=account.id or 0,
        state=CooperationState.PENDING_UNIVERSITY,
        tracking_code=f"{account.id:012}",
        university_code="sums",
    )
    db.add(request)
    db.flush()
    return request.id or 0


def a_request(db: Session, account: Account, state: RequestState) -> int:
    codes = db.exec(select(DocumentType.code)).all()
    paper = StoredFile(
        account_id=account.id or 0,
        sha256="0",
        media_type="image/png",
        size=1,
        original_key="o",
        shown_key="s",
    )
    db.add(paper)
    db.flush()
    snapshot = FIELDS | {f"doc.{code}": [paper.id] for code in codes}
    request = QualificationRequest(
        account_id=account.id or 0,
        kind=RequestKind.NEW,
        state=state,
        tracking_code=f"{account.id:012}",
        reviewer_id=account.id,
        snapshot=snapshot,
    )
    db.add(request)
    db.flush()
    assert request.id is not None
    if state is RequestState.DEFICIENT:
        items = [key for key in snapshot if key not in ("province", "city")]
        round_ = DeficiencyRound(
            request_id=request.id,
            round=0,
            declared_by=account.id or 0,
            items=items,
            note="ناقص است",
            snapshot=snapshot,
        )
        db.add(round_)
        db.flush()
    return request.id


def examples(turn: Turn, ask: Step, answers: dict[str, Any]) -> list[Any]:
    """Values that a question takes: every choice, or one good line."""
    question = ask.question
    if isinstance(question, Documents):
        return [[1]]
    if isinstance(question, Ticks):
        keys = [key for key, _ in question.options(turn, answers)] if callable(question.options) else []
        return [{"items": keys, "note": "ناقص" if question.note else None}, {"items": keys[:1], "note": None}]
    position = Position(DUMMY, turn.draft or Draft(dialogue=""), answers, (ask,), ask.key, False)
    turn.chat.dialogue_state = {"step": ask.key}
    offered = [key.arg for key in face_of(turn, position).choices()]
    if isinstance(question, Choice):
        options = question.options(turn, answers) if callable(question.options) else question.options
        offered = list(dict.fromkeys([*offered, *(key for key, _ in options)]))
    given = [UserInput(choice=one) for one in [*offered, "@done"]]
    given += [UserInput(contact=Contact("+989123456789", True)), *(UserInput(text=one) for one in SAMPLES)]
    values: list[Any] = []
    for one in given:
        if one.text is not None and values:
            break
        try:
            value = question.accept(turn, ask, answers, one)
        except (Refusal, AssertionError, AttributeError, KeyError):
            continue
        if not isinstance(value, Incomplete) and value not in values:
            values.append(value)
    if ask.optional:
        values.append(question.skipped)
    return values or ["x"]


DUMMY = Dialogue("dummy", (), lambda turn, answers: pytest.fail("not finished here"))


def walk(
    turn: Turn, dialogue: Dialogue, answers: dict[str, Any]
) -> Iterator[tuple[tuple[Step, ...], dict[str, Any]]]:
    """Every route that some answers open, with answers that lead along it."""
    seen = set()
    waiting = [answers]
    while waiting:
        answers = waiting.pop()
        route = steps_of(dialogue, turn, answers)
        yield route, answers
        ask = first_open(route, answers)
        if ask is None:
            continue
        for value in examples(turn, ask, answers):
            further = answers | {ask.key: value}
            if dialogue.after is not None:
                further = dialogue.after(turn, ask.key, further)
            keys = tuple(one.key for one in steps_of(dialogue, turn, further))
            if (keys, ask.key) not in seen:
                seen.add((keys, ask.key))
                waiting.append(further)
        assert len(seen) < 3000


def test_they_start_together() -> None:
    Engine(ALL)


@pytest.mark.parametrize("dialogue", ALL, ids=[one.name for one in ALL])
def test_every_route_of(dialogue: Dialogue, db: Session) -> None:
    turn = a_turn(db, dialogue)
    reached: dict[str, Step] = {}
    whole = 0
    for route, answers in walk(turn, dialogue, {}):
        keys = [ask.key for ask in route]
        assert len(set(keys)) == len(keys), f"a step twice: {keys}"
        for ask in route:
            if ask.key not in reached:
                reached[ask.key] = ask
                check_step(dialogue, ask, last=ask is route[-1])
                look(
                    turn, Position(dialogue, turn.draft or Draft(dialogue=""), answers, route, ask.key, False)
                )
        if first_open(route, answers) is None and not whole:
            whole += 1
            for step in [SUMMARY] * bool(dialogue.summary) + [SECOND_QUESTION] * bool(
                dialogue.second_question
            ):
                look(turn, Position(dialogue, turn.draft or Draft(dialogue=""), answers, route, step, False))
            for ask in route:
                assert shown(turn, ask, answers[ask.key])
    assert whole, "no way to the end"
    if not callable(dialogue.steps):
        missing = {ask.key for ask in dialogue.steps} - reached.keys()
        assert not missing, f"never open: {missing}"


def look(turn: Turn, position: Position) -> None:
    """Render one place: no text is missing, no label too long for a phone."""
    turn.chat.dialogue_state = {"step": position.step}
    face = face_of(turn, position)
    assert 0 < len(face.text) <= 4096
    ask = position.ask
    named_by_data = ask is not None and isinstance(ask.question, Search)
    for key in face.buttons():
        assert key.label
        assert named_by_data or len(key.label) <= MAX_LABEL, f"{key.label!r} at {position.step} is too long"
    screen = face.screen(position)
    for one in screen.buttons():
        assert one.press is not None
        one.press.pack()
    assert len(screen.rows) <= 30


def test_secrets_are_asked_last() -> None:
    for dialogue in ALL:
        if not callable(dialogue.steps):
            for ask in dialogue.steps:
                assert not isinstance(ask.question, Secret) or ask.hidden
            assert has(dialogue.confirm)


@pytest.mark.parametrize("dialogue", ALL, ids=lambda one: one.name)
def test_each_dialogue_says_for_whom_it_is(dialogue: Dialogue) -> None:
    """A dialogue without roles would be shut to everybody, and one for guests is for nobody else."""
    assert dialogue.roles
    assert dialogue.roles == {None} or None not in dialogue.roles
