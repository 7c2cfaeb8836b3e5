"""aiogram 3, against Telegram's emulation."""

import asyncio
import os

from aiogram import Bot, Dispatcher, F
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.filters import CommandStart
from aiogram.types import (
    BufferedInputFile,
    CallbackQuery,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    KeyboardButton,
    Message,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
)

dispatcher = Dispatcher()
BUTTONS = InlineKeyboardMarkup(
    inline_keyboard=[
        [
            InlineKeyboardButton(text="بله", callback_data="yes"),
            InlineKeyboardButton(text="خیر", callback_data="no"),
        ]
    ]
)
SHARE = ReplyKeyboardMarkup(
    keyboard=[[KeyboardButton(text="ارسال شماره", request_contact=True)]], resize_keyboard=True
)


@dispatcher.message(CommandStart())
async def start(message: Message) -> None:
    await message.answer(f"سلام {message.from_user.first_name}", reply_markup=BUTTONS)


@dispatcher.callback_query()
async def pressed(query: CallbackQuery) -> None:
    await query.answer("چشم")
    await query.message.edit_text(f"پاسخ: {query.data}")


@dispatcher.message(F.contact)
async def contact(message: Message) -> None:
    own = message.contact.user_id == message.from_user.id
    text = f"شماره {message.contact.phone_number.lstrip('+')} {own}"
    await message.answer(text, reply_markup=ReplyKeyboardRemove())


@dispatcher.message(F.document)
async def document(message: Message, bot: Bot) -> None:
    content = (await bot.download(message.document)).read()
    copy = BufferedInputFile(content, f"copy-{message.document.file_name}")
    await message.answer_document(copy, caption=f"{len(content)}")


@dispatcher.message(F.photo)
async def photo(message: Message) -> None:
    await message.answer_photo(message.photo[-1].file_id, caption="عکس")


@dispatcher.message(F.text == "شماره")
async def number(message: Message) -> None:
    await message.answer("شماره؟", reply_markup=SHARE)


@dispatcher.message(F.text == "پاک")
async def delete(message: Message) -> None:
    sent = await message.answer("می‌رود")
    await sent.delete()
    await message.answer("پاک شد")


@dispatcher.message(F.text)
async def said(message: Message) -> None:
    await message.reply(f"گفتید: {message.text}")


@dispatcher.edited_message()
async def edited(message: Message) -> None:
    await message.answer(f"اکنون: {message.text}")


async def main() -> None:
    server = TelegramAPIServer.from_base(os.environ["API_URL"])
    bot = Bot(os.environ["TOKEN"], session=AiohttpSession(api=server))
    await dispatcher.start_polling(bot)


asyncio.run(main())
