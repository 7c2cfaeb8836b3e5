"""Letters: who gets them, spread in batches, stopped half way, crashed, read, and closed to strangers."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func
from sqlmodel import Session, col, select

from bot.core.context import Actor
from bot.core.refusals import InvalidInput, NotAllowed, Refusal, Stale
from bot.services.letters import audience, letters
from bot.services.letters.audience import Audience, Group, Kind
from storage.database.database import Database
from storage.enums import (
    AccountState,
    ContractState,
    DistributorKind,
    LetterState,
    Messenger,
    PushState,
    RequestKind,
    RequestState,
    Role,
)
from storage.tables import (
    Account,
    AuditEvent,
    Branch,
    Chat,
    Contract,
    Distributor,
    Letter,
    LetterRecipient,
    Officer,
    Push,
    QualificationRequest,
)
from tests.support.qualification_data import NOW, officer, paper, seed, staff

ALL = Audience(Kind.ALL)


def crowd(db: Session, count: int, *, first: int = 10000001, chats: bool = True) -> list[Actor]:
    """So many officers."""
    return [
        officer(db, f"{first + number}", national_code=f"{first + number:010}", chat=chats)
        for number in range(count)
    ]


def letter(db: Session, writer: Actor, to: Audience = ALL, **other: Any) -> Letter:
    parts: dict[str, Any] = {"number": "۶۶۵/۱۲", "title": "آزمون دوره", "text": "دوره آغاز شد.", "files": ()}
    return letters.send_letter(db, actor=writer, to=to, now=NOW, **(parts | other))


def pushes(db: Session) -> list[Push]:
    return list(db.exec(select(Push).where(Push.kind == "N9").order_by(col(Push.id))))


@contextmanager
def refused(kind: type[Refusal] = NotAllowed) -> Iterator[None]:
    """`pytest.raises` for the inside of a unit: what it raises itself would end the database's own task."""
    try:
        yield
    except kind:
        return
    raise AssertionError("it was allowed")


def state_of(db: Session, one: Letter) -> LetterState:
    db.refresh(one)
    return one.state


def request(db: Session, owner: Actor, state: RequestState, university: str = "sums") -> None:
    db.add(
        QualificationRequest(
            account_id=owner.account_id or 0,
            kind=RequestKind.NEW,
            state=state,
            university_code=university,
            reviewer_id=owner.account_id,
        )
    )
    db.flush()


def file_of(db: Session, owner: Actor) -> Officer:
    return db.get_one(Officer, owner.account_id)


def spread_all(db: Session, one: Letter) -> None:
    while letters.send_batch(db, letter_id=one.id or 0, now=NOW):
        pass


@pytest.fixture
async def database(database: Database) -> Database:
    await database.run(seed)
    return database


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(letters, "BATCH", 3)


# -- audiences --------------------------------------------------------------------------------------


async def test_whom_each_audience_means(database: Database) -> None:
    def unit(db: Session) -> None:
        writer = staff(db)
        new, waiting, deficient, unpaid, qualified, employed, elsewhere, migrated, gone = crowd(db, 9)
        request(db, waiting, RequestState.IN_REVIEW)
        request(db, deficient, RequestState.DEFICIENT, "mui")
        request(db, unpaid, RequestState.AWAITING_PAYMENT)
        file_of(db, qualified).qualified_at = NOW
        file_of(db, qualified).university_code = "fasa"
        file_of(db, employed).legacy_qualified = True
        file_of(db, employed).university_code = "mui"
        work(db, employed)
        # Lives in Fars, yet the file lies in Tehran.
        file_of(db, elsewhere).university_code, file_of(db, elsewhere).province = "tums", "فارس"
        file_of(db, migrated).province = "فارس"
        db.get_one(Account, gone.account_id).state = AccountState.ANNULLED
        db.get_one(Account, migrated.account_id).state = AccountState.SUSPENDED
        db.flush()

        def who(to: Audience) -> set[int | None]:
            found = set(db.execute(audience.members(to)).scalars())
            assert audience.size(db, actor=writer, audience=to) == len(found)
            return found

        def ids(*actors: Actor) -> set[int | None]:
            return {one.account_id for one in actors}

        everybody = ids(new, waiting, deficient, unpaid, qualified, employed, elsewhere, migrated)
        assert who(ALL) == everybody
        assert who(Audience(Kind.ONE, str(new.account_id))) == ids(new)
        assert who(Audience(Kind.ONE, str(gone.account_id))) == set()
        assert who(Audience(Kind.PROVINCE, "فارس")) == ids(waiting, unpaid, qualified, migrated)
        assert who(Audience(Kind.PROVINCE, "اصفهان")) == ids(deficient, employed)
        assert who(Audience(Kind.PROVINCE, "تهران")) == ids(elsewhere)

        def group(one: Group) -> set[int | None]:
            return who(Audience(Kind.STATE, one.value))

        assert group(Group.IN_REVIEW) == ids(waiting)
        assert group(Group.DEFICIENT) == ids(deficient)
        assert group(Group.AWAITING_PAYMENT) == ids(unpaid)
        assert group(Group.QUALIFIED) == ids(qualified, employed)
        assert group(Group.FREE) == ids(qualified)
        assert group(Group.EMPLOYED) == ids(employed)
        assert group(Group.UNFILED) == ids(new, elsewhere, migrated)
        assert who(Audience(Kind.STATE, "nonsense")) == set()

    await database.run(unit)


