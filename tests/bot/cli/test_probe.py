"""`bot.py probe`: what is tried by which options, and where the report goes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.config.settings import MessengerSettings, Settings
from bot.probe import automatic, bot_api, gateway, messenger, person, sms
from tests.support.commands import Ended, run

KEYS = {
    "TELEGRAM_TOKEN": "1:telegram",
    "ZARINPAL_MERCHANT_ID": "merchant",
    "SMS_GATEWAY": "kavenegar",
    "KAVENEGAR_API_KEY": "secret-key",
}


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the probe of a messenger is asked for."""
    found: dict[str, Any] = {}

    class Api:
        def __init__(self, given: MessengerSettings) -> None:
            found["token"] = given.token

        async def __aenter__(self) -> Api:
            return self

        async def __aexit__(self, *error: Any) -> None:
            found["closed"] = True

    class Facts:
        def settle(self, name: str, what: str) -> None:
            found["settled"].append(name)

    class Probe:
        wait = -1.0
        facts = Facts()

        async def run(self, steps: list[Any]) -> None:
            found["steps"], found["wait"] = [step.__name__ for step in steps], self.wait

    async def begin(kind: Any, api: Any, chat: int, report: Any) -> Probe:
        found.update(kind=kind.value, chat=chat, settled=[], private=report.private)
        return Probe()

    monkeypatch.setattr(bot_api, "BotApi", Api)
    monkeypatch.setattr(messenger, "begin", begin)
    return found


def probe(folder: Path, *arguments: str, **settings: str) -> Ended:
    return run(folder, "probe", *arguments, "--report", "r.md", **KEYS | settings)


AUTOMATIC = [step.__name__ for step in automatic.AUTOMATIC]
BY_HAND = [step.__name__ for step in person.BY_HAND]


@pytest.mark.parametrize(
    ("options", "steps", "wait"),
    [
        ([], [*AUTOMATIC, *BY_HAND, "block"], 120.0),
        (["--wait", "0"], AUTOMATIC, 0.0),
        (["--wait", "0", "--flood"], [*AUTOMATIC, "flood"], 0.0),
        (["--wait", "0", "--large"], [*AUTOMATIC, "large"], 0.0),
        (["--wait", "2", "--large", "--flood"], [*AUTOMATIC, "large", *BY_HAND, "flood", "block"], 2.0),
    ],
)
def test_what_is_tried(
    options: list[str], steps: list[str], wait: float, tried: dict[str, Any], tmp_path: Path
) -> None:
    told = probe(tmp_path, "telegram", "--chat", "5", *options)
    assert (told.status, told.err) == (0, "")
    assert told.out == "0 as expected, 0 differ, 0 not seen; the report is r.md\n"
    assert (tried["kind"], tried["chat"], tried["token"], tried["closed"]) == (
        "telegram",
        5,
        "1:telegram",
        True,
    )
    assert (tried["steps"], tried["wait"]) == (steps, wait)
    assert tried["settled"] == ["file_unique_id", *(["chat_instance"] if wait else [])]
    assert tried["private"][-2:] == ("1:telegram", "5")
    assert (tmp_path / "r.md").read_text().startswith("# Probe of telegram, ")


def test_the_gateway_and_the_provider(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    async def probe_gateway(settings: Settings, report: Any, *, wait: float) -> None:
        asked.append(("gateway", wait))
        report.add("x", "y", "z", ok=False)

    async def probe_sms(settings: Settings, report: Any, mobile: str, *, wait: float) -> None:
        asked.append((mobile, wait, report.private[-2:]))

    monkeypatch.setattr(gateway, "probe_gateway", probe_gateway)
    monkeypatch.setattr(sms, "probe_sms", probe_sms)
    told = probe(tmp_path, "gateway", "--wait", "3")
    assert told.status == 1
    assert told.out == "✗ x: z (expected: y)\n0 as expected, 1 differ, 0 not seen; the report is r.md\n"
    assert (tmp_path / "r.md").read_text().startswith("# Probe of gateway (zarinpal), ")
    told = probe(tmp_path, "sms", "--mobile", "09121234567")
    assert told.status == 0
    assert (tmp_path / "r.md").read_text().startswith("# Probe of sms (kavenegar), ")
    assert asked == [("gateway", 3.0), ("+989121234567", 120.0, ("+989121234567", "9121234567"))]


@pytest.mark.parametrize(
    ("arguments", "settings", "words"),
    [
        (["telegram"], {}, "--chat: name the tester's chat, who has started the bot"),
        (["bale", "--chat", "5"], {}, "BALE_TOKEN: must be set"),
        (["gateway"], {"PAYMENT_GATEWAY": "zibal"}, "ZIBAL_MERCHANT_ID: must be set"),
        (["sms"], {}, "--mobile: name a number of your own"),
        (
            ["sms", "--mobile", "1"],
            {},
            "--mobile: is not a mobile number; write it with its eleven digits, 09…",
        ),
        (
            ["sms", "--mobile", "09121234567"],
            {"SMS_GATEWAY": "console"},
            "SMS_GATEWAY: must be kavenegar, with KAVENEGAR_API_KEY, to be tried",
        ),
        (
            ["sms", "--mobile", "09121234567"],
            {"KAVENEGAR_API_KEY": ""},
            "SMS_GATEWAY: must be kavenegar, with KAVENEGAR_API_KEY, to be tried",
        ),
    ],
)
def test_what_cannot_be_tried(
    arguments: list[str], settings: dict[str, str], words: str, tried: dict[str, Any], tmp_path: Path
) -> None:
    told = probe(tmp_path, *arguments, **settings)
    assert (told.status, told.out, told.err) == (2, "", f"{words}\n")
    assert list(tmp_path.iterdir()) == []


def test_a_report_of_its_own_name(tried: dict[str, Any], tmp_path: Path) -> None:
    run(tmp_path, "probe", "telegram", "--chat", "5", "--wait", "0", **KEYS)
    (path,) = (tmp_path / "data").iterdir()
    assert path.name.startswith("probe-telegram-20")
    assert path.suffix == ".md"
