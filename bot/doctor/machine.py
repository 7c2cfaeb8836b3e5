"""What `run` needs of its machine: time zone, addresses to listen on, processes that check files."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator

import httpx
from PIL import Image

from bot.config.settings import BadSettingError, Settings
from bot.doctor.external_services import is_ours, root_of
from bot.doctor.finding import Finding, first_line
from bot.documents.inspection_pool import InspectionPool
from bot.texts import zone
from bot.texts.formats import TEHRAN
from bot.web.http_server import listen

TIMEOUT = 10.0
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


async def check_addresses(settings: Settings) -> AsyncIterator[Finding]:
    """Each is taken for a moment, or belongs to the bot that runs."""
    asked = [("LISTEN", settings.address, "/health")]
    if settings.metrics_address is not None:
        asked.append(("METRICS_LISTEN", settings.metrics_address, "/metrics"))
    for name, (host, port), path in asked:
        try:
            listen.close(listen.bind_socket(name, host, port))
        except BadSettingError as error:
            root = root_of(host, port)
            if await (is_ours(root) if path == "/health" else _has_metrics(root)):
                yield Finding(name, True, "the bot that runs listens there")
            else:
                yield Finding(name, False, str(error).removeprefix(f"{name}: "))
        else:
            yield Finding(name, True, f"{host}:{port} is free")


async def _has_metrics(root: str) -> bool:
    try:
        async with httpx.AsyncClient(trust_env=False, timeout=TIMEOUT) as client:
            return "officer_" in (await client.get(f"{root}/metrics")).text
    except (httpx.HTTPError, httpx.InvalidURL):
        return False


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
