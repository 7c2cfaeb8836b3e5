"""The files of one document. The first file answers it (of a document with two sides, the second) and the form goes on;
«➕ صفحه دیگر» on the next screen adds one.

The question's own state in the chat's row is one of: "side" (the other side is asked for), "more", "replace", "removing",
and what is to be asked about files, "doubts" and "added" (document_doubts.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from bot.core.context import Turn
from bot.core.refusals import InvalidInput
from bot.documents.file_names import names_document
from bot.texts import formats, t
from conversations.engine.declaration import (
    Answered,
    Answers,
    Incomplete,
    OfferedAnswer,
    Prompt,
    Receipt,
    Step,
    UserInput,
)
from conversations.engine.steps import question_state_of
from conversations.questions.uploads.document_doubts import (
    DROP,
    KEEP,
    MOVE,
    Doubt,
    Sibling,
    doubt_prompt,
    doubts_of,
    files_behind,
    first_doubt,
    waiting,
)
from conversations.questions.uploads.files import DEBOUNCE_SECONDS, REMOVE, Files
from storage.tables import StoredFile

MORE, REPLACE, NONE, ONE_FILE = "more", "replace", "none", "one_file"


class Documents(Files):
    """One document of a form."""

    keep_label: ClassVar[str] = "form.done"
    skip_label: ClassVar[str] = "skip.document"

    def __init__(
        self,
        document_code: str,
        name: str,
        max_files: int,
        *,
        short_name: str | None = None,
        sides: int = 1,
        siblings: Sequence[Sibling] = (),
        why: str | None = None,
    ) -> None:
        """`sides` files are asked for; `siblings` are the documents that a file may belong to instead; `why` says why it is
        asked for now."""
        super().__init__(name, max_files, short_name=short_name)
        self.own = Sibling(document_code, name, short_name or name, max_files, document_code)
        self.sides, self.siblings, self.why = min(sides, max_files), siblings, why

    def receipt(self, value: Any) -> Receipt | None:
        if not value:
            return None
        n = len(value)
        many = {"n": formats.digits(n)} if n > 1 else {}
        text = t("doc.saved_many" if many else "doc.saved", doc=self.document, **many)
        return Receipt(text, t("doc.more_of", doc=self.own.short_name) if n < self.max_files else None)

    # ── what is shown ────────────────────────────────────────────────────────────────────────────────────────────

    def make_prompt(self, turn: Turn, step: Step, answers: Answers) -> Prompt:
        files = self.files_of(turn, answers.get(step.key))
        state = question_state_of(turn, step)
        if not files:
            return self._asked(answers)
        ids = [file.id or 0 for file in files]
        if doubt := first_doubt(state, ids):
            title = next(self.title(file) for file in files if file.id == doubt["file"])
            behind = files_behind(state, doubt, ids)
            return doubt_prompt(doubt, files, title, own=self.own, other=self._sibling(doubt), behind=behind)
        if state.get("added"):
            choices = _column((REPLACE, "doc.in_place"), (KEEP, "doc.more"), (DROP, "doc.drop"))
            return Prompt(t("doc.added_ask", doc=self.document), choices, current=False, keeps=False)
        if state.get("removing"):
            none = _column((NONE, "doc.none_of_them"))
            return Prompt(t("doc.which"), (*self.removal_rows(files), *none), current=False)
        if state.get("side"):
            choices = _column((ONE_FILE, "doc.both_sides"), (REMOVE, "doc.remove"))
            return Prompt(t("doc.other_side", doc=self.own.short_name), choices, current=False, keeps=False)
        return self._there(state, files)

    def _asked(self, answers: Answers) -> Prompt:
        below = [self.why] if self.why else []
        below += [t("doc.first_side")] if self.sides > 1 else []
        if not any(answers.get(sibling.key) for sibling in self.siblings):
            below.append(t("doc.formats"))
        return Prompt(t("doc.ask", doc=self.document), (), tuple(below), current=False)

    def _there(self, state: Mapping[str, Any], files: Sequence[StoredFile]) -> Prompt:
        """The files that were sent, and what may be done with them."""
        below = tuple(self.listed(files))
        if state.get("replace"):
            old = _column((NONE, "doc.keep_old"))
            return Prompt(t("doc.replace_ask", doc=self.document), old, below, current=False)
        if state.get("more") and len(files) < self.max_files:
            return Prompt(t("doc.more_ask", doc=self.document), (), below, current=False)
        more = _column((MORE, "doc.more")) if len(files) < self.max_files else ()
        change = (OfferedAnswer(REPLACE, t("doc.replace")), OfferedAnswer(REMOVE, t("doc.remove")))
        return Prompt(t("doc.there", doc=self.document), (*more, change), below, current=False)

    # ── what is done ─────────────────────────────────────────────────────────────────────────────────────────────

    def accept(
        self, turn: Turn, step: Step, answers: Answers, given: UserInput
    ) -> Any | Answered | Incomplete:
        ids = [file.id or 0 for file in self.files_of(turn, answers.get(step.key))]
        state = question_state_of(turn, step)
        if given.taken is not None:
            return self._take(turn, step, answers, ids, given)
        choice = given.choice or ""
        if doubt := first_doubt(state, ids):
            return self._settle_doubt(turn, state, answers, ids, doubt, choice)
        if state.get("added") in ids:
            return self._settle_added(turn, answers, ids, int(state["added"]), choice)
        if choice in (MORE, REPLACE) and ids:
            return Incomplete(question_state={choice: True})
        if choice == NONE and ids:
            return Incomplete()
        if choice == ONE_FILE and ids:
            return ids
        return self.take_out(turn, answers, ids, choice)

    def _take(
        self, turn: Turn, step: Step, answers: Answers, ids: list[int], given: UserInput
    ) -> Answered | Incomplete:
        """One more file. Raises InvalidInput for one too many."""
        assert given.taken is not None
        state = question_state_of(turn, step)
        follows = _follows_in_album(turn, step, given)
        quiet = DEBOUNCE_SECONDS if given.album else None
        twin = self.twin(turn, answers, given.taken.file.sha256)
        if twin is not None and twin in ids and follows:
            return self._go_on(ids, notice=t("doc.twice_same"), quiet=quiet)
        if twin is not None and twin in ids:
            return Incomplete(notice=t("doc.twice_same"), question_state=_kept(state), quiet=quiet)
        replaced = [] if follows else _replaced(state, ids)
        if len(ids) - len(replaced) >= self.max_files:
            raise _too_many(self.own)
        stored = self.store(turn, given.taken)
        file_id = stored.id or 0
        self.remove(turn, answers, replaced)
        now = [*(one for one in ids if one not in replaced), file_id]
        expected = follows or replaced or any(state.get(mode) for mode in ("side", "more"))
        added = file_id if (ids and not expected) or state.get("added") in replaced else state.get("added")
        doubts = doubts_of(turn, answers, stored, twin, own=self.own, siblings=self.siblings)
        if wait := waiting([*(state.get("doubts") or ()), *doubts], added, now):
            return Incomplete(value=now, keep_value=True, question_state=wait, quiet=quiet)
        whole = (stored.pages or 1) > 1 or bool(state.get("more"))
        return self._go_on(now, notice=self._name_hint(turn, stored), quiet=quiet, whole=whole)

    def _name_hint(self, turn: Turn, stored: StoredFile) -> str | None:
        """A file's name should be the document's (R23); of a photo, which has none, nothing is said."""
        said = [words for words in (stored.original_name, turn.incoming.caption) if words]
        named = any(names_document(words, self.document, self.short_name) for words in said)
        return t("doc.name_hint") if stored.original_name and not named else None

    def _go_on(
        self,
        ids: list[int],
        *,
        others: Mapping[str, Any] | None = None,
        notice: str | None = None,
        quiet: float | None = None,
        whole: bool = False,
    ) -> Answered | Incomplete:
        """On to the next document, or to this one's other side."""
        if not ids or (len(ids) < self.sides and not whole):
            side = {"side": True} if ids else {}
            return Incomplete(ids, True, notice, side, quiet, others=others or {})
        return Answered(ids, others or {}, notice, quiet)

    def _settle_doubt(
        self,
        turn: Turn,
        state: Mapping[str, Any],
        answers: Answers,
        ids: list[int],
        doubt: Doubt,
        choice: str,
    ) -> Answered | Incomplete:
        file_id, other = int(doubt["file"]), self._sibling(doubt)
        others: dict[str, Any] = {}
        notice = None
        if choice == DROP:
            self.remove(turn, answers, [file_id])
        elif choice == MOVE and other is not None:
            there = [one for one in answers.get(other.key) or () if isinstance(one, int)]
            if len(there) >= other.max_files:
                raise _too_many(other)
            others, notice = {other.key: [*there, file_id]}, t("doc.moved", doc=other.name)
        elif choice != KEEP:
            raise InvalidInput("error.choose")
        if choice != KEEP:
            ids = [one for one in ids if one != file_id]
        left = [one for one in state.get("doubts") or () if one != doubt]
        if wait := waiting(left, state.get("added"), ids):
            if choice == DROP:
                notice = t("doc.removed")
            return Incomplete(ids, True, notice, wait, others=others)
        return self._go_on(ids, others=others, notice=notice)

    def _settle_added(
        self, turn: Turn, answers: Answers, ids: list[int], added: int, choice: str
    ) -> Answered | Incomplete:
        """A file came where one lay: in its place, another page, or a mistake."""
        if choice not in (REPLACE, KEEP, DROP):
            raise InvalidInput("error.choose")
        before = [one for one in ids if one != added]
        if choice == KEEP:
            return Answered(ids)
        self.remove(turn, answers, before if choice == REPLACE else [added])
        return self._go_on([added]) if choice == REPLACE else Answered(before)

    def _sibling(self, doubt: Doubt) -> Sibling | None:
        return next((sibling for sibling in self.siblings if sibling.key == doubt.get("step")), None)


def _column(*choices: tuple[str, str]) -> tuple[tuple[OfferedAnswer, ...], ...]:
    """One choice a row: its key, and the text key of its label."""
    return tuple((OfferedAnswer(key, t(label)),) for key, label in choices)


def _too_many(document: Sibling) -> InvalidInput:
    return InvalidInput("error.too_many_files", doc=document.name, max=formats.digits(document.max_files))


def _replaced(state: Mapping[str, Any], ids: list[int]) -> list[int]:
    """What the next file takes the place of: everything, or the picture that nobody can read."""
    doubt = first_doubt(state, ids)
    if doubt is not None and doubt["why"] == "quality":
        return [int(doubt["file"])]
    return ids if state.get(REPLACE) else []


def _follows_in_album(turn: Turn, step: Step, given: UserInput) -> bool:
    """Whether a file of the same album came to this document before."""
    begun = turn.chat.dialogue_state.get("album")
    return bool(given.album) and begun == {"id": given.album, "step": step.key}


def _kept(state: Mapping[str, Any]) -> dict[str, Any]:
    """A question's own state without the engine's part."""
    return {key: state[key] for key in ("side", "more", "replace", "doubts", "added") if key in state}
