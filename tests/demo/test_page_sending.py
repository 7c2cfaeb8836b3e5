"""Writing and sending: nothing that was typed is lost, and one sees what became of it."""

import asyncio
import re
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Page, expect
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from demo.emulators import Emulators
from demo.page.server import PageServer
from tests.demo.conftest import Raw, arrive, phone, picture
from tests.support.asgi import serving

#: In a real browser, each in a page of its own: minutes in all.
pytestmark = pytest.mark.campaign

DROP = """([node, kind, files]) => {
    const data = new DataTransfer();
    for (const [name, type, size] of files) data.items.add(new File([new Uint8Array(size).fill(65)], name, { type }));
    const event = kind === "paste" ? new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true })
        : new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true });
    node.dispatchEvent(event);
    return event.defaultPrevented;
}"""


async def write(page: Page, messenger: str, text: str) -> None:
    box = phone(page, messenger).get_by_role("textbox", name="پیام")
    await box.fill(text)
    await box.press("Enter")


async def test_a_text_that_could_not_be_sent_stays_and_is_sent_again(page: Page, server: PageServer) -> None:
    sara = phone(page, "تلگرام")
    await server.stop()
    await write(page, "تلگرام", "گم نشو")
    await expect(sara.get_by_text("گم نشو")).to_be_visible()
    await expect(sara.get_by_role("alert")).to_contain_text("پیام فرستاده نشد؛")
    await expect(page.get_by_text("ارتباط این صفحه با نسخه نمایشی قطع است")).to_be_visible()
    await expect(sara.get_by_text("در انتظار اتصال…")).to_be_visible()
    await server.start()
    await expect(page.get_by_text("ارتباط این صفحه با نسخه نمایشی قطع است")).to_be_hidden()
    await sara.get_by_role("button", name="دوباره").click()
    await expect(sara.get_by_text("گفتید: گم نشو")).to_be_visible()
    await expect(sara.locator(".message.mine", has_text="گم نشو")).to_have_count(1)
    await expect(sara.get_by_role("alert")).to_have_count(0)


async def test_a_message_whose_answer_was_lost_is_not_doubled(
    server: PageServer, http: httpx.AsyncClient
) -> None:
    sara = server.users.roles[0].person
    one = f"{server.url}/emulators/people/telegram-{sara.user.id}"
    for _ in range(2):
        assert (await http.post(f"{one}/send", json={"text": "یک بار", "once": "k1"})).status_code == 200
    await http.post(f"{one}/send", json={"text": "یک بار", "once": "k2"})
    assert [seen.text for seen in sara.history() if not seen.from_bot] == ["یک بار"] * 2


async def test_a_reload_keeps_drafts_and_the_phones_that_are_on(page: Page) -> None:
    await phone(page, "بله").get_by_role("button", name="بستن این گوشی").click()
    await page.get_by_role("button", name=re.compile("مریم موسوی")).click()
    box = page.get_by_role("region", name="گوشی مریم موسوی در تلگرام").get_by_role("textbox")
    await box.fill("نیمه‌کاره")
    await page.reload()
    await expect(box).to_have_value("نیمه‌کاره")
    await expect(page.locator(".phone")).to_have_count(3)
    await expect(phone(page, "بله")).to_have_count(0)


async def test_an_outage_is_told_in_words_and_by_ticks(
    page: Page, server: PageServer, emulators: Emulators
) -> None:
    sara = phone(page, "تلگرام")
    await write(page, "تلگرام", "سلام")
    first = sara.locator(".message.mine", has_text="سلام")
    await expect(first.get_by_title("به سامانه رسید")).to_be_visible()
    await page.get_by_label("قطع تلگرام").check()
    await expect(page.locator("#troubles")).to_contain_text("تلگرام قطع است")
    await expect(sara.locator("header")).to_contain_text("تلگرام قطع است")
    await write(page, "تلگرام", "در قطعی")
    second = sara.locator(".message.mine", has_text="در قطعی")
    await expect(second.get_by_title("فرستاده شد")).to_be_visible()
    await expect(page.locator("#queues")).to_contain_text(re.compile("در صف تلگرام برای سامانه۱"))
    await page.get_by_label("قطع تلگرام").uncheck()
    await expect(sara.get_by_text("گفتید: در قطعی")).to_be_visible()
    await expect(second.get_by_title("به سامانه رسید")).to_be_visible()
    await expect(page.locator("#queues")).to_contain_text(re.compile("در صف تلگرام برای سامانه۰"))
    await expect(page.locator("#troubles")).to_be_hidden()


