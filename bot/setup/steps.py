"""What `bot.py setup` asks, in its order: settings that are tried together are one step."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from bot.config.settings import Settings
from bot.doctor.finding import Finding
from bot.setup import checks

Values = Mapping[str, str]


def _always(values: Values) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Question:
    """One setting, by its name."""

    name: str
    words: str
    #: Neither what is typed nor what stands is shown.
    secret: bool = False
    #: Whether it is asked, by what was answered before.
    asked: Callable[[Values], bool] = _always


@dataclass(frozen=True, slots=True)
class Step:
    questions: tuple[Question, ...]
    #: None: nothing is set here, and nothing need be.
    check: Callable[[Settings], Awaitable[Finding | None]]


def _any(*names: str) -> Callable[[Values], bool]:
    return lambda values: any(values.get(name) for name in names)


def _is(name: str, *wanted: str, default: str) -> Callable[[Values], bool]:
    return lambda values: values.get(name, default) in wanted


def _in_bucket(values: Values) -> bool:
    return values.get("FILES_URL", "").startswith("s3://")


def _on_server(values: Values) -> bool:
    return values.get("DATABASE_URL", "").startswith("postgres")


STEPS = (
    Step(
        (
            Question("TELEGRAM_TOKEN", "token from Telegram's @BotFather (empty: no Telegram)", secret=True),
            Question(
                "TELEGRAM_PROXY",
                "proxy for Telegram, http:// or socks5:// (empty: none)",
                secret=True,
                asked=_any("TELEGRAM_TOKEN"),
            ),
        ),
        checks.telegram,
    ),
    Step(
        (
            Question("BALE_TOKEN", "token from Bale's @botfather (empty: no Bale)", secret=True),
            Question("BALE_PROXY", "proxy for Bale (empty: none)", secret=True, asked=_any("BALE_TOKEN")),
        ),
        checks.bale,
    ),
    Step(
        (Question("PUBLIC_URL", "address that people's browsers open for the pay page, https://…"),),
        checks.public_url,
    ),
    Step(
        (
            Question(
                "SUPPORT_CONTACT", "where people get help: a phone number with its hours, a link, an e-mail"
            ),
        ),
        checks.support_contact,
    ),
    Step(
        (
            Question("FILES_URL", "folder of the documents, or s3://bucket/prefix (empty: data/files)"),
            Question("S3_ENDPOINT", "address of the S3 store (empty: Amazon's)", asked=_in_bucket),
            Question("S3_REGION", "its region (empty: us-east-1)", asked=_in_bucket),
            Question("S3_ACCESS_KEY_ID", "its access key", secret=True, asked=_in_bucket),
            Question("S3_SECRET_ACCESS_KEY", "its secret key", secret=True, asked=_in_bucket),
        ),
        checks.files,
    ),
    Step(
        (
            Question(
                "DATABASE_URL",
                "database, postgresql://user@host/name (empty: SQLite under data/)",
                secret=True,
            ),
            Question(
                "DATABASE_PASSWORD",
                "its password (empty: it stands in the address)",
                secret=True,
                asked=_on_server,
            ),
        ),
        checks.database,
    ),
    Step(
        (
            Question("PAYMENT_GATEWAY", "payment gateway, zarinpal or zibal (empty: zarinpal)"),
            Question(
                "ZARINPAL_MERCHANT_ID",
                "merchant at Zarinpal",
                secret=True,
                asked=_is("PAYMENT_GATEWAY", "zarinpal", default="zarinpal"),
            ),
            Question(
                "ZIBAL_MERCHANT_ID",
                "merchant at Zibal",
                secret=True,
                asked=_is("PAYMENT_GATEWAY", "zibal", default="zarinpal"),
            ),
        ),
        checks.gateway,
    ),
    Step(
        (
            Question(
                "SMS_GATEWAY", "SMS provider, kavenegar or console (only written to the log; empty: console)"
            ),
            Question(
                "KAVENEGAR_API_KEY",
                "API key at Kavenegar",
                secret=True,
                asked=_is("SMS_GATEWAY", "kavenegar", default="console"),
            ),
            Question(
                "KAVENEGAR_SENDER",
                "line to send from (empty: the account's default)",
                asked=_is("SMS_GATEWAY", "kavenegar", default="console"),
            ),
        ),
        checks.sms,
    ),
)
