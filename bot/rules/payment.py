"""Rules of one payment attempt (docs/specification.md 2.3): which event leads from which state to which."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import TYPE_CHECKING

from bot.rules import state_machine
from storage.enums import AttemptState as S
from storage.enums import Role

if TYPE_CHECKING:
    from bot.core.context import Actor


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


class PaymentRelation(StrEnum):
    """How an actor is related to an attempt."""

    #: The gateway's answer, and the clock, for every caller.
    SYSTEM = "system"
    #: Money is given back in the gateway's panel.
    STAFF = "staff"


#: The audit's verb is "payment_" with the event.
Transition = state_machine.Transition[S, PaymentEvent, PaymentRelation, state_machine.HasState]


def _rows() -> Iterator[Transition]:
    """VERIFYING may be asked again: the process that asked may be dead (the service keeps the lease). FAILED
    and EXPIRED may be asked again too: a late payment on an old attempt still completes the request."""
    event, system, staff = (
        PaymentEvent,
        frozenset({PaymentRelation.SYSTEM}),
        frozenset({PaymentRelation.STAFF}),
    )
    for source, what, target, by in (
        (S.CREATED, event.NOT_OPENED, S.FAILED, system),
        (S.CREATED, event.ASKED, S.VERIFYING, system),
        (S.CREATED, event.EXPIRED, S.EXPIRED, system),
        (S.UNCERTAIN, event.ASKED, S.VERIFYING, system),
        (S.UNCERTAIN, event.EXPIRED, S.EXPIRED, system),
        (S.UNCERTAIN, event.WRONG_AMOUNT_RETURNED, S.REFUNDED, staff),
        (S.FAILED, event.ASKED, S.VERIFYING, system),
        (S.EXPIRED, event.ASKED, S.VERIFYING, system),
        (S.VERIFYING, event.ASKED, S.VERIFYING, system),
        (S.VERIFYING, event.PAID, S.PAID, system),
        (S.VERIFYING, event.PAID_IN_EXCESS, S.REFUND_DUE, system),
        (S.VERIFYING, event.NOT_PAID, S.FAILED, system),
        (S.VERIFYING, event.STILL_OPEN, S.CREATED, system),
        (S.VERIFYING, event.NO_ANSWER, S.UNCERTAIN, system),
        (S.VERIFYING, event.WRONG_AMOUNT, S.UNCERTAIN, system),
        (S.VERIFYING, event.EXPIRED, S.EXPIRED, system),
        (S.REFUND_DUE, event.REFUNDED, S.REFUNDED, staff),
    ):
        yield Transition(source, what, by, target, f"payment_{what}")


def relations(attempt: state_machine.HasState, actor: Actor) -> frozenset[PaymentRelation]:
    if actor.role is Role.SYSTEM:
        return frozenset({PaymentRelation.SYSTEM})
    return frozenset({PaymentRelation.STAFF}) if actor.role is Role.STAFF else frozenset()


MACHINE = state_machine.Machine(S, _rows(), relations)

#: The money came, or went back: nothing that a browser or a gateway says changes these.
SETTLED = frozenset({S.PAID, S.REFUND_DUE, S.REFUNDED})
#: The reconciler looks after these.
OPEN = frozenset({S.CREATED, S.VERIFYING, S.UNCERTAIN})
