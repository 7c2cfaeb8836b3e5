"""What staff read of a payment in the course of a file."""

from typing import Any

import pytest

from bot.services.payments.history import LatestPayment, PaymentChange, PaymentRecord
from bot.texts import BIDI_MARKS, t
from bot.texts.formats import jalali_time
from handlers.common.payment_lines import change_text, latest_line, record_lines
from storage.enums import AttemptState
from tests.support.chat_driver import NOW
from tests.support.factories.qualification import attempt_row


@pytest.mark.parametrize(
    ("event", "state", "words"),
    [
        ("payment_opened", AttemptState.PAID, t("pay.state.PAID")),
        ("payment_wrong_amount", None, t("trail.payment_wrong_amount")),
        ("an_event_of_long_ago", None, "an_event_of_long_ago"),
    ],
)
def test_a_change_says_where_the_payment_is_now_or_what_was_recorded(
    event: str, state: AttemptState | None, words: str
) -> None:
    said = change_text(PaymentChange(12, NOW, event, state, 5_000_000))
    whole = t("payments_staff.change", id="۱۲", amount="۵٬۰۰۰٬۰۰۰", state=words)
    assert BIDI_MARKS.sub("", said) == BIDI_MARKS.sub("", whole)


RETURNED = t("refunds.returned", ref="55", time=jalali_time(NOW))


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({}, []),
        ({"bank_ref": "778"}, [t("refunds.bank_ref", ref="778")]),
        ({"card_masked": "6037"}, [t("refunds.card", number="6037")]),
        ({"paid_at": NOW}, [t("refunds.paid", time=jalali_time(NOW))]),
        ({"refund_ref": "55"}, []),
        ({"refunded_at": NOW}, []),
        ({"refund_ref": "55", "refunded_at": NOW}, [RETURNED]),
    ],
)
def test_of_an_attempt_what_is_known_is_said(values: dict[str, Any], said: list[str]) -> None:
    attempt = attempt_row(1, state=AttemptState.PAID, created_at=NOW, **values)
    state = t("pay.state.PAID")
    assert record_lines(2, PaymentRecord(attempt, "140509010001")) == [
        t("payments_staff.line", i="۲", amount="۵٬۰۰۰٬۰۰۰", state=state),
        t("payments_staff.times", opened=jalali_time(NOW), code="140509010001"),
        t("refunds.gateway", what="zarinpal", ref="A1"),
        *said,
    ]


def test_an_attempt_that_the_gateway_never_named() -> None:
    attempt = attempt_row(1, state=AttemptState.FAILED, created_at=NOW, ref=None)
    assert record_lines(1, PaymentRecord(attempt, "1"))[2] == t("refunds.gateway", what="zarinpal", ref="–")


def test_of_all_attempts_the_number_and_the_last() -> None:
    last = PaymentRecord(attempt_row(1, state=AttemptState.FAILED), "1")
    assert latest_line(None) == []
    assert latest_line(LatestPayment(last, 3)) == [
        t("payments_staff.short", n="۳", state=t("pay.state.FAILED"))
    ]
