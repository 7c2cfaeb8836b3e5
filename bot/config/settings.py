"""Settings from the environment and `.env`; every name is part of the contract (see .env.example)."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any, Literal, Self, cast
from urllib.parse import SplitResult, quote, unquote, urlencode, urlsplit

from pydantic import (
    ByteSize,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from storage.enums import Messenger
from storage.ownership import give_to_owner_of, make_folder

KEY_FILE = Path("data/secret_key")
FORMER_KEYS_FILE = Path("data/former_secret_keys")
_PASSWORD = re.compile(r"://[^:/@]*:(.*)@")
#: Bytes of the key made on the first start.
KEY_BYTES = 32


class BadSettingError(Exception):
    """A missing or wrong setting, in one line that names it."""


@dataclass(frozen=True, slots=True)
class MessengerSettings:
    token: str
    api_url: str
    proxy: str | None
    #: What the link to the bot begins with.
    link_url: str


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_file=".env",
        env_file_encoding="utf-8-sig",
        extra="ignore",
        env_ignore_empty=True,
        # What was typed may be a secret.
        hide_input_in_errors=True,
    )

    telegram_token: SecretStr | None = None
    bale_token: SecretStr | None = None
    telegram_api_url: str = "https://api.telegram.org"
    bale_api_url: str = "https://tapi.bale.ai"
    #: Links to the bot are {url}/{its name}.
    telegram_link_url: str = "https://t.me"
    bale_link_url: str = "https://ble.ir"
    #: http://, https:// or socks5://; the proxy of the environment is never used.
    telegram_proxy: str | None = None
    bale_proxy: str | None = None
    updates: Literal["polling", "webhook"] = "polling"
    #: Messages a second to one chat, after a burst. More only where a messenger grants it.
    chat_rate: float = Field(default=1.0, gt=0, le=100_000, allow_inf_nan=False)
    listen: str = "127.0.0.1:8080"
    public_url: str = ""
    #: Addresses and CIDR blocks of proxies whose X-Forwarded-For is believed, divided by commas.
    trusted_proxies: str = ""

    database_url: str = "sqlite:///data/bot.db"
    #: Put into DATABASE_URL, whatever signs it has.
    database_password: SecretStr | None = None
    files_url: str = "data/files"
    #: The store of before, while `bot.py move` brings its documents over: what FILES_URL lacks is read there.
    former_files_url: str = ""
    #: Of an S3-compatible store; its region and endpoint.
    s3_endpoint: str = ""
    s3_region: str = "us-east-1"
    s3_access_key_id: SecretStr | None = None
    s3_secret_access_key: SecretStr | None = None
    #: Free bytes of disk below which no upload is taken ("512MB", "2GB").
    min_free_disk: ByteSize = ByteSize(512 * 10**6)
    #: What one account may upload in a day, taken or not: files, and their bytes ("1GB").
    uploads_per_day: int = Field(default=300, ge=1)
    upload_size_per_day: ByteSize = Field(default=ByteSize(10**9), ge=10 * 2**20)
    secret_key: SecretStr | None = None
    #: Other keys that documents may be encrypted under, divided by commas (see `bot.py rotate-key`).
    former_secret_keys: SecretStr | None = None
    #: Start though no document can be opened: their key is lost for ever.
    allow_unreadable_documents: bool = False
    #: Public keys of age, divided by commas, that `bot.py backup` encrypts for.
    backup_recipient: str = ""

    payment_gateway: Literal["zarinpal", "zibal"] = "zarinpal"
    zarinpal_url: str = "https://payment.zarinpal.com"
    zarinpal_merchant_id: SecretStr | None = None
    zibal_url: str = "https://gateway.zibal.ir"
    zibal_merchant_id: SecretStr | None = None

    sms_gateway: Literal["kavenegar", "console"] = "console"
    kavenegar_url: str = "https://api.kavenegar.com"
    kavenegar_api_key: SecretStr | None = None
    kavenegar_sender: str | None = None
    #: Our template names and Kavenegar's: "password=officer-password,notice=officer-notice".
    kavenegar_templates: str = ""

    #: Minutes in which an expert may undo a decision; nobody hears of it before they are over. 0: at once.
    decision_undo_minutes: float = Field(default=3, ge=0, le=60, allow_inf_nan=False)
    #: Rial for one part of an SMS, so that staff are told what many cost; 0: nothing is said of it.
    sms_price: int = Field(default=2000, ge=0)
    #: How long a letter that was sent off waits, so that it can be stopped before anybody got it; 0: not at all.
    letter_delay_seconds: int = Field(default=120, ge=0, le=3600)

    #: Working days after which a file that waits for its university is overdue: marked, listed and told to experts.
    overdue_working_days: int = Field(default=7, ge=1, le=365)

    #: host:port of a private address for /metrics; empty: none.
    metrics_listen: str = ""

    #: Printed wherever a text sends people to the directorate: a phone number, a link or an address. No default.
    support_contact: str = ""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["console", "json"] = "console"
    #: Worthless password hashes, for tests alone.
    cheap_password_hashes: bool = False

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """A variable that is set and empty wins over the file too: then the default holds."""

        def of_file() -> dict[str, Any]:
            empty = {name.lower() for name, value in os.environ.items() if not value}
            return {name: value for name, value in dotenv_settings().items() if name.lower() not in empty}

        return init_settings, env_settings, cast(PydanticBaseSettingsSource, of_file)

    @classmethod
    def load(cls, **overrides: Any) -> Self:
        """Raises BadSettingError."""
        if (file := overrides.get("_env_file", cls.model_config.get("env_file"))) is not None:
            check_encoding(Path(file))
        try:
            return cls(**overrides)
        except ValidationError as error:
            raise BadSettingError(_one_line(error)) from None

    @field_validator(
        "telegram_api_url",
        "bale_api_url",
        "telegram_link_url",
        "bale_link_url",
        "public_url",
        "zarinpal_url",
        "zibal_url",
        "kavenegar_url",
        "s3_endpoint",
    )
    @classmethod
    def _address(cls, value: str) -> str:
        if value and (_split(value).scheme not in ("http", "https") or not _split(value).hostname):
            raise ValueError("must begin with https:// or http:// and name a host")
        return value.rstrip("/")

    @field_validator("telegram_proxy", "bale_proxy")
    @classmethod
    def _proxy(cls, value: str | None) -> str | None:
        if not value:
            return value
        if value.partition("://")[0].lower() in ("socks", "socks4", "socks4a"):
            raise ValueError("SOCKS4 is not supported; use the proxy's socks5:// or http:// address")
        if _split(value).scheme not in ("http", "https", "socks5", "socks5h") or not _split(value).hostname:
            raise ValueError("must begin with http://, https:// or socks5:// and name a host")
        return value

    @field_validator("listen", "metrics_listen")
    @classmethod
    def _listen(cls, value: str, info: ValidationInfo) -> str:
        if not value and info.field_name == "metrics_listen":
            return value
        host, _, port = value.rpartition(":")
        if not host or not port.isascii() or not port.isdigit() or int(port) > 65535:
            raise ValueError("must be host:port, for example 127.0.0.1:8080")
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _trusted(cls, value: str) -> str:
        try:
            for part in _parts(value):
                ip_network(part)
        except ValueError:
            raise ValueError("must be addresses or blocks, for example 127.0.0.1,10.0.0.0/8") from None
        return value

    @field_validator("telegram_token", "bale_token")
    @classmethod
    def _token(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            number, _, rest = value.get_secret_value().partition(":")
            if not number.isdigit() or not rest or any(letter.isspace() or letter == "/" for letter in rest):
                raise ValueError("is not a bot token (digits:letters), as BotFather gives it")
        return value

    @field_validator("database_url")
    @classmethod
    def _database(cls, value: str) -> str:
        from storage.database.postgres_options import connect_options
        from storage.database.url import parse

        # What they raise quotes nothing of the address.
        url = parse(value)
        if url.get_backend_name() == "postgresql":
            connect_options(url)
        elif not url.database or url.database == ":memory:":
            raise ValueError("names no file; use sqlite:///data/bot.db")
        return value

    @field_validator("files_url", "former_files_url")
    @classmethod
    def _files(cls, value: str) -> str:
        scheme, divided, rest = value.partition("://")
        if divided and (scheme not in ("file", "s3") or not rest.strip("/")):
            raise ValueError("must be a folder, or s3://bucket/prefix")
        return value

    @field_validator("secret_key")
    @classmethod
    def _key(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value()) < 32:
            raise ValueError("must have at least 32 characters")
        return value

    @field_validator("former_secret_keys")
    @classmethod
    def _former(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and any(len(part) < 32 for part in _parts(value.get_secret_value())):
            raise ValueError("each must have at least 32 characters")
        return value

    @model_validator(mode="after")
    def _with_password(self) -> Self:
        from storage.database.url import parse

        url = parse(self.database_url)
        if self.database_password is not None and url.get_backend_name() == "postgresql":
            plain = url.set(
                drivername="postgresql", password=self.database_password.get_secret_value(), query={}
            ).render_as_string(hide_password=False)
            query = urlencode(url.query, quote_via=quote)
            self.database_url = f"{plain}?{query}" if query else plain
        return self

    @model_validator(mode="after")
    def _templates(self) -> Self:
        if any(part and "=" not in part for part in self.kavenegar_templates.split(",")):
            raise ValueError("KAVENEGAR_TEMPLATES: write name=theirs,name=theirs")
        return self

    # -- asked of a running service only -------------------------------------------------------------

    def require_to_run(self) -> None:
        """What `run` needs on top. Raises BadSettingError."""
        if not self.messengers():
            raise BadSettingError("TELEGRAM_TOKEN or BALE_TOKEN: at least one must be set")
        if self.updates == "webhook" and not self.public_url:
            raise BadSettingError("PUBLIC_URL: must be set where UPDATES=webhook")
        merchant = self.merchant_id()
        if merchant is None:
            raise BadSettingError(f"{self.payment_gateway.upper()}_MERCHANT_ID: must be set")
        self.require_support_contact()
        if self.metrics_address is not None and _overlap(self.address, self.metrics_address):
            raise BadSettingError("METRICS_LISTEN: is the address of LISTEN; choose another port")
        if self.sms_gateway == "kavenegar" and self.kavenegar_api_key is None:
            raise BadSettingError("KAVENEGAR_API_KEY: must be set where SMS_GATEWAY=kavenegar")

    def require_support_contact(self) -> None:
        """People can be told whom to ask. Raises BadSettingError."""
        if not re.search(r"\d|@|://", self.support_contact):
            raise BadSettingError(
                "SUPPORT_CONTACT: must be set to a phone number, a link or an e-mail address where people get help"
            )

    def messengers(self) -> dict[Messenger, MessengerSettings]:
        """Those with a token."""
        telegram = (self.telegram_api_url, self.telegram_proxy, self.telegram_link_url)
        bale = (self.bale_api_url, self.bale_proxy, self.bale_link_url)
        given = {
            Messenger.TELEGRAM: (self.telegram_token, telegram),
            Messenger.BALE: (self.bale_token, bale),
        }
        return {
            messenger: MessengerSettings(token.get_secret_value(), *others)
            for messenger, (token, others) in given.items()
            if token is not None
        }

    def _payment(self) -> tuple[str, SecretStr | None]:
        return {
            "zarinpal": (self.zarinpal_url, self.zarinpal_merchant_id),
            "zibal": (self.zibal_url, self.zibal_merchant_id),
        }[self.payment_gateway]

    def payment_url(self) -> str:
        """Of the chosen gateway."""
        return self._payment()[0]

    def merchant_id(self) -> str | None:
        """At the chosen gateway."""
        key = self._payment()[1]
        return key.get_secret_value() if key is not None else None

    def sms_templates(self) -> Mapping[str, str]:
        parts = (part.split("=", 1) for part in self.kavenegar_templates.split(",") if part)
        return {ours.strip(): theirs.strip() for ours, theirs in parts}

    @property
    def address(self) -> tuple[str, int]:
        return _host_and_port(self.listen)

    def trusted_networks(self) -> tuple[IPv4Network | IPv6Network, ...]:
        return tuple(ip_network(part) for part in _parts(self.trusted_proxies))

    @property
    def metrics_address(self) -> tuple[str, int] | None:
        return _host_and_port(self.metrics_listen) if self.metrics_listen else None

    def s3(self) -> dict[str, Any]:
        """How to reach the S3-compatible store, as `S3Store` takes it."""
        return {
            "endpoint": self.s3_endpoint,
            "region": self.s3_region,
            "access_key_id": self.s3_access_key_id and self.s3_access_key_id.get_secret_value(),
            "secret_access_key": self.s3_secret_access_key and self.s3_secret_access_key.get_secret_value(),
        }

    def recipients(self) -> list[str]:
        return _parts(self.backup_recipient)

    def key(self) -> str:
        """SECRET_KEY, or the one kept under data/, made on the first call. Raises BadSettingError."""
        if self.secret_key is not None:
            return self.secret_key.get_secret_value()
        try:
            return _kept_key(KEY_FILE)
        except OSError as error:
            raise BadSettingError(
                f"SECRET_KEY: not set, and {KEY_FILE} cannot be used ({error.strerror})"
            ) from None

    def held_keys(self) -> list[str]:
        """SECRET_KEY, or the one kept under data/, and the former ones; empty where there is none. Makes
        none. Raises BadSettingError."""
        if self.secret_key is not None or KEY_FILE.exists():
            return [self.key(), *self.former_keys()]
        return self.former_keys()

    def former_keys(self) -> list[str]:
        """Keys besides `key()` that documents may be encrypted under: of FORMER_SECRET_KEYS, and those kept
        beside ours."""
        keys = _parts(self.former_secret_keys.get_secret_value()) if self.former_secret_keys else []
        try:
            former = FORMER_KEYS_FILE.read_text(encoding="ascii").split()
        except FileNotFoundError:
            former = []
        except (OSError, UnicodeDecodeError):
            raise BadSettingError(f"FORMER_SECRET_KEYS: {FORMER_KEYS_FILE} cannot be read") from None
        return [*keys, *former]

    def secrets(self) -> list[str]:
        """Every secret value, to be kept out of the logs."""
        secrets = [value for value in dict(self).values() if isinstance(value, SecretStr)]
        whole = [value.get_secret_value() for value in secrets]
        addresses = (self.database_url, self.telegram_proxy, self.bale_proxy)
        passwords = {form for address in addresses if address for form in _passwords(address)}
        return [*whole, *(part for secret in whole for part in _parts(secret)), *sorted(passwords)]


def renew_kept_key() -> None:
    """Put a new key in the place of the one under data/; that one is kept among the former keys, first of
    all, so that a crash in between loses nothing. Raises BadSettingError."""
    former = _kept_key(KEY_FILE)
    try:
        with open(os.open(FORMER_KEYS_FILE, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a") as file:
            file.write(former + "\n")
            file.flush()
            os.fsync(file.fileno())
        give_to_owner_of(KEY_FILE, FORMER_KEYS_FILE)
        fresh = KEY_FILE.with_name(KEY_FILE.name + ".new")
        fresh.unlink(missing_ok=True)
        _kept_key(fresh)
        give_to_owner_of(KEY_FILE, fresh)
        fresh.replace(KEY_FILE)
    except OSError as error:
        raise BadSettingError(f"SECRET_KEY: {KEY_FILE} cannot be replaced ({error.strerror})") from None


def check_encoding(file: Path) -> None:
    """Raises BadSettingError where the file of settings is not in UTF-8."""
    try:
        data = file.read_bytes() if file.is_file() else b""
    except OSError as error:
        raise BadSettingError(f"{file}: cannot be read ({error.strerror})") from None
    if b"\0" in data:
        raise BadSettingError(f"{file}: is not in UTF-8 but, it seems, in UTF-16; save it as UTF-8")
    try:
        data.decode()
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise BadSettingError(
            f"{file}: line {line} is not in UTF-8 but, it seems, in Windows-1256; save the file as UTF-8"
        ) from None


def _split(address: str) -> SplitResult:
    """Raises ValueError that quotes nothing of the address, as the library's own errors do."""
    try:
        parts = urlsplit(address)
        _ = parts.port, parts.hostname
    except ValueError:
        raise ValueError("is not a valid address; percent-encode the signs in its password") from None
    return parts


