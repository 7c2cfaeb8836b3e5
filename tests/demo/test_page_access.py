"""What an accessibility check finds in every state of the page: nothing. What axe cannot see is looked at here."""

import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import axe_playwright_python
import pytest
from playwright.async_api import Browser, Page, expect

from demo.page.server import PageServer
from demo.users import DemoUser
from tests.demo.conftest import arrive, open_page, phone, picture

#: In a real browser, each in a page of its own: minutes in all.
pytestmark = pytest.mark.campaign

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
RUN = """async () => (await axe.run()).violations.flatMap(rule => rule.nodes.map(node =>
    `${rule.id}: ${node.target.join(" ")} (${node.any[0]?.message ?? ""})`))"""
PDF = b"%PDF-1.4\n%%EOF"


async def findings(page: Page) -> list[str]:
    await page.evaluate(
        """() => Promise.all(document.getAnimations()
            .filter(one => one.effect.getComputedTiming().activeDuration < Infinity)
            .map(one => one.finished.catch(() => null)))"""
    )
    await page.evaluate(AXE)
    return list(await page.evaluate(RUN))


async def converse(role: DemoUser) -> None:
    """Every kind of message."""
    sara = role.person
    keys = [[{"text": "این", "callback_data": "a"}, {"text": "آن", "callback_data": "b"}]]
    first = arrive(
        sara, "کدام <b>را</b>؟", inline=[*keys, [{"text": "پرداخت", "url": "http://127.0.0.1:9/pay"}]]
    )[0]
    await sara.type("این", reply_to=first.id)
    await sara.send_photo(picture(400, 300))
    await sara.send_album([picture(300, 300), picture(400, 300)])
    await sara.send_file("نامه.pdf", PDF)
    await sara.share()
    await sara.voice()
    await sara.forward(first, sara.user)
    first.edit_date = 1
    sara.state.tell("edit", sara.bot, sara.conversation, first)


async def close_guide(page: Page) -> None:
    shut = page.get_by_role("region", name="راهنمای نسخه نمایشی").get_by_role("button", name="بستن")
    if await shut.count():
        await shut.click()


async def empty(page: Page, server: PageServer) -> None:
    await close_guide(page)


async def guide(page: Page, server: PageServer) -> None:
    await expect(page.get_by_role("region", name="راهنمای نسخه نمایشی")).to_be_visible()


async def helped(page: Page, server: PageServer) -> None:
    await page.get_by_role("button", name="راهنما").click()
    await expect(page.get_by_role("region", name="گوشی پیامک")).to_be_hidden()


async def chat(page: Page, server: PageServer) -> None:
    await converse(server.users.roles[0])
    await converse(server.users.roles[1])
    await expect(phone(page, "بله").locator(".message")).to_have_count(17)  # with the answers


async def menus(page: Page, server: PageServer) -> None:
    await chat(page, server)
    await phone(page, "تلگرام").get_by_text("این", exact=True).first.click(button="right")
    await expect(page.get_by_role("button", name="هدایت به…")).to_be_visible()


async def drawer(page: Page, server: PageServer) -> None:
    for messenger in ("تلگرام", "بله"):
        await phone(page, messenger).get_by_role("button", name="پیوست").click()


async def failed(page: Page, server: PageServer) -> None:
    await server.stop()
    for messenger in ("تلگرام", "بله"):
        await phone(page, messenger).get_by_role("textbox").fill("سلام")
        await page.keyboard.press("Enter")
        await expect(phone(page, messenger).get_by_role("alert")).to_be_visible()
    await expect(page.locator("#troubles")).to_be_visible()


async def out(page: Page, server: PageServer) -> None:
    for name in ("تلگرام", "بله"):
        await page.get_by_label(f"قطع {name}").check()
    await expect(page.locator("#troubles p")).to_have_count(2)
    await expect(page.locator("#queues")).to_contain_text("در صف")


async def blocked(page: Page, server: PageServer) -> None:
    await chat(page, server)
    for role in server.users.roles[:2]:
        await role.person.block()
    await expect(page.get_by_role("button", name="باز کردن ربات")).to_have_count(2)


async def newcomer(page: Page, server: PageServer) -> None:
    await page.get_by_role("button", name="گوشی جدید").click()


async def viewer(page: Page, server: PageServer) -> None:
    await chat(page, server)
    await phone(page, "تلگرام").locator(".picture").first.click()
    await expect(page.get_by_role("dialog")).to_contain_text("از ۶")


async def notices(page: Page, server: PageServer) -> None:
    sara = server.users.roles[0].person
    await page.context.grant_permissions(["clipboard-write"])
    await page.get_by_role("button", name="10000002").click()
    await expect(page.get_by_text("کپی شد.")).to_be_visible()
    sara.state.toast(sara.bot, sara.conversation, "چشم", False)
    arrive(server.users.roles[2].person, "یک")
    await expect(page.get_by_text("چشم")).to_be_visible()


