"""How the items of a request are called and shown: in the form, in tracking, on the expert's card."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.rules.request_items import DOCUMENT, FIELDS
from bot.services.shared import reference_data
from bot.texts import FSI, LRI, PDI, checked, formats, t
from bot.texts.answers import with_persian_digits
from storage.tables import DocumentType, University

if TYPE_CHECKING:
    from sqlmodel import Session

_IN_PERSIAN_DIGITS = frozenset({"birth_cert_no", "phone"})


_AT_EDGE = " \u200c"


def shortened(name: str, max_length: int) -> str:
    """`name` cut to `max_length` characters, a unit of direction that was cut closed again."""
    if len(name) <= max_length:
        return name
    cut = name[: max_length - 2]
    if cut.count(LRI) + cut.count(FSI) > cut.count(PDI):
        return f"{cut.rstrip(_AT_EDGE)}…{PDI}"
    return f"{name[: max_length - 1].rstrip(_AT_EDGE + LRI + FSI)}…"


def short_university(name: str) -> str:
    """A university's name without what all have in common, for a button."""
    return shortened(name.removeprefix("دانشگاه علوم پزشکی ").strip(), 20)


def contact_lines(university: University | None, *, missing: str | None = None) -> list[str]:
    """Phone, hours and address as staff wrote them, one a line; `missing` where there is nothing."""
    known = (
        []
        if university is None
        else [(university.phone, "phone"), (university.hours, "hours"), (university.address, "address")]
    )
    lines = [
        t(f"contact.{key}", value=(formats.digits if key == "phone" else with_persian_digits)(value))
        for value, key in known
        if value
    ]
    return lines or ([missing] if missing else [])


def is_document(key: str) -> bool:
    return key.startswith(DOCUMENT)


@dataclass(frozen=True, slots=True)
class Wording:
    """The names that staff keep in the database, read once a screen."""

    documents: Mapping[str, DocumentType]
    levels: Mapping[str, str]
    fields: Mapping[str, str]
    universities: Mapping[str, str]

    @classmethod
    def load(cls, db: Session) -> Wording:
        return cls(
            reference_data.names_of_documents(db),
            reference_data.names_of_levels(db),
            reference_data.names_of_fields(db),
            reference_data.names_of_universities(db),
        )

    def label(self, key: str, *, short: bool = False) -> str:
        """What item `key` is called; `short` fits a button (≤20 characters)."""
        if is_document(key):
            document_type = self.documents.get(key.removeprefix(DOCUMENT))
            if document_type is None:
                return key.removeprefix(DOCUMENT)
            return document_type.short_name if short else document_type.name
        return t(f"field.{key}")

    def value(self, key: str, value: Any) -> str:
        """An answer as people read it."""
        if is_document(key):
            return t("form.files", n=formats.digits(len(value or ())))
        if value is None:
            return t("form.unset")
        if value == "":
            return t("form.none")
        named = {
            "degree_level": self.levels,
            "field_of_study": self.fields,
            "university": self.universities,
        }.get(key)
        if named is not None:
            return named.get(value, str(value))
        if key == "email":
            return checked(str(value))
        if key == "gender":
            return t(f"gender.{value}")
        if key in ("postal_address", "field_note"):
            return with_persian_digits(str(value))
        return formats.digits(value) if key in _IN_PERSIAN_DIGITS else str(value)

    def keys(self, snapshot: Mapping[str, Any]) -> list[str]:
        """The items that `snapshot` holds, in reading order."""
        documents = [key for code in self.documents if snapshot.get(key := f"{DOCUMENT}{code}")]
        return [key for key in FIELDS if key in snapshot] + documents

    def university(self, code: str | None) -> str:
        return self.universities.get(code or "", t("form.unset"))
