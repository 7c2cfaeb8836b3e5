"""Rules of one payment attempt (docs/specification.md 2.3): which event leads from which state to which."""

from enum import StrEnum

from storage.enums import AttemptState as S


class PaymentEvent(StrEnum):
    #: Create was refused or got no answer: no payer was sent to the bank.
    NOT_OPENED = "not_opened"
    #: The return page, the button or the reconciler asks the gateway to verify.
    ASKED = "asked"
    PAID = "paid"
    #: Paid, but the request has its payment already, or was withdrawn.
    PAID_IN_EXCESS = "paid_in_excess"
    NOT_PAID = "not_paid"
    #: Not paid yet: the payer may still be at the bank.
    STILL_OPEN = "still_open"
    NO_ANSWER = "no_answer"
    WRONG_AMOUNT = "wrong_amount"
    EXPIRED = "expired"
    REFUNDED = "refunded"
    #: Something was paid, but not the fee, and staff gave it back in the gateway's panel.
    WRONG_AMOUNT_RETURNED = "wrong_amount_returned"


#: VERIFYING may be asked again: the process that asked may be dead (the service keeps the lease). FAILED and
#: EXPIRED may be asked again too: a late payment on an old attempt still completes the request.
TRANSITIONS: dict[tuple[S, PaymentEvent], S] = {
    (S.CREATED, PaymentEvent.NOT_OPENED): S.FAILED,
    (S.CREATED, PaymentEvent.ASKED): S.VERIFYING,
    (S.CREATED, PaymentEvent.EXPIRED): S.EXPIRED,
    (S.UNCERTAIN, PaymentEvent.ASKED): S.VERIFYING,
    (S.UNCERTAIN, PaymentEvent.EXPIRED): S.EXPIRED,
    (S.UNCERTAIN, PaymentEvent.WRONG_AMOUNT_RETURNED): S.REFUNDED,
    (S.FAILED, PaymentEvent.ASKED): S.VERIFYING,
    (S.EXPIRED, PaymentEvent.ASKED): S.VERIFYING,
    (S.VERIFYING, PaymentEvent.ASKED): S.VERIFYING,
    (S.VERIFYING, PaymentEvent.PAID): S.PAID,
    (S.VERIFYING, PaymentEvent.PAID_IN_EXCESS): S.REFUND_DUE,
    (S.VERIFYING, PaymentEvent.NOT_PAID): S.FAILED,
    (S.VERIFYING, PaymentEvent.STILL_OPEN): S.CREATED,
    (S.VERIFYING, PaymentEvent.NO_ANSWER): S.UNCERTAIN,
    (S.VERIFYING, PaymentEvent.WRONG_AMOUNT): S.UNCERTAIN,
    (S.VERIFYING, PaymentEvent.EXPIRED): S.EXPIRED,
    (S.REFUND_DUE, PaymentEvent.REFUNDED): S.REFUNDED,
}

#: The money came, or went back: nothing that a browser or a gateway says changes these.
SETTLED = frozenset({S.PAID, S.REFUND_DUE, S.REFUNDED})
#: The reconciler looks after these.
OPEN = frozenset({S.CREATED, S.VERIFYING, S.UNCERTAIN})


def after(state: S, event: PaymentEvent) -> S | None:
    """The next state, or None where the rules do not know this event here."""
    return TRANSITIONS.get((state, event))
