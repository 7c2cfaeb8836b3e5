"""The rules of a payment attempt."""

from bot.rules.payment import MACHINE, OPEN, SETTLED, PaymentEvent
from storage.enums import AttemptState

AFTER = {key: row.target for key, row in MACHINE.table.items()}


def test_money_in_hand_only_ever_goes_back() -> None:
    for state in SETTLED:
        ways = {event for event in PaymentEvent if (state, event) in AFTER}
        assert ways <= {PaymentEvent.REFUNDED}


def test_every_open_state_has_a_way_out_to_paid_and_to_the_end() -> None:
    for start in OPEN:
        reached, todo = {start}, [start]
        while todo:
            state = todo.pop()
            new = {target for (source, _), target in AFTER.items() if source is state} - reached
            reached |= new
            todo += new
        assert {AttemptState.PAID, AttemptState.FAILED, AttemptState.EXPIRED} <= reached


def test_nothing_is_paid_without_having_been_verified() -> None:
    into_money = {
        source for (source, _), target in AFTER.items() if target in SETTLED - {AttemptState.REFUNDED}
    }
    assert into_money == {AttemptState.VERIFYING}


def test_no_answer_never_means_failed_and_a_wrong_amount_ends_only_by_going_back() -> None:
    for event in (PaymentEvent.NO_ANSWER, PaymentEvent.WRONG_AMOUNT):
        assert AFTER[AttemptState.VERIFYING, event] is AttemptState.UNCERTAIN
    returned = {state: AFTER.get((state, PaymentEvent.WRONG_AMOUNT_RETURNED)) for state in AttemptState}
    assert returned == dict.fromkeys(AttemptState) | {AttemptState.UNCERTAIN: AttemptState.REFUNDED}
