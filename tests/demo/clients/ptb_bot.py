"""python-telegram-bot by itself, as its examples use it, against either emulation."""

import os

from telegram import (
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    KeyboardButton,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
    Update,
)
from telegram.ext import (
    Application,
    CallbackQueryHandler,
    CommandHandler,
    ContextTypes,
    MessageHandler,
    filters,
)

Context = ContextTypes.DEFAULT_TYPE
BUTTONS = InlineKeyboardMarkup(
    [[InlineKeyboardButton("بله", callback_data="yes"), InlineKeyboardButton("خیر", callback_data="no")]]
)
SHARE = ReplyKeyboardMarkup([[KeyboardButton("ارسال شماره", request_contact=True)]], resize_keyboard=True)


async def start(update: Update, context: Context) -> None:
    await update.message.reply_text(f"سلام {update.effective_user.first_name}", reply_markup=BUTTONS)


async def pressed(update: Update, context: Context) -> None:
    await update.callback_query.answer("چشم")
    await update.callback_query.edit_message_text(f"پاسخ: {update.callback_query.data}")


async def contact(update: Update, context: Context) -> None:
    shared = update.message.contact
    own = shared.user_id == update.effective_user.id
    text = f"شماره {shared.phone_number.lstrip('+')} {own}"
    await update.message.reply_text(text, reply_markup=ReplyKeyboardRemove())


async def document(update: Update, context: Context) -> None:
    given = update.message.document
    content = bytes(await (await given.get_file()).download_as_bytearray())
    await update.message.reply_document(
        content, filename=f"copy-{given.file_name}", caption=f"{len(content)}"
    )


async def photo(update: Update, context: Context) -> None:
    await update.message.reply_photo(update.message.photo[-1].file_id, caption="عکس")


async def said(update: Update, context: Context) -> None:
    text = update.message.text
    if text == "شماره":
        await update.message.reply_text("شماره؟", reply_markup=SHARE)
    elif text == "پاک":
        await (await update.message.reply_text("می‌رود")).delete()
        await update.message.reply_text("پاک شد")
    else:
        quote = {} if os.environ["BALE"] else {"do_quote": True}
        await update.message.reply_text(f"گفتید: {text}", **quote)


async def edited(update: Update, context: Context) -> None:
    await update.edited_message.reply_text(f"اکنون: {update.edited_message.text}")


def main() -> None:
    root = os.environ["API_URL"]
    builder = Application.builder().token(os.environ["TOKEN"])
    application = builder.base_url(f"{root}/bot").base_file_url(f"{root}/file/bot").build()
    new = filters.UpdateType.MESSAGE
    application.add_handlers(
        [
            CommandHandler("start", start),
            CallbackQueryHandler(pressed),
            MessageHandler(new & filters.CONTACT, contact),
            MessageHandler(new & filters.Document.ALL, document),
            MessageHandler(new & filters.PHOTO, photo),
            MessageHandler(new & filters.TEXT, said),
            MessageHandler(filters.UpdateType.EDITED_MESSAGE & filters.TEXT, edited),
        ]
    )
    application.run_polling(allowed_updates=Update.ALL_TYPES, bootstrap_retries=0)


main()
