"""The button that leads to the pay page goes from every message once the fee is paid or is not due any more."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest
from sqlmodel import Session, select

from bot.core.context import SYSTEM, Actor
from bot.core.screens import Button
from bot.services import qualification
from bot.services.shared import notify, pay_messages
from demo.botapi.faults import Fault
from demo.emulators import Emulators
from demo.person import Person
from demo.seen import Seen
from storage.database.database import Database
from storage.enums import Messenger, PushState, RequestState, Role
from storage.tables import Chat, PayMessage, Push, QualificationRequest, StaffAlert, University
from tests.support.factories.people import officer
from tests.support.factories.qualification import request_row
from tests.support.factories.reference_data import add_reference_data
from tests.support.messenger_app import MessengerApp, note, running_app, starts
from tests.support.pushes import all_pushes

CODE, URL = "140509010001", "https://bot.example/pay/abc"
PAID = f"هزینه بررسی درخواست {CODE} پرداخت شده است"
DUE = "هزینه بررسی را پرداخت کنید"


async def fee_due(app: MessengerApp, *people: Person) -> int:
    """These chats are one officer's, whose request waits for its fee; its id."""
    await starts(*people)

    def unit(db: Session) -> int:
        if db.get(University, "sums") is None:
            add_reference_data(db)
        actor = officer(db, chat=False)
        for person in people:
            own = Chat.messenger == Messenger(person.state.kind)
            chat = db.exec(select(Chat).where(Chat.chat_id == person.user.id, own)).one()
            chat.account_id, chat.role = actor.account_id, Role.OFFICER
        request = request_row(
            actor.account_id, state=RequestState.AWAITING_PAYMENT, fee_rial=1000, pay_token="abc"
        )
        db.add(request)
        db.flush()
        app.route_state.due = request.id
        return request.id or 0

    return await app.database.run(unit)


async def announce(app: MessengerApp, request_id: int, *people: Person) -> list[Seen]:
    """The push with the pay button, as it arrives."""

    def unit(db: Session) -> None:
        pay = Button("💳 پرداخت", url=URL, pays=request_id)
        account = db.get_one(QualificationRequest, request_id).account_id
        now = app.service.resources.clock()
        notify.push(db, kind="N6", event_key="due", account_id=account, text=DUE, rows=[[pay]], now=now)

    await app.database.run(unit)
    app.service.outbox.wake()
    seen = [await person.sees(DUE) for person in people]

    async def noted() -> bool:
        rows = await app.database.read(lambda db: db.exec(select(PayMessage)).all())
        return len(rows) >= len(people)

    await app.until(noted)
    return seen


async def pay(app: MessengerApp, request_id: int) -> None:
    """The bank says "paid", whoever asked it."""
    now = app.service.resources.clock()
    await app.database.run(
        lambda db: qualification.complete_request(
            db, request_id=request_id, now=now, actor=SYSTEM, bank_ref="778"
        )
    )
    await soon(app)


async def withdraw(app: MessengerApp, request_id: int) -> None:
    def unit(db: Session) -> None:
        request = db.get_one(QualificationRequest, request_id)
        actor = Actor(request.account_id, Role.OFFICER)
        qualification.withdraw(db, actor=actor, request_id=request_id, now=app.service.resources.clock())

    await app.database.run(unit)
    await soon(app)


async def soon(app: MessengerApp) -> None:
    """The two seconds are over that a screen has to be shown first."""

    def unit(db: Session) -> None:
        for push in db.exec(select(Push).where(Push.kind == pay_messages.KIND)):
            if push.state is PushState.QUEUED:
                push.next_at = datetime(2026, 1, 1, tzinfo=UTC)

    await app.database.run(unit)
    app.service.outbox.wake()


def message(person: Person, number: int) -> Seen:
    return next(one for one in person.history() if one.id == number)


def pay_buttons(*people: Person) -> list[str]:
    """What can still be pressed to come to the pay page, in any message."""
    return [url for person in people for url in person.links()]


async def until_gone(app: MessengerApp, *people: Person) -> None:
    await app.until(lambda: not pay_buttons(*people))


async def until_edited(app: MessengerApp, state: PushState) -> None:
    async def edited() -> bool:
        return [one.state for one in await all_pushes(app) if one.kind == pay_messages.KIND] == [state]

    await app.until(edited)


End = Callable[[MessengerApp, int], Awaitable[None]]


@pytest.mark.parametrize(("end", "says"), [(pay, PAID), (withdraw, "انصراف داده‌اید و پرداختی لازم نیست")])
async def test_the_old_button_is_gone_on_both_messengers(app: MessengerApp, end: End, says: str) -> None:
    people = [face.person("سارا") for face in app.emulators.messengers]
    request_id = await fee_due(app, *people)
    told = await announce(app, request_id, *people)
    assert len(pay_buttons(*people)) == 2
    await end(app, request_id)
    await until_gone(app, *people)
    for person, old in zip(people, told, strict=True):
        now = message(person, old.id)
        assert says in now.text
        assert DUE not in now.text
        assert now.labels == ["🔎 پیگیری درخواست"]
    await app.until(lambda: app.database.read(lambda db: not db.exec(select(PayMessage)).all()))


