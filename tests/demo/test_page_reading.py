"""Reading a chat: the place in it is the reader's, however much arrives."""

import asyncio
import itertools
from functools import partial

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from demo.page.server import PageServer
from demo.person import Person
from tests.demo.conftest import arrive, open_page, phone, picture
from tests.support.pending import until

#: In a real browser, each in a page of its own: minutes in all.
pytestmark = pytest.mark.campaign

LONG = [f"پیام {n} " + "متن " * 30 for n in range(60)]


@pytest.fixture
def sara(server: PageServer) -> Person:
    return server.users.roles[0].person


async def above_end(chat: Locator) -> float:
    return float(await chat.evaluate("one => one.scrollHeight - one.scrollTop - one.clientHeight"))


async def rests(chat: Locator, *, moved_from: float = -1) -> None:
    """Wait until the chat has left this place, if it can, and ten frames have shown it at one place."""
    await chat.evaluate(
        """(one, before) => new Promise(done => { let last = -1, same = 0; const look = () => {
            const now = one.scrollTop;
            same = now === last && (now !== before || now <= 0) ? same + 1 : 0;
            last = now;
            if (same < 10) requestAnimationFrame(look); else done(); }; look(); })""",
        moved_from,
    )


async def read_up(page: Page, chat: Locator, pixels: int = 2000) -> None:
    """Turn the wheel, and wait until the chat rests."""
    await chat.hover()
    before = float(await chat.evaluate("one => one.scrollTop"))
    await page.mouse.wheel(0, -pixels)
    await rests(chat, moved_from=before)


async def at_end(chat: Locator) -> bool:
    return await above_end(chat) < 2


async def test_older_messages_are_read_in_peace_and_the_new_ones_are_counted(
    page: Page, sara: Person
) -> None:
    arrive(sara, *LONG)
    chat = phone(page, "تلگرام").get_by_role("log")
    await expect(chat.get_by_text("پیام 59")).to_be_visible()
    await read_up(page, chat)
    words = chat.get_by_text("پیام 50 ")
    before = await words.bounding_box()
    for n in range(3):
        arrive(sara, f"تازه {n}")
    edited = next(iter(sara.conversation.messages.values()))
    edited.text, edited.edit_date = "عوض شد", 1
    sara.state.tell("edit", sara.bot, sara.conversation, edited)
    jump = phone(page, "تلگرام").get_by_role("button", name="رفتن به پایان، ۳ پیام تازه")
    await expect(jump).to_have_text("۳↓")
    after = await words.bounding_box()
    assert abs(after["y"] - before["y"]) < 2
    await jump.click()
    await expect(chat.get_by_text("تازه 2")).to_be_in_viewport()
    await expect(jump).to_be_hidden()


async def test_an_own_message_leads_to_the_end(page: Page, sara: Person) -> None:
    arrive(sara, *LONG)
    chat = phone(page, "تلگرام").get_by_role("log")
    await expect(chat.get_by_text("پیام 59")).to_be_visible()
    await read_up(page, chat)
    assert await above_end(chat) > 1000
    await phone(page, "تلگرام").get_by_role("textbox").fill("من اینجایم")
    await page.keyboard.press("Enter")
    await expect(chat.get_by_text("گفتید: من اینجایم")).to_be_in_viewport()


async def test_pictures_that_load_while_scrolling_up_do_not_pull_down(
    browser: Browser, server: PageServer, toys: None, sara: Person
) -> None:
    for _ in range(9):
        await sara.send_photo(picture(900, 1200))
        arrive(sara, "دریافت شد.")
    page = await open_page(browser, server)
    chat = phone(page, "تلگرام").get_by_role("log")
    await expect(chat.locator("img")).to_have_count(18)
    await chat.hover()
    places = []
    for _ in range(10):
        await page.mouse.wheel(0, -400)
        await asyncio.sleep(0.12)
        places.append(await above_end(chat))
    await rests(chat)
    places.append(await above_end(chat))
    assert all(later >= earlier - 5 for earlier, later in itertools.pairwise(places)), places
    assert places[-1] > 1500


@pytest.mark.parametrize("width", [1280, 768])
async def test_after_a_reload_every_phone_shows_its_last_buttons(
    browser: Browser, server: PageServer, toys: None, width: int
) -> None:
    for role in server.users.roles:
        role.shown = True
        arrive(role.person, *LONG[:20])
        arrive(role.person, "آخرین", inline=[[{"text": "دکمه", "callback_data": "x"}]])
    page = await open_page(browser, server, viewport={"width": width, "height": 800})
    for _ in range(2):
        await expect(page.get_by_role("button", name="دکمه")).to_have_count(3)
        for chat in await page.get_by_role("log").all():
            await until(partial(at_end, chat))
        await page.evaluate("() => new Promise(done => setTimeout(done, 300))")
        for chat in await page.get_by_role("log").all():
            assert await at_end(chat)
        await page.reload()


