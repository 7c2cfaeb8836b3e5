"""Balethon 1.1, against Bale's emulation. It names files in JSON bodies, which Bale is said to refuse, so pictures are sent anew."""

import os

from balethon import Client
from balethon.objects import (
    CallbackQuery,
    InlineKeyboard,
    Message,
    ReplyKeyboard,
    ReplyKeyboardButton,
    ReplyKeyboardRemove,
)

bot = Client(os.environ["TOKEN"], base_url=os.environ["API_URL"])
BUTTONS = InlineKeyboard([("بله", "yes"), ("خیر", "no")])
SHARE = ReplyKeyboard([ReplyKeyboardButton("ارسال شماره", request_contact=True)])


@bot.on_message()
async def message(message: Message) -> None:
    text = message.text
    if message.contact:
        own = message.contact.user_id == message.author.id
        number = str(message.contact.phone_number).lstrip("+")
        await message.reply(f"شماره {number} {own}", ReplyKeyboardRemove())
    elif message.document:
        content = await bot.download(message.document.id)
        await message.reply_document(content, caption=f"{len(content)}")
    elif message.photo:
        content = await bot.download(message.photo[-1].id)
        await message.reply_photo(content, caption="عکس")
    elif text == "/start":
        await message.reply(f"سلام {message.author.first_name}", BUTTONS)
    elif text == "شماره":
        await message.reply("شماره؟", SHARE)
    elif text == "پاک":
        sent = await message.reply("می‌رود")
        await sent.delete()
        await message.reply("پاک شد")
    else:
        await message.reply(f"گفتید: {text}")


@bot.on_callback_query()
async def pressed(callback_query: CallbackQuery) -> None:
    await callback_query.answer("چشم")
    await callback_query.message.edit_text(f"پاسخ: {callback_query.data}")


@bot.on_edited_message()
async def edited(edited_message: Message) -> None:
    await bot.send_message(edited_message.chat.id, f"اکنون: {edited_message.text}")


@bot.on_error()
async def error(error: Exception) -> None:
    print("error", repr(error), flush=True)


bot.run()
