"""The emulators are held to others' clients: bots by aiogram, python-telegram-bot, python-bale-bot and Balethon, and Kavenegar's own SDK,
written as their manuals have it, must work against them as against the real servers. They live in an environment of their own (see
`clients/requirements.lock`): aiogram wants an older pydantic than the product, python-bale-bot an older aiohttp."""

import asyncio
import fcntl
import json
import os
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from demo.emulators import EmulatedMessenger, Emulators
from demo.person import Person
from tests.demo.conftest import picture
from tests.support.commands import PROJECT

pytestmark = pytest.mark.campaign

CLIENTS = Path(__file__).parent / "clients"
#: What a library sends that its messenger does not know, and that the real server lets pass.
HABITS = {"bale: getUpdates: unknown parameters: allowed_updates"}


@pytest.fixture(scope="session")
def python() -> str:
    """The interpreter of the clients' environment, made where it is not there yet."""
    folder = PROJECT / "build"
    folder.mkdir(exist_ok=True)
    with (folder / "clients.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # workers share it
        done = subprocess.run(
            ["make", "-s", "build/clients/.ready"], cwd=PROJECT, capture_output=True, text=True
        )
    assert done.returncode == 0, done.stderr
    return str(folder / "clients" / "bin" / "python")


@asynccontextmanager
async def running(
    python: str, script: str, messenger: EmulatedMessenger, folder: Path
) -> AsyncIterator[Path]:
    """A bot of one library; yields what it prints."""
    env = {"PATH": os.environ["PATH"], "TOKEN": messenger.token, "API_URL": messenger.server.url}
    env |= {"BALE": "1" if messenger.kind == "bale" else "", "PYTHONUNBUFFERED": "1", "NO_PROXY": "*"}
    log = folder / "client.log"
    with log.open("wb") as out:
        process = await asyncio.create_subprocess_exec(
            python, str(CLIENTS / script), env=env, cwd=folder, stdout=out, stderr=out
        )
        try:
            yield log
            assert process.returncode is None, log.read_text()
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()


async def play(sara: Person) -> None:
    """All that each of these bots can do."""
    await sara.start()
    await sara.sees("سلام سارا")
    await sara.tap("بله")
    await sara.sees("پاسخ: yes")
    assert "سلام سارا" not in [one.text for one in sara.new()]
    await sara.type("حالم خوب است")
    await sara.sees("گفتید: حالم خوب است")
    await sara.type("شماره")
    await sara.sees("شماره؟")
    await sara.share()
    await sara.sees("شماره 989121234567 True")
    content = b"%PDF-1.4\n" + os.urandom(3000)
    await sara.send_file("گواهی.pdf", content)
    copy = await sara.sees("3009")
    stored = sara.conversation.messages[copy.id].document
    assert stored is not None
    assert stored.content == content
    await sara.send_photo(picture())
    back = await sara.sees("عکس")
    assert sara.conversation.messages[back.id].photo
    mine = await sara.type("یک")
    await sara.sees("گفتید: یک")
    await sara.edit(mine, "دو")
    await sara.sees("اکنون: دو")
    await sara.type("پاک")
    await sara.sees("پاک شد")
    shown = [one.text for one in sara.conversation.messages.values() if not one.deleted]
    assert "می‌رود" not in shown


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        ("aiogram_bot.py", "telegram"),
        ("ptb_bot.py", "telegram"),
        ("ptb_bot.py", "bale"),
        ("bale_bot.py", "bale"),
        ("balethon_bot.py", "bale"),
    ],
)
async def test_a_bot_of_another_library_works(
    script: str, kind: str, python: str, emulators: Emulators, tmp_path: Path
) -> None:
    messenger = emulators.telegram if kind == "telegram" else emulators.bale
    if kind == "bale":
        # By default the emulation leaves out whatever its documentation calls optional, so that the product relies on none of it.
        # These libraries live with the real server, and cannot without these fields.
        messenger.server.behave(file_unique_id="always", chat_instance="always", media_details=True)
    sara = messenger.person("سارا", "کریمی", phone="09121234567")
    async with running(python, script, messenger, tmp_path) as log:
        try:
            await play(sara)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{emulators.violations}\n{log.read_text()[-4000:]}") from None
        assert "Traceback" not in log.read_text()
    told = {violation.partition(" (")[0] for violation in emulators.violations}
    assert told - HABITS == set()


async def test_kavenegars_own_sdk_works(python: str, emulators: Emulators) -> None:
    env = {"PATH": os.environ["PATH"], "KAVENEGAR_URL": emulators.sms.url, "NO_PROXY": "*"}
    env["KAVENEGAR_API_KEY"] = emulators.sms.key
    process = await asyncio.create_subprocess_exec(
        python,
        str(CLIENTS / "kavenegar_sdk.py"),
        env=env,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    told = json.loads(out)
    sent = told["send"][0]
    assert told["again"][0]["messageid"] == sent["messageid"]
    assert next(sms.text for sms in emulators.sms.inbox("09121234567")) == "سلام از کاوه‌نگار"
    assert len(emulators.sms.inbox("09121234567")) == 2  # the text once, the template once
    assert told["status"][0]["status"] == 10
    assert told["local"][0]["messageid"] == sent["messageid"]
    assert told["account"]["remaincredit"] == emulators.sms.credit
    assert "411" in told["nobody"]
    assert "403" in told["key"]
    assert told["lookup"][0]["receptor"]
    assert isinstance(told["empty"], str)
