"""The running service on the emulated messengers."""

from tests.bot.messengers.conftest import app, emulators

__all__ = ["app", "emulators"]
