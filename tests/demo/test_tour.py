"""The tour, played from beginning to end by clicking what it points at; and the transcript in English."""

import asyncio
import contextlib
import re
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, Locator, Page, Route, expect
from playwright.async_api import Error as PlaywrightError

from demo.page.gloss import line_in_english
from demo.run import Demo, Options
from tests.support.browser import PATIENCE
from tests.support.ports import free_ports

#: Seconds for the whole tour, which has about fifty clicks; a button that leads nowhere is clicked again and again.
LONGEST = 600
#: Every figure that the tour shows, also one that is there for a moment.
NOTE_COUNTS = """() => { const count = document.querySelector(".tour-count"); window.counts = [count.textContent];
    new MutationObserver(all => { for (const one of all) for (const { data } of one.addedNodes) {
        if (data !== window.counts.at(-1)) window.counts.push(data); } }).observe(count, { childList: true }); }"""
#: The tour points elsewhere than at this button with this label, or has ended.
MOVED_ON = """([node, label]) => !node.isConnected || !node.classList.contains("tour-target") || node.textContent !== label
    || document.querySelector(".tour-count").textContent === "✓" """


def test_values_and_numbers_are_put_into_the_english_sentence() -> None:
    assert line_in_english("نام پدر خود را بنویسید. (۱ از ۳)") == "Write your father's name. (1 of 3)"
    assert line_in_english("✅ استان: فارس") == "✅ province: Fars"
    assert line_in_english("کد رهگیری: \u2066140509050001\u2069") == "tracking code: 140509050001"


def test_a_sentence_that_nobody_glossed_has_none() -> None:
    assert line_in_english("جمله‌ای که در فهرست نیست: چیزی") is None
    assert line_in_english("• چیزی که در فهرست نیست") is None


async def pay(context: BrowserContext, link: Locator) -> None:
    """Follow the pay link in its new tab, through the pay page and the demo's bank."""
    async with context.expect_page() as opened:
        await link.click()
    bank = await opened.value
    await bank.get_by_role("button", name="پرداخت در درگاه بانک").click()
    await bank.get_by_role("button", name="پرداخت", exact=True).click()
    await expect(bank.get_by_text("پرداخت انجام شد").first).to_be_visible()
    await bank.close()


async def click(context: BrowserContext, page: Page) -> None:
    """What the tour points at, and wait for what comes of it. It may move on between the look and the click."""
    target = page.locator(".tour-target").first
    node = await target.element_handle()
    label = await node.text_content()
    if await node.evaluate("one => one.tagName") == "A":
        await pay(context, target)
    else:
        await node.click(timeout=10_000)
    await page.wait_for_function(MOVED_ON, arg=[node, label], timeout=10_000)


@pytest.mark.campaign
async def test_from_registration_to_the_card_by_clicking(tmp_path: Path, browser: Browser) -> None:
    async with Demo(Options(folder=tmp_path, port=free_ports(3))) as demo:
        context = await browser.new_context(viewport={"width": 1500, "height": 950}, locale="en-US")
        context.set_default_timeout(PATIENCE)
        page = await context.new_page()
        faults: list[str] = []
        page.on("pageerror", lambda error: faults.append(str(error)))
        await page.goto(demo.page.url)
        await page.get_by_role("button", name="Tour").click()
        await expect(page.locator(".tour-count")).to_have_text("1 / 10")
        assert await page.locator("#tour").get_attribute("dir") == "ltr"
        await page.evaluate(NOTE_COUNTS)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LONGEST):
                while await page.locator(".tour-count").inner_text() != "✓":
                    with contextlib.suppress(PlaywrightError, AssertionError):
                        await click(context, page)
        seen = await page.evaluate("window.counts")
        assert seen == [*(f"{step} / 10" for step in range(1, 11)), "✓"]
        await expect(page.locator(".tour-target")).to_have_count(0)

        await page.get_by_role("button", name="Steps").click()
        await expect(page.locator(".tour-steps .done")).to_have_count(10)
        await page.get_by_role("button", name="فارسی").click()
        await expect(page.locator(".tour-text")).to_contain_text("تور تمام شد")
        await page.get_by_role("button", name="متن گفت‌وگو").click()
        table = page.locator("#transcript")
        await expect(table.get_by_text("Paid, and your qualification is final", exact=False)).to_be_visible()
        await expect(table.get_by_text("Your technical officer's card").first).to_be_visible()

        await page.reload()
        await expect(page.locator(".tour-count")).to_have_text("✓")
        assert faults == []
        assert demo.emulators.violations == []
        await context.close()


@pytest.mark.campaign
async def test_a_tour_goes_on_after_a_reload_also_where_its_script_arrives_last(
    tmp_path: Path, browser: Browser
) -> None:
    async with Demo(Options(folder=tmp_path, port=free_ports(3))) as demo:
        page = await browser.new_page(viewport={"width": 1500, "height": 950}, locale="en-US")
        await page.goto(demo.page.url)
        await page.get_by_role("button", name="Tour").click()
        await expect(page.locator(".tour-count")).to_have_text("1 / 10")
        first_phone = page.get_by_role("region", name=re.compile("سارا")).first

        async def after_the_phones(route: Route) -> None:
            await expect(first_phone.get_by_role("button", name="شروع").first).to_be_visible()
            await route.continue_()

        await page.route("**/static/tour.js", after_the_phones)
        await page.reload(wait_until="commit")
        await expect(page.locator(".tour-count")).to_have_text("1 / 10")


@pytest.mark.campaign
async def test_a_tour_hears_what_is_said_while_it_begins(tmp_path: Path, browser: Browser) -> None:
    async with Demo(Options(folder=tmp_path, port=free_ports(3))) as demo:
        page = await browser.new_page(viewport={"width": 1500, "height": 950}, locale="en-US")
        await page.goto(demo.page.url)
        sara = demo.users.roles[0].person
        phone = page.get_by_role("region", name="گوشی سارا کریمی‌نژاد در تلگرام")

        async def with_an_answer_meanwhile(route: Route) -> None:
            """What is read was read before the bot spoke, and arrives after it."""
            answer = await route.fetch()
            await sara.start()
            await expect(phone.get_by_text("خوش آمدید")).to_be_visible()
            await route.fulfill(response=answer)

        await page.route(
            re.compile(rf"/emulators/people/telegram-{sara.user.id}$"), with_an_answer_meanwhile, times=1
        )
        await page.get_by_role("button", name="Tour").click()
        await expect(page.locator(".tour-count")).to_have_text("2 / 10")


@pytest.mark.campaign
async def test_who_wanders_is_left_alone(tmp_path: Path, browser: Browser) -> None:
    """Other phones may be used meanwhile, and the tour closed and opened again where it was."""
    async with Demo(Options(folder=tmp_path, port=free_ports(3))) as demo:
        page = await browser.new_page(viewport={"width": 1500, "height": 950}, locale="fa-IR")
        await page.goto(demo.page.url)
        await page.get_by_role("button", name="تور").first.click()
        await expect(page.locator(".tour-count")).to_have_text("۱ / ۱۰")
        expert = page.get_by_role("region", name=re.compile("مریم موسوی"))
        await expert.get_by_role("button", name=re.compile("ورود به‌عنوان کارشناس شیراز")).click()
        await expect(expert.get_by_text("کارتابل دانشگاه علوم پزشکی شیراز")).to_be_visible()
        await page.get_by_role("button", name="بستن تور").click()
        await expect(page.locator(".tour-target")).to_have_count(0)
        assert demo.emulators.violations == []
