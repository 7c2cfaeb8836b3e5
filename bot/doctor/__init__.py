"""`bot.py doctor`: one line for each thing that must be in order, and how to mend what is not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

from bot.doctor import data, machine, modes, neighbours, store
from bot.doctor.finding import Finding
from bot.masking import Masking
from bot.settings import Settings
from bot.startup import check_settings
from bot.startup_errors import explain

__all__ = ["Finding", "examine"]


async def examine(settings: Settings) -> AsyncIterator[Finding]:
    """Look at everything that `run` needs, the way `run` opens it, without leaving anything changed."""
    # What a server says of an error may quote our address with its password.
    masking = Masking(settings.secrets())
    async for finding in _all(settings):
        yield replace(finding, words=masking.text(finding.words))


async def _all(settings: Settings) -> AsyncIterator[Finding]:
    yield _settings(settings)
    # First: an open -wal file is gone once the database was looked into.
    yield modes.look(settings)
    yield machine.time_zone()
    async for finding in machine.addresses(settings):
        yield finding
    async for finding in data.look(settings):
        yield finding
    yield await store.look(settings)
    for finding in store.disks(settings):
        yield finding
    yield await machine.file_checker()
    yield await neighbours.clock(settings)
    for messenger, one in settings.messengers().items():
        yield await neighbours.messenger(messenger, one, settings)
    yield await neighbours.public_address(settings)
    yield await neighbours.gateway(settings)
    yield await neighbours.sms(settings)


def _settings(settings: Settings) -> Finding:
    try:
        check_settings(settings)
    except Exception as error:
        return Finding("settings", False, explain(error) or type(error).__name__)
    return Finding("settings", True, "complete")
