"""A wrong setting is one line that names it; the key is made once."""

import stat
from pathlib import Path

import pytest

from bot.config.settings import BadSettingError, Settings, _kept_key
from storage.database.url import parse

TOKEN = "110201543:AAE-good-for-nothing-at-all-good-for-no"


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LISTEN", "8080"),
        ("LISTEN", "host:99999"),
        ("TELEGRAM_TOKEN", "abc"),
        ("BALE_API_URL", "tapi.bale.ai"),
        ("UPDATES", "push"),
        ("DATABASE_URL", "mysql://x"),
        ("DATABASE_URL", "nonsense"),
        ("SECRET_KEY", "short"),
        ("PAYMENT_GATEWAY", "paypal"),
        ("TELEGRAM_PROXY", "ftp://x"),
        ("KAVENEGAR_TEMPLATES", "one"),
    ],
)
def test_a_wrong_setting_is_named_in_one_line(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(BadSettingError) as caught:
        Settings.load()
    assert str(caught.value).startswith(f"{name}: ")
    assert "\n" not in str(caught.value)


#: (name, the last value that is taken, one beyond it)
BOUNDS = [
    ("uploads_per_day", "1", "0"),
    ("upload_size_per_day", "10MiB", "10485759"),
    ("chat_rate", "0.01", "0"),
    ("chat_rate", "100000", "100001"),
    ("chat_rate", "1", "inf"),
    ("decision_undo_minutes", "0", "-0.1"),
    ("decision_undo_minutes", "60", "60.1"),
    ("decision_undo_minutes", "1", "nan"),
    ("sms_price", "0", "-1"),
    ("letter_delay_seconds", "0", "-1"),
    ("letter_delay_seconds", "3600", "3601"),
    ("overdue_working_days", "1", "0"),
    ("overdue_working_days", "365", "366"),
]


@pytest.mark.parametrize(("name", "taken", "refused"), BOUNDS)
def test_a_bound_is_taken_and_the_value_beyond_it_is_refused(name: str, taken: str, refused: str) -> None:
    Settings.load(**{name: taken})
    with pytest.raises(BadSettingError, match=name.upper()):
        Settings.load(**{name: refused})


def test_every_bound_is_tried() -> None:
    bounded = {name for name, field in Settings.model_fields.items() if field.metadata}
    assert {name for name, _, _ in BOUNDS} == bounded


@pytest.mark.parametrize("name", ["secret_key", "former_secret_keys"])
def test_a_key_has_at_least_32_characters(name: str) -> None:
    Settings.load(**{name: "k" * 32})
    with pytest.raises(BadSettingError, match="32 characters"):
        Settings.load(**{name: "k" * 31})


@pytest.mark.parametrize("address", ["127.0.0.1:0", "127.0.0.1:65535", "[::1]:8080", "0.0.0.0:80"])
def test_an_address_to_listen_at(address: str) -> None:
    assert Settings.load(listen=address, metrics_listen="").listen == address


@pytest.mark.parametrize(
    "address", ["127.0.0.1:65536", ":8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:۸۰", "a:b", ""]
)
def test_what_is_no_address_to_listen_at(address: str) -> None:
    with pytest.raises(BadSettingError, match="LISTEN: must be host:port"):
        Settings.load(listen=address)


@pytest.mark.parametrize(
    ("gateway", "merchant"), [("zarinpal", "11111111-2222-3333-4444-555555555555"), ("zibal", "zibal")]
)
def test_the_merchant_is_that_of_the_chosen_gateway(gateway: str, merchant: str) -> None:
    others = {"zarinpal_merchant_id": "other", "zibal_merchant_id": "other"}
    settings = Settings.load(payment_gateway=gateway, **(others | {f"{gateway}_merchant_id": merchant}))
    assert settings.merchant_id() == merchant
    assert Settings.load(payment_gateway=gateway).merchant_id() is None


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({}, "TELEGRAM_TOKEN"),
        ({"telegram_token": TOKEN}, "ZARINPAL_MERCHANT_ID"),
        ({"bale_token": TOKEN, "updates": "webhook"}, "PUBLIC_URL"),
        ({"bale_token": TOKEN, "payment_gateway": "zibal"}, "ZIBAL_MERCHANT_ID"),
        ({"bale_token": TOKEN, "zarinpal_merchant_id": "x"}, "SUPPORT_CONTACT"),
        (
            {"bale_token": TOKEN, "zarinpal_merchant_id": "x", "support_contact": "اداره کل تجهیزات پزشکی"},
            "SUPPORT_CONTACT",
        ),
        (
            {
                "bale_token": TOKEN,
                "zarinpal_merchant_id": "x",
                "support_contact": "۰۲۱-۱۲۳۴",
                "sms_gateway": "kavenegar",
            },
            "KAVENEGAR_API_KEY",
        ),
    ],
)
def test_what_running_needs(given: dict[str, str], missing: str) -> None:
    with pytest.raises(BadSettingError, match=missing):
        Settings.load(**given).require_to_run()