async def test_a_pressed_button_turns_until_the_bot_answers(
    page: Page, server: PageServer, telegram: Raw
) -> None:
    sara = server.users.roles[2].person
    await page.get_by_role("button", name=re.compile("مریم موسوی")).click()
    arrive(
        sara, "کدام؟", inline=[[{"text": "این", "callback_data": "a"}, {"text": "آن", "callback_data": "b"}]]
    )
    key = page.get_by_role("button", name="این", exact=True)
    with server.users.emulators.telegram.server.outage():
        await key.click()
        await expect(key).to_have_attribute("aria-busy", "true")
        await page.reload()
        await expect(key).to_have_attribute("aria-busy", "true")
    await expect(key).to_have_count(0)  # the bot changed the message


async def test_an_upload_shows_its_progress_and_can_be_cancelled(page: Page, tmp_path: Path) -> None:
    sara = phone(page, "تلگرام")
    network = await page.context.new_cdp_session(page)
    await network.send("Network.enable")
    slow = {"offline": False, "latency": 50, "downloadThroughput": 200_000, "uploadThroughput": 60_000}
    await network.send("Network.emulateNetworkConditions", slow)
    paper = tmp_path / "بزرگ.pdf"
    paper.write_bytes(b"%PDF-1.4" + bytes(3_000_000))
    await sara.get_by_role("button", name="پیوست").click()
    await sara.locator("input[type=file]").set_input_files(paper)
    await expect(sara.get_by_role("progressbar")).to_be_visible()
    await expect(sara.locator(".percent")).to_have_text(re.compile("^[۱-۹]"))
    await sara.get_by_role("button", name="لغو").click()
    await expect(sara.locator(".message")).to_have_count(0)
    fast = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
    await network.send("Network.emulateNetworkConditions", fast)
    await sara.locator("input[type=file]").set_input_files(paper)
    await expect(sara.locator(".message:not(.mine) a.document", has_text="بزرگ.pdf")).to_be_visible()
    await expect(sara.locator(".message.mine")).to_have_count(1)


async def test_what_cannot_be_sent_is_refused_in_persian(
    page: Page, server: PageServer, http: httpx.AsyncClient
) -> None:
    sara = phone(page, "تلگرام")
    one = f"{server.url}/emulators/people/telegram-{server.users.roles[0].person.user.id}"
    files = {"file": ("x.jpg", b"no picture", "image/jpeg")}
    refused = (await http.post(f"{one}/upload", data={"as": "photo"}, files=files)).json()["error"]
    assert "به‌صورت عکس فرستاد" in refused
    large = {"file": ("x.bin", bytes(52 * 1024 * 1024), "application/octet-stream")}
    answer = await http.post(f"{one}/upload", data={"as": "file"}, files=large)
    assert (answer.status_code, "۵۰ مگابایت" in answer.json()["error"]) == (413, True)
    node = await sara.element_handle()
    await page.evaluate(DROP, [node, "drop", [["بزرگ.zip", "application/zip", 51 * 1024 * 1024]]])
    await expect(page.get_by_role("status").filter(has_text="۵۰ مگابایت")).to_be_visible()


