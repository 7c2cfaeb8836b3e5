"""What the page is told, as JSON: people, chats, messages, SMS."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from demo.botapi.state import File, Json, Message
from demo.person import Person
from demo.prompts import suggest
from demo.sample_documents import SAMPLE_DOCUMENTS
from demo.seen import Seen, SeenButton, keyboard_rows
from demo.sms import Sms
from demo.users import DemoUser, DemoUsers


def person_id(person: Person) -> str:
    return f"{person.state.kind}-{person.user.id}"


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


def chat(role: DemoUser) -> Json:
    """The whole screen of one phone."""
    person = role.person
    return {
        "id": person_id(person),
        "messages": [message(person, shown_message) for shown_message in person.conversation.live()],
        **chat_state(role),
    }


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
        "blocked": conversation.blocked,
        "suggestions": [asdict(suggestion) for suggestion in suggestions],
    }


EMPTY = Seen(0, "", "", (), (), (), True, None, False, False, 0)


def message(person: Person, message: Message) -> Json:
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
    }


def seen(person: Person, seen: Seen) -> Json:
    return message(person, person.conversation.messages[seen.id])


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
