"""Bale's JSON completed: what PTB requires and Bale leaves out, row by row of docs/messengers.md 2.

All functions take and return plain JSON; what cannot be completed is left out where it is optional, and
otherwise left as it is, so that PTB refuses that one update and it is quarantined.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

Json = dict[str, Any]

#: Milliseconds begin here: seconds would be the year 5138.
_MILLISECONDS = 100_000_000_000

#: field of a message → what PTB requires in it besides file_id
_FILES: dict[str, Json] = {
    "document": {},
    "voice": {"duration": 0},
    "audio": {"duration": 0},
    "video": {"duration": 0, "width": 0, "height": 0},
    "animation": {"duration": 0, "width": 0, "height": 0},
    "video_note": {"duration": 0, "length": 0},
    "sticker": {"width": 0, "height": 0, "is_animated": False, "is_video": False, "type": "regular"},
}
#: other objects in a message → defaults of what PTB requires
_OBJECTS: dict[str, Json] = {
    "invoice": {"title": "", "description": "", "start_parameter": "", "currency": "IRR", "total_amount": 0},
    "successful_payment": {
        "currency": "IRR",
        "total_amount": 0,
        "invoice_payload": "",
        "telegram_payment_charge_id": "",
        "provider_payment_charge_id": "",
    },
    "web_app_data": {"data": "", "button_text": ""},
    "location": {"longitude": 0.0, "latitude": 0.0},
}
_ADMIN_RIGHTS = (
    "can_be_edited",
    "is_anonymous",
    "can_manage_chat",
    "can_delete_messages",
    "can_manage_video_chats",
    "can_restrict_members",
    "can_promote_members",
    "can_change_info",
    "can_invite_users",
    "can_post_stories",
    "can_edit_stories",
    "can_delete_stories",
)
_GIFTS = (
    "unlimited_gifts",
    "limited_gifts",
    "unique_gifts",
    "premium_subscription",
    "gifts_from_channels",
)


def normalise_update(update: Json) -> Json:
    """An update as PTB takes it. The argument is left as it is."""
    update = dict(update)
    if (number := _number(update.get("update_id"))) is not None:
        update["update_id"] = number
    for kind in ("message", "edited_message"):
        if isinstance(update.get(kind), dict):
            update[kind] = normalise_message(update[kind])
    if isinstance(press := update.get("callback_query"), dict):
        update["callback_query"] = _callback_query(press)
    if isinstance(query := update.get("pre_checkout_query"), dict):
        query = {"currency": "IRR", "total_amount": 0, "invoice_payload": "", **_known(query)}
        update["pre_checkout_query"] = query | {
            "from": normalise_user(query.get("from")) or query.get("from")
        }
    return update


def normalise_user(user: Any) -> Json | None:
    """A user; None where there is no id."""
    if not isinstance(user, dict) or (number := _number(user.get("id"))) is None:
        return None
    first_name = user.get("first_name") or ""
    return {**user, "id": number, "is_bot": bool(user.get("is_bot")), "first_name": first_name}


def normalise_chat(chat: Any, sender: Json | None) -> Any:
    if not isinstance(chat, dict):
        return chat
    chat = dict(chat)
    if (number := _number(chat.get("id"))) is not None:
        chat["id"] = number
    if not isinstance(chat.get("type"), str):
        # The sign of the id says nothing on Bale.
        private = sender is not None and sender["id"] == chat.get("id")
        chat["type"] = "private" if private else "group"
    if chat.get("photo") == {}:
        del chat["photo"]
    return chat


def normalise_message(message: Json) -> Json:
    message = dict(message)
    sender = normalise_user(message.get("from"))
    if sender is None:
        message.pop("from", None)
    else:
        message["from"] = sender
    message["chat"] = normalise_chat(message.get("chat"), sender)
    message["message_id"] = _number(message.get("message_id")) or 0
    message["date"] = _seconds(message.get("date"))
    for late in ("edit_date", "forward_date"):
        if late in message:
            message[late] = _seconds(message[late]) or None
    for name in _PARTS.keys() & message.keys():
        _put(message, name, _PARTS[name](message[name]))
    if not _is_keyboard(message.get("reply_markup")):
        message.pop("reply_markup", None)
    _mend_entities(message)
    return message


def _nested(message: Any) -> Json | None:
    return normalise_message(message) if isinstance(message, dict) and message else None


def _object(value: Any, needed: Json) -> Json | None:
    return {**needed, **_known(value)} if isinstance(value, dict) and value else None


def _contact(value: Any) -> Json | None:
    contact = _object(value, {"phone_number": "", "first_name": ""})
    if contact is not None and (number := _number(contact.get("user_id"))) is not None:
        contact["user_id"] = number
    return contact


def _photo(sizes: Any) -> list[Json] | None:
    listed = sizes if isinstance(sizes, list) else []
    return [
        size for photo_size in listed if (size := _normalise_file(photo_size, {"width": 0, "height": 0}))
    ] or None


def _users(members: Any) -> list[Json] | None:
    listed = members if isinstance(members, list) else []
    return [user for listed_user in listed if (user := normalise_user(listed_user))] or None


def _callback_query(press: Json) -> Json:
    press = dict(press)
    press["from"] = normalise_user(press.get("from")) or press.get("from")
    press["chat_instance"] = str(press.get("chat_instance") or "0")
    if isinstance(press.get("id"), int):
        press["id"] = str(press["id"])
    if "message" in press:
        _put(press, "message", _nested(press["message"]))
    return press


def _mend_entities(message: Json) -> None:
    """Only well-formed entities; a command without its entity gets one (CommandHandler looks for it)."""
    for name in ("entities", "caption_entities"):
        if name in message:
            given_entities = message[name] if isinstance(message[name], list) else []
            message[name] = [entity for entity in given_entities if _is_entity(entity)]
    text = message.get("text")
    if not isinstance(text, str) or not text.startswith("/"):
        return
    entities = message.get("entities") or []
    if not any(entity["type"] == "bot_command" and entity["offset"] == 0 for entity in entities):
        command = text.split(maxsplit=1)[0]
        length = len(command.encode("utf-16-le")) // 2
        message["entities"] = [{"type": "bot_command", "offset": 0, "length": length}, *entities]


def _is_entity(entity: Any) -> bool:
    return (
        isinstance(entity, dict)
        and isinstance(entity.get("type"), str)
        and all(isinstance(entity.get(name), int) for name in ("offset", "length"))
    )


def _is_keyboard(markup: Any) -> bool:
    return (
        isinstance(markup, dict)
        and isinstance(rows := markup.get("inline_keyboard"), list)
        and all(isinstance(row, list) for row in rows)
        and all(isinstance(key, dict) and isinstance(key.get("text"), str) for row in rows for key in row)
    )


def _normalise_file(file: Any, needed: Json) -> Json | None:
    if not isinstance(file, dict) or not isinstance(file.get("file_id"), str):
        return None
    known: Json = {**needed, **_known(file)}
    known["file_unique_id"] = known.get("file_unique_id") or file["file_id"]
    for name in ("thumb", "thumbnail"):
        if name in known:
            _put(known, name, _normalise_file(known[name], {"width": 0, "height": 0}))
    return known


#: field of a message → what completes it; None where it must be left out
_PARTS: dict[str, Callable[[Any], Any]] = {
    **{name: partial(_normalise_file, needed=needed) for name, needed in _FILES.items()},
    **{name: partial(_object, needed=needed) for name, needed in _OBJECTS.items()},
    "contact": _contact,
    "photo": _photo,
    "reply_to_message": _nested,
    "pinned_message": _nested,
    "new_chat_members": _users,
    "left_chat_member": normalise_user,
    "forward_from": normalise_user,
}


def _known(values: Json) -> Json:
    """Without nulls, so that a default may stand in their place."""
    return {name: value for name, value in values.items() if value is not None}


def _put(values: Json, name: str, value: Any) -> None:
    if value is None:
        values.pop(name, None)
    else:
        values[name] = value


def _number(value: Any) -> int | None:
    """An integer, also where it came as text."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str) and value.lstrip("-").isascii() and value.lstrip("-").isdigit():
        return int(value)
    return None


