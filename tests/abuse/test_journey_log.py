"""The log of whole journeys, at its most talkative, names no person and no secret."""

import json
import re
from pathlib import Path
from urllib.parse import unquote

import pytest
from sqlmodel import Session, select

from storage.tables import Account, PaymentAttempt, QualificationRequest
from tests.journeys.qualification import JourneySetup, find_journey
from tests.support.bot_process import SECRET_KEY, bot_process

_ASCII = str.maketrans("۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩", "01234567890123456789")


@pytest.mark.parametrize(
    ("number", "form", "messenger"), [("J2", "console", "bale"), ("J6", "json", "telegram")]
)
async def test_a_journeys_log_holds_nothing_secret(
    number: str, form: str, messenger: str, sqlite_url: str, tmp_path: Path
) -> None:
    env = {"LOG_LEVEL": "DEBUG", "LOG_FORMAT": form}
    async with bot_process(tmp_path, sqlite_url, env) as bot:
        await find_journey(number).act(JourneySetup.on(bot, messenger))
        secrets = await bot.read(_secrets)
    secrets |= {
        value: name
        for name, value in bot.emulators.env().items()
        if name.endswith(("TOKEN", "KEY", "ID")) and value != "zibal"
    }
    secrets |= {SECRET_KEY: "SECRET_KEY"}
    secrets |= dict.fromkeys(re.findall(r"رمز عبور: (\S{8,})", str(bot.emulators.transcript)), "password")
    assert {"national code", "mobile", "user code", "password", "TELEGRAM_TOKEN", "KAVENEGAR_API_KEY"} <= set(
        secrets.values()
    )
    lines = bot.logs.splitlines()
    assert len(lines) > 5, "the log says nothing"
    if form == "json":
        assert all(json.loads(line)["level"] for line in lines)
    told = [
        (what, line[:300])
        for line in lines
        for secret, what in secrets.items()
        if secret in unquote(line).translate(_ASCII) or secret in line
    ]
    assert not told, told[:10]


def _secrets(db: Session) -> dict[str, str]:
    """What the database knows of people, and where they pay."""
    found = dict[str | None, str]()
    for account in db.exec(select(Account)):
        mobile = account.mobile.removeprefix("+98") if account.mobile else None
        found |= {account.national_code: "national code", mobile: "mobile"}
        found |= {account.password_hash: "hash", account.user_code: "user code"}
    found |= {request.pay_token: "pay token" for request in db.exec(select(QualificationRequest))}
    found |= {attempt.ref: "authority" for attempt in db.exec(select(PaymentAttempt))}
    return {secret: name for secret, name in found.items() if secret}
