"""The rules of a payment attempt."""

from bot.rules.payment import OPEN, SETTLED, TRANSITIONS, PaymentEvent, after
from storage.enums import AttemptState


def test_every_state_is_reached_and_money_in_hand_only_ever_goes_back() -> None:
    assert set(TRANSITIONS.values()) | {AttemptState.CREATED} == set(AttemptState)
    for state in SETTLED:
        ways = {event for event in PaymentEvent if after(state, event)}
        assert ways <= {PaymentEvent.REFUNDED}


def test_every_open_state_has_a_way_out_to_paid_and_to_the_end() -> None:
    for start in OPEN:
        reached, todo = {start}, [start]
        while todo:
            state = todo.pop()
            new = {target for (source, _), target in TRANSITIONS.items() if source is state} - reached
            reached |= new
            todo += new
        assert {AttemptState.PAID, AttemptState.FAILED, AttemptState.EXPIRED} <= reached


def test_nothing_is_paid_without_having_been_verified() -> None:
    into_money = {
        source for (source, _), target in TRANSITIONS.items() if target in SETTLED - {AttemptState.REFUNDED}
    }
    assert into_money == {AttemptState.VERIFYING}


def test_no_answer_never_means_failed() -> None:
    assert after(AttemptState.VERIFYING, PaymentEvent.NO_ANSWER) is AttemptState.UNCERTAIN
    assert after(AttemptState.VERIFYING, PaymentEvent.WRONG_AMOUNT) is AttemptState.UNCERTAIN


def test_a_wrong_amount_ends_only_by_going_back() -> None:
    assert after(AttemptState.UNCERTAIN, PaymentEvent.WRONG_AMOUNT_RETURNED) is AttemptState.REFUNDED
    assert [state for state in AttemptState if after(state, PaymentEvent.WRONG_AMOUNT_RETURNED)] == [
        AttemptState.UNCERTAIN
    ]
