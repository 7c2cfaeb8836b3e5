"""What questions for files have in common: the account's own files in an answer, keeping one, taking some out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from bot.core.context import Turn
from bot.core.incoming import FileTaken
from bot.core.refusals import InvalidInput
from bot.services.drafts import files as draft_files
from bot.services.qualification import unused_files
from bot.services.qualification.documents_in_use import numbers
from bot.texts import formats, t
from conversations.engine.declaration import Answers, Incomplete, InputKind, OfferedAnswer, Step
from conversations.engine.steps import Question
from storage.tables import StoredFile

#: Seconds without another file of an album before the answer (docs/performance.md 10.1).
DEBOUNCE_SECONDS = 1.5
REMOVE = "remove"


class Files(Question):
    """Value: list of stored_file ids. Files are stored as they arrive; only the account's own count."""

    wants: ClassVar[InputKind] = InputKind.FILE
    numbered: ClassVar[bool] = True

    def __init__(self, name: str, max_files: int, *, short_name: str | None = None) -> None:
        self.name, self.short_name, self.max_files = name, short_name, max_files
        self.skipped = []

    def format_answer(self, turn: Turn, step: Step, value: Any) -> str:
        return t("form.files", n=formats.digits(len(value)))

    def answered(self, value: Any) -> bool:
        return bool(value)

    def is_compatible(self, turn: Turn, step: Step, answers: Answers, value: Any) -> bool:
        return len(self.files_of(turn, value)) == len(value)

    @property
    def document(self) -> str:
        """What is asked for, as people call it."""
        return self.name or ""

    def files_of(self, turn: Turn, value: Any) -> list[StoredFile]:
        """The account's own files among the ids of an answer, in its order."""
        ids = [file_id for file_id in value if isinstance(file_id, int)] if isinstance(value, list) else []
        if not ids or turn.account is None:
            return []
        assert turn.account.id is not None
        files = draft_files.own_files(turn.db, account_id=turn.account.id, ids=ids)
        return [files[file_id] for file_id in ids if file_id in files]

    def store(self, turn: Turn, taken: FileTaken) -> StoredFile:
        """The row of a file that was checked and encrypted before the unit."""
        assert turn.account is not None
        assert turn.account.id is not None
        return draft_files.keep(turn.db, account_id=turn.account.id, file=taken.file)

    def twin(self, turn: Turn, answers: Answers, sha256: str) -> int | None:
        """A file of this request with the same bytes."""
        assert turn.account is not None
        assert turn.account.id is not None
        sent = set(numbers(answers.values()))
        same = draft_files.ids_of_content(turn.db, account_id=turn.account.id, sha256=sha256)
        return next((file_id for file_id in same if file_id in sent), None)

    def remove(self, turn: Turn, answers: Answers, doomed: Sequence[int | None]) -> None:
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

    def take_out(self, turn: Turn, answers: Answers, ids: Sequence[int | None], choice: str) -> Incomplete:
        """What a removing button does: which one is asked where there are several. Raises InvalidInput for any other."""
        if choice == REMOVE and len(ids) > 1:
            return Incomplete(question_state={"removing": True})
        doomed = removed_by(choice, ids)
        if not doomed:
            raise InvalidInput("error.want_file")
        self.remove(turn, answers, doomed)
        left = [file_id for file_id in ids if file_id not in doomed]
        return Incomplete(value=left, keep_value=True, notice=t("doc.removed"))

    def listed(self, files: Sequence[StoredFile]) -> list[str]:
        """One line a file."""
        return [t("doc.file", n=formats.digits(n), name=self.title(file)) for n, file in enumerate(files, 1)]

    def removal_rows(self, files: Sequence[StoredFile]) -> tuple[tuple[OfferedAnswer, ...], ...]:
        """One button a file that may go."""
        return tuple((OfferedAnswer(f"{REMOVE}:{file.id}", label),) for file, label in self._labels(files))

    def title(self, file: StoredFile) -> str:
        return (file.original_name or "")[:60] or self.document

    def _labels(self, files: Sequence[StoredFile]) -> Iterable[tuple[StoredFile, str]]:
        for n, file in enumerate(files, 1):
            title = self.title(file)
            yield file, f"{formats.digits(n)}. {title if len(title) <= 16 else title[:15] + '…'}"


def removed_by(choice: str, ids: Sequence[int | None]) -> list[int | None]:
    """The files that a removing button means; the only one where it names none."""
    if choice == REMOVE:
        return list(ids[:1])
    return [file_id for file_id in ids if choice == f"{REMOVE}:{file_id}"]
