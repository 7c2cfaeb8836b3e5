"""Lists of the directorate in pages: each row stands once, under its number, on the page that is asked for."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlmodel import Session

from bot.core.screens import Press
from bot.services.shared import notify
from bot.texts.formats import digits
from storage.enums import AttemptState, PushChannel, PushState, RequestState, Role
from storage.tables import AuditEvent, PaymentAttempt, Push
from tests.support.chat_driver import NOW, App, Person
from tests.support.chat_people import officer, staff
from tests.support.factories import people
from tests.support.factories.distributors import distributor
from tests.support.factories.qualification import attempt_row, request_row

#: What a row is known by on the screen: «row07».
MARK = re.compile(r"row\d\d")
NUMBER = re.compile(r"^(\d+)\. ", re.MULTILINE)


@dataclass
class Rows:
    """What the rows of a list are made of: somebody of the directorate, an officer and a request."""

    boss: Person
    boss_id: int
    account_id: int
    request_id: int

    def mark(self, n: int) -> str:
        return f"row{n:02}"

    def event(self, n: int, **values: Any) -> AuditEvent:
        given = {"event": "suspended", "subject": "account", "subject_id": self.account_id} | values
        made = {"data": {"reason": self.mark(n)}, "actor_role": Role.SYSTEM, "at": NOW + timedelta(minutes=n)}
        return AuditEvent(**made | given)

    def attempt(self, n: int, state: AttemptState, **values: Any) -> PaymentAttempt:
        at = NOW + timedelta(minutes=n)
        return attempt_row(self.request_id, state=state, created_at=at, paid_at=at, **values)

    def push(self, n: int, **values: Any) -> Push:
        given = {"kind": "N1", "channel": PushChannel.CHAT, "account_id": self.account_id, "text": "متن"}
        at = NOW + timedelta(minutes=n)
        return Push(key=f"k{n}", state=PushState.GIVEN_UP, created_at=at, next_at=at, **given | values)


def alerts(db: Session, rows: Rows, n: int) -> None:
    notify.alert_staff(db, key=f"refund:{n}", text=rows.mark(n), now=NOW + timedelta(minutes=n))


def refunds(db: Session, rows: Rows, n: int) -> None:
    db.add(rows.attempt(n, AttemptState.REFUND_DUE, ref=f"A{n}", bank_ref=rows.mark(n)))


def wrong_amounts(db: Session, rows: Rows, n: int) -> None:
    db.add(attempt := rows.attempt(n, AttemptState.UNCERTAIN, ref=rows.mark(n)))
    db.flush()
    subject = {"subject": "payment_attempt", "subject_id": attempt.id}
    db.add(AuditEvent(event="payment_wrong_amount", actor_role=Role.SYSTEM, **subject))


def returned(db: Session, rows: Rows, n: int) -> None:
    at = NOW + timedelta(minutes=n)
    back = {"refund_ref": rows.mark(n), "refunded_at": at, "refunded_by": rows.boss_id}
    db.add(rows.attempt(n, AttemptState.REFUNDED, ref=f"A{n}", **back))


def attempts(db: Session, rows: Rows, n: int) -> None:
    db.add(rows.attempt(n, AttemptState.FAILED, ref=rows.mark(n)))


def causes(db: Session, rows: Rows, n: int) -> None:
    # The most frequent cause comes first.
    db.add_all([rows.push(100 * n + copy, note=rows.mark(n)) for copy in range(12 - n)])


def pushes_of_one_cause(db: Session, rows: Rows, n: int) -> None:
    owner = people.account(db, "متقاضی", rows.mark(n), chat=False)
    db.add(rows.push(n, note="blocked", account_id=owner.id))


def events_of_the_account(db: Session, rows: Rows, n: int) -> None:
    db.add(rows.event(n))


def events_of_the_file(db: Session, rows: Rows, n: int) -> None:
    db.add(rows.event(n, subject="qualification", subject_id=rows.request_id))


def distributors(db: Session, rows: Rows, n: int) -> None:
    distributor(db, rows.mark(n))


@dataclass(frozen=True)
class Listed:
    make: Callable[[Session, Rows, int], None]
    press: Callable[[App, Rows], Press]
    size: int
    newest_first: bool = False
    #: Whether a number is a button.
    opens: bool = False
    #: Whether it is said which page this is.
    says_page: bool = False
    #: Whether the rows have numbers.
    numbered: bool = True
    #: Rows at the end of the list that were there before.
    beside: int = 0


def plain(action: str) -> Callable[[App, Rows], Press]:
    return lambda app, rows: Press(action)


LISTS = {
    "alerts": Listed(alerts, plain("staff.alerts"), 5, opens=True),
    "refunds": Listed(refunds, plain("staff.refunds"), 5),
    "wrong amounts": Listed(wrong_amounts, plain("staff.wrong"), 5),
    "returned": Listed(returned, plain("staff.refunded"), 5, newest_first=True, opens=True, says_page=True),
    "of an account": Listed(
        attempts, lambda app, rows: Press("staff.account_payments", rows.account_id), 5, newest_first=True
    ),
    "of a file": Listed(
        attempts, lambda app, rows: Press("staff.file_payments", rows.request_id), 5, newest_first=True
    ),
    "causes": Listed(causes, plain("staff.undelivered"), 5),
    "of one cause": Listed(
        pushes_of_one_cause,
        lambda app, rows: Press("staff.undelivered_cause", app.newest(Push).id),
        5,
        opens=True,
    ),
    "trail": Listed(
        events_of_the_account,
        lambda app, rows: Press("staff.trail", rows.account_id),
        10,
        newest_first=True,
        numbered=False,
        beside=1,
    ),
    "trail of a file": Listed(
        events_of_the_file,
        lambda app, rows: Press("staff.file_trail", rows.request_id),
        10,
        newest_first=True,
        numbered=False,
    ),
    "record": Listed(
        events_of_the_file,
        lambda app, rows: Press("staff.audit", rows.request_id, 0, "q"),
        10,
        newest_first=True,
        numbered=False,
    ),
    "distributors": Listed(distributors, plain("staff.dists"), 8, opens=True, says_page=True),
}


@pytest.fixture
def rows(app: App) -> Rows:
    boss, sara = staff(app), officer(app)
    request = app.add(request_row(sara.account.id, state=RequestState.AWAITING_PAYMENT))
    boss.open("staff.find_account").type(sara.account.user_code)
    return Rows(boss, boss.account.id or 0, sara.account.id or 0, request.id)


def read(boss: Person) -> tuple[list[str], list[int]]:
    """The marks and the numbers of the rows in view."""
    return MARK.findall(boss.text), [int(number) for number in NUMBER.findall(boss.text)]


@pytest.mark.parametrize("name", LISTS)
def test_each_row_stands_once_on_two_and_on_three_pages(app: App, rows: Rows, name: str) -> None:
    listed, boss = LISTS[name], rows.boss
    full = 2 * listed.size - listed.beside

    def unit(db: Session, numbers: range) -> None:
        for n in numbers:
            listed.make(db, rows, n)

    for numbers in (range(1, full + 1), range(full + 1, full + 2)):
        app.run(partial(unit, numbers=numbers))
        expected = [rows.mark(n) for n in range(1, numbers.stop)]
        if listed.newest_first:
            expected.reverse()
        ends = range(0, len(expected) + listed.beside, listed.size)
        expected_pages = [expected[at : at + listed.size] for at in ends]

        pages = [read(boss.press(listed.press(app, rows)))]
        while "بعدی" in boss.labels:
            pages.append(read(boss.tap("بعدی")))

        assert [marks for marks, _ in pages] == expected_pages
        if listed.numbered:
            assert [number for _, shown in pages for number in shown] == list(range(1, numbers.stop))
        assert MARK.findall(boss.tap("قبلی").text) == expected_pages[-2]
        assert (f"صفحه {digits(len(pages) - 1)} از {digits(len(pages))}" in boss.text) is listed.says_page
        if listed.opens:
            at = (len(pages) - 2) * listed.size + 1
            boss.type(digits(at + 1)).sees(expected[at]).sees_not(expected[at + 1])
