"""What must hold after any campaign. Each check raises AssertionError with what is lost or doubled."""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import pairwise

from bot.documents.blob_store import FileStore
from bot.documents.encryption import DocumentCipher
from bot.documents.inspection_pool import InspectionPool
from bot.documents.library import DocumentLibrary
from bot.services.shared import pay_messages
from demo.emulators import EmulatedMessenger, Emulators
from demo.person import Person
from demo.seen import plain
from storage import tables
from storage.enums import AttemptState, InboxState, PushChannel, PushState
from tests.crash.arrivals import Arrivals
from tests.crash.killer import Killer
from tests.crash.rows import Rows
from tests.support.bot_process import SECRET_KEY

#: Events that looking again may repeat: they change nothing but the record of who looked.
LOOKS = frozenset({"document_viewed", "documents_viewed", "password_renewed", "file_looked_up"})
#: What a browser that lost its page does again: another click on the pay page, another question to the bank.
CLICKS = frozenset(
    {"payment_opened", "payment_not_opened", "payment_asked", "payment_still_open", "payment_no_answer"}
)
#: Seconds after a push arrived in which its note may still be on its way into the database.
NOTED = 10.0


@dataclass(slots=True)
class Figures:
    kills: int = 0
    #: Of these, kills in the middle of a start.
    cut: int = 0
    updates: int = 0
    pushes: int = 0
    #: Pushes that arrived twice, a kill having fallen between.
    doubled: int = 0
    repeats: int = 0
    orphans: int = 0
    shown_again: int = 0


def everywhere(rows: Rows, emulators: Emulators, killer: Killer, arrivals: Arrivals, *, paid: int) -> Figures:
    """Updates, answers, pushes and payments; `paid` is how many payments were made."""
    figures = Figures(kills=killer.killed, cut=killer.cut)
    for face in emulators.messengers:
        figures.updates += _inbox(rows, face)
        figures.repeats += sum(getattr(person, "repeats", 0) for person in face.people)
    figures.shown_again = sum(one.note == "shown again" for one in rows[tables.InboxUpdate])
    owed = [chat.id for chat in rows[tables.Chat] if chat.show_at is not None]
    assert not owed, f"a screen is still owed: {owed}"
    dead = [chat.id for chat in rows[tables.Chat] if chat.dead]
    assert not dead, f"dead chats: {dead}"
    _pushes(rows, killer, arrivals, figures)
    _payments(rows, emulators, paid)
    return figures


def _inbox(rows: Rows, face: EmulatedMessenger) -> int:
    """Every update that the messenger gave out is in the inbox once, and has had its effect and its answer."""
    queue = face.server.state.queues[face.token]
    assert not queue.waiting, f"{face.kind} still waits with {len(queue.waiting)} updates"
    given = list(range(face.server.state.first_update_id, queue.next_id))
    mine = [one for one in rows[tables.InboxUpdate] if one.messenger.value == face.kind]
    assert sorted(one.update_id for one in mine) == given, f"{face.kind}: lost or doubled updates"
    odd = [(one.update_id, one.state, one.note) for one in mine if one.state is not InboxState.ANSWERED]
    assert not odd, f"{face.kind}: not done or not answered: {odd}"
    return len(given)


def _pushes(rows: Rows, killer: Killer, arrivals: Arrivals, figures: Figures) -> None:
    """Each push to a chat was sent and arrived: once, or twice where a kill fell before it could be noted."""
    keys = Counter(one.key for one in rows[tables.Push])
    assert max(keys.values(), default=1) == 1, keys
    same: Counter[tuple[int, str]] = Counter()
    for push in rows[tables.Push]:
        if push.kind == pay_messages.KIND:
            # Edits a message that arrived before; there may be nothing left to edit.
            assert push.state in (PushState.SENT, PushState.SKIPPED), (push.key, push.state, push.note)
            continue
        assert push.state is PushState.SENT, (push.key, push.state, push.note)
        figures.pushes += 1
        if push.channel is PushChannel.CHAT:
            same[push.chat_row_id or 0, push.text] += 1
    chats = rows.by_id(tables.Chat)
    for (chat_row, text), count in same.items():
        chat = chats[chat_row]
        came = arrivals.of(chat.messenger, chat.chat_id, text)
        assert len(came) >= count, f"never arrived at {chat.messenger} {chat.chat_id}: {text}"
        between = sum(
            killer.disturbed(first - 0.5, min(second, first + NOTED)) for first, second in pairwise(came)
        )
        extra = len(came) - count
        assert extra <= between, f"arrived {len(came)} times without a kill between: {text}"
        figures.doubled += extra


