"""Which methods each messenger has and which parameters each takes.

Telegram's table is held against the published Bot API (tests/botapi) by a test; Bale's follows
docs/messengers.md 1.1 and 1.2.
"""

from __future__ import annotations

_TO = (
    "message_thread_id direct_messages_topic_id disable_notification protect_content "
    "allow_paid_broadcast message_effect_id reply_parameters"
)
_SENDING = f"business_connection_id {_TO}"
_ONE = f"{_SENDING} suggested_post_parameters reply_markup"
_CAPTION = "caption parse_mode caption_entities"
_EDIT = "business_connection_id chat_id message_id inline_message_id reply_markup"

#: Method → parameters; the first ones, before «|», are required.
_TELEGRAM = {
    "getMe": "|",
    "getUpdates": "| offset limit timeout allowed_updates",
    "setWebhook": "url | certificate ip_address max_connections allowed_updates drop_pending_updates secret_token",
    "deleteWebhook": "| drop_pending_updates",
    "getWebhookInfo": "|",
    "sendMessage": f"chat_id text | parse_mode entities link_preview_options {_ONE}",
    "sendPhoto": f"chat_id photo | show_caption_above_media has_spoiler {_CAPTION} {_ONE}",
    "sendDocument": f"chat_id document | thumbnail disable_content_type_detection {_CAPTION} {_ONE}",
    "sendMediaGroup": f"chat_id media | {_SENDING}",
    "editMessageText": f"| text parse_mode entities link_preview_options rich_message {_EDIT}",
    "editMessageCaption": f"| show_caption_above_media {_CAPTION} {_EDIT}",
    "editMessageReplyMarkup": f"| {_EDIT}",
    "deleteMessage": "chat_id message_id |",
    "answerCallbackQuery": "callback_query_id | text show_alert url cache_time",
    "getFile": "file_id |",
    "sendChatAction": "chat_id action | business_connection_id message_thread_id",
    "leaveChat": "chat_id |",
    "setMyCommands": "commands | scope language_code",
    "getMyCommands": "| scope language_code",
    "deleteMyCommands": "| scope language_code",
    "setMyDescription": "| description language_code",
    "getMyDescription": "| language_code",
    "setMyShortDescription": "| short_description language_code",
    "getMyShortDescription": "| language_code",
    "copyMessage": f"chat_id from_chat_id message_id | video_start_timestamp show_caption_above_media {_CAPTION} {_TO} "
    "suggested_post_parameters reply_markup",
}

_BALE = {
    "getMe": "|",
    "getUpdates": "| offset limit timeout",
    "setWebhook": "url |",
    "deleteWebhook": "|",
    "getWebhookInfo": "|",
    "sendMessage": "chat_id text | reply_to_message_id reply_markup",
    "sendPhoto": "chat_id photo | caption reply_to_message_id reply_markup",
    "sendDocument": "chat_id document | caption reply_to_message_id reply_markup",
    "sendMediaGroup": "chat_id media | reply_to_message_id",
    "editMessageText": "chat_id message_id text | reply_markup",
    "editMessageCaption": "chat_id message_id | caption reply_markup",
    "editMessageReplyMarkup": "chat_id message_id | reply_markup",
    "deleteMessage": "chat_id message_id |",
    "answerCallbackQuery": "callback_query_id | text show_alert",
    "getFile": "file_id |",
    "sendChatAction": "chat_id action |",
    "leaveChat": "chat_id |",
    "setMyCommands": "commands |",
    "copyMessage": "chat_id from_chat_id message_id |",
    # Answered with 501 unless the table of facts says otherwise.
    "setMyDescription": "| description",
    "setMyShortDescription": "| short_description",
}

#: Bale knows these names and answers 501 (docs/messengers.md 1.1).
NOT_IMPLEMENTED = frozenset(
    {
        "setmyname",
        "setmydescription",
        "setmyshortdescription",
        "getmyname",
        "getmydescription",
        "getmyshortdescription",
    }
)

#: sendChatAction; Bale lacks the ones about documents, video notes and places (docs/messengers.md 1.2).
_BALE_ACTIONS = frozenset(
    [
        "typing",
        "upload_photo",
        "record_video",
        "upload_video",
        "record_voice",
        "upload_voice",
        "choose_sticker",
    ]
)
_TELEGRAM_ACTIONS = _BALE_ACTIONS | frozenset(
    ["upload_document", "find_location", "record_video_note", "upload_video_note"]
)


class Table:
    """The methods of one messenger; names are found without regard to case."""

    def __init__(self, written: dict[str, str], actions: frozenset[str]) -> None:
        self.required: dict[str, frozenset[str]] = {}
        self.known: dict[str, frozenset[str]] = {}
        self.actions = actions
        for method, line in written.items():
            required, optional = line.split("|")
            self.required[method] = frozenset(required.split())
            self.known[method] = frozenset(required.split()) | frozenset(optional.split())
        self._by_lower = {method.lower(): method for method in written}

    def find(self, name: str) -> str | None:
        return self._by_lower.get(name.lower())


TELEGRAM = Table(_TELEGRAM, _TELEGRAM_ACTIONS)
BALE = Table(_BALE, _BALE_ACTIONS)
