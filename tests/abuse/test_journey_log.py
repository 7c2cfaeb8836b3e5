"""The log of whole journeys, at its most talkative, names no person and no secret."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import unquote

import pytest
from sqlmodel import Session, create_engine, select

from demo.emulators import Emulators
from storage.tables import Account, PaymentAttempt, QualificationRequest
from tests.journeys.plays import PLAYS, Scene
from tests.support.bot_process import SECRET_KEY, Stage

_ASCII = str.maketrans("۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩", "01234567890123456789")


@pytest.mark.parametrize(
    ("number", "form", "messenger"), [("J2", "console", "bale"), ("J6", "json", "telegram")]
)
async def test_a_journeys_log_holds_nothing_secret(
    number: str, form: str, messenger: str, sqlite_url: str, tmp_path: Path
) -> None:
    town = await Emulators.start()
    stage = Stage(town, tmp_path, sqlite_url, {"LOG_LEVEL": "DEBUG", "LOG_FORMAT": form})
    here, there = town.messengers if messenger == "telegram" else reversed(town.messengers)
    try:
        await stage.start()
        await next(one for one in PLAYS if one.number == number).act(Scene(stage, here, there))
    finally:
        await stage.close()
    secrets = _secrets(sqlite_url) | {
        value: name
        for name, value in town.env().items()
        if name.endswith(("TOKEN", "KEY", "ID")) and value != "zibal"
    }
    secrets |= {SECRET_KEY: "SECRET_KEY"}
    secrets |= dict.fromkeys(re.findall(r"رمز عبور: (\S{8,})", str(town.transcript)), "password")
    assert {"national code", "mobile", "user code", "password", "TELEGRAM_TOKEN", "KAVENEGAR_API_KEY"} <= set(
        secrets.values()
    )
    lines = stage.log.read_text().splitlines()
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


def _secrets(url: str) -> dict[str, str]:
    """What the database knows of people, and where they pay."""
    engine = create_engine(url)
    with Session(engine) as db:
        found = dict[str, str]()
        for account in db.exec(select(Account)):
            found |= {account.national_code: "national code"} if account.national_code else {}
            found |= {account.mobile.removeprefix("+98"): "mobile"} if account.mobile else {}
            found |= {account.password_hash: "hash"}
            found |= {account.user_code: "user code"}
        for request in db.exec(select(QualificationRequest)):
            found |= {request.pay_token: "pay token"} if request.pay_token else {}
        for attempt in db.exec(select(PaymentAttempt)):
            found |= {attempt.ref: "authority"} if attempt.ref else {}
    engine.dispose()
    return found
