"""The resources that the bot works with, made once in `bot.cli.composition` and passed on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from bot.core.context import PublicInfo
from bot.core.counters import Counters
from bot.documents.disk_space import DiskSpace
from bot.services.shared.upload_quota import DailyLimit
from storage.database.database import Database
from storage.enums import Messenger
from storage.tables.column_types import utcnow

if TYPE_CHECKING:
    from bot.documents.library import DocumentLibrary
    from bot.gateways.interfaces import PaymentGateway, SmsGateway
    from bot.security.passwords import Passwords


class Downloader(Protocol):
    async def download(self, handle: str, *, limit: int) -> bytes:
        """The bytes of a file that a person sent. Raises FileRejected("error.too_large") past `limit` bytes
        and FileRejected("error.download_failed") where the messenger does not give it."""
        ...


@dataclass(slots=True)
class Resources:
    database: Database
    documents: DocumentLibrary
    passwords: Passwords
    gateway: PaymentGateway
    sms: SmsGateway
    public_info: PublicInfo
    downloads: dict[Messenger, Downloader] = field(default_factory=dict)
    clock: Callable[[], datetime] = utcnow
    settings: Any = None
    counters: Counters = field(default_factory=Counters)
    disk_space: DiskSpace = field(default_factory=DiskSpace)
    daily_uploads: DailyLimit = field(default_factory=DailyLimit)
