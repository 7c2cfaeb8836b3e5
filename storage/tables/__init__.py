"""Every table, by subject; import from here."""

from storage.tables.accounts import Account, Chat, Draft, Grant, KnownChat, Officer, Throttle
from storage.tables.audit import AuditEvent, AuditLink
from storage.tables.cooperation import (
    Branch,
    Contract,
    CooperationRequest,
    Distributor,
    Termination,
)
from storage.tables.letters import Letter, LetterFile, LetterRecipient
from storage.tables.messages import InboxUpdate, LeftGroup, Push, StaffAlert
from storage.tables.payments import PaymentAttempt
from storage.tables.qualification import (
    DeficiencyRound,
    FileHandle,
    QualificationRequest,
    RequestFile,
    StoredFile,
    UploadDay,
)
from storage.tables.reference_data import (
    ClosedPair,
    Coverage,
    DailySequence,
    DegreeLevel,
    DocumentType,
    FieldOfStudy,
    Tariff,
    University,
)

__all__ = [
    "Account",
    "AuditEvent",
    "AuditLink",
    "Branch",
    "Chat",
    "ClosedPair",
    "Contract",
    "CooperationRequest",
    "Coverage",
    "DailySequence",
    "DeficiencyRound",
    "DegreeLevel",
    "Distributor",
    "DocumentType",
    "Draft",
    "FieldOfStudy",
    "FileHandle",
    "Grant",
    "InboxUpdate",
    "KnownChat",
    "LeftGroup",
    "Letter",
    "LetterFile",
    "LetterRecipient",
    "Officer",
    "PaymentAttempt",
    "Push",
    "QualificationRequest",
    "RequestFile",
    "StaffAlert",
    "StoredFile",
    "Tariff",
    "Termination",
    "Throttle",
    "University",
    "UploadDay",
]
