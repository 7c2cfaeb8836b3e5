"""What staff read of a payment in the course of a file."""

import pytest

from bot.services.payments.history import PaymentChange
from bot.texts import BIDI_MARKS, t
from handlers.common.payment_lines import change_text
from storage.enums import AttemptState
from tests.support.chat_driver import NOW


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
