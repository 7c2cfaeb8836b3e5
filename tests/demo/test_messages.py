"""What bots may send and change, and what people then see. PTB's Bot is the client where it can be."""

import json

import httpx
import pytest
from telegram import (
    Bot,
    CopyTextButton,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaDocument,
    KeyboardButton,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
)
from telegram.error import BadRequest, Forbidden, InvalidToken

from demo.emulators import Emulators
from demo.person import Person
from tests.demo.conftest import Raw, picture


def keyboard(*labels: str) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup([[InlineKeyboardButton(one, callback_data=one)] for one in labels])


def row(**button: object) -> str:
    return json.dumps({"inline_keyboard": [[{"text": "دکمه", **button}]]})


async def test_a_button_is_pressed_answered_and_the_message_changes(emulators: Emulators, bot: Bot) -> None:
    sara = emulators.telegram.person("سارا", phone="09121234567")
    await sara.start("from-link")
    [hello] = await bot.get_updates()
    assert hello.message.text == "/start from-link"
    assert hello.message.entities[0].type == "bot_command"
    await bot.send_message(sara.user.id, "خوش آمدید.", reply_markup=keyboard("ثبت‌نام", "ورود"))
    assert (await sara.sees("خوش آمدید")).labels == ["ثبت‌نام", "ورود"]
    await sara.tap("ورود")
    [press] = await bot.get_updates(offset=hello.update_id + 1)
    query = press.callback_query
    assert query.data == "ورود"
    await query.answer("باشد", show_alert=True)
    await query.edit_message_text("کد کاربری؟")
    assert (await sara.sees_toast("باشد")).alert
    seen = await sara.sees("کد کاربری")
    assert seen.edited
    assert seen.labels == []
    assert emulators.violations == []


async def test_an_old_button_can_be_pressed_a_foreign_one_only_by_force(
    emulators: Emulators, bot: Bot, sara: Person
) -> None:
    sent = await bot.send_message(sara.user.id, "الف", reply_markup=keyboard("قدیم"))
    old = await sara.sees("الف")
    await bot.edit_message_text("ب", sara.user.id, sent.message_id, reply_markup=keyboard("جدید"))
    await sara.tap("قدیم", on=old)
    await sara.press_raw("1|steal|1||", old)
    queries = [one.callback_query for one in await bot.get_updates() if one.callback_query]
    assert [one.data for one in queries] == ["قدیم", "1|steal|1||"]
    emulators.telegram.server.forget_callbacks()
    with pytest.raises(BadRequest, match="Query is too old"):
        await queries[0].answer()
    with pytest.raises(AssertionError, match="نیست"):
        await sara.tap("نیست", within=0.05)


async def test_not_modified_and_vanished_messages(emulators: Emulators, bot: Bot, sara: Person) -> None:
    sent = await bot.send_message(sara.user.id, "الف", reply_markup=keyboard("یک"))
    with pytest.raises(BadRequest, match="Message is not modified"):
        await sent.edit_text("الف", reply_markup=keyboard("یک"))
    await sent.edit_reply_markup(InlineKeyboardMarkup([]))
    assert (await sara.sees("الف")).labels == []
    await sent.delete()
    for attempt in (sent.edit_text("ب"), sent.delete()):
        with pytest.raises(BadRequest, match="not found"):
            await attempt
    assert emulators.violations == []


async def test_messages_with_a_reply_keyboard_cannot_be_edited(bot: Bot, sara: Person) -> None:
    ask = ReplyKeyboardMarkup([[KeyboardButton("📱 ارسال شماره همراه", request_contact=True)], ["انصراف"]])
    sent = await bot.send_message(sara.user.id, "شماره؟", reply_markup=ask)
    await sara.sees("شماره")
    assert sara.keyboard == [["📱 ارسال شماره همراه"], ["انصراف"]]
    with pytest.raises(BadRequest, match="can't be edited"):
        await sent.edit_text("ب")
    await sara.tap("📱 ارسال")
    contact = (await bot.get_updates())[-1].message.contact
    assert contact.phone_number == "+989121234567"
    assert contact.user_id == sara.user.id
    await bot.send_message(sara.user.id, "ممنون", reply_markup=ReplyKeyboardRemove())
    await sara.sees("ممنون")
    assert sara.keyboard == []


