"""Letters of the directorate: sent off, spread batch by batch, stopped, read.

See R44, docs/specification.md 2.7, N9.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import String, cast, func, literal, or_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from bot.application.resources import Resources
from bot.core.context import Actor
from bot.core.refusals import InvalidInput, NotAllowed, Stale
from bot.core.screens import button, rows_to_json
from bot.services.letters import recipients
from bot.services.letters.audience import Audience
from bot.services.shared import audit
from bot.services.shared.permissions import require
from bot.texts import t
from storage.enums import LetterState, PushChannel, PushState, Role
from storage.tables import Account, Chat, Letter, LetterFile, LetterRecipient, Push, StoredFile

SUBJECT = "letter"
NUMBER_MAX, TITLE_MAX, TEXT_MAX = 40, 120, 3500
MAX_FILES = 5
#: Recipients in one transaction.
BATCH = 100
#: Recipients who were told of a letter, and who read it, are counted to this: in a list, and on the letter's own page.
LISTED, SHOWN = 999, 9_999
#: Pushes of one letter that wait in the outbox at most: what a stop cannot find there is out.
WINDOW = 300
STOPPED = "the letter was stopped"

_WAITING = (PushState.QUEUED, PushState.SENDING)
_PUSH = Push.metadata.tables["push"]


@dataclass(frozen=True, slots=True)
class Progress:
    """One letter, and how far it came: `notified` recipients got a push, `read` opened it; both counted up to
    `most` + 1."""

    letter: Letter
    notified: int
    read: int
    most: int


@dataclass(frozen=True, slots=True)
class Received:
    letter: Letter
    read: bool


# -- the directorate's side ------------------------------------------------------------------------


def send_letter(
    db: Session,
    *,
    actor: Actor,
    to: Audience,
    number: str | None,
    title: str,
    text: str,
    files: Sequence[int] = (),
    sms: bool,
    corrects_id: int | None = None,
    delay: timedelta,
    now: datetime,
) -> Letter:
    """Send a letter off. `send_next_batches` lists the recipients, whoever belongs to the audience and has an account
    now, and brings it to them after `delay`, until when a stop finds everybody. `sms`: who has no live chat gets one. `corrects_id`: the
    letter that this one corrects.

    Raises NotAllowed for anyone but staff and for attachments of another account, InvalidInput where no
    officer would get it or a part of it is too long."""
    require(db, actor, Role.STAFF)
    if not title or not text or len(title) > TITLE_MAX or len(number or "") > NUMBER_MAX:
        raise InvalidInput("error.letter_incomplete")
    assert actor.account_id is not None
    letter = Letter(
        number=number or None,
        title=title,
        text=text,
        audience=to.as_data(),
        created_by=actor.account_id,
        starts_at=now + delay if delay else None,
        sms=sms,
        corrects_id=corrects_id,
        created_at=now,
    )
    db.add(letter)
    db.flush()
    assert letter.id is not None
    _attach(db, letter.id, actor.account_id, files)
    recipients.begin_list(db, letter)
    if not letter.recipients and letter.unlisted is None:
        raise InvalidInput("error.no_recipients")
    audit.record(
        db,
        now=now,
        actor=actor,
        event="letter_sent",
        subject=SUBJECT,
        subject_id=letter.id,
        to_state=letter.state,
        recipients=letter.recipients if letter.unlisted is None else None,
        kind=to.kind.value,
        sms=sms,
        corrects=corrects_id,
    )
    return letter


def correction_of(db: Session, *, actor: Actor, letter_id: int) -> Letter | None:
    """The newest letter that corrects this one, where the actor may read it. Raises NotAllowed."""
    require(db, actor, reading=True)
    query = select(Letter).where(Letter.corrects_id == letter_id).order_by(col(Letter.id).desc()).limit(1)
    letter = db.exec(query).first()
    if letter is None or actor.role is Role.STAFF:
        return letter
    may_read = actor.account_id is not None and _receipt(db, actor.account_id, letter.id or 0) is not None
    return letter if may_read else None


def corrected_by(db: Session, *, actor: Actor, letter: Letter) -> Letter | None:
    """The letter that this one corrects, where the actor may read it. Raises NotAllowed."""
    require(db, actor, reading=True)
    if letter.corrects_id is None:
        return None
    if actor.role is not Role.STAFF and (
        actor.account_id is None or _receipt(db, actor.account_id, letter.corrects_id) is None
    ):
        return None
    return db.get(Letter, letter.corrects_id)


def _attach(db: Session, letter_id: int, account_id: int, files: Sequence[int]) -> None:
    wanted = list(dict.fromkeys(files))
    own = select(StoredFile.id).where(
        col(StoredFile.id).in_(wanted),
        StoredFile.account_id == account_id,
        col(StoredFile.removed_at).is_(None),
    )
    if len(wanted) > MAX_FILES or set(db.exec(own)) != set(wanted):
        raise NotAllowed("error.not_allowed")
    db.add_all(
        LetterFile(letter_id=letter_id, file_id=file_id, position=position)
        for position, file_id in enumerate(wanted)
    )
    db.flush()


def stop_letter(db: Session, *, actor: Actor, letter_id: int, now: datetime) -> Letter:
    """Stop sending. Officers who were told of it or have opened it keep it; the others lose it, the first of them at
    once, the rest by `send_next_batches`.

    Raises NotAllowed for anyone but staff, Stale where it is out or stopped already."""
    require(db, actor, Role.STAFF)
    if not _end_sending(db, letter_id, LetterState.STOPPED, now):
        raise Stale
    of_letter = col(Push.letter_id) == letter_id
    db.execute(
        update(Push)
        .where(of_letter, col(Push.state) == PushState.QUEUED)
        .values(state=PushState.SKIPPED, note=STOPPED)
        .execution_options(synchronize_session=False)
    )
    letter = db.get_one(Letter, letter_id, populate_existing=True)
    recipients.begin_taking_back(db, letter)
    audit.record(
        db,
        now=now,
        actor=actor,
        event="letter_stopped",
        subject=SUBJECT,
        subject_id=letter_id,
        from_state=LetterState.SENDING,
        to_state=LetterState.STOPPED,
        delivered=letter.delivered if letter.taking_back is None else None,
    )
    return letter


def _end_sending(db: Session, letter_id: int, state: LetterState, now: datetime) -> bool:
    """End the sending. False where another process did."""
    return bool(
        db.execute(
            update(Letter)
            .where(col(Letter.id) == letter_id, col(Letter.state) == LetterState.SENDING)
            .values(state=state, finished_at=now)
            .execution_options(synchronize_session=False)
        ).rowcount  # type: ignore[attr-defined]
    )


def written_letters(db: Session, *, actor: Actor, limit: int, offset: int) -> tuple[list[Progress], int]:
    """Letters of the directorate, newest first, and how many there are. Raises NotAllowed for anyone but
    staff."""
    require(db, actor, Role.STAFF)
    total = db.exec(select(func.count()).select_from(Letter)).one()
    letters = db.exec(select(Letter).order_by(col(Letter.id).desc()).limit(limit).offset(offset)).all()
    return [_progress(db, letter, LISTED) for letter in letters], total


def letter_progress(db: Session, *, actor: Actor, letter_id: int) -> Progress:
    """How far one letter came. Raises NotAllowed for anyone but staff, Stale where there is none."""
    require(db, actor, Role.STAFF)
    letter = db.get(Letter, letter_id, populate_existing=True)
    if letter is None:
        raise Stale
    return _progress(db, letter, SHOWN)


def _progress(db: Session, letter: Letter, most: int) -> Progress:
    told = select(Push.account_id).where(col(Push.letter_id) == letter.id, col(Push.state) == PushState.SENT)
    # In the order of its index, which is left at the bound.
    told = told.distinct().order_by(col(Push.account_id))
    read = select(LetterRecipient.account_id).where(
        col(LetterRecipient.letter_id) == letter.id, col(LetterRecipient.read_at).is_not(None)
    )
    notified, opened = (
        db.execute(select(func.count()).select_from(one.limit(most + 1).subquery())).scalar_one()
        for one in (told, read)
    )
    return Progress(letter, notified, opened, most)


# -- spreading ---------------------------------------------------------------------------------------


async def send_next_batches(resources: Resources) -> int:
    """Advance every unfinished letter as far as the outbox has capacity, and take stopped ones back; say how many batches
    that were. For a timer: may run in several processes, and after a crash goes on where it was."""
    batches = 0
    now = resources.clock()
    for letter_id in await resources.database.read(lambda db: _unfinished_letters(db, now)):
        while await resources.database.run(_one_batch(letter_id, resources.clock())):
            batches += 1
    return batches


def _one_batch(letter_id: int, now: datetime) -> Any:
    return lambda db: send_batch(db, letter_id=letter_id, now=now)


def _unfinished_letters(db: Session, now: datetime) -> list[int]:
    query = (
        select(Letter.id)
        .where(
            Letter.state == LetterState.SENDING,
            or_(
                col(Letter.unlisted).is_not(None),
                col(Letter.starts_at).is_(None),
                col(Letter.starts_at) <= now,
            ),
        )
        .order_by(col(Letter.id))
    )
    stopped = select(Letter.id).where(col(Letter.taking_back).is_not(None))
    return [letter_id for which in (stopped, query) for letter_id in db.exec(which) if letter_id is not None]


def send_batch(db: Session, *, letter_id: int, now: datetime) -> bool:
    """Go on with a letter: with the list of its recipients; then put it into the inboxes of the next batch and their
    pushes into the outbox; after a stop take it back. False where nothing is left to do now; the letter is SENT once
    its last push is settled."""
    letter = db.get(Letter, letter_id, populate_existing=True)
    if letter is not None and letter.taking_back is not None:
        return recipients.take_back_more(db, letter)
    if letter is None or letter.state is not LetterState.SENDING:
        return False
    if letter.unlisted is not None:
        return recipients.list_more(db, letter)
    if letter.starts_at is not None and now < letter.starts_at:
        return False
    waiting = db.execute(
        select(func.count())
        .select_from(Push)
        .where(col(Push.letter_id) == letter_id, col(Push.state).in_(_WAITING))
    ).scalar_one()
    if waiting >= WINDOW:
        return False
    ahead = select(LetterRecipient.account_id).where(
        LetterRecipient.letter_id == letter_id, LetterRecipient.account_id > letter.reached
    )
    batch = db.exec(ahead.order_by(col(LetterRecipient.account_id)).limit(BATCH)).all()
    if not batch:
        if not waiting:
            _end_sending(db, letter_id, LetterState.SENT, now)
        return False
    if not _claim_batch(db, letter, batch[-1], len(batch)):
        return False
    among = (
        col(LetterRecipient.letter_id) == letter_id,
        col(LetterRecipient.account_id) > letter.reached,
        col(LetterRecipient.account_id) <= batch[-1],
    )
    db.execute(
        update(LetterRecipient)
        .where(*among)
        .values(delivered_at=now)
        .execution_options(synchronize_session=False)
    )
    _push_to_chats(db, letter, among, now)
    if letter.sms:
        _push_by_sms(db, letter, among, now)
    return True


def _claim_batch(db: Session, letter: Letter, account_id: int, count: int) -> bool:
    """Take this batch; false where another process has it, or the letter was stopped."""
    return bool(
        db.execute(
            update(Letter)
            .where(
                col(Letter.id) == letter.id,
                col(Letter.state) == LetterState.SENDING,
                col(Letter.reached) == letter.reached,
            )
            .values(reached=account_id, delivered=col(Letter.delivered) + count)
            .execution_options(synchronize_session=False)
        ).rowcount  # type: ignore[attr-defined]
    )


def _push_to_chats(db: Session, letter: Letter, among: Sequence[Any], now: datetime) -> None:
    """N9 to every live chat of the recipients `among`: one statement, whatever their number."""

    def key(chat: Any, recipient: Any) -> Any:
        return literal(f"letter:{letter.id}:") + cast(recipient, String) + ":" + cast(chat, String)

    button_rows = rows_to_json([[button(t("nav.see"), "inbox.letter", letter.id or 0)]])
    values: dict[str, Any] = {
        "key": key(col(Chat.id), col(LetterRecipient.account_id)),
        "account_id": col(LetterRecipient.account_id),
        "chat_row_id": col(Chat.id),
        "messenger": col(Chat.messenger),
    }
    values |= _fixed(
        letter, now, channel=PushChannel.CHAT, text=t("push.N9", title=letter.title), buttons=button_rows
    )
    chats = (
        select(*values.values())
        .select_from(LetterRecipient)
        .join(Chat, col(Chat.account_id) == col(LetterRecipient.account_id))
        .where(*among, col(Chat.dead).is_(False))
        .order_by(col(Chat.id))
    )
    _insert_pushes(db, values, chats)


def _push_by_sms(db: Session, letter: Letter, among: Sequence[Any], now: datetime) -> None:
    """N9 to the mobile of each recipient `among` who has no live chat: one statement."""
    values: dict[str, Any] = {
        "key": literal(f"letter:{letter.id}:") + cast(col(LetterRecipient.account_id), String) + ":sms",
        "account_id": col(LetterRecipient.account_id),
        "mobile": col(Account.mobile),
    }
    text = t("push.N9_sms", title=letter.title)
    values |= _fixed(letter, now, channel=PushChannel.SMS, text=text, buttons=[])
    live = select(Chat.id).where(
        col(Chat.account_id) == col(LetterRecipient.account_id), col(Chat.dead).is_(False)
    )
    mobiles = (
        select(*values.values())
        .select_from(LetterRecipient)
        .join(Account, col(Account.id) == col(LetterRecipient.account_id))
        .where(*among, ~live.exists(), col(Account.mobile).is_not(None))
        .order_by(col(Account.id))
    )
    _insert_pushes(db, values, mobiles)


def _fixed(letter: Letter, now: datetime, **of_channel: Any) -> dict[str, Any]:
    """The columns that all pushes of a letter share."""
    fixed: dict[str, Any] = {
        "kind": "N9",
        "letter_id": letter.id,
        "sms": {},
        "state": PushState.QUEUED,
        "attempts": 0,
        "next_at": now,
        "correlation_id": f"letter:{letter.id}",
        "created_at": now,
        **of_channel,
    }
    return {name: literal(value, _PUSH.c[name].type) for name, value in fixed.items()}


def _insert_pushes(db: Session, values: dict[str, Any], rows: Any) -> None:
    dialect = postgresql if db.get_bind().dialect.name == "postgresql" else sqlite
    db.execute(dialect.insert(_PUSH).from_select(list(values), rows).on_conflict_do_nothing())


# -- the recipient's side ------------------------------------------------------------------------------


def count_unread(db: Session, *, actor: Actor) -> int:
    """The actor's letters that were not opened yet. Raises NotAllowed."""
    require(db, actor, reading=True)
    query = (
        select(func.count())
        .select_from(LetterRecipient)
        .where(
            col(LetterRecipient.account_id) == actor.account_id,
            col(LetterRecipient.delivered_at).is_not(None),
            col(LetterRecipient.read_at).is_(None),
        )
    )
    return db.exec(query).one()


