"""What a piece of work costs the person who does it: taps, messages that come, characters that are to be read.

A message is a call of the messenger that makes a new one: a text, or an album, which is one; an edit is counted by itself.
Characters are those of all texts, also of edited messages, and of the captions; marks that nobody sees are not counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import Self

from bot.core.screens import Attachment
from bot.messengers.delivery.files import ALBUM
from bot.messengers.processing.answer import Answer
from bot.texts import BIDI_MARKS
from storage.tables import StoredFile
from tests.support.chat_driver import Person


@dataclass
class Effort:
    """Of one person, counted while they work."""

    person: Person
    taps: int = 0
    messages: int = 0
    edits: int = 0
    characters: int = 0

    def tap(self, *labels: str) -> Self:
        for label in labels:
            self.person.tap(label)
            self.taps += 1
            assert self.person.answer is not None
            self._count(self.person.answer)
        return self

    def _count(self, answer: Answer) -> None:
        edits = answer.edit is not None
        for screen in answer.screens:
            if screen.attachments:
                self._count_files([file for file in screen.attachments if isinstance(file, Attachment)])
                edits = False
            if not screen.text:
                continue
            self.characters += len(BIDI_MARKS.sub("", screen.text))
            if edits:
                self.edits += 1
            else:
                self.messages += 1
            edits = False

    def _count_files(self, files: list[Attachment]) -> None:
        """Pictures with pictures and PDFs with PDFs, up to ten in an album (`AttachmentSender`)."""
        self.characters += sum(len(BIDI_MARKS.sub("", file.caption)) for file in files)
        kinds = [self.person.app.get(StoredFile, file.file_id).media_type for file in files]
        for _, run in groupby(kinds, key=lambda kind: kind == "application/pdf"):
            self.messages += -(-len(list(run)) // ALBUM)

    def __str__(self) -> str:
        return (
            f"{self.taps} taps, {self.messages} messages and {self.edits} edits, {self.characters} characters"
        )
