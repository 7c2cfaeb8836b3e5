"""The documents of a request in a chat: their buttons, their order, and the caption of each with what it must be
compared with.

See docs/specification.md 2.2 and 4.1.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.core.screens import button
from bot.rules.request_items import DOCUMENT
from bot.texts import checked, formats, t
from bot.texts.quality import quality_in_short
from conversations.common.labels import Wording, is_document, shortened
from handlers.common.navigation import ButtonRow, button_grid
from storage.tables import Account, DeficiencyRound, Officer, QualificationRequest

#: Before a document's code in a button: the document as it was before an amendment, and as it was when deficiencies
#: were declared. No code holds them.
OLD, DEFICIENT = "~", "<"

#: What a document must agree with, by its code; of any other, the person's name and national code.
_FACTS: Mapping[str, tuple[str, ...]] = {
    "national_card": ("name", "national_code", "birth_date", "father_name"),
    "birth_certificate": ("name", "birth_cert_no", "birth_date", "father_name"),
    "personal_photo": ("gender",),
    "degree_certificate": ("name", "studies"),
}
_OTHER_FACTS = ("name", "national_code")
#: The items of a request that a fact says.
_ITEMS: Mapping[str, tuple[str, ...]] = {
    "name": ("first_name", "last_name"),
    "studies": ("degree_level", "field_of_study", "field_note"),
}


@dataclass(frozen=True, slots=True)
class DocumentGroup:
    """The files of one document of a request; `which` is "" for the present one, or OLD or DEFICIENT."""

    item: str
    which: str
    files: tuple[int, ...]

    @property
    def arg(self) -> str:
        """What a button says of it."""
        return self.which + self.item.removeprefix(DOCUMENT)


def documents_of(
    words: Wording, request: QualificationRequest, rounds: Sequence[DeficiencyRound] = ()
) -> list[DocumentGroup]:
    """Every document of the request, each followed by what it replaces or drops: the one that was found deficient in the
    last of `rounds`, and the one before an amendment."""
    new, before = request.snapshot, request.before
    deficient: Mapping[str, Any] = rounds[-1].snapshot if rounds else {}
    groups: list[DocumentGroup] = []
    for key in words.keys({**before, **deficient, **new}):
        if not is_document(key):
            continue
        shown: list[Any] = []
        for which, files in (("", new.get(key)), (DEFICIENT, deficient.get(key)), (OLD, before.get(key))):
            if files and files not in shown:
                shown.append(files)
                groups.append(DocumentGroup(key, which, tuple(files)))
    return groups


def requested_document(
    words: Wording, request: QualificationRequest, arg: str, rounds: Sequence[DeficiencyRound] = ()
) -> list[DocumentGroup]:
    """The one of `documents_of` that a button of `document_buttons` names; empty for forged ones."""
    return [group for group in documents_of(words, request, rounds) if group.arg == arg]


def document_buttons(
    words: Wording,
    request: QualificationRequest,
    action: str,
    rounds: Sequence[DeficiencyRound] = (),
) -> list[ButtonRow]:
    """A button for each document of the request, with the number of its files. Those that it replaces follow it, marked
    as the old ones."""
    assert request.id is not None
    buttons = []
    for group in documents_of(words, request, rounds):
        name, n = words.label(group.item, short=True), formats.digits(len(group.files))
        if group.which:
            label = t("desk.document_before", doc=shortened(name, 13))
        else:
            label = t("desk.document_count", doc=shortened(name, 16), n=n)
        buttons.append(button(label, action, request.id, request.version, group.arg))
    return button_grid(buttons, columns=2)


def said_in_captions(data: Mapping[str, Any]) -> frozenset[str]:
    """The items that the captions of these documents say."""
    facts = {fact for key, files in data.items() if is_document(key) and files for fact in _facts_of(key)}
    return frozenset(item for fact in facts for item in _ITEMS.get(fact, (fact,)))


def _facts_of(item: str) -> tuple[str, ...]:
    return _FACTS.get(item.removeprefix(DOCUMENT), _OTHER_FACTS)


def captions(
    words: Wording,
    request: QualificationRequest,
    group: DocumentGroup,
    *,
    owner: Account,
    officer: Officer | None,
    full_code: bool,
    quality_warnings: Mapping[int, str],
) -> list[str]:
    """One caption a file of `group`: which document it is, below the first what it must agree with, and what is known
    of its picture."""
    name, n = words.label(group.item, short=True), len(group.files)
    said = []
    for number, file_id in enumerate(group.files, 1):
        i_of_n = {"i": formats.digits(number), "n": formats.digits(n)}
        head = t("desk.document_part", doc=name, **i_of_n) if n > 1 else name
        if group.which:
            lines = [
                t("desk.document_replaced" if group.which == OLD else "desk.document_deficient", doc=head)
            ]
        elif number > 1:
            lines = [head]
        else:
            facts = _fact_texts(words, request.snapshot, _facts_of(group.item), owner, officer, full_code)
            lines = [t("desk.document_facts", doc=head, facts=checked("، ".join(facts)))]
        if warning := quality_warnings.get(file_id):
            lines.append(t("desk.document_quality", why=quality_in_short(warning)))
        said.append("\n".join(lines))
    return said


def _fact_texts(
    words: Wording,
    data: Mapping[str, Any],
    facts: Iterable[str],
    owner: Account,
    officer: Officer | None,
    full_code: bool,
) -> list[str]:
    code = owner.national_code or ""
    number = formats.digits if full_code else formats.masked
    values = {
        "name": " ".join(str(data[key]) for key in _ITEMS["name"] if data.get(key)) or owner.name,
        "national_code": number(code) if code else "",
        "birth_date": formats.jalali_day(officer.birth_date) if officer is not None else "",
        "studies": " ".join(words.value(key, data[key]) for key in _ITEMS["studies"] if data.get(key)),
    }
    for key in ("father_name", "gender", "birth_cert_no"):
        values[key] = words.value(key, data[key]) if data.get(key) else ""
    if code and data.get("birth_cert_no") == code:
        values["birth_cert_no"] = number(code)
    return [t(f"document_fact.{fact}", value=values[fact]) for fact in facts if values[fact]]