def _payments(rows: Rows, emulators: Emulators, paid: int) -> None:
    """What the bank took is what the database holds as paid, nothing else, and nothing is undecided."""
    states = Counter(one.state for one in rows[tables.PaymentAttempt])
    assert states[AttemptState.PAID] == paid, states
    undecided = {
        AttemptState.REFUND_DUE,
        AttemptState.REFUNDED,
        AttemptState.VERIFYING,
        AttemptState.UNCERTAIN,
    }
    assert not undecided & set(states), states
    known = {one.ref for one in rows[tables.PaymentAttempt] if one.state is AttemptState.PAID}
    taken = {ref for ref, one in emulators.bank.payments.items() if one.verified_at is not None}
    assert taken == known, f"the bank and the database do not agree about {taken ^ known}"


def sms(rows: Rows, emulators: Emulators, figures: Figures) -> None:
    """Each SMS was sent and arrived, and none besides. The provider knows our ids: none comes twice."""
    written = [one for one in rows[tables.Push] if one.channel is PushChannel.SMS]
    wanted = Counter((one.mobile or "", plain(one.text)) for one in written)
    came = Counter(("+98" + one.mobile.removeprefix("0"), plain(one.text)) for one in emulators.sms.sent)
    assert set(came) == set(wanted), f"SMS: {came} for {wanted}"
    assert not wanted - came, f"SMS lost: {wanted - came}"
    figures.doubled += sum((came - wanted).values())


def uploads(people: Iterable[Person]) -> set[str]:
    """sha256 of every file that these people sent."""
    return {
        hashlib.sha256(message.files[0].content).hexdigest()
        for person in people
        for message in person.conversation.messages.values()
        if not message.from_bot and message.files
    }


def held(rows: Rows, request: tables.QualificationRequest) -> set[str]:
    """sha256 of a request's files, those of its earlier rounds too; none of them twice, and all open to the experts."""
    rounds = [one for one in rows[tables.DeficiencyRound] if one.request_id == request.id]
    answers = [pair for one in (request, *rounds) for pair in one.snapshot.items()]
    lists = [ids for key, ids in answers if key.startswith("doc.") and isinstance(ids, list)]
    found = {id_ for ids in lists for id_ in ids}
    files = rows.by_id(tables.StoredFile)
    hashes = Counter(files[id_].sha256 for id_ in found)
    assert max(hashes.values(), default=1) == 1, f"a file is twice in request {request.id}: {hashes}"
    open_to_experts = {one.file_id for one in rows[tables.RequestFile] if one.request_id == request.id}
    assert open_to_experts == found, f"what experts may open of request {request.id} differs"
    return set(hashes)


async def stored_files(rows: Rows, store: FileStore, names: Collection[str], figures: Figures) -> None:
    """Every file that was not removed opens and is whole; `names` are those in the store."""
    living = [file for file in rows[tables.StoredFile] if file.removed_at is None]
    library = DocumentLibrary(store, DocumentCipher(SECRET_KEY), InspectionPool())
    try:
        for file in living:
            original = await library.original(file)
            assert hashlib.sha256(original).hexdigest() == file.sha256
            assert await library.open(file)
    finally:
        await library.close()
    keys = {key for file in living for key in file.store_keys}
    assert keys <= set(names)
    figures.orphans = len(set(names) - keys)
