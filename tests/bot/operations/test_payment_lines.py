"""What `bot.py person` says of a payment."""

from typing import Any

import pytest

from bot.operations.person.course import _payment
from storage.enums import AttemptState
from storage.tables import PaymentAttempt
from tests.support.factories.reference_data import NOW

AGAIN, BACK, RETURNED = "asked about again after", "to be given back by staff", "given back under R9"


@pytest.mark.parametrize(
    ("state", "more", "said"),
    [
        (AttemptState.PAID, {}, []),
        (AttemptState.UNCERTAIN, {"next_check_at": NOW}, [AGAIN]),
        (AttemptState.REFUND_DUE, {}, [BACK]),
        (AttemptState.REFUNDED, {"refund_ref": "R9"}, [RETURNED]),
    ],
)
def test_a_payment_says_what_is_still_to_be_done(
    state: AttemptState, more: dict[str, Any], said: list[str]
) -> None:
    row = PaymentAttempt(
        id=7, request_id=1, gateway="zibal", state=state, amount_rial=5_000_000, ref="T1", **more
    )
    words = _payment(row)
    assert words.startswith(
        f"payment 7: {state}, 5,000,000 rial at zibal, its reference there T1, the bank's –, card –"
    )
    assert [one for one in (AGAIN, BACK, RETURNED) if one in words] == said
