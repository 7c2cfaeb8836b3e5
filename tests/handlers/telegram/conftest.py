"""The running service on the emulated messengers."""

from tests.bot.messengers.conftest import app, town

__all__ = ["app", "town"]
