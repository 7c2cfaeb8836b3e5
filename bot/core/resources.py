"""The outside things that the bot works with, put together once in bot.py and handed on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from sqlmodel import Session

from bot.core.context import PublicInfo
from bot.core.counters import Counters
from bot.documents.disk_space import Room
from bot.services.shared.upload_quota import DailyLimit
from storage.database.outage import Outage
from storage.enums import Messenger
from storage.tables.column_types import utcnow

if TYPE_CHECKING:
    from bot.documents.library import DocumentLibrary
    from bot.gateways.interfaces import PaymentGateway, SmsGateway
    from bot.security.passwords import Passwords

T = TypeVar("T")


class Database(Protocol):
    """A place for units: plain functions over a session, re-runnable and without outside effects."""

    #: Whether it serves.
    outage: Outage

    async def run(self, unit: Callable[[Session], T], *, lane: str | None = None) -> T:
        """Run a unit that writes, in one transaction; return after the commit. Raises what the unit raises.

        `lane` names the person whose units exclude each other (an advisory lock on PostgreSQL)."""
        ...

    async def read(self, unit: Callable[[Session], T]) -> T:
        """Run a unit that only reads."""
        ...

    async def announce_process(self) -> bool:
        """Let other processes on this database see this one; True where there is none. Called now and then."""
        ...

    def run_in_background(self, unit: Callable[[Session], Any]) -> None:
        """Run a unit that writes soon, together with others; nobody waits, a kill may lose it."""
        ...


class Downloader(Protocol):
    async def download(self, handle: str, *, limit: int) -> bytes:
        """The bytes of a file that a person sent. Raises FileRejected("error.too_large") past `limit` bytes and
        FileRejected("error.download_failed") where the messenger does not give it."""
        ...


@dataclass(slots=True)
class Resources:
    database: Database
    papers: DocumentLibrary
    passwords: Passwords
    gateway: PaymentGateway
    sms: SmsGateway
    world: PublicInfo
    downloads: dict[Messenger, Downloader] = field(default_factory=dict)
    clock: Callable[[], datetime] = utcnow
    settings: Any = None
    counters: Counters = field(default_factory=Counters)
    room: Room = field(default_factory=Room)
    daily_uploads: DailyLimit = field(default_factory=DailyLimit)
