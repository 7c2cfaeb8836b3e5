"""What is asked about a file of a document, and never decided: where it belongs, and whether it can be read.

Doubts are JSON values in the chat's row: {"file": id, "why": "name" | "twin" | "quality", "step": key of the other document,
"says": the words that speak of it}.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.core.context import Turn
from bot.documents.file_names import label as file_label
from bot.documents.file_names import likeness
from bot.texts import formats, t
from bot.texts.quality import quality_warning
from conversations.engine.declaration import Answers, OfferedAnswer, Prompt
from storage.tables import StoredFile

KEEP, MOVE, DROP = "keep", "move", "drop"
Doubt = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Sibling:
    """One document of a form, as the questions for the others know it."""

    key: str
    name: str
    short_name: str
    max_files: int
    code: str = ""

    def likeness(self, words: str) -> int:
        return likeness(words, self.name, self.short_name, self.code)


def doubts_of(
    turn: Turn,
    answers: Answers,
    stored: StoredFile,
    twin: int | None,
    *,
    own: Sibling,
    siblings: Sequence[Sibling],
) -> Iterator[dict[str, Any]]:
    """What must be asked about a file that came for `own`; `twin` is an earlier one with the same bytes."""
    if twin is not None:
        holder = next((one.key for one in siblings if twin in (answers.get(one.key) or ())), None)
        yield {"file": stored.id, "why": "twin", "step": holder}
    elif named := _named_other(turn, stored, own, siblings):
        yield {"file": stored.id, "why": "name", "step": named[0].key, "says": named[1]}
    if stored.quality_warning:
        yield {"file": stored.id, "why": "quality"}


def _named_other(
    turn: Turn, stored: StoredFile, own: Sibling, siblings: Sequence[Sibling]
) -> tuple[Sibling, str] | None:
    """Another document that caption or name speak of more than of this one, and their words."""
    for words in (file_label(turn.incoming.caption), stored.original_name):
        if not words or not siblings:
            continue
        best = max(siblings, key=lambda one: one.likeness(words))
        if best.likeness(words) > own.likeness(words):
            return best, words
        if own.likeness(words):
            return None
    return None


def first_doubt(state: Mapping[str, Any], ids: Sequence[int]) -> Doubt | None:
    """The one to ask now: about a file that is (still) there."""
    return next((doubt for doubt in state.get("doubts") or () if doubt["file"] in ids), None)


def waiting(doubts: Sequence[Doubt], added: int | None, ids: Sequence[int]) -> dict[str, Any]:
    """The question's state as long as anything is to be asked about these files; empty: nothing is. `added` is a file that
    came where one lay."""
    left = [dict(doubt) for doubt in doubts if doubt["file"] in ids]
    return ({"doubts": left} if left else {}) | ({"added": added} if added in ids and len(ids) > 1 else {})


def files_behind(state: Mapping[str, Any], doubt: Doubt, ids: Sequence[int]) -> int:
    """How many other files are asked about after this doubt."""
    asked = {one["file"] for one in state.get("doubts") or () if one["file"] in ids}
    return len(asked - {doubt["file"]})


def doubt_prompt(
    doubt: Doubt,
    files: Sequence[StoredFile],
    title: str,
    *,
    own: Sibling,
    other: Sibling | None,
    behind: int = 0,
) -> Prompt:
    """The question about one file; `title` is what the file is called, `behind` how many files are asked about after it:
    the same question about the next one looks different."""
    below = (t("doc.doubts_behind", n=formats.digits(behind)),) if behind else ()
    if doubt["why"] == "quality":
        return _unreadable(files, int(doubt["file"]), own, below)
    rows: list[tuple[OfferedAnswer, ...]] = [(OfferedAnswer(KEEP, t("doc.is_this", doc=own.short_name)),)]
    if doubt["why"] == "twin":
        text = t("doc.doubt_twin", other=other.name if other is not None else own.name, doc=own.name)
    else:
        text = t("doc.doubt_name", file=doubt.get("says") or title, doc=own.name)
        if other is not None:
            rows.append((OfferedAnswer(MOVE, t("doc.is_other", doc=other.short_name)),))
    rows.append((OfferedAnswer(DROP, t("doc.drop")),))
    return Prompt(text, tuple(rows), below, current=False, keeps=False)


def _unreadable(files: Sequence[StoredFile], file_id: int, own: Sibling, below: tuple[str, ...]) -> Prompt:
    """The picture may be sent all the same: the expert sees the warning too."""
    n, file = next((n, file) for n, file in enumerate(files, 1) if file.id == file_id)
    warning = quality_warning(file.quality_warning or "")
    if len(files) > 1:
        warning = t("doc.file", n=formats.digits(n), name=warning)
    rows = ((OfferedAnswer(DROP, t("doc.again")),), (OfferedAnswer(KEEP, t("doc.as_it_is")),))
    return Prompt("\n".join([t("doc.named", doc=own.name), warning]), rows, below, current=False, keeps=False)
