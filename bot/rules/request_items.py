"""The items of a request: which there are, which must be filled, what changed. Pure functions.

See docs/specification.md 3, R45–R51.

Answers and snapshots are JSON objects by item: fields by name, documents as "doc.<code>": [stored_file ids].
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.rules.validators import search_key

Answers = Mapping[str, Any]

DOCUMENT = "doc."
FIELDS = (
    "first_name",
    "last_name",
    "degree_level",
    "field_of_study",
    "field_note",
    "father_name",
    "gender",
    "birth_cert_no",
    "province",
    "city",
    "university",
    "postal_address",
    "phone",
    "email",
)
#: Locked once submitted (R17).
REGION = ("province", "city", "university")
#: Never changed after registration (R47).
NEVER = ("national_code", "birth_date")
#: May be changed without review (R48); the mobile belongs to the account, not to a request.
FREE = ("father_name", "gender", "birth_cert_no", "postal_address", "phone", "email")
#: May stay empty; "field_note" is asked only with «سایر».
OPTIONAL = frozenset({"email", "field_note"})
STUDIES = ("degree_level", "field_of_study", "field_note")

SHORTEST_REPLY = 5  # characters: replies, notes and reasons


@dataclass(frozen=True, slots=True)
class DocumentRule:
    """A document type as the rules see it. `required` is "yes", "men" or "no"."""

    code: str
    required: str
    max_files: int = 3

    def applies(self, answers: Answers) -> bool:
        return self.required != "men" or answers.get("gender") == "male"

    def must(self, answers: Answers) -> bool:
        return self.required == "yes" or (self.required == "men" and answers.get("gender") == "male")


def document(code: str) -> str:
    """The item of a document type."""
    return f"{DOCUMENT}{code}"


def files(answers: Answers, document_rules: Iterable[DocumentRule]) -> dict[str, list[int]]:
    """document code → ids of its files, of the documents that apply and have any."""
    attached = {
        document_rule.code: list(answers.get(document(document_rule.code)) or ())
        for document_rule in document_rules
        if document_rule.applies(answers)
    }
    return {code: ids for code, ids in attached.items() if ids}


def frozen(answers: Answers, document_rules: Iterable[DocumentRule]) -> dict[str, Any]:
    """`answers` as a snapshot: known items only, documents only where they apply."""
    fields = {key: answers.get(key) for key in FIELDS}
    return fields | {document(code): ids for code, ids in files(answers, document_rules).items()}


def missing(
    answers: Answers, document_rules: Iterable[DocumentRule], *, note_needed: bool = False
) -> list[str]:
    """The mandatory items that are empty, in reading order. An empty phone says "has none"; an absent one is
    missing."""
    lacking = [key for key in FIELDS if key not in OPTIONAL and not _given(answers, key)]
    if note_needed and not answers.get("field_note"):
        lacking.append("field_note")
    return lacking + [
        document(document_rule.code)
        for document_rule in document_rules
        if document_rule.must(answers) and not answers.get(document(document_rule.code))
    ]


def excused(
    old: Answers, new: Answers, document_rules: Iterable[DocumentRule], *, note_needed: bool
) -> frozenset[str]:
    """Mandatory items that `old` lacked already and that the change to `new` does not touch (Q27): a migrated
    officer is asked only for what the request touches, and for the region, by which it is routed."""
    touched = {*changed(old, new), *REGION}
    if touched & set(STUDIES):
        touched |= {*STUDIES, document("degree_certificate")}
    return frozenset(missing(old, document_rules, note_needed=note_needed)) - touched


def _given(answers: Answers, key: str) -> bool:
    return answers.get(key) is not None if key == "phone" else bool(answers.get(key))


def changed(old: Answers, new: Answers) -> list[str]:
    """The items that differ, in reading order; absent, None and empty are one."""
    keys = dict.fromkeys([*FIELDS, *(key for key in (*new, *old) if key.startswith(DOCUMENT))])
    return [key for key in keys if (old.get(key) or None) != (new.get(key) or None)]


def can_be_deficient(key: str, codes: Iterable[str]) -> bool:
    """Whether an expert may tick the item: never the region, whose remedy is a rejection (R17)."""
    if key.startswith(DOCUMENT):
        return key.removeprefix(DOCUMENT) in codes
    return key in FIELDS and key not in REGION


def long_enough(text: str | None) -> bool:
    return text is not None and len(text.strip()) >= SHORTEST_REPLY


#: What people and the old system call the levels, beside their names.
_LEVEL_WORDS = {
    "associate": ("فوق دیپلم", "کاردان"),
    "bachelor": ("لیسانس", "کارشناس"),
    "master": ("فوق لیسانس", "ارشد", "کارشناس ارشد"),
    "professional_doctorate": ("دکتری عمومی", "دکترای حرفه‌ای", "دکترای عمومی"),
    "phd": ("دکتری", "دکترا", "دکترای تخصصی", "phd"),
}
_LEVELS_BY_KEY = {search_key(word): code for code, words in _LEVEL_WORDS.items() for word in words}
#: No degree: the officer came in on experience (Q27).
_NO_DEGREE = {search_key(word) for word in ("دیپلم", "زیر دیپلم", "تجربی", "سابقه کار", "ندارد", "بدون مدرک")}


def level_named(text: str) -> str | None:
    """The code of the degree level that is called so; None for its own names, and for others."""
    return _LEVELS_BY_KEY.get(search_key(text))


def says_no_degree(text: str) -> bool:
    """Whether these words mean that there is no degree of a university."""
    return search_key(text) in _NO_DEGREE
