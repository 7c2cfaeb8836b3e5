"""Chromium for tests of pages. On a loaded machine everything comes late: who waits for a page waits long."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, async_playwright, expect

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
#: Milliseconds until something on a page is waited for in vain.
PATIENCE = 60_000

expect.set_options(timeout=PATIENCE)


@asynccontextmanager
async def chromium(*arguments: str) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", *arguments], timeout=3 * PATIENCE
        )
        yield browser
        await browser.close()
