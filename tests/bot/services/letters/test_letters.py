"""Letters: who gets them, spread in batches, stopped half way, crashed, read, and closed to others; on both databases."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func
from sqlmodel import Session, col, select

from bot.core.context import Actor
from bot.core.refusals import InvalidInput, NotAllowed, Stale
from bot.services.letters import audience, counts, letters, recipients
from bot.services.letters.audience import Audience, Group, Kind
from storage.database.database import Database
from storage.enums import AccountState, ContractState, LetterState, Messenger, PushState, RequestState, Role
from storage.tables import Account, AuditEvent, Chat, Contract, Letter, LetterRecipient, Officer, Push
from tests.support.factories.distributors import distributor
from tests.support.factories.people import officer, staff
from tests.support.factories.qualification import add_request, stored_file
from tests.support.factories.reference_data import NOW, add_reference_data
from tests.support.services import refused

ALL = Audience(Kind.ALL)


def officers(db: Session, count: int) -> list[Actor]:
    return [officer(db) for _ in range(count)]


def letter(db: Session, writer: Actor, to: Audience = ALL, **other: Any) -> Letter:
    parts = {"number": "۶۶۵/۱۲", "title": "آزمون دوره", "text": "دوره آغاز شد.", "files": ()}
    how = {"sms": False, "delay": timedelta(0)}
    return letters.send_letter(db, actor=writer, to=to, now=NOW, **(parts | how | other))


def pushes(db: Session) -> list[Push]:
    return list(db.exec(select(Push).where(Push.kind == "N9").order_by(col(Push.id))))


def request(db: Session, owner: Actor, state: RequestState, university: str = "sums") -> None:
    add_request(db, owner, state, university_code=university, reviewer_id=owner.account_id)


def profile(db: Session, owner: Actor) -> Officer:
    return db.get_one(Officer, owner.account_id)


def spread(db: Session, letter_id: int) -> bool:
    return letters.send_batch(db, letter_id=letter_id, now=NOW)


async def spread_after_a_crash(database: Database, letter_id: int, sweeps: int) -> None:
    """One batch is lost with its process; then so many processes deliver the letter at once."""

    def crashes(db: Session) -> None:
        spread(db, letter_id)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await database.run(crashes)

    async def sweep() -> None:
        while await database.run(lambda db: spread(db, letter_id)):
            pass

    await asyncio.gather(*(sweep() for _ in range(sweeps)))


def spread_all(db: Session, one: Letter) -> None:
    while spread(db, one.id):
        pass


def open_letter(db: Session, actor: Actor, one: Letter, days: int = 0) -> None:
    letters.open_letter(db, actor=actor, letter_id=one.id, now=NOW + timedelta(days=days))


@pytest.fixture(autouse=True)
async def reference_data(database: Database) -> None:
    await database.run(add_reference_data)


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(letters, "BATCH", 3)


# ── audiences ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_whom_each_audience_means(db: Session) -> None:
    writer = staff(db)
    new, waiting, deficient, unpaid, qualified, employed, elsewhere, migrated, gone = officers(db, 9)
    request(db, waiting, RequestState.IN_REVIEW)
    request(db, deficient, RequestState.DEFICIENT, "mui")
    request(db, unpaid, RequestState.AWAITING_PAYMENT)
    profile(db, qualified).qualified_at = NOW
    profile(db, qualified).university_code = "fasa"
    profile(db, employed).legacy_qualified = True
    profile(db, employed).university_code = "mui"
    employer, branch = distributor(db)
    given = {"account_id": employed.account_id, "distributor_id": employer.id, "branch_id": branch.id}
    db.add(Contract(**given, state=ContractState.ACTIVE))
    # Lives in Fars, yet the file lies in Tehran.
    profile(db, elsewhere).university_code, profile(db, elsewhere).province = "tums", "فارس"
    profile(db, migrated).province = "فارس"
    db.get_one(Account, gone.account_id).state = AccountState.ANNULLED
    db.get_one(Account, migrated.account_id).state = AccountState.SUSPENDED
    db.flush()
    everybody = [new, waiting, deficient, unpaid, qualified, employed, elsewhere, migrated]
    for to, members in (
        (ALL, everybody),
        (Audience(Kind.ONE, str(new.account_id)), [new]),
        (Audience(Kind.ONE, str(gone.account_id)), []),
        (Audience(Kind.PROVINCE, "فارس"), [waiting, unpaid, qualified, migrated]),
        (Audience(Kind.PROVINCE, "اصفهان"), [deficient, employed]),
        (Audience(Kind.PROVINCE, "تهران"), [elsewhere]),
        (Audience(Kind.STATE, Group.IN_REVIEW.value), [waiting]),
        (Audience(Kind.STATE, Group.DEFICIENT.value), [deficient]),
        (Audience(Kind.STATE, Group.AWAITING_PAYMENT.value), [unpaid]),
        (Audience(Kind.STATE, Group.QUALIFIED.value), [qualified, employed]),
        (Audience(Kind.STATE, Group.FREE.value), [qualified]),
        (Audience(Kind.STATE, Group.EMPLOYED.value), [employed]),
        (Audience(Kind.STATE, Group.UNFILED.value), [new, elsewhere, migrated]),
        (Audience(Kind.PROVINCE_STATE, "فارس|QUALIFIED"), [qualified]),
        (Audience(Kind.PROVINCE_STATE, "فارس|UNFILED"), [migrated]),
        (Audience(Kind.STATE, "nonsense"), []),
    ):
        counted = counts.count_all(db, actor=writer)
        if to.kind is not Kind.ONE:
            assert counts.found_in(counted, to) == audience.reach(db, actor=writer, audience=to), to
        found = set(db.execute(audience.members(to)).scalars())
        assert found == {one.account_id for one in members}, to
        assert audience.size(db, actor=writer, audience=to) == len(found)


# ── sending ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_everybody_gets_it_once_in_every_live_chat(db: Session) -> None:
    writer, people = staff(db), officers(db, 7)
    silent, double = people[0], people[1]
    db.exec(select(Chat).where(Chat.account_id == silent.account_id)).one().dead = True
    db.add(Chat(messenger=Messenger.BALE, chat_id=5, account_id=double.account_id))
    db.flush()
    one = letter(db, writer)
    assert one.recipients == 7
    assert letters.count_unread(db, actor=silent) == 0, "not before it is delivered"
    latecomer = officer(db)
    spread_all(db, one)
    assert [letters.count_unread(db, actor=who) for who in [*people, latecomer]] == [1] * 7 + [0]
    told = pushes(db)
    assert len(told) == 7
    assert {push.account_id for push in told} == {who.account_id for who in people[1:]}
    assert "«آزمون دوره»" in told[0].text
    assert told[0].buttons[0][0]["press"].split("|")[1] == "inbox.letter"
    db.refresh(one)
    assert one.state is LetterState.SENDING
    for push in told:
        push.state = PushState.SENT
    db.flush()
    spread_all(db, one)
    db.refresh(one)
    assert one.state is LetterState.SENT
    found = letters.letter_progress(db, actor=writer, letter_id=one.id)
    assert (found.letter.delivered, found.notified, found.read) == (7, 6, 0)


def test_the_outbox_never_holds_more_than_its_window(db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(letters, "WINDOW", 4)
    officers(db, 12)
    one = letter(db, staff(db))
    spread_all(db, one)
    assert len(pushes(db)) == 6, "a batch more than the window at most"
    for push in pushes(db)[:3]:
        push.state = PushState.SENT
    db.flush()
    spread_all(db, one)
    assert len(pushes(db)) == 9


@pytest.mark.parametrize("sweeps", [1, 3])
async def test_a_crash_and_sweeps_at_once_lose_and_double_nothing(database: Database, sweeps: int) -> None:
    def begin(db: Session) -> int:
        officers(db, 20)
        return letter(db, staff(db)).id

    letter_id = await database.run(begin)
    assert await database.run(lambda db: spread(db, letter_id))

    await spread_after_a_crash(database, letter_id, sweeps)

    def check_that_everybody_has_it_once(db: Session) -> None:
        got = [push.account_id for push in pushes(db)]
        assert len(got) == len(set(got)) == 20
        delivered = select(func.count()).where(col(LetterRecipient.delivered_at).is_not(None))
        assert db.execute(delivered).scalar_one() == 20
        assert db.exec(select(Letter.delivered)).one() == 20

    await database.read(check_that_everybody_has_it_once)


def test_stopped_half_way(db: Session) -> None:
    writer, people = staff(db), {who.account_id: who for who in officers(db, 9)}
    one = letter(db, writer)
    for _ in range(2):
        spread(db, one.id)
    told, opened, claimed, untold = pushes(db)[:4]
    told.state, claimed.state = PushState.SENT, PushState.SENDING
    db.flush()
    open_letter(db, people[opened.account_id], one)
    stopped = letters.stop_letter(db, actor=writer, letter_id=one.id, now=NOW)
    assert (stopped.state, stopped.delivered) == (LetterState.STOPPED, 3)
    kept = {told.account_id, opened.account_id, claimed.account_id}
    have = select(LetterRecipient.account_id).where(col(LetterRecipient.delivered_at).is_not(None))
    assert set(db.exec(have)) == kept
    db.refresh(untold)
    assert (untold.state, untold.note) == (PushState.SKIPPED, letters.STOPPED)
    assert not spread(db, one.id)
    assert len(pushes(db)) == 6
    with refused(Stale):
        letters.stop_letter(db, actor=writer, letter_id=one.id, now=NOW)
    late = next(who for number, who in people.items() if number not in kept)
    with refused(NotAllowed):
        open_letter(db, late, one)


def listed(db: Session) -> list[int]:
    return sorted(db.exec(select(LetterRecipient.account_id)).all())


@pytest.mark.parametrize("sweeps", [1, 3])
async def test_a_long_list_of_recipients_is_made_in_units_that_may_be_killed(
    database: Database, sweeps: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recipients, "LISTED", 4)

    def begin(db: Session) -> tuple[int, list[int]]:
        people = officers(db, 15)
        return letter(db, staff(db)).id, sorted(one.account_id or 0 for one in people)

    letter_id, everybody = await database.run(begin)
    await database.run(officer)  # who registers afterwards does not get it
    assert len(await database.read(listed)) <= recipients.LISTED, (
        "whoever sends a letter keeps nobody waiting"
    )

    await spread_after_a_crash(database, letter_id, sweeps)

    def check(db: Session) -> None:
        one = db.get_one(Letter, letter_id)
        assert listed(db) == everybody
        assert (one.unlisted, one.recipients, one.delivered) == (None, 15, 15)
        assert sorted(push.account_id or 0 for push in pushes(db)) == everybody

    await database.read(check)


async def test_a_letter_is_taken_back_in_units_and_nobody_opens_it_meanwhile(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recipients, "TAKEN_BACK", 2)

    def begin(db: Session) -> tuple[int, list[Actor]]:
        writer, people = staff(db), officers(db, 9)
        one = letter(db, writer)
        spread_all(db, one)
        for push in pushes(db)[:2]:
            push.state = PushState.SENT
        db.flush()
        letters.stop_letter(db, actor=writer, letter_id=one.id, now=NOW)
        have = select(func.count()).where(col(LetterRecipient.delivered_at).is_not(None))
        assert db.execute(have).scalar_one() == 7, "a unit takes it back from some"
        return one.id, people

    letter_id, people = await database.run(begin)

    def open_meanwhile(db: Session) -> None:
        open_letter(db, people[1], db.get_one(Letter, letter_id))
        with refused(NotAllowed):
            open_letter(db, people[3], db.get_one(Letter, letter_id))

    await database.run(open_meanwhile)

    await spread_after_a_crash(database, letter_id, 3)

    def check(db: Session) -> None:
        one = db.get_one(Letter, letter_id)
        have = select(LetterRecipient.account_id).where(col(LetterRecipient.delivered_at).is_not(None))
        assert set(db.exec(have)) == {people[0].account_id, people[1].account_id}
        assert (one.state, one.delivered, one.taking_back) == (LetterState.STOPPED, 2, None)
        assert letters._unfinished_letters(db, NOW) == []

    await database.read(check)


# ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_each_reads_their_own_letter_and_no_other(db: Session) -> None:
    """Whatever numbers letters, accounts and chats have."""
    writer, people = staff(db), officers(db, 4)
    sent = {}
    for number, who in enumerate(reversed(people)):
        to = Audience(Kind.ONE, str(who.account_id))
        sent[who.account_id] = letter(db, writer, to, title=f"نامه {number}")
    for one in sent.values():
        spread_all(db, one)
    for who in people:
        own = sent[who.account_id]
        (received,), total = letters.inbox_of(db, actor=who, limit=5, offset=0)
        assert (received.letter.id, total) == (own.id, 1)
        open_letter(db, who, own)
        assert letters.count_unread(db, actor=who) == 0
        [push] = [one for one in pushes(db) if one.account_id == who.account_id]
        chat = db.exec(select(Chat).where(Chat.account_id == who.account_id)).one()
        assert (push.chat_row_id, push.letter_id) == (chat.id, own.id)
        assert push.key == f"letter:{own.id}:{who.account_id}:{chat.id}"
        assert own.title in push.text


def test_the_writer_reads_how_many_opened_each_letter(db: Session) -> None:
    """The first opening is kept."""
    writer, people = staff(db), officers(db, 3)
    first, second = letter(db, writer, title="یکم"), letter(db, writer, title="دوم")
    for one in (first, second):
        spread_all(db, one)
    for who in people[:2]:
        for days in (0, 1):
            open_letter(db, who, first, days)
    shown, total = letters.written_letters(db, actor=writer, limit=5, offset=0)
    assert total == 2
    assert [(one.letter.title, one.read) for one in shown] == [("دوم", 0), ("یکم", 2)]
    assert letters.letter_progress(db, actor=writer, letter_id=first.id).read == 2
    row = db.get_one(LetterRecipient, (first.id, people[0].account_id), populate_existing=True)
    assert row.read_at == NOW
    assert [letters.count_unread(db, actor=who) for who in people] == [1, 1, 2]


def test_unread_letters_come_first_then_the_newest(db: Session) -> None:
    writer, sara = staff(db), officer(db)
    sent = [letter(db, writer, title=f"نامه {number}") for number in range(4)]
    for one in sent:
        spread_all(db, one)
    open_letter(db, sara, sent[3])
    shown, total = letters.inbox_of(db, actor=sara, limit=3, offset=0)
    assert total == 4
    assert [one.letter.title for one in shown] == ["نامه 2", "نامه 1", "نامه 0"]
    (last,), _ = letters.inbox_of(db, actor=sara, limit=3, offset=3)
    assert last.read


def test_only_a_recipient_opens_a_letter_and_its_files(db: Session) -> None:
    writer, (sara, other) = staff(db), officers(db, 2)
    files = [stored_file(db, writer, "بخشنامه.pdf"), stored_file(db, writer)]
    one = letter(db, writer, Audience(Kind.ONE, str(sara.account_id)), files=files)
    expert = Actor(other.account_id, Role.EXPERT, "sums")
    impostor = Actor(other.account_id, Role.STAFF)
    given = {"letter_id": one.id, "now": NOW}
    for who in (sara, other, expert, impostor, Actor(None, Role.OFFICER)):
        with refused(NotAllowed):  # Sara too: it did not reach her yet.
            letters.attached_files(db, actor=who, **given)
    spread_all(db, one)
    for who in (other, expert, impostor):
        for service in (letters.attached_files, letters.open_letter):
            with refused(NotAllowed):
                service(db, actor=who, **given)
        with refused(NotAllowed):
            letters.view_letter(db, actor=who, letter_id=one.id)
    assert [file.id for file in letters.attached_files(db, actor=sara, **given)] == files
    viewed = db.exec(select(AuditEvent).where(AuditEvent.event == "document_viewed")).all()
    assert [(event.actor_id, event.data["file"]) for event in viewed] == [
        (sara.account_id, file) for file in files
    ]


def test_staff_write_only_with_their_own_files(db: Session) -> None:
    writer = staff(db)
    with refused(NotAllowed):
        letter(db, writer, files=[stored_file(db, officer(db))])
    with refused(InvalidInput):
        letter(db, writer, Audience(Kind.STATE, Group.EMPLOYED.value))
    with refused(InvalidInput):
        letter(db, writer, title="ع" * 121)


def test_how_many_read_a_letter_is_counted_to_a_bound(db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """A letter to a million is opened as quickly as one to ten."""
    monkeypatch.setattr(letters, "LISTED", 2)
    monkeypatch.setattr(letters, "SHOWN", 3)
    writer, people = staff(db), officers(db, 5)
    one = letter(db, writer)
    spread_all(db, one)
    for push in pushes(db):
        push.state = PushState.SENT
    db.flush()
    for who in people:
        open_letter(db, who, one, 0)
    [listed], _ = letters.written_letters(db, actor=writer, limit=5, offset=0)
    assert (listed.notified, listed.read, listed.most) == (3, 3, 2)
    shown = letters.letter_progress(db, actor=writer, letter_id=one.id or 0)
    assert (shown.notified, shown.read, shown.most) == (4, 4, 3)
