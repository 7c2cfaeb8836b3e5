"""What the settings say of themselves: every refusal in whole, and what the program reads out of them."""

from __future__ import annotations

import os
import stat
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from bot.config import settings as module
from bot.config.settings import BadSettingError, MessengerSettings, Settings
from storage.enums import Messenger

TOKEN = "110201543:AAE-good-for-nothing-at-all-good-for-no"
READY: dict[str, Any] = {
    "telegram_token": TOKEN,
    "zarinpal_merchant_id": "m",
    "support_contact": "021",
    "secret_key": "k" * 32,
}


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def refusal(**given: Any) -> str:
    with pytest.raises(BadSettingError) as caught:
        Settings.load(**given)
    return str(caught.value)


HTTP = "must begin with https:// or http:// and name a host"
PROXY = "must begin with http://, https:// or socks5:// and name a host"
SOCKS4 = "SOCKS4 is not supported; use the proxy's socks5:// or http:// address"
NO_TOKEN = "is not a bot token (digits:letters), as BotFather gives it"
INVALID = "is not a valid address; percent-encode the signs in its password"


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        *(
            (name, value, HTTP)
            for name in (
                "telegram_api_url",
                "bale_api_url",
                "telegram_link_url",
                "bale_link_url",
                "public_url",
            )
            for value in ("ftp://x.ir", "https://", "x.ir")
        ),
        *((name, "x", HTTP) for name in ("zarinpal_url", "zibal_url", "kavenegar_url", "s3_endpoint")),
        ("public_url", "https://x.ir:port", INVALID),
        *(
            (name, value, PROXY)
            for name in ("telegram_proxy", "bale_proxy")
            for value in ("ftp://h", "socks5://", "h:80")
        ),
        *(("bale_proxy", f"{scheme}://h:1", SOCKS4) for scheme in ("socks", "socks4", "SOCKS4a")),
        *(("bale_token", value, NO_TOKEN) for value in ("abc", "12:", ":abc", "x:abc", "12:a b", "12:a/b")),
        ("database_url", "sqlite://", "names no file; use sqlite:///data/bot.db"),
        ("database_url", "sqlite:///:memory:", "names no file; use sqlite:///data/bot.db"),
        *(
            (name, value, "must be a folder, or s3://bucket/prefix")
            for name in ("files_url", "former_files_url")
            for value in ("ftp://x", "s3://", "s3:///", "file:///")
        ),
        ("secret_key", "k" * 31, "must have at least 32 characters"),
        ("former_secret_keys", f"{'k' * 32},{'l' * 31}", "each must have at least 32 characters"),
        ("trusted_proxies", "x", "must be addresses or blocks, for example 127.0.0.1,10.0.0.0/8"),
        ("listen", "", "must be host:port, for example 127.0.0.1:8080"),
        ("metrics_listen", "8080", "must be host:port, for example 127.0.0.1:8080"),
        ("updates", "push", "Input should be 'polling' or 'webhook'"),
    ],
)
def test_a_wrong_value_is_told_in_these_words(name: str, value: str, words: str) -> None:
    assert refusal(**{name: value}) == f"{name.upper()}: {words}"


def test_templates_without_an_equals_sign() -> None:
    for value in ("one", "a=b,one"):
        assert refusal(kavenegar_templates=value) == "KAVENEGAR_TEMPLATES: write name=theirs,name=theirs"
    taken = Settings.load(kavenegar_templates="a = b,,c=d=e,")
    assert taken.sms_templates() == {"a": "b", "c": "d=e"}


def test_addresses_that_are_taken() -> None:
    taken = Settings.load(
        telegram_api_url="http://h:1//",
        public_url="",
        bale_proxy="socks5h://h:1",
        telegram_proxy="",
        files_url="s3://b",
        former_files_url="file://x",
        metrics_listen="",
        listen="[::1]:8080",
    )
    assert (taken.telegram_api_url, taken.bale_proxy, taken.telegram_proxy) == (
        "http://h:1",
        "socks5h://h:1",
        "",
    )
    assert (taken.address, taken.metrics_address) == (("::1", 8080), None)
    assert Settings.load(metrics_listen="127.0.0.1:9").metrics_address == ("127.0.0.1", 9)
    assert taken.messengers() == {}


