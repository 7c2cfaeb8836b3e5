"""The page in a real browser, and the control API under it."""

import re
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Page, expect

from demo.emulators import Emulators
from demo.page.server import PageServer
from tests.demo.conftest import Raw, phone, picture

pytestmark = pytest.mark.usefixtures("toys")

XSS = "<img src=x onerror=document.title='hacked'>"


async def test_a_visitor_walks_with_sample_answers(page: Page, emulators: Emulators) -> None:
    sara = phone(page, "تلگرام")
    await sara.get_by_role("button", name="شروع").click()
    await expect(sara.get_by_text("خوش آمدید.")).to_be_visible()
    labels = await sara.locator(".rows > div").first.locator("button").all()
    boxes = [await one.bounding_box() for one in labels]
    assert [await one.inner_text() for one in labels] == ["🔑 ورود", "📝 ثبت‌نام"]
    assert boxes[0]["x"] < boxes[1]["x"], "the first button of a row is the leftmost, as messengers lay it"
    await sara.get_by_role("button", name="📝 ثبت‌نام").click()
    await expect(sara.get_by_role("status").filter(has_text="چشم")).to_be_visible()
    await expect(sara.get_by_text("کد ملی ۱۰ رقمی خود را بنویسید.")).to_be_visible()
    await expect(sara.get_by_text("ویرایش‌شده")).to_be_visible()
    await sara.get_by_role("button", name=re.compile("✨ ۹۹۹")).click()
    await sara.get_by_role("button", name="📱 ارسال شماره همراه").click()
    await expect(sara.get_by_text("شناسنامه» را بفرستید")).to_be_visible()
    await expect(sara.locator(".keyboard button")).to_have_count(0)
    await sara.get_by_role("button", name="📎 شناسنامه").click()
    await expect(sara.locator(".message:not(.mine) img")).to_be_visible()
    natural = await sara.locator(".message:not(.mine) img").evaluate(
        "async (one) => (await one.decode(), one.naturalWidth)"
    )
    assert natural > 500
    assert emulators.violations == []


async def test_typing_and_files_of_ones_own(page: Page, server: PageServer, tmp_path: Path) -> None:
    sara = phone(page, "بله")
    box = sara.get_by_role("textbox", name="پیام")
    await box.fill("سلام\nچطورید؟")
    await box.press("Enter")
    await expect(sara.get_by_text("گفتید: سلام")).to_be_visible()
    await sara.get_by_role("button", name="پیوست").click()
    await sara.get_by_role("radio", name="فایل").check()
    paper = tmp_path / "گواهی من.jpg"
    paper.write_bytes(picture())
    await sara.locator("input[type=file]").set_input_files(paper)
    await expect(sara.locator(".message:not(.mine) a.document", has_text="گواهی من.jpg")).to_be_visible()
    await sara.get_by_role("radio", name="PDF").check()
    await sara.get_by_role("button", name="مدرک تحصیلی").click()
    link = sara.locator(".message:not(.mine) a.document", has_text="مدرک تحصیلی.pdf")
    await expect(link).to_be_visible()
    answer = await page.request.get(server.url + await link.get_attribute("href"))
    assert answer.headers["content-type"] == "application/pdf"
    assert (await answer.body()).startswith(b"%PDF")


@pytest.mark.campaign
async def test_phones_come_and_go_and_a_newcomer_joins(page: Page) -> None:
    await expect(page.locator(".phone")).to_have_count(3)
    await page.get_by_role("button", name=re.compile("مریم موسوی")).click()
    await expect(page.locator(".phone")).to_have_count(4)
    await phone(page, "بله").get_by_role("button", name="بستن این گوشی").click()
    await expect(page.locator(".phone")).to_have_count(3)
    await page.get_by_role("button", name="گوشی جدید").click()
    await page.get_by_label("نام", exact=True).fill("علی")
    await page.get_by_label("بله", exact=True).check()
    await page.get_by_role("button", name="افزودن").click()
    await expect(page.get_by_role("region", name="گوشی علی در بله")).to_be_visible()


@pytest.mark.campaign
async def test_unread_messages_are_counted_texts_are_no_markup_and_deleted_ones_vanish(
    page: Page, server: PageServer, telegram: Raw
) -> None:
    sara, maryam = server.users.roles[0].person, server.users.roles[2].person
    await maryam.type(XSS)
    chip = page.get_by_role("button", name=re.compile("مریم موسوی"))
    await expect(chip.get_by_label("پیام نخوانده")).to_have_text("۱")
    await chip.click()
    await expect(page.locator(".message.mine p", has_text=XSS)).to_be_visible()
    await expect(chip.get_by_label("پیام نخوانده")).to_have_count(0)
    assert "hacked" not in await page.title()
    secret = await sara.type("رمز")
    shown = phone(page, "تلگرام").locator(".message.mine", has_text="رمز")
    await expect(shown).to_be_visible()
    await telegram.result("deleteMessage", chat_id=sara.user.id, message_id=secret.id)
    await expect(shown).to_have_count(0)


