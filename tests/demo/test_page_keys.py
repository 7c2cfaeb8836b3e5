"""The page by keyboard alone: the focus is always somewhere useful, and the text box is near."""

import re

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from demo.page.server import PageServer
from tests.demo.conftest import arrive, open_page, phone, picture

#: In a real browser, each in a page of its own: minutes in all.
pytestmark = pytest.mark.campaign

FOCUS = "() => document.activeElement?.innerText || document.activeElement?.ariaLabel || document.activeElement?.tagName"


async def focused(page: Page) -> str:
    return str(await page.evaluate(FOCUS)).strip()


async def tab_to(page: Page, words: str, *, most: int, key: str = "Tab") -> int:
    """Press Tab until what has these words is focused; how often it was pressed."""
    for pressed in range(most + 1):
        if words in await focused(page):
            return pressed
        await page.keyboard.press(key)
    raise AssertionError(
        f"{words!r} is not reached by {most} × {key}; the focus is on {await focused(page)!r}"
    )


async def walk_back_to(page: Page, shown: Locator, name: str | re.Pattern[str], words: str) -> None:
    """To a button that the page may still be drawing."""
    await expect(shown.get_by_role("button", name=name)).to_be_visible()
    await tab_to(page, words, most=4, key="Shift+Tab")


async def holds_focus(shown: Locator) -> None:
    """The focus is in the phone, and stays there."""
    await expect(shown.locator(":focus")).to_have_count(1)


async def test_a_whole_dialogue_is_walked_by_keys(page: Page) -> None:
    shown = phone(page, "تلگرام")
    await shown.get_by_role("button", name="شروع").focus()
    await page.keyboard.press("Enter")
    await expect(shown.get_by_text("خوش آمدید.")).to_be_visible()
    await holds_focus(shown)
    await walk_back_to(page, shown, "📝 ثبت‌نام", "ثبت‌نام")
    await page.keyboard.press("Enter")
    await expect(shown.get_by_text("کد ملی ۱۰ رقمی خود را بنویسید.")).to_be_visible()
    await holds_focus(shown)
    await walk_back_to(page, shown, re.compile("✨ ۹۹۹"), "✨ ۹۹۹")
    await page.keyboard.press("Enter")
    await expect(shown.get_by_role("button", name="📱 ارسال شماره همراه")).to_be_visible()
    await holds_focus(shown)
    await tab_to(page, "📱 ارسال شماره همراه", most=6)
    await page.keyboard.press("Enter")
    await expect(shown.get_by_text("شناسنامه» را بفرستید")).to_be_visible()
    await holds_focus(shown)
    await walk_back_to(page, shown, "📎 شناسنامه", "📎 شناسنامه")
    await page.keyboard.press("Enter")
    await expect(shown.locator(".message:not(.mine) img")).to_be_visible()
    await holds_focus(shown)
    await page.keyboard.type("پایان")
    await page.keyboard.press("Enter")
    await expect(shown.get_by_text("گفتید: پایان")).to_be_visible()


async def test_a_pressed_button_hands_the_focus_to_the_newest_one(page: Page, server: PageServer) -> None:
    sara, shown = server.users.roles[0].person, phone(page, "تلگرام")
    message = arrive(sara, "کدام؟", inline=[[{"text": "بعدی", "callback_data": "x"}]])[0]
    await shown.get_by_role("button", name="بعدی").focus()
    message.inline = [[{"text": "تأیید", "callback_data": "y"}, {"text": "لغو", "callback_data": "z"}]]
    sara.state.tell("edit", sara.bot, sara.conversation, message)
    await expect(shown.get_by_role("button", name="تأیید")).to_be_focused()
    message.deleted = True
    sara.state.tell("delete", sara.bot, sara.conversation, message)
    await expect(shown.get_by_role("textbox")).to_be_focused()


async def test_the_text_box_is_few_steps_from_the_chat(page: Page, server: PageServer) -> None:
    sara, shown = server.users.roles[0].person, phone(page, "تلگرام")
    for n in range(40):
        arrive(sara, f"پیام {n}", inline=[[{"text": f"دکمه {n}", "callback_data": f"{n}"}] for _ in range(4)])
        if not n % 10:
            await sara.send_photo(picture(200, 100))
    await expect(shown.get_by_role("button", name="دکمه 39").first).to_be_visible()
    await shown.get_by_role("log").focus()
    assert await tab_to(page, "پیام", most=12) <= 9
    await page.keyboard.press("Shift+Tab")