def work(db: Session, owner: Actor) -> None:
    distributor = Distributor(kind=DistributorKind.GUILD, name="کیان طب", guild_id="12345", manager_name="م")
    db.add(distributor)
    db.flush()
    branch = Branch(
        distributor_id=distributor.id or 0, name="مرکزی", province="فارس", city="شیراز", address="شیراز"
    )
    db.add(branch)
    db.flush()
    db.add(
        Contract(
            account_id=owner.account_id or 0,
            distributor_id=distributor.id or 0,
            branch_id=branch.id or 0,
            state=ContractState.ACTIVE,
        )
    )
    db.flush()


# -- sending ----------------------------------------------------------------------------------------


@pytest.mark.usefixtures("small_batches")
async def test_everybody_gets_it_once_in_every_live_chat(database: Database) -> None:
    def unit(db: Session) -> None:
        writer, people = staff(db), crowd(db, 7)
        silent, double = people[0], people[1]
        db.exec(select(Chat).where(Chat.account_id == silent.account_id)).one().dead = True
        db.add(Chat(messenger=Messenger.BALE, chat_id=5, account_id=double.account_id))
        db.flush()
        one = letter(db, writer)
        assert one.recipients == 7
        assert letters.count_unread(db, actor=silent) == 0, "not before it is delivered"
        latecomer = crowd(db, 1, first=20000001)[0]
        spread_all(db, one)
        assert [letters.count_unread(db, actor=who) for who in [*people, latecomer]] == [1] * 7 + [0]
        told = pushes(db)
        assert len(told) == 7
        assert {push.account_id for push in told} == {who.account_id for who in people[1:]}
        assert "«آزمون دوره»" in told[0].text
        assert told[0].buttons[0][0]["press"].split("|")[1] == "inbox.letter"
        assert state_of(db, one) is LetterState.SENDING
        for push in told:
            push.state = PushState.SENT
        db.flush()
        spread_all(db, one)
        assert state_of(db, one) is LetterState.SENT
        found = letters.letter_progress(db, actor=writer, letter_id=one.id or 0)
        assert (found.letter.delivered, found.notified, found.read) == (7, 6, 0)

    await database.run(unit)