def inbox_of(db: Session, *, actor: Actor, limit: int, offset: int) -> tuple[list[Received], int]:
    """The actor's letters, unread ones first, then the newest; and how many there are. Raises NotAllowed."""
    require(db, actor, reading=True)
    mine = (
        col(LetterRecipient.account_id) == actor.account_id,
        col(LetterRecipient.delivered_at).is_not(None),
    )
    total = db.execute(select(func.count()).select_from(LetterRecipient).where(*mine)).scalar_one()
    query = (
        select(Letter, LetterRecipient.read_at)
        .join(LetterRecipient, col(LetterRecipient.letter_id) == col(Letter.id))
        .where(*mine)
        .order_by(col(LetterRecipient.read_at).is_not(None), col(Letter.id).desc())
        .limit(limit)
        .offset(offset)
    )
    return [Received(letter, read_at is not None) for letter, read_at in db.exec(query)], total


def view_letter(db: Session, *, actor: Actor, letter_id: int) -> Letter:
    """A letter, for a recipient who has it and for staff. Raises NotAllowed for everybody else."""
    require(db, actor, reading=True)
    letter = db.get(Letter, letter_id)
    if letter is not None and actor.account_id is not None:
        if actor.role is Role.STAFF:
            return letter
        if _receipt(db, actor.account_id, letter_id) is not None:
            return letter
    raise NotAllowed("error.not_your_letter")


