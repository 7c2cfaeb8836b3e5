"""`bot.py doctor`: one line for each thing that must be in order, and how to repair what is not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

from bot.config.redaction import Masking
from bot.config.settings import Settings
from bot.doctor import database, disk, external_services, file_modes, machine
from bot.doctor.finding import Finding, first_line
from bot.operations import archive
from bot.startup.errors import explain

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
    yield file_modes.check_file_modes(settings)
    yield file_modes.check_owners(settings)
    yield machine.check_time_zone()
    yield machine.check_descriptors()
    health = await external_services.health(settings)
    async for finding in machine.check_addresses(settings, runs=health is not None):
        yield finding
    async for finding in database.check_settings_database(settings):
        yield finding
    yield await disk.check_store(settings)
    for finding in disk.check_disks(settings):
        yield finding
    yield await machine.check_file_inspection()
    yield await external_services.clock(settings)
    polled_by_others = (health or {}).get("polled_by_others", ())
    for messenger, messenger_settings in settings.messengers().items():
        yield await external_services.messenger(
            messenger,
            messenger_settings,
            settings,
            second_poller=messenger.value in polled_by_others,
        )
    yield await external_services.public_address(settings, runs=health is not None)
    yield await external_services.gateway(settings)
    yield await external_services.sms(settings)


def _settings(settings: Settings) -> Finding:
    try:
        settings.require_to_run()
        has_key = bool(settings.held_keys())
        for recipient in settings.recipients():
            archive.recipient(recipient)
    except Exception as error:
        return Finding("settings", False, explain(error) or first_line(error))
    return Finding("settings", True, "complete" if has_key else "complete; `bot.py run` makes a SECRET_KEY")
