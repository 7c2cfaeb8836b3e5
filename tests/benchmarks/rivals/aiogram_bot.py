"""The same two questions with aiogram 3, as its examples write it; `REDIS_URL` keeps the states in Redis.

Runs by the rivals' own Python (`packages.py`), so nothing of this project is imported."""

import asyncio
import os

from aiogram import Bot, Dispatcher
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.filters import CommandStart
from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State, StatesGroup
from aiogram.fsm.storage.base import BaseStorage
from aiogram.fsm.storage.memory import MemoryStorage
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup, Message


class Questions(StatesGroup):
    first, last = State(), State()


BUTTONS = InlineKeyboardMarkup(
    inline_keyboard=[
        [
            InlineKeyboardButton(text="بازگشت", callback_data="back"),
            InlineKeyboardButton(text="انصراف", callback_data="cancel"),
        ]
    ]
)


async def start(message: Message, state: FSMContext) -> None:
    await state.set_state(Questions.first)
    await message.answer("نام خود را مطابق شناسنامه بنویسید.", reply_markup=BUTTONS)


async def first_name(message: Message, state: FSMContext) -> None:
    await state.update_data(first_name=message.text)
    await state.set_state(Questions.last)
    await message.answer("نام خانوادگی خود را مطابق شناسنامه بنویسید.", reply_markup=BUTTONS)


async def last_name(message: Message, state: FSMContext) -> None:
    await state.set_state(Questions.first)
    await message.answer("نام خود را مطابق شناسنامه بنویسید.", reply_markup=BUTTONS)


def storage() -> BaseStorage:
    if url := os.environ.get("REDIS_URL"):
        from aiogram.fsm.storage.redis import RedisStorage

        return RedisStorage.from_url(url)
    return MemoryStorage()


async def main() -> None:
    api = TelegramAPIServer.from_base(os.environ["TELEGRAM_API_URL"])
    dispatcher = Dispatcher(storage=storage())
    dispatcher.message.register(start, CommandStart())
    dispatcher.message.register(first_name, Questions.first)
    dispatcher.message.register(last_name, Questions.last)
    await dispatcher.start_polling(Bot(os.environ["TELEGRAM_TOKEN"], session=AiohttpSession(api=api)))


if __name__ == "__main__":
    asyncio.run(main())