def _receipt(db: Session, account_id: int, letter_id: int) -> LetterRecipient | None:
    row = db.get(LetterRecipient, (letter_id, account_id), populate_existing=True)
    if row is None or row.delivered_at is None or recipients.is_lost(db, row):
        return None
    return row


def open_letter(db: Session, *, actor: Actor, letter_id: int, now: datetime) -> Letter:
    """A recipient opens it: the first time is kept. Raises NotAllowed for everybody else."""
    require(db, actor, reading=True)
    if actor.account_id is None or _receipt(db, actor.account_id, letter_id) is None:
        raise NotAllowed("error.not_your_letter")
    db.execute(
        update(LetterRecipient)
        .where(
            col(LetterRecipient.letter_id) == letter_id,
            col(LetterRecipient.account_id) == actor.account_id,
            col(LetterRecipient.delivered_at).is_not(None),
            col(LetterRecipient.read_at).is_(None),
        )
        .values(read_at=now)
        .execution_options(synchronize_session=False)
    )
    return db.get_one(Letter, letter_id)


def count_files(db: Session, *, actor: Actor, letter_id: int) -> int:
    """How many attachments a letter has, for an actor who may see it. Raises NotAllowed."""
    view_letter(db, actor=actor, letter_id=letter_id)
    query = select(func.count()).select_from(LetterFile).where(col(LetterFile.letter_id) == letter_id)
    return db.exec(query).one()


def attached_files(db: Session, *, actor: Actor, letter_id: int, now: datetime) -> list[StoredFile]:
    """The attachments, for an actor who may see the letter; each view but the writer's own is recorded.
    Raises NotAllowed."""
    view_letter(db, actor=actor, letter_id=letter_id)
    query = (
        select(StoredFile)
        .join(LetterFile, col(LetterFile.file_id) == col(StoredFile.id))
        .where(LetterFile.letter_id == letter_id, col(StoredFile.removed_at).is_(None))
        .order_by(col(LetterFile.position))
    )
    files = list(db.exec(query))
    for file in files:
        if file.account_id != actor.account_id:
            audit.record(
                db,
                now=now,
                actor=actor,
                event="document_viewed",
                subject=SUBJECT,
                subject_id=letter_id,
                file=file.id,
            )
    return files


def writer_of(db: Session, *, actor: Actor, letter: Letter) -> str:
    """Who sent it off; for staff. Raises NotAllowed."""
    require(db, actor, Role.STAFF)
    return db.get_one(Account, letter.created_by).name
