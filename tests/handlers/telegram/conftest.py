"""The running service on the emulated messengers."""

from tests.bot.messengers.conftest import app

__all__ = ["app"]