async def test_other_peoples_cards_and_forwards(emulators: Emulators, bot: Bot) -> None:
    sara = emulators.telegram.person("سارا", phone="09121234567")
    ali = emulators.telegram.person("علی", phone="09350000000")
    await sara.share(other="09351112233")
    await sara.share(other=ali)
    await sara.forward_contact(ali)
    typed, card, forward = [one.message for one in await bot.get_updates()]
    assert typed.contact.user_id is None
    assert card.contact.user_id == ali.user.id
    assert forward.forward_origin.sender_user.id == ali.user.id


async def test_strangers_blockers_and_the_gone(emulators: Emulators, bot: Bot, bale: Raw) -> None:
    sara = emulators.telegram.person("سارا")
    with pytest.raises(BadRequest, match="Chat not found"):
        await bot.send_message(42, "سلام")
    with pytest.raises(Forbidden, match="can't initiate"):
        await bot.send_message(sara.user.id, "سلام")
    await sara.start()
    await sara.block()
    with pytest.raises(Forbidden, match="blocked by the user"):
        await bot.send_message(sara.user.id, "سلام")
    await sara.unblock()
    await bot.send_message(sara.user.id, "سلام")
    sara.user.deactivated = True
    with pytest.raises(Forbidden, match="deactivated"):
        await bot.send_message(sara.user.id, "سلام")
    assert await bale.refusal("sendMessage", chat_id=42, text="سلام") == "404 no such group or user"


async def test_wrong_tokens(emulators: Emulators, http: httpx.AsyncClient) -> None:
    telegram = await http.get(f"{emulators.telegram.server.url}/bot1:no/getMe")
    bale = await http.get(f"{emulators.bale.server.url}/bot1:no/getMe")
    assert (telegram.status_code, telegram.json()["description"]) == (401, "Unauthorized")
    assert (bale.status_code, bale.json()["description"]) == (403, "Bad Request: Token not found")
    with pytest.raises(InvalidToken):
        await Bot("1:wrong", base_url=f"{emulators.telegram.server.url}/bot").initialize()


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"text": ""}, "message text is empty"),
        ({"text": "  \n "}, "message text is empty"),
        ({"text": "ی" * 4097}, "message is too long"),
        ({"text": "<b>x", "parse_mode": "HTML"}, "can't parse entities"),
        ({"text": "a.b", "parse_mode": "MarkdownV2"}, "can't parse entities: Character '.' is reserved"),
        ({"text": "x", "reply_markup": "{"}, "can't parse reply_markup JSON object"),
        ({"text": "x", "reply_markup": "[]"}, "object expected"),
        ({"text": "x", "reply_markup": row(callback_data="")}, "BUTTON_DATA_INVALID"),
        ({"text": "x", "reply_markup": row(callback_data="س" * 33)}, "BUTTON_DATA_INVALID"),
        ({"text": "x", "reply_markup": row()}, "text buttons are unallowed"),
        ({"text": "x", "reply_markup": row(callback_data="a", url="https://a.ir")}, "exactly one action"),
        ({"text": "x", "reply_markup": row(url="nonsense")}, "Wrong HTTP URL"),
        ({"text": "x", "reply_markup": row(copy_text={"text": "ک" * 257})}, "BUTTON_COPY_TEXT_INVALID"),
        ({"text": "x", "reply_markup": '{"keyboard": []}'}, "must be non-empty"),
    ],
)
async def test_refused_on_both_and_recorded(
    emulators: Emulators, telegram: Raw, bale: Raw, params: dict[str, str], words: str
) -> None:
    for face, raw in ((emulators.telegram, telegram), (emulators.bale, bale)):
        if face.kind == "bale" and "parse_mode" in params:
            continue
        sara = face.person("سارا")
        await sara.start()
        assert words in await raw.refusal("sendMessage", chat_id=sara.user.id, **params)
        assert len(face.server.violations) == 1
        assert len(sara.history()) == 1


async def test_limits_are_reached_not_passed(emulators: Emulators, telegram: Raw, sara: Person) -> None:
    for text, button in (("ی" * 4096, row(callback_data="س" * 32)), ("x", row(url="http://127.0.0.1:1/x"))):
        await telegram.result("sendMessage", chat_id=sara.user.id, text=text, reply_markup=button)
    assert emulators.violations == []


