"""What `run` needs of its machine: time zone, addresses to listen on, processes that check files."""

from __future__ import annotations

import io
import re
import resource
from collections.abc import AsyncIterator

import httpx
from PIL import Image

from bot.config.settings import BadSettingError, Settings
from bot.doctor import external_services
from bot.doctor.external_services import root_of
from bot.doctor.finding import Finding, first_line
from bot.documents.inspection_pool import InspectionPool
from bot.texts import zone
from bot.texts.formats import TEHRAN
from bot.web.http_server import listen

#: Open descriptors below which connections are refused on a busy day.
FEW_DESCRIPTORS = 1024
_BOT_ID = re.compile(r'^officer_bot_info\{[^}]*bot_id="(\d+)"', re.MULTILINE)
#: What keeps a process that decodes files from anything else, as `doctor` names it.
_ISOLATION = {
    "limits": "limits (rlimits)",
    "files": "its own files only (Landlock)",
    "calls": "no network and processes (seccomp)",
}


def check_time_zone() -> Finding:
    """Looked at once more: what was loaded at the start must be what is used."""
    good = zone.is_right(TEHRAN)
    words = "Tehran is three and a half hours ahead, also in summer"
    return Finding(
        "time zone",
        good,
        words if good else f"{zone.NAME} has summer time, which is abolished; update tzdata",
    )


async def check_addresses(settings: Settings, *, runs: bool) -> AsyncIterator[Finding]:
    """Each is taken for a moment, or belongs to the bot that `runs`."""
    taken = _why_taken("LISTEN", settings.address)
    runs = taken is not None and runs
    yield _address("LISTEN", settings.address, None if runs else taken, runs)
    if settings.metrics_address is None:
        return
    taken = _why_taken("METRICS_LISTEN", settings.metrics_address)
    here = False
    if taken is not None and (bots := await _bots_at(root_of(*settings.metrics_address))) is not None:
        tokens = {one.token.partition(":")[0] for one in settings.messengers().values()}
        here = runs and (not bots or bool(bots & tokens))
        if not here:
            taken = "another bot, or another process of this one, listens there; choose another port"
    yield _address("METRICS_LISTEN", settings.metrics_address, None if here else taken, here)


def _why_taken(name: str, address: tuple[str, int]) -> str | None:
    """None where it is free."""
    try:
        listen.close(listen.bind_socket(name, *address))
    except BadSettingError as error:
        return str(error).removeprefix(f"{name}: ")
    return None


def _address(name: str, address: tuple[str, int], trouble: str | None, runs: bool) -> Finding:
    if trouble is not None:
        return Finding(name, False, trouble)
    return Finding(
        name, True, "the bot that runs listens there" if runs else f"{address[0]}:{address[1]} is free"
    )


async def _bots_at(root: str) -> set[str] | None:
    """The ids of the bots whose figures are served there; None where they are none of ours."""
    try:
        async with httpx.AsyncClient(trust_env=False, timeout=external_services.LOCAL_TIMEOUT) as client:
            text = (await client.get(f"{root}/metrics")).text
    except (httpx.HTTPError, httpx.InvalidURL):
        return None
    return set(_BOT_ID.findall(text)) if "officer_" in text else None


def check_descriptors() -> Finding:
    """Of the shell that calls; systemd gives a unit its own."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < FEW_DESCRIPTORS:
        words = f"only {hard} may be open, so the bot takes few connections; raise the limit (LimitNOFILE=4096, ulimit -n)"
        return Finding("descriptors", False, words)
    return Finding("descriptors", True, "no limit" if hard == resource.RLIM_INFINITY else f"{hard:,}")


async def check_file_inspection() -> Finding:
    """A picture goes through a checking process, as every document does."""
    picture = io.BytesIO()
    Image.effect_noise((64, 64), 50).convert("RGB").save(picture, "PNG")
    pool = InspectionPool(workers=1)
    try:
        async with pool.reserve_worker(account_id=0) as worker:
            await worker.inspect(picture.getvalue())
    except Exception as error:
        return Finding(
            "file inspection", False, f"no process can check a file ({first_line(error)}); is there memory?"
        )
    finally:
        await pool.close()
    without = ", ".join(words for name, words in _ISOLATION.items() if not pool.isolation.get(name))
    held = "no network, no files, no new processes"
    return Finding(
        "file inspection",
        True,
        f"works; {held}" if not without else f"works; this kernel does not hold: {without}",
    )