def _passwords(address: str) -> set[str]:
    """The password in an address, in every form in which it may be quoted."""
    from storage.database.url import parse

    passwords = set(_PASSWORD.findall(address))
    if address.startswith("postgres") and (known := parse(address).password) is not None:
        passwords.add(str(known))
    return {
        form for password in passwords for form in (password, unquote(password), quote(password, safe=""))
    } - {""}


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _host_and_port(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)


def _overlap(one: tuple[str, int], other: tuple[str, int]) -> bool:
    """Whether two addresses cannot both be listened on."""
    everywhere = {"", "0.0.0.0", "::"}  # noqa: S104  as the settings may say
    same = one[0] == other[0] or bool(everywhere & {one[0], other[0]})
    return same and one[1] == other[1] != 0


def _kept_key(path: Path) -> str:
    make_folder(path.parent)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        key = path.read_bytes().decode("ascii", errors="ignore").strip()
        if len(key) < KEY_BYTES:
            raise BadSettingError(
                f"SECRET_KEY: {path} is damaged; put back the copy that you keep elsewhere (no backup holds it)"
            ) from None
        return key
    key = secrets.token_hex(KEY_BYTES)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(key + "\n")
        file.flush()
        os.fsync(file.fileno())
    give_to_owner_of(path.parent, path)
    return key


def _one_line(error: ValidationError) -> str:
    """The first mistake. The value itself is not repeated: it may be a secret."""
    first = error.errors(include_input=False, include_url=False)[0]
    words = first["msg"].removeprefix("Value error, ")
    name = str(first["loc"][0]).upper() if first["loc"] else ""
    return f"{name}: {words}" if name else words
