"""Every table, by subject; import from here."""

from storage.tables.accounts import (
    Account,
    Chat,
    Draft,
    Grant,
    Invitation,
    KnownChat,
    Officer,
    Throttle,
)
from storage.tables.audit import AuditEvent, AuditLink
from storage.tables.cooperation import (
    Branch,
    Contract,
    CooperationRequest,
    Distributor,
    Termination,
)
from storage.tables.letters import Letter, LetterFile, LetterRecipient
from storage.tables.messages import BotProfile, InboxUpdate, LeftGroup, PayMessage, Push, StaffAlert
from storage.tables.payments import PaymentAttempt
from storage.tables.qualification import (
    DeficiencyRound,
    FileHandle,
    QualificationRequest,
    RequestFile,
    SavedPhrase,
    StoredFile,
    UploadDay,
)
from storage.tables.reference_data import (
    ClosedPair,
    Coverage,
    DailySequence,
    DegreeLevel,
    DocumentType,
    FaqEntry,
    FieldOfStudy,
    Tariff,
    University,
)
from storage.tables.search import COMPANIES, EVERYWHERE, SearchKey, SearchQuery
from storage.tables.teamwork import ExpertLeave, FileNote

__all__ = [
    "COMPANIES",
    "EVERYWHERE",
    "Account",
    "AuditEvent",
    "AuditLink",
    "BotProfile",
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
    "ExpertLeave",
    "FaqEntry",
    "FieldOfStudy",
    "FileHandle",
    "FileNote",
    "Grant",
    "InboxUpdate",
    "Invitation",
    "KnownChat",
    "LeftGroup",
    "Letter",
    "LetterFile",
    "LetterRecipient",
    "Officer",
    "PayMessage",
    "PaymentAttempt",
    "Push",
    "QualificationRequest",
    "RequestFile",
    "SavedPhrase",
    "SearchKey",
    "SearchQuery",
    "StaffAlert",
    "StoredFile",
    "Tariff",
    "Termination",
    "Throttle",
    "University",
    "UploadDay",
]
