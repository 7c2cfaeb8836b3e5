"""python -m tests.pictures [name …]: all pictures and the guides as PDF, the pictures whose names begin so, or the «guides» alone."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from demo.run import Demo, Options
from tests.pictures import camera, guides
from tests.pictures.scenes import BESIDE, SARA, SCENES, log_in, user_of

ROOT = Path(__file__).parents[2]
PICTURES = ROOT / "docs" / "pictures"


async def take(names: Sequence[str]) -> None:
    """Start a demo of its own with a past, walk, and take the pictures."""
    if list(names) == ["guides"]:
        async with camera.browser() as browser:
            await guides.print_all(browser)
        return
    scenes = [one for one in SCENES if not names or one.name.startswith(tuple(names))]
    with tempfile.TemporaryDirectory(prefix="pictures-") as folder:
        print("starting a demo with a past …", flush=True)
        async with Demo(Options(folder=Path(folder), port=0, past=True)) as demo, camera.browser() as browser:
            for title in {one.title for one in scenes} - {SARA}:
                await log_in(user_of(demo, title))
            async with camera.demo_page(browser, demo.page.url) as page:
                for scene in scenes:
                    user = user_of(demo, scene.title)
                    await scene.walk(user.person)
                    await camera.show_alone(page, [user])
                    selector = await camera.show(page, user)
                    if scene.sent:
                        await camera.show_sent(page, selector)
                    camera.keep(await page.locator(selector).screenshot(), PICTURES / f"{scene.name}.png")
                    print(scene.name, flush=True)
                if not names:
                    await camera.close_guide(page)
                    await camera.show_alone(page, [user_of(demo, title) for title in BESIDE])
                    camera.keep(await page.screenshot(), PICTURES / "demo.png")
            if not names:
                await guides.print_all(browser)


if __name__ == "__main__":
    asyncio.run(take(sys.argv[1:]))
