"""Whom an audience means, what an inbox holds, what a letter may be: each that is not differs in one thing from one that is."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, col, select

from bot.core.context import Actor
from bot.core.refusals import InvalidInput, NotAllowed, Stale
from bot.services.letters import audience, counts, letters, recipients
from bot.services.letters.audience import Audience, Kind, Reach
from bot.texts import BIDI_MARKS
from storage.enums import (
    AccountState,
    ContractState,
    CooperationState,
    LetterState,
    Messenger,
    PushChannel,
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
    CooperationRequest,
    Letter,
    LetterFile,
    LetterRecipient,
    Officer,
    Push,
    StoredFile,
    University,
)
from tests.support.factories.cooperation import Parties, active_contract
from tests.support.factories.people import end_role, expert, granted, officer
from tests.support.factories.qualification import add_request, stored_file
from tests.support.factories.reference_data import NOW
from tests.support.services import refused

#: What is asked for and written does not depend on the database.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(letters, "BATCH", 3)


def letter(db: Session, writer: Actor, to: Audience | None = None, **other: Any) -> Letter:
    given = {"number": "۱۲", "title": "آزمون", "text": "آغاز شد.", "files": (), "sms": False}
    given |= {"delay": timedelta(0), "now": NOW}
    return letters.send_letter(db, actor=writer, to=to or Audience(Kind.ALL), **given | other)


def row(db: Session, actor: Actor) -> Account:
    return db.get_one(Account, actor.account_id)


def deliver(db: Session, one: Letter, now: Any = NOW) -> int:
    batches = 0
    while letters.send_batch(db, letter_id=one.id or 0, now=now):
        batches += 1
    return batches


# ── whom it goes to ──────────────────────────────────────────────────────────────────────────────────────────────


def test_experts_and_managers_by_province(db: Session, parties: Parties) -> None:
    staff, kian, arad = parties.staff, parties.kian, parties.arad
    ended, suspended = expert(db, "پیشین"), expert(db, "معلق")
    end_role(db, ended)
    row(db, suspended).state = AccountState.SUSPENDED
    both = granted(db, row(db, parties.ali), Role.DISTRIBUTOR, distributor_id=arad.id)
    central = db.get_one(Branch, arad.central)
    central.province, central.city = "تهران", "تهران"
    db.flush()
    every = [parties.ali, parties.zahra, parties.in_charge, parties.foreign]
    managers = [kian.manager, kian.deputy, arad.manager, arad.deputy, both]
    counted = counts.count_all(db, actor=staff)
    for to, members in (
        (Audience(Kind.EXPERTS), every),
        (Audience(Kind.EXPERTS, "فارس"), every[:3]),
        (Audience(Kind.EXPERTS, "اصفهان"), every[3:]),
        (Audience(Kind.EXPERTS, "تهران"), []),
        (Audience(Kind.MANAGERS), managers),
        (Audience(Kind.MANAGERS, "فارس"), managers[:2]),
        (Audience(Kind.MANAGERS, "تهران"), managers[2:]),
        (Audience(Kind.ONE, "x"), []),
        (Audience(Kind.ONE, f"{parties.ali.account_id}"), []),
        (Audience(Kind.PROVINCE_STATE, "فارس|nonsense"), []),
    ):
        found = set(db.execute(audience.members(to)).scalars())
        assert found == {one.account_id for one in members}, to
        reach = audience.reach(db, actor=staff, audience=to)
        assert reach.total == len(members)
        if to.kind in (Kind.EXPERTS, Kind.MANAGERS):
            assert counts.found_in(counted, to) == reach, to


def test_how_an_audience_is_reached(db: Session, parties: Parties) -> None:
    """In a live chat, else by SMS where a mobile is known."""
    chats = {one.account_id: one for one in db.exec(select(Chat))}
    sara, mina, third = (row(db, one) for one in (parties.sara, parties.mina, parties.unqualified))
    chats[mina.id].dead = True
    chats[third.id].dead = True
    third.mobile = None
    db.add(Chat(messenger=Messenger.BALE, chat_id=5, account_id=sara.id, dead=True))
    db.flush()
    reach = audience.reach(db, actor=parties.staff, audience=Audience(Kind.ALL))
    assert (reach, reach.without_chat) == (Reach(3, 1, 1), 2)
    counted = counts.count_all(db, actor=parties.staff)
    assert counts.found_in(counted, Audience(Kind.ALL)) == reach
    assert counts.found_in(counted, Audience(Kind.PROVINCE, "کرمان")) == Reach(0, 0, 0)


def test_the_state_of_an_officers_affairs(db: Session, parties: Parties) -> None:
    """Also where a cooperation is on its way, and where the file lies with a university of another province."""
    staff = parties.staff
    asked = CooperationRequest(
        branch_id=parties.kian.east,
        distributor_id=parties.kian.id,
        account_id=parties.mina.account_id,
        requested_by=parties.kian.manager.account_id,
        tracking_code="140509010099",
        state=CooperationState.PENDING_OFFICER,
        state_since=NOW,
    )
    db.add(asked)
    third = parties.unqualified
    filed = add_request(
        db, third, RequestState.SUBMITTED, university_code="tums", tracking_code="140509010001"
    )
    db.get_one(Officer, third.account_id).province = "فارس"
    db.flush()

    def members(kind: Kind, value: str) -> list[int | None]:
        to = Audience(kind, value)
        found = sorted(db.execute(audience.members(to)).scalars())
        counted = counts.found_in(counts.count_all(db, actor=staff), to)
        assert counted == audience.reach(db, actor=staff, audience=to), to
        return found

    mina, sara = parties.mina.account_id, parties.sara.account_id
    free = sorted((mina or 0, sara or 0))
    assert members(Kind.STATE, "FREE") == free
    asked.state, asked.university_code, asked.accepted_at = CooperationState.PENDING_UNIVERSITY, "sums", NOW
    db.flush()
    assert members(Kind.STATE, "FREE") == [sara]
    asked.state, asked.closed_at = CooperationState.WITHDRAWN, NOW
    contract = active_contract(db, parties.arad, parties.sara, parties.ali)
    assert (members(Kind.STATE, "FREE"), members(Kind.STATE, "EMPLOYED")) == ([mina], [sara])
    contract.state, contract.ended_at = ContractState.ENDED_BY_OFFICER, NOW
    db.flush()
    assert (members(Kind.STATE, "FREE"), members(Kind.STATE, "EMPLOYED")) == (free, [])
    assert members(Kind.STATE, "QUALIFIED") == free
    assert members(Kind.PROVINCE_STATE, "اصفهان|QUALIFIED") == free
    assert members(Kind.PROVINCE, "تهران") == [third.account_id], "where the file is under way"
    assert members(Kind.PROVINCE, "فارس") == []
    assert members(Kind.PROVINCE_STATE, "تهران|IN_REVIEW") == [third.account_id]
    filed.state, filed.closed_at = RequestState.WITHDRAWN, NOW
    db.flush()
    assert members(Kind.PROVINCE, "فارس") == members(Kind.STATE, "UNFILED") == [third.account_id]
    add_request(
        db, parties.sara, RequestState.SUBMITTED, kind=RequestKind.AMENDMENT, tracking_code="140509010002"
    )
    assert members(Kind.PROVINCE, "اصفهان") == free, "the approved file, wherever an amendment is"
    assert members(Kind.PROVINCE, "فارس") == [third.account_id]


def test_an_audience_in_words(db: Session, parties: Parties) -> None:
    def words(kind: Kind, value: str = "") -> str:
        return BIDI_MARKS.sub("", audience.describe(db, actor=parties.staff, audience=Audience(kind, value)))

    assert [
        words(Kind.ONE, f"{parties.sara.account_id}"),
        words(Kind.ONE, "999"),
        words(Kind.ONE, "x"),
        words(Kind.ALL),
        words(Kind.PROVINCE, "فارس"),
        words(Kind.STATE, "FREE"),
        words(Kind.STATE, "x"),
        words(Kind.PROVINCE_STATE, "فارس|DEFICIENT"),
        words(Kind.PROVINCE_STATE, "فارس|x"),
        words(Kind.EXPERTS),
        words(Kind.EXPERTS, "فارس"),
        words(Kind.MANAGERS),
        words(Kind.MANAGERS, "تهران"),
        words(Kind.CORRECTION, "7"),
    ] == [
        "سارا نمونه",
        "—",
        "—",
        "همه مسئولان فنی",
        "مسئولان فنی استان فارس",
        "دارندگان صلاحیت بدون همکاری",
        "—",
        "متقاضیان دارای نقص در استان فارس",
        "—",
        "کارشناسان دانشگاه‌ها",
        "کارشناسان دانشگاه‌ها در استان فارس",
        "مدیران شرکت‌ها و اصناف",
        "مدیران شرکت‌ها و اصناف در استان تهران",
        "گیرندگان نامه نخست",
    ]
    db.get_one(University, "mui").regional = False
    db.flush()
    assert audience.provinces(db, actor=parties.staff) == ["تهران", "فارس"]


def test_a_correction_goes_to_who_has_the_first_letter(db: Session, parties: Parties) -> None:
    staff, sara, mina = parties.staff, parties.sara, parties.mina
    first = letter(db, staff, title="نخست")
    late = letters.correction_of(db, actor=staff, letter_id=first.id or 0)
    assert late is None
    deliver(db, first)
    missed = db.get_one(LetterRecipient, (first.id, parties.unqualified.account_id))
    missed.delivered_at = None
    row(db, mina).state = AccountState.SUSPENDED
    db.flush()
    to = Audience(Kind.CORRECTION, f"{first.id}")
    found = set(db.execute(audience.members(to)).scalars())
    assert found == {sara.account_id, mina.account_id}
    key = counts.key_of(to)
    assert counts.count_correction(db, actor=staff, letter_id=first.id or 0) == {key: [2, 2, 0]}
    assert set(db.execute(audience.members(Audience(Kind.CORRECTION, "x"))).scalars()) == set()
    other = letter(db, staff, Audience(Kind.ONE, f"{mina.account_id}"), corrects_id=first.id, title="یکم")
    newest = letter(db, staff, Audience(Kind.ONE, f"{sara.account_id}"), corrects_id=first.id, title="دوم")
    deliver(db, other)

    def correction(actor: Actor) -> str | None:
        one = letters.correction_of(db, actor=actor, letter_id=first.id or 0)
        return None if one is None else one.title

    assert [correction(one) for one in (staff, sara, mina)] == ["دوم", None, None]
    deliver(db, newest)
    assert [correction(one) for one in (staff, sara, mina)] == ["دوم", "دوم", None]

    def corrected(actor: Actor, one: Letter) -> str | None:
        found = letters.corrected_by(db, actor=actor, letter=one)
        return None if found is None else found.title

    assert [corrected(one, newest) for one in (staff, sara, parties.unqualified)] == ["نخست", "نخست", None]
    assert corrected(staff, first) is None
    nobody = Actor(None, Role.OFFICER)
    with refused(NotAllowed):
        letters.corrected_by(db, actor=nobody, letter=newest)


# ── sending ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_a_letter_may_be(db: Session, parties: Parties) -> None:
    staff = parties.staff
    for wrong in (
        {"title": ""},
        {"text": ""},
        {"title": "ع" * 121},
        {"number": "۱" * 41},
    ):
        with refused(InvalidInput, "error.letter_incomplete", db=db):
            letter(db, staff, **wrong)
    with refused(InvalidInput, "error.no_recipients", db=db):
        letter(db, staff, Audience(Kind.PROVINCE, "کرمان"))
    files = [stored_file(db, staff) for _ in range(6)]
    db.get_one(StoredFile, files[5]).removed_at = NOW
    db.flush()
    for given in (files, [files[5]], [*files[:4], files[5]], [files[0], 999]):
        with refused(NotAllowed, "error.not_allowed", db=db):
            letter(db, staff, files=given)
    whole = letter(db, staff, title="ع" * 120, number="۱" * 40, files=[*files[1::-1], *files[:5]])
    kept = (
        select(LetterFile.file_id).where(LetterFile.letter_id == whole.id).order_by(col(LetterFile.position))
    )
    assert list(db.exec(kept)) == [files[1], files[0], *files[2:5]], "each once, in the order given"
    plain = letter(db, staff, number="")
    assert (plain.number, plain.starts_at, plain.created_at, plain.corrects_id) == (None, None, NOW, None)
    assert letters.writer_of(db, actor=staff, letter=plain) == "رضا ستادی"
    assert letters.count_files(db, actor=staff, letter_id=whole.id or 0) == 5
    assert letters.count_files(db, actor=staff, letter_id=plain.id or 0) == 0


def test_a_letter_to_one_person_finds_them_at_once(
    db: Session, parties: Parties, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many registered since; of all others it is found out in units."""
    monkeypatch.setattr(recipients, "LISTED", 1)
    one = letter(db, parties.staff, Audience(Kind.ONE, f"{parties.sara.account_id}"))
    assert (one.recipients, one.unlisted) == (1, None)
    with refused(InvalidInput, "error.no_recipients", db=db):
        letter(db, parties.staff, Audience(Kind.ONE, f"{parties.ali.account_id}"))
    everybody = letter(db, parties.staff)
    assert everybody.unlisted is not None
    deliver(db, everybody)
    assert (everybody.recipients, everybody.unlisted) == (3, None)


