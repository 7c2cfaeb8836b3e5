"""The house, and the emulated town."""

from tests.bot.messengers.conftest import town
from tests.handlers.conftest import house

__all__ = ["house", "town"]