async def test_the_button_of_a_screen_goes_as_well(app: MessengerApp) -> None:
    sara = app.emulators.telegram.person("سارا")
    request_id = await fee_due(app, sara)
    first = await sara.command("due").sees("هزینه در انتظار")
    second = await sara.command("due").sees("هزینه در انتظار")
    assert first.id != second.id
    await pay(app, request_id)
    await until_gone(app, sara)
    assert all(PAID in message(sara, one.id).text for one in (first, second))


async def test_a_message_that_became_another_screen_is_left_alone(app: MessengerApp) -> None:
    sara, elsewhere = (face.person("سارا") for face in app.emulators.messengers)
    request_id = await fee_due(app, sara, elsewhere)
    await announce(app, request_id, sara, elsewhere)
    due = await sara.command("due").sees("هزینه در انتظار")
    await sara.tap("خانه").sees("خانه")
    assert message(sara, due.id).text == "خانه", "the menu stands in the message that had the pay button"
    await pay(app, request_id)
    await until_gone(app, sara, elsewhere)
    assert message(sara, due.id).text == "خانه"
    await note(sara, "first")


async def test_a_screen_that_comes_after_the_payment_loses_its_button_too(app: MessengerApp) -> None:
    """It was made before the bank's word, and arrived after it."""
    sara = app.emulators.telegram.person("سارا")
    request_id = await fee_due(app, sara)
    order = app.emulators.telegram.faults.add(Fault.held(paid := asyncio.Event()), method="sendMessage")
    await sara.command("due")
    await app.until(lambda: order not in app.emulators.telegram.faults.orders)
    await pay(app, request_id)
    paid.set()
    await sara.sees("هزینه در انتظار")

    async def noted() -> bool:
        return any(one.kind == pay_messages.KIND for one in await all_pushes(app))

    await app.until(noted)
    await soon(app)
    await until_gone(app, sara)


@pytest.mark.parametrize("kind", [0, 1], ids=["telegram", "bale"])
async def test_an_edit_whose_answer_was_lost_is_made_again_without_harm(app: MessengerApp, kind: int) -> None:
    face = app.emulators.messengers[kind]
    sara = face.person("سارا")
    request_id = await fee_due(app, sara)
    (told,) = await announce(app, request_id, sara)
    face.faults.add(Fault("answer lost", reset=True, done=True), method="editMessageText")
    await pay(app, request_id)

    async def tried() -> bool:
        return any(one.kind == pay_messages.KIND and one.attempts for one in await all_pushes(app))

    await until_gone(app, sara)
    await app.until(tried)
    await soon(app)
    await until_edited(app, PushState.SENT)
    assert PAID in message(sara, told.id).text


async def test_what_was_paid_while_nothing_ran_is_taken_off_at_the_next_start(
    emulators: Emulators, database: Database
) -> None:
    sara = emulators.bale.person("سارا")
    async with running_app(emulators, database) as app:
        request_id = await fee_due(app, sara)
        await announce(app, request_id, sara)
        emulators.bale.faults.add(Fault.html(502), method="editMessageText", times=None)
        await pay(app, request_id)
        await sara.sees("🎉")
    assert pay_buttons(sara)
    emulators.bale.faults.clear()
    async with running_app(emulators, database) as app:
        await soon(app)
        await until_gone(app, sara)


@pytest.mark.parametrize(
    "why", ["Bad Request: message can't be edited", "Bad Request: message to edit not found"]
)
async def test_a_message_that_cannot_be_edited_troubles_nobody(app: MessengerApp, why: str) -> None:
    sara = app.emulators.telegram.person("سارا")
    request_id = await fee_due(app, sara)
    await announce(app, request_id, sara)
    app.emulators.telegram.faults.add(Fault.api(400, why), method="editMessageText", times=None)
    await pay(app, request_id)
    await sara.sees("🎉")
    await until_edited(app, PushState.SKIPPED)
    assert not await app.database.read(lambda db: db.exec(select(StaffAlert)).all())
    assert not await app.database.read(lambda db: db.exec(select(PayMessage)).all())
    await note(sara, "first")


async def test_whoever_is_in_the_chat_now_learns_nothing(app: MessengerApp) -> None:
    sara = app.emulators.telegram.person("سارا")
    request_id = await fee_due(app, sara)
    (told,) = await announce(app, request_id, sara)

    def log_out(db: Session) -> None:
        for chat in db.exec(select(Chat)):
            chat.account_id = chat.role = None

    await app.database.run(log_out)
    await pay(app, request_id)
    await until_gone(app, sara)
    left = message(sara, told.id)
    assert (left.text, left.labels) == (DUE, [])
    sara.sees_not("پرداخت شده")


async def test_messages_of_another_bot_are_not_touched(app: MessengerApp) -> None:
    sara = app.emulators.telegram.person("سارا")
    request_id = await fee_due(app, sara)
    await announce(app, request_id, sara)

    def other_bot(db: Session) -> None:
        db.exec(select(PayMessage)).one().bot_id += 1

    await app.database.run(other_bot)
    await pay(app, request_id)
    await until_edited(app, PushState.SKIPPED)
    assert pay_buttons(sara)