async def tour(page: Page, server: PageServer) -> None:
    await page.locator("#tour-open").click()
    await expect(page.locator(".tour-count")).to_be_visible()
    await page.locator("#tour").get_by_role("button", name=re.compile("گام|Steps")).click()


async def transcript(page: Page, server: PageServer) -> None:
    await converse(server.users.roles[0])
    await tour(page, server)
    await page.get_by_role("button", name=re.compile("متن گفت‌وگو|Transcript")).first.click()
    await expect(page.locator("#transcript")).to_be_visible()


async def searching(page: Page, server: PageServer) -> None:
    await chat(page, server)
    await phone(page, "تلگرام").get_by_role("button", name="کارهای دیگر").click()
    await phone(page, "تلگرام").get_by_role("button", name="جست‌وجو در گفت‌وگو").click()
    await phone(page, "تلگرام").get_by_role("searchbox").fill("کدام")
    await expect(page.locator(".message.found")).to_be_visible()


STATES: list[Callable[[Page, PageServer], Awaitable[None]]] = [
    empty, guide, chat, menus, drawer, failed, out, blocked, newcomer, viewer, notices, tour, transcript, searching,
]  # fmt: skip


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
async def test_axe_finds_nothing_in_any_state(
    page: Page, server: PageServer, state: Callable[[Page, PageServer], Awaitable[None]]
) -> None:
    await state(page, server)
    assert await findings(page) == []
    await page.emulate_media(color_scheme="dark")
    assert await findings(page) == []


@pytest.mark.parametrize(
    "state", [chat, out, newcomer, helped, tour, transcript], ids=lambda state: state.__name__
)
async def test_axe_finds_nothing_on_a_narrow_screen(
    browser: Browser, server: PageServer, state: Callable[[Page, PageServer], Awaitable[None]]
) -> None:
    page = await open_page(browser, server, viewport={"width": 320, "height": 640})
    if state is chat:
        await close_guide(page)
        await converse(server.users.roles[0])
        await expect(phone(page, "تلگرام").locator(".message")).to_have_count(9)
    else:
        await state(page, server)
    assert await findings(page) == []
    assert await page.evaluate("document.documentElement.scrollWidth") <= 320


async def test_who_wrote_is_told_to_a_screen_reader_and_in_high_contrast(
    browser: Browser, server: PageServer
) -> None:
    await converse(server.users.roles[0])
    page = await open_page(browser, server, forced_colors="active")
    log = phone(page, "تلگرام").get_by_role("log", name="گفت‌وگوی سارا کریمی‌نژاد")
    await expect(log.locator(".message")).to_have_count(9)
    assert (await log.locator(".message").first.inner_text()).startswith("سامانه:")
    assert (await log.locator(".message.mine").first.inner_text()).startswith("شما:")
    edges = await log.locator(".bubble").evaluate_all(
        "all => all.map(one => getComputedStyle(one).borderTopWidth)"
    )
    assert set(edges) == {"1px", "3px"}
    names = await log.get_by_role("img").evaluate_all("all => all.map(one => one.alt)")
    assert len(names) == 3
    assert all(name.startswith("عکس شما، ساعت") for name in names)


async def test_a_new_connection_reads_nothing_aloud_again(page: Page, server: PageServer) -> None:
    await converse(server.users.roles[0])
    log = phone(page, "تلگرام").get_by_role("log")
    await expect(log.locator(".message")).to_have_count(17)  # with the answers
    await log.evaluate(
        """one => { window.changes = 0;
        new MutationObserver(all => { window.changes += all.filter(one => one.addedNodes.length).length; })
            .observe(one, { childList: true, subtree: true }); }"""
    )
    await server.stop()
    await expect(page.locator("#troubles")).to_be_visible()
    await server.start()
    await expect(page.locator("#troubles")).to_be_hidden()
    arrive(server.users.roles[1].person, "پس از وصل")
    await expect(phone(page, "بله").get_by_text("پس از وصل")).to_be_visible()
    assert await page.evaluate("window.changes") == 0


@pytest.mark.parametrize(
    ("width", "height"), [(320, 256), (320, 640), (390, 800), (768, 900), (2560, 1400), (3840, 2160)]
)
async def test_nothing_is_cut_off_at_any_size(
    browser: Browser, server: PageServer, width: int, height: int
) -> None:
    await converse(server.users.roles[0])
    page = await open_page(browser, server, viewport={"width": width, "height": height})
    await close_guide(page)
    shown = phone(page, "تلگرام")
    await expect(shown.locator(".message")).to_have_count(9)
    chat_box = await shown.get_by_role("log").bounding_box()
    assert chat_box["height"] >= 90
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    box = shown.get_by_role("textbox")
    await box.scroll_into_view_if_needed()
    await expect(box).to_be_in_viewport(ratio=0.95)
    for control in await shown.locator("button:visible, a:visible").all():
        place = await control.bounding_box()
        assert place["x"] >= 0
        assert place["x"] + place["width"] <= width