@pytest.mark.usefixtures("small_batches")
async def test_the_outbox_never_holds_more_than_its_window(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(letters, "WINDOW", 4)

    def unit(db: Session) -> None:
        one = (staff(db), crowd(db, 12), letter(db, staff(db, "90000002")))[2]
        spread_all(db, one)
        assert len(pushes(db)) == 6, "a batch more than the window at most"
        pushes(db)[0].state = pushes(db)[1].state = pushes(db)[2].state = PushState.SENT
        db.flush()
        spread_all(db, one)
        assert len(pushes(db)) == 9

    await database.run(unit)


@pytest.mark.usefixtures("small_batches")
async def test_a_crash_between_two_batches_loses_and_doubles_nothing(database: Database) -> None:
    def prepare(db: Session) -> int:
        writer = staff(db)
        crowd(db, 8)
        return letter(db, writer).id or 0

    letter_id = await database.run(prepare)
    assert await database.run(lambda db: letters.send_batch(db, letter_id=letter_id, now=NOW))

    def crashes(db: Session) -> None:
        letters.send_batch(db, letter_id=letter_id, now=NOW)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await database.run(crashes)
    while await database.run(lambda db: letters.send_batch(db, letter_id=letter_id, now=NOW)):
        pass
    await database.read(everybody_once(8))


def everybody_once(count: int) -> Callable[[Session], None]:
    def check(db: Session) -> None:
        got = [push.account_id for push in pushes(db)]
        assert len(got) == len(set(got)) == count
        delivered = select(func.count()).where(col(LetterRecipient.delivered_at).is_not(None))
        assert db.execute(delivered).scalar_one() == count
        assert db.exec(select(Letter.delivered)).one() == count

    return check


@pytest.mark.usefixtures("small_batches")
async def test_two_sweeps_at_once(database: Database) -> None:
    def prepare(db: Session) -> int:
        writer = staff(db)
        crowd(db, 20)
        return letter(db, writer).id or 0

    letter_id = await database.run(prepare)

    async def sweep() -> None:
        for _ in range(10):
            await database.run(lambda db: letters.send_batch(db, letter_id=letter_id, now=NOW))

    await asyncio.gather(sweep(), sweep(), sweep())
    await database.read(everybody_once(20))


@pytest.mark.usefixtures("small_batches")
async def test_stopped_half_way(database: Database) -> None:
    def unit(db: Session) -> None:
        writer, people = staff(db), crowd(db, 9)
        one = letter(db, writer)
        letter_id = one.id or 0
        for _ in range(2):
            letters.send_batch(db, letter_id=letter_id, now=NOW)
        told, opened, claimed, untold = pushes(db)[:4]
        told.state, claimed.state = PushState.SENT, PushState.SENDING
        db.flush()
        reader = next(who for who in people if who.account_id == opened.account_id)
        letters.open_letter(db, actor=reader, letter_id=letter_id, now=NOW)
        stopped = letters.stop_letter(db, actor=writer, letter_id=letter_id, now=NOW)
        assert stopped.state is LetterState.STOPPED
        kept = {told.account_id, opened.account_id, claimed.account_id}
        have = select(LetterRecipient.account_id).where(col(LetterRecipient.delivered_at).is_not(None))
        assert set(db.exec(have)) == kept
        assert stopped.delivered == 3
        db.refresh(untold)
        assert (untold.state, untold.note) == (PushState.SKIPPED, letters.STOPPED)
        assert not letters.send_batch(db, letter_id=letter_id, now=NOW)
        assert len(pushes(db)) == 6
        with refused(Stale):
            letters.stop_letter(db, actor=writer, letter_id=letter_id, now=NOW)
        late = next(who for who in people if who.account_id not in kept)
        with refused():
            letters.open_letter(db, actor=late, letter_id=letter_id, now=NOW)

    await database.run(unit)


# -- reading ----------------------------------------------------------------------------------------


async def test_the_first_opening_is_kept(database: Database) -> None:
    def unit(db: Session) -> None:
        writer, (sara, mina) = staff(db), crowd(db, 2)
        one = letter(db, writer)
        spread_all(db, one)
        letters.open_letter(db, actor=sara, letter_id=one.id or 0, now=NOW)
        letters.open_letter(db, actor=sara, letter_id=one.id or 0, now=NOW + timedelta(days=1))
        row = db.get_one(LetterRecipient, (one.id, sara.account_id), populate_existing=True)
        assert row.read_at == NOW
        assert [letters.count_unread(db, actor=who) for who in (sara, mina)] == [0, 1]
        assert letters.letter_progress(db, actor=writer, letter_id=one.id or 0).read == 1

    await database.run(unit)


async def test_unread_letters_come_first_then_the_newest(database: Database) -> None:
    def unit(db: Session) -> None:
        writer, (sara,) = staff(db), crowd(db, 1)
        sent = [letter(db, writer, title=f"نامه {number}") for number in range(4)]
        for one in sent:
            spread_all(db, one)
        letters.open_letter(db, actor=sara, letter_id=sent[3].id or 0, now=NOW)
        shown, total = letters.inbox_of(db, actor=sara, limit=3)
        assert total == 4
        assert [one.letter.title for one in shown] == ["نامه 2", "نامه 1", "نامه 0"]
        (last,), _ = letters.inbox_of(db, actor=sara, limit=3, offset=3)
        assert last.read

    await database.run(unit)


async def test_strangers_open_neither_letter_nor_attachment(database: Database) -> None:
    def unit(db: Session) -> None:
        writer, (sara, stranger) = staff(db), crowd(db, 2)
        files = [paper(db, writer, "بخشنامه.pdf"), paper(db, writer)]
        one = letter(db, writer, Audience(Kind.ONE, str(sara.account_id)), files=files)
        letter_id = one.id or 0
        expert = Actor(stranger.account_id, Role.EXPERT, "sums")
        impostor = Actor(stranger.account_id, Role.STAFF)
        for who in (sara, stranger, expert, impostor, Actor(None, Role.OFFICER)):
            with refused():  # Sara too: it did not reach her yet.
                letters.attached_files(db, actor=who, letter_id=letter_id, now=NOW)
        spread_all(db, one)
        for who in (stranger, expert, impostor):
            for deed in (letters.attached_files, letters.open_letter):
                with refused():
                    deed(db, actor=who, letter_id=letter_id, now=NOW)
            with refused():
                letters.view_letter(db, actor=who, letter_id=letter_id)
        assert [
            file.id for file in letters.attached_files(db, actor=sara, letter_id=letter_id, now=NOW)
        ] == files
        viewed = db.exec(select(AuditEvent).where(AuditEvent.event == "document_viewed")).all()
        assert [(one.actor_id, one.data["file"]) for one in viewed] == [
            (sara.account_id, file) for file in files
        ]

    await database.run(unit)


async def test_only_staff_write_and_only_with_their_own_papers(database: Database) -> None:
    def unit(db: Session) -> None:
        writer, (sara,) = staff(db), crowd(db, 1)
        for who in (sara, Actor(sara.account_id, Role.STAFF), Actor(writer.account_id, Role.EXPERT, "sums")):
            with refused():
                letter(db, who)
            with refused():
                letters.written_letters(db, actor=who, limit=5)
        with refused():
            letter(db, writer, files=[paper(db, sara)])
        with refused(InvalidInput):
            letter(db, writer, Audience(Kind.STATE, Group.EMPLOYED.value))
        with refused(InvalidInput):
            letter(db, writer, title="ع" * 121)

    await database.run(unit)