def _seconds(value: Any) -> int:
    """Unix seconds; 0 where unknown (PTB then takes the message for an inaccessible one)."""
    number = _number(value) or 0
    if number > _MILLISECONDS:
        number //= 1000
    return number if 0 <= number < _MILLISECONDS else 0


# -- answers of methods --------------------------------------------------------------------------


def _messages(result: Any) -> Any:
    if isinstance(result, list):
        return [normalise_message(message) if isinstance(message, dict) else message for message in result]
    return normalise_message(result) if isinstance(result, dict) else result


def _chat_full(result: Any) -> Any:
    if not isinstance(result, dict):
        return result
    chat = {"accent_color_id": 0, "max_reaction_count": 0, **_known(normalise_chat(result, None))}
    gifts = chat.get("accepted_gift_types")
    chat["accepted_gift_types"] = dict.fromkeys(_GIFTS, False) | (gifts if isinstance(gifts, dict) else {})
    if isinstance(pinned := chat.get("pinned_message"), dict):
        chat["pinned_message"] = normalise_message(pinned)
    return chat


def _member(result: Any) -> Any:
    if isinstance(result, list):
        return [_member(member) for member in result]
    if not isinstance(result, dict):
        return result
    member = _known(result)
    member["user"] = normalise_user(member.get("user")) or member.get("user")
    if member.get("status") == "administrator":
        member = dict.fromkeys(_ADMIN_RIGHTS, False) | member
    elif member.get("status") == "creator":
        member = {"is_anonymous": False} | member
    elif member.get("status") == "kicked":
        member = {"until_date": 0} | member
    return member


def _webhook(result: Any) -> Any:
    if not isinstance(result, dict):
        return result
    return {"url": "", "has_custom_certificate": False, "pending_update_count": 0, **_known(result)}


def _got_file(result: Any) -> Any:
    return _normalise_file(result, {}) or result


def _user(result: Any) -> Any:
    return normalise_user(result) or result


_RESULTS: dict[str, Callable[[Any], Any]] = {
    "getme": _user,
    "getchat": _chat_full,
    "getchatmember": _member,
    "getchatadministrators": _member,
    "getwebhookinfo": _webhook,
    "getfile": _got_file,
}


def normalise_result(method: str, result: Any) -> Any:
    """The `result` of a good answer as PTB takes it. `method` is lower case."""
    if mend := _RESULTS.get(method):
        return mend(result)
    if method.startswith(("send", "edit", "forward")):
        return _messages(result)
    return result