async def test_files_are_dropped_and_pictures_pasted(page: Page, server: PageServer) -> None:
    sara = phone(page, "تلگرام")
    assert await page.evaluate(
        DROP, [await sara.element_handle(), "drop", [["نامه.pdf", "application/pdf", 900]]]
    )
    await expect(sara.locator(".message:not(.mine) a.document", has_text="نامه.pdf")).to_be_visible()
    box = await sara.get_by_role("textbox").element_handle()
    content = list(picture(80, 60))
    await page.evaluate(
        """([node, bytes]) => { const data = new DataTransfer();
        data.items.add(new File([new Uint8Array(bytes)], "image.png", { type: "image/jpeg" }));
        node.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true })); }""",
        [box, content],
    )
    await expect(sara.locator(".message:not(.mine) img")).to_be_visible()
    outside = await page.locator(".bar").element_handle()
    assert await page.evaluate(DROP, [outside, "drop", [["x.txt", "text/plain", 3]]])


async def test_a_message_is_replied_to_copied_and_forwarded(
    page: Page, server: PageServer, emulators: Emulators
) -> None:
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    sara, maryam = server.users.roles[0].person, server.users.roles[2].person
    shown = phone(page, "تلگرام").first
    message = arrive(sara, "نامه شما رسید.")[0]
    bubble = shown.get_by_text("نامه شما رسید.")
    await bubble.click(button="right")
    await shown.get_by_role("button", name="پاسخ", exact=False).filter(has_text="↩").click()
    await write(page, "تلگرام", "ممنون")
    quoted = shown.locator(".message.mine", has_text="ممنون")
    await expect(quoted.get_by_role("button", name="پاسخ به: نامه شما رسید.")).to_be_visible()
    assert [one.reply_to for one in sara.conversation.messages.values()][1] == message.id
    await bubble.first.click(button="right")
    await shown.get_by_role("button", name="کپی متن").click()
    await expect(page.get_by_role("status").filter(has_text="کپی شد.")).to_be_visible()
    assert await page.evaluate("navigator.clipboard.readText()") == "نامه شما رسید."
    await bubble.first.click(button="right")
    await shown.get_by_role("button", name="هدایت به…").click()
    await shown.get_by_role("button", name=re.compile("^مریم موسوی")).click()
    await maryam.sees("نامه شما رسید.")
    forwarded = next(iter(maryam.conversation.messages.values()))
    assert forwarded.forwarded_from is not None
    assert emulators.violations == []


async def test_a_long_press_opens_the_menu_of_a_message(page: Page, server: PageServer) -> None:
    arrive(server.users.roles[0].person, "نگه دارید")
    words = phone(page, "تلگرام").get_by_text("نگه دارید")
    await words.evaluate(
        """node => { const box = node.getBoundingClientRect();
        const touch = new Touch({ identifier: 1, target: node, clientX: box.x + 5, clientY: box.y + 5 });
        node.dispatchEvent(new TouchEvent("touchstart", { touches: [touch], bubbles: true })); }"""
    )
    await expect(phone(page, "تلگرام").get_by_role("button", name="کپی متن")).to_be_visible()


async def test_commands_are_offered(page: Page, server: PageServer, telegram: Raw) -> None:
    menu = '[{"command": "start", "description": "آغاز"}, {"command": "help", "description": "راهنمایی"}]'
    await telegram.result("setMyCommands", commands=menu)
    arrive(server.users.roles[0].person, "سلام")
    sara = phone(page, "تلگرام")
    await sara.get_by_role("button", name="فرمان‌ها").click()
    await sara.get_by_role("button", name="/help راهنمایی").click()
    await expect(sara.locator(".message.mine", has_text="/help")).to_be_visible()
    await expect(sara.get_by_text("گفتید: /help")).to_be_visible()


async def test_a_blocked_bot_is_opened_by_one_button(
    page: Page, server: PageServer, http: httpx.AsyncClient
) -> None:
    sara, shown = server.users.roles[0].person, phone(page, "تلگرام")
    arrive(sara, "کدام؟", inline=[[{"text": "این", "callback_data": "a"}]])
    await sara.block()
    await expect(shown.get_by_role("textbox")).to_be_hidden()
    await expect(shown.get_by_role("button", name="این", exact=True)).to_be_disabled()
    one = f"{server.url}/emulators/people/telegram-{sara.user.id}"
    for action in ("sticker", "voice", "contact"):
        refused = (await http.post(f"{one}/{action}", json={})).json()["error"]
        assert refused.startswith("ربات را مسدود کرده‌اید")
    await shown.get_by_role("button", name="باز کردن ربات").click()
    await expect(shown.get_by_role("textbox")).to_be_visible()
    assert not sara.conversation.blocked


