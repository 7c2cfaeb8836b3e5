"""`bot.py probe` against the emulators: as they are, all is as expected; where one behaves otherwise, the report names the fact."""

import asyncio
import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.probe import messenger as probing
from bot.probe import person
from bot.probe import sms as sms_probing
from bot.probe.report import Report, shape
from demo.bank.ledger import PaymentState
from demo.botapi.quirks import Quirks
from demo.emulators import EmulatedMessenger, Emulators
from demo.person import Person
from tests.bot.probe.conftest import obedient
from tests.support.commands import NOWHERE, Ended, run, run_beside
from tests.support.kept_screens import compare

MOBILE = "09121234567"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probing, "COLLECT", 0.5)
    monkeypatch.setattr(sms_probing, "PAUSE", 0.05)
    monkeypatch.setattr(person, "PAUSE", 0.2)


def one_of(emulators: Emulators, kind: str) -> EmulatedMessenger:
    return emulators.telegram if kind == "telegram" else emulators.bale


@pytest.fixture(params=["telegram", "bale"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


async def tester(emulators: Emulators, kind: str) -> Person:
    sara = one_of(emulators, kind).person("سارا", "کریمی", phone=MOBILE)
    await sara.start()
    return sara


async def probe(folder: Path, emulators: Emulators, *arguments: str, **settings: str) -> Ended:
    options = ("--report", "report.md")
    return await run_beside(folder, "probe", *arguments, *options, **(emulators.env() | settings))


async def messenger(folder: Path, emulators: Emulators, sara: Person, *options: str) -> Ended:
    kind = sara.state.kind
    return await probe(folder, emulators, kind, "--chat", str(sara.user.id), *options)


def compare_report(name: str, done: Ended, folder: Path) -> None:
    """All that the command says, and its report but for the shapes, of which the names."""
    findings, _, shapes = (folder / "report.md").read_text().partition("## Shapes")
    names = [line.partition(": ")[0] for line in shapes.splitlines() if ": " in line]
    lines = [*done.out.splitlines(), "", *findings.splitlines(), *names]
    varying = ((r"\d{4}-\d\d-\d\d \d\d:\d\d", "DAY"), (r"after \d+ messages", "after N messages"))
    for pattern, name_of_it in varying:
        lines = [re.sub(pattern, name_of_it, line) for line in lines]
    compare(Path(__file__).parent / "reports" / f"{name}.txt", lines)


def differing(folder: Path) -> set[str]:
    """Facts that the report says to correct."""
    part = (folder / "report.md").read_text().partition("To correct in")[2].partition("## Shapes")[0]
    return set(re.findall(r"^- `\w+\.(\w+)`: ", part, re.MULTILINE))


async def test_without_a_person_all_is_as_expected(kind: str, emulators: Emulators, tmp_path: Path) -> None:
    sara = await tester(emulators, kind)
    done = await messenger(tmp_path, emulators, sara, "--wait", "0")
    assert done.status == 0, done.out
    assert "0 differ, 0 not seen; the report is report.md" in done.out
    report = (tmp_path / "report.md").read_text()
    for private in (
        one_of(emulators, kind).token,
        str(sara.user.id),
        "سارا",
        "کریمی",
        "technical_officer_bot",
    ):
        assert private not in report + done.out
    assert "'message_id': 'int'" in report
    assert done.err == ""
    compare_report(f"{kind}-as-expected", done, tmp_path)


#: Each fact, otherwise than the table has it.
OTHERWISE: dict[str, dict[str, Any]] = {
    "telegram": {
        "file_unique_id": "sometimes",
        "chat_photo": "null",
        "message_photo": "null",
        "dates": "milliseconds",
        "edit_answer": "stub",
        "edit_same": "taken",
        "webhook_info": "url",
        "wrong_token": 404,
        "unknown_chat": 404,
        "unknown_method": 405,
        "unknown_parameters": "refused",
        "json_file_id": "refused",
        "download_by_id": True,
        "descriptions": False,
        "flood_forms": ("text",),
    },
    "bale": {
        "chat_photo": "absent",
        "message_photo": "null",
        "dates": "milliseconds",
        "edit_answer": "message",
        "edit_same": "refused",
        "webhook_info": "full",
        "error_status": "200",
        "wrong_token": 401,
        "unknown_chat": 400,
        "unknown_method": 400,
        "json_file_id": "taken",
        "download_by_id": False,
        "descriptions": True,
    },
}
#: Seen only where a person does something.
BY_HAND: dict[str, dict[str, Any]] = {
    "telegram": {
        "chat_instance": "sometimes",
        "media_details": False,
        "command_entities": False,
        "contact_user_id": False,
        "contact_number": "98",
        "forwards": "forward_from",
        "blocked": 400,
    },
    "bale": {
        "media_details": True,
        "command_entities": False,
        "contact_user_id": False,
        "contact_number": "+98",
        "forwards": "forward_origin",
        "blocked": 400,
    },
}


def test_every_fact_is_tried() -> None:
    tried = {name for table in (OTHERWISE, BY_HAND) for facts in table.values() for name in facts}
    # Who is called old by the digits of a press is not known of a client that is new.
    assert tried == {field.name for field in fields(Quirks)} - {"callback_digits"}


async def test_a_messenger_that_behaves_otherwise_is_reported(
    kind: str, emulators: Emulators, tmp_path: Path
) -> None:
    sara = await tester(emulators, kind)
    server = one_of(emulators, kind).server
    forms = OTHERWISE[kind].get("flood_forms")
    if forms:
        server.limits[server.state.bots[one_of(emulators, kind).token].token].forms = forms
    server.behave(**{name: value for name, value in OTHERWISE[kind].items() if name != "flood_forms"})
    done = await messenger(tmp_path, emulators, sara, "--wait", "0")
    assert done.status == 1
    assert OTHERWISE[kind].keys() - {"flood_forms"} == differing(tmp_path), done.out
    compare_report(f"{kind}-otherwise", done, tmp_path)


async def test_the_form_of_the_refusal_of_a_flood(kind: str, emulators: Emulators, tmp_path: Path) -> None:
    sara = await tester(emulators, kind)
    done = await messenger(tmp_path, emulators, sara, "--wait", "0", "--flood")
    assert done.status == 0, done.out
    compare_report(f"{kind}-flood", done, tmp_path)


@pytest.mark.campaign
async def test_with_a_person_all_is_as_expected(kind: str, emulators: Emulators, tmp_path: Path) -> None:
    sara = await tester(emulators, kind)
    async with obedient(sara):
        done = await messenger(tmp_path, emulators, sara, "--wait", "90", "--large")
    assert done.status == 0, done.out
    report = (tmp_path / "report.md").read_text()
    assert not [word for word in ("سارا", str(sara.user.id), "9121234567", "9351234567") if word in report]


@pytest.mark.campaign
async def test_what_a_person_sends_otherwise_is_reported(
    kind: str, emulators: Emulators, tmp_path: Path
) -> None:
    sara = await tester(emulators, kind)
    one_of(emulators, kind).server.behave(**BY_HAND[kind])
    async with obedient(sara):
        done = await messenger(tmp_path, emulators, sara, "--wait", "90")
    assert done.status == 1
    assert BY_HAND[kind].keys() == differing(tmp_path), done.out


@pytest.mark.campaign
async def test_what_nobody_did_is_not_seen(emulators: Emulators, tmp_path: Path) -> None:
    sara = await tester(emulators, "telegram")
    done = await messenger(tmp_path, emulators, sara, "--wait", "0.2")
    assert done.status == 1
    assert "0 differ, 12 not seen" in done.out
    assert "– a sticker: nobody did it in time (expected: an update)" in done.out


async def test_updates_of_others_are_not_taken_away(emulators: Emulators, tmp_path: Path) -> None:
    sara = await tester(emulators, "telegram")
    await emulators.telegram.person("علی").type("سلام")
    waiting = emulators.telegram.server.pending()
    told = await messenger(tmp_path, emulators, sara, "--wait", "0")
    assert told.status == 2
    assert "somebody else writes to this bot" in told.err
    assert emulators.telegram.server.pending() == waiting
    assert not (tmp_path / "report.md").exists()


async def test_a_bot_that_has_a_webhook_is_left_alone(emulators: Emulators, tmp_path: Path) -> None:
    sara = await tester(emulators, "telegram")
    async with httpx.AsyncClient(trust_env=False, timeout=90) as client:
        root = f"{emulators.telegram.server.url}/bot{emulators.telegram.token}"
        await client.post(f"{root}/setWebhook", json={"url": "https://other.example.ir/hook"})
    told = await messenger(tmp_path, emulators, sara, "--wait", "0")
    assert (told.status, told.out) == (2, "")
    assert told.err.startswith("TELEGRAM_TOKEN: a webhook is set; stop the bot")


async def test_what_is_missing_is_one_line(emulators: Emulators, tmp_path: Path) -> None:
    for arguments, settings, words in (
        (("telegram", "--chat", "1"), {"TELEGRAM_TOKEN": ""}, "TELEGRAM_TOKEN: must be set"),
        (("telegram",), {}, "--chat: name the tester's chat"),
        (("telegram", "--chat", "1"), {"TELEGRAM_API_URL": NOWHERE}, "TELEGRAM_API_URL: does not answer"),
        (("bale", "--chat", "1"), {"BALE_TOKEN": "22:" + "x" * 40}, "BALE_TOKEN: is refused (403"),
        (("sms",), {}, "--mobile: name a number of your own"),
        (("sms", "--mobile", "12"), {}, "--mobile: is not a mobile number"),
        (("sms", "--mobile", MOBILE), {"SMS_GATEWAY": "console"}, "SMS_GATEWAY: must be kavenegar"),
        (("gateway",), {"ZARINPAL_MERCHANT_ID": ""}, "ZARINPAL_MERCHANT_ID: must be set"),
    ):
        told = await probe(tmp_path, emulators, *arguments, **settings)
        assert (told.status, told.out) == (2, ""), told
        assert told.err.startswith(words)
        assert told.err.count("\n") == 1


@pytest.mark.parametrize("name", ["zarinpal", "zibal"])
async def test_the_payment_gateway(name: str, emulators: Emulators, tmp_path: Path) -> None:
    bank = emulators.bank

    async def pays() -> None:
        while not bank.payments:
            await asyncio.sleep(0.05)
        await asyncio.sleep(1)
        bank.pay(bank.last.ref)

    payer = asyncio.create_task(pays())
    done = await probe(tmp_path, emulators, "gateway", "--wait", "90", PAYMENT_GATEWAY=name)
    await payer
    assert done.status == 0, done.out
    assert bank.last.stand is PaymentState.VERIFIED
    report = (tmp_path / "report.md").read_text()
    assert bank.last.ref not in report
    assert emulators.env()["ZARINPAL_MERCHANT_ID"] not in report + done.out


@pytest.mark.campaign
async def test_a_gateway_that_behaves_otherwise_is_reported(
    emulators: Emulators, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = await probe(tmp_path, emulators, "gateway", "--wait", "0", ZARINPAL_MERCHANT_ID="mistyped")
    assert done.status == 1
    assert "✗ the merchant: refused with -9" in done.out
    emulators.bank.faults.no_inquiry = True
    done = await probe(tmp_path, emulators, "gateway", "--wait", "0")
    assert done.status == 1
    assert "✗ inquiry before it is paid: unknown (expected: pending)" in done.out
    emulators.bank.faults.no_inquiry = False
    done = await probe(tmp_path, emulators, "gateway", "--wait", "0.3")
    assert "– a payment that somebody made: pending after 0 s" in done.out


async def test_the_sms_provider(emulators: Emulators, tmp_path: Path) -> None:
    settings = {"KAVENEGAR_TEMPLATES": "termination=officer-end"}
    done = await probe(tmp_path, emulators, "sms", "--mobile", MOBILE, "--wait", "2", **settings)
    assert done.status == 0, done.out
    assert [sms.template for sms in emulators.sms.inbox(MOBILE)] == [None, "officer-end"]
    report = (tmp_path / "report.md").read_text()
    assert not [word for word in (MOBILE, "9121234567", emulators.sms.key) if word in report + done.out]
    emulators.sms.next_status = 11
    done = await probe(tmp_path, emulators, "sms", "--mobile", MOBILE, "--wait", "1")
    assert done.status == 1
    assert "✗ what became of it: FAILED (expected: DELIVERED)" in done.out
    emulators.sms.fail(code=418)
    done = await probe(tmp_path, emulators, "sms", "--mobile", MOBILE, "--wait", "1")
    assert done.status == 1


def test_a_report_holds_kinds_and_no_values() -> None:
    message = {
        "text": "محرمانه",
        "chat": {"id": 5, "type": "private"},
        "entities": [{"type": "x", "offset": 0}],
    }
    assert shape(message) == {
        "text": "str",
        "chat": {"id": "int", "type": "private"},
        "entities": [{"type": "x", "offset": 0}],
    }
    report = Report("x", private=("abc:def",))
    assert report.clean("token abc:def of 123456789\nand ۹۱۲۱۲۳۴۵۶۷") == "token ‹…› of ‹number› and ‹mobile›"


async def test_where_the_report_goes(emulators: Emulators, tmp_path: Path) -> None:
    done = await run_beside(tmp_path, "probe", "sms", "--mobile", MOBILE, "--wait", "0", **emulators.env())
    (written,) = (tmp_path / "data").glob("probe-sms-*.md")
    assert f"the report is data/{written.name}" in done.out
    told = await run_beside(tmp_path, "probe", "gateway", "--report", "nowhere/report.md", **emulators.env())
    assert (told.status, told.out) == (2, "")
    assert told.err == "--report: the folder nowhere cannot be written; name another\n"


def test_the_settings_are_asked_for(tmp_path: Path) -> None:
    told = run(tmp_path, "probe", "telegram", "--chat", "1")
    assert told.err == "TELEGRAM_TOKEN: must be set\n"
