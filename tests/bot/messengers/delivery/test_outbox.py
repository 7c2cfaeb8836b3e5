"""Pushes arrive once, in order, within the messenger's patience; whoever cannot be reached is noted."""

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlmodel import Session, col, select

from bot.core.screens import button
from bot.gateways.interfaces import SmsAccepted, SmsRejected, SmsResult, SmsRetry
from bot.services.shared import notify
from demo.botapi.faults import Fault
from demo.emulators import Emulators
from demo.person import Person
from storage.database.database import Database
from storage.enums import Messenger, PushState, Role
from storage.tables import Account, Chat, Grant, Push, StaffAlert
from tests.support.messenger_app import House, open_house


class Sms:
    """A provider that answers what it is told."""

    name = "scripted"

    def __init__(self, *answers: SmsResult) -> None:
        self.answers = list(answers)
        self.sent: list[tuple[str, str, int]] = []

    async def send(
        self,
        *,
        to: str,
        text: str,
        idempotency_id: int,
        template: str | None = None,
        tokens: Sequence[str] = (),
    ) -> SmsResult:
        self.sent.append((to, text, idempotency_id))
        return self.answers.pop(0) if self.answers else SmsAccepted("1")

    async def status(self, provider_ids: Sequence[str]) -> dict[str, object]:
        return {}

    async def aclose(self) -> None: ...


async def member(house: House, *people: Person, role: Role = Role.OFFICER) -> int:
    """One account that is logged in with these people's chats."""
    for person in people:
        await person.start()
        await person.sees("خانه")

    def unit(db: Session) -> int:
        number = len(db.exec(select(Account)).all())
        account = Account(
            user_code=f"{10000000 + number}",
            password_hash="",
            first_name="س",
            last_name="ک",
            mobile="+989121234567",
        )
        db.add(account)
        db.flush()
        assert account.id is not None
        db.add(Grant(account_id=account.id, role=role))
        for one in people:
            theirs = select(Chat).where(
                Chat.chat_id == one.user.id, Chat.messenger == Messenger(one.state.kind)
            )
            chat = db.exec(theirs).one()
            chat.account_id, chat.role = account.id, role
        db.flush()
        return account.id

    return await house.database.run(unit)


