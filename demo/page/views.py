"""What the page is told, as JSON: people, chats, messages, SMS."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict
from typing import Any

from demo import clock
from demo.botapi.state import File, Json, Message
from demo.person import Person
from demo.prompts import Suggestion, suggest
from demo.sample_documents import SAMPLE_DOCUMENTS
from demo.seen import Seen, SeenButton, keyboard_rows
from demo.sms import Sms
from demo.users import DemoUser, DemoUsers


def person_id(person: Person) -> str:
    return f"{person.state.kind}-{person.user.id}"


#: Messages of a chat that the page asks for at once.
PAGE = 40
_AROUND = 10


def emulators(users: DemoUsers) -> Json:
    emulators = users.emulators
    return {
        "people": [role(user) for user in users.roles],
        "documents": [
            {"code": document.code, "name": document.name} for document in SAMPLE_DOCUMENTS.values()
        ],
        "sms": [sms(sent) for sent in emulators.sms.sent],
        "bank": f"{emulators.bank_server.url}/control/payments",
        "out": {messenger.kind: messenger.server.is_out for messenger in emulators.messengers},
        "now": clock.time(),
        "violations": len(emulators.violations),
    }


def role(role: DemoUser) -> Json:
    person = role.person
    return {
        "id": person_id(person),
        "messenger": person.state.kind,
        "name": person.name,
        "role": role.title,
        "phone": role.identity.mobile,
        "user_code": role.identity.user_code,
        "password": role.identity.password,
        "blocked": person.conversation.blocked,
        "shown": role.shown,
    }


def chat(
    role: DemoUser, *, last: int | None = None, before: int | None = None, since: int | None = None
) -> Json:
    """The screen of one phone: all of its messages, or the `last` ones (of those before a message), and all from
    `since` on. "earlier": how many there are before them."""
    person = role.person
    shown = [one for one in person.conversation.live() if before is None or one.id < before]
    if last is not None and since is not None:
        # With some before it, so that what was looked for stands in its place.
        last = max(last, sum(one.id >= since for one in shown) + _AROUND)
    earlier = 0 if last is None else max(0, len(shown) - last)
    waiting = not_taken(person)
    return {
        "id": person_id(person),
        "earlier": earlier,
        "messages": [message(person, one, waiting) for one in shown[earlier:]],
        **chat_state(role),
    }


def not_taken(person: Person) -> set[int]:
    """Messages of this person that still wait at the messenger for the bot."""
    queue = person.state.queues[person.bot.token]
    bodies = [waiting.body.get("message") for waiting in queue.waiting]
    return {
        body["message_id"] for body in bodies if isinstance(body, dict) and chat_of(body) == person.user.id
    }


def chat_of(body: Json) -> int | None:
    chat = body.get("chat")
    return chat.get("id") if isinstance(chat, dict) and "message_id" in body else None


def chat_state(role: DemoUser) -> Json:
    """What is around the messages: keyboard, «is typing», what could be answered now."""
    person = role.person
    conversation = person.conversation
    from_bot = [message for message in conversation.live() if message.from_bot]
    prompt = max(from_bot, key=lambda message: message.changed) if from_bot else None
    screen = Seen.of(prompt) if prompt is not None else EMPTY
    suggestions = [] if prompt and person.waits_for_answer else suggest(role.identity, screen)
    return {
        "keyboard": [[_button(key) for key in row] for row in keyboard_rows(conversation.keyboard)],
        "action": conversation.action,
        "commands": _commands(person),
        "pressed": _pressed(person),
        "blocked": conversation.blocked,
        "suggestions": [asdict(suggestion) for suggestion in [*_login(role, screen), *suggestions]],
    }


def _login(role: DemoUser, screen: Seen) -> list[Suggestion]:
    """Log in with one tap: where an account is known and nobody is logged in (the bot offers «ورود», or has said nothing)."""
    offered = not screen.id or any(label.endswith("ورود") for label in screen.labels)
    if not role.identity.user_code or not offered or (screen.id and role.person.waits_for_answer):
        return []
    return [Suggestion(f"ورود به‌عنوان {role.title}", login=True)]


def _commands(person: Person) -> list[Json]:
    """The menu of commands that this chat has."""
    menus = person.bot.commands
    return menus.get(f"chat:{person.user.id}") or menus.get("default") or []


def _pressed(person: Person) -> list[Json]:
    """Buttons whose press the bot has not answered yet; a client gives up after a while."""
    found = []
    for query in reversed(person.bot.queries.values()):
        if query.made < clock.time() - person.state.callback_window:
            break
        if query.chat_id == person.user.id and not query.answered:
            found.append({"message": query.message_id, "data": query.data})
    return found


EMPTY = Seen(0, "", "", (), (), (), True, None, False, False, 0)


def message(person: Person, message: Message, waiting: Collection[int] = ()) -> Json:
    """`waiting`: ids of messages that the bot has not taken yet."""
    seen = Seen.of(message)
    return {
        "id": message.id,
        "from_bot": message.from_bot,
        "text": message.words,
        "spans": [asdict(span) for span in message.spans],
        "rows": [[_button(button) for button in row] for row in seen.buttons],
        "files": [_file(person, file) for file in message.files],
        "contact": message.contact,
        "forwarded": message.forwarded_from is not None,
        "edited": seen.edited,
        "date": message.date,
        "changed": message.changed,
        "album": message.album,
        "taken": message.from_bot or message.id not in waiting,
        "reply": _quote(person, message.reply_to),
    }


def seen(person: Person, seen: Seen) -> Json:
    return message(person, person.conversation.messages[seen.id], {seen.id})


def _quote(person: Person, id: int | None) -> Json | None:
    """The message that is replied to, as its quote shows it."""
    quoted = person.conversation.messages.get(id) if id is not None else None
    if quoted is None:
        return None
    words = quoted.words or (quoted.files[0].name or "📎" if quoted.files else "👤")
    return {"id": quoted.id, "from_bot": quoted.from_bot, "text": "" if quoted.deleted else words[:120]}


def _button(button: SeenButton) -> Json:
    return asdict(button)


def _file(person: Person, file: File) -> Json:
    return {
        "kind": file.kind,
        "name": file.name,
        "mime": file.mime,
        "size": len(file.content),
        "width": file.width,
        "height": file.height,
        "url": f"/emulators/people/{person_id(person)}/files/{file.unique_id}",
    }


def sms(sms: Sms) -> dict[str, Any]:
    return {"id": sms.id, "to": sms.mobile, "text": sms.text, "date": int(sms.at)}
