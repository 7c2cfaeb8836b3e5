"""Wherever an address holds its password, no log shows it in any form."""

import pytest

from bot.config.settings import Settings


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://bot:sesame-12@host/bot",
        "postgresql://host/bot?user=bot&password=sesame-12",
        "postgresql://b@t:sesame-12@host/bot",
        "postgresql://bot:sesame-12@first,second/bot",
        "postgresql+asyncpg://bot:sesame-12@host/bot",
    ],
)
def test_the_password_of_the_database_is_a_secret(address: str) -> None:
    assert "sesame-12" in Settings.load(database_url=address).secrets()


@pytest.mark.parametrize("address", ["postgresql://bot@host/bot", "sqlite:///data/bot.db"])
def test_without_a_password_nothing_of_the_address_is_secret(address: str) -> None:
    secrets = set(Settings.load(database_url=address).secrets())

    assert not any(secret in address for secret in secrets)
    assert "None" not in secrets