async def test_files_go_both_ways(emulators: Emulators, bot: Bot) -> None:
    sara = emulators.telegram.person("سارا")
    paper = picture()
    await sara.send_photo(paper, "کارت ملی")
    await sara.send_file("گواهی دوره.pdf", b"%PDF-1.7 ...", caption="گواهی")
    photo, pdf = [one.message for one in await bot.get_updates()]
    assert [max(size.width, size.height) for size in photo.photo] == [90, 320, 800, 1280]
    assert photo.caption == "کارت ملی"
    assert (pdf.document.file_name, pdf.document.mime_type) == ("گواهی دوره.pdf", "application/pdf")
    held = await (await bot.get_file(pdf.document.file_id)).download_as_bytearray()
    assert bytes(held) == b"%PDF-1.7 ..."
    await bot.send_document(sara.user.id, b"%PDF-1.4 back", filename="نامه.pdf", caption="بفرمایید")
    file = (await sara.sees_file("نامه.pdf")).file
    assert (file.name, file.mime, file.content) == ("نامه.pdf", "application/pdf", b"%PDF-1.4 back")
    await bot.send_photo(sara.user.id, paper)
    await bot.send_photo(sara.user.id, photo.photo[-1].file_id)
    assert len([one for one in sara.new() if one.files and one.file.kind == "photo"]) == 2
    with pytest.raises(BadRequest, match="Can't use file of type"):
        await bot.send_photo(sara.user.id, pdf.document.file_id)
    with pytest.raises(BadRequest, match="Wrong file"):
        await bot.send_document(sara.user.id, "BQACAgQ-of-another-bot")


async def test_albums(emulators: Emulators, bot: Bot) -> None:
    sara = emulators.telegram.person("سارا")
    await sara.send_album([picture(colour="red"), picture(), ("سه.pdf", b"%PDF-")], "سه مدرک")
    messages = [one.message for one in await bot.get_updates()]
    assert len({one.media_group_id for one in messages}) == 1
    assert [one.caption for one in messages] == ["سه مدرک", None, None]
    papers = [InputMediaDocument(b"%PDF-1", filename=f"{n}.pdf") for n in "۱۲"]
    await bot.send_media_group(sara.user.id, papers)
    assert [one.file.name for one in sara.new()] == ["۱.pdf", "۲.pdf"]


async def test_what_is_too_big(
    emulators: Emulators, bot: Bot, telegram: Raw, http: httpx.AsyncClient
) -> None:
    sara = emulators.telegram.person("سارا")
    await sara.send_file("بزرگ.pdf", bytes(21 * 1024 * 1024))
    with pytest.raises(BadRequest, match="File is too big"):
        await bot.get_file((await bot.get_updates())[0].message.document.file_id)
    with pytest.raises(BadRequest, match="too big for a photo"):
        await bot.send_photo(sara.user.id, bytes(11 * 1024 * 1024))
    large = {"data": {"chat_id": sara.user.id}, "files": {"document": bytes(53 * 1024 * 1024)}}
    assert (await http.post(f"{telegram.root}/sendDocument", **large)).status_code == 413
    with pytest.raises(ValueError, match="photo"):
        await sara.send_photo(b"no picture")


async def test_a_path_opens_only_after_get_file(
    emulators: Emulators, telegram: Raw, http: httpx.AsyncClient
) -> None:
    sara = emulators.telegram.person("سارا")
    await sara.send_file("الف.pdf", b"%PDF-")
    [update] = await telegram.result("getUpdates")
    root = telegram.root.replace("/bot", "/file/bot", 1)
    assert (await http.get(f"{root}/documents/file_0.pdf")).status_code == 404
    path = (await telegram.result("getFile", file_id=update["message"]["document"]["file_id"]))["file_path"]
    assert (await http.get(f"{root}/{path}")).content == b"%PDF-"


async def test_a_group_and_a_deleted_password(emulators: Emulators, bot: Bot) -> None:
    sara = emulators.telegram.person("سارا")
    group = emulators.telegram.group("همکاران")
    await sara.type("سلام", chat=group)
    secret = await sara.type("رمز")
    in_group, private = [one.message for one in await bot.get_updates()]
    assert (in_group.chat.type, private.chat.type) == ("group", "private")
    await private.delete()
    await sara.sees_gone(secret)
    assert "رمز" not in [one.text for one in sara.history()]