def test_what_running_needs_in_whole() -> None:
    Settings.load(**READY).require_to_run()
    Settings.load(**READY, updates="webhook", public_url="https://x.ir").require_to_run()
    contact = (
        "SUPPORT_CONTACT: must be set to a phone number, a link or an e-mail address where people get help"
    )
    for given, words in (
        ({"telegram_token": None}, "TELEGRAM_TOKEN or BALE_TOKEN: at least one must be set"),
        ({"updates": "webhook"}, "PUBLIC_URL: must be set where UPDATES=webhook"),
        ({"zarinpal_merchant_id": None}, "ZARINPAL_MERCHANT_ID: must be set"),
        ({"payment_gateway": "zibal"}, "ZIBAL_MERCHANT_ID: must be set"),
        ({"support_contact": ""}, contact),
        ({"support_contact": "دفتر"}, contact),
        ({"sms_gateway": "kavenegar"}, "KAVENEGAR_API_KEY: must be set where SMS_GATEWAY=kavenegar"),
        (
            {"listen": "127.0.0.1:80", "metrics_listen": "127.0.0.1:80"},
            "METRICS_LISTEN: is the address of LISTEN; choose another port",
        ),
    ):
        with pytest.raises(BadSettingError) as caught:
            Settings.load(**READY | given).require_to_run()
        assert str(caught.value) == words
    for contact in ("021", "۰۲۱", "a@b", "x://y"):
        Settings.load(support_contact=contact).require_support_contact()
    Settings.load(**READY, sms_gateway="kavenegar", kavenegar_api_key="k").require_to_run()


@pytest.mark.parametrize(
    ("one", "other", "overlap"),
    [
        (("a", 1), ("a", 1), True),
        (("a", 1), ("a", 2), False),
        (("a", 1), ("b", 1), False),
        (("", 1), ("b", 1), True),
        (("a", 1), ("0.0.0.0", 1), True),
        (("::", 1), ("b", 1), True),
        (("0.0.0.0", 1), ("b", 2), False),
        (("a", 0), ("a", 0), False),
    ],
)
def test_two_addresses_that_cannot_both_be_listened_on(one: Any, other: Any, overlap: bool) -> None:
    assert module._overlap(one, other) is overlap


def test_what_the_program_reads_out_of_them() -> None:
    proxies = {"telegram_proxy": "http://p:1", "bale_proxy": "http://q:1"}
    both = Settings.load(telegram_token="1:t", bale_token="2:b", **proxies)
    assert both.messengers() == {
        Messenger.TELEGRAM: MessengerSettings(
            "1:t", "https://api.telegram.org", "http://p:1", "https://t.me"
        ),
        Messenger.BALE: MessengerSettings("2:b", "https://tapi.bale.ai", "http://q:1", "https://ble.ir"),
    }
    assert list(Settings.load(bale_token="2:b").messengers()) == [Messenger.BALE]
    assert both.payment_url() == "https://payment.zarinpal.com"
    assert Settings.load(payment_gateway="zibal").payment_url() == "https://gateway.zibal.ir"
    assert Settings.load().s3() == {
        "endpoint": "",
        "region": "us-east-1",
        "access_key_id": None,
        "secret_access_key": None,
    }
    bucket = {
        "s3_endpoint": "https://s",
        "s3_region": "r",
        "s3_access_key_id": "a",
        "s3_secret_access_key": "b",
    }
    assert list(Settings.load(**bucket).s3().values()) == ["https://s", "r", "a", "b"]
    assert Settings.load(backup_recipient=" a, ,b,").recipients() == ["a", "b"]
    trusted = Settings.load(trusted_proxies="10.0.0.0/8, ::1").trusted_networks()
    assert trusted == (ip_network("10.0.0.0/8"), ip_network("::1"))


def test_every_secret_and_each_part_of_several() -> None:
    given = Settings.load(
        bale_token="2:b", former_secret_keys=f"{'k' * 32},{'l' * 32}", bale_proxy="http://u:p%40ss@h:1"
    )
    assert given.secrets() == [
        "2:b",
        f"{'k' * 32},{'l' * 32}",
        "2:b",
        "k" * 32,
        "l" * 32,
        *sorted(["p%40ss", "p@ss", "p%2540ss"]),
    ]
    assert Settings.load(bale_proxy="http://u:@h:1").secrets() == []


def test_an_empty_variable_wins_over_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text("SMS_PRICE=5\nUPLOADS_PER_DAY=7\nLOG_LEVEL=DEBUG\nNOT_OURS=1\n")
    monkeypatch.setenv("SMS_PRICE", "")
    monkeypatch.setenv("LOG_LEVEL", "ERROR")
    found = Settings.load()
    assert (found.sms_price, found.uploads_per_day, found.log_level) == (2000, 7, "ERROR")
    assert Settings.load(_env_file=None).uploads_per_day == 300


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"A=1\n", None),
        ("A=ب\n".encode(), None),
        ("A=1\n".encode("utf-16"), "is not in UTF-8 but, it seems, in UTF-16; save it as UTF-8"),
        (b"\xc7=1\n", "line 1 is not in UTF-8 but, it seems, in Windows-1256; save the file as UTF-8"),
        (
            b"A=1\nB=2\nC=\xc7\n",
            "line 3 is not in UTF-8 but, it seems, in Windows-1256; save the file as UTF-8",
        ),
    ],
)
def test_a_file_in_another_encoding(data: bytes, words: str | None) -> None:
    Path(".env").write_bytes(data)
    if words is None:
        module.check_encoding(Path(".env"))
        return
    assert refusal() == f".env: {words}"


