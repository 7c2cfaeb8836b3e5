"""The whole way of the payer in a real browser on a phone's width: page, bank, back. Needs Chromium."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, Page, expect

from storage.enums import AttemptState
from tests.bot.web.conftest import Site
from tests.support.browser import CHROMIUM, PATIENCE, chromium
from tests.support.payments import TOKEN

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
#: Where to leave pictures for people to look at.
PICTURES = os.environ.get("PICTURES")


@pytest.fixture
async def phone() -> AsyncIterator[BrowserContext]:
    async with chromium() as browser:
        context = await browser.new_context(viewport={"width": 360, "height": 740}, locale="fa-IR")
        context.set_default_timeout(PATIENCE)
        yield context


@pytest.fixture
async def page(phone: BrowserContext) -> AsyncIterator[Page]:
    page = await phone.new_page()
    troubles: list[str] = []
    page.on("console", lambda line: troubles.append(line.text) if "Content Security" in line.text else None)
    page.on("request", lambda one: troubles.append(one.url) if "favicon" in one.url else None)
    yield page
    assert troubles == []


async def picture(page: Page, name: str) -> None:
    assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), (
        "scrolls sideways"
    )
    if PICTURES:
        await page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)


async def test_paying(site: Site, page: Page) -> None:
    await page.goto(f"{site.url}/pay/{TOKEN}")
    await picture(page, "pay")
    await page.get_by_role("button", name="پرداخت در درگاه بانک").click()
    await page.wait_for_url("**/pg/StartPay/**")
    # The gateway learns our domain and not the token.
    assert site.paying.bank.last.referrer == f"{site.url}/"
    await picture(page, "bank")
    await page.get_by_role("button", name="پرداخت", exact=True).click()
    await page.wait_for_url("**/pay/callback/**")
    await expect(page.get_by_role("heading", name="پرداخت انجام شد")).to_be_visible()
    await expect(page.get_by_role("link", name="بازگشت به گفت‌وگو")).to_be_visible()
    await picture(page, "paid")
    await page.reload()
    await expect(page.get_by_role("heading", name="پرداخت انجام شد")).to_be_visible()
    assert [one.state for one in await site.paying.attempts()] == [AttemptState.PAID]


async def test_cancelling_and_trying_again(site: Site, page: Page) -> None:
    await page.goto(f"{site.url}/pay/{TOKEN}")
    await page.get_by_role("button", name="پرداخت در درگاه بانک").click()
    await page.get_by_role("button", name="انصراف").click()
    await page.wait_for_url("**/pay/callback/**")
    await expect(page.get_by_role("heading", name="پرداخت انجام نشد")).to_be_visible()
    await picture(page, "failed")
    await page.get_by_role("link", name="تلاش دوباره").click()
    await expect(page.get_by_role("button", name="پرداخت در درگاه بانک")).to_be_visible()


async def test_the_other_faces(site: Site, page: Page) -> None:
    await page.goto(f"{site.url}/pay/{'z' * 22}")
    await picture(page, "unknown")
    await page.goto(f"{site.url}/pay/{TOKEN}")
    site.paying.bank.faults.down = True
    await page.get_by_role("button", name="پرداخت در درگاه بانک").click()
    await expect(page.get_by_text("درگاه بانک پاسخ نمی‌دهد")).to_be_visible()
    await picture(page, "down")
    site.paying.bank.faults.down = False
    await page.get_by_role("link", name="تلاش دوباره").click()
    await page.get_by_role("button", name="پرداخت در درگاه بانک").click()
    await page.wait_for_url("**/pg/StartPay/**")
    site.paying.bank.faults.broken = True
    await page.get_by_role("button", name="پرداخت", exact=True).click()
    await page.wait_for_url("**/pay/callback/**")
    await expect(page.get_by_role("heading", name="در حال پیگیری از بانک")).to_be_visible()
    await picture(page, "uncertain")
