"""Files shown in a chat: stored documents (our own copy, or the messenger's id of it) and generated files."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sqlalchemy import delete, tuple_
from sqlmodel import Session, col, select
from telegram import InputFile, InputMediaDocument, InputMediaPhoto
from telegram.error import TelegramError

from bot.application.resources import Resources
from bot.core.screens import Attachment, GeneratedFile
from bot.documents.blob_store import StoreDown
from bot.documents.library import shown_media_type
from bot.messengers.transport.channel import MAX_CAPTION, Channel, send_text, shorten
from bot.messengers.transport.rate_limits import PacedCalls
from bot.messengers.transport.telegram import is_bad_handle
from bot.texts import t
from storage.enums import Messenger
from storage.tables import FileHandle, StoredFile

log = logging.getLogger(__name__)

ALBUM = 10


#: Endings of the names of originals, which are sent as files.
_ENDINGS = {"image/jpeg": ".jpg", "image/tiff": ".tif", "application/pdf": ".pdf"}


@dataclass(frozen=True, slots=True)
class _Item:
    attachment: Attachment
    is_photo: bool
    file: StoredFile
    handle: str | None

    @property
    def key(self) -> str:
        """Of the copy that is sent."""
        keys = {"original": self.file.original_key, "preview": self.file.preview_key}
        return keys.get(self.attachment.variant) or self.file.shown_key


class AttachmentSender:
    def __init__(self, resources: Resources) -> None:
        self.resources = resources

    async def send(
        self,
        channel: Channel,
        chat_id: int,
        attachments: Sequence[Attachment | GeneratedFile],
        *,
        calls: PacedCalls,
    ) -> None:
        """Send them in order: photos with photos, documents with documents, up to ten in an album; what was made for
        this answer one by one. Raises TelegramError."""
        for made, run in groupby(attachments, key=lambda item: isinstance(item, GeneratedFile)):
            if made:
                for sheet in run:
                    assert isinstance(sheet, GeneratedFile)
                    await self._made(channel, chat_id, sheet, calls)
            else:
                stored = [item for item in run if isinstance(item, Attachment)]
                await self._stored(channel, chat_id, stored, calls)

    @staticmethod
    async def _made(channel: Channel, chat_id: int, sheet: GeneratedFile, calls: PacedCalls) -> None:
        caption = shorten(sheet.caption, MAX_CAPTION) or None
        method = channel.bot.send_photo if sheet.picture else channel.bot.send_document
        await calls(lambda: method(chat_id, InputFile(sheet.content, sheet.name), caption=caption))

    async def _stored(
        self, channel: Channel, chat_id: int, attachments: Sequence[Attachment], calls: PacedCalls
    ) -> None:
        items = await self.resources.database.read(
            lambda db: _items(db, attachments, channel.messenger, channel.bot_id)
        )
        absences = [await self._absence(item) for item in items]
        # None in the place of the kind: it cannot be shown.
        kinds = [item.is_photo if why is None else None for item, why in zip(items, absences, strict=True)]
        for kind, alike in groupby(zip(kinds, items, absences, strict=True), key=lambda sent: sent[0]):
            run = list(alike)
            if kind is None:
                for _, item, why in run:
                    await self._say_absent(channel, chat_id, item, why or "", calls)
                continue
            for start in range(0, len(run), ALBUM):
                group = [item for _, item, _ in run[start : start + ALBUM]]
                try:
                    await self._group(channel, chat_id, group, calls)
                except StoreDown as trouble:
                    for item in group:
                        await self._say_absent(channel, chat_id, item, self._down(item, trouble), calls)

    async def _absence(self, item: _Item) -> str | None:
        """Why it cannot be shown, as a text key; None: it can."""
        if item.file.removed_at is not None:
            return "file.removed"
        try:
            if item.handle is not None or await self.resources.documents.has(item.key):
                return None
        except StoreDown as trouble:
            return self._down(item, trouble)
        log.error("the bytes of document %s are not in the store", item.file.id)
        return "file.missing"

    def _down(self, item: _Item, trouble: StoreDown) -> str:
        self.resources.counters.store_failed += 1
        log.error("the store of documents does not answer (%s): document %s not shown", trouble, item.file.id)
        return "file.store_down"

    async def _say_absent(
        self, channel: Channel, chat_id: int, item: _Item, why: str, calls: PacedCalls
    ) -> None:
        """Said in the place of the document: the others are shown all the same (Q44)."""
        title = shorten(item.attachment.caption, MAX_CAPTION)
        text = t(why, title=title, support=self.resources.public_info.support_contact)
        await send_text(channel, chat_id, text, None, caller=calls)

    async def _group(self, channel: Channel, chat_id: int, items: list[_Item], calls: PacedCalls) -> None:
        try:
            sent = await self._try(channel, chat_id, items, calls, use_handles=True)
        except TelegramError as error:
            if not is_bad_handle(error) or not any(item.handle for item in items):
                raise
            # Once more with the bytes; the ids that failed are forgotten.
            sent = await self._try(channel, chat_id, items, calls, use_handles=False)
        handles: dict[tuple[int, str], str] = {
            (item.file.id or 0, item.attachment.variant): handle
            for item, handle in zip(items, sent, strict=False)
            if handle
        }
        messenger, bot_id = channel.messenger, channel.bot_id
        self.resources.database.run_in_background(lambda db: _store_handle(db, messenger, bot_id, handles))

    async def _try(
        self, channel: Channel, chat_id: int, items: list[_Item], calls: PacedCalls, *, use_handles: bool
    ) -> list[str | None]:
        """One call: a refusal repeats it alone, not what was sent before it."""
        media = [
            item.handle
            if use_handles and item.handle
            else InputFile(*await self._bytes(item), attach=len(items) > 1)
            for item in items
        ]
        captions = [shorten(item.attachment.caption, MAX_CAPTION) or None for item in items]
        if len(items) > 1:
            kind: Any = InputMediaPhoto if items[0].is_photo else InputMediaDocument
            album = [kind(content, caption=caption) for content, caption in zip(media, captions, strict=True)]
            sent = await calls(lambda: channel.bot.send_media_group(chat_id, album), cost=len(album))
            return [_handle(message) for message in sent]
        method = channel.bot.send_photo if items[0].is_photo else channel.bot.send_document
        return [_handle(await calls(lambda: method(chat_id, media[0], caption=captions[0])))]

    async def _bytes(self, item: _Item) -> tuple[bytes, str]:
        return await self.resources.documents.open_copy(item.key), _file_name(item)


def _items(db: Session, attachments: Sequence[Attachment], messenger: Messenger, bot_id: int) -> list[_Item]:
    ids = [attachment.file_id for attachment in attachments]
    files = {file.id: file for file in db.exec(select(StoredFile).where(col(StoredFile.id).in_(ids)))}
    known = select(FileHandle).where(
        col(FileHandle.file_id).in_(ids), FileHandle.messenger == messenger, FileHandle.bot_id == bot_id
    )
    handles = {(handle.file_id, handle.variant): handle.handle for handle in db.exec(known)}
    return [
        _Item(attachment, _is_photo(attachment, file), file, handles.get((file.id or 0, attachment.variant)))
        for attachment in attachments
        if (file := files.get(attachment.file_id)) is not None
    ]


def _is_photo(attachment: Attachment, file: StoredFile) -> bool:
    if attachment.variant == "original":
        return False
    if attachment.variant == "preview" and file.preview_key is not None:
        return True
    return shown_media_type(file) != "application/pdf"


def _store_handle(
    db: Session, messenger: Messenger, bot_id: int, handles: dict[tuple[int, str], str]
) -> None:
    """Remember the messenger's ids. Its cache may be wrong or lost without harm."""
    if not handles:
        return
    old = delete(FileHandle).where(
        tuple_(col(FileHandle.file_id), col(FileHandle.variant)).in_(list(handles)),
        col(FileHandle.messenger) == messenger,
        col(FileHandle.bot_id) == bot_id,
    )
    db.execute(old.execution_options(synchronize_session=False))
    db.add_all(
        FileHandle(file_id=file_id, messenger=messenger, bot_id=bot_id, variant=variant, handle=handle)
        for (file_id, variant), handle in handles.items()
    )


def _handle(message: Any) -> str | None:
    if message.photo:
        largest = max(message.photo, key=lambda size: size.width * size.height)
        return str(largest.file_id) or None
    return str(message.document.file_id) if message.document is not None else None


def _file_name(item: _Item) -> str:
    """A label for people with the right ending, short enough for both messengers."""
    kind = "image/jpeg" if item.is_photo else shown_media_type(item.file)
    if item.attachment.variant == "original":
        kind = item.file.media_type
    ending = _ENDINGS.get(kind) or f".{kind.partition('/')[2]}"
    name = (item.file.original_name or item.attachment.caption.split("\n")[0] or "file").replace("/", "-")
    stem = name.rsplit(".", 1)[0] if "." in name else name
    return f"{stem[:40].strip() or 'file'}{ending}"