def test_a_file_that_cannot_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    module.check_encoding(Path("nowhere"))
    Path(".env").touch()

    def refuse(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    assert refusal() == ".env: cannot be read (Permission denied)"


# -- keys ------------------------------------------------------------------------------------------------------------

KEY, FORMER = Path("data/secret_key"), Path("data/former_secret_keys")


def test_keys_in_force_and_former_ones() -> None:
    given = Settings.load(secret_key="k" * 32, former_secret_keys=f"{'l' * 32}, {'m' * 32}")
    assert given.held_keys() == ["k" * 32, "l" * 32, "m" * 32]
    assert Settings.load(former_secret_keys="l" * 32).held_keys() == ["l" * 32]
    assert not KEY.exists()
    made = Settings.load().key()
    assert Settings.load(secret_key="k" * 32).key() == "k" * 32
    FORMER.write_text(f"{'n' * 32}\n{'o' * 32}\n")
    both = Settings.load(former_secret_keys="l" * 32)
    assert both.held_keys() == [made, "l" * 32, "n" * 32, "o" * 32]
    assert both.former_keys() == ["l" * 32, "n" * 32, "o" * 32]
    words = "FORMER_SECRET_KEYS: data/former_secret_keys cannot be read"
    FORMER.write_bytes("کلید".encode())
    with pytest.raises(BadSettingError) as caught:
        both.former_keys()
    assert str(caught.value) == words
    FORMER.unlink()
    FORMER.mkdir()
    with pytest.raises(BadSettingError) as caught:
        both.former_keys()
    assert str(caught.value) == words


@pytest.mark.parametrize(("length", "whole"), [(32, True), (31, False), (0, False)])
def test_a_key_that_was_cut_off(length: int, whole: bool) -> None:
    KEY.parent.mkdir()
    KEY.write_text("k" * length + "\n")
    if whole:
        assert Settings.load().key() == "k" * length
        return
    with pytest.raises(BadSettingError) as caught:
        Settings.load().key()
    words = "SECRET_KEY: data/secret_key is damaged; put back the copy that you keep elsewhere (no backup holds it)"
    assert str(caught.value) == words


def test_a_key_that_cannot_be_kept() -> None:
    Path("data").touch()
    with pytest.raises(BadSettingError) as caught:
        Settings.load().key()
    assert str(caught.value).startswith("SECRET_KEY: not set, and data/secret_key cannot be used (")


def test_a_new_key_and_the_former_ones_in_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    first = Settings.load().key()
    FORMER.with_name("secret_key.new").write_text("of a run that was stopped")
    module.renew_kept_key()
    second = Settings.load().key()
    module.renew_kept_key()
    third = Settings.load().key()
    assert len({first, second, third}) == 3
    assert FORMER.read_text() == f"{first}\n{second}\n"
    assert Settings.load().held_keys() == [third, first, second]
    assert sorted(path.name for path in KEY.parent.iterdir()) == ["former_secret_keys", "secret_key"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in (KEY, FORMER)} == {0o600}

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(BadSettingError) as caught:
        module.renew_kept_key()
    assert str(caught.value) == "SECRET_KEY: data/secret_key cannot be replaced (No space left on device)"
    assert Settings.load().key() == third


def test_a_former_key_is_kept_before_the_new_one_is_in_force(monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed in between, nothing is lost."""
    first = Settings.load().key()

    def killed(path: Path, target: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        module.renew_kept_key()
    assert Settings.load().held_keys() == [first, first]


def test_what_is_written_is_on_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both files, before the new key takes the place of the old one; and whose they are."""
    synced: list[str] = []
    given: list[tuple[Path, ...]] = []
    monkeypatch.setattr(os, "fsync", lambda handle: synced.append(os.readlink(f"/proc/self/fd/{handle}")))
    monkeypatch.setattr(module, "give_to_owner_of", lambda *paths: given.append(paths))
    Settings.load().key()
    assert [Path(name).name for name in synced] == ["secret_key"]
    assert given == [(KEY.parent, KEY)]
    synced.clear()
    given.clear()
    module.renew_kept_key()
    assert [Path(name).name for name in synced] == ["former_secret_keys", "secret_key.new"]
    new = KEY.with_name("secret_key.new")
    assert given == [(KEY, FORMER), (KEY.parent, new), (KEY, new)]
