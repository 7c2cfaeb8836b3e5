"""Objects as they travel to the bot: Telegram's shapes, and Bale's with what it leaves out or fills with
null, as `demo/botapi/quirks.py` has them."""

from __future__ import annotations

from demo.botapi.files import give_id
from demo.botapi.quirks import Frequency, Quirks
from demo.botapi.state import Bot, Chat, File, Json, Message, User


class Shapes:
    """Writes objects for the bots of one messenger."""

    def __init__(self, kind: str, quirks: Quirks) -> None:
        self.kind = kind
        self.quirks = quirks
        self._turn = 0

    @property
    def bale(self) -> bool:
        return self.kind == "bale"

    def _lacks(self, given: Frequency) -> bool:
        """Whether it is left out this time: of what is there sometimes, every second one lacks it."""
        if given != "sometimes":
            return given == "never"
        self._turn += 1
        return self._turn % 2 == 0

    def user(self, user: User) -> Json:
        shape: Json = {"id": user.id, "is_bot": False, "first_name": user.first_name}
        if user.last_name:
            shape["last_name"] = user.last_name
        if user.username:
            shape["username"] = user.username
        if not self.bale:
            shape["language_code"] = "fa"
        return shape

    def bot(self, bot: Bot) -> Json:
        return {"id": bot.id, "is_bot": True, "first_name": bot.name, "username": bot.username}

    def me(self, bot: Bot) -> Json:
        shape = self.bot(bot)
        if not self.bale:
            shape |= {
                "can_join_groups": True,
                "can_read_all_group_messages": False,
                "supports_inline_queries": False,
                "can_connect_to_business": False,
                "has_main_web_app": False,
            }
        return shape

    def chat(self, chat: Chat) -> Json:
        shape: Json = {"id": chat.id, "type": chat.type}
        if chat.user is not None:
            shape["first_name"] = chat.user.first_name
            if chat.user.last_name:
                shape["last_name"] = chat.user.last_name
            if chat.user.username:
                shape["username"] = chat.user.username
        if chat.title:
            shape["title"] = chat.title
        if self.quirks.chat_photo == "null":
            shape["photo"] = None
        return shape

    def file(self, bot: Bot, file: File) -> Json:
        shape: Json = {"file_id": give_id(bot, file), "file_unique_id": file.unique_id}
        if file.kind == "photo":
            shape |= {"width": file.width, "height": file.height}
        elif file.kind == "sticker":
            shape |= {
                "width": 512,
                "height": 512,
                "type": "regular",
                "is_animated": False,
                "is_video": False,
                "emoji": "🙂",
            }
        elif file.kind == "voice":
            shape |= {"duration": file.duration, "mime_type": file.mime}
        else:
            if file.name is not None:
                shape["file_name"] = file.name
            shape["mime_type"] = file.mime
        shape["file_size"] = file.size
        self._make_bare(shape, file.kind)
        return shape

    def _make_bare(self, shape: Json, kind: str) -> None:
        if not self.quirks.media_details and kind in ("voice", "sticker"):
            for name in ("duration", "mime_type", "file_size", "is_animated", "is_video", "type"):
                shape.pop(name, None)
        if kind in ("photo", "document") and self._lacks(self.quirks.file_unique_id):
            for name in ("file_unique_id", "width", "height", "file_size"):
                shape.pop(name, None)

    def message(self, bot: Bot, message: Message, *, quoted: bool = False) -> Json:
        shape: Json = {
            "message_id": message.id,
            "date": self.date(message.date),
            "chat": self.chat(message.chat),
            "from": self.bot(bot) if message.sender is None else self.user(message.sender),
        }
        if message.text is not None:
            shape["text"] = message.text
            self._entities(shape, message)
        if message.caption:
            shape["caption"] = message.caption
        self._files(shape, bot, message)
        if message.added_bot:
            shape["new_chat_members"] = [self.bot(bot)]
        if message.contact is not None:
            shape["contact"] = self._contact(message.contact)
        if message.album is not None:
            shape["media_group_id"] = message.album
        if message.edit_date is not None:
            shape["edit_date"] = self.date(message.edit_date)
        if message.inline:
            shape["reply_markup"] = {"inline_keyboard": message.inline}
        if message.forwarded_from is not None:
            self._forward(shape, bot, message, message.forwarded_from)
        if message.reply_to is not None and not quoted:
            chat = bot.conversations.get(message.chat.id)
            replied = chat.messages.get(message.reply_to) if chat is not None else None
            if replied is not None and not replied.deleted:
                # The quoted message comes without the one that it replies to itself.
                shape["reply_to_message"] = self.message(bot, replied, quoted=True)
        return shape

    def _files(self, shape: Json, bot: Bot, message: Message) -> None:
        if message.photo:
            shape["photo"] = [self.file(bot, size) for size in message.photo]
        elif self.quirks.message_photo == "null":
            shape["photo"] = None
        for name in ("document", "voice", "sticker"):
            file: File | None = getattr(message, name)
            if file is not None:
                shape[name] = self.file(bot, file)

    def _contact(self, given: Json) -> Json:
        shape = dict(given)
        digits = str(shape["phone_number"]).removeprefix("+")
        plus = self.quirks.contact_number.removesuffix("98") if digits.startswith("98") else ""
        shape["phone_number"] = plus + digits
        if not self.quirks.contact_user_id:
            shape.pop("user_id", None)
        return shape

    def _entities(self, shape: Json, message: Message) -> None:
        text = message.text or ""
        if message.sender is None or not text.startswith("/") or not self.quirks.command_entities:
            return
        command = text.split(maxsplit=1)[0]
        length = len(command.encode("utf-16-le")) // 2
        shape["entities"] = [{"type": "bot_command", "offset": 0, "length": length}]

    def _forward(self, shape: Json, bot: Bot, message: Message, origin: User) -> None:
        sender = self.bot(bot) if origin.id == bot.id else self.user(origin)
        if self.quirks.forwards == "forward_from":
            shape |= {"forward_from": sender, "forward_date": message.date - 60}
        else:
            shape["forward_origin"] = {
                "type": "user",
                "date": message.date - 60,
                "sender_user": sender,
            }

    def callback(self, bot: Bot, *, id: str, sender: User, message: Message, data: str) -> Json:
        shape: Json = {
            "id": id,
            "from": self.user(sender),
            "message": self.message(bot, message),
            "data": data,
            "chat_instance": str(hash((bot.id, message.chat.id)) & 0xFFFFFFFFFFFF),
        }
        if message.deleted and not self.bale:
            shape["message"] = {"message_id": message.id, "date": 0, "chat": self.chat(message.chat)}
        if self._lacks(self.quirks.chat_instance):
            del shape["chat_instance"]
        return shape

    def edited(self, bot: Bot, message: Message) -> Json:
        """The answer to an edit: perhaps a stub whose id is 0 (docs/messengers.md 1.2)."""
        if self.quirks.edit_answer == "message":
            return self.message(bot, message)
        return {
            "message_id": 0,
            "date": self.date(message.date),
            "chat": {"id": message.chat.id, "type": message.chat.type, "photo": None},
            "edit_date": self.date(message.edit_date or message.date),
        }

    def date(self, seconds: int) -> int:
        return seconds * 1000 if self.quirks.dates == "milliseconds" else seconds