def test_a_letter_waits_for_its_time(db: Session, parties: Parties) -> None:
    one = letter(db, parties.staff, delay=HOUR)
    assert one.starts_at == NOW + HOUR
    assert letters._unfinished_letters(db, NOW) == []
    assert not letters.send_batch(db, letter_id=one.id or 0, now=NOW + HOUR - SECOND)
    assert letters._unfinished_letters(db, NOW + HOUR - SECOND) == []
    assert letters._unfinished_letters(db, NOW + HOUR) == [one.id]
    assert letters.send_batch(db, letter_id=one.id or 0, now=NOW + HOUR)
    unlisted = letter(db, parties.staff, delay=HOUR)
    unlisted.unlisted = 5
    stopped = letter(db, parties.staff)
    stopped.state, stopped.taking_back, stopped.finished_at = LetterState.STOPPED, 3, NOW
    over = letter(db, parties.staff)
    over.state, over.finished_at = LetterState.SENT, NOW
    db.flush()
    assert letters._unfinished_letters(db, NOW) == [stopped.id, unlisted.id], "what is taken back comes first"
    assert not letters.send_batch(db, letter_id=999, now=NOW)
    assert not letters.send_batch(db, letter_id=over.id or 0, now=NOW)


def test_who_is_told_of_a_letter_and_how(db: Session, parties: Parties) -> None:
    """In each live chat; without one by SMS where the letter says so; whole rows."""
    chats = {one.account_id: one for one in db.exec(select(Chat))}
    sara, mina, third = parties.sara, parties.mina, parties.unqualified
    chats[mina.account_id].dead = chats[third.account_id].dead = True
    row(db, third).mobile = None
    second = Chat(messenger=Messenger.BALE, chat_id=5, account_id=sara.account_id)
    db.add(second)
    db.flush()
    for sms in (False, True):
        one = letter(db, parties.staff, sms=sms)
        deliver(db, one)
        found = db.exec(select(Push).where(Push.letter_id == one.id).order_by(col(Push.id))).all()
        by = [(push.account_id, push.channel, push.chat_row_id, push.mobile) for push in found]
        in_chats = [
            (sara.account_id, PushChannel.CHAT, chats[sara.account_id].id, None),
            (sara.account_id, PushChannel.CHAT, second.id, None),
        ]
        by_sms = [(mina.account_id, PushChannel.SMS, None, row(db, mina).mobile)]
        assert by == in_chats + (by_sms if sms else [])
        for push in found:
            assert (push.kind, push.state, push.attempts, push.next_at) == ("N9", PushState.QUEUED, 0, NOW)
            assert (push.correlation_id, push.created_at, push.sms) == (f"letter:{one.id}", NOW, {})
        words = [BIDI_MARKS.sub("", push.text) for push in found]
        assert words[:2] == ["📬 نامه جدید از اداره کل: «آزمون»"] * 2
        if sms:
            assert (words[2], found[2].buttons) == ("نامه جدید از اداره کل: «آزمون»", [])
            assert found[2].key == f"letter:{one.id}:{mina.account_id}:sms"
        assert one.delivered == 3


