"""The rows of each export, whole; each row that is left out differs in one thing from one that is there."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session

from bot.core.context import SYSTEM, Actor
from bot.services.exports import rows
from bot.services.exports.wanted import ExportKind, Wanted
from bot.services.shared import audit
from bot.texts import BIDI_MARKS
from storage.enums import (
    AttemptState,
    ContractState,
    CooperationState,
    LetterState,
    RejectReason,
    RequestKind,
    RequestState,
)
from storage.tables import Account, Branch, Contract, CooperationRequest, Letter, LetterRecipient
from tests.support.factories.cooperation import Parties
from tests.support.factories.people import officer
from tests.support.factories.qualification import add_request, attempt_row
from tests.support.factories.reference_data import NOW

#: What is asked for does not depend on the database.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
S, TODAY, SARA = RequestState, "۱۴۰۵/۰۹/۰۱ ساعت ۱۲:۳۰", "سارا نمونه"
SHIRAZ, CODE = "دانشگاه علوم پزشکی شیراز", "•••••••۵۰۰"


def read(db: Session, actor: Actor, kind: ExportKind, below: int | None = None, **of: Any) -> list[Any]:
    wanted = Wanted(kind, of.pop("days", 0), **of)
    found = rows.piece(db, actor=actor, wanted=wanted, now=NOW, below=below)
    return [(number, tuple(map(without_marks, row))) for number, row in found]


def without_marks(cell: rows.Cell) -> rows.Cell:
    return BIDI_MARKS.sub("", cell) if isinstance(cell, str) else cell


def ids(found: list[Any]) -> list[int]:
    return [number for number, _ in found]


def of_sara(db: Session, parties: Parties, state: RequestState, number: int, **values: Any) -> Any:
    given = {"tracking_code": f"1405090100{number:02}", "submitted_at": NOW} | values
    return add_request(db, parties.sara, state, **given)


def test_the_rows_of_files(db: Session, parties: Parties, monkeypatch: pytest.MonkeyPatch) -> None:
    ali = parties.ali.account_id
    add_request(db, parties.unqualified, S.DRAFT)
    first = of_sara(
        db,
        parties,
        S.REJECTED,
        11,
        kind=RequestKind.AMENDMENT,
        reviewer_id=ali,
        closed_at=NOW - DAY,
        state_since=NOW - 2 * DAY,
        submitted_at=NOW - 3 * DAY,
        reject_reason=RejectReason.OTHER,
        reject_text="مدارک",
    )
    second = of_sara(db, parties, S.AWAITING_PAYMENT, 12, university_code="mui", fee_rial=5, pay_token="t")
    third = of_sara(db, parties, S.WITHDRAWN, 13, submitted_at=NOW - 3 * DAY - SECOND, university_code=None)
    staff, files = parties.staff, ExportKind.FILES
    found = read(db, staff, files)
    assert ids(found) == [third.id, second.id, first.id]
    assert found[2][1] == (
        "140509010011",
        "اصلاحیه",
        "ردشده",
        SARA,
        CODE,
        SHIRAZ,
        "کارشناس علوی",
        "۱۴۰۵/۰۸/۲۸ ساعت ۱۲:۳۰",
        "۱۴۰۵/۰۸/۲۹ ساعت ۱۲:۳۰",
        "۱۴۰۵/۰۸/۳۰ ساعت ۱۲:۳۰",
        "",
    )
    assert found[1][1] == (
        *("140509010012", "درخواست جدید", "تأییدشده، در انتظار پرداخت", SARA, CODE),
        *("دانشگاه علوم پزشکی اصفهان", "", TODAY, TODAY, "", 5),
    )
    assert found[0][1][5] == ""
    assert ids(read(db, staff, files, days=3)) == [second.id, first.id]
    assert ids(read(db, staff, files, state="REJECTED")) == [first.id]
    assert ids(read(db, staff, files, university="mui")) == [second.id]
    assert ids(read(db, parties.in_charge, files, university="mui")) == [first.id], "a head's own, always"
    assert ids(read(db, staff, files, below=third.id)) == [second.id, first.id]
    monkeypatch.setattr(rows, "PIECE", 2)
    assert ids(read(db, staff, files)) == [third.id, second.id]


def decided(
    db: Session, subject: str, number: int, event: str, actor: Actor, ago: timedelta = 0 * DAY
) -> None:
    audit.record(db, now=NOW - ago, actor=actor, event=event, subject=subject, subject_id=number)


def asked(db: Session, parties: Parties, **values: Any) -> CooperationRequest:
    given = {
        "branch_id": parties.kian.east,
        "distributor_id": parties.kian.id,
        "account_id": parties.mina.account_id,
        "requested_by": parties.kian.manager.account_id,
        "tracking_code": "140509010099",
        "state": CooperationState.APPROVED,
        "university_code": "mui",
        "state_since": NOW,
        "closed_at": NOW,
    }
    row = CooperationRequest(**given | values)
    db.add(row)
    db.flush()
    return row


def test_the_rows_of_decisions(db: Session, parties: Parties) -> None:
    """Of one file number there may be files of both kinds."""
    file = of_sara(db, parties, S.COMPLETED, 11, closed_at=NOW)
    request = asked(db, parties)
    assert file.id == request.id
    ali, head, staff, foreign = parties.ali, parties.in_charge, parties.staff, parties.foreign
    decided(db, "qualification", file.id, "deficiencies_declared", head, 2 * DAY)
    decided(db, "qualification", file.id, "claimed", ali)
    decided(db, "qualification", file.id, "decision_held", ali)
    decided(db, "qualification", 999, "approved", ali)
    decided(db, "account", file.id, "approved", ali)
    decided(db, "qualification", file.id, "approved", SYSTEM)
    decided(db, "qualification", file.id, "approved", ali, DAY)
    decided(db, "cooperation", request.id or 0, "rejected_by_university", foreign)
    decided(db, "qualification", file.id, "revoked", staff)
    found = read(db, staff, ExportKind.DECISIONS)
    isfahan = "دانشگاه علوم پزشکی اصفهان"
    assert [row for _, row in found] == [
        (TODAY, "ابطال", "احراز صلاحیت", "140509010011", SARA, SHIRAZ, "رضا ستادی"),
        (TODAY, found[1][1][1], "همکاری", "140509010099", "مینا نمونه", isfahan, "کارشناس اصفهانی"),
        (
            "۱۴۰۵/۰۸/۳۰ ساعت ۱۲:۳۰",
            found[2][1][1],
            "احراز صلاحیت",
            "140509010011",
            SARA,
            SHIRAZ,
            "کارشناس علوی",
        ),
        (
            "۱۴۰۵/۰۸/۲۹ ساعت ۱۲:۳۰",
            found[3][1][1],
            "احراز صلاحیت",
            "140509010011",
            SARA,
            SHIRAZ,
            "کارشناس مسئولی",
        ),
    ]
    assert len({row[1] for _, row in found}) == 4
    numbers = ids(found)
    assert ids(read(db, staff, ExportKind.DECISIONS, days=1)) == numbers[:3]
    assert ids(read(db, staff, ExportKind.DECISIONS, days=2)) == numbers
    assert ids(read(db, staff, ExportKind.DECISIONS, university="mui")) == numbers[1:2]
    assert ids(read(db, head, ExportKind.DECISIONS)) == [numbers[0], *numbers[2:]]
    assert ids(read(db, staff, ExportKind.DECISIONS, below=numbers[1])) == numbers[2:]
    # The clock was set back meanwhile: what is recorded later is of before the period.
    decided(db, "qualification", file.id, "rejected", ali, 9 * DAY)
    assert ids(read(db, staff, ExportKind.DECISIONS, days=1)) == numbers[:3]
    later = Wanted(ExportKind.DECISIONS, 1)
    assert rows.piece(db, actor=staff, wanted=later, now=NOW + 5 * DAY, below=None) == []


def test_the_rows_of_payments_and_refunds(db: Session, parties: Parties) -> None:
    file = of_sara(db, parties, S.COMPLETED, 11, closed_at=NOW)
    elsewhere = of_sara(db, parties, S.WITHDRAWN, 12, closed_at=NOW, university_code="mui")
    db.get_one(Account, parties.sara.account_id).mobile = "+989121112233"

    def attempt(state: AttemptState, request: Any = file, **values: Any) -> int | None:
        given = {"amount_rial": 500_000, "created_at": NOW - 9 * DAY, "state_since": NOW - 9 * DAY}
        row = attempt_row(request.id, ref=f"{state}{len(made)}", state=state, **given | values)
        db.add(row)
        db.flush()
        made.append(row.id)
        return row.id

    made: list[int | None] = []
    for state in AttemptState:
        if state not in (AttemptState.PAID, AttemptState.REFUND_DUE, AttemptState.REFUNDED):
            attempt(state, paid_at=NOW)
    paid = attempt(AttemptState.PAID, paid_at=NOW - DAY, bank_ref="B1", card_masked="6219****")
    due = attempt(AttemptState.REFUND_DUE, elsewhere, created_at=NOW - 2 * DAY, state_since=NOW - 3 * DAY)
    back = attempt(
        AttemptState.REFUNDED,
        paid_at=NOW - 3 * DAY,
        refunded_at=NOW - DAY,
        refund_ref="R1",
        refunded_by=parties.staff.account_id,
        bank_ref="B2",
        card_masked="5892****",
    )
    staff, payments, refunds = parties.staff, ExportKind.PAYMENTS, ExportKind.REFUNDS
    found = read(db, staff, payments)
    assert ids(found) == [back, due, paid]
    assert found[2][1] == (
        *("۱۴۰۵/۰۸/۳۰ ساعت ۱۲:۳۰", "140509010011", SARA, CODE, SHIRAZ, 500_000),
        *("پرداخت‌شده", "zarinpal", "B1", "6219****"),
    )
    assert found[1][1][0] == ""
    assert found[1][1][4:] == (
        *("دانشگاه علوم پزشکی اصفهان", 500_000, "در انتظار بازگشت وجه", "zarinpal", "", ""),
    )
    assert ids(read(db, staff, payments, days=1)) == [paid]
    assert ids(read(db, staff, payments, days=2)) == [due, paid]
    assert ids(read(db, staff, payments, state="PAID")) == [paid]
    assert ids(read(db, staff, payments, university="mui")) == [due]
    assert ids(read(db, parties.in_charge, payments)) == [back, paid]
    found = read(db, staff, refunds)
    assert ids(found) == [back, due]
    assert found[0][1] == (
        *("۱۴۰۵/۰۸/۳۰ ساعت ۱۲:۳۰", "R1", "رضا ستادی", 500_000, "بازگردانده‌شده", "140509010011", SARA),
        *("۰۹۱۲۱۱۱۲۲۳۳", "zarinpal", "B2", "5892****", "۱۴۰۵/۰۸/۲۸ ساعت ۱۲:۳۰"),
    )
    db.get_one(Account, parties.sara.account_id).mobile = None
    db.flush()
    assert read(db, staff, refunds)[1][1] == (
        *("", "", "", 500_000, "در انتظار بازگشت وجه", "140509010012", SARA, "", "zarinpal", "", "", ""),
    )
    assert ids(read(db, staff, refunds, days=2)) == [back]
    assert ids(read(db, staff, refunds, days=3)) == [back, due]
    assert ids(read(db, staff, refunds, state="REFUND_DUE")) == [due]


def test_the_rows_of_contracts(db: Session, parties: Parties) -> None:
    kian, arad = parties.kian, parties.arad
    db.get_one(Branch, arad.east).university_code = "fasa"

    def contract(who: Actor, distributor: int, branch: int, **values: Any) -> int | None:
        row = Contract(account_id=who.account_id, distributor_id=distributor, branch_id=branch, **values)
        db.add(row)
        db.flush()
        return row.id

    ended = {"state": ContractState.ENDED_BY_OFFICER, "started_at": NOW - 9 * DAY}
    long_ago = contract(parties.sara, kian.id, kian.east, ended_at=NOW - DAY - SECOND, **ended)
    lately = contract(parties.sara, kian.id, kian.east, ended_at=NOW - DAY, **ended)
    running = contract(parties.mina, arad.id, arad.east, started_at=NOW - 2 * DAY)
    new = contract(parties.sara, kian.id, kian.central, started_at=NOW)
    staff, contracts = parties.staff, ExportKind.CONTRACTS
    found = read(db, staff, contracts)
    assert ids(found) == [new, running, lately, long_ago]
    assert found[2][1] == (
        *("۱۴۰۵/۰۸/۲۲ ساعت ۱۲:۳۰", "۱۴۰۵/۰۸/۳۰ ساعت ۱۲:۳۰", "پایان‌یافته با قطع همکاری"),
        *(SARA, CODE, "کیان طب", found[2][1][6], "14009999995", "شرق", "فارس", "شیراز", SHIRAZ),
    )
    assert found[1][1][1:3] == ("", "فعال")
    assert found[1][1][5:] == (
        *("آراد", found[1][1][6], "70001", "شرق", "فارس", "شیراز", "دانشگاه علوم پزشکی فسا"),
    )
    assert found[1][1][6] != found[2][1][6]
    assert ids(read(db, staff, contracts, days=1)) == [new, lately]
    assert ids(read(db, staff, contracts, state="ACTIVE")) == [new, running]
    assert ids(read(db, staff, contracts, university="fasa")) == [running]
    assert ids(read(db, parties.in_charge, contracts)) == [new, lately, long_ago]


def test_the_rows_of_letters(db: Session, parties: Parties) -> None:
    writer = parties.staff.account_id

    def letter(**values: Any) -> Letter:
        given = {"title": "آزمون", "text": "متن", "audience": {"kind": "ALL", "value": ""}}
        row = Letter(**given | {"created_by": writer, "created_at": NOW - DAY} | values)
        db.add(row)
        db.flush()
        return row

    first = letter(number="۱۲", state=LetterState.SENT, recipients=9, delivered=8, sms=True, finished_at=NOW)
    second = letter(audience={"kind": "PROVINCE", "value": "فارس"}, created_at=NOW - DAY - SECOND)
    for number, read_at in enumerate((NOW, NOW, None)):
        who = officer(db, f"نفر{number}").account_id
        db.add(LetterRecipient(letter_id=first.id, account_id=who, delivered_at=NOW, read_at=read_at))
    db.flush()
    staff, letters = parties.staff, ExportKind.LETTERS
    found = read(db, staff, letters)
    yesterday = "۱۴۰۵/۰۸/۳۰ ساعت ۱۲:۳۰"
    assert found == [
        (
            second.id,
            (
                *("۱۴۰۵/۰۸/۳۰ ساعت ۱۲:۲۹", "", "آزمون", "مسئولان فنی استان فارس", "در حال ارسال"),
                *(0, 0, 0, "خیر", "رضا ستادی"),
            ),
        ),
        (
            first.id,
            (
                *(yesterday, "۱۲", "آزمون", "همه مسئولان فنی", "فرستاده‌شده"),
                *(9, 8, 2, "بله", "رضا ستادی"),
            ),
        ),
    ]
    assert ids(read(db, staff, letters, days=1)) == [first.id]
    assert ids(read(db, staff, letters, state="SENT")) == [first.id]


def test_each_kind_has_its_columns(db: Session, parties: Parties) -> None:
    columns = {"files": 11, "decisions": 7, "payments": 10, "refunds": 12, "contracts": 12, "letters": 10}
    for kind in ExportKind:
        assert len(rows.head(kind)) == columns[kind]
        assert read(db, parties.staff, kind) == []
