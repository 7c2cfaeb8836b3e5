"""Methods that change or answer what was sent."""

from __future__ import annotations

from typing import Any

from demo import clock
from demo.botapi import keyboards
from demo.botapi.call import MAX_TEXT, Call, method
from demo.botapi.errors import bad_request, broken_rule
from demo.botapi.state import Conversation, Json, Message

MAX_ANSWER = 200
DELETABLE_SECONDS = 48 * 3600


def _editable(call: Call) -> tuple[Conversation, Message]:
    conversation = call.conversation()
    message = call.message(conversation, "edit")
    if not message.from_bot or message.reply_keyboard is not None:
        raise bad_request("message can't be edited")
    return conversation, message


def _finish_edit(
    call: Call, conversation: Conversation, message: Message, markup: keyboards.Markup, **parts: Any
) -> Json:
    same = message.inline == markup.inline and all(
        getattr(message, name) == value for name, value in parts.items()
    )
    if same and call.state.quirks.edit_same == "refused":
        raise bad_request(
            "message is not modified: specified new message content and reply markup are exactly the same as a "
            "current content and reply markup of the message"
        )
    for name, value in parts.items():
        setattr(message, name, value)
    message.inline = markup.inline
    message.offered |= markup.data
    message.edit_date = int(clock.time())
    call.state.tell("edit", call.bot, conversation, message)
    return call.state.shapes.edited(call.bot, message)


@method("editMessageText")
async def edit_message_text(call: Call) -> Json:
    conversation, message = _editable(call)
    text, spans = call.words("text", MAX_TEXT)
    if not text:
        raise broken_rule("message text is empty")
    if message.text is None:
        raise bad_request("there is no text in the message to edit")
    markup = call.markup(inline_only=True)
    return _finish_edit(call, conversation, message, markup, text=text, spans=spans)


@method("editMessageCaption")
async def edit_message_caption(call: Call) -> Json:
    conversation, message = _editable(call)
    if message.text is not None:
        raise bad_request("there is no caption in the message to edit")
    caption, spans = call.caption()
    markup = call.markup(inline_only=True)
    return _finish_edit(call, conversation, message, markup, caption=caption, spans=spans)


@method("editMessageReplyMarkup")
async def edit_message_reply_markup(call: Call) -> Json:
    conversation, message = _editable(call)
    return _finish_edit(call, conversation, message, call.markup(inline_only=True))


@method("deleteMessage")
async def delete_message(call: Call) -> bool:
    conversation = call.conversation()
    message = call.message(conversation, "delete")
    if message.date < clock.time() - DELETABLE_SECONDS:
        raise bad_request("message can't be deleted")
    if not message.from_bot and conversation.chat.type != "private":
        raise bad_request("message can't be deleted")
    message.deleted = True
    call.state.tell("delete", call.bot, conversation, message)
    return True


@method("leaveChat")
async def leave_chat(call: Call) -> bool:
    conversation = call.conversation()
    if conversation.chat.type == "private":
        raise bad_request("chat member status can't be changed in private chats")
    conversation.left = True
    call.state.tell("left", call.bot, conversation)
    bot = call.state.shapes.bot(call.bot)
    call.state.put_member_change(call.bot, conversation.chat, bot, before="member", after="left")
    return True


@method("answerCallbackQuery")
async def answer_callback_query(call: Call) -> bool:
    text = call.params.text("text") or ""
    if len(text) > MAX_ANSWER:
        raise broken_rule("MESSAGE_TOO_LONG")
    query = call.bot.queries.get(call.params.text("callback_query_id") or "")
    if query is None or query.made < clock.time() - call.state.callback_window:
        raise bad_request("query is too old and response timeout expired or query ID is invalid")
    conversation = call.bot.conversations[query.chat_id]
    query.answered = True
    if (old := call.state.quirks.callback_digits) and query.id.startswith(old):
        text = ""
    if text:
        call.state.toast(call.bot, conversation, text, call.params.flag("show_alert"))
    else:
        call.state.tell("answered", call.bot, conversation)
    return True
