"""The bot to compare with: python-telegram-bot as its examples write it, two states in memory, stock HTTP client."""

import os

from telegram import InlineKeyboardButton, InlineKeyboardMarkup, Update
from telegram.ext import (
    Application,
    CommandHandler,
    ContextTypes,
    ConversationHandler,
    MessageHandler,
    filters,
)

FIRST, LAST = range(2)
BUTTONS = InlineKeyboardMarkup.from_row(
    [
        InlineKeyboardButton("بازگشت", callback_data="back"),
        InlineKeyboardButton("انصراف", callback_data="cancel"),
    ]
)
Context = ContextTypes.DEFAULT_TYPE


async def start(update: Update, context: Context) -> int:
    assert update.message is not None
    await update.message.reply_text("نام خود را مطابق شناسنامه بنویسید.", reply_markup=BUTTONS)
    return FIRST


async def first_name(update: Update, context: Context) -> int:
    assert update.message is not None
    assert context.user_data is not None
    context.user_data["first_name"] = update.message.text
    await update.message.reply_text("نام خانوادگی خود را مطابق شناسنامه بنویسید.", reply_markup=BUTTONS)
    return LAST


async def last_name(update: Update, context: Context) -> int:
    assert update.message is not None
    await update.message.reply_text("نام خود را مطابق شناسنامه بنویسید.", reply_markup=BUTTONS)
    return FIRST


def conversation(*, persistent: bool = False) -> ConversationHandler[Context]:
    """Two questions, to and fro."""
    text = filters.TEXT & ~filters.COMMAND
    return ConversationHandler(
        entry_points=[CommandHandler("start", start)],
        states={FIRST: [MessageHandler(text, first_name)], LAST: [MessageHandler(text, last_name)]},
        fallbacks=[CommandHandler("start", start)],
        name="questions",
        persistent=persistent,
    )


def main() -> None:
    app = (
        Application.builder()
        .token(os.environ["TELEGRAM_TOKEN"])
        .base_url(f"{os.environ['TELEGRAM_API_URL']}/bot")
        .build()
    )
    app.add_handler(conversation())
    app.run_polling()


if __name__ == "__main__":
    main()
