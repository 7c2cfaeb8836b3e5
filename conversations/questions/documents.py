"""The files of one document: photos or files, one by one or as an album, until «مدرک بعدی»."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from bot.core.context import Turn
from bot.core.incoming import FileTaken
from bot.core.refusals import InvalidInput
from bot.documents.file_names import names_document
from bot.services.drafts import files as draft_files
from bot.services.qualification import unused_files
from bot.services.qualification.documents_in_use import numbers
from bot.texts import formats, t
from conversations.engine.declaration import (
    Answers,
    Incomplete,
    InputKind,
    OfferedAnswer,
    Prompt,
    Step,
    UserInput,
)
from conversations.engine.steps import Question, question_state_of
from storage.tables import StoredFile

NEXT, MORE, REMOVE = "next", "more", "remove"
#: Seconds without another file of an album before the answer (docs/performance.md 10.1).
DEBOUNCE_SECONDS = 1.5


class Documents(Question):
    """Value: list of stored_file ids. Files are stored as they arrive; only the account's own count."""

    wants: ClassVar[InputKind] = InputKind.FILE
    chapter: ClassVar[str] = "documents"
    own_next: ClassVar[bool] = True
    numbered: ClassVar[bool] = True
    skip_label: ClassVar[str] = "skip.document"

    def __init__(
        self,
        document_code: str,
        name: str,
        max_files: int = 3,
        *,
        short_name: str | None = None,
        prompt: str | None = None,
        next: str = "doc.next",
        hints: bool = True,
    ) -> None:
        """`prompt` stands above the request for the file; `next` is the text key of the way on; `hints` say that a
        file's name should be the document's (R23)."""
        self.document_code, self.name, self.max_files = document_code, name, max_files
        self.short_name, self.prompt = short_name, prompt
        self.next, self.hints = next, hints
        self.skipped = []

    def make_prompt(self, turn: Turn, step: Step, answers: Answers) -> Prompt:
        files = self._files(turn, answers.get(step.key))
        question_state = question_state_of(turn, step)
        if not files:
            above = [self.prompt] if self.prompt else []
            return Prompt("\n".join([*above, t("doc.ask", doc=self._doc)]), current=False)
        if question_state.get("removing"):
            rows = [(OfferedAnswer(f"{REMOVE}:{file.id}", label),) for file, label in self._labels(files)]
            return Prompt(
                t("doc.which"), (*rows, (OfferedAnswer(MORE, t("doc.none_of_them")),)), current=False
            )
        listed = [
            t("doc.file", n=formats.digits(n), name=self._title(file)) for n, file in enumerate(files, 1)
        ]
        more = len(files) < self.max_files
        choices = [(OfferedAnswer(NEXT, t(self.next)),), (OfferedAnswer(REMOVE, t("doc.remove")),)]
        if more and not question_state.get("more"):
            choices.insert(1, (OfferedAnswer(MORE, t("doc.more")),))
        below = (
            [*listed, t("doc.send_more", doc=self._doc)] if more and question_state.get("more") else listed
        )
        return Prompt(t("doc.saved", doc=self._doc), tuple(choices), tuple(below), current=False)

    def accept(self, turn: Turn, step: Step, answers: Answers, given: UserInput) -> Any | Incomplete:
        files = self._files(turn, answers.get(step.key))
        ids = [file.id for file in files]
        if given.taken is not None:
            return self._took(turn, answers, files, given.taken, album=given.album)
        choice = given.choice or ""
        if choice == NEXT and files:
            return ids
        if choice == MORE:
            return Incomplete(question_state={"more": True})
        if choice == REMOVE and len(files) > 1:
            return Incomplete(question_state={"removing": True})
        doomed = (
            ids[:1] if choice == REMOVE else [file_id for file_id in ids if choice == f"{REMOVE}:{file_id}"]
        )
        if not doomed:
            raise InvalidInput("error.want_file")
        left = [file_id for file_id in ids if file_id not in doomed]
        self._remove(turn, answers, doomed)
        return Incomplete(value=left, keep_value=True, notice=t("doc.removed"))

    def format_answer(self, turn: Turn, step: Step, value: Any) -> str:
        return t("form.files", n=formats.digits(len(value)))

    def answered(self, value: Any) -> bool:
        return bool(value)

    def is_compatible(self, turn: Turn, step: Step, answers: Answers, value: Any) -> bool:
        return len(self._files(turn, value)) == len(value)

    @property
    def _doc(self) -> str:
        assert self.name is not None
        return self.name

    def _files(self, turn: Turn, value: Any) -> list[StoredFile]:
        """The account's own files among the ids of an answer, in its order."""
        ids = [file_id for file_id in value if isinstance(file_id, int)] if isinstance(value, list) else []
        if not ids or turn.account is None:
            return []
        assert turn.account.id is not None
        files = draft_files.own_files(turn.db, account_id=turn.account.id, ids=ids)
        return [files[file_id] for file_id in ids if file_id in files]

    def _took(
        self, turn: Turn, answers: Answers, files: Sequence[StoredFile], taken: FileTaken, *, album: bool
    ) -> Incomplete:
        """Keep a file that was checked and encrypted before the unit. Raises InvalidInput for one too many."""
        assert turn.account is not None
        assert turn.account.id is not None
        quiet = DEBOUNCE_SECONDS if album else None
        ids = [file.id for file in files]
        twin = self._twin(turn, answers, taken.file.sha256)
        if twin is not None and twin in ids:
            return Incomplete(notice=t("doc.twice_same"), quiet=quiet)
        if len(files) >= self.max_files:
            raise InvalidInput("error.too_many_files", max=formats.digits(self.max_files))
        stored = draft_files.keep(turn.db, account_id=turn.account.id, file=taken.file)
        notice = None
        if twin is not None:
            notice = t("doc.twice")
        elif (
            self.hints
            and stored.original_name
            and not names_document(stored.original_name, self._doc, self.short_name)
        ):
            notice = t("doc.name_hint")
        return Incomplete(value=[*ids, stored.id], keep_value=True, notice=notice, quiet=quiet)

    def _twin(self, turn: Turn, answers: Answers, sha256: str) -> int | None:
        """A file of this request with the same bytes."""
        assert turn.account is not None
        assert turn.account.id is not None
        sent = {
            file_id
            for value in answers.values()
            if isinstance(value, list)
            for file_id in value
            if isinstance(file_id, int)
        }
        same = draft_files.ids_of_content(turn.db, account_id=turn.account.id, sha256=sha256)
        return next((file_id for file_id in same if file_id in sent), None)

    def _remove(self, turn: Turn, answers: Answers, doomed: Sequence[int | None]) -> None:
        """Take files out of the answer; those that nothing else holds are deleted."""
        assert turn.account is not None
        still_used = {file_id for key in answers for file_id in numbers([answers[key]])} - set(doomed)
        unused_files.remove_unused(
            turn.db,
            account_id=turn.account.id,
            values=[[file_id for file_id in doomed if file_id not in still_used]],
            now=turn.now,
            apart_from=turn.draft.id if turn.draft is not None else None,
        )

    def _title(self, file: StoredFile) -> str:
        return (file.original_name or "")[:60] or self._doc

    def _labels(self, files: Sequence[StoredFile]) -> Iterable[tuple[StoredFile, str]]:
        for n, file in enumerate(files, 1):
            title = self._title(file)
            yield file, f"{formats.digits(n)}. {title if len(title) <= 16 else title[:15] + '…'}"
