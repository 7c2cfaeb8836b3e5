"""The kinds of question: each owns parsing, validation, the error's text, and how an answer is shown."""

from conversations.questions.choice import Choice, Confirm
from conversations.questions.mobile import Mobile
from conversations.questions.multi_select import Ticks
from conversations.questions.search import Search
from conversations.questions.secret import Secret
from conversations.questions.text import (
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
from conversations.questions.unique_name import Named
from conversations.questions.uploads.attachments import Attachments
from conversations.questions.uploads.documents import Documents

__all__ = [
    "Address",
    "Attachments",
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
