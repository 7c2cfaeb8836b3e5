"""Where Bale differs from Telegram."""

import httpx
import pytest

from demo.botapi.state import Span
from demo.emulators import Emulators
from demo.person import Person
from tests.demo.conftest import Raw, picture

BUTTON = '{"inline_keyboard": [[{"text": "یک", "callback_data": "1"}]]}'


@pytest.fixture
async def sara(emulators: Emulators) -> Person:
    """She has started the bot of Bale."""
    person = emulators.bale.person("سارا")
    await person.start()
    return person


async def test_edits_answer_with_a_stub_and_work(bale: Raw, sara: Person) -> None:
    sent = await bale.result("sendMessage", chat_id=sara.user.id, text="الف")
    for text in ("ب", "ب"):  # the same text again is no error here
        where = {"chat_id": sara.user.id, "message_id": sent["message_id"]}
        stub = await bale.result("editMessageText", text=text, **where)
        assert stub["message_id"] == 0
        assert "text" not in stub
        assert stub["chat"]["photo"] is None
    assert (await sara.sees("ب")).id == sent["message_id"]


async def test_every_text_is_markdown_and_accidents_are_recorded(
    emulators: Emulators, bale: Raw, sara: Person
) -> None:
    for text in ("کد *مهم* است", "پرونده file_name_1 و a*b*c", "این _کج_ شد"):
        await bale.result("sendMessage", chat_id=sara.user.id, text=text)
    assert [one.text for one in sara.new()] == ["کد مهم است", "پرونده file_name_1 و a*b*c", "این کج شد"]
    spans = [one.spans for one in emulators.bale.server.marked]
    assert spans == [(Span("bold", "مهم"),), (Span("italic", "کج"),)]


async def test_every_second_press_lacks_chat_instance(bale: Raw, sara: Person) -> None:
    await bale.result("sendMessage", chat_id=sara.user.id, text="الف", reply_markup=BUTTON)
    for _ in range(4):
        await sara.tap("یک", on=sara.screen())
    presses = [one["callback_query"] for one in await bale.result("getUpdates") if "callback_query" in one]
    assert ["chat_instance" in one for one in presses] == [True, False, True, False]
    assert all(not one["id"].startswith("1") for one in presses)


async def test_old_clients_cannot_show_the_line_over_a_button(emulators: Emulators, bale: Raw) -> None:
    sara = emulators.bale.person("سارا")
    sara.user.old_client = True
    await sara.start()
    await bale.result("sendMessage", chat_id=sara.user.id, text="الف", reply_markup=BUTTON)
    await sara.tap("یک")
    query = (await bale.result("getUpdates"))[-1]["callback_query"]
    assert query["id"].startswith("1")
    await bale.result("answerCallbackQuery", callback_query_id=query["id"], text="نادیدنی")
    assert sara.toasts == []
    await sara.button_rests()


async def test_what_bale_leaves_out(emulators: Emulators, bale: Raw) -> None:
    sara = emulators.bale.person("سارا", phone="09121234567")
    await sara.voice()
    await sara.sticker()
    await sara.share()
    voice, sticker, contact = [one["message"] for one in await bale.result("getUpdates")]
    assert set(voice["voice"]) == {"file_id", "file_unique_id"}
    assert "is_animated" not in sticker["sticker"]
    assert "photo" not in voice
    assert voice["chat"]["photo"] is None
    assert contact["contact"]["phone_number"] == "989121234567"
    await sara.forward_contact()
    forward = (await bale.result("getUpdates"))[-1]["message"]
    assert "forward_from" in forward
    assert "forward_origin" not in forward
    # File objects are bare now and then.
    await sara.send_photo(picture())
    sizes = (await bale.result("getUpdates"))[-1]["message"]["photo"]
    assert {"file_unique_id" in one for one in sizes} == {True, False}
    got = await bale.result("getFile", file_id=sizes[-1]["file_id"])
    assert "file_unique_id" not in got
    assert await bale.result("getWebhookInfo") == {"url": ""}


async def test_media_by_json_body_is_malformed(
    emulators: Emulators, bale: Raw, http: httpx.AsyncClient
) -> None:
    sara = emulators.bale.person("سارا")
    await sara.send_file("الف.pdf", b"%PDF-")
    file_id = (await bale.result("getUpdates"))[0]["message"]["document"]["file_id"]
    body = {"chat_id": sara.user.id, "document": file_id}
    answer = await http.post(f"{bale.root}/sendDocument", json=body)
    assert (answer.status_code, answer.json()["description"]) == (400, "malformed request")
    await bale.result("sendDocument", **body)
    await sara.sees_file("الف.pdf")


async def test_reply_is_by_reply_to_message_id(emulators: Emulators, bale: Raw) -> None:
    sara = emulators.bale.person("سارا")
    mine = await sara.type("سلام")
    chat = sara.user.id
    await bale.result("sendMessage", chat_id=chat, text="پاسخ", reply_to_message_id=mine.id)
    assert sara.conversation.messages[sara.screen().id].reply_to == mine.id
    await bale.result("sendMessage", chat_id=chat, text="x", reply_parameters='{"message_id": 1}')
    assert sara.conversation.messages[sara.screen().id].reply_to is None
    assert "unknown parameters: reply_parameters" in str(emulators.bale.server.violations.pop())
    told = await bale.refusal("sendChatAction", chat_id=chat, action="upload_document")
    assert "wrong parameter action" in told


async def test_what_others_clients_do(
    emulators: Emulators, http: httpx.AsyncClient, bale: Raw, sara: Person
) -> None:
    """The habits of python-bale-bot, Balethon and python-telegram-bot (tests/demo/test_clients.py plays their bots)."""
    chat, server = sara.user.id, emulators.bale.server
    updates = await bale.result("getUpdates", allowed_updates='["message"]', timeout=1)
    assert len(updates) == 1
    assert "photo" not in updates[0]["message"]
    assert "unknown parameters: allowed_updates" in str(emulators.bale.server.violations.pop())
    # A keyboard is taken away by an empty one with the flag.
    await bale.result("sendMessage", chat_id=chat, text="الف", reply_markup='{"keyboard": [["یک"]]}')
    assert sara.conversation.keyboard is not None
    away = '{"keyboard": [], "remove_keyboard": true}'
    sent = await bale.result("sendMessage", chat_id=chat, text="ب", reply_markup=away)
    assert sara.conversation.keyboard is None
    # GET with a JSON body.
    where = {"chat_id": str(chat), "message_id": sent["message_id"]}
    gone = await http.request("GET", f"{bale.root}/deleteMessage", json=where)
    assert gone.json() == {"ok": True, "result": True}
    # Each part of an upload says that it is multipart.
    parts = [("document", ("a.pdf", b"%PDF-1.4", "multipart/form-data")), ("chat_id", (None, str(chat)))]
    parts.append(("caption", (None, "شرح", "multipart/form-data")))
    sent = (await http.post(f"{bale.root}/sendDocument", files=parts)).json()["result"]
    assert sent["caption"] == "شرح"
    # A file is fetched by its id.
    fetched = await http.get(f"{server.url}/file/bot{emulators.bale.token}/{sent['document']['file_id']}")
    assert fetched.content == b"%PDF-1.4"
    assert emulators.violations == []
