"""What `bot.py person` shows, copies and erases, in whole, beside another person with the same of everything.

Kept under tests/bot/operations/person/; where it is meant to change, `SCREENS=write pytest` of this file writes it anew."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar

import pytest
from sqlalchemy import DateTime, select
from sqlmodel import Session, SQLModel

from bot.documents.blob_store import FolderStore, new_key
from bot.documents.encryption import DocumentCipher
from bot.operations.errors import UpkeepError
from bot.operations.person import course, erasure, export
from bot.operations.person.finding import find_person
from bot.services.payments import history
from storage.database.unit_of_work import table_of
from storage.enums import (
    AccountState,
    AttemptState,
    ContractState,
    CooperationState,
    Messenger,
    PushChannel,
    PushState,
    RequestState,
    Role,
)
from storage.tables import (
    Account,
    AuditEvent,
    Branch,
    Chat,
    Contract,
    CooperationRequest,
    DeficiencyRound,
    Distributor,
    Draft,
    FileHandle,
    FileNote,
    Grant,
    Invitation,
    KnownChat,
    Letter,
    LetterFile,
    LetterRecipient,
    Officer,
    PaymentAttempt,
    Push,
    QualificationRequest,
    RequestFile,
    SavedPhrase,
    SearchQuery,
    StoredFile,
    Termination,
    UploadDay,
)
from tests.support.kept_screens import compare

KEPT = Path(__file__).parent / "person"
NOW = datetime(2026, 11, 26, 9, tzinfo=UTC)
SARA, MINA = 1, 2
Row = TypeVar("Row", bound=SQLModel)


@pytest.fixture
def db(sqlite_session: Session) -> Session:
    """Rows may refer to rows that are not there, and lack what has nothing to do with the person."""
    sqlite_session.connection().exec_driver_sql("PRAGMA ignore_check_constraints = ON")
    return sqlite_session


def row(db: Session, model: type[Row], **given: Any) -> Row:
    """A row whose other columns are filled with what they need."""
    for column in table_of(model).columns:
        if column.name in given or column.name == "id" or column.nullable:
            continue
        if isinstance(column.type, DateTime) or column.name.endswith(("_at", "_since")):
            given[column.name] = NOW
        elif column.default is None and column.server_default is None:
            given[column.name] = _value(model, column)
    made = model(**given)
    db.add(made)
    db.flush()
    return made


def _value(model: type[SQLModel], column: Any) -> Any:
    kind = model.model_fields[column.name].annotation
    if isinstance(kind, type) and issubclass(kind, Enum):
        return next(iter(kind))
    return {date: NOW.date(), int: 1}.get(kind, "x")  # type: ignore[call-overload]


def person(db: Session, number: int, name: str) -> Account:
    return row(
        db,
        Account,
        id=number,
        user_code=f"2000000{number}",
        first_name=name,
        last_name="نمونه",
        national_code=f"999123450{number}",
        mobile=f"+98912000000{number}",
        mobile_verified=True,
        created_at=NOW,
    )


def at(minutes: int) -> datetime:
    return NOW + timedelta(minutes=minutes)


def live(db: Session, who: int, name: str, **request: Any) -> Account:
    """Something of this person in every table."""
    account = person(db, who, name)
    n = who * 100
    row(db, Grant, id=n, account_id=who, role=Role.OFFICER)
    chat = row(
        db,
        Chat,
        id=n,
        messenger=Messenger.BALE,
        chat_id=n,
        account_id=who,
        role=Role.OFFICER,
        dialogue="general",
        draft_id=n,
        dialogue_state={"at": 1},
        view="home",
        linked_at=NOW,
    )
    row(db, KnownChat, id=n, account_id=who, chat_row_id=chat.id, at=NOW)
    row(db, Draft, id=n, account_id=who, dialogue="general", answers={"email": f"{name}@x.ir"})
    row(db, Draft, id=n + 1, account_id=who, dialogue="search", answers={"text": "دیگری"})
    # A guest's chat that the person's draft was once shown in.
    row(db, Chat, id=n + 1, messenger=Messenger.TELEGRAM, chat_id=n, draft_id=n + 1, dialogue="search")
    row(db, SearchQuery, id=n, account_id=who, text="دیگری")
    row(db, SavedPhrase, id=n, account_id=who, text="عبارت")
    row(db, UploadDay, account_id=who, day=NOW.date(), files=2)
    row(
        db, Invitation, id=n, account_id=who, first_name="الف", last_name="ب", mobile="+98", token_hash=f"{n}"
    )
    row(
        db,
        Invitation,
        id=n + 1,
        accepted_by=who,
        first_name="الف",
        last_name="ب",
        mobile="+98",
        token_hash=f"{n}b",
    )
    row(
        db,
        Officer,
        account_id=who,
        birth_date=date(1986, 7, 3),
        field_note="رشته",
        father_name=f"پدر {name}",
        gender="female",
        birth_cert_no="12",
        province="فارس",
        city="شیراز",
        postal_address="خیابان",
        phone="071",
        email="a@x.ir",
        documents={"degree": [n + 4]},
        card_token=f"card{n}",
    )
    known = {
        "id": n,
        "account_id": who,
        "state": RequestState.REJECTED,
        "tracking_code": f"14050901000{who}",
        "snapshot": {"father_name": "پدر", "doc.card": [n + 1], "note": [n + 5]},
        "before": {"doc.card": [n + 2]},
        "officer_note": "یادداشت",
        "reject_reason": "OTHER",
        "reject_text": "مدارک ناقص",
        "held_decision": {"x": 1},
        "fee_rial": 500_000,
        "closed_at": NOW - timedelta(days=731),
    }
    row(db, QualificationRequest, **known | request)
    row(db, QualificationRequest, id=n + 1, account_id=who, state=RequestState.DRAFT)
    for number in range(7):
        row(
            db,
            StoredFile,
            id=n + number,
            account_id=who,
            original_name=f"{number}.jpg",
            media_type="image/jpeg",
            original_key=f"{n + number}o",
            shown_key=f"{n + number}s",
            sha256=f"{number}" * 64,
            removed_at=NOW if number == 6 else None,
        )
        row(db, FileHandle, file_id=n + number, messenger=Messenger.BALE, handle=f"h{number}")
    row(db, RequestFile, id=n, request_id=n, file_id=n + 3, round=0, document_code="card")
    row(
        db,
        DeficiencyRound,
        id=n,
        request_id=n,
        note="نقص",
        snapshot={"a": 1},
        reasons={"a": "b"},
        replies={"a": "c"},
    )
    for number, subject in enumerate(("qualification", "cooperation")):
        row(db, FileNote, id=n + number, subject=subject, subject_id=n, account_id=9, text="یادداشت")
    for number, state in enumerate((CooperationState.REJECTED_BY_OFFICER, CooperationState.APPROVED)):
        row(
            db,
            CooperationRequest,
            id=n + number,
            account_id=who,
            branch_id=n + number,
            distributor_id=7,
            state=state,
            tracking_code=f"9405090100{n + number}",
            officer_reason="دور است",
            reject_text="دلیل رد",
        )
    row(
        db,
        Push,
        id=n,
        key=f"k{n}",
        kind="N6",
        channel=PushChannel.CHAT,
        account_id=who,
        text=f"{name} گرامی",
        state=PushState.SENT,
        created_at=at(5),
        sent_at=at(6),
    )
    row(
        db,
        Push,
        id=n + 1,
        key=f"k{n + 1}",
        kind="N5",
        channel=PushChannel.SMS,
        account_id=who,
        text="رمز",
        state=PushState.GIVEN_UP,
        note="status 418",
        created_at=at(4),
    )
    row(
        db,
        Push,
        id=n + 2,
        key=f"k{n + 2}",
        kind="N7",
        channel=PushChannel.CHAT,
        account_id=who,
        grant_id=5,
        text="نام دیگری",
        state=PushState.QUEUED,
        created_at=at(4),
    )
    return account


def worked(db: Session, who: int) -> None:
    """A contract that ended, with who ended it, payments, and a letter."""
    n = who * 100
    row(db, Distributor, id=7, name="کیان طب", legal_id="14009999995") if db.get(
        Distributor, 7
    ) is None else None
    row(db, Branch, id=n, distributor_id=7, name=f"شعبه {who}")
    row(
        db,
        Contract,
        id=n,
        account_id=who,
        distributor_id=7,
        branch_id=n,
        state=ContractState.ENDED_BY_OFFICER,
        started_at=NOW,
        ended_at=NOW,
    )
    row(db, Termination, id=n, contract_id=n, account_id=who, reason="مهاجرت")
    for number, state in enumerate((AttemptState.FAILED, AttemptState.PAID)):
        row(
            db,
            PaymentAttempt,
            id=n + number,
            request_id=n,
            ref=f"A{n + number}",
            gateway="zibal",
            state=state,
        )
    if db.get(Letter, 1) is None:
        row(db, Letter, id=1, number="1", title="بخشنامه", text="متن", created_by=9)
        row(db, Letter, id=2, number="2", title="نرسیده", text="متن", created_by=9)
        row(db, LetterFile, letter_id=1, file_id=105, position=0)
    row(db, LetterRecipient, letter_id=1, account_id=who, delivered_at=NOW)
    row(db, LetterRecipient, letter_id=2, account_id=who)


def happened(db: Session, who: int) -> None:
    n = who * 100
    for minute, (event, subject, number, role, actor) in enumerate(
        (
            ("registered", "account", who, Role.OFFICER, who),
            ("started", "qualification", n, Role.OFFICER, who),
            ("submitted", "qualification", n, Role.OFFICER, who),
            ("rejected", "qualification", n, Role.EXPERT, 9),
            ("payment_created", history.SUBJECT, n, Role.SYSTEM, None),
            ("opened", "contract", n, Role.EXPERT, 9),
            ("ended", "termination", n, Role.OFFICER, who),
            ("picked", "cooperation", n, Role.DISTRIBUTOR, 9),
            ("acted", "cooperation", 7, Role.OFFICER, who),
            ("acted", "account", 7, Role.EXPERT, 9),
        )
    ):
        row(
            db,
            AuditEvent,
            id=n + minute,
            at=at(minute // 2),
            event=event,
            subject=subject,
            subject_id=number,
            actor_id=actor,
            actor_role=role,
            messenger=Messenger.BALE if actor == who else None,
            to_state="SUBMITTED" if event == "submitted" else None,
            data={"a": 1},
        )


def both(db: Session, **request: Any) -> Account:
    sara = live(db, SARA, "سارا", **request)
    live(db, MINA, "مینا", **request)
    return sara


# -- what happened -----------------------------------------------------------------------------------------------


def test_what_happened_to_one_person(db: Session) -> None:
    sara = both(db)
    for who in (SARA, MINA):
        worked(db, who)
        happened(db, who)
    row(db, Grant, id=900, account_id=SARA, role=Role.STAFF)
    row(db, Grant, id=901, account_id=SARA, role=Role.EXPERT, active=False)
    row(db, Chat, id=900, messenger=Messenger.TELEGRAM, chat_id=900, account_id=SARA, dead=True)
    compare(KEPT / "course.txt", list(course.describe(db, sara)))


def test_whoever_has_nothing(db: Session) -> None:
    nobody = row(db, Account, id=3, user_code="20000003", first_name="بهار", last_name="")
    assert list(course.describe(db, nobody)) == [
        f"account 20000003: {nobody.name}, ACTIVE, no role, national code –, mobile –, chats: none"
    ]


def test_only_the_newest_lines_are_shown(db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    sara = person(db, SARA, "سارا")
    for minute in range(4):
        row(
            db,
            AuditEvent,
            id=minute + 1,
            at=at(minute),
            event=f"e{minute}",
            subject="account",
            subject_id=SARA,
            actor_role=Role.SYSTEM,
        )
    for most, first in ((4, "2026-11-26 12:30:00 account: e0 (by system)"), (3, "the newest 3 of 4 lines:")):
        monkeypatch.setattr(course, "MOST", most)
        _, line, *others = course.describe(db, sara)
        assert line == first
        assert [one.split()[3] for one in others] == ["e1", "e2", "e3"]


def test_a_code_by_its_last_digits() -> None:
    assert (course.hidden(None), course.hidden(""), course.hidden("9991234500")) == ("–", "–", "•••500")


# -- a copy --------------------------------------------------------------------------------------------------------


def test_a_copy_of_ones_data(db: Session) -> None:
    sara = both(db)
    for who in (SARA, MINA):
        worked(db, who)
        happened(db, who)
    data = export.collect(db, sara)
    assert data.pop("left_out") == export.LEFT_OUT
    said = json.dumps(data, ensure_ascii=False, indent=1, default=export._plain)
    compare(KEPT / "copy.txt", said.splitlines())
    assert [file.id for file in export.living_files(db, sara)] == [100, 101, 102, 103, 104, 105]


async def test_a_document_that_is_not_the_persons_own_is_not_copied(db: Session, tmp_path: Path) -> None:
    sara = both(db)
    for who in (SARA, MINA):
        worked(db, who)
    files = export.living_files(db, sara)
    data = export.collect(db, sara)
    data["stored_file"] = data["stored_file"][:2]
    store, cipher = FolderStore(tmp_path / "files"), DocumentCipher("secret")
    for file in files:
        file.original_key = new_key()
    for file in files[1:]:
        await store.put(file.original_key, cipher.seal(b"what was sent", file.original_key))
    copy, told = export.Copy(tmp_path / "copy"), list[str]()
    copy.make()
    written = await export.write_copy(data, files, store=store, cipher=cipher, copy=copy, tell=told.append)
    assert (written, told) == (1, [f"document {files[0].id} cannot be opened; see `bot.py doctor`"])
    (document,) = (tmp_path / "copy" / "documents").iterdir()
    assert document.read_bytes() == b"what was sent"
    there = json.loads((tmp_path / "copy" / "person.json").read_text())
    assert [one["file"] for one in there["stored_file"]] == [None, f"documents/{document.name}"]


def test_where_no_folder_can_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UpkeepError, match=r"file/copy cannot be made \(Not a directory\)"):
        export.Copy(tmp_path / "file" / "copy").make()
    with pytest.raises(UpkeepError, match="is there already; name a new folder"):
        export.Copy(tmp_path).make()


# -- to be forgotten -----------------------------------------------------------------------------------------------


def contents(db: Session) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for table in SQLModel.metadata.sorted_tables:
        for one in db.execute(select(table)):
            key = " ".join(str(one._mapping[column.name]) for column in table.primary_key.columns)
            found[f"{table.name} {key}"] = dict(one._mapping)
    return found


def changes(before: dict[str, dict[str, Any]], after: dict[str, dict[str, Any]]) -> list[str]:
    lines = [f"{name}: gone" for name in before.keys() - after.keys() if not name.startswith("search_key")]
    for name, values in after.items():
        if name.startswith("search_key"):
            continue
        if name not in before:
            told = {key: value for key, value in values.items() if value not in (None, {}) and key != "at"}
            lines.append(f"{name}: {told}")
            continue
        lines += [
            f"{name}: {column} {before[name][column]!r} → {value!r}"
            for column, value in values.items()
            if before[name][column] != value
        ]
    return sorted(lines)


def told(found: erasure.Plan) -> list[str]:
    return [
        *(f"refused: {one}" for one in found.refusals),
        *(f"goes: {one}" for one in found.goes),
        *(f"stays: {one}" for one in found.stays),
        f"requests {sorted(found.kept_requests)}, identity {found.keeps_identity}",
        f"documents {sorted(one.id or 0 for one in found.documents)}",
    ]


@pytest.mark.parametrize(
    ("name", "request_of", "works"),
    [
        # Rejected, and its time is over today.
        ("forgotten", {}, False),
        ("kept for a time", {"closed_at": NOW - timedelta(days=731) + timedelta(seconds=1)}, False),
        ("kept since the state", {"closed_at": None, "state": RequestState.WITHDRAWN}, False),
        ("kept for ever", {"state": RequestState.COMPLETED}, True),
        ("contract and payment alone", {"state": RequestState.REVOKED}, True),
    ],
)
def test_what_an_erasure_changes(db: Session, name: str, request_of: dict[str, Any], works: bool) -> None:
    sara = both(db, **request_of)
    row(db, LetterFile, letter_id=9, file_id=105, position=0)
    if works:
        for who in (SARA, MINA):
            worked(db, who)
    else:
        # Ended without a contract of its own: it goes with the person.
        for who in (SARA, MINA):
            row(db, Termination, id=who, contract_id=70 + who, account_id=who, reason="مهاجرت")
    before = contents(db)
    planned = told(erasure.plan(db, sara, now=NOW))
    assert contents(db) == before, "asking changes nothing"
    done = erasure.erase(db, sara, now=NOW)
    db.expire_all()
    assert told(done) == planned
    compare(KEPT / f"erased {name}.txt", [*planned, "", *changes(before, contents(db))])


def test_the_name_of_a_file_that_was_removed_before_goes_too(db: Session) -> None:
    sara = both(db)
    row(db, LetterFile, letter_id=9, file_id=105, position=0)
    erasure.erase(db, sara, now=NOW)
    db.expire_all()
    names = {one.id: one.original_name for one in db.execute(select(StoredFile)).scalars()}
    assert {names[number] for number in range(100, 107)} == {None, "5.jpg"}, "5.jpg is attached to a letter"
    assert None not in {names[number] for number in range(200, 207)}


def over(db: Session) -> Account:
    """Nothing of this person is under way, though something like it of another is."""
    sara = person(db, SARA, "سارا")
    row(db, Officer, account_id=SARA, birth_date=date(1986, 7, 3))
    row(db, Grant, id=1, account_id=SARA, role=Role.OFFICER)
    row(db, Grant, id=2, account_id=SARA, role=Role.STAFF, active=False)
    row(db, QualificationRequest, id=1, account_id=SARA, state=RequestState.REVOKED, tracking_code="1")
    row(db, QualificationRequest, id=2, account_id=MINA, state=RequestState.SUBMITTED, tracking_code="2")
    row(db, Contract, id=1, account_id=SARA, branch_id=1, state=ContractState.ENDED_BY_OFFICER)
    row(db, Contract, id=2, account_id=MINA, branch_id=2, state=ContractState.ACTIVE)
    wish = {"state": CooperationState.PENDING_OFFICER}
    row(db, CooperationRequest, id=2, account_id=MINA, branch_id=2, tracking_code="4", **wish)
    over_now = {"state": CooperationState.APPROVED}
    row(db, CooperationRequest, id=1, account_id=SARA, branch_id=1, tracking_code="3", **over_now)
    row(db, PaymentAttempt, id=1, request_id=1, state=AttemptState.PAID, ref="1")
    row(db, PaymentAttempt, id=2, request_id=2, state=AttemptState.VERIFYING, ref="2")
    row(db, Officer, account_id=MINA, birth_date=date(1986, 7, 3), qualified_at=NOW)
    row(db, Grant, id=3, account_id=MINA, role=Role.DISTRIBUTOR)
    return sara


REFUSALS: dict[str, tuple[Any, str]] = {
    "contract": (
        lambda db: setattr(db.get_one(Contract, 1), "state", ContractState.ACTIVE),
        "a contract runs: it must be ended first, by the officer or the distributor",
    ),
    **{
        f"request {state}": (
            lambda db, state=state: setattr(db.get_one(QualificationRequest, 1), "state", state),
            "request 1 is under way: the officer withdraws it, or it is decided",
        )
        for state in (
            RequestState.SUBMITTED,
            RequestState.IN_REVIEW,
            RequestState.DEFICIENT,
            RequestState.AWAITING_PAYMENT,
        )
    },
    **{
        f"cooperation {state}": (
            lambda db, state=state: setattr(db.get_one(CooperationRequest, 1), "state", state),
            "cooperation 3 is under way: the officer refuses it or gives it up",
        )
        for state in (CooperationState.PENDING_OFFICER, CooperationState.PENDING_UNIVERSITY)
    },
    **{
        f"payment {state}": (
            lambda db, state=state: setattr(db.get_one(PaymentAttempt, 1), "state", state),
            "payment 1 is not settled: see `bot.py payment`, and «↩️ بازگشت وجه»",
        )
        for state in (AttemptState.VERIFYING, AttemptState.UNCERTAIN, AttemptState.REFUND_DUE)
    },
    "qualification": (
        lambda db: setattr(db.get_one(Officer, SARA), "qualified_at", NOW),
        "a qualification is in force: staff take it back first, with the person's wish as the reason",
    ),
    "roles": (
        lambda db: (
            setattr(db.get_one(Grant, 2), "active", True),
            row(db, Grant, id=9, account_id=SARA, role=Role.EXPERT),
        ),
        "the account is at work as expert, staff: staff take that role away first",
    ),
}


def test_what_is_of_others_or_over_is_no_reason_to_refuse(db: Session) -> None:
    assert erasure.plan(db, over(db), now=NOW).refusals == []


@pytest.mark.parametrize("reason", REFUSALS)
def test_one_reason_to_refuse(db: Session, reason: str) -> None:
    sara = over(db)
    change, words = REFUSALS[reason]
    change(db)
    db.flush()
    before = contents(db)
    assert erasure.erase(db, sara, now=NOW).refusals == [words]
    assert contents(db) == before


# -- whom one means ------------------------------------------------------------------------------------------------


NOBODY = "CODE: nobody has this national code, mobile, user code or tracking code"


def test_whom_a_code_means(db: Session) -> None:
    sara, mina = person(db, SARA, "سارا"), person(db, MINA, "مینا")
    row(
        db,
        QualificationRequest,
        id=1,
        account_id=MINA,
        state=RequestState.REJECTED,
        tracking_code="140501010001",
    )
    row(db, CooperationRequest, id=1, account_id=SARA, branch_id=1, tracking_code="940501010001")
    for typed, account in (
        ("9991234501", sara),
        ("20000002", mina),
        ("۰۹۱۲ ۰۰۰ ۰۰۰۱", sara),
        ("140501010001", mina),
        ("9405-0101-0001", sara),
    ):
        assert find_person(db, typed).id == account.id
    for typed in ("", "abc", "0", "1405010100"):
        with pytest.raises(UpkeepError) as caught:
            find_person(db, typed)
        assert str(caught.value) == NOBODY


def test_several_people_with_one_mobile(db: Session) -> None:
    accounts = [person(db, number, "سارا") for number in range(1, 10)]
    accounts.extend(
        row(db, Account, id=number, user_code=f"{number}", first_name="ا", last_name="ب")
        for number in range(10, 24)
    )
    for one in accounts:
        one.mobile = "+989120000001"
    accounts[1].state = AccountState.SUSPENDED
    accounts[2].state = AccountState.ANNULLED
    db.flush()
    with pytest.raises(UpkeepError) as caught:
        find_person(db, "09120000001")
    codes = [f"{one.user_code} ({one.state})" for one in accounts if one is not accounts[2]][:20]
    words = "CODE: several accounts have it; name one by its user code: "
    assert str(caught.value) == words + ", ".join(codes)
    # Of annulled ones alone, that one.
    for one in accounts:
        one.mobile = None
    accounts[2].mobile = "+989120000001"
    db.flush()
    assert find_person(db, "09120000001").id == 3
