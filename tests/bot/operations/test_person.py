"""`bot.py person CODE`: an operator on the telephone, a person who wants a copy of their data, one who wants to be forgotten."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest
from sqlmodel import Session, SQLModel, col, select, update

from bot.documents.blob_store import FolderStore, new_key
from bot.documents.encryption import DocumentCipher
from bot.operations.person import export
from bot.texts.formats import digits
from storage.database.database import open_database
from storage.enums import AccountState, AttemptState, RequestState
from storage.tables import (
    Account,
    AuditEvent,
    Chat,
    Contract,
    Draft,
    Letter,
    LetterRecipient,
    Officer,
    PaymentAttempt,
    Push,
    QualificationRequest,
    StoredFile,
)
from storage.tables.column_types import utcnow
from tests.support.backups import SECRET
from tests.support.commands import Ended, run_beside
from tests.support.factories.cooperation import Parties, active_contract, parties
from tests.support.factories.people import MOBILE
from tests.support.factories.qualification import attempt_row, submitted_request
from tests.support.factories.reference_data import NOW, tariff

T = TypeVar("T")
SARA = "9991234500"


class Operator:
    """A bot in which several people have lived, and the command line."""

    people: Parties
    tracking_code: str

    def __init__(self, url: str, folder: Path) -> None:
        self.url, self.folder = url, folder
        self.store = FolderStore(folder / "files")

    async def run(self, unit: Callable[[Session], T]) -> T:
        database = await open_database(self.url)
        try:
            return await database.run(unit)
        finally:
            await database.close()

    async def types(self, *arguments: str, **settings: str) -> Ended:
        known = {"DATABASE_URL": self.url, "FILES_URL": str(self.folder / "files"), "SECRET_KEY": SECRET}
        return await run_beside(self.folder, "person", *arguments, **known | settings)

    async def upload(self, account_id: int | None, content: bytes) -> int:
        """A document with its bytes."""
        key = new_key()
        await self.store.put(key, DocumentCipher(SECRET).seal(content, key))

        def unit(db: Session) -> int:
            file = StoredFile(
                account_id=account_id,
                sha256="0" * 64,
                media_type="image/jpeg",
                size=len(content),
                original_name="کارت.jpg",
                original_key=key,
                shown_key=key,
            )
            db.add(file)
            db.flush()
            return file.id or 0

        return await self.run(unit)


@pytest.fixture
async def operator(database_url: str, tmp_path: Path) -> Operator:
    """Sara was found qualified, paid, works at Kian; Mina has a request under way. Both have papers, drafts, messages."""
    operator = Operator(database_url, tmp_path)

    def live(db: Session) -> tuple[Parties, str]:
        people = parties(db)
        tariff(db, 500_000)
        profiles = [db.get_one(Officer, one.account_id) for one in (people.sara, people.mina)]
        for profile in profiles:
            profile.qualified_at = None
        db.flush()
        for person, name in ((people.sara, "سارا"), (people.mina, "مینا")):
            request = submitted_request(db, person, last_name="نمونه", father_name=f"پدر {name}")
            db.add(Draft(account_id=person.account_id, dialogue="general", answers={"email": f"{name}@x.ir"}))
            db.add(
                Push(
                    key=f"k:{name}",
                    kind="N6",
                    channel="CHAT",
                    account_id=person.account_id,
                    text=f"{name} گرامی، هزینه را پرداخت کنید",
                    state="SENT",
                    sent_at=NOW,
                )
            )
            db.flush()
        request = db.exec(
            select(QualificationRequest).where(QualificationRequest.account_id == people.sara.account_id)
        ).one()
        request.state, request.fee_rial, request.closed_at = RequestState.COMPLETED, 500_000, NOW
        profiles[0].qualified_at = NOW
        for file in db.exec(select(StoredFile)):
            file.original_key = file.shown_key = new_key()
        db.flush()
        db.add(request)
        db.add(attempt_row(request.id, state=AttemptState.FAILED, ref="A1"))
        db.add(
            attempt_row(
                request.id, state=AttemptState.PAID, ref="A2", bank_ref="773311", card_masked="6037****1234"
            )
        )
        active_contract(db, people.kian, people.sara, people.ali)
        letter = Letter(
            number="1",
            title="بخشنامه",
            text="متن بخشنامه",
            created_by=people.staff.account_id,
            state="SENT",
            finished_at=NOW,
        )
        db.add(letter)
        db.flush()
        db.add(LetterRecipient(letter_id=letter.id, account_id=people.sara.account_id, delivered_at=NOW))
        return people, request.tracking_code or ""

    operator.people, operator.tracking_code = await operator.run(live)
    return operator


# -- «my payment is lost» ----------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["national code", "in Persian", "tracking code", "user code"])
async def test_the_course_of_a_payment_is_one_look(operator: Operator, how: str) -> None:
    user_code = await operator.run(lambda db: db.get_one(Account, operator.people.sara.account_id).user_code)
    code = {
        "national code": SARA,
        "in Persian": f" {digits(SARA)} ",
        "tracking code": operator.tracking_code,
        "user code": user_code,
    }[how]

    told = await operator.types(code)

    assert told.status == 0, told
    head, *lines = told.out.splitlines()
    assert head.startswith(f"account {user_code}: سارا نمونه, ACTIVE, officer, national code •••500")
    assert f"request {operator.tracking_code}: COMPLETED, fee 500,000 rial" in lines
    assert any(
        "PAID, 5,000,000 rial at zarinpal, its reference there A2, the bank's 773311, card 6037****1234"
        in line
        for line in lines
    )
    assert any(line.startswith("contract ") and line.endswith(": ACTIVE") for line in lines)
    assert any("message N6 by CHAT: SENT" in line for line in lines)
    timed = [line[:19] for line in lines if line[:2] == "20"]
    assert timed == sorted(timed)
    # Nobody else's, no text, no code, no mobile.
    for hidden in ("مینا", "گرامی", SARA, MOBILE, "9121234567"):
        assert hidden not in told.out + told.err
    events = await operator.run(
        lambda db: list(db.exec(select(AuditEvent.subject_id).where(AuditEvent.event == "person_read")))
    )
    assert events == [operator.people.sara.account_id]


async def test_what_was_done_at_one_moment_stands_in_its_order(operator: Operator) -> None:
    """A form that is begun and sent in one step is not sent before it is begun."""
    told = await operator.types(operator.tracking_code)
    request = [line for line in told.out.splitlines() if f" request {operator.tracking_code}: " in line]
    done = [line.split(": ", 1)[1].split()[0] for line in request]
    assert done.index("started") < done.index("submitted")


async def test_a_mobile_that_two_people_gave_is_asked_about(operator: Operator) -> None:
    told = await operator.types("۰۹۱۲ ۱۲۳ ۴۵۶۷")
    assert told.status == 2
    assert "several accounts have it; name one by its user code: " in told.err
    await operator.run(
        lambda db: db.exec(
            update(Account)
            .where(col(Account.id) == operator.people.sara.account_id)
            .values(mobile="+989351112233")
        )
    )
    assert "سارا" in (await operator.types("09351112233")).out


@pytest.mark.parametrize("code", ["1234567890", "abc", "", "0"])
async def test_nobody_is_told_so(sqlite_url: str, tmp_path: Path, code: str) -> None:
    told = await Operator(sqlite_url, tmp_path).types(code)
    assert told.status == 2
    assert "nobody has this" in told.err


async def test_an_annulled_registration_does_not_stand_in_for_the_living(operator: Operator) -> None:
    """The code was mistyped by somebody once, whose registration was annulled."""

    def annulled(db: Session) -> None:
        db.add(
            Account(
                user_code="77",
                password_hash="x",
                first_name="دیگری",
                last_name="",
                national_code=SARA,
                state=AccountState.ANNULLED,
            )
        )

    await operator.run(annulled)
    assert "سارا" in (await operator.types(SARA)).out


# -- a copy of one's data -----------------------------------------------------------------------------


async def test_the_copy_holds_all_of_one_person_and_nothing_of_another(operator: Operator) -> None:
    people = operator.people
    mine = await operator.upload(people.sara.account_id, b"the card of Sara")
    await operator.upload(people.mina.account_id, b"the card of Mina")

    told = await operator.types(SARA, "--export", "copy")

    assert told.status == 0, told
    folder = operator.folder / "copy"
    assert "1 documents" in told.out
    assert (folder / "documents" / f"{mine}.jpg").read_bytes() == b"the card of Sara"
    assert [path.name for path in (folder / "documents").iterdir()] == [f"{mine}.jpg"]
    for path in (folder, *folder.rglob("*")):
        assert path.stat().st_mode & 0o077 == 0
    said = (folder / "person.json").read_text()
    data = json.loads(said)
    assert data["account"][0]["national_code"] == SARA
    assert data["qualification_request"][0]["snapshot"]["father_name"] == "پدر سارا"
    assert [one["bank_ref"] for one in data["payment_attempt"]] == [None, "773311"]
    assert data["contract"][0]["distributor"] == "کیان طب"
    assert data["letter"][0]["text"] == "متن بخشنامه"
    assert data["draft"][0]["answers"] == {"email": "سارا@x.ir"}
    assert any(one["text"].startswith("سارا گرامی") for one in data["push"])
    assert {one["event"] for one in data["audit_event"]} >= {"submitted"}
    others = await operator.run(_of_others)
    for word in ("مینا", "Mina", "9991234519", "password", "pay_token", *others):
        assert word not in said, word


def _of_others(db: Session) -> list[str]:
    """Names and codes of everybody but Sara; user codes are long enough not to occur by chance."""
    words = [one for one in db.exec(select(Account.user_code, Account.last_name)) if one[1] != "نمونه"]
    return [word for pair in words for word in pair if len(word) > 3]


async def test_the_copy_of_a_manager_names_no_officer(operator: Operator) -> None:
    people = operator.people
    manager = people.kian.manager

    def picks(db: Session) -> str:
        db.add(
            Draft(account_id=manager.account_id, dialogue="pick_officer", answers={"officer": "9991234519"})
        )
        return db.get_one(Account, manager.account_id).user_code

    told = await operator.types(await operator.run(picks), "--export", "copy")

    assert told.status == 0, told
    said = (operator.folder / "copy" / "person.json").read_text()
    data = json.loads(said)
    assert data["account"][0]["last_name"] == "صالحی"
    assert data["role_grant"][0]["role"] == "distributor"
    for word in ("سارا", "مینا", SARA, "9991234519", "نمونه"):
        assert word not in said, word


async def test_nothing_is_overwritten_and_a_lost_document_is_told(operator: Operator) -> None:
    lost = await operator.upload(operator.people.sara.account_id, b"x")
    await operator.run(
        lambda db: db.exec(
            update(StoredFile).where(col(StoredFile.id) == lost).values(original_key=new_key())
        )
    )
    told = await operator.types(SARA, "--export", "copy")
    assert f"document {lost} cannot be opened" in told.out
    again = await operator.types(SARA, "--export", "copy")
    assert again.status == 2
    assert "is there already" in again.err


def test_every_table_about_people_is_in_the_copy_or_left_out_with_a_reason() -> None:
    known = export.OWN.keys() | export.OTHERS | export.LEFT_OUT.keys()
    about = {
        table.name
        for table in SQLModel.metadata.sorted_tables
        if any("account_id" in column.name or "chat" in column.name for column in table.columns)
        or any(
            key.column.table.name in ("account", "qualification_request", "stored_file", "chat")
            for key in table.foreign_keys
        )
    }
    # Of the directorate, and groups that are no person's.
    assert about - known <= {"letter_file", "tariff", "left_group"}
    assert all(
        set(columns.split()) <= set(SQLModel.metadata.tables[name].columns.keys())
        for name, (_, columns) in export.OWN.items()
    )


# -- to be forgotten ----------------------------------------------------------------------------------


def contents(db: Session) -> dict[str, int]:
    return {table.name: len(db.execute(select(table)).all()) for table in SQLModel.metadata.sorted_tables}


async def test_whoever_works_is_not_erased(operator: Operator) -> None:
    before = await operator.run(contents)
    for really in ((), ("--yes",)):
        told = await operator.types(SARA, "--erase", *really)
        assert told.status == 1
        assert "refused: a contract runs: it must be ended first" in told.out
        assert "refused: a qualification is in force: staff take it back first" in told.out
    assert await operator.run(contents) == before


async def test_a_request_under_way_and_a_role_at_work_are_reasons(operator: Operator) -> None:
    told = await operator.types("9991234519", "--erase", "--yes")
    assert told.status == 1
    assert "is under way: the officer withdraws it, or it is decided" in told.out
    code = await operator.run(
        lambda db: db.get_one(Account, operator.people.kian.manager.account_id).user_code
    )
    told = await operator.types(code, "--erase")
    assert "refused: the account is at work as distributor: staff take that role away first" in told.out


async def end_all(operator: Operator, person: Any, *, state: RequestState, closed_at: Any) -> None:
    """Contract, qualification and request of this person are over."""

    def unit(db: Session) -> None:
        mine = person.account_id
        db.exec(
            update(Contract)
            .where(col(Contract.account_id) == mine)
            .values(state="ENDED_BY_OFFICER", ended_at=NOW)
        )
        db.exec(update(Officer).where(col(Officer.account_id) == mine).values(qualified_at=None))
        db.exec(
            update(QualificationRequest)
            .where(col(QualificationRequest.account_id) == mine)
            .values(state=state, closed_at=closed_at, reject_reason="OTHER", reject_text="مدارک ناقص")
        )

    await operator.run(unit)


async def test_what_proves_something_stays_and_the_rest_goes(operator: Operator) -> None:
    people = operator.people
    await end_all(operator, people.sara, state=RequestState.COMPLETED, closed_at=NOW)
    loose = await operator.upload(people.sara.account_id, b"never sent")
    request_files = await operator.run(
        lambda db: set(
            db.exec(
                select(StoredFile.id).where(
                    StoredFile.account_id == people.sara.account_id, StoredFile.id != loose
                )
            )
        )
    )

    asked = await operator.types(SARA, "--erase")
    assert asked.status == 0, asked
    assert "nothing was changed; with --yes it is done" in asked.out
    assert "stays: 1 payments: the books need them" in asked.out
    assert "stays: the audit record: it cannot be changed" in asked.out
    assert "stays: backups that were made before, until they are deleted" in asked.out
    assert "goes: 1 documents, 1 drafts, 4 messages that were sent or wait" in asked.out
    assert "goes: the login: password, 1 chats" in asked.out
    assert await operator.run(lambda db: db.get_one(StoredFile, loose).removed_at) is None

    told = await operator.types(SARA, "--erase", "--yes")

    assert told.status == 0, told
    assert f"stays: request {operator.tracking_code} with its documents" in told.out
    assert "stays: name, national code and birth date" in told.out

    def look(db: Session) -> None:
        account = db.get_one(Account, people.sara.account_id)
        assert (account.first_name, account.national_code, account.mobile) == ("سارا", SARA, None)
        assert (account.state, account.password_hash) == (AccountState.ANNULLED, "!")
        for model in (Draft, Push, Chat):
            assert not db.exec(select(model).where(model.account_id == account.id)).all(), model  # type: ignore[attr-defined]
            assert db.exec(select(model).where(model.account_id == people.mina.account_id)).all()  # type: ignore[attr-defined]
        request = db.exec(
            select(QualificationRequest).where(QualificationRequest.account_id == account.id)
        ).one()
        assert request.snapshot["father_name"] == "پدر سارا"
        assert len(db.exec(select(PaymentAttempt)).all()) == 2
        kept = {
            one.id
            for one in db.exec(
                select(StoredFile).where(
                    StoredFile.account_id == account.id, col(StoredFile.removed_at).is_(None)
                )
            )
        }
        assert kept == request_files
        assert db.exec(select(AuditEvent.subject_id).where(AuditEvent.event == "person_erased")).all() == [
            account.id
        ]

    await operator.run(look)
    key = await operator.run(lambda db: db.get_one(StoredFile, loose).original_key)
    assert not await operator.store.exists(key)
    # Asked once more, the operator still finds the record.
    assert "ANNULLED" in (await operator.types(SARA)).out


@pytest.mark.parametrize(("years", "forgotten"), [(1, False), (3, True)])
async def test_a_rejected_request_goes_after_two_years(
    operator: Operator, years: int, forgotten: bool
) -> None:
    mina = operator.people.mina
    paper = await operator.upload(mina.account_id, b"sent with the request")

    def names(db: Session) -> None:
        request = db.exec(
            select(QualificationRequest).where(QualificationRequest.account_id == mina.account_id)
        ).one()
        request.snapshot = request.snapshot | {"doc.national_card": [paper]}
        db.add(request)

    await operator.run(names)
    long_ago = utcnow().replace(year=utcnow().year - years)
    await end_all(operator, mina, state=RequestState.REJECTED, closed_at=long_ago)

    told = await operator.types("9991234519", "--erase", "--yes")

    assert told.status == 0, told
    assert ("24 months (Q44)" in told.out) is not forgotten

    def look(db: Session) -> None:
        account = db.get_one(Account, mina.account_id)
        request = db.exec(
            select(QualificationRequest).where(QualificationRequest.account_id == account.id)
        ).one()
        assert (account.national_code is None) is forgotten
        assert (account.first_name == "مینا") is not forgotten
        assert (request.snapshot == {}) is forgotten
        assert (db.get_one(StoredFile, paper).removed_at is not None) is forgotten
        officer = db.get_one(Officer, account.id)
        assert (officer.birth_date.year == 1900) is forgotten

    await operator.run(look)


async def test_the_wrong_combinations_are_told(sqlite_url: str, tmp_path: Path) -> None:
    operator = Operator(sqlite_url, tmp_path)
    assert "one after the other" in (await operator.types("1", "--erase", "--export", "x")).err
    assert "only with --erase" in (await operator.types("1", "--yes")).err