def test_the_key_is_made_once_and_for_us_alone() -> None:
    key = Settings.load().key()
    assert len(key) == 64
    assert Settings.load().key() == key
    assert len(_kept_key(Path("no/such/folder/secret_key"))) == 64
    assert stat.S_IMODE(Path("data/secret_key").stat().st_mode) == 0o600
    Path("data/secret_key").write_text("")
    with pytest.raises(BadSettingError, match="SECRET_KEY"):
        Settings.load().key()


@pytest.mark.parametrize("wrong", ["proxy.example", "10.0.0.0/99", "127.0.0.1 ::1", "10.0.0.1/8"])
def test_trusted_proxies_are_addresses(wrong: str) -> None:
    with pytest.raises(BadSettingError, match="TRUSTED_PROXIES: must be addresses"):
        Settings.load(trusted_proxies=wrong)
    assert len(Settings.load(trusted_proxies="127.0.0.1, ::1,10.0.0.0/8").trusted_networks()) == 3


@pytest.mark.parametrize(
    ("address", "secrets"),
    [
        ("postgresql://bot:sesame-12@host/bot", {"sesame-12"}),
        ("postgresql://host/bot?user=bot&password=sesame-12", {"sesame-12"}),
        ("postgresql://b@t:sesame-12@host/bot", {"sesame-12"}),
        ("postgresql://bot:sesame-12@first,second/bot", {"sesame-12"}),
        ("postgresql+asyncpg://bot:sesame-12@host/bot", {"sesame-12"}),
        ("postgresql://bot:se%40cret-1@host/bot", {"se%40cret-1", "se@cret-1"}),
        ("postgresql://bot@host/bot", set()),
        ("sqlite:///data/bot.db", set()),
    ],
)
def test_passwords_in_addresses_are_secrets(address: str, secrets: set[str]) -> None:
    found = set(Settings.load(database_url=address, bale_proxy="http://me:proxy-pass@host:8").secrets())
    assert found >= secrets | {"proxy-pass"}
    assert secrets or not any(one in address for one in found)
    assert "None" not in found


@pytest.mark.parametrize(
    ("url", "password"),
    [
        ("postgresql://owner@db.example:6543/officers?sslmode=require", "p@ss/word"),
        ("postgresql://owner:old@db.example:6543/officers?sslmode=require", "p@ss/word"),
    ],
)
def test_the_password_of_the_database_comes_on_its_own(url: str, password: str) -> None:
    found = parse(Settings.load(database_url=url, database_password=password).database_url)
    assert (found.username, found.password, found.host) == ("owner", password, "db.example")
    assert (found.port, found.database) == (6543, "officers")
    assert found.query == parse(url).query
    alone = Settings.load(database_url="sqlite:///a.db", database_password=password)
    assert alone.database_url == "sqlite:///a.db"
