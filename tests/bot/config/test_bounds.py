"""Settings with bounds: the value at a bound is taken, the one beyond it is named and refused."""

import pytest

from bot.config.settings import BadSettingError, Settings


@pytest.mark.parametrize(
    ("name", "taken", "refused"),
    [
        ("uploads_per_day", "1", "0"),
        ("upload_size_per_day", "10MiB", "10485759"),
        ("chat_rate", "0.01", "0"),
        ("chat_rate", "100000", "100001"),
        ("chat_rate", "1", "inf"),
    ],
)
def test_a_bound(name: str, taken: str, refused: str) -> None:
    Settings.load(**{name: taken})
    with pytest.raises(BadSettingError, match=name.upper()):
        Settings.load(**{name: refused})


@pytest.mark.parametrize(
    ("gateway", "merchant"), [("zarinpal", "11111111-2222-3333-4444-555555555555"), ("zibal", "zibal")]
)
def test_the_merchant_is_that_of_the_chosen_gateway(gateway: str, merchant: str) -> None:
    others = {"zarinpal_merchant_id": "other", "zibal_merchant_id": "other"}
    settings = Settings.load(payment_gateway=gateway, **(others | {f"{gateway}_merchant_id": merchant}))

    assert settings.merchant_id() == merchant
    assert Settings.load(payment_gateway=gateway).merchant_id() is None