async def test_commands_actions_and_copied_text(emulators: Emulators, bot: Bot, sara: Person) -> None:
    await bot.set_my_commands([("start", "شروع")])
    await bot.send_chat_action(sara.user.id, "upload_document")
    button = InlineKeyboardButton("رونوشت", copy_text=CopyTextButton("140509010001"))
    await bot.send_message(sara.user.id, "کد رهگیری", reply_markup=InlineKeyboardMarkup([[button]]))
    assert await sara.tap("رونوشت") == "140509010001"
    assert emulators.violations == []


async def test_unknown_methods_and_parameters(emulators: Emulators, telegram: Raw, bale: Raw) -> None:
    sara, ali = emulators.telegram.person("سارا"), emulators.bale.person("علی")
    await sara.start()
    await ali.start()
    assert await telegram.refusal("sendNothing") == "404 Not Found"
    assert await bale.refusal("sendSticker", chat_id=1) == "404 Not Found"
    assert await bale.refusal("setMyName", name="x") == "501 Not Implemented"
    await telegram.result("sendMessage", chat_id=sara.user.id, text="x", colour="red")
    await bale.result("sendMessage", chat_id=ali.user.id, text="x", parse_mode="HTML")
    assert "unknown parameters: parse_mode" in str(emulators.bale.server.violations[-1])
    assert "unknown parameters: colour" in str(emulators.telegram.server.violations[-1])
    assert len(emulators.bale.server.violations) == 3


async def test_captions_albums_and_answers_have_limits(emulators: Emulators, telegram: Raw) -> None:
    sara = emulators.telegram.person("سارا")
    await sara.send_file("الف.pdf", b"%PDF-")
    await sara.send_photo(picture())
    paper, photo = [one["message"] for one in await telegram.result("getUpdates")]
    document, chat = paper["document"]["file_id"], sara.user.id
    await telegram.result("sendDocument", chat_id=chat, document=document, caption="ی" * 1024)
    long = await telegram.refusal("sendDocument", chat_id=chat, document=document, caption="ی" * 1025)
    assert "caption is too long" in long
    one, other = (
        {"type": "document", "media": document},
        {"type": "photo", "media": photo["photo"][0]["file_id"]},
    )
    for media in ([one, other], [one]):
        await telegram.refusal("sendMediaGroup", chat_id=chat, media=json.dumps(media))
    await telegram.refusal("answerCallbackQuery", callback_query_id="1", text="ی" * 201)
    assert len(emulators.telegram.server.violations) == 4
    assert len(sara.new()) == 1


async def test_captions_and_texts_are_edited_by_their_own_methods(
    emulators: Emulators, telegram: Raw
) -> None:
    sara = emulators.telegram.person("سارا")
    mine = await sara.send_photo(picture())
    chat = sara.user.id
    file_id = (await telegram.result("getUpdates"))[0]["message"]["photo"][-1]["file_id"]
    photo = (await telegram.result("sendPhoto", chat_id=chat, photo=file_id, caption="الف"))["message_id"]
    text = (await telegram.result("sendMessage", chat_id=chat, text="متن"))["message_id"]
    await telegram.result("editMessageCaption", chat_id=chat, message_id=photo, caption="ب")
    assert (await sara.sees("ب")).file.kind == "photo"
    for method, message_id, what, words in (
        ("editMessageText", photo, "text", "there is no text in the message to edit"),
        ("editMessageCaption", text, "caption", "there is no caption in the message to edit"),
        ("editMessageText", mine.id, "text", "message can't be edited"),
    ):
        params = {"chat_id": chat, "message_id": message_id, what: "x"}
        assert words in await telegram.refusal(method, **params)


async def test_bots_of_one_messenger_know_nothing_of_each_other(
    emulators: Emulators, telegram: Raw, http: httpx.AsyncClient
) -> None:
    other = emulators.telegram.server.add_bot("77:OTHER", username="other_bot")
    sara = emulators.telegram.person("سارا")
    stranger = Person(emulators.telegram.server.state, other, sara.user)
    await sara.send_file("الف.pdf", b"%PDF-")
    await stranger.type("به دیگری")
    [mine] = await telegram.result("getUpdates")
    root = f"{emulators.telegram.server.url}/bot77:OTHER"
    [theirs] = (await http.get(f"{root}/getUpdates")).json()["result"]
    assert theirs["message"]["text"] == "به دیگری"
    body = {"chat_id": sara.user.id, "document": mine["message"]["document"]["file_id"]}
    answer = await http.post(f"{root}/sendDocument", data=body)
    assert "wrong file identifier" in answer.json()["description"]
