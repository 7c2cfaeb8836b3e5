"""One id leads through the logs from an update, or the bank's return, to the pushes it caused, whichever process sent them."""

import json
import subprocess
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from demo.emulators import Emulators
from storage.enums import Messenger, PushState
from storage.tables import InboxUpdate, Push
from tests.journeys.qualification import JourneySetup
from tests.support.bot_process import BotProcess
from tests.support.journey_steps import approve, click_to_bank, come_back, submit

pytestmark = pytest.mark.campaign


@pytest.mark.parametrize(
    ("database_url", "processes"),
    [("sqlite", 1), ("postgres", 1), ("postgres", 2)],
    indirect=["database_url"],
)
async def test_from_a_press_to_the_push_of_another(database_url: str, processes: int, tmp_path: Path) -> None:
    """With two processes each has one messenger: who takes the expert's press cannot send the officer's push."""
    async with await Emulators.start() as emulators:
        bots = gather(emulators, tmp_path, database_url, processes)
        try:
            for one in bots:
                await one.start()
            await act(emulators, bots)
        finally:
            assert [await one.stop() for one in bots if one.process is not None] == [0] * processes

    logs = [[json.loads(line) for line in bot.logs.splitlines()] for bot in bots]
    pushes = await bots[0].read(lambda db: list(db.exec(select(Push))))
    updates = await bots[0].read(lambda db: list(db.exec(select(InboxUpdate))))
    approval = the_push(pushes, "پرداخت کنید")
    paid = the_push(pushes, "🎉")

    press = next(one for one in updates if f"update:{one.id}" == approval.correlation_id)
    assert press.messenger is Messenger.TELEGRAM
    # The push may be there before the answer to the press, which is on its way to another chat.
    way = {line["event"]: line for line in lines(logs, approval.correlation_id)}
    assert way.keys() == {"update done", "push sent"}
    done, sent = way["update done"], way["push sent"]
    assert done["update_id"] == press.update_id
    assert done["asked"] == "desk.approve_do"
    assert (sent["push"], sent["channel"]) == (approval.id, "bale")
    by = [any(approval.correlation_id == line.get("correlation_id") for line in log) for log in logs]
    assert by == [True] * processes, "each process has its part of the way"
    # What an operator types.
    grep = ["grep", "-hw", str(approval.correlation_id), *(str(one.log) for one in bots)]
    assert len(subprocess.run(grep, capture_output=True, check=True).stdout.splitlines()) == 2

    assert (paid.correlation_id or "").startswith("web:")
    told = lines(logs, paid.correlation_id)
    (settled,) = [line for line in told if line["event"].endswith("PAID")]
    told.remove(settled)
    # The pay button of the message before is taken off two seconds later, where the bot still runs then.
    caused = {one.id for one in pushes if one.correlation_id == paid.correlation_id}
    assert ("push sent", paid.id) in [(line["event"], line["push"]) for line in told]
    assert {line["push"] for line in told} <= caused

    # One line an update and one a push, no more.
    events = Counter(line["event"] for log in logs for line in log)
    assert events["update done"] == len(updates)
    assert events["push sent"] == sum(one.state is PushState.SENT for one in pushes)
    assert events["push skipped"] == sum(one.state is PushState.SKIPPED for one in pushes)
    assert all(one.correlation_id for one in pushes)


def gather(emulators: Emulators, folder: Path, database_url: str, processes: int) -> list[BotProcess]:
    files = {"FILES_URL": str(folder / "files")}
    if processes == 1:
        return [BotProcess(emulators, folder, database_url, files)]
    bots = []
    for others in ("BALE_TOKEN", "TELEGRAM_TOKEN"):
        place = folder / f"without {others}"
        place.mkdir()
        bots.append(BotProcess(emulators, place, database_url, files | {others: ""}))
    return bots


async def act(emulators: Emulators, bots: Sequence[BotProcess]) -> None:
    """An officer on Bale, an expert on Telegram: approval, payment, return."""
    setup = JourneySetup(bots[-1], emulators.bale, emulators.telegram)
    await setup.tariff()
    sara = await setup.officer_at_summary()
    expert = await JourneySetup(bots[-1], emulators.telegram, emulators.bale).expert()
    await submit(sara)
    await approve(expert.person, "سارا")
    url = (await sara.sees("پرداخت کنید")).url("پرداخت")
    await click_to_bank(url)
    await come_back(emulators.bank.pay(emulators.bank.last.ref))
    await sara.sees("🎉 پرداخت انجام شد")


def the_push(pushes: Sequence[Push], words: str) -> Push:
    return next(push for push in pushes if words in push.text)


def lines(logs: Sequence[Sequence[dict[str, Any]]], correlation_id: str | None) -> list[dict[str, Any]]:
    assert correlation_id is not None
    return [line for log in logs for line in log if line.get("correlation_id") == correlation_id]
