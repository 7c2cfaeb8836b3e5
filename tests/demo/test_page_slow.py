"""A slow or broken line: what arrives late, in another order or not at all leaves no dead page and loses nothing."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable

import httpx
import pytest
from playwright.async_api import Browser, Page, Route, expect

from demo.emulators import Emulators
from demo.page.server import PageServer
from demo.page.static_files import STATIC
from demo.person import Person
from tests.demo.conftest import arrive, phone, picture
from tests.support.browser import PATIENCE

#: In a real browser, each in a page of its own: minutes in all.
pytestmark = [pytest.mark.campaign, pytest.mark.usefixtures("toys")]

SCRIPTS = sorted(one.name for one in STATIC.glob("*.js") if one.name not in {"viewer.js", "search.js"})
Hold = Callable[[str], asyncio.Event]


@pytest.fixture
def sara(server: PageServer) -> Person:
    return server.users.roles[0].person


@pytest.fixture
async def blank(browser: Browser) -> AsyncIterator[Page]:
    """A page that has opened nothing yet; an error of a script fails the test."""
    context = await browser.new_context(viewport={"width": 1400, "height": 860}, locale="fa-IR")
    page = await context.new_page()
    page.set_default_timeout(PATIENCE)
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    yield page
    await page.unroute_all(behavior="ignoreErrors")
    await context.close()
    assert faults == []


class Held:
    """Answers that have left the server and are held on their way to the page until they are let go."""

    def __init__(self) -> None:
        self.asked, self.free = asyncio.Event(), asyncio.Event()

    async def __call__(self, route: Route) -> None:
        answer = await route.fetch()
        self.asked.set()
        await self.free.wait()
        await route.fulfill(response=answer)


async def hold(page: Page, pattern: str | re.Pattern[str]) -> Held:
    held = Held()
    await page.route(pattern, held)
    return held


@pytest.mark.parametrize("name", SCRIPTS)
async def test_a_script_that_comes_last_leaves_nothing_dead(
    blank: Page, server: PageServer, name: str
) -> None:
    """Nothing that can be clicked before it comes does nothing, and afterwards everything works."""
    held = await hold(blank, f"**/static/{name}")
    await blank.goto(server.url, wait_until="commit")
    await held.asked.wait()
    for tool in ("صدای پیام", "گوشی جدید", "راهنما"):
        made = blank.get_by_role("button", name=tool, exact=True)
        await made.wait_for()
        if not await blank.locator(".phone").count():
            await expect(made).to_be_disabled()
    held.free.set()
    await phone(blank, "تلگرام").get_by_role("button", name="شروع").click()
    await expect(phone(blank, "تلگرام").get_by_text("خوش آمدید.")).to_be_visible()
    await blank.get_by_role("button", name="گوشی جدید").click()
    await blank.get_by_role("button", name="انصراف").click()
    await expect(blank.get_by_role("button", name="تور")).to_be_visible()
    await expect(blank.locator("#demo-date")).to_contain_text("ساعت سامانه")


@pytest.mark.parametrize("name", ["chat.js", "tour.js", "shortcuts.js"])
async def test_a_script_that_never_comes_is_told(blank: Page, server: PageServer, name: str) -> None:
    await blank.route(f"**/static/{name}", lambda route: route.abort())
    await blank.goto(server.url)
    again = (
        blank.get_by_role("alert")
        .filter(has_text="کامل بار نشد")
        .get_by_role("button", name="بارگذاری دوباره")
    )
    await blank.unroute_all(behavior="wait")
    await again.click()
    await expect(phone(blank, "تلگرام")).to_be_visible()
    await expect(blank.get_by_text("کامل بار نشد")).to_be_hidden()


async def test_what_comes_while_the_page_is_still_reading_is_not_lost(
    blank: Page, server: PageServer, sara: Person, emulators: Emulators, http: httpx.AsyncClient
) -> None:
    """The chats are on their way when the bot writes, an SMS comes and a phone is added in another tab."""

    async def sms(text: str) -> None:
        body = {"receptor": "09901110001", "message": text}
        await http.post(f"{emulators.sms.url}/v1/{emulators.sms.key}/sms/send.json", data=body)

    arrive(sara, "پیش از آن")
    await sms("پیامک نخست")
    held = await hold(blank, re.compile(r"/emulators\?phones="))
    async with blank.expect_websocket() as opening:
        await blank.goto(server.url, wait_until="commit")
    await (await opening.value).wait_for_event("framereceived")
    await held.asked.wait()
    arrive(sara, "در میانه راه")
    await sms("پیامک میانه راه")
    await http.post(f"{server.url}/emulators/people", json={"messenger": "bale", "name": "رضا"})
    held.free.set()
    chat = phone(blank, "تلگرام").get_by_role("log")
    await expect(chat.locator(".message p")).to_have_text(["پیش از آن", "در میانه راه"])
    texts = blank.get_by_role("region", name="گوشی پیامک").locator(".message p")
    await expect(texts).to_have_text(["پیامک نخست", "پیامک میانه راه"])
    await expect(blank.locator(".chip", has_text="رضا")).to_be_visible()


async def test_a_phone_that_is_opened_shows_no_start_before_its_chat_is_there(
    blank: Page, server: PageServer
) -> None:
    """And a message that comes meanwhile stands after the older ones."""
    maryam = server.users.roles[2].person
    arrive(maryam, "یک", "دو", "سه")
    await blank.goto(server.url)
    held = await hold(blank, re.compile(rf"/emulators/people/telegram-{maryam.user.id}\?"))
    await blank.get_by_role("button", name=re.compile("مریم موسوی")).click()
    opened = blank.get_by_role("region", name="گوشی مریم موسوی در تلگرام")
    await held.asked.wait()
    await expect(opened.get_by_text("در حال خواندن گفت‌وگو…")).to_be_visible()
    await expect(opened.get_by_role("button", name="شروع")).to_have_count(0)
    arrive(maryam, "چهار")
    await expect(opened.get_by_text("چهار")).to_be_visible()
    held.free.set()
    await expect(opened.locator(".message p")).to_have_text(["یک", "دو", "سه", "چهار"])


async def test_a_chat_that_could_not_be_read_is_read_again(blank: Page, server: PageServer) -> None:
    maryam = server.users.roles[2].person
    arrive(maryam, "سلام مریم")
    await blank.goto(server.url)
    await phone(blank, "تلگرام").get_by_role("button", name="شروع").wait_for()
    await blank.route(
        re.compile(rf"/emulators/people/telegram-{maryam.user.id}\?"), lambda route: route.abort(), times=1
    )
    await blank.get_by_role("button", name=re.compile("مریم موسوی")).click()
    await expect(blank.get_by_text("نسخه نمایشی پاسخ نمی‌دهد")).to_be_visible()
    await expect(blank.get_by_text("سلام مریم")).to_be_visible()


async def test_a_first_visit_that_could_not_be_read_is_read_again(blank: Page, server: PageServer) -> None:
    await blank.route(re.compile(r"/emulators\?phones="), lambda route: route.abort(), times=2)
    await blank.goto(server.url)
    await expect(blank.get_by_text("نسخه نمایشی پاسخ نمی‌دهد")).to_be_visible()
    await expect(phone(blank, "تلگرام").get_by_role("button", name="شروع")).to_be_visible()


async def test_scrolling_up_without_a_line_says_so_and_goes_on_later(
    blank: Page, server: PageServer, sara: Person
) -> None:
    arrive(sara, *(f"پیام {n}." for n in range(90)))
    await blank.goto(server.url)
    chat = phone(blank, "تلگرام").get_by_role("log")
    await expect(chat.get_by_text("پیام 89.")).to_be_visible()
    await blank.route(re.compile(r"before="), lambda route: route.abort(), times=1)
    await chat.get_by_role("button", name="پیام‌های پیشین").evaluate("one => one.click()")
    await expect(blank.get_by_text("نسخه نمایشی پاسخ نمی‌دهد")).to_be_visible()
    await chat.get_by_role("button", name="پیام‌های پیشین").evaluate("one => one.click()")
    await expect(chat.get_by_text("پیام 45.")).to_have_count(1)


async def test_the_tour_is_asked_for_before_the_phones_are_there(blank: Page, server: PageServer) -> None:
    held = await hold(blank, re.compile(r"/emulators\?phones=$"))
    await blank.goto(server.url, wait_until="commit")
    await blank.get_by_role("button", name="تور").click()
    held.free.set()
    await expect(blank.locator(".tour-count")).to_have_text("۱ / ۱۰")
    await expect(phone(blank, "تلگرام").locator(".tour-target")).to_have_text("شروع")


async def test_the_tour_goes_on_after_the_line_was_away(
    blank: Page, server: PageServer, sara: Person
) -> None:
    """What the bot said meanwhile ends a step as if it had been seen."""
    await blank.goto(server.url)
    await blank.get_by_role("button", name="تور").click()
    await expect(blank.locator(".tour-count")).to_have_text("۱ / ۱۰")
    await server.stop()
    await expect(blank.locator("#troubles")).to_be_visible()
    arrive(sara, "خوش آمدید. چه می‌خواهید؟")
    await server.start()
    await expect(blank.locator(".tour-count")).to_have_text("۲ / ۱۰")


async def test_the_transcript_of_a_phone_is_not_shown_under_the_name_of_another(
    blank: Page, server: PageServer, sara: Person
) -> None:
    """The answer for the first phone comes after that for the second; and one that does not come is told."""
    arrive(sara, "گفته به سارا")
    maryam = server.users.roles[2].person
    arrive(maryam, "گفته به مریم")
    await blank.goto(server.url)
    await blank.get_by_role("button", name="تور").click()
    held = await hold(blank, re.compile(rf"telegram-{sara.user.id}/transcript"))
    await blank.get_by_role("button", name="متن گفت‌وگو").click()
    await held.asked.wait()
    await blank.get_by_role("combobox", name="Phone").select_option(f"telegram-{maryam.user.id}")
    table = blank.locator("#transcript")
    await expect(table.get_by_text("گفته به مریم")).to_be_visible()
    async with blank.expect_response(re.compile(rf"telegram-{sara.user.id}/transcript")):
        held.free.set()
    await expect(table.get_by_text("گفته به سارا")).to_have_count(0)
    await expect(table.get_by_text("گفته به مریم")).to_be_visible()
    await table.get_by_role("button", name="Close the transcript").click()
    await blank.route(re.compile(r"/emulators\?phones=$"), lambda route: route.abort(), times=1)
    await blank.get_by_role("button", name="متن گفت‌وگو").click()
    await expect(blank.get_by_text("نسخه نمایشی پاسخ نمی‌دهد")).to_be_visible()


async def test_a_text_that_had_not_left_before_a_reload_leaves_after_it_and_once(
    blank: Page, server: PageServer, sara: Person
) -> None:
    await blank.goto(server.url)
    shown = phone(blank, "تلگرام")
    left = asyncio.Event()

    async def on_the_way(route: Route) -> None:
        left.set()
        await asyncio.Event().wait()

    await blank.route("**/send", on_the_way)
    box = shown.get_by_role("textbox")
    await box.fill("پیش از بستن")
    await box.press("Enter")
    await left.wait()
    await blank.unroute_all(behavior="ignoreErrors")
    await blank.reload()
    await expect(shown.get_by_text("گفتید: پیش از بستن")).to_be_visible()
    await expect(shown.locator(".message.mine", has_text="پیش از بستن")).to_have_count(1)
    await expect(shown.get_by_role("alert")).to_have_count(0)
    assert [seen.text for seen in sara.history() if not seen.from_bot] == ["پیش از بستن"]


async def test_a_reload_amid_an_upload_asks_first(blank: Page, server: PageServer) -> None:
    await blank.goto(server.url)
    shown = phone(blank, "تلگرام")
    held = await hold(blank, "**/upload")
    await shown.get_by_role("button", name="پیوست").click()
    image = {"name": "عکس.jpg", "mimeType": "image/jpeg", "buffer": picture(80, 60)}
    await shown.locator("input[type=file]").set_input_files([image])
    await held.asked.wait()
    asked: list[str] = []

    async def stay(dialog) -> None:  # type: ignore[no-untyped-def]
        asked.append(dialog.type)
        await dialog.accept()

    blank.on("dialog", stay)
    await blank.reload(wait_until="commit")
    assert asked == ["beforeunload"]
    held.free.set()


async def test_a_picture_has_its_room_before_it_has_come(
    blank: Page, server: PageServer, sara: Person
) -> None:
    """So nothing moves under the reader's eyes when it comes."""
    await sara.send_photo(picture(900, 1200))
    arrive(sara, *(f"پیام {n}" for n in range(30)))
    held = await hold(blank, "**/files/*")
    await blank.goto(server.url)
    chat = phone(blank, "تلگرام").get_by_role("log")
    await expect(chat.get_by_text("پیام 29")).to_be_visible()
    image = chat.locator("img").first
    await image.scroll_into_view_if_needed()
    await held.asked.wait()
    before = await image.bounding_box()
    assert (before["width"], before["height"]) == (pytest.approx(169, abs=2), pytest.approx(225, abs=2))
    held.free.set()
    await image.evaluate("one => one.decode()")
    assert await image.bounding_box() == before


async def test_a_picture_whose_viewer_does_not_come_says_so_and_is_seen_at_the_next_tap(
    blank: Page, server: PageServer, sara: Person
) -> None:
    await sara.send_photo(picture(300, 200))
    await blank.goto(server.url)
    await blank.route("**/static/viewer.js*", lambda route: route.abort(), times=1)
    shown = phone(blank, "تلگرام").locator(".picture").first
    await shown.click()
    await expect(blank.get_by_text("بار نشد؛ دوباره بزنید")).to_be_visible()
    await shown.click()
    await expect(blank.get_by_role("dialog")).to_be_visible()
