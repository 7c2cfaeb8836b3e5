"""Pushes of the messenger app: who gets them, how they are queued and how they end."""

from datetime import UTC, datetime
from typing import Any

from sqlmodel import Session, col, select

from bot.core.screens import button
from bot.gateways.console_sms import ConsoleSms
from bot.gateways.interfaces import SmsAccepted, SmsResult
from bot.services.shared import notify
from demo.person import Person
from storage.enums import Messenger, PushState, Role
from storage.tables import Chat, Push
from tests.support.factories.people import MOBILE, account, granted
from tests.support.messenger_app import MessengerApp, starts


class ScriptedSms(ConsoleSms):
    """A provider that answers what it is told."""

    name = "scripted"

    def __init__(self, *answers: SmsResult) -> None:
        self.answers = list(answers)
        self.sent: list[tuple[str, str, int]] = []

    async def send(self, *, to: str, text: str, idempotency_id: int, **template: Any) -> SmsResult:
        self.sent.append((to, text, idempotency_id))
        return self.answers.pop(0) if self.answers else SmsAccepted("1")


async def log_in(app: MessengerApp, *people: Person, role: Role = Role.OFFICER) -> int:
    """One new account that is logged in with these people's chats; its id."""
    await starts(*people)

    def unit(db: Session) -> int:
        made = account(db, chat=False, mobile=MOBILE)
        granted(db, made, role)
        for person in people:
            messenger = Messenger(person.state.kind)
            own = select(Chat).where(Chat.chat_id == person.user.id, Chat.messenger == messenger)
            chat = db.exec(own).one()
            chat.account_id, chat.role = made.id, role
        return made.id or 0

    return await app.database.run(unit)


async def queue_push(
    app: MessengerApp, account: int, text: str, *, key: str | None = None, sms: str | None = None
) -> None:
    """With one button, which notes "first"."""
    await app.database.run(
        lambda db: notify.push(
            db,
            kind="N4",
            event_key=key or text,
            account_id=account,
            text=text,
            rows=[[button("اول", "note", arg="first")]],
            now=datetime.now(UTC),
            sms=sms,
        )
    )
    app.service.outbox.wake()


async def all_pushes(app: MessengerApp) -> list[Push]:
    return await app.database.read(lambda db: list(db.exec(select(Push).order_by(col(Push.id)))))


async def until_pushes(app: MessengerApp, *states: PushState) -> None:
    """The pushes, in the order of their queueing, have come to these states."""

    async def settled() -> bool:
        return [push.state for push in await all_pushes(app)] == list(states)

    await app.until(settled)


async def make_due(app: MessengerApp) -> None:
    """What waits for its next try is due now."""

    def unit(db: Session) -> None:
        for push in db.exec(select(Push).where(Push.state == PushState.QUEUED)):
            push.next_at = datetime(2026, 1, 1, tzinfo=UTC)

    await app.database.run(unit)
    app.service.outbox.wake()