async def test_a_mobile_may_be_written_in_any_digits(
    page: Page, server: PageServer, http: httpx.AsyncClient
) -> None:
    await page.get_by_role("button", name="گوشی جدید").click()
    await page.get_by_label("نام", exact=True).fill("علی")
    await page.get_by_label("شماره همراه").fill("۰۹۱۲ ۳۴۵ ۶۷۸۹")
    await page.get_by_role("button", name="افزودن").click()
    await expect(page.get_by_role("region", name="گوشی علی در تلگرام")).to_be_visible()
    assert server.users.roles[-1].person.user.phone == "09123456789"
    for written in ("+989123456789", "٠٩١٢٣٤٥٦٧٨٩", "0098 912 345 6789"):
        body = {"messenger": "bale", "name": "رضا", "mobile": written}
        assert (await http.post(f"{server.url}/emulators/people", json=body)).status_code == 200
        assert server.users.roles[-1].person.user.phone == "09123456789"
    body = {"messenger": "bale", "name": "رضا", "mobile": "12"}
    refused = (await http.post(f"{server.url}/emulators/people", json=body)).json()["error"]
    assert refused.startswith("شماره همراه را درست بنویسید")


async def test_unread_messages_are_counted_in_the_title(page: Page, server: PageServer) -> None:
    arrive(server.users.roles[2].person, "یک", "دو")
    await expect(page).to_have_title(re.compile(r"^\(۲\) "))
    await page.get_by_role("button", name=re.compile("مریم موسوی")).click()
    await expect(page).to_have_title(re.compile("^نسخه نمایشی"))
    sound = page.get_by_role("button", name="صدای پیام")
    await expect(sound).to_have_attribute("aria-pressed", "false")
    await sound.click()
    await expect(sound).to_have_attribute("aria-pressed", "true")


async def test_seven_tabs_all_live(page: Page, server: PageServer) -> None:
    others = [await page.context.new_page() for _ in range(7)]
    await asyncio.gather(*(other.goto(server.url) for other in others))
    arrive(server.users.roles[0].person, "به همه")
    for other in (page, *others):
        await expect(phone(other, "تلگرام").get_by_text("به همه")).to_have_count(1)
    await write(others[-1], "تلگرام", "از آخری")
    await expect(phone(page, "تلگرام").get_by_text("گفتید: از آخری")).to_be_visible()


async def test_what_waits_in_the_bot_is_told_in_words(page: Page, server: PageServer) -> None:
    figures = """officer_updates_unfinished 2.0
officer_oldest_unfinished_update_seconds 7.2
officer_outbox_queued{channel="CHAT"} 3.0
officer_outbox_queued{channel="SMS"} 1.0
officer_oldest_queued_push_seconds 0.0
officer_payments{state="verifying"} 1.0
officer_last_poll_seconds{messenger="bale"} 12.4
officer_messenger_rest_seconds{messenger="telegram"} 30.0
"""

    async def metrics(request: Request) -> PlainTextResponse:
        return PlainTextResponse(figures)

    async with serving(Starlette(routes=[Route("/metrics", metrics)])) as url:
        server.metrics_url = f"{url}/metrics"
        waits = page.locator("#queues")
        await expect(waits).to_contain_text("ورودی: رسیده و ناتمام۲، قدیمی‌ترین ۷ ثانیه")
        await expect(waits).to_contain_text("گفت‌وگو ۳، پیامک ۱")
        await expect(waits).to_contain_text("آخرین پاسخ بله۱۲ ثانیه پیش")
        await expect(waits).to_contain_text("مکث به درخواست تلگرام۳۰ ثانیه مانده")
