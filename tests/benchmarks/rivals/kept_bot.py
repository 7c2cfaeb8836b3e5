"""The plain bot with PTB's own persistence: after each update everything is in the file, as ours is in the database.

`PERSISTENCE_FILE` names it, `KNOWN_CHATS` how many people it knows at the start."""

import asyncio
import os

from telegram import Update
from telegram.ext import Application, ExtBot, PicklePersistence, TypeHandler

from tests.benchmarks.rivals.plain_bot import Context, conversation


async def keep(update: Update, context: Context) -> None:
    """One write of the whole file, the least that keeps this update."""
    application = context.application
    await application.update_persistence()
    assert application.persistence is not None
    await application.persistence.flush()


async def write_known_chats(path: str, token: str, chats: int) -> None:
    persistence = PicklePersistence(path, on_flush=True)
    persistence.set_bot(ExtBot(token))
    await persistence.get_user_data()
    for chat in range(1_000_000, 1_000_000 + chats):
        await persistence.update_user_data(chat, {"first_name": "سارا", "last_name": "کریمی"})
        await persistence.update_conversation("questions", (chat, chat), 0)
    await persistence.flush()


def main() -> None:
    path, chats = os.environ["PERSISTENCE_FILE"], int(os.environ["KNOWN_CHATS"])
    asyncio.run(write_known_chats(path, os.environ["TELEGRAM_TOKEN"], chats))
    app = (
        Application.builder()
        .token(os.environ["TELEGRAM_TOKEN"])
        .base_url(f"{os.environ['TELEGRAM_API_URL']}/bot")
        .persistence(PicklePersistence(path, on_flush=True))
        .build()
    )
    app.add_handler(conversation(persistent=True))
    app.add_handler(TypeHandler(Update, keep), group=1)
    asyncio.set_event_loop(asyncio.new_event_loop())
    app.run_polling()


if __name__ == "__main__":
    main()