def test_the_outbox_has_room_below_its_window(
    db: Session, parties: Parties, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (letters.WINDOW, recipients.LISTED, recipients.TAKEN_BACK) == (300, 500, 250)
    monkeypatch.setattr(letters, "WINDOW", 3)
    monkeypatch.setattr(letters, "BATCH", 1)
    one = letter(db, parties.staff)
    for number, state in enumerate((PushState.QUEUED, PushState.SENDING, PushState.SENT, PushState.SKIPPED)):
        db.add(
            Push(
                kind="N9", key=f"x{number}", channel=PushChannel.CHAT, text="x", letter_id=one.id, state=state
            )
        )
    db.add(Push(kind="N9", key="y", channel=PushChannel.CHAT, text="x", state=PushState.QUEUED))
    db.flush()
    assert deliver(db, one) == 1, "two wait, the third fills the window"
    assert (one.state, one.delivered) == (LetterState.SENDING, 1)
    for push in db.exec(select(Push).where(Push.letter_id == one.id)):
        push.state = PushState.GIVEN_UP
    db.flush()
    monkeypatch.setattr(letters, "WINDOW", 300)
    later = NOW + HOUR
    assert deliver(db, one, later) == 2
    assert (one.state, one.finished_at) == (LetterState.SENDING, None), "its pushes wait"
    for push in db.exec(select(Push).where(Push.letter_id == one.id)):
        push.state = PushState.SENT
    db.flush()
    assert deliver(db, one, later) == 0
    db.refresh(one)
    assert (one.state, one.finished_at) == (LetterState.SENT, later)
    with refused(Stale):
        letters.stop_letter(db, actor=parties.staff, letter_id=one.id or 0, now=later)


# ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_inbox_is_ones_own(db: Session, parties: Parties) -> None:
    staff, sara, mina = parties.staff, parties.sara, parties.mina
    own, later = (letter(db, staff, Audience(Kind.ONE, f"{sara.account_id}"), title=name) for name in "اب")
    other = letter(db, staff, Audience(Kind.ONE, f"{mina.account_id}"))
    deliver(db, own), deliver(db, other)

    def inbox(actor: Actor) -> tuple[list[tuple[str, bool]], int, int]:
        found, total = letters.inbox_of(db, actor=actor, limit=9, offset=0)
        return [(one.letter.title, one.read) for one in found], total, letters.count_unread(db, actor=actor)

    assert inbox(sara) == ([("ا", False)], 1, 1)
    for refusing in (letters.open_letter, letters.attached_files):
        for actor, one in ((sara, later), (sara, other), (mina, own)):
            with refused(NotAllowed, "error.not_your_letter", db=db):
                refusing(db, actor=actor, letter_id=one.id or 0, now=NOW)
    for actor, number in ((mina, own.id), (sara, 999), (staff, 999)):
        with refused(NotAllowed, "error.not_your_letter"):
            letters.view_letter(db, actor=actor, letter_id=number or 0)
    assert letters.view_letter(db, actor=staff, letter_id=own.id or 0) == own
    letters.open_letter(db, actor=sara, letter_id=own.id or 0, now=NOW)
    assert inbox(sara) == ([("ا", True)], 1, 0)
    assert inbox(mina)[1:] == (1, 1)
    deliver(db, later)
    assert inbox(sara) == ([("ب", False), ("ا", True)], 2, 1)
    with refused(NotAllowed, db=db):
        letters.open_letter(db, actor=staff, letter_id=own.id or 0, now=NOW)


def test_a_stopped_letter_is_kept_by_who_was_told_or_opened_it(db: Session, parties: Parties) -> None:
    people = [officer(db, f"نفر{number}") for number in range(5)]
    one = letter(db, parties.staff)
    deliver(db, one)
    states = (PushState.SENT, PushState.SENDING, PushState.GIVEN_UP, PushState.QUEUED, PushState.QUEUED)
    pushes = {push.account_id: push for push in db.exec(select(Push).where(Push.letter_id == one.id))}
    for who, state in zip(people, states, strict=True):
        pushes[who.account_id].state = state
    db.flush()
    letters.open_letter(db, actor=people[4], letter_id=one.id or 0, now=NOW)
    letters.stop_letter(db, actor=parties.staff, letter_id=one.id or 0, now=NOW)
    have = select(LetterRecipient.account_id).where(col(LetterRecipient.delivered_at).is_not(None))
    assert set(db.exec(have)) == {people[number].account_id for number in (0, 1, 4)}
    db.refresh(one)
    assert (one.delivered, one.state, one.finished_at) == (3, LetterState.STOPPED, NOW)
    db.expire_all()
    after = {push.account_id: push.state for push in db.exec(select(Push).where(Push.letter_id == one.id))}
    assert [after[who.account_id] for who in people] == [*states[:3], PushState.SKIPPED, PushState.SKIPPED]


def test_how_far_a_letter_came(db: Session, parties: Parties) -> None:
    first, second = (letter(db, parties.staff, title=name) for name in ("یکم", "دوم"))
    deliver(db, first), deliver(db, second)
    chat = db.exec(select(Chat).where(Chat.account_id == parties.sara.account_id)).one()
    twice = Push(kind="N9", key="x", channel=PushChannel.CHAT, text="x", letter_id=first.id)
    twice.account_id, twice.chat_row_id = parties.sara.account_id, chat.id
    db.add(twice)
    for push in db.exec(select(Push).where(Push.letter_id == first.id)):
        push.state = PushState.SENT if push.account_id != parties.mina.account_id else PushState.GIVEN_UP
    db.flush()
    letters.open_letter(db, actor=parties.sara, letter_id=second.id or 0, now=NOW)
    shown, total = letters.written_letters(db, actor=parties.staff, limit=1, offset=1)
    assert ([(one.letter.title, one.notified, one.read, one.most) for one in shown], total) == (
        [("یکم", 2, 0, 999)],
        2,
    )
    progress = letters.letter_progress(db, actor=parties.staff, letter_id=second.id or 0)
    assert (progress.notified, progress.read, progress.most) == (0, 1, 9999)
    with refused(Stale):
        letters.letter_progress(db, actor=parties.staff, letter_id=999)


def test_who_looked_at_attachments_is_recorded(db: Session, parties: Parties) -> None:
    staff = parties.staff
    files = [stored_file(db, staff) for _ in range(3)]
    one, other = letter(db, staff, files=files), letter(db, staff, files=files[:1])
    deliver(db, one), deliver(db, other)
    db.get_one(StoredFile, files[1]).removed_at = NOW
    db.flush()
    for actor in (staff, parties.sara):
        found = letters.attached_files(db, actor=actor, letter_id=one.id or 0, now=NOW)
        assert [file.id for file in found] == [files[0], files[2]]
    viewed = db.exec(select(AuditEvent).where(AuditEvent.event == "document_viewed")).all()
    assert [(line.actor_id, line.subject, line.subject_id, line.data) for line in viewed] == [
        (parties.sara.account_id, "letter", one.id, {"file": file}) for file in (files[0], files[2])
    ]
