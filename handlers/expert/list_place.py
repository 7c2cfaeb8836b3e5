"""What of a list is shown, as a button's argument: page, filters, order, and for staff the university."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from bot.services.review.worklists import EVERYTHING, AgeFilter, Filters
from storage.enums import RequestKind

#: «3», or «3.<letters>.<university>».
_PACKED = re.compile(r"(\d{0,5})(?:\.([a-z]{0,3})\.([A-Za-z0-9_-]{0,32}))?")
_KINDS = {"n": RequestKind.NEW, "a": RequestKind.AMENDMENT}
_AGES = {age.value: age for age in AgeFilter}
_TURNED = "t"


@dataclass(frozen=True, slots=True)
class ListPlace:
    """`page` counts from 0; `university` is staff's choice, empty for experts."""

    page: int = 0
    filters: Filters = EVERYTHING
    university: str = ""

    @classmethod
    def of(cls, arg: str) -> ListPlace:
        """The first page of everything for what this program did not write."""
        match = _PACKED.fullmatch(arg)
        if match is None:
            return cls()
        page, letters, university = match.groups(default="")
        kind = next((_KINDS[letter] for letter in letters if letter in _KINDS), None)
        age = next((_AGES[letter] for letter in letters if letter in _AGES), None)
        return cls(int(page or 0), Filters(kind, age, _TURNED in letters), university)

    def pack(self) -> str:
        kind = next((letter for letter, kind in _KINDS.items() if kind is self.filters.kind), "")
        letters = f"{kind}{self.filters.age or ''}{_TURNED if self.filters.turned else ''}"
        if not letters and not self.university:
            return str(self.page)
        return f"{self.page}.{letters}.{self.university}"

    def with_filters(self, **changed: object) -> ListPlace:
        """From the first page on: what is shown changes."""
        return replace(self, page=0, filters=replace(self.filters, **changed))  # type: ignore[arg-type]
