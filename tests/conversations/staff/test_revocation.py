"""What follows from taking back a decision, line by line, before it is done."""

from types import SimpleNamespace
from typing import Any

import pytest
from sqlmodel import Session

from bot.services.revocation import Consequences
from bot.texts import BIDI_MARKS, t
from conversations.staff import revocation
from storage.enums import RequestKind, RequestState
from storage.tables import Account, QualificationRequest
from tests.support.chat_driver import NOW

MINA = Account(id=9, user_code="10000009", first_name="مینا", last_name="رضایی")
CONTRACT: Any = SimpleNamespace(
    distributor=SimpleNamespace(name="کیان طب"), branch=SimpleNamespace(name="مرکزی")
)
TOLD, TOLD_TOO = "متقاضی و دانشگاه، با این دلیل،", "متقاضی و دانشگاه با این دلیل، و مرکز بدون آن،"
CARD = t("revoke.card_gone")
UNPAID = {"state": RequestState.AWAITING_PAYMENT}
AMENDMENT = {"kind": RequestKind.AMENDMENT}


@pytest.mark.parametrize(
    ("request_", "found", "lines"),
    [
        (UNPAID, {}, [t("revoke.returns_to_queue"), t("revoke.fee_gone"), TOLD]),
        (UNPAID, {"returns_to": MINA}, ["پرونده به مینا رضایی بازمی‌گردد.", t("revoke.fee_gone"), TOLD]),
        ({}, {}, [CARD, t("revoke.no_contract"), TOLD]),
        (
            {},
            {"contract": CONTRACT, "paid_rial": 1_500_000},
            [
                CARD,
                "همکاری او با «کیان طب» (شعبه «مرکزی») پایان می‌یابد.",
                "هزینه پرداخت‌شده (۱٬۵۰۰٬۰۰۰ ریال) خودکار بازگردانده نمی‌شود.",
                TOLD_TOO,
            ],
        ),
        (
            {},
            {"open_cooperations": 2, "draft_goes": True},
            [
                CARD,
                t("revoke.no_contract"),
                "۲ درخواست همکاری باز او بسته می‌شود.",
                t("revoke.draft_goes"),
                TOLD,
            ],
        ),
        (
            AMENDMENT,
            {"restored": ("father_name", "gender"), "paid_rial": 0},
            [
                "به مقدار پیشین بازمی‌گردد: نام پدر، جنسیت",
                t("revoke.qualification_stays"),
                "هزینه پرداخت‌شده (۰ ریال) خودکار بازگردانده نمی‌شود.",
                TOLD,
            ],
        ),
        (
            AMENDMENT,
            {"restored": ("gender",), "contract": CONTRACT},
            [
                "به مقدار پیشین بازمی‌گردد: جنسیت",
                "صلاحیت و همکاری او با «کیان طب» (شعبه «مرکزی») پابرجاست.",
                TOLD,
            ],
        ),
    ],
    ids=["to the queue", "to its expert", "new", "with a contract", "with more", "amendment", "of who works"],
)
def test_what_follows(
    db: Session,
    monkeypatch: pytest.MonkeyPatch,
    request_: dict[str, Any],
    found: dict[str, Any],
    lines: list[str],
) -> None:
    values = {"kind": RequestKind.NEW, "state": RequestState.COMPLETED} | request_
    request = QualificationRequest(id=3, account_id=7, **values)
    consequences = Consequences(request, MINA, **found)
    monkeypatch.setattr(revocation.revocation, "consequences_of", lambda db, **who: consequences)
    monkeypatch.setattr(revocation, "request_of", lambda turn: request)
    turn: Any = SimpleNamespace(db=db, actor=None, now=NOW)
    shown = [BIDI_MARKS.sub("", line) for line in revocation._follows(turn, {"revoke_reason": "جعلی ۱2"})]
    assert shown[:-1] == lines[:-1]
    assert shown[-1].startswith(lines[-1])
    assert "│ جعلی ۱۲\n└ شما" in shown[-1]
