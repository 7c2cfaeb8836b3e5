"""The kinds of question: each owns parsing, validation, the error's text, and how an answer is shown."""

from conversations.questions.choices import Choice, Confirm
from conversations.questions.contact import Mobile
from conversations.questions.documents import Documents
from conversations.questions.named import Named
from conversations.questions.search import Search
from conversations.questions.secret import Secret
from conversations.questions.simple import (
    Address,
    BirthCertNo,
    Email,
    GuildId,
    JalaliDate,
    LegalId,
    MobileNumber,
    NationalCode,
    PersianName,
    Phone,
    Text,
)
from conversations.questions.ticks import Ticks

__all__ = [
    "Address",
    "BirthCertNo",
    "Choice",
    "Confirm",
    "Documents",
    "Email",
    "GuildId",
    "JalaliDate",
    "LegalId",
    "Mobile",
    "MobileNumber",
    "Named",
    "NationalCode",
    "PersianName",
    "Phone",
    "Search",
    "Secret",
    "Text",
    "Ticks",
]