@pytest.mark.campaign
async def test_blocking_an_outage_and_text_messages_are_shown(
    page: Page, server: PageServer, emulators: Emulators, http: httpx.AsyncClient
) -> None:
    phone_of_sara, sara = phone(page, "تلگرام"), server.users.roles[0].person
    await phone_of_sara.get_by_role("button", name="کارهای دیگر").click()
    await phone_of_sara.get_by_role("button", name="مسدود کردن ربات").click()
    await expect(phone_of_sara.get_by_text("ربات مسدود است")).to_be_visible()
    assert sara.conversation.blocked
    sms = {"receptor": "09901110001", "message": "مدیریت محترم"}
    await http.post(f"{emulators.sms.url}/v1/{emulators.sms.key}/sms/send.json", data=sms)
    await expect(page.get_by_role("region", name="گوشی پیامک").get_by_text("مدیریت محترم")).to_be_visible()
    await page.get_by_role("button", name="راهنما").click()
    await expect(page.get_by_role("button", name="10000002")).to_be_visible()
    await page.get_by_label("قطع تلگرام").check()
    await expect(page.get_by_label("قطع تلگرام")).to_be_checked()
    await sara.waits(lambda: emulators.telegram.server.is_out, what="outage")


@pytest.mark.campaign
async def test_one_phone_at_a_time_on_a_narrow_screen(page: Page) -> None:
    await page.set_viewport_size({"width": 390, "height": 800})
    await page.reload()
    await page.locator(".chip").nth(1).click()  # one that is chosen at once stays chosen
    await page.locator(".phone.bale.current .suggestions button").click()
    await expect(page.locator(".phone.bale.current .message", has_text="خوش آمدید.")).to_be_visible()
    await expect(page.locator(".phone:visible")).to_have_count(1)
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
    await page.get_by_role("button", name=re.compile("مریم موسوی")).click()
    await expect(page.locator(".phone:visible h2")).to_have_text("مریم موسوی")
    for control in await page.locator(".phone:visible button:visible").all():
        box = await control.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390


async def test_another_process_plays_over_http(server: PageServer) -> None:
    async with httpx.AsyncClient(base_url=server.url, trust_env=False, timeout=90) as http:
        made = (await http.post("/emulators/people", json={"messenger": "bale", "name": "رضا"})).json()
        one = f"/emulators/people/{made['id']}"
        await http.post(f"{one}/send", json={"text": "/start"})
        seen = (await http.get(f"{one}/wait", params={"text": "خوش آمدید"})).json()
        assert seen["rows"][0][1]["text"] == "📝 ثبت‌نام"
        opened = (await http.post(f"{one}/tap", json={"label": "صفحه بانک"})).json()
        assert opened["opened"] == "http://127.0.0.1:9/pay"
        await http.post(f"{one}/tap", json={"label": "ثبت‌نام"})
        assert (await http.get(f"{one}/wait", params={"text": "کد ملی"})).json()["edited"]
        forged = await http.post(f"{one}/tap", json={"data": "x", "message": seen["id"]})
        assert forged.status_code == 400
        gone = await http.post(f"{one}/tap", json={"data": "x", "message": 999})
        assert gone.json()["error"] == "این پیام دیگر نیست."
        never = await http.get(f"{one}/wait", params={"text": "نخواهد آمد", "within": "0.05"})
        assert (never.status_code, "کد ملی" in never.json()["error"]) == (400, True)
        files = [("file", (f"{n}.pdf", b"%PDF-1.4", "application/pdf")) for n in (1, 2)]
        assert (await http.post(f"{one}/upload", data={"as": "file"}, files=files)).status_code == 200
        chat = (await http.get(one)).json()
        names = [file["name"] for message in chat["messages"] for file in message["files"]]
        assert names[:2] == ["1.pdf", "2.pdf"]
        assert (await http.get("/emulators/people/bale-1")).status_code == 404
        assert (await http.post("/emulators/bot", json={"on": False})).status_code == 400


@pytest.mark.campaign
async def test_a_link_to_the_bot_leads_to_its_phone_and_carries_its_words(
    page: Page, server: PageServer
) -> None:
    maryam = server.users.roles[2].person
    await page.get_by_role("button", name=re.compile("مریم موسوی")).click()
    opened = page.get_by_role("region", name="گوشی مریم موسوی در تلگرام")
    await maryam.type("سلام")
    back = await page.context.new_page()
    await back.goto(f"{server.url}/telegram/technical_officer_bot?start=invite_7")
    phones = back.get_by_role("region", name=re.compile("در تلگرام$"))
    await phones.first.get_by_role("button", name="شروع").click()
    await expect(phones.first.locator(".message.mine", has_text="/start invite_7")).to_be_visible()
    await expect(opened.get_by_text("گفتید: سلام")).to_be_visible()
    assert back.url == f"{server.url}/"
