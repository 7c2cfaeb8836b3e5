"""General data (R10, R11, R47–R49), on both databases."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlmodel import Session, select

from bot.core.context import SYSTEM, Actor
from bot.core.refusals import InvalidInput, NotAllowed, Refusal
from bot.services import qualification
from bot.services.officers import personal_details
from bot.services.qualification import decisions
from bot.services.qualification.requests import QUALIFICATION_WORKFLOW
from storage.database.database import Database
from storage.enums import AccountState, RequestState, Role
from storage.tables import Account, AuditEvent, Draft, Officer
from tests.support.qualification_data import NOW, Office, awaiting_payment, open_office, submitted

ADDRESS = "اصفهان، خیابان چهارباغ، پلاک ۹"


@pytest.fixture
async def office(database: Database) -> Office:
    return await database.run(open_office)


def officer_of(db: Session, office: Office) -> Officer:
    return db.get_one(Officer, office.sara.account_id, populate_existing=True)


def edits(db: Session, office: Office) -> list[dict[str, Any]]:
    query = select(AuditEvent.data).where(
        AuditEvent.event == "general_edited",
        AuditEvent.subject == "account",
        AuditEvent.subject_id == office.sara.account_id,
    )
    return list(db.exec(query))


def edit(office: Office, field: str, value: Any, *, actor: Actor | None = None) -> Callable[[Session], bool]:
    return lambda db: personal_details.edit_item(
        db, actor=actor or office.sara, field=field, value=value, now=NOW
    )


@pytest.mark.parametrize(
    ("field", "typed", "kept"),
    [
        ("father_name", "  علي ", "علی"),
        ("gender", "male", "male"),
        ("birth_cert_no", "۱۲۳۴", "1234"),
        ("postal_address", ADDRESS, "اصفهان، خیابان چهارباغ، پلاک 9"),
        ("phone", "۰۷۱۳۲۱۲۳۴۵۶", "07132123456"),
        ("phone", "", ""),
        ("email", "Sara@Example.COM", "sara@example.com"),
    ],
)
async def test_a_free_item_is_written_at_once(
    database: Database, office: Office, field: str, typed: str, kept: str
) -> None:
    assert await database.run(edit(office, field, typed))

    def look(db: Session) -> None:
        assert getattr(officer_of(db, office), field) == kept
        assert edits(db, office) == [{"field": field}]  # which, never what

    await database.read(look)
    assert not await database.run(edit(office, field, typed)), "the same again is no edit"
    await database.read(look)


async def test_an_email_may_be_taken_away_and_nothing_else(database: Database, office: Office) -> None:
    await database.run(edit(office, "email", "a@b.ir"))
    assert await database.run(edit(office, "email", None))
    for field in ("father_name", "gender", "postal_address", "phone"):
        with pytest.raises(Refusal):
            await database.run(edit(office, field, None))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("father_name", "Ali"),
        ("gender", "other"),
        ("birth_cert_no", "12345678901"),
        ("phone", "12"),
        ("email", "nobody"),
        ("postal_address", "شیراز"),
    ],
)
async def test_a_bad_value_is_refused(database: Database, office: Office, field: str, value: str) -> None:
    with pytest.raises(InvalidInput):
        await database.run(edit(office, field, value))
    assert await database.read(lambda db: edits(db, office)) == []


@pytest.mark.parametrize(
    ("field", "key"),
    [
        ("national_code", "error.immutable_field"),
        ("birth_date", "error.immutable_field"),
        ("first_name", "error.needs_request"),
        ("degree_level", "error.needs_request"),
        ("province", "error.needs_request"),
        ("doc.national_card", "error.needs_request"),
        ("legacy_qualified", "error.needs_request"),
        ("mobile", "error.needs_request"),
    ],
)
async def test_the_other_items_say_what_changes_them(
    database: Database, office: Office, field: str, key: str
) -> None:
    with pytest.raises(NotAllowed) as before:
        await database.run(edit(office, field, "علی"))
    assert before.value.key == key

    def qualify(db: Session) -> None:
        officer_of(db, office).legacy_qualified = True

    await database.run(qualify)
    with pytest.raises(NotAllowed) as after:
        await database.run(edit(office, field, "علی"))
    if key == "error.immutable_field":
        assert after.value.key == key
    else:
        assert after.value.key == "error.needs_amendment"
        (door,) = after.value.next_buttons
        assert door.press is not None
        assert door.press.action == "qual.amend"


@pytest.mark.parametrize("state", ["SUBMITTED", "IN_REVIEW", "DEFICIENT", "AWAITING_PAYMENT"])
async def test_nothing_is_saved_while_a_request_is_in_circulation(
    database: Database, office: Office, state: str
) -> None:
    def circulate(db: Session) -> None:
        if state == "AWAITING_PAYMENT":
            awaiting_payment(db, office)
            return
        request = submitted(db, office.sara)
        if state == "IN_REVIEW":
            QUALIFICATION_WORKFLOW.claim(db, actor=office.ali, request_id=request.id or 0, now=NOW)
        if state == "DEFICIENT":
            decisions.declare_deficiencies(
                db, actor=office.ali, request_id=request.id or 0, items=["father_name"], now=NOW
            )
        assert request.state is RequestState(state)

    await database.run(circulate)
    with pytest.raises(Refusal) as refused:
        await database.run(edit(office, "email", "a@b.ir"))
    assert refused.value.key == "mobile.in_circulation"
    assert [door.press.action for door in refused.value.next_buttons if door.press] == ["qual.track"]
    assert await database.read(lambda db: officer_of(db, office).email) is None


async def test_afterwards_it_is_saved_again(database: Database, office: Office) -> None:
    def finish(db: Session) -> None:
        request = awaiting_payment(db, office)
        qualification.complete_request(db, request_id=request.id or 0, now=NOW, actor=SYSTEM, bank_ref="1")

    await database.run(finish)
    assert await database.run(edit(office, "father_name", "حسن"))


async def test_a_draft_follows_unless_it_says_otherwise(database: Database, office: Office) -> None:
    """Q37: the draft stores only its overrides."""

    def begin(db: Session) -> int:
        personal_details.edit_item(db, actor=office.sara, field="father_name", value="علی", now=NOW)
        request = qualification.start_draft(db, actor=office.sara, now=NOW)
        answers = qualification.prefill(db, request) | {"phone": "07132123456"}
        draft = Draft(
            account_id=office.sara.account_id,
            dialogue="qualification",
            subject_id=request.id or 0,
            answers=answers,
        )
        db.add(draft)
        db.flush()
        return draft.id or 0

    number = await database.run(begin)
    await database.run(edit(office, "father_name", "حسن"))
    await database.run(edit(office, "phone", ""))
    await database.run(edit(office, "email", "a@b.ir"))

    def look(db: Session) -> None:
        draft = db.get_one(Draft, number)
        assert draft.answers["father_name"] == "حسن"
        assert draft.answers["phone"] == "07132123456"  # the form says otherwise
        assert draft.answers["email"] == "a@b.ir"
        assert draft.version == 2

    await database.read(look)


async def test_nobody_edits_for_another_or_in_another_role(database: Database, office: Office) -> None:
    for actor in (office.ali, office.staff, Actor(None, Role.OFFICER), SYSTEM):
        with pytest.raises(NotAllowed):
            await database.run(edit(office, "father_name", "حسن", actor=actor))

    def suspend(db: Session) -> None:
        db.get_one(Account, office.sara.account_id).state = AccountState.SUSPENDED

    await database.run(suspend)
    with pytest.raises(NotAllowed):
        await database.run(edit(office, "father_name", "حسن"))
    assert await database.read(lambda db: officer_of(db, office).father_name) is None
