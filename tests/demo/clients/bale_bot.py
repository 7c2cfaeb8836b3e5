"""python-bale-bot 2.5, against Bale's emulation. It knows no removal of a keyboard, and no answer to a press."""

import os

import bale.request.http as http
from bale import (
    Bot,
    CallbackQuery,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputFile,
    MenuKeyboardButton,
    MenuKeyboardMarkup,
    Message,
)

http.BALE_API_BASE_URL = os.environ["API_URL"] + "/"
http.BALE_API_FILE_URL = os.environ["API_URL"] + "/file"

bot = Bot(token=os.environ["TOKEN"])
BUTTONS = InlineKeyboardMarkup()
BUTTONS.add(InlineKeyboardButton("بله", callback_data="yes"))
BUTTONS.add(InlineKeyboardButton("خیر", callback_data="no"))
SHARE = MenuKeyboardMarkup()
SHARE.add(MenuKeyboardButton("ارسال شماره", request_contact=True))


@bot.event
async def on_message(message: Message) -> None:
    if message.contact:
        own = message.contact.user_id == message.author.id
        await message.reply(f"شماره {str(message.contact.phone_number).lstrip('+')} {own}")
    elif message.document:
        content = await bot.get_file(message.document.file_id)
        copy = InputFile(content, file_name=f"copy-{message.document.file_name}")
        await message.reply_document(copy, caption=f"{len(content)}")
    elif message.photos:
        await message.reply_photo(InputFile(message.photos[-1].file_id), caption="عکس")
    elif message.content == "/start":
        await message.chat.send(f"سلام {message.author.first_name}", components=BUTTONS)
    elif message.content == "شماره":
        await message.chat.send("شماره؟", components=SHARE)
    elif message.content == "پاک":
        sent = await message.chat.send("می‌رود")
        await sent.delete()
        await message.chat.send("پاک شد")
    else:
        await message.reply(f"گفتید: {message.content}")


@bot.event
async def on_callback(query: CallbackQuery) -> None:
    await query.message.edit(f"پاسخ: {query.data}")


@bot.event
async def on_message_edit(message: Message) -> None:
    await message.chat.send(f"اکنون: {message.content}")


bot.run()