async def test_earlier_messages_come_when_one_scrolls_to_the_top(
    browser: Browser, server: PageServer, toys: None, sara: Person
) -> None:
    arrive(sara, *(f"{n}: {text}" for n, text in enumerate(LONG * 2)))
    page = await open_page(browser, server)
    chat = phone(page, "تلگرام").get_by_role("log")
    await expect(chat.get_by_text("119: ")).to_be_visible()
    assert await chat.locator(".message").count() < 60
    for _ in range(12):
        await read_up(page, chat, 6000)
        if await chat.locator(".message").count() == 120:
            break
    await expect(chat.locator(".message")).to_have_count(120)
    ids = await chat.locator(".message").evaluate_all("all => all.map(one => Number(one.dataset.id))")
    assert ids == sorted(ids)
    assert len(await chat.locator(".day").all()) == 1


async def test_a_burst_of_messages_all_arrives_and_the_last_is_in_sight(page: Page, sara: Person) -> None:
    chat = phone(page, "تلگرام").get_by_role("log")
    for n in range(6):
        arrive(sara, *(f"شماره {n * 100 + m}." for m in range(100)))
        await asyncio.sleep(0)
    await expect(chat.get_by_text("شماره 599.")).to_be_in_viewport()
    await until(partial(at_end, chat))
    assert await chat.locator(".message").count() <= 200
    await chat.hover()

    async def reaches_the_first() -> bool:
        await page.mouse.wheel(0, -20_000)
        return await chat.get_by_text("شماره 0.").count() > 0

    await until(reaches_the_first)
    await expect(chat.get_by_text("شماره 0.")).to_have_count(1)


async def test_a_word_is_searched_in_a_chat_and_its_places_walked(
    browser: Browser, server: PageServer, toys: None, sara: Person
) -> None:
    """In whichever letters and figures; also where the place is older than what the page has."""
    arrive(sara, "کد رهگیری: ۱۴۰۵ علی‌یاری", *(f"{n}: {text}" for n, text in enumerate(LONG * 5)))
    await sara.send_file("رسید 1405.pdf", b"%PDF-1.4")
    page = await open_page(browser, server)
    shown = phone(page, "تلگرام")
    await shown.get_by_role("button", name="کارهای دیگر").click()
    await shown.get_by_role("button", name="جست‌وجو در گفت‌وگو").click()
    box = shown.get_by_role("searchbox", name="جست‌وجو در گفت‌وگو")
    await expect(box).to_be_focused()
    await box.fill("كد رهگيری: 1405")
    bar, found = shown.get_by_role("search"), shown.locator(".message.found")
    await expect(bar.get_by_role("status")).to_have_text("۱ از ۱")
    await expect(found).to_contain_text("کد رهگیری")
    await expect(found).to_be_in_viewport()
    await box.fill("١٤٠٥")
    await expect(bar.get_by_role("status")).to_have_text("۳ از ۳")  # the file, and the answer with it
    await expect(found).to_contain_text("رسید 1405.pdf")
    await box.press("Enter")
    await expect(bar.get_by_role("status")).to_have_text("۲ از ۳")
    await box.press("ArrowUp")
    await expect(found).to_contain_text("کد رهگیری")
    await expect(found).to_be_in_viewport()
    await expect(bar.get_by_role("button", name="یافته پیشین")).to_be_disabled()
    await box.fill("علي ياری")
    await expect(bar.get_by_role("status")).to_have_text("۱ از ۱")
    await box.fill("هیچ‌جا نیست")
    await expect(bar.get_by_role("status")).to_have_text("یافت نشد")
    await expect(found).to_have_count(0)
    await box.press("Escape")
    await expect(bar).to_have_count(0)
    await expect(shown.get_by_role("button", name="کارهای دیگر")).to_be_focused()


async def test_days_are_named_and_an_album_is_one_group(page: Page, sara: Person) -> None:
    first = arrive(sara, "دیروزی")[0]
    first.date -= 86400
    sara.state.tell("edit", sara.bot, sara.conversation, first)
    await page.reload()
    await sara.send_album([picture(400, 300), picture(400, 300), picture(300, 400)])
    chat = phone(page, "تلگرام").get_by_role("log")
    await expect(chat.get_by_text("دیروز", exact=True)).to_be_visible()
    await expect(chat.get_by_text("امروز", exact=True)).to_be_visible()
    await expect(chat.get_by_role("group", name="آلبوم").locator(".message.mine img")).to_have_count(3)