async def test_buttons_of_a_row_are_walked_from_the_right(page: Page, server: PageServer) -> None:
    """The first is the leftmost, as messengers lay it; one reads from the right."""
    shown = phone(page, "تلگرام")
    arrive(
        server.users.roles[0].person, "؟", inline=[[{"text": t, "callback_data": t} for t in ("چپ", "راست")]]
    )
    left, right = shown.get_by_role("button", name="چپ"), shown.get_by_role("button", name="راست")
    await expect(left).to_be_visible()
    assert (await left.bounding_box())["x"] < (await right.bounding_box())["x"]
    await shown.get_by_role("log").focus()
    await page.keyboard.press("Tab")
    await expect(right).to_be_focused()
    await page.keyboard.press("Tab")
    await expect(left).to_be_focused()
    await page.keyboard.press("ArrowRight")
    await expect(right).to_be_focused()


async def test_old_messages_and_their_menu_are_reached_by_arrows(page: Page, server: PageServer) -> None:
    shown = phone(page, "تلگرام")
    arrive(server.users.roles[0].person, "اول", "دوم", "سوم")
    await expect(shown.get_by_text("سوم")).to_be_visible()
    await shown.get_by_role("log").focus()
    for key in ("Enter", "ArrowUp", "Enter"):
        await page.keyboard.press(key)
    await expect(page.locator(":focus")).to_contain_text("پاسخ")
    await page.keyboard.press("Enter")
    await expect(shown.locator(".reply")).to_contain_text("دوم")
    await expect(shown.get_by_role("textbox")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(shown.locator(".reply")).to_be_hidden()


async def test_the_menu_of_a_phone_closes_by_escape_and_by_a_click_elsewhere(page: Page) -> None:
    shown = phone(page, "تلگرام")
    menu, item = (
        shown.get_by_role("button", name="کارهای دیگر"),
        shown.get_by_role("button", name="فرستادن صدا"),
    )
    await menu.press("Enter")
    await expect(item).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(item).to_be_hidden()
    await expect(menu).to_be_focused()
    await menu.click()
    await expect(item).to_be_visible()
    await page.locator("h1").click()
    await expect(item).to_be_hidden()


async def test_own_files_are_chosen_without_moving_the_phone(page: Page) -> None:
    shown = phone(page, "تلگرام")
    await shown.get_by_role("button", name="پیوست").press("Enter")
    await tab_to(page, "INPUT", most=4)
    for _ in range(30):
        await page.keyboard.press("Tab")
        if await page.evaluate("document.activeElement.type") == "file":
            break
    assert await page.evaluate("document.activeElement.type") == "file"
    assert await shown.evaluate("one => one.scrollTop") == 0
    header = await shown.locator("header").bounding_box()
    assert header["y"] >= (await shown.bounding_box())["y"]


async def test_closing_a_phone_by_key_leaves_the_focus_on_its_chip(page: Page) -> None:
    await phone(page, "بله").get_by_role("button", name="بستن این گوشی").press("Enter")
    await expect(page.get_by_role("button", name=re.compile("سارا کریمی‌نژاد بله"))).to_be_focused()


@pytest.mark.parametrize("again", [False, True])
async def test_the_guide_is_open_at_the_first_visit_only(
    browser: Browser, server: PageServer, toys: None, again: bool
) -> None:
    page = await open_page(browser, server, locale="fa-IR")
    await page.get_by_role("button", name=re.compile("مریم موسوی")).click()
    guide = page.get_by_role("region", name="راهنمای نسخه نمایشی")
    if again:
        await page.reload()
        await expect(guide).to_be_hidden()
        await page.get_by_role("button", name="راهنما").press("Enter")
    await expect(guide).to_be_visible()
    await expect(guide.get_by_role("button", name="بستن")).to_be_in_viewport()
    for named in re.findall("«([^»]+)»", await guide.get_by_role("list").inner_text()):
        if named != "ثبت‌نام":  # the bot's own
            await expect(page.get_by_role("button", name=named.removesuffix(" …")).first).to_be_visible()
    await guide.get_by_role("button", name="بستن").press("Enter")
    await expect(page.get_by_role("button", name="راهنما")).to_be_focused()
