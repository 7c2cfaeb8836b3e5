"""The closed sets of words that tables, rules and screens share (docs/specification.md 2)."""

from enum import StrEnum


class Messenger(StrEnum):
    TELEGRAM = "telegram"
    BALE = "bale"


class Role(StrEnum):
    """What an account may act as. SYSTEM is the actor of timers and of the payment gateway."""

    OFFICER = "officer"
    DISTRIBUTOR = "distributor"
    EXPERT = "expert"
    IN_CHARGE = "expert-in-charge"
    STAFF = "staff"
    SYSTEM = "system"


class AccountState(StrEnum):
    ACTIVE = "ACTIVE"
    SUSPENDED = "SUSPENDED"
    ANNULLED = "ANNULLED"


class RequestKind(StrEnum):
    NEW = "NEW"
    AMENDMENT = "AMENDMENT"


class RequestState(StrEnum):
    """A qualification request (docs/specification.md 2.2). IN_CIRCULATION below is R11's «در گردش»."""

    DRAFT = "DRAFT"
    SUBMITTED = "SUBMITTED"
    IN_REVIEW = "IN_REVIEW"
    DEFICIENT = "DEFICIENT"
    AWAITING_PAYMENT = "AWAITING_PAYMENT"
    COMPLETED = "COMPLETED"
    REJECTED = "REJECTED"
    WITHDRAWN = "WITHDRAWN"
    #: Staff took back what COMPLETED had brought: the qualification, or what an amendment changed.
    REVOKED = "REVOKED"


IN_CIRCULATION = frozenset(
    {
        RequestState.SUBMITTED,
        RequestState.IN_REVIEW,
        RequestState.DEFICIENT,
        RequestState.AWAITING_PAYMENT,
    }
)
OPEN_REQUEST = IN_CIRCULATION | {RequestState.DRAFT}


class RejectReason(StrEnum):
    """Presets of expert.reject (docs/specification.md 4.1); OTHER carries only the expert's own text."""

    WRONG_REGION = "WRONG_REGION"
    UNRELATED_FIELD = "UNRELATED_FIELD"
    INVALID_DOCUMENTS = "INVALID_DOCUMENTS"
    INCORRECT_DATA = "INCORRECT_DATA"
    OTHER = "OTHER"


class AttemptState(StrEnum):
    """One attempt to pay (docs/specification.md 2.3)."""

    CREATED = "CREATED"
    VERIFYING = "VERIFYING"
    PAID = "PAID"
    FAILED = "FAILED"
    UNCERTAIN = "UNCERTAIN"
    EXPIRED = "EXPIRED"
    REFUND_DUE = "REFUND_DUE"
    REFUNDED = "REFUNDED"


class InboxState(StrEnum):
    """An update on its way: RECEIVED is durable, DONE has had its effect, ANSWERED was shown."""

    RECEIVED = "RECEIVED"
    DONE = "DONE"
    ANSWERED = "ANSWERED"
    QUARANTINED = "QUARANTINED"
    FAILED = "FAILED"


class PushChannel(StrEnum):
    CHAT = "CHAT"
    SMS = "SMS"


class PushState(StrEnum):
    """A push in the outbox. SENDING is leased; GIVEN_UP waits for staff; SKIPPED says why."""

    QUEUED = "QUEUED"
    SENDING = "SENDING"
    SENT = "SENT"
    SKIPPED = "SKIPPED"
    GIVEN_UP = "GIVEN_UP"


class DistributorKind(StrEnum):
    """R43."""

    COMPANY = "COMPANY"
    GUILD = "GUILD"


class CooperationState(StrEnum):
    """A cooperation request (docs/specification.md 2.4)."""

    PENDING_OFFICER = "PENDING_OFFICER"
    PENDING_UNIVERSITY = "PENDING_UNIVERSITY"
    APPROVED = "APPROVED"
    REJECTED_BY_OFFICER = "REJECTED_BY_OFFICER"
    REJECTED_BY_UNIVERSITY = "REJECTED_BY_UNIVERSITY"
    WITHDRAWN = "WITHDRAWN"
    CLOSED = "CLOSED"


OPEN_COOPERATION = frozenset({CooperationState.PENDING_OFFICER, CooperationState.PENDING_UNIVERSITY})


class ContractState(StrEnum):
    """A contract (docs/specification.md 2.5). ENDED_BY_REVOCATION: staff took the qualification back. ENDED_BY_DEATH: staff suspended the officer with the reason
    «فوت»."""

    ACTIVE = "ACTIVE"
    ENDED_BY_DISTRIBUTOR = "ENDED_BY_DISTRIBUTOR"
    ENDED_BY_OFFICER = "ENDED_BY_OFFICER"
    ENDED_BY_DEATH = "ENDED_BY_DEATH"
    ENDED_BY_REVOCATION = "ENDED_BY_REVOCATION"


class TerminationState(StrEnum):
    """A termination (docs/specification.md 2.6)."""

    DRAFT = "DRAFT"
    FINALIZED = "FINALIZED"
    CANCELLED = "CANCELLED"


class LetterState(StrEnum):
    """A letter (docs/specification.md 2.7). SENDING: recipients are fixed, and get it batch by batch."""

    SENDING = "SENDING"
    SENT = "SENT"
    STOPPED = "STOPPED"


class SearchSubject(StrEnum):
    """What a search key leads to."""

    ACCOUNT = "account"
    DISTRIBUTOR = "distributor"