async def push(
    house: House, account: int, text: str, *, key: str | None = None, sms: str | None = None
) -> None:
    await house.database.run(
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
    house.service.outbox.wake()


async def rows(house: House) -> list[Push]:
    return await house.database.read(lambda db: list(db.exec(select(Push).order_by(col(Push.id)))))


async def settled(house: House, *states: PushState) -> bool:
    return [one.state for one in await rows(house)] == list(states)


async def hurry(house: House) -> None:
    """What waits is due now."""

    def unit(db: Session) -> None:
        for one in db.exec(select(Push).where(Push.state == PushState.QUEUED)):
            one.next_at = datetime(2026, 1, 1, tzinfo=UTC)

    await house.database.run(unit)
    house.service.outbox.wake()


async def test_a_push_reaches_every_chat_and_its_button_works(house: House) -> None:
    people = [face.person("سارا") for face in house.town.messengers]
    account = await member(house, *people)
    await push(house, account, "پرونده دارای نقص است")
    for person in people:
        seen = await person.sees("پرونده دارای نقص است")
        await person.tap("اول", on=seen)
        answer = await person.sees("یادداشت شد: first")
        assert answer.id != seen.id, "the push stays; the answer is a new message"
    await house.until(lambda: settled(house, PushState.SENT, PushState.SENT))


async def test_order_in_a_chat(house: House) -> None:
    sara = house.town.telegram.person("سارا")
    account = await member(house, sara)
    house.town.telegram.faults.add(Fault.html(502), method="sendMessage", times=1)
    for number in range(5):
        await push(house, account, f"خبر {number}")
    await house.until(lambda: settled_first(house))
    await hurry(house)
    await sara.sees("خبر 4")
    assert [one.text for one in sara.history() if "خبر" in one.text] == [
        f"خبر {number}" for number in range(5)
    ]


async def settled_first(house: House) -> bool:
    first, *rest = await rows(house)
    assert all(one.state is PushState.QUEUED for one in rest) or first.state is PushState.SENT
    return first.state is PushState.QUEUED and first.attempts == 1


async def test_the_same_event_is_told_once(house: House) -> None:
    sara = house.town.telegram.person("سارا")
    account = await member(house, sara)
    for _ in range(3):
        await push(house, account, "یک خبر", key="request:1:deficient")
    await sara.sees("یک خبر")
    await house.until(lambda: settled(house, PushState.SENT))


async def test_a_429_costs_no_try(house: House) -> None:
    sara, reza = house.town.telegram.person("سارا"), house.town.telegram.person("رضا")
    accounts = [await member(house, one) for one in (sara, reza)]
    house.town.telegram.faults.add(Fault.flood(1), method="sendMessage")
    for account in accounts:
        await push(house, account, "خبر")
    await sara.sees("خبر")
    await reza.sees("خبر")
    await house.until(lambda: settled(house, PushState.SENT, PushState.SENT))
    assert [one.attempts for one in await rows(house)] == [1, 1]


async def test_a_blocked_chat_is_skipped_and_the_other_one_reached(house: House) -> None:
    on_telegram, on_bale = (face.person("سارا") for face in house.town.messengers)
    account = await member(house, on_telegram, on_bale)
    house.town.telegram.faults.add(
        Fault.api(403, "Forbidden: bot was blocked by the user"), method="sendMessage", times=None
    )
    await push(house, account, "خبر", sms="خبری هست")
    await on_bale.sees("خبر")
    await house.until(lambda: settled(house, PushState.SKIPPED, PushState.SENT))
    assert (await house.chat(on_telegram)).dead
    await push(house, account, "خبر دیگر")
    await on_bale.sees("خبر دیگر")
    assert len(await rows(house)) == 3, "nothing is queued for a dead chat"


async def test_whoever_blocked_everything_gets_an_sms(town: Emulators, database: Database) -> None:
    sms = Sms(SmsRetry("busy"), SmsAccepted("77"))
    async with open_house(town, database, sms=sms) as house:
        sara = town.telegram.person("سارا")
        account = await member(house, sara)
        await sara.block()
        await house.until(lambda: _dead(house, sara))

        def revive(db: Session) -> None:
            db.exec(select(Chat)).one().dead = False  # the block is not known yet

        await database.run(revive)
        await push(house, account, "خبر", sms="خبری هست")
        await house.until(lambda: _queued_sms(house))
        await hurry(house)
        await house.until(lambda: settled(house, PushState.SKIPPED, PushState.SENT))
        (to, text, first), (_, _, second) = sms.sent
        assert to == "+989121234567"
        assert text.startswith("سامانه مسئولان فنی: خبری هست. ")
        assert first == second, "a repeat is known to the provider"
        assert (await rows(house))[1].provider_id == "77"


async def _dead(house: House, person: Person) -> bool:
    return (await house.chat(person)).dead


async def _queued_sms(house: House) -> bool:
    found = await rows(house)
    return len(found) == 2 and found[1].attempts == 1 and found[1].state is PushState.QUEUED


async def test_what_is_refused_for_good_is_told_to_staff(town: Emulators, database: Database) -> None:
    sms = Sms(SmsRejected("no credit", alert=True))
    async with open_house(town, database, sms=sms) as house:
        boss = town.bale.person("رئیس")
        await member(house, boss, role=Role.STAFF)
        nobody = await member(house)
        await push(house, nobody, "خبر", sms="خبری هست")
        seen = await boss.sees("ارسال نشد")
        assert "no credit" in seen.text
        alerts = await database.read(lambda db: db.exec(select(StaffAlert)).all())
        assert len(alerts) == 1
        assert (await rows(house))[0].state is PushState.GIVEN_UP


async def test_a_lease_that_ran_out_is_taken_up_again(house: House) -> None:
    sara = house.town.telegram.person("سارا")
    account = await member(house, sara)
    long_ago = datetime(2026, 1, 1, tzinfo=UTC)

    def unit(db: Session) -> None:
        notify.push(db, kind="N4", event_key="x", account_id=account, text="خبر", now=long_ago)
        db.flush()
        one = db.exec(select(Push)).one()
        one.state, one.leased_until = PushState.SENDING, long_ago

    await house.database.run(unit)
    house.service.outbox.wake()
    await sara.sees("خبر")


async def test_nobody_is_told_in_a_chat_they_left(house: House) -> None:
    sara = house.town.telegram.person("سارا")
    account = await member(house, sara)

    def unit(db: Session) -> None:
        notify.push(db, kind="N4", event_key="x", account_id=account, text="خبر", now=datetime.now(UTC))
        db.flush()
        db.exec(select(Chat)).one().account_id = None

    await house.database.run(unit)
    house.service.outbox.wake()
    await house.until(lambda: settled(house, PushState.SKIPPED))
    sara.does_not_see("خبر")


async def test_the_mandatory_sms_is_sent_in_its_own_words_and_shown_to_staff_where_it_fails(
    town: Emulators, database: Database
) -> None:
    """R33: retried with the same id, then staff read what should have been said, and to whom."""
    sms = Sms(SmsRetry("busy"), SmsRejected("status 411"))
    async with open_house(town, database, sms=sms) as house:
        boss = town.bale.person("رئیس")
        await member(house, boss, role=Role.STAFF)

        def unit(db: Session) -> None:
            for _ in range(2):
                notify.sms(
                    db,
                    kind="N19",
                    event_key="termination:1:finalised",
                    mobile="+989120000001",
                    text="مدیریت محترم کیان طب؛ سارا کریمی به همکاری خود پایان داد.",
                    template="termination",
                    tokens=("۱۴۰۵/۰۹/۰۱", "سارا کریمی"),
                    now=datetime.now(UTC),
                )

        await database.run(unit)
        house.service.outbox.wake()
        await house.until(lambda: settled(house, PushState.QUEUED))
        await hurry(house)
        seen = await boss.sees("ارسال نشد")
        for part in ("N19", "۰۹۱۲۰۰۰۰۰۰۱", "status 411", "مدیریت محترم کیان طب؛ سارا کریمی"):
            assert part in seen.text
        (to, text, first), (_, _, second) = sms.sent
        assert (to, first) == ("+989120000001", second)
        assert text == "مدیریت محترم کیان طب؛ سارا کریمی به همکاری خود پایان داد."
