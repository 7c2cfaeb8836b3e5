"""A record of what was said, as a readable chat in Persian."""

from __future__ import annotations

from demo.botapi.keyboards import button_text
from demo.botapi.messenger_state import ChatEvent, MessengerState
from demo.botapi.state import Message
from demo.seen import plain
from demo.sms import Sms

MESSENGERS = {"telegram": "تلگرام", "bale": "بله"}


class Transcript:
    """Lines in the order in which things happened, over both messengers."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def watch(self, state: MessengerState) -> None:
        state.listeners.append(lambda happening: self._note(state, happening))

    def heading(self, title: str) -> None:
        self.lines += ["", f"═══ {title} ═══", ""]

    def note_sms(self, sms: Sms) -> None:
        self._add(f"پیامک ← {sms.mobile}", plain(sms.text).splitlines())

    def __str__(self) -> str:
        return "\n".join(self.lines)

    def _note(self, state: MessengerState, happening: ChatEvent) -> None:
        user = happening.conversation.chat.user
        who = (user.first_name if user else happening.conversation.chat.title) or ""
        whom = f"{who} · {MESSENGERS[state.kind]}"
        message = happening.message
        if happening.kind == "message" and message is not None:
            speaker = f"سامانه ← {whom}" if message.from_bot else whom
            self._say(speaker, message)
        elif happening.kind == "edit" and message is not None:
            self._say(f"سامانه ← {whom} (همان پیام)" if message.from_bot else f"{whom} (ویرایش)", message)
        elif happening.kind == "press":
            self._add(whom, [f"👆 {happening.text}"])
        elif happening.kind == "toast":
            self._add(f"سامانه ← {whom}", [f"💬 {happening.text}"])
        elif happening.kind == "delete" and message is not None:
            owner = "سامانه" if message.from_bot else who
            self._add(f"سامانه ← {whom}", [f"🗑 پیام {owner} حذف شد."])
        elif happening.kind in ("block", "unblock"):
            self._add(whom, ["⛔️ ربات را مسدود کرد." if happening.kind == "block" else "ربات را باز کرد."])

    def _say(self, speaker: str, message: Message) -> None:
        lines = plain(message.words).splitlines()
        lines += [f"📎 {file.name or _KINDS[file.kind]}" for file in message.files]
        if message.contact is not None:
            lines.append(f"📱 {message.contact['phone_number']}")
        lines += [" ".join(f"[{button['text']}]" for button in reversed(row)) for row in message.inline]
        keyboard = (message.reply_keyboard or {}).get("keyboard", [])
        lines += [" ".join(f"⌨[{button_text(button)}]" for button in reversed(row)) for row in keyboard]
        self._add(speaker, lines)

    def _add(self, speaker: str, lines: list[str]) -> None:
        self.lines += [f"{speaker}:", *(f"   {line}" for line in lines), ""]


_KINDS = {"photo": "عکس", "document": "فایل", "voice": "پیام صوتی", "sticker": "استیکر"}
