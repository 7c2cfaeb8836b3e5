"""The browser that looks at the demo's page, and pictures of what it sees as small PNG files."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.async_api import Browser, Page, async_playwright

from demo.users import DemoUser

CHROMIUM = Path("/usr/bin/chromium")
#: CSS pixels of the page, and device pixels to one of them.
VIEW, SCALE = {"width": 1360, "height": 900}, 1.5
#: Colours of a picture: a phone's screen has few, so that one takes some ten kilobytes.
COLOURS = 96


@asynccontextmanager
async def browser() -> AsyncIterator[Browser]:
    """Chromium. Raises FileNotFoundError with what to install."""
    if not CHROMIUM.exists():
        raise FileNotFoundError("no Chromium on this machine: apt install chromium")
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield opened
        await opened.close()


@asynccontextmanager
async def demo_page(opened: Browser, url: str) -> AsyncIterator[Page]:
    """The demo's page in light colours, without movement."""
    context = await opened.new_context(
        viewport=VIEW,
        device_scale_factor=SCALE,
        color_scheme="light",
        reduced_motion="reduce",
        locale="fa-IR",
    )
    page = await context.new_page()
    await page.goto(url)
    await page.locator("section.phone").first.wait_for()
    yield page
    await context.close()


async def show(page: Page, user: DemoUser) -> str:
    """Turn this phone on; the selector of its section."""
    person = user.person
    selector = f'section.phone[data-phone="{person.state.kind}-{person.user.id}"]'
    if not await page.locator(selector).is_visible():
        chip = page.get_by_role("button", name=re.compile(re.escape(person.name)))
        await chip.filter(has_text=user.title).first.click()
    await page.locator(selector).wait_for()
    return selector


async def close_guide(page: Page) -> None:
    """The page's own guide takes a quarter of it."""
    opened = page.locator("#guide").get_by_role("button", name="بستن", exact=True)
    if await opened.count() and await opened.first.is_visible():
        await opened.first.click()


async def show_sent(page: Page, selector: str) -> None:
    """Scroll to the last picture of the chat, with what is said below it."""
    await page.locator(f"{selector} [role=log] img").last.evaluate(
        """async (picture) => {
            picture.scrollIntoView({ block: 'end' });
            await Promise.race([picture.decode(), new Promise((done) => setTimeout(done, 2000))]);
            picture.scrollIntoView({ block: 'end' });
            picture.closest('[role=log]').scrollTop += 110;
            await new Promise((done) => setTimeout(done, 200));
        }"""
    )


async def show_alone(page: Page, users: list[DemoUser]) -> None:
    """These phones and no other."""
    wanted = [await show(page, user) for user in users]
    shown = page.locator("section.phone")
    for place in range(await shown.count() - 1, -1, -1):
        phone = shown.nth(place)
        matches = [await phone.evaluate("(one, wanted) => one.matches(wanted)", one) for one in wanted]
        if not any(matches):
            await phone.get_by_role("button", name="بستن این گوشی").click()
    for selector in wanted:
        await settled(page, selector)


async def settled(page: Page, selector: str) -> None:
    """Until nothing in this phone has changed for a moment, its pictures are decoded and its end is seen."""
    await page.locator(selector).evaluate(
        """async (phone) => {
            const chat = phone.querySelector('[role=log]');
            await new Promise((done) => {
                let timer = setTimeout(done, 600);
                new MutationObserver(() => { clearTimeout(timer); timer = setTimeout(done, 600); })
                    .observe(chat, { childList: true, subtree: true, characterData: true });
            });
            const wait = (ms) => new Promise((done) => setTimeout(done, ms));
            for (const turn of [1, 2]) {
                chat.scrollTop = chat.scrollHeight;
                const seen = [...chat.querySelectorAll('img')].slice(-3);
                // A picture that the page loads only when it is near is never decoded elsewhere.
                await Promise.race([Promise.all(seen.map((one) => one.decode().catch(() => 0))), wait(2000)]);
                await wait(150);
            }
            chat.scrollTop = chat.scrollHeight;
        }"""
    )


def keep(picture: bytes, path: Path) -> None:
    """As a PNG of few colours, and only where it is another one than before."""
    with Image.open(BytesIO(picture)) as seen:
        few = seen.convert("RGB").quantize(COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    out = BytesIO()
    few.save(out, "PNG", optimize=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(out.getvalue())
